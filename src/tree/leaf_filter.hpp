// SPDX-License-Identifier: MIT
// What the page above a leaf knows of the leaf's keys, so that who looks for one that is not there
// need not read the leaf: of a hundred such keys it takes two for some that may be there, and it
// takes each that is there for one.
//
// A Bloom filter (Burton H. Bloom, "Space/time trade-offs in hash coding with allowable errors",
// 1970): a byte for each key of the leaf, and five bits set for each key. The bits follow from one
// hash by double hashing (Kirsch and Mitzenmacher, "Less hashing, same performance", 2006).
#pragma once

#include <cstdint>

#include "base/hash.hpp"
#include "freshet/bytes.hpp"

namespace freshet::tree {

class LeafFilter {
public:
    static std::uint64_t hash_of(Bytes key) noexcept { return hash(0, key); }

    // Zeros at first, a byte for each key.
    static void add(MutableBytes filter, std::uint64_t hash) noexcept {
        Bits bits{hash, filter.size()};
        for (std::uint32_t i = 0; i < bit_count; i++) {
            const std::size_t bit = bits.next();
            filter[bit / 8] |= mask(bit);
        }
    }
    // Of bytes from anywhere; an empty filter knows nothing.
    static bool may_have(Bytes filter, std::uint64_t hash) noexcept {
        if (filter.empty()) return true;
        Bits bits{hash, filter.size()};
        for (std::uint32_t i = 0; i < bit_count; i++) {
            const std::size_t bit = bits.next();
            if ((filter[bit / 8] & mask(bit)) == std::byte{0}) return false;
        }
        return true;
    }

private:
    static constexpr std::uint32_t bit_count = 5;

    class Bits {
    public:
        Bits(std::uint64_t hash, std::size_t size) noexcept
            : place_{static_cast<std::uint32_t>(hash)},
              step_{static_cast<std::uint32_t>(hash >> 32) | 1},
              count_{size * 8} {}
        std::size_t next() noexcept {
            place_ += step_;
            return static_cast<std::size_t>(place_ * count_ >> 32);
        }

    private:
        std::uint32_t place_;
        std::uint32_t step_;
        std::uint64_t count_;
    };

    static constexpr std::byte mask(std::size_t bit) noexcept {
        return static_cast<std::byte>(1U << bit % 8);
    }
};

}  // namespace freshet::tree
