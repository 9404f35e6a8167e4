// SPDX-License-Identifier: MIT
// Goal: assignment loses nothing and refuses the rest; casts, names of types, emails and the order
// of values are what their headers say. Method: the tables of the headers, row by row with both
// sides of each edge; the laws of an order over all triples of values at the edges of something;
// every size of arena.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "relation/arithmetic.hpp"
#include "relation/bound.hpp"
#include "relation/compare.hpp"
#include "relation/convert.hpp"
#include "relation/pattern.hpp"

namespace freshet::relation {
namespace {

constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();

const Value yes = Value::boolean(true);
const Value no = Value::boolean(false);

Value of(std::int64_t value) {
    return Value::integer(value);
}
Value of(double value) {
    return Value::real(value);
}
Value of(const char* value) {
    return Value::text(value);
}
Value bytes(std::string_view value) {
    return Value::blob(as_bytes(value));
}

std::string shown(const Value& value) {
    std::array<char, 400> buffer;
    TextWriter text{buffer};
    put_literal(text, value);
    return std::string{text.written()};
}

std::string shown(const Result<Value>& result) {
    return result ? shown(*result) : code_name(result.error().code);
}

struct Memory {
    std::array<std::byte, 4096> room;
    Arena arena{room};
};

std::string assigned(const Value& value, ColumnType type) {
    Memory memory;
    return shown(assign(value, type, memory.arena));
}

std::string casted(const Value& value, ColumnType type) {
    Memory memory;
    return shown(cast(value, type, memory.arena));
}

const std::string mismatch = "type-mismatch";

TEST(Value, SaysWhatItIs) {
    EXPECT_TRUE(Value{}.is_null());
    EXPECT_EQ(of(std::nan("")), Value{});
    EXPECT_FALSE(std::signbit(of(-0.0).as_real()));
    EXPECT_EQ(of("abc").as_text(), "abc");
    EXPECT_EQ(Value::text({}).as_text(), "");
    EXPECT_NE(of("1"), bytes("1"));
    EXPECT_NE(of(std::int64_t{1}), of(1.0));
    EXPECT_NE(of(std::int64_t{1}), yes);
    EXPECT_DEATH((void)of("1").as_integer(), "");
    EXPECT_DEATH((void)Value::date(date_max + 1), "");
    EXPECT_DEATH((void)Value::timestamp(timestamp_min - 1), "");
}

TEST(ColumnTypes, AreFoundByTheirNames) {
    const struct {
        const char* name;
        const char* type;
    } cases[] = {{"INT", "INT"},
                 {"integer", "INT"},
                 {"BigInt", "INT"},
                 {"int8", "INT"},
                 {"bigserial", "INT"},
                 {"unsigned big int", "INT"},
                 {"REAL", "FLOAT"},
                 {"double  precision", "FLOAT"},
                 {"DOUBLE", "FLOAT"},
                 {"DECIMAL(10,2)", "FLOAT"},
                 {"numeric ( 5 )", "FLOAT"},
                 {"varchar(20)", "TEXT"},
                 {"character varying(20)", "TEXT"},
                 {"character(20) varying", "TEXT"},
                 {"text", "TEXT"},
                 {" text ", "TEXT"},
                 {"uuid", "TEXT"},
                 {"bytea", "BLOB"},
                 {"BOOLEAN", "BOOL"},
                 {"date", "DATE"},
                 {"time", "TIMESTAMP"},
                 {"timestamp(6) with time zone", "TIMESTAMP"},
                 {"datetime", "TIMESTAMP"},
                 {"email", "EMAIL"}};
    for (const auto& [name, type] : cases) {
        const Result<ColumnType> found = find_type(name);
        ASSERT_TRUE(found) << name;
        EXPECT_STREQ(type_name(*found), type) << name;
        EXPECT_EQ(*find_type(type), *found);
    }
    for (const char* name : {"", " ", "()", "INTT", "TEXT BLOB", "VARCHAR(", "IN T", "TEXTT(2)",
                             "TIMESTAMP WITHOUT TIME ZONE TIMESTAMP WITHOUT TIME ZONE"})
        EXPECT_TRUE(find_type(name).error() == Code::invalid_argument) << name;
    EXPECT_EQ(nearest_type_name("integr"), "INTEGER");
    EXPECT_EQ(nearest_type_name("varchr(9)"), "VARCHAR");
    EXPECT_EQ(nearest_type_name("e-mail"), "EMAIL");
    EXPECT_EQ(nearest_type_name("geometry"), "");
}

TEST(Email, IsANameAtADomain) {
    for (const std::string& text :
         {std::string{"a@b.c"}, std::string{"first.last+tag@example.co.uk"},
          std::string{"o'brien_%@x-y.example"}, std::string{"\xc3\xa9@\xc3\xa9.fr"},
          std::string{"1@2.c3"}, std::string(64, 'a') + "@b.cd",
          "a@" + std::string(63, 'b') + ".c"})
        EXPECT_TRUE(is_email(text)) << text;
    for (const std::string& text : {std::string{},
                                    std::string{"a"},
                                    std::string{"@"},
                                    std::string{"a@"},
                                    std::string{"@b.c"},
                                    std::string{"a@b"},
                                    std::string{"a@b."},
                                    std::string{"a@.c"},
                                    std::string{".a@b.c"},
                                    std::string{"a.@b.c"},
                                    std::string{"a..b@c.d"},
                                    std::string{"a@b..c"},
                                    std::string{"a b@c.d"},
                                    std::string{" a@b.c"},
                                    std::string{"a@b.c "},
                                    std::string{"a@b@c.d"},
                                    std::string{"a@-b.c"},
                                    std::string{"a@b-.c"},
                                    std::string{"a@1.2.3.4"},
                                    std::string{"a@[1.2]"},
                                    std::string{"\"a\"@b.c"},
                                    std::string{"a@b_c.d"},
                                    std::string{"a\n@b.c"},
                                    std::string{"\xff@b.c"},
                                    std::string(65, 'a') + "@b.cd",
                                    "a@" + std::string(64, 'b') + ".c"})
        EXPECT_FALSE(is_email(text)) << text;
    std::string longest = "a@";
    for (int i = 0; i < 4; i++) longest += std::string(60, 'b') + ".";
    EXPECT_TRUE(is_email(longest + std::string(254 - longest.size(), 'c')));
    EXPECT_FALSE(is_email(longest + std::string(255 - longest.size(), 'c')));
}

TEST(Assign, TakesWhatLosesNothing) {
    using enum ColumnType;
    const double above = 9223372036854775808.0;
    const struct {
        Value value;
        ColumnType type;
        std::string expected;
    } cases[] = {
        {of(std::int64_t{0}), boolean, "FALSE"},
        {of(std::int64_t{1}), boolean, "TRUE"},
        {of(std::int64_t{2}), boolean, mismatch},
        {of(1.0), boolean, mismatch},
        {of("True"), boolean, "TRUE"},
        {of("FALSE"), boolean, "FALSE"},
        {of("yes"), boolean, mismatch},
        {of("1"), boolean, mismatch},
        {yes, integer, "1"},
        {of(42.0), integer, "42"},
        {of(42.5), integer, mismatch},
        {of(infinity), integer, mismatch},
        {of(above), integer, mismatch},
        {of(-above), integer, "-9223372036854775808"},
        {of("42"), integer, "42"},
        {of(" -42\n"), integer, "-42"},
        {of("42.0"), integer, "42"},
        {of("1e3"), integer, "1000"},
        {of("9223372036854775807"), integer, "9223372036854775807"},
        {of("9223372036854775808"), integer, mismatch},
        {of("42x"), integer, mismatch},
        {of(""), integer, mismatch},
        {of("0x10"), integer, mismatch},
        {bytes("42"), integer, mismatch},
        {Value::date(1), integer, mismatch},
        {of(std::int64_t{1} << 53), real, "9.007199254740992e+15"},
        {of((std::int64_t{1} << 53) + 1), real, mismatch},
        {of(integer_max), real, mismatch},
        {of(integer_min), real, "-9.223372036854776e+18"},
        {of("0.1"), real, "0.1"},
        {of("9007199254740993"), real, "9.007199254740992e+15"},
        {of("abc"), real, mismatch},
        {yes, real, "1.0"},
        {of(0.1 + 0.2), text, "'0.30000000000000004'"},
        {of(integer_min), text, "'-9223372036854775808'"},
        {no, text, "'false'"},
        {Value::date(0), text, "'1970-01-01'"},
        {Value::timestamp(0), text, "'1970-01-01T00:00:00.000000Z'"},
        {bytes("a"), text, mismatch},
        {of("a"), ColumnType::blob, mismatch},
        {of("2026-02-28"), date, "DATE '2026-02-28'"},
        {of("2026-02-30"), date, mismatch},
        {of("2026-02-28T00:00:00Z"), date, mismatch},
        {Value::timestamp(0), date, mismatch},
        {of(std::int64_t{0}), date, mismatch},
        {of("2026-02-28 01:00:00+01:00"), timestamp, "TIMESTAMP '2026-02-28T00:00:00.000000Z'"},
        {of("2026-02-28"), timestamp, "TIMESTAMP '2026-02-28T00:00:00.000000Z'"},
        {Value::date(date_max), timestamp, "TIMESTAMP '9999-12-31T00:00:00.000000Z'"},
        {of("noon"), timestamp, mismatch},
        {of("a@b.c"), email, "'a@b.c'"},
        {of("a@b"), email, mismatch},
        {of(std::int64_t{1}), email, mismatch},
    };
    for (const auto& [value, type, expected] : cases)
        EXPECT_EQ(assigned(value, type), expected) << shown(value) << " to " << type_name(type);
}

// What is of the type already stays as it is, and NULL goes everywhere.
TEST(Assign, LeavesWhatFits) {
    const Value values[] = {yes,
                            of(std::int64_t{5}),
                            of(1.5),
                            of("x"),
                            bytes("y"),
                            Value::date(3),
                            Value::timestamp(4)};
    for (const Value& value : values) {
        Arena none{{}};
        const auto type = static_cast<ColumnType>(value.type());
        EXPECT_EQ(*assign(value, type, none), value);
        EXPECT_EQ(*cast(value, type, none), value);
    }
    for (std::uint8_t type = 1; type < column_type_count; type++) {
        EXPECT_EQ(assigned(Value{}, static_cast<ColumnType>(type)), "NULL");
        EXPECT_EQ(casted(Value{}, static_cast<ColumnType>(type)), "NULL");
    }
}

TEST(Cast, FollowsItsTable) {
    using enum ColumnType;
    const struct {
        Value value;
        ColumnType type;
        std::string expected;
    } cases[] = {
        {of(std::int64_t{7}), boolean, "TRUE"},
        {of(0.0), boolean, "FALSE"},
        {of(0.1), boolean, "TRUE"},
        {of("false"), boolean, "FALSE"},
        {of("2x"), boolean, "TRUE"},
        {of("no"), boolean, "FALSE"},
        {bytes("1"), boolean, "TRUE"},
        {Value::date(1), boolean, mismatch},
        {of(-1.9), integer, "-1"},
        {of(1e300), integer, "9223372036854775807"},
        {of(" 12abc"), integer, "12"},
        {of("-99999999999999999999"), integer, "-9223372036854775808"},
        {Value::date(-3), integer, "-3"},
        {Value::timestamp(9), integer, "9"},
        {of("1.5e1x"), real, "15.0"},
        {of(integer_max), real, "9.223372036854776e+18"},
        {of(0.1 + 0.2), text, "'0.3'"},
        {yes, text, "'true'"},
        {bytes("\xc3\xa9"), text, "'\xc3\xa9'"},
        {bytes("\xc3"), text, mismatch},
        {of("\xc3\xa9"), ColumnType::blob, "X'c3a9'"},
        {of(std::int64_t{10}), ColumnType::blob, "X'3130'"},
        {of(std::int64_t{-1}), date, "DATE '1969-12-31'"},
        {of(date_max + 1), date, mismatch},
        {of(0.0), date, mismatch},
        {Value::timestamp(-1), date, "DATE '1969-12-31'"},
        {of("1970-01-02T23:59:59Z"), date, "DATE '1970-01-02'"},
        {of("never"), date, mismatch},
        {of(timestamp_max), timestamp, "TIMESTAMP '9999-12-31T23:59:59.999999Z'"},
        {of(timestamp_max + 1), timestamp, mismatch},
        {Value::date(1), timestamp, "TIMESTAMP '1970-01-02T00:00:00.000000Z'"},
        {of("a@b.c"), email, "'a@b.c'"},
        {of("a"), email, mismatch},
    };
    for (const auto& [value, type, expected] : cases)
        EXPECT_EQ(casted(value, type), expected) << shown(value) << " to " << type_name(type);
}

TEST(Convert, SaysWhatDoesNotFit) {
    const auto words = [](const Value& value, ColumnType type) {
        std::array<char, 100> buffer;
        return std::string{describe_mismatch(value, type, buffer)};
    };
    EXPECT_EQ(words(of("abc"), ColumnType::integer), "TEXT 'abc' is no INT");
    EXPECT_EQ(words(of(1.5), ColumnType::integer), "FLOAT 1.5 is no INT");
    EXPECT_EQ(words(Value::date(0), ColumnType::boolean), "DATE '1970-01-01' is no BOOL");
    EXPECT_EQ(words(of("it's"), ColumnType::email), "TEXT 'it''s' is no EMAIL");
    EXPECT_EQ(words(bytes(std::string(100, 'a')), ColumnType::text),
              "BLOB X'61616161616161616161616161616161616161... is no TEXT");
    EXPECT_EQ(shown(of(-infinity)), "-9e999");
}

// Goal: no allocation failure is left unhandled. Method: every size of arena up to the first that
// is enough.
TEST(Convert, SurvivesEveryArenaSize) {
    for (std::size_t size = 0; size < 100; size++) {
        std::array<std::byte, 100> room;
        Arena memory{std::span{room}.first(size)};
        const Result<Value> joined = concatenate(of(integer_min), of(-0.5), memory);
        if (joined) {
            EXPECT_EQ(shown(*joined), "'-9223372036854775808-0.5'");
            EXPECT_EQ(size, 20u + 4 + 24);
            return;
        }
        ASSERT_TRUE(joined.error() == Code::out_of_memory);
    }
    FAIL();
}

TEST(Arithmetic, TakesDatesForNumbers) {
    const Value days = apply(Operator::subtract, Value::date(10), Value::date(3));
    EXPECT_EQ(days, of(std::int64_t{7}));
    EXPECT_EQ(casted(apply(Operator::add, Value::date(0), of(std::int64_t{7})), ColumnType::date),
              "DATE '1970-01-08'");
    EXPECT_EQ(apply(Operator::add, yes, yes), of(std::int64_t{2}));
    EXPECT_EQ(apply(Operator::multiply, of(infinity), of(0.0)), Value{});
    Memory memory;
    EXPECT_EQ(shown(concatenate(bytes("\xc3"), bytes("\xa9"), memory.arena)), "'\xc3\xa9'");
    EXPECT_EQ(shown(concatenate(bytes("\xc3"), of("a"), memory.arena)), mismatch);
    EXPECT_EQ(shown(concatenate(bytes(""), bytes(""), memory.arena)), "''");
    EXPECT_EQ(shown(concatenate(yes, of("!"), memory.arena)), "'true!'");
}

std::vector<Value> many_values() {
    std::vector<Value> values{Value{}, yes, no};
    for (const std::int64_t value :
         {integer_min, integer_min + 1, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1},
          std::int64_t{2}, (std::int64_t{1} << 53) - 1, std::int64_t{1} << 53,
          (std::int64_t{1} << 53) + 1, integer_max - 1, integer_max})
        values.push_back(of(value));
    for (const double value :
         {-infinity, -9223372036854777856.0, -9223372036854775808.0, -1.5, -1.0, -0.5, 0.0, 0.5,
          1.0, 1.5, 9007199254740992.0, 9007199254740994.0, 9223372036854774784.0,
          9223372036854775808.0, 1e300, infinity})
        values.push_back(of(value));
    for (const char* value : {"", "a", "ab", "b", "\xc3\xa9", "1970-01-01", "1970-01-02"}) {
        values.push_back(of(value));
        values.push_back(bytes(value));
    }
    for (const std::int64_t days : {date_min, std::int64_t{0}, std::int64_t{1}, date_max})
        values.push_back(Value::date(days));
    for (const std::int64_t us : {timestamp_min, std::int64_t{0}, std::int64_t{1}, day_us})
        values.push_back(Value::timestamp(us));
    return values;
}

TEST(Compare, IsAnOrderOfAllValues) {
    const std::vector<Value> values = many_values();
    const auto sign = [](int order) { return (order > 0) - (order < 0); };
    for (const Value& a : values) {
        for (const Value& b : values) {
            ASSERT_EQ(sign(order(a, b)), -sign(order(b, a))) << shown(a) << ", " << shown(b);
            ASSERT_TRUE(order(a, b) == 0 || !(a == b)) << shown(a);
            ASSERT_TRUE(order(a, b) != 0 || hash(a) == hash(b)) << shown(a) << ", " << shown(b);
            for (const Value& c : values) {
                if (order(a, b) > 0 || order(b, c) > 0) continue;
                const int expected = order(a, b) < 0 || order(b, c) < 0 ? -1 : 0;
                ASSERT_EQ(sign(order(a, c)), expected)
                    << shown(a) << ", " << shown(b) << ", " << shown(c);
            }
        }
    }
}

// Goal: a search by key finds what a comparison finds. Method: each value as a bound of each type,
// and all values of that type on either side of it, those next to the bound too.
TEST(Bound, StandsWhereAComparisonPutsIt) {
    const std::vector<Value> values = many_values();
    for (const Value& value : values) {
        for (std::uint8_t number = 1; number < type_count; number++) {
            const auto type = static_cast<ColumnType>(number);
            if (!has_bound(value, type)) continue;
            const Bound bound = find_bound(value, type);
            std::vector<Value> held = values;
            held.push_back(bound.at);
            if (bound.at.type() == Type::integer && bound.at.as_integer() != integer_min)
                held.push_back(of(bound.at.as_integer() - 1));
            if (bound.at.type() == Type::real)
                held.push_back(of(std::nextafter(bound.at.as_real(), -infinity)));
            for (const Value& in_column : held) {
                if (in_column.type() != value_type(type)) continue;
                const bool is_from_it_on = !bound.at.is_null() && order(in_column, bound.at) >= 0;
                const bool is_it = bound.is_equal && order(in_column, bound.at) == 0;
                ASSERT_EQ(compare(Comparison::greater_equal, in_column, value),
                          truth(is_from_it_on))
                    << shown(in_column) << ", " << shown(value) << ", " << shown(bound.at);
                ASSERT_EQ(compare(Comparison::equal, in_column, value), truth(is_it))
                    << shown(in_column) << ", " << shown(value) << ", " << shown(bound.at);
            }
        }
    }
    EXPECT_FALSE(has_bound(Value{}, ColumnType::integer));
    EXPECT_FALSE(has_bound(Value::date(0), ColumnType::email));
    EXPECT_EQ(shown(find_bound(of(1.5), ColumnType::integer).at), "2");
    EXPECT_EQ(shown(find_bound(of(infinity), ColumnType::integer).at), "NULL");
    EXPECT_EQ(shown(find_bound(of("1970-01-01T12:00:00Z"), ColumnType::date).at),
              "DATE '1970-01-02'");
    EXPECT_EQ(shown(find_bound(of((std::int64_t{1} << 53) + 1), ColumnType::real).at),
              "9.007199254740994e+15");
    EXPECT_EQ(shown(find_bound(Value::timestamp(timestamp_max), ColumnType::date).at), "NULL");
}

TEST(Compare, TakesATextBesideATimeForOne) {
    const Value noon = Value::timestamp(day_us / 2);
    EXPECT_EQ(compare(Comparison::equal, Value::date(0), of("1970-01-01")), Truth::yes);
    EXPECT_EQ(compare(Comparison::less, of("1970-01-01"), noon), Truth::yes);
    EXPECT_EQ(compare(Comparison::equal, noon, of("1970-01-01T12:00:00Z")), Truth::yes);
    EXPECT_EQ(compare(Comparison::equal, noon, of("noon")), Truth::no);
    EXPECT_EQ(compare(Comparison::less, noon, of("noon")), Truth::yes);
    EXPECT_EQ(compare(Comparison::less, Value::date(0), noon), Truth::yes);
    EXPECT_EQ(compare(Comparison::greater, Value::date(0), of(std::int64_t{5})), Truth::yes);
    EXPECT_EQ(compare(Comparison::equal, noon, Value{}), Truth::unknown);
    EXPECT_EQ(compare(Comparison::equal, yes, of(1.0)), Truth::yes);
}

// Goal: a pattern made to be tried again and again takes no long time.
TEST(Pattern, TakesNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 100; i++) pattern += "a%";
    EXPECT_FALSE(is_like(std::string(20'000, 'a'), pattern + "b", {}));
    EXPECT_TRUE(is_like(std::string(20'000, 'a'), pattern, {}));
    EXPECT_TRUE(is_glob(std::string_view{"a\0b", 3}, std::string_view{"a\0?", 3}));
    EXPECT_TRUE(is_like("\xc3\xa9t\xc3\xa9", "_t_", {}));
    EXPECT_TRUE(is_like("50%", "50\xc2\xa7%", "\xc2\xa7"));
    EXPECT_TRUE(is_glob("\xc3\xa9", "[\xc3\xa0-\xc3\xbf]"));
}

}  // namespace
}  // namespace freshet::relation
