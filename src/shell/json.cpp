// SPDX-License-Identifier: MIT
#include "shell/json.hpp"

#include <cstring>

#include "base/utf8.hpp"

namespace freshet::shell {
namespace {

bool is_digit(char letter) noexcept {
    return letter >= '0' && letter <= '9';
}

// 16: it is no hexadecimal digit.
std::uint32_t hex_value(char letter) noexcept {
    if (is_digit(letter)) return static_cast<std::uint32_t>(letter - '0');
    if (letter >= 'a' && letter <= 'f') return static_cast<std::uint32_t>(letter - 'a') + 10;
    if (letter >= 'A' && letter <= 'F') return static_cast<std::uint32_t>(letter - 'A') + 10;
    return 16;
}

std::size_t sequence_size(char first) noexcept {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

char simple_escape(char letter) noexcept {
    switch (letter) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return letter;
    }
}

std::uint32_t four_digits(const char* text) noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; i++) value = value * 16 + hex_value(text[i]);
    return value;
}

std::size_t put_utf8(char* into, std::uint32_t point) noexcept {
    const auto last = [&](int shift) noexcept {
        return static_cast<char>(0x80 | ((point >> shift) & 0x3f));
    };
    if (point < 0x80) {
        into[0] = static_cast<char>(point);
        return 1;
    }
    if (point < 0x800) {
        into[0] = static_cast<char>(0xc0 | (point >> 6));
        into[1] = last(0);
        return 2;
    }
    if (point < 0x10000) {
        into[0] = static_cast<char>(0xe0 | (point >> 12));
        into[1] = last(6);
        into[2] = last(0);
        return 3;
    }
    into[0] = static_cast<char>(0xf0 | (point >> 18));
    into[1] = last(12);
    into[2] = last(6);
    into[3] = last(0);
    return 4;
}

// How many bytes from here on are plain text of a string: neither its end, nor an escape, a
// control character or part of a longer one. Eight at a time, and so few of them too little.
std::size_t plain_size(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const auto has_less = [](std::uint64_t word, std::uint64_t bound) noexcept {
        return (word - ones * bound) & ~word;
    };
    std::size_t size = 0;
    for (std::uint64_t word = 0; text.size() - size >= sizeof word; size += sizeof word) {
        std::memcpy(&word, text.data() + size, sizeof word);
        const std::uint64_t found = word | has_less(word, 0x20) | has_less(word ^ ones * '"', 1) |
                                    has_less(word ^ ones * '\\', 1);
        if ((found & ones << 7) != 0) break;
    }
    return size;
}

}  // namespace

void JsonReader::fail(const char* message, std::size_t offset) noexcept {
    if (error_ != nullptr) return;
    error_ = message;
    offset_ = offset;
}

bool JsonReader::starts_with(char wanted) const noexcept {
    return error_ == nullptr && offset_ < text_.size() && text_[offset_] == wanted;
}

bool JsonReader::take(char wanted) noexcept {
    if (!starts_with(wanted)) return false;
    offset_++;
    return true;
}

void JsonReader::skip_space() noexcept {
    while (starts_with(' ') || starts_with('\t') || starts_with('\n') || starts_with('\r'))
        offset_++;
}

bool JsonReader::accept(char wanted) noexcept {
    skip_space();
    return take(wanted);
}

void JsonReader::expect(char wanted, const char* message) noexcept {
    if (!accept(wanted)) fail(message, offset_);
}

void JsonReader::expect_end() noexcept {
    skip_space();
    if (offset_ < text_.size()) fail("nothing may follow the value", offset_);
}

std::string_view JsonReader::value() noexcept {
    skip_space();
    const std::size_t start = offset_;
    skip_value(0);
    if (error_ != nullptr) return {};
    return {text_.data() + start, offset_ - start};
}

std::string_view JsonReader::string() noexcept {
    skip_space();
    const std::size_t start = offset_ + 1;
    skip_string();
    if (error_ != nullptr) return {};
    return {text_.data() + start, offset_ - 1 - start};
}

void JsonReader::skip_value(std::uint32_t depth) noexcept {
    if (error_ != nullptr) return;
    if (offset_ == text_.size()) return fail("a value is missing", offset_);
    switch (text_[offset_]) {
        case '{': return skip_object(depth + 1);
        case '[': return skip_array(depth + 1);
        case '"': return skip_string();
        case 't': return skip_word("true");
        case 'f': return skip_word("false");
        case 'n': return skip_word("null");
        default: return skip_number();
    }
}

void JsonReader::skip_object(std::uint32_t depth) noexcept {
    if (depth > json_depth_max) return fail("nested deeper than 64 levels", offset_);
    offset_++;
    if (accept('}')) return;
    do {
        skip_space();
        skip_string();
        expect(':', "expected ':' after a name");
        skip_space();
        skip_value(depth);
    } while (accept(','));
    expect('}', "expected ',' or '}'");
}

void JsonReader::skip_array(std::uint32_t depth) noexcept {
    if (depth > json_depth_max) return fail("nested deeper than 64 levels", offset_);
    offset_++;
    if (accept(']')) return;
    do {
        skip_space();
        skip_value(depth);
    } while (accept(','));
    expect(']', "expected ',' or ']'");
}

void JsonReader::skip_string() noexcept {
    const std::size_t start = offset_;
    if (!take('"')) return fail("expected '\"'", offset_);
    while (error_ == nullptr && offset_ < text_.size()) {
        offset_ += plain_size({text_.data() + offset_, text_.size() - offset_});
        if (offset_ == text_.size()) break;
        const auto byte = static_cast<unsigned char>(text_[offset_]);
        if (byte < 0x20) return fail("a control character in a string must be escaped", offset_);
        if (take('"')) return;
        if (byte == '\\') {
            skip_escape();
        } else if (byte < 0x80) {
            offset_++;
        } else {
            skip_sequence();
        }
    }
    fail("this string does not end", start);
}

void JsonReader::skip_escape() noexcept {
    const std::size_t start = offset_;
    offset_++;
    if (take('u')) {
        for (int i = 0; i < 4; i++, offset_++) {
            if (offset_ == text_.size() || hex_value(text_[offset_]) == 16) {
                return fail("\\u takes four hexadecimal digits", start);
            }
        }
        return;
    }
    constexpr std::string_view letters = "\"\\/bfnrt";
    if (offset_ == text_.size() || letters.find(text_[offset_]) == std::string_view::npos) {
        return fail("there is no such escape", start);
    }
    offset_++;
}

void JsonReader::skip_sequence() noexcept {
    const std::size_t rest = text_.size() - offset_;
    const std::size_t size = sequence_size(text_[offset_]);
    if (size > rest || !is_utf8({text_.data() + offset_, size})) {
        return fail("these bytes are not UTF-8", offset_);
    }
    offset_ += size;
}

void JsonReader::skip_digits() noexcept {
    const std::size_t start = offset_;
    while (offset_ < text_.size() && is_digit(text_[offset_])) offset_++;
    if (offset_ == start) fail("expected a digit", offset_);
}

void JsonReader::skip_number() noexcept {
    const std::size_t start = offset_;
    const bool is_negative = take('-');
    if (!is_negative && !is_digit(text_[offset_])) return fail("expected a value", start);
    if (take('0')) {
        if (offset_ < text_.size() && is_digit(text_[offset_])) {
            return fail("a number may not start with 0", start);
        }
    } else {
        skip_digits();
    }
    if (take('.')) skip_digits();
    if (take('e') || take('E')) {
        if (!take('+')) take('-');
        skip_digits();
    }
}

void JsonReader::skip_word(std::string_view word) noexcept {
    const std::size_t start = offset_;
    for (const char letter : word) {
        if (!take(letter)) return fail("expected a value", start);
    }
}

bool is_json_line(std::string_view text) noexcept {
    if (text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos)
        return false;
    JsonReader reader{text};
    return reader.value().size() == text.size() && reader.error() == nullptr;
}

// The text grows no longer than its escapes are: \uXXXX stands for at most 3 bytes, a pair for 4.
Unescaped unescape(std::span<char> inside) noexcept {
    if (inside.empty() || std::memchr(inside.data(), '\\', inside.size()) == nullptr)
        return {{inside.data(), inside.size()}, true};
    std::size_t used = 0;
    for (std::size_t i = 0; i < inside.size();) {
        if (inside[i] != '\\') {
            inside[used++] = inside[i++];
            continue;
        }
        if (inside[i + 1] != 'u') {
            inside[used++] = simple_escape(inside[i + 1]);
            i += 2;
            continue;
        }
        std::uint32_t point = four_digits(&inside[i + 2]);
        i += 6;
        if (point >= 0xdc00 && point < 0xe000) return {};
        if (point >= 0xd800 && point < 0xdc00) {
            if (inside.size() - i < 6 || inside[i] != '\\' || inside[i + 1] != 'u') return {};
            const std::uint32_t low = four_digits(&inside[i + 2]);
            if (low < 0xdc00 || low >= 0xe000) return {};
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            i += 6;
        }
        used += put_utf8(&inside[used], point);
    }
    return {{inside.data(), used}, true};
}

}  // namespace freshet::shell
