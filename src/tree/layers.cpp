// SPDX-License-Identifier: MIT
#include "tree/layers.hpp"

#include <algorithm>
#include <new>

namespace freshet::tree {

// One for each layer that there is; number 0 is the frozen one.
struct Layers::Walks {
    static constexpr std::uint32_t none = ~std::uint32_t{0};

    Walk<PoolPages, height_max> frozen;
    std::array<Walk<RunPages, run_height_max>, run_count_max> runs;
    bool forwards = true;
    std::uint32_t at = none;  // Which one stands where all stand.

    template <class Work>
    auto with(std::uint32_t number, Work work) noexcept {
        return number == 0 ? work(frozen) : work(runs[number - 1]);
    }
    void step(std::uint32_t number) noexcept {
        with(number, [this](auto& walk) noexcept { forwards ? walk.next() : walk.previous(); });
    }
    [[nodiscard]] bool valid(std::uint32_t number) noexcept {
        return with(number, [](auto& walk) noexcept { return walk.valid(); });
    }
    [[nodiscard]] bool damaged(std::uint32_t number) noexcept {
        return with(number, [](auto& walk) noexcept { return walk.damaged(); });
    }
    [[nodiscard]] Key key(std::uint32_t number) noexcept {
        return with(number, [](auto& walk) noexcept { return walk.key(); });
    }
    void show(PlaceBelow& place) noexcept {
        with(at, [&place](auto& walk) noexcept {
            place.value = walk.value();
            place.is_erased = walk.is_erased();
        });
    }
};

void Layers::lay(const Delta& delta, const Branches* frozen, std::span<const Run* const> runs,
                 Erased erased) noexcept {
    FRESHET_CHECK(runs.size() <= run_count_max);
    delta_ = &delta;
    has_frozen_ = frozen != nullptr;
    frozen_ = has_frozen_ ? *frozen : Branches{};
    std::copy(runs.begin(), runs.end(), runs_.begin());
    run_count_ = static_cast<std::uint32_t>(runs.size());
    erased_ = erased;
}

Bytes Layers::find(Bytes key) const noexcept {
    Found found = delta_->find_own(frozen_, key);
    for (std::uint32_t i = 0; i < run_count_ && !found.is_known; i++) found = runs_[i]->find(key);
    return found.value;
}

Layers::Walks& Layers::begin(PlaceBelow& place, bool forwards) const noexcept {
    static_assert(sizeof(Walks) <= sizeof place.state);
    auto* const walks = new (place.state.data()) Walks;
    place.valid = place.damaged = false;
    walks->forwards = forwards;
    walks->frozen = Walk<PoolPages, height_max>{PoolPages{*delta_}, frozen_};
    for (std::uint32_t i = 0; i < run_count_; i++)
        walks->runs[i] = Walk<RunPages, run_height_max>{RunPages{*runs_[i]}, runs_[i]->branches()};
    return *walks;
}

void Layers::seek(PlaceBelow& place, Bytes key) const noexcept {
    Walks& walks = begin(place, true);
    for (std::uint32_t i = 0; i <= run_count_; i++)
        walks.with(i, [key](auto& walk) noexcept { walk.seek(key); });
    settle(place, walks);
}

void Layers::seek_before(PlaceBelow& place, Bytes key) const noexcept {
    Walks& walks = begin(place, false);
    for (std::uint32_t i = 0; i <= run_count_; i++)
        walks.with(i, [key](auto& walk) noexcept { walk.seek_before(key); });
    settle(place, walks);
}

void Layers::step(PlaceBelow& place) const noexcept {
    auto& walks = *std::launder(reinterpret_cast<Walks*>(place.state.data()));
    walks.step(walks.at);
    settle(place, walks);
}

// All stand at the next entry they have. That of the topmost of those with the nearest key counts,
// and the others with that key go on.
void Layers::settle(PlaceBelow& place, Walks& walks) const noexcept {
    for (;; walks.step(walks.at)) {
        walks.at = Walks::none;
        for (std::uint32_t i = 0; i <= run_count_; i++) {
            if (walks.damaged(i)) place.damaged = true;
            if (!walks.valid(i)) continue;
            const Key key = walks.key(i);
            const int order = walks.at == Walks::none ? 0 : compare(key, place.key);
            if (order == 0 && walks.at != Walks::none) {
                walks.step(i);
            } else if (walks.at == Walks::none || (order < 0) == walks.forwards) {
                walks.at = i;
                place.key = key;
            }
        }
        place.valid = walks.at != Walks::none && !place.damaged;
        if (place.valid) walks.show(place);
        if (!place.valid || !place.is_erased || erased_ == Erased::shown) return;
    }
}

}  // namespace freshet::tree
