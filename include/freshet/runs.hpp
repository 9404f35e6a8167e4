// SPDX-License-Identifier: MIT
// Runs: what is found by key, in sorted files beside the log, so that memory does not grow with the
// data and opening does not grow with the history. A store that is opened with them keeps in its
// pool what came since the newest run. They are a cache: each can be deleted while nobody has the
// store open, and a store can be opened without them at any time; the log has it all.
//
//      options.runs = &freshet::runs();
//
// Only programs that name this function carry the code.
#pragma once

#include "freshet/store.hpp"

namespace freshet {

// For Options::runs, as long as the program runs. Any thread.
const store::RunKeeper& runs() noexcept;

}  // namespace freshet
