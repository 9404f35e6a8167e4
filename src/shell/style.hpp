// SPDX-License-Identifier: MIT
// How things are to look: decided once, from the arguments and from what the descriptors are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace freshet::shell {

enum class Format : std::uint8_t { automatic, box, tsv, json, ndjson };
enum class Color : std::uint8_t { automatic, always, never };

struct Style {
    Format format = Format::tsv;
    bool color_out = false;
    bool color_err = false;
    bool plain_lines = false;  // Of boxes: ASCII, for a terminal that is dumb.
    bool errors_are_json = false;
};

// Of the program, for which it is set once.
void set_style(Format format, Color color) noexcept;
const Style& style() noexcept;

bool is_terminal(int descriptor) noexcept;
// As wide as the terminal says it is; 80 if it does not.
std::size_t terminal_width(int descriptor) noexcept;

}  // namespace freshet::shell
