// SPDX-License-Identifier: MIT
// Goal: the program keeps its word to people and scripts: what it prints, its exit codes, and that
// nothing which it acknowledged is lost and nothing which it refused is done. Method: run it as a
// child process, for every command, flag and way to go wrong.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <termios.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/program.hpp"
#include "tests/temporary.hpp"

namespace freshet {
namespace {

using test::Ended;
using test::run;
using test::Running;
using testing::internal::RE;

std::string event(const std::string& type, const std::string& data = "1") {
    return "{\"type\":\"" + type + "\",\"data\":" + data + "}\n";
}

std::string events(int count, const std::string& type = "x") {
    std::string text;
    for (int i = 0; i < count; i++) text += event(type, std::to_string(i));
    return text;
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) found.push_back(line);
    return found;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The values of one member of each line.
std::vector<std::string> values(const std::string& text, const std::string& member) {
    std::vector<std::string> found;
    for (const std::string& line : lines(text)) {
        const std::size_t start = line.find("\"" + member + "\":") + member.size() + 3;
        found.push_back(line.substr(start, line.find_first_of(",}", start) - start));
    }
    return found;
}

using Words = std::vector<std::string>;

class Program : public testing::Test {
protected:
    void SetUp() override {
        if (run({"version"}).code == 127) GTEST_SKIP() << "no program: set FRESHET to its path";
    }

    Ended append(const std::string& input, const Words& flags = {},
                 const std::string& stream = "s") {
        Words words{"append", db, stream};
        words.insert(words.end(), flags.begin(), flags.end());
        return run(words, input);
    }

    // Makes the store with `count` events.
    void make(int count) {
        const Ended ended = append(events(count), {"--create"});
        ASSERT_EQ(ended.code, 0) << ended.err;
    }

    std::size_t event_count() { return lines(run({"log", db}).out).size(); }

    test::TemporaryDirectory directory;
    std::string db = directory.path("shop.fdb");
};

void expect_error(const Ended& ended, int code, const std::string& name,
                  const std::string& hint = "") {
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_EQ(ended.err.rfind("error[" + name + "]: ", 0), 0U) << ended.err;
    EXPECT_TRUE(contains(ended.err, "\nhint: ")) << ended.err;
    EXPECT_TRUE(contains(ended.err, hint)) << ended.err;
    EXPECT_LE(lines(ended.err).size(), 4U) << ended.err;
}

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
    EXPECT_EQ(values(run({"read", db, "a"}).out, "data"), (Words{"1", "4"}));
    EXPECT_EQ(values(run({"read", db, "b"}).out, "data"), (Words{"2", "3"}));

    const std::string log = run({"log", db}).out;
    const std::string copy = directory.path("copy.fdb");
    EXPECT_EQ(run({"append", copy, "--create"}, log).code, 0);
    EXPECT_EQ(values(run({"log", copy}).out, "stream"), values(log, "stream"));
    EXPECT_EQ(values(run({"log", copy}).out, "index"), values(log, "index"));
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

// ---- help and usage ----

TEST_F(Program, SaysItsVersion) {
    EXPECT_EQ(run({"version"}).out, "freshet 0.1.0, format 0\n");
    EXPECT_EQ(run({"--version"}).out, "freshet 0.1.0, format 0\n");
}

TEST_F(Program, HelpsOnEverything) {
    for (const std::string topic : {"append", "read", "log", "verify"}) {
        const Ended help = run({"help", topic});
        EXPECT_EQ(help.code, 0);
        EXPECT_TRUE(contains(help.out, "freshet " + topic));
        EXPECT_EQ(run({topic, "--help"}).out, help.out);
        EXPECT_EQ(run({topic, "-h"}).out, help.out);
        EXPECT_EQ(run({topic, "DB", "-h"}).out, help.out);
    }
    const Ended overview = run({"help"});
    EXPECT_TRUE(contains(overview.out, "freshet append DB [STREAM]"));
    EXPECT_EQ(run({"--help"}).out, overview.out);
    EXPECT_EQ(run({"-h"}).out, overview.out);
    EXPECT_EQ(run({"help", "-h"}).out, overview.out);
    EXPECT_TRUE(contains(run({"help", "events"}).out, "data_base64"));
    expect_error(run({"help", "evnets"}), 2, "usage", "did you mean events?");
    expect_error(run({"help", "quantum"}), 2, "usage", "freshet help");
}

TEST_F(Program, ListsEveryErrorWithItsExitCode) {
    const std::string text = run({"help", "errors"}).out;
    for (const char* line :
         {"    2  usage\n", "    9  bad-line\n", "    4  wrong-version\n", "    5  locked\n",
          "    6  corrupt\n", "    7  full\n", "    8  out-of-memory\n",
          "   10  stream-not-found\n", "   11  too-large\n", "  130  interrupted\n"}) {
        EXPECT_TRUE(contains(text, line)) << line;
    }
}

TEST_F(Program, NamesEveryMistakeInItsArguments) {
    const struct {
        Words words;
        std::string part;
    } cases[] = {
        {{}, "no command"},
        {{"raed"}, "did you mean read?"},
        {{"frobnicate"}, "see: freshet help"},
        {{"-x"}, "there is no flag -x"},
        {{"append"}, "store is missing"},
        {{"append", "db", "--expect", "3"}, "--expect needs the name of a stream"},
        {{"append", "db", "s", "more"}, "one word too many"},
        {{"read", "db"}, "stream is missing"},
        {{"log"}, "store is missing"},
        {{"log", "db", "s"}, "one word too many"},
        {{"verify"}, "store is missing"},
        {{"version", "x"}, "one word too many"},
        {{"help", "a", "b"}, "one word too many"},
        {{"append", "db", "s", "--craete"}, "did you mean --create?"},
        {{"append", "db", "s", "--zzz"}, "see: freshet help append"},
        {{"append", "db", "s", "--limit", "1"}, "append does not take --limit"},
        {{"--limit", "1", "read", "db", "s"}, "before the command"},
        {{"append", "db", "s", "--create=yes"}, "takes no value"},
        {{"append", "db", "s", "--expect"}, "give --expect any|no-stream|exists|N"},
        {{"append", "db", "s", "--expect", "-1"}, "any, no-stream, exists"},
        {{"append", "db", "s", "--expect", "9223372036854775808"}, "any, no-stream, exists"},
        {{"append", "db", "s", "--batch", "0"}, "from 1 on"},
        {{"append", "db", "s", "--batch=ten"}, "from 1 on"},
        {{"read", "db", "s", "--from", "last"}, "or newest"},
        {{"read", "db", "s", "--limit", "1x"}, "give a number"},
        {{"read", "db", "s", "--limit", "18446744073709551616"}, "give a number"},
        {{"read", "db", "s", "--limit="}, "give a number"},
        {{"log", "db", "--after", "x"}, "give a number"},
        {{"log", "db", "--after", "1", "--commit", "1"}, "leave one of them out"},
        {{"log", "db", "--memory", "64Q"}, "like 64M"},
        {{"log", "db", "--memory", "M"}, "like 64M"},
        {{"log", "db", "--memory", ""}, "like 64M"},
        {{"log", "db", "--memory", "0"}, "like 64M"},
        {{"log", "db", "--memory", "99999999999G"}, "like 64M"},
        {{"verify", "db", "--head", "123"}, "earlier verify"},
    };
    for (const auto& [words, part] : cases) expect_error(run(words), 2, "usage", part);
    EXPECT_FALSE(std::filesystem::exists("db"));
}

TEST_F(Program, TakesItsMemoryFromTheEnvironmentToo) {
    make(1);
    const auto set = [](const char* size) { return [size] { setenv("FRESHET_MEMORY", size, 1); }; };
    EXPECT_EQ(run({"log", db}, "", set("32M")).code, 0);
    expect_error(run({"log", db}, "", set("100K")), 8, "out-of-memory", "give --memory");
    EXPECT_EQ(run({"log", db, "--memory", "32M"}, "", set("100K")).code, 0);
    expect_error(run({"log", db}, "", set("much")), 2, "usage", "like 64M");
}

// ---- append and read ----

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
    const std::vector<std::string> read = lines(run({"read", db, "order-1"}).out);
    ASSERT_EQ(read.size(), 3U);
    const RE form{
        R"(^\{"stream":"order-1","index":0,"ordinal":0,"commit":1,)"
        R"("time":"20..-..-..T..:..:..\.......Z",)"
        R"("type":"Opened","data":\{"by": "ada"\}\}$)"};
    EXPECT_TRUE(RE::FullMatch(read[0], form)) << read[0];
    EXPECT_TRUE(contains(read[1],
                         R"("id":"550e8400e29b41d4a716446655440000","data":1.50,"metadata":[ ]})"));
    EXPECT_TRUE(contains(read[2], R"("type":"Raw","data_base64":"AAH/"})"));
}

TEST_F(Program, TakesItsOwnOutput) {
    make(100);
    const std::string out = run({"log", db}).out;
    const std::string copy = directory.path("copy.fdb");
    ASSERT_EQ(run({"append", copy, "s", "--create"}, out).code, 0);
    EXPECT_EQ(values(run({"log", copy}).out, "data"), values(out, "data"));
}

TEST_F(Program, ReadsFromAnywhereInBothDirections) {
    make(5);
    const auto read = [&](const Words& flags) {
        Words words{"read", db, "s"};
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
        Words words{"log", db};
        words.insert(words.end(), flags.begin(), flags.end());
        const Ended ended = run(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        return values(ended.out, "data");
    };
    EXPECT_EQ(log({}), (Words{"0", "1", "2", "3"}));
    EXPECT_EQ(log({"--after", "1"}), (Words{"2", "3"}));
    EXPECT_EQ(log({"--after", "3"}), Words{});
    EXPECT_EQ(log({"--commit", "2"}), (Words{"2", "3"}));
    EXPECT_EQ(log({"--prefix", "user-"}), (Words{"0", "1", "3"}));
    EXPECT_EQ(log({"--type", "b"}), (Words{"1", "3"}));
    EXPECT_EQ(log({"--type", "a", "--prefix", "user", "--limit", "5"}), (Words{"0"}));
    EXPECT_EQ(log({"--limit", "1"}), (Words{"0"}));
    expect_error(run({"log", db, "--after", "100"}), 4, "ahead-of-log");
    expect_error(run({"log", db, "--commit", "100"}), 4, "ahead-of-log");
}

TEST_F(Program, TakesStreamNamesThatLookLikeFlags) {
    ASSERT_EQ(run({"append", "--create", "--", db, "--odd"}, event("x")).code, 0);
    EXPECT_EQ(lines(run({"read", db, "--", "--odd"}).out).size(), 1U);
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
    EXPECT_EQ(values(run({"log", db}).out, "commit"),
              (Words{"1", "1", "1", "1", "2", "2", "2", "2", "3", "3"}));
    ASSERT_EQ(append(events(3000), {"--batch", "all"}).code, 0);
    EXPECT_EQ(values(run({"read", db, "s", "--from", "newest"}).out, "commit"), Words{"4"});
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

// ---- bad input ----

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

TEST_F(Program, SplitsOnlyBatchesItWasNotToldTheSizeOf) {
    const std::string input = events(30'000, std::string(200, 't'));
    const Ended fixed = append(input, {"--create", "--memory", "12M", "--batch", "all"});
    expect_error(fixed, 8, "out-of-memory", "--memory");
    EXPECT_EQ(event_count(), 0U);
    EXPECT_EQ(append(input, {"--memory", "12M"}).code, 0);
    EXPECT_EQ(event_count(), 30'000U);
}

// ---- stores that do not open ----

TEST_F(Program, MakesNoStoreByAccident) {
    expect_error(append(events(1)), 5, "not-found", "--create");
    expect_error(run({"read", db, "s"}), 5, "not-found");
    expect_error(run({"log", db}), 5, "not-found");
    expect_error(run({"verify", db}), 5, "not-found");
    EXPECT_FALSE(std::filesystem::exists(db));
    expect_error(run({"append", db + "/deeper/still", "s", "--create"}), 5, "not-found");
}

TEST_F(Program, TellsOtherFoldersAndFilesFromStores) {
    std::ofstream{directory.path("file")} << "text";
    expect_error(run({"read", directory.path("file"), "s"}), 5, "not-a-store");
    std::filesystem::create_directory(directory.path("photos"));
    std::ofstream{directory.path("photos/head")} << std::string(8192, 'x');
    expect_error(run({"log", directory.path("photos")}), 5, "not-a-store");
    expect_error(run({"append", directory.path("photos"), "s", "--create"}, events(1)), 5,
                 "not-a-store");
}

TEST_F(Program, SaysThatAStreamIsMissing) {
    make(1);
    expect_error(run({"read", db, "t"}), 10, "stream-not-found", "freshet log ");
}

TEST_F(Program, NeedsTheRightToOpen) {
    make(1);
    std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_all);
    const auto as_nobody = [] {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(126);
    };
    const Ended ended = run({"log", db}, "", as_nobody);
    if (ended.code == 127) GTEST_SKIP() << "the other user cannot run the program";
    expect_error(ended, 5, "permission");
}

// Flips one bit at `offset` of a file.
void damage(const std::string& path, long offset) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 0x10));
}

TEST_F(Program, NamesDamage) {
    make(100);
    EXPECT_EQ(run({"verify", db}).code, 0);
    damage(db + "/00000001.log", 1000);
    expect_error(run({"verify", db}), 6, "corrupt", "00000001.log");
    expect_error(run({"read", db, "s"}), 6, "corrupt", "00000001.log");
    expect_error(append(events(1)), 6, "corrupt");
}

TEST_F(Program, NamesADamagedHead) {
    make(1);
    damage(db + "/head", 20);
    EXPECT_EQ(run({"verify", db}).code, 0);
    damage(db + "/head", 4096 + 20);
    expect_error(run({"verify", db}), 6, "corrupt", "head");
}

TEST_F(Program, HoldsAStoreAgainstAnEarlierHead) {
    make(3);
    const auto head = [&] { return lines(run({"verify", db}).out)[4].substr(8); };
    const std::string early = head();
    ASSERT_EQ(append(events(3)).code, 0);
    EXPECT_EQ(run({"verify", db, "--head", early}).code, 0);
    const std::string late = head();
    const std::string copy = directory.path("other.fdb");
    ASSERT_EQ(run({"append", copy, "s", "--create"}, events(6)).code, 0);
    expect_error(run({"verify", copy, "--head", late}), 6, "corrupt");
    expect_error(run({"verify", db, "--head", late + "0"}), 2, "usage");
}

// ---- processes ----

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

TEST_F(Program, PrintsATableOnATerminal) {
    ASSERT_EQ(append(event("Paid", "{\"cents\":995}") +
                         event("Noted", "\"" + std::string(200, 'x') + "\"") +
                         "{\"type\":\"Raw\",\"data_base64\":\"AAH/\"}\n",
                     {"--create"})
                  .code,
              0);
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
        GTEST_SKIP() << "no terminals here";
    const std::string name = ptsname(terminal);
    const auto on_terminal = [&](const Words& words) {
        const int held = open(name.c_str(), O_RDWR | O_NOCTTY);
        termios settings{};
        tcgetattr(held, &settings);
        cfmakeraw(&settings);
        tcsetattr(held, TCSANOW, &settings);
        EXPECT_EQ(run(words, "", [&] { dup2(open(name.c_str(), O_RDWR | O_NOCTTY), 1); }).code, 0);
        std::string text(4000, '\0');
        text.resize(static_cast<std::size_t>(
            std::max<ssize_t>(0, read(terminal, text.data(), text.size()))));
        close(held);
        return text;
    };
    const std::vector<std::string> table = lines(on_terminal({"read", db, "s"}));
    ASSERT_EQ(table.size(), 4U);
    EXPECT_TRUE(contains(table[0], "   index  time ")) << table[0];
    EXPECT_TRUE(contains(table[1], "Z  Paid                  {\"cents\":995}")) << table[1];
    EXPECT_EQ(table[2].size(), 80U);
    EXPECT_TRUE(contains(table[3], "(3 bytes)")) << table[3];
    EXPECT_TRUE(contains(on_terminal({"log", db, "--limit", "1"}), " ordinal  time "));
    EXPECT_EQ(on_terminal({"log", db, "--limit", "1", "--ndjson"}).rfind("{\"stream\":\"s\"", 0),
              0U);
    close(terminal);
}

// ---- disks ----

TEST_F(Program, SaysThatTheDiskIsFull) {
    make(1);
    const auto limit = [] {
        const rlimit small{1 << 20, 1 << 20};
        setrlimit(RLIMIT_FSIZE, &small);
    };
    const std::string big = event("x", "\"" + std::string(500'000, 'y') + "\"");
    const Ended ended = run({"append", db, "s", "--batch", "1"}, big + big + big, limit);
    expect_error(ended, 7, "full");
    EXPECT_EQ(run({"verify", db}).code, 0);
    EXPECT_TRUE(contains(ended.err, "note: ") == (event_count() > 1)) << ended.err;
    EXPECT_EQ(append(big).code, 0);
}

TEST_F(Program, KeepsWhatItSaidOnADiskThatFillsUp) {
    const std::string small = directory.path("small");
    std::filesystem::create_directory(small);
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=4m") != 0)
        GTEST_SKIP() << "no right to mount";
    db = small + "/shop.fdb";
    const std::string big = event("x", "\"" + std::string(500'000, 'y') + "\"");
    std::string input;
    for (int i = 0; i < 12; i++) input += big;
    const Ended ended = append(input, {"--create", "--batch", "1"});
    expect_error(ended, 7, "full");
    const std::string said = "note: " + std::to_string(event_count()) + " events were committed";
    EXPECT_TRUE(contains(ended.err, said)) << ended.err << said;
    EXPECT_EQ(run({"verify", db}).code, 0);
    umount2(small.c_str(), MNT_DETACH);
}

TEST_F(Program, ReadsFromADiskThatIsReadOnly) {
    const std::string small = directory.path("small");
    std::filesystem::create_directory(small);
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=8m") != 0)
        GTEST_SKIP() << "no right to mount";
    db = small + "/shop.fdb";
    make(3);
    ASSERT_EQ(mount("tmpfs", small.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8m"), 0);
    expect_error(append(events(1)), 5, "read-only");
    EXPECT_EQ(event_count(), 3U);
    EXPECT_EQ(run({"verify", db}).code, 0);
    umount2(small.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace freshet
