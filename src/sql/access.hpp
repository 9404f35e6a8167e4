// SPDX-License-Identifier: MIT
// Which key leads to the rows for which the conditions hold: the primary key or an index of which
// some first columns are equal to something, and the next one may have a list or a range. The more
// columns, the better; best is a key that leads to one row. A hash index needs all of its columns.
#pragma once

#include "query/table_source.hpp"
#include "sql/plan.hpp"

namespace freshet::sql {

// "column comparison value", of a condition that says that; else without a value. The value has no
// columns.
struct ColumnBound {
    std::uint32_t number = 0;
    relation::Comparison comparison = relation::Comparison::equal;
    const Scalar* value = nullptr;
};
ColumnBound bound_of(const Scalar& condition) noexcept;

// In the rows of FROM; no_place: the table does not have it.
std::uint32_t number_of(const Leaf& leaf, relation::ColumnNumber column) noexcept;

// Less have those that lead to a range, not to values.
inline constexpr std::uint32_t alternatives_score = 12;

struct Found {
    std::uint32_t score = 0;  // 0: all rows are to be read.
    query::Access access{};   // Its check has numbers yet.
};

class AccessFinder {
public:
    AccessFinder(relation::Tables newest, const Leaf& leaf, std::span<Conjunct> conditions) noexcept
        : newest_{newest}, leaf_{leaf}, conditions_{conditions} {}

    // The best, whose conditions are then done. out_of_memory.
    Result<Found> find(Arena& memory) noexcept;

private:
    struct Candidate {
        std::uint32_t score = 0;
        const relation::Index* index = nullptr;
        std::span<const relation::KeyColumn> columns{};
        std::size_t equal_count = 0;
    };
    void consider(const relation::Index* index,
                  std::span<const relation::KeyColumn> columns) noexcept;
    [[nodiscard]] std::uint32_t number_of(relation::ColumnNumber column) const noexcept {
        return sql::number_of(leaf_, column);
    }
    [[nodiscard]] Conjunct* equality(std::uint32_t number) const noexcept;
    [[nodiscard]] Conjunct* list(std::uint32_t number) const noexcept;
    [[nodiscard]] Conjunct* range(std::uint32_t number, bool is_low) const noexcept;
    Result<Found> take(Arena& memory) noexcept;

    relation::Tables newest_;
    const Leaf& leaf_;
    std::span<Conjunct> conditions_;
    Candidate best_{};
};

}  // namespace freshet::sql
