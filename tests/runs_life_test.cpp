// SPDX-License-Identifier: MIT
// How the files of runs come and go: on disks that fail at any call, under readers who hold all
// that was ever in use, and with what head knows of them.
#include <list>

#include "store/run_state.hpp"
#include "tests/runs_fixture.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

class LivingRuns : public RunFiles {
protected:
    // Each call fails in turn while the store is opened, and after each the next one opens it.
    void expect_any_call_may_fail_at_open();
    // As if those that are there need no merge, not even if another one comes.
    void pretend_sizes() const {
        store::RunState& all = *state_of(opened->store).runs;
        for (std::uint32_t i = 0; i < all.stack_count; i++)
            all.slots[all.stack[i]].size = std::size_t{1} << (20 + 3 * i);
    }
};

void LivingRuns::expect_any_call_may_fail_at_open() {
    for (const Code code : {Code::io, Code::full}) {
        for (std::uint64_t call = 1;; call++) {
            SCOPED_TRACE(call);
            put();
            FaultyDisk faulty{machine.disk};
            faulty.wanted = Error{code, 5};
            faulty.fail_at = call;
            disk = &faulty;
            open();
            const bool was_last = faulty.call_count < call;
            faulty.fail_at = ~std::uint64_t{0};
            if (opened->error == Code::none) {
                ASSERT_EQ(look(), Code::none);
            }
            if (was_last) {
                ASSERT_EQ(opened->error, Code::none);
            }
            opened.reset();
            disk = &machine.disk;
            open();
            ASSERT_EQ(opened->error, Code::none);
            ASSERT_EQ(look(), Code::none);
            opened.reset();
            if (was_last) break;
        }
    }
}

// Each call of the disk fails in turn, while runs are made and merged and while a log is read that
// needs them; the store answers all, and so does the next one.
TEST_F(LivingRuns, AreMadeOnDisksThatFail) {
    make(20);
    for (const bool for_ever : {false, true}) {
        for (const Code code : {Code::io, Code::full}) {
            for (std::uint64_t call = 0;; call++) {
                SCOPED_TRACE(call);
                total = 665;
                put();
                FaultyDisk faulty{machine.disk};
                disk = &faulty;
                open();
                ASSERT_EQ(opened->error, Code::none);
                append(300);
                faulty.for_ever = for_ever;
                faulty.wanted = Error{code, 5};
                faulty.fail_at = faulty.call_count + call + 1;
                const Code made = maintain();
                const bool was_last = faulty.call_count < faulty.fail_at;
                faulty.fail_at = ~std::uint64_t{0};
                if (was_last) {
                    ASSERT_EQ(made, Code::none);
                }
                ASSERT_EQ(look(), Code::none);
                opened.reset();
                disk = &machine.disk;
                open();
                EXPECT_FALSE(was_said("runs"));
                ASSERT_EQ(opened->error, Code::none);
                ASSERT_EQ(look(), Code::none);
                opened.reset();
                if (was_last) break;
            }
        }
    }
}

TEST_F(LivingRuns, AreMadeAtOpenOnDisksThatFail) {
    options.runs = nullptr;
    options.pool_size = std::size_t{1} << 20;
    open();
    append(200);
    opened.reset();
    keep();
    options.runs = &runs();
    options.pool_size = std::size_t{24} << 11;
    expect_any_call_may_fail_at_open();
}

// The same, and two runs should be one.
TEST_F(LivingRuns, AreMergedAtOpenOnDisksThatFail) {
    open();
    append(30);
    ASSERT_EQ(maintain(), Code::none);
    pretend_sizes();
    append(30);
    ASSERT_EQ(maintain(), Code::none);
    append(100);
    ASSERT_EQ(opened->store.statistics().run_count, 2U);
    opened.reset();
    keep();
    options.pool_size = std::size_t{24} << 11;
    expect_any_call_may_fail_at_open();
}

// Merges keep the number of runs small, but runs that are each four times as large as those above
// it together need none, until there is no room for more.
TEST_F(LivingRuns, AreMergedIfThereIsNoRoomForMore) {
    open();
    for (std::size_t i = 0; i < tree::run_count_max + 2; i++) {
        append(5);
        pretend_sizes();
        ASSERT_EQ(maintain(), Code::none);
        ASSERT_EQ(opened->store.statistics().run_count,
                  std::min<std::size_t>(i + 1, tree::run_count_max - 1));
    }
    expect_all();
}

// Nobody calls maintain(): commits do all.
TEST_F(LivingRuns, AreMadeByCommitsWhenThePoolIsHalfFull) {
    options.pool_size = std::size_t{64} << 11;
    open();
    append(1000);
    EXPECT_GT(opened->store.statistics().run_count, 0U);
    expect_all();
}

// Readers keep pages, so that there are few left: commits do all that can be done.
TEST_F(LivingRuns, AreMadeAtOnceWhenThePoolIsNearlyFull) {
    options.pool_size = std::size_t{64} << 11;
    options.snapshot_count_max = 60;
    open();
    std::list<Snapshot> readers;
    const auto& is_urgent = state_of(opened->store).runs->is_urgent;
    while (!is_urgent && readers.size() < 60) {
        append(10);
        ASSERT_TRUE(opened->store.snapshot(readers.emplace_back()));
    }
    EXPECT_TRUE(is_urgent);
    append(10);
    readers.clear();
    append(100);
    expect_all();
}

// The pool is nearly full of what is to be flushed, and a flush has to wait for a merge. A large
// transaction found no room then, and since it did not go through it did nothing for them either:
// a store of 75 million streams took no more.
TEST_F(LivingRuns, MakeRoomForATransactionBeforeItBegins) {
    options.segment_count_max = 4096;
    open();
    store::RunState& all = *state_of(opened->store).runs;
    while (all.stack_count + 1 < tree::run_count_max) {
        append(20);
        pretend_sizes();
        ASSERT_EQ(maintain(), Code::none);
    }
    for (int i = 0; i < 1000 && all.stack_count < tree::run_count_max; i++) append(10);
    ASSERT_EQ(all.stack_count, tree::run_count_max);
    all.is_busy = true;  // As if somebody else worked on them.
    const tree::Delta& delta = state_of(opened->store).delta;
    while (10 * delta.page_used() < 8 * delta.page_count()) append(10);
    all.is_busy = false;
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(opened->store, opened->diagnostic));
    const std::vector<Event> one = {event_of("x")};
    for (int i = 0; i < 1700; i++) {
        const std::string name = name_of(total++);
        ASSERT_TRUE(transaction.append({name, Expected::any(), one}, opened->diagnostic)) << i;
    }
    ASSERT_TRUE(transaction.commit(Durability::durable, opened->diagnostic));
    expect_all();
}

TEST_F(LivingRuns, WaitAfterAFailureUntilTheLogIsLonger) {
    options.replay_max = std::uint64_t{1} << 16;
    FaultyDisk faulty{machine.disk};
    disk = &faulty;
    open();
    append(20);
    faulty.wanted = Error{Code::io, 5};
    // The first ones are the log's; then private runs of another writer are looked for.
    faulty.fail_at = faulty.call_count + 3 + store::private_run_file_count;
    ASSERT_EQ(maintain(), Code::io);
    append(10);
    EXPECT_FALSE(opened->store.statistics().maintenance_owed);
    EXPECT_EQ(opened->store.statistics().run_count, 0U);
    append(200);
    EXPECT_GT(opened->store.statistics().run_count, 0U);
    expect_all();
    opened.reset();
    disk = &machine.disk;
}

// Readers hold all that was ever in use, until nothing can be replaced any more; when they let go,
// everything goes on, and the files go.
TEST_F(LivingRuns, StayAsLongAsReadersHaveThem) {
    options.snapshot_count_max = 60;
    open();
    std::list<Snapshot> readers;
    std::size_t most = 0;
    for (int i = 0; i < 50; i++) {
        append(10);
        ASSERT_TRUE(opened->store.snapshot(readers.emplace_back()));
        ASSERT_EQ(maintain(), Code::none);
        most = std::max(most, run_file_count());
    }
    EXPECT_GT(most, 20U);
    EXPECT_LE(most, 40U);
    for (const Snapshot& reader : readers) {
        StreamCursor cursor;
        const Status there = cursor.open(reader, name_of(5), Horizon::beginning());
        ASSERT_TRUE(there);
    }
    expect_all();
    EXPECT_TRUE(opened->store.statistics().maintenance_owed);
    readers.clear();
    ASSERT_EQ(maintain(), Code::none);
    EXPECT_FALSE(opened->store.statistics().maintenance_owed);
    EXPECT_EQ(run_file_count(), opened->store.statistics().run_count);
    append(10);
    for (int i = 0; i < 4; i++) {
        append(1);
        ASSERT_EQ(maintain(), Code::none);
    }
    EXPECT_EQ(run_file_count(), opened->store.statistics().run_count);
    expect_all();
    opened.reset();
    open();
    EXPECT_TRUE(said.empty());
    expect_all();
}

// Head names runs that cannot be used any more, since the lowest one is lost, while new ones are
// made of the log. Until head is told of these, the files that it names stay.
TEST_F(LivingRuns, StayUntilHeadIsTold) {
    make(20);
    auto changed = run_files;
    changed.erase(changed.begin());
    options.pool_size = std::size_t{24} << 11;
    put(files, changed);
    open();
    expect_all();
    for (const auto& [number, contents] : changed)
        EXPECT_TRUE(machine.disk.open(run_file(number), OpenMode::read)) << number;
    ASSERT_EQ(maintain(), Code::none);
    for (const auto& [number, contents] : changed)
        EXPECT_FALSE(machine.disk.open(run_file(number), OpenMode::read)) << number;
}

// What a writer began that did not close, and head never named, is nobody's.
TEST_F(LivingRuns, GoIfHeadNeverNamedThem) {
    make(1);
    auto more = run_files;
    const std::uint32_t next = run_files.rbegin()->first + 1;
    for (std::uint32_t i = 0; i < 3; i++) more[next + i] = run_files.begin()->second;
    put(files, more);
    open();
    EXPECT_EQ(run_file_count(), run_files.size());
    expect_all();
}

// A page that was looked through is known by the run's place, and places are used again.
TEST_F(LivingRuns, AreLookedThroughEachForItself) {
    options.pool_size = std::size_t{1} << 20;
    open();
    for (int i = 0; i < 6; i++) {
        append(30);
        ASSERT_EQ(maintain(), Code::none);
        expect_all();
    }
    append(5);
    ASSERT_EQ(maintain(), Code::none);
    for (std::uint32_t number = 1; number < 30; number++) {
        const Result<File> file = machine.disk.open(run_file(number), OpenMode::read);
        if (!file) continue;
        const std::uint64_t size = *machine.disk.size(*file);
        const Contents zeros(1000);
        for (std::uint64_t at = tree::run_header_size; at < size; at += 2048)
            ASSERT_TRUE(machine.disk.write(*file, at + 1000, zeros, {}));
        machine.disk.close(*file);
    }
    EXPECT_EQ(look(), Code::corrupt);
    opened.reset();
    open();
    expect_all();
}

// Somebody begins a transaction just when the file of a run is made.
class BusyDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        Diagnostic diagnostic;
        if (store != nullptr && mode == OpenMode::create && name.ends_with(".run"))
            has_begun = bool{transaction.begin(*store, diagnostic)};
        return inner.open(name, mode);
    }
    Store* store = nullptr;
    Transaction transaction;
    bool has_begun = false;
};

// Whoever commits does a little of what is due, and waits for no transaction that is open.
TEST_F(LivingRuns, AreMadeByCommitsThatWaitForNobody) {
    BusyDisk busy{machine.disk};
    disk = &busy;
    options.replay_max = 16 << 10;
    open();
    busy.store = &opened->store;
    while (!busy.has_begun) {
        ASSERT_LT(total, 400);
        append(10);
    }
    busy.transaction.rollback();
    busy.store = nullptr;
    append(10);
    EXPECT_EQ(opened->store.statistics().run_count, 1U);
    expect_all();
    disk = &machine.disk;
    opened.reset();
}

// A disk whose syncs fail from a moment on.
class UnsyncedDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Status sync(File file) noexcept override {
        return is_failing ? Status{Error{Code::io, 5}} : inner.sync(file);
    }
    bool is_failing = false;
};

// A commit that nobody waited for is synced before a run is made of it, if that can be done.
TEST_F(LivingRuns, AreNotMadeOfWhatCannotBeSynced) {
    UnsyncedDisk unsynced{machine.disk};
    disk = &unsynced;
    options.growth_size = 1 << 18;
    options.replay_max = 16 << 10;
    open();
    append(10);
    unsynced.is_failing = true;
    const std::vector<Event> events(1, event_of("x"));
    Code code = Code::none;
    for (int i = 0; i < 200 && code == Code::none; i++) {
        const std::string name = name_of(total++);
        const StreamAppend one{name, Expected::any(), events};
        code = opened->store.append(one, opened->diagnostic, Durability::deferred).error().code;
    }
    EXPECT_EQ(code, Code::poisoned);
    EXPECT_EQ(run_file_count(), 0U);
    unsynced.is_failing = false;
    total = 10;
    opened.reset();
    disk = &machine.disk;
    open();
    EXPECT_EQ(look(), Code::none);
}

// A disk that has no room for runs.
class CrampedDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        if (mode != OpenMode::create || !name.ends_with(".run") || !is_full)
            return inner.open(name, mode);
        refused_count++;
        return Code::full;
    }
    bool is_full = true;
    int refused_count = 0;
};

// What a commit could not do says nothing about what maintain() can: it tries again.
TEST_F(LivingRuns, AreMadeByMaintainWhereACommitCouldNot) {
    CrampedDisk cramped{machine.disk};
    disk = &cramped;
    options.replay_max = 16 << 10;
    open();
    while (cramped.refused_count == 0) {
        ASSERT_LT(total, 400);
        append(10);
    }
    EXPECT_EQ(maintain({}), Code::full);
    cramped.is_full = false;
    EXPECT_EQ(maintain({}), Code::none);
    EXPECT_EQ(opened->store.statistics().run_count, 1U);
    expect_all();
    opened.reset();
    disk = &machine.disk;
}

TEST_F(LivingRuns, AreMadeByCloseIfThereIsMuchBehindThem) {
    options.replay_max = 16 << 10;
    open();
    append(3);
    opened.reset();
    EXPECT_EQ(run_file_count(), 0U);
    open();
    append(40);
    opened.reset();
    EXPECT_EQ(run_file_count(), 1U);
    open(true);
    expect_all();
    EXPECT_EQ(opened->store.statistics().run_commit, opened->store.statistics().commit);
}

TEST_F(LivingRuns, AreGivenUpByCloseIfTheyAreHalfMade) {
    open();
    append(200);
    ASSERT_EQ(maintain({.entry_count_max = 50, .now = true}), Code::none);
    ASSERT_TRUE(state_of(opened->store).runs->flush.builder.is_building());
    ASSERT_TRUE(opened->store.close());
    EXPECT_EQ(run_file_count(), 0U);
    opened.reset();
    open();
    EXPECT_EQ(opened->store.statistics().run_count, 0U);
    expect_all();
}

TEST_F(LivingRuns, NeedTheMemoryThatIsAskedFor) {
    options.pool_size = std::size_t{8} << 11;
    open();
    opened.reset();
    const std::size_t needed = required_memory(options);
    std::vector<std::byte> memory(needed);
    for (std::size_t size = 0; size < needed; size += 1024) {
        Store store;
        Diagnostic diagnostic;
        const Status status =
            store.open(options, machine.door(), MutableBytes{memory}.first(size), diagnostic);
        if (status) {
            ASSERT_LT(needed - size, 8192U);
            break;
        }
        ASSERT_EQ(status.error().code, Code::out_of_memory);
    }
}

}  // namespace
}  // namespace freshet::test
