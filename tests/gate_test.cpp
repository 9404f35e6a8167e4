// SPDX-License-Identifier: MIT
// The clock and the gate of POSIX.
#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "freshet/posix.hpp"

namespace freshet {
namespace {

TEST(PosixClock, TellsTheTimeAndRandomBytes) {
    PosixClock clock;
    EXPECT_GT(clock.now_us(), 1'700'000'000'000'000U);
    std::array<std::byte, 1000> first{};
    std::array<std::byte, 1000> second{};
    clock.random(first);
    clock.random(second);
    clock.random({});
    EXPECT_NE(first, second);
}

TEST(PosixGate, LetsOneInAtATime) {
    PosixGate gate;
    int count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int k = 0; k < 1000; k++) {
                gate.lock(Turn::writer);
                count++;
                gate.unlock(Turn::writer);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(count, 4000);
}

TEST(PosixGate, WakesAllWhoWait) {
    PosixGate gate;
    bool ready = false;
    int woken = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            gate.lock(Turn::commit);
            while (!ready) gate.wait(Turn::commit, wait_for_ever);
            woken++;
            gate.unlock(Turn::commit);
        });
    }
    gate.lock(Turn::commit);
    ready = true;
    gate.wake(Turn::commit);
    gate.unlock(Turn::commit);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(woken, 4);
}

TEST(PosixGate, WaitsNoLongerThanAsked) {
    PosixGate gate;
    PosixClock clock;
    gate.lock(Turn::writer);
    gate.wait(Turn::writer, 0);
    const std::uint64_t before_us = clock.now_us();
    gate.wait(Turn::writer, 20'000);
    EXPECT_LT(clock.now_us() - before_us, 10'000'000U);
    std::thread waker{[&] {
        gate.lock(Turn::writer);
        gate.wake(Turn::writer);
        gate.unlock(Turn::writer);
    }};
    gate.wait(Turn::writer, wait_for_ever - 1);
    gate.unlock(Turn::writer);
    waker.join();
}

}  // namespace
}  // namespace freshet
