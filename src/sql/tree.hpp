// SPDX-License-Identifier: MIT
// Statements as they were written: plain structs in the arena of the statement. Names and texts
// are views of the statement's text, or of the arena where they were unescaped. Nothing is looked
// up: whether there is such a table is not asked here.
//
// Everything is as the words say it, but for spellings that mean the same: a == b is a = b,
// a NOTNULL is a IS NOT NULL, a IS DISTINCT FROM b is a IS NOT b, x IN t is x IN (SELECT * FROM t),
// LIMIT a, b is LIMIT b OFFSET a, END is COMMIT, REPLACE INTO is INSERT OR REPLACE INTO.
#pragma once

#include "sql/expression.hpp"

namespace freshet::sql {

// ---- select ----

enum class Order : std::uint8_t { none, ascending, descending };  // none: nothing was said.
enum class NullOrder : std::uint8_t { none, first, last };

struct OrderTerm {
    Expression* value = nullptr;
    Order order = Order::none;
    NullOrder nulls = NullOrder::none;
    OrderTerm* next = nullptr;
};

struct ResultColumn {
    enum class Kind : std::uint8_t { expression, star, table_star };
    Kind kind = Kind::expression;
    Place place{};
    Expression* value = nullptr;  // Of an expression.
    Name name{};                  // Its alias, or the table before the star.
    ResultColumn* next = nullptr;
};

// A moment: a commit's number, a time, or whatever the value turns out to be.
struct Point {
    enum class Kind : std::uint8_t { none, value, commit, timestamp };
    Kind kind = Kind::none;
    Expression* value = nullptr;
};

// FOR SYSTEM_TIME ...
struct Period {
    enum class Kind : std::uint8_t { none, as_of, from_to, between, contained_in, all };
    Kind kind = Kind::none;
    Place place{};
    Point from{};  // The moment of as_of.
    Point to{};
};

enum class Join : std::uint8_t { none, comma, plain, inner, cross, left, right, full };

// One of the sources of a FROM, and how it is joined to all those before it, from the left.
struct Source {
    enum class Kind : std::uint8_t { table, function, select, group };
    Kind kind = Kind::table;
    Join join = Join::none;  // none: it is the first. plain: JOIN alone, or NATURAL JOIN.
    bool natural = false;
    bool not_indexed = false;
    Place place{};
    Name name{};   // Of a table or function.
    Name alias{};  // Empty: none was given.
    Name index{};  // INDEXED BY.
    Period period{};
    List<Expression> arguments{};    // Of a function.
    const Select* select = nullptr;  // Of a select.
    List<Source> sources{};          // Of a group: those between its parentheses.
    Expression* on = nullptr;        // Null: none.
    List<ListedName> using_names{};  // Empty: none.
    Source* next = nullptr;
};

struct Row {
    List<Expression> values{};
    Place place{};
    Row* next = nullptr;
};

enum class SetOperator : std::uint8_t { none, union_all, union_distinct, intersect, except };

// SELECT ... HAVING, or VALUES ...: one arm of a compound.
struct Arm {
    SetOperator joined_by = SetOperator::none;  // To all those before it; none: it is the first.
    bool is_values = false;
    bool distinct = false;
    Place place{};
    List<Row> rows{};  // Of VALUES; everything below is of SELECT.
    List<ResultColumn> columns{};
    List<Source> from{};
    Expression* where = nullptr;
    List<Expression> group_by{};
    Expression* having = nullptr;
    Arm* next = nullptr;
};

struct Select {
    List<Arm> arms{};  // One at least.
    List<OrderTerm> order_by{};
    Expression* limit = nullptr;
    Expression* offset = nullptr;
    std::uint16_t height = 1;  // Of the highest of its expressions.
    Place place{};
};

// ---- tables ----

enum class ReferenceAction : std::uint8_t { none, no_action, restrict, cascade, set_null };

struct ForeignKey {
    Name table{};
    List<ListedName> columns{};  // Empty: the primary key.
    ReferenceAction on_delete = ReferenceAction::none;
    ReferenceAction on_update = ReferenceAction::none;
};

// A column of a key or an index.
struct KeyColumn {
    Name name{};
    Order order = Order::none;
    KeyColumn* next = nullptr;
};

// Of a column, or of a table.
struct Constraint {
    enum class Kind : std::uint8_t {
        primary_key,
        auto_increment,  // Written alone; behind PRIMARY KEY it is the flag below.
        not_null,
        null,
        unique,
        default_value,
        check,
        foreign_key,
    };
    Kind kind = Kind::primary_key;
    Order order = Order::none;    // Of a column's primary key.
    bool auto_increment = false;  // Of a column's primary key.
    Place place{};
    Name name{};                  // Empty: none was given.
    List<KeyColumn> columns{};    // Of a table's keys, and of its foreign key's own side.
    Expression* value = nullptr;  // Of a default and a check.
    ForeignKey* reference = nullptr;
    Constraint* next = nullptr;
};

struct ColumnDefinition {
    Name name{};
    TypeName type{};
    List<Constraint> constraints{};
    Place place{};
    ColumnDefinition* next = nullptr;
};

struct CreateTable {
    Name name{};
    bool if_not_exists = false;
    List<ColumnDefinition> columns{};
    List<Constraint> constraints{};
};

struct CreateIndex {
    Name name{};
    Name table{};
    bool unique = false;
    bool if_not_exists = false;
    bool hash = false;
    List<KeyColumn> columns{};
};

struct CreateView {
    Name name{};
    bool if_not_exists = false;
    bool temporary = false;
    List<ListedName> columns{};
    Select* select = nullptr;
};

struct Drop {
    Name name{};
    bool if_exists = false;
};

struct AlterTable {
    enum class Kind : std::uint8_t { add_column, drop_column, rename_column, rename_table };
    Kind kind = Kind::add_column;
    Name table{};
    ColumnDefinition* column = nullptr;  // Of add_column.
    Name name{};                         // What is dropped or renamed.
    Name new_name{};
};

// ---- changes ----

enum class Conflict : std::uint8_t { none, abort, fail, ignore, replace, rollback };

struct Assignment {
    Name column{};
    Expression* value = nullptr;
    Assignment* next = nullptr;
};

// ON CONFLICT ...
struct Upsert {
    List<KeyColumn> columns{};  // Empty: whatever the conflict is about.
    bool update = false;        // False: DO NOTHING.
    List<Assignment> assignments{};
    Expression* where = nullptr;
    Place place{};
    Upsert* next = nullptr;
};

struct Insert {
    Conflict conflict = Conflict::none;
    Name table{};
    Name alias{};
    List<ListedName> columns{};  // Empty: all of them.
    Select* source = nullptr;    // Null: DEFAULT VALUES.
    List<Upsert> upserts{};
    List<ResultColumn> returning{};
};

struct Update {
    Conflict conflict = Conflict::none;
    Name table{};
    Name alias{};
    Name index{};  // INDEXED BY.
    bool not_indexed = false;
    List<Assignment> assignments{};
    Expression* where = nullptr;
    Expression* expected_version = nullptr;
    List<ResultColumn> returning{};
};

struct Delete {
    Name table{};
    Name alias{};
    Name index{};  // INDEXED BY.
    bool not_indexed = false;
    Expression* where = nullptr;
    Expression* expected_version = nullptr;
    List<ResultColumn> returning{};
};

// ---- streams, transactions, the rest ----

struct NewEvent {
    Expression* type = nullptr;
    Expression* payload = nullptr;
    Expression* metadata = nullptr;  // Null: none was given, as for the id.
    Expression* id = nullptr;
    Place place{};
    NewEvent* next = nullptr;
};

struct Append {
    enum class Expectation : std::uint8_t { none, any, no_stream, stream_exists, version };
    Expression* stream = nullptr;
    Expectation expectation = Expectation::none;
    Expression* version = nullptr;
    List<NewEvent> events{};
};

struct CreateStream {
    Expression* name = nullptr;
};

struct Assert {
    Expression* condition = nullptr;
    Expression* message = nullptr;  // Null: none was given.
};

struct Option {
    Name name{};
    Expression* value = nullptr;
    Option* next = nullptr;
};

struct Begin {
    enum class Mode : std::uint8_t { none, deferred, immediate, exclusive, read_only, read_write };
    Mode mode = Mode::none;
    List<Option> options{};
};

// PRAGMA a = b and PRAGMA a(b) mean the same. A bare word is a column.
struct Pragma {
    Name name{};
    bool is_assignment = false;
    List<Expression> arguments{};
};

struct SetSystemTime {
    Point point{};  // none: DEFAULT.
};

// ---- statements ----

enum class StatementKind : std::uint8_t {
    select,
    insert,
    update,
    delete_rows,
    create_table,
    create_index,
    create_view,
    create_stream,
    drop_table,
    drop_index,
    drop_view,
    alter_table,
    reindex,
    append,
    assertion,
    begin,
    commit,
    rollback,  // With a name: to that savepoint.
    savepoint,
    release,
    pragma,
    save,
    set_system_time,
};

enum class Explain : std::uint8_t { none, explain, query_plan };

// A parameter that has a name, or that was numbered by hand.
struct Parameter {
    std::string_view name{};  // With its ':', '@', '$' or '?'.
    std::uint32_t number = 0;
    Parameter* next = nullptr;
    Parameter* next_in_bucket = nullptr;  // The parser's own.
};

inline constexpr std::uint32_t parameter_number_max = 32766;

struct Statement {
    StatementKind kind = StatementKind::select;
    Explain explain = Explain::none;
    Place place{};                      // Without its semicolon.
    std::uint32_t parameter_count = 0;  // The highest number of one.
    List<Parameter> parameters{};       // Those with names, each once, as they came.
    Name name{};  // Of a savepoint (release, rollback, savepoint), or what is reindexed.
    union {
        const Select* select = nullptr;
        const Insert* insert;
        const Update* update;
        const Delete* delete_rows;
        const CreateTable* create_table;
        const CreateIndex* create_index;
        const CreateView* create_view;
        const CreateStream* create_stream;
        const Drop* drop;  // Of tables, indexes and views.
        const AlterTable* alter_table;
        const Append* append;
        const Assert* assertion;
        const Begin* begin;
        const Pragma* pragma;
        const Expression* saved_as;
        const SetSystemTime* set_system_time;
    };
};

}  // namespace freshet::sql
