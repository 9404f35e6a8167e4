// SPDX-License-Identifier: MIT
// Floor 0: checksums, digests, UTF-8, numbers and times to text and back, names of codes.
#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/checksum.hpp"
#include "base/cpu.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace {

using namespace freshet;

std::vector<std::byte> random_bytes(std::size_t size, std::uint32_t seed) {
    std::mt19937 random{seed};
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
}

// ---- checksum ----

TEST(Checksum, KnowsThePublishedValues) {
    EXPECT_EQ(crc32c(0, as_bytes("")), 0u);
    EXPECT_EQ(crc32c(0, as_bytes("123456789")), 0xe3069283u);
    const std::vector<std::byte> zeros(32);  // RFC 3720, B.4.
    EXPECT_EQ(crc32c(0, zeros), 0x8a9136aau);
    const std::vector<std::byte> ones(32, std::byte{0xff});
    EXPECT_EQ(crc32c(0, ones), 0x62a8ab43u);
}

// Goal: the table and the instruction give the same, with any length, alignment and start. Method:
// all sizes around the borders of words and lanes, at all alignments.
TEST(Checksum, IsTheSameWithAndWithoutTheInstruction) {
    if (!cpu::has_crc32()) GTEST_SKIP() << "this processor has no CRC instruction";
    const std::vector<std::byte> bytes = random_bytes(8192, 1);
    for (std::size_t size = 0; size < 4000; size += size < 80 || size % 512 > 500 ? 1u : 7u) {
        const Bytes piece = Bytes{bytes}.subspan(size % 16, size);
        const auto before = static_cast<std::uint32_t>(size * 2654435761u);
        ASSERT_EQ(checksum::portable(before, piece), checksum::accelerated(before, piece)) << size;
    }
}

TEST(Checksum, ContinuesOverPieces) {
    const std::vector<std::byte> bytes = random_bytes(3000, 2);
    const std::uint32_t whole = crc32c(0, bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 13) {
        const Bytes view{bytes};
        ASSERT_EQ(crc32c(crc32c(0, view.first(cut)), view.subspan(cut)), whole) << cut;
    }
}

TEST(Checksum, SeesEveryFlippedBit) {
    std::vector<std::byte> bytes = random_bytes(200, 3);
    const std::uint32_t whole = crc32c(0, bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit++) {
        const std::byte mask{static_cast<std::uint8_t>(1u << (bit % 8))};
        bytes[bit / 8] ^= mask;
        ASSERT_NE(crc32c(0, bytes), whole) << bit;
        bytes[bit / 8] ^= mask;
    }
}

// ---- SHA-256 ----

std::string sha256_hex(std::string_view text) {
    Sha256 sha;
    sha.update(as_bytes(text));
    const Sha256Digest digest = sha.finish();
    std::array<char, 64> room{};
    return std::string{TextWriter{room}.hex(Bytes{digest}).written()};
}

TEST(Sha256, KnowsTheVectorsOfNist) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256_hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                         "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
              "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    EXPECT_EQ(sha256_hex(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameWithAndWithoutTheInstructions) {
    if (!cpu::has_sha()) GTEST_SKIP() << "this processor has no SHA instructions";
    for (std::uint32_t seed = 0; seed < 200; seed++) {
        const std::size_t count = 1 + seed % 5;
        const std::vector<std::byte> blocks = random_bytes(count * Sha256::block_size, seed);
        sha256::State portable{seed, 1, 2, 3, 4, 5, 6, ~seed};
        sha256::State accelerated = portable;
        sha256::portable(portable, blocks.data(), count);
        sha256::accelerated(accelerated, blocks.data(), count);
        ASSERT_EQ(portable, accelerated) << seed;
    }
}

TEST(Sha256, ContinuesOverPieces) {
    const std::vector<std::byte> bytes = random_bytes(300, 5);
    Sha256 in_one;
    in_one.update(bytes);
    const Sha256Digest expected = in_one.finish();
    for (std::size_t first = 0; first <= 150; first++) {
        for (std::size_t second = 0; second <= 150; second += 11) {
            Sha256 sha;
            sha.update(Bytes{bytes}.first(first));
            sha.update(Bytes{bytes}.subspan(first, second));
            sha.update(Bytes{bytes}.subspan(first + second));
            ASSERT_EQ(sha.finish(), expected) << first << ' ' << second;
        }
    }
}

// ---- UTF-8 ----

// What Unicode says, the slow way: decode by the bits of the lead, then look at the number.
bool is_one_code_point(const std::string& text) {
    static constexpr std::uint32_t lead_bits[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    static constexpr std::uint32_t lead_mask[] = {0, 0x80, 0xe0, 0xf0, 0xf8};
    static constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const auto at = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(text[i]));
    };
    if ((at(0) & lead_mask[text.size()]) != lead_bits[text.size()]) return false;
    std::uint32_t point = at(0) & ~lead_mask[text.size()];
    for (std::size_t i = 1; i < text.size(); i++) {
        if ((at(i) & 0xc0) != 0x80) return false;
        point = point << 6 | (at(i) & 0x3f);
    }
    return point >= least[text.size()] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

std::string low_bytes(std::uint32_t number, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; i++)
        text.push_back(static_cast<char>(number >> (8 * (size - 1 - i))));
    return text;
}

void expect_agreement(std::uint32_t number, std::size_t size) {
    const std::string text = low_bytes(number, size);
    ASSERT_EQ(is_utf8(text), is_one_code_point(text)) << std::hex << number;
}

// Goal: exactly the well-formed sequences pass. Method: every lead with every second byte, and each
// later byte at the borders of what it may be.
TEST(Utf8, AgreesWithTheDefinitionOnEverySequence) {
    const std::uint32_t borders[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    for (std::uint32_t n = 0; n < 256; n++) ASSERT_EQ(is_utf8(low_bytes(n, 1)), n < 0x80) << n;
    for (std::uint32_t n = 0x8000; n <= 0xffff; n++) expect_agreement(n, 2);
    for (std::uint32_t n = 0xe000; n <= 0xffff; n++) {
        for (const std::uint32_t third : borders) {
            expect_agreement(n << 8 | third, 3);
            if (n < 0xf000) continue;
            for (const std::uint32_t fourth : borders)
                expect_agreement(n << 16 | third << 8 | fourth, 4);
        }
    }
}

TEST(Utf8, RefusesATextThatEndsTooSoon) {
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8a";
    EXPECT_TRUE(is_utf8(text));
    EXPECT_TRUE(is_utf8(""));
    for (const std::size_t size : {2u, 4u, 5u, 7u, 8u, 9u})
        EXPECT_FALSE(is_utf8(text.substr(0, size))) << size;
}

TEST(Name, IsShortTextWithoutControls) {
    EXPECT_TRUE(is_name("order-17", 255));
    EXPECT_TRUE(is_name(" ", 1));
    EXPECT_TRUE(is_name("caf\xc3\xa9", 5));
    EXPECT_FALSE(is_name("caf\xc3\xa9", 4));
    EXPECT_FALSE(is_name("", 255));
    EXPECT_FALSE(is_name("caf\xc3", 255));
    EXPECT_TRUE(is_name(std::string(255, 'x'), 255));
    EXPECT_FALSE(is_name(std::string(256, 'x'), 255));
    for (int c = 0; c < 0x80; c++) {
        const std::string name = std::string{"a"} + static_cast<char>(c);
        EXPECT_EQ(is_name(name, 255), c >= 0x20 && c != 0x7f) << c;
    }
}

// ---- text ----

template <class Write>
std::string written(Write write) {
    std::array<char, 128> room{};
    TextWriter writer{room};
    write(writer);
    EXPECT_FALSE(writer.is_full());
    return std::string{writer.written()};
}

TEST(Text, WritesNumbersOfEverySize) {
    EXPECT_EQ(written([](TextWriter& w) { w.number(0); }), "0");
    EXPECT_EQ(written([](TextWriter& w) { w.number(std::numeric_limits<std::uint64_t>::max()); }),
              "18446744073709551615");
    EXPECT_EQ(written([](TextWriter& w) { w.number(std::numeric_limits<std::int64_t>::min()); }),
              "-9223372036854775808");
    EXPECT_EQ(written([](TextWriter& w) { w.number(std::numeric_limits<std::int32_t>::min()); }),
              "-2147483648");
    EXPECT_EQ(written([](TextWriter& w) { w.number(-7, 4).number(42u, 4).number(12345, 4); }),
              "  -7  4212345");
    EXPECT_EQ(written([](TextWriter& w) { w.digits(17, 8).text(".log"); }), "00000017.log");
    EXPECT_EQ(written([](TextWriter& w) { w.digits(123456789, 8); }), "123456789");
}

TEST(Text, WritesHexAndColumns) {
    EXPECT_EQ(written([](TextWriter& w) { w.hex(0); }), "0");
    EXPECT_EQ(written([](TextWriter& w) { w.hex(~std::uint64_t{0}); }), "ffffffffffffffff");
    EXPECT_EQ(written([](TextWriter& w) { w.hex(0xbeef, 8); }), "0000beef");
    EXPECT_EQ(written([](TextWriter& w) { w.hex(as_bytes("\x01\xff")); }), "01ff");
    EXPECT_EQ(written([](TextWriter& w) { w.padded("ab", 4).padded("abcde", 4).character('|'); }),
              "ab  abcde|");
}

TEST(Text, CutsWhatDoesNotFitAndStaysCut) {
    const std::string whole = "caf\xc3\xa9 12345";
    for (std::size_t size = 0; size <= 12; size++) {
        std::array<char, 16> room{};
        TextWriter writer{std::span{room}.first(size)};
        writer.text("caf\xc3\xa9 ").number(12345).text("");
        const std::size_t cut = size == 4 ? 3 : std::min(size, whole.size());
        EXPECT_EQ(writer.written(), whole.substr(0, cut)) << size;
        EXPECT_EQ(writer.is_full(), size < whole.size()) << size;
        writer.text("x");
        EXPECT_EQ(writer.written(), size >= 12 ? whole + "x" : whole.substr(0, cut)) << size;
    }
}

TEST(Text, CannotOverflowWithARepetitionOfAnyCount) {
    std::array<char, 4> room{};
    TextWriter writer{room};
    writer.repeat('-', ~std::size_t{0});
    EXPECT_EQ(writer.written(), "----");
    EXPECT_TRUE(writer.is_full());
}

TEST(Text, WritesTimesAsRfc3339) {
    const auto time = [](std::uint64_t us) {
        return written([us](TextWriter& w) { w.time_us(us); });
    };
    EXPECT_EQ(time(0), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(time(1795218607412000), "2026-11-20T23:50:07.412000Z");
    EXPECT_EQ(time(951782400000001), "2000-02-29T00:00:00.000001Z");
    EXPECT_EQ(time(253402300799999999), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(time(253402300800000000), "+10000-01-01T00:00:00.000000Z");
    EXPECT_EQ(time(std::numeric_limits<std::uint64_t>::max()), "+586524-01-19T08:01:49.551615Z");
}

// The first and last second of every day of 400 years.
TEST(Text, AgreesWithTheCLibraryOnEveryDay) {
    for (std::uint64_t day = 0; day < 146097 + 365; day++) {
        for (const std::uint64_t second : {day * 86400, day * 86400 + 86399}) {
            const auto seconds = static_cast<std::time_t>(second);
            std::tm fields{};
            gmtime_r(&seconds, &fields);
            std::array<char, 40> expected{};
            const std::size_t size =
                std::strftime(expected.data(), expected.size(), "%Y-%m-%dT%H:%M:%S", &fields);
            std::array<char, 40> room{};
            const std::string_view text = TextWriter{room}.time_us(second * 1000000 + 7).written();
            ASSERT_EQ(text.substr(0, size), std::string_view(expected.data(), size));
            ASSERT_EQ(text.substr(size), ".000007Z");
        }
    }
}

TEST(Text, ParsesWhatItWrites) {
    std::mt19937_64 random{9};
    for (int i = 0; i < 10000; i++) {
        const std::uint64_t number = random() >> (i % 64);
        const std::string text = written([number](TextWriter& w) { w.number(number); });
        ASSERT_EQ(text, std::to_string(number));
        const Result<std::uint64_t> parsed = parse_number(text);
        ASSERT_TRUE(parsed);
        ASSERT_EQ(*parsed, number);
    }
}

TEST(Text, RefusesWhatIsNoNumber) {
    for (const char* text :
         {"", " ", "-1", "+1", "1 ", " 1", "1.0", "0x10", "1e3", "18446744073709551616x"}) {
        EXPECT_TRUE(parse_number(text).error() == Code::invalid_argument) << text;
    }
    for (const char* text :
         {"18446744073709551616", "99999999999999999999", "100000000000000000000000000000"}) {
        EXPECT_TRUE(parse_number(text).error() == Code::too_large) << text;
    }
    EXPECT_EQ(*parse_number("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(*parse_number("000000000000000000000000000007"), 7u);
}

// ---- codes ----

TEST(Codes, AllHaveNamesOfTheirOwn) {
    std::set<std::string> names;
    for (std::uint16_t number = 0; number < static_cast<std::uint16_t>(Code::code_count);
         number++) {
        const std::string name = code_name(static_cast<Code>(number));
        EXPECT_NE(name, "unknown") << number;
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos) << name;
        EXPECT_FALSE(name.empty()) << number;
        EXPECT_TRUE(names.insert(name).second) << name << " names two codes";
    }
    EXPECT_STREQ(code_name(Code::wrong_version), "wrong-version");
    EXPECT_STREQ(code_name(static_cast<Code>(9999)), "unknown");
}

}  // namespace
