// SPDX-License-Identifier: MIT
// What the program's exit codes mean. Scripts rely on them: they never change.
#pragma once

#include "freshet/error.hpp"

namespace freshet::shell {

inline constexpr int exit_done = 0;
inline constexpr int exit_statement = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_constraint = 3;
inline constexpr int exit_conflict = 4;
inline constexpr int exit_cannot_open = 5;
inline constexpr int exit_damaged = 6;
inline constexpr int exit_io = 7;
inline constexpr int exit_out_of_memory = 8;
inline constexpr int exit_bad_input = 9;
inline constexpr int exit_not_found = 10;
inline constexpr int exit_too_large = 11;
inline constexpr int exit_interrupted = 130;
inline constexpr int exit_pipe_closed = 141;

int exit_code(Code code) noexcept;

}  // namespace freshet::shell
