// SPDX-License-Identifier: MIT
#include "relation/key.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/codec.hpp"

namespace freshet::relation {
namespace {

constexpr std::uint8_t null_byte = 0x00;
constexpr std::uint8_t real_byte = 0x01;
constexpr std::uint8_t end_byte = 0x01;
constexpr std::uint8_t escape_byte = 0x02;  // It and all bytes below are escaped.

// Numbers that are in the first byte alone.
constexpr std::int64_t small_min = -16;
constexpr std::int64_t small_max = 222;
constexpr std::uint8_t first_small = 0x09;
constexpr std::uint8_t last_small = 0xf7;
static_assert(small_max - small_min == last_small - first_small);

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

unsigned size_of(std::uint64_t value) noexcept {
    const auto bits = static_cast<unsigned>(std::bit_width(value | 1));
    return (bits + 7) / 8;
}

std::uint8_t inversion(Sort sort) noexcept {
    return sort == Sort::descending ? 0xff : 0x00;
}

// Eight at a time: a byte that is less borrows its highest bit, which it did not have.
bool has_escaped(std::string_view bytes) noexcept {
    constexpr std::uint64_t ones = ~std::uint64_t{0} / 255;
    const std::byte* const first = as_bytes(bytes).data();
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        const auto word = load<std::uint64_t>(first + i);
        if (((word - ones * (escape_byte + 1U)) & ~word & ones << 7) != 0) return true;
    }
    return std::any_of(
        bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.end(),
        [](char letter) noexcept { return static_cast<std::uint8_t>(letter) <= escape_byte; });
}

}  // namespace

// ---- writing ----

KeyWriter& KeyWriter::value(const Value& value, Sort sort) noexcept {
    inverted_ = inversion(sort);
    switch (value.type()) {
        case Type::null: put(null_byte); break;
        case Type::boolean:
        case Type::integer:
        case Type::date:
        case Type::timestamp: put_whole(value.whole()); break;
        case Type::real: put_real(value.as_real()); break;
        case Type::text:
        case Type::blob: put_bytes(value.bytes()); break;
    }
    return *this;
}

KeyWriter& KeyWriter::raw(Bytes bytes) noexcept {
    inverted_ = 0;
    const std::size_t size = cut_ ? 0 : std::min(bytes.size(), into_.size() - used_);
    if (size > 0) std::memcpy(into_.data() + used_, bytes.data(), size);
    used_ += size;
    cut_ = cut_ || size < bytes.size();
    return *this;
}

void KeyWriter::put(std::uint8_t byte) noexcept {
    if (used_ == into_.size()) cut_ = true;
    if (cut_) return;
    into_[used_++] = static_cast<std::byte>(byte ^ inverted_);
}

// Its low bytes. Where there is room, with what comes next written over the rest.
void KeyWriter::put_integer(std::uint64_t value, unsigned size) noexcept {
    if (into_.size() - used_ >= sizeof value && inverted_ == 0) {
        store_key(into_.data() + used_, value << (64 - 8 * size));
        used_ += size;
        return;
    }
    while (size-- > 0) put(static_cast<std::uint8_t>(value >> (8 * size)));
}

void KeyWriter::put_whole(std::int64_t value) noexcept {
    if (value > small_max) {
        const std::uint64_t above = static_cast<std::uint64_t>(value) - small_max - 1;
        const unsigned size = size_of(above);
        put(static_cast<std::uint8_t>(last_small + size));
        put_integer(above, size);
    } else if (value < small_min) {
        const std::uint64_t below =
            static_cast<std::uint64_t>(small_min - 1) - static_cast<std::uint64_t>(value);
        const unsigned size = size_of(below);
        put(static_cast<std::uint8_t>(first_small - size));
        put_integer(~below, size);
    } else {
        put(static_cast<std::uint8_t>(value - small_min + first_small));
    }
}

void KeyWriter::put_real(double value) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    put(real_byte);
    put_integer((bits & sign_bit) != 0 ? ~bits : bits | sign_bit, 8);
}

void KeyWriter::put_bytes(std::string_view bytes) noexcept {
    if (inverted_ == 0 && !has_escaped(bytes)) {
        raw(as_bytes(bytes));
        return put(end_byte);
    }
    for (const char letter : bytes) {
        const auto byte = static_cast<std::uint8_t>(letter);
        if (byte <= escape_byte) put(escape_byte);
        put(byte);
        if (cut_) return;
    }
    put(end_byte);
}

// ---- reading ----

Value KeyReader::fail(Code code) noexcept {
    if (error_.code == Code::none) error_ = code;
    rest_ = {};
    return {};
}

std::uint8_t KeyReader::take() noexcept {
    if (rest_.empty()) {
        fail(Code::corrupt);
        return null_byte;
    }
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return byte ^ inverted_;
}

std::uint64_t KeyReader::take_integer(unsigned size, std::uint64_t value) noexcept {
    for (unsigned i = 0; i < size; i++) value = value << 8 | take();
    return value;
}

std::int64_t KeyReader::whole(std::uint8_t first) noexcept {
    constexpr std::uint64_t above_max =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - small_max - 1;
    constexpr std::uint64_t below_max = sign_bit - static_cast<std::uint64_t>(1 - small_min);
    if (first >= first_small && first <= last_small) return first - first_small + small_min;
    const bool is_above = first > last_small;
    const unsigned size = is_above ? first - last_small : first_small - first;
    const std::uint64_t taken = take_integer(size, is_above ? 0 : ~std::uint64_t{0});
    const std::uint64_t distance = is_above ? taken : ~taken;
    if (size_of(distance) != size || distance > (is_above ? above_max : below_max))
        fail(Code::corrupt);
    if (error_.code != Code::none) return 0;
    const auto signed_distance = static_cast<std::int64_t>(distance);
    return is_above ? small_max + 1 + signed_distance : small_min - 1 - signed_distance;
}

Value KeyReader::real() noexcept {
    const std::uint64_t taken = take_integer(8, 0);
    const auto value = std::bit_cast<double>((taken & sign_bit) != 0 ? taken & ~sign_bit : ~taken);
    const bool is_negative_zero = value == 0 && taken != sign_bit;
    if (value != value || is_negative_zero) return fail(Code::corrupt);
    return error_.code == Code::none ? Value::real(value) : Value{};
}

Value KeyReader::bytes(Type type) noexcept {
    const std::string_view start = rest_;
    std::size_t size = 0;
    bool is_plain = inverted_ == 0;
    for (std::uint8_t byte = take(); byte != end_byte; byte = take(), size++) {
        if (byte > escape_byte) continue;
        is_plain = false;
        if (byte == null_byte || take() > escape_byte) return fail(Code::corrupt);
    }
    std::string_view result{start.data(), size};
    if (!is_plain && size > 0) {
        const Result<MutableBytes> copy = memory_.bytes(size, 1);
        if (!copy) return fail(copy.error().code);
        const std::string_view behind = rest_;
        rest_ = start;
        copy_escaped(*copy);
        rest_ = behind;
        result = as_text(*copy);
    }
    return type == Type::text ? Value::text(result) : Value::blob(as_bytes(result));
}

void KeyReader::copy_escaped(MutableBytes into) noexcept {
    for (std::byte& to : into) {
        std::uint8_t byte = take();
        if (byte == escape_byte) byte = take();
        to = static_cast<std::byte>(byte);
    }
}

Value KeyReader::value(ColumnType column, Sort sort) noexcept {
    if (error_.code != Code::none) return {};
    inverted_ = inversion(sort);
    const Type type = value_type(column);
    if (!rest_.empty() && static_cast<std::uint8_t>(rest_.front()) == (null_byte ^ inverted_)) {
        rest_.remove_prefix(1);
        return {};
    }
    if (type == Type::text || type == Type::blob) return bytes(type);
    const std::uint8_t first = take();
    if (error_.code != Code::none) return {};
    if (type == Type::real) return first == real_byte ? real() : fail(Code::corrupt);
    const Result<Value> result = whole_value(type, whole(first));
    if (!result) return fail(result.error().code);
    return error_.code == Code::none ? *result : Value{};
}

std::size_t end_of_prefix(MutableBytes key) noexcept {
    std::size_t size = key.size();
    while (size > 0 && key[size - 1] == std::byte{0xff}) size--;
    if (size > 0) key[size - 1] = static_cast<std::byte>(std::to_integer<int>(key[size - 1]) + 1);
    return size;
}

}  // namespace freshet::relation
