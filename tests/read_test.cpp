// SPDX-License-Identifier: MIT
// Reading one stream and all streams: every horizon, direction, limit and start, compared with a
// list; snapshots that stay as they were.
#include <utility>

#include "freshet/follower.hpp"
#include "tests/passing_disk.hpp"
#include "tests/store_fixture.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Reading : public ::testing::Test {
protected:
    Reading() : open{machine.door(), small_options()} {}

    Machine machine;
    OpenStore open;
};

// What a list of `count` events gives, by SEMANTICS: both ends include the event they name.
Lines expected_of(const Lines& all, Horizon horizon, Direction direction, std::uint64_t limit) {
    Lines lines;
    if (all.empty()) return lines;
    std::uint64_t next = horizon.is_newest() ? all.size() - 1 : horizon.number();
    while (next < all.size() && lines.size() < limit) {
        lines.push_back(all[next]);
        next += direction == Direction::forwards ? 1 : ~std::uint64_t{0};
    }
    return lines;
}

// The sizes around which a stream changes its form in the tree: empty, partial blocks of 32, full
// ones.
TEST_F(Reading, GivesEachPartOfAStreamInBothDirections) {
    for (const std::size_t count : {0U, 1U, 2U, 31U, 32U, 33U, 63U, 64U, 65U, 97U}) {
        const std::string stream = "s" + std::to_string(count);
        Lines all;
        ASSERT_EQ(open.create(stream), Code::none);
        for (std::size_t i = 0; i < count; i++) {
            all.push_back(stream + "/" + std::to_string(i));
            ASSERT_TRUE(open.append(stream, {all.back()}, Expected::any(), Durability::deferred));
        }
        ASSERT_TRUE(open.store.sync(open.diagnostic));
        std::vector<Horizon> horizons = {Horizon::beginning(), Horizon::newest(),
                                         Horizon::index(~std::uint64_t{0})};
        for (std::size_t i = 0; i <= count + 33; i++) horizons.push_back(Horizon::index(i));
        for (const Horizon horizon : horizons) {
            for (const Direction direction : {Direction::forwards, Direction::backwards}) {
                for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{1},
                                                  std::uint64_t{32}, std::uint64_t{33}, no_limit}) {
                    ASSERT_EQ(open.read(stream, horizon, direction, limit),
                              expected_of(all, horizon, direction, limit))
                        << count << " from " << horizon.number();
                }
            }
        }
    }
}

TEST_F(Reading, RenewsASnapshotOnlyForANewerOne) {
    Snapshot snapshot;
    EXPECT_TRUE(*open.store.renew(snapshot));
    EXPECT_FALSE(*open.store.renew(snapshot));
    ASSERT_TRUE(open.append("s", {"0"}));
    ASSERT_TRUE(*open.store.renew(snapshot));
    StreamCursor cursor;
    ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning()));
    EXPECT_FALSE(*open.store.renew(snapshot));
    Recorded event;
    EXPECT_TRUE(*cursor.next(event));
    Machine other;
    OpenStore another{other.door(), small_options()};
    EXPECT_TRUE(*another.store.renew(snapshot));
    EXPECT_EQ(snapshot.commit(), 0U);
    Store closed;
    EXPECT_EQ(closed.renew(snapshot).error().code, Code::invalid_argument);
}

// Blocks whose events lie far apart are fetched ahead, by one that is known and one that is not; of
// several events in one frame, one after another.
TEST_F(Reading, GivesStreamsThatAreScatteredOverTheLog) {
    Lines all;
    const std::string filler(3500, 'f');
    for (int i = 0; i < 60; i++) {
        std::vector<std::string> payloads;
        for (int k = 0; k < 1 + i % 2; k++)
            payloads.push_back(std::to_string(all.size() + payloads.size()));
        std::vector<Event> events;
        for (const std::string& payload : payloads) events.push_back(event_of(payload));
        ASSERT_EQ(open.append_events("a", events), Code::none);
        for (int k = 0; k < 2; k++) ASSERT_TRUE(open.append("b", {filler}));
        all.insert(all.end(), payloads.begin(), payloads.end());
    }
    EXPECT_EQ(open.read("a"), all);
    for (std::size_t from = 0; from < all.size(); from += 5) {
        for (const std::uint64_t limit : {std::uint64_t{1}, std::uint64_t{40}, no_limit}) {
            for (const Direction direction : {Direction::forwards, Direction::backwards})
                ASSERT_EQ(open.read("a", Horizon::index(from), direction, limit),
                          expected_of(all, Horizon::index(from), direction, limit));
        }
    }
}

// What is fetched ahead is looked at before it is checked.
TEST(ReadingAhead, FetchesNothingByWhatADamagedEventSays) {
    Machine machine{1 << 18};
    Options options = small_options();
    options.segment_size = 1 << 18;
    OpenStore open{machine.door(), options};
    const std::string filler(3900, 'f');
    for (int i = 0; i < 40; i++) {
        ASSERT_TRUE(open.append("a", {"x"}));
        ASSERT_TRUE(open.append("b", {filler}));
    }
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    const File file = *machine.disk.open("00000001.log", OpenMode::write);
    const std::vector<std::byte> damage(open.store.head().address - 96, std::byte{0xff});
    ASSERT_TRUE(machine.disk.write(file, 96, damage, {}));
    machine.disk.close(file);
    for (const Direction direction : {Direction::forwards, Direction::backwards}) {
        const Horizon horizon = Horizon::index(direction == Direction::forwards ? 0 : 31);
        StreamCursor cursor;
        ASSERT_TRUE(cursor.open(snapshot, "a", horizon, direction));
        Recorded event;
        EXPECT_EQ(cursor.next(event).error().code, Code::corrupt);
    }
}

// Somebody else comes first each time that a file is mapped.
class LateDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Result<const std::byte*> map(File file, std::size_t size) noexcept override {
        if (const auto first = std::exchange(other, nullptr)) first();
        return PassingDisk::map(file, size);
    }
    void unmap(const std::byte* address, std::size_t size) noexcept override {
        unmap_count++;
        PassingDisk::unmap(address, size);
    }
    std::function<void()> other;
    int unmap_count = 0;
};

// Goal: of two readers that map the same segment at once both read it, and it stays mapped once.
// Method: the second one reads while the first one's map is on its way.
TEST(ReadingAtOnce, MapsASegmentOnce) {
    Machine machine;
    LateDisk disk{machine.disk};
    OpenStore open{{&disk, &machine.clock, &machine.gate}, small_options()};
    ASSERT_TRUE(open.append("a", {"x"}));
    bool has_read = false;
    disk.other = [&] {
        has_read = true;
        EXPECT_EQ(open.read("a"), std::vector<std::string>{"x"});
    };
    EXPECT_EQ(open.read("a"), std::vector<std::string>{"x"});
    EXPECT_TRUE(has_read);
    EXPECT_EQ(disk.unmap_count, 1);
    EXPECT_EQ(open.read("a"), std::vector<std::string>{"x"});
}

// Goal: what is kept from one header to the next in a frame never shows in another event. Method:
// headers of all shapes, some in rows of one shape, among them numbers too long for any and an
// event so short that it ends the frame too early; read one by one and across one another.
TEST(ReadingAFrame, GivesEachEventWhateverHeadersStoodBeforeIt) {
    Machine machine{1 << 18};
    Options options = small_options();
    options.segment_size = 1 << 18;
    options.frame_size_max = 1 << 16;
    OpenStore open{machine.door(), options};
    constexpr std::size_t count = 300;
    std::vector<std::string> payloads(count);
    std::vector<Event> events(count);
    for (std::size_t i = 0; i < count; i++) {
        const std::size_t size = i == 3 ? 16400 : i % 29 == 7 || i % 29 == 8 ? 130 : i % 8 / 4 * 20;
        payloads[i] = std::string(i + 1 == count ? 0 : size, static_cast<char>('a' + i % 26));
        events[i] = event_of(payloads[i], i % 11 == 5 ? i : 0, i % 17 == 9 ? "U" : "T");
        if (i % 13 == 1) events[i].metadata = as_bytes("about it");
    }
    ASSERT_EQ(open.append_events("s", events), Code::none);
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    ASSERT_EQ(snapshot.commit(), 1U);
    for (std::size_t step = 1; step < 9; step++) {
        for (const Direction direction : {Direction::forwards, Direction::backwards}) {
            StreamCursor cursor;
            ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning()));
            for (std::size_t k = 0; k < count; k += step) {
                const std::size_t i = direction == Direction::forwards ? k : count - 1 - k;
                if (step > 1 || k == 0) cursor.seek(Horizon::index(i), direction);
                Recorded event;
                ASSERT_TRUE(*cursor.next(event));
                ASSERT_EQ(event.index, i);
                ASSERT_EQ(event.ordinal, i);
                ASSERT_EQ(event.type, events[i].type);
                ASSERT_EQ(event.id, events[i].id);
                ASSERT_EQ(as_text(event.metadata), as_text(events[i].metadata));
                ASSERT_EQ(as_text(event.payload), payloads[i]);
            }
        }
    }
}

TEST_F(Reading, SaysWhichStreamsThereAre) {
    Snapshot now;
    ASSERT_TRUE(open.store.snapshot(now));
    EXPECT_EQ(now.stream(std::string(256, 'n')).error().code, Code::invalid_name);
    now.close();
    ASSERT_TRUE(open.append("s", {"0"}));
    Snapshot snapshot;
    EXPECT_EQ(snapshot.stream("s").error().code, Code::invalid_argument);
    StreamCursor cursor;
    EXPECT_EQ(cursor.open(snapshot, "s", Horizon::beginning()).error().code,
              Code::invalid_argument);
    LogCursor log;
    EXPECT_EQ(log.open(snapshot, LogStart::commit(1)).error().code, Code::invalid_argument);
    Recorded event;
    EXPECT_FALSE(*cursor.next(event));
    EXPECT_FALSE(*log.next(event));
    ASSERT_TRUE(open.store.snapshot(snapshot));
    EXPECT_EQ(snapshot.stream("s")->version, 0);
    EXPECT_EQ(snapshot.stream("t").error().code, Code::stream_not_found);
    EXPECT_EQ(snapshot.stream("").error().code, Code::invalid_name);
    EXPECT_EQ(cursor.open(snapshot, "", Horizon::beginning()).error().code, Code::invalid_name);
    EXPECT_EQ(cursor.open(snapshot, "t", Horizon::beginning()).error().code,
              Code::stream_not_found);
    EXPECT_FALSE(*cursor.next(event));
    EXPECT_EQ(open.store.head().commit, snapshot.head().commit);
    EXPECT_EQ(snapshot.next_ordinal(), 1U);
    EXPECT_EQ(snapshot.time_us(), open.store.statistics().time_us);
    snapshot.close();
    ASSERT_TRUE(open.store.close());
    EXPECT_EQ(open.store.snapshot(snapshot).error().code, Code::invalid_argument);
}

TEST_F(Reading, GivesTheWholeEnvelope) {
    const Event event{.type = "Opened",
                      .payload = as_bytes("payload"),
                      .metadata = as_bytes("metadata"),
                      .id = id_of(5)};
    ASSERT_TRUE(open.append("other", {"x"}));
    ASSERT_EQ(open.append_events("s", {event_of("0"), event}), Code::none);
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    StreamCursor cursor;
    ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::newest()));
    LogCursor log;
    ASSERT_TRUE(log.open(snapshot, LogStart::ordinal(2)));
    for (int i = 0; i < 2; i++) {
        Recorded recorded;
        ASSERT_TRUE(*(i == 0 ? cursor.next(recorded) : log.next(recorded)));
        EXPECT_EQ(recorded.stream, "s");
        EXPECT_EQ(recorded.type, "Opened");
        EXPECT_EQ(as_text(recorded.payload), "payload");
        EXPECT_EQ(as_text(recorded.metadata), "metadata");
        EXPECT_EQ(recorded.id, id_of(5));
        EXPECT_EQ(recorded.index, 1U);
        EXPECT_EQ(recorded.ordinal, 2U);
        EXPECT_EQ(recorded.commit, 2U);
        EXPECT_EQ(recorded.time_us, snapshot.time_us());
    }
}

// A log of commits of several kinds over several segments; each start and filter against the list
// of its lines.
class ReadingTheLog : public Reading {
protected:
    struct Line {
        std::uint64_t commit;
        std::string stream;
        std::string type;
        std::string text;
    };

    void SetUp() override {
        for (std::uint64_t i = 1; i <= 120; i++) {
            const std::string payload(i % 7 * 300, 'x');
            if (i % 10 == 0) {
                ASSERT_EQ(open.create("empty" + std::to_string(i)), Code::none);
                continue;
            }
            // Every ninth is of several parts.
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
            for (std::uint64_t k = 0; k < (i % 9 == 0 ? 12U : i % 3 + 1); k++) {
                add(transaction, i, k % 2 == 0 ? "acct-1" : "acct-2", k % 3 == 0 ? "A" : "B",
                    payload);
            }
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        }
        ASSERT_GT(open.store.statistics().segment_count, 3U);
    }

    void add(Transaction& transaction, std::uint64_t commit, const std::string& stream,
             const std::string& type, const std::string& payload) {
        const std::vector<Event> events = {event_of(payload, 0, type)};
        const auto appended =
            transaction.append({stream, Expected::any(), events}, open.diagnostic);
        ASSERT_TRUE(appended);
        lines.push_back({commit, stream, type,
                         std::to_string(commit) + " " + std::to_string(lines.size()) + " " +
                             stream + "@" + std::to_string(appended->last_index) + " " + payload});
    }

    Lines expected(LogStart start, LogFilter filter) const {
        Lines all;
        for (std::size_t i = 0; i < lines.size(); i++) {
            if ((start.is_commit() ? lines[i].commit : i) < start.number()) continue;
            if (!filter.type.empty() && lines[i].type != filter.type) continue;
            if (lines[i].stream.rfind(filter.stream_prefix, 0) != 0) continue;
            all.push_back(lines[i].text);
        }
        return all;
    }

    std::vector<Line> lines;
};

TEST_F(ReadingTheLog, StartsAtEveryCommitAndOrdinal) {
    for (std::uint64_t commit = 0; commit <= 121; commit++) {
        ASSERT_EQ(open.read_log(LogStart::commit(commit)), expected(LogStart::commit(commit), {}))
            << commit;
    }
    for (std::uint64_t ordinal = 0; ordinal <= lines.size(); ordinal++) {
        ASSERT_EQ(open.read_log(LogStart::ordinal(ordinal)),
                  expected(LogStart::ordinal(ordinal), {}))
            << ordinal;
    }
    EXPECT_EQ(open.read_log(LogStart::commit(122)), Lines{"error ahead-of-log"});
    EXPECT_EQ(open.read_log(LogStart::ordinal(lines.size() + 1)), Lines{"error ahead-of-log"});
    EXPECT_EQ(open.read_log(LogStart::commit(~std::uint64_t{0})), Lines{"error ahead-of-log"});
    EXPECT_EQ(open.read_log(LogStart::ordinal(~std::uint64_t{0})), Lines{"error ahead-of-log"});
}

TEST_F(ReadingTheLog, LetsThroughWhatTheFilterSays) {
    for (const std::string_view prefix : {"", "a", "acct-1", "acct-2", "acct-11", "b"}) {
        for (const std::string_view type : {"", "A", "B", "C"}) {
            const LogFilter filter{prefix, type};
            for (const std::uint64_t ordinal : {0U, 1U, 50U, 99U}) {
                EXPECT_EQ(open.read_log(LogStart::ordinal(ordinal), filter),
                          expected(LogStart::ordinal(ordinal), filter));
            }
        }
    }
}

TEST_F(ReadingTheLog, SaysFromWhereToGoOn) {
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    LogCursor cursor;
    ASSERT_TRUE(cursor.open(snapshot, LogStart::ordinal(7), {"acct-2", ""}));
    EXPECT_EQ(cursor.next_ordinal(), 7U);
    Recorded event;
    while (*cursor.next(event)) EXPECT_EQ(cursor.next_ordinal(), event.ordinal + 1);
    EXPECT_EQ(cursor.next_ordinal(), lines.size());
    EXPECT_FALSE(*cursor.next(event));
}

TEST_F(ReadingTheLog, IsTheSameAfterReopeningAndReadOnly) {
    const Lines before = open.read_log();
    ASSERT_TRUE(open.store.close());
    Options options = small_options();
    options.create = false;
    for (const bool read_only : {false, true}) {
        options.read_only = read_only;
        OpenStore again{machine.door(), options};
        ASSERT_EQ(again.error, Code::none);
        EXPECT_EQ(again.read_log(), before);
        EXPECT_EQ(again.read_log(LogStart::commit(60)), expected(LogStart::commit(60), {}));
        EXPECT_EQ(again.verify(), Code::none);
        EXPECT_EQ(again.report.event_count, lines.size());
        EXPECT_EQ(again.report.commit_count, 120U);
    }
}

TEST_F(Reading, FindsAnEmptyLogEmpty) {
    EXPECT_EQ(open.read_log(LogStart::commit(0)), Lines{});
    EXPECT_EQ(open.read_log(LogStart::commit(1)), Lines{});
    EXPECT_EQ(open.read_log(LogStart::ordinal(0)), Lines{});
    EXPECT_EQ(open.read_log(LogStart::commit(2)), Lines{"error ahead-of-log"});
    EXPECT_EQ(open.read_log(LogStart::ordinal(1)), Lines{"error ahead-of-log"});
    EXPECT_EQ(open.verify(), Code::none);
}

// ---- snapshots ----

Lines read_all(const Snapshot& snapshot, std::string_view stream) {
    Lines lines;
    StreamCursor cursor;
    if (!cursor.open(snapshot, stream, Horizon::beginning())) return {"none"};
    for (Recorded event; *cursor.next(event);) lines.emplace_back(as_text(event.payload));
    return lines;
}

TEST_F(Reading, KeepsEachSnapshotAsItWas) {
    std::vector<Snapshot> snapshots;
    Lines all;
    for (std::uint64_t i = 0; i < 700; i++) {
        if (i % 100 == 0) {
            snapshots.emplace_back();
            ASSERT_TRUE(open.store.snapshot(snapshots.back()));
        }
        all.push_back(std::to_string(i));
        ASSERT_TRUE(open.append("s", {all.back()}));
        ASSERT_TRUE(open.append("t" + std::to_string(i), {"x"}));
    }
    EXPECT_EQ(read_all(snapshots[0], "s"), Lines{"none"});
    for (std::uint64_t i = 1; i < snapshots.size(); i++) {
        EXPECT_EQ(snapshots[i].commit(), i * 200);
        EXPECT_EQ(snapshots[i].stream("s")->version, static_cast<std::int64_t>(i * 100) - 1);
        EXPECT_EQ(read_all(snapshots[i], "s"),
                  Lines(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i * 100)));
        EXPECT_EQ(snapshots[i].stream("t" + std::to_string(i * 100)).error().code,
                  Code::stream_not_found);
        EXPECT_TRUE(snapshots[i].stream("t" + std::to_string(i * 100 - 1)));
    }
    snapshots.erase(snapshots.begin() + 3);
    EXPECT_EQ(read_all(snapshots[3], "s").size(), 400U);
    snapshots.clear();
    ASSERT_TRUE(open.append("s", {"more"}));
    EXPECT_EQ(open.verify(), Code::none);
}

// A commit that comes when a reader has seen which one is the newest, and holds it not yet.
TEST_F(Reading, HoldsWhatIsCommittedWhileASnapshotIsTaken) {
    ASSERT_TRUE(open.append("s", {"0"}));
    store::State& state = state_of(open.store);
    const std::uint32_t seen = state.log.published();
    ASSERT_TRUE(open.append("s", {"1"}));
    const Result<store::Held> held = store::hold(state, 0, seen);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->token, state.log.published());
    EXPECT_EQ(state.published[held->token].position.commit, 2U);
    store::let_go(state, held->slot);
}

TEST_F(Reading, HasAsManySnapshotsAsAskedFor) {
    ASSERT_TRUE(open.append("s", {"0"}));
    std::vector<Snapshot> snapshots(small_options().snapshot_count_max);
    for (Snapshot& snapshot : snapshots) ASSERT_TRUE(open.store.snapshot(snapshot));
    Snapshot more;
    EXPECT_EQ(open.store.snapshot(more).error().code, Code::too_many_snapshots);
    EXPECT_FALSE(more.is_open());
    Follower follower;
    EXPECT_EQ(follower.open(open.store, 0).error().code, Code::too_many_snapshots);
    EXPECT_EQ(open.verify(), Code::too_many_snapshots);
    EXPECT_EQ(open.append_events("s", {}), Code::too_many_snapshots);
    ASSERT_TRUE(open.append("s", {"1"}));
    EXPECT_TRUE(open.store.snapshot(snapshots[2]));  // Taken anew in its own place.
    EXPECT_EQ(snapshots[2].commit(), 2U);
    snapshots[5].close();
    EXPECT_TRUE(open.store.snapshot(more));
    snapshots[1] = std::move(more);
    EXPECT_FALSE(more.is_open());
    EXPECT_TRUE(open.store.snapshot(more));
    Snapshot& self = snapshots[1];
    self = std::move(snapshots[1]);
    EXPECT_TRUE(self.is_open());
}

}  // namespace
}  // namespace freshet::test
