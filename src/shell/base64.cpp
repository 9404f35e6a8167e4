// SPDX-License-Identifier: MIT
#include "shell/base64.hpp"

#include <cstdint>

namespace freshet::shell {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The bits of up to four letters, and those that are padding. False: they are no group.
bool decode_group(const char* text, std::size_t letter_count, std::uint32_t& bits) noexcept {
    bits = 0;
    for (std::size_t i = 0; i < 4; i++) {
        const std::size_t value = i < letter_count ? letters.find(text[i]) : 0;
        if (value == std::string_view::npos) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
    }
    const std::uint32_t unused = letter_count == 4 ? 0 : letter_count == 3 ? 0xff : 0xffff;
    return (bits & unused) == 0;
}

std::size_t padding_size(std::span<const char> text) noexcept {
    if (text.empty() || text[text.size() - 1] != '=') return 0;
    return text[text.size() - 2] == '=' ? 2 : 1;
}

}  // namespace

void encode_base64(Bytes three, char* into) noexcept {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; i++) {
        bits = bits << 8 | (i < three.size() ? std::to_integer<std::uint32_t>(three[i]) : 0);
    }
    for (std::size_t i = 0; i < 4; i++) {
        into[i] = i <= three.size() ? letters[(bits >> (18 - 6 * i)) & 63] : '=';
    }
}

Decoded decode_base64(std::span<char> text) noexcept {
    if (text.size() % 4 != 0) return {};
    const std::size_t padding = padding_size(text);
    std::size_t used = 0;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const std::size_t letter_count = i + 4 == text.size() ? 4 - padding : 4;
        std::uint32_t bits = 0;
        if (!decode_group(&text[i], letter_count, bits)) return {};
        for (std::size_t k = 0; k + 1 < letter_count; k++) {
            text[used++] = static_cast<char>(bits >> (16 - 8 * k) & 0xff);
        }
    }
    return {as_bytes({text.data(), used}), true};
}

}  // namespace freshet::shell
