// SPDX-License-Identifier: MIT
#include "relation/alter.hpp"

#include <algorithm>

#include "relation/name.hpp"

namespace freshet::relation {
namespace {

// A copy with room for more; empty: there is no memory for it.
template <class T>
std::span<T> copy_of(std::span<const T> list, std::size_t more, Arena& memory,
                     SqlError& error) noexcept {
    const Result<std::span<T>> copy = memory.array<T>(list.size() + more);
    if (!copy) {
        refuse_for_memory(error);
        return {};
    }
    std::copy(list.begin(), list.end(), copy->begin());
    return *copy;
}

Result<TableDefinition> checked(const TableDefinition& table, SqlError& error) noexcept {
    const Status status = check_definition(table, error);
    if (!status) return status.error();
    return table;
}

bool has(std::span<const KeyColumn> key, ColumnNumber column) noexcept {
    return std::any_of(key.begin(), key.end(),
                       [column](const KeyColumn& one) noexcept { return one.column == column; });
}
bool has(std::span<const ColumnNumber> columns, ColumnNumber column) noexcept {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// What stands in the way of dropping a column.
Status is_free(const TableDefinition& table, ColumnNumber column, SqlError& error) noexcept {
    const auto in_use = [&](std::string_view what, std::string_view name, std::string_view hint) {
        return refuse(error, Code::in_use,
                      {table.name, ".", table.columns[column].name, " cannot be dropped: ", what,
                       name, " needs it"},
                      {hint});
    };
    constexpr std::string_view hint = "make a new table without it";
    if (has(table.primary_key, column)) return in_use("the PRIMARY KEY", "", hint);
    for (const Index& index : table.indexes) {
        if (!has(index.columns, column)) continue;
        return index.is_constraint ? in_use("the UNIQUE constraint ", index.name, hint)
                                   : in_use("the index ", index.name, "drop the index first");
    }
    for (const CheckConstraint& check : table.checks)
        if (has(check.columns, column))
            return in_use("CHECK ", check.name.empty() ? check.text : check.name, hint);
    for (const ForeignKey& key : table.foreign_keys)
        if (has(key.columns, column))
            return in_use(key.name.empty() ? "a FOREIGN KEY" : "FOREIGN KEY ", key.name, hint);
    return Done{};
}

}  // namespace

Result<TableDefinition> add_column(const TableDefinition& table, Column column, Arena& memory,
                                   SqlError& error) noexcept {
    error = SqlError{};
    if (column.auto_increment)
        return refuse(error, Code::invalid_argument,
                      {table.name, ".", column.name, " cannot be added as AUTO_INCREMENT"},
                      {"make a new table with it"});
    if (!column.default_value.is_null()) column.missing = column.default_value;
    if (column.not_null && column.missing.is_null())
        return refuse(error, Code::constraint_failed,
                      {table.name, ".", column.name,
                       " is NOT NULL, and rows that are there would have NULL in it"},
                      {"give it a DEFAULT"});
    const std::span<Column> columns = copy_of(table.columns, 1, memory, error);
    if (columns.empty()) return error.error;
    TableDefinition changed = table;
    changed.version++;
    column.added = changed.version;
    column.dropped = 0;
    columns.back() = column;
    changed.columns = columns;
    return checked(changed, error);
}

Result<TableDefinition> drop_column(const TableDefinition& table, std::string_view name,
                                    Arena& memory, SqlError& error) noexcept {
    error = SqlError{};
    const Result<ColumnNumber> number = need_column(table, name, error);
    if (!number) return number.error();
    const Status status = is_free(table, *number, error);
    if (!status) return status.error();
    const std::span<Column> columns = copy_of(table.columns, 0, memory, error);
    if (columns.empty()) return error.error;
    TableDefinition changed = table;
    changed.version++;
    columns[*number].dropped = changed.version;
    changed.columns = columns;
    return checked(changed, error);
}

Result<TableDefinition> rename_column(const TableDefinition& table, std::string_view name,
                                      std::string_view new_name,
                                      std::span<const std::string_view> checks, Arena& memory,
                                      SqlError& error) noexcept {
    FRESHET_CHECK(checks.size() == table.checks.size());
    error = SqlError{};
    const Result<ColumnNumber> number = need_column(table, name, error);
    if (!number) return number.error();
    const std::span<Column> columns = copy_of(table.columns, 0, memory, error);
    const std::span<CheckConstraint> texts = copy_of(table.checks, 0, memory, error);
    if (error.error.code != Code::none) return error.error;
    columns[*number].name = new_name;
    for (std::size_t i = 0; i < texts.size(); i++) texts[i].text = checks[i];
    TableDefinition changed = table;
    changed.columns = columns;
    changed.checks = texts;
    return checked(changed, error);
}

Result<TableDefinition> rename_table(const TableDefinition& table, std::string_view new_name,
                                     SqlError& error) noexcept {
    TableDefinition changed = table;
    changed.name = new_name;
    return checked(changed, error);
}

Result<TableDefinition> add_index(const TableDefinition& table, const Index& index, Arena& memory,
                                  SqlError& error) noexcept {
    error = SqlError{};
    const std::span<Index> indexes = copy_of(table.indexes, 1, memory, error);
    if (indexes.empty()) return error.error;
    indexes.back() = index;
    TableDefinition changed = table;
    changed.indexes = indexes;
    return checked(changed, error);
}

Result<TableDefinition> drop_index(const TableDefinition& table, std::string_view name,
                                   Arena& memory, SqlError& error) noexcept {
    error = SqlError{};
    NearestName nearest{name};
    const std::span<const Index> old = table.indexes;
    const auto is_named = [&](const Index& index) noexcept {
        nearest.consider(index.name);
        return is_same_name(index.name, name);
    };
    const auto found = std::find_if(old.begin(), old.end(), is_named);
    if (found == old.end())
        return refuse_unknown(error, {table.name, " has no index ", name}, nearest.best());
    if (found->is_constraint)
        return refuse(error, Code::in_use,
                      {"the index ", found->name, " cannot be dropped: a UNIQUE constraint of ",
                       table.name, " needs it"},
                      {"make a new table without it"});
    const std::span<Index> indexes = copy_of(old, 0, memory, error);
    if (indexes.empty()) return error.error;
    std::copy(found + 1, old.end(), indexes.begin() + (found - old.begin()));
    TableDefinition changed = table;
    changed.indexes = indexes.first(old.size() - 1);
    return checked(changed, error);
}

}  // namespace freshet::relation
