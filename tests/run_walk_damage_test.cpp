// SPDX-License-Identifier: MIT
// Damaged pages of runs on the way of those who walk through layers: the walk ends and says so.
#include "tests/run_damage_fixture.hpp"
#include "tests/tree_fixture.hpp"

namespace freshet::tree {
namespace {

// Walks in both directions from each key, each page being damaged in turn: what comes before it is
// right, and at it the walk ends and says why.
TEST(RunDamage, EndsAWalk) {
    const Sorted entries = large_entries(40);
    const Contents bytes = run_of(entries);
    const Subject nothing{16};
    std::size_t ended_count = 0;
    for (std::uint32_t page = 1; page_at(page) < bytes.size(); page++) {
        Contents changed = bytes;
        changed[page_at(page) + 1000] ^= std::byte{1};
        for (const auto& [from, kept] : entries) {
            const OpenRun open{changed};
            ASSERT_EQ(open.error, Code::none);
            const tree::Run* const runs[] = {&open.run};
            Layers layers;
            layers.lay(nothing.delta, nullptr, runs);
            std::vector<std::string> behind;
            std::vector<std::string> before;
            for (const auto& [key, other] : entries)
                if (!other.is_erased) (key < from ? before : behind).push_back(key);
            std::reverse(before.begin(), before.end());
            for (const Direction direction : {Direction::forwards, Direction::backwards}) {
                const auto& wanted = direction == Direction::forwards ? behind : before;
                MergedPlace place;
                std::size_t count = 0;
                layers.seek(place, nullptr, as_bytes(from), direction);
                for (; place.valid; layers.step(place, nullptr, direction)) {
                    ASSERT_LT(count, wanted.size());
                    ASSERT_EQ(compare(place.key, Key{{}, as_bytes(wanted[count])}), 0);
                    count++;
                }
                ASSERT_TRUE(place.damaged || count == wanted.size());
                if (place.damaged) ended_count++;
            }
        }
    }
    EXPECT_GT(ended_count, entries.size());
}

// Each page being damaged in turn: what cannot be read is not counted, and harms nobody.
TEST(RunDamage, IsNotCounted) {
    const Sorted entries = large_entries(40);
    const Contents bytes = run_of(entries);
    const Subject nothing{16};
    const auto count_of = [&](const Contents& of) {
        const OpenRun open{of};
        const tree::Run* const runs[] = {&open.run};
        Layers layers;
        layers.lay(nothing.delta, nullptr, runs);
        return layers.estimate(as_bytes(entries.begin()->first), as_bytes(entries.rbegin()->first));
    };
    const std::uint64_t whole = count_of(bytes);
    std::size_t uncounted = 0;
    for (std::uint32_t page = 1; page_at(page) < bytes.size(); page++) {
        Contents changed = bytes;
        changed[page_at(page) + 1000] ^= std::byte{1};
        const std::uint64_t count = count_of(changed);
        if (count == 0) uncounted++;
        ASSERT_TRUE(count == 0 || count == whole);
    }
    EXPECT_GT(whole, entries.size() / 2);
    EXPECT_GE(uncounted, 3U);  // The first leaf, the last one, and what is above them.
}

// All pages become damaged: the walk goes on for as many steps at most, and says why it ends.
void expect_end(const Layers& layers, MergedPlace& place, Direction direction, OpenRun& open,
                Contents& bytes, int step_count_max) {
    ASSERT_TRUE(place.valid);
    open.open(bytes);
    for (std::uint32_t page = 1; page_at(page) < bytes.size(); page++)
        bytes[page_at(page) + 1000] ^= std::byte{1};
    for (int i = 0; place.valid; i++) {
        ASSERT_LT(i, step_count_max);
        layers.step(place, nullptr, direction);
    }
    EXPECT_TRUE(place.damaged);
}

// The way to the next page is damaged when the walk is at the end of one.
TEST(RunDamage, EndsAWalkOnItsWay) {
    const Sorted entries = large_entries(40);
    for (const Direction direction : {Direction::forwards, Direction::backwards}) {
        Contents bytes = run_of(entries);
        const Subject nothing{16};
        OpenRun open{bytes};
        const tree::Run* const runs[] = {&open.run};
        Layers layers;
        layers.lay(nothing.delta, nullptr, runs);
        MergedPlace place;
        layers.seek(place, nullptr, as_bytes(std::next(entries.begin(), 20)->first), direction);
        expect_end(layers, place, direction, open, bytes, 10);
    }
}

// The page where a walk stands is damaged when the walk turns round.
TEST(RunDamage, EndsAWalkThatTurns) {
    Contents bytes = run_of(large_entries(40));
    const Subject nothing{16};
    OpenRun open{bytes};
    const tree::Run* const runs[] = {&open.run};
    Layers layers;
    layers.lay(nothing.delta, nullptr, runs);
    MergedPlace place;
    layers.seek(place, nullptr, as_bytes(std::string(200, '\xff')), Direction::backwards);
    expect_end(layers, place, Direction::forwards, open, bytes, 1);
}

}  // namespace
}  // namespace freshet::tree
