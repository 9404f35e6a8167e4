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

// What arms of a UNION knew of a type was forgotten unless all knew the same. SQLite takes the last
// arm's for IN and for one value, and the first one's for a column of FROM.
TEST(SqlDifferences, OneArmOfAUnionSaysWhatItsColumnsAreComparedAs) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a TEXT, b INT); INSERT INTO t VALUES ('5', 5)");
    EXPECT_EQ(db.run("SELECT 5 + 0 IN (SELECT a || '' FROM t UNION SELECT a FROM t),"
                     "5 + 0 = (SELECT a || '' FROM t EXCEPT SELECT a FROM t WHERE 0),"
                     "5 + 0 IN (SELECT a FROM t UNION SELECT a || '' FROM t),"
                     "5 + 0 = (SELECT a FROM t UNION ALL SELECT a || '' FROM t),"
                     "'5' || '' IN (SELECT b + 0 FROM t UNION SELECT b FROM t)"),
              "1|1|0|0|1\n");
    EXPECT_EQ(db.run("SELECT x = 5 + 0 FROM (SELECT a AS x FROM t UNION SELECT a || '' FROM t)"),
              "1\n");
    EXPECT_EQ(db.run("SELECT x = 5 + 0 FROM (SELECT a || '' AS x FROM t UNION SELECT a FROM t)"),
              "0\n");
}

// What is NOT IN an empty list is the literal TRUE, and IS TRUE asks for the truth of a value.
TEST(SqlDifferences, InAnEmptyListIsALiteral) {
    OpenDatabase db;
    EXPECT_EQ(db.run("SELECT 7 IS (1 NOT IN ()), 7 IS (1 IN ()), 0 IS (1 IN ()), NULL IS (1 IN ()),"
                     "7 IS NOT (1 NOT IN ()), 7 = (1 NOT IN ()), 7 IS (1 NOT IN (2))"),
              "1|0|1|0|0|0|0\n");
    db.run("CREATE TABLE t (a INT)");
    EXPECT_EQ(db.run("SELECT count(a) IN () FROM t; SELECT count(*), a NOT IN () FROM t"), "0|1\n");
}

}  // namespace
}  // namespace freshet::test
