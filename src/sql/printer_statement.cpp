// SPDX-License-Identifier: MIT
#include "sql/printer.hpp"

namespace freshet::sql {
namespace {

std::string_view text_of(Order order) noexcept {
    return order == Order::none ? "" : order == Order::ascending ? " ASC" : " DESC";
}

std::string_view text_of(ReferenceAction action) noexcept {
    switch (action) {
        case ReferenceAction::none: return "";
        case ReferenceAction::no_action: return "NO ACTION";
        case ReferenceAction::restrict: return "RESTRICT";
        case ReferenceAction::cascade: return "CASCADE";
        case ReferenceAction::set_null: return "SET NULL";
    }
    return "";
}

std::string_view text_of(Conflict conflict) noexcept {
    switch (conflict) {
        case Conflict::none: return "";
        case Conflict::abort: return " OR ABORT";
        case Conflict::fail: return " OR FAIL";
        case Conflict::ignore: return " OR IGNORE";
        case Conflict::replace: return " OR REPLACE";
        case Conflict::rollback: return " OR ROLLBACK";
    }
    return "";
}

std::string_view text_of(Begin::Mode mode) noexcept {
    switch (mode) {
        case Begin::Mode::none: return "";
        case Begin::Mode::deferred: return " DEFERRED";
        case Begin::Mode::immediate: return " IMMEDIATE";
        case Begin::Mode::exclusive: return " EXCLUSIVE";
        case Begin::Mode::read_only: return " READ ONLY";
        case Begin::Mode::read_write: return " READ WRITE";
    }
    return "";
}

}  // namespace

Printer& Printer::clause(std::string_view word, const Expression* value) noexcept {
    if (value != nullptr) text(word).put(*value);
    return *this;
}

Printer& Printer::optional_name(std::string_view word, const Name& value) noexcept {
    return value.empty() ? *this : text(word).name(value.text);
}

Printer& Printer::index(const Name& index, bool not_indexed) noexcept {
    return optional_name(" INDEXED BY ", index).text(not_indexed ? " NOT INDEXED" : "");
}

Printer& Printer::names(const List<ListedName>& names) noexcept {
    std::string_view separator = "(";
    for (const ListedName& listed : names) {
        text(separator).name(listed.name.text);
        separator = ", ";
    }
    return text(")");
}

Printer& Printer::columns(const List<KeyColumn>& columns) noexcept {
    return text("(").list(columns).text(")");
}

void Printer::put(const Statement& statement) noexcept {
    if (statement.explain != Explain::none)
        text(statement.explain == Explain::explain ? "EXPLAIN " : "EXPLAIN QUERY PLAN ");
    body(statement);
}

void Printer::body(const Statement& statement) noexcept {
    switch (statement.kind) {
        case StatementKind::select: return put(*statement.select);
        case StatementKind::insert: return put(*statement.insert);
        case StatementKind::update: return put(*statement.update);
        case StatementKind::delete_rows: return put(*statement.delete_rows);
        case StatementKind::create_table: return put(*statement.create_table);
        case StatementKind::create_index: return put(*statement.create_index);
        case StatementKind::create_view: return put(*statement.create_view);
        case StatementKind::create_stream:
            clause("CREATE STREAM ", statement.create_stream->name);
            return;
        case StatementKind::drop_table: return drop("TABLE ", *statement.drop);
        case StatementKind::drop_index: return drop("INDEX ", *statement.drop);
        case StatementKind::drop_view: return drop("VIEW ", *statement.drop);
        case StatementKind::alter_table: return put(*statement.alter_table);
        case StatementKind::reindex: text("REINDEX").optional_name(" ", statement.name); return;
        case StatementKind::append: return put(*statement.append);
        case StatementKind::assertion:
            clause("ASSERT ", statement.assertion->condition);
            clause(", ", statement.assertion->message);
            return;
        case StatementKind::begin: return put(*statement.begin);
        case StatementKind::commit: text("COMMIT"); return;
        case StatementKind::rollback:
            text("ROLLBACK").optional_name(" TO SAVEPOINT ", statement.name);
            return;
        case StatementKind::save: clause("SAVE AS ", statement.saved_as); return;
        case StatementKind::savepoint: text("SAVEPOINT ").name(statement.name.text); return;
        case StatementKind::release: text("RELEASE SAVEPOINT ").name(statement.name.text); return;
        case StatementKind::pragma: return put(*statement.pragma);
        case StatementKind::set_system_time:
            text("SET SYSTEM_TIME = ");
            if (statement.set_system_time->point.kind != Point::Kind::none)
                return put(statement.set_system_time->point);
            text("DEFAULT");
    }
}

void Printer::put(const CreateTable& table) noexcept {
    text(table.if_not_exists ? "CREATE TABLE IF NOT EXISTS " : "CREATE TABLE ");
    name(table.name.text).text(" (").list(table.columns);
    if (!table.constraints.empty()) text(", ").list(table.constraints);
    text(")");
}

void Printer::put(const ColumnDefinition& column) noexcept {
    name(column.name.text);
    if (!column.type.text.empty()) text(" ").type(column.type);
    for (const Constraint& constraint : column.constraints) text(" ").put(constraint);
}

void Printer::put(const Constraint& constraint) noexcept {
    using Kind = Constraint::Kind;
    if (!constraint.name.empty()) text("CONSTRAINT ").name(constraint.name.text).text(" ");
    switch (constraint.kind) {
        case Kind::primary_key:
            text("PRIMARY KEY").text(text_of(constraint.order));
            text(constraint.auto_increment ? " AUTOINCREMENT" : "");
            break;
        case Kind::auto_increment: text("AUTO_INCREMENT"); break;
        case Kind::not_null: text("NOT NULL"); break;
        case Kind::null: text("NULL"); break;
        case Kind::unique: text("UNIQUE"); break;
        case Kind::default_value:
            text(is_literal(*constraint.value) ? "DEFAULT " : "DEFAULT (").put(*constraint.value);
            text(is_literal(*constraint.value) ? "" : ")");
            break;
        case Kind::check:
            text("CHECK (").put(*constraint.value);
            text(")");
            break;
        case Kind::foreign_key: text(constraint.columns.empty() ? "" : "FOREIGN KEY"); break;
    }
    if (!constraint.columns.empty()) text(" ").columns(constraint.columns);
    if (constraint.reference == nullptr) return;
    if (!constraint.columns.empty()) text(" ");
    put(*constraint.reference);
}

void Printer::put(const ForeignKey& key) noexcept {
    text("REFERENCES ").name(key.table.text);
    if (!key.columns.empty()) text(" ").names(key.columns);
    if (key.on_delete != ReferenceAction::none) text(" ON DELETE ").text(text_of(key.on_delete));
    if (key.on_update != ReferenceAction::none) text(" ON UPDATE ").text(text_of(key.on_update));
}

void Printer::put(const KeyColumn& column) noexcept {
    name(column.name.text).text(text_of(column.order));
}

void Printer::put(const CreateIndex& index) noexcept {
    text(index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    text(index.if_not_exists ? "IF NOT EXISTS " : "").name(index.name.text);
    text(" ON ").name(index.table.text).text(index.hash ? " USING HASH " : " ");
    columns(index.columns);
}

void Printer::put(const CreateView& view) noexcept {
    text(view.temporary ? "CREATE TEMPORARY VIEW " : "CREATE VIEW ");
    text(view.if_not_exists ? "IF NOT EXISTS " : "").name(view.name.text);
    if (!view.columns.empty()) text(" ").names(view.columns);
    text(" AS ").put(*view.select);
}

void Printer::drop(std::string_view what, const Drop& drop) noexcept {
    text("DROP ").text(what).text(drop.if_exists ? "IF EXISTS " : "").name(drop.name.text);
}

void Printer::put(const AlterTable& alter) noexcept {
    using Kind = AlterTable::Kind;
    text("ALTER TABLE ").name(alter.table.text);
    switch (alter.kind) {
        case Kind::add_column: return text(" ADD COLUMN ").put(*alter.column);
        case Kind::drop_column: text(" DROP COLUMN ").name(alter.name.text); return;
        case Kind::rename_column: text(" RENAME COLUMN ").name(alter.name.text); break;
        case Kind::rename_table: text(" RENAME"); break;
    }
    text(" TO ").name(alter.new_name.text);
}

void Printer::put(const Insert& insert) noexcept {
    text("INSERT").text(text_of(insert.conflict)).text(" INTO ").name(insert.table.text);
    optional_name(" AS ", insert.alias);
    if (!insert.columns.empty()) text(" ").names(insert.columns);
    if (insert.source != nullptr)
        text(" ").put(*insert.source);
    else
        text(" DEFAULT VALUES");
    each(insert.upserts).returning(insert.returning);
}

void Printer::put(const Upsert& upsert) noexcept {
    text(" ON CONFLICT ");
    if (!upsert.columns.empty()) columns(upsert.columns).text(" ");
    if (!upsert.update) {
        text("DO NOTHING");
        return;
    }
    text("DO UPDATE SET ").list(upsert.assignments).clause(" WHERE ", upsert.where);
}

void Printer::put(const Assignment& assignment) noexcept {
    name(assignment.column.text).text(" = ").put(*assignment.value);
}

void Printer::put(const Update& update) noexcept {
    text("UPDATE").text(text_of(update.conflict)).text(" ").name(update.table.text);
    optional_name(" AS ", update.alias).index(update.index, update.not_indexed);
    text(" SET ").list(update.assignments).clause(" WHERE ", update.where);
    clause(" EXPECT VERSION ", update.expected_version).returning(update.returning);
}

void Printer::put(const Delete& deletion) noexcept {
    text("DELETE FROM ").name(deletion.table.text).optional_name(" AS ", deletion.alias);
    index(deletion.index, deletion.not_indexed).clause(" WHERE ", deletion.where);
    clause(" EXPECT VERSION ", deletion.expected_version).returning(deletion.returning);
}

void Printer::put(const Append& append) noexcept {
    using Expectation = Append::Expectation;
    text("APPEND ").guarded(*append.stream);
    switch (append.expectation) {
        case Expectation::none: break;
        case Expectation::any: text(" EXPECT ANY"); break;
        case Expectation::no_stream: text(" EXPECT NO STREAM"); break;
        case Expectation::stream_exists: text(" EXPECT STREAM EXISTS"); break;
        case Expectation::version: text(" EXPECT ").guarded(*append.version);
    }
    text(" ").list(append.events);
}

void Printer::put(const NewEvent& event) noexcept {
    clause("(", event.type).clause(", ", event.payload);
    clause(", ", event.metadata).clause(", ", event.id).text(")");
}

void Printer::put(const Begin& begin) noexcept {
    text("BEGIN").text(text_of(begin.mode));
    if (!begin.options.empty()) text(" WITH (").list(begin.options).text(")");
}

void Printer::put(const Option& option) noexcept {
    name(option.name.text).text(" = ").put(*option.value);
}

void Printer::put(const Pragma& pragma) noexcept {
    text("PRAGMA ").name(pragma.name.text);
    if (pragma.is_assignment)
        clause(" = ", pragma.arguments.first);
    else if (!pragma.arguments.empty())
        text("(").list(pragma.arguments).text(")");
}

Result<std::string_view> print(const Statement& statement, std::span<char> into) noexcept {
    Printer printer{into};
    printer.put(statement);
    return printer.result();
}

Result<std::string_view> print(const Select& select, std::span<char> into) noexcept {
    Printer printer{into};
    printer.put(select);
    return printer.result();
}

Result<std::string_view> print(const Expression& expression, std::span<char> into) noexcept {
    Printer printer{into};
    printer.put(expression);
    return printer.result();
}

Result<std::string_view> print(const ColumnDefinition& column, std::span<char> into) noexcept {
    Printer printer{into};
    printer.put(column);
    return printer.result();
}

}  // namespace freshet::sql
