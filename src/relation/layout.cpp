// SPDX-License-Identifier: MIT
#include "relation/layout.hpp"

namespace freshet::relation {

Result<Layout> make_layout(const TableDefinition& table, std::uint32_t version,
                           Arena& memory) noexcept {
    if (version == 0 || version > table.version) return Code::corrupt;
    const bool is_own = version == table.version && table.layout != nullptr;
    if (is_own && table.layout->version == version) return *table.layout;
    std::size_t count = 0;
    for (const Column& column : table.columns)
        if (is_in(column, version)) count++;
    const Result<std::span<ColumnType>> types = memory.array<ColumnType>(count);
    if (!types) return types.error();
    const Result<std::span<ColumnNumber>> columns = memory.array<ColumnNumber>(count);
    if (!columns) return columns.error();
    const Result<std::span<std::uint16_t>> positions =
        memory.array<std::uint16_t>(table.columns.size());
    if (!positions) return positions.error();

    std::size_t next = 0;
    for (std::size_t i = 0; i < table.columns.size(); i++) {
        (*positions)[i] = no_column;
        if (!is_in(table.columns[i], version)) continue;
        (*types)[next] = table.columns[i].type;
        (*columns)[next] = static_cast<ColumnNumber>(i);
        (*positions)[i] = static_cast<std::uint16_t>(next++);
    }
    return Layout{version, *types, *columns, *positions};
}

Status read_row(const TableDefinition& table, const Layout& from, const Image& image,
                const Layout& to, std::span<Value> into) noexcept {
    FRESHET_CHECK(into.size() == to.size());
    RowReader reader{image};
    if (reader.version() != from.version) return Code::corrupt;
    if (from.version == to.version) return decode_row(image, from.types, into);
    for (std::size_t i = 0; i < to.size(); i++) into[i] = table.columns[to.columns[i]].missing;
    reader.changed(from.size());
    for (std::size_t i = 0; i < from.size(); i++) {
        const ColumnNumber column = from.columns[i];
        const std::size_t position =
            column < to.positions.size() ? to.positions[column] : std::size_t{no_column};
        if (position == no_column)
            reader.skip();
        else
            into[position] = reader.value(from.types[i]);
    }
    return reader.finish();
}

}  // namespace freshet::relation
