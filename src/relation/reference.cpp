// SPDX-License-Identifier: MIT
#include "relation/reference.hpp"

#include <algorithm>

#include "relation/shown_value.hpp"
#include "relation/table_writer.hpp"

namespace freshet::relation {

// What there is for each table that is changed, or looked into.
struct References::Writer {
    const TableDefinition* table = nullptr;
    RowFinder looking{};  // Has an answer at once.
    RowFinder working{};  // Stays where it is while rows change.
    TableWriter writer{};
    bool writes = false;
    std::span<Value> after{};
    Writer* next = nullptr;
};

namespace {

using Values = std::array<Value, key_column_count_max>;

// The values of some columns; false: one of them is NULL, or there is no row.
bool take(const Layout& layout, const KeyedRow& row, std::span<const ColumnNumber> columns,
          Values& into) noexcept {
    if (row.key.empty()) return false;
    for (std::size_t i = 0; i < columns.size(); i++) {
        into[i] = row.values[layout.positions[columns[i]]];
        if (into[i].is_null()) return false;
    }
    return true;
}

// Whether a row has these values where it refers to others.
bool refers_to(const Layout& layout, const KeyedRow& row, const ForeignKey& key,
               std::span<const Value> values) noexcept {
    Values own;
    return take(layout, row, key.columns, own) &&
           std::equal(values.begin(), values.end(), own.begin());
}

Result<std::span<Value>> keep(std::span<const Value> values, Arena& memory) noexcept {
    const Result<std::span<Value>> kept = memory.array<Value>(values.size());
    if (!kept) return kept;
    for (std::size_t i = 0; i < values.size(); i++) {
        (*kept)[i] = values[i];
        if (!values[i].has_bytes() || values[i].bytes().empty()) continue;
        const std::string_view bytes = values[i].bytes();
        const Result<MutableBytes> copy = memory.bytes(bytes.size(), 1);
        if (!copy) return copy.error();
        std::memcpy(copy->data(), bytes.data(), bytes.size());
        (*kept)[i] =
            values[i].type() == Type::text ? Value::text(as_text(*copy)) : Value::blob(*copy);
    }
    return kept;
}

void put_names(TextWriter& text, const TableDefinition& table,
               std::span<const ColumnNumber> columns) noexcept {
    text.text(table.name);
    std::string_view before = ".";
    for (const ColumnNumber column : columns) {
        text.text(before).text(table.columns[column].name);
        before = ", ";
    }
}

void put_values(TextWriter& text, std::span<const Value> values) noexcept {
    std::string_view before;
    for (const Value& value : values) {
        text.text(before).text(ShownValue{value}.text());
        before = ", ";
    }
}

}  // namespace

void References::open(Transaction& transaction, Tables tables, RowRule* rule,
                      Arena& memory) noexcept {
    transaction_ = &transaction;
    tables_ = tables;
    rule_ = rule;
    memory_ = &memory;
    work_ = {};
    pending_ = {};
    writers_ = nullptr;
    is_working_ = false;
}

Result<References::Writer*> References::writer(const TableDefinition& table) noexcept {
    for (Writer* known = writers_; known != nullptr; known = known->next)
        if (known->table == &table) return known;
    const Result<std::span<Writer>> made = memory_->array<Writer>(1);
    if (!made) return made.error();
    Writer& writer = made->front();
    Status opened = rows_.open(*transaction_);
    if (opened) opened = writer.looking.open(rows_, table, *memory_);
    if (opened) opened = writer.working.open(rows_, table, *memory_);
    if (!opened) return opened.error();
    writer.table = &table;
    writer.next = writers_;
    writers_ = &writer;
    return &writer;
}

Result<bool> References::has_parent(const ForeignKey& key, std::span<const Value> values) noexcept {
    const TableDefinition* const parent = find_table(tables_, key.table);
    if (parent == nullptr) return false;
    const Result<Writer*> found = writer(*parent);
    if (!found) return found.error();
    Recorded version;
    std::span<const Value> row;
    (*found)->looking.find(key.referenced, values);
    return (*found)->looking.next(version, row);
}

Result<bool> References::find_child(const TableDefinition& child, const ForeignKey& key,
                                    std::span<const Value> values, Bytes but,
                                    Recorded& version) noexcept {
    const Result<Writer*> found = writer(child);
    if (!found) return found.error();
    std::span<const Value> row;
    (*found)->looking.find(key.columns, values);
    for (;;) {
        const Result<bool> there = (*found)->looking.next(version, row);
        if (!there || !*there) return there;
        if (as_text(key_of_row(version.stream)) != as_text(but)) return true;
    }
}

Status References::put(Queue& queue, const TableDefinition& child, const ForeignKey& key,
                       std::span<const Value> old, std::span<const Value> now) noexcept {
    const Result<std::span<Item>> made = memory_->array<Item>(1);
    if (!made) return made.error();
    const Result<std::span<Value>> kept_old = keep(old, *memory_);
    if (!kept_old) return kept_old.error();
    const Result<std::span<Value>> kept_now = keep(now, *memory_);
    if (!kept_now) return kept_now.error();
    Item& item = made->front();
    item = {&child, &key, *kept_old, *kept_now, nullptr};
    if (queue.last == nullptr) queue.first = &item;
    if (queue.last != nullptr) queue.last->next = &item;
    queue.last = &item;
    return Done{};
}

Status References::before_change(const TableDefinition& table, const Layout& layout,
                                 const KeyedRow& before, const KeyedRow& after,
                                 SqlError& error) noexcept {
    const Status parents = check_parents(table, layout, before, after);
    if (!parents || before.key.empty()) return parents;
    for (const TableDefinition& child : tables_) {
        for (const ForeignKey& key : child.foreign_keys) {
            if (key.table != table.id) continue;
            const Status checked = check_children(table, child, key, layout, before, after, error);
            if (!checked) return checked;
        }
    }
    return Done{};
}

// What refers to nothing yet may do so at the end of the statement.
Status References::check_parents(const TableDefinition& table, const Layout& layout,
                                 const KeyedRow& before, const KeyedRow& after) noexcept {
    if (table.foreign_keys.empty()) return Done{};
    Values old;
    Values now;
    for (const ForeignKey& key : table.foreign_keys) {
        const std::size_t count = key.columns.size();
        if (!take(layout, after, key.columns, now)) continue;
        const bool had = take(layout, before, key.columns, old);
        const std::span<const Value> values = std::span{now}.first(count);
        if (had && std::equal(values.begin(), values.end(), old.begin())) continue;
        const Result<bool> there = has_parent(key, values);
        if (!there) return there.error();
        if (*there) continue;
        const Status kept = put(pending_, table, key, values, {});
        if (!kept) return kept;
    }
    return Done{};
}

Status References::check_children(const TableDefinition& table, const TableDefinition& child,
                                  const ForeignKey& key, const Layout& layout,
                                  const KeyedRow& before, const KeyedRow& after,
                                  SqlError& error) noexcept {
    Values old;
    Values now;
    const std::size_t count = key.referenced.size();
    if (!take(layout, before, key.referenced, old)) return Done{};
    const bool is_update = !after.key.empty();
    for (std::size_t i = 0; is_update && i < count; i++)
        now[i] = after.values[layout.positions[key.referenced[i]]];
    if (is_update &&
        std::equal(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(count), old.begin()))
        return Done{};
    const std::span<const Value> values = std::span{old}.first(count);
    const bool is_own = !is_update && &child == &table;
    Recorded version;
    const Result<bool> there =
        find_child(child, key, values, is_own ? before.key : Bytes{}, version);
    if (!there) return there.error();
    const bool refers_to_itself =
        is_update && &child == &table && refers_to(layout, after, key, values);
    if (!*there && !refers_to_itself) return Done{};
    const ReferenceAction action = is_update ? key.on_update : key.on_delete;
    if (action == ReferenceAction::restrict && *there)
        return refuse_child(child, key, values, version, error);
    const bool waits = action == ReferenceAction::no_action || action == ReferenceAction::restrict;
    return put(waits ? pending_ : work_, child, key, values,
               is_update ? std::span<const Value>{now}.first(count) : std::span<const Value>{});
}

Status References::after_change(SqlError& error) noexcept {
    if (is_working_) return Done{};
    is_working_ = true;
    Status done{Done{}};
    for (; done && work_.first != nullptr; work_.first = work_.first->next)
        done = work_off(*work_.first, error);
    work_ = {};
    is_working_ = false;
    return done;
}

Status References::work_off(const Item& item, SqlError& error) noexcept {
    const Result<Writer*> found = writer(*item.child);
    if (!found) return found.error();
    Writer& child = **found;
    if (!child.writes) {
        const Status opened = child.writer.open(*this, *transaction_, *item.child, *memory_);
        if (!opened) return opened;
        const Result<std::span<Value>> after = memory_->array<Value>(child.working.layout().size());
        if (!after) return after.error();
        child.after = *after;
        child.writes = true;
    }
    const bool is_update = !item.now.empty();
    const ReferenceAction action = is_update ? item.key->on_update : item.key->on_delete;
    child.working.find(item.key->columns, item.old);
    for (;;) {
        Recorded version;
        std::span<const Value> row;
        const Result<bool> there = child.working.next(version, row);
        if (!there) return there.error();
        if (!*there) return Done{};
        const Bytes key = key_of_row(version.stream);
        if (!is_update && action == ReferenceAction::cascade) {
            const Status erased = child.writer.erase(key, row, error);
            if (!erased) return erased;
            continue;
        }
        std::copy(row.begin(), row.end(), child.after.begin());
        for (std::size_t i = 0; i < item.key->columns.size(); i++) {
            const ColumnNumber column = item.key->columns[i];
            Value& value = child.after[child.working.layout().positions[column]];
            value = action == ReferenceAction::cascade ? item.now[i] : Value{};
            if (value.is_null() && item.child->columns[column].not_null)
                return refuse_child(*item.child, *item.key, item.old, version, error);
        }
        Status updated =
            rule_ == nullptr ? Status{Done{}} : rule_->check(*item.child, child.after, error);
        if (updated) updated = child.writer.update(key, row, child.after, error);
        if (!updated) return updated;
    }
}

Status References::finish(SqlError& error) noexcept {
    for (const Item* item = pending_.first; item != nullptr; item = item->next) {
        const Result<bool> has = has_parent(*item->key, item->old);
        if (!has) return has.error();
        if (*has) continue;
        Recorded version;
        const Result<bool> is_left = find_child(*item->child, *item->key, item->old, {}, version);
        if (!is_left) return is_left.error();
        if (*is_left) return refuse_parent(*item, error);
    }
    pending_ = {};
    return Done{};
}

Error References::refuse_parent(const Item& item, SqlError& error) const noexcept {
    std::array<char, SqlError::text_size_max> room;
    TextWriter text{room};
    put_names(text, *item.child, item.key->columns);
    text.text(": ");
    put_values(text, item.old);
    text.text(" refers to no row of ");
    const TableDefinition* const parent = find_table(tables_, item.key->table);
    if (parent != nullptr) put_names(text, *parent, item.key->referenced);
    text.text(": FOREIGN KEY ").text(item.key->name);
    return refuse(error, Code::constraint_failed, {text.written()},
                  {"insert the row that is referred to first, or keep it"});
}

Error References::refuse_child(const TableDefinition& child, const ForeignKey& key,
                               std::span<const Value> values, const Recorded& row,
                               SqlError& error) const noexcept {
    std::array<char, SqlError::text_size_max> room;
    TextWriter text{room};
    const TableDefinition* const parent = find_table(tables_, key.table);
    if (parent != nullptr) put_names(text, *parent, key.referenced);
    text.text(": ");
    put_values(text, values);
    text.text(" is referred to by a row of ");
    put_names(text, child, key.columns);
    text.text(", written by commit ").number(row.commit);
    text.text(": FOREIGN KEY ").text(key.name);
    return refuse(error, Code::constraint_failed, {text.written()},
                  {"change what refers to it first"});
}

}  // namespace freshet::relation
