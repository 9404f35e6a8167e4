// SPDX-License-Identifier: MIT
// Looks for many keys of a run together, level by level. What one alone would wait for, a line of
// memory after another, all of them load first, and none waits before the last one.
#include "tree/run.hpp"

namespace freshet::tree {

namespace {

using Level = std::span<const Page* const>;

// Loads are not dropped where many are on their way, as prefetches are; a sum keeps them from being
// left out.
template <class Load>
void load_all(Level pages, Load load) noexcept {
    auto sum = std::byte{0};
    for (std::size_t i = 0; i < pages.size(); i++)
        if (pages[i] != nullptr) sum ^= load(i);
    asm volatile("" : : "r"(sum));
}

// Each key in a page of its own; null: there is nothing to look for.
void search_all(std::span<const Bytes> keys, Level pages, std::span<Place> places) noexcept {
    std::array<Page::Start, find_count_max> starts;
    load_all(pages, [&](std::size_t i) noexcept {
        const bool is_again = i > 0 && pages[i] == pages[i - 1];
        return is_again ? std::byte{0} : pages[i]->load_front();
    });
    for (std::size_t i = 0; i < pages.size(); i++)
        if (pages[i] != nullptr) starts[i] = pages[i]->begin_search(keys[i]);
    // Of an interior page the child before.
    load_all(pages, [&](std::size_t i) noexcept {
        return pages[i]->load_entry(starts[i].position - (starts[i].may_be_found ? 0 : 1));
    });
    for (std::size_t i = 0; i < pages.size(); i++)
        if (pages[i] != nullptr) places[i] = pages[i]->end_search(keys[i], starts[i]);
}

}  // namespace

bool Run::find_all(std::span<const Bytes> keys, std::span<Stretch> places) const noexcept {
    const Branch branch = branches()[family_of(keys[0])];
    std::array<std::uint32_t, find_count_max> numbers;
    std::array<const Page*, find_count_max> pages;
    std::array<Place, find_count_max> found;
    const Level level = std::span{pages}.first(keys.size());
    numbers.fill(branch.page);
    for (std::uint32_t height = branch.height; height > 0; height--) {
        const bool is_interior = height > 1;
        for (std::size_t i = 0; i < keys.size(); i++) {
            const bool is_wanted = places[i].page == nullptr;
            pages[i] = is_wanted ? page(numbers[i], is_interior) : nullptr;
            if (is_wanted && pages[i] == nullptr) return false;
        }
        search_all(keys, level, found);
        for (std::size_t i = 0; i < keys.size(); i++) {
            if (pages[i] == nullptr) continue;
            const auto [position, is_found] = found[i];
            if (is_interior)
                numbers[i] = pages[i]->child(position + (is_found ? 1 : 0));
            else if (is_found)
                places[i] = {pages[i], position, position + 1, true};
        }
        if (is_interior)
            load_all(level, [&](std::size_t i) noexcept { return *at(numbers[i])->bytes(); });
    }
    return true;
}

}  // namespace freshet::tree
