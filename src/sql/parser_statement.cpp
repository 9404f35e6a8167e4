// SPDX-License-Identifier: MIT
// Which statement it is; transactions, and what is short.
#include "sql/parser.hpp"

namespace freshet::sql {
namespace {

constexpr std::array statement_words = {
    Word::select, Word::values,  Word::insert,   Word::replace,   Word::update,  Word::delete_,
    Word::create, Word::drop,    Word::alter,    Word::append,    Word::assert,  Word::begin,
    Word::commit, Word::end,     Word::rollback, Word::savepoint, Word::release, Word::pragma,
    Word::set,    Word::explain, Word::reindex,  Word::save};

}  // namespace

Statement* Parser::statement() noexcept {
    auto* const statement = make<Statement>();
    const std::uint32_t start = token_.place.offset;
    if (accept(Word::explain)) {
        statement->explain = Explain::explain;
        if (accept(Word::query, Word::plan)) statement->explain = Explain::query_plan;
    }
    switch (token_.word) {
        case Word::select:
        case Word::values: statement->select = select(); break;
        case Word::insert:
        case Word::replace: insert(*statement); break;
        case Word::update: update(*statement); break;
        case Word::delete_: delete_rows(*statement); break;
        case Word::create: create(*statement); break;
        case Word::drop: drop(*statement); break;
        case Word::alter: alter_table(*statement); break;
        case Word::append: append(*statement); break;
        case Word::assert: assertion(*statement); break;
        case Word::begin: begin_statement(*statement); break;
        case Word::commit:
        case Word::end:
            statement->kind = StatementKind::commit;
            advance();
            accept(Word::transaction);
            break;
        case Word::rollback: rollback(*statement); break;
        case Word::save: save(*statement); break;
        case Word::savepoint: savepoint(*statement, StatementKind::savepoint); break;
        case Word::release: savepoint(*statement, StatementKind::release); break;
        case Word::pragma: pragma(*statement); break;
        case Word::set: set_system_time(*statement); break;
        case Word::reindex: reindex(*statement); break;
        default: unexpected("a statement", statement_words);
    }
    statement->place = since(start);
    statement->parameter_count = parameter_count_;
    statement->parameters = parameters_;
    if (!at(TokenKind::semicolon) && !at(TokenKind::end)) unexpected("the end of the statement");
    return statement;
}

void Parser::begin_statement(Statement& statement) noexcept {
    using Mode = Begin::Mode;
    auto* const begin = make<Begin>();
    statement.kind = StatementKind::begin;
    statement.begin = begin;
    advance();
    if (accept(Word::deferred))
        begin->mode = Mode::deferred;
    else if (accept(Word::immediate))
        begin->mode = Mode::immediate;
    else if (accept(Word::exclusive))
        begin->mode = Mode::exclusive;
    else if (accept(Word::read, Word::only))
        begin->mode = Mode::read_only;
    else if (accept(Word::read, Word::write))
        begin->mode = Mode::read_write;
    accept(Word::transaction);
    if (!accept(Word::with)) return;
    expect(TokenKind::open);
    begin->options = list(&Parser::option);
    expect(TokenKind::close);
}

Option* Parser::option() noexcept {
    auto* const option = make<Option>();
    option->name = name("the name of an option");
    expect(TokenKind::equal);
    option->value = expression();
    return option;
}

void Parser::rollback(Statement& statement) noexcept {
    statement.kind = StatementKind::rollback;
    advance();
    accept(Word::transaction);
    if (!accept(Word::to)) return;
    if (at(Word::savepoint) && is_name(peek(1))) advance();
    statement.name = name("the name of a savepoint");
}

void Parser::savepoint(Statement& statement, StatementKind kind) noexcept {
    statement.kind = kind;
    advance();
    if (kind == StatementKind::release && at(Word::savepoint) && is_name(peek(1))) advance();
    statement.name = name("the name of a savepoint");
}

void Parser::assertion(Statement& statement) noexcept {
    auto* const assertion = make<Assert>();
    statement.kind = StatementKind::assertion;
    statement.assertion = assertion;
    advance();
    assertion->condition = expression();
    if (accept(TokenKind::comma)) assertion->message = expression();
}

void Parser::save(Statement& statement) noexcept {
    statement.kind = StatementKind::save;
    advance();
    expect(Word::as);
    statement.saved_as = expression();
}

void Parser::pragma(Statement& statement) noexcept {
    auto* const pragma = make<Pragma>();
    statement.kind = StatementKind::pragma;
    statement.pragma = pragma;
    advance();
    pragma->name = name("the name of a pragma");
    pragma->is_assignment = accept(TokenKind::equal);
    if (pragma->is_assignment) {
        Appender{pragma->arguments}.push(pragma_argument());
    } else if (accept(TokenKind::open)) {
        if (!at(TokenKind::close)) pragma->arguments = list(&Parser::pragma_argument);
        expect(TokenKind::close);
    }
}

// A word that stands alone is a name here, whatever it is otherwise: ON, FULL, DELETE.
Expression* Parser::pragma_argument() noexcept {
    const TokenKind next = peek(1).kind;
    const bool is_alone = next == TokenKind::end || next == TokenKind::semicolon ||
                          next == TokenKind::comma || next == TokenKind::close;
    if (!at(TokenKind::word) || !is_alone) return expression();
    const std::string_view text = text_at(token_.place);
    Expression* const word = leaf(ExpressionKind::column);
    word->text = text;
    return word;
}

void Parser::set_system_time(Statement& statement) noexcept {
    auto* const set = make<SetSystemTime>();
    statement.kind = StatementKind::set_system_time;
    statement.set_system_time = set;
    advance();
    expect(Word::system_time);
    expect(TokenKind::equal);
    if (!accept(Word::default_)) set->point = point();
}

void Parser::reindex(Statement& statement) noexcept {
    statement.kind = StatementKind::reindex;
    advance();
    if (at_name()) statement.name = take_name();
}

}  // namespace freshet::sql
