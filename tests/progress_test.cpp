// SPDX-License-Identifier: MIT
// Goal: long work says how far it has come, and can be broken off without harm. Method: break it
// off at each call, and do it again.
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

struct Watch {
    std::uint64_t cancel_at = 0;  // 0: never.
    std::uint64_t calls = 0;
    std::uint64_t last = 0;
    std::uint64_t total = 0;

    static int tell(void* context, std::uint64_t done, std::uint64_t total) noexcept {
        Watch& watch = *static_cast<Watch*>(context);
        EXPECT_GE(done, watch.last);
        watch.last = done;
        watch.total = total;
        return ++watch.calls == watch.cancel_at ? 1 : 0;
    }
    ProgressCallback callback() { return {tell, this}; }
};

class Progress : public testing::Test {
protected:
    void SetUp() override { add(600); }
    void add(int commit_count) {
        OpenStore open{machine.door(), small_options()};
        const std::string payload(500, 'x');
        for (int i = 0; i < commit_count; i++) ASSERT_TRUE(open.append("s", {payload, payload}));
        size = open.store.statistics().log_size;
    }
    Machine machine;
    std::uint64_t size = 0;
};

TEST_F(Progress, OfVerifyCancelsIt) {
    OpenStore open{machine.door(), small_options()};
    std::vector<std::byte> scratch(64 << 10);
    Watch watch;
    ASSERT_TRUE(
        open.store.verify(scratch, nullptr, open.report, open.diagnostic, watch.callback()));
    EXPECT_GT(watch.calls, size / (64 << 10) / 2);
    EXPECT_LT(watch.last, watch.total);
    const std::uint64_t calls = watch.calls;
    for (std::uint64_t at = 1; at <= calls; at++) {
        watch = {.cancel_at = at};
        EXPECT_EQ(
            open.store.verify(scratch, nullptr, open.report, open.diagnostic, watch.callback())
                .error(),
            Code::cancelled);
        EXPECT_EQ(watch.calls, at);
        EXPECT_EQ(open.diagnostic.error, Code::cancelled);
    }
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(Progress, OfOpenCancelsItAndLeavesNothingLocked) {
    for (const bool read_only : {false, true}) {
        Watch watch;
        Options options = small_options();
        options.create = !read_only;
        options.read_only = read_only;
        options.progress = watch.callback();
        EXPECT_EQ(OpenStore(machine.door(), options).error, Code::none);
        EXPECT_GT(watch.calls, size / (64 << 10) / 2);
        EXPECT_EQ(watch.total, 0U);
        const std::uint64_t calls = watch.calls;
        for (std::uint64_t at = 1; at <= calls; at++) {
            watch = {.cancel_at = at};
            OpenStore open{machine.door(), options};
            EXPECT_EQ(open.error, Code::cancelled);
            EXPECT_EQ(open.diagnostic.error, Code::cancelled);
            EXPECT_EQ(watch.calls, at);
        }
    }
    OpenStore open{machine.door(), small_options()};
    EXPECT_EQ(open.read("s").size(), 1200U);
    EXPECT_EQ(open.verify(), Code::none);
}

// Method: cancel a reader at each call, also behind a transaction in parts, as there is one where a
// segment ends. What it showed before still shows, and the next time gives the rest.
TEST_F(Progress, OfAFollowerThatWasCancelledGoesOnLater) {
    Options options = small_options();
    options.create = false;
    options.read_only = true;
    for (std::uint64_t at = 1; at < 20; at++) {
        Watch watch;
        options.progress = watch.callback();
        OpenStore reader{machine.door(), options};
        ASSERT_EQ(reader.error, Code::none);
        const std::size_t before = reader.read("s").size();
        add(240);
        watch = {.cancel_at = at};
        const auto cancelled = reader.store.refresh(reader.diagnostic);
        const std::size_t between = reader.read("s").size();
        EXPECT_GE(between, before);
        if (!cancelled) {
            EXPECT_EQ(cancelled.error(), Code::cancelled);
            EXPECT_LT(between, before + 480);
            watch = {};
            ASSERT_TRUE(reader.store.refresh(reader.diagnostic)) << between;
        } else {
            EXPECT_GT(at, 2U);
        }
        EXPECT_EQ(reader.read("s").size(), before + 480);
        EXPECT_EQ(reader.verify(), Code::none);
        if (cancelled) return;
    }
    FAIL() << "it is always cancelled";
}

}  // namespace
}  // namespace freshet::test
