// SPDX-License-Identifier: MIT
// What a row becomes on its way to the log and the tree: values of its columns' types, an image,
// a key, and an entry in each index.
//
//      key of a row       the columns of the primary key, as key.hpp has them; without one, the
//                         hidden row id as an INT
//      key of an entry    bytes
//        index            4              id, big-endian
//        hash             8              of the values, big-endian; of a hash index alone
//        values           up to 98       of the index's columns, as key.hpp has them; with the hash
//                                        cut at 98 bytes
//        row              up to 160      key of the row
//        size             1              of the key of the row
//
// In front of it the tree has a byte that says what it is, and behind it, once it is closed, an
// address (entry.hpp). Entries of the same index are in the order of their values, but for values
// that begin with the same 98 bytes.
#pragma once

#include <array>

#include "relation/layout.hpp"
#include "tree/page.hpp"

namespace freshet::relation {

inline constexpr std::size_t primary_key_size_max = 160;
inline constexpr std::size_t index_id_size = 4;
inline constexpr std::size_t index_values_size_max =
    tree::key_size_max - 1 - index_id_size - primary_key_size_max - 1 - 8;
static_assert(index_values_size_max == 98);

// What the keys of all entries of these values begin with. `values` are those of the index's first
// columns; of a hash index, of all.
class IndexPrefix {
public:
    IndexPrefix(const Index& index, std::span<const Value> values) noexcept;

    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }
    // Other values may have the same: the rows are to be looked at.
    [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

private:
    std::array<std::byte, index_id_size + index_values_size_max> bytes_;
    std::size_t size_ = 0;
    bool is_cut_ = false;
};

struct IndexEntry {
    Bytes key{};  // Empty: there is none.
    std::size_t prefix_size = 0;
    bool is_cut = false;     // As of its prefix.
    bool is_unique = false;  // No other row may have these values: none of them is NULL.

    [[nodiscard]] Bytes prefix() const noexcept { return key.first(prefix_size); }
};

// The key of the row in the key of an entry. corrupt.
Result<Bytes> row_of_entry(Bytes entry) noexcept;

// What a change of a row does to an index. Where both are the same key, which happens where values
// differ beyond 98 bytes, the entry stays, and only whether it is unique is to be looked at.
struct IndexChange {
    const Index* index = nullptr;
    IndexEntry closed{};  // Of the row as it was.
    IndexEntry opened{};  // Of the row as it is.
};

struct RowImage {
    Bytes image{};
    bool is_changed = false;  // False: the row is what it was, and nothing needs to be written.
};

// A row, and its key; both empty: there is none.
struct KeyedRow {
    std::span<const Value> values{};
    Bytes key{};
};

// Rows are the values of the columns of the layout, which is that of the table's own version. Both
// are to outlive this. What a function makes lies in the arena.
class RowMaker {
public:
    RowMaker(const TableDefinition& table, const Layout& layout) noexcept
        : table_{table}, layout_{layout} {
        FRESHET_CHECK(layout.version == table.version);
    }

    // The constant defaults; NULL in all other columns.
    void put_defaults(std::span<Value> row) const noexcept;
    // Makes each value one of its column's type, by assign(). Fills in `error`: type_mismatch,
    // constraint_failed (NULL in a column that is NOT NULL), out_of_memory.
    Status assign_all(std::span<Value> row, Arena& memory, SqlError& error) const noexcept;
    // The same of the values at some positions: all others are as they were read.
    Status assign(std::span<Value> row, std::span<const std::uint16_t> positions, Arena& memory,
                  SqlError& error) const noexcept;

    // Against the row as it was, read as one of this layout; empty: there was none.
    Result<RowImage> image(std::span<const Value> before, std::span<const Value> row,
                           Arena& memory) const noexcept;
    // `id` counts where there is no primary key. Fills in `error`: too_large (names the column at
    // which it is), out_of_memory.
    Result<Bytes> key(std::span<const Value> row, std::int64_t id, Arena& memory,
                      SqlError& error) const noexcept;
    // out_of_memory.
    Result<IndexEntry> entry(const Index& index, const KeyedRow& row, Arena& memory) const noexcept;
    // Those of the indexes that have anything to do. out_of_memory.
    Result<std::span<const IndexChange>> index_changes(const KeyedRow& before,
                                                       const KeyedRow& after,
                                                       Arena& memory) const noexcept;

private:
    [[nodiscard]] const Value& value_of(std::span<const Value> row,
                                        ColumnNumber column) const noexcept {
        return row[layout_.positions[column]];
    }
    [[nodiscard]] const Column& column_at(std::size_t position) const noexcept {
        return table_.columns[layout_.columns[position]];
    }
    [[nodiscard]] bool is_in_primary_key(ColumnNumber column) const noexcept;
    [[nodiscard]] bool is_assigned(std::size_t position, const Value& value) const noexcept;
    Status assign_at(std::size_t position, Value& value, Arena& memory,
                     SqlError& error) const noexcept;
    Error refuse(Code code, ColumnNumber column, const Value& value, std::string_view constraint,
                 SqlError& error) const noexcept;

    const TableDefinition& table_;
    const Layout& layout_;
};

}  // namespace freshet::relation
