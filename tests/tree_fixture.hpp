// SPDX-License-Identifier: MIT
// A delta beside the std::map that it should equal.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/lent.hpp"
#include "tree/cursor.hpp"
#include "tree/delta.hpp"

namespace freshet::tree {

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
    test::Lent memory_;
    Arena arena_;
    Map before_;
    std::size_t used_before_ = 0;
};

inline std::string text(Bytes bytes) {
    return std::string{as_text(bytes)};
}

inline void go_to_first(Cursor& cursor) {
    cursor.seek(as_bytes(std::string(1, '\0')));
}
inline void go_to_last(Cursor& cursor) {
    cursor.seek_before(as_bytes(std::string(key_size_max + 1, '\xff')));
}

inline void expect_same_forwards(const Delta& delta, const Root& root, const Map& map) {
    Cursor cursor{delta, root};
    go_to_first(cursor);
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

inline void expect_same_backwards(const Delta& delta, const Root& root, const Map& map) {
    Cursor cursor{delta, root};
    go_to_last(cursor);
    for (auto i = map.rbegin(); i != map.rend(); ++i) {
        ASSERT_TRUE(cursor.valid());
        ASSERT_EQ(text(cursor.key()), i->first);
        cursor.previous();
    }
    ASSERT_FALSE(cursor.valid());
}

inline void expect_same_in_stretches(const Delta& delta, const Root& root, const Map& map) {
    Cursor cursor{delta, root};
    go_to_first(cursor);
    auto at = map.begin();
    while (cursor.valid()) {
        const Stretch stretch = cursor.stretch();
        ASSERT_LT(stretch.first, stretch.end);
        for (std::uint32_t i = stretch.first; i < stretch.end; i++) {
            const Bytes value = stretch.page->value_there(i);
            if (value.data() == nullptr) continue;
            ASSERT_NE(at, map.end());
            ASSERT_EQ(compare(stretch.page->key(i), {{}, as_bytes(at->first)}), 0);
            ASSERT_EQ(text(value), at->second);
            ++at;
        }
        cursor.skip(stretch.end - stretch.first);
    }
    ASSERT_EQ(at, map.end());
}

inline void expect_same(const Delta& delta, const Root& root, const Map& map) {
    expect_same_forwards(delta, root, map);
    expect_same_in_stretches(delta, root, map);
    expect_same_backwards(delta, root, map);
}

inline void expect_same_around(const Delta& delta, const Root& root, const Map& map,
                               const std::string& key) {
    Cursor cursor{View{.delta = &delta, .root = &root}};
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

struct Snapshot {
    Root root;
    Map map;
};

// Walks the pages of a tree, and knows what must be true of them.
class Inspector {
public:
    explicit Inspector(const Delta& delta) : delta_{delta} {}

    // Adds the pages of one version to those seen.
    void visit(const Root& root) {
        for (std::size_t family = 0; family < family_count; family++) {
            const Branch branch = root.branches[family];
            ASSERT_EQ(branch.page == 0, branch.height == 0);
            const bool is_last = family + 1 == family_count;
            if (branch.page != 0) {
                visit(branch.page, branch.height, first_of(family),
                      is_last ? "" : first_of(family + 1));
            }
        }
    }
    [[nodiscard]] std::size_t page_count() const { return seen_.size(); }

private:
    static std::string first_of(std::size_t family) {
        return family == 0 ? std::string{} : std::string(1, static_cast<char>(family));
    }
    // All keys are at least `low`, and less than `high` unless that is empty.
    void visit(std::uint32_t number, std::uint32_t height, const std::string& low,
               const std::string& high) {
        seen_.insert(number);
        const Page& page = delta_.pool_.at(number);
        ASSERT_LE(page.used(), page_size);
        ASSERT_FALSE(page.is_empty());
        std::string previous = low;
        for (std::uint32_t i = 0; i < page.count(); i++) {
            const std::string key = key_at(page, i);
            if (i > 0) {
                ASSERT_LT(previous, key);
            }
            ASSERT_GE(key, low);
            ASSERT_TRUE(high.empty() || key < high);
            if (height > 1) visit(page.child(i), height - 1, previous, key);
            previous = key;
        }
        ASSERT_EQ(page.child(0) == 0, height == 1);
        if (height > 1) visit(page.child(page.count()), height - 1, previous, high);
    }
    static std::string key_at(const Page& page, std::uint32_t position) {
        std::string key(page.key(position).size(), '\0');
        page.key(position).copy(0, reinterpret_cast<std::byte*>(key.data()));
        return key;
    }

    const Delta& delta_;
    std::set<std::uint32_t> seen_;
};

// What is in use is what the newest sealed version and the held ones see.
inline void expect_no_page_lost(const Subject& subject, const std::vector<Snapshot>& held) {
    Inspector inspector{subject.delta};
    inspector.visit(subject.delta.root());
    for (const Snapshot& snapshot : held) inspector.visit(snapshot.root);
    ASSERT_EQ(subject.delta.page_used(), inspector.page_count());
}

inline std::vector<std::uint64_t> versions(const std::vector<Snapshot>& snapshots) {
    std::vector<std::uint64_t> live;
    for (const Snapshot& snapshot : snapshots) live.push_back(snapshot.root.version);
    return live;
}

}  // namespace freshet::tree
