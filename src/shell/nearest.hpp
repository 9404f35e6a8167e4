// SPDX-License-Identifier: MIT
// What somebody may have meant who mistyped a word.
#pragma once

#include <span>
#include <string_view>

namespace freshet::shell {

// The most similar of the words; empty if none is: at most one slip for each three letters
// (but one at least), where a slip is a letter too many, too few, wrong, or two that changed
// places.
std::string_view nearest(std::string_view typed, std::span<const std::string_view> words) noexcept;

}  // namespace freshet::shell
