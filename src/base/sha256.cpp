// SPDX-License-Identifier: MIT
// FIPS 180-4, names as there, once in plain C++ and once with the processor's instructions.
#include "base/sha256.hpp"

#include <bit>
#include <cstring>

#include "base/cpu.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace freshet {
namespace {

constexpr std::size_t round_count = 64;

alignas(16) constexpr std::array<std::uint32_t, round_count> k = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t load_big_endian(const std::byte* from) noexcept {
    std::uint32_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}

void store_big_endian(std::byte* to, std::uint32_t word) noexcept {
    if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap32(word);
    std::memcpy(to, &word, sizeof word);
}

using Schedule = std::array<std::uint32_t, round_count>;

void fill_schedule(Schedule& w, const std::byte* block) noexcept {
    for (std::size_t t = 0; t < 16; t++) w[t] = load_big_endian(block + 4 * t);
    for (std::size_t t = 16; t < round_count; t++) {
        const std::uint32_t a = w[t - 15];
        const std::uint32_t b = w[t - 2];
        const std::uint32_t sigma0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
        const std::uint32_t sigma1 = std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
        w[t] = w[t - 16] + sigma0 + w[t - 7] + sigma1;
    }
}

void one_block(sha256::State& state, const std::byte* block) noexcept {
    Schedule w{};
    fill_schedule(w, block);
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < round_count; t++) {
        const std::uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t t1 = h + sum1 + ((e & f) ^ (~e & g)) + k[t] + w[t];
        const std::uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t t2 = sum0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const sha256::State mixed = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); i++) state[i] += mixed[i];
}

void mix(sha256::State& state, const std::byte* blocks, std::size_t count) noexcept {
    if (cpu::has_sha()) {
        sha256::accelerated(state, blocks, count);
    } else {
        sha256::portable(state, blocks, count);
    }
}

}  // namespace

namespace sha256 {

void portable(State& state, const std::byte* blocks, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; i++) one_block(state, blocks + i * Sha256::block_size);
}

#if defined(__x86_64__)

// The instructions keep the state as {a, b, e, f} and {c, d, g, h} and do four rounds in two steps.
// `w` is a ring of the last 16 words of the schedule.
[[gnu::target("sha,sse4.1,ssse3")]] void accelerated(State& state, const std::byte* blocks,
                                                     std::size_t count) noexcept {
    const __m128i byte_order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    auto* const words = reinterpret_cast<__m128i*>(state.data());
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
    __m128i abef = _mm_alignr_epi8(badc, hgfe, 8);
    __m128i cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);

    for (; count > 0; count--, blocks += Sha256::block_size) {
        const __m128i abef_before = abef;
        const __m128i cdgh_before = cdgh;
        __m128i w[4];
        const auto* const block = reinterpret_cast<const __m128i*>(blocks);
        for (std::size_t i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128(block + i), byte_order);

        for (std::size_t i = 0; i < round_count / 4; i++) {
            __m128i& now = w[i % 4];
            if (i >= 4) {
                const __m128i last = w[(i + 3) % 4];
                const __m128i back_7 = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);
                now = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(i + 1) % 4]), back_7);
                now = _mm_sha256msg2_epu32(now, last);
            }
            const auto* const constants = reinterpret_cast<const __m128i*>(k.data() + 4 * i);
            const __m128i sum = _mm_add_epi32(now, _mm_load_si128(constants));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }

    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

#else

void accelerated(State& state, const std::byte* blocks, std::size_t count) noexcept {
    portable(state, blocks, count);
}

#endif

}  // namespace sha256

void Sha256::update(Bytes bytes) noexcept {
    if (bytes.empty()) return;
    const std::size_t held = size_ % block_size;
    size_ += bytes.size();
    if (held > 0) {
        const std::size_t room = block_size - held;
        const Bytes part = bytes.first(bytes.size() < room ? bytes.size() : room);
        std::memcpy(block_.data() + held, part.data(), part.size());
        if (part.size() < room) return;
        mix(state_, block_.data(), 1);
        bytes = bytes.subspan(room);
    }
    const std::size_t count = bytes.size() / block_size;
    mix(state_, bytes.data(), count);
    bytes = bytes.subspan(count * block_size);
    if (!bytes.empty()) std::memcpy(block_.data(), bytes.data(), bytes.size());
}

Sha256Digest Sha256::finish() noexcept {
    constexpr std::size_t length_size = 8;
    const std::uint64_t bit_count = size_ * 8;
    std::array<std::byte, 2 * block_size> padding{};
    padding[0] = std::byte{0x80};
    const std::size_t after = (size_ + 1 + length_size) % block_size;
    const std::size_t zeros = (block_size - after) % block_size;
    store_big_endian(padding.data() + 1 + zeros, static_cast<std::uint32_t>(bit_count >> 32));
    store_big_endian(padding.data() + 1 + zeros + 4, static_cast<std::uint32_t>(bit_count));
    update(Bytes{padding.data(), 1 + zeros + length_size});

    Sha256Digest digest{};
    for (std::size_t i = 0; i < state_.size(); i++)
        store_big_endian(digest.data() + 4 * i, state_[i]);
    return digest;
}

}  // namespace freshet
