// SPDX-License-Identifier: MIT
#include "shell/values.hpp"

#include "base/text.hpp"

namespace freshet::shell {
namespace {

bool is_digit(char letter) noexcept {
    return letter >= '0' && letter <= '9';
}

unsigned shift_of(char unit) noexcept {
    switch (unit) {
        case 'k':
        case 'K': return 10;
        case 'm':
        case 'M': return 20;
        case 'g':
        case 'G': return 30;
        default: return 99;
    }
}

}  // namespace

bool parse_count(std::string_view text, std::uint64_t& count) noexcept {
    const Result<std::uint64_t> value = parse_number(text);
    if (value) count = *value;
    return static_cast<bool>(value);
}

bool parse_size(std::string_view text, std::uint64_t& size) noexcept {
    const std::size_t digit_count = text.size() - (text.empty() || is_digit(text.back()) ? 0 : 1);
    const Result<std::uint64_t> count = parse_number({text.data(), digit_count});
    const unsigned shift = digit_count == text.size() ? 0 : shift_of(text.back());
    if (!count || shift > 30 || *count == 0 || *count > ~std::uint64_t{0} >> (shift + 8))
        return false;
    size = *count << shift;
    return true;
}

bool parse_size(std::string_view text, std::uint32_t& size) noexcept {
    std::uint64_t wide = 0;
    if (!parse_size(text, wide) || wide > ~std::uint32_t{0}) return false;
    size = static_cast<std::uint32_t>(wide);
    return true;
}

bool parse_expected(std::string_view text, Expected& expected) noexcept {
    const Result<std::uint64_t> version = parse_number(text);
    if (text == "any") {
        expected = Expected::any();
    } else if (text == "no-stream" || text == "none") {
        expected = Expected::no_stream();
    } else if (text == "exists") {
        expected = Expected::stream_exists();
    } else if (version && *version <= ~std::uint64_t{0} >> 1) {
        expected = Expected::version(static_cast<std::int64_t>(*version));
    } else {
        return false;
    }
    return true;
}

bool parse_event_id(std::string_view text, EventId& id) noexcept {
    const bool is_uuid = text.size() == 36;
    if (!is_uuid && text.size() != 32) return false;
    std::size_t digit_count = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        const bool is_dash_here = is_uuid && (i == 8 || i == 13 || i == 18 || i == 23);
        if (is_dash_here && text[i] == '-') continue;
        const std::size_t value = std::string_view{"0123456789abcdefABCDEF"}.find(text[i]);
        if (is_dash_here || value > 21) return false;
        std::byte& byte = id.bytes[digit_count / 2];
        byte = byte << 4 | static_cast<std::byte>(value < 16 ? value : value - 6);
        digit_count++;
    }
    return id.is_set();
}

}  // namespace freshet::shell
