// SPDX-License-Identifier: MIT
// Goal: what was appended is printed as it was, from wherever one asks for it. Method: append a few
// events and read them in every way.
#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;
using testing::internal::RE;

TEST_F(Program, GivesBackWhatItWasGiven) {
    const Ended ended = append(
        R"({"type":"Opened","data":{"by": "ada"}})"
        "\n\n"
        R"({"type":"Paid","data":1.50,"metadata":[ ],"id":"550e8400-e29b-41d4-a716-446655440000"})"
        "\r\n"
        R"({"type":"Raw","data_base64":"AAH/"})",
        {"--create"}, "order-1");
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(ended.err, "appended 3 events to order-1: index 0 to 2, commit 1\n");
    const std::vector<std::string> read = lines(run({"read", db, "order-1", "--ndjson"}).out);
    ASSERT_EQ(read.size(), 3U);
    const RE form{R"(^\{"stream":"order-1","index":0,"ordinal":0,"commit":1,)"
                  R"("time":"20..-..-..T..:..:..\.......Z",)"
                  R"("type":"Opened","data":\{"by": "ada"\}\}$)"};
    EXPECT_TRUE(RE::FullMatch(read[0], form)) << read[0];
    EXPECT_TRUE(contains(read[1],
                         R"("id":"550e8400e29b41d4a716446655440000","data":1.50,"metadata":[ ]})"));
    EXPECT_TRUE(contains(read[2], R"("type":"Raw","data_base64":"AAH/"})"));
}

TEST_F(Program, TakesItsOwnOutput) {
    make(100);
    const std::string out = run({"log", db, "--ndjson"}).out;
    const std::string copy = directory.path("copy.fdb");
    ASSERT_EQ(run({"append", copy, "s", "--create"}, out).code, 0);
    EXPECT_EQ(values(run({"log", copy, "--ndjson"}).out, "data"), values(out, "data"));
}

TEST_F(Program, ReadsFromAnywhereInBothDirections) {
    make(5);
    const auto read = [&](const Words& flags) {
        Words words{"read", db, "s", "--ndjson"};
        words.insert(words.end(), flags.begin(), flags.end());
        const Ended ended = run(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        return values(ended.out, "data");
    };
    EXPECT_EQ(read({}), (Words{"0", "1", "2", "3", "4"}));
    EXPECT_EQ(read({"--from", "3"}), (Words{"3", "4"}));
    EXPECT_EQ(read({"--from=newest"}), (Words{"4"}));
    EXPECT_EQ(read({"--from", "9"}), Words{});
    EXPECT_EQ(read({"--backwards"}), (Words{"4", "3", "2", "1", "0"}));
    EXPECT_EQ(read({"--from", "1", "--backwards"}), (Words{"1", "0"}));
    EXPECT_EQ(read({"--backwards", "--limit", "2"}), (Words{"4", "3"}));
    EXPECT_EQ(read({"--limit", "0"}), Words{});
}

TEST_F(Program, ReadsTheLogOfAllStreams) {
    ASSERT_EQ(append(event("a", "0") + event("b", "1"), {"--create"}, "user-1").code, 0);
    ASSERT_EQ(append(event("a", "2"), {}, "order-1").code, 0);
    ASSERT_EQ(append(event("b", "3"), {}, "user-2").code, 0);
    const auto log = [&](const Words& flags) {
        Words words{"log", db, "--ndjson"};
        words.insert(words.end(), flags.begin(), flags.end());
        const Ended ended = run(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        return values(ended.out, "data");
    };
    EXPECT_EQ(log({}), (Words{"0", "1", "2", "3"}));
    EXPECT_EQ(log({"--after", "1"}), (Words{"2", "3"}));
    EXPECT_EQ(log({"--after", "3"}), Words{});
    EXPECT_EQ(log({"--commit", "2"}), (Words{"2", "3"}));
    EXPECT_EQ(log({"--stream-prefix", "user-"}), (Words{"0", "1", "3"}));
    EXPECT_EQ(log({"--type", "b"}), (Words{"1", "3"}));
    EXPECT_EQ(log({"--type", "a", "--stream-prefix", "user", "--limit", "5"}), (Words{"0"}));
    EXPECT_EQ(log({"--limit", "1"}), (Words{"0"}));
    expect_error(run({"log", db, "--after", "100"}), 4, "ahead-of-log");
    expect_error(run({"log", db, "--commit", "100"}), 4, "ahead-of-log");
}

TEST_F(Program, TakesStreamNamesThatLookLikeFlags) {
    ASSERT_EQ(run({"append", "--create", "--", db, "--odd"}, event("x")).code, 0);
    EXPECT_EQ(lines(run({"read", "--ndjson", db, "--", "--odd"}).out).size(), 1U);
}

TEST_F(Program, SaysThatAStreamIsMissing) {
    make(1);
    expect_error(run({"read", db, "t"}), 10, "stream-not-found", "did you mean s?");
}

TEST_F(Program, HoldsAStoreAgainstAnEarlierHead) {
    make(3);
    const auto head = [&] { return fact(run({"verify", db}).out, "head"); };
    const std::string early = head();
    ASSERT_EQ(append(events(3)).code, 0);
    EXPECT_EQ(run({"verify", db, "--head", early}).code, 0);
    const std::string late = head();
    const std::string copy = directory.path("other.fdb");
    ASSERT_EQ(run({"append", copy, "s", "--create"}, events(6)).code, 0);
    expect_error(run({"verify", copy, "--head", late}), 6, "corrupt");
    expect_error(run({"verify", db, "--head", late + "0"}), 2, "usage");
}

}  // namespace
}  // namespace freshet
