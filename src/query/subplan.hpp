// SPDX-License-Identifier: MIT
// A query within an expression that is run anew for each row, since it depends on it: first the
// values of the expression's operands are put into its slots.
//
// It is slow by nature. Each run has its memory from the scratch of the expression, the same block
// again and again.
#pragma once

#include "query/algebra.hpp"

namespace freshet::query {

struct Subplan {
    enum class Kind : std::uint8_t {
        value,   // The first column of its first row; without one, NULL.
        exists,  // Whether it has a row.
        has,     // IN: whether its first column has the first operand, which has no slot.
    };
    Kind kind = Kind::value;
    const Node* node = nullptr;
    std::span<Value* const> slots{};
    const Interrupt* interrupt = nullptr;  // Of the statement that runs it; set before each run.
};

// What it gives once its slots are set; text lies in the arena, `scratch` is used for the run.
// `wanted` is what `has` looks for. Whatever its rows fail with.
Result<Value> run(const Subplan& subplan, const Value& wanted, Scratch& scratch,
                  Arena& memory) noexcept;

}  // namespace freshet::query
