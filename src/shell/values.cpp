// SPDX-License-Identifier: MIT
#include "shell/values.hpp"

#include <algorithm>

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

struct AgeUnit {
    std::string_view name;
    std::uint64_t size_us;
};
constexpr AgeUnit age_units[] = {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000},
                                 {"s", 1'000'000},      {"ms", 1'000},        {"us", 1}};

// Reads a text from its beginning; the first that is missing fails all.
class TimeReader {
public:
    explicit TimeReader(std::string_view text) noexcept : text_{text} {}

    std::uint64_t digits(std::size_t count, std::uint64_t least, std::uint64_t most) noexcept {
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < count; i++) number = number * 10 + digit();
        if (number < least || number > most) good_ = false;
        return number;
    }
    void expect(char letter) noexcept {
        if (!accept(letter)) good_ = false;
    }
    bool accept(char letter) noexcept {
        if (text_.empty() || text_[0] != letter) return false;
        text_.remove_prefix(1);
        return true;
    }
    // Of a second, in microseconds; what is finer is left out.
    std::uint64_t fraction() noexcept {
        if (!accept('.')) return 0;
        std::uint64_t value = digit() * 100'000;
        for (std::uint64_t unit = 10'000; !text_.empty() && is_digit(text_[0]); unit /= 10)
            value += digit() * unit;
        return value;
    }
    [[nodiscard]] bool at_end() const noexcept { return text_.empty(); }
    [[nodiscard]] bool is_good() const noexcept { return good_ && text_.empty(); }

private:
    std::uint64_t digit() noexcept {
        if (text_.empty() || !is_digit(text_[0])) {
            good_ = false;
            return 0;
        }
        const char letter = text_[0];
        text_.remove_prefix(1);
        return static_cast<std::uint64_t>(letter - '0');
    }

    std::string_view text_;
    bool good_ = true;
};

std::uint64_t days_before(std::uint64_t year) noexcept {
    const std::uint64_t past = year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400;
}

bool is_leap(std::uint64_t year) noexcept {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

std::uint64_t days_in(std::uint64_t year, std::uint64_t month) noexcept {
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::uint64_t read_day(TimeReader& reader) noexcept {
    const std::uint64_t year = reader.digits(4, 1970, 9999);
    reader.expect('-');
    const std::uint64_t month = reader.digits(2, 1, 12);
    reader.expect('-');
    const std::uint64_t day = reader.digits(2, 1, days_in(year, month));
    std::uint64_t days = days_before(year) - days_before(1970) + day - 1;
    for (std::uint64_t i = 1; i < month; i++) days += days_in(year, i);
    return days;
}

// Seconds that the place is ahead of UTC.
std::int64_t read_zone(TimeReader& reader) noexcept {
    if (reader.accept('Z')) return 0;
    const bool is_behind = reader.accept('-');
    if (!is_behind) reader.expect('+');
    const std::uint64_t hours = reader.digits(2, 0, 23);
    reader.expect(':');
    const auto seconds = static_cast<std::int64_t>((hours * 60 + reader.digits(2, 0, 59)) * 60);
    return is_behind ? -seconds : seconds;
}

}  // namespace

bool parse_time(std::string_view text, std::uint64_t& time_us) noexcept {
    TimeReader reader{text};
    auto seconds = static_cast<std::int64_t>(read_day(reader) * 86'400);
    std::uint64_t fraction = 0;
    if (!reader.at_end()) {
        reader.expect('T');
        const std::uint64_t hours = reader.digits(2, 0, 23);
        reader.expect(':');
        const std::uint64_t minutes = reader.digits(2, 0, 59);
        reader.expect(':');
        seconds += static_cast<std::int64_t>((hours * 60 + minutes) * 60 + reader.digits(2, 0, 60));
        fraction = reader.fraction();
        seconds -= read_zone(reader);
    }
    if (!reader.is_good() || seconds < 0) return false;
    time_us = static_cast<std::uint64_t>(seconds) * 1'000'000 + fraction;
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
