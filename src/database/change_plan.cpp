// SPDX-License-Identifier: MIT
#include "database/change_plan.hpp"

#include <algorithm>

#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "sql/parse.hpp"

namespace freshet::database {
namespace {

using query::Scalar;
using relation::ColumnNumber;

// What stands in the catalog was bound when it was written; its words have other places.
Result<const Scalar*> of_catalog(std::string_view text, const sql::Scope& scope,
                                 sql::Binder& binder, sql::Environment& environment) noexcept {
    const Result<sql::Expression*> parsed =
        sql::parse_expression(text, environment.memory, environment.error);
    if (!parsed) return parsed.error();
    return binder.expression(**parsed, scope);
}

// Plans one statement; the first failure ends it.
class Planner {
public:
    Planner(sql::Binder& binder, sql::Environment& environment, ChangePlan& plan) noexcept
        : binder_{binder},
          environment_{environment},
          memory_{environment.memory},
          error_{environment.error},
          plan_{plan} {}

    Status insert(const sql::Insert& insert) noexcept {
        plan_.conflict = insert.conflict;
        Status done = find_table(insert.table, insert.alias);
        if (done) done = insert_targets(insert.columns);
        if (done) done = insert_source(insert);
        if (done) done = defaults();
        if (done) done = checks();
        if (done) done = upserts(insert);
        return done ? returning(insert.returning) : done;
    }

    Status update(const sql::Update& update) noexcept {
        plan_.conflict = update.conflict;
        is_update_ = true;
        Status done = find_table(update.table, update.alias);
        const sql::Name& name = update.alias.empty() ? update.table : update.alias;
        if (done) done = own_index(update.index);
        if (done) done = row_source(name, update.where);
        if (done) done = new_values(update.assignments, name);
        if (done && update.conflict == sql::Conflict::replace) done = defaults();
        if (done) done = checks();
        if (done) done = expected_version(update.expected_version);
        return done ? returning(update.returning) : done;
    }

    Status erase(const sql::Delete& erase) noexcept {
        Status done = find_table(erase.table, erase.alias);
        const sql::Name& name = erase.alias.empty() ? erase.table : erase.alias;
        if (done) done = own_index(erase.index);
        if (done) done = row_source(name, erase.where);
        if (done) done = expected_version(erase.expected_version);
        return done ? returning(erase.returning) : done;
    }

    // out_of_memory.
    Status make_room() noexcept {
        const std::size_t width = plan_.layout.size();
        const Status made = plan_.row.open(width, memory_);
        if (!made || plan_.by_key == nullptr) return made;
        return plan_.found.open(1 + width + plan_.targets.size(), memory_);
    }

    // Neither foreign keys, nor rows that make way, nor another key, nor answers.
    void look_for_one_event() noexcept {
        FRESHET_CHECK(plan_.table != nullptr);
        plan_.is_row_by_row = plan_.upserts.empty() && plan_.returning.scalars.empty() &&
                              plan_.conflict != sql::Conflict::replace &&
                              plan_.table->foreign_keys.empty() && !is_referred_to();
        for (const std::uint16_t target : plan_.targets)
            for (const relation::KeyColumn& key : plan_.table->primary_key)
                if (is_update_ && plan_.layout.columns[target] == key.column)
                    plan_.is_row_by_row = false;
        const bool has_scan = rows_ != nullptr && rows_->left->kind == query::NodeKind::source;
        const query::TableScan* const scan = has_scan ? rows_->left->source->scan() : nullptr;
        const bool has_key =
            scan != nullptr && scan->access.index == nullptr && scan->access.is_whole();
        if (plan_.is_row_by_row && has_key) plan_.by_key = scan;
    }

private:
    [[nodiscard]] bool is_referred_to() const noexcept {
        for (const relation::TableDefinition& table : environment_.tables)
            for (const relation::ForeignKey& key : table.foreign_keys)
                if (key.table == plan_.table->id) return true;
        return false;
    }
    Error fail(sql::Place place, Code code, relation::Words message,
               relation::Words hint) noexcept {
        if (error_.error.code == Code::none) relation::refuse(error_, code, message, hint);
        if (error_.size == 0) {
            error_.offset = place.offset;
            error_.size = place.size;
        }
        return error_.error;
    }
    Error for_memory() noexcept { return relation::refuse_for_memory(error_); }

    Status find_table(const sql::Name& name, const sql::Name& alias) noexcept {
        const auto found = relation::need_table(environment_.tables, name.text, error_);
        if (!found) return fail(name.place, found.error().code, {}, {});
        if (relation::is_view(**found))
            return fail(name.place, Code::invalid_argument, {name.text, " is a view"},
                        {"change the tables that it shows"});
        plan_.table = *found;
        const Result<relation::Layout> layout =
            relation::make_layout(*plan_.table, plan_.table->version, memory_);
        if (!layout) return layout.error();
        plan_.layout = *layout;
        name_ = alias.empty() ? name.text : alias.text;
        const Result<sql::Scope> scope = binder_.scope_of(*plan_.table, name_, 0);
        if (!scope) return scope.error();
        scope_ = *scope;
        return Done{};
    }

    Result<std::uint16_t> position_of(const sql::Name& name) noexcept {
        const Result<ColumnNumber> number = relation::need_column(*plan_.table, name.text, error_);
        if (!number) return fail(name.place, number.error().code, {}, {});
        return plan_.layout.positions[*number];
    }

    Status insert_targets(const sql::List<sql::ListedName>& columns) noexcept {
        const std::size_t count = columns.empty() ? plan_.layout.size() : columns.count;
        const Result<std::span<std::uint16_t>> targets = memory_.array<std::uint16_t>(count);
        if (!targets) return for_memory();
        std::size_t i = 0;
        for (const sql::ListedName& column : columns) {
            const Result<std::uint16_t> position = position_of(column.name);
            if (!position) return position.error();
            const auto before = targets->first(i);
            if (std::find(before.begin(), before.end(), *position) != before.end())
                return fail(column.name.place, Code::invalid_argument,
                            {"column ", column.name.text, " is named twice"}, {"name it once"});
            (*targets)[i++] = *position;
        }
        for (; i < count; i++) (*targets)[i] = static_cast<std::uint16_t>(i);
        plan_.targets = *targets;
        return Done{};
    }

    Status insert_source(const sql::Insert& insert) noexcept {
        if (insert.source == nullptr) {
            plan_.targets = {};
            return Done{};
        }
        const Result<sql::QueryPlan> source = binder_.inserted(*insert.source);
        if (!source) return source.error();
        plan_.source = source->node;
        plan_.is_of_values = source->node->kind == query::NodeKind::values;
        if (source->node->column_count == plan_.targets.size()) return Done{};
        return wrong_count(insert, source->node->column_count);
    }
    Status wrong_count(const sql::Insert& insert, std::uint32_t given) noexcept {
        std::array<char, 48> numbers;
        TextWriter wanted{std::span{numbers}.first(24)};
        TextWriter there{std::span{numbers}.last(24)};
        wanted.number(plan_.targets.size());
        there.number(given);
        return fail(
            insert.source->place, Code::invalid_argument,
            {there.written(), " values for ", wanted.written(), " columns of ", plan_.table->name},
            {"name the columns behind the table, or give a value for each"});
    }

    Status own_index(const sql::Name& name) noexcept {
        if (name.empty()) return Done{};
        const Status known =
            relation::need_own_index(environment_.tables, *plan_.table, name.text, error_);
        return known ? known : Status{fail(name.place, known.error().code, {}, {})};
    }

    // The key, and the row as it is.
    Status row_source(const sql::Name& name, const sql::Expression* where) noexcept {
        const Result<const query::Node*> rows = binder_.rows_of(*plan_.table, name, where);
        if (!rows) return rows.error();
        plan_.source = *rows;
        rows_ = *rows;
        return Done{};
    }

    Result<const Scalar*> column(std::uint32_t number) noexcept {
        const Result<Scalar*> scalar = query::make<Scalar>(memory_);
        if (!scalar) return for_memory();
        (*scalar)->kind = query::ScalarKind::column;
        (*scalar)->column = number;
        return static_cast<const Scalar*>(*scalar);
    }

    // Behind key and row, the values that are assigned.
    Status new_values(const sql::List<sql::Assignment>& assignments,
                      const sql::Name& name) noexcept {
        const std::size_t row_count = 1 + plan_.layout.size();
        const auto scalars = memory_.array<const Scalar*>(row_count + assignments.count);
        const auto targets = memory_.array<std::uint16_t>(assignments.count);
        const Result<query::Node*> project = query::make<query::Node>(memory_);
        if (!scalars || !targets || !project) return for_memory();
        const Result<sql::Scope> scope = binder_.scope_of(*plan_.table, name.text, 1);
        if (!scope) return scope.error();
        for (std::size_t i = 0; i < row_count; i++) {
            const Result<const Scalar*> same = column(static_cast<std::uint32_t>(i));
            if (!same) return same.error();
            (*scalars)[i] = *same;
        }
        std::size_t count = 0;
        for (const sql::Assignment& assignment : assignments) {
            const Status added =
                assign(assignment, *scope, (*targets)[count], (*scalars)[row_count + count]);
            if (!added) return added;
            count++;
        }
        query::Node& node = **project;
        node.kind = query::NodeKind::project;
        node.left = plan_.source;
        node.scalars = *scalars;
        node.column_count = static_cast<std::uint32_t>(scalars->size());
        plan_.source = &node;
        plan_.targets = *targets;
        return Done{};
    }
    // A column that is assigned twice has the last value, as in SQLite.
    Status assign(const sql::Assignment& assignment, const sql::Scope& scope, std::uint16_t& target,
                  const Scalar*& value) noexcept {
        const Result<std::uint16_t> position = position_of(assignment.column);
        if (!position) return position.error();
        target = *position;
        const Result<const Scalar*> bound = binder_.expression(*assignment.value, scope);
        if (!bound) return bound.error();
        value = *bound;
        return Done{};
    }

    Status defaults() noexcept {
        const auto defaults = memory_.array<const Scalar*>(plan_.layout.size());
        if (!defaults) return for_memory();
        for (std::size_t i = 0; i < plan_.layout.size(); i++) {
            const relation::Column& column = plan_.table->columns[plan_.layout.columns[i]];
            if (column.auto_increment) plan_.id_position = static_cast<std::uint16_t>(i);
            if (column.default_text.empty()) continue;
            const auto bound = of_catalog(column.default_text, sql::Scope{}, binder_, environment_);
            if (!bound) return bound.error();
            (*defaults)[i] = *bound;
            plan_.defaults = *defaults;
        }
        return Done{};
    }

    Status checks() noexcept {
        const auto checks = plan_checks(*plan_.table, binder_, environment_);
        if (!checks) return checks.error();
        plan_.checks = *checks;
        return Done{};
    }

    Status upserts(const sql::Insert& insert) noexcept {
        if (insert.upserts.empty()) return Done{};
        const auto planned = memory_.array<PlannedUpsert>(insert.upserts.count);
        if (!planned) return for_memory();
        const auto width = static_cast<std::uint32_t>(plan_.layout.size());
        const Result<sql::Scope> excluded = binder_.scope_of(*plan_.table, "excluded", width);
        if (!excluded) return excluded.error();
        const Result<sql::Scope> both = binder_.scope_of(scope_, *excluded);
        if (!both) return both.error();
        std::size_t count = 0;
        for (const sql::Upsert& upsert : insert.upserts) {
            const Status done = plan_upsert(upsert, *both, (*planned)[count++]);
            if (!done) return done;
        }
        plan_.upserts = *planned;
        return Done{};
    }

    Status plan_upsert(const sql::Upsert& upsert, const sql::Scope& scope,
                       PlannedUpsert& planned) noexcept {
        const Status found = find_constraint(upsert, planned);
        if (!found) return found;
        planned.is_update = upsert.update;
        const auto values = memory_.array<const Scalar*>(upsert.assignments.count + 1);
        const auto targets = memory_.array<std::uint16_t>(upsert.assignments.count + 1);
        if (!values || !targets) return for_memory();
        std::size_t count = 0;
        for (const sql::Assignment& assignment : upsert.assignments) {
            const Status assigned = assign(assignment, scope, (*targets)[count], (*values)[count]);
            if (!assigned) return assigned;
            count++;
        }
        planned.values = values->first(count);
        planned.targets = targets->first(count);
        if (upsert.where == nullptr) return Done{};
        const Result<const Scalar*> condition = binder_.expression(*upsert.where, scope);
        if (!condition) return condition.error();
        planned.condition = *condition;
        return Done{};
    }

    Status find_constraint(const sql::Upsert& upsert, PlannedUpsert& planned) noexcept {
        planned.is_any = upsert.columns.empty();
        if (planned.is_any || is_key(upsert.columns, plan_.table->primary_key)) return Done{};
        for (const relation::Index& index : plan_.table->indexes) {
            if (!index.unique || !is_key(upsert.columns, index.columns)) continue;
            planned.index = &index;
            return Done{};
        }
        return fail(upsert.place, Code::invalid_argument,
                    {"ON CONFLICT names columns that no PRIMARY KEY or UNIQUE of ",
                     plan_.table->name, " has"},
                    {"name those of one, or leave them out"});
    }
    bool is_key(const sql::List<sql::KeyColumn>& columns,
                std::span<const relation::KeyColumn> key) const noexcept {
        if (key.empty() || columns.count != key.size()) return false;
        for (const sql::KeyColumn& column : columns) {
            const ColumnNumber number = relation::find_column(*plan_.table, column.name.text);
            if (std::none_of(key.begin(), key.end(),
                             [&](const auto& of) { return of.column == number; }))
                return false;
        }
        return true;
    }

    Status expected_version(const sql::Expression* version) noexcept {
        if (version == nullptr) return Done{};
        const Result<const Scalar*> bound = binder_.expression(*version, sql::Scope{});
        if (!bound) return bound.error();
        plan_.expected_version = *bound;
        return Done{};
    }

    Status returning(const sql::List<sql::ResultColumn>& columns) noexcept {
        if (columns.empty()) return Done{};
        const Result<sql::QueryPlan> plan = binder_.returning(columns, scope_);
        if (!plan) return plan.error();
        plan_.returning = *plan;
        return Done{};
    }

    sql::Binder& binder_;
    sql::Environment& environment_;
    Arena& memory_;
    SqlError& error_;
    ChangePlan& plan_;
    std::string_view name_{};
    bool is_update_ = false;
    const query::Node* rows_ = nullptr;  // Of UPDATE and DELETE, before new values are put to them.
    sql::Scope scope_{};
};

}  // namespace

Result<std::span<const PlannedCheck>> plan_checks(const relation::TableDefinition& table,
                                                  sql::Binder& binder,
                                                  sql::Environment& environment) noexcept {
    if (table.checks.empty()) return std::span<const PlannedCheck>{};
    const auto checks = environment.memory.array<PlannedCheck>(table.checks.size());
    if (!checks) return relation::refuse_for_memory(environment.error);
    const Result<sql::Scope> scope = binder.scope_of(table, table.name, 0);
    if (!scope) return scope.error();
    for (std::size_t i = 0; i < table.checks.size(); i++) {
        const auto bound = of_catalog(table.checks[i].text, *scope, binder, environment);
        if (!bound) return bound.error();
        (*checks)[i] = {&table.checks[i], *bound};
    }
    return std::span<const PlannedCheck>{*checks};
}

Result<const ChangePlan*> plan_change(const sql::Statement& statement, sql::Binder& binder,
                                      sql::Environment& environment) noexcept {
    const Result<ChangePlan*> plan = query::make<ChangePlan>(environment.memory);
    if (!plan) return relation::refuse_for_memory(environment.error);
    Planner planner{binder, environment, **plan};
    Status done = Done{};
    switch (statement.kind) {
        case sql::StatementKind::insert: done = planner.insert(*statement.insert); break;
        case sql::StatementKind::update: done = planner.update(*statement.update); break;
        default: done = planner.erase(*statement.delete_rows); break;
    }
    if (!done) return done.error();
    planner.look_for_one_event();
    if (!planner.make_room()) return relation::refuse_for_memory(environment.error);
    return static_cast<const ChangePlan*>(*plan);
}

}  // namespace freshet::database
