// SPDX-License-Identifier: MIT
// Gathers what a stretch of log adds to the directory, and then puts it into the tree in the order
// of its keys: each stream once, however many frames it has events in.
//
// Workload: the tail of a log at open, 100,000 events of some 10,000 streams by turns. Put one by
// one, each would wait for two pages of the tree; sorted, they meet the pages in a row, and new
// ones are filled to their end.
//
// It works in the part of the pool that was never used, from its end, and no more than the pages
// that its own flush takes may be used meanwhile. Where there is no such part, in its own 4 KiB.
// Nothing is touched before there is something to gather, since most stores were closed.
#pragma once

#include "store/state.hpp"

namespace freshet::store {

class Gather {
public:
    explicit Gather(State& state) noexcept : state_{state} {}

    // Forgets all. In a transaction of the tree; make_room() comes before anything else.
    void begin() noexcept;
    // The number of a stream, until the next flush, of which there may be one here. A stream that
    // is not known is created at an address if `first_index` is 0. corrupt; out_of_memory.
    Result<std::uint32_t> stream(std::string_view name, std::uint32_t hash,
                                 std::uint64_t first_index, std::uint64_t address) noexcept;
    static std::uint32_t hash_of(std::string_view name) noexcept;
    // Begin to fetch what stream() looks at: first where a stream's number is, then what that leads
    // to, then its name. Inlined, since a function that does nothing else is left out.
    [[gnu::always_inline]] void fetch(std::uint32_t hash) const noexcept {
        __builtin_prefetch(&buckets_[hash & (buckets_.size() - 1)]);
    }
    [[gnu::always_inline]] void fetch_entry(std::uint32_t hash) const noexcept {
        const std::uint32_t number = buckets_[hash & (buckets_.size() - 1)];
        if (number != 0) __builtin_prefetch(&entries_[number - 1]);
    }
    [[gnu::always_inline]] void fetch_name(std::uint32_t hash) const noexcept {
        const std::uint32_t number = buckets_[hash & (buckets_.size() - 1)];
        if (number != 0) __builtin_prefetch(names_.data() + entries_[number - 1].name_at);
    }
    // How many events a stream has by now.
    [[nodiscard]] std::uint64_t count(std::uint32_t number) const noexcept {
        return entries_[number].count + entries_[number].added;
    }
    // False: there is no room before a flush.
    bool push(std::uint32_t number, std::uint64_t address) noexcept;
    // Something else is to be put into the tree, which takes so many pages at most. out_of_memory;
    // corrupt.
    Status make_room(std::size_t page_count = 4) noexcept;
    // Puts all into the tree and forgets it. out_of_memory; corrupt.
    Status flush() noexcept;
    // The last one: puts all into the tree. out_of_memory; corrupt.
    Status put_all() noexcept;
    // Changes with each flush.
    [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }

private:
    struct Entry {
        std::uint64_t count;    // In the tree.
        std::uint64_t created;  // 0: the tree has it.
        std::uint32_t hash;
        std::uint32_t added;
        std::uint32_t name_at;
        std::uint32_t name_size;
    };
    // A stream in the order of names: what follows the part that all have in common, as a number.
    struct Place {
        std::uint64_t head;
        std::uint32_t number;
        std::uint32_t first;  // Of its addresses, once they are grouped.
    };

    void take_memory() noexcept;
    void take(MutableBytes memory) noexcept;
    void take_least() noexcept;
    Result<std::uint32_t> enter(std::string_view name, std::uint32_t hash,
                                std::uint64_t first_index, std::uint64_t address) noexcept;
    [[nodiscard]] bool has_room(std::size_t name_size) const noexcept;
    [[nodiscard]] std::uint32_t* bucket(std::string_view name, std::uint32_t hash) noexcept;
    [[nodiscard]] std::string_view name(const Entry& entry) const noexcept {
        return {names_.data() + entry.name_at, entry.name_size};
    }
    [[nodiscard]] std::size_t common_size() const noexcept;
    void sort() noexcept;
    static void sort_by_byte(std::span<const Place> places, std::span<Place> sorted,
                             std::uint32_t shift) noexcept;
    void sort_ties() noexcept;
    void group() noexcept;
    Status put(const Place& place) noexcept;

    State& state_;
    std::span<std::uint32_t> buckets_;  // Number + 1; 0: free.
    std::span<Entry> entries_;
    std::span<Place> places_;
    std::span<std::uint32_t> numbers_;    // Of each event's stream, ...
    std::span<std::uint64_t> addresses_;  // ... and where it is.
    std::span<std::uint64_t> grouped_;    // The addresses, stream by stream; before, to sort in.
    std::span<char> names_;
    std::uint32_t generation_ = 1;
    std::uint32_t stream_count_ = 0;
    std::uint32_t event_count_ = 0;
    std::size_t names_size_ = 0;
    std::size_t ways_ = 0;    // Bytes of pages that ways to streams may still take.
    std::size_t budget_ = 0;  // Those that the flush may still come to need.
    alignas(8) std::array<std::byte, 4096> least_;
};

}  // namespace freshet::store
