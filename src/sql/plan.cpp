// SPDX-License-Identifier: MIT
#include "sql/plan.hpp"

#include <algorithm>

#include "sql/access.hpp"
#include "sql/bind.hpp"

namespace freshet::sql {
namespace {

using query::Node;
using query::NodeKind;
using relation::ColumnType;

constexpr bool is_within(std::uint64_t mask, std::uint64_t all) noexcept {
    return (mask & ~all) == 0;
}

bool is_never(const Scalar& scalar) noexcept {
    return is_constant(scalar) && relation::truth_of(scalar.constant) != relation::Truth::yes;
}

bool is_always(const Scalar& scalar) noexcept {
    return is_constant(scalar) && relation::truth_of(scalar.constant) == relation::Truth::yes;
}

}  // namespace

Planned Planner::plan(Item& from, std::span<Conjunct> where) noexcept {
    return filtered(item(from, where), where);
}

Planned Planner::item(Item& item, std::span<Conjunct> above) noexcept {
    if (binding_.has_failed()) return {};
    if (item.kind == Item::Kind::leaf) return leaf(*item.leaf, above);
    return item.kind == Item::Kind::inner ? inner(item, above) : outer(item, above);
}

std::span<std::uint32_t> Planner::no_places() noexcept {
    const auto places = binding_.array<std::uint32_t>(level_.number_count);
    std::fill(places.begin(), places.end(), no_place);
    return places;
}

// ---- sources ----

Planned Planner::leaf(const Leaf& leaf, std::span<Conjunct> above) noexcept {
    const std::uint64_t mask = std::uint64_t{1} << leaf.index;
    Planned rows{.places = no_places(), .mask = mask};
    if (leaf.table != nullptr) {
        rows = table(leaf, above);
    } else {
        if (leaf.virtual_table != nullptr)
            rows.node = virtual_rows(leaf, above);
        else
            rows.node = leaf.node;
        for (std::uint32_t i = 0; i < leaf.column_count && !binding_.has_failed(); i++)
            rows.places[leaf.first + i] = i;
    }
    return filtered(rows, above);
}

const Node* Planner::virtual_rows(const Leaf& leaf, std::span<const Conjunct> above) noexcept {
    const VirtualTable& table = *leaf.virtual_table;
    Growing<VirtualBound> bounds;
    for (const Conjunct& conjunct : above) {
        if (conjunct.mask != std::uint64_t{1} << leaf.index) continue;
        const ColumnBound bound = bound_of(*conjunct.scalar);
        if (bound.value != nullptr)
            binding_.push(bounds,
                          VirtualBound{bound.number - leaf.first, bound.comparison, bound.value});
    }
    const VirtualUse use{table,
                         leaf.arguments,
                         bounds.all(),
                         leaf.moment,
                         binding_.memory_,
                         binding_.environment_.error,
                         binding_.environment_.store,
                         binding_.environment_.session};
    if (binding_.has_failed()) return nullptr;
    const Result<const query::Source*> source = table.make(use, table.context);
    if (!source) {
        if (binding_.environment_.error.error.code == Code::none)
            binding_.fail(source.error().code, leaf.place, {table.name, " cannot be read"}, {});
        else
            binding_.fail_at(leaf.place, source.error());
        return nullptr;
    }
    return binding_.node(
        {.kind = NodeKind::source, .column_count = leaf.column_count, .source = *source});
}

// ---- joins ----

void Planner::flatten(Item& item, Growing<Item*>& items, Growing<Conjunct>& conditions) noexcept {
    if (item.kind != Item::Kind::inner) return binding_.push(items, &item);
    flatten(*item.left, items, conditions);
    flatten(*item.right, items, conditions);
    for (const Conjunct& each : item.conditions.all()) binding_.push(conditions, each);
}

Planned Planner::inner(Item& item, std::span<Conjunct> above) noexcept {
    Growing<Item*> items;
    Growing<Conjunct> own;
    flatten(item, items, own);
    for (Conjunct& each : above) {
        if (each.is_done || !is_within(each.mask, item.mask)) continue;
        binding_.push(own, each);
        each.is_done = true;
    }
    const std::span<Conjunct> conditions = own.all();
    const auto parts = binding_.array<Planned>(items.all().size());
    for (std::size_t i = 0; i < parts.size(); i++)
        parts[i] = counted(this->item(*items.all()[i], conditions));
    if (binding_.has_failed()) return {};
    const auto best =
        std::max_element(parts.begin(), parts.end(),
                         [](const Planned& a, const Planned& b) { return a.score < b.score; });
    std::swap(parts[0], *best);
    std::sort(parts.begin() + 1, parts.end(),
              [](const Planned& a, const Planned& b) { return a.mask < b.mask; });
    Planned rows = parts[0];
    for (std::size_t i = 1; i < parts.size() && !binding_.has_failed(); i++) {
        const std::size_t next = choose(rows, parts, i, conditions);
        std::rotate(parts.begin() + static_cast<std::ptrdiff_t>(i),
                    parts.begin() + static_cast<std::ptrdiff_t>(next),
                    parts.begin() + static_cast<std::ptrdiff_t>(next) + 1);
        if (is_to_be_kept(rows, parts[i])) {
            const Lead lead = this->lead(parts[i], rows, conditions);
            rows = joined(parts[i], rows, Item::Kind::inner, conditions, lead);
        } else {
            rows = joined(rows, parts[i], Item::Kind::inner, conditions);
        }
    }
    return filtered(rows, conditions);
}

// The part to be joined next: by a key, if one can be, and of these that with the best access; else
// one of which not all rows are taken, since every row that there is meets each of them.
std::size_t Planner::choose(const Planned& rows, std::span<const Planned> parts, std::size_t first,
                            std::span<const Conjunct> conditions) const noexcept {
    std::size_t best = first;
    std::uint32_t best_score = 0;
    for (std::size_t i = first; i < parts.size(); i++) {
        const bool is_joined =
            std::any_of(conditions.begin(), conditions.end(), [&](const Conjunct& each) {
                return !each.is_done && is_key(each, rows.mask, parts[i].mask);
            });
        const bool is_part = parts[i].score > 0 || parts[i].node->kind == NodeKind::filter;
        const std::uint32_t score = is_joined ? 2 + parts[i].score : is_part ? 1 : 0;
        if (score <= best_score) continue;
        best = i;
        best_score = score;
    }
    return best;
}

// All rows of a table.
Planned Planner::counted(Planned rows) const noexcept {
    const relation::RowsAsOf* const all = binding_.environment_.rows;
    if (rows.scan != nullptr && all != nullptr)
        rows.row_count = all->estimate(rows.leaf->table->id);
    return rows;
}

// Whether one side of a join is kept in memory and not the other one: it has the better access, or
// far fewer rows, where neither has one.
bool Planner::is_to_be_kept(const Planned& rows, const Planned& other) noexcept {
    constexpr std::uint64_t worthwhile_count = 1000;
    if (rows.score != other.score) return rows.score > other.score;
    return rows.row_count > 0 && other.row_count >= worthwhile_count &&
           rows.row_count < other.row_count / 4;
}

// A condition that what is above has of the kept side alone is asked there; one of the other side
// sees the NULLs.
Planned Planner::outer(Item& item, std::span<Conjunct> above) noexcept {
    const std::span<Conjunct> own = item.conditions.all();
    const bool keeps_left = item.kind != Item::Kind::right;
    const bool keeps_right = item.kind != Item::Kind::left;
    const std::span<Conjunct> none{};
    Planned left = counted(this->item(*item.left, keeps_left ? (keeps_right ? none : above) : own));
    Planned right =
        counted(this->item(*item.right, keeps_right ? (keeps_left ? none : above) : own));
    if (binding_.has_failed()) return {};
    const bool is_turned = item.kind == Item::Kind::left && is_to_be_kept(left, right);
    if (is_turned || (item.kind == Item::Kind::right && right.score > left.score)) {
        const Planned& kept = is_turned ? left : right;
        Planned& passing = is_turned ? right : left;
        const Lead lead = this->lead(passing, kept, own);
        return filtered(joined(passing, kept, Item::Kind::right, own, lead), above);
    }
    return filtered(joined(left, right, item.kind, own), above);
}

// A set of the values that a column of the part is joined to, by which the part is read.
Lead Planner::lead(Planned& part, const Planned& kept,
                   std::span<const Conjunct> conditions) noexcept {
    if (part.scan == nullptr || kept.score == 0 || binding_.has_failed()) return {};
    for (const Conjunct& each : conditions) {
        if (each.is_done || !is_key(each, part.mask, kept.mask)) continue;
        const Operands sides = each.scalar->operands;
        const Scalar& own = is_within(mask_of(*sides[0]), part.mask) ? *sides[0] : *sides[1];
        if (own.kind != ScalarKind::column) continue;
        const Result<query::ValueSet*> set =
            query::make<query::ValueSet>(binding_.memory_, binding_.memory_);
        if (!set) {
            binding_.fail_memory();
            return {};
        }
        const Scalar* const list = binding_.scalar(
            {.kind = ScalarKind::in_set, .set = *set, .operands = binding_.operands({&own})});
        if (binding_.has_failed()) return {};
        if (read_by(part, *list)) return {*set, &each};
    }
    return {};
}

// By a key of which the column of the list is the first; false: there is none.
bool Planner::read_by(Planned& part, const Scalar& list) noexcept {
    Conjunct only{.scalar = &list, .mask = part.mask};
    AccessFinder finder{binding_.environment_.newest, *part.leaf, {&only, 1}};
    const Result<Found> found = finder.find(binding_.memory_);
    if (!found || found->score == 0) return false;
    const bool is_filtered = part.node->kind == NodeKind::filter && part.node->left == part.source;
    if (part.node != part.source && !is_filtered) return false;
    query::TableScan scan = *part.scan;
    scan.access = found->access;
    scan.access.check = binding_.constant(Value::boolean(true));  // The join asks each row.
    const Result<const query::Source*> source = query::make_table_source(scan, binding_.memory_);
    if (!source) {
        binding_.fail_memory();
        return false;
    }
    Node read = *part.source;
    read.source = *source;
    const Node* const node = binding_.node(read);
    if (binding_.has_failed()) return false;
    Node above = *part.node;
    above.left = node;
    part.node = is_filtered ? binding_.node(above) : node;
    return true;
}

Planned Planner::joined(const Planned& left, const Planned& right, Item::Kind kind,
                        std::span<Conjunct> conditions, const Lead& lead) noexcept {
    const std::uint32_t left_width = left.node->column_count;
    Planned rows{.places = no_places(),
                 .mask = left.mask | right.mask,
                 .score = std::max(left.score, right.score),
                 .row_count = std::max(left.row_count, right.row_count)};
    for (std::size_t i = 0; i < rows.places.size(); i++) {
        const bool is_right = right.places[i] != no_place;
        rows.places[i] = is_right ? right.places[i] + left_width : left.places[i];
    }
    Growing<const Scalar*> left_keys;
    Growing<const Scalar*> right_keys;
    Growing<const Scalar*> rest;
    std::size_t filled_key = 0;
    for (Conjunct& each : conditions) {
        if (each.is_done || !is_within(each.mask, rows.mask)) continue;
        each.is_done = true;
        if (!is_key(each, left.mask, right.mask)) {
            if (!is_always(*each.scalar))
                binding_.push(rest, binding_.placed(*each.scalar, rows.places));
            continue;
        }
        const Operands sides = each.scalar->operands;
        const bool is_turned = !is_within(mask_of(*sides[0]), left.mask);
        if (&each == lead.by) filled_key = right_keys.all().size();
        binding_.push(left_keys, binding_.placed(*sides[is_turned ? 1 : 0], left.places));
        binding_.push(right_keys, binding_.placed(*sides[is_turned ? 0 : 1], right.places));
    }
    rows.node = binding_.node({.kind = NodeKind::join,
                               .keeps_left = kind == Item::Kind::left || kind == Item::Kind::full,
                               .keeps_right = kind == Item::Kind::right || kind == Item::Kind::full,
                               .column_count = left_width + right.node->column_count,
                               .left = left.node,
                               .right = right.node,
                               .left_keys = left_keys.all(),
                               .right_keys = right_keys.all(),
                               .fills = lead.set,
                               .filled_key = filled_key,
                               .condition = both(rest.all())});
    return rows;
}

const Scalar* Planner::both(Operands conditions) noexcept {
    if (conditions.empty()) return nullptr;
    if (conditions.size() == 1) return conditions[0];
    return binding_.scalar({.kind = ScalarKind::logical_and, .operands = conditions});
}

// ---- conditions ----

std::uint64_t Planner::mask_of(const Scalar& scalar) const noexcept {
    return level_.mask_of(scalar);
}

// Of an expression, what is known without its columns' types is enough.
bool Planner::is_time(const Scalar& scalar) const noexcept {
    if (scalar.kind != ScalarKind::column) return false;
    for (const NamedColumn& column : level_.columns.all())
        if (column.number == scalar.column)
            return column.type.is_known && (column.type.type == ColumnType::date ||
                                            column.type.type == ColumnType::timestamp);
    return false;
}

bool Planner::is_plain(const Scalar& scalar) const noexcept {
    if (!may_be_text(scalar)) return true;
    if (scalar.kind == ScalarKind::as_number) return is_plain(*scalar.operands[0]);
    if (scalar.kind != ScalarKind::column) return false;
    for (const NamedColumn& column : level_.columns.all())
        if (column.number == scalar.column) return column.type.is_known && !is_time(scalar);
    return false;
}

// An equality between the two sides. A key of a hash join is the same value on both: a time would
// not be found by the text that says it, so that either both are times or none is.
bool Planner::is_key(const Conjunct& conjunct, std::uint64_t left,
                     std::uint64_t right) const noexcept {
    const Scalar& scalar = *conjunct.scalar;
    if (scalar.kind != ScalarKind::compare) return false;
    if (scalar.comparison != relation::Comparison::equal) return false;
    const Scalar& a = *scalar.operands[0];
    const Scalar& b = *scalar.operands[1];
    const std::uint64_t mask_a = mask_of(a);
    const std::uint64_t mask_b = mask_of(b);
    if (mask_a == 0 || mask_b == 0) return false;
    const bool is_across = (is_within(mask_a, left) && is_within(mask_b, right)) ||
                           (is_within(mask_a, right) && is_within(mask_b, left));
    return is_across && ((is_time(a) && is_time(b)) || (is_plain(a) && is_plain(b)));
}

// What is within these rows and was not asked yet. What has no columns is asked once.
Planned Planner::filtered(Planned rows, std::span<Conjunct> conditions) noexcept {
    Growing<const Scalar*> asked;
    for (Conjunct& each : conditions) {
        if (binding_.has_failed()) return rows;
        if (each.is_done || !is_within(each.mask, rows.mask)) continue;
        each.is_done = true;
        if (is_always(*each.scalar)) continue;
        if (is_never(*each.scalar)) {
            rows.node = binding_.node({.column_count = rows.node->column_count});
            continue;
        }
        if (each.mask == 0 && !has_subplan(*each.scalar))
            rows.node = gated(rows.node, *each.scalar);
        else
            binding_.push(asked, binding_.placed(*each.scalar, rows.places));
    }
    if (binding_.has_failed() || asked.all().empty()) return rows;
    rows.node = binding_.node({.kind = NodeKind::filter,
                               .column_count = rows.node->column_count,
                               .left = rows.node,
                               .condition = both(asked.all())});
    return rows;
}

// All rows or none: a limit is evaluated before any is read.
const Node* Planner::gated(const Node* rows, const Scalar& condition) noexcept {
    const Scalar* const limit = binding_.of(
        ScalarKind::case_when,
        {&condition, binding_.constant(Value::integer(-1)), binding_.constant(Value::integer(0))});
    return binding_.node({.kind = NodeKind::limit,
                          .column_count = rows->column_count,
                          .left = rows,
                          .limit = limit});
}

}  // namespace freshet::sql
