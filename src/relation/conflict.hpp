// SPDX-License-Identifier: MIT
// Which row stands in the way of another: of the same PRIMARY KEY, or UNIQUE values.
#pragma once

#include "relation/entry.hpp"
#include "relation/table_reader.hpp"

namespace freshet::relation {

// What stands in the way of a row.
struct Conflict {
    const Index* index = nullptr;  // Null: the primary key.
    Recorded row{};                // Good until the next change, or look.
};

// Looks among rows that there are now.
class ConflictFinder {
public:
    ConflictFinder(const RowsAsOf& rows, const TableDefinition& table) noexcept
        : rows_{rows}, table_{table} {}
    // The memory is for one row. corrupt, out_of_memory.
    Status open(Arena& memory) noexcept;

    // A row of this key.
    Result<bool> find(Bytes key, Conflict& conflict) noexcept {
        return reader_.find(key, conflict.row);
    }
    // A row with the values of a unique entry, of a row with these values, but for the one of
    // `own_key`; false: there is none. corrupt, io, out_of_memory.
    Result<bool> find(const Index& index, const IndexEntry& entry, std::span<const Value> values,
                      Bytes own_key, Conflict& conflict) noexcept;
    // The same of a row that is there already. Fills in `error` where there is one.
    Status refuse_entry(const Index& index, const IndexEntry& entry, SqlError& error) noexcept;
    // constraint_failed: names table, columns, values, constraint, and the commit of the row that
    // is in the way.
    Error refuse(const Conflict& conflict, std::span<const Value> values,
                 SqlError& error) const noexcept;

private:
    Status make_room() noexcept;

    const RowsAsOf& rows_;
    const TableDefinition& table_;
    Arena* memory_ = nullptr;
    TableReader reader_;
    std::span<Value> values_;
    std::span<Value> others_;
};

}  // namespace freshet::relation
