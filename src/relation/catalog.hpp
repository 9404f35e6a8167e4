// SPDX-License-Identifier: MIT
// The catalog: the definitions of all tables, as rows of table 0, in the same log and the same
// commits as everything else.
//
//      key of the row     id of the table, as an INT (key.hpp)
//      image              the definition (definition_codec.hpp)
//      types of events    TableCreated, TableAltered, IndexCreated, IndexDropped, TableDropped
#pragma once

#include "relation/catalog_view.hpp"
#include "relation/row_stream.hpp"

namespace freshet::relation {

// The definitions of all tables of a moment, in the order of their ids. They lie in the arena and
// nowhere else. corrupt, io, newer_format, out_of_memory.
Result<Tables> load_tables(const RowsAsOf& rows, Arena& memory) noexcept;

// The name of the row that has a table's definition.
RowName name_of_definition(std::uint32_t table) noexcept;

// Ids that no table and no index ever had: the one returned, and those behind it, for as many
// indexes as a table may have. They are for the next change of the catalog, and no later one.
// `rows` are those of a transaction. too_large: 33 million changes were made; corrupt.
Result<std::uint32_t> next_ids(const RowsAsOf& rows) noexcept;
inline constexpr std::uint32_t ids_per_change = 128;

enum class CatalogChange : std::uint8_t { create, alter, create_index, drop_index, drop };

// Writes what a table is from now on, and does what follows from it: new indexes get entries for
// the whole past, dropped ones lose theirs, and with a table its rows end. Whether the definition
// may be so, is known by whoever calls: check_definition(), names, is_unreferenced(). `scratch` is
// used up. constraint_failed: two rows of a new UNIQUE index; `error` says which. And without
// words: already_exists: the table of a new definition is there; not_found: another one's is not;
// too_large, corrupt, io, full, read_only, poisoned, out_of_memory (of the scratch, or of the
// store). After any of them go back to a savepoint.
Status write_definition(Transaction& transaction, CatalogChange change,
                        const TableDefinition& table, Arena& scratch, SqlError& error) noexcept;

}  // namespace freshet::relation
