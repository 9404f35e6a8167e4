// SPDX-License-Identifier: MIT
// Doubles to text and back, exactly: no locale, no memory.
//
// All but put_real_fixed() write numbers as SQLite does, so that one always shows a point: 1.0,
// 0.1, 123456789012345.0, and with an exponent from 10^15 on and below 10^-4: 1.0e+15, 1.5e-05.
// Infinity is "Inf" and "-Inf"; -0.0 is "0.0".
#pragma once

#include <string_view>

#include "base/text.hpp"

namespace freshet {

inline constexpr std::size_t real_text_size_max = 24;    // "-1.2345678901234567e-308"
inline constexpr std::size_t fixed_text_size_max = 311;  // And the places behind the point.

// The shortest text that reads back as the same number; of several, the nearest to it. 60 ns if
// 15 digits do, else 0.2 us, and up to 4 us at the ends of the range.
void put_real(TextWriter& text, double value) noexcept;

// With at most 15 digits, correctly rounded: how SQLite turns a number into text. 0.1 + 0.2 is 0.3.
void put_real_15(TextWriter& text, double value) noexcept;

// With `places` digits behind the point, correctly rounded, however many stand before it: "%.3f".
void put_real_fixed(TextWriter& text, double value, int places) noexcept;

// The number at the start of a text: a sign, digits with at most one point, and an exponent
// (1, -1.5, .5, 5., 1e3). Nothing is skipped; "1e" is 1 and a letter. 20-50 ns if the number is of
// middling size.
struct RealText {
    double value = 0.0;       // Correctly rounded; infinite beyond the largest. Of nothing, 0.
    std::size_t size = 0;     // How much of the text it is. 0: there is none.
    bool is_integer = false;  // Nothing but a sign and digits.
};
RealText read_real(std::string_view text) noexcept;

}  // namespace freshet
