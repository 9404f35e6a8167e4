// SPDX-License-Identifier: MIT
// Which columns rows of one version of a table have, and how a row of one version is read as one of
// another: newer, because it is older than the table is now, or older, because the past is read.
//
// A value keeps its column, whatever that is called. A column that a row is too old for has the
// value that was said when it was added; one that was dropped is there again where the version
// read as had it.
#pragma once

#include "base/arena.hpp"
#include "relation/definition.hpp"
#include "relation/row.hpp"

namespace freshet::relation {

// The columns of rows of one version, in the order in which they stand. Made once a statement, it
// lies in the arena.
struct Layout {
    std::uint32_t version = 0;
    std::span<const ColumnType> types{};
    std::span<const ColumnNumber> columns{};     // The number of each.
    std::span<const std::uint16_t> positions{};  // Of each number in `columns`; or no_column.

    [[nodiscard]] std::size_t size() const noexcept { return types.size(); }
};

// `version` is at most that of the definition. corrupt: it is none of the table's; out_of_memory.
Result<Layout> make_layout(const TableDefinition& table, std::uint32_t version,
                           Arena& memory) noexcept;

// Reads an image of a row of one version as a row of another: both of this table, and no newer than
// this definition of it. `into` has room for each column of `to`; what has bytes lies in the image,
// or where the definition has them. corrupt: it is no row of `from`.
Status read_row(const TableDefinition& table, const Layout& from, const Image& image,
                const Layout& to, std::span<Value> into) noexcept;

}  // namespace freshet::relation
