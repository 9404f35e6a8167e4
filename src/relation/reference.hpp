// SPDX-License-Identifier: MIT
// Foreign keys: what a change of one table means for those that refer to it, and whether there is
// what a row refers to. For one statement.
//
// RESTRICT is looked at before a row changes. CASCADE and SET NULL change other rows right after
// it, one after another and not deeper and deeper, however long the chain is. All else is looked at
// once, and again at the end of the statement where it did not hold: rows may come in any order.
// A NULL refers to nothing.
#pragma once

#include "relation/catalog_view.hpp"
#include "relation/row_finder.hpp"

namespace freshet::relation {

class TableWriter;

// What a row has to be beside what a writer knows: CHECK, for who knows expressions.
class RowRule {
public:
    // Of a row that CASCADE or SET NULL is about to update: the live columns of its table
    // in the order of its layout. constraint_failed, out_of_memory, and what values fail with.
    virtual Status check(const TableDefinition& table, std::span<const Value> row,
                         SqlError& error) noexcept = 0;

protected:
    RowRule() = default;
    ~RowRule() = default;
};

class References {
public:
    References() noexcept = default;
    References(const References&) = delete;
    References& operator=(const References&) = delete;

    // All stays lent, and the transaction is open; the memory is used up by rows that are referred
    // to and change. No rule: what it would ask is not asked.
    void open(Transaction& transaction, Tables tables, RowRule* rule, Arena& memory) noexcept;

    // Before a row is written; an empty key: there was none, or will be none. All three:
    // constraint_failed, out_of_memory, and what changes of other tables can say.
    Status before_change(const TableDefinition& table, const Layout& layout, const KeyedRow& before,
                         const KeyedRow& after, SqlError& error) noexcept;
    // After it. What it writes has its own before and after.
    Status after_change(SqlError& error) noexcept;
    Status finish(SqlError& error) noexcept;

private:
    // Rows of a child that refer to values which changed, or are to be looked at again.
    struct Item {
        const TableDefinition* child = nullptr;
        const ForeignKey* key = nullptr;
        std::span<const Value> old{};
        std::span<const Value> now{};  // Empty: there is no such row any more.
        Item* next = nullptr;
    };
    struct Queue {
        Item* first = nullptr;
        Item* last = nullptr;
    };
    struct Writer;

    Status check_parents(const TableDefinition& table, const Layout& layout, const KeyedRow& before,
                         const KeyedRow& after) noexcept;
    Status check_children(const TableDefinition& table, const TableDefinition& child,
                          const ForeignKey& key, const Layout& layout, const KeyedRow& before,
                          const KeyedRow& after, SqlError& error) noexcept;
    Status put(Queue& queue, const TableDefinition& child, const ForeignKey& key,
               std::span<const Value> old, std::span<const Value> now) noexcept;
    Status work_off(const Item& item, SqlError& error) noexcept;
    Result<bool> has_parent(const ForeignKey& key, std::span<const Value> values) noexcept;
    Result<bool> find_child(const TableDefinition& child, const ForeignKey& key,
                            std::span<const Value> values, Bytes but, Recorded& row) noexcept;
    Result<Writer*> writer(const TableDefinition& table) noexcept;
    Error refuse_parent(const Item& item, SqlError& error) const noexcept;
    Error refuse_child(const TableDefinition& child, const ForeignKey& key,
                       std::span<const Value> values, const Recorded& row,
                       SqlError& error) const noexcept;

    Transaction* transaction_ = nullptr;
    Tables tables_{};
    RowRule* rule_ = nullptr;
    Arena* memory_ = nullptr;
    RowsAsOf rows_;
    Queue work_;
    Queue pending_;
    Writer* writers_ = nullptr;
    bool is_working_ = false;
};

}  // namespace freshet::relation
