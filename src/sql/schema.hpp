// SPDX-License-Identifier: MIT
// Definitions of tables and indexes from what CREATE and ALTER say. Names of other tables are
// looked up, so that a definition refers to them by number.
//
//      said                            becomes
//      a column without a type         refused: columns are strictly typed
//      INTEGER PRIMARY KEY             AUTO_INCREMENT too, as in SQLite
//      PRIMARY KEY                     NOT NULL too
//      UNIQUE                          an index: TABLE_COLUMN_..._key
//      DEFAULT with a constant         the value, converted once
//      DEFAULT with anything else      the expression, evaluated for each row
//      CHECK                           its text, printed, and the columns that it names
#pragma once

#include "relation/catalog_view.hpp"
#include "sql/binder.hpp"
#include "sql/tree.hpp"

namespace freshet::sql {

// Numbers for what is new: of the table (or 0), and of the indexes from the first on.
struct Ids {
    std::uint32_t table = 0;
    std::uint32_t first_index = 0;
};

// All lie in the arena of the environment, and in the statement. Fill in its error, with the place:
// what check_definition() and resolve_reference() say; unknown_name; invalid_argument;
// already_exists; type_mismatch.
Result<relation::TableDefinition> make_table(const CreateTable& create, Ids ids,
                                             Environment& environment) noexcept;
// Of a table that is there, with one column more.
Result<relation::TableDefinition> add_column(const relation::TableDefinition& table,
                                             const ColumnDefinition& column, Ids ids,
                                             Environment& environment) noexcept;
Result<relation::TableDefinition> add_index(const relation::TableDefinition& table,
                                            const CreateIndex& create, Ids ids,
                                            Environment& environment) noexcept;
// Of names and words alone.
Result<relation::TableDefinition> make_view(const CreateView& create, Ids ids,
                                            Environment& environment) noexcept;
Result<relation::TableDefinition> rename_column(const relation::TableDefinition& table,
                                                const AlterTable& alter,
                                                Environment& environment) noexcept;

}  // namespace freshet::sql
