// SPDX-License-Identifier: MIT
// Tables over runs: rows, indexes and the past are found in whatever layer they lie.
#include "freshet/runs.hpp"
#include "tests/database_fixture.hpp"

namespace freshet::test {
namespace {

Options options_with_runs() {
    Options options = database_options();
    options.runs = &runs();
    options.replay_max = 1 << 12;
    return options;
}

std::string everything(OpenDatabase& db) {
    return db.run(
        "SELECT * FROM t ORDER BY a; SELECT a FROM t WHERE b = 'b3' ORDER BY a;"
        "SELECT a FROM t ORDER BY a DESC LIMIT 3; SELECT count(*), sum(c) FROM t;"
        "SELECT a FROM t FOR SYSTEM_TIME AS OF COMMIT 40 ORDER BY b, a;"
        "SELECT count(*) FROM changes");
}

// Goal: the same answers with and without. Method: the same statements to two databases; runs are
// made in between in steps of all sizes, and the one that has them is opened again now and then.
TEST(DatabaseRuns, GiveTheAnswersOfADatabaseWithout) {
    OpenDatabase plain;
    OpenDatabase with{options_with_runs()};
    const auto both = [&](const std::string& sql) { ASSERT_EQ(plain.run(sql), with.run(sql)); };
    both("CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT UNIQUE); CREATE INDEX i ON t (b)");
    for (int i = 0; i < 300; i++) {
        const std::string key = std::to_string(i * 37 % 101);
        const std::string word = "'b" + std::to_string(i % 7) + "'";
        both("INSERT OR REPLACE INTO t VALUES (" + key + ", " + word + ", " + std::to_string(i) +
             ")");
        if (i % 3 == 0) both("DELETE FROM t WHERE a = " + std::to_string(i * 11 % 101));
        if (i % 5 == 0) both("UPDATE t SET b = 'u' WHERE a < " + std::to_string(i % 20));
        const Maintenance how{.entry_count_max = static_cast<std::uint64_t>(i), .now = i % 4 == 0};
        ASSERT_TRUE(with.database->store().maintain(with.diagnostic, how));
        if (i % 50 == 49) with.open_again();
        if (i % 10 == 9) {
            ASSERT_EQ(everything(plain), everything(with)) << i;
        }
    }
    EXPECT_GT(with.database->store().statistics().run_count, 0U);
    both("DROP INDEX i; ALTER TABLE t ADD COLUMN d INT DEFAULT 7; CREATE INDEX j ON t (b, d)");
    with.open_again();
    EXPECT_EQ(everything(plain), everything(with));
}

// What is deleted hides what runs below have, also after those above it became one.
TEST(DatabaseRuns, ForgetNothingThatIsDeleted) {
    Options options = options_with_runs();
    options.replay_max = std::uint64_t{1} << 30;
    OpenDatabase db{options};
    Store& store = db.database->store();
    const auto maintain = [&] { ASSERT_TRUE(store.maintain(db.diagnostic, {.now = true})); };
    db.run("CREATE TABLE t (a TEXT PRIMARY KEY)");
    std::string rows;
    for (int i = 0; i < 900; i++)
        rows += (i == 0 ? "('" : ", ('") + std::to_string(i) + std::string(80, 'k') + "')";
    db.run("INSERT INTO t VALUES " + rows);
    maintain();
    db.run("DELETE FROM t WHERE a < '11'");
    maintain();
    const std::string left = db.run("SELECT count(*) FROM t");
    db.run("INSERT INTO t VALUES ('a')");
    maintain();
    db.run("INSERT INTO t VALUES ('b')");
    maintain();
    EXPECT_EQ(store.statistics().run_count, 2U);
    db.run("DELETE FROM t WHERE a >= 'a'");
    EXPECT_EQ(db.run("SELECT count(*) FROM t"), left);
    EXPECT_EQ(db.run("SELECT a FROM t WHERE a = '10" + std::string(80, 'k') + "'"), "");
}

// A program that uses streams alone keeps no rows in its tree: runs that it makes have none, and
// whoever has tables cannot use them.
TEST(DatabaseRuns, AreNotTakenFromAProgramWithoutTables) {
    OpenDatabase db{options_with_runs()};
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT); INSERT INTO t VALUES (1, 'b3', 2)");
    const std::string before = everything(db);
    db.close();
    {
        OpenStore streams{db.machine.door(), options_with_runs()};
        ASSERT_EQ(streams.error, Code::none);
        ASSERT_TRUE(streams.append("s", {"x"}));
        ASSERT_TRUE(streams.store.maintain(streams.diagnostic, {.now = true}));
        ASSERT_EQ(streams.store.statistics().run_count, 1U);
        ASSERT_TRUE(streams.store.close());
    }
    db.connection.emplace();
    db.database.emplace();
    db.open();
    EXPECT_EQ(everything(db), before);
    db.run("INSERT INTO t VALUES (2, 'b', 3)");
    EXPECT_EQ(db.run("SELECT a FROM t"), "1\n2\n");
}

// Memory is lent that holds something, so that each page of it tells whether it was touched.
TEST(DatabaseRuns, OpenWithoutTouchingMuchOfWhatIsLent) {
    Options options = options_with_runs();
    options.pool_size = std::size_t{32} << 20;
    OpenDatabase db{options};
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT)");
    for (int a = 0; a < 100; a++)
        db.run("INSERT INTO t VALUES (" + std::to_string(a) + ", '" + std::string(200, 'b') + "')");
    ASSERT_TRUE(db.database->store().maintain(db.diagnostic, {.now = true}));
    db.close();
    constexpr std::size_t page_size = 4096;
    constexpr std::byte there{0xa5};
    std::vector<std::byte> memory(Database::required_memory(options), there);
    Database again;
    ASSERT_TRUE(again.open(options, db.machine.door(), memory, db.diagnostic));
    std::size_t touched = 0;
    for (std::size_t at = 0; at < memory.size(); at += page_size) {
        const std::span page =
            std::span{memory}.subspan(at).first(std::min(page_size, memory.size() - at));
        const auto is_there = [](std::byte byte) { return byte == there; };
        touched += std::all_of(page.begin(), page.end(), is_there) ? 0 : page_size;
    }
    EXPECT_GT(touched, 0U);
    EXPECT_LT(touched, std::size_t{1} << 20);
    EXPECT_TRUE(again.close());
    db.open();
}

}  // namespace
}  // namespace freshet::test
