// SPDX-License-Identifier: MIT
// Which column a name is: one of the level, or an expression of the SELECT that has it as its
// alias, or a column of a level around.
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using relation::is_same_name;

constexpr std::size_t nowhere = ~std::size_t{0};

}  // namespace

Typed Binding::column(Level& level, const Expression& expression) noexcept {
    const std::string_view table = expression.table == nullptr ? "" : expression.table->text;
    const Name name{expression.text, expression.place};
    Typed found;
    if (!find(level, table, name, found)) refuse_column(level, table, name);
    return found;
}

// False: nothing has this name. True also after a failure.
bool Binding::find(Level& level, std::string_view table, const Name& name, Typed& into) noexcept {
    const std::size_t place = find_named(level, table, name);
    if (has_failed_) return true;
    if (place != nowhere) {
        NamedColumn column = level.columns.all()[place];
        if (!table.empty()) column.partner = 0;
        into = reference(level, column);
        return true;
    }
    if (table.empty() && find_alias(level, name, into)) return true;
    if (level.outer == nullptr) return false;
    Typed outside;
    if (!find(*level.outer->level, table, name, outside)) return false;
    into = outer_value(*level.outer, outside);
    return true;
}

bool Binding::find_alias(Level& level, const Name& name, Typed& into) noexcept {
    if (level.aliases == nullptr) return false;
    for (const ResultColumn& column : *level.aliases) {
        if (column.kind != ResultColumn::Kind::expression) continue;
        if (!is_same_name(column.name.text, name.text)) continue;
        const List<ResultColumn>* const aliases = level.aliases;
        level.aliases = nullptr;  // An alias is not explained by others.
        into = expression(level, *column.value);
        level.aliases = aliases;
        return true;
    }
    return false;
}

// Those that a star gives come before those that are hidden from it.
std::size_t Binding::find_named(const Level& level, std::string_view table,
                                const Name& name) noexcept {
    const std::span<const NamedColumn> columns = level.columns.all();
    for (const bool is_hidden : {false, true}) {
        std::size_t found = nowhere;
        for (std::size_t i = level.first; i < columns.size(); i++) {
            const NamedColumn& column = columns[i];
            if (column.is_hidden != is_hidden || !is_same_name(column.name, name.text)) continue;
            if (table.empty() ? column.is_merged : !is_same_name(column.table, table)) continue;
            if (found != nowhere) {
                fail(Code::unknown_name, name.place,
                     {"the column ", name.text, " is in more than one table"},
                     {"say which: ", columns[found].table, ".", name.text, " or ", column.table,
                      ".", name.text});
                return nowhere;
            }
            found = i;
        }
        if (found != nowhere) return found;
    }
    return nowhere;
}

Typed Binding::reference(Level& level, const NamedColumn& column) noexcept {
    const std::span<bool> used = level.used.all();
    if (column.number < used.size()) used[column.number] = true;
    const Scalar* own = scalar({.kind = ScalarKind::column, .column = column.number});
    if (level.grouping != nullptr && !level.is_in_aggregate) own = grouped(level, *own);
    if (column.partner == 0) return {own, column.type};
    const Typed other = reference(level, level.columns.all()[column.partner - 1]);
    return {of(ScalarKind::coalesce, {own, other.scalar}), column.type};
}

// In a row of the aggregate: first the keys, then the aggregates.
const Scalar* Binding::grouped(Level& level, const Scalar& column) noexcept {
    Grouping& grouping = *level.grouping;
    std::uint32_t place = 0;
    while (place < grouping.keys.size() && !is_same(*grouping.keys[place], column)) place++;
    if (place == grouping.keys.size()) {
        grouping.has_bare = true;
        place = add_aggregate(grouping,
                              {.kind = query::AggregateKind::first, .argument = make(column)});
    }
    return scalar({.kind = ScalarKind::column, .column = place});
}

Typed Binding::outer_value(Outer& outer, const Typed& value) noexcept {
    if (is_constant(*value.scalar)) return value;
    for (const OuterValue& known : outer.values.all())
        if (is_same(*known.scalar, *value.scalar)) return {known.slot, value.type};
    const OuterValue added{value.scalar, nullptr, make(Value{})};
    if (has_failed_) return {};
    OuterValue with_slot = added;
    with_slot.slot = scalar({.kind = ScalarKind::slot, .slot = added.value});
    push(outer.values, with_slot);
    return {with_slot.slot, value.type};
}

void Binding::refuse_column(const Level& level, std::string_view table, const Name& name) noexcept {
    if (has_failed_) return;
    relation::NearestName nearest{name.text};
    bool has_table = table.empty();
    for (const Level* at = &level; at != nullptr;
         at = at->outer == nullptr ? nullptr : at->outer->level) {
        for (const NamedColumn& column : at->columns.all()) {
            if (!table.empty() && !is_same_name(column.table, table)) continue;
            has_table = true;
            nearest.consider(column.name);
        }
    }
    if (has_table) {
        const std::string_view point = table.empty() ? "" : ".";
        return fail_unknown(name.place, {"there is no column ", table, point, name.text},
                            nearest.best());
    }
    relation::NearestName nearest_table{table};
    for (const NamedColumn& column : level.columns.all()) nearest_table.consider(column.table);
    fail_unknown(name.place, {"there is no table ", table, " in this FROM"}, nearest_table.best());
}

}  // namespace freshet::sql
