// SPDX-License-Identifier: MIT
// Dividing a page that an entry does not fit in, and joining two.
//
// A division always exists. A new key that does not share the page's prefix belongs at one of its
// ends, and the old entries fit without it. One that does share it leaves a page of at most 4/3 of
// the size, since an entry takes at most a third; cut where the left part is nearest to half, both
// parts fit.
#pragma once

#include <array>

#include "tree/page.hpp"

namespace freshet::tree {

// The least key that the right page may hold.
struct Separator {
    std::array<std::byte, key_size_max> bytes;
    std::size_t size;

    [[nodiscard]] Bytes key() const noexcept { return {bytes.data(), size}; }
};

// The shortest one between two neighbours, the second of which is greater.
Separator shortest_between(const Key& below, const Key& above) noexcept;

enum class Cut : std::uint8_t {
    even,
    after,  // Leave all up to the new entry, or the one before, in the left page: more will follow.
};

// Puts the entry at `position` of the page and moves the end of it to `right`, which is empty.
Separator split_leaf(Page& page, Page& right, std::uint32_t position, const Entry& entry,
                     Cut cut) noexcept;
Separator split_interior(Page& page, Page& right, std::uint32_t position, const Entry& entry,
                         Cut cut) noexcept;

// Whether all entries of two neighbours, and one between them unless it is null, fit in one page.
bool fits_joined(const Page& left, const Page& right, const Entry* between) noexcept;
// Makes one of two neighbours hold all of both.
void join(const Page& left, const Page& right, const Entry* between, Page& into) noexcept;

}  // namespace freshet::tree
