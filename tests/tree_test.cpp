// SPDX-License-Identifier: MIT
// The delta and its cursors against a std::map that goes through the same changes.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tree/cursor.hpp"
#include "tree/delta.hpp"

namespace freshet::tree {
namespace {

using Map = std::map<std::string, std::string>;

// A delta, its memory, and what it should hold.
class Subject {
public:
    explicit Subject(std::size_t page_count, std::uint32_t live_count_max = 16)
        : memory_(Delta::required_memory(page_count * page_size, live_count_max)),
          arena_{MutableBytes{memory_}} {
        EXPECT_TRUE(delta.open(arena_, page_count * page_size, live_count_max));
    }

    Code put(const std::string& key, const std::string& value) {
        const Status done = delta.put(as_bytes(key), as_bytes(value));
        if (done) map[key] = value;
        return done.error().code;
    }
    Code erase(const std::string& key) {
        const Result<bool> done = delta.erase(as_bytes(key));
        if (done) {
        EXPECT_EQ(*done, map.erase(key) == 1);
    }
        return done.error().code;
    }
    void begin() {
        delta.begin();
        before_ = map;
        used_before_ = delta.page_used();
    }
    void rollback() {
        delta.rollback();
        map = before_;
        EXPECT_EQ(delta.page_used(), used_before_);
    }
    Root seal(const std::vector<std::uint64_t>& live = {}) { return delta.seal(live); }

    Delta delta;
    Map map;

private:
    std::vector<std::byte> memory_;
    Arena arena_;
    Map before_;
    std::size_t used_before_ = 0;
};

std::string text(Bytes bytes) { return std::string{as_text(bytes)}; }

void expect_same_forwards(const Delta& delta, Root root, const Map& map) {
    Cursor cursor{delta, root};
    cursor.first();
    for (const auto& [key, value] : map) {
        ASSERT_TRUE(cursor.valid());
        ASSERT_EQ(text(cursor.key()), key);
        ASSERT_EQ(text(cursor.value()), value);
        const Bytes found = delta.find(root, as_bytes(key));
        ASSERT_NE(found.data(), nullptr) << key;
        ASSERT_EQ(text(found), value);
        cursor.next();
    }
    ASSERT_FALSE(cursor.valid());
}

void expect_same_backwards(const Delta& delta, Root root, const Map& map) {
    Cursor cursor{delta, root};
    cursor.last();
    for (auto i = map.rbegin(); i != map.rend(); ++i) {
        ASSERT_TRUE(cursor.valid());
        ASSERT_EQ(text(cursor.key()), i->first);
        cursor.previous();
    }
    ASSERT_FALSE(cursor.valid());
}

void expect_same(const Delta& delta, Root root, const Map& map) {
    expect_same_forwards(delta, root, map);
    expect_same_backwards(delta, root, map);
}

void expect_same_around(const Delta& delta, Root root, const Map& map, const std::string& key) {
    Cursor cursor{View{.delta = &delta, .root = root}};
    const auto from = map.lower_bound(key);
    cursor.seek(as_bytes(key));
    ASSERT_EQ(cursor.valid(), from != map.end());
    if (cursor.valid()) {
        ASSERT_EQ(text(cursor.key()), from->first);
    }
    cursor.seek_before(as_bytes(key));
    ASSERT_EQ(cursor.valid(), from != map.begin());
    if (cursor.valid()) {
        ASSERT_EQ(text(cursor.key()), std::prev(from)->first);
    }
    const Bytes found = delta.find(root, as_bytes(key));
    const auto expected = map.find(key);
    ASSERT_EQ(found.data() != nullptr, expected != map.end());
    if (found.data() != nullptr) {
        ASSERT_EQ(text(found), expected->second);
    }
}

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
};

class Generator {
public:
    Generator(std::uint64_t seed, const Shape& shape) : random_{seed}, shape_{shape} {}

    std::size_t below(std::size_t limit) { return random_() % limit; }
    std::string key() {
        std::string key = below(10) == 0 ? "" : shape_.prefix;
        const std::size_t size = 1 + below(shape_.key_size_max - std::min(key.size(), shape_.key_size_max - 1));
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

struct Snapshot {
    Root root;
    Map map;
};

std::vector<std::uint64_t> versions(const std::vector<Snapshot>& snapshots) {
    std::vector<std::uint64_t> live;
    for (const Snapshot& snapshot : snapshots) live.push_back(snapshot.root.version);
    return live;
}

// Goal: whatever is done, each snapshot stays what it was. Method: transactions of random changes, some
// rolled back, with up to 6 snapshots held and released in random order; all compared as we go.
void run_random(const Shape& shape, std::uint64_t seed, std::size_t transactions) {
    SCOPED_TRACE(std::string{shape.name} + ", seed " + std::to_string(seed));
    Subject subject{4000};
    Generator generate{seed, shape};
    std::vector<Snapshot> held;
    bool is_growing = true;
    for (std::size_t i = 0; i < transactions; i++) {
        if (i % 50 == 49) is_growing = !is_growing;
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
    EXPECT_EQ(subject.delta.root().page, 0U);
}

TEST(Tree, DoesWhatAMapDoes) {
    for (const Shape& shape : shapes) {
        for (std::uint64_t seed = 1; seed <= 4; seed++) run_random(shape, seed, 200);
    }
}

}  // namespace
}  // namespace freshet::tree
