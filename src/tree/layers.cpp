// SPDX-License-Identifier: MIT
#include "tree/layers.hpp"

#include <algorithm>
#include <new>

namespace freshet::tree {

// One for each layer, from the top: number 0 is the delta's own, or none; the others are runs, but
// for the frozen one among them.
struct Layers::Walks {
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    OwnWalk frozen;
    std::array<Walk<RunPages, run_height_max>, layer_run_count_max> runs;
    OwnWalk* own = nullptr;  // As of the call: the cursor may have been moved.
    std::uint32_t frozen_number = 0;
    std::uint32_t count = 0;
    Direction direction = Direction::forwards;
    std::uint32_t at = none;  // Which one stands where all stand.

    template <class Work>
    auto with(std::uint32_t number, Work work) noexcept {
        if (number > frozen_number) return work(runs[number - 2]);
        if (number == frozen_number) return work(frozen);
        return number == 0 ? work(*own) : work(runs[number - 1]);
    }
    void seek(std::uint32_t number, Bytes key) noexcept {
        with(number, [&](auto& walk) noexcept { walk.seek(key, direction); });
    }
    void step(std::uint32_t number) noexcept {
        with(number, [this](auto& walk) noexcept { walk.step(direction); });
    }
    [[nodiscard]] std::uint32_t first() const noexcept { return own == nullptr ? 1 : 0; }
    [[nodiscard]] bool valid(std::uint32_t number) noexcept {
        return with(number, [](auto& walk) noexcept { return walk.valid(); });
    }
    [[nodiscard]] bool damaged(std::uint32_t number) noexcept {
        return with(number, [](auto& walk) noexcept { return walk.damaged(); });
    }
    [[nodiscard]] Key key(std::uint32_t number) noexcept {
        return with(number, [](auto& walk) noexcept { return walk.key(); });
    }
    void show(MergedPlace& place) noexcept {
        with(at, [&place](auto& walk) noexcept {
            place.value = walk.value();
            place.record = walk.record();
            place.is_erased = walk.is_erased();
        });
    }
};

void Layers::lay(const Delta& delta, const Branches* frozen, std::span<const Run* const> runs,
                 std::uint32_t above_count) noexcept {
    FRESHET_CHECK(runs.size() <= layer_run_count_max);
    FRESHET_CHECK(above_count <= runs.size());
    delta_ = &delta;
    frozen_ = frozen != nullptr ? *frozen : Branches{};
    std::copy(runs.begin(), runs.end(), runs_.begin());
    run_count_ = static_cast<std::uint32_t>(runs.size());
    above_count_ = above_count;
}

Bytes Layers::find(Bytes key, Record* record) const noexcept {
    Found found;
    std::uint32_t i = 0;
    for (; i < above_count_ && !found.is_known; i++) found = runs_[i]->find(key);
    if (!found.is_known) found = delta_->find_own(frozen_, key);
    for (; i < run_count_ && !found.is_known; i++) found = runs_[i]->find(key);
    if (record != nullptr) *record = found.record;
    return found.value;
}

bool Layers::find_all(std::span<const Bytes> keys, std::span<Stretch> places) const noexcept {
    const auto find = [&](const Run* run) noexcept { return run->find_all(keys, places); };
    const auto below = runs().subspan(above_count_);
    if (!std::all_of(above().begin(), above().end(), find)) return false;
    delta_->find_own(frozen_, keys, places);
    return std::all_of(below.begin(), below.end(), find);
}

// What one layer hides of another is counted twice.
std::uint64_t Layers::estimate(Bytes from, Bytes end) const noexcept {
    std::uint64_t count = OwnWalk{delta_->pages(), frozen_}.estimate(from, end);
    for (std::uint32_t i = 0; i < run_count_; i++)
        count += Walk<RunPages, run_height_max>{RunPages{*runs_[i]}, runs_[i]->branches()}.estimate(
            from, end);
    return count;
}

void Layers::seek(MergedPlace& place, OwnWalk* own, Bytes key, Direction direction) const noexcept {
    static_assert(sizeof(Walks) <= sizeof place.state);
    auto* const walks = ::new (place.state.data()) Walks{};
    place.damaged = false;
    walks->own = own;
    walks->frozen_number = above_count_ + 1;
    walks->count = run_count_ + 2;
    walks->direction = direction;
    walks->frozen = OwnWalk{delta_->pages(), frozen_};
    for (std::uint32_t i = 0; i < run_count_; i++)
        walks->runs[i] = Walk<RunPages, run_height_max>{RunPages{*runs_[i]}, runs_[i]->branches()};
    for (std::uint32_t i = walks->first(); i < walks->count; i++) walks->seek(i, key);
    settle(place, *walks);
}

// All stand behind the entry in one direction; for the other one they are placed anew.
void Layers::step(MergedPlace& place, OwnWalk* own, Direction direction) const noexcept {
    auto& walks = *std::launder(reinterpret_cast<Walks*>(place.state.data()));
    walks.own = own;
    if (walks.direction == direction) {
        walks.step(walks.at);
        return settle(place, walks);
    }
    std::array<std::byte, key_size_max> bytes;
    place.key.copy(0, bytes.data());
    seek(place, own, Bytes{bytes}.first(place.key.size()), direction);
    if (direction == Direction::forwards && place.valid) step(place, own, direction);
}

// The others stand behind the place, since they went on where they had its key.
Stretch Layers::stretch(MergedPlace& place, OwnWalk* own) const noexcept {
    auto& walks = *std::launder(reinterpret_cast<Walks*>(place.state.data()));
    walks.own = own;
    Stretch stretch =
        walks.with(walks.at, [](const auto& walk) noexcept { return walk.stretch(); });
    for (std::uint32_t i = walks.first(); i < walks.count; i++) {
        if (i == walks.at || !walks.valid(i)) continue;
        const Key key = walks.key(i);
        if (compare(stretch.page->key(stretch.end - 1), key) < 0) continue;
        std::array<std::byte, key_size_max> bytes;
        key.copy(0, bytes.data());
        stretch.end = stretch.page->search(Bytes{bytes}.first(key.size())).position;
    }
    return stretch;
}

void Layers::skip(MergedPlace& place, OwnWalk* own, std::uint32_t count) const noexcept {
    auto& walks = *std::launder(reinterpret_cast<Walks*>(place.state.data()));
    walks.own = own;
    walks.with(walks.at, [count](auto& walk) noexcept { walk.next(count); });
    settle(place, walks);
}

// All stand at the next entry they have. That of the topmost of those with the nearest key counts,
// and the others with that key go on.
void Layers::settle(MergedPlace& place, Walks& walks) const noexcept {
    for (;; walks.step(walks.at)) {
        walks.at = Walks::none;
        for (std::uint32_t i = walks.first(); i < walks.count; i++) {
            if (walks.damaged(i)) place.damaged = true;
            if (!walks.valid(i)) continue;
            const Key key = walks.key(i);
            const int order = walks.at == Walks::none ? 0 : compare(key, place.key);
            if (order == 0 && walks.at != Walks::none) {
                walks.step(i);
            } else if (walks.at == Walks::none ||
                       (order < 0) == (walks.direction == Direction::forwards)) {
                walks.at = i;
                place.key = key;
            }
        }
        place.valid = walks.at != Walks::none && !place.damaged;
        if (place.valid) walks.show(place);
        if (!place.valid || !place.is_erased) return;
    }
}

}  // namespace freshet::tree
