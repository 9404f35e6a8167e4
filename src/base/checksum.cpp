// SPDX-License-Identifier: MIT
// Workload: most pieces are single events of about 100 bytes; scans and verify bring whole frames.
//
// The instruction takes 8 bytes a cycle but answers after three, so long pieces are cut into three
// lanes of `lane_size` that run side by side. A checksum is linear: that of a|b is that of a, moved
// over as many zero bytes as b has, XOR that of b. `lane_shift` is that move, for exactly one lane,
// by table, and half a byte at a time: it happens twice in 1.5 KiB, and a small program should stay
// small.
#include "base/checksum.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace freshet {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;
constexpr std::size_t lane_size = 512;

using Table = std::array<std::uint32_t, 256>;

// Table k moves a byte over k more zero bytes.
constexpr std::size_t table_count = 4;

constexpr std::array<Table, table_count> make_tables() noexcept {
    std::array<Table, table_count> tables{};
    for (std::uint32_t i = 0; i < 256; i++) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        tables[0][i] = crc;
    }
    for (std::size_t k = 1; k < table_count; k++) {
        for (std::size_t i = 0; i < 256; i++) {
            const std::uint32_t crc = tables[k - 1][i];
            tables[k][i] = (crc >> 8) ^ tables[0][crc & 0xff];
        }
    }
    return tables;
}

constexpr std::array<Table, table_count> tables = make_tables();

constexpr std::uint32_t one_byte(std::uint32_t crc, std::byte byte) noexcept {
    return (crc >> 8) ^ tables[0][(crc ^ static_cast<std::uint32_t>(byte)) & 0xff];
}

std::uint32_t one_word(std::uint32_t crc, const std::byte* from) noexcept {
    std::uint32_t word = 0;
    std::memcpy(&word, from, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap32(word);
    word ^= crc;
    return tables[3][word & 0xff] ^ tables[2][(word >> 8) & 0xff] ^ tables[1][(word >> 16) & 0xff] ^
           tables[0][word >> 24];
}

#if defined(__x86_64__)

template <class T>
T load(const std::byte* from) noexcept {
    T word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

using HalfByteTable = std::array<std::uint32_t, 16>;

// Moves a checksum over one lane of zeros: table k does half byte k of it.
constexpr std::array<HalfByteTable, 8> make_lane_shift() noexcept {
    std::array<HalfByteTable, 8> shift{};
    for (std::size_t bit = 0; bit < 32; bit++) {
        std::uint32_t crc = std::uint32_t{1} << bit;
        for (std::size_t i = 0; i < lane_size; i++) crc = one_byte(crc, std::byte{0});
        const std::size_t mask = std::size_t{1} << (bit % 4);
        for (std::size_t i = 0; i < 16; i++) {
            if ((i & mask) != 0) shift[bit / 4][i] ^= crc;
        }
    }
    return shift;
}

constexpr std::array<HalfByteTable, 8> lane_shift = make_lane_shift();

std::uint64_t over_a_lane(std::uint64_t crc) noexcept {
    std::uint64_t moved = 0;
    for (std::size_t k = 0; k < 8; k++) moved ^= lane_shift[k][(crc >> (4 * k)) & 0xf];
    return moved;
}

[[gnu::target("sse4.2")]] std::uint64_t three_lanes(std::uint64_t crc,
                                                    const std::byte* from) noexcept {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < lane_size; i += 8) {
        crc = _mm_crc32_u64(crc, load<std::uint64_t>(from + i));
        second = _mm_crc32_u64(second, load<std::uint64_t>(from + lane_size + i));
        third = _mm_crc32_u64(third, load<std::uint64_t>(from + 2 * lane_size + i));
    }
    return over_a_lane(over_a_lane(crc) ^ second) ^ third;
}

#endif

}  // namespace

namespace checksum {

std::uint32_t portable(std::uint32_t before, Bytes bytes) noexcept {
    std::uint32_t crc = ~before;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 4; left -= 4, at += 4) crc = one_word(crc, at);
    for (; left > 0; left--, at++) crc = one_byte(crc, *at);
    return ~crc;
}

std::uint32_t portable(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                       Bytes bytes) noexcept {
    const std::array<std::uint64_t, 2> numbers = {first, second};
    return portable(portable(before, std::as_bytes(std::span{numbers})), bytes);
}

#if defined(__x86_64__)

namespace {

[[gnu::target("sse4.2"), gnu::always_inline]] inline std::uint32_t go_on(std::uint64_t wide,
                                                                         Bytes bytes) noexcept {
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 3 * lane_size; left -= 3 * lane_size, at += 3 * lane_size)
        wide = three_lanes(wide, at);
    for (; left >= 64; left -= 64, at += 64) {
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 64; i += 8)
            wide = _mm_crc32_u64(wide, load<std::uint64_t>(at + i));
    }
    for (const std::byte* const end = at + (left & 56); at < end; at += 8)
        wide = _mm_crc32_u64(wide, load<std::uint64_t>(at));
    auto crc = static_cast<std::uint32_t>(wide);
    if ((left & 4) != 0) crc = _mm_crc32_u32(crc, load<std::uint32_t>(at)), at += 4;
    if ((left & 2) != 0) crc = _mm_crc32_u16(crc, load<std::uint16_t>(at)), at += 2;
    if ((left & 1) != 0) crc = _mm_crc32_u8(crc, load<std::uint8_t>(at));
    return ~crc;
}

}  // namespace

[[gnu::target("sse4.2")]] std::uint32_t accelerated(std::uint32_t before, Bytes bytes) noexcept {
    return go_on(static_cast<std::uint32_t>(~before), bytes);
}

[[gnu::target("sse4.2")]] std::uint32_t accelerated(std::uint32_t before, std::uint64_t first,
                                                    std::uint64_t second, Bytes bytes) noexcept {
    const std::uint64_t wide = _mm_crc32_u64(static_cast<std::uint32_t>(~before), first);
    return go_on(_mm_crc32_u64(wide, second), bytes);
}

[[gnu::target("sse4.2")]] std::uint32_t accelerated(std::uint32_t before, std::uint64_t first,
                                                    std::uint64_t second,
                                                    std::uint64_t third) noexcept {
    const std::uint64_t wide = _mm_crc32_u64(static_cast<std::uint32_t>(~before), first);
    return static_cast<std::uint32_t>(~_mm_crc32_u64(_mm_crc32_u64(wide, second), third));
}

#else

std::uint32_t accelerated(std::uint32_t before, Bytes bytes) noexcept {
    return portable(before, bytes);
}

std::uint32_t accelerated(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                          Bytes bytes) noexcept {
    return portable(before, first, second, bytes);
}

std::uint32_t accelerated(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                          std::uint64_t third) noexcept {
    return portable(before, first, second, std::as_bytes(std::span{&third, 1}));
}

#endif

}  // namespace checksum

}  // namespace freshet
