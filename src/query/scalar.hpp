// SPDX-License-Identifier: MIT
// Expressions whose names have been looked up: what they need of a row is the number of a column.
// They are read only, so that any number of statements may run one at once.
//
//      kind                    operands                              more
//      constant                -                                     constant
//      slot                    -                                     slot
//      column                  -                                     column: its number
//      negate, complement,     1
//      logical_not
//      arithmetic              2 or more, taken from the left        operation
//      concatenate             2 or more, taken from the left
//      logical_and, _or        2 or more
//      compare                 2                                     comparison
//      is                      2                                     negated: IS NOT
//      is_null                 1                                     negated
//      between                 value, low, high                      negated
//      in_list                 value, then the list                  negated
//      in_set                  1                                     set; negated
//      like                    text, pattern [, escape]              negated
//      glob                    text, pattern                         negated
//      case_when               {condition, result} [, else]
//      case_of                 value {value, result} [, else]
//      coalesce                1 or more
//      cast                    1                                     type
//      as_number               1: a whole number in a TEXT as that number, else as it is
//      as_text                 1: a number as its text, else as it is
//      call                    arguments                             function
//      subplan                 [what IN looks for,] values of slots  subplan; negated
//
// A slot is a value that is there before a statement runs: a parameter, the time, the answer of a
// subquery; a set is the values of one (keep.hpp). Operators have SQLite's rules
// (relation/arithmetic.hpp, compare.hpp, convert.hpp).
//
// What cannot matter is not evaluated, and cannot fail: behind a false operand of AND, a true one
// of OR, a value in a list that is equal, a result that CASE does not take, an operand of coalesce
// behind one that is not NULL.
//
// A batch is evaluated one node at a time, for all its rows, so that the cost of a node is paid
// once for up to 1,024 of them. Recursion is as deep as the tree is high.
#pragma once

#include <span>

#include "base/arena.hpp"
#include "query/batch.hpp"
#include "relation/arithmetic.hpp"
#include "relation/compare.hpp"
#include "relation/type.hpp"

namespace freshet::query {

struct Function;
struct Subplan;
class ValueSet;

enum class ScalarKind : std::uint8_t {
    constant,
    slot,
    column,
    negate,
    complement,
    logical_not,
    arithmetic,
    concatenate,
    logical_and,
    logical_or,
    compare,
    is,
    is_null,
    between,
    in_list,
    in_set,
    like,
    glob,
    case_when,
    case_of,
    coalesce,
    cast,
    as_number,
    as_text,
    call,
    subplan,
};

struct Scalar {
    ScalarKind kind = ScalarKind::constant;
    bool negated = false;
    relation::Operator operation = relation::Operator::add;
    relation::Comparison comparison = relation::Comparison::equal;
    relation::ColumnType type = relation::ColumnType::integer;
    std::uint32_t column = 0;
    const Value* slot = nullptr;
    const Function* function = nullptr;
    const ValueSet* set = nullptr;
    const Subplan* subplan = nullptr;
    Value constant{};
    std::span<const Scalar* const> operands{};
};

// Of the rows of the batch that are selected; the others' values are not there. The answer lives as
// long as the batch, the scalar and what is in `scratch`, from which all memory is taken: at most
// 18 bytes a row and node, and new texts. Nothing is left behind by a failure but used scratch.
//
// out_of_memory; type_mismatch: of a cast, and bytes of a BLOB that are no UTF-8 where a text is
// asked for; too_large: an integer out of range where SQLite fails too (abs), a text of 4 GiB;
// invalid_argument: an ESCAPE that is not one character.
Result<Vector> evaluate(const Scalar& scalar, const Batch& batch, Arena& scratch) noexcept;

// The rows where it is true: neither false nor NULL.
Result<Selection> select(const Scalar& scalar, const Batch& batch, Arena& scratch) noexcept;

// Of an expression without columns.
Result<Value> evaluate(const Scalar& scalar, Arena& scratch) noexcept;

}  // namespace freshet::query
