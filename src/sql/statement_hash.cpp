// SPDX-License-Identifier: MIT
#include "sql/statement_hash.hpp"

#include <algorithm>
#include <cstring>

#include "base/hash.hpp"

namespace freshet::sql {
namespace {

bool is_last(const Token& token) noexcept {
    return token.kind == TokenKind::end || token.kind == TokenKind::semicolon;
}

bool is_literal(std::string_view word, const Token& token) noexcept {
    if (token.kind == TokenKind::text) return !token.is_escaped;
    return token.kind == TokenKind::integer && (word.size() < 2 || (word[1] | 0x20) != 'x');
}

std::string_view text_of(std::string_view text, const Token& token) noexcept {
    return {text.data() + token.place.offset, token.place.size};
}

// `mask` makes letters of both cases one, and some other bytes too.
std::uint64_t hash_word(std::uint64_t state, std::string_view word, std::uint64_t mask) noexcept {
    constexpr std::uint64_t factor = 0x9e3779b97f4a7c15;
    state = (state + word.size() + 1) * factor;
    while (!word.empty()) {
        std::uint64_t letters = 0;
        const std::size_t size = std::min<std::size_t>(word.size(), sizeof letters);
        std::memcpy(&letters, word.data(), size);
        state = (state ^ state >> 32 ^ (letters & mask)) * factor;
        word.remove_prefix(size);
    }
    return state;
}
constexpr std::uint64_t all_bits = ~std::uint64_t{0};
constexpr std::uint64_t without_case = 0xdfdfdfdfdfdfdfdf;

bool is_same_word(std::string_view one, std::string_view other) noexcept {
    const auto is_same = [](char a, char b) noexcept { return capital(a) == capital(b); };
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), is_same);
}

bool is_literal(const StatementWords& words, std::uint32_t number, const Token& token) noexcept {
    return number < words.literal_count &&
           words.literals[number].place.offset == token.place.offset;
}

bool is_free(std::uint32_t free, std::uint32_t literal) noexcept {
    return (free >> literal & 1) != 0;
}

// Between the free literals, byte by byte.
bool has_same_bytes(const CutText& one, const CutText& other, std::uint32_t free) noexcept {
    std::size_t at = 0;
    std::size_t other_at = 0;
    for (std::uint32_t i = 0; i <= one.words.literal_count; i++) {
        const bool is_end = i == one.words.literal_count;
        if (!is_end && !is_free(free, i)) continue;
        const Place place = is_end ? Place{one.words.end, 0} : one.words.literals[i].place;
        const Place other_place =
            is_end ? Place{other.words.end, 0} : other.words.literals[i].place;
        const std::size_t size = place.offset - at;
        if (size != other_place.offset - other_at) return false;
        if (std::memcmp(one.text.data() + at, other.text.data() + other_at, size) != 0)
            return false;
        if (!is_end && one.words.literals[i].kind != other.words.literals[i].kind) return false;
        at = place.end();
        other_at = other_place.end();
    }
    return true;
}

bool has_same_words(const CutText& one, const CutText& other, std::uint32_t free) noexcept {
    Lexer lexer{one.text};
    Lexer other_lexer{other.text};
    for (std::uint32_t literal = 0;;) {
        const Token token = lexer.cut();
        const Token other_token = other_lexer.cut();
        if (is_last(token) || is_last(other_token)) return is_last(token) && is_last(other_token);
        const bool is_next = is_literal(one.words, literal, token);
        if (token.kind != other_token.kind) return false;
        if (is_next != is_literal(other.words, literal, other_token)) return false;
        if (is_next && is_free(free, literal++)) continue;
        const std::string_view word = text_of(one.text, token);
        const std::string_view other_word = text_of(other.text, other_token);
        if (token.kind == TokenKind::word ? !is_same_word(word, other_word) : word != other_word)
            return false;
    }
}

}  // namespace

StatementWords cut_statement(std::string_view text) noexcept {
    StatementWords words;
    Lexer lexer{text};
    std::uint64_t state = 0;
    Token token = lexer.cut();
    for (; !is_last(token); token = lexer.cut()) {
        const std::string_view word = text_of(text, token);
        if (words.literal_count < literal_count_max && is_literal(word, token)) {
            words.literals[words.literal_count++] = {token.place, token.kind};
            state = hash_word(state + 0x100 * static_cast<std::uint64_t>(token.kind), {}, 0);
            continue;
        }
        state = hash_word(state, word, token.kind == TokenKind::word ? without_case : all_bits);
    }
    words.hash = state == 0 ? 0 : mix(state) | 1;
    words.end = token.place.end();
    return words;
}

bool is_same_statement(const CutText& one, const CutText& other, std::uint32_t free,
                       bool& is_exact) noexcept {
    if (one.words.literal_count != other.words.literal_count) return false;
    is_exact = has_same_bytes(one, other, free);
    return is_exact || has_same_words(one, other, free);
}

}  // namespace freshet::sql
