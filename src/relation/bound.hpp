// SPDX-License-Identifier: MIT
// Where a value stands among those that a column can hold. The keys of a column are made of values
// of its type alone; what it is compared with may be of any: an INT with 1.5, a DATE with a
// timestamp or a text.
//
//      column = v     the key of `at`, if is_equal; else no row
//      column >= v    from the key of `at` on
//      column > v     the same, but for that of `at`, if is_equal
//      column < v     before the key of `at`
//      column <= v    the same, and that of `at`, if is_equal
//
// Where `at` is NULL, all values of the column are below; NULL itself is in none of these.
#pragma once

#include "freshet/value.hpp"
#include "relation/type.hpp"

namespace freshet::relation {

struct Bound {
    Value at{};             // The first value of the column's type that is not below.
    bool is_equal = false;  // As compare() has it.
};

// Not of NULL, with which a comparison is unknown, and not of a date or timestamp among texts, each
// of which is compared as the time that it may be.
bool has_bound(const Value& value, ColumnType type) noexcept;

// Of a value that has one.
Bound find_bound(const Value& value, ColumnType type) noexcept;

}  // namespace freshet::relation
