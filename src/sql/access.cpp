// SPDX-License-Identifier: MIT
#include "sql/access.hpp"

#include <algorithm>

#include "relation/catalog_view.hpp"

namespace freshet::sql {
namespace {

using relation::Comparison;

Comparison turned(Comparison comparison) noexcept {
    switch (comparison) {
        case Comparison::less: return Comparison::greater;
        case Comparison::less_equal: return Comparison::greater_equal;
        case Comparison::greater: return Comparison::less;
        case Comparison::greater_equal: return Comparison::less_equal;
        default: return comparison;
    }
}

bool is_fixed(const Scalar& scalar) noexcept {
    return !has_columns(scalar) && !has_subplan(scalar);
}

bool is_low(Comparison comparison) noexcept {
    return comparison == Comparison::greater || comparison == Comparison::greater_equal;
}

bool is_high(Comparison comparison) noexcept {
    return comparison == Comparison::less || comparison == Comparison::less_equal;
}

bool is_between(const Scalar& scalar) noexcept {
    return scalar.kind == ScalarKind::between;
}

void take_low(const Scalar& scalar, query::Access& access) noexcept {
    const ColumnBound bound = bound_of(scalar);
    access.low = is_between(scalar) ? scalar.operands[1] : bound.value;
    access.low_is_in = is_between(scalar) || bound.comparison == Comparison::greater_equal;
}

void take_high(const Scalar& scalar, query::Access& access) noexcept {
    const ColumnBound bound = bound_of(scalar);
    access.high = is_between(scalar) ? scalar.operands[2] : bound.value;
    access.high_is_in = is_between(scalar) || bound.comparison == Comparison::less_equal;
}

constexpr std::uint32_t equal_score = 16;
constexpr std::uint32_t list_score = alternatives_score;
constexpr std::uint32_t range_score = 4;
constexpr std::uint32_t one_row_score = 4096;

}  // namespace

ColumnBound bound_of(const Scalar& condition) noexcept {
    if (condition.kind != ScalarKind::compare) return {};
    const Scalar& a = *condition.operands[0];
    const Scalar& b = *condition.operands[1];
    if (a.kind == ScalarKind::column && is_fixed(b)) return {a.column, condition.comparison, &b};
    if (b.kind == ScalarKind::column && is_fixed(a))
        return {b.column, turned(condition.comparison), &a};
    return {};
}

std::uint32_t number_of(const Leaf& leaf, relation::ColumnNumber column) noexcept {
    const auto& columns = leaf.table->columns;
    if (column == query::row_id_column)
        return leaf.first + leaf.column_count - query::extra_column_count +
               static_cast<std::uint32_t>(query::ExtraColumn::row_id);
    if (column >= columns.size() || !is_live(columns[column])) return no_place;
    std::uint32_t number = leaf.first;
    for (std::size_t i = 0; i < column; i++) number += is_live(columns[i]) ? 1U : 0U;
    return number;
}

Conjunct* AccessFinder::equality(std::uint32_t number) const noexcept {
    for (Conjunct& each : conditions_) {
        if (each.is_done) continue;
        const ColumnBound bound = bound_of(*each.scalar);
        if (bound.value != nullptr && bound.number == number &&
            bound.comparison == Comparison::equal)
            return &each;
    }
    return nullptr;
}

// column IN (...)
Conjunct* AccessFinder::list(std::uint32_t number) const noexcept {
    for (Conjunct& each : conditions_) {
        const Scalar& scalar = *each.scalar;
        const bool is_in = scalar.kind == ScalarKind::in_list || scalar.kind == ScalarKind::in_set;
        if (each.is_done || !is_in || scalar.negated) continue;
        if (scalar.operands[0]->kind != ScalarKind::column) continue;
        if (scalar.operands[0]->column != number) continue;
        const Operands values = scalar.operands.subspan(1);
        if (std::all_of(values.begin(), values.end(),
                        [](const Scalar* value) { return is_fixed(*value); }))
            return &each;
    }
    return nullptr;
}

Conjunct* AccessFinder::range(std::uint32_t number, bool of_low) const noexcept {
    for (Conjunct& each : conditions_) {
        if (each.is_done) continue;
        const Scalar& scalar = *each.scalar;
        if (scalar.kind == ScalarKind::between && !scalar.negated &&
            scalar.operands[0]->kind == ScalarKind::column &&
            scalar.operands[0]->column == number && is_fixed(*scalar.operands[of_low ? 1 : 2]))
            return &each;
        const ColumnBound bound = bound_of(scalar);
        if (bound.value != nullptr && bound.number == number &&
            (of_low ? is_low(bound.comparison) : is_high(bound.comparison)))
            return &each;
    }
    return nullptr;
}

void AccessFinder::consider(const relation::Index* index,
                            std::span<const relation::KeyColumn> columns) noexcept {
    Candidate candidate{.index = index, .columns = columns};
    const auto number_at = [&](std::size_t i) {
        return i < columns.size() ? number_of(columns[i].column) : no_place;
    };
    std::size_t& count = candidate.equal_count;
    while (number_at(count) != no_place && equality(number_at(count)) != nullptr) count++;
    const bool is_whole = count == columns.size();
    if (index != nullptr && index->hash && !is_whole) return;
    candidate.score = static_cast<std::uint32_t>(count) * equal_score;
    if (is_whole && (index == nullptr || index->unique)) candidate.score += one_row_score;
    const std::uint32_t next = number_at(count);
    if (next != no_place && list(next) != nullptr) {
        candidate.score += list_score;
    } else if (next != no_place) {
        if (range(next, true) != nullptr) candidate.score += range_score;
        if (range(next, false) != nullptr) candidate.score += range_score;
    }
    if (candidate.score == 0) return;
    // The key of the row needs one step less; a hash leads there without a search.
    if (index == nullptr) candidate.score += 2;
    if (index != nullptr && index->hash) candidate.score += 1;
    if (candidate.score > best_.score) best_ = candidate;
}

Result<Found> AccessFinder::find(Arena& memory) noexcept {
    const relation::TableDefinition& table = *leaf_.table;
    if (leaf_.index_name.empty()) consider(nullptr, query::key_of(table));
    const relation::TableDefinition* const newest = relation::find_table(newest_, table.id);
    if (newest != nullptr && !leaf_.not_indexed && !leaf_.has_versions) {
        for (const relation::Index& index : newest->indexes) {
            const bool is_wanted =
                leaf_.index_name.empty() || relation::is_same_name(index.name, leaf_.index_name);
            if (is_wanted) consider(&index, index.columns);
        }
    }
    return best_.score == 0 ? Result<Found>{Found{}} : take(memory);
}

Result<Found> AccessFinder::take(Arena& memory) noexcept {
    Found found{.score = best_.score};
    query::Access& access = found.access;
    access.index = best_.index;
    access.columns = best_.columns;
    const Result<std::span<const Scalar*>> equal = memory.array<const Scalar*>(best_.equal_count);
    // One condition for each column, and two bounds of a range.
    const Result<std::span<const Scalar*>> asked =
        memory.array<const Scalar*>(best_.equal_count + 2);
    const Result<Scalar*> check = query::make<Scalar>(memory);
    if (!equal || !asked || !check) return Code::out_of_memory;
    std::size_t count = 0;
    const auto ask = [&](Conjunct& conjunct) {
        if (!conjunct.is_done) (*asked)[count++] = conjunct.scalar;
        conjunct.is_done = true;
    };
    for (std::size_t i = 0; i < best_.equal_count; i++) {
        Conjunct& conjunct = *equality(number_of(best_.columns[i].column));
        (*equal)[i] = bound_of(*conjunct.scalar).value;
        ask(conjunct);
    }
    access.equal = *equal;
    const bool has_next = best_.equal_count < best_.columns.size();
    const std::uint32_t next =
        has_next ? number_of(best_.columns[best_.equal_count].column) : no_place;
    Conjunct* const in = next == no_place ? nullptr : list(next);
    Conjunct* const low = next == no_place || in != nullptr ? nullptr : range(next, true);
    Conjunct* const high = next == no_place || in != nullptr ? nullptr : range(next, false);
    if (in != nullptr) {
        access.list = in->scalar;
        ask(*in);
    }
    if (low != nullptr) take_low(*low->scalar, access);
    if (high != nullptr) take_high(*high->scalar, access);
    // A BETWEEN of which one side alone was taken is asked as a whole by whoever has the rows.
    if (low != nullptr && (low == high || !is_between(*low->scalar))) ask(*low);
    if (high != nullptr && (low == high || !is_between(*high->scalar))) ask(*high);
    access.check = *check;
    **check = {.kind = ScalarKind::logical_and, .operands = asked->first(count)};
    return found;
}

}  // namespace freshet::sql
