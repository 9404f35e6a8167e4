// SPDX-License-Identifier: MIT
// PRAGMA name(arguments) is SELECT * FROM pragma_name(arguments).
#include <algorithm>

#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "database/run.hpp"
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

struct Words {
    sql::Select select;
    sql::Arm arm;
    sql::ResultColumn star;
    sql::Source source;
    std::array<char, 80> name;
};

}  // namespace

Status plan_pragma(Prepared& p, sql::Binder& binder, Arena& memory, SqlError& error) noexcept {
    const sql::Pragma& pragma = *p.statement->pragma;
    if (pragma.is_assignment)
        return refuse_at(error, pragma.name.place, Code::invalid_argument,
                         {"PRAGMA ", pragma.name.text, " cannot be set"},
                         {"ask PRAGMA pragma_list for those that there are"});
    // A bare word is a text: PRAGMA table_info(users).
    for (sql::Expression& argument : pragma.arguments)
        if (argument.kind == sql::ExpressionKind::column) argument.kind = sql::ExpressionKind::text;
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
