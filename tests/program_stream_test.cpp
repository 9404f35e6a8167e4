// SPDX-License-Identifier: MIT
// Goal: from a shell, streams can be cut, bounded, closed and deleted, commits can rest on
// conditions and carry checkpoints, and consumers can share a log. Method: do each, and look at it
// with every command that shows it.
#include <set>

#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

class Streams : public Program {
protected:
    Ended settings(const Words& flags, const std::string& stream = "s") const {
        Words words{"settings", db, stream};
        words.insert(words.end(), flags.begin(), flags.end());
        return run(words);
    }
    Words indexes(const std::string& stream = "s") const {
        return values(run({"read", db, stream, "--ndjson"}).out, "index");
    }
    Words log_values(const std::string& member, Words flags) const {
        flags.insert(flags.begin(), {"log", db, "--ndjson"});
        const Ended ended = run(flags);
        EXPECT_EQ(ended.code, 0) << ended.err;
        return values(ended.out, member);
    }
};

// ---- runs ----

TEST_F(Streams, AreFoundInRunsThatAreMadeOnRequest) {
    make(3);
    EXPECT_EQ(fact(run({"stats", db}).out, "runs"), "0");
    const Ended made = run({"snapshot", db});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(fact(made.out, "commit"), fact(run({"head", db}).out, "commit"));
    EXPECT_EQ(fact(made.out, "runs"), "1");
    const Ended stats = run({"stats", db});
    EXPECT_EQ(fact(stats.out, "run_bytes"), fact(made.out, "run_bytes"));
    EXPECT_EQ(fact(stats.out, "run_commit"), fact(made.out, "commit"));
    EXPECT_EQ(fact(stats.out, "maintenance_owed"), "0");
    EXPECT_EQ(indexes(), (Words{"0", "1", "2"}));
    EXPECT_EQ(run({"snapshot", db, "--quiet"}).out, "");
    EXPECT_EQ(run({"verify", db}).code, 0);

    for (const auto& file : std::filesystem::directory_iterator{db})
        if (file.path().extension() == ".run") std::filesystem::remove(file.path());
    const Ended without = run({"streams", db});
    EXPECT_EQ(lines(without.out)[1], "s\t3\t2\topen");
    EXPECT_TRUE(contains(without.err, "runs cannot be used")) << without.err;
    EXPECT_EQ(fact(run({"snapshot", db}).out, "runs"), "1");
    EXPECT_EQ(run({"streams", db}).err, "");
    expect_error(run({"snapshot", db + "-of-nobody"}), 5, "not-found");
}

// ---- settings ----

TEST_F(Streams, ShowTheirSettingsWithoutChangingThem) {
    make(3);
    const Ended ended = settings({});
    EXPECT_EQ(ended.out,
              "name\tvalue\nversion\t2\nfirst_index\t0\ntruncate_before\t0\nmax_count\t\\N\n"
              "max_age\t\\N\nclosed\tfalse\ndeleted\tfalse\ntombstoned\tfalse\n");
    EXPECT_EQ(settings({"--json"}).out,
              "{\"version\":2,\"first_index\":0,\"truncate_before\":0,\"closed\":false,"
              "\"deleted\":false,\"tombstoned\":false}\n");
    EXPECT_EQ(fact(run({"head", db}).out, "commit"), "1");
    expect_error(settings({}, "S"), 10, "stream-not-found", "did you mean s?");
    expect_error(settings({"--close"}, "S"), 10, "stream-not-found", "did you mean s?");
    expect_error(settings({"--close"}, ""), 2, "invalid-name");
    expect_error(settings({"--close"}, "$settings/s"), 2, "invalid-name");
    EXPECT_EQ(fact(run({"head", db}).out, "commit"), "1");
}

TEST_F(Streams, AreCutAndBounded) {
    make(5);
    EXPECT_EQ(fact(settings({"--truncate-before", "2"}).out, "truncate_before"), "2");
    EXPECT_EQ(indexes(), (Words{"2", "3", "4"}));
    const Ended both = settings({"--max-count=1", "--max-age", "48h", "--json"});
    EXPECT_TRUE(contains(both.out,
                         "\"first_index\":4,\"truncate_before\":2,\"max_count\":1,"
                         "\"max_age\":\"2d\","))
        << both.out;
    EXPECT_EQ(indexes(), Words{"4"});
    EXPECT_EQ(settings({"--max-count", "0", "-q"}).out, "");
    EXPECT_EQ(indexes(), (Words{"2", "3", "4"}));
    EXPECT_EQ(settings({"--max-age", "1us"}).code, 0);
    EXPECT_EQ(indexes(), Words{});
    for (const std::string age : {"1us", "1500us", "7ms", "90s", "90m", "25h", "30d"})
        EXPECT_EQ(fact(settings({"--max-age", age}).out, "max_age"), age);
    EXPECT_EQ(fact(settings({"--max-age", "0"}).out, "max_age"), "\\N");
    EXPECT_EQ(event_count(), 5U) << "the log shows all";
    const Ended back = settings({"--truncate-before", "1"});
    expect_error(back, 2, "invalid-argument", "it only grows");
    EXPECT_TRUE(contains(back.err, "s: cannot truncate before index 1; it is truncated before 2"));
    expect_error(settings({"--truncate-before", "6"}), 2, "invalid-argument", "comes next");
    EXPECT_EQ(lines(run({"streams", db}).out)[1], "s\t3\t4\topen");
}

TEST_F(Streams, AreDeletedUntilSomethingIsAppended) {
    make(2);
    EXPECT_EQ(fact(settings({"--delete"}).out, "deleted"), "true");
    expect_error(run({"read", db, "s"}), 10, "stream-deleted", "indexes go on");
    EXPECT_EQ(lines(run({"streams", db}).out)[1], "s\t0\t1\tdeleted");
    EXPECT_EQ(append(event("x")).err, "appended 1 event to s: index 2 to 2, commit 3\n");
    EXPECT_EQ(indexes(), Words{"2"});
    EXPECT_EQ(fact(settings({}).out, "deleted"), "false");
}

TEST_F(Streams, AreClosedAndTombstonedForEver) {
    make(2);
    expect_error(settings({"--close", "--expect", "5"}), 4, "wrong-version", "retry");
    EXPECT_EQ(fact(settings({"--close", "--expect", "1"}).out, "closed"), "true");
    expect_error(append(event("x")), 4, "stream-closed", "another stream");
    EXPECT_EQ(indexes(), (Words{"0", "1"}));
    EXPECT_EQ(lines(run({"streams", db}).out)[1], "s\t2\t1\tclosed");
    EXPECT_EQ(settings({"--tombstone"}).out,
              "name\tvalue\nversion\t\\N\nfirst_index\t\\N\ntruncate_before\t0\nmax_count\t\\N\n"
              "max_age\t\\N\nclosed\ttrue\ndeleted\tfalse\ntombstoned\ttrue\n");
    for (const Words& words : {Words{"read", db, "s"}, Words{"append", db, "s", "--type", "x"},
                               Words{"settings", db, "s", "--max-count", "1"}})
        expect_error(run(words), 10, "stream-tombstoned", "another name");
    EXPECT_EQ(lines(run({"streams", db}).out),
              (Words{"stream\tevents\tversion\tstate", "s\t\\N\t\\N\ttombstoned"}));
    EXPECT_EQ(run({"streams", db, "--ndjson"}).out,
              "{\"stream\":\"s\",\"state\":\"tombstoned\"}\n");
    EXPECT_EQ(run({"verify", db}).code, 0);
}

// Method: nobody reads the pipe that the settings would be printed to.
TEST_F(Streams, AreChangedBeforeAnythingIsPrinted) {
    make(2);
    const auto close_reader = [] {
        int ends[2];
        if (pipe(ends) != 0) _exit(126);
        close(ends[0]);
        dup2(ends[1], 1);
    };
    EXPECT_EQ(run({"settings", db, "s", "--close"}, "", close_reader).code, 141);
    EXPECT_EQ(fact(settings({}).out, "closed"), "true");
    EXPECT_EQ(run({"verify", db}).code, 0);
}

TEST_F(Streams, OfTheStoreAreShownToWhoAsks) {
    make(1);
    ASSERT_EQ(settings({"--max-count", "9"}).code, 0);
    ASSERT_EQ(run({"append", db, "--checkpoint", "mailer=1"}).code, 0);
    const auto names = [&](const Words& more) {
        Words words{"streams", db, "--ndjson"};
        words.insert(words.end(), more.begin(), more.end());
        return values(run(words).out, "stream");
    };
    const Words own{"\"$checkpoint/mailer\"", "\"$settings/s\""};
    EXPECT_EQ(names({}), Words{"\"s\""});
    EXPECT_EQ(names({"$"}), own);
    EXPECT_EQ(names({"--all"}), (Words{own[0], own[1], "\"s\""}));
    EXPECT_EQ(log_values("stream", {}), Words{"\"s\""});
    EXPECT_EQ(log_values("stream", {"--all"}), (Words{"\"s\"", own[1], own[0]}));
    EXPECT_EQ(log_values("stream", {"--stream-prefix", "$s"}), Words{own[1]});
    EXPECT_EQ(log_values("stream", {"--all", "--follow", "--limit", "3"}).size(), 3U);
    EXPECT_EQ(log_values("stream", {"--follow", "--limit", "1"}), Words{"\"s\""});
    EXPECT_EQ(values(run({"read", db, "$settings/s", "--ndjson"}).out, "type"),
              Words{"\"$settings\""});
    expect_error(run({"append", db, "$settings/s"}, event("x")), 2, "invalid-name", "read only");
    const Ended line = run({"append", db}, "{\"type\":\"x\",\"stream\":\"$settings/s\"}\n");
    expect_error(line, 9, "bad-line");
    EXPECT_TRUE(contains(line.err, "stdin:1:22: streams whose names begin with $")) << line.err;
}

// ---- what commits rest on, and what comes with them ----

// Method: two decisions about one course, of which only one can hold.
TEST_F(Streams, TakeWhatNothingContradicts) {
    const auto enter = [&](const std::string& student, const std::string& after) {
        Words words{"append",         db,
                    "enrolments",     "--create",
                    "--type",         "Entered",
                    "--meta",         "{\"$tags\":[\"course:7\",\"student:" + student + "\"]}",
                    "--fail-if-type", "Entered",
                    "--fail-if-type", "Closed",
                    "--fail-if-tag",  "course:7"};
        if (!after.empty()) words.insert(words.end(), {"--after", after});
        return run(words);
    };
    EXPECT_EQ(enter("1", "").code, 0) << "nobody has entered";
    const Ended late = enter("2", "");
    expect_error(late, 4, "condition-failed", "decide again");
    EXPECT_TRUE(contains(late.err, "event 0 of commit 1 is in the way")) << late.err;
    EXPECT_EQ(enter("2", "0").code, 0) << "the one was seen";
    expect_error(enter("3", "0"), 4, "condition-failed");
    expect_error(enter("3", "7"), 4, "ahead-of-log");
    ASSERT_EQ(append(event("Closed"), {}, "other").code, 0);
    EXPECT_EQ(enter("3", "1").code, 0) << "it has no tag";
    EXPECT_EQ(event_count(), 4U);
}

TEST_F(Streams, AreLookedAtByPrefixAndTag) {
    make(2);
    EXPECT_EQ(append(event("x"), {"--fail-if-stream", "t"}).code, 0);
    expect_error(append(event("x"), {"--fail-if-stream", "s"}), 4, "condition-failed");
    expect_error(append(events(5), {"--fail-if-stream", "s", "--after", "1"}), 4,
                 "condition-failed");
    EXPECT_EQ(append(events(5), {"--fail-if-stream", "s", "--after", "2"}).code, 0);
    EXPECT_EQ(append(events(5), {"--fail-if-tag", "a", "--fail-if-tag", "b"}).code, 0);
    const Words all_commits = values(run({"read", db, "s", "--ndjson"}).out, "commit");
    EXPECT_EQ(Words(all_commits.end() - 5, all_commits.end()), Words(5, "4")) << "in one commit";
    Words many;
    for (int i = 0; i < 17; i++) many.insert(many.end(), {"--fail-if-tag", "t"});
    expect_error(append(event("x"), many), 2, "usage", "at most 16");
}

// Method: a consumer that writes what it made of events with its checkpoint, and is killed between
// reading and writing: it makes the same again, and goes on.
TEST_F(Streams, CarryTheCheckpointsOfTheirConsumers) {
    make(4);
    EXPECT_EQ(lines(run({"checkpoints", db}).out), Words{"consumer\tordinal\tcommit\ttime"});
    for (const std::string next : {"2", "4"}) {
        const std::size_t seen =
            log_values("ordinal", {"--consumer", "sum", "--stream-prefix", "s", "--limit", "2"})
                .size();
        EXPECT_EQ(seen, 2U);
        EXPECT_EQ(append(event("Sum"), {"--checkpoint", "sum=" + next}, "sums").code, 0);
    }
    const Ended again = append(event("Sum"), {"--checkpoint", "sum=4"}, "sums");
    expect_error(again, 4, "checkpoint-behind", "go on from there");
    EXPECT_TRUE(contains(again.err, "come to 4 already, and 4 was given")) << again.err;
    EXPECT_EQ(indexes("sums"), (Words{"0", "1"}));
    EXPECT_EQ(log_values("stream", {"--consumer", "sum"}), (Words{"\"sums\"", "\"sums\""}));
    EXPECT_EQ(run({"append", db, "--checkpoint", "mailer=1", "--json"}).out,
              "{\"events\":0,\"duplicates\":0,\"commit\":4}\n");
    expect_error(run({"append", db, "--checkpoint", "=1"}), 2, "invalid-name");
    expect_error(run({"append", db, "s", "--expect", "9", "--checkpoint", "mailer=2"}), 4,
                 "wrong-version");
    const Words rows = lines(run({"checkpoints", db}).out);
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[1].substr(0, 14), "mailer\t1\t4\t202");
    EXPECT_EQ(rows[2].substr(0, 11), "sum\t4\t3\t202");
    EXPECT_EQ(values(run({"checkpoints", db, "s", "--ndjson"}).out, "consumer"), Words{"\"sum\""});
}

TEST_F(Streams, TakeEventsTwiceWithTheirCheckpointOnce) {
    const Words words{"--create",           "--type",       "x",  "--id",
                      std::string(32, 'a'), "--checkpoint", "c=1"};
    EXPECT_EQ(append("", words).code, 0);
    EXPECT_EQ(append("", words).err, "1 event was there already\n");
    EXPECT_EQ(event_count(), 1U);
}

// ---- who reads what ----

TEST_F(Streams, AreReadByCategoryAndGroup) {
    std::string input;
    for (int i = 0; i < 20; i++) {
        for (const char* name : {"account-", "loan-"})
            input +=
                std::string{"{\"type\":\"x\",\"stream\":\""} + name + std::to_string(i) + "\"}\n";
    }
    ASSERT_EQ(run({"append", db, "--create"}, input).code, 0);
    EXPECT_EQ(log_values("stream", {"--category", "account"}).size(), 20U);
    EXPECT_EQ(log_values("stream", {"--category", "acc"}).size(), 0U);
    Words together;
    for (const char* member : {"0/3", "1/3", "2/3"}) {
        const Words share = log_values("ordinal", {"--category", "loan", "--group", member});
        EXPECT_GT(share.size(), 2U);
        together.insert(together.end(), share.begin(), share.end());
        EXPECT_EQ(log_values("ordinal", {"--group", member}).size(), 2 * share.size());
        EXPECT_EQ(log_values("ordinal", {"--category", "loan", "--group", member, "--follow",
                                         "--limit", std::to_string(share.size())}),
                  share);
    }
    EXPECT_EQ(std::set<std::string>(together.begin(), together.end()).size(), 20U);
    EXPECT_EQ(together.size(), 20U);
}

TEST_F(Streams, AreReadByConversation) {
    make(1);
    const auto say = [&](const Words& more) {
        Words words{"append", db, "s", "--type", "Said"};
        words.insert(words.end(), more.begin(), more.end());
        return run(words).code;
    };
    EXPECT_EQ(say({"--correlation", "order \"7\"", "--meta", "{ }"}), 0);
    EXPECT_EQ(say({"--correlation", "order \"7\"", "--causation", "2", "--meta", "{\"a\":1}"}), 0);
    EXPECT_EQ(say({"--causation", "3"}), 0);
    EXPECT_EQ(log_values("ordinal", {"--correlation", "order \"7\""}), (Words{"1", "2"}));
    EXPECT_EQ(log_values("ordinal", {"--correlation", "order"}), Words{});
    EXPECT_EQ(log_values("metadata", {"--after", "2"}), Words{"{\"$causationId\":\"3\""});
    for (const char* meta : {"1", "[]", "{", "{}x", "x{}", "{\"a\"}"})
        EXPECT_EQ(say({"--correlation", "c", "--meta", meta}), 2) << meta;
    const Ended twice = run({"append", db, "s", "--type", "x", "--causation", "c", "--meta",
                             "{\"$correlationId\":\"d\"}"});
    expect_error(twice, 2, "usage", "give each id once");
}

TEST_F(Streams, AreReadFromAHeadThatIsInTheirHistory) {
    make(2);
    const std::string head = fact(run({"head", db}).out, "head");
    ASSERT_EQ(append(events(3)).code, 0);
    EXPECT_EQ(log_values("ordinal", {"--head", head}), (Words{"2", "3", "4"}));
    const std::string copy = directory.path("copy.fdb");
    ASSERT_EQ(run({"backup", db, copy, "--to-commit", "1"}).code, 0);
    EXPECT_EQ(run({"log", copy, "--head", head}).code, 0);
    const std::string later = fact(run({"head", db}).out, "head");
    expect_error(run({"log", copy, "--head", later}), 4, "ahead-of-log");
    ASSERT_EQ(run({"append", copy, "s", "--batch", "1"}, events(2)).code, 0);
    expect_error(run({"log", copy, "--head", later}), 4, "diverged");
    ASSERT_EQ(run({"create", directory.path("other.fdb")}).code, 0);
    expect_error(run({"log", directory.path("other.fdb"), "--head", head}), 4, "other-store");
}

}  // namespace
}  // namespace freshet
