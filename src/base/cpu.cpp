// SPDX-License-Identifier: MIT
#include "base/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace freshet::cpu {
namespace {

#if defined(__x86_64__)
struct Registers {
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
};

Registers ask_processor(std::uint32_t leaf) noexcept {
    Registers said;
    __cpuid_count(leaf, 0, said.eax, said.ebx, said.ecx, said.edx);
    return said;
}

// Leaf 1 is there on all of these processors; 0 says how many there are.
bool has_crc32_leaf() noexcept {
    return (ask_processor(1).ecx & bit_SSE4_2) != 0;
}
bool has_sha_leaf() noexcept {
    constexpr std::uint32_t sha_bit = std::uint32_t{1} << 29;
    return (ask_processor(1).ecx & bit_SSE4_1) != 0 && ask_processor(0).eax >= 7 &&
           (ask_processor(7).ebx & sha_bit) != 0;
}
#else
bool has_crc32_leaf() noexcept {
    return false;
}
bool has_sha_leaf() noexcept {
    return false;
}
#endif

}  // namespace

constinit std::atomic<std::uint32_t> features{0};

bool ask(std::uint32_t feature) noexcept {
    const bool is_there = feature == crc32 ? has_crc32_leaf() : has_sha_leaf();
    const std::uint32_t found = feature << known_shift | (is_there ? feature : 0);
    features.fetch_or(found, std::memory_order_relaxed);
    return is_there;
}

}  // namespace freshet::cpu
