// SPDX-License-Identifier: MIT
#include "store/addresses.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace freshet::store {
namespace {

// Goal: a block gives the addresses that were put into it, one by one and all at once, and reads
// nothing beside it. Method: events at random distances of up to 2^n bytes, so that there are
// blocks of all widths; each in memory of just its size.
TEST(Block, GivesTheAddressesThatWerePut) {
    std::mt19937_64 random{7};
    std::set<std::size_t> sizes;
    for (std::uint32_t width = 0; width < 55; width++) {
        for (int round = 0; round < 20; round++) {
            Addresses addresses;
            std::uint64_t address = random() >> 8;
            for (std::uint64_t& each : addresses) {
                each = address;
                address += width == 0 ? 8 : 1 + random() % (std::uint64_t{1} << width);
            }
            std::array<std::byte, block_size_max> room;
            const std::byte* const end = put_block(room.data(), addresses);
            const std::vector<std::byte> exact(static_cast<const std::byte*>(room.data()), end);
            sizes.insert(exact.size());
            Block block;
            ASSERT_TRUE(block.open(exact));
            Addresses expanded{};
            block.expand(expanded);
            ASSERT_EQ(expanded, addresses) << width;
            for (std::uint32_t i = 0; i < block_event_count; i++)
                ASSERT_EQ(block.address(i), addresses[i]) << width << ", " << i;
        }
    }
    EXPECT_EQ(*sizes.begin(), 16U);
    EXPECT_GT(sizes.size(), 50U);
}

}  // namespace
}  // namespace freshet::store
