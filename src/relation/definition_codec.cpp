// SPDX-License-Identifier: MIT
#include "relation/definition_codec.hpp"

#include <array>
#include <limits>

#include "base/codec.hpp"
#include "base/utf8.hpp"
#include "relation/row.hpp"

namespace freshet::relation {
namespace {

constexpr std::uint32_t format = 1;
constexpr std::uint32_t number_max = std::numeric_limits<std::uint32_t>::max();

constexpr std::uint32_t flag_not_null = 1;
constexpr std::uint32_t flag_auto_increment = 2;
constexpr std::uint32_t flag_default_value = 4;
constexpr std::uint32_t flag_default_text = 8;
constexpr std::uint32_t flag_missing = 16;
constexpr std::uint32_t flag_dropped = 32;
constexpr std::uint32_t column_flags_max = 63;

constexpr std::uint32_t flag_unique = 1;
constexpr std::uint32_t flag_hash = 2;
constexpr std::uint32_t flag_constraint = 4;
constexpr std::uint32_t index_flags_max = 7;

constexpr std::array<std::byte, 1> unchanged{};

// Writes, or counts what would be written, where there is no room.
class DefinitionWriter {
public:
    explicit DefinitionWriter(MutableBytes into) noexcept : into_{into} {}

    void definition(const TableDefinition& table) noexcept {
        number(format);
        number(table.id);
        number(table.version);
        text(table.name);
        list(table.columns, &DefinitionWriter::column);
        list(table.primary_key, &DefinitionWriter::key_column);
        list(table.indexes, &DefinitionWriter::index);
        list(table.checks, &DefinitionWriter::check);
        list(table.foreign_keys, &DefinitionWriter::foreign_key);
        text(table.view);
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    void column(const Column& column) noexcept {
        number(flags_of(column));
        text(column.name);
        number(static_cast<std::uint32_t>(column.type));
        text(column.declared_type);
        if (!column.default_value.is_null()) value(column.default_value);
        if (!column.default_text.empty()) text(column.default_text);
        if (!column.missing.is_null()) value(column.missing);
        number(column.added);
        if (!is_live(column)) number(column.dropped);
    }
    void key_column(const KeyColumn& key) noexcept {
        number(std::uint32_t{key.column} * 2 + (key.sort == Sort::descending ? 1 : 0));
    }
    void index(const Index& index) noexcept {
        number((index.unique ? flag_unique : 0) | (index.hash ? flag_hash : 0) |
               (index.is_constraint ? flag_constraint : 0));
        number(index.id);
        text(index.name);
        list(index.columns, &DefinitionWriter::key_column);
    }
    void check(const CheckConstraint& check) noexcept {
        text(check.name);
        text(check.text);
        list(check.columns, &DefinitionWriter::column_number);
    }
    void foreign_key(const ForeignKey& key) noexcept {
        text(key.name);
        list(key.columns, &DefinitionWriter::column_number);
        number(key.table);
        list(key.referenced, &DefinitionWriter::column_number);
        number(static_cast<std::uint32_t>(key.on_delete) * reference_action_count +
               static_cast<std::uint32_t>(key.on_update));
    }

    static std::uint32_t flags_of(const Column& column) noexcept {
        return (column.not_null ? flag_not_null : 0) |
               (column.auto_increment ? flag_auto_increment : 0) |
               (column.default_value.is_null() ? 0 : flag_default_value) |
               (column.default_text.empty() ? 0 : flag_default_text) |
               (column.missing.is_null() ? 0 : flag_missing) | (is_live(column) ? 0 : flag_dropped);
    }

    template <class T>
    void list(std::span<const T> items, void (DefinitionWriter::*one)(const T&)) noexcept {
        number(static_cast<std::uint32_t>(items.size()));
        for (const T& item : items) (this->*one)(item);
    }
    void column_number(const ColumnNumber& column) noexcept { number(column); }
    void number(std::uint32_t value) noexcept {
        const std::size_t size = varint_size(value);
        if (!into_.empty()) put_varint(into_.data() + size_, value);
        size_ += size;
    }
    void text(std::string_view value) noexcept {
        number(static_cast<std::uint32_t>(value.size()));
        if (!into_.empty() && !value.empty())
            std::memcpy(into_.data() + size_, value.data(), value.size());
        size_ += value.size();
    }
    void value(const Value& value) noexcept {
        const Row row{0, unchanged, {&value, 1}};
        const std::size_t size = row_size(row);
        number(static_cast<std::uint32_t>(size));
        if (!into_.empty()) {
            Arena place{into_.subspan(size_, size)};
            FRESHET_CHECK(static_cast<bool>(encode_row(row, place)));
        }
        size_ += size;
    }

    MutableBytes into_;  // Empty: only counts.
    std::size_t size_ = 0;
};

// The first error sticks: after it, all is empty.
class DefinitionReader {
public:
    DefinitionReader(Bytes bytes, Arena& memory) noexcept : reader_{bytes}, memory_{memory} {}

    Result<TableDefinition> definition() noexcept {
        const std::uint32_t found = number(number_max);
        if (is_good() && found > format) return Code::newer_format;
        TableDefinition table;
        table.id = number(number_max);
        table.version = number(number_max);
        table.name = text();
        table.columns = list(column_count_max, &DefinitionReader::column);
        table.primary_key = list(key_column_count_max, &DefinitionReader::key_column);
        table.indexes = list(constraint_count_max, &DefinitionReader::index);
        table.checks = list(constraint_count_max, &DefinitionReader::check);
        table.foreign_keys = list(constraint_count_max, &DefinitionReader::foreign_key);
        table.view = text();
        if (error_.code != Code::none) return error_;
        if (found != format || !is_good() || !reader_.at_end() || !is_sound(table))
            return Code::corrupt;
        return table;
    }

private:
    Column column() noexcept {
        const std::uint32_t flags = number(column_flags_max);
        Column column;
        column.not_null = (flags & flag_not_null) != 0;
        column.auto_increment = (flags & flag_auto_increment) != 0;
        column.name = text();
        const std::uint32_t type = number(column_type_count - 1);
        if (type == 0) {
            fail(Code::corrupt);
            return column;
        }
        column.type = static_cast<ColumnType>(type);
        column.declared_type = text();
        if ((flags & flag_default_value) != 0) column.default_value = value(column.type);
        if ((flags & flag_default_text) != 0) column.default_text = text_that_is_there();
        if ((flags & flag_missing) != 0) column.missing = value(column.type);
        column.added = number(number_max);
        if ((flags & flag_dropped) != 0) column.dropped = number(number_max);
        if ((flags & flag_dropped) != 0 && column.dropped == 0) fail(Code::corrupt);
        return column;
    }
    KeyColumn key_column() noexcept {
        const std::uint32_t code = number(column_count_max * 2 - 1);
        return {static_cast<ColumnNumber>(code / 2),
                code % 2 == 0 ? Sort::ascending : Sort::descending};
    }
    Index index() noexcept {
        const std::uint32_t flags = number(index_flags_max);
        Index index;
        index.unique = (flags & flag_unique) != 0;
        index.hash = (flags & flag_hash) != 0;
        index.is_constraint = (flags & flag_constraint) != 0;
        index.id = number(number_max);
        index.name = text();
        index.columns = list(key_column_count_max, &DefinitionReader::key_column);
        return index;
    }
    CheckConstraint check() noexcept {
        CheckConstraint check;
        check.name = text();
        check.text = text_that_is_there();
        check.columns = list(column_count_max, &DefinitionReader::column_number);
        return check;
    }
    ForeignKey foreign_key() noexcept {
        ForeignKey key;
        key.name = text();
        key.columns = list(key_column_count_max, &DefinitionReader::column_number);
        key.table = number(number_max);
        key.referenced = list(key_column_count_max, &DefinitionReader::column_number);
        constexpr std::uint32_t count = reference_action_count;
        const std::uint32_t actions = number(count * count - 1);
        key.on_delete = static_cast<ReferenceAction>(actions / count);
        key.on_update = static_cast<ReferenceAction>(actions % count);
        return key;
    }

    template <class T>
    std::span<const T> list(std::size_t count_max, T (DefinitionReader::*one)()) noexcept {
        const std::size_t count = reader_.number(count_max);
        if (count == 0 || !is_good()) return {};
        const Result<std::span<T>> items = memory_.array<T>(count);
        if (!items) {
            fail(items.error().code);
            return {};
        }
        for (T& item : *items) {
            if (!is_good()) return {};
            item = (this->*one)();
        }
        return *items;
    }
    ColumnNumber column_number() noexcept {
        return static_cast<ColumnNumber>(number(column_count_max - 1));
    }
    std::uint32_t number(std::uint32_t max) noexcept { return reader_.number(max); }
    std::string_view text() noexcept {
        const std::string_view text = as_text(reader_.take(number(number_max)));
        if (!is_utf8(text)) fail(Code::corrupt);
        return text;
    }
    std::string_view text_that_is_there() noexcept {
        const std::string_view text = this->text();
        if (text.empty()) fail(Code::corrupt);
        return text;
    }
    Value value(ColumnType type) noexcept {
        const Bytes image = reader_.take(number(number_max));
        RowReader row{image};
        const bool is_plain = row.version() == 0;
        const Bytes changed = row.changed(1);
        const Value value = row.value(type);
        const bool is_text = !value.is_null() && value.type() == Type::text;
        if (!row.finish() || !is_plain || changed[0] != std::byte{0} || value.is_null() ||
            (is_text && !is_utf8(value.as_text())))
            fail(Code::corrupt);
        return value;
    }

    [[nodiscard]] bool is_good() const noexcept {
        return error_.code == Code::none && reader_.ok();
    }
    void fail(Code code) noexcept {
        if (is_good()) error_ = code;
    }

    Reader reader_;
    Arena& memory_;
    Error error_{};
};

}  // namespace

Result<Bytes> encode_definition(const TableDefinition& table, Arena& memory) noexcept {
    DefinitionWriter counter{{}};
    counter.definition(table);
    if (counter.size() > definition_size_max) return Code::too_large;
    const Result<MutableBytes> bytes = memory.bytes(counter.size(), 1);
    if (!bytes) return bytes.error();
    DefinitionWriter{*bytes}.definition(table);
    return Bytes{*bytes};
}

Result<TableDefinition> decode_definition(Bytes bytes, Arena& memory) noexcept {
    return DefinitionReader{bytes, memory}.definition();
}

}  // namespace freshet::relation
