// SPDX-License-Identifier: MIT
// What a table is, from one commit to the next that changes it: columns, keys and constraints.
//
// A column is known by its number: its place among all that the table ever had. Those that were
// dropped keep theirs, so that no number is used twice, and a new name or a new column of an old
// name mislead nobody.
//
// The version of a table grows when a column is added or dropped, and each row says with which it
// was written. Since a column says from which version on it was there and from which it was not,
// the newest definition reads rows of all versions before it (layout.hpp).
//
// The primary key is no index: rows stand in its order. Without one they have a hidden row id.
//
// Everything here owns nothing: whoever makes a definition says where its lists and texts lie.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "freshet/sql_error.hpp"
#include "freshet/value.hpp"
#include "relation/key.hpp"
#include "relation/name.hpp"
#include "relation/type.hpp"

namespace freshet::relation {

// As many as in SQLite; with the dropped ones, since rows of the past still have them.
inline constexpr std::size_t column_count_max = 2000;
// Of a key, an index or a foreign key: more have no room in a key of the tree.
inline constexpr std::size_t key_column_count_max = 32;
// Of indexes, of checks, and of foreign keys: each is looked at whenever a row is inserted.
inline constexpr std::size_t constraint_count_max = 64;
// In bytes: a key of the tree has room for it, and a message for three.
inline constexpr std::size_t name_size_max = 64;
// The stored form: an event, which has to fit into a transaction.
inline constexpr std::size_t definition_size_max = std::size_t{256} * 1024;

using ColumnNumber = std::uint16_t;
inline constexpr ColumnNumber no_column = 0xffff;

struct Column {
    std::string_view name{};
    ColumnType type = ColumnType::integer;
    bool not_null = false;
    bool auto_increment = false;
    std::string_view declared_type{};  // As it was written: "VARCHAR(9)".
    Value default_value{};             // A constant of the column's type.
    std::string_view default_text{};   // Instead of it, an expression in SQL; empty: none.
    Value missing{};                   // What rows have that are older than the column.
    std::uint32_t added = 1;           // The version since which it is there,
    std::uint32_t dropped = 0;         // and from which on it is not; 0: it is.
};

constexpr bool is_live(const Column& column) noexcept {
    return column.dropped == 0;
}
// Whether rows of this version have it.
constexpr bool is_in(const Column& column, std::uint32_t version) noexcept {
    return column.added <= version && (is_live(column) || version < column.dropped);
}

struct KeyColumn {
    ColumnNumber column = 0;
    Sort sort = Sort::ascending;
};

struct Index {
    std::uint32_t id = 0;  // Of one row of numbers with the tables; never used twice.
    std::string_view name{};
    std::span<const KeyColumn> columns{};
    bool unique = false;
    bool hash = false;
    bool is_constraint = false;  // Made by UNIQUE, not by CREATE INDEX: it cannot be dropped.
};

struct CheckConstraint {
    std::string_view name{};                  // Empty: it has none.
    std::string_view text{};                  // An expression in SQL.
    std::span<const ColumnNumber> columns{};  // Those that it names.
};

// Numbers are stable.
enum class ReferenceAction : std::uint8_t {
    no_action = 0,
    restrict = 1,
    cascade = 2,
    set_null = 3
};
inline constexpr std::uint8_t reference_action_count = 4;

struct ForeignKey {
    std::string_view name{};  // Empty: it has none.
    std::span<const ColumnNumber> columns{};
    std::uint32_t table = 0;                     // The id of the one referred to,
    std::span<const ColumnNumber> referenced{};  // and its columns, as many.
    ReferenceAction on_delete = ReferenceAction::no_action;
    ReferenceAction on_update = ReferenceAction::no_action;
};

struct Layout;  // layout.hpp

struct TableDefinition {
    std::uint32_t id = 0;  // From 1; never used twice.
    std::uint32_t version = 1;
    std::string_view name{};
    std::span<const Column> columns{};         // By number, the dropped ones too.
    std::span<const KeyColumn> primary_key{};  // Empty: there is none.
    std::span<const Index> indexes{};
    std::span<const CheckConstraint> checks{};
    std::span<const ForeignKey> foreign_keys{};
    // A SELECT in SQL: this is a view. It has no rows and no keys, and of its columns, if any were
    // named, only their names count.
    std::string_view view{};
    // Of its version, where somebody has made it already.
    const Layout* layout = nullptr;
};

constexpr bool is_view(const TableDefinition& table) noexcept {
    return !table.view.empty();
}

// A column that was not dropped; no_column: none has this name.
ColumnNumber find_column(const TableDefinition& table, std::string_view name) noexcept;
// The same, or words: unknown_name, with what may have been meant.
Result<ColumnNumber> need_column(const TableDefinition& table, std::string_view name,
                                 SqlError& error) noexcept;

// Whether it is what a definition has to be: limits, names (UTF-8 without control characters, no
// two the same), keys of live columns that are each there once, a primary key that is NOT NULL,
// defaults of their columns' types, one AUTO_INCREMENT at most, of type INT. Whether other tables
// have the same names or what is referred to is not asked. Fills in `error`: invalid_argument,
// invalid_name, already_exists, too_large, type_mismatch.
Status check_definition(const TableDefinition& table, SqlError& error) noexcept;

// The same but for names that are there twice, which take time to find, and without words.
bool is_sound(const TableDefinition& table) noexcept;

}  // namespace freshet::relation
