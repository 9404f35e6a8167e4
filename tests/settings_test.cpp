// SPDX-License-Identifier: MIT
// What streams show and take by their settings: each kind alone and all together, against a list,
// in a snapshot as of its commit, after reopening, rolled back, and refused where they make no
// sense.
#include <algorithm>

#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Settings : public ::testing::Test {
protected:
    Settings() : open{std::make_unique<OpenStore>(machine.door(), small_options())} {}

    Code set(std::string_view stream, const StreamSettings& change,
             Expected expected = Expected::any()) {
        return open->store.settings(stream, change, expected, open->diagnostic).error().code;
    }
    void fill(std::string_view stream, std::size_t count) {
        for (std::size_t i = 0; i < count; i++)
            ASSERT_TRUE(
                open->append(stream, {std::to_string(i)}, Expected::any(), Durability::deferred));
        ASSERT_TRUE(open->store.sync(open->diagnostic));
    }
    void reopen() {
        EXPECT_EQ(open->verify(), Code::none);
        EXPECT_TRUE(open->store.close());
        open = std::make_unique<OpenStore>(machine.door(), small_options());
        EXPECT_EQ(open->error, Code::none);
        EXPECT_EQ(open->verify(), Code::none);
    }
    Result<StreamInfo> info(std::string_view stream) {
        Snapshot now;
        EXPECT_TRUE(open->store.snapshot(now));
        return now.stream(stream);
    }
    StreamSettings settings(std::string_view stream) {
        Snapshot now;
        EXPECT_TRUE(open->store.snapshot(now));
        const auto found = now.settings(stream);
        EXPECT_TRUE(found);
        return found ? *found : StreamSettings{};
    }
    std::string said() {
        std::array<char, 200> room{};
        return std::string{describe(open->diagnostic, room)};
    }
    std::uint64_t commit() { return open->store.head().commit; }

    Machine machine;
    std::unique_ptr<OpenStore> open;
};

Lines numbers(std::size_t from, std::size_t to) {
    Lines lines;
    for (; from < to; from++) lines.push_back(std::to_string(from));
    return lines;
}

// Every place to cut, in streams of the sizes around which they change their form in the tree, read
// from every index in both directions.
TEST_F(Settings, HideWhatIsBeforeAnIndex) {
    for (const std::size_t count : {1U, 3U, 31U, 32U, 33U, 65U}) {
        const std::string stream = "s" + std::to_string(count);
        fill(stream, count);
        for (std::size_t cut = 0; cut <= count; cut++) {
            ASSERT_EQ(set(stream, {.truncate_before = cut}), Code::none);
            EXPECT_EQ(info(stream)->first_index, cut);
            EXPECT_EQ(open->read(stream), numbers(cut, count));
            for (std::size_t from = 0; from <= count; from++) {
                EXPECT_EQ(open->read(stream, Horizon::index(from)),
                          numbers(std::max(from, cut), count));
                Lines back = from < count && from >= cut ? numbers(cut, from + 1) : Lines{};
                std::ranges::reverse(back);
                EXPECT_EQ(open->read(stream, Horizon::index(from), Direction::backwards), back);
                if (back.size() > 2) back.resize(2);
                EXPECT_EQ(open->read(stream, Horizon::index(from), Direction::backwards, 2), back);
            }
            const Lines newest = numbers(std::max(cut, count - 1), count);
            EXPECT_EQ(open->read(stream, Horizon::newest()), newest);
            EXPECT_EQ(open->read(stream, Horizon::newest(), Direction::backwards, 1), newest);
        }
    }
    reopen();
    EXPECT_EQ(open->read("s65"), Lines{});
    EXPECT_EQ(info("s65")->version, 64);
    ASSERT_TRUE(open->append("s65", {"65"}, Expected::version(64)));
    EXPECT_EQ(open->read("s65"), Lines{"65"});
}

TEST_F(Settings, ShowTheNewestOfSoMany) {
    for (const std::size_t count : {0U, 1U, 31U, 32U, 33U, 65U}) {
        const std::string stream = "s" + std::to_string(count);
        ASSERT_EQ(open->create(stream), Code::none);
        fill(stream, count);
        for (const std::size_t most : {1U, 2U, 31U, 32U, 64U, 65U, 66U}) {
            ASSERT_EQ(set(stream, {.max_count = most}), Code::none);
            EXPECT_EQ(open->read(stream), numbers(count - std::min(count, most), count));
        }
        ASSERT_EQ(set(stream, {.max_count = 0}), Code::none);
        EXPECT_EQ(open->read(stream), numbers(0, count));
    }
    ASSERT_EQ(set("s31", {.max_count = 2}), Code::none);
    ASSERT_TRUE(open->append("s31", {"31"}));
    EXPECT_EQ(open->read("s31"), (Lines{"30", "31"}));
    ASSERT_EQ(set("s31", {.truncate_before = 31}), Code::none);
    EXPECT_EQ(open->read("s31"), Lines{"31"});
    reopen();
    EXPECT_EQ(open->read("s31"), Lines{"31"});
    EXPECT_EQ(settings("s31").max_count, 2U);
}

// At the very microsecond at which each event comes of age, and at the next one. The clock of the
// fixture ticks by 10 before it answers.
TEST_F(Settings, ShowWhatIsNotTooOld) {
    constexpr std::uint64_t age_us = 20'000;
    std::vector<std::uint64_t> times;
    for (std::size_t i = 0; i < 70; i++) {
        machine.clock.now += 1000;
        const auto appended = open->append("s", {std::to_string(i)});
        ASSERT_TRUE(appended);
        times.push_back(appended->time_us);
    }
    ASSERT_EQ(set("s", {.max_age_us = unchanged - 1}), Code::none);
    EXPECT_EQ(open->read("s"), numbers(0, 70));
    ASSERT_EQ(set("s", {.max_age_us = age_us}), Code::none);
    for (const bool again : {false, true}) {
        for (std::size_t i = 0; i < 70; i++) {
            for (const std::size_t late : {0U, 1U}) {
                const std::uint64_t now = times[i] + age_us + late - 10;
                machine.clock.now = now;
                EXPECT_EQ(open->read("s"), numbers(i + late, 70));
                machine.clock.now = now;
                EXPECT_EQ(info("s")->first_index, i + late);
                machine.clock.now = now;
                EXPECT_EQ(open->read("s", Horizon::index(69), Direction::backwards).size(),
                          70 - i - late);
            }
        }
        if (!again) reopen();
    }
    EXPECT_EQ(info("s")->version, 69);
    machine.clock.now = 5;
    EXPECT_EQ(open->read("s"), numbers(0, 70));
}

TEST_F(Settings, DeleteAStreamUntilItIsAppendedTo) {
    fill("s", 3);
    ASSERT_EQ(set("s", {.deleted = true}, Expected::version(2)), Code::none);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(open->read("s"), Lines{"error stream-deleted"});
        EXPECT_EQ(info("s")->version, 2);
        EXPECT_TRUE(info("s")->deleted);
        EXPECT_EQ(info("s")->first_index, 3U);
        EXPECT_TRUE(settings("s").deleted);
        EXPECT_FALSE(open->append("s", {"x"}, Expected::stream_exists()));
        EXPECT_EQ(open->diagnostic.error.code, Code::stream_deleted);
        EXPECT_FALSE(open->append("s", {"x"}, Expected::version(1)));
        EXPECT_EQ(open->diagnostic.error.code, Code::wrong_version);
        EXPECT_EQ(open->create("s"), Code::already_exists);
        if (i == 0) reopen();
    }
    const std::uint64_t before = commit();
    ASSERT_EQ(set("s", settings("s")), Code::none);
    ASSERT_EQ(set("s", {.deleted = true}), Code::none);
    EXPECT_EQ(commit(), before);
    ASSERT_TRUE(open->append("s", {"3"}, Expected::no_stream()));
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(open->read("s"), Lines{"3"});
        EXPECT_EQ(open->read("s", Horizon::index(3)), Lines{"3"});
        EXPECT_FALSE(info("s")->deleted);
        if (i == 0) reopen();
    }
    EXPECT_FALSE(open->append("s", {"x"}, Expected::no_stream()));
    ASSERT_TRUE(open->append("s", {"4"}, Expected::stream_exists()));
    ASSERT_EQ(set("s", {.max_count = 1}), Code::none);
    EXPECT_FALSE(info("s")->deleted);
    EXPECT_EQ(open->read("s"), Lines{"4"});
    ASSERT_EQ(set("s", {.deleted = true}), Code::none);
    ASSERT_TRUE(open->append("s", {"5"}, Expected::version(4)));
    EXPECT_EQ(open->read("s"), Lines{"5"});
    EXPECT_EQ(open->read_log(LogStart::ordinal(0), {.type = "T"}).size(), 6U);
    EXPECT_EQ(open->verify(), Code::none);
}

TEST_F(Settings, KillANameForEver) {
    fill("s", 2);
    ASSERT_EQ(open->append_events("s", {event_of("x", 7)}), Code::none);
    ASSERT_EQ(set("s", {.tombstoned = true}), Code::none);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(open->read("s"), Lines{"error stream-tombstoned"});
        EXPECT_EQ(info("s").error().code, Code::stream_tombstoned);
        EXPECT_TRUE(settings("s").tombstoned);
        for (const Expected expected : {Expected::any(), Expected::no_stream(),
                                        Expected::stream_exists(), Expected::version(2)}) {
            EXPECT_EQ(open->append_events("s", {event_of("y")}, expected), Code::stream_tombstoned);
            EXPECT_EQ(open->diagnostic.failures[0].actual, 2);
            EXPECT_EQ(open->diagnostic.failures[0].commit, 3U);
            EXPECT_EQ(open->append_events("t", {event_of("y")}), Code::none);
            const std::vector<Event> events = {event_of("y")};
            EXPECT_EQ(open->append_all({{.stream = "t", .events = events}}, {{"s", expected}}),
                      Code::stream_tombstoned);
        }
        EXPECT_EQ(open->append_events("s", {event_of("x", 7)}), Code::stream_tombstoned);
        EXPECT_EQ(open->append_events("s", {}), Code::none);
        EXPECT_EQ(open->create("s"), Code::already_exists);
        EXPECT_EQ(set("s", {.max_count = 1}), Code::stream_tombstoned);
        if (i == 0) reopen();
    }
}

TEST_F(Settings, CloseAStreamForEver) {
    ASSERT_EQ(open->append_events("s", {event_of("0", 1), event_of("1", 2)}), Code::none);
    ASSERT_EQ(set("s", {.closed = true}), Code::none);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(open->read("s"), numbers(0, 2));
        EXPECT_TRUE(info("s")->closed);
        EXPECT_EQ(open->append_events("s", {event_of("2", 3)}), Code::stream_closed);
        EXPECT_EQ(
            said().rfind("the stream is closed: it takes no more events; commit 1 wrote it", 0),
            0U);
        EXPECT_EQ(open->append_events("s", {event_of("2")}, Expected::version(77)),
                  Code::stream_closed);
        EXPECT_EQ(open->append_events("s", {event_of("0", 1), event_of("1", 2)}), Code::none);
        EXPECT_EQ(open->appended.outcome, Outcome::duplicate);
        EXPECT_EQ(open->append_events("s", {event_of("0", 1), event_of("2", 3)}),
                  Code::idempotency_conflict);
        const std::vector<Event> events = {event_of("y")};
        EXPECT_EQ(open->append_all({{.stream = "t", .events = events}},
                                   {{"s", Expected::version(1)}, {"s", Expected::any()}}),
                  Code::none);
        ASSERT_EQ(set("s", {.max_count = 0}), Code::none);
        if (i == 0) reopen();
    }
    ASSERT_EQ(set("s", {.deleted = true}), Code::none);
    EXPECT_EQ(open->append_events("s", {event_of("2")}), Code::stream_closed);
    ASSERT_EQ(set("s", {.tombstoned = true}), Code::none);
    EXPECT_EQ(open->append_events("s", {event_of("2")}), Code::stream_tombstoned);
}

TEST_F(Settings, RefuseWhatMakesNoSense) {
    fill("s", 5);
    ASSERT_EQ(set("s", {.truncate_before = 3}), Code::none);
    const std::uint64_t before = commit();
    EXPECT_EQ(set("s", {.truncate_before = 2}), Code::invalid_argument);
    EXPECT_EQ(said(), "cannot truncate before index 2; it is truncated before 3");
    EXPECT_EQ(set("s", {.truncate_before = 6}), Code::invalid_argument);
    EXPECT_EQ(said(), "cannot truncate before index 6; the next index is 5");
    EXPECT_EQ(set("none", {.closed = true}), Code::stream_not_found);
    EXPECT_EQ(said(), "there is no stream of this name");
    EXPECT_EQ(set("s", {.closed = true}, Expected::version(3)), Code::wrong_version);
    EXPECT_EQ(set("s", {.closed = true}, Expected::version(-7)), Code::invalid_argument);
    EXPECT_EQ(set("", {.closed = true}), Code::invalid_name);
    for (const std::string_view name : {"$settings/s", "$", "$checkpoint/a", "$other"}) {
        EXPECT_EQ(set(name, {.closed = true}), Code::invalid_name);
        EXPECT_EQ(open->create(name), Code::invalid_name);
        EXPECT_EQ(open->append_events(name, {event_of("x")}), Code::invalid_name);
        std::array<char, 200> room{};
        EXPECT_NE(hint(open->diagnostic, room).find("begin with $"), std::string_view::npos);
    }
    const std::string longest(245, 'n');
    fill(longest, 1);
    EXPECT_EQ(set(longest, {.closed = true}), Code::none);
    fill(longest + "n", 1);
    EXPECT_EQ(set(longest + "n", {.closed = true}), Code::too_large);
    EXPECT_EQ(open->diagnostic.needed, 246U);
    EXPECT_EQ(open->diagnostic.limit, 245U);
    EXPECT_EQ(commit(), before + 3);
    Store closed;
    EXPECT_EQ(closed.settings("s", {}, Expected::any(), open->diagnostic).error().code,
              Code::invalid_argument);
    reopen();
    EXPECT_EQ(settings("s").truncate_before, 3U);
}

// What nothing is said of stays as it was; what changes nothing is no commit.
TEST_F(Settings, ChangeOnlyWhatTheySay) {
    fill("s", 9);
    ASSERT_EQ(set("s", {.truncate_before = 2}), Code::none);
    ASSERT_EQ(set("s", {.max_count = 6}), Code::none);
    ASSERT_EQ(set("s", {.max_age_us = 5'000'000}), Code::none);
    ASSERT_EQ(set("s", {.closed = true}), Code::none);
    const std::uint64_t before = commit();
    ASSERT_EQ(set("s", {}), Code::none);
    ASSERT_EQ(set("s", {.truncate_before = 2, .max_count = 6, .closed = true}), Code::none);
    EXPECT_EQ(commit(), before);
    const StreamSettings now = settings("s");
    EXPECT_EQ(now.truncate_before, 2U);
    EXPECT_EQ(now.max_count, 6U);
    EXPECT_EQ(now.max_age_us, 5'000'000U);
    EXPECT_TRUE(now.closed);
    EXPECT_FALSE(now.deleted);
    EXPECT_FALSE(now.tombstoned);
    Snapshot snapshot;
    EXPECT_EQ(snapshot.settings("s").error().code, Code::invalid_argument);
    ASSERT_TRUE(open->store.snapshot(snapshot));
    EXPECT_EQ(snapshot.settings("none").error().code, Code::stream_not_found);
    EXPECT_EQ(snapshot.settings("$settings/s")->max_count, 0U);
    EXPECT_EQ(open->read("$settings/s").size(), 4U);
    EXPECT_EQ(open->read_log().size(), 13U);
}

// A snapshot shows each stream by the settings of its own commit.
TEST_F(Settings, AreThoseOfTheSnapshot) {
    fill("s", 3);
    std::vector<Snapshot> snapshots(6);
    const std::vector<StreamSettings> changes = {
        {}, {.truncate_before = 1}, {.max_count = 1}, {.deleted = true}, {.tombstoned = true}};
    for (std::size_t i = 0; i < changes.size(); i++) {
        ASSERT_EQ(set("s", changes[i]), Code::none);
        ASSERT_TRUE(open->store.snapshot(snapshots[i]));
    }
    const auto read = [](const Snapshot& at) {
        Lines lines;
        StreamCursor cursor;
        const Status opened = cursor.open(at, "s", Horizon::beginning());
        if (!opened) return Lines{code_name(opened.error().code)};
        for (Recorded event; *cursor.next(event);) lines.emplace_back(as_text(event.payload));
        return lines;
    };
    const std::vector<Lines> wanted = {
        numbers(0, 3), numbers(1, 3), numbers(2, 3), {"stream-deleted"}, {"stream-tombstoned"}};
    for (std::size_t i = 0; i < wanted.size(); i++) EXPECT_EQ(read(snapshots[i]), wanted[i]);
}

// They are part of their transaction: done with it, seen in it, undone with it, in one frame or in
// parts.
TEST_F(Settings, AreOfTheirTransaction) {
    const std::string large(3000, 'x');
    for (const bool commits : {false, true}) {
        for (const bool in_parts : {false, true}) {
            const std::string stream =
                std::string{commits ? "c" : "r"} + (in_parts ? "-parts" : "-one");
            fill(stream, 2);
            Transaction transaction;
            Diagnostic& diagnostic = open->diagnostic;
            ASSERT_TRUE(transaction.begin(open->store, diagnostic));
            const std::vector<Event> events = {event_of("2"), event_of(large)};
            ASSERT_TRUE(transaction.append({stream, Expected::version(1), events}, diagnostic));
            ASSERT_TRUE(transaction.settings(stream, {.truncate_before = 3}, Expected::version(3),
                                             diagnostic));
            const std::vector<Event> more = {event_of(in_parts ? std::string_view{large} : "y")};
            ASSERT_TRUE(transaction.append({"other", Expected::any(), more}, diagnostic));
            ASSERT_TRUE(
                transaction.settings(stream, {.closed = true}, Expected::any(), diagnostic));
            if (commits) {
                ASSERT_TRUE(transaction.commit(Durability::durable, diagnostic));
            } else {
                EXPECT_EQ(
                    transaction.append({stream, Expected::any(), more}, diagnostic).error().code,
                    Code::stream_closed);
                transaction.rollback();
            }
            const Lines wanted = commits ? Lines{large} : numbers(0, 2);
            EXPECT_EQ(open->read(stream), wanted);
            EXPECT_EQ(info(stream)->closed, commits);
            reopen();
            EXPECT_EQ(open->read(stream), wanted);
            EXPECT_EQ(info(stream)->closed, commits);
        }
    }
    Transaction none;
    EXPECT_EQ(none.settings("c-one", {}, Expected::any(), open->diagnostic).error().code,
              Code::invalid_argument);
}

TEST_F(Settings, KeepTheIdsOfWhatTheyHide) {
    ASSERT_EQ(open->append_events("s", {event_of("0", 1)}), Code::none);
    ASSERT_EQ(open->append_events("s", {event_of("1", 2)}), Code::none);
    ASSERT_EQ(set("s", {.truncate_before = 2}), Code::none);
    EXPECT_EQ(open->append_events("s", {event_of("0", 1)}), Code::none);
    EXPECT_EQ(open->appended.outcome, Outcome::duplicate);
    ASSERT_EQ(set("s", {.deleted = true}), Code::none);
    EXPECT_EQ(open->append_events("s", {event_of("1", 2)}), Code::none);
    EXPECT_EQ(open->appended.outcome, Outcome::duplicate);
    EXPECT_EQ(open->append_events("s", {event_of("other", 2)}), Code::idempotency_conflict);
}

}  // namespace
}  // namespace freshet::test
