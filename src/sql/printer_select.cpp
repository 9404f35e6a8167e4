// SPDX-License-Identifier: MIT
#include "sql/printer.hpp"

namespace freshet::sql {
namespace {

std::string_view text_of(SetOperator joined_by) noexcept {
    switch (joined_by) {
        case SetOperator::none: return "";
        case SetOperator::union_all: return " UNION ALL ";
        case SetOperator::union_distinct: return " UNION ";
        case SetOperator::intersect: return " INTERSECT ";
        case SetOperator::except: return " EXCEPT ";
    }
    return "";
}

std::string_view text_of(Join join) noexcept {
    switch (join) {
        case Join::none: return "";
        case Join::comma: return ", ";
        case Join::plain: return " JOIN ";
        case Join::inner: return " INNER JOIN ";
        case Join::cross: return " CROSS JOIN ";
        case Join::left: return " LEFT JOIN ";
        case Join::right: return " RIGHT JOIN ";
        case Join::full: return " FULL JOIN ";
    }
    return "";
}

}  // namespace

void Printer::put(const Select& select) noexcept {
    each(select.arms);
    if (!select.order_by.empty()) text(" ORDER BY ").list(select.order_by);
    clause(" LIMIT ", select.limit).clause(" OFFSET ", select.offset);
}

void Printer::put(const Arm& arm) noexcept {
    text(text_of(arm.joined_by));
    if (arm.is_values) {
        text("VALUES ").list(arm.rows);
        return;
    }
    text(arm.distinct ? "SELECT DISTINCT " : "SELECT ").list(arm.columns);
    if (!arm.from.empty()) text(" FROM ").each(arm.from);
    clause(" WHERE ", arm.where);
    if (!arm.group_by.empty()) text(" GROUP BY ").list(arm.group_by);
    clause(" HAVING ", arm.having);
}

void Printer::put(const Row& row) noexcept {
    text("(").list(row.values).text(")");
}

void Printer::put(const ResultColumn& column) noexcept {
    switch (column.kind) {
        case ResultColumn::Kind::star: text("*"); return;
        case ResultColumn::Kind::table_star: name(column.name.text).text(".*"); return;
        case ResultColumn::Kind::expression: put(*column.value); optional_name(" AS ", column.name);
    }
}

void Printer::returning(const List<ResultColumn>& columns) noexcept {
    if (!columns.empty()) text(" RETURNING ").list(columns);
}

void Printer::put(const OrderTerm& term) noexcept {
    put(*term.value);
    if (term.order != Order::none) text(term.order == Order::ascending ? " ASC" : " DESC");
    if (term.nulls != NullOrder::none)
        text(term.nulls == NullOrder::first ? " NULLS FIRST" : " NULLS LAST");
}

// With how it is joined to those before it.
void Printer::put(const Source& source) noexcept {
    text(source.natural ? " NATURAL" : "").text(text_of(source.join));
    switch (source.kind) {
        case Source::Kind::table: name(source.name.text); break;
        case Source::Kind::function:
            name(source.name.text).text("(").list(source.arguments).text(")");
            break;
        case Source::Kind::select:
            text("(").put(*source.select);
            text(")");
            break;
        case Source::Kind::group: text("(").each(source.sources).text(")"); break;
    }
    put(source.period);
    optional_name(" AS ", source.alias).index(source.index, source.not_indexed);
    clause(" ON ", source.on);
    if (!source.using_names.empty()) text(" USING ").names(source.using_names);
}

void Printer::put(const Period& period) noexcept {
    using Kind = Period::Kind;
    if (period.kind == Kind::none) return;
    text(" FOR SYSTEM_TIME ");
    if (period.kind == Kind::all) {
        text("ALL");
        return;
    }
    text(period.kind == Kind::as_of     ? "AS OF "
         : period.kind == Kind::from_to ? "FROM "
         : period.kind == Kind::between ? "BETWEEN "
                                        : "CONTAINED IN (");
    put(period.from);
    if (period.kind == Kind::as_of) return;
    text(period.kind == Kind::from_to ? " TO " : period.kind == Kind::between ? " AND " : ", ");
    put(period.to);
    if (period.kind == Kind::contained_in) text(")");
}

void Printer::put(const Point& point) noexcept {
    if (point.kind == Point::Kind::value) return guarded(*point.value);
    text(point.kind == Point::Kind::commit ? "COMMIT " : "TIMESTAMP ");
    operand(*point.value, Precedence::bits);
}

}  // namespace freshet::sql
