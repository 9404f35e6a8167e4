// SPDX-License-Identifier: MIT
// Going back within a transaction. Events behind a savepoint in the open frame are taken out of its
// tables again. A frame that was sealed as a part since is made the open one again, from what
// stands in it, wherever it was written to: no part was ever attested.
#include <algorithm>

#include "base/codec.hpp"
#include "log/frame_check.hpp"
#include "log/log.hpp"

namespace freshet::log {

namespace {

// What was read back from the file may be damaged, and goes on from here with new checksums.
bool is_whole(const Frame& frame, const Geometry& geometry) noexcept {
    FrameCheck check;
    return check.is_whole(frame, geometry);
}

}  // namespace

void FrameBuilder::save(Savepoint& into) const noexcept {
    into.events_size = header_.events_size;
    into.event_count = header_.event_count;
    into.body_crc = header_.body_crc;
    into.slot_count = slot_count_;
    into.type_count = type_count_;
    into.tables_size_max = tables_size_max_;
    if (geometry_.digest != Digest::none) into.body_sha = body_sha_;
}

// Names do not lie in the order of the savepoints in a frame that was opened again.
void FrameBuilder::restore(const Savepoint& savepoint) noexcept {
    header_.events_size = savepoint.events_size;
    header_.event_count = savepoint.event_count;
    header_.body_crc = savepoint.body_crc;
    slot_count_ = savepoint.slot_count;
    type_count_ = savepoint.type_count;
    tables_size_max_ = savepoint.tables_size_max;
    body_sha_ = savepoint.body_sha;
    names_size_ = 0;
    const auto keep_up_to = [this](Name name) noexcept {
        names_size_ = std::max(names_size_, std::size_t{name.offset} + name.size);
    };
    for (const Slot& slot : slots_.first(slot_count_)) keep_up_to(slot.name);
    for (const Type& type : types_.first(type_count_)) keep_up_to(type.name);
}

// Slots leave their buckets in the reverse of the order in which they came, so that no search ends
// too early. What the first type was may change.
void FrameBuilder::rollback_to(const Savepoint& savepoint) noexcept {
    while (slot_count_ > savepoint.slot_count) {
        std::size_t bucket = slots_[slot_count_ - 1].hash % bucket_count;
        while (buckets_[bucket] != slot_count_) bucket = (bucket + 1) % bucket_count;
        buckets_[bucket] = 0;
        slot_count_--;
    }
    for (Slot& slot : slots_.first(slot_count_)) {
        slot.event_count = 0;
        slot.has_first_seed = false;
    }
    restore(savepoint);
    count_events();
}

// Of each slot, by a look at all events.
void FrameBuilder::count_events() noexcept {
    if (header_.event_count == 0) return;
    const std::size_t begin = geometry_.frame_header_size();
    const Bytes front{room_ + begin, header_.events_size};
    const Result<std::size_t> type_size = TypeTable{front, {}, 1}.front_size();
    FRESHET_CHECK(type_size);
    StoredEvent event;
    for (Bytes rest = front.subspan(*type_size); !rest.empty(); rest = rest.subspan(event.size)) {
        FRESHET_CHECK(decode(rest, geometry_.digest, event));
        FRESHET_CHECK(event.slot < slot_count_);
        slots_[event.slot].event_count++;
    }
}

void FrameBuilder::reopen(const Frame& sealed, const Savepoint& savepoint) noexcept {
    const TypeTable types = sealed.types(geometry_);
    const Result<Bytes> table = stream_table(sealed, geometry_);
    FRESHET_CHECK(table);
    StreamTable streams{*table, sealed.header.stream_count};
    for (std::uint32_t i = 0; i < savepoint.slot_count; i++) {
        FRESHET_CHECK(streams.next());
        FRESHET_CHECK(slot_of(streams.name(), streams.first_index()) == i);
    }
    for (std::uint32_t i = 0; i < savepoint.type_count; i++) {
        const EventType type = types.find(i);
        FRESHET_CHECK(type.is_valid());
        types_[type_count_++] = Type{keep(type.name), type.schema_version};
    }
    const std::size_t size = geometry_.frame_header_size() + savepoint.events_size;
    if (sealed.bytes != room_) std::memcpy(room_, sealed.bytes, size);
    restore(savepoint);
    count_events();
}

// A frame with nothing in it may never come to be.
void Log::save(Savepoint& into) const noexcept {
    into.frame_open = frame_open_ && !builder_.is_empty();
    if (into.frame_open) builder_.save(into.frame);
    into.part = part_;
    into.next_frame = next_frame_;
    into.has_parts = has_parts_;
    into.head_owed = head_owed_;
}

// Where the transaction went to the next segment before its first event, there it stays. After a
// failed sync nothing that was written can be relied on, not even to be read back.
Status Log::rollback_to(const Savepoint& savepoint) noexcept {
    const Error poisoned = poison();
    if (poisoned.code != Code::none) return Error{Code::poisoned, poisoned.system_error};
    out_of_segments_ = false;
    Savepoint to = savepoint;
    if (to.next_frame < tail_) {
        to.next_frame = tail_;
        to.frame_open = false;
    }
    if (next_frame_ != to.next_frame) return reopen_part(to);
    if (to.frame_open) builder_.rollback_to(to.frame);
    frame_open_ = to.frame_open;
    return Done{};
}

// What is in the buffer stays where it is; what was written is read back to its start.
Status Log::reopen_part(const Savepoint& savepoint) noexcept {
    Frame sealed;
    if (savepoint.frame_open) {
        const Result<Frame> found = frame_of_writer(savepoint.next_frame);
        if (!found) return found.error();
        sealed = *found;
        if (!in_buffer(sealed.address) && !is_whole(sealed, geometry_)) return Code::corrupt;
    }
    const Status rewound = rewind(savepoint.next_frame, savepoint.head_owed);
    if (!rewound) return rewound;
    part_ = savepoint.part;
    next_frame_ = savepoint.next_frame;
    has_parts_ = savepoint.has_parts;
    frame_open_ = false;
    if (!savepoint.frame_open) return Done{};
    open_frame();
    builder_.reopen(sealed, savepoint.frame);
    return Done{};
}

}  // namespace freshet::log
