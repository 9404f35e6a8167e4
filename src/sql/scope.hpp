// SPDX-License-Identifier: MIT
// The columns that an expression may name, and which column of its rows each of them is.
#pragma once

#include <span>
#include <string_view>

#include "relation/type.hpp"

namespace freshet::sql {

struct ScopeColumn {
    std::string_view table{};  // What stands before the point; empty: nothing may.
    std::string_view name{};
    std::uint32_t column = 0;  // Its number in a row.
    relation::ColumnType type = relation::ColumnType::integer;
    bool has_type = true;      // False: it holds values of any type.
    bool is_hidden = false;    // From a star.
    bool needs_table = false;  // It is named with its table alone, and hidden from a star.
};

struct Scope {
    std::span<const ScopeColumn> columns{};
};

}  // namespace freshet::sql
