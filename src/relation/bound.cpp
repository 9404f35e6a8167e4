// SPDX-License-Identifier: MIT
#include "relation/bound.hpp"

#include <bit>
#include <limits>

#include "base/check.hpp"
#include "relation/compare.hpp"

namespace freshet::relation {
namespace {

Value least_of(Type type) noexcept {
    switch (type) {
        case Type::null: return {};
        case Type::boolean: return Value::boolean(false);
        case Type::integer: return Value::integer(std::numeric_limits<std::int64_t>::min());
        case Type::real: return Value::real(-std::numeric_limits<double>::infinity());
        case Type::text: return Value::text({});
        case Type::blob: return Value::blob({});
        case Type::date: return Value::date(date_min);
        case Type::timestamp: return Value::timestamp(timestamp_min);
    }
    return {};
}

bool is_number(const Value& value) noexcept {
    return value.type() == Type::boolean || value.type() == Type::integer ||
           value.type() == Type::real;
}

// The rest are the first values not below one that is above the least of the type; NULL: none.

Value integer_from(const Value& value) noexcept {
    if (value.type() == Type::boolean) return Value::integer(value.whole());
    if (value.type() != Type::real || value.as_real() >= 0x1p63) return {};
    const auto whole = static_cast<std::int64_t>(value.as_real());
    return Value::integer(static_cast<double>(whole) < value.as_real() ? whole + 1 : whole);
}

Value real_from(const Value& value) noexcept {
    if (!is_number(value)) return {};
    const auto nearest = static_cast<double>(value.whole());
    if (order(Value::real(nearest), value) >= 0) return Value::real(nearest);
    const auto bits = std::bit_cast<std::uint64_t>(nearest);  // Not of 0, which is exact.
    return Value::real(std::bit_cast<double>(nearest > 0 ? bits + 1 : bits - 1));
}

Value boolean_from(const Value& value) noexcept {
    const Value last = Value::boolean(true);
    return order(value, last) <= 0 ? last : Value{};
}

Value date_from(const Value& value) noexcept {
    if (value.type() != Type::timestamp) return {};
    const std::int64_t since_first = value.as_timestamp() - timestamp_min;
    const std::int64_t days = date_min + (since_first + day_us - 1) / day_us;
    return days <= date_max ? Value::date(days) : Value{};
}

Value timestamp_from(const Value& value) noexcept {
    return value.type() == Type::date ? Value::timestamp(value.as_date() * day_us) : Value{};
}

Value first_from(const Value& value, Type type) noexcept {
    switch (type) {
        case Type::boolean: return boolean_from(value);
        case Type::integer: return integer_from(value);
        case Type::real: return real_from(value);
        case Type::date: return date_from(value);
        case Type::timestamp: return timestamp_from(value);
        case Type::null:
        case Type::text:
        case Type::blob: break;  // What is above and no text is above all texts.
    }
    return {};
}

}  // namespace

bool has_bound(const Value& value, ColumnType column) noexcept {
    const bool is_time = value.type() == Type::date || value.type() == Type::timestamp;
    return !value.is_null() && !(is_time && value_type(column) == Type::text);
}

Bound find_bound(const Value& value, ColumnType column) noexcept {
    FRESHET_CHECK(has_bound(value, column));
    const Type type = value_type(column);
    if (value.type() == type) return {value, true};
    const Value least = least_of(type);
    const Value wanted = as_compared(value, least);
    if (wanted.type() == type) return {wanted, true};
    const Value at = order(wanted, least) <= 0 ? least : first_from(wanted, type);
    return {at, !at.is_null() && order(at, wanted) == 0};
}

}  // namespace freshet::relation
