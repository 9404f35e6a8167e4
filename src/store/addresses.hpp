// SPDX-License-Identifier: MIT
// How the addresses of a stream's events are kept: those of a full block of 32 packed, those of the
// last, partial block as a list that grows at its front.
//
//  Block. The events of a stream lie about evenly in the log, so that each address is kept as what
//  it deviates from a straight line, in as many bits as the greatest deviation takes: 2 to 3 bytes
//  for an event of one stream among many, half a byte where one stream is the log. Each is found
//  without decoding those before it.
//
//      size  field
//         8  start
//         7  step from one to the next
//         1  width in bits, at most 56
//            32 numbers of so many bits; address n = start + n * step + number n
//
//  Tail: the newest address, then the distance from each to the one before, newest first; all
//  varints. A new one is put in front, and nothing is decoded.
#pragma once

#include <array>
#include <cstdint>

#include "base/codec.hpp"
#include "freshet/error.hpp"

namespace freshet::store {

inline constexpr std::uint32_t block_event_count = 32;
using Addresses = std::array<std::uint64_t, block_event_count>;

inline constexpr std::uint32_t block_width_max = 56;
inline constexpr std::size_t block_size_max = 16 + block_event_count * block_width_max / 8;
// Addresses ascend, so that the distances of a tail cannot all be great.
inline constexpr std::size_t tail_size_max = 256;

// Writes a block; returns its end. The addresses ascend.
std::byte* put_block(std::byte* to, const Addresses& addresses) noexcept;

// A block as it is stored, which stays lent.
class Block {
public:
    // corrupt.
    Status open(Bytes value) noexcept;
    [[nodiscard]] std::uint64_t address(std::uint32_t number) const noexcept;
    void expand(Addresses& addresses) const noexcept;

private:
    Bytes numbers_;
    std::uint64_t start_ = 0;
    std::uint64_t step_ = 0;
    std::uint32_t width_ = 0;
};

// All addresses of a tail, oldest first; it has `count` of them, 1 to 31. corrupt.
Status expand_tail(Bytes tail, std::uint32_t count, Addresses& addresses) noexcept;

// A tail that grows.
class TailBuilder {
public:
    // Empty, or as it is stored. corrupt.
    Status open(Bytes tail) noexcept;
    void push(std::uint64_t address) noexcept;
    [[nodiscard]] bool is_empty() const noexcept { return newest_ == 0; }
    std::byte* put(std::byte* to) const noexcept;

private:
    std::uint64_t newest_ = 0;
    std::size_t begin_ = tail_size_max;
    std::array<std::byte, tail_size_max> distances_;  // From begin_ on.
};

}  // namespace freshet::store
