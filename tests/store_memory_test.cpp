// SPDX-License-Identifier: MIT
// Lent memory: too little of it is out_of_memory and nothing else, whatever the size; what
// required_memory() says is enough anywhere; a pool that is full refuses what does not fit, and the
// rest goes on.
#include "base/hash.hpp"
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

    static Code set(OpenStore& open, const std::string& stream, std::uint64_t count) {
        return open.store.settings(stream, {.max_count = count}, Expected::any(), open.diagnostic)
            .error()
            .code;
    }
    static Code track(OpenStore& open, const std::string& consumer, std::uint64_t ordinal) {
        const Tracking tracking{.consumer = consumer, .ordinal = ordinal};
        const Batch batch{{}, {}, {}, {&tracking, 1}};
        return open.store.append(batch, Durability::durable, open.diagnostic).error().code;
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
        for (const int kind : {0, 1, 2, 3, 4, 5}) {
            put_files(machine.disk, {});
            options.pool_size = pages * 2048;
            Lines before;
            {
                OpenStore open{machine.door(), options};
                ASSERT_EQ(open.error, Code::none);
                const auto attempt = [&](std::uint64_t i) {
                    const std::string name(200, static_cast<char>('a' + i % 26));
                    const std::string stream = kind == 0 ? "s" : name + std::to_string(i);
                    const std::string even =
                        std::string(200, static_cast<char>('a' + (i - 1) % 26)) +
                        std::to_string(i - 1);
                    if (kind == 2 && i % 2 == 0) return open.create(stream);
                    if (kind == 3 && i % 2 == 1) return set(open, even, i);
                    if (kind == 4) return track(open, stream, i + 1);
                    if (kind == 5)
                        return open.append_events(
                            "s", {event_of("x", 3 * i + 1), event_of("y", 3 * i + 2),
                                  event_of("z", 3 * i + 3)});
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

// The arrays that a store begins with, in memory of each size: of many snapshots and segments.
TEST_F(LentMemory, IsTooLittleForAnyPartOfAStore) {
    { OpenStore open{machine.door(), options}; }
    options.snapshot_count_max = 1024;
    options.segment_count_max = 10'000;
    const std::size_t size = required_memory(options);
    std::vector<std::byte> memory(size);
    for (std::size_t less = 4096; less + 700 < size; less += 509)
        ASSERT_EQ(open_in(MutableBytes{memory}.first(less)), Code::out_of_memory) << less;
    EXPECT_EQ(open_in(memory), Code::none);
}

// A log of one kind, in pools from too small to large enough: opened, and read on from nothing.
class LogsOfAKind : public LentMemory {
protected:
    void expect_to_open_with_enough() {
        const Files full = files_of(machine.disk);
        options.create = false;
        std::size_t refused = 0;
        for (std::size_t pages = 8, opened = 0; opened < 40; pages++) {
            ASSERT_LT(pages, 400U);
            options.pool_size = pages * 2048;
            Code code = Code::none;
            for (const bool read_only : {true, false}) {
                options.read_only = read_only;
                put_files(machine.disk, full);
                OpenStore open{machine.door(), options};
                code = open.error;
                ASSERT_TRUE(code == Code::none || code == Code::out_of_memory) << pages;
                if (code == Code::none) {
                    ASSERT_EQ(open.verify(), Code::none) << pages;
                }
                if (code != Code::none) {
                    ASSERT_EQ(files_of(machine.disk), full);
                }
            }
            options.read_only = true;
            put_files(machine.disk, fresh);
            OpenStore open{machine.door(), options};
            ASSERT_EQ(open.error, Code::none);
            put_files(machine.disk, full);
            const Code read = open.store.refresh(open.diagnostic).error().code;
            ASSERT_TRUE(read == Code::none || read == Code::out_of_memory) << pages;
            ASSERT_EQ(open.verify(), Code::none) << pages;
            ASSERT_EQ(open.store.refresh(open.diagnostic).error().code, read) << pages;
            opened += code == Code::none ? 1U : 0U;
            refused += code == Code::none ? 0U : 1U;
        }
        EXPECT_GT(refused, 2U);
    }
    // Adds a log; what it does may be refused.
    void write(const std::function<void(OpenStore&)>& body) {
        options.pool_size = std::size_t{1} << 20;
        {
            OpenStore open{machine.door(), options};
            fresh = files_of(machine.disk);
            body(open);
            ASSERT_TRUE(open.store.close());
        }
        expect_to_open_with_enough();
    }

    Files fresh;
};

TEST_F(LogsOfAKind, OfATransactionOfMoreEventsThanAreGathered) {
    write([](OpenStore& open) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (std::uint64_t i = 0; i < 60; i++) {
            std::vector<Event> some;
            for (std::uint64_t k = 0; k < 50; k++)
                some.push_back(event_of("", k % 9 == 0 ? i * 50 + k + 1 : 0));
            const std::string stream = "s" + std::to_string(i % 3);
            ASSERT_TRUE(transaction.append({stream, Expected::any(), some}, open.diagnostic));
        }
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    });
}

// Small transactions are put into the tree where one of several parts begins: as many of them as
// fill the smallest pool, and fewer and more.
TEST_F(LogsOfAKind, OfSmallTransactionsAndThenALargeOne) {
    std::size_t refused = 0;
    for (std::size_t count = 10; count < 110; count++) {
        put_files(machine.disk, {});
        options = tiny_options();
        {
            OpenStore open{machine.door(), options};
            for (std::size_t i = 0; i < count; i++)
                ASSERT_TRUE(open.append(std::to_string(i) + std::string(150, 'n'), {"x"}));
            const std::string payload(600, 'x');
            ASSERT_EQ(open.append_events("large", {event_of(payload), event_of(payload)}),
                      Code::none);
        }
        options.pool_size = 8 * 2048;
        OpenStore open{machine.door(), options};
        ASSERT_TRUE(open.error == Code::none || open.error == Code::out_of_memory);
        refused += open.error == Code::none ? 0U : 1U;
        if (open.error == Code::none) {
            ASSERT_EQ(open.verify(), Code::none);
        }
    }
    EXPECT_GT(refused, 20U);
    EXPECT_LT(refused, 90U);
}

TEST_F(LogsOfAKind, OfIdsAlone) {
    write([](OpenStore& open) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (std::uint64_t i = 0; i < 1500; i++) {
            const std::vector<Event> one = {event_of("", i + 1)};
            ASSERT_TRUE(transaction.append({"s", Expected::any(), one}, open.diagnostic));
        }
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    });
}

TEST_F(LogsOfAKind, OfManyStreamsWithShortNames) {
    write([](OpenStore& open) {
        for (int turn = 0; turn < 2; turn++) {
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
            const std::vector<Event> one = {event_of("")};
            for (int i = 0; i < 500; i++)
                ASSERT_TRUE(
                    transaction.append({std::to_string(i), Expected::any(), one}, open.diagnostic));
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        }
    });
}

TEST_F(LogsOfAKind, OfSettingsAndCheckpoints) {
    write([](OpenStore& open) {
        for (std::uint64_t i = 0; i < 60; i++) {
            const std::string name = std::to_string(i) + std::string(100, 'n');
            ASSERT_EQ(open.append_events(name, {event_of("x", i + 1)}), Code::none);
            ASSERT_EQ(set(open, name, i + 1), Code::none);
            ASSERT_EQ(track(open, name, i + 1), Code::none);
        }
    });
}

// What opening gathers before it puts it into the tree depends on how much of the pool is free:
// from a few streams at a time to the whole log. What it adds up to does not. Streams of one event
// and of some blocks, with ids and without, begun with events and without.
TEST(GatheredLog, IsTheSameInAnyPoolThatHoldsIt) {
    Options options = tiny_options();
    options.segment_size = std::uint32_t{64} << 10;
    options.frame_size_max = std::uint32_t{16} << 10;
    options.growth_size = options.segment_size;
    options.pool_size = std::size_t{2} << 20;
    Machine machine{options.segment_size};
    const auto stream_of = [](std::uint64_t chance) {
        return "stream-" + std::to_string(chance % (chance % 3 == 0 ? 20 : 900));
    };
    {
        OpenStore open{machine.door(), options};
        for (std::uint64_t commit = 0; commit < 60; commit++) {
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
            for (std::uint64_t i = 0; i < 100; i++) {
                const std::uint64_t chance = mix(commit * 100 + i);
                const std::vector<Event> events(1 + chance % 5 / 4,
                                                event_of("", chance % 7 == 0 ? i + 1 : 0));
                const std::string stream = stream_of(chance);
                if (chance % 50 == 0)
                    static_cast<void>(
                        transaction.create(stream + " " + std::to_string(i), open.diagnostic));
                else if (chance % 7 != 0 || events.size() == 1)
                    static_cast<void>(
                        transaction.append({stream, Expected::any(), events}, open.diagnostic));
                if (open.diagnostic.error.code != Code::none) break;
            }
            static_cast<void>(transaction.commit(Durability::deferred, open.diagnostic));
        }
        ASSERT_TRUE(open.store.sync(open.diagnostic));
        EXPECT_GT(open.store.statistics().stream_count, 500U);
    }
    options.read_only = true;
    options.create = false;
    Lines whole;
    std::size_t opened = 0;
    for (std::size_t size = std::size_t{4} << 20; size > 2048 * 8; size = size * 7 / 8) {
        options.pool_size = size / 2048 * 2048;
        OpenStore open{machine.door(), options};
        if (open.error == Code::out_of_memory) break;
        ASSERT_EQ(open.error, Code::none);
        ASSERT_EQ(open.verify(), Code::none);
        if (whole.empty()) whole = open.read_log();
        ASSERT_EQ(open.read_log(), whole);
        opened++;
    }
    EXPECT_GT(whole.size(), 3000U);
    EXPECT_GT(opened, 15U);
}

// New streams come to leaves all over a tree that readers hold: each leaf is copied before it is
// changed. This was not reckoned with, and the tree grew into the memory in which the streams stood
// that were to be put into it.
TEST(GatheredLog, ComesToATreeOfWhichEachLeafIsCopied) {
    constexpr std::size_t half = 4000;
    Options options = tiny_options();
    options.segment_size = std::uint32_t{128} << 10;
    options.frame_size_max = std::uint32_t{16} << 10;
    options.growth_size = options.segment_size;
    options.pool_size = std::size_t{2} << 20;
    Machine machine{options.segment_size};
    std::array<Files, 2> files;
    for (Files& each : files) {
        OpenStore open{machine.door(), options};
        const std::vector<Event> one = {event_of("x")};
        const std::uint64_t before = open.store.statistics().stream_count;
        for (std::uint64_t i = 0; i < half; i += 100) {
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
            for (std::uint64_t k = i; k < i + 100; k++)
                ASSERT_TRUE(transaction.append(
                    {"stream-" + std::to_string(mix(before + k)), Expected::any(), one},
                    open.diagnostic));
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        }
        ASSERT_TRUE(open.store.close());
        each = files_of(machine.disk);
    }
    options.read_only = true;
    options.create = false;
    std::size_t refused = 0;
    std::size_t read = 0;
    for (std::size_t pages = 100; read < 60; pages += 5) {
        ASSERT_LT(pages, 2000U);
        options.pool_size = pages * 2048;
        put_files(machine.disk, files[0]);
        OpenStore open{machine.door(), options};
        ASSERT_TRUE(open.error == Code::none || open.error == Code::out_of_memory);
        if (open.error == Code::out_of_memory) continue;
        put_files(machine.disk, files[1]);
        const Code code = open.store.refresh(open.diagnostic).error().code;
        ASSERT_TRUE(code == Code::none || code == Code::out_of_memory) << pages;
        const std::size_t count = open.store.statistics().stream_count;
        ASSERT_EQ(count == 2 * half, code == Code::none) << pages;
        ASSERT_EQ(count % 100, 0U) << pages;  // Whole commits.
        ASSERT_GE(count, half) << pages;
        ASSERT_EQ(open.verify(), Code::none) << pages;
        refused += code == Code::none ? 0U : 1U;
        read += code == Code::none ? 1U : 0U;
    }
    EXPECT_GT(refused, 5U);
}

}  // namespace
}  // namespace freshet::test
