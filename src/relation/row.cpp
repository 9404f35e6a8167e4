// SPDX-License-Identifier: MIT
#include "relation/row.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <new>

namespace freshet::relation {
namespace {

std::uint64_t zigzag(std::int64_t value) noexcept {
    const std::uint64_t twice = static_cast<std::uint64_t>(value) << 1;
    return value < 0 ? ~twice : twice;
}

std::int64_t unzigzag(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
}

[[gnu::always_inline]] inline Field field_of(const Value& value) noexcept {
    if (value.is_null()) return {};
    if (value.has_bytes()) return Field::of(as_bytes(value.bytes()));
    return value.is_whole() ? Field::whole(zigzag(value.whole()))
                            : Field::real(std::bit_cast<std::uint64_t>(value.as_real()));
}

// How a mask of changes stands in an image.
Field field_of_changes(Bytes changed) noexcept {
    if (changed.size() > 8) return Field::of(changed);
    std::uint64_t number = 0;
    for (std::size_t i = changed.size(); i-- > 0;)
        number = number << 8 | std::to_integer<std::uint64_t>(changed[i]);
    return Field::whole(number);
}

// Bytes that nobody has touched are where they were.
bool is_same(const Value& a, const Value& b) noexcept {
    const bool lie_alike = a.has_bytes() && a.type() == b.type() &&
                           a.bytes().data() == b.bytes().data() &&
                           a.bytes().size() == b.bytes().size();
    return lie_alike || a == b;
}

}  // namespace

void find_changes(std::span<const Value> before, std::span<const Value> after,
                  MutableBytes into) noexcept {
    FRESHET_CHECK(into.size() == mask_size(after.size()));
    const std::size_t used = after.size() % 8;
    std::fill(into.begin(), into.end(), std::byte{0xff});
    if (used > 0) into.back() = std::byte{0xff} >> (8 - used);
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); i++)
        if (is_same(before[i], after[i])) into[i / 8] &= ~(std::byte{1} << (i % 8));
}

std::size_t row_size(const Row& row) noexcept {
    std::size_t size =
        field_size(Field::whole(row.version)) + field_size(field_of_changes(row.changed));
    for (const Value& value : row.values) size += field_size(field_of(value));
    return size;
}

// What it takes is not asked twice where there is room for the most that it may take.
Result<Bytes> encode_row(const Row& row, Arena& memory) noexcept {
    FRESHET_CHECK(row.changed.size() == mask_size(row.values.size()));
    std::size_t size_max = 18 + row.changed.size();
    for (const Value& value : row.values)
        size_max += value.has_bytes() ? 5 + value.bytes().size() : 9;
    Result<MutableBytes> image = memory.bytes(size_max, 1);
    if (!image) image = memory.bytes(row_size(row), 1);
    if (!image) return image.error();
    const std::byte* const end = image->data() + image->size();
    std::byte* next = put_field(image->data(), end, Field::whole(row.version));
    next = put_field(next, end, field_of_changes(row.changed));
    for (const Value& value : row.values) next = put_field(next, end, field_of(value));
    return Bytes{image->data(), next};
}

namespace {

constexpr FieldClass class_of(Type type) noexcept {
    if (type == Type::text || type == Type::blob) return FieldClass::bytes;
    return type == Type::real ? FieldClass::real : FieldClass::whole;
}

// False: the field is not of the type. Values are made where they go: a copy of 13 bytes that were
// just written as 16 waits for both.
[[gnu::always_inline]] inline bool make_value(const Field& field, Type type, Value* into) noexcept {
    if (field.kind == FieldClass::null) {
        ::new (static_cast<void*>(into)) Value{};
        return true;
    }
    if (field.kind != class_of(type)) return false;
    if (type == Type::integer) {
        ::new (static_cast<void*>(into)) Value{Value::integer(unzigzag(field.number))};
    } else if (type == Type::text) {
        ::new (static_cast<void*>(into)) Value{Value::text(as_text(field.bytes))};
    } else if (type == Type::blob) {
        ::new (static_cast<void*>(into)) Value{Value::blob(field.bytes)};
    } else if (type == Type::real) {
        const auto number = std::bit_cast<double>(field.number);
        ::new (static_cast<void*>(into)) Value{Value::real(number)};
        return number == number && (number != 0 || field.number == 0);
    } else {
        const Result<Value> value = whole_value(type, unzigzag(field.number));
        ::new (static_cast<void*>(into)) Value{value ? *value : Value{}};
        return static_cast<bool>(value);
    }
    return true;
}

// Whether all bits of a mask behind those of the columns are 0.
bool has_only(Bytes mask, std::size_t column_count) noexcept {
    const std::size_t whole = column_count / 8;
    for (std::size_t i = whole; i < mask.size(); i++)
        if ((mask[i] >> (i == whole ? column_count % 8 : 0)) != std::byte{0}) return false;
    return true;
}

[[gnu::noinline]] bool take_one(const Field& field, Type type, Value* into) noexcept {
    return make_value(field, type, into);
}

}  // namespace

std::uint32_t RowReader::version() noexcept {
    const Field field = next();
    ok_ = ok_ && field.kind == FieldClass::whole &&
          field.number <= std::numeric_limits<std::uint32_t>::max();
    return ok_ ? static_cast<std::uint32_t>(field.number) : 0;
}

Bytes RowReader::changed(std::size_t column_count) noexcept {
    const std::size_t size = mask_size(column_count);
    const bool is_number = size <= changed_.size();
    const Field field = next();
    store_at(changed_.data(), field.number);
    const Bytes mask = is_number ? Bytes{changed_} : field.bytes;
    ok_ = ok_ && field.kind == (is_number ? FieldClass::whole : FieldClass::bytes) &&
          (is_number || mask.size() == size) && has_only(mask, column_count);
    return ok_ ? mask.first(size) : Bytes{};
}

Value RowReader::value(ColumnType column) noexcept {
    Value value;
    ok_ = ok_ && take_one(next(), value_type(column), &value);
    return ok_ ? value : Value{};
}

Field RowReader::next() noexcept {
    if (!record_.is_there()) return reader_.next();
    const tree::Columns columns{*record_.page};
    if (column_ < columns.count()) return columns.column(column_++).field(record_.row);
    ok_ = false;
    return {};
}

void RowReader::skip() noexcept {
    if (record_.is_there())
        column_++;
    else
        reader_.skip();
}

void RowReader::values(std::span<const ColumnType> types, std::span<Value> into) noexcept {
    for (std::size_t i = 0; i < into.size(); i++) {
        const Field field = record_.is_there() ? next() : reader_.next_inlined();
        ok_ = ok_ && make_value(field, value_type(types[i]), &into[i]);
        if (!ok_) ::new (static_cast<void*>(&into[i])) Value{};
    }
}

Status decode_row(const Image& image, std::span<const ColumnType> types,
                  std::span<Value> into) noexcept {
    FRESHET_CHECK(into.size() <= types.size());
    RowReader reader{image};
    reader.version();
    reader.changed(types.size());
    reader.values(types, into);
    return into.size() == types.size() ? reader.finish() : reader.status();
}

namespace {

constexpr std::uint32_t front_count = 2;  // Of the fields before the columns.

bool take_integers(const tree::Column& column, std::uint32_t row, std::uint32_t count,
                   Value* into) noexcept {
    if (column.kind != FieldClass::whole) return false;
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * column.width);
    const std::byte* from = column.values + row * std::size_t{column.stride};
    for (std::uint32_t i = 0; i < count; i++, from += column.stride)
        ::new (static_cast<void*>(&into[i]))
            Value{Value::integer(unzigzag(load<std::uint64_t>(from) & mask))};
    return true;
}

bool take_texts(const tree::Column& column, std::uint32_t row, std::uint32_t count,
                Value* into) noexcept {
    if (column.kind != FieldClass::bytes) return false;
    for (std::uint32_t i = 0; i < count; i++)
        ::new (static_cast<void*>(&into[i])) Value{Value::text(as_text(column.bytes(row + i)))};
    return true;
}

}  // namespace

bool is_of_version(const tree::Record& first, std::uint32_t count, std::uint32_t version,
                   std::size_t column_count) noexcept {
    const tree::Columns columns{*first.page};
    const tree::Column versions = columns.column(0);
    if (versions.kind != FieldClass::whole || columns.count() != front_count + column_count)
        return false;
    const std::uint32_t end = first.row + (versions.stride == 0 ? 1 : count);
    for (std::uint32_t row = first.row; row < end; row++)
        if (versions.number(row) != version) return false;
    return true;
}

// Most columns are whole numbers or texts of which none is NULL.
Status decode_records(const tree::Record& first, std::uint32_t count, std::size_t column,
                      ColumnType type, Value* into) noexcept {
    const tree::Columns columns{*first.page};
    const tree::Column from = columns.column(front_count + static_cast<std::uint32_t>(column));
    const Type kind = value_type(type);
    bool is_good = true;
    if (kind == Type::integer && from.nulls == nullptr && from.kind != FieldClass::null) {
        is_good = take_integers(from, first.row, count, into);
    } else if (kind == Type::text && from.nulls == nullptr && from.kind != FieldClass::null) {
        is_good = take_texts(from, first.row, count, into);
    } else {
        for (std::uint32_t i = 0; i < count; i++)
            is_good = is_good && take_one(from.field(first.row + i), kind, &into[i]);
    }
    return is_good ? Status{Done{}} : Code::corrupt;
}

namespace {

bool is_plain_number(const tree::Column& column) noexcept {
    return column.kind == FieldClass::whole && column.nulls == nullptr;
}

bool take_field(const tree::Column& column, std::uint32_t row, Type type, Value* into) noexcept {
    const bool is_integer = type == Type::integer && is_plain_number(column);
    if (!is_integer) return take_one(column.field(row), type, into);
    ::new (static_cast<void*>(into)) Value{Value::integer(unzigzag(column.number(row)))};
    return true;
}

// What stands in one page does not wait for what stands in another.
void load_numbers(std::span<const RecordRest> records, std::uint32_t number) noexcept {
    auto sum = std::byte{0};
    for (const RecordRest& rest : records) {
        const tree::Column from = tree::Columns{*rest.record.page}.column_inlined(number);
        if (is_plain_number(from)) sum ^= from.values[rest.record.row * std::size_t{from.stride}];
    }
    asm volatile("" : : "r"(sum));
}

}  // namespace

Status decode_records(std::span<const RecordRest> records, std::size_t column, ColumnType type,
                      Value* into) noexcept {
    const std::uint32_t number = front_count + static_cast<std::uint32_t>(column);
    const Type kind = value_type(type);
    load_numbers(records, number);
    for (const auto& [record, row] : records) {
        const tree::Column from = tree::Columns{*record.page}.column_inlined(number);
        if (!take_field(from, record.row, kind, &into[row])) return Code::corrupt;
    }
    return Done{};
}

Status decode_record(const tree::Record& record, std::span<const ColumnType> types,
                     std::span<Value> into) noexcept {
    const tree::Columns columns{*record.page};
    for (std::uint32_t i = 0; i < into.size(); i++) {
        const tree::Column from = columns.column_inlined(front_count + i);
        if (!take_field(from, record.row, value_type(types[i]), &into[i])) return Code::corrupt;
    }
    return Done{};
}

namespace {

bool pass(std::span<ImageRest> images) noexcept {
    for (ImageRest& rest : images) {
        FieldReader reader{rest.image, rest.at};
        reader.skip();
        if (!reader.ok()) return false;
        rest.at = reader.position();
    }
    return true;
}

[[gnu::always_inline]] inline bool take(Type type, std::span<ImageRest> images,
                                        Value* into) noexcept {
    for (ImageRest& rest : images) {
        FieldReader reader{rest.image, rest.at};
        const Field field = reader.next_inlined();
        if (!reader.ok() || !make_value(field, type, &into[rest.row])) return false;
        rest.at = reader.position();
    }
    return true;
}

// What most columns are is known to the loop.
bool take_column(Type type, std::span<ImageRest> images, Value* into) noexcept {
    return type == Type::integer ? take(Type::integer, images, into) : take(type, images, into);
}

}  // namespace

std::size_t begin_of_columns(Bytes image, std::uint32_t version) noexcept {
    FieldReader reader{image};
    const Field first = reader.next();
    reader.skip();
    const bool is_of_version = first.kind == FieldClass::whole && first.number == version;
    return is_of_version ? reader.position() : 0;
}

// Column by column, so that one row's bytes do not wait for those of another.
Status decode_columns(std::span<ImageRest> images, std::span<const ColumnStep> steps,
                      std::span<Value* const> into) noexcept {
    for (const ColumnStep& step : steps) {
        const bool is_good = step.wanted == ColumnStep::none
                                 ? pass(images)
                                 : take_column(value_type(step.type), images, into[step.wanted]);
        if (!is_good) return Code::corrupt;
    }
    return Done{};
}

Result<Value> decode_column(const Image& image, std::span<const ColumnType> types,
                            std::size_t column) noexcept {
    FRESHET_CHECK(column < types.size());
    RowReader reader{image};
    reader.version();
    reader.changed(types.size());
    for (std::size_t i = 0; i < column; i++) reader.skip();
    const Value value = reader.value(types[column]);
    const Status status = reader.status();
    if (!status) return status.error();
    return value;
}

Result<std::uint32_t> decode_version(const Image& image) noexcept {
    RowReader reader{image};
    const std::uint32_t version = reader.version();
    const Status status = reader.status();
    if (!status) return status.error();
    return version;
}

}  // namespace freshet::relation
