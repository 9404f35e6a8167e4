// SPDX-License-Identifier: MIT
// Goal: a statement whose memory does not hold what it sorts, groups or joins gives the same rows,
// in the same order, with a temporary file; nothing of the file stays behind; and whatever happens
// to it is one error, never an answer.
#include "database_fixture.hpp"
#include "faulty_disk.hpp"

namespace freshet::test {
namespace {

// Turns a bit of what is read of a temporary file.
class DamagingDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override {
        const Result<std::size_t> count = inner.read(file, offset, into);
        if (count && *count > damaged_at) into[damaged_at] ^= std::byte{4};
        return count;
    }
    std::size_t damaged_at = ~std::size_t{0};
};

constexpr ConnectionOptions poor_options{.statement_count_max = 1, .catalog_size = 32768};
constexpr ConnectionOptions options_without_file{
    .statement_count_max = 1, .catalog_size = 32768, .spill_size_max = 0};
constexpr std::size_t poor_size = 232 << 10;
constexpr std::string_view no_memory = "error out-of-memory";

// Of which each keeps more than a poor connection has.
constexpr std::string_view statements[] = {
    "SELECT id, word FROM t ORDER BY word, x DESC",
    "SELECT id, k FROM t ORDER BY k DESC NULLS LAST LIMIT 4500 OFFSET 17",
    "SELECT DISTINCT word, x FROM t",
    "SELECT k, count(*), sum(x), max(word), avg(id) FROM t GROUP BY k",
    "SELECT word, group_concat(id), count(DISTINCT k) FROM t GROUP BY word",
    "SELECT count(DISTINCT word), sum(DISTINCT x), count(*) FROM t",
    "SELECT word FROM t WHERE id < 1500 UNION SELECT word || '!' FROM t",
    "SELECT word, k FROM t EXCEPT SELECT word, k FROM t WHERE id % 3 = 0",
    "SELECT word FROM t INTERSECT SELECT word FROM t WHERE id % 3 = 0",
    "SELECT a.id, b.id FROM t a JOIN t b ON a.k = b.k AND a.word < b.word",
    "SELECT a.id, b.word FROM t a LEFT JOIN t b ON b.k = a.id AND b.id % 5 < a.id % 5",
    "SELECT a.id, b.word FROM (SELECT * FROM t WHERE id % 7 = 1) a RIGHT JOIN t b ON a.k = b.k",
    "SELECT a.id, b.id FROM t a FULL JOIN t b ON a.id = b.k * 3",
};

class Spills : public testing::Test {
protected:
    Spills() {
        Options options = database_options();
        options.segment_size = 1 << 22;
        EXPECT_TRUE(database_.open(options, door(), memory_, diagnostic_));
        EXPECT_TRUE(rich_.open(database_, rich_memory_));
        run("CREATE TABLE t (id INT PRIMARY KEY, k INT, word TEXT, x FLOAT);"
            "CREATE TABLE n (d INT PRIMARY KEY);"
            "INSERT INTO n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);"
            "INSERT INTO t SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE i * 7919 % 503 END,"
            "  'word ' || (i * 31 % 1009), i * 37 % 211 / 4.0 FROM"
            "  (SELECT a.d * 1000 + b.d * 100 + c.d * 10 + e.d AS i FROM n a, n b, n c, n e)"
            "  WHERE i < 3000");
    }
    ~Spills() override {
        rich_.close();
        EXPECT_TRUE(database_.close());
    }
    Door door() { return {&damaging_, &machine_.clock, &machine_.gate}; }

    // What all statements of a text give.
    std::string run(Connection& on, std::string_view sql) {
        std::string all;
        for (std::size_t from = 0;;) {
            Statement statement;
            if (!statement.prepare(on, sql, error_, from)) return all + failed();
            if (!statement.is_open()) return all;
            from = statement.end();
            for (;;) {
                const Result<bool> there = statement.step(error_);
                if (!there) return all + failed();
                if (!*there) break;
                all += OpenDatabase::line_of(statement.row());
            }
        }
    }
    std::string run(std::string_view sql) { return run(rich_, sql); }
    std::string run_poor(std::string_view sql, const ConnectionOptions& options = poor_options,
                         std::size_t size = poor_size) {
        const Lent memory{size};
        Connection poor;
        if (!poor.open(database_, memory, options)) return std::string{no_memory};
        return run(poor, sql);
    }
    [[nodiscard]] std::string failed() const {
        return std::string{"error "} + code_name(error_.error.code);
    }
    [[nodiscard]] bool has_file() {
        for (const std::string_view name : {"1.tmp", "2.tmp", "3.tmp", "4.tmp"})
            if (machine_.disk.open(name, OpenMode::read)) return true;
        return false;
    }

    Machine machine_{1 << 22};
    FaultyDisk faulty_{machine_.disk};
    DamagingDisk damaging_{faulty_};
    Lent memory_{Database::required_memory(database_options()) + (std::size_t{8} << 20)};
    Lent rich_memory_{std::size_t{32} << 20};
    Database database_;
    Connection rich_;
    Diagnostic diagnostic_;
    SqlError error_;
};

TEST_F(Spills, GiveTheSameRowsInTheSameOrder) {
    for (const std::string_view sql : statements) {
        const std::string whole = run(sql);
        ASSERT_GT(whole.size(), 10U) << sql;
        EXPECT_TRUE(run_poor(sql, options_without_file).ends_with(no_memory)) << sql;
        EXPECT_TRUE(run_poor(sql) == whole) << sql << failed() << error_.message();
        EXPECT_FALSE(has_file());
    }
}

// A statement changes all rows, or those that it finds in the table it changes, and meets none of
// its own: in a transaction that is taken back, what a connection with much memory makes of the
// table is what a poor one makes of it.
TEST_F(Spills, KeepTheRowsThatAreChanged) {
    for (const std::string_view sql :
         {"UPDATE t SET x = x * 2 + 1, word = word || '!' WHERE k IS NOT NULL",
          "UPDATE t SET id = id + 1500 WHERE id >= 1500 OR id % 2 = 5",
          "DELETE FROM t WHERE k % 3 = 1 OR id > 2000",
          "INSERT INTO t SELECT id + 3000, k, word, x FROM t",
          "INSERT INTO t SELECT id + 3000, id, word, x FROM t ORDER BY word DESC",
          "INSERT INTO t SELECT 2999 - id, k, word || '?', x FROM t WHERE true"
          " ON CONFLICT (id) DO UPDATE SET word = excluded.word"}) {
        const std::string begin = "BEGIN; " + std::string{sql};
        const std::string look = "SELECT * FROM t ORDER BY id; ROLLBACK; SELECT count(*) FROM t";
        const std::string whole = run(begin + "; " + look);
        ASSERT_TRUE(whole.ends_with("3000\n")) << sql << whole.substr(whole.size() - 40);
        const Lent memory{poor_size};
        Connection poor;
        ASSERT_TRUE(poor.open(database_, memory, options_without_file));
        EXPECT_TRUE(run(poor, begin).ends_with(no_memory)) << sql;
        poor.close();
        ASSERT_TRUE(poor.open(database_, memory, poor_options));
        EXPECT_EQ(run(poor, begin), "") << sql << failed() << error_.message();
        EXPECT_TRUE(run(poor, look) == whole) << sql << failed() << error_.message();
        EXPECT_FALSE(has_file());
    }
}

TEST_F(Spills, GiveTheSameRowsInEachSizeOfMemoryOrNone) {
    for (const std::string_view sql :
         {"SELECT DISTINCT word FROM t ORDER BY x, id",
          "SELECT a.k, count(*), sum(b.x) FROM t a JOIN t b ON a.id = b.id + 1 GROUP BY a.k"}) {
        const std::string whole = run(sql);
        int refused = 0;
        int given = 0;
        for (std::size_t size = 60 << 10; size < 500 << 10; size += 41 << 10) {
            const std::string said = run_poor(sql, poor_options, size);
            EXPECT_TRUE(said == whole || said == no_memory) << sql << size;
            (said == whole ? given : refused)++;
            EXPECT_TRUE(said == whole || given == 0)
                << sql << " with more than was enough: " << size;
        }
        EXPECT_GT(refused, 0);
        EXPECT_GT(given, 5);
    }
}

TEST_F(Spills, ServeStatementsThatWriteAndSubqueries) {
    const std::string_view sql =
        "SELECT (SELECT word FROM t ORDER BY x DESC, word LIMIT 1 OFFSET 2500), count(*) FROM n;"
        "UPDATE n SET d = d + 100 WHERE d IN (SELECT k / 50 FROM t GROUP BY word, id HAVING x < 2)"
        "  RETURNING d;"
        "SELECT * FROM n; UPDATE n SET d = d - 100 WHERE d > 50";
    const std::string whole = run(sql);
    EXPECT_TRUE(run_poor(sql, options_without_file).ends_with(no_memory));
    EXPECT_TRUE(run_poor(sql) == whole) << error_.message();
    EXPECT_FALSE(has_file());
}

// Rows that were given before memory was full are not given again. Others may have changed what is
// read in a transaction, so there it is the end.
TEST_F(Spills, GoOnWhereTheStatementWas) {
    const std::string_view sql = "SELECT DISTINCT word || id || word FROM t";
    const std::string whole = run(sql);
    EXPECT_TRUE(run_poor(sql) == whole) << sql << failed();
    const std::string said = run_poor("BEGIN; " + std::string{sql} + "; COMMIT");
    ASSERT_TRUE(said.size() > 1000 && said.ends_with(no_memory));
    EXPECT_TRUE(whole.starts_with(said.substr(0, said.size() - no_memory.size())));
    EXPECT_EQ(run_poor("BEGIN; SELECT id, word FROM t ORDER BY word, x DESC; COMMIT"),
              run(statements[0]));
}

TEST_F(Spills, NeedAWriterAndAnAllowance) {
    ConnectionOptions options = poor_options;
    options.spill_size_max = 20000;
    EXPECT_EQ(run_poor(statements[0], options), no_memory);
    EXPECT_NE(error_.hint().find("spill_size_max"), std::string_view::npos);
    EXPECT_FALSE(has_file());

    rich_.close();
    ASSERT_TRUE(database_.close());
    Options read_only = database_options();
    read_only.read_only = true;
    read_only.create = false;
    ASSERT_TRUE(database_.open(read_only, door(), memory_, diagnostic_));
    EXPECT_EQ(run_poor(statements[0]), no_memory);
}

TEST_F(Spills, AreFourAtATime) {
    struct Running {
        Lent memory{poor_size};
        Connection connection;
        Statement statement;
    };
    std::array<Running, 4> running;
    for (Running& one : running) {
        ASSERT_TRUE(one.connection.open(database_, one.memory, poor_options));
        ASSERT_TRUE(one.statement.prepare(one.connection, statements[0], error_));
        const Result<bool> there = one.statement.step(error_);
        ASSERT_TRUE(there && *there);
    }
    EXPECT_TRUE(machine_.disk.open("4.tmp", OpenMode::read));
    EXPECT_EQ(run_poor(statements[0]), no_memory);
    running[1].statement.reset();
    EXPECT_FALSE(machine_.disk.open("2.tmp", OpenMode::read));
    EXPECT_TRUE(run_poor(statements[0]) == run(statements[0]));
    for (Running& one : running) {
        one.statement.close();
        one.connection.close();
    }
    EXPECT_FALSE(has_file());
}

TEST_F(Spills, AreRemovedByTheNextOpenAfterACrash) {
    for (const std::string_view name : {"1.tmp", "3.tmp"})
        ASSERT_TRUE(machine_.disk.open(name, OpenMode::create));
    rich_.close();
    ASSERT_TRUE(database_.close());
    // A crash leaves a log that goes on behind what is attested.
    const Result<File> log = machine_.disk.open("00000001.log", OpenMode::write);
    ASSERT_TRUE(log);
    ASSERT_TRUE(
        machine_.disk.write(*log, *machine_.disk.size(*log), std::array<std::byte, 8>{}, {}));
    machine_.disk.close(*log);
    Options options = database_options();
    ASSERT_TRUE(database_.open(options, door(), memory_, diagnostic_));
    EXPECT_FALSE(database_.store().was_closed());
    EXPECT_FALSE(has_file());
    ASSERT_TRUE(database_.close());
    ASSERT_TRUE(database_.open(options, door(), memory_, diagnostic_));
    EXPECT_TRUE(database_.store().was_closed());
}

TEST_F(Spills, SayThatTheDiskFails) {
    for (const std::string_view sql : {statements[2], statements[10]}) {
        const std::string whole = run(sql);
        for (const Code code : {Code::io, Code::full, Code::interrupted}) {
            std::uint64_t call = faulty_.call_count;
            EXPECT_TRUE(run_poor(sql) == whole) << sql << failed();
            const std::uint64_t count = faulty_.call_count - call;
            ASSERT_GT(count, 20U);
            for (std::uint64_t i = 1; i <= count; i += 1 + count / 3) {
                faulty_.wanted = code;
                faulty_.half_first = i % 2 == 0;
                faulty_.fail_at = faulty_.call_count + i;
                const std::string said = run_poor(sql);
                faulty_.fail_at = ~std::uint64_t{0};
                if (code == Code::interrupted || i == count) {
                    EXPECT_TRUE(said == whole) << i;
                } else {
                    EXPECT_TRUE(said.ends_with(failed()) && error_.error == code) << i << said;
                    EXPECT_EQ(error_.message(),
                              "the temporary file of the statement cannot be used");
                }
                if (i == count) run_poor(sql);
                EXPECT_FALSE(has_file()) << i;
            }
        }
    }
}

// The rows come first: who believed a head that is damaged might read for ever.
TEST_F(Spills, NeverGiveWhatWasDamaged) {
    for (const std::string_view sql : {statements[0], statements[9]}) {
        for (const std::size_t at : {300U, 511U, 21U, 16U, 8U, 4U, 1U, 0U}) {
            damaging_.damaged_at = at;
            const std::string said = run_poor(sql);
            damaging_.damaged_at = ~std::size_t{0};
            ASSERT_TRUE(said.ends_with("error io")) << at;
            EXPECT_FALSE(has_file());
        }
    }
}

TEST_F(Spills, EndWhenTheyAreInterrupted) {
    const Lent memory{poor_size};
    Connection poor;
    ASSERT_TRUE(poor.open(database_, memory, poor_options));
    int ended = 0;
    for (int wait = 3; wait < 400; wait = wait * 3 / 2) {
        int calls = 0;
        faulty_.before_read = [&] {
            if (++calls == wait) poor.interrupt();
        };
        const std::string said = run(poor, statements[11]);
        faulty_.before_read = nullptr;
        if (calls < wait) break;
        EXPECT_TRUE(said.ends_with("error cancelled")) << wait;
        EXPECT_FALSE(has_file());
        ended++;
    }
    EXPECT_GT(ended, 4);
    poor.set_time_limit_us(40);  // The clock ticks when it is asked.
    EXPECT_TRUE(run(poor, statements[0]).ends_with("error cancelled"));
    EXPECT_FALSE(has_file());
}

}  // namespace
}  // namespace freshet::test
