// SPDX-License-Identifier: MIT
// From the text of SQL to statements.
#pragma once

#include "base/arena.hpp"
#include "freshet/sql_error.hpp"
#include "sql/tree.hpp"

namespace freshet::sql {

struct Parsed {
    const Statement* statement = nullptr;  // Null: nothing but blanks and semicolons was left.
    std::uint32_t end = 0;                 // Where the next statement begins.
};

// One statement of a text that may hold several: the first at or after `from` (at most the text's
// size). The tree lies in `arena`, whose memory need not outlive it in any other way, and views the
// text, which stays lent as long. Nothing is looked up, nothing is executed. Time and memory are
// linear in the size of the statement (64 bytes for each literal or name, about), and recursion is
// bounded by depth_max.
//
// syntax: it is no SQL; too_large: the text has 4 GiB, something is nested too deeply, or a
// parameter's number is too high; out_of_memory. `error` says more, and where; it is cleared
// first. After an error, find_statement_end() says where the next statement begins.
Result<Parsed> parse_statement(std::string_view text, std::uint32_t from, Arena& arena,
                               SqlError& error) noexcept;

// An expression alone, as print() writes it for catalogs. As above.
Result<Expression*> parse_expression(std::string_view text, Arena& arena, SqlError& error) noexcept;

}  // namespace freshet::sql
