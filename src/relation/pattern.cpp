// SPDX-License-Identifier: MIT
#include "relation/pattern.hpp"

#include <cstdint>

namespace freshet::relation {
namespace {

std::string_view from(std::string_view text, std::size_t offset) noexcept {
    text.remove_prefix(offset);
    return text;
}

std::string_view first(std::string_view text, std::size_t size) noexcept {
    return {text.data(), size};
}

// The size of the character at the start of a text that is not empty: what follows a leading byte.
std::size_t character_size(std::string_view text) noexcept {
    std::size_t size = 1;
    if (static_cast<unsigned char>(text.front()) < 0xc0) return size;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) size++;
    return size;
}

char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// What a pattern asks of the next character.
struct Token {
    enum class Kind : std::uint8_t { end, character, one, many, set, never } kind = Kind::end;
    std::string_view text{};  // The character, or the inside of the set.
    std::size_t size = 0;     // In the pattern.
};

struct Like {
    std::string_view escape;

    [[nodiscard]] Token next(std::string_view pattern) const noexcept {
        if (pattern.empty()) return {};
        const std::size_t size = character_size(pattern);
        if (!escape.empty() && first(pattern, size) == escape) {
            const std::string_view rest = from(pattern, size);
            if (rest.empty()) return {Token::Kind::never, {}, size};
            const std::size_t rest_size = character_size(rest);
            return {Token::Kind::character, first(rest, rest_size), size + rest_size};
        }
        if (pattern.front() == '%') return {Token::Kind::many, {}, 1};
        if (pattern.front() == '_') return {Token::Kind::one, {}, 1};
        return {Token::Kind::character, first(pattern, size), size};
    }

    static bool is_same(std::string_view a, std::string_view b) noexcept {
        return a == b || (a.size() == 1 && b.size() == 1 && lower(a.front()) == lower(b.front()));
    }
};

struct Glob {
    [[nodiscard]] static Token next(std::string_view pattern) noexcept {
        if (pattern.empty()) return {};
        if (pattern.front() == '*') return {Token::Kind::many, {}, 1};
        if (pattern.front() == '?') return {Token::Kind::one, {}, 1};
        if (pattern.front() == '[') return next_set(pattern);
        const std::size_t size = character_size(pattern);
        return {Token::Kind::character, first(pattern, size), size};
    }

    static bool is_same(std::string_view a, std::string_view b) noexcept { return a == b; }

private:
    // A ] that comes first, or behind ^, belongs to the set.
    static Token next_set(std::string_view pattern) noexcept {
        std::size_t start = 1;
        if (start < pattern.size() && pattern[start] == '^') start++;
        const std::size_t end = pattern.find(']', start + 1);
        if (end == std::string_view::npos) return {Token::Kind::never, {}, pattern.size()};
        return {Token::Kind::set, first(from(pattern, 1), end - 1), end + 1};
    }
};

// Characters of well-formed UTF-8 have the order of their bytes.
bool is_in(std::string_view character, std::string_view set) noexcept {
    const bool inverted = set.front() == '^';
    if (inverted) set.remove_prefix(1);
    bool found = set.front() == ']' && character == "]";
    if (set.front() == ']') set.remove_prefix(1);  // It begins no range.
    std::string_view before{};                     // Where a range may begin.
    while (!set.empty()) {
        const bool is_range = set.front() == '-' && !before.empty() && set.size() > 1;
        if (is_range) set.remove_prefix(1);
        const std::string_view member = first(set, character_size(set));
        set.remove_prefix(member.size());
        if (is_range ? before <= character && character <= member : character == member)
            found = true;
        before = is_range ? std::string_view{} : member;
    }
    return found != inverted;
}

template <class Language>
bool matches(std::string_view text, std::string_view pattern, const Language& language) noexcept {
    bool has_star = false;
    std::string_view star_text;
    std::string_view star_pattern;
    while (true) {
        const Token token = language.next(pattern);
        if (token.kind == Token::Kind::many) {
            pattern.remove_prefix(token.size);
            has_star = true;
            star_text = text;
            star_pattern = pattern;
            continue;
        }
        if (text.empty()) return token.kind == Token::Kind::end;
        const std::string_view character = first(text, character_size(text));
        const bool fits =
            token.kind == Token::Kind::one ||
            (token.kind == Token::Kind::character && language.is_same(character, token.text)) ||
            (token.kind == Token::Kind::set && is_in(character, token.text));
        if (fits) {
            text.remove_prefix(character.size());
            pattern.remove_prefix(token.size);
            continue;
        }
        if (!has_star || token.kind == Token::Kind::never) return false;
        star_text.remove_prefix(character_size(star_text));
        text = star_text;
        pattern = star_pattern;
    }
}

}  // namespace

bool is_like(std::string_view text, std::string_view pattern, std::string_view escape) noexcept {
    return matches(text, pattern, Like{escape});
}

bool is_glob(std::string_view text, std::string_view pattern) noexcept {
    return matches(text, pattern, Glob{});
}

}  // namespace freshet::relation
