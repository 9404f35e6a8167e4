// SPDX-License-Identifier: MIT
#include "query/keep.hpp"

#include "base/hash.hpp"

namespace freshet::query {
namespace {

constexpr std::size_t first_slot_count = 16;

std::uint64_t hash_of(std::span<const Value> key) noexcept {
    std::uint64_t result = 0;
    for (const Value& value : key) result = result * 31 + relation::hash(value);
    return result;
}

bool is_equal(std::span<const Value> key, const Value* row) noexcept {
    for (const Value& value : key) {
        const bool is_alike = value.type() == row->type();
        if (is_alike ? !(value == *row) : relation::order(value, *row) != 0) return false;
        row++;
    }
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
    if (rows_.count() + 1 > slots_.size() / 4 * 3) {
        const Status grown = grow();
        if (!grown) return grown.error();
    }
    const std::uint64_t hash = hash_of(key);
    Slot& slot = slots_[find_slot(key, hash)];
    if (slot.row != no_row) return Put{slot.row, false};
    const Result<Value*> row = rows_.add();
    if (!row) return row.error();
    for (std::size_t i = 0; i < key.size(); i++) {
        const Result<Value> value = keep(key[i], *memory_);
        if (!value) return value.error();
        (*row)[i] = *value;
    }
    slot = {tag_of(hash), rows_.count() - 1};
    return Put{slot.row, true};
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
