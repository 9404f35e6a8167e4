// SPDX-License-Identifier: MIT
#include "base/time_text.hpp"

#include "freshet/value.hpp"

namespace freshet {
namespace {

// The calendar repeats every 400 years. Years are counted from March, so that the leap day is the
// last of a year, and the months' lengths follow 153 days / 5 months.
constexpr std::int64_t era_days = 146097;
constexpr std::int64_t days_before_1970 = 719468;  // Since 0000-03-01.

std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}

// The first error sticks: after it every field is 0 and nothing is taken.
class Fields {
public:
    explicit Fields(std::string_view text) noexcept : text_{text} {}

    // So many digits, from `min` to `max`.
    std::int64_t number(std::size_t width, std::int64_t min, std::int64_t max) noexcept {
        std::int64_t value = 0;
        for (std::size_t i = 0; i < width; i++) value = value * 10 + digit();
        if (value < min || value > max) fail();
        return ok_ ? value : 0;
    }

    std::int64_t digit() noexcept {
        if (!is_digit()) return fail();
        const std::int64_t value = text_.front() - '0';
        text_.remove_prefix(1);
        return value;
    }

    // One of these characters.
    bool accept(std::string_view wanted) noexcept {
        if (text_.empty() || wanted.find(text_.front()) == std::string_view::npos) return false;
        text_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view wanted) noexcept {
        if (!accept(wanted)) fail();
    }

    [[nodiscard]] bool is_digit() const noexcept {
        return !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
    }
    [[nodiscard]] bool is_done() const noexcept { return ok_ && text_.empty(); }

private:
    std::int64_t fail() noexcept {
        ok_ = false;
        text_ = {};
        return 0;
    }

    std::string_view text_;
    bool ok_ = true;
};

std::int64_t month_days(std::int64_t year, std::int64_t month) noexcept {
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (month == 2) return is_leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::int64_t read_date(Fields& fields) noexcept {
    const std::int64_t year = fields.number(4, 1, 9999);
    fields.expect("-");
    const std::int64_t month = fields.number(2, 1, 12);
    fields.expect("-");
    const std::int64_t day = fields.number(2, 1, month_days(year, month));
    return days_since_1970(
        {year, static_cast<std::uint32_t>(month), static_cast<std::uint32_t>(day)});
}

std::int64_t read_fraction_us(Fields& fields) noexcept {
    std::int64_t us = fields.digit();
    std::int64_t count = 1;
    for (; count < 6 && fields.is_digit(); count++) us = us * 10 + fields.digit();
    for (; count < 6; count++) us *= 10;
    while (fields.is_digit()) fields.number(1, 0, 0);
    return us;
}

void put_time(TextWriter& text, std::int64_t days, std::uint64_t us) noexcept {
    const std::uint64_t seconds = us / 1'000'000;
    put_date(text, days);
    text.character('T').digits(seconds / 3600, 2).character(':').digits(seconds / 60 % 60, 2);
    text.character(':').digits(seconds % 60, 2).character('.');
    text.digits(us % 1'000'000, 6).character('Z');
}

// How far the text is ahead of UTC.
std::int64_t read_offset_us(Fields& fields) noexcept {
    const bool is_negative = fields.accept("-");
    if (!is_negative && !fields.accept("+")) {
        fields.accept("Zz");
        return 0;
    }
    const std::int64_t hours = fields.number(2, 0, 23);
    fields.expect(":");
    const std::int64_t minutes = hours * 60 + fields.number(2, 0, 59);
    return (is_negative ? -minutes : minutes) * 60'000'000;
}

}  // namespace

CalendarDate calendar_date(std::int64_t days) noexcept {
    const std::int64_t shifted = days + days_before_1970;
    const std::int64_t era = floor_divide(shifted, era_days);
    const std::int64_t in_era = shifted - era * era_days;
    const std::int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    const std::int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    const std::int64_t month = (5 * in_year + 2) / 153;
    const auto day = static_cast<std::uint32_t>(in_year - (153 * month + 2) / 5 + 1);
    const std::int64_t since_march = era * 400 + year;
    return month < 10 ? CalendarDate{since_march, static_cast<std::uint32_t>(month + 3), day}
                      : CalendarDate{since_march + 1, static_cast<std::uint32_t>(month - 9), day};
}

std::int64_t days_since_1970(const CalendarDate& date) noexcept {
    const std::int64_t year = date.month > 2 ? date.year : date.year - 1;
    const std::int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    const std::int64_t era = floor_divide(year, 400);
    const std::int64_t in_era = year - era * 400;
    const std::int64_t in_year = (153 * month + 2) / 5 + date.day - 1;
    return era * era_days + in_era * 365 + in_era / 4 - in_era / 100 + in_year - days_before_1970;
}

void put_date(TextWriter& text, std::int64_t days) noexcept {
    const CalendarDate date = calendar_date(days);
    if (date.year > 9999) text.character('+');
    text.digits(static_cast<std::uint64_t>(date.year), 4).character('-');
    text.digits(date.month, 2).character('-').digits(date.day, 2);
}

void put_timestamp(TextWriter& text, std::int64_t us) noexcept {
    const std::int64_t days = floor_divide(us, day_us);
    put_time(text, days, static_cast<std::uint64_t>(us - days * day_us));
}

TextWriter& TextWriter::time_us(std::uint64_t value) noexcept {
    constexpr std::uint64_t day = day_us;
    put_time(*this, static_cast<std::int64_t>(value / day), value % day);
    return *this;
}

Result<std::int64_t> parse_date(std::string_view text) noexcept {
    Fields fields{text};
    const std::int64_t days = read_date(fields);
    if (!fields.is_done()) return Code::invalid_argument;
    return days;
}

Result<std::int64_t> parse_timestamp(std::string_view text) noexcept {
    Fields fields{text};
    const std::int64_t days = read_date(fields);
    fields.expect("Tt ");
    std::int64_t seconds = fields.number(2, 0, 23) * 3600;
    fields.expect(":");
    seconds += fields.number(2, 0, 59) * 60;
    fields.expect(":");
    seconds += fields.number(2, 0, 59);
    const std::int64_t fraction_us = fields.accept(".") ? read_fraction_us(fields) : 0;
    const std::int64_t offset_us = read_offset_us(fields);
    if (!fields.is_done()) return Code::invalid_argument;
    const std::int64_t us = days * day_us + seconds * 1'000'000 + fraction_us - offset_us;
    if (us < timestamp_min || us > timestamp_max) return Code::invalid_argument;
    return us;
}

}  // namespace freshet
