// SPDX-License-Identifier: MIT
// INSERT, UPDATE, DELETE and APPEND.
#include "sql/parser.hpp"

namespace freshet::sql {

// [OR action]
Conflict Parser::conflict() noexcept {
    if (!accept(Word::or_)) return Conflict::none;
    if (accept(Word::abort)) return Conflict::abort;
    if (accept(Word::fail)) return Conflict::fail;
    if (accept(Word::ignore)) return Conflict::ignore;
    if (accept(Word::replace)) return Conflict::replace;
    if (accept(Word::rollback)) return Conflict::rollback;
    unexpected("ABORT, FAIL, IGNORE, REPLACE or ROLLBACK",
               std::array{Word::abort, Word::fail, Word::ignore, Word::replace, Word::rollback});
    return Conflict::none;
}

void Parser::insert(Statement& statement) noexcept {
    auto* const insert = make<Insert>();
    statement.kind = StatementKind::insert;
    statement.insert = insert;
    if (accept(Word::replace)) {
        insert->conflict = Conflict::replace;
    } else {
        advance();
        insert->conflict = conflict();
    }
    expect(Word::into);
    insert->table = name("the name of a table");
    if (accept(Word::as)) insert->alias = name("a name");
    if (at(TokenKind::open)) insert->columns = names_in_parentheses();
    if (!accept(Word::default_, Word::values)) {
        if (!at_select())
            unexpected("VALUES, SELECT or DEFAULT VALUES",
                       std::array{Word::values, Word::select, Word::default_});
        insert->source = select();
    }
    Appender upserts{insert->upserts};
    while (at(Word::on)) upserts.push(upsert());
    insert->returning = returning();
}

Upsert* Parser::upsert() noexcept {
    auto* const upsert = make<Upsert>();
    const std::uint32_t start = token_.place.offset;
    expect(Word::on);
    expect(Word::conflict);
    if (at(TokenKind::open)) upsert->columns = key_columns();
    expect(Word::do_);
    if (!accept(Word::nothing)) {
        if (!at(Word::update))
            unexpected("NOTHING or UPDATE", std::array{Word::nothing, Word::update});
        advance();
        expect(Word::set);
        upsert->update = true;
        upsert->assignments = list(&Parser::assignment);
        if (accept(Word::where)) upsert->where = expression();
    }
    upsert->place = since(start);
    return upsert;
}

Assignment* Parser::assignment() noexcept {
    auto* const assignment = make<Assignment>();
    assignment->column = name("the name of a column");
    expect(TokenKind::equal);
    assignment->value = expression();
    return assignment;
}

void Parser::update(Statement& statement) noexcept {
    auto* const update = make<Update>();
    statement.kind = StatementKind::update;
    statement.update = update;
    advance();
    update->conflict = conflict();
    update->table = name("the name of a table");
    if (accept(Word::as)) update->alias = name("a name");
    indexed_by(update->index, update->not_indexed);
    expect(Word::set);
    update->assignments = list(&Parser::assignment);
    if (accept(Word::where)) update->where = expression();
    update->expected_version = expected_version();
    update->returning = returning();
}

void Parser::delete_rows(Statement& statement) noexcept {
    auto* const deletion = make<Delete>();
    statement.kind = StatementKind::delete_rows;
    statement.delete_rows = deletion;
    advance();
    expect(Word::from);
    deletion->table = name("the name of a table");
    if (accept(Word::as)) deletion->alias = name("a name");
    indexed_by(deletion->index, deletion->not_indexed);
    if (accept(Word::where)) deletion->where = expression();
    deletion->expected_version = expected_version();
    deletion->returning = returning();
}

Expression* Parser::expected_version() noexcept {
    if (!accept(Word::expect)) return nullptr;
    expect(Word::version);
    return expression();
}

void Parser::append(Statement& statement) noexcept {
    auto* const append = make<Append>();
    statement.kind = StatementKind::append;
    statement.append = append;
    advance();
    append->stream = expression(Precedence::concat);
    if (accept(Word::expect)) expectation(*append);
    append->events = list(&Parser::new_event);
}

void Parser::expectation(Append& append) noexcept {
    using Expectation = Append::Expectation;
    if (accept(Word::no, Word::stream)) {
        append.expectation = Expectation::no_stream;
    } else if (accept(Word::stream, Word::exists)) {
        append.expectation = Expectation::stream_exists;
    } else if (accept(Word::any)) {
        append.expectation = Expectation::any;
    } else {
        append.expectation = Expectation::version;
        append.version = expression(Precedence::unary);
    }
}

// ('Type', payload [, metadata [, id]])
NewEvent* Parser::new_event() noexcept {
    auto* const event = make<NewEvent>();
    const std::uint32_t start = token_.place.offset;
    expect(TokenKind::open);
    event->type = expression();
    if (!accept(TokenKind::comma)) unexpected("',' and a payload");
    event->payload = expression();
    if (accept(TokenKind::comma)) event->metadata = expression();
    if (event->metadata != nullptr && accept(TokenKind::comma)) event->id = expression();
    expect(TokenKind::close);
    event->place = since(start);
    return event;
}

}  // namespace freshet::sql
