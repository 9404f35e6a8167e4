// SPDX-License-Identifier: MIT
// Lent memory: too little of it is out_of_memory and nothing else, whatever the size; what
// required_memory() says is enough anywhere; a pool that is full refuses what does not fit, and the
// rest goes on.
#include "tests/files.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class LentMemory : public ::testing::Test {
protected:
    Code open_in(MutableBytes memory) {
        Store store;
        const Status opened = store.open(options, machine.door(), memory, diagnostic);
        if (opened) {
            EXPECT_TRUE(store.append({.stream = "s", .events = events}, diagnostic));
        }
        return opened.error().code;
    }

    Machine machine{8192};
    Options options = tiny_options();
    Diagnostic diagnostic;
    std::vector<Event> events = {event_of("x")};
};

TEST_F(LentMemory, IsEnoughAnywhereAndTooLittleOneBelow) {
    const std::size_t size = required_memory(options);
    std::vector<std::byte> memory(size + 128);
    for (std::size_t shift = 0; shift < 128; shift++) {
        ASSERT_EQ(open_in(MutableBytes{memory}.subspan(shift, size)), Code::none) << shift;
    }
    // From the size with which it does not work any more, it works with no smaller one.
    std::size_t enough = size;
    while (open_in(MutableBytes{memory}.subspan(1, enough)) == Code::none) enough--;
    ASSERT_GT(enough + 600, size);
    for (std::size_t less = 0; less <= enough;
         less += less < 5000 || enough - less < 300 ? 1 : 257) {
        ASSERT_EQ(open_in(MutableBytes{memory}.subspan(1, less)), Code::out_of_memory) << less;
        ASSERT_EQ(diagnostic.needed, size);
        ASSERT_EQ(diagnostic.limit, less);
    }
    // Nothing holds a lock, and nothing was lost.
    OpenStore open{machine.door(), options};
    EXPECT_GE(open.read("s").size(), 128U);
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(LentMemory, IsRefusedBeforeAStoreIsMade) {
    std::vector<std::byte> memory(required_memory(options));
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, memory.size() / 2}) {
        EXPECT_EQ(open_in(MutableBytes{memory}.first(size)), Code::out_of_memory);
        EXPECT_EQ(files_of(machine.disk).size(), 0U);
    }
}

// An existing store keeps its own frame size, for which there may be too little.
TEST_F(LentMemory, IsToFitTheStoreThatIsThere) {
    options.segment_size = 8192;
    options.frame_size_max = 2048;
    { OpenStore open{machine.door(), options}; }
    options = tiny_options();
    std::vector<std::byte> memory(required_memory(options));
    EXPECT_EQ(open_in(memory), Code::out_of_memory);
    memory.resize(diagnostic.needed);
    EXPECT_EQ(open_in(memory), Code::none);
}

TEST_F(LentMemory, RefusesOptionsThatMakeNoSense) {
    const std::vector<std::function<void(Options&)>> changes = {
        [](Options& o) { o.snapshot_count_max = 0; },
        [](Options& o) { o.snapshot_count_max = 1025; },
        [](Options& o) { o.segment_count_max = 0; },
        [](Options& o) { o.segment_count_max = 100'000'000; },
        [](Options& o) { o.segment_size = 2048; },
        [](Options& o) { o.segment_size = 4097; },
        [](Options& o) { o.segment_size = std::uint32_t{1} << 31; },
        [](Options& o) { o.frame_size_max = 1016; },
        [](Options& o) { o.frame_size_max = 1032; },
        [](Options& o) { o.segment_size = 8192, o.frame_size_max = 1028; },
        [](Options& o) { o.growth_size = 0; },
        [](Options& o) { o.growth_size = 513; },
        [](Options& o) { o.read_only = true; },
        [](Options& o) { o.pool_size = 0; },
        [](Options& o) { o.pool_size = 8 * 2048 - 1; },
    };
    for (std::size_t i = 0; i < changes.size(); i++) {
        options = tiny_options();
        changes[i](options);
        std::vector<std::byte> memory(std::size_t{1} << 20);
        EXPECT_EQ(open_in(memory), Code::invalid_argument) << i;
        EXPECT_EQ(files_of(machine.disk).size(), 0U) << i;
    }
    options = tiny_options();
    std::vector<std::byte> memory(required_memory(options));
    Store store;
    ASSERT_TRUE(store.open(options, machine.door(), memory, diagnostic));
    EXPECT_EQ(store.open(options, machine.door(), memory, diagnostic).error().code,
              Code::invalid_argument);
}

// With a pool of each size, appends of several kinds until one does not fit: it leaves no trace,
// reads go on, and what is there is there again after reopening.
TEST_F(LentMemory, RefusesWhatDoesNotFitIntoThePool) {
    options.segment_count_max = 40;
    for (std::size_t pages = 8; pages < 30; pages += pages < 12 ? 1 : 9) {
        for (const int kind : {0, 1, 2}) {
            put_files(machine.disk, {});
            options.pool_size = pages * 2048;
            Lines before;
            {
                OpenStore open{machine.door(), options};
                ASSERT_EQ(open.error, Code::none);
                const auto attempt = [&](std::uint64_t i) {
                    const std::string name(200, static_cast<char>('a' + i % 26));
                    const std::string stream = kind == 0 ? "s" : name + std::to_string(i);
                    if (kind == 2 && i % 2 == 0) return open.create(stream);
                    return open.append_events(stream, {event_of("x", kind == 1 ? 0 : i + 1)});
                };
                std::uint64_t number = 0;
                while (attempt(number) == Code::none && number < 700) number++;
                EXPECT_EQ(open.diagnostic.limit, options.pool_size);
                const StoreStatistics statistics = open.store.statistics();
                before = open.read_log();
                ASSERT_EQ(attempt(number), Code::out_of_memory) << pages << " " << kind;
                EXPECT_EQ(open.store.statistics().log_size, statistics.log_size);
                EXPECT_EQ(open.store.statistics().pool_page_used, statistics.pool_page_used);
                EXPECT_EQ(open.read_log(), before);
                EXPECT_EQ(open.verify(), Code::none);
            }
            options.pool_size *= 2;
            OpenStore again{machine.door(), options};
            ASSERT_EQ(again.error, Code::none);
            EXPECT_EQ(again.read_log(), before);
            EXPECT_EQ(again.verify(), Code::none);
        }
    }
}

// A pool in which the log does not fit: the open says so, and with which size of pool that was.
TEST_F(LentMemory, SaysWhenThePoolIsTooSmallForTheLog) {
    options.pool_size = 64 * 2048;
    {
        OpenStore open{machine.door(), options};
        for (int i = 0; i < 200; i++) {
            const Code code =
                i % 40 == 5 ? open.create(std::string(250, 'x') + std::to_string(i))
                            : open.append_events("stream " + std::to_string(i), {event_of("x", 1)});
            ASSERT_TRUE(code == Code::none || code == Code::too_large);
        }
    }
    const Files closed = files_of(machine.disk);
    Code code = Code::out_of_memory;
    std::size_t pages = 8;
    for (; code == Code::out_of_memory; pages++) {
        options.pool_size = pages * 2048;
        for (const bool read_only : {false, true}) {
            options.read_only = read_only;
            options.create = false;
            OpenStore open{machine.door(), options};
            code = open.error;
            if (code != Code::out_of_memory) continue;
            EXPECT_EQ(open.diagnostic.limit, options.pool_size);
            EXPECT_EQ(files_of(machine.disk), closed);
        }
    }
    EXPECT_EQ(code, Code::none);
    EXPECT_GT(pages, 9U);
}

}  // namespace
}  // namespace freshet::test
