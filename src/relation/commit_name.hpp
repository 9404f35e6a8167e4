// SPDX-License-Identifier: MIT
// Names that commits have: rows of a table that has no definition, so that they are of a moment as
// all rows are. A name is that of the commit that wrote its row, with all else that came in its
// transaction and before; it is never taken away.
//
//      key of the row     the name
//      image              one byte, 0
#pragma once

#include "relation/setting.hpp"

namespace freshet::relation {

inline constexpr std::uint32_t commit_name_table = setting_table - 1;

constexpr bool is_commit_name(std::string_view name) noexcept {
    constexpr std::size_t size_max = 64;
    return !name.empty() && name.size() <= size_max;
}

// As of the moment. unknown_name; corrupt, io.
Result<std::uint64_t> find_commit_name(const RowsAsOf& rows, std::string_view name) noexcept;
// Of the open transaction's commit. already_exists: the name is taken. As RowWriter::write().
Status name_commit(Transaction& transaction, std::string_view name) noexcept;

}  // namespace freshet::relation
