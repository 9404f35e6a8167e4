// SPDX-License-Identifier: MIT
// Goal: a row comes back as it was, from the bytes that the head of row.hpp says, and damaged
// bytes are refused. Method: golden bytes; every value at the edges of something; random rows; a
// row of a mebibyte; every image cut short and every bit of it turned, where what is accepted must
// be the one form of another row; every arena size.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "relation/row.hpp"

namespace freshet::relation {
namespace {

using enum ColumnType;

constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();

struct Encoded {
    explicit Encoded(const std::vector<Value>& values, const std::vector<Value>& before = {},
                     std::uint32_t version = 1) {
        std::vector<std::byte> mask(mask_size(values.size()));
        find_changes(before, values, mask);
        const Row row{version, mask, values};
        room.resize(row_size(row));
        Arena memory{room};
        const Result<Bytes> encoded = encode_row(row, memory);
        EXPECT_TRUE(encoded);
        bytes = *encoded;
    }
    std::vector<std::byte> room;
    Bytes bytes;
};

std::string hex(Bytes bytes) {
    std::array<char, 400> buffer;
    return std::string{TextWriter{buffer}.hex(bytes).written()};
}

// Each column among those that are read of many rows at once, as it is alone.
void expect_columns(Bytes bytes, std::span<const ColumnType> types) {
    RowReader reader{bytes};
    reader.version();
    reader.changed(types.size());
    FieldReader fields{bytes};
    fields.skip();
    fields.skip();
    const std::size_t front = fields.position();
    if (!reader.status()) return;
    std::vector<ColumnStep> steps;
    for (std::size_t i = 0; i < types.size(); i++) {
        steps.push_back({.type = types[i], .wanted = 0});
        Value value = Value::text("not written");
        Value* const into = &value;
        ImageRest rest{bytes, front};
        const Status read = decode_columns({&rest, 1}, steps, {&into, 1});
        const Result<Value> alone = decode_column(bytes, types, i);
        ASSERT_EQ(static_cast<bool>(read), static_cast<bool>(alone)) << i << ' ' << hex(bytes);
        if (read) {
            ASSERT_EQ(value, *alone) << i << ' ' << hex(bytes);
        }
        steps.back().wanted = ColumnStep::none;
    }
}

TEST(Row, HasTheBytesThatItsHeadSays) {
    const std::vector<Value> values{
        Value::boolean(true), Value::integer(-1),    Value::integer(31),
        Value::integer(32),   Value::integer(-1000), Value{},
        Value::real(1.5),     Value::real(0.0),      Value::text("ab"),
        Value::blob({}),      Value::date(20000),    Value::timestamp(-1)};
    std::vector<Value> before = values;
    before[1] = Value::integer(-2);
    before[9] = Value{};
    EXPECT_EQ(hex(Encoded{values, before, 300}.bytes),
              "022c01"  // Version 300.
              "020202"  // Columns 1 and 9.
              "14"      // TRUE
              "13"      // -1
              "50"      // 31
              "0140"    // 32
              "02cf07"  // -1000
              "00"      // NULL
              "0bf83f"  // 1.5
              "09"      // 0.0
              "546162"  // ab
              "52"      // Nothing.
              "02409c"  // 20000 days
              "13");    // -1 us
}

void check(const std::vector<Value>& values, const std::vector<ColumnType>& types) {
    const Encoded image{values};
    std::vector<Value> read(values.size());
    ASSERT_TRUE(decode_row(image.bytes, types, read)) << hex(image.bytes);
    ASSERT_EQ(read, values) << hex(image.bytes);
    for (std::size_t i = 0; i < values.size(); i++) {
        const Result<Value> column = decode_column(image.bytes, types, i);
        ASSERT_TRUE(column);
        ASSERT_EQ(*column, values[i]);
    }
    std::vector<Value> first(values.size() / 2);
    ASSERT_TRUE(decode_row(image.bytes, types, first));
    for (std::size_t i = 0; i < first.size(); i++) ASSERT_EQ(first[i], values[i]);
}

TEST(Row, BringsBackEveryKindOfNumber) {
    for (int bit = 0; bit < 64; bit++) {
        for (std::int64_t off = -2; off <= 2; off++) {
            const auto power = static_cast<std::int64_t>(std::uint64_t{1} << bit);
            const auto value = static_cast<std::int64_t>(static_cast<std::uint64_t>(power) +
                                                         static_cast<std::uint64_t>(off));
            check({Value::integer(value), Value::integer(~value)}, {integer, integer});
        }
        check({Value::real(std::bit_cast<double>(std::uint64_t{0x7fe0000000000000} >> bit)),
               Value::real(-std::ldexp(1.0, bit * 16 - 512))},
              {real, real});
    }
    for (std::int64_t value = -300; value < 300; value++) check({Value::integer(value)}, {integer});
    const double infinity = std::numeric_limits<double>::infinity();
    check({Value::integer(integer_min), Value::integer(integer_max), Value::real(infinity),
           Value::real(-infinity), Value::real(0.1), Value::real(5e-324)},
          {integer, integer, real, real, real, real});
    check({Value::date(date_min), Value::date(date_max), Value::timestamp(timestamp_min),
           Value::timestamp(timestamp_max), Value::boolean(false), Value::boolean(true)},
          {date, date, timestamp, timestamp, boolean, boolean});
    check({}, {});
}

Value random_value(ColumnType type, std::mt19937_64& random, std::vector<std::string>& texts) {
    if (random() % 6 == 0) return {};
    const auto number = static_cast<std::int64_t>(random()) >> random() % 64;
    switch (value_type(type)) {
        case Type::boolean: return Value::boolean(number % 2 == 0);
        case Type::integer: return Value::integer(number);
        case Type::real:
            return Value::real(number % 2 == 0 ? static_cast<double>(number)
                                               : std::bit_cast<double>(number));
        case Type::date: return Value::date(number % date_min);
        case Type::timestamp: return Value::timestamp(number % timestamp_min);
        default: break;
    }
    texts.emplace_back(random() % 300, static_cast<char>(random() % 128));
    return value_type(type) == Type::text ? Value::text(texts.back())
                                          : Value::blob(as_bytes(texts.back()));
}

TEST(Row, ComesBackAsItWas) {
    std::mt19937_64 random{1};
    for (int i = 0; i < 3000; i++) {
        std::vector<std::string> texts;
        texts.reserve(100);
        std::vector<ColumnType> types;
        std::vector<Value> values;
        for (std::size_t k = random() % 40; k > 0; k--) {
            types.push_back(static_cast<ColumnType>(1 + random() % (column_type_count - 1)));
            values.push_back(random_value(types.back(), random, texts));
        }
        check(values, types);
    }
}

TEST(Row, MayBeAMebibyteLarge) {
    const std::string large(1 << 20, 'x');
    const std::vector<Value> values{Value::integer(1), Value::text(large), Value::integer(2)};
    check(values, {integer, text, integer});
    EXPECT_EQ(Encoded{values}.bytes.size(), large.size() + 7);
    const Encoded wide{std::vector<Value>(5000, Value::integer(7))};
    EXPECT_EQ(wide.bytes.size(), 1u + 2 + 625 + 5000);
}

TEST(Row, SaysWhatChanged) {
    const auto changes = [](const std::vector<Value>& before, const std::vector<Value>& after) {
        std::vector<std::byte> mask(mask_size(after.size()), std::byte{0xff});
        find_changes(before, after, mask);
        return hex(mask);
    };
    const Value one = Value::integer(1);
    EXPECT_EQ(changes({one, one, Value{}}, {one, Value::real(1.0), Value{}}), "02");
    EXPECT_EQ(changes({}, {one, one, one}), "07");
    EXPECT_EQ(changes({one}, {one, Value{}}), "02");  // A column that is new.
    EXPECT_EQ(changes(std::vector<Value>(9, one), std::vector<Value>(9, one)), "0000");
    const Encoded image{{one, Value{}}, {one, one}, 70000};
    RowReader reader{image.bytes};
    EXPECT_EQ(reader.version(), 70000u);
    EXPECT_EQ(*decode_version(image.bytes), 70000u);
    EXPECT_EQ(hex(reader.changed(2)), "02");
}

TEST(Row, RefusesWhatIsNotItsOneForm) {
    const struct {
        std::vector<std::uint8_t> bytes;
        std::vector<ColumnType> types;
    } cases[] = {
        {{}, {}},                                     // No version.
        {{0x80, 0x00}, {}},                           // A longer varint than need be.
        {{5, 0xff, 0xff, 0xff, 0xff, 0x1f, 18}, {}},  // A version beyond 32 bits.
        {{83, 1, 18}, {}},                            // No number for a version.
        {{19, 18, 0}, {}},                            // Something behind.
        {{19}, {integer}},                            // No mask.
        {{19, 82, 0}, {integer}},                     // A mask of no column.
        {{19, 83, 1, 0}, {integer}},                  // Bytes for a mask.
        {{19, 20, 0}, {integer}},                     // A change of no column.
        {{19, 0, 0}, {integer}},                      // Null for a mask.
        {{19, 19}, {integer}},                        // No column.
        {{19, 19, 1}, {integer}},                     // No bytes of a number.
        {{19, 19, 1, 0x3f}, {integer}},               // A byte for a small number.
        {{19, 19, 2, 0x76, 0x00}, {integer}},         // A byte too many.
        {{19, 19, 2, 0x76}, {integer}},               // A byte too few.
        {{19, 19, 10, 0x40}, {integer}},              // A real.
        {{19, 19, 83, 'a'}, {integer}},               // Bytes.
        {{19, 19, 22}, {boolean}},                    // 2
        {{19, 19, 19}, {boolean}},                    // -1
        {{19, 19, 4, 0xff, 0xff, 0xff, 0xff}, {date}},
        {{19, 19, 18}, {real}},              // A whole number.
        {{19, 19, 10, 0}, {real}},           // A byte for 0.0.
        {{19, 19, 10, 0x80}, {real}},        // -0.0
        {{19, 19, 11, 0xf8, 0x7f}, {real}},  // NaN
        {{19, 19, 11, 0x00, 0x40}, {real}},  // A byte too many.
        {{19, 19, 84, 'a'}, {text}},         // A byte too few.
        {{19, 19, 18}, {text}},              // A number.
        {{19, 19, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, {text}},
        {{19, 19, 0, 0}, {integer}},  // Something behind.
    };
    for (const auto& [bytes, types] : cases) {
        std::vector<Value> values(types.size());
        const Status status = decode_row(std::as_bytes(std::span{bytes}), types, values);
        ASSERT_FALSE(status) << hex(std::as_bytes(std::span{bytes}));
        EXPECT_TRUE(status.error() == Code::corrupt);
        expect_columns(std::as_bytes(std::span{bytes}), types);
    }
}

TEST(Row, SurvivesEveryCutAndEveryTurnedBit) {
    const std::vector<ColumnType> types{boolean, integer,   real,  text,   blob,
                                        date,    timestamp, email, integer};
    const std::vector<Value> values{
        Value::boolean(true), Value::integer(-70000), Value::real(0.1),
        Value::text("text"),  Value::blob({}),        Value::date(20000),
        Value::timestamp(1),  Value::text("a@b.c"),   Value{}};
    const Encoded image{values};
    for (std::size_t size = 0; size < image.bytes.size(); size++) {
        const Bytes start = image.bytes.first(size);
        const std::vector<std::byte> cut(start.begin(), start.end());
        std::vector<Value> read(types.size());
        ASSERT_FALSE(decode_row(Bytes{cut}, types, read)) << size;
        expect_columns(cut, types);
    }
    for (std::size_t bit = 0; bit < image.bytes.size() * 8; bit++) {
        std::vector<std::byte> damaged(image.bytes.begin(), image.bytes.end());
        damaged[bit / 8] ^= std::byte{1} << (bit % 8);
        std::vector<Value> read(types.size());
        expect_columns(damaged, types);
        if (!decode_row(Bytes{damaged}, types, read)) continue;
        RowReader reader{Bytes{damaged}};
        const std::uint32_t version = reader.version();
        const Row row{version, reader.changed(types.size()), read};
        std::vector<std::byte> room(row_size(row));
        Arena memory{room};
        ASSERT_EQ(hex(*encode_row(row, memory)), hex(damaged));
    }
}

// Of 65 columns there are 9 bytes, of which the last has one bit.
TEST(Row, RefusesAWideMaskThatIsNotItsOneForm) {
    const std::vector<ColumnType> types(65, integer);
    const Encoded image{std::vector<Value>(65)};
    std::vector<Value> read(65);
    ASSERT_TRUE(decode_row(image.bytes, types, read));
    std::vector<std::byte> other(image.bytes.begin(), image.bytes.end());
    ASSERT_EQ(other[1], std::byte{82 + 9});
    other[10] = std::byte{3};
    EXPECT_FALSE(decode_row(Bytes{other}, types, read));
    other[10] = std::byte{1};
    other[1] = std::byte{82 + 8};
    EXPECT_FALSE(decode_row(Bytes{other}, types, read));
    other[1] = std::byte{19};
    EXPECT_FALSE(decode_row(Bytes{other}, types, read));
}

// Each byte being each other one, whatever the columns are.
TEST(Row, GivesColumnsOfManyRowsAsThoseOfOne) {
    const std::vector<Value> values{Value::integer(-70000), Value::text("text"),
                                    Value::integer(integer_min), Value::integer(5), Value{}};
    const std::vector<std::vector<ColumnType>> all{{integer, text, integer, integer, integer},
                                                   {integer, blob, timestamp, real, text},
                                                   {date, email, integer, boolean, integer}};
    const Encoded image{values};
    for (const std::vector<ColumnType>& types : all) {
        for (std::size_t at = 0; at < image.bytes.size(); at++) {
            std::vector<std::byte> other(image.bytes.begin(), image.bytes.end());
            for (unsigned byte = 0; byte < 256; byte++) {
                other[at] = static_cast<std::byte>(byte);
                ASSERT_NO_FATAL_FAILURE(expect_columns(other, types));
            }
        }
    }
}

TEST(Row, SurvivesEveryArenaSize) {
    const std::vector<Value> values{Value::integer(1), Value::text("some text")};
    const std::array<std::byte, 1> mask = {std::byte{3}};
    const Row row{1, mask, values};
    for (std::size_t size = 0; size <= row_size(row); size++) {
        std::vector<std::byte> room(size);
        Arena memory{room};
        const Result<Bytes> image = encode_row(row, memory);
        ASSERT_EQ(static_cast<bool>(image), size == row_size(row));
        ASSERT_TRUE(image || image.error() == Code::out_of_memory);
    }
}

}  // namespace
}  // namespace freshet::relation
