// SPDX-License-Identifier: MIT
// A second process that follows takes the runs which the writer makes, and so has in its pool what
// came since. Method: it has a pool of a few pages; the writer makes and merges runs beside it, and
// removes them. After each step the reader shows what the log adds up to.
#include <list>

#include "freshet/follower.hpp"
#include "tests/runs_fixture.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

// What is mapped of a run stays when the file is removed.
class ReaderDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;

    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        is_run = name.ends_with(".run");
        if (is_run && before_run) before_run();
        return inner.open(name, mode);
    }
    Result<const std::byte*> map(File file, std::size_t size) noexcept override {
        const Result<const std::byte*> mapped = inner.map(file, size);
        if (!mapped || !is_run) return mapped;
        copies.emplace_back(*mapped, *mapped + size);
        return copies.back().data();
    }
    void unmap(const std::byte* address, std::size_t) noexcept override {
        copies.remove_if([address](const Contents& copy) { return copy.data() == address; });
    }

    std::function<void()> before_run;
    std::list<Contents> copies;
    bool is_run = false;
};

class BesideRuns : public RunFiles {
protected:
    ~BesideRuns() override { reader.reset(); }

    void SetUp() override {
        RunFiles::SetUp();
        open();
    }
    // With a pool of so many pages.
    void read(std::size_t page_count) {
        Options how = options;
        how.read_only = true;
        how.create = false;
        how.pool_size = page_count << 11;
        reader.emplace(Door{&faulty, &machine.clock, &reader_gate}, how);
        ASSERT_EQ(reader->error, Code::none);
    }
    Code refresh() { return reader->store.refresh(reader->diagnostic).error().code; }
    void append_and_maintain(int count) {
        append(count);
        ASSERT_EQ(maintain(), Code::none);
    }
    void expect_same() {
        ASSERT_EQ(reader->store.head().commit, opened->store.head().commit);
        ASSERT_EQ(reader->store.statistics().stream_count, static_cast<std::uint64_t>(total));
        ASSERT_EQ(reader->verify(), Code::none);
        for (int i = 0; i < total; i += 11)
            ASSERT_EQ(reader->read(name_of(i)), std::vector<std::string>{"x"});
        EXPECT_EQ(reader->read(name_of(total)), std::vector<std::string>{"error stream-not-found"});
    }
    std::uint64_t run_commit() { return reader->store.statistics().run_commit; }
    std::size_t count_said(std::string_view text) const {
        return static_cast<std::size_t>(
            std::count_if(said.begin(), said.end(), [text](const std::string& message) {
                return message.find(text) != std::string::npos;
            }));
    }
    // A store with one run of 300 streams; and the same with another run, and as much log behind
    // it.
    void make_two(int count = 10) {
        append_and_maintain(300);
        opened.reset();
        keep();
        early = files;
        early_runs = run_files;
        open();
        append_and_maintain(count);
        append(count);
        opened.reset();
        keep();
        ASSERT_EQ(run_files.size(), 2U);
    }
    void read_early(std::size_t page_count = 400) {
        reader.reset();
        copying.before_run = nullptr;
        put(early, early_runs);
        said.clear();
        read(page_count);
    }

    // What the log has beside the newer run.
    void read_on() {
        const auto take_away = [](store::RunNames& names) {
            names.runs[0] = names.runs[--names.count];
        };
        put(with_names(files, take_away), run_files);
        ASSERT_EQ(refresh(), Code::none);
        ASSERT_EQ(run_commit(), 30U);
        ASSERT_EQ(reader->store.statistics().stream_count, static_cast<std::uint64_t>(total));
    }

    Files early;
    std::map<std::uint32_t, Contents> early_runs;
    ReaderDisk copying{machine.disk};
    FaultyDisk faulty{copying};
    PosixGate reader_gate;
    std::optional<OpenStore> reader;
};

TEST_F(BesideRuns, LetAFollowerReadMoreThanItsPoolHolds) {
    options.pool_size = std::size_t{64} << 11;
    options.replay_max = std::uint64_t{8} << 10;
    opened.reset();
    open();
    read(48);
    Follower follower;
    ASSERT_TRUE(follower.open(reader->store, 0));
    Recorded event;
    std::uint64_t next = 0;
    for (int i = 0; i < 60; i++) {
        append(i % 3 == 0 ? 50 : 5);
        for (;;) {
            const Result<Follower::Step> step = follower.next(event, 0);
            ASSERT_TRUE(step) << code_name(step.error().code);
            if (*step != Follower::Step::event) break;
            ASSERT_EQ(event.ordinal, next++);
        }
        ASSERT_EQ(next, static_cast<std::uint64_t>(total));
    }
    EXPECT_GT(opened->store.head().address, std::uint64_t{48} << 12);
    expect_same();
    EXPECT_TRUE(said.empty());
}

// It comes as far as its pool goes, says so, and goes on when the writer has made runs.
TEST_F(BesideRuns, LetAFollowerGoOnThatRanOutOfItsPool) {
    append_and_maintain(5);
    read(24);
    Follower follower;
    ASSERT_TRUE(follower.open(reader->store, 5));
    Recorded event;
    append(200);
    std::uint64_t next = 5;
    Result<Follower::Step> step = follower.next(event, 0);
    for (; step && *step == Follower::Step::event; step = follower.next(event, 0)) next++;
    EXPECT_EQ(step.error().code, Code::out_of_memory);
    EXPECT_GT(next, 20U);
    EXPECT_LT(next, 200U);
    EXPECT_EQ(refresh(), Code::out_of_memory);
    ASSERT_EQ(maintain(), Code::none);
    step = follower.next(event, 0);
    for (; step && *step == Follower::Step::event; step = follower.next(event, 0)) next++;
    ASSERT_TRUE(step);
    EXPECT_EQ(next, 205U);
    expect_same();
}

// Goal: what a snapshot of the reader sees stays, whatever takes its place. Method: one is held
// over a merge, runs behind what shows, and runs before it.
TEST_F(BesideRuns, LeaveSnapshotsOfAReaderAsTheyAre) {
    append_and_maintain(100);
    read(200);
    std::list<std::pair<Snapshot, int>> held;
    const auto hold = [&] { ASSERT_TRUE(reader->store.snapshot(held.emplace_back().first)); };
    const auto step = [&] {
        hold();
        held.back().second = total;
        ASSERT_EQ(refresh(), Code::none);
    };
    append(20);
    step();
    append(20);
    // The writer is ahead: runs go farther than what shows.
    ASSERT_EQ(maintain(), Code::none);
    append(20);
    step();
    EXPECT_GE(run_commit() + 2, reader->store.head().commit);
    expect_same();
    // The reader is ahead of the runs that come: it sees more before head names them.
    append(20);
    ASSERT_EQ(refresh(), Code::none);
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(maintain({.entry_count_max = 10, .now = true}), Code::none);
        append(3);
        step();
    }
    for (int i = 0; i < 40; i++) {
        ASSERT_EQ(maintain({.entry_count_max = 10}), Code::none);
        ASSERT_EQ(refresh(), Code::none);
    }
    EXPECT_LT(run_commit(), reader->store.head().commit);
    expect_same();
    ASSERT_EQ(maintain(), Code::none);
    step();
    expect_same();
    for (const auto& [snapshot, count] : held) {
        StreamCursor cursor;
        for (int i = 0; i < total; i += 7) {
            const Status found = cursor.open(snapshot, name_of(i), Horizon::beginning());
            const bool was_there = static_cast<std::uint64_t>(i) < snapshot.next_ordinal();
            ASSERT_EQ(found.error().code, was_there ? Code::none : Code::stream_not_found) << i;
        }
    }
    held.clear();
    ASSERT_EQ(refresh(), Code::none);
    EXPECT_LE(copying.copies.size(), reader->store.statistics().run_count);
    EXPECT_TRUE(said.empty());
}

// Readers of many moments have so many runs that there is no place for another one.
TEST_F(BesideRuns, WaitWhenAReaderHasTooManyOfThem) {
    options.snapshot_count_max = 60;
    read(400);
    std::list<Snapshot> readers;
    for (int i = 0; i < 40; i++) {
        append_and_maintain(5);
        ASSERT_EQ(refresh(), Code::none);
        ASSERT_TRUE(reader->store.snapshot(readers.emplace_back()));
    }
    EXPECT_LT(run_commit(), reader->store.head().commit);
    expect_same();
    readers.clear();
    ASSERT_EQ(refresh(), Code::none);
    ASSERT_EQ(refresh(), Code::none);
    EXPECT_EQ(run_commit(), reader->store.head().commit);
    expect_same();
    EXPECT_TRUE(said.empty());
}

// A pool that has room for one tree alone: what was there stays, until runs come up to what shows.
TEST_F(BesideRuns, AreNotTakenWhereThePoolHasNoRoomForBothTrees) {
    make_two(40);
    read_early(15);
    read_on();
    EXPECT_GT(reader->store.statistics().pool_page_used, 9U);
    put();
    for (int i = 0; i < 2; i++) ASSERT_EQ(refresh(), Code::none);
    EXPECT_EQ(run_commit(), 30U);
    EXPECT_EQ(reader->verify(), Code::none);
    open();
    append_and_maintain(1);
    ASSERT_EQ(refresh(), Code::none);
    EXPECT_EQ(run_commit(), 39U);
    expect_same();
    EXPECT_TRUE(said.empty());
}

TEST_F(BesideRuns, AreReadFromTheLogWhereTheyAreDamagedOrMissing) {
    make_two();
    for (const bool is_missing : {false, true}) {
        read_early();
        auto changed = run_files;
        if (is_missing)
            changed.erase(2);
        else
            changed[2][60] ^= std::byte{1};
        put(files, changed);
        for (int i = 0; i < 2; i++) ASSERT_EQ(refresh(), Code::none);
        EXPECT_EQ(count_said("1 of 2 runs cannot be used"), 1U);
        EXPECT_EQ(run_commit(), 30U);
        EXPECT_EQ(reader->verify(), Code::none);
        EXPECT_EQ(reader->read(name_of(319)), std::vector<std::string>{"x"});
        put();
        open();
        append_and_maintain(1);
        ASSERT_EQ(refresh(), Code::none);
        EXPECT_EQ(run_commit(), 33U);
        expect_same();
        opened.reset();
        total = 320;
    }
}

TEST_F(BesideRuns, AreRefusedWhereTheyContradictTheLog) {
    make_two();
    for (const bool is_ahead : {true, false}) {
        for (const std::size_t at : {0U, 32U, 76U}) {
            // Where the log ends is a multiple of 8; too many streams are not seen at once.
            if (is_ahead && at == 76) continue;
            SCOPED_TRACE(at);
            read_early();
            if (!is_ahead) {
                put(with_names(
                        files,
                        [](store::RunNames& names) { names.runs[0] = names.runs[--names.count]; }),
                    run_files);
                ASSERT_EQ(refresh(), Code::none);
            }
            put_changed(2, [at](std::byte* note) { note[at] ^= std::byte{8}; });
            for (int i = 0; i < 2; i++) ASSERT_EQ(refresh(), Code::none);
            EXPECT_EQ(count_said("runs contradict the log"), 1U);
            EXPECT_EQ(run_commit(), 30U);
            EXPECT_EQ(reader->store.statistics().stream_count, 320U);
            EXPECT_EQ(reader->verify(), Code::none);
        }
    }
}

// The writer merges runs, and removes them, between the moment at which a reader reads head and
// that at which it opens them.
TEST_F(BesideRuns, AreLookedForAnewWhenTheyAreGone) {
    make_two();
    for (const bool is_opening : {false, true}) {
        total = 320;
        read_early();
        if (is_opening) reader.reset();
        put();
        open();
        append(50);
        bool is_first = true;
        copying.before_run = [&] {
            if (std::exchange(is_first, false)) {
                ASSERT_EQ(maintain(), Code::none);
            }
        };
        if (is_opening) read(400);
        ASSERT_EQ(refresh(), Code::none);
        EXPECT_FALSE(is_first);
        EXPECT_EQ(run_commit(), 37U);
        expect_same();
        EXPECT_TRUE(said.empty());
        opened.reset();
    }
}

// Each call of the disk fails in turn while a reader takes runs, of which one is gone.
TEST_F(BesideRuns, AreTakenFromDisksThatFail) {
    make_two();
    bool was_made = true;
    for (std::uint64_t call = 1; was_made; call++) {
        SCOPED_TRACE(call);
        total = 320;
        read_early();
        put();
        open();
        append(50);
        bool is_first = true;
        copying.before_run = [&] {
            if (std::exchange(is_first, false)) {
                ASSERT_EQ(maintain(), Code::none);
            }
        };
        faulty.wanted = Error{Code::io, 5};
        faulty.fail_at = faulty.call_count + call;
        const Code code = refresh();
        was_made = faulty.call_count >= faulty.fail_at;
        faulty.fail_at = ~std::uint64_t{0};
        EXPECT_TRUE(code == Code::none || code == Code::io) << code_name(code);
        ASSERT_EQ(refresh(), Code::none);
        expect_same();
        opened.reset();
    }
}

// The same where what shows is ahead of the runs.
TEST_F(BesideRuns, AreLaidUnderWhatShowsOnDisksThatFail) {
    make_two();
    bool was_made = true;
    for (std::uint64_t call = 1; was_made; call++) {
        SCOPED_TRACE(call);
        read_early();
        read_on();
        put();
        faulty.wanted = Error{Code::io, 5};
        faulty.fail_at = faulty.call_count + call;
        const Code code = refresh();
        was_made = faulty.call_count >= faulty.fail_at;
        faulty.fail_at = ~std::uint64_t{0};
        EXPECT_TRUE(code == Code::none || code == Code::io) << code_name(code);
        ASSERT_EQ(refresh(), Code::none);
        EXPECT_EQ(reader->verify(), Code::none);
        EXPECT_EQ(reader->store.statistics().stream_count, 320U);
    }
    EXPECT_EQ(run_commit(), 31U);
}

TEST_F(BesideRuns, AreNotTakenWithoutTheLogThatLeadsToThem) {
    make_two();
    read_early();
    put({{"head", files["head"]}}, run_files);
    EXPECT_EQ(refresh(), Code::corrupt);
    EXPECT_EQ(run_commit(), 30U);
    put();
    ASSERT_EQ(refresh(), Code::none);
    EXPECT_EQ(reader->verify(), Code::none);
}

// They go on into more segments than the reader has room for.
TEST_F(BesideRuns, AreNotTakenWithMoreLogThanTheReaderTakes) {
    append_and_maintain(30);
    options.segment_count_max = 1;
    read(400);
    append_and_maintain(300);
    EXPECT_EQ(refresh(), Code::invalid_argument);
    EXPECT_EQ(run_commit(), 3U);
    EXPECT_EQ(reader->read(name_of(29)), std::vector<std::string>{"x"});
}

// A page that is found damaged when it is read: the run is not used from then on.
TEST_F(BesideRuns, AreGivenUpWhenAPageIsFoundDamaged) {
    make_two();
    for (const std::uint32_t number : {2U, 1U}) {
        read_early();
        put();
        ASSERT_EQ(refresh(), Code::none);
        ASSERT_EQ(copying.copies.size(), 2U);
        Contents& run = number == 1 ? copying.copies.front() : copying.copies.back();
        for (std::size_t at = tree::run_header_size + 500; at < run.size(); at += tree::page_size)
            run[at] ^= std::byte{1};
        EXPECT_EQ(reader->verify(), Code::corrupt);
        EXPECT_EQ(count_said("cannot be used"), 0U);
        ASSERT_EQ(refresh(), Code::none);
        EXPECT_EQ(run_commit(), number == 1 ? 0U : 30U);
        EXPECT_EQ(reader->verify(), Code::none);
        EXPECT_EQ(reader->store.statistics().stream_count, 320U);
    }
}

// The same, found while the log is read.
TEST_F(BesideRuns, AreGivenUpWhenThePagesAReaderNeedsAreDamaged) {
    make_two();
    read_early();
    put();
    ASSERT_EQ(refresh(), Code::none);
    for (Contents& run : copying.copies)
        for (std::size_t at = tree::run_header_size + 500; at < run.size(); at += tree::page_size)
            run[at] ^= std::byte{1};
    open();
    const std::string again = name_of(3);
    ASSERT_TRUE(opened->append(again, {"y"}));
    ASSERT_EQ(refresh(), Code::none);
    EXPECT_EQ(reader->read(again), (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(reader->verify(), Code::none);
}

// An older copy takes the place of the store, goes another way, and makes runs.
TEST_F(BesideRuns, AreNotTakenFromAnotherHistory) {
    make_two();
    read_early();
    put();
    ASSERT_EQ(refresh(), Code::none);
    put(early, early_runs);
    machine.clock.state++;
    open();
    for (int i = 0; i < 2; i++) ASSERT_TRUE(opened->append("another", {"way"}));
    ASSERT_EQ(maintain(), Code::none);
    EXPECT_EQ(refresh(), Code::diverged);
    for (int i = 0; i < 2; i++) ASSERT_TRUE(opened->append("another", {"way"}));
    ASSERT_EQ(maintain(), Code::none);
    EXPECT_EQ(refresh(), Code::diverged);
    EXPECT_EQ(reader->store.head().commit, 32U);
    opened.reset();
    EXPECT_EQ(refresh(), Code::diverged);
    // Another store altogether.
    put({}, {});
    EXPECT_EQ(refresh(), Code::not_found);
    machine.clock.state++;
    open();
    ASSERT_TRUE(opened->append("another", {"store"}));
    ASSERT_EQ(maintain(), Code::none);
    EXPECT_EQ(refresh(), Code::other_store);
    EXPECT_EQ(reader->store.head().commit, 32U);
}

}  // namespace
}  // namespace freshet::test
