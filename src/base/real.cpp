// SPDX-License-Identifier: MIT
// Which text is the shortest: of a number that 15 digits tell from its neighbours, there is only
// one such text, and the number rounded to 15 digits is it; zeros at its end go. Of others (the
// results of arithmetic, mostly) 16 or 17 digits are tried, and of those near 0, which have fewer
// digits to tell, 1, 2, 3 and so on.
#include "base/real.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/decimal.hpp"

namespace freshet {
namespace {

using decimal::Digits;

constexpr int sure_count = 15;  // So many digits of a text survive in a double,
constexpr int full_count = 17;  // and so many of a double in a text.
constexpr double smallest_normal = 0x1p-1022;

bool is_digit(char letter) noexcept {
    return letter >= '0' && letter <= '9';
}

// ---- to text ----

// "Inf", and the sign of everything else, which is positive from there on.
bool put_special(TextWriter& text, double& value) noexcept {
    if (value != value) {
        text.text("NaN");
        return true;
    }
    if (value < 0) text.character('-');
    if (value <= 0) value = 0.0 - value;
    if (value > 1.7976931348623157e308) {
        text.text("Inf");
        return true;
    }
    return false;
}

void put_digits(TextWriter& text, const Digits& digits, int first, int last) noexcept {
    for (int i = first; i < last; i++) {
        const bool is_there = i >= 0 && i < digits.count;
        text.character(is_there ? digits.text[static_cast<std::size_t>(i)] : '0');
    }
}

void put_general(TextWriter& text, const Digits& digits) noexcept {
    const int exponent = digits.point - 1;
    if (digits.count == 0) {
        text.text("0.0");
    } else if (exponent < -4 || exponent >= sure_count) {
        put_digits(text, digits, 0, 1);
        text.character('.');
        put_digits(text, digits, 1, std::max(digits.count, 2));
        text.character('e').character(exponent < 0 ? '-' : '+');
        text.digits(static_cast<std::uint64_t>(exponent < 0 ? -exponent : exponent), 2);
    } else {
        put_digits(text, digits, std::min(digits.point - 1, 0), digits.point);
        text.character('.');
        put_digits(text, digits, digits.point, std::max(digits.count, digits.point + 1));
    }
}

void set_digits(std::uint64_t number, int point, Digits& into) noexcept {
    std::array<char, 20> buffer;
    std::size_t first = buffer.size();
    for (; number > 0; number /= 10) buffer[--first] = static_cast<char>('0' + number % 10);
    into.count = static_cast<int>(buffer.size() - first);
    into.point = into.count + point;
    std::copy(buffer.begin() + first, buffer.end(), into.text.begin());
}

std::uint64_t scaled(double value, int places) noexcept {
    const double product = value * decimal::exact_powers[static_cast<std::size_t>(places)];
    const auto whole = static_cast<std::uint64_t>(product);
    return product - static_cast<double>(whole) < 0.5 ? whole : whole + 1;
}

// The 15 digits of a number of middling size, if they are all there is to it: what is done with
// doubles here may be wrong, but not the test at the end, in which only one operation rounds.
bool is_short(double value, Digits& into) noexcept {
    if (value < 1e-7 || value >= 1e15) return false;
    const int binary = static_cast<int>(std::bit_cast<std::uint64_t>(value) >> 52) - 1023;
    int places = sure_count - 1 - (binary * 19729 >> 16);  // log 2 / log 10, or one too many.
    std::uint64_t number = scaled(value, places);
    if (number >= 1'000'000'000'000'000) {
        if (places-- == 0) return false;
        number = scaled(value, places);
    }
    if (number % 100'000'000 == 0) {
        number /= 100'000'000;
        places -= 8;
    }
    for (; number % 10 == 0; number /= 10) places--;
    const double power =
        decimal::exact_powers[static_cast<std::size_t>(places < 0 ? -places : places)];
    const auto whole = static_cast<double>(number);
    if ((places < 0 ? whole * power : whole / power) != value) return false;
    set_digits(number, -places, into);
    return true;
}

bool reads_as(const Digits& digits, double value) noexcept {
    return decimal::to_real(digits.view(), digits.point) == value;
}

// One more in the last of so many places. False: that would take a place more.
bool add_one(Digits& digits, int count) noexcept {
    const auto size = static_cast<std::size_t>(count);
    for (; digits.count < count; digits.count++)
        digits.text[static_cast<std::size_t>(digits.count)] = '0';
    return digits.text[size - 1]++ != '9';
}

void shortest(double value, Digits& into) noexcept {
    if (is_short(value, into)) return;
    const decimal::Parts parts = decimal::parts_of(value);
    Digits all;
    decimal::expand(parts.mantissa, parts.exponent, all);
    for (int count = value < smallest_normal ? 1 : sure_count; count < full_count; count++) {
        decimal::round(all, count, into);
        if (reads_as(into, value)) return;
        // Below a power of two the numbers are twice as dense: what is nearest may be another's,
        // and what lies farther above its own.
        const bool is_power = (parts.mantissa & (parts.mantissa - 1)) == 0;
        if (is_power && add_one(into, count) && reads_as(into, value)) return;
    }
    decimal::round(all, full_count, into);
}

// ---- from text ----

// 10,000 stands for all beyond, which are beyond what any double is, unless the digits are as many.
std::int64_t read_exponent(std::string_view text, std::size_t& offset) noexcept {
    std::size_t next = offset + 1;
    const bool is_negative = next < text.size() && text[next] == '-';
    if (next < text.size() && (text[next] == '-' || text[next] == '+')) next++;
    if (next == text.size() || !is_digit(text[next])) return 0;
    std::int64_t exponent = 0;
    for (; next < text.size() && is_digit(text[next]); next++) {
        if (exponent < 1'000'000'000'000) exponent = exponent * 10 + (text[next] - '0');
    }
    offset = next;
    return is_negative ? -exponent : exponent;
}

}  // namespace

void put_real(TextWriter& text, double value) noexcept {
    if (put_special(text, value)) return;
    Digits digits;
    shortest(value, digits);
    put_general(text, digits);
}

void put_real_15(TextWriter& text, double value) noexcept {
    if (put_special(text, value)) return;
    Digits rounded;
    if (!is_short(value, rounded)) {
        const decimal::Parts parts = decimal::parts_of(value);
        Digits all;
        decimal::expand(parts.mantissa, parts.exponent, all);
        decimal::round(all, sure_count, rounded);
    }
    put_general(text, rounded);
}

void put_real_fixed(TextWriter& text, double value, int places) noexcept {
    if (put_special(text, value)) return;
    const decimal::Parts parts = decimal::parts_of(value);
    Digits all;
    Digits rounded;
    decimal::expand(parts.mantissa, parts.exponent, all);
    decimal::round(all, all.point + places, rounded);
    put_digits(text, rounded, std::min(rounded.point - 1, 0), rounded.point);
    if (places > 0) text.character('.');
    put_digits(text, rounded, rounded.point, rounded.point + places);
}

RealText read_real(std::string_view text) noexcept {
    std::size_t offset = 0;
    const bool is_negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) offset++;
    const std::size_t start = offset;
    while (offset < text.size() && is_digit(text[offset])) offset++;
    std::size_t point = offset;
    std::size_t count = offset - start;
    if (offset < text.size() && text[offset] == '.') {
        offset++;
        while (offset < text.size() && is_digit(text[offset])) offset++;
        count = offset - start - 1;
    }
    if (count == 0) return {};
    // The point is where it would stand if no zeros and no point came first.
    std::size_t first = start;
    while (first < offset && (text[first] == '0' || text[first] == '.')) first++;
    const std::string_view digits{text.data() + first, offset - first};
    auto power = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    if (first > point) power++;
    bool is_integer = offset == point;
    if (offset < text.size() && (text[offset] == 'e' || text[offset] == 'E')) {
        const std::size_t before = offset;
        power += read_exponent(text, offset);
        if (offset != before) is_integer = false;
    }
    const double value = digits.empty() ? 0.0 : decimal::to_real(digits, power);
    return {is_negative ? -value : value, offset, is_integer};
}

}  // namespace freshet
