// SPDX-License-Identifier: MIT
// Goal: whatever is wrong with a statement, there is one error: its code, its place in the text,
// words, and a hint; and the connection works on as if nothing had been. Method: a table of
// statements that are wrong in each way there is, and texts that are too long, too deep, or no text
// at all.
#include "database_fixture.hpp"

namespace freshet::test {
namespace {

constexpr std::string_view tables =
    "CREATE TABLE users (id INT PRIMARY KEY, name TEXT, age INT); CREATE INDEX by_age ON users "
    "(age); CREATE TABLE orders (id INT PRIMARY KEY, user INT REFERENCES users (id), cents INT);"
    "INSERT INTO users VALUES (1, 'Ada', 36), (2, 'Grace', 85);";

struct Wrong {
    const char* text;
    Code code;
    const char* place;  // What is at fault, of the text.
    const char* hint;
};

constexpr Code unknown = Code::unknown_name;
constexpr Code invalid = Code::invalid_argument;
constexpr Code exists = Code::already_exists;

constexpr Wrong names[] = {
    {"SELECT nmae FROM users", unknown, "nmae", "did you mean name?"},
    {"SELECT u.agee FROM users u", unknown, "u.agee", "did you mean age?"},
    {"SELECT usrs.id FROM users", unknown, "usrs.id", "did you mean users?"},
    {"SELECT 1 FROM user", unknown, "user", "did you mean users?"},
    {"SELECT 1 FROM users WHERE agee = 1", unknown, "agee", "did you mean age?"},
    {"SELECT 1 FROM users GROUP BY nmae", unknown, "nmae", "did you mean name?"},
    {"SELECT 1 FROM users GROUP BY id HAVING agee > 1", unknown, "agee", "did you mean age?"},
    {"SELECT 1 FROM users ORDER BY nmae", unknown, "nmae", "did you mean name?"},
    {"SELECT 1 FROM users u JOIN orders o ON u.id = o.usr", unknown, "o.usr", "did you mean user?"},
    {"SELECT lenght(name) FROM users", unknown, "lenght(name)", "did you mean length?"},
    {"SELECT CAST(1 AS INTT)", unknown, "INTT", "did you mean INT?"},
    {"INSERT INTO usrs VALUES (1)", unknown, "usrs", "did you mean users?"},
    {"INSERT INTO users (idd) VALUES (1)", unknown, "idd", "did you mean id?"},
    {"INSERT INTO users VALUES (1, 'x', 1) ON CONFLICT (id) DO UPDATE SET nmae = 1", unknown,
     "nmae", "did you mean name?"},
    {"INSERT INTO users VALUES (9, 'x', 1) RETURNING nmae", unknown, "nmae", "did you mean name?"},
    {"UPDATE usrs SET a = 1", unknown, "usrs", "did you mean users?"},
    {"UPDATE users SET nmae = 1", unknown, "nmae", "did you mean name?"},
    {"UPDATE users SET name = nmae", unknown, "nmae", "did you mean name?"},
    {"UPDATE users SET age = 1 WHERE agee = 1", unknown, "agee", "did you mean age?"},
    {"DELETE FROM usrs", unknown, "usrs", "did you mean users?"},
    {"DELETE FROM users WHERE agee = 1", unknown, "agee", "did you mean age?"},
    {"CREATE TABLE x (a INTT)", unknown, "INTT", "did you mean INT?"},
    {"CREATE TABLE x (ab INT, PRIMARY KEY (aa))", unknown, "aa", "did you mean ab?"},
    {"CREATE TABLE x (ab INT CHECK (aa > 1))", unknown, "aa", "did you mean ab?"},
    {"CREATE TABLE x (a INT REFERENCES usrs (id))", unknown, "usrs", "did you mean users?"},
    {"CREATE INDEX j ON usrs (id)", unknown, "usrs", "did you mean users?"},
    {"CREATE INDEX j ON users (idd)", unknown, "idd", "did you mean id?"},
    {"DROP TABLE usrs", unknown, "usrs", "did you mean users?"},
    {"DROP INDEX by_agee", unknown, "by_agee", "did you mean by_age?"},
    {"ALTER TABLE usrs ADD COLUMN x INT", unknown, "usrs", "did you mean users?"},
    {"ALTER TABLE users DROP COLUMN nmae", unknown, "nmae", "did you mean name?"},
    {"ALTER TABLE users RENAME COLUMN agee TO x", unknown, "agee", "did you mean age?"},
    {"SELECT * FROM users INDEXED BY by_agee", unknown, "by_agee", "did you mean by_age?"},
    {"UPDATE users INDEXED BY by_agee SET age = 1", unknown, "by_agee", "did you mean by_age?"},
    {"DELETE FROM users INDEXED BY by_agee", unknown, "by_agee", "did you mean by_age?"},
    {"SELECT * FROM orders INDEXED BY by_age", invalid, "by_age",
     "leave INDEXED BY out, or name one of orders"},
    {"PRAGMA table_infoo(users)", unknown, "table_infoo", "did you mean table_info?"},
    {"SELECT id FROM users, orders", unknown, "id", "say which: users.id or orders.id"},
    {"CREATE TABLE users (a INT)", exists, "users", "give it another name, or say IF NOT EXISTS"},
    {"CREATE INDEX by_age ON users (id)", exists, "by_age",
     "give it another name, or say IF NOT EXISTS"},
    {"ALTER TABLE users DROP COLUMN age", Code::in_use, "age", "drop the index first"},
    {"CREATE TABLE x (ab INT, b INT, AB TEXT)", exists, "AB", "give one of them another name"},
    {"SELECT row_end FROM users FOR SYSTEM_TIME AS OF COMMIT 2", invalid,
     "FOR SYSTEM_TIME AS OF COMMIT 2", "FOR SYSTEM_TIME ALL has row_end and commit_end"},
    {"SELECT 1 FROM users FOR SYSTEM_TIME AS OF COMMIT 2 AS u WHERE u.commit_end > 1", invalid,
     "FOR SYSTEM_TIME AS OF COMMIT 2", "FOR SYSTEM_TIME ALL has row_end and commit_end"},
};

constexpr const char* name_or_give = "name the columns behind the table, or give a value for each";
constexpr const char* range_hint = "with a point it is a FLOAT, between quotes a text";
constexpr const char* utf8_hint = "texts and names are UTF-8; write other bytes as x'..'";

constexpr Wrong values[] = {
    {"INSERT INTO users VALUES (1)", invalid, "VALUES (1)", name_or_give},
    {"INSERT INTO users VALUES (1, 2, 3, 4)", invalid, "VALUES (1, 2, 3, 4)", name_or_give},
    {"INSERT INTO users (id) VALUES (1, 2)", invalid, "VALUES (1, 2)", name_or_give},
    {"INSERT INTO users SELECT 1", invalid, "SELECT 1", name_or_give},
    {"INSERT INTO users (id, id) VALUES (1, 2)", invalid, "id", "name it once"},
    {"INSERT INTO users VALUES (7, 'x', 1), (8)", Code::syntax, "(8)", "count them"},
    {"SELECT 1 UNION SELECT 1, 2", Code::syntax, "SELECT 1, 2", "count them"},
    {"SELECT (SELECT 1, 2)", Code::syntax, "(SELECT 1, 2)", "select just one"},
    {"SELECT substr(1, 2, 3, 4)", Code::syntax, "substr(1, 2, 3, 4)", "look at how many it takes"},
    {"SELECT 9223372036854775808", Code::syntax, "9223372036854775808", range_hint},
    {"SELECT -9223372036854775809", Code::syntax, "9223372036854775809", range_hint},
    {"SELECT 1 LIMIT 99999999999999999999", Code::syntax, "99999999999999999999", range_hint},
    {"SELECT 0x10000000000000000", Code::syntax, "0x10000000000000000", range_hint},
    {"INSERT INTO users VALUES (9223372036854775808, 'x', 1)", Code::syntax, "9223372036854775808",
     range_hint},
    {"SELECT ?99999", Code::too_large, "?99999",
     "give a longer list of values in several statements"},
    {"SELECT '\xff'", Code::syntax, "\xff", utf8_hint},
    {"SELECT \xc3 FROM users", Code::syntax, "\xc3", utf8_hint},
    {"INSERT INTO users VALUES (3, '\xc0\xaf', 1)", Code::syntax, "\xc0", utf8_hint},
    {"SELECT 'abc", Code::syntax, "'", "close it with '"},
    {"SELECT x'abc'", Code::syntax, "x'abc'", "write it as x'0aff'"},
    {"SELEC 1", Code::syntax, "SELEC", "did you mean SELECT?"},
    {"SELECT (1", Code::syntax, "", "the statement is not complete"},
    {"COMMIT", invalid, "COMMIT", "BEGIN begins one"},
};

class SqlErrors : public ::testing::Test {
protected:
    SqlErrors() { EXPECT_EQ(db.run(tables), "") << db.error.message(); }
    void expect(const Wrong& wrong) {
        const std::string text = wrong.text;
        EXPECT_EQ(db.run(text), std::string{"error "} + code_name(wrong.code)) << text;
        ASSERT_LE(db.error.offset + db.error.size, text.size()) << text;
        EXPECT_EQ(text.substr(db.error.offset, db.error.size), wrong.place) << text;
        EXPECT_EQ(db.error.hint(), wrong.hint) << text;
        EXPECT_FALSE(db.error.message().empty()) << text;
        expect_alive();
    }
    // One error of this code, with words, somewhere in the text; then everything is as it was.
    void expect(const std::string& text, Code code) {
        EXPECT_EQ(db.run(text), std::string{"error "} + code_name(code)) << text.substr(0, 80);
        EXPECT_LE(db.error.offset + db.error.size, text.size()) << text.substr(0, 80);
        EXPECT_FALSE(db.error.message().empty()) << text.substr(0, 80);
        EXPECT_FALSE(db.error.hint().empty()) << text.substr(0, 80);
        expect_alive();
    }
    void expect_alive() { EXPECT_EQ(db.run("SELECT * FROM users"), "1|Ada|36\n2|Grace|85\n"); }

    OpenDatabase db;
};

std::string repeated(std::string_view part, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; i++) text += part;
    return text;
}

TEST_F(SqlErrors, NameTheNameThatIsUnknownAndTheOneThatWasMeant) {
    for (const Wrong& wrong : names) expect(wrong);
}

TEST_F(SqlErrors, NameTheValueThatIsWrong) {
    for (const Wrong& wrong : values) expect(wrong);
}

TEST_F(SqlErrors, CountThePlaceFromTheStartOfTheWholeText) {
    EXPECT_EQ(db.run("SELECT 1; SELECT nmae FROM users"), "1\nerror unknown-name");
    EXPECT_EQ(db.error.offset, 17U);
}

// What a constraint or a type refuses is no fault of the text, but it has words too.
TEST_F(SqlErrors, HaveAHintForWhatATableRefuses) {
    expect("INSERT INTO users VALUES (1, 'x', 1)", Code::constraint_failed);
    expect("INSERT INTO users VALUES ('x', 'x', 1)", Code::type_mismatch);
    expect("INSERT INTO users VALUES (NULL, 'x', 1)", Code::constraint_failed);
    expect("INSERT INTO orders VALUES (1, 99, 1)", Code::constraint_failed);
    expect("SELECT sum(9223372036854775807) FROM users", Code::too_large);
    expect("SELECT CAST(x'ff' AS TEXT)", Code::type_mismatch);
    expect("SELECT * FROM users FOR SYSTEM_TIME AS OF COMMIT 99", Code::ahead_of_log);
}

TEST_F(SqlErrors, TakeSixtyFourLevelsAndRefuseTooMany) {
    struct Nest {
        const char* opening;
        const char* middle;
        const char* closing;
        const char* answer;
    };
    constexpr Nest nests[] = {{"(", "1", ")", "1\n"},
                              {"NOT ", "1", "", "1\n"},
                              {"(SELECT ", "1", ")", "1\n"},
                              {"CASE WHEN ", "1", " THEN 1 END", "1\n"},
                              {"coalesce(NULL, ", "1", ")", "1\n"}};
    for (const Nest& nest : nests) {
        const auto nested = [&](std::size_t depth) {
            return "SELECT " + repeated(nest.opening, depth) + nest.middle +
                   repeated(nest.closing, depth);
        };
        EXPECT_EQ(db.run(nested(64)), nest.answer) << nest.opening << db.error.message();
        for (const std::size_t depth : {300U, 10'000U}) expect(nested(depth), Code::too_large);
    }
    const std::string from = repeated("SELECT * FROM (", 64) + "users" + repeated(")", 64);
    EXPECT_EQ(db.run(from.substr(0, from.find("(users")) + "users" + repeated(")", 63)),
              "1|Ada|36\n2|Grace|85\n")
        << db.error.message();
}

// Whatever is long is refused for the memory that it would take, which its caller has lent.
TEST_F(SqlErrors, RefuseWhatIsTooLong) {
    constexpr std::size_t size = std::size_t{10} << 20;
    expect("SELECT '" + std::string(size, 'x') + "'", Code::out_of_memory);
    expect("SELECT 1 -- " + std::string(size, 'x'), Code::out_of_memory);
    expect("SELECT 1 IN (1" + repeated(", 1", size / 3) + ")", Code::out_of_memory);
    expect("SELECT 1" + repeated(" UNION ALL SELECT 1", 20'000), Code::out_of_memory);
    expect("SELECT 1" + repeated(" + 1", 20'000), Code::out_of_memory);
    expect("SELECT 1 FROM users" + repeated(", users", 100), Code::too_large);
}

TEST(SqlErrorsOfLongTexts, AreNoneWhereThereIsTheMemory) {
    OpenDatabase db{database_options(), std::size_t{640} << 20};
    constexpr std::size_t size = std::size_t{10} << 20;
    EXPECT_EQ(db.run("SELECT length('" + std::string(size, 'x') + "')"),
              std::to_string(size) + "\n")
        << db.error.message();
    std::string text = "SELECT 1 IN (?";
    for (int i = 1; i < 10'000; i++) text += ",?";
    Statement statement;
    ASSERT_TRUE(statement.prepare(*db.connection, text + ")", db.error)) << db.error.message();
    EXPECT_EQ(statement.parameter_count(), 10'000U);
    ASSERT_TRUE(statement.bind(10'000, Value::integer(1)));
    EXPECT_EQ(statement.bind(10'001, Value::integer(1)).error().code, Code::invalid_argument);
    const Result<bool> there = statement.step(db.error);
    ASSERT_TRUE(there && *there) << db.error.message();
    EXPECT_EQ(statement.row()[0], Value::integer(1));
}

// The plan is of tables that are gone: the rows end with an error, and so does the next run.
TEST_F(SqlErrors, EndTheRowsOfATableThatIsDropped) {
    Statement rows;
    ASSERT_TRUE(rows.prepare(*db.connection, "SELECT name FROM users", db.error));
    const Result<bool> first = rows.step(db.error);
    ASSERT_TRUE(first && *first);
    EXPECT_EQ(db.run("DROP TABLE orders; DROP TABLE users"), "") << db.error.message();
    EXPECT_FALSE(rows.step(db.error));
    EXPECT_FALSE(db.error.message().empty());
    EXPECT_FALSE(rows.step(db.error));
    EXPECT_EQ(db.error.error.code, Code::unknown_name);
    EXPECT_EQ(db.error.offset, 17U);
    EXPECT_EQ(db.run("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('x')"), "");
    const Result<bool> again = rows.step(db.error);
    ASSERT_TRUE(again && *again) << db.error.message();
    EXPECT_EQ(text_of(rows.row()[0]), "x");
}

// Another connection drops it: what began before sees the moment at which it began.
TEST_F(SqlErrors, LetRowsEndThatBeganBeforeAnotherDropped) {
    std::vector<std::byte> memory(std::size_t{4} << 20);
    Connection other;
    ASSERT_TRUE(other.open(*db.database, memory));
    Statement rows;
    ASSERT_TRUE(rows.prepare(other, "SELECT name FROM users", db.error));
    const Result<bool> first = rows.step(db.error);
    ASSERT_TRUE(first && *first);
    EXPECT_EQ(db.run("DROP TABLE orders; DROP TABLE users"), "") << db.error.message();
    const Result<bool> second = rows.step(db.error);
    ASSERT_TRUE(second && *second) << db.error.message();
    EXPECT_EQ(text_of(rows.row()[0]), "Grace");
    const Result<bool> end = rows.step(db.error);
    ASSERT_TRUE(end && !*end);
    EXPECT_FALSE(rows.step(db.error));
    EXPECT_EQ(db.error.error.code, Code::unknown_name);
    rows.close();
    EXPECT_EQ(db.run(other, "SELECT 1"), "1\n");
}

}  // namespace
}  // namespace freshet::test
