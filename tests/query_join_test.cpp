// SPDX-License-Identifier: MIT
// Goal: joins give each pair that meets the condition, and what has no partner where it is wanted.
// Method: beside them the slowest way, on small random relations, by seed, and at the edges of
// batches; keys that are dense, far apart or none; then arenas of every size up to the first that
// suffices.
#include "tests/operator_fixture.hpp"

namespace freshet::query {
namespace {

using relation::Comparison;

// Each pair, then what has no partner, in the slowest way.
void expect_joined(const Table& a, const Table& b, std::mt19937& random) {
    Scalars scalars;
    const bool is_column = random() % 2 == 0;
    const Scalar* const left_keys[] = {scalars.column(0), scalars.column(1)};
    const Scalar* const right_keys[] = {
        is_column ? scalars.column(1) : scalars.of(ScalarKind::coalesce, {scalars.column(1)}),
        scalars.column(0)};
    const Node left = a.node();
    const Node right = b.node();
    const std::size_t key_count = random() % 4 == 0 ? 2 : random() % 2;
    const bool has_condition = random() % 2 == 0;
    const Node join{
        .kind = NodeKind::join,
        .keeps_left = random() % 2 == 0,
        .keeps_right = random() % 2 == 0,
        .column_count = 4,
        .left = &left,
        .right = &right,
        .left_keys = {left_keys, key_count},
        .right_keys = {right_keys, key_count},
        .condition = has_condition
                         ? scalars.compare(Comparison::less, scalars.column(1), scalars.column(2))
                         : nullptr};
    const auto pairs = [&](const Row& x, const Row& y) {
        for (std::size_t i = 0; i < key_count; i++)
            if (x[i].is_null() || relation::order(x[i], y[1 - i]) != 0) return false;
        return !has_condition ||
               relation::compare(Comparison::less, x[1], y[0]) == relation::Truth::yes;
    };
    Relation expected;
    for (const Row& x : a.rows()) {
        bool is_lone = true;
        for (const Row& y : b.rows()) {
            if (!pairs(x, y)) continue;
            is_lone = false;
            expected.push_back({x[0], x[1], y[0], y[1]});
        }
        if (is_lone && join.keeps_left) expected.push_back({x[0], x[1], Value{}, Value{}});
    }
    for (const Row& y : b.rows()) {
        const bool is_lone = std::none_of(a.rows().begin(), a.rows().end(),
                                          [&](const Row& x) { return pairs(x, y); });
        if (is_lone && join.keeps_right) expected.push_back({Value{}, Value{}, y[0], y[1]});
    }
    const Relation found = run(join);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); i++)
        EXPECT_TRUE(row_equal(found[i], expected[i])) << i;
}

TEST(QueryJoin, JoinsWhatTheConditionTakes) {
    with_tables(expect_joined);
}

// Rows {number, key}, of which each has a key of its own, or none.
Relation rows_by_key(std::int64_t stride, std::size_t count) {
    Relation rows;
    for (std::size_t i = 0; i < count; i++) {
        const std::int64_t number = static_cast<std::int64_t>(i) - 1;
        rows.push_back({whole(number), i == 5 ? Value{} : whole(number * stride)});
    }
    return rows;
}

// Keys side by side, far apart, at both ends of what an INT can be, and one that is none.
TEST(QueryJoin, JoinsRowsThatHaveOnePartnerAtMost) {
    with_tables([&](const Table& a, const Table& b, std::mt19937& random) {
        expect_joined(a, Table{rows_by_key(1, b.rows().size()), 2}, random);
        expect_joined(a, Table{rows_by_key(1'000'000, b.rows().size()), 2}, random);
        expect_joined(a, Table{{{whole(1), whole(INT64_MIN)}, {whole(2), whole(INT64_MAX)}}, 2},
                      random);
        expect_joined(a, Table{{{whole(1), whole(1)}, {whole(2), Value::real(-0.5)}}, 2}, random);
    });
}

// What it keeps is 16 bytes a value and at most 26 a row, where lists double twice that.
TEST(QueryJoin, JoinsTenThousandRowsInAMebibyte) {
    const Table a{rows_by_key(3, 20), 2};
    for (const std::int64_t stride : {1, 1000}) {
        const Table b{rows_by_key(stride, 10'000), 2};
        const Node left = a.node();
        const Node right = b.node();
        Scalars scalars;
        const Scalar* const key = scalars.column(1);
        const Node join{.kind = NodeKind::join,
                        .column_count = 4,
                        .left = &left,
                        .right = &right,
                        .left_keys = {&key, 1},
                        .right_keys = {&key, 1}};
        Memory memory;
        Context context{memory.arena};
        Relation rows;
        EXPECT_TRUE(run(join, context, rows));
        EXPECT_EQ(rows.size(), stride == 1 ? 18U : 1U);
    }
}

// Fails at once.
class Broken final : public Source, public Rows {
public:
    Result<Rows*> open(Context&) const noexcept override {
        return static_cast<Rows*>(const_cast<Broken*>(this));
    }
    Result<bool> next(Batch&) noexcept override { return Code::corrupt; }
    void describe(TextWriter& text) const noexcept override { text.text("SCAN"); }
};

TEST(QueryJoin, JoinsRowsWithOnePartnerInEveryArenaSize) {
    const Table a{rows_by_key(1, 30), 2};
    const Table b{rows_by_key(1, 20), 2};
    const Node left = a.node();
    const Node right = b.node();
    Scalars scalars;
    const Scalar* const key = scalars.column(1);
    Node join{.kind = NodeKind::join,
              .keeps_left = true,
              .column_count = 4,
              .left = &left,
              .right = &right,
              .left_keys = {&key, 1},
              .right_keys = {&key, 1}};
    std::size_t failed_count = 0;
    for (std::size_t size = 0;; size += 16) {
        Memory memory{size};
        Context context{memory.arena};
        Relation rows;
        const auto done = run(join, context, rows);
        if (done) break;
        ASSERT_EQ(done.error(), Code::out_of_memory) << size;
        failed_count++;
    }
    EXPECT_GT(failed_count, 20U);
    Interrupt interrupt;
    interrupt.is_raised = true;
    Memory memory;
    Context context{memory.arena, &interrupt};
    Relation rows;
    EXPECT_EQ(run(join, context, rows).error(), Code::cancelled);
    const Broken broken;
    const Node failing{.kind = NodeKind::source, .column_count = 2, .source = &broken};
    join.left = &failing;
    Context other{memory.arena};
    EXPECT_EQ(run(join, other, rows).error(), Code::corrupt);
}

}  // namespace
}  // namespace freshet::query
