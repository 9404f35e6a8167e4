// SPDX-License-Identifier: MIT
// Reading all streams for ever: by snapshots, each newer than the one before.
//
// In the process of the writer, a sync wakes the follower. In another one it asks for news itself,
// and sleeps a little longer each time there is none: an idle follower costs next to nothing, and
// a busy one is a millisecond behind.
#include <algorithm>

#include "freshet/follower.hpp"
#include "store/state.hpp"

namespace freshet {

namespace {

constexpr std::uint64_t pause_us_min = 1'000;
constexpr std::uint64_t pause_us_max = 10'000;

}  // namespace

Status Follower::open(Store& store, std::uint64_t ordinal, LogFilter filter) noexcept {
    close();
    store_ = &store;
    filter_ = filter;
    next_ordinal_ = ordinal;
    told_caught_up_ = false;
    pause_us_ = pause_us_min;
    Status status = store.snapshot(snapshot_);
    if (status) status = start();
    if (!status && status.error() == Code::ahead_of_log) {
        const Result<bool> news = renew();
        if (!news) status = news.error();
        if (news && *news) status = start();
        if (!status && is_expected()) status = Done{};
    }
    if (!status) close();
    return status;
}

Status Follower::open(Store& store, const Head& head, LogFilter filter) noexcept {
    close();
    Status contained = store.contains(head);
    if (!contained && contained.error() == Code::ahead_of_log) {
        Diagnostic diagnostic;
        const Result<Refreshed> refreshed = store.refresh(diagnostic);
        if (!refreshed) return refreshed.error();
        if (refreshed->news) contained = store.contains(head);
    }
    if (!contained) return contained;
    return open(store, head.next_ordinal, filter);
}

Status Follower::start() noexcept {
    const Status opened = cursor_.open(snapshot_, LogStart::ordinal(next_ordinal_), filter_);
    started_ = static_cast<bool>(opened);
    return opened;
}

// What a dead writer left unattested may have been followed while it lived: the place is in the
// log, and shows when a writer comes.
bool Follower::is_expected() const noexcept {
    store::State& state = *store_->state_;
    if (!state.options.read_only) return false;
    state.log.lock_writer();
    const std::uint64_t end = state.end.next_ordinal;
    state.log.unlock_writer();
    return next_ordinal_ <= end;
}

void Follower::close() noexcept {
    snapshot_.close();
    store_ = nullptr;
    started_ = false;
}

// The newest snapshot. False: it is the same. What came before the pool was full shows; when it has
// been read, there may be room for more.
Result<bool> Follower::renew() noexcept {
    Status status = Done{};
    if (store_->state_->options.read_only) {
        Diagnostic diagnostic;
        const Result<Refreshed> refreshed = store_->refresh(diagnostic);
        if (refreshed) has_writer_ = refreshed->has_writer;
        if (!refreshed) status = refreshed.error();
    }
    if (!status && status.error() != Code::out_of_memory) return status.error();
    const std::uint64_t seen = snapshot_.published_->position.address;
    const Status held = store_->snapshot(snapshot_);
    if (!held) return held.error();
    const bool is_newer = snapshot_.published_->position.address != seen;
    return status || is_newer ? Result<bool>{is_newer} : status.error();
}

// False: nothing came within the time.
bool Follower::wait(std::uint64_t& timeout_us) noexcept {
    const std::uint64_t seen = snapshot_.published_->position.address;
    store::State& state = *store_->state_;
    if (!state.options.read_only) {
        const bool news = state.log.wait_news(seen, timeout_us);
        if (timeout_us != wait_for_ever) timeout_us = 0;
        return news || timeout_us == 0;
    }
    const std::uint64_t pause_us = std::min(pause_us_, timeout_us);
    pause_us_ = std::min(pause_us_ * 2, pause_us_max);
    static_cast<void>(state.log.wait_news(seen, pause_us));
    if (timeout_us != wait_for_ever) timeout_us -= pause_us;
    return true;
}

// The cursor goes on where it stood when the snapshot it reads is exchanged for a newer one.
Result<Follower::Step> Follower::next(Recorded& event, std::uint64_t timeout_us) noexcept {
    if (store_ == nullptr || store_->state_ == nullptr) return Code::invalid_argument;
    if (!snapshot_.is_open()) {
        const Status held = store_->snapshot(snapshot_);
        if (!held) return held.error();
    }
    for (;;) {
        const bool was_started = started_;
        const Result<bool> there = started_ ? cursor_.next(event) : Result<bool>{false};
        if (!there) return there.error();
        if (started_) next_ordinal_ = cursor_.next_ordinal();
        if (*there) {
            told_caught_up_ = false;
            pause_us_ = pause_us_min;
            return Step::event;
        }
        const Result<bool> news = renew();
        if (!news) return news.error();
        if (!started_) {
            const Status started = start();
            if (!started && started.error() != Code::ahead_of_log) return started.error();
        }
        if (*news || (started_ && !was_started)) continue;
        if (!told_caught_up_) {
            told_caught_up_ = true;
            return Step::caught_up;
        }
        if (timeout_us == 0 || !wait(timeout_us)) return Step::timeout;
    }
}

}  // namespace freshet
