// SPDX-License-Identifier: MIT
// A place among the entries of one tree of pages. `Pages` gives a page by its number: a pool, or a
// run, of which it may be null, because it is damaged.
#pragma once

#include <algorithm>

#include "freshet/event.hpp"
#include "tree/branch.hpp"
#include "tree/columns.hpp"
#include "tree/pool.hpp"

namespace freshet::tree {

// Entries that follow each other in one leaf: [first, end).
struct Stretch {
    const Page* page = nullptr;
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    bool is_of_run = false;

    // Those whose keys are less.
    [[nodiscard]] Stretch before(Bytes key) const noexcept {
        return {page, first, std::clamp(page->search(key).position, first, end), is_of_run};
    }
};

template <class Pages, std::uint32_t height_limit>
class Walk {
public:
    // Of nothing, until another one is assigned.
    Walk() noexcept = default;
    Walk(Pages pages, const Branches& branches) noexcept : pages_{pages}, branches_{&branches} {}

    // As Cursor. At no entry afterwards if there is none such, or if a page is damaged.
    void seek(Bytes key) noexcept {
        if (!enter(family_of(key))) return to_branch_from(family_ + 1);
        if (descend(key) && position_ == page_->count()) to_next_leaf();
    }
    void seek_before(Bytes key) noexcept {
        if (!enter(family_of(key))) return to_branch_before(family_);
        if (descend(key)) previous();
    }
    void seek(Bytes key, Direction direction) noexcept {
        return direction == Direction::forwards ? seek(key) : seek_before(key);
    }
    // Goes on by so many entries of the leaf.
    void next(std::uint32_t count = 1) noexcept {
        if ((position_ += count) == page_->count()) to_next_leaf();
    }
    void previous() noexcept {
        if (position_ == 0) return to_previous_leaf();
        position_--;
    }

    void step(Direction direction) noexcept {
        return direction == Direction::forwards ? next() : previous();
    }

    [[nodiscard]] bool valid() const noexcept { return valid_; }
    [[nodiscard]] bool damaged() const noexcept { return damaged_; }
    [[nodiscard]] Key key() const noexcept { return page_->key(position_); }
    [[nodiscard]] Bytes value() const noexcept { return page_->value(position_); }
    [[nodiscard]] bool is_erased() const noexcept { return page_->is_erased(position_); }
    // Pages of runs alone have records.
    [[nodiscard]] Record record() const noexcept {
        return Pages::is_of_run ? record_of(*page_, position_) : Record{};
    }
    // About how many keys of one family lie between two, as if all pages had as many children as
    // those on the way. 0 where a page is damaged.
    [[nodiscard]] std::uint64_t estimate(Bytes from, Bytes end) const noexcept;
    // From here to the end of the leaf.
    [[nodiscard]] Stretch stretch() const noexcept {
        return {page_, position_, page_->count(), Pages::is_of_run};
    }

private:
    [[nodiscard]] std::uint32_t leaf() const noexcept { return numbers_[branch_.height - 1]; }
    // Takes a child of the page of a level; returns its number.
    std::uint32_t take(std::uint32_t level, std::uint32_t index) noexcept {
        taken_[level] = static_cast<std::uint16_t>(index);
        return page_->child(index);
    }
    // Goes to a branch; false: it is empty.
    bool enter(std::size_t family) noexcept {
        family_ = static_cast<std::uint32_t>(family);
        branch_ = (*branches_)[family];
        valid_ = branch_.page != 0;
        return valid_;
    }
    // Goes to the page of a level; false: it is damaged.
    bool load(std::uint32_t level, std::uint32_t number) noexcept {
        page_ = pages_(number, level + 1 < branch_.height);
        numbers_[level] = number;
        damaged_ = page_ == nullptr;
        valid_ = !damaged_;
        return valid_;
    }
    // The leaves of a run have numbers that ascend with their keys. So no walk comes to one twice,
    // not even in a run that somebody made on purpose.
    void expect(bool is_in_order) noexcept {
        if (!Pages::is_of_run || is_in_order) return;
        damaged_ = true;
        valid_ = false;
    }
    // Begins to fetch a child of the page, which is gone on to when this one's neighbour has been
    // walked through; if it is a leaf, and there is such a one.
    [[gnu::always_inline]] void fetch_leaf(std::uint32_t level, std::uint32_t index) noexcept {
        if (level + 1 == branch_.height && index <= page_->count())
            pages_.fetch(page_->child(index));
    }
    bool descend(Bytes key) noexcept;
    void descend_first(std::uint32_t level, std::uint32_t number) noexcept;
    void descend_last(std::uint32_t level, std::uint32_t number) noexcept;
    void to_next_leaf() noexcept;
    void to_previous_leaf() noexcept;
    void to_branch_from(std::size_t family) noexcept;
    void to_branch_before(std::size_t family) noexcept;

    Pages pages_{};
    const Branches* branches_ = nullptr;
    const Page* page_ = nullptr;  // Of the leaf, once it is there.
    Branch branch_;
    std::uint32_t family_ = 0;
    bool valid_ = false;
    bool damaged_ = false;
    std::uint32_t position_ = 0;  // In the leaf.
    // From the top: the pages, and the children taken of those above the leaf.
    std::array<std::uint32_t, height_limit> numbers_;
    std::array<std::uint16_t, height_limit> taken_;
};

template <class Pages, std::uint32_t height_limit>
bool Walk<Pages, height_limit>::descend(Bytes key) noexcept {
    std::uint32_t number = branch_.page;
    for (std::uint32_t level = 0; level < branch_.height; level++) {
        if (!load(level, number)) return false;
        if (level > 0) page_->prefetch();
        const Place place = page_->search(key);
        if (level + 1 == branch_.height)
            position_ = place.position;
        else
            number = take(level, place.position + (place.found ? 1 : 0));
    }
    return true;
}

template <class Pages, std::uint32_t height_limit>
std::uint64_t Walk<Pages, height_limit>::estimate(Bytes from, Bytes end) const noexcept {
    const Branch branch = (*branches_)[family_of(from)];
    std::uint32_t low = branch.page;
    std::uint32_t high = branch.page;
    std::uint64_t count = 0;
    for (std::uint32_t level = 0; level < branch.height; level++) {
        const bool is_interior = level + 1 < branch.height;
        const Page* const low_page = pages_(low, is_interior);
        const Page* const high_page = pages_(high, is_interior);
        if (low_page == nullptr || high_page == nullptr) return 0;
        const std::uint32_t first = low_page->search(from).position;
        const std::uint32_t last = high_page->search(end).position;
        // The last page of all may be nearly empty.
        count *= std::max(low_page->count(), high_page->count()) + (is_interior ? 1 : 0);
        count += std::uint64_t{last} - first;  // Below 0 for a while, or of a run made on purpose.
        if (!is_interior) break;
        low = low_page->child(first);
        high = high_page->child(last);
    }
    return count >> 63 != 0 ? 0 : count;
}

template <class Pages, std::uint32_t height_limit>
void Walk<Pages, height_limit>::descend_first(std::uint32_t level, std::uint32_t number) noexcept {
    for (; load(level, number) && level + 1 < branch_.height; level++) number = take(level, 0);
    position_ = 0;
}

template <class Pages, std::uint32_t height_limit>
void Walk<Pages, height_limit>::descend_last(std::uint32_t level, std::uint32_t number) noexcept {
    for (; load(level, number) && level + 1 < branch_.height; level++)
        number = take(level, page_->count());
    if (valid_) position_ = page_->count() - 1;
}

template <class Pages, std::uint32_t height_limit>
void Walk<Pages, height_limit>::to_next_leaf() noexcept {
    const std::uint32_t before = leaf();
    for (std::uint32_t level = branch_.height - 1; level-- > 0;) {
        const std::uint32_t next = taken_[level] + 1U;
        if (!load(level, numbers_[level])) return;
        if (next > page_->count()) continue;
        fetch_leaf(level + 1, next + 1);
        descend_first(level + 1, take(level, next));
        return expect(leaf() > before);
    }
    to_branch_from(family_ + 1);
}

template <class Pages, std::uint32_t height_limit>
void Walk<Pages, height_limit>::to_previous_leaf() noexcept {
    const std::uint32_t before = leaf();
    for (std::uint32_t level = branch_.height - 1; level-- > 0;) {
        if (taken_[level] == 0) continue;
        if (!load(level, numbers_[level])) return;
        const std::uint32_t before_it = taken_[level] - 1U;
        fetch_leaf(level + 1, before_it - 1);
        descend_last(level + 1, take(level, before_it));
        return expect(leaf() < before);
    }
    to_branch_before(family_);
}

// To the first entry of the first branch from a family on that has one.
template <class Pages, std::uint32_t height_limit>
void Walk<Pages, height_limit>::to_branch_from(std::size_t family) noexcept {
    valid_ = false;
    for (; family < family_count && !valid_; family++) valid_ = enter(family);
    if (valid_) descend_first(0, branch_.page);
}

// To the last entry of the last branch before a family that has one.
template <class Pages, std::uint32_t height_limit>
void Walk<Pages, height_limit>::to_branch_before(std::size_t family) noexcept {
    valid_ = false;
    while (family > 0 && !valid_) valid_ = enter(--family);
    if (valid_) descend_last(0, branch_.page);
}

// The delta's own pages.
class PoolPages {
public:
    static constexpr bool is_of_run = false;
    PoolPages() noexcept = default;
    explicit PoolPages(const Pool& pool) noexcept : pool_{&pool} {}
    const Page* operator()(std::uint32_t number, bool /*is_interior*/) const noexcept {
        return &pool_->at(number);
    }
    [[gnu::always_inline]] void fetch(std::uint32_t number) const noexcept {
        pool_->at(number).prefetch();
    }

private:
    const Pool* pool_ = nullptr;
};
// A page splits once for every two children it is given at most, so that a tree of so many levels
// would take 2^40 puts.
inline constexpr std::uint32_t height_max = 40;
using OwnWalk = Walk<PoolPages, height_max>;

}  // namespace freshet::tree
