// SPDX-License-Identifier: MIT
// Numbers, times and bytes to text, and back.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "freshet/bytes.hpp"
#include "freshet/error.hpp"

namespace freshet {

// Writes text into lent memory. What does not fit is cut there (never within a UTF-8 sequence), and
// everything after it is left out.
class TextWriter {
public:
    explicit TextWriter(std::span<char> into) noexcept : into_{into} {}

    TextWriter& text(std::string_view value) noexcept;
    TextWriter& character(char value) noexcept { return text(std::string_view{&value, 1}); }
    TextWriter& repeat(char value, std::size_t count) noexcept;
    // Decimal. With `width`, at the right of a column that wide.
    template <std::integral T>
    TextWriter& number(T value, std::size_t width = 0) noexcept {
        if (std::cmp_less(value, 0))
            return decimal(0 - static_cast<std::uint64_t>(value), true, width);
        return decimal(static_cast<std::uint64_t>(value), false, width);
    }
    // Decimal, with zeros in front up to `width` digits.
    TextWriter& digits(std::uint64_t value, std::size_t width) noexcept;
    // Lower case, with zeros in front up to `width` digits.
    TextWriter& hex(std::uint64_t value, std::size_t width = 1) noexcept;
    TextWriter& hex(Bytes bytes) noexcept;
    // At the left of a column of `width` bytes; longer text stays whole.
    TextWriter& padded(std::string_view value, std::size_t width) noexcept;
    // Microseconds since 1970 in UTC: "2026-11-20T23:50:07.412000Z", as RFC 3339 has it. Years
    // after 9999, for which it has no form, are written with a sign, as ISO 8601 does:
    // "+586524-...".
    TextWriter& time_us(std::uint64_t value) noexcept;

    [[nodiscard]] bool is_full() const noexcept { return full_; }  // Something was left out.
    [[nodiscard]] std::string_view written() const noexcept { return {into_.data(), used_}; }

private:
    TextWriter& decimal(std::uint64_t magnitude, bool negative, std::size_t width) noexcept;

    std::span<char> into_;
    std::size_t used_ = 0;
    bool full_ = false;
};

// Decimal digits and nothing else. invalid_argument: it is no number; too_large: not below 2^64.
Result<std::uint64_t> parse_number(std::string_view text) noexcept;

}  // namespace freshet
