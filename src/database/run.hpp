// SPDX-License-Identifier: MIT
// How each kind of statement is run: what step() calls when a run begins.
#pragma once

#include "database/prepared.hpp"

namespace freshet::database {

// Words for what has gone wrong at a place of the statement. Returns the error.
Error refuse_at(SqlError& error, sql::Place place, Code code, relation::Words message,
                relation::Words hint) noexcept;

// The time of the statement.
void read_clock(Prepared& prepared) noexcept;

// Makes the plan, of the tables that `present` has. The error is filled in.
Status plan(Prepared& prepared, SqlError& error) noexcept;
// The same with a snapshot, in which the past of a period is looked up; and with the arena of a
// run.
Status plan_anew(Prepared& prepared, SqlError& error) noexcept;

// Of PRAGMA, which is a SELECT, or sets something and has no query.
Status plan_pragma(Prepared& prepared, sql::Binder& binder, Arena& memory,
                   SqlError& error) noexcept;

// What a statement reads of the past: one commit is what all of READ ONLY sees, everything else
// sees the newest.
inline const Snapshot& snapshot_of(const Prepared& prepared) noexcept {
    const Session& session = prepared.session;
    return session.mode == Mode::read_only ? session.snapshot : prepared.snapshot;
}

// Opens what the statement reads: the transaction, or a snapshot; plans again what is out of date;
// opens all moments and runs the subqueries.
Status open_present(Prepared& prepared, SqlError& error) noexcept;
Status open_plan(Prepared& prepared, SqlError& error) noexcept;

// How many of the plan's operators keep rows.
std::size_t count_keepers(const Prepared& prepared) noexcept;

// A value of an expression without columns, as APPEND and PRAGMA have them.
Result<Value> constant(Prepared& prepared, const sql::Expression& expression,
                       SqlError& error) noexcept;

// Each runs the statement; rows that there are to give are in `rows` or `kept` then.
Status run_select(Prepared& prepared, SqlError& error) noexcept;
Status run_write(Prepared& prepared, SqlError& error) noexcept;
Status run_schema(Prepared& prepared, SqlError& error) noexcept;
Status run_transaction(Prepared& prepared, SqlError& error) noexcept;
Status run_append(Prepared& prepared, SqlError& error) noexcept;
Status run_save(Prepared& prepared, SqlError& error) noexcept;
Status run_create_stream(Prepared& prepared, SqlError& error) noexcept;
Status run_assertion(Prepared& prepared, SqlError& error) noexcept;
Status run_explain(Prepared& prepared, SqlError& error) noexcept;
Status run_set_system_time(Prepared& prepared, SqlError& error) noexcept;
Status run_pragma(Prepared& prepared, SqlError& error) noexcept;

// Reads as of a moment from here on; null: as of now.
Status set_system_time(Prepared& prepared, sql::Point::Kind kind, const sql::Expression* value,
                       SqlError& error) noexcept;

// Ends the open transaction, of which nothing is left.
void roll_back(Session& session) noexcept;

// The commit that SAVE AS gave the name. unknown_name; corrupt, io.
Result<std::uint64_t> commit_named(const Prepared& prepared, std::string_view name) noexcept;

// What a value of a period, or of SET SYSTEM_TIME, stands for. type_mismatch, unknown_name,
// out_of_memory; corrupt, io.
Status read_moment(Prepared& prepared, sql::Point::Kind kind, const Value& value,
                   Until& until) noexcept;
// Whether it stands for none, and nothing else is wrong.
inline bool is_no_moment(Error error) noexcept {
    return error == Code::type_mismatch || error == Code::unknown_name;
}

}  // namespace freshet::database
