// SPDX-License-Identifier: MIT
// Goal: a statement that does not have the memory it wants says out_of_memory and leaves nothing
// behind, wherever that happens. Method: each statement is run in connections of every size, in
// small steps, until it comes to its end: what all tables hold then is what they held before, or
// what the statement with plenty of memory made of them.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

constexpr std::size_t plenty = std::size_t{4} << 20;

class StatementMemory : public testing::Test {
protected:
    StatementMemory() {
        Options options = database_options();
        options.pool_size = std::size_t{8} << 20;
        options.segment_size = 1 << 20;
        options.segment_count_max = 8;
        db_.emplace(options, plenty);
        EXPECT_EQ(
            run("CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
                "  mail TEXT UNIQUE, age INT CHECK (age >= 0));"
                "CREATE INDEX by_age ON people (age);"
                "CREATE INDEX by_name ON people USING HASH (name);"
                "CREATE TABLE orders (id INT PRIMARY KEY,"
                "  person INT REFERENCES people ON DELETE CASCADE ON UPDATE CASCADE, item TEXT);"
                "CREATE INDEX by_person ON orders (person);"
                "CREATE TABLE notes (body TEXT, n INT)"),
            "");
        EXPECT_EQ(run("CREATE TABLE wide (a INT PRIMARY KEY" + columns() + ")"), "");
        for (int i = 1; i <= 24; i++) {
            const std::string number = std::to_string(i);
            EXPECT_EQ(run("INSERT INTO people VALUES (" + number + ", 'name of " + number +
                          "', 'mail-" + number + "', " + std::to_string(i % 7) + ");" +
                          "INSERT INTO notes VALUES ('note', " + number + ")"),
                      "");
        }
        EXPECT_EQ(run("INSERT INTO orders SELECT id, id % 5 + 1, 'item ' || id FROM people"), "");
    }
    static std::string columns() {
        std::string text;
        for (int i = 0; i < 30; i++) {
            const std::string name = "column_" + std::to_string(i);
            text += ", " + name + " TEXT DEFAULT 'value' CHECK (" + name + " <> 'none')";
        }
        return text;
    }
    std::string run(std::string_view sql) { return db_->run(sql); }

    // All that there is, definitions too.
    std::string everything(Connection& connection) {
        return db_->run(connection,
                        "SELECT * FROM people ORDER BY id; SELECT * FROM orders ORDER BY id;"
                        "SELECT * FROM notes ORDER BY n, body; SELECT name, sql FROM sqlite_schema;"
                        "SELECT id FROM people WHERE age = 3 ORDER BY id;"
                        "SELECT id FROM orders WHERE person = 2 ORDER BY id;"
                        "SELECT stream, type FROM events");
    }
    std::string everything() { return everything(*db_->connection); }

    // In connections of every size. `undo` takes back what it does. Returns how many were too
    // small.
    int sweep(std::string_view sql, std::string_view undo = {}) {
        const std::string before = everything();
        const std::string answer = run(sql);
        EXPECT_EQ(answer.find("error"), std::string::npos) << sql << answer << db_->error.message();
        const std::string after = everything();
        run(undo);
        EXPECT_EQ(everything(), before) << undo;
        int refused = 0;
        for (std::size_t size = smallest_; size < plenty; size += step_) {
            const Lent memory{size};
            Connection poor;
            const Status opened =
                poor.open(*db_->database, memory,
                          {.statement_count_max = 1, .catalog_size = 32768, .spill_size_max = 0});
            if (!opened) {
                EXPECT_EQ(opened.error(), Code::out_of_memory);
                smallest_ = size;
                continue;
            }
            const std::string said = db_->run(poor, sql);
            if (said == answer) {
                EXPECT_EQ(everything(), after) << sql << " with " << size << " bytes";
                poor.close();
                run(undo);
                EXPECT_EQ(everything(), before) << undo;
                return refused;
            }
            refused++;
            EXPECT_TRUE(said.ends_with("error out-of-memory"))
                << sql << " with " << size << " bytes: " << said << db_->error.message();
            EXPECT_TRUE(db_->error.message().size() > 0);
            poor.close();
            EXPECT_EQ(everything(), before) << sql << " with " << size << " bytes";
            if (HasFailure()) return refused;
        }
        ADD_FAILURE() << sql << ": nothing is enough";
        return refused;
    }

    std::optional<OpenDatabase> db_;
    std::size_t smallest_ = 40 << 10;
    std::size_t step_ = 160;
};

TEST_F(StatementMemory, SelectsSayThatItDoesNotDo) {
    for (const std::string_view sql :
         {"SELECT * FROM people WHERE id = 7",
          "SELECT name FROM people WHERE age = 3 ORDER BY name DESC",
          "SELECT p.name, o.item FROM people p JOIN orders o ON o.person = p.id ORDER BY o.id",
          "SELECT p.name, o.item FROM people p LEFT JOIN orders o ON o.item = p.mail",
          "SELECT age, count(*), group_concat(DISTINCT name) FROM people GROUP BY age "
          "HAVING count(*) > 1 ORDER BY age",
          "SELECT DISTINCT age FROM people UNION SELECT n FROM notes ORDER BY 1",
          "SELECT name FROM people WHERE id IN (SELECT person FROM orders) ORDER BY id",
          "SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.person = p.id)",
          "SELECT * FROM people FOR SYSTEM_TIME AS OF COMMIT 9 ORDER BY id",
          "SELECT upper(name) || '-' || length(name) FROM people ORDER BY 1 LIMIT 3"})
        EXPECT_GT(sweep(sql), 0) << sql;
}

TEST_F(StatementMemory, InsertsLeaveNothing) {
    EXPECT_GT(sweep("INSERT INTO notes VALUES ('a', 101), "
                    "(hex(hex(hex(hex(hex('of which many bytes become, two of each'))))), 102), "
                    "('c', 103)",
                    "DELETE FROM notes WHERE n > 100"),
              0);
    EXPECT_GT(sweep("INSERT INTO notes SELECT name, id + 100 FROM people",
                    "DELETE FROM notes WHERE n > 100"),
              0);
    EXPECT_GT(sweep("INSERT INTO orders VALUES (101, 3, 'x'), (102, NULL, 'y') RETURNING *",
                    "DELETE FROM orders WHERE id > 100"),
              0);
    EXPECT_GT(sweep("INSERT INTO people (id, name, mail) VALUES (3, 'C', 'c') "
                    "ON CONFLICT (id) DO UPDATE SET name = excluded.name || name",
                    "UPDATE people SET name = 'name of 3' WHERE id = 3"),
              0);
}

TEST_F(StatementMemory, ChangesLeaveNothing) {
    EXPECT_GT(sweep("UPDATE people SET age = age + 1, name = name || '!'",
                    "UPDATE people SET age = age - 1, name = substr(name, 1, length(name) - 1)"),
              0);
    EXPECT_GT(
        sweep("UPDATE people SET id = 202 WHERE id = 2", "UPDATE people SET id = 2 WHERE id = 202"),
        3);
    EXPECT_GT(sweep("DELETE FROM notes WHERE n < 20",
                    "INSERT INTO notes SELECT 'note', id FROM people WHERE id < 20"),
              0);
    EXPECT_GT(sweep("DELETE FROM people WHERE id = 5",
                    "INSERT INTO people VALUES (5, 'name of 5', 'mail-5', 5);"
                    "INSERT INTO orders SELECT id, 5, 'item ' || id FROM people WHERE id % 5 = 4"),
              0);
}

TEST_F(StatementMemory, DefinitionsLeaveNothing) {
    EXPECT_GT(sweep("CREATE TABLE more (a INT PRIMARY KEY, b TEXT UNIQUE" + columns() + ")",
                    "DROP TABLE more"),
              0);
    EXPECT_GT(sweep("CREATE INDEX by_3 ON wide (column_3, a DESC)", "DROP INDEX by_3"), 0);
    EXPECT_GT(sweep("ALTER TABLE wide ADD COLUMN more TEXT DEFAULT 'x'",
                    "ALTER TABLE wide DROP COLUMN more"),
              0);
    EXPECT_GT(sweep("ALTER TABLE wide RENAME COLUMN column_9 TO nine",
                    "ALTER TABLE wide RENAME COLUMN nine TO column_9"),
              0);
}

TEST_F(StatementMemory, EventsLeaveNothing) {
    EXPECT_GT(sweep("SELECT stream, type FROM events ORDER BY ordinal"), 0);
    EXPECT_GT(sweep("BEGIN; INSERT INTO notes VALUES ('a', 101);"
                    "UPDATE notes SET body = 'b' WHERE n = 101; COMMIT",
                    "DELETE FROM notes WHERE n > 100"),
              0);
}

}  // namespace
}  // namespace freshet::test
