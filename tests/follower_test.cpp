// SPDX-License-Identifier: MIT
// Following: everything from an ordinal on, once and in order; that it has caught up, once each
// time; then what comes.
#include <atomic>
#include <thread>

#include "freshet/follower.hpp"
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Following : public ::testing::Test {
protected:
    Following() : open{machine.door(), small_options()} {}

    // The payload, or what else the step was.
    std::string step(std::uint64_t timeout_us = 0) {
        Recorded event;
        const Result<Follower::Step> step = follower.next(event, timeout_us);
        if (!step) return std::string{"error "} + code_name(step.error().code);
        switch (*step) {
            case Follower::Step::event: return std::string{as_text(event.payload)};
            case Follower::Step::caught_up: return "caught up";
            case Follower::Step::timeout: return "timeout";
        }
        return "?";
    }
    Lines steps(std::size_t count) {
        Lines lines;
        while (lines.size() < count) lines.push_back(step());
        return lines;
    }

    Machine machine;
    OpenStore open;
    Follower follower;
};

TEST_F(Following, CatchesUpSaysSoOnceAndGoesOnLive) {
    EXPECT_EQ(step(), "error invalid-argument");
    ASSERT_TRUE(open.append("s", {"0", "1"}));
    ASSERT_TRUE(open.append("t", {"2"}));
    ASSERT_TRUE(follower.open(open.store, 0));
    EXPECT_EQ(steps(6), (Lines{"0", "1", "2", "caught up", "timeout", "timeout"}));
    EXPECT_EQ(follower.next_ordinal(), 3U);
    ASSERT_TRUE(open.append("s", {"3"}));
    EXPECT_EQ(steps(3), (Lines{"3", "caught up", "timeout"}));
    ASSERT_TRUE(open.append("s", {"4"}));
    EXPECT_EQ(step(), "4");
    ASSERT_TRUE(open.append("s", {"5"}));
    EXPECT_EQ(steps(3), (Lines{"5", "caught up", "timeout"}));
    // Nothing that is not durable.
    ASSERT_TRUE(open.append("s", {"6"}, Expected::any(), Durability::deferred));
    EXPECT_EQ(step(), "timeout");
    ASSERT_TRUE(open.store.sync(open.diagnostic));
    EXPECT_EQ(steps(2), (Lines{"6", "caught up"}));
    follower.close();
    EXPECT_EQ(step(), "error invalid-argument");
}

TEST_F(Following, StartsAnywhereAndNotBehindTheEnd) {
    ASSERT_TRUE(open.append("s", {"0", "1"}));
    ASSERT_TRUE(follower.open(open.store, 1));
    EXPECT_EQ(steps(2), (Lines{"1", "caught up"}));
    ASSERT_TRUE(follower.open(open.store, 2));
    EXPECT_EQ(steps(2), (Lines{"caught up", "timeout"}));
    EXPECT_EQ(follower.open(open.store, 3).error().code, Code::ahead_of_log);
    EXPECT_EQ(step(), "error invalid-argument");
    Store closed;
    EXPECT_EQ(follower.open(closed, 0).error().code, Code::invalid_argument);
    ASSERT_TRUE(follower.open(open.store, 0));
    follower.close();
    ASSERT_TRUE(open.store.close());
}

TEST_F(Following, PassesOverWhatTheFilterHolds) {
    ASSERT_TRUE(follower.open(open.store, 0, {"acct-", ""}));
    EXPECT_EQ(step(), "caught up");
    ASSERT_TRUE(open.append("other", {"0"}));
    EXPECT_EQ(step(), "timeout");
    EXPECT_EQ(follower.next_ordinal(), 1U);
    ASSERT_TRUE(open.append("acct-1", {"1"}));
    EXPECT_EQ(steps(2), (Lines{"1", "caught up"}));
}

// The log goes on in the next segment, behind a filled one and behind one that a large transaction
// began.
TEST_F(Following, GoesFromSegmentToSegment) {
    ASSERT_TRUE(follower.open(open.store, 0));
    const std::string filler(3000, 'x');
    std::uint64_t count = 0;
    for (int i = 0; i < 60; i++) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (int k = 0; k < (i % 20 == 3 ? 50 : 1); k++, count++) {
            const std::string payload = std::to_string(count) + filler;
            const std::vector<Event> events = {event_of(payload)};
            ASSERT_TRUE(transaction.append({"s", Expected::any(), events}, open.diagnostic));
        }
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        if (i % 4 != 0) continue;
        while (follower.next_ordinal() < count) {
            const std::string wanted = std::to_string(follower.next_ordinal()) + filler;
            ASSERT_EQ(step(), wanted);
        }
        ASSERT_EQ(steps(2), (Lines{"caught up", "timeout"}));
    }
    EXPECT_GT(open.store.statistics().segment_count, 5U);
}

TEST_F(Following, GoesOnWhenASnapshotIsFreeAgain) {
    ASSERT_TRUE(open.append("s", {"0"}));
    ASSERT_TRUE(follower.open(open.store, 0));
    EXPECT_EQ(step(), "0");
    std::vector<Snapshot> snapshots(small_options().snapshot_count_max - 1);
    for (Snapshot& snapshot : snapshots) ASSERT_TRUE(open.store.snapshot(snapshot));
    EXPECT_EQ(step(), "caught up");
    follower.close();
    Snapshot more;
    ASSERT_TRUE(open.store.snapshot(more));
    EXPECT_EQ(follower.open(open.store, 0).error().code, Code::too_many_snapshots);
    more.close();
    EXPECT_TRUE(follower.open(open.store, 0));
    EXPECT_EQ(steps(2), (Lines{"0", "caught up"}));
}

// Readers beside it take the only snapshot whenever it is free: the follower says so, and goes on
// when it gets it back.
TEST_F(Following, SaysThatThereIsNoSnapshotAndGoesOnLater) {
    Machine other;
    Options one = small_options();
    one.snapshot_count_max = 1;
    OpenStore store{other.door(), one};
    ASSERT_TRUE(store.append("s", {"0"}));
    ASSERT_TRUE(follower.open(store.store, 0));
    Recorded event;
    ASSERT_EQ(*follower.next(event, 0), Follower::Step::event);
    std::atomic<bool> is_done{false};
    std::thread reader{[&] {
        while (!is_done) {
            Snapshot snapshot;
            static_cast<void>(store.store.snapshot(snapshot));
        }
    }};
    Code code = Code::none;
    while (code == Code::none) code = follower.next(event, 0).error().code;
    EXPECT_EQ(code, Code::too_many_snapshots);
    for (int i = 0; i < 1000 || code != Code::none; i++) {
        code = follower.next(event, 0).error().code;
        ASSERT_TRUE(code == Code::none || code == Code::too_many_snapshots);
    }
    is_done = true;
    reader.join();
    ASSERT_TRUE(store.append("s", {"1"}));
    ASSERT_EQ(*follower.next(event, 0), Follower::Step::event);
    EXPECT_EQ(as_text(event.payload), "1");
    ASSERT_TRUE(store.store.close());
    EXPECT_EQ(follower.next(event, 0).error().code, Code::invalid_argument);
    follower.close();
    EXPECT_EQ(follower.next(event, 0).error().code, Code::invalid_argument);
}

// A wait ends when something comes, and a wait for ever ends with nothing else: not with a commit
// that the filter holds back, nor with a sync of nothing new.
TEST_F(Following, WaitsForWhatComes) {
    ASSERT_TRUE(follower.open(open.store, 0, {"s", ""}));
    EXPECT_EQ(step(), "caught up");
    EXPECT_EQ(step(1000), "timeout");
    std::thread writer{[&] {
        Diagnostic diagnostic;
        const std::vector<Event> events = {event_of("x")};
        for (int i = 0; i < 20; i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            EXPECT_TRUE(open.store.maintain(diagnostic));
            EXPECT_TRUE(open.store.append({"other", Expected::any(), events}, diagnostic));
        }
        EXPECT_TRUE(open.store.append({"s", Expected::any(), events}, diagnostic));
    }};
    EXPECT_EQ(step(wait_for_ever), "x");
    writer.join();
    EXPECT_EQ(step(wait_for_ever), "caught up");
    EXPECT_EQ(follower.next_ordinal(), 21U);
}

TEST_F(Following, NeverSkipsADamagedEvent) {
    for (const std::string_view payload : {"00000000", "11111111", "22222222"})
        ASSERT_TRUE(open.append("s", {payload}));
    ASSERT_TRUE(follower.open(open.store, 0));
    const std::string_view memory{reinterpret_cast<const char*>(machine.memory.data()),
                                  machine.memory.size()};
    machine.memory[memory.find("11111111")] ^= std::byte{1};
    EXPECT_EQ(steps(4), (Lines{"00000000", "error corrupt", "error corrupt", "error corrupt"}));
    EXPECT_EQ(follower.next_ordinal(), 1U);
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    LogCursor cursor;
    Recorded event;
    ASSERT_TRUE(cursor.open(snapshot, LogStart::commit(2)));
    for (int i = 0; i < 3; i++) EXPECT_EQ(cursor.next(event).error().code, Code::corrupt);
    ASSERT_TRUE(cursor.open(snapshot, LogStart::commit(3)));
    EXPECT_TRUE(*cursor.next(event));
}

}  // namespace
}  // namespace freshet::test
