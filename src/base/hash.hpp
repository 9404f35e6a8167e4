// SPDX-License-Identifier: MIT
// A fast 64-bit hash for tables and keys that are confirmed by comparing. Not for integrity and not
// against adversaries: two inputs with the same hash cost time, never a wrong answer.
#pragma once

#include <cstdint>

#include "base/codec.hpp"

namespace freshet {

constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93;
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93;
    return value ^ (value >> 32);
}

inline std::uint64_t hash(std::uint64_t seed, Bytes bytes) noexcept {
    std::uint64_t state = mix(seed + bytes.size());
    std::size_t i = 0;
    for (; bytes.size() - i >= 8; i += 8) {
        state = mix(state ^ load<std::uint64_t>(bytes.data() + i));
    }
    std::uint64_t rest = 0;
    if (i < bytes.size()) std::memcpy(&rest, bytes.data() + i, bytes.size() - i);
    return mix(state ^ rest ^ 0x9e3779b97f4a7c15);
}

}  // namespace freshet
