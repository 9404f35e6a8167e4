// SPDX-License-Identifier: MIT
// What the program says on standard error: `error[CODE]: sentence` and `hint: one action`.
#pragma once

#include <initializer_list>
#include <string_view>

#include "freshet/store.hpp"

namespace freshet::shell {

// Up to eight pieces to a line, in one write, so that lines of several processes do not mix.
void say(std::initializer_list<std::string_view> pieces) noexcept;

// A number as a piece; good until eight more were made.
std::string_view piece(std::uint64_t number) noexcept;

// Each says one error and returns its exit code.
int report(std::string_view code, int exit_code, std::string_view message,
           std::string_view hint) noexcept;
int report(const Diagnostic& diagnostic, std::string_view database) noexcept;

}  // namespace freshet::shell
