// SPDX-License-Identifier: MIT
#include "sql/lexer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/utf8.hpp"

namespace freshet::sql {
namespace {

enum Class : std::uint8_t {
    class_blank = 1,
    class_digit = 2,
    class_hex = 4,
    class_letter = 8,   // What a word may begin with.
    class_more = 16,    // What it may go on with.
    class_passed = 32,  // What may begin a comment, or a byte order mark.
};

using Classes = std::array<std::uint8_t, 256>;

constexpr void add(Classes& table, std::string_view letters, std::uint8_t flags) noexcept {
    for (const char letter : letters) table[static_cast<unsigned char>(letter)] |= flags;
}

constexpr Classes make_classes() noexcept {
    Classes table{};
    add(table, " \t\n\r\f", class_blank);
    add(table, "0123456789", class_digit | class_hex | class_more);
    add(table, "abcdefABCDEF", class_hex | class_letter | class_more);
    add(table, "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_", class_letter | class_more);
    add(table, "$", class_more);
    add(table, "-/\xef", class_passed);
    for (std::size_t i = 0x80; i < table.size(); i++) table[i] |= class_letter | class_more;
    return table;
}
constexpr Classes classes = make_classes();

bool is(char letter, Class wanted) noexcept {
    return (classes[static_cast<unsigned char>(letter)] & wanted) != 0;
}

// Of text that is not UTF-8, the offset of the first sequence that is wrong.
std::size_t find_bad_utf8(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (size > text.size() - i || !is_utf8({text.data() + i, size})) break;
        i += size;
    }
    return i;
}

void spoil(Token& token, Defect defect) noexcept {
    token.kind = TokenKind::bad;
    token.defect = defect;
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

struct Symbol {
    char first;
    char second;  // 0: there is none.
    TokenKind kind;
};
constexpr std::array symbols = {
    Symbol{',', 0, TokenKind::comma},         Symbol{';', 0, TokenKind::semicolon},
    Symbol{'.', 0, TokenKind::dot},           Symbol{'(', 0, TokenKind::open},
    Symbol{')', 0, TokenKind::close},         Symbol{'+', 0, TokenKind::plus},
    Symbol{'-', 0, TokenKind::minus},         Symbol{'*', 0, TokenKind::star},
    Symbol{'/', 0, TokenKind::slash},         Symbol{'%', 0, TokenKind::percent},
    Symbol{'|', '|', TokenKind::concat},      Symbol{'|', 0, TokenKind::bit_or},
    Symbol{'=', '=', TokenKind::equal},       Symbol{'=', 0, TokenKind::equal},
    Symbol{'!', '=', TokenKind::not_equal},   Symbol{'<', '>', TokenKind::not_equal},
    Symbol{'<', '=', TokenKind::less_equal},  Symbol{'<', '<', TokenKind::shift_left},
    Symbol{'<', 0, TokenKind::less},          Symbol{'>', '=', TokenKind::greater_equal},
    Symbol{'>', '>', TokenKind::shift_right}, Symbol{'>', 0, TokenKind::greater},
    Symbol{'&', 0, TokenKind::bit_and},       Symbol{'~', 0, TokenKind::bit_not},
};

// Where those that begin with a letter begin, from 1.
constexpr auto first_symbols = []() noexcept {
    std::array<std::uint8_t, 256> places{};
    for (std::size_t i = symbols.size(); i > 0; i--)
        places[static_cast<unsigned char>(symbols[i - 1].first)] = static_cast<std::uint8_t>(i);
    return places;
}();

}  // namespace

Token Lexer::next() noexcept {
    Token token = cut();
    if (token.kind == TokenKind::word) token.word = find_word(since(token.place.offset));
    const bool has_text = (token.kind == TokenKind::word && token.word == Word::none) ||
                          token.kind == TokenKind::quoted || token.kind == TokenKind::text ||
                          token.kind == TokenKind::parameter;
    if (has_text) check_utf8(token);
    return token;
}

Token Lexer::cut() noexcept {
    Token token;
    const bool is_closed = skip_blanks();
    token.place.offset = offset_;
    if (!is_closed) {
        spoil(token, Defect::open_comment);
        offset_ = static_cast<std::uint32_t>(text_.size());
    } else if (has(0)) {
        lex(token);
    }
    token.place.size = offset_ - token.place.offset;
    return token;
}

void Lexer::lex(Token& token) noexcept {
    const char first = at(0);
    if ((first == 'x' || first == 'X') && at(1) == '\'') return blob(token);
    if (is(first, class_letter)) return word(token);
    if (is(first, class_digit) || (first == '.' && is(at(1), class_digit))) return number(token);
    switch (first) {
        case '\'': return quoted(token, TokenKind::text, '\'');
        case '"':
        case '`': return quoted(token, TokenKind::quoted, first);
        case '[': return quoted(token, TokenKind::quoted, ']');
        case '?':
        case ':':
        case '@':
        case '$': return parameter(token);
        default: return symbol(token);
    }
}

// False: a comment does not end; the offset stays at its beginning.
bool Lexer::skip_blanks() noexcept {
    for (;;) {
        const char first = at(0);
        if (is(first, class_blank)) {
            offset_++;
            continue;
        }
        if (!is(first, class_passed)) return true;
        if (first == '-' && at(1) == '-') {
            while (has(0) && at(0) != '\n') offset_++;
        } else if (first == '/' && at(1) == '*') {
            if (!skip_comment()) return false;
        } else if (first == byte_order_mark[0] && at(1) == byte_order_mark[1] &&
                   at(2) == byte_order_mark[2]) {
            offset_ += 3;
        } else {
            return true;
        }
    }
}

bool Lexer::skip_comment() noexcept {
    const std::size_t end = text_.find("*/", offset_ + std::size_t{2});
    if (end == std::string_view::npos) return false;
    offset_ = static_cast<std::uint32_t>(end + 2);
    return true;
}

void Lexer::skip_letters() noexcept {
    while (offset_ < text_.size() && is(text_[offset_], class_more)) offset_++;
}

void Lexer::skip_digits() noexcept {
    while (has(0) && is(at(0), class_digit)) offset_++;
}

void Lexer::check_utf8(Token& token) noexcept {
    const std::string_view all = since(token.place.offset);
    if (is_utf8(all)) return;
    spoil(token, Defect::bad_utf8);
    token.fault = token.place.offset + static_cast<std::uint32_t>(find_bad_utf8(all));
}

void Lexer::word(Token& token) noexcept {
    token.kind = TokenKind::word;
    skip_letters();
}

void Lexer::quoted(Token& token, TokenKind kind, char quote) noexcept {
    token.kind = kind;
    offset_++;
    for (;;) {
        const std::size_t end = text_.find(quote, offset_);
        if (end == std::string_view::npos) {
            offset_ = static_cast<std::uint32_t>(text_.size());
            return spoil(token, kind == TokenKind::text ? Defect::open_text : Defect::open_name);
        }
        offset_ = static_cast<std::uint32_t>(end + 1);
        if (at(0) != quote || quote == ']') break;
        token.is_escaped = true;
        offset_++;
    }
    if (kind == TokenKind::quoted && offset_ - token.place.offset == 2)
        spoil(token, Defect::empty_name);
}

void Lexer::blob(Token& token) noexcept {
    token.kind = TokenKind::blob;
    offset_ += 2;
    const std::uint32_t start = offset_;
    const std::size_t end = text_.find('\'', offset_);
    if (end == std::string_view::npos) {
        offset_ = static_cast<std::uint32_t>(text_.size());
        return spoil(token, Defect::open_blob);
    }
    offset_ = static_cast<std::uint32_t>(end);
    const std::string_view digits = since(start);
    offset_++;
    const auto is_hex = [](char letter) noexcept { return is(letter, class_hex); };
    if (digits.size() % 2 != 0 || !std::all_of(digits.begin(), digits.end(), is_hex))
        spoil(token, Defect::bad_blob);
}

void Lexer::number(Token& token) noexcept {
    token.kind = TokenKind::integer;
    if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X') && is(at(2), class_hex)) {
        offset_ += 2;
        while (has(0) && is(at(0), class_hex)) offset_++;
    } else {
        skip_digits();
        if (at(0) == '.') {
            token.kind = TokenKind::real;
            offset_++;
            skip_digits();
        }
        const std::size_t sign = at(1) == '+' || at(1) == '-' ? 1 : 0;
        if ((at(0) == 'e' || at(0) == 'E') && is(at(1 + sign), class_digit)) {
            token.kind = TokenKind::real;
            offset_ += static_cast<std::uint32_t>(1 + sign);
            skip_digits();
        }
    }
    if (!is(at(0), class_more)) return;
    skip_letters();
    spoil(token, Defect::bad_number);
}

void Lexer::parameter(Token& token) noexcept {
    token.kind = TokenKind::parameter;
    const bool is_numbered = at(0) == '?';
    offset_++;
    if (is_numbered) return skip_digits();
    const std::uint32_t start = offset_;
    skip_letters();
    if (offset_ == start) spoil(token, Defect::bad_parameter);
}

void Lexer::symbol(Token& token) noexcept {
    const std::size_t first = first_symbols[static_cast<unsigned char>(at(0))];
    for (std::size_t i = first - 1; first != 0 && i < symbols.size(); i++) {
        const Symbol& symbol = symbols[i];
        if (symbol.first != at(0)) break;
        if (symbol.second != 0 && symbol.second != at(1)) continue;
        token.kind = symbol.kind;
        offset_ += symbol.second == 0 ? 1 : 2;
        return;
    }
    offset_++;
    spoil(token, Defect::bad_character);
}

std::string_view inside(std::string_view text, const Token& token) noexcept {
    const std::uint32_t front = token.kind == TokenKind::blob ? 2 : 1;
    return {text.data() + token.place.offset + front, token.place.size - front - 1};
}

StatementEnd find_statement_end(std::string_view text, std::uint32_t from) noexcept {
    Lexer lexer{text, from};
    for (;;) {
        const Token token = lexer.cut();
        if (token.kind == TokenKind::semicolon) return {token.place.end(), true, false};
        if (token.kind == TokenKind::end) return {token.place.offset, false, false};
        const Defect defect = token.defect;
        if (defect == Defect::open_text || defect == Defect::open_name ||
            defect == Defect::open_blob || defect == Defect::open_comment)
            return {token.place.end(), false, true};
    }
}

}  // namespace freshet::sql
