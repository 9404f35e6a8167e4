// SPDX-License-Identifier: MIT
#include "store/replay.hpp"

#include "base/utf8.hpp"

namespace freshet::store {

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
        if (!in_parts_ && !frame.header.last) {
            const Status finished = finish(before);
            if (!finished) return finished;
            begin();
        }
        before.address = frame.address;
        const Status applied = apply(frame, before);
        if (!applied) return applied;
        in_parts_ = !frame.header.last;
    }
    return in_parts_ ? Status{Done{}} : finish(scan.committed());
}

void Replay::begin() noexcept {
    before_ = state_.working;
    name_size_ = 0;
    state_.delta.begin();
}

// Snapshots may be open on what was there before, in a store that reads on.
Status Replay::finish(const log::Position& end) noexcept {
    const Status left = leave();
    if (!left) return left;
    state_.working.position = end;
    state_.working.root = state_.delta.seal(live_versions(state_));
    return Done{};
}

void Replay::drop() noexcept {
    state_.delta.rollback();
    state_.working = before_;
}

Status Replay::apply(const log::Frame& frame, const log::Position& before) noexcept {
    if (!in_parts_) {
        const Status marked = mark_transaction(state_, before, frame.header.time_us, frame.address);
        if (!marked) return marked;
    }
    Status noted = check_types(frame);
    if (noted) noted = note_created(frame);
    if (!noted) return noted;
    log::FrameEvents events;
    const Status opened = events.open(frame, state_.log.geometry());
    if (!opened) return opened;
    for (;;) {
        const Result<bool> there = events.next();
        if (!there) return there.error();
        if (!*there) return Done{};
        const Status added = add(events);
        if (!added) return added;
    }
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

// Streams that begin in this frame, with events or without.
Status Replay::note_created(const log::Frame& frame) noexcept {
    const Result<Bytes> table = log::stream_table(frame, state_.log.geometry());
    if (!table) return table.error();
    log::StreamTable streams{*table, frame.header.stream_count};
    while (streams.next()) {
        if (streams.first_index() != 0) continue;
        const Status left = leave();
        if (!left) return left;
        Stream stream;
        const Result<bool> known = find_stream(state_.view(), streams.name(), stream);
        if (!known) return known.error();
        if (*known) continue;
        if (!is_name(streams.name(), stream_name_size_max)) return Code::corrupt;
        StreamBuilder builder;
        builder.create(frame.address);
        const Status put = builder.put(state_.delta, streams.name());
        if (!put) return put;
        state_.working.stream_count++;
    }
    if (!streams.ok()) return Code::corrupt;
    return Done{};
}

Status Replay::add(const log::FrameEvents& events) noexcept {
    const std::string_view name = events.stream();
    if (name != std::string_view{name_.data(), name_size_}) {
        const Status entered = enter(name);
        if (!entered) return entered;
    }
    if (events.index() != stream_.count()) return Code::corrupt;
    const Status pushed = stream_.push(state_.delta, name, events.address());
    if (!pushed || !events.event().id.is_set()) return pushed;
    return put_id(state_.delta, name, events.event().id, events.address());
}

Status Replay::enter(std::string_view name) noexcept {
    const Status left = leave();
    if (!left) return left;
    Stream stream;
    const Result<bool> known = find_stream(state_.view(), name, stream);
    if (!known) return known.error();
    if (!*known) return Code::corrupt;
    const Status opened = stream_.open(stream);
    if (!opened) return opened;
    std::memcpy(name_.data(), name.data(), name.size());
    name_size_ = name.size();
    return Done{};
}

Status Replay::leave() noexcept {
    if (name_size_ == 0) return Done{};
    const std::string_view name{name_.data(), name_size_};
    name_size_ = 0;
    return stream_.put(state_.delta, name);
}

}  // namespace freshet::store
