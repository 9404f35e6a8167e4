// SPDX-License-Identifier: MIT
// Dates and times to text and back, by the Gregorian calendar and UTC, without time zones.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/text.hpp"
#include "freshet/error.hpp"

namespace freshet {

struct CalendarDate {
    std::int64_t year;
    std::uint32_t month;  // From 1.
    std::uint32_t day;    // From 1.
};

// Of days since 1970-01-01, before and after; years from -10^12 to 10^12.
CalendarDate calendar_date(std::int64_t days) noexcept;
std::int64_t days_since_1970(const CalendarDate& date) noexcept;

// "2026-11-20". Years after 9999 have a sign in front, as ISO 8601 has them.
void put_date(TextWriter& text, std::int64_t days) noexcept;
// "2026-11-20T23:50:07.412000Z": RFC 3339, always with microseconds.
void put_timestamp(TextWriter& text, std::int64_t us) noexcept;

// A date that the calendar has, from 0001-01-01 to 9999-12-31, just as put_date() writes it.
// invalid_argument: it is none.
Result<std::int64_t> parse_date(std::string_view text) noexcept;

// A time as RFC 3339 has it: a date, `T` or one blank, HH:MM:SS, perhaps a fraction, and `Z` or an
// offset +HH:MM; T and Z in lower case too. Without an offset it is UTC. Digits of the fraction
// beyond microseconds must be 0, so that nothing is lost; the leap second :60 is refused, since
// there is no number for it. invalid_argument: it is none, or not in the years 1 to 9999 of UTC.
Result<std::int64_t> parse_timestamp(std::string_view text) noexcept;

}  // namespace freshet
