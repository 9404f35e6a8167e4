// SPDX-License-Identifier: MIT
// A second process beside the one that writes: what it shows of what is written, and when.
#include "tests/beside_fixture.hpp"

#include <thread>

#include "freshet/follower.hpp"
#include "tests/faulty_disk.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

TEST_F(Beside, ShowsWhatIsDurableAtOnceAndNothingElse) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    EXPECT_FALSE(refresh().news);
    EXPECT_TRUE(refresh().has_writer);
    EXPECT_EQ(refresh().writer.process, 4711U);
    ASSERT_TRUE(writer->append("s", {"0", "1"}));
    EXPECT_EQ(reader->read_log(), Lines{});
    EXPECT_TRUE(refresh().news);
    EXPECT_EQ(reader->read("s"), (Lines{"0", "1"}));
    ASSERT_TRUE(writer->append("s", {"2"}, Expected::any(), Durability::deferred));
    EXPECT_FALSE(refresh().news);
    ASSERT_TRUE(writer->store.sync(writer->diagnostic));
    EXPECT_TRUE(refresh().news);
    EXPECT_EQ(reader->read_log(), writer->read_log());
    EXPECT_EQ(reader->store.head().chain, writer->store.head().chain);
    EXPECT_EQ(reader->verify(), Code::none);
    // One that opens now sees the same, though nothing of it is attested yet.
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    EXPECT_EQ(reader->read_log(), writer->read_log());
    EXPECT_FALSE(refresh().news);
    // The writer has no news to ask for.
    EXPECT_FALSE(writer->store.refresh(writer->diagnostic)->news);
    Store closed;
    EXPECT_EQ(closed.refresh(writer->diagnostic).error().code, Code::invalid_argument);
}

// Goal: without a writer only what is attested shows, and that is said; but nothing that was shown
// is taken back. Method: the writer is killed after three commits, of which the frames attest two.
TEST_F(Beside, WithoutAWriterShowsWhatIsAttestedAndSaysSo) {
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    for (const std::string_view payload : {"0", "1", "2"})
        ASSERT_TRUE(writer->append("s", {payload}));
    EXPECT_TRUE(refresh().news);
    kill();
    EXPECT_FALSE(refresh().has_writer);
    EXPECT_EQ(reader->read("s"), (Lines{"0", "1", "2"}));

    static int warnings;
    warnings = 0;
    Options late = reading(options);
    late.log = [](void*, Level, Code, std::string_view message) noexcept {
        warnings += message.find("not attested yet") != std::string_view::npos;
    };
    ASSERT_EQ(reader.open(late), Code::none);
    EXPECT_EQ(reader->read("s"), (Lines{"0", "1"}));
    EXPECT_EQ(warnings, 1);
    EXPECT_FALSE(refresh().news);
    EXPECT_EQ(warnings, 1);
    // A consumer of the third event goes on when a writer has come; one of a fourth is ahead.
    Follower follower;
    EXPECT_EQ(follower.open(reader->store, 4).error().code, Code::ahead_of_log);
    ASSERT_TRUE(follower.open(reader->store, 3));
    EXPECT_FALSE(follower.has_writer());
    Recorded event;
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::caught_up);
    EXPECT_EQ(*follower.next(event, 3000), Follower::Step::timeout);
    ASSERT_EQ(writer.open(options), Code::none);
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::timeout);
    EXPECT_TRUE(follower.has_writer());
    ASSERT_TRUE(writer->append("s", {"3"}));
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::event);
    EXPECT_EQ(as_text(event.payload), "3");
    follower.close();
}

// Goal: a follower in another process loses nothing and repeats nothing. Method: writers come and
// go, killed and closed, with small commits and with transactions over several segments; the
// follower looks in between, or not for a while.
TEST_F(Beside, FollowsOverSegmentsAndWriters) {
    for (const Digest digest : {Digest::none, Digest::sha256}) {
        disk.clear();
        options.digest = digest;
        ASSERT_EQ(writer.open(options), Code::none);
        ASSERT_EQ(reader.open(reading(options)), Code::none);
        Follower follower;
        ASSERT_TRUE(follower.open(reader->store, 0));
        std::uint64_t written = 0;
        std::uint64_t seen = 0;
        const auto look = [&] {
            Recorded event;
            for (;;) {
                const Result<Follower::Step> step = follower.next(event, 0);
                ASSERT_TRUE(step) << code_name(step.error().code) << " after " << seen;
                if (*step != Follower::Step::event) break;
                ASSERT_EQ(event.ordinal, seen);
                ASSERT_EQ(as_text(event.payload).substr(0, 5), std::to_string(10'000 + seen));
                seen++;
            }
        };
        for (std::uint64_t round = 0; round < 90; round++) {
            const std::uint64_t count = round % 11 == 5 ? 14 : 1 + round % 3;
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(writer->store, writer->diagnostic));
            for (std::uint64_t i = 0; i < count; i++) {
                const std::string payload =
                    std::to_string(10'000 + written + i) + std::string(round * 7 % 400, 'x');
                const std::vector<Event> events = {event_of(payload)};
                ASSERT_TRUE(transaction.append({"s", Expected::any(), events}, writer->diagnostic));
            }
            if (round % 13 == 7) {
                transaction.rollback();
                continue;
            }
            ASSERT_TRUE(transaction.commit(Durability::durable, writer->diagnostic));
            written += count;
            if (round % 4 != 1) {
                look();
                ASSERT_EQ(seen, written) << round;
            }
            if (round % 10 == 9) {
                kill();
                look();
                if (round % 20 == 9) {
                    ASSERT_EQ(writer.open(options), Code::none);
                }
                look();
            }
            if (round % 10 == 4) writer.store.reset();
            if (!writer.store) {
                look();
                ASSERT_EQ(writer.open(options), Code::none);
            }
        }
        look();
        EXPECT_EQ(seen, written);
        EXPECT_GT(writer->store.statistics().segment_count, 5U);
        EXPECT_EQ(reader->verify(), Code::none);
        follower.close();
        writer.store.reset();
    }
}

// Goal: what readers hold stays, and the pool holds out. Method: one snapshot is held over many
// refreshes, more than a pool of that size could keep pages for.
TEST_F(Beside, KeepsSnapshotsAndGivesPagesBack) {
    options.segment_size = 8192;
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"old"}));
    ASSERT_EQ(reader.open(reading(options)), Code::none);
    Snapshot held;
    ASSERT_TRUE(reader->store.snapshot(held));
    for (int i = 0; i < 600; i++) {
        ASSERT_TRUE(writer->append(i % 2 == 0 ? "s" : "t", {"new"}));
        ASSERT_TRUE(refresh().news) << i;
    }
    EXPECT_EQ(held.commit(), 1U);
    EXPECT_EQ(held.stream("s")->version, 0);
    EXPECT_EQ(held.stream("t").error().code, Code::stream_not_found);
    EXPECT_EQ(reader->store.head().commit, 601U);
    EXPECT_LT(reader->store.statistics().pool_page_used, 16U);
}

TEST_F(Beside, SaysWhenItsPoolIsTooSmall) {
    ASSERT_EQ(writer.open(options), Code::none);
    Options small = reading(options);
    small.pool_size = std::size_t{32} << 10;
    ASSERT_EQ(reader.open(small), Code::none);
    Code code = Code::none;
    for (int i = 0; i < 100 && code == Code::none; i++) {
        ASSERT_TRUE(writer->append(std::to_string(i) + std::string(200, 'n'), {"0"}));
        code = refresh_error();
    }
    EXPECT_EQ(code, Code::out_of_memory);
    EXPECT_EQ(reader->diagnostic.limit, small.pool_size);
    const std::uint64_t commit = reader->store.head().commit;
    EXPECT_GT(commit, 10U);
    EXPECT_EQ(refresh_error(), Code::out_of_memory);
    EXPECT_EQ(reader->store.head().commit, commit);
    EXPECT_EQ(reader->read_log().size(), commit);
}

// Goal: a disk that fails while a reader looks for news costs it the news of that time, and nothing
// else. Method: each call of a refresh fails in turn, beside a writer and without one.
TEST_F(Beside, TriesAgainAfterADiskThatFailed) {
    const std::string payload(600, 'x');
    for (const bool with_writer : {true, false}) {
        bool was_made = true;
        for (std::uint64_t call = 1; was_made; call++) {
            disk.clear();
            ASSERT_EQ(writer.open(options), Code::none);
            ASSERT_TRUE(writer->append("s", {"0"}));
            FaultyDisk faulty{disk};
            Process failing{faulty};
            ASSERT_EQ(failing.open(reading(options)), Code::none);
            for (int i = 0; i < 4; i++) ASSERT_TRUE(writer->append("s", {std::string(600, 'x')}));
            const std::vector<Event> large(4, event_of(std::string_view{payload}));
            ASSERT_EQ(writer->append_events("s", large), Code::none);
            for (int i = 0; i < 4; i++) ASSERT_TRUE(writer->append("s", {payload}));
            if (!with_writer) kill();
            faulty.wanted = Error{Code::io, 5};
            faulty.fail_at = faulty.call_count + call;
            const Result<Refreshed> first = failing->store.refresh(failing->diagnostic);
            was_made = faulty.call_count >= faulty.fail_at;
            if (!first) {
                ASSERT_EQ(first.error().code, Code::io);
                ASSERT_LE(failing->read_log().size(), 5U);
            }
            ASSERT_TRUE(failing->store.refresh(failing->diagnostic)) << call;
            ASSERT_EQ(failing->read_log().size(), with_writer ? 13U : 12U);
            ASSERT_EQ(failing->verify(), Code::none);
            failing.store.reset();
            writer.store.reset();
        }
    }
}

// The same of a follower, which loses and repeats nothing. It is opened at the end, at a place that
// is not there yet, or by the head of a reader that had come further.
TEST_F(Beside, FollowsOnAfterADiskThatFailed) {
    for (const int way : {0, 1, 2}) {
        bool was_made = true;
        for (std::uint64_t call = 1; was_made; call++) {
            disk.clear();
            ASSERT_EQ(writer.open(options), Code::none);
            ASSERT_TRUE(writer->append("s", {"0"}));
            FaultyDisk faulty{disk};
            Process failing{faulty};
            ASSERT_EQ(failing.open(reading(options)), Code::none);
            for (const std::string_view payload : {"1", "2"})
                ASSERT_TRUE(writer->append("s", {payload}));
            const Head head = writer->store.head();
            ASSERT_TRUE(writer->append("s", {"3"}));
            faulty.wanted = Error{Code::io, 5};
            faulty.fail_at = faulty.call_count + call;
            Follower follower;
            const auto open = [&] {
                return way == 2 ? follower.open(failing->store, head)
                                : follower.open(failing->store, way == 1 ? 3 : 1);
            };
            Status opened = open();
            if (!opened) {
                ASSERT_EQ(opened.error().code, Code::io) << way << " " << call;
                opened = open();
            }
            ASSERT_TRUE(opened) << way << " " << call;
            Lines payloads;
            Recorded event;
            for (bool ends = false; !ends;) {
                const Result<Follower::Step> step = follower.next(event, 0);
                if (!step) {
                    ASSERT_EQ(step.error().code, Code::io);
                }
                if (!step) continue;
                if (*step == Follower::Step::event) payloads.emplace_back(as_text(event.payload));
                ends = *step != Follower::Step::event;
            }
            ASSERT_EQ(payloads, way == 0 ? (Lines{"1", "2", "3"}) : Lines{"3"}) << way << call;
            was_made = faulty.call_count >= faulty.fail_at;
            follower.close();
            failing.store.reset();
            writer.store.reset();
        }
    }
}

// A note that is never whole is that of no writer; one that comes late is behind what head attests.
TEST_F(Beside, TakesNoNoteForMoreThanItSays) {
    FaultyDisk noting{disk};
    Process late{noting};
    ASSERT_EQ(writer.open(options), Code::none);
    ASSERT_TRUE(writer->append("s", {"0"}));
    Note first{};
    Holder holder;
    ASSERT_TRUE(*disk.look(first, holder));
    ASSERT_TRUE(writer->append("s", {"1"}));
    ASSERT_TRUE(writer->store.maintain(writer->diagnostic));
    noting.after_look = [&](Note& note) { note = first; };
    ASSERT_EQ(late.open(reading(options)), Code::none);
    EXPECT_EQ(late->read("s"), (Lines{"0", "1"}));
    const auto refresh_late = [&] { return late->store.refresh(late->diagnostic); };
    EXPECT_FALSE(refresh_late()->news);
    EXPECT_TRUE(refresh_late()->has_writer);
    noting.wanted = Error{Code::io, 5};
    noting.fail_at = noting.call_count + 2;
    EXPECT_EQ(refresh_late().error().code, Code::io);

    ASSERT_TRUE(writer->append("s", {"2"}));
    noting.after_look = [&](Note& note) { note[20] ^= std::byte{1}; };
    EXPECT_FALSE(refresh_late()->has_writer);
    EXPECT_EQ(late->read("s"), (Lines{"0", "1"}));
    noting.after_look = nullptr;
    EXPECT_TRUE(refresh_late()->has_writer);
    EXPECT_EQ(late->read("s"), (Lines{"0", "1", "2"}));
}

// A reader maps as many segments as it is told to: of more it says so, and keeps what it has.
TEST_F(Beside, SaysWhenThereAreMoreSegmentsThanItMaps) {
    ASSERT_EQ(writer.open(options), Code::none);
    Options few = reading(options);
    few.segment_count_max = 2;
    ASSERT_EQ(reader.open(few), Code::none);
    Code code = Code::none;
    while (code == Code::none) {
        ASSERT_TRUE(writer->append("s", {std::string(800, 'x')}));
        code = refresh_error();
    }
    EXPECT_EQ(code, Code::invalid_argument);
    EXPECT_EQ(reader->read_log().size() + 1, writer->read_log().size());
    EXPECT_EQ(reader->verify(), Code::none);
    EXPECT_EQ(refresh_error(), Code::invalid_argument);
    ASSERT_TRUE(writer->store.close());
    EXPECT_EQ(reader.open(few), Code::invalid_argument);
    EXPECT_EQ(reader.open(reading(options)), Code::none);
}

// Two doors on one directory, as two processes have.
TEST(BesideOnADisk, FollowsLive) {
    TemporaryDirectory directory;
    PosixDoor writing;
    PosixDoor following;
    ASSERT_TRUE(writing.open(directory.path().c_str(), true));
    ASSERT_TRUE(following.open(directory.path().c_str(), false));
    Options options = small_options();
    OpenStore writer{writing.door(), options};
    ASSERT_EQ(writer.error, Code::none);
    OpenStore reader{following.door(), reading(options)};
    ASSERT_EQ(reader.error, Code::none);
    Follower follower;
    ASSERT_TRUE(follower.open(reader.store, 0));
    constexpr std::uint64_t count = 300;
    std::thread thread{[&] {
        for (std::uint64_t i = 0; i < count; i++) {
            const std::string payload = std::to_string(i) + std::string(i * 13 % 3000, 'x');
            ASSERT_TRUE(writer.append("s", {payload}));
            if (i % 50 == 49) std::this_thread::sleep_for(std::chrono::milliseconds(15));
        }
    }};
    Recorded event;
    std::uint64_t seen = 0;
    while (seen < count) {
        const Result<Follower::Step> step = follower.next(event, wait_for_ever);
        ASSERT_TRUE(step) << code_name(step.error().code);
        if (*step != Follower::Step::event) continue;
        ASSERT_EQ(event.ordinal, seen);
        ASSERT_EQ(as_text(event.payload).substr(0, as_text(event.payload).find('x')),
                  std::to_string(seen));
        seen++;
        ASSERT_TRUE(follower.has_writer());
    }
    thread.join();
    EXPECT_EQ(*follower.next(event, 5000), Follower::Step::caught_up);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(*follower.next(event, 30'000), Follower::Step::timeout);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(25));
    ASSERT_TRUE(writer.store.close());
    EXPECT_EQ(*follower.next(event, 0), Follower::Step::timeout);
    EXPECT_FALSE(follower.has_writer());
    Refreshed refreshed = *reader.store.refresh(reader.diagnostic);
    EXPECT_FALSE(refreshed.has_writer);
    EXPECT_EQ(refreshed.writer.process, 0U);
    follower.close();
}

}  // namespace
}  // namespace freshet::test
