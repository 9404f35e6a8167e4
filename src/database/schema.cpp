// SPDX-License-Identifier: MIT
// CREATE, ALTER and DROP: each makes a definition of the one that is there, and writes it.
#include "sql/schema.hpp"

#include "base/sql_error.hpp"
#include "database/run.hpp"
#include "relation/alter.hpp"
#include "relation/catalog.hpp"
#include "sql/virtual_tables.hpp"

namespace freshet::database {
namespace {

using relation::CatalogChange;
using relation::TableDefinition;

// One change of the catalog; the first failure ends it.
class SchemaChange {
public:
    SchemaChange(Prepared& prepared, SqlError& error) noexcept
        : prepared_{prepared},
          session_{prepared.session},
          error_{error},
          environment_{.memory = *prepared.arena,
                       .error = error,
                       .text = prepared.text,
                       .tables = prepared.session.tables,
                       .newest = prepared.session.tables,
                       .parameters = prepared.parameters,
                       .now = &prepared.now,
                       .virtual_tables = sql::virtual_tables()} {}

    Status run() noexcept {
        const sql::Statement& statement = *prepared_.statement;
        switch (statement.kind) {
            case sql::StatementKind::create_table: return create(*statement.create_table);
            case sql::StatementKind::create_index: return create(*statement.create_index);
            case sql::StatementKind::drop_table: return drop_table(*statement.drop);
            case sql::StatementKind::drop_index: return drop_index(*statement.drop);
            case sql::StatementKind::alter_table: return alter(*statement.alter_table);
            case sql::StatementKind::create_view: return create(*statement.create_view);
            case sql::StatementKind::drop_view: return drop_view(*statement.drop);
            default: return reindex(statement.name);
        }
    }

private:
    Status fail(Error error, sql::Place place) noexcept {
        if (error_.size == 0 && error_.offset == 0) {
            error_.offset = place.offset;
            error_.size = place.size;
        }
        if (error_.error.code == Code::none && error.code == Code::out_of_memory)
            return relation::refuse_for_memory(error_);
        return explain(session_, error, error_);
    }
    template <class T>
    Status fail(const Result<T>& result, sql::Place place) noexcept {
        return fail(result.error(), place);
    }

    Result<sql::Ids> ids() const noexcept {
        const Result<std::uint32_t> first = relation::next_ids(prepared_.present.rows);
        if (!first) return first.error();
        return sql::Ids{.table = *first, .first_index = *first + 1};
    }

    Status write(CatalogChange change, const TableDefinition& table, sql::Place place) noexcept {
        const Status written = relation::write_definition(session_.transaction, change, table,
                                                          *prepared_.arena, error_);
        return written ? written : fail(written, place);
    }

    Status create(const sql::CreateTable& create) noexcept {
        const sql::Place place = create.name.place;
        const bool is_there = relation::find_table(session_.tables, create.name.text) != nullptr;
        if (is_there && create.if_not_exists) return Done{};
        Status free = relation::need_free_name(session_.tables, create.name.text, error_);
        if (!free) return fail(free, place);
        const Result<sql::Ids> next = ids();
        if (!next) return fail(next, place);
        const Result<TableDefinition> table = sql::make_table(create, *next, environment_);
        if (!table) return fail(table, place);
        for (const relation::Index& index : table->indexes) {
            free = relation::need_free_name(session_.tables, index.name, error_);
            if (!free) return fail(free, place);
        }
        return write(CatalogChange::create, *table, place);
    }

    // Of the words of the SELECT, which has to mean something now.
    Status create(const sql::CreateView& create) noexcept {
        const sql::Place place = create.name.place;
        if (create.temporary)
            return refuse_at(error_, place, Code::invalid_argument, {"a view cannot be TEMPORARY"},
                             {"leave the word out; DROP VIEW takes it away"});
        const bool is_there = relation::find_table(session_.tables, create.name.text) != nullptr;
        if (is_there && create.if_not_exists) return Done{};
        const Status free = relation::need_free_name(session_.tables, create.name.text, error_);
        if (!free) return fail(free, place);
        if (prepared_.statement->parameter_count > 0)
            return refuse_at(error_, place, Code::invalid_argument,
                             {"a view cannot have parameters"}, {"write the values there"});
        sql::Binder binder{environment_};
        const Result<sql::QueryPlan> rows = binder.select(*create.select);
        if (!rows) return fail(rows, place);
        const Result<sql::Ids> next = ids();
        if (!next) return fail(next, place);
        const Result<TableDefinition> view = sql::make_view(create, *next, environment_);
        if (!view) return fail(view, place);
        if (!view->columns.empty() && view->columns.size() != rows->names.size())
            return refuse_at(error_, place, Code::invalid_argument,
                             {create.name.text, " names not as many columns as its SELECT gives"},
                             {"name each, or none"});
        return write(CatalogChange::create, *view, place);
    }

    Status drop_view(const sql::Drop& drop) noexcept {
        const TableDefinition* const found = relation::find_table(session_.tables, drop.name.text);
        if (found == nullptr && drop.if_exists) return Done{};
        const auto table = relation::need_table(session_.tables, drop.name.text, error_);
        if (!table) return fail(table, drop.name.place);
        if (!relation::is_view(**table))
            return refuse_at(error_, drop.name.place, Code::invalid_argument,
                             {drop.name.text, " is a table"}, {"DROP TABLE takes it away"});
        return write(CatalogChange::drop, **table, drop.name.place);
    }

    // Indexes follow from the log: there is nothing to make anew.
    Status reindex(const sql::Name& name) noexcept {
        if (name.empty() || relation::find_table(session_.tables, name.text) != nullptr)
            return Done{};
        const auto index = relation::need_index(session_.tables, name.text, error_);
        return index ? Status{Done{}} : fail(index, name.place);
    }

    // One that has rows.
    Result<const TableDefinition*> need_table(const sql::Name& name) noexcept {
        const auto table = relation::need_table(session_.tables, name.text, error_);
        if (!table) return fail(table, name.place).error();
        if (!relation::is_view(**table)) return table;
        return refuse_at(error_, name.place, Code::invalid_argument, {name.text, " is a view"},
                         {"DROP VIEW and CREATE VIEW make another one of it"});
    }

    Status create(const sql::CreateIndex& create) noexcept {
        const sql::Place place = create.name.place;
        const bool is_there =
            relation::find_index(session_.tables, create.name.text).index != nullptr;
        if (is_there && create.if_not_exists) return Done{};
        const Status free = relation::need_free_name(session_.tables, create.name.text, error_);
        if (!free) return fail(free, place);
        const auto table = need_table(create.table);
        if (!table) return table.error();
        const Result<sql::Ids> next = ids();
        if (!next) return fail(next, place);
        const auto changed = sql::add_index(
            **table, create, sql::Ids{.table = 0, .first_index = next->table}, environment_);
        if (!changed) return fail(changed, place);
        return write(CatalogChange::create_index, *changed, place);
    }

    Status drop_table(const sql::Drop& drop) noexcept {
        if (drop.if_exists && relation::find_table(session_.tables, drop.name.text) == nullptr)
            return Done{};
        const auto table = need_table(drop.name);
        if (!table) return table.error();
        const Status free = relation::is_unreferenced(session_.tables, **table, error_);
        if (!free) return fail(free, drop.name.place);
        return write(CatalogChange::drop, **table, drop.name.place);
    }

    Status drop_index(const sql::Drop& drop) noexcept {
        const sql::Place place = drop.name.place;
        if (drop.if_exists &&
            relation::find_index(session_.tables, drop.name.text).index == nullptr)
            return Done{};
        const auto found = relation::need_index(session_.tables, drop.name.text, error_);
        if (!found) return fail(found, place);
        const Status free = relation::is_unreferenced(session_.tables, *found, error_);
        if (!free) return fail(free, place);
        const auto changed =
            relation::drop_index(*found->table, drop.name.text, *prepared_.arena, error_);
        if (!changed) return fail(changed, place);
        return write(CatalogChange::drop_index, *changed, place);
    }

    Status alter(const sql::AlterTable& alter) noexcept {
        const auto table = need_table(alter.table);
        if (!table) return table.error();
        const sql::Place place = alter.column == nullptr ? alter.name.place : alter.column->place;
        if (alter.kind == sql::AlterTable::Kind::rename_table) {
            const Status free =
                relation::need_free_name(session_.tables, alter.new_name.text, error_);
            if (!free) return fail(free, alter.new_name.place);
        }
        const Result<TableDefinition> changed = altered(**table, alter);
        if (!changed) return fail(changed, place);
        return write(CatalogChange::alter, *changed, place);
    }

    Result<TableDefinition> altered(const TableDefinition& table,
                                    const sql::AlterTable& alter) noexcept {
        using Kind = sql::AlterTable::Kind;
        switch (alter.kind) {
            case Kind::add_column:
                return sql::add_column(table, *alter.column, sql::Ids{}, environment_);
            case Kind::drop_column:
                return relation::drop_column(table, alter.name.text, *prepared_.arena, error_);
            case Kind::rename_column: return sql::rename_column(table, alter, environment_);
            case Kind::rename_table: break;
        }
        return relation::rename_table(table, alter.new_name.text, error_);
    }

    Prepared& prepared_;
    Session& session_;
    SqlError& error_;
    sql::Environment environment_;
};

}  // namespace

Status run_schema(Prepared& p, SqlError& error) noexcept {
    WriteScope scope{p.session};
    Status done = scope.open(error);
    if (done) done = open_present(p, error);
    if (done) done = SchemaChange{p, error}.run();
    return done ? scope.keep(error) : done;
}

}  // namespace freshet::database
