// SPDX-License-Identifier: MIT
// Runs when a store is opened and closed, and what the store is told of them.
#include "freshet/runs.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "store/run_state.hpp"

namespace freshet {

namespace store {

namespace {

// For 256 times as many pages of runs as the pool has, but for no more than 4 GiB of them.
std::size_t checked_word_count(const Options& options) noexcept {
    return std::clamp(options.pool_size / tree::page_size * 4, std::size_t{128},
                      std::size_t{1} << 15);
}

// Of private runs, which do not stay for long.
std::size_t private_word_count(const Options& options) noexcept {
    return checked_word_count(options) / 4;
}

// One more than can be read, one of the open transaction, and those that its savepoints keep.
std::size_t layers_count(std::size_t record_count) noexcept {
    return record_count + 2 + RunState::private_slot_count;
}

// What a writer has to make runs.
Status set_up_work(State& state, Arena& arena) noexcept {
    RunState& runs = *state.runs;
    Status status = runs.private_checked.open(arena, private_word_count(state.options));
    if (status) status = runs.flush.builder.open(arena);
    if (status) status = runs.outgrown.builder.open(arena);
    for (RunJob& merge : runs.merges)
        if (status) status = merge.builder.open(arena);
    runs.overflow.belong_to(state);
    state.delta.allow(runs.overflow);
    return status;
}

class Runs final : public RunKeeper {
public:
    [[nodiscard]] std::size_t required_memory(const Options& options,
                                              std::size_t record_count) const noexcept override {
        return Arena::room<RunState>(1) + Arena::room<tree::Layers>(layers_count(record_count)) +
               tree::CheckedPages::required_memory(checked_word_count(options)) +
               (options.read_only
                    ? 0
                    : tree::CheckedPages::required_memory(private_word_count(options)) +
                          (2 + RunState::merge_count_max) * tree::RunBuilder::required_memory());
    }
    Status set_up(State& state, Arena& arena) const noexcept override {
        const auto runs = arena.array<RunState>(1);
        const auto layers = arena.array<tree::Layers>(layers_count(state.published.size()));
        if (!runs || !layers) return Code::out_of_memory;
        RunState& made = runs->front();
        made.layers = *layers;
        Status status = made.checked.open(arena, checked_word_count(state.options));
        if (status) state.runs = &made;
        return status && !state.options.read_only ? set_up_work(state, arena) : status;
    }
    void load(State& state, const log::HeadRecord& head) const noexcept override;
    void clear(State& state) const noexcept override;
    void drop(State& state) const noexcept override;
    bool follow(State& state) const noexcept override { return store::follow(state); }
    [[nodiscard]] bool is_relief_due(const State& state) const noexcept override {
        const std::size_t used = state.delta.page_used();
        const std::size_t count = state.delta.page_count();
        return state.options.read_only ? used > state.runs->page_used + count / 8
                                       : 2 * used > count || own_tree(state).run_count > 0;
    }
    Status relieve(State& state) const noexcept override;
    void begin(State& state) const noexcept override;
    Status work(State& state, const Maintenance& how) const noexcept override;
    void work_a_little(State& state, std::uint64_t size) const noexcept override;
    void finish(State& state) const noexcept override;
    void close(State& state) const noexcept override {
        close_all_private(state);
        for (std::uint32_t i = 0; i < RunState::slot_count; i++) close_run(state, i);
    }
    void describe(const State& state, StoreStatistics& statistics) const noexcept override {
        const RunState& runs = *state.runs;
        statistics.run_count = runs.stack_count;
        for (std::uint32_t i = 0; i < runs.stack_count; i++)
            statistics.run_size += runs.slots[runs.stack[i]].size;
        statistics.run_commit = runs.base.position.commit;
        statistics.maintenance_owed = runs.job != nullptr || is_freeze_due(state);
    }
    [[nodiscard]] Status verify(const Published& at) const noexcept override {
        if (at.root.below == nullptr) return Done{};
        for (const tree::Run* const run : static_cast<const tree::Layers*>(at.root.below)->runs())
            if (!run->check_all()) return Code::corrupt;
        return Done{};
    }
    Status copy(State& state, const Published& at, RunCopy& copy) const noexcept override {
        return copy_runs(state, at, copy);
    }
};

// What head says may stand in the page cache only, and the one before may name what is no longer
// used. So that is removed when head has been told again.
void Runs::load(State& state, const log::HeadRecord& head) const noexcept {
    RunState& runs = *state.runs;
    if (!decode(head.runs, runs.names))
        state.say(Level::warning, Code::corrupt, "head says nothing sensible of runs");
    log::HeadRecord now = head;
    const UsableRuns usable = find_usable(state, now);
    const RunNames named = runs.names;
    runs.seen = now.runs;
    runs.names.unused_count = std::min(named.unused_count, unused_run_kept_max);
    runs.is_named = named.unused_count == 0 && usable.status;
    runs.unnamed_from = named.next;
    runs.stack = usable.stack;
    runs.stack_count = usable.count;
    close_unread(state);
    if (!usable.status) say_unusable(state, usable);
    for (std::uint32_t i = 0; i + usable.count < named.count; i++)
        runs.names.unused[runs.names.unused_count++] = named.runs[i].number;
    if (usable.count == 0) return;
    runs.base = usable.at;
    state.working = usable.at;
    lay(state, {}, {}, Phase::reading);
}

// Those that were begun and that head never named have numbers in a row, and some of them may have
// been taken again since.
void Runs::clear(State& state) const noexcept {
    clear_private(state);
    constexpr std::uint32_t gap_max = 4;
    for (std::uint32_t number = state.runs->names.next, gap = 0; gap < gap_max; number++, gap++) {
        const RunFileName name = run_file_name(number);
        if (state.door.disk->remove({name.data(), name.size()})) gap = 0;
    }
}

void Runs::drop(State& state) const noexcept {
    RunState& runs = *state.runs;
    const tree::Branches own = state.delta.root().branches;
    for (std::uint32_t i = 0; i < runs.stack_count; i++) {
        const std::uint32_t number = runs.slots[runs.stack[i]].name.number;
        if (number < runs.unnamed_from) runs.names.unused[runs.names.unused_count++] = number;
        if (number >= runs.unnamed_from) remove_run(state, number);
    }
    const tree::Branches frozen = std::exchange(runs.frozen, OwnTree{}).branches;
    runs.has_frozen = false;
    runs.flush.stage = RunJob::Stage::idle;
    runs.stack_count = 0;
    runs.is_named = false;
    runs.base = Published{};
    state.working = Published{};
    lay(state, {}, own, Phase::reading);
    lay(state, {}, frozen, Phase::reading);
    close_private(state);
    for (std::uint32_t i = 0; i < RunState::slot_count; i++) close_run(state, i);
    state.say(Level::warning, Code::corrupt, "runs contradict the log, and are made anew from it");
}

// While the log is read: nobody holds what is replaced, so that nothing has to wait.
Status do_at_once(State& state, RunJob& job) noexcept {
    plan_merge(state);
    if (job.stage == RunJob::Stage::idle) return Done{};
    std::uint64_t all = ~std::uint64_t{0};
    const Status advanced = advance(state, job, all);
    return advanced ? install(state, job, Phase::reading) : advanced;
}

// A merge makes room for another run: head may name as many as there can be. After an error whoever
// reads the log takes a transaction back, so there is one.
Status Runs::relieve(State& state) const noexcept {
    RunState& runs = *state.runs;
    runs.page_used = state.delta.page_used();
    if (state.options.read_only || !is_relief_due(state)) return Done{};
    Status status = do_at_once(state, runs.merges[0]);
    if (status) freeze(state, Phase::reading);
    if (status) status = do_at_once(state, runs.flush);
    if (status) status = do_at_once(state, runs.merges[0]);
    static_cast<void>(mark_unused(state));
    static_cast<void>(close_unused(state));
    if (runs.has_frozen) runs.is_due.store(true, std::memory_order_relaxed);
    if (!status) state.delta.begin();
    return status;
}

// A flush that finds no place waits for a merge.
bool is_in_wait(const RunState& runs) noexcept {
    return runs.flush.stage == RunJob::Stage::built && runs.stack_count == runs.stack.size();
}

bool is_built(const RunState& runs) noexcept {
    return runs.job != nullptr && runs.job->stage == RunJob::Stage::built;
}

// What was frozen goes back to the pool when nothing shows that is over it. Of commits that nobody
// waits for the last one that is durable is, and until then the next tree would be frozen small.
void give_back(State& state) noexcept {
    static_cast<void>(state.log.wait_durable(state.log.last().address));
    state.delta.release(live_versions(state));
}

// With the writer turn: all that can be done only between two transactions. `wanted`: the commit up
// to which all is to stand in runs.
Status take_turn(State& state, std::uint64_t wanted) noexcept {
    RunState& runs = *state.runs;
    Status status = std::exchange(runs.advanced, Status{Done{}});
    for (bool is_over = !status; !is_over;) {
        const bool is_wanted = !runs.has_frozen && runs.base.position.commit < wanted;
        if (is_wanted || is_freeze_due(state)) freeze(state, Phase::serving);
        plan_merge(state);
        runs.job = runs.has_frozen && !is_in_wait(runs) ? &runs.flush : newest_merge(runs);
        is_over = !is_built(runs);
        if (!is_over) status = install(state, *runs.job, Phase::serving);
        if (!is_over && status && runs.job == &runs.flush && !is_built(runs)) give_back(state);
        is_over = is_over || !status || is_built(runs);
    }
    if (names_of(runs).count != runs.stack_count - runs.unnamed_count) runs.is_named = false;
    const bool may_name = status || status.error() == Code::corrupt;
    const Status named = may_name && !runs.is_named ? name_runs(state) : Status{Done{}};
    if (status) status = named;
    if (!status) {
        runs.job = nullptr;
        runs.retry_from = state.sealed.position.address + state.options.replay_max / 4;
    }
    const bool has_unused = mark_unused(state);
    runs.is_in_wait.store(is_in_wait(runs), std::memory_order_relaxed);
    const bool goes_on = status && runs.job != nullptr && !is_built(runs);
    runs.is_due.store(!status || is_built(runs), std::memory_order_relaxed);
    runs.is_owed.store(goes_on || has_unused, std::memory_order_relaxed);
    return status;
}

// Whether a transaction might find no room: the pool is nearly full, or half full while a flush
// waits, so that nothing of it comes back soon.
bool is_pressed(const State& state) noexcept {
    const std::size_t used = state.delta.page_used();
    const std::size_t count = state.delta.page_count();
    const bool is_in_wait = state.runs->is_in_wait.load(std::memory_order_relaxed);
    return 4 * used > 3 * count || (2 * used > count && is_in_wait);
}

// Then what its commit would do is done before.
void Runs::begin(State& state) const noexcept {
    RunState& runs = *state.runs;
    const bool is_urgent = is_pressed(state);
    runs.is_urgent.store(is_urgent, std::memory_order_relaxed);
    if (state.sealed.position.address < runs.retry_from) return;
    const bool is_due = runs.is_due.load(std::memory_order_relaxed) || is_freeze_due(state);
    if (!is_due && !is_urgent) return;
    if (runs.is_busy.exchange(true)) return;
    Status status = take_turn(state, 0);
    while (status && is_pressed(state) && runs.job != nullptr && !is_built(runs)) {
        std::uint64_t all = ~std::uint64_t{0};
        runs.advanced = advance(state, *runs.job, all);
        status = take_turn(state, 0);
    }
    runs.is_busy.store(false);
}

void Runs::work_a_little(State& state, std::uint64_t size) const noexcept {
    RunState& runs = *state.runs;
    if (!runs.is_owed.load(std::memory_order_relaxed)) return;
    if (runs.is_busy.exchange(true)) return;
    static_cast<void>(close_unused(state));
    const bool is_urgent = runs.is_urgent.load(std::memory_order_relaxed);
    std::uint64_t left = is_urgent ? ~std::uint64_t{0} : 256 + size / 4;
    if (runs.job != nullptr) runs.advanced = advance(state, *runs.job, left);
    const bool is_over = !runs.advanced || is_built(runs);
    if (is_over) runs.is_due.store(true, std::memory_order_relaxed);
    runs.is_owed.store(!is_over && runs.job != nullptr, std::memory_order_relaxed);
    runs.is_busy.store(false);
}

// Ends with what is left to a later call, or with nothing.
Status Runs::work(State& state, const Maintenance& how) const noexcept {
    RunState& runs = *state.runs;
    if (runs.is_busy.exchange(true)) return Done{};
    std::uint64_t left = how.entry_count_max;
    std::uint64_t all = ~std::uint64_t{0};  // Where nothing else can go on.
    runs.advanced = Done{};                 // What a commit failed with is tried again.
    state.log.lock_writer();
    const std::uint64_t wanted = how.now ? state.sealed.position.commit : 0;
    runs.wants_one = how.as_one;
    Status status = take_turn(state, wanted);
    for (;;) {
        state.log.unlock_writer();
        const bool has_waited = is_built(runs);
        const bool has_closed = close_unused(state);
        const bool goes_on = runs.job != nullptr && left > 0 && (!has_waited || has_closed);
        if (!status || !goes_on) break;
        runs.advanced = advance(state, *runs.job, is_in_wait(runs) ? all : left);
        state.log.lock_writer();
        status = take_turn(state, wanted);
    }
    runs.wants_one = false;
    runs.is_busy.store(false);
    return status;
}

// A run is made if there is so much behind the newest one that the next open would notice.
void Runs::finish(State& state) const noexcept {
    RunState& runs = *state.runs;
    const bool is_much =
        state.sealed.position.address - runs.base.position.address >= state.options.replay_max / 16;
    static_cast<void>(
        work(state, {.entry_count_max = is_much ? ~std::uint64_t{0} : 0, .now = is_much}));
    if (runs.flush.builder.is_building()) runs.flush.builder.abandon();
    for (RunJob& merge : runs.merges)
        if (merge.builder.is_building()) merge.builder.abandon();
}

}  // namespace

bool mark_unused(State& state) noexcept {
    RunState& runs = *state.runs;
    runs.is_unused.fill(true);
    const auto use = [&](const tree::Below* below) noexcept {
        if (below == nullptr) return;
        for (const tree::Run* const run : static_cast<const tree::Layers*>(below)->runs())
            for (std::uint32_t i = 0; i < RunState::slot_count; i++)
                if (run == &runs.slots[i].run) runs.is_unused[i] = false;
    };
    state.log.lock_commit();
    static_cast<void>(use_records(state));
    for (std::size_t i = 0; i < state.used.size(); i++)
        if (state.used[i] != 0) use(state.published[i].root.below);
    use(state.sealed.root.below);
    state.log.unlock_commit();
    close_private(state);
    for (std::uint32_t i = 0; i < runs.stack_count; i++) runs.is_unused[runs.stack[i]] = false;
    bool is_any = false;
    for (std::uint32_t i = 0; i < RunState::slot_count; i++)
        is_any = is_any || (runs.is_unused[i] && runs.slots[i].map != nullptr);
    return is_any;
}

bool close_unused(State& state) noexcept {
    RunState& runs = *state.runs;
    const std::uint32_t before = runs.names.unused_count;
    for (std::uint32_t i = 0; i < RunState::slot_count; i++)
        if (std::exchange(runs.is_unused[i], false)) close_run(state, i);
    const auto is_done = [&](std::uint32_t number) noexcept {
        if (!runs.is_named && number < runs.unnamed_from) return false;
        for (const RunSlot& slot : runs.slots)
            if (slot.map != nullptr && slot.name.number == number) return false;
        remove_run(state, number);
        return true;
    };
    const auto first = runs.names.unused.begin();
    const auto last = std::remove_if(first, first + runs.names.unused_count, is_done);
    runs.names.unused_count = static_cast<std::uint32_t>(last - first);
    return runs.names.unused_count < before;
}

}  // namespace store

const store::RunKeeper& runs() noexcept {
    static constinit store::Runs keeper;
    return keeper;
}

}  // namespace freshet
