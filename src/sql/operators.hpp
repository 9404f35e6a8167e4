// SPDX-License-Identifier: MIT
// How tightly operators bind, as in SQLite; the parser and the printer share it.
#pragma once

#include <string_view>

#include "sql/expression.hpp"

namespace freshet::sql {

enum class Precedence : std::uint8_t {
    lowest,
    logical_or,
    logical_and,
    logical_not,
    equality,    // = <> IS IN LIKE GLOB BETWEEN ISNULL NOTNULL
    comparison,  // < <= > >=
    bits,        // & | << >>
    sum,
    product,
    concat,
    unary,
    primary,
};

constexpr Precedence above(Precedence precedence) noexcept {
    return static_cast<Precedence>(static_cast<std::uint8_t>(precedence) + 1);
}

struct Operator {
    ExpressionKind kind;
    Precedence precedence;
    std::string_view text;  // Of one that stands before, or between, its operands.
    bool is_chain;          // a op b op c is one node.
};

// What binds as tightly as can be, and has no text, where the kind is no operator.
const Operator& operator_of(ExpressionKind kind) noexcept;

// A literal or CURRENT_..., or a number with a sign: what may be a default without parentheses.
bool is_literal(const Expression& value) noexcept;

}  // namespace freshet::sql
