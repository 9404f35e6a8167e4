// SPDX-License-Identifier: MIT
#include "query/function.hpp"
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using query::AggregateKind;
using query::Subplan;
using relation::is_same_name;

Result<AggregateKind> aggregate_of(const Expression& expression) noexcept {
    if (expression.star && !is_same_name(expression.text, "count")) return Code::invalid_argument;
    if (expression.star) return AggregateKind::count_rows;
    return query::find_aggregate(expression.text, expression.operands.count);
}

}  // namespace

Typed Binding::function(Level& level, const Expression& expression) noexcept {
    const Result<AggregateKind> aggregate = aggregate_of(expression);
    if (aggregate) return this->aggregate(level, expression, *aggregate);
    const std::uint32_t count = expression.operands.count;
    if (is_same_name(expression.text, "now") && count == 0 && !expression.star)
        return current_time(expression.place, relation::ColumnType::timestamp);
    const query::Function* const function = query::find_function(expression.text, count);
    if (function == nullptr || expression.star || expression.distinct) {
        refuse_function(expression);
        return {};
    }
    const Operands list = expressions(level, expression.operands);
    if (has_failed_) return {};
    return {scalar({.kind = function->kind, .function = function, .operands = list}), {}};
}

void Binding::refuse_function(const Expression& expression) noexcept {
    const std::string_view name = expression.text;
    if (expression.star || expression.distinct)
        return fail(Code::syntax, expression.place, {name, "() takes neither * nor DISTINCT"},
                    {"these are for aggregates: count(*), sum(DISTINCT x)"});
    if (query::is_function_name(name) || query::find_aggregate(name, 1))
        return fail(Code::syntax, expression.place, {name, "() does not take this many arguments"},
                    {"look at how many it takes"});
    fail_unknown(expression.place, {"there is no function ", name},
                 query::nearest_function_name(name));
}

Typed Binding::aggregate(Level& level, const Expression& expression, AggregateKind kind) noexcept {
    const std::uint32_t count = expression.operands.count;
    if (level.grouping == nullptr || level.is_in_aggregate) {
        fail(Code::syntax, expression.place,
             {"the aggregate ", expression.text, "() cannot stand here"},
             {"aggregates are for SELECT, HAVING and ORDER BY; for WHERE, take a subquery"});
        return {};
    }
    if (expression.distinct && count != 1) {
        fail(Code::syntax, expression.place, {"DISTINCT aggregates take one argument"},
             {"take the others away"});
        return {};
    }
    level.is_in_aggregate = true;
    const Operands list = expressions(level, expression.operands);
    level.is_in_aggregate = false;
    if (has_failed_) return {};
    const std::uint32_t place =
        add_aggregate(*level.grouping, {.kind = kind,
                                        .distinct = expression.distinct,
                                        .argument = list.empty() ? nullptr : list[0],
                                        .separator = list.size() > 1 ? list[1] : nullptr});
    return {scalar({.kind = ScalarKind::column, .column = place}), {}};
}

std::uint32_t Binding::add_aggregate(Grouping& grouping,
                                     const query::Aggregate& aggregate) noexcept {
    const auto is_alike = [](const Scalar* a, const Scalar* b) {
        return a == b || (a != nullptr && b != nullptr && is_same(*a, *b));
    };
    auto place = static_cast<std::uint32_t>(grouping.keys.size());
    for (const query::Aggregate& known : grouping.aggregates.all()) {
        if (known.kind == aggregate.kind && known.distinct == aggregate.distinct &&
            is_alike(known.argument, aggregate.argument) &&
            is_alike(known.separator, aggregate.separator))
            return place;
        place++;
    }
    push(grouping.aggregates, aggregate);
    return place;
}

bool Binding::has_aggregate(const Expression& expression) noexcept {
    if (expression.kind == ExpressionKind::function && aggregate_of(expression)) return true;
    if (is_boolean_literal(expression)) return false;
    for (const Expression& operand : expression.operands)
        if (has_aggregate(operand)) return true;
    return false;
}

Typed Binding::subquery(Level& level, const Expression& expression) noexcept {
    Outer outer{&level, {}};
    const Relation rows = select(&outer, *expression.select);
    if (has_failed_) return {};
    const bool is_exists = expression.kind == ExpressionKind::exists;
    if (!is_exists && rows.names.size() != 1) {
        fail(Code::syntax, expression.place, {"a subquery that is a value gives one column"},
             {"select just one"});
        return {};
    }
    const ResultColumnType type = is_exists ? ResultColumnType{} : rows.last_types[0];
    if (!outer.values.all().empty()) {
        const auto kind = is_exists ? Subplan::Kind::exists : Subplan::Kind::value;
        return {correlated(outer, kind, rows.node, nullptr, false).scalar, type};
    }
    Value* const slot = make(Value{});
    const auto kind = is_exists ? Subquery::Kind::exists : Subquery::Kind::value;
    push(binder_.subqueries_, Subquery{.kind = kind, .node = rows.node, .slot = slot});
    return {scalar({.kind = ScalarKind::slot, .slot = slot}), type};
}

Typed Binding::in_select(Level& level, const Expression& expression) noexcept {
    const Typed value = this->expression(level, expression.operand(0));
    Outer outer{&level, {}};
    const Relation rows = select(&outer, *expression.select);
    if (has_failed_) return {};
    if (rows.names.size() != 1) {
        fail(Code::syntax, expression.place, {"the subquery of IN gives one column"},
             {"select just one"});
        return {};
    }
    const Scalar* const wanted = converted(value, rows.last_types[0]);
    const Typed first{scalar({.kind = ScalarKind::column}), rows.last_types[0]};
    const Scalar* const found = converted(first, value.type);
    const query::Node* node = rows.node;
    if (found != first.scalar)
        node = this->node({.kind = query::NodeKind::project,
                           .column_count = 1,
                           .left = node,
                           .scalars = operands({found})});
    if (!outer.values.all().empty())
        return correlated(outer, Subplan::Kind::has, node, wanted, expression.negated);
    if (has_failed_) return {};
    const Result<query::ValueSet*> set = query::make<query::ValueSet>(memory_, memory_);
    if (!set) {
        fail_memory();
        return {};
    }
    push(binder_.subqueries_, Subquery{.kind = Subquery::Kind::set, .node = node, .set = *set});
    return {scalar({.kind = ScalarKind::in_set,
                    .negated = expression.negated,
                    .set = *set,
                    .operands = operands({wanted})}),
            {}};
}

// The values that it takes from outside become its operands, and are put into its slots.
Typed Binding::correlated(const Outer& outer, Subplan::Kind kind, const query::Node* node,
                          const Scalar* wanted, bool negated) noexcept {
    const std::span<const OuterValue> values = outer.values.all();
    const std::size_t first = wanted == nullptr ? 0 : 1;
    const auto list = array<const Scalar*>(values.size() + first);
    const auto slots = array<Value*>(values.size());
    if (has_failed_) return {};
    if (wanted != nullptr) list[0] = wanted;
    for (std::size_t i = 0; i < values.size(); i++) {
        list[first + i] = values[i].scalar;
        slots[i] = values[i].value;
    }
    Subplan* const plan = make(Subplan{.kind = kind, .node = node, .slots = slots});
    push(binder_.subqueries_, Subquery{.kind = Subquery::Kind::by_row, .plan = plan});
    return {
        scalar(
            {.kind = ScalarKind::subplan, .negated = negated, .subplan = plan, .operands = list}),
        {}};
}

}  // namespace freshet::sql
