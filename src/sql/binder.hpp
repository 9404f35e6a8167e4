// SPDX-License-Identifier: MIT
// From statements as they were written to queries that can run: names are looked up, and a way to
// the rows is chosen.
//
// A plan is good as long as the catalog is that of `tables`, and, if it `depends_on_parameters`, as
// long as these have the values they had: a moment that is a parameter was looked up. Everything
// lies in the arena of the environment and views the tree, the text and the definitions.
//
// Before each run, in this order: whoever runs it opens all times(), sets the parameters and `now`,
// and calls run() with all subqueries().
#pragma once

#include "freshet/sql_error.hpp"
#include "query/subplan.hpp"
#include "relation/catalog_view.hpp"
#include "sql/scope.hpp"
#include "sql/tree.hpp"

namespace freshet {
class Store;
}
namespace freshet::relation {
struct Moment;
class RowsAsOf;
}  // namespace freshet::relation

namespace freshet::sql {

// A subquery. Its answer is found once, before the query it stands in, unless it depends on rows of
// that one.
struct Subquery {
    enum class Kind : std::uint8_t { value, exists, set, by_row };
    Kind kind = Kind::value;
    const query::Node* node = nullptr;
    Value* slot = nullptr;           // Of a value: the first column of its first row, or NULL.
    query::ValueSet* set = nullptr;  // Of a set: made anew at each run.
    query::Subplan* plan = nullptr;  // Of one by row: it is told how the statement is interrupted.
};

// Runs each, in their order. What is kept lies in the context's memory. What rows fail with.
Status run(std::span<const Subquery> subqueries, query::Context& context) noexcept;

// A state of the tables that a plan reads. `moment` is the binder's, and is filled in by whoever
// runs the plan: its rows are opened before the plan is.
struct TimePoint {
    relation::Moment* moment = nullptr;
    bool is_now = true;  // The default moment of the environment.
    std::uint64_t commit = 0;
    // A parameter, or what is made of some: to be evaluated before each run. The definitions of
    // that moment are to be those of now; if they are not, the plan is to be made anew.
    const query::Scalar* value = nullptr;
    Point::Kind kind = Point::Kind::none;  // Of `value`.
};

struct ResultColumnType {
    bool is_known = false;
    relation::ColumnType type = relation::ColumnType::integer;
};

// What SELECT and RETURNING give.
struct QueryPlan {
    const query::Node* node = nullptr;                // Null: of RETURNING.
    std::span<const query::Scalar* const> scalars{};  // Of RETURNING: the values of each row.
    std::span<const std::string_view> names{};
};

// The past, for FOR SYSTEM_TIME.
class Times {
public:
    // The definitions as of a commit. ahead_of_log, and whatever a read fails with.
    virtual Result<relation::Tables> tables_at(std::uint64_t commit) noexcept = 0;
    // The last commit at or before the time; 0: there is none.
    virtual Result<std::uint64_t> commit_at(std::int64_t time_us) noexcept = 0;
    // The commit that has the name. unknown_name.
    virtual Result<std::uint64_t> commit_named(std::string_view name) noexcept = 0;

protected:
    Times() = default;
    ~Times() = default;
};

struct VirtualColumn {
    std::string_view name{};
    relation::ColumnType type = relation::ColumnType::text;
    bool has_type = true;
    bool is_hidden = false;  // From a star.
};

struct VirtualTable;

// What is known of the rows that are wanted: rows that do not fit need not be given, but may be.
struct VirtualBound {
    std::uint32_t column = 0;
    relation::Comparison comparison = relation::Comparison::equal;
    const query::Scalar* value = nullptr;  // Without columns; for when the source is opened.
};

// What a connection was told by PRAGMA, as PRAGMA tells it.
enum class SessionValue : std::uint8_t { query_only, synchronous, system_time };
inline constexpr std::size_t session_value_count = 3;

// How a virtual table is used in a statement.
struct VirtualUse {
    const VirtualTable& table;
    std::span<const query::Scalar* const> arguments;  // Without columns: constants and slots.
    std::span<const VirtualBound> bounds;
    const relation::Moment* moment;  // To be filled in before the plan is opened.
    Arena& memory;
    SqlError& error;
    Store* store = nullptr;
    std::span<const Value> session{};
};

// Rows that are no table's: events, commits, pragma_table_info('t'). Looked up where no table has
// the name.
struct VirtualTable {
    std::string_view name{};
    std::span<const VirtualColumn> columns{};
    std::uint32_t argument_count_min = 0;
    std::uint32_t argument_count_max = 0;
    // The source, in use.memory; it gives all columns, in their order.
    Result<const query::Source*> (*make)(const VirtualUse& use, void* context) noexcept = nullptr;
    void* context = nullptr;
};

// A literal of the text whose value is in a slot too. Where it is but compared in a WHERE, or is a
// value of an INSERT's VALUES, the slot is what is bound, and the plan is good for any other value:
// `is_free`, which the binder sets.
struct FreeLiteral {
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    std::uint32_t offset = nowhere;
    const Value* slot = nullptr;
    bool is_free = false;
};

// What a statement is bound in.
struct Environment {
    Arena& memory;
    SqlError& error;
    std::string_view text{};    // Of the statement: columns without a name are called as it
    relation::Tables tables{};  // Of the default moment.
    relation::Tables newest{};  // Of now: those whose indexes there are, whatever the moment.
    const relation::RowsAsOf* rows = nullptr;  // Of now, for how many there are; null: not known.
    std::span<Value> parameters{};             // Slots, in place 0 that of number 1.
    std::span<FreeLiteral> literals{};
    // False: they have no values yet. What was bound is bound anew before it is run; until then a
    // moment that is a parameter is now.
    bool has_parameters = true;
    const Value* now = nullptr;  // A slot: the TIMESTAMP of the statement.
    Times* times = nullptr;      // None: FOR SYSTEM_TIME is refused.
    std::span<const VirtualTable> virtual_tables{};
    Store* store = nullptr;  // For those that look at all of it; none: they cannot be read.
    std::span<const Value> session{};  // By SessionValue; none: they cannot be read.
};

// Elements in an arena, at most twice as many places as there are elements.
template <class T>
class Growing {
public:
    // False: there is no memory.
    bool push(const T& element, Arena& memory) noexcept {
        if (count_ == places_.size()) {
            const Result<std::span<T>> larger = memory.array<T>(count_ == 0 ? 4 : count_ * 2);
            if (!larger) return false;
            for (std::size_t i = 0; i < count_; i++) (*larger)[i] = places_[i];
            places_ = *larger;
        }
        places_[count_++] = element;
        return true;
    }
    [[nodiscard]] std::span<T> all() const noexcept { return places_.first(count_); }

private:
    std::span<T> places_{};
    std::size_t count_ = 0;
};

// Binds the parts of one statement. Every function fills in the error where it fails:
// unknown_name; syntax: what SQL does not allow, though it parses; invalid_argument, type_mismatch,
// out_of_memory, and what Times fails with.
class Binder {
public:
    explicit Binder(const Environment& environment) noexcept : environment_{environment} {}
    Binder(const Binder&) = delete;
    Binder& operator=(const Binder&) = delete;

    Result<QueryPlan> select(const Select& select) noexcept;
    // Of INSERT: the same, but that literals which are values of a VALUES are free.
    Result<QueryPlan> inserted(const Select& select) noexcept;
    // The rows of one table for which `where` is true (null: all): first the key of each, a BLOB,
    // then its live columns, in their order. As of the default moment.
    Result<const query::Node*> rows_of(const relation::TableDefinition& table, const Name& alias,
                                       const Expression* where) noexcept;
    // Of a table's live columns, from the number `first` on.
    Result<Scope> scope_of(const relation::TableDefinition& table, std::string_view name,
                           std::uint32_t first) noexcept;
    // The columns of both; those of the second, such as excluded, are named with their table alone.
    Result<Scope> scope_of(const Scope& a, const Scope& b) noexcept;
    // For CHECK, DEFAULT, SET, ON CONFLICT DO UPDATE, VALUES. Subqueries go to subqueries().
    Result<const query::Scalar*> expression(const Expression& expression,
                                            const Scope& scope) noexcept;
    // RETURNING.
    Result<QueryPlan> returning(const List<ResultColumn>& columns, const Scope& scope) noexcept;

    // Of all that was bound so far.
    [[nodiscard]] std::span<const Subquery> subqueries() const noexcept {
        return subqueries_.all();
    }
    [[nodiscard]] std::span<const TimePoint> times() const noexcept { return times_.all(); }
    [[nodiscard]] bool depends_on_parameters() const noexcept { return depends_on_parameters_; }
    // Something asks for the slot of `now`.
    [[nodiscard]] bool depends_on_now() const noexcept { return depends_on_now_; }

private:
    friend class Binding;

    Environment environment_;
    Growing<Subquery> subqueries_{};
    Growing<TimePoint> times_{};
    bool depends_on_parameters_ = false;
    bool depends_on_now_ = false;
};

}  // namespace freshet::sql
