// SPDX-License-Identifier: MIT
// The scheduler finds the interleaving that breaks a program, finds none for a right one, and says
// so when nobody can go on.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "freshet/sim.hpp"

namespace freshet {
namespace {

enum class Care : std::uint8_t { none, locked };

// Two fibres that each read a counter, make a call, and write it back plus one.
struct Counter {
    SimScheduler& scheduler;
    SimGate& gate;
    Care care;
    int value = 0;

    static void add(void* context) {
        auto& self = *static_cast<Counter*>(context);
        if (self.care == Care::locked) self.gate.lock(Turn::writer);
        const int seen = self.value;
        self.scheduler.yield();
        self.value = seen + 1;
        if (self.care == Care::locked) self.gate.unlock(Turn::writer);
    }
};

std::set<int> outcomes(Care care, std::uint32_t switch_count_max) {
    std::set<int> found;
    EveryChoice choice;
    do {
        SimClock clock;
        SimScheduler scheduler{
            choice, clock, {.switch_percent = 0, .switch_count_max = switch_count_max}};
        SimGate gate{clock, &scheduler};
        Counter counter{scheduler, gate, care};
        scheduler.spawn(&Counter::add, &counter);
        scheduler.spawn(&Counter::add, &counter);
        EXPECT_TRUE(scheduler.run());
        found.insert(counter.value);
    } while (choice.next());
    return found;
}

TEST(Scheduler, FindsALostUpdateWithOneSwitch) {
    EXPECT_EQ(outcomes(Care::none, 0), std::set<int>{2});
    EXPECT_EQ(outcomes(Care::none, 1), (std::set<int>{1, 2}));
}

TEST(Scheduler, FindsNoneUnderALock) {
    EXPECT_EQ(outcomes(Care::locked, 3), std::set<int>{2});
}

// One waits to be woken, one wakes; whichever comes first.
struct Meeting {
    SimGate& gate;
    bool ready = false;
    bool seen = false;

    static void wait(void* context) {
        auto& self = *static_cast<Meeting*>(context);
        self.gate.lock(Turn::commit);
        while (!self.ready) self.gate.wait(Turn::commit, wait_for_ever);
        self.seen = true;
        self.gate.unlock(Turn::commit);
    }
    static void wake(void* context) {
        auto& self = *static_cast<Meeting*>(context);
        self.gate.lock(Turn::commit);
        self.ready = true;
        self.gate.wake(Turn::commit);
        self.gate.unlock(Turn::commit);
    }
};

TEST(Scheduler, AWaiterIsWokenInEveryOrder) {
    EveryChoice choice;
    do {
        SimClock clock;
        SimScheduler scheduler{choice, clock, {.switch_percent = 0, .switch_count_max = 4}};
        SimGate gate{clock, &scheduler};
        Meeting meeting{gate};
        scheduler.spawn(&Meeting::wait, &meeting);
        scheduler.spawn(&Meeting::wake, &meeting);
        ASSERT_TRUE(scheduler.run());
        ASSERT_TRUE(meeting.seen);
        ASSERT_TRUE(gate.is_free());
    } while (choice.next());
}

TEST(Scheduler, SaysWhenAllWaitForEver) {
    std::string said;
    sim_on_violation(
        [](void* context, std::string_view what) { *static_cast<std::string*>(context) = what; },
        &said);
    SeedChoice choice{1};
    SimClock clock;
    SimScheduler scheduler{choice, clock, {}};
    SimGate gate{clock, &scheduler};
    Meeting meeting{gate};
    scheduler.spawn(&Meeting::wait, &meeting);
    EXPECT_FALSE(scheduler.run());
    EXPECT_NE(said.find("deadlock"), std::string::npos);
    sim_on_violation(nullptr, nullptr);
}

TEST(Scheduler, ASleeperWakesWhenItsTimeHasCome) {
    SeedChoice choice{1};
    SimClock clock;
    SimScheduler scheduler{choice, clock, {}};
    SimGate gate{clock, &scheduler};
    scheduler.spawn(
        [](void* context) {
            auto& its_gate = *static_cast<SimGate*>(context);
            its_gate.lock(Turn::commit);
            its_gate.wait(Turn::commit, 5000);
            its_gate.unlock(Turn::commit);
        },
        &gate);
    const std::uint64_t before = clock.peek_us();
    EXPECT_TRUE(scheduler.run());
    EXPECT_EQ(clock.peek_us(), before + 5000);
}

}  // namespace
}  // namespace freshet
