// SPDX-License-Identifier: MIT
// How Binder does it. The first failure is remembered; after it every step is harmless and its
// answer means nothing, so that rules need not ask each other whether they failed.
//
//      number    of a column: those of all sources of a FROM are counted on, as they are written.
//                What is bound has numbers; the planner puts places for them (scalars.hpp) when it
//                knows which rows an expression is asked of
//      level     what can be named in one arm of a SELECT
//      outer     of a subquery: what it takes from the levels around it. Each such value has a
//                slot; without any, the subquery is run once
//
// Behind GROUP BY, a column is a key of the group or the value in its first row: names are then
// bound to places in the rows of the aggregate.
#pragma once

#include "query/subplan.hpp"
#include "query/table_source.hpp"
#include "sql/binder.hpp"
#include "sql/plan.hpp"
#include "sql/scalars.hpp"

namespace freshet::sql {

// The type is known of a column, of a cast and of a subquery that is one of these: what SQLite
// calls affinity comes from it.
struct Typed {
    const Scalar* scalar = &null_scalar;
    ResultColumnType type{};
};

struct NamedColumn {
    std::string_view table{};
    std::string_view name{};
    std::uint32_t number = 0;
    ResultColumnType type{};
    bool is_hidden = false;
    bool is_merged = false;     // By USING or NATURAL into one before it.
    std::uint32_t partner = 0;  // One more than the place of a column whose value is taken if this
                                // one's is NULL; 0: none.
};

struct Level;

struct OuterValue {
    const Scalar* scalar = nullptr;  // At the level around the subquery.
    const Scalar* slot = nullptr;
    Value* value = nullptr;
};

struct Outer {
    Level* level = nullptr;
    Growing<OuterValue> values{};
};

struct Grouping {
    Operands keys{};
    Growing<query::Aggregate> aggregates{};
    bool has_bare = false;  // Columns beside aggregates.
};

struct Level {
    Outer* outer = nullptr;  // None: nothing is around it.
    Growing<NamedColumn> columns{};
    std::uint32_t number_count = 0;
    Growing<const Leaf*> leaves{};
    Growing<bool> used{};   // By number.
    std::size_t first = 0;  // What can be named begins here and ends with the columns.
    const List<ResultColumn>* aliases = nullptr;
    Grouping* grouping = nullptr;  // None: the rows of FROM are named.
    bool is_in_aggregate = false;
    // Of one source: what its rows are sorted by, if columns alone say it; or the column of whose
    // values the first that is not NULL is all that is asked for.
    std::span<const KeyOrder> wanted{};
    bool has_limit = false;

    // The sources that it speaks of.
    [[nodiscard]] std::uint64_t mask_of(const Scalar& scalar) const noexcept;
};

inline constexpr query::Node no_rows{};

// TRUE, FALSE, and IN an empty list, of which SQLite keeps nothing else either: not what is left of
// it, even if that is an aggregate.
bool is_boolean_literal(const Expression& expression) noexcept;

// A query and its columns. The arms of a UNION, INTERSECT or EXCEPT may differ in what is known of
// a type: as SQLite does it, FROM goes by the first arm, and IN, or what takes one value, by the
// last.
struct Relation {
    const query::Node* node = &no_rows;
    std::span<std::string_view> names{};
    std::span<ResultColumnType> first_types{};
    std::span<ResultColumnType> last_types{};
};

class Binding {
public:
    explicit Binding(Binder& binder) noexcept
        : binder_{binder}, environment_{binder.environment_}, memory_{environment_.memory} {}

    // ---- what Binder asks ----

    Result<QueryPlan> select(const Select& select) noexcept;
    Result<QueryPlan> inserted(const Select& select) noexcept;
    Result<const query::Node*> rows_of(const relation::TableDefinition& table, const Name& alias,
                                       const Expression* where) noexcept;
    Result<Scope> scope_of(const relation::TableDefinition& table, std::string_view name,
                           std::uint32_t first) noexcept;
    Result<Scope> scope_of(const Scope& a, const Scope& b) noexcept;
    Result<const Scalar*> expression(const Expression& expression, const Scope& scope) noexcept;
    Result<QueryPlan> returning(const List<ResultColumn>& columns, const Scope& scope) noexcept;

private:
    friend class Planner;

    Level level_of(const Scope& scope) noexcept;

    // ---- failures and memory: bind.cpp ----

    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }
    void fail(Code code, Place place, relation::Words message, relation::Words hint) noexcept;
    void fail_memory() noexcept;
    // Of a call that has filled in the error, but for the place.
    void fail_at(Place place, Error error) noexcept;
    void fail_unknown(Place place, relation::Words message, std::string_view meant) noexcept;

    template <class T>
    std::span<T> array(std::size_t count) noexcept {
        if (has_failed_) return {};
        const Result<std::span<T>> memory = memory_.array<T>(count);
        if (memory) return *memory;
        fail_memory();
        return {};
    }
    template <class T>
    T* make(const T& value) noexcept {
        static_assert(std::is_trivially_destructible_v<T>);
        const Result<T*> made = query::make<T>(memory_, value);
        if (made) return *made;
        fail_memory();
        return nullptr;
    }
    template <class T>
    void push(Growing<T>& list, const T& element) noexcept {
        if (!has_failed_ && !list.push(element, memory_)) fail_memory();
    }
    const Scalar* scalar(const Scalar& scalar) noexcept;  // Folded.
    const Scalar* of(ScalarKind kind, std::initializer_list<const Scalar*> operands,
                     bool negated = false) noexcept;
    const Scalar* constant(const Value& value) noexcept;
    const query::Node* node(const query::Node& node) noexcept;
    Operands operands(std::initializer_list<const Scalar*> list) noexcept;
    const Scalar* placed(const Scalar& scalar, Places places) noexcept;
    Operands placed(Operands scalars, Places places) noexcept;
    template <class Result>
    auto finished(Result result) noexcept -> freshet::Result<Result> {
        if (has_failed_) return environment_.error.error;
        return result;
    }

    // ---- names: bind_name.cpp ----

    Typed column(Level& level, const Expression& expression) noexcept;
    bool find(Level& level, std::string_view table, const Name& name, Typed& into) noexcept;
    bool find_alias(Level& level, const Name& name, Typed& into) noexcept;
    std::size_t find_named(const Level& level, std::string_view table, const Name& name) noexcept;
    Typed reference(Level& level, const NamedColumn& column) noexcept;
    const Scalar* grouped(Level& level, const Scalar& column) noexcept;
    Typed outer_value(Outer& outer, const Typed& value) noexcept;
    void refuse_column(const Level& level, std::string_view table, const Name& name) noexcept;

    // ---- expressions: bind_expression.cpp ----

    Typed expression(Level& level, const Expression& expression) noexcept;
    Operands expressions(Level& level, const List<Expression>& list) noexcept;
    Typed literal(const Expression& expression) noexcept;
    Typed time_literal(const Expression& expression, relation::ColumnType type) noexcept;
    Typed current_time(Place place, relation::ColumnType type) noexcept;
    Typed parameter(const Expression& expression) noexcept;
    Typed of_kind(Level& level, const Expression& expression, ScalarKind kind) noexcept;
    Typed arithmetic(Level& level, const Expression& expression,
                     relation::Operator operation) noexcept;
    Typed cast(Level& level, const Expression& expression) noexcept;
    const Scalar* condition(Level& level, const Expression& expression) noexcept;

    // ---- comparisons: bind_compare.cpp ----

    const Scalar* converted(const Typed& value, const ResultColumnType& beside) noexcept;
    const Scalar* compared(relation::Comparison comparison, const Typed& a,
                           const Typed& b) noexcept;
    // Of a comparison.
    Typed operand(Level& level, const Expression& expression) noexcept;
    Typed compare(Level& level, const Expression& expression,
                  relation::Comparison comparison) noexcept;
    Typed is(Level& level, const Expression& expression) noexcept;
    Typed between(Level& level, const Expression& expression) noexcept;
    Typed in_list(Level& level, const Expression& expression) noexcept;
    Typed case_of(Level& level, const Expression& expression) noexcept;

    // ---- functions and subqueries: bind_function.cpp ----

    Typed function(Level& level, const Expression& expression) noexcept;
    Typed aggregate(Level& level, const Expression& expression, query::AggregateKind kind) noexcept;
    void refuse_function(const Expression& expression) noexcept;
    std::uint32_t add_aggregate(Grouping& grouping, const query::Aggregate& aggregate) noexcept;
    bool has_aggregate(const Expression& expression) noexcept;
    Typed subquery(Level& level, const Expression& expression) noexcept;
    Typed in_select(Level& level, const Expression& expression) noexcept;
    Typed correlated(const Outer& outer, query::Subplan::Kind kind, const query::Node* node,
                     const Scalar* wanted, bool negated) noexcept;

    // ---- FROM: bind_from.cpp ----

    Item* sources(Level& level, const List<Source>& list) noexcept;
    Item* source(Level& level, const Source& source) noexcept;
    Leaf* leaf(Level& level, std::string_view name, std::uint32_t column_count) noexcept;
    Item* item(const Item& item) noexcept;
    Item* table(Level& level, const Source& source) noexcept;
    void check_index(const relation::TableDefinition& table, const Name& index) noexcept;
    void versions(Level& level, Leaf& leaf, const Period& period) noexcept;
    Item* table(Level& level, const relation::TableDefinition& table, std::string_view name,
                const relation::Moment* moment) noexcept;
    Item* virtual_table(Level& level, const Source& source, relation::Tables tables,
                        const relation::Moment* moment) noexcept;
    Item* subselect(Level& level, const Source& source) noexcept;
    Item* view(Level& level, const Source& source, const relation::TableDefinition& view,
               relation::Tables tables, const relation::Moment* moment) noexcept;
    Relation rows_of_view(const relation::TableDefinition& view, relation::Tables tables,
                          const relation::Moment* moment, Place place) noexcept;
    Item* selected(Level& level, const Relation& rows, std::string_view name) noexcept;
    void name_column(Level& level, const NamedColumn& column) noexcept;
    void join(Level& level, const Source& source, Item& item, std::size_t middle) noexcept;
    void join_using(Level& level, Item& item, const Name& name, std::size_t middle) noexcept;
    void natural(Level& level, Item& item, std::size_t middle) noexcept;
    void add_conditions(const Level& level, Growing<Conjunct>& list, const Scalar& scalar) noexcept;
    const Scalar* as_list(const Scalar& scalar) noexcept;

    // ---- time: bind_time.cpp ----

    const relation::Moment* moment(bool is_now, std::uint64_t commit,
                                   relation::Tables tables) noexcept;
    const relation::Moment* now() noexcept {
        return default_moment_ != nullptr ? default_moment_ : moment(true, 0, environment_.tables);
    }
    const relation::Moment* moment_of(const Point& point, const Scalar& value,
                                      relation::Tables tables) noexcept;
    Value point(const Point& point) noexcept;
    // The same, and what it is made of, if that has parameters.
    Value point(const Point& point, const Scalar*& slot) noexcept;
    std::uint64_t commit_of(const Point& point, const Value& value) noexcept;
    relation::Tables tables_of(std::uint64_t commit, Place place) noexcept;

    // ---- SELECT: bind_select.cpp ----

    struct Ordered {
        std::span<query::SortTerm> terms{};
        Growing<Typed> columns{};  // The results, and behind them what is sorted by alone.
    };
    Relation select(Outer* outer, const Select& select) noexcept;
    const query::Node* limited(Outer* outer, const Select& select,
                               const query::Node* below) noexcept;
    void add_where(Level& level, Growing<Conjunct>& conditions, const Expression& where) noexcept;
    Relation arm(Outer* outer, const Select& select, const Arm& arm) noexcept;
    Planned one_row(const Level& level) noexcept;
    bool has_groups(const Arm& arm, const Select& select) noexcept;
    const Expression& by_number(const Level& level, const Expression& expression,
                                std::string_view clause) noexcept;
    Operands group_keys(Level& level, const Arm& arm) noexcept;
    const query::Node* aggregated(const query::Node& rows, Places places, const Grouping& grouping,
                                  const Scalar* having) noexcept;
    const query::Node* projected(const query::Node* rows, std::span<const Typed> columns,
                                 Places places) noexcept;
    const query::Node* narrowed(const query::Node* rows, std::uint32_t width) noexcept;
    Operands first_columns(std::uint32_t count) noexcept;
    void name_results(Level& level, const List<ResultColumn>& columns, Growing<Typed>& results,
                      Relation& into) noexcept;
    void star(Level& level, const ResultColumn& column, Growing<Typed>& results,
              Growing<std::string_view>& names) noexcept;
    [[nodiscard]] std::string_view name_of(const Level& level,
                                           const ResultColumn& column) const noexcept;
    Ordered ordered(Level& level, const Select& select, const Growing<Typed>& results) noexcept;
    std::uint32_t ordered_by(Level& level, const Expression& expression, Ordered& ordered) noexcept;
    std::uint32_t numbered(const Expression& expression, std::size_t count) noexcept;
    std::span<const KeyOrder> wanted(const Ordered& ordered) noexcept;
    std::span<const KeyOrder> wanted(const Grouping& grouping) noexcept;
    Planned first_of(const Level& level, const Planned& rows) noexcept;
    const query::Node* sorted(const query::Node* rows, const Ordered& ordered, bool distinct,
                              std::uint32_t width) noexcept;
    Relation values(Outer* outer, const Arm& arm) noexcept;
    std::string_view value_name(std::size_t index) noexcept;
    Relation compound(Outer* outer, const Select& select) noexcept;
    const query::Node* put_together(SetOperator set_operator, const query::Node* left,
                                    const query::Node* right) noexcept;
    Ordered compound_order(const Select& select, const Relation& rows) noexcept;

    Binder& binder_;
    Environment& environment_;
    Arena& memory_;
    const relation::Moment* default_moment_ = nullptr;  // Within a view of the past.
    std::uint32_t view_depth_ = 0;
    bool is_in_where_ = false;  // Or in VALUES of INSERT, and in no SELECT within.
    bool has_failed_ = false;
};

}  // namespace freshet::sql
