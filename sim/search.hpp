// SPDX-License-Identifier: MIT
// Searches that leave nothing out: every crash of short lives, every fault at every call, every
// size of memory that is too small, every bit of a store flipped.
#pragma once

#include "sim/run.hpp"

namespace freshet::sim {

// A share of a search, when several processes divide it.
struct Share {
    std::uint32_t number = 0;
    std::uint32_t count = 1;
    [[nodiscard]] bool has(std::uint64_t i) const { return i % count == number; }
};

// In memory that processes share; all only added to.
struct SearchResult {
    Report::Count lives, crash_points, calls, keys_max;
    Report::Count visited, predicted;  // States after one crash.
    Report::Count nested_visited, nested_predicted;
    Report::Count sampled_points;  // Crash points with more than 12 keys.
    Report::Count skipped;         // Visited, and known from before: not recovered once more.
    Report::Count named, harmless, residual;  // Flipped bits.
    Report::Count failed_calls, usable, poisoned;
};

// All lives of up to `length` operations from the seven, crashed at every call, and at every call
// of the recovery.
void search_crashes(std::uint32_t length, Share share, SearchResult& result);
// Each call of one long life failed in each legal way, once and for good, with and without partial
// progress.
void search_faults(Share share, SearchResult& result);
// Opens with every size of memory below what is required, and appends with every small pool.
void search_memory(Share share, SearchResult& result);
// Every `step`th bit of a log of 64 KiB and of its head.
void search_flips(std::uint64_t step, Share share, SearchResult& result);

Setup small_setup();

}  // namespace freshet::sim
