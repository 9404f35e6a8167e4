// SPDX-License-Identifier: MIT
// Comparisons convert one side before they compare, as SQLite does it, by what is known of the
// types (which SQLite calls affinity):
//
//      beside a number            a TEXT, or what has no type, becomes the number that it is
//      beside a text, no type     a number becomes its text
//
// A column, a cast and a subquery have a type; everything else has none.
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnType;
using relation::Comparison;

enum class Affinity : std::uint8_t { none, number, text, other };

Affinity affinity_of(const ResultColumnType& type) noexcept {
    if (!type.is_known) return Affinity::none;
    switch (type.type) {
        case ColumnType::boolean:
        case ColumnType::integer:
        case ColumnType::real: return Affinity::number;
        case ColumnType::text:
        case ColumnType::email: return Affinity::text;
        default: return Affinity::other;
    }
}

bool is_true_literal(const Expression& expression) noexcept {
    return expression.kind == ExpressionKind::boolean ? expression.integer != 0
                                                      : expression.negated;
}

}  // namespace

bool is_boolean_literal(const Expression& expression) noexcept {
    const bool is_in = expression.kind == ExpressionKind::in_list;
    return expression.kind == ExpressionKind::boolean || (is_in && expression.operands.count == 1);
}

const Scalar* Binding::converted(const Typed& value, const ResultColumnType& beside) noexcept {
    const Affinity own = affinity_of(value.type);
    const Affinity other = affinity_of(beside);
    const bool may_become_number = own == Affinity::none || own == Affinity::text;
    if (other == Affinity::number && may_become_number && may_be_text(*value.scalar))
        return of(ScalarKind::as_number, {value.scalar});
    if (other == Affinity::text && own == Affinity::none && may_be_number(*value.scalar))
        return of(ScalarKind::as_text, {value.scalar});
    return value.scalar;
}

const Scalar* Binding::compared(Comparison comparison, const Typed& a, const Typed& b) noexcept {
    return scalar({.kind = ScalarKind::compare,
                   .comparison = comparison,
                   .operands = operands({converted(a, b.type), converted(b, a.type)})});
}

Typed Binding::operand(Level& level, const Expression& expression) noexcept {
    const bool is_literal =
        expression.kind == ExpressionKind::integer || expression.kind == ExpressionKind::text;
    if (!is_literal || !is_in_where_) return this->expression(level, expression);
    for (FreeLiteral& literal : environment_.literals) {
        if (literal.offset != expression.place.offset) continue;
        literal.is_free = true;
        return {scalar({.kind = ScalarKind::slot, .slot = literal.slot}), {}};
    }
    return literal(expression);
}

Typed Binding::compare(Level& level, const Expression& expression, Comparison comparison) noexcept {
    const Typed a = operand(level, expression.operand(0));
    const Typed b = operand(level, expression.operand(1));
    return {compared(comparison, a, b), {}};
}

// IS TRUE asks for the truth of a value, not whether it is 1.
Typed Binding::is(Level& level, const Expression& expression) noexcept {
    const Typed a = this->expression(level, expression.operand(0));
    const Expression& right = expression.operand(1);
    if (is_boolean_literal(right)) {
        const Scalar* const truth =
            of(ScalarKind::logical_not, {of(ScalarKind::logical_not, {a.scalar})});
        const Scalar* const wanted = constant(Value::integer(is_true_literal(right) ? 1 : 0));
        return {of(ScalarKind::is, {truth, wanted}, expression.negated), {}};
    }
    const Typed b = this->expression(level, right);
    if (is_constant(*b.scalar) && b.scalar->constant.is_null())
        return {of(ScalarKind::is_null, {a.scalar}, expression.negated), {}};
    return {of(ScalarKind::is, {converted(a, b.type), converted(b, a.type)}, expression.negated),
            {}};
}

// Two comparisons, which may convert the value each in its way.
Typed Binding::between(Level& level, const Expression& expression) noexcept {
    const Typed value = operand(level, expression.operand(0));
    const Typed low = operand(level, expression.operand(1));
    const Typed high = operand(level, expression.operand(2));
    const Scalar* const by_low = converted(value, low.type);
    const Scalar* const by_high = converted(value, high.type);
    if (by_low == value.scalar && by_high == value.scalar) {
        const Scalar* const from = converted(low, value.type);
        const Scalar* const to = converted(high, value.type);
        return {of(ScalarKind::between, {value.scalar, from, to}, expression.negated), {}};
    }
    const Scalar* const above = compared(Comparison::greater_equal, value, low);
    const Scalar* const below = compared(Comparison::less_equal, value, high);
    const Scalar* const both = of(ScalarKind::logical_and, {above, below});
    return {expression.negated ? of(ScalarKind::logical_not, {both}) : both, {}};
}

// What is in the list has no type.
Typed Binding::in_list(Level& level, const Expression& expression) noexcept {
    if (is_boolean_literal(expression))
        return {constant(Value::integer(is_true_literal(expression) ? 1 : 0)), {}};
    const auto list = array<const Scalar*>(expression.operands.count);
    ResultColumnType type{};
    std::size_t count = 0;
    for (const Expression& operand : expression.operands) {
        const Typed value = this->expression(level, operand);
        if (has_failed_) return {};
        if (count == 0) type = value.type;
        list[count] = count == 0 ? value.scalar : converted({value.scalar, {}}, type);
        count++;
    }
    return {scalar({.kind = ScalarKind::in_list, .negated = expression.negated, .operands = list}),
            {}};
}

Typed Binding::case_of(Level& level, const Expression& expression) noexcept {
    const std::uint32_t count = expression.operands.count;
    const auto list = array<const Scalar*>(count - 1);
    const Typed value = this->expression(level, expression.operand(0));
    std::size_t place = 0;
    const Expression* next = expression.operands.first->next;
    for (; next != nullptr && !has_failed_; next = next->next, place++) {
        const Typed operand = this->expression(level, *next);
        if (has_failed_) return {};
        const bool is_asked = place % 2 == 0 && next->next != nullptr;
        list[place] = is_asked ? compared(Comparison::equal, value, operand) : operand.scalar;
    }
    return {scalar({.kind = ScalarKind::case_when, .operands = list}), {}};
}

}  // namespace freshet::sql
