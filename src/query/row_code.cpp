// SPDX-License-Identifier: MIT
#include "query/row_code.hpp"

#include <algorithm>

namespace freshet::query {
namespace {

constexpr SortTerm plain_term{};

std::byte* encode(const Value& value, std::byte* to) noexcept {
    *to++ = static_cast<std::byte>(value.type());
    if (value.is_null()) return to;
    if (!value.has_bytes()) {
        const auto bits = value.type() == Type::real ? std::bit_cast<std::int64_t>(value.as_real())
                                                     : value.whole();
        store_at(to, bits);
        return to + sizeof bits;
    }
    const std::string_view bytes = value.bytes();
    store_at(to, static_cast<std::uint32_t>(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(to + 4));
    return to + 4 + bytes.size();
}

Value decode(const std::byte*& from) noexcept {
    const auto type = static_cast<Type>(*from++);
    if (type == Type::null) return {};
    if (type == Type::text || type == Type::blob) {
        const Bytes bytes{from + 4, load<std::uint32_t>(from)};
        from += 4 + bytes.size();
        return type == Type::text ? Value::text(as_text(bytes)) : Value::blob(bytes);
    }
    const auto bits = load<std::int64_t>(from);
    from += sizeof bits;
    switch (type) {
        case Type::boolean: return Value::boolean(bits != 0);
        case Type::real: return Value::real(std::bit_cast<double>(bits));
        case Type::date: return Value::date(bits);
        case Type::timestamp: return Value::timestamp(bits);
        default: return Value::integer(bits);
    }
}

}  // namespace

std::size_t row_size(std::span<const Value> row) noexcept {
    std::size_t size = sizeof(std::uint32_t);
    for (const Value& value : row)
        size += value.is_null() ? 1 : value.has_bytes() ? 5 + value.bytes().size() : 9;
    return size;
}

void encode_row(std::span<const Value> row, std::size_t size, std::byte* to) noexcept {
    store_at(to, static_cast<std::uint32_t>(size));
    to += sizeof(std::uint32_t);
    for (const Value& value : row) to = encode(value, to);
}

void decode_row(const std::byte* row, std::span<Value> values) noexcept {
    row += sizeof(std::uint32_t);
    for (Value& value : values) value = decode(row);
}

int compare_rows(const std::byte* a, const std::byte* b, std::size_t key_width,
                 std::span<const SortTerm> terms) noexcept {
    a += sizeof(std::uint32_t);
    b += sizeof(std::uint32_t);
    for (std::size_t i = 0; i < key_width; i++) {
        const Value x = decode(a);
        const Value y = decode(b);
        const int difference = order(terms.empty() ? plain_term : terms[i], x, y);
        if (difference != 0) return difference;
    }
    return 0;
}

int compare_row(const std::byte* row, std::span<const Value> key) noexcept {
    row += sizeof(std::uint32_t);
    for (const Value& value : key) {
        const int difference = relation::order(decode(row), value);
        if (difference != 0) return difference;
    }
    return 0;
}

}  // namespace freshet::query
