// SPDX-License-Identifier: MIT
// Marks are found by guesses at where they should be. Method: all small lists of marks, with steps
// that are alike, that differ as much as they can, and by chance; each wanted number is looked for
// by a walk, too.
#include <random>

#include "store/directory.hpp"
#include "tests/tree_fixture.hpp"

namespace freshet::store {
namespace {

class Marks : public ::testing::Test {
protected:
    // Marks at these numbers, and what the next one would have.
    void expect_all(const std::vector<std::uint64_t>& numbers, std::uint64_t newest) {
        tree::Subject subject{64};
        subject.begin();
        for (std::size_t i = 0; i < numbers.size(); i++)
            ASSERT_TRUE(put_mark(subject.delta, i, {numbers[i], i, 7 * i, 64 + i}));
        const tree::Root root = subject.seal();
        const tree::View view{&subject.delta, &root};
        std::vector<std::uint64_t> wanted{0, newest};
        for (const std::uint64_t number : numbers)
            for (const std::uint64_t near : {number - 1, number, number + 1})
                if (near <= newest) wanted.push_back(near);
        for (const std::uint64_t number : wanted) {
            std::size_t count = 0;
            while (count < numbers.size() && numbers[count] <= number) count++;
            Mark found;
            const Result<bool> any =
                last_mark(view, numbers.size(), &Mark::commit, number, newest, found);
            ASSERT_TRUE(any);
            ASSERT_EQ(*any, count > 0) << number;
            if (count > 0) {
                ASSERT_EQ(found.commit, numbers[count - 1]) << number;
            }
        }
    }
};

TEST_F(Marks, AreFoundWhereverTheyStand) {
    for (std::uint32_t bits = 0; bits < 1 << 8; bits++) {
        std::vector<std::uint64_t> numbers;
        for (std::uint32_t i = 0; i < 8; i++)
            if ((bits >> i & 1) != 0) numbers.push_back(i + 1);
        for (const std::uint64_t newest : {8U, 9U, 1000U})
            ASSERT_NO_FATAL_FAILURE(expect_all(numbers, newest));
    }
}

TEST_F(Marks, AreFoundWhateverTheDistances) {
    constexpr std::uint64_t most = std::uint64_t{1} << 62;
    for (std::uint32_t seed = 1; seed <= 40; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random{seed};
        std::vector<std::uint64_t> numbers;
        std::uint64_t number = 0;
        for (int i = 0; i < 100 && number < most; i++) {
            number += 1 + (random() >> (2 + random() % 62)) % (seed % 2 == 0 ? most / 100 : 50);
            numbers.push_back(number);
        }
        ASSERT_NO_FATAL_FAILURE(expect_all(numbers, number + random() % 1000));
    }
}

}  // namespace
}  // namespace freshet::store
