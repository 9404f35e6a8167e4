// SPDX-License-Identifier: MIT
#include "shell/values.hpp"

#include <algorithm>

#include "base/time_text.hpp"
#include "freshet/value.hpp"

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

struct AgeUnit {
    std::string_view name;
    std::uint64_t size_us;
};
constexpr AgeUnit age_units[] = {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000},
                                 {"s", 1'000'000},      {"ms", 1'000},        {"us", 1}};

}  // namespace

bool parse_time(std::string_view text, std::uint64_t& time_us) noexcept {
    const Result<std::int64_t> days = parse_date(text);
    const Result<std::int64_t> time = days ? *days * day_us : parse_timestamp(text);
    if (!time || *time < 0) return false;
    time_us = static_cast<std::uint64_t>(*time);
    return true;
}

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

bool parse_age(std::string_view text, std::uint64_t& age_us) noexcept {
    age_us = 0;
    if (text == "0") return true;
    std::size_t digit_count = 0;
    while (digit_count < text.size() && is_digit(text[digit_count])) digit_count++;
    const Result<std::uint64_t> count = parse_number({text.data(), digit_count});
    text.remove_prefix(digit_count);
    for (const AgeUnit& unit : age_units) {
        if (!count || unit.name != text || *count >= unchanged / unit.size_us) continue;
        age_us = *count * unit.size_us;
        return true;
    }
    return false;
}

std::string_view age_text(std::uint64_t age_us, std::span<char> into) noexcept {
    const AgeUnit* unit = age_units;
    while (age_us % unit->size_us != 0) unit++;
    return TextWriter{into}.number(age_us / unit->size_us).text(unit->name).written();
}

bool parse_group(std::string_view text, std::uint32_t& member, std::uint32_t& count) noexcept {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const Result<std::uint64_t> first = parse_number({text.data(), slash});
    text.remove_prefix(std::min(slash + 1, text.size()));
    const Result<std::uint64_t> second = parse_number(text);
    if (!first || !second || *first >= *second || *second > ~std::uint32_t{0}) return false;
    member = static_cast<std::uint32_t>(*first);
    count = static_cast<std::uint32_t>(*second);
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
