// SPDX-License-Identifier: MIT
// Goal: whole SELECTs give what SQLite gives: names, rows, and their order where there is one.
// Method: where its library is installed, SELECTs by a generator that knows types, over small
// tables with NULLs and doubles, run by both; what SQLite refuses is left out.
//
// Left to SQLite: which rows of an unordered result a LIMIT takes, the value of a column beside
// aggregates that is no key of the group, and which of 1 and 1.0 comes first or is kept.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/bind_fixture.hpp"

#if __has_include(<sqlite3.h>)
#include <sqlite3.h>

namespace freshet::sql {
namespace {

using relation::ColumnType;
using Columns = std::vector<std::pair<std::string, ColumnType>>;

class Generator {
public:
    explicit Generator(unsigned seed) : random_{seed} {}

    int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
    bool one_in(int count) { return below(count) == 0; }

    Value value(ColumnType type) {
        static const char* const texts[] = {"", "a", "b", "ab", "1", " 2", "3.0", "B", "x y"};
        if (one_in(6)) return {};
        if (type == ColumnType::integer) return Value::integer(below(9) - 3);
        if (type == ColumnType::real) return Value::real((below(17) - 6) / 4.0);
        return Value::text(texts[below(9)]);
    }

    // A whole statement.
    std::string statement() {
        std::string text = arm(one_in(4));
        const int width = width_;
        for (int more = one_in(4) ? 1 + below(2) : 0; more > 0; more--) {
            static const char* const operators[] = {" UNION ", " UNION ALL ", " EXCEPT ",
                                                    " INTERSECT "};
            wanted_width_ = width;
            text += operators[below(4)] + arm(false);
        }
        wanted_width_ = 0;
        is_ordered = one_in(2);
        if (!is_ordered) return text;
        text += " ORDER BY ";
        for (int i = 1; i <= width; i++) {
            text += (i == 1 ? "" : ", ") + std::to_string(i);
            if (one_in(3)) text += " DESC";
            if (one_in(5)) text += one_in(2) ? " NULLS LAST" : " NULLS FIRST";
        }
        if (one_in(2)) text += " LIMIT " + std::to_string(below(12));
        if (text.find("LIMIT") != std::string::npos && one_in(2))
            text += " OFFSET " + std::to_string(below(4));
        return text;
    }

    bool is_ordered = false;

private:
    struct Named {
        std::string name;
        std::vector<std::string> columns;
    };
    // Sources that can be named; those of outer queries first.
    std::vector<Named> scope_;
    std::size_t inner_ = 0;

    std::string number() { return std::to_string(below(9) - 3); }
    std::string literal() {
        switch (below(5)) {
            case 0: return shown(value(ColumnType::text));
            case 1: return shown(value(ColumnType::real));
            default: return number();
        }
    }
    std::string column() {
        if (scope_.empty()) return literal();
        // Mostly of the query itself.
        const std::size_t first = inner_ < scope_.size() && !one_in(6) ? inner_ : 0;
        const int count = static_cast<int>(scope_.size() - first);
        const Named& named = scope_[first + static_cast<std::size_t>(below(count))];
        return named.name + "." +
               named.columns[static_cast<std::size_t>(
                   below(static_cast<int>(named.columns.size())))];
    }

    std::string expression(int depth) {
        if (depth == 0 || one_in(4)) return one_in(4) ? literal() : column();
        const auto next = [&] { return expression(depth - 1); };
        static const char* const signs[] = {" + ", " - ", " * ", " / ", " % ", " || "};
        switch (below(11)) {
            case 0:
            case 1:
            case 2: return "(" + next() + signs[below(6)] + next() + ")";
            case 3: return "coalesce(" + next() + ", " + next() + ")";
            case 4:
                return "CASE WHEN " + condition(depth - 1) + " THEN " + next() + " ELSE " + next() +
                       " END";
            case 5: return "CASE " + next() + " WHEN " + next() + " THEN " + next() + " END";
            case 6:
                return "CAST(" + next() + " AS " +
                       (one_in(3)   ? "INTEGER"
                        : one_in(2) ? "REAL"
                                    : "TEXT") +
                       ")";
            case 7: return "length(" + next() + ")";
            case 8: return "+" + column();
            case 9: return one_in(2) ? scalar_subquery(depth) : "-" + column();
            default: return condition(depth - 1);
        }
    }

    std::string condition(int depth) {
        static const char* const signs[] = {
            " = ", " <> ", " < ", " <= ", " > ", " >= ", " IS ", " IS NOT "};
        const auto next = [&] { return expression(depth > 0 ? depth - 1 : 0); };
        const std::string negation = one_in(3) ? " NOT" : "";
        switch (below(depth > 0 ? 11 : 5)) {
            case 0:
            case 1:
            case 2: return "(" + column() + signs[below(8)] + next() + ")";
            case 3: return "(" + next() + signs[below(8)] + next() + ")";
            case 4:
                return "(" + column() + negation + " BETWEEN " + next() + " AND " + next() + ")";
            case 5: return "(" + condition(depth - 1) + " AND " + condition(depth - 1) + ")";
            case 6: return "(" + condition(depth - 1) + " OR " + condition(depth - 1) + ")";
            case 7: return "(NOT " + condition(depth - 1) + ")";
            case 8: return "(" + column() + negation + " IN (" + next() + ", " + next() + "))";
            case 9: return "(" + next() + " IS" + negation + (one_in(2) ? " TRUE)" : " NULL)");
            default: return subquery_condition(depth, negation);
        }
    }

    // A query of one column over one table.
    std::string subquery(int depth, const std::string& what) {
        const std::size_t inner = inner_;
        inner_ = scope_.size();
        const std::string name = "s" + std::to_string(++name_count_);
        scope_.push_back({name, {"a", "b", "c"}});
        const std::string text = "(SELECT " + (what.empty() ? expression(0) : what) + " FROM t" +
                                 std::to_string(below(3)) + " AS " + name +
                                 (one_in(3) ? "" : " WHERE " + condition(depth - 1)) + ")";
        scope_.pop_back();
        inner_ = inner;
        return text;
    }
    std::string scalar_subquery(int depth) {
        static const char* const aggregates[] = {"count(*)", "max(a)", "min(c)", "sum(b)",
                                                 "avg(a)"};
        return subquery(depth, aggregates[below(5)]);
    }
    std::string subquery_condition(int depth, const std::string& negation) {
        if (one_in(2)) return "(" + column() + negation + " IN " + subquery(depth, "") + ")";
        return std::string{negation.empty() ? "(" : "(NOT "} + "EXISTS " + subquery(depth, "1") +
               ")";
    }

    std::string source() {
        const std::string name = "x" + std::to_string(++name_count_);
        if (one_in(5)) {
            std::vector<Named> outside;
            std::swap(outside, scope_);
            const std::size_t inner = inner_;
            inner_ = 0;
            scope_.push_back({"y", {"a", "b", "c"}});
            const std::string text = "(SELECT " + std::string{one_in(2) ? "DISTINCT " : ""} +
                                     expression(1) + " AS p, y.b AS q FROM t" +
                                     std::to_string(below(3)) + " AS y WHERE " + condition(1) +
                                     ") AS " + name;
            scope_ = outside;
            inner_ = inner;
            scope_.push_back({name, {"p", "q"}});
            return text;
        }
        const std::string text = "t" + std::to_string(below(3)) + " AS " + name;
        scope_.push_back({name, {"a", "b", "c"}});
        return text;
    }

    // Never a constant: SQLite 3.40 asks one of a JOIN before a RIGHT JOIN too late.
    std::string on(int depth) {
        static const char* const signs[] = {" = ", " <> ", " <= ", " IS "};
        return "(" + column() + signs[below(4)] + expression(depth) + ")";
    }

    std::string from() {
        std::string text = " FROM " + source();
        for (int more = one_in(2) ? 1 + below(2) : 0; more > 0; more--) {
            static const char* const joins[] = {" JOIN ",      " LEFT JOIN ", " RIGHT JOIN ",
                                                " FULL JOIN ", ", ",          " CROSS JOIN "};
            const bool has_all = sqlite3_libversion_number() >= 3039000;
            const int which = below(6);
            const bool is_new = which == 2 || which == 3;
            const std::string join = joins[is_new && !has_all ? 1 : which];
            const std::string left = column();
            text += join + source();
            if (which >= 4) continue;
            const std::string right = scope_.back().name + "." + scope_.back().columns[0];
            text += " ON " + (one_in(3) ? on(1) : left + " = " + right);
            if (one_in(3)) text += " AND " + on(0);
        }
        return text;
    }

    std::string arm(bool is_grouped) {
        scope_.clear();
        inner_ = 0;
        const std::string sources = from();
        width_ = wanted_width_ > 0 ? wanted_width_ : 1 + below(3);
        const std::string where = one_in(3) ? "" : " WHERE " + condition(2);
        if (is_grouped) return grouped(sources + where);
        std::string text = one_in(5) ? "SELECT DISTINCT " : "SELECT ";
        for (int i = 0; i < width_; i++) text += (i == 0 ? "" : ", ") + expression(2);
        return text + sources + where;
    }

    std::string aggregate() {
        static const char* const names[] = {"count", "sum", "avg", "min", "max", "total"};
        if (one_in(5)) return "count(*)";
        return std::string{names[below(6)]} + (one_in(4) ? "(DISTINCT " : "(") + column() + ")";
    }
    std::string grouped(const std::string& rows) {
        const std::string key = one_in(2) ? column() : expression(1);
        const bool has_key = !one_in(4);
        std::string text = "SELECT ";
        for (int i = 0; i < width_; i++)
            text += (i == 0 ? "" : ", ") + (has_key && one_in(2) ? key : aggregate());
        text += rows;
        // A number would be the place of a column.
        if (has_key) text += " GROUP BY coalesce(" + key + ", NULL)";
        if (has_key && one_in(2)) text += " HAVING " + aggregate() + " > " + number();
        return text;
    }

    std::mt19937 random_;
    int width_ = 1;
    int wanted_width_ = 0;
    int name_count_ = 0;
};

class Sqlite {
public:
    Sqlite() { EXPECT_EQ(sqlite3_open(":memory:", &database_), SQLITE_OK); }
    ~Sqlite() { sqlite3_close(database_); }
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;

    void execute(const std::string& text) {
        ASSERT_EQ(sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
            << text << sqlite3_errmsg(database_);
    }
    // False: it failed.
    bool select(const std::string& text, Answer& answer) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(database_, text.c_str(), -1, &statement, nullptr) != SQLITE_OK)
            return false;
        const int width = sqlite3_column_count(statement);
        for (int i = 0; i < width; i++)
            answer.names.emplace_back(sqlite3_column_name(statement, i));
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            auto& row = answer.rows.emplace_back();
            for (int i = 0; i < width; i++) row.push_back(cell(statement, i));
        }
        sqlite3_finalize(statement);
        return code == SQLITE_DONE;
    }

private:
    static std::string cell(sqlite3_stmt* statement, int column) {
        switch (sqlite3_column_type(statement, column)) {
            case SQLITE_INTEGER:
                return shown(Value::integer(sqlite3_column_int64(statement, column)));
            case SQLITE_FLOAT: return shown(Value::real(sqlite3_column_double(statement, column)));
            case SQLITE_TEXT: {
                const unsigned char* const text = sqlite3_column_text(statement, column);
                return shown(Value::text(reinterpret_cast<const char*>(text)));
            }
            default: return "NULL";
        }
    }

    sqlite3* database_ = nullptr;
};

void fill(Generator& generator, World& world, Sqlite& sqlite) {
    const Columns columns = {
        {"a", ColumnType::integer}, {"b", ColumnType::real}, {"c", ColumnType::text}};
    for (int table = 0; table < 3; table++) {
        const std::string name = "t" + std::to_string(table);
        sqlite.execute("CREATE TABLE " + name + " (a INTEGER, b REAL, c TEXT)");
        Rows rows;
        for (int i = generator.below(12); i > 0; i--) {
            Cells row;
            std::string text = "INSERT INTO " + name + " VALUES (";
            for (const auto& [column, type] : columns) {
                row.push_back(generator.value(type));
                text += (row.size() == 1 ? "" : ", ") + shown(row.back());
            }
            sqlite.execute(text + ")");
            rows.push_back(row);
        }
        world.add(name, columns, rows);
    }
}

std::string listed(const Answer& answer) {
    std::string text;
    for (const auto& row : answer.rows) {
        for (const std::string& cell : row) text += cell + " | ";
        text += "\n";
    }
    return text;
}

// 1.0 as 1, where rows that are equal take each other's place.
void forget_types(const std::string& text, Answer& answer) {
    bool is_one = false;
    for (const char* const word : {"UNION", "EXCEPT", "INTERSECT", "DISTINCT", "GROUP", "ORDER"})
        is_one = is_one || text.find(word) != std::string::npos;
    for (auto& row : answer.rows)
        for (std::string& cell : row)
            if (is_one && cell.size() > 2 && cell[0] != '\'' && cell.ends_with(".0"))
                cell.resize(cell.size() - 2);
}

TEST(SelectSqlite, GivesTheSameRows) {
    std::size_t row_count = 0;
    std::size_t failed_count = 0;
    for (unsigned seed = 1; seed <= 12; seed++) {
        Generator generator{seed};
        World world;
        Sqlite sqlite;
        fill(generator, world, sqlite);
        for (int i = 0; i < 60; i++) {
            const std::string text = generator.statement();
            Answer expected;
            if (!sqlite.select(text, expected)) {
                failed_count++;
                continue;
            }
            Answer found = world.select(text, std::size_t{16} << 20);
            ASSERT_EQ(found.error.code, Code::none)
                << text << "\n"
                << code_name(found.error.code) << " " << found.why.message();
            forget_types(text, found);
            forget_types(text, expected);
            if (!generator.is_ordered) {
                std::sort(found.rows.begin(), found.rows.end());
                std::sort(expected.rows.begin(), expected.rows.end());
            }
            ASSERT_EQ(listed(found), listed(expected)) << text << "\nof seed " << seed;
            ASSERT_EQ(found.names, expected.names) << text;
            row_count += found.rows.size();
        }
    }
    EXPECT_GT(row_count, 500U);
    EXPECT_LT(failed_count, 30U);
}

}  // namespace
}  // namespace freshet::sql

#endif
