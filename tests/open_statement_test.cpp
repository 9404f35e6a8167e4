// SPDX-License-Identifier: MIT
// Goal: what a statement keeps from one run to the next is never of other tables, or of rows that
// were taken back. Method: three that stay open while all of that is changed between their runs.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

TEST(OpenStatements, ChangeTheRowsThereAre) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b INT NOT NULL); INSERT INTO t VALUES (1, 10)");
    std::vector<std::byte> memory(std::size_t{1} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory, {}));
    Statement insert;
    Statement update;
    Statement erase;
    ASSERT_TRUE(insert.prepare(*db.connection, "INSERT INTO t (a, b) VALUES (?, ?)", db.error));
    ASSERT_TRUE(update.prepare(*db.connection, "UPDATE t SET b = b + ?2 WHERE a = ?1", db.error));
    ASSERT_TRUE(erase.prepare(*db.connection, "DELETE FROM t WHERE a = ?1 AND ?2", db.error));
    struct Run {
        Statement& statement;
        std::int64_t a;
        std::int64_t b;
    };
    const auto run = [&](std::initializer_list<Run> runs) {
        std::string said;
        for (const Run& one : runs) {
            EXPECT_TRUE(one.statement.bind(1, Value::integer(one.a)));
            EXPECT_TRUE(one.statement.bind(2, Value::integer(one.b)));
            said += one.statement.run(db.error) ? std::string{} : db.failed();
        }
        return said;
    };
    const auto change_all = [&](const std::string& rows) {
        EXPECT_EQ(run({{insert, 2, 20}, {update, 2, 2}, {insert, 3, 30}}), "");
        EXPECT_EQ(run({{insert, 2, 21}}), "error constraint-failed");
        EXPECT_EQ(run({{erase, 3, 1}, {insert, 3, 40}, {update, 3, 1}}), "");
        EXPECT_EQ(db.run("SELECT * FROM t ORDER BY a"), rows);
        EXPECT_EQ(run({{erase, 2, 1}, {erase, 3, 1}}), "");
    };
    change_all("1|10\n2|22\n3|41\n");
    db.run("ALTER TABLE t ADD COLUMN c INT DEFAULT 3");
    change_all("1|10|3\n2|22|3\n3|41|3\n");
    db.run("CREATE UNIQUE INDEX by_b ON t (b)");
    EXPECT_EQ(run({{insert, 2, 10}}), "error constraint-failed");
    EXPECT_EQ(run({{insert, 2, 20}, {update, 2, -10}}), "error constraint-failed");
    EXPECT_EQ(run({{erase, 2, 1}}), "");
    change_all("1|10|3\n2|22|3\n3|41|3\n");
    db.run("DROP INDEX by_b");
    EXPECT_EQ(run({{insert, 2, 10}, {erase, 2, 1}}), "");

    db.run("BEGIN; DROP TABLE t; CREATE TABLE t (b TEXT, a INT PRIMARY KEY CHECK (a < 4))");
    EXPECT_EQ(run({{update, 1, 1}, {insert, 4, 1}}), "error constraint-failed");
    change_all("22|2\n41|3\n");
    EXPECT_EQ(db.run("ROLLBACK"), "");
    EXPECT_EQ(run({{insert, 4, 1}, {erase, 4, 1}}), "");
    change_all("1|10|3\n2|22|3\n3|41|3\n");

    db.run("BEGIN; SAVEPOINT s; ALTER TABLE t DROP COLUMN c; UPDATE t SET b = 11");
    change_all("1|11\n2|22\n3|41\n");
    db.run("ROLLBACK TO s");
    change_all("1|10|3\n2|22|3\n3|41|3\n");
    EXPECT_EQ(run({{insert, 2, 5}, {update, 1, 7}}), "");
    db.run("ROLLBACK");
    EXPECT_EQ(run({{update, 2, 1}, {update, 1, 1}}), "");
    change_all("1|11|3\n2|22|3\n3|41|3\n");

    db.run(other, "UPDATE t SET b = 50; ALTER TABLE t DROP COLUMN c; INSERT INTO t VALUES (5, 5)");
    EXPECT_EQ(run({{insert, 5, 1}}), "error constraint-failed");
    EXPECT_EQ(run({{update, 1, 1}, {erase, 5, 1}}), "");
    change_all("1|51\n2|22\n3|41\n");
    db.run(other,
           "DROP TABLE t; CREATE TABLE t (x INT UNIQUE DEFAULT 9, a INT PRIMARY KEY, b INT)");
    EXPECT_EQ(run({{insert, 1, 1}, {insert, 2, 1}}), "error constraint-failed");
    EXPECT_EQ(run({{update, 1, 3}}), "");
    EXPECT_EQ(db.run("SELECT * FROM t"), "9|1|4\n");
    db.run(other, "DROP TABLE t");
    EXPECT_EQ(run({{update, 1, 3}}), "error unknown-name");
    db.run(other, "CREATE TABLE t (a INT PRIMARY KEY, b INT); INSERT INTO t VALUES (1, 1)");
    change_all("1|1\n2|22\n3|41\n");
}

// Where another statement was kept before.
TEST(OpenStatements, HaveNoColumnsOfThoseBefore) {
    ConnectionOptions one;
    one.statement_count_max = 1;
    OpenDatabase db{database_options(), std::size_t{8} << 20, one};
    EXPECT_EQ(db.run("SELECT name, \"commit\" FROM commit_names"), "");
    Statement create;
    ASSERT_TRUE(create.prepare(*db.connection, "CREATE TABLE t (a INT)", db.error));
    EXPECT_EQ(create.column_count(), 0U);
    ASSERT_TRUE(create.run(db.error));
    EXPECT_EQ(create.column_count(), 0U);
}

}  // namespace
}  // namespace freshet::test
