// SPDX-License-Identifier: MIT
// APPEND, CREATE STREAM and SAVE, in the same transaction as rows; ASSERT; SET SYSTEM_TIME.
#include <algorithm>

#include "base/sql_error.hpp"
#include "database/run.hpp"
#include "relation/commit_name.hpp"
#include "relation/compare.hpp"
#include "relation/convert.hpp"

namespace freshet::database {
namespace {

// The name of a stream, or the type of an event.
Result<std::string_view> text_of(Prepared& p, const sql::Expression& expression,
                                 std::string_view what, SqlError& error) noexcept {
    const Result<Value> value = constant(p, expression, error);
    if (!value) return value.error();
    if (value->type() == Type::text) return value->as_text();
    return refuse_at(error, expression.place, Code::type_mismatch, {what, " is a TEXT"},
                     {"write it in single quotes"});
}

// The bytes of a TEXT or BLOB, the text of anything else; none of NULL.
Result<Bytes> bytes_of(Prepared& p, const sql::Expression* expression, SqlError& error) noexcept {
    if (expression == nullptr) return Bytes{};
    const Result<Value> value = constant(p, *expression, error);
    if (!value) return value.error();
    if (value->is_null()) return Bytes{};
    if (value->has_bytes()) return as_bytes(value->bytes());
    const Result<Value> text = relation::to_text(*value, *p.arena);
    if (!text) return explain(p.session, text.error(), error);
    return as_bytes(text->as_text());
}

Result<EventId> id_of(Prepared& p, const sql::Expression* expression, SqlError& error) noexcept {
    EventId id;
    if (expression == nullptr) return id;
    const Result<Bytes> bytes = bytes_of(p, expression, error);
    if (!bytes) return bytes.error();
    if (bytes->size() != id.bytes.size())
        return refuse_at(error, expression->place, Code::type_mismatch,
                         {"the id of an event has 16 bytes"}, {"write it as X'...', 32 digits"});
    std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
    return id;
}

Result<Event> event_of(Prepared& p, const sql::NewEvent& written, SqlError& error) noexcept {
    const auto type = text_of(p, *written.type, "the type of an event", error);
    if (!type) return type.error();
    const Result<Bytes> payload = bytes_of(p, written.payload, error);
    if (!payload) return payload.error();
    const Result<Bytes> metadata = bytes_of(p, written.metadata, error);
    if (!metadata) return metadata.error();
    const Result<EventId> id = id_of(p, written.id, error);
    if (!id) return id.error();
    return Event{.type = *type, .payload = *payload, .metadata = *metadata, .id = *id};
}

Status read_expectation(Prepared& p, const sql::Append& append, Expected& expected,
                        SqlError& error) noexcept {
    using Expectation = sql::Append::Expectation;
    if (append.expectation == Expectation::no_stream) expected = Expected::no_stream();
    if (append.expectation == Expectation::stream_exists) expected = Expected::stream_exists();
    if (append.expectation != Expectation::version) return Done{};
    const Result<Value> version = constant(p, *append.version, error);
    if (!version) return version.error();
    if (version->type() == Type::integer && version->as_integer() >= 0) {
        expected = Expected::version(version->as_integer());
        return Done{};
    }
    return refuse_at(error, append.version->place, Code::type_mismatch,
                     {"EXPECT takes the index of the stream's last event"},
                     {"give a number from 0 on, or say NO STREAM"});
}

Status append(Prepared& p, const sql::Append& written, SqlError& error) noexcept {
    const auto stream = text_of(p, *written.stream, "the name of a stream", error);
    if (!stream) return stream.error();
    Expected expected = Expected::any();
    const Status read = read_expectation(p, written, expected, error);
    if (!read) return read;
    const auto events = p.arena->array<Event>(written.events.count);
    if (!events) return explain(p.session, events.error(), error);
    std::size_t count = 0;
    for (const sql::NewEvent& event : written.events) {
        const Result<Event> made = event_of(p, event, error);
        if (!made) return made.error();
        (*events)[count++] = *made;
    }
    const StreamAppend append{.stream = *stream, .expected = expected, .events = *events};
    const Result<Appended> appended = p.session.transaction.append(append, p.session.diagnostic);
    if (!appended) {
        error.offset = written.stream->place.offset;
        error.size = written.stream->place.size;
        return explain(p.session, appended.error(), error);
    }
    if (appended->outcome == Outcome::appended) p.session.report.change_count = count;
    return Done{};
}

// In the transaction: what stands in values may ask tables.
template <class Work>
Status in_transaction(Prepared& p, SqlError& error, Work work) noexcept {
    WriteScope scope{p.session};
    Status done = scope.open(error);
    if (done) done = open_present(p, error);
    if (done) done = work();
    return done ? scope.keep(error) : done;
}

}  // namespace

Status run_append(Prepared& p, SqlError& error) noexcept {
    return in_transaction(p, error,
                          [&]() noexcept { return append(p, *p.statement->append, error); });
}

Status run_create_stream(Prepared& p, SqlError& error) noexcept {
    return in_transaction(p, error, [&]() noexcept -> Status {
        const auto name =
            text_of(p, *p.statement->create_stream->name, "the name of a stream", error);
        if (!name) return name.error();
        const Status made = p.session.transaction.create(*name, p.session.diagnostic);
        return made ? made : Status{explain(p.session, made.error(), error)};
    });
}

// What is a time in AS OF would not be found as a name.
Status run_save(Prepared& p, SqlError& error) noexcept {
    return in_transaction(p, error, [&]() noexcept -> Status {
        const sql::Place place = p.statement->saved_as->place;
        const auto name = text_of(p, *p.statement->saved_as, "the name of a commit", error);
        if (!name) return name.error();
        const bool is_time =
            bool{relation::assign(Value::text(*name), relation::ColumnType::timestamp, *p.arena)};
        if (is_time || !relation::is_commit_name(*name))
            return refuse_at(error, place, Code::invalid_name,
                             {"this cannot be the name of a commit"},
                             {"take 1 to 64 bytes that are no time"});
        const Status named = relation::name_commit(p.session.transaction, *name);
        if (named.error() == Code::already_exists)
            return refuse_at(error, place, Code::already_exists,
                             {"another commit has the name ", *name},
                             {"names are kept for ever: take another one"});
        return named ? named : Status{explain(p.session, named.error(), error)};
    });
}

// Of a transaction nothing is left where it does not hold.
Status run_assertion(Prepared& p, SqlError& error) noexcept {
    const sql::Assert& assertion = *p.statement->assertion;
    const Status open = open_present(p, error);
    if (!open) return open;
    const Result<Value> holds = constant(p, *assertion.condition, error);
    if (!holds) return holds.error();
    if (relation::truth_of(*holds) == relation::Truth::yes) return Done{};
    std::string_view message{p.text.data() + assertion.condition->place.offset,
                             assertion.condition->place.size};
    if (assertion.message != nullptr) {
        const auto said = text_of(p, *assertion.message, "the message of ASSERT", error);
        if (!said) return said.error();
        message = *said;
    }
    const bool is_in_transaction = p.session.mode == Mode::write;
    if (is_in_transaction) roll_back(p.session);
    return refuse_at(error, assertion.condition->place, Code::constraint_failed,
                     {"this does not hold: ", message},
                     {is_in_transaction ? "the transaction was rolled back: look, and try again"
                                        : "look at what is there"});
}

Status set_system_time(Prepared& p, sql::Point::Kind kind, const sql::Expression* expression,
                       SqlError& error) noexcept {
    Session& session = p.session;
    if (session.mode != Mode::none)
        return refuse_at(error, p.statement->place, Code::invalid_argument,
                         {"a transaction is open"}, {"COMMIT or ROLLBACK it first"});
    if (expression == nullptr) {
        session.as_of = Session::no_commit;
        note_values(session);
        return Done{};
    }
    const Status open = open_present(p, error);
    if (!open) return open;
    const Result<Value> value = constant(p, *expression, error);
    if (!value) return value.error();
    Until until = Until::newest();
    const Status read = read_moment(p, kind, *value, until);
    if (!read && !is_no_moment(read.error())) return explain(session, read.error(), error);
    if (!read)
        return refuse_at(
            error, expression->place, read.error().code,
            {"this is no commit, no time and no name of a commit"},
            {"write COMMIT 42, TIMESTAMP '2026-11-20T23:50:07Z', or a name of commit_names"});
    const Status there = go_to(session, until);
    return there ? there : Status{explain(session, there.error(), error)};
}

Status run_set_system_time(Prepared& p, SqlError& error) noexcept {
    const sql::Point& point = p.statement->set_system_time->point;
    const bool is_now = point.kind == sql::Point::Kind::none;
    return set_system_time(p, point.kind, is_now ? nullptr : point.value, error);
}

}  // namespace freshet::database
