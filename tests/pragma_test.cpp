// SPDX-License-Identifier: MIT
// Goal: PRAGMAs tell of the store itself what is so. Method: they are asked before and after what
// changes it, by two connections; integrity_check also of a store with a damaged byte.
#include <algorithm>

#include "database_fixture.hpp"

namespace freshet::test {
namespace {

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
    const std::string_view text = "some text that can be hurt";
    const char* const letters = text.data();
    auto found = db.machine.memory.end();
    for (auto from = db.machine.memory.begin();;) {
        const auto next = std::search(
            from, db.machine.memory.end(), letters, letters + text.size(),
            [](std::byte byte, char letter) { return byte == static_cast<std::byte>(letter); });
        if (next == db.machine.memory.end()) break;
        found = next;
        from = next + 1;
    }
    ASSERT_NE(found, db.machine.memory.end());
    *found ^= std::byte{1};
    const std::string told = db.run("PRAGMA integrity_check");
    EXPECT_EQ(told.find("ok"), std::string::npos) << told;
    EXPECT_EQ(told.find("error"), std::string::npos) << told;
    EXPECT_NE(told.find(".log"), std::string::npos) << told;
    *found ^= std::byte{1};
    EXPECT_EQ(db.run("PRAGMA integrity_check"), "ok\n");
}

TEST(Pragmas, AreListed) {
    OpenDatabase db;
    const std::string all = db.run("PRAGMA pragma_list");
    for (const char* name :
         {"data_version\n", "schema_version\n", "head\n", "integrity_check\n", "quick_check\n"})
        EXPECT_NE(all.find(name), std::string::npos) << name;
    EXPECT_EQ(db.run("PRAGMA data_version = 7"), "error invalid-argument");
}

}  // namespace
}  // namespace freshet::test
