// SPDX-License-Identifier: MIT
#include "sql/statement_hash.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "sql/lexer.hpp"

namespace freshet::sql {
namespace {

bool is_last(const Token& token) noexcept {
    return token.kind == TokenKind::end || token.kind == TokenKind::semicolon;
}

std::string_view text_of(std::string_view text, const Token& token) noexcept {
    return {text.data() + token.place.offset, token.place.size};
}

std::uint64_t hash_word(std::uint64_t seed, std::string_view word) noexcept {
    std::uint64_t state = mix(seed + word.size());
    for (const char letter : word) state = mix(state ^ static_cast<unsigned char>(capital(letter)));
    return state;
}

bool is_same_word(std::string_view one, std::string_view other) noexcept {
    const auto is_same = [](char a, char b) noexcept { return capital(a) == capital(b); };
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), is_same);
}

}  // namespace

StatementHash hash_statement(std::string_view text, std::uint32_t from) noexcept {
    Lexer lexer{text, from};
    std::uint64_t state = 0;
    Token token = lexer.next();
    for (; !is_last(token); token = lexer.next()) {
        const std::uint64_t seed = mix(state + 1);
        const std::string_view word = text_of(text, token);
        state = token.kind == TokenKind::word ? hash_word(seed, word) : hash(seed, as_bytes(word));
    }
    return {state, token.place.end()};
}

bool is_same_statement(std::string_view text, std::uint32_t from, std::string_view other,
                       std::uint32_t other_from) noexcept {
    Lexer lexer{text, from};
    Lexer other_lexer{other, other_from};
    for (;;) {
        const Token token = lexer.next();
        const Token other_token = other_lexer.next();
        if (is_last(token) || is_last(other_token)) return is_last(token) && is_last(other_token);
        const std::string_view word = text_of(text, token);
        const std::string_view other_word = text_of(other, other_token);
        if (token.kind == TokenKind::word ? !is_same_word(word, other_word) : word != other_word)
            return false;
    }
}

}  // namespace freshet::sql
