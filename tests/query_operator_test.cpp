// SPDX-License-Identifier: MIT
// Goal: each operator gives what it says. Method: beside it a naive evaluation over vectors, on
// small random relations with NULLs, mixed types and few different values, by seed, and at the
// edges of batches; then arenas of every size up to the first that suffices.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "freshet/memory.hpp"
#include "query/algebra.hpp"
#include "query/spilled.hpp"
#include "tests/query_fixture.hpp"

namespace freshet::query {
namespace {

using relation::Comparison;
using Relation = std::vector<Row>;

bool row_less(const Row& a, const Row& b) {
    for (std::size_t i = 0; i < a.size(); i++)
        if (const int order = relation::order(a[i], b[i]); order != 0) return order < 0;
    return false;
}
bool row_equal(const Row& a, const Row& b) {
    return !row_less(a, b) && !row_less(b, a);
}

// Gives rows in batches of odd sizes, with dead rows between them, and forgets each batch when the
// next one is asked for.
class Giver final : public Rows {
public:
    Giver(const Relation& rows, std::size_t width) : rows_{rows}, width_{width} {}
    Result<bool> next(Batch& batch) noexcept override {
        if (given_ == rows_.size()) return false;
        const std::size_t count = std::min<std::size_t>(rows_.size() - given_, sizes_[turn_++ % 4]);
        columns_.assign(width_, std::vector<Value>(1024, Value::text("dead")));
        texts_.clear();
        selection_.clear();
        const std::size_t stride = count <= 512 ? 2 : 1;
        for (std::size_t i = 0; i < count; i++) {
            const std::size_t place = i * stride + (stride - 1);
            selection_.push_back(static_cast<Position>(place));
            for (std::size_t k = 0; k < width_; k++) columns_[k][place] = copy(rows_[given_][k]);
            given_++;
        }
        vectors_.clear();
        for (const auto& column : columns_) vectors_.push_back(Vector::of(column.data()));
        batch = {vectors_, selection_};
        return true;
    }

private:
    Value copy(const Value& value) {
        if (!value.has_bytes()) return value;
        const std::string& text = texts_.emplace_back(value.bytes());
        return value.type() == Type::text ? Value::text(text) : Value::blob(as_bytes(text));
    }

    static constexpr std::array<std::size_t, 4> sizes_ = {1, 1024, 500, 1023};
    const Relation& rows_;
    std::size_t width_;
    std::size_t given_ = 0;
    std::size_t turn_ = 0;
    std::vector<std::vector<Value>> columns_;
    std::deque<std::string> texts_;
    std::vector<Vector> vectors_;
    std::vector<Position> selection_;
};

class Table final : public Source {
public:
    Table(Relation rows, std::size_t width) : rows_{std::move(rows)}, width_{width} {}
    Result<Rows*> open(Context&) const noexcept override {
        return static_cast<Rows*>(&givers_.emplace_back(rows_, width_));
    }
    void describe(TextWriter& text) const noexcept override { text.text("SCAN"); }
    [[nodiscard]] const Relation& rows() const { return rows_; }
    [[nodiscard]] Node node() const {
        return {.kind = NodeKind::source,
                .column_count = static_cast<std::uint32_t>(width_),
                .source = this};
    }

private:
    Relation rows_;
    std::size_t width_;
    mutable std::deque<Giver> givers_;
};

Result<Relation*> run(const Node& node, Context& context, Relation& into) {
    const Result<Rows*> rows = open(node, context);
    if (!rows) return rows.error();
    for (;;) {
        Batch batch;
        const Result<bool> there = (*rows)->next(batch);
        if (!there) return there.error();
        if (!*there) return &into;
        EXPECT_FALSE(batch.selection.empty());
        for (const Position position : batch.selection) {
            Row row;
            for (std::size_t i = 0; i < node.column_count; i++) {
                const Value& value = batch.columns[i][position];
                static std::deque<std::string> texts;
                if (!value.has_bytes()) {
                    row.push_back(value);
                    continue;
                }
                const std::string& text = texts.emplace_back(value.bytes());
                row.push_back(value.type() == Type::text ? Value::text(text)
                                                         : Value::blob(as_bytes(text)));
            }
            into.push_back(row);
        }
    }
}

// The same with a temporary file, and little memory.
void expect_spilled(const Node& node, const Relation& rows) {
    constexpr std::size_t size = std::size_t{4} << 20;
    static const test::Lent file{size};
    static const test::Lent room{size};
    MemoryDisk disk{file, size};
    std::atomic<std::uint32_t> in_use{0};
    for (std::size_t share = 3 * Sorter::block_size_min; share < size; share *= 2) {
        Arena memory{room};
        Spill spill{&disk, &in_use, size};
        spill.share = share;
        Context context{memory, nullptr, &spill};
        Relation spilled;
        const auto done = run(node, context, spilled);
        EXPECT_FALSE(spill.has_failed());
        if (!done && done.error() == Code::out_of_memory) continue;
        ASSERT_TRUE(done) << code_name(done.error().code);
        ASSERT_TRUE(spilled == rows) << share;
        return;
    }
    ADD_FAILURE() << "nothing is enough";
}

Relation run(const Node& node) {
    Memory memory{std::size_t{64} << 20};
    Context context{memory.arena};
    Relation rows;
    const auto done = run(node, context, rows);
    EXPECT_TRUE(done) << code_name(done.error().code);
    expect_spilled(node, rows);
    return rows;
}

Relation random_rows(std::mt19937& random, std::size_t count, std::size_t width) {
    static const char* const texts[] = {"",         "a",
                                        "b",        "abcd",
                                        "abce",     "a longer text",
                                        "a longer", "a text of more than 16 bytes",
                                        "a tex",    "a text of less than 16 bytes"};
    Relation rows;
    for (std::size_t i = 0; i < count; i++) {
        Row row;
        for (std::size_t k = 0; k < width; k++) {
            const auto number = static_cast<std::int64_t>(random() % 5) - 2;
            switch (random() % 8) {
                case 0: row.emplace_back(); break;
                case 1: row.push_back(Value::real(static_cast<double>(number) / 2)); break;
                case 2: row.push_back(Value::text(texts[random() % 10])); break;
                case 3:
                    row.push_back(Value::blob(as_bytes(std::string_view{texts[random() % 10]})));
                    break;
                case 4: row.push_back(Value::date(number)); break;
                default: row.push_back(whole(number));
            }
        }
        rows.push_back(row);
    }
    return rows;
}

// Sizes around the edges of batches, and many small ones.
void with_tables(const std::function<void(const Table&, const Table&, std::mt19937&)>& test) {
    for (unsigned seed = 1; seed <= 60; seed++) {
        std::mt19937 random{seed};
        const std::size_t sizes[] = {0, 1, 2, 1023, 1024, 1025};
        const std::size_t left = seed <= 6 ? sizes[seed - 1] : random() % 40;
        const std::size_t right = seed <= 6 ? 3 : seed <= 9 ? 0 : random() % 40;
        const Table a{random_rows(random, left, 2), 2};
        const Table b{random_rows(random, right, 2), 2};
        SCOPED_TRACE("seed " + std::to_string(seed));
        test(a, b, random);
        if (::testing::Test::HasFailure()) return;
    }
}

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

TEST(QueryOperator, JoinsWhatTheConditionTakes) {
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
TEST(QueryOperator, JoinsRowsThatHaveOnePartnerAtMost) {
    with_tables([&](const Table& a, const Table& b, std::mt19937& random) {
        expect_joined(a, Table{rows_by_key(1, b.rows().size()), 2}, random);
        expect_joined(a, Table{rows_by_key(1'000'000, b.rows().size()), 2}, random);
        expect_joined(a, Table{{{whole(1), whole(INT64_MIN)}, {whole(2), whole(INT64_MAX)}}, 2},
                      random);
        expect_joined(a, Table{{{whole(1), whole(1)}, {whole(2), Value::real(-0.5)}}, 2}, random);
    });
}

// What it keeps is 16 bytes a value and at most 26 a row, where lists double twice that.
TEST(QueryOperator, JoinsTenThousandRowsInAMebibyte) {
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

TEST(QueryOperator, JoinsRowsWithOnePartnerInEveryArenaSize) {
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
