// SPDX-License-Identifier: MIT
// Which events a filter lets through, and which are in the way of a condition.
#pragma once

#include "freshet/store.hpp"
#include "log/event.hpp"

namespace freshet::store {

bool passes(const LogFilter& filter, const log::FrameEvents& events) noexcept;

// The first event that a condition says there is not; false: there is none. ahead_of_log; corrupt,
// io.
Result<bool> find_match(const Snapshot& snapshot, const AppendCondition& condition,
                        Recorded& event) noexcept;

}  // namespace freshet::store
