// SPDX-License-Identifier: MIT
#include "sql/bind.hpp"

namespace freshet::sql {

void Binding::fail(Code code, Place place, relation::Words message, relation::Words hint) noexcept {
    if (has_failed_) return;
    fail_at(place, relation::refuse(environment_.error, code, message, hint));
}

void Binding::fail_memory() noexcept {
    if (has_failed_) return;
    fail_at({}, relation::refuse_for_memory(environment_.error));
}

void Binding::fail_at(Place place, Error error) noexcept {
    if (has_failed_) return;
    has_failed_ = true;
    environment_.error.error = error;
    environment_.error.offset = place.offset;
    environment_.error.size = place.size;
}

void Binding::fail_unknown(Place place, relation::Words message, std::string_view meant) noexcept {
    if (has_failed_) return;
    fail_at(place, relation::refuse_unknown(environment_.error, message, meant));
}

const Scalar* Binding::scalar(const Scalar& scalar) noexcept {
    const Scalar* const made = make(scalar);
    if (made == nullptr || has_failed_) return &null_scalar;
    const Result<const Scalar*> folded = fold(*made, memory_);
    if (folded) return *folded;
    fail_memory();
    return &null_scalar;
}

Operands Binding::operands(std::initializer_list<const Scalar*> list) noexcept {
    const auto copy = array<const Scalar*>(list.size());
    std::size_t count = 0;
    for (const Scalar*& each : copy) each = list.begin()[count++];
    return copy;
}

const Scalar* Binding::of(ScalarKind kind, std::initializer_list<const Scalar*> list,
                          bool negated) noexcept {
    return scalar({.kind = kind, .negated = negated, .operands = operands(list)});
}

const Scalar* Binding::constant(const Value& value) noexcept {
    return scalar({.kind = ScalarKind::constant, .constant = value});
}

const query::Node* Binding::node(const query::Node& node) noexcept {
    const query::Node* const made = make(node);
    return made == nullptr ? &no_rows : made;
}

const Scalar* Binding::placed(const Scalar& scalar, Places places) noexcept {
    if (has_failed_) return &null_scalar;
    const Result<const Scalar*> copy = place(scalar, places, memory_);
    if (copy) return *copy;
    fail_memory();
    return &null_scalar;
}

Operands Binding::placed(Operands scalars, Places places) noexcept {
    const auto copy = array<const Scalar*>(scalars.size());
    for (std::size_t i = 0; i < copy.size(); i++) copy[i] = placed(*scalars[i], places);
    return copy;
}

}  // namespace freshet::sql
