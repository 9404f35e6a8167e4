// SPDX-License-Identifier: MIT
// Goal: every Disk keeps the contract of freshet/door.hpp, so that what holds on one holds on all.
// Method: one suite of what they share, run on each; then the loops that move all of it, and what
// only a disk in memory can do wrong.
#include <errno.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "disk/io.hpp"
#include "freshet/memory.hpp"
#include "freshet/posix.hpp"
#include "freshet/unmapped.hpp"
#include "tests/passing_disk.hpp"
#include "tests/temporary.hpp"

namespace freshet {
namespace {

using test::TemporaryDirectory;

constexpr std::size_t room_size = std::size_t{1} << 18;

class Subject {
public:
    virtual ~Subject() = default;
    virtual Disk& disk() = 0;
};

class PosixSubject final : public Subject {
public:
    PosixSubject() { EXPECT_TRUE(disk_.open_directory(directory_.path("store").c_str(), true)); }
    Disk& disk() override { return disk_; }

private:
    TemporaryDirectory directory_;
    PosixDisk disk_;
};

class MemorySubject final : public Subject {
public:
    Disk& disk() override { return disk_; }

private:
    // Not zero: a disk may not rely on what it is lent.
    std::vector<std::byte> memory_ = std::vector<std::byte>(16 * room_size, std::byte{0xa5});
    MemoryDisk disk_{memory_, room_size};
};

// The other two, without their maps. Copies are compared with what is there too: bytes that are
// not zero show where one is not kept up.
template <class Below>
class UnmappedSubject final : public Subject {
public:
    Disk& disk() override { return disk_; }

private:
    Below below_;
    std::vector<std::byte> memory_ = std::vector<std::byte>(4 * room_size, std::byte{0x5a});
    UnmappedDisk disk_{below_.disk(), memory_};
};

struct Kind {
    const char* name;
    std::function<std::unique_ptr<Subject>()> make;
};

template <class T>
Kind kind(const char* name) {
    return {name, [] { return std::make_unique<T>(); }};
}

class AnyDisk : public testing::TestWithParam<Kind> {
protected:
    File create(std::string_view name) {
        const Result<File> file = disk.open(name, OpenMode::create);
        EXPECT_TRUE(file);
        return *file;
    }

    void put(File file, std::uint64_t offset, std::string_view text) {
        EXPECT_TRUE(write_all(disk, file, offset, as_bytes(text)));
    }

    std::string get(File file, std::uint64_t offset, std::size_t size) {
        std::string text(size, '?');
        const Result<std::size_t> count =
            read_all(disk, file, offset, std::as_writable_bytes(std::span{text}));
        EXPECT_TRUE(count);
        text.resize(*count);
        return text;
    }

    std::unique_ptr<Subject> subject = GetParam().make();
    Disk& disk = subject->disk();
};

TEST_P(AnyDisk, ReadsBackWhatWasWritten) {
    const File file = create("a");
    put(file, 0, "hello");
    put(file, 5, " world");
    EXPECT_EQ(get(file, 0, 100), "hello world");
    EXPECT_EQ(get(file, 6, 3), "wor");
    EXPECT_EQ(*disk.size(file), 11U);
    put(file, 0, "J");
    EXPECT_EQ(get(file, 0, 100), "Jello world");
}

TEST_P(AnyDisk, WritesTwoPartsAsOne) {
    const File file = create("a");
    const Result<const std::byte*> map = disk.map(file, 8);
    ASSERT_TRUE(map);
    ASSERT_TRUE(write_all(disk, file, 0, as_bytes("ab"), as_bytes("cd")));
    ASSERT_TRUE(write_all(disk, file, 4, {}, as_bytes("ef")));
    ASSERT_TRUE(write_all(disk, file, 6, as_bytes("gh"), {}));
    ASSERT_TRUE(write_all(disk, file, 8, {}, {}));
    EXPECT_EQ(as_text({*map, 8}), "abcdefgh");
    EXPECT_EQ(get(file, 0, 100), "abcdefgh");
    disk.unmap(*map, 8);
}

TEST_P(AnyDisk, ReadsNothingBehindTheEnd) {
    const File file = create("a");
    put(file, 0, "abc");
    EXPECT_EQ(get(file, 3, 10), "");
    EXPECT_EQ(get(file, 1000, 10), "");
    EXPECT_EQ(get(file, 0, 0), "");
}

TEST_P(AnyDisk, FillsGapsWithZeros) {
    const File file = create("a");
    put(file, 4, "x");
    EXPECT_EQ(get(file, 0, 100), std::string("\0\0\0\0x", 5));
}

TEST_P(AnyDisk, ReadsZerosWhereAFileWasCutAndGrew) {
    const File file = create("a");
    put(file, 0, "secret");
    ASSERT_TRUE(disk.truncate(file, 2));
    EXPECT_EQ(get(file, 0, 100), "se");
    ASSERT_TRUE(disk.truncate(file, 6));
    EXPECT_EQ(get(file, 0, 100), std::string("se\0\0\0\0", 6));
    ASSERT_TRUE(disk.truncate(file, 1));
    put(file, 3, "x");
    EXPECT_EQ(get(file, 0, 100), std::string("s\0\0x", 4));
}

TEST_P(AnyDisk, ReopensByName) {
    const File file = create("00000001.log");
    put(file, 0, "kept");
    disk.close(file);
    const Result<File> again = disk.open("00000001.log", OpenMode::write);
    ASSERT_TRUE(again);
    EXPECT_EQ(get(*again, 0, 100), "kept");
    put(*again, 4, "!");
    const Result<File> reader = disk.open("00000001.log", OpenMode::read);
    ASSERT_TRUE(reader);
    EXPECT_EQ(get(*reader, 0, 100), "kept!");
}

TEST_P(AnyDisk, EmptiesWhatItCreatesAnew) {
    disk.close(create("a"));
    const File file = create("a");
    put(file, 0, "old");
    disk.close(file);
    EXPECT_EQ(*disk.size(create("a")), 0U);
}

TEST_P(AnyDisk, MissesFilesThatAreNotThere) {
    EXPECT_EQ(disk.open("none", OpenMode::read).error(), Code::not_found);
    EXPECT_EQ(disk.open("none", OpenMode::write).error(), Code::not_found);
    EXPECT_EQ(disk.remove("none").error(), Code::not_found);
    EXPECT_EQ(disk.rename("none", "other").error(), Code::not_found);
}

TEST_P(AnyDisk, TakesShortNamesAndRefusesOthers) {
    disk.close(create("x"));
    disk.close(create("123456789012345678901234"));
    for (const std::string_view name :
         {"", ".", "..", ".hidden", "a/b", "1234567890123456789012345"}) {
        EXPECT_EQ(disk.open(name, OpenMode::create).error(), Code::invalid_argument) << name;
        EXPECT_EQ(disk.remove(name).error(), Code::invalid_argument) << name;
        EXPECT_EQ(disk.rename("x", name).error(), Code::invalid_argument) << name;
        EXPECT_EQ(disk.rename(name, "x").error(), Code::invalid_argument) << name;
    }
    EXPECT_EQ(disk.open(std::string_view{"a\0b", 3}, OpenMode::create).error(),
              Code::invalid_argument);
}

TEST_P(AnyDisk, RenamesOverWhatWasThere) {
    const File old = create("head");
    put(old, 0, "old");
    disk.close(old);
    const File fresh = create("head.new");
    put(fresh, 0, "new");
    ASSERT_TRUE(disk.sync(fresh));
    ASSERT_TRUE(disk.rename("head.new", "head"));
    ASSERT_TRUE(disk.sync_directory());
    EXPECT_EQ(disk.open("head.new", OpenMode::read).error(), Code::not_found);
    EXPECT_EQ(get(fresh, 0, 100), "new");
    EXPECT_EQ(get(*disk.open("head", OpenMode::read), 0, 100), "new");
    EXPECT_TRUE(disk.rename("head", "head"));
    EXPECT_EQ(get(*disk.open("head", OpenMode::read), 0, 100), "new");
}

TEST_P(AnyDisk, RemovesFiles) {
    disk.close(create("a"));
    ASSERT_TRUE(disk.remove("a"));
    EXPECT_EQ(disk.open("a", OpenMode::read).error(), Code::not_found);
    EXPECT_EQ(*disk.size(create("a")), 0U);
}

TEST_P(AnyDisk, WritesZerosOfEveryAlignment) {
    for (const std::uint64_t offset : {0U, 512U, 4096U, 4608U, 7680U}) {
        for (const std::size_t size : {512U, 4096U, 8192U, 8704U, 66048U}) {
            const File file = create("a");
            put(file, 0, std::string(offset + size + 700, 'x'));
            ASSERT_TRUE(zero_all(disk, file, offset, size));
            const std::string expected =
                std::string(offset, 'x') + std::string(size, '\0') + std::string(700, 'x');
            EXPECT_EQ(get(file, 0, expected.size() + 1), expected) << offset << " " << size;
            disk.close(file);
        }
    }
}

TEST_P(AnyDisk, GrowsByZeros) {
    const File file = create("a");
    put(file, 0, "x");
    ASSERT_TRUE(zero_all(disk, file, 512, 65536));
    EXPECT_EQ(*disk.size(file), 512U + 65536U);
    EXPECT_EQ(get(file, 0, 70000), "x" + std::string(511 + 65536, '\0'));
}

TEST_P(AnyDisk, MapsWhatIsWrittenLater) {
    const File file = create("a");
    const Result<const std::byte*> map = disk.map(file, room_size);
    ASSERT_TRUE(map);
    const auto text = [&](std::size_t offset, std::size_t size) {
        return std::string{as_text({*map + offset, size})};
    };
    put(file, 0, "first");
    EXPECT_EQ(text(0, 5), "first");
    ASSERT_TRUE(zero_all(disk, file, 0, 8192));
    EXPECT_EQ(text(0, 5), std::string(5, '\0'));
    put(file, 8190, "later");
    EXPECT_EQ(text(8190, 5), "later");
    disk.close(file);
    EXPECT_EQ(text(8190, 5), "later");
    disk.unmap(*map, room_size);
}

TEST_P(AnyDisk, RefusesToMapNothing) {
    EXPECT_EQ(disk.map(create("a"), 0).error(), Code::invalid_argument);
}

TEST_P(AnyDisk, LocksOnce) {
    Holder holder;
    ASSERT_TRUE(disk.lock(holder));
    EXPECT_EQ(disk.lock(holder).error(), Code::locked);
    disk.unlock();
    ASSERT_TRUE(disk.lock(holder));
    disk.unlock();
    disk.unlock();
}

// Method: random writes, zeros and cuts of one file, beside the same on a string; a map that was
// made before all of it shows the same.
TEST_P(AnyDisk, AgreesWithAString) {
    Holder holder;
    ASSERT_TRUE(disk.lock(holder));
    for (std::uint32_t seed = 1; seed <= 20; seed++) {
        std::mt19937 random{seed};
        std::string model;
        const File file = create("a");
        const Result<const std::byte*> map = disk.map(file, room_size);
        ASSERT_TRUE(map);
        for (int step = 0; step < 100; step++) {
            const std::size_t offset = random() % 20'000;
            const std::size_t size = 1 + random() % 9'000;
            const std::string text(size, static_cast<char>('a' + step % 26));
            const auto set = [&](std::size_t at, const std::string& bytes) {
                if (model.size() < at + bytes.size()) model.resize(at + bytes.size());
                model.replace(at, bytes.size(), bytes);
            };
            switch (random() % 4) {
                case 0:
                case 1:
                    put(file, offset, text);
                    set(offset, text);
                    break;
                case 2: {
                    const std::size_t sector = offset / 512 * 512;
                    const std::size_t sectors_size = (size / 512 + 1) * 512;
                    ASSERT_TRUE(zero_all(disk, file, sector, sectors_size));
                    set(sector, std::string(sectors_size, '\0'));
                    break;
                }
                default: ASSERT_TRUE(disk.truncate(file, offset)); model.resize(offset);
            }
            ASSERT_EQ(get(file, 0, 40'000), model) << "seed " << seed << " step " << step;
            ASSERT_EQ(as_text({*map, model.size()}), model) << "seed " << seed << " step " << step;
        }
        disk.unmap(*map, room_size);
        disk.close(file);
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, AnyDisk,
                         testing::Values(kind<PosixSubject>("Posix"), kind<MemorySubject>("Memory"),
                                         kind<UnmappedSubject<PosixSubject>>("UnmappedPosix"),
                                         kind<UnmappedSubject<MemorySubject>>("UnmappedMemory")),
                         [](const auto& subject) { return std::string{subject.param.name}; });

// ---- io: whatever the disk answers, no loop is endless and no byte is lost ----

// Moves at most `step` bytes a call, and is broken off before each by `interruption_count` signals.
class SlowDisk final : public test::PassingDisk {
public:
    SlowDisk(Disk& disk, std::size_t step, std::uint32_t interruption_count)
        : PassingDisk{disk}, step_{step}, interruption_count_{interruption_count} {}

    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override {
        if (interrupts()) return Error{Code::interrupted, EINTR};
        return inner.read(file, offset, into.first(std::min(step_, into.size())));
    }
    Result<std::size_t> write(File file, std::uint64_t offset, Bytes first,
                              Bytes second) noexcept override {
        if (interrupts()) return Error{Code::interrupted, EINTR};
        const Bytes some = first.first(std::min(step_, first.size()));
        return inner.write(file, offset, some,
                           second.first(std::min(step_ - some.size(), second.size())));
    }
    Result<std::size_t> write_zeros(File file, std::uint64_t offset,
                                    std::size_t size) noexcept override {
        if (interrupts()) return Error{Code::interrupted, EINTR};
        return inner.write_zeros(file, offset, std::min(step_, size));
    }

private:
    bool interrupts() noexcept {
        interrupted_++;
        if (interrupted_ <= interruption_count_) return true;
        interrupted_ = 0;
        return false;
    }

    std::size_t step_;
    std::uint32_t interruption_count_;
    std::uint32_t interrupted_ = 0;
};

TEST(Io, GoesOnAfterShortTransfersAndSignals) {
    MemorySubject memory;
    for (const std::size_t step : {1U, 2U, 3U, 100U}) {
        SlowDisk disk{memory.disk(), step, 2};
        const File file = *disk.open("a", OpenMode::create);
        ASSERT_TRUE(write_all(disk, file, 0, as_bytes("abcde"), as_bytes("fgh")));
        ASSERT_TRUE(zero_all(disk, file, 8, 512));
        std::string text(600, '?');
        const auto count = read_all(disk, file, 0, std::as_writable_bytes(std::span{text}));
        ASSERT_TRUE(count);
        EXPECT_EQ(text.substr(0, *count), "abcdefgh" + std::string(512, '\0'));
    }
}

TEST(Io, CallsADiskThatMovesNothingBroken) {
    MemorySubject memory;
    SlowDisk disk{memory.disk(), 0, 0};
    const File file = *disk.open("a", OpenMode::create);
    EXPECT_EQ(write_all(disk, file, 0, as_bytes("a")).error(), Code::io);
    EXPECT_EQ(zero_all(disk, file, 0, 512).error(), Code::io);
}

TEST(Io, GivesUpAfterAStormOfSignals) {
    MemorySubject memory;
    SlowDisk disk{memory.disk(), 10, 1'000'000'000};
    const File file = *disk.open("a", OpenMode::create);
    EXPECT_EQ(write_all(disk, file, 0, as_bytes("a")).error(), Code::io);
    EXPECT_EQ(write_all(disk, file, 0, as_bytes("a")).error().system_error, EINTR);
}

TEST(Io, ReportsErrorsAsTheyAre) {
    MemorySubject memory;
    const File file = *memory.disk().open("a", OpenMode::create);
    EXPECT_EQ(write_all(memory.disk(), file, room_size, as_bytes("a")).error(), Code::full);
}

// ---- memory ----

TEST(MemoryDisk, IsFullWhenAFileOutgrowsItsRoom) {
    MemorySubject memory;
    Disk& disk = memory.disk();
    const File file = *disk.open("a", OpenMode::create);
    const std::string text(room_size, 'x');
    EXPECT_TRUE(disk.write(file, 0, as_bytes(text), {}));
    EXPECT_EQ(disk.write(file, 1, as_bytes(text), {}).error(), Code::full);
    EXPECT_EQ(disk.write(file, 1, {}, as_bytes(text)).error(), Code::full);
    EXPECT_EQ(disk.write_zeros(file, 512, room_size).error(), Code::full);
    EXPECT_EQ(disk.truncate(file, room_size + 1).error(), Code::full);
    EXPECT_EQ(disk.map(file, room_size + 1).error(), Code::full);
    EXPECT_EQ(disk.write(file, ~std::uint64_t{0}, as_bytes("a"), {}).error(), Code::full);
}

TEST(MemoryDisk, IsFullWhenThereIsOneFileTooMany) {
    MemorySubject memory;
    Disk& disk = memory.disk();
    for (int i = 0; i < 16; i++) ASSERT_TRUE(disk.open(std::to_string(i), OpenMode::create));
    EXPECT_EQ(disk.open("more", OpenMode::create).error(), Code::full);
    ASSERT_TRUE(disk.remove("7"));
    EXPECT_TRUE(disk.open("more", OpenMode::create));
}

}  // namespace
}  // namespace freshet
