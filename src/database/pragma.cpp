// SPDX-License-Identifier: MIT
// PRAGMA name(arguments) is SELECT * FROM pragma_name(arguments), but where it sets something: a
// number that is kept in a commit, or how the connection goes on; or does something.
#include <algorithm>

#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "database/run.hpp"
#include "relation/setting.hpp"
#include "sql/virtual_tables.hpp"

namespace freshet::database {
namespace {

template <class T>
void put(sql::List<T>& list, T* only) noexcept {
    list.first = only;
    list.count = 1;
}

constexpr std::string_view prefix = "pragma_";

bool is_pragma(std::string_view name) noexcept {
    return name.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), name.begin());
}

bool is_known(std::string_view name) noexcept {
    for (const sql::VirtualTable& table : sql::virtual_tables())
        if (relation::is_same_name(table.name, name)) return true;
    return false;
}

// ---- what can be set ----

struct NamedNumber {
    std::string_view name;
    std::int64_t number;
};
constexpr NamedNumber named_numbers[] = {{"off", 0},    {"no", 0},   {"false", 0},
                                         {"on", 1},     {"yes", 1},  {"true", 1},
                                         {"normal", 1}, {"full", 2}, {"extra", 3}};

Error refuse_value(const Prepared& p, SqlError& error) noexcept {
    const sql::Pragma& pragma = *p.statement->pragma;
    return refuse_at(error, pragma.arguments.first->place, Code::type_mismatch,
                     {"this is no value of PRAGMA ", pragma.name.text},
                     {"write a number; ON, OFF or FULL are some too"});
}

Result<std::int64_t> number_of(Prepared& p, SqlError& error) noexcept {
    const Status open = open_present(p, error);
    if (!open) return open.error();
    const Result<Value> value = constant(p, *p.statement->pragma->arguments.first, error);
    if (!value) return value.error();
    if (value->type() == Type::integer) return value->as_integer();
    if (value->type() == Type::text)
        for (const NamedNumber& each : named_numbers)
            if (relation::is_same_name(each.name, value->as_text())) return each.number;
    return refuse_value(p, error);
}

template <relation::Setting setting>
Status set_setting(Prepared& p, SqlError& error) noexcept {
    const Result<std::int64_t> number = number_of(p, error);
    if (!number) return number.error();
    WriteScope scope{p.session};
    const Status open = scope.open(error);
    if (!open) return open;
    const Status written = relation::write_setting(p.session.transaction, setting, *number);
    return written ? scope.keep(error) : Status{explain(p.session, written.error(), error)};
}

Status set_query_only(Prepared& p, SqlError& error) noexcept {
    const Result<std::int64_t> number = number_of(p, error);
    if (!number) return number.error();
    p.session.is_query_only = *number != 0;
    note_values(p.session);
    return Done{};
}

// 0: commits return before they are durable.
Status set_synchronous(Prepared& p, SqlError& error) noexcept {
    const Result<std::int64_t> number = number_of(p, error);
    if (!number) return number.error();
    if (*number < 0 || *number > 3) return refuse_value(p, error);
    p.session.options.durability = *number == 0 ? Durability::deferred : Durability::durable;
    note_values(p.session);
    return Done{};
}

Status set_time(Prepared& p, SqlError& error) noexcept {
    const sql::Expression& value = *p.statement->pragma->arguments.first;
    const bool is_default =
        value.kind == sql::ExpressionKind::text && relation::is_same_name(value.text, "default");
    return set_system_time(p, sql::Point::Kind::value, is_default ? nullptr : &value, error);
}

// The work waits for the end of a transaction: not within one.
Status make_snapshot(Prepared& p, SqlError& error) noexcept {
    if (p.session.mode == Mode::write)
        return refuse_at(error, p.statement->pragma->name.place, Code::invalid_argument,
                         {"PRAGMA snapshot takes what is committed"}, {"COMMIT first"});
    const Status made = p.session.store->maintain(p.session.diagnostic, {.now = true});
    return made ? made : Status{explain(p.session, made.error(), error)};
}

struct Action {
    std::string_view name;
    std::uint32_t argument_count;
    Status (*run)(Prepared& p, SqlError& error) noexcept;
};
constexpr Action actions[] = {
    {"user_version", 1, set_setting<relation::Setting::user_version>},
    {"application_id", 1, set_setting<relation::Setting::application_id>},
    {"query_only", 1, set_query_only},
    {"synchronous", 1, set_synchronous},
    {"system_time", 1, set_time},
    {sql::snapshot_pragma, 0, make_snapshot},
};

const Action* find_action(const sql::Pragma& pragma) noexcept {
    for (const Action& each : actions)
        if (each.argument_count == pragma.arguments.count &&
            relation::is_same_name(each.name, pragma.name.text))
            return &each;
    return nullptr;
}

struct Words {
    sql::Select select;
    sql::Arm arm;
    sql::ResultColumn star;
    sql::Source source;
    std::array<char, 80> name;
};

}  // namespace

Status run_pragma(Prepared& p, SqlError& error) noexcept {
    return find_action(*p.statement->pragma)->run(p, error);
}

Status plan_pragma(Prepared& p, sql::Binder& binder, Arena& memory, SqlError& error) noexcept {
    const sql::Pragma& pragma = *p.statement->pragma;
    // A bare word is a text: PRAGMA table_info(users).
    for (sql::Expression& argument : pragma.arguments)
        if (argument.kind == sql::ExpressionKind::column) argument.kind = sql::ExpressionKind::text;
    if (find_action(pragma) != nullptr) return Done{};
    if (pragma.is_assignment)
        return refuse_at(error, pragma.name.place, Code::invalid_argument,
                         {"PRAGMA ", pragma.name.text, " cannot be set"},
                         {"ask PRAGMA pragma_list for those that there are"});
    const Result<Words*> words = query::make<Words>(memory);
    if (!words) return relation::refuse_for_memory(error);
    Words& made = **words;
    TextWriter name{made.name};
    name.text(prefix).text(pragma.name.text);
    made.star.kind = sql::ResultColumn::Kind::star;
    made.source.kind = sql::Source::Kind::function;
    made.source.name = {name.written(), pragma.name.place};
    made.source.place = pragma.name.place;
    made.source.arguments = pragma.arguments;
    put(made.arm.columns, &made.star);
    put(made.arm.from, &made.source);
    put(made.select.arms, &made.arm);
    if (!is_known(name.written())) {
        relation::NearestName nearest{pragma.name.text};
        nearest.consider(sql::snapshot_pragma);
        for (const sql::VirtualTable& table : sql::virtual_tables())
            if (is_pragma(table.name))
                nearest.consider(
                    {table.name.data() + prefix.size(), table.name.size() - prefix.size()});
        const std::string_view meant = nearest.best();
        return refuse_at(
            error, pragma.name.place, Code::unknown_name, {"there is no PRAGMA ", pragma.name.text},
            {meant.empty() ? "PRAGMA pragma_list says which there are" : "did you mean ", meant,
             meant.empty() ? "" : "?"});
    }
    const Result<sql::QueryPlan> plan = binder.select(made.select);
    if (!plan) return plan.error();
    p.query = *plan;
    return Done{};
}

}  // namespace freshet::database
