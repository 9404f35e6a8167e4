// SPDX-License-Identifier: MIT
// Changes of a table: what ALTER TABLE, CREATE INDEX and DROP INDEX make of its definition. The one
// there was stays as it is, as do rows: they are read by their versions (layout.hpp).
//
// A new definition lies in the arena, in the one it was made of, and in what it was made with. All
// fill in `error` with words that name the table and what is in the way; each can say what
// check_definition() says of the new definition, and out_of_memory.
#pragma once

#include "base/arena.hpp"
#include "relation/definition.hpp"

namespace freshet::relation {

// Behind the others, with the next version. Rows that are there have its constant default in it,
// or else `column.missing`, into which whoever calls has put what an expression gave, once and for
// all. constraint_failed: NOT NULL, and they would have NULL.
Result<TableDefinition> add_column(const TableDefinition& table, Column column, Arena& memory,
                                   SqlError& error) noexcept;

// The column is no more from the next version on. unknown_name; in_use: the primary key, an index,
// a CHECK or a FOREIGN KEY needs it.
Result<TableDefinition> drop_column(const TableDefinition& table, std::string_view name,
                                    Arena& memory, SqlError& error) noexcept;

// `checks` are the texts of all checks with the new name in them, as many and in their order: who
// knows SQL writes them. unknown_name; already_exists.
Result<TableDefinition> rename_column(const TableDefinition& table, std::string_view name,
                                      std::string_view new_name,
                                      std::span<const std::string_view> checks, Arena& memory,
                                      SqlError& error) noexcept;

// Whether another table has the name is not asked.
Result<TableDefinition> rename_table(const TableDefinition& table, std::string_view new_name,
                                     SqlError& error) noexcept;

// already_exists.
Result<TableDefinition> add_index(const TableDefinition& table, const Index& index, Arena& memory,
                                  SqlError& error) noexcept;

// unknown_name; in_use: it was made by a constraint. Whether a FOREIGN KEY of another table needs
// it is not asked.
Result<TableDefinition> drop_index(const TableDefinition& table, std::string_view name,
                                   Arena& memory, SqlError& error) noexcept;

}  // namespace freshet::relation
