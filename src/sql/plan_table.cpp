// SPDX-License-Identifier: MIT
// The rows of a table: by which key or index they are read, in which order, and by several of them
// where a condition has alternatives.
#include <algorithm>

#include "relation/table_row.hpp"
#include "sql/access.hpp"
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using query::Node;
using query::NodeKind;
using relation::ColumnType;

constexpr std::size_t alternative_count_max = 16;

// In the key of an entry, of a value that is no text.
constexpr std::size_t fixed_key_size_max = 9;

constexpr bool has_whole_keys(ColumnType type) noexcept {
    return type != ColumnType::text && type != ColumnType::blob && type != ColumnType::email;
}

}  // namespace

// What is used of it, in the order of the table.
Planned Planner::table(const Leaf& leaf, std::span<Conjunct> above) noexcept {
    Planned rows{.places = no_places(), .mask = std::uint64_t{1} << leaf.index};
    Growing<std::uint32_t> columns;
    for (std::uint32_t i = 0; i < leaf.column_count && !binding_.has_failed(); i++) {
        if (!level_.used.all()[leaf.first + i]) continue;
        rows.places[leaf.first + i] = static_cast<std::uint32_t>(columns.all().size());
        binding_.push(columns, i);
    }
    if (binding_.has_failed()) return rows;
    check_ends(leaf);
    AccessFinder finder{binding_.environment_.newest, leaf, above};
    query::TableScan scan{.moment = leaf.moment,
                          .table = leaf.table,
                          .name = leaf.name,
                          .columns = columns.all(),
                          .live_count = leaf.column_count - query::extra_column_count,
                          .has_versions = leaf.has_versions};
    const Result<Found> found = finder.find(binding_.memory_);
    if (!found) {
        binding_.fail_memory();
        return rows;
    }
    if (found->score > 0) {
        scan.access = found->access;
        scan.access.check = binding_.placed(*found->access.check, rows.places);
        rows.score = found->score;
    }
    for (const Conjunct& each : above) {
        if (found->score > 0 || each.is_done || each.mask != rows.mask) continue;
        rows.node = either(leaf, *each.scalar, scan, rows.places);
        if (rows.node == nullptr) continue;
        rows.score = alternatives_score;
        return rows;
    }
    choose_order(leaf, scan, rows);
    rows.node = source_of(scan);
    if (found->score == 0 && !leaf.has_versions) {
        rows.leaf = &leaf;
        rows.scan = binding_.make(scan);
        rows.source = rows.node;
    }
    if (leaf.condition == nullptr) return rows;
    Conjunct only{.scalar = leaf.condition, .mask = rows.mask};
    return filtered(rows, {&only, 1});
}

// What is read as of a moment does not say when it ended.
void Planner::check_ends(const Leaf& leaf) noexcept {
    if (leaf.past.size == 0) return;
    const std::uint32_t extras = leaf.first + leaf.column_count - query::extra_column_count;
    for (const auto end : {query::ExtraColumn::row_end, query::ExtraColumn::commit_end})
        if (level_.used.all()[extras + static_cast<std::uint32_t>(end)])
            binding_.fail(Code::invalid_argument, leaf.past,
                          {"AS OF does not say when the rows of ", leaf.name, " ended"},
                          {"FOR SYSTEM_TIME ALL has row_end and commit_end"});
}

const Node* Planner::source_of(const query::TableScan& scan) noexcept {
    const Result<const query::Source*> source = query::make_table_source(scan, binding_.memory_);
    if (!source) binding_.fail_memory();
    return binding_.node({.kind = NodeKind::source,
                          .column_count = static_cast<std::uint32_t>(scan.columns.size()),
                          .source = source ? *source : nullptr});
}

// ---- order ----

bool is_in_order(std::span<const KeyOrder> wanted, std::span<const KeyOrder> order,
                 Turned turned) noexcept {
    std::size_t at = 0;
    for (const KeyOrder& by : wanted) {
        const auto known = std::find_if(order.begin(), order.end(), [&](const KeyOrder& each) {
            return each.is_fixed && each.number == by.number;
        });
        if (known != order.end()) continue;
        while (at < order.size() && order[at].is_fixed) at++;
        if (at == order.size()) return !order.empty() && order.back().is_last;
        const KeyOrder& next = order[at++];
        const bool descends = next.descends != (turned == Turned::yes);
        if (next.number != by.number || by.descends != descends) return false;
    }
    return true;
}

// Entries of an index hold but the start of what is long: what lies behind a text is not in order,
// and a text is not unless it has one value. Behind its values an entry has the key of the row.
std::span<KeyOrder> Planner::order_of(const Leaf& leaf, const query::Access& access) noexcept {
    const bool is_by_key = access.index == nullptr;
    if (leaf.has_versions || access.list != nullptr || (!is_by_key && access.index->hash))
        return {};
    const auto columns = is_by_key ? query::key_of(*leaf.table) : access.columns;
    const auto key =
        is_by_key ? std::span<const relation::KeyColumn>{} : query::key_of(*leaf.table);
    const auto order = binding_.array<KeyOrder>(columns.size() + key.size());
    std::size_t size = 0;
    for (std::size_t i = 0; i < order.size(); i++) {
        const bool is_of_key = is_by_key || i >= columns.size();
        const auto& column = i < columns.size() ? columns[i] : key[i - columns.size()];
        const bool is_fixed = i < access.equal.size();
        const std::uint32_t number = number_of(leaf, column.column);
        size += fixed_key_size_max;
        const bool is_whole =
            is_of_key ||
            (number != no_place && has_whole_keys(query::type_of(*leaf.table, column.column)) &&
             size <= relation::index_values_size_max);
        if (!is_whole && !is_fixed) return order.first(i);
        order[i] = {.number = number,
                    .descends = column.sort == relation::Sort::descending,
                    .is_fixed = is_fixed,
                    .is_last = is_of_key && i + 1 == order.size()};
        if (!is_whole) return order.first(i + 1);
    }
    return order;
}

// As wanted, forwards or backwards; false: it is not.
bool Planner::take_order(std::span<KeyOrder> order, query::TableScan& scan,
                         Planned& rows) noexcept {
    const std::span<const KeyOrder> wanted = level_.wanted;
    const bool is_turned = !is_in_order(wanted, order);
    if (is_turned && !is_in_order(wanted, order, Turned::yes)) return false;
    if (is_turned) scan.direction = Direction::backwards;
    for (KeyOrder& each : order) each.descends = each.descends != is_turned;
    rows.order = order;
    return true;
}

void Planner::choose_order(const Leaf& leaf, query::TableScan& scan, Planned& rows) noexcept {
    if (level_.wanted.empty()) return;
    if (take_order(order_of(leaf, scan.access), scan, rows)) return skip_nulls(scan, rows);
    const bool may_choose = level_.has_limit && scan.access.check == nullptr &&
                            !leaf.has_versions && !leaf.not_indexed && leaf.index_name.empty();
    const relation::TableDefinition* const newest =
        relation::find_table(binding_.environment_.newest, leaf.table->id);
    if (!may_choose || newest == nullptr) return;
    for (const relation::Index& index : newest->indexes) {
        const query::Access access{.index = &index, .columns = index.columns};
        if (!take_order(order_of(leaf, access), scan, rows)) continue;
        scan.access = access;
        return skip_nulls(scan, rows);
    }
}

// Keys of rows have none; in an index they come first or last, and there may be many.
void Planner::skip_nulls(query::TableScan& scan, const Planned& rows) noexcept {
    query::Access& access = scan.access;
    const std::size_t next = access.equal.size();
    access.skips_nulls = level_.grouping != nullptr && access.index != nullptr &&
                         next < std::min(rows.order.size(), access.columns.size()) &&
                         rows.order[next].number == level_.wanted.front().number;
}

// ---- alternatives ----

// Those of an OR, if there is a good key or index for each; else none.
std::span<const Found> Planner::accesses(const Leaf& leaf, Operands alternatives) noexcept {
    if (alternatives.size() > alternative_count_max) return {};
    const auto all = binding_.array<Found>(alternatives.size());
    for (std::size_t i = 0; i < all.size(); i++) {
        Growing<Conjunct> parts;
        binding_.add_conditions(level_, parts, *alternatives[i]);
        AccessFinder finder{binding_.environment_.newest, leaf, parts.all()};
        const Result<Found> found = finder.find(binding_.memory_);
        if (!found) binding_.fail_memory();
        if (!found || found->score < alternatives_score) return {};
        all[i] = *found;
    }
    return all;
}

// All rows for which the condition may hold, which is asked of them again; null: there is no such
// way to them.
const Node* Planner::either(const Leaf& leaf, const Scalar& condition, const query::TableScan& scan,
                            Places places) noexcept {
    if (condition.kind != ScalarKind::logical_or || leaf.has_versions) return nullptr;
    const std::span<const Found> found = accesses(leaf, condition.operands);
    const Node* all = nullptr;
    Growing<const Scalar*> others;  // Each is true where the row did not come before.
    for (const Found& each : found) {
        query::TableScan way = scan;
        way.access = each.access;
        way.access.check = binding_.placed(*each.access.check, places);
        const Node* rows = source_of(way);
        const std::uint32_t width = rows->column_count;
        if (all != nullptr)
            rows = binding_.node({.kind = NodeKind::filter,
                                  .column_count = width,
                                  .left = rows,
                                  .condition = both(others.all())});
        all = all == nullptr ? rows
                             : binding_.node({.kind = NodeKind::union_all,
                                              .column_count = width,
                                              .left = all,
                                              .right = rows});
        binding_.push(others, binding_.of(ScalarKind::case_when,
                                          {way.access.check, binding_.constant(Value::integer(0)),
                                           binding_.constant(Value::integer(1))}));
        if (binding_.has_failed()) return nullptr;
    }
    return all;
}

}  // namespace freshet::sql
