// SPDX-License-Identifier: MIT
// Changes the rows of a table in a transaction: images, entries of indexes, keys and what refers to
// them. What a statement did when one of these fails, a savepoint takes back.
//
// Rows are the live columns of the table in the order of its layout, each of its column's type
// (RowMaker::assign_all). CHECK, and DEFAULT by an expression, are left to who knows expressions.
#pragma once

#include "relation/conflict.hpp"
#include "relation/moment.hpp"
#include "relation/reference.hpp"
#include "relation/row_tree.hpp"

namespace freshet::relation {

// All that may fail: constraint_failed, too_large, out_of_memory (with words in the SqlError, where
// there is one), and of the store: out_of_memory, full, io, read_only, poisoned, corrupt.
class TableWriter {
public:
    TableWriter() noexcept = default;
    TableWriter(const TableWriter&) = delete;
    TableWriter& operator=(const TableWriter&) = delete;

    // `tables` are those of the transaction, and `table` is one of them. All stays lent; the memory
    // is used up as statements go deeper, not as they change more rows. The rule, if there is one,
    // is asked of rows that foreign keys change.
    Status open(Transaction& transaction, Tables tables, const TableDefinition& table,
                Arena& memory, RowRule* rule = nullptr) noexcept;
    [[nodiscard]] const Layout& layout() const noexcept { return layout_; }
    [[nodiscard]] RowMaker maker() const noexcept { return {*table_, layout()}; }

    // The greatest number there ever was, in the AUTO_INCREMENT column or as the hidden id of a
    // row, and 1 more; of rows that are deleted, too. From 1 on. too_large: there is none left.
    Result<std::int64_t> next_id() noexcept;

    // Which row stands in the way of one that is to be there with a key of its own; of an update,
    // `own_key` is that of the row as it was, which is in nobody's way. The primary key first, then
    // each index.
    Result<bool> find_conflict(std::span<const Value> row, Bytes own_key, Conflict& conflict,
                               SqlError& error) noexcept;
    // The same of one constraint: a unique index of the table, or the primary key where it is null.
    Result<bool> find_conflict(const Index* index, std::span<const Value> row, Bytes own_key,
                               Conflict& conflict, SqlError& error) noexcept;

    // The image of a row that is to be changed next, by its key, good until a change; false: there
    // is none. corrupt, io.
    Result<bool> find(Bytes key, Image& image) noexcept;
    // Sees to it that the tree has room for whatever one change of a row may take.
    [[nodiscard]] bool make_room() noexcept;
    // A row without a primary key gets the next id. constraint_failed where find_conflict() finds
    // one.
    Status insert(std::span<const Value> row, SqlError& error) noexcept;
    // `key` is that of the row, and `before` are its values, which may view its bytes as they were
    // read. Of another primary key, the row ends and another one begins.
    Status update(Bytes key, std::span<const Value> before, std::span<const Value> after,
                  SqlError& error) noexcept;
    Status erase(Bytes key, std::span<const Value> before, SqlError& error) noexcept;
    // The end of a statement: what NO ACTION has put off.
    Status finish(SqlError& error) noexcept;

private:
    friend class References;
    // Of one that another statement's foreign keys write through.
    Status open(References& references, Transaction& transaction, const TableDefinition& table,
                Arena& memory) noexcept;
    Status prepare(const KeyedRow& row) noexcept;
    Status look(Bytes key) noexcept;
    Result<ConflictFinder*> conflicts() noexcept;
    Status refuse_conflicts(const KeyedRow& row, std::span<const IndexChange> changes,
                            Bytes own_key, SqlError& error) noexcept;
    Status find_key(KeyedRow& row, Bytes own_key, Arena& scratch, SqlError& error) noexcept;
    Result<bool> find_conflict(const KeyedRow& row, Bytes own_key, Conflict& conflict) noexcept;
    Result<bool> find_conflict(const Index& index, const KeyedRow& row, Bytes own_key,
                               Arena& scratch, Conflict& conflict) noexcept;
    Result<bool> find_conflict(const Index& index, const KeyedRow& row, const IndexEntry& entry,
                               Bytes own_key, Conflict& conflict) noexcept;
    Result<bool> find_conflict(const KeyedRow& row, std::span<const IndexChange> changes,
                               Bytes own_key, Conflict& conflict) noexcept;
    Status change(const KeyedRow& before, const KeyedRow& after,
                  std::span<const IndexChange> changes, Arena& scratch, SqlError& error) noexcept;
    Status write(const KeyedRow& before, const KeyedRow& after, Bytes image,
                 std::span<const IndexChange> changes, SqlError& error) noexcept;
    Status write(RowChange change, Bytes key, Bytes image, SqlError& error) noexcept;
    Result<std::int64_t> greatest_id() noexcept;
    Result<std::int64_t> greatest_in_column() noexcept;
    void keep_greatest(std::span<const Value> row) noexcept;

    Transaction* transaction_ = nullptr;
    const TableDefinition* table_ = nullptr;
    Arena* memory_ = nullptr;
    RowsAsOf rows_;
    std::optional<ConflictFinder> conflicts_{};  // Not before it is needed, which is seldom.
    // The row that was looked at since the last change, as the tree has it.
    std::optional<RowName> name_{};
    Kept kept_{};
    std::uint32_t kept_at_ = 0;  // As of Delta::leave_count().
    Layout layout_{};
    MutableBytes scratch_{};     // For one row at a time; taken anew where it is too small.
    std::uint64_t address_ = 0;  // Where the row was written last.
    ColumnNumber id_column_ = no_column;  // AUTO_INCREMENT; where the greatest id is known.
    std::int64_t greatest_id_ = -1;       // Below 0: not known.
    References own_references_;
    References* references_ = nullptr;
};

}  // namespace freshet::relation
