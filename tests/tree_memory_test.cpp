// SPDX-License-Identifier: MIT
// The pages of the delta: none is lost, none is given back too early, and none is missed too late.
#include <algorithm>
#include <random>

#include "tree_fixture.hpp"

namespace freshet::tree {
namespace {

std::string key_of(std::uint64_t number) {
    return "key " + std::to_string(1'000'000 + number);
}

// Goal: a call that finds no page changes nothing. Method: in a pool of every small size, put and
// erase at random until the pool is full and beyond; after each failure everything is there, and
// nothing else.
TEST(TreeMemory, ChangesNothingWithoutPages) {
    for (std::size_t page_count = 8; page_count < 40; page_count++) {
        SCOPED_TRACE(page_count);
        Subject subject{page_count};
        std::mt19937_64 random{page_count};
        std::size_t failure_count = 0;
        for (std::size_t transaction = 0; failure_count < 60; transaction++) {
            subject.begin();
            for (int i = 0; i < 30; i++) {
                const std::size_t used = subject.delta.page_used();
                const std::string key = std::string(random() % 100, 'k') + key_of(random() % 400);
                const bool is_put = random() % 4 != 0;
                const Code code =
                    is_put ? subject.put(key, std::string(random() % value_size_max, 'v'))
                           : subject.erase(key);
                if (code == Code::none) continue;
                failure_count++;
                ASSERT_EQ(code, Code::out_of_memory);
                ASSERT_EQ(subject.delta.page_used(), used);
                expect_same(subject.delta, subject.delta.root(), subject.map);
            }
            if (transaction % 3 == 2) subject.rollback();
            if (transaction % 3 != 2) subject.seal();
            expect_no_page_lost(subject, {});
        }
        expect_same(subject.delta, subject.delta.root(), subject.map);
    }
}

// Goal: the pages a call may need are counted to the page. Method: a tree of one full leaf, of
// which more and more old versions are held. A new entry copies the leaf, splits it, and makes a
// root.
TEST(TreeMemory, FailsOnlyWhenAPageIsMissing) {
    const auto key = [](char first) { return std::string(key_size_max, first); };
    for (std::size_t held_count = 0; held_count < 8; held_count++) {
        Subject subject{8};
        subject.begin();
        for (const char first : {'a', 'c', 'e'}) {
            ASSERT_EQ(subject.put(key(first), std::string(value_size_max, 'v')), Code::none);
        }
        std::vector<Snapshot> held;
        for (std::size_t i = 0; i < held_count; i++) {
            held.push_back({subject.seal(versions(held)), subject.map});
            subject.begin();
            ASSERT_EQ(subject.put(key('a'), std::string(value_size_max, 'w')), Code::none);
        }
        subject.seal(versions(held));
        const std::size_t available = subject.delta.page_count() - subject.delta.page_used();
        ASSERT_EQ(available, 7 - held_count);
        subject.begin();
        EXPECT_EQ(subject.put(key('d'), std::string(value_size_max, 'x')),
                  available < 3 ? Code::out_of_memory : Code::none);
        subject.rollback();
        const Code expected = available < 1 ? Code::out_of_memory : Code::none;
        subject.begin();
        EXPECT_EQ(subject.put("\2 the first of another family", "v"), expected);
        subject.rollback();
        subject.begin();
        EXPECT_EQ(subject.erase(key('c')), expected);
        EXPECT_EQ(subject.put(key('e'), "shorter, and in a page that is copied"), expected);
        subject.seal(versions(held));
        expect_no_page_lost(subject, held);
        for (const Snapshot& snapshot : held) {
            expect_same(subject.delta, snapshot.root, snapshot.map);
        }
    }
}

// Goal: a full pool is of use again as soon as something is erased and sealed.
TEST(TreeMemory, GoesOnAfterItWasFull) {
    Subject subject{32};
    for (int round = 0; round < 6; round++) {
        std::uint64_t number = 0;
        Code code = Code::none;
        while (code == Code::none) {
            subject.begin();
            code = subject.put(key_of(number++), std::string(100, 'v'));
            subject.seal();
        }
        EXPECT_GT(number, 100U);
        while (!subject.map.empty()) {
            subject.begin();
            ASSERT_EQ(subject.erase(subject.map.begin()->first), Code::none) << subject.map.size();
            subject.seal();
        }
        EXPECT_EQ(subject.delta.page_used(), 0U);
    }
}

TEST(TreeMemory, DoesNotTouchThePoolBeforeUse) {
    constexpr std::size_t pool_size = 64 * page_size;
    std::vector<std::byte> memory(Delta::required_memory(pool_size, 2), std::byte{0xA5});
    Arena arena{MutableBytes{memory}};
    Delta delta;
    ASSERT_TRUE(delta.open(arena, pool_size, 2));
    const auto untouched = std::count(memory.begin(), memory.end(), std::byte{0xA5});
    EXPECT_GE(untouched, static_cast<std::ptrdiff_t>(pool_size));
    delta.begin();
    ASSERT_TRUE(delta.put(as_bytes("key"), as_bytes("value")));
    delta.seal({});
    const auto still = std::count(memory.begin(), memory.end(), std::byte{0xA5});
    EXPECT_GE(still, static_cast<std::ptrdiff_t>(pool_size - page_size));
}

TEST(TreeMemory, OpensInAsMuchAsItRequiresAndNoLess) {
    constexpr std::size_t pool_size = 10 * page_size;
    const std::size_t required = Delta::required_memory(pool_size, 5);
    std::vector<std::byte> memory(required + Pool::alignment);
    for (std::size_t shift = 0; shift < Pool::alignment; shift++) {
        Arena arena{MutableBytes{memory}.subspan(shift, required)};
        Delta delta;
        EXPECT_TRUE(delta.open(arena, pool_size, 5)) << shift;
        EXPECT_EQ(delta.page_count(), 10U);
    }
    Code last = Code::none;
    for (std::size_t size = 0; size < required; size += 8) {
        Arena arena{MutableBytes{memory}.first(size)};
        Delta delta;
        const Status opened = delta.open(arena, pool_size, 5);
        EXPECT_TRUE(opened || opened.error() == Code::out_of_memory);
        last = opened.error().code;
    }
    EXPECT_EQ(last, Code::none) << "the last bytes are only for odd alignments";
}

TEST(TreeMemory, RefusesAPoolOfTooFewOrTooManyPages) {
    std::vector<std::byte> memory(100'000);
    Arena arena{MutableBytes{memory}};
    Delta delta;
    EXPECT_EQ(delta.open(arena, Pool::page_count_min * page_size - 1, 1).error(),
              Code::invalid_argument);
    EXPECT_EQ(delta.open(arena, (std::size_t{1} << 32) * page_size, 1).error(),
              Code::invalid_argument);
    EXPECT_EQ(delta.open(arena, Pool::page_count_min * page_size, 1).error(), Code::none);
}

// Goal: one old reader costs the pages it sees, and no more, whatever is committed meanwhile.
TEST(TreeMemory, HoldsOnlyWhatAnOldReaderSees) {
    Subject subject{64};
    subject.begin();
    for (std::uint64_t i = 0; i < 300; i++)
        ASSERT_EQ(subject.put(key_of(i), "12345678"), Code::none);
    const Snapshot held{subject.seal(), subject.map};
    const std::size_t used = subject.delta.page_used();
    std::mt19937_64 random{1};
    std::uint64_t previous = held.root.version;
    for (std::uint64_t i = 0; i < 1'000'000; i++) {
        const std::uint64_t live[] = {previous, held.root.version, previous};
        const std::string key = key_of(random() % 300);
        subject.delta.begin();
        ASSERT_TRUE(subject.delta.put(as_bytes(key), as_bytes("abcdefgh")));
        previous = subject.delta.seal(live).version;
        ASSERT_LE(subject.delta.page_used(), 2 * used + 3);
    }
    expect_same(subject.delta, held.root, held.map);
    subject.delta.release({});
    EXPECT_EQ(subject.delta.page_used(), used);
}

// Goal: what is in use is what the newest version and the held ones see, to the page.
TEST(TreeMemory, GivesBackAPageWhenItsLastReaderIsGone) {
    Subject subject{512};
    std::mt19937_64 random{3};
    std::vector<Snapshot> held;
    for (int round = 0; round < 300; round++) {
        subject.begin();
        for (int i = 0; i < 20; i++) {
            const Code code = random() % 2 == 0 ? subject.put(key_of(random() % 500), "value")
                                                : subject.erase(key_of(random() % 500));
            ASSERT_EQ(code, Code::none);
        }
        if (round % 7 == 3) {
            subject.rollback();
            subject.begin();
        }
        const Root root = subject.seal(versions(held));
        expect_no_page_lost(subject, held);
        held.push_back({root, subject.map});
        while (held.size() > 8)
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(random() % 8));
        if (round % 20 != 19) continue;
        for (const Snapshot& snapshot : held)
            expect_same(subject.delta, snapshot.root, snapshot.map);
    }
    while (!held.empty()) {
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(random() % held.size()));
        subject.delta.release(versions(held));
        expect_no_page_lost(subject, held);
        for (const Snapshot& snapshot : held)
            expect_same(subject.delta, snapshot.root, snapshot.map);
    }
    expect_same(subject.delta, subject.delta.root(), subject.map);
    subject.begin();
    while (!subject.map.empty()) ASSERT_EQ(subject.erase(subject.map.begin()->first), Code::none);
    subject.seal();
    EXPECT_EQ(subject.delta.page_used(), 0U);
}

}  // namespace
}  // namespace freshet::tree
