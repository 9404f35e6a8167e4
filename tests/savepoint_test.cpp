// SPDX-License-Identifier: MIT
// Going back within a transaction: of the tree, of the log, and of the store that is made of both.
#include <random>

#include "faulty_disk.hpp"
#include "relation/row_stream.hpp"
#include "tree_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

// Goal: the tree is at each savepoint what it was there. Method: random puts, erasures, savepoints,
// ways back and forgetting, beside a stack of maps; snapshots that are held see none of it.
void run_tree(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    tree::Subject subject{3000};
    std::vector<tree::Snapshot> held;
    for (int transaction = 0; transaction < 30; transaction++) {
        subject.begin();
        std::vector<std::pair<tree::Delta::Savepoint, tree::Map>> savepoints;
        for (int step = 0; step < 60; step++) {
            const std::string key = "k" + std::to_string(random() % 800);
            const auto what = random() % 20;
            if (what < 10) {
                ASSERT_EQ(subject.put(key, std::string(random() % 200, 'v')), Code::none);
            } else if (what < 15) {
                for (int i = 0; i < 10; i++) {
                    const auto there = subject.map.lower_bound(key);
                    if (there == subject.map.end()) break;
                    ASSERT_EQ(subject.erase(std::string{there->first}), Code::none);
                }
            } else if (what < 17) {
                savepoints.emplace_back(subject.delta.save(), subject.map);
            } else if (what < 19 && !savepoints.empty()) {
                const std::size_t keep = 1 + random() % savepoints.size();
                savepoints.resize(keep, savepoints.front());
                subject.delta.rollback_to(savepoints.back().first);
                subject.map = savepoints.back().second;
                tree::expect_same(subject.delta, subject.delta.root(), subject.map);
            } else if (!savepoints.empty()) {
                subject.delta.forget(savepoints.back().first);
                savepoints.pop_back();
            }
        }
        tree::expect_same(subject.delta, subject.delta.root(), subject.map);
        if (random() % 4 == 0) {
            subject.rollback();
        } else {
            for (; !savepoints.empty(); savepoints.pop_back())
                subject.delta.forget(savepoints.back().first);
            const tree::Root root = subject.seal(tree::versions(held));
            tree::expect_no_page_lost(subject, held);
            if (held.size() < 4) held.push_back({root, subject.map});
        }
        for (const tree::Snapshot& snapshot : held)
            tree::expect_same(subject.delta, snapshot.root, snapshot.map);
        if (!held.empty() && random() % 3 == 0) held.erase(held.begin());
    }
}

TEST(Savepoint, OfTheTreeIsWhatItWas) {
    for (std::uint64_t seed = 1; seed <= 30; seed++) run_tree(seed);
}

// A long transaction of many small statements takes no more pages than a short one.
TEST(Savepoint, KeepsNoPageOnceItIsForgotten) {
    tree::Subject subject{40};
    subject.begin();
    for (int i = 0; i < 20'000; i++) {
        const tree::Delta::Savepoint savepoint = subject.delta.save();
        ASSERT_EQ(subject.put("k" + std::to_string(i % 100), std::to_string(i)), Code::none) << i;
        subject.delta.forget(savepoint);
    }
    tree::expect_same(subject.delta, subject.seal(), subject.map);
    tree::expect_no_page_lost(subject, {});
}

// The same within another savepoint: what statements had dropped was kept aside there, so that some
// thousands of them behind a SAVEPOINT filled any pool.
TEST(Savepoint, KeepsNoPageOnceItIsForgottenWithinAnother) {
    tree::Subject subject{60};
    subject.begin();
    std::vector<tree::Delta::Savepoint> outer;
    for (int depth = 0; depth < 4; depth++) {
        ASSERT_EQ(subject.put("d" + std::to_string(depth), "x"), Code::none);
        outer.push_back(subject.delta.save());
        const tree::Map before = subject.map;
        for (int way = 0; way < 2; way++) {
            for (int i = 0; i < 3'000; i++) {
                const tree::Delta::Savepoint savepoint = subject.delta.save();
                ASSERT_EQ(subject.put("k" + std::to_string(i % 100), std::to_string(i)), Code::none)
                    << i;
                subject.delta.forget(savepoint);
            }
            if (way == 1) break;
            subject.delta.rollback_to(outer.back());
            subject.map = before;
        }
    }
    tree::expect_same(subject.delta, subject.delta.root(), subject.map);
    for (; !outer.empty(); outer.pop_back()) subject.delta.forget(outer.back());
    tree::expect_same(subject.delta, subject.seal(), subject.map);
    tree::expect_no_page_lost(subject, {});
}

class Savepoints : public ::testing::Test {
protected:
    void start(const Options& options) {
        open.emplace(machine.door(), options);
        ASSERT_TRUE(transaction.begin(open->store, diagnostic));
    }
    Code append(std::string_view stream, const std::string& payload,
                Expected expected = Expected::any()) {
        const std::vector<Event> events = {event_of(payload)};
        return transaction.append({stream, expected, events}, diagnostic).error().code;
    }
    std::uint32_t save() {
        const Result<std::uint32_t> number = transaction.save(diagnostic);
        EXPECT_TRUE(number);
        return number ? *number : 99;
    }
    Code back_to(std::uint32_t number) {
        return transaction.rollback_to(number, diagnostic).error().code;
    }
    Code release(std::uint32_t number) {
        return transaction.release(number, diagnostic).error().code;
    }
    Code commit() { return transaction.commit(Durability::durable, diagnostic).error().code; }

    Machine machine;
    std::optional<OpenStore> open;
    Transaction transaction;
    Diagnostic diagnostic;
};

TEST_F(Savepoints, TakeBackWhatCameSince) {
    start(small_options());
    ASSERT_EQ(append("a", "0"), Code::none);
    EXPECT_EQ(save(), 0U);
    ASSERT_EQ(append("a", "1"), Code::none);
    ASSERT_EQ(append("b", "x"), Code::none);
    EXPECT_EQ(save(), 1U);
    ASSERT_EQ(append("c", "y"), Code::none);
    EXPECT_EQ(back_to(1), Code::none);
    ASSERT_EQ(append("b", "z", Expected::version(0)), Code::none);
    EXPECT_EQ(back_to(0), Code::none);
    EXPECT_EQ(back_to(1), Code::invalid_argument);
    ASSERT_EQ(append("b", "w", Expected::no_stream()), Code::none);
    EXPECT_EQ(release(0), Code::none);
    EXPECT_EQ(release(0), Code::invalid_argument);
    ASSERT_EQ(append("a", "2", Expected::version(0)), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(open->read_log(), (Lines{"1 0 a@0 0", "1 1 b@0 w", "1 2 a@1 2"}));
    EXPECT_EQ(open->store.statistics().stream_count, 2U);
    EXPECT_EQ(open->verify(), Code::none);
}

TEST_F(Savepoints, ForgetFailuresSince) {
    start(small_options());
    ASSERT_EQ(append("a", "0"), Code::none);
    const std::uint32_t number = save();
    EXPECT_EQ(append("a", "1", Expected::no_stream()), Code::wrong_version);
    EXPECT_EQ(append("a", "1"), Code::invalid_argument);
    EXPECT_EQ(transaction.save(diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(release(number), Code::invalid_argument);
    EXPECT_EQ(back_to(number), Code::none);
    EXPECT_EQ(append("a", "1"), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(open->read("a"), (Lines{"0", "1"}));
}

TEST_F(Savepoints, AreRefusedWhereTheyMakeNoSense) {
    EXPECT_EQ(transaction.save(diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(back_to(0), Code::invalid_argument);
    EXPECT_EQ(release(0), Code::invalid_argument);
    start(small_options());
    for (std::uint32_t i = 0; i < savepoint_count_max; i++) EXPECT_EQ(save(), i);
    EXPECT_EQ(transaction.save(diagnostic).error().code, Code::too_large);
    EXPECT_EQ(diagnostic.limit, savepoint_count_max);
    ASSERT_EQ(append("a", "0"), Code::none);
    ASSERT_EQ(commit(), Code::none);
    ASSERT_TRUE(transaction.begin(open->store, diagnostic));
    EXPECT_EQ(save(), 0U);
    transaction.rollback();
    ASSERT_TRUE(transaction.begin(open->store, diagnostic));
    EXPECT_EQ(back_to(0), Code::invalid_argument);
}

// Of a frame that names a stream and has no event.
TEST_F(Savepoints, TakeBackTheFirstEventOfAFrame) {
    start(small_options());
    ASSERT_TRUE(transaction.create("empty", diagnostic));
    EXPECT_EQ(save(), 0U);
    ASSERT_EQ(append("a", "0"), Code::none);
    EXPECT_EQ(back_to(0), Code::none);
    ASSERT_EQ(append("b", "1"), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(open->read_log(), (Lines{"1 0 b@0 1"}));
    EXPECT_EQ(open->verify(), Code::none);
}

// So many streams that some of them share the place where they are looked for.
TEST_F(Savepoints, TakeBackManyStreamsOfAFrame) {
    Options options = small_options();
    options.frame_size_max = 1 << 14;
    start(options);
    ASSERT_EQ(append("before", "0"), Code::none);
    EXPECT_EQ(save(), 0U);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 250; i++)
            ASSERT_EQ(append(std::to_string(i), "x", Expected::no_stream()), Code::none);
        EXPECT_EQ(back_to(0), Code::none);
    }
    ASSERT_EQ(append("before", "1", Expected::version(0)), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(open->read_log(), (Lines{"1 0 before@0 0", "1 1 before@1 1"}));
    EXPECT_EQ(open->verify(), Code::none);
}

// A commit of which nothing is left is none.
TEST_F(Savepoints, LeaveNoCommitWhereNothingIsLeft) {
    start(small_options());
    const std::uint32_t number = save();
    ASSERT_EQ(append("a", "0"), Code::none);
    EXPECT_EQ(back_to(number), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(open->store.head().commit, 0U);
}

// A row that finds no room on the disk leaves a frame that is open, and has nothing in it.
TEST(SavepointsOfRows, AreTakenBeforeTheFirstOneThatFindsRoom) {
    Machine machine;
    FaultyDisk faulty{machine.disk};
    relation::RowKeeper keeper;
    Options options = small_options();
    options.rows = &keeper;
    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, options};
    Transaction transaction;
    Diagnostic diagnostic;
    ASSERT_TRUE(transaction.begin(open.store, diagnostic));
    relation::RowWriter writer{transaction};
    const std::string image(options.frame_size_max - 200, 'i');
    const auto insert = [&](std::string_view key) {
        return writer
            .write(relation::RowName{1, as_bytes(key)}, relation::RowChange::insert,
                   as_bytes(image))
            .error()
            .code;
    };
    faulty.wanted = Error{Code::full, 28};
    faulty.fail_at = faulty.call_count + 1;
    faulty.for_ever = true;
    ASSERT_EQ(insert("a"), Code::full);
    faulty.wanted = Error{};
    ASSERT_TRUE(transaction.save(diagnostic));
    for (const char* const key : {"a", "b", "c"}) EXPECT_EQ(insert(key), Code::none);
    ASSERT_TRUE(transaction.rollback_to(0, diagnostic));
    EXPECT_EQ(insert("d"), Code::none);
    ASSERT_TRUE(transaction.commit(Durability::durable, diagnostic));
    EXPECT_EQ(open.store.head().next_ordinal, 1U);
    EXPECT_EQ(open.verify(), Code::none);
}

// Goal: a part that was written is read back with care. Method: each byte of it is damaged in turn
// before the transaction goes back into it; that is said, or what comes of it passes verification,
// or the damage lies in a part before it, and is named then.
TEST(SavepointsInWrittenParts, AreReadBackWithCare) {
    std::size_t named = 0;
    for (const Digest digest : {Digest::none, Digest::sha256}) {
        Options options = tiny_options();
        options.pool_size = std::size_t{256} << 10;
        options.digest = digest;
        for (std::size_t offset = 96; offset < 1000; offset++) {
            Machine machine{8192};
            OpenStore open{machine.door(), options};
            Transaction transaction;
            Diagnostic diagnostic;
            ASSERT_TRUE(transaction.begin(open.store, diagnostic));
            const std::string payload(200, 'p');
            for (int i = 0; i < 14; i++) {
                const std::vector<Event> events = {event_of(payload, 0, i == 1 ? "U" : "T")};
                const std::string stream = "s" + std::to_string(i);
                ASSERT_TRUE(transaction.append({stream, Expected::any(), events}, diagnostic));
                if (i == 2) {
                    ASSERT_TRUE(transaction.save(diagnostic));
                }
            }
            const Result<File> file = machine.disk.open("00000001.log", OpenMode::write);
            ASSERT_TRUE(file);
            std::array<std::byte, 1> byte{};
            ASSERT_TRUE(machine.disk.read(*file, offset, byte));
            byte[0] = ~byte[0];
            ASSERT_TRUE(machine.disk.write(*file, offset, byte, {}));
            machine.disk.close(*file);
            const Status back = transaction.rollback_to(0, diagnostic);
            if (!back) {
                EXPECT_EQ(back.error().code, Code::corrupt);
                EXPECT_EQ(transaction.save(diagnostic).error().code, Code::invalid_argument);
                named++;
                continue;
            }
            ASSERT_TRUE(transaction.commit(Durability::durable, diagnostic));
            const Code verified = open.verify();
            ASSERT_TRUE(verified == Code::none || verified == Code::corrupt) << offset;
            named += verified == Code::corrupt ? 1U : 0U;
        }
    }
    EXPECT_GT(named, 300U);
}

// Goal: what is taken back leaves no trace, and what is not stays, whatever was sealed, written or
// begun meanwhile. Method: transactions of random appends, savepoints and ways back in a store with
// tiny frames and segments, beside a model of lines; now and then the writer stops instead of
// closing, and the log is read back and verified.
void run_store(std::uint64_t seed, const Options& options) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random{seed};
    Machine machine{std::max<std::size_t>(8192, options.segment_size)};
    std::map<std::string, Lines> model;
    for (int life = 0; life < 3; life++) {
        OpenStore open{machine.door(), options};
        for (int i = 0; i < 4; i++) {
            Transaction transaction;
            Diagnostic diagnostic;
            ASSERT_TRUE(transaction.begin(open.store, diagnostic));
            std::map<std::string, Lines> now = model;
            std::vector<std::map<std::string, Lines>> savepoints;
            for (int step = 0; step < 40; step++) {
                const auto what = random() % 12;
                if (what < 8) {
                    const std::string stream = "s" + std::to_string(random() % 9);
                    const std::string payload =
                        std::to_string(random()) + std::string(random() % 500, 'p');
                    std::vector<Event> events = {event_of(payload, 1 + random())};
                    if (random() % 3 == 0) events[0].type = "other";
                    Lines& lines = now[stream];
                    const auto version = static_cast<std::int64_t>(lines.size()) - 1;
                    const Expected expected =
                        lines.empty() ? Expected::no_stream() : Expected::version(version);
                    ASSERT_TRUE(transaction.append({stream, expected, events}, diagnostic))
                        << code_name(diagnostic.error.code);
                    lines.push_back(payload);
                } else if (what < 10) {
                    if (savepoints.size() == savepoint_count_max) continue;
                    ASSERT_TRUE(transaction.save(diagnostic));
                    savepoints.push_back(now);
                } else if (!savepoints.empty()) {
                    const std::size_t number = random() % savepoints.size();
                    if (what == 10) {
                        ASSERT_TRUE(
                            transaction.rollback_to(static_cast<std::uint32_t>(number), diagnostic))
                            << code_name(diagnostic.error.code);
                        now = savepoints[number];
                        savepoints.resize(number + 1);
                    } else {
                        ASSERT_TRUE(
                            transaction.release(static_cast<std::uint32_t>(number), diagnostic));
                        savepoints.resize(number);
                    }
                }
            }
            if (random() % 5 == 0) continue;
            ASSERT_TRUE(transaction.commit(Durability::durable, diagnostic));
            model = now;
        }
        for (const auto& [stream, lines] : model) {
            if (!lines.empty()) {
                ASSERT_EQ(open.read(stream), lines);
            }
        }
        ASSERT_EQ(open.verify(), Code::none);
        if (random() % 2 == 0) {
            ASSERT_TRUE(open.store.close());
        } else {
            const Files stopped = files_of(machine.disk);
            ASSERT_TRUE(open.store.close());
            put_files(machine.disk, stopped);
        }
    }
    OpenStore again{machine.door(), options};
    for (const auto& [stream, lines] : model) {
        if (!lines.empty()) {
            ASSERT_EQ(again.read(stream), lines);
        }
    }
    ASSERT_EQ(again.verify(), Code::none);
}

TEST(SavepointsAtRandom, AreWhatTheyWere) {
    for (std::uint64_t seed = 1; seed <= 60; seed++) {
        Options options = tiny_options();
        if (seed % 4 == 0) options = small_options();
        options.pool_size = std::size_t{256} << 10;
        if (seed % 3 == 0) options.digest = Digest::sha256;
        run_store(seed, options);
        if (::testing::Test::HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace freshet::test
