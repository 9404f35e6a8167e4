// SPDX-License-Identifier: MIT
#include "relation/table_row.hpp"

#include <algorithm>
#include <cstring>

#include "base/hash.hpp"
#include "relation/compare.hpp"
#include "relation/shown_value.hpp"

namespace freshet::relation {
namespace {

bool is_same(Bytes a, Bytes b) noexcept {
    return as_text(a) == as_text(b);
}

}  // namespace

namespace {

// Writes what keys of entries begin with.
template <class ValueAt>
KeyWriter write_prefix(const Index& index, std::size_t count, ValueAt value_at,
                       MutableBytes into) noexcept {
    store_at(into.data(), __builtin_bswap32(index.id));
    KeyWriter writer{into.subspan(index_id_size)};
    if (index.hash) {
        std::uint64_t state = 0;
        for (std::size_t i = 0; i < count; i++) state = mix(state ^ hash(value_at(i)));
        std::array<std::byte, 8> bytes;
        store_key(bytes.data(), state);
        writer.raw(bytes);
    }
    for (std::size_t i = 0; i < count; i++) writer.value(value_at(i), index.columns[i].sort);
    return writer;
}

}  // namespace

IndexPrefix::IndexPrefix(const Index& index, std::span<const Value> values) noexcept {
    FRESHET_CHECK(values.size() <= index.columns.size());
    FRESHET_CHECK(!index.hash || values.size() == index.columns.size());
    const KeyWriter writer = write_prefix(
        index, values.size(), [&](std::size_t i) -> const Value& { return values[i]; }, bytes_);
    size_ = index_id_size + writer.written().size();
    is_cut_ = writer.is_cut();
}

Result<Bytes> row_of_entry(Bytes entry) noexcept {
    const std::size_t size = entry.empty() ? 0 : std::to_integer<std::size_t>(entry.back());
    if (size == 0 || entry.size() < index_id_size + size + 1) return Code::corrupt;
    return entry.subspan(entry.size() - 1 - size, size);
}

// ---- values ----

void RowMaker::put_defaults(std::span<Value> row) const noexcept {
    FRESHET_CHECK(row.size() == layout_.size());
    for (std::size_t i = 0; i < row.size(); i++) row[i] = column_at(i).default_value;
}

bool RowMaker::is_in_primary_key(ColumnNumber column) const noexcept {
    return std::any_of(table_.primary_key.begin(), table_.primary_key.end(),
                       [column](const KeyColumn& key) noexcept { return key.column == column; });
}

Error RowMaker::refuse(Code code, ColumnNumber number, const Value& value,
                       std::string_view constraint, SqlError& error) const noexcept {
    const Column& column = table_.columns[number];
    std::array<char, 120> words{};
    if (code == Code::type_mismatch)
        return relation::refuse(
            error, code,
            {table_.name, ".", column.name, ": ", describe_mismatch(value, column.type, words)},
            {"give another value, or CAST it"});
    return relation::refuse(
        error, code, {table_.name, ".", column.name, ": ", ShownValue{value}.text(), constraint},
        {code == Code::too_large ? "give a shorter one" : "give it a value"});
}

// Most are of the type already.
[[gnu::always_inline]] inline bool RowMaker::is_assigned(std::size_t position,
                                                         const Value& value) const noexcept {
    const ColumnType type = layout_.types[position];
    return value.type() == static_cast<Type>(type);
}

Status RowMaker::assign_at(std::size_t position, Value& value, Arena& memory,
                           SqlError& error) const noexcept {
    const Column& column = column_at(position);
    const ColumnNumber number = layout_.columns[position];
    const Result<Value> assigned = relation::assign(value, column.type, memory);
    if (!assigned && assigned.error() == Code::out_of_memory) return refuse_for_memory(error);
    if (!assigned) return refuse(assigned.error().code, number, value, "", error);
    value = *assigned;
    if (!value.is_null() || !column.not_null) return Done{};
    const bool is_key = is_in_primary_key(number);
    return refuse(Code::constraint_failed, number, value,
                  is_key ? " cannot be in the PRIMARY KEY" : ", but it is NOT NULL", error);
}

Status RowMaker::assign_all(std::span<Value> row, Arena& memory, SqlError& error) const noexcept {
    FRESHET_CHECK(row.size() == layout_.size());
    for (std::size_t i = 0; i < row.size(); i++) {
        if (is_assigned(i, row[i])) continue;
        const Status assigned = assign_at(i, row[i], memory, error);
        if (!assigned) return assigned;
    }
    return Done{};
}

Status RowMaker::assign(std::span<Value> row, std::span<const std::uint16_t> positions,
                        Arena& memory, SqlError& error) const noexcept {
    FRESHET_CHECK(row.size() == layout_.size());
    for (const std::uint16_t position : positions) {
        if (is_assigned(position, row[position])) continue;
        const Status assigned = assign_at(position, row[position], memory, error);
        if (!assigned) return assigned;
    }
    return Done{};
}

Result<RowImage> RowMaker::image(std::span<const Value> before, std::span<const Value> row,
                                 Arena& memory) const noexcept {
    FRESHET_CHECK(row.size() == layout_.size());
    FRESHET_CHECK(before.empty() || before.size() == row.size());
    std::array<std::byte, mask_size(column_count_max)> room;
    const MutableBytes changed = std::span{room}.first(mask_size(row.size()));
    find_changes(before, row, changed);
    const Result<Bytes> image = encode_row({table_.version, changed, row}, memory);
    if (!image) return image.error();
    const bool is_changed =
        std::any_of(changed.begin(), changed.end(),
                    [](std::byte bits) noexcept { return bits != std::byte{0}; });
    return RowImage{*image, is_changed};
}

// ---- keys ----

Result<Bytes> RowMaker::key(std::span<const Value> row, std::int64_t id, Arena& memory,
                            SqlError& error) const noexcept {
    std::array<std::byte, primary_key_size_max> room;
    KeyWriter writer{room};
    if (table_.primary_key.empty()) writer.value(Value::integer(id));
    for (const KeyColumn& key : table_.primary_key) {
        const Value& value = value_of(row, key.column);
        writer.value(value, key.sort);
        if (!writer.is_cut()) continue;
        return refuse(Code::too_large, key.column, value,
                      " makes the PRIMARY KEY longer than 160 bytes", error);
    }
    const Bytes written = writer.written();
    const Result<MutableBytes> key = memory.bytes(written.size(), 1);
    if (!key) return refuse_for_memory(error);
    std::memcpy(key->data(), written.data(), written.size());
    return Bytes{*key};
}

Result<IndexEntry> RowMaker::entry(const Index& index, const KeyedRow& row,
                                   Arena& memory) const noexcept {
    FRESHET_CHECK(!row.key.empty() && row.key.size() <= primary_key_size_max);
    constexpr std::size_t front_size_max = index_id_size + index_values_size_max;
    const Result<MutableBytes> key = memory.bytes(front_size_max + row.key.size() + 1, 1);
    if (!key) return key.error();
    bool has_null = false;
    const KeyWriter writer = write_prefix(
        index, index.columns.size(),
        [&](std::size_t i) -> const Value& {
            const Value& value = value_of(row.values, index.columns[i].column);
            has_null = has_null || value.is_null();
            return value;
        },
        key->first(front_size_max));
    const std::size_t front = index_id_size + writer.written().size();
    std::byte* const behind = key->data() + front;
    std::memcpy(behind, row.key.data(), row.key.size());
    behind[row.key.size()] = static_cast<std::byte>(row.key.size());
    return IndexEntry{key->first(front + row.key.size() + 1), front, writer.is_cut(),
                      index.unique && !has_null};
}

Result<std::span<const IndexChange>> RowMaker::index_changes(const KeyedRow& before,
                                                             const KeyedRow& after,
                                                             Arena& memory) const noexcept {
    const bool is_update = !before.key.empty() && is_same(before.key, after.key);
    const auto is_kept = [&](const KeyColumn& key) noexcept {
        return value_of(before.values, key.column) == value_of(after.values, key.column);
    };
    Result<std::span<IndexChange>> changes = std::span<IndexChange>{};
    std::size_t count = 0;
    for (const Index& index : table_.indexes) {
        if (is_update && std::all_of(index.columns.begin(), index.columns.end(), is_kept)) continue;
        if (count == 0) changes = memory.array<IndexChange>(table_.indexes.size());
        if (!changes) return changes.error();
        IndexChange& change = (*changes)[count++];
        change.index = &index;
        const auto make = [&](const KeyedRow& row, IndexEntry& into) noexcept -> Status {
            if (row.key.empty()) return Done{};
            const Result<IndexEntry> made = entry(index, row, memory);
            if (!made) return made.error();
            into = *made;
            return Done{};
        };
        Status made = make(before, change.closed);
        if (made) made = make(after, change.opened);
        if (!made) return made.error();
    }
    return std::span<const IndexChange>{changes->first(count)};
}

}  // namespace freshet::relation
