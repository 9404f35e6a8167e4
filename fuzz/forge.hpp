// SPDX-License-Identifier: MIT
// Logs that no writer leaves, and whose checksums are right all the same.
#pragma once

#include <string_view>
#include <vector>

#include "fuzz/target.hpp"
#include "log/format.hpp"

namespace freshet::fuzz {

struct ForgedEvent {
    std::string_view stream;
    std::uint64_t index = 0;
    std::string_view type;  // Empty: the stream is named and no event is there.
    std::string_view payload = "x";
};

struct ForgedFrame {
    std::vector<ForgedEvent> events;
    std::uint64_t commit = 1;
    bool last = true;             // Of its transaction.
    std::uint64_t synced_to = 0;  // 0: up to where it stands.
    std::uint64_t time_us = 0;    // 0: the number of the commit.
};

// The first segment, whose header `fresh` begins with, holding these frames. The geometry is that
// of the header; without a digest.
Contents forge_log(const Contents& fresh, const log::Geometry& geometry,
                   const std::vector<ForgedFrame>& frames);

// Writes other bytes of the same size where some stand for the first time, and makes the checksums
// right again.
void change_log(Contents& log, const log::Geometry& geometry, std::string_view from,
                std::string_view to);

}  // namespace freshet::fuzz
