// SPDX-License-Identifier: MIT
// Transactions that outgrow the pool: what they have no room for goes to private runs, and nobody
// can tell. Pools are of 64 pages, and hold some 400 of these names.
#include <random>

#include "store/run_state.hpp"
#include "tests/runs_fixture.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

Options small_pool_options() {
    Options options = small_options();
    options.segment_size = 1 << 20;
    options.frame_size_max = 1 << 12;
    options.pool_size = std::size_t{64} << 11;
    options.runs = &runs();
    return options;
}

// With room for what a reader holds.
Options middle_pool_options() {
    Options options = small_pool_options();
    options.pool_size = std::size_t{128} << 11;
    return options;
}

Options large_pool_options() {
    Options options = small_pool_options();
    options.pool_size = std::size_t{4} << 20;
    options.runs = nullptr;
    return options;
}

class PrivateRuns : public ::testing::Test {
protected:
    void open(const Options& options = small_pool_options()) {
        opened.reset();
        opened.emplace(Door{disk, &machine.clock, &machine.gate}, options);
        ASSERT_EQ(opened->error, Code::none);
    }
    Status begin() { return transaction.begin(opened->store, diagnostic); }
    Status append(const std::string& stream, std::string_view payload = "x") {
        const std::vector<Event> events = {event_of(payload)};
        const Result<Appended> appended =
            transaction.append({stream, Expected::any(), events}, diagnostic);
        return appended ? Status{Done{}} : appended.error();
    }
    // Streams of these numbers begin, in an order that has nothing to do with their names.
    void append_all(int from, int to) {
        for (int i = from; i < to; i++) ASSERT_TRUE(append(name_of(i * 7919 % 10007))) << i;
    }
    void expect_streams(int from, int to) {
        for (int i = from; i < to; i++)
            ASSERT_EQ(opened->read(name_of(i * 7919 % 10007)), Lines{"x"}) << i;
    }
    void commit() {
        const Result<Appended> done = transaction.commit(Durability::durable, diagnostic);
        ASSERT_TRUE(done) << code_name(diagnostic.error.code);
    }
    void maintain() { ASSERT_TRUE(opened->store.maintain(opened->diagnostic, {.now = true})); }
    [[nodiscard]] std::size_t private_count() const {
        return store::own_tree(state_of(opened->store)).run_count;
    }
    // Files, whoever needs them.
    [[nodiscard]] std::size_t file_count() {
        std::size_t count = 0;
        for (std::uint32_t i = 0; i < store::private_run_file_count; i++) {
            const std::string name{store::private_run_file_name(i).data(), 12};
            const Result<File> file = machine.disk.open(name, OpenMode::read);
            if (file) machine.disk.close(*file);
            count += file ? 1U : 0U;
        }
        return count;
    }

    Machine machine{std::size_t{1} << 20};
    Disk* disk = &machine.copies;
    std::optional<OpenStore> opened;
    Transaction transaction;
    Diagnostic diagnostic;
};

TEST_F(PrivateRuns, HoldWhatATransactionHasNoRoomFor) {
    open();
    ASSERT_TRUE(begin());
    append_all(0, 4000);
    EXPECT_GT(private_count(), 1U);
    EXPECT_EQ(file_count(), private_count());
    commit();
    expect_streams(0, 4000);
    EXPECT_GT(private_count(), 1U);
    EXPECT_EQ(opened->verify(), Code::none);
    maintain();
    EXPECT_EQ(private_count(), 0U);
    EXPECT_EQ(file_count(), 0U);
    EXPECT_EQ(opened->store.statistics().run_count, 1U);
    expect_streams(0, 4000);
    EXPECT_EQ(opened->store.statistics().stream_count, 4000U);
}

TEST_F(PrivateRuns, AreMadeAgainFromTheLog) {
    open();
    ASSERT_TRUE(begin());
    append_all(0, 3000);
    commit();
    const Files files = files_of(machine.disk);
    opened.reset();
    put_files(machine.disk, files);  // As if the process had ended there.
    open();
    expect_streams(0, 3000);
    EXPECT_EQ(opened->verify(), Code::none);
    EXPECT_EQ(file_count(), 0U);
}

TEST_F(PrivateRuns, AreNothingAfterARollback) {
    open();
    ASSERT_TRUE(opened->append("s", {"a"}));
    const Lines before = opened->read_log();
    for (int i = 0; i < 3; i++) {
        ASSERT_TRUE(begin());
        append_all(0, 1500);
        transaction.rollback();
        EXPECT_EQ(private_count(), 0U);
        EXPECT_EQ(opened->read_log(), before);
    }
    EXPECT_EQ(opened->store.statistics().stream_count, 1U);
    maintain();
    EXPECT_EQ(file_count(), 0U);
}

TEST_F(PrivateRuns, AreForgottenWithWhatCameBehindASavepoint) {
    open();
    ASSERT_TRUE(begin());
    append_all(0, 1000);
    ASSERT_TRUE(transaction.save(diagnostic));
    const std::size_t before = private_count();
    EXPECT_GT(before, 0U);
    for (int i = 0; i < 3; i++) {
        append_all(1000, 3000);
        EXPECT_GT(private_count(), before);
        ASSERT_TRUE(transaction.rollback_to(0, diagnostic));
        EXPECT_EQ(private_count(), before);
    }
    append_all(1000, 1200);
    commit();
    expect_streams(0, 1200);
    EXPECT_EQ(opened->read(name_of(1200 * 7919 % 10007)), Lines{"error stream-not-found"});
    EXPECT_EQ(opened->verify(), Code::none);
}

// What stands in the tree is left to a private run before a savepoint keeps it: or else a second
// large statement of a transaction would have no pages to go on with.
TEST_F(PrivateRuns, LeaveRoomBehindSavepoints) {
    open();
    ASSERT_TRUE(begin());
    for (int part = 0; part < 20; part++) {
        ASSERT_TRUE(transaction.save(diagnostic));
        append_all(part * 150, part * 150 + 150);
        if (part % 2 == 1) {
            ASSERT_TRUE(transaction.release(0, diagnostic));
        }
    }
    commit();
    expect_streams(0, 3000);
}

// Savepoints within savepoints, with much between each; then back to one after another.
TEST_F(PrivateRuns, AreKeptBySavepointsWithinSavepoints) {
    Options options = small_pool_options();
    options.pool_size = std::size_t{256} << 11;
    open(options);
    ASSERT_TRUE(begin());
    constexpr int count = 8;
    for (int i = 0; i < count; i++) {
        ASSERT_NO_FATAL_FAILURE(append_all(i * 300, i * 300 + 300));
        ASSERT_TRUE(transaction.save(diagnostic));
    }
    ASSERT_NO_FATAL_FAILURE(append_all(count * 300, count * 300 + 2000));
    for (int i = count; i-- > 3;) {
        ASSERT_TRUE(transaction.rollback_to(static_cast<std::uint32_t>(i), diagnostic));
        ASSERT_NO_FATAL_FAILURE(append_all(i * 300 + 300, i * 300 + 500));
    }
    ASSERT_TRUE(transaction.rollback_to(3, diagnostic));
    commit();
    expect_streams(0, 1200);
    EXPECT_EQ(opened->store.statistics().stream_count, 1200U);
    EXPECT_EQ(opened->verify(), Code::none);
}

// A flush goes on while a transaction outgrows the pool, and ends while its runs are over it.
TEST_F(PrivateRuns, LieOverWhatIsFrozen) {
    open();
    for (int round = 0; round < 4; round++) {
        ASSERT_TRUE(begin());
        append_all(round * 1000, round * 1000 + 1000);
        commit();
        const Maintenance little{.entry_count_max = 20, .now = true};
        ASSERT_TRUE(opened->store.maintain(opened->diagnostic, little));
        EXPECT_TRUE(state_of(opened->store).runs->has_frozen);
        EXPECT_GT(state_of(opened->store).runs->frozen.run_count, 0U);
        expect_streams(0, round * 1000 + 1000);
    }
    maintain();
    EXPECT_EQ(file_count(), 0U);
    expect_streams(0, 4000);
}

// Readers keep the private runs that they began with; files go when the last of them has ended.
TEST_F(PrivateRuns, StayAsLongAsReadersHaveThem) {
    open();
    ASSERT_TRUE(begin());
    append_all(0, 1500);
    commit();
    Snapshot held;
    ASSERT_TRUE(opened->store.snapshot(held));
    maintain();
    EXPECT_GT(file_count(), 0U);
    for (int i = 0; i < 1500; i += 7) {
        StreamCursor cursor;
        Recorded event;
        ASSERT_TRUE(cursor.open(held, name_of(i * 7919 % 10007), Horizon::beginning()));
        const Result<bool> there = cursor.next(event);
        ASSERT_TRUE(there && *there);
    }
    held.close();
    ASSERT_TRUE(opened->append("s", {"a"}));
    maintain();
    EXPECT_EQ(file_count(), 0U);
}

// A backup takes the runs below them along; what they have it reads from its log.
TEST_F(PrivateRuns, AreLeftOutOfBackups) {
    open();
    ASSERT_TRUE(opened->append("s", {"a"}));
    maintain();
    ASSERT_TRUE(begin());
    append_all(0, 1500);
    commit();
    ASSERT_GT(private_count(), 0U);
    Machine copy{std::size_t{1} << 20};
    const Lent scratch{(std::size_t{1} << 20) + 8192};
    BackupReport report;
    ASSERT_TRUE(
        opened->store.backup({.runs = true}, copy.disk, scratch, report, opened->diagnostic));
    EXPECT_EQ(report.run_count, 1U);
    OpenStore restored{copy.door(), small_pool_options()};
    ASSERT_EQ(restored.error, Code::none);
    EXPECT_EQ(restored.store.statistics().stream_count, 1501U);
    EXPECT_EQ(restored.read(name_of(7919)), Lines{"x"});
    EXPECT_EQ(restored.verify(), Code::none);
}

TEST_F(PrivateRuns, OfAWriterThatDidNotCloseAreRemoved) {
    open();
    ASSERT_TRUE(opened->append("s", {"a"}));
    const Files files = files_of(machine.disk);
    opened.reset();
    put_files(machine.disk, files);
    const store::RunFileName name = store::private_run_file_name(11);
    const auto leave_one = [&] {
        machine.disk.close(*machine.disk.open({name.data(), name.size()}, OpenMode::create));
        EXPECT_EQ(file_count(), 1U);
    };
    leave_one();
    open();
    EXPECT_EQ(file_count(), 0U);

    // Of a store that seems to have been closed: a crash of the system, soon behind that open, may
    // bring the file back and keep what the open did to the log.
    opened.reset();
    leave_one();
    open();
    ASSERT_TRUE(opened->append("s", {"b"}));
    maintain();
    EXPECT_EQ(file_count(), 0U);
}

// Each call of the disk fails in turn. The transaction fails with it or does not; what is there
// afterwards is all of it or nothing, and the next one has room.
TEST_F(PrivateRuns, AreMadeOnDisksThatFail) {
    FaultyDisk faulty{machine.disk};
    disk = &faulty;
    std::uint64_t failure_count = 0;
    for (const Code code : {Code::io, Code::full}) {
        bool was_last = false;
        for (std::uint64_t call = 1; !was_last; call++) {
            SCOPED_TRACE(call);
            opened.reset();
            put_files(machine.disk, {});
            open();
            faulty.wanted = Error{code, 5};
            faulty.call_count = 0;
            faulty.fail_at = call;
            Status status = begin();
            for (int i = 0; status && i < 900; i++) status = append(name_of(i * 7919 % 10007));
            if (status) {
                const Result<Appended> done = transaction.commit(Durability::durable, diagnostic);
                if (!done) status = done.error();
            } else {
                transaction.rollback();
            }
            was_last = faulty.call_count < call;
            faulty.fail_at = ~std::uint64_t{0};
            failure_count += status ? 0U : 1U;
            EXPECT_TRUE(status || !was_last);
            open();
            const bool is_there = opened->store.statistics().stream_count == 900;
            EXPECT_TRUE(is_there || opened->store.statistics().stream_count == 0);
            EXPECT_TRUE(is_there || !status);
            if (is_there) continue;
            ASSERT_TRUE(begin());
            append_all(0, 900);
            commit();
            expect_streams(890, 900);
        }
    }
    EXPECT_GT(failure_count, 20U);
    opened.reset();  // It is over a disk of its own.
}

// The same done to a store with a small pool and to one with a large pool and no runs.
class Both {
public:
    Both() {
        small_.emplace(small_machine_.door(), middle_pool_options());
        large_.emplace(large_machine_.door(), large_pool_options());
    }
    void run(std::uint64_t seed);

private:
    void open_again() {
        const Files files = files_of(small_machine_.disk);
        held_.clear();
        small_.reset();
        put_files(small_machine_.disk, files);
        small_.emplace(small_machine_.door(), middle_pool_options());
        ASSERT_EQ(small_->error, Code::none);
    }
    void change(std::uint64_t step);
    void move_among_savepoints();
    // Of a stream, as a snapshot shows it.
    static Lines read(const Snapshot& snapshot, const std::string& stream) {
        Lines lines;
        StreamCursor cursor;
        if (!cursor.open(snapshot, stream, Horizon::newest(), Direction::backwards)) return lines;
        Recorded event;
        for (Result<bool> there = cursor.next(event); there && *there; there = cursor.next(event))
            lines.push_back(std::to_string(event.index) + " " +
                            std::string{as_text(event.payload)});
        return lines;
    }
    void expect_same(const Snapshot& small, const Snapshot& large) {
        for (int i = 0; i < 60; i++) {
            const std::string stream = name_of(static_cast<int>(random_() % 2500));
            ASSERT_EQ(read(small, stream), read(large, stream));
        }
    }

    std::mt19937_64 random_;
    Machine small_machine_{std::size_t{1} << 20};
    Machine large_machine_{std::size_t{1} << 20};
    std::optional<OpenStore> small_;
    std::optional<OpenStore> large_;
    std::array<Transaction, 2> transactions_;
    std::uint32_t savepoint_count_ = 0;
    std::vector<std::pair<Snapshot, Snapshot>> held_;
    Diagnostic diagnostic_;
    std::uint64_t next_id_ = 1;
};

void Both::change(std::uint64_t step) {
    const std::string stream = name_of(static_cast<int>(random_() % 2500));
    const std::string payload = std::to_string(step);
    std::vector<Event> events(random_() % 50 == 0 ? 40 : 1, event_of(payload));
    if (random_() % 3 == 0) events[0].id = id_of(next_id_++);
    std::array<Code, 2> codes{};
    for (std::size_t i = 0; i < 2; i++) {
        const Result<Appended> done =
            transactions_[i].append({stream, Expected::any(), events}, diagnostic_);
        codes[i] = done.error().code;
    }
    ASSERT_EQ(codes[0], Code::none) << step;
    ASSERT_EQ(codes[1], Code::none) << step;
}

void Both::move_among_savepoints() {
    const std::uint64_t what = random_() % 4;
    if (what < 2 && savepoint_count_ < 3) {
        for (Transaction& one : transactions_) ASSERT_TRUE(one.save(diagnostic_));
        savepoint_count_++;
    } else if (savepoint_count_ > 0) {
        const auto to = static_cast<std::uint32_t>(random_() % savepoint_count_);
        for (Transaction& one : transactions_)
            ASSERT_TRUE(what == 3 ? one.rollback_to(to, diagnostic_)
                                  : one.release(to, diagnostic_));
        savepoint_count_ = what == 3 ? to + 1 : to;
    }
}

void Both::run(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    std::size_t outgrown_count = 0;
    for (int round = 0; round < 12; round++) {
        ASSERT_TRUE(transactions_[0].begin(small_->store, diagnostic_));
        ASSERT_TRUE(transactions_[1].begin(large_->store, diagnostic_));
        savepoint_count_ = 0;
        const std::uint64_t step_count = random_() % 3000;
        for (std::uint64_t step = 0; step < step_count; step++) {
            ASSERT_NO_FATAL_FAILURE(change(step));
            if (random_() % 150 == 0) {
                ASSERT_NO_FATAL_FAILURE(move_among_savepoints());
            }
        }
        outgrown_count += store::own_tree(state_of(small_->store)).run_count;
        const bool is_kept = random_() % 4 != 0;
        for (Transaction& one : transactions_) {
            if (!is_kept) one.rollback();
            if (is_kept) {
                ASSERT_TRUE(one.commit(Durability::durable, diagnostic_))
                    << code_name(diagnostic_.error.code);
            }
        }
        auto& [small, large] = held_.emplace_back();
        ASSERT_TRUE(small_->store.snapshot(small));
        ASSERT_TRUE(large_->store.snapshot(large));
        for (const auto& one : held_) ASSERT_NO_FATAL_FAILURE(expect_same(one.first, one.second));
        // A reader holds what it sees, which may be all of the pool.
        const tree::Delta& delta = state_of(small_->store).delta;
        while (held_.size() > 1) held_.erase(held_.begin());
        if (2 * delta.page_used() > delta.page_count()) held_.clear();
        ASSERT_EQ(small_->read_log(), large_->read_log());
        ASSERT_EQ(small_->store.statistics().stream_count, large_->store.statistics().stream_count);
        const Maintenance how{.entry_count_max = random_() % 3000, .now = random_() % 2 == 0};
        ASSERT_TRUE(small_->store.maintain(diagnostic_, how));
        if (random_() % 4 == 0) {
            ASSERT_NO_FATAL_FAILURE(open_again());
        }
        if (held_.empty() || random_() % 4 == 0) {
            ASSERT_EQ(small_->verify(), Code::none);
        }
    }
    EXPECT_GT(outgrown_count, 3U);
}

TEST(PrivateRunsBesideALargePool, AreTheSameStore) {
    for (std::uint64_t seed = 1; seed <= 4; seed++) {
        Both both;
        ASSERT_NO_FATAL_FAILURE(both.run(seed));
    }
}

}  // namespace
}  // namespace freshet::test
