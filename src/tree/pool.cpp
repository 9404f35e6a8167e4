// SPDX-License-Identifier: MIT
#include "tree/pool.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace freshet::tree {

namespace {

// A page that was spare before a savepoint, and was taken and dropped behind it, stands there once
// more. What has no room is spare when a savepoint is forgotten.
constexpr std::size_t spare_max(std::size_t page_count) noexcept {
    return 2 * page_count;
}
constexpr std::size_t spare_room(std::size_t page_count) noexcept {
    return spare_max(page_count) + Pool::savepoint_count_max + 1;
}

// What a stretch begins with: where those before it end.
constexpr std::uint32_t begins_stretch = std::uint32_t{1} << 31;

}  // namespace

std::size_t Pool::required_memory(std::size_t size, std::uint32_t live_count_max) noexcept {
    return size + alignment - 1 + 2 * Arena::room<Waiting>(live_count_max) +
           Arena::room<std::uint32_t>(spare_room(size / page_size));
}

Status Pool::open(Arena& arena, std::size_t size, std::uint32_t live_count_max) noexcept {
    const std::size_t count = size / page_size;
    if (count < page_count_min) return Code::invalid_argument;
    if (count >= begins_stretch / 2) return Code::invalid_argument;

    const Result<MutableBytes> memory = arena.bytes(count * page_size, alignment);
    if (!memory) return memory.error();
    const Result<std::span<Waiting>> waiting = arena.array<Waiting>(live_count_max);
    if (!waiting) return waiting.error();
    const Result<std::span<Waiting>> other = arena.array<Waiting>(live_count_max);
    if (!other) return other.error();

    const auto spare = arena.unfilled<std::uint32_t>(spare_room(count));
    if (!spare) return spare.error();

    *this = Pool{};
    spare_ = *spare;
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
    spare_first_ = 0;
    spare_end_ = 0;
    spare_left_ = 0;
}

void Pool::rollback() noexcept {
    FRESHET_CHECK(version_ > 0);
    rollback_to(start_);
    version_ = 0;
}

// The pages so far are as if they were sealed.
Pool::Savepoint Pool::save() noexcept {
    FRESHET_CHECK(version_ > 0);
    FRESHET_CHECK(depth_ < savepoint_count_max);
    const Savepoint savepoint{.free = free_,
                              .free_count = free_count_,
                              .touched = touched_,
                              .spare_first = spare_first_,
                              .spare_end = spare_end_,
                              .spare_count = spare_count_,
                              .superseded = superseded_,
                              .retired = retired_,
                              .depth = ++depth_,
                              .own_from = own_from_};
    if (spare_first_ > 0) spare_[spare_first_ - 1] = begins_stretch | spare_left_;
    own_from_ = ++version_;
    begin_stretch();
    return savepoint;
}

void Pool::begin_stretch() noexcept {
    spare_left_ = spare_end_;
    spare_first_ = ++spare_end_;
}

void Pool::rollback_to(const Savepoint& savepoint) noexcept {
    free_ = savepoint.free;
    free_count_ = savepoint.free_count;
    touched_ = savepoint.touched;
    spare_end_ = savepoint.spare_end;
    spare_count_ = savepoint.spare_count;
    superseded_ = savepoint.superseded;
    retired_ = savepoint.retired;
    depth_ = savepoint.depth;
    begin_stretch();
}

// What is left of the stretch before goes on with what is spare since.
void Pool::forget(const Savepoint& savepoint) noexcept {
    FRESHET_CHECK(depth_ == savepoint.depth);
    depth_--;
    own_from_ = savepoint.own_from;
    const std::uint32_t first = std::exchange(spare_first_, savepoint.spare_first);
    const std::uint32_t end = std::max(spare_left_, spare_first_);
    if (spare_left_ >= spare_first_)
        spare_left_ = spare_first_ == 0 ? 0 : spare_[spare_first_ - 1] - begins_stretch;
    const std::uint32_t count = spare_end_ - first;
    std::memmove(&spare_[end], &spare_[first], count * sizeof spare_[0]);
    spare_end_ = end + count;
    std::uint32_t number = std::exchange(retired_, savepoint.retired);
    while (number != savepoint.retired) {
        const auto next = static_cast<std::uint32_t>(at(number).death_);
        drop(number);
        number = next;
    }
}

void Pool::retire(std::uint32_t number) noexcept {
    at(number).death_ = std::exchange(retired_, number);
}

void Pool::keep_spare(std::uint32_t number) noexcept {
    if (spare_end_ >= spare_max(page_count_)) return retire(number);
    spare_[spare_end_++] = number;
    spare_count_++;
}

// There is one.
std::uint32_t Pool::take_spare() noexcept {
    spare_count_--;
    if (spare_end_ > spare_first_) return spare_[--spare_end_];
    while (spare_[spare_left_ - 1] >= begins_stretch)
        spare_left_ = spare_[spare_left_ - 1] - begins_stretch;
    return spare_[--spare_left_];
}

void Pool::seal(std::span<const std::uint64_t> live) noexcept {
    FRESHET_CHECK(version_ > 0);
    FRESHET_CHECK(depth_ == 0);
    version_ = 0;
    while (spare_end_ > 0) free(spare_[--spare_end_]);
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
    if (spare_count_ > 0) {
        number = take_spare();
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
    if (is_own(number)) return keep_spare(number);
    if (at(number).birth_ >= start_.own_from) return retire(number);
    at(number).death_ = version_;
    hang(superseded_, number);
}

}  // namespace freshet::tree
