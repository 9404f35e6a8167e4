// SPDX-License-Identifier: MIT
// Private runs: where a transaction that outgrows the pool leaves what it has no room for.
//
// When a page is wanted and there is none, all that the open tree has is written to a run of its
// own, and the tree goes on with no pages over it. The newest of such runs become one with that as
// soon as one of them is smaller than all above it together, so that there are few, and what the
// transaction has is written as often as the logarithm of its size tells.
//
// They are named by the root of the tree and by nothing else: a rollback goes back to a root that
// does not have them, a commit shows one that has, and head never names them, since a part of a
// transaction is no state of the store. So they are never synced. The next flush puts them into a
// run together with the tree that they belong to, and a crash before leaves the log to be read,
// which makes others if the pool is as small.
//
// Savepoints and readers keep what their roots have; that is looked up whenever it has to be known.
// All of this happens with the writer turn, while the log is read too.
#include <algorithm>

#include "store/run_state.hpp"

namespace freshet::store {

namespace {

bool has(const tree::Below* below, const tree::Run& run) noexcept {
    if (below == nullptr) return false;
    const auto runs = static_cast<const tree::Layers*>(below)->runs();
    return std::find(runs.begin(), runs.end(), &run) != runs.end();
}

// Whether a run is needed by more than the tree as it is now. `state.used` is up to date.
bool is_kept(const State& state, const tree::Run& run) noexcept {
    const auto frozen = state.runs->frozen.private_runs();
    if (std::find(frozen.begin(), frozen.end(), &run) != frozen.end()) return true;
    for (std::size_t i = 0; i < state.used.size(); i++)
        if (state.used[i] != 0 && has(state.published[i].root.below, run)) return true;
    for (const Savepoint& saved : state.savepoints.first(state.savepoint_count))
        if (saved.has_tree && has(saved.tree.root.below, run)) return true;
    return has(state.sealed.root.below, run);
}

bool is_free(const RunSlot& slot) noexcept {
    return slot.map == nullptr;
}

// Of pages that come back if the tree is left.
std::size_t size_to_leave(const State& state) noexcept {
    const tree::Delta::Savepoint* newest = nullptr;
    for (const Savepoint& saved : state.savepoints.first(state.savepoint_count))
        if (saved.has_tree) newest = &saved.tree;
    return state.delta.page_taken(newest) * tree::page_size;
}

// With how many of the newest private runs the tree becomes one. Those that others keep do not go
// away by that, and so become one with it only where there would be too many. Where few slots are
// left, all others do.
std::uint32_t merge_count(const State& state, const OwnTree& own) noexcept {
    constexpr std::uint32_t own_max = tree::private_run_count_max - 1;
    constexpr std::ptrdiff_t few = 3;
    const RunState& runs = *state.runs;
    const std::uint32_t limit =
        std::min(own_max, tree::private_run_count_max - runs.frozen.run_count);
    const bool has_few =
        std::count_if(runs.private_slots.begin(), runs.private_slots.end(), is_free) <= few;
    std::uint32_t count = 0;
    std::uint64_t above = size_to_leave(state);
    for (std::uint32_t i = 0; i < own.run_count && !is_kept(state, *own.runs[i]); i++) {
        const std::uint64_t size =
            std::uint64_t{own.runs[i]->header().page_count} * tree::page_size;
        if (size < above || has_few) count = i + 1;
        above += size;
    }
    return own.run_count - count < limit ? count : own.run_count;
}

Status write(State& state, const RunFileName& name, std::uint64_t number) noexcept {
    constexpr std::array<std::byte, tree::run_note_size> note{};
    RunJob& job = state.runs->outgrown;
    Status status =
        job.builder.begin(*state.door.disk, {name.data(), name.size()}, filtered_families);
    if (!status) return status;
    job.source.begin();
    for (; status && job.source.valid(); job.source.step())
        status = job.builder.add(job.source.entry());
    if (status && job.source.damaged()) status = Code::corrupt;
    if (status)
        status =
            job.builder.finish(state.log.geometry().store, number, note, tree::RunUse::temporary);
    if (!status) job.builder.abandon();
    return status;
}

void close_slot(State& state, std::uint32_t number) noexcept {
    RunState& runs = *state.runs;
    RunSlot& slot = runs.private_slots[number];
    const RunFileName name = private_run_file_name(number);
    unmap_run(state, slot, runs.private_checked, number);
    static_cast<void>(state.door.disk->remove({name.data(), name.size()}));
}

}  // namespace

void close_private(State& state) noexcept {
    RunState& runs = *state.runs;
    for (std::uint32_t i = 0; i < RunState::private_slot_count; i++) {
        const RunSlot& slot = runs.private_slots[i];
        const bool is_needed = slot.map == nullptr || is_kept(state, slot.run) ||
                               has(state.delta.root().below, slot.run);
        if (!is_needed) close_slot(state, i);
    }
}

void close_all_private(State& state) noexcept {
    for (std::uint32_t i = 0; i < RunState::private_slot_count; i++)
        if (state.runs->private_slots[i].map != nullptr) close_slot(state, i);
}

void clear_private(State& state) noexcept {
    for (std::uint32_t i = 0; i < RunState::private_slot_count; i++) {
        const RunFileName name = private_run_file_name(i);
        if (state.runs->private_slots[i].map == nullptr)
            static_cast<void>(state.door.disk->remove({name.data(), name.size()}));
    }
}

OwnTree own_tree(const State& state) noexcept {
    const tree::Root& root = state.delta.root();
    OwnTree own{root.branches};
    if (root.below == nullptr) return own;
    const auto above = static_cast<const tree::Layers*>(root.below)->above();
    std::copy(above.begin(), above.end(), own.runs.begin());
    own.run_count = static_cast<std::uint32_t>(above.size());
    return own;
}

namespace {

// Where few pages would come back, as behind a savepoint that keeps most, runs would be tiny.
Status leave(State& state) noexcept {
    constexpr std::size_t share_min = 16;
    RunState& runs = *state.runs;
    if (share_min * size_to_leave(state) < state.delta.page_count() * tree::page_size)
        return Code::out_of_memory;
    static_cast<void>(live_versions(state));
    close_private(state);
    const OwnTree own = own_tree(state);
    const std::uint32_t count = merge_count(state, own);
    const auto slot = std::find_if(runs.private_slots.begin(), runs.private_slots.end(), is_free);
    if (slot == runs.private_slots.end()) return Code::out_of_memory;
    const auto number = static_cast<std::uint32_t>(slot - runs.private_slots.begin());
    const bool is_lowest = count == own.run_count && !runs.has_frozen && runs.stack_count == 0;
    runs.outgrown.source.lay(state.delta, &own.branches, own.private_runs().first(count),
                             is_lowest ? tree::Merge::Erased::hidden : tree::Merge::Erased::shown);
    const RunFileName name = private_run_file_name(number);
    Status status = write(state, name, number + 1);
    if (status) status = map_run(state, *slot, name, {number + 1, 0}, runs.private_checked, number);
    if (!status) static_cast<void>(state.door.disk->remove({name.data(), name.size()}));
    if (!status) return status;
    OwnTree left{.runs = {&slot->run}, .run_count = 1};
    for (const tree::Run* const run : own.private_runs().subspan(count))
        left.runs[left.run_count++] = run;
    state.delta.leave(below(state, left.private_runs()));
    close_private(state);
    return Done{};
}

}  // namespace

Status Outgrown::make_room(std::size_t page_count) noexcept {
    const tree::Delta& delta = state_->delta;
    const Status left = leave(*state_);
    const bool is_enough = page_count <= delta.page_count() - delta.page_used();
    return left && !is_enough ? Code::out_of_memory : left;
}

}  // namespace freshet::store
