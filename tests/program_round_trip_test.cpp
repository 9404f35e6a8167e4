// SPDX-License-Identifier: MIT
// Goal: a whole log goes out as lines and comes in again as the same log, byte for byte. Method:
// events of every kind, printed, appended to another store, printed again; and only when they were
// committed may differ.
#include "tests/expression.hpp"
#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

class RoundTrip : public Program {
protected:
    static std::string log(const std::string& path) { return run({"log", path, "--ndjson"}).out; }
    // Commits of another size have other numbers, and no two have the same time.
    static std::string without_commits(const std::string& text) {
        static const Expression commit{R"("commit":[0-9]+,"time":"[^"]*")"};
        return commit.replace_all(text, "");
    }
    static std::string without_ordinals(const std::string& text) {
        static const Expression ordinal{R"("ordinal":[0-9]+)"};
        return ordinal.replace_all(without_commits(text), "");
    }
    std::string copy = directory.path("copy.fdb");
};

// The payload as JSON, as JSON that is not on one line, as text, as bytes, empty; the same of the
// metadata; types and names that need escapes; ids; schema versions.
std::string all_kinds() {
    std::string text;
    int number = 0;
    for (const char* data :
         {"", ",\"data\":{\"a\": [1, 2.50, null]}", ",\"data\":\"\\u00e9 \\n\"", ",\"data\":1e400",
          ",\"data_base64\":\"\"", ",\"data_base64\":\"AA==\"", ",\"data_base64\":\"/////w==\"",
          ",\"data_base64\":\"ewp9\"", ",\"data_base64\":\"cGxhaW4gdGV4dA==\""}) {
        std::string metadata = data;
        if (const std::size_t at = metadata.find("data"); at != std::string::npos)
            metadata.replace(at, 4, "metadata");
        for (const char* stream : {"plain", "\\\"quoted\\\"", "\xe2\x82\xac-1", "back\\\\slash"}) {
            char id[40];
            snprintf(id, sizeof id, "%032x", ++number);
            text +=
                std::string{"{\"stream\":\""} + stream + "\",\"type\":\"Type / \xf0\x9f\x98\x80\"";
            text += data;
            if (number % 2 == 0) text += metadata;
            if (number % 3 == 0) text += std::string{",\"id\":\""} + id + "\"";
            if (number % 5 == 0) text += ",\"schema_version\":" + std::to_string(number * 1000);
            text += "}\n";
        }
    }
    return text;
}

TEST_F(RoundTrip, GivesTheSameBytesOutAgain) {
    ASSERT_EQ(run({"append", db, "--create"}, all_kinds()).code, 0);
    const std::string out = log(db);
    ASSERT_EQ(lines(out).size(), 36U);
    ASSERT_EQ(run({"append", copy, "--create"}, out).code, 0);
    EXPECT_EQ(without_commits(log(copy)), without_commits(out));
}

TEST_F(RoundTrip, OfOneStreamGoesIntoAStreamOfAnyName) {
    ASSERT_EQ(run({"append", db, "s", "--create"}, all_kinds()).code, 0);
    const std::string out = run({"read", db, "s", "--ndjson"}).out;
    ASSERT_EQ(run({"append", copy, "s", "--create"}, out).code, 0);
    const std::string again = run({"read", copy, "s", "--ndjson"}).out;
    EXPECT_EQ(without_commits(again), without_commits(out));
    ASSERT_EQ(run({"append", copy, "other"}, out).code, 0);
    EXPECT_EQ(values(run({"read", copy, "other", "--ndjson"}).out, "index"), values(out, "index"));
}

// Method: the same lines once more, some of them new. What has an id is there already.
TEST_F(RoundTrip, CanBeTriedAgainWhereEventsHaveIds) {
    std::string input;
    for (int i = 0; i < 10; i++) {
        input += "{\"stream\":\"s\",\"type\":\"x\",\"id\":\"0000000000000000000000000000000" +
                 std::string(1, "123456789a"[i]) + "\"}\n";
    }
    ASSERT_EQ(run({"append", db, "--create"}, input).code, 0);
    const std::string out = log(db);
    const Ended again = run({"append", db}, out);
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(again.err, "10 events were there already\n");
    EXPECT_EQ(log(db), out);
}

// Method: one event from arguments, and the same from a line.
TEST_F(RoundTrip, OfAnEventFromArgumentsIsThatOfALine) {
    const std::string file = directory.path("payload");
    std::ofstream{file, std::ios::binary} << std::string("\0\xff\n", 3);
    ASSERT_EQ(run({"append", db, "s", "--create", "--type", "Paid", "--data", "{\"cents\":995}",
                   "--meta", "{\"by\":1}", "--id", "550e8400-e29b-41d4-a716-446655440000",
                   "--schema-version", "7", "--correlation", "a \"b\\", "--causation", "c"})
                  .code,
              0);
    ASSERT_EQ(run({"append", db, "s", "--type", "Raw", "--data", "@" + file}).code, 0);
    ASSERT_EQ(run({"append", db, "s", "--type", "Said", "--data", "@-"}, "a\nb").code, 0);
    ASSERT_EQ(run({"append", db, "s", "--type", "Empty", "--meta", ""}, "never read").code, 0);
    ASSERT_EQ(append("{\"type\":\"Paid\",\"id\":\"550e8400e29b41d4a716446655440000\","
                     "\"data\":{\"cents\":995},\"schema_version\":7,\"metadata\":"
                     "{\"$correlationId\":\"a \\\"b\\\\\",\"$causationId\":\"c\",\"by\":1}}\n"
                     "{\"type\":\"Raw\",\"data_base64\":\"AP8K\"}\n"
                     "{\"type\":\"Said\",\"data_base64\":\"YQpi\"}\n{\"type\":\"Empty\"}\n",
                     {}, "t")
                  .code,
              0);
    std::string s = run({"read", db, "s", "--tsv"}).out;
    std::string t = run({"read", db, "t", "--tsv"}).out;
    const Expression place{"\n[st]\t[0-9]+\t[0-9]+\t[0-9]+\t[^\t]*"};
    EXPECT_EQ(place.replace_all(s, "\n"), place.replace_all(t, "\n"));
}

// Method: settings and checkpoints between the events. They are the store's own: they do not go
// out unless asked for, and do not come in.
TEST_F(RoundTrip, LeavesOutWhatIsTheStoresOwn) {
    ASSERT_EQ(run({"append", db, "--create", "--checkpoint", "c=3"}, all_kinds()).code, 0);
    ASSERT_EQ(run({"settings", db, "plain", "--close"}).code, 0);
    const std::string out = log(db);
    EXPECT_EQ(lines(out).size(), 36U);
    ASSERT_EQ(run({"append", copy, "--create"}, out).code, 0);
    EXPECT_EQ(without_ordinals(log(copy)), without_ordinals(out));
    EXPECT_EQ(lines(run({"log", db, "--ndjson", "--stream-prefix", "$"}).out).size(), 2U);
    const std::string all = run({"log", db, "--ndjson", "--all"}).out;
    EXPECT_EQ(lines(all).size(), 38U);
    expect_error(run({"append", copy}, all), 9, "bad-line");
}

// Method: what a spreadsheet or PostgreSQL would read, with everything in it that must be escaped.
TEST_F(RoundTrip, EscapesLinesWithTabsAsPostgresDoes) {
    ASSERT_EQ(append("{\"type\":\"x\",\"data_base64\":\"YQliCmNcZA1l\"}\n"  // a\tb\nc\\d\re
                     "{\"type\":\"x\",\"data_base64\":\"AP8=\"}\n{\"type\":\"x\"}\n",
                     {"--create"})
                  .code,
              0);
    const std::vector<std::string> rows = lines(run({"read", db, "s"}).out);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0],
              "stream\tindex\tordinal\tcommit\ttime\ttype\tid\tdata\tmetadata\t"
              "schema_version");
    EXPECT_TRUE(contains(rows[1], "\tx\t\\N\ta\\tb\\nc\\\\d\\re\t\\N")) << rows[1];
    EXPECT_TRUE(contains(rows[2], "\tx\t\\N\t\\\\x00ff\t\\N")) << rows[2];
    EXPECT_TRUE(contains(rows[3], "\tx\t\\N\t\\N\t\\N")) << rows[3];
}

}  // namespace
}  // namespace freshet
