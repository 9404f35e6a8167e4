// SPDX-License-Identifier: MIT
// Values of one type as values of another: when they are assigned to a column, by CAST, and where
// an expression needs a number or a text.
//
// Assignment loses nothing. NULL goes into every column. An empty place is a type_mismatch.
//
//      column     takes
//      BOOL       BOOL; INT 0 and 1; TEXT true and false in any case
//      INT        INT; BOOL as 0 and 1; FLOAT without a fraction, if an INT holds it; TEXT that is
//                 such a number
//      FLOAT      FLOAT; INT and BOOL, if a FLOAT holds it exactly; TEXT that is a number
//      TEXT       TEXT; the text of BOOL (true, false), INT, FLOAT (the shortest that is read back
//                 as the same), DATE and TIMESTAMP
//      BLOB       BLOB
//      DATE       DATE; TEXT 2026-11-20
//      TIMESTAMP  TIMESTAMP; DATE as its first microsecond; TEXT as parse_timestamp() takes it, or
//                 a date
//      EMAIL      TEXT that is_email()
//
// A TEXT that is a number may have blanks around it. (SQLite's STRICT tables take the same of INT,
// FLOAT and TEXT, but for an INT that a FLOAT has to round, and numbers that TEXT has to round.)
//
// CAST loses what it must, by SQLite's rules:
//
//      to         from
//      BOOL       INT and FLOAT: not 0; TEXT true and false; else TEXT and BLOB by the number at
//                 their start
//      INT        FLOAT without its fraction, or the INT nearest to it; TEXT and BLOB by the INT at
//                 their start, or 0; DATE in days and TIMESTAMP in microseconds since 1970
//      FLOAT      the nearest; TEXT and BLOB by the number at their start, or 0; DATE, TIMESTAMP
//      TEXT       FLOAT with at most 15 digits; BLOB that is UTF-8; the others as when assigned
//      BLOB       the bytes of a TEXT, and of what CAST to TEXT makes of the others
//      DATE       as when assigned; TIMESTAMP, and TEXT that is one, by its day; INT as days
//      TIMESTAMP  as when assigned; INT as microseconds
//      EMAIL      as when assigned
//
// What is left is a type_mismatch: a BLOB that is no UTF-8, a text that is no date, an INT that is
// out of the years, and a date as a BOOL.
//
// New text goes to the arena, and only there is out_of_memory; other bytes stay where they are.
#pragma once

#include <string_view>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "freshet/value.hpp"
#include "relation/type.hpp"

namespace freshet::relation {

// type_mismatch, out_of_memory.
Result<Value> assign(const Value& value, ColumnType type, Arena& memory) noexcept;
Result<Value> cast(const Value& value, ColumnType type, Arena& memory) noexcept;

// What arithmetic makes of a value: INT, FLOAT or NULL. A TEXT or BLOB is the number at its start
// behind blanks: an INT if it is written as one and is one, else a FLOAT; INT 0 if there is none.
// BOOL is 0 or 1, DATE days, TIMESTAMP microseconds.
Value to_number(const Value& value) noexcept;
// What bits are taken of, and LIMIT: CAST AS INT of what is not NULL.
std::int64_t to_integer(const Value& value) noexcept;
// CAST AS FLOAT of what is not NULL.
double to_real(const Value& value) noexcept;

// A TEXT that is a number as a whole, blanks around it allowed, as that number; everything else as
// it is. How SQLite treats a TEXT that is compared with a column of numbers.
Value to_number_if_whole(const Value& value) noexcept;

// CAST AS TEXT: what || and LIKE see. NULL stays.
Result<Value> to_text(const Value& value, Arena& memory) noexcept;

// As SQL would write it, for messages and dumps: NULL, TRUE, 42, 1.5, 'it''s', X'00ff',
// DATE '2026-11-20', TIMESTAMP '...'; 9e999 is infinity. Control characters stay as they are.
void put_literal(TextWriter& text, const Value& value) noexcept;

// "TEXT 'abc' is no INT", of a value that assign() refused; long ones are cut with "...".
std::string_view describe_mismatch(const Value& value, ColumnType type,
                                   std::span<char> into) noexcept;

}  // namespace freshet::relation
