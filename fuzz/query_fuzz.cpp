// SPDX-License-Identifier: MIT
// Any text as SELECTs over three small tables. Each is refused, with words and at a place in the
// text, or bound and run twice, with the same answer. A clock that counts how often it is asked
// ends what takes too long.
#include <array>
#include <memory>

#include "base/hash.hpp"
#include "fuzz/target.hpp"
#include "relation/compare.hpp"
#include "sql/binder.hpp"
#include "sql/parse.hpp"

namespace freshet::fuzz {
namespace {

using relation::ColumnType;

constexpr std::size_t memory_size = std::size_t{1} << 20;
constexpr std::size_t text_size_max = 2000;

class CountingClock final : public Clock {
public:
    std::uint64_t now_us() noexcept override { return ++count_; }
    void random(MutableBytes into) noexcept override { (void)into; }

private:
    std::uint64_t count_ = 0;
};

constexpr std::size_t row_count = 4;
constexpr std::size_t column_count = 4;
using Cells = std::array<std::array<Value, row_count>, column_count>;

const Cells& cells() {
    static const Cells all = {{
        {Value::integer(1), Value::integer(2), Value::integer(-3), Value{}},
        {Value::text("a"), Value::text("2"), Value::text(""), Value{}},
        {Value::real(1.5), Value::real(2), Value{}, Value::real(-1e300)},
        {Value::date(0), Value{}, Value::date(1), Value::date(20000)},
    }};
    return all;
}

class FewRows final : public query::Rows {
public:
    Result<bool> next(query::Batch& batch) noexcept override {
        if (is_given_) return false;
        is_given_ = true;
        for (std::size_t i = 0; i < column_count; i++)
            columns_[i] = query::Vector::of(cells()[i].data());
        batch = {columns_, query::first_rows(row_count)};
        return true;
    }

private:
    std::array<query::Vector, column_count> columns_{};
    bool is_given_ = false;
};

class FewRowsSource final : public query::Source {
public:
    Result<query::Rows*> open(query::Context& context) const noexcept override {
        const Result<FewRows*> rows = query::make<FewRows>(context.memory);
        if (!rows) return rows.error();
        return static_cast<query::Rows*>(*rows);
    }
    void describe(TextWriter& text) const noexcept override { text.text("SCAN"); }
};

Result<const query::Source*> make_source(const sql::VirtualUse& use, void*) noexcept {
    const Result<FewRowsSource*> source = query::make<FewRowsSource>(use.memory);
    if (!source) return source.error();
    return static_cast<const query::Source*>(*source);
}

constexpr std::array<sql::VirtualColumn, column_count> columns = {{
    {.name = "a", .type = ColumnType::integer},
    {.name = "b", .type = ColumnType::text},
    {.name = "c", .type = ColumnType::real},
    {.name = "d", .type = ColumnType::date},
}};
constexpr std::array<sql::VirtualTable, 3> tables = {{
    {.name = "t", .columns = columns, .make = make_source},
    {.name = "u", .columns = columns, .make = make_source},
    {.name = "v", .columns = columns, .argument_count_max = 2, .make = make_source},
}};

// A number that stands for all rows; or why there are none.
Result<std::uint64_t> run(const sql::Binder& binder, const query::Node& node) {
    const std::unique_ptr<std::byte[]> bytes{new std::byte[memory_size]};
    Arena memory{{bytes.get(), memory_size}};
    CountingClock clock;
    query::Interrupt interrupt;
    interrupt.clock = &clock;
    interrupt.deadline_us = 300;
    query::Context context{memory, &interrupt};
    const Status prepared = sql::run(binder.subqueries(), context);
    if (!prepared) return prepared.error();
    const Result<query::Rows*> rows = query::open(node, context);
    if (!rows) return rows.error();
    std::uint64_t all = 0;
    for (;;) {
        query::Batch batch;
        const Result<bool> there = (*rows)->next(batch);
        if (!there) return there.error();
        if (!*there) return all;
        for (const query::Position position : batch.selection)
            for (std::uint32_t i = 0; i < node.column_count; i++)
                all = all * 31 + relation::hash(batch.columns[i][position]) + 1;
    }
}

void check_error(const SqlError& error, std::string_view text) {
    require(error.error.code != Code::none, "a failure without an error");
    require(!error.message().empty(), "an error without words");
    require(error.offset <= text.size() && error.size <= text.size() - error.offset,
            "an error outside the text");
}

void check_select(const sql::Select& select, std::string_view text, Arena& memory) {
    SqlError error;
    std::array<Value, 4> parameters = {Value::integer(2), Value::text("2"), Value{},
                                       Value::date(1)};
    const Value now = Value::timestamp(1'000'000);
    sql::Binder binder{{.memory = memory,
                        .error = error,
                        .text = text,
                        .parameters = parameters,
                        .now = &now,
                        .virtual_tables = tables}};
    const Result<sql::QueryPlan> plan = binder.select(select);
    if (!plan) return check_error(error, text);
    require(error.error.code == Code::none, "an error where there is none");
    require(plan->names.size() == plan->node->column_count, "names of other columns");
    const Result<std::uint64_t> first = run(binder, *plan->node);
    const Result<std::uint64_t> again = run(binder, *plan->node);
    require(first.error().code == again.error().code, "a plan that fails once");
    if (first) require(*first == *again, "a plan with two answers");
}

}  // namespace

std::vector<Seed> make_seeds() {
    constexpr std::pair<const char*, std::string_view> all[] = {
        {"names", "SELECT a AS x, t.*, b || c FROM t WHERE x > 1 ORDER BY 2 DESC, x LIMIT 3"},
        {"joins",
         "SELECT * FROM t LEFT JOIN u ON t.a = u.a AND u.b < 'b' FULL JOIN v(1) USING (d) NATURAL "
         "JOIN (SELECT a, max(c) m FROM t GROUP BY a) w"},
        {"groups",
         "SELECT b, count(DISTINCT a), sum(c) + 1, d FROM t GROUP BY 1 HAVING count(*) >= 1 ORDER "
         "BY total(a)"},
        {"subqueries",
         "SELECT (SELECT count(*) FROM u WHERE u.a < t.a), a IN (SELECT a FROM v), EXISTS (SELECT "
         "1 "
         "FROM u WHERE u.b = t.b) FROM t"},
        {"compounds", "SELECT a FROM t UNION SELECT b FROM u EXCEPT VALUES (1), ('2') ORDER BY 1"},
        {"conversions",
         "SELECT a = '1', b = 2, d > '1970-01-02', CAST(b AS INT), a BETWEEN '0' AND 5, CASE a "
         "WHEN "
         "'1' THEN 2 END, ?1 = b, now() FROM t WHERE c IS NOT TRUE"},
        {"distinct", "SELECT DISTINCT b FROM t, u ORDER BY u.a NULLS LAST LIMIT ?1 OFFSET 1"},
        {"refused", "SELECT nope FROM t; SELECT a FROM t, u; SELECT count(*) FROM t WHERE sum(a)"},
    };
    std::vector<Seed> seeds;
    for (const auto& [name, text] : all) {
        const Bytes bytes = as_bytes(text);
        seeds.push_back({name, Contents(bytes.begin(), bytes.end())});
    }
    return seeds;
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet;
    const std::string_view text = as_text(fuzz::input(data, size));
    if (text.size() > fuzz::text_size_max) return 0;
    std::uint32_t from = 0;
    while (from < text.size()) {
        const std::unique_ptr<std::byte[]> bytes{new std::byte[fuzz::memory_size]};
        Arena memory{{bytes.get(), fuzz::memory_size}};
        SqlError error;
        const auto parsed = sql::parse_statement(text, from, memory, error);
        if (parsed && parsed->statement != nullptr &&
            parsed->statement->kind == sql::StatementKind::select)
            fuzz::check_select(*parsed->statement->select, text, memory);
        from = parsed ? parsed->end : sql::find_statement_end(text, from).offset;
    }
    return 0;
}
