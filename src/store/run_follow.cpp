// SPDX-License-Identifier: MIT
// Runs that head names and another process has made: at open, and when a reader goes on beside a
// writer and head names others than before. So a reader has in its pool what came since the newest
// run, however much it follows. Of the tree that it had there stays
//
//      where the new runs go to               what
//      as far as those it has: a merge        all of it, over other runs
//      as far as what shows, or farther       nothing: what they have shows
//      not as far                             nothing: the log behind them is read once more, into
//                                             other pages, and then takes its place
//
// Snapshots that are held keep their pages and their runs. If something goes wrong all stays as it
// was, and the log is read.
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "store/replay.hpp"
#include "store/run_state.hpp"

namespace freshet::store {

namespace {

// Whether the store can have been what a run says when it was attested to be what head says, and
// after what the run below it says.
bool is_plausible(const Published& at, const Published& below, const log::Position& head) noexcept {
    const log::Position& position = at.position;
    return position.address > below.position.address && position.commit >= below.position.commit &&
           position.address <= head.address && position.commit <= head.commit &&
           (position.commit < head.commit || position.chain == head.chain);
}

Result<std::uint32_t> find_or_open(State& state, RunName name) noexcept {
    RunState& runs = *state.runs;
    bool has_room = false;
    for (std::uint32_t i = 0; i < RunState::slot_count; i++) {
        const RunSlot& slot = runs.slots[i];
        has_room = has_room || slot.map == nullptr;
        const bool is_same = slot.map != nullptr && slot.name.number == name.number &&
                             slot.name.header_crc == name.header_crc;
        if (is_same) return slot.run.is_damaged() ? Result<std::uint32_t>{Code::corrupt} : i;
    }
    return has_room ? open_run(state, name, true) : Code::too_many_snapshots;
}

UsableRuns find_usable_once(State& state, const RunNames& names,
                            const log::Position& attested) noexcept {
    UsableRuns usable;
    while (usable.count < names.count) {
        const Result<std::uint32_t> slot =
            find_or_open(state, names.runs[names.count - 1 - usable.count]);
        if (!slot) usable.status = slot.error();
        if (!slot) break;
        const tree::RunNote note = state.runs->slots[*slot].run.note();
        const Published said = decode_note(note);
        const bool is_whole = has_rows(note) == (state.options.rows != nullptr);
        if (!is_whole || !is_plausible(said, usable.at, attested)) {
            usable.status = Code::corrupt;
            break;
        }
        usable.at = said;
        usable.count++;
        std::copy_backward(usable.stack.begin(), usable.stack.end() - 1, usable.stack.end());
        usable.stack[0] = static_cast<std::uint8_t>(*slot);
    }
    return usable;
}

bool is_same(const log::Position& a, const log::Position& b) noexcept {
    return a.commit == b.commit && a.chain == b.chain;
}

// Whether a frame stands there that follows what is said of this place.
bool goes_on(State& state, const log::Position& at) noexcept {
    log::Scan scan{*state.door.disk, state.log.geometry(), state.log.buffer()};
    log::Frame frame;
    const Result<bool> gone = scan.resume(at);
    const Result<bool> there = gone && *gone ? scan.next(frame) : gone;
    return there && *there;
}

// Whether the runs go on from what shows, and the log from them.
bool is_of_this_log(State& state, const log::Position& to, const log::Position& attested) noexcept {
    const log::Position& shown = state.sealed.position;
    if (state.log.geometry().segment(to.address) > state.options.segment_count_max) return false;
    if (!is_same(to, shown) && !(to.commit > shown.commit && goes_on(state, shown))) return false;
    return is_same(to, attested) || goes_on(state, to);
}

// Reads the log from where the runs end to what shows. corrupt: it does not come to that.
Status read_behind(State& state, const Published& shown) noexcept {
    log::Scan scan{*state.door.disk, state.log.geometry(), state.log.buffer()};
    const log::Position& from = state.working.position;
    const Result<bool> gone = from.address == 0 ? scan.start() : scan.resume(from);
    if (!gone) return gone.error();
    const Status read = Replay{state}.run(scan, shown.position.address);
    if (!read) return read;
    const bool is_there = is_same(state.working.position, shown.position) &&
                          state.working.stream_count == shown.stream_count;
    return is_there ? Status{Done{}} : Code::corrupt;
}

// Lays the tree over these runs, as far as the state that is being worked on goes.
Status lay_over(State& state, const UsableRuns& usable, const log::Position& attested) noexcept {
    RunState& runs = *state.runs;
    const Published shown = state.sealed;
    const log::Position& to = usable.at.position;
    const bool is_merge = is_same(to, runs.base.position);
    const bool is_ahead = !is_merge && to.commit >= shown.position.commit;
    if (is_ahead && !is_of_this_log(state, to, attested)) return Code::corrupt;
    const tree::Branches own = state.delta.root().branches;
    const Published base = std::exchange(runs.base, usable.at);
    const auto stack = std::exchange(runs.stack, usable.stack);
    const std::uint32_t count = std::exchange(runs.stack_count, usable.count);
    if (!is_merge) state.working = usable.at;
    state.log.know(state.log.geometry().segment(to.address));
    lay(state, is_merge ? OwnTree{own} : OwnTree{}, is_ahead ? own : tree::Branches{},
        Phase::reading);
    if (is_merge || is_ahead) return Done{};
    const Status read = read_behind(state, shown);
    const tree::Branches made = state.delta.root().branches;
    if (!read) {
        runs.base = base;
        runs.stack = stack;
        runs.stack_count = count;
        state.working = shown;
    }
    lay(state, OwnTree{read ? made : own}, read ? own : made, Phase::reading);
    return read;
}

bool has_damage(const RunState& runs) noexcept {
    for (std::uint32_t i = 0; i < runs.stack_count; i++)
        if (runs.slots[runs.stack[i]].run.is_damaged()) return true;
    return false;
}

// Whether there is something to take: fewer commits only if what is in use cannot be read.
bool is_wanted(const RunState& runs, const UsableRuns& usable) noexcept {
    if (usable.count == runs.stack_count && usable.stack == runs.stack) return false;
    return usable.at.position.commit >= runs.base.position.commit || has_damage(runs);
}

}  // namespace

UsableRuns find_usable(State& state, log::HeadRecord& head) noexcept {
    for (;;) {
        RunNames names;
        static_cast<void>(decode(head.runs, names));
        UsableRuns usable = find_usable_once(state, names, head.attested);
        usable.named_count = names.count;
        const bool is_gone = !usable.status && usable.status.error() == Code::not_found;
        if (!is_gone || !state.options.read_only) return usable;
        log::HeadFound found;
        const Status read = log::read_head(*state.door.disk, state.log.head_buffer(), found);
        if (!read || found.record.sequence <= head.sequence) return usable;
        head = found.record;
    }
}

void say_unusable(const State& state, const UsableRuns& usable) noexcept {
    std::array<char, 120> room;
    TextWriter text{room};
    text.number(usable.named_count - usable.count).text(" of ").number(usable.named_count);
    text.text(" runs cannot be used; what they had is read from the log");
    state.say(Level::warning, usable.status.error().code, text.written());
}

void close_unread(State& state) noexcept {
    if (!mark_unused(state)) return;
    for (std::uint32_t i = 0; i < RunState::slot_count; i++)
        if (std::exchange(state.runs->is_unused[i], false)) close_run(state, i);
}

bool follow(State& state) noexcept {
    RunState& runs = *state.runs;
    close_unread(state);
    log::HeadFound found;
    log::HeadRecord& head = found.record;
    const Status read = log::read_head(*state.door.disk, state.log.head_buffer(), found);
    if (!read || head.geometry.store != state.log.geometry().store) return false;
    if (head.runs == runs.seen && !has_damage(runs)) return false;
    const UsableRuns usable = find_usable(state, head);
    const bool has_room = usable.status || usable.status.error() != Code::too_many_snapshots;
    const bool wanted = is_wanted(runs, usable);
    const Status taken = wanted ? lay_over(state, usable, head.attested) : Status{Done{}};
    const bool is_settled = has_room && (taken || taken.error() == Code::corrupt);
    if (is_settled && !usable.status && head.runs != runs.seen) say_unusable(state, usable);
    if (!taken && taken.error() == Code::corrupt)
        state.say(Level::warning, Code::corrupt, "runs contradict the log, which is read instead");
    if (is_settled) runs.seen = head.runs;
    if (!wanted || !taken) return false;
    const log::Position& now = state.working.position;
    show(state, now.commit > state.sealed.position.commit ? now : state.sealed.position);
    state.delta.release(live_versions(state));
    close_unread(state);
    return true;
}

}  // namespace freshet::store
