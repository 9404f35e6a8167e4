// SPDX-License-Identifier: MIT
#include "tree/pool.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace freshet::tree {

std::size_t Pool::required_memory(std::size_t size, std::uint32_t live_count_max) noexcept {
    return size + alignment - 1 + 2 * Arena::room<Waiting>(live_count_max);
}

Status Pool::open(Arena& arena, std::size_t size, std::uint32_t live_count_max) noexcept {
    const std::size_t count = size / page_size;
    if (count < page_count_min) return Code::invalid_argument;
    if (count >= std::numeric_limits<std::uint32_t>::max()) return Code::invalid_argument;

    const Result<MutableBytes> memory = arena.bytes(count * page_size, alignment);
    if (!memory) return memory.error();
    const Result<std::span<Waiting>> waiting = arena.array<Waiting>(live_count_max);
    if (!waiting) return waiting.error();
    const Result<std::span<Waiting>> other = arena.array<Waiting>(live_count_max);
    if (!other) return other.error();

    *this = Pool{};
    pages_ = reinterpret_cast<Page*>(memory->data());
    page_count_ = static_cast<std::uint32_t>(count);
    waiting_ = *waiting;
    other_ = *other;
    return Done{};
}

void Pool::begin(std::uint64_t version) noexcept {
    FRESHET_CHECK(version_ == 0);
    FRESHET_CHECK(version > 0);
    version_ = version;
    own_from_ = version;
    start_ = Savepoint{};
    start_.free = free_;
    start_.free_count = free_count_;
    start_.touched = touched_;
    start_.own_from = version;
}

void Pool::rollback() noexcept {
    FRESHET_CHECK(version_ > 0);
    rollback_to(start_);
    version_ = 0;
}

// The pages so far are as if they were sealed.
Pool::Savepoint Pool::save() noexcept {
    FRESHET_CHECK(version_ > 0);
    if (depth_++ == 0) {
        reserve_ = std::exchange(spare_, 0);
        reserve_count_ = std::exchange(spare_count_, 0);
    }
    const Savepoint savepoint{.free = free_,
                              .free_count = free_count_,
                              .touched = touched_,
                              .spare = std::exchange(spare_, 0),
                              .spare_count = std::exchange(spare_count_, 0),
                              .reserve = reserve_,
                              .reserve_count = reserve_count_,
                              .superseded = superseded_,
                              .retired = retired_,
                              .depth = depth_,
                              .own_from = own_from_};
    own_from_ = ++version_;
    return savepoint;
}

void Pool::rollback_to(const Savepoint& savepoint) noexcept {
    free_ = savepoint.free;
    free_count_ = savepoint.free_count;
    touched_ = savepoint.touched;
    spare_ = 0;
    spare_count_ = 0;
    reserve_ = savepoint.reserve;
    reserve_count_ = savepoint.reserve_count;
    superseded_ = savepoint.superseded;
    retired_ = savepoint.retired;
    depth_ = savepoint.depth;
}

// What was kept for it is spare, as far as no savepoint before it has to have it.
void Pool::forget(const Savepoint& savepoint) noexcept {
    FRESHET_CHECK(depth_ == savepoint.depth);
    own_from_ = savepoint.own_from;
    std::uint32_t kept = savepoint.retired;
    for (std::uint32_t number = retired_; number != savepoint.retired;) {
        const std::uint32_t next = link(number);
        if (is_own(number)) {
            keep_spare(number);
        } else {
            at(number).death_ = std::exchange(kept, number);
        }
        number = next;
    }
    retired_ = kept;
    std::uint32_t last = 0;
    for (std::uint32_t number = spare_; number != 0; number = link(number)) last = number;
    if (last == 0) spare_ = savepoint.spare;
    if (last != 0) at(last).death_ = savepoint.spare;
    spare_count_ += savepoint.spare_count;
    if (--depth_ == 0) merge_reserve();
}

// Onto the list of those behind a savepoint.
void Pool::keep_spare(std::uint32_t number) noexcept {
    at(number).death_ = std::exchange(spare_, number);
    spare_count_++;
}

// There is no savepoint any more.
void Pool::merge_reserve() noexcept {
    while (spare_ != 0) {
        const std::uint32_t number = std::exchange(spare_, link(spare_));
        at(number).spare_next_ = std::exchange(reserve_, number);
    }
    spare_ = std::exchange(reserve_, 0);
    spare_count_ += std::exchange(reserve_count_, 0);
}

void Pool::seal(std::span<const std::uint64_t> live) noexcept {
    FRESHET_CHECK(version_ > 0);
    FRESHET_CHECK(depth_ == 0);
    version_ = 0;
    while (spare_ != 0) free(std::exchange(spare_, at(spare_).spare_next_));
    spare_count_ = 0;
    release(live);
    settle_all(std::exchange(superseded_, 0));
}

void Pool::release(std::span<const std::uint64_t> live) noexcept {
    FRESHET_CHECK(version_ == 0);
    FRESHET_CHECK(live.size() <= other_.size());
    const std::span<Waiting> before = waiting_.first(waiting_count_);
    renew(live);
    for (Waiting& old : before) {
        Waiting* const now = waiting_from(old.version);
        if (is_behind(now) || now->version != old.version) continue;
        now->first = std::exchange(old.first, 0);
    }
    for (const Waiting& old : before) settle_all(old.first);
}

// Makes the empty lists of the live versions, each put where it belongs: there are as many as
// readers of different moments. What there was is in other_ until the next time.
void Pool::renew(std::span<const std::uint64_t> live) noexcept {
    std::swap(waiting_, other_);
    waiting_count_ = 0;
    for (const std::uint64_t version : live) {
        Waiting* const end = waiting_.data() + waiting_count_;
        Waiting* const at = waiting_from(version);
        if (at != end && at->version == version) continue;
        std::memmove(at + 1, at, static_cast<std::size_t>(end - at) * sizeof *at);
        *at = {.version = version, .first = 0};
        waiting_count_++;
    }
}

// The list of the first live version from this one on; behind all when there is none.
Pool::Waiting* Pool::waiting_from(std::uint64_t version) noexcept {
    return std::lower_bound(
        waiting_.data(), waiting_.data() + waiting_count_, version,
        [](const Waiting& a, std::uint64_t wanted) { return a.version < wanted; });
}

void Pool::settle_all(std::uint32_t first) noexcept {
    while (first != 0) {
        __builtin_prefetch(pages_ + at(first).spare_next_);
        settle(std::exchange(first, at(first).next_));
    }
}

// Onto a list that is walked as a whole: a page also says which one came long before it, so that
// the walk need not wait for each.
void Pool::hang(std::uint32_t& list, std::uint32_t number) noexcept {
    at(number).spare_next_ = std::exchange(recent_[recent_next_++ % recent_.size()], number - 1);
    at(number).next_ = std::exchange(list, number);
}

void Pool::settle(std::uint32_t number) noexcept {
    const Page& page = at(number);
    Waiting* const reader = waiting_from(page.birth_);
    if (is_behind(reader) || reader->version >= page.death_) return free(number);
    hang(reader->first, number);
}

void Pool::free(std::uint32_t number) noexcept {
    at(number).next_ = std::exchange(free_, number);
    free_count_++;
}

std::uint32_t Pool::allocate() noexcept {
    FRESHET_CHECK(version_ > 0);
    FRESHET_CHECK(available() > 0);
    std::uint32_t number = 0;
    if (spare_ != 0) {
        number = std::exchange(spare_, depth_ == 0 ? at(spare_).spare_next_ : link(spare_));
        spare_count_--;
    } else if (reserve_ != 0) {
        number = std::exchange(reserve_, at(reserve_).spare_next_);
        reserve_count_--;
    } else if (free_ != 0) {
        number = std::exchange(free_, at(free_).next_);
        free_count_--;
        if (free_ != 0) at(free_).prefetch();
    } else {
        number = ++touched_;
    }
    at(number).birth_ = version_;
    at(number).clear();
    return number;
}

void Pool::drop(std::uint32_t number) noexcept {
    FRESHET_CHECK(version_ > 0);
    if (is_own(number)) {
        if (depth_ > 0) return keep_spare(number);
        at(number).spare_next_ = std::exchange(spare_, number);
        spare_count_++;
        return;
    }
    if (at(number).birth_ >= start_.own_from) {
        at(number).death_ = std::exchange(retired_, number);
        return;
    }
    at(number).death_ = version_;
    hang(superseded_, number);
}

}  // namespace freshet::tree
