// SPDX-License-Identifier: MIT
// The relation changes: the log's rows, read by the definitions that they were written with.
//
// What a table was is known from the catalog as of a commit, looked up once a table; from there on
// each change of the catalog that is met says what it is. A table that is dropped takes its rows
// with it in the same commit: then the commit before is asked.
#include <algorithm>

#include "query/json_text.hpp"
#include "query/keep.hpp"
#include "relation/catalog.hpp"
#include "relation/commit_name.hpp"
#include "relation/definition_codec.hpp"
#include "relation/layout.hpp"
#include "relation/table_row.hpp"
#include "sql/virtual_rows.hpp"
#include "sql/virtual_sources.hpp"

namespace freshet::sql {
namespace {

using relation::TableDefinition;

struct KnownTable {
    TableDefinition definition{};
    relation::Layout layout{};  // Of the version read last.
    KnownTable* next = nullptr;
};

struct Operation {
    std::string_view type;
    std::string_view name;
};
constexpr Operation operations[] = {
    {relation::row_inserted_type, "insert"},
    {relation::row_updated_type, "update"},
    {relation::row_deleted_type, "delete"},
    {"TableCreated", "create"},
    {"TableAltered", "alter"},
    {"IndexCreated", "create_index"},
    {"IndexDropped", "drop_index"},
    {"TableDropped", "drop"},
};

std::string_view operation_of(std::string_view type) noexcept {
    const auto* const found = std::ranges::find(operations, type, &Operation::type);
    return found == std::end(operations) ? type : found->name;
}

std::uint32_t table_of(std::string_view name) noexcept {
    std::uint32_t table = 0;
    for (std::size_t i = 1; i < 5; i++) table = table << 8 | static_cast<unsigned char>(name[i]);
    return table;
}

// What is written of a row, in the arena.
class RowText {
public:
    RowText(const KnownTable& table, Arena& memory) noexcept : table_{table}, memory_{memory} {}

    // The row as a JSON object.
    Result<Value> object(std::span<const Value> values) noexcept {
        const auto name_of = [&](std::size_t i) noexcept {
            return Value::text(table_.definition.columns[table_.layout.columns[i]].name);
        };
        std::size_t size = 2;
        for (std::size_t i = 0; i < values.size(); i++)
            size += 2 + query::json_size_max(name_of(i)) + query::json_size_max(values[i]);
        return made(size, [&](TextWriter& text) noexcept {
            text.character('{');
            for (std::size_t i = 0; i < values.size(); i++) {
                if (i > 0) text.character(',');
                query::put_json(text, name_of(i));
                text.character(':');
                query::put_json(text, values[i]);
            }
            text.character('}');
        });
    }
    Result<Value> array(std::span<const Value> values) noexcept {
        std::size_t size = 2;
        for (const Value& value : values) size += 1 + query::json_size_max(value);
        return made(size, [&](TextWriter& text) noexcept {
            text.character('[');
            for (std::size_t i = 0; i < values.size(); i++) {
                if (i > 0) text.character(',');
                query::put_json(text, values[i]);
            }
            text.character(']');
        });
    }

private:
    template <class Put>
    Result<Value> made(std::size_t size_max, Put put) noexcept {
        const Result<MutableBytes> room = memory_.bytes(size_max, 1);
        if (!room) return room.error();
        TextWriter text{{reinterpret_cast<char*>(room->data()), room->size()}};
        put(text);
        return Value::text(text.written());
    }

    const KnownTable& table_;
    Arena& memory_;
};

class Changes final : public VirtualRows {
public:
    Changes(query::Context& context, const relation::LogMoment& moment) noexcept
        : VirtualRows{context, std::size(change_columns)}, moment_{moment} {}

    Status open(const query::LogRange& range) noexcept { return walk_.open(moment_, range); }

protected:
    Result<bool> step() noexcept override {
        do {
            const Result<bool> there = walk_.next(event_);
            if (!there || !*there) return there;
        } while (!store::is_row(event_.stream));
        const std::uint32_t id = table_of(event_.stream);
        table_ = nullptr;
        if (id == relation::setting_table || id == relation::commit_name_table) return true;
        const Status known = id == 0 ? meet_definition() : find_table(id);
        if (!known) return known.error();
        return true;
    }

    Status fill(std::span<Value> row, Arena& texts) noexcept override {
        std::ranges::fill(row, Value{});
        row[ChangeColumn::ordinal] = number_value(event_.ordinal);
        row[ChangeColumn::commit] = number_value(event_.commit);
        row[ChangeColumn::operation] = Value::text(operation_of(event_.type));
        if (table_ == nullptr) return Done{};
        row[ChangeColumn::table] = Value::text(table_->definition.name);
        row[ChangeColumn::version] = number_value(table_->definition.version);
        return is_of_catalog_ ? Status{Done{}} : fill_row(row, texts);
    }

private:
    // A change of the catalog: its payload says what a table is now, or was when it was dropped.
    Status meet_definition() noexcept {
        is_of_catalog_ = true;
        table_ = nullptr;
        if (event_.payload.empty()) return find_dropped();
        const Result<TableDefinition> definition =
            relation::decode_definition(event_.payload, context().memory);
        if (!definition) return definition.error();
        return learn(*definition);
    }
    Status find_dropped() noexcept {
        relation::KeyReader key{relation::key_of_row(event_.stream), context().memory};
        const Value id = key.value(relation::ColumnType::integer);
        if (!key.status() || id.is_null()) return Code::corrupt;
        const Status found = find_table(static_cast<std::uint32_t>(id.as_integer()));
        is_of_catalog_ = true;
        return found;
    }
    Status learn(const TableDefinition& definition) noexcept {
        table_ = look_up(definition.id);
        if (table_ == nullptr) {
            const Result<KnownTable*> made = query::make<KnownTable>(context().memory);
            if (!made) return made.error();
            table_ = *made;
            table_->next = known_;
            known_ = table_;
        }
        table_->definition = definition;
        table_->layout = {};
        return Done{};
    }
    [[nodiscard]] KnownTable* look_up(std::uint32_t id) const noexcept {
        KnownTable* table = known_;
        while (table != nullptr && table->definition.id != id) table = table->next;
        return table;
    }

    Status find_table(std::uint32_t id) noexcept {
        is_of_catalog_ = false;
        table_ = look_up(id);
        if (table_ != nullptr) return Done{};
        const relation::RowName name = relation::name_of_definition(id);
        query::StreamEvents versions;
        const Result<bool> found = versions.open(moment_, name.view());
        if (!found) return found.error();
        if (!*found) return Code::corrupt;
        return find_version(versions);
    }
    // The newest of a commit up to that of the event with something in it.
    Status find_version(query::StreamEvents& versions) noexcept {
        for (std::uint64_t i = versions.count(); i-- > 0;) {
            Recorded version;
            const Status read = versions.read(i, version);
            if (!read) return read;
            const bool is_before = version.ordinal < event_.ordinal;
            if (!is_before || version.payload.empty()) continue;
            const Result<TableDefinition> definition =
                relation::decode_definition(version.payload, context().memory);
            if (!definition) return definition.error();
            return learn(*definition);
        }
        return Code::corrupt;
    }

    Status fill_row(std::span<Value> row, Arena& texts) noexcept {
        const Result<Value> key = key_text(texts);
        if (!key) return key.error();
        row[ChangeColumn::rowid] = *key;
        if (event_.type != relation::row_inserted_type) {
            const Result<Value> before = text_before(texts);
            if (!before) return before.error();
            row[ChangeColumn::before] = *before;
        }
        if (event_.type == relation::row_deleted_type) return Done{};
        const Result<Value> after = text_of_row(event_.payload, texts);
        if (!after) return after.error();
        row[ChangeColumn::after] = *after;
        row[ChangeColumn::version] = number_value(table_->layout.version);
        return Done{};
    }

    // The primary key: of one column its value, of several a JSON array; or the hidden row id.
    Result<Value> key_text(Arena& texts) noexcept {
        const TableDefinition& table = table_->definition;
        const std::size_t count = std::max<std::size_t>(table.primary_key.size(), 1);
        const Result<std::span<Value>> values = texts.array<Value>(count);
        if (!values) return values.error();
        relation::KeyReader reader{relation::key_of_row(event_.stream), texts};
        if (table.primary_key.empty())
            (*values)[0] = reader.value(relation::ColumnType::integer);
        else
            for (std::size_t i = 0; i < count; i++)
                (*values)[i] = reader.value(table.columns[table.primary_key[i].column].type,
                                            table.primary_key[i].sort);
        if (!reader.status()) return reader.status().error();
        if (count > 1) return RowText{*table_, texts}.array(*values);
        return query::keep((*values)[0], texts);
    }

    Result<Value> text_before(Arena& texts) noexcept {
        if (event_.index == 0) return Code::corrupt;
        query::StreamEvents versions;
        const Result<bool> found = versions.open(moment_, event_.stream);
        if (!found) return found.error();
        if (!*found || event_.index >= versions.count()) return Code::corrupt;
        Recorded version;
        const Status read = versions.read(event_.index - 1, version);
        if (!read) return read.error();
        return text_of_row(version.payload, texts);
    }

    Result<Value> text_of_row(Bytes image, Arena& texts) noexcept {
        const Result<std::uint32_t> version = relation::decode_version(image);
        if (!version) return version.error();
        if (table_->layout.version != *version || table_->layout.size() == 0) {
            const auto layout =
                relation::make_layout(table_->definition, *version, context().memory);
            if (!layout) return layout.error();
            table_->layout = *layout;
        }
        const Result<std::span<Value>> values = texts.array<Value>(table_->layout.size());
        if (!values) return values.error();
        const Status decoded = relation::decode_row(image, table_->layout.types, *values);
        if (!decoded) return decoded.error();
        return RowText{*table_, texts}.object(*values);
    }

    relation::LogMoment moment_;
    query::LogWalk walk_{};
    Recorded event_{};
    KnownTable* known_ = nullptr;
    KnownTable* table_ = nullptr;  // Of the event.
    bool is_of_catalog_ = false;
};

Result<query::Rows*> open_changes(const VirtualQuestion& question,
                                  query::Context& context) noexcept {
    const auto ordinals = range_of(question, ChangeColumn::ordinal, Type::integer, context.memory);
    if (!ordinals) return ordinals.error();
    const auto commits = range_of(question, ChangeColumn::commit, Type::integer, context.memory);
    if (!commits) return commits.error();
    const Result<Changes*> rows =
        query::make<Changes>(context.memory, context, question.moment->rows.log());
    if (!rows) return rows.error();
    const Status opened = (*rows)->open({.ordinal = *ordinals, .commit = *commits});
    if (!opened) return opened.error();
    return static_cast<query::Rows*>(*rows);
}

}  // namespace

Result<const query::Source*> make_changes(const VirtualUse& use, void* /*context*/) noexcept {
    return make_virtual_source(use, open_changes);
}

}  // namespace freshet::sql
