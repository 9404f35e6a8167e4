// SPDX-License-Identifier: MIT
// Goal: what was acknowledged is there, what was refused is not, and what is wrong in a line is
// named. Method: append lines, good and bad, with every flag.
#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

// Lines of several streams are one commit a batch, and what `log` prints comes in again.
TEST_F(Program, AppendsToTheStreamsThatTheLinesName) {
    const std::string input =
        "{\"stream\":\"a\",\"type\":\"x\",\"data\":1}\n{\"type\":\"x\",\"stream\":\"b\",\"data\":2}"
        "\n"
        "{\"stream\":\"b\",\"type\":\"y\",\"data\":3}\n{\"stream\":\"a\",\"type\":\"y\",\"data\":4}"
        "\n";
    const Ended ended = run({"append", db, "--create"}, input);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(contains(ended.err, "appended 4 events, commit 1")) << ended.err;
    EXPECT_EQ(values(run({"read", db, "a", "--ndjson"}).out, "data"), (Words{"1", "4"}));
    EXPECT_EQ(values(run({"read", db, "b", "--ndjson"}).out, "data"), (Words{"2", "3"}));

    const std::string log = run({"log", db, "--ndjson"}).out;
    const std::string copy = directory.path("copy.fdb");
    EXPECT_EQ(run({"append", copy, "--create"}, log).code, 0);
    EXPECT_EQ(values(run({"log", copy, "--ndjson"}).out, "stream"), values(log, "stream"));
    EXPECT_EQ(values(run({"log", copy, "--ndjson"}).out, "index"), values(log, "index"));
}

TEST_F(Program, NeedsAStreamInTheLineOrForAll) {
    make(1);
    const Ended none = run({"append", db}, event("x"));
    expect_error(none, 9, "bad-line");
    EXPECT_TRUE(contains(none.err, "the event has no \"stream\"")) << none.err;
    const Ended empty = run({"append", db}, "{\"type\":\"x\",\"stream\":\"\"}\n");
    EXPECT_TRUE(contains(empty.err, "a stream's name is 1 to 255 bytes")) << empty.err;
    EXPECT_EQ(event_count(), 1U);
}

TEST_F(Program, SaysNothingWhenAskedTo) {
    EXPECT_EQ(append(event("x"), {"--create", "-q"}).err, "");
    EXPECT_EQ(append(event("x"), {"--quiet"}).err, "");
    EXPECT_EQ(run({"verify", db, "-q"}).out, "");
    EXPECT_EQ(append("").err, "nothing to append\n");
}

TEST_F(Program, ChecksWhatTheWriterExpects) {
    expect_error(append(event("x"), {"--create", "--expect", "exists"}), 4, "wrong-version");
    EXPECT_EQ(append(event("x"), {"--expect", "no-stream"}).code, 0);
    expect_error(append(event("x"), {"--expect", "no-stream"}), 4, "wrong-version", "commit 1 ");
    EXPECT_EQ(append(event("x"), {"--expect", "0"}).code, 0);
    expect_error(append(event("x"), {"--expect", "0"}), 4, "wrong-version", "version 1");
    EXPECT_EQ(append(event("x"), {"--expect", "exists"}).code, 0);
    EXPECT_EQ(append(event("x"), {"--expect", "any"}).code, 0);
    EXPECT_EQ(append(events(4), {"--expect", "3", "--batch", "1"}).code, 0);
    EXPECT_EQ(event_count(), 8U);
}

TEST_F(Program, MakesEachBatchOneCommit) {
    ASSERT_EQ(append(events(10), {"--create", "--batch", "4"}).code, 0);
    EXPECT_EQ(values(run({"log", db, "--ndjson"}).out, "commit"),
              (Words{"1", "1", "1", "1", "2", "2", "2", "2", "3", "3"}));
    ASSERT_EQ(append(events(3000), {"--batch", "all"}).code, 0);
    EXPECT_EQ(values(run({"read", db, "s", "--from", "newest", "--ndjson"}).out, "commit"),
              Words{"4"});
}

TEST_F(Program, KnowsEventsByTheirIds) {
    const std::string line = R"({"type":"x","id":"000102030405060708090a0b0c0d0e0f","data":1})";
    ASSERT_EQ(append(line, {"--create"}).code, 0);
    const Ended again = append(line);
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(again.err, "1 event was there already\n");
    expect_error(append(R"({"type":"x","id":"000102030405060708090a0b0c0d0e0f","data":2})"), 4,
                 "idempotency-conflict");
    EXPECT_EQ(event_count(), 1U);
}

TEST_F(Program, NamesLineAndColumnOfABadLine) {
    const Ended ended =
        append(events(2) + "{\"type\":\"caf\xc3\xa9\" \"data\":1}\n" + events(1), {"--create"});
    expect_error(ended, 9, "bad-line", "nothing was committed");
    EXPECT_EQ(lines(ended.err)[0], "error[bad-line]: stdin:3:16: expected ',' or '}'");
    EXPECT_EQ(lines(ended.err)[1], "  {\"type\":\"caf\xc3\xa9\" \"data\":1}");
    EXPECT_EQ(lines(ended.err)[2], "                 ^");
    EXPECT_EQ(event_count(), 0U);
}

TEST_F(Program, KeepsTheBatchesBeforeABadLine) {
    const Ended ended = append(events(7) + "oops\n", {"--create", "--batch", "3"});
    expect_error(ended, 9, "bad-line", "6 events were committed, up to line 6: go on from line 7");
    EXPECT_TRUE(contains(ended.err, "stdin:8:1: ")) << ended.err;
    EXPECT_EQ(event_count(), 6U);
}

TEST_F(Program, CommitsAllOrNothingWhenAskedTo) {
    make(1);
    expect_error(append(events(5000) + "oops", {"--batch", "all"}), 9, "bad-line",
                 "nothing was committed");
    EXPECT_EQ(event_count(), 1U);
}

TEST_F(Program, GuessesAMistypedMember) {
    expect_error(append(R"({"type":"x","dta":1})", {"--create"}), 9, "bad-line",
                 "did you mean \"data\"?");
}

TEST_F(Program, ShowsTheRightPartOfALongLine) {
    const std::string line = "{\"type\":\"x\",\"data\":\"" + std::string(5000, 'y') +
                             "\x1b\",\"metadata\":\"" + std::string(5000, 'z') + "\"}";
    const Ended ended = append(line, {"--create"});
    expect_error(ended, 9, "bad-line");
    for (const std::string& text : lines(ended.err)) EXPECT_LE(text.size(), 130U);
    EXPECT_FALSE(contains(ended.err, "\x1b"));
}

TEST_F(Program, RefusesWhatIsTooLarge) {
    make(1);
    const std::string big(2 << 20, 'y');
    const Ended ended = append(events(1) + event("x", "\"" + big + "\""), {"--batch", "1"});
    expect_error(ended, 11, "too-large");
    EXPECT_TRUE(contains(ended.err, "note: 1 event was committed, up to line 1")) << ended.err;
    expect_error(append(event("x", "\"" + std::string(20 << 20, 'y') + "\"")), 8, "out-of-memory",
                 "--memory");
    expect_error(append(events(1), {}, std::string(256, 'n')), 11, "too-large");
    expect_error(append(events(1), {}, ""), 2, "invalid-name");
    expect_error(append(events(1), {}, "a\nb"), 2, "invalid-name");
    EXPECT_EQ(event_count(), 2U);
}

// Goal: a store that can take no more says what it holds, and from where to go on. Method: no run
// can be made, as folders have their names, and each event has a stream of its own.
TEST_F(Program, SaysWhatAStoreHoldsWhoseMemoryIsFull) {
    make(1);
    for (int i = 1; i <= 60; i++) {
        const std::string number = std::to_string(i);
        std::filesystem::create_directory(db + "/" + std::string(8 - number.size(), '0') + number +
                                          ".run");
    }
    std::string input;
    for (int i = 0; i < 20'000; i++)
        input += "{\"stream\":\"" + std::to_string(i) + std::string(180, 'x') +
                 "\",\"type\":\"T\",\"data\":1}\n";
    const Ended ended = run({"append", db, "--memory", "8M"}, input);
    const std::uint64_t count = event_count();
    EXPECT_GT(count, 1001U);
    EXPECT_LT(count, 20'001U);
    const std::string held = std::to_string(count) + " streams with " + std::to_string(count);
    expect_error(ended, 8, "out-of-memory", "go on from line " + std::to_string(count) + "\n");
    EXPECT_TRUE(contains(ended.err, "the directory of " + held + " events")) << ended.err;
    EXPECT_TRUE(contains(ended.err, " events, all durable up to commit ")) << ended.err;
    EXPECT_TRUE(contains(ended.err, ", fills its 2M of 8M\n")) << ended.err;
}

TEST_F(Program, SplitsOnlyBatchesItWasNotToldTheSizeOf) {
    const std::string input = events(30'000, std::string(200, 't'));
    const Ended fixed = append(input, {"--create", "--memory", "12M", "--batch", "all"});
    expect_error(fixed, 8, "out-of-memory", "--memory");
    EXPECT_EQ(event_count(), 0U);
    EXPECT_EQ(append(input, {"--memory", "12M"}).code, 0);
    EXPECT_EQ(event_count(), 30'000U);
}

}  // namespace
}  // namespace freshet
