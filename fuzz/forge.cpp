// SPDX-License-Identifier: MIT
#include "fuzz/forge.hpp"

#include <algorithm>

#include "fuzz/repair.hpp"
#include "log/frame.hpp"

namespace freshet::fuzz {

Contents forge_log(const Contents& fresh, const log::Geometry& geometry,
                   const std::vector<ForgedFrame>& frames) {
    log::SegmentHeader segment;
    std::uint32_t format = 0;
    require(bool{log::decode(fresh, segment, format)}, "a log begins with its segment's header");
    Contents bytes(fresh.begin(), fresh.begin() + log::segment_header_size);
    bytes.resize(geometry.segment_size);
    Contents memory(log::FrameBuilder::required_memory());
    Arena arena{memory};
    log::FrameBuilder builder;
    require(bool{builder.open(arena, geometry)}, "memory for a frame");

    log::Position end;
    end.address = log::segment_header_size;
    end.epoch = segment.epoch;
    for (const ForgedFrame& frame : frames) {
        const std::uint64_t begin = end.address;
        const std::uint64_t time_us = frame.time_us == 0 ? frame.commit : frame.time_us;
        builder.begin(bytes.data() + begin, end, begin, frame.commit, time_us);
        for (const ForgedEvent& made : frame.events) {
            const Event event{.type = made.type, .payload = as_bytes(made.payload)};
            if (made.type.empty())
                builder.touch(made.stream);
            else
                builder.add(made.stream, made.index, event, nullptr);
        }
        end = builder.seal(frame.last);
        log::stamp(bytes.data() + begin, begin, frame.synced_to == 0 ? begin : frame.synced_to,
                   geometry);
    }
    bytes.resize(end.address);
    return bytes;
}

void change_log(Contents& log, const log::Geometry& geometry, std::string_view from,
                std::string_view to) {
    const Bytes wanted = as_bytes(from);
    const auto found = std::search(log.begin(), log.end(), wanted.begin(), wanted.end());
    require(found != log.end() && from.size() == to.size(), "there is nothing to be changed");
    std::ranges::copy(as_bytes(to), found);
    repair_log(log, geometry, Repair::sequence);
}

}  // namespace freshet::fuzz
