// SPDX-License-Identifier: MIT
// Goal: runs are a cache that may be lost at any time, by their numbers in the list of features.
// Method: a database whose run is taken away or exchanged, and what it says and answers then.
#include "freshet/runs.hpp"
#include "tests/database_fixture.hpp"
#include "tests/runs_fixture.hpp"

namespace freshet::test {
namespace {

class SemanticsCOfLostRuns : public ::testing::Test {
protected:
    SemanticsCOfLostRuns() {
        options.runs = &runs();
        options.log_context = this;
        options.log = [](void* self, Level, Code, std::string_view message) noexcept {
            static_cast<SemanticsCOfLostRuns*>(self)->said += message;
        };
        db.emplace(options);
        db->run("CREATE TABLE users (id INT PRIMARY KEY, name TEXT, age INT)");
        db->run("INSERT INTO users VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Alan', NULL)");
        db->run("CREATE INDEX by_age ON users (age)");
        db->run("PRAGMA snapshot");
        db->run("UPDATE users SET age = 37 WHERE id = 1");
        db->close();
        const Result<File> file = db->machine.disk.open(run_file(1), OpenMode::read);
        EXPECT_TRUE(file);
        run.resize(*db->machine.disk.size(*file));
        EXPECT_TRUE(db->machine.disk.read(*file, 0, run));
        db->machine.disk.close(*file);
        files = files_of(db->machine.disk);
    }
    // All is as it was, but the run. Null: there is none.
    void put(const Contents* contents) {
        Disk& disk = db->machine.disk;
        put_files(disk, files);
        static_cast<void>(disk.remove(run_file(1)));
        if (contents == nullptr) return;
        const Result<File> file = disk.open(run_file(1), OpenMode::create);
        ASSERT_TRUE(file);
        ASSERT_TRUE(disk.write(*file, 0, *contents, {}));
        disk.close(*file);
    }
    void expect_all(bool warns) {
        said.clear();
        db->connection.emplace();
        db->database.emplace();
        db->open();
        EXPECT_EQ(said.find("1 of 1 runs cannot be used") != std::string::npos, warns) << said;
        EXPECT_EQ(db->database->store().statistics().run_count, warns ? 0U : 1U);
        EXPECT_EQ(db->run("SELECT * FROM users"), "1|Ada|37\n2|Grace|85\n3|Alan|NULL\n");
        EXPECT_EQ(db->run("SELECT id FROM users WHERE age < 50"), "1\n");
        EXPECT_EQ(db->run("SELECT age FROM users FOR SYSTEM_TIME AS OF COMMIT 2 WHERE id = 1"),
                  "36\n");
        EXPECT_EQ(db->run("PRAGMA integrity_check"), "ok\n");
        db->close();
    }

    Options options = database_options();
    std::string said;
    std::optional<OpenDatabase> db;
    Files files;
    Contents run;
};

TEST_F(SemanticsCOfLostRuns, C3_ARunThatIsMissingOrDamagedIsMadeUpForByTheLog) {
    expect_all(false);
    put(nullptr);
    expect_all(true);
    Contents cut{run.begin(), run.begin() + 4096};
    put(&cut);
    expect_all(true);
    Contents damaged = run;
    damaged[100] ^= std::byte{1};
    put(&damaged);
    expect_all(true);
}

// The same with checksums that are right.
TEST_F(SemanticsCOfLostRuns, C4_ARunOfAnotherFormatStoreNumberOrCommitIsNotTaken) {
    for (const std::size_t at : {8U, 16U, 24U, 184U, 200U}) {
        SCOPED_TRACE(at);
        Contents other = run;
        other[at] ^= std::byte{1};
        seal_header(other);
        put(&other);
        expect_all(true);
    }
}

}  // namespace
}  // namespace freshet::test
