// SPDX-License-Identifier: MIT
// What comparing with SQLite found: a test for each, made as small as it goes.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

// Where nothing is looked for, nothing is put in its place: what that would be was asked first, and
// a NULL made all of it NULL.
TEST(SqlDifferences, ReplacingNothingGivesTheTextItself) {
    OpenDatabase db;
    EXPECT_EQ(db.run("SELECT replace('abc', '', NULL), replace('abc', 'b', NULL)"), "abc|NULL\n");
    EXPECT_EQ(db.run("SELECT replace(12, '', NULL), replace(NULL, '', 'x')"), "12|NULL\n");
}

// OR REPLACE was about rows in the way only; it also makes a NULL that may not be the default.
TEST(SqlDifferences, OrReplaceMakesNullsTheDefault) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, b INT NOT NULL DEFAULT 7, "
        "c TEXT NOT NULL DEFAULT ('x' || 'y'), d INT NOT NULL)");
    EXPECT_EQ(db.run("INSERT OR REPLACE INTO t VALUES (1, NULL, NULL, 4); SELECT * FROM t"),
              "1|7|xy|4\n");
    EXPECT_EQ(db.run("UPDATE OR REPLACE t SET b = NULL, c = NULL; SELECT * FROM t"), "1|7|xy|4\n");
    EXPECT_EQ(db.run("INSERT OR REPLACE INTO t VALUES (2, 1, 'z', NULL)"),
              "error constraint-failed");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (2, NULL, 'z', 1)"), "error constraint-failed");
}

// A row that OR IGNORE passes over was written all the same, if DO UPDATE had made it.
TEST(SqlDifferences, OrIgnorePassesOverWhatDoUpdateMakes) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b INT CHECK (b < 10)); INSERT INTO t VALUES (1, 1)");
    EXPECT_EQ(db.run("INSERT OR IGNORE INTO t VALUES (1, 5) ON CONFLICT (a) DO UPDATE SET b = 99;"
                     "SELECT * FROM t"),
              "1|1\n");
}

// The row was in the way of the primary key too, which was asked first, and refused it.
TEST(SqlDifferences, OnConflictLooksForWhatItNamesFirst) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE, c INT);"
        "INSERT INTO t VALUES (1, 10, 0), (2, 20, 0)");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1, 20, 7) ON CONFLICT (b) DO UPDATE SET c = excluded.c;"
                     "INSERT INTO t VALUES (1, 20, 8) ON CONFLICT (b) DO NOTHING;"
                     "INSERT INTO t VALUES (1, 20, 9) ON CONFLICT (a) DO UPDATE SET c = excluded.c "
                     "ON CONFLICT (b) DO NOTHING; SELECT * FROM t"),
              "1|10|9\n2|20|7\n");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1, 30, 7) ON CONFLICT (b) DO NOTHING"),
              "error constraint-failed");
    EXPECT_EQ(db.run("INSERT OR REPLACE INTO t VALUES (1, 20, 5) ON CONFLICT (b) DO NOTHING;"
                     "INSERT OR REPLACE INTO t VALUES (1, 30, 5) ON CONFLICT (b) DO NOTHING;"
                     "SELECT * FROM t"),
              "1|30|5\n2|20|7\n");
}

// The row in the way has the same primary key, and was taken for the new row itself.
TEST(SqlDifferences, OnConflictFindsARowOfTheSameKeyByAnotherConstraint) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT, UNIQUE (a, b));"
        "INSERT INTO t VALUES (1, 10, 0)");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1, 10, 7) ON CONFLICT (a, b) DO UPDATE SET c = 7;"
                     "SELECT * FROM t"),
              "1|10|7\n");
}

}  // namespace
}  // namespace freshet::test
