// SPDX-License-Identifier: MIT
// Numbers that a store keeps for whoever uses it: rows of a table that has no definition, so that
// they are of a commit and of a moment as all rows are.
//
//      key of the row     the number of the setting, one byte
//      image              8 bytes, big-endian
#pragma once

#include "relation/catalog.hpp"

namespace freshet::relation {

// Below the ids that tables have.
inline constexpr std::uint32_t setting_table = ids_per_change - 1;

// Numbers are stable.
enum class Setting : std::uint8_t { user_version = 1, application_id = 2 };

// As of the moment; 0: it was never set. corrupt, io.
Result<std::int64_t> read_setting(const RowsAsOf& rows, Setting setting) noexcept;
// In the open transaction; writes nothing where it is that already. As RowWriter::write().
Status write_setting(Transaction& transaction, Setting setting, std::int64_t value) noexcept;

}  // namespace freshet::relation
