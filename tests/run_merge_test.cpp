// SPDX-License-Identifier: MIT
// Runs that are made of runs: leaves of which no other run has a word are taken as they are, and
// what comes of that is the same map, no larger to speak of.
#include <list>

#include "tests/run_fixture.hpp"
#include "tree/merge.hpp"

namespace freshet::tree {
namespace {

Sorted all_of(Merge& source) {
    Sorted all;
    for (source.begin(); source.valid(); source.step()) {
        const Entry entry = source.entry();
        EXPECT_EQ(compare(entry.key, source.entry_in_page().key), 0);
        all[std::string{as_text(entry.key.back)}] = {std::string{as_text(entry.value)},
                                                     entry.is_erased};
    }
    EXPECT_FALSE(source.damaged());
    return all;
}

Sorted entries_of(std::span<const std::byte> bytes) {
    const OpenRun open{bytes};
    EXPECT_EQ(open.error, Code::none);
    EXPECT_TRUE(open.run.check_all());
    const Run* const run = &open.run;
    const Delta none{};
    Merge source;
    source.lay(none, nullptr, {&run, 1}, Merge::Erased::shown);
    return all_of(source);
}

struct Merged {
    std::vector<std::byte> bytes;
    std::size_t whole_count = 0;  // Leaves that were taken as they are.
};

// The newest one first; as the store does it.
Merged merge(const std::list<Sorted>& sources, Merge::Erased erased, Families filtered) {
    std::list<std::vector<std::byte>> files;
    std::list<OpenRun> open;
    std::vector<const Run*> runs;
    for (const Sorted& entries : sources)
        runs.push_back(&open.emplace_back(files.emplace_back(run_of(entries, filtered))).run);
    const Delta none{};
    Merge source;
    source.lay(none, nullptr, runs, erased);
    OneFile file;
    Building building;
    Merged merged;
    EXPECT_TRUE(building.builder.begin(file.disk, test_name, filtered));
    source.begin();
    while (source.valid()) {
        const Page* const leaf = source.whole_leaf();
        if (leaf != nullptr && building.builder.can_add(*leaf)) {
            EXPECT_TRUE(building.builder.add(*leaf));
            source.skip_leaf();
            merged.whole_count++;
            continue;
        }
        EXPECT_TRUE(building.builder.add(source.entry()));
        source.step();
    }
    EXPECT_TRUE(building.builder.finish(test_store, test_number, note_of('n')));
    merged.bytes = file.bytes();
    return merged;
}

Sorted map_of(const std::list<Sorted>& sources, Merge::Erased erased) {
    Sorted all;
    for (const Sorted& source : sources) all.insert(source.begin(), source.end());
    if (erased == Merge::Erased::hidden)
        std::erase_if(all, [](const auto& entry) { return entry.second.is_erased; });
    return all;
}

std::string key_of(char family, std::uint64_t number) {
    return std::string(1, family) + "account-" + number_text(number, 6);
}

std::size_t page_count(const std::vector<std::byte>& run) {
    return (run.size() - run_header_size) / page_size;
}

TEST(MergedRuns, TakeLeavesOfWhatCameInOrderAsTheyAre) {
    Sorted older;
    Sorted newer;
    for (std::uint64_t i = 0; i < 6000; i++)
        (i < 4000 ? older : newer)[key_of('\2', i)] = {"some value " + std::to_string(i)};
    for (const Families filtered : {Families{0}, all_families}) {
        const auto merged = merge({newer, older}, Merge::Erased::hidden, filtered);
        const Sorted all = map_of({newer, older}, Merge::Erased::hidden);
        EXPECT_TRUE(entries_of(merged.bytes) == all);
        const std::size_t whole = page_count(run_of(all, filtered));
        EXPECT_LE(page_count(merged.bytes), whole + 3);
        EXPECT_GE(merged.whole_count, whole * 9 / 10);
    }
}

// Goal: whatever lies where. Method: stretches of keys, long ones and single ones, of which some
// are erased, in up to five runs; the map that they should be, and how many pages that takes when
// it is put in one by one.
TEST(MergedRuns, AreTheMapTheyShouldBe) {
    std::size_t whole_count = 0;
    std::size_t merged_pages = 0;
    std::size_t least_pages = 0;
    for (std::uint32_t seed = 1; seed <= 300; seed++) {
        std::mt19937 random{seed};
        std::list<Sorted> sources;
        for (std::size_t i = 2 + random() % 4; i > 0; i--) {
            Sorted& source = sources.emplace_back();
            for (std::size_t times = 1 + random() % 8; times > 0; times--) {
                const auto family = static_cast<char>(1 + random() % 3);
                const std::uint64_t first = random() % 3000;
                const std::uint64_t count = 1 + random() % (1U << random() % 11);
                const bool has_erased = random() % 2 == 0;
                for (std::uint64_t n = first; n < first + count; n++)
                    source[key_of(family, n)] = {std::string(random() % 40, 'v'),
                                                 has_erased && random() % 50 == 0};
            }
        }
        const auto erased = seed % 2 == 0 ? Merge::Erased::hidden : Merge::Erased::shown;
        const Families filtered = seed % 3 == 0 ? Families{1U << 2} : Families{0};
        const auto merged = merge(sources, erased, filtered);
        const Sorted all = map_of(sources, erased);
        ASSERT_TRUE(entries_of(merged.bytes) == all) << "seed " << seed;
        whole_count += merged.whole_count;
        merged_pages += page_count(merged.bytes);
        least_pages += page_count(run_of(all, filtered));
    }
    EXPECT_GT(whole_count, 1000U);
    EXPECT_LT(merged_pages, least_pages * 23 / 20);
}

// As it may come from a run that somebody made on purpose: a leaf that lies before what came, and
// one that goes on into another family.
TEST(MergedRuns, TakeNoLeafThatDoesNotComeNext) {
    const auto leaf_of = [](std::initializer_list<std::string> keys) {
        LeafBuilder builder;
        builder.clear();
        for (const std::string& key : keys)
            EXPECT_TRUE(builder.add(entry_of(key, {std::string(1800 / keys.size(), 'v')}), 0, 0));
        auto page = std::make_unique<Page>();
        std::memset(static_cast<void*>(page.get()), 0, sizeof(Page));
        page->clear();
        builder.write(*page);
        return page;
    };
    OneFile file;
    Building building;
    ASSERT_TRUE(building.builder.begin(file.disk, test_name, 0));
    const auto next = leaf_of({"\2p", "\2q"});
    EXPECT_FALSE(building.builder.can_add(*next));  // It may be the only one.
    ASSERT_TRUE(building.builder.add(entry_of("\2l", {})));
    ASSERT_TRUE(building.builder.add(entry_of("\2m", {})));
    EXPECT_TRUE(building.builder.can_add(*next));
    EXPECT_FALSE(building.builder.can_add(*leaf_of({"\2p", "\3q"})));
    EXPECT_FALSE(building.builder.can_add(*leaf_of({"\3p", "\3q"})));
    EXPECT_EQ(building.builder.add(*leaf_of({"\2a", "\2b"})).error(), Code::corrupt);
    EXPECT_EQ(building.builder.add(*leaf_of({"\2m", "\2n"})).error(), Code::corrupt);
    building.builder.abandon();
}

}  // namespace
}  // namespace freshet::tree
