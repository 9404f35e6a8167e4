// SPDX-License-Identifier: MIT
// Goal: a list of streams gives each name once and in order, whatever prefix it is asked for.
// Method: names in which each is the beginning of another, and every prefix of every name.
#include "freshet/stream_list.hpp"

#include <algorithm>

#include "tests/store_fixture.hpp"

namespace freshet {
namespace {

using namespace std::string_literals;

std::vector<std::string> names_of(const Snapshot& snapshot, std::string_view prefix) {
    std::vector<std::string> names;
    StreamList list;
    EXPECT_TRUE(list.open(snapshot, prefix));
    for (std::string_view name; *list.next(name);) names.emplace_back(name);
    return names;
}

class StreamLists : public testing::Test {
protected:
    void create(const std::vector<std::string>& names) {
        for (const std::string& name : names) ASSERT_EQ(opened.create(name), Code::none);
        ASSERT_TRUE(opened.store.snapshot(snapshot));
    }
    test::Machine machine;
    test::OpenStore opened{machine.door(), test::small_options()};
    Snapshot snapshot;
};

TEST_F(StreamLists, AreEmptyWhereThereIsNothing) {
    create({});
    EXPECT_TRUE(names_of(snapshot, "").empty());
    EXPECT_TRUE(names_of(snapshot, "a").empty());
}

TEST_F(StreamLists, GiveEachNameOnceAndInOrderForEveryPrefix) {
    std::vector<std::string> names{"a",
                                   "aa",
                                   "aab",
                                   "ab",
                                   "b",
                                   "\xc3\xa9",
                                   "z-1",
                                   "z-2",
                                   std::string(stream_name_size_max, 'n'),
                                   std::string(stream_name_size_max - 1, 'n')};
    create(names);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        for (std::size_t size = 0; size <= name.size(); size++) {
            const std::string prefix = name.substr(0, size);
            std::vector<std::string> wanted;
            for (const std::string& other : names) {
                if (other.compare(0, size, prefix) == 0) wanted.push_back(other);
            }
            EXPECT_EQ(names_of(snapshot, prefix), wanted) << prefix;
        }
    }
}

TEST_F(StreamLists, ShowTheSnapshotAndNotWhatCameLater) {
    create({"a", "c"});
    ASSERT_EQ(opened.create("b"), Code::none);
    EXPECT_EQ(names_of(snapshot, ""), (std::vector<std::string>{"a", "c"}));
    ASSERT_TRUE(opened.store.snapshot(snapshot));
    EXPECT_EQ(names_of(snapshot, ""), (std::vector<std::string>{"a", "b", "c"}));
}

// Method: names before and behind the store's own, which settings and checkpoints make.
TEST_F(StreamLists, HideTheStoresOwnUnlessTheyAreAskedFor) {
    create({"!", "#z", "%", "a"});
    const Tracking tracking{"mailer", 1};
    Diagnostic diagnostic;
    ASSERT_TRUE(
        opened.store.append(Batch{.tracking = {&tracking, 1}}, Durability::durable, diagnostic));
    ASSERT_TRUE(opened.store.settings("a", {.closed = true}, Expected::any(), diagnostic));
    ASSERT_TRUE(opened.store.snapshot(snapshot));
    EXPECT_EQ(names_of(snapshot, ""), (std::vector<std::string>{"!", "#z", "%", "a"}));
    EXPECT_EQ(names_of(snapshot, "#"), std::vector<std::string>{"#z"});
    const std::vector<std::string> own{"$checkpoint/mailer", "$settings/a"};
    EXPECT_EQ(names_of(snapshot, "$"), own);
    EXPECT_EQ(names_of(snapshot, "$s"), std::vector<std::string>{own[1]});
    StreamList list;
    ASSERT_TRUE(list.open(snapshot, "", OwnStreams::shown));
    for (const std::string& wanted : {"!"s, "#z"s, own[0], own[1], "%"s, "a"s}) {
        std::string_view name;
        ASSERT_TRUE(*list.next(name));
        EXPECT_EQ(name, wanted);
    }
}

TEST_F(StreamLists, RefuseWhatIsNoSnapshotAndNoPrefix) {
    StreamList list;
    std::string_view name;
    EXPECT_FALSE(*list.next(name));
    EXPECT_EQ(list.open(snapshot).error(), Code::invalid_argument);
    create({"a"});
    EXPECT_EQ(list.open(snapshot, std::string(stream_name_size_max + 1, 'a')).error(),
              Code::invalid_name);
    EXPECT_FALSE(*list.next(name));
}

}  // namespace
}  // namespace freshet
