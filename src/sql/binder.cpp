// SPDX-License-Identifier: MIT
#include "sql/binder.hpp"

#include <utility>

#include "sql/bind.hpp"

namespace freshet::sql {

using query::Node;

Result<QueryPlan> Binding::select(const Select& select) noexcept {
    const Relation rows = this->select(nullptr, select);
    return finished(QueryPlan{.node = rows.node, .names = rows.names});
}

Result<QueryPlan> Binding::inserted(const Select& select) noexcept {
    const Arm& arm = *select.arms.first;
    if (select.arms.count > 1 || !arm.is_values || select.limit != nullptr ||
        !select.order_by.empty())
        return this->select(select);
    is_in_where_ = true;
    const Relation rows = values(nullptr, arm);
    return finished(QueryPlan{.node = rows.node, .names = rows.names});
}

Result<const Node*> Binding::rows_of(const relation::TableDefinition& table, const Name& alias,
                                     const Expression* where) noexcept {
    Level level;
    const std::string_view name = alias.empty() ? table.name : alias.text;
    Item* const from = this->table(level, table, name, now());
    Growing<Conjunct> conditions;
    if (where != nullptr && !has_failed_) add_where(level, conditions, *where);
    if (has_failed_) return environment_.error.error;
    const std::uint32_t live_count = from->leaf->column_count - query::extra_column_count;
    const std::uint32_t key = live_count + static_cast<std::uint32_t>(query::ExtraColumn::key);
    const auto columns = array<const Scalar*>(live_count + 1);
    for (std::uint32_t i = 0; i < columns.size(); i++) {
        const std::uint32_t number = i == 0 ? key : i - 1;
        level.used.all()[number] = true;
        columns[i] = scalar({.kind = ScalarKind::column, .column = number});
    }
    const Planned rows = Planner{*this, level}.plan(*from, conditions.all());
    if (has_failed_) return environment_.error.error;
    const Node* const node = this->node({.kind = query::NodeKind::project,
                                         .column_count = live_count + 1,
                                         .left = rows.node,
                                         .scalars = placed(columns, rows.places)});
    return finished(node);
}

Result<Scope> Binding::scope_of(const relation::TableDefinition& table, std::string_view name,
                                std::uint32_t first) noexcept {
    const auto columns = array<ScopeColumn>(table.columns.size());
    std::size_t count = 0;
    for (std::size_t i = 0; i < columns.size(); i++) {
        const relation::Column& column = table.columns[i];
        if (!is_live(column)) continue;
        columns[count] = {.table = name,
                          .name = column.name,
                          .column = first + static_cast<std::uint32_t>(count),
                          .type = column.type};
        count++;
    }
    return finished(Scope{columns.first(count)});
}

Result<Scope> Binding::scope_of(const Scope& a, const Scope& b) noexcept {
    const auto columns = array<ScopeColumn>(a.columns.size() + b.columns.size());
    std::size_t count = 0;
    if (has_failed_) return environment_.error.error;
    for (const ScopeColumn& column : a.columns) columns[count++] = column;
    for (const ScopeColumn& column : b.columns) {
        columns[count] = column;
        columns[count++].needs_table = true;
    }
    return finished(Scope{columns});
}

Level Binding::level_of(const Scope& scope) noexcept {
    Level level;
    for (const ScopeColumn& column : scope.columns)
        name_column(level, {.table = column.table,
                            .name = column.name,
                            .number = column.column,
                            .type = {column.has_type, column.type},
                            .is_hidden = column.is_hidden,
                            .is_merged = column.needs_table});
    return level;
}

// It may stand in the catalog, whose words have other places: none of its literals is another's.
Result<const Scalar*> Binding::expression(const Expression& expression,
                                          const Scope& scope) noexcept {
    const std::span<FreeLiteral> literals = std::exchange(environment_.literals, {});
    Level level = level_of(scope);
    const Scalar* const bound = condition(level, expression);
    environment_.literals = literals;
    return finished(bound);
}

Result<QueryPlan> Binding::returning(const List<ResultColumn>& columns,
                                     const Scope& scope) noexcept {
    Level level = level_of(scope);
    Relation rows;
    Growing<Typed> results;
    name_results(level, columns, results, rows);
    const auto scalars = array<const Scalar*>(results.all().size());
    for (std::size_t i = 0; i < scalars.size(); i++) scalars[i] = results.all()[i].scalar;
    return finished(QueryPlan{.scalars = scalars, .names = rows.names});
}

// ---- Binder ----

Result<QueryPlan> Binder::select(const Select& select) noexcept {
    return Binding{*this}.select(select);
}

Result<QueryPlan> Binder::inserted(const Select& select) noexcept {
    return Binding{*this}.inserted(select);
}

Result<const Node*> Binder::rows_of(const relation::TableDefinition& table, const Name& alias,
                                    const Expression* where) noexcept {
    return Binding{*this}.rows_of(table, alias, where);
}

Result<Scope> Binder::scope_of(const relation::TableDefinition& table, std::string_view name,
                               std::uint32_t first) noexcept {
    return Binding{*this}.scope_of(table, name, first);
}

Result<Scope> Binder::scope_of(const Scope& a, const Scope& b) noexcept {
    return Binding{*this}.scope_of(a, b);
}

Result<const Scalar*> Binder::expression(const Expression& expression,
                                         const Scope& scope) noexcept {
    return Binding{*this}.expression(expression, scope);
}

Result<QueryPlan> Binder::returning(const List<ResultColumn>& columns,
                                    const Scope& scope) noexcept {
    return Binding{*this}.returning(columns, scope);
}

// ---- run ----

namespace {

Status run_value(const Subquery& subquery, query::Rows& rows, Arena& memory) noexcept {
    query::Batch batch;
    const Result<bool> there = rows.next(batch);
    if (!there) return there.error();
    if (subquery.kind == Subquery::Kind::exists) {
        *subquery.slot = Value::integer(*there ? 1 : 0);
        return Done{};
    }
    *subquery.slot = Value{};
    if (!*there) return Done{};
    const Result<Value> value = query::keep(batch.columns[0][batch.selection[0]], memory);
    if (!value) return value.error();
    *subquery.slot = *value;
    return Done{};
}

Status run_set(const Subquery& subquery, query::Rows& rows, Arena& memory) noexcept {
    *subquery.set = query::ValueSet{memory};
    for (;;) {
        query::Batch batch;
        const Result<bool> there = rows.next(batch);
        if (!there) return there.error();
        if (!*there) return Done{};
        for (const query::Position position : batch.selection) {
            const Status added = subquery.set->add(batch.columns[0][position]);
            if (!added) return added;
        }
    }
}

}  // namespace

Status run(std::span<const Subquery> subqueries, query::Context& context) noexcept {
    for (const Subquery& subquery : subqueries) {
        if (subquery.kind == Subquery::Kind::by_row) {
            subquery.plan->interrupt = context.interrupt;
            continue;
        }
        const Result<query::Rows*> rows = query::open(*subquery.node, context);
        if (!rows) return rows.error();
        const Status done = subquery.kind == Subquery::Kind::set
                                ? run_set(subquery, **rows, context.memory)
                                : run_value(subquery, **rows, context.memory);
        if (!done) return done;
    }
    return Done{};
}

}  // namespace freshet::sql
