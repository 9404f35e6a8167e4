// SPDX-License-Identifier: MIT
#include "relation/table_row.hpp"

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "relation/compare.hpp"
#include "relation/shown_value.hpp"

namespace freshet::relation {
namespace {

Result<Bytes> copy(Bytes bytes, Arena& memory) noexcept {
    const Result<MutableBytes> place = memory.bytes(bytes.size(), 1);
    if (!place) return place.error();
    std::copy(bytes.begin(), bytes.end(), place->begin());
    return Bytes{*place};
}

bool is_same(Bytes a, Bytes b) noexcept {
    return as_text(a) == as_text(b);
}

}  // namespace

template <class ValueAt>
void IndexPrefix::make(const Index& index, std::size_t count, ValueAt value_at) noexcept {
    store_at(bytes_.data(), __builtin_bswap32(index.id));
    KeyWriter writer{std::span{bytes_}.subspan(index_id_size)};
    if (index.hash) {
        std::uint64_t state = 0;
        for (std::size_t i = 0; i < count; i++) state = mix(state ^ hash(value_at(i)));
        std::array<std::byte, 8> bytes;
        store_key(bytes.data(), state);
        writer.raw(bytes);
    }
    for (std::size_t i = 0; i < count; i++) writer.value(value_at(i), index.columns[i].sort);
    size_ = index_id_size + writer.written().size();
    is_cut_ = writer.is_cut();
}

IndexPrefix::IndexPrefix(const Index& index, std::span<const Value> values) noexcept {
    FRESHET_CHECK(values.size() <= index.columns.size());
    FRESHET_CHECK(!index.hash || values.size() == index.columns.size());
    make(index, values.size(), [&](std::size_t i) -> const Value& { return values[i]; });
}

IndexPrefix::IndexPrefix(const Index& index, std::span<const Value> row,
                         const Layout& layout) noexcept {
    make(index, index.columns.size(), [&](std::size_t i) -> const Value& {
        return row[layout.positions[index.columns[i].column]];
    });
}

Result<Bytes> row_of_entry(Bytes entry) noexcept {
    const std::size_t size = entry.empty() ? 0 : std::to_integer<std::size_t>(entry.back());
    if (size == 0 || entry.size() < index_id_size + size + 1) return Code::corrupt;
    return entry.subspan(entry.size() - 1 - size, size);
}

RowMaker::RowMaker(const TableDefinition& table, const Layout& layout) noexcept
    : table_{table}, layout_{layout} {
    FRESHET_CHECK(layout.version == table.version);
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
inline Status RowMaker::assign_at(std::size_t position, Value& value, Arena& memory,
                                  SqlError& error) const noexcept {
    const Column& column = column_at(position);
    const ColumnNumber number = layout_.columns[position];
    if (value.type() != value_type(column.type) || column.type == ColumnType::email) {
        const Result<Value> assigned = relation::assign(value, column.type, memory);
        if (!assigned && assigned.error() == Code::out_of_memory) return refuse_for_memory(error);
        if (!assigned) return refuse(assigned.error().code, number, value, "", error);
        value = *assigned;
    }
    if (!value.is_null() || !column.not_null) return Done{};
    const bool is_key = is_in_primary_key(number);
    return refuse(Code::constraint_failed, number, value,
                  is_key ? " cannot be in the PRIMARY KEY" : ", but it is NOT NULL", error);
}

Status RowMaker::assign_all(std::span<Value> row, Arena& memory, SqlError& error) const noexcept {
    FRESHET_CHECK(row.size() == layout_.size());
    for (std::size_t i = 0; i < row.size(); i++) {
        const Status assigned = assign_at(i, row[i], memory, error);
        if (!assigned) return assigned;
    }
    return Done{};
}

Status RowMaker::assign(std::span<Value> row, std::span<const std::uint16_t> positions,
                        Arena& memory, SqlError& error) const noexcept {
    FRESHET_CHECK(row.size() == layout_.size());
    for (const std::uint16_t position : positions) {
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
    const Result<Bytes> key = copy(writer.written(), memory);
    if (!key) return refuse_for_memory(error);
    return *key;
}

Result<IndexEntry> RowMaker::entry(const Index& index, const KeyedRow& row,
                                   Arena& memory) const noexcept {
    FRESHET_CHECK(!row.key.empty() && row.key.size() <= primary_key_size_max);
    const bool has_null = std::any_of(
        index.columns.begin(), index.columns.end(),
        [&](const KeyColumn& key) noexcept { return value_of(row.values, key.column).is_null(); });
    const IndexPrefix prefix{index, row.values, layout_};
    const Bytes front = prefix.bytes();
    const Result<MutableBytes> key = memory.bytes(front.size() + row.key.size() + 1, 1);
    if (!key) return key.error();
    std::byte* const behind = std::copy(front.begin(), front.end(), key->data());
    *std::copy(row.key.begin(), row.key.end(), behind) = static_cast<std::byte>(row.key.size());
    return IndexEntry{*key, front.size(), prefix.is_cut(), index.unique && !has_null};
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
        for (const auto& [row, entry] :
             {std::pair{&before, &change.closed}, std::pair{&after, &change.opened}}) {
            if (row->key.empty()) continue;
            const Result<IndexEntry> made = this->entry(index, *row, memory);
            if (!made) return made.error();
            *entry = *made;
        }
    }
    return std::span<const IndexChange>{changes->first(count)};
}

}  // namespace freshet::relation
