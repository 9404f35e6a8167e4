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

TEST_F(Program, WaitsForAnotherWriterAsLongAsItIsTold) {
    make(1);
    Running writer{{"append", db, "s"}};
    writer.write(events(1));
    writer.pump([&] { return event_count() == 2; });
    expect_error(append(events(1), {"--wait", "50"}), 5, "locked", "--wait MS");
    Running patient{{"append", db, "s", "--type", "x", "--wait", "20000"}};
    usleep(50'000);
    EXPECT_EQ(writer.wait().code, 0);
    EXPECT_EQ(patient.wait().code, 0) << patient.ended.err;
    EXPECT_EQ(event_count(), 3U);
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

// ---- copies ----

TEST_F(Program, CopiesAStoreThatIsWritten) {
    make(3);
    Running writer{{"append", db, "s"}};
    writer.write(events(4));
    writer.pump([&] { return event_count() == 7; });
    const std::string copy = directory.path("copy.fdb");
    const Ended ended = run({"backup", db, copy});
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(fact(ended.out, "events"), "7");
    EXPECT_EQ(run({"verify", copy, "--head", fact(ended.out, "head")}).code, 0);
    EXPECT_EQ(run({"log", copy, "--ndjson"}).out, run({"log", db, "--ndjson"}).out);
    expect_error(run({"backup", db, copy}), 4, "already-exists");
    const std::string early = directory.path("early.fdb");
    ASSERT_EQ(run({"backup", db, early, "--to-commit", "1", "-q"}).out, "");
    EXPECT_EQ(lines(run({"log", early, "--ndjson"}).out).size(), 3U);
    expect_error(run({"backup", db, directory.path("late"), "--to-commit", "99"}), 4,
                 "ahead-of-log");
    EXPECT_EQ(writer.wait().code, 0);
    EXPECT_EQ(append(events(1)).code, 0);
}

// ---- following ----

// Method: writers come and go, some killed, over many small segments, while one process follows;
// in the end it has printed just what is there, once and in order.
TEST_F(Program, FollowsThroughWritersThatComeAndGo) {
    ASSERT_EQ(run({"create", db, "--segment-size", "64K", "--frame-size", "4K"}).code, 0);
    Running follower{{"log", db, "--follow", "--ndjson", "--verbose"}};
    std::size_t count = 0;
    for (int round = 0; round < 12; round++) {
        Running writer{{"append", db, "s" + std::to_string(round % 3), "--batch", "7"}};
        writer.write(events(300, std::string(100, static_cast<char>('a' + round))));
        if (round % 3 == 2) {
            writer.pump([&] { return event_count() > count; });
            writer.send(SIGKILL);
            writer.pump();
        }
        writer.wait();
        int turns = 0;
        follower.pump([&] { return ++turns > 3; });
        count = event_count();
    }
    const std::string log = run({"log", db, "--ndjson"}).out;
    follower.pump([&] { return follower.ended.out.size() >= log.size(); });
    follower.send(SIGINT);
    follower.pump();
    EXPECT_EQ(follower.wait().code, 130);
    EXPECT_TRUE(follower.ended.out == log);
    EXPECT_GE(std::stoi(fact(run({"stats", db}).out, "segments")), 3);
    EXPECT_TRUE(contains(follower.ended.err, "{\"note\":\"caught up before ordinal "));
}

TEST_F(Program, FollowsFromAnywhereAndWhatIsAskedFor) {
    make(3);
    Running follower{
        {"log", db, "--follow", "--ndjson", "--after", "1", "--type", "y", "--limit", "2"}};
    ASSERT_EQ(append(event("y", "7") + event("x", "8") + event("y", "9")).code, 0);
    EXPECT_EQ(follower.wait().code, 0) << follower.ended.err;
    EXPECT_EQ(values(follower.ended.out, "data"), (Words{"7", "9"}));
    expect_error(run({"log", db, "--follow", "--after", "100"}), 4, "ahead-of-log");
}

}  // namespace
}  // namespace freshet
