// SPDX-License-Identifier: MIT
// Goal: the program says what it can do and what was wrong in what it was asked to do. Method: call
// it in every right and wrong way.
#include <filesystem>

#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

TEST_F(Program, SaysItsVersion) {
    EXPECT_EQ(run({"version"}).out, "freshet 0.1.0, format 0\n");
    EXPECT_EQ(run({"--version"}).out, "freshet 0.1.0, format 0\n");
}

TEST_F(Program, HelpsOnEverything) {
    for (const std::string topic : {"create", "append", "read", "log", "streams", "settings",
                                    "checkpoints", "verify", "stats", "head", "backup"}) {
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
         {"\n    2  usage ", "\n    9  bad-line ", "\n    4  wrong-version ", "\n    5  locked ",
          "\n    6  corrupt ", "\n    7  full ", "\n    8  out-of-memory ",
          "\n   10  stream-not-found ", "\n   11  too-large ", "\n  130  interrupted "}) {
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
        {{"create", ""}, "store is missing"},
        {{"append", "db", "--expect", "3"}, "--expect needs the name of a stream"},
        {{"append", "db", "s", "more"}, "one word too many"},
        {{"read", "db"}, "stream is missing"},
        {{"log"}, "store is missing"},
        {{"log", "db", "s"}, "one word too many"},
        {{"verify"}, "store is missing"},
        {{"version", "x"}, "one word too many"},
        {{"streams"}, "store is missing"},
        {{"backup", "db"}, "directory for the copy is missing"},
        {{"backup", "db", "to", "--to-commit", "1", "--to-time", "2024-01-01"}, "both say where"},
        {{"streams", "db", "a", "b"}, "one word too many"},
        {{"create"}, "store is missing"},
        {{"create", "db", "--frame-size", "0"}, "a size like 1M"},
        {{"create", "db", "--segment-size", "9G"}, "a size like 64M"},
        {{"log", "db", "--color", "red"}, "auto, always or never"},
        {{"log", "db", "--wait", "soon"}, "a number of milliseconds"},
        {{"append", "db", "--type", "x"}, "needs the name of a stream"},
        {{"append", "db", "s", "--data", "x"}, "needs --type"},
        {{"append", "db", "s", "--correlation", "x"}, "needs --type"},
        {{"append", "db", "s", "--causation", "x"}, "needs --type"},
        {{"append", "db", "s", "--schema-version", "2"}, "needs --type"},
        {{"append", "db", "s", "--type", "x", "--schema-version", "0"}, "from 1 to 65535"},
        {{"append", "db", "s", "--type", "x", "--schema-version", "65536"}, "from 1 to 65535"},
        {{"append", "db", "s", "--type", "x", "--correlation", ""}, "1 to 255 bytes of text"},
        {{"append", "db", "s", "--type", "x", "--causation", "a\nb"}, "1 to 255 bytes of text"},
        {{"append", "db", "s", "--after", "3"}, "look"},
        {{"append", "db", "s", "--batch", "3", "--fail-if-type", "x"}, "leave out --batch"},
        {{"append", "db", "s", "--batch", "3", "--checkpoint", "c=1"}, "leave out --batch"},
        {{"append", "db", "s", "--checkpoint", "c"}, "a name, = and a number"},
        {{"append", "db", "s", "--checkpoint", "c="}, "a name, = and a number"},
        {{"append", "db", "s", "--close"}, "append does not take --close"},
        {{"settings", "db"}, "name of the stream is missing"},
        {{"settings", "db", "s", "--expect", "0"}, "goes with a change"},
        {{"settings", "db", "s", "--max-count", "18446744073709551615"}, "0 for all"},
        {{"settings", "db", "s", "--truncate-before", "x"}, "the index of an event"},
        {{"settings", "db", "s", "--max-age", "30"}, "like 90s, 12h or 30d"},
        {{"settings", "db", "s", "--max-age", "30w"}, "like 90s, 12h or 30d"},
        {{"settings", "db", "s", "--max-age", "300000000000d"}, "like 90s, 12h or 30d"},
        {{"settings", "db", "s", "--max-age", ""}, "like 90s, 12h or 30d"},
        {{"settings", "db", "s", "--tombstoen"}, "did you mean --tombstone?"},
        {{"setings"}, "did you mean settings?"},
        {{"checkpoints"}, "store is missing"},
        {{"log", "db", "--group", "2/2"}, "from 0 to N - 1"},
        {{"log", "db", "--group", "1"}, "from 0 to N - 1"},
        {{"log", "db", "--group", "0/0"}, "from 0 to N - 1"},
        {{"log", "db", "--group", "0/4294967296"}, "from 0 to N - 1"},
        {{"log", "db", "--after", "1", "--consumer", "c"}, "all say where to start"},
        {{"log", "db", "--head", "x"}, "freshet head"},
        {{"append", "db", "s", "--meta", "x"}, "needs --type"},
        {{"append", "db", "s", "--type", "x", "--id", "12"}, "32 hexadecimal digits"},
        {{"help", "a", "b"}, "one word too many"},
        {{"append", "db", "s", "--craete"}, "did you mean --create?"},
        {{"append", "db", "s", "--zzz"}, "see: freshet help append"},
        {{"append", "db", "s", "--limit", "1"}, "append does not take --limit"},
        {{"--limit", "1", "read", "db", "s"}, "before the command"},
        {{"append", "db", "s", "--create=yes"}, "takes no value"},
        {{"append", "db", "s", "--expect"}, "give --expect any|none|exists|N"},
        {{"append", "db", "s", "--expect", "-1"}, "any, none, exists"},
        {{"append", "db", "s", "--expect", "9223372036854775808"}, "any, none, exists"},
        {{"append", "db", "s", "--batch", "0"}, "from 1 on"},
        {{"append", "db", "s", "--batch=ten"}, "from 1 on"},
        {{"read", "db", "s", "--from", "last"}, "beginning, newest or"},
        {{"read", "db", "s", "--limit", "1x"}, "give a number"},
        {{"read", "db", "s", "--limit", "18446744073709551616"}, "give a number"},
        {{"read", "db", "s", "--limit="}, "give a number"},
        {{"log", "db", "--after", "x"}, "give a number"},
        {{"log", "db", "--after", "1", "--commit", "1"}, "all say where to start"},
        {{"log", "db", "--memory", "64Q"}, "like 64M"},
        {{"log", "db", "--memory", "M"}, "like 64M"},
        {{"log", "db", "--memory", ""}, "like 64M"},
        {{"log", "db", "--memory", "0"}, "like 64M"},
        {{"log", "db", "--memory", "99999999999G"}, "like 64M"},
        {{"log", "db", "--memory", "1025G"}, "up to 1024G"},
        {{"log", "db", "--no-maps", "much"}, "like 64M"},
        {{"verify", "db", "--head", "123"}, "freshet head"},
    };
    for (const auto& [words, part] : cases) expect_error(run(words), 2, "usage", part);
    EXPECT_FALSE(std::filesystem::exists("db"));
}

// Method: mistakes about places, and what is said of each, in the words of the system if any.
TEST_F(Program, SaysWhatIsWrongWithAPlace) {
    make(1);
    const std::string nowhere = directory.path("none") + "/shop.fdb";
    const struct {
        Words words;
        int code;
        std::string part;
    } cases[] = {
        {{"log", nowhere}, 5, "[not-found]: " + nowhere + ": there is no store here"},
        {{"create", nowhere}, 5, "the directory that it should be in is missing"},
        {{"append", nowhere, "s", "--create"}, 5, "the directory that it should be in is missing"},
        {{"append", nowhere, "s"}, 5, "add --create to make a new one"},
        {{"backup", db, nowhere}, 5, "no directory can be made here (No such file or directory)"},
        {{"log", "/dev/null"}, 5, "not a freshet store (Not a directory)"},
        {{"append", db, "s", "--type", "x", "--data", "@/"}, 9, "cannot be read (Is a directory)"},
        {{"append", db, "new", "--type", "x", "--expect", "4"},
         4,
         "[wrong-version]: new: expected version 4, but the stream has no events"},
    };
    for (const auto& [words, code, part] : cases) {
        const Ended ended = run(words);
        EXPECT_EQ(ended.code, code) << ended.err;
        EXPECT_TRUE(contains(ended.err, part)) << ended.err;
    }
    ASSERT_EQ(run({"settings", db, "s", "--close"}).code, 0);
    const std::string lines =
        "{\"type\":\"x\",\"stream\":\"t\"}\n{\"type\":\"x\",\"stream\":\"s\"}\n";
    EXPECT_TRUE(contains(run({"append", db}, lines).err, "error[stream-closed]: s: append 2: "));
}

TEST_F(Program, TakesItsMemoryFromTheEnvironmentToo) {
    make(1);
    const auto set = [](const char* size) { return [size] { setenv("FRESHET_MEMORY", size, 1); }; };
    EXPECT_EQ(run({"log", db}, "", set("32M")).code, 0);
    expect_error(run({"log", db}, "", set("100K")), 8, "out-of-memory", "give --memory");
    EXPECT_EQ(run({"log", db, "--memory", "32M"}, "", set("100K")).code, 0);
    expect_error(run({"log", db}, "", set("much")), 2, "usage", "like 64M");
}

}  // namespace
}  // namespace freshet
