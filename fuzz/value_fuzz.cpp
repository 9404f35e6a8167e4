// SPDX-License-Identifier: MIT
// Any bytes as what values are read from. The first byte says what the others are:
//
//      'r'  a row: a count of columns, their types, and an image. What is accepted is encoded as it
//           was; operators take pairs of its values.
//      'k'  a key: the same, where a bit of the type says descending.
//      else a text: as a number, of which strtod must think the same and which is a fixpoint; as a
//           date, a time, a type, an email, and a pattern that matches itself.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/real.hpp"
#include "base/time_text.hpp"
#include "base/utf8.hpp"
#include "fuzz/target.hpp"
#include "relation/arithmetic.hpp"
#include "relation/compare.hpp"
#include "relation/convert.hpp"
#include "relation/key.hpp"
#include "relation/pattern.hpp"
#include "relation/row.hpp"

namespace freshet::fuzz {
namespace {

using namespace freshet::relation;

struct Column {
    ColumnType type;
    Sort sort;
};

// Takes the columns off the bytes.
std::vector<Column> columns_of(Bytes& bytes) {
    std::vector<Column> columns;
    if (bytes.empty()) return columns;
    const std::size_t count = std::min(std::to_integer<std::size_t>(bytes[0]), bytes.size() - 1);
    for (const std::byte byte : bytes.subspan(1, count)) {
        const int number = std::to_integer<int>(byte);
        columns.push_back({static_cast<ColumnType>(1 + number % (column_type_count - 1)),
                           number >= 0x80 ? Sort::descending : Sort::ascending});
    }
    bytes = bytes.subspan(1 + count);
    return columns;
}

Contents copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

int sign(int order) {
    return (order > 0) - (order < 0);
}

void check_pair(const Value& a, const Value& b) {
    static Contents room(64 * 1024);
    Arena memory{room};
    require(sign(order(a, b)) == -sign(order(b, a)), "the order of two is not that of two");
    require(order(a, b) != 0 || relation::hash(a) == relation::hash(b), "equal, of unequal hash");
    for (int i = 0; i <= static_cast<int>(Operator::shift_right); i++)
        apply(static_cast<Operator>(i), a, b);
    for (int i = 0; i <= static_cast<int>(Comparison::greater_equal); i++)
        compare(static_cast<Comparison>(i), a, b);
    const Result<Value> joined = concatenate(a, b, memory);
    require(!joined || joined->is_null() || joined->type() == Type::text, "|| gives no text");
    for (std::uint8_t type = 1; type < column_type_count; type++) {
        const auto column = static_cast<ColumnType>(type);
        const Result<Value> cast_value = cast(a, column, memory);
        require(!cast_value || cast_value->is_null() || cast_value->type() == value_type(column),
                "CAST gives another type");
        const Result<Value> assigned = assign(a, column, memory);
        require(!assigned || assigned->is_null() || assigned->type() == value_type(column),
                "an assignment gives another type");
    }
}

void check_row(Bytes bytes) {
    std::vector<ColumnType> types;
    for (const Column& column : columns_of(bytes)) types.push_back(column.type);
    const Contents copy = copy_of(bytes);  // In memory of just this size.
    const Bytes image{copy};
    std::vector<Value> values(types.size());
    const bool is_row = static_cast<bool>(decode_row(image, types, values));
    RowReader reader{image};
    const std::uint32_t version = reader.version();
    FieldReader fields{image};
    fields.skip();
    fields.skip();
    const std::size_t front = fields.position();
    std::vector<ColumnStep> steps(types.size());
    for (std::size_t i = 0; i < types.size(); i++) {
        const Result<Value> column = decode_column(image, types, i);
        require(!is_row || (column && *column == values[i]), "a column alone is another");
        steps[i] = {.type = types[i], .wanted = 0};
        Value value;
        Value* const into = &value;
        ImageRest rest{image, front};
        const Status read = decode_columns({&rest, 1}, std::span{steps}.first(i + 1), {&into, 1});
        require(!column || (read && value == *column), "a column of many rows is another");
        steps[i].wanted = ColumnStep::none;
    }
    if (!is_row) return;
    const Row row{version, reader.changed(types.size()), values};
    Contents room(row_size(row));
    Arena memory{room};
    const Result<Bytes> again = encode_row(row, memory);
    require(again && as_text(*again) == as_text(image), "a row has two forms");
    for (std::size_t i = 0; i < values.size(); i++)
        check_pair(values[i], values[i * 7 % values.size()]);
}

void check_key(Bytes bytes) {
    const std::vector<Column> columns = columns_of(bytes);
    const Contents key = copy_of(bytes);
    Contents room(key.size() + 16);
    Arena memory{room};
    Contents again_room(key.size());
    KeyReader reader{key, memory};
    KeyWriter writer{again_room};
    for (const Column& column : columns) {
        const Value value = reader.value(column.type, column.sort);
        if (!reader.status()) return;
        writer.value(value, column.sort);
    }
    const std::size_t size = key.size() - reader.rest().size();
    require(!writer.is_cut() && as_text(writer.written()) == as_text(key).substr(0, size),
            "a key has two forms");
}

bool is_same(double a, double b) {
    return a == b;
}

void check_real(const std::string& text) {
    const RealText found = read_real(text);
    require(found.size <= text.size(), "more read than there is");
    if (found.size == 0) return;
    const std::string number = text.substr(0, found.size);
    char* end = nullptr;
    require(is_same(std::strtod(number.c_str(), &end), found.value), "strtod reads another number");
    require(*end == 0, "strtod does not read as much");
    std::array<char, 800> room;
    TextWriter shortest{std::span{room}.first(real_text_size_max)};
    put_real(shortest, found.value);
    require(!shortest.is_full(), "the shortest text is too long");
    if (std::isinf(found.value)) return;
    require(is_same(read_real(shortest.written()).value, found.value), "it is not read back");
    TextWriter rounded{room};
    put_real_15(rounded, found.value);
    const double once = read_real(rounded.written()).value;
    TextWriter again{room};
    put_real_15(again, once);
    require(std::isinf(once) || is_same(read_real(again.written()).value, once),
            "15 digits are rounded twice");
    TextWriter fixed{room};
    put_real_fixed(fixed, found.value, 3);
    require(!fixed.is_full(), "a fixed text is too long");
}

void check_time(const std::string& text) {
    std::array<char, 40> room;
    if (const auto days = parse_date(text); days) {
        TextWriter date{room};
        put_date(date, *days);
        require(date.written() == text, "a date has two forms");
    }
    if (const auto us = parse_timestamp(text); us) {
        TextWriter time{room};
        put_timestamp(time, *us);
        require(*parse_timestamp(time.written()) == *us, "a time is not read back");
    }
}

void check_type(const std::string& text) {
    const std::string_view nearest = nearest_type_name(text);
    require(nearest.empty() || find_type(nearest), "a type that is none is proposed");
    require(!find_type(text) || !nearest.empty(), "a type is not like itself");
}

void check_text(const std::string& text) {
    check_real(text);
    check_time(text);
    if (text.size() <= 16) check_type(text);
    require(!is_email(text) || text.size() <= 254, "a long email");
    std::string pattern;
    for (const char letter : text) {
        if (letter == '%' || letter == '_' || letter == '\\') pattern += '\\';
        pattern += letter;
    }
    const bool is_whole = is_utf8(text);
    require(!is_whole || is_like(text, pattern, "\\"), "a text is not like itself");
    is_like(text, text, "\\");
    is_glob(text, text);
    require(is_like(text, "%", {}) && is_glob(text, "*"), "a text is not like any");
    check_pair(Value::text(text), Value::blob(as_bytes(text)));
    check_pair(Value::blob(as_bytes(text)), Value::text(text));
}

Seed text_seed(std::string name, std::string_view text) {
    const Bytes bytes = as_bytes(text);
    Seed seed{std::move(name), {std::byte{'t'}}};
    seed.bytes.insert(seed.bytes.end(), bytes.begin(), bytes.end());
    return seed;
}

const std::vector<Value> values_of_seeds{Value::boolean(true),
                                         Value::integer(-70000),
                                         Value::real(0.1),
                                         Value::text("text"),
                                         Value::blob(as_bytes(std::string_view{"\0\1\2", 3})),
                                         Value::date(20000),
                                         Value::timestamp(1'763'682'607'412'000),
                                         Value::text("a@b.c"),
                                         Value{}};

Contents head_of_seed(char kind, bool descending) {
    Contents bytes{static_cast<std::byte>(kind), static_cast<std::byte>(values_of_seeds.size())};
    for (std::size_t i = 0; i < values_of_seeds.size(); i++)
        bytes.push_back(static_cast<std::byte>(i % 8 + (descending ? 0x80 : 0)));
    return bytes;
}

Seed row_seed() {
    std::vector<std::byte> mask(mask_size(values_of_seeds.size()), std::byte{1});
    Contents room(200);
    Arena memory{room};
    const Result<Bytes> image = encode_row({7, mask, values_of_seeds}, memory);
    Seed seed{"row", head_of_seed('r', false)};
    seed.bytes.insert(seed.bytes.end(), image->begin(), image->end());
    return seed;
}

Seed key_seed(std::string name, bool descending) {
    Contents room(200);
    KeyWriter key{room};
    for (const Value& value : values_of_seeds)
        key.value(value, descending ? Sort::descending : Sort::ascending);
    Seed seed{std::move(name), head_of_seed('k', descending)};
    seed.bytes.insert(seed.bytes.end(), key.written().begin(), key.written().end());
    return seed;
}

}  // namespace

std::vector<Seed> make_seeds() {
    return {
        row_seed(),
        key_seed("key", false),
        key_seed("key-descending", true),
        text_seed("number", "-12.5e-3"),
        text_seed("number-short", "5e-324"),
        text_seed("number-long", "1.797693134862315807937289714053034150799341327100378269361e308"),
        text_seed("number-middle", "9007199254740993.000000000000000000000000000000"),
        text_seed("date", "2026-02-28"),
        text_seed("time", "2026-02-28T23:59:59.123456+01:30"),
        text_seed("email", "first.last+tag@example.co.uk"),
        text_seed("type", "character varying (20)"),
        text_seed("like", "a%b_c\\%%"),
        text_seed("glob", "*[a-c]?[^]x]"),
        text_seed("true", "true")};
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet::fuzz;
    if (size == 0) return 0;
    const freshet::Bytes rest = input(data, size).subspan(1);
    switch (data[0]) {
        case 'r': check_row(rest); break;
        case 'k': check_key(rest); break;
        default: check_text(std::string{freshet::as_text(rest)});
    }
    return 0;
}
