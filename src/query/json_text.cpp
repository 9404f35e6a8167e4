// SPDX-License-Identifier: MIT
#include "query/json_text.hpp"

#include <algorithm>

#include "base/real.hpp"
#include "base/time_text.hpp"
#include "base/utf8.hpp"

namespace freshet::query {
namespace {

constexpr std::string_view escaped = "\"\\\b\f\n\r\t";
constexpr std::string_view escapes = "\"\\bfnrt";

void put_string(TextWriter& text, std::string_view value) noexcept {
    text.character('"');
    std::size_t begin = 0;
    for (std::size_t i = 0; i < value.size(); i++) {
        const std::size_t known = escaped.find(value[i]);
        if (known == std::string_view::npos && static_cast<unsigned char>(value[i]) >= 0x20)
            continue;
        text.text({value.data() + begin, i - begin});
        begin = i + 1;
        if (known != std::string_view::npos)
            text.character('\\').character(escapes[known]);
        else
            text.text("\\u").hex(static_cast<unsigned char>(value[i]), 4);
    }
    text.text({value.data() + begin, value.size() - begin}).character('"');
}

void put_real_json(TextWriter& text, double value) noexcept {
    if (value - value == 0.0) return put_real(text, value);
    text.text(value < 0 ? "-9e999" : "9e999");
}

std::uint32_t hex_digit(char letter) noexcept {
    const std::size_t digit = std::string_view{"0123456789abcdefABCDEF"}.find(letter);
    if (digit == std::string_view::npos) return 0x10000;
    return static_cast<std::uint32_t>(digit < 16 ? digit : digit - 6);
}

// Reads escapes; one that is none sticks.
class Unquoter {
public:
    explicit Unquoter(std::string_view quoted) noexcept : rest_{quoted} {}

    void put_all(TextWriter& into) noexcept {
        while (!rest_.empty() && good_) {
            const std::size_t plain = std::min(rest_.find('\\'), rest_.size());
            into.text({rest_.data(), plain});
            rest_.remove_prefix(plain);
            if (!rest_.empty()) put_escape(into);
        }
    }
    [[nodiscard]] bool is_good() const noexcept { return good_; }

private:
    char take() noexcept {
        if (rest_.empty()) good_ = false;
        if (!good_) return '\0';
        const char letter = rest_.front();
        rest_.remove_prefix(1);
        return letter;
    }
    std::uint32_t unit() noexcept {
        std::uint32_t value = 0;
        for (int i = 0; i < 4; i++) value = value << 4 | hex_digit(take());
        if (value > 0xffff) good_ = false;
        return value;
    }
    void put_escape(TextWriter& into) noexcept {
        take();
        const char letter = take();
        const std::size_t known = escapes.find(letter);
        if (letter == 'u') return put_character(into, character());
        if (letter == '/') return void(into.character('/'));
        if (known == std::string_view::npos) good_ = false;
        if (good_) into.character(escaped[known]);
    }
    std::uint32_t character() noexcept {
        const std::uint32_t first = unit();
        if (first < 0xd800 || first > 0xdfff) return first;
        if (first > 0xdbff || take() != '\\' || take() != 'u') good_ = false;
        const std::uint32_t second = unit();
        if (second < 0xdc00 || second > 0xdfff) good_ = false;
        return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
    }
    // At once, for the writer cuts between characters.
    void put_character(TextWriter& into, std::uint32_t character) const noexcept {
        if (!good_) return;
        char bytes[4];
        const auto tail = [character](unsigned shift) noexcept {
            return static_cast<char>(0x80 | (character >> shift & 0x3f));
        };
        std::size_t size = 1;
        bytes[0] = static_cast<char>(character);
        if (character >= 0x80) {
            size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
            const std::uint32_t high = character >> (6 * (size - 1));
            bytes[0] = static_cast<char>(high | (0xf00U >> size & 0xff));
            for (std::size_t i = 1; i < size; i++)
                bytes[i] = tail(static_cast<unsigned>(6 * (size - 1 - i)));
        }
        into.text({bytes, size});
    }

    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

std::size_t json_size_max(const Value& value) noexcept {
    constexpr std::size_t scalar_size_max = 40;
    return value.has_bytes() ? 2 + 6 * value.bytes().size() : scalar_size_max;
}

void put_json(TextWriter& text, const Value& value) noexcept {
    switch (value.type()) {
        case Type::null: text.text("null"); break;
        case Type::boolean: text.text(value.as_boolean() ? "true" : "false"); break;
        case Type::integer: text.number(value.as_integer()); break;
        case Type::real: put_real_json(text, value.as_real()); break;
        case Type::text: put_string(text, value.as_text()); break;
        case Type::blob: text.character('"').hex(value.as_blob()).character('"'); break;
        case Type::date:
            text.character('"');
            put_date(text, value.as_date());
            text.character('"');
            break;
        case Type::timestamp:
            text.character('"');
            put_timestamp(text, value.as_timestamp());
            text.character('"');
            break;
    }
}

Result<Value> unquote_json(std::string_view quoted, Arena& memory) noexcept {
    if (quoted.data() == nullptr || !is_utf8(quoted)) return Value{};
    if (quoted.find('\\') == std::string_view::npos) return Value::text(quoted);
    const Result<std::span<char>> room = memory.array<char>(quoted.size());
    if (!room) return room.error();
    TextWriter text{*room};
    Unquoter unquoter{quoted};
    unquoter.put_all(text);
    return unquoter.is_good() ? Value::text(text.written()) : Value{};
}

}  // namespace freshet::query
