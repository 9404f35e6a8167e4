// SPDX-License-Identifier: MIT
// The rows of a table as a source of a query: all of them, or those that a key leads to.
//
// Whatever leads there (constants, parameters, the answers of subqueries) is evaluated when the
// source is opened. A key leads to just the rows for which the conditions hold, unless it was cut,
// or a value cannot be compared with keys: then they are asked of each row. Rows come in the order
// of the key, or backwards.
#pragma once

#include "query/rows.hpp"
#include "query/scalar.hpp"
#include "relation/moment.hpp"

namespace freshet::query {

// What a source can give beyond the columns of its table, and behind them.
enum class ExtraColumn : std::uint8_t {
    row_start,  // TIMESTAMP of the commit that wrote the version.
    row_end,    // Of the one that ended it; NULL: it holds.
    commit_start,
    commit_end,
    row_id,  // INT, where there is no primary key.
    key,     // BLOB.
};
inline constexpr std::uint32_t extra_column_count = 6;

// The key of rows: the primary key, or the hidden row id as if it were a column.
inline constexpr relation::ColumnNumber row_id_column = relation::no_column - 1;
inline constexpr relation::KeyColumn row_id_key{.column = row_id_column};
constexpr std::span<const relation::KeyColumn> key_of(
    const relation::TableDefinition& table) noexcept {
    return table.primary_key.empty() ? std::span{&row_id_key, 1} : table.primary_key;
}
constexpr relation::ColumnType type_of(const relation::TableDefinition& table,
                                       relation::ColumnNumber column) noexcept {
    return column == row_id_column ? relation::ColumnType::integer : table.columns[column].type;
}

// How rows are reached. Values have no columns.
struct Access {
    // Null: by the key of the row, as key_of() says.
    const relation::Index* index = nullptr;
    std::span<const relation::KeyColumn> columns{};
    // What the first columns are equal to;
    std::span<const Scalar* const> equal{};
    // the next one is what an IN says (in_list or in_set), if it is not null,
    const Scalar* list = nullptr;
    // or it is between these; null: no bound.
    const Scalar* low = nullptr;
    const Scalar* high = nullptr;
    bool low_is_in = false;
    bool high_is_in = false;
    bool skips_nulls = false;  // In the column behind the equal ones; as a range does.
    // All that, as a condition on the rows of the source; null: all rows are read, in the order of
    // the index if there is one.
    const Scalar* check = nullptr;

    // All of the columns are equal to something.
    [[nodiscard]] bool is_whole() const noexcept {
        return check != nullptr && list == nullptr && equal.size() == columns.size();
    }
};

struct TableScan {
    const relation::Moment* moment = nullptr;  // Filled in before the source is opened.
    const relation::TableDefinition* table = nullptr;
    std::string_view name{};  // By which the statement knows it.
    // What it gives: places of the table's live columns, and behind their number, extra columns.
    std::span<const std::uint32_t> columns{};
    std::uint32_t live_count = 0;
    bool has_versions = false;  // Not the rows of the moment alone, but all up to then.
    Access access{};
    Direction direction = Direction::forwards;  // Not of a list, nor of versions.
};

// In the arena. out_of_memory. When opened: corrupt, io, out_of_memory, what values fail with;
// invalid_argument: the end of a row was asked for of a moment that is past.
Result<const Source*> make_table_source(const TableScan& scan, Arena& memory) noexcept;

}  // namespace freshet::query
