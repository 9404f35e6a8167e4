// SPDX-License-Identifier: MIT
// Goal: each promise about tables, by the number it has in the list of features: G transactions, H
// time. Method: text in, text out; once more after everything was read from the log again.
#include "tests/semantics_fixture.hpp"

namespace freshet::test {
namespace {

using SemanticsG = People;
using SemanticsH = People;

TEST_F(SemanticsG, G1_TransactionsAreOfTablesAndStreams) {
    EXPECT_EQ(run("BEGIN; APPEND 's' ('E', 'x'); UPDATE users SET age = 0; ROLLBACK"), "")
        << message();
    expect("SELECT age FROM users WHERE id = 1", "36\n");
    expect("SELECT count(*) FROM events", "0\n");
    run("BEGIN; APPEND 's' ('E', 'x'); UPDATE users SET age = 0; COMMIT");
    expect("SELECT stream, type, idx FROM events", "s|E|0\n");
}
TEST_F(SemanticsG, G2_ATransactionIsOneCommit) {
    const std::uint64_t before = db.commit();
    run("BEGIN; UPDATE users SET age = 1; DELETE FROM orders; APPEND 's' ('E', 'x'); COMMIT");
    EXPECT_EQ(db.commit(), before + 1);
    expect("SELECT count(DISTINCT \"commit\") FROM changes WHERE \"commit\" > 4", "1\n");
}
TEST_F(SemanticsG, G3_AReadTransactionSeesOneCommit) {
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory));
    EXPECT_EQ(db.run(other, "BEGIN READ ONLY; SELECT count(*) FROM users"), "3\n");
    run("DELETE FROM users");
    EXPECT_EQ(db.run(other, "SELECT count(*) FROM users"), "3\n");
    EXPECT_EQ(db.run(other, "COMMIT; SELECT count(*) FROM users"), "0\n");
}
TEST_F(SemanticsG, G5_RowsAreAsTheyWereRead) {
    EXPECT_EQ(run("UPDATE users SET age = 1 WHERE id = 1 EXPECT VERSION 0"), "") << message();
    EXPECT_EQ(run("UPDATE users SET age = 2 WHERE id = 1 EXPECT VERSION 0"), "error wrong-version");
    EXPECT_EQ(run("BEGIN WITH (read_at = 4); UPDATE users SET age = 3 WHERE id = 1"),
              "error wrong-version");
    EXPECT_EQ(run("UPDATE users SET age = 4 WHERE id = 2; UPDATE users SET age = 5 WHERE id = 2;"
                  "COMMIT"),
              "")
        << message();
    expect("SELECT age FROM users", "1\n5\nNULL\n");
}
TEST_F(SemanticsG, G6_AssertionsHoldOrNothingHappens) {
    EXPECT_EQ(run("BEGIN; DELETE FROM users; "
                  "ASSERT EXISTS (SELECT 1 FROM users), 'somebody must be there'"),
              "error constraint-failed");
    EXPECT_NE(message().find("somebody must be there"), std::string::npos);
    EXPECT_EQ(run("SELECT count(*) FROM users"), "3\n");
    EXPECT_EQ(run("COMMIT"), "error invalid-argument");
}
TEST_F(SemanticsG, G9_CommitsSayWhoMadeThemAndWhy) {
    run("BEGIN WITH (actor = 'ada', message = 'older'); UPDATE users SET age = 40;"
        "COMMIT");
    expect("SELECT actor, message FROM commits WHERE actor IS NOT NULL", "ada|older\n");
    expect(
        "SELECT DISTINCT c.tbl, m.actor FROM changes c JOIN commits m "
        "ON m.\"commit\" = c.\"commit\" WHERE c.op = 'update'",
        "users|ada\n");
}
// A command is an event with what it expects; the state that it makes is read, and is what the
// events say.
TEST_F(SemanticsG, G11_CommandsAreEventsAndStateIsRead) {
    run("CREATE TABLE stock (sku TEXT PRIMARY KEY, n INT)");
    const auto command = [&](const std::string& expected, const std::string& amount) {
        return run("BEGIN; APPEND 'stock-1' EXPECT " + expected + " ('Moved', '" + amount +
                   "'); INSERT INTO stock VALUES ('a', " + amount +
                   ") ON CONFLICT (sku) DO UPDATE SET n = n + excluded.n;"
                   "ASSERT NOT EXISTS (SELECT 1 FROM stock WHERE n < 0), 'sold out'; COMMIT");
    };
    EXPECT_EQ(command("NO STREAM", "5"), "") << message();
    EXPECT_EQ(command("0", "-2"), "") << message();
    EXPECT_EQ(command("0", "-1"), "error wrong-version");
    run("ROLLBACK");
    EXPECT_EQ(command("1", "-9"), "error constraint-failed");
    run("ROLLBACK");
    expect("SELECT n FROM stock", "3\n");
    expect("SELECT sum(CAST(data AS INT)), count(*) FROM events WHERE stream = 'stock-1'", "3|2\n");
}
TEST_F(SemanticsG, G12_Savepoints) {
    run("BEGIN; DELETE FROM users; SAVEPOINT s; DELETE FROM orders; ROLLBACK TO s; COMMIT");
    expect("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM orders)", "0|4\n");
}

TEST_F(SemanticsH, H1_AsOfATimestamp) {
    run("UPDATE users SET age = 99");
    const std::string time = run("SELECT time FROM commits WHERE \"commit\" = 4");
    ASSERT_GT(time.size(), 1U) << message();
    expect("SELECT age FROM users FOR SYSTEM_TIME AS OF " + time.substr(0, time.size() - 1) +
               " WHERE id = 1",
           "36\n");
}
TEST_F(SemanticsH, H2_AsOfACommit) {
    run("UPDATE users SET age = 40 WHERE id = 1; DELETE FROM users WHERE id = 2");
    expect("SELECT * FROM users FOR SYSTEM_TIME AS OF COMMIT 4",
           "1|Ada|36\n2|Grace|85\n3|Alan|NULL\n");
    expect("SELECT * FROM users FOR SYSTEM_TIME AS OF TRANSACTION 5",
           "1|Ada|40\n2|Grace|85\n3|Alan|NULL\n");
    expect("SELECT * FROM users FOR SYSTEM_TIME AS OF COMMIT 6", "1|Ada|40\n3|Alan|NULL\n");
    expect("SELECT count(*) FROM users FOR SYSTEM_TIME AS OF COMMIT 1", "0\n");
    EXPECT_EQ(run("SELECT * FROM users FOR SYSTEM_TIME AS OF COMMIT 0"), "error unknown-name");
}
TEST_F(SemanticsH, H3_EachTableHasATimeOfItsOwn) {
    run("UPDATE users SET age = 99 WHERE id = 1");
    expect(
        "SELECT now.age, past.age FROM users AS now JOIN users "
        "FOR SYSTEM_TIME AS OF COMMIT 4 AS past ON now.id = past.id WHERE now.id = 1",
        "99|36\n");
}
TEST_F(SemanticsH, H4_PeriodsGiveAllVersionsInThem) {
    run("UPDATE users SET age = 40 WHERE id = 1; UPDATE users SET age = 41 WHERE id = 1");
    expect("SELECT age FROM users FOR SYSTEM_TIME ALL WHERE id = 1 ORDER BY commit_start",
           "36\n40\n41\n");
    expect("SELECT age FROM users FOR SYSTEM_TIME FROM COMMIT 5 TO COMMIT 6 WHERE id = 1", "40\n");
    expect(
        "SELECT age FROM users FOR SYSTEM_TIME BETWEEN COMMIT 5 AND COMMIT 6 WHERE id = 1 "
        "ORDER BY age",
        "40\n41\n");
}
TEST_F(SemanticsH, H5_PseudoColumnsAreThereWhenAskedFor) {
    run("UPDATE users SET age = 40 WHERE id = 1");
    expect(
        "SELECT id, commit_start, commit_end FROM users FOR SYSTEM_TIME ALL WHERE id = 1 "
        "ORDER BY commit_start",
        "1|2|5\n1|5|NULL\n");
    expect("SELECT * FROM users WHERE id = 1", "1|Ada|40\n");
}
TEST_F(SemanticsH, H6_ASessionReadsThePast) {
    run("DELETE FROM users");
    EXPECT_EQ(run("SET SYSTEM_TIME = COMMIT 4; SELECT count(*) FROM users"), "3\n") << message();
    EXPECT_EQ(run("INSERT INTO users VALUES (9, 'x', 1)"), "error read-only");
    EXPECT_EQ(run("SET SYSTEM_TIME = DEFAULT; SELECT count(*) FROM users"), "0\n") << message();
}
TEST_F(SemanticsH, H7_ThePastHasTheColumnsItHad) {
    run("ALTER TABLE users DROP COLUMN age; ALTER TABLE users ADD COLUMN email TEXT");
    expect("SELECT * FROM users FOR SYSTEM_TIME AS OF COMMIT 4 WHERE id = 1", "1|Ada|36\n");
    expect("SELECT * FROM users WHERE id = 1", "1|Ada|NULL\n");
    EXPECT_EQ(run("SELECT email FROM users FOR SYSTEM_TIME AS OF COMMIT 4"), "error unknown-name");
}
// Two rows were the same in a column that became UNIQUE later, and the index leads to both of them.
TEST_F(SemanticsH, ThePastIsReadByAnIndexThatWasMadeLater) {
    run("UPDATE users SET name = 'Ada'");
    const std::string then = " FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(db.commit());
    run("UPDATE users SET name = 'Grace' WHERE id = 3; DELETE FROM users WHERE id = 2");
    run("CREATE UNIQUE INDEX by_name ON users (name)");
    expect("SELECT id FROM users" + then + " WHERE name = 'Ada' ORDER BY id", "1\n2\n3\n");
    expect("EXPLAIN SELECT id FROM users" + then + " WHERE name = 'Ada'",
           "PROJECT\n  SEARCH users USING INDEX by_name (name=?)\n");
    expect("SELECT id FROM users WHERE name = 'Ada'", "1\n");
}
TEST_F(SemanticsH, H14_TheFutureIsAnError) {
    EXPECT_EQ(run("SELECT * FROM users FOR SYSTEM_TIME AS OF COMMIT 99"), "error ahead-of-log");
}
TEST_F(SemanticsH, H19_EveryCommitIsListed) {
    expect("SELECT count(*) FROM commits", "4\n");
}

}  // namespace
}  // namespace freshet::test
