// SPDX-License-Identifier: MIT
// Goal: every flag of every --help does what it says, and nothing else is taken. Method: find the
// flags in the help, and for each one a call below whose outcome shows that it works.
#include <filesystem>
#include <map>
#include <set>

#include "tests/expression.hpp"
#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

struct Call {
    Words words;            // Behind the command and the store, which has two events in stream s.
    int code = 0;           //
    std::string out{};      // A part of standard output, ...
    std::string err{};      // ... of standard error, ...
    std::string not_out{};  // ... and what standard output has not.
    std::string input{};
};

class Flags : public Program {
protected:
    void SetUp() override {
        Program::SetUp();
        if (HasFatalFailure() || IsSkipped()) return;
        ASSERT_EQ(append(event("a", "1010101") + event("b", "2020202"), {"--create"}).code, 0);
        foreign_head = fact(run({"head", db}).out, "head");
        foreign_head[0] = foreign_head[0] == '1' ? '2' : '1';
    }

    // By command, "" for all of them, and flag.
    std::map<std::pair<std::string, std::string>, Call> calls() {
        static int target_count = 0;
        const std::string target = directory.path("target" + std::to_string(target_count++));
        return {
            {{"", "--memory"}, {{"--memory", "100K"}, 8, "", "give --memory"}},
            {{"", "--no-maps"}, {{"--no-maps", "65M"}}},
            {{"", "--wait"}, {{"--wait", "1"}}},
            {{"", "--box"}, {{"--box"}, 0, "\xe2\x94\x8c"}},
            {{"", "--tsv"}, {{"--tsv"}, 0, "\t"}},
            {{"", "--json"}, {{"--json"}, 0, "\":"}},
            {{"", "--ndjson"}, {{"--ndjson"}, 0, "\":"}},
            {{"", "--color"}, {{"--box", "--color", "always"}, 0, "\x1b[1m"}},
            {{"", "--quiet"}, {{"--quiet"}}},
            {{"", "-q"}, {{"-q"}}},
            {{"", "--help"}, {{"--help"}, 0, "For all commands:"}},
            {{"", "-h"}, {{"-h"}, 0, "For all commands:"}},
            {{"create", "--sha256"}, {{"--sha256"}, 4, "", "there is a store here already"}},
            {{"create", "--segment-size"}, {{"--segment-size", "64K"}, 4, "", "already"}},
            {{"create", "--frame-size"}, {{"--frame-size", "4K"}, 4, "", "already"}},
            {{"append", "--create"}, {{"s", "--create", "--type", "x"}, 0, "", "index 2 to 2"}},
            {{"append", "--expect"}, {{"s", "--expect", "0", "--type", "x"}, 4, "", "version 1"}},
            {{"append", "--batch"}, {{"s", "--batch", "1"}, 0, "", "commit 3", "", events(2)}},
            {{"append", "--type"}, {{"s", "--type", "x"}, 0, "", "appended 1 event to s"}},
            {{"append", "--data"}, {{"s", "--type", "x", "--data", "@none"}, 9, "", "[bad-input]"}},
            {{"append", "--meta"}, {{"s", "--type", "x", "--meta", "@none"}, 9, "", "none: "}},
            {{"append", "--id"}, {{"s", "--type", "x", "--id", std::string(32, 'a')}, 0}},
            {{"append", "--schema-version"},
             {{"s", "--type", "x", "--schema-version", "7", "--expect", "9"}, 4, "", "wrong"}},
            {{"append", "--correlation"},
             {{"s", "--type", "x", "--correlation", "c", "--meta", "1"}, 2, "", "JSON object"}},
            {{"append", "--causation"},
             {{"s", "--type", "x", "--causation", "c", "--meta", "1"}, 2, "", "JSON object"}},
            {{"append", "--fail-if-type"},
             {{"s", "--type", "x", "--fail-if-type", "b"}, 4, "", "event 1 of commit 1"}},
            {{"append", "--fail-if-tag"},
             {{"s", "--type", "x", "--fail-if-tag", "t"}, 0, "", "index 2 to 2"}},
            {{"append", "--fail-if-stream"},
             {{"s", "--type", "x", "--fail-if-stream", "s"}, 4, "", "event 0 of commit 1"}},
            {{"append", "--after"},
             {{"s", "--type", "x", "--fail-if-stream", "s", "--after", "1"}, 0, "", "index 2"}},
            {{"append", "--checkpoint"}, {{"--checkpoint", "mailer=2"}, 0, "", "checkpoint of"}},
            {{"read", "--from"}, {{"s", "--from", "1"}, 0, "2020202", "", "1010101"}},
            {{"read", "--backwards"},
             {{"s", "--backwards", "--limit", "1"}, 0, "2020202", "", "1010101"}},
            {{"read", "--limit"}, {{"s", "--limit", "1"}, 0, "1010101", "", "2020202"}},
            {{"log", "--after"}, {{"--after", "0"}, 0, "2020202", "", "1010101"}},
            {{"log", "--commit"}, {{"--commit", "2"}, 0, "stream\t", "", "1010101"}},
            {{"log", "--stream-prefix"}, {{"--stream-prefix", "t"}, 0, "stream\t", "", "1010101"}},
            {{"log", "--type"}, {{"--type", "b"}, 0, "2020202", "", "1010101"}},
            {{"log", "--consumer"}, {{"--consumer", "new"}, 0, "1010101"}},
            {{"log", "--head"}, {{"--head", foreign_head}, 4, "", "[other-store]"}},
            {{"log", "--category"}, {{"--category", "t"}, 0, "stream\t", "", "1010101"}},
            {{"log", "--group"}, {{"--group", "0/1"}, 0, "1010101"}},
            {{"log", "--correlation"}, {{"--correlation", "c"}, 0, "stream\t", "", "1010101"}},
            {{"log", "--all"}, {{"--all"}, 0, "1010101"}},
            {{"log", "--limit"}, {{"--limit", "1"}, 0, "1010101", "", "2020202"}},
            {{"log", "--follow"}, {{"--follow", "--limit", "2"}, 0, "2020202"}},
            {{"log", "--verbose"}, {{"--verbose", "--limit", "2"}, 0, "2020202"}},
            {{"log", "-v"}, {{"-v", "--limit", "2"}, 0, "2020202"}},
            {{"streams", "--limit"}, {{"--limit", "0"}, 0, "stream\t", "", "\ns\t"}},
            {{"streams", "--all"}, {{"--all"}, 0, "\ns\t"}},
            {{"settings", "--truncate-before"},
             {{"s", "--truncate-before", "1"}, 0, "first_index\t1\n"}},
            {{"settings", "--max-count"}, {{"s", "--max-count", "1"}, 0, "first_index\t1\n"}},
            {{"settings", "--max-age"}, {{"s", "--max-age", "90m"}, 0, "max_age\t90m\n"}},
            {{"settings", "--delete"}, {{"s", "--delete"}, 0, "deleted\ttrue\n"}},
            {{"settings", "--close"}, {{"s", "--close"}, 0, "closed\ttrue\n"}},
            {{"settings", "--tombstone"}, {{"s", "--tombstone"}, 0, "tombstoned\ttrue\n"}},
            {{"settings", "--expect"}, {{"s", "--close", "--expect", "0"}, 4, "", "version 1"}},
            {{"checkpoints", "--limit"}, {{"--limit", "0"}, 0, "consumer\t"}},
            {{"backup", "--to-commit"}, {{target, "--to-commit", "0"}, 0, "events\t0\n"}},
            {{"backup", "--runs"}, {{target + "-3", "--runs"}, 0, "runs\t0\n"}},
            {{"backup", "--to-time"},
             {{target + "-2", "--to-time", "2000-01-01"}, 0, "commit\t0\n"}},
            {{"sql", "--create"}, {{"SELECT 1 AS a", "--create"}, 0, "a\n1\n"}},
            {{"sql", "--file"}, {{"--file", "-"}, 0, "a\n2\n", "", "", "SELECT 2 AS a"}},
            {{"sql", "-f"}, {{"-f", "none"}, 9, "", "[bad-input]"}},
            {{"sql", "--at"}, {{"--at", "9", "SELECT 1"}, 4, "", "[ahead-of-log]"}},
            {{"sql", "--read-only"},
             {{"--read-only", "CREATE TABLE t (a INT)"}, 5, "", "[read-only]"}},
            {{"sql", "--keep-going"}, {{"--keep-going", "nix; SELECT 3 AS a"}, 1, "a\n3\n", "nix"}},
            {{"verify", "--head"}, {{"--head", foreign_head}, 6, "", "does not contain that head"}},
        };
    }

    // With a store of its own.
    Ended call(const std::string& command, const Call& call) const {
        const std::string copy = directory.path("copy.fdb");
        std::filesystem::remove_all(copy);
        std::filesystem::copy(db, copy);
        Words words{command, copy};
        words.insert(words.end(), call.words.begin(), call.words.end());
        return run(words, call.input);
    }

    std::string foreign_head;
};

const Words commands{"create", "append",      "read",   "log",   "streams", "settings",
                     "sql",    "checkpoints", "verify", "stats", "head",    "backup"};

const Expression flag_name{"--?[a-z][a-z0-9-]*"};

// The flags at the beginnings of lines: `  -q, --quiet  ...` and `  --box, --tsv ...`.
std::set<std::string> flags_of(const std::string& help) {
    std::set<std::string> found;
    for (const std::string& line : lines(help)) {
        if (line.rfind("  -", 0) != 0) continue;
        for (const Words& flag : flag_name.find_all(line.substr(0, line.find("  ", 2))))
            found.insert(flag[0]);
    }
    return found;
}

TEST_F(Flags, OfEveryHelpDoWhatTheySay) {
    const auto known = calls();
    std::set<std::pair<std::string, std::string>> seen;
    for (const std::string& command : commands) {
        for (const std::string& flag : flags_of(run({command, "--help"}).out)) {
            const bool is_own = known.count({command, flag}) != 0;
            const auto found = known.find({is_own ? command : "", flag});
            ASSERT_NE(found, known.end()) << "no test of " << command << " " << flag;
            seen.insert(found->first);
            if (!is_own) continue;
            const Call& wanted = found->second;
            const Ended ended = call(command, wanted);
            EXPECT_EQ(ended.code, wanted.code) << command << " " << flag << ": " << ended.err;
            EXPECT_TRUE(contains(ended.out, wanted.out)) << command << " " << flag << ended.out;
            EXPECT_TRUE(contains(ended.err, wanted.err)) << command << " " << flag << ended.err;
            EXPECT_FALSE(!wanted.not_out.empty() && contains(ended.out, wanted.not_out)) << flag;
        }
    }
    for (const auto& [name, unused] : known) {
        EXPECT_EQ(seen.count(name), 1U) << name.first << " " << name.second << " is in no help";
    }
}

// Method: the flags for all, with each command that prints something.
TEST_F(Flags, ForAllCommandsWorkWithEach) {
    for (const std::string command :
         {"read", "log", "streams", "settings", "verify", "stats", "head"}) {
        for (const auto& [name, call] : calls()) {
            if (!name.first.empty()) continue;
            Words words{command, db};
            if (command == "read" || command == "settings") words.emplace_back("s");
            words.insert(words.end(), call.words.begin(), call.words.end());
            const Ended ended = run(words);
            EXPECT_EQ(ended.code, call.code) << command << " " << name.second << ended.err;
            EXPECT_TRUE(contains(ended.out, call.out))
                << command << " " << name.second << ended.out;
            EXPECT_TRUE(contains(ended.err, call.err))
                << command << " " << name.second << ended.err;
        }
    }
}

TEST_F(Flags, OfOneCommandAreRefusedByTheOthers) {
    std::map<std::string, std::set<std::string>> taken;
    std::set<std::string> all;
    for (const std::string& command : commands) {
        taken[command] = flags_of(run({command, "--help"}).out);
        all.insert(taken[command].begin(), taken[command].end());
    }
    for (const std::string& command : commands) {
        for (const std::string& flag : all) {
            if (taken[command].count(flag) != 0 || flag == "-v") continue;
            expect_error(run({command, db, flag, "1"}), 2, "usage", "see: freshet help " + command);
        }
    }
}

TEST_F(Flags, OfTheReadmeAreThoseOfTheHelp) {
    std::ifstream file{"README.md"};
    if (!file) GTEST_SKIP() << "not run from the top of the tree";
    const std::string readme{std::istreambuf_iterator<char>{file}, {}};
    for (const std::string& line : lines(run({"help"}).out)) {
        if (line.rfind("  freshet ", 0) == 0 && !contains(line, "version")) {
            EXPECT_TRUE(contains(readme, "\n  " + line + "\n")) << line;
        }
    }
}

// Method: the manual begins a section for each command, and a paragraph for each flag.
TEST_F(Flags, OfTheManualAreThoseOfTheHelp) {
    std::ifstream file{"src/package/freshet.1"};
    if (!file) GTEST_SKIP() << "not run from the top of the tree";
    std::string manual{std::istreambuf_iterator<char>{file}, {}};
    manual = Expression{R"(\\-)"}.replace_all(manual, "-");
    std::set<std::string> wanted;
    for (const std::string& command : commands) {
        EXPECT_TRUE(contains(manual, "\n.SS " + command + " DB")) << command;
        wanted.merge(flags_of(run({command, "--help"}).out));
    }
    std::set<std::string> found;
    for (const std::string& line : lines(manual)) {
        if (line.rfind(".BR -", 0) != 0 && line.rfind(".B -", 0) != 0) continue;
        for (const Words& flag : flag_name.find_all(line)) found.insert(flag[0]);
    }
    EXPECT_EQ(found, wanted);
    EXPECT_LE(lines(manual).size(), 200U);
}

TEST_F(Flags, OfTimesTakeAllThatRfc3339Has) {
    auto events_until = [&, count = 0](const std::string& time) mutable {
        const Ended ended =
            run({"backup", db, directory.path("at" + std::to_string(count++)), "--to-time", time});
        return ended.code == 0 ? fact(ended.out, "events") : "code " + std::to_string(ended.code);
    };
    const std::string time = fact(run({"head", db}).out, "time");
    EXPECT_EQ(events_until(time), "2");
    EXPECT_EQ(events_until(time.substr(0, time.size() - 1) + "+00:00"), "2");
    EXPECT_EQ(events_until(time.substr(0, 19) + "+01:00"), "0");
    EXPECT_EQ(events_until(time.substr(0, 19) + "-01:00"), "2");
    EXPECT_EQ(events_until("9999-12-31T23:59:59.999999000Z"), "2");
    EXPECT_EQ(events_until("2024-02-29"), "0");
    EXPECT_EQ(events_until("2024-01-01T00:00:00"), "0");  // UTC, without an offset.
    for (const char* bad : {"", "now", "2023-02-29", "2024-13-01", "1969-12-31", "2024-01-01T",
                            "2024-01-01T00:00:00.1234567Z", "2024-01-01T24:00:00Z",
                            "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00.Z", "2024-1-1"}) {
        EXPECT_EQ(events_until(bad), "code 2") << bad;  // The exit code of usage.
    }
}

// ---- what create makes a store of ----

TEST_F(Flags, OfCreateSayWhatAStoreIsMadeOf) {
    const std::string made = directory.path("made.fdb");
    ASSERT_EQ(
        run({"create", made, "a", "b", "--sha256", "--segment-size", "64K", "--frame-size", "4K"})
            .code,
        0);
    EXPECT_EQ(lines(run({"streams", made}).out),
              (Words{"stream\tevents\tversion\tstate", "a\t0\t-1\topen", "b\t0\t-1\topen"}));
    EXPECT_FALSE(contains(fact(run({"head", made}).out, "head"), "00000000000000000000"));
    expect_error(run({"append", made, "a"}, event("x", "\"" + std::string(5000, 'y') + "\"")), 11,
                 "too-large");
    ASSERT_EQ(run({"append", made, "a"}, events(2000, std::string(100, 't'))).code, 0);
    EXPECT_GT(std::stoi(fact(run({"stats", made}).out, "segments")), 2);
    EXPECT_EQ(run({"verify", made}).code, 0);
    expect_error(run({"create", made, "c", "a"}), 4, "already-exists");
    EXPECT_EQ(lines(run({"streams", made}).out).size(), 3U);
}

TEST_F(Flags, OfCreateAreRefusedBeforeAnythingIsMade) {
    const std::string made = directory.path("made.fdb");
    for (const Words& words : std::vector<Words>{{"--segment-size", "5000"},
                                                 {"--segment-size", "2K"},
                                                 {"--segment-size", "2G"},
                                                 {"--frame-size", "100"},
                                                 {"--frame-size", "32M"},
                                                 {"--frame-size", "1025"}}) {
        Words all{"create", made};
        all.insert(all.end(), words.begin(), words.end());
        expect_error(run(all), 2, "usage", "see: freshet help create");
        EXPECT_FALSE(std::filesystem::exists(made));
    }
}

}  // namespace
}  // namespace freshet
