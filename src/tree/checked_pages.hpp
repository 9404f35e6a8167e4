// SPDX-License-Identifier: MIT
// Which pages of runs were looked through: one table for all runs of a store. Each page has one
// place in it, which a later one takes away; that page is looked through once more when it is read
// again.
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
        return Arena::room<std::atomic<std::uint32_t>>(count);
    }
    // For `count` pages: a power of two from count_min to 2^31. out_of_memory.
    Status open(Arena& arena, std::size_t count) noexcept {
        FRESHET_CHECK((count & (count - 1)) == 0);
        FRESHET_CHECK(count >= count_min);
        FRESHET_CHECK(count <= std::size_t{1} << 31);
        const auto table = arena.array<std::atomic<std::uint32_t>>(count);
        if (!table) return table.error();
        table_ = *table;
        shift_ = static_cast<std::uint32_t>(std::countr_zero(count));
        return Done{};
    }

    // `slot`: of the run, below slot_count_max.
    [[nodiscard]] bool has(std::uint32_t slot, std::uint32_t page) const noexcept {
        return place(slot, page).load(std::memory_order_relaxed) == tag(slot, page);
    }
    void add(std::uint32_t slot, std::uint32_t page) noexcept {
        place(slot, page).store(tag(slot, page), std::memory_order_relaxed);
    }
    // Before the slot is used for another run.
    void forget(std::uint32_t slot) noexcept {
        for (std::atomic<std::uint32_t>& place : table_) {
            if (place.load(std::memory_order_relaxed) >> 24 == slot + 1)
                place.store(0, std::memory_order_relaxed);
        }
    }

private:
    // Runs begin at different places, since all of them have a page 1.
    [[nodiscard]] std::atomic<std::uint32_t>& place(std::uint32_t slot,
                                                    std::uint32_t page) const noexcept {
        return table_[(page + slot * 0x9E3779B1U) & (table_.size() - 1)];
    }
    [[nodiscard]] std::uint32_t tag(std::uint32_t slot, std::uint32_t page) const noexcept {
        return (slot + 1) << 24 | page >> shift_;
    }

    std::span<std::atomic<std::uint32_t>> table_;
    std::uint32_t shift_ = 0;
};

}  // namespace freshet::tree
