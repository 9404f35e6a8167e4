// SPDX-License-Identifier: MIT
#include "log/frame_check.hpp"

#include "base/checksum.hpp"

namespace freshet::log {

bool FrameCheck::read_slots(const Frame& frame, const Geometry& geometry) noexcept {
    const Result<Bytes> table = stream_table(frame, geometry);
    if (!table) return false;
    const EventType first = types_.find(0);
    StreamTable streams{*table, frame.header.stream_count};
    for (Slot& slot : std::span{slots_}.first(frame.header.stream_count)) {
        if (!streams.next()) return false;
        slot.first_index = streams.first_index();
        slot.stream_seed = seed_of(streams.name());
        slot.seed = seed_of(seed_of(slot.stream_seed, first), frame.header);
    }
    return true;
}

bool FrameCheck::check_events(const Frame& frame, const Geometry& geometry, Bytes events) noexcept {
    const bool sha = geometry.digest == Digest::sha256;
    StoredEvent event;
    std::uint32_t number = 0;
    for (; !events.empty(); events = events.subspan(event.size)) {
        if (!decode(events, geometry.digest, event)) return false;
        const auto offset = static_cast<std::size_t>(events.data() - frame.bytes);
        if (event.offset != offset || event.number != number++) return false;
        if (event.slot >= frame.header.stream_count) return false;
        if (event.type >= frame.header.type_count) return false;
        const Slot& slot = slots_[event.slot];
        const EventType type = event.type == 0 ? EventType{{}, 1} : types_.find(event.type);
        if (!type.is_valid()) return false;
        const std::uint32_t seed =
            event.type == 0 ? slot.seed : seed_of(seed_of(slot.stream_seed, type), frame.header);
        if (!is_intact(event, seed, frame.address + offset, slot.first_index + event.within))
            return false;
        crc_ = crc32c(crc_, event.header);
        if (!sha) continue;
        if (!is_digest_intact(event)) return false;
        sha_.update(event.header);
    }
    return number == frame.header.event_count;
}

bool FrameCheck::is_whole(const Frame& frame, const Geometry& geometry) noexcept {
    const Bytes events = frame.events(geometry);
    types_ = frame.types(geometry);
    const Result<std::size_t> front = types_.front_size();
    if (!front || !read_slots(frame, geometry)) return false;
    crc_ = crc32c(0, events.first(*front));
    sha_ = Sha256{};
    sha_.update(events.first(*front));
    if (!check_events(frame, geometry, events.subspan(*front))) return false;
    const Bytes tables = frame.tables(geometry);
    if (crc32c(crc_, tables) != frame.header.body_crc) return false;
    if (geometry.digest == Digest::none) return true;
    sha_.update(tables);
    return sha_.finish() == frame.header.body_sha;
}

}  // namespace freshet::log
