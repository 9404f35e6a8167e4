// SPDX-License-Identifier: MIT
#include "tree/split.hpp"

#include <algorithm>

namespace freshet::tree {
namespace {

// Finds where to cut a sequence. `gap` entries, 1 in interior pages, go to neither side but up.
class Cutter {
public:
    Cutter(const Sequence& sequence, std::uint32_t gap) noexcept
        : sequence_{sequence}, count_{sequence.count()}, gap_{gap} {
        FRESHET_CHECK(count_ <= Page::count_max + 1);
        sizes_[0] = 0;
        for (std::uint32_t i = 0; i < count_; i++) {
            const Entry entry = sequence.at(i);
            const std::size_t size = Page::entry_overhead + entry.key.size() + entry.value.size();
            sizes_[i + 1] = sizes_[i] + static_cast<std::uint32_t>(size);
        }
    }

    // Where the left side ends: the place nearest to `wanted` for which both sides fit.
    [[nodiscard]] std::uint32_t nearest(std::uint32_t wanted) const noexcept {
        for (std::uint32_t distance = 0; distance <= count_; distance++) {
            if (wanted >= distance && fits(wanted - distance)) return wanted - distance;
            if (fits(wanted + distance)) return wanted + distance;
        }
        FRESHET_CHECK(false);
        return 0;
    }

    [[nodiscard]] std::uint32_t middle() const noexcept {
        const std::uint32_t* const end = sizes_.data() + count_ + 1;
        const std::uint32_t half = sizes_[count_] / 2;
        const std::uint32_t* const above = std::lower_bound(sizes_.data(), end, half);
        const bool is_below_nearer = above > sizes_.data() && half - above[-1] < *above - half;
        return static_cast<std::uint32_t>(above - sizes_.data()) - (is_below_nearer ? 1 : 0);
    }

private:
    // A leaf has an entry at least; an interior page has a child even without one.
    [[nodiscard]] bool fits(std::uint32_t end) const noexcept {
        if (end + 1 > count_) return false;
        if (gap_ == 0 && end == 0) return false;
        return fits(0, end) && fits(end + gap_, count_);
    }
    [[nodiscard]] bool fits(std::uint32_t from, std::uint32_t to) const noexcept {
        if (from == to) return true;
        const std::size_t prefix = sequence_.prefix_size(from, to);
        const std::size_t saved = prefix * (to - from - 1);
        return Page::header_size + (sizes_[to] - sizes_[from]) - saved <= page_size;
    }

    const Sequence& sequence_;
    std::uint32_t count_;
    std::uint32_t gap_;
    std::array<std::uint32_t, Page::count_max + 2> sizes_;  // Of all entries before, without prefix.
};

Separator shortest_between(const Key& below, const Key& above) noexcept {
    std::array<std::byte, key_size_max> buffer;
    above.copy(0, buffer.data());
    return {.bytes = buffer, .size = common_size(below, above) + 1};
}

Separator whole_key(const Key& key) noexcept {
    std::array<std::byte, key_size_max> buffer;
    key.copy(0, buffer.data());
    return {.bytes = buffer, .size = key.size()};
}

}  // namespace

Separator split_leaf(Page& page, Page& right, std::uint32_t position, const Entry& entry,
                     Cut cut) noexcept {
    Page old;
    old.copy_content(page);
    const Sequence all{old, position, entry};
    const Cutter cutter{all, 0};
    const std::uint32_t middle = cutter.nearest(cut == Cut::after ? position : cutter.middle());
    page.build(all, 0, middle);
    right.build(all, middle, all.count());
    return shortest_between(all.at(middle - 1).key, all.at(middle).key);
}

Separator split_interior(Page& page, Page& right, std::uint32_t position, const Entry& entry,
                         Cut cut) noexcept {
    Page old;
    old.copy_content(page);
    const Sequence all{old, position, entry};
    const Cutter cutter{all, 1};
    const bool is_after = cut == Cut::after && position > 0;
    const std::uint32_t middle = cutter.nearest(is_after ? position - 1 : cutter.middle());
    page.build(all, 0, middle);
    right.build(all, middle + 1, all.count());
    right.adopt(all.at(middle).value);
    return whole_key(all.at(middle).key);
}

bool fits_joined(const Page& left, const Page& right, const Entry* between) noexcept {
    const Sequence all{left, right, between};
    if (all.count() == 0) return true;
    std::size_t size = left.whole_size() + right.whole_size();
    if (between != nullptr) size += Page::entry_overhead + between->key.size() + between->value.size();
    const std::size_t saved = all.prefix_size(0, all.count()) * (all.count() - 1);
    return Page::header_size + size - saved <= page_size;
}

void join(const Page& left, const Page& right, const Entry* between, Page& into) noexcept {
    FRESHET_CHECK(&into == &left || &into == &right);
    Page old;
    old.copy_content(into);
    const Page& first = &into == &left ? old : left;
    const Page& second = &into == &right ? old : right;
    const Sequence all{first, second, between};
    into.build(all, 0, all.count());
    into.set_child(0, first.child(0));
}

}  // namespace freshet::tree
