// SPDX-License-Identifier: MIT
// How the library fills in an SqlError.
#pragma once

#include <initializer_list>

#include "freshet/sql_error.hpp"

namespace freshet {

// Put together from their parts, and cut where they are too long.
void set_message(SqlError& error, std::initializer_list<std::string_view> parts) noexcept;
void set_hint(SqlError& error, std::initializer_list<std::string_view> parts) noexcept;

}  // namespace freshet
