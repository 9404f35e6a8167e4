// SPDX-License-Identifier: MIT
// Goal: every error has words of its own, with the numbers that belong to it and a hint that helps.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "freshet/store.hpp"

namespace freshet {
namespace {

std::string words_of(const Diagnostic& diagnostic) {
    std::array<char, 400> room;
    return std::string{describe(diagnostic, room)};
}

std::string hint_of(const Diagnostic& diagnostic) {
    std::array<char, 400> room;
    return std::string{hint(diagnostic, room)};
}

Diagnostic of(Code code) {
    Diagnostic diagnostic;
    diagnostic.error = code;
    return diagnostic;
}

// One that is told of a failed check or append.
Diagnostic failing(Code code, const Failure& failure, std::uint32_t count = 1) {
    Diagnostic diagnostic = of(code);
    diagnostic.failure_count = count;
    diagnostic.failures[0] = failure;
    diagnostic.failures[0].code = code;
    return diagnostic;
}

bool says(const Diagnostic& diagnostic, std::string_view words) {
    return words_of(diagnostic).find(words) != std::string::npos;
}

TEST(Describe, HasWordsAndAHintForEachCode) {
    std::set<std::string> sentences;
    const auto count = static_cast<std::uint16_t>(Code::code_count);
    for (std::uint16_t i = 1; i < count; i++) {
        const Diagnostic diagnostic = of(static_cast<Code>(i));
        const std::string words = words_of(diagnostic);
        EXPECT_NE(words, "unknown error") << code_name(diagnostic.error.code);
        EXPECT_TRUE(sentences.insert(words).second) << words;
        EXPECT_NE(words.back(), '.');
        EXPECT_FALSE(hint_of(diagnostic).empty()) << words;
    }
    EXPECT_EQ(hint_of(of(Code::none)), "");
    EXPECT_EQ(words_of(of(Code::none)), "nothing is the matter");
    EXPECT_EQ(words_of(of(Code::code_count)), "unknown error");
    EXPECT_EQ(words_of(of(static_cast<Code>(9999))), "unknown error");
}

TEST(Describe, SaysWhichStreamIsGoneAndWhoSaidSo) {
    EXPECT_TRUE(says(failing(Code::stream_deleted, {.commit = 7}), "deleted"));
    EXPECT_TRUE(says(failing(Code::stream_deleted, {.commit = 7}), "7"));
    EXPECT_TRUE(says(failing(Code::stream_tombstoned, {.commit = 8}), "deleted for ever"));
    EXPECT_TRUE(says(failing(Code::stream_tombstoned, {.commit = 8}), "8"));
}

TEST(Describe, SaysThatAStreamHasNoEvents) {
    EXPECT_TRUE(says(failing(Code::wrong_version, {.expected = 3, .actual = -1}),
                     "but the stream has no events"));
}

TEST(Describe, SpeaksOfTheErrorWhereItIsNotThatOfTheFailures) {
    Diagnostic diagnostic = failing(Code::wrong_version, {});
    diagnostic.error = Code::poisoned;
    EXPECT_EQ(words_of(diagnostic), words_of(of(Code::poisoned)));
}

TEST(Describe, SaysWhereTheSystemRefused) {
    Diagnostic diagnostic = of(Code::io);
    diagnostic.segment = 3;
    diagnostic.offset = 77;
    EXPECT_TRUE(says(diagnostic, "00000003.log at offset 77"));
}

TEST(Describe, SaysWhatWasExpectedAndWhoWroteLast) {
    const auto expecting = [](Expected expected) {
        return failing(Code::wrong_version, {.expected = expected.number(), .actual = 7});
    };
    EXPECT_TRUE(says(expecting(Expected::any()), "expected any, but"));
    EXPECT_TRUE(says(expecting(Expected::no_stream()), "expected no events, but"));
    EXPECT_TRUE(says(expecting(Expected::stream_exists()), "expected that it exists, but"));
    EXPECT_TRUE(says(expecting(Expected::version(3)), "expected version 3, but"));
    EXPECT_TRUE(says(expecting(Expected::version(3)), "at version 7"));
    EXPECT_FALSE(says(expecting(Expected::version(3)), "commit"));
    const Diagnostic written = failing(Code::wrong_version, {.commit = 12, .time_us = 1'000'000});
    EXPECT_TRUE(says(written, "commit 12 wrote it last, at 1970-01-01T00:00:01"));
    EXPECT_TRUE(says(failing(Code::already_exists, {.commit = 12}), "commit 12 wrote it last"));
}

TEST(Describe, SaysWhichOfSeveralItWas) {
    EXPECT_FALSE(says(failing(Code::wrong_version, {.number = 0}), "append"));
    EXPECT_TRUE(says(failing(Code::wrong_version, {.number = 2}), "append 3: "));
    EXPECT_TRUE(says(failing(Code::wrong_version, {.of_check = true}), "check 1: "));
    EXPECT_FALSE(says(failing(Code::wrong_version, {.of_check = true}), "append"));
    EXPECT_TRUE(says(failing(Code::wrong_version, {}, 4), "append 1: "));
    EXPECT_TRUE(says(failing(Code::wrong_version, {}, 4), "(and 3 more failed)"));
}

TEST(Describe, SaysWhichEventIsThereAlready) {
    const Diagnostic there = failing(Code::idempotency_conflict, {.event = 4, .commit = 9});
    EXPECT_TRUE(says(there, "event 5 is there already"));
    EXPECT_TRUE(says(there, "(commit 9)"));
    const Diagnostic fresh = failing(Code::idempotency_conflict, {.event = 4});
    EXPECT_TRUE(says(fresh, "event 5 is new"));
    EXPECT_FALSE(says(fresh, "commit"));
}

TEST(Describe, SaysWhereTheDamageIs) {
    Diagnostic diagnostic = of(Code::corrupt);
    EXPECT_TRUE(says(diagnostic, ": head; the last good commit is 0"));
    diagnostic.segment = 3;
    diagnostic.offset = 4096;
    diagnostic.commit = 17;
    EXPECT_TRUE(says(diagnostic, ": 00000003.log at offset 4096; the last good commit is 17"));
}

TEST(Describe, SaysHowMuchThereIsAndIsNeeded) {
    for (const Code code : {Code::too_large, Code::out_of_memory}) {
        Diagnostic diagnostic = of(code);
        EXPECT_FALSE(says(diagnostic, "bytes"));
        diagnostic.limit = 10;
        EXPECT_TRUE(says(diagnostic, ": 10 bytes are used up"));
        diagnostic.needed = 20;
        EXPECT_TRUE(says(diagnostic, ": 20 bytes needed, 10 are there"));
        diagnostic.limit = 0;
        EXPECT_TRUE(says(diagnostic, ": 20 bytes needed"));
    }
}

TEST(Describe, SaysWhoIsInTheWayAndWhatTheSystemSaid) {
    Diagnostic diagnostic = of(Code::locked);
    EXPECT_FALSE(says(diagnostic, "process 7"));
    diagnostic.holder.process = 7;
    EXPECT_TRUE(says(diagnostic, ": process 7"));
    EXPECT_FALSE(says(diagnostic, "since"));
    diagnostic.holder.since_us = 1;
    EXPECT_TRUE(says(diagnostic, ", since 1970-01-01"));
    diagnostic = of(Code::io);
    diagnostic.error.system_error = 5;
    EXPECT_TRUE(says(diagnostic, "(system error 5)"));
    diagnostic = of(Code::newer_format);
    diagnostic.format = 9;
    EXPECT_TRUE(says(diagnostic, ": format 9, this one reads "));
    diagnostic = of(Code::durability_unknown);
    EXPECT_FALSE(says(diagnostic, "(commit"));
    diagnostic.commit = 8;
    EXPECT_TRUE(says(diagnostic, "(commit 8)"));
}

// Disk or segments: two things to do.
TEST(Describe, TellsAFullDiskFromALogThatHasAllItsSegments) {
    Diagnostic diagnostic = of(Code::full);
    EXPECT_TRUE(says(diagnostic, "the disk is full"));
    diagnostic.limit = 64;
    EXPECT_TRUE(says(diagnostic, "all of its 64 segments"));
    EXPECT_NE(hint_of(diagnostic).find("segment_count_max"), std::string::npos);
}

TEST(Describe, CutsWhatDoesNotFit) {
    std::array<char, 10> room;
    EXPECT_EQ(describe(of(Code::corrupt), room).size(), room.size());
    EXPECT_EQ(describe(of(Code::corrupt), {}), "");
}

}  // namespace
}  // namespace freshet
