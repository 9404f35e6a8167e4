// SPDX-License-Identifier: MIT
// A sync of somebody else's commit fails while a transaction goes on: whatever the transaction does
// next, nothing of it is written, and it is told why.
#include <atomic>
#include <thread>

#include "tests/faulty_disk.hpp"

namespace freshet::test {
namespace {

class Poison : public ::testing::Test {
protected:
    // The log grows by so much.
    explicit Poison(std::uint32_t growth_size = 4096) : options{options_of(growth_size)} {}
    static Options options_of(std::uint32_t growth_size) {
        Options its = tiny_options();
        its.growth_size = growth_size;
        return its;
    }

    // A transaction is begun, with events of these sizes; then the sync of the commit before it,
    // which the other thread waits for, fails.
    void begin_and_fail(const std::vector<std::size_t>& sizes) {
        std::atomic<bool> is_syncing{false};
        std::atomic<bool> may_fail{false};
        faulty.before_sync = [&] {
            is_syncing = true;
            while (!may_fail) std::this_thread::yield();
        };
        std::thread other{[&] {
            const std::vector<Event> events = {event_of("x")};
            Diagnostic diagnostic;
            const StreamAppend append{"s", Expected::any(), events};
            EXPECT_EQ(open.store.append(append, diagnostic).error().code, Code::durability_unknown);
        }};
        while (!is_syncing) std::this_thread::yield();
        EXPECT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (const std::size_t size : sizes) EXPECT_EQ(add(size), Code::none);
        faulty.syncs_fail = true;
        may_fail = true;
        other.join();
        faulty.before_sync = nullptr;
        written = files_of(machine.disk);
    }

    Code add(std::size_t size) {
        const std::string payload(size, 'p');
        const std::vector<Event> events = {event_of(payload)};
        const auto appended =
            transaction.append({"large", Expected::any(), events}, open.diagnostic);
        return appended.error().code;
    }

    void expect_nothing_written() {
        transaction.rollback();
        EXPECT_EQ(files_of(machine.disk), written);
        EXPECT_EQ(open.append_events("s", {event_of("y")}), Code::poisoned);
        EXPECT_FALSE(open.store.close());
        OpenStore again{machine.door(), tiny_options()};
        EXPECT_EQ(again.error, Code::none);
        for (const std::string& line : again.read_log())
            EXPECT_EQ(line.find("large"), std::string::npos);
    }

    // A log whose space is reserved up to its end, so that no sync comes before that of the commit.
    void SetUp() override { ASSERT_TRUE(open.append("s", {std::string(700, 'a')})); }

    Machine machine{8192};
    FaultyDisk faulty{machine.disk};
    Options options;
    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, options};
    Transaction transaction;
    Files written;
};

TEST_F(Poison, StopsATransactionThatNeedsRoomInTheBuffer) {
    begin_and_fail({700, 700});
    EXPECT_EQ(add(700), Code::poisoned);
    expect_nothing_written();
}

class PoisonInALogThatGrows : public Poison {
protected:
    PoisonInALogThatGrows() : Poison{1536} {}
};

TEST_F(PoisonInALogThatGrows, StopsATransactionThatNeedsSpace) {
    begin_and_fail({});
    EXPECT_EQ(add(700), Code::poisoned);
    expect_nothing_written();
}

TEST_F(Poison, StopsATransactionThatGoesToTheNextSegment) {
    for (int i = 0; i < 3; i++) ASSERT_TRUE(open.append("s", {std::string(700, 'b')}));
    begin_and_fail({});
    EXPECT_EQ(add(800), Code::poisoned);
    expect_nothing_written();
}

}  // namespace
}  // namespace freshet::test
