// SPDX-License-Identifier: MIT
// The order of values, and the logic of three values.
//
// All values have one order, that of ORDER BY, of keys and of MIN and MAX: NULL, then numbers (BOOL
// as 0 and 1; INT and FLOAT by what they are, without rounding), then DATE and TIMESTAMP (a date as
// its first microsecond), then TEXT and then BLOB, both by their bytes.
//
// A comparison in SQL differs in two ways: with a NULL it is unknown; and of a date or timestamp
// with a TEXT, the text counts as the timestamp (or date) that it is, if it is one.
//
// All functions may be called by any number of threads at once, and cannot fail.
#pragma once

#include <cstdint>

#include "base/hash.hpp"
#include "freshet/value.hpp"

namespace freshet::relation {

// Below 0, 0, or above 0. NULL equals NULL.
int order(const Value& a, const Value& b) noexcept;

// Equal values have equal hashes: 1, 1.0 and TRUE have the same.
std::uint64_t hash_any(const Value& value) noexcept;
inline std::uint64_t hash(std::int64_t number) noexcept {
    return mix(static_cast<std::uint64_t>(number) + mix(1));
}
inline std::uint64_t hash(const Value& value) noexcept {
    return value.type() == Type::integer ? hash(value.as_integer()) : hash_any(value);
}

enum class Truth : std::uint8_t { no, yes, unknown };

enum class Comparison : std::uint8_t { equal, unequal, less, less_equal, greater, greater_equal };

Truth compare(Comparison comparison, const Value& a, const Value& b) noexcept;

// What compare() takes a value for beside another: a TEXT beside a date or timestamp for the time
// that it is, if it is one, and everything else for itself.
Value as_compared(const Value& value, const Value& other) noexcept;

constexpr Truth truth(bool holds) noexcept {
    return holds ? Truth::yes : Truth::no;
}
// Of a number, that it is not 0; of a TEXT or BLOB, of the number at its start; NULL is unknown.
Truth truth_of(const Value& value) noexcept;
// 1, 0 or NULL: SQLite's comparisons give numbers.
constexpr Value value_of(Truth truth) noexcept {
    return truth == Truth::unknown ? Value{} : Value::integer(truth == Truth::yes ? 1 : 0);
}

constexpr Truth both(Truth a, Truth b) noexcept {
    if (a == Truth::no || b == Truth::no) return Truth::no;
    return a == Truth::yes && b == Truth::yes ? Truth::yes : Truth::unknown;
}
constexpr Truth either(Truth a, Truth b) noexcept {
    if (a == Truth::yes || b == Truth::yes) return Truth::yes;
    return a == Truth::no && b == Truth::no ? Truth::no : Truth::unknown;
}
constexpr Truth opposite(Truth a) noexcept {
    return a == Truth::unknown ? a : truth(a == Truth::no);
}

}  // namespace freshet::relation
