// SPDX-License-Identifier: MIT
// What INSERT, UPDATE and DELETE do, planned: where rows come from, and what becomes of each.
//
//      statement    the source gives                              targets
//      INSERT       a value for each target                       position of each in the row
//      UPDATE       key, the row as it is, then the new values    the same, of the new values
//      DELETE       key, the row as it is                         -
//
// Scalars over a row see its live columns, from 0 on in the order of the layout; those of ON
// CONFLICT DO UPDATE see the row in the way, and behind it the one that was to be inserted.
#pragma once

#include "database/one_row.hpp"
#include "query/table_source.hpp"
#include "relation/catalog_view.hpp"
#include "relation/layout.hpp"
#include "sql/binder.hpp"

namespace freshet::database {

struct PlannedCheck {
    const relation::CheckConstraint* check = nullptr;
    const query::Scalar* condition = nullptr;
};

// ON CONFLICT of one constraint, or of any.
struct PlannedUpsert {
    bool is_any = false;
    const relation::Index* index = nullptr;  // Null: the primary key.
    bool is_update = false;                  // Else nothing is done.
    std::span<const std::uint16_t> targets{};
    std::span<const query::Scalar* const> values{};
    const query::Scalar* condition = nullptr;
};

struct ChangePlan {
    const relation::TableDefinition* table = nullptr;
    relation::Layout layout{};
    const query::Node* source = nullptr;  // Null: of INSERT DEFAULT VALUES.
    bool is_of_values = false;            // The source reads no table, and need not be kept.
    std::span<const std::uint16_t> targets{};
    std::span<const query::Scalar* const> defaults{};  // By position; null: a constant.
    std::span<const PlannedCheck> checks{};
    sql::Conflict conflict = sql::Conflict::none;
    std::span<const PlannedUpsert> upserts{};
    sql::QueryPlan returning{};
    const query::Scalar* expected_version = nullptr;
    // Of each row one event is written, and nothing can fail behind it.
    bool is_row_by_row = false;
    // Of such a one: by the whole key of a row. Null: its rows are reached in another way.
    const query::TableScan* by_key = nullptr;
    std::uint16_t id_position = relation::no_column;  // Of the AUTO_INCREMENT column.
    // Room for what a run works on: a row as it is to be, and one that by_key leads to, as the
    // source would give it. Runs leave nothing in here for each other.
    OneRow row{};
    OneRow found{};
};

struct Prepared;
class WriteScope;

// Plans the statement, in the arena of the binder's environment. Fills in its error.
Result<const ChangePlan*> plan_change(const sql::Statement& statement, sql::Binder& binder,
                                      sql::Environment& environment) noexcept;

// CHECK of a table, over its rows. The same.
Result<std::span<const PlannedCheck>> plan_checks(const relation::TableDefinition& table,
                                                  sql::Binder& binder,
                                                  sql::Environment& environment) noexcept;

// Does it, in the session's transaction; rows to be returned are kept. The plan is opened, and its
// subqueries are run.
Status run_change(Prepared& prepared, WriteScope& scope, SqlError& error) noexcept;

}  // namespace freshet::database
