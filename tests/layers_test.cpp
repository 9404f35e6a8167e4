// SPDX-License-Identifier: MIT
// The tree over frozen pages and runs: it is the map that it should be, whatever lies in which
// layer, looked up and walked in both directions. Method: few keys, so that layers hide one another
// all the time; each layer becomes a run at random, and neighbours become one.
#include "tree/layers.hpp"

#include <list>

#include "tests/run_fixture.hpp"
#include "tests/tree_fixture.hpp"
#include "tree/merge.hpp"

namespace freshet::tree {
namespace {

class LayersTest : public ::testing::Test {
protected:
    struct Layer {
        std::vector<std::byte> bytes;
        OpenRun open;
        explicit Layer(std::vector<std::byte> of) : bytes{std::move(of)}, open{bytes} {
            EXPECT_EQ(open.error, Code::none);
        }
    };

    [[nodiscard]] std::vector<const tree::Run*> runs() const {
        std::vector<const tree::Run*> all;
        for (const Layer& layer : layers) all.push_back(&layer.open.run);
        return all;
    }
    // The tree rests on what there is now.
    void lay(const Branches& own, const Branches& dropped) {
        auto& below = stack.emplace_back();
        below.lay(subject.delta, has_frozen ? &frozen : nullptr, runs(), above_count);
        const bool is_any = has_frozen || !layers.empty();
        root = subject.delta.lay(own, dropped, is_any ? &below : nullptr, {});
    }
    void freeze() {
        if (has_frozen) return;
        has_frozen = true;
        frozen = root.branches;
        above_count = 0;
        lay({}, {});
    }
    // Leaves what the tree has to a run that lies above what is frozen.
    void leave() {
        Merge source;
        source.lay(subject.delta, &root.branches, {}, Merge::Erased::shown);
        const Sorted all = all_of(source);
        if (all.empty() || layers.size() == layer_run_count_max) return;
        layers.emplace_front(run_of(all));
        above_count += has_frozen ? 1 : 0;
        lay({}, root.branches);
    }
    // What some layers are together.
    static Sorted all_of(Merge& source) {
        Sorted all;
        for (source.begin(); source.valid(); source.step()) {
            const Entry entry = source.entry();
            const std::string key{as_text(entry.key.back)};
            EXPECT_EQ(compare(entry.key, source.entry_in_page().key), 0);
            EXPECT_TRUE(all.empty() || all.rbegin()->first < key);
            all[key] = {std::string{as_text(entry.value)}, entry.is_erased};
        }
        return all;
    }
    void flush() {
        if (!has_frozen) return;
        Merge source;
        source.lay(subject.delta, &frozen, {},
                   layers.size() == above_count ? Merge::Erased::hidden : Merge::Erased::shown);
        auto at = layers.begin();
        std::advance(at, above_count);
        layers.emplace(at, run_of(all_of(source)));
        has_frozen = false;
        above_count = 0;
        lay(root.branches, frozen);
    }
    void merge(std::size_t count) {
        count = std::min(count, above_count > 0 ? above_count : layers.size());
        if (count < 2) return;
        Merge source;
        const std::vector<const tree::Run*> all = runs();
        source.lay(subject.delta, nullptr, std::span{all}.first(count),
                   count == layers.size() && !(has_frozen && above_count > 0)
                       ? Merge::Erased::hidden
                       : Merge::Erased::shown);
        auto bytes = run_of(all_of(source));
        auto last = layers.begin();
        std::advance(last, count);
        gone.splice(gone.begin(), layers, layers.begin(), last);
        layers.emplace_front(std::move(bytes));
        if (above_count > 0) above_count -= static_cast<std::uint32_t>(count) - 1;
        lay(root.branches, {});
    }
    void change(const std::vector<std::string>& keys, std::mt19937& random) {
        subject.delta.begin();
        for (int i = 0; i < 5; i++) {
            const std::string& key = keys[random() % keys.size()];
            if (random() % 3 == 0)
                ASSERT_EQ(subject.erase(key), Code::none);
            else
                ASSERT_EQ(subject.put(key, std::to_string(random() % 1000)), Code::none);
        }
        root = subject.seal();
    }
    void expect_zigzag(std::mt19937& random) {
        Cursor cursor{subject.delta, root};
        auto at = subject.map.begin();
        go_to_first(cursor);
        for (int i = 0; i < 30; i++) {
            ASSERT_EQ(cursor.valid(), at != subject.map.end());
            if (!cursor.valid()) return;
            ASSERT_EQ(text(cursor.key()), at->first);
            ASSERT_EQ(text(cursor.value()), at->second);
            const bool back = random() % 5 < 2 && at != subject.map.begin();
            back ? cursor.previous() : cursor.next();
            back ? --at : ++at;
        }
    }

    // Each of the keys, looked for beside others.
    void expect_all(const std::vector<std::string>& keys) const {
        for (char family = 1; family <= 3; family++) {
            std::vector<std::string> wanted;
            for (const std::string& key : keys)
                if (key[0] == family && wanted.size() < find_count_max) wanted.push_back(key);
            if (wanted.empty()) continue;
            Together together{wanted};
            const View view{.delta = &subject.delta, .root = &root};
            ASSERT_TRUE(find_all(view, together.keys, together.places));
            for (std::size_t i = 0; i < wanted.size(); i++) {
                const auto expected = subject.map.find(wanted[i]);
                const bool is_there =
                    together.page(i) != nullptr && together.value(i).data() != nullptr;
                ASSERT_EQ(is_there, expected != subject.map.end());
                if (is_there) {
                    ASSERT_EQ(text(together.value(i)), expected->second);
                }
            }
        }
    }

    Subject subject{256};
    std::list<Layer> layers;
    std::list<Layer> gone;
    std::list<Layers> stack;
    Root root{};
    Branches frozen{};
    bool has_frozen = false;
    std::uint32_t above_count = 0;  // Runs over what is frozen.
};

TEST_F(LayersTest, AreTheMapTheyShouldBe) {
    for (std::uint32_t seed = 1; seed <= 24; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 random{seed};
        std::vector<std::string> keys;
        for (std::uint32_t i = 0; i < 4 + seed * 2; i++) {
            std::string key(1, static_cast<char>(1 + random() % 3));
            key += std::string(random() % 4 == 0 ? 100 : 2, 'k') + std::to_string(random() % 100);
            keys.push_back(key);
        }
        for (int step = 0; step < 60; step++) {
            switch (random() % 7) {
                case 0: freeze(); break;
                case 1:
                    if (layers.size() < layer_run_count_max) flush();
                    break;
                case 6: leave(); break;
                case 2: merge(2 + random() % 3); break;
                default: change(keys, random);
            }
            ASSERT_NO_FATAL_FAILURE(expect_same(subject.delta, root, subject.map));
            ASSERT_NO_FATAL_FAILURE(expect_zigzag(random));
            ASSERT_NO_FATAL_FAILURE(expect_all(keys));
            for (const std::string& key : keys)
                ASSERT_NO_FATAL_FAILURE(expect_same_around(subject.delta, root, subject.map, key));
        }
    }
}

// Goal: the planner knows tables that are large from those that are small. Method: keys of two
// families in a run, in a frozen tree and in the delta, and all ranges between some of them.
TEST_F(LayersTest, EstimateHowManyKeysThereAre) {
    std::vector<std::string> keys;
    for (std::uint32_t i = 0; i < 3000; i++)
        keys.push_back((i % 3 == 0 ? "\1" : "\2") + number_text(i, 5));
    std::mt19937 random{1};
    std::shuffle(keys.begin(), keys.end(), random);
    for (std::size_t i = 0; i < keys.size(); i++) {
        if (i == 1800) freeze();
        if (i == 1800) flush();
        if (i == 2500) freeze();
        subject.delta.begin();
        ASSERT_EQ(subject.put(keys[i], "v"), Code::none);
        root = subject.seal();
    }
    const View view{.delta = &subject.delta, .root = &root};
    EXPECT_EQ(estimate(view, as_bytes("\3"), as_bytes("\4")), 0U);
    for (int i = 0; i < 300; i++) {
        std::string from = keys[random() % keys.size()];
        std::string end = keys[random() % keys.size()];
        if (from[0] != end[0]) end[0] = from[0];
        if (end < from) std::swap(from, end);
        const auto count = static_cast<double>(
            std::distance(subject.map.lower_bound(from), subject.map.lower_bound(end)));
        const auto estimated = static_cast<double>(estimate(view, as_bytes(from), as_bytes(end)));
        EXPECT_NEAR(estimated, count, count / 4 + 50);
        EXPECT_EQ(estimate(view, as_bytes(end), as_bytes(end)), 0U);
        EXPECT_EQ(estimate(view, as_bytes(end), as_bytes(from)), 0U);
    }
}

// Entries that say they are erased, with nothing below them, as nobody makes them.
TEST_F(LayersTest, SayInStretchesWhatIsErased) {
    Sorted entries;
    for (int i = 0; i < 100; i++)
        entries["\1" + number_text(static_cast<std::uint64_t>(i), 3)] = {"v", i % 3 != 0};
    layers.emplace_front(run_of(entries));
    Layers below;
    below.lay(subject.delta, nullptr, runs());
    root = subject.delta.lay({}, {}, &below, {});
    Cursor cursor{subject.delta, root};
    std::size_t there_count = 0;
    std::size_t count = 0;
    for (go_to_first(cursor); cursor.valid();) {
        const Stretch stretch = cursor.stretch();
        for (std::uint32_t i = stretch.first; i < stretch.end; i++)
            there_count += stretch.page->value_there(i).data() != nullptr ? 1U : 0U;
        count += stretch.end - stretch.first;
        cursor.skip(stretch.end - stretch.first);
    }
    EXPECT_EQ(there_count, 34U);
    EXPECT_GT(count, 34U);
}

// What lies in a run is erased by an entry over it, which takes room like any other.
TEST_F(LayersTest, EraseNothingWithoutPages) {
    Sorted entries;
    for (int i = 0; i < 400; i++)
        entries["\1" + number_text(static_cast<std::uint64_t>(i), 3) + std::string(200, 'k')] = {
            "v"};
    layers.emplace_front(run_of(entries));
    Subject small{16};
    Layers below;
    below.lay(small.delta, nullptr, runs());
    const Root all = small.delta.lay({}, {}, &below, {});
    for (const auto& [key, kept] : entries) small.map[key] = kept.value;
    small.begin();
    Code code = Code::none;
    for (auto i = entries.begin(); code == Code::none && i != entries.end(); ++i)
        code = small.erase(i->first);
    EXPECT_EQ(code, Code::out_of_memory);
    small.rollback();
    ASSERT_NO_FATAL_FAILURE(expect_same(small.delta, all, small.map));
}

}  // namespace
}  // namespace freshet::tree
