// SPDX-License-Identifier: MIT
#include "relation/catalog_view.hpp"

#include <algorithm>

#include "relation/name.hpp"

namespace freshet::relation {
namespace {

bool has(std::span<const ColumnNumber> columns, ColumnNumber column) noexcept {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

bool is_of(std::span<const KeyColumn> key, std::span<const ColumnNumber> columns) noexcept {
    return key.size() == columns.size() &&
           std::all_of(key.begin(), key.end(), [columns](const KeyColumn& one) noexcept {
               return has(columns, one.column);
           });
}

// Whether no two rows have the same values there, were it not for `without`.
bool is_unique(const TableDefinition& table, std::span<const ColumnNumber> columns,
               const Index* without) noexcept {
    if (is_of(table.primary_key, columns)) return true;
    return std::any_of(table.indexes.begin(), table.indexes.end(),
                       [columns, without](const Index& index) noexcept {
                           return &index != without && index.unique &&
                                  is_of(index.columns, columns);
                       });
}

Result<std::span<const ColumnNumber>> columns_of(const TableDefinition& table,
                                                 std::span<const std::string_view> names,
                                                 Arena& memory, SqlError& error) noexcept {
    const Result<std::span<ColumnNumber>> columns = memory.array<ColumnNumber>(names.size());
    if (!columns) return refuse_for_memory(error);
    for (std::size_t i = 0; i < names.size(); i++) {
        const Result<ColumnNumber> column = need_column(table, names[i], error);
        if (!column) return column.error();
        if (has(columns->first(i), *column))
            return refuse(error, Code::invalid_argument,
                          {"a FOREIGN KEY names ", table.name, ".", names[i], " twice"},
                          {"take one away"});
        (*columns)[i] = *column;
    }
    return std::span<const ColumnNumber>{*columns};
}

Result<std::span<const ColumnNumber>> primary_key_of(const TableDefinition& table, Arena& memory,
                                                     SqlError& error) noexcept {
    const Result<std::span<ColumnNumber>> columns =
        memory.array<ColumnNumber>(table.primary_key.size());
    if (!columns) return refuse_for_memory(error);
    std::transform(table.primary_key.begin(), table.primary_key.end(), columns->begin(),
                   [](const KeyColumn& key) noexcept { return key.column; });
    if (columns->empty())
        return refuse(error, Code::invalid_argument, {table.name, " has no primary key"},
                      {"name the columns that are referred to"});
    return std::span<const ColumnNumber>{*columns};
}

// That there is a column for each, of the same type.
Status match(const TableDefinition& table, std::span<const ColumnNumber> columns,
             const TableDefinition& other, std::span<const ColumnNumber> referenced,
             SqlError& error) noexcept {
    if (columns.size() != referenced.size())
        return refuse(error, Code::invalid_argument,
                      {"a FOREIGN KEY of ", table.name, " has not as many columns as it refers to"},
                      {"name a column for each"});
    for (std::size_t i = 0; i < columns.size(); i++) {
        const Column& from = table.columns[columns[i]];
        const Column& to = other.columns[referenced[i]];
        if (value_type(from.type) == value_type(to.type)) continue;
        return refuse(error, Code::invalid_argument,
                      {table.name, ".", from.name, " is ", type_name(from.type), ", and ",
                       other.name, ".", to.name, ", to which it refers, is ", type_name(to.type)},
                      {"give both the same type"});
    }
    if (is_unique(other, referenced, nullptr)) return Done{};
    return refuse(error, Code::invalid_argument,
                  {"what ", table.name, " refers to in ", other.name, " is not unique: ",
                   other.columns[referenced[0]].name, referenced.size() > 1 ? ", ..." : ""},
                  {"make it the primary key, or UNIQUE"});
}

}  // namespace

const TableDefinition* find_table(Tables tables, std::string_view name) noexcept {
    for (const TableDefinition& table : tables)
        if (is_same_name(table.name, name)) return &table;
    return nullptr;
}

const TableDefinition* find_table(Tables tables, std::uint32_t id) noexcept {
    for (const TableDefinition& table : tables)
        if (table.id == id) return &table;
    return nullptr;
}

FoundIndex find_index(Tables tables, std::string_view name) noexcept {
    for (const TableDefinition& table : tables)
        for (const Index& index : table.indexes)
            if (is_same_name(index.name, name)) return {&table, &index};
    return {};
}

Result<const TableDefinition*> need_table(Tables tables, std::string_view name,
                                          SqlError& error) noexcept {
    if (const TableDefinition* const table = find_table(tables, name); table != nullptr)
        return table;
    NearestName nearest{name};
    for (const TableDefinition& table : tables) nearest.consider(table.name);
    return refuse_unknown(error, {"there is no table ", name}, nearest.best());
}

Result<FoundIndex> need_index(Tables tables, std::string_view name, SqlError& error) noexcept {
    if (const FoundIndex found = find_index(tables, name); found.index != nullptr) return found;
    NearestName nearest{name};
    for (const TableDefinition& table : tables)
        for (const Index& index : table.indexes) nearest.consider(index.name);
    return refuse_unknown(error, {"there is no index ", name}, nearest.best());
}

Status need_own_index(Tables tables, const TableDefinition& table, std::string_view name,
                      SqlError& error) noexcept {
    const Result<FoundIndex> found = need_index(tables, name, error);
    if (!found) return found.error();
    if (found->table->id == table.id) return Done{};
    return refuse(error, Code::invalid_argument,
                  {name, " is no index of ", table.name, ", but of ", found->table->name},
                  {"leave INDEXED BY out, or name one of ", table.name});
}

Status need_free_name(Tables tables, std::string_view name, SqlError& error) noexcept {
    const bool is_table = find_table(tables, name) != nullptr;
    if (!is_table && find_index(tables, name).index == nullptr) return Done{};
    return refuse(error, Code::already_exists,
                  {"there is ", is_table ? "a table " : "an index ", name, " already"},
                  {"give it another name, or say IF NOT EXISTS"});
}

Result<ForeignKey> resolve_reference(Tables tables, const TableDefinition& table,
                                     const Reference& reference, Arena& memory,
                                     SqlError& error) noexcept {
    const TableDefinition* other = &table;
    if (!is_same_name(reference.table, table.name)) {
        const Result<const TableDefinition*> found = need_table(tables, reference.table, error);
        if (!found) return found.error();
        other = *found;
    }
    const auto columns = columns_of(table, reference.columns, memory, error);
    if (!columns) return columns.error();
    const auto referenced = reference.referenced.empty()
                                ? primary_key_of(*other, memory, error)
                                : columns_of(*other, reference.referenced, memory, error);
    if (!referenced) return referenced.error();
    const Status status = match(table, *columns, *other, *referenced, error);
    if (!status) return status.error();
    ForeignKey key;
    key.columns = *columns;
    key.table = other->id;
    key.referenced = *referenced;
    return key;
}

Status is_unreferenced(Tables tables, const TableDefinition& table, SqlError& error) noexcept {
    for (const TableDefinition& other : tables) {
        if (other.id == table.id) continue;
        for (const ForeignKey& key : other.foreign_keys) {
            if (key.table != table.id) continue;
            return refuse(
                error, Code::in_use,
                {table.name, " cannot be dropped: a FOREIGN KEY of ", other.name, " refers to it"},
                {"drop ", other.name, " first"});
        }
    }
    return Done{};
}

Status is_unreferenced(Tables tables, const FoundIndex& found, SqlError& error) noexcept {
    for (const TableDefinition& other : tables) {
        for (const ForeignKey& key : other.foreign_keys) {
            if (key.table != found.table->id || !is_of(found.index->columns, key.referenced) ||
                is_unique(*found.table, key.referenced, found.index))
                continue;
            return refuse(error, Code::in_use,
                          {"the index ", found.index->name, " cannot be dropped: a FOREIGN KEY of ",
                           other.name, " refers to what it keeps unique"},
                          {"make another UNIQUE index of the same columns first"});
        }
    }
    return Done{};
}

}  // namespace freshet::relation
