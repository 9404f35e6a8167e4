// SPDX-License-Identifier: MIT
#include "database/prepare.hpp"

#include <algorithm>
#include <limits>

#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "database/run.hpp"
#include "relation/catalog.hpp"
#include "sql/parse.hpp"
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
    Result<std::uint64_t> commit_named(std::string_view name) noexcept override {
        return database::commit_named(prepared_, name);
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
    p.depends_on_now = binder.depends_on_now();
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
    p.depends_on_now = true;
    read_clock(p);
    p.query = sql::QueryPlan{};
    Arena memory{p.block.subspan(p.parsed_size)};
    PastTables past{p, memory};
    sql::Environment environment{.memory = memory,
                                 .error = error,
                                 .text = p.text,
                                 .tables = p.session.tables,
                                 .newest = p.session.tables,
                                 .rows = &p.present.rows,
                                 .parameters = p.parameters,
                                 .literals = p.literals,
                                 .has_parameters = p.has_parameters,
                                 .now = &p.now,
                                 .times = &past,
                                 .virtual_tables = sql::virtual_tables(),
                                 .store = p.session.store,
                                 .session = p.session.values};
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

// What stands there as the value of the slot behind the parameters; false: it has none.
bool take_literal(Prepared& p, std::string_view text, std::size_t number,
                  const sql::Literal& literal) noexcept {
    Value& value = p.parameters[p.statement->parameter_count + number];
    const char* const word = text.data() + literal.place.offset;
    if (literal.kind == sql::TokenKind::integer) {
        const Result<std::uint64_t> digits = parse_number({word, literal.place.size});
        if (!digits || *digits > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
            return false;
        value = Value::integer(static_cast<std::int64_t>(*digits));
        return true;
    }
    const std::string_view inside{word + 1, literal.place.size - std::size_t{2}};
    if (inside.size() > literal_text_size_max || !is_utf8(inside)) return false;
    char* const kept = p.literal_texts[number].data();
    std::copy(inside.begin(), inside.end(), kept);
    value = Value::text({kept, inside.size()});
    return true;
}

bool take_literals(Prepared& p, const sql::CutText& given) noexcept {
    for (std::size_t i = 0; i < p.literals.size(); i++)
        if (p.literals[i].is_free && !take_literal(p, given.text, i, given.words.literals[i]))
            return false;
    return true;
}

// The plan of the same words, for these literals.
Prepared* find_planned(Session& session, const sql::CutText& given) noexcept {
    for (std::uint32_t i = 0; i < session.options.statement_count_max; i++) {
        Prepared& p = *session.statements[i];
        if (p.is_open || p.statement == nullptr || p.words.hash != given.words.hash) continue;
        std::uint32_t free = 0;
        for (std::size_t j = 0; j < p.literals.size(); j++)
            free |= p.literals[j].is_free ? std::uint32_t{1} << j : 0;
        if (sql::is_same_statement(given, {p.text, p.words}, free, p.has_places) &&
            take_literals(p, given))
            return &p;
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

// Slots for the literals, where another run may have others.
Status keep_literals(Prepared& p, Arena& memory) noexcept {
    p.literals = {};
    const std::size_t count = p.words.literal_count;
    const sql::StatementKind kind = p.statement->kind;
    if (kind != sql::StatementKind::select && !is_change(kind)) return Done{};
    const auto literals = memory.array<sql::FreeLiteral>(count);
    if (!literals) return literals.error();
    const auto texts = memory.array<std::array<char, literal_text_size_max>>(count);
    if (!texts) return texts.error();
    p.literals = *literals;
    p.literal_texts = *texts;
    for (std::size_t i = 0; i < count; i++) {
        const sql::Literal& literal = p.words.literals[i];
        const bool has_value = take_literal(p, p.text, i, literal);
        p.literals[i] = {.offset = has_value ? literal.place.offset : sql::FreeLiteral::nowhere,
                         .slot = &p.parameters[p.statement->parameter_count + i]};
    }
    return Done{};
}

Status parse(Prepared& p, const sql::CutText& given, SqlError& error) noexcept {
    p.statement = nullptr;
    p.is_planned = false;
    p.change = nullptr;
    p.query = sql::QueryPlan{};
    Arena memory{p.block};
    const std::string_view text{given.text.data(), given.words.end};
    const Result<MutableBytes> copy = memory.bytes(text.size() + 1, 1);
    if (!copy) return relation::refuse_for_memory(error);
    std::memcpy(copy->data(), text.data(), text.size());
    p.text = {reinterpret_cast<const char*>(copy->data()), text.size()};
    p.words = given.words;
    const Result<sql::Parsed> parsed = sql::parse_statement(p.text, 0, memory, error);
    if (!parsed) return parsed.error();
    p.statement = parsed->statement;
    if (p.statement == nullptr) return Done{};
    const std::size_t slot_count = p.statement->parameter_count + p.words.literal_count;
    const Result<std::span<Value>> slots = memory.array<Value>(slot_count);
    if (!slots) return relation::refuse_for_memory(error);
    p.parameters = *slots;
    if (!keep_literals(p, memory)) return relation::refuse_for_memory(error);
    p.has_places = true;
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
    p.has_parameters = p.statement->parameter_count == 0;
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
        const std::string_view rest{sql.data() + start, sql.size() - start};
        const sql::StatementWords words = sql::cut_statement(rest);
        const sql::CutText given{rest, words};
        end = from + words.end;
        Prepared* p = find_planned(session, given);
        if (p == nullptr) {
            p = find_unused(session);
            if (p == nullptr)
                return relation::refuse(error, Code::too_large,
                                        {"all statements of the connection are open"},
                                        {"close one, or raise statement_count_max"});
            Status made = parse(*p, given, error);
            if (made && p->statement == nullptr) continue;
            if (made) made = plan_first(*p, error);
            if (!made) {
                p->statement = nullptr;
                error.offset += start;
                return made;
            }
        }
        const auto parameters = p->parameters.first(p->statement->parameter_count);
        std::fill(parameters.begin(), parameters.end(), Value{});
        p->given = words;
        p->text_offset = start;
        p->is_open = true;
        p->last_use = ++session.use_count;
        found = p;
        return Done{};
    }
    end = sql.size();
    return Done{};
}

}  // namespace freshet::database
