// SPDX-License-Identifier: MIT
// Which bytes are text, and which text can be a name.
#pragma once

#include <cstddef>
#include <string_view>

namespace freshet {

// Well-formed UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above
// U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

// Not empty, at most `size_max` bytes, UTF-8, and no control characters (below 0x20, and 0x7f).
bool is_name(std::string_view text, std::size_t size_max) noexcept;

}  // namespace freshet
