// SPDX-License-Identifier: MIT
#include "query/function_text.hpp"

#include <algorithm>
#include <cstring>

#include "relation/convert.hpp"

namespace freshet::query {
namespace {

using Arguments = std::span<const Value>;

bool starts_character(char byte) noexcept {
    return (static_cast<std::uint8_t>(byte) & 0xc0) != 0x80;
}

std::int64_t count_characters(std::string_view text) noexcept {
    return std::count_if(text.begin(), text.end(), starts_character);
}

// The size of the character at the start of a text that is not empty.
std::size_t character_size(std::string_view text) noexcept {
    std::size_t size = 1;
    while (size < text.size() && !starts_character(text[size])) size++;
    return size;
}

std::size_t size_of_characters(std::string_view text, std::int64_t count) noexcept {
    std::size_t size = 0;
    for (; count > 0 && size < text.size(); count--)
        size += character_size({text.data() + size, text.size() - size});
    return size;
}

std::string_view part(std::string_view text, std::size_t offset, std::size_t size) noexcept {
    return {text.data() + offset, size};
}

std::size_t find_in(std::string_view text, std::string_view wanted, std::size_t from) noexcept {
    return text.find(wanted, from);
}

Result<std::span<char>> characters(std::size_t size, Arena& scratch) noexcept {
    if (size > 0xffffffff) return Code::too_large;
    if (size == 0) return std::span<char>{};
    const Result<MutableBytes> memory = scratch.bytes(size, 1);
    if (!memory) return memory.error();
    return std::span<char>{reinterpret_cast<char*>(memory->data()), size};
}

Value text_of(std::span<const char> text) noexcept {
    return Value::text({text.data(), text.size()});
}

template <class Change>
Result<Value> change_letters(const Value& value, Change change, Arena& scratch) noexcept {
    const Result<Value> text = relation::to_text(value, scratch);
    if (!text) return text;
    const std::string_view from = text->as_text();
    const Result<std::span<char>> into = characters(from.size(), scratch);
    if (!into) return into.error();
    std::transform(from.begin(), from.end(), into->begin(), change);
    return text_of(*into);
}

char to_lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}
char to_upper(char letter) noexcept {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter & ~0x20) : letter;
}

// One of UTF-8's four forms; of what is no code point, that of U+FFFD.
void put_code_point(std::int64_t value, std::span<char> into, std::size_t& size) noexcept {
    constexpr std::int64_t replacement = 0xfffd;
    const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < 0 || value > 0x10ffff || is_surrogate) value = replacement;
    const auto put = [&](std::int64_t byte) { into[size++] = static_cast<char>(byte); };
    const auto follow = [&](int shift) { put(0x80 | ((value >> shift) & 0x3f)); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xc0 | (value >> 6));
        follow(0);
    } else if (value < 0x10000) {
        put(0xe0 | (value >> 12));
        follow(6);
        follow(0);
    } else {
        put(0xf0 | (value >> 18));
        follow(12);
        follow(6);
        follow(0);
    }
}

bool has_character(std::string_view set, std::string_view character) noexcept {
    while (!set.empty()) {
        const std::size_t size = character_size(set);
        if (part(set, 0, size) == character) return true;
        set.remove_prefix(size);
    }
    return false;
}

std::size_t last_character_size(std::string_view text) noexcept {
    std::size_t size = 1;
    while (size < text.size() && !starts_character(text[text.size() - size])) size++;
    return size;
}

Result<Value> trim_ends(Arguments arguments, bool left, bool right, Arena& scratch) noexcept {
    const Result<Value> value = relation::to_text(arguments[0], scratch);
    if (!value) return value;
    const Result<Value> second = arguments.size() == 2 ? relation::to_text(arguments[1], scratch)
                                                       : Result<Value>{Value::text(" ")};
    if (!second) return second;
    std::string_view text = value->as_text();
    const std::string_view set = second->as_text();
    while (left && !text.empty()) {
        const std::size_t size = character_size(text);
        if (!has_character(set, part(text, 0, size))) break;
        text.remove_prefix(size);
    }
    while (right && !text.empty()) {
        const std::size_t size = last_character_size(text);
        if (!has_character(set, part(text, text.size() - size, size))) break;
        text.remove_suffix(size);
    }
    return Value::text(text);
}

// A place in a text, from 0, and how much of it; SQLite's way from what is written.
struct Piece {
    std::int64_t first;
    std::int64_t count;
};

std::int64_t limited(std::int64_t value) noexcept {
    constexpr std::int64_t limit = std::int64_t{1} << 31;
    return std::clamp(value, -limit, limit);
}

Piece find_piece(Arguments arguments, std::int64_t length) noexcept {
    std::int64_t first = limited(relation::to_integer(arguments[1]));
    std::int64_t count =
        arguments.size() == 3 ? limited(relation::to_integer(arguments[2])) : limited(INT64_MAX);
    const bool is_before = count < 0;
    if (is_before) count = -count;
    if (first < 0) {
        first += length;
        if (first < 0) {
            count = std::max<std::int64_t>(count + first, 0);
            first = 0;
        }
    } else if (first > 0) {
        first--;
    } else if (count > 0) {
        count--;
    }
    if (is_before) {
        first -= count;
        if (first < 0) {
            count += first;
            first = 0;
        }
    }
    return {first, count};
}

}  // namespace

Result<Value> character(Arguments arguments, Arena& scratch) noexcept {
    const Result<std::span<char>> into = characters(arguments.size() * 4, scratch);
    if (!into) return into.error();
    std::size_t size = 0;
    for (const Value& value : arguments)
        put_code_point(value.is_null() ? 0 : relation::to_integer(value), *into, size);
    return text_of(into->first(size));
}

Result<Value> find(Arguments arguments, Arena& scratch) noexcept {
    const bool is_binary = arguments[0].type() == Type::blob && arguments[1].type() == Type::blob;
    const Result<Value> text = is_binary ? arguments[0] : relation::to_text(arguments[0], scratch);
    if (!text) return text;
    const Result<Value> wanted =
        is_binary ? arguments[1] : relation::to_text(arguments[1], scratch);
    if (!wanted) return wanted;
    const std::size_t offset = find_in(text->bytes(), wanted->bytes(), 0);
    if (offset == std::string_view::npos) return Value::integer(0);
    if (is_binary) return Value::integer(static_cast<std::int64_t>(offset) + 1);
    return Value::integer(count_characters(part(text->bytes(), 0, offset)) + 1);
}

Result<Value> hex(Arguments arguments, Arena& scratch) noexcept {
    constexpr std::string_view digits = "0123456789ABCDEF";
    if (arguments[0].is_null()) return Value::text("");
    const Result<Value> value =
        arguments[0].has_bytes() ? arguments[0] : relation::to_text(arguments[0], scratch);
    if (!value) return value;
    const Bytes bytes = as_bytes(value->bytes());
    const Result<std::span<char>> into = characters(bytes.size() * 2, scratch);
    if (!into) return into.error();
    for (std::size_t i = 0; i < bytes.size(); i++) {
        const auto byte = static_cast<std::size_t>(bytes[i]);
        (*into)[2 * i] = digits[byte >> 4];
        (*into)[2 * i + 1] = digits[byte & 15];
    }
    return text_of(*into);
}

Result<Value> length(Arguments arguments, Arena& scratch) noexcept {
    if (arguments[0].type() == Type::blob)
        return Value::integer(static_cast<std::int64_t>(arguments[0].bytes().size()));
    const Result<Value> text = relation::to_text(arguments[0], scratch);
    if (!text) return text;
    return Value::integer(count_characters(text->as_text()));
}

Result<Value> lower(Arguments arguments, Arena& scratch) noexcept {
    return change_letters(arguments[0], to_lower, scratch);
}

Result<Value> upper(Arguments arguments, Arena& scratch) noexcept {
    return change_letters(arguments[0], to_upper, scratch);
}

Result<Value> quote(Arguments arguments, Arena& scratch) noexcept {
    constexpr std::size_t other_size_max = 48;  // TIMESTAMP '2026-11-20T23:50:07.412000Z'
    const Value& value = arguments[0];
    const std::size_t size = value.has_bytes() ? value.bytes().size() * 2 + 3 : other_size_max;
    const Result<std::span<char>> into = characters(size, scratch);
    if (!into) return into.error();
    TextWriter text{*into};
    relation::put_literal(text, value);
    if (value.type() == Type::blob)
        std::transform(into->begin(), into->end(), into->begin(), to_upper);
    return Value::text(text.written());
}

Result<Value> replace(Arguments arguments, Arena& scratch) noexcept {
    if (arguments[0].is_null() || arguments[1].is_null()) return Value{};
    std::array<std::string_view, 3> texts;
    for (std::size_t i = 0; i < texts.size(); i++) {
        const Result<Value> text = relation::to_text(arguments[i], scratch);
        if (!text) return text;
        if (!text->is_null()) texts[i] = text->as_text();
    }
    const auto [text, wanted, other] = texts;
    constexpr std::size_t none = std::string_view::npos;
    if (wanted.empty()) return arguments[0].has_bytes() ? Value::text(text) : arguments[0];
    if (arguments[2].is_null()) return Value{};
    std::size_t count = 0;
    for (std::size_t at = find_in(text, wanted, 0); at != none;
         at = find_in(text, wanted, at + wanted.size()))
        count++;
    const Result<std::span<char>> into =
        characters(text.size() - count * wanted.size() + count * other.size(), scratch);
    if (!into) return into.error();
    TextWriter writer{*into};
    std::size_t from = 0;
    for (; count > 0; count--) {
        const std::size_t at = find_in(text, wanted, from);
        writer.text(part(text, from, at - from)).text(other);
        from = at + wanted.size();
    }
    writer.text(part(text, from, text.size() - from));
    return Value::text(writer.written());
}

Result<Value> substring(Arguments arguments, Arena& scratch) noexcept {
    const bool is_blob = arguments[0].type() == Type::blob;
    const Result<Value> value = is_blob ? arguments[0] : relation::to_text(arguments[0], scratch);
    if (!value) return value;
    const std::string_view text = value->bytes();
    const std::int64_t length =
        is_blob ? static_cast<std::int64_t>(text.size()) : count_characters(text);
    const Piece piece = find_piece(arguments, length);
    if (is_blob) {
        const std::int64_t first = std::min(piece.first, length);
        const std::int64_t count = std::min(piece.count, length - first);
        return Value::blob(
            as_bytes(part(text, static_cast<std::size_t>(first), static_cast<std::size_t>(count))));
    }
    const std::size_t first = size_of_characters(text, piece.first);
    const std::string_view rest = part(text, first, text.size() - first);
    return Value::text(part(rest, 0, size_of_characters(rest, piece.count)));
}

Result<Value> trim(Arguments arguments, Arena& scratch) noexcept {
    return trim_ends(arguments, true, true, scratch);
}

Result<Value> trim_left(Arguments arguments, Arena& scratch) noexcept {
    return trim_ends(arguments, true, false, scratch);
}

Result<Value> trim_right(Arguments arguments, Arena& scratch) noexcept {
    return trim_ends(arguments, false, true, scratch);
}

Result<Value> unicode(Arguments arguments, Arena& scratch) noexcept {
    const Result<Value> value = relation::to_text(arguments[0], scratch);
    if (!value) return value;
    const std::string_view text = value->as_text();
    if (text.empty()) return Value{};
    const std::size_t size = character_size(text);
    std::int64_t point = static_cast<std::uint8_t>(text[0]);
    if (size > 1) point &= 0x7f >> size;
    for (std::size_t i = 1; i < size; i++)
        point = point << 6 | (static_cast<std::uint8_t>(text[i]) & 0x3f);
    return Value::integer(point);
}

}  // namespace freshet::query
