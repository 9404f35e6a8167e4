// SPDX-License-Identifier: MIT
// Goal: SQL becomes the tree that it means, whatever it is made of and however long it is; what is
// no SQL is refused at its place, with a sentence and a hint; and neither memory, nor depth, nor a
// text that breaks off does any harm. Method: trees of examples of each rule, written out; a table
// of errors; each example cut at every byte and given every size of memory.
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/tree_text.hpp"
#include "sql/parse.hpp"
#include "sql/print.hpp"

namespace freshet::sql {
namespace {

// A text with memory enough, parsed.
struct Outcome {
    explicit Outcome(std::string_view text, std::uint32_t from = 0)
        : size{(text.size() + 16) * 512},
          memory{new std::byte[size]},
          arena{{memory.get(), size}},
          parsed{parse_statement(text, from, arena, error)} {}
    [[nodiscard]] const Statement& statement() const { return *parsed->statement; }
    [[nodiscard]] bool ok() const { return static_cast<bool>(parsed); }
    [[nodiscard]] std::string message() const { return std::string{error.message()}; }

    SqlError error;
    std::size_t size;
    std::unique_ptr<std::byte[]> memory;
    Arena arena;
    Result<Parsed> parsed;
};

// Of the only result column of SELECT.
const Expression& expression_of(const Outcome& outcome) {
    return *outcome.statement().select->arms.first->columns.first->value;
}

std::string tree(const std::string& expression) {
    const std::string text = "SELECT " + expression;
    const Outcome outcome{text};
    if (!outcome.ok()) return outcome.message();
    fuzz::TreeText tree{text.size()};
    tree.put(&expression_of(outcome));
    return tree.is_sound ? tree.out : "not sound: " + tree.out;
}

TEST(Parser, BindsOperatorsAsSqliteDoes) {
    // Two texts with one tree: as it is written, and with all parentheses.
    const struct {
        const char* written;
        const char* meant;
    } pairs[] = {
        {"a or b and c", "a or (b and c)"},
        {"not a and b", "(not a) and b"},
        {"not a = b", "not (a = b)"},
        {"not not a", "not (not a)"},
        {"1 + not a = b", "1 + (not (a = b))"},
        {"a = b = c", "(a = b) = c"},
        {"a < b = c < d", "(a < b) = (c < d)"},
        {"a < b < c", "(a < b) < c"},
        {"a & b < c | d", "(a & b) < (c | d)"},
        {"a & b + c << d", "(a & (b + c)) << d"},
        {"a + b * c - d", "(a + (b * c)) - d"},
        {"a - b - c", "a - b - c"},
        {"a * b || c / d", "(a * (b || c)) / d"},
        {"-a || b", "(-a) || b"},
        {"- - a", "-(-a)"},
        {"~a * b", "(~a) * b"},
        {"a is null = b", "(a is null) = b"},
        {"a is null < b", "a is (null < b)"},
        {"a isnull is not null", "(a is null) is not null"},
        {"a not null and b notnull", "(a is not null) and (b is not null)"},
        {"a is not b or c", "(a is not b) or c"},
        {"a is distinct from b", "a is not b"},
        {"a is not distinct from b", "a is b"},
        {"a is not distinct from null", "a is null"},
        {"a between b and c and d", "(a between b and c) and d"},
        {"a between b = c and d = e", "(a between (b = c) and d) = e"},
        {"a between b and c between d and e", "(a between b and c) between d and e"},
        {"not a between 1 and 2", "not (a between 1 and 2)"},
        {"a like b || c escape d", "a like (b || c) escape d"},
        {"a not like b = c", "(a not like b) = c"},
        {"a like b < c", "a like (b < c)"},
        {"a in (1) = b", "(a in (1)) = b"},
        {"a + b in (1, 2)", "(a + b) in (1, 2)"},
        {"a in t", "a in (select * from t)"},
        {"a == b", "a = b"},
        {"a != b", "a <> b"},
        {"case a when b then c end + 1", "(case a when b then c end) + 1"},
        {"cast(a as int) || b", "(cast(a as int)) || b"},
        {"+ a - b", "(+a) - b"},
    };
    for (const auto& [written, meant] : pairs) EXPECT_EQ(tree(written), tree(meant)) << written;
    EXPECT_NE(tree("a - (b - c)"), tree("a - b - c"));
    EXPECT_NE(tree("(a + b) + c"), tree("a + b + c"));
    EXPECT_NE(tree("a is not b"), tree("a is b"));
}

TEST(Parser, MakesTreesOfExpressions) {
    const struct {
        const char* text;
        const char* tree;
    } cases[] = {
        {"a + b + c * 2", "(+ [ (col 'a') (col 'b') (* [ (col 'c') (int 2)])])"},
        {"a AND b AND c OR d", "(or [ (and [ (col 'a') (col 'b') (col 'c')]) (col 'd')])"},
        {"t.a", "(col 'a' 't')"},
        {"\"a\"\"b\".[c]", "(col 'c' 'a\"b')"},
        {"'it''s'", "(text 'it's')"},
        {"''", "(text)"},
        {"x'4142'", "(blob 'AB')"},
        {"x''", "(blob)"},
        {"0x10", "(int 16)"},
        {"0xffffffffffffffff", "(int -1)"},
        {"9223372036854775807", "(int 9223372036854775807)"},
        {"-9223372036854775808", "(int -9223372036854775808)"},
        {"-1", "(neg [ (int 1)])"},
        {"1.50e3", "(real '1.50e3')"},
        {"TRUE", "(bool 1)"},
        {"false", "(bool 0)"},
        {"null", "(null)"},
        {"DATE '2026-11-21'", "(date '2026-11-21')"},
        {"time 'x'", "(time 'x')"},
        {"timestamp 'x'", "(timestamp 'x')"},
        {"date", "(col 'date')"},
        {"date('now')", "(call 'date' [ (text 'now')])"},
        {"current_timestamp", "(now)"},
        {"\"current_timestamp\"", "(col 'current_timestamp')"},
        {"count(*)", "(call * 'count')"},
        {"count(DISTINCT a)", "(call distinct 'count' [ (col 'a')])"},
        {"f(ALL a, b)", "(call 'f' [ (col 'a') (col 'b')])"},
        {"f()", "(call 'f')"},
        {"like('a', b)", "(call 'like' [ (text 'a') (col 'b')])"},
        {"replace(a, b, c)", "(call 'replace' [ (col 'a') (col 'b') (col 'c')])"},
        {"left", "(col 'left')"},
        {"key + type + version", "(+ [ (col 'key') (col 'type') (col 'version')])"},
        {"commit || stream || hash || at",
         "(|| [ (col 'commit') (col 'stream') (col 'hash') (col 'at')])"},
        {"case when a then b else c end", "(case [ (col 'a') (col 'b') (col 'c')])"},
        {"case a when 1 then 2 when 3 then 4 end",
         "(case-of [ (col 'a') (int 1) (int 2) (int 3) (int 4)])"},
        {"cast(a as decimal ( 10 , -2 ))", "(cast 'decimal' 10 -2 [ (col 'a')])"},
        {"cast(a as double/**/precision)", "(cast 'double precision' [ (col 'a')])"},
        {"cast(a as double   precision)", "(cast 'double precision' [ (col 'a')])"},
        {"a in ()", "(in [ (col 'a')])"},
        {"a not in (1, b)", "(in not [ (col 'a') (int 1) (col 'b')])"},
        {"a between 1 and 2", "(between [ (col 'a') (int 1) (int 2)])"},
        {"a not glob b", "(glob not [ (col 'a') (col 'b')])"},
        {"a like b escape c", "(like [ (col 'a') (col 'b') (col 'c')])"},
        {"? + ? + ?", "(+ [ (param '?' 1) (param '?' 2) (param '?' 3)])"},
        {"(a)", "(col 'a')"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(tree(text), expected) << text;
}

TEST(Parser, NumbersParametersAsSqliteDoes) {
    const std::string text = "SELECT ? + ?5 + :a + ? + @a + :a + $b + ?2 + ?5 + ?";
    const Outcome outcome{text};
    ASSERT_TRUE(outcome.ok()) << outcome.message();
    std::vector<std::uint32_t> numbers;
    for (const Expression& each : expression_of(outcome).operands) numbers.push_back(each.number);
    EXPECT_EQ(numbers, (std::vector<std::uint32_t>{1, 5, 6, 7, 8, 6, 9, 2, 5, 10}));
    EXPECT_EQ(outcome.statement().parameter_count, 10U);
    std::string names;
    for (const Parameter& parameter : outcome.statement().parameters)
        names += std::string{parameter.name} + '=' + std::to_string(parameter.number) + ' ';
    EXPECT_EQ(names, "?5=5 :a=6 @a=8 $b=9 ?2=2 ");
}

TEST(Parser, TakesOneStatementAfterAnother) {
    const std::string text = " ;; SELECT 1;SELECT 2 ; -- no more\n;";
    const Outcome first{text};
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first.parsed->end, 13U);
    EXPECT_EQ(first.statement().place.offset, 4U);
    EXPECT_EQ(first.statement().place.size, 8U);
    const Outcome second{text, first.parsed->end};
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(second.parsed->end, 23U);
    EXPECT_EQ(expression_of(second).integer, 2);
    const Outcome none{text, second.parsed->end};
    ASSERT_TRUE(none.ok());
    EXPECT_EQ(none.parsed->statement, nullptr);
    EXPECT_EQ(none.parsed->end, text.size());
    EXPECT_EQ(Outcome{""}.parsed->statement, nullptr);
}

TEST(Parser, KnowsThePlaceOfEachPart) {
    const std::string text = "SELECT (a + t.bc) * f(1) AS x FROM t FOR SYSTEM_TIME ALL u";
    const Outcome outcome{text};
    ASSERT_TRUE(outcome.ok()) << outcome.message();
    const auto at = [&](const Place& place) { return text.substr(place.offset, place.size); };
    const Arm& arm = *outcome.statement().select->arms.first;
    const Expression& product = *arm.columns.first->value;
    EXPECT_EQ(at(arm.place), text);
    EXPECT_EQ(at(arm.columns.first->place), "(a + t.bc) * f(1)");
    EXPECT_EQ(at(product.place), "(a + t.bc) * f(1)");
    EXPECT_EQ(at(product.operand(0).place), "a + t.bc");
    EXPECT_EQ(at(product.operand(0).operand(1).place), "t.bc");
    EXPECT_EQ(at(product.operand(0).operand(1).table->place), "t");
    EXPECT_EQ(at(product.operand(1).place), "f(1)");
    EXPECT_EQ(at(arm.columns.first->name.place), "x");
    EXPECT_EQ(at(arm.from.first->period.place), "FOR SYSTEM_TIME ALL");
    EXPECT_EQ(at(arm.from.first->alias.place), "u");
}

TEST(Parser, CopiesOnlyWhatIsEscaped) {
    const std::string text = "SELECT 'plain', a, 'it''s'";
    const Outcome outcome{text};
    ASSERT_TRUE(outcome.ok());
    const auto is_lent = [&](std::string_view view) {
        return view.data() >= text.data() && view.data() < text.data() + text.size();
    };
    const ResultColumn* column = outcome.statement().select->arms.first->columns.first;
    EXPECT_TRUE(is_lent(column->value->text));
    EXPECT_TRUE(is_lent(column->next->value->text));
    EXPECT_FALSE(is_lent(column->next->next->value->text));
}

// ---- errors ----

TEST(Parser, SaysWhatIsWrongAndWhereAndWhatToDo) {
    const struct {
        const char* text;
        std::uint32_t offset;
        std::uint32_t size;
        const char* message;
        const char* hint;
    } cases[] = {
        {"SELEC 1", 0, 5, "expected a statement, found SELEC", "did you mean SELECT?"},
        {"  insrt into t", 2, 5, "expected a statement, found insrt", "did you mean INSERT?"},
        {"xyzzy", 0, 5, "expected a statement, found xyzzy", "look at what stands before it"},
        {"SELECT", 6, 0, "expected an expression, found the end of the text",
         "the statement is not complete"},
        {"SELECT * FORM t", 9, 4, "expected the end of the statement, found FORM",
         "did you mean FROM?"},
        {"SELECT a FORM t", 14, 1, "expected the end of the statement, found t",
         "did you mean FROM where it says FORM?"},
        {"SELECT a FROM t WHER a = 1", 21, 1, "expected the end of the statement, found a",
         "did you mean WHERE where it says WHER?"},
        {"SELECT a FROM t ORDR BY a", 21, 2, "expected the end of the statement, found BY",
         "did you mean ORDER where it says ORDR?"},
        {"SELECT a, FROM t", 10, 4, "expected an expression, found FROM",
         "is there a comma too many before it?"},
        {"SELECT a FROM select", 14, 6, "expected a table, found select",
         "as a name it must be quoted: \"select\""},
        {"SELECT (1 + 2", 13, 0, "expected ')', found the end of the text",
         "the statement is not complete"},
        {"SELECT 1 + 2)", 12, 1, "expected the end of the statement, found )",
         "is something missing before it, or is it one ) too many?"},
        {"SELECT a && b", 10, 1, "expected an expression, found &", "did you mean AND?"},
        {"SELECT a => b", 10, 1, "expected an expression, found >", "did you mean >=?"},
        {"SELECT 'abc", 7, 1, "the text that begins here does not end", "close it with '"},
        {"SELECT \"abc", 7, 1, "the quoted name that begins here does not end",
         "close it with the quote that opens it"},
        {"SELECT 1 /* abc", 9, 2, "the comment that begins here does not end", "close it with */"},
        {"SELECT x'ab", 7, 4, "the blob that begins here does not end", "close it with '"},
        {"SELECT x'abc'", 7, 6, "a blob is pairs of hexadecimal digits", "write it as x'0aff'"},
        {"SELECT 12ab", 7, 4, "a number runs into a word",
         "put a blank between them, or quote the name"},
        {"SELECT :", 7, 1, "a parameter needs a name", "write it as ?, ?1, :name, @name or $name"},
        {"SELECT \"\"", 7, 2, "a quoted name is empty", "texts stand between ' and '"},
        {"SELECT a ! b", 9, 1, "the character ! means nothing here",
         "unequal is <>, and not is NOT"},
        {"SELECT a ^ b", 9, 1, "the character ^ means nothing here", "take it away"},
        {"SELECT \x01", 7, 1, "the byte 0x01 means nothing here", "take it away"},
        {"SELECT 'a\xff'", 9, 1, "the byte 0xff here is not UTF-8",
         "texts and names are UTF-8; write other bytes as x'..'"},
        {"SELECT 9223372036854775808", 7, 19,
         "the integer 9223372036854775808 is not between -9223372036854775808 and "
         "9223372036854775807",
         "with a point it is a FLOAT, between quotes a text"},
        {"SELECT -(9223372036854775808)", 9, 19,
         "the integer 9223372036854775808 is not between -9223372036854775808 and "
         "9223372036854775807",
         "with a point it is a FLOAT, between quotes a text"},
        {"SELECT 0x10000000000000000", 7, 19,
         "the integer 0x10000000000000000 is not between -9223372036854775808 and "
         "9223372036854775807",
         "with a point it is a FLOAT, between quotes a text"},
        {"CREATE TABEL t (a)", 7, 5, "expected TABLE, [UNIQUE] INDEX, VIEW or STREAM, found TABEL",
         "did you mean TABLE?"},
        {"CREATE TABLE t (a DEFAULT b)", 26, 1, "a default is a literal, or stands in parentheses",
         "put it in parentheses; a text stands between ' and '"},
        {"CREATE TABLE t (PRIMARY KEY (a))", 31, 1, "expected a column, found )",
         "is something missing before it, or is it one ) too many?"},
        {"INSERT INTO t VALEUS (1)", 14, 6,
         "expected VALUES, SELECT or DEFAULT VALUES, found VALEUS", "did you mean VALUES?"},
        {"INSERT t VALUES (1)", 7, 1, "expected INTO, found t", "look at what stands before it"},
        {"UPDATE t a = 1", 9, 1, "expected SET, found a", "look at what stands before it"},
        {"DELETE t", 7, 1, "expected FROM, found t", "look at what stands before it"},
        {"SELECT EXISTS (1)", 15, 1, "expected SELECT, found 1", "look at what stands before it"},
        {"SELECT CAST(a AS)", 16, 1, "expected a type, found )",
         "is something missing before it, or is it one ) too many?"},
        {"SELECT a FROM t FOR SYSTEM_TIME AT 5", 32, 2,
         "expected AS OF, FROM, BETWEEN, CONTAINED IN or ALL, found AT", "did you mean AS?"},
        {"APPEND 's' ('t')", 15, 1, "expected ',' and a payload, found )",
         "is something missing before it, or is it one ) too many?"},
        {"SELECT 'a long text that is not shown in full here' 'x' b", 56, 1,
         "expected the end of the statement, found b", "look at what stands before it"},
        {"SELECT a = SELECT 1", 11, 6, "expected an expression, found SELECT",
         "a SELECT within a statement stands in parentheses"},
        {"SELECT a ORDER BY b COLLATE nocase", 20, 7,
         "expected the end of the statement, found COLLATE", "there is no COLLATE in this SQL"},
        {"create trigger t", 7, 7, "expected TABLE, [UNIQUE] INDEX, VIEW or STREAM, found trigger",
         "there is no TRIGGER in this SQL"},
        {"BEGIN 'a long text that is not shown in full in the error'", 6, 52,
         "expected the end of the statement, found 'a long text that is not shown in full in the er"
         "...",
         "look at what stands before it"},
    };
    for (const auto& [text, offset, size, message, hint] : cases) {
        const Outcome outcome{text};
        EXPECT_TRUE(outcome.parsed.error() == Code::syntax) << text;
        EXPECT_TRUE(outcome.error.error == Code::syntax) << text;
        EXPECT_EQ(outcome.error.offset, offset) << text;
        EXPECT_EQ(outcome.error.size, size) << text;
        EXPECT_EQ(outcome.error.message(), message) << text;
        EXPECT_EQ(outcome.error.hint(), hint) << text;
    }
}

TEST(Parser, RefusesParametersBeyondTheLimit) {
    EXPECT_TRUE(Outcome{"SELECT ?32766"}.ok());
    for (const char* text : {"SELECT ?32767", "SELECT ?0", "SELECT ?99999999999999999999",
                             "SELECT ?32766 + ?", "SELECT ?32766 + :a"}) {
        EXPECT_TRUE(Outcome{text}.parsed.error() == Code::too_large) << text;
    }
}

TEST(Parser, RefusesATextWithMoreBytesThanPlacesCanCount) {
    Arena arena{MutableBytes{}};
    SqlError error;
    const std::string_view text{"SELECT 1", std::size_t{1} << 32};  // Never looked at.
    EXPECT_TRUE(parse_statement(text, 0, arena, error).error() == Code::too_large);
    EXPECT_EQ(error.message(), "the text of these statements has 4 GiB or more");
}

TEST(Parser, ClearsAnErrorThatIsOver) {
    std::array<std::byte, 4096> memory{};
    SqlError error;
    Arena arena{memory};
    EXPECT_FALSE(parse_statement("SELEC", 0, arena, error));
    EXPECT_FALSE(error.message().empty());
    EXPECT_TRUE(parse_statement("SELECT 1", 0, arena, error));
    EXPECT_TRUE(error.error == Code::none);
    EXPECT_TRUE(error.message().empty());
}

// ---- harm ----

constexpr const char* statements[] = {
    "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY DESC AUTOINCREMENT, a VARCHAR(30) NOT "
    "NULL "
    "DEFAULT 'it''s', CONSTRAINT c CHECK (a > 0), FOREIGN KEY (a) REFERENCES u (b) ON DELETE SET "
    "NULL ON UPDATE NO ACTION) WITHOUT ROWID, STRICT",
    "CREATE UNIQUE INDEX IF NOT EXISTS i ON t USING HASH (a ASC, b DESC)",
    "CREATE TEMP VIEW v (a, b) AS SELECT 1, 2",
    "ALTER TABLE t ADD COLUMN a DOUBLE  PRECISION REFERENCES u",
    "ALTER TABLE t RENAME COLUMN a TO b",
    "INSERT OR REPLACE INTO t AS u (a, b) VALUES (1, x'0a'), (:n, ?) ON CONFLICT (a) DO UPDATE SET "
    "b "
    "= 1, c = 2 WHERE d RETURNING *, t.*, a AS b",
    "UPDATE t AS u INDEXED BY i SET a = 1 WHERE b EXPECT VERSION 3 RETURNING a",
    "DELETE FROM t NOT INDEXED WHERE b EXPECT VERSION 3",
    "SELECT DISTINCT a b, t.*, count(*), sum(DISTINCT c) FROM t FOR SYSTEM_TIME BETWEEN COMMIT 1 "
    "AND "
    "TIMESTAMP '2' AS x NATURAL LEFT OUTER JOIN (u, pragma_x('y') z) CROSS JOIN (SELECT 1) q USING "
    "(a, b) WHERE EXISTS (SELECT 1) GROUP BY a, b HAVING c ORDER BY d DESC NULLS LAST LIMIT 1, 2",
    "VALUES (1, 2), (3, 4) UNION ALL SELECT 1, 2 INTERSECT SELECT 3, 4 EXCEPT SELECT 5, 6",
    ("SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CAST(a AS INT), a NOT BETWEEN b AND c, d NOT LIKE e "
     "ESCAPE f, g NOT IN (1, 2), h IN (SELECT 1), i IS NOT DISTINCT FROM j, -k || ~l, \"m\"\"n\""),
    "BEGIN IMMEDIATE TRANSACTION WITH (ACTOR = 'x', READ_AT = 5)",
    "ROLLBACK TRANSACTION TO SAVEPOINT s",
    "APPEND 's' EXPECT NO STREAM ('t', '{}', '{}', x'00'), ('u', ?)",
    "ASSERT EXISTS (SELECT 1), 'no'",
    "EXPLAIN QUERY PLAN SELECT 1",
    "PRAGMA table_info(t)",
    "SET SYSTEM_TIME = COMMIT 5",
};

TEST(Parser, TakesNoHarmFromATextThatBreaksOff) {
    for (const std::string text : statements) {
        ASSERT_TRUE(Outcome{text}.ok()) << text << ": " << Outcome{text}.message();
        for (std::size_t size = 0; size < text.size(); size++) {
            // In memory of just this size, so that not a byte behind it is read.
            const std::vector<char> cut(text.begin(),
                                        text.begin() + static_cast<std::ptrdiff_t>(size));
            const Outcome outcome{{cut.data(), cut.size()}};
            if (outcome.ok()) continue;
            ASSERT_TRUE(outcome.parsed.error() == Code::syntax);
            ASSERT_LE(outcome.error.offset + outcome.error.size, size) << text;
            ASSERT_FALSE(outcome.error.message().empty()) << text;
            ASSERT_FALSE(outcome.error.hint().empty()) << text;
        }
    }
}

TEST(Parser, SurvivesEveryArenaSize) {
    for (const std::string text : statements) {
        const std::size_t needed = Outcome{text}.arena.used();
        for (std::size_t size = 0; size < needed + 64; size++) {
            const std::unique_ptr<std::byte[]> memory{new std::byte[size]};
            Arena arena{{memory.get(), size}};
            SqlError error;
            const auto parsed = parse_statement(text, 0, arena, error);
            if (parsed) break;
            ASSERT_TRUE(parsed.error() == Code::out_of_memory) << text << " in " << size;
            ASSERT_FALSE(error.message().empty());
            ASSERT_LT(size, needed + 63) << text;
        }
    }
}

struct Nesting {
    const char* open;
    const char* close;
};
constexpr Nesting nestings[] = {
    {"(", ")"},
    {"- ", ""},
    {"NOT ", ""},
    {"~", ""},
    {"f(", ")"},
    {"1 + (", ")"},
    {"1 = (", ")"},
    {"(SELECT ", ")"},
    {"EXISTS (SELECT ", ")"},
    {"1 IN (SELECT ", ")"},
    {"1 IN (", ")"},
    {"CASE WHEN 1 THEN ", " END"},
    {"CASE ", " WHEN 1 THEN 2 END"},
    {"CASE WHEN 1 AND (", ") THEN 1 END"},
    {"CAST(", " AS INT)"},
    {"1 LIKE (", ")"},
    {"1 BETWEEN 2 AND (", ")"},
    {"1 BETWEEN ", " AND 3"},
    {"", " IS NULL"},
    {"", " - 1 + 1"},
    {"", " = 1"},
    {"", " LIKE 1"},
    {"", " IN ()"},
    {"(SELECT 1 FROM (SELECT ", "))"},
    {"(VALUES (", "))"},
};

std::string nested(const Nesting& nesting, std::size_t depth) {
    std::string text = "SELECT ";
    for (std::size_t i = 0; i < depth; i++) text += nesting.open;
    text += '1';
    for (std::size_t i = 0; i < depth; i++) text += nesting.close;
    return text;
}

// Parses and prints; what became of it.
Code walk(const std::string& text) {
    const Outcome outcome{text};
    if (!outcome.ok()) return outcome.parsed.error().code;
    std::string into(text.size() * 8 + 64, ' ');
    return print(outcome.statement(), into).error().code;
}

TEST(Parser, NestsSixtyFourLevelsOfWhateverItIs) {
    for (const Nesting& nesting : nestings) {
        EXPECT_EQ(walk(nested(nesting, 64)), Code::none) << nesting.open << nesting.close;
        EXPECT_EQ(walk(nested(nesting, 10000)), Code::too_large) << nesting.open << nesting.close;
    }
    std::string sources(64, '(');
    EXPECT_EQ(walk("SELECT 1 FROM " + sources + "a" + std::string(64, ')')), Code::none);
    sources.resize(10000, '(');
    EXPECT_EQ(walk("SELECT 1 FROM " + sources), Code::too_large);
    // Heights add up through the selects of a FROM, though no rule is called so deeply.
    const auto chain_in = [](std::size_t count) {
        std::string text = "SELECT 1";
        for (std::size_t i = 0; i < 120; i++) text += " - 1 + 1";
        for (std::size_t i = 0; i < count; i++) text = "SELECT 1 FROM (" + text + ")";
        return text;
    };
    EXPECT_EQ(walk(chain_in(10)), Code::none);
    EXPECT_EQ(walk(chain_in(20)), Code::too_large);
    const Outcome deep{nested(nestings[0], 10000)};
    EXPECT_EQ(deep.message(), "nested too deeply from here on");
    EXPECT_EQ(deep.error.hint(), "write it with fewer levels, or in several statements");
}

// The stack of a thread that a frugal program makes. Sanitizers make frames many times as large.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack_size = 8 << 20;
#else
constexpr std::size_t stack_size = 256 << 10;
#endif

void* walk_all(void* finished) {
    for (const Nesting& nesting : nestings) {
        std::size_t deepest = 64;
        while (walk(nested(nesting, deepest + 1)) == Code::none) deepest++;
        walk(nested(nesting, 10000));
    }
    *static_cast<bool*>(finished) = true;
    return nullptr;
}

TEST(Parser, NeedsLittleStackHoweverDeepATextIs) {
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_size), 0);
    bool finished = false;
    pthread_t thread{};
    ASSERT_EQ(pthread_create(&thread, &attributes, walk_all, &finished), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
    EXPECT_TRUE(finished);
}

std::string repeated(const std::string& first, const std::string& more, std::size_t count) {
    std::string text = first;
    for (std::size_t i = 0; i < count; i++) text += more;
    return text;
}

TEST(Parser, TakesLongListsAndChainsOfAnyLength) {
    for (const char* more : {" + 1", " - 1", " * 1", " || 1", " AND 1", " OR 1", " & 1", ", 1",
                             " UNION ALL SELECT 1", " EXCEPT SELECT 1"}) {
        const std::string text = repeated("SELECT 1", more, 100000);
        EXPECT_EQ(walk(text), Code::none) << more;
    }
    EXPECT_EQ(walk(repeated("SELECT 1 IN (1", ", 1", 100000) + ")"), Code::none);
    EXPECT_EQ(walk(repeated("INSERT INTO t VALUES (1)", ", (1, 'a')", 100000)), Code::none);
    EXPECT_EQ(walk(repeated("SELECT 1 FROM a", ", a JOIN b ON 1", 10000)), Code::none);
    EXPECT_EQ(walk(repeated("SELECT CASE", " WHEN 1 THEN 2", 10000) + " END"), Code::none);
}

TEST(Parser, TakesStatementsOfTenMegabytesAndTenThousandParameters) {
    const std::string text = "SELECT '" + std::string(10 << 20, 'x') + "''' AS a";
    const std::size_t size = text.size() + 4096;
    const std::unique_ptr<std::byte[]> memory{new std::byte[size]};
    Arena arena{{memory.get(), size}};
    SqlError error;
    EXPECT_TRUE(parse_statement(text, 0, arena, error));

    std::string parameters = "SELECT 1";
    for (int i = 0; i < 10000; i++) parameters += " + :parameter" + std::to_string(i % 9000);
    const Outcome outcome{parameters};
    ASSERT_TRUE(outcome.ok()) << outcome.message();
    EXPECT_EQ(outcome.statement().parameter_count, 9000U);
    EXPECT_EQ(outcome.statement().parameters.count, 9000U);
}

}  // namespace
}  // namespace freshet::sql
