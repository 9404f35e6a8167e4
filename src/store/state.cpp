// SPDX-License-Identifier: MIT
#include "store/state.hpp"

#include <algorithm>

namespace freshet::store {

bool is_mark_due(const Published& at, std::uint64_t address,
                 const log::Geometry& geometry) noexcept {
    constexpr std::uint64_t interval = std::uint64_t{32} << 10;
    return at.mark_count == 0 ||
           address - at.mark_address >= std::min(interval, std::uint64_t{geometry.segment_size});
}

Status mark_transaction(State& state, const log::Position& before, std::uint64_t time_us,
                        std::uint64_t address) noexcept {
    Published& working = state.working;
    if (!is_mark_due(working, address, state.log.geometry())) return Done{};
    const Mark mark = mark_of(before, time_us, address);
    const Status put = put_mark(state.delta, working.mark_count, mark);
    if (!put) return put;
    working.mark_count++;
    working.mark_address = address;
    return Done{};
}

std::span<const std::uint64_t> use_records(State& state) noexcept {
    std::fill(state.used.begin(), state.used.end(), std::uint8_t{0});
    std::size_t live_count = 0;
    const auto use = [&](std::uint32_t token) noexcept {
        if (state.used[token] != 0) return;
        state.used[token] = 1;
        state.live[live_count++] = state.published[token].root.version;
    };
    const log::Tokens tokens = state.log.tokens();
    use(tokens.published);
    use(tokens.in_flight);
    for (const Slot& slot : state.slots) {
        const std::uint32_t token = slot.token.load(std::memory_order_seq_cst);
        if (token != 0) use(token - 1);
    }
    return state.live.first(live_count);
}

std::span<const std::uint64_t> live_versions(State& state) noexcept {
    state.log.lock_commit();
    const std::span<const std::uint64_t> live = use_records(state);
    state.log.unlock_commit();
    return live;
}

std::uint32_t keep_record(State& state, const tree::Root& root) noexcept {
    const auto unused = std::find(state.used.begin(), state.used.end(), std::uint8_t{0});
    FRESHET_CHECK(unused != state.used.end());
    const auto token = static_cast<std::uint32_t>(unused - state.used.begin());
    state.working.root = root;
    state.sealed = state.working;
    state.published[token] = state.working;
    return token;
}

void seal(State& state, const log::Position& position) noexcept {
    log::Log& log = state.log;
    log.lock_commit();
    const std::span<const std::uint64_t> live = use_records(state);
    state.working.position = position;
    log.seal(position, keep_record(state, state.delta.seal(live)));
    log.unlock_commit();
}

void show(State& state, const log::Position& end) noexcept {
    state.delta.begin();
    seal(state, end);
    state.log.show_sealed();
}

Result<Held> hold(State& state, std::size_t hint, std::uint32_t token) noexcept {
    for (std::size_t i = 0; i < state.slots.size(); i++) {
        const std::size_t number = (hint + i) % state.slots.size();
        std::atomic<std::uint32_t>& slot = state.slots[number].token;
        std::uint32_t free = 0;
        if (!slot.compare_exchange_strong(free, token + 1, std::memory_order_seq_cst)) continue;
        for (std::uint32_t newest = state.log.published(); newest != token;
             newest = state.log.published()) {
            token = newest;
            slot.store(token + 1, std::memory_order_seq_cst);
        }
        return Held{token, static_cast<std::uint32_t>(number)};
    }
    return Code::too_many_snapshots;
}

void let_go(State& state, std::uint32_t slot) noexcept {
    state.slots[slot].token.store(0, std::memory_order_release);
}

Head head_of(const State& state, const Published& at) noexcept {
    const log::Geometry& geometry = state.log.geometry();
    return Head{.store = geometry.store,
                .commit = at.position.commit,
                .next_ordinal = at.position.next_ordinal,
                .time_us = at.position.time_us,
                .address = at.position.address,
                .epoch = at.position.epoch.count,
                .epoch_nonce = at.position.epoch.nonce,
                .chain = log::chain_bytes(at.position.chain, geometry.digest)};
}

}  // namespace freshet::store
