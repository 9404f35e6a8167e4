// SPDX-License-Identifier: MIT
// Values of flags that may stand in a file.
#pragma once

#include <span>
#include <string_view>

#include "freshet/bytes.hpp"

namespace freshet::shell {

// The text itself, or of `@NAME` what is in that file (`@-`: standard input), read into `memory`,
// which is shortened by that. Not 0: it could not be read, that was said, and this is the exit
// code.
int read_value(std::string_view text, std::span<char>& memory, Bytes& value) noexcept;

}  // namespace freshet::shell
