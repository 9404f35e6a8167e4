// SPDX-License-Identifier: MIT
// What query_sqlite_test.cpp cannot show: that it is lazy, its limits, and its memory.
#include <gtest/gtest.h>

#include <cstring>

#include "query/keep.hpp"
#include "tests/query_fixture.hpp"

namespace freshet::query {
namespace {

using relation::Comparison;
using relation::Operator;

// abs() of the least integer fails.
const Scalar* failing(Scalars& scalars, std::uint32_t column) {
    return scalars.call("abs", {scalars.column(column)});
}

std::vector<Row> with_one_bad_row(std::size_t count) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < count; i++)
        rows.push_back({whole(i == 5 ? INT64_MIN : static_cast<std::int64_t>(i))});
    return rows;
}

TEST(QueryScalar, DoesNotEvaluateWhatCannotMatter) {
    Scalars scalars;
    const Columns columns{with_one_bad_row(20), 1};
    const Scalar* const bad = failing(scalars, 0);
    const Scalar* const x = scalars.column(0);
    const Scalar* const is_good =
        scalars.compare(Comparison::greater_equal, x, scalars.constant(0));
    const Scalar* const is_bad = scalars.compare(Comparison::less, x, scalars.constant(0));
    const Scalar* const nothing = scalars.constant(Value{});
    const Scalar* const lazy[] = {
        scalars.of(ScalarKind::logical_and, {is_good, bad}),
        scalars.of(ScalarKind::logical_or, {is_bad, bad}),
        scalars.of(ScalarKind::case_when, {is_bad, x, bad}),
        scalars.of(ScalarKind::case_when, {is_good, bad}),
        scalars.of(ScalarKind::case_of, {is_bad, scalars.constant(1), x, scalars.constant(0), bad}),
        scalars.of(ScalarKind::in_list, {is_bad, is_bad, bad}),
        scalars.call("coalesce", {scalars.of(ScalarKind::case_when, {is_good, nothing, x}), bad}),
        scalars.call("iif", {is_good, bad, nothing}),
    };
    for (const Scalar* const scalar : lazy) {
        Memory memory;
        EXPECT_TRUE(evaluate(*scalar, columns.batch(), memory.arena));
        EXPECT_TRUE(select(*scalar, columns.batch(), memory.arena));
    }
    Memory memory;
    const Result<Vector> eager = evaluate(*bad, columns.batch(), memory.arena);
    ASSERT_FALSE(eager);
    EXPECT_EQ(eager.error(), Code::too_large);
}

TEST(QueryScalar, SelectsTheRowsWhereItIsTrue) {
    Scalars scalars;
    for (const std::size_t count : {0u, 1u, 2u, 1023u, 1024u}) {
        std::vector<Row> rows;
        for (std::size_t i = 0; i < count; i++)
            rows.push_back({i % 7 == 0 ? Value{} : whole(static_cast<std::int64_t>(i % 10))});
        const Columns columns{rows, 1};
        const Scalar* const x = scalars.column(0);
        const Scalar* const both = scalars.of(
            ScalarKind::logical_and,
            {scalars.compare(Comparison::greater, x, scalars.constant(3)),
             scalars.compare(Comparison::unequal, x, scalars.constant(Value::real(8.0))), x});
        Memory memory;
        const Result<Selection> found = select(*both, columns.batch(), memory.arena);
        ASSERT_TRUE(found);
        std::vector<Position> expected;
        for (std::size_t i = 0; i < count; i++)
            if (i % 7 != 0 && i % 10 > 3 && i % 10 != 8)
                expected.push_back(static_cast<Position>(i));
        EXPECT_EQ(std::vector<Position>(found->begin(), found->end()), expected) << count;
    }
}

// Goal: no node needs more than it says. Method: every arena size up to the first that suffices.
TEST(QueryScalar, SurvivesEveryArenaSize) {
    Scalars scalars;
    const Columns columns{with_one_bad_row(4), 1};
    const Scalar* const x = scalars.column(0);
    const Scalar* const text = scalars.of(ScalarKind::concatenate, {x, scalars.constant(7)});
    const Scalar* const scalar = scalars.of(
        ScalarKind::case_when,
        {scalars.of(ScalarKind::logical_and,
                    {scalars.of(ScalarKind::like, {text, scalars.constant(Value::text("%7"))}),
                     scalars.of(ScalarKind::in_list, {x, scalars.constant(3), x})}),
         scalars.call("replace", {text, scalars.constant(7), scalars.constant(Value::text("xx"))}),
         scalars.call("coalesce", {scalars.constant(Value{}), x})});
    for (std::size_t size = 0; size < 4096; size++) {
        Memory memory{size};
        const Result<Vector> found = evaluate(*scalar, columns.batch(), memory.arena);
        if (found) {
            EXPECT_EQ((*found)[3], Value::text("3xx"));
            return;
        }
        ASSERT_EQ(found.error(), Code::out_of_memory) << size;
    }
    FAIL() << "4 KiB should have been enough";
}

// A CASE that memory ran out in gave values that were never written, and whoever compared them
// went by what had been there. Method: the same, in memory that is full of what is no value.
TEST(QueryScalar, ReadsNothingThatACaseHasNotWritten) {
    Scalars scalars;
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < 9; i++) rows.push_back({whole(i)});
    const Columns columns{rows, 1};
    const Scalar* const x = scalars.column(0);
    const Scalar* const chosen = scalars.of(
        ScalarKind::case_when, {scalars.compare(Comparison::greater, x, scalars.constant(5)), x,
                                scalars.compare(Comparison::less, x, scalars.constant(2)),
                                scalars.constant(1), scalars.constant(3)});
    for (const ScalarKind kind : {ScalarKind::in_list, ScalarKind::is, ScalarKind::coalesce}) {
        const Scalar* const scalar = scalars.of(kind, {chosen, chosen});
        bool is_done = false;
        for (std::size_t size = 0; size < 4096 && !is_done; size++) {
            Memory memory{size};
            std::memset(memory.bytes.data(), 0xff, size);
            const Result<Vector> found = evaluate(*scalar, columns.batch(), memory.arena);
            is_done = static_cast<bool>(found);
            ASSERT_TRUE(is_done || found.error() == Code::out_of_memory) << size;
        }
        EXPECT_TRUE(is_done);
    }
}

TEST(QueryScalar, TakesValuesThatComeBeforeItRuns) {
    Scalars scalars;
    Value slot = whole(40);
    const Scalar* const sum = scalars.arithmetic(
        Operator::add, scalars.add({.kind = ScalarKind::slot, .slot = &slot}), scalars.constant(2));
    Memory memory;
    EXPECT_EQ(*evaluate(*sum, memory.arena), whole(42));
    slot = Value::text("1.5");
    EXPECT_EQ(*evaluate(*sum, memory.arena), Value::real(3.5));
}

TEST(QueryScalar, RefusesAnEscapeThatIsNotOneCharacter) {
    Scalars scalars;
    const auto like = [&](const char* escape) {
        Memory memory;
        const Scalar* const text = scalars.constant(Value::text("a"));
        const Scalar* const end = scalars.constant(Value::text(escape));
        return evaluate(*scalars.of(ScalarKind::like, {text, text, end}), memory.arena);
    };
    EXPECT_EQ(like("").error(), Code::invalid_argument);
    EXPECT_EQ(like("xy").error(), Code::invalid_argument);
    EXPECT_EQ(*like("\xc3\xa9"), whole(1));
}

TEST(QueryScalar, AsksSetsAsSqlAsksLists) {
    Scalars scalars;
    Memory memory;
    const auto has = [&](const ValueSet& set, const Value& value, bool negated) {
        const Scalar* const scalar =
            scalars.add({.kind = ScalarKind::in_set,
                         .negated = negated,
                         .set = &set,
                         .operands = scalars.list({scalars.constant(value)})});
        return *evaluate(*scalar, memory.arena);
    };
    ValueSet set{memory.arena};
    EXPECT_EQ(has(set, Value{}, false), whole(0));
    EXPECT_EQ(has(set, Value{}, true), whole(1));
    for (std::int64_t i = 0; i < 100; i++) ASSERT_TRUE(set.add(whole(i * 2)));
    EXPECT_EQ(has(set, Value::real(198.0), false), whole(1));
    EXPECT_EQ(has(set, whole(199), false), whole(0));
    EXPECT_EQ(has(set, whole(199), true), whole(1));
    EXPECT_EQ(has(set, Value{}, true), Value{});
    ASSERT_TRUE(set.add(Value{}));
    EXPECT_EQ(has(set, whole(199), true), Value{});
    EXPECT_EQ(has(set, whole(4), true), whole(0));
}

TEST(QueryFunction, IsFoundByNameAndNumberOfArguments) {
    ASSERT_NE(find_function("SubStr", 2), nullptr);
    EXPECT_EQ(find_function("SubStr", 2)->name, "substr");
    EXPECT_EQ(find_function("substr", 1), nullptr);
    EXPECT_TRUE(is_function_name("SUBSTR"));
    EXPECT_FALSE(is_function_name("substrr"));
    EXPECT_EQ(nearest_function_name("Substrr"), "substr");
    EXPECT_EQ(nearest_function_name("COALSECE"), "coalesce");
    EXPECT_EQ(nearest_function_name("something_else"), "");
}

TEST(QueryFunction, RoundsTheHalfAwayFromZero) {
    Scalars scalars;
    const auto rounded = [&](double value, std::int64_t places) {
        Memory memory;
        return *evaluate(*scalars.call("round", {scalars.constant(Value::real(value)),
                                                 scalars.constant(places)}),
                         memory.arena);
    };
    EXPECT_EQ(rounded(0.125, 2), Value::real(0.13));
    EXPECT_EQ(rounded(-2.5, 0), Value::real(-3.0));
    EXPECT_EQ(rounded(0.5, 0), Value::real(1.0));
    EXPECT_EQ(rounded(0.49999999999999994, 0), Value::real(0.0));
    EXPECT_EQ(rounded(2.675, 2), Value::real(2.67));
    EXPECT_EQ(rounded(1e300, 2), Value::real(1e300));
    EXPECT_EQ(rounded(5e-324, 30), Value::real(0.0));
}

TEST(QueryFunction, MakesOnlyCharactersThatExist) {
    Scalars scalars;
    Memory memory;
    const Scalar* const text =
        scalars.call("char", {scalars.constant(0x41), scalars.constant(0xd800),
                              scalars.constant(0x110000), scalars.constant(0x10ffff)});
    EXPECT_EQ(*evaluate(*text, memory.arena),
              Value::text("A\xef\xbf\xbd\xef\xbf\xbd\xf4\x8f\xbf\xbf"));
}

}  // namespace
}  // namespace freshet::query
