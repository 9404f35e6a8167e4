// SPDX-License-Identifier: MIT
// CRC-32C (Castagnoli), as iSCSI and ext4 use it: the checksum of "123456789" is e3069283.
#pragma once

#include <cstdint>

#include "base/cpu.hpp"
#include "freshet/bytes.hpp"

namespace freshet {

// The two ways in which it is computed; they always agree.
namespace checksum {
std::uint32_t portable(std::uint32_t before, Bytes bytes) noexcept;
std::uint32_t portable(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                       Bytes bytes) noexcept;
std::uint32_t accelerated(std::uint32_t before, Bytes bytes) noexcept;  // Needs cpu::has_crc32().
std::uint32_t accelerated(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                          Bytes bytes) noexcept;
std::uint32_t accelerated(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                          std::uint64_t third) noexcept;
}  // namespace checksum

// Continues a checksum: crc32c(crc32c(0, a), b) is that of a and b in one piece. Start with 0.
inline std::uint32_t crc32c(std::uint32_t before, Bytes bytes) noexcept {
    return cpu::has_crc32() ? checksum::accelerated(before, bytes)
                            : checksum::portable(before, bytes);
}

// Of two numbers, little-endian, and the bytes, as if they stood in one piece.
inline std::uint32_t crc32c(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                            Bytes bytes) noexcept {
    return cpu::has_crc32() ? checksum::accelerated(before, first, second, bytes)
                            : checksum::portable(before, first, second, bytes);
}

// Of three such numbers.
inline std::uint32_t crc32c(std::uint32_t before, std::uint64_t first, std::uint64_t second,
                            std::uint64_t third) noexcept {
    if (cpu::has_crc32()) return checksum::accelerated(before, first, second, third);
    return checksum::portable(before, first, second, std::as_bytes(std::span{&third, 1}));
}

}  // namespace freshet
