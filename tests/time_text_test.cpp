// SPDX-License-Identifier: MIT
// Goal: every day has one text and every text one day, and what the calendar or RFC 3339 does not
// have is refused. Method: all days of the years 1 to 9999, counted by hand; all triples of numbers
// around a date; examples of each rule of a time and its breach; random times there and back.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "base/time_text.hpp"
#include "freshet/value.hpp"

namespace freshet {
namespace {

std::string date_text(std::int64_t days) {
    std::array<char, 40> buffer;
    TextWriter text{buffer};
    put_date(text, days);
    return std::string{text.written()};
}

std::string time_text(std::int64_t us) {
    std::array<char, 40> buffer;
    TextWriter text{buffer};
    put_timestamp(text, us);
    return std::string{text.written()};
}

int month_days(int year, int month) {
    constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap ? 1 : 0);
}

TEST(TimeText, KnowsEveryDayOfTheCalendar) {
    std::int64_t days = date_min;
    for (int year = 1; year <= 9999; year++) {
        const bool look = year <= 401 || (year > 1599 && year <= 2101) || year > 9990;
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= month_days(year, month); day++, days++) {
                const CalendarDate date = calendar_date(days);
                ASSERT_EQ(date.year, year) << days;
                ASSERT_EQ(date.month, static_cast<std::uint32_t>(month)) << days;
                ASSERT_EQ(date.day, static_cast<std::uint32_t>(day)) << days;
                ASSERT_EQ(days_since_1970(date), days);
                if (!look) continue;
                std::array<char, 40> text;
                std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", year, month, day);
                ASSERT_EQ(date_text(days), text.data());
                ASSERT_EQ(*parse_date(text.data()), days);
            }
        }
    }
    EXPECT_EQ(days, date_max + 1);
    EXPECT_EQ(date_text(0), "1970-01-01");
    EXPECT_EQ(date_text(date_max + 1), "+10000-01-01");
}

TEST(TimeText, RefusesDaysThatTheCalendarHasNot) {
    for (const int year : {0, 1, 1900, 2000, 2023, 2024, 9999}) {
        for (int month = 0; month <= 14; month++) {
            for (int day = 0; day <= 33; day++) {
                std::array<char, 40> text;
                std::snprintf(text.data(), text.size(), "%04d-%02d-%02d", year, month, day);
                const bool is_date = year > 0 && month >= 1 && month <= 12 && day >= 1 &&
                                     day <= month_days(year, month);
                ASSERT_EQ(static_cast<bool>(parse_date(text.data())), is_date) << text.data();
            }
        }
    }
    for (const char* text :
         {"", "2026", "2026-11", "2026-11-2", "2026-11-200", "26-11-20", "2026-1-20", "2026/11/20",
          " 2026-11-20", "2026-11-20 ", "+2026-11-20", "-026-11-20", "2026-11-20T00:00:00Z",
          "20261120", "2026-11-2o", "2026-11--1"}) {
        EXPECT_TRUE(parse_date(text).error() == Code::invalid_argument) << text;
    }
}

TEST(TimeText, ReadsWhatRfc3339Has) {
    const struct {
        const char* text;
        std::int64_t us;
    } cases[] = {{"1970-01-01T00:00:00Z", 0},
                 {"1970-01-01 00:00:00", 0},
                 {"1970-01-01t00:00:00z", 0},
                 {"1970-01-01T00:00:00.000001Z", 1},
                 {"1970-01-01T00:00:00.1Z", 100'000},
                 {"1970-01-01T00:00:00.123456000Z", 123'456},
                 {"1969-12-31T23:59:59.999999Z", -1},
                 {"1970-01-01T01:00:00+01:00", 0},
                 {"1969-12-31T18:30:00-05:30", 0},
                 {"1970-01-01T00:00:00-00:00", 0},
                 {"1985-04-12T23:20:50.52Z", 482'196'050'520'000},
                 {"1996-12-19T16:39:57-08:00", 851'042'397'000'000},
                 {"0001-01-01T00:00:00Z", timestamp_min},
                 {"0001-01-01T01:00:00+01:00", timestamp_min},
                 {"9999-12-31T23:59:59.999999Z", timestamp_max}};
    for (const auto& [text, us] : cases) {
        const Result<std::int64_t> found = parse_timestamp(text);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(*found, us) << text;
    }
    for (const char* text : {"",
                             "1970-01-01",
                             "1970-01-01T",
                             "1970-01-01T00:00",
                             "1970-01-01T00:00Z",
                             "1970-01-01T24:00:00Z",
                             "1970-01-01T00:60:00Z",
                             "1970-01-01T23:59:60Z",
                             "1970-01-01T00:00:00.Z",
                             "1970-01-01T00:00:00.1234567Z",
                             "1970-01-01T00:00:00+1:00",
                             "1970-01-01T00:00:00+24:00",
                             "1970-01-01T00:00:00+01:60",
                             "1970-01-01T00:00:00+0100",
                             "1970-01-01T00:00:00ZZ",
                             "1970-01-01T00:00:00Z ",
                             " 1970-01-01T00:00:00Z",
                             "1970-01-01  00:00:00Z",
                             "1970-02-30T00:00:00Z",
                             "0001-01-01T00:00:00+00:01",
                             "9999-12-31T23:59:59-00:01",
                             "0000-01-01T00:00:00Z",
                             "1970-01-01T0:00:00Z"}) {
        EXPECT_TRUE(parse_timestamp(text).error() == Code::invalid_argument) << text;
    }
}

TEST(TimeText, BringsEveryTimeBack) {
    std::mt19937_64 random{1};
    for (int i = 0; i < 100'000; i++) {
        const auto span = static_cast<std::uint64_t>(timestamp_max - timestamp_min);
        const std::int64_t us = timestamp_min + static_cast<std::int64_t>(random() % span);
        ASSERT_EQ(*parse_timestamp(time_text(us)), us) << time_text(us);
    }
    EXPECT_EQ(time_text(-1), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(time_text(1'763'682'607'412'000), "2025-11-20T23:50:07.412000Z");
}

}  // namespace
}  // namespace freshet
