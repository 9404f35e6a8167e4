// SPDX-License-Identifier: MIT
// The simulated disk shows neither more nor fewer states after a crash than its header says. Goal:
// a simulator that forgets a state finds no bug in it, and one that invents a state cries wolf.
// Method: small programs whose set of states is known by hand, compared with the set that all
// choices lead to.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "freshet/sim.hpp"

namespace freshet {
namespace {

File make(SimDisk& disk, std::string_view name) {
    const Result<File> file = disk.open(name, OpenMode::create);
    EXPECT_TRUE(file);
    return *file;
}

void write_sector(SimDisk& disk, File file, std::uint64_t sector, char letter) {
    const std::string bytes(512, letter);
    const Result<std::size_t> moved = disk.write(file, sector * 512, as_bytes(bytes), {});
    ASSERT_TRUE(moved);
    ASSERT_EQ(*moved, bytes.size());
}

// "-" for no file, else the first letter of each sector, '.' for zeros.
std::string sketch(const SimDisk& disk, std::string_view name) {
    if (!disk.exists(name)) return "-";
    const Bytes bytes = disk.contents(name);
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 512) {
        const char letter = static_cast<char>(bytes[at]);
        out += letter == 0 ? '.' : letter;
    }
    return out;
}

std::set<std::string> states(const SimDisk& disk, std::initializer_list<std::string_view> names) {
    std::set<std::string> found;
    SimDisk other;
    EveryChoice choice;
    do {
        disk.copy_to(other);
        other.power_loss(choice);
        std::string all;
        for (const std::string_view name : names) all += sketch(other, name) + "|";
        found.insert(all);
    } while (choice.next());
    return found;
}

struct SimDiskTest : testing::Test {
    SimDiskTest() { disk.profile.tears = false; }
    // An empty file, durable with its name.
    File settled(std::string_view name, std::string_view letters = "") {
        const File file = make(disk, name);
        for (std::size_t i = 0; i < letters.size(); i++) write_sector(disk, file, i, letters[i]);
        EXPECT_TRUE(disk.sync(file));
        EXPECT_TRUE(disk.sync_directory());
        EXPECT_EQ(disk.dirty_count(), 0U);
        return file;
    }
    SimDisk disk;
};

using Set = std::set<std::string>;

TEST_F(SimDiskTest, TwoOverwritesGiveAllFourSubsets) {
    const File file = settled("f", "ab");
    write_sector(disk, file, 0, 'A');
    write_sector(disk, file, 1, 'B');
    EXPECT_EQ(states(disk, {"f"}), (Set{"ab|", "Ab|", "aB|", "AB|"}));
}

TEST_F(SimDiskTest, EveryVersionOfASectorCanBeFound) {
    const File file = settled("f", "a");
    write_sector(disk, file, 0, 'b');
    write_sector(disk, file, 0, 'c');
    EXPECT_EQ(states(disk, {"f"}), (Set{"a|", "b|", "c|"}));
}

TEST_F(SimDiskTest, SizeAndDataAreLostApart) {
    const File file = settled("f", "a");
    write_sector(disk, file, 1, 'b');
    EXPECT_EQ(states(disk, {"f"}), (Set{"a|", "a.|", "ab|"}));
}

TEST_F(SimDiskTest, ASyncedFileLosesNothing) {
    const File file = settled("f", "a");
    write_sector(disk, file, 1, 'b');
    ASSERT_TRUE(disk.sync(file));
    EXPECT_EQ(disk.dirty_count(), 0U);
    EXPECT_EQ(states(disk, {"f"}), (Set{"ab|"}));
}

TEST_F(SimDiskTest, ANameIsLostWithoutSyncDirectory) {
    const File file = make(disk, "f");
    write_sector(disk, file, 0, 'a');
    ASSERT_TRUE(disk.sync(file));
    EXPECT_EQ(states(disk, {"f"}), (Set{"-|", "a|"}));
    ASSERT_TRUE(disk.sync_directory());
    EXPECT_EQ(states(disk, {"f"}), (Set{"a|"}));
}

TEST_F(SimDiskTest, ARenameIsFoundDoneOrNotDone) {
    settled("old", "a");
    settled("new", "b");
    ASSERT_TRUE(disk.rename("new", "old"));
    EXPECT_EQ(states(disk, {"old", "new"}), (Set{"a|b|", "b|-|"}));
    disk.profile.rename_splits = true;
    EXPECT_EQ(states(disk, {"old", "new"}), (Set{"a|b|", "b|-|", "a|-|", "b|b|"}));
}

TEST_F(SimDiskTest, ARenamedFileThatWasNotSyncedIsFoundEmpty) {
    settled("f", "a");
    const File file = make(disk, "f.new");
    write_sector(disk, file, 0, 'b');
    ASSERT_TRUE(disk.rename("f.new", "f"));
    EXPECT_TRUE(states(disk, {"f"}).contains("|"));
    disk.profile.ordered = true;
    EXPECT_EQ(states(disk, {"f"}), (Set{"a|", "b|"}));
}

TEST_F(SimDiskTest, ARemovedFileCanComeBack) {
    settled("f", "a");
    ASSERT_TRUE(disk.remove("f"));
    EXPECT_FALSE(disk.exists("f"));
    EXPECT_EQ(states(disk, {"f"}), (Set{"a|", "-|"}));
}

TEST_F(SimDiskTest, WhatWasCutOffDoesNotComeBack) {
    const File file = settled("f", "abc");
    ASSERT_TRUE(disk.truncate(file, 512));
    write_sector(disk, file, 2, 'd');
    EXPECT_EQ(sketch(disk, "f"), "a.d");
    EXPECT_EQ(states(disk, {"f"}), (Set{"abc|", "abd|", "a|", "a..|", "a.d|"}));
    ASSERT_TRUE(disk.sync(file));
    EXPECT_EQ(states(disk, {"f"}), (Set{"a.d|"}));
}

// The sync zeroed what had been cut off, and what stood there again was taken for never changed.
TEST_F(SimDiskTest, WhatIsWrittenAgainWhereAFileWasCutIsThereAfterASync) {
    const File file = settled("f", "abc");
    ASSERT_TRUE(disk.truncate(file, 512));
    write_sector(disk, file, 1, 'b');
    write_sector(disk, file, 2, 'c');
    ASSERT_TRUE(disk.sync(file));
    EXPECT_EQ(sketch(disk, "f"), "abc");
    EXPECT_EQ(states(disk, {"f"}), (Set{"abc|"}));
}

TEST_F(SimDiskTest, AnOrderedDiskKeepsTheOrderOfNamesAndSizes) {
    disk.profile.ordered = true;
    const File a = make(disk, "a");
    write_sector(disk, a, 0, 'x');
    make(disk, "b");
    EXPECT_EQ(states(disk, {"a", "b"}), (Set{"-|-|", "|-|", "x|-|", "x||"}));
}

TEST_F(SimDiskTest, AKillKeepsTheCacheAndAPowerLossAfterItNeedNot) {
    const File file = settled("f", "a");
    write_sector(disk, file, 0, 'b');
    disk.restart();
    EXPECT_EQ(sketch(disk, "f"), "b");
    EXPECT_EQ(states(disk, {"f"}), (Set{"a|", "b|"}));
    const Result<File> again = disk.open("f", OpenMode::write);
    ASSERT_TRUE(again);
    ASSERT_TRUE(disk.sync(*again));
    EXPECT_EQ(states(disk, {"f"}), (Set{"b|"}));
}

TEST_F(SimDiskTest, ATornSectorMixesOldAndNewAtEveryByte) {
    const File file = settled("f", "a");
    write_sector(disk, file, 0, 'b');
    for (std::uint16_t at = 0; at <= 512; at++) {
        for (const SimPick::Tear tear : {SimPick::Tear::starts_new, SimPick::Tear::ends_new}) {
            SimDisk other;
            disk.copy_to(other);
            const SimPick pick{.version = 1, .tear = tear, .at = at};
            other.power_loss(std::span{&pick, 1});
            const std::string wanted = tear == SimPick::Tear::starts_new
                                           ? std::string(at, 'b') + std::string(512U - at, 'a')
                                           : std::string(at, 'a') + std::string(512U - at, 'b');
            ASSERT_EQ(as_text(other.contents("f")), wanted);
        }
    }
}

TEST_F(SimDiskTest, GrowthCanBeGarbageAndUnsafeOverwritesTooIfTheProfileSaysSo) {
    File file = settled("f", "a");
    write_sector(disk, file, 1, 'b');
    disk.profile.growth_is_garbage = true;
    bool found_garbage = false;
    for (const std::string& state : states(disk, {"f"})) {
        EXPECT_EQ(state[0], 'a');
        found_garbage = found_garbage || (state.size() == 3 && state[1] != 'b' && state[1] != '.');
    }
    EXPECT_TRUE(found_garbage);
    disk.write_back();
    disk.profile = {.tears = false, .overwrite_is_safe = false};
    write_sector(disk, file, 0, 'a');
    EXPECT_GT(states(disk, {"f"}).size(), 1U);
}

TEST_F(SimDiskTest, AfterAFailedSyncTheCacheLies) {
    const File file = settled("f", "aaaaaaaa");
    for (std::uint64_t i = 0; i < 8; i++) write_sector(disk, file, i, 'b');
    disk.fail({.call = disk.call_count(), .error = Code::io});
    EXPECT_FALSE(disk.sync(file));
    EXPECT_TRUE(disk.sync(file)) << "the pages count as clean";
    EXPECT_EQ(sketch(disk, "f"), "bbbbbbbb");
    const Set found = states(disk, {"f"});
    EXPECT_EQ(found.size(), 1U);
    EXPECT_NE(*found.begin(), "bbbbbbbb|");
    EXPECT_NE(*found.begin(), "aaaaaaaa|");
    for (std::uint64_t i = 0; i < 8; i++) write_sector(disk, file, i, 'b');
    EXPECT_TRUE(disk.sync(file));
    EXPECT_EQ(states(disk, {"f"}), (Set{"bbbbbbbb|"})) << "written again, it is durable";
}

TEST_F(SimDiskTest, AFailedSyncCanComeLateOrRevert) {
    File file = settled("f", "aaaa");
    disk.profile.sync_failure = SyncFailure::late;
    write_sector(disk, file, 0, 'b');
    disk.fail({.call = disk.call_count(), .error = Code::io});
    EXPECT_TRUE(disk.sync(file));
    EXPECT_FALSE(disk.sync(file));
    EXPECT_TRUE(disk.sync(file));

    disk.profile.sync_failure = SyncFailure::reverts;
    for (std::uint64_t i = 0; i < 8; i++) write_sector(disk, file, i, 'c');
    disk.fail({.call = disk.call_count(), .error = Code::io});
    EXPECT_FALSE(disk.sync(file));
    EXPECT_NE(sketch(disk, "f"), "cccccccc");
    EXPECT_EQ(disk.dirty_count(), 0U);
}

TEST_F(SimDiskTest, FromTheCrashOnNothingGoesThroughUntilRestart) {
    const File file = settled("f", "a");
    disk.crash_at(disk.call_count() + 1, 700);
    write_sector(disk, file, 0, 'b');
    const std::string bytes(1024, 'c');
    EXPECT_FALSE(disk.write(file, 0, as_bytes(bytes), {}));
    EXPECT_TRUE(disk.is_crashed());
    EXPECT_FALSE(disk.sync(file));
    EXPECT_FALSE(disk.open("f", OpenMode::read));
    disk.restart();
    EXPECT_EQ(sketch(disk, "f"), "cc");
    EXPECT_EQ(disk.contents("f").size(), 700U);
}

TEST_F(SimDiskTest, FaultsHitOneCallOrAllOfItsKind) {
    const File file = settled("f", "abc");
    std::array<std::byte, 600> into;
    disk.fail({.call = disk.call_count(), .error = Code::none, .partial = 100});
    EXPECT_EQ(*disk.read(file, 0, into), 100U);
    EXPECT_EQ(*disk.read(file, 0, into), 600U);
    disk.fail(
        {.call = disk.call_count() + 1, .for_ever = true, .error = Code::full, .partial = 512});
    EXPECT_TRUE(disk.size(file));
    const std::string bytes(1024, 'x');
    EXPECT_EQ(disk.write(file, 0, as_bytes(bytes), {}).error().code, Code::full);
    EXPECT_TRUE(disk.read(file, 0, into));
    EXPECT_EQ(disk.write(file, 0, as_bytes(bytes), {}).error().code, Code::full);
    EXPECT_EQ(sketch(disk, "f"), "xbc");
    EXPECT_EQ(disk.fault_count(), 3U);
}

TEST_F(SimDiskTest, AMapShowsWhatIsWrittenAndStaysAfterClose) {
    const File file = settled("f", "a");
    const Result<const std::byte*> map = disk.map(file, 4096);
    ASSERT_TRUE(map);
    EXPECT_EQ(static_cast<char>((*map)[0]), 'a');
    write_sector(disk, file, 0, 'b');
    EXPECT_EQ(static_cast<char>((*map)[511]), 'b');
    EXPECT_EQ(disk.open_count(), 2U);
    disk.close(file);
    EXPECT_EQ(static_cast<char>((*map)[0]), 'b');
    disk.unmap(*map, 4096);
    EXPECT_EQ(disk.open_count(), 0U);
}

TEST_F(SimDiskTest, DamageIsSeenAndHeals) {
    settled("f", "ab");
    const std::uint64_t before = disk.hash();
    ASSERT_TRUE(disk.flip_bit("f", 8 * 512));
    EXPECT_EQ(sketch(disk, "f"), "ac");
    EXPECT_NE(disk.hash(), before);
    EXPECT_FALSE(disk.flip_bit("f", 8 * 1024));
    disk.heal();
    EXPECT_EQ(disk.hash(), before);
}

TEST_F(SimDiskTest, ACopyIsTheSameDisk) {
    const File file = settled("f", "ab");
    write_sector(disk, file, 0, 'c');
    SimDisk other;
    make(other, "g");
    disk.copy_to(other);
    EXPECT_EQ(other.hash(), disk.hash());
    EXPECT_FALSE(other.exists("g"));
    EXPECT_EQ(states(other, {"f"}), states(disk, {"f"}));
    write_sector(other, file, 1, 'd');
    EXPECT_EQ(sketch(other, "f"), "cd");
    EXPECT_EQ(sketch(disk, "f"), "cb");
}

TEST_F(SimDiskTest, ADiskInNeedOfRoomWritesBack) {
    const File file = settled("f", "a");
    for (int i = 0; i < 5000; i++) write_sector(disk, file, 0, static_cast<char>('b' + i % 8));
    EXPECT_LE(states(disk, {"f"}).size(), 9U);
    for (int i = 0; i < 40; i++) {
        const File other = make(disk, "g" + std::to_string(i));
        disk.close(other);
        ASSERT_TRUE(disk.remove("g" + std::to_string(i)));
    }
}

TEST(Choice, EverySequenceComesOnce) {
    EveryChoice choice;
    std::set<std::string> seen;
    do {
        std::string run;
        const std::uint64_t length = choice.below(3, Domain::workload);
        for (std::uint64_t i = 0; i < length; i++)
            run += std::to_string(choice.below(3, Domain::disk));
        EXPECT_TRUE(seen.insert(run).second);
    } while (choice.next());
    EXPECT_EQ(seen.size(), 1U + 3U + 9U);
    EXPECT_EQ(choice.run_count(), 13U);
}

TEST(Choice, ATapeRepeatsARunAndIsReadBack) {
    Tape tape;
    SeedChoice choice{7};
    choice.record(&tape);
    std::vector<std::uint64_t> first;
    const auto run = [](Choice& from) {
        std::vector<std::uint64_t> out;
        for (std::uint64_t i = 0; i < 50; i++) {
            if (i % 10 == 9) from.next_chunk();
            out.push_back(from.below(1 + i * i * i, i % 3 == 0 ? Domain::disk : Domain::workload));
        }
        return out;
    };
    const std::vector<std::uint64_t> wanted = run(choice);
    Tape read;
    ASSERT_TRUE(read.parse("# a comment\n" + tape.text()));
    TapeChoice again{read};
    EXPECT_EQ(run(again), wanted);
    Tape empty;
    TapeChoice zeros{empty};
    EXPECT_EQ(run(zeros), std::vector<std::uint64_t>(50, 0));
    EXPECT_FALSE(read.parse("w1 x2"));
}

}  // namespace
}  // namespace freshet
