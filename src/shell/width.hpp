// SPDX-License-Identifier: MIT
// Text as a terminal shows it: character by character, each so many columns wide.
#pragma once

#include <cstddef>
#include <string_view>

namespace freshet::shell {

// The first character of a text that is not empty.
struct Character {
    std::size_t size = 1;      // In bytes; of broken UTF-8 it takes one.
    std::size_t width = 1;     // In columns: 0 of what combines, 2 of what is wide.
    bool is_printable = true;  // Not: a control character, or no UTF-8.
};
Character first_character(std::string_view text) noexcept;

std::size_t text_width(std::string_view text) noexcept;

}  // namespace freshet::shell
