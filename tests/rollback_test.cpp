// SPDX-License-Identifier: MIT
// Large transactions, of many parts and segments, and taking them back: what was taken back leaves
// no trace, in no file, and never comes back.
#include "tests/files.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

// Appends `count` events of `size` bytes to a few streams.
Code add(Transaction& transaction, std::size_t count, std::size_t size, Diagnostic& diagnostic,
         std::uint64_t first_id = 1000) {
    const std::string payload(size, 'p');
    for (std::size_t i = 0; i < count; i++) {
        const std::vector<Event> events = {event_of(payload, first_id + i)};
        const std::string stream = "big" + std::to_string(i % 3);
        const auto appended = transaction.append({stream, Expected::any(), events}, diagnostic);
        if (!appended) return appended.error().code;
    }
    return Code::none;
}

class Rollback : public ::testing::Test {
protected:
    Code attempt(OpenStore& open, std::size_t count, std::size_t size,
                 std::uint64_t first_id = 1000) {
        Transaction transaction;
        EXPECT_TRUE(transaction.begin(open.store, open.diagnostic));
        return add(transaction, count, size, open.diagnostic, first_id);
    }
    Files stopped() { return files_of(machine.disk); }

    Machine machine{8192};
    Options options = tiny_options();
};

// Of every size, behind a log of every length: the files are those of a store that never saw it.
TEST_F(Rollback, LeavesTheFilesOfAClosedStoreAsTheyWere) {
    for (std::size_t before = 0; before < 24; before += 3) {
        put_files(machine.disk, {});
        {
            OpenStore open{machine.door(), options};
            for (std::size_t i = 0; i < before; i++)
                ASSERT_TRUE(open.append("s", {std::string(70, 'x')}));
        }
        const Files closed = stopped();
        for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 7U, 9U, 12U, 20U, 40U}) {
            for (const std::size_t size : {0U, 300U, 640U}) {
                OpenStore open{machine.door(), options};
                const StoreStatistics statistics = open.store.statistics();
                ASSERT_EQ(attempt(open, count, size), Code::none);
                EXPECT_EQ(open.store.statistics().pool_page_used, statistics.pool_page_used);
                EXPECT_EQ(open.store.statistics().stream_count, statistics.stream_count);
                EXPECT_EQ(open.store.statistics().log_size, statistics.log_size);
                ASSERT_TRUE(open.store.close());
                Files now = stopped();
                // The step to the next segment may stay, where the first event was too large for
                // the rest.
                if (now.size() > closed.size()) continue;
                ASSERT_EQ(now.at("00000001.log"), closed.at("00000001.log"))
                    << before << " " << count << " " << size;
                put_files(machine.disk, closed);
            }
            put_files(machine.disk, closed);
        }
    }
}

// Work goes on behind it, whether the writer closes or stops in the middle, and the log is that of
// the commits.
TEST_F(Rollback, IsNotSeenByThoseWhoComeAfter) {
    for (const std::size_t count : {1U, 3U, 4U, 6U, 11U, 30U}) {
        for (const std::size_t size : {10U, 300U, 640U}) {
            for (std::size_t after = 0; after < 12; after++) {
                put_files(machine.disk, {});
                Files crashed;
                Lines expected;
                {
                    OpenStore open{machine.door(), options};
                    for (std::size_t i = 0; i < 20; i++)
                        ASSERT_TRUE(open.append("s", {"0123456789"}));
                    ASSERT_EQ(attempt(open, count, size), Code::none);
                    for (std::size_t i = 0; i < after; i++) {
                        const std::string payload(i % 3 * 200, static_cast<char>('a' + i));
                        ASSERT_EQ(open.append_events("big0", {event_of(payload, 1000 + 3 * i)}),
                                  Code::none);
                        ASSERT_EQ(open.appended.outcome, Outcome::appended);
                        if (i == 5) {
                            ASSERT_EQ(attempt(open, 30 - count, size, 2000), Code::none);
                        }
                    }
                    expected = open.read_log();
                    ASSERT_EQ(expected.size(), 20 + after);
                    ASSERT_EQ(open.verify(), Code::none);
                    ASSERT_EQ(attempt(open, count, size, 2000), Code::none);
                    crashed = stopped();
                }
                for (const bool crash : {false, true}) {
                    if (crash) put_files(machine.disk, crashed);
                    OpenStore again{machine.door(), options};
                    ASSERT_EQ(again.error, Code::none);
                    ASSERT_EQ(again.read_log(), expected)
                        << count << " " << size << " " << after << " " << crash;
                    ASSERT_EQ(again.verify(), Code::none);
                    ASSERT_EQ(attempt(again, count, size, 2000), Code::none);
                    ASSERT_TRUE(again.append("s", {"more"}));
                    ASSERT_EQ(again.verify(), Code::none);
                }
            }
        }
    }
}

// A part that was written and taken back stands where the log ends in its segment, and the next
// event goes to another segment. It is chained to the frame before it: were it still there, it
// would be read.
TEST_F(Rollback, WipesThePartBehindWhichTheSegmentChanges) {
    for (std::size_t filler = 0; filler < 700; filler += 50) {
        put_files(machine.disk, {});
        Lines expected;
        Files crashed;
        {
            OpenStore open{machine.door(), options};
            ASSERT_TRUE(open.append(
                "s", {std::string(700, 'a'), std::string(700, 'b'), std::string(filler, 'c')}));
            // Three parts of at least 850 bytes do not fit into the buffer of 2 KiB: the first is
            // written.
            ASSERT_EQ(attempt(open, 3, 700), Code::none);
            ASSERT_TRUE(open.append("s", {std::string(800, 'd')}));
            ASSERT_TRUE(open.append("s", {std::string(800, 'e')}));
            expected = open.read_log();
            crashed = stopped();
        }
        for (const bool crash : {false, true}) {
            if (crash) put_files(machine.disk, crashed);
            OpenStore again{machine.door(), options};
            ASSERT_EQ(again.error, Code::none) << filler;
            ASSERT_EQ(again.read_log(), expected);
            ASSERT_EQ(again.verify(), Code::none);
        }
    }
}

// A disk may lose any write that was not synced. Of two transactions of the same shape, in the same
// place, at the same time, of which the first was taken back, it keeps one part of the first. Only
// the chain tells the two apart.
TEST_F(Rollback, LendsNoPartToTheNextTransaction) {
    const auto write = [this](OpenStore& open, char letter, bool keep) {
        machine.clock.now = 0;  // So both get the least time that is left.
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        const std::string payload(800, letter);
        const std::vector<Event> events = {event_of(payload)};
        for (int i = 0; i < 3; i++)
            ASSERT_TRUE(transaction.append({"s", Expected::any(), events}, open.diagnostic));
        if (keep) {
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        }
    };
    OpenStore open{machine.door(), options};
    ASSERT_TRUE(open.append("s", {"0"}));
    write(open, 'a', false);
    const Contents taken_back = stopped().at("00000001.log");
    write(open, 'b', true);
    const Files files = stopped();
    ASSERT_TRUE(open.store.close());
    std::size_t part_count = 0;
    for (std::size_t at = 96; at + 80 < files.at("00000001.log").size();) {
        const auto size = load<std::uint32_t>(files.at("00000001.log").data() + at + 56);
        if (size == 0) break;
        Files mixed = files;
        const auto begin = taken_back.begin() + static_cast<std::ptrdiff_t>(at);
        std::copy_n(begin, size,
                    mixed.at("00000001.log").begin() + static_cast<std::ptrdiff_t>(at));
        put_files(machine.disk, mixed);
        OpenStore again{machine.door(), options};
        ASSERT_EQ(again.error, Code::none);
        EXPECT_EQ(again.read_log().size(), part_count == 0 ? 4U : 1U) << part_count;
        part_count++;
        at += size;
    }
    EXPECT_EQ(part_count, 4U);
}

// An id that comes again is compared with the event in a later segment, which is mapped for it, and
// then taken back.
TEST_F(Rollback, TakesBackASegmentThatItHasLookedInto) {
    OpenStore open{machine.door(), options};
    ASSERT_TRUE(open.append("s", {"0"}));
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    ASSERT_EQ(add(transaction, 16, 600, open.diagnostic), Code::none);
    EXPECT_EQ(add(transaction, 1, 600, open.diagnostic, 1000 + 9), Code::idempotency_conflict);
    transaction.rollback();
    EXPECT_EQ(open.read_log().size(), 1U);
    EXPECT_EQ(attempt(open, 16, 600), Code::none);
    ASSERT_TRUE(open.append("s", {std::string(700, '1')}));
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(Rollback, CanBeOfATransactionThatFillsAllSegments) {
    options.segment_count_max = 5;
    OpenStore open{machine.door(), options};
    ASSERT_TRUE(open.append("s", {"0"}));
    EXPECT_EQ(attempt(open, 1000, 600), Code::full);
    EXPECT_EQ(open.diagnostic.limit, 5U);
    EXPECT_EQ(open.read_log(), Lines{"1 0 s@0 0"});
    ASSERT_TRUE(open.append("s", {"1"}));
    // The other way: full of commits.
    Code code = Code::none;
    std::size_t count = 2;
    const std::vector<Event> events = {event_of("0123456789")};
    while ((code = open.append_events("s", events)) == Code::none) count++;
    EXPECT_EQ(code, Code::full);
    EXPECT_EQ(open.read_log().size(), count);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.append_events("s", events), Code::full);
    EXPECT_EQ(open.read_log().size(), count);
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), options};
    EXPECT_EQ(again.read_log().size(), count);
}

// What was written in parts, before and behind steps to the next segment, is one commit.
TEST_F(Rollback, IsAllThatHappensToAnUnfinishedTransaction) {
    for (const std::size_t count : {2U, 5U, 20U, 45U}) {
        put_files(machine.disk, {});
        OpenStore open{machine.door(), options};
        ASSERT_TRUE(open.append("s", {"0"}));
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        ASSERT_EQ(add(transaction, count, 500, open.diagnostic), Code::none);
        const Files unfinished = stopped();
        EXPECT_EQ(open.read_log().size(), 1U);
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        EXPECT_EQ(open.read_log().size(), 1 + count);
        EXPECT_EQ(open.read("big1").size(), (count + 1) / 3);
        EXPECT_EQ(open.verify(), Code::none);
        const Lines finished = open.read_log();
        const Files complete = stopped();
        ASSERT_TRUE(open.store.close());
        for (const auto& [files, lines] :
             {std::pair{unfinished, Lines{"1 0 s@0 0"}}, {complete, finished}}) {
            put_files(machine.disk, files);
            options.read_only = true;
            options.create = false;
            {
                OpenStore reader{machine.door(), options};
                ASSERT_EQ(reader.error, Code::none);
                EXPECT_LE(reader.read_log().size(), lines.size());
            }
            options.read_only = false;
            OpenStore again{machine.door(), options};
            ASSERT_EQ(again.error, Code::none);
            ASSERT_EQ(again.read_log(), lines);
            ASSERT_EQ(again.verify(), Code::none);
        }
        options.create = true;
    }
}

// More streams, more types, and longer names than one frame can name; created and appended to, kept
// and taken back.
TEST(LargeTransaction, NamesMoreThanAFrameCan) {
    Machine machine{1 << 20};
    Options options = small_options();
    options.segment_size = 1 << 20;
    options.frame_size_max = 1 << 18;
    options.pool_size = std::size_t{8} << 20;
    OpenStore open{machine.door(), options};
    const auto name = [](std::size_t i, std::size_t size) {
        const std::string number = std::to_string(i);
        return std::string(size - number.size(), 'n') + number;
    };
    for (const bool keep : {false, true}) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        for (std::size_t i = 0; i < 2500; i++) {
            const std::string stream = name(i, i % 500 == 0 ? 255 : 5);
            const std::string type = name(i % 600, 255);
            const std::vector<Event> events = {
                event_of("x", i + 1, std::string_view{type}.substr(i < 700 ? 0 : 254))};
            if (i % 5 == 0) {
                ASSERT_TRUE(transaction.create(stream, open.diagnostic));
            }
            if (i % 10 != 0) {
                ASSERT_TRUE(
                    transaction.append({stream, Expected::no_stream(), events}, open.diagnostic));
            }
        }
        if (keep) {
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        }
    }
    EXPECT_EQ(open.store.statistics().stream_count, 2500U);
    EXPECT_EQ(open.read_log().size(), 2250U);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.read(name(500, 255)), Lines{});
    EXPECT_EQ(open.read(name(501, 5)), Lines{"x"});
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), options};
    EXPECT_EQ(again.store.statistics().stream_count, 2500U);
    EXPECT_EQ(again.verify(), Code::none);
    EXPECT_EQ(again.append_events(name(501, 5), {event_of("x", 502, name(501, 255))}), Code::none);
    EXPECT_EQ(again.appended.outcome, Outcome::duplicate);
}

}  // namespace
}  // namespace freshet::test
