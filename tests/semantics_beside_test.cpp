// SPDX-License-Identifier: MIT
// Goal: the promises about several who use one database at once, by their numbers in the list of
// features. Method: connections that take turns, threads, and a second opening of the same
// directory as another process has it.
#include <atomic>
#include <thread>

#include "database_fixture.hpp"
#include "tests/lent.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {
namespace {

constexpr std::size_t connection_size = std::size_t{4} << 20;

// A connection for a thread of its own: texts of one row with one value.
class Client {
public:
    explicit Client(Database& database) : memory_(connection_size) {
        EXPECT_TRUE(connection_.open(database, memory_));
    }
    std::int64_t number(std::string_view sql) {
        Statement statement;
        EXPECT_TRUE(statement.prepare(connection_, sql, error_)) << error_.message();
        const Result<bool> there = statement.step(error_);
        EXPECT_TRUE(there && *there) << error_.message();
        return there && *there ? statement.row()[0].as_integer() : -1;
    }
    Code run(std::string_view sql) { return connection_.execute(sql, error_).error().code; }
    [[nodiscard]] Connection& connection() { return connection_; }

private:
    test::Lent memory_;
    Connection connection_;
    SqlError error_;
};

// Each reads a number and writes one more: as if one came after the other, none is lost.
TEST(SemanticsGBeside, G4_TransactionsThatWriteComeOneAfterTheOther) {
    constexpr int thread_count = 3;
    constexpr int round_count = 40;
    OpenDatabase db;
    db.run("CREATE TABLE counter (n INT); INSERT INTO counter VALUES (0)");
    std::vector<std::thread> threads;
    for (int i = 0; i < thread_count; i++)
        threads.emplace_back([&] {
            Client client{*db.database};
            for (int round = 0; round < round_count; round++) {
                ASSERT_EQ(client.run("BEGIN"), Code::none);
                const std::int64_t before = client.number("SELECT n FROM counter");
                std::this_thread::yield();
                ASSERT_EQ(client.run("UPDATE counter SET n = " + std::to_string(before + 1)),
                          Code::none);
                ASSERT_EQ(client.run("COMMIT"), Code::none);
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(db.run("SELECT n FROM counter"), std::to_string(thread_count * round_count) + "\n");
}

// Money that is moved is neither more nor less, whenever it is counted.
TEST(SemanticsGBeside, G7_ReadersSeeWholeCommitsWhileOthersWrite) {
    constexpr int reader_count = 2;
    constexpr int move_count = 60;
    OpenDatabase db;
    db.run(
        "CREATE TABLE account (id INT PRIMARY KEY, cents INT); CREATE INDEX i ON account (cents);"
        "INSERT INTO account VALUES (1, 1000), (2, 1000), (3, 1000), (4, 1000)");
    std::atomic<bool> is_done{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < reader_count; i++)
        readers.emplace_back([&] {
            Client client{*db.database};
            while (!is_done) {
                ASSERT_EQ(client.number("SELECT sum(cents) FROM account"), 4000);
                ASSERT_EQ(client.number("SELECT count(*) FROM account WHERE cents > -100000"), 4);
            }
        });
    std::vector<std::thread> writers;
    for (int w = 0; w < 2; w++)
        writers.emplace_back([&, w] {
            Client client{*db.database};
            for (int i = 0; i < move_count; i++) {
                const std::string from = std::to_string(1 + (i + w) % 4);
                const std::string to = std::to_string(1 + (i + w + 1) % 4);
                ASSERT_EQ(
                    client.run("BEGIN; UPDATE account SET cents = cents - 7 WHERE id = " + from +
                               "; UPDATE account SET cents = cents + 7 WHERE id = " + to +
                               "; COMMIT"),
                    Code::none);
            }
        });
    for (std::thread& writer : writers) writer.join();
    is_done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(db.run("SELECT sum(cents) FROM account"), "4000\n");
    EXPECT_EQ(db.run("PRAGMA integrity_check"), "ok\n");
}

// Two doors on one directory, as two processes have.
TEST(SemanticsGBeside, G8_AnotherProcessFollowsTheTables) {
    TemporaryDirectory directory;
    PosixDoor writing;
    PosixDoor following;
    ASSERT_TRUE(writing.open(directory.path().c_str(), true));
    ASSERT_TRUE(following.open(directory.path().c_str(), false));
    Options options = database_options();
    std::vector<std::byte> memory(Database::required_memory(options));
    Diagnostic diagnostic;
    Database writer;
    ASSERT_TRUE(writer.open(options, writing.door(), memory, diagnostic));
    Client writes{writer};
    ASSERT_EQ(writes.run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT); CREATE INDEX i ON t (b);"
                         "INSERT INTO t VALUES (1, 'x'), (2, 'y')"),
              Code::none);

    Database second;
    std::vector<std::byte> second_memory(Database::required_memory(options));
    EXPECT_EQ(second.open(options, following.door(), second_memory, diagnostic).error().code,
              Code::locked);
    options.create = false;
    options.read_only = true;
    Database reader;
    std::vector<std::byte> reader_memory(Database::required_memory(options));
    ASSERT_TRUE(reader.open(options, following.door(), reader_memory, diagnostic));
    Client reads{reader};
    EXPECT_EQ(reads.number("SELECT count(*) FROM t"), 2);
    EXPECT_EQ(reads.run("DELETE FROM t"), Code::read_only);
    ASSERT_EQ(writes.run("DELETE FROM t WHERE a = 1; ALTER TABLE t ADD COLUMN c INT DEFAULT 5;"
                         "INSERT INTO t VALUES (7, 'x', 6)"),
              Code::none);
    EXPECT_EQ(reads.number("SELECT count(*) FROM t"), 2);
    EXPECT_EQ(reads.number("SELECT max(a) FROM t"), 2);
    ASSERT_TRUE(reader.store().refresh(diagnostic));
    EXPECT_EQ(reads.number("SELECT sum(c) FROM t"), 11);
    EXPECT_EQ(reads.number("SELECT a FROM t WHERE b = 'x'"), 7);
    EXPECT_EQ(reads.number("SELECT a FROM t FOR SYSTEM_TIME AS OF COMMIT 3 WHERE b = 'x'"), 1);
    reads.connection().close();
    writes.connection().close();
    EXPECT_TRUE(reader.close());
    EXPECT_TRUE(writer.close());
}

// A statement that has begun goes on with the rows that there were, and blocks nobody.
TEST(SemanticsGBeside, G10_AStatementReadsTheVersionsItBeganWith) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT PRIMARY KEY, b INT)");
    for (int i = 0; i < 300; i++) db.run("INSERT INTO t VALUES (" + std::to_string(i) + ", 0)");
    Client other{*db.database};
    for (const char* sql : {"SELECT a, b FROM t", "SELECT a, b FROM t ORDER BY a DESC"}) {
        Statement statement;
        ASSERT_TRUE(statement.prepare(*db.connection, sql, db.error));
        int count = 0;
        std::int64_t sum = 0;
        for (;;) {
            const Result<bool> there = statement.step(db.error);
            ASSERT_TRUE(there) << db.error.message();
            if (!*there) break;
            sum += statement.row()[1].as_integer();
            if (count++ % 50 == 10) {
                ASSERT_EQ(other.run("UPDATE t SET b = b + 1; DELETE FROM t WHERE a % 50 = 49;"
                                    "INSERT INTO t SELECT max(a) + 1, 9 FROM t"),
                          Code::none);
            }
        }
        EXPECT_EQ(count, 300);
        EXPECT_EQ(sum, 0);
        ASSERT_EQ(other.run("DELETE FROM t"), Code::none);
        for (int i = 0; i < 300; i++)
            ASSERT_EQ(other.run("INSERT INTO t VALUES (" + std::to_string(i) + ", 0)"), Code::none);
    }
}

}  // namespace
}  // namespace freshet::test
