// SPDX-License-Identifier: MIT
// Changes that mean something: to numbers at known places.
#pragma once

#include <cstring>

#include "fuzz/target.hpp"

namespace freshet::fuzz {

struct Field {
    std::uint8_t offset;
    std::uint8_t size;
};

// Makes a number its neighbour, a border of its range, or any other one.
inline void mutate_number(std::byte* at, std::size_t size, Random& random) {
    std::uint64_t value = 0;
    std::memcpy(&value, at, size);
    const std::uint64_t max = ~std::uint64_t{0} >> (64 - 8 * size);
    switch (random.below(9)) {
        case 0: value = 0; break;
        case 1: value = max - random.below(3); break;
        case 2: value = (max >> 1) + random.below(2); break;
        case 3: value += 1; break;
        case 4: value -= 1; break;
        case 5: value += 8; break;
        case 6: value -= 8; break;
        case 7: value ^= std::uint64_t{1} << random.below(8 * size); break;
        default: value = random.next(); break;
    }
    std::memcpy(at, &value, size);
}

template <std::size_t count>
void mutate_field(MutableBytes bytes, const Field (&fields)[count], Random& random) {
    const Field field = fields[random.below(count)];
    if (bytes.size() < std::size_t{field.offset} + field.size) return;
    mutate_number(bytes.data() + field.offset, field.size, random);
}

// By the fuzzer's own means, at any place and to at most `size_max` bytes.
inline void mutate_bytes(Contents& bytes, std::size_t size_max) {
    const std::size_t size = bytes.size();
    if (size_max == 0 || size > size_max) return;
    bytes.resize(size_max);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, size_max));
}

// The beginning of a mutator: the input, with a first byte at least, whose flags below `flag_end`
// change at times.
inline Contents to_change(const std::uint8_t* data, std::size_t size, Random& random,
                          unsigned percent, std::size_t flag_end) {
    const Bytes bytes = input(data, size);
    Contents changed(bytes.begin(), bytes.end());
    if (changed.empty()) changed.resize(1);
    if (random.chance(percent))
        changed[0] ^= static_cast<std::byte>(1 + random.below(flag_end - 1));
    return changed;
}

// The end of a mutator: gives back what fits.
inline std::size_t give_back(const Contents& bytes, std::uint8_t* data, std::size_t size_max) {
    const std::size_t size = bytes.size() < size_max ? bytes.size() : size_max;
    if (size > 0) std::memcpy(data, bytes.data(), size);
    return size;
}

}  // namespace freshet::fuzz
