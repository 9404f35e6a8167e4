// SPDX-License-Identifier: MIT
// How each kind of node is opened; what open() puts together, and what several operators need.
#pragma once

#include "query/algebra.hpp"
#include "relation/compare.hpp"

namespace freshet::query {

Result<Rows*> open_sort(const Node& node, Rows& left, std::uint64_t row_limit,
                        Context& context) noexcept;
Result<Rows*> open_aggregate(const Node& node, Rows& left, Context& context) noexcept;
Result<Rows*> open_join(const Node& node, Rows& left, Rows& right, Context& context) noexcept;
// distinct, except, intersect; distinct has no right.
Result<Rows*> open_set(const Node& node, Rows& left, Rows* right, Context& context) noexcept;

// Of two values of a term.
[[gnu::always_inline]] inline int order(const SortTerm& term, const Value& a,
                                        const Value& b) noexcept {
    if (a.is_null() || b.is_null()) {
        if (a.is_null() && b.is_null()) return 0;
        return a.is_null() != term.nulls_last ? -1 : 1;
    }
    const int order = relation::order(a, b);
    if (order == 0) return 0;
    return term.descending ? -order : order;
}

// Columns that an operator fills itself: small at first, so that few rows take little memory.
class Output {
public:
    // Room for all columns of at least `row_count` rows; what was there is lost. out_of_memory.
    Status prepare(std::size_t column_count, std::size_t row_count, Arena& memory) noexcept;
    [[nodiscard]] Value* column(std::size_t index) const noexcept {
        return values_ + index * capacity_;
    }
    [[nodiscard]] std::span<const Vector> columns() const noexcept { return vectors_; }

private:
    std::size_t capacity_ = 0;
    Value* values_ = nullptr;  // Not made as NULLs first: what is not written is not read.
    std::span<Vector> vectors_{};
};

// The values of scalars for a batch, until those for another one.
class Evaluated {
public:
    // out_of_memory, and what scalars fail with.
    Status evaluate(std::span<const Scalar* const> scalars, const Batch& batch,
                    Arena& memory) noexcept;
    [[nodiscard]] std::span<const Vector> columns() const noexcept { return columns_; }
    const Vector& operator[](std::size_t index) const noexcept { return columns_[index]; }
    // Of a row. False: there is a NULL among them.
    bool take(Position position, std::span<Value> into) const noexcept;

private:
    Scratch scratch_;
    std::span<const Vector> columns_{};
};

// Which rows of a batch a condition holds for, until it is asked of another one.
class Condition {
public:
    // Selects them, of those that are selected. out_of_memory, and what scalars fail with.
    Status choose(const Scalar& condition, Batch& batch, Arena& memory) noexcept;

private:
    Scratch scratch_;
};

}  // namespace freshet::query
