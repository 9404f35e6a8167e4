// SPDX-License-Identifier: MIT
// Migrations: statements that are run once each, and recorded in the same commit.
#include "base/sql_error.hpp"
#include "database/run.hpp"

namespace freshet {

namespace {

// Whether it was run, with the same words.
Result<bool> was_run(Connection& connection, const Migration& step, SqlError& error) noexcept {
    Statement statement;
    const Status prepared =
        statement.prepare(connection, "SELECT sql FROM migrations WHERE name = ?", error);
    if (!prepared) return prepared.error();
    const Status bound = statement.bind(1, Value::text(step.name));
    if (!bound) return bound.error();
    const Result<bool> there = statement.step(error);
    if (!there || !*there) return there;
    if (value_as<std::string_view>(statement.row()[0]) == step.sql) return true;
    return relation::refuse(error, Code::invalid_argument,
                            {"the migration ", step.name, " was run with other words"},
                            {"leave it as it was, and write another one"});
}

Status record(Connection& connection, const Migration& step, SqlError& error) noexcept {
    const std::array<Cell, 2> row{Cell{"name", Value::text(step.name)},
                                  Cell{"sql", Value::text(step.sql)}};
    return connection.insert("migrations", row, error);
}

Status run_step(Connection& connection, const Migration& step, SqlError& error) noexcept {
    Status done = connection.execute("BEGIN", error);
    if (!done) return done;
    done = connection.execute(step.sql, error);
    if (done) done = record(connection, step, error);
    if (done) return connection.execute("COMMIT", error);
    SqlError other;
    static_cast<void>(connection.execute("ROLLBACK", other));
    return done;
}

}  // namespace

Result<std::uint32_t> Connection::migrate(std::span<const Migration> steps,
                                          SqlError& error) noexcept {
    const Status made = execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, sql TEXT NOT NULL)", error);
    if (!made) return made.error();
    std::uint32_t count = 0;
    for (const Migration& step : steps) {
        const Result<bool> known = was_run(*this, step, error);
        if (!known) return known.error();
        if (*known && count > 0)
            return relation::refuse(
                error, Code::invalid_argument,
                {"a new migration stands before ", step.name, ", which was run already"},
                {"put new ones at the end"});
        if (*known) continue;
        const Status done = run_step(*this, step, error);
        if (!done) return done.error();
        count++;
    }
    return count;
}

}  // namespace freshet
