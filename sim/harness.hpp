// SPDX-License-Identifier: MIT
// Running simulations in processes of their own, so that whatever a run does to itself, somebody is
// left to tell of it; and making a failing one small.
#pragma once

#include <string>
#include <vector>

#include "sim/run.hpp"

namespace freshet::sim {

// What a process that failed leaves behind, in shared memory.
struct Failure {
    std::uint64_t seed = 0;   // Of the run that is going on.
    std::uint32_t found = 0;  // 1: the rest is filled.
    std::array<char, 512> what{};
    std::array<char, 16384> script{};
    std::array<char, 65536> tape{};
};
Failure* make_failure() noexcept;

// In the process that simulates: violations, traps and runs that do not end fill `failure` with
// what `run` has done so far, and end the process.
void catch_failures(Failure& failure) noexcept;
void set_current_life(const Life* life, std::uint64_t seed) noexcept;
inline constexpr int failed_exit_code = 3;

// Runs one life in this process: of one writer, or, one time in eight, of a crowd, and one time of
// a database with tables. Branches are tried for every eighth seed; the others go through more
// operations and faults in the same time.
std::uint64_t live_by_seed(std::uint64_t seed, const Rules& rules);  // Returns the hash of its end.
std::uint64_t live_by_tape(const Tape& tape, const Rules& rules);

// True: a life by this tape fails, in a process of its own; `failure` says how.
bool fails(const Tape& tape, const Rules& rules, Failure& failure);
// The smallest tape found within a time that still fails.
Tape shrink(Tape tape, const Rules& rules, Failure& failure, double seconds);

}  // namespace freshet::sim
