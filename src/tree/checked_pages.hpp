// SPDX-License-Identifier: MIT
// Which pages of runs were looked through: a bit for each, in one table for all runs of a store.
//
// A run that is opened gets the bits of its pages, though at most half of the widest stretch of the
// table that is free, so that there is always one for the next. Where its pages have too few, 2, 4
// or 8 of them that stand side by side share one, and are looked through together; those that have
// none even so are looked through each time they are read.
//
// Threads: any number at once use the marks of runs; one at a time takes and gives back.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "base/arena.hpp"

namespace freshet::tree {

class CheckedPages {
    using Word = std::uint64_t;
    using Shared = std::atomic_ref<Word>;

public:
    static constexpr std::uint32_t slot_count_max = 32;
    static constexpr std::uint32_t shift_max = 3;

    // Of one run.
    class Marks {
    public:
        [[nodiscard]] bool has(std::uint32_t page) const noexcept {
            const std::uint32_t bit = page >> shift_;
            return bit < bit_count_ &&
                   (Shared{words_[bit / 64]}.load(std::memory_order_relaxed) >> bit % 64 & 1) != 0;
        }
        void add(std::uint32_t page) const noexcept {
            const std::uint32_t bit = page >> shift_;
            if (bit < bit_count_)
                Shared{words_[bit / 64]}.fetch_or(Word{1} << bit % 64, std::memory_order_relaxed);
        }
        // The pages from `first` to before `end`, which are added with a page; it alone, if it
        // cannot be.
        struct Group {
            std::uint32_t first;
            std::uint32_t end;
        };
        [[nodiscard]] Group group_of(std::uint32_t page) const noexcept {
            const std::uint32_t bit = page >> shift_;
            return bit < bit_count_ ? Group{bit << shift_, (bit + 1) << shift_}
                                    : Group{page, page + 1};
        }

    private:
        friend class CheckedPages;
        Word* words_ = nullptr;
        std::uint32_t bit_count_ = 0;
        std::uint32_t shift_ = 0;
    };

    static constexpr std::size_t required_memory(std::size_t word_count) noexcept {
        return Arena::room<Word>(word_count);
    }
    // For 64 pages a word, or more (above). Until marks are taken, nothing of it is touched.
    // out_of_memory.
    Status open(Arena& arena, std::size_t word_count) noexcept {
        const auto table = arena.unfilled<Word>(word_count);
        if (!table) return table.error();
        table_ = *table;
        return Done{};
    }
    // For a run of so many pages, which have numbers from 1 on: none has been looked through.
    // `slot`: below slot_count_max; what it had goes back.
    Marks take(std::uint32_t slot, std::uint32_t page_count) noexcept;
    void give_back(std::uint32_t slot) noexcept { stretches_[slot] = {}; }

private:
    struct Stretch {
        std::size_t first = 0;
        std::size_t count = 0;
        [[nodiscard]] std::size_t end() const noexcept { return first + count; }
    };
    // What is free from a word on.
    [[nodiscard]] Stretch free_from(std::size_t first) const noexcept;

    std::span<Word> table_;
    std::array<Stretch, slot_count_max> stretches_{};
};

}  // namespace freshet::tree
