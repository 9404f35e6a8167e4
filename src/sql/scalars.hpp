// SPDX-License-Identifier: MIT
// What binder and planner do with bound expressions as trees.
#pragma once

#include <array>

#include "query/scalar.hpp"

namespace freshet::sql {

using query::Scalar;
using query::ScalarKind;
using Operands = std::span<const Scalar* const>;

inline constexpr Scalar null_scalar{};
inline constexpr std::uint32_t no_place = 0xffffffff;

// Where columns are: of each number its place in the rows that are there.
using Places = std::span<const std::uint32_t>;

// The same tree over other rows; what has no columns is not copied. out_of_memory.
Result<const Scalar*> place(const Scalar& scalar, Places places, Arena& memory) noexcept;

// Calls `use` with the number of each column.
template <class Use>
void each_column(const Scalar& scalar, Use use) noexcept {
    if (scalar.kind == ScalarKind::column) use(scalar.column);
    for (const Scalar* const operand : scalar.operands) each_column(*operand, use);
}

// Neither columns nor slots.
bool is_constant(const Scalar& scalar) noexcept;
bool has_columns(const Scalar& scalar) noexcept;
bool has_subplan(const Scalar& scalar) noexcept;
bool is_same(const Scalar& a, const Scalar& b) noexcept;
// Whether it may give a TEXT.
bool may_be_text(const Scalar& scalar) noexcept;
bool may_be_number(const Scalar& scalar) noexcept;

// The answer of what has constant operands, if it has one; else itself. What fails when it is
// evaluated fails when the statement runs, if it is evaluated then. out_of_memory.
Result<const Scalar*> fold(const Scalar& scalar, Arena& memory) noexcept;

}  // namespace freshet::sql
