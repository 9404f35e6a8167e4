// SPDX-License-Identifier: MIT
// What this processor can do beyond what every processor of its kind can.
//
// Asking it takes a microsecond in a virtual machine, so the answer is kept, and looked at without
// a call. Two threads that ask at the same time find the same one.
#pragma once

#include <atomic>
#include <cstdint>

namespace freshet::cpu {

inline constexpr std::uint32_t known = 1;
inline constexpr std::uint32_t crc32 = 2;
inline constexpr std::uint32_t sha = 4;

extern constinit std::atomic<std::uint32_t> features;  // 0: not asked yet.
std::uint32_t ask() noexcept;

inline bool has(std::uint32_t feature) noexcept {
    std::uint32_t found = features.load(std::memory_order_relaxed);
    if (found == 0) found = ask();
    return (found & feature) != 0;
}

inline bool has_crc32() noexcept {  // SSE 4.2
    return has(crc32);
}
inline bool has_sha() noexcept {  // SHA and SSE 4.1
    return has(sha);
}

}  // namespace freshet::cpu
