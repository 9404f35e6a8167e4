// SPDX-License-Identifier: MIT
#include "database/run.hpp"

#include "base/sql_error.hpp"
#include "query/spilled.hpp"
#include "relation/commit_name.hpp"
#include "relation/convert.hpp"
#include "sql/virtual_tables.hpp"

namespace freshet::database {

Error refuse_at(SqlError& error, sql::Place place, Code code, relation::Words message,
                relation::Words hint) noexcept {
    error.offset = place.offset;
    error.size = place.size;
    return relation::refuse(error, code, message, hint);
}

void read_clock(Prepared& p) noexcept {
    p.now = Value::timestamp(static_cast<std::int64_t>(p.session.clock->now_us()));
}

Result<std::uint64_t> commit_named(const Prepared& p, std::string_view name) noexcept {
    relation::RowsAsOf rows;
    const Status opened = rows.open(snapshot_of(p));
    if (!opened) return opened.error();
    return relation::find_commit_name(rows, name);
}

Status read_moment(Prepared& p, sql::Point::Kind kind, const Value& value, Until& until) noexcept {
    const bool is_commit = kind == sql::Point::Kind::commit ||
                           (kind == sql::Point::Kind::value && value.type() == Type::integer);
    const auto type = is_commit ? relation::ColumnType::integer : relation::ColumnType::timestamp;
    const Result<Value> assigned = relation::assign(value, type, *p.arena);
    if (!assigned && kind == sql::Point::Kind::value && value.type() == Type::text) {
        const Result<std::uint64_t> named = commit_named(p, value.as_text());
        if (named) until = Until::commit(*named);
        return named ? Status{Done{}} : Status{named.error()};
    }
    if (!assigned) return assigned.error();
    if (assigned->is_null() || assigned->whole() < 0) return Code::type_mismatch;
    const auto number = static_cast<std::uint64_t>(assigned->whole());
    until = is_commit ? Until::commit(number) : Until::time(number);
    return Done{};
}

namespace {

Status take_snapshot(Prepared& p, SqlError& error) noexcept {
    if (p.snapshot.is_open()) return Done{};
    Status taken = make_visible(p.session);
    if (taken) taken = p.session.store->snapshot(p.snapshot);
    return taken ? taken : Status{explain(p.session, taken.error(), error)};
}

bool is_stale(const Prepared& p) noexcept {
    return !p.is_planned || p.depends_on_parameters || p.generation != p.session.generation ||
           p.as_of != p.session.as_of;
}

// The moment that a period says.
Status find_until(Prepared& p, const sql::TimePoint& time, Until& until) noexcept {
    until = Until::commit(time.commit);
    if (time.value == nullptr) return Done{};
    const Result<Value> value = query::evaluate(*time.value, *p.arena);
    return value ? read_moment(p, time.kind, *value, until) : Status{value.error()};
}

// False: the tables were others then, and the plan is to be made anew.
Result<bool> open_time(Prepared& p, const sql::TimePoint& time) noexcept {
    relation::Moment& moment = *time.moment;
    moment.newest = p.session.tables;
    if (time.is_now) {
        moment.rows = p.present.rows;
        return true;
    }
    Until until = Until::newest();
    Status opened = find_until(p, time, until);
    if (opened) opened = moment.rows.open(snapshot_of(p), until, p.session.commits);
    if (!opened) return opened.error();
    return time.value == nullptr || p.session.catalog_address < moment.rows.log().end;
}

// The same.
Result<bool> open_times(Prepared& p, std::span<const sql::TimePoint> times,
                        SqlError& error) noexcept {
    for (const sql::TimePoint& time : times) {
        Status held = time.is_now || p.session.mode == Mode::read_only ? Status{Done{}}
                                                                       : take_snapshot(p, error);
        if (!held) return held.error();
        const Result<bool> opened = open_time(p, time);
        if (!opened && is_no_moment(opened.error()))
            return relation::refuse(
                error, opened.error().code,
                {"the moment to be read is no commit, no time and no name of a commit"},
                {"bind the number of a commit, a TIMESTAMP, or a name of commit_names"});
        if (!opened) return explain(p.session, opened.error(), error);
        if (!*opened) return false;
    }
    return true;
}

}  // namespace

Status plan_anew(Prepared& p, SqlError& error) noexcept {
    // The past of a period is looked up in a snapshot.
    Status planned = p.session.mode == Mode::read_only ? Status{Done{}} : take_snapshot(p, error);
    if (planned) planned = plan(p, error);
    if (planned) p.arena.emplace(p.block.subspan(p.planned_size));
    return planned;
}

Status open_present(Prepared& p, SqlError& error) noexcept {
    Session& session = p.session;
    relation::RowsAsOf& rows = p.present.rows;
    Status opened = session.lost.code == Code::none ? Status{Done{}} : session.lost;
    const bool is_in_transaction = session.mode == Mode::write || session.is_writing;
    if (is_in_transaction) {
        if (opened) opened = rows.open(session.transaction);
    } else {
        if (session.mode == Mode::none) opened = take_snapshot(p, error);
        if (opened) opened = rows.open(snapshot_of(p));
    }
    if (!opened) return explain(session, opened.error(), error);
    const Status refreshed = refresh_tables(session, rows, error);
    if (!refreshed || session.as_of == Session::no_commit) return refreshed;
    opened = is_in_transaction ? take_snapshot(p, error) : Status{Done{}};
    if (opened) opened = rows.open(snapshot_of(p), Until::commit(session.as_of), session.commits);
    return opened ? opened : Status{explain(session, opened.error(), error)};
}

Status open_plan(Prepared& p, SqlError& error) noexcept {
    p.arena.emplace(p.block.subspan(p.planned_size));
    Status planned = is_stale(p) ? plan_anew(p, error) : Status{Done{}};
    if (!planned) return planned;
    Result<bool> opened = open_times(p, p.times, error);
    if (opened && !*opened) {
        planned = plan_anew(p, error);
        if (!planned) return planned;
        opened = open_times(p, p.times, error);
    }
    if (!opened) return opened.error();
    p.context.emplace(query::Context{*p.arena, &p.session.interrupt});
    if (p.spill_try > 0) {
        const std::size_t used = p.planned_size + p.arena->used();
        p.spill.share = ((p.block.size() - used) >> p.spill_try) / count_keepers(p);
        p.context->spill = &p.spill;
    }
    const Status answered = sql::run(p.subqueries, *p.context);
    return answered ? answered : Status{explain(p.session, answered.error(), error)};
}

std::size_t count_keepers(const Prepared& p) noexcept {
    std::size_t count = 0;
    for (const sql::Subquery& subquery : p.subqueries)
        if (subquery.node != nullptr) count += query::count_keepers(*subquery.node);
    if (p.change != nullptr && p.change->source != nullptr)
        return count + query::count_keepers(*p.change->source) + (p.change->is_of_values ? 0 : 1);
    return p.query.node == nullptr ? count : count + query::count_keepers(*p.query.node);
}

Status run_select(Prepared& p, SqlError& error) noexcept {
    Status opened = open_present(p, error);
    if (opened) opened = open_plan(p, error);
    if (!opened) return opened;
    const Result<query::Rows*> rows = query::open(*p.query.node, *p.context);
    if (!rows) return explain(p.session, rows.error(), error);
    p.rows = *rows;
    return Done{};
}

namespace {

Status write(Prepared& p, SqlError& error) noexcept {
    WriteScope scope{p.session};
    Status done = scope.open(error, WriteScope::Undo::one_row);
    if (done) done = open_present(p, error);
    if (done) done = open_plan(p, error);
    if (done) done = run_change(p, scope, error);
    return done ? scope.keep(error) : done;
}

}  // namespace

Status run_write(Prepared& p, SqlError& error) noexcept {
    p.rolls_back = false;
    const Status done = write(p, error);
    if (!done && p.rolls_back && p.session.mode == Mode::write) roll_back(p.session);
    return done;
}

Result<Value> constant(Prepared& p, const sql::Expression& expression, SqlError& error) noexcept {
    sql::Environment environment{.memory = *p.arena,
                                 .error = error,
                                 .text = p.text,
                                 .tables = p.session.tables,
                                 .newest = p.session.tables,
                                 .parameters = p.parameters,
                                 .now = &p.now,
                                 .virtual_tables = sql::virtual_tables(),
                                 .store = p.session.store,
                                 .session = p.session.values};
    sql::Binder binder{environment};
    const Result<const query::Scalar*> scalar = binder.expression(expression, sql::Scope{});
    if (!scalar) return explain(p.session, scalar.error(), error);
    const Result<bool> opened = open_times(p, binder.times(), error);
    if (!opened) return opened.error();
    const Status answered = sql::run(binder.subqueries(), *p.context);
    if (!answered) return explain(p.session, answered.error(), error);
    const Result<Value> value = query::evaluate(**scalar, *p.arena);
    if (!value) return explain(p.session, value.error(), error);
    return *value;
}

}  // namespace freshet::database
