// SPDX-License-Identifier: MIT
// Operators on values, by SQLite's rules.
//
// Operands become numbers by to_number(). With a NULL the result is NULL.
//
//      + - * /   of two INT an INT (/ without its fraction); a FLOAT where that is out of range, or
//                one of them is a FLOAT. Division by 0 is NULL
//      %         of what CAST AS INT makes of them, with the sign of the first; a FLOAT if one of
//                them is one. By 0 it is NULL
//      & | << >> of what CAST AS INT makes of them. A shift by a negative number is one to the
//                other side; >> keeps the sign
//      -x        0 - x
//      ~x        of CAST AS INT
//
// Dates and timestamps are numbers of days and microseconds: CAST (d + 7 AS DATE) is a week later.
// A result that is no number (infinity less infinity) is NULL.
#pragma once

#include "base/arena.hpp"
#include "freshet/value.hpp"

namespace freshet::relation {

enum class Operator : std::uint8_t {
    add,
    subtract,
    multiply,
    divide,
    remainder,
    bit_and,
    bit_or,
    shift_left,
    shift_right,
};

Value apply(Operator operation, const Value& a, const Value& b) noexcept;
Value negate(const Value& value) noexcept;
Value complement(const Value& value) noexcept;

// a || b, of their texts; NULL with a NULL. The result lies in the arena, if it is not one of the
// two. out_of_memory; too_large: 4 GiB and more; type_mismatch: bytes of a BLOB that make no UTF-8.
Result<Value> concatenate(const Value& a, const Value& b, Arena& memory) noexcept;

}  // namespace freshet::relation
