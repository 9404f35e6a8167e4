// SPDX-License-Identifier: MIT
// How print() does it: one function for each struct of the tree.
#pragma once

#include "base/text.hpp"
#include "sql/operators.hpp"
#include "sql/print.hpp"

namespace freshet::sql {

class Printer {
public:
    explicit Printer(std::span<char> into) noexcept : writer_{into} {}

    Result<std::string_view> result() const noexcept {
        if (writer_.is_full()) return Code::out_of_memory;
        return writer_.written();
    }

    void put(const Expression& expression) noexcept;
    void put(const Select& select) noexcept;
    void put(const ColumnDefinition& column) noexcept;
    void put(const Statement& statement) noexcept;

private:
    Printer& text(std::string_view value) noexcept {
        writer_.text(value);
        return *this;
    }
    Printer& name(std::string_view value) noexcept;
    Printer& quoted(std::string_view value, char quote) noexcept;
    // With its parentheses.
    Printer& names(const List<ListedName>& names) noexcept;
    Printer& columns(const List<KeyColumn>& columns) noexcept;
    // With a comma between each two.
    template <class T>
    Printer& list(const List<T>& all) noexcept {
        std::string_view separator;
        for (const T& each : all) {
            text(separator);
            put(each);
            separator = ", ";
        }
        return *this;
    }
    template <class T>
    Printer& each(const List<T>& all) noexcept {
        for (const T& one : all) put(one);
        return *this;
    }
    // Behind the word, if there is one.
    Printer& clause(std::string_view word, const Expression* value) noexcept;
    Printer& optional_name(std::string_view word, const Name& value) noexcept;
    Printer& index(const Name& index, bool not_indexed) noexcept;

    // ---- printer_expression.cpp ----

    void operand(const Expression& value, Precedence least) noexcept;
    void guarded(const Expression& value) noexcept;
    void literal(const Expression& value) noexcept;
    void integer(std::int64_t value) noexcept;
    void prefixed(const Expression& value) noexcept;
    void infix(const Expression& value) noexcept;
    void special_infix(const Expression& value) noexcept;
    void case_of(const Expression& value) noexcept;
    void function(const Expression& value) noexcept;
    void type(const TypeName& type) noexcept;

    // ---- printer_select.cpp ----

    void put(const Arm& arm) noexcept;
    void put(const Row& row) noexcept;
    void put(const ResultColumn& column) noexcept;
    void put(const Source& source) noexcept;
    void put(const OrderTerm& term) noexcept;
    void put(const Period& period) noexcept;
    void put(const Point& point) noexcept;
    void join(const Source& source) noexcept;
    void returning(const List<ResultColumn>& columns) noexcept;

    // ---- printer_statement.cpp ----

    void body(const Statement& statement) noexcept;
    void put(const Constraint& constraint) noexcept;
    void put(const ForeignKey& key) noexcept;
    void put(const KeyColumn& column) noexcept;
    void put(const CreateTable& table) noexcept;
    void put(const CreateIndex& index) noexcept;
    void put(const CreateView& view) noexcept;
    void put(const AlterTable& alter) noexcept;
    void put(const Insert& insert) noexcept;
    void put(const Upsert& upsert) noexcept;
    void put(const Update& update) noexcept;
    void put(const Delete& deletion) noexcept;
    void put(const Assignment& assignment) noexcept;
    void put(const Append& append) noexcept;
    void put(const NewEvent& event) noexcept;
    void put(const Begin& begin) noexcept;
    void put(const Option& option) noexcept;
    void put(const Pragma& pragma) noexcept;
    void drop(std::string_view what, const Drop& drop) noexcept;

    TextWriter writer_;
};

}  // namespace freshet::sql
