// SPDX-License-Identifier: MIT
// The delta and its cursors against a std::map that goes through the same changes.
#include <algorithm>
#include <array>
#include <random>

#include "tree_fixture.hpp"

namespace freshet::tree {
namespace {

// How keys and values are drawn.
struct Shape {
    const char* name;
    std::size_t alphabet;
    std::size_t key_size_max;
    std::size_t value_size_max;
    const char* prefix;
};

constexpr Shape shapes[] = {
    {"short", 4, 6, 12, ""},
    {"few long", 2, key_size_max, value_size_max, ""},
    {"long prefix", 3, 9, 30, "a prefix that is much longer than the head of a key, as names are/"},
    {"bytes", 256, 12, 40, ""},
    {"empty values", 256, 3, 0, "x"},
    {"pairs", 200, key_size_max, 4, ""},
};

class Generator {
public:
    Generator(std::uint64_t seed, const Shape& shape) : random_{seed}, shape_{shape} {}

    std::size_t below(std::size_t limit) { return random_() % limit; }
    std::string key() {
        std::string key = below(10) == 0 ? "" : shape_.prefix;
        const std::size_t size =
            1 + below(shape_.key_size_max - std::min(key.size(), shape_.key_size_max - 1));
        const char fill = letter();
        for (std::size_t i = 0; i < size; i++) key += below(8) == 0 ? letter() : fill;
        return key;
    }
    std::string value() { return std::string(below(shape_.value_size_max + 1), letter()); }

private:
    char letter() { return static_cast<char>(below(shape_.alphabet)); }

    std::mt19937_64 random_;
    const Shape& shape_;
};

// Goal: whatever is done, each snapshot stays what it was. Method: transactions of random changes,
// some rolled back, with up to 6 snapshots held and released in random order; all compared as we
// go.
void run_random(const Shape& shape, std::uint64_t seed, std::size_t transactions) {
    SCOPED_TRACE(std::string{shape.name} + ", seed " + std::to_string(seed));
    Subject subject{4000};
    Generator generate{seed, shape};
    std::vector<Snapshot> held;
    bool is_growing = true;
    for (std::size_t i = 0; i < transactions; i++) {
        if (i % 25 == 24) is_growing = !is_growing;
        subject.begin();
        const std::size_t change_count = generate.below(40);
        for (std::size_t change = 0; change < change_count; change++) {
            const bool is_put = generate.below(10) < (is_growing ? 8U : 2U);
            std::string key = generate.key();
            const auto there = subject.map.lower_bound(key);
            if (!is_put && there != subject.map.end()) key = there->first;
            const Code code = is_put ? subject.put(key, generate.value()) : subject.erase(key);
            ASSERT_EQ(code, Code::none);
        }
        expect_same_around(subject.delta, subject.delta.root(), subject.map, generate.key());
        if (generate.below(4) == 0) {
            subject.rollback();
        } else {
            const Root root = subject.seal(versions(held));
            expect_no_page_lost(subject, held);
            if (held.size() < 6) held.push_back({root, subject.map});
        }
        for (const Snapshot& snapshot : held) {
            expect_same_around(subject.delta, snapshot.root, snapshot.map, generate.key());
        }
        if (!held.empty() && generate.below(3) == 0) {
            const std::size_t which = generate.below(held.size());
            expect_same(subject.delta, held[which].root, held[which].map);
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
            if (generate.below(2) == 0) subject.delta.release(versions(held));
        }
        if (::testing::Test::HasFatalFailure()) return;
    }
    expect_same(subject.delta, subject.delta.root(), subject.map);
    subject.begin();
    while (!subject.map.empty()) ASSERT_EQ(subject.erase(subject.map.begin()->first), Code::none);
    subject.seal();
    EXPECT_EQ(subject.delta.page_used(), 0U);
    for (const Branch& branch : subject.delta.root().branches) EXPECT_EQ(branch.page, 0U);
}

TEST(Tree, DoesWhatAMapDoes) {
    for (const Shape& shape : shapes) {
        for (std::uint64_t seed = 1; seed <= 4; seed++) run_random(shape, seed, 100);
    }
}

// Big-endian, so that numbers are in order as keys.
std::string number_key(std::uint32_t number, const std::string& prefix = "") {
    std::string key = prefix;
    for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift & 0xFF);
    return key;
}

// Puts the keys of the numbers in the order given, takes them away again, and says how many pages
// it took.
std::size_t fill(const std::vector<std::uint32_t>& numbers, const std::string& prefix) {
    Subject subject{1000};
    subject.begin();
    for (const std::uint32_t number : numbers) {
        EXPECT_EQ(subject.put(number_key(number, prefix), "12345678"), Code::none);
    }
    expect_same(subject.delta, subject.seal(), subject.map);
    const std::size_t used = subject.delta.page_used();
    subject.begin();
    for (const std::uint32_t number : numbers) {
        EXPECT_EQ(subject.erase(number_key(number, prefix)), Code::none);
        if (number % 512 == 0) expect_same(subject.delta, subject.delta.root(), subject.map);
    }
    EXPECT_EQ(subject.delta.page_used(), used);
    subject.seal();
    EXPECT_EQ(subject.delta.page_used(), 0U);
    return used;
}

TEST(Tree, TakesKeysInAnyOrder) {
    for (const char* prefix : {"", "customer-", "something that takes more than a head/"}) {
        std::vector<std::uint32_t> numbers(6000);
        for (std::uint32_t i = 0; i < numbers.size(); i++) numbers[i] = i;
        const std::size_t ascending = fill(numbers, prefix);
        std::shuffle(numbers.begin(), numbers.end(), std::mt19937{7});
        const std::size_t random = fill(numbers, prefix);
        std::sort(numbers.rbegin(), numbers.rend());
        fill(numbers, prefix);
        EXPECT_LT(ascending * 5, random * 4) << "pages stay full when keys ascend";
    }
}

// Goal: each of several ascending kinds of keys fills its pages, not only the one with the last
// keys.
TEST(Tree, FillsPagesOfKeysThatAscendInTheMiddle) {
    std::vector<std::size_t> used;
    for (const bool has_last : {false, true}) {
        Subject subject{1000};
        subject.begin();
        if (has_last) {
            ASSERT_EQ(subject.put("z", ""), Code::none);
        }
        for (std::uint32_t i = 0; i < 5000; i++) {
            ASSERT_EQ(subject.put(number_key(i, "c"), "12345678"), Code::none);
        }
        used.push_back(subject.delta.page_used());
    }
    EXPECT_LE(used[1], used[0] + 2);
}

// Ascending keys that meet a page in its lower half are no reason to cut it there.
TEST(Tree, CutsEvenlyWhereTooFewKeysAscend) {
    Subject subject{1000};
    subject.begin();
    for (std::uint32_t i = 1000; i > 0; i--) {
        ASSERT_EQ(subject.put(number_key(i, "z"), "12345678"), Code::none);
        if (i % 40 > 5) continue;
        for (std::uint32_t j = 0; j < 8; j++) {
            ASSERT_EQ(subject.put(number_key(j, "a" + number_key(1000 - i)), "12345678"),
                      Code::none);
        }
    }
    expect_same(subject.delta, subject.seal(), subject.map);
    expect_no_page_lost(subject, {});
}

// Goal: a page full of keys without their long prefix takes a key that does not share it, at either
// end. Method: with and without neighbours on either side, so that the page is at the tree's edge
// and is not; of keys put in ascending order and descending, so that the page is cut after them and
// evenly.
TEST(Tree, TakesAStrangerIntoAFullPage) {
    const std::string prefix(200, 'm');
    for (const char* stranger : {"a", "n", "mmmmmm", "mmz", "mm"}) {
        for (std::uint32_t count = 20; count < 140; count++) {
            Subject subject{64};
            subject.begin();
            for (const char* neighbour : {"A", "z"}) {
                for (std::uint32_t i = 0; count % 2 == 0 && i < 40; i++) {
                    ASSERT_EQ(subject.put(number_key(i, neighbour + prefix), "12345678"),
                              Code::none);
                }
            }
            for (std::uint32_t i = 0; i < count; i++) {
                const std::uint32_t number = count % 4 < 2 ? i : count - i;
                ASSERT_EQ(subject.put(number_key(number, prefix), "1234"), Code::none);
            }
            ASSERT_EQ(subject.put(stranger, "stranger"), Code::none);
            expect_same(subject.delta, subject.seal(), subject.map);
            expect_no_page_lost(subject, {});
        }
    }
}

// Goal: interior pages of few and large separators split, merge, run empty and go. Method: keys
// that differ in their first and last bytes only, so that half of the separators are whole keys;
// erased in ranges.
TEST(Tree, ErasesAnyRangeAmongLargeSeparators) {
    const auto key_at = [](std::size_t i) {
        std::string key(key_size_max, 'k');
        key[0] = static_cast<char>('0' + i / 6);
        key[key_size_max - 1] = static_cast<char>('0' + i % 6);
        return key;
    };
    constexpr std::size_t count = 300;
    for (std::size_t from = 0; from < count; from += 7) {
        for (const std::size_t size : {30U, 80U, 200U}) {
            Subject subject{256};
            subject.begin();
            for (std::size_t i = 0; i < count; i++) {
                ASSERT_EQ(subject.put(key_at(i), std::string(value_size_max, 'v')), Code::none);
            }
            subject.seal();
            subject.begin();
            for (std::size_t i = from; i < std::min(count, from + size); i++) {
                ASSERT_EQ(subject.erase(key_at(i)), Code::none);
            }
            expect_same(subject.delta, subject.seal(), subject.map);
            expect_no_page_lost(subject, {});
        }
    }
}

// Interior pages whose neighbours are full are left with one child, and go when that is empty.
// Method: leaves of three entries, which begin with the second of three keys that differ in their
// last byte alone, so that all separators are whole keys; erased in order.
TEST(Tree, TakesAwayInteriorPagesWithTheirLastChild) {
    const auto key_at = [](std::size_t i) {
        std::string key(key_size_max, 'k');
        key[0] = static_cast<char>('0' + (i + 1) / 3);
        key[key_size_max - 1] = static_cast<char>('0' + (i + 1) % 3);
        return key;
    };
    constexpr std::size_t count = 240;
    for (std::size_t from = 0; from < count; from += 3) {
        Subject subject{256};
        subject.begin();
        for (std::size_t i = 0; i < count; i++) {
            ASSERT_EQ(subject.put(key_at(i), std::string(value_size_max, 'v')), Code::none);
        }
        for (std::size_t i = from; i < std::min(count, from + 60); i++) {
            ASSERT_EQ(subject.erase(key_at(i)), Code::none);
        }
        expect_same(subject.delta, subject.seal(), subject.map);
        expect_no_page_lost(subject, {});
    }
}

TEST(Tree, HoldsThreeOfTheLargestEntriesInAPage) {
    Subject subject{8};
    subject.begin();
    const std::string value(value_size_max, 'v');
    for (const char first : {'b', 'a', 'c'}) {
        ASSERT_EQ(subject.put(std::string(key_size_max, first), value), Code::none);
    }
    EXPECT_EQ(subject.delta.page_used(), 1U);
    expect_same(subject.delta, subject.delta.root(), subject.map);
}

TEST(Tree, TellsKeysApartThatDifferInZeros) {
    Subject subject{16};
    subject.begin();
    std::string key = "a";
    for (int i = 0; i < 20; i++) {
        ASSERT_EQ(subject.put(key, std::to_string(i)), Code::none);
        key += '\0';
    }
    const Root root = subject.seal();
    expect_same(subject.delta, root, subject.map);
    EXPECT_EQ(subject.delta.find(root, as_bytes(key)).data(), nullptr);
    for (const auto& [present, value] : subject.map) {
        expect_same_around(subject.delta, root, subject.map, present);
    }
}

TEST(Tree, FindsEmptyValues) {
    Subject subject{8};
    subject.begin();
    ASSERT_EQ(subject.put("key", ""), Code::none);
    const Root root = subject.seal();
    EXPECT_NE(find(View{.delta = &subject.delta, .root = &root}, as_bytes("key")).data(), nullptr);
    EXPECT_EQ(find(View{.delta = &subject.delta, .root = &root}, as_bytes("ke")).data(), nullptr);
}

TEST(Tree, BeginsAtItsFirstKeyWhereNoneIsSought) {
    Subject subject{8};
    subject.begin();
    ASSERT_EQ(subject.put("\3key", "value"), Code::none);
    const Root root = subject.seal();
    expect_same_around(subject.delta, root, subject.map, "");
}

TEST(Tree, IsEmptyAtFirst) {
    Subject subject{8};
    expect_same_around(subject.delta, subject.delta.root(), {}, "key");
    expect_same(subject.delta, subject.delta.root(), {});
    subject.begin();
    EXPECT_EQ(subject.erase("key"), Code::none);
    subject.rollback();
    EXPECT_EQ(subject.delta.page_used(), 0U);
}

TEST(TreeDeath, RefusesWhatNoKeyOrValueIs) {
    Subject subject{8};
    subject.begin();
    EXPECT_DEATH(static_cast<void>(subject.delta.put({}, {})), "");
    const std::string large(1000, 'x');
    EXPECT_DEATH(static_cast<void>(subject.delta.put(as_bytes(large), {})), "");
    EXPECT_DEATH(static_cast<void>(subject.delta.put(as_bytes("k"), as_bytes(large))), "");
    EXPECT_DEATH(subject.delta.begin(), "");
    EXPECT_DEATH(subject.delta.release({}), "");
    subject.rollback();
    EXPECT_DEATH(static_cast<void>(subject.delta.put(as_bytes("k"), {})), "");
}

// Goal: no order of few changes goes wrong. Method: all sequences of 3 or 4 steps of 11 kinds, from
// a tree of each size from none to three levels of two or three entries a page, in a pool so small
// that some find no page.
class EveryWay {
public:
    EveryWay(std::size_t start_count, std::size_t step_count)
        : start_count_{start_count}, step_count_{step_count} {}

    void run() {
        std::size_t way_count = 1;
        for (std::size_t i = 0; i < step_count_; i++) way_count *= kind_count;
        for (std::size_t way = 0; way < way_count && !::testing::Test::HasFailure(); way++) go(way);
    }

private:
    static constexpr std::size_t kind_count = 11;

    void go(std::size_t way) {
        SCOPED_TRACE(std::to_string(start_count_) + " entries, way " + std::to_string(way));
        Subject subject{start_count_ + 8, 4};
        held_.clear();
        subject.begin();
        for (std::size_t i = 0; i < start_count_; i++) {
            ASSERT_EQ(subject.put(key(i * 2 + 1), std::string(value_size_max, 'v')), Code::none);
        }
        subject.seal();
        subject.begin();
        for (std::size_t i = 0; i < step_count_; i++) {
            step(subject, way % kind_count);
            way /= kind_count;
        }
        expect_same(subject.delta, subject.delta.root(), subject.map);
        subject.seal(versions(held_));
        expect_no_page_lost(subject, held_);
        for (const Snapshot& snapshot : held_)
            expect_same(subject.delta, snapshot.root, snapshot.map);
    }

    void step(Subject& subject, std::size_t kind) {
        static constexpr std::size_t sizes[] = {value_size_max, 3};
        const std::size_t place = kind % 4 * start_count_ * 2 / 3;
        if (kind < 4) expect_done(subject, subject.erase(key(place | 1)));
        if (kind >= 4 && kind < 8) {
            expect_done(subject, subject.put(key(place), std::string(sizes[kind % 2], 'w')));
        }
        if (kind == 8) subject.rollback();
        if (kind == 9) subject.seal(versions(held_));
        if (kind == 10) {
            const Root root = subject.seal(versions(held_));
            if (held_.size() < 3) held_.push_back({root, subject.map});
        }
        if (kind >= 8) subject.begin();
    }
    void expect_done(const Subject& subject, Code code) {
        if (code == Code::none) return;
        ASSERT_EQ(code, Code::out_of_memory);
        expect_same(subject.delta, subject.delta.root(), subject.map);
    }
    static std::string key(std::size_t number) {
        return std::string(1, static_cast<char>(number)) + std::string(key_size_max - 1, 'k');
    }

    std::size_t start_count_;
    std::size_t step_count_;
    std::vector<Snapshot> held_;
};

TEST(Tree, DoesWhatAMapDoesInEveryShortWay) {
    for (const std::size_t start_count : {0U, 1U, 4U, 24U}) EveryWay{start_count, 3}.run();
    EveryWay{12, 4}.run();
}

// The way to a key that was looked up is not taken for that of another one as long.
TEST(Delta, KnowsTheWayToOneKeyOnly) {
    Subject subject{64};
    subject.begin();
    for (int i = 100; i < 400; i++) subject.put("key " + std::to_string(i), "old");
    for (int i = 100; i < 400; i += 7) {
        EXPECT_FALSE(subject.delta.find_to_put(as_bytes("key " + std::to_string(i))).empty());
        EXPECT_EQ(subject.put("key " + std::to_string(499 - i), "new"), Code::none);
    }
    subject.seal();
    for (const auto& [key, value] : subject.map)
        EXPECT_EQ(as_text(find({&subject.delta, &subject.delta.root()}, as_bytes(key))), value);
}

// A change in one family leaves the way that is known in another one as it is: which are fetched,
// asked for, put and erased by turns.
TEST(Delta, KnowsAWayInEachOfTwoFamilies) {
    std::mt19937_64 random{7};
    Subject subject{600};
    for (int i = 0; i < 30; i++) {
        subject.begin();
        for (int k = 0; k < 200; k++) {
            const char family = "\5\6\x08\x09"[random() % 4];
            const std::string number = std::to_string(random() % 400);
            const std::string mine = family + number;
            const std::string other = static_cast<char>(family ^ 13) + number;
            if (k % 3 == 0) subject.delta.fetch(as_bytes(mine));
            if (k % 5 == 0) subject.delta.fetch(as_bytes(other));
            for (const std::string& key : {mine, other}) {
                const Bytes value = subject.delta.find_to_put(as_bytes(key));
                const auto there = subject.map.find(key);
                ASSERT_EQ(value.data() != nullptr, there != subject.map.end());
                if (there != subject.map.end()) {
                    ASSERT_EQ(as_text(value), there->second);
                }
            }
            if (random() % 3 == 0) {
                ASSERT_EQ(subject.erase(other), Code::none);
            } else {
                ASSERT_EQ(subject.put(other, std::to_string(random())), Code::none);
            }
            if (k % 7 == 0) subject.delta.fetch(as_bytes(mine));
            ASSERT_EQ(subject.put(mine, std::to_string(random())), Code::none);
        }
        expect_same(subject.delta, subject.delta.root(), subject.map);
        if (random() % 4 == 0)
            subject.rollback();
        else
            subject.seal();
        expect_same(subject.delta, subject.delta.root(), subject.map);
    }
}

// Goal: a key that is asked for behind another one has the value that it has alone. Method: all
// pairs of keys that are there or not, in several pages of two families, and of all sizes.
TEST(Delta, FindsBesideAnotherKeyWhatItFindsAlone) {
    Subject subject{64};
    subject.begin();
    std::vector<std::string> keys;
    for (const char family : {'\x01', '\x02'}) {
        for (int i = 0; i < 40; i++) {
            const std::string key = family + std::string("key") + std::to_string(i * 7919 % 1000);
            const Code put = i % 3 > 0 ? subject.put(key, key + std::string(180, 'v')) : Code::none;
            ASSERT_EQ(put, Code::none);
            keys.push_back(key);
            keys.push_back(key + '0');
        }
    }
    const Root root = subject.seal();
    EXPECT_GT(subject.delta.page_used(), 4U);
    for (const std::string& first : keys) {
        for (const std::string& second : keys) {
            Beside beside;
            static_cast<void>(subject.delta.find(root, as_bytes(first), beside));
            const Bytes alone = subject.delta.find(root, as_bytes(second));
            const Bytes found = subject.delta.find(root, as_bytes(second), beside);
            ASSERT_EQ(found.data(), alone.data()) << first << ", " << second;
            ASSERT_EQ(found.size(), alone.size());
        }
    }
}

// Goal: the way to the last leaf is gone again only as long as it leads there. Method: keys that
// ascend in two families which share one way, and beside them all that may change that leaf.
TEST(Delta, PutsKeysThatAscendWhereTheyBelong) {
    std::mt19937_64 random{13};
    Subject subject{2000};
    std::array<int, 2> last{1000, 1000};
    for (int i = 0; i < 60; i++) {
        subject.begin();
        const std::size_t some = random() % 300;
        for (std::size_t k = 0; k < some; k++) {
            const std::size_t family = random() % 16 == 0 ? 1 : 0;
            const std::string front{"\5\7"[family]};
            const std::uint64_t what = random() % 32;
            const std::uint64_t from_last = what % 2 == 0 ? random() % 5 : random() % 2000;
            const auto old = static_cast<std::uint64_t>(last[family]) - from_last % 1000;
            if (what > 3) {
                const std::string key = front + std::to_string(++last[family]);
                if (what > 24) subject.delta.fetch(as_bytes(key));
                if (what > 9 && what < 28) {
                    ASSERT_EQ(subject.delta.find_to_put(as_bytes(key)).data(), nullptr);
                }
                ASSERT_EQ(subject.put(key, std::string(random() % 40, 'v')), Code::none);
            } else if (what > 1) {
                ASSERT_EQ(subject.erase(front + std::to_string(old)), Code::none);
            } else {
                ASSERT_EQ(subject.put(front + std::to_string(old) + "x", "v"), Code::none);
            }
        }
        if (random() % 2 == 0) {
            const Map before = subject.map;
            const Delta::Savepoint savepoint = subject.delta.save();
            subject.put("\5" + std::to_string(last[0] + 1), "behind a savepoint");
            if (random() % 2 == 0) {
                subject.delta.rollback_to(savepoint);
                subject.map = before;
            }
            subject.put("\5" + std::to_string(last[0] + 2), "and behind that");
            subject.delta.forget(savepoint);
            last[0] += 2;
        }
        expect_same(subject.delta, subject.delta.root(), subject.map);
        if (random() % 4 == 0)
            subject.rollback();
        else
            subject.seal();
        expect_same(subject.delta, subject.delta.root(), subject.map);
    }
    EXPECT_GT(subject.map.size(), 3'000U);
}

// Goal: a key is alone only where nothing begins as it does; and that is seen mostly.
TEST(Delta, SaysOfMostKeysThatAreAloneThatTheyAre) {
    std::mt19937_64 random{11};
    Subject subject{600};
    subject.begin();
    EXPECT_TRUE(subject.delta.is_alone(as_bytes("k1"), 1));
    int alone = 0;
    int seen = 0;
    for (int i = 0; i < 8'000; i++) {
        std::string key = (random() % 2 == 0 ? "key" : "kex") + std::to_string(random() % 30'000);
        key += static_cast<char>('a' + random() % 3);
        const std::size_t size = random() % 9 == 0 ? random() % 3 + 1 : key.size() - 1;
        const std::string prefix = key.substr(0, size);
        const auto next = subject.map.lower_bound(prefix);
        const bool is_alone =
            next == subject.map.end() || next->first.compare(0, prefix.size(), prefix) != 0;
        if (i % 2 == 0) subject.delta.fetch(as_bytes(key));
        const bool is_seen = subject.delta.is_alone(as_bytes(key), size);
        ASSERT_TRUE(is_alone || !is_seen) << key;
        alone += is_alone ? 1 : 0;
        seen += is_seen ? 1 : 0;
        ASSERT_EQ(subject.put(key, "value"), Code::none);
    }
    EXPECT_GT(alone, 4'000);
    EXPECT_GT(seen, alone * 9 / 10);
    expect_same(subject.delta, subject.delta.root(), subject.map);
}

}  // namespace
}  // namespace freshet::tree
