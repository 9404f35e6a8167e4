// SPDX-License-Identifier: MIT
#include "sql/scalars.hpp"

#include <algorithm>

#include "query/rows.hpp"

namespace freshet::sql {

Result<const Scalar*> place(const Scalar& scalar, Places places, Arena& memory) noexcept {
    if (!has_columns(scalar)) return &scalar;
    const Result<Scalar*> copy = query::make<Scalar>(memory, scalar);
    if (!copy) return copy.error();
    Scalar& placed = **copy;
    if (scalar.kind == ScalarKind::column) placed.column = places[scalar.column];
    if (scalar.operands.empty()) return &placed;
    const Result<std::span<const Scalar*>> list =
        memory.array<const Scalar*>(scalar.operands.size());
    if (!list) return list.error();
    for (std::size_t i = 0; i < list->size(); i++) {
        const Result<const Scalar*> operand = place(*scalar.operands[i], places, memory);
        if (!operand) return operand;
        (*list)[i] = *operand;
    }
    placed.operands = *list;
    return &placed;
}

bool is_constant(const Scalar& scalar) noexcept {
    return scalar.kind == ScalarKind::constant;
}

bool has_columns(const Scalar& scalar) noexcept {
    if (scalar.kind == ScalarKind::column) return true;
    return std::any_of(scalar.operands.begin(), scalar.operands.end(),
                       [](const Scalar* operand) { return has_columns(*operand); });
}

bool has_subplan(const Scalar& scalar) noexcept {
    if (scalar.kind == ScalarKind::subplan) return true;
    return std::any_of(scalar.operands.begin(), scalar.operands.end(),
                       [](const Scalar* operand) { return has_subplan(*operand); });
}

bool is_same(const Scalar& a, const Scalar& b) noexcept {
    if (&a == &b) return true;
    const bool is_alike = a.kind == b.kind && a.negated == b.negated &&
                          a.operation == b.operation && a.comparison == b.comparison &&
                          a.type == b.type && a.column == b.column && a.slot == b.slot &&
                          a.function == b.function && a.set == b.set && a.subplan == b.subplan &&
                          a.constant == b.constant && a.operands.size() == b.operands.size();
    if (!is_alike) return false;
    for (std::size_t i = 0; i < a.operands.size(); i++)
        if (!is_same(*a.operands[i], *b.operands[i])) return false;
    return true;
}

namespace {

bool gives_number(const Scalar& scalar) noexcept {
    switch (scalar.kind) {
        case ScalarKind::negate:
        case ScalarKind::complement:
        case ScalarKind::logical_not:
        case ScalarKind::arithmetic:
        case ScalarKind::logical_and:
        case ScalarKind::logical_or:
        case ScalarKind::compare:
        case ScalarKind::is:
        case ScalarKind::is_null:
        case ScalarKind::between:
        case ScalarKind::in_list:
        case ScalarKind::in_set:
        case ScalarKind::like:
        case ScalarKind::glob: return true;
        default: return false;
    }
}

bool is_number(const Value& value) noexcept {
    return value.type() == Type::boolean || value.type() == Type::integer ||
           value.type() == Type::real;
}

}  // namespace

bool may_be_text(const Scalar& scalar) noexcept {
    if (is_constant(scalar)) return scalar.constant.type() == Type::text;
    return !gives_number(scalar);
}

bool may_be_number(const Scalar& scalar) noexcept {
    if (is_constant(scalar)) return is_number(scalar.constant);
    return scalar.kind != ScalarKind::concatenate;
}

Result<const Scalar*> fold(const Scalar& scalar, Arena& memory) noexcept {
    const auto is_fixed = [](const Scalar* operand) { return is_constant(*operand); };
    const bool can_fold = !scalar.operands.empty() && scalar.kind != ScalarKind::in_set &&
                          scalar.kind != ScalarKind::subplan &&
                          std::all_of(scalar.operands.begin(), scalar.operands.end(), is_fixed);
    if (!can_fold) return &scalar;
    const Result<Value> value = query::evaluate(scalar, memory);
    if (!value && value.error() == Code::out_of_memory) return value.error();
    if (!value) return &scalar;
    const Result<Scalar*> made = query::make<Scalar>(memory);
    if (!made) return made.error();
    (*made)->constant = *value;
    return *made;
}

}  // namespace freshet::sql
