// SPDX-License-Identifier: MIT
#include "sql/parser.hpp"

#include <limits>

#include "base/sql_error.hpp"

namespace freshet::sql {

Parser::Parser(std::string_view text, std::uint32_t from, Arena& arena, SqlError& error) noexcept
    : text_{text}, lexer_{text, from}, arena_{arena}, error_{error}, end_{from} {
    error_ = SqlError{};
    token_.place.offset = from;
}

Result<Parsed> Parser::parse() noexcept {
    do advance();
    while (at(TokenKind::semicolon));
    Parsed parsed;
    if (!at(TokenKind::end)) parsed.statement = statement();
    if (has_failed()) return error_.error;
    parsed.end = token_.place.end();
    return parsed;
}

Result<Expression*> Parser::parse_expression() noexcept {
    advance();
    Expression* const value = expression();
    if (!at(TokenKind::end)) unexpected("the end");
    if (has_failed()) return error_.error;
    return value;
}

void Parser::advance() noexcept {
    if (has_failed()) return;
    previous_ = token_.kind;
    end_ = token_.place.end();
    token_ = lexer_.next();
    if (at(TokenKind::bad)) fail_defect(token_);
}

Token Parser::peek(std::uint32_t ahead) const noexcept {
    Lexer lexer = lexer_;
    Token token;
    for (; ahead > 0; ahead--) token = lexer.next();
    return token;
}

bool Parser::accept(TokenKind kind) noexcept {
    if (!at(kind)) return false;
    advance();
    return true;
}

bool Parser::accept(Word word) noexcept {
    if (!at(word)) return false;
    advance();
    return true;
}

bool Parser::accept(Word first, Word second) noexcept {
    if (!at(first) || peek(1).word != second) return false;
    advance();
    advance();
    return true;
}

void Parser::expect(TokenKind kind) noexcept {
    if (accept(kind)) return;
    switch (kind) {
        case TokenKind::open: return unexpected("'('");
        case TokenKind::close: return unexpected("')'");
        case TokenKind::equal: return unexpected("'='");
        default: return unexpected("','");
    }
}

void Parser::expect(Word word) noexcept {
    if (!accept(word)) unexpected(text_of(word), std::array{word});
}

bool Parser::is_name(const Token& token) noexcept {
    if (token.kind == TokenKind::word) return use_of(token.word) != WordUse::reserved;
    return token.kind == TokenKind::quoted;
}

Name Parser::name(std::string_view what) noexcept {
    if (at_name()) return take_name();
    unexpected(what, {}, Wanted::name);
    return {};
}

Name Parser::take_name() noexcept {
    const Place place = token_.place;
    const std::string_view text = at(TokenKind::word) ? text_at(place) : unescaped(token_);
    advance();
    return {text, place};
}

ListedName* Parser::listed_name() noexcept {
    auto* const listed = make<ListedName>();
    listed->name = name("the name of a column");
    return listed;
}

List<ListedName> Parser::names_in_parentheses() noexcept {
    expect(TokenKind::open);
    const List<ListedName> names = list(&Parser::listed_name);
    expect(TokenKind::close);
    return names;
}

std::string_view Parser::text_at(Place place) const noexcept {
    return {text_.data() + place.offset, place.size};
}

std::string_view Parser::unescaped(const Token& token) noexcept {
    const std::string_view text = inside(text_, token);
    return token.is_escaped ? copied(text, text_[token.place.offset]) : text;
}

// Of two equal characters `doubled`, one.
std::string_view Parser::copied(std::string_view text, char doubled) noexcept {
    const Result<MutableBytes> memory = arena_.bytes(text.size(), 1);
    if (!memory) {
        fail_memory();
        return text;
    }
    auto* const into = reinterpret_cast<char*>(memory->data());
    std::size_t size = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        into[size++] = text[i];
        if (text[i] == doubled) i++;
    }
    return {into, size};
}

bool Parser::enter() noexcept {
    if (++depth_ > depth_max) fail_depth(token_.place);
    return !has_failed();
}

Result<Parsed> parse_statement(std::string_view text, std::uint32_t from, Arena& arena,
                               SqlError& error) noexcept {
    FRESHET_CHECK(from <= text.size());
    if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
        error = SqlError{};
        error.error = Code::too_large;
        set_message(error, {"the text of these statements has 4 GiB or more"});
        set_hint(error, {"give it in parts"});
        return Code::too_large;
    }
    return Parser{text, from, arena, error}.parse();
}

Result<Expression*> parse_expression(std::string_view text, Arena& arena,
                                     SqlError& error) noexcept {
    return Parser{text, 0, arena, error}.parse_expression();
}

}  // namespace freshet::sql
