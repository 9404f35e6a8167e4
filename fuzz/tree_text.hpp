// SPDX-License-Identifier: MIT
// A syntax tree as text with every part of it but the places: what two trees have to have in common
// to be the same. Places, heights and counts are checked on the way.
#pragma once

#include <algorithm>
#include <string>

#include "sql/tree.hpp"

namespace freshet::fuzz {

class TreeText {
public:
    // `size`: that of the text that was parsed.
    explicit TreeText(std::size_t size) : size_{size} {}

    std::string out;
    bool is_sound = true;  // Places lie within the text, heights and counts are right.

    void put(const sql::Statement& statement) {
        using Which = sql::StatementKind;
        check(statement.place);
        begin("statement", statement.kind, statement.explain, statement.parameter_count);
        list(statement.parameters, [&](const sql::Parameter& parameter) {
            word(parameter.name), number(parameter.number);
        });
        put(statement.name);
        switch (statement.kind) {
            case Which::select: put(*statement.select); break;
            case Which::insert: put(*statement.insert); break;
            case Which::update: put(*statement.update); break;
            case Which::delete_rows: put(*statement.delete_rows); break;
            case Which::create_table: put(*statement.create_table); break;
            case Which::create_index: put(*statement.create_index); break;
            case Which::create_view: put(*statement.create_view); break;
            case Which::create_stream: put(statement.create_stream->name); break;
            case Which::drop_table:
            case Which::drop_index:
            case Which::drop_view:
                put(statement.drop->name), number(statement.drop->if_exists);
                break;
            case Which::alter_table: put(*statement.alter_table); break;
            case Which::append: put(*statement.append); break;
            case Which::assertion:
                put(statement.assertion->condition), put(statement.assertion->message);
                break;
            case Which::save: put(statement.saved_as); break;
            case Which::begin: put(*statement.begin); break;
            case Which::pragma:
                put(statement.pragma->name), number(statement.pragma->is_assignment);
                put(statement.pragma->arguments);
                break;
            case Which::set_system_time: put(statement.set_system_time->point); break;
            case Which::reindex:
            case Which::commit:
            case Which::rollback:
            case Which::savepoint:
            case Which::release: break;
        }
        out += ')';
    }

    void put(const sql::Expression* expression) {
        if (expression == nullptr) {
            out += " -";
            return;
        }
        const sql::Expression& node = *expression;
        check(node.place);
        begin(name_of(node.kind));
        if (node.negated) out += " not";
        if (node.distinct) out += " distinct";
        if (node.star) out += " *";
        if (!node.text.empty()) word(node.text);
        std::uint32_t below = 0;
        for (const sql::Expression& operand : node.operands)
            below = std::max<std::uint32_t>(below, operand.height);
        below = std::max(below, put_more(node));
        put(node.operands);
        is_sound = is_sound && node.height == below + 1 && node.height <= sql::depth_max;
        tallest_ = std::max<std::uint32_t>(tallest_, node.height);
        out += ')';
    }

private:
    using Kind = sql::ExpressionKind;

    static const char* name_of(Kind kind) {
        static constexpr const char* names[] = {"null",
                                                "bool",
                                                "int",
                                                "real",
                                                "text",
                                                "blob",
                                                "date",
                                                "time",
                                                "timestamp",
                                                "current-date",
                                                "current-time",
                                                "now",
                                                "col",
                                                "param",
                                                "neg",
                                                "pos",
                                                "~",
                                                "not",
                                                "or",
                                                "and",
                                                "&",
                                                "|",
                                                "<<",
                                                ">>",
                                                "+",
                                                "-",
                                                "*",
                                                "/",
                                                "%",
                                                "||",
                                                "=",
                                                "<>",
                                                "<",
                                                "<=",
                                                ">",
                                                ">=",
                                                "is",
                                                "null?",
                                                "like",
                                                "glob",
                                                "between",
                                                "in",
                                                "in-select",
                                                "exists",
                                                "select",
                                                "case",
                                                "case-of",
                                                "cast",
                                                "call"};
        static_assert(std::size(names) == static_cast<std::size_t>(Kind::count));
        return names[static_cast<std::size_t>(kind)];
    }

    // What the union holds; the height of what is below it.
    std::uint32_t put_more(const sql::Expression& node) {
        switch (node.kind) {
            case Kind::boolean:
            case Kind::integer: number(node.integer); return 0;
            case Kind::parameter: number(node.number); return 0;
            case Kind::column:
                if (node.table != nullptr) put(*node.table);
                return 0;
            case Kind::cast: put(*node.type); return 0;
            case Kind::exists:
            case Kind::subquery:
            case Kind::in_select: put(*node.select); return node.select->height;
            default: return 0;
        }
    }

    template <class... More>
    void begin(const char* what, More... more) {
        out += out.empty() ? "(" : " (";
        out += what;
        (number(more), ...);
    }
    template <class T>
    void number(T value) {
        out += ' ' + std::to_string(static_cast<std::int64_t>(value));
    }
    void word(std::string_view text) { out.append(" '").append(text).append("'"); }
    void check(const sql::Place& place) {
        is_sound = is_sound && place.offset <= size_ && place.size <= size_ - place.offset;
    }
    template <class T, class F>
    void list(const sql::List<T>& all, F each) {
        out += " [";
        std::uint32_t count = 0;
        for (const T& node : all) each(node), count++;
        is_sound = is_sound && count == all.count;
        out += ']';
    }

    void put(const sql::Name& name) {
        check(name.place);
        if (!name.empty())
            word(name.text);
        else
            out += " -";
    }
    void put(const sql::TypeName& type) {
        check(type.place);
        word(type.text);
        for (std::uint32_t i = 0; i < type.size_count; i++) number(type.sizes[i]);
    }
    void put(const sql::List<sql::Expression>& all) {
        if (all.empty()) return;
        list(all, [&](const sql::Expression& node) { put(&node); });
    }
    void put(const sql::List<sql::ListedName>& all) {
        list(all, [&](const sql::ListedName& node) { put(node.name); });
    }
    void put(const sql::List<sql::KeyColumn>& all) {
        list(all, [&](const sql::KeyColumn& node) { put(node.name), number(node.order); });
    }
    void put(const sql::List<sql::Assignment>& all) {
        list(all, [&](const sql::Assignment& node) { put(node.column), put(node.value); });
    }
    void put(const sql::List<sql::ResultColumn>& all) {
        list(all, [&](const sql::ResultColumn& node) {
            check(node.place);
            number(node.kind), put(node.value), put(node.name);
        });
    }
    void put(const sql::Point& point) { number(point.kind), put(point.value); }
    void put(const sql::Period& period) {
        check(period.place);
        if (period.kind == sql::Period::Kind::none) return;
        begin("period", period.kind);
        put(period.from), put(period.to);
        out += ')';
    }
    void put(const sql::List<sql::Source>& all) {
        list(all, [&](const sql::Source& node) {
            check(node.place);
            begin("from", node.kind, node.join, node.natural, node.not_indexed);
            put(node.name), put(node.alias), put(node.index), put(node.period);
            put(node.arguments);
            if (node.select != nullptr) {
                put(*node.select);
                tallest_ = std::max<std::uint32_t>(tallest_, node.select->height + 1);
            }
            put(node.sources), put(node.on), put(node.using_names);
            out += ')';
        });
    }
    void put(const sql::Select& select) {
        check(select.place);
        const std::uint32_t tallest_outside = tallest_;
        tallest_ = 1;
        begin("arms");
        list(select.arms, [&](const sql::Arm& arm) { put(arm); });
        list(select.order_by, [&](const sql::OrderTerm& term) {
            put(term.value), number(term.order), number(term.nulls);
        });
        put(select.limit), put(select.offset);
        is_sound = is_sound && select.height == tallest_ && tallest_ <= sql::depth_max;
        tallest_ = std::max(tallest_, tallest_outside);
        out += ')';
    }
    void put(const sql::Arm& arm) {
        check(arm.place);
        number(arm.joined_by), number(arm.is_values), number(arm.distinct);
        list(arm.rows, [&](const sql::Row& row) { check(row.place), put(row.values); });
        put(arm.columns), put(arm.from), put(arm.where), put(arm.group_by), put(arm.having);
    }
    void put(const sql::List<sql::Constraint>& all) {
        list(all, [&](const sql::Constraint& node) {
            check(node.place);
            begin("constraint", node.kind, node.order, node.auto_increment);
            put(node.name), put(node.columns), put(node.value);
            if (node.reference != nullptr) {
                put(node.reference->table), put(node.reference->columns);
                number(node.reference->on_delete), number(node.reference->on_update);
            }
            out += ')';
        });
    }
    void put(const sql::ColumnDefinition& column) {
        check(column.place);
        put(column.name), put(column.type), put(column.constraints);
    }
    void put(const sql::CreateTable& table) {
        put(table.name), number(table.if_not_exists);
        list(table.columns, [&](const sql::ColumnDefinition& column) { put(column); });
        put(table.constraints);
    }
    void put(const sql::CreateIndex& index) {
        put(index.name), put(index.table), put(index.columns);
        number(index.unique), number(index.if_not_exists), number(index.hash);
    }
    void put(const sql::CreateView& view) {
        put(view.name), number(view.if_not_exists), number(view.temporary);
        put(view.columns), put(*view.select);
    }
    void put(const sql::AlterTable& alter) {
        number(alter.kind), put(alter.table), put(alter.name), put(alter.new_name);
        if (alter.column != nullptr) put(*alter.column);
    }
    void put(const sql::Insert& insert) {
        number(insert.conflict), put(insert.table), put(insert.alias), put(insert.columns);
        if (insert.source != nullptr) put(*insert.source);
        list(insert.upserts, [&](const sql::Upsert& node) {
            check(node.place);
            put(node.columns), number(node.update), put(node.assignments), put(node.where);
        });
        put(insert.returning);
    }
    void put(const sql::Update& update) {
        number(update.conflict), put(update.table), put(update.alias), put(update.index);
        number(update.not_indexed), put(update.assignments), put(update.where);
        put(update.expected_version), put(update.returning);
    }
    void put(const sql::Delete& deletion) {
        put(deletion.table), put(deletion.alias), put(deletion.index);
        number(deletion.not_indexed), put(deletion.where), put(deletion.expected_version);
        put(deletion.returning);
    }
    void put(const sql::Append& append) {
        put(append.stream), number(append.expectation), put(append.version);
        list(append.events, [&](const sql::NewEvent& event) {
            check(event.place);
            put(event.type), put(event.payload), put(event.metadata), put(event.id);
        });
    }
    void put(const sql::Begin& begin) {
        number(begin.mode);
        list(begin.options,
             [&](const sql::Option& option) { put(option.name), put(option.value); });
    }

    std::size_t size_;
    std::uint32_t tallest_ = 1;  // The height of the highest expression of a select.
};

}  // namespace freshet::fuzz
