// SPDX-License-Identifier: MIT
// Goal: what audit trails made of triggers lose is not lost here. Method: each loss that was
// measured elsewhere is done to a table, and the past is asked for.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

TEST(Losses, ARowDisplacedByOrReplaceIsInThePast) {
    OpenDatabase db;
    db.run("CREATE TABLE t (id INT PRIMARY KEY, email TEXT UNIQUE)");
    db.run("INSERT INTO t VALUES (1, 'a@x'), (2, 'b@x')");
    const std::uint64_t before = db.commit();
    EXPECT_EQ(db.run("INSERT OR REPLACE INTO t VALUES (3, 'a@x')"), "") << db.error.message();
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run("SELECT * FROM t"), "2|b@x\n3|a@x\n");
        EXPECT_EQ(db.run("SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(before)),
                  "1|a@x\n2|b@x\n");
        db.open_again();
    }
}

TEST(Losses, ValuesOfAnAddedColumnAreRecorded) {
    OpenDatabase db;
    db.run("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)");
    db.run("ALTER TABLE t ADD COLUMN note TEXT DEFAULT 'none'");
    db.run("UPDATE t SET note = 'seen' WHERE id = 1");
    const std::uint64_t seen = db.commit();
    db.run("UPDATE t SET note = NULL");
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run("SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(seen)),
                  "1|seen\n");
        EXPECT_EQ(
            db.run("SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(seen - 1)),
            "1|none\n");
        EXPECT_EQ(
            db.run("SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(seen - 2)),
            "1\n");
        EXPECT_EQ(db.run("SELECT * FROM t"), "1|NULL\n");
        db.open_again();
    }
}

TEST(Losses, ValuesFromBeforeAColumnWasRenamedAreThere) {
    OpenDatabase db;
    db.run("CREATE TABLE t (id INT PRIMARY KEY, nick TEXT); INSERT INTO t VALUES (1, 'ada')");
    const std::uint64_t before = db.commit();
    EXPECT_EQ(db.run("ALTER TABLE t RENAME COLUMN nick TO name"), "") << db.error.message();
    const std::string past = " FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(before);
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run("SELECT name FROM t"), "ada\n");
        EXPECT_EQ(db.run("SELECT nick FROM t" + past), "ada\n");
        EXPECT_EQ(db.run("SELECT name FROM t" + past), "error unknown-name");
        db.open_again();
    }
}

TEST(Losses, ADroppedColumnIsInThePast) {
    OpenDatabase db;
    db.run("CREATE TABLE t (id INT PRIMARY KEY, a TEXT, b TEXT); INSERT INTO t VALUES (1,'x','y')");
    const std::uint64_t before = db.commit();
    EXPECT_EQ(db.run("ALTER TABLE t DROP COLUMN a"), "") << db.error.message();
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run("SELECT * FROM t"), "1|y\n");
        EXPECT_EQ(db.run("SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(before)),
                  "1|x|y\n");
        db.open_again();
    }
}

TEST(Losses, ARowWhoseKeyWasChangedIsWhereItWas) {
    OpenDatabase db;
    db.run("CREATE TABLE t (id INT PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'a')");
    const std::uint64_t before = db.commit();
    EXPECT_EQ(db.run("UPDATE t SET id = 5 WHERE id = 1"), "") << db.error.message();
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run("SELECT * FROM t"), "5|a\n");
        EXPECT_EQ(db.run("SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(before)),
                  "1|a\n");
        db.open_again();
    }
}

TEST(Losses, ChangesFromAndToNullAreRecorded) {
    OpenDatabase db;
    db.run("CREATE TABLE t (id INT PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, NULL)");
    db.run("UPDATE t SET a = 'Bob'");
    const std::uint64_t bob = db.commit();
    db.run("UPDATE t SET a = NULL");
    const std::string at = "SELECT a FROM t FOR SYSTEM_TIME AS OF COMMIT ";
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(db.run(at + std::to_string(bob - 1)), "NULL\n");
        EXPECT_EQ(db.run(at + std::to_string(bob)), "Bob\n");
        EXPECT_EQ(db.run(at + std::to_string(bob + 1)), "NULL\n");
        db.open_again();
    }
}

}  // namespace
}  // namespace freshet::test
