// SPDX-License-Identifier: MIT
// Goal: each operator gives what it says (joins: query_join_test.cpp). Method: beside it a naive
// evaluation over vectors, on small random relations with NULLs, mixed types and few different
// values, by seed, and at the edges of batches; then arenas of every size up to the first that
// suffices.
#include "tests/operator_fixture.hpp"

namespace freshet::query {
namespace {

TEST(QueryOperator, GivesValuesFiltersAndProjects) {
    Scalars scalars;
    for (const std::size_t count : {0u, 1u, 63u, 64u, 65u, 1023u, 1024u, 1025u, 2500u}) {
        std::vector<const Scalar*> written;
        Relation expected;
        for (std::size_t i = 0; i < count; i++) {
            const auto number = static_cast<std::int64_t>(i);
            written.push_back(scalars.constant(number));
            written.push_back(scalars.constant(Value::text("x")));
            if (number % 3 == 0) continue;
            expected.push_back({Value::text("x"), whole(number + 1), Value::text("x!")});
        }
        const Scalar* const x = scalars.column(0);
        const Scalar* const y = scalars.column(1);
        const Node values{.column_count = 2, .row_count = count, .scalars = written};
        const Node filter{
            .kind = NodeKind::filter,
            .column_count = 2,
            .left = &values,
            .condition = scalars.arithmetic(relation::Operator::remainder, x, scalars.constant(3))};
        const std::vector<const Scalar*> columns = {
            y, scalars.arithmetic(relation::Operator::add, x, scalars.constant(1)),
            scalars.of(ScalarKind::concatenate, {y, scalars.constant(Value::text("!"))})};
        const Node project{
            .kind = NodeKind::project, .column_count = 3, .left = &filter, .scalars = columns};
        EXPECT_EQ(run(project), expected) << count;
    }
}

TEST(QueryOperator, LimitsWhatItGives) {
    Scalars scalars;
    with_tables([&](const Table& a, const Table&, std::mt19937& random) {
        const Node table = a.node();
        const auto limit = static_cast<std::int64_t>(random() % 50) - 2;
        const auto offset = static_cast<std::int64_t>(random() % 20) - 2;
        const Node node{.kind = NodeKind::limit,
                        .column_count = 2,
                        .left = &table,
                        .limit = scalars.constant(limit),
                        .offset = scalars.constant(offset)};
        Relation expected = a.rows();
        const auto skipped = std::min<std::size_t>(
            static_cast<std::size_t>(std::max<std::int64_t>(offset, 0)), expected.size());
        expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(skipped));
        if (limit >= 0) expected.resize(std::min(expected.size(), static_cast<std::size_t>(limit)));
        EXPECT_EQ(run(node), expected);
    });
}

int order_by(const std::vector<SortTerm>& terms, const Row& a, const Row& b) {
    for (const SortTerm& term : terms) {
        const Value& x = a[term.value->column];
        const Value& y = b[term.value->column];
        if (x.is_null() && y.is_null()) continue;
        if (x.is_null()) return term.nulls_last ? 1 : -1;
        if (y.is_null()) return term.nulls_last ? -1 : 1;
        const int order = relation::order(x, y);
        if (order != 0) return term.descending ? -order : order;
    }
    return 0;
}

TEST(QueryOperator, SortsAndKeepsTheOrderOfEquals) {
    Scalars scalars;
    with_tables([&](const Table& a, const Table&, std::mt19937& random) {
        const Node table = a.node();
        std::vector<SortTerm> terms;
        for (std::uint32_t i = 0; i <= random() % 2; i++)
            terms.push_back({scalars.column(i), random() % 2 == 0, random() % 2 == 0});
        Relation expected = a.rows();
        std::stable_sort(expected.begin(), expected.end(),
                         [&](const Row& x, const Row& y) { return order_by(terms, x, y) < 0; });
        const Node sort{.kind = NodeKind::sort, .column_count = 2, .left = &table, .terms = terms};
        EXPECT_EQ(run(sort), expected);
        const std::size_t few = random() % 12;
        const Node limit{.kind = NodeKind::limit,
                         .column_count = 2,
                         .left = &sort,
                         .limit = scalars.constant(static_cast<std::int64_t>(few)),
                         .offset = scalars.constant(2)};
        expected.erase(expected.begin(),
                       expected.begin() + std::min<std::ptrdiff_t>(2, std::ssize(expected)));
        expected.resize(std::min(expected.size(), few));
        EXPECT_EQ(run(limit), expected);
    });
}

TEST(QueryOperator, TakesRowsForSets) {
    with_tables([&](const Table& a, const Table& b, std::mt19937&) {
        const Node left = a.node();
        const Node right = b.node();
        const auto has = [](const Relation& rows, const Row& row) {
            return std::any_of(rows.begin(), rows.end(),
                               [&](const Row& other) { return row_equal(row, other); });
        };
        const auto distinct_if = [&](const Relation& rows, auto test) {
            Relation result;
            for (const Row& row : rows)
                if (test(row) && !has(result, row)) result.push_back(row);
            return result;
        };
        const auto node = [&](NodeKind kind) {
            return Node{.kind = kind, .column_count = 2, .left = &left, .right = &right};
        };
        Relation all = a.rows();
        all.insert(all.end(), b.rows().begin(), b.rows().end());
        const Node union_all = node(NodeKind::union_all);
        EXPECT_EQ(run(union_all), all);
        const Node distinct{.kind = NodeKind::distinct, .column_count = 2, .left = &union_all};
        EXPECT_EQ(run(distinct), distinct_if(all, [](const Row&) { return true; }));
        EXPECT_EQ(run(node(NodeKind::except)),
                  distinct_if(a.rows(), [&](const Row& row) { return !has(b.rows(), row); }));
        EXPECT_EQ(run(node(NodeKind::intersect)),
                  distinct_if(a.rows(), [&](const Row& row) { return has(b.rows(), row); }));
    });
}

std::vector<Aggregate> all_aggregates(const Scalar* argument, const Scalar* separator) {
    std::vector<Aggregate> result{{AggregateKind::count_rows, false, nullptr, nullptr}};
    for (const bool distinct : {false, true})
        for (const AggregateKind kind :
             {AggregateKind::count, AggregateKind::sum, AggregateKind::total,
              AggregateKind::average, AggregateKind::least, AggregateKind::greatest,
              AggregateKind::join})
            result.push_back({kind, distinct, argument, separator});
    return result;
}

// By the definitions, in the slowest way.
Value naive(const Aggregate& aggregate, const Relation& group, Arena& arena) {
    std::vector<Value> values;
    for (const Row& row : group) {
        const Value& value = row[1];
        const bool is_seen = std::any_of(values.begin(), values.end(), [&](const Value& other) {
            return relation::order(value, other) == 0;
        });
        if (!value.is_null() && !(aggregate.distinct && is_seen)) values.push_back(value);
    }
    const auto count = static_cast<std::int64_t>(values.size());
    double real = 0;
    std::int64_t integer = 0;
    bool is_real = false;
    std::string text;
    Value least;
    Value greatest;
    for (const Value& value : values) {
        const Value number = relation::to_number_if_whole(value);
        is_real = is_real || !number.is_whole();
        real += relation::to_real(number);
        if (number.is_whole()) integer += number.whole();
        text += (text.empty() && &value == values.data() ? "" : ";");
        text += relation::to_text(value, arena)->as_text();
        if (least.is_null() || relation::order(value, least) < 0) least = value;
        if (greatest.is_null() || relation::order(value, greatest) > 0) greatest = value;
    }
    switch (aggregate.kind) {
        case AggregateKind::count_rows: return whole(std::ssize(group));
        case AggregateKind::count: return whole(count);
        case AggregateKind::total: return Value::real(real);
        case AggregateKind::least: return least;
        case AggregateKind::greatest: return greatest;
        default: break;
    }
    if (count == 0) return {};
    if (aggregate.kind == AggregateKind::sum) return is_real ? Value::real(real) : whole(integer);
    if (aggregate.kind == AggregateKind::average)
        return Value::real(real / static_cast<double>(count));
    static std::deque<std::string> texts;
    return Value::text(texts.emplace_back(text));
}

TEST(QueryOperator, Aggregates) {
    Scalars scalars;
    const Scalar* const keys[] = {scalars.column(0), scalars.column(1)};
    const std::vector<Aggregate> aggregates =
        all_aggregates(scalars.column(1), scalars.constant(Value::text(";")));
    Memory memory{std::size_t{16} << 20};
    with_tables([&](const Table& a, const Table&, std::mt19937& random) {
        const Node table = a.node();
        const std::size_t key_count = random() % 3;
        std::vector<std::pair<Row, Relation>> groups;
        if (key_count == 0) groups.push_back({{}, {}});
        for (const Row& row : a.rows()) {
            const Row own(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(key_count));
            auto at = std::find_if(groups.begin(), groups.end(),
                                   [&](const auto& group) { return row_equal(group.first, own); });
            if (at == groups.end()) at = groups.insert(groups.end(), {own, {}});
            at->second.push_back(row);
        }
        Relation expected;
        for (const auto& [own, rows] : groups) {
            Row row = own;
            for (const Aggregate& aggregate : aggregates)
                row.push_back(naive(aggregate, rows, memory.arena));
            expected.push_back(row);
        }
        const Node node{.kind = NodeKind::aggregate,
                        .column_count = static_cast<std::uint32_t>(key_count + aggregates.size()),
                        .left = &table,
                        .scalars = {keys, key_count},
                        .aggregates = aggregates};
        EXPECT_EQ(run(node), expected);
    });
}

TEST(QueryOperator, TellsKeysWithTheSameHashApart) {
    Memory memory;
    RowTable table{memory.arena, 1, 1};
    const Value keys[] = {whole(1),
                          Value::text(""),
                          Value::text("a"),
                          Value::text("abcd"),
                          Value::text("abce"),
                          Value::text("abcd1234"),
                          Value::text("abcd1235"),
                          Value::text("bbcd1234"),
                          Value::text("a text of more than 16 bytes"),
                          Value::text("a text of less than 16 bytes"),
                          Value::blob(as_bytes(std::string_view{"a"})),
                          Value{}};
    for (const Value& key : keys) {
        EXPECT_EQ(table.find(key, 7), nullptr) << shown(key);
        ASSERT_TRUE(table.add({&key, 1}, 7));
    }
    for (const Value& key : keys) {
        const Value* const row = table.find(key, 7);
        ASSERT_NE(row, nullptr) << shown(key);
        EXPECT_EQ(*row, key);
        EXPECT_EQ(table.find({&key, 1}, 7), row);
    }
    EXPECT_EQ(*table.find(Value::real(1), 7), whole(1));
}

// An INT out of range fails, but none behind a FLOAT, which has made a FLOAT of the sum.
TEST(QueryOperator, FailsWhereASumIsNoInteger) {
    const Value most = whole(INT64_MAX);
    const Value half = Value::real(0.5);
    const Table a{{{most, whole(1)}, {whole(1), whole(1)}, {half, whole(1)}}, 2};
    const Table b{{{half, whole(1)}, {most, whole(1)}, {whole(1), whole(1)}}, 2};
    Scalars scalars;
    const Node table = a.node();
    const Node other = b.node();
    const Aggregate sum{AggregateKind::sum, false, scalars.column(0), nullptr};
    const Scalar* const key = scalars.column(1);
    for (const std::size_t key_count : {0U, 1U}) {
        Node node{.kind = NodeKind::aggregate,
                  .column_count = static_cast<std::uint32_t>(key_count + 1),
                  .left = &table,
                  .scalars = {&key, key_count},
                  .aggregates = {&sum, 1}};
        Memory memory;
        Context context{memory.arena};
        Relation rows;
        EXPECT_EQ(run(node, context, rows).error(), Code::too_large);
        node.left = &other;
        EXPECT_EQ(run(node).front().back(), Value::real(0x1p63));
    }
    EXPECT_EQ(*find_aggregate("Group_Concat", 2), AggregateKind::join);
    EXPECT_FALSE(find_aggregate("max", 2));
}

// A tree of all of them.
struct Everything {
    explicit Everything(std::mt19937& random)
        : a{random_rows(random, 300, 2), 2}, b{random_rows(random, 30, 2), 2} {}

    Scalars scalars;
    Table a;
    Table b;
    Node left = a.node();
    Node right = b.node();
    const Scalar* key = scalars.column(0);
    Node join{.kind = NodeKind::join,
              .keeps_left = true,
              .column_count = 4,
              .left = &left,
              .right = &right,
              .left_keys = {&key, 1},
              .right_keys = {&key, 1}};
    std::vector<Aggregate> aggregates =
        all_aggregates(scalars.column(3), scalars.constant(Value::text(";")));
    Node group{.kind = NodeKind::aggregate,
               .column_count = 16,
               .left = &join,
               .scalars = {&key, 1},
               .aggregates = aggregates};
    std::vector<const Scalar*> columns = {
        scalars.column(0),
        scalars.of(ScalarKind::concatenate, {scalars.column(1), scalars.column(2)})};
    Node project{.kind = NodeKind::project, .column_count = 2, .left = &group, .scalars = columns};
    Node except{.kind = NodeKind::except, .column_count = 2, .left = &project, .right = &right};
    Node all{.kind = NodeKind::union_all, .column_count = 2, .left = &except, .right = &right};
    Node distinct{.kind = NodeKind::distinct, .column_count = 2, .left = &all};
    SortTerm term{scalars.column(1), true, false};
    Node sort{.kind = NodeKind::sort, .column_count = 2, .left = &distinct, .terms = {&term, 1}};
    Node limit{
        .kind = NodeKind::limit, .column_count = 2, .left = &sort, .limit = scalars.constant(9)};
};

// A block that is too small grows where it lies, so that work within work within work takes what
// the innermost needs, not four times as much at each level.
TEST(QueryOperator, TakesNoMoreForWorkWithinWork) {
    constexpr std::size_t needed = 10'000;
    Memory memory{std::size_t{1} << 14};
    const std::function<Status(Arena&, int)> work = [&](Arena& arena, int depth) -> Status {
        if (depth == 0) {
            const Result<MutableBytes> taken = arena.bytes(needed, 1);
            return taken ? Status{Done{}} : Status{taken.error()};
        }
        Scratch scratch;
        return scratch.run(arena, [&](Arena& within) { return work(within, depth - 1); });
    };
    EXPECT_TRUE(work(memory.arena, 8));
    EXPECT_LE(memory.arena.used(), std::size_t{1} << 14);
}

TEST(QueryOperator, WidensNoBlockBehindWhichSomethingLies) {
    Memory memory{4096};
    MutableBytes block = *memory.arena.bytes(100, 1);
    EXPECT_TRUE(memory.arena.widen(block, 200));
    EXPECT_EQ(block.size(), 200U);
    EXPECT_EQ(memory.arena.used(), 200U);
    EXPECT_FALSE(memory.arena.widen(block, 4097));
    EXPECT_TRUE(memory.arena.widen(block, 4000));
    const MutableBytes behind = *memory.arena.bytes(8, 1);
    EXPECT_EQ(behind.data(), block.data() + 4000);
    EXPECT_FALSE(memory.arena.widen(block, 4001));
    MutableBytes nothing;
    EXPECT_FALSE(memory.arena.widen(nothing, 8));
}

TEST(QueryOperator, SurvivesEveryArenaSize) {
    std::mt19937 random{7};
    const Everything everything{random};
    const Relation expected = run(everything.limit);
    std::size_t failed_count = 0;
    for (std::size_t size = 0; size < std::size_t{1} << 20; size += 509) {
        Memory memory{size};
        Context context{memory.arena};
        Relation rows;
        const auto done = run(everything.limit, context, rows);
        if (done) {
            EXPECT_EQ(rows, expected);
            EXPECT_GT(failed_count, 20u);
            return;
        }
        ASSERT_EQ(done.error(), Code::out_of_memory) << size;
        failed_count++;
    }
    FAIL() << "1 MiB should have been enough";
}

TEST(QueryOperator, StopsWhenItIsInterrupted) {
    std::mt19937 random{7};
    const Everything everything{random};
    Interrupt interrupt;
    interrupt.is_raised = true;
    Memory memory;
    Context context{memory.arena, &interrupt};
    Relation rows;
    EXPECT_EQ(run(everything.limit, context, rows).error(), Code::cancelled);
}

}  // namespace
}  // namespace freshet::query
