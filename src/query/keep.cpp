// SPDX-License-Identifier: MIT
#include "query/keep.hpp"

namespace freshet::query {
namespace {

constexpr std::size_t first_slot_count = 16;

std::uint64_t stir(std::uint64_t state) noexcept {
    state = (state ^ state >> 32) * 0x9e3779b97f4a7c15;
    return state ^ state >> 32;
}

// Less is asked of it than of what stands in keys.
std::uint64_t hash_of(std::string_view text) noexcept {
    const std::size_t size = text.size();
    const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
    std::uint64_t state = size;
    for (std::size_t i = 8; i < size; i += 8)
        state = stir(state ^ load<std::uint64_t>(bytes + i - 8));
    if (size >= 8) return stir(state ^ load<std::uint64_t>(bytes + size - 8));
    for (std::size_t i = 0; i < size; i++)
        state = state << 8 ^ std::to_integer<std::uint64_t>(bytes[i]);
    return stir(state);
}

std::uint64_t hash_of(const Value& value) noexcept {
    return value.type() == Type::text ? hash_of(value.as_text()) : relation::hash(value);
}

std::uint64_t hash_of(std::span<const Value> key) noexcept {
    std::uint64_t result = 0;
    for (const Value& value : key) result = result * 31 + hash_of(value);
    return result;
}

bool is_same(const Value& a, const Value& b) noexcept {
    if (a.type() != b.type()) return relation::order(a, b) == 0;
    return a.type() == Type::integer ? a.as_integer() == b.as_integer() : a == b;
}

bool is_equal(std::span<const Value> key, const Value* row) noexcept {
    for (const Value& value : key)
        if (!is_same(value, *row++)) return false;
    return true;
}

std::uint32_t tag_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

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

Result<Value*> RowList::add() noexcept {
    constexpr std::uint32_t count_max = no_row - 2 * first_count;
    if (count_ == count_max) return Code::too_large;
    const std::uint32_t place = count_ + first_count;
    const std::uint32_t segment = segment_of(place);
    if (segments_[segment] == nullptr) {
        const std::size_t row_size = (width_ == 0 ? 1 : width_) * sizeof(Value);
        const Result<MutableBytes> memory =
            memory_->bytes((std::size_t{first_count} << segment) * row_size, alignof(Value));
        if (!memory) return memory.error();
        segments_[segment] = reinterpret_cast<Value*>(memory->data());
    }
    Value* const row = (*this)[count_++];
    for (std::size_t i = 0; i < width_; i++) ::new (static_cast<void*>(row + i)) Value{};
    return row;
}

std::size_t RowTable::find_slot(std::span<const Value> key, std::uint64_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    for (;; slot = (slot + 1) & mask) {
        const Slot& there = slots_[slot];
        if (there.row == no_row) return slot;
        if (there.tag == tag_of(hash) && is_equal(key, rows_[there.row])) return slot;
    }
}

std::uint32_t RowTable::find(std::span<const Value> key) const noexcept {
    return slots_.empty() ? no_row : slots_[find_slot(key, hash_of(key))].row;
}

Status RowTable::grow() noexcept {
    const std::size_t count = slots_.empty() ? first_slot_count : slots_.size() * 2;
    const Result<std::span<Slot>> larger = memory_->array<Slot>(count);
    if (!larger) return larger.error();
    for (std::uint32_t row = 0; row < rows_.count(); row++) {
        const std::uint64_t hash = hash_of({rows_[row], key_width_});
        std::size_t slot = hash & (count - 1);
        while ((*larger)[slot].row != no_row) slot = (slot + 1) & (count - 1);
        (*larger)[slot] = {tag_of(hash), row};
    }
    slots_ = *larger;
    return Done{};
}

Result<RowTable::Put> RowTable::put(std::span<const Value> key) noexcept {
    FRESHET_CHECK(key.size() == key_width_);
    const std::uint64_t hash = hash_of(key);
    std::size_t slot = 0;
    if (!slots_.empty()) {
        slot = find_slot(key, hash);
        const std::uint32_t row = slots_[slot].row;
        if (row != no_row) return Put{row, false};
    }
    if (rows_.count() + 1 > slots_.size() / 4 * 3) {
        const Status grown = grow();
        if (!grown) return grown.error();
        slot = find_slot(key, hash);
    }
    const Result<Value*> row = rows_.add();
    if (!row) return row.error();
    for (std::size_t i = 0; i < key.size(); i++) {
        const Result<Value> value = keep(key[i], *memory_);
        if (!value) return value.error();
        (*row)[i] = *value;
    }
    const std::uint32_t number = rows_.count() - 1;
    slots_[slot] = {tag_of(hash), number};
    return Put{number, true};
}

Status ValueSet::add(const Value& value) noexcept {
    has_null_ = has_null_ || value.is_null();
    const Result<RowTable::Put> put = table_.put({&value, 1});
    if (!put) return put.error();
    return Done{};
}

relation::Truth ValueSet::has(const Value& value) const noexcept {
    if (table_.rows().count() == 0) return relation::Truth::no;
    if (value.is_null()) return relation::Truth::unknown;
    if (table_.find({&value, 1}) != no_row) return relation::Truth::yes;
    return has_null_ ? relation::Truth::unknown : relation::Truth::no;
}

}  // namespace freshet::query
