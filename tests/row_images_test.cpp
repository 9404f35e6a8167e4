// SPDX-License-Identifier: MIT
// Goal: rows that stand in runs are those of the log, whatever happened to them before and after.
// Method: the same statements to a database that makes runs and to one that does not, and the same
// questions to both, of the present and of each commit.
#include "freshet/runs.hpp"
#include "fuzz/repair.hpp"
#include "tests/database_fixture.hpp"
#include "tests/files.hpp"
#include "tests/store_state.hpp"
#include "tree/run_format.hpp"

namespace freshet::test {
namespace {

Options options_with_runs() {
    Options options = database_options();
    options.runs = &runs();
    return options;
}

class RowImages : public ::testing::Test {
protected:
    void both(const std::string& sql) { ASSERT_EQ(plain.run(sql), with.run(sql)) << sql; }
    void maintain() {
        ASSERT_TRUE(with.database->store().maintain(with.diagnostic, {.now = true}));
    }
    // Nothing is left out, and nothing is there twice.
    void ask() {
        for (const char* const what : {"*", "a", "f, a", "d", "count(*), sum(c), avg(f), max(b)"})
            both(std::string{"SELECT "} + what + " FROM t");
        both("SELECT a, c FROM t WHERE a BETWEEN 20 AND 60; SELECT b FROM t WHERE a > 95 LIMIT 3");
    }
    void ask_of_the_past() {
        for (std::uint64_t commit = 2; commit <= plain.commit(); commit++)
            both("SELECT a, c, b FROM t FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(commit));
    }
    Contents contents_of(const std::string& name) {
        const Result<File> file = with.machine.disk.open(name, OpenMode::read);
        EXPECT_TRUE(file);
        Contents contents(*with.machine.disk.size(*file));
        EXPECT_TRUE(with.machine.disk.read(*file, 0, contents));
        with.machine.disk.close(*file);
        return contents;
    }
    void write(const std::string& name, const Contents& contents) {
        const Result<File> file = with.machine.disk.open(name, OpenMode::write);
        ASSERT_TRUE(file);
        ASSERT_TRUE(with.machine.disk.write(*file, 0, contents, {}));
        with.machine.disk.close(*file);
    }
    Code verify() {
        std::vector<std::byte> scratch(std::size_t{64} << 10);
        VerifyReport report;
        return with.database->store()
            .verify(scratch, nullptr, report, with.diagnostic)
            .error()
            .code;
    }

    OpenDatabase plain;
    OpenDatabase with{options_with_runs()};
};

// The first byte of a text that stands there is another one.
Contents changed(Contents contents, std::string_view text) {
    const auto at =
        std::search(contents.begin(), contents.end(), as_bytes(text).begin(), as_bytes(text).end());
    EXPECT_NE(at, contents.end());
    *at = std::byte{'c'};
    return contents;
}

std::string table() {
    return "CREATE TABLE t (a INT PRIMARY KEY, b TEXT, c INT, d DATE, e BLOB, f FLOAT)";
}

std::string row(int a, std::size_t size) {
    return "INSERT INTO t VALUES (" + std::to_string(a) + ", '" + std::string(size, 'b') + "', " +
           std::to_string(a * 1'000'003LL * (a % 2 == 0 ? 1 : -1)) + ", " +
           (a % 3 == 0 ? "NULL" : "DATE '2026-11-22'") + ", x'00', " + std::to_string(a) + ".5)";
}

// Small ones, empty ones, and such that are too large to lie in a run.
TEST_F(RowImages, AreThoseOfTheLog) {
    both(table());
    for (int a = 0; a < 120; a++) both(row(a, a % 10 == 9 ? 700 : static_cast<std::size_t>(a % 7)));
    maintain();
    ask();
    for (int a = 0; a < 120; a += 4)
        both("UPDATE t SET c = c + 1, b = 'new' WHERE a = " + std::to_string(a));
    ask();
    both("DELETE FROM t WHERE a % 5 = 1");
    ask();
    ask_of_the_past();
    maintain();
    ask();
    ask_of_the_past();
    both("INSERT INTO t SELECT a + 1, 'again', c, d, e, f FROM t WHERE a % 5 = 0");
    ask();
    ask_of_the_past();
    maintain();
    ask();
    ask_of_the_past();
}

// After 32 versions a row has a full block and no tail.
TEST_F(RowImages, AreThoseOfRowsThatChangeOften) {
    both(table());
    for (int a = 0; a < 3; a++) both(row(a, 3));
    for (int i = 1; i < 70; i++) {
        both("UPDATE t SET c = " + std::to_string(i) + " WHERE a < " + std::to_string(1 + i % 3));
        if (i % 3 == 1) maintain();
        ASSERT_NO_FATAL_FAILURE(ask());
    }
    ask_of_the_past();
}

// Two of three runs become one, which says of a row that it is deleted, though the third never had
// it.
TEST_F(RowImages, AreNotThereOfRowsThatARunSaysAreDeleted) {
    both(table());
    std::string rows = "INSERT INTO t (a, b) VALUES (0, 'x')";
    for (int a = 1; a < 2000; a++)
        rows += ", (" + std::to_string(a) + ", 'row number " + std::to_string(a) + "')";
    both(rows);
    maintain();
    for (int a = 5000; a < 5010; a++) both(row(a, 3));
    maintain();
    both("DELETE FROM t WHERE a = 5005");
    maintain();
    EXPECT_EQ(with.database->store().statistics().run_count, 2U);
    ask();
    both("SELECT a FROM t WHERE a > 5000");
}

// A page of rows that were not there yet is not the end.
TEST_F(RowImages, AreFoundBehindManyThatWereNotThereYet) {
    const auto insert = [this](int from, int end) {
        std::string rows = "INSERT INTO t (a) VALUES (" + std::to_string(from) + ")";
        for (int a = from + 1; a < end; a++) rows += ", (" + std::to_string(a) + ")";
        both(rows);
    };
    both(table());
    insert(500, 505);
    insert(0, 500);
    for (int i = 0; i < 2; i++) {
        ask_of_the_past();
        for (OpenDatabase* const db : {&plain, &with})
            EXPECT_EQ(db->run("SELECT a FROM t FOR SYSTEM_TIME AS OF COMMIT 2"),
                      "500\n501\n502\n503\n504\n");
        maintain();
    }
}

// Rows of several versions of a table stand in one page, where they have as many columns.
TEST_F(RowImages, AreThoseOfEachVersionOfATable) {
    both("CREATE TABLE v (a INT PRIMARY KEY, b TEXT, c TEXT)");
    for (int a = 0; a < 40; a++) {
        if (a == 20) both("ALTER TABLE v ADD COLUMN d TEXT; ALTER TABLE v DROP COLUMN b");
        both("INSERT INTO v VALUES (" + std::to_string((a * 7) % 40) + ", 'x', 'y')");
    }
    maintain();
    both("SELECT * FROM v; SELECT count(*), count(c), max(d) FROM v; SELECT c FROM v WHERE a = 7");
}

// Records of too many fields are none.
TEST_F(RowImages, MayHaveMoreColumnsThanRecords) {
    std::string columns = "CREATE TABLE w (a INT PRIMARY KEY";
    for (int i = 1; i < 150; i++) columns += ", c" + std::to_string(i) + " INT";
    both(columns + ")");
    for (int a = 0; a < 30; a++)
        both("INSERT INTO w (a, c7, c149) VALUES (" + std::to_string(a) + ", 2, 3)");
    maintain();
    both("SELECT a, c7, c8, c149 FROM w; SELECT * FROM w WHERE a = 7");
    both("UPDATE w SET c8 = 9 WHERE a = 4; SELECT sum(c8) FROM w");
    EXPECT_EQ(verify(), Code::none);
}

TEST_F(RowImages, AreReadAsTheTableIsNow) {
    both(table());
    for (int a = 0; a < 30; a++) both(row(a, 3));
    maintain();
    both("ALTER TABLE t ADD COLUMN g INT DEFAULT 5; ALTER TABLE t DROP COLUMN e");
    both("INSERT INTO t VALUES (100, 'x', 1, NULL, 2.5, 6)");
    ask();
    both("SELECT g, a FROM t; SELECT sum(g) FROM t");
    maintain();
    both("SELECT g, a FROM t; SELECT * FROM t FOR SYSTEM_TIME AS OF COMMIT 20");
    both("BEGIN; UPDATE t SET g = a; SELECT a, g FROM t; ROLLBACK; SELECT a, g FROM t");
}

// Many in a page, and some pages with changes between them.
TEST_F(RowImages, OfSmallRowsAreReadSideBySide) {
    std::string rows = "CREATE TABLE s (a INT PRIMARY KEY, c INT); INSERT INTO s VALUES (0, 0)";
    for (int a = 1; a < 2000; a++)
        rows += ", (" + std::to_string(a) + ", " + std::to_string(a % 5 * 1'000'000) + ")";
    both(rows);
    maintain();
    both("UPDATE s SET c = NULL WHERE a % 97 = 1 OR a BETWEEN 500 AND 520");
    for (const char* const as_of : {"", " FOR SYSTEM_TIME AS OF COMMIT 2"})
        both(std::string{"SELECT count(*), sum(a), sum(c), count(c) FROM s"} + as_of +
             "; SELECT c, count(*), sum(a) FROM s" + as_of + " GROUP BY c");
}

TEST_F(RowImages, AreThoseThatAnIndexLeadsTo) {
    both(table() + "; CREATE INDEX by_d ON t (d); CREATE INDEX by_c ON t (c)");
    for (int a = 0; a < 60; a++) both(row(a, 3));
    maintain();
    both("UPDATE t SET b = 'new' WHERE a % 7 = 1; DELETE FROM t WHERE a = 21");
    const auto ask_index = [this](const std::string& as_of) {
        for (const char* const where :
             {"d >= DATE '2026-11-22' ORDER BY d, a", "d >= DATE '2026-11-22' ORDER BY d DESC, a",
              "d > DATE '2026-01-01' ORDER BY d DESC, a DESC LIMIT 9", "d IS NULL ORDER BY a",
              "c > 10000000 ORDER BY c DESC", "a IN (1, 3, 900)", "a > 40 ORDER BY a DESC"})
            both("SELECT b, a, d FROM t" + as_of + " WHERE " + where);
        both("SELECT b, commit_start FROM t" + as_of + " WHERE d >= DATE '2026-11-22'");
    };
    ask_index("");
    ask_index(" FOR SYSTEM_TIME AS OF COMMIT 20");
    maintain();
    ask_index("");
    ask_index(" FOR SYSTEM_TIME AS OF COMMIT 20");
    both("BEGIN; UPDATE t SET b = 'own' WHERE a = 30");
    ask_index("");
    both("ROLLBACK");
}

// Goal: rows that an index leads to are found, many together, as they were, and in its order.
// Method: what is asked for is computed from what was put in, after each change and of each commit.
class RowsOfAnIndex : public RowImages {
protected:
    struct Row {
        int c;
        int d;
    };
    using Rows = std::map<int, Row>;

    void make(const std::string& key_type) {
        both("CREATE TABLE i (a " + key_type + " PRIMARY KEY, c INT, d INT, e DATE)");
        both("CREATE INDEX by_c ON i (c)");
    }
    void insert(int count) {
        std::string sql;
        for (int i = 0; i < count; i++) {
            const int a = i * 37 % count;
            rows[a] = {a % 5, a * 1000};
            sql += (sql.empty() ? "INSERT INTO i VALUES " : ", ") + ("(" + std::to_string(a)) +
                   ", " + std::to_string(a % 5) + ", " + std::to_string(a * 1000) +
                   (a % 3 == 0 ? ", NULL)" : ", DATE '2026-11-22')");
        }
        change(sql);
    }
    void change(const std::string& sql) {
        both(sql);
        past[plain.commit()] = rows;
    }
    // Values of c that are at least 1 and less than 4, one after another.
    static std::string expected(const Rows& rows, bool is_forwards, std::size_t limit) {
        std::vector<std::string> lines;
        for (int c = 1; c < 4; c++)
            for (const auto& [a, row] : rows)
                if (row.c == c)
                    lines.push_back(std::to_string(a) + "|" + std::to_string(row.d) + "\n");
        if (!is_forwards) std::reverse(lines.begin(), lines.end());
        std::string all;
        for (std::size_t i = 0; i < std::min(limit, lines.size()); i++) all += lines[i];
        return all;
    }
    void ask_index(const std::string& as_of, const Rows& of) {
        const std::string from = " FROM i" + as_of + " WHERE c >= 1 AND c < 4 ORDER BY ";
        for (const std::size_t limit : {1U, 7U, 100U, 1000U}) {
            const std::string end = " LIMIT " + std::to_string(limit);
            for (OpenDatabase* const db : {&plain, &with}) {
                ASSERT_EQ(db->run("SELECT a, d" + from + "c, a" + end), expected(of, true, limit));
                ASSERT_EQ(db->run("SELECT a, d" + from + "c DESC, a DESC" + end),
                          expected(of, false, limit));
            }
        }
        both("SELECT e, a" + from + "c, a; SELECT count(*), max(e)" + from + "1");
        both("SELECT a, d FROM i" + as_of + " WHERE c IN (3, NULL, 900, 1)");
        both("SELECT a, d FROM i" + as_of + " WHERE c >= 4 ORDER BY c, a");
    }
    void ask_all() {
        ASSERT_NO_FATAL_FAILURE(ask_index("", rows));
        for (const auto& [commit, of] : past)
            ASSERT_NO_FATAL_FAILURE(
                ask_index(" FOR SYSTEM_TIME AS OF COMMIT " + std::to_string(commit), of));
    }

    Rows rows;
    std::map<std::uint64_t, Rows> past;
};

TEST_F(RowsOfAnIndex, AreFoundTogether) {
    make("INT");
    EXPECT_NE(with.run("EXPLAIN SELECT a FROM i WHERE c >= 1 AND c < 4").find("USING INDEX by_c"),
              std::string::npos);
    ASSERT_NO_FATAL_FAILURE(ask_all());
    insert(500);
    ASSERT_NO_FATAL_FAILURE(ask_all());
    maintain();
    ASSERT_NO_FATAL_FAILURE(ask_all());
    for (auto& [a, row] : rows)
        if (a % 7 == 1) row.d = -a;
    change("UPDATE i SET d = -a WHERE a % 7 = 1");
    std::erase_if(rows, [](const auto& row) { return row.first % 11 == 3; });
    change("DELETE FROM i WHERE a % 11 = 3");
    ASSERT_NO_FATAL_FAILURE(ask_all());
    maintain();
    for (auto& [a, row] : rows)
        if (a >= 260 && a < 300) row.c = 2;
    change("UPDATE i SET c = 2 WHERE a >= 260 AND a < 300");
    rows[14] = {3, 5};
    change("INSERT INTO i VALUES (14, 3, 5, NULL)");
    ASSERT_NO_FATAL_FAILURE(ask_all());
    maintain();
    ASSERT_NO_FATAL_FAILURE(ask_all());
    both("BEGIN; UPDATE i SET d = 0 WHERE a < 100");
    both("SELECT a, d FROM i WHERE c >= 1 AND c < 4 ORDER BY c, a; ROLLBACK");
}

// Of a page of few entries all but the end may be what they have in common.
TEST_F(RowsOfAnIndex, MayHaveLongKeys) {
    both("CREATE TABLE i (a TEXT PRIMARY KEY, c INT); CREATE INDEX by_c ON i (c)");
    const std::string common(140, 'k');
    std::string expected;
    for (int a = 10; a < 60; a++) {
        both("INSERT INTO i VALUES ('" + common + std::to_string(a) + "', 1)");
        expected += common + std::to_string(a) + "\n";
        if (a > 11 && a % 20 != 0) continue;
        for (int i = 0; i < 2; i++) {
            EXPECT_EQ(plain.run("SELECT a FROM i WHERE c = 1 ORDER BY a"), expected);
            EXPECT_EQ(with.run("SELECT a FROM i WHERE c = 1 ORDER BY a"), expected);
            maintain();
        }
    }
    both("SELECT a FROM i WHERE c = 1");
}

// Goal: an index that leads to what is no row, or a damaged one, is not believed. Method: the tree
// is changed behind the store's back.
TEST_F(RowsOfAnIndex, AreNotThoseOfADamagedTree) {
    constexpr unsigned char row_tag = 5;
    constexpr unsigned char deleted_tag = 6;
    constexpr unsigned char entry_tag = 8;
    const std::string ask = "SELECT d FROM i WHERE c >= 0 ORDER BY c";
    const std::string ask_past = "SELECT d FROM i FOR SYSTEM_TIME AS OF COMMIT 4 WHERE c >= 0";
    for (int kind = 0; kind < 4; kind++) {
        OpenDatabase db;
        db.run("CREATE TABLE i (a INT PRIMARY KEY, c INT, d INT); CREATE INDEX by_c ON i (c)");
        db.run("INSERT INTO i VALUES (1, 1, 10), (2, 2, 20)");
        db.run("INSERT INTO i VALUES (3, 3, 30); DELETE FROM i WHERE a = 3");
        EXPECT_EQ(db.run(ask), "10\n20\n");
        EXPECT_EQ(db.run(ask_past), "10\n20\n30\n");
        store::State& state = state_of(db.database->store());
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(db.database->store(), db.diagnostic));
        const std::vector<Event> events = {event_of("more")};
        ASSERT_TRUE(transaction.append({"zz", Expected::any(), events}, db.diagnostic));
        const auto last_of = [&](unsigned char tag) {
            tree::Cursor cursor{state.view()};
            const auto next = static_cast<std::byte>(tag + 1);
            cursor.seek_before({&next, 1});
            EXPECT_TRUE(cursor.valid() && cursor.key()[0] == std::byte{tag});
            return Contents(cursor.key().begin(), cursor.key().end());
        };
        const Contents damaged(1, std::byte{0xff});
        Contents entry = last_of(entry_tag);
        entry.back() = std::byte{0};
        switch (kind) {
            case 0: ASSERT_TRUE(state.delta.erase(last_of(row_tag))); break;
            case 1: ASSERT_TRUE(state.delta.put(last_of(row_tag), damaged)); break;
            case 2: ASSERT_TRUE(state.delta.put(entry, damaged)); break;
            default: ASSERT_TRUE(state.delta.put(last_of(deleted_tag), damaged));
        }
        ASSERT_TRUE(transaction.commit(Durability::durable, db.diagnostic));
        EXPECT_EQ(db.run(kind == 3 ? ask_past : ask), "error corrupt") << kind;
    }
}

// Somebody made a run on purpose in which numbers are reals.
TEST_F(RowsOfAnIndex, AreNotThoseOfAnotherClass) {
    make("INT");
    insert(100);
    maintain();
    with.close();
    Contents run = contents_of("00000001.run");
    constexpr std::byte row_tag{5};
    for (std::size_t at = tree::run_header_size; at < run.size(); at += tree::page_size) {
        const std::size_t columns = load<std::uint16_t>(run.data() + at + 34);
        if (run[at + tree::Page::header_size] != row_tag || columns == 0) continue;
        std::byte& form = run[at + columns + 1 + 4 * std::size_t{4}];  // Behind two more it is d.
        EXPECT_EQ(form & std::byte{3}, static_cast<std::byte>(FieldClass::whole));
        form = (form & ~std::byte{3}) | static_cast<std::byte>(FieldClass::real);
    }
    fuzz::repair_run(run);
    write("00000001.run", run);
    with.connection.emplace();
    with.database.emplace();
    with.open();
    EXPECT_EQ(with.run("SELECT d FROM i WHERE c = 1 AND a < 20 ORDER BY a"), "error corrupt");
    EXPECT_EQ(with.run("SELECT count(*), min(a) FROM i WHERE c = 1"), "20|1\n");
}

// Each page of a run being damaged in turn: all rows are right, or it is said.
TEST_F(RowsOfAnIndex, AreNotThoseOfDamagedPages) {
    make("INT");
    insert(300);
    maintain();
    with.close();
    const Files files = files_of(with.machine.disk);
    const Contents run = contents_of("00000001.run");
    std::size_t damaged_count = 0;
    for (std::size_t at = tree::run_header_size; at < run.size(); at += tree::page_size) {
        Contents changed = run;
        changed[at + 1000] ^= std::byte{1};
        put_files(with.machine.disk, files);
        write("00000001.run", changed);
        with.connection.emplace();
        with.database.emplace();
        with.open();
        const std::string found =
            with.run("SELECT a, d FROM i WHERE c >= 1 AND c < 4 ORDER BY c, a");
        const std::string all = expected(rows, true, 1000);
        const std::size_t good = found.find("error corrupt");
        EXPECT_EQ(found, all.substr(0, good) + (good < all.size() ? "error corrupt" : ""));
        damaged_count += good < all.size() ? 1U : 0U;
        with.close();
    }
    EXPECT_GT(damaged_count, 5U);
    with.connection.emplace();
    with.database.emplace();
    with.open();
}

// What nobody waited for is synced before rows of it are put into a run.
TEST_F(RowImages, AreThereOfWhatIsNotDurableYet) {
    ConnectionOptions deferred;
    deferred.durability = Durability::deferred;
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection connection;
    ASSERT_TRUE(connection.open(*with.database, memory, deferred));
    plain.run(table());
    with.run(connection, table());
    for (int a = 0; a < 20; a++) {
        plain.run(row(a, 5));
        with.run(connection, row(a, 5));
    }
    maintain();
    ask();
    EXPECT_EQ(with.database->store().statistics().run_count, 1U);
    connection.close();
}

// Whoever asks for the row is told, and the others are there.
TEST_F(RowImages, AreLeftInTheLogWhereItIsDamaged) {
    both(table());
    for (int a = 0; a < 4; a++) both(row(a, 40 + static_cast<std::size_t>(a)));
    write(segment_file(1), changed(contents_of(segment_file(1)), std::string(41, 'b')));
    maintain();
    EXPECT_EQ(with.run("SELECT a, b FROM t"), "error corrupt");
    EXPECT_EQ(with.run("SELECT a, b FROM t WHERE a < 1"), "0|" + std::string(40, 'b') + "\n");
    EXPECT_EQ(with.run("SELECT a FROM t WHERE a = 3"), "3\n");
}

// Somebody made one on purpose, with the right checksums: it is read, and verification says it.
TEST_F(RowImages, AreHeldAgainstTheLog) {
    with.run(table());
    for (int a = 0; a < 4; a++) with.run(row(a, 40 + static_cast<std::size_t>(a)));
    maintain();
    const std::string was(40, 'b');
    const std::string ask = "SELECT b FROM t WHERE a = 0";
    const Contents run = contents_of("00000001.run");
    for (const bool is_forged : {false, true}) {
        Contents other = is_forged ? changed(run, was) : run;
        fuzz::repair_run(other);
        EXPECT_EQ(other == run, !is_forged);
        write("00000001.run", other);
        with.open_again();
        EXPECT_EQ(with.run(ask), (is_forged ? "c" + was.substr(1) : was) + "\n");
        EXPECT_EQ(verify(), is_forged ? Code::corrupt : Code::none);
    }
}

}  // namespace
}  // namespace freshet::test
