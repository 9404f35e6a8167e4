// SPDX-License-Identifier: MIT
#include "relation/commit_name.hpp"

namespace freshet::relation {

Result<std::uint64_t> find_commit_name(const RowsAsOf& rows, std::string_view name) noexcept {
    if (!is_commit_name(name)) return Code::unknown_name;
    Recorded version;
    const RowName row{commit_name_table, as_bytes(name)};
    const Result<bool> found = rows.find(row, version);
    if (!found) return found.error();
    return *found ? Result<std::uint64_t>{version.commit} : Code::unknown_name;
}

Status name_commit(Transaction& transaction, std::string_view name) noexcept {
    constexpr std::array<std::byte, 1> image{};
    const RowName row{commit_name_table, as_bytes(name)};
    const Result<std::uint64_t> written =
        RowWriter{transaction}.write(row, RowChange::insert, image);
    return written ? Status{Done{}} : Status{written.error()};
}

}  // namespace freshet::relation
