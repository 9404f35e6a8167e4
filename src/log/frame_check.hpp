// SPDX-License-Identifier: MIT
// Checks a frame whole: the form, place and checksum of each event, and those of the frame's body.
//
// Workload: every frame of a log at each open, and of many streams by turns. So what the names of a
// stream add to its events' checksums is computed once for each stream of a frame, and kept aside.
#pragma once

#include <array>

#include "log/event.hpp"

namespace freshet::log {

class FrameCheck {
public:
    // The header was checked before.
    bool is_whole(const Frame& frame, const Geometry& geometry) noexcept;

private:
    struct Slot {
        std::uint64_t first_index;
        std::uint32_t stream_seed;
        std::uint32_t seed;  // Of the frame's first type.
    };
    bool read_slots(const Frame& frame, const Geometry& geometry) noexcept;
    bool check_events(const Frame& frame, const Geometry& geometry, Bytes events) noexcept;

    TypeTable types_;
    std::uint32_t crc_ = 0;
    Sha256 sha_;
    std::array<Slot, frame_stream_count_max> slots_;
};

}  // namespace freshet::log
