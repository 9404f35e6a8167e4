// SPDX-License-Identifier: MIT
// Goal: rows that foreign keys change are as their own table wants them. Method: text in, text out;
// after what is refused, everything is as it was.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

class References : public ::testing::Test {
protected:
    References() {
        EXPECT_EQ(db.run("CREATE TABLE boxes (id INT PRIMARY KEY, code INT UNIQUE);"
                         "INSERT INTO boxes VALUES (1, 10), (2, 20), (3, 30)"),
                  "");
    }
    std::string run(std::string_view sql) { return db.run(sql); }
    void expect_refused(std::string_view sql, std::string_view words) {
        const std::string before = run("SELECT * FROM boxes; SELECT * FROM things");
        EXPECT_EQ(run(sql), "error constraint-failed") << sql;
        EXPECT_NE(db.error.message().find(words), std::string_view::npos) << db.error.message();
        EXPECT_EQ(run("SELECT * FROM boxes; SELECT * FROM things"), before);
    }
    OpenDatabase db;
};

TEST_F(References, AskTheChecksOfRowsThatCascadeUpdates) {
    run("CREATE TABLE things (id INT PRIMARY KEY, box INT REFERENCES boxes (id) ON UPDATE CASCADE,"
        "CONSTRAINT small CHECK (box < 100), CHECK (things.box <> 7 OR id > 50));"
        "INSERT INTO things VALUES (1, 1), (2, 2), (60, 3)");
    EXPECT_EQ(run("UPDATE boxes SET id = id + 50; SELECT * FROM things"), "1|51\n2|52\n60|53\n");
    expect_refused("UPDATE boxes SET id = 100 WHERE id = 51", "CHECK small fails for box = 100");
    expect_refused("UPDATE boxes SET id = id + 49", "CHECK small fails for box = 1");
    expect_refused("UPDATE boxes SET id = 7 WHERE id = 52", "things refuses the row: CHECK");
    EXPECT_EQ(run("UPDATE boxes SET id = 7 WHERE id = 53; SELECT * FROM things"),
              "1|51\n2|52\n60|7\n");
    EXPECT_EQ(run("INSERT INTO boxes VALUES (7, 0) ON CONFLICT (id) DO UPDATE SET id = 400"),
              "error constraint-failed");
}

TEST_F(References, AskTheChecksOfRowsThatAreSetNull) {
    run("CREATE TABLE things (id INT PRIMARY KEY, box INT REFERENCES boxes (id) ON DELETE SET NULL "
        "ON UPDATE SET NULL, CHECK (box IS NOT NULL OR id > 1));"
        "INSERT INTO things VALUES (1, 1), (2, 2), (3, 3)");
    expect_refused("DELETE FROM boxes", "box IS NOT NULL OR id > 1");
    expect_refused("UPDATE boxes SET id = 9 WHERE id = 1", "box IS NOT NULL OR id > 1");
    EXPECT_EQ(run("DELETE FROM boxes WHERE id = 2; UPDATE boxes SET id = 9 WHERE id = 3;"
                  "SELECT * FROM things"),
              "1|1\n2|NULL\n3|NULL\n");
}

TEST_F(References, SetNoNullWhereNoneMayBe) {
    run("CREATE TABLE things (id INT PRIMARY KEY, box INT NOT NULL REFERENCES boxes (code) "
        "ON DELETE SET NULL ON UPDATE CASCADE); INSERT INTO things VALUES (1, 10), (2, 20)");
    expect_refused("DELETE FROM boxes WHERE id = 1", "things");
    expect_refused("UPDATE boxes SET code = NULL WHERE id = 1", "things");
    EXPECT_EQ(run("UPDATE boxes SET code = code + 1; SELECT * FROM things"), "1|11\n2|21\n");
}

// Each table on the way has its own checks; a life of the connection later, too.
TEST_F(References, AskTheChecksAllTheWayDown) {
    run("CREATE TABLE things (id INT PRIMARY KEY REFERENCES boxes (id) ON UPDATE CASCADE, "
        "CHECK (id <> 5));"
        "CREATE TABLE parts (id INT PRIMARY KEY REFERENCES things (id) ON UPDATE CASCADE, "
        "name TEXT CHECK (length(name) + id < 10));"
        "INSERT INTO things VALUES (1), (2); INSERT INTO parts VALUES (1, 'abc'), (2, 'abcdef')");
    for (int i = 0; i < 2; i++) {
        expect_refused("UPDATE boxes SET id = 5 WHERE id = 1", "id <> 5");
        expect_refused("UPDATE boxes SET id = 4 WHERE id = 2", "length(name) + id < 10");
        db.open_again();
    }
    EXPECT_EQ(run("UPDATE boxes SET id = 6 WHERE id = 1; SELECT * FROM parts"),
              "2|abcdef\n6|abc\n");
}

// What it takes does not grow with the rows that it is asked of.
TEST_F(References, AskChecksOfManyRowsInLittleMemory) {
    run("CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT, "
        "box INT REFERENCES boxes (id) ON UPDATE CASCADE, CHECK (abs(box) || 'x' <> '44x'));"
        "CREATE INDEX by_box ON things (box)");
    std::string rows = "INSERT INTO things (box) VALUES (1)";
    for (int i = 0; i < 3000; i++) rows += ", (1)";
    ASSERT_EQ(run(rows), "") << db.error.message();
    EXPECT_EQ(run("UPDATE boxes SET id = 43 WHERE id = 1; SELECT count(*) FROM things "
                  "WHERE box = 43"),
              "3001\n");
    expect_refused("UPDATE boxes SET id = 44 WHERE id = 43", "fails for box = 44");
}

}  // namespace
}  // namespace freshet::test
