// SPDX-License-Identifier: MIT
// Goal: names mean what SQLite says they mean, and where they mean nothing, the error says why and
// where. Method: SELECTs over two small tables, each with the rows that it must give.
#include <gtest/gtest.h>

#include "tests/bind_fixture.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnType;

class Bind : public testing::Test {
protected:
    Bind() {
        const auto text = [](const char* value) { return Value::text(value); };
        const auto whole = [](std::int64_t value) { return Value::integer(value); };
        world.add(
            "users",
            {{"Id", ColumnType::integer}, {"name", ColumnType::text}, {"age", ColumnType::integer}},
            {{whole(1), text("ann"), whole(30)},
             {whole(2), text("bob"), {}},
             {whole(3), text("cid"), whole(40)}});
        world.add("orders",
                  {{"id", ColumnType::integer},
                   {"user", ColumnType::integer},
                   {"day", ColumnType::date},
                   {"total", ColumnType::real}},
                  {{whole(1), whole(1), Value::date(0), Value::real(2.5)},
                   {whole(2), whole(1), Value::date(1), Value::real(4)},
                   {whole(3), whole(9), Value::date(2), Value::real(8)}});
        world.add("pairs", {{"k", ColumnType::text}, {"name", ColumnType::text}},
                  {{text("1"), text("ann")}, {text(" 2 "), text("dan")}});
    }

    // Rows as "1|'a'; 2|'b'".
    std::string rows(const std::string& text) {
        const Answer answer = world.select(text);
        if (answer.error.code != Code::none)
            return std::string{code_name(answer.error.code)} + ": " +
                   std::string{answer.why.message()};
        std::string all;
        for (const auto& row : answer.rows) {
            if (!all.empty()) all += "; ";
            for (std::size_t i = 0; i < row.size(); i++) all += (i == 0 ? "" : "|") + row[i];
        }
        return all;
    }
    std::string names(const std::string& text) {
        std::string all;
        for (const std::string& name : world.select(text).names) all += name + "|";
        return all;
    }
    // What is at fault, the message and the hint.
    std::string refusal(const std::string& text) {
        const Answer answer = world.select(text);
        if (answer.error.code == Code::none) return "no error";
        return text.substr(answer.why.offset, answer.why.size) + ": " +
               std::string{answer.why.message()} + "; " + std::string{answer.why.hint()};
    }

    World world;
};

// ---- names ----

TEST_F(Bind, FindsNamesInAnyCase) {
    EXPECT_EQ(rows("SELECT USERS.ID, Name FROM Users WHERE iD = 1"), "1|'ann'");
    EXPECT_EQ(rows("SELECT u.id FROM users AS u WHERE U.name = 'bob'"), "2");
}

TEST_F(Bind, SaysWhatMayHaveBeenMeant) {
    EXPECT_EQ(refusal("SELECT nmae FROM users"),
              "nmae: there is no column nmae; did you mean name?");
    EXPECT_EQ(refusal("SELECT u.agee FROM users u"),
              "u.agee: there is no column u.agee; did you mean age?");
    EXPECT_EQ(refusal("SELECT usrs.id FROM users"),
              "usrs.id: there is no table usrs in this FROM; did you mean users?");
    EXPECT_EQ(refusal("SELECT 1 FROM user"), "user: there is no table user; did you mean users?");
    EXPECT_EQ(refusal("SELECT lenght(name) FROM users"),
              "lenght(name): there is no function lenght; did you mean length?");
    EXPECT_EQ(refusal("SELECT x.* FROM users u"),
              "x.*: there is no table x in this FROM; did you mean u?");
    EXPECT_EQ(refusal("SELECT CAST(1 AS INTT)"), "INTT: there is no type INTT; did you mean INT?");
}

TEST_F(Bind, RefusesNamesThatCouldBeTwoColumns) {
    EXPECT_EQ(refusal("SELECT id FROM users u, orders o"),
              "id: the column id is in more than one table; say which: u.id or o.id");
    EXPECT_EQ(rows("SELECT u.id FROM users u, orders o WHERE o.id = 2 AND u.id = 3"), "3");
}

TEST_F(Bind, CallsColumnsAsSqliteDoes) {
    EXPECT_EQ(names("SELECT ID, u.NAME, age + 1, (age), count(*) AS n FROM users u"),
              "Id|name|age + 1|age|n|");
    EXPECT_EQ(names("SELECT *, o.* FROM users u, orders o"),
              "Id|name|age|id|user|day|total|id|user|day|total|");
    EXPECT_EQ(names("VALUES (1, 2)"), "column1|column2|");
}

TEST_F(Bind, LetsAliasesBeNamedBehindTheColumns) {
    EXPECT_EQ(rows("SELECT -id AS x FROM users WHERE x < -1 ORDER BY x"), "-3; -2");
    EXPECT_EQ(rows("SELECT -id AS age FROM users ORDER BY age"), "-3; -2; -1");
    EXPECT_EQ(rows("SELECT -id AS age FROM users ORDER BY +age"), "-2; -1; -3");
    EXPECT_EQ(rows("SELECT id % 2 AS odd, count(*) AS n FROM users GROUP BY odd HAVING n > 1"),
              "1|2");
    EXPECT_EQ(rows("SELECT id + 1 AS id FROM users ORDER BY 1 DESC LIMIT 1"), "4");
}

TEST_F(Bind, CountsColumnsOfTheResultFromOne) {
    EXPECT_EQ(rows("SELECT name, id FROM users ORDER BY 2 DESC"), "'cid'|3; 'bob'|2; 'ann'|1");
    EXPECT_EQ(refusal("SELECT name FROM users ORDER BY 2"),
              "2: ORDER BY has a number that no column of the result has; "
              "columns are counted from 1");
    EXPECT_EQ(rows("SELECT id % 2, count(*) FROM users GROUP BY 1 ORDER BY 1"), "0|1; 1|2");
}

// ---- comparisons ----

TEST_F(Bind, ConvertsTextsBesideNumbersAndNumbersBesideTexts) {
    EXPECT_EQ(rows("SELECT id FROM users WHERE id = '2'"), "2");
    EXPECT_EQ(rows("SELECT name FROM pairs WHERE k = 1"), "'ann'");
    EXPECT_EQ(rows("SELECT p.name FROM pairs p JOIN users u ON p.k = u.id ORDER BY 1"),
              "'ann'; 'dan'");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id IN ('1', '3') ORDER BY 1"), "1; 3");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id BETWEEN '2' AND '3' ORDER BY 1"), "2; 3");
    EXPECT_EQ(rows("SELECT CASE id WHEN '1' THEN 'one' ELSE 'more' END FROM users LIMIT 1"),
              "'one'");
    EXPECT_EQ(rows("SELECT 1 = '1', '1' = 1"), "0|0");
    EXPECT_EQ(rows("SELECT CAST(1 AS INT) = '1', +CAST(1 AS INT) = '1'"), "1|0");
}

TEST_F(Bind, ComparesDatesWithTexts) {
    EXPECT_EQ(rows("SELECT id FROM orders WHERE day = '1970-01-02'"), "2");
    EXPECT_EQ(rows("SELECT id FROM orders WHERE day > DATE '1970-01-02'"), "3");
    EXPECT_EQ(refusal("SELECT DATE '1970-02-30'"),
              "DATE '1970-02-30': '1970-02-30' is no date; write it as DATE '2026-11-20'");
}

TEST_F(Bind, AsksForTruthWithIsTrue) {
    EXPECT_EQ(rows("SELECT 5 IS TRUE, 0 IS FALSE, NULL IS TRUE, NULL IS NOT TRUE, 5 IS NULL"),
              "1|1|0|1|0");
}

TEST_F(Bind, HoldsTheWholeRangeOfIntegers) {
    EXPECT_EQ(rows("SELECT -9223372036854775808, 9223372036854775807"),
              "-9223372036854775808|9223372036854775807");
}

TEST_F(Bind, ReadsParametersAndTheTimeFromTheirSlots) {
    world.parameters = {Value::integer(2), Value::text("2")};
    world.now = Value::timestamp(1'000'000);
    EXPECT_EQ(rows("SELECT id FROM users WHERE id = ?1"), "2");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id = ?2"), "2");
    EXPECT_EQ(rows("SELECT now() = CURRENT_TIMESTAMP, CURRENT_DATE"), "1|DATE '1970-01-01'");
    EXPECT_EQ(rows("SELECT ?3"), "invalid-argument: there can be no parameter here: ?3");
}

// ---- aggregates ----

TEST_F(Bind, TakesColumnsBesideMaxFromItsRow) {
    EXPECT_EQ(rows("SELECT max(age), name FROM users"), "40|'cid'");
    EXPECT_EQ(rows("SELECT min(age), name FROM users"), "30|'ann'");
    EXPECT_EQ(rows("SELECT count(*), name FROM users WHERE id > 1"), "2|'bob'");
    EXPECT_EQ(rows("SELECT user, max(total), id FROM orders GROUP BY user ORDER BY user"),
              "1|4.0|2; 9|8.0|3");
}

TEST_F(Bind, AggregatesNothingToOneRow) {
    EXPECT_EQ(rows("SELECT count(*), sum(age), name FROM users WHERE id > 9"), "0|NULL|NULL");
    EXPECT_EQ(rows("SELECT count(*) FROM users WHERE id > 9 GROUP BY name"), "");
    EXPECT_EQ(rows("SELECT 1 FROM users HAVING count(*) = 3"), "1");
}

TEST_F(Bind, RefusesAggregatesWhereThereAreNoGroups) {
    EXPECT_EQ(
        refusal("SELECT id FROM users WHERE count(*) > 1"),
        "count(*): the aggregate count() cannot stand here; aggregates are for SELECT, HAVING "
        "and ORDER BY; for WHERE, take a subquery");
    EXPECT_EQ(rows("SELECT sum(max(age)) FROM users"),
              "syntax: the aggregate max() cannot stand here");
    EXPECT_EQ(rows("SELECT abs(*) FROM users"), "syntax: abs() takes neither * nor DISTINCT");
    EXPECT_EQ(rows("SELECT substr(name) FROM users"),
              "syntax: substr() does not take this many arguments");
}

TEST_F(Bind, SortsDistinctRowsByWhatTheyDoNotShow) {
    EXPECT_EQ(rows("SELECT DISTINCT user FROM orders ORDER BY total DESC"), "9; 1");
    EXPECT_EQ(rows("SELECT id FROM users ORDER BY age"), "2; 1; 3");
    EXPECT_EQ(rows("SELECT id FROM users ORDER BY age NULLS LAST"), "1; 3; 2");
    EXPECT_EQ(rows("SELECT id FROM users ORDER BY age DESC NULLS FIRST LIMIT 2"), "2; 3");
}

// ---- joins ----

TEST_F(Bind, JoinsInEveryWay) {
    EXPECT_EQ(rows("SELECT name, total FROM users u JOIN orders o ON o.user = u.id ORDER BY 2"),
              "'ann'|2.5; 'ann'|4.0");
    EXPECT_EQ(rows("SELECT name, total FROM users u LEFT JOIN orders o ON o.user = u.id "
                   "AND o.id > 1 ORDER BY u.id"),
              "'ann'|4.0; 'bob'|NULL; 'cid'|NULL");
    EXPECT_EQ(rows("SELECT name, o.id FROM users u RIGHT JOIN orders o ON o.user = u.id "
                   "ORDER BY o.id"),
              "'ann'|1; 'ann'|2; NULL|3");
    EXPECT_EQ(rows("SELECT u.id, o.id FROM users u FULL JOIN orders o ON o.user = u.id "
                   "ORDER BY u.id, o.id"),
              "NULL|3; 1|1; 1|2; 2|NULL; 3|NULL");
    EXPECT_EQ(rows("SELECT count(*) FROM users CROSS JOIN orders"), "9");
    EXPECT_EQ(rows("SELECT u.id FROM users u LEFT JOIN orders o ON o.user = u.id "
                   "WHERE o.id IS NULL ORDER BY 1"),
              "2; 3");
}

TEST_F(Bind, ShowsJoinedColumnsOnce) {
    EXPECT_EQ(names("SELECT * FROM users JOIN orders USING (id)"), "Id|name|age|user|day|total|");
    EXPECT_EQ(rows("SELECT id, name, total FROM users NATURAL JOIN orders ORDER BY id"),
              "1|'ann'|2.5; 2|'bob'|4.0; 3|'cid'|8.0");
    EXPECT_EQ(rows("SELECT name, k FROM users FULL JOIN pairs USING (name) ORDER BY name"),
              "'ann'|'1'; 'bob'|NULL; 'cid'|NULL; 'dan'|' 2 '");
    EXPECT_EQ(refusal("SELECT 1 FROM users JOIN pairs USING (age)"),
              "age: the column age is not on both sides of the join; "
              "USING joins columns of the same name; ON joins any");
}

TEST_F(Bind, AsksConditionsThatNamesNoTableOnce) {
    EXPECT_EQ(rows("SELECT id FROM users WHERE 1 = 0"), "");
    EXPECT_EQ(rows("SELECT count(*) FROM users WHERE 'x' IS NOT NULL"), "3");
    world.parameters = {Value::integer(0)};
    EXPECT_EQ(rows("SELECT count(*) FROM users WHERE ?1"), "0");
    EXPECT_EQ(rows("SELECT 7 WHERE ?1"), "");
    EXPECT_EQ(rows("SELECT u.id, o.id FROM users u LEFT JOIN orders o ON ?1 ORDER BY 1"),
              "1|NULL; 2|NULL; 3|NULL");
}

// ---- subqueries and compounds ----

TEST_F(Bind, AnswersSubqueriesOnce) {
    EXPECT_EQ(rows("SELECT (SELECT max(age) FROM users), (SELECT age FROM users WHERE id = 9)"),
              "40|NULL");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id IN (SELECT user FROM orders)"), "1");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id NOT IN (SELECT k FROM pairs) ORDER BY 1"), "3");
    EXPECT_EQ(rows("SELECT EXISTS (SELECT 1 FROM orders WHERE id = 9), NOT EXISTS (SELECT 2)"),
              "0|0");
    EXPECT_EQ(rows("SELECT (SELECT id, name FROM users)"),
              "syntax: a subquery that is a value gives one column");
}

TEST_F(Bind, AnswersSubqueriesThatDependOnTheirRowForEach) {
    EXPECT_EQ(rows("SELECT name FROM users u WHERE EXISTS "
                   "(SELECT 1 FROM orders o WHERE o.user = u.id)"),
              "'ann'");
    EXPECT_EQ(rows("SELECT id, (SELECT count(*) FROM users b WHERE b.id < a.id) FROM users a"),
              "1|0; 2|1; 3|2");
    EXPECT_EQ(rows("SELECT id FROM users u WHERE 4.0 IN "
                   "(SELECT total FROM orders WHERE user = u.id)"),
              "1");
    EXPECT_EQ(rows("SELECT id FROM users u WHERE 4.0 NOT IN "
                   "(SELECT total FROM orders WHERE user = u.id) ORDER BY 1"),
              "2; 3");
    EXPECT_EQ(rows("SELECT max(a.age), (SELECT name FROM users b WHERE b.id = a.id) "
                   "FROM users a"),
              "40|'cid'");
    EXPECT_EQ(rows("SELECT id, (SELECT (SELECT u.id + o.id FROM pairs LIMIT 1) FROM orders o "
                   "WHERE o.id = u.id) FROM users u"),
              "1|2; 2|4; 3|6");
}

TEST_F(Bind, PutsSelectsTogetherFromTheLeft) {
    EXPECT_EQ(rows("SELECT 1 UNION ALL SELECT 2 UNION SELECT 1 ORDER BY 1"), "1; 2");
    EXPECT_EQ(rows("SELECT id FROM users EXCEPT SELECT user FROM orders ORDER BY id DESC"), "3; 2");
    EXPECT_EQ(rows("SELECT 1 UNION SELECT 2 INTERSECT SELECT 2"), "2");
    EXPECT_EQ(rows("VALUES (1), (2) UNION ALL SELECT 3 LIMIT 2 OFFSET 1"), "2; 3");
    EXPECT_EQ(rows("SELECT 1 UNION SELECT 1, 2"),
              "syntax: the SELECTs of a UNION, INTERSECT or EXCEPT have as many columns each");
    EXPECT_EQ(rows("SELECT 1 AS a UNION SELECT 2 ORDER BY b"),
              "syntax: ORDER BY of several SELECTs names columns of their result");
}

TEST_F(Bind, SelectsFromSelects) {
    EXPECT_EQ(rows("SELECT n, s.x FROM (SELECT name AS n, id * 2 AS x FROM users) AS s "
                   "WHERE x > 2 ORDER BY x"),
              "'bob'|4; 'cid'|6");
    EXPECT_EQ(rows("SELECT column1 FROM (VALUES (1), (2)) WHERE column1 = '2'"), "");
    EXPECT_EQ(rows("SELECT total(x) FROM (SELECT age AS x FROM users UNION ALL "
                   "SELECT total FROM orders)"),
              "84.5");
}

TEST_F(Bind, RefusesThePastWhereThereIsNone) {
    EXPECT_EQ(rows("SELECT 1 FROM users FOR SYSTEM_TIME AS OF COMMIT 1"),
              "invalid-argument: the past cannot be read here");
}

// ---- memory ----

// Goal: no statement takes memory that is not there. Method: every size of it, up to one that does.
TEST_F(Bind, SurvivesEveryArena) {
    const std::string text =
        "SELECT u.name, count(DISTINCT o.id) AS n, (SELECT max(k) FROM pairs WHERE k > u.id) "
        "FROM users u LEFT JOIN orders o ON o.user = u.id AND o.day > '1970-01-01' "
        "WHERE u.id IN (SELECT id FROM orders) AND u.age BETWEEN 1 AND '99' "
        "GROUP BY u.name HAVING n >= 0 ORDER BY n DESC, lower(u.name) LIMIT 5";
    for (std::size_t size = 0; size < std::size_t{200'000}; size += 40) {
        const Answer answer = world.select(text, size + 1);
        if (answer.error.code == Code::none) {
            EXPECT_EQ(answer.rows.size(), 2U);
            return;
        }
        ASSERT_EQ(answer.error.code, Code::out_of_memory) << size;
    }
    FAIL() << "200 KB should have been enough";
}

}  // namespace
}  // namespace freshet::sql
