// SPDX-License-Identifier: MIT
// Any bytes as SQL that is run, on a database in memory with a few rows in it and little to work
// with. A statement gives rows, or is refused at a place of the text and with words, in the time
// that it has; one that fails leaves nothing behind: outside a transaction the log is where it was,
// and within one the tables are what they were. At last everything is read from the log again, and
// is the same.
#include <memory>

#include "freshet/database.hpp"
#include "freshet/memory.hpp"
#include "fuzz/machine.hpp"
#include "relation/convert.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t query_segment_size = std::size_t{1} << 16;
constexpr std::uint64_t time_limit_us = 20'000;  // 10 go by whenever somebody asks for the time.
constexpr std::size_t answer_rows_max = 64;

constexpr std::string_view opening =
    "CREATE TABLE t (a INT PRIMARY KEY, b TEXT UNIQUE, c FLOAT DEFAULT 1.5 CHECK (c < 100));"
    "CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT, t INT REFERENCES t (a) ON DELETE "
    "CASCADE, d BLOB NOT NULL DEFAULT X'00', e DATE); CREATE INDEX i ON u (d, e);"
    "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', NULL), (3, NULL, 2.5);"
    "INSERT INTO u (t, d) VALUES (1, X'01'), (2, X'02'), (NULL, X'03');"
    "APPEND 's' ('E', 'x')";

Options query_options() {
    Options options;
    options.create = true;
    options.pool_size = std::size_t{1} << 19;
    options.snapshot_count_max = 4;
    options.segment_count_max = 16;
    options.segment_size = query_segment_size;
    options.frame_size_max = 1 << 12;
    options.growth_size = 1 << 12;
    return options;
}

// Memory that is the same for all runs: one is there at a time.
struct Room {
    std::vector<std::byte> files = std::vector<std::byte>(query_segment_size * 20);
    std::vector<std::byte> store =
        std::vector<std::byte>(Database::required_memory(query_options()));
    std::vector<std::byte> connection = std::vector<std::byte>(std::size_t{1} << 20);
};

class World {
public:
    explicit World(Room& room) : room_{room}, disk_{room.files, query_segment_size} { open(); }
    ~World() { close(); }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void open() {
        Diagnostic diagnostic;
        require(static_cast<bool>(database_.emplace().open(
                    query_options(), Door{&disk_, &clock_, &gate_}, room_.store, diagnostic)),
                "it cannot be opened");
        ConnectionOptions options;
        options.statement_count_max = 4;
        options.catalog_size = std::size_t{64} << 10;
        require(
            static_cast<bool>(connection_.emplace().open(*database_, room_.connection, options)),
            "no connection");
    }
    void close() {
        connection_->close();
        require(static_cast<bool>(database_->close()), "it cannot be closed");
    }

    // Runs all statements of a text.
    void run(std::string_view text) {
        std::size_t from = 0;
        while (from < text.size()) from = run_next(text, from);
    }
    // Names and rows of all tables, and how many events there are.
    std::string contents() {
        std::string names;
        std::string all =
            answer("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1", &names);
        for (std::size_t from = 0; from < names.size();) {
            const std::size_t end = names.find('\0', from);
            std::string text = "SELECT * FROM \"";
            for (const char c : names.substr(from, end - from))
                text += c == '"' ? "\"\"" : std::string{c};
            all += answer(text + "\"", nullptr);
            from = end + 1;
        }
        return all;
    }
    void rollback() {
        if (connection_->transaction() == nullptr) return;
        SqlError error;
        require(static_cast<bool>(connection_->execute("ROLLBACK", error)), "no way back");
    }

private:
    std::size_t run_next(std::string_view text, std::size_t from) {
        Statement statement;
        SqlError error;
        const bool is_within = connection_->transaction() != nullptr;
        const std::string before = is_within ? contents() : std::string{};
        const std::uint64_t commit = newest_commit();
        connection_->set_time_limit_us(time_limit_us);
        const Status prepared = statement.prepare(*connection_, text, error, from);
        bool is_good = static_cast<bool>(prepared);
        while (is_good && statement.is_open()) {
            const Result<bool> there = statement.step(error);
            is_good = static_cast<bool>(there);
            if (!there || !*there) break;
            for (const Value& value : statement.row()) touch(value);
        }
        connection_->set_time_limit_us(0);
        if (!is_good) check_error(error, text);
        const std::size_t end = end_of(text, from);
        statement.close();
        if (is_good) return end;
        require(newest_commit() == commit, "a statement that failed has made a commit");
        const bool is_still = connection_->transaction() != nullptr;
        require(!is_within || !is_still || contents() == before, "it has left something behind");
        return end;
    }
    static std::size_t end_of(std::string_view text, std::size_t from) {
        const std::size_t end = Statement::find_end(text, from);
        return end == 0 ? text.size() : end;
    }
    static void touch(const Value& value) {
        std::array<char, 64> room;
        TextWriter writer{room};
        relation::put_literal(writer, value);
    }
    static void check_error(const SqlError& error, std::string_view text) {
        require(error.error.code != Code::none, "an error without a code");
        require(error.error.code != Code::corrupt, "damage where there is none");
        require(!error.message().empty(), "an error without words");
        require(error.offset <= text.size(), "an error outside the text");
        require(error.size <= text.size() - error.offset, "an error that ends outside the text");
    }
    std::uint64_t newest_commit() {
        Snapshot snapshot;
        require(static_cast<bool>(database_->store().snapshot(snapshot)), "no snapshot");
        return snapshot.commit();
    }
    // The rows as text; in `first`, the first column, with a zero byte behind each.
    std::string answer(const std::string& text, std::string* first) {
        std::string all = text + "\n";
        Statement statement;
        SqlError error;
        Status done = statement.prepare(*connection_, text, error);
        std::size_t count = 0;
        while (done && count++ < answer_rows_max) {
            const Result<bool> there = statement.step(error);
            if (!there) done = there.error();
            if (!there || !*there) break;
            for (const Value& value : statement.row()) put(value, all);
            if (first != nullptr) *first += std::string{statement.row()[0].bytes()} + '\0';
        }
        return done ? all : all + code_name(done.error().code);
    }
    static void put(const Value& value, std::string& all) {
        std::vector<char> room(64 + (value.has_bytes() ? value.bytes().size() * 3 : 0));
        TextWriter writer{room};
        relation::put_literal(writer, value);
        all += std::string{writer.written()} + "|";
    }

    Room& room_;
    MemoryDisk disk_;
    TickingClock clock_;
    LoneGate gate_;
    std::optional<Database> database_;
    std::optional<Connection> connection_;
};

struct Group {
    const char* name;
    const char* text;
};
constexpr Group groups[] = {
    {"rows",
     "INSERT INTO t (a, b) VALUES (4, 'x'), (1, 'y'); INSERT OR REPLACE INTO t VALUES (1, "
     "'one', 9); UPDATE t SET c = a + 1 WHERE b LIKE '%o%'; DELETE FROM t WHERE a = 2 "
     "RETURNING *; SELECT * FROM u; INSERT INTO t VALUES (1, 'z', 1) ON CONFLICT (a) DO "
     "UPDATE SET b = excluded.b || b WHERE c > 0; INSERT INTO u (t) SELECT a FROM t"},
    {"transactions",
     "BEGIN; INSERT INTO t (a) VALUES (7); SAVEPOINT s; DELETE FROM t; INSERT INTO t (a) VALUES "
     "(1), (1); ROLLBACK TO s; SELECT count(*) FROM t; CREATE TABLE v (x INT); INSERT INTO v "
     "VALUES "
     "('y'); DROP TABLE u; COMMIT; BEGIN READ ONLY; SELECT * FROM t; ROLLBACK; RELEASE s"},
    {"schema",
     "CREATE TABLE v (x INT, y TEXT, PRIMARY KEY (y, x)); CREATE UNIQUE INDEX w ON t (c); CREATE "
     "INDEX h ON t USING HASH (b); ALTER TABLE t ADD COLUMN n EMAIL; ALTER TABLE t RENAME COLUMN a "
     "TO z; ALTER TABLE t DROP COLUMN c; DROP INDEX i; ALTER TABLE u RENAME TO uu; DROP TABLE uu; "
     "SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT 2"},
    {"select",
     "SELECT t.a, count(*), sum(u.id) FROM t LEFT JOIN u ON u.t = t.a WHERE t.a IN (SELECT t FROM "
     "u) OR EXISTS (SELECT 1 FROM u x WHERE x.t = t.a) GROUP BY t.a HAVING count(*) > 0 ORDER BY 2 "
     "DESC LIMIT 3 OFFSET 1; SELECT DISTINCT a % 2 FROM t UNION SELECT id FROM u EXCEPT VALUES "
     "(1); "
     "SELECT CASE a WHEN 1 THEN 'x' ELSE CAST(c AS TEXT) END, substr(b, 2), x'00' FROM t NATURAL "
     "JOIN u CROSS JOIN t AS y RIGHT JOIN u AS z ON 1"},
    {"time",
     "UPDATE t SET c = 3; SELECT * FROM t FOR SYSTEM_TIME ALL WHERE a = 1; SELECT a, commit_start "
     "FROM t FOR SYSTEM_TIME FROM COMMIT 1 TO COMMIT 9; SET SYSTEM_TIME = COMMIT 4; SELECT * FROM "
     "t; DELETE FROM t; SET SYSTEM_TIME = DEFAULT; SELECT now.c, past.c FROM t now JOIN t FOR "
     "SYSTEM_TIME AS OF COMMIT 4 past ON now.a = past.a"},
    {"saved",
     "SAVE AS 'v1'; DELETE FROM t; SELECT max(c), min(b) FROM t FOR SYSTEM_TIME AS OF 'v1'; SAVE "
     "AS "
     "'v1'; BEGIN; SAVE AS 'v2'; SELECT * FROM commit_names; ROLLBACK; SET SYSTEM_TIME = 'v2'; "
     "PRAGMA snapshot; PRAGMA verify; PRAGMA retention(s); SELECT max(a), min(a) FROM t"},
    {"streams",
     "APPEND 's' EXPECT 0 ('E', '{}'), ('F', x'00', '{}'); BEGIN; APPEND 'n' EXPECT NO STREAM "
     "('E', "
     "1); ASSERT EXISTS (SELECT 1 FROM u), 'no'; COMMIT; SELECT * FROM events; SELECT * FROM "
     "streams; SELECT * FROM commits; SELECT * FROM changes; CREATE STREAM 'c'"},
    {"long",
     "SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k; SELECT "
     "length(replace(replace(replace(hex(x'0000000000000000'), '0', '0000000000000000'), "
     "'0', '0000000000000000'), '0', '0000000000000000'))"},
    {"catalog",
     "EXPLAIN SELECT * FROM t JOIN u ON t.a = u.t WHERE b = 'one'; PRAGMA "
     "table_info(t); SELECT * FROM sqlite_schema; PRAGMA index_list('t'); EXPLAIN QUERY "
     "PLAN DELETE FROM u WHERE id > 1; PRAGMA foreign_key_list(u)"},
    {"errors",
     "SELECT nmae FROM t; INSERT INTO t VALUES (1); INSERT INTO t VALUES ('x', 1, 1); "
     "UPDATE t SET c = 100; DELETE FROM x; COMMIT; SELECT a FROM t, u AS t; SELECT "
     "9223372036854775808; SELECT CAST(x'ff' AS TEXT); SELECT sum(9223372036854775807 + "
     "0 * a) FROM t; SELECT ?1 + :x"},
};

}  // namespace

std::vector<Seed> make_seeds() {
    std::vector<Seed> seeds;
    for (const Group& group : groups) {
        const Bytes bytes = as_bytes(std::string_view{group.text});
        seeds.push_back({group.name, Contents(bytes.begin(), bytes.end())});
    }
    return seeds;
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet::fuzz;
    static Room room;
    World world{room};
    world.run(opening);
    world.run(freshet::as_text(input(data, size)));
    world.rollback();
    world.run("SET SYSTEM_TIME = DEFAULT");
    const std::string before = world.contents();
    world.close();
    world.open();
    require(world.contents() == before, "it is not the same when it is read again");
    return 0;
}
