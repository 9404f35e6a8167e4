// SPDX-License-Identifier: MIT
#include "sql/describe_table.hpp"

#include "relation/convert.hpp"
#include "sql/print.hpp"

namespace freshet::sql {
namespace {

using relation::Column;
using relation::ColumnNumber;
using relation::KeyColumn;
using relation::TableDefinition;

// Quoted where it has to be.
void put_name(TextWriter& text, std::string_view name) noexcept {
    std::array<char, 2 * relation::name_size_max + 2> room;
    Expression column;
    column.kind = ExpressionKind::column;
    column.text = name;
    const Result<std::string_view> printed = print(column, room);
    FRESHET_CHECK(printed);
    text.text(*printed);
}

template <class List, class Put>
void put_list(TextWriter& text, const List& list, Put put) noexcept {
    std::string_view separator = "(";
    for (const auto& item : list) {
        text.text(separator);
        put(item);
        separator = ", ";
    }
    text.character(')');
}

std::string_view action_text(relation::ReferenceAction action) noexcept {
    switch (action) {
        case relation::ReferenceAction::no_action: break;
        case relation::ReferenceAction::restrict: return "RESTRICT";
        case relation::ReferenceAction::cascade: return "CASCADE";
        case relation::ReferenceAction::set_null: return "SET NULL";
    }
    return "";
}

class TablePrinter {
public:
    TablePrinter(TextWriter& text, relation::Tables tables, const TableDefinition& table) noexcept
        : text_{text}, tables_{tables}, table_{table} {}

    void view() noexcept {
        text_.text("CREATE VIEW ");
        put_name(text_, table_.name);
        if (!table_.columns.empty()) {
            text_.character(' ');
            put_list(text_, table_.columns,
                     [&](const Column& column) noexcept { put_name(text_, column.name); });
        }
        text_.text(" AS ").text(table_.view);
    }

    void table() noexcept {
        if (relation::is_view(table_)) return view();
        text_.text("CREATE TABLE ");
        put_name(text_, table_.name);
        std::string_view separator = " (";
        for (const Column& each : table_.columns) {
            if (!relation::is_live(each)) continue;
            text_.text(separator);
            column(each);
            separator = ", ";
        }
        if (table_.primary_key.size() > 1) key(", PRIMARY KEY ", table_.primary_key);
        for (const relation::Index& index : table_.indexes)
            if (index.is_constraint) unique(index);
        for (const relation::CheckConstraint& check : table_.checks) {
            constraint(check.name);
            text_.text("CHECK (").text(check.text).character(')');
        }
        for (const relation::ForeignKey& foreign : table_.foreign_keys) foreign_key(foreign);
        text_.character(')');
    }

    void index(const relation::Index& index) noexcept {
        text_.text(index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
        put_name(text_, index.name);
        text_.text(" ON ");
        put_name(text_, table_.name);
        key(index.hash ? " USING HASH " : " ", index.columns);
    }

    static void default_value(TextWriter& text, const Column& column) noexcept {
        if (column.default_text.empty()) return relation::put_literal(text, column.default_value);
        text.character('(').text(column.default_text).character(')');
    }

private:
    void column(const Column& column) noexcept {
        put_name(text_, column.name);
        text_.character(' ').text(column.declared_type);
        bool is_in_key = false;
        for (const KeyColumn& key : table_.primary_key)
            is_in_key |= &table_.columns[key.column] == &column;
        if (is_in_key && table_.primary_key.size() == 1) {
            const bool descends = table_.primary_key[0].sort == relation::Sort::descending;
            text_.text(descends ? " PRIMARY KEY DESC" : " PRIMARY KEY");
        }
        if (column.auto_increment) text_.text(" AUTO_INCREMENT");
        if (column.not_null && !is_in_key) text_.text(" NOT NULL");
        if (column.default_value.is_null() && column.default_text.empty()) return;
        text_.text(" DEFAULT ");
        default_value(text_, column);
    }
    void name_of(ColumnNumber number) noexcept { put_name(text_, table_.columns[number].name); }
    void key(std::string_view words, std::span<const KeyColumn> columns) noexcept {
        text_.text(words);
        put_list(text_, columns, [&](const KeyColumn& column) noexcept {
            name_of(column.column);
            if (column.sort == relation::Sort::descending) text_.text(" DESC");
        });
    }
    void constraint(std::string_view name) noexcept {
        text_.text(", ");
        if (name.empty()) return;
        text_.text("CONSTRAINT ");
        put_name(text_, name);
        text_.character(' ');
    }
    void unique(const relation::Index& index) noexcept {
        constraint(index.name);
        key("UNIQUE ", index.columns);
    }
    void foreign_key(const relation::ForeignKey& foreign) noexcept {
        const TableDefinition* const other =
            foreign.table == table_.id ? &table_ : relation::find_table(tables_, foreign.table);
        if (other == nullptr) return;
        constraint(foreign.name);
        text_.text("FOREIGN KEY ");
        put_list(text_, foreign.columns, [&](ColumnNumber number) noexcept { name_of(number); });
        text_.text(" REFERENCES ");
        put_name(text_, other->name);
        text_.character(' ');
        put_list(text_, foreign.referenced, [&](ColumnNumber number) noexcept {
            put_name(text_, other->columns[number].name);
        });
        action(" ON DELETE ", foreign.on_delete);
        action(" ON UPDATE ", foreign.on_update);
    }
    void action(std::string_view words, relation::ReferenceAction action) noexcept {
        const std::string_view said = action_text(action);
        if (!said.empty()) text_.text(words).text(said);
    }

    TextWriter& text_;
    relation::Tables tables_;
    const TableDefinition& table_;
};

// Tried in more and more room.
template <class Put>
Result<std::string_view> written(Arena& memory, Put put) noexcept {
    for (std::size_t size = 256;; size *= 4) {
        const Result<MutableBytes> room = memory.bytes(size, 1);
        if (!room) return room.error();
        TextWriter text{{reinterpret_cast<char*>(room->data()), room->size()}};
        put(text);
        if (!text.is_full()) return text.written();
    }
}

}  // namespace

Result<std::string_view> describe_table(relation::Tables tables, const TableDefinition& table,
                                        Arena& memory) noexcept {
    return written(memory, [&](TextWriter& text) noexcept {
        TablePrinter{text, tables, table}.table();
    });
}

Result<std::string_view> describe_index(const TableDefinition& table, const relation::Index& index,
                                        Arena& memory) noexcept {
    return written(memory, [&](TextWriter& text) noexcept {
        TablePrinter{text, {}, table}.index(index);
    });
}

Result<Value> describe_default(const Column& column, Arena& memory) noexcept {
    if (column.default_value.is_null() && column.default_text.empty()) return Value{};
    if (!column.default_text.empty()) return Value::text(column.default_text);
    const auto text = written(memory, [&](TextWriter& into) noexcept {
        relation::put_literal(into, column.default_value);
    });
    if (!text) return text.error();
    return Value::text(*text);
}

}  // namespace freshet::sql
