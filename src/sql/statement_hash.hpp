// SPDX-License-Identifier: MIT
// What a plan is kept by: the words of a statement, whatever blanks and comments stand between
// them, and whatever the case of its keywords and unquoted names.
//
// Quotes are part of a word, so that 'a', "a", x'aa' and a are four, and 1 and 1.0 are two.
// Literals are words: statements that differ in one have plans of their own, and those who want
// one plan use parameters. Two spellings of one literal (1 and 0x1) are two words. The name of a
// result column is as it was written, and so that of the first spelling that was planned.
#pragma once

#include <cstdint>
#include <string_view>

namespace freshet::sql {

struct StatementHash {
    std::uint64_t hash = 0;
    std::uint32_t end = 0;  // Where the next statement begins, as of find_statement_end().
};

// Of the statement that begins at `from`, which need be no SQL. Leading semicolons are statements
// of their own here. In one pass, without memory; not against adversaries, who can find two
// statements with one hash: ask is_same_statement() before a plan is used.
StatementHash hash_statement(std::string_view text, std::uint32_t from) noexcept;

// Whether two statements, from these places on, have the same words in the sense above.
bool is_same_statement(std::string_view text, std::uint32_t from, std::string_view other,
                       std::uint32_t other_from) noexcept;

}  // namespace freshet::sql
