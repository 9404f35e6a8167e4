// SPDX-License-Identifier: MIT
// Which pages of runs were looked through: one table for all runs of a store. Each page has one
// place in it, which a later one takes away; that page is looked through once more when it is read
// again.
//
// It is cleared a 64th at a time, when something is first put there: opening a store does not touch
// it. Where two threads clear the same part, one may take from it what the other has just put.
//
// Threads: any number at once, but forget() is for a slot whose run nobody reads any more.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "base/arena.hpp"

namespace freshet::tree {

class CheckedPages {
public:
    static constexpr std::uint32_t slot_count_max = 255;
    static constexpr std::size_t count_min =
        256;  // So that a tag and a place tell all pages apart.

    static constexpr std::size_t required_memory(std::size_t count) noexcept {
        return Arena::room<Place>(count);
    }
    // For `count` pages: a power of two from count_min to 2^31. out_of_memory.
    Status open(Arena& arena, std::size_t count) noexcept {
        FRESHET_CHECK((count & (count - 1)) == 0);
        FRESHET_CHECK(count >= count_min);
        FRESHET_CHECK(count <= std::size_t{1} << 31);
        const auto table = arena.unfilled<Place>(count);
        if (!table) return table.error();
        table_ = *table;
        shift_ = static_cast<std::uint32_t>(std::countr_zero(count));
        return Done{};
    }

    // `slot`: of the run, below slot_count_max.
    [[nodiscard]] bool has(std::uint32_t slot, std::uint32_t page) const noexcept {
        const std::size_t number = place(slot, page);
        return is_clear(number) &&
               Shared{table_[number]}.load(std::memory_order_relaxed) == tag(slot, page);
    }
    void add(std::uint32_t slot, std::uint32_t page) noexcept {
        const std::size_t number = place(slot, page);
        if (!is_clear(number)) clear_part(number);
        Shared{table_[number]}.store(tag(slot, page), std::memory_order_relaxed);
    }
    // Before the slot is used for another run.
    void forget(std::uint32_t slot) noexcept {
        for (std::size_t i = 0; i < table_.size(); i++) {
            if (!is_clear(i)) {
                i |= part_size() - 1;
            } else if (Shared{table_[i]}.load(std::memory_order_relaxed) >> 24 == slot + 1) {
                Shared{table_[i]}.store(0, std::memory_order_relaxed);
            }
        }
    }

private:
    using Place = std::uint32_t;
    using Shared = std::atomic_ref<Place>;
    static constexpr std::uint32_t part_count_shift = 6;

    // Runs begin at different places, since all of them have a page 1.
    [[nodiscard]] std::size_t place(std::uint32_t slot, std::uint32_t page) const noexcept {
        return (page + slot * 0x9E3779B1U) & (table_.size() - 1);
    }
    [[nodiscard]] std::uint32_t tag(std::uint32_t slot, std::uint32_t page) const noexcept {
        return (slot + 1) << 24 | page >> shift_;
    }
    [[nodiscard]] std::size_t part_size() const noexcept {
        return table_.size() >> part_count_shift;
    }
    [[nodiscard]] std::uint64_t part_bit(std::size_t number) const noexcept {
        return std::uint64_t{1} << (number >> (shift_ - part_count_shift));
    }
    [[nodiscard]] bool is_clear(std::size_t number) const noexcept {
        return (clear_.load(std::memory_order_acquire) & part_bit(number)) != 0;
    }
    void clear_part(std::size_t number) noexcept {
        const std::size_t first = number & ~(part_size() - 1);
        for (Place& place : table_.subspan(first, part_size()))
            Shared{place}.store(0, std::memory_order_relaxed);
        clear_.fetch_or(part_bit(number), std::memory_order_release);
    }

    std::span<Place> table_;
    std::uint32_t shift_ = 0;
    std::atomic<std::uint64_t> clear_{0};  // A bit for each part.
};

}  // namespace freshet::tree
