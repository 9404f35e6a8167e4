// SPDX-License-Identifier: MIT
// Reading a text goes through three doors. Up to 19 digits whose number and power of ten are both
// doubles: one operation, which rounds once. Else 64 bits of the number are multiplied by 64 bits
// of the power, and the error is bounded: unless the result is that near to the middle of two
// doubles, it says which one it is. In the few cases left the digits of the middle decide.
#include "base/decimal.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/check.hpp"

namespace freshet::decimal {
namespace {

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<double>::digits == 53);

__extension__ using Wide = unsigned __int128;

constexpr int mantissa_bits = 52;
constexpr std::uint64_t hidden_bit = std::uint64_t{1} << mantissa_bits;
constexpr int exponent_min = -1074;
constexpr double infinity = std::numeric_limits<double>::infinity();

// ---- from binary to decimal ----

// A whole number, in pieces of 9 digits, the least first.
class Whole {
public:
    explicit Whole(std::uint64_t value) noexcept {
        for (; value > 0; value /= piece)
            pieces_[count_++] = static_cast<std::uint32_t>(value % piece);
    }

    // By at most a piece, so that what is carried is one.
    void multiply(std::uint32_t factor) noexcept {
        std::uint64_t carry = 0;
        for (std::size_t i = 0; i < count_; i++) {
            carry += std::uint64_t{pieces_[i]} * factor;
            pieces_[i] = static_cast<std::uint32_t>(carry % piece);
            carry /= piece;
        }
        if (carry > 0) pieces_[count_++] = static_cast<std::uint32_t>(carry);
    }

    // By base^power, as many at a time as fit into a piece.
    void multiply(std::uint32_t base, int power, int at_once) noexcept {
        std::uint32_t factor = 1;
        for (int i = 0; i < at_once; i++) factor *= base;
        for (; power >= at_once; power -= at_once) multiply(factor);
        for (factor = 1; power > 0; power--) factor *= base;
        multiply(factor);
    }

    // Returns how many digits there are, without zeros in front.
    int write(char* into) const noexcept {
        char* end = into;
        for (std::size_t i = count_; i > 0; i--) {
            std::uint32_t rest = pieces_[i - 1];
            for (int k = 8; k >= 0; k--, rest /= 10) end[k] = static_cast<char>('0' + rest % 10);
            end += 9;
            if (i != count_) continue;
            const auto zeros = std::find_if(into, end, [](char c) { return c != '0'; }) - into;
            std::memmove(into, into + zeros, static_cast<std::size_t>(9 - zeros));
            end -= zeros;
        }
        return static_cast<int>(end - into);
    }

private:
    static constexpr std::uint32_t piece = 1'000'000'000;
    std::array<std::uint32_t, Digits::count_max / 9> pieces_;
    std::size_t count_ = 0;
};

void strip_zeros(Digits& digits) noexcept {
    while (digits.count > 0 && digits.text[static_cast<std::size_t>(digits.count - 1)] == '0')
        digits.count--;
}

// One more in the last place; of no digits, one in the place before them.
void round_up(Digits& digits) noexcept {
    while (digits.count > 0 && digits.text[static_cast<std::size_t>(digits.count - 1)] == '9')
        digits.count--;
    if (digits.count > 0) {
        digits.text[static_cast<std::size_t>(digits.count - 1)]++;
        return;
    }
    digits.text[0] = '1';
    digits.count = 1;
    digits.point++;
}

// ---- from decimal to binary ----

// A number in 64 bits, the highest set: mantissa * 2^(exponent - 63), but for its error.
struct Approximation {
    std::uint64_t mantissa;
    int exponent;
};

constexpr std::array<std::uint64_t, 9> tens = {  // 10^1, 10^2, 10^4, ... 10^256
    0xa000000000000000, 0xc800000000000000, 0x9c40000000000000,
    0xbebc200000000000, 0x8e1bc9bf04000000, 0x9dc5ada82b70b59e,
    0xc2781f49ffcfa6d5, 0x93ba47c980e98ce0, 0xaa7eebfb9df9de8e};
constexpr std::array<std::uint64_t, 9> tenths = {  // 10^-1, 10^-2, 10^-4, ... 10^-256
    0xcccccccccccccccd, 0xa3d70a3d70a3d70a, 0xd1b71758e219652c,
    0xabcc77118461cefd, 0xe69594bec44de15b, 0xcfb11ead453994ba,
    0xa87fea27a539e9a5, 0xddd0467c64bce4a1, 0xc0314325637a193a};

// The error, in units of 2^-63 of the number: 9.3 from digits beyond the 19th, and for each of up
// to 9 powers 0.5 from the table and 1 from the product. The mantissa is below 2 * 2^63, so:
constexpr std::uint64_t error_max = 48;

Approximation multiply(Approximation a, Approximation b) noexcept {
    const Wide product = static_cast<Wide>(a.mantissa) * b.mantissa + (std::uint64_t{1} << 63);
    const auto high = static_cast<std::uint64_t>(product >> 64);
    if (high >> 63 != 0) return {high, a.exponent + b.exponent + 1};
    return {static_cast<std::uint64_t>(product >> 63), a.exponent + b.exponent};
}

Approximation approximate(std::uint64_t number, int power) noexcept {
    const int zeros = std::countl_zero(number);
    Approximation result{number << zeros, 63 - zeros};
    const auto& table = power < 0 ? tenths : tens;
    const int rest = power < 0 ? -power : power;
    for (int i = 0; i < 9; i++) {
        if ((rest >> i & 1) == 0) continue;
        const int exponent = (power < 0 ? -(1 << i) : 1 << i) * 217706 >> 16;  // log 10 / log 2
        result = multiply(result, {table[static_cast<std::size_t>(i)], exponent});
    }
    return result;
}

double join(std::uint64_t mantissa, int exponent) noexcept {
    if (mantissa < hidden_bit) return std::bit_cast<double>(mantissa);
    const auto biased = static_cast<std::uint64_t>(exponent - exponent_min);
    return std::bit_cast<double>((biased << mantissa_bits) + mantissa);
}

// Compares texts of digits as fractions; a point in the second is skipped.
int compare_digits(std::string_view a, std::string_view b) noexcept {
    std::size_t i = 0;
    for (const char digit : b) {
        if (digit == '.') continue;
        const char other = i < a.size() ? a[i++] : '0';
        if (other != digit) return other < digit ? -1 : 1;
    }
    for (; i < a.size(); i++) {
        if (a[i] != '0') return 1;
    }
    return 0;
}

// Is the text above the middle of mantissa and mantissa + 1, or on it and the first is odd?
bool is_above_middle(std::string_view digits, std::int64_t point, std::uint64_t mantissa,
                     int exponent) noexcept {
    Digits middle;
    expand(2 * mantissa + 1, exponent - 1, middle);
    if (middle.point != point) return middle.point < point;
    const int order = compare_digits(middle.view(), digits);
    return order < 0 || (order == 0 && (mantissa & 1) != 0);
}

double nearest(Approximation value, std::string_view digits, std::int64_t point) noexcept {
    int dropped = 64 - (mantissa_bits + 1);
    const int last = value.exponent - 63;  // What the lowest bit stands for.
    dropped = std::max(dropped, exponent_min - last);
    if (dropped > 66) return 0.0;
    if (last + dropped > 971) return infinity;
    const auto mantissa = static_cast<std::uint64_t>(static_cast<Wide>(value.mantissa) >> dropped);
    const Wide rest = value.mantissa - (static_cast<Wide>(mantissa) << dropped);
    const Wide half = static_cast<Wide>(1) << (dropped - 1);
    bool up = rest > half;
    if ((up ? rest - half : half - rest) <= error_max)
        up = is_above_middle(digits, point, mantissa, last + dropped);
    const double below = join(mantissa, last + dropped);
    return up ? std::bit_cast<double>(std::bit_cast<std::uint64_t>(below) + 1) : below;
}

}  // namespace

Parts parts_of(double value) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t fraction = bits & (hidden_bit - 1);
    const auto biased = static_cast<int>(bits >> mantissa_bits);
    if (biased == 0) return {fraction, exponent_min};
    return {fraction | hidden_bit, std::min(biased, 2046) + exponent_min - 1};
}

void expand(std::uint64_t mantissa, int exponent, Digits& into) noexcept {
    into.count = 0;
    into.point = 0;
    if (mantissa == 0) return;
    const int shift = exponent >= 0 ? 0 : std::min(std::countr_zero(mantissa), -exponent);
    exponent += shift;
    Whole whole{mantissa >> shift};
    if (exponent > 0) whole.multiply(2, exponent, 29);
    if (exponent < 0) whole.multiply(5, -exponent, 12);
    into.count = whole.write(into.text.data());
    into.point = into.count + std::min(exponent, 0);
    strip_zeros(into);
}

void round(const Digits& digits, int count, Digits& into) noexcept {
    into.point = digits.point;
    into.count = std::clamp(count, 0, digits.count);
    const auto kept = static_cast<std::size_t>(into.count);
    std::memcpy(into.text.data(), digits.text.data(), kept);
    if (count >= 0 && count < digits.count) {
        const int order = compare_digits(
            {digits.text.data() + kept, static_cast<std::size_t>(digits.count) - kept}, "5");
        const bool is_odd = kept > 0 && (digits.text[kept - 1] & 1) != 0;
        if (order > 0 || (order == 0 && is_odd)) round_up(into);
    }
    strip_zeros(into);
}

double to_real(std::string_view digits, std::int64_t point) noexcept {
    constexpr int count_max = 19;  // So many fit into 64 bits.
    std::uint64_t number = 0;
    int count = 0;
    bool is_cut = false;
    for (const char digit : digits) {
        if (digit == '.') continue;
        if (count < count_max) {
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
            count++;
        } else if (digit != '0') {
            is_cut = true;
            break;
        }
    }
    if (number == 0 || point < -330) return 0.0;
    if (point > 320) return infinity;
    const int power = static_cast<int>(point) - count;
    if (!is_cut && number <= hidden_bit * 2 && power >= -exact_power_max &&
        power <= exact_power_max) {
        const double factor = exact_powers[static_cast<std::size_t>(power < 0 ? -power : power)];
        const auto whole = static_cast<double>(number);
        return power < 0 ? whole / factor : whole * factor;
    }
    return nearest(approximate(number, power), digits, point);
}

}  // namespace freshet::decimal
