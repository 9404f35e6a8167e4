// SPDX-License-Identifier: MIT
// Goal: what people see on a terminal is meant for people: boxes that fit, colours that can be
// turned off, progress of long work, and ^C. Method: give the program a pseudo-terminal.
#include <fstream>

#include "shell/width.hpp"
#include "tests/program_fixture.hpp"
#include "tests/terminal.hpp"

namespace freshet {
namespace {

using namespace test;

class OnATerminal : public Program {
protected:
    void SetUp() override {
        Program::SetUp();
        if (!Terminal{}.is_there()) GTEST_SKIP() << "no terminals here";
    }

    void make_events() {
        const Ended ended = append(
            event("Paid", "{\"cents\":995}") + event("Noted", "\"" + std::string(200, 'x') + "\"") +
                "{\"type\":\"Raw\",\"data_base64\":\"AAH/\"}\n" + "{\"type\":\"Empty\"}\n",
            {"--create"});
        ASSERT_EQ(ended.code, 0) << ended.err;
    }

    // What the system says of a process, by its name there.
    static std::string status(const Running& running, const std::string& name) {
        std::ifstream file{"/proc/" + std::to_string(running.process()) + "/status"};
        for (std::string line; std::getline(file, line);)
            if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
        return {};
    }
    static bool has_ended(const Running& running) {
        const std::string state = status(running, "State");
        return state.empty() || state[0] == 'Z';
    }
    static bool catches(const Running& running, int signal) {
        const std::string caught = status(running, "SigCgt");
        return !caught.empty() && (std::stoull(caught, nullptr, 16) >> (signal - 1) & 1) != 0;
    }

    // What standard output or standard error shows.
    static std::string show(const Words& words, int descriptor = 1, unsigned short width = 80,
                            const char* term = "xterm", const char* no_color = "") {
        Terminal terminal{width};
        run(words, "", [&] {
            setenv("TERM", term, 1);
            setenv("NO_COLOR", no_color, 1);
            terminal.take(descriptor);
        });
        return terminal.shown();
    }
};

constexpr const char* bold = "\x1b[1m";

TEST_F(OnATerminal, PrintsABoxThatFits) {
    make_events();
    for (const unsigned short width : std::initializer_list<unsigned short>{70, 80, 100, 200}) {
        const std::vector<std::string> box = lines(show({"read", db, "s"}, 1, width, "xterm", "1"));
        ASSERT_EQ(box.size(), 9U);
        const std::size_t box_width = shell::text_width(box[0]);
        EXPECT_LE(box_width, width);
        for (std::size_t i = 2; i < 8; i++) {
            EXPECT_EQ(shell::text_width(box[i]), box_width) << box[i];
        }
        EXPECT_TRUE(contains(box[1], "index")) << box[1];
        EXPECT_TRUE(contains(box[3], "\xe2\x94\x82     0 \xe2\x94\x82 2")) << box[3];
        EXPECT_TRUE(contains(box[4], "xx~ \xe2\x94\x82")) << box[4];
        EXPECT_TRUE(contains(box[5], "(3 bytes)")) << box[5];
        EXPECT_TRUE(contains(box[6], "NULL")) << box[6];
        EXPECT_EQ(box[8], "4 events");
    }
}

TEST_F(OnATerminal, NarrowsColumnsNoFurtherThanTheyCanBeRead) {
    make_events();
    const std::vector<std::string> box = lines(show({"log", db, "--limit", "1"}, 1, 20));
    ASSERT_EQ(box.size(), 6U);
    EXPECT_TRUE(contains(box[3], "{\"cents~")) << box[3];
    EXPECT_EQ(box[5], "1 event");
}

TEST_F(OnATerminal, ShowsMoreRowsThanItKeepsForTheWidths) {
    make(1000);
    const std::vector<std::string> box = lines(show({"read", db, "s"}));
    ASSERT_EQ(box.size(), 1005U);
    EXPECT_EQ(box[1004], "1000 events");
    EXPECT_TRUE(contains(box[1002], " 999 "));
}

TEST_F(OnATerminal, PrintsBoxesOfAllThatIsARow) {
    make_events();
    EXPECT_TRUE(contains(show({"log", db}), "ordinal"));
    EXPECT_TRUE(contains(show({"streams", db}), "1 stream\n"));
    for (const char* command : {"stats", "head", "verify"}) {
        EXPECT_TRUE(contains(show({command, db}), "\xe2\x94\x8c")) << command;
    }
    EXPECT_TRUE(contains(show({"streams", db, "none"}), "0 streams\n"));
}

TEST_F(OnATerminal, UsesColourOnlyWhereItIsWanted) {
    make_events();
    EXPECT_TRUE(contains(show({"streams", db}), bold));
    EXPECT_FALSE(contains(show({"streams", db}, 1, 80, "xterm", "1"), "\x1b["));
    EXPECT_FALSE(contains(show({"streams", db}, 1, 80, "dumb"), "\x1b["));
    EXPECT_FALSE(contains(show({"streams", db, "--color", "never"}), "\x1b["));
    EXPECT_TRUE(contains(show({"streams", db, "--color=always"}, 1, 80, "xterm", "1"), bold));
    EXPECT_FALSE(contains(run({"streams", db}).out, "\x1b["));
    EXPECT_FALSE(contains(run({"streams", db, "--color", "always"}).out, "\x1b["));
    EXPECT_TRUE(contains(run({"streams", db, "--color", "always", "--box"}).out, bold));
    EXPECT_TRUE(contains(show({"raed"}, 2), "\x1b[1;31merror["));
    EXPECT_TRUE(contains(run({"raed", "--color", "always"}).err, "error[usage]"));
    EXPECT_FALSE(contains(show({"read", db, "t", "--json"}, 2), "\x1b["));
    EXPECT_FALSE(contains(run({"raed"}).err, "\x1b["));
}

TEST_F(OnATerminal, DrawsPlainLinesWhereItIsDumb) {
    make_events();
    const std::string box = show({"streams", db}, 1, 80, "dumb");
    EXPECT_EQ(lines(box)[0], "+--------+--------+---------+-------+");
    EXPECT_EQ(lines(box)[3], "| s      |      4 |       3 | open  |");
}

TEST_F(OnATerminal, PrintsNoBoxWhereAnotherFormWasAskedFor) {
    make_events();
    EXPECT_EQ(show({"log", db, "--limit", "1", "--ndjson"}).rfind("{\"stream\":\"s\"", 0), 0U);
    EXPECT_EQ(show({"log", db, "--limit", "1", "--tsv"}).rfind("stream\tindex", 0), 0U);
    EXPECT_EQ(show({"log", db, "--limit", "1", "--json"}).rfind("[{\"stream\":\"s\"", 0), 0U);
    EXPECT_TRUE(contains(run({"log", db, "--box"}).out, "\xe2\x94\x8c"));
}

// Method: feed a writer slowly, beyond the half second after which it shows how far it has come.
TEST_F(OnATerminal, ShowsProgressOfLongWorkAndTakesItAway) {
    make(1);
    Terminal terminal;
    Running writer{{"append", db, "s"}, [&] { terminal.take(2); }};
    for (int i = 0; i < 20; i++) {
        writer.write(events(10));
        usleep(50'000);
        int turns = 0;
        writer.pump([&] { return ++turns > 1; });
    }
    EXPECT_EQ(writer.wait().code, 0);
    const std::string shown = terminal.shown();
    EXPECT_TRUE(contains(shown, "\rappend  ")) << shown;
    EXPECT_TRUE(contains(shown, " events  ")) << shown;
    EXPECT_TRUE(contains(shown, "\r\x1b[Kappended 200 events to s")) << shown;
    std::size_t count = 0;
    for (std::size_t at = shown.find("\rappend"); at != std::string::npos;
         at = shown.find("\rappend", at + 1))
        count++;
    EXPECT_LE(count, 15U);
}

// Goal: how far it has come is shown, and ^C ends it. Method: from when it catches ^C it is stopped
// for longer than it takes until progress is shown. Where it was done before it could be stopped,
// another one is tried.
TEST_F(OnATerminal, ShowsHowFarVerifyHasCome) {
    ASSERT_EQ(append(events(200'000, std::string(100, 'x')), {"--create"}).code, 0);
    const auto stops_in_the_middle = [&] {
        Terminal terminal;
        Running verify{{"verify", db}, [&] { terminal.take(2); }};
        while (!has_ended(verify) && !catches(verify, SIGINT)) continue;
        verify.send(SIGSTOP);
        usleep(600'000);
        verify.send(SIGINT);
        verify.send(SIGCONT);
        const Ended ended = verify.wait();
        if (ended.code == 0) return false;
        EXPECT_EQ(ended.code, 130) << terminal.shown();
        EXPECT_EQ(ended.out, "");
        for (const char* const text :
             {"\rverify  [", " MiB  ", "error[interrupted]", "nothing is wrong so far"})
            EXPECT_TRUE(contains(terminal.shown(), text)) << terminal.shown();
        return true;
    };
    bool has_stopped = false;
    for (int i = 0; i < 20 && !has_stopped; i++) has_stopped = stops_in_the_middle();
    EXPECT_TRUE(has_stopped);
}

TEST_F(OnATerminal, ShowsNoProgressOfShortWorkOrWhereNobodyLooks) {
    make(1);
    Terminal terminal;
    run({"append", db, "s"}, events(10), [&] { terminal.take(2); });
    EXPECT_FALSE(contains(terminal.shown(), "\r")) << terminal.shown();
    EXPECT_EQ(append(events(10)).err, "appended 10 events to s: index 11 to 20, commit 3\n");
}

TEST_F(OnATerminal, SaysThatItWaitsForEventsFromIt) {
    make(1);
    Terminal terminal;
    Running writer{{"append", db, "s"}, [&] { terminal.take(0); }};
    writer.pump([&] { return contains(writer.ended.err, "note: "); });
    EXPECT_TRUE(contains(writer.ended.err, "one JSON object a line; ^D ends")) << writer.ended.err;
    terminal.type("{\"type\":\"x\"}\n\x04");
    writer.pump();
    EXPECT_EQ(writer.wait().code, 0) << writer.ended.err;
    EXPECT_EQ(event_count(), 2U);
}

TEST_F(OnATerminal, ObeysControlC) {
    make(1);
    Terminal terminal;
    Running writer{{"append", db, "s", "--batch", "2"}, [&] {
                       terminal.control();
                       terminal.take(2);
                   }};
    writer.write(events(5));
    writer.pump([&] { return event_count() >= 5; });
    terminal.type("\x03");
    writer.pump();
    EXPECT_EQ(writer.wait().code, 130);
    EXPECT_TRUE(contains(terminal.shown(), "4 events were committed, up to line 4: go on"))
        << terminal.shown();
    EXPECT_EQ(event_count(), 5U);
}

}  // namespace
}  // namespace freshet
