// SPDX-License-Identifier: MIT
// From statements back to text, in one way only: keywords in capitals, one blank where one is
// needed, no parentheses but those that the tree needs, names quoted where they have to be. What
// is printed parses to the same tree (but for places), and so prints to the same text again.
#pragma once

#include <span>

#include "freshet/error.hpp"
#include "sql/tree.hpp"

namespace freshet::sql {

// Into `into`, which what is given back views. out_of_memory: it does not fit; what is there then
// is the beginning. Recursion is bounded by the height of the tree, which the parser bounds.
Result<std::string_view> print(const Statement& statement, std::span<char> into) noexcept;
Result<std::string_view> print(const Select& select, std::span<char> into) noexcept;
Result<std::string_view> print(const Expression& expression, std::span<char> into) noexcept;
Result<std::string_view> print(const ColumnDefinition& column, std::span<char> into) noexcept;

}  // namespace freshet::sql
