// SPDX-License-Identifier: MIT
#include "tree/pool.hpp"

#include <algorithm>
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
    mark_ = {.free = free_, .free_count = free_count_, .touched = touched_};
}

void Pool::rollback() noexcept {
    FRESHET_CHECK(version_ > 0);
    version_ = 0;
    free_ = mark_.free;
    free_count_ = mark_.free_count;
    touched_ = mark_.touched;
    spare_ = 0;
    spare_count_ = 0;
    superseded_ = 0;
}

void Pool::seal(std::span<const std::uint64_t> live) noexcept {
    FRESHET_CHECK(version_ > 0);
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
        if (now == nullptr || now->version != old.version) continue;
        now->first = std::exchange(old.first, 0);
    }
    for (const Waiting& old : before) settle_all(old.first);
}

// Makes the empty lists of the live versions; what there was is in other_ until the next time.
void Pool::renew(std::span<const std::uint64_t> live) noexcept {
    for (std::size_t i = 0; i < live.size(); i++) other_[i] = {.version = live[i], .first = 0};
    Waiting* const first = other_.data();
    Waiting* const last = first + live.size();
    const auto is_older = [](const Waiting& a, const Waiting& b) { return a.version < b.version; };
    std::make_heap(first, last, is_older);
    std::sort_heap(first, last, is_older);
    Waiting* const end = std::unique(
        first, last, [](const Waiting& a, const Waiting& b) { return a.version == b.version; });
    waiting_count_ = static_cast<std::size_t>(end - first);
    std::swap(waiting_, other_);
}

// The list of the first live version from this one on; null when there is none.
Pool::Waiting* Pool::waiting_from(std::uint64_t version) noexcept {
    Waiting* const end = waiting_.data() + waiting_count_;
    Waiting* const found =
        std::lower_bound(waiting_.data(), end, version,
                         [](const Waiting& a, std::uint64_t wanted) { return a.version < wanted; });
    return found == end ? nullptr : found;
}

void Pool::settle_all(std::uint32_t first) noexcept {
    while (first != 0) settle(std::exchange(first, at(first).next_));
}

void Pool::settle(std::uint32_t number) noexcept {
    Page& page = at(number);
    Waiting* const reader = waiting_from(page.birth_);
    if (reader == nullptr || reader->version >= page.death_) return free(number);
    page.next_ = std::exchange(reader->first, number);
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
        number = std::exchange(spare_, at(spare_).spare_next_);
        spare_count_--;
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
        at(number).spare_next_ = std::exchange(spare_, number);
        spare_count_++;
        return;
    }
    at(number).death_ = version_;
    at(number).next_ = std::exchange(superseded_, number);
}

}  // namespace freshet::tree
