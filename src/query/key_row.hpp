// SPDX-License-Identifier: MIT
// The one row of a whole primary key, or of all columns of a unique index: what is asked most
// often, and so without all that a range, a list, a transaction or versions need.
#pragma once

#include "query/table_source.hpp"

namespace freshet::query {

// Whether the scan asks for one row by its key, and for columns of the table alone.
bool is_key_row(const TableScan& scan) noexcept;

// Of such a scan, and of a moment that is no transaction's. `open_rows` opens the same in general:
// for values that cannot be compared with keys.
Result<Rows*> open_key_row(const TableScan& scan, Context& context,
                           Result<Rows*> (*open_rows)(const TableScan& scan,
                                                      Context& context) noexcept) noexcept;

}  // namespace freshet::query
