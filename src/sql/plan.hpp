// SPDX-License-Identifier: MIT
// From what FROM and WHERE say to a tree of operators.
//
// Conditions are taken apart at their ANDs, and each is asked as early as it can be: of a source,
// if it speaks of that one alone, unless an outer join may put NULLs there. Those that name a key
// or an index say how the rows of a table are reached (access.hpp). Inner joins are put in order:
// first the source with the best access, then, one by one, the best of those that an equality joins
// to what is there, and products last. Such equalities are the keys of hash joins; if what is there
// was found by an access, it is what is kept, and the new source passes by: of a table that has a
// key or an index for it, only the rows to which the kept ones lead. Of two tables without an
// access the smaller one is kept, as far as the tree tells how large they are.
//
// Rows are read backwards, or by an index of which no condition speaks, where they then come as
// they are to be sorted; the latter if there is a limit. So they are for a lone min() or max(),
// which then is in the first of them. Alternatives (OR) each of which has a key or an index are
// read one by one, each without the rows of those before it.
#pragma once

#include "query/algebra.hpp"
#include "query/table_source.hpp"
#include "sql/binder.hpp"
#include "sql/scalars.hpp"

namespace freshet::sql {

class Binding;
struct Found;
struct Level;

inline constexpr std::uint32_t source_count_max = 64;

// One source of a FROM, whose columns have the numbers from `first` on.
struct Leaf {
    std::uint32_t index = 0;
    std::uint32_t first = 0;
    std::uint32_t column_count = 0;
    std::string_view name{};
    // One of these three.
    const relation::TableDefinition* table = nullptr;
    const VirtualTable* virtual_table = nullptr;
    const query::Node* node = nullptr;
    const relation::Moment* moment = nullptr;  // Of the first two.
    bool has_versions = false;                 // Of a table: not only the rows of the moment,
    const Scalar* condition = nullptr;         // and of these, those for which it holds.
    Operands arguments{};                      // Of a virtual table.
    std::string_view index_name{};             // INDEXED BY.
    bool not_indexed = false;
    Place past{};  // FOR SYSTEM_TIME AS OF; empty: it is not there.
    Place place{};
};

// Part of a condition: all of them are to be true.
struct Conjunct {
    const Scalar* scalar = nullptr;
    std::uint64_t mask = 0;  // The sources that it speaks of, a bit for each.
    bool is_done = false;    // It is asked somewhere.
};

struct Item {
    enum class Kind : std::uint8_t { leaf, inner, left, right, full };
    Kind kind = Kind::leaf;
    Leaf* leaf = nullptr;
    Item* left = nullptr;
    Item* right = nullptr;
    std::uint64_t mask = 0;
    Growing<Conjunct> conditions{};  // ON.
};

// A column that rows are in the order of, behind those before it.
struct KeyOrder {
    std::uint32_t number = 0;
    bool descends = false;
    bool is_fixed = false;  // It has one value.
    bool is_last = false;   // No two rows are the same in it and those before it.
};
enum class Turned : std::uint8_t { no, yes };
// Whether rows that are in an order, or read backwards, are as wanted. What has one value needs no
// order, nor does what is behind the last.
bool is_in_order(std::span<const KeyOrder> wanted, std::span<const KeyOrder> order,
                 Turned turned = Turned::no) noexcept;

// Rows, and where in them the columns are.
struct Planned {
    const query::Node* node = nullptr;
    std::span<std::uint32_t> places{};
    std::uint64_t mask = 0;
    std::uint32_t score = 0;      // Of the access; 0: all rows are read.
    std::uint64_t row_count = 0;  // About; of what a join has as its source. 0: it is not known.
    std::span<const KeyOrder> order{};
    // Of a table whose rows are all read: what the node, or the filter above it, does.
    const Leaf* leaf = nullptr;
    const query::TableScan* scan = nullptr;
    const query::Node* source = nullptr;
};

// What a join keeps leads to the rows of the other side: the values of a key are put into a set.
struct Lead {
    query::ValueSet* set = nullptr;  // Null: it does not.
    const Conjunct* by = nullptr;
};

class Planner {
public:
    Planner(Binding& binding, const Level& level) noexcept : binding_{binding}, level_{level} {}

    // The rows of FROM for which the conditions hold.
    Planned plan(Item& from, std::span<Conjunct> where) noexcept;
    // Those of the rows for which the conditions hold that speak of nothing else.
    Planned filtered(Planned rows, std::span<Conjunct> conditions) noexcept;

private:
    Planned item(Item& item, std::span<Conjunct> above) noexcept;
    [[nodiscard]] Planned counted(Planned rows) const noexcept;
    static bool is_to_be_kept(const Planned& rows, const Planned& other) noexcept;
    Planned leaf(const Leaf& leaf, std::span<Conjunct> above) noexcept;
    Planned table(const Leaf& leaf, std::span<Conjunct> above) noexcept;
    void check_ends(const Leaf& leaf) noexcept;
    std::span<KeyOrder> order_of(const Leaf& leaf, const query::Access& access) noexcept;
    void choose_order(const Leaf& leaf, query::TableScan& scan, Planned& rows) noexcept;
    void skip_nulls(query::TableScan& scan, const Planned& rows) noexcept;
    bool take_order(std::span<KeyOrder> order, query::TableScan& scan, Planned& rows) noexcept;
    const query::Node* source_of(const query::TableScan& scan) noexcept;
    const query::Node* either(const Leaf& leaf, const Scalar& condition,
                              const query::TableScan& scan, Places places) noexcept;
    std::span<const Found> accesses(const Leaf& leaf, Operands alternatives) noexcept;
    const query::Node* virtual_rows(const Leaf& leaf, std::span<const Conjunct> above) noexcept;
    Planned inner(Item& item, std::span<Conjunct> above) noexcept;
    Planned outer(Item& item, std::span<Conjunct> above) noexcept;
    void flatten(Item& item, Growing<Item*>& items, Growing<Conjunct>& conditions) noexcept;
    [[nodiscard]] std::size_t choose(const Planned& rows, std::span<const Planned> parts,
                                     std::size_t first,
                                     std::span<const Conjunct> conditions) const noexcept;
    Lead lead(Planned& part, const Planned& kept, std::span<const Conjunct> conditions) noexcept;
    bool read_by(Planned& part, const Scalar& list) noexcept;
    Planned joined(const Planned& left, const Planned& right, Item::Kind kind,
                   std::span<Conjunct> conditions, const Lead& lead = {}) noexcept;
    const query::Node* gated(const query::Node* rows, const Scalar& condition) noexcept;
    const Scalar* both(Operands conditions) noexcept;
    [[nodiscard]] bool is_key(const Conjunct& conjunct, std::uint64_t left,
                              std::uint64_t right) const noexcept;
    [[nodiscard]] bool is_time(const Scalar& scalar) const noexcept;
    [[nodiscard]] bool is_plain(const Scalar& scalar) const noexcept;
    [[nodiscard]] std::uint64_t mask_of(const Scalar& scalar) const noexcept;
    std::span<std::uint32_t> no_places() noexcept;

    Binding& binding_;
    const Level& level_;
};

}  // namespace freshet::sql
