// SPDX-License-Identifier: MIT
// Asking the processor takes a microsecond in a virtual machine, so the answer is kept. Two threads
// that ask at the same time find the same one.
#include "base/cpu.hpp"

#include <atomic>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace freshet::cpu {
namespace {

constexpr std::uint32_t known = 1;
constexpr std::uint32_t crc32 = 2;
constexpr std::uint32_t sha = 4;

constinit std::atomic<std::uint32_t> features{0};

std::uint32_t ask() noexcept {
    std::uint32_t found = known;
#if defined(__x86_64__)
    constexpr std::uint32_t sha_bit = std::uint32_t{1} << 29;
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return found;
    const bool has_sse4_1 = (ecx & bit_SSE4_1) != 0;
    if ((ecx & bit_SSE4_2) != 0) found |= crc32;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return found;
    if (has_sse4_1 && (ebx & sha_bit) != 0) found |= sha;
#endif
    return found;
}

bool has(std::uint32_t feature) noexcept {
    std::uint32_t found = features.load(std::memory_order_relaxed);
    if (found == 0) {
        found = ask();
        features.store(found, std::memory_order_relaxed);
    }
    return (found & feature) != 0;
}

}  // namespace

bool has_crc32() noexcept {
    return has(crc32);
}

bool has_sha() noexcept {
    return has(sha);
}

}  // namespace freshet::cpu
