// SPDX-License-Identifier: MIT
#include "database/row_check.hpp"

#include <algorithm>

#include "base/sql_error.hpp"
#include "relation/convert.hpp"

namespace freshet::database {
namespace {

Error refuse(const relation::TableDefinition& table, const relation::Layout& layout,
             const relation::CheckConstraint& check, std::span<const Value> row,
             SqlError& error) noexcept {
    std::array<char, 120> room;
    TextWriter values{room};
    for (const relation::ColumnNumber number : check.columns) {
        if (!values.written().empty()) values.text(", ");
        values.text(table.columns[number].name).text(" = ");
        relation::put_literal(values, row[layout.positions[number]]);
    }
    const std::string_view called = check.name.empty() ? check.text : check.name;
    return relation::refuse(
        error, Code::constraint_failed,
        {table.name, " refuses the row: CHECK ", called, " fails for ", values.written()},
        {"give values for which ", check.text, " is true"});
}

}  // namespace

Status check_row(const relation::TableDefinition& table, const relation::Layout& layout,
                 std::span<const PlannedCheck> checks, const OneRow& row, Arena& scratch,
                 SqlError& error) noexcept {
    for (const PlannedCheck& planned : checks) {
        const Result<Value> holds = row.evaluate(*planned.condition, scratch);
        if (!holds) return holds.error();
        if (relation::truth_of(*holds) == relation::Truth::no)
            return refuse(table, layout, *planned.check, row.values(), error);
    }
    return Done{};
}

Status ChildChecks::check(const relation::TableDefinition& table, std::span<const Value> row,
                          SqlError& error) noexcept {
    if (table.checks.empty()) return Done{};
    const Result<const Child*> found = child_of(table, error);
    if (!found) return found.error();
    const Child& child = **found;
    std::copy(row.begin(), row.end(), child.row.values().begin());
    return scratch_.run(*p_.arena, [&](Arena& arena) -> Status {
        return check_row(table, child.layout, child.checks, child.row, arena, error);
    });
}

Result<const ChildChecks::Child*> ChildChecks::child_of(const relation::TableDefinition& table,
                                                        SqlError& error) noexcept {
    for (const Child* known = children_; known != nullptr; known = known->next)
        if (known->table == &table) return known;
    Arena& memory = *p_.arena;
    const Result<Child*> made = query::make<Child>(memory);
    if (!made) return made.error();
    Child& child = **made;
    child.table = &table;
    const Result<relation::Layout> layout = relation::make_layout(table, table.version, memory);
    if (!layout) return layout.error();
    child.layout = *layout;
    const Status opened = child.row.open(layout->size(), memory);
    if (!opened) return opened.error();
    sql::Environment environment{.memory = memory, .error = error, .now = &p_.now};
    sql::Binder binder{environment};
    const auto checks = plan_checks(table, binder, environment);
    if (!checks) return checks.error();
    child.checks = *checks;
    child.next = children_;
    children_ = &child;
    return &child;
}

}  // namespace freshet::database
