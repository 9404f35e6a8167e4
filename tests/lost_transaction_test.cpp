// SPDX-License-Identifier: MIT
// A statement fails in a transaction, and so does the disk while it is taken back: what is left of
// the transaction is neither here nor there. It was read as if nothing had happened, and said
// `corrupt`; a SAVEPOINT said `invalid-argument`.
#include "tests/database_fixture.hpp"
#include "tests/faulty_disk.hpp"

namespace freshet::test {
namespace {

class LostTransaction : public ::testing::Test {
protected:
    static Options options() {
        Options its = database_options();
        its.segment_size = 1 << 13;
        its.frame_size_max = 1 << 11;
        return its;
    }
    void open() {
        ASSERT_TRUE(database->open(options(), {&faulty, &machine.clock, &machine.gate}, memory,
                                   diagnostic));
        ASSERT_TRUE(connection->open(*database, connection_memory, {}));
    }
    void close() {
        connection->close();
        static_cast<void>(database->close());
        connection.emplace();
        database.emplace();
    }
    std::string run(std::string_view sql) {
        SqlError error;
        Statement statement;
        std::string all;
        if (!statement.prepare(*connection, sql, error)) return code_name(error.error.code);
        for (;;) {
            const Result<bool> there = statement.step(error);
            if (!there) return code_name(error.error.code);
            if (!*there) return all;
            all += text_of(statement.row()[0]);
        }
    }

    Machine machine{std::size_t{1} << 20};
    FaultyDisk faulty{machine.disk};
    Lent memory{Database::required_memory(options())};
    Lent connection_memory{std::size_t{4} << 20};
    std::optional<Database> database{std::in_place};
    std::optional<Connection> connection{std::in_place};
    Diagnostic diagnostic;
};

// Method: a statement of many rows, over several segments, of which the last breaks a constraint,
// while one call of the disk after another fails; and then each kind of statement.
TEST_F(LostTransaction, SaysWhyUntilItIsRolledBack) {
    std::string rows = "INSERT INTO t VALUES ";
    for (int i = 1; i < 150; i++)
        rows += "(" + std::to_string(i) + ", '" + std::string(200, 'b') + "'), ";
    rows += "(1, 'again')";
    const std::vector<std::string> statements = {"SELECT count(*) FROM t", "SAVEPOINT s",
                                                 "INSERT INTO t VALUES (1000, 'x')",
                                                 "CREATE TABLE u (a INT)", "COMMIT"};
    std::size_t lost_count = 0;
    bool was_last = false;
    for (std::uint64_t call = 1; !was_last; call++) {
        for (const std::string& statement : statements) {
            SCOPED_TRACE(statement + " after call " + std::to_string(call));
            put_files(machine.disk, {});
            ASSERT_NO_FATAL_FAILURE(open());
            ASSERT_EQ(run("CREATE TABLE t (a INT PRIMARY KEY, b TEXT)"), "");
            ASSERT_EQ(run("BEGIN"), "");
            ASSERT_EQ(run("INSERT INTO t VALUES (500, 'x')"), "");
            faulty.wanted = Error{Code::io, 5};
            faulty.fail_at = faulty.call_count + call;
            const std::uint64_t end = faulty.fail_at;
            const std::string failed = run(rows);
            was_last = faulty.call_count < end;
            faulty.fail_at = ~std::uint64_t{0};
            EXPECT_TRUE(failed == "constraint-failed" || failed == "io" || failed == "poisoned");
            const std::string said = run(statement);
            const bool is_lost = said == "poisoned";
            EXPECT_TRUE(is_lost || said == (statement == statements[0] ? "1" : "")) << said;
            lost_count += is_lost ? 1U : 0U;
            if (is_lost && statement != "COMMIT") {
                EXPECT_EQ(run("COMMIT"), "poisoned");
            }
            static_cast<void>(run("ROLLBACK"));
            EXPECT_EQ(is_lost, database->store().statistics().poisoned);
            const bool is_kept = !is_lost && statement == "COMMIT";
            EXPECT_EQ(run("SELECT count(*) FROM t"), is_kept ? "1" : "0");
            close();
        }
    }
    EXPECT_GT(lost_count, 0U);
}

}  // namespace
}  // namespace freshet::test
