// SPDX-License-Identifier: MIT
// The words of SQL, one after another. Nothing is copied: a token is a place in the text.
//
//      blanks      space, tab, newline, return, form feed, byte order mark, -- to the end of the
//                  line, /* to */ (which does not nest)
//      word        letters, digits, _ and $, not first a digit or $; every byte from 0x80 on is a
//                  letter, but they must be UTF-8 together
//      quoted      "a", `a`, [a]: a name that is no keyword; a doubled quote stands for one
//      text        'a'; a doubled quote stands for one. Must be UTF-8
//      blob        x'0aff'
//      integer     12, 0x1f
//      real        1.5, 1., .5, 1e10, 1.5E-3
//      parameter   ?, ?12, :name, @name, $name
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/keyword.hpp"

namespace freshet::sql {

// Bytes of the statement's text. Texts of 4 GiB and more are refused.
struct Place {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;

    [[nodiscard]] constexpr std::uint32_t end() const noexcept { return offset + size; }
};

enum class TokenKind : std::uint8_t {
    end,
    word,
    quoted,
    text,
    blob,
    integer,
    real,
    parameter,
    comma,
    semicolon,
    dot,
    open,   // (
    close,  // )
    plus,
    minus,
    star,
    slash,
    percent,
    concat,     // ||
    equal,      // = and ==
    not_equal,  // <> and !=
    less,
    less_equal,
    greater,
    greater_equal,
    shift_left,
    shift_right,
    bit_and,
    bit_or,
    bit_not,
    bad,  // It is none of these; Token::defect says why.
    count,
};

enum class Defect : std::uint8_t {
    none,
    open_text,
    open_name,
    open_comment,
    open_blob,
    empty_name,
    bad_utf8,    // `fault` is the first byte that is wrong.
    bad_blob,    // Not pairs of hexadecimal digits.
    bad_number,  // Letters behind a number.
    bad_parameter,
    bad_character,
};

struct Token {
    TokenKind kind = TokenKind::end;
    Word word = Word::none;  // Of a word that is a keyword.
    Defect defect = Defect::none;
    bool is_escaped = false;  // There are doubled quotes within.
    Place place{};            // Of what is open: from where it was opened to the end.
    std::uint32_t fault = 0;
};

class Lexer {
public:
    // The text stays lent; it is shorter than 4 GiB. Begins at `offset`.
    explicit Lexer(std::string_view text, std::uint32_t offset = 0) noexcept
        : text_{text}, offset_{offset} {}

    // After the last one, `end` for ever. After a bad one, the next begins behind it.
    Token next() noexcept;
    // The same, but that a word is no keyword yet, and that all bytes from 0x80 on are taken.
    Token cut() noexcept;

private:
    [[nodiscard]] bool has(std::size_t ahead) const noexcept {
        return text_.size() - offset_ > ahead;
    }
    [[nodiscard]] char at(std::size_t ahead) const noexcept {
        return has(ahead) ? text_[offset_ + ahead] : '\0';
    }
    [[nodiscard]] std::string_view since(std::uint32_t start) const noexcept {
        return {text_.data() + start, offset_ - start};
    }
    bool skip_blanks() noexcept;
    bool skip_comment() noexcept;
    void skip_letters() noexcept;
    void skip_digits() noexcept;
    void lex(Token& token) noexcept;
    void word(Token& token) noexcept;
    void quoted(Token& token, TokenKind kind, char quote) noexcept;
    void blob(Token& token) noexcept;
    void number(Token& token) noexcept;
    void parameter(Token& token) noexcept;
    void symbol(Token& token) noexcept;
    void check_utf8(Token& token) noexcept;

    std::string_view text_;
    std::uint32_t offset_;
};

// What stands between the quotes of a quoted name, a text or a blob.
std::string_view inside(std::string_view text, const Token& token) noexcept;

// Where the statement that begins at `from` ends: behind its semicolon, or at the end of the text.
struct StatementEnd {
    std::uint32_t offset = 0;
    bool has_semicolon = false;
    bool is_open = false;  // It ends within a quote or a comment.
};
StatementEnd find_statement_end(std::string_view text, std::uint32_t from) noexcept;

}  // namespace freshet::sql
