// SPDX-License-Identifier: MIT
#include "relation/catalog.hpp"

#include "relation/definition_codec.hpp"
#include "relation/entry_history.hpp"
#include "store/row_imager.hpp"

namespace freshet::relation {

namespace {

struct ChangeType {
    RowChange change;
    std::string_view type;
};

ChangeType type_of(CatalogChange change) noexcept {
    constexpr std::array<ChangeType, 5> types{{{RowChange::insert, table_created_type},
                                               {RowChange::update, table_altered_type},
                                               {RowChange::update, index_created_type},
                                               {RowChange::update, index_dropped_type},
                                               {RowChange::erase, table_dropped_type}}};
    return types[static_cast<std::size_t>(change)];
}

// A definition may look like a record, and stand in columns.
Result<TableDefinition> load(const Image& image, Arena& memory) noexcept {
    std::array<std::byte, store::row_image_size_max> room;
    const tree::Record record = image.record;
    const Bytes bytes = record.is_there() ? copy_record(record, room) : image.bytes;
    if (bytes.empty()) return Code::corrupt;
    const Result<MutableBytes> kept = memory.bytes(bytes.size(), 1);
    if (!kept) return kept.error();
    std::memcpy(kept->data(), bytes.data(), bytes.size());
    return decode_definition(*kept, memory);
}

}  // namespace

RowName name_of_definition(std::uint32_t table) noexcept {
    std::array<std::byte, 9> key{};
    KeyWriter writer{key};
    return RowName{catalog_table, writer.value(Value::integer(table)).written()};
}

Result<Tables> load_tables(const RowsAsOf& rows, Arena& memory) noexcept {
    std::size_t count = 0;
    Image image;
    for (RowScan scan{rows, catalog_table};; count++) {
        const Result<bool> there = scan.next_image(image);
        if (!there) return there.error();
        if (!*there) break;
    }
    const Result<std::span<TableDefinition>> tables = memory.array<TableDefinition>(count);
    if (!tables) return tables.error();
    RowScan scan{rows, catalog_table};
    for (TableDefinition& table : *tables) {
        const Result<bool> there = scan.next_image(image);
        if (!there) return there.error();
        FRESHET_CHECK(*there);
        const Result<TableDefinition> definition = load(image, memory);
        if (!definition) return definition.error();
        table = *definition;
        const Result<Layout> layout = make_layout(table, table.version, memory);
        if (!layout) return layout.error();
        const Result<std::span<Layout>> kept = memory.array<Layout>(1);
        if (!kept) return kept.error();
        kept->front() = *layout;
        table.layout = kept->data();
    }
    return Tables{*tables};
}

// Each change adds an event to the rows of table 0, so that their number is another one each time.
Result<std::uint32_t> next_ids(const RowsAsOf& rows) noexcept {
    const Result<std::uint64_t> changes = rows.count_versions(catalog_table);
    if (!changes) return changes.error();
    if (*changes >= 0xffffffff / ids_per_change) return Code::too_large;
    return static_cast<std::uint32_t>(*changes + 1) * ids_per_change;
}

namespace {

// The definition that there was; false: there was none.
Result<bool> load_old(RowWriter& writer, std::uint32_t table, Arena& memory,
                      TableDefinition& old) noexcept {
    Recorded version;
    const RowName name = name_of_definition(table);
    const Result<bool> found = writer.find(name, version);
    if (!found || !*found) return found;
    const Result<TableDefinition> definition = load(version.payload, memory);
    if (!definition) return definition.error();
    old = *definition;
    return true;
}

// A row's bytes may lie in the write buffer: only its key is needed, which does not.
Status end_rows(const RowsAsOf& rows, RowWriter& writer, std::uint32_t table) noexcept {
    Recorded version;
    for (RowScan scan{rows, table};;) {
        const Result<bool> there = scan.next(version);
        if (!there) return there.error();
        if (!*there) return Done{};
        const RowName name{table, key_of_row(version.stream)};
        const Result<std::uint64_t> written = writer.write(name, RowChange::erase, {});
        if (!written) return written.error();
    }
}

}  // namespace

Status write_definition(Transaction& transaction, CatalogChange change,
                        const TableDefinition& table, Arena& scratch, SqlError& error) noexcept {
    RowWriter writer{transaction};
    TableDefinition old;
    const Result<bool> had = load_old(writer, table.id, scratch, old);
    if (!had) return had.error();
    const bool drops = change == CatalogChange::drop;
    const Result<Bytes> image = drops ? Bytes{} : encode_definition(table, scratch);
    if (!image) return image.error();
    const ChangeType type = type_of(change);
    const Result<std::uint64_t> written =
        writer.write(name_of_definition(table.id), type.change, type.type, *image);
    if (!written) return written.error();
    RowsAsOf rows;
    const Status opened = rows.open(transaction);
    if (!opened) return opened;
    EntryWriter entries{transaction};
    const Status changed = change_indexes(rows, entries, *had ? &old : nullptr,
                                          drops ? nullptr : &table, scratch, &error);
    return changed && drops ? end_rows(rows, writer, table.id) : changed;
}

}  // namespace freshet::relation
