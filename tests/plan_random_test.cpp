// SPDX-License-Identifier: MIT
// Goal: rows are the same whatever leads to them. Method: random tables with keys of all types, and
// each condition asked twice: so that a key can serve it, and so that none can ("... OR 0").
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/plan_fixture.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnType;

class Random {
public:
    explicit Random(unsigned seed) : random_{seed} {}
    int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

    Value of(ColumnType type) {
        switch (type) {
            case ColumnType::boolean: return Value::boolean(below(2) == 0);
            case ColumnType::integer: return Value::integer(below(9) - 4);
            case ColumnType::real: return Value::real((below(17) - 8) / 2.0);
            case ColumnType::date: return Value::date(below(5));
            case ColumnType::timestamp: return Value::timestamp(below(9) * (day_us / 2));
            case ColumnType::blob: return Value::blob(as_bytes(text()));
            default: return Value::text(text());
        }
    }
    std::string_view text() {
        static const std::string longest(40, 'x');
        static const std::string longer = longest + "y";
        static const std::string_view texts[] = {
            "", "a", "ab", "b", "1", " 2 ", "-1.5", "1970-01-02", "1970-01-03T12:00:00Z"};
        const int which = below(11);
        return which < 9 ? texts[which] : which == 9 ? std::string_view{longest} : longer;
    }
    ColumnType type() { return static_cast<ColumnType>(1 + below(7)); }
    std::string literal() {
        static const std::string too_long(300, 'x');  // For any key.
        if (below(12) == 0) return "NULL";
        if (below(12) == 0) return "'" + too_long + "'";
        return shown(of(type()));
    }

private:
    std::mt19937 random_;
};

// A lone min() or max(): the same of a column and of what no key has. Whether a key led to it.
bool is_of_a_key(Stored& stored, const std::string& extreme, const std::string& column,
                 const std::string& from) {
    const Stored::Planned found = stored.select(extreme + column + ")" + from);
    const Stored::Planned expected =
        stored.select(extreme + "CASE WHEN 1 THEN " + column + " END)" + from);
    EXPECT_EQ(joined(found.answer), joined(expected.answer))
        << extreme << column << from << " by " << found.sources;
    return found.sources != expected.sources;
}

TEST(PlanRandom, GivesTheSameRowsByKeysAndWithoutThem) {
    static const char* const names[] = {"a", "b", "c"};
    static const char* const signs[] = {" = ", " < ", " <= ", " > ", " >= "};
    std::set<std::string> ways;
    std::size_t search_count = 0;
    std::size_t order_count = 0;
    std::size_t either_count = 0;
    std::size_t extreme_count = 0;
    std::size_t row_count = 0;
    for (unsigned seed = 1; seed <= 30; seed++) {
        Random random{seed};
        Stored stored;
        std::vector<std::pair<std::string_view, ColumnType>> columns;
        for (const char* const name : names) columns.emplace_back(name, random.type());
        std::vector<int> key;
        for (const int place : {1, 2, 3})
            if (static_cast<int>(key.size()) < 1 + random.below(3))
                key.push_back(random.below(2) == 0 ? place : -place);
        const int key_end = static_cast<int>(key.size());
        const std::size_t table = stored.create("t", columns, key);
        Rows rows;
        for (int i = 0; i < 80; i++) {
            Cells row;
            for (const auto& [name, type] : columns)
                row.push_back(random.below(9) == 0 && static_cast<int>(row.size()) >= key_end
                                  ? Value{}
                                  : random.of(type));
            rows.push_back(row);
        }
        const bool is_made_first = random.below(2) == 0;
        const auto make_indexes = [&] {
            if (random.below(2) == 0) stored.index(table, "i", {random.below(2) == 0 ? 3 : -3, 2});
            if (random.below(2) == 0)
                stored.index(table, "u", {random.below(2) == 0 ? 2 : -2}, false);
            if (random.below(2) == 0) stored.index(table, "h", {3}, false, true);
            if (random.below(4) == 0) stored.index(table, "k", {2, 3}, false, true);
        };
        if (is_made_first) make_indexes();
        stored.put(table, rows);
        if (!is_made_first) make_indexes();
        if (testing::Test::HasFatalFailure()) return;
        for (int i = 0; i < 60; i++) {
            std::string by_key;
            std::string by_scan;
            const bool is_either = random.below(3) == 0;
            for (int k = 1 + random.below(3); k > 0; k--) {
                std::string term = names[random.below(3)];
                if (random.below(5) == 0)
                    term += " IN (" + random.literal() + ", " + random.literal() + ", " +
                            random.literal() + ")";
                else if (random.below(5) == 0)
                    term += " BETWEEN " + random.literal() + " AND " + random.literal();
                else
                    term += signs[random.below(2) == 0 ? 0 : random.below(5)] + random.literal();
                by_key += (by_key.empty() ? "" : is_either ? " OR " : " AND ") + term;
                by_scan += (by_scan.empty() ? "("
                            : is_either     ? " OR ("
                                            : " AND (") +
                           term + " OR 0)";
            }
            Stored::Planned found = stored.select("SELECT * FROM t WHERE " + by_key);
            Stored::Planned expected = stored.select("SELECT * FROM t WHERE " + by_scan);
            ASSERT_EQ(expected.sources, "SCAN t");
            either_count += found.sources.find("; SEARCH") != std::string::npos ? 1U : 0U;
            std::sort(found.answer.rows.begin(), found.answer.rows.end());
            std::sort(expected.answer.rows.begin(), expected.answer.rows.end());
            ASSERT_EQ(joined(found.answer), joined(expected.answer))
                << by_key << " of seed " << seed << " by " << found.sources;
            ways.insert(found.sources.substr(0, 24));
            const std::string a = names[random.below(3)];
            const std::string b = names[random.below(3)];
            const std::string first_sign = random.below(2) == 0 ? "" : " DESC";
            const std::string sign = random.below(2) == 0 ? "" : " DESC";
            const std::string what = "SELECT " + a + ", " + b + " FROM t ";
            const std::string limit = " LIMIT " + std::to_string(random.below(30));
            found = stored.select(what + "WHERE " + by_key + " ORDER BY " + a + first_sign + ", " +
                                  b + sign + limit);
            expected = stored.select(what + "WHERE " + by_scan + " ORDER BY CASE WHEN 1 THEN " + a +
                                     " END" + first_sign + ", CASE WHEN 1 THEN " + b + " END" +
                                     sign + limit);
            ASSERT_EQ(joined(found.answer), joined(expected.answer))
                << by_key << " of seed " << seed << " by " << found.sources;
            order_count += found.sources.find("BACKWARDS") != std::string::npos ? 1U : 0U;
            const std::string extreme = random.below(2) == 0 ? "SELECT min(" : "SELECT max(";
            const std::string where = random.below(3) == 0 ? "" : " WHERE " + by_key;
            extreme_count += is_of_a_key(stored, extreme, a, " FROM t" + where) ? 1U : 0U;
            search_count += found.sources != "SCAN t" ? 1U : 0U;
            row_count += found.answer.rows.size();
        }
    }
    EXPECT_GT(search_count, 500U);
    EXPECT_GT(order_count, 50U);
    EXPECT_GT(extreme_count, 50U);
    EXPECT_GT(either_count, 50U);
    EXPECT_GT(row_count, 1000U);
    EXPECT_EQ(ways.size(), 6U);  // SCAN, PRIMARY KEY, and four indexes.
}

}  // namespace
}  // namespace freshet::sql
