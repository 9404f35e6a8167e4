// SPDX-License-Identifier: MIT
// Rows that are kept: a list of them, and a hash table over their first columns.
//
// A list is segments of 16, 32, 64, ... rows, so that rows never move and at most half of it is
// unused. The table is open addressing over a list; it doubles at 3/4 full by allocating anew, so
// that all its arrays together are at most twice the last, 8 bytes a place.
//
// Of a text of up to 16 bytes, its first 8 and its last 8 (which overlap) are all there is: they
// are hashed and compared as two numbers, without a loop or a call.
#pragma once

#include <array>
#include <span>

#include "base/arena.hpp"
#include "base/codec.hpp"
#include "query/batch.hpp"
#include "relation/compare.hpp"

namespace freshet::query {

inline constexpr std::uint32_t no_row = 0xffffffff;

struct Ends {
    std::uint64_t first;
    std::uint64_t last;
};
inline Ends ends_of(const char* text, std::size_t size) noexcept {
    const auto* const bytes = reinterpret_cast<const std::byte*>(text);
    if (size >= 8) [[likely]]
        return {load<std::uint64_t>(bytes), load<std::uint64_t>(bytes + size - 8)};
    if (size >= 4) return {load<std::uint32_t>(bytes), load<std::uint32_t>(bytes + size - 4)};
    if (size == 0) return {0, 0};
    const auto byte = [&](std::size_t i) { return std::to_integer<std::uint64_t>(bytes[i]); };
    return {byte(0) << 8 | byte(size / 2), byte(size - 1)};
}

// Both halves of the product.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
// Of what lies between the ends of a text.
std::uint64_t hash_of_middle(std::string_view text) noexcept;
inline std::uint64_t hash_of(std::string_view text) noexcept {
    const Ends ends = ends_of(text.data(), text.size());
    const std::uint64_t middle = text.size() > 16 ? hash_of_middle(text) : text.size();
    return fold(ends.first ^ ends.last * 0xd6e8feb86659fd93 ^ middle, 0x9e3779b97f4a7c15);
}
// Equal values have equal hashes.
inline std::uint64_t hash_of(const Value& value) noexcept {
    return value.type() == Type::text ? hash_of(value.as_text()) : relation::hash(value);
}
std::uint64_t hash_of(std::span<const Value> key) noexcept;

inline bool is_equal(std::string_view a, std::string_view b) noexcept {
    const std::size_t size = a.size();
    if (size != b.size()) return false;
    const Ends of_a = ends_of(a.data(), size);
    const Ends of_b = ends_of(b.data(), size);
    if (of_a.first != of_b.first || of_a.last != of_b.last) return false;
    return size <= 16 || std::memcmp(a.data() + 8, b.data() + 8, size - 16) == 0;
}
// By relation::order(): NULL equals NULL.
inline bool is_equal(const Value& a, const Value& b) noexcept {
    if (a.type() == Type::text && b.type() == Type::text) return is_equal(a.as_text(), b.as_text());
    if (a.type() == Type::integer && b.type() == Type::integer)
        return a.as_integer() == b.as_integer();
    return relation::order(a, b) == 0;
}

// With its bytes in the arena. out_of_memory.
Result<Value> keep(const Value& value, Arena& memory) noexcept;
Status keep(std::span<Value> row, Arena& memory) noexcept;

class RowList {
public:
    RowList(Arena& memory, std::size_t width) noexcept : memory_{&memory}, width_{width} {}

    // A row of NULLs. It stays where it is. out_of_memory; too_large: 2^32 - 32 rows.
    Result<Value*> add() noexcept;
    [[nodiscard]] Value* operator[](std::uint32_t index) const noexcept {
        const std::uint32_t place = index + first_count;
        const std::uint32_t top = top_bit(place);
        return &segments_[top - first_bit][(place ^ std::uint32_t{1} << top) * width_];
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t width() const noexcept { return width_; }

private:
    // A segment has the places with the same top bit.
    static constexpr std::uint32_t first_bit = 4;
    static constexpr std::uint32_t first_count = std::uint32_t{1} << first_bit;
    static std::uint32_t top_bit(std::uint32_t place) noexcept {
        return 31 ^ static_cast<std::uint32_t>(__builtin_clz(place));
    }

    Arena* memory_;
    std::size_t width_;
    std::uint32_t count_ = 0;
    std::array<Value*, 28> segments_{};
};

// The numbers of rows by the hashes of their keys.
class RowSlots {
public:
    struct Slot {
        std::uint32_t tag = 0;  // The upper half of the hash.
        std::uint32_t row = no_row;
    };

    [[nodiscard]] bool has_room(std::size_t count) const noexcept {
        return count <= slots_.size() / 4 * 3;
    }
    // For so many rows in all; those that are there are forgotten. out_of_memory.
    Status make_room(std::size_t count, Arena& memory) noexcept;
    // Where there is room.
    void add(std::uint64_t hash, std::uint32_t row) noexcept {
        std::uint64_t place = hash;
        while (slot_of(place).row != no_row) place++;
        slot_of(place) = {tag_of(hash), row};
    }
    // That of the row that `is_it`, which is asked of those with the same tag; null: there is none.
    template <class IsIt>
    [[nodiscard]] Slot* find(std::uint64_t hash, IsIt is_it) const noexcept {
        if (slots_.empty()) return nullptr;
        for (std::uint64_t place = hash;; place++) {
            Slot& slot = slot_of(place);
            if (slot.row == no_row) return nullptr;
            if (slot.tag == tag_of(hash) && is_it(slot.row)) return &slot;
        }
    }

private:
    static std::uint32_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    [[nodiscard]] Slot& slot_of(std::uint64_t place) const noexcept {
        return slots_[place & (slots_.size() - 1)];
    }

    std::span<Slot> slots_{};
};

// Equal are keys whose values are.
class RowTable {
public:
    // Rows have `width` values, of which the first `key_width` are the key.
    RowTable(Arena& memory, std::size_t key_width, std::size_t width) noexcept
        : memory_{&memory}, key_width_{key_width}, rows_{memory, width} {}

    // Adds a copy of the key, if it is not there. True: it was not. out_of_memory, too_large.
    Result<bool> put(std::span<const Value> key) noexcept;
    // By its hash. Null: it is not there.
    [[nodiscard]] Value* find(std::span<const Value> key, std::uint64_t hash) const noexcept;
    // The same of a key of one value.
    [[nodiscard, gnu::always_inline]] Value* find(const Value& key,
                                                  std::uint64_t hash) const noexcept {
        Value* row = nullptr;
        const bool is_there = slots_.find(hash, [&](std::uint32_t number) {
            row = rows_[number];
            return is_equal(key, *row);
        }) != nullptr;
        return is_there ? row : nullptr;
    }
    // Of a key that is not there. The other values of its row are NULL.
    Result<Value*> add(std::span<const Value> key, std::uint64_t hash) noexcept;
    [[nodiscard]] const RowList& rows() const noexcept { return rows_; }

private:
    Status grow() noexcept;

    Arena* memory_;
    std::size_t key_width_;
    RowList rows_;
    RowSlots slots_;
};

// What IN asks of a subquery's answer.
class ValueSet {
public:
    explicit ValueSet(Arena& memory) noexcept : table_{memory, 1, 1} {}

    // out_of_memory, too_large.
    Status add(const Value& value) noexcept;
    // In the empty set is nothing, not even NULL; elsewhere NULL makes unknown what is not there.
    [[nodiscard]] relation::Truth has(const Value& value) const noexcept;
    // One for each value that is not NULL.
    [[nodiscard]] const RowList& values() const noexcept { return table_.rows(); }
    // There are more than are added.
    void give_up() noexcept { is_whole_ = false; }
    [[nodiscard]] bool is_whole() const noexcept { return is_whole_; }

private:
    RowTable table_;
    bool has_null_ = false;
    bool is_whole_ = true;
};

}  // namespace freshet::query
