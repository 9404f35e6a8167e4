// SPDX-License-Identifier: MIT
// FROM: which sources there are, how they are joined, and what their columns are called.
#include <algorithm>
#include <utility>

#include "base/sql_error.hpp"
#include "sql/access.hpp"
#include "sql/bind.hpp"
#include "sql/parse.hpp"

namespace freshet::sql {
namespace {

using query::ExtraColumn;
using relation::ColumnType;
using relation::is_same_name;

struct PseudoColumn {
    ExtraColumn column;
    std::string_view name;
    ColumnType type;
};
constexpr std::array pseudo_columns = {
    PseudoColumn{ExtraColumn::row_start, "row_start", ColumnType::timestamp},
    PseudoColumn{ExtraColumn::row_end, "row_end", ColumnType::timestamp},
    PseudoColumn{ExtraColumn::commit_start, "commit_start", ColumnType::integer},
    PseudoColumn{ExtraColumn::commit_end, "commit_end", ColumnType::integer},
};

Item::Kind kind_of(Join join) noexcept {
    if (join == Join::left) return Item::Kind::left;
    if (join == Join::right) return Item::Kind::right;
    return join == Join::full ? Item::Kind::full : Item::Kind::inner;
}

void name_view(std::string_view name, SqlError& error) noexcept {
    const SqlError within = error;
    set_message(error, {"the view ", name, ": ", within.message()});
}

}  // namespace

Item* Binding::item(const Item& item) noexcept {
    return make(item);
}

// From the left: each is joined to all before it.
Item* Binding::sources(Level& level, const List<Source>& list) noexcept {
    const std::size_t outside = level.first;
    level.first = level.columns.all().size();
    Item* all = nullptr;
    for (const Source& each : list) {
        const std::size_t middle = level.columns.all().size();
        Item* const next = source(level, each);
        if (has_failed_) return nullptr;
        if (all == nullptr) {
            all = next;
            continue;
        }
        all = item({.kind = kind_of(each.join),
                    .left = all,
                    .right = next,
                    .mask = all->mask | next->mask});
        if (has_failed_) return nullptr;
        join(level, each, *all, middle);
    }
    level.first = outside;
    return all;
}

Item* Binding::source(Level& level, const Source& source) noexcept {
    switch (source.kind) {
        case Source::Kind::table:
        case Source::Kind::function: return table(level, source);
        case Source::Kind::select: return subselect(level, source);
        case Source::Kind::group: return sources(level, source.sources);
    }
    return nullptr;
}

Leaf* Binding::leaf(Level& level, std::string_view name, std::uint32_t column_count) noexcept {
    const auto index = static_cast<std::uint32_t>(level.leaves.all().size());
    Leaf* const leaf = make(Leaf{
        .index = index, .first = level.number_count, .column_count = column_count, .name = name});
    push(level.leaves, static_cast<const Leaf*>(leaf));
    for (std::uint32_t i = 0; i < column_count; i++) push(level.used, false);
    level.number_count += column_count;
    if (index >= source_count_max)
        fail(Code::too_large, {}, {"a FROM has at most 64 sources"},
             {"join some of them in a subquery"});
    return has_failed_ ? nullptr : leaf;
}

void Binding::name_column(Level& level, const NamedColumn& column) noexcept {
    push(level.columns, column);
}

// ---- tables ----

Item* Binding::table(Level& level, const Source& source) noexcept {
    bool is_past = source.period.kind == Period::Kind::as_of;
    const bool has_versions = source.period.kind != Period::Kind::none && !is_past;
    if (source.period.kind != Period::Kind::none && environment_.times == nullptr) {
        fail(Code::invalid_argument, source.period.place, {"the past cannot be read here"}, {});
        return nullptr;
    }
    std::uint64_t commit = 0;
    const Scalar* slot = nullptr;
    if (is_past) {
        const Value at = point(source.period.from, slot);
        is_past = !at.is_null();
        if (is_past) commit = commit_of(source.period.from, at);
    }
    const relation::Tables tables =
        is_past ? tables_of(commit, source.period.place) : environment_.tables;
    if (has_failed_) return nullptr;
    const bool is_of_now = tables.data() == environment_.newest.data();
    if (slot != nullptr && !is_of_now) binder_.depends_on_parameters_ = true;
    const bool is_call = source.kind == Source::Kind::function;
    const relation::TableDefinition* const found =
        is_call ? nullptr : relation::find_table(tables, source.name.text);
    const bool is_found_later = slot != nullptr && is_of_now;
    const relation::Moment* const at = is_found_later ? moment_of(source.period.from, *slot, tables)
                                       : is_past      ? moment(false, commit, tables)
                                                      : now();
    if (found == nullptr) return virtual_table(level, source, tables, at);
    if (relation::is_view(*found)) return view(level, source, *found, tables, at);
    const std::string_view name = source.alias.empty() ? found->name : source.alias.text;
    Item* const item = table(level, *found, name, at);
    if (has_failed_) return nullptr;
    Leaf& leaf = *item->leaf;
    check_index(*found, source.index);
    leaf.index_name = source.index.text;
    leaf.not_indexed = source.not_indexed;
    leaf.past = is_past ? source.period.place : Place{};
    if (has_versions) versions(level, leaf, source.period);
    return item;
}

void Binding::check_index(const relation::TableDefinition& table, const Name& index) noexcept {
    if (index.empty() || has_failed_) return;
    const Status known =
        relation::need_own_index(environment_.newest, table, index.text, environment_.error);
    if (!known) fail_at(index.place, known.error());
}

Item* Binding::table(Level& level, const relation::TableDefinition& table, std::string_view name,
                     const relation::Moment* moment) noexcept {
    std::uint32_t number = level.number_count;
    std::uint32_t key_number = number;
    for (std::size_t i = 0; i < table.columns.size(); i++) {
        const relation::Column& column = table.columns[i];
        if (!is_live(column)) continue;
        if (!table.primary_key.empty() && table.primary_key[0].column == i) key_number = number;
        name_column(
            level,
            {.table = name, .name = column.name, .number = number++, .type = {true, column.type}});
    }
    const std::uint32_t live_count = number - level.number_count;
    for (const PseudoColumn& column : pseudo_columns)
        name_column(level, {.table = name,
                            .name = column.name,
                            .number = number + static_cast<std::uint32_t>(column.column),
                            .type = {true, column.type},
                            .is_hidden = true});
    const bool has_id = table.primary_key.empty();
    const bool is_id = table.primary_key.size() == 1 &&
                       table.columns[table.primary_key[0].column].type == ColumnType::integer;
    const std::uint32_t id_number = number + static_cast<std::uint32_t>(ExtraColumn::row_id);
    if (has_id || is_id)
        for (const std::string_view id : {"rowid", "_rowid_", "oid"})
            name_column(level, {.table = name,
                                .name = id,
                                .number = has_id ? id_number : key_number,
                                .type = {true, ColumnType::integer},
                                .is_hidden = true});
    Leaf* const leaf = this->leaf(level, name, live_count + query::extra_column_count);
    if (has_failed_) return nullptr;
    leaf->table = &table;
    leaf->moment = moment;
    return item({.leaf = leaf, .mask = std::uint64_t{1} << leaf->index});
}

// The rows that there were at some time of the period: compared are commits or times, as the points
// have it; what still holds has no end.
void Binding::versions(Level& level, Leaf& leaf, const Period& period) noexcept {
    using relation::Comparison;
    leaf.has_versions = true;
    if (period.kind == Period::Kind::all) return;
    const Value from = point(period.from);
    const Value to = point(period.to);
    if (has_failed_) return;
    const std::uint32_t extras = leaf.first + leaf.column_count - query::extra_column_count;
    const auto compared_with = [&](Comparison comparison, bool is_start, const Value& value) {
        const bool is_commit = value.type() == Type::integer;
        const ExtraColumn start = is_commit ? ExtraColumn::commit_start : ExtraColumn::row_start;
        const ExtraColumn end = is_commit ? ExtraColumn::commit_end : ExtraColumn::row_end;
        const auto column = static_cast<std::uint32_t>(is_start ? start : end);
        if (has_failed_) return &null_scalar;
        level.used.all()[extras + column] = true;
        const Scalar* const own = scalar({.kind = ScalarKind::column, .column = extras + column});
        const Scalar* const holds = scalar({.kind = ScalarKind::compare,
                                            .comparison = comparison,
                                            .operands = operands({own, constant(value)})});
        if (is_start || comparison != Comparison::greater) return holds;
        return of(ScalarKind::logical_or, {of(ScalarKind::is_null, {own}), holds});
    };
    const auto both = [&](const Scalar* a, const Scalar* b) {
        return of(ScalarKind::logical_and, {a, b});
    };
    if (period.kind == Period::Kind::contained_in) {
        leaf.condition = both(compared_with(Comparison::greater_equal, true, from),
                              compared_with(Comparison::less_equal, false, to));
        return;
    }
    const bool is_open = period.kind == Period::Kind::from_to;
    const Comparison before = is_open ? Comparison::less : Comparison::less_equal;
    leaf.condition =
        both(compared_with(before, true, to), compared_with(Comparison::greater, false, from));
    const bool is_alike = from.type() == to.type();
    if (is_alike && relation::order(from, to) >= (is_open ? 0 : 1))
        leaf.condition = constant(Value::boolean(false));
}

Item* Binding::virtual_table(Level& level, const Source& source, relation::Tables tables,
                             const relation::Moment* moment) noexcept {
    const auto& all = environment_.virtual_tables;
    const auto found = std::find_if(all.begin(), all.end(), [&](const VirtualTable& table) {
        return is_same_name(table.name, source.name.text);
    });
    if (found == all.end()) {
        relation::NearestName nearest{source.name.text};
        for (const auto& table : tables) nearest.consider(table.name);
        for (const VirtualTable& table : all) nearest.consider(table.name);
        fail_unknown(source.name.place, {"there is no table ", source.name.text}, nearest.best());
        return nullptr;
    }
    const std::uint32_t count = source.arguments.count;
    if (count < found->argument_count_min || count > found->argument_count_max) {
        fail(Code::syntax, source.place, {found->name, " does not take this many arguments"}, {});
        return nullptr;
    }
    Level nothing;
    const Operands arguments = expressions(nothing, source.arguments);
    const std::string_view name = source.alias.empty() ? found->name : source.alias.text;
    std::uint32_t number = level.number_count;
    for (const VirtualColumn& column : found->columns)
        name_column(level, {.table = name,
                            .name = column.name,
                            .number = number++,
                            .type = {column.has_type, column.type},
                            .is_hidden = column.is_hidden});
    Leaf* const leaf = this->leaf(level, name, static_cast<std::uint32_t>(found->columns.size()));
    if (has_failed_) return nullptr;
    leaf->virtual_table = &*found;
    leaf->moment = moment;
    leaf->arguments = arguments;
    return item({.leaf = leaf, .mask = std::uint64_t{1} << leaf->index});
}

Item* Binding::subselect(Level& level, const Source& source) noexcept {
    return selected(level, select(level.outer, *source.select), source.alias.text);
}

Item* Binding::selected(Level& level, const Relation& rows, std::string_view name) noexcept {
    if (has_failed_) return nullptr;
    std::uint32_t number = level.number_count;
    for (std::size_t i = 0; i < rows.names.size(); i++)
        name_column(level, {.table = name,
                            .name = rows.names[i],
                            .number = number++,
                            .type = rows.first_types[i]});
    Leaf* const leaf = this->leaf(level, name, static_cast<std::uint32_t>(rows.names.size()));
    if (has_failed_) return nullptr;
    leaf->node = rows.node;
    return item({.leaf = leaf, .mask = std::uint64_t{1} << leaf->index});
}

// What a view was made of, bound where it is used: as of the moment at which its tables are read.
Item* Binding::view(Level& level, const Source& source, const relation::TableDefinition& view,
                    relation::Tables tables, const relation::Moment* moment) noexcept {
    if (source.period.kind != Period::Kind::none && source.period.kind != Period::Kind::as_of) {
        fail(Code::invalid_argument, source.period.place,
             {view.name, " is a view, and has no versions"}, {"ask its tables for theirs"});
        return nullptr;
    }
    check_index(view, source.index);
    const Relation rows = rows_of_view(view, tables, moment, source.name.place);
    return selected(level, rows, source.alias.empty() ? view.name : source.alias.text);
}

Relation Binding::rows_of_view(const relation::TableDefinition& view, relation::Tables tables,
                               const relation::Moment* moment, Place place) noexcept {
    constexpr std::uint32_t view_depth_max = 16;
    if (view_depth_ == view_depth_max)
        fail(Code::too_large, place, {"views of views are nested too deeply"}, {"16 are the most"});
    if (has_failed_) return {};
    const Result<Parsed> parsed = parse_statement(view.view, 0, memory_, environment_.error);
    if (!parsed || parsed->statement->kind != StatementKind::select) {
        fail_at(place, parsed ? Error{Code::corrupt} : parsed.error());
        return {};
    }
    const std::string_view outer_text = std::exchange(environment_.text, view.view);
    const std::span<FreeLiteral> outer_literals = std::exchange(environment_.literals, {});
    const relation::Tables outer_tables = std::exchange(environment_.tables, tables);
    const relation::Moment* const outer_moment = std::exchange(default_moment_, moment);
    view_depth_++;
    Relation rows = select(nullptr, *parsed->statement->select);
    view_depth_--;
    default_moment_ = outer_moment;
    environment_.tables = outer_tables;
    environment_.literals = outer_literals;
    environment_.text = outer_text;
    if (has_failed_) {  // What stands there is a place in the view.
        name_view(view.name, environment_.error);
        environment_.error.offset = place.offset;
        environment_.error.size = place.size;
        return {};
    }
    if (view.columns.empty()) return rows;
    if (view.columns.size() != rows.names.size()) {
        fail(Code::invalid_argument, place,
             {view.name, " names not as many columns as its SELECT gives"}, {"make it anew"});
        return {};
    }
    const Result<std::span<std::string_view>> names =
        memory_.array<std::string_view>(view.columns.size());
    if (!names) {
        fail_at(place, relation::refuse_for_memory(environment_.error));
        return {};
    }
    for (std::size_t i = 0; i < names->size(); i++) (*names)[i] = view.columns[i].name;
    rows.names = *names;
    return rows;
}

std::uint64_t Level::mask_of(const Scalar& scalar) const noexcept {
    std::uint64_t mask = 0;
    each_column(scalar, [&](std::uint32_t number) {
        for (const Leaf* const leaf : leaves.all())
            if (number >= leaf->first && number - leaf->first < leaf->column_count)
                mask |= std::uint64_t{1} << leaf->index;
    });
    return mask;
}

// ---- joins ----

void Binding::join(Level& level, const Source& source, Item& item, std::size_t middle) noexcept {
    if (source.natural) return natural(level, item, middle);
    for (const ListedName& each : source.using_names) join_using(level, item, each.name, middle);
    if (source.on != nullptr && !has_failed_)
        add_conditions(level, item.conditions, *condition(level, *source.on));
}

// The column on the left stands for both. Where the left may be missing, it is the one that is not.
void Binding::join_using(Level& level, Item& item, const Name& name, std::size_t middle) noexcept {
    if (has_failed_) return;
    const std::span<NamedColumn> columns = level.columns.all();
    const auto is_it = [&](const NamedColumn& column) {
        return !column.is_merged && !column.is_hidden && is_same_name(column.name, name.text);
    };
    const auto border = columns.begin() + static_cast<std::ptrdiff_t>(middle);
    const auto first = columns.begin() + static_cast<std::ptrdiff_t>(level.first);
    const auto left = std::find_if(first, border, is_it);
    const auto right = std::find_if(border, columns.end(), is_it);
    if (left == border || right == columns.end())
        return fail(Code::unknown_name, name.place,
                    {"the column ", name.text, " is not on both sides of the join"},
                    {"USING joins columns of the same name; ON joins any"});
    const auto is_another = [&](const NamedColumn& column) {
        return is_it(column) && &column != &*left;
    };
    if (std::find_if(first, border, is_another) != border)
        return fail(Code::unknown_name, name.place,
                    {"the column ", name.text, " is in more than one table on the left"},
                    {"join them with ON"});
    const Typed a = reference(level, *left);
    const Typed b = reference(level, *right);
    add_conditions(level, item.conditions, *compared(relation::Comparison::equal, a, b));
    right->is_merged = true;
    if (item.kind != Item::Kind::right && item.kind != Item::Kind::full) return;
    NamedColumn* last = &*left;
    while (last->partner != 0) last = &columns[last->partner - 1];
    last->partner = static_cast<std::uint32_t>(right - columns.begin()) + 1;
}

// All names that there are on both sides.
void Binding::natural(Level& level, Item& item, std::size_t middle) noexcept {
    const std::span<const NamedColumn> columns = level.columns.all();
    for (std::size_t i = middle; i < columns.size(); i++) {
        const NamedColumn& right = columns[i];
        if (right.is_hidden || right.is_merged) continue;
        const auto is_left = [&](const NamedColumn& left) {
            return !left.is_hidden && !left.is_merged && is_same_name(left.name, right.name);
        };
        const std::span<const NamedColumn> before =
            columns.subspan(level.first, middle - level.first);
        if (std::any_of(before.begin(), before.end(), is_left))
            join_using(level, item, Name{right.name, {}}, middle);
    }
}

void Binding::add_conditions(const Level& level, Growing<Conjunct>& list,
                             const Scalar& scalar) noexcept {
    if (has_failed_) return;
    if (scalar.kind == ScalarKind::logical_and) {
        for (const Scalar* const operand : scalar.operands) add_conditions(level, list, *operand);
        return;
    }
    const Scalar& asked = *as_list(scalar);
    push(list, Conjunct{.scalar = &asked, .mask = level.mask_of(asked)});
}

// column = a OR column = b is column IN (a, b): for that there are keys.
const Scalar* Binding::as_list(const Scalar& scalar) noexcept {
    if (scalar.kind != ScalarKind::logical_or) return &scalar;
    const auto list = array<const Scalar*>(scalar.operands.size() + 1);
    std::size_t count = 0;
    for (const Scalar* const each : scalar.operands) {
        const ColumnBound bound = bound_of(*each);
        if (has_failed_ || bound.value == nullptr) return &scalar;
        if (bound.comparison != relation::Comparison::equal) return &scalar;
        const bool is_turned = bound.value == each->operands[0];
        if (count == 0) list[count++] = each->operands[is_turned ? 1 : 0];
        if (bound.number != list[0]->column) return &scalar;
        list[count++] = bound.value;
    }
    return this->scalar({.kind = ScalarKind::in_list, .operands = list});
}

}  // namespace freshet::sql
