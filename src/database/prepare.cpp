// SPDX-License-Identifier: MIT
#include "database/prepare.hpp"

#include <algorithm>

#include "base/sql_error.hpp"
#include "database/run.hpp"
#include "relation/catalog.hpp"
#include "sql/parse.hpp"
#include "sql/statement_hash.hpp"
#include "sql/virtual_tables.hpp"

namespace freshet::database {
namespace {

// The catalog of the past, read through what the statement reads; where it has not changed since,
// it is that of the present.
class PastTables final : public sql::Times {
public:
    PastTables(Prepared& prepared, Arena& memory) noexcept
        : prepared_{prepared}, session_{prepared.session}, memory_{memory} {}

    Result<relation::Tables> tables_at(std::uint64_t commit) noexcept override {
        relation::RowsAsOf rows;
        const Status opened = rows.open(snapshot_of(prepared_), commit);
        if (!opened) return opened.error();
        if (session_.is_catalog_known && session_.catalog_address < rows.log().end)
            return session_.tables;
        return relation::load_tables(rows, memory_);
    }
    Result<std::uint64_t> commit_at(std::int64_t time_us) noexcept override {
        if (time_us < 0) return std::uint64_t{0};
        relation::RowsAsOf rows;
        const Status opened =
            rows.open(snapshot_of(prepared_), Until::time(static_cast<std::uint64_t>(time_us)));
        if (!opened) return opened.error();
        return rows.commit();
    }

private:
    Prepared& prepared_;
    Session& session_;
    Arena& memory_;
};

bool is_change(sql::StatementKind kind) noexcept {
    return kind == sql::StatementKind::insert || kind == sql::StatementKind::update ||
           kind == sql::StatementKind::delete_rows;
}

Status bind(Prepared& p, sql::Environment& environment) noexcept {
    sql::Binder binder{environment};
    if (p.statement->kind == sql::StatementKind::select) {
        const Result<sql::QueryPlan> query = binder.select(*p.statement->select);
        if (!query) return query.error();
        p.query = *query;
    } else if (p.statement->kind == sql::StatementKind::pragma) {
        const Status planned = plan_pragma(p, binder, environment.memory, environment.error);
        if (!planned) return planned;
    } else if (is_change(p.statement->kind)) {
        const Result<const ChangePlan*> change = plan_change(*p.statement, binder, environment);
        if (!change) return change.error();
        p.change = *change;
        p.query = p.change->returning;
    }
    p.subqueries = binder.subqueries();
    p.times = binder.times();
    p.depends_on_parameters = binder.depends_on_parameters();
    if (p.statement->explain != sql::Explain::none) {
        static constexpr std::array<std::string_view, 1> names{"plan"};
        p.explained = p.query.node;
        p.query = sql::QueryPlan{.names = names};
    }
    return Done{};
}

}  // namespace

Status plan(Prepared& p, SqlError& error) noexcept {
    p.is_planned = false;
    p.query = sql::QueryPlan{};
    Arena memory{p.block.subspan(p.parsed_size)};
    PastTables past{p, memory};
    sql::Environment environment{.memory = memory,
                                 .error = error,
                                 .text = p.text,
                                 .tables = p.session.tables,
                                 .newest = p.session.tables,
                                 .parameters = p.parameters,
                                 .has_parameters = p.has_parameters,
                                 .now = &p.now,
                                 .times = &past,
                                 .virtual_tables = sql::virtual_tables()};
    if (p.session.as_of != Session::no_commit) {
        const Result<relation::Tables> tables = past.tables_at(p.session.as_of);
        if (!tables) return explain(p.session, tables.error(), error);
        environment.tables = *tables;
    }
    const Status bound = bind(p, environment);
    if (!bound) return explain(p.session, bound.error(), error);
    p.planned_size = p.parsed_size + memory.used();
    p.generation = p.session.generation;
    p.as_of = p.session.as_of;
    p.is_planned = true;
    return Done{};
}

namespace {

// Of the statement that begins there; blanks and semicolons before it are passed over.
std::size_t skip_blanks(std::string_view sql, std::size_t from) noexcept {
    const std::size_t first = sql.find_first_not_of(" \t\r\n\f\v;", from);
    return first == std::string_view::npos ? sql.size() : first;
}

Prepared* find_planned(Session& session, std::string_view sql, std::uint32_t from,
                       std::uint64_t hash) noexcept {
    for (std::uint32_t i = 0; i < session.options.statement_count_max; i++) {
        Prepared& p = *session.statements[i];
        if (p.is_open || p.statement == nullptr || p.hash != hash) continue;
        if (sql::is_same_statement(sql, from, p.text, 0)) return &p;
    }
    return nullptr;
}

Prepared* find_unused(Session& session) noexcept {
    Prepared* oldest = nullptr;
    for (std::uint32_t i = 0; i < session.options.statement_count_max; i++) {
        Prepared& p = *session.statements[i];
        if (p.is_open) continue;
        if (oldest == nullptr || p.last_use < oldest->last_use) oldest = &p;
    }
    return oldest;
}

Status parse(Prepared& p, std::string_view text, SqlError& error) noexcept {
    p.statement = nullptr;
    p.is_planned = false;
    p.change = nullptr;
    Arena memory{p.block};
    const Result<MutableBytes> copy = memory.bytes(text.size() + 1, 1);
    if (!copy) return relation::refuse_for_memory(error);
    std::memcpy(copy->data(), text.data(), text.size());
    p.text = {reinterpret_cast<const char*>(copy->data()), text.size()};
    const Result<sql::Parsed> parsed = sql::parse_statement(p.text, 0, memory, error);
    if (!parsed) return parsed.error();
    p.statement = parsed->statement;
    if (p.statement == nullptr) return Done{};
    const Result<std::span<Value>> parameters =
        memory.array<Value>(p.statement->parameter_count + 1);
    if (!parameters) return relation::refuse_for_memory(error);
    p.parameters = parameters->first(p.statement->parameter_count);
    p.hash = sql::hash_statement(p.text, p.statement->place.offset).hash;
    p.parsed_size = memory.used();
    return Done{};
}

// With the tables of the present, so that errors in names are told at once.
Status plan_first(Prepared& p, SqlError& error) noexcept {
    const bool needs_plan = p.statement->kind == sql::StatementKind::select ||
                            p.statement->kind == sql::StatementKind::pragma ||
                            is_change(p.statement->kind);
    if (!needs_plan && p.statement->explain != sql::Explain::none)
        return refuse_at(error, p.statement->place, Code::invalid_argument,
                         {"this statement has no plan"},
                         {"EXPLAIN a SELECT, INSERT, UPDATE or DELETE"});
    if (!needs_plan) {
        p.planned_size = p.parsed_size;
        return Done{};
    }
    p.has_parameters = p.parameters.empty();
    Status planned = open_present(p, error);
    if (planned) planned = plan_anew(p, error);
    p.has_parameters = true;
    p.snapshot.close();
    return planned;
}

}  // namespace

// Where `from` points at nothing but blanks and comments, `found` is null.
Status prepare(Session& session, std::string_view sql, std::size_t from, Prepared*& found,
               std::size_t& end, SqlError& error) noexcept {
    found = nullptr;
    for (from = skip_blanks(sql, from); from < sql.size(); from = skip_blanks(sql, end)) {
        const auto start = static_cast<std::uint32_t>(from);
        const sql::StatementHash words = sql::hash_statement(sql, start);
        end = words.end;
        Prepared* p = find_planned(session, sql, start, words.hash);
        if (p == nullptr) {
            p = find_unused(session);
            if (p == nullptr)
                return relation::refuse(error, Code::too_large,
                                        {"all statements of the connection are open"},
                                        {"close one, or raise statement_count_max"});
            Status made = parse(*p, {sql.data() + from, end - from}, error);
            if (made && p->statement == nullptr) continue;
            if (made) made = plan_first(*p, error);
            if (!made) {
                p->statement = nullptr;
                error.offset += start;
                return made;
            }
        }
        std::fill(p->parameters.begin(), p->parameters.end(), Value{});
        p->text_offset = start;
        p->has_places = p->text == std::string_view{sql.data() + start, end - start};
        p->is_open = true;
        p->last_use = ++session.use_count;
        found = p;
        return Done{};
    }
    end = sql.size();
    return Done{};
}

}  // namespace freshet::database
