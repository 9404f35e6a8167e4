// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4).
#pragma once

#include <array>
#include <cstdint>

#include "freshet/bytes.hpp"

namespace freshet {

using Sha256Digest = std::array<std::byte, 32>;

class Sha256 {
public:
    static constexpr std::size_t block_size = 64;

    Sha256() noexcept = default;
    void update(Bytes bytes) noexcept;
    // Once; after it the object can only be assigned to.
    Sha256Digest finish() noexcept;

private:
    std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, block_size> block_{};
    std::uint64_t size_ = 0;
};

// The two ways in which blocks are mixed into a state, for the tests: they always agree.
namespace sha256 {
using State = std::array<std::uint32_t, 8>;
void portable(State& state, const std::byte* blocks, std::size_t count) noexcept;
void accelerated(State& state, const std::byte* blocks,
                 std::size_t count) noexcept;  // cpu::has_sha().
}  // namespace sha256

}  // namespace freshet
