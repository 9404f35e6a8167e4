// SPDX-License-Identifier: MIT
// The simulator's own promises: the same seed is the same life, what it counts is what a formula
// predicts, a lie told to the model is found and made small. And a little of each search, so that
// every run of the tests crashes the store some thousand times.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/crowd.hpp"
#include "sim/harness.hpp"
#include "sim/search.hpp"
#include "sim/table_life.hpp"

namespace freshet::sim {
namespace {

class SimTest : public testing::Test {
protected:
    static void SetUpTestSuite() { set_report(make_report()); }
    SimTest() : found_{std::make_unique<SearchResult>()} {}
    std::unique_ptr<SearchResult> found_;
};

TEST_F(SimTest, TheSameSeedIsTheSameLife) {
    for (std::uint64_t seed = 0; seed < 40; seed++) {
        Rules rules;
        rules.branch_count = seed % 16 == 0 ? 2 : 0;
        EXPECT_EQ(live_by_seed(seed, rules), live_by_seed(seed, rules)) << seed;
    }
}

TEST_F(SimTest, ALifeIsRepeatedFromItsTape) {
    for (std::uint64_t seed = 1; seed < 20; seed++) {
        SeedChoice choice{seed};
        Tape tape;
        choice.record(&tape);
        static_cast<void>(choice.below(8, Domain::workload));
        sim::Run run{choice, Rules{}, tape};
        run.live();
        Tape read;
        ASSERT_TRUE(read.parse(run.tape().text()));
        // Whose life it is says the first number; of one writer's life the tape is the whole.
        if (read.chunks[0][0][0] >= sim::table_life_number) continue;
        EXPECT_EQ(live_by_tape(read, Rules{}), run.hash()) << seed;
    }
}

TEST_F(SimTest, EveryCrashOfEveryLifeOfTwoOperationsIsSurvived) {
    search_crashes(2, Share{}, *found_);
    EXPECT_EQ(found_->visited, found_->predicted);
    EXPECT_EQ(found_->nested_visited, found_->nested_predicted);
    EXPECT_GT(found_->visited, 1000U);
}

TEST_F(SimTest, FlippedBitsAreNamedOrHarmless) {
    search_flips(9973, Share{}, *found_);
    EXPECT_GT(found_->named, 50U);
}

TEST_F(SimTest, SomeFaultsAtEveryCallAreSurvived) {
    search_faults(Share{.number = 39, .count = 40}, *found_);
    EXPECT_GT(found_->failed_calls, 100U);
}

// The model is told that a deferred commit is acknowledged: a crash must find that out, and the
// script be short.
TEST_F(SimTest, ALieIsFoundAndMadeSmall) {
    Rules rules;
    rules.canary_bug = true;
    Failure& failure = *make_failure();
    for (std::uint64_t seed = 1;; seed++) {
        ASSERT_LT(seed, 200U) << "the canary sings on";
        SeedChoice choice{seed};
        Tape tape;
        tape.chunks.resize(41);
        for (Tape::Chunk& chunk : tape.chunks)
            for (std::size_t domain = 0; domain < domain_count; domain++)
                for (int i = 0; i < 24; i++)
                    chunk[domain].push_back(choice.below(1 << 20, static_cast<Domain>(domain)));
        tape.chunks[0][0][0] = 0;
        if (!fails(tape, rules, failure)) continue;
        Tape small = tape;
        for (int turn = 0; turn < 10 && small.chunks.size() > 10; turn++)
            small = shrink(small, rules, failure, 2);
        EXPECT_LE(small.chunks.size(), 10U);
        EXPECT_TRUE(fails(small, rules, failure));
        EXPECT_FALSE(fails(small, Rules{}, failure)) << failure.what.data();
        break;
    }
}

TEST_F(SimTest, WhatOnceFailedDoesNotFailAgain) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"sim/regress"}) {
        std::stringstream text;
        text << std::ifstream{entry.path()}.rdbuf();
        Tape tape;
        ASSERT_TRUE(tape.parse(text.str())) << entry.path();
        static_cast<void>(live_by_tape(tape, Rules{}));
        count++;
    }
    EXPECT_GT(count, 0U);
}

}  // namespace
}  // namespace freshet::sim
