// SPDX-License-Identifier: MIT
// Where a tree of pages begins. Its first level is an array: keys of one family begin with the same
// byte and lie on pages of their own, so that what they have in common is left out when they are
// compared, from the top on. All first bytes from the last family's on are one family.
#pragma once

#include <array>
#include <cstdint>

#include "freshet/bytes.hpp"

namespace freshet::tree {

// What has keys of one family. `page` is 0 when it is empty.
struct Branch {
    std::uint32_t page = 0;
    std::uint32_t height = 0;  // Pages from here to a leaf.
};

inline constexpr std::size_t family_count = 16;
using Branches = std::array<Branch, family_count>;

inline std::size_t family_of(Bytes key) noexcept {
    const std::size_t first = key.empty() ? 0 : std::to_integer<std::size_t>(key[0]);
    return first < family_count ? first : family_count - 1;
}

}  // namespace freshet::tree
