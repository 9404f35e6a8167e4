// SPDX-License-Identifier: MIT
// Random statements that change data, tables and transactions, in the SQL that freshet and SQLite
// both speak. None depends on the order in which a table gives its rows: what an UPDATE may do to
// a column of a key is to one row, and a SELECT that is inserted is in a total order.
#pragma once

#include <algorithm>
#include <optional>

#include "sql_generator.hpp"

namespace freshet::test {

struct Schema {
    std::vector<Table> tables;
    std::vector<std::string> indexes;  // That hold no constraint.
    int name_count = 0;
};

enum class Step : std::uint8_t {
    change,
    schema,
    index,
    begin,
    commit,
    rollback,
    savepoint,
    rollback_to,
    release
};

struct MadeChange {
    std::string text;
    Step step = Step::change;
    std::optional<Schema> after{};  // Of a step that changes it, if it is done.
};

class ChangeGenerator {
public:
    ChangeGenerator(Chance& chance, const Schema& schema)
        : chance_{chance}, schema_{schema}, queries_{chance, schema.tables} {
        queries_.set_large(false);
        queries_.set_exact();
    }

    // ---- tables ----

    MadeChange create_table() {
        Schema after = schema_;
        Table table;
        table.name = "t" + std::to_string(after.name_count++);
        std::string text;
        const int key = chance_.below(5);
        if (key == 0) {
            table.has_number = true;
            table.columns.push_back({"id", Kind::whole});
            table.keys.push_back({0});
            text = "id INTEGER PRIMARY KEY AUTOINCREMENT";
        }
        const int count = 2 + chance_.below(4);
        for (int i = 0; i < count; i++) {
            const std::size_t at = table.columns.size();
            table.columns.push_back({"c" + std::to_string(i), queries_.any_kind()});
            text += (text.empty() ? "" : ", ") + column(table.columns.back());
            if (key == 1 && i == 0) text += " PRIMARY KEY";
            const bool is_unique = chance_.one_in(8);
            if (is_unique && !(key == 1 && i == 0)) text += " UNIQUE";
            if (is_unique || (key == 1 && i == 0)) table.keys.push_back({at});
        }
        if (key == 2) {
            text += ", PRIMARY KEY (c1, c0)";
            table.keys.push_back({0, 1});
        }
        if (chance_.one_in(8) && key != 0) {
            text += ", UNIQUE (c0, c1)";
            table.keys.push_back({0, 1});
        }
        if (chance_.one_in(4)) text += ", CHECK " + check(table);
        for (const auto& columns : table.keys)
            for (const std::size_t at : columns) table.bound.push_back(at);
        after.tables.push_back(table);
        return {"CREATE TABLE " + table.name + " (" + text + ") STRICT", Step::schema, after};
    }
    MadeChange change_schema() {
        switch (chance_.below(8)) {
            case 0: return drop_table();
            case 1: return add_column();
            case 2: return rename_column();
            case 3: return drop_column();
            case 4: return drop_index();
            default: return create_index();
        }
    }

    // ---- rows ----

    MadeChange change(const Table& table, std::size_t row_count) {
        queries_.leave_out(table.name);
        if (row_count > 12 || chance_.one_in(8)) return {remove(table), Step::change, {}};
        if (row_count > 2 && chance_.one_in(3)) return {update(table), Step::change, {}};
        return {insert(table), Step::change, {}};
    }

    // ---- transactions ----

    MadeChange transaction(bool is_open) {
        if (!is_open && !chance_.one_in(12)) return {"BEGIN", Step::begin, {}};
        switch (chance_.below(9)) {
            case 0: return {"ROLLBACK", Step::rollback, {}};
            case 1:
            case 2: return {"COMMIT", Step::commit, {}};
            case 3:
            case 4:
            case 5:
                return is_open ? named("SAVEPOINT ", Step::savepoint)
                               : MadeChange{"COMMIT", Step::commit, {}};
            case 6:
            case 7: return named("ROLLBACK TO ", Step::rollback_to);
            default: return named("RELEASE ", Step::release);
        }
    }

private:
    static const char* type_name(Kind kind) {
        static const char* const names[] = {"INT", "REAL", "TEXT", "BLOB"};
        return names[static_cast<std::size_t>(kind)];
    }
    std::string column(const TableColumn& column) {
        std::string text = column.name + " " + type_name(column.kind);
        if (chance_.one_in(5)) text += " NOT NULL";
        if (chance_.one_in(5)) text += " DEFAULT " + value(column.kind);
        return text;
    }
    // Literals with their sign alone, as DEFAULT takes them.
    std::string value(Kind kind) { return queries_.literal(kind); }
    std::string check(const Table& table) {
        Scope scope;
        QueryGenerator::add_columns(table, "", scope);
        queries_.set_subqueries(false);
        const std::string text = queries_.predicate(1, scope);
        queries_.set_subqueries(true);
        return "(" + text + " OR " + chance_.of(table.columns).name + " IS NULL)";
    }

    MadeChange with_table(const std::string& text, std::size_t at, const Table& table) {
        Schema after = schema_;
        after.tables[at] = table;
        return {text, Step::schema, after};
    }
    std::size_t any_table() {
        return static_cast<std::size_t>(chance_.below(static_cast<int>(schema_.tables.size())));
    }
    MadeChange drop_table() {
        if (schema_.tables.size() < 3) return create_table();
        const std::size_t at = any_table();
        Schema after = schema_;
        after.tables.erase(after.tables.begin() + static_cast<std::ptrdiff_t>(at));
        return {"DROP TABLE " + schema_.tables[at].name, Step::schema, after};
    }
    MadeChange add_column() {
        const std::size_t at = any_table();
        Table table = schema_.tables[at];
        if (table.columns.size() > 6) return create_index();
        table.columns.push_back({"n" + std::to_string(schema_.name_count), queries_.any_kind()});
        const TableColumn& added = table.columns.back();
        std::string text = added.name + " " + type_name(added.kind);
        if (chance_.one_in(2)) text += " DEFAULT " + value(added.kind);
        MadeChange made =
            with_table("ALTER TABLE " + table.name + " ADD COLUMN " + text, at, table);
        made.after->name_count++;
        return made;
    }
    MadeChange rename_column() {
        const std::size_t at = any_table();
        Table table = schema_.tables[at];
        TableColumn& column = table.columns[static_cast<std::size_t>(
            chance_.below(static_cast<int>(table.columns.size())))];
        const std::string before = column.name;
        column.name = "r" + std::to_string(schema_.name_count);
        MadeChange made = with_table(
            "ALTER TABLE " + table.name + " RENAME COLUMN " + before + " TO " + column.name, at,
            table);
        made.after->name_count++;
        return made;
    }
    // Those that were added later: no constraint and no index names them.
    MadeChange drop_column() {
        for (std::size_t at = 0; at < schema_.tables.size(); at++) {
            Table table = schema_.tables[at];
            const std::size_t last = table.columns.size() - 1;
            if (table.columns[last].name[0] != 'n' ||
                std::find(table.bound.begin(), table.bound.end(), last) != table.bound.end())
                continue;
            const std::string name = table.columns[last].name;
            table.columns.pop_back();
            return with_table("ALTER TABLE " + table.name + " DROP COLUMN " + name, at, table);
        }
        return create_index();
    }
    MadeChange create_index() {
        const std::size_t at = any_table();
        Schema after = schema_;
        Table& table = after.tables[at];
        const std::string name = "i" + std::to_string(after.name_count++);
        std::vector<std::size_t> columns;
        for (int i = 1 + chance_.below(2); i > 0; i--) {
            const auto column =
                static_cast<std::size_t>(chance_.below(static_cast<int>(table.columns.size())));
            if (std::find(columns.begin(), columns.end(), column) == columns.end())
                columns.push_back(column);
        }
        const bool is_unique = chance_.one_in(5);
        const bool is_hash = chance_.one_in(4);
        std::string list;
        for (const std::size_t column : columns) {
            list += (list.empty() ? "" : ", ") + table.columns[column].name;
            if (!is_hash && chance_.one_in(4)) list += Mark::down;
            table.bound.push_back(column);
        }
        if (is_unique) table.keys.push_back(columns);
        if (!is_unique) after.indexes.push_back(name);
        const std::string hash = is_hash ? std::string{Mark::hash} : "";
        return {(is_unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ") + name + " ON " +
                    table.name + hash + " (" + list + ")",
                is_unique ? Step::schema : Step::index, after};
    }
    MadeChange drop_index() {
        if (schema_.indexes.empty()) return create_index();
        const std::string name = chance_.of(schema_.indexes);
        Schema after = schema_;
        std::erase(after.indexes, name);
        return {"DROP INDEX " + name, Step::index, after};
    }

    // ---- rows ----

    static Scope columns_of(const Table& table, const std::string& name) {
        Scope scope;
        QueryGenerator::add_columns(table, name, scope);
        return scope;
    }
    static Scope bytes_of(const Table& table) {
        Scope scope = columns_of(table, "");
        std::erase_if(scope.items, [](const Scope::Item& item) {
            return item.kind == Kind::whole || item.kind == Kind::real;
        });
        return scope;
    }
    static bool is_in_key(const Table& table, std::size_t column) {
        for (const auto& key : table.keys)
            if (std::find(key.begin(), key.end(), column) != key.end()) return true;
        return false;
    }
    std::string key_value(Kind kind) {
        const std::string number = std::to_string(chance_.below(30));
        if (chance_.one_in(3)) return value(kind);
        switch (kind) {
            case Kind::whole: return number;
            case Kind::real: return number + ".5";
            case Kind::text: return "'k" + number + "'";
            default: return "x'" + std::string(2 - number.size(), '0') + number + "'";
        }
    }
    std::string cell(const Table& table, std::size_t column) {
        const Kind kind = table.columns[column].kind;
        if (is_in_key(table, column)) return key_value(kind);
        if (has_others_ && chance_.one_in(25)) return value(queries_.any_kind());
        if (chance_.one_in(8)) return queries_.expression(kind, 1, Scope{});
        return value(kind);
    }
    std::string insert(const Table& table) {
        std::vector<std::size_t> columns;
        for (std::size_t i = 0; i < table.columns.size(); i++) {
            const bool is_number = i == 0 && table.has_number;
            if (is_number ? chance_.one_in(6) : !chance_.one_in(10)) columns.push_back(i);
        }
        if (columns.empty()) columns.push_back(1);
        std::string names;
        std::vector<Kind> kinds;
        for (const std::size_t column : columns) {
            names += (names.empty() ? "" : ", ") + table.columns[column].name;
            kinds.push_back(table.columns[column].kind);
        }
        static const char* const words[] = {
            "INSERT",           "INSERT",           "INSERT",          "INSERT OR REPLACE",
            "INSERT OR IGNORE", "INSERT OR IGNORE", "INSERT OR ABORT", "INSERT OR ROLLBACK"};
        // SQLite counts the numbers of rows that it passes over.
        const int plain = chance_.below(4);
        const int word = table.has_number ? (plain == 3 ? 6 : plain) : chance_.below(8);
        has_others_ = word < 3;
        std::string text = words[word] + (" INTO " + table.name + " (") + names + ") ";
        text += chance_.one_in(5) ? selected(kinds) : values(table, columns);
        if (word < 3 && !table.has_number && chance_.one_in(3)) text += upsert(table);
        return text + returning(table);
    }
    std::string values(const Table& table, const std::vector<std::size_t>& columns) {
        std::string text = "VALUES ";
        const int count = chance_.one_in(2) ? 1 : 1 + chance_.below(4);
        has_others_ = has_others_ && count == 1;
        for (int i = 0; i < count; i++) {
            text += i == 0 ? "(" : ", (";
            for (std::size_t at = 0; at < columns.size(); at++)
                text += (at == 0 ? "" : ", ") + cell(table, columns[at]);
            text += ")";
        }
        return text;
    }
    std::string selected(const std::vector<Kind>& kinds) {
        std::string text = "SELECT * FROM (" + queries_.query(kinds, 1, nullptr, false).text +
                           ") WHERE 1 ORDER BY ";
        for (std::size_t i = 1; i <= kinds.size(); i++)
            text += (i == 1 ? "" : ", ") + std::to_string(i);
        return text + " LIMIT " + std::to_string(1 + chance_.below(4));
    }
    std::string upsert(const Table& table) {
        if (table.keys.empty() || chance_.one_in(4)) return " ON CONFLICT DO NOTHING";
        const std::vector<std::size_t> key = chance_.of(table.keys);
        std::string names;
        for (const std::size_t column : key)
            names += (names.empty() ? "" : ", ") + table.columns[column].name;
        std::string text = " ON CONFLICT (" + names + ") DO ";
        if (chance_.one_in(4)) return text + "NOTHING";
        Scope scope = columns_of(table, table.name);
        QueryGenerator::add_excluded(table, scope);
        text += "UPDATE SET " + settings(table, scope, true);
        if (chance_.one_in(3)) text += " WHERE " + queries_.predicate(1, scope);
        return text;
    }
    // Of columns that are in no key.
    std::string settings(const Table& table, const Scope& scope, bool has_excluded = false) {
        std::string text;
        for (std::size_t i = 0; i < table.columns.size(); i++) {
            if (is_in_key(table, i) || (!text.empty() && !chance_.one_in(3))) continue;
            text += (text.empty() ? "" : ", ") + table.columns[i].name + " = ";
            text += has_excluded && chance_.one_in(3)
                        ? "excluded." + table.columns[i].name
                        : queries_.expression(table.columns[i].kind, 2, scope);
        }
        const std::string& first = table.columns[0].name;
        return text.empty() ? first + " = " + table.name + "." + first : text;
    }
    std::string update(const Table& table) {
        static const char* const words[] = {"UPDATE ",           "UPDATE ", "UPDATE OR REPLACE ",
                                            "UPDATE OR IGNORE ", "UPDATE ", "UPDATE OR ROLLBACK "};
        const Scope scope = columns_of(table, table.name);
        const int word = chance_.below(6);
        const std::string text = words[word] + table.name + " SET ";
        if (!table.keys.empty() && !table.has_number && chance_.one_in(3))
            return text + one_row(table) + returning(table);
        return text + settings(table, scope) + where(scope) + returning(table);
    }
    // Another key for at most one row.
    std::string one_row(const Table& table) {
        const std::vector<std::size_t> key = chance_.of(table.keys);
        std::string set;
        std::string where;
        for (const std::size_t column : key) {
            const TableColumn& of = table.columns[column];
            set += (set.empty() ? "" : ", ") + of.name + " = " + key_value(of.kind);
            where += (where.empty() ? " WHERE " : " AND ") + of.name + " = " + key_value(of.kind);
        }
        return set + where;
    }
    std::string where(const Scope& scope) {
        return chance_.one_in(10) ? "" : " WHERE " + queries_.predicate(2, scope);
    }
    std::string remove(const Table& table) {
        return "DELETE FROM " + table.name + where(columns_of(table, table.name)) +
               returning(table);
    }
    std::string returning(const Table& table) {
        if (!chance_.one_in(6)) return "";
        if (chance_.one_in(2)) return " RETURNING *";
        const Scope scope = bytes_of(table);
        const std::string text = scope.items.empty() ? "*" : chance_.of(scope.items).text;
        return " RETURNING " + text;
    }

    MadeChange named(const std::string& text, Step step) {
        static const char* const names[] = {"a", "b"};
        return {text + chance_.of(names), step, {}};
    }

    Chance& chance_;
    const Schema& schema_;
    QueryGenerator queries_;
    bool has_others_ = false;  // Values of other types than their columns.
};

}  // namespace freshet::test
