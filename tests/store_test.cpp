// SPDX-License-Identifier: MIT
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

TEST(Store, KeepsEventsAcrossReopening) {
    Machine machine;
    {
        OpenStore open{machine.door(), small_options()};
        ASSERT_EQ(open.error, Code::none);
        const auto appended = open.append("a", {"1", "2"});
        ASSERT_TRUE(appended);
        EXPECT_EQ(appended->commit, 1U);
        EXPECT_EQ(appended->first_index, 0);
        EXPECT_EQ(appended->last_index, 1);
        EXPECT_TRUE(appended->created);
        EXPECT_TRUE(appended->durable);
        ASSERT_TRUE(open.append("b", {"x"}));
        EXPECT_EQ(open.read("a"), (Lines{"1", "2"}));
        EXPECT_EQ(open.read_log(), (Lines{"1 0 a@0 1", "1 1 a@1 2", "2 2 b@0 x"}));
        EXPECT_EQ(open.verify(), Code::none);
    }
    OpenStore again{machine.door(), small_options()};
    ASSERT_EQ(again.error, Code::none);
    EXPECT_EQ(again.read("a"), (Lines{"1", "2"}));
    EXPECT_EQ(again.read("b"), (Lines{"x"}));
    EXPECT_EQ(again.read_log(LogStart::commit(2)), (Lines{"2 2 b@0 x"}));
    EXPECT_EQ(again.verify(), Code::none);
}

TEST(Store, GoesOnOverManySegmentsAndBlocks) {
    Machine machine;
    Lines expected;
    {
        OpenStore open{machine.door(), small_options()};
        for (int i = 0; i < 3000; i++) {
            const std::string payload =
                std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), 'x');
            ASSERT_TRUE(open.append("s", {payload})) << i;
            expected.push_back(payload);
        }
        EXPECT_EQ(open.read("s"), expected);
        EXPECT_GT(open.store.statistics().segment_count, 5U);
        EXPECT_EQ(open.verify(), Code::none);
    }
    OpenStore again{machine.door(), small_options()};
    ASSERT_EQ(again.error, Code::none);
    EXPECT_EQ(again.read("s"), expected);
    EXPECT_EQ(again.read_log().size(), expected.size());
    EXPECT_EQ(again.read_log(LogStart::ordinal(2990)).size(), 10U);
    EXPECT_EQ(again.verify(), Code::none);
    ASSERT_TRUE(again.append("s", {"more"}));
    EXPECT_EQ(again.read("s", Horizon::newest()), (Lines{"more"}));
}

// What is gathered at open is put in the order of 8 bytes of each name, and of whole names where
// those are equal.
TEST(Store, FindsStreamsWhoseNamesBeginAlikeAfterReopening) {
    Machine machine;
    Lines names{"z"};
    for (int i = 0; i < 25; i++) names.push_back("beginning-" + std::to_string(i * 7 % 25));
    {
        OpenStore open{machine.door(), small_options()};
        for (const std::string& name : names) ASSERT_TRUE(open.append(name, {name}));
    }
    OpenStore again{machine.door(), small_options()};
    ASSERT_EQ(again.error, Code::none);
    for (const std::string& name : names) EXPECT_EQ(again.read(name), (Lines{name}));
    EXPECT_EQ(again.verify(), Code::none);
}

}  // namespace
}  // namespace freshet::test
