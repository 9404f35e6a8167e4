// SPDX-License-Identifier: MIT
#include "relation/definition.hpp"

#include <algorithm>
#include <array>

#include "base/utf8.hpp"
#include "relation/convert.hpp"

namespace freshet::relation {
namespace {

// Looks at one thing after another; the first that is not as it should be is put into words, and
// nothing is looked at after it.
class Inspector {
public:
    Inspector(const TableDefinition& table, SqlError& error) noexcept
        : table_{table}, error_{error} {}

    Status inspect(bool with_names) noexcept {
        if (table_.id == 0 || table_.version == 0) refuse(Code::invalid_argument, {"no id"}, {});
        name("the table", table_.name);
        columns();
        if (with_names) distinct_columns();
        key("the primary key", table_.primary_key);
        primary_key();
        indexes();
        if (with_names) distinct_indexes();
        checks();
        foreign_keys();
        if (error_.error.code != Code::none) return error_.error;
        return Done{};
    }

private:
    void refuse(Code code, Words message, Words hint) noexcept {
        if (error_.error.code == Code::none) relation::refuse(error_, code, message, hint);
    }

    void name(std::string_view what, std::string_view name) noexcept {
        if (is_name(name, name_size_max)) return;
        refuse(Code::invalid_name, {what, " cannot be called \"", name, "\""},
               {"a name is 1 to 64 bytes of UTF-8, without control characters"});
    }
    void limit(std::string_view what, std::size_t count, std::size_t max,
               std::string_view hint) noexcept {
        if (count <= max) return;
        refuse(Code::too_large, {table_.name, " has too many ", what}, {hint});
    }

    void columns() noexcept {
        const std::span<const Column> columns = table_.columns;
        limit("columns", columns.size(), column_count_max, "2000 is the most, dropped ones too");
        if (error_.error.code != Code::none) return;
        if (!is_view(table_) && std::none_of(columns.begin(), columns.end(), is_live))
            refuse(Code::invalid_argument, {table_.name, " would have no column"}, {"keep one"});
        const Column* counting = nullptr;
        for (const Column& column : columns) {
            one_column(column);
            if (!column.auto_increment || !is_live(column)) continue;
            if (counting != nullptr)
                refuse(Code::invalid_argument,
                       {table_.name, ".", column.name, " and ", counting->name,
                        " are both AUTO_INCREMENT"},
                       {"one column of a table can be"});
            counting = &column;
        }
        std::uint32_t added = 1;
        for (const Column& column : columns) {
            const bool is_dropped_before = !is_live(column) && column.dropped <= column.added;
            if (column.added < added || column.added > table_.version || is_dropped_before ||
                column.dropped > table_.version)
                refuse(Code::invalid_argument, {"no such version"}, {});
            added = column.added;
        }
    }

    void one_column(const Column& column) noexcept {
        name("a column", column.name);
        if (column.auto_increment && column.type != ColumnType::integer)
            refuse(Code::invalid_argument,
                   {table_.name, ".", column.name, " is ", type_name(column.type),
                    " and cannot be AUTO_INCREMENT"},
                   {"give it the type INT"});
        if (!column.default_value.is_null() && !column.default_text.empty())
            refuse(Code::invalid_argument, {table_.name, ".", column.name, " has two defaults"},
                   {"take one away"});
        of_its_type(column, column.default_value);
        of_its_type(column, column.missing);
    }
    void of_its_type(const Column& column, const Value& value) noexcept {
        if (value.is_null() || value.type() == value_type(column.type)) return;
        std::array<char, SqlError::text_size_max> room{};
        refuse(Code::type_mismatch,
               {"the default of ", table_.name, ".", column.name, ": ",
                describe_mismatch(value, column.type, room)},
               {"give another default, or the column another type"});
    }

    void distinct_columns() noexcept {
        const std::span<const Column> columns = table_.columns;
        for (std::size_t i = 0; i < columns.size(); i++) {
            if (!is_live(columns[i]) || find_column(table_, columns[i].name) == i) continue;
            refuse(Code::already_exists, {table_.name, " has two columns ", columns[i].name},
                   {"give one of them another name"});
        }
    }
    void distinct_indexes() noexcept {
        for (std::size_t i = 0; i < table_.indexes.size(); i++) {
            for (std::size_t k = 0; k < i; k++) {
                if (!is_same_name(table_.indexes[i].name, table_.indexes[k].name)) continue;
                refuse(Code::already_exists,
                       {table_.name, " has two indexes ", table_.indexes[i].name},
                       {"give one of them another name"});
            }
        }
    }

    [[nodiscard]] bool has(ColumnNumber column) const noexcept {
        return column < table_.columns.size() && is_live(table_.columns[column]);
    }
    void column(std::string_view what, ColumnNumber number) noexcept {
        if (has(number)) return;
        refuse(Code::invalid_argument, {what, " of ", table_.name, " names no column"}, {});
    }
    void twice(std::string_view what, ColumnNumber a, ColumnNumber b) noexcept {
        if (a != b || !has(a)) return;
        refuse(Code::already_exists,
               {what, " of ", table_.name, " names ", table_.columns[a].name, " twice"},
               {"take one away"});
    }
    void key(std::string_view what, std::span<const KeyColumn> columns) noexcept {
        limit("columns in a key", columns.size(), key_column_count_max, "32 is the most");
        if (columns.size() > key_column_count_max) return;
        for (std::size_t i = 0; i < columns.size(); i++) {
            column(what, columns[i].column);
            for (std::size_t k = 0; k < i; k++) twice(what, columns[k].column, columns[i].column);
        }
    }
    void primary_key() noexcept {
        for (const KeyColumn& key : table_.primary_key) {
            if (!has(key.column) || table_.columns[key.column].not_null) continue;
            refuse(Code::invalid_argument,
                   {"the primary key of ", table_.name,
                    " has a column that may be NULL: ", table_.columns[key.column].name},
                   {"make it NOT NULL"});
        }
    }
    void indexes() noexcept {
        limit("indexes", table_.indexes.size(), constraint_count_max, "64 is the most");
        for (const Index& index : table_.indexes) {
            name("an index", index.name);
            key(index.name, index.columns);
            if (index.id == 0 || index.columns.empty())
                refuse(Code::invalid_argument, {"the index ", index.name, " has no columns"}, {});
        }
    }
    void checks() noexcept {
        limit("checks", table_.checks.size(), constraint_count_max, "64 is the most");
        for (const CheckConstraint& check : table_.checks) {
            for (const ColumnNumber number : check.columns) column("a CHECK", number);
            if (!check.name.empty()) name("a constraint", check.name);
            if (check.text.empty()) refuse(Code::invalid_argument, {"a CHECK is empty"}, {});
        }
    }
    void foreign_keys() noexcept {
        limit("foreign keys", table_.foreign_keys.size(), constraint_count_max, "64 is the most");
        for (const ForeignKey& key : table_.foreign_keys) {
            limit("columns in a foreign key", key.columns.size(), key_column_count_max,
                  "32 is the most");
            for (const ColumnNumber number : key.columns) column("a FOREIGN KEY", number);
            if (!key.name.empty()) name("a constraint", key.name);
            if (key.table == 0 || key.columns.empty() ||
                key.columns.size() != key.referenced.size())
                refuse(
                    Code::invalid_argument,
                    {"a FOREIGN KEY of ", table_.name, " has not as many columns as it refers to"},
                    {"name a column for each"});
        }
    }

    const TableDefinition& table_;
    SqlError& error_;
};

}  // namespace

ColumnNumber find_column(const TableDefinition& table, std::string_view name) noexcept {
    for (std::size_t i = 0; i < table.columns.size(); i++) {
        const Column& column = table.columns[i];
        if (is_live(column) && is_same_name(column.name, name)) return static_cast<ColumnNumber>(i);
    }
    return no_column;
}

Result<ColumnNumber> need_column(const TableDefinition& table, std::string_view name,
                                 SqlError& error) noexcept {
    const ColumnNumber number = find_column(table, name);
    if (number != no_column) return number;
    NearestName nearest{name};
    for (const Column& column : table.columns)
        if (is_live(column)) nearest.consider(column.name);
    return refuse_unknown(error, {table.name, " has no column ", name}, nearest.best());
}

Status check_definition(const TableDefinition& table, SqlError& error) noexcept {
    error = SqlError{};
    return Inspector{table, error}.inspect(true);
}

bool is_sound(const TableDefinition& table) noexcept {
    SqlError error;
    return static_cast<bool>(Inspector{table, error}.inspect(false));
}

}  // namespace freshet::relation
