// SPDX-License-Identifier: MIT
// Expressions as they were written. One struct for all kinds, so that whoever walks them needs one
// switch and one loop:
//
//      for (const Expression& operand : expression.operands) ...
//
// `height` bounds the recursion of all who walk a tree, through selects too: depth_max.
//
// Chains of one operator are one node: a + b + c is an `add` of three, which are taken from the
// left, (a + b) + c. So are all kinds from logical_or to concat in the table, but comparisons.
//
//      kinds                       operands                         more
//      null                        -
//      boolean, integer            -                                integer
//      real                        -                                text: digits as written
//      text, blob                  -                                text: what it stands for
//      date, time, timestamp       -                                text: between the quotes
//      current_*                   -
//      column                      -                                text: its name; table, or null
//      parameter                   -                                number, from 1; text: with its
//                                                                   ':', or as it was written
//      negate, plus, bit_not,      1
//      logical_not
//      logical_or ... concat       2 or more
//      equal ... greater_equal     2
//      is                          2                                negated: IS NOT
//      is_null                     1                                negated
//      like                        text, pattern [, escape]         negated
//      glob                        text, pattern                    negated
//      between                     value, low, high                 negated
//      in_list                     value, then the list             negated
//      in_select                   value                            select; negated
//      exists, subquery            -                                select
//      case_when                   {condition, result} [, else]
//      case_of                     value {value, result} [, else]
//      cast                        1                                type
//      function                    arguments                        text: its name; distinct; star
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/lexer.hpp"
#include "sql/list.hpp"

namespace freshet::sql {

// Levels of nesting that are parsed, whatever they are made of; a level that people see may be two
// or three of these.
inline constexpr std::uint32_t depth_max = 256;

struct Select;

// Not empty once it is there; unescaped. An optional name that is not there is empty.
struct Name {
    std::string_view text{};
    Place place{};

    [[nodiscard]] bool empty() const noexcept { return text.empty(); }
};

struct ListedName {
    Name name{};
    ListedName* next = nullptr;
};

// VARCHAR(30), DOUBLE PRECISION, DECIMAL(10,2): any words with up to two sizes. In a column that
// has no type, all is empty.
struct TypeName {
    std::string_view text{};  // The words as written, one blank between them; without sizes.
    Place place{};
    std::uint32_t size_count = 0;
    std::int64_t sizes[2] = {0, 0};
};

enum class ExpressionKind : std::uint8_t {
    null,
    boolean,
    integer,
    real,
    text,
    blob,
    date,
    time,
    timestamp,
    current_date,
    current_time,
    current_timestamp,
    column,
    parameter,
    negate,
    plus,
    bit_not,
    logical_not,
    logical_or,
    logical_and,
    bit_and,
    bit_or,
    shift_left,
    shift_right,
    add,
    subtract,
    multiply,
    divide,
    modulo,
    concat,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    is,
    is_null,
    like,
    glob,
    between,
    in_list,
    in_select,
    exists,
    subquery,
    case_when,
    case_of,
    cast,
    function,
    count,
};

struct Expression {
    ExpressionKind kind = ExpressionKind::null;
    bool negated = false;
    bool distinct = false;     // f(DISTINCT a)
    bool star = false;         // f(*)
    std::uint16_t height = 1;  // 1: a leaf.
    Place place{};
    Expression* next = nullptr;  // The next operand of whatever this is an operand of.
    List<Expression> operands{};
    std::string_view text{};
    union {
        std::int64_t integer = 0;
        std::uint32_t number;
        const Name* table;
        const Select* select;
        const TypeName* type;
    };

    [[nodiscard]] const Expression& operand(std::uint32_t index) const noexcept {
        const Expression* node = operands.first;
        for (; index > 0; index--) node = node->next;
        return *node;
    }
};

}  // namespace freshet::sql
