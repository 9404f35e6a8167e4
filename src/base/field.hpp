// SPDX-License-Identifier: MIT
// Fields of a record, one behind the other. Each says by itself of what class it is and where it
// ends, so that records can be taken apart and put side by side by those who do not know what they
// are about.
//
//      code (varint)  class   behind it
//      0              null    nothing
//      1 .. 8         whole   as many bytes: the number, little-endian, as few as hold it
//      9 .. 17        real    9 less: the highest bytes of the number, the lowest of them first;
//                             those left out are 0
//      18 .. 81       whole   nothing: the number is 18 less
//      82 + n         bytes   n bytes
//
// Each field has one form and each form is one field: what is longer than it need be is no field.
#pragma once

#include "base/codec.hpp"

namespace freshet {

enum class FieldClass : std::uint8_t { null, whole, real, bytes };

struct Field {
    FieldClass kind = FieldClass::null;
    std::uint64_t number = 0;  // Of a real, its bits.
    Bytes bytes{};

    static constexpr std::uint64_t first_real = 9;
    static constexpr std::uint64_t first_small = 18;
    static constexpr std::uint64_t first_bytes = 82;
    static constexpr std::uint64_t small_count = first_bytes - first_small;

    static Field null() noexcept { return {}; }
    static Field whole(std::uint64_t number) noexcept { return {FieldClass::whole, number}; }
    static Field real(std::uint64_t bits) noexcept { return {FieldClass::real, bits}; }
    static Field of(Bytes bytes) noexcept { return {FieldClass::bytes, 0, bytes}; }

    // How many bytes of it stand behind its code.
    [[nodiscard]] std::size_t body_size() const noexcept;
};

// How many bytes hold a number; of a real, its highest bytes.
inline std::size_t whole_size(std::uint64_t number) noexcept {
    return (static_cast<std::size_t>(std::bit_width(number)) + 7) / 8;
}
inline std::size_t real_size(std::uint64_t bits) noexcept {
    return bits == 0 ? 0 : 8 - static_cast<std::size_t>(std::countr_zero(bits)) / 8;
}

inline std::size_t Field::body_size() const noexcept {
    if (kind == FieldClass::bytes) return bytes.size();
    if (kind == FieldClass::real) return real_size(number);
    return number < small_count ? 0 : whole_size(number);
}

inline std::size_t field_size(const Field& field) noexcept {
    const std::size_t size = field.body_size();
    if (field.kind != FieldClass::bytes) return 1 + size;
    return varint_size(Field::first_bytes + std::uint64_t{size}) + size;
}

// Where there is room up to `end`, a number is written as a whole, and what comes next over the
// rest of it.
inline std::byte* put_field(std::byte* to, const std::byte* end, const Field& field) noexcept {
    const std::size_t size = field.body_size();
    if (field.kind == FieldClass::bytes) {
        to = put_varint(to, Field::first_bytes + std::uint64_t{size});
        if (size > 0) std::memcpy(to, field.bytes.data(), size);
        return to + size;
    }
    std::uint64_t code = 0;
    std::uint64_t body = field.number;
    if (field.kind == FieldClass::whole) code = size > 0 ? size : Field::first_small + body;
    if (field.kind == FieldClass::real) {
        code = Field::first_real + size;
        body = size > 0 ? body >> (64 - 8 * size) : 0;
    }
    *to++ = static_cast<std::byte>(code);
    if (end - to >= 8)
        store_at(to, body);
    else
        std::memcpy(to, &body, size);
    return to + size;
}

// Reads a record from its start. The first error sticks: after it every field is null.
class FieldReader {
public:
    FieldReader() noexcept = default;
    // From a place in the record on, which a field begins at.
    explicit FieldReader(Bytes record, std::size_t at = 0) noexcept : record_{record}, at_{at} {}

    Field next() noexcept;
    // The same for loops over many records: a call for each would take as long as the rest.
    [[gnu::always_inline]] inline Field next_inlined() noexcept {
        std::uint64_t code = 0;
        if (!take_code(code)) return fail();
        if (code >= Field::first_bytes) {
            if (code - Field::first_bytes > record_.size() - at_) return fail();
            const Bytes bytes = record_.subspan(at_, code - Field::first_bytes);
            at_ += bytes.size();
            return Field::of(bytes);
        }
        if (code >= Field::first_small) return Field::whole(code - Field::first_small);
        return code == 0 ? Field{} : number(static_cast<std::size_t>(code));
    }
    // What stands behind its code is not looked at.
    void skip() noexcept {
        std::uint64_t code = 0;
        if (!take_code(code) || size_behind(code) > record_.size() - at_)
            fail();
        else
            at_ += size_behind(code);
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return at_ == record_.size(); }
    [[nodiscard]] std::size_t position() const noexcept { return at_; }

private:
    static std::size_t size_behind(std::uint64_t code) noexcept {
        if (code >= Field::first_bytes) return static_cast<std::size_t>(code - Field::first_bytes);
        if (code >= Field::first_small) return 0;
        return static_cast<std::size_t>(code < Field::first_real ? code : code - Field::first_real);
    }
    [[gnu::always_inline]] inline bool take_code(std::uint64_t& code) noexcept {
        if (at_ >= record_.size()) return false;
        code = std::to_integer<std::uint64_t>(record_[at_]);
        if (code < 0x80) {
            at_++;
            return true;
        }
        Reader reader{record_.subspan(at_)};
        code = reader.varint();
        at_ = static_cast<std::size_t>(reader.position() - record_.data());
        return reader.ok() && code <= 0xffffffff;
    }
    // Of one class or the other, with bytes behind a code of 1 to 17.
    [[gnu::always_inline]] inline Field number(std::size_t code) noexcept {
        const bool is_real = code >= Field::first_real;
        const std::size_t size = is_real ? code - Field::first_real : code;
        if (size > record_.size() - at_) return fail();
        if (size == 0) return Field::real(0);
        const std::uint64_t number = load_number(size);
        const bool is_short = is_real
                                  ? record_[at_] != std::byte{0}
                                  : number >= Field::small_count && number >> 8 * (size - 1) != 0;
        if (!is_short) return fail();
        at_ += size;
        return is_real ? Field::real(number << (64 - 8 * size)) : Field::whole(number);
    }
    // Of the next 1 to 8 bytes, by one load of 8 where as many lie in the record before their end
    // or behind their start.
    [[gnu::always_inline]] [[nodiscard]] inline std::uint64_t load_number(
        std::size_t size) const noexcept {
        const std::size_t unused = 64 - 8 * size;
        const std::byte* const from = record_.data() + at_;
        if (at_ + size >= 8) return load<std::uint64_t>(from + size - 8) >> unused;
        if (record_.size() >= at_ + 8) return load<std::uint64_t>(from) << unused >> unused;
        std::uint64_t number = 0;
        std::memcpy(&number, from, size);
        return number;
    }
    [[gnu::cold]] Field fail() noexcept {
        ok_ = false;
        at_ = record_.size();
        return {};
    }

    Bytes record_{};
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace freshet
