// SPDX-License-Identifier: MIT
// Who keeps runs: what the store asks of them. A store without keeps all in its pool, and a program
// that never names them carries none of it.
#pragma once

#include "store/state.hpp"

namespace freshet::store {

// What a backup wants of runs.
struct RunCopy {
    Disk& target;
    MutableBytes scratch;  // Of 8 KiB at least.
    log::Position end;     // Of the copy's log.
    const ProgressCallback& progress;
    BackupReport& report;
    log::HeadRoom names{};  // What the copy's head is to say of runs.
};

class RunKeeper {
public:
    // What set_up() takes from the arena.
    [[nodiscard]] virtual std::size_t required_memory(const Options& options,
                                                      std::size_t record_count) const noexcept = 0;
    // Once, before the log is read. out_of_memory.
    virtual Status set_up(State& state, Arena& arena) const noexcept = 0;
    // Lays the tree over the runs that head names, as far as they can be used, and makes
    // state.working what they say of the store; or leaves it as it is. Says what is wrong with
    // those that cannot.
    virtual void load(State& state, const log::HeadRecord& head) const noexcept = 0;
    // Removes what a writer began that did not close.
    virtual void clear(State& state) const noexcept = 0;
    // Makes state.working what a store without runs begins with: they contradict the log.
    virtual void drop(State& state) const noexcept = 0;
    // In a store that is read only, with the writer turn, before it reads on: takes the runs that
    // head names now, and shows what they have. True: they are others than before. Says what is
    // wrong with those that cannot be used.
    virtual bool follow(State& state) const noexcept = 0;
    // While the log is read: whether the pool is so full that a run is due; in a store that is read
    // only, that so many pages were taken that a transaction of the tree should end.
    [[nodiscard]] virtual bool is_relief_due(const State& state) const noexcept = 0;
    // Then, between two transactions of the tree: makes a run, if one is due. full, io and so on;
    // corrupt: what is below cannot be read.
    virtual Status relieve(State& state) const noexcept = 0;
    // With the writer turn, whenever a transaction is about to begin: what can be done only then.
    // Failures are for work() to tell.
    virtual void begin(State& state) const noexcept = 0;
    // Any thread, outside of transactions. As Store::maintain().
    virtual Status work(State& state, const Maintenance& how) const noexcept = 0;
    // A little of what is due, behind a commit that wrote so much log. Waits for nobody.
    virtual void work_a_little(State& state, std::uint64_t size) const noexcept = 0;
    // Before the log is closed, and after.
    virtual void finish(State& state) const noexcept = 0;
    virtual void close(State& state) const noexcept = 0;
    // With the writer turn.
    virtual void describe(const State& state, StoreStatistics& statistics) const noexcept = 0;
    // Reads all runs of a state that is held. corrupt.
    [[nodiscard]] virtual Status verify(const Published& at) const noexcept = 0;
    // Copies those that a state has which is held, as far as they are whole and not ahead of the
    // copy. Says what is left out because it is damaged. cancelled, io and so on; corrupt: of the
    // target.
    virtual Status copy(State& state, const Published& at, RunCopy& copy) const noexcept = 0;

protected:
    RunKeeper() = default;
    ~RunKeeper() = default;
};

}  // namespace freshet::store
