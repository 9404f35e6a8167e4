// SPDX-License-Identifier: MIT
// Goal: rows are reached by the best key there is. Method: the sources of plans as EXPLAIN shows
// them.
#include <gtest/gtest.h>

#include "tests/plan_fixture.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnType;

class Plan : public testing::Test {
protected:
    Plan() {
        const std::size_t users =
            stored.create("users", {{"id", ColumnType::integer}, {"name", ColumnType::text}}, {1});
        Rows rows;
        for (int i = 1; i <= 300; i++)
            rows.push_back({Value::integer(i), Value::text(i % 2 == 0 ? "even" : "odd")});
        stored.put(users, rows);
        const std::size_t lines = stored.create("lines",
                                                {{"order", ColumnType::integer},
                                                 {"line", ColumnType::integer},
                                                 {"user", ColumnType::integer}},
                                                {1, -2});
        rows.clear();
        for (int i = 0; i < 200; i++)
            rows.push_back({Value::integer(i / 4), Value::integer(i % 4), Value::integer(i)});
        stored.put(lines, rows);
        const std::size_t notes = stored.create("notes", {{"text", ColumnType::text}}, {});
        stored.put(notes, {{Value::text("a")}, {Value::text("b")}});
    }
    std::string sources(const std::string& text) {
        const Stored::Planned planned = stored.select(text);
        EXPECT_EQ(planned.answer.error.code, Code::none) << planned.answer.why.message();
        return planned.sources;
    }
    std::string rows(const std::string& text) { return joined(stored.select(text).answer); }

    Stored stored;
};

TEST_F(Plan, FindsRowsByTheWholePrimaryKey) {
    EXPECT_EQ(sources("SELECT name FROM users WHERE id = 7"),
              "SEARCH users USING PRIMARY KEY (id=?)");
    EXPECT_EQ(rows("SELECT name FROM users WHERE id = 7"), "'odd'");
    EXPECT_EQ(rows("SELECT name, id FROM users WHERE 8 = id AND name = 'even'"), "'even'|8");
    EXPECT_EQ(rows("SELECT name FROM users WHERE id = 8 AND name = 'odd'"), "");
    EXPECT_EQ(rows("SELECT 1 FROM users WHERE id = 301"), "");
    EXPECT_EQ(rows("SELECT 1 FROM users WHERE id = 7.5"), "");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id = '7'"), "7");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id = NULL"), "");
    EXPECT_EQ(sources("SELECT \"user\" FROM lines l WHERE line = 2 AND \"order\" = 3"),
              "SEARCH l USING PRIMARY KEY (order=? AND line=?)");
    EXPECT_EQ(rows("SELECT \"user\" FROM lines WHERE line = 2 AND \"order\" = 3"), "14");
}

TEST_F(Plan, ReadsARangeOfThePrimaryKey) {
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE id > 5 AND id <= 9"),
              "SEARCH users USING PRIMARY KEY (id>? AND id<=?)");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id > 5 AND id <= 9"), "6; 7; 8; 9");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id BETWEEN 298 AND '400'"), "298; 299; 300");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id BETWEEN 5 AND 9 AND id < 7"), "5; 6");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"order\" = 3 AND line >= 2"),
              "SEARCH lines USING PRIMARY KEY (order=? AND line>=?)");
    EXPECT_EQ(rows("SELECT line FROM lines WHERE \"order\" = 3 AND line >= 2"), "3; 2");
    EXPECT_EQ(rows("SELECT line FROM lines WHERE \"order\" = 3 AND line < 2"), "1; 0");
    EXPECT_EQ(rows("SELECT count(*) FROM lines WHERE \"order\" = 3"), "4");
}

TEST_F(Plan, LooksUpEachValueOfAList) {
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE id IN (3, 5, 3.0)"),
              "SEARCH users USING PRIMARY KEY (id IN ?)");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id IN (5, 3, NULL, 3.0, '4', 2.5, 999)"), "3; 4; 5");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id IN ()"), "");
    EXPECT_EQ(rows("SELECT count(*) FROM users WHERE id IN (SELECT \"user\" FROM lines)"), "199");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"order\" = 1 AND line IN (1, 3)"),
              "SEARCH lines USING PRIMARY KEY (order=? AND line IN ?)");
    EXPECT_EQ(rows("SELECT \"user\" FROM lines WHERE \"order\" = 1 AND line IN (1, 3)"), "5; 7");
    EXPECT_EQ(rows("SELECT count(*) FROM lines WHERE \"order\" IN (7, 1) AND line > 1"), "4");
    EXPECT_EQ(rows("SELECT count(*) FROM users WHERE id NOT IN (1, 2)"), "298");
}

TEST_F(Plan, ReadsAllRowsWhereNoKeyServes) {
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE name = 'odd'"), "SCAN users");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE line = 1"), "SCAN lines");
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE id + 0 = 1"), "SCAN users");
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE id = 1 OR name = 'odd'"), "SCAN users");
    EXPECT_EQ(rows("SELECT count(*) FROM users"), "300");
}

TEST_F(Plan, SortsNothingThatComesInOrder) {
    const auto is_sorted = [&](const std::string& text) {
        return sources(text).find("SORT") != std::string::npos;
    };
    EXPECT_FALSE(is_sorted("SELECT name FROM users ORDER BY id LIMIT 3"));
    EXPECT_TRUE(is_sorted("SELECT name FROM users ORDER BY name"));
    EXPECT_FALSE(is_sorted("SELECT name FROM users WHERE id > 7 ORDER BY id, name"));
    EXPECT_TRUE(is_sorted("SELECT name FROM users WHERE id IN (7, 3) ORDER BY id"));
    EXPECT_FALSE(is_sorted("SELECT 1 FROM lines ORDER BY \"order\", line DESC"));
    EXPECT_TRUE(is_sorted("SELECT 1 FROM lines ORDER BY \"order\", line"));
    EXPECT_FALSE(is_sorted("SELECT 1 FROM lines WHERE \"order\" = 4 ORDER BY line DESC"));
    EXPECT_FALSE(is_sorted("SELECT 1 FROM lines WHERE \"order\" = 4 ORDER BY \"order\" DESC"));
    EXPECT_TRUE(is_sorted("SELECT DISTINCT \"order\" FROM lines ORDER BY \"order\""));
    EXPECT_TRUE(is_sorted("SELECT l.line FROM lines l JOIN users ON id = \"user\" ORDER BY id"));
    EXPECT_EQ(rows("SELECT id FROM users WHERE name = 'odd' ORDER BY id LIMIT 3"), "1; 3; 5");
    EXPECT_EQ(rows("SELECT line FROM lines ORDER BY \"order\", line DESC LIMIT 5"),
              "3; 2; 1; 0; 3");
}

TEST_F(Plan, ReadsBackwardsWhatDescends) {
    stored.index(1, "by_user", {3});
    EXPECT_EQ(sources("SELECT name FROM users ORDER BY id DESC LIMIT 3"), "SCAN users BACKWARDS");
    EXPECT_EQ(rows("SELECT id, name FROM users ORDER BY id DESC LIMIT 3"),
              "300|'even'; 299|'odd'; 298|'even'");
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE id BETWEEN 7 AND 9 ORDER BY id DESC, name"),
              "SEARCH users USING PRIMARY KEY (id>=? AND id<=?) BACKWARDS");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id BETWEEN 7 AND 9 ORDER BY id DESC"), "9; 8; 7");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id < 3 ORDER BY id DESC"), "2; 1");
    EXPECT_EQ(sources("SELECT 1 FROM lines ORDER BY \"order\" DESC, line"), "SCAN lines BACKWARDS");
    EXPECT_EQ(rows("SELECT \"order\", line FROM lines ORDER BY 1 DESC, 2 LIMIT 5"),
              "49|0; 49|1; 49|2; 49|3; 48|0");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"order\" = 4 ORDER BY line"),
              "SEARCH lines USING PRIMARY KEY (order=?) BACKWARDS");
    EXPECT_EQ(rows("SELECT line FROM lines WHERE \"order\" = 4 AND line > 0 ORDER BY line"),
              "1; 2; 3");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"user\" > 5 ORDER BY \"user\" DESC"),
              "SEARCH lines USING INDEX by_user (user>?) BACKWARDS");
    EXPECT_EQ(rows("SELECT \"user\" FROM lines WHERE \"user\" < 3 ORDER BY \"user\" DESC"),
              "2; 1; 0");
}

TEST_F(Plan, TakesTheOrderOfAnIndexWhereThereIsALimit) {
    stored.index(1, "by_user", {3});
    EXPECT_EQ(sources("SELECT line FROM lines ORDER BY \"user\" LIMIT 2"),
              "SCAN lines USING INDEX by_user");
    EXPECT_EQ(rows("SELECT \"user\" FROM lines WHERE line = 1 ORDER BY \"user\" LIMIT 2"), "1; 5");
    EXPECT_EQ(sources("SELECT line FROM lines ORDER BY \"user\" DESC LIMIT 2"),
              "SCAN lines USING INDEX by_user BACKWARDS");
    EXPECT_EQ(rows("SELECT \"user\" FROM lines ORDER BY \"user\" DESC LIMIT 2"), "199; 198");
    EXPECT_EQ(sources("SELECT line FROM lines ORDER BY \"user\""), "SORT ; SCAN lines");
    EXPECT_EQ(sources("SELECT line FROM lines NOT INDEXED ORDER BY \"user\" LIMIT 2"),
              "SORT ; SCAN lines");
    EXPECT_EQ(sources("SELECT 1 FROM lines ORDER BY \"user\", line LIMIT 2"), "SORT ; SCAN lines");
}

TEST_F(Plan, TakesALoneExtremeFromTheEndOfAKey) {
    stored.index(1, "by_user", {3});
    EXPECT_EQ(sources("SELECT max(id) FROM users"), "SCAN users BACKWARDS");
    EXPECT_EQ(rows("SELECT 1 + max(id), max(id) FROM users HAVING max(id) > 0"), "301|300");
    EXPECT_EQ(rows("SELECT min(id) FROM users WHERE name = 'even'"), "2");
    EXPECT_EQ(rows("SELECT max(DISTINCT id) FROM users WHERE id > 300"), "NULL");
    EXPECT_EQ(sources("SELECT min(\"user\") FROM lines"), "SCAN lines USING INDEX by_user");
    EXPECT_EQ(sources("SELECT max(\"user\") FROM lines WHERE \"user\" < 7"),
              "SEARCH lines USING INDEX by_user (user<?) BACKWARDS");
    EXPECT_EQ(rows("SELECT max(\"user\") FROM lines WHERE \"user\" < 7"), "6");
    EXPECT_EQ(sources("SELECT max(line) FROM lines WHERE \"order\" = 3"),
              "SEARCH lines USING PRIMARY KEY (order=?)");
    EXPECT_EQ(rows("SELECT max(\"order\") FROM lines WHERE \"order\" = 3 AND line = 2"), "3");
    EXPECT_EQ(sources("SELECT max(\"user\") FROM lines WHERE line = 1"), "SCAN lines");
    EXPECT_EQ(sources("SELECT max(\"user\") FROM lines NOT INDEXED"), "SCAN lines");
    EXPECT_EQ(rows("SELECT max(\"user\"), count(*) FROM lines"), "199|200");
    EXPECT_EQ(rows("SELECT count(id) FROM users"), "300");
    EXPECT_EQ(rows("SELECT max(-id), min(id) FROM users"), "-1|1");
    EXPECT_EQ(rows("SELECT max(-id) FROM users"), "-1");
    EXPECT_EQ(rows("SELECT max(id) FROM users GROUP BY name"), "299; 300");
    EXPECT_EQ(rows("SELECT max(id) FROM users JOIN lines ON id = \"user\""), "199");
    EXPECT_EQ(rows("SELECT max(rowid) FROM notes"), "2");
}

// Nothing else than NULLs is NULL; and nobody walks over them to find the least.
TEST_F(Plan, TakesNoNullForAnExtreme) {
    const std::size_t table = stored.create(
        "t", {{"a", ColumnType::integer}, {"b", ColumnType::integer}, {"c", ColumnType::real}},
        {1});
    stored.index(table, "by_b", {2});
    stored.index(table, "by_c", {-3});
    EXPECT_EQ(rows("SELECT min(b) FROM t"), "NULL");
    Rows rows_of;
    for (int i = 0; i < 40; i++) rows_of.push_back({Value::integer(i), Value{}, Value{}});
    stored.put(table, rows_of);
    EXPECT_EQ(rows("SELECT min(b) FROM t"), "NULL");
    EXPECT_EQ(rows("SELECT max(c) FROM t"), "NULL");
    stored.put(table, {{Value::integer(20), Value::integer(5), Value::real(2.5)},
                       {Value::integer(30), Value::integer(4), Value::real(-2.5)}});
    EXPECT_EQ(sources("SELECT min(b) FROM t"), "SCAN t USING INDEX by_b");
    EXPECT_EQ(rows("SELECT min(b) FROM t"), "4");
    EXPECT_EQ(rows("SELECT max(b) FROM t"), "5");
    EXPECT_EQ(rows("SELECT min(c) FROM t"), "-2.5");
    EXPECT_EQ(rows("SELECT max(c) FROM t"), "2.5");
    EXPECT_EQ(rows("SELECT (SELECT max(b) FROM t WHERE a < id) FROM users "
                   "WHERE id IN (20, 21, 31)"),
              "NULL; 5; 5");
    EXPECT_EQ(rows("SELECT min(b) FROM t FOR SYSTEM_TIME AS OF 3"), "NULL");
}

// Entries of an index that have the same values are in the order of the rows' keys.
TEST_F(Plan, TakesTheOrderOfTheKeyBehindThatOfAnIndex) {
    stored.index(1, "by_user", {3});
    EXPECT_EQ(sources("SELECT 1 FROM lines ORDER BY \"user\", \"order\", line DESC LIMIT 2"),
              "SCAN lines USING INDEX by_user");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"user\" > 5 "
                      "ORDER BY \"user\" DESC, \"order\" DESC, line, \"user\""),
              "SEARCH lines USING INDEX by_user (user>?) BACKWARDS");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"user\" > 5 ORDER BY \"user\", line DESC"),
              "SORT ; SEARCH lines USING INDEX by_user (user>?)");
    EXPECT_EQ(sources("SELECT max(\"order\") FROM lines WHERE \"user\" = 5"),
              "SEARCH lines USING INDEX by_user (user=?) BACKWARDS");
    EXPECT_EQ(rows("SELECT max(\"order\") FROM lines WHERE \"user\" = 5"), "1");
}

// What is long is cut in an entry, so that its order is not known there.
TEST_F(Plan, SortsTextsThatAnIndexMayHaveCut) {
    const std::string longest(120, 'x');
    const std::string first = longest + "a";
    const std::string last = longest + "b";
    stored.index(0, "by_name", {2, 1});
    stored.put(0,
               {{Value::integer(1), Value::text(last)}, {Value::integer(2), Value::text(first)}});
    EXPECT_EQ(rows("SELECT id FROM users WHERE name >= 'x' ORDER BY name"), "2; 1");
    EXPECT_EQ(rows("SELECT id FROM users ORDER BY name DESC LIMIT 2"), "1; 2");
    stored.put(
        0, {{Value::integer(-7), Value::text(first)}, {Value::integer(1000), Value::text(first)}});
    EXPECT_EQ(rows("SELECT id FROM users WHERE name = '" + first + "' ORDER BY id"), "-7; 2; 1000");
}

TEST_F(Plan, ReadsAlternativesEachByItsKey) {
    stored.index(1, "by_user", {3});
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE id = 5 OR 3 = id OR id = 5"),
              "SEARCH users USING PRIMARY KEY (id IN ?)");
    EXPECT_EQ(rows("SELECT id FROM users WHERE id = 5 OR 3 = id OR id = 5 OR id = NULL"), "3; 5");
    const std::string text =
        "FROM lines WHERE \"user\" = 5 OR \"order\" = 1 OR \"user\" IN (5, 7, 9)";
    EXPECT_EQ(sources("SELECT 1 " + text),
              "SEARCH lines USING INDEX by_user (user=?); "
              "SEARCH lines USING PRIMARY KEY (order=?); "
              "SEARCH lines USING INDEX by_user (user IN ?)");
    EXPECT_EQ(rows("SELECT \"user\" " + text + " ORDER BY 1"), "4; 5; 6; 7; 9");
    EXPECT_EQ(
        rows("SELECT \"user\" FROM lines WHERE (\"user\" = 5 AND line = 2 OR \"order\" = 1 AND "
             "line > 0) AND \"user\" <> 6 ORDER BY 1"),
        "5; 7");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"user\" = 5 OR line = 1"), "SCAN lines");
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"user\" = 5 OR \"order\" > 1"), "SCAN lines");
    EXPECT_EQ(stored.changed(1, "SELECT 1 WHERE \"order\" = 2 AND line = 1 OR \"order\" = 1"),
              "SEARCH l USING PRIMARY KEY (order=? AND line=?); "
              "SEARCH l USING PRIMARY KEY (order=?): 2|1|9; 1|3|7; 1|2|6; 1|1|5; 1|0|4");
}

TEST_F(Plan, ReachesRowsByTheHiddenRowId) {
    EXPECT_EQ(sources("SELECT 1 FROM notes WHERE oid = 2"),
              "SEARCH notes USING PRIMARY KEY (rowid=?)");
    EXPECT_EQ(rows("SELECT text, rowid FROM notes WHERE _rowid_ IN (2, 7, 1)"), "'a'|1; 'b'|2");
    EXPECT_EQ(rows("SELECT text FROM notes WHERE rowid > 1"), "'b'");
    EXPECT_EQ(rows("SELECT text FROM notes WHERE rowid = 1.5"), "");
    EXPECT_EQ(rows("SELECT text FROM notes WHERE rowid = '2'"), "'b'");
    EXPECT_EQ(sources("SELECT text FROM notes ORDER BY rowid DESC"), "SCAN notes BACKWARDS");
    EXPECT_EQ(rows("SELECT text FROM notes ORDER BY rowid DESC"), "'b'; 'a'");
}

TEST_F(Plan, BeginsJoinsWithTheBestAccess) {
    EXPECT_EQ(sources("SELECT 1 FROM lines l JOIN users u ON l.user = u.id WHERE u.id = 9"),
              "SCAN l; SEARCH u USING PRIMARY KEY (id=?)");
    EXPECT_EQ(rows("SELECT l.\"order\", u.name FROM lines l, users u "
                   "WHERE l.user = u.id AND u.id = 9"),
              "2|'odd'");
    EXPECT_EQ(rows("SELECT count(*) FROM users u JOIN lines l ON u.id = l.user"), "199");
    EXPECT_EQ(rows("SELECT u.id, l.line FROM users u LEFT JOIN lines l ON l.user = u.id "
                   "WHERE u.id >= 299 ORDER BY 1"),
              "299|NULL; 300|NULL");
    EXPECT_EQ(sources("SELECT 1 FROM users u LEFT JOIN lines l ON l.user = u.id AND l.\"order\" = 1"
                      " WHERE u.id = 3"),
              "SEARCH l USING PRIMARY KEY (order=?); SEARCH u USING PRIMARY KEY (id=?)");
}

// All pairs of lines and notes were put together, for each to be asked of the users that two are.
TEST_F(Plan, JoinsWithoutAKeyWhatIsAPartOfItsTableFirst) {
    const std::string query =
        "SELECT l.\"order\", u.id, n.text FROM users v, lines l, notes n, users u "
        "WHERE v.id = 4 AND l.user = u.id AND u.name IN ('even', 'none') AND n.text = 'b' "
        "AND l.\"order\" + u.id < 5 ORDER BY 1, 2";
    EXPECT_EQ(sources(query), "SORT ; SCAN l; SCAN u; SCAN n; SEARCH v USING PRIMARY KEY (id=?)");
    EXPECT_EQ(rows(query), "0|2|'b'");
}

TEST_F(Plan, FindsTheRowsOfSubqueriesByKeyForEachRow) {
    EXPECT_EQ(rows("SELECT sum((SELECT id FROM users WHERE id = l.user)) FROM lines l"), "19900");
}

TEST_F(Plan, KnowsHiddenColumns) {
    EXPECT_EQ(rows("SELECT rowid, text FROM notes ORDER BY rowid"), "1|'a'; 2|'b'");
    EXPECT_EQ(rows("SELECT _rowid_ FROM users WHERE rowid = 4"), "4");
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE rowid = 4"),
              "SEARCH users USING PRIMARY KEY (id=?)");
    EXPECT_EQ(rows("SELECT commit_start, commit_end, row_end FROM users WHERE id = 4"),
              "2|NULL|NULL");
    EXPECT_EQ(rows("SELECT rowid FROM lines"), "unknown-namethere is no column rowid");
}

TEST_F(Plan, SeesWhatItsTransactionChanged) {
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(stored.store().store, stored.store().diagnostic));
    const std::string text = "SELECT id, name FROM users WHERE id >= 299";
    stored.put(
        transaction, 0,
        {{Value::integer(300), Value::text("changed")}, {Value::integer(301), Value::text("new")}});
    EXPECT_EQ(joined(stored.select(text, &transaction).answer),
              "299|'odd'; 300|'changed'; 301|'new'");
    EXPECT_EQ(rows(text), "299|'odd'; 300|'even'");
    EXPECT_EQ(
        joined(stored.select("SELECT count(*), max(length(name)) FROM users", &transaction).answer),
        "301|7");
}

TEST_F(Plan, ReachesRowsByIndexes) {
    stored.index(1, "by_user", {3});
    stored.index(0, "by_name", {-2}, false, true);
    EXPECT_EQ(sources("SELECT 1 FROM lines WHERE \"user\" = 5"),
              "SEARCH lines USING INDEX by_user (user=?)");
    EXPECT_EQ(rows("SELECT \"order\", line FROM lines WHERE \"user\" = 5"), "1|1");
    EXPECT_EQ(rows("SELECT \"user\" FROM lines WHERE \"user\" > 197"), "198; 199");
    EXPECT_EQ(rows("SELECT line FROM lines WHERE \"user\" IN (5, 6, 5.0)"), "1; 2");
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE name = 'odd'"),
              "SEARCH users USING INDEX by_name (name=?)");
    EXPECT_EQ(rows("SELECT count(*) FROM users WHERE name = 'odd'"), "150");
    EXPECT_EQ(sources("SELECT 1 FROM users WHERE name > 'odd'"), "SCAN users");
    EXPECT_EQ(sources("SELECT 1 FROM users NOT INDEXED WHERE name = 'odd'"), "SCAN users");
    EXPECT_EQ(sources("SELECT \"user\" FROM lines WHERE \"user\" > 5 ORDER BY \"user\""),
              "SEARCH lines USING INDEX by_user (user>?)");
}

// ---- parts of statements that change rows ----

TEST_F(Plan, GivesTheRowsOfAChangeWithTheirKeys) {
    EXPECT_EQ(stored.changed(1, "SELECT 1 WHERE l.\"order\" = 3 AND line > 1"),
              "SEARCH l USING PRIMARY KEY (order=? AND line>?): 3|3|15; 3|2|14");
    EXPECT_EQ(stored.changed(2, "SELECT 1 WHERE rowid = 2"),
              "SEARCH l USING PRIMARY KEY (rowid=?): 'b'");
    EXPECT_EQ(stored.changed(2, "SELECT 1"), "SCAN l: 'a'; 'b'");
    EXPECT_EQ(stored.changed(2, "SELECT 1 WHERE name"), "there is no column name");
}

TEST_F(Plan, BindsExpressionsOverTheRowsOfAChange) {
    EXPECT_EQ(stored.bound(0, "SELECT id + 1, excluded.name || '!', (SELECT count(*) FROM notes)"),
              "8|'new!'|2");
    EXPECT_EQ(stored.bound(0, "SELECT *"), "7|'old'");
    EXPECT_EQ(stored.bound(0, "SELECT users.*, excluded.id AS more"), "7|'old'|9");
    EXPECT_EQ(stored.bound(0, "SELECT count(*)"), "the aggregate count() cannot stand here");
}

// ---- the past ----

TEST_F(Plan, ReadsThePastByTheSameWays) {
    const std::string newest = "SELECT id, name FROM users WHERE id IN (4, 5)";
    stored.put(0, {{Value::integer(4), Value::text("four")}});  // commit 7
    stored.put(0, {{Value::integer(4), Value::text("FOUR")}});  // 8
    stored.erase(0, {Value::integer(5), Value::text("odd")});   // 9
    stored.index(0, "by_name", {2});                            // 10
    EXPECT_EQ(rows(newest), "4|'FOUR'");
    EXPECT_EQ(rows("SELECT id, name FROM users FOR SYSTEM_TIME AS OF COMMIT 7 "
                   "WHERE id IN (4, 5)"),
              "4|'four'; 5|'odd'");
    EXPECT_EQ(rows("SELECT id FROM users FOR SYSTEM_TIME AS OF 7 WHERE name = 'four'"), "4");
    EXPECT_EQ(sources("SELECT id FROM users FOR SYSTEM_TIME AS OF 7 WHERE name = 'four'"),
              "SEARCH users USING INDEX by_name (name=?)");
    EXPECT_EQ(rows("SELECT a.name, b.name FROM users a JOIN users FOR SYSTEM_TIME AS OF "
                   "TIMESTAMP '1970-01-01T00:00:06Z' b ON a.id = b.id WHERE a.id = 4"),
              "'FOUR'|'even'");
    EXPECT_EQ(rows("SELECT name, commit_start, commit_end FROM users FOR SYSTEM_TIME ALL "
                   "WHERE id = 4"),
              "'even'|2|7; 'four'|7|8; 'FOUR'|8|NULL");
    EXPECT_EQ(sources("SELECT 1 FROM users FOR SYSTEM_TIME ALL WHERE id = 4"),
              "SEARCH users USING PRIMARY KEY (id=?)");
    EXPECT_EQ(rows("SELECT id, name FROM users FOR SYSTEM_TIME FROM COMMIT 7 TO COMMIT 8 "
                   "WHERE id BETWEEN 4 AND 5"),
              "4|'four'; 5|'odd'");
    EXPECT_EQ(rows("SELECT id, name FROM users FOR SYSTEM_TIME BETWEEN 7 AND 8 "
                   "WHERE id BETWEEN 4 AND 5"),
              "4|'four'; 4|'FOUR'; 5|'odd'");
    EXPECT_EQ(rows("SELECT name FROM users FOR SYSTEM_TIME CONTAINED IN (COMMIT 3, COMMIT 9)"),
              "'four'");
    EXPECT_EQ(rows("SELECT count(*) FROM users FOR SYSTEM_TIME FROM 8 TO 8"), "0");
    EXPECT_EQ(rows("SELECT row_end IS NULL, row_start < now_row FROM users FOR SYSTEM_TIME ALL, "
                   "(SELECT row_start AS now_row FROM users WHERE id = 4) WHERE id = 4"),
              "0|1; 0|1; 1|0");
}

// Goal: backwards are the same rows. Method: rows come and go and change their values; at each
// commit, and in a transaction, both ways are asked.
TEST_F(Plan, ReadsTheSameRowsBackwards) {
    stored.index(1, "by_user", {3});
    const auto line = [](std::int64_t order, std::int64_t user) -> Cells {
        return {Value::integer(order), Value::integer(0), Value::integer(user)};
    };
    for (std::int64_t i = 0; i < 8; i++) {
        stored.put(1, {line(i % 3, 1000 + i), line(60 + i, 7)});
        if (i % 2 == 0) stored.erase(1, line(i % 3, 1000 + i));
    }
    const auto expect_same = [&](const std::string& from, const Transaction* transaction) {
        for (const std::string by : {"\"order\", line DESC", "\"user\""}) {
            const bool is_user = by == "\"user\"";
            const std::string back = is_user ? by + " DESC" : "\"order\" DESC, line";
            for (const std::string limit : {"< 50", "> 2", "BETWEEN 1 AND 1005"}) {
                const std::string what = "SELECT " + std::string{is_user ? by : "\"order\", line"} +
                                         from + (is_user ? by : "\"order\"") + " " + limit;
                Answer forwards = stored.select(what + " ORDER BY " + by, transaction).answer;
                const Stored::Planned read = stored.select(what + " ORDER BY " + back, transaction);
                EXPECT_NE(read.sources.find("BACKWARDS"), std::string::npos) << read.sources;
                std::reverse(forwards.rows.begin(), forwards.rows.end());
                EXPECT_EQ(joined(forwards), joined(read.answer)) << what;
                EXPECT_FALSE(read.answer.rows.empty() && from.find("AS OF") == std::string::npos);
            }
        }
    };
    for (int commit = 0; commit <= 21; commit++)
        expect_same(" FROM lines FOR SYSTEM_TIME AS OF " + std::to_string(commit) + " WHERE ",
                    nullptr);
    expect_same(" FROM lines WHERE ", nullptr);
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(stored.store().store, stored.store().diagnostic));
    stored.put(transaction, 1, {line(1, 4), line(2, 1000), line(90, 1)});
    expect_same(" FROM lines WHERE ", &transaction);
}

TEST_F(Plan, RefusesMomentsThatAreNone) {
    EXPECT_EQ(rows("SELECT 1 FROM users FOR SYSTEM_TIME AS OF COMMIT 5000"),
              "ahead-of-logthis commit is not there yet");
    EXPECT_EQ(rows("SELECT 1 FROM users FOR SYSTEM_TIME AS OF TIMESTAMP 'soon'"),
              "type-mismatchthis is no time");
    EXPECT_EQ(rows("SELECT 1 FROM users FOR SYSTEM_TIME AS OF 'soon'"),
              "unknown-namethis is no time, and no name of a commit");
    EXPECT_EQ(rows("SELECT count(*) FROM users FOR SYSTEM_TIME AS OF 'third'"), "300");
    EXPECT_EQ(rows("SELECT 1 FROM users FOR SYSTEM_TIME AS OF COMMIT -1"),
              "type-mismatchthis is no number of a commit");
    EXPECT_EQ(rows("SELECT 1 FROM users FOR SYSTEM_TIME AS OF COMMIT id"),
              "unknown-namethere is no column id");
}

// Goal: no memory is taken that is not there. Method: every size of it, up to one that does.
TEST_F(Plan, SurvivesEveryArena) {
    stored.index(1, "by_user", {3});
    const std::string text =
        "SELECT u.name, l.line, h.commit_start FROM lines l JOIN users u ON u.id = l.\"user\" "
        "LEFT JOIN users FOR SYSTEM_TIME ALL h ON h.id = u.id AND h.id BETWEEN 2 AND 300 "
        "WHERE l.\"user\" IN (SELECT id FROM users WHERE id IN (5, 6)) ORDER BY l.line";
    for (std::size_t size = 1; size < std::size_t{400'000}; size += 61) {
        const Answer answer = stored.select(text, nullptr, size).answer;
        if (answer.error.code == Code::none) {
            EXPECT_EQ(joined(answer), "'odd'|1|2; 'even'|2|2");
            return;
        }
        ASSERT_EQ(answer.error.code, Code::out_of_memory) << size;
    }
    FAIL() << "400 KB should have been enough";
}

}  // namespace
}  // namespace freshet::sql
