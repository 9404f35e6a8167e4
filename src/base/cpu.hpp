// SPDX-License-Identifier: MIT
// What this processor can do beyond what every processor of its kind can.
//
// Each question takes some ten microseconds in a virtual machine, so it is put when somebody needs
// to know, and the answer is kept, and looked at without a call. Two threads that ask at the same
// time find the same one.
#pragma once

#include <atomic>
#include <cstdint>

namespace freshet::cpu {

inline constexpr std::uint32_t crc32 = 1;
inline constexpr std::uint32_t sha = 2;
inline constexpr std::uint32_t known_shift = 2;  // So far above it stands whether it was asked.

extern constinit std::atomic<std::uint32_t> features;
bool ask(std::uint32_t feature) noexcept;

inline bool has(std::uint32_t feature) noexcept {
    const std::uint32_t found = features.load(std::memory_order_relaxed);
    if ((found & feature << known_shift) == 0) return ask(feature);
    return (found & feature) != 0;
}

inline bool has_crc32() noexcept {  // SSE 4.2
    return has(crc32);
}
inline bool has_sha() noexcept {  // SHA and SSE 4.1
    return has(sha);
}

}  // namespace freshet::cpu
