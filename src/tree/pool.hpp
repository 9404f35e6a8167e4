// SPDX-License-Identifier: MIT
// The life of pages: a lent pool of them, numbered from 1, 0 being none.
//
// A page is free, or belongs to the open transaction, or to the sealed trees of the versions
// [birth, death), where death is the version whose transaction superseded it (none yet: all from
// birth on).
//
// A superseded page that a live version still sees hangs in the list of one such version, and
// nobody looks at it again until that version is no longer live. Then it is freed or hung on
// another one. No version that becomes live later is older than death, so a page moves at most once
// for each version that was live when it was superseded, and usually once.
//
// An allocated page keeps its link in the free list until its transaction ends, and a transaction
// gives nothing back to that list. So rollback is a return to the old head of the list.
//
// A page that the transaction allocated and dropped is *spare*: it is taken before those that are
// free. A savepoint begins another version within the transaction: what is older is copied before
// it is changed, as if it were sealed. What is spare by then is taken all the same, but has to be
// spare again after a way back, and so is what was spare before it. So spare pages are numbers in
// an array: a stretch for each version, which begins with a number that is no page's and says up to
// where there are spare pages in those before. A version takes from its own stretch, and then what
// is left of the others, which stay as they are until it is forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/arena.hpp"
#include "tree/page.hpp"

namespace freshet::tree {

class Pool {
public:
    static constexpr std::size_t page_count_min = 8;
    static constexpr std::size_t alignment = 64;
    static constexpr std::uint32_t savepoint_count_max = 64;

    static std::size_t required_memory(std::size_t size, std::uint32_t live_count_max) noexcept;
    Status open(Arena& arena, std::size_t size, std::uint32_t live_count_max) noexcept;

    [[nodiscard]] const Page& at(std::uint32_t number) const noexcept { return pages_[number - 1]; }
    [[nodiscard]] Page& at(std::uint32_t number) noexcept { return pages_[number - 1]; }
    // Born in the open transaction, behind its last savepoint: may be changed.
    [[nodiscard]] bool is_own(std::uint32_t number) const noexcept {
        return at(number).birth_ >= own_from_;
    }

    void begin(std::uint64_t version) noexcept;
    void rollback() noexcept;
    // There is no savepoint left.
    void seal(std::span<const std::uint64_t> live) noexcept;
    void release(std::span<const std::uint64_t> live) noexcept;

    // Where a transaction may go back to. Savepoints are forgotten in the reverse of their order.
    struct Savepoint {
        std::uint32_t free = 0;
        std::uint32_t free_count = 0;
        std::uint32_t touched = 0;
        std::uint32_t spare_first = 0;  // Of the stretch before it, ...
        std::uint32_t spare_end = 0;    // ... and its end.
        std::uint32_t spare_count = 0;
        std::uint32_t superseded = 0;
        std::uint32_t retired = 0;
        std::uint32_t depth = 0;
        std::uint64_t own_from = 0;  // Before it.
    };
    Savepoint save() noexcept;
    // The savepoints since are forgotten, this one stays.
    void rollback_to(const Savepoint& savepoint) noexcept;
    // Forgets the newest one.
    void forget(const Savepoint& savepoint) noexcept;
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

    // An empty page of the open transaction. There is one left.
    std::uint32_t allocate() noexcept;
    // The open transaction's tree does not contain the page any more.
    void drop(std::uint32_t number) noexcept;

    // What no page was ever taken from.
    [[nodiscard]] MutableBytes untouched() noexcept {
        auto* const first = reinterpret_cast<std::byte*>(pages_ + touched_);
        return {first, (page_count_ - touched_) * page_size};
    }

    [[nodiscard]] std::size_t page_count() const noexcept { return page_count_; }
    [[nodiscard]] std::size_t available() const noexcept {
        return spare_count_ + free_count_ + (page_count_ - touched_);
    }
    // Where a savepoint was made; null: where the open transaction began.
    [[nodiscard]] std::size_t available_at(const Savepoint* savepoint) const noexcept {
        const Savepoint& at = savepoint == nullptr ? start_ : *savepoint;
        return at.spare_count + at.free_count + (page_count_ - at.touched);
    }

private:
    // The superseded pages that wait for a live version.
    struct Waiting {
        std::uint64_t version = 0;
        std::uint32_t first = 0;
    };
    void keep_spare(std::uint32_t number) noexcept;
    void retire(std::uint32_t number) noexcept;
    std::uint32_t take_spare() noexcept;
    void begin_stretch() noexcept;
    void free(std::uint32_t number) noexcept;
    void settle(std::uint32_t number) noexcept;
    void settle_all(std::uint32_t first) noexcept;
    void hang(std::uint32_t& list, std::uint32_t number) noexcept;
    void renew(std::span<const std::uint64_t> live) noexcept;
    [[nodiscard]] Waiting* waiting_from(std::uint64_t version) noexcept;
    [[nodiscard]] bool is_behind(const Waiting* reader) const noexcept {
        return reader == waiting_.data() + waiting_count_;
    }

    Page* pages_ = nullptr;
    std::uint32_t page_count_ = 0;
    std::uint32_t touched_ = 0;  // Pages above have never been used.
    std::uint32_t free_ = 0;
    std::uint32_t free_count_ = 0;
    std::span<std::uint32_t> spare_;
    std::uint32_t spare_first_ =
        0;                          // Of the version's own stretch, behind what it begins with, ...
    std::uint32_t spare_end_ = 0;   // ... and its end.
    std::uint32_t spare_left_ = 0;  // Up to here there are some in the stretches before.
    std::uint32_t spare_count_ = 0;  // In all of them.
    std::uint32_t depth_ = 0;        // Savepoints.
    std::uint32_t superseded_ = 0;   // By the open transaction.
    std::uint32_t retired_ = 0;      // Its own pages from before a savepoint that it dropped since,
                                     // linked by death_; and those that had no room as spare ones.
    std::uint64_t version_ = 0;      // Of the open transaction; 0 when there is none.
    std::uint64_t own_from_ = 0;     // Of its last savepoint, or where it began.
    Savepoint start_;                // Where it began.
    std::array<std::uint32_t, 16> recent_{};  // Those that were hung last.
    std::uint32_t recent_next_ = 0;
    std::span<Waiting> waiting_;  // One for each live version, ascending.
    std::span<Waiting> other_;    // Where the next such list is made.
    std::size_t waiting_count_ = 0;
};

}  // namespace freshet::tree
