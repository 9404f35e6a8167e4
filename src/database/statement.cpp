// SPDX-License-Identifier: MIT
#include <cstring>
#include <utility>

#include "base/sql_error.hpp"
#include "database/prepare.hpp"
#include "database/run.hpp"
#include "sql/lexer.hpp"

namespace freshet {

using database::Prepared;
using database::RunState;
using database::Session;

namespace {

void clear(SqlError& error) noexcept {
    error.error = Error{};
    error.offset = 0;
    error.size = 0;
    error.message_size = 0;
    error.hint_size = 0;
}

void end_run(Prepared& p) noexcept {
    p.state = RunState::idle;
    p.rows = nullptr;
    p.kept = nullptr;
    p.spill_try = 0;
    p.spill.close();
    p.snapshot.close();
}

Status dispatch(Prepared& p, SqlError& error) noexcept {
    using Kind = sql::StatementKind;
    if (p.statement->explain != sql::Explain::none) return run_explain(p, error);
    switch (p.statement->kind) {
        case Kind::pragma:
            return p.query.node == nullptr ? run_pragma(p, error) : run_select(p, error);
        case Kind::select: return run_select(p, error);
        case Kind::insert:
        case Kind::update:
        case Kind::delete_rows: return run_write(p, error);
        case Kind::create_table:
        case Kind::create_index:
        case Kind::create_view:
        case Kind::drop_table:
        case Kind::drop_index:
        case Kind::drop_view:
        case Kind::alter_table:
        case Kind::reindex: return run_schema(p, error);
        case Kind::append: return run_append(p, error);
        case Kind::save: return run_save(p, error);
        case Kind::create_stream: return run_create_stream(p, error);
        case Kind::assertion: return run_assertion(p, error);
        case Kind::set_system_time: return run_set_system_time(p, error);
        case Kind::begin:
        case Kind::commit:
        case Kind::rollback:
        case Kind::savepoint:
        case Kind::release: return run_transaction(p, error);
    }
    return Code::invalid_argument;
}

Status start(Prepared& p, SqlError& error) noexcept {
    p.position = 0;
    p.rows_given = 0;
    p.batch = query::Batch{};
    p.row = {};
    p.rows = nullptr;
    p.arena.emplace(p.block.subspan(p.planned_size));
    p.context.emplace(query::Context{*p.arena, &p.session.interrupt});
    const Status begun = dispatch(p, error);
    if (begun) p.state = RunState::running;
    return begun;
}

Status begin_run(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    session.diagnostic.error = Error{};
    const Error lost = session.lost;
    if (lost.code != Code::none && p.statement->kind != sql::StatementKind::rollback) {
        if (p.statement->kind == sql::StatementKind::commit) roll_back(session);
        return explain(session, lost, error);
    }
    session.report = StatementReport{.last_insert_id = session.last_insert_id};
    const bool has_limit = session.time_limit_us != 0;
    if (!p.is_planned || p.depends_on_now || has_limit) read_clock(p);
    session.interrupt.clock = has_limit ? session.clock : nullptr;
    if (has_limit)
        session.interrupt.deadline_us =
            static_cast<std::uint64_t>(p.now.whole()) + session.time_limit_us;
    return start(p, error);
}

// What most calls come for: the next row of a batch that is there. False: there is more to do.
[[gnu::always_inline]] inline bool next_of_batch(Prepared& p) noexcept {
    if (p.position >= p.batch.selection.size()) return false;
    const query::Position at = p.batch.selection[p.position++];
    const query::Vector* const columns = p.batch.columns.data();
    Value* const row = p.row.data();
    for (std::size_t i = 0; i < p.row.size(); i++)
        std::memcpy(static_cast<void*>(&row[i]), &columns[i][at], sizeof(Value));
    return true;
}

// From what is kept, or from the next batch.
Result<bool> next_row(Prepared& p) noexcept {
    if (p.kept != nullptr) {
        if (p.position == p.kept->count()) return false;
        p.row = {(*p.kept)[static_cast<std::uint32_t>(p.position++)], p.kept->width()};
        return true;
    }
    if (p.rows == nullptr) return false;
    if (next_of_batch(p)) return true;
    p.rows_given += std::exchange(p.position, 0);
    p.batch = query::Batch{};
    const Result<bool> more = p.rows->next(p.batch);
    if (!more || !*more) return more;
    if (p.row.size() != p.batch.columns.size()) {
        const auto row = p.arena->array<Value>(p.batch.columns.size());
        if (!row) return row.error();
        p.row = *row;
    }
    return next_of_batch(p);
}

// What a running statement reads is gone, if the tables are others now.
Status still_stands(const Prepared& p, SqlError& error) noexcept {
    if (p.rows == nullptr || p.generation == p.session.generation) return Done{};
    return relation::refuse(error, Code::in_use,
                            {"the tables were changed while the statement gave its rows"},
                            {"reset it, or read it to its end before tables are changed"});
}

// Half of the memory for what is kept, and then a quarter and an eighth: what reads tables needs
// some, too.
constexpr std::uint32_t spill_try_max = 3;

// Whether it can be run again with a temporary file, and give the rows again that it has given.
bool may_spill(const Prepared& p) noexcept {
    if (p.spill_try == spill_try_max || !p.spill.is_allowed() || p.spill.has_failed()) return false;
    if (p.session.diagnostic.error.code != Code::none || count_keepers(p) == 0) return false;
    // In a transaction others may have changed what it has read, and a plan that is made anew what
    // it calls now.
    return p.rows_given == 0 || !(p.depends_on_parameters || p.present.rows.is_in_transaction());
}

[[gnu::noinline]] Result<bool> start_again(Prepared& p, SqlError& error) noexcept {
    const std::uint64_t given = p.rows_given;
    Result<bool> there = Code::out_of_memory;
    while (!there && there.error() == Code::out_of_memory && may_spill(p)) {
        clear(error);
        p.spill.close();
        p.spill_try++;
        const Status started = start(p, error);
        there = started ? next_row(p) : Result<bool>{started.error()};
        for (std::uint64_t i = 0; there && *there && i < given; i++) there = next_row(p);
    }
    return there;
}

// From the text that was planned to the one that it was found for.
void move_place(const Prepared& p, SqlError& error) noexcept {
    if (!p.has_places) error.offset = error.size = 0;
    std::uint32_t offset = error.offset;
    for (std::size_t i = 0; p.has_places && i < p.literals.size(); i++) {
        const sql::Place was = p.words.literals[i].place;
        const std::uint32_t longer = p.given.literals[i].place.size - was.size;
        if (was.end() <= error.offset)
            offset += longer;
        else if (was.offset >= error.offset && was.end() <= error.offset + error.size)
            error.size += longer;
    }
    error.offset = offset + p.text_offset;
}

Error finish_error(Prepared& p, Error code, SqlError& error) noexcept {
    if (code == Code::cancelled) p.session.interrupt.is_raised.store(false);
    if (p.spill.has_failed())
        relation::refuse(error, code.code, {"the temporary file of the statement cannot be used"},
                         {"look at the disk and at spill_size_max, or lend more memory"});
    const Error told = explain(p.session, code, error);
    move_place(p, error);
    return told;
}

}  // namespace

Status Statement::prepare(Connection& connection, std::string_view sql, SqlError& error,
                          std::size_t from) noexcept {
    close();
    clear(error);
    if (connection.session_ == nullptr) return error.error = Code::invalid_argument;
    session_ = connection.session_;
    end_ = from;
    const Status made = database::prepare(*session_, sql, from, prepared_, end_, error);
    if (!made && error.error.code == Code::none)
        return database::explain(*session_, made.error(), error);
    return made;
}

void Statement::close() noexcept {
    if (prepared_ == nullptr) return;
    end_run(*prepared_);
    prepared_->is_open = false;
    prepared_ = nullptr;
}

std::size_t Statement::find_end(std::string_view sql, std::size_t from) noexcept {
    const sql::StatementEnd end = sql::find_statement_end(sql, static_cast<std::uint32_t>(from));
    return end.has_semicolon ? end.offset : 0;
}

std::uint32_t Statement::parameter_count() const noexcept {
    return prepared_ == nullptr ? 0 : prepared_->statement->parameter_count;
}

std::uint32_t Statement::parameter_number(std::string_view name) const noexcept {
    if (prepared_ == nullptr) return 0;
    for (const sql::Parameter& parameter : prepared_->statement->parameters)
        if (parameter.name == name) return parameter.number;
    return 0;
}

Status Statement::bind(std::uint32_t number, const Value& value) noexcept {
    if (number == 0 || number > parameter_count()) return Code::invalid_argument;
    if (prepared_->state != RunState::idle) end_run(*prepared_);
    prepared_->parameters[number - 1] = value;
    return Done{};
}

std::uint32_t Statement::column_count() const noexcept {
    return prepared_ == nullptr ? 0 : static_cast<std::uint32_t>(prepared_->query.names.size());
}

std::string_view Statement::column_name(std::uint32_t column) const noexcept {
    return column < column_count() ? prepared_->query.names[column] : std::string_view{};
}

Result<bool> Statement::step(SqlError& error) noexcept {
    if (error.error.code != Code::none) clear(error);
    if (prepared_ == nullptr) return error.error = Code::invalid_argument;
    Prepared& p = *prepared_;
    if (p.state == RunState::running && p.generation == p.session.generation && next_of_batch(p))
        return true;
    return step_on(error);
}

// To the first row, or to the next batch, or to the end.
Result<bool> Statement::step_on(SqlError& error) noexcept {
    Prepared& p = *prepared_;
    Status status = Done{};
    if (p.state == RunState::idle)
        status = begin_run(p, error);
    else
        status = still_stands(p, error);
    Result<bool> there = false;
    if (status) there = next_row(p);
    if (!status) there = status.error();
    if (there && *there) return there;
    if (!there && there.error() == Code::out_of_memory) there = start_again(p, error);
    if (there && *there) return there;
    const Error failed = there ? Error{} : finish_error(p, there.error(), error);
    end_run(p);
    if (failed.code != Code::none) return failed;
    return false;
}

std::span<const Value> Statement::row() const noexcept {
    return prepared_ == nullptr ? std::span<const Value>{} : prepared_->row;
}

Status Statement::run(SqlError& error) noexcept {
    for (;;) {
        const Result<bool> there = step(error);
        if (!there) return there.error();
        if (!*there) return Done{};
    }
}

void Statement::reset() noexcept {
    if (prepared_ != nullptr) end_run(*prepared_);
}

}  // namespace freshet
