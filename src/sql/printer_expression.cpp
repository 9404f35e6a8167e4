// SPDX-License-Identifier: MIT
#include <limits>

#include "sql/printer.hpp"

namespace freshet::sql {
namespace {

using Kind = ExpressionKind;

bool needs_quotes(std::string_view name) noexcept {
    const Token token = Lexer{name}.next();
    const bool is_word = token.kind == TokenKind::word && token.place.size == name.size();
    return !is_word || use_of(token.word) != WordUse::name;
}

// Its text begins with '-'.
bool begins_negative(const Expression& value) noexcept {
    return value.kind == Kind::negate ||
           (value.kind == Kind::integer &&
            value.integer == std::numeric_limits<std::int64_t>::min());
}

}  // namespace

Printer& Printer::name(std::string_view value) noexcept {
    return needs_quotes(value) ? quoted(value, '"') : text(value);
}

Printer& Printer::quoted(std::string_view value, char quote) noexcept {
    writer_.character(quote);
    for (;;) {
        const std::size_t size = value.find(quote);
        if (size == std::string_view::npos) break;
        text({value.data(), size + 1});
        writer_.character(quote);
        value.remove_prefix(size + 1);
    }
    text(value);
    writer_.character(quote);
    return *this;
}

void Printer::operand(const Expression& value, Precedence least) noexcept {
    if (operator_of(value.kind).precedence >= least) return put(value);
    text("(").put(value);
    text(")");
}

// Where something follows that could be taken for a part of it, or it for a keyword.
void Printer::guarded(const Expression& value) noexcept {
    const bool is_signed = value.kind == Kind::negate && value.operand(0).kind == Kind::integer;
    if (value.kind == Kind::integer || value.kind == Kind::text || value.kind == Kind::parameter ||
        is_signed)
        return put(value);
    text("(").put(value);
    text(")");
}

void Printer::put(const Expression& value) noexcept {
    switch (value.kind) {
        case Kind::column:
            if (value.table != nullptr) name(value.table->text).text(".");
            name(value.text);
            return;
        case Kind::negate:
        case Kind::plus:
        case Kind::bit_not:
        case Kind::logical_not: return prefixed(value);
        case Kind::is_null:
        case Kind::is:
        case Kind::like:
        case Kind::glob:
        case Kind::between:
        case Kind::in_list:
        case Kind::in_select: return special_infix(value);
        case Kind::exists:
        case Kind::subquery:
            text(value.kind == Kind::exists ? "EXISTS (" : "(").put(*value.select);
            text(")");
            return;
        case Kind::case_when:
        case Kind::case_of: return case_of(value);
        case Kind::cast:
            text("CAST(").put(value.operand(0));
            text(" AS ").type(*value.type);
            text(")");
            return;
        case Kind::function: return function(value);
        default: return operator_of(value.kind).text.empty() ? literal(value) : infix(value);
    }
}

void Printer::literal(const Expression& value) noexcept {
    switch (value.kind) {
        case Kind::null: text("NULL"); return;
        case Kind::boolean: text(value.integer != 0 ? "TRUE" : "FALSE"); return;
        case Kind::integer: return integer(value.integer);
        case Kind::blob:
            text("x'");
            writer_.hex(as_bytes(value.text));
            text("'");
            return;
        case Kind::text: quoted(value.text, '\''); return;
        case Kind::date: text("DATE ").quoted(value.text, '\''); return;
        case Kind::time: text("TIME ").quoted(value.text, '\''); return;
        case Kind::timestamp: text("TIMESTAMP ").quoted(value.text, '\''); return;
        case Kind::current_date: text("CURRENT_DATE"); return;
        case Kind::current_time: text("CURRENT_TIME"); return;
        case Kind::current_timestamp: text("CURRENT_TIMESTAMP"); return;
        default: text(value.text); return;
    }
}

// No literal but the lowest has a sign; other negative ones were written in hexadecimal.
void Printer::integer(std::int64_t value) noexcept {
    if (value >= 0 || value == std::numeric_limits<std::int64_t>::min())
        writer_.number(value);
    else
        writer_.text("0x").hex(static_cast<std::uint64_t>(value));
}

void Printer::prefixed(const Expression& value) noexcept {
    const Operator& sign = operator_of(value.kind);
    const Expression& behind = value.operand(0);
    text(sign.text);
    if (value.kind == Kind::negate && begins_negative(behind)) text(" ");
    operand(behind, sign.precedence);
}

// The first operand of a chain must not be taken for a part of it.
void Printer::infix(const Expression& value) noexcept {
    const Operator& sign = operator_of(value.kind);
    const Expression& first = value.operand(0);
    const bool would_join = sign.is_chain && first.kind == value.kind;
    operand(first, would_join ? Precedence::primary : sign.precedence);
    for (const Expression* next = first.next; next != nullptr; next = next->next) {
        text(sign.text);
        operand(*next, above(sign.precedence));
    }
}

void Printer::special_infix(const Expression& value) noexcept {
    const Expression* const second = value.operand(0).next;
    operand(value.operand(0), Precedence::equality);
    if (value.kind == Kind::is_null) {
        text(value.negated ? " IS NOT NULL" : " IS NULL");
        return;
    }
    if (value.kind == Kind::is) {
        text(value.negated ? " IS NOT " : " IS ");
        return operand(*second, Precedence::comparison);
    }
    text(value.negated ? " NOT" : "").text(operator_of(value.kind).text);
    if (value.kind == Kind::in_select) {
        text("(").put(*value.select);
        text(")");
    } else if (value.kind == Kind::in_list) {
        text("(").list(List<Expression>{value.operand(0).next, value.operands.count - 1});
        text(")");
    } else if (value.kind == Kind::between) {
        operand(*second, Precedence::logical_not);
        text(" AND ").operand(*second->next, Precedence::comparison);
    } else {
        operand(*second, Precedence::comparison);
        if (second->next == nullptr) return;
        text(" ESCAPE ").operand(*second->next, Precedence::comparison);
    }
}

void Printer::case_of(const Expression& value) noexcept {
    const Expression* next = value.operands.first;
    text("CASE");
    if (value.kind == Kind::case_of) {
        text(" ").put(*next);
        next = next->next;
    }
    while (next != nullptr && next->next != nullptr) {
        text(" WHEN ").put(*next);
        text(" THEN ").put(*next->next);
        next = next->next->next;
    }
    if (next != nullptr) text(" ELSE ").put(*next);
    text(" END");
}

void Printer::function(const Expression& value) noexcept {
    name(value.text).text(value.star ? "(*" : value.distinct ? "(DISTINCT " : "(");
    list(value.operands).text(")");
}

void Printer::type(const TypeName& type) noexcept {
    text(type.text);
    if (type.size_count == 0) return;
    text("(");
    writer_.number(type.sizes[0]);
    if (type.size_count > 1) writer_.text(", ").number(type.sizes[1]);
    text(")");
}

}  // namespace freshet::sql
