// SPDX-License-Identifier: MIT
// CREATE, DROP and ALTER.
#include "sql/parser.hpp"

namespace freshet::sql {
bool Parser::if_not_exists() noexcept {
    if (!at(Word::if_) || peek(1).word != Word::not_) return false;
    advance();
    advance();
    expect(Word::exists);
    return true;
}

void Parser::create(Statement& statement) noexcept {
    advance();
    const bool temporary = accept(Word::temp) || accept(Word::temporary);
    if (accept(Word::view)) return create_view(statement, temporary);
    if (!temporary) {
        if (accept(Word::table)) return create_table(statement);
        if (accept(Word::index)) return create_index(statement, false);
        if (accept(Word::stream)) return create_stream(statement);
        if (accept(Word::unique)) {
            expect(Word::index);
            return create_index(statement, true);
        }
    }
    unexpected("TABLE, [UNIQUE] INDEX, VIEW or STREAM",
               std::array{Word::table, Word::unique, Word::index, Word::view, Word::stream});
}

void Parser::create_table(Statement& statement) noexcept {
    auto* const table = make<CreateTable>();
    statement.kind = StatementKind::create_table;
    statement.create_table = table;
    table->if_not_exists = if_not_exists();
    table->name = name("the name of a table");
    expect(TokenKind::open);
    Appender columns{table->columns};
    Appender constraints{table->constraints};
    do table_item(columns, constraints);
    while (accept(TokenKind::comma));
    if (table->columns.empty()) unexpected("a column");
    expect(TokenKind::close);
    table_options();
}

// Columns come first, then what holds for the table.
void Parser::table_item(Appender<ColumnDefinition>& columns,
                        Appender<Constraint>& constraints) noexcept {
    const bool is_constraint = at(Word::constraint) || at(Word::primary) || at(Word::unique) ||
                               at(Word::check) || at(Word::foreign);
    if (is_constraint)
        constraints.push(constraint(&Parser::table_constraint));
    else
        columns.push(column_definition());
}

// Every table is what they ask for.
void Parser::table_options() noexcept {
    do {
        if (accept(Word::without)) {
            expect(Word::rowid);
        } else if (accept(Word::with)) {
            expect(Word::system);
            expect(Word::versioning);
        } else if (!accept(Word::strict)) {
            return;
        }
    } while (accept(TokenKind::comma) || !has_failed());
}

ColumnDefinition* Parser::column_definition() noexcept {
    auto* const column = make<ColumnDefinition>();
    const std::uint32_t start = token_.place.offset;
    column->name = name("the name of a column");
    column->type = type_name();
    Appender constraints{column->constraints};
    while (at_column_constraint()) constraints.push(constraint(&Parser::column_constraint));
    column->place = since(start);
    return column;
}

bool Parser::at_column_constraint() const noexcept {
    switch (token_.word) {
        case Word::constraint:
        case Word::primary:
        case Word::auto_increment:
        case Word::autoincrement:
        case Word::not_:
        case Word::null:
        case Word::unique:
        case Word::default_:
        case Word::check:
        case Word::references: return true;
        default: return false;
    }
}

Constraint* Parser::constraint(void (Parser::*rule)(Constraint&) noexcept) noexcept {
    auto* const constraint = make<Constraint>();
    const std::uint32_t start = token_.place.offset;
    if (accept(Word::constraint)) constraint->name = name("the name of a constraint");
    (this->*rule)(*constraint);
    constraint->place = since(start);
    return constraint;
}

void Parser::column_constraint(Constraint& constraint) noexcept {
    using Kind = Constraint::Kind;
    if (accept(Word::primary)) {
        expect(Word::key);
        constraint.order = order();
        constraint.auto_increment = accept(Word::autoincrement) || accept(Word::auto_increment);
    } else if (accept(Word::autoincrement) || accept(Word::auto_increment)) {
        constraint.kind = Kind::auto_increment;
    } else if (accept(Word::not_)) {
        constraint.kind = Kind::not_null;
        expect(Word::null);
    } else if (accept(Word::null)) {
        constraint.kind = Kind::null;
    } else if (accept(Word::unique)) {
        constraint.kind = Kind::unique;
    } else if (accept(Word::default_)) {
        default_value(constraint);
    } else if (accept(Word::check)) {
        check(constraint);
    } else if (at(Word::references)) {
        constraint.kind = Kind::foreign_key;
        constraint.reference = foreign_key();
    } else {
        unexpected("a constraint");
    }
}

void Parser::default_value(Constraint& constraint) noexcept {
    constraint.kind = Constraint::Kind::default_value;
    const bool is_free = at(TokenKind::open);
    const Place place = token_.place;
    constraint.value = expression(Precedence::unary);
    if (has_failed() || is_free || is_literal(*constraint.value)) return;
    fail(Code::syntax, place, {"a default is a literal, or stands in parentheses"},
         {"put it in parentheses; a text stands between ' and '"});
}

void Parser::check(Constraint& constraint) noexcept {
    constraint.kind = Constraint::Kind::check;
    expect(TokenKind::open);
    constraint.value = expression();
    expect(TokenKind::close);
}

void Parser::table_constraint(Constraint& constraint) noexcept {
    using Kind = Constraint::Kind;
    if (accept(Word::primary)) {
        expect(Word::key);
        constraint.columns = key_columns();
    } else if (accept(Word::unique)) {
        constraint.kind = Kind::unique;
        constraint.columns = key_columns();
    } else if (accept(Word::check)) {
        check(constraint);
    } else if (accept(Word::foreign)) {
        expect(Word::key);
        constraint.kind = Kind::foreign_key;
        constraint.columns = key_columns();
        constraint.reference = foreign_key();
    } else {
        unexpected("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY");
    }
}

ForeignKey* Parser::foreign_key() noexcept {
    auto* const key = make<ForeignKey>();
    expect(Word::references);
    key->table = name("the name of a table");
    if (at(TokenKind::open)) key->columns = names_in_parentheses();
    while (accept(Word::on)) {
        const bool is_deletion = accept(Word::delete_);
        if (!is_deletion && !accept(Word::update))
            unexpected("DELETE or UPDATE", std::array{Word::delete_, Word::update});
        (is_deletion ? key->on_delete : key->on_update) = reference_action();
    }
    return key;
}

ReferenceAction Parser::reference_action() noexcept {
    if (accept(Word::restrict)) return ReferenceAction::restrict;
    if (accept(Word::cascade)) return ReferenceAction::cascade;
    if (accept(Word::set, Word::null)) return ReferenceAction::set_null;
    if (accept(Word::no, Word::action)) return ReferenceAction::no_action;
    unexpected("RESTRICT, CASCADE, SET NULL or NO ACTION",
               std::array{Word::restrict, Word::cascade, Word::set, Word::no});
    return ReferenceAction::none;
}

KeyColumn* Parser::key_column() noexcept {
    auto* const column = make<KeyColumn>();
    column->name = name("the name of a column");
    column->order = order();
    return column;
}

List<KeyColumn> Parser::key_columns() noexcept {
    expect(TokenKind::open);
    const List<KeyColumn> columns = list(&Parser::key_column);
    expect(TokenKind::close);
    return columns;
}

// USING may stand before or behind the table.
void Parser::create_index(Statement& statement, bool unique) noexcept {
    auto* const index = make<CreateIndex>();
    statement.kind = StatementKind::create_index;
    statement.create_index = index;
    index->unique = unique;
    index->if_not_exists = if_not_exists();
    index->name = name("the name of an index");
    index_method(*index);
    expect(Word::on);
    index->table = name("the name of a table");
    index_method(*index);
    index->columns = key_columns();
    index_method(*index);
}

void Parser::index_method(CreateIndex& index) noexcept {
    if (!accept(Word::using_)) return;
    index.hash = accept(Word::hash);
    if (!index.hash && !accept(Word::btree))
        unexpected("HASH or BTREE", std::array{Word::hash, Word::btree});
}

void Parser::create_view(Statement& statement, bool temporary) noexcept {
    auto* const view = make<CreateView>();
    statement.kind = StatementKind::create_view;
    statement.create_view = view;
    view->temporary = temporary;
    view->if_not_exists = if_not_exists();
    view->name = name("the name of a view");
    if (at(TokenKind::open)) view->columns = names_in_parentheses();
    expect(Word::as);
    view->select = select();
}

void Parser::create_stream(Statement& statement) noexcept {
    auto* const stream = make<CreateStream>();
    statement.kind = StatementKind::create_stream;
    statement.create_stream = stream;
    stream->name = expression();
}

void Parser::drop(Statement& statement) noexcept {
    auto* const drop = make<Drop>();
    advance();
    statement.drop = drop;
    if (accept(Word::table))
        statement.kind = StatementKind::drop_table;
    else if (accept(Word::index))
        statement.kind = StatementKind::drop_index;
    else if (accept(Word::view))
        statement.kind = StatementKind::drop_view;
    else
        unexpected("TABLE, INDEX or VIEW", std::array{Word::table, Word::index, Word::view});
    drop->if_exists = accept(Word::if_, Word::exists);
    drop->name = name("the name of what is dropped");
}

void Parser::alter_table(Statement& statement) noexcept {
    using Kind = AlterTable::Kind;
    auto* const alter = make<AlterTable>();
    statement.kind = StatementKind::alter_table;
    statement.alter_table = alter;
    advance();
    expect(Word::table);
    alter->table = name("the name of a table");
    if (accept(Word::add)) {
        accept(Word::column);
        alter->column = column_definition();
    } else if (accept(Word::drop)) {
        alter->kind = Kind::drop_column;
        accept(Word::column);
        alter->name = name("the name of a column");
    } else if (accept(Word::rename)) {
        alter->kind = accept(Word::to) ? Kind::rename_table : Kind::rename_column;
        if (alter->kind == Kind::rename_column) {
            accept(Word::column);
            alter->name = name("the name of a column, or TO");
            expect(Word::to);
        }
        alter->new_name = name("a new name");
    } else {
        unexpected("ADD, DROP or RENAME", std::array{Word::add, Word::drop, Word::rename});
    }
}

}  // namespace freshet::sql
