// SPDX-License-Identifier: MIT
#include "tree/merge.hpp"

#include <algorithm>
#include <cstring>

namespace freshet::tree {

namespace {

int compare(Bytes a, Bytes b) noexcept {
    const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
    if (order != 0) return order;
    return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
}

}  // namespace

void Merge::lay(const Delta& delta, const Branches* frozen, std::span<const Run* const> runs,
                Erased erased) noexcept {
    FRESHET_CHECK(runs.size() <= layer_run_count_max);
    delta_ = &delta;
    frozen_ = frozen != nullptr ? *frozen : Branches{};
    std::copy(runs.begin(), runs.end(), runs_.begin());
    run_count_ = static_cast<std::uint32_t>(runs.size());
    erased_ = erased;
    at_ = none;
    is_damaged_ = false;
}

void Merge::begin() noexcept {
    constexpr std::array<std::byte, 1> least{};
    frozen_walk_ = OwnWalk{delta_->pages(), frozen_};
    frozen_walk_.seek(least);
    enter(sources_[0], frozen_walk_);
    for (std::uint32_t i = 0; i < run_count_; i++) {
        walks_[i] = Walk<RunPages, run_height_max>{RunPages{*runs_[i]}, runs_[i]->branches()};
        walks_[i].seek(least);
        enter(sources_[i + 1], walks_[i]);
    }
    settle();
}

// What all keys of the leaf begin with stands in front of each of them.
void Merge::Source::load() noexcept {
    const Entry entry = page->entry(position);
    std::memcpy(key.data() + entry.key.front.size(), entry.key.back.data(), entry.key.back.size());
    key_size = entry.key.size();
    value = entry.value;
    is_erased = entry.is_erased;
}

template <class Walk>
void Merge::enter(Source& source, const Walk& walk) noexcept {
    is_damaged_ = is_damaged_ || walk.damaged();
    source.page = nullptr;
    if (!walk.valid()) return;
    const Stretch leaf = walk.stretch();
    source.page = leaf.page;
    source.first = leaf.first;
    source.position = leaf.first;
    source.end = leaf.end;
    const Bytes front = leaf.page->key(leaf.first).front;
    if (!front.empty()) std::memcpy(source.key.data(), front.data(), front.size());
    source.load();
}

template <class Walk>
void Merge::to_next_leaf(Source& source, Walk& walk) noexcept {
    walk.next(source.end - source.first);
    enter(source, walk);
}

void Merge::step(std::uint32_t number) noexcept {
    Source& source = sources_[number];
    if (++source.position < source.end) return source.load();
    if (number == 0) return to_next_leaf(source, frozen_walk_);
    to_next_leaf(source, walks_[number - 1]);
}

void Merge::step() noexcept {
    step(at_);
    settle();
}

// The first one of those with the least key counts; what others have of that key is passed over.
void Merge::settle() noexcept {
    for (;; step(at_)) {
        at_ = none;
        for (std::uint32_t i = 0; i <= run_count_; i++) {
            if (sources_[i].page == nullptr) continue;
            const int order =
                at_ == none ? -1 : compare(sources_[i].whole_key(), sources_[at_].whole_key());
            if (order < 0) at_ = i;
            if (order == 0) step(i);
        }
        if (!valid() || !sources_[at_].is_erased || erased_ == Erased::shown) return;
    }
}

Entry Merge::entry() const noexcept {
    const Source& source = sources_[at_];
    return {{.front = {}, .back = source.whole_key()}, source.value, source.is_erased};
}

Entry Merge::entry_in_page() const noexcept {
    return sources_[at_].page->entry(sources_[at_].position);
}

Record Merge::record() const noexcept {
    return at_ == 0 ? Record{} : record_of(*sources_[at_].page, sources_[at_].position);
}

const Page* Merge::whole_leaf() const noexcept {
    const Source& source = sources_[at_];
    if (at_ == 0 || source.position != 0) return nullptr;
    const Key last = source.page->key(source.end - 1);
    for (std::uint32_t i = 0; i <= run_count_; i++)
        if (i != at_ && sources_[i].page != nullptr &&
            tree::compare(last, {.front = {}, .back = sources_[i].whole_key()}) >= 0)
            return nullptr;
    for (std::uint32_t i = 0; i < source.end && erased_ == Erased::hidden; i++)
        if (source.page->is_erased(i)) return nullptr;
    return source.page;
}

void Merge::skip_leaf() noexcept {
    to_next_leaf(sources_[at_], walks_[at_ - 1]);
    settle();
}

}  // namespace freshet::tree
