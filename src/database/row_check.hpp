// SPDX-License-Identifier: MIT
// CHECK, asked of a row that is about to be written.
#pragma once

#include "database/prepared.hpp"
#include "relation/reference.hpp"

namespace freshet::database {

// Whether none of the checks is false for the row, whose values are in the order of the layout.
// constraint_failed, with words; out_of_memory, and what values fail with.
Status check_row(const relation::TableDefinition& table, const relation::Layout& layout,
                 std::span<const PlannedCheck> checks, const OneRow& row, Arena& scratch,
                 SqlError& error) noexcept;

// Of rows that foreign keys change: the checks of each table are planned when the first of its rows
// is. Lives as long as the run, whose memory it takes.
class ChildChecks final : public relation::RowRule {
public:
    explicit ChildChecks(Prepared& prepared) noexcept : p_{prepared} {}
    ChildChecks(const ChildChecks&) = delete;
    ChildChecks& operator=(const ChildChecks&) = delete;

    Status check(const relation::TableDefinition& table, std::span<const Value> row,
                 SqlError& error) noexcept override;

private:
    struct Child {
        const relation::TableDefinition* table = nullptr;
        relation::Layout layout{};
        std::span<const PlannedCheck> checks{};
        OneRow row{};
        Child* next = nullptr;
    };
    Result<const Child*> child_of(const relation::TableDefinition& table, SqlError& error) noexcept;

    Prepared& p_;
    Child* children_ = nullptr;
    query::Scratch scratch_;
};

}  // namespace freshet::database
