// SPDX-License-Identifier: MIT
// From definitions back to SQL: the CREATE that makes a table, a view or an index as it is now.
// What it was before, columns that were dropped and values of rows older than a column, is not in
// it.
#pragma once

#include "relation/catalog_view.hpp"

namespace freshet::sql {

// In one way: types as they were declared, keys of one column beside it, UNIQUE, CHECK and FOREIGN
// KEY behind the columns. `tables` has those that are referred to. The text lies in the arena.
// out_of_memory.
Result<std::string_view> describe_table(relation::Tables tables,
                                        const relation::TableDefinition& table,
                                        Arena& memory) noexcept;
// Of an index that CREATE INDEX made.
Result<std::string_view> describe_index(const relation::TableDefinition& table,
                                        const relation::Index& index, Arena& memory) noexcept;
// A column's default, as it stands behind DEFAULT; NULL if it has none.
Result<Value> describe_default(const relation::Column& column, Arena& memory) noexcept;

}  // namespace freshet::sql
