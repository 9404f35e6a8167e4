// SPDX-License-Identifier: MIT
// What an append to one stream answers: expectations, event ids, limits. The table is at the head
// of src/store/append.cpp.
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Append : public ::testing::Test {
protected:
    Append() : open{machine.door(), small_options()} {}

    // What a failure leaves: nothing. Pages that nobody reads any more go back to the pool when a
    // transaction begins.
    void expect_unchanged(const std::function<void()>& action) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        transaction.rollback();
        const StoreStatistics before = open.store.statistics();
        const Lines log = open.read_log();
        action();
        const StoreStatistics after = open.store.statistics();
        EXPECT_EQ(after.commit, before.commit);
        EXPECT_EQ(after.next_ordinal, before.next_ordinal);
        EXPECT_EQ(after.stream_count, before.stream_count);
        EXPECT_EQ(after.log_size, before.log_size);
        EXPECT_EQ(after.pool_page_used, before.pool_page_used);
        EXPECT_EQ(open.read_log(), log);
    }

    Machine machine;
    OpenStore open;
};

// Each expectation against a stream that is missing, created and empty, and at versions 0 and 1.
TEST_F(Append, HoldsExactlyTheExpectationsThatAreTrue) {
    struct Case {
        Expected expected;
        std::string_view holds;  // For missing, empty, version 0, version 1.
    };
    const std::vector<Case> cases = {
        {Expected::any(), "yyyy"},
        {Expected::no_stream(), "yynn"},
        {Expected::stream_exists(), "nyyy"},
        {Expected::version(0), "nnyn"},
        {Expected::version(1), "nnny"},
        {Expected::version(2), "nnnn"},
        {Expected::version(INT64_MAX), "nnnn"},
    };
    std::uint64_t number = 0;
    for (const Case& each : cases) {
        for (std::size_t state = 0; state < 4; state++) {
            const std::string stream = "s" + std::to_string(number++);
            if (state == 1) {
                ASSERT_EQ(open.create(stream), Code::none);
            }
            if (state == 2) {
                ASSERT_TRUE(open.append(stream, {"0"}));
            }
            if (state == 3) {
                ASSERT_TRUE(open.append(stream, {"0", "1"}));
            }
            const std::uint64_t before = open.store.statistics().commit;
            const std::int64_t version = state < 2 ? -1 : static_cast<std::int64_t>(state) - 2;
            const Code code = open.append_events(stream, {event_of("x")}, each.expected);
            if (each.holds[state] == 'y') {
                EXPECT_EQ(code, Code::none);
                EXPECT_EQ(open.appended.first_index, version + 1);
                EXPECT_EQ(open.appended.created, state == 0);
                EXPECT_EQ(open.appended.commit, before + 1);
                continue;
            }
            EXPECT_EQ(code, Code::wrong_version) << stream;
            EXPECT_EQ(open.diagnostic.failure_count, 1U);
            const Failure& failure = open.diagnostic.failures[0];
            EXPECT_EQ(failure.expected, each.expected.number());
            EXPECT_EQ(failure.actual, version);
            EXPECT_EQ(failure.commit, state == 0 ? 0 : before);
            EXPECT_EQ(failure.time_us, state == 0 ? 0 : open.store.statistics().time_us);
            EXPECT_EQ(open.store.statistics().commit, before);
        }
    }
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(Append, RefusesAVersionBelowZero) {
    EXPECT_EQ(open.append_events("s", {event_of("x")}, Expected::version(-1)),
              Code::invalid_argument);
    EXPECT_EQ(open.append_all({{.stream = "s", .events = {}}}, {{"s", Expected::version(-5)}}),
              Code::none);
    const std::vector<Event> events = {event_of("x")};
    EXPECT_EQ(open.append_all({{.stream = "s", .events = events}}, {{"s", Expected::version(-5)}}),
              Code::invalid_argument);
}

TEST_F(Append, AnswersAnEmptyBatchWithTheVersionAndDoesNothing) {
    expect_unchanged([&] {
        EXPECT_EQ(open.append_events("s", {}), Code::none);
        EXPECT_EQ(open.appended.last_index, -1);
        EXPECT_EQ(open.append_events("s", {}, Expected::version(7)), Code::none);
        EXPECT_EQ(open.append_all({}), Code::none);
        EXPECT_EQ(open.append_all({}, {{"s", Expected::stream_exists()}}), Code::none);
        EXPECT_EQ(open.append_events("", {}), Code::invalid_name);
    });
    ASSERT_TRUE(open.append("s", {"0", "1"}));
    expect_unchanged([&] {
        EXPECT_EQ(open.append_events("s", {}, Expected::no_stream()), Code::none);
        EXPECT_EQ(open.appended.outcome, Outcome::nothing);
        EXPECT_EQ(open.appended.first_index, 1);
        EXPECT_EQ(open.appended.last_index, 1);
        EXPECT_EQ(open.appended.commit, 0U);
    });
}

TEST_F(Append, FindsARetriedBatchWhateverIsExpected) {
    ASSERT_TRUE(open.append("s", {"before"}));
    const std::vector<Event> batch = {event_of("a", 1), event_of("b", 2), event_of("c", 3)};
    ASSERT_EQ(open.append_events("s", batch), Code::none);
    const Appended original = open.appended;
    ASSERT_TRUE(open.append("s", {"after"}));
    for (const Expected expected :
         {Expected::any(), Expected::no_stream(), Expected::stream_exists(), Expected::version(0),
          Expected::version(4), Expected::version(99)}) {
        expect_unchanged([&] {
            EXPECT_EQ(open.append_events("s", batch, expected), Code::none);
            EXPECT_EQ(open.appended.outcome, Outcome::duplicate);
            EXPECT_EQ(open.appended.commit, original.commit);
            EXPECT_EQ(open.appended.time_us, original.time_us);
            EXPECT_EQ(open.appended.first_ordinal, original.first_ordinal);
            EXPECT_EQ(open.appended.last_ordinal, original.last_ordinal);
            EXPECT_EQ(open.appended.first_index, 1);
            EXPECT_EQ(open.appended.last_index, 3);
            EXPECT_TRUE(open.appended.durable);
            EXPECT_FALSE(open.appended.created);
        });
    }
    // Any row of them is a duplicate as well.
    EXPECT_EQ(open.append_events("s", {batch[1], batch[2]}), Code::none);
    EXPECT_EQ(open.appended.first_index, 2);
    EXPECT_EQ(open.appended.last_index, 3);
}

TEST_F(Append, FindsARetriedBatchAfterReopening) {
    const std::vector<Event> batch = {event_of("a", 1), event_of("b", 2)};
    ASSERT_EQ(open.append_events("s", batch), Code::none);
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), small_options()};
    ASSERT_EQ(again.append_events("s", batch), Code::none);
    EXPECT_EQ(again.appended.outcome, Outcome::duplicate);
    EXPECT_EQ(again.appended.last_index, 1);
    EXPECT_EQ(again.read("s"), (Lines{"a", "b"}));
}

// For each batch that is neither new nor a retry: the event that is in the way, and where it is.
TEST_F(Append, RefusesWhatIsNeitherNewNorARetry) {
    ASSERT_EQ(open.append_events("s", {event_of("a", 1), event_of("b", 2)}), Code::none);
    ASSERT_EQ(open.append_events("s", {event_of("c", 3)}), Code::none);
    ASSERT_EQ(open.append_events("s", {event_of("no id")}), Code::none);
    struct Case {
        std::vector<Event> batch;
        std::uint32_t event;
        std::int64_t actual;
        std::uint64_t commit;
    };
    const std::vector<Case> cases = {
        {{event_of("a", 1), event_of("x", 9)}, 1, -1, 0},                    // One more,
        {{event_of("a", 1), event_of("no id")}, 1, -1, 0},                   // one without an id,
        {{event_of("x", 9), event_of("a", 1)}, 1, 0, 1},                     // one before,
        {{event_of("no id"), event_of("c", 3)}, 1, 2, 2},                    //
        {{event_of("b", 2), event_of("a", 1)}, 1, 0, 1},                     // another order,
        {{event_of("a", 1), event_of("c", 3)}, 1, 2, 2},                     // one left out,
        {{event_of("a", 1), event_of("a", 1)}, 1, 0, 1},                     // one twice,
        {{event_of("z", 1)}, 0, 0, 1},                                       // another payload,
        {{event_of("a", 1, "Other")}, 0, 0, 1},                              // another type,
        {{event_of("a", 1), event_of("z", 2)}, 1, 1, 1},                     //
        {{event_of("a", 1), event_of("b", 2), event_of("zz", 3)}, 2, 2, 2},  //
        {{event_of("", 3)}, 0, 2, 2},                                        // or none.
    };
    for (std::size_t i = 0; i < cases.size(); i++) {
        expect_unchanged([&] {
            EXPECT_EQ(open.append_events("s", cases[i].batch), Code::idempotency_conflict) << i;
            EXPECT_EQ(open.diagnostic.failure_count, 1U) << i;
            EXPECT_EQ(open.diagnostic.failures[0].event, cases[i].event) << i;
            EXPECT_EQ(open.diagnostic.failures[0].actual, cases[i].actual) << i;
            EXPECT_EQ(open.diagnostic.failures[0].commit, cases[i].commit) << i;
        });
    }
}

TEST_F(Append, KeepsIdsOfDifferentStreamsApart) {
    const std::vector<Event> batch = {event_of("a", 1)};
    ASSERT_EQ(open.append_events("s", batch), Code::none);
    ASSERT_EQ(open.append_events("t", batch), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::appended);
    ASSERT_EQ(open.append_all({{.stream = "u", .events = batch}, {.stream = "v", .events = batch}}),
              Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::appended);
    EXPECT_EQ(open.read("v"), Lines{"a"});
}

// An id of all zeros is none, and metadata is no part of what makes an event the same.
TEST_F(Append, ComparesTypeAndPayloadOfARetry) {
    Event event = event_of("a", 1);
    event.metadata = as_bytes("m1");
    ASSERT_EQ(open.append_events("s", {event}), Code::none);
    event.metadata = as_bytes("m2");
    ASSERT_EQ(open.append_events("s", {event}), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::duplicate);
    EXPECT_FALSE(EventId{}.is_set());
    ASSERT_EQ(open.append_events("s", {event_of("x"), event_of("x")}), Code::none);
    ASSERT_EQ(open.append_events("s", {event_of("x"), event_of("x")}), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::appended);
}

TEST_F(Append, RefusesAnIdThatComesTwiceInOneBatch) {
    expect_unchanged([&] {
        EXPECT_EQ(open.append_events("s", {event_of("a", 1), event_of("b", 2), event_of("a", 1)}),
                  Code::idempotency_conflict);
        EXPECT_EQ(open.diagnostic.failure_count, 1U);
        EXPECT_EQ(open.diagnostic.failures[0].event, 2U);
        EXPECT_EQ(open.diagnostic.failures[0].actual, 0);
        EXPECT_EQ(open.diagnostic.failures[0].commit, 1U);
    });
    EXPECT_EQ(open.append_events("s", {event_of("a", 1)}), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::appended);
}

TEST_F(Append, CreatesAStreamOnce) {
    ASSERT_EQ(open.create("s"), Code::none);
    EXPECT_EQ(open.store.statistics().commit, 1U);
    EXPECT_EQ(open.read("s"), Lines{});
    expect_unchanged([&] {
        EXPECT_EQ(open.create("s"), Code::already_exists);
        EXPECT_EQ(open.diagnostic.failures[0].code, Code::already_exists);
        EXPECT_EQ(open.diagnostic.failures[0].actual, -1);
        EXPECT_EQ(open.diagnostic.failures[0].commit, 1U);
    });
    ASSERT_TRUE(open.append("s", {"0"}));
    EXPECT_EQ(open.create("s"), Code::already_exists);
    EXPECT_EQ(open.diagnostic.failures[0].commit, 2U);
    ASSERT_TRUE(open.append("t", {"0"}));
    EXPECT_EQ(open.create("t"), Code::already_exists);
    EXPECT_EQ(open.create(""), Code::invalid_name);
    EXPECT_EQ(open.verify(), Code::none);
    ASSERT_EQ(open.create("empty"), Code::none);
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), small_options()};
    EXPECT_EQ(again.read("empty"), Lines{});
    EXPECT_EQ(again.create("empty"), Code::already_exists);
    EXPECT_EQ(again.store.statistics().stream_count, 3U);
    EXPECT_EQ(again.verify(), Code::none);
}

TEST_F(Append, TakesNamesUpToTheirLimitAndNoLonger) {
    const std::string longest(255, 'n');
    const std::string too_long(256, 'n');
    ASSERT_EQ(open.append_events(longest, {event_of("x", 1, longest)}), Code::none);
    EXPECT_EQ(open.append_events(longest, {event_of("x", 1, longest)}), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::duplicate);
    EXPECT_EQ(open.read(longest), Lines{"x"});
    expect_unchanged([&] {
        EXPECT_EQ(open.append_events(too_long, {event_of("x")}), Code::too_large);
        EXPECT_EQ(open.diagnostic.needed, 256U);
        EXPECT_EQ(open.diagnostic.limit, 255U);
        EXPECT_EQ(open.append_events("s", {event_of("x", 0, too_long)}), Code::too_large);
        EXPECT_EQ(open.diagnostic.needed, 256U);
        EXPECT_EQ(open.diagnostic.limit, 255U);
        EXPECT_EQ(open.create(too_long), Code::too_large);
        for (const std::string_view bad : {"", "\n", "a\x7f", "\xff", "\xc3", "a\x1f z"}) {
            EXPECT_EQ(open.append_events(bad, {event_of("x")}), Code::invalid_name);
            EXPECT_EQ(open.append_events("s", {event_of("x", 0, bad)}), Code::invalid_name);
            EXPECT_EQ(open.append_events("s", {event_of("ok"), event_of("x", 0, bad)}),
                      Code::invalid_name);
            EXPECT_EQ(open.create(bad), Code::invalid_name);
            EXPECT_EQ(open.append_events(bad, {}), Code::invalid_name);
        }
        EXPECT_EQ(open.append_events(std::string_view{"a\0b", 3}, {event_of("x")}),
                  Code::invalid_name);
    });
    EXPECT_EQ(open.verify(), Code::none);
}

// `limit` of the error is exact: that much goes, with any name, type, id and metadata; one byte
// more does not.
TEST_F(Append, TakesEventsUpToTheLimitItNames) {
    for (const std::size_t name_size : {1U, 100U, 255U}) {
        for (const std::size_t metadata_size : {0U, 1U, 500U}) {
            for (const bool has_id : {false, true}) {
                const std::string name(name_size, has_id ? 'i' : 'n');
                const std::string metadata(metadata_size, 'm');
                std::string payload(1 << 12, 'p');
                Event event = event_of(payload, 0, name);
                event.metadata = as_bytes(metadata);
                ASSERT_EQ(open.append_events(name, {event}), Code::too_large);
                EXPECT_EQ(open.diagnostic.needed, payload.size() + metadata.size());
                ASSERT_LT(open.diagnostic.limit, payload.size() + metadata.size());
                ASSERT_GT(open.diagnostic.limit, 3000U);
                const std::size_t limit = open.diagnostic.limit;
                payload.resize(limit + 1 - metadata_size);
                if (has_id) event.id = id_of(metadata_size + 1);
                event.payload = as_bytes(payload);
                ASSERT_EQ(open.append_events(name, {event}), Code::too_large);
                payload.pop_back();
                event.payload = as_bytes(payload);
                ASSERT_EQ(open.append_events(name, {event, event_of("and", 0, name)}), Code::none);
                EXPECT_EQ(open.read(name, Horizon::newest(), Direction::backwards, 2),
                          (Lines{"and", payload}));
            }
        }
    }
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(Append, ShowsWhatIsDeferredOnlyAfterASync) {
    const auto first = open.append("s", {"0"}, Expected::no_stream(), Durability::deferred);
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->durable);
    EXPECT_EQ(first->commit, 1U);
    EXPECT_EQ(open.read("s"), Lines{"error stream-not-found"});
    const auto second = open.append("s", {"1"}, Expected::version(0), Durability::deferred);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->first_index, 1);
    EXPECT_EQ(open.store.statistics().commit, 0U);
    ASSERT_TRUE(open.store.sync(open.diagnostic));
    EXPECT_EQ(open.read("s"), (Lines{"0", "1"}));
    ASSERT_TRUE(open.append("s", {"2"}, Expected::any(), Durability::deferred));
    // A durable one takes those before it along.
    ASSERT_TRUE(open.append("t", {"0"}));
    EXPECT_EQ(open.read("s"), (Lines{"0", "1", "2"}));
    ASSERT_TRUE(open.append("t", {"1"}, Expected::any(), Durability::deferred));
    ASSERT_TRUE(open.store.maintain(open.diagnostic));
    EXPECT_EQ(open.read("t"), (Lines{"0", "1"}));
    ASSERT_TRUE(open.append("t", {"2"}, Expected::any(), Durability::deferred));
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), small_options()};
    EXPECT_EQ(again.read("t"), (Lines{"0", "1", "2"}));
}

// What an answer rests on is durable before it is given.
TEST_F(Append, MakesWhatAnAnswerRestsOnDurable) {
    const std::vector<Event> batch = {event_of("a", 1)};
    ASSERT_EQ(open.append_events("s", batch, Expected::any(), Durability::deferred), Code::none);
    EXPECT_EQ(open.store.statistics().commit, 0U);
    EXPECT_EQ(open.append_events("s", batch, Expected::any(), Durability::deferred), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::duplicate);
    EXPECT_TRUE(open.appended.durable);
    EXPECT_EQ(open.store.statistics().commit, 1U);
    ASSERT_EQ(open.append_events("s", {event_of("b", 2)}, Expected::any(), Durability::deferred),
              Code::none);
    EXPECT_EQ(open.append_events("s", {event_of("b")}, Expected::version(0), Durability::deferred),
              Code::wrong_version);
    EXPECT_EQ(open.store.statistics().commit, 2U);
    ASSERT_EQ(open.append_events("t", {event_of("b", 2)}, Expected::any(), Durability::deferred),
              Code::none);
    EXPECT_EQ(open.create("t"), Code::already_exists);
    EXPECT_EQ(open.store.statistics().commit, 3U);
}

TEST_F(Append, GivesTimesThatGrowWhateverTheClockDoes) {
    std::uint64_t before = 0;
    for (const std::uint64_t now :
         {std::uint64_t{500}, std::uint64_t{400}, std::uint64_t{0}, std::uint64_t{10'000},
          std::uint64_t{10'000}, ~std::uint64_t{0} - 11, std::uint64_t{3}}) {
        machine.clock.now = now;
        ASSERT_TRUE(open.append("s", {"x"}));
        const std::uint64_t time = open.store.statistics().time_us;
        EXPECT_GT(time, before);
        before = time;
    }
    EXPECT_EQ(open.verify(), Code::none);
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), small_options()};
    EXPECT_EQ(again.store.statistics().time_us, before);
}

// A type is its name and the version of its schema: both come back, and both tell an event from
// another of the same id.
TEST_F(Append, KeepsTheSchemaVersionOfAType) {
    std::vector<Event> events;
    for (const std::uint16_t version : std::array<std::uint16_t, 6>{1, 2, 2, 300, 65535, 1}) {
        events.push_back({.type = "Opened",
                          .payload = {},
                          .metadata = {},
                          .id = id_of(events.size() + 1),
                          .schema_version = version});
    }
    ASSERT_TRUE(open.store.append({"s", Expected::any(), events}, open.diagnostic));
    const auto expect_all = [&](Store& store) {
        Snapshot snapshot;
        ASSERT_TRUE(store.snapshot(snapshot));
        StreamCursor cursor;
        LogCursor log;
        ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning()));
        ASSERT_TRUE(log.open(snapshot, LogStart::ordinal(0)));
        for (const Event& event : events) {
            Recorded recorded;
            Result<bool> there = cursor.next(recorded);
            ASSERT_TRUE(there && *there);
            EXPECT_EQ(recorded.schema_version, event.schema_version);
            there = log.next(recorded);
            ASSERT_TRUE(there && *there);
            EXPECT_EQ(recorded.type, "Opened");
            EXPECT_EQ(recorded.schema_version, event.schema_version);
        }
    };
    expect_all(open.store);

    Event again = events[1];
    Diagnostic diagnostic;
    ASSERT_TRUE(open.store.append({"s", Expected::any(), {&again, 1}}, diagnostic));
    again.schema_version = 3;
    EXPECT_EQ(open.store.append({"s", Expected::any(), {&again, 1}}, diagnostic).error(),
              Code::idempotency_conflict);
    again.schema_version = 0;
    EXPECT_EQ(open.store.append({"s", Expected::any(), {&again, 1}}, diagnostic).error(),
              Code::invalid_argument);
    ASSERT_TRUE(open.store.close());
    OpenStore reopened{machine.door(), small_options()};
    expect_all(reopened.store);
}

// Who is to sync for a crowd waits for it no longer than for a hundred looks, also by a clock that
// stands still.
TEST(GroupCommit, WaitsForACrowdThatDoesNotCome) {
    class StandingClock final : public Clock {
    public:
        std::uint64_t now_us() noexcept override { return 1'000'000; }
        void random(MutableBytes into) noexcept override { ticking.random(into); }
        TickingClock ticking;
    };
    class PatientGate final : public Gate {
    public:
        void lock(Turn turn) noexcept override { inner.lock(turn); }
        void unlock(Turn turn) noexcept override { inner.unlock(turn); }
        void wait(Turn turn, std::uint64_t timeout_us) noexcept override {
            inner.wait(turn, timeout_us);
        }
        void wake(Turn turn) noexcept override { inner.wake(turn); }
        bool pause(Turn) noexcept override { return ++pause_count > 0; }
        PosixGate inner;
        int pause_count = 0;
    };
    Machine machine;
    StandingClock clock;
    PatientGate gate;
    OpenStore open{Door{&machine.disk, &clock, &gate}, small_options()};
    for (int i = 0; i < 3; i++)
        ASSERT_TRUE(open.append("s", {"x"}, Expected::any(), Durability::deferred));
    ASSERT_TRUE(open.store.sync(open.diagnostic));
    EXPECT_EQ(gate.pause_count, 0);
    ASSERT_TRUE(open.append("s", {"alone"}));
    EXPECT_EQ(gate.pause_count, 100);
    ASSERT_TRUE(open.append("s", {"alone"}));
    EXPECT_EQ(gate.pause_count, 100);
}

TEST(Appends, NeedAnOpenStore) {
    Store store;
    Diagnostic diagnostic;
    const Result<Appended> appended = store.append({}, {}, Durability::durable, diagnostic);
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error(), Code::invalid_argument);
    EXPECT_EQ(diagnostic.error, Code::invalid_argument);
}

}  // namespace
}  // namespace freshet::test
