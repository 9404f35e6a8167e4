// SPDX-License-Identifier: MIT
#include "relation/convert.hpp"

#include <array>
#include <cstring>
#include <limits>

#include "base/real.hpp"
#include "base/time_text.hpp"
#include "base/utf8.hpp"

namespace freshet::relation {
namespace {

constexpr std::int64_t integer_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t integer_max = std::numeric_limits<std::int64_t>::max();
constexpr double integer_end = 0x1p63;

bool is_space(char letter) noexcept {
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

std::string_view without_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

bool is_word(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) return false;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (static_cast<char>(text[i] | 0x20) != lower[i]) return false;
    }
    return true;
}

// ---- numbers ----

// The integer at the start of a text without blanks in front; the nearest if there is none so far
// from 0.
struct IntegerText {
    std::int64_t value = 0;
    bool fits = true;
};

IntegerText read_integer(std::string_view text) noexcept {
    const bool is_negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    std::int64_t value = 0;
    for (const char letter : text) {
        if (letter < '0' || letter > '9') break;
        const std::int64_t digit = is_negative ? '0' - letter : letter - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return {is_negative ? integer_min : integer_max, false};
    }
    return {value, true};
}

struct NumberText {
    Value value;
    bool is_whole = false;  // Nothing but blanks around it.
};

NumberText read_number(std::string_view text) noexcept {
    text = without_blanks(text);
    const RealText real = read_real(text);
    const bool is_whole = real.size > 0 && real.size == text.size();
    if (real.size > 0 && !real.is_integer) return {Value::real(real.value), is_whole};
    const IntegerText integer = read_integer(text);
    if (!integer.fits) return {Value::real(real.value), is_whole};
    return {Value::integer(integer.value), is_whole};
}

std::int64_t truncate(double value) noexcept {
    if (value >= integer_end) return integer_max;
    if (value <= -integer_end) return integer_min;
    return static_cast<std::int64_t>(value);
}

// ---- texts ----

bool put_text(TextWriter& text, const Value& value, bool exactly) noexcept {
    switch (value.type()) {
        case Type::boolean: text.text(value.as_boolean() ? "true" : "false"); return true;
        case Type::integer: text.number(value.as_integer()); return true;
        case Type::real:
            exactly ? put_real(text, value.as_real()) : put_real_15(text, value.as_real());
            return true;
        case Type::date: put_date(text, value.as_date()); return true;
        case Type::timestamp: put_timestamp(text, value.as_timestamp()); return true;
        case Type::null:
        case Type::text:
        case Type::blob: return false;
    }
    return false;
}

Result<Value> text_of(const Value& value, bool exactly, Arena& memory) noexcept {
    std::array<char, 40> buffer;
    TextWriter text{buffer};
    if (!put_text(text, value, exactly)) return value;
    const std::string_view written = text.written();
    const Result<MutableBytes> copy = memory.bytes(written.size(), 1);
    if (!copy) return copy.error();
    std::memcpy(copy->data(), written.data(), written.size());
    return Value::text(as_text(*copy));
}

// ---- assignment; NULL, and what is of the type already, come to none of these ----

Result<Value> assign_boolean(const Value& value) noexcept {
    if (value.type() == Type::integer && (value.as_integer() == 0 || value.as_integer() == 1))
        return Value::boolean(value.as_integer() == 1);
    if (value.type() == Type::text && is_word(value.as_text(), "true")) return Value::boolean(true);
    if (value.type() == Type::text && is_word(value.as_text(), "false"))
        return Value::boolean(false);
    return Code::type_mismatch;
}

// Of a value that is a number, or a text that is one.
Result<Value> number_of(const Value& value) noexcept {
    if (value.type() == Type::boolean) return Value::integer(value.whole());
    if (value.type() == Type::integer || value.type() == Type::real) return value;
    if (value.type() != Type::text) return Code::type_mismatch;
    const NumberText number = read_number(value.as_text());
    if (!number.is_whole) return Code::type_mismatch;
    return number.value;
}

Result<Value> assign_integer(const Value& value) noexcept {
    const Result<Value> number = number_of(value);
    if (!number || number->type() == Type::integer) return number;
    const double real = number->as_real();
    if (!(real >= -integer_end && real < integer_end)) return Code::type_mismatch;
    const auto whole = static_cast<std::int64_t>(real);
    if (static_cast<double>(whole) != real) return Code::type_mismatch;
    return Value::integer(whole);
}

Result<Value> assign_real(const Value& value) noexcept {
    const Result<Value> number = number_of(value);
    if (!number || number->type() == Type::real) return number;
    const auto real = static_cast<double>(number->as_integer());
    const bool is_exact =
        real < integer_end && static_cast<std::int64_t>(real) == number->as_integer();
    if (!is_exact && value.type() != Type::text) return Code::type_mismatch;
    return Value::real(real);
}

Result<Value> assign_date(const Value& value) noexcept {
    if (value.type() != Type::text) return Code::type_mismatch;
    const Result<std::int64_t> days = parse_date(value.as_text());
    if (!days) return Code::type_mismatch;
    return Value::date(*days);
}

Result<Value> assign_timestamp(const Value& value) noexcept {
    if (value.type() == Type::text) {
        const Result<std::int64_t> us = parse_timestamp(value.as_text());
        if (us) return Value::timestamp(*us);
    }
    const Result<Value> date = value.type() == Type::date ? value : assign_date(value);
    if (!date) return date;
    return Value::timestamp(date->as_date() * day_us);
}

Result<Value> assign_email(const Value& value) noexcept {
    if (value.type() != Type::text || !is_email(value.as_text())) return Code::type_mismatch;
    return value;
}

// ---- casts ----

Result<Value> cast_boolean(const Value& value) noexcept {
    if (value.type() == Type::date || value.type() == Type::timestamp) return Code::type_mismatch;
    const Result<Value> word = assign_boolean(value);
    if (word) return word;
    const Value number = to_number(value);
    return Value::boolean(number.type() == Type::real ? number.as_real() != 0
                                                      : number.as_integer() != 0);
}

std::int64_t floor_days(std::int64_t us) noexcept {
    return us / day_us - (us % day_us < 0 ? 1 : 0);
}

Result<Value> cast_date(const Value& value) noexcept {
    if (value.type() == Type::integer) {
        const std::int64_t days = value.as_integer();
        if (days < date_min || days > date_max) return Code::type_mismatch;
        return Value::date(days);
    }
    const Result<Value> time =
        value.type() == Type::timestamp ? Result<Value>{value} : assign_timestamp(value);
    if (!time) return time;
    return Value::date(floor_days(time->as_timestamp()));
}

Result<Value> cast_timestamp(const Value& value) noexcept {
    if (value.type() != Type::integer) return assign_timestamp(value);
    const std::int64_t us = value.as_integer();
    if (us < timestamp_min || us > timestamp_max) return Code::type_mismatch;
    return Value::timestamp(us);
}

Result<Value> cast_blob(const Value& value, Arena& memory) noexcept {
    const Result<Value> text = text_of(value, false, memory);
    if (!text) return text;
    return Value::blob(as_bytes(text->bytes()));
}

void put_quoted(TextWriter& text, std::string_view value) noexcept {
    text.character('\'');
    for (const char letter : value) {
        if (text.is_full()) return;
        if (letter == '\'') text.character('\'');
        text.character(letter);
    }
    text.character('\'');
}

}  // namespace

Result<Value> assign(const Value& value, ColumnType type, Arena& memory) noexcept {
    if (value.is_null()) return value;
    if (type == ColumnType::email) return assign_email(value);
    if (value.type() == value_type(type)) return value;
    switch (type) {
        case ColumnType::boolean: return assign_boolean(value);
        case ColumnType::integer: return assign_integer(value);
        case ColumnType::real: return assign_real(value);
        case ColumnType::text:
            if (value.has_bytes()) return Code::type_mismatch;
            return text_of(value, true, memory);
        case ColumnType::date: return assign_date(value);
        case ColumnType::timestamp: return assign_timestamp(value);
        case ColumnType::blob:
        case ColumnType::email: break;
    }
    return Code::type_mismatch;
}

Result<Value> cast(const Value& value, ColumnType type, Arena& memory) noexcept {
    if (value.is_null()) return value;
    if (type == ColumnType::email) return assign_email(value);
    if (value.type() == value_type(type)) return value;
    switch (type) {
        case ColumnType::boolean: return cast_boolean(value);
        case ColumnType::integer: return Value::integer(to_integer(value));
        case ColumnType::real: return Value::real(to_real(value));
        case ColumnType::text: return to_text(value, memory);
        case ColumnType::blob: return cast_blob(value, memory);
        case ColumnType::date: return cast_date(value);
        case ColumnType::timestamp: return cast_timestamp(value);
        case ColumnType::email: break;
    }
    return Code::type_mismatch;
}

Value to_number(const Value& value) noexcept {
    if (value.has_bytes()) return read_number(value.bytes()).value;
    return value.is_whole() ? Value::integer(value.whole()) : value;
}

std::int64_t to_integer(const Value& value) noexcept {
    if (value.has_bytes()) return read_integer(without_blanks(value.bytes())).value;
    return value.is_whole() ? value.whole() : truncate(value.as_real());
}

double to_real(const Value& value) noexcept {
    if (value.has_bytes()) return read_real(without_blanks(value.bytes())).value;
    return value.is_whole() ? static_cast<double>(value.whole()) : value.as_real();
}

Value to_number_if_whole(const Value& value) noexcept {
    if (value.type() != Type::text) return value;
    const NumberText number = read_number(value.as_text());
    return number.is_whole ? number.value : value;
}

Result<Value> to_text(const Value& value, Arena& memory) noexcept {
    if (value.type() != Type::blob) return text_of(value, false, memory);
    if (!is_utf8(value.bytes())) return Code::type_mismatch;
    return Value::text(value.bytes());
}

void put_literal(TextWriter& text, const Value& value) noexcept {
    switch (value.type()) {
        case Type::null: text.text("NULL"); return;
        case Type::boolean: text.text(value.as_boolean() ? "TRUE" : "FALSE"); return;
        case Type::text: put_quoted(text, value.as_text()); return;
        case Type::blob: text.text("X'").hex(value.as_blob()).character('\''); return;
        case Type::real:
            if (value.as_real() * 0 == 0) break;
            text.text(value.as_real() < 0 ? "-9e999" : "9e999");
            return;
        case Type::integer: break;
        case Type::date:
        case Type::timestamp:
            text.text(type_name(value.type())).text(" '");
            put_text(text, value, true);
            text.character('\'');
            return;
    }
    put_text(text, value, true);
}

std::string_view describe_mismatch(const Value& value, ColumnType type,
                                   std::span<char> into) noexcept {
    constexpr std::size_t shown_max = 40;
    std::array<char, shown_max> buffer;
    TextWriter shown{buffer};
    put_literal(shown, value);
    TextWriter text{into};
    const bool says_type = value.type() == Type::date || value.type() == Type::timestamp;
    if (!says_type && !value.is_null()) text.text(type_name(value.type())).character(' ');
    text.text(shown.written()).text(shown.is_full() ? "..." : "");
    return text.text(" is no ").text(type_name(type)).written();
}

}  // namespace freshet::relation
