// SPDX-License-Identifier: MIT
// SELECT: its arms, and what is done with the rows of all of them.
#include <algorithm>
#include <utility>

#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using query::Node;
using query::NodeKind;
using relation::is_same_name;

query::SortTerm term_of(const OrderTerm& term, const Scalar* value) noexcept {
    const bool descends = term.order == Order::descending;
    const bool is_last = term.nulls == NullOrder::none ? descends : term.nulls == NullOrder::last;
    return {.value = value, .descending = descends, .nulls_last = is_last};
}

constexpr std::array<std::string_view, 9> value_names = {"column1", "column2", "column3",
                                                         "column4", "column5", "column6",
                                                         "column7", "column8", "column9"};

}  // namespace

Relation Binding::select(Outer* outer, const Select& select) noexcept {
    if (has_failed_) return {};
    const bool is_single = select.arms.count == 1 && !select.arms.first->is_values;
    const bool was_in_where = std::exchange(is_in_where_, false);
    const Relation rows =
        is_single ? arm(outer, select, *select.arms.first) : compound(outer, select);
    is_in_where_ = was_in_where;
    return rows;
}

const Node* Binding::limited(Outer* outer, const Select& select, const Node* below) noexcept {
    if (select.limit == nullptr || has_failed_) return below;
    Level level{.outer = outer};
    const Scalar* const limit = condition(level, *select.limit);
    const Scalar* const offset =
        select.offset == nullptr ? nullptr : condition(level, *select.offset);
    return node({.kind = NodeKind::limit,
                 .column_count = below->column_count,
                 .left = below,
                 .limit = limit,
                 .offset = offset});
}

// ---- one arm ----

// Here alone literals may be others in another run: names of columns and keys of groups are found
// by what was written.
void Binding::add_where(Level& level, Growing<Conjunct>& conditions,
                        const Expression& where) noexcept {
    is_in_where_ = true;
    const Scalar* const bound = condition(level, where);
    is_in_where_ = false;
    add_conditions(level, conditions, *bound);
}

Relation Binding::arm(Outer* outer, const Select& select, const Arm& arm) noexcept {
    Level level{.outer = outer};
    Item* const from = arm.from.empty() ? nullptr : sources(level, arm.from);
    level.aliases = &arm.columns;
    Growing<Conjunct> where;
    if (arm.where != nullptr) add_where(level, where, *arm.where);
    Grouping grouping;
    grouping.keys = group_keys(level, arm);
    if (has_groups(arm, select)) level.grouping = &grouping;
    Relation rows;
    Growing<Typed> results;
    name_results(level, arm.columns, results, rows);
    const Scalar* const having = arm.having == nullptr ? nullptr : condition(level, *arm.having);
    Ordered ordered = this->ordered(level, select, results);
    if (has_failed_) return {};
    const bool is_of_one = from != nullptr && from->kind == Item::Kind::leaf;
    const bool is_grouped = level.grouping != nullptr;
    if (is_of_one && is_grouped) level.wanted = wanted(grouping);
    if (is_of_one && !is_grouped && !arm.distinct) level.wanted = wanted(ordered);
    level.has_limit = is_grouped ? arm.where == nullptr : select.limit != nullptr;
    Planned planned =
        from == nullptr ? one_row(level) : Planner{*this, level}.plan(*from, where.all());
    if (from == nullptr) planned = Planner{*this, level}.filtered(planned, where.all());
    if (has_failed_) return {};
    Places places = planned.places;
    if (!level.wanted.empty() && is_in_order(level.wanted, planned.order)) {
        if (is_grouped)
            planned = first_of(level, planned);
        else
            ordered.terms = {};
    }
    rows.node = planned.node;
    if (is_grouped) {
        rows.node = aggregated(*planned.node, planned.places, grouping, having);
        places = {};
    }
    const auto width = static_cast<std::uint32_t>(rows.names.size());
    rows.node = projected(rows.node, ordered.columns.all(), places);
    rows.node = sorted(rows.node, ordered, arm.distinct, width);
    rows.node = limited(outer, select, rows.node);
    rows.node = narrowed(rows.node, width);
    return rows;
}

Planned Binding::one_row(const Level& level) noexcept {
    return {.node = node({.kind = NodeKind::values, .row_count = 1}),
            .places = array<std::uint32_t>(level.number_count)};
}

bool Binding::has_groups(const Arm& arm, const Select& select) noexcept {
    if (!arm.group_by.empty() || arm.having != nullptr) return true;
    for (const ResultColumn& column : arm.columns)
        if (column.value != nullptr && has_aggregate(*column.value)) return true;
    if (select.arms.count > 1) return false;
    for (const OrderTerm& term : select.order_by)
        if (has_aggregate(*term.value)) return true;
    return false;
}

// ORDER BY 2 and GROUP BY 2 mean a column of the result.
const Expression& Binding::by_number(const Level& level, const Expression& expression,
                                     std::string_view clause) noexcept {
    if (expression.kind != ExpressionKind::integer || has_failed_) return expression;
    std::int64_t place = 1;
    for (const ResultColumn& column : *level.aliases) {
        if (column.kind == ResultColumn::Kind::expression && place == expression.integer)
            return *column.value;
        place++;
    }
    fail(Code::syntax, expression.place, {clause, " has a number that no column of the result has"},
         {"columns are counted from 1"});
    return expression;
}

Operands Binding::group_keys(Level& level, const Arm& arm) noexcept {
    const auto keys = array<const Scalar*>(arm.group_by.count);
    std::size_t count = 0;
    for (const Expression& each : arm.group_by) {
        const Scalar* const key = condition(level, by_number(level, each, "GROUP BY"));
        if (has_failed_) return {};
        keys[count++] = key;
    }
    return keys;
}

// With a lone min() or max(), columns beside it are those of the row that it was found in: rows are
// brought into its order, and the first of them is taken.
const Node* Binding::aggregated(const Node& rows, Places places, const Grouping& grouping,
                                const Scalar* having) noexcept {
    const std::span<const query::Aggregate> wanted = grouping.aggregates.all();
    const auto aggregates = array<query::Aggregate>(wanted.size());
    const query::Aggregate* extreme = nullptr;
    std::size_t extreme_count = 0;
    for (std::size_t i = 0; i < aggregates.size(); i++) {
        aggregates[i] = wanted[i];
        if (wanted[i].argument != nullptr)
            aggregates[i].argument = placed(*wanted[i].argument, places);
        if (wanted[i].separator != nullptr)
            aggregates[i].separator = placed(*wanted[i].separator, places);
        if (wanted[i].kind != query::AggregateKind::least &&
            wanted[i].kind != query::AggregateKind::greatest)
            continue;
        extreme = &aggregates[i];
        extreme_count++;
    }
    const Node* below = &rows;
    if (grouping.has_bare && extreme_count == 1) {
        const bool descends = extreme->kind == query::AggregateKind::greatest;
        const auto terms = array<query::SortTerm>(1);
        for (query::SortTerm& term : terms)
            term = {.value = extreme->argument, .descending = descends, .nulls_last = true};
        below = node({.kind = NodeKind::sort,
                      .column_count = rows.column_count,
                      .left = below,
                      .terms = terms});
    }
    const auto width = static_cast<std::uint32_t>(grouping.keys.size() + wanted.size());
    const Node* const groups = node({.kind = NodeKind::aggregate,
                                     .column_count = width,
                                     .left = below,
                                     .scalars = placed(grouping.keys, places),
                                     .aggregates = aggregates});
    if (having == nullptr) return groups;
    return node(
        {.kind = NodeKind::filter, .column_count = width, .left = groups, .condition = having});
}

const Node* Binding::projected(const Node* rows, std::span<const Typed> columns,
                               Places places) noexcept {
    const auto scalars = array<const Scalar*>(columns.size());
    for (std::size_t i = 0; i < scalars.size(); i++)
        scalars[i] = places.empty() ? columns[i].scalar : placed(*columns[i].scalar, places);
    bool changes = scalars.size() != rows->column_count;
    for (std::uint32_t i = 0; i < scalars.size(); i++)
        changes = changes || scalars[i]->kind != ScalarKind::column || scalars[i]->column != i;
    if (!changes) return rows;
    return node({.kind = NodeKind::project,
                 .column_count = static_cast<std::uint32_t>(columns.size()),
                 .left = rows,
                 .scalars = scalars});
}

// Takes away what only the order needed.
const Node* Binding::narrowed(const Node* rows, std::uint32_t width) noexcept {
    if (has_failed_ || rows->column_count == width) return rows;
    return node({.kind = NodeKind::project,
                 .column_count = width,
                 .left = rows,
                 .scalars = first_columns(width)});
}

Operands Binding::first_columns(std::uint32_t count) noexcept {
    const auto columns = array<const Scalar*>(count);
    for (std::uint32_t i = 0; i < columns.size(); i++)
        columns[i] = scalar({.kind = ScalarKind::column, .column = i});
    return columns;
}

// ---- the columns of the result ----

void Binding::name_results(Level& level, const List<ResultColumn>& columns, Growing<Typed>& results,
                           Relation& into) noexcept {
    const List<ResultColumn>* const aliases = level.aliases;
    level.aliases = nullptr;
    Growing<std::string_view> names;
    for (const ResultColumn& column : columns) {
        if (has_failed_) return;
        if (column.kind != ResultColumn::Kind::expression) {
            star(level, column, results, names);
            continue;
        }
        push(results, expression(level, *column.value));
        push(names, name_of(level, column));
    }
    level.aliases = aliases;
    into.names = names.all();
    into.last_types = into.first_types = array<ResultColumnType>(results.all().size());
    for (std::size_t i = 0; i < into.last_types.size(); i++)
        into.last_types[i] = results.all()[i].type;
}

void Binding::star(Level& level, const ResultColumn& column, Growing<Typed>& results,
                   Growing<std::string_view>& names) noexcept {
    const bool is_all = column.kind == ResultColumn::Kind::star;
    bool has_any = false;
    for (std::size_t i = 0; i < level.columns.all().size() && !has_failed_; i++) {
        NamedColumn named = level.columns.all()[i];
        if (named.is_hidden || (is_all && named.is_merged)) continue;
        if (!is_all && !is_same_name(named.table, column.name.text)) continue;
        if (!is_all) named.partner = 0;
        push(results, reference(level, named));
        push(names, named.name);
        has_any = true;
    }
    if (has_any) return;
    if (is_all)
        return fail(Code::syntax, column.place, {"there is nothing that * could stand for"},
                    {"say FROM which table"});
    relation::NearestName nearest{column.name.text};
    for (const NamedColumn& named : level.columns.all()) nearest.consider(named.table);
    fail_unknown(column.place, {"there is no table ", column.name.text, " in this FROM"},
                 nearest.best());
}

// Of a column, as its table has it; of anything else, as it was written.
std::string_view Binding::name_of(const Level& level, const ResultColumn& column) const noexcept {
    if (!column.name.empty()) return column.name.text;
    const Expression& value = *column.value;
    if (value.kind == ExpressionKind::column) {
        for (const NamedColumn& named : level.columns.all())
            if (is_same_name(named.name, value.text)) return named.name;
        return value.text;
    }
    const std::string_view text = environment_.text;
    if (column.place.end() > text.size()) return "?";
    return {text.data() + column.place.offset, column.place.size};
}

// ---- order ----

Binding::Ordered Binding::ordered(Level& level, const Select& select,
                                  const Growing<Typed>& results) noexcept {
    Ordered ordered;
    for (const Typed& result : results.all()) push(ordered.columns, result);
    ordered.terms = array<query::SortTerm>(select.order_by.count);
    std::size_t count = 0;
    for (const OrderTerm& term : select.order_by) {
        const std::uint32_t column = ordered_by(level, *term.value, ordered);
        const Scalar* const value = scalar({.kind = ScalarKind::column, .column = column});
        if (has_failed_) return ordered;
        ordered.terms[count++] = term_of(term, value);
    }
    return ordered;
}

// The place of the column that is sorted by; a new one, if the result does not have it.
std::uint32_t Binding::ordered_by(Level& level, const Expression& expression,
                                  Ordered& ordered) noexcept {
    if (expression.kind == ExpressionKind::integer)
        return numbered(expression, ordered.columns.all().size());
    Typed value;
    const bool is_name = expression.kind == ExpressionKind::column && expression.table == nullptr;
    if (!is_name || !find_alias(level, {expression.text, expression.place}, value))
        value = this->expression(level, expression);
    if (has_failed_) return 0;
    const std::span<const Typed> columns = ordered.columns.all();
    for (std::uint32_t i = 0; i < columns.size(); i++)
        if (is_same(*columns[i].scalar, *value.scalar)) return i;
    push(ordered.columns, value);
    return static_cast<std::uint32_t>(ordered.columns.all().size() - 1);
}

std::uint32_t Binding::numbered(const Expression& expression, std::size_t count) noexcept {
    const std::int64_t number = expression.integer;
    if (number >= 1 && static_cast<std::uint64_t>(number) <= count)
        return static_cast<std::uint32_t>(number - 1);
    fail(Code::syntax, expression.place, {"ORDER BY has a number that no column of the result has"},
         {"columns are counted from 1"});
    return 0;
}

// Empty: something else than columns says it, or NULLs are wanted where no key has them.
std::span<const KeyOrder> Binding::wanted(const Ordered& ordered) noexcept {
    const auto wanted = array<KeyOrder>(ordered.terms.size());
    for (std::size_t i = 0; i < wanted.size(); i++) {
        const query::SortTerm& term = ordered.terms[i];
        const Scalar& by = *ordered.columns.all()[term.value->column].scalar;
        if (by.kind != ScalarKind::column || term.nulls_last != term.descending) return {};
        wanted[i] = {.number = by.column, .descends = term.descending};
    }
    return wanted;
}

// A lone min() or max() of a column is in the first row of those that are in its order.
std::span<const KeyOrder> Binding::wanted(const Grouping& grouping) noexcept {
    const std::span<const query::Aggregate> all = grouping.aggregates.all();
    if (!grouping.keys.empty() || all.size() != 1) return {};
    const bool descends = all[0].kind == query::AggregateKind::greatest;
    if (!descends && all[0].kind != query::AggregateKind::least) return {};
    if (all[0].argument->kind != ScalarKind::column) return {};
    const auto wanted = array<KeyOrder>(1);
    for (KeyOrder& each : wanted) each = {.number = all[0].argument->column, .descends = descends};
    return wanted;
}

Planned Binding::first_of(const Level& level, const Planned& rows) noexcept {
    const std::uint32_t number = level.wanted.front().number;
    const Scalar* const least = scalar({.kind = ScalarKind::column, .column = number});
    Conjunct only{.scalar = of(ScalarKind::is_null, {least}, true), .mask = rows.mask};
    Planned first = Planner{*this, level}.filtered(rows, {&only, 1});
    first.node = node({.kind = NodeKind::limit,
                       .column_count = first.node->column_count,
                       .left = first.node,
                       .limit = constant(Value::integer(1))});
    return first;
}

// DISTINCT rows, with the values to sort by of the first of each.
const Node* Binding::sorted(const Node* rows, const Ordered& ordered, bool distinct,
                            std::uint32_t width) noexcept {
    if (has_failed_) return rows;
    const std::uint32_t all = rows->column_count;
    if (distinct && all == width)
        rows = node({.kind = NodeKind::distinct, .column_count = all, .left = rows});
    if (distinct && all > width) {
        const auto firsts = array<query::Aggregate>(all - width);
        for (std::uint32_t i = 0; i < firsts.size(); i++)
            firsts[i] = {.kind = query::AggregateKind::first,
                         .argument = scalar({.kind = ScalarKind::column, .column = width + i})};
        rows = node({.kind = NodeKind::aggregate,
                     .column_count = all,
                     .left = rows,
                     .scalars = first_columns(width),
                     .aggregates = firsts});
    }
    if (ordered.terms.empty()) return rows;
    return node(
        {.kind = NodeKind::sort, .column_count = all, .left = rows, .terms = ordered.terms});
}

// ---- several arms ----

Relation Binding::values(Outer* outer, const Arm& arm) noexcept {
    Level level{.outer = outer};
    const std::uint32_t width = arm.rows.first->values.count;
    const auto scalars = array<const Scalar*>(std::size_t{width} * arm.rows.count);
    std::size_t count = 0;
    for (const Row& row : arm.rows) {
        if (row.values.count != width)
            fail(Code::syntax, row.place, {"all rows of VALUES have as many values as the first"},
                 {"count them"});
        for (const Expression& value : row.values) {
            const Scalar* const one = operand(level, value).scalar;
            if (has_failed_) return {};
            scalars[count++] = one;
        }
    }
    Relation rows;
    rows.names = array<std::string_view>(width);
    rows.last_types = rows.first_types = array<ResultColumnType>(width);
    for (std::size_t i = 0; i < rows.names.size(); i++) rows.names[i] = value_name(i);
    rows.node = node({.kind = NodeKind::values,
                      .column_count = width,
                      .row_count = arm.rows.count,
                      .scalars = scalars});
    return rows;
}

std::string_view Binding::value_name(std::size_t index) noexcept {
    if (index < value_names.size()) return value_names[index];
    constexpr std::size_t size_max = 12;
    const auto letters = array<char>(size_max);
    TextWriter text{letters};
    return text.text("column").number(index + 1).written();
}

// From the left: each is put to all before it.
Relation Binding::compound(Outer* outer, const Select& select) noexcept {
    Relation all;
    Select alone;  // An arm has no order and no limit of its own.
    alone.arms = select.arms;
    for (const Arm& each : select.arms) {
        const Relation next = each.is_values ? values(outer, each) : arm(outer, alone, each);
        if (has_failed_) return {};
        if (each.joined_by == SetOperator::none) {
            all = next;
            continue;
        }
        if (next.names.size() != all.names.size()) {
            fail(Code::syntax, each.place,
                 {"the SELECTs of a UNION, INTERSECT or EXCEPT have as many columns each"},
                 {"count them"});
            return {};
        }
        all.last_types = next.last_types;
        all.node = put_together(each.joined_by, all.node, next.node);
    }
    const auto width = static_cast<std::uint32_t>(all.names.size());
    all.node = sorted(all.node, compound_order(select, all), false, width);
    all.node = limited(outer, select, all.node);
    return all;
}

const Node* Binding::put_together(SetOperator set_operator, const Node* left,
                                  const Node* right) noexcept {
    const bool is_union =
        set_operator == SetOperator::union_all || set_operator == SetOperator::union_distinct;
    const NodeKind kind = is_union                                 ? NodeKind::union_all
                          : set_operator == SetOperator::intersect ? NodeKind::intersect
                                                                   : NodeKind::except;
    const Node* const both =
        node({.kind = kind, .column_count = left->column_count, .left = left, .right = right});
    if (set_operator != SetOperator::union_distinct) return both;
    return node({.kind = NodeKind::distinct, .column_count = left->column_count, .left = both});
}

Binding::Ordered Binding::compound_order(const Select& select, const Relation& rows) noexcept {
    Ordered ordered;
    ordered.terms = array<query::SortTerm>(select.order_by.count);
    std::size_t count = 0;
    for (const OrderTerm& term : select.order_by) {
        const Expression& value = *term.value;
        std::uint32_t column = 0;
        if (value.kind == ExpressionKind::integer) {
            column = numbered(value, rows.names.size());
        } else {
            const bool is_name = value.kind == ExpressionKind::column;
            while (column < rows.names.size() &&
                   !(is_name && is_same_name(rows.names[column], value.text)))
                column++;
            if (column == rows.names.size())
                fail(Code::syntax, value.place,
                     {"ORDER BY of several SELECTs names columns of their result"},
                     {"take a name of the first SELECT, or a number"});
        }
        const Scalar* const by = scalar({.kind = ScalarKind::column, .column = column});
        if (has_failed_) return ordered;
        ordered.terms[count++] = term_of(term, by);
    }
    return ordered;
}

}  // namespace freshet::sql
