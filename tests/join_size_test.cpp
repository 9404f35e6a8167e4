// SPDX-License-Identifier: MIT
// Goal: a join keeps the smaller of two tables in memory, in whatever order the statement names
// them. Method: a table of three rows and one of 4,096, what EXPLAIN says, and less memory than the
// large one takes.
#include "freshet/runs.hpp"
#include "tests/database_fixture.hpp"

namespace freshet {
namespace {

class JoinSize : public ::testing::Test {
protected:
    static Options options() {
        Options options = test::database_options();
        options.runs = &runs();
        return options;
    }
    void SetUp() override {
        db.run("CREATE TABLE customer (id INT PRIMARY KEY, name TEXT)");
        db.run("CREATE TABLE sale (id INT PRIMARY KEY, customer INT, note TEXT)");
        db.run("INSERT INTO customer VALUES (1, 'a'), (2, 'b'), (9, 'c')");
        db.run(
            "INSERT INTO sale VALUES (0, 0, 'some words'), (1, 1, 'some'), (2, 2, ''), (3, 3, "
            "'x')");
        for (int count = 4; count < 4096; count *= 2)
            db.run("INSERT INTO sale SELECT id + " + std::to_string(count) +
                   ", customer, note FROM sale");
        EXPECT_EQ(db.run("SELECT count(*) FROM sale"), "4096\n");
    }
    std::string explain(const std::string& from) {
        return db.run("EXPLAIN SELECT count(*) FROM " + from);
    }
    void expect_small_is_kept() {
        const std::string plan = "AGGREGATE\n  HASH JOIN\n    SCAN sale\n    SCAN customer\n";
        EXPECT_EQ(explain("customer JOIN sale ON customer = customer.id"), plan);
        EXPECT_EQ(explain("sale JOIN customer ON customer = customer.id"), plan);
        EXPECT_EQ(explain("customer LEFT JOIN sale ON customer = customer.id"),
                  "AGGREGATE\n  HASH RIGHT JOIN\n    SCAN sale\n    SCAN customer\n");
        EXPECT_EQ(explain("customer, sale"),
                  "AGGREGATE\n  NESTED JOIN\n    SCAN sale\n    SCAN customer\n");
    }

    test::OpenDatabase db{options()};
};

TEST_F(JoinSize, KeepsTheSmallerTable) {
    expect_small_is_kept();
}

TEST_F(JoinSize, IsKnownOfTablesInRuns) {
    Diagnostic diagnostic;
    ASSERT_TRUE(db.database->store().maintain(diagnostic, {.now = true}));
    db.open_again();
    expect_small_is_kept();
}

// Neither is worth it: the order is that of the statement.
TEST_F(JoinSize, LeavesTablesOfOneSizeAsTheyAre) {
    db.run("CREATE TABLE second (id INT PRIMARY KEY, customer INT)");
    db.run("INSERT INTO second SELECT id, customer FROM sale");
    EXPECT_EQ(explain("second JOIN sale ON sale.id = second.customer"),
              "AGGREGATE\n  HASH JOIN\n    SCAN second\n    SCAN sale\n");
}

TEST_F(JoinSize, NeedsNoMemoryForTheLargerOne) {
    test::Lent memory(std::size_t{2} << 20);
    Connection small;
    ASSERT_TRUE(small.open(*db.database, memory, {}));
    for (const std::string from : {"sale JOIN customer", "customer JOIN sale"}) {
        const std::string sql = "SELECT count(*), count(note), sum(length(name)) FROM " + from +
                                " ON customer = customer.id";
        Statement statement;
        SqlError error;
        ASSERT_TRUE(statement.prepare(small, sql, error)) << error.message();
        const Result<bool> there = statement.step(error);
        ASSERT_TRUE(there && *there) << error.message();
        for (const Value& value : statement.row()) EXPECT_EQ(value.as_integer(), 2048);
    }
}

}  // namespace
}  // namespace freshet
