// SPDX-License-Identifier: MIT
// What operators cost a row, over a million rows of integers that lie in memory. Printed is the
// fastest of five runs: nanoseconds a row of the left side.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "query/algebra.hpp"

namespace freshet::query {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t row_count = 1'000'000;
constexpr std::size_t memory_size = std::size_t{400} << 20;

class Given final : public Rows {
public:
    explicit Given(const std::vector<Value>* columns) : columns_{columns} {}
    Result<bool> next(Batch& batch) noexcept override {
        const std::size_t count = std::min(columns_[0].size() - first_, batch_row_count_max);
        if (count == 0) return false;
        for (std::size_t i = 0; i < 2; i++) vectors_[i] = Vector::of(columns_[i].data() + first_);
        batch = {vectors_, first_rows(count)};
        first_ += count;
        return true;
    }

private:
    const std::vector<Value>* columns_;
    std::size_t first_ = 0;
    std::array<Vector, 2> vectors_;
};

class Table final : public Source {
public:
    Table(std::size_t count, std::int64_t limit) {
        std::mt19937_64 random{1};
        for (std::size_t i = 0; i < count; i++) {
            columns_[0].push_back(Value::integer(static_cast<std::int64_t>(i) % limit));
            columns_[1].push_back(Value::integer(static_cast<std::int64_t>(random() % 1'000'000)));
        }
    }
    Result<Rows*> open(Context& context) const noexcept override {
        const Result<Given*> made = make<Given>(context.memory, columns_.data());
        if (!made) return made.error();
        return static_cast<Rows*>(*made);
    }
    void describe(TextWriter& text) const noexcept override { text.text("SCAN"); }
    [[nodiscard]] Node node() const {
        return {.kind = NodeKind::source, .column_count = 2, .source = this};
    }

private:
    std::array<std::vector<Value>, 2> columns_;
};

void measure(const char* what, const Node& node, MutableBytes bytes) {
    double best = 1e9;
    std::size_t count = 0;
    std::size_t used = 0;
    for (int run = 0; run < 5; run++) {
        Arena arena{bytes};
        Context context{arena};
        const Clock::time_point start = Clock::now();
        const Result<Rows*> rows = open(node, context);
        if (!rows) std::abort();
        Batch batch;
        for (count = 0;; count += batch.selection.size()) {
            const Result<bool> there = (*rows)->next(batch);
            if (!there) std::abort();
            if (!*there) break;
        }
        const std::chrono::duration<double, std::nano> took = Clock::now() - start;
        best = std::min(best, took.count() / double{row_count});
        used = arena.used();
    }
    std::printf("  %-36s %8.1f ns %10zu rows %8zu KiB\n", what, best, count, used >> 10);
}

void run() {
    std::vector<std::byte> memory(memory_size);
    const Table numbers{row_count, 1000};
    const Table thousand{1000, 1000};
    const Node left = numbers.node();
    const Node right = thousand.node();
    const Scalar key{.kind = ScalarKind::column, .column = 0};
    const Scalar value{.kind = ScalarKind::column, .column = 1};
    const Scalar half{.constant = Value::integer(500'000)};
    const std::array<const Scalar*, 2> compared = {&value, &half};
    const Scalar is_less{.kind = ScalarKind::compare,
                         .comparison = relation::Comparison::less,
                         .operands = compared};
    const Scalar* const keys[] = {&key};
    const Aggregate sum[] = {{AggregateKind::sum, false, &value, nullptr}};
    const SortTerm term[] = {{&value, false, false}};
    const Scalar ten{.constant = Value::integer(10)};

    const Node filter{
        .kind = NodeKind::filter, .column_count = 2, .left = &left, .condition = &is_less};
    const Node total{
        .kind = NodeKind::aggregate, .column_count = 1, .left = &filter, .aggregates = sum};
    const Node join{.kind = NodeKind::join,
                    .column_count = 4,
                    .left = &left,
                    .right = &right,
                    .left_keys = keys,
                    .right_keys = keys};
    const Node group{.kind = NodeKind::aggregate,
                     .column_count = 2,
                     .left = &left,
                     .scalars = keys,
                     .aggregates = sum};
    const Node sort{.kind = NodeKind::sort, .column_count = 2, .left = &left, .terms = term};
    const Node top{.kind = NodeKind::limit, .column_count = 2, .left = &sort, .limit = &ten};
    measure("filter and sum", total, memory);
    measure("hash join with 1,000 rows", join, memory);
    measure("sum by 1,000 groups", group, memory);
    measure("sort", sort, memory);
    measure("sort, the first 10", top, memory);
}

}  // namespace
}  // namespace freshet::query

int main() {
    freshet::query::run();
}
