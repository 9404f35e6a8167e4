// SPDX-License-Identifier: MIT
// Workload: short names, nearly always ASCII.
//
//  The well-formed sequences (Unicode, table 3-7):
//
//      first     second    third     fourth
//      00..7f
//      c2..df    80..bf
//      e0        a0..bf    80..bf
//      e1..ec    80..bf    80..bf
//      ed        80..9f    80..bf              above are the surrogates
//      ee..ef    80..bf    80..bf
//      f0        90..bf    80..bf    80..bf
//      f1..f3    80..bf    80..bf    80..bf
//      f4        80..8f    80..bf    80..bf
#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace freshet {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t index) noexcept {
    return static_cast<std::uint8_t>(text[index]);
}

bool is_between(std::uint8_t byte, std::uint8_t low, std::uint8_t high) noexcept {
    return low <= byte && byte <= high;
}

bool second_fits(std::uint8_t first, std::uint8_t second) noexcept {
    switch (first) {
        case 0xe0: return is_between(second, 0xa0, 0xbf);
        case 0xed: return is_between(second, 0x80, 0x9f);
        case 0xf0: return is_between(second, 0x90, 0xbf);
        case 0xf4: return is_between(second, 0x80, 0x8f);
        default: return is_between(second, 0x80, 0xbf);
    }
}

// The size of the well-formed sequence at the start of the text; 0 if there is none.
std::size_t sequence_size(std::string_view text) noexcept {
    const std::uint8_t first = byte_at(text, 0);
    if (first < 0x80) return 1;
    if (!is_between(first, 0xc2, 0xf4)) return 0;
    const std::size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < size || !second_fits(first, byte_at(text, 1))) return 0;
    for (std::size_t i = 2; i < size; i++) {
        if (!is_between(byte_at(text, i), 0x80, 0xbf)) return 0;
    }
    return size;
}

// Whether all of eight bytes are ASCII and no control characters. In each byte the top bit of what
// is or-ed tells: not ASCII; less than 0x20; 0x7f, which XOR makes zero. A borrow only comes from a
// byte that is told itself.
bool is_plain(std::uint64_t eight) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const std::uint64_t flipped = eight ^ (ones * 0x7f);
    return ((eight | (eight - ones * 0x20) | (flipped - ones)) & (ones * 0x80)) == 0;
}

// The last eight bytes overlap those before; of fewer, the rest is filled with what is plain.
bool is_plain(std::string_view text) noexcept {
    std::uint64_t eight = 0x2020202020202020;
    if (text.size() < sizeof eight) {
        std::memcpy(&eight, text.data(), text.size());
        return is_plain(eight);
    }
    const char* const last = text.data() + text.size() - sizeof eight;
    for (const char* from = text.data(); from < last; from += sizeof eight) {
        std::memcpy(&eight, from, sizeof eight);
        if (!is_plain(eight)) return false;
    }
    std::memcpy(&eight, last, sizeof eight);
    return is_plain(eight);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = sequence_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

bool is_name(std::string_view text, std::size_t size_max) noexcept {
    if (text.empty() || text.size() > size_max) return false;
    if (is_plain(text)) return true;
    for (const char character : text) {
        const auto byte = static_cast<std::uint8_t>(character);
        if (byte < 0x20 || byte == 0x7f) return false;
    }
    return is_utf8(text);
}

}  // namespace freshet
