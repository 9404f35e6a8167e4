// SPDX-License-Identifier: MIT
// What a plan is kept by: the words of a statement, whatever blanks and comments stand between
// them, and whatever the case of its keywords and unquoted names.
//
// Quotes are part of a word, so that 'a', "a", x'aa' and a are four, and 1 and 1.0 are two. Of the
// first integers and texts the hash has the kind alone: a plan says in which of these places
// another literal may stand (binder.hpp), and is found for all that do. Two spellings of one
// literal (1 and 0x1) are two words. The name of a result column is as it was written, and so that
// of the first spelling that was planned.
#pragma once

#include <array>

#include "sql/lexer.hpp"

namespace freshet::sql {

// An integer in decimal digits, or a text without a quote within.
struct Literal {
    Place place{};
    TokenKind kind = TokenKind::integer;
};
inline constexpr std::uint32_t literal_count_max = 16;

struct StatementWords {
    std::uint64_t hash = 0;  // 0: there is no word.
    std::uint32_t end = 0;   // Where the next statement begins, as of find_statement_end().
    std::uint32_t literal_count = 0;
    std::array<Literal, literal_count_max> literals;  // The first ones.
};

// Of the statement that begins the text, which need be no SQL. Leading semicolons are statements of
// their own here. In one pass, without memory; not against adversaries, who can find two
// statements with one hash: ask is_same_statement() before a plan is used.
StatementWords cut_statement(std::string_view text) noexcept;

// A statement, and what cut_statement() said of it.
struct CutText {
    std::string_view text;
    const StatementWords& words;
};

// Whether two statements have the same words in the sense above, but for the literals whose bits
// are set in `free`: these are of the same kinds. `is_exact`: the same bytes, but for these.
bool is_same_statement(const CutText& one, const CutText& other, std::uint32_t free,
                       bool& is_exact) noexcept;

}  // namespace freshet::sql
