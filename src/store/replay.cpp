// SPDX-License-Identifier: MIT
#include "store/replay.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "store/row_keeper.hpp"
#include "store/run_keeper.hpp"

namespace freshet::store {

namespace {

bool is_relief_due(const State& state) noexcept {
    return state.runs != nullptr && state.options.runs->is_relief_due(state);
}

}  // namespace

Status Replay::run(log::Scan& scan, std::uint64_t limit) noexcept {
    begin();
    const Status status = run_on(scan, limit);
    if (!status || in_parts_) drop();
    return status;
}

Status Replay::run_on(log::Scan& scan, std::uint64_t limit) noexcept {
    for (log::Frame frame;;) {
        log::Position before = scan.committed();
        const Result<bool> there = scan.next(frame, limit);
        if (!there) return there.error();
        if (!*there) break;
        state_.log.know(state_.log.geometry().segment(frame.address));
        if (!in_parts_ && (!frame.header.last || is_relief_due(state_))) {
            const Status finished = finish(before);
            if (!finished) return finished;
            begin();
        }
        if (!in_parts_) {
            const Status marked = mark(frame, before);
            if (!marked) return marked;
        }
        const Status applied = apply(frame);
        if (!applied) return applied;
        in_parts_ = !frame.header.last;
    }
    return in_parts_ ? Status{Done{}} : finish(scan.committed());
}

void Replay::begin() noexcept {
    before_ = state_.working;
    state_.delta.begin();
    gather_.begin();
}

// Snapshots may be open on what was there before, in a store that reads on.
Status Replay::finish(const log::Position& end) noexcept {
    const Status put = gather_.put_all();
    if (!put) return put;
    state_.working.position = end;
    state_.working.root = state_.delta.seal(live_versions(state_));
    return state_.runs != nullptr ? state_.options.runs->relieve(state_) : Done{};
}

void Replay::drop() noexcept {
    state_.delta.rollback();
    state_.working = before_;
}

Status Replay::mark(const log::Frame& frame, const log::Position& before) noexcept {
    const Status room = gather_.make_room();
    if (!room) return room;
    const bool is_due = is_mark_due(state_.working, frame.address, state_.log.geometry());
    if (is_due && state_.options.progress.cancels(frame.address, 0)) return Code::cancelled;
    return mark_transaction(state_, before, frame.header.time_us, frame.address);
}

Status Replay::apply(const log::Frame& frame) noexcept {
    const log::Geometry& geometry = state_.log.geometry();
    const Status types = check_types(frame);
    if (!types) return types;
    const Result<Bytes> table = log::stream_table(frame, geometry);
    const Result<std::size_t> front = frame.types(geometry).front_size();
    FRESHET_CHECK(table && front);
    streams_ = log::StreamTable{*table, frame.header.stream_count};
    types_ = frame.types(geometry);
    frame_address_ = frame.address;
    for (std::uint32_t i = 0; i < streams_.count(); i++) begin_slot(i);
    const Status applied = apply_events(frame, frame.events(geometry).subspan(*front));
    return applied ? note_created() : applied;
}

// Streams are found in memory that is waited for: it is fetched for all of a frame before.
void Replay::begin_slot(std::uint32_t number) noexcept {
    FRESHET_CHECK(streams_.find(number));
    const bool is_row = store::is_row(streams_.name());
    slots_[number] =
        Slot{0, 0, 0, Gather::hash_of(streams_.name()), false, is_row, streams_.first_index()};
    gather_.fetch(slots_[number].hash);
}

Status Replay::apply_events(const log::Frame& frame, Bytes events) noexcept {
    log::StoredEvent event;
    for (; !events.empty(); events = events.subspan(event.size)) {
        FRESHET_CHECK(log::decode(events, state_.log.geometry().digest, event));
        const auto offset = static_cast<std::uint64_t>(events.data() - frame.bytes);
        const Status added = add(event, frame.address + offset);
        if (!added) return added;
    }
    return Done{};
}

// Whoever made this frame and its checksums, the names that readers are given are names.
Status Replay::check_types(const log::Frame& frame) const noexcept {
    const log::TypeTable types = frame.types(state_.log.geometry());
    for (std::uint32_t i = 0; i < frame.header.type_count; i++) {
        const log::EventType type = types.find(i);
        if (!type.is_valid() || !is_name(type.name, event_type_size_max)) return Code::corrupt;
    }
    return Done{};
}

Status Replay::add(const log::StoredEvent& event, std::uint64_t address) noexcept {
    Slot& slot = slots_[event.slot];
    if (event.within != slot.seen) return Code::corrupt;
    if (slot.generation != gather_.generation()) {
        const Status resolved = resolve(event.slot);
        if (!resolved) return resolved;
    }
    if (slot.is_row) return add_row(event, address);
    // Two streams of a frame may have one name, in a frame that somebody made.
    if (gather_.count(slot.number) != slot.first_index + slot.seen) return Code::corrupt;
    if (!gather_.push(slot.number, address)) {
        Status again = gather_.flush();
        if (again) again = resolve(event.slot);
        if (!again) return again;
        FRESHET_CHECK(gather_.push(slot.number, address));
    }
    slot.seen++;
    if (slot.is_own) {
        const Status noted = note_own(event);
        if (!noted) return noted;
    }
    return event.id.is_set() ? add_id(event, address) : Status{Done{}};
}

Status Replay::add_row(const log::StoredEvent& event, std::uint64_t address) noexcept {
    const std::uint64_t index = slots_[event.slot].first_index + slots_[event.slot].seen++;
    if (state_.options.rows == nullptr) return Done{};
    FRESHET_CHECK(streams_.find(event.slot));
    const RowEvent row{.name = streams_.name(),
                       .type = types_.find(event.type).name,
                       .payload = event.payload,
                       .index = index,
                       .address = address};
    return state_.options.rows->replay(state_, gather_, row);
}

Status Replay::resolve(std::uint32_t number) noexcept {
    constexpr std::uint32_t fetch_count = 8;
    const std::uint32_t last = streams_.count() - 1;
    FRESHET_CHECK(streams_.find(number));
    Slot& slot = slots_[number];
    gather_.fetch_entry(slots_[std::min(number + 2 * fetch_count, last)].hash);
    gather_.fetch_name(slots_[std::min(number + fetch_count, last)].hash);
    if (!slot.is_row) {
        const Result<std::uint32_t> stream =
            gather_.stream(streams_.name(), slot.hash, slot.first_index, frame_address_);
        if (!stream) return stream.error();
        slot.number = *stream;
    }
    slot.generation = gather_.generation();
    slot.is_own = is_reserved(streams_.name());
    return Done{};
}

Status Replay::add_id(const log::StoredEvent& event, std::uint64_t address) noexcept {
    FRESHET_CHECK(streams_.find(event.slot));
    const Status room = gather_.make_room();
    if (!room) return room;
    return put_id(state_.delta, streams_.name(), event.id, address);
}

// Streams that begin in this frame without events. No writer begins one that is there.
Status Replay::note_created() noexcept {
    for (std::uint32_t i = 0; i < streams_.count(); i++) {
        if (slots_[i].seen > 0) continue;
        FRESHET_CHECK(streams_.find(i));
        if (slots_[i].first_index != 0 || slots_[i].is_row) return Code::corrupt;
        const std::uint64_t known_count = state_.working.stream_count;
        const Result<std::uint32_t> stream =
            gather_.stream(streams_.name(), slots_[i].hash, 0, frame_address_);
        if (!stream) return stream.error();
        if (state_.working.stream_count == known_count) return Code::corrupt;
    }
    return Done{};
}

}  // namespace freshet::store
