// SPDX-License-Identifier: MIT
// Goal: expressions on values give what SQLite gives. Method: where its library is installed, all
// operators, comparisons, casts and patterns over all pairs of some 80 values that lie at the edges
// of something; each answer is compared to the bit. What differs on purpose is this and no more:
//
//      here                                             SQLite
//      bytes of a BLOB that are no UTF-8 make no TEXT:  makes a TEXT of any bytes
//      CAST and || are type_mismatch
//      FLOAT to TEXT is rounded correctly               may be one off in the 15th digit
//      LIKE and GLOB take a BLOB that is UTF-8          takes it or not, as it was built
//      a TEXT or pattern may hold a zero byte           LIKE, GLOB and CAST from TEXT end there
//
// The second is allowed to numbers below 1e-22 and above 1e22 alone; the cases of the last two are
// left out.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "relation/arithmetic.hpp"
#include "relation/compare.hpp"
#include "relation/convert.hpp"
#include "relation/pattern.hpp"

#if __has_include(<sqlite3.h>)
#include "tests/sqlite.hpp"

namespace freshet::relation {
namespace {

constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();

Value blob(std::string_view bytes) {
    return Value::blob(as_bytes(bytes));
}

std::vector<Value> interesting() {
    std::vector<Value> values{Value::null()};
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{2}, std::int64_t{7},
          std::int64_t{-7}, std::int64_t{63}, std::int64_t{64}, std::int64_t{-64},
          std::int64_t{-63}, std::int64_t{100}, std::int64_t{4294967296},
          (std::int64_t{1} << 53) - 1, std::int64_t{1} << 53, (std::int64_t{1} << 53) + 1,
          integer_max, integer_max - 1, integer_min, integer_min + 1})
        values.push_back(Value::integer(value));
    for (const double value : {0.0,
                               1.0,
                               -1.0,
                               0.5,
                               -0.5,
                               1.5,
                               2.5,
                               0.1,
                               1e-5,
                               123456.789,
                               1e15,
                               1e21,
                               -1e21,
                               1e300,
                               9007199254740992.0,
                               9007199254740994.0,
                               9223372036854775808.0,
                               -9223372036854775808.0,
                               9223372036854774784.0,
                               -9223372036854777856.0,
                               infinity,
                               -infinity,
                               5e-300})
        values.push_back(Value::real(value));
    for (const char* value : {"",
                              " ",
                              "0",
                              "1",
                              "-1",
                              "+1",
                              "1.0",
                              " 1 ",
                              "\t7\n",
                              "1e2",
                              "1e",
                              "1.5x",
                              "abc",
                              "ABC",
                              "aBc",
                              "0x10",
                              "12abc",
                              ".5",
                              "5.",
                              ".",
                              "-",
                              "+",
                              "-5.e1",
                              "1 2",
                              "9223372036854775807",
                              "9223372036854775808",
                              "-9223372036854775808",
                              "-9223372036854775809",
                              "1e400",
                              "\xc3\xa9",
                              "\xc3\x89",
                              "\xe2\x82\xac",
                              "z",
                              "Inf",
                              "true",
                              "2026-11-20",
                              "a%",
                              "%",
                              "_b_",
                              "[a-c]*",
                              "?bc"})
        values.push_back(Value::text(value));
    for (const char* value : {"", "1", "abc", "12x", "\xff", "\xc3\xa9", "\xc3"})
        values.push_back(blob(value));
    return values;
}

// As SQLite has it, until the next one.
Value answer(test::Sqlite& sqlite, const Value& a, const Value& b) {
    EXPECT_TRUE(sqlite.step({a, b})) << sqlite.message();
    return sqlite.column();
}

std::string shown(const Value& value) {
    std::array<char, 400> buffer;
    TextWriter text{buffer};
    put_literal(text, value);
    return std::string{text.written()};
}

struct Memory {
    std::array<std::byte, 4096> bytes;
    Arena arena{bytes};
};

// See the table above.
bool may_be_rounded(const Value& value) {
    const double real = value.is_null() ? 0 : std::fabs(to_real(value));
    return real > 1e22 || (real > 0 && real < 1e-22);
}

template <class Ours>
void compare_all(const std::string& expression, Ours ours) {
    test::Sqlite sqlite;
    sqlite.prepare("SELECT " + expression);
    const std::vector<Value> values = interesting();
    std::size_t differences = 0;
    for (const Value& a : values) {
        for (const Value& b : values) {
            Memory memory;
            const Result<Value> found = ours(a, b, memory.arena);
            const bool has_blob = a.type() == Type::blob || b.type() == Type::blob;
            if (!found && found.error() == Code::type_mismatch && has_blob) continue;
            const Value expected = answer(sqlite, a, b);
            if (found && *found == expected) continue;
            if (found && (may_be_rounded(a) || may_be_rounded(b)) &&
                found->type() == expected.type() && found->has_bytes())
                continue;
            if (++differences > 20) continue;
            ADD_FAILURE() << expression << " with " << shown(a) << " and " << shown(b) << " is "
                          << (found ? shown(*found) : "refused") << ", of SQLite "
                          << shown(expected);
        }
    }
    EXPECT_EQ(differences, 0u) << expression;
}

TEST(SqliteValue, Calculates) {
    const struct {
        const char* text;
        Operator operation;
    } operators[] = {
        {"+", Operator::add},    {"-", Operator::subtract},    {"*", Operator::multiply},
        {"/", Operator::divide}, {"%", Operator::remainder},   {"&", Operator::bit_and},
        {"|", Operator::bit_or}, {"<<", Operator::shift_left}, {">>", Operator::shift_right}};
    for (const auto& [text, operation] : operators) {
        compare_all(std::string{"?1 "} + text + " ?2",
                    [operation = operation](const Value& a, const Value& b, Arena&) {
                        return Result<Value>{apply(operation, a, b)};
                    });
    }
    compare_all("-?1",
                [](const Value& a, const Value&, Arena&) { return Result<Value>{negate(a)}; });
    compare_all("~?1",
                [](const Value& a, const Value&, Arena&) { return Result<Value>{complement(a)}; });
    compare_all("?1 || ?2", [](const Value& a, const Value& b, Arena& memory) {
        return concatenate(a, b, memory);
    });
}

TEST(SqliteValue, Compares) {
    const struct {
        const char* text;
        Comparison comparison;
    } comparisons[] = {{"=", Comparison::equal},   {"<>", Comparison::unequal},
                       {"<", Comparison::less},    {"<=", Comparison::less_equal},
                       {">", Comparison::greater}, {">=", Comparison::greater_equal}};
    for (const auto& [text, comparison] : comparisons) {
        compare_all(std::string{"?1 "} + text + " ?2",
                    [comparison = comparison](const Value& a, const Value& b, Arena&) {
                        return Result<Value>{value_of(compare(comparison, a, b))};
                    });
    }
    compare_all("?1 IS ?2", [](const Value& a, const Value& b, Arena&) {
        return Result<Value>{value_of(truth(order(a, b) == 0))};
    });
    compare_all("?1 AND ?2", [](const Value& a, const Value& b, Arena&) {
        return Result<Value>{value_of(both(truth_of(a), truth_of(b)))};
    });
    compare_all("?1 OR ?2", [](const Value& a, const Value& b, Arena&) {
        return Result<Value>{value_of(either(truth_of(a), truth_of(b)))};
    });
    compare_all("NOT ?1", [](const Value& a, const Value&, Arena&) {
        return Result<Value>{value_of(opposite(truth_of(a)))};
    });
}

TEST(SqliteValue, Casts) {
    const struct {
        const char* text;
        ColumnType type;
    } casts[] = {{"INTEGER", ColumnType::integer},
                 {"REAL", ColumnType::real},
                 {"TEXT", ColumnType::text},
                 {"BLOB", ColumnType::blob}};
    for (const auto& [text, type] : casts) {
        compare_all(std::string{"CAST(?1 AS "} + text + ")",
                    [type = type](const Value& a, const Value&, Arena& memory) {
                        return cast(a, type, memory);
                    });
    }
}

// A column of numbers, compared with a parameter that may be a text.
TEST(SqliteValue, TakesWholeTextsForNumbers) {
    compare_all("CAST(?1 AS REAL) = ?2", [](const Value& a, const Value& b, Arena& memory) {
        const Result<Value> real = cast(a, ColumnType::real, memory);
        return Result<Value>{value_of(compare(Comparison::equal, *real, to_number_if_whole(b)))};
    });
}

TEST(SqliteValue, MatchesPatterns) {
    const Result<Value> refused = Code::type_mismatch;
    const auto with_texts = [&](const Value& a, const Value& b, Arena& memory, auto matches) {
        if (a.type() == Type::blob || b.type() == Type::blob) return refused;
        if (a.is_null() || b.is_null()) return Result<Value>{Value{}};
        const Result<Value> x = to_text(a, memory);
        const Result<Value> y = to_text(b, memory);
        if (!x) return x;
        if (!y) return y;
        return Result<Value>{value_of(truth(matches(x->as_text(), y->as_text())))};
    };
    compare_all("?1 LIKE ?2", [&](const Value& a, const Value& b, Arena& memory) {
        return with_texts(a, b, memory,
                          [](auto text, auto pattern) { return is_like(text, pattern, {}); });
    });
    compare_all("?1 LIKE ?2 ESCAPE 'b'", [&](const Value& a, const Value& b, Arena& memory) {
        return with_texts(a, b, memory,
                          [](auto text, auto pattern) { return is_like(text, pattern, "b"); });
    });
    compare_all("?1 GLOB ?2", [&](const Value& a, const Value& b, Arena& memory) {
        return with_texts(a, b, memory,
                          [](auto text, auto pattern) { return is_glob(text, pattern); });
    });
}

// All short patterns over the letters that matter, on all short texts.
TEST(SqliteValue, MatchesAllShortPatterns) {
    const auto texts_of = [](std::string_view letters, std::size_t size_max) {
        std::vector<std::string> texts{""};
        for (std::size_t first = 0, size = 0; size < size_max; size++) {
            const std::size_t last = texts.size();
            for (; first < last; first++)
                for (const char letter : letters) texts.push_back(texts[first] + letter);
        }
        return texts;
    };
    test::Sqlite sqlite;
    const auto compare_patterns = [&](const std::string& expression, std::string_view letters,
                                      auto matches) {
        sqlite.prepare("SELECT " + expression);
        const std::vector<std::string> texts = texts_of("abA", 3);
        for (const std::string& pattern : texts_of(letters, 4)) {
            for (const std::string& text : texts) {
                const Value expected = answer(sqlite, Value::text(text), Value::text(pattern));
                ASSERT_EQ(matches(text, pattern), expected == Value::integer(1))
                    << expression << ": '" << text << "', '" << pattern << "'";
            }
        }
    };
    compare_patterns("?1 LIKE ?2", "aB%_",
                     [](auto& text, auto& pattern) { return is_like(text, pattern, {}); });
    compare_patterns("?1 LIKE ?2 ESCAPE '%'", "aB%_",
                     [](auto& text, auto& pattern) { return is_like(text, pattern, "%"); });
    compare_patterns("?1 GLOB ?2", "ab*?",
                     [](auto& text, auto& pattern) { return is_glob(text, pattern); });
    compare_patterns("?1 GLOB '[' || ?2", "ab]^-",
                     [](auto& text, auto& pattern) { return is_glob(text, "[" + pattern); });
}

}  // namespace
}  // namespace freshet::relation

#else

TEST(SqliteValue, IsNotInstalled) {
    GTEST_SKIP() << "sqlite3.h is not here to compare with";
}

#endif
