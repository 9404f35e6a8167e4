// SPDX-License-Identifier: MIT
// Simulated time and chance, and what happens when a simulation cannot go on.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "freshet/sim.hpp"

namespace freshet {

namespace {

SimViolation violation_handler = nullptr;
void* violation_context = nullptr;

}  // namespace

std::uint64_t SimClock::now_us() noexcept {
    return now_us_ += step_us;
}

void SimClock::random(MutableBytes into) noexcept {
    for (std::size_t at = 0; at < into.size(); at += sizeof random_) {
        random_ = mix(random_, 1);
        std::memcpy(into.data() + at, &random_, std::min(into.size() - at, sizeof random_));
    }
}

void sim_on_violation(SimViolation handler, void* context) noexcept {
    violation_handler = handler;
    violation_context = context;
}

void sim_violation(std::string_view what) noexcept {
    if (violation_handler != nullptr) {
        violation_handler(violation_context, what);
        return;
    }
    const auto size = static_cast<int>(what.size());
    static_cast<void>(std::fprintf(stderr, "freshet sim: %.*s\n", size, what.data()));
    std::abort();
}

}  // namespace freshet
