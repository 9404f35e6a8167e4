// SPDX-License-Identifier: MIT
// Finds the rows in which some columns have some values: by the primary key or an index that begins
// with these columns, in whatever order, and otherwise by a look at each row.
#pragma once

#include "relation/table_reader.hpp"

namespace freshet::relation {

class RowFinder {
public:
    RowFinder() noexcept = default;
    RowFinder(const RowFinder&) = delete;
    RowFinder& operator=(const RowFinder&) = delete;

    // The definition is that of the same moment, and rows are those that there are now. All stays
    // lent but the values, which stay until the last row is found. corrupt, out_of_memory.
    Status open(const RowsAsOf& rows, const TableDefinition& table, Arena& memory) noexcept;
    // Begins to look for rows; none of the values is NULL, and each is of its column's type.
    void find(std::span<const ColumnNumber> columns, std::span<const Value> values) noexcept;
    // The next such row: its values in the order of the layout; both are good until the next call,
    // or change. False: no more. corrupt, io, out_of_memory.
    Result<bool> next(Recorded& version, std::span<const Value>& row) noexcept;
    [[nodiscard]] const Layout& layout() const noexcept { return reader_.layout(); }

private:
    [[nodiscard]] bool takes(std::span<const KeyColumn> key) noexcept;
    void find_by_key() noexcept;
    void find_by_index(const Index& index) noexcept;
    void scan_prefix(const Index* index, Bytes prefix) noexcept;
    [[nodiscard]] bool is_match() const noexcept;

    const TableDefinition* table_ = nullptr;
    TableReader reader_;
    std::span<Value> row_{};
    std::span<const ColumnNumber> columns_{};
    std::span<const Value> values_{};
    std::array<Value, key_column_count_max> ordered_;  // The values in the order of a key.
    std::array<std::byte, tree::key_size_max> from_;
    std::array<std::byte, tree::key_size_max> end_;
};

}  // namespace freshet::relation
