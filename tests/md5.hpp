// SPDX-License-Identifier: MIT
// MD5 (RFC 1321), for scripts that keep long results as hashes. It protects nothing.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace freshet::test {

class Md5 {
public:
    void update(std::string_view text) {
        for (const char letter : text) {
            block_[size_++ % block_.size()] = static_cast<unsigned char>(letter);
            if (size_ % block_.size() == 0) compress();
        }
    }
    // 32 hexadecimal digits, in small letters. Once.
    std::string finish() {
        const std::uint64_t bits = size_ * 8;
        update({"\x80", 1});
        while (size_ % block_.size() != 56) update({"\0", 1});
        for (unsigned i = 0; i < 8; i++) {
            const char byte = static_cast<char>(bits >> (8 * i));
            update({&byte, 1});
        }
        std::string text;
        for (const std::uint32_t word : state_) {
            for (unsigned i = 0; i < 8; i++) {
                const unsigned shift = 8 * (i / 2) + (i % 2 == 0 ? 4 : 0);
                text += "0123456789abcdef"[word >> shift & 15];
            }
        }
        return text;
    }

private:
    void compress() {
        static constexpr std::array<std::array<int, 4>, 4> turns = {
            {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
        std::array<std::uint32_t, 16> words{};
        for (std::size_t i = 0; i < block_.size(); i++)
            words[i / 4] |= std::uint32_t{block_[i]} << (8 * (i % 4));
        auto [a, b, c, d] = state_;
        for (std::uint32_t i = 0; i < 64; i++) {
            const auto [mix, word] = step(i, b, c, d);
            const auto sine =
                static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
            const std::uint32_t sum = a + mix + sine + words[word];
            a = d;
            d = c;
            c = b;
            b += std::rotl(sum, turns[i / 16][i % 4]);
        }
        state_ = {state_[0] + a, state_[1] + b, state_[2] + c, state_[3] + d};
    }
    struct Step {
        std::uint32_t mix;
        std::uint32_t word;
    };
    static Step step(std::uint32_t i, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
        switch (i / 16) {
            case 0: return {(b & c) | (~b & d), i};
            case 1: return {(d & b) | (~d & c), (5 * i + 1) % 16};
            case 2: return {b ^ c ^ d, (3 * i + 5) % 16};
            default: return {c ^ (b | ~d), 7 * i % 16};
        }
    }

    std::array<std::uint32_t, 4> state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    std::array<unsigned char, 64> block_{};
    std::uint64_t size_ = 0;
};

}  // namespace freshet::test
