// SPDX-License-Identifier: MIT
// A Head as one word, to be kept elsewhere: its fields in hexadecimal, in their order, joined by
// dots.
#pragma once

#include <array>
#include <string_view>

#include "freshet/store.hpp"

namespace freshet::shell {

inline constexpr std::size_t head_text_size_max = 7 * 17 + 64;

std::string_view head_text(const Head& head, std::array<char, head_text_size_max>& into) noexcept;
bool parse_head(std::string_view text, Head& head) noexcept;

}  // namespace freshet::shell
