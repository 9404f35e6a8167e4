// SPDX-License-Identifier: MIT
// What tests of operators share: tables of random rows with NULLs, mixed types and few different
// values, given in batches of odd sizes; and plans that are run over them in memory and, with the
// same rows in the same order, in a temporary file.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "freshet/memory.hpp"
#include "query/algebra.hpp"
#include "query/spilled.hpp"
#include "tests/query_fixture.hpp"

namespace freshet::query {

using Relation = std::vector<Row>;

inline bool row_less(const Row& a, const Row& b) {
    for (std::size_t i = 0; i < a.size(); i++)
        if (const int order = relation::order(a[i], b[i]); order != 0) return order < 0;
    return false;
}
inline bool row_equal(const Row& a, const Row& b) {
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

inline Result<Relation*> run(const Node& node, Context& context, Relation& into) {
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
inline void expect_spilled(const Node& node, const Relation& rows) {
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

inline Relation run(const Node& node) {
    Memory memory{std::size_t{64} << 20};
    Context context{memory.arena};
    Relation rows;
    const auto done = run(node, context, rows);
    EXPECT_TRUE(done) << code_name(done.error().code);
    expect_spilled(node, rows);
    return rows;
}

inline Relation random_rows(std::mt19937& random, std::size_t count, std::size_t width) {
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
inline void with_tables(
    const std::function<void(const Table&, const Table&, std::mt19937&)>& test) {
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

}  // namespace freshet::query
