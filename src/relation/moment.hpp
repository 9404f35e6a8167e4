// SPDX-License-Identifier: MIT
// The tables of one moment, and the rows that they had: of a snapshot, of a commit before it, or of
// an open transaction. Every statement, and every FOR SYSTEM_TIME AS OF in it, reads through one.
#pragma once

#include "relation/catalog_view.hpp"
#include "relation/row_stream.hpp"

namespace freshet::relation {

struct Moment {
    RowsAsOf rows{};
    Tables tables{};  // As of the moment.
    Tables newest{};  // As of the snapshot: the same, but of a moment that is past.
};

// The indexes by which a table may be read at the moment: those that there are *now*, since the
// tree has entries of no others; and these lead into all of the past, that from before they were
// made too. Their columns may be some that the table had not yet. A table that is no more has none.
inline std::span<const Index> indexes_of(const Moment& moment,
                                         const TableDefinition& table) noexcept {
    const TableDefinition* const newest = find_table(moment.newest, table.id);
    return newest == nullptr ? std::span<const Index>{} : newest->indexes;
}

}  // namespace freshet::relation
