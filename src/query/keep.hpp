// SPDX-License-Identifier: MIT
// Rows that are kept: a list of them, and a hash table over their first columns.
//
// A list is segments of 16, 32, 64, ... rows, so that rows never move and at most half of it is
// unused. The table is open addressing over a list; it doubles at 3/4 full by allocating anew, so
// that all its arrays together are at most twice the last, 8 bytes a place.
#pragma once

#include <array>
#include <bit>
#include <span>

#include "base/arena.hpp"
#include "query/batch.hpp"
#include "relation/compare.hpp"

namespace freshet::query {

inline constexpr std::uint32_t no_row = 0xffffffff;

// With its bytes in the arena. out_of_memory.
Result<Value> keep(const Value& value, Arena& memory) noexcept;

class RowList {
public:
    RowList(Arena& memory, std::size_t width) noexcept : memory_{&memory}, width_{width} {}

    // A row of NULLs. It stays where it is. out_of_memory; too_large: 2^32 - 32 rows.
    Result<Value*> add() noexcept;
    [[nodiscard]] Value* operator[](std::uint32_t index) const noexcept {
        const std::uint32_t place = index + first_count;
        const std::uint32_t segment = segment_of(place);
        return &segments_[segment][(place - (first_count << segment)) * width_];
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t width() const noexcept { return width_; }

private:
    static constexpr std::uint32_t first_count = 16;
    static constexpr std::uint32_t first_width = 5;  // Of 16, in bits.

    // Places start at first_count; the mask tells those who only read that shifts are in range.
    static std::uint32_t segment_of(std::uint32_t place) noexcept {
        return (static_cast<std::uint32_t>(std::bit_width(place)) - first_width) & 31;
    }

    Arena* memory_;
    std::size_t width_;
    std::uint32_t count_ = 0;
    std::array<Value*, 28> segments_{};
};

// Equal are keys whose values are, by relation::order(): NULL equals NULL.
class RowTable {
public:
    // Rows have `width` values, of which the first `key_width` are the key.
    RowTable(Arena& memory, std::size_t key_width, std::size_t width) noexcept
        : memory_{&memory}, key_width_{key_width}, rows_{memory, width} {}

    struct Put {
        std::uint32_t index;
        bool is_new;  // The other values of its row are NULL.
    };
    // The row with the key, which is copied if there was none. out_of_memory, too_large.
    Result<Put> put(std::span<const Value> key) noexcept;
    // no_row: there is none.
    [[nodiscard]] std::uint32_t find(std::span<const Value> key) const noexcept;
    [[nodiscard]] const RowList& rows() const noexcept { return rows_; }

private:
    struct Slot {
        std::uint32_t tag = 0;  // The upper half of the hash.
        std::uint32_t row = no_row;
    };
    [[nodiscard]] std::size_t find_slot(std::span<const Value> key,
                                        std::uint64_t hash) const noexcept;
    Status grow() noexcept;

    Arena* memory_;
    std::size_t key_width_;
    RowList rows_;
    std::span<Slot> slots_{};
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
