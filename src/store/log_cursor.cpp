// SPDX-License-Identifier: MIT
// Reading all streams in commit order.
#include <new>

#include "store/match.hpp"
#include "store/state.hpp"

namespace freshet {

namespace {

log::FrameEvents* events_in(std::array<std::byte, 1024>& memory) noexcept {
    static_assert(sizeof(log::FrameEvents) <= sizeof memory && alignof(log::FrameEvents) <= 8);
    return std::launder(reinterpret_cast<log::FrameEvents*>(memory.data()));
}

}  // namespace

// Goes to the last mark before the start, and from there from frame to frame.
Status LogCursor::open(const Snapshot& snapshot, LogStart start, LogFilter filter) noexcept {
    snapshot_ = nullptr;
    if (!snapshot.is_open()) return Code::invalid_argument;
    if (filter.group_count > 0 && filter.group_member >= filter.group_count)
        return Code::invalid_argument;
    store::State& state = *snapshot.state_;
    const store::Published& at = *snapshot.published_;
    const std::uint64_t newest =
        start.is_commit() ? at.position.commit + 1 : at.position.next_ordinal;
    if (start.number() > newest) return Code::ahead_of_log;

    store::Mark mark{.commit = 1, .ordinal = 0, .time_us = 0, .address = at.position.address};
    const Result<bool> found =
        store::last_mark(state.view(at), at.mark_count,
                         start.is_commit() ? &store::Mark::commit : &store::Mark::ordinal,
                         start.number(), newest, mark);
    if (!found) return found.error();
    if (!*found && at.mark_count > 0) {
        FRESHET_CHECK(store::find_mark(state.view(at), 0, mark));  // It was looked at.
    }
    ::new (static_cast<void*>(events_.data())) log::FrameEvents{};
    snapshot_ = &snapshot;
    filter_ = filter;
    address_ = mark.address;
    next_ordinal_ = mark.ordinal;
    in_frame_ = false;
    const Status gone = go_to(start);
    error_ = gone.error();
    return gone;
}

Status LogCursor::go_to(LogStart start) noexcept {
    for (;;) {
        const Result<bool> entered = enter_frame();
        if (!entered) return entered.error();
        if (!*entered) return Done{};
        if (start.is_commit() ? commit_ >= start.number() : frame_end_ordinal_ > start.number())
            break;
        in_frame_ = false;
        next_ordinal_ = frame_end_ordinal_;
    }
    while (!start.is_commit() && next_ordinal_ < start.number()) {
        const Result<bool> skipped = events_in(events_)->skip();
        if (!skipped) return skipped.error();
        next_ordinal_++;
    }
    return Done{};
}

Result<bool> LogCursor::enter_frame() noexcept {
    store::State& state = *snapshot_->state_;
    const std::uint64_t end = snapshot_->published_->position.address;
    if (address_ >= end) return false;
    const Result<std::uint64_t> address = state.log.next_frame(address_, end);
    if (!address) return address.error();
    if (*address >= end) return false;
    const Result<log::Frame> frame = state.log.frame(*address, end);
    if (!frame) return frame.error();
    if (frame->header.first_ordinal != next_ordinal_) return Code::corrupt;
    const Status opened = events_in(events_)->open(*frame, state.log.geometry());
    if (!opened) return opened.error();
    address_ = frame->end();
    commit_ = frame->header.commit;
    time_us_ = frame->header.time_us;
    frame_end_ordinal_ = frame->header.first_ordinal + frame->header.event_count;
    in_frame_ = true;
    return true;
}

Result<bool> LogCursor::next(Recorded& event) noexcept {
    if (snapshot_ == nullptr) return false;
    if (error_.code != Code::none) return error_;
    const Result<bool> there = find_next(event);
    error_ = there.error();
    return there;
}

Result<bool> LogCursor::find_next(Recorded& event) noexcept {
    log::FrameEvents* const events = events_in(events_);
    for (;;) {
        if (!in_frame_) {
            const Result<bool> entered = enter_frame();
            if (!entered || !*entered) return entered;
        }
        const Result<bool> there = events->next();
        if (!there) return there;
        in_frame_ = *there;
        if (!*there) continue;
        const std::uint64_t ordinal = next_ordinal_++;
        if (!store::passes(filter_, *events)) continue;
        event.stream = events->stream();
        event.type = events->type().name;
        event.schema_version = events->type().schema_version;
        event.payload = events->event().payload;
        event.metadata = events->event().metadata;
        event.id = events->event().id;
        event.index = events->index();
        event.ordinal = ordinal;
        event.commit = commit_;
        event.time_us = time_us_;
        return true;
    }
}

}  // namespace freshet
