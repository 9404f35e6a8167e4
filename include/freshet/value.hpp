// SPDX-License-Identifier: MIT
// A value: what a cell of a table holds, what an expression gives, what a parameter is bound to.
#pragma once

#include <cstdint>
#include <string_view>

#include "freshet/bytes.hpp"

namespace freshet {

// Numbers are stable: they are written into files. An EMAIL is a text that was checked, and TIME is
// another name of TIMESTAMP: they are types of columns, not of values.
enum class Type : std::uint8_t {
    null = 0,
    boolean = 1,
    integer = 2,    // 64 bits, with a sign.
    real = 3,       // A double. There is no NaN: it becomes NULL; and no -0.0: it becomes 0.0.
    text = 4,       // UTF-8.
    blob = 5,       // Bytes.
    date = 6,       // Days since 1970-01-01, from 0001-01-01 to 9999-12-31.
    timestamp = 7,  // Microseconds since 1970 UTC, in the same years.
};
inline constexpr std::uint8_t type_count = 8;

// "NULL", "BOOL", "INT", "FLOAT", "TEXT", "BLOB", "DATE", "TIMESTAMP": lives for ever.
const char* type_name(Type type) noexcept;

inline constexpr std::int64_t date_min = -719162;  // 0001-01-01
inline constexpr std::int64_t date_max = 2932896;  // 9999-12-31
inline constexpr std::int64_t day_us = 86'400'000'000;
inline constexpr std::int64_t timestamp_min = date_min * day_us;
inline constexpr std::int64_t timestamp_max = (date_max + 1) * day_us - 1;

// 16 bytes that own nothing: the bytes of a text or blob stay where they are, and whoever gives a
// Value away says how long. What is asked of a value of another type stops the program; so do bytes
// of 4 GiB and more, and dates and timestamps outside their years.
class Value {
public:
    constexpr Value() noexcept : integer_{0} {}  // NULL

    static constexpr Value null() noexcept { return Value{}; }
    static constexpr Value boolean(bool value) noexcept {
        return Value{Type::boolean, static_cast<std::int64_t>(value)};
    }
    static constexpr Value integer(std::int64_t value) noexcept {
        return Value{Type::integer, value};
    }
    static constexpr Value real(double value) noexcept {
        if (value != value) return Value{};
        Value result;
        result.type_ = static_cast<std::uint32_t>(Type::real);
        result.real_ = value + 0.0;
        return result;
    }
    // Whoever calls knows that it is UTF-8.
    static Value text(std::string_view value) noexcept {
        return Value{Type::text, value.data(), value.size()};
    }
    static Value blob(Bytes value) noexcept {
        return Value{Type::blob, freshet::as_text(value).data(), value.size()};
    }
    static constexpr Value date(std::int64_t days) noexcept {
        check(days >= date_min && days <= date_max);
        return Value{Type::date, days};
    }
    static constexpr Value timestamp(std::int64_t us) noexcept {
        check(us >= timestamp_min && us <= timestamp_max);
        return Value{Type::timestamp, us};
    }

    [[nodiscard]] constexpr Type type() const noexcept { return static_cast<Type>(type_); }
    [[nodiscard]] constexpr bool is_null() const noexcept { return type() == Type::null; }

    [[nodiscard]] constexpr bool as_boolean() const noexcept {
        return of(Type::boolean).integer_ != 0;
    }
    [[nodiscard]] constexpr std::int64_t as_integer() const noexcept {
        return of(Type::integer).integer_;
    }
    [[nodiscard]] constexpr double as_real() const noexcept { return of(Type::real).real_; }
    [[nodiscard]] std::string_view as_text() const noexcept { return of(Type::text).characters(); }
    [[nodiscard]] Bytes as_blob() const noexcept {
        return freshet::as_bytes(of(Type::blob).characters());
    }
    [[nodiscard]] constexpr std::int64_t as_date() const noexcept {
        return of(Type::date).integer_;
    }
    [[nodiscard]] constexpr std::int64_t as_timestamp() const noexcept {
        return of(Type::timestamp).integer_;
    }

    // The number in a boolean (0 or 1), an integer, a date or a timestamp.
    [[nodiscard]] constexpr std::int64_t whole() const noexcept {
        check(is_whole());
        return integer_;
    }
    [[nodiscard]] constexpr bool is_whole() const noexcept {
        return type() == Type::boolean || type() == Type::integer || type() == Type::date ||
               type() == Type::timestamp;
    }
    // The bytes of a text or a blob.
    [[nodiscard]] std::string_view bytes() const noexcept {
        check(has_bytes());
        return characters();
    }
    [[nodiscard]] constexpr bool has_bytes() const noexcept {
        return type() == Type::text || type() == Type::blob;
    }

    // The same type and the same value, to the bit: not what `=` of SQL asks.
    friend bool operator==(const Value& a, const Value& b) noexcept {
        if (a.type_ != b.type_) return false;
        if (a.type() == Type::real) return a.real_ == b.real_;
        return a.has_bytes() ? a.characters() == b.characters() : a.integer_ == b.integer_;
    }

private:
    constexpr Value(Type type, std::int64_t integer) noexcept
        : integer_{integer}, type_{static_cast<std::uint32_t>(type)} {}
    Value(Type type, const char* bytes, std::size_t size) noexcept
        : bytes_{bytes},
          size_{static_cast<std::uint32_t>(size)},
          type_{static_cast<std::uint32_t>(type)} {
        check(size <= 0xffffffff);
    }

    static constexpr void check(bool holds) noexcept {
        if (!holds) __builtin_trap();
    }
    [[nodiscard]] constexpr const Value& of(Type type) const noexcept {
        check(this->type() == type);
        return *this;
    }
    [[nodiscard]] std::string_view characters() const noexcept { return {bytes_, size_}; }

    union {
        std::int64_t integer_;
        double real_;
        const char* bytes_;
    };
    std::uint32_t size_ = 0;
    std::uint32_t type_ = 0;  // A Type; so wide that all 16 bytes are in use, and copied at once.
};
static_assert(sizeof(Value) == 16);

}  // namespace freshet
