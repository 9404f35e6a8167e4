// SPDX-License-Identifier: MIT
// The decimal digits of a binary number, all of them.
//
// A double is m * 2^e. Where e is negative, that is m * 5^-e with the point moved by -e places, so
// that the digits of any double come from multiplying a whole number by small factors: no division,
// no bounds to lose. Rounding looks at the digits that are cut off, and a text is told from the
// middle between two doubles by comparing digits.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace freshet::decimal {

// 0.DIGITS * 10^point: no zeros in front, none behind. Zero has no digits.
struct Digits {
    // The most there are, those of the middle between two of the smallest doubles: 54 bits and
    // 5^1075.
    static constexpr int count_max = 783;

    std::array<char, count_max> text;  // '0' to '9'.
    int count = 0;
    int point = 0;

    [[nodiscard]] std::string_view view() const noexcept {
        return {text.data(), static_cast<std::size_t>(count)};
    }
};

// The digits of mantissa * 2^exponent, from -1075 up to what a double holds.
void expand(std::uint64_t mantissa, int exponent, Digits& into) noexcept;

// The first `count` digits, rounded to nearest, of two equally near to the even one. Count may be
// 0 (of 0.7 is left 1, and of 0.3 nothing) and less (nothing is left).
void round(const Digits& digits, int count, Digits& into) noexcept;

// The double next to a text of `digits` (nothing but digits, not 0 in front, and at most one point,
// which is skipped) that mean 0.DIGITS * 10^point, of two equally near the even one.
double to_real(std::string_view digits, std::int64_t point) noexcept;

// A double that is not negative: mantissa * 2^exponent. Infinity has the mantissa of the largest.
struct Parts {
    std::uint64_t mantissa;
    int exponent;
};
Parts parts_of(double value) noexcept;

// Powers of ten that a double holds.
inline constexpr int exact_power_max = 22;
inline constexpr std::array<double, exact_power_max + 1> exact_powers = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace freshet::decimal
