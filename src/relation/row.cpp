// SPDX-License-Identifier: MIT
#include "relation/row.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <new>

namespace freshet::relation {
namespace {

constexpr std::uint64_t first_small = 10;  // The code of z = 0.
constexpr std::uint64_t small_end = 118;   // From here on z has bytes.
static_assert(first_small + small_end == 0x80);

std::uint64_t zigzag(std::int64_t value) noexcept {
    const std::uint64_t twice = static_cast<std::uint64_t>(value) << 1;
    return value < 0 ? ~twice : twice;
}

std::int64_t unzigzag(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value >> 1 ^ (0 - (value & 1)));
}

// How a number is written: its code, which has one byte, and its low bytes.
struct Form {
    std::uint64_t number = 0;
    std::size_t size = 0;
    std::uint8_t code = 0;
};

Form form_of_number(std::uint64_t number) noexcept {
    const auto size = (static_cast<std::size_t>(std::bit_width(number)) + 7) / 8;
    return {number, size, static_cast<std::uint8_t>(1 + size)};
}

Form form_of_real(double value) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    if (bits == 0) return {0, 0, 1};
    const int zeros = std::countr_zero(bits) / 8 * 8;
    const auto size = static_cast<std::size_t>(64 - zeros) / 8;
    return {bits >> zeros, size, static_cast<std::uint8_t>(1 + size)};
}

// Of what has no bytes.
[[gnu::always_inline]] inline Form form_of(const Value& value) noexcept {
    if (value.is_null()) return {};
    if (!value.is_whole()) return form_of_real(value.as_real());
    const std::uint64_t number = zigzag(value.whole());
    return number < small_end ? Form{0, 0, static_cast<std::uint8_t>(first_small + number)}
                              : form_of_number(number);
}

std::size_t size_of(const Value& value) noexcept {
    if (!value.has_bytes()) return 1 + form_of(value).size;
    const std::size_t size = value.bytes().size();
    return varint_size(1 + std::uint64_t{size}) + size;
}

// Where there is room, a number is written as a whole, and what comes next over the rest of it.
std::byte* put(std::byte* to, const std::byte* end, const Value& value) noexcept {
    if (value.has_bytes()) {
        const std::string_view bytes = value.bytes();
        to = put_varint(to, 1 + std::uint64_t{bytes.size()});
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        return to + bytes.size();
    }
    const Form form = form_of(value);
    *to++ = static_cast<std::byte>(form.code);
    if (end - to >= 8)
        store_at(to, form.number);
    else
        std::memcpy(to, &form.number, form.size);
    return to + form.size;
}

}  // namespace

namespace {

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
    std::fill(into.begin(), into.end(), std::byte{0});
    for (std::size_t i = 0; i < after.size(); i++) {
        if (i < before.size() && is_same(before[i], after[i])) continue;
        into[i / 8] |= std::byte{1} << (i % 8);
    }
}

std::size_t row_size(const Row& row) noexcept {
    std::size_t size = varint_size(row.version) + row.changed.size();
    for (const Value& value : row.values) size += size_of(value);
    return size;
}

Result<Bytes> encode_row(const Row& row, Arena& memory) noexcept {
    FRESHET_CHECK(row.changed.size() == mask_size(row.values.size()));
    const Result<MutableBytes> image = memory.bytes(row_size(row), 1);
    if (!image) return image.error();
    const std::byte* const end = image->data() + image->size();
    std::byte* next = put_varint(image->data(), row.version);
    next = std::copy(row.changed.begin(), row.changed.end(), next);
    for (const Value& value : row.values) next = put(next, end, value);
    return Bytes{*image};
}

namespace {

// Of up to 8 bytes of an image, by one load of 8 where as many lie in it before their end or behind
// their start.
[[gnu::always_inline]] inline std::uint64_t number_in(Bytes bytes, Bytes image) noexcept {
    if (bytes.empty()) return 0;
    const std::size_t unused = 64 - 8 * bytes.size();
    const auto end = static_cast<std::size_t>(bytes.data() - image.data()) + bytes.size();
    if (end >= 8) return load<std::uint64_t>(image.data() + end - 8) >> unused;
    if (image.size() >= end + 8 - bytes.size())
        return load<std::uint64_t>(bytes.data()) << unused >> unused;
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), bytes.size());
    return number;
}

}  // namespace

Value RowReader::fail() noexcept {
    ok_ = false;
    return {};
}

std::uint32_t RowReader::version() noexcept {
    return reader_.number(std::numeric_limits<std::uint32_t>::max());
}

Bytes RowReader::changed(std::size_t column_count) noexcept {
    const Bytes mask = reader_.take(mask_size(column_count));
    const std::size_t used = column_count % 8;
    if (used > 0 && !mask.empty() && (mask.back() >> used) != std::byte{0}) fail();
    return ok_ ? mask : Bytes{};
}

Bytes RowReader::body(Type type, std::uint64_t code) noexcept {
    const bool has_bytes = type == Type::text || type == Type::blob;
    if (code == 0) return {};
    if (!has_bytes && code > 9) {
        if (type == Type::real || code >= first_small + small_end) fail();
        return {};
    }
    if (has_bytes && code > 0xffffffff) fail();
    return reader_.take(ok_ ? static_cast<std::size_t>(code - 1) : 0);
}

Value RowReader::whole(Type type, std::uint64_t code) noexcept {
    std::uint64_t number = code - first_small;
    if (code < first_small) {
        const Bytes bytes = reader_.take(static_cast<std::size_t>(code - 1));
        number = number_in(bytes, image_);
        if (number < small_end || bytes.back() == std::byte{0}) return fail();
    } else if (number >= small_end) {
        return fail();
    }
    if (type == Type::integer) return Value::integer(unzigzag(number));
    const Result<Value> value = whole_value(type, unzigzag(number));
    return value ? *value : fail();
}

Value RowReader::real(Bytes bytes) noexcept {
    if (bytes.empty()) return Value::real(0.0);
    const auto value = std::bit_cast<double>(number_in(bytes, image_) << (64 - 8 * bytes.size()));
    if (bytes.front() == std::byte{0} || value != value || value == 0) return fail();
    return Value::real(value);
}

Value RowReader::value(ColumnType column) noexcept {
    const Type type = value_type(column);
    const std::uint64_t code = reader_.varint();
    if (code == 0 || !ok_) return {};
    if (type != Type::text && type != Type::blob && type != Type::real) return whole(type, code);
    const Bytes bytes = body(type, code);
    if (!ok_ || !reader_.ok()) return {};
    if (type == Type::text) return Value::text(as_text(bytes));
    return type == Type::blob ? Value::blob(bytes) : real(bytes);
}

void RowReader::skip(ColumnType column) noexcept {
    body(value_type(column), reader_.varint());
}

// Values are made where they go: a copy of 13 bytes that were just written as 16 waits for both.
Status decode_row(Bytes image, std::span<const ColumnType> types, std::span<Value> into) noexcept {
    FRESHET_CHECK(into.size() <= types.size());
    RowReader reader{image};
    reader.version();
    reader.changed(types.size());
    for (std::size_t i = 0; i < into.size(); i++)
        ::new (static_cast<void*>(&into[i])) Value{reader.value(types[i])};
    return into.size() == types.size() ? reader.finish() : reader.status();
}

namespace {

enum class Kind : std::uint8_t { whole, real, bytes };

constexpr Kind kind_of(Type type) noexcept {
    if (type == Type::text || type == Type::blob) return Kind::bytes;
    return type == Type::real ? Kind::real : Kind::whole;
}

// The code of the next column, and how many bytes it says stand behind it, which is not looked at:
// whoever goes over them comes to an end that is not there.
struct ColumnCode {
    std::uint64_t number = 0;
    std::size_t size = 0;
};
template <Kind kind>
[[gnu::always_inline]] inline bool take_code(Bytes image, std::size_t& at,
                                             ColumnCode& code) noexcept {
    if (at >= image.size()) return false;
    code.number = std::to_integer<std::uint64_t>(image.data()[at]);
    const std::uint64_t code_end = kind == Kind::real ? first_small : 0x80;
    if (code.number < code_end) {
        at++;
    } else {
        Reader reader{image.subspan(at)};
        code.number = reader.varint();
        if (kind != Kind::bytes || !reader.ok() || code.number > 0xffffffff) return false;
        at = static_cast<std::size_t>(reader.position() - image.data());
    }
    const bool has_bytes =
        kind == Kind::bytes ? code.number > 0 : code.number - 1 < first_small - 1;
    code.size = has_bytes ? static_cast<std::size_t>(code.number) - 1 : 0;
    return true;
}

template <Kind kind>
bool pass(std::span<ImageRest> images) noexcept {
    ColumnCode code;
    for (ImageRest& rest : images) {
        std::size_t at = rest.at;
        if (!take_code<kind>(rest.image, at, code)) return false;
        rest.at = at + code.size;
    }
    return true;
}

bool pass(Type type, std::span<ImageRest> images) noexcept {
    switch (kind_of(type)) {
        case Kind::whole: return pass<Kind::whole>(images);
        case Kind::real: return pass<Kind::real>(images);
        case Kind::bytes: break;
    }
    return pass<Kind::bytes>(images);
}

template <Kind kind>
[[gnu::always_inline]] inline bool take(ImageRest& rest, ColumnCode& code, Bytes& bytes) noexcept {
    std::size_t at = rest.at;
    const Bytes image = rest.image;
    if (!take_code<kind>(image, at, code) || code.size > image.size() - at) return false;
    bytes = {image.data() + at, code.size};
    rest.at = at + code.size;
    return true;
}

bool take_integers(std::span<ImageRest> images, Value* into) noexcept {
    for (ImageRest& rest : images) {
        const Bytes image = rest.image;
        const std::size_t at = rest.at;
        if (at >= image.size()) return false;
        const auto code = std::to_integer<std::uint64_t>(image.data()[at]);
        std::uint64_t number = code - first_small;
        rest.at = at + 1;
        if (const std::uint64_t before_last = code - 2; before_last < 8) {
            const std::size_t end = at + code;
            if (end > image.size()) return false;
            number = number_in({image.data() + at + 1, code - 1}, image);
            if (number < small_end || number >> 8 * before_last == 0) return false;
            rest.at = end;
        } else if (number >= small_end) {
            if (code != 0) return false;
            ::new (static_cast<void*>(&into[rest.row])) Value{};
            continue;
        }
        ::new (static_cast<void*>(&into[rest.row])) Value{Value::integer(unzigzag(number))};
    }
    return true;
}

bool take_texts(std::span<ImageRest> images, Value* into) noexcept {
    ColumnCode code;
    Bytes bytes;
    for (ImageRest& rest : images) {
        if (!take<Kind::bytes>(rest, code, bytes)) return false;
        ::new (static_cast<void*>(&into[rest.row]))
            Value{code.number == 0 ? Value{} : Value::text(as_text(bytes))};
    }
    return true;
}

bool take_others(ColumnType type, std::span<ImageRest> images, Value* into) noexcept {
    for (ImageRest& rest : images) {
        const std::size_t begin = rest.at;
        if (!pass(value_type(type), {&rest, 1}) || rest.at > rest.image.size()) return false;
        RowReader one{rest.image.subspan(begin, rest.at - begin)};
        ::new (static_cast<void*>(&into[rest.row])) Value{one.value(type)};
        if (!one.status()) return false;
    }
    return true;
}

}  // namespace

// Column by column, so that the loops hold no switch, and one row's bytes do not wait for those of
// another. Most columns are whole numbers, texts, or passed over: the others are read as anywhere.
Status decode_columns(std::span<ImageRest> images, std::span<const ColumnStep> steps,
                      std::span<Value* const> into) noexcept {
    for (const ColumnStep& step : steps) {
        const Type type = value_type(step.type);
        bool is_good = false;
        if (step.wanted == ColumnStep::none)
            is_good = pass(type, images);
        else if (type == Type::integer)
            is_good = take_integers(images, into[step.wanted]);
        else if (type == Type::text)
            is_good = take_texts(images, into[step.wanted]);
        else
            is_good = take_others(step.type, images, into[step.wanted]);
        if (!is_good) return Code::corrupt;
    }
    return Done{};
}

Result<Value> decode_column(Bytes image, std::span<const ColumnType> types,
                            std::size_t column) noexcept {
    FRESHET_CHECK(column < types.size());
    RowReader reader{image};
    reader.version();
    reader.changed(types.size());
    for (std::size_t i = 0; i < column; i++) reader.skip(types[i]);
    const Value value = reader.value(types[column]);
    const Status status = reader.status();
    if (!status) return status.error();
    return value;
}

Result<std::uint32_t> decode_version(Bytes image) noexcept {
    RowReader reader{image};
    const std::uint32_t version = reader.version();
    const Status status = reader.status();
    if (!status) return status.error();
    return version;
}

}  // namespace freshet::relation
