// SPDX-License-Identifier: MIT
// The functions of SQL that take values and give one. They have SQLite's rules.
//
//      abs(x)                 of TEXT and BLOB a FLOAT; too_large: of the least INT
//      char(n, ...)           the text of these code points; U+FFFD for what is none
//      coalesce(x, y, ...)    the first that is not NULL; ifnull(x, y)
//      hex(x)                 of the bytes of its text, in capitals; of NULL the empty text
//      iif(c, x [, y])        CASE WHEN c THEN x ELSE y END
//      instr(x, y)            where y begins in x, from 1; 0 if it is not there
//      length(x)              characters of its text; bytes of a BLOB
//      lower(x), upper(x)     letters of ASCII
//      max(x, y, ...)         the greatest in the order of values, of equal ones the first
//      min(x, y, ...)         the least, of equal ones the last
//      nullif(x, y)           NULL if they are equal, else x
//      quote(x)               as SQL would write it
//      replace(x, y, z)       the text of x with z for each y; x itself if y is empty
//      round(x [, n])         a FLOAT of at most n (0 to 30) places; half is rounded away from 0
//      sign(x)                -1, 0 or 1; NULL of what is no number
//      substr(x, n [, m])     m characters from the n-th on, from 1; where n < 0, from the end;
//                             where m < 0, those before; also substring
//      trim(x [, y])          x without the characters of y (a blank) at its ends; ltrim, rtrim
//      typeof(x)              null, boolean, integer, real, text, blob, date, timestamp
//      unicode(x)             the first code point
//
// NULL makes NULL, where nothing else is said. Positions beyond 2^31 are taken for 2^31.
#pragma once

#include <string_view>

#include "query/scalar.hpp"

namespace freshet::query {

inline constexpr std::uint32_t argument_count_max = 127;

struct Function {
    std::string_view name;
    std::uint32_t count_min;
    std::uint32_t count_max;
    // What a scalar of it is: `call`, or what has a kind of its own and no `apply`.
    ScalarKind kind;
    bool null_of_null;  // NULL as soon as one argument is; apply() is not asked.
    // New text goes to the arena; what stays the same is not copied.
    Result<Value> (*apply)(std::span<const Value> arguments, Arena& scratch) noexcept;
};

// By their names.
std::span<const Function> all_functions() noexcept;
// Names in any case. Null: there is none of this name (is_function_name) with so many arguments.
const Function* find_function(std::string_view name, std::size_t argument_count) noexcept;
bool is_function_name(std::string_view name) noexcept;
// The one that may have been meant; empty if none is similar.
std::string_view nearest_function_name(std::string_view name) noexcept;

}  // namespace freshet::query
