// SPDX-License-Identifier: MIT
#include "sql/schema.hpp"

#include <algorithm>

#include "base/sql_error.hpp"
#include "base/text.hpp"
#include "relation/alter.hpp"
#include "relation/convert.hpp"
#include "sql/operators.hpp"
#include "sql/parse.hpp"
#include "sql/print.hpp"

namespace freshet::sql {
namespace {

using relation::ColumnNumber;
using relation::TableDefinition;

Error at(SqlError& error, Place place) noexcept {
    error.offset = place.offset;
    error.size = place.size;
    return error.error;
}

// Grows in the arena by one: definitions are small, and made rarely.
template <class T>
Status push(std::span<const T>& list, const T& value, Arena& memory) noexcept {
    const Result<std::span<T>> longer = memory.array<T>(list.size() + 1);
    if (!longer) return longer.error();
    std::copy(list.begin(), list.end(), longer->begin());
    longer->back() = value;
    list = *longer;
    return Done{};
}

// As print() has it, in the arena.
template <class T>
Result<std::string_view> printed(const T& value, Arena& memory) noexcept {
    for (std::size_t size = 256;; size *= 4) {
        const Result<MutableBytes> room = memory.bytes(size, 1);
        if (!room) return room.error();
        const Result<std::string_view> text =
            print(value, std::span{reinterpret_cast<char*>(room->data()), room->size()});
        if (text) return text;
    }
}

Result<std::string_view> joined(Arena& memory, std::initializer_list<std::string_view> parts) {
    std::size_t size = 1;
    for (const std::string_view part : parts) size += part.size();
    const Result<MutableBytes> room = memory.bytes(size, 1);
    if (!room) return room.error();
    TextWriter writer{std::span{reinterpret_cast<char*>(room->data()), room->size()}};
    for (const std::string_view part : parts) writer.text(part);
    return writer.written();
}

// Builds one definition; the first failure sticks.
class TableMaker {
public:
    TableMaker(Environment& environment, Ids ids) noexcept
        : environment_{environment}, memory_{environment.memory}, next_index_{ids.first_index} {}
    TableMaker(Environment& environment, Ids ids, const TableDefinition& table) noexcept
        : TableMaker{environment, ids} {
        table_ = table;
    }

    Result<TableDefinition> make(const CreateTable& create, std::uint32_t id) noexcept {
        table_.id = id;
        table_.name = create.name.text;
        for (const ColumnDefinition& column : create.columns) add(column);
        for (const ColumnDefinition& column : create.columns)
            for (const Constraint& constraint : column.constraints) add(constraint, &column);
        for (const Constraint& constraint : create.constraints) add(constraint, nullptr);
        name_indexes();
        return finish(create.name.place);
    }

    Result<TableDefinition> extend(const ColumnDefinition& column) noexcept {
        is_extending_ = true;
        relation::Column added = make_column(column);
        for (const Constraint& constraint : column.constraints) say(added, constraint);
        if (failed_) return environment_.error.error;
        const auto with = relation::add_column(table_, added, memory_, environment_.error);
        if (!with) return at(environment_.error, column.place);
        table_ = *with;
        for (const Constraint& constraint : column.constraints) {
            using Kind = Constraint::Kind;
            if (constraint.kind == Kind::check || constraint.kind == Kind::foreign_key) {
                add(constraint, &column);
            } else if (constraint.kind == Kind::unique || constraint.kind == Kind::primary_key) {
                fail(Code::invalid_argument, constraint.place,
                     {"a column that is added cannot be a key"},
                     {"add it, then CREATE UNIQUE INDEX"});
            }
        }
        return finish(column.place);
    }

    Result<TableDefinition> index(const CreateIndex& create) noexcept {
        relation::Index index;
        index.id = next_index_;
        index.name = create.name.text;
        index.unique = create.unique;
        index.hash = create.hash;
        index.columns = key_columns(create.columns);
        if (failed_) return environment_.error.error;
        const auto with = relation::add_index(table_, index, memory_, environment_.error);
        if (!with) return at(environment_.error, create.name.place);
        return with;
    }

private:
    void fail(Code code, Place place, relation::Words message, relation::Words hint) noexcept {
        if (failed_) return;
        failed_ = true;
        relation::refuse(environment_.error, code, message, hint);
        at(environment_.error, place);
    }
    // Of something that has put its words already, but for a lack of memory.
    void fail(Error error, Place place) noexcept {
        if (failed_) return;
        failed_ = true;
        if (environment_.error.error.code == Code::none) {
            environment_.error.error = error;
            relation::refuse_for_memory(environment_.error);
        }
        at(environment_.error, place);
    }
    template <class T>
    void append(std::span<const T>& list, const T& value, Place place) noexcept {
        const Status pushed = push(list, value, memory_);
        if (!pushed) fail(pushed.error(), place);
    }

    void add(const ColumnDefinition& definition) noexcept {
        if (relation::find_column(table_, definition.name.text) != relation::no_column)
            return fail(Code::already_exists, definition.name.place,
                        {table_.name, " has two columns ", definition.name.text},
                        {"give one of them another name"});
        relation::Column column = make_column(definition);
        for (const Constraint& constraint : definition.constraints) say(column, constraint);
        if (!failed_) append(table_.columns, column, definition.place);
    }

    relation::Column make_column(const ColumnDefinition& definition) noexcept {
        relation::Column column;
        column.name = definition.name.text;
        const TypeName& type = definition.type;
        if (type.text.empty()) {
            fail(Code::invalid_argument, definition.name.place,
                 {"column ", column.name, " has no type"}, {"give it one: INT, TEXT, FLOAT, ..."});
            return column;
        }
        const Result<relation::ColumnType> found = relation::find_type(type.text);
        if (!found) {
            const std::string_view meant = relation::nearest_type_name(type.text);
            fail(Code::unknown_name, type.place, {"there is no type ", type.text},
                 {meant.empty() ? "use INT, FLOAT, TEXT, BLOB, BOOL, DATE, TIMESTAMP or EMAIL"
                                : "did you mean ",
                  meant, meant.empty() ? "" : "?"});
            return column;
        }
        column.type = *found;
        column.declared_type = declared(type);
        return column;
    }

    std::string_view declared(const TypeName& type) noexcept {
        if (type.size_count == 0) return type.text;
        std::array<char, 48> numbers;
        TextWriter writer{numbers};
        writer.character('(').number(type.sizes[0]);
        if (type.size_count > 1) writer.character(',').number(type.sizes[1]);
        writer.character(')');
        const Result<std::string_view> text = joined(memory_, {type.text, writer.written()});
        if (!text) fail(text.error(), type.place);
        return text ? *text : std::string_view{};
    }

    // What a constraint says of its column alone.
    void say(relation::Column& column, const Constraint& constraint) noexcept {
        using Kind = Constraint::Kind;
        switch (constraint.kind) {
            case Kind::primary_key:
                column.not_null = true;
                column.auto_increment |= constraint.auto_increment ||
                                         relation::is_same_name(column.declared_type, "INTEGER");
                break;
            case Kind::auto_increment: column.auto_increment = true; break;
            case Kind::not_null: column.not_null = true; break;
            case Kind::default_value: say_default(column, constraint); break;
            default: break;
        }
    }

    void say_default(relation::Column& column, const Constraint& constraint) noexcept {
        const Expression& value = *constraint.value;
        const bool is_constant = is_literal(value) && value.kind != ExpressionKind::current_date &&
                                 value.kind != ExpressionKind::current_time &&
                                 value.kind != ExpressionKind::current_timestamp;
        Binder binder{environment_};
        const Result<const query::Scalar*> scalar = binder.expression(value, Scope{});
        if (!scalar) return fail(scalar.error(), value.place);
        if (!is_constant) {
            const Result<std::string_view> text = printed(value, memory_);
            if (!text) return fail(text.error(), value.place);
            column.default_text = *text;
            if (!is_extending_) return;
        }
        const Result<Value> constant = query::evaluate(**scalar, memory_);
        if (!constant) return fail(constant.error(), value.place);
        const Result<Value> assigned = relation::assign(*constant, column.type, memory_);
        if (assigned) {
            (is_constant ? column.default_value : column.missing) = *assigned;
            return;
        }
        std::array<char, SqlError::text_size_max> room{};
        fail(assigned.error().code, value.place,
             {"the default of ", column.name, ": ",
              relation::describe_mismatch(*constant, column.type, room)},
             {"give another default, or the column another type"});
    }

    // What a constraint says of the table. Of a column, or of the table alone.
    void add(const Constraint& constraint, const ColumnDefinition* column) noexcept {
        if (failed_) return;
        using Kind = Constraint::Kind;
        switch (constraint.kind) {
            case Kind::primary_key: add_primary_key(constraint, column); break;
            case Kind::unique: add_unique(constraint, column); break;
            case Kind::check: add_check(constraint); break;
            case Kind::foreign_key: add_foreign_key(constraint, column); break;
            default: break;
        }
    }

    ColumnNumber number_of(const Name& name) noexcept {
        const Result<ColumnNumber> found =
            relation::need_column(table_, name.text, environment_.error);
        if (!found) fail(found.error(), name.place);
        return found ? *found : ColumnNumber{0};
    }

    std::span<const relation::KeyColumn> key_columns(const List<KeyColumn>& columns) noexcept {
        std::span<const relation::KeyColumn> key;
        for (const KeyColumn& column : columns) {
            const auto sort = column.order == Order::descending ? relation::Sort::descending
                                                                : relation::Sort::ascending;
            append(key, relation::KeyColumn{number_of(column.name), sort}, column.name.place);
        }
        return key;
    }
    std::span<const relation::KeyColumn> key_of(const Constraint& constraint,
                                                const ColumnDefinition* column) noexcept {
        if (column == nullptr) return key_columns(constraint.columns);
        std::span<const relation::KeyColumn> key;
        const auto sort = constraint.order == Order::descending ? relation::Sort::descending
                                                                : relation::Sort::ascending;
        append(key, relation::KeyColumn{number_of(column->name), sort}, column->name.place);
        return key;
    }

    void add_primary_key(const Constraint& constraint, const ColumnDefinition* column) noexcept {
        if (!table_.primary_key.empty())
            return fail(Code::invalid_argument, constraint.place,
                        {table_.name, " has two primary keys"},
                        {"name all its columns in one PRIMARY KEY (a, b)"});
        table_.primary_key = key_of(constraint, column);
        if (failed_ || column != nullptr) return;
        for (const relation::KeyColumn& key : table_.primary_key) {
            relation::Column changed = table_.columns[key.column];
            changed.not_null = true;
            changed.auto_increment |= constraint.auto_increment;
            if (table_.primary_key.size() == 1 &&
                relation::is_same_name(changed.declared_type, "INTEGER"))
                changed.auto_increment = true;
            replace(key.column, changed, constraint.place);
        }
    }
    void replace(ColumnNumber number, const relation::Column& column, Place place) noexcept {
        const Result<std::span<relation::Column>> columns =
            memory_.array<relation::Column>(table_.columns.size());
        if (!columns) return fail(columns.error(), place);
        std::copy(table_.columns.begin(), table_.columns.end(), columns->begin());
        (*columns)[number] = column;
        table_.columns = *columns;
    }

    void add_unique(const Constraint& constraint, const ColumnDefinition* column) noexcept {
        relation::Index index;
        index.id = next_index_++;
        index.name = constraint.name.text;
        index.columns = key_of(constraint, column);
        index.unique = true;
        index.is_constraint = true;
        append(table_.indexes, index, constraint.place);
    }
    // Those that were given no name. Called when all columns are there.
    void name_indexes() noexcept {
        std::span<const relation::Index> named;
        for (relation::Index index : table_.indexes) {
            if (index.name.empty()) index.name = index_name(index);
            append(named, index, Place{});
        }
        table_.indexes = named;
    }
    std::string_view index_name(const relation::Index& index) noexcept {
        const Result<MutableBytes> room = memory_.bytes(relation::name_size_max, 1);
        if (!room) {
            fail(room.error(), Place{});
            return {};
        }
        TextWriter writer{std::span{reinterpret_cast<char*>(room->data()), room->size() - 8}};
        writer.text(table_.name);
        for (const relation::KeyColumn& key : index.columns)
            writer.character('_').text(table_.columns[key.column].name);
        const std::size_t size = writer.written().size();
        TextWriter end{
            std::span{reinterpret_cast<char*>(room->data()) + size, room->size() - size}};
        if (writer.is_full()) end.number(index.id % 1000);
        end.text("_key");
        return {reinterpret_cast<const char*>(room->data()), size + end.written().size()};
    }

    void add_check(const Constraint& constraint) noexcept {
        relation::CheckConstraint check;
        check.name = constraint.name.text;
        const Result<std::string_view> text = printed(*constraint.value, memory_);
        if (!text) return fail(text.error(), constraint.place);
        check.text = *text;
        collect(*constraint.value, check.columns);
        if (!failed_) append(table_.checks, check, constraint.place);
    }
    void collect(const Expression& value, std::span<const ColumnNumber>& columns) noexcept {
        if (failed_) return;
        using Kind = ExpressionKind;
        if (value.kind == Kind::subquery || value.kind == Kind::exists ||
            value.kind == Kind::in_select)
            return fail(Code::invalid_argument, value.place, {"a CHECK cannot ask other rows"},
                        {"say it with ASSERT, in the transaction that changes them"});
        if (value.kind == Kind::parameter)
            return fail(Code::invalid_argument, value.place, {"a CHECK cannot have parameters"},
                        {"write the value there"});
        if (value.kind == Kind::column) {
            const ColumnNumber number = number_of(Name{value.text, value.place});
            if (std::find(columns.begin(), columns.end(), number) == columns.end())
                append(columns, number, value.place);
        }
        for (const Expression& operand : value.operands) collect(operand, columns);
    }

    std::span<const std::string_view> names(const List<ListedName>& list) noexcept {
        std::span<const std::string_view> all;
        for (const ListedName& each : list) append(all, each.name.text, each.name.place);
        return all;
    }
    void add_foreign_key(const Constraint& constraint, const ColumnDefinition* column) noexcept {
        relation::Reference reference;
        const ForeignKey& written = *constraint.reference;
        if (column != nullptr) {
            append(reference.columns, column->name.text, column->name.place);
        } else {
            for (const KeyColumn& own : constraint.columns)
                append(reference.columns, own.name.text, own.name.place);
        }
        reference.table = written.table.text;
        reference.referenced = names(written.columns);
        if (failed_) return;
        const Result<relation::ForeignKey> resolved = relation::resolve_reference(
            environment_.tables, table_, reference, memory_, environment_.error);
        if (!resolved) return fail(resolved.error(), written.table.place);
        relation::ForeignKey key = *resolved;
        key.name = constraint.name.text;
        key.on_delete = action(written.on_delete);
        key.on_update = action(written.on_update);
        append(table_.foreign_keys, key, constraint.place);
    }
    static relation::ReferenceAction action(ReferenceAction written) noexcept {
        switch (written) {
            case ReferenceAction::restrict: return relation::ReferenceAction::restrict;
            case ReferenceAction::cascade: return relation::ReferenceAction::cascade;
            case ReferenceAction::set_null: return relation::ReferenceAction::set_null;
            default: return relation::ReferenceAction::no_action;
        }
    }

    Result<TableDefinition> finish(Place place) noexcept {
        if (failed_) return environment_.error.error;
        check_auto_increment(place);
        if (failed_) return environment_.error.error;
        const Status sound = relation::check_definition(table_, environment_.error);
        if (!sound) return at(environment_.error, place);
        return table_;
    }
    // The next id is found behind the greatest key, so that it must be one.
    void check_auto_increment(Place place) noexcept {
        for (std::size_t i = 0; i < table_.columns.size(); i++) {
            const relation::Column& column = table_.columns[i];
            if (!column.auto_increment || !relation::is_live(column)) continue;
            if (table_.primary_key.size() == 1 && table_.primary_key[0].column == i) continue;
            fail(Code::invalid_argument, place,
                 {table_.name, ".", column.name, " is AUTO_INCREMENT and not the primary key"},
                 {"write ", column.name, " INTEGER PRIMARY KEY AUTOINCREMENT"});
        }
    }

    Environment& environment_;
    Arena& memory_;
    std::uint32_t next_index_;
    TableDefinition table_;
    bool is_extending_ = false;  // Rows that are there get what a default gives now.
    bool failed_ = false;
};

// Puts the new name wherever a column of the old one stands.
void rename_in(Expression& value, std::string_view from, std::string_view to) noexcept {
    if (value.kind == ExpressionKind::column && relation::is_same_name(value.text, from))
        value.text = to;
    for (Expression& operand : value.operands) rename_in(operand, from, to);
}

}  // namespace

Result<TableDefinition> make_table(const CreateTable& create, Ids ids,
                                   Environment& environment) noexcept {
    return TableMaker{environment, ids}.make(create, ids.table);
}

Result<TableDefinition> add_column(const TableDefinition& table, const ColumnDefinition& column,
                                   Ids ids, Environment& environment) noexcept {
    return TableMaker{environment, ids, table}.extend(column);
}

Result<TableDefinition> add_index(const TableDefinition& table, const CreateIndex& create, Ids ids,
                                  Environment& environment) noexcept {
    return TableMaker{environment, ids, table}.index(create);
}

Result<TableDefinition> make_view(const CreateView& create, Ids ids,
                                  Environment& environment) noexcept {
    TableDefinition view;
    view.id = ids.table;
    view.name = create.name.text;
    const Result<std::string_view> text = printed(*create.select, environment.memory);
    if (!text) return text.error();
    view.view = *text;
    for (const ListedName& name : create.columns) {
        const Status named =
            push(view.columns, relation::Column{.name = name.name.text}, environment.memory);
        if (!named) return named.error();
    }
    const Status sound = relation::check_definition(view, environment.error);
    if (!sound) return at(environment.error, create.name.place);
    return view;
}

Result<TableDefinition> rename_column(const TableDefinition& table, const AlterTable& alter,
                                      Environment& environment) noexcept {
    const Result<std::span<std::string_view>> checks =
        environment.memory.array<std::string_view>(table.checks.size() + 1);
    if (!checks) return checks.error();
    for (std::size_t i = 0; i < table.checks.size(); i++) {
        const Result<Expression*> parsed =
            parse_expression(table.checks[i].text, environment.memory, environment.error);
        if (!parsed) return parsed.error();
        rename_in(**parsed, alter.name.text, alter.new_name.text);
        const Result<std::string_view> text = printed(**parsed, environment.memory);
        if (!text) return text.error();
        (*checks)[i] = *text;
    }
    const auto renamed = relation::rename_column(table, alter.name.text, alter.new_name.text,
                                                 checks->first(table.checks.size()),
                                                 environment.memory, environment.error);
    if (!renamed) return at(environment.error, alter.name.place);
    return renamed;
}

}  // namespace freshet::sql
