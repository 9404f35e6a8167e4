// SPDX-License-Identifier: MIT
// Goal: texts come back from JSON as they were. Method: every character there is, written by
// put_json() and as the escapes that others may write; then what is no JSON.
#include "query/json_text.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/query_fixture.hpp"

namespace freshet::query {
namespace {

std::string json_of(const Value& value) {
    std::string room(json_size_max(value), '\0');
    TextWriter text{{room.data(), room.size()}};
    put_json(text, value);
    EXPECT_FALSE(text.is_full());
    return std::string{text.written()};
}

// What a text in quotes stands for, as SQL would write it.
std::string unquoted(std::string_view quoted) {
    Memory memory{1 << 10};
    const Result<Value> value = unquote_json(quoted, memory.arena);
    EXPECT_TRUE(value);
    return value ? shown(*value) : "";
}

std::string utf8_of(std::uint32_t character) {
    std::string text;
    const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (character < 0x80) {
        add(character);
    } else if (character < 0x800) {
        add(0xc0 | character >> 6);
    } else {
        if (character >= 0x10000) {
            add(0xf0 | character >> 18);
            add(0x80 | (character >> 12 & 0x3f));
        } else {
            add(0xe0 | character >> 12);
        }
        add(0x80 | (character >> 6 & 0x3f));
    }
    if (character >= 0x80) add(0x80 | (character & 0x3f));
    return text;
}

std::string escape_of(std::uint32_t unit) {
    std::array<char, 8> room{};
    TextWriter text{room};
    return std::string{text.text("\\u").hex(unit, 4).written()};
}

TEST(JsonText, BringsBackEveryCharacter) {
    for (std::uint32_t character = 0; character < 0x110000; character++) {
        if (character >= 0xd800 && character < 0xe000) continue;
        if (character > 0x3000 && character % 17 != 0 && character < 0xff00) continue;
        if (character > 0x10100 && character % 101 != 0 && character < 0x10ff00) continue;
        const std::string plain = "a" + utf8_of(character) + "b";
        const std::string expected = shown(Value::text(plain));
        const std::string json = json_of(Value::text(plain));
        ASSERT_EQ(unquoted({json.data() + 1, json.size() - 2}), expected) << character;
        const std::uint32_t rest = character - 0x10000;
        const std::string escape = character < 0x10000 ? escape_of(character)
                                                       : escape_of(0xd800 | rest >> 10) +
                                                             escape_of(0xdc00 | (rest & 0x3ff));
        ASSERT_EQ(unquoted("a" + escape + "b"), expected) << character;
    }
}

TEST(JsonText, WritesEachTypeOfValue) {
    EXPECT_EQ(json_of(Value{}), "null");
    EXPECT_EQ(json_of(Value::boolean(true)), "true");
    EXPECT_EQ(json_of(Value::integer(std::numeric_limits<std::int64_t>::min())),
              "-9223372036854775808");
    EXPECT_EQ(json_of(Value::real(1.5)), "1.5");
    EXPECT_EQ(json_of(Value::real(-std::numeric_limits<double>::infinity())), "-9e999");
    EXPECT_EQ(json_of(Value::text("a\"\\\b\f\n\r\t\x01\x7f/")),
              "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f/\"");
    EXPECT_EQ(json_of(Value::text({})), "\"\"");
    EXPECT_EQ(json_of(Value::blob(as_bytes("\x01\xff"))), "\"01ff\"");
    EXPECT_EQ(json_of(Value::date(0)), "\"1970-01-01\"");
    EXPECT_EQ(json_of(Value::timestamp(timestamp_min)).front(), '"');
    EXPECT_EQ(json_of(Value::timestamp(timestamp_max)).back(), '"');
}

TEST(JsonText, TakesNoTextFromWhatIsNone) {
    EXPECT_EQ(unquoted({}), "NULL");
    for (const char* bad : {"\\", "\\x", "\\u12", "\\u12g4", "\\ud800", "\\ud800x", "\\ud800\\n",
                            "\\ud800\\ud800", "\\udc00", "\xff", "a\\"}) {
        EXPECT_EQ(unquoted(bad), "NULL") << bad;
    }
    EXPECT_EQ(unquoted("\\/\\\"\\\\"), "'/\"\\'");
    EXPECT_EQ(unquoted(""), "''");
}

}  // namespace
}  // namespace freshet::query
