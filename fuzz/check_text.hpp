// SPDX-License-Identifier: MIT
// UTF-8 and names once more, by code points instead of by bytes: to be compared with the library's.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet::fuzz {

// The next code point, which is taken off; -1: there is none.
inline std::int64_t take_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t size = 1;
    std::int64_t point = byte(0);
    if (point >= 0xf0 && point < 0xf8)
        size = 4, point &= 0x07;
    else if (point >= 0xe0 && point < 0xf0)
        size = 3, point &= 0x0f;
    else if (point >= 0xc0 && point < 0xe0)
        size = 2, point &= 0x1f;
    else if (point >= 0x80)
        return -1;
    if (size > text.size()) return -1;
    for (std::size_t i = 1; i < size; i++) {
        if (byte(i) >> 6 != 2) return -1;
        point = point * 64 + byte(i) % 64;
    }
    text.remove_prefix(size);
    constexpr std::int64_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = point >= 0xd800 && point < 0xe000;
    return point < least[size] || point > 0x10ffff || is_surrogate ? -1 : point;
}

inline bool is_text(std::string_view text) {
    while (!text.empty()) {
        if (take_code_point(text) < 0) return false;
    }
    return true;
}

inline bool is_good_name(std::string_view text, std::size_t size_max) {
    if (text.empty() || text.size() > size_max) return false;
    while (!text.empty()) {
        const std::int64_t point = take_code_point(text);
        if (point < 0x20 || point == 0x7f) return false;
    }
    return true;
}

}  // namespace freshet::fuzz
