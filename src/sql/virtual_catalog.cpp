// SPDX-License-Identifier: MIT
// The relations of the catalog, by SQLite's names and with its columns, and the list of all virtual
// tables. Each tells how many rows it has, and fills in one by its number.
//
//      pragma_table_list([t])      tables
//      pragma_table_info(t)        columns; pragma_table_xinfo: with the pseudo-columns of history
//      pragma_index_list(t)        indexes, of UNIQUE and of CREATE INDEX; the primary key is none
//      pragma_index_info(i)        columns of an index
//      pragma_foreign_key_list(t)  columns of foreign keys
//      pragma_database_list, pragma_function_list, pragma_pragma_list, pragma_compile_options
//      sqlite_schema, sqlite_master, schema
//      information_schema.tables   as SQL has them: tables and views
//      information_schema.columns  and their columns
//      and those of virtual_state.cpp
//
// Of a table or an index that is not there, there are no rows.
#include "freshet/version.hpp"
#include "query/aggregate.hpp"
#include "query/function.hpp"
#include "sql/describe_table.hpp"
#include "sql/virtual_rows.hpp"
#include "sql/virtual_sources.hpp"
#include "sql/virtual_tables.hpp"

namespace freshet::sql {
namespace {

using relation::Column;
using relation::ColumnNumber;
using relation::TableDefinition;

// What rows are about.
struct Subject {
    relation::Tables tables{};
    std::string_view name{};  // The argument; empty: none.
    const TableDefinition* table = nullptr;
    relation::FoundIndex index{};
};

struct Relation {
    std::size_t width;
    std::size_t (*count)(const Subject& subject);
    Status (*fill)(const Subject& subject, std::size_t number, std::span<Value> row, Arena& texts);
};

constexpr Value flag(bool holds) noexcept {
    return Value::integer(holds ? 1 : 0);
}
Value number(std::size_t value) noexcept {
    return Value::integer(static_cast<std::int64_t>(value));
}

void assign(std::span<Value> row, std::initializer_list<Value> values) noexcept {
    std::size_t column = 0;
    for (const Value& value : values) row[column++] = value;
}

std::size_t live_count(const TableDefinition& table) noexcept {
    std::size_t count = 0;
    for (const Column& column : table.columns) count += relation::is_live(column) ? 1U : 0U;
    return count;
}
// Which place a column has among those that are there.
std::size_t place_of(const TableDefinition& table, ColumnNumber column) noexcept {
    std::size_t place = 0;
    for (ColumnNumber i = 0; i < column; i++)
        place += relation::is_live(table.columns[i]) ? 1U : 0U;
    return place;
}
ColumnNumber column_at(const TableDefinition& table, std::size_t place) noexcept {
    ColumnNumber column = 0;
    while (!relation::is_live(table.columns[column]) || place-- > 0) column++;
    return column;
}

std::string_view kind_of(const TableDefinition& table) noexcept {
    return relation::is_view(table) ? "view" : "table";
}

// ---- table_list ----

std::size_t count_tables(const Subject& subject) noexcept {
    if (!subject.name.empty()) return subject.table == nullptr ? 0 : 1;
    return subject.tables.size();
}
Status fill_table(const Subject& subject, std::size_t index, std::span<Value> row,
                  Arena& /*texts*/) noexcept {
    const TableDefinition& table =
        subject.table != nullptr ? *subject.table : subject.tables[index];
    assign(row, {Value::text("main"), Value::text(table.name), Value::text(kind_of(table)),
                 number(live_count(table)), flag(false), flag(true)});
    return Done{};
}

// ---- table_info, table_xinfo ----

struct PseudoColumn {
    std::string_view name;
    std::string_view type;
};
constexpr PseudoColumn pseudo_columns[] = {
    {"row_start", "TIMESTAMP"},
    {"row_end", "TIMESTAMP"},
    {"commit_start", "INT"},
    {"commit_end", "INT"},
};

std::size_t count_columns(const Subject& subject) noexcept {
    return subject.table == nullptr ? 0 : live_count(*subject.table);
}
std::size_t count_all_columns(const Subject& subject) noexcept {
    return subject.table == nullptr ? 0 : live_count(*subject.table) + std::size(pseudo_columns);
}
Status fill_column(const Subject& subject, std::size_t place, std::span<Value> row,
                   Arena& texts) noexcept {
    const TableDefinition& table = *subject.table;
    const ColumnNumber found = column_at(table, place);
    const Column& column = table.columns[found];
    const Result<Value> default_value = describe_default(column, texts);
    if (!default_value) return default_value.error();
    std::size_t key_place = 0;
    for (std::size_t i = 0; i < table.primary_key.size(); i++)
        if (table.primary_key[i].column == found) key_place = i + 1;
    assign(row, {number(place), Value::text(column.name), Value::text(column.declared_type),
                 flag(column.not_null), *default_value, number(key_place)});
    return Done{};
}
Status fill_any_column(const Subject& subject, std::size_t place, std::span<Value> row,
                       Arena& texts) noexcept {
    const std::size_t count = live_count(*subject.table);
    row[6] = flag(place >= count);
    if (place < count) return fill_column(subject, place, row, texts);
    const PseudoColumn& column = pseudo_columns[place - count];
    assign(row, {number(place), Value::text(column.name), Value::text(column.type), flag(false),
                 Value{}, flag(false)});
    return Done{};
}

// ---- information_schema ----

Status fill_schema_table(const Subject& subject, std::size_t index, std::span<Value> row,
                         Arena& /*texts*/) noexcept {
    const TableDefinition& table = subject.tables[index];
    assign(row, {Value::text("main"), Value::text("main"), Value::text(table.name),
                 Value::text(relation::is_view(table) ? "VIEW" : "BASE TABLE")});
    return Done{};
}

std::size_t count_schema_columns(const Subject& subject) noexcept {
    std::size_t count = 0;
    for (const TableDefinition& table : subject.tables) count += live_count(table);
    return count;
}
Status fill_schema_column(const Subject& subject, std::size_t place, std::span<Value> row,
                          Arena& texts) noexcept {
    const TableDefinition* table = subject.tables.data();
    for (; place >= live_count(*table); table++) place -= live_count(*table);
    const Column& column = table->columns[column_at(*table, place)];
    const Result<Value> default_value = describe_default(column, texts);
    if (!default_value) return default_value.error();
    assign(row, {Value::text("main"), Value::text("main"), Value::text(table->name),
                 Value::text(column.name), number(place + 1), *default_value,
                 Value::text(column.not_null ? "NO" : "YES"), Value::text(column.declared_type)});
    return Done{};
}

// ---- index_list, index_info ----

std::size_t count_indexes(const Subject& subject) noexcept {
    return subject.table == nullptr ? 0 : subject.table->indexes.size();
}
Status fill_index(const Subject& subject, std::size_t place, std::span<Value> row,
                  Arena& /*texts*/) noexcept {
    const relation::Index& index = subject.table->indexes[place];
    assign(row, {number(place), Value::text(index.name), flag(index.unique),
                 Value::text(index.is_constraint ? "u" : "c"), flag(false)});
    return Done{};
}

std::size_t count_index_columns(const Subject& subject) noexcept {
    return subject.index.index == nullptr ? 0 : subject.index.index->columns.size();
}
Status fill_index_column(const Subject& subject, std::size_t place, std::span<Value> row,
                         Arena& /*texts*/) noexcept {
    const TableDefinition& table = *subject.index.table;
    const ColumnNumber column = subject.index.index->columns[place].column;
    assign(row, {number(place), number(place_of(table, column)),
                 Value::text(table.columns[column].name)});
    return Done{};
}

// ---- foreign_key_list ----

std::size_t count_references(const Subject& subject) noexcept {
    if (subject.table == nullptr) return 0;
    std::size_t count = 0;
    for (const relation::ForeignKey& key : subject.table->foreign_keys) count += key.columns.size();
    return count;
}
std::string_view action_text(relation::ReferenceAction action) noexcept {
    switch (action) {
        case relation::ReferenceAction::no_action: break;
        case relation::ReferenceAction::restrict: return "RESTRICT";
        case relation::ReferenceAction::cascade: return "CASCADE";
        case relation::ReferenceAction::set_null: return "SET NULL";
    }
    return "NO ACTION";
}
Status fill_reference(const Subject& subject, std::size_t place, std::span<Value> row,
                      Arena& /*texts*/) noexcept {
    const TableDefinition& table = *subject.table;
    std::size_t id = 0;
    for (; place >= table.foreign_keys[id].columns.size(); id++)
        place -= table.foreign_keys[id].columns.size();
    const relation::ForeignKey& key = table.foreign_keys[id];
    const TableDefinition* const other = relation::find_table(subject.tables, key.table);
    const bool is_there = other != nullptr;
    assign(row, {number(id), number(place), is_there ? Value::text(other->name) : Value{},
                 Value::text(table.columns[key.columns[place]].name),
                 is_there ? Value::text(other->columns[key.referenced[place]].name) : Value{},
                 Value::text(action_text(key.on_update)), Value::text(action_text(key.on_delete)),
                 Value::text("NONE")});
    return Done{};
}

// ---- sqlite_schema ----

std::size_t count_schema(const Subject& subject) noexcept {
    std::size_t count = 0;
    for (const TableDefinition& table : subject.tables) count += 1 + table.indexes.size();
    return count;
}
// A table, then its indexes. Those of constraints have no SQL of their own.
Status fill_schema(const Subject& subject, std::size_t place, std::span<Value> row,
                   Arena& texts) noexcept {
    const TableDefinition* table = subject.tables.data();
    for (; place > table->indexes.size(); table++) place -= 1 + table->indexes.size();
    const relation::Index* const index = place == 0 ? nullptr : &table->indexes[place - 1];
    const bool has_text = index == nullptr || !index->is_constraint;
    Result<std::string_view> text = std::string_view{};
    if (index == nullptr)
        text = describe_table(subject.tables, *table, texts);
    else if (has_text)
        text = describe_index(*table, *index, texts);
    if (!text) return text.error();
    assign(row, {Value::text(index == nullptr ? kind_of(*table) : "index"),
                 Value::text(index == nullptr ? table->name : index->name),
                 Value::text(table->name), has_text ? Value::text(*text) : Value{}});
    return Done{};
}

// ---- what is the same for all stores ----

std::size_t count_one(const Subject& /*subject*/) noexcept {
    return 1;
}
Status fill_database(const Subject& /*subject*/, std::size_t /*place*/, std::span<Value> row,
                     Arena& /*texts*/) noexcept {
    assign(row, {number(0), Value::text("main"), Value::text({})});
    return Done{};
}

constexpr std::string_view aggregates[] = {"avg", "count",      "group_concat", "max",
                                           "min", "string_agg", "sum",          "total"};
std::size_t count_functions(const Subject& /*subject*/) noexcept {
    return query::all_functions().size() + std::size(aggregates);
}
Status fill_function(const Subject& /*subject*/, std::size_t place, std::span<Value> row,
                     Arena& /*texts*/) noexcept {
    const std::span<const query::Function> scalars = query::all_functions();
    const bool is_scalar = place < scalars.size();
    const std::string_view name =
        is_scalar ? scalars[place].name : aggregates[place - scalars.size()];
    const bool is_fixed = is_scalar && scalars[place].count_min == scalars[place].count_max;
    assign(row,
           {Value::text(name), flag(true), Value::text(is_scalar ? "s" : "a"), Value::text("utf8"),
            is_fixed ? number(scalars[place].count_min) : Value::integer(-1)});
    return Done{};
}

constexpr std::string_view pragma_prefix = "pragma_";
bool is_pragma(const VirtualTable& table) noexcept {
    return table.name.size() > pragma_prefix.size() &&
           std::string_view{table.name.data(), pragma_prefix.size()} == pragma_prefix;
}
std::size_t count_pragmas(const Subject& /*subject*/) noexcept {
    std::size_t count = 1;
    for (const VirtualTable& table : virtual_tables()) count += is_pragma(table) ? 1U : 0U;
    return count;
}
Status fill_pragma(const Subject& subject, std::size_t place, std::span<Value> row,
                   Arena& /*texts*/) noexcept {
    row[0] = Value::text(snapshot_pragma);
    if (place + 1 == count_pragmas(subject)) return Done{};
    const VirtualTable* table = virtual_tables().data();
    while (!is_pragma(*table) || place-- > 0) table++;
    std::string_view name = table->name;
    name.remove_prefix(pragma_prefix.size());
    row[0] = Value::text(name);
    return Done{};
}

constexpr std::string_view options[] = {
#if defined(__clang__)
    "COMPILER=clang-" __clang_version__,
#else
    "COMPILER=gcc-" __VERSION__,
#endif
    "THREADSAFE=1",
};
std::size_t count_options(const Subject& /*subject*/) noexcept {
    return std::size(options);
}
Status fill_option(const Subject& /*subject*/, std::size_t place, std::span<Value> row,
                   Arena& /*texts*/) noexcept {
    row[0] = Value::text(options[place]);
    return Done{};
}

// ---- all of them ----

constexpr Relation relations[] = {
    {6, count_tables, fill_table},
    {6, count_columns, fill_column},
    {7, count_all_columns, fill_any_column},
    {5, count_indexes, fill_index},
    {3, count_index_columns, fill_index_column},
    {8, count_references, fill_reference},
    {4, count_schema, fill_schema},
    {3, count_one, fill_database},
    {5, count_functions, fill_function},
    {1, count_pragmas, fill_pragma},
    {1, count_options, fill_option},
    {4, count_tables, fill_schema_table},
    {8, count_schema_columns, fill_schema_column},
};
enum RelationNumber : std::uint8_t {
    table_list,
    table_info,
    table_xinfo,
    index_list,
    index_info,
    foreign_key_list,
    schema,
    database_list,
    function_list,
    pragma_list,
    compile_options,
    schema_tables,
    schema_columns_of_all,
};

class CatalogRows final : public VirtualRows {
public:
    CatalogRows(query::Context& context, const Relation& relation, const Subject& subject) noexcept
        : VirtualRows{context, relation.width},
          relation_{relation},
          subject_{subject},
          count_{relation.count(subject)} {}

protected:
    Result<bool> step() noexcept override {
        if (next_ == count_) return false;
        next_++;
        return true;
    }
    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        return relation_.fill(subject_, next_ - 1, row, texts);
    }

private:
    const Relation& relation_;
    Subject subject_;
    std::size_t count_;
    std::size_t next_ = 0;
};

template <RelationNumber chosen>
Result<query::Rows*> open_catalog(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    const Result<Value> name = argument_of(question, 0, context.memory);
    if (!name) return name.error();
    Subject subject{.tables = question.moment->tables};
    if (name->type() == Type::text) {
        subject.name = name->as_text();
        subject.table = relation::find_table(subject.tables, subject.name);
        subject.index = relation::find_index(subject.tables, subject.name);
    }
    const Result<CatalogRows*> rows =
        query::make<CatalogRows>(context.memory, context, relations[chosen], subject);
    if (!rows) return rows.error();
    return static_cast<query::Rows*>(*rows);
}

template <RelationNumber chosen>
Result<const query::Source*> make_catalog(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_catalog<chosen>);
}

constexpr VirtualColumn table_list_columns[] = {text_column("schema"), text_column("name"),
                                                text_column("type"),   number_column("ncol"),
                                                number_column("wr"),   number_column("strict")};
constexpr VirtualColumn table_xinfo_columns[] = {
    number_column("cid"),     text_column("name"),       text_column("type"),
    number_column("notnull"), text_column("dflt_value"), number_column("pk"),
    number_column("hidden")};
constexpr auto table_info_columns = std::span{table_xinfo_columns}.first<6>();
constexpr VirtualColumn index_list_columns[] = {number_column("seq"), text_column("name"),
                                                number_column("unique"), text_column("origin"),
                                                number_column("partial")};
constexpr VirtualColumn index_info_columns[] = {number_column("seqno"), number_column("cid"),
                                                text_column("name")};
constexpr VirtualColumn foreign_key_columns[] = {
    number_column("id"), number_column("seq"),     text_column("table"),     text_column("from"),
    text_column("to"),   text_column("on_update"), text_column("on_delete"), text_column("match")};
constexpr VirtualColumn schema_columns[] = {text_column("type"), text_column("name"),
                                            text_column("tbl_name"), text_column("sql")};
constexpr VirtualColumn schema_table_columns[] = {
    text_column("table_catalog"), text_column("table_schema"), text_column("table_name"),
    text_column("table_type")};
constexpr VirtualColumn schema_column_columns[] = {
    text_column("table_catalog"), text_column("table_schema"),       text_column("table_name"),
    text_column("column_name"),   number_column("ordinal_position"), text_column("column_default"),
    text_column("is_nullable"),   text_column("data_type")};
constexpr VirtualColumn database_list_columns[] = {number_column("seq"), text_column("name"),
                                                   text_column("file")};
constexpr VirtualColumn function_list_columns[] = {text_column("name"), number_column("builtin"),
                                                   text_column("type"), text_column("enc"),
                                                   number_column("narg")};
constexpr VirtualColumn pragma_list_columns[] = {text_column("name")};
constexpr VirtualColumn compile_options_columns[] = {text_column("compile_options")};

constexpr VirtualTable all_tables[] = {
    {.name = "events", .columns = event_columns, .make = make_events},
    {.name = "streams", .columns = stream_columns, .make = make_streams},
    {.name = "commits", .columns = commit_columns, .make = make_commits},
    {.name = "commit_names", .columns = commit_name_columns, .make = make_commit_names},
    {.name = "changes", .columns = change_columns, .make = make_changes},
    {.name = "sqlite_schema", .columns = schema_columns, .make = make_catalog<schema>},
    {.name = "sqlite_master", .columns = schema_columns, .make = make_catalog<schema>},
    {.name = "schema", .columns = schema_columns, .make = make_catalog<schema>},
    {.name = "information_schema.tables",
     .columns = schema_table_columns,
     .make = make_catalog<schema_tables>},
    {.name = "information_schema.columns",
     .columns = schema_column_columns,
     .make = make_catalog<schema_columns_of_all>},
    {.name = "pragma_table_list",
     .columns = table_list_columns,
     .argument_count_max = 1,
     .make = make_catalog<table_list>},
    {.name = "pragma_table_info",
     .columns = table_info_columns,
     .argument_count_min = 1,
     .argument_count_max = 1,
     .make = make_catalog<table_info>},
    {.name = "pragma_table_xinfo",
     .columns = table_xinfo_columns,
     .argument_count_min = 1,
     .argument_count_max = 1,
     .make = make_catalog<table_xinfo>},
    {.name = "pragma_index_list",
     .columns = index_list_columns,
     .argument_count_min = 1,
     .argument_count_max = 1,
     .make = make_catalog<index_list>},
    {.name = "pragma_index_info",
     .columns = index_info_columns,
     .argument_count_min = 1,
     .argument_count_max = 1,
     .make = make_catalog<index_info>},
    {.name = "pragma_foreign_key_list",
     .columns = foreign_key_columns,
     .argument_count_min = 1,
     .argument_count_max = 1,
     .make = make_catalog<foreign_key_list>},
    {.name = "pragma_database_list",
     .columns = database_list_columns,
     .make = make_catalog<database_list>},
    {.name = "pragma_function_list",
     .columns = function_list_columns,
     .make = make_catalog<function_list>},
    {.name = "pragma_pragma_list",
     .columns = pragma_list_columns,
     .make = make_catalog<pragma_list>},
    {.name = "pragma_compile_options",
     .columns = compile_options_columns,
     .make = make_catalog<compile_options>},
    {.name = "pragma_data_version", .columns = data_version_columns, .make = make_data_version},
    {.name = "pragma_schema_version",
     .columns = schema_version_columns,
     .make = make_schema_version},
    {.name = "pragma_head", .columns = head_columns, .make = make_head},
    {.name = "pragma_horizon", .columns = horizon_columns, .make = make_horizon},
    {.name = "pragma_user_version", .columns = user_version_columns, .make = make_user_version},
    {.name = "pragma_application_id",
     .columns = application_id_columns,
     .make = make_application_id},
    {.name = "pragma_query_only", .columns = query_only_columns, .make = make_query_only},
    {.name = "pragma_synchronous", .columns = synchronous_columns, .make = make_synchronous},
    {.name = "pragma_system_time", .columns = system_time_columns, .make = make_system_time},
    {.name = "pragma_integrity_check", .columns = integrity_check_columns, .make = make_check},
    {.name = "pragma_quick_check", .columns = quick_check_columns, .make = make_check},
    {.name = "pragma_verify",
     .columns = verify_columns,
     .argument_count_max = 2,
     .make = make_verify},
    {.name = "pragma_retention",
     .columns = retention_columns,
     .argument_count_max = 1,
     .make = make_retention},
};

}  // namespace

std::span<const VirtualTable> virtual_tables() noexcept {
    return all_tables;
}

}  // namespace freshet::sql
