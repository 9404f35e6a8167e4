// SPDX-License-Identifier: MIT
// Tables in transactions that outgrow the pool: what they have no room for goes to private runs,
// and nobody can tell.
#include <random>

#include "store/run_state.hpp"
#include "tests/database_fixture.hpp"
#include "tests/runs_fixture.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

Options large_pool_options() {
    Options options = database_options();
    options.segment_size = 1 << 22;
    options.pool_size = std::size_t{32} << 20;
    return options;
}

Options small_pool_options(std::size_t page_count) {
    Options options = large_pool_options();
    options.pool_size = page_count << 11;
    options.runs = &runs();
    return options;
}

// Goal: tables are the same, too, in and after transactions that outgrow the pool: rows that are
// deleted, changed and inserted again, their indexes, and ways back. Method: the same statements to
// two databases; large ones change rows all over the table.
class BothDatabases {
public:
    void run(std::uint64_t seed);

private:
    void both(const std::string& sql) { ASSERT_EQ(small_.run(sql), large_.run(sql)) << sql; }
    void change();

    std::mt19937_64 random_;
    OpenDatabase small_{small_pool_options(160)};
    OpenDatabase large_{large_pool_options()};
};

void BothDatabases::change() {
    const std::string a = std::to_string(random_() % 3000);
    const std::string word = "'" + std::to_string(random_() % 9) + std::string(40, 'w') + "'";
    switch (random_() % 9) {
        case 0: return both("DELETE FROM t WHERE a % 5 = " + std::to_string(random_() % 5));
        case 1: return both("UPDATE t SET b = " + word + " WHERE a > " + a);
        case 2: return both("UPDATE t SET c = c + 10000 WHERE a < " + a);
        case 3: return both("DELETE FROM t WHERE a BETWEEN " + a + " AND " + a + " + 300");
        case 4: return both("SELECT count(*), sum(c), min(b), max(a) FROM t WHERE b > " + word);
        case 5: return both("SELECT a, b, c FROM t WHERE c > " + a + " ORDER BY c LIMIT 50");
        case 6: return both("SAVEPOINT s; DELETE FROM t WHERE a % 3 = 1; ROLLBACK TO s");
        default: break;
    }
    std::string sql = "INSERT OR REPLACE INTO t VALUES ";
    const std::uint64_t first = random_() % 3000;
    for (std::uint64_t i = 0; i < 400; i++)
        sql += (i == 0 ? "(" : ", (") + std::to_string((first + i * 7) % 3000) + ", " + word +
               ", " + std::to_string(random_() % 100'000'000 * 2 + 1) + ")";
    both(sql);
}

void BothDatabases::run(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    std::size_t outgrown_count = 0;
    both("CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT UNIQUE); CREATE INDEX i ON t (b)");
    for (int round = 0; round < 6; round++) {
        both("BEGIN");
        if (round == 1) both("CREATE INDEX j ON t (c, b)");
        if (round == 2) both("DROP INDEX j");
        for (int i = 0; i < 14; i++) ASSERT_NO_FATAL_FAILURE(change());
        outgrown_count += store::own_tree(state_of(small_.database->store())).run_count;
        both(random_() % 4 == 0 ? "ROLLBACK" : "COMMIT");
        both("SELECT * FROM t ORDER BY a");
        both("SELECT a FROM t ORDER BY b, a");
        both("SELECT count(*), sum(c) FROM t FOR SYSTEM_TIME AS OF COMMIT 3");
        if (random_() % 2 == 0) small_.open_again();
        const Maintenance how{.entry_count_max = random_() % 3000, .now = random_() % 2 == 0};
        ASSERT_TRUE(small_.database->store().maintain(small_.diagnostic, how));
    }
    both("PRAGMA integrity_check");
    EXPECT_GT(outgrown_count, 0U);
}

// Method: an index is made of a whole past, in a transaction that outgrows the pool by its entries
// while the rows are walked, and several times while one row is, whose versions are many. The walk
// once went on in what the tree had been before, and so ended with the rows that it had there.
TEST(PrivateRunsOfTables, TakeAnIndexWhileItIsMade) {
    OpenDatabase small{small_pool_options(96)};
    OpenDatabase large{large_pool_options()};
    const auto both = [&](const std::string& sql) { ASSERT_EQ(small.run(sql), large.run(sql)); };
    both("CREATE TABLE t (a INT PRIMARY KEY, b INT, c TEXT)");
    const std::string word = ", '" + std::string(150, 'w') + "')";
    both("INSERT INTO t VALUES (1, 0" + word + ", (500, 0" + word + ", (800, 0" + word);
    both("BEGIN");
    for (int i = 0; i < 8000; i++) both("UPDATE t SET b = b + 1");
    for (int i = 2; i < 1000; i++)
        both("INSERT OR IGNORE INTO t VALUES (" + std::to_string(i) + ", 70" + word);
    both("UPDATE t SET b = b + 1 WHERE a IN (1, 500, 800); DELETE FROM t WHERE a IN (700, 801)");
    both("CREATE INDEX i ON t (b, c)");
    EXPECT_GT(store::own_tree(state_of(small.database->store())).run_count, 0U);
    both("COMMIT");
    both("SELECT a, b FROM t WHERE b BETWEEN 60 AND 5000 ORDER BY b, a");
    both("PRAGMA integrity_check");
    EXPECT_EQ(small.run("PRAGMA integrity_check"), "ok\n");
}

// Method: rows and all their versions are read step by step in a transaction, and between two steps
// it writes so much that it outgrows the pool again and again. What is there is walked beside what
// was deleted, and what comes first is in the transaction alone, with more versions than are read
// at once. All that was there when the reading began comes as it was.
TEST(PrivateRunsOfTables, AreReadWhileTheTransactionGoesOn) {
    OpenDatabase db{small_pool_options(64)};
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT)");
    db.run("CREATE INDEX i ON t (b); CREATE TABLE other (w TEXT PRIMARY KEY)");
    for (int a = 0; a < 200; a++) {
        const std::string key = std::to_string(a);
        db.run("INSERT INTO t VALUES (" + key + ", 'v" + key + "', 1)");
    }
    int number = 0;
    const auto outgrow = [&]() {
        const std::string word = std::string(100, 'w') + "')";
        for (int i = 0; i < 30; i++, number++) {
            const std::string first = std::to_string(number * 7919LL % 999983);
            ASSERT_EQ(db.run("INSERT INTO other VALUES ('" + first + word), "");
        }
    };
    for (const std::string query :
         {"SELECT a, b, c FROM t", "SELECT a, b, c FROM t ORDER BY a DESC",
          "SELECT a, b, c FROM t WHERE b > 'v' ORDER BY b",
          "SELECT a, b, c FROM t WHERE b > 'v' ORDER BY b DESC",
          "SELECT a, b, c FROM t WHERE a > 150 UNION ALL SELECT a, b, c FROM t WHERE a > 100",
          "SELECT a, b, c FROM t WHERE b > 'v8' UNION ALL SELECT a, b, c FROM t WHERE b > 'v9'",
          "SELECT a, b, c FROM t FOR SYSTEM_TIME ALL"}) {
        SCOPED_TRACE(query);
        db.run("BEGIN; DELETE FROM t WHERE a = 199 OR a BETWEEN 1 AND 29");
        for (int i = 0; i < 70; i++) db.run("UPDATE t SET c = c + 1 WHERE a = 0");
        const std::string wanted = db.run(query);
        Statement reading;
        ASSERT_TRUE(reading.prepare(*db.connection, query, db.error));
        std::string seen;
        for (;;) {
            const Result<bool> there = reading.step(db.error);
            ASSERT_TRUE(there) << db.failed();
            if (!*there) break;
            seen += OpenDatabase::line_of(reading.row());
            ASSERT_NO_FATAL_FAILURE(outgrow());
        }
        EXPECT_GT(store::own_tree(state_of(db.database->store())).run_count, 0U);
        EXPECT_EQ(seen, wanted);
        reading.close();
        db.run("ROLLBACK");
    }
}

// Method: rows are changed one by one, by their keys, all over a table that went to private runs,
// and each change may be the one for which the pool is left; what the change takes from the row as
// it was has to be read before that or again.
TEST(PrivateRunsOfTables, AreChangedRowByRow) {
    OpenDatabase small{small_pool_options(64)};
    OpenDatabase large{large_pool_options()};
    const auto both = [&](const std::string& sql) {
        ASSERT_EQ(small.run(sql), large.run(sql)) << sql;
    };
    both("CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT)");
    both("CREATE INDEX i ON t (c)");
    both("BEGIN");
    std::mt19937_64 random{1};
    for (int a = 0; a < 1000; a++) {
        const std::string key = std::to_string(a);
        const std::string text = key + std::string(random() % 60, static_cast<char>('a' + a % 26));
        both("INSERT INTO t VALUES (" + key + ", '" + text + "', " + key + ")");
    }
    for (int i = 0; i < 6000; i++) {
        const std::string key = std::to_string(random() % 1000);
        const std::string c = std::to_string(random() % 100000);
        ASSERT_NO_FATAL_FAILURE(both("UPDATE t SET c = " + c + " WHERE a = " + key));
        if (i % 16 == 0) both("UPDATE t SET b = substr(b, 2) || 'x' WHERE a = " + key);
    }
    EXPECT_GT(store::own_tree(state_of(small.database->store())).run_count, 0U);
    both("SELECT * FROM t ORDER BY a");
    both("COMMIT");
    both("SELECT * FROM t ORDER BY a");
    EXPECT_EQ(small.run("PRAGMA integrity_check"), "ok\n");
}

TEST(PrivateRunsOfTables, AreTheSameTables) {
    for (std::uint64_t seed = 1; seed <= 2; seed++) {
        BothDatabases both;
        ASSERT_NO_FATAL_FAILURE(both.run(seed));
    }
}

}  // namespace
}  // namespace freshet::test
