// SPDX-License-Identifier: MIT
// A scanner that passes over JSON from its beginning to the member that is looked for. It minds
// quotes, escapes and depth, which is what it takes to find the end of a value; whether a number is
// a number is not its business.
#include "freshet/metadata.hpp"

#include <array>
#include <cstdint>

namespace freshet {

namespace {

constexpr std::uint32_t no_character = ~std::uint32_t{0};
constexpr std::string_view spaces = " \t\r\n";

class Scanner {
public:
    explicit Scanner(Bytes json) noexcept : rest_{as_text(json)} {}

    bool accept(char wanted) noexcept {
        pass_any(spaces, true);
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }

    // The text between quotes; null data: none begins here, or it does not end.
    std::string_view string() noexcept {
        if (!accept('"')) return {};
        std::size_t size = 0;
        while (size < rest_.size() && rest_[size] != '"') size += rest_[size] == '\\' ? 2U : 1U;
        if (size >= rest_.size()) return {};
        const std::string_view text{rest_.data(), size};
        rest_.remove_prefix(size + 1);
        return text;
    }

    // Goes behind a value. False: it does not end, or none begins here.
    bool pass_value() noexcept {
        std::size_t depth = 0;
        do {
            if (accept('{') || accept('[')) {
                depth++;
            } else if (depth > 0 && (accept('}') || accept(']'))) {
                depth--;
            } else if (depth == 0 || (!accept(',') && !accept(':'))) {
                if (!pass_scalar()) return false;
            }
        } while (depth > 0);
        return true;
    }

    // Goes to the value of a member of the object that begins here.
    bool find(std::string_view key) noexcept {
        if (!accept('{')) return false;
        for (;;) {
            const std::string_view name = string();
            if (name.data() == nullptr || !accept(':')) return false;
            if (json_says(name, key)) return true;
            if (!pass_value() || !accept(',')) return false;
        }
    }

private:
    bool pass_scalar() noexcept {
        if (!rest_.empty() && rest_.front() == '"') return string().data() != nullptr;
        return pass_any(",:{}[]\" \t\r\n", false) > 0;
    }
    std::size_t pass_any(std::string_view set, bool in_set) noexcept {
        std::size_t size = 0;
        while (size < rest_.size() && (set.find(rest_[size]) != std::string_view::npos) == in_set)
            size++;
        rest_.remove_prefix(size);
        return size;
    }

    std::string_view rest_;
};

// Four hexadecimal digits, which are taken from the text.
std::uint32_t take_hex(std::string_view& text) noexcept {
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    if (text.size() < 4) return no_character;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; i++) {
        const std::size_t digit = digits.find(text[i]);
        if (digit == std::string_view::npos) return no_character;
        value = value << 4 | static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
    }
    text.remove_prefix(4);
    return value;
}

// A character from \u, whose other half may follow.
std::uint32_t take_unit(std::string_view& text) noexcept {
    const std::uint32_t first = take_hex(text);
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || text.size() < 2 || text[0] != '\\' || text[1] != 'u') return no_character;
    text.remove_prefix(2);
    const std::uint32_t second = take_hex(text);
    if (second < 0xdc00 || second > 0xdfff) return no_character;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

// What an escape stands for; the text begins behind its backslash.
std::uint32_t take_escape(std::string_view& text) noexcept {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (text.empty()) return no_character;
    const char letter = text.front();
    text.remove_prefix(1);
    if (letter == 'u') return take_unit(text);
    const std::size_t known = letters.find(letter);
    return known == std::string_view::npos ? no_character
                                           : static_cast<std::uint32_t>(meanings[known]);
}

// Takes a character from the beginning of UTF-8; false: another one stands there.
bool take(std::string_view& text, std::uint32_t character) noexcept {
    std::array<std::uint32_t, 4> bytes{};
    std::size_t size = 1;
    for (; size < 4 && character >> (size == 1 ? 7 : 5 * size + 1) != 0; size++) {
    }
    for (std::size_t i = size; i-- > 1; character >>= 6) bytes[i] = 0x80 | (character & 0x3f);
    bytes[0] = size == 1 ? character : (0xf00U >> size & 0xff) | character;
    if (text.size() < size) return false;
    for (std::size_t i = 0; i < size; i++)
        if (static_cast<unsigned char>(text[i]) != bytes[i]) return false;
    text.remove_prefix(size);
    return true;
}

}  // namespace

bool json_says(std::string_view quoted, std::string_view plain) noexcept {
    while (!quoted.empty()) {
        const char letter = quoted.front();
        quoted.remove_prefix(1);
        if (letter == '\\') {
            const std::uint32_t character = take_escape(quoted);
            if (character == no_character || !take(plain, character)) return false;
            continue;
        }
        if (plain.empty() || plain.front() != letter) return false;
        plain.remove_prefix(1);
    }
    return plain.empty();
}

std::string_view metadata_member(Bytes metadata, std::string_view key) noexcept {
    Scanner scanner{metadata};
    return scanner.find(key) ? scanner.string() : std::string_view{};
}

bool has_tag(Bytes metadata, std::string_view tag) noexcept {
    Scanner scanner{metadata};
    if (!scanner.find("$tags") || !scanner.accept('[')) return false;
    for (;;) {
        const std::string_view text = scanner.string();
        if (text.data() == nullptr) return false;
        if (json_says(text, tag)) return true;
        if (!scanner.accept(',')) return false;
    }
}

}  // namespace freshet
