// SPDX-License-Identifier: MIT
// Goal: keys sort as their values do and give them back. Method: all pairs of values at the edges
// of something, and all short texts, ascending and descending, alone and behind one another;
// random values; every size to which a key can be cut; every byte string of up to two bytes and
// many longer ones, of which those that are keys have one form.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "relation/compare.hpp"
#include "relation/convert.hpp"
#include "relation/key.hpp"

namespace freshet::relation {
namespace {

constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::array<Sort, 2> sorts = {Sort::ascending, Sort::descending};

std::string shown(const Value& value) {
    std::array<char, 400> buffer;
    TextWriter text{buffer};
    put_literal(text, value);
    return std::string{text.written()};
}

std::string key_of(const Value& value, Sort sort) {
    std::array<std::byte, 1000> room;
    KeyWriter key{room};
    key.value(value, sort);
    EXPECT_FALSE(key.is_cut());
    return std::string{as_text(key.written())};
}

std::string hex(std::string_view bytes) {
    std::array<char, 400> buffer;
    return std::string{TextWriter{buffer}.hex(as_bytes(bytes)).written()};
}

int sign(int order) {
    return (order > 0) - (order < 0);
}

// Integers around all powers of two and all borders of the format.
std::vector<Value> integers() {
    std::vector<Value> values{Value{}};
    for (std::int64_t value = -600; value <= 600; value++) values.push_back(Value::integer(value));
    for (int bit = 10; bit < 63; bit++) {
        for (std::int64_t off = -2; off <= 2; off++) {
            const std::int64_t power = std::int64_t{1} << bit;
            for (const std::int64_t base : {power, -power, power + 223, -power - 16})
                values.push_back(Value::integer(base + off));
        }
    }
    for (std::int64_t off = 0; off < 300; off += 7) {
        values.push_back(Value::integer(integer_max - off));
        values.push_back(Value::integer(integer_min + off));
    }
    return values;
}

std::vector<Value> reals() {
    std::vector<Value> values{Value{}};
    for (const double value : {0.0, 5e-324, 1e-300, 0.5, 1.0, 1.5, 2.0, 3.0, 1e15, 1e300,
                               1.7976931348623157e308, infinity}) {
        values.push_back(Value::real(value));
        values.push_back(Value::real(-value));
    }
    return values;
}

std::vector<std::string> short_texts() {
    std::vector<std::string> texts{""};
    for (std::size_t first = 0, size = 0; size < 3; size++) {
        const std::size_t last = texts.size();
        for (; first < last; first++) {
            for (const int byte : {0x00, 0x01, 0x02, 0x03, 0x61, 0xfe, 0xff})
                texts.push_back(texts[first] + static_cast<char>(byte));
        }
    }
    return texts;
}

void check_order(const std::vector<Value>& values) {
    for (const Sort sort : sorts) {
        std::vector<std::string> keys;
        for (const Value& value : values) keys.push_back(key_of(value, sort));
        for (std::size_t i = 0; i < values.size(); i++) {
            for (std::size_t k = 0; k < values.size(); k++) {
                const int expected = sign(order(values[i], values[k]));
                const int found = sign(keys[i].compare(keys[k]));
                if (found == (sort == Sort::ascending ? expected : -expected)) continue;
                FAIL() << shown(values[i]) << " " << hex(keys[i]) << ", " << shown(values[k]) << " "
                       << hex(keys[k]);
            }
        }
    }
}

void check_round_trip(const std::vector<Value>& values, ColumnType type) {
    for (const Sort sort : sorts) {
        for (const Value& value : values) {
            std::array<std::byte, 1000> room;
            Arena memory{room};
            const std::string key = key_of(value, sort) + "rest";
            KeyReader reader{as_bytes(key), memory};
            ASSERT_EQ(reader.value(type, sort), value) << shown(value) << " " << hex(key);
            ASSERT_TRUE(reader.status());
            ASSERT_EQ(as_text(reader.rest()), "rest");
        }
    }
}

TEST(Key, OfAnIntegerIsInOrderAndComesBack) {
    check_order(integers());
    check_round_trip(integers(), ColumnType::integer);
}

TEST(Key, OfARealIsInOrderAndComesBack) {
    check_order(reals());
    check_round_trip(reals(), ColumnType::real);
}

TEST(Key, OfATextIsInOrderAndComesBack) {
    const std::vector<std::string> texts = short_texts();
    std::vector<Value> values{Value{}};
    std::vector<Value> blobs{Value{}};
    for (const std::string& text : texts) {
        values.push_back(Value::text(text));
        blobs.push_back(Value::blob(as_bytes(text)));
    }
    check_order(values);
    check_order(blobs);
    check_round_trip(values, ColumnType::text);
    check_round_trip(values, ColumnType::email);
    check_round_trip(blobs, ColumnType::blob);
}

TEST(Key, OfATimeOrTruthIsInOrderAndComesBack) {
    std::vector<Value> dates{Value{}};
    std::vector<Value> times{Value{}};
    for (const std::int64_t days : {date_min, std::int64_t{-1}, std::int64_t{0}, date_max}) {
        dates.push_back(Value::date(days));
        times.push_back(Value::timestamp(days * day_us));
    }
    const std::vector<Value> truths{Value{}, Value::boolean(false), Value::boolean(true)};
    check_order(dates);
    check_order(times);
    check_order(truths);
    check_round_trip(dates, ColumnType::date);
    check_round_trip(times, ColumnType::timestamp);
    check_round_trip(truths, ColumnType::boolean);
}

TEST(Key, HasTheBytesThatItsHeadSays) {
    const struct {
        Value value;
        const char* bytes;
    } cases[] = {{Value{}, "00"},
                 {Value::boolean(false), "19"},
                 {Value::boolean(true), "1a"},
                 {Value::integer(-16), "09"},
                 {Value::integer(222), "f7"},
                 {Value::integer(223), "f800"},
                 {Value::integer(478), "f8ff"},
                 {Value::integer(479), "f90100"},
                 {Value::integer(-17), "08ff"},
                 {Value::integer(-272), "0800"},
                 {Value::integer(-273), "07feff"},
                 {Value::integer(integer_max), "ff7fffffffffffff20"},
                 {Value::integer(integer_min), "018000000000000010"},
                 {Value::real(1.5), "01bff8000000000000"},
                 {Value::real(-1.5), "014007ffffffffffff"},
                 {Value::text("a"), "6101"},
                 {Value::text(""), "01"},
                 {Value::blob(as_bytes(std::string_view{"\0\1\2\3", 4})),
                  "02000201020203"
                  "01"}};
    for (const auto& [value, bytes] : cases) {
        EXPECT_EQ(hex(key_of(value, Sort::ascending)), bytes) << shown(value);
        std::string inverted = key_of(value, Sort::descending);
        for (char& letter : inverted) letter = static_cast<char>(~letter);
        EXPECT_EQ(inverted, key_of(value, Sort::ascending));
    }
}

struct Pair {
    Value text;
    Value number;
    std::string key;
};

// Several values, one descending, behind a prefix.
TEST(Key, OfSeveralValuesIsInTheOrderOfTheFirstThatDiffer) {
    const std::vector<std::string> texts = short_texts();
    std::mt19937_64 random{1};
    for (const Sort first : sorts) {
        for (const Sort second : sorts) {
            std::vector<Pair> pairs;
            for (int i = 0; i < 400; i++) {
                Pair pair{Value::text(texts[random() % 30]),
                          Value::integer(static_cast<std::int64_t>(random()) >> random() % 64),
                          {}};
                if (random() % 10 == 0) pair.number = Value{};
                std::array<std::byte, 100> room;
                KeyWriter key{room};
                key.raw(as_bytes("t")).value(pair.text, first).value(pair.number, second);
                pair.key = as_text(key.written());
                pairs.push_back(pair);
            }
            for (const Pair& a : pairs) {
                for (const Pair& b : pairs) {
                    int expected = sign(order(a.text, b.text));
                    if (first == Sort::descending) expected = -expected;
                    if (expected == 0) {
                        expected = sign(order(a.number, b.number));
                        if (second == Sort::descending) expected = -expected;
                    }
                    ASSERT_EQ(sign(a.key.compare(b.key)), expected);
                }
            }
        }
    }
}

TEST(Key, ThatIsCutIsTheStartOfTheWhole) {
    std::array<std::byte, 100> room;
    KeyWriter whole{room};
    const Value text = Value::text(std::string_view{"ab\0c", 4});
    whole.value(Value::integer(1'000'000)).value(text, Sort::descending).value(text);
    const std::string key{as_text(whole.written())};
    for (std::size_t size = 0; size <= key.size(); size++) {
        std::array<std::byte, 100> cut_room;
        KeyWriter cut{std::span{cut_room}.first(size)};
        cut.value(Value::integer(1'000'000)).value(text, Sort::descending).value(text);
        EXPECT_EQ(cut.is_cut(), size < key.size());
        EXPECT_EQ(as_text(cut.written()), key.substr(0, size));
        std::array<std::byte, 100> memory_room;
        Arena memory{memory_room};
        KeyReader reader{cut.written(), memory};
        reader.value(ColumnType::integer);
        reader.value(ColumnType::text, Sort::descending);
        reader.value(ColumnType::text);
        EXPECT_EQ(static_cast<bool>(reader.status()), size == key.size());
    }
}

// Goal: no bytes do harm, and there is one key of each value. Method: all strings of two
// bytes and many longer ones, read as each type: what is a value has those bytes, and no others.
TEST(Key, HasOneFormAndNoOtherIsRead) {
    std::array<std::byte, 64> room;
    const auto check = [&](std::string_view bytes) {
        for (std::uint8_t type = 1; type < column_type_count; type++) {
            for (const Sort sort : sorts) {
                Arena memory{room};
                KeyReader reader{as_bytes(bytes), memory};
                const Value value = reader.value(static_cast<ColumnType>(type), sort);
                if (!reader.status()) {
                    ASSERT_TRUE(reader.status().error() == Code::corrupt);
                    continue;
                }
                const std::size_t size = bytes.size() - reader.rest().size();
                ASSERT_EQ(key_of(value, sort), bytes.substr(0, size)) << hex(bytes);
            }
        }
    };
    check("");
    for (int a = 0; a < 256; a++) {
        std::string bytes{static_cast<char>(a)};
        check(bytes);
        for (int b = 0; b < 256; b++) {
            bytes.resize(1);
            check(bytes += static_cast<char>(b));
            for (const char c : {'\0', '\1', '\2', '\xff'}) check(bytes + c);
        }
    }
    std::mt19937_64 random{2};
    for (int i = 0; i < 100'000; i++) {
        std::array<char, 12> bytes;
        for (char& byte : bytes) {
            byte = static_cast<char>(random());
            if (random() % 3 == 0) byte = static_cast<char>(random() % 2 == 0 ? 0 : 0xff);
        }
        bytes[0] = static_cast<char>(random() % 12 + (random() % 2 == 0 ? 0 : 0xf4));
        check({bytes.data(), bytes.size()});
    }
}

TEST(Key, NeedsMemoryForWhatIsNotAsItStands) {
    Arena none{{}};
    const std::string plain = key_of(Value::text("plain"), Sort::ascending);
    KeyReader in_place{as_bytes(plain), none};
    EXPECT_EQ(in_place.value(ColumnType::text).as_text().data(), plain.data());
    const std::string inverted = key_of(Value::text("plain"), Sort::descending);
    KeyReader reader{as_bytes(inverted), none};
    EXPECT_TRUE(reader.value(ColumnType::text, Sort::descending).is_null());
    EXPECT_TRUE(reader.status().error() == Code::out_of_memory);
}

TEST(Key, EndsBehindItsPrefix) {
    const auto end = [](std::string key) {
        std::vector<std::byte> bytes(as_bytes(key).begin(), as_bytes(key).end());
        bytes.resize(end_of_prefix(bytes));
        return std::string{as_text(bytes)};
    };
    EXPECT_EQ(end("ab"), "ac");
    EXPECT_EQ(end("a\xff\xff"), "b");
    EXPECT_EQ(end("\xff\xff"), "");
    EXPECT_EQ(end(""), "");
}

}  // namespace
}  // namespace freshet::relation
