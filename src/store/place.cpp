// SPDX-License-Identifier: MIT
#include "store/place.hpp"

namespace freshet {

namespace store {

namespace {

bool lets_through(Until until, std::uint64_t commit, std::uint64_t time_us) noexcept {
    return until.is_commit() ? commit <= until.number() : time_us <= until.number();
}

// Behind a frame that ends a commit; the chain is what the next frame follows.
log::Position behind(const log::Frame& frame, const log::Geometry& geometry) noexcept {
    return {.address = frame.end(),
            .commit = frame.header.commit,
            .next_ordinal = frame.header.first_ordinal + frame.header.event_count,
            .time_us = frame.header.time_us,
            .chain = log::chain_after(frame.bytes, geometry),
            .epoch = frame.header.epoch};
}

}  // namespace

Result<log::Position> find_place(State& state, const Published& at, Until until) noexcept {
    const log::Position& newest = at.position;
    if (until.is_commit() && until.number() > newest.commit && !until.is_newest())
        return Code::ahead_of_log;
    if (lets_through(until, newest.commit, newest.time_us)) return newest;

    const log::Geometry& geometry = state.log.geometry();
    log::Position place;
    place.address = geometry.first_frame(1);
    Mark mark;
    const bool is_commit = until.is_commit();
    const Result<bool> found =
        last_mark(state.view(at), at.mark_count, is_commit ? &Mark::commit : &Mark::time_us,
                  until.number(), is_commit ? newest.commit : newest.time_us, mark);
    if (!found) return found.error();
    if (!*found) return place;
    log::Frame end;                                 // The last one that ends a commit.
    for (std::uint64_t address = mark.address;;) {  // The newest commit is not let through.
        const Result<std::uint64_t> next = state.log.next_frame(address, newest.address);
        if (!next) return next.error();
        const Result<log::Frame> frame = state.log.frame(*next, newest.address);
        if (!frame) return frame.error();
        if (!lets_through(until, frame->header.commit, frame->header.time_us)) break;
        if (frame->header.last) end = *frame;
        address = frame->end();
    }
    if (end.bytes != nullptr) return behind(end, geometry);
    return place;
}

}  // namespace store

Status Store::contains(const Head& head) noexcept {
    if (state_ == nullptr) return Code::invalid_argument;
    const log::Geometry& geometry = state_->log.geometry();
    if (head.store != geometry.store) return Code::other_store;
    Snapshot now;
    const Status held = snapshot(now);
    if (!held) return held;
    const Result<log::Position> place =
        store::find_place(*state_, *now.published_, Until::commit(head.commit));
    if (!place) return place.error();
    const bool same = place->commit == head.commit && place->next_ordinal == head.next_ordinal &&
                      log::chain_bytes(place->chain, geometry.digest) == head.chain;
    return same ? Status{Done{}} : Code::diverged;
}

}  // namespace freshet
