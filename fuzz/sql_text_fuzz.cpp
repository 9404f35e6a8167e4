// SPDX-License-Identifier: MIT
// Any bytes as SQL. Each statement is refused, at a place in the text and with words, or parsed;
// then it is printed, and what is printed parses to the same tree and prints to the same text.
#include <algorithm>
#include <memory>

#include "fuzz/target.hpp"
#include "fuzz/tree_text.hpp"
#include "sql/parse.hpp"
#include "sql/print.hpp"
#include "sql/statement_hash.hpp"

namespace freshet::fuzz {
namespace {

// A byte of text makes at most a node and what leads to it: ((1)) values, a b c columns.
constexpr std::size_t memory_per_byte = 512;
constexpr std::size_t memory_least = 8192;

struct Memory {
    explicit Memory(std::size_t text_size)
        : size{memory_least + text_size * memory_per_byte}, bytes{new std::byte[size]} {}
    std::size_t size;
    std::unique_ptr<std::byte[]> bytes;  // Not cleared, which would take longer than all else.
    Arena arena{{bytes.get(), size}};
};

std::string printed(const sql::Statement& statement, std::size_t text_size) {
    std::string into(text_size * 16 + 256, '\0');
    const auto text = sql::print(statement, into);
    require(static_cast<bool>(text), "what is printed is much longer than what was written");
    return std::string{*text};
}

std::string tree_text(const sql::Statement& statement, std::size_t text_size) {
    TreeText tree{text_size};
    tree.put(statement);
    require(tree.is_sound, "a place outside the text, or a wrong height or count");
    return tree.out;
}

void check_error(const SqlError& error, Code code, std::string_view text) {
    require(error.error.code == code, "another code in the error");
    require(code == Code::syntax || code == Code::too_large, "a code that is not the text's fault");
    require(error.offset <= text.size(), "an error outside the text");
    require(error.size <= text.size() - error.offset, "an error that ends outside the text");
    require(!error.message().empty() && !error.hint().empty(), "an error without words");
    require(error.message().size() <= SqlError::text_size_max, "more words than there is room");
}

void check_statement(const sql::Statement& statement, std::string_view text) {
    const std::string tree = tree_text(statement, text.size());
    const std::string first = printed(statement, text.size());
    Memory memory{first.size()};
    SqlError error;
    const auto again = sql::parse_statement(first, 0, memory.arena, error);
    require(again && again->statement != nullptr, "what is printed does not parse");
    require(again->end == first.size(), "what is printed is more than a statement");
    require(tree_text(*again->statement, first.size()) == tree, "it parses to another tree");
    require(printed(*again->statement, first.size()) == first, "it prints to another text");
}

// The place behind the statement; the text's size where there is none.
std::uint32_t check_next(std::string_view text, std::uint32_t from) {
    const sql::StatementEnd end = sql::find_statement_end(text, from);
    const std::string_view rest = text.substr(from);
    const sql::StatementWords words = sql::cut_statement(rest);
    const bool is_empty = words.hash == 0;  // Those are skipped.
    Memory memory{(is_empty ? text.size() : end.offset) - from};
    SqlError error;
    const auto parsed = sql::parse_statement(text, from, memory.arena, error);
    require(end.offset <= text.size() && (end.offset > from || from == text.size()), "no way on");
    require(from + words.end == end.offset, "a hash of something else");
    bool is_exact = false;
    require(sql::is_same_statement({rest, words}, {rest, words}, 0, is_exact) && is_exact,
            "it differs from itself");
    if (!parsed) {
        check_error(error, parsed.error().code, text);
        return end.offset;
    }
    require(error.error.code == Code::none, "an error where there is none");
    require(parsed->end <= text.size() && parsed->end >= from, "an end outside the text");
    if (parsed->statement != nullptr)
        check_statement(*parsed->statement, {text.data(), parsed->end});
    return parsed->end;
}

Seed sql(std::string name, std::string_view text) {
    const Bytes bytes = as_bytes(text);
    return {std::move(name), Contents(bytes.begin(), bytes.end())};
}

struct Group {
    const char* name;
    const char* text;
};
constexpr Group groups[] = {
    {"tables",
     "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(30) NOT "
     "NULL DEFAULT 'none', price DECIMAL(10, 2) CHECK (price >= 0), box INT CONSTRAINT b "
     "REFERENCES "
     "box (id) ON DELETE CASCADE ON UPDATE SET NULL, due DOUBLE PRECISION NULL UNIQUE DEFAULT "
     "(1 + 2), CONSTRAINT k UNIQUE (name, box DESC), FOREIGN KEY (a, b) REFERENCES c (d, e)) "
     "WITHOUT "
     "ROWID, STRICT; CREATE TABLE v (x) WITH SYSTEM VERSIONING; DROP TABLE IF EXISTS item"},
    {"indexes",
     "CREATE UNIQUE INDEX IF NOT EXISTS i ON item USING HASH (name ASC, box DESC); CREATE INDEX j "
     "USING BTREE ON item(a); DROP INDEX IF EXISTS i; REINDEX; REINDEX i; CREATE TEMP VIEW w(a, b) "
     "AS SELECT 1, 2; DROP VIEW w"},
    {"alter",
     "ALTER TABLE a ADD COLUMN b TEXT NOT NULL; ALTER TABLE a DROP b; ALTER TABLE a RENAME COLUMN "
     "b "
     "TO c; ALTER TABLE a RENAME b TO c; ALTER TABLE a RENAME TO d"},
    {"insert",
     "INSERT OR IGNORE INTO t AS u (a, b) VALUES (1, 'x'), (-2, NULL) ON CONFLICT (a) DO UPDATE "
     "SET "
     "b = excluded.b, c = 2 WHERE a > 1 ON CONFLICT DO NOTHING RETURNING *, a AS z; REPLACE INTO t "
     "DEFAULT VALUES; INSERT INTO t SELECT * FROM s, r ON CONFLICT DO NOTHING"},
    {"change",
     "UPDATE OR FAIL t AS u SET a = a + 1, b = (SELECT max(c) FROM d) WHERE id = ?1 EXPECT VERSION "
     "7 "
     "RETURNING a; DELETE FROM t INDEXED BY i WHERE a IN (1, 2, 3) EXPECT VERSION :v"},
    {"select",
     "SELECT DISTINCT t.*, a AS b, count(*) n, sum(DISTINCT c) FROM t AS x LEFT OUTER JOIN u ON "
     "x.a = "
     "u.a NATURAL JOIN v CROSS JOIN (w, z) JOIN q USING (a, b) WHERE a NOT BETWEEN 1 AND 2 + 3 AND "
     "b "
     "LIKE 'x%' ESCAPE '!' GROUP BY a, b HAVING count(*) > 1 ORDER BY 1 DESC NULLS LAST, b LIMIT "
     "5, "
     "10"},
    {"compound",
     "SELECT 1 UNION ALL VALUES (2), (3) EXCEPT SELECT a FROM (SELECT b FROM c) d INTERSECT SELECT "
     "5 "
     "ORDER BY 1 LIMIT 1 OFFSET 2"},
    {"time",
     "SELECT * FROM a FOR SYSTEM_TIME AS OF COMMIT 5 x, b FOR SYSTEM_TIME AS OF TIMESTAMP "
     "'2026-11-21T12:00:00Z' JOIN c FOR SYSTEM_TIME BETWEEN ? AND ? ON 1, d FOR SYSTEM_TIME FROM 1 "
     "TO "
     "2, e FOR SYSTEM_TIME CONTAINED IN (1, TRANSACTION 2), f FOR SYSTEM_TIME ALL; SET SYSTEM_TIME "
     "= "
     "COMMIT 3; SET SYSTEM_TIME = DEFAULT; SAVE AS 'v' || :n"},
    {"expressions",
     "SELECT a OR NOT b AND c = d IS NOT NULL, -1 - -2 * ~3 || 'x' << 2 & 4 | 5 % 6, a IS DISTINCT "
     "FROM b, c ISNULL, d NOT NULL, e NOTNULL, CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN a THEN b "
     "END, CAST(a AS DOUBLE PRECISION), EXISTS (SELECT 1), (SELECT 2), a IN (), a NOT IN t, x GLOB "
     "'*', -9223372036854775808, 0xff, 1.5e-3, .5, x'0aFF', DATE '2026-11-21', CURRENT_TIMESTAMP, "
     "TRUE, \"a\"\"b\", `c`, [d], ?, ?3, :n, @n, $n"},
    {"transactions",
     "BEGIN; BEGIN IMMEDIATE TRANSACTION WITH (ACTOR = 'me', MESSAGE = 'why', READ_AT = 5); BEGIN "
     "READ ONLY; SAVEPOINT a; RELEASE SAVEPOINT a; ROLLBACK TO a; ROLLBACK; END TRANSACTION; "
     "COMMIT"},
    {"streams",
     "CREATE STREAM 'order-1'; APPEND 'order-1' EXPECT NO STREAM ('Placed', '{}', '{}', x'00'), "
     "('Paid', ?); APPEND :s EXPECT 7 ('Sent', NULL); APPEND 's' EXPECT ANY ('t', 1); APPEND 's' "
     "EXPECT STREAM EXISTS ('t', 1); ASSERT EXISTS (SELECT 1), 'no'"},
    {"pragmas",
     "PRAGMA table_info(item); PRAGMA user_version = 5; PRAGMA foreign_keys = ON; PRAGMA head; "
     "EXPLAIN "
     "QUERY PLAN SELECT * FROM pragma_table_info('item') AS p; EXPLAIN DELETE FROM t"},
    {"names",
     "SELECT key, type, version, commit, stream, hash, at, left, replace(a, b, c), date, "
     "current_time FROM \"select\" AS \"from\" /* a comment */ -- and a line"},
    {"broken", "SELECT 'open; SELECT \"open; /* open"},
    {"not-utf8", "SELECT '\xc0\xaf'; SELECT \xff"},
    {"deep", "SELECT ((((((((NOT NOT - - -(1 + (2 - (3 * (SELECT (4 IN ((5)))))))))))))))"},
    {"long", "SELECT 1+2+3-4-5*6*7/8||9||a AND b AND c OR d OR e OR f"},
};

}  // namespace

std::vector<Seed> make_seeds() {
    std::vector<Seed> seeds;
    for (const Group& group : groups) seeds.push_back(sql(group.name, group.text));
    return seeds;
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = freshet::as_text(freshet::fuzz::input(data, size));
    std::uint32_t from = 0;
    while (from < text.size()) from = freshet::fuzz::check_next(text, from);
    return 0;
}
