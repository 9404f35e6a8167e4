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
        FRESHET_CHECK(count_ > 1 + gap_);
        FRESHET_CHECK(count_ <= Page::count_max + 1);
        sizes_[0] = 0;
        for (std::uint32_t i = 0; i < count_; i++) {
            const std::size_t size = Page::entry_overhead + sequence.size(i);
            sizes_[i + 1] = sizes_[i] + static_cast<std::uint32_t>(size);
        }
    }

    // Where the left side ends: at `wanted` or as near below as both sides fit, or else above.
    [[nodiscard]] std::uint32_t near(std::uint32_t wanted) const noexcept {
        const std::uint32_t from = std::clamp(wanted, 1U, last());
        for (std::uint32_t end = from; end > 0; end--) {
            if (fits(end)) return end;
        }
        std::uint32_t end = from + 1;
        while (!fits(end)) end++;
        return end;
    }

    // Where the left side is nearest to half.
    [[nodiscard]] std::uint32_t middle() const noexcept {
        const std::uint32_t half = sizes_[count_] / 2;
        const std::uint32_t* const first = sizes_.data();
        const std::uint32_t* const above = std::lower_bound(first, first + count_ + 1, half);
        return static_cast<std::uint32_t>(above - first) -
               (half - above[-1] < *above - half ? 1 : 0);
    }

private:
    [[nodiscard]] std::uint32_t last() const noexcept { return count_ - gap_ - 1; }
    [[nodiscard]] bool fits(std::uint32_t end) const noexcept {
        FRESHET_CHECK(end <= last());
        return fits(0, end) && fits(end + gap_, count_);
    }
    [[nodiscard]] bool fits(std::uint32_t from, std::uint32_t to) const noexcept {
        const std::size_t saved = sequence_.prefix_size(from, to) * (to - from - 1);
        return Page::header_size + (sizes_[to] - sizes_[from]) - saved <= page_size;
    }

    const Sequence& sequence_;
    std::uint32_t count_;
    std::uint32_t gap_;
    std::array<std::uint32_t, Page::count_max + 2>
        sizes_;  // Of all entries before, without prefix.
};

Separator whole_key(const Key& key) noexcept {
    std::array<std::byte, key_size_max> buffer;
    key.copy(0, buffer.data());
    return {.bytes = buffer, .size = key.size()};
}

}  // namespace

Separator shortest_between(const Key& below, const Key& above) noexcept {
    std::array<std::byte, key_size_max> buffer;
    above.copy(0, buffer.data());
    return {.bytes = buffer, .size = common_size(below, above) + 1};
}

// What comes behind all that there is, where more will follow, begins a page; the left one stays.
Separator split_leaf(Page& page, Page& right, std::uint32_t position, const Entry& entry,
                     Cut cut) noexcept {
    if (cut == Cut::after && position == page.count()) {
        right.build(Sequence{page, position, entry}, position, position + 1);
        return shortest_between(page.key(position - 1), entry.key);
    }
    Page old;
    old.copy_content(page);
    const Sequence all{old, position, entry};
    const Cutter cutter{all, 0};
    const std::uint32_t middle = cutter.near(cut == Cut::after ? position + 1 : cutter.middle());
    page.build(all, 0, middle);
    if (middle > position) page.note_insert(position);
    right.build(all, middle, all.count());
    return shortest_between(all.at(middle - 1).key, all.at(middle).key);
}

Separator split_interior(Page& page, Page& right, std::uint32_t position, const Entry& entry,
                         Cut cut) noexcept {
    Page old;
    old.copy_content(page);
    const Sequence all{old, position, entry};
    const Cutter cutter{all, 1};
    const std::uint32_t after = position < old.count() ? position + 1 : position - 1;
    const std::uint32_t middle = cutter.near(cut == Cut::after ? after : cutter.middle());
    page.build(all, 0, middle);
    if (middle > position) page.note_insert(position);
    right.build(all, middle + 1, all.count());
    right.adopt(all.at(middle).value);
    return whole_key(all.at(middle).key);
}

bool fits_joined(const Page& left, const Page& right, const Entry* between) noexcept {
    const Sequence all{left, right, between};
    std::size_t size = left.whole_size() + right.whole_size();
    if (between != nullptr) size += Page::entry_overhead + between->size();
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
