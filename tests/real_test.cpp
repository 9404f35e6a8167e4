// SPDX-License-Identifier: MIT
// Goal: every double survives its text, the text is the shortest there is, and reading and
// rounding are exact. Method: the C and C++ libraries are held beside it: at all powers of two and
// ten and their neighbours, the ends of the range, the middles of neighbouring doubles with all
// their digits (and a little above and below them), and random bits.
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>

#include "base/real.hpp"

namespace freshet {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class Put>
std::string text_of(Put put) {
    std::array<char, 400> buffer;
    TextWriter text{buffer};
    put(text);
    EXPECT_FALSE(text.is_full());
    return std::string{text.written()};
}

std::string shortest(double value) {
    return text_of([&](TextWriter& text) { put_real(text, value); });
}
std::string with_15(double value) {
    return text_of([&](TextWriter& text) { put_real_15(text, value); });
}
std::string fixed(double value, int places) {
    return text_of([&](TextWriter& text) { put_real_fixed(text, value, places); });
}

double read(const std::string& text) {
    const RealText found = read_real(text);
    EXPECT_EQ(found.size, text.size()) << text;
    return found.value;
}

// The digits of a number in a text, without zeros around them and without the exponent.
std::string digits_of(const std::string& text) {
    std::string digits;
    for (const char letter : text) {
        if (letter == 'e') break;
        if (std::isdigit(static_cast<unsigned char>(letter)) != 0) digits += letter;
    }
    digits.erase(0, digits.find_first_not_of('0'));
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits;
}

std::string library(const char* format, double value, int places) {
    std::array<char, 1500> buffer;
    const int size = std::snprintf(buffer.data(), buffer.size(), format, places, value);
    return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string library_shortest(double value) {
    std::array<char, 64> buffer;
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                         std::chars_format::scientific)
                               .ptr};
}

// Returns whether all is well, so that a million are checked without a million messages.
bool agrees(double value) {
    const std::string text = shortest(value);
    const std::string scientific = library("%.*e", value, 16);
    bool good = text.size() <= real_text_size_max && read(text) == value;
    good = good && digits_of(text) == digits_of(library_shortest(value));
    good = good && read(scientific) == value;
    good = good && digits_of(with_15(value)) == digits_of(library("%.*e", value, 14));
    if (!good) ADD_FAILURE() << scientific << ": " << text << ", " << library_shortest(value);
    return good;
}

bool reads_as_library(const std::string& text) {
    const bool good = read(text) == std::strtod(text.c_str(), nullptr);
    if (!good) ADD_FAILURE() << text << " is read as " << library("%.*e", read(text), 17);
    return good;
}

void for_each_neighbour(double value, const std::function<void(double)>& check) {
    double below = value;
    double above = value;
    check(value);
    for (int i = 0; i < 3; i++) {
        below = std::nextafter(below, 0.0);
        above = std::nextafter(above, infinity);
        if (below > 0) check(below);
        if (above < infinity) check(above);
    }
}

TEST(Real, LooksLikeANumberOfSqlite) {
    const struct {
        double value;
        const char* text;
    } cases[] = {{0.0, "0.0"},
                 {-0.0, "0.0"},
                 {1, "1.0"},
                 {-1, "-1.0"},
                 {0.1, "0.1"},
                 {-2.5, "-2.5"},
                 {100, "100.0"},
                 {1.5e-5, "1.5e-05"},
                 {0.0001, "0.0001"},
                 {0.00012345, "0.00012345"},
                 {1e14, "100000000000000.0"},
                 {999999999999999, "999999999999999.0"},
                 {123456789012345.5, "123456789012345.5"},
                 {1e15, "1.0e+15"},
                 {1e21, "1.0e+21"},
                 {1e100, "1.0e+100"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1.0 / 3, "0.3333333333333333"},
                 {5e-324, "5.0e-324"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
                 {infinity, "Inf"},
                 {-infinity, "-Inf"}};
    for (const auto& [value, text] : cases) EXPECT_EQ(shortest(value), text);
    EXPECT_EQ(with_15(0.1 + 0.2), "0.3");
    EXPECT_EQ(with_15(1.0 / 3), "0.333333333333333");
    EXPECT_EQ(with_15(2.0 / 3), "0.666666666666667");
    EXPECT_EQ(with_15(1e15 - 0.125), "1.0e+15");
    EXPECT_EQ(with_15(9223372036854775807.0), "9.22337203685478e+18");
    EXPECT_EQ(with_15(-infinity), "-Inf");
    EXPECT_EQ(with_15(5e-324), "4.94065645841247e-324");
}

TEST(Real, ReadsWhatIsThereAndNoMore) {
    const struct {
        const char* text;
        double value;
        std::size_t size;
        bool is_integer;
    } cases[] = {{"", 0, 0, false},
                 {"-", 0, 0, false},
                 {"+", 0, 0, false},
                 {".", 0, 0, false},
                 {"-.", 0, 0, false},
                 {"e5", 0, 0, false},
                 {"abc", 0, 0, false},
                 {" 1", 0, 0, false},
                 {"Inf", 0, 0, false},
                 {"0", 0, 1, true},
                 {"007", 7, 3, true},
                 {"+5", 5, 2, true},
                 {"-12x", -12, 3, true},
                 {"1.", 1, 2, false},
                 {".5", 0.5, 2, false},
                 {"1.5.2", 1.5, 3, false},
                 {"1e", 1, 1, true},
                 {"1e+", 1, 1, true},
                 {"1.5e-x", 1.5, 3, false},
                 {"1e3", 1000, 3, false},
                 {"1E+3 ", 1000, 4, false},
                 {"0x10", 0, 1, true},
                 {"0e9999999999999999999", 0, 21, false},
                 {"1e400", infinity, 5, false},
                 {"-1e400", -infinity, 6, false},
                 {"1e-400", 0, 6, false},
                 {"1e99999999999999999999", infinity, 22, false},
                 {"1e-99999999999999999999", 0, 23, false},
                 {"00.00e5", 0, 7, false}};
    for (const auto& [text, value, size, is_integer] : cases) {
        const RealText found = read_real(text);
        EXPECT_EQ(found.value, value) << text;
        EXPECT_EQ(found.size, size) << text;
        EXPECT_EQ(found.is_integer, is_integer) << text;
    }
    EXPECT_EQ(read("0." + std::string(400, '0') + "1e401"), 1.0);
    EXPECT_EQ(read("1" + std::string(400, '0') + "e-400"), 1.0);
    EXPECT_EQ(read(std::string(400, '0') + "2." + std::string(400, '0')), 2.0);
}

TEST(Real, AgreesWithTheLibraryAroundAllPowers) {
    for (int power = -1074; power <= 1023; power++)
        for_each_neighbour(std::ldexp(1.0, power), agrees);
    for (int power = -323; power <= 308; power++)
        for_each_neighbour(std::strtod(("1e" + std::to_string(power)).c_str(), nullptr), agrees);
    for_each_neighbour(std::numeric_limits<double>::max(), agrees);
    for (double value = 5e-324; value < 2e-321; value += 5e-324) ASSERT_TRUE(agrees(value));
}

TEST(Real, AgreesWithTheLibraryOnRandomBits) {
    std::mt19937_64 random{1};
    for (int i = 0; i < 100'000; i++) {
        const auto value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        ASSERT_TRUE(agrees(value));
    }
}

TEST(Real, AgreesWithTheLibraryOnWhatPeopleWrite) {
    std::mt19937_64 random{2};
    for (int i = 0; i < 200'000; i++) {
        const auto number = static_cast<double>(random() >> (11 + random() % 53));
        ASSERT_TRUE(agrees(number / std::pow(10, random() % 24)));
    }
}

// Many more doubles written and read again, without the slower libraries beside them.
TEST(Real, SurvivesItsText) {
    std::mt19937_64 random{3};
    std::array<char, real_text_size_max> buffer;
    for (int i = 0; i < 600'000; i++) {
        const auto value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        TextWriter text{buffer};
        put_real(text, value);
        ASSERT_EQ(read_real(text.written()).value, value) << text.written();
        ASSERT_EQ(read_real(text.written()).size, text.written().size());
        ASSERT_FALSE(text.is_full());
    }
}

// The middle of two neighbours belongs to the even one; the least digit more or less decides.
TEST(Real, ReadsTheMiddleBetweenNeighboursExactly) {
    std::mt19937_64 random{4};
    const auto check = [](double value) {
        const double above = std::nextafter(value, infinity);
        if (above == infinity) return;
        // The middle is a number of the next larger format: here its digits are added by hand.
        const std::string low = library("%.*f", value, 1080);
        const std::string high = library("%.*f", above, 1080);
        std::string middle;
        int carry = 0;
        std::string sum = std::string(high.size() - low.size(), '0') + low;
        for (std::size_t i = sum.size(); i-- > 0;) {
            if (sum[i] == '.') continue;
            const int digit = (sum[i] - '0') + (high[i] - '0') + carry;
            sum[i] = static_cast<char>('0' + digit % 10);
            carry = digit / 10;
        }
        sum.insert(0, 1, static_cast<char>('0' + carry));
        int rest = 0;
        for (const char letter : sum + "0") {
            if (letter == '.') {
                middle += '.';
                continue;
            }
            const int digit = rest * 10 + (letter - '0');
            middle += static_cast<char>('0' + digit / 2);
            rest = digit % 2;
        }
        const bool is_even = (std::bit_cast<std::uint64_t>(value) & 1) == 0;
        ASSERT_EQ(read(middle), is_even ? value : above) << middle;
        ASSERT_EQ(read(middle + "1"), above) << middle;
        ASSERT_EQ(read(middle + std::string(300, '0') + "1"), above) << middle;
        std::string less = middle;
        for (std::size_t i = less.size(); i-- > 0;) {
            if (less[i] == '.') continue;
            if (less[i]-- > '0') break;
            less[i] = '9';
        }
        ASSERT_EQ(read(less), value) << less;
    };
    for (int power = -1074; power <= 1023; power += 7) check(std::ldexp(1.0, power));
    check(5e-324);
    check(std::nextafter(std::numeric_limits<double>::max(), 0));
    for (int i = 0; i < 1000; i++) {
        const double value = std::fabs(std::bit_cast<double>(random()));
        if (std::isfinite(value)) check(value);
    }
    EXPECT_EQ(read("2.4703282292062327208e-324"), 0.0);  // Half the smallest, cut,
    EXPECT_EQ(read("2.4703282292062327209e-324"), 5e-324);
    EXPECT_EQ(read("1.7976931348623158079e308"), std::numeric_limits<double>::max());
    EXPECT_EQ(read("1.7976931348623158080e308"), infinity);
}

TEST(Real, ReadsRandomDigitsAsTheLibraryDoes) {
    std::mt19937_64 random{5};
    for (int i = 0; i < 200'000; i++) {
        std::string text;
        const std::size_t count = 1 + random() % 25;
        for (std::size_t k = 0; k < count; k++) text += static_cast<char>('0' + random() % 10);
        text.insert(random() % (count + 1), 1, '.');
        text += 'e' + std::to_string(static_cast<int>(random() % 700) - 350);
        ASSERT_TRUE(reads_as_library(text));
    }
}

TEST(Real, RoundsToPlacesAsPrintfDoes) {
    std::mt19937_64 random{6};
    for (int i = 0; i < 100'000; i++) {
        const auto bits = std::bit_cast<double>(random());
        if (!std::isfinite(bits)) continue;
        const double small =
            static_cast<double>(static_cast<std::int64_t>(random()) >> random() % 64);
        for (const double value : {bits, small / 1000, small / 8}) {
            const int places = static_cast<int>(random() % 5);
            std::string expected = library("%.*f", value, places);
            if (value == 0) expected = library("%.*f", 0.0, places);
            ASSERT_EQ(fixed(value, places), expected) << shortest(value);
        }
    }
    for (const double value : {0.0005, 0.0015, 0.5, 1.5, 2.5, 0.05, 0.95, 0.995, 9.9995, 0.4, 0.6})
        for (int places = 0; places < 6; places++)
            EXPECT_EQ(fixed(value, places), library("%.*f", value, places));
    EXPECT_EQ(fixed(infinity, 3), "Inf");
}

}  // namespace
}  // namespace freshet
