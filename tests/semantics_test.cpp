// SPDX-License-Identifier: MIT
// Goal: each promise about tables, by the number it has in the list of features: C state that is
// derived, D statements, E types and constraints, F indexes. Method: text in, text out; where the
// past or an index is asked, once more after everything was read from the log again.
#include "freshet/runs.hpp"
#include "tests/semantics_fixture.hpp"

namespace freshet::test {
namespace {

using SemanticsC = People;
using SemanticsD = People;
using SemanticsE = People;
using SemanticsF = People;

// The newest commit first, and each before it: what replay makes of the log is what was there.
TEST_F(SemanticsC, C1_TheStateAtEachCommitIsThatOfAReplay) {
    run("CREATE INDEX by_age ON users (age); UPDATE users SET age = 1; DELETE FROM users WHERE "
        "id = 2; INSERT INTO users VALUES (2, 'G.', 9); UPDATE users SET id = id + 10");
    const std::uint64_t newest = db.commit();
    ASSERT_EQ(newest, 9U);
    const auto at = [&](std::uint64_t commit) {
        const std::string moment = " FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(commit);
        return run("SELECT * FROM users" + moment + " ORDER BY id; SELECT id FROM users" + moment +
                   " WHERE age < 10 ORDER BY id");
    };
    std::vector<std::string> before;
    for (std::uint64_t commit = 1; commit <= newest; commit++) before.push_back(at(commit));
    db.open_again();
    for (std::uint64_t commit = 1; commit <= newest; commit++)
        EXPECT_EQ(at(commit), before[commit - 1]) << commit;
    EXPECT_EQ(before.back(), "11|Ada|1\n12|G.|9\n13|Alan|1\n11\n12\n13\n");
    EXPECT_EQ(run("PRAGMA integrity_check"), "ok\n");
}
TEST(SemanticsCOfRuns, C2_ARunIsMadeAfterSoMuchLogOrWhenAskedFor) {
    Options options = database_options();
    options.runs = &runs();
    options.replay_max = 4000;
    OpenDatabase with{options};
    Store& store = with.database->store();
    with.run(people);
    EXPECT_EQ(store.statistics().run_count, 0U);
    EXPECT_EQ(with.run("PRAGMA snapshot"), "");
    EXPECT_EQ(store.statistics().run_commit, 4U);
    for (int i = 0; i < 100; i++) with.run("UPDATE users SET age = age + 1");
    EXPECT_GT(store.statistics().run_commit, 80U);
    with.open_again();
    EXPECT_EQ(with.run("SELECT max(age) FROM users"), "185\n");
}
TEST_F(SemanticsC, C5_EveryReadSeesTheNewestCommit) {
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory));
    for (int i = 0; i < 20; i++) {
        run("UPDATE users SET age = " + std::to_string(i) + " WHERE id = 1");
        EXPECT_EQ(db.run(other, "SELECT age FROM users WHERE id = 1"), std::to_string(i) + "\n");
    }
}

TEST_F(SemanticsC, C7_CommitsHaveNames) {
    EXPECT_EQ(run("SAVE AS 'v1'; UPDATE users SET age = 37 WHERE id = 1"), "") << message();
    EXPECT_EQ(run("BEGIN; DELETE FROM orders; SAVE AS 'empty'; COMMIT"), "") << message();
    const std::string age = "SELECT age FROM users FOR SYSTEM_TIME AS OF 'v1' WHERE id = 1";
    expect(age, "36\n");
    expect("SELECT count(*) FROM orders FOR SYSTEM_TIME AS OF 'empty'", "0\n");
    expect("SELECT age FROM users FOR SYSTEM_TIME FROM 'v1' TO 'empty' WHERE id = 1", "36\n37\n");
    expect("SELECT name, \"commit\" FROM commit_names", "empty|7\nv1|5\n");
    expect("SELECT name FROM commit_names FOR SYSTEM_TIME AS OF COMMIT 6", "v1\n");
    EXPECT_EQ(run("SELECT n.time = c.time FROM commit_names n JOIN commits c USING (\"commit\")"),
              "1\n1\n");
    EXPECT_EQ(run("SELECT op, tbl FROM changes WHERE \"commit\" = 5"), "insert|NULL\n");
    EXPECT_EQ(run("SAVE AS 'v1'"), "error already-exists");
    EXPECT_EQ(message(), "another commit has the name v1");
    for (const char* const none : {"''", "'2026-11-22T00:00:00Z'", "'2026-11-22'"})
        EXPECT_EQ(run("SAVE AS " + std::string{none}), "error invalid-name") << none;
    EXPECT_EQ(run("SAVE AS '" + std::string(65, 'x') + "'"), "error invalid-name");
    EXPECT_EQ(run("SAVE AS 7"), "error type-mismatch");
    EXPECT_EQ(run("SAVE AS '" + std::string(64, 'x') + "'; PRAGMA integrity_check"), "ok\n");
}
// The names are the last rows that there are: who asks once more behind them gets none.
TEST_F(SemanticsC, C7_NamesAreReadToTheirEnd) {
    EXPECT_EQ(run("DROP TABLE orders; DROP TABLE users; SAVE AS 'v1'"), "") << message();
    expect("SELECT name FROM commit_names", "v1\n");
    expect("SELECT count(*) FROM commit_names FOR SYSTEM_TIME AS OF COMMIT 1", "0\n");
}
// It is one once its transaction is committed, whoever asks and however.
TEST_F(SemanticsC, C7_ANameIsAMomentWhereverOneIsAskedFor) {
    EXPECT_EQ(run("SAVE AS 'v1'; DELETE FROM users WHERE id > 1"), "");
    EXPECT_EQ(run("BEGIN; SAVE AS 'v2'; SELECT name FROM commit_names"), "v1\nv2\n");
    EXPECT_EQ(run("SELECT * FROM users FOR SYSTEM_TIME AS OF 'v2'"), "error unknown-name");
    EXPECT_EQ(run("ROLLBACK; SELECT * FROM users FOR SYSTEM_TIME AS OF 'v2'"),
              "error unknown-name");
    EXPECT_EQ(message(), "this is no time, and no name of a commit");
    EXPECT_EQ(run("SELECT * FROM users FOR SYSTEM_TIME AS OF ''"), "error unknown-name");
    const std::string count = "SELECT count(*) FROM users";
    EXPECT_EQ(run("SET SYSTEM_TIME = 'v1'; " + count), "3\n");
    EXPECT_EQ(run("SAVE AS 'v3'"), "error read-only");
    EXPECT_EQ(run("SET SYSTEM_TIME = DEFAULT; PRAGMA system_time = v1; PRAGMA system_time"), "5\n");
    EXPECT_EQ(run("SET SYSTEM_TIME = 'v3'"), "error unknown-name");
    EXPECT_EQ(run("SET SYSTEM_TIME = COMMIT 'v1'"), "error type-mismatch");
    EXPECT_EQ(run("SET SYSTEM_TIME = DEFAULT; BEGIN READ ONLY; " + count +
                  " FOR SYSTEM_TIME AS OF 'v1'; COMMIT"),
              "3\n");
    Statement select;
    ASSERT_TRUE(select.prepare(*db.connection, count + " FOR SYSTEM_TIME AS OF ?", db.error));
    for (const char* const name : {"v1", "v2", "v1"}) {
        ASSERT_TRUE(select.bind(1, Value::text(name)));
        std::string told;
        const bool is_there = db.add_rows(select, told);
        EXPECT_EQ(is_there, std::string_view{name} == "v1");
        EXPECT_EQ(told, is_there ? "3\n" : "error unknown-name");
        select.reset();
    }
}

TEST_F(SemanticsD, D1_TablesAreCreated) {
    expect("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", "orders\nusers\n");
}
TEST_F(SemanticsD, D2_ManyRowsAreInsertedAtOnce) {
    run("INSERT INTO users (name, id) VALUES ('x', 7), ('y', 8)");
    expect("SELECT id, name, age FROM users WHERE id > 3", "7|x|NULL\n8|y|NULL\n");
}
TEST_F(SemanticsD, D3_RowsAreSelected) {
    expect("SELECT name FROM users WHERE age > 40", "Grace\n");
}
TEST_F(SemanticsD, D4_RowsAreUpdated) {
    run("UPDATE users SET age = age + 1 WHERE name LIKE 'a%'");
    expect("SELECT id, age FROM users", "1|37\n2|85\n3|NULL\n");
}
TEST_F(SemanticsD, D5_RowsAreDeleted) {
    run("DELETE FROM users WHERE age IS NULL");
    expect("SELECT id FROM users", "1\n2\n");
}
TEST_F(SemanticsD, D6_InnerJoins) {
    expect("SELECT name, cents FROM users JOIN orders ON user = users.id ORDER BY orders.id",
           "Ada|500\nAda|700\nGrace|900\n");
}
TEST_F(SemanticsD, D7_LeftAndRightJoins) {
    expect(
        "SELECT name, cents FROM users LEFT JOIN orders ON user = users.id "
        "ORDER BY users.id, cents",
        "Ada|500\nAda|700\nGrace|900\nAlan|NULL\n");
    expect(
        "SELECT name, cents FROM users RIGHT JOIN orders ON user = users.id "
        "ORDER BY cents",
        "NULL|100\nAda|500\nAda|700\nGrace|900\n");
}
TEST_F(SemanticsD, D8_ComplexConditions) {
    expect(
        "SELECT id FROM users WHERE (age BETWEEN 30 AND 40 OR age IS NULL) AND NOT id = 3 "
        "AND id IN (SELECT user FROM orders)",
        "1\n");
}
TEST_F(SemanticsD, D9_Aggregates) {
    expect(
        "SELECT user, count(*), sum(cents), avg(cents), min(cents), max(cents) FROM orders "
        "GROUP BY user HAVING count(*) > 1",
        "1|2|1200|600.0|500|700\n");
}
TEST_F(SemanticsD, D10_OrderLimitOffsetDistinct) {
    expect("SELECT DISTINCT user FROM orders ORDER BY user DESC LIMIT 2 OFFSET 1", "2\n1\n");
}
// What each stage refuses is what it knows of: letters, words, names, values.
TEST_F(SemanticsD, D12_EachStageStandsForItself) {
    EXPECT_EQ(run("SELECT 'no end"), "error syntax");
    EXPECT_EQ(run("SELECT FROM WHERE nowhere"), "error syntax");
    EXPECT_EQ(run("SELECT name FROM nowhere"), "error unknown-name");
    EXPECT_NE(run("EXPLAIN DELETE FROM users").find("SCAN users"), std::string::npos);
    EXPECT_EQ(run("INSERT INTO users VALUES (4, 'x', 'y')"), "error type-mismatch");
    expect("SELECT count(*) FROM users", "3\n");
}
TEST_F(SemanticsD, D14_PlansAreExplained) {
    EXPECT_NE(run("EXPLAIN QUERY PLAN SELECT * FROM users WHERE id = 1").find("users"),
              std::string::npos)
        << message();
    EXPECT_EQ(run("EXPLAIN SELECT max(id) FROM users"),
              "AGGREGATE\n  LIMIT\n    FILTER\n      SCAN users BACKWARDS\n");
    expect("SELECT max(id) FROM users; SELECT min(age), max(age) FROM users", "3\n36|85\n");
}
TEST_F(SemanticsD, D15_ManyStatementsAreOneCommit) {
    run("BEGIN; INSERT INTO users VALUES (4,'a',1); INSERT INTO users VALUES (5,'b',2); COMMIT");
    const std::uint64_t commit = db.commit();
    run("INSERT INTO users VALUES (6,'c',3)");
    EXPECT_EQ(db.commit(), commit + 1);
}
TEST_F(SemanticsD, D16_ReturningAndUpserts) {
    EXPECT_EQ(run("INSERT INTO users VALUES (4, 'Edsger', 72) RETURNING id, upper(name)"),
              "4|EDSGER\n");
    run("INSERT INTO users VALUES (4, 'E. W.', 1) ON CONFLICT (id) DO UPDATE SET "
        "name = excluded.name, age = users.age + 1");
    run("INSERT INTO users VALUES (4, 'nobody', 1) ON CONFLICT DO NOTHING");
    expect("SELECT * FROM users WHERE id = 4", "4|E. W.|73\n");
    EXPECT_EQ(run("DELETE FROM users WHERE id = 4 RETURNING name"), "E. W.\n");
}
TEST_F(SemanticsD, D17_TablesAreAltered) {
    run("ALTER TABLE users ADD COLUMN email TEXT; ALTER TABLE users RENAME COLUMN age TO years;"
        "ALTER TABLE users DROP COLUMN name; ALTER TABLE users RENAME TO people");
    expect("SELECT * FROM people WHERE id = 1", "1|36|NULL\n");
    EXPECT_EQ(run("DROP TABLE orders; SELECT * FROM orders"), "error unknown-name");
}
TEST_F(SemanticsD, D18_MigrationsAreAppliedOnceEach) {
    const Migration steps[] = {{"1", "CREATE TABLE notes (id INT PRIMARY KEY)"},
                               {"2", "INSERT INTO notes VALUES (7)"}};
    for (const std::uint32_t wanted : {2U, 0U}) {
        const Result<std::uint32_t> applied = db.connection->migrate(steps, db.error);
        ASSERT_TRUE(applied) << message();
        EXPECT_EQ(*applied, wanted);
    }
    expect("SELECT * FROM notes; SELECT name FROM migrations", "7\n1\n2\n");
}
TEST_F(SemanticsD, D19_StatementsArePreparedAndBound) {
    Statement statement;
    ASSERT_TRUE(statement.prepare(*db.connection,
                                  "SELECT name FROM users WHERE id = ?1 OR age = :age", db.error));
    EXPECT_EQ(statement.parameter_count(), 2U);
    for (std::int64_t id = 1; id <= 2; id++) {
        ASSERT_TRUE(statement.bind(1, Value::integer(id)));
        ASSERT_TRUE(statement.bind(statement.parameter_number(":age"), Value::integer(0)));
        const Result<bool> there = statement.step(db.error);
        ASSERT_TRUE(there && *there);
        EXPECT_EQ(text_of(statement.row()[0]), id == 1 ? "Ada" : "Grace");
    }
}

TEST_F(SemanticsD, D20_RowsAreReachedWithoutSql) {
    const std::array<Cell, 2> row{Cell{"name", Value::text("Edsger")},
                                  Cell{"id", Value::integer(4)}};
    ASSERT_TRUE(db.connection->insert("users", row, db.error)) << message();
    EXPECT_FALSE(db.connection->insert("users", row, db.error));
    const auto find = [&](std::int64_t id) {
        const std::array<Cell, 1> key{Cell{"id", Value::integer(id)}};
        Statement rows;
        EXPECT_TRUE(db.connection->find("users", key, rows, db.error)) << message();
        const Result<bool> there = rows.step(db.error);
        EXPECT_TRUE(there);
        return *there ? text_of(rows.row()[1]) : "none";
    };
    EXPECT_EQ(find(4), "Edsger");
    EXPECT_EQ(find(5), "none");
    std::string names;
    const auto is_young = [](std::span<const Value> each) {
        return !each[2].is_null() && each[2].as_integer() < 50;
    };
    ASSERT_TRUE(db.connection->scan(
        "users", is_young, [&](std::span<const Value> each) { names += text_of(each[1]); },
        db.error));
    EXPECT_EQ(names, "Ada");
}
TEST_F(SemanticsD, D21_AViewOfThePastIsWhatItWasThen) {
    run("CREATE VIEW old AS SELECT name FROM users WHERE age > 80");
    const std::string before = std::to_string(db.commit());
    run("DROP VIEW old; CREATE VIEW old AS SELECT id, age FROM users WHERE age > 30;"
        "UPDATE users SET age = age + 1");
    expect("SELECT * FROM old ORDER BY 1", "1|37\n2|86\n");
    expect("SELECT * FROM old FOR SYSTEM_TIME AS OF COMMIT " + before, "Grace\n");
    run("DROP VIEW old");
    expect("SELECT * FROM old FOR SYSTEM_TIME AS OF COMMIT " + before, "Grace\n");
    EXPECT_EQ(run("SELECT * FROM old"), "error unknown-name");
}
// What may be kept of an answer is named by its commit.
TEST_F(SemanticsD, D22_AnAnswerOfACommitIsTheSameForEver) {
    const std::string commit = run("PRAGMA data_version");
    EXPECT_EQ(run("SELECT count(*) FROM users; PRAGMA data_version"), "3\n" + commit);
    const std::string question =
        "SELECT u.name, sum(cents) FROM users FOR SYSTEM_TIME AS OF COMMIT " +
        commit.substr(0, commit.size() - 1) + " u JOIN orders FOR SYSTEM_TIME AS OF COMMIT " +
        commit.substr(0, commit.size() - 1) + " o ON o.user = u.id GROUP BY u.id ORDER BY 1";
    const std::string answer = run(question);
    EXPECT_EQ(answer, "Ada|1200\nGrace|900\n");
    for (const char* change : {"UPDATE users SET name = 'x'", "DELETE FROM orders",
                               "DROP TABLE users", "CREATE TABLE users (id INT)"}) {
        run(change);
        EXPECT_NE(run("PRAGMA data_version"), commit);
        expect(question, answer);
    }
}

TEST_F(SemanticsE, E1_IntegersAreInRange) {
    EXPECT_NE(run("SELECT 9223372036854775808"), "");
    run("INSERT INTO users VALUES (9223372036854775807, 'max', 1)");
    expect("SELECT name FROM users WHERE id = 9223372036854775807", "max\n");
}
TEST_F(SemanticsE, E2_TextsAreUtf8AndCountLetters) {
    run("INSERT INTO users VALUES (4, '\xc3\xa9t\xc3\xa9', 1)");
    expect("SELECT name, length(name), substr(name, 2) FROM users WHERE id = 4",
           "\xc3\xa9t\xc3\xa9|3|t\xc3\xa9\n");
    EXPECT_EQ(run("INSERT INTO users VALUES (5, '\xff', 1)"), "error syntax");
    EXPECT_EQ(run("INSERT INTO users VALUES (5, x'ff', 1)"), "error type-mismatch");
}
TEST_F(SemanticsE, E3_Booleans) {
    run("CREATE TABLE b (x BOOL); INSERT INTO b VALUES (TRUE), (0), ('false')");
    expect("SELECT x FROM b ORDER BY x", "FALSE\nFALSE\nTRUE\n");
}
TEST_F(SemanticsE, E4_FloatsAreExact) {
    run("CREATE TABLE f (x FLOAT); INSERT INTO f VALUES (0.1), (1e300), (3)");
    expect("SELECT x FROM f ORDER BY x", "0.1\n3.0\n1.0e+300\n");
}
TEST_F(SemanticsE, E5_DatesAreDaysOfTheCalendar) {
    run("CREATE TABLE d (x DATE); INSERT INTO d VALUES ('2026-02-28')");
    EXPECT_EQ(run("INSERT INTO d VALUES ('2026-02-30')"), "error type-mismatch");
    expect("SELECT x FROM d WHERE x > DATE '2026-02-01'", "DATE '2026-02-28'\n");
}
TEST_F(SemanticsE, E6_TimesAreTimestamps) {
    run("CREATE TABLE s (x TIME); INSERT INTO s VALUES ('2026-11-20T23:50:07Z')");
    expect("SELECT x FROM s", "TIMESTAMP '2026-11-20T23:50:07.000000Z'\n");
}
TEST_F(SemanticsE, E7_EmailsAreChecked) {
    run("CREATE TABLE e (x EMAIL); INSERT INTO e VALUES ('a@b.org')");
    EXPECT_EQ(run("INSERT INTO e VALUES ('a@')"), "error type-mismatch");
    expect("SELECT x FROM e", "a@b.org\n");
}
TEST_F(SemanticsE, E8_Blobs) {
    run("CREATE TABLE o (x BLOB); INSERT INTO o VALUES (X'00ff')");
    expect("SELECT x FROM o", "X'00ff'\n");
}
TEST_F(SemanticsE, E9_PrimaryKeysAreUnique) {
    EXPECT_EQ(run("INSERT INTO users VALUES (1, 'Dup', 1)"), "error constraint-failed");
    EXPECT_NE(message().find("users"), std::string::npos) << message();
    EXPECT_NE(message().find("commit 2"), std::string::npos) << message();
    run("CREATE TABLE two (a INT, b TEXT, PRIMARY KEY (a, b)); INSERT INTO two VALUES (1,'x')");
    EXPECT_EQ(run("INSERT INTO two VALUES (1, 'x')"), "error constraint-failed");
    EXPECT_EQ(run("INSERT INTO two VALUES (1, 'y'); SELECT count(*) FROM two"), "2\n");
}
TEST_F(SemanticsE, E10_UniqueColumnsAre) {
    run("CREATE TABLE u (id INT PRIMARY KEY, x TEXT UNIQUE); INSERT INTO u VALUES (1, 'a')");
    EXPECT_EQ(run("INSERT INTO u VALUES (2, 'a')"), "error constraint-failed");
    EXPECT_EQ(run("UPDATE u SET x = 'a' WHERE id = 1"), "");
    EXPECT_EQ(run("INSERT INTO u VALUES (2, NULL), (3, NULL)"), "");
    db.open_again();
    EXPECT_EQ(run("INSERT INTO u VALUES (4, 'a')"), "error constraint-failed");
}
TEST_F(SemanticsE, E11_NotNull) {
    run("CREATE TABLE n (x INT NOT NULL)");
    EXPECT_EQ(run("INSERT INTO n VALUES (NULL)"), "error constraint-failed");
}
TEST_F(SemanticsE, E12_NumbersAreNeverUsedTwice) {
    run("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT)");
    run("INSERT INTO a (x) VALUES ('a'), ('b'); DELETE FROM a WHERE id = 2");
    run("INSERT INTO a (x) VALUES ('c')");
    EXPECT_EQ(db.connection->report().last_insert_id, 3);
    db.open_again();
    run("DELETE FROM a");
    db.open_again();
    run("INSERT INTO a (x) VALUES ('d')");
    expect("SELECT * FROM a", "4|d\n");
}
TEST_F(SemanticsE, E13_ViolationsNameWhatIsWrong) {
    EXPECT_EQ(run("INSERT INTO users VALUES ('xx', 'a', 1)"), "error type-mismatch");
    for (const char* const word : {"users", "id", "xx"})
        EXPECT_NE(message().find(word), std::string::npos) << message();
}
TEST_F(SemanticsE, E14_CheckDefaultAndForeignKeys) {
    run("CREATE TABLE c (id INT PRIMARY KEY, n INT DEFAULT 7 CHECK (n > 0), "
        "u INT REFERENCES users (id) ON DELETE CASCADE)");
    EXPECT_EQ(run("INSERT INTO c (id) VALUES (1); SELECT n FROM c"), "7\n") << message();
    EXPECT_EQ(run("INSERT INTO c VALUES (2, 0, NULL)"), "error constraint-failed");
    EXPECT_EQ(run("INSERT INTO c VALUES (2, 1, 99)"), "error constraint-failed");
    EXPECT_EQ(run("INSERT INTO c VALUES (2, 1, 2); DELETE FROM users WHERE id = 2"), "")
        << message();
    expect("SELECT id FROM c", "1\n");
}

// Definitions are rows of the log too, and of the past.
TEST_F(SemanticsE, E15_TheCatalogIsMadeOfEvents) {
    run("ALTER TABLE users ADD COLUMN email TEXT; DROP TABLE orders");
    expect("SELECT op, tbl FROM changes WHERE op NOT IN ('insert', 'delete')",
           "create|users\ncreate|orders\nalter|users\ndrop|orders\n");
    expect("SELECT name FROM sqlite_schema FOR SYSTEM_TIME AS OF COMMIT 4 ORDER BY name",
           "orders\nusers\n");
    expect("SELECT name FROM sqlite_schema", "users\n");
}
TEST_F(SemanticsE, E16_WhatIsNotAsDefinedIsNotWritten) {
    const std::string before = run("PRAGMA data_version");
    EXPECT_EQ(run("INSERT INTO users VALUES (8, 'x', 1), (9, 'y', 'old')"), "error type-mismatch");
    EXPECT_EQ(run("PRAGMA data_version"), before);
    expect("SELECT count(*) FROM users", "3\n");
}

// By a hash alone, and what an ordered index gives.
TEST_F(SemanticsF, F1_HashIndexes) {
    for (int i = 10; i < 60; i++)
        run("INSERT INTO users VALUES (" + std::to_string(i) + ", 'n" + std::to_string(i % 7) +
            "', " + std::to_string(i % 5) + ")");
    const auto answers = [&] {
        std::string all;
        for (const char* value : {"'n3'", "'Grace'", "'none'", "NULL", "''"})
            all += run(std::string{"SELECT id, age FROM users WHERE name = "} + value +
                       " ORDER BY id") +
                   "-";
        return all + run("SELECT u.id, v.id FROM users u JOIN users v ON u.name = v.name "
                         "WHERE u.id = 12 ORDER BY 1, 2");
    };
    const auto plan = [&](const char* condition) {
        return run(std::string{"EXPLAIN SELECT id FROM users WHERE "} + condition);
    };
    const std::string scanned = answers();
    EXPECT_EQ(run("CREATE INDEX by_name ON users (name)"), "") << message();
    EXPECT_EQ(answers(), scanned);
    EXPECT_EQ(run("DROP INDEX by_name; CREATE INDEX by_name ON users USING HASH (name)"), "");
    EXPECT_NE(plan("name = 'n3'").find("USING INDEX by_name (name=?)"), std::string::npos);
    EXPECT_EQ(plan("name > 'n3'").find("by_name"), std::string::npos);
    EXPECT_EQ(answers(), scanned);
    db.open_again();
    EXPECT_EQ(answers(), scanned);
    expect("SELECT id FROM users WHERE name = 'Grace'", "2\n");
}
TEST_F(SemanticsF, F3_KeysAndUniqueColumnsHaveAnIndex) {
    run("CREATE TABLE tags (id INT PRIMARY KEY, word TEXT UNIQUE)");
    EXPECT_NE(run("EXPLAIN SELECT * FROM tags WHERE id = 1").find("SEARCH"), std::string::npos);
    EXPECT_NE(run("EXPLAIN SELECT * FROM tags WHERE word = 'x'").find("SEARCH"), std::string::npos);
}
TEST_F(SemanticsF, F4_IndexesAreCreatedOverWhatThereIs) {
    EXPECT_EQ(run("CREATE INDEX by_age ON users (age DESC, name)"), "") << message();
    EXPECT_NE(run("EXPLAIN SELECT id FROM users WHERE age = 85").find("by_age"), std::string::npos);
    expect("SELECT id FROM users WHERE age = 85", "2\n");
    EXPECT_EQ(run("CREATE UNIQUE INDEX one_name ON users (name);"
                  "INSERT INTO users VALUES (4, 'Ada', 1)"),
              "error constraint-failed");
}
// The fixture opens the store again, which reads all of the log.
TEST_F(SemanticsF, F6_IndexesAreMadeAgainFromTheLog) {
    run("CREATE INDEX by_age ON users (age); UPDATE users SET age = 7 WHERE id < 3");
    db.open_again();
    EXPECT_NE(run("EXPLAIN SELECT id FROM users WHERE age = 7").find("by_age"), std::string::npos);
    expect("SELECT id FROM users WHERE age = 7", "1\n2\n");
    expect("SELECT id FROM users FOR SYSTEM_TIME AS OF COMMIT 4 WHERE age = 7", "");
    EXPECT_EQ(run("PRAGMA integrity_check"), "ok\n");
}
TEST_F(SemanticsF, F7_IndexesAreThereAfterEachOpening) {
    run("CREATE INDEX by_age ON users (age); CREATE UNIQUE INDEX one ON users (name);"
        "CREATE INDEX hashed ON orders USING HASH (user)");
    for (int i = 0; i < 3; i++) {
        db.open_again();
        run("INSERT INTO users VALUES (" + std::to_string(10 + i) + ", 'n" + std::to_string(i) +
            "', 85)");
        EXPECT_EQ(run("INSERT INTO users VALUES (99, 'Grace', 1)"), "error constraint-failed");
        EXPECT_EQ(run("SELECT count(*) FROM users WHERE age = 85"), std::to_string(2 + i) + "\n");
        EXPECT_EQ(run("SELECT id FROM orders WHERE user = 1 ORDER BY id"), "10\n11\n");
    }
    EXPECT_NE(run("EXPLAIN SELECT 1 FROM users WHERE age = 85").find("by_age"), std::string::npos);
    EXPECT_NE(run("EXPLAIN SELECT 1 FROM orders WHERE user = 1").find("hashed"), std::string::npos);
    EXPECT_EQ(run("PRAGMA integrity_check"), "ok\n");
}
TEST_F(SemanticsF, F9_AllVersionsOfAKeyAreFoundByIt) {
    for (int i = 0; i < 40; i++)
        run("UPDATE users SET age = " + std::to_string(i) + " WHERE id = 1");
    const std::string history = "SELECT age FROM users FOR SYSTEM_TIME ALL WHERE id = 1";
    EXPECT_NE(run("EXPLAIN " + history).find("SEARCH users USING PRIMARY KEY (id=?)"),
              std::string::npos);
    expect("SELECT count(*), min(age), max(age) FROM users FOR SYSTEM_TIME ALL WHERE id = 1",
           "41|0|39\n");
}
TEST_F(SemanticsF, F2_OrderedIndexes) {
    EXPECT_EQ(run("CREATE INDEX by_age ON users (age)"), "") << message();
    expect("SELECT id FROM users WHERE age >= 36 ORDER BY age DESC", "2\n1\n");
    expect("SELECT id FROM users WHERE age IS NULL", "3\n");
}
TEST_F(SemanticsF, F5_IndexesFollowEachChange) {
    run("CREATE INDEX by_age ON users (age)");
    run("UPDATE users SET age = 40 WHERE id = 1; DELETE FROM users WHERE id = 2;"
        "INSERT INTO users VALUES (4, 'x', 40)");
    expect("SELECT id FROM users WHERE age = 40 ORDER BY id", "1\n4\n");
    expect("SELECT id FROM users WHERE age = 36", "");
}
TEST_F(SemanticsF, F8_AnIndexAnswersForATimeBeforeItWasMade) {
    const std::uint64_t before = 4;
    run("UPDATE users SET age = 1; CREATE INDEX by_age ON users (age)");
    expect("SELECT id FROM users FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(before) +
               " WHERE age = 85",
           "2\n");
    expect("SELECT id FROM users WHERE age = 85", "");
}

}  // namespace
}  // namespace freshet::test
