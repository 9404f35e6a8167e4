// SPDX-License-Identifier: MIT
// Goal: a tree is printed in one way, which parses to the same tree and prints to the same text.
// Method: a table of statements and what they print; names that are every keyword; random
// statements from a grammar, with parentheses where nobody needs them.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "fuzz/tree_text.hpp"
#include "sql/parse.hpp"
#include "sql/print.hpp"

namespace freshet::sql {
namespace {

struct Printed {
    std::string text;  // Or what the error says.
    std::string tree;
};

Printed print_of(const std::string& text) {
    const std::size_t size = (text.size() + 16) * 512;
    const std::unique_ptr<std::byte[]> memory{new std::byte[size]};
    Arena arena{{memory.get(), size}};
    SqlError error;
    const auto parsed = parse_statement(text, 0, arena, error);
    if (!parsed) return {std::string{error.message()}, {}};
    fuzz::TreeText tree{text.size()};
    tree.put(*parsed->statement);
    EXPECT_TRUE(tree.is_sound) << text;
    std::string into(text.size() * 16 + 64, ' ');
    const auto printed = print(*parsed->statement, into);
    EXPECT_TRUE(printed) << text;
    return {std::string{*printed}, tree.out};
}

// What is printed is a fixed point with the same tree.
void expect_fixed(const std::string& text) {
    const Printed once = print_of(text);
    const Printed twice = print_of(once.text);
    ASSERT_FALSE(once.tree.empty()) << text << ": " << once.text;
    ASSERT_EQ(twice.text, once.text) << text;
    ASSERT_EQ(twice.tree, once.tree) << text << " and " << once.text;
}

struct Case {
    const char* text;
    const char* printed;  // Null: the text itself.
};

void expect_all(std::span<const Case> cases) {
    for (const auto& [text, printed] : cases) {
        EXPECT_EQ(print_of(text).text, printed == nullptr ? text : printed);
        expect_fixed(text);
    }
}

TEST(SqlPrint, PrintsTables) {
    constexpr Case cases[] = {
        {"create table t(a)", "CREATE TABLE t (a)"},
        {"CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY DESC AUTOINCREMENT)", nullptr},
        {"create table t(a int primary key auto_increment, b int auto_increment unique)",
         "CREATE TABLE t (a int PRIMARY KEY AUTOINCREMENT, b int AUTO_INCREMENT UNIQUE)"},
        {"create table \"t t\"(a varchar ( 30 ), b decimal(10,2), c double  precision)",
         "CREATE TABLE \"t t\" (a varchar(30), b decimal(10, 2), c double precision)"},
        {"CREATE TABLE t (a TEXT CONSTRAINT n NOT NULL NULL DEFAULT 'x' CHECK (a <> ''))", nullptr},
        {"create table t(a default -1, b default +1.5, c default null, d default (5), e default "
         "(1+a), f default current_timestamp, g default true, h default date '2026-01-01')",
         "CREATE TABLE t (a DEFAULT -1, b DEFAULT +1.5, c DEFAULT NULL, d DEFAULT 5, e DEFAULT (1 "
         "+ "
         "a), f DEFAULT CURRENT_TIMESTAMP, g DEFAULT TRUE, h DEFAULT DATE '2026-01-01')"},
        {"CREATE TABLE t (a REFERENCES u, b REFERENCES u (c) ON DELETE CASCADE ON UPDATE RESTRICT)",
         nullptr},
        {"CREATE TABLE t (a, b, CONSTRAINT k PRIMARY KEY (a, b DESC), UNIQUE (b), CHECK (a > b), "
         "FOREIGN KEY (a, b) REFERENCES u (c, d) ON DELETE SET NULL ON UPDATE NO ACTION)",
         nullptr},
        {"create table t(a) without rowid, strict", "CREATE TABLE t (a)"},
        {"create table t(a) with system versioning", "CREATE TABLE t (a)"},
        {"CREATE TABLE t (key TEXT, type TEXT, version INT, commit INT, hash BLOB, at INT)",
         nullptr},
        {"DROP TABLE t", nullptr},
        {"DROP TABLE IF EXISTS t", nullptr},
        {"DROP INDEX IF EXISTS i", nullptr},
        {"DROP VIEW v", nullptr},
        {"CREATE UNIQUE INDEX IF NOT EXISTS i ON t USING HASH (a, b DESC)", nullptr},
        {"create index i using btree on t(a asc)", "CREATE INDEX i ON t (a ASC)"},
        {"create index i on t(a) using hash", "CREATE INDEX i ON t USING HASH (a)"},
        {"CREATE VIEW IF NOT EXISTS v (a, b) AS SELECT 1, 2", nullptr},
        {"create temp view v as select 1", "CREATE TEMPORARY VIEW v AS SELECT 1"},
        {"alter table t add a int not null", "ALTER TABLE t ADD COLUMN a int NOT NULL"},
        {"ALTER TABLE t DROP COLUMN a", nullptr},
        {"alter table t rename a to b", "ALTER TABLE t RENAME COLUMN a TO b"},
        {"ALTER TABLE t RENAME TO u", nullptr},
        {"REINDEX", nullptr},
        {"REINDEX t", nullptr},
    };
    expect_all(cases);
}

TEST(SqlPrint, PrintsChanges) {
    constexpr Case cases[] = {
        {"insert into t values(1,'a'),(2,x'0AfF')", "INSERT INTO t VALUES (1, 'a'), (2, x'0aff')"},
        {"replace into t(a) default values", "INSERT OR REPLACE INTO t (a) DEFAULT VALUES"},
        {"INSERT OR ABORT INTO t AS u (a, b) SELECT * FROM v", nullptr},
        {"INSERT INTO t SELECT * FROM u JOIN v ON a = b ON CONFLICT DO NOTHING", nullptr},
        {"INSERT INTO t SELECT * FROM u, v ON CONFLICT (a) DO NOTHING", nullptr},
        {"INSERT INTO t SELECT * FROM u, v ON CONFLICT DO NOTHING", nullptr},
        {"INSERT INTO t SELECT * FROM u, v ON conflict = 1 ON CONFLICT DO NOTHING",
         "INSERT INTO t SELECT * FROM u, v ON \"conflict\" = 1 ON CONFLICT DO NOTHING"},
        {"INSERT INTO t VALUES (1) ON CONFLICT (a, b) DO UPDATE SET a = excluded.a, b = 2 WHERE c "
         "ON CONFLICT DO NOTHING RETURNING *, a AS b",
         nullptr},
        {"INSERT OR FAIL INTO t DEFAULT VALUES RETURNING a", nullptr},
        {"UPDATE OR IGNORE t AS u INDEXED BY i SET a = 1, b = b + 1 WHERE c EXPECT VERSION ?1 "
         "RETURNING a",
         nullptr},
        {"UPDATE OR ROLLBACK t NOT INDEXED SET a = 1", nullptr},
        {"DELETE FROM t", nullptr},
        {"DELETE FROM t AS u WHERE a EXPECT VERSION 3 RETURNING *", nullptr},
        {"APPEND 'order-1' ('Placed', '{}')", nullptr},
        {"APPEND :s EXPECT NO STREAM ('Placed', '{}', '{}', x'00'), (?, ?)", nullptr},
        {"append 's' expect stream exists ('t', 1)", "APPEND 's' EXPECT STREAM EXISTS ('t', 1)"},
        {"APPEND 's' EXPECT ANY ('t', 1)", nullptr},
        {"APPEND 's' EXPECT -1 ('t', 1)", nullptr},
        {"append 'a' || ? expect (any) ('t', 1)", "APPEND ('a' || ?) EXPECT (any) ('t', 1)"},
        {"CREATE STREAM 'order-1'", nullptr},
        {"ASSERT EXISTS (SELECT 1), 'message'", nullptr},
        {"ASSERT a = 1", nullptr},
        {"save as 'v' || ?", "SAVE AS 'v' || ?"},
    };
    expect_all(cases);
}

TEST(SqlPrint, PrintsSelects) {
    constexpr Case cases[] = {
        {"select all a b, t.*, * from t as x, u y", "SELECT a AS b, t.*, * FROM t AS x, u AS y"},
        {"select a 'b c', d as 'e''f'", "SELECT a AS \"b c\", d AS \"e'f\""},
        {"SELECT DISTINCT a FROM t WHERE b GROUP BY c, d HAVING e ORDER BY f ASC, g DESC NULLS "
         "LAST, "
         "h NULLS FIRST LIMIT 1 OFFSET 2",
         nullptr},
        {"select 1 limit 2, 3", "SELECT 1 LIMIT 3 OFFSET 2"},
        {"select 1 from a left outer join b on 1 natural right join c cross join d full join e "
         "using "
         "(x, y) inner join f",
         "SELECT 1 FROM a LEFT JOIN b ON 1 NATURAL RIGHT JOIN c CROSS JOIN d FULL JOIN e USING (x, "
         "y) INNER JOIN f"},
        {"SELECT 1 FROM (a JOIN b), (SELECT 2) AS c, (d)", nullptr},
        {"SELECT 1 FROM pragma_table_info('t') AS p, f()", nullptr},
        {"select 1 from t indexed by i, u not indexed",
         "SELECT 1 FROM t INDEXED BY i, u NOT INDEXED"},
        {"select 1 from t indexed, u as for", "SELECT 1 FROM t AS \"indexed\", u AS for"},
        {"VALUES (1, 2), (3, 4)", nullptr},
        {"SELECT 1 UNION SELECT 2 UNION ALL VALUES (3) INTERSECT SELECT 4 EXCEPT SELECT 5 ORDER BY "
         "1",
         nullptr},
        {"EXPLAIN SELECT 1", nullptr},
        {"EXPLAIN QUERY PLAN DELETE FROM t", nullptr},
        {"SELECT 1 FROM t FOR SYSTEM_TIME AS OF COMMIT 5 AS x", nullptr},
        {"select 1 from t for system_time as of transaction :n u",
         "SELECT 1 FROM t FOR SYSTEM_TIME AS OF COMMIT :n AS u"},
        {"SELECT 1 FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2026-11-21', u FOR SYSTEM_TIME ALL",
         nullptr},
        {"select 1 from t for system_time as of (timestamp 'x')",
         "SELECT 1 FROM t FOR SYSTEM_TIME AS OF (TIMESTAMP 'x')"},
        {"SELECT 1 FROM t FOR SYSTEM_TIME AS OF (commit)", nullptr},
        {"SELECT 1 FROM t FOR SYSTEM_TIME FROM 1 TO 2 LEFT JOIN u FOR SYSTEM_TIME BETWEEN ? AND ? "
         "ON "
         "1, v FOR SYSTEM_TIME CONTAINED IN (COMMIT 1, COMMIT 1 + 2)",
         nullptr},
        {"SET SYSTEM_TIME = COMMIT 7", nullptr},
        {"SET SYSTEM_TIME = '2026-11-21'", nullptr},
        {"SET SYSTEM_TIME = DEFAULT", nullptr},
    };
    expect_all(cases);
}

TEST(SqlPrint, PrintsExpressions) {
    constexpr Case cases[] = {
        {"SELECT ((a)) + ((b * (c)))", "SELECT a + b * c"},
        {"SELECT (a + b) * c - (d - e)", nullptr},
        {"SELECT (a + b) + c", nullptr},
        {"SELECT (a - b) + c", "SELECT a - b + c"},
        {"SELECT (a AND b) OR (c AND d)", "SELECT a AND b OR c AND d"},
        {"SELECT (a OR b) AND (c OR d)", nullptr},
        {"SELECT NOT (a AND b), NOT a = b, (NOT a) = b, NOT NOT a, -(NOT a)", nullptr},
        {"SELECT - -1, -(-(-a)), +-+1, ~-9223372036854775808, - -9223372036854775808",
         "SELECT - -1, - - -a, +-+1, ~-9223372036854775808, - -9223372036854775808"},
        {"SELECT 0x7f, 0xffffffffffffffff, 0x8000000000000000, 007",
         "SELECT 127, 0xffffffffffffffff, -9223372036854775808, 7"},
        {"SELECT 1.50, .5, 1., 1e5, 1E-5", nullptr},
        {"SELECT 'it''s', '', x'', NULL, TRUE, FALSE", nullptr},
        {"SELECT date 'a', time 'b', timestamp 'c', current_date, current_time, current_timestamp",
         "SELECT DATE 'a', TIME 'b', TIMESTAMP 'c', CURRENT_DATE, CURRENT_TIME, CURRENT_TIMESTAMP"},
        {"SELECT \"current_date\", \"select\", [a b], `c`, \"d\"\"e\", t.\"true\", \"1\"",
         "SELECT \"current_date\", \"select\", \"a b\", c, \"d\"\"e\", t.\"true\", \"1\""},
        {"SELECT a==b, a!=b, a<b, a>=b, a<<b>>c, a&b|c, a%b/c||d",
         "SELECT a = b, a <> b, a < b, a >= b, a << b >> c, a & b | c, a % b / c || d"},
        {"SELECT a isnull, a notnull, a not null, a is null, a is not null",
         "SELECT a IS NULL, a IS NOT NULL, a IS NOT NULL, a IS NULL, a IS NOT NULL"},
        {"SELECT (a IS NULL) < b, a IS (NULL < b), a IS NULL = b",
         "SELECT (a IS NULL) < b, a IS NULL < b, a IS NULL = b"},
        {"SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b", "SELECT a IS NOT b, a IS b"},
        {"SELECT a LIKE b ESCAPE c, a NOT LIKE (b = c), a GLOB b", nullptr},
        {"SELECT a BETWEEN 1 AND 2, a NOT BETWEEN (b AND c) AND (d = e)", nullptr},
        {"SELECT a IN (), a NOT IN (1, 2), a IN (SELECT 1), a IN t",
         "SELECT a IN (), a NOT IN (1, 2), a IN (SELECT 1), a IN (SELECT * FROM t)"},
        {"SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN a THEN b END", nullptr},
        {"SELECT CAST(a AS DECIMAL(10, 2)), count(*), count(DISTINCT a), f(a, b), f()", nullptr},
        {"SELECT EXISTS (SELECT 1), (SELECT 2), NOT EXISTS (VALUES (3))", nullptr},
        {"SELECT ?, ?7, :a, @b, $c", nullptr},
        {"SELECT (SELECT a + b * c || d, (SELECT 1))", nullptr},
    };
    expect_all(cases);
}

TEST(SqlPrint, PrintsTransactionsAndPragmas) {
    constexpr Case cases[] = {
        {"begin transaction", "BEGIN"},
        {"BEGIN DEFERRED", nullptr},
        {"BEGIN IMMEDIATE", nullptr},
        {"BEGIN EXCLUSIVE", nullptr},
        {"BEGIN READ ONLY", nullptr},
        {"BEGIN READ WRITE WITH (ACTOR = 'me', MESSAGE = 'why', READ_AT = 5)", nullptr},
        {"end transaction", "COMMIT"},
        {"commit", "COMMIT"},
        {"rollback transaction", "ROLLBACK"},
        {"rollback to s", "ROLLBACK TO SAVEPOINT s"},
        {"rollback to savepoint", "ROLLBACK TO SAVEPOINT savepoint"},
        {"SAVEPOINT s", nullptr},
        {"release s", "RELEASE SAVEPOINT s"},
        {"PRAGMA head", nullptr},
        {"PRAGMA user_version = 5", nullptr},
        {"PRAGMA verify(1, 2, 'x')", nullptr},
        {"PRAGMA table_info(item)", nullptr},
        {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys = \"ON\""},
        {"PRAGMA synchronous = full", "PRAGMA synchronous = \"full\""},
        {"PRAGMA x()", "PRAGMA x"},
    };
    expect_all(cases);
}

// A name that is any keyword, wherever names stand.
TEST(SqlPrint, QuotesNamesWhereTheyMustBe) {
    for (std::uint8_t i = 1; i < static_cast<std::uint8_t>(Word::count); i++) {
        const std::string name = '"' + std::string{text_of(Word{i})} + '"';
        for (const std::string before : {"SELECT ",
                                         "SELECT a = ",
                                         "SELECT NOT ",
                                         "SELECT a AS ",
                                         "SELECT 1 FROM ",
                                         "SELECT 1 FROM a AS ",
                                         "SELECT 1 FROM a JOIN b ON ",
                                         "SELECT 1 ORDER BY ",
                                         "SELECT 1 FROM a FOR SYSTEM_TIME AS OF ",
                                         "SELECT t.",
                                         "DELETE FROM ",
                                         "DROP TABLE ",
                                         "SAVEPOINT ",
                                         "RELEASE ",
                                         "ROLLBACK TO ",
                                         "PRAGMA ",
                                         "PRAGMA x = ",
                                         "REINDEX ",
                                         "SELECT CASE WHEN 1 THEN ",
                                         "ALTER TABLE t ADD ",
                                         "ALTER TABLE t DROP ",
                                         "ALTER TABLE t RENAME TO ",
                                         "SELECT 1 GROUP BY ",
                                         "UPDATE t SET a = ",
                                         "SELECT a IN ",
                                         "SET SYSTEM_TIME = ",
                                         "ASSERT ",
                                         "CREATE STREAM "}) {
            const bool is_case = before.find("CASE") != std::string::npos;
            expect_fixed(before + name + (is_case ? " END" : ""));
        }
        for (const std::string& text :
             {"CREATE TABLE " + name + " (" + name + ")", "CREATE INDEX " + name + " ON t (a)",
              "SELECT " + name + "(1), " + name + "." + name, "SELECT 1 FROM " + name + "(1)",
              "INSERT INTO " + name + " (" + name + ") VALUES (1)",
              "UPDATE " + name + " SET " + name + " = 1 EXPECT VERSION " + name,
              "APPEND " + name + " EXPECT (" + name + ") ('t', 1)",
              "SELECT 1 FROM a FOR SYSTEM_TIME FROM " + name + " TO " + name,
              "INSERT INTO t SELECT 1 FROM a JOIN b ON " + name + "(1)",
              "ALTER TABLE t RENAME " + name + " TO " + name, "BEGIN WITH (" + name + " = 1)"})
            expect_fixed(text);
    }
}

TEST(SqlPrint, SaysWhenItDoesNotFit) {
    const std::string text = "SELECT a + 1 FROM t WHERE b = 'c'";
    std::array<std::byte, 4096> memory{};
    Arena arena{memory};
    SqlError error;
    const auto parsed = parse_statement(text, 0, arena, error);
    ASSERT_TRUE(parsed);
    for (std::size_t size = 0; size <= text.size(); size++) {
        std::string into(size, ' ');
        const auto printed = print(*parsed->statement, into);
        EXPECT_EQ(static_cast<bool>(printed), size == text.size());
    }
    const Expression& where = *parsed->statement->select->arms.first->where;
    std::string into(64, ' ');
    EXPECT_EQ(*print(where, into), "b = 'c'");
    EXPECT_EQ(*print(*parsed->statement->select, into), text);
}

// Random expressions, in which every operand may stand in parentheses.
class Writer {
public:
    explicit Writer(std::uint32_t seed) : random_{seed} {}
    std::string expression(int depth) {
        const std::string text = bare(depth);
        return random_() % 3 == 0 ? "(" + text + ")" : text;
    }

private:
    std::string bare(int depth) {
        if (depth == 0) return leaf();
        const std::string left = expression(depth - 1);
        const std::string right = random_() % 2 == 0 ? leaf() : expression(depth - 1);
        static constexpr const char* infix[] = {" OR ",
                                                " AND ",
                                                " = ",
                                                " <> ",
                                                " IS ",
                                                " IS NOT ",
                                                " < ",
                                                " >= ",
                                                " & ",
                                                " | ",
                                                " << ",
                                                " + ",
                                                " - ",
                                                " * ",
                                                " / ",
                                                " % ",
                                                " || ",
                                                " OR ",
                                                " AND ",
                                                " + ",
                                                " LIKE ",
                                                " NOT GLOB ",
                                                " IS DISTINCT FROM "};
        switch (random_() % 12) {
            case 0: return "NOT " + left;
            case 1: return "- " + left;
            case 2: return "~" + left;
            case 3: return left + " IS NOT NULL";
            case 4: return left + " NOT BETWEEN (" + right + ") AND " + leaf();
            case 5: return left + " IN (" + right + ", 1)";
            case 6: return "CASE " + left + " WHEN 1 THEN " + right + " END";
            case 7: return "f(" + left + ", " + right + ")";
            default: return left + infix[random_() % std::size(infix)] + right;
        }
    }
    std::string leaf() {
        static constexpr const char* leaves[] = {"a", "1", "NULL", "'x'", "-9223372036854775808"};
        return leaves[random_() % std::size(leaves)];
    }
    std::mt19937 random_;
};

TEST(SqlPrint, PrintsRandomExpressionsSoThatTheyComeBack) {
    Writer writer{7};
    for (int i = 0; i < 5000; i++) expect_fixed("SELECT " + writer.expression(i % 6));
}

}  // namespace
}  // namespace freshet::sql
