// SPDX-License-Identifier: MIT
// Commits that rest on events that are not there, and on how far a consumer has come: against a
// list searched by hand, with every failure told together, undurable commits, retries, reopening.
#include "freshet/category.hpp"
#include "freshet/follower.hpp"
#include "tests/faulty_disk.hpp"

namespace freshet::test {
namespace {

using Lines = std::vector<std::string>;
using Names = std::vector<std::string_view>;

class Conditions : public ::testing::Test {
protected:
    Conditions() : open{std::make_unique<OpenStore>(machine.door(), small_options())} {}

    void add(std::string_view stream, std::string_view type, std::string_view metadata,
             Durability durability = Durability::durable) {
        const Event event{.type = type, .metadata = as_bytes(metadata)};
        ASSERT_TRUE(open->store.append({.stream = stream, .events = {&event, 1}}, open->diagnostic,
                                       durability));
    }
    Code append(const std::vector<AppendCondition>& conditions,
                const std::vector<Tracking>& tracking = {},
                const std::vector<StreamAppend>& appends = {},
                const std::vector<Check>& checks = {}) {
        const Batch batch{appends, checks, conditions, tracking};
        const auto result = open->store.append(batch, Durability::durable, open->diagnostic);
        appended = result ? *result : Appended{};
        EXPECT_EQ(open->diagnostic.error.code, result.error().code);
        return result.error().code;
    }
    // What one item says of the log from an ordinal on: the ordinal in the way, -1: none.
    std::int64_t in_the_way(const ConditionItem& item, std::uint64_t ordinal) {
        const AppendCondition condition{{&item, 1}, ordinal};
        const Code code = append({condition}, {}, {{.stream = "new", .events = one}});
        if (code == Code::none) {
            EXPECT_EQ(open->diagnostic.failure_count, 0U);
            return -1;
        }
        EXPECT_EQ(code, Code::condition_failed);
        EXPECT_EQ(open->diagnostic.failures[0].commit,
                  static_cast<std::uint64_t>(open->diagnostic.failures[0].actual) + 1);
        return open->diagnostic.failures[0].actual;
    }
    std::uint64_t checkpoint(std::string_view consumer) {
        Snapshot now;
        EXPECT_TRUE(open->store.snapshot(now));
        const auto found = now.checkpoint(consumer);
        EXPECT_TRUE(found);
        return found ? *found : 0;
    }
    void reopen() {
        EXPECT_EQ(open->verify(), Code::none);
        EXPECT_TRUE(open->store.close());
        open = std::make_unique<OpenStore>(machine.door(), small_options());
        EXPECT_EQ(open->verify(), Code::none);
    }

    Machine machine;
    std::unique_ptr<OpenStore> open;
    Appended appended;
    const std::vector<Event> one = {event_of("x", 0, "New")};
};

// All combinations of prefix, types and tags on a log of one event a commit.
TEST_F(Conditions, FindTheFirstEventInTheWay) {
    struct Line {
        std::string_view stream, type;
        Names tags;
    };
    const std::vector<Line> log = {
        {"course-1", "Opened", {"c:1"}},         {"student-1", "Joined", {"s:1"}},
        {"course-1", "Taken", {"c:1", "s:1"}},   {"course-2", "Opened", {}},
        {"student-2", "Joined", {"s:2", "vip"}}, {"course-2", "Taken", {"s:2", "c:2", "x"}},
    };
    for (const Line& line : log) {
        std::string metadata = "{\"by\":\"me\",\"$tags\":[";
        for (const std::string_view tag : line.tags)
            metadata += (metadata.back() == '[' ? "\"" : ",\"") + std::string{tag} + "\"";
        add(line.stream, line.type, metadata + "]}");
    }
    const std::vector<Names> types = {{}, {"Opened"}, {"Joined", "Taken"}, {"Closed"}};
    const std::vector<Names> tags = {{},      {"c:1"}, {"s:1", "c:1"}, {"s:2"},
                                     {"vip"}, {"c:"},  {"s:2", "vip"}, {"none"}};
    std::size_t found = 0;
    for (const std::string_view prefix : {"", "course-", "course-2", "x"}) {
        for (const Names& wanted_types : types) {
            for (const Names& wanted_tags : tags) {
                for (std::uint64_t from = 0; from <= log.size(); from++) {
                    std::int64_t wanted = -1;
                    for (std::size_t i = log.size(); i-- > from;) {
                        const auto has = [](const Names& names, std::string_view name) {
                            return std::find(names.begin(), names.end(), name) != names.end();
                        };
                        bool is_match = log[i].stream.rfind(prefix, 0) == 0 &&
                                        (wanted_types.empty() || has(wanted_types, log[i].type));
                        for (const std::string_view tag : wanted_tags)
                            is_match = is_match && has(log[i].tags, tag);
                        if (is_match) wanted = static_cast<std::int64_t>(i);
                    }
                    // What this very test appends has the type New and no tags.
                    if (wanted < 0 && wanted_tags.empty() && wanted_types.empty() && prefix.empty())
                        continue;
                    ASSERT_EQ(in_the_way({prefix, wanted_types, wanted_tags}, from), wanted);
                    found += wanted >= 0 ? 1 : 0;
                }
            }
        }
    }
    EXPECT_GT(found, 100U);
}

TEST_F(Conditions, HoldWhereAnyOfTheirItemsDoesNotMatch) {
    add("s", "A", "");
    add("s", "B", "");
    const Names a = {"A"};
    const Names b = {"B"};
    const Names c = {"C"};
    const std::vector<ConditionItem> items = {{"", c, {}}, {"", b, {}}, {"", a, {}}};
    EXPECT_EQ(append({{items, 0}}, {}, {{.stream = "t", .events = one}}), Code::condition_failed);
    EXPECT_EQ(open->diagnostic.failures[0].actual, 0);
    EXPECT_EQ(append({{items, 1}}, {}, {{.stream = "t", .events = one}}), Code::condition_failed);
    EXPECT_EQ(open->diagnostic.failures[0].actual, 1);
    std::array<char, 200> room{};
    EXPECT_EQ(describe(open->diagnostic, room), "event 1 of commit 2 is in the way of condition 1");
    EXPECT_EQ(append({{items, 2}}, {}, {{.stream = "t", .events = one}}), Code::none);
    EXPECT_EQ(append({{{}, 0}}, {}, {{.stream = "t", .events = one}}), Code::none);
    EXPECT_EQ(append({{items, 5}}, {}, {{.stream = "t", .events = one}}), Code::ahead_of_log);
    EXPECT_EQ(append({{items, 4}}, {}, {{.stream = "t", .events = one}}), Code::none);
}

// A commit that was not synced yet is in the way like every other, and is durable when that is
// told.
TEST_F(Conditions, AreAskedOfCommitsThatAreNotDurableYet) {
    const Names type = {"Late"};
    const ConditionItem item{"", type, {}};
    add("s", "Early", "");
    add("s", "Late", "", Durability::deferred);
    EXPECT_EQ(open->store.head().commit, 1U);
    EXPECT_EQ(append({{{&item, 1}, 1}}, {}, {{.stream = "t", .events = one}}),
              Code::condition_failed);
    EXPECT_EQ(open->diagnostic.failures[0].actual, 1);
    EXPECT_EQ(open->diagnostic.failures[0].commit, 2U);
    EXPECT_EQ(open->store.head().commit, 2U);
}

// Two decisions on one stream about different keys both succeed; two about one key do not.
TEST_F(Conditions, LetWritersOfDifferentKeysBothSucceed) {
    add("seats", "Planned", "");
    const auto take = [&](std::string_view seat, std::uint64_t seen) {
        const std::string metadata = "{\"$tags\":[\"" + std::string{seat} + "\"]}";
        const Event event{.type = "Taken", .metadata = as_bytes(metadata)};
        const ConditionItem item{"seats", {}, {&seat, 1}};
        return append({{{&item, 1}, seen}}, {}, {{.stream = "seats", .events = {&event, 1}}});
    };
    EXPECT_EQ(take("1a", 1), Code::none);
    EXPECT_EQ(take("1b", 1), Code::none);
    EXPECT_EQ(take("1a", 1), Code::condition_failed);
    EXPECT_EQ(take("1a", 2), Code::none);
}

TEST_F(Conditions, AreReportedWithEverythingElseThatFails) {
    add("s", "A", "");
    ASSERT_EQ(append({}, {{"c", 5}}), Code::none);
    const ConditionItem any{};
    const std::vector<AppendCondition> conditions = {{{&any, 1}, 2}, {{&any, 1}, 0}};
    EXPECT_EQ(append(conditions, {{"d", 1}, {"c", 5}},
                     {{"t", Expected::any(), one}, {"s", Expected::no_stream(), one}},
                     {{"s", Expected::version(0)}, {"s", Expected::version(1)}}),
              Code::wrong_version);
    ASSERT_EQ(open->diagnostic.failure_count, 4U);
    const auto& failures = open->diagnostic.failures;
    const std::vector<std::pair<Code, std::uint32_t>> wanted = {{Code::wrong_version, 1},
                                                                {Code::condition_failed, 1},
                                                                {Code::checkpoint_behind, 1},
                                                                {Code::wrong_version, 1}};
    for (std::size_t i = 0; i < 4; i++) {
        EXPECT_EQ(failures[i].code, wanted[i].first);
        EXPECT_EQ(failures[i].number, wanted[i].second);
        EXPECT_EQ(failures[i].of_check, i == 3);
    }
    EXPECT_EQ(checkpoint("d"), 0U);
    EXPECT_EQ(open->read("t"), Lines{"error stream-not-found"});
    EXPECT_EQ(append({}, {}, {}), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::nothing);
}

TEST_F(Conditions, AreOfTheirTransaction) {
    add("s", "A", "");
    const Names types = {"A", "T"};
    const ConditionItem item{"", types, {}};
    Transaction transaction;
    Diagnostic& diagnostic = open->diagnostic;
    EXPECT_EQ(transaction.condition({}, diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(transaction.track({"c", 1}, diagnostic).error().code, Code::invalid_argument);
    ASSERT_TRUE(transaction.begin(open->store, diagnostic));
    const std::vector<Event> events = {event_of("x")};
    ASSERT_TRUE(transaction.append({"s", Expected::any(), events}, diagnostic));
    EXPECT_TRUE(transaction.condition({{&item, 1}, 1}, diagnostic));
    EXPECT_EQ(transaction.condition({{&item, 1}, 0}, diagnostic).error().code,
              Code::condition_failed);
    EXPECT_EQ(transaction.commit(Durability::durable, diagnostic).error().code,
              Code::invalid_argument);
    EXPECT_EQ(open->read("s"), Lines{""});
    std::vector<Snapshot> all(small_options().snapshot_count_max);
    for (Snapshot& snapshot : all) ASSERT_TRUE(open->store.snapshot(snapshot));
    EXPECT_EQ(append({{{&item, 1}, 0}}, {}, {{.stream = "t", .events = one}}),
              Code::too_many_snapshots);
}

// ---- checkpoints ----

class Checkpoints : public Conditions {};

TEST_F(Checkpoints, OnlyGrowAndComeWithTheirCommit) {
    EXPECT_EQ(checkpoint("c"), 0U);
    EXPECT_EQ(append({}, {{"c", 0}}), Code::checkpoint_behind);
    EXPECT_EQ(append({}, {{"c", 3}}, {{.stream = "s", .events = one}}), Code::none);
    EXPECT_EQ(appended.commit, 1U);
    EXPECT_EQ(appended.first_index, 0);
    EXPECT_TRUE(appended.created);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(checkpoint("c"), 3U);
        EXPECT_EQ(checkpoint("d"), 0U);
        for (const std::uint64_t late : {0U, 2U, 3U}) {
            EXPECT_EQ(append({}, {{"c", late}}, {{.stream = "s", .events = one}}),
                      Code::checkpoint_behind);
            EXPECT_EQ(open->diagnostic.failures[0].expected, static_cast<std::int64_t>(late));
            EXPECT_EQ(open->diagnostic.failures[0].actual, 3);
        }
        EXPECT_EQ(open->read("s").size(), 1U);
        if (i == 0) reopen();
    }
    std::array<char, 200> room{};
    EXPECT_EQ(describe(open->diagnostic, room),
              "the consumer has come to 3 already, and 3 was given");
    EXPECT_EQ(append({}, {{"c", 4}, {"c", 5}, {"d", 1}}), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::nothing);
    EXPECT_EQ(appended.commit, 2U);
    EXPECT_EQ(checkpoint("c"), 5U);
    EXPECT_EQ(append({}, {{"d", 3}, {"d", 2}}), Code::checkpoint_behind);
    EXPECT_EQ(checkpoint("d"), 1U);
    EXPECT_EQ(open->read("$checkpoint/c").size(), 3U);
    const std::string longest(243, 'n');
    EXPECT_EQ(append({}, {{longest, 1}}), Code::none);
    EXPECT_EQ(append({}, {{longest + "n", 1}}), Code::too_large);
    EXPECT_EQ(open->diagnostic.limit, 243U);
    EXPECT_EQ(append({}, {{"", 1}}), Code::invalid_name);
    Snapshot snapshot;
    EXPECT_EQ(snapshot.checkpoint("c").error().code, Code::invalid_argument);
    ASSERT_TRUE(open->store.snapshot(snapshot));
    EXPECT_EQ(snapshot.checkpoint("\n").error().code, Code::invalid_name);
    EXPECT_EQ(append({}, {{"c", 9}}), Code::none);
    EXPECT_EQ(*snapshot.checkpoint("c"), 5U);
    EXPECT_EQ(open->verify(), Code::none);
}

// A retry finds its events and its checkpoint there, or neither.
TEST_F(Checkpoints, BelongToARetry) {
    const std::vector<Event> events = {event_of("x", 1)};
    const std::vector<StreamAppend> appends = {{.stream = "s", .events = events}};
    ASSERT_EQ(append({}, {{"c", 3}}, appends), Code::none);
    EXPECT_EQ(append({}, {{"c", 3}}, appends), Code::none);
    EXPECT_EQ(appended.outcome, Outcome::duplicate);
    EXPECT_EQ(appended.commit, 1U);
    EXPECT_EQ(append({}, {{"c", 4}}, appends), Code::idempotency_conflict);
    EXPECT_EQ(checkpoint("c"), 3U);
}

// A consumer that is cut off at any place of its work, and begins again at its checkpoint, makes of
// each event one effect.
TEST_F(Checkpoints, GiveEachEventItsEffectOnce) {
    for (int i = 0; i < 20; i++) ASSERT_TRUE(open->append("in", {std::to_string(i)}));
    for (int round = 0; checkpoint("copy") < 20; round++) {
        ASSERT_LT(round, 100);
        Follower follower;
        ASSERT_TRUE(follower.open(open->store, checkpoint("copy"), {.stream_prefix = "in"}));
        Recorded event;
        for (int k = 0; k <= round % 3; k++) {
            const auto step = follower.next(event, 0);
            ASSERT_TRUE(step);
            if (*step != Follower::Step::event) break;
            const Event copy{.type = "Copied", .payload = event.payload};
            const StreamAppend effect{.stream = "out", .events = {&copy, 1}};
            const bool is_cut_off = k == 1 && round % 2 == 0;
            if (is_cut_off) break;
            ASSERT_EQ(append({}, {{"copy", follower.next_ordinal()}}, {effect}), Code::none);
        }
    }
    Lines wanted;
    for (int i = 0; i < 20; i++) wanted.push_back(std::to_string(i));
    EXPECT_EQ(open->read("out"), wanted);
}

// ---- categories and groups ----

class Categories : public Conditions {};

TEST_F(Categories, AreNamesUpToTheFirstDash) {
    struct Case {
        std::string_view stream, category, id;
    };
    for (const Case& c : std::vector<Case>{{"account-17", "account", "17"},
                                           {"account-17-b", "account", "17-b"},
                                           {"account-17+loans", "account", "17"},
                                           {"account-+loans", "account", ""},
                                           {"account-", "account", ""},
                                           {"account", "account", ""},
                                           {"ac+count-1", "ac+count", "1"},
                                           {"-17", "", "17"},
                                           {"-", "", ""},
                                           {"", "", ""}}) {
        EXPECT_EQ(category_of(c.stream), c.category);
        EXPECT_EQ(cardinal_id_of(c.stream), c.id);
    }
}

// The hash is told to consumers: it must stay. FNV-1a of 64 bits, computed elsewhere.
TEST_F(Categories, AreSharedByAHashThatStays) {
    constexpr std::uint32_t large = 4'000'000'007U;
    EXPECT_EQ(group_member_of("account", large), 0xcbf29ce484222325U % large);
    EXPECT_EQ(group_member_of("account-a", large), 0xaf63dc4c8601ec8cU % large);
    EXPECT_EQ(group_member_of("x-foobar+y", large), 0x85944171f73967e8U % large);
    EXPECT_EQ(group_member_of("x-foobar", 1), 0U);
}

TEST_F(Categories, AreReadByTheMembersOfAGroupTogether) {
    Lines all;
    for (int i = 0; i < 60; i++) {
        add("account-" + std::to_string(i % 20), "T", "");
        add("accounts-" + std::to_string(i), "T", "");
        add("account", "T", "");
    }
    EXPECT_EQ(open->read_log(LogStart::ordinal(0), {.category = "account"}).size(), 120U);
    EXPECT_EQ(open->read_log(LogStart::ordinal(0), {.category = "accoun"}), Lines{});
    EXPECT_EQ(open->read_log(LogStart::ordinal(0), {.category = "accounts"}).size(), 60U);
    for (std::uint32_t count = 1; count < 6; count++) {
        Lines together;
        for (std::uint32_t member = 0; member < count; member++) {
            const Lines some = open->read_log(
                LogStart::ordinal(0),
                {.category = "account", .group_count = count, .group_member = member});
            EXPECT_GT(some.size(), 120U / count / 4);
            together.insert(together.end(), some.begin(), some.end());
        }
        Lines whole = open->read_log(LogStart::ordinal(0), {.category = "account"});
        std::sort(together.begin(), together.end());
        std::sort(whole.begin(), whole.end());
        EXPECT_EQ(together, whole);
        EXPECT_EQ(
            open->read_log(LogStart::ordinal(0), {.group_count = count, .group_member = count}),
            Lines{"error invalid-argument"});
    }
    Follower follower;
    EXPECT_EQ(follower.open(open->store, 0, {.group_count = 2, .group_member = 2}).error().code,
              Code::invalid_argument);
}

TEST_F(Categories, AreNotTheOnlyWayToSort) {
    add("a", "T", R"({"$correlationId":"one","$causationId":"1"})");
    add("b", "T", R"({"$causationId":"one"})");
    add("c", "T", R"({ "x" : ["$correlationId"], "$correlationId" : "\u006fne" })");
    add("d", "T", "$correlationId one");
    EXPECT_EQ(open->read_log(LogStart::ordinal(0), {.correlation = "one"}),
              (Lines{"1 0 a@0 ", "3 2 c@0 "}));
    EXPECT_EQ(open->read_log(LogStart::ordinal(0), {.correlation = "two"}), Lines{});
}

// The store's own events are in nobody's way but where they are asked for.
TEST_F(Conditions, MayBeOfTheStoresOwnStreams) {
    add("s", "T", "");
    EXPECT_EQ(append({}, {{.consumer = "c", .ordinal = 1}}), Code::none);
    EXPECT_EQ(in_the_way({.stream_prefix = "$checkpoint/"}, 0), 1);
    EXPECT_EQ(in_the_way({.stream_prefix = ""}, 1), -1);
}

// What cannot be made sure of is no ground to write on.
TEST(FailedConditions, SayThatTheCommitsBeforeThemAreNotDurable) {
    Machine machine;
    FaultyDisk faulty{machine.disk};
    OpenStore open{Door{&faulty, &machine.clock, &machine.gate}, small_options()};
    ASSERT_TRUE(open.append("s", {"x"}, Expected::any(), Durability::deferred));
    faulty.syncs_fail = true;
    const AppendCondition condition{{}, 0};
    const std::vector<Event> one = {event_of("x")};
    const StreamAppend append{.stream = "s", .events = one};
    const Batch batch{{&append, 1}, {}, {&condition, 1}, {}};
    EXPECT_EQ(open.store.append(batch, Durability::durable, open.diagnostic).error().code,
              Code::poisoned);
    EXPECT_EQ(open.diagnostic.error.system_error, 5);
}

TEST(FailedConditions, NeedASnapshot) {
    Machine machine;
    Options options = small_options();
    options.snapshot_count_max = 1;
    OpenStore open{machine.door(), options};
    ASSERT_TRUE(open.append("s", {"x"}));
    Snapshot held;
    ASSERT_TRUE(open.store.snapshot(held));
    const AppendCondition condition{{}, 0};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    EXPECT_EQ(transaction.condition(condition, open.diagnostic).error().code,
              Code::too_many_snapshots);
    const Tracking tracking{.consumer = "c", .ordinal = 1};
    EXPECT_EQ(transaction.track(tracking, open.diagnostic).error().code, Code::invalid_argument);
    EXPECT_EQ(open.diagnostic.error.code, Code::invalid_argument);
}

TEST(Batches, NeedAStoreThatIsOpenForWriting) {
    const Tracking tracking{.consumer = "c", .ordinal = 1};
    const Batch batch{{}, {}, {}, {&tracking, 1}};
    Store closed;
    Diagnostic diagnostic;
    EXPECT_EQ(closed.append(batch, Durability::durable, diagnostic).error().code,
              Code::invalid_argument);
    Machine machine;
    { OpenStore open{machine.door(), small_options()}; }
    Options options = small_options();
    options.create = false;
    options.read_only = true;
    OpenStore open{machine.door(), options};
    EXPECT_EQ(open.store.append(batch, Durability::durable, diagnostic).error().code,
              Code::read_only);
}

}  // namespace
}  // namespace freshet::test
