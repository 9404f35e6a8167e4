// SPDX-License-Identifier: MIT
// Goal: what users see of tables: statements do what they say, wholly or not at all, and every
// moment of the past is there. Method: text in, text out, on a store in memory; each database is
// closed and read from its log again, and must say the same.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

TEST(Databases, CreateInsertAndSelect) {
    OpenDatabase db;
    EXPECT_EQ(db.run("CREATE TABLE users (id INT PRIMARY KEY, name TEXT, email TEXT)"), "");
    EXPECT_EQ(db.commit(), 1U);
    EXPECT_EQ(db.run("INSERT INTO users (id, name) VALUES (1, 'Ada'), (2, 'Grace')"), "");
    EXPECT_EQ(db.connection->report().change_count, 2U);
    EXPECT_EQ(db.run("SELECT * FROM users"), "1|Ada|NULL\n2|Grace|NULL\n");
    EXPECT_EQ(db.run("SELECT name FROM users WHERE id = 2"), "Grace\n");
    db.open_again();
    EXPECT_EQ(db.run("SELECT * FROM users ORDER BY id DESC"), "2|Grace|NULL\n1|Ada|NULL\n");
}

TEST(Databases, UpdateAndDelete) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1,'x'),(2,'y'),(3,'z')");
    EXPECT_EQ(db.run("UPDATE t SET b = b || '!' WHERE a >= 2"), "");
    EXPECT_EQ(db.connection->report().change_count, 2U);
    EXPECT_EQ(db.run("DELETE FROM t WHERE b = 'z!'"), "");
    EXPECT_EQ(db.run("SELECT * FROM t"), "1|x\n2|y!\n");
    db.open_again();
    EXPECT_EQ(db.run("SELECT * FROM t"), "1|x\n2|y!\n");
}

TEST(Databases, ReadEveryMomentOfThePast) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT)");
    db.run("INSERT INTO t VALUES (1, 'one')");
    db.run("UPDATE t SET b = 'uno' WHERE a = 1");
    db.run("DELETE FROM t");
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run("SELECT b FROM t FOR SYSTEM_TIME AS OF COMMIT 2"), "one\n");
        EXPECT_EQ(db.run("SELECT b FROM t FOR SYSTEM_TIME AS OF COMMIT 3"), "uno\n");
        EXPECT_EQ(db.run("SELECT b FROM t FOR SYSTEM_TIME AS OF COMMIT 4"), "");
        EXPECT_EQ(db.run("SELECT b FROM t"), "");
        EXPECT_EQ(db.run("SELECT b FROM t FOR SYSTEM_TIME AS OF COMMIT 1"), "");
        db.open_again();
    }
}

// Goal: a moment is the same whoever asked for it before. Method: a row that says at which commit
// it was written; moments again and again, of commits that a connection cannot all remember.
TEST(Databases, ReadMoreMomentsThanAreRemembered) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 2)");
    Statement update;
    Statement select;
    ASSERT_TRUE(update.prepare(*db.connection, "UPDATE t SET b = b + 1", db.error));
    ASSERT_TRUE(select.prepare(*db.connection, "SELECT b FROM t FOR SYSTEM_TIME AS OF COMMIT ?1",
                               db.error));
    std::int64_t last = 2;
    const auto write = [&](std::int64_t until) {
        for (; last < until; last++) ASSERT_TRUE(update.run(db.error)) << db.error.message();
    };
    const auto expect = [&](std::int64_t commit) {
        ASSERT_TRUE(select.bind(1, Value::integer(commit)));
        const Result<bool> there = select.step(db.error);
        ASSERT_EQ(static_cast<bool>(there), commit <= last) << commit;
        if (!there) return;
        ASSERT_EQ(*there, commit >= 2) << commit;
        if (*there) {
            ASSERT_EQ(select.row()[0].as_integer(), commit);
        }
    };
    write(1500);
    for (int i = 0; i < 400; i++) {
        for (const std::int64_t commit : {1, 2, 3, 400 + i / 2, 1424 + i / 2, 1500 + i}) {
            expect(commit);
            expect(commit);
        }
        expect(last);
        if (i % 3 == 0) write(last + 2);
        db.run("SET SYSTEM_TIME = COMMIT " + std::to_string(470 + i % 7));
        EXPECT_EQ(db.run("SELECT b FROM t"), std::to_string(470 + i % 7) + "\n");
        db.run("SET SYSTEM_TIME = DEFAULT");
    }
}

// A plan is kept while the catalog of the moment is that of now, and made anew where it is not.
TEST(Databases, ReadAMomentThatIsAParameter) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'one')");
    db.run("ALTER TABLE t ADD COLUMN c INT DEFAULT 7; UPDATE t SET b = 'uno', c = 8");
    Statement statement;
    ASSERT_TRUE(statement.prepare(
        *db.connection, "SELECT * FROM t FOR SYSTEM_TIME AS OF ?1 WHERE a = ?2", db.error))
        << db.error.message();
    const auto as_of = [&](const Value& moment) {
        EXPECT_TRUE(statement.bind(1, moment));
        EXPECT_TRUE(statement.bind(2, Value::integer(1)));
        const Result<bool> there = statement.step(db.error);
        if (!there) return db.failed() + "\n";
        return *there ? OpenDatabase::line_of(statement.row()) : std::string{"none\n"};
    };
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(as_of(Value::integer(4)), "1|uno|8\n");
        EXPECT_EQ(as_of(Value::integer(3)), "1|one|7\n");
        EXPECT_EQ(as_of(Value::integer(2)), "1|one\n");
        EXPECT_EQ(as_of(Value::integer(1)), "none\n");
        EXPECT_EQ(as_of(Value{}), "error type-mismatch\n");
        EXPECT_EQ(as_of(Value::integer(9)), "error ahead-of-log\n");
        EXPECT_EQ(as_of(Value::timestamp(timestamp_max)), "1|uno|8\n");
    }
}

TEST(Databases, TakeBackAStatementThatFails) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (5)");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1), (5)"), "error constraint-failed");
    EXPECT_EQ(db.run("SELECT * FROM t"), "5\n");
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (2)"), "");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (3), (5)"), "error constraint-failed");
    EXPECT_EQ(db.run("SELECT * FROM t"), "2\n5\n");
    EXPECT_EQ(db.run("COMMIT; SELECT * FROM t"), "2\n5\n");
}

// One row that is changed alone takes a way of its own: by its key, and without a savepoint of the
// tree. What it answers, and what it leaves where it fails, is as of others.
TEST(Databases, ChangeOneRowByItsKey) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT, b TEXT, c INT UNIQUE CHECK (c < 9), PRIMARY KEY (a, b));"
        "INSERT INTO t VALUES (1, 'x', 1), (1, 'y', 2), (2, 'x', 3)");
    for (const char* const begin : {"", "BEGIN;"}) {
        db.run(begin);
        EXPECT_EQ(db.run("UPDATE t SET c = c + 3 WHERE a = 1 AND b = 'y'"), "");
        EXPECT_EQ(db.run("UPDATE t SET c = 3 WHERE a = 1 AND b = 'y'"), "error constraint-failed");
        EXPECT_EQ(db.run("UPDATE t SET c = c + 4 WHERE b = 'y' AND a = 1.0"),
                  "error constraint-failed");
        EXPECT_EQ(db.run("UPDATE t SET c = 8 WHERE a = 1.5 AND b = 'y'"), "");
        EXPECT_EQ(db.run("UPDATE t SET c = 8 WHERE a = NULL AND b = 'y'"), "");
        EXPECT_EQ(db.run("UPDATE t SET c = 8 WHERE a = 3 AND b = 'y'"), "");
        EXPECT_EQ(db.run("UPDATE t SET c = 8 WHERE a = 1 AND b = 'x' AND c > 1"), "");
        EXPECT_EQ(db.run("UPDATE t SET c = 7 WHERE a = 1 AND b IN ('x', 'z')"), "");
        EXPECT_EQ(db.run("SELECT * FROM t"), "1|x|7\n1|y|5\n2|x|3\n");
        EXPECT_EQ(db.run("INSERT INTO t VALUES (2, 'y', 7)"), "error constraint-failed");
        EXPECT_EQ(db.run("INSERT INTO t VALUES (2, 'y', 6)"), "");
        EXPECT_EQ(db.run("INSERT INTO t VALUES (2, 'y', 8)"), "error constraint-failed");
        EXPECT_EQ(db.run("DELETE FROM t WHERE a = 2 AND b = 'y'"), "");
        EXPECT_EQ(db.run("UPDATE t SET c = (SELECT max(c) FROM t) - c WHERE a = 1 AND b = 'y'"),
                  "");
        EXPECT_EQ(db.run("UPDATE t SET b = 'w', c = 1 WHERE a = 1 AND b = 'x'"), "");
        EXPECT_EQ(db.run("SELECT * FROM t"), "1|w|1\n1|y|2\n2|x|3\n");
        EXPECT_EQ(db.run("UPDATE t SET b = 'x' WHERE a = 1 AND b = 'w'"), "");
        EXPECT_EQ(db.run("SELECT a FROM t WHERE c = 1"), "1\n");
    }
    EXPECT_EQ(db.run("COMMIT"), "");
    db.open_again();
    EXPECT_EQ(db.run("SELECT * FROM t"), "1|x|1\n1|y|2\n2|x|3\n");
}

TEST(Databases, RollBackTransactionsAndSavepoints) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY)");
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (1); ROLLBACK; SELECT * FROM t"), "");
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2);"
                     "ROLLBACK TO s; INSERT INTO t VALUES (3); RELEASE s; COMMIT;"
                     "SELECT * FROM t"),
              "1\n3\n");
    EXPECT_EQ(db.run("COMMIT"), "error invalid-argument");
}

TEST(Databases, WriteStreamsAndTablesInOneCommit) {
    OpenDatabase db;
    db.run("CREATE TABLE stock (sku TEXT PRIMARY KEY, n INT); INSERT INTO stock VALUES ('x', 9)");
    EXPECT_EQ(db.run("BEGIN; APPEND 'cart-7' EXPECT NO STREAM ('ItemAdded', '{}');"
                     "UPDATE stock SET n = n - 1 WHERE sku = 'x'; COMMIT"),
              "")
        << db.error.message();
    EXPECT_EQ(db.run("SELECT n FROM stock"), "8\n");
    Snapshot snapshot;
    ASSERT_TRUE(db.database->store().snapshot(snapshot));
    const Result<StreamInfo> info = snapshot.stream("cart-7");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->version, 0);
}

TEST(Databases, ShowTheCatalogAndTheLogOfEachMoment) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1);"
        "BEGIN WITH (actor = 'ada', message = 'why'); INSERT INTO t VALUES (2);"
        "APPEND 's' ('E', 'x'); COMMIT; ALTER TABLE t ADD COLUMN b TEXT; DROP TABLE t");
    EXPECT_EQ(db.run("SELECT sql FROM sqlite_schema"), "");
    EXPECT_EQ(db.run("SELECT sql FROM sqlite_schema FOR SYSTEM_TIME AS OF COMMIT 3"),
              "CREATE TABLE t (a INT PRIMARY KEY)\n");
    EXPECT_EQ(db.run("SELECT name FROM pragma_table_info('t') FOR SYSTEM_TIME AS OF COMMIT 4"),
              "a\nb\n");
    EXPECT_EQ(db.run("BEGIN; CREATE TABLE own (a INT); SELECT name FROM schema; ROLLBACK;"
                     "SELECT name FROM schema"),
              "own\n");
    EXPECT_EQ(db.run("SELECT actor || ' ' || message FROM commits WHERE commit = 3"), "ada why\n");
    EXPECT_EQ(db.run("SELECT data FROM events WHERE stream = 's'"), "x\n");
    EXPECT_EQ(db.run("SELECT after FROM changes WHERE op = 'insert' AND tbl = 't'"),
              "{\"a\":1}\n{\"a\":2}\n");
    EXPECT_EQ(db.run("SELECT count(*) FROM changes WHERE op = 'delete'"), "2\n");
}

TEST(Databases, SayWhereAStatementIsWrong) {
    OpenDatabase db;
    db.run("CREATE TABLE users (id INT PRIMARY KEY, name TEXT)");
    EXPECT_EQ(db.run("SELECT nmae FROM users"), "error unknown-name");
    EXPECT_EQ(db.error.offset, 7U);
    EXPECT_EQ(db.error.size, 4U);
    EXPECT_EQ(db.error.hint(), "did you mean name?");
    EXPECT_EQ(db.run("SELEC 1"), "error syntax");
    EXPECT_EQ(db.run("SELECT * FROM usres"), "error unknown-name");
}

// Who has the writer's turn must not wait for it, when the past is read in a transaction behind a
// commit that nobody has synced yet.
TEST(Databases, ReadThePastBehindADeferredCommit) {
    OpenDatabase db{database_options(), std::size_t{8} << 20, {.durability = Durability::deferred}};
    db.run("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (2);"
                     "SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT 2; COMMIT"),
              "1\n");
    EXPECT_EQ(db.run("SELECT * FROM t"), "1\n2\n");
}

TEST(Databases, GiveTypedRows) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1,'x'),(2,'y')");
    std::string all;
    for (const auto& [a, b] :
         db.connection->query<std::int64_t, std::string_view>("SELECT a, b FROM t WHERE a < ?", 9))
        all += std::to_string(a) + std::string{b};
    EXPECT_EQ(all, "1x2y");
    const std::array<Cell, 2> row{Cell{"a", Value::integer(3)}, Cell{"b", Value::text("z")}};
    EXPECT_TRUE(db.connection->insert("t", row, db.error)) << db.error.message();
    Statement rows;
    ASSERT_TRUE(db.connection->find("t", std::span{row}.first(1), rows, db.error));
    const Result<bool> there = rows.step(db.error);
    ASSERT_TRUE(there && *there);
    EXPECT_EQ(rows.row()[1], Value::text("z"));
    int count = 0;
    EXPECT_TRUE(db.connection->scan(
        "t", [](std::span<const Value> of) { return of[0].as_integer() % 2 == 1; },
        [&](std::span<const Value>) { count++; }, db.error));
    EXPECT_EQ(count, 2);
}

// Goal: a join reads of the other table what the rows that were found lead to, and nothing else.
// Method: the plan says so; and the rows are those of a join that cannot use a key.
TEST(Databases, JoinByTheKeysThatFoundRowsLeadTo) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE a (id INT PRIMARY KEY, x INT, y INT, t TEXT);"
        "CREATE TABLE b (id INT PRIMARY KEY, z INT, t TEXT); CREATE INDEX b_z ON b (z);"
        "CREATE INDEX b_t ON b USING HASH (t)");
    for (int i = 0; i < 60; i++) {
        const std::string n = std::to_string(i);
        db.run("INSERT INTO a VALUES (" + n + "," + std::to_string(i * 7 % 70) + "," +
               (i % 5 == 0 ? "NULL" : std::to_string(i % 9)) + ",'t" + std::to_string(i % 11) +
               "'); INSERT INTO b VALUES (" + n + "," + std::to_string(i % 9) + ",'t" +
               std::to_string(i % 13) + "')");
    }
    const auto explain = [&](const std::string& sql) { return db.run("EXPLAIN " + sql); };
    EXPECT_NE(explain("SELECT * FROM a JOIN b ON b.id = a.x WHERE a.id = 5")
                  .find("SEARCH b USING PRIMARY KEY (id IN ?)"),
              std::string::npos)
        << explain("SELECT * FROM a JOIN b ON b.id = a.x WHERE a.id = 5");
    for (const std::string kind : {"JOIN", "LEFT JOIN", "RIGHT JOIN"}) {
        for (const std::string where : {"a.id = 5", "a.id = 6", "a.id IN (1, 5, 20, 21)",
                                        "a.id > 50", "a.id = 99", "a.id < 3 AND b.z > 2"}) {
            for (const std::string on : {"b.id = a.x", "b.z = a.y", "b.t = a.t",
                                         "b.id = a.x + 1 AND b.z > 3", "b.z = a.y AND b.t = a.t"}) {
                const std::string head = "SELECT a.id, b.id FROM a " + kind + " b ON ";
                // Neither side has a key that could be used.
                const std::string by_scan =
                    "SELECT a.id, b.id FROM (SELECT id + 0 AS id, x, y, t "
                    "FROM a) AS a " +
                    kind + " (SELECT id + 0 AS id, z, t FROM b) AS b ON " + on + " WHERE " + where +
                    " ORDER BY 1, 2";
                EXPECT_EQ(db.run(head + on + " WHERE " + where + " ORDER BY 1, 2"), db.run(by_scan))
                    << head << on << " WHERE " << where;
            }
        }
    }
    EXPECT_EQ(db.run("SELECT count(*) FROM a, b, a AS c WHERE a.id = 7 AND b.z = a.y AND "
                     "c.id = b.id"),
              db.run("SELECT count(*) FROM b WHERE z = 7"));
}

// Goal: one row by its key, or by a unique index, is what a scan finds. Method: values of all
// types, among them those that are no key; now, as of every commit, and within a transaction.
TEST(Databases, FindOneRowAsAScanDoes) {
    OpenDatabase db;
    db.run("CREATE TABLE n (a INT PRIMARY KEY, b TEXT UNIQUE, c DATE UNIQUE, d FLOAT UNIQUE)");
    db.run("CREATE TABLE m (a TEXT, b INT, c INT, PRIMARY KEY (a, b), UNIQUE (c, a))");
    const std::string longer(150, 'x');
    db.run("INSERT INTO n VALUES (1, '1', DATE '2026-11-21', 0.5), (-2, 'b', NULL, 1e300)");
    db.run("INSERT INTO n VALUES (0, '" + longer + "', DATE '1970-01-01', 1), (3, NULL, NULL, 2)");
    db.run("INSERT INTO m VALUES ('1', 1, 7), ('b', 1, 8), ('', -2, NULL), ('b', 3, 5)");
    EXPECT_EQ(db.run("UPDATE n SET a = 5, b = 'c' WHERE a = 1; DELETE FROM m WHERE b = 1"), "");
    const std::uint64_t newest = db.commit();
    const std::array values{Value{},
                            Value::integer(1),
                            Value::integer(-2),
                            Value::integer(5),
                            Value::integer(8),
                            Value::real(1.0),
                            Value::real(0.5),
                            Value::real(1e300),
                            Value::boolean(true),
                            Value::text("1"),
                            Value::text("b"),
                            Value::text("c"),
                            Value::text(""),
                            Value::text("5"),
                            Value::text(" 5 "),
                            Value::text(longer),
                            Value::text("2026-11-21"),
                            Value::blob(as_bytes("b")),
                            Value::date(0),
                            Value::timestamp(0)};
    const auto rows_of = [&](const std::string& sql, const Value& one, const Value& other) {
        Statement statement;
        EXPECT_TRUE(statement.prepare(*db.connection, sql, db.error)) << db.error.message();
        EXPECT_TRUE(statement.bind(1, one));
        EXPECT_TRUE(statement.parameter_count() < 2 || statement.bind(2, other));
        std::string all;
        db.add_rows(statement, all);
        return all;
    };
    std::size_t found_count = 0;
    const auto compare = [&](const std::string& from, const std::string& condition) {
        const std::string keyed = "SELECT * FROM " + from + " WHERE " + condition;
        EXPECT_NE(db.run("EXPLAIN " + keyed).find("SEARCH"), std::string::npos) << keyed;
        for (const Value& one : values) {
            for (const Value& other : values) {
                const std::string rows = rows_of(keyed, one, other);
                EXPECT_EQ(rows, rows_of(keyed + " OR 1 = 0", one, other)) << keyed;
                found_count += rows.empty() ? 0U : 1U;
                if (condition.find("?2") == std::string::npos) break;
            }
        }
    };
    const auto compare_all = [&](const std::string& period) {
        for (const char* column : {"a", "b", "c", "d"})
            compare("n" + period, std::string{column} + " = ?1");
        compare("m" + period, "a = ?1 AND b = ?2");
        compare("m" + period, "c = ?1 AND a = ?2");
    };
    compare_all("");
    for (std::uint64_t commit = 2; commit <= newest; commit++)
        compare_all(" FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(commit));
    EXPECT_GT(found_count, 50U);
    db.run("BEGIN; INSERT INTO n VALUES (8, 'z', NULL, NULL)");
    compare_all("");
    db.run("ROLLBACK");
}

// The same words with other blanks are the same plan, whose places are not theirs.
TEST(Databases, SayNoPlaceThatIsAnotherTexts) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1)"), "error constraint-failed");
    EXPECT_EQ(db.error.offset, 12U);
    EXPECT_EQ(db.error.size, 1U);
    EXPECT_EQ(db.run("  INSERT   INTO   t VALUES (1)"), "error constraint-failed");
    EXPECT_EQ(db.error.offset, 2U);
    EXPECT_EQ(db.error.size, 0U);
}

// Method: the name of a column is as it was first written, and so says whose plan it is.
TEST(Databases, KeepOnePlanForAllLiteralsThatAreCompared) {
    OpenDatabase db;
    db.run("CREATE TABLE t (A INT PRIMARY KEY, b TEXT, UNIQUE (b))");
    db.run("INSERT INTO t VALUES (1, 'x'), (22, 'yy'), (333, 'it''s'), (4, '5')");
    const auto asked = [&](std::string_view sql) {
        Statement statement;
        if (!statement.prepare(*db.connection, sql, db.error)) return db.failed();
        std::string all{statement.column_name(0)};
        all += '\n';
        db.add_rows(statement, all);
        return all;
    };
    EXPECT_EQ(asked("SELECT +A FROM t WHERE a = 1"), "+A\n1\n");
    EXPECT_EQ(asked("SELECT +a FROM t WHERE a = 22"), "+A\n22\n");
    EXPECT_EQ(asked("SELECT +a   FROM t WHERE a=333 ;"), "+A\n333\n");
    EXPECT_EQ(asked("SELECT +a FROM t WHERE a = 9223372036854775807"), "+A\n");
    EXPECT_EQ(asked("SELECT +a FROM t WHERE a = 9223372036854775808"), "error syntax");
    EXPECT_EQ(asked("SELECT +a FROM t WHERE a = '22'"), "+a\n22\n");
    EXPECT_EQ(asked("SELECT +a FROM t WHERE a = 0x16"), "+a\n22\n");
    EXPECT_EQ(asked("SELECT +B FROM t WHERE b = 'x' AND a BETWEEN 1 AND 2"), "+B\nx\n");
    EXPECT_EQ(asked("SELECT +b FROM t WHERE b = 'yy' AND a BETWEEN 1 AND 22"), "+B\nyy\n");
    EXPECT_EQ(asked("SELECT +b FROM t WHERE b = 'yy' AND a BETWEEN 23 AND 2"), "+B\n");
    EXPECT_EQ(asked("SELECT +b FROM t WHERE b = 'it''s' AND a BETWEEN 23 AND 400"), "+b\nit's\n");
    EXPECT_EQ(asked("SELECT +b FROM t WHERE b = '\xff' AND a BETWEEN 23 AND 400"), "error syntax");
    const std::string longer(65, 'y');
    EXPECT_EQ(asked("SELECT +b FROM t WHERE b > '" + longer + "' AND a BETWEEN 1 AND 22"), "+b\n");
    EXPECT_EQ(asked("SELECT +b FROM t WHERE b = 5"), "+b\n5\n");
}

// Names of columns, keys of groups, counts, lists and texts of views are what they were.
TEST(Databases, KeepPlansOfTheirOwnForOtherLiterals) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)");
    const auto name_of = [&](std::string_view sql) {
        Statement statement;
        EXPECT_TRUE(statement.prepare(*db.connection, sql, db.error)) << db.error.message();
        return std::string{statement.column_name(0)};
    };
    EXPECT_EQ(name_of("SELECT a = 1 FROM t WHERE b = 1"), "a = 1");
    EXPECT_EQ(name_of("SELECT a = 2 FROM t WHERE b = 1"), "a = 2");
    EXPECT_EQ(db.run("SELECT a FROM t WHERE b > 0 LIMIT 1"), "1\n");
    EXPECT_EQ(db.run("SELECT a FROM t WHERE b > 0 LIMIT 2"), "1\n2\n");
    EXPECT_EQ(db.run("SELECT count(*) FROM t WHERE b > 0 GROUP BY b = 1 ORDER BY 1"), "1\n2\n");
    EXPECT_EQ(db.run("SELECT count(*) FROM t WHERE b > 0 GROUP BY b = 3 ORDER BY 1"), "3\n");
    const std::string_view grouped =
        "SELECT b = 1, count(*) FROM t WHERE a IN (SELECT a FROM t WHERE a < 3) GROUP BY b = 1";
    EXPECT_EQ(db.run(grouped), "1|2\n");
    EXPECT_EQ(db.run("SELECT a FROM t WHERE a IN (1, 2) AND b = 1"), "1\n2\n");
    EXPECT_EQ(db.run("SELECT a FROM t WHERE a IN (1, 3) AND b = 1"), "1\n");
    db.run("CREATE VIEW v AS SELECT a FROM t WHERE b = 2");
    EXPECT_EQ(db.run("SELECT a FROM v WHERE a > 0"), "3\n");
    EXPECT_EQ(db.run("SELECT a FROM v WHERE a > 3"), "");
    EXPECT_EQ(db.run("UPDATE t SET b = 5 WHERE a = 1; UPDATE t SET b = 6 WHERE a = 2"), "");
    EXPECT_EQ(db.run("DELETE FROM t WHERE a = 3; DELETE FROM t WHERE a = 4"), "");
    EXPECT_EQ(db.run("SELECT * FROM t"), "1|5\n2|6\n");
}

// Goal: INSERTs that differ in literals put in what each says. Method: values of all kinds and
// sizes at the same places, with what reads them: defaults, checks, conflicts, answers.
TEST(Databases, KeepOnePlanForAllLiteralsThatAreInserted) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY CHECK (a < 1000), b TEXT, c INT DEFAULT 5)");
    const auto insert = [&](const std::string& values) {
        return db.run("INSERT INTO t (a, b) VALUES " + values + " RETURNING a, b, typeof(b), c");
    };
    EXPECT_EQ(insert("(1, 'x')"), "1|x|text|5\n");
    EXPECT_EQ(insert("(22, 'yy')"), "22|yy|text|5\n");
    EXPECT_EQ(insert("(22, 'zz')"), "error constraint-failed");
    EXPECT_EQ(insert("(3, 4)"), "3|4|text|5\n");
    EXPECT_EQ(insert("('4', 55)"), "4|55|text|5\n");
    EXPECT_EQ(insert("('x', 55)"), "error type-mismatch");
    EXPECT_EQ(insert("(5000, 'y')"), "error constraint-failed");
    EXPECT_EQ(insert("(-5, 'y')"), "-5|y|text|5\n");
    EXPECT_EQ(insert("(-6, 'z')"), "-6|z|text|5\n");
    EXPECT_EQ(insert("(6, 'it''s')"), "6|it's|text|5\n");
    const std::string longer(65, 'y');
    EXPECT_EQ(insert("(7, '" + longer + "')"), "7|" + longer + "|text|5\n");
    EXPECT_EQ(insert("(8, '\xff')"), "error syntax");
    EXPECT_EQ(insert("(9223372036854775808, 'y')"), "error syntax");
    EXPECT_EQ(insert("(9, 'a'), (10, 'b')"), "9|a|text|5\n10|b|text|5\n");
    EXPECT_EQ(insert("(11, 'c'), (12, 'd')"), "11|c|text|5\n12|d|text|5\n");
    EXPECT_EQ(insert("(13, (SELECT b FROM t WHERE a = 1))"), "13|x|text|5\n");
    EXPECT_EQ(insert("(14, (SELECT b FROM t WHERE a = 22))"), "14|yy|text|5\n");
    EXPECT_EQ(insert("(15, 1 + 2)"), "15|3|text|5\n");
    EXPECT_EQ(insert("(16, 1 + 3)"), "16|4|text|5\n");
    const auto upsert = [&](const std::string& values) {
        return db.run("INSERT INTO t VALUES " + values +
                      " ON CONFLICT (a) DO UPDATE SET b = excluded.b || 7, c = 8; "
                      "SELECT b, c FROM t WHERE a = 1");
    };
    EXPECT_EQ(upsert("(1, 'p', 1)"), "p7|8\n");
    EXPECT_EQ(upsert("(1, 'qq', 22)"), "qq7|8\n");
    EXPECT_EQ(db.run("INSERT INTO t SELECT a + 100, b, 1 FROM t WHERE a = 3;"
                     "INSERT INTO t SELECT a + 100, b, 1 FROM t WHERE a = 4;"
                     "SELECT a FROM t WHERE a > 100 ORDER BY a"),
              "103\n104\n");
    EXPECT_EQ(db.run("SELECT * FROM (VALUES (1, 'x')); SELECT * FROM (VALUES (2, 'y'));"
                     "SELECT 1 WHERE 3 IN (VALUES (3)); SELECT 1 WHERE 3 IN (VALUES (4))"),
              "1|x\n2|y\n1\n");
    db.open_again();
    EXPECT_EQ(insert("(200, 'x')"), "200|x|text|5\n");
    EXPECT_EQ(db.run("ALTER TABLE t DROP COLUMN c; INSERT INTO t (a, b) VALUES (201, 'y');"
                     "SELECT b FROM t WHERE a = 201"),
              "y\n");
}

// A default is read from the catalog, where its literals have places of their own: an UPDATE whose
// literal stood at the same place gave its value to the default. Method: all places in turn.
TEST(Databases, TakeNoLiteralOfADefaultForTheirOwn) {
    OpenDatabase db;
    db.run("CREATE TABLE o (x INT, y INT); INSERT INTO o VALUES (1, 5), (2, 6)");
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, "
        "b INT NOT NULL DEFAULT (SELECT x FROM o WHERE x = x AND x = x AND y = 5))");
    db.run("INSERT INTO t VALUES (6, 0)");
    for (std::size_t blanks = 0; blanks < 40; blanks++) {
        const std::string sql =
            "UPDATE OR REPLACE t SET b = NULL WHERE " + std::string(blanks, ' ') + "6 = a";
        EXPECT_EQ(db.run(sql), "");
        EXPECT_EQ(db.run("SELECT b FROM t"), "1\n") << blanks;
    }
}

// Where a plan is found for other literals, places are those of the text that was given. Method: a
// column goes away, so that the plan is made anew, of the text that was given first.
TEST(Databases, MovePlacesByTheLiteralsBeforeThem) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1000, 2)");
    EXPECT_EQ(db.run("SELECT a FROM t WHERE a = 1 AND b = 2"), "");
    EXPECT_EQ(db.run("SELECT a FROM t WHERE a = 1000 AND b = 2"), "1000\n");
    db.run("ALTER TABLE t DROP COLUMN b");
    const std::string_view sql = "SELECT a FROM t WHERE a = 1000 AND b = 2";
    EXPECT_EQ(db.run(sql), "error unknown-name");
    EXPECT_EQ(db.error.offset, sql.find('b'));
    EXPECT_EQ(db.error.size, 1U);
}

TEST(Databases, HaveWordsForWhatFailsOnTheWay) {
    OpenDatabase db;
    const auto words_of = [&](std::string_view sql) {
        const std::string code = db.run(sql);
        return code + ": " + std::string{db.error.message()};
    };
    EXPECT_EQ(words_of("SELECT abs(-9223372036854775808)"),
              "error too-large: a number is out of range, or a text too long");
    EXPECT_EQ(words_of("SELECT CAST('x' AS DATE)"),
              "error type-mismatch: a value is not of the type that it is cast to");
    EXPECT_EQ(words_of("PRAGMA table_inf(t)"), "error unknown-name: there is no PRAGMA table_inf");
    EXPECT_EQ(db.error.hint(), "did you mean table_info?");
    db.connection->interrupt();
    EXPECT_EQ(words_of("SELECT 1"),
              "error cancelled: the statement was interrupted, or came to its time limit");
}

TEST(Databases, RunMigrationsOnceEach) {
    OpenDatabase db;
    const std::array<Migration, 3> steps{
        Migration{"1", "CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)"},
        Migration{"2", "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'x'"},
        Migration{"3", "INSERT INTO t VALUES (2, 'y'); INSERT INTO t VALUES (1, 'z')"}};
    const std::span<const Migration> all{steps};
    const auto migrate = [&](std::span<const Migration> some) {
        const Result<std::uint32_t> count = db.connection->migrate(some, db.error);
        return count ? std::to_string(*count) : db.failed();
    };
    EXPECT_EQ(migrate(all.first(1)), "1");
    EXPECT_EQ(migrate(all.first(2)), "1");
    EXPECT_EQ(migrate(all.first(2)), "0");
    EXPECT_EQ(migrate(all), "error constraint-failed");
    EXPECT_EQ(db.run("SELECT * FROM t"), "1|x\n");
    db.open_again();
    EXPECT_EQ(migrate(all.first(2)), "0");
    EXPECT_EQ(db.run("SELECT name FROM migrations"), "1\n2\n");
    const std::array<Migration, 1> other{Migration{"1", "SELECT 1"}};
    EXPECT_EQ(migrate(other), "error invalid-argument");
    const std::array<Migration, 2> before{Migration{"0", "SELECT 1"}, steps[0]};
    EXPECT_EQ(migrate(before), "error invalid-argument");
}

TEST(Databases, EndAStatementThatIsInterruptedOrTakesTooLong) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY)");
    db.run("INSERT INTO t VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)");
    const std::string endless = "SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h";
    db.connection->interrupt();
    EXPECT_EQ(db.run(endless), "error cancelled");
    EXPECT_EQ(db.run("SELECT count(*) FROM t"), "10\n");
    db.connection->set_time_limit_us(1000);  // The clock ticks by 10 whenever it is asked.
    EXPECT_EQ(db.run(endless), "error cancelled");
    EXPECT_EQ(db.run("SELECT count(*) FROM t"), "10\n");
}

TEST(Databases, DoNotDependOnOtherConnections) {
    OpenDatabase db;
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory));
    db.run("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    EXPECT_EQ(db.run(other, "SELECT * FROM t"), "1\n");
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (2)"), "");
    EXPECT_EQ(db.run(other, "SELECT * FROM t"), "1\n");
    EXPECT_EQ(db.run("COMMIT"), "");
    EXPECT_EQ(db.run(other, "SELECT * FROM t"), "1\n2\n");
    EXPECT_EQ(db.run("ALTER TABLE t ADD COLUMN b INT DEFAULT 5"), "");
    EXPECT_EQ(db.run(other, "SELECT * FROM t"), "1|5\n2|5\n");
}

TEST(Databases, EndAStatementWhoseTablesAreChangedUnderIt) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    Statement rows;
    ASSERT_TRUE(rows.prepare(*db.connection, "SELECT a FROM t", db.error));
    ASSERT_TRUE(rows.step(db.error));
    EXPECT_EQ(db.run("DROP TABLE t; CREATE TABLE t (a TEXT)"), "");
    EXPECT_EQ(db.run("SELECT * FROM t"), "");
    EXPECT_EQ(rows.step(db.error).error().code, Code::in_use);
    const Result<bool> again = rows.step(db.error);
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
}

}  // namespace
}  // namespace freshet::test
