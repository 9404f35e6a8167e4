// SPDX-License-Identifier: MIT
// Real threads: writers, readers and a follower on one store, and snapshots held for long. Run
// under TSan too.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "freshet/follower.hpp"
#include "freshet/runs.hpp"
#include "freshet/unmapped.hpp"
#include "tests/passing_disk.hpp"
#include "tests/store_fixture.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {
namespace {

constexpr int writer_count = 4;
constexpr int reader_count = 4;
#ifdef __OPTIMIZE__
constexpr std::uint64_t usual_commit_count = 100'000;
#else
constexpr std::uint64_t usual_commit_count = 10'000;
#endif

// LONG_COMMITS=1000000 in the environment: as many as the promise says, in half a gigabyte.
std::uint64_t long_commit_count() {
    const char* const wanted = std::getenv("LONG_COMMITS");
    return wanted == nullptr ? usual_commit_count : std::strtoull(wanted, nullptr, 10);
}

Options thread_options() {
    Options options = small_options();
    options.pool_size = std::size_t{4} << 20;
    options.snapshot_count_max = 32;
    options.segment_size = 1 << 18;
    options.frame_size_max = 1 << 14;
    options.growth_size = 1 << 14;
    return options;
}

// Writers append to streams of their own and to one that all share; readers look whether what they
// see is whole; a follower sees all of it once.
void work(Store& store, int appends_per_writer) {
    std::atomic<int> writing{writer_count};
    std::vector<std::thread> threads;
    for (int w = 0; w < writer_count; w++) {
        threads.emplace_back([&, w] {
            Diagnostic diagnostic;
            const std::string own = "own-" + std::to_string(w);
            for (int i = 0; i < appends_per_writer; i++) {
                const std::string payload =
                    std::to_string(i) + std::string(static_cast<std::size_t>(i) % 200, 'x');
                const std::vector<Event> events = {event_of(payload), event_of(payload)};
                const Durability durability =
                    i % 5 == 0 ? Durability::deferred : Durability::durable;
                const Expected expected =
                    i == 0 ? Expected::no_stream() : Expected::version(2 * i - 1);
                const std::vector<StreamAppend> both = {
                    {own, expected, events}, {"shared", Expected::any(), {events.data(), 1}}};
                const auto appended = store.append(both, {}, durability, diagnostic);
                ASSERT_TRUE(appended) << code_name(appended.error().code);
                if (i % 16 == 3) {
                    Transaction transaction;
                    ASSERT_TRUE(transaction.begin(store, diagnostic));
                    const std::string large(9000, 'r');
                    const std::vector<Event> dropped = {event_of(large), event_of(large),
                                                        event_of(large)};
                    ASSERT_TRUE(
                        transaction.append({"dropped", Expected::any(), dropped}, diagnostic));
                }
                if (i % 32 == 7) {
                    ASSERT_TRUE(store.maintain(diagnostic));
                }
                if (i % 64 == 9) {
                    ASSERT_TRUE(
                        store.append({own, Expected::version(0), events}, diagnostic).error() ==
                        Code::wrong_version);
                }
            }
            ASSERT_TRUE(store.sync(diagnostic));
            writing--;
        });
    }
    for (int r = 0; r < reader_count; r++) {
        threads.emplace_back([&, r] {
            std::uint64_t before = 0;
            while (writing > 0) {
                Snapshot snapshot;
                ASSERT_TRUE(store.snapshot(snapshot));
                ASSERT_GE(snapshot.commit(), before);
                before = snapshot.commit();
                const std::string own = "own-" + std::to_string(r % writer_count);
                const auto info = snapshot.stream(own);
                if (!info) continue;
                ASSERT_EQ(info->version % 2, 1);
                StreamCursor cursor;
                ASSERT_TRUE(
                    cursor.open(snapshot, own, Horizon::newest(), Direction::backwards, 70));
                Recorded event;
                std::int64_t index = info->version;
                for (;;) {
                    const Result<bool> there = cursor.next(event);
                    ASSERT_TRUE(there);
                    if (!*there) break;
                    ASSERT_EQ(event.index, static_cast<std::uint64_t>(index--));
                    ASSERT_EQ(as_text(event.payload).substr(0, as_text(event.payload).find('x')),
                              std::to_string(event.index / 2));
                }
                ASSERT_EQ(snapshot.stream("dropped").error().code, Code::stream_not_found);
                static_cast<void>(store.statistics());
            }
        });
    }
    threads.emplace_back([&] {
        Follower follower;
        ASSERT_TRUE(follower.open(store, 0));
        std::uint64_t next = 0;
        for (Recorded event;
             next < 3U * writer_count * static_cast<std::uint64_t>(appends_per_writer);) {
            const Result<Follower::Step> step = follower.next(event, 1000);
            ASSERT_TRUE(step);
            if (*step == Follower::Step::event) {
                ASSERT_EQ(event.ordinal, next++);
            }
        }
        while (writing > 0) std::this_thread::yield();
    });
    threads.emplace_back([&] {
        Diagnostic diagnostic;
        while (writing > 0) {
            ASSERT_TRUE(store.maintain(diagnostic, {.entry_count_max = 50, .now = true}));
            std::this_thread::yield();
        }
    });
    for (std::thread& thread : threads) thread.join();
}

TEST(Threads, WriteReadAndFollowOneStoreInMemory) {
    Machine machine{1 << 18};
    OpenStore open{machine.door(), thread_options()};
    ASSERT_EQ(open.error, Code::none);
    work(open.store, 400);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.read("shared").size(), 4U * 400);
}

// On a disk, in a pool that is soon full.
struct WithRuns {
    explicit WithRuns(std::size_t copies_size = 0) : copies(copies_size) {
        EXPECT_TRUE(door->open(directory.path().c_str(), true));
        Options options = thread_options();
        options.runs = &runs();
        options.pool_size = std::size_t{256} << 10;
        options.replay_max = 1 << 14;
        Door through = door->door();
        if (copies_size != 0) through.disk = &unmapped;
        open = std::make_unique<OpenStore>(through, options);
    }
    TemporaryDirectory directory;
    std::unique_ptr<PosixDoor> door = std::make_unique<PosixDoor>();
    Lent copies;  // Of its files, instead of maps.
    UnmappedDisk unmapped{door->disk, copies};
    std::unique_ptr<OpenStore> open;
};

TEST(Threads, WriteReadAndFollowOneStoreWhileItsRunsAreMade) {
    const WithRuns with_runs;
    OpenStore& open = *with_runs.open;
    ASSERT_EQ(open.error, Code::none);
    work(open.store, 100);
    EXPECT_GT(open.store.statistics().run_count, 0U);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.read("shared").size(), 4U * 100);
}

TEST(Threads, WriteReadAndFollowOneStoreWithoutMaps) {
    const WithRuns without_maps{std::size_t{8} << 20};
    OpenStore& open = *without_maps.open;
    ASSERT_EQ(open.error, Code::none);
    work(open.store, 100);
    EXPECT_GT(open.store.statistics().run_count, 0U);
    EXPECT_GT(without_maps.unmapped.used(), 0U);
    EXPECT_EQ(open.verify(), Code::none);
    EXPECT_EQ(open.read("shared").size(), 4U * 100);
}

// Transactions that outgrow the pool, some of which are taken back, beside readers, who see all of
// each or nothing, and a thread that makes runs of what they left.
TEST(Threads, OutgrowThePoolWhileItsRunsAreMade) {
    constexpr int stream_count = 1500;
    constexpr int transaction_count = 8;
    const WithRuns with_runs;
    OpenStore& open = *with_runs.open;
    ASSERT_EQ(open.error, Code::none);
    const auto name_of = [](int transaction, int stream) {
        return std::to_string(stream * 7919 % 10007) + std::string(150, 'n') +
               std::to_string(transaction);
    };
    std::atomic<int> committed{0};
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        Diagnostic diagnostic;
        while (committed < transaction_count) {
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(open.store, diagnostic));
            const std::vector<Event> events = {event_of("x")};
            Status status = Done{};
            for (int i = 0; status && i < stream_count; i++) {
                const std::string name = name_of(committed, i);
                const auto appended =
                    transaction.append({name, Expected::no_stream(), events}, diagnostic);
                if (!appended) status = appended.error();
            }
            // Readers and runs that are not made yet may have the pool.
            ASSERT_TRUE(status || status.error() == Code::out_of_memory);
            if (!status) continue;
            ASSERT_TRUE(transaction.commit(Durability::durable, diagnostic));
            committed++;
        }
        is_over = true;
    });
    for (int r = 0; r < 2; r++) {
        threads.emplace_back([&, r] {
            for (int at = r; !is_over; at += 37) {
                const int transaction = committed;
                Snapshot snapshot;
                ASSERT_TRUE(open.store.snapshot(snapshot));
                const bool is_there =
                    bool{snapshot.stream(name_of(transaction, at % stream_count))};
                for (int i = 0; i < 20; i++) {
                    const int stream = (at * 31 + i * 73) % stream_count;
                    ASSERT_EQ(bool{snapshot.stream(name_of(transaction, stream))}, is_there);
                    if (transaction > 0) {
                        ASSERT_TRUE(snapshot.stream(name_of(transaction - 1, stream)));
                    }
                }
            }
        });
    }
    threads.emplace_back([&] {
        Diagnostic diagnostic;
        while (!is_over) {
            ASSERT_TRUE(open.store.maintain(diagnostic, {.entry_count_max = 100, .now = true}));
            std::this_thread::yield();
        }
    });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(open.store.statistics().stream_count,
              static_cast<std::uint64_t>(stream_count) * transaction_count);
    EXPECT_EQ(open.verify(), Code::none);
}

TEST(Threads, WriteReadAndFollowOneStoreOnADisk) {
    TemporaryDirectory directory;
    PosixDoor door;
    ASSERT_TRUE(door.open(directory.path().c_str(), true));
    {
        OpenStore open{door.door(), thread_options()};
        ASSERT_EQ(open.error, Code::none);
        work(open.store, 60);
        EXPECT_EQ(open.verify(), Code::none);
    }
    OpenStore again{door.door(), thread_options()};
    EXPECT_EQ(again.store.head().epoch, 1U);
    EXPECT_EQ(again.read("shared").size(), 4U * 60);
    EXPECT_EQ(again.verify(), Code::none);
}

// One snapshot is held over very many commits: it stays as it was, and the pool holds what it
// holds.
TEST(Threads, KeepASnapshotOverVeryManyCommits) {
    const std::uint64_t commit_count = long_commit_count();
    const std::uint32_t factor = commit_count > 100'000 ? 8 : 1;
    Machine machine{std::size_t{1 << 22} * factor};
    Options options = small_options();
    options.segment_size = (1 << 22) * factor;
    // The directory of 10^5 events takes half of it.
    options.pool_size = (std::size_t{1} << 20) * factor;
    OpenStore open{machine.door(), options};
    ASSERT_EQ(open.error, Code::none);
    for (int i = 0; i < 500; i++)
        ASSERT_TRUE(
            open.append("s" + std::to_string(i), {"old"}, Expected::any(), Durability::deferred));
    ASSERT_TRUE(open.store.sync(open.diagnostic));
    Snapshot held;
    ASSERT_TRUE(open.store.snapshot(held));
    std::atomic<bool> done{false};
    std::thread reader{[&] {
        for (int i = 0; !done; i = (i + 7) % 500) {
            const std::string name = "s" + std::to_string(i);
            const auto info = held.stream(name);
            ASSERT_TRUE(info);
            ASSERT_EQ(info->version, 0);
            StreamCursor cursor;
            ASSERT_TRUE(cursor.open(held, name, Horizon::beginning()));
            Recorded event;
            ASSERT_TRUE(*cursor.next(event));
            ASSERT_EQ(as_text(event.payload), "old");
            ASSERT_FALSE(*cursor.next(event));
        }
    }};
    for (std::uint64_t i = 0; i < commit_count; i++) {
        const std::vector<Event> events = {event_of("new")};
        const StreamAppend append{i % 3 == 0 ? "s7" : "s400", Expected::any(), events};
        ASSERT_TRUE(open.store.append(append, open.diagnostic,
                                      i % 4 == 0 ? Durability::durable : Durability::deferred))
            << i;
    }
    done = true;
    reader.join();
    ASSERT_TRUE(open.store.sync(open.diagnostic));
    EXPECT_EQ(held.commit(), 500U);
    const std::size_t used_beside = open.store.statistics().pool_page_used;
    held.close();
    ASSERT_TRUE(open.append("s7", {"last"}));
    const std::size_t used = open.store.statistics().pool_page_used;
    EXPECT_LE(used_beside, used + 40);  // Old states of the 500 streams are all that it held.
    RecordProperty("pool_pages", static_cast<int>(used_beside));
    RecordProperty("pool_pages_without_reader", static_cast<int>(used));
    EXPECT_EQ(open.store.head().commit, 501 + commit_count);
    EXPECT_EQ(open.verify(), Code::none);
}

// A failed sync is told to one call only. So there is never more than one sync of a file at a time.
class OneSyncAtATime final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Status sync(File file) noexcept override {
        most = std::max(most.load(), ++syncing);
        std::this_thread::sleep_for(std::chrono::microseconds(300));
        syncing--;
        return inner.sync(file);
    }

    std::atomic<int> syncing{0};
    std::atomic<int> most{0};
};

TEST(Threads, SyncOneAtATime) {
    Machine machine{1 << 18};
    OneSyncAtATime disk{machine.disk};
    Options options = thread_options();
    options.growth_size = 512;
    OpenStore open{Door{&disk, &machine.clock, &machine.gate}, options};
    work(open.store, 60);
    EXPECT_EQ(disk.most, 1);
}

}  // namespace
}  // namespace freshet::test
