// SPDX-License-Identifier: MIT
#include "query/keep.hpp"

#include <algorithm>

namespace freshet::query {

std::uint64_t hash_of_middle(std::string_view text) noexcept {
    const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
    std::uint64_t state = text.size();
    for (std::size_t i = 8; i < text.size() - 8; i += 8)
        state = fold(state ^ load<std::uint64_t>(bytes + i), 0x9e3779b97f4a7c15);
    return state;
}

std::uint64_t hash_of(std::span<const Value> key) noexcept {
    std::uint64_t result = 0;
    for (const Value& value : key) result = result * 31 + hash_of(value);
    return result;
}

Result<Value> keep(const Value& value, Arena& memory) noexcept {
    if (!value.has_bytes() || value.bytes().empty()) {
        if (value.type() == Type::text) return Value::text({});
        return value.type() == Type::blob ? Value::blob({}) : value;
    }
    const std::string_view from = value.bytes();
    const Result<MutableBytes> into = memory.bytes(from.size(), 1);
    if (!into) return into.error();
    std::memcpy(into->data(), from.data(), from.size());
    return value.type() == Type::text ? Value::text(as_text(*into)) : Value::blob(*into);
}

Status keep(std::span<Value> row, Arena& memory) noexcept {
    for (Value& value : row) {
        if (!value.has_bytes()) continue;
        const Result<Value> kept = keep(value, memory);
        if (!kept) return kept.error();
        value = *kept;
    }
    return Done{};
}

Result<Value*> RowList::add() noexcept {
    constexpr std::uint32_t count_max = no_row - 2 * first_count;
    if (count_ == count_max) return Code::too_large;
    const std::uint32_t top = top_bit(count_ + first_count);
    Value*& segment = segments_[top - first_bit];
    if (segment == nullptr) {
        const std::size_t row_size = (width_ == 0 ? 1 : width_) * sizeof(Value);
        const Result<MutableBytes> memory =
            memory_->bytes((std::size_t{1} << top) * row_size, alignof(Value));
        if (!memory) return memory.error();
        segment = reinterpret_cast<Value*>(memory->data());
    }
    Value* const row = (*this)[count_++];
    for (std::size_t i = 0; i < width_; i++) ::new (static_cast<void*>(row + i)) Value{};
    return row;
}

Status RowSlots::make_room(std::size_t count, Arena& memory) noexcept {
    std::size_t size = 16;
    while (count > size / 4 * 3) size *= 2;
    const Result<std::span<Slot>> slots = memory.array<Slot>(size);
    if (!slots) return slots.error();
    slots_ = *slots;
    return Done{};
}

Value* RowTable::find(std::span<const Value> key, std::uint64_t hash) const noexcept {
    const RowSlots::Slot* const slot = slots_.find(hash, [&](std::uint32_t row) {
        const Value* value = rows_[row];
        for (const Value& wanted : key)
            if (!is_equal(wanted, *value++)) return false;
        return true;
    });
    return slot == nullptr ? nullptr : rows_[slot->row];
}

Status RowTable::grow() noexcept {
    const Status room = slots_.make_room(std::size_t{rows_.count()} + 1, *memory_);
    if (!room) return room;
    for (std::uint32_t row = 0; row < rows_.count(); row++)
        slots_.add(hash_of({rows_[row], key_width_}), row);
    return Done{};
}

Result<Value*> RowTable::add(std::span<const Value> key, std::uint64_t hash) noexcept {
    if (!slots_.has_room(std::size_t{rows_.count()} + 1)) {
        const Status grown = grow();
        if (!grown) return grown.error();
    }
    const Result<Value*> row = rows_.add();
    if (!row) return row.error();
    std::copy(key.begin(), key.end(), *row);
    const Status kept = keep({*row, key.size()}, *memory_);
    if (!kept) return kept.error();
    slots_.add(hash, rows_.count() - 1);
    return *row;
}

Result<bool> RowTable::put(std::span<const Value> key) noexcept {
    FRESHET_CHECK(key.size() == key_width_);
    const std::uint64_t hash = hash_of(key);
    if (find(key, hash) != nullptr) return false;
    const Result<Value*> added = add(key, hash);
    if (!added) return added.error();
    return true;
}

Status ValueSet::add(const Value& value) noexcept {
    has_null_ = has_null_ || value.is_null();
    const Result<bool> put = table_.put({&value, 1});
    if (!put) return put.error();
    return Done{};
}

relation::Truth ValueSet::has(const Value& value) const noexcept {
    if (table_.rows().count() == 0) return relation::Truth::no;
    if (value.is_null()) return relation::Truth::unknown;
    if (table_.find(value, hash_of({&value, 1})) != nullptr) return relation::Truth::yes;
    return has_null_ ? relation::Truth::unknown : relation::Truth::no;
}

}  // namespace freshet::query
