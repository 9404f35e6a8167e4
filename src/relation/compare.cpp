// SPDX-License-Identifier: MIT
#include "relation/compare.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "base/time_text.hpp"
#include "relation/convert.hpp"

namespace freshet::relation {
namespace {

// Values of different classes are ordered by class alone.
enum class Class : std::uint8_t { null, number, time, text, blob };

Class class_of(const Value& value) noexcept {
    constexpr std::array<Class, type_count> classes = {Class::null,   Class::number, Class::number,
                                                       Class::number, Class::text,   Class::blob,
                                                       Class::time,   Class::time};
    return classes[static_cast<std::size_t>(value.type())];
}

template <class T>
int order_of(T a, T b) noexcept {
    return a < b ? -1 : a > b ? 1 : 0;
}

// Of two numbers that would be equal if the integer were a double, the fraction decides; what lies
// outside the integers is not converted to one.
int order_mixed(std::int64_t integer, double real) noexcept {
    if (real < -0x1p63) return 1;
    if (real >= 0x1p63) return -1;
    const auto whole = static_cast<std::int64_t>(real);
    if (integer != whole) return integer < whole ? -1 : 1;
    return order_of(static_cast<double>(whole), real);
}

int order_numbers(const Value& a, const Value& b) noexcept {
    const bool a_is_real = a.type() == Type::real;
    const bool b_is_real = b.type() == Type::real;
    if (a_is_real && b_is_real) return order_of(a.as_real(), b.as_real());
    if (a_is_real) return -order_mixed(b.whole(), a.as_real());
    if (b_is_real) return order_mixed(a.whole(), b.as_real());
    return order_of(a.whole(), b.whole());
}

int order_bytes(std::string_view a, std::string_view b) noexcept {
    const std::size_t size = a.size() < b.size() ? a.size() : b.size();
    const int common = size == 0 ? 0 : std::memcmp(a.data(), b.data(), size);
    return common != 0 ? common : order_of(a.size(), b.size());
}

std::int64_t time_us(const Value& value) noexcept {
    return value.type() == Type::date ? value.as_date() * day_us : value.as_timestamp();
}

bool holds(Comparison comparison, int order) noexcept {
    switch (comparison) {
        case Comparison::equal: return order == 0;
        case Comparison::unequal: return order != 0;
        case Comparison::less: return order < 0;
        case Comparison::less_equal: return order <= 0;
        case Comparison::greater: return order > 0;
        case Comparison::greater_equal: return order >= 0;
    }
    return false;
}

}  // namespace

int order(const Value& a, const Value& b) noexcept {
    const Class of_a = class_of(a);
    const Class of_b = class_of(b);
    if (of_a != of_b) return order_of(of_a, of_b);
    switch (of_a) {
        case Class::null: return 0;
        case Class::number: return order_numbers(a, b);
        case Class::time: return order_of(time_us(a), time_us(b));
        case Class::text:
        case Class::blob: return order_bytes(a.bytes(), b.bytes());
    }
    return 0;
}

std::uint64_t hash_any(const Value& value) noexcept {
    const Class kind = class_of(value);
    const auto seed = static_cast<std::uint64_t>(kind);
    if (value.has_bytes()) return freshet::hash(seed, as_bytes(value.bytes()));
    if (kind == Class::null) return mix(seed);
    if (kind == Class::time) return mix(static_cast<std::uint64_t>(time_us(value)) + mix(seed));
    if (value.type() == Type::real && order_mixed(to_integer(value), value.as_real()) != 0)
        return mix(std::bit_cast<std::uint64_t>(value.as_real()) + mix(seed));
    return hash(to_integer(value));
}

Value as_compared(const Value& value, const Value& other) noexcept {
    if (value.type() != Type::text || class_of(other) != Class::time) return value;
    const Result<std::int64_t> us = parse_timestamp(value.as_text());
    if (us) return Value::timestamp(*us);
    const Result<std::int64_t> days = parse_date(value.as_text());
    return days ? Value::date(*days) : value;
}

Truth compare(Comparison comparison, const Value& a, const Value& b) noexcept {
    if (a.is_null() || b.is_null()) return Truth::unknown;
    if (class_of(a) == class_of(b)) return truth(holds(comparison, order(a, b)));
    return truth(holds(comparison, order(as_compared(a, b), as_compared(b, a))));
}

Truth truth_of(const Value& value) noexcept {
    if (value.is_null()) return Truth::unknown;
    return truth(value.is_whole() ? value.whole() != 0 : to_real(value) != 0);
}

}  // namespace freshet::relation
