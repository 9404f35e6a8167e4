// SPDX-License-Identifier: MIT
// The tables that there are at one moment, by their names: a span of their definitions, in any
// order. Tables and indexes have their names from one pool, as in SQLite.
#pragma once

#include "base/arena.hpp"
#include "relation/definition.hpp"

namespace freshet::relation {

using Tables = std::span<const TableDefinition>;

struct FoundIndex {
    const TableDefinition* table = nullptr;
    const Index* index = nullptr;
};

// Null: there is none.
const TableDefinition* find_table(Tables tables, std::string_view name) noexcept;
const TableDefinition* find_table(Tables tables, std::uint32_t id) noexcept;
FoundIndex find_index(Tables tables, std::string_view name) noexcept;

// The same, or words: unknown_name, with what may have been meant.
Result<const TableDefinition*> need_table(Tables tables, std::string_view name,
                                          SqlError& error) noexcept;
Result<FoundIndex> need_index(Tables tables, std::string_view name, SqlError& error) noexcept;
// INDEXED BY: whether it is an index of this table. invalid_argument: of another one.
Status need_own_index(Tables tables, const TableDefinition& table, std::string_view name,
                      SqlError& error) noexcept;
// already_exists: a table or an index is called so.
Status need_free_name(Tables tables, std::string_view name, SqlError& error) noexcept;

// What a FOREIGN KEY says; empty `referenced`: the primary key.
struct Reference {
    std::span<const std::string_view> columns{};
    std::string_view table{};
    std::span<const std::string_view> referenced{};
};

// Finds the columns of a FOREIGN KEY of `table`, which may refer to itself and need not be among
// the tables. What is referred to is to be the primary key, or UNIQUE, of the same types, in any
// order. The lists lie in the arena; name and actions are left to the caller. Fills in `error`:
// unknown_name; invalid_argument: columns that do not match; out_of_memory.
Result<ForeignKey> resolve_reference(Tables tables, const TableDefinition& table,
                                     const Reference& reference, Arena& memory,
                                     SqlError& error) noexcept;

// Whether a FOREIGN KEY needs the table, from another one: in_use, with words.
Status is_unreferenced(Tables tables, const TableDefinition& table, SqlError& error) noexcept;
// Whether one, of whatever table, refers to columns that nothing but this index keeps unique.
Status is_unreferenced(Tables tables, const FoundIndex& index, SqlError& error) noexcept;

}  // namespace freshet::relation
