// SPDX-License-Identifier: MIT
// Goal: whatever is in the way of a store, one error names it and nothing is lost. Method: stores
// that are missing, foreign, damaged, not allowed, and disks that are full or read only.
#include <sys/mount.h>
#include <sys/resource.h>

#include <filesystem>

#include "tests/program_fixture.hpp"

namespace freshet {
namespace {

using namespace test;

TEST_F(Program, MakesNoStoreByAccident) {
    expect_error(append(events(1)), 5, "not-found", "--create");
    expect_error(run({"read", db, "s"}), 5, "not-found");
    expect_error(run({"log", db}), 5, "not-found");
    expect_error(run({"verify", db}), 5, "not-found");
    EXPECT_FALSE(std::filesystem::exists(db));
    expect_error(run({"append", db + "/deeper/still", "s", "--create"}), 5, "not-found");
}

TEST_F(Program, TellsOtherFoldersAndFilesFromStores) {
    std::ofstream{directory.path("file")} << "text";
    expect_error(run({"read", directory.path("file"), "s"}), 5, "not-a-store");
    std::filesystem::create_directory(directory.path("photos"));
    std::ofstream{directory.path("photos/head")} << std::string(8192, 'x');
    expect_error(run({"log", directory.path("photos")}), 5, "not-a-store");
    expect_error(run({"append", directory.path("photos"), "s", "--create"}, events(1)), 5,
                 "not-a-store");
}

TEST_F(Program, NeedsTheRightToOpen) {
    make(1);
    std::filesystem::permissions(directory.path(), std::filesystem::perms::owner_all);
    const auto as_nobody = [] {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(126);
    };
    const Ended ended = run({"log", db}, "", as_nobody);
    if (ended.code == 127) GTEST_SKIP() << "the other user cannot run the program";
    expect_error(ended, 5, "permission");
}

TEST_F(Program, NamesDamage) {
    make(100);
    EXPECT_EQ(run({"verify", db}).code, 0);
    damage(db + "/00000001.log", 1000);
    expect_error(run({"verify", db}), 6, "corrupt", "00000001.log");
    expect_error(run({"read", db, "s"}), 6, "corrupt", "00000001.log");
    expect_error(append(events(1)), 6, "corrupt");
}

TEST_F(Program, NamesADamagedHead) {
    make(1);
    damage(db + "/head", 20);
    EXPECT_EQ(run({"verify", db}).code, 0);
    damage(db + "/head", 4096 + 20);
    expect_error(run({"verify", db}), 6, "corrupt", "head");
}

TEST_F(Program, SaysThatTheDiskIsFull) {
    make(1);
    const auto limit = [] {
        const rlimit small{1 << 20, 1 << 20};
        setrlimit(RLIMIT_FSIZE, &small);
    };
    const std::string big = event("x", "\"" + std::string(500'000, 'y') + "\"");
    const Ended ended = run({"append", db, "s", "--batch", "1"}, big + big + big, limit);
    expect_error(ended, 7, "full");
    EXPECT_EQ(run({"verify", db}).code, 0);
    EXPECT_TRUE(contains(ended.err, "note: ") == (event_count() > 1)) << ended.err;
    EXPECT_EQ(append(big).code, 0);
}

TEST_F(Program, KeepsWhatItSaidOnADiskThatFillsUp) {
    const std::string small = directory.path("small");
    std::filesystem::create_directory(small);
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=4m") != 0)
        GTEST_SKIP() << "no right to mount";
    db = small + "/shop.fdb";
    const std::string big = event("x", "\"" + std::string(500'000, 'y') + "\"");
    std::string input;
    for (int i = 0; i < 12; i++) input += big;
    const Ended ended = append(input, {"--create", "--batch", "1"});
    expect_error(ended, 7, "full");
    const std::string said = "note: " + std::to_string(event_count()) + " events were committed";
    EXPECT_TRUE(contains(ended.err, said)) << ended.err << said;
    EXPECT_EQ(run({"verify", db}).code, 0);
    umount2(small.c_str(), MNT_DETACH);
}

TEST_F(Program, ReadsFromADiskThatIsReadOnly) {
    const std::string small = directory.path("small");
    std::filesystem::create_directory(small);
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=8m") != 0)
        GTEST_SKIP() << "no right to mount";
    db = small + "/shop.fdb";
    make(3);
    ASSERT_EQ(mount("tmpfs", small.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8m"), 0);
    expect_error(append(events(1)), 5, "read-only");
    EXPECT_EQ(event_count(), 3U);
    EXPECT_EQ(run({"verify", db}).code, 0);
    umount2(small.c_str(), MNT_DETACH);
}

// Without maps it does the same; what does not fit in the memory for that is said, and what is
// broken is an error where a signal would have ended it.
TEST_F(Program, WorksWithoutMaps) {
    ASSERT_EQ(run({"create", db, "--segment-size", "64K"}).code, 0);
    const std::string large = "\"" + std::string(8000, 'y') + "\"";
    std::string input;
    for (int i = 0; i < 12; i++) input += event("x", large);
    ASSERT_EQ(append(input, {"--no-maps", "1M"}).code, 0);
    const std::string all = run({"log", db, "--ndjson"}).out;
    ASSERT_EQ(lines(all).size(), 12U);
    EXPECT_EQ(run({"log", db, "--ndjson", "--no-maps", "1M"}).out, all);
    EXPECT_EQ(run({"verify", db, "--no-maps", "1M"}).code, 0);
    const Ended rows = run({db, "--no-maps", "1M",
                            "CREATE TABLE t (a INT PRIMARY KEY);"
                            "INSERT INTO t VALUES (1), (2); SELECT sum(a) AS s FROM t"});
    EXPECT_EQ(rows.out, "s\n3\n") << rows.err;
    for (const Words& words : {Words{"log", db}, Words{db, "SELECT * FROM events"}}) {
        Words with = words;
        with.insert(with.end(), {"--no-maps", "100K"});
        expect_error(run(with), 7, "full", "--no-maps");
    }
    std::filesystem::resize_file(db + "/00000001.log", 30'000);
    expect_error(run({"log", db, "--no-maps", "1M"}), 6, "corrupt", "");
}

}  // namespace
}  // namespace freshet
