// SPDX-License-Identifier: MIT
#include "relation/setting.hpp"

#include "base/codec.hpp"

namespace freshet::relation {
namespace {

using Number = std::array<std::byte, 8>;

RowName name_of(Setting setting) noexcept {
    const auto key = static_cast<std::byte>(setting);
    return RowName{setting_table, {&key, 1}};
}

Result<std::int64_t> value_of(const Recorded& version) noexcept {
    if (version.payload.size() != Number{}.size()) return Code::corrupt;
    return static_cast<std::int64_t>(load_key(version.payload.data()));
}

}  // namespace

Result<std::int64_t> read_setting(const RowsAsOf& rows, Setting setting) noexcept {
    Recorded version;
    const RowName name = name_of(setting);
    const Result<bool> found = rows.find(name, version);
    if (!found) return found.error();
    return *found ? value_of(version) : Result<std::int64_t>{std::int64_t{0}};
}

Status write_setting(Transaction& transaction, Setting setting, std::int64_t value) noexcept {
    RowWriter writer{transaction};
    Recorded version;
    const RowName name = name_of(setting);
    const Result<bool> found = writer.find(name, version);
    if (!found) return found.error();
    const Result<std::int64_t> before =
        *found ? value_of(version) : Result<std::int64_t>{std::int64_t{0}};
    if (!before) return before.error();
    if (*before == value) return Done{};
    Number image;
    store_key(image.data(), static_cast<std::uint64_t>(value));
    const Result<std::uint64_t> written =
        writer.write(name, *found ? RowChange::update : RowChange::insert, image);
    return written ? Status{Done{}} : Status{written.error()};
}

}  // namespace freshet::relation
