// SPDX-License-Identifier: MIT
#include "base/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace freshet::cpu {
namespace {

std::uint32_t ask_processor() noexcept {
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

}  // namespace

constinit std::atomic<std::uint32_t> features{0};

std::uint32_t ask() noexcept {
    const std::uint32_t found = ask_processor();
    features.store(found, std::memory_order_relaxed);
    return found;
}

}  // namespace freshet::cpu
