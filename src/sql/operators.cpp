// SPDX-License-Identifier: MIT
#include "sql/operators.hpp"

#include <array>

namespace freshet::sql {
namespace {

using Kind = ExpressionKind;

constexpr std::array operators = {
    Operator{Kind::negate, Precedence::unary, "-", false},
    Operator{Kind::plus, Precedence::unary, "+", false},
    Operator{Kind::bit_not, Precedence::unary, "~", false},
    Operator{Kind::logical_not, Precedence::logical_not, "NOT ", false},
    Operator{Kind::logical_or, Precedence::logical_or, " OR ", true},
    Operator{Kind::logical_and, Precedence::logical_and, " AND ", true},
    Operator{Kind::bit_and, Precedence::bits, " & ", true},
    Operator{Kind::bit_or, Precedence::bits, " | ", true},
    Operator{Kind::shift_left, Precedence::bits, " << ", true},
    Operator{Kind::shift_right, Precedence::bits, " >> ", true},
    Operator{Kind::add, Precedence::sum, " + ", true},
    Operator{Kind::subtract, Precedence::sum, " - ", true},
    Operator{Kind::multiply, Precedence::product, " * ", true},
    Operator{Kind::divide, Precedence::product, " / ", true},
    Operator{Kind::modulo, Precedence::product, " % ", true},
    Operator{Kind::concat, Precedence::concat, " || ", true},
    Operator{Kind::equal, Precedence::equality, " = ", false},
    Operator{Kind::not_equal, Precedence::equality, " <> ", false},
    Operator{Kind::less, Precedence::comparison, " < ", false},
    Operator{Kind::less_equal, Precedence::comparison, " <= ", false},
    Operator{Kind::greater, Precedence::comparison, " > ", false},
    Operator{Kind::greater_equal, Precedence::comparison, " >= ", false},
    Operator{Kind::is, Precedence::equality, " IS ", false},
    Operator{Kind::is_null, Precedence::equality, " IS NULL", false},
    Operator{Kind::like, Precedence::equality, " LIKE ", false},
    Operator{Kind::glob, Precedence::equality, " GLOB ", false},
    Operator{Kind::between, Precedence::equality, " BETWEEN ", false},
    Operator{Kind::in_list, Precedence::equality, " IN ", false},
    Operator{Kind::in_select, Precedence::equality, " IN ", false},
};

using Table = std::array<Operator, static_cast<std::size_t>(Kind::count)>;

constexpr Table make_table() noexcept {
    Table all{};
    for (std::size_t i = 0; i < all.size(); i++)
        all[i] = Operator{static_cast<Kind>(i), Precedence::primary, {}, false};
    for (const Operator& known : operators) all[static_cast<std::size_t>(known.kind)] = known;
    return all;
}
constexpr Table table = make_table();

}  // namespace

const Operator& operator_of(ExpressionKind kind) noexcept {
    return table[static_cast<std::size_t>(kind)];
}

bool is_literal(const Expression& value) noexcept {
    const bool is_signed = value.kind == Kind::negate || value.kind == Kind::plus;
    const Kind kind = is_signed ? value.operand(0).kind : value.kind;
    return is_signed ? kind == Kind::integer || kind == Kind::real : kind < Kind::column;
}

}  // namespace freshet::sql
