// SPDX-License-Identifier: MIT
// Snapshots, and reading one stream.
#include <algorithm>
#include <new>
#include <utility>

#include "log/reader.hpp"
#include "store/run_keeper.hpp"
#include "store/state.hpp"

namespace freshet {

Snapshot::Snapshot(Snapshot&& other) noexcept
    : state_{std::exchange(other.state_, nullptr)},
      published_{other.published_},
      slot_{other.slot_} {}

Snapshot& Snapshot::operator=(Snapshot&& other) noexcept {
    if (this == &other) return *this;
    close();
    state_ = std::exchange(other.state_, nullptr);
    published_ = other.published_;
    slot_ = other.slot_;
    return *this;
}

void Snapshot::close() noexcept {
    if (state_ != nullptr) store::let_go(*state_, slot_);
    state_ = nullptr;
}

std::uint64_t Snapshot::commit() const noexcept {
    return published_->position.commit;
}
std::uint64_t Snapshot::next_ordinal() const noexcept {
    return published_->position.next_ordinal;
}
std::uint64_t Snapshot::time_us() const noexcept {
    return published_->position.time_us;
}
Head Snapshot::head() const noexcept {
    FRESHET_CHECK(is_open());
    return store::head_of(*state_, *published_);
}

Status Store::snapshot(Snapshot& snapshot) noexcept {
    snapshot.close();
    if (state_ == nullptr) return Code::invalid_argument;
    const std::size_t hint = reinterpret_cast<std::uintptr_t>(&snapshot) / alignof(Snapshot);
    const Result<store::Held> held = store::hold(*state_, hint, state_->log.published());
    if (!held) return held.error();
    snapshot.state_ = state_;
    snapshot.published_ = &state_->published[held->token];
    snapshot.slot_ = held->slot;
    return Done{};
}

Result<bool> Store::renew(Snapshot& snapshot) noexcept {
    if (snapshot.state_ != nullptr && snapshot.state_ == state_ &&
        snapshot.published_ == &state_->published[state_->log.published()])
        return false;
    const Status taken = this->snapshot(snapshot);
    if (!taken) return taken.error();
    return true;
}

Head Store::head() noexcept {
    Snapshot now;
    return snapshot(now) ? now.head() : Head{};
}

StoreStatistics Store::statistics() noexcept {
    StoreStatistics statistics;
    if (state_ == nullptr) return statistics;
    store::State& state = *state_;
    state.log.lock_writer();
    const store::Published& at = state.published[state.log.published()];
    const log::Geometry& geometry = state.log.geometry();
    statistics.commit = at.position.commit;
    statistics.next_ordinal = at.position.next_ordinal;
    statistics.time_us = at.position.time_us;
    statistics.stream_count = at.stream_count;
    statistics.segment_count = geometry.segment(at.position.address);
    statistics.log_size = at.position.address;
    statistics.pool_page_size = tree::page_size;
    statistics.pool_page_count = state.delta.page_count();
    statistics.pool_page_used = state.delta.page_used();
    if (state.runs != nullptr) state.options.runs->describe(state, statistics);
    statistics.poisoned = state.log.poison().code != Code::none;
    state.log.unlock_writer();
    return statistics;
}

namespace {

constexpr std::uint64_t no_block = ~std::uint64_t{0};

struct Reading {
    log::EventReader events;
    tree::Beside block;
};

Reading& reading_in(std::array<std::byte, 464>& memory) noexcept {
    static_assert(sizeof(Reading) <= sizeof memory && alignof(Reading) <= 8);
    return *std::launder(reinterpret_cast<Reading*>(memory.data()));
}

}  // namespace

Status StreamCursor::open(const Snapshot& snapshot, std::string_view name, Horizon horizon,
                          Direction direction, std::uint64_t limit) noexcept {
    remaining_ = 0;
    if (!snapshot.is_open()) return Code::invalid_argument;
    store::Stream stream;
    const Status found = store::find_named(*snapshot.state_, *snapshot.published_, name, stream);
    if (!found) return found;
    snapshot_ = &snapshot;
    name_ = name;
    count_ = stream.count;
    tail_ = stream.tail;
    block_ = no_block;
    first_ = 0;
    ::new (static_cast<void*>(reading_.data())) Reading{};
    reading_in(reading_).events.open(snapshot.state_->log, snapshot.published_->position.address,
                                     name);
    if (!stream.settings_bytes.empty()) {
        const Status hidden = hide(stream.settings());
        if (!hidden) return hidden;
    }
    seek(horizon, direction, limit);
    return Done{};
}

void StreamCursor::seek(Horizon horizon, Direction direction, std::uint64_t limit) noexcept {
    step_ = direction == Direction::forwards ? 1 : ~std::uint64_t{0};
    remaining_ = 0;
    if (count_ == 0) return;
    const bool backwards = direction == Direction::backwards;
    next_ = horizon.is_newest() ? count_ - 1 : horizon.number();
    if (!backwards) next_ = std::max(next_, first_);
    if (next_ >= count_ || next_ < first_) return;
    remaining_ = std::min(limit, backwards ? next_ - first_ + 1 : count_ - next_);
}

// What will be read of a block whose events lie far from one another is fetched at once.
Status StreamCursor::enter_block(std::uint64_t number) noexcept {
    constexpr std::uint64_t near_size = std::uint64_t{64} << 10;
    const tree::View view = snapshot_->state_->view(*snapshot_->published_);
    Reading& reading = reading_in(reading_);
    const Status found =
        store::find_block(view, name_, {count_, tail_, {}}, number, addresses_, reading.block);
    if (!found) return found;
    block_ = number;
    const std::uint64_t place = next_ % store::block_event_count;
    const bool forwards = step_ == 1;
    const std::uint64_t left = forwards ? store::block_event_count - place : place + 1;
    const std::uint64_t count = std::min(remaining_, left);
    const std::span<const std::uint64_t> wanted =
        std::span{addresses_}.subspan(forwards ? place : place + 1 - count, count);
    if (wanted.back() - wanted.front() <= near_size) return Done{};
    const Status entered = reading.events.enter(wanted.front());
    if (entered) reading.events.fetch(wanted);
    return entered;
}

// Of a single event, its address alone; otherwise those of its whole block.
Result<std::uint64_t> StreamCursor::next_address() noexcept {
    if (remaining_ == 1) {
        const tree::View view = snapshot_->state_->view(*snapshot_->published_);
        return store::find_event(view, name_, {count_, tail_, {}}, next_);
    }
    const Status entered = enter_block(next_ / store::block_event_count);
    if (!entered) return entered.error();
    return addresses_[next_ % store::block_event_count];
}

Result<bool> StreamCursor::next(Recorded& event) noexcept {
    if (remaining_ == 0) return false;
    const std::uint64_t number = next_ % store::block_event_count;
    std::uint64_t address = addresses_[number];
    if (next_ / store::block_event_count != block_) {
        const Result<std::uint64_t> found = next_address();
        if (!found) return found.error();
        address = *found;
    }
    const Status read = reading_in(reading_).events.read(address, next_, event);
    if (!read) return read.error();
    next_ += step_;
    remaining_--;
    return true;
}

}  // namespace freshet
