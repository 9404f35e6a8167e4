// SPDX-License-Identifier: MIT
#include "relation/table_writer.hpp"

#include <algorithm>
#include <limits>

#include "base/codec.hpp"
#include "relation/version_reader.hpp"

namespace freshet::relation {

namespace {

// What a row of another version has to be made of.
std::size_t scratch_size(const TableDefinition& table, const KeyedRow& row) noexcept {
    const std::size_t entries =
        table.indexes.size() * (sizeof(IndexChange) + 3 * tree::key_size_max);
    std::size_t image = varint_size_max + mask_size(row.values.size());
    for (const Value& value : row.values)
        image += varint_size_max + (value.has_bytes() ? value.bytes().size() : 8);
    return image + entries + 2 * primary_key_size_max + 64;
}

}  // namespace

Status TableWriter::open(Transaction& transaction, Tables tables, const TableDefinition& table,
                         Arena& memory, RowRule* rule) noexcept {
    own_references_.open(transaction, tables, rule, memory);
    return open(own_references_, transaction, table, memory);
}

Status TableWriter::open(References& references, Transaction& transaction,
                         const TableDefinition& table, Arena& memory) noexcept {
    references_ = &references;
    transaction_ = &transaction;
    table_ = &table;
    memory_ = &memory;
    scratch_ = {};
    greatest_id_ = -1;
    const Status opened = rows_.open(transaction);
    if (!opened) return opened;
    const Result<Layout> layout = make_layout(table, table.version, memory);
    if (!layout) return layout.error();
    layout_ = *layout;
    conflicts_.reset();
    name_.reset();
    return Done{};
}

Result<ConflictFinder*> TableWriter::conflicts() noexcept {
    if (!conflicts_) {
        conflicts_.emplace(rows_, *table_);
        const Status opened = conflicts_->open(*memory_);
        if (!opened) return opened.error();
    }
    return &*conflicts_;
}

Status TableWriter::look(Bytes key) noexcept {
    name_.emplace(table_->id, key);
    kept_ = Kept{};
    kept_at_ = rows_.state_->delta.leave_count();
    return find_kept(rows_.state_->delta, name_->view(), kept_);
}

Status TableWriter::prepare(const KeyedRow& row) noexcept {
    const std::size_t needed = scratch_size(*table_, row);
    if (needed <= scratch_.size()) return Done{};
    const Result<MutableBytes> taken = memory_->bytes(needed + needed / 2, 16);
    if (!taken) return taken.error();
    scratch_ = *taken;
    return Done{};
}

// ---- ids ----

// Rows are in the order of their keys: the greatest is the last one, or the first.
Result<std::int64_t> TableWriter::greatest_id() noexcept {
    const bool by_key =
        table_->primary_key.empty() ||
        (!table_->primary_key.empty() && table_->primary_key.front().column == id_column_ &&
         table_->primary_key.front().sort == Sort::ascending);
    if (!by_key) return greatest_in_column();
    std::int64_t greatest = 0;
    const RowName begin{table_->id, {}};
    const RowName behind{table_->id + 1, {}};
    for (const auto which : {store::RowWalk::Which::present, store::RowWalk::Which::deleted}) {
        store::RowWalk walk{rows_.view(), which, begin.view()};
        walk.seek_before(behind.view());
        if (walk.damaged()) return Code::corrupt;
        if (!walk.valid() || table_of_row(walk.name()) != table_->id) continue;
        std::array<std::byte, 16> room{};
        Arena memory{room};
        KeyReader key{key_of_row(walk.name()), memory};
        const Value id = key.value(ColumnType::integer);
        if (!key.status() || id.is_null()) return Code::corrupt;
        greatest = std::max(greatest, id.as_integer());
    }
    return greatest;
}

Result<std::int64_t> TableWriter::greatest_in_column() noexcept {
    std::int64_t greatest = 0;
    ImageReader images;
    const Status opened = images.open(*table_, *memory_);
    if (!opened) return opened.error();
    const Result<std::span<Value>> values = memory_->array<Value>(layout_.size());
    if (!values) return values.error();
    VersionReader versions{rows_, table_->id};
    for (RowVersion version;;) {
        const Result<bool> there = versions.next(version);
        if (!there) return there.error();
        if (!*there) return greatest;
        const Status read = images.read(version.row.payload, *values);
        if (!read) return read.error();
        const Value& id = (*values)[layout_.positions[id_column_]];
        if (!id.is_null()) greatest = std::max(greatest, id.as_integer());
    }
}

Result<std::int64_t> TableWriter::next_id() noexcept {
    if (greatest_id_ < 0) {
        id_column_ = no_column;
        for (std::size_t i = 0; i < table_->columns.size(); i++) {
            const Column& column = table_->columns[i];
            if (is_live(column) && column.auto_increment) id_column_ = static_cast<ColumnNumber>(i);
        }
        FRESHET_CHECK(id_column_ != no_column || table_->primary_key.empty());
        const Result<std::int64_t> greatest = greatest_id();
        if (!greatest) return greatest;
        greatest_id_ = *greatest;
    }
    if (greatest_id_ == std::numeric_limits<std::int64_t>::max()) return Code::too_large;
    return greatest_id_ + 1;
}

// Where the greatest is known.
void TableWriter::keep_greatest(std::span<const Value> row) noexcept {
    const Value id = id_column_ == no_column ? Value{} : row[layout_.positions[id_column_]];
    if (!id.is_null()) greatest_id_ = std::max(greatest_id_, id.as_integer());
}

// ---- conflicts ----

Status TableWriter::find_key(KeyedRow& row, Bytes own_key, Arena& scratch,
                             SqlError& error) noexcept {
    row.key = own_key;
    if (table_->primary_key.empty() && !own_key.empty()) return Done{};
    const Result<Bytes> key =
        maker().key(row.values, std::numeric_limits<std::int64_t>::max(), scratch, error);
    if (!key) return key.error();
    row.key = *key;
    return Done{};
}

Result<bool> TableWriter::find_conflict(std::span<const Value> row, Bytes own_key,
                                        Conflict& conflict, SqlError& error) noexcept {
    KeyedRow keyed{row, own_key};
    const Status ready = prepare(keyed);
    if (!ready) return ready.error();
    Arena scratch{scratch_};
    const Status known = find_key(keyed, own_key, scratch, error);
    if (!known) return known.error();
    const auto changes = maker().index_changes({}, keyed, scratch);
    if (!changes) return changes.error();
    return find_conflict(keyed, *changes, own_key, conflict);
}

Result<bool> TableWriter::find_conflict(const Index* index, std::span<const Value> row,
                                        Bytes own_key, Conflict& conflict,
                                        SqlError& error) noexcept {
    KeyedRow keyed{row, own_key};
    const Status ready = prepare(keyed);
    if (!ready) return ready.error();
    Arena scratch{scratch_};
    const Status known = find_key(keyed, own_key, scratch, error);
    if (!known) return known.error();
    return index == nullptr ? find_conflict(keyed, own_key, conflict)
                            : find_conflict(*index, keyed, own_key, scratch, conflict);
}

Result<bool> TableWriter::find_conflict(const KeyedRow& row, Bytes own_key,
                                        Conflict& conflict) noexcept {
    conflict.index = nullptr;
    if (table_->primary_key.empty() || as_text(row.key) == as_text(own_key)) return false;
    const Status looked = look(row.key);
    if (!looked) return looked.error();
    if (!kept_.is_there()) return false;
    const Result<ConflictFinder*> conflicts = this->conflicts();
    return conflicts ? (*conflicts)->find(row.key, conflict) : conflicts.error();
}

Result<bool> TableWriter::find_conflict(const Index& index, const KeyedRow& row,
                                        const IndexEntry& entry, Bytes own_key,
                                        Conflict& conflict) noexcept {
    if (!entry.is_unique || is_alone(rows_.state_->delta, entry)) return false;
    const Result<ConflictFinder*> conflicts = this->conflicts();
    if (!conflicts) return conflicts.error();
    return (*conflicts)->find(index, entry, row.values, own_key, conflict);
}

// An updated row may still have an entry of the same values: its own.
Result<bool> TableWriter::find_conflict(const Index& index, const KeyedRow& row, Bytes own_key,
                                        Arena& scratch, Conflict& conflict) noexcept {
    const KeyedRow own{row.values, own_key.empty() ? row.key : own_key};
    const Result<IndexEntry> entry = maker().entry(index, own, scratch);
    if (!entry) return entry.error();
    return find_conflict(index, row, *entry, own_key, conflict);
}

// Where nothing of an index has changed, nobody else has these values.
Result<bool> TableWriter::find_conflict(const KeyedRow& row, std::span<const IndexChange> changes,
                                        Bytes own_key, Conflict& conflict) noexcept {
    const Result<bool> is_there = find_conflict(row, own_key, conflict);
    if (!is_there || *is_there) return is_there;
    for (const IndexChange& change : changes) {
        const Result<bool> found =
            find_conflict(*change.index, row, change.opened, own_key, conflict);
        if (!found || *found) return found;
    }
    return false;
}

Status TableWriter::refuse_conflicts(const KeyedRow& row, std::span<const IndexChange> changes,
                                     Bytes own_key, SqlError& error) noexcept {
    if (!changes.empty())
        fetch(rows_.state_->delta, changes.front().opened);
    else if (as_text(row.key) == as_text(own_key))
        return Done{};
    Conflict conflict;
    const Result<bool> found = find_conflict(row, changes, own_key, conflict);
    if (!found) return found.error();
    return *found ? Status{conflicts_->refuse(conflict, row.values, error)} : Done{};
}

// ---- changes ----

Result<bool> TableWriter::find(Bytes key, Image& image) noexcept {
    const Status looked = look(key);
    if (!looked) return looked.error();
    if (!kept_.is_there()) return false;
    image = image_of(kept_.stream);
    if (!image.is_none()) return true;
    Recorded version;
    const Result<bool> there = rows_.read(name_->view(), kept_.stream, version);
    image = version.payload;
    return there;
}

// The row, a block of its addresses, and each entry closed, erased and opened.
bool TableWriter::make_room() noexcept {
    tree::Delta& delta = rows_.state_->delta;
    const std::size_t needed = pages_per_change * (3 + 3 * table_->indexes.size());
    return delta.page_count() - delta.page_used() >= needed || delta.make_room(needed);
}

Status TableWriter::insert(std::span<const Value> row, SqlError& error) noexcept {
    KeyedRow after{row, {}};
    const Status ready = prepare(after);
    if (!ready) return ready;
    Arena scratch{scratch_};
    std::int64_t id = 0;
    if (table_->primary_key.empty()) {
        const Result<std::int64_t> next = next_id();
        if (!next) return next.error();
        id = *next;
    }
    const Result<Bytes> key = maker().key(row, id, scratch, error);
    if (!key) return key.error();
    after.key = *key;
    const auto changes = maker().index_changes({}, after, scratch);
    if (!changes) return changes.error();
    const Status free = refuse_conflicts(after, *changes, {}, error);
    if (!free) return free;
    if (id > 0) greatest_id_ = id;
    return change({}, after, *changes, scratch, error);
}

Status TableWriter::update(Bytes key, std::span<const Value> before, std::span<const Value> after,
                           SqlError& error) noexcept {
    KeyedRow to{after, key};
    const Status ready = prepare(to);
    if (!ready) return ready;
    Arena scratch{scratch_};
    const auto moves = [&](const KeyColumn& column) noexcept {
        const std::size_t position = layout_.positions[column.column];
        return !(before[position] == after[position]);
    };
    if (std::any_of(table_->primary_key.begin(), table_->primary_key.end(), moves)) {
        const Result<Bytes> new_key = maker().key(after, 0, scratch, error);
        if (!new_key) return new_key.error();
        to.key = *new_key;
    }
    const auto changes = maker().index_changes({before, key}, to, scratch);
    if (!changes) return changes.error();
    const Status free = refuse_conflicts(to, *changes, key, error);
    if (!free) return free;
    return change({before, key}, to, *changes, scratch, error);
}

Status TableWriter::erase(Bytes key, std::span<const Value> before, SqlError& error) noexcept {
    const KeyedRow from{before, key};
    const Status ready = prepare(from);
    if (!ready) return ready;
    Arena scratch{scratch_};
    const auto changes = maker().index_changes(from, {}, scratch);
    if (!changes) return changes.error();
    return change(from, {}, *changes, scratch, error);
}

Status TableWriter::change(const KeyedRow& before, const KeyedRow& after,
                           std::span<const IndexChange> changes, Arena& scratch,
                           SqlError& error) noexcept {
    Bytes image;
    if (!after.key.empty()) {
        const Result<RowImage> made = maker().image(before.values, after.values, scratch);
        if (!made) return made.error();
        if (!made->is_changed) return Done{};
        image = made->image;
        if (greatest_id_ >= 0) keep_greatest(after.values);
    }
    Status done = references_->before_change(*table_, layout_, before, after, error);
    if (done) done = write(before, after, image, changes, error);
    return done ? references_->after_change(error) : done;
}

// All that is made of the values is made before the first event is written: their bytes may move.
Status TableWriter::write(const KeyedRow& before, const KeyedRow& after, Bytes image,
                          std::span<const IndexChange> changes, SqlError& error) noexcept {
    EntryWriter entries{*transaction_};
    const bool is_new = before.key.empty();
    const bool is_gone = after.key.empty();
    if (is_new || is_gone || as_text(before.key) == as_text(after.key)) {
        const RowChange kind = is_new    ? RowChange::insert
                               : is_gone ? RowChange::erase
                                         : RowChange::update;
        const Status written = write(kind, is_gone ? before.key : after.key, image, error);
        return written ? entries.apply(changes, address_) : written;
    }
    const Status erased = write(RowChange::erase, before.key, {}, error);
    if (!erased) return erased;
    for (const IndexChange& change : changes) {
        const IndexChange closed{change.index, change.closed, {}};
        const Status applied = entries.apply({&closed, 1}, address_);
        if (!applied) return applied;
    }
    const Status written = write(RowChange::insert, after.key, image, error);
    if (!written) return written;
    for (const IndexChange& change : changes) {
        const IndexChange opened{change.index, {}, change.opened};
        const Status applied = entries.apply({&opened, 1}, address_);
        if (!applied) return applied;
    }
    return Done{};
}

Status TableWriter::write(RowChange change, Bytes key, Bytes image, SqlError& error) noexcept {
    // Whoever else changes rows for this statement does so behind a change of this one.
    // What an entry took may have left the tree to a private run, and the row with it.
    const bool is_looked_at = name_ && as_text(key_of_row(name_->view())) == as_text(key) &&
                              kept_at_ == rows_.state_->delta.leave_count();
    const Status looked = is_looked_at ? Status{Done{}} : look(key);
    if (!looked) return looked;
    RowWriter writer{*transaction_};
    const Result<std::uint64_t> written =
        writer.write(*name_, kept_, change, type_of(change), image);
    name_.reset();
    address_ = writer.address();
    if (written) return Done{};
    if (written.error() == Code::too_large)
        return refuse(error, Code::too_large, {table_->name, ": the row is larger than a frame"},
                      {"make a store with greater frames, or give shorter values"});
    return written.error();
}

Status TableWriter::finish(SqlError& error) noexcept {
    return references_->finish(error);
}

}  // namespace freshet::relation
