// SPDX-License-Identifier: MIT
// Goal: PRAGMAs tell of the store itself what is so. Method: they are asked before and after what
// changes it, by two connections; integrity_check also of a store with a damaged byte.
#include <algorithm>

#include "database_fixture.hpp"
#include "freshet/runs.hpp"

namespace freshet::test {
namespace {

// Where a text stands last on the disk; null: nowhere.
std::byte* last_of(OpenDatabase& db, std::string_view text) {
    auto& memory = db.machine.memory;
    const auto found =
        std::find_end(memory.begin(), memory.end(), text.begin(), text.end(),
                      [](std::byte byte, char letter) { return byte == std::byte(letter); });
    return found == memory.end() ? nullptr : &*found;
}

TEST(Pragmas, DataVersionIsAnotherOneAfterEachCommit) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT)");
    const std::string before = db.run("PRAGMA data_version");
    EXPECT_EQ(db.run("SELECT data_version FROM pragma_data_version()"), before);
    EXPECT_EQ(db.run("PRAGMA data_version"), before);
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory));
    EXPECT_EQ(db.run(other, "INSERT INTO t VALUES (1)"), "");
    EXPECT_NE(db.run("PRAGMA data_version"), before);
    EXPECT_EQ(db.run("PRAGMA data_version"), db.run("SELECT max(\"commit\") FROM commits"));
}

TEST(Pragmas, SchemaVersionIsAnotherOneAfterEachDefinition) {
    OpenDatabase db;
    std::string before = db.run("PRAGMA schema_version");
    EXPECT_EQ(before, "0\n");
    for (const char* change : {"CREATE TABLE t (a INT)", "CREATE INDEX i ON t (a)",
                               "ALTER TABLE t ADD COLUMN b INT", "DROP INDEX i", "DROP TABLE t"}) {
        EXPECT_EQ(db.run(change), "");
        const std::string after = db.run("PRAGMA schema_version");
        EXPECT_NE(after, before) << change;
        before = after;
    }
    db.run("CREATE TABLE t (a INT)");
    before = db.run("PRAGMA schema_version");
    db.run("INSERT INTO t VALUES (1)");
    EXPECT_EQ(db.run("PRAGMA schema_version"), before);
    db.open_again();
    EXPECT_EQ(db.run("PRAGMA schema_version"), before);
}

TEST(Pragmas, HeadIsTheNewestCommit) {
    OpenDatabase db;
    EXPECT_EQ(db.run("SELECT \"commit\", ordinal FROM pragma_head"), "0|NULL\n");
    db.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2); APPEND 's' ('E', 'x')");
    const std::string newest =
        "SELECT \"commit\", time, hash FROM commits ORDER BY \"commit\" DESC LIMIT 1";
    EXPECT_EQ(db.run("SELECT \"commit\", time, hash FROM pragma_head"), db.run(newest));
    EXPECT_EQ(db.run("SELECT ordinal FROM pragma_head"), db.run("SELECT max(ordinal) FROM events"));
    EXPECT_EQ(db.run("SELECT * FROM pragma_head FOR SYSTEM_TIME AS OF COMMIT 1"),
              "error invalid-argument");
}

TEST(Pragmas, IntegrityCheckReadsTheWholeLog) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT, b TEXT); CREATE INDEX i ON t (a)");
    for (int i = 0; i < 50; i++) db.run("INSERT INTO t VALUES (1, 'some text that can be hurt')");
    EXPECT_EQ(db.run("PRAGMA integrity_check"), "ok\n");
    EXPECT_EQ(db.run("SELECT quick_check FROM pragma_quick_check()"), "ok\n");
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (2, 'x'); PRAGMA integrity_check; ROLLBACK"),
              "ok\n");
    std::byte* const found = last_of(db, "some text that can be hurt");
    ASSERT_NE(found, nullptr);
    *found ^= std::byte{1};
    const std::string told = db.run("PRAGMA integrity_check");
    EXPECT_EQ(told.find("ok"), std::string::npos) << told;
    EXPECT_EQ(told.find("error"), std::string::npos) << told;
    EXPECT_NE(told.find(".log"), std::string::npos) << told;
    *found ^= std::byte{1};
    EXPECT_EQ(db.run("PRAGMA integrity_check"), "ok\n");
}

// The name stands behind the event that says so: each byte of that is another one in turn.
TEST(Pragmas, SystemTimeSaysOfADamagedNameThatItIsDamaged) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT); SAVE AS 'a name to be hurt'");
    std::byte* const name = last_of(db, "a name to be hurt");
    ASSERT_NE(name, nullptr);
    int count = 0;
    for (std::byte* byte = name - 24; byte < name; byte++) {
        *byte ^= std::byte{1};
        const std::string told = db.run("PRAGMA system_time = 'a name to be hurt'");
        const std::string words{db.error.message()};
        db.run("PRAGMA system_time = DEFAULT");
        const std::string asked =
            db.run("SELECT count(*) FROM t FOR SYSTEM_TIME AS OF 'a name to be hurt'");
        *byte ^= std::byte{1};
        if (told.empty()) continue;
        count++;
        EXPECT_EQ(told, "error corrupt");
        EXPECT_EQ(asked, "error corrupt");
        EXPECT_EQ(words.find("no name"), std::string::npos) << words;
    }
    EXPECT_GT(count, 3);
    EXPECT_EQ(db.run("PRAGMA system_time = 'a name to be hurt'"), "");
}

TEST(Pragmas, KeepTheNumbersOfWhoeverUsesTheStore) {
    OpenDatabase db;
    EXPECT_EQ(db.run("PRAGMA user_version; PRAGMA application_id"), "0\n0\n");
    EXPECT_EQ(db.run("PRAGMA user_version = 7; PRAGMA application_id = -3"), "");
    EXPECT_EQ(db.commit(), 2U);
    db.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (1)");
    EXPECT_EQ(db.run("PRAGMA user_version(9223372036854775807)"), "");
    const std::string all = "PRAGMA user_version; SELECT application_id FROM pragma_application_id";
    EXPECT_EQ(db.run(all), "9223372036854775807\n-3\n");
    db.open_again();
    EXPECT_EQ(db.run(all), "9223372036854775807\n-3\n");
    EXPECT_EQ(db.run("SELECT * FROM pragma_user_version() FOR SYSTEM_TIME AS OF COMMIT 1"), "7\n");
    EXPECT_EQ(db.run("SELECT * FROM pragma_user_version() FOR SYSTEM_TIME AS OF COMMIT 0"), "0\n");
    EXPECT_EQ(db.run("BEGIN; PRAGMA user_version = 1; PRAGMA user_version; ROLLBACK"), "1\n");
    EXPECT_EQ(db.run(all), "9223372036854775807\n-3\n");
    EXPECT_EQ(db.run("BEGIN; PRAGMA user_version = 2; INSERT INTO t VALUES (2); COMMIT;"
                     "PRAGMA user_version"),
              "2\n");
    EXPECT_EQ(db.run("PRAGMA user_version = 'two'"), "error type-mismatch");
    EXPECT_EQ(db.run("SELECT op, tbl FROM changes WHERE tbl IS NULL"),
              "insert|NULL\ninsert|NULL\nupdate|NULL\nupdate|NULL\n");
    EXPECT_EQ(db.run("PRAGMA integrity_check"), "ok\n");
}

TEST(Pragmas, QueryOnlyRefusesWhatWrites) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT)");
    EXPECT_EQ(db.run("PRAGMA query_only; PRAGMA query_only = ON; PRAGMA query_only"), "0\n1\n");
    for (const char* change :
         {"INSERT INTO t VALUES (1)", "DROP TABLE t", "APPEND 's' ('E', 'x')",
          "CREATE TABLE u (a INT)", "PRAGMA user_version = 1", "BEGIN; DELETE FROM t"})
        EXPECT_EQ(db.run(change), "error read-only") << change;
    EXPECT_EQ(db.run("ROLLBACK; SELECT count(*) FROM t; PRAGMA query_only = 0"), "0\n");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1); SELECT count(*) FROM t"), "1\n");
    EXPECT_EQ(db.run("PRAGMA query_only = perhaps"), "error type-mismatch");
}

// What is not synchronous is there for its connection at once, and for all after a sync.
TEST(Pragmas, SynchronousSaysWhenACommitReturns) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT)");
    EXPECT_EQ(db.run("PRAGMA synchronous; PRAGMA synchronous = OFF; PRAGMA synchronous"), "2\n0\n");
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory));
    EXPECT_EQ(db.run("INSERT INTO t VALUES (1)"), "");
    EXPECT_EQ(db.run(other, "SELECT count(*) FROM t"), "0\n");
    EXPECT_EQ(db.run("SELECT count(*) FROM t"), "1\n");
    EXPECT_EQ(db.run(other, "SELECT count(*) FROM t"), "1\n");
    EXPECT_EQ(db.run("PRAGMA synchronous = NORMAL; PRAGMA synchronous"), "2\n");
    EXPECT_EQ(db.run("INSERT INTO t VALUES (2)"), "");
    EXPECT_EQ(db.run(other, "SELECT count(*) FROM t; PRAGMA synchronous"), "2\n2\n");
    EXPECT_EQ(db.run("PRAGMA synchronous = 4"), "error type-mismatch");
}

TEST(Pragmas, TimeIsTheCommitThatIsReadAndTheOldest) {
    OpenDatabase db;
    EXPECT_EQ(db.run("PRAGMA horizon; PRAGMA system_time"), "NULL\nNULL\n");
    db.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
    EXPECT_EQ(db.run("PRAGMA horizon"), "1\n");
    EXPECT_EQ(db.run("PRAGMA system_time = 2; SELECT count(*) FROM t; PRAGMA system_time"),
              "1\n2\n");
    EXPECT_EQ(db.run("PRAGMA user_version = 1"), "error read-only");
    EXPECT_EQ(db.run("SET SYSTEM_TIME = COMMIT 1; SELECT system_time FROM pragma_system_time"),
              "1\n");
    EXPECT_EQ(db.run("PRAGMA system_time = DEFAULT; PRAGMA system_time; SELECT count(*) FROM t"),
              "NULL\n2\n");
    const std::string time = db.run("SELECT time FROM commits WHERE \"commit\" = 2");
    EXPECT_EQ(
        db.run("PRAGMA system_time = " + time.substr(0, time.size() - 1) + "; PRAGMA system_time"),
        "2\n");
    EXPECT_EQ(db.run("PRAGMA system_time = 99"), "error ahead-of-log");
    EXPECT_EQ(db.run("PRAGMA system_time = soon"), "error unknown-name");
}

// It is not read from the log again what a run has; and a store without runs has nothing to make.
TEST(Pragmas, SnapshotMakesARun) {
    Options options = database_options();
    options.runs = &runs();
    OpenDatabase db{options};
    db.run("CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    EXPECT_EQ(db.database->store().statistics().run_count, 0U);
    EXPECT_EQ(db.run("PRAGMA snapshot"), "");
    EXPECT_EQ(db.database->store().statistics().run_count, 1U);
    EXPECT_EQ(db.run("PRAGMA synchronous = OFF; INSERT INTO t VALUES (3); PRAGMA Snapshot()"), "");
    EXPECT_EQ(db.database->store().statistics().run_commit, 3U);
    EXPECT_EQ(db.run("BEGIN; INSERT INTO t VALUES (4); PRAGMA snapshot"), "error invalid-argument");
    EXPECT_EQ(db.run("COMMIT; BEGIN READ ONLY; PRAGMA snapshot; COMMIT"), "");
    db.open_again();
    EXPECT_EQ(db.run("SELECT count(*) FROM t; PRAGMA integrity_check"), "4\nok\n");
    EXPECT_EQ(db.run("PRAGMA snapshot = 1"), "error invalid-argument");
    EXPECT_EQ(db.run("SELECT * FROM pragma_snapshot"), "error unknown-name");
    EXPECT_EQ(db.run("PRAGMA snapshots"), "error unknown-name");
    EXPECT_NE(db.error.hint().find("snapshot"), std::string_view::npos);
    OpenDatabase plain;
    EXPECT_EQ(plain.run("PRAGMA snapshot; CREATE TABLE t (a INT); PRAGMA snapshot"), "");
}

TEST(Pragmas, SnapshotIsRefusedToAReader) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT)");
    Options options = database_options();
    options.create = false;
    options.read_only = true;
    std::vector<std::byte> memory(Database::required_memory(options));
    std::vector<std::byte> room(std::size_t{4} << 20);
    Database reader;
    ASSERT_TRUE(reader.open(options, db.machine.door(), memory, db.diagnostic));
    Connection connection;
    ASSERT_TRUE(connection.open(reader, room));
    EXPECT_EQ(db.run(connection, "PRAGMA snapshot"), "error read-only");
    EXPECT_FALSE(db.error.message().empty());
}

TEST(Pragmas, VerifySaysWhatItHasRead) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2); APPEND 's' ('E', 'x')");
    EXPECT_EQ(db.run("SELECT verify, commits, events, streams FROM pragma_verify"), "ok|3|4|1\n");
    EXPECT_EQ(db.run("SELECT bytes > 300 AND bytes < 3000 FROM pragma_verify()"), "1\n");
    EXPECT_EQ(db.run("PRAGMA verify").find("ok|3|4|1|"), 0U);
}

// Of a commit of several frames, too.
TEST(Pragmas, VerifyHoldsTheLogAgainstAHashThatWasKept) {
    OpenDatabase db;
    db.run("CREATE TABLE t (a INT, b TEXT)");
    const auto head = [&db] {
        const std::string line = db.run("SELECT \"commit\", hash FROM pragma_head");
        const std::size_t bar = line.find('|');
        return line.substr(0, bar) + ", '" + line.substr(bar + 1, line.size() - bar - 2) + "'";
    };
    const std::string first = head();
    db.run("INSERT INTO t VALUES (1, '" + std::string(7000, 'x') + "')");
    db.run(
        "INSERT INTO t SELECT 2, b FROM t UNION ALL SELECT 3, b FROM t UNION ALL SELECT 4, b "
        "FROM t");
    const std::string last = head();
    const auto verified = [&db](const std::string& arguments) {
        return db.run("SELECT verify FROM pragma_verify(" + arguments + ")");
    };
    EXPECT_EQ(verified(first), "ok\n");
    EXPECT_EQ(verified(last), "ok\n");
    EXPECT_EQ(verified("2" + first.substr(1)), "the commit has another hash\n");
    EXPECT_EQ(verified("9" + first.substr(1)), "the log has no such commit\n");
    EXPECT_EQ(verified("1"), "error type-mismatch");
    EXPECT_EQ(verified("'1', 'x'"), "error type-mismatch");
    EXPECT_EQ(db.run("PRAGMA verify(" + last + ")").find("ok|3|"), 0U);
}

TEST(Pragmas, RetentionIsWhatTheSettingsOfAStreamSay) {
    OpenDatabase db;
    db.run("APPEND 'a' ('E', 'x'), ('E', 'y'); APPEND 'b' ('E', 'z')");
    Diagnostic diagnostic;
    ASSERT_TRUE(db.database->store().settings("a", {.truncate_before = 1, .max_count = 9},
                                              Expected::any(), diagnostic));
    ASSERT_TRUE(db.database->store().settings("a", {.max_age_us = 60'000'000}, Expected::any(),
                                              diagnostic));
    EXPECT_EQ(db.run("PRAGMA retention"), "a|1|9|60000000\nb|0|0|0\n");
    EXPECT_EQ(db.run("PRAGMA retention(a); PRAGMA retention(c)"), "a|1|9|60000000\n");
    EXPECT_EQ(db.run("SELECT max_count FROM pragma_retention('a') FOR SYSTEM_TIME AS OF COMMIT 3"),
              "9\n");
    EXPECT_EQ(db.run("SELECT * FROM pragma_retention('a') FOR SYSTEM_TIME AS OF COMMIT 2"),
              "a|0|0|0\n");
}

TEST(InformationSchema, HasTablesAndTheirColumns) {
    OpenDatabase db;
    db.run(
        "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9) DEFAULT 'x', c REAL);"
        "CREATE TABLE u (d DATE NOT NULL); CREATE VIEW v AS SELECT a FROM t;"
        "ALTER TABLE t DROP COLUMN b");
    EXPECT_EQ(db.run("SELECT * FROM information_schema.tables ORDER BY table_name"),
              "main|main|t|BASE TABLE\nmain|main|u|BASE TABLE\nmain|main|v|VIEW\n");
    const std::string columns =
        "SELECT c.table_name, column_name, ordinal_position, column_default, is_nullable, "
        "data_type "
        "FROM Information_Schema.COLUMNS";
    EXPECT_EQ(db.run(columns + " AS c ORDER BY 1, 3"),
              "t|a|1|NULL|NO|INT\nt|c|2|NULL|YES|REAL\nu|d|1|NULL|NO|DATE\n");
    EXPECT_EQ(db.run(columns + " FOR SYSTEM_TIME AS OF COMMIT 1 c"),
              "t|a|1|NULL|NO|INT\nt|b|2|'x'|YES|VARCHAR(9)\nt|c|3|NULL|YES|REAL\n");
    EXPECT_EQ(db.run("CREATE VIEW w AS SELECT table_name FROM information_schema.tables;"
                     "SELECT count(*) FROM w"),
              "4\n");
    EXPECT_EQ(db.run("SELECT 1 FROM information_schema.others"), "error unknown-name");
    EXPECT_EQ(db.run("SELECT 1 FROM information_schema."), "error syntax");
    EXPECT_EQ(db.run("SELECT 1 FROM other.t"), "error syntax");
}

TEST(Pragmas, AreListed) {
    OpenDatabase db;
    const std::string all = db.run("PRAGMA pragma_list");
    for (const char* name : {"data_version\n", "schema_version\n", "head\n", "integrity_check\n",
                             "quick_check\n", "verify\n", "retention\n", "snapshot\n"})
        EXPECT_NE(all.find(name), std::string::npos) << name;
    EXPECT_EQ(db.run("PRAGMA data_version = 7"), "error invalid-argument");
}

}  // namespace
}  // namespace freshet::test
