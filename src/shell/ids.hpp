// SPDX-License-Identifier: MIT
// The ids of correlation and causation of one event from the arguments, in its metadata.
#pragma once

#include "shell/options.hpp"

namespace freshet::shell {

// Puts those that the request has in front of the members of `metadata`, which is empty or a JSON
// object, made in `memory`, which is shortened by that. Not 0: it could not be done, that was said,
// and this is the exit code.
int add_ids(const Request& request, std::span<char>& memory, Bytes& metadata) noexcept;

}  // namespace freshet::shell
