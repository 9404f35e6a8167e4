// SPDX-License-Identifier: MIT
// How far a consumer has come: the newest event of the stream `$checkpoint/CONSUMER`.
#pragma once

#include "store/state.hpp"

namespace freshet::store {

// As of a commit, or as the running transaction has it (`at` is null, under the writer turn). 0: it
// has none. corrupt, io.
Result<std::uint64_t> read_checkpoint(State& state, const Published* at,
                                      std::string_view consumer) noexcept;

}  // namespace freshet::store
