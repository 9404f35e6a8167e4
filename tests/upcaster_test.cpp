// SPDX-License-Identifier: MIT
// Goal: events of older schemas read as those of today, and a list of upcasters that would not make
// them so is refused. Method: a rename, a default and a split, through a store and through every
// size of scratch; and every list of up to three upcasters between a few schemas.
#include "freshet/upcaster.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "tests/store_fixture.hpp"

namespace freshet::test {
namespace {

using Kind = UpcasterProblem::Kind;

// Makes `text` the payload, in the scratch.
Status put(const std::string& text, Recorded& event, MutableBytes& scratch) noexcept {
    if (text.size() > scratch.size()) return Code::out_of_memory;
    std::memcpy(scratch.data(), text.data(), text.size());
    event.payload = scratch.first(text.size());
    scratch = scratch.subspan(text.size());
    return Done{};
}

// {"sum":...} was the old name of {"cents":...}.
Status rename_member(void* count, Recorded& event, MutableBytes& scratch) noexcept {
    ++*static_cast<int*>(count);
    std::string text{as_text(event.payload)};
    if (text.rfind("{\"sum\":", 0) != 0) return Code::corrupt;
    return put(text.replace(2, 3, "cents"), event, scratch);
}

Status add_default(void*, Recorded& event, MutableBytes& scratch) noexcept {
    std::string text{as_text(event.payload)};
    return put(text.replace(text.size() - 1, 1, ",\"currency\":\"EUR\"}"), event, scratch);
}

// "by":"Ada Lovelace" becomes "first":"Ada","last":"Lovelace"; the metadata shrinks in its place.
Status split_member(void*, Recorded& event, MutableBytes& scratch) noexcept {
    std::string text{as_text(event.payload)};
    const std::size_t at = text.find("\"by\":\"");
    const std::size_t space = text.find(' ', at);
    if (at == std::string::npos || space == std::string::npos) return Code::corrupt;
    event.metadata = {};
    text.replace(space, 1, "\",\"last\":\"").replace(at, 6, "\"first\":\"");
    return put(text, event, scratch);
}

Recorded recorded(std::string_view type, std::uint16_t version, std::string_view payload = {}) {
    Recorded event;
    event.type = type;
    event.schema_version = version;
    event.payload = as_bytes(payload);
    return event;
}

class Upcasters : public testing::Test {
protected:
    int renamed = 0;
    // In no order: sum 1 -> sum 2 -> sum 3 -> Paid 1 -> Paid 2.
    std::vector<Upcaster> list{
        {.type = "Paid", .upcast = split_member},
        {.type = "Summed", .version = 2, .upcast = add_default},
        {.type = "Summed", .upcast = rename_member, .context = &renamed},
        {.type = "Summed", .version = 3, .to_type = "Paid", .to_version = 1},
    };
    const std::string old = R"({"sum":995,"by":"Ada Lovelace"})";
    const std::string today = R"({"cents":995,"first":"Ada","last":"Lovelace","currency":"EUR"})";
    UpcasterProblem problem;
    UpcasterChain chain;
};

TEST_F(Upcasters, MakeOfOldEventsWhatTheyWouldBeToday) {
    Machine machine;
    OpenStore opened{machine.door(), small_options()};
    const std::string second = R"({"cents":995,"by":"Ada Lovelace"})";
    const std::string third = R"({"cents":995,"by":"Ada Lovelace","currency":"EUR"})";
    ASSERT_EQ(opened.append_events(
                  "s", {{.type = "Summed", .payload = as_bytes(old), .metadata = as_bytes("m")},
                        {.type = "Summed", .payload = as_bytes(second), .schema_version = 2},
                        {.type = "Summed", .payload = as_bytes(third), .schema_version = 3},
                        {.type = "Paid", .payload = as_bytes(third)},
                        {.type = "Paid", .payload = as_bytes(today), .schema_version = 2},
                        {.type = "Paid", .payload = as_bytes(old), .schema_version = 3},
                        {.type = "Other", .payload = as_bytes(old)}}),
              Code::none);
    ASSERT_TRUE(chain.open(list, problem));
    Snapshot now;
    StreamCursor cursor;
    ASSERT_TRUE(opened.store.snapshot(now));
    ASSERT_TRUE(cursor.open(now, "s", Horizon::beginning()));
    Recorded event;
    std::array<std::byte, 1000> scratch;
    for (const std::uint32_t steps : {4U, 3U, 2U, 1U, 0U}) {
        ASSERT_TRUE(*cursor.next(event));
        const std::uint64_t index = event.index;
        const auto applied = chain.apply(event, scratch);
        ASSERT_TRUE(applied);
        EXPECT_EQ(*applied, steps);
        EXPECT_EQ(event.type, "Paid");
        EXPECT_EQ(event.schema_version, 2);
        EXPECT_EQ(as_text(event.payload), today);
        EXPECT_TRUE(event.metadata.empty());
        EXPECT_EQ(event.index, index);
        EXPECT_EQ(event.stream, "s");
    }
    for (const char* type : {"Paid", "Other"}) {
        ASSERT_TRUE(*cursor.next(event));
        EXPECT_EQ(*chain.apply(event, {}), 0U) << "of a later version, or of no known type";
        EXPECT_EQ(event.type, type);
        EXPECT_EQ(as_text(event.payload), old);
    }
    EXPECT_EQ(renamed, 1);
}

TEST_F(Upcasters, LeaveAnEventAsItWasWhereTheyFail) {
    ASSERT_TRUE(chain.open(list, problem));
    std::vector<std::byte> scratch(10 * old.size());
    bool fits = false;
    for (std::size_t size = 0; size < scratch.size(); size++) {
        Recorded event = recorded("Summed", 1, old);
        const auto applied = chain.apply(event, MutableBytes{scratch}.first(size));
        EXPECT_GE(static_cast<bool>(applied), fits) << "what fits into less fits into more";
        fits = static_cast<bool>(applied);
        if (fits) continue;
        EXPECT_EQ(applied.error(), Code::out_of_memory);
        EXPECT_EQ(event.type, "Summed");
        EXPECT_EQ(event.schema_version, 1);
        EXPECT_EQ(event.payload.data(), as_bytes(old).data());
    }
    EXPECT_TRUE(fits);
    Recorded wrong = recorded("Summed", 1, "{}");
    EXPECT_EQ(chain.apply(wrong, scratch).error(), Code::corrupt);
    EXPECT_EQ(as_text(wrong.payload), "{}");
}

TEST_F(Upcasters, SayWhatIsWrongWithThem) {
    const auto sentence = [&](std::vector<Upcaster> upcasters) {
        EXPECT_EQ(chain.open(upcasters, problem).error(), Code::invalid_argument);
        std::array<char, 200> memory;
        return std::string{describe(problem, memory)};
    };
    EXPECT_EQ(sentence({{.type = "A"}, {.type = "A", .version = 3}}),
              "upcaster 2 goes on from what nothing takes: A version 2");
    EXPECT_EQ(sentence({{.type = "A", .to_version = 3}}),
              "upcaster 1 goes on from what nothing takes: A version 2");
    EXPECT_EQ(sentence({{.type = "B"}, {.type = "A"}, {.type = "A"}}),
              "upcaster 3 is the second that takes A version 1");
    EXPECT_EQ(sentence({{.type = "A", .to_type = "B", .to_version = 1},
                        {.type = "B", .to_type = "A", .to_version = 1}}),
              "upcaster 1 leads back to A version 1");
    EXPECT_EQ(sentence({{.type = ""}}),
              "upcaster 1 has no type, or a version not from 1 to 65535:  version 1");
    EXPECT_EQ(sentence({{.type = "A", .version = 0}}),
              "upcaster 1 has no type, or a version not from 1 to 65535: A version 0");
    EXPECT_EQ(sentence({{.type = "A", .version = 65535}}),
              "upcaster 1 has no type, or a version not from 1 to 65535: A version 65535");
    Recorded event = recorded("A", 1);
    EXPECT_EQ(*chain.apply(event, {}), 0U) << "what was refused is no chain";
    EXPECT_TRUE(chain.open({}, problem));
    std::array<char, 200> memory;
    EXPECT_EQ(describe(problem, memory), "nothing is the matter");
    EXPECT_EQ(problem.kind, Kind::none);
}

// ---- every list of up to three, against what can be said of them otherwise ----

using Schema = std::pair<std::string_view, std::uint16_t>;

Schema from(const Upcaster& upcaster) {
    return {upcaster.type, upcaster.version};
}
Schema to(const Upcaster& upcaster) {
    return {upcaster.to_type, upcaster.to_version};
}

std::optional<Schema> next(const std::vector<Upcaster>& list, const Schema& schema) {
    for (const Upcaster& upcaster : list) {
        if (from(upcaster) == schema) return to(upcaster);
    }
    return std::nullopt;
}

bool comes_back(const std::vector<Upcaster>& list, const Schema& start) {
    Schema schema = start;
    for (std::size_t i = 0; i < list.size(); i++) {
        const auto after = next(list, schema);
        if (!after) return false;
        schema = *after;
        if (schema == start) return true;
    }
    return false;
}

// A version that nothing takes, before one that is taken or given and that no other type becomes.
bool is_gap(const std::vector<Upcaster>& list, const Schema& schema) {
    if (schema.second == 0 || next(list, schema)) return false;
    const Schema after{schema.first, static_cast<std::uint16_t>(schema.second + 1)};
    bool is_known = false;
    for (const Upcaster& upcaster : list) {
        if (to(upcaster) == after && upcaster.type != after.first) return false;
        is_known = is_known || to(upcaster) == after || from(upcaster) == after;
    }
    return is_known;
}

bool is_wrong(const std::vector<Upcaster>& list, Kind kind, const Schema& schema) {
    const auto count = std::count_if(list.begin(), list.end(), [&](const Upcaster& upcaster) {
        return from(upcaster) == schema;
    });
    switch (kind) {
        case Kind::duplicate: return count > 1;
        case Kind::cycle: return comes_back(list, schema);
        case Kind::gap: return is_gap(list, schema);
        default: return false;
    }
}

TEST(UpcasterLists, AreChainsWhereNothingSpeaksAgainstIt) {
    std::vector<Schema> schemas;
    for (const std::string_view type : {"A", "B"}) {
        for (const std::uint16_t version : std::array<std::uint16_t, 3>{1, 2, 3})
            schemas.emplace_back(type, version);
    }
    std::size_t chain_count = 0;
    const auto examine = [&](const std::vector<Upcaster>& list) {
        UpcasterProblem problem;
        UpcasterChain chain;
        const bool good = static_cast<bool>(chain.open(list, problem));
        chain_count += good ? 1 : 0;
        bool speaks = false;
        for (const Schema& schema : schemas) {
            for (const Kind kind : {Kind::duplicate, Kind::cycle, Kind::gap})
                speaks = speaks || is_wrong(list, kind, schema);
        }
        ASSERT_EQ(good, !speaks);
        if (!good) {
            ASSERT_TRUE(is_wrong(list, problem.kind, {problem.type, problem.version}));
            return;
        }
        for (const Schema& schema : schemas) {
            Recorded event = recorded(schema.first, schema.second);
            const auto steps = chain.apply(event, {});
            ASSERT_TRUE(steps && *steps <= list.size());
            ASSERT_FALSE(next(list, {event.type, event.schema_version}));
        }
    };
    std::vector<Upcaster> all;
    for (const Schema& first : schemas) {
        for (const Schema& second : schemas)
            all.push_back({first.first, first.second, second.first, second.second});
    }
    examine({});
    for (const Upcaster& a : all) {
        examine({a});
        for (const Upcaster& b : all) {
            examine({a, b});
            for (const Upcaster& c : all) examine({a, b, c});
        }
    }
    EXPECT_GT(chain_count, 100U);
}

}  // namespace
}  // namespace freshet::test
