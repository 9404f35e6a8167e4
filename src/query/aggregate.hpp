// SPDX-License-Identifier: MIT
// Aggregates: one value of many. They leave NULL out, and have SQLite's rules.
//
//      count_rows     the number of rows: count(*)
//      count          of those where the argument is not NULL
//      sum            an INT if all are, else a FLOAT; too_large: it is out of range; NULL of none
//      total          the same as a FLOAT; 0.0 of none
//      average        total / count; NULL of none
//      least          by the order of values; NULL of none; greatest
//      join           texts with the separator before each but the first; NULL of none
//      first          of the first row, NULL or not: a column beside aggregates
//
// A TEXT that is no number as a whole counts as a FLOAT, the number at its start.
#pragma once

#include <string_view>

#include "query/keep.hpp"
#include "query/scalar.hpp"

namespace freshet::query {

enum class AggregateKind : std::uint8_t {
    count_rows,
    count,
    sum,
    total,
    average,
    least,
    greatest,
    join,
    first,
};

struct Aggregate {
    AggregateKind kind = AggregateKind::count_rows;
    bool distinct = false;              // Of equal values, the first alone.
    const Scalar* argument = nullptr;   // None: of count_rows.
    const Scalar* separator = nullptr;  // Of join; none: a comma.
};

// By the names avg, count, group_concat, max, min, string_agg, sum, total, in any case. Of max and
// min with several arguments, which are functions, there is none. invalid_argument: none.
Result<AggregateKind> find_aggregate(std::string_view name, std::size_t argument_count) noexcept;

// What an aggregate knows of a group. Zero is that of no rows.
struct AggregateState {
    struct Piece {
        Piece* next;
        std::string_view text;
    };
    std::int64_t count = 0;  // Of what was not NULL, or of rows.
    std::int64_t whole = 0;  // Of join, the size of all pieces.
    double real = 0.0;
    bool is_real = false;
    bool is_out_of_range = false;  // The whole, before there was a FLOAT.
    std::uint32_t group = 0;
    Value value{};         // The least, greatest or first.
    MutableBytes block{};  // Where its bytes are.
    Piece* first = nullptr;
    Piece* last = nullptr;
};

// Takes in a value. What is kept goes to the arena. out_of_memory; type_mismatch: of join.
Status add(AggregateKind kind, AggregateState& state, const Value& value, const Value& separator,
           Arena& memory) noexcept;

// The same of many values: those of a batch that are selected. They go to one group, or each to the
// group of its turn, whose states begin there.
Status add_all(AggregateKind kind, AggregateState& state, const Vector& values,
               const Vector& separators, Selection selection, Arena& memory) noexcept;
Status add_all(AggregateKind kind, AggregateState* const* groups, std::size_t index,
               const Vector& values, const Vector& separators, Selection selection,
               Arena& memory) noexcept;

// The answer; a text lies in the arena. out_of_memory, too_large.
Result<Value> finish(AggregateKind kind, const AggregateState& state, Arena& memory) noexcept;

}  // namespace freshet::query
