// SPDX-License-Identifier: MIT
#include "shell/width.hpp"

#include <array>
#include <cstdint>

#include "base/utf8.hpp"

namespace freshet::shell {
namespace {

struct Range {
    std::uint32_t first;
    std::uint32_t last;
};

// Of Unicode 15, the blocks that matter: combining marks and what joins, then wide letters.
constexpr std::array<Range, 7> of_no_width{{{0x300, 0x36f},
                                            {0x1ab0, 0x1aff},
                                            {0x1dc0, 0x1dff},
                                            {0x200b, 0x200f},
                                            {0x20d0, 0x20ff},
                                            {0xfe00, 0xfe0f},
                                            {0xfe20, 0xfe2f}}};
constexpr std::array<Range, 11> wide{{{0x1100, 0x115f},
                                      {0x2e80, 0x303e},
                                      {0x3041, 0xa4cf},
                                      {0xa960, 0xa97f},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0xffe0, 0xffe6},
                                      {0x1f300, 0x1faff},
                                      {0x20000, 0x3fffd}}};

template <std::size_t Count>
bool contains(const std::array<Range, Count>& ranges, std::uint32_t point) noexcept {
    for (const Range& range : ranges) {
        if (point >= range.first && point <= range.last) return true;
    }
    return false;
}

std::size_t sequence_size(unsigned char first) noexcept {
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

std::uint32_t code_point(std::string_view sequence) noexcept {
    const auto first = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 1) return first;
    std::uint32_t point = first & (0x7fU >> sequence.size());
    for (std::size_t i = 1; i < sequence.size(); i++) {
        point = point << 6 | (static_cast<unsigned char>(sequence[i]) & 0x3fU);
    }
    return point;
}

}  // namespace

Character first_character(std::string_view text) noexcept {
    const std::size_t size = sequence_size(static_cast<unsigned char>(text[0]));
    if (size > text.size() || !is_utf8({text.data(), size})) return {1, 1, false};
    const std::uint32_t point = code_point({text.data(), size});
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return {size, 1, false};
    const std::size_t width = contains(of_no_width, point) ? 0 : contains(wide, point) ? 2 : 1;
    return {size, width, true};
}

std::size_t text_width(std::string_view text) noexcept {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        width += character.width;
        text.remove_prefix(character.size);
    }
    return width;
}

}  // namespace freshet::shell
