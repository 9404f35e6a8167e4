// SPDX-License-Identifier: MIT
// What only a disk on a real directory can do wrong.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "disk/io.hpp"
#include "freshet/posix.hpp"
#include "freshet/store.hpp"
#include "tests/temporary.hpp"

namespace freshet {
namespace {

using test::TemporaryDirectory;

mode_t mode_of(const std::string& path) {
    struct stat about {};
    EXPECT_EQ(lstat(path.c_str(), &about), 0) << path;
    return about.st_mode & 0777;
}

TEST(PosixDisk, MakesPrivateFilesInAPrivateDirectory) {
    const TemporaryDirectory directory;
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path("store").c_str(), true));
    ASSERT_TRUE(disk.open("a", OpenMode::create));
    Holder holder;
    ASSERT_TRUE(disk.lock(holder));
    EXPECT_EQ(mode_of(directory.path("store")), 0700U);
    EXPECT_EQ(mode_of(directory.path("store/a")), 0600U);
    EXPECT_EQ(mode_of(directory.path("store/lock")), 0600U);
}

TEST(PosixDisk, MakesNoDirectoryUnasked) {
    const TemporaryDirectory directory;
    PosixDisk disk;
    EXPECT_EQ(disk.open_directory(directory.path("none").c_str(), false).error(), Code::not_found);
    EXPECT_EQ(disk.open_directory(directory.path("none/store").c_str(), true).error(),
              Code::not_found);
    EXPECT_FALSE(std::filesystem::exists(directory.path("none")));
}

TEST(PosixDisk, NamesAFileThatIsNoStore) {
    const TemporaryDirectory directory;
    std::ofstream{directory.path("file")} << "text";
    PosixDisk disk;
    EXPECT_EQ(disk.open_directory(directory.path("file").c_str(), false).error(),
              Code::not_a_store);
    EXPECT_EQ(disk.open_directory(directory.path("file").c_str(), true).error(), Code::not_a_store);
    EXPECT_EQ(disk.open_directory(directory.path("file/x").c_str(), false).error(),
              Code::not_a_store);
}

TEST(PosixDisk, RefusesLongPaths) {
    const std::string path(4001, 'x');
    PosixDisk disk;
    EXPECT_EQ(disk.open_directory(path.c_str(), true).error(), Code::too_large);
}

TEST(PosixDisk, FollowsNoLinkToAFile) {
    const TemporaryDirectory directory;
    std::ofstream{directory.path("precious")} << "text";
    std::filesystem::create_symlink(directory.path("precious"), directory.path("head"));
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path().c_str(), false));
    EXPECT_EQ(disk.open("head", OpenMode::create).error().system_error, ELOOP);
    EXPECT_EQ(std::filesystem::file_size(directory.path("precious")), 4U);
}

TEST(PosixDisk, OpensOnlyFiles) {
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory.path("folder"));
    ASSERT_EQ(mkfifo(directory.path("pipe").c_str(), 0600), 0);
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path().c_str(), false));
    EXPECT_EQ(disk.open("folder", OpenMode::read).error().system_error, EISDIR);
    EXPECT_EQ(disk.open("folder", OpenMode::write).error().system_error, EISDIR);
    EXPECT_EQ(disk.open("pipe", OpenMode::read).error(), Code::io);
    EXPECT_EQ(disk.open("pipe", OpenMode::write).error(), Code::io);
}

TEST(PosixDisk, SaysWhoHoldsTheLockWithinOneProcessToo) {
    const TemporaryDirectory directory;
    PosixDisk first;
    PosixDisk second;
    ASSERT_TRUE(first.open_directory(directory.path().c_str(), false));
    ASSERT_TRUE(second.open_directory(directory.path().c_str(), false));
    const std::uint64_t before_us = PosixClock{}.now_us();
    Holder holder;
    ASSERT_TRUE(first.lock(holder));
    EXPECT_EQ(holder.process, 0U);
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(second.lock(holder).error(), Code::locked);
        EXPECT_EQ(holder.process, static_cast<std::uint64_t>(getpid()));
        EXPECT_GE(holder.since_us, before_us);
        EXPECT_LE(holder.since_us, PosixClock{}.now_us());
    }
    first.close_directory();
    ASSERT_TRUE(second.lock(holder));
}

TEST(PosixDisk, TrustsNoTextInTheLock) {
    const TemporaryDirectory directory;
    PosixDisk first;
    PosixDisk second;
    ASSERT_TRUE(first.open_directory(directory.path().c_str(), false));
    ASSERT_TRUE(second.open_directory(directory.path().c_str(), false));
    Holder holder;
    ASSERT_TRUE(first.lock(holder));
    for (const char* text : {"", "1", "1 2", "x y\n", "99999999999999999999 1\n", "-1 5\n", "\n\n",
                             "1 99999999999999999999999999999999999999999999999\n"}) {
        std::ofstream{directory.path("lock")} << text;
        holder = {7, 7};
        EXPECT_EQ(second.lock(holder).error(), Code::locked) << text;
        EXPECT_EQ(holder.process, 0U) << text;
        EXPECT_EQ(holder.since_us, 0U) << text;
    }
}

// A program may be started without standard input, output and error. What it prints, or what a
// library in it prints, must not land in a store.
TEST(PosixDisk, NeverUsesTheStandardDescriptors) {
    const TemporaryDirectory directory;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        for (int i = 0; i < 3; i++) ::close(i);
        PosixDisk disk;
        Holder holder;
        bool good = static_cast<bool>(disk.open_directory(directory.path("store").c_str(), true));
        good = good && disk.lock(holder);
        const Result<File> file = disk.open("a", OpenMode::create);
        good = good && file && zero_all(disk, *file, 0, 8192);
        for (int i = 0; i < 3; i++) good = good && fcntl(i, F_GETFD) < 0;
        _exit(good ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

// Goal: a child that goes on with its parent's store harms neither the log nor the lock.
TEST(PosixDisk, RefusesAForkedChild) {
    const TemporaryDirectory directory;
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path().c_str(), false));
    const File file = *disk.open("a", OpenMode::create);
    Holder holder;
    ASSERT_TRUE(disk.lock(holder));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        bool good = disk.write(file, 0, as_bytes("x"), {}).error() == Code::forked;
        good = good && disk.write_zeros(file, 0, 512).error() == Code::forked;
        good = good && disk.sync(file).error() == Code::forked;
        good = good && disk.sync_directory().error() == Code::forked;
        good = good && disk.truncate(file, 0).error() == Code::forked;
        good = good && disk.open("b", OpenMode::create).error() == Code::forked;
        good = good && disk.rename("a", "b").error() == Code::forked;
        good = good && disk.remove("a").error() == Code::forked;
        good = good && disk.lock(holder).error() == Code::forked;
        disk.close_directory();
        _exit(good ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    PosixDisk other;
    ASSERT_TRUE(other.open_directory(directory.path().c_str(), false));
    EXPECT_EQ(other.lock(holder).error(), Code::locked);
    EXPECT_TRUE(disk.write(file, 0, as_bytes("x"), {}));
}

TEST(PosixDisk, HasALimitOfOpenFiles) {
    const TemporaryDirectory directory;
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path().c_str(), false));
    std::vector<File> files;
    for (std::uint32_t i = 0; i < PosixDisk::file_count_max; i++) {
        files.push_back(*disk.open(std::to_string(i), OpenMode::create));
    }
    EXPECT_EQ(disk.open("more", OpenMode::create).error().system_error, EMFILE);
    disk.close(files[3]);
    EXPECT_TRUE(disk.open("more", OpenMode::create));
}

TEST(PosixDisk, ClosesWhatItOpened) {
    const auto count = [] {
        int open_count = 0;
        for (int i = 0; i < 256; i++) open_count += fcntl(i, F_GETFD) >= 0 ? 1 : 0;
        return open_count;
    };
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory.path("folder"));
    const int before = count();
    {
        PosixDisk disk;
        ASSERT_TRUE(disk.open_directory(directory.path().c_str(), true));
        const File file = *disk.open("a", OpenMode::create);
        ASSERT_TRUE(zero_all(disk, file, 512, 65536));
        EXPECT_FALSE(disk.open("folder", OpenMode::read));
        Holder holder;
        ASSERT_TRUE(disk.lock(holder));
        EXPECT_FALSE(disk.lock(holder));
        EXPECT_EQ(count(), before + 3);
    }
    EXPECT_EQ(count(), before);
}

// A small file system of its own in memory, for as long as it is in scope; needs the right to
// mount.
class SmallFileSystem {
public:
    explicit SmallFileSystem(const std::string& path) : path_{path} {
        std::filesystem::create_directory(path);
        mounted_ = mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0;
    }
    SmallFileSystem(const SmallFileSystem&) = delete;
    SmallFileSystem& operator=(const SmallFileSystem&) = delete;
    ~SmallFileSystem() {
        if (mounted_) umount2(path_.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool is_mounted() const { return mounted_; }
    [[nodiscard]] bool make_read_only() const {
        return mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=64k") == 0;
    }

private:
    std::string path_;
    bool mounted_ = false;
};

TEST(PosixDisk, SaysThatTheDiskIsFull) {
    const TemporaryDirectory directory;
    const SmallFileSystem small{directory.path("small")};
    if (!small.is_mounted()) GTEST_SKIP() << "no right to mount a small file system";
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path("small").c_str(), false));
    const File file = *disk.open("a", OpenMode::create);
    EXPECT_EQ(zero_all(disk, file, 0, 1 << 20).error(), Code::full);
    EXPECT_EQ(zero_all(disk, file, 0, 1 << 20).error().system_error, ENOSPC);
    EXPECT_EQ(write_all(disk, file, 1 << 20, as_bytes("x")).error(), Code::full);
}

TEST(PosixDisk, SaysThatTheDiskIsReadOnly) {
    const TemporaryDirectory directory;
    const SmallFileSystem small{directory.path("small")};
    if (!small.is_mounted()) GTEST_SKIP() << "no right to mount a small file system";
    PosixDisk disk;
    ASSERT_TRUE(disk.open_directory(directory.path("small").c_str(), false));
    disk.close(*disk.open("a", OpenMode::create));
    ASSERT_TRUE(small.make_read_only());
    Holder holder;
    EXPECT_EQ(disk.lock(holder).error(), Code::read_only);
    EXPECT_EQ(disk.open("b", OpenMode::create).error(), Code::read_only);
    EXPECT_EQ(disk.open("a", OpenMode::write).error(), Code::read_only);
    EXPECT_EQ(disk.remove("a").error(), Code::read_only);
    EXPECT_TRUE(disk.open("a", OpenMode::read));
    EXPECT_EQ(disk.open_directory(directory.path("small/store").c_str(), true).error(),
              Code::read_only);
}

// Method: as another user, for root may do everything.
TEST(PosixDisk, SaysThatItIsNotAllowed) {
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory.path("closed"));
    ASSERT_EQ(chmod(directory.path("closed").c_str(), 0), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (getuid() == 0 && setuid(65534) != 0) _exit(2);
        PosixDisk disk;
        const Status status = disk.open_directory(directory.path("closed").c_str(), true);
        _exit(status.error() == Code::permission ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

// Makes a store whose stream `s` has two events far from each other, the last of which ends the
// log, and closes it. Says how long its file is.
std::uintmax_t make_scattered(const std::string& path, std::size_t between_size) {
    std::filesystem::remove_all(path);
    PosixDoor door;
    const Options options{.create = true, .pool_size = std::size_t{1} << 20};
    std::vector<std::byte> memory(required_memory(options));
    Store store;
    Diagnostic diagnostic;
    EXPECT_TRUE(door.open(path.c_str(), true));
    EXPECT_TRUE(store.open(options, door.door(), memory, diagnostic));
    constexpr std::size_t small_size = 100;  // So that three lines of it reach behind the end.
    for (const std::size_t size : {small_size, between_size, small_size}) {
        const std::vector<std::byte> payload(size, std::byte{'x'});
        const Event event{.type = "T", .payload = payload};
        const char* const stream = size == small_size ? "s" : "between";
        EXPECT_TRUE(store.append({.stream = stream, .events = {&event, 1}}, diagnostic));
    }
    EXPECT_TRUE(store.close());
    return std::filesystem::file_size(path + "/00000001.log");
}

// Goal: nothing is fetched from behind the end of a log, where its file may have no page. Method:
// closed logs that end so near the end of a page, which has none behind it.
TEST(PosixDisk, IsNotReadBehindTheEndOfTheLastPage) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("store");
    constexpr std::size_t between_size = 70'000;
    constexpr std::size_t page = 4096;
    const std::uintmax_t size = make_scattered(path, between_size);
    for (std::size_t distance = 0; distance < 32; distance += 8) {
        const std::size_t added = 2 * page - size % page - distance;
        ASSERT_EQ(make_scattered(path, between_size + added) % page, (page - distance) % page);
        PosixDoor door;
        const Options options{.read_only = true, .pool_size = std::size_t{1} << 20};
        std::vector<std::byte> memory(required_memory(options));
        Store store;
        Diagnostic diagnostic;
        ASSERT_TRUE(door.open(path.c_str(), false));
        ASSERT_TRUE(store.open(options, door.door(), memory, diagnostic));
        Snapshot snapshot;
        StreamCursor cursor;
        Recorded event;
        ASSERT_TRUE(store.snapshot(snapshot));
        ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning()));
        for (int i = 0; i < 2; i++) {
            const Result<bool> there = cursor.next(event);
            ASSERT_TRUE(there && *there) << distance;
            EXPECT_EQ(event.payload.size(), 100U);
        }
    }
}

}  // namespace
}  // namespace freshet
