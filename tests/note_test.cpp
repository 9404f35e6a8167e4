// SPDX-License-Identifier: MIT
// What a writer notes for those that read beside it.
#include "log/note.hpp"

#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

TEST(Note, HasTheseBytes) {
    log::Position durable;
    durable.address = 0x0807060504030201;
    durable.commit = 2;
    durable.next_ordinal = 3;
    durable.time_us = 4;
    durable.chain.crc = 0x0d0c0b0a;
    durable.epoch = {5, 6};
    const Note note = log::encode_note(0x1817161514131211, durable);
    std::string hex;
    for (const std::byte byte : note) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += digits[static_cast<unsigned>(byte) >> 4];
        hex += digits[static_cast<unsigned>(byte) & 15];
    }
    EXPECT_EQ(hex.substr(0, 8) + hex.substr(16),
              "46724e00"
              "1112131415161718"
              "0500000006000000"
              "0102030405060708"
              "0200000000000000"
              "0300000000000000"
              "0400000000000000"
              "0a0b0c0d00000000");
}

// Goal: a note read beside its writing is never half believed. Method: every mixture of two notes
// at every byte, and every flipped bit.
TEST(Note, IsNeverHalfBelieved) {
    log::Position durable;
    durable.address = 1000;
    durable.commit = 7;
    const Note first = log::encode_note(1, durable);
    durable.address = 2000;
    durable.commit = 8;
    const Note second = log::encode_note(1, durable);
    std::uint64_t store = 0;
    log::Position found;
    ASSERT_TRUE(log::decode_note(second, store, found));
    EXPECT_EQ(store, 1U);
    EXPECT_EQ(found.address, 2000U);
    EXPECT_EQ(found.commit, 8U);
    for (std::size_t at = 1; at < first.size(); at++) {
        Note torn = first;
        std::copy(second.begin() + static_cast<std::ptrdiff_t>(at), second.end(),
                  torn.begin() + static_cast<std::ptrdiff_t>(at));
        if (torn == first || torn == second) continue;
        EXPECT_FALSE(log::decode_note(torn, store, found)) << at;
    }
    for (std::size_t bit = 0; bit < first.size() * 8; bit++) {
        Note flipped = first;
        flipped[bit / 8] ^= std::byte{static_cast<unsigned char>(1U << bit % 8)};
        EXPECT_FALSE(log::decode_note(flipped, store, found)) << bit;
    }
}

}  // namespace
}  // namespace freshet::test
