// SPDX-License-Identifier: MIT
// What entries an index is to have, as the versions of its table's rows say: to make them, and to
// check those that there are.
#pragma once

#include "relation/entry.hpp"
#include "relation/table_reader.hpp"
#include "relation/version_reader.hpp"

namespace freshet::relation {

// Of one row: the same values from here to there.
struct EntryRun {
    IndexEntry entry{};
    std::uint64_t from = 0;
    std::uint64_t until = 0;  // 0: it is live.
};

class EntryHistory {
public:
    // All stays lent; the memory is for one row. The index is one of the table's.
    EntryHistory(const RowsAsOf& rows, const TableDefinition& table, const Index& index) noexcept
        : table_{table}, index_{index}, versions_{rows, table.id} {}
    // corrupt, out_of_memory.
    Status open(Arena& memory) noexcept;
    // Row by row in the order of keys, the oldest first. The entry is good until the next call.
    // False: no more. corrupt, io, out_of_memory.
    Result<bool> next(EntryRun& run) noexcept;
    // The row of the run as it is now, if that is live; good until the next call.
    [[nodiscard]] std::span<const Value> row() const noexcept { return values_; }

private:
    Result<bool> read() noexcept;

    const TableDefinition& table_;
    const Index& index_;
    VersionReader versions_;
    ImageReader images_;
    std::span<Value> values_;
    bool has_next_ = false;
    EntryRun next_{};
    std::array<std::byte, tree::key_size_max> key_;       // Of the run,
    std::array<std::byte, tree::key_size_max> next_key_;  // and of the one behind it.
};

// Makes the entries of one table what its new definition asks for, where it had another: those of
// new indexes, out of the whole past, and of dropped ones none. Either may be null: there was no
// table, or there is none any more. The memory is used up. With `error`, it is refused that a new
// UNIQUE index has two rows: constraint_failed. corrupt, io, out_of_memory.
Status change_indexes(const RowsAsOf& rows, EntryWriter& entries, const TableDefinition* before,
                      const TableDefinition* after, Arena& memory, SqlError* error) noexcept;

// Whether the tree has just the entries that all rows' versions ask for. `memory` holds one
// definition at a time. corrupt, io, out_of_memory.
Status check_entries(const RowsAsOf& rows, const tree::View& view, MutableBytes memory) noexcept;

}  // namespace freshet::relation
