// SPDX-License-Identifier: MIT
// Workload: most pieces are single events of about 100 bytes; scans and verify bring whole frames.
//
// A checksum is linear: that of a|b is that of a, moved over as many zero bytes as b has, XOR that
// of b. A *move* does this for one number of zeros, by tables, half a byte at a time: eight of 64
// bytes, since a small program should stay small. The portable way takes 8 bytes with two moves, of
// which only one waits for what came before: nearly as fast as with tables of 4 KiB (measured: 0.82
// and 0.76 ns a byte).
//
// The instruction takes 8 bytes a cycle but answers after three, so long pieces are cut into three
// lanes of `lane_size` that run side by side, and their checksums are moved.
#include "base/checksum.hpp"

#include <array>

#include "base/codec.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace freshet {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;
constexpr std::size_t lane_size = 512;

// Table k does half byte k of a checksum.
using Move = std::array<std::array<std::uint32_t, 16>, 8>;

constexpr std::uint32_t moved(const Move& move, std::uint32_t crc) noexcept {
    std::uint32_t result = 0;
#pragma GCC unroll 8
    for (std::size_t k = 0; k < 8; k++) result ^= move[k][(crc >> (4 * k)) & 0xf];
    return result;
}

// Of what becomes of each bit alone.
template <class MoveBits>
constexpr Move make_move(MoveBits move_bits) noexcept {
    Move move{};
    for (std::size_t bit = 0; bit < 32; bit++) {
        const std::uint32_t crc = move_bits(std::uint32_t{1} << bit);
        for (std::size_t i = 0; i < 16; i++)
            if ((i >> (bit % 4) & 1) != 0) move[bit / 4][i] ^= crc;
    }
    return move;
}

constexpr Move over_word = make_move([](std::uint32_t crc) noexcept {
    for (int bit = 0; bit < 32; bit++) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    return crc;
});

constexpr Move over_two_words =
    make_move([](std::uint32_t crc) noexcept { return moved(over_word, moved(over_word, crc)); });

std::uint32_t two_words(std::uint32_t crc, const std::byte* from) noexcept {
    const auto words = load<std::uint64_t>(from) ^ crc;
    return moved(over_two_words, static_cast<std::uint32_t>(words)) ^
           moved(over_word, static_cast<std::uint32_t>(words >> 32));
}

// Like the last byte of a word.
std::uint32_t one_byte(std::uint32_t crc, std::byte byte) noexcept {
    crc ^= static_cast<std::uint32_t>(byte);
    return (crc >> 8) ^ moved(over_word, crc << 24);
}

#if defined(__x86_64__)

constexpr Move over_lane = make_move([](std::uint32_t crc) noexcept {
    for (std::size_t i = 0; i < lane_size; i += 8) crc = moved(over_two_words, crc);
    return crc;
});

std::uint64_t over_a_lane(std::uint64_t crc) noexcept {
    return moved(over_lane, static_cast<std::uint32_t>(crc));
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
    for (; left >= 8; left -= 8, at += 8) crc = two_words(crc, at);
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
