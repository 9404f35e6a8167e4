// SPDX-License-Identifier: MIT
#include "tree/checked_pages.hpp"

namespace freshet::tree {

CheckedPages::Stretch CheckedPages::free_from(std::size_t first) const noexcept {
    std::size_t end = table_.size();
    for (const Stretch& taken : stretches_)
        if (taken.count > 0 && taken.first >= first) end = std::min(end, taken.first);
    return {first, end - first};
}

CheckedPages::Marks CheckedPages::take(std::uint32_t slot, std::uint32_t page_count) noexcept {
    give_back(slot);
    Stretch widest = free_from(0);
    for (const Stretch& taken : stretches_) {
        const Stretch behind = free_from(taken.end());
        if (behind.count > widest.count) widest = behind;
    }
    const std::size_t room = (widest.count + 1) / 2;
    Marks marks;
    while (marks.shift_ < shift_max && (page_count >> marks.shift_) / 64 >= room) marks.shift_++;
    const std::size_t wanted = (page_count >> marks.shift_) / 64 + 1;
    const Stretch taken{widest.first, std::min(wanted, room)};
    marks.words_ = table_.data() + taken.first;
    marks.bit_count_ = static_cast<std::uint32_t>(taken.count * 64);
    for (Word& word : table_.subspan(taken.first, taken.count))
        Shared{word}.store(0, std::memory_order_relaxed);
    stretches_[slot] = taken;
    return marks;
}

}  // namespace freshet::tree
