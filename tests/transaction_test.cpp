// SPDX-License-Identifier: MIT
// One commit made of several calls, and appends to several streams at once.
#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;

class Transactions : public ::testing::Test {
protected:
    Transactions() : open{machine.door(), small_options()} {}

    Code begin() { return transaction.begin(open.store, diagnostic).error().code; }
    Code create(std::string_view stream) {
        return transaction.create(stream, diagnostic).error().code;
    }
    Code check(std::string_view stream, Expected expected) {
        return transaction.check({stream, expected}, diagnostic).error().code;
    }
    Code append(std::string_view stream, const std::vector<Event>& events,
                Expected expected = Expected::any()) {
        const auto result = transaction.append(
            {.stream = stream, .expected = expected, .events = events}, diagnostic);
        appended = result ? *result : Appended{};
        EXPECT_EQ(diagnostic.error.code, result.error().code);
        return result.error().code;
    }
    Code commit(Durability durability = Durability::durable) {
        const auto result = transaction.commit(durability, diagnostic);
        appended = result ? *result : Appended{};
        EXPECT_EQ(diagnostic.error.code, result.error().code);
        return result.error().code;
    }
    std::uint64_t commit_number() { return open.store.head().commit; }

    Machine machine;
    OpenStore open;
    Transaction transaction;
    Diagnostic diagnostic;
    Appended appended;
};

TEST_F(Transactions, CommitSeveralCallsAsOne) {
    ASSERT_EQ(begin(), Code::none);
    ASSERT_EQ(create("empty"), Code::none);
    ASSERT_EQ(append("a", {event_of("0"), event_of("1")}, Expected::no_stream()), Code::none);
    EXPECT_EQ(appended.commit, 1U);
    ASSERT_EQ(append("b", {event_of("x")}), Code::none);
    ASSERT_EQ(append("a", {event_of("2")}, Expected::version(1)), Code::none);
    EXPECT_EQ(appended.first_index, 2);
    EXPECT_EQ(appended.first_ordinal, 3U);
    EXPECT_EQ(append("a", {}, Expected::version(77)), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::nothing);
    EXPECT_EQ(appended.last_index, 2);
    ASSERT_EQ(check("a", Expected::version(2)), Code::none);
    EXPECT_EQ(commit_number(), 0U);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::appended);
    EXPECT_TRUE(appended.durable);
    EXPECT_TRUE(appended.created);
    EXPECT_EQ(appended.commit, 1U);
    EXPECT_EQ(appended.first_ordinal, 0U);
    EXPECT_EQ(appended.last_ordinal, 3U);
    EXPECT_EQ(appended.first_index, 0);
    EXPECT_EQ(commit_number(), 1U);
    EXPECT_EQ(open.read_log(), (Lines{"1 0 a@0 0", "1 1 a@1 1", "1 2 b@0 x", "1 3 a@2 2"}));
    EXPECT_EQ(open.verify(), Code::none);
    ASSERT_TRUE(open.store.close());
    OpenStore again{machine.door(), small_options()};
    EXPECT_EQ(again.read("a"), (Lines{"0", "1", "2"}));
    EXPECT_EQ(again.read("empty"), Lines{});
    EXPECT_EQ(again.verify(), Code::none);
}

TEST_F(Transactions, RefuseCallsThatMakeNoSense) {
    EXPECT_EQ(append("s", {event_of("x")}), Code::invalid_argument);
    EXPECT_EQ(create("s"), Code::invalid_argument);
    EXPECT_EQ(check("s", Expected::any()), Code::invalid_argument);
    EXPECT_EQ(transaction.annotate(as_bytes("{}"), diagnostic).error().code,
              Code::invalid_argument);
    EXPECT_EQ(transaction.sync(diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(diagnostic.error.code, Code::invalid_argument);
    EXPECT_EQ(commit(), Code::invalid_argument);
    transaction.rollback();
    ASSERT_EQ(begin(), Code::none);
    EXPECT_EQ(begin(), Code::invalid_argument);
    ASSERT_EQ(append("s", {event_of("x")}), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(append("s", {event_of("x")}), Code::invalid_argument);
    EXPECT_EQ(commit(), Code::invalid_argument);
    Store closed;
    EXPECT_EQ(transaction.begin(closed, diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(closed.append({.stream = "s", .events = {}}, diagnostic).error().code,
              Code::invalid_argument);
    EXPECT_EQ(closed.create("s", diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(closed.sync(diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(closed.maintain(diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(closed.statistics().pool_page_count, 0U);
    EXPECT_EQ(closed.head().store, 0U);
    EXPECT_TRUE(closed.close());
}

// Each kind of failure ends the transaction: nothing but rollback() is left, and nothing of it
// stays.
TEST_F(Transactions, CanOnlyBeRolledBackAfterAFailure) {
    ASSERT_TRUE(open.append("there", {"0"}));
    const std::vector<std::function<Code()>> failures = {
        [&] { return append("there", {event_of("x")}, Expected::no_stream()); },
        [&] { return append("", {event_of("x")}); },
        [&] { return append("s", {event_of("x")}, Expected::version(-1)); },
        [&] {
            return append("s", {event_of("a", 7), event_of("a", 7)});
        },
        [&] { return check("there", Expected::version(3)); },
        [&] { return check("there", Expected::version(-3)); },
        [&] { return create("there"); },
        [&] { return create("\t"); },
    };
    for (const auto& fail : failures) {
        ASSERT_EQ(begin(), Code::none);
        ASSERT_EQ(append("s", {event_of("before", 5)}), Code::none);
        EXPECT_NE(fail(), Code::none);
        EXPECT_EQ(append("s", {event_of("y")}), Code::invalid_argument);
        EXPECT_EQ(create("t"), Code::invalid_argument);
        EXPECT_EQ(check("there", Expected::any()), Code::invalid_argument);
        EXPECT_EQ(commit(), Code::invalid_argument);
        EXPECT_EQ(open.read_log(), Lines{"1 0 there@0 0"});
    }
    EXPECT_EQ(open.store.statistics().stream_count, 1U);
    ASSERT_TRUE(open.append("s", {"0"}));
    EXPECT_EQ(open.verify(), Code::none);
}

// An id that comes again in one transaction is never a retry: in the frame that is being built as
// in a part of it that is finished.
TEST_F(Transactions, RefuseAnIdThatComesAgain) {
    const std::string large(3000, 'x');
    for (const bool in_parts : {false, true}) {
        ASSERT_EQ(begin(), Code::none);
        ASSERT_EQ(append("s", {event_of("first"), event_of("a", 1)}), Code::none);
        if (in_parts) {
            ASSERT_EQ(append("t", {event_of(large), event_of(large)}), Code::none);
        }
        EXPECT_EQ(append("s", {event_of("new"), event_of("a", 1)}), Code::idempotency_conflict);
        EXPECT_EQ(diagnostic.failures[0].event, 1U);
        EXPECT_EQ(diagnostic.failures[0].actual, 1);
        EXPECT_EQ(diagnostic.failures[0].commit, 1U);
        transaction.rollback();
        ASSERT_EQ(begin(), Code::none);
        ASSERT_EQ(append("s", {event_of("a", 1)}), Code::none);
        if (in_parts) {
            ASSERT_EQ(append("t", {event_of(large), event_of(large)}), Code::none);
        }
        EXPECT_EQ(append("s", {event_of("a", 1)}), Code::idempotency_conflict);
        EXPECT_EQ(diagnostic.failures[0].actual, 0);
        transaction.rollback();
        ASSERT_EQ(begin(), Code::none);
        ASSERT_EQ(append("s", {event_of("a", 1)}), Code::none);
        if (in_parts) {
            ASSERT_EQ(append("t", {event_of(large), event_of(large)}), Code::none);
        }
        EXPECT_EQ(append("u", {event_of("a", 1)}), Code::none);
        transaction.rollback();
    }
    EXPECT_EQ(commit_number(), 0U);
}

TEST_F(Transactions, CommitNothingWhereNothingWasWritten) {
    ASSERT_EQ(begin(), Code::none);
    EXPECT_EQ(commit(), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::nothing);
    ASSERT_EQ(begin(), Code::none);
    EXPECT_EQ(check("s", Expected::no_stream()), Code::none);
    EXPECT_EQ(append("s", {}), Code::none);
    EXPECT_EQ(commit(), Code::none);
    EXPECT_EQ(commit_number(), 0U);
    EXPECT_EQ(open.store.statistics().log_size, 96U);
}

// A passed check and a found duplicate are answers too: they are told when what they rest on is
// durable.
TEST_F(Transactions, MakeWhatTheirAnswersRestOnDurable) {
    ASSERT_TRUE(open.append("s", {"0"}, Expected::any(), Durability::deferred));
    ASSERT_EQ(begin(), Code::none);
    EXPECT_EQ(check("s", Expected::version(0)), Code::none);
    EXPECT_EQ(commit(), Code::none);
    EXPECT_EQ(commit_number(), 1U);
    ASSERT_EQ(open.append_events("s", {event_of("a", 1)}, Expected::any(), Durability::deferred),
              Code::none);
    ASSERT_EQ(begin(), Code::none);
    EXPECT_EQ(append("s", {event_of("a", 1)}), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::duplicate);
    EXPECT_TRUE(appended.durable);
    EXPECT_EQ(commit_number(), 2U);
    EXPECT_EQ(commit(), Code::none);
    ASSERT_TRUE(open.append("s", {"2"}, Expected::any(), Durability::deferred));
    ASSERT_EQ(begin(), Code::none);
    EXPECT_EQ(check("s", Expected::version(2)), Code::none);
    EXPECT_EQ(commit(Durability::deferred), Code::none);
    EXPECT_EQ(commit_number(), 2U);
}

TEST_F(Transactions, CreateAStreamAndAppendToItAtOnce) {
    ASSERT_EQ(begin(), Code::none);
    ASSERT_EQ(create("s"), Code::none);
    EXPECT_EQ(check("s", Expected::stream_exists()), Code::none);
    ASSERT_EQ(append("s", {event_of("0")}, Expected::no_stream()), Code::none);
    ASSERT_EQ(commit(), Code::none);
    ASSERT_EQ(begin(), Code::none);
    ASSERT_EQ(create("t"), Code::none);
    EXPECT_EQ(create("t"), Code::already_exists);
    EXPECT_EQ(diagnostic.failures[0].commit, 2U);
    transaction.rollback();
    ASSERT_EQ(begin(), Code::none);
    ASSERT_EQ(create("t"), Code::none);
    ASSERT_EQ(commit(), Code::none);
    EXPECT_EQ(appended.commit, 2U);
    EXPECT_EQ(open.read_log(), Lines{"1 0 s@0 0"});
    EXPECT_EQ(open.verify(), Code::none);
}

// ---- several streams in one append ----

class SeveralStreams : public Transactions {
protected:
    const std::vector<Event> x = {event_of("x")};
    const std::vector<Event> a = {event_of("a", 1)};
    const std::vector<Event> b = {event_of("b", 2)};
};

TEST_F(SeveralStreams, AreWrittenTogetherOrNotAtAll) {
    ASSERT_TRUE(open.append("s", {"0"}));
    EXPECT_EQ(open.append_all({{"s", Expected::version(0), x},
                               {"t", Expected::no_stream(), x},
                               {"u", Expected::stream_exists(), x}}),
              Code::wrong_version);
    EXPECT_EQ(open.diagnostic.failure_count, 1U);
    EXPECT_EQ(open.diagnostic.failures[0].number, 2U);
    EXPECT_EQ(open.read_log(), Lines{"1 0 s@0 0"});
    ASSERT_EQ(open.append_all({{"s", Expected::version(0), x}, {"t", Expected::no_stream(), x}}),
              Code::none);
    EXPECT_EQ(open.appended.first_index, 1);
    EXPECT_EQ(open.appended.first_ordinal, 1U);
    EXPECT_EQ(open.appended.last_ordinal, 2U);
    EXPECT_EQ(open.read_log(), (Lines{"1 0 s@0 0", "2 1 s@1 x", "2 2 t@0 x"}));
}

TEST_F(SeveralStreams, MayBeTheSameStreamTwice) {
    ASSERT_EQ(open.append_all({{"s", Expected::no_stream(), x},
                               {"t", Expected::any(), x},
                               {"s", Expected::version(0), a}}),
              Code::none);
    EXPECT_EQ(open.appended.first_index, 0);
    EXPECT_EQ(open.appended.last_index, 1);
    EXPECT_EQ(open.append_all({{"s", Expected::version(1), x}, {"s", Expected::version(1), x}}),
              Code::wrong_version);
    EXPECT_EQ(open.diagnostic.failures[0].number, 1U);
    EXPECT_EQ(open.diagnostic.failures[0].actual, 2);
    EXPECT_EQ(open.diagnostic.failures[0].commit, 2U);
    EXPECT_EQ(open.read("s"), (Lines{"x", "a"}));
    // A failure in the first must not confuse the second.
    const std::vector<Event> twice = {event_of("c", 3), event_of("c", 3)};
    EXPECT_EQ(open.append_all({{"u", Expected::any(), twice},
                               {"u", Expected::any(), x},
                               {"s", Expected::version(0), x}}),
              Code::idempotency_conflict);
    EXPECT_EQ(open.diagnostic.failure_count, 2U);
    EXPECT_EQ(open.diagnostic.failures[1].number, 2U);
    EXPECT_EQ(open.read("u"), Lines{"error stream-not-found"});
}

TEST_F(SeveralStreams, CanBeCheckedWithoutBeingWritten) {
    ASSERT_TRUE(open.append("s", {"0"}));
    const std::vector<Check> right = {{"s", Expected::version(0)},
                                      {"none", Expected::no_stream()},
                                      {"s", Expected::stream_exists()}};
    ASSERT_EQ(open.append_all({{"t", Expected::any(), x}}, right), Code::none);
    EXPECT_EQ(open.append_all({{"t", Expected::any(), x}}, {right[0], {"s", Expected::version(3)}}),
              Code::wrong_version);
    EXPECT_EQ(open.diagnostic.failure_count, 1U);
    EXPECT_TRUE(open.diagnostic.failures[0].of_check);
    EXPECT_EQ(open.diagnostic.failures[0].number, 1U);
    EXPECT_EQ(open.diagnostic.failures[0].commit, 1U);
    EXPECT_EQ(open.append_all({{"t", Expected::any(), x}}, {{"", Expected::any()}}),
              Code::invalid_name);
    // Checks are of what was there before.
    ASSERT_EQ(open.append_all({{"new", Expected::any(), x}}, {{"new", Expected::no_stream()}}),
              Code::none);
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(SeveralStreams, HaveEveryFailureReported) {
    ASSERT_TRUE(open.append("s", {"0"}));
    const StreamAppend wrong{"s", Expected::version(9), x};
    const Check wrong_check{"s", Expected::no_stream()};
    ASSERT_EQ(open.append_all({wrong, {"t", Expected::any(), x}, wrong},
                              {wrong_check, {"s", Expected::any()}, wrong_check}),
              Code::wrong_version);
    ASSERT_EQ(open.diagnostic.failure_count, 4U);
    const std::vector<std::pair<bool, std::uint32_t>> places = {
        {false, 0}, {false, 2}, {true, 0}, {true, 2}};
    for (std::size_t i = 0; i < 4; i++) {
        EXPECT_EQ(open.diagnostic.failures[i].of_check, places[i].first);
        EXPECT_EQ(open.diagnostic.failures[i].number, places[i].second);
        EXPECT_EQ(open.diagnostic.failures[i].commit, 1U);
    }
    // More than there is room for are counted all the same.
    for (std::size_t appends = 0; appends < 12; appends++) {
        for (std::size_t checks = 0; checks < 12; checks++) {
            if (appends + checks == 0) continue;
            std::vector<StreamAppend> all(appends, wrong);
            all.push_back({"t", Expected::any(), x});
            EXPECT_EQ(open.append_all(all, std::vector<Check>(checks, wrong_check)),
                      Code::wrong_version);
            EXPECT_EQ(open.diagnostic.failure_count, appends + checks);
        }
    }
    EXPECT_EQ(commit_number(), 1U);
}

TEST_F(SeveralStreams, AreARetryTogetherOrNotAtAll) {
    ASSERT_EQ(open.append_all({{"s", Expected::any(), a}, {"t", Expected::any(), b}}), Code::none);
    EXPECT_EQ(open.append_all({{"s", Expected::any(), a}, {"t", Expected::any(), b}},
                              {{"t", Expected::version(7)}}),
              Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::duplicate);
    EXPECT_EQ(open.appended.first_ordinal, 0U);
    EXPECT_EQ(open.appended.last_ordinal, 0U);
    EXPECT_EQ(open.append_all({{"s", Expected::any(), {}}, {"t", Expected::any(), b}}), Code::none);
    EXPECT_EQ(open.appended.outcome, Outcome::duplicate);
    EXPECT_EQ(open.appended.first_ordinal, 1U);
    // One is there, the other is new, in both orders.
    EXPECT_EQ(open.append_all({{"s", Expected::any(), a}, {"u", Expected::any(), b}}),
              Code::idempotency_conflict);
    EXPECT_EQ(open.diagnostic.failure_count, 1U);
    EXPECT_EQ(open.diagnostic.failures[0].number, 0U);
    EXPECT_EQ(open.append_all({{"u", Expected::any(), x}, {"t", Expected::any(), b}}),
              Code::idempotency_conflict);
    EXPECT_EQ(open.diagnostic.failures[0].number, 1U);
    EXPECT_EQ(open.diagnostic.failures[0].commit, 1U);
    // One is there, the other fails.
    EXPECT_EQ(open.append_all({{"s", Expected::any(), a}, {"t", Expected::version(5), x}}),
              Code::wrong_version);
    EXPECT_EQ(open.diagnostic.failure_count, 2U);
    EXPECT_EQ(commit_number(), 1U);
    EXPECT_EQ(open.verify(), Code::none);
}

}  // namespace
}  // namespace freshet::test
