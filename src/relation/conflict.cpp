// SPDX-License-Identifier: MIT
#include "relation/conflict.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "relation/shown_value.hpp"

namespace freshet::relation {

namespace {

bool has_same(const TableDefinition&, const Layout& layout, const Index& index,
              std::span<const Value> a, std::span<const Value> b) noexcept {
    return std::all_of(index.columns.begin(), index.columns.end(),
                       [&](const KeyColumn& key) noexcept {
                           const std::size_t position = layout.positions[key.column];
                           return a[position] == b[position];
                       });
}

}  // namespace

Status ConflictFinder::open(Arena& memory) noexcept {
    memory_ = &memory;
    return reader_.open(rows_, table_, memory);
}

// Not before they are needed, which is seldom.
Status ConflictFinder::make_room() noexcept {
    if (!values_.empty()) return Done{};
    const std::size_t size = reader_.layout().size();
    const Result<std::span<Value>> values = memory_->array<Value>(2 * size);
    if (!values) return values.error();
    values_ = values->first(size);
    others_ = values->last(size);
    return Done{};
}

Result<bool> ConflictFinder::find(const Index& index, const IndexEntry& entry,
                                  std::span<const Value> values, Bytes own_key,
                                  Conflict& conflict) noexcept {
    if (rows_.is_in_transaction() && is_alone(rows_.state_->delta, entry)) return false;
    const Bytes prefix = entry.prefix();
    EntryWalk walk{rows_.view(), EntryWalk::Which::live, index.id, prefix.subspan(index_id_size)};
    for (; walk.valid(); walk.next()) {
        const Result<Bytes> other = row_of_entry(walk.entry());
        if (!other) return other.error();
        // What begins alike and is longer is another value's only behind a cut one.
        if (walk.entry().size() != prefix.size() + other->size() + 1 ||
            as_text(walk.entry().first(prefix.size())) != as_text(prefix))
            break;
        if (as_text(*other) == as_text(own_key)) continue;
        const Result<bool> found = reader_.find(*other, conflict.row);
        if (!found) return found;
        if (!*found) return Code::corrupt;
        conflict.index = &index;
        if (!entry.is_cut) return true;
        const Status room = make_room();
        if (!room) return room.error();
        const Status read = reader_.read(conflict.row, others_);
        if (!read) return read.error();
        if (has_same(table_, reader_.layout(), index, values, others_)) return true;
    }
    if (walk.damaged()) return Code::corrupt;
    return false;
}

Status ConflictFinder::refuse_entry(const Index& index, const IndexEntry& entry,
                                    SqlError& error) noexcept {
    if (!entry.is_unique) return Done{};
    const Result<Bytes> own = row_of_entry(entry.key);
    if (!own) return own.error();
    Recorded row;
    const Result<bool> there = reader_.find(*own, row);
    if (!there) return there.error();
    if (!*there) return Code::corrupt;
    Status read = make_room();
    if (read) read = reader_.read(row, values_);
    if (!read) return read;
    Conflict conflict;
    const Result<bool> found = find(index, entry, values_, *own, conflict);
    if (!found) return found.error();
    return *found ? Status{refuse(conflict, values_, error)} : Done{};
}

Error ConflictFinder::refuse(const Conflict& conflict, std::span<const Value> values,
                             SqlError& error) const noexcept {
    const std::span<const KeyColumn> columns =
        conflict.index == nullptr ? table_.primary_key : conflict.index->columns;
    std::array<char, SqlError::text_size_max> room;
    TextWriter text{room};
    text.text(table_.name);
    std::string_view before = ".";
    for (const KeyColumn& key : columns) {
        text.text(before).text(table_.columns[key.column].name);
        before = ", ";
    }
    before = ": ";
    for (const KeyColumn& key : columns) {
        const Value& value = values[reader_.layout().positions[key.column]];
        text.text(before).text(ShownValue{value}.text());
        before = ", ";
    }
    text.text(" is there already, written by commit ").number(conflict.row.commit);
    text.text(conflict.index == nullptr ? ": PRIMARY KEY" : ": UNIQUE ");
    if (conflict.index != nullptr) text.text(conflict.index->name);
    return relation::refuse(error, Code::constraint_failed, {text.written()},
                            {"give another value, or use ON CONFLICT"});
}

}  // namespace freshet::relation
