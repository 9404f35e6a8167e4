// SPDX-License-Identifier: MIT
// Goal: the program is a good neighbour of other processes. Method: writers beside readers and
// other writers, signals, closed pipes and missing descriptors.
#include <fcntl.h>

#include <filesystem>

#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

TEST_F(Program, CommitsWhatCameWhenTheInputPauses) {
    make(1);
    Running writer{{"append", db, "s"}};
    writer.write(events(3));
    writer.pump([&] { return event_count() >= 3; });
    EXPECT_GE(event_count(), 3U);
    writer.write(events(1));
    EXPECT_EQ(writer.wait().code, 0);
    EXPECT_EQ(event_count(), 5U);
}

TEST_F(Program, LetsOneWriteAndAllRead) {
    make(1);
    Running writer{{"append", db, "s"}};
    writer.write(events(1));
    writer.pump([&] { return event_count() == 2; });
    const Ended refused = append(events(1));
    expect_error(refused, 5, "locked", "process " + std::to_string(writer.process()));
    EXPECT_TRUE(contains(refused.err, "since 20")) << refused.err;
    EXPECT_EQ(run({"verify", db}).code, 0);
    EXPECT_EQ(writer.wait().code, 0);
    EXPECT_EQ(event_count(), 2U);
}

TEST_F(Program, SaysWhatWasCommittedWhenItIsInterrupted) {
    for (const int number : {SIGINT, SIGTERM}) {
        std::filesystem::remove_all(db);
        Running writer{{"append", db, "s", "--create", "--batch", "2"}};
        writer.write(events(5));
        writer.pump([&] { return event_count() >= 2; });
        usleep(50'000);
        writer.send(number);
        writer.pump();
        const Ended ended = writer.wait();
        expect_error(ended, 130, "interrupted",
                     "4 events were committed, up to line 4: go on from line 5");
        EXPECT_EQ(event_count(), 4U);
    }
}

TEST_F(Program, LosesNothingWhenItIsKilled) {
    make(1);
    Running writer{{"append", db, "s", "--batch", "1"}};
    writer.write(events(20));
    writer.pump([&] { return event_count() >= 20; });
    writer.send(SIGKILL);
    writer.pump();
    EXPECT_EQ(writer.wait().code, 137);
    EXPECT_EQ(event_count(), 21U);
    EXPECT_EQ(run({"verify", db}).code, 0);
    EXPECT_EQ(append(events(1)).code, 0);
    EXPECT_EQ(event_count(), 22U);
}

TEST_F(Program, EndsQuietlyWhenTheReaderOfThePipeLeaves) {
    make(1);
    int closed[2];
    ASSERT_EQ(pipe(closed), 0);
    close(closed[0]);
    for (const Words& words :
         {Words{"log", db}, Words{"read", db, "s"}, Words{"help"}, Words{"verify", db}}) {
        const Ended ended = run(words, "", [&] { dup2(closed[1], 1); });
        EXPECT_EQ(ended.code, 141);
        EXPECT_EQ(ended.err, "");
    }
    close(closed[1]);
}

TEST_F(Program, SaysThatItsOutputIsFull) {
    make(1);
    for (const Words& words : {Words{"log", db}, Words{"verify", db}}) {
        const Ended ended = run(words, "", [] { dup2(open("/dev/full", O_WRONLY), 1); });
        expect_error(ended, 7, "io");
    }
}

TEST_F(Program, LivesWithoutStandardDescriptors) {
    make(1);
    EXPECT_EQ(run({"append", db, "s"}, "", [] { close(0); }).code, 7);
    EXPECT_EQ(run({"log", db}, "", [] { close(1); }).code, 7);
    const auto close_all = [] {
        for (int i = 0; i < 3; i++) close(i);
    };
    EXPECT_EQ(run({"log", db}, "", close_all).code, 7);
    EXPECT_EQ(run({"append", db, "s"}, events(3), [] { close(2); }).code, 0);
    EXPECT_EQ(run({"append", db, "s"}, "", [] { dup2(open("/", O_RDONLY), 0); }).code, 7);
    EXPECT_EQ(run({"verify", db}).code, 0);
    EXPECT_EQ(event_count(), 4U);
}

}  // namespace
}  // namespace freshet
