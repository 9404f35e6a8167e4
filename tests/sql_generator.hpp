// SPDX-License-Identifier: MIT
// Random statements in the SQL that freshet and SQLite both speak, typed, so that hardly any is
// refused. Tables are STRICT; every column has one of four types, and every expression is made of a
// type, but for comparisons, which also mix them. What an answer depends on is all in the text:
// where rows are cut off (LIMIT) or their order decides what is written, they are in a total order.
//
// What SQLite (3.40) is known to be wrong about, or undecided, is not asked: nothing is joined
// behind a FULL JOIN, where it passes over conditions that hold for no row and refuses others; and
// what ON CONFLICT calls `excluded` is cast where it may be compared, since it has not the affinity
// of the table's columns.
//
// Marks stand where the peers differ, and Mark replaces them: behind each table that is read there
// may be a moment, and an index may be one of hashes, or go down.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace freshet::test {

enum class Kind : std::uint8_t { whole, real, text, blob };

struct Mark {
    static constexpr char moment = '\1';  // FOR SYSTEM_TIME AS OF ...
    static constexpr char hash = '\2';    // USING HASH
    static constexpr char down = '\3';    // DESC, of an index

    static std::string replace(std::string text, char mark, const std::string& by) {
        for (std::size_t at; (at = text.find(mark)) != std::string::npos;) text.replace(at, 1, by);
        return text;
    }
    static std::string without(std::string text) {
        return replace(replace(replace(std::move(text), moment, ""), hash, ""), down, "");
    }
};

class Chance {
public:
    explicit Chance(std::uint64_t seed) : random_{seed} {}
    int below(int limit) { return static_cast<int>(random_() % static_cast<std::uint64_t>(limit)); }
    bool one_in(int count) { return below(count) == 0; }
    template <class List>
    const auto& of(const List& list) {
        return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
    }

private:
    std::mt19937_64 random_;
};

// What an expression may name, and around it what its subquery stands in. Above aggregates, these
// are columns too, but none for a subquery.
struct Scope {
    struct Item {
        std::string text;
        Kind kind;
        bool is_column = true;
        bool is_exact = true;  // Its FLOATs are eighths: a sum of them is the same in any order.
    };
    std::vector<Item> items;
    const Scope* outer = nullptr;
    bool is_grouped = false;
};

struct TableColumn {
    std::string name;
    Kind kind = Kind::whole;
};

struct Table {
    std::string name;
    std::vector<TableColumn> columns;
    std::vector<std::vector<std::size_t>> keys;  // Columns whose values are in one row at most.
    std::vector<std::size_t> bound;              // Columns that something else is made of.
    bool has_number = false;                     // The first column is AUTOINCREMENT.
};

// A query, and what its answer promises.
struct MadeQuery {
    std::string text;
    bool is_ordered = false;  // By all of its columns.
};

// Expressions and queries over the tables that there are.
class QueryGenerator {
public:
    QueryGenerator(Chance& chance, const std::vector<Table>& tables)
        : chance_{chance}, tables_{tables} {}

    // ---- expressions ----

    std::string expression(Kind kind, int depth, const Scope& scope) {
        if (depth <= 0 || chance_.one_in(4)) return leaf(kind, scope);
        switch (chance_.below(11)) {
            case 0: return choose(kind, depth, scope);
            case 1:
                return (chance_.one_in(2) ? "coalesce(" : "ifnull(") + two(kind, depth, scope) +
                       ")";
            case 2: return "nullif(" + two(kind, depth, scope) + ")";
            case 3:
                if (chance_.one_in(2) && has_subqueries_)
                    return scalar_subquery(kind, depth, scope);
                return (chance_.one_in(2) ? "min(" : "max(") + two(kind, depth, scope) + ")";
            default: break;
        }
        switch (kind) {
            case Kind::whole: return whole(depth, scope);
            case Kind::real: return real(depth, scope);
            case Kind::text: return text(depth, scope);
            default: return blob(depth, scope);
        }
    }

    std::string predicate(int depth, const Scope& scope) {
        const int next = depth - 1;
        const Kind kind = any_kind();
        if (depth <= 0) return compare(kind, kind, 0, scope);
        switch (chance_.below(16)) {
            case 0:
            case 1: return "(" + predicate(next, scope) + " AND " + predicate(next, scope) + ")";
            case 2:
            case 3: return "(" + predicate(next, scope) + " OR " + predicate(next, scope) + ")";
            case 4: return "(NOT " + predicate(next, scope) + ")";
            case 5:
                return "(" + expression(kind, next, scope) +
                       (chance_.one_in(2) ? " IS NULL)" : " IS NOT NULL)");
            case 6: {
                const std::string word = chance_.one_in(3) ? " NOT BETWEEN " : " BETWEEN ";
                return "(" + expression(kind, next, scope) + word + expression(kind, next, scope) +
                       " AND " + expression(kind, next, scope) + ")";
            }
            case 7: return in_list(kind, next, scope);
            case 8: return has_subqueries_ ? in_subquery(kind, next, scope) : like(next, scope);
            case 9: return has_subqueries_ ? exists(next, scope) : like(next, scope);
            case 10: return like(next, scope);
            case 11: return compare(kind, any_kind(), next, scope);
            case 12: return compare(Kind::whole, Kind::real, next, scope);
            case 13: return "(" + expression(Kind::whole, next, scope) + ")";
            default: return compare(kind, kind, next, scope);
        }
    }

    std::string literal(Kind kind) {
        if (chance_.one_in(12)) return "NULL";
        static const char* const texts[] = {"''",      "'a'",   "'b'",   "'B'",   "'abc'",
                                            "'12'",    "'1.5'", "' 7 '", "'12x'", "'a%c'",
                                            "'it''s'", "'x_y'", "'-3'",  "'0'",   "'\xc3\xa9'"};
        static const char* const blobs[] = {"x''", "x'00'", "x'61'", "x'6162'", "x'ff'", "x'3132'"};
        static const char* const large[] = {"9223372036854775807", "-9223372036854775807",
                                            "4294967296", "9007199254740993", "-2147483649"};
        switch (kind) {
            case Kind::whole:
                if (has_large_ && chance_.one_in(30)) return chance_.of(large);
                if (chance_.one_in(10)) return std::to_string(chance_.below(2001) - 1000);
                return std::to_string(chance_.below(13) - 4);
            case Kind::real: {
                const int eighths = chance_.below(81) - 40;
                static const char* const rest[] = {".0", ".125", ".25", ".375",
                                                   ".5", ".625", ".75", ".875"};
                return std::string{eighths < 0 ? "-" : ""} + std::to_string(std::abs(eighths) / 8) +
                       rest[std::abs(eighths) % 8];
            }
            case Kind::text: return chance_.of(texts);
            default: return chance_.of(blobs);
        }
    }
    Kind any_kind() {
        static const Kind kinds[] = {Kind::whole, Kind::whole, Kind::whole, Kind::real,
                                     Kind::real,  Kind::text,  Kind::text,  Kind::blob};
        return chance_.of(kinds);
    }
    std::vector<Kind> any_kinds() {
        std::vector<Kind> kinds;
        for (int i = 1 + chance_.below(4); i > 0; i--) kinds.push_back(any_kind());
        return kinds;
    }

    // ---- queries ----

    MadeQuery query(const std::vector<Kind>& kinds, int depth, const Scope* outer, bool is_total) {
        int more = 0;
        while (chance_.one_in(6)) more++;
        const bool had_right = std::exchange(has_right_, has_right_ && (more == 0 || is_free_));
        std::string text = core(kinds, depth, outer);
        for (; more > 0; more--) {
            static const char* const words[] = {" UNION ", " UNION ALL ", " EXCEPT ",
                                                " INTERSECT "};
            text += chance_.of(words) + core(kinds, depth - 1, outer);
        }
        has_right_ = had_right;
        if (!is_total && chance_.one_in(2)) return {text, false};
        text += order(kinds.size());
        if (chance_.one_in(3)) {
            text += " LIMIT " + std::to_string(chance_.below(8));
            if (chance_.one_in(2)) text += " OFFSET " + std::to_string(chance_.below(4));
        }
        return {text, true};
    }

    // FROM, and what it makes nameable.
    std::string from(int depth, Scope& scope) {
        std::string text = source(depth, scope);
        const std::size_t first = scope.items.size();
        const int more = chance_.below(5);
        bool is_over = false;  // See the head.
        for (int i = more < 2 ? 0 : more < 4 ? 1 : 2; i > 0 && !is_over; i--) {
            static const char* const words[] = {", ",          " CROSS JOIN ", " JOIN ",
                                                " LEFT JOIN ", " LEFT JOIN ",  " RIGHT JOIN ",
                                                " FULL JOIN "};
            const bool has_outer = is_free_ || (has_right_ && scope.items.size() == first);
            const int which = chance_.below(has_outer ? 7 : 5);
            text += words[which] + source(depth, scope);
            is_over = which == 6 && !is_free_;
            if (which >= 5 && !is_free_)
                text += " ON " + equality(scope, "1 = 1");
            else if (which >= 2)
                text += " ON " + join_condition(depth - 1, scope);
        }
        return text;
    }

    // The columns that ON CONFLICT calls `excluded`.
    static void add_excluded(const Table& table, Scope& scope) {
        static const char* const types[] = {"INT", "REAL", "TEXT", "BLOB"};
        for (const TableColumn& column : table.columns)
            scope.items.push_back({"CAST(excluded." + column.name + " AS " +
                                       types[static_cast<int>(column.kind)] + ")",
                                   column.kind});
    }
    // Every column of it, under `name`, or bare where it is empty.
    static void add_columns(const Table& table, const std::string& name, Scope& scope) {
        for (const TableColumn& column : table.columns)
            scope.items.push_back(
                {name.empty() ? column.name : name + "." + column.name, column.kind});
    }
    void set_subqueries(bool has) { has_subqueries_ = has; }
    void set_large(bool has) { has_large_ = has; }
    // What is made has FLOATs that are eighths.
    void set_exact() { is_exact_ = true; }
    // No query reads this table; there are others.
    void leave_out(const std::string& table) { without_ = table; }
    // RIGHT and FULL JOIN wherever a join may be, on any condition.
    void set_free() { is_free_ = true; }

private:
    // ---- expressions ----

    std::string leaf(Kind kind, const Scope& scope) {
        for (const Scope* at = &scope; at != nullptr; at = at->outer) {
            std::vector<const Scope::Item*> fitting;
            for (const Scope::Item& item : at->items)
                if (item.kind == kind && (at == &scope || item.is_column) &&
                    (item.is_exact || !is_exact_))
                    fitting.push_back(&item);
            if (!fitting.empty() && !chance_.one_in(3)) return chance_.of(fitting)->text;
        }
        return literal(kind);
    }
    std::string two(Kind kind, int depth, const Scope& scope) {
        return expression(kind, depth - 1, scope) + ", " + expression(kind, depth - 1, scope);
    }
    std::string calculate(Kind kind, const char* sign, int depth, const Scope& scope) {
        return "(" + expression(kind, depth - 1, scope) + sign +
               expression(kind, depth - 1, scope) + ")";
    }
    std::string call(const std::string& name, Kind kind, int depth, const Scope& scope) {
        return name + "(" + expression(kind, depth - 1, scope) + ")";
    }
    std::string cast(Kind from, const char* type, int depth, const Scope& scope) {
        return "CAST(" + expression(from, depth - 1, scope) + " AS " + type + ")";
    }
    std::string number(int count) { return std::to_string(chance_.below(count)); }

    std::string whole(int depth, const Scope& scope) {
        switch (chance_.below(18)) {
            case 0:
            case 1: return calculate(Kind::whole, " + ", depth, scope);
            case 2: return calculate(Kind::whole, " - ", depth, scope);
            case 3: return calculate(Kind::whole, " * ", depth, scope);
            case 4: return calculate(Kind::whole, " / ", depth, scope);
            case 5: return calculate(Kind::whole, " % ", depth, scope);
            case 6: return calculate(Kind::whole, chance_.one_in(2) ? " & " : " | ", depth, scope);
            case 7:
                return "(" + expression(Kind::whole, depth - 1, scope) +
                       (chance_.one_in(2) ? " << " : " >> ") + number(6) + ")";
            case 8: return "(- " + expression(Kind::whole, depth - 1, scope) + ")";
            case 9: return "(~ " + expression(Kind::whole, depth - 1, scope) + ")";
            case 10:
                return call("length", chance_.one_in(3) ? Kind::blob : Kind::text, depth, scope);
            case 11:
                return cast(chance_.one_in(2) ? Kind::text : Kind::real, "INTEGER", depth, scope);
            case 12: return "instr(" + two(Kind::text, depth, scope) + ")";
            case 13: return "abs(" + expression(Kind::whole, depth - 1, scope) + " % 100000)";
            case 14: return call("unicode", Kind::text, depth, scope);
            default: return predicate(depth - 1, scope);
        }
    }
    std::string real(int depth, const Scope& scope) {
        switch (chance_.below(8)) {
            case 0: return calculate(Kind::real, " + ", depth, scope);
            case 1: return calculate(Kind::real, " - ", depth, scope);
            case 2: return calculate(Kind::real, is_exact_ ? " + " : " * ", depth, scope);
            case 3: return calculate(Kind::real, is_exact_ ? " - " : " / ", depth, scope);
            case 4: return "(- " + expression(Kind::real, depth - 1, scope) + ")";
            case 5: return cast(chance_.one_in(2) ? Kind::whole : Kind::text, "REAL", depth, scope);
            case 6: return call("abs", Kind::real, depth, scope);
            default: return call("round", Kind::real, depth, scope);
        }
    }
    std::string text(int depth, const Scope& scope) {
        switch (chance_.below(12)) {
            case 0:
            case 1: return calculate(Kind::text, " || ", depth, scope);
            case 2: return call(chance_.one_in(2) ? "upper" : "lower", Kind::text, depth, scope);
            case 3:
                return "substr(" + expression(Kind::text, depth - 1, scope) + ", " +
                       std::to_string(chance_.below(9) - 4) + ", " +
                       std::to_string(chance_.below(7) - 2) + ")";
            case 4: {
                static const char* const names[] = {"trim", "ltrim", "rtrim"};
                return call(chance_.of(names), Kind::text, depth, scope);
            }
            case 5:
                return "replace(" + two(Kind::text, depth, scope) + ", " +
                       expression(Kind::text, depth - 1, scope) + ")";
            case 6: return cast(Kind::whole, "TEXT", depth, scope);
            case 7: return call("hex", Kind::blob, depth, scope);
            case 8: return call("typeof", any_kind(), depth, scope);
            case 9: return call("quote", chance_.one_in(2) ? Kind::text : Kind::blob, depth, scope);
            case 10: return cast(Kind::real, "TEXT", 1, scope);
            default:
                return "(" + expression(Kind::whole, depth - 1, scope) + " || " +
                       expression(Kind::text, depth - 1, scope) + ")";
        }
    }
    std::string blob(int depth, const Scope& scope) {
        return cast(chance_.one_in(3) ? Kind::blob : Kind::text, "BLOB", depth, scope);
    }

    std::string choose(Kind kind, int depth, const Scope& scope) {
        std::string text = "(CASE";
        const Kind tested = any_kind();
        const bool has_value = chance_.one_in(2);
        if (has_value) text += " " + expression(tested, depth - 1, scope);
        for (int i = 1 + chance_.below(2); i > 0; i--) {
            text += " WHEN ";
            text += has_value ? expression(tested, depth - 1, scope) : predicate(depth - 1, scope);
            text += " THEN " + expression(kind, depth - 1, scope);
        }
        if (!chance_.one_in(3)) text += " ELSE " + expression(kind, depth - 1, scope);
        return text + " END)";
    }
    std::string compare(Kind left, Kind right, int depth, const Scope& scope) {
        static const char* const signs[] = {
            " = ", " = ", " <> ", " < ", " <= ", " > ", " >= ", " IS ", " IS NOT "};
        return "(" + expression(left, depth, scope) + chance_.of(signs) +
               expression(right, depth, scope) + ")";
    }
    std::string like(int depth, const Scope& scope) {
        static const char* const patterns[] = {"'%'",   "'a%'",  "'%b'", "'_'",
                                               "'%1%'", "'A_c'", "''",   "'12'"};
        const std::string word = chance_.one_in(4) ? " NOT LIKE " : " LIKE ";
        const std::string pattern =
            chance_.one_in(4) ? expression(Kind::text, depth - 1, scope) : chance_.of(patterns);
        return "(" + expression(Kind::text, depth, scope) + word + pattern + ")";
    }
    std::string in_list(Kind kind, int depth, const Scope& scope) {
        std::string text = "(" + expression(kind, depth, scope);
        text += chance_.one_in(3) ? " NOT IN (" : " IN (";
        const int count = chance_.below(4);
        const Kind listed = chance_.one_in(6) ? any_kind() : kind;
        for (int i = 0; i < count; i++)
            text += (i == 0 ? "" : ", ") +
                    (chance_.one_in(3) ? expression(listed, depth - 1, scope) : literal(listed));
        return text + "))";
    }

    // ---- subqueries ----

    static Scope seen_from_within(const Scope& scope) {
        Scope seen;
        seen.outer = scope.outer;
        for (const Scope::Item& item : scope.items)
            if (item.is_column) seen.items.push_back(item);
        return seen;
    }
    std::string in_subquery(Kind kind, int depth, const Scope& scope) {
        const Scope seen = seen_from_within(scope);
        const Kind listed = chance_.one_in(6) ? any_kind() : kind;
        const std::string value = expression(kind, depth, scope);
        const bool is_number = kind == Kind::real || kind == Kind::whole;
        const std::string number = kind == Kind::real ? "0.0" : "0";
        const bool is_made = scope.is_grouped && is_number;
        return "(" + (is_made ? "(" + value + " + " + number + ")" : value) +
               (chance_.one_in(3) ? " NOT IN (" : " IN (") +
               query({listed}, depth - 1, &seen, false).text + "))";
    }
    std::string exists(int depth, const Scope& scope) {
        const Scope seen = seen_from_within(scope);
        Scope inner;
        inner.outer = &seen;
        const std::string sources = from(depth - 1, inner);
        return std::string{chance_.one_in(3) ? "(NOT EXISTS" : "(EXISTS"} + " (SELECT 1 FROM " +
               sources + " WHERE " + predicate(depth, inner) + "))";
    }
    std::string scalar_subquery(Kind kind, int depth, const Scope& scope) {
        const Scope seen = seen_from_within(scope);
        Scope inner;
        inner.outer = &seen;
        const std::string sources = from(depth - 2, inner);
        const std::string filter = " FROM " + sources + " WHERE " + predicate(depth - 1, inner);
        if (chance_.one_in(2)) return "(SELECT " + aggregate(kind, depth - 2, inner) + filter + ")";
        return "(SELECT " + expression(kind, depth - 2, inner) + filter + order(1) + " LIMIT 1)";
    }

    // ---- SELECT ----

    // Of columns of its own query only, without subqueries, and without numbers whose sum could
    // leave the range of INT or not, or be rounded otherwise, as their order goes.
    std::string aggregate(Kind kind, int depth, const Scope& scope) {
        Scope own;
        own.items = scope.items;
        const bool had_subqueries = std::exchange(has_subqueries_, false);
        const bool had_large = std::exchange(has_large_, false);
        const bool has_average = !is_exact_;
        const bool was_exact = std::exchange(is_exact_, true);
        const std::string text = aggregate_of(kind, std::min(depth, 1), own, has_average);
        has_subqueries_ = had_subqueries;
        has_large_ = had_large;
        is_exact_ = was_exact;
        return text;
    }
    std::string aggregate_of(Kind kind, int depth, const Scope& own, bool has_average) {
        const std::string distinct = chance_.one_in(4) ? "DISTINCT " : "";
        const Kind any = any_kind();
        if (kind == Kind::whole) {
            switch (chance_.below(4)) {
                case 0: return "count(*)";
                case 1: return "count(" + distinct + expression(any, depth, own) + ")";
                case 2: return "sum(" + distinct + expression(kind, depth, own) + ")";
                default: break;
            }
        }
        if (kind == Kind::real) {
            switch (chance_.below(4)) {
                case 0: return "sum(" + distinct + expression(kind, depth, own) + ")";
                case 1:
                    return (has_average ? "avg(" : "sum(") + distinct +
                           expression(kind, depth, own) + ")";
                case 2: return "total(" + expression(Kind::whole, depth, own) + ")";
                default: break;
            }
        }
        return (chance_.one_in(2) ? "min(" : "max(") + expression(kind, depth, own) + ")";
    }

    std::string core(const std::vector<Kind>& kinds, int depth, const Scope* outer) {
        Scope scope;
        scope.outer = outer;
        const std::string sources = from(depth - 1, scope);
        std::string filter;
        if (!chance_.one_in(3)) filter = " WHERE " + predicate(depth, scope);
        if (chance_.one_in(4)) return grouped(kinds, depth, scope, sources + filter);
        std::string text = chance_.one_in(6) ? "SELECT DISTINCT " : "SELECT ";
        return text + list(kinds, depth, scope) + " FROM " + sources + filter;
    }
    std::string list(const std::vector<Kind>& kinds, int depth, const Scope& scope) {
        std::string text;
        for (std::size_t i = 0; i < kinds.size(); i++)
            text += (i == 0 ? "" : ", ") + expression(kinds[i], depth, scope) + " AS c" +
                    std::to_string(i);
        return text;
    }
    std::string grouped(const std::vector<Kind>& kinds, int depth, const Scope& scope,
                        const std::string& rows) {
        Scope above;
        above.outer = scope.outer;
        above.is_grouped = true;
        std::string keys;
        for (int i = chance_.below(3); i > 0 && !scope.items.empty(); i--) {
            Scope::Item item = chance_.of(scope.items);
            if (chance_.one_in(4) && item.kind == Kind::whole)
                item = {"(" + item.text + " % 3)", Kind::whole, false};
            keys += (keys.empty() ? " GROUP BY " : ", ") + item.text;
            above.items.push_back(item);
        }
        for (const Kind kind : kinds)
            above.items.push_back({aggregate(kind, depth - 1, scope), kind, false});
        const std::string items = list(kinds, depth - 1, above);
        std::string having;
        if (!keys.empty() && chance_.one_in(3)) having = " HAVING " + predicate(depth - 1, above);
        return "SELECT " + items + " FROM " + rows + keys + having;
    }
    std::string order(std::size_t count) {
        std::vector<std::size_t> positions;
        for (std::size_t i = 1; i <= count; i++)
            positions.insert(positions.begin() + chance_.below(static_cast<int>(i)), i);
        std::string text = " ORDER BY ";
        for (std::size_t i = 0; i < count; i++) {
            text += (i == 0 ? "" : ", ") + std::to_string(positions[i]);
            if (chance_.one_in(3)) text += " DESC";
            if (chance_.one_in(6)) text += chance_.one_in(2) ? " NULLS FIRST" : " NULLS LAST";
        }
        return text;
    }

    // ---- FROM ----

    std::string source(int depth, Scope& scope) {
        const std::string alias = "s" + std::to_string(++alias_count_);
        if (depth > 0 && chance_.one_in(6)) {
            const bool had_large = std::exchange(has_large_, false);
            const std::vector<Kind> kinds = any_kinds();
            const std::string text = query(kinds, depth - 1, nullptr, false).text;
            has_large_ = had_large;
            for (std::size_t i = 0; i < kinds.size(); i++)
                scope.items.push_back(
                    {alias + ".c" + std::to_string(i), kinds[i], true, is_exact_});
            return "(" + text + ") AS " + alias;
        }
        const Table* any = &chance_.of(tables_);
        while (any->name == without_) any = &chance_.of(tables_);
        const Table& table = *any;
        add_columns(table, alias, scope);
        return table.name + Mark::moment + " AS " + alias;
    }
    // Mostly two columns that are equal, of what stands left and right.
    std::string join_condition(int depth, const Scope& scope) {
        if (chance_.one_in(3)) return predicate(depth, scope);
        const std::string equal = equality(scope, "");
        if (equal.empty()) return predicate(depth, scope);
        return chance_.one_in(3) ? equal + " AND " + predicate(depth, scope) : equal;
    }
    std::string equality(const Scope& scope, const std::string& otherwise) {
        const Scope::Item& last = scope.items.back();
        const std::string source = last.text.substr(0, last.text.find('.') + 1);
        std::vector<std::pair<std::string, std::string>> pairs;
        for (const Scope::Item& right : scope.items)
            for (const Scope::Item& left : scope.items)
                if (left.kind == right.kind && right.text.starts_with(source) &&
                    !left.text.starts_with(source))
                    pairs.emplace_back(left.text, right.text);
        if (pairs.empty()) return otherwise;
        const auto& [left, right] = chance_.of(pairs);
        return left + " = " + right;
    }

    Chance& chance_;
    const std::vector<Table>& tables_;
    int alias_count_ = 0;
    bool has_subqueries_ = true;
    bool has_large_ = true;
    bool has_right_ = true;
    bool is_free_ = false;
    bool is_exact_ = false;
    std::string without_;
};

}  // namespace freshet::test
