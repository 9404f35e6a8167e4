// SPDX-License-Identifier: MIT
#include "relation/row_finder.hpp"

#include <algorithm>

namespace freshet::relation {

Status RowFinder::open(const RowsAsOf& rows, const TableDefinition& table, Arena& memory) noexcept {
    table_ = &table;
    const Status opened = reader_.open(rows, table, memory);
    if (!opened) return opened;
    const Result<std::span<Value>> row = memory.array<Value>(reader_.layout().size());
    if (!row) return row.error();
    row_ = *row;
    return Done{};
}

// Whether a key begins with just these columns; puts the values in its order.
bool RowFinder::takes(std::span<const KeyColumn> key) noexcept {
    if (key.size() < columns_.size()) return false;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        const auto found = std::find(columns_.begin(), columns_.end(), key[i].column);
        if (found == columns_.end()) return false;
        ordered_[i] = values_[static_cast<std::size_t>(found - columns_.begin())];
    }
    return true;
}

void RowFinder::find(std::span<const ColumnNumber> columns,
                     std::span<const Value> values) noexcept {
    columns_ = columns;
    values_ = values;
    if (takes(table_->primary_key)) return find_by_key();
    for (const Index& index : table_->indexes) {
        if (index.hash && index.columns.size() != columns.size()) continue;
        if (takes(index.columns)) return find_by_index(index);
    }
    reader_.scan();
}

// Values that are too long for a key are in none: what begins with the part that fits is looked at.
void RowFinder::find_by_key() noexcept {
    std::array<std::byte, primary_key_size_max> room{};
    KeyWriter writer{room};
    for (std::size_t i = 0; i < columns_.size(); i++)
        writer.value(ordered_[i], table_->primary_key[i].sort);
    scan_prefix(nullptr, writer.written());
}

void RowFinder::find_by_index(const Index& index) noexcept {
    const IndexPrefix prefix{index, std::span{ordered_}.first(columns_.size())};
    scan_prefix(&index, prefix.bytes().subspan(index_id_size));
}

void RowFinder::scan_prefix(const Index* index, Bytes prefix) noexcept {
    std::copy(prefix.begin(), prefix.end(), from_.begin());
    std::copy(prefix.begin(), prefix.end(), end_.begin());
    const std::size_t size = end_of_prefix(std::span{end_}.first(prefix.size()));
    const KeyRange range{Bytes{from_}.first(prefix.size()), Bytes{end_}.first(size)};
    if (index == nullptr)
        reader_.scan(range);
    else
        reader_.scan(*index, range);
}

bool RowFinder::is_match() const noexcept {
    for (std::size_t i = 0; i < columns_.size(); i++)
        if (!(row_[layout().positions[columns_[i]]] == values_[i])) return false;
    return true;
}

Result<bool> RowFinder::next(Recorded& version, std::span<const Value>& row) noexcept {
    for (;;) {
        const Result<bool> there = reader_.next(version);
        if (!there || !*there) return there;
        const Status read = reader_.read(version, row_);
        if (!read) return read.error();
        if (!is_match()) continue;
        row = row_;
        return true;
    }
}

}  // namespace freshet::relation
