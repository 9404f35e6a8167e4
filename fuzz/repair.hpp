// SPDX-License-Identifier: MIT
// Makes changed bytes pass the checksums again, so that what lies behind the checksums is tried
// too.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/target.hpp"
#include "log/format.hpp"

namespace freshet::fuzz {

// A frame of a segment, found by the sizes that frames say they have, and nothing else.
struct FramePlace {
    std::size_t begin = 0;
    std::size_t size = 0;
};
std::vector<FramePlace> find_frames(Bytes segment, const log::Geometry& geometry);

enum class Repair : std::uint8_t {
    checksums,  // Of what is there: events, digests, bodies, headers.
    sequence,   // And each frame is made the next one: store, epoch, commit, ordinal, time, chain.
};
// `image` is segment 1 and perhaps more, each of the geometry's size but the last.
void repair_log(MutableBytes image, const log::Geometry& geometry, Repair repair);

// The checksum of one slot of head.
void repair_head(MutableBytes slot);

// Those of the header of a run, and of as many pages as there are.
void repair_run(MutableBytes file);

}  // namespace freshet::fuzz
