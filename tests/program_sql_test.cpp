// SPDX-License-Identifier: MIT
// Goal: a store is asked in SQL from a shell: in arguments, files, pipes and at a prompt, and what
// is wrong is shown where it stands. Method: run the program as a person would.
#include "tests/program_fixture.hpp"
#include "tests/terminal.hpp"

namespace freshet {
namespace {

using namespace test;

class Sql : public Program {
protected:
    Ended sql(Words words, const std::string& input = "") const {
        words.insert(words.begin(), db);
        return run(words, input);
    }
    void make_users() const {
        const Ended ended =
            run({"--create", db,
                 "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                 "email TEXT UNIQUE)",
                 "INSERT INTO users VALUES (1,'Ada','ada@x.org'), (2,'Grace',NULL)"});
        ASSERT_EQ(ended.code, 0) << ended.err;
    }
};

TEST_F(Sql, PrintsRowsInEachForm) {
    make_users();
    EXPECT_EQ(sql({"SELECT id, email FROM users"}).out, "id\temail\n1\tada@x.org\n2\t\\N\n");
    EXPECT_EQ(sql({"SELECT id, email FROM users", "--json"}).out,
              "[{\"id\":1,\"email\":\"ada@x.org\"},\n {\"id\":2,\"email\":null}]\n");
    EXPECT_EQ(
        sql({"SELECT 1.5 AS a, X'00ff' AS b, TRUE AS c, DATE '2026-11-20' AS d", "--ndjson"}).out,
        "{\"a\":1.5,\"b\":\"AP8=\",\"c\":true,\"d\":\"2026-11-20\"}\n");
    const std::string box = sql({"SELECT id, name FROM users", "--box"}).out;
    EXPECT_TRUE(contains(box, "\xe2\x94\x82  1 \xe2\x94\x82 Ada   \xe2\x94\x82\n")) << box;
    EXPECT_TRUE(contains(box, "2 rows\n")) << box;
    EXPECT_EQ(sql({"SELECT id FROM users WHERE id > 9"}).out, "id\n");
}

TEST_F(Sql, RunsArgumentsFilesAndStandardInput) {
    make_users();
    const std::string file = directory.path("more.sql");
    std::ofstream{file} << "INSERT INTO users (name) VALUES ('Alan');\n-- no more\n";
    EXPECT_EQ(sql({"-f", file, "SELECT max(id) FROM users"}).out, "max(id)\n3\n");
    EXPECT_EQ(sql({}, "SELECT count(*) AS n\nFROM users;\nSELECT 'a;b' AS t").out,
              "n\n3\nt\na;b\n");
    EXPECT_EQ(sql({"--file", "-"}, "SELECT 7 AS x").out, "x\n7\n");
    expect_error(sql({"-f", file + "x"}), 9, "bad-input", "check the path");
}

TEST_F(Sql, ShowsWhereAStatementIsWrong) {
    make_users();
    const Ended column = sql({"SELECT nmae FROM users"});
    EXPECT_EQ(column.err,
              "error[unknown-name]: there is no column nmae\n"
              "  SELECT nmae FROM users\n"
              "         ^^^^\n"
              "hint: did you mean name?\n");
    EXPECT_EQ(column.code, 1);
    const Ended line = sql({}, "SELECT 1 AS a;\nSELECT\n  x FROM users;\n");
    EXPECT_EQ(line.code, 1);
    EXPECT_TRUE(contains(line.err, "standard input:3:3: there is no column x\n    x FROM"))
        << line.err;
    const Ended taken = sql({"INSERT INTO users VALUES (1,'Dup','d@x.org')"});
    EXPECT_EQ(taken.code, 3);
    EXPECT_TRUE(contains(taken.err, "commit 2")) << taken.err;
    const Ended json = sql({"SELEC 1", "--json"});
    EXPECT_TRUE(contains(json.err, "{\"error\":\"syntax\",\"exit\":1,\"line\":1,\"column\":1,"))
        << json.err;
}

TEST_F(Sql, StopsAtTheFirstFailureUnlessItIsToldToGoOn) {
    make_users();
    const Words words{"SELECT 1 AS a; SELECT nix; SELECT 2 AS b", "SELECT 3 AS c"};
    const Ended stopped = sql(words);
    EXPECT_EQ(stopped.out, "a\n1\n");
    EXPECT_EQ(stopped.code, 1);
    Words going = words;
    going.push_back("--keep-going");
    const Ended ended = sql(going);
    EXPECT_EQ(ended.out, "a\n1\nb\n2\nc\n3\n");
    EXPECT_EQ(ended.code, 1);
}

TEST_F(Sql, ReadsThePast) {
    make_users();
    sql({"UPDATE users SET name = 'Ada L.' WHERE id = 1"});
    EXPECT_EQ(run({"--at", "2", db, "SELECT name FROM users WHERE id = 1"}).out, "name\nAda\n");
    EXPECT_EQ(sql({"SELECT name FROM users FOR SYSTEM_TIME AS OF COMMIT 2 WHERE id = 1"}).out,
              "name\nAda\n");
    expect_error(run({"--at", "2", db, "DELETE FROM users"}), 5, "read-only");
    expect_error(run({"--at", "99", db, "SELECT 1"}), 4, "ahead-of-log");
}

TEST_F(Sql, ReadsThePastOfATime) {
    make_users();
    const std::string times = sql({"SELECT max(time) AS t FROM commits"}).out;
    const std::string newest = times.substr(2, times.size() - 3);
    sql({"UPDATE users SET name = 'Ada L.' WHERE id = 1"});
    const Words asked{db, "SELECT name FROM users WHERE id = 1"};
    const auto at = [&](const std::string& time) {
        return run({"--at", time, asked[0], asked[1]});
    };
    EXPECT_EQ(at(newest).out, "name\nAda\n") << newest;
    EXPECT_EQ(at("2999-01-01T00:00:00Z").out, "name\nAda L.\n");
    expect_error(at("2001-01-01"), 1, "unknown-name");
    expect_error(at("yesterday"), 2, "usage", "give the number of a commit, or a time");
}

TEST_F(Sql, TakesBackATransactionThatNobodyCommits) {
    make_users();
    EXPECT_EQ(sql({"BEGIN; DELETE FROM users; SELECT count(*) AS n FROM users"}).out, "n\n0\n");
    EXPECT_EQ(sql({"SELECT count(*) AS n FROM users"}).out, "n\n2\n");
}

TEST_F(Sql, ReadsBesideAWriterOnlyWhereItIsAsked) {
    make_users();
    expect_error(sql({"--read-only", "DELETE FROM users"}), 5, "read-only");
    EXPECT_EQ(sql({"--read-only", "SELECT count(*) AS n FROM users"}).out, "n\n2\n");
}

TEST_F(Sql, MakesNothingByAccident) {
    expect_error(sql({"SELECT 1"}), 5, "not-found", "add --create to make a new one");
    EXPECT_FALSE(std::filesystem::exists(db));
}

class SqlPrompt : public Sql {
protected:
    // What a person sees who types this.
    std::string session(const std::string& keys) const {
        Terminal terminal{80};
        if (!terminal.is_there()) return {};
        Running program{{db}, [&] {
                            terminal.take(0);
                            terminal.take(1);
                            terminal.take(2);
                            setenv("TERM", "xterm", 1);
                            setenv("NO_COLOR", "1", 1);
                        }};
        terminal.type(keys);
        terminal.type("\x04");
        program.wait();
        return terminal.shown();
    }
};

TEST_F(SqlPrompt, AnswersEachStatementAndSaysWhatIsWrong) {
    make_users();
    const std::string shown = session(
        "UPDATE users SET name = 'Ada L.'\n WHERE id = 1;\nSELECT name FROM "
        "users;\nSELEC;\n.tables\n"
        ".tabels\n.help\n");
    for (const char* const part :
         {"freshet> ", "    ...> ", "1 row updated   commit 3\n", "Ada L.", "2 rows\n",
          "error[syntax]", "did you mean .tables?", "users", "A statement of SQL ends"})
        EXPECT_TRUE(contains(shown, part)) << part << "\n" << shown;
}

TEST_F(SqlPrompt, ShowsWhatMadeTheTables) {
    make_users();
    sql({"CREATE INDEX by_name ON users (name)"});
    const std::string shown = session(".schema\n");
    for (const char* const part : {"CREATE TABLE users (id INTEGER PRIMARY KEY",
                                   "CREATE INDEX by_name ON users (name)", "2 rows\n"})
        EXPECT_TRUE(contains(shown, part)) << part << "\n" << shown;
}

}  // namespace
}  // namespace freshet
