// SPDX-License-Identifier: MIT
// Replay of rows: each event moves its row in the tree, and then the entries of the indexes that
// the table has by then. What the table is stands in the tree already, and what the row was before
// in the log.
#include <algorithm>

#include "relation/catalog.hpp"
#include "relation/definition_codec.hpp"
#include "relation/entry_history.hpp"
#include "relation/row_tree.hpp"
#include "store/row_imager.hpp"

namespace freshet::relation {

namespace {

// What the tree may take for the event of a row itself, in pages: three changes, each of a way of
// up to ten pages that are copied and divided.
constexpr std::size_t pages_per_row = 64;

std::size_t entries_size(const TableDefinition& table) noexcept {
    return Arena::room<IndexChange>(table.indexes.size()) +
           2 * tree::key_size_max * table.indexes.size();
}

}  // namespace

struct RowKeeper::Table {
    std::uint32_t id = 0;
    TableDefinition definition{};
    ImageReader images{};
    std::span<Value> before{};
    std::span<Value> after{};
    MutableBytes entries{};  // Room for what changes for one row.
    Table* next = nullptr;

    Status change(const Recorded& old, bool was_there, Bytes image, Bytes key, EntryWriter& writer,
                  std::uint64_t address) noexcept;
};

// An empty image: the row ends.
Status RowKeeper::Table::change(const Recorded& old, bool was_there, Bytes image, Bytes key,
                                EntryWriter& writer, std::uint64_t address) noexcept {
    Status read = was_there ? images.read(old.payload, before) : Done{};
    if (read && !image.empty()) read = images.read(image, after);
    if (!read) return read;
    const KeyedRow from{before, was_there ? key : Bytes{}};
    const KeyedRow to{after, image.empty() ? Bytes{} : key};
    Arena memory{entries};
    const auto changes = RowMaker{definition, images.layout()}.index_changes(from, to, memory);
    if (!changes) return changes.error();
    return writer.apply(*changes, address);
}

void RowKeeper::forget(const store::State* state, std::uint64_t catalog_address) noexcept {
    arena_.emplace(memory_);
    tables_ = nullptr;
    state_ = state;
    catalog_address_ = catalog_address;
}

// Where there is no room for one more table, there is for it alone.
Result<RowKeeper::Table*> RowKeeper::table(const RowsAsOf& rows, std::uint32_t id) noexcept {
    if (state_ != rows.state_ || catalog_address_ != rows.catalog_address())
        forget(rows.state_, rows.catalog_address());
    for (Table* known = tables_; known != nullptr; known = known->next)
        if (known->id == id) return known;
    if (rows.catalog_address() == 0) return static_cast<Table*>(nullptr);
    Result<Table*> loaded = load(rows, id);
    if (loaded || !(loaded.error() == Code::out_of_memory)) return loaded;
    forget(state_, catalog_address_);
    return load(rows, id);
}

Result<RowKeeper::Table*> RowKeeper::load(const RowsAsOf& rows, std::uint32_t id) noexcept {
    Recorded version;
    const RowName name = name_of_definition(id);
    const Result<bool> found = rows.find(name, version);
    if (!found) return found.error();
    if (!*found) return static_cast<Table*>(nullptr);
    const Result<std::span<Table>> made = arena_->array<Table>(1);
    if (!made) return made.error();
    Table& table = made->front();
    table.id = id;
    const Result<TableDefinition> definition = decode_definition(version.payload, *arena_);
    if (!definition) return definition.error();
    table.definition = *definition;
    const Status opened = table.images.open(table.definition, *arena_);
    if (!opened) return opened.error();
    const std::size_t size = table.images.layout().size();
    const Result<std::span<Value>> values = arena_->array<Value>(2 * size);
    if (!values) return values.error();
    table.before = values->first(size);
    table.after = values->last(size);
    const Result<MutableBytes> entries = arena_->bytes(1 + entries_size(*definition), 16);
    if (!entries) return entries.error();
    table.entries = *entries;
    table.next = tables_;
    tables_ = &table;
    return &table;
}

Status RowKeeper::change_definition(const RowsAsOf& rows, store::Gather& gather, Bytes before,
                                    Bytes after) noexcept {
    forget(rows.state_, rows.catalog_address());
    std::array<TableDefinition, 2> definitions;
    std::array<const TableDefinition*, 2> known{};
    const std::array<Bytes, 2> images{before, after};
    for (std::size_t i = 0; i < 2; i++) {
        if (images[i].empty()) continue;
        const Result<TableDefinition> definition = decode_definition(images[i], *arena_);
        if (!definition) return definition.error();
        definitions[i] = *definition;
        known[i] = &definitions[i];
    }
    EntryWriter entries{rows.state_->delta, &gather};
    const Status changed = change_indexes(rows, entries, known[0], known[1], *arena_, nullptr);
    forget(rows.state_, rows.catalog_address());
    return changed;
}

Status RowKeeper::replay(store::State& state, store::Gather& gather,
                         const store::RowEvent& event) noexcept {
    const Status room = gather.make_room(pages_per_row);
    if (!room) return room;
    RowChange change{};
    if (!find_change(event.name, event.type, change)) return Code::corrupt;
    const bool deletes = change == RowChange::erase;
    Kept kept;
    const Status found = find_kept(state.delta, event.name, kept);
    if (!found) return found;
    if (event.index != (kept.exists ? kept.stream.count : 0)) return Code::corrupt;
    if (kept.is_there() == (change == RowChange::insert)) return Code::corrupt;

    RowsAsOf rows;
    rows.open(state);
    const std::uint32_t id = table_of_row(event.name);
    const bool of_catalog = id == catalog_table;
    Result<Table*> table = static_cast<Table*>(nullptr);
    if (!of_catalog) table = this->table(rows, id);
    if (!table) return table.error();
    const bool has_indexes = *table != nullptr && !(*table)->definition.indexes.empty();
    Recorded before;
    if (kept.is_there() && (of_catalog || has_indexes)) {
        const Result<bool> read = rows.read(event.name, kept.stream, before);
        if (!read) return read.error();
    }
    const Status added = add_version(state.delta, event.name, kept, deletes, event.address);
    if (!added) return added;
    const Bytes after = deletes ? Bytes{} : event.payload;
    if (of_catalog) {
        state.working.catalog_address = event.address;
        return change_definition(rows, gather, before.payload, after);
    }
    if (!has_indexes) return Done{};
    if (!deletes && after.empty()) return Code::corrupt;
    EntryWriter entries{state.delta, &gather};
    return (*table)->change(before, kept.is_there(), after, key_of_row(event.name), entries,
                            event.address);
}

Status RowKeeper::check(store::State& state, const store::Published& at,
                        const log::FrameEvents& event) noexcept {
    Kept kept;
    const tree::View view = state.view(at);
    const Status found = find_kept(view, event.stream(), kept);
    if (!found) return found;
    if (!kept.exists || event.index() >= kept.stream.count) return Code::corrupt;
    const Result<std::uint64_t> address =
        store::find_event(view, event.stream(), kept.stream, event.index());
    if (!address) return address.error();
    if (*address != event.address()) return Code::corrupt;
    const bool is_newest = event.index() + 1 == kept.stream.count;
    std::array<std::byte, store::row_image_size_max> room;
    const tree::Record record = kept.stream.record;
    const Bytes image = record.is_there() ? copy_record(record, room) : kept.stream.image;
    if (is_newest && !image.empty() && !std::ranges::equal(image, event.event().payload))
        return Code::corrupt;
    const bool ends = is_end(event.type().name);
    return is_newest && kept.deleted != ends ? Status{Code::corrupt} : Done{};
}

Result<std::uint64_t> RowKeeper::count(store::State& state, const store::Published& at,
                                       MutableBytes scratch) noexcept {
    RowsAsOf rows;
    rows.open(state, at);
    const Status checked = check_entries(rows, state.view(at), scratch);
    if (!checked) return checked.error();
    return count_versions(state.view(at), {});
}

}  // namespace freshet::relation
