// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/real.hpp"
#include "base/time_text.hpp"
#include "relation/convert.hpp"
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnType;
using relation::Comparison;
using relation::Operator;
using Kind = ExpressionKind;

constexpr ResultColumnType known(ColumnType type) noexcept {
    return {true, type};
}

}  // namespace

Typed Binding::expression(Level& level, const Expression& expression) noexcept {
    if (has_failed_) return {};
    switch (expression.kind) {
        case Kind::null:
        case Kind::boolean:
        case Kind::integer:
        case Kind::real:
        case Kind::text:
        case Kind::blob: return literal(expression);
        case Kind::date: return time_literal(expression, ColumnType::date);
        case Kind::time:
        case Kind::timestamp: return time_literal(expression, ColumnType::timestamp);
        case Kind::current_date: return current_time(expression.place, ColumnType::date);
        case Kind::current_time:
        case Kind::current_timestamp: return current_time(expression.place, ColumnType::timestamp);
        case Kind::column: return column(level, expression);
        case Kind::parameter: return parameter(expression);
        case Kind::plus: return {this->expression(level, expression.operand(0)).scalar, {}};
        case Kind::negate: return of_kind(level, expression, ScalarKind::negate);
        case Kind::bit_not: return of_kind(level, expression, ScalarKind::complement);
        case Kind::logical_not: return of_kind(level, expression, ScalarKind::logical_not);
        case Kind::logical_or: return of_kind(level, expression, ScalarKind::logical_or);
        case Kind::logical_and: return of_kind(level, expression, ScalarKind::logical_and);
        case Kind::concat: return of_kind(level, expression, ScalarKind::concatenate);
        case Kind::is_null: return of_kind(level, expression, ScalarKind::is_null);
        case Kind::like: return of_kind(level, expression, ScalarKind::like);
        case Kind::glob: return of_kind(level, expression, ScalarKind::glob);
        case Kind::case_when: return of_kind(level, expression, ScalarKind::case_when);
        case Kind::bit_and: return arithmetic(level, expression, Operator::bit_and);
        case Kind::bit_or: return arithmetic(level, expression, Operator::bit_or);
        case Kind::shift_left: return arithmetic(level, expression, Operator::shift_left);
        case Kind::shift_right: return arithmetic(level, expression, Operator::shift_right);
        case Kind::add: return arithmetic(level, expression, Operator::add);
        case Kind::subtract: return arithmetic(level, expression, Operator::subtract);
        case Kind::multiply: return arithmetic(level, expression, Operator::multiply);
        case Kind::divide: return arithmetic(level, expression, Operator::divide);
        case Kind::modulo: return arithmetic(level, expression, Operator::remainder);
        case Kind::equal: return compare(level, expression, Comparison::equal);
        case Kind::not_equal: return compare(level, expression, Comparison::unequal);
        case Kind::less: return compare(level, expression, Comparison::less);
        case Kind::less_equal: return compare(level, expression, Comparison::less_equal);
        case Kind::greater: return compare(level, expression, Comparison::greater);
        case Kind::greater_equal: return compare(level, expression, Comparison::greater_equal);
        case Kind::is: return is(level, expression);
        case Kind::between: return between(level, expression);
        case Kind::in_list: return in_list(level, expression);
        case Kind::in_select: return in_select(level, expression);
        case Kind::exists:
        case Kind::subquery: return subquery(level, expression);
        case Kind::case_of: return case_of(level, expression);
        case Kind::cast: return cast(level, expression);
        case Kind::function: return function(level, expression);
        case Kind::count: break;
    }
    return {};
}

const Scalar* Binding::condition(Level& level, const Expression& expression) noexcept {
    return this->expression(level, expression).scalar;
}

Operands Binding::expressions(Level& level, const List<Expression>& list) noexcept {
    const auto bound = array<const Scalar*>(list.count);
    std::size_t count = 0;
    for (const Expression& each : list) {
        const Scalar* const one = expression(level, each).scalar;
        if (has_failed_) return {};
        bound[count++] = one;
    }
    return bound;
}

Typed Binding::of_kind(Level& level, const Expression& expression, ScalarKind kind) noexcept {
    const Operands list = expressions(level, expression.operands);
    if (has_failed_) return {};
    return {scalar({.kind = kind, .negated = expression.negated, .operands = list}), {}};
}

Typed Binding::arithmetic(Level& level, const Expression& expression, Operator operation) noexcept {
    const Operands list = expressions(level, expression.operands);
    if (has_failed_) return {};
    return {scalar({.kind = ScalarKind::arithmetic, .operation = operation, .operands = list}), {}};
}

Typed Binding::literal(const Expression& expression) noexcept {
    switch (expression.kind) {
        case Kind::boolean: return {constant(Value::boolean(expression.integer != 0)), {}};
        case Kind::integer: return {constant(Value::integer(expression.integer)), {}};
        case Kind::real: return {constant(Value::real(read_real(expression.text).value)), {}};
        case Kind::text: return {constant(Value::text(expression.text)), {}};
        case Kind::blob: return {constant(Value::blob(as_bytes(expression.text))), {}};
        default: return {constant(Value{}), {}};
    }
}

Typed Binding::time_literal(const Expression& expression, ColumnType type) noexcept {
    const Result<Value> value = relation::assign(Value::text(expression.text), type, memory_);
    if (value) return {constant(*value), {}};
    if (type == ColumnType::date)
        fail(Code::type_mismatch, expression.place, {"'", expression.text, "' is no date"},
             {"write it as DATE '2026-11-20'"});
    else
        fail(Code::type_mismatch, expression.place, {"'", expression.text, "' is no time"},
             {"write it as TIMESTAMP '2026-11-20T23:50:07Z'"});
    return {};
}

Typed Binding::current_time(Place place, ColumnType type) noexcept {
    if (environment_.now == nullptr) {
        fail(Code::invalid_argument, place, {"the time of now may not be asked here"},
             {"give it as a constant"});
        return {};
    }
    binder_.depends_on_now_ = true;
    const Scalar* const now = scalar({.kind = ScalarKind::slot, .slot = environment_.now});
    if (type == ColumnType::timestamp) return {now, {}};
    return {scalar({.kind = ScalarKind::cast, .type = type, .operands = operands({now})}), {}};
}

Typed Binding::parameter(const Expression& expression) noexcept {
    const std::uint32_t number = expression.number;
    if (number == 0 || number > environment_.parameters.size()) {
        fail(Code::invalid_argument, expression.place,
             {"there can be no parameter here: ", expression.text}, {"write the value itself"});
        return {};
    }
    return {scalar({.kind = ScalarKind::slot, .slot = &environment_.parameters[number - 1]}), {}};
}

Typed Binding::cast(Level& level, const Expression& expression) noexcept {
    const TypeName& name = *expression.type;
    const Result<ColumnType> type = relation::find_type(name.text);
    if (!type) {
        fail_unknown(name.place, {"there is no type ", name.text},
                     relation::nearest_type_name(name.text));
        return {};
    }
    const Scalar* const value = this->expression(level, expression.operand(0)).scalar;
    return {scalar({.kind = ScalarKind::cast, .type = *type, .operands = operands({value})}),
            known(*type)};
}

}  // namespace freshet::sql
