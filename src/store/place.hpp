// SPDX-License-Identifier: MIT
// Places in the past of the log: where it ended when a commit was the newest one.
//
// Workload: one search among the marks, and then at most 32 KiB of log from frame to frame.
#pragma once

#include "store/state.hpp"

namespace freshet::store {

// The end of the newest commit that `until` lets through, not behind `at`; of commit 0, the start
// of the log. ahead_of_log (a commit that is not there yet), corrupt, io.
Result<log::Position> find_place(State& state, const Published& at, Until until) noexcept;

}  // namespace freshet::store
