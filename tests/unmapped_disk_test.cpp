// SPDX-License-Identifier: MIT
// Goal: what is read into memory instead of being mapped is always what the file has, for the
// process that writes and for one that follows, and an error of the medium is an error. Method: the
// contract of a Disk is tested with the others (disk_test.cpp), lives of stores by the simulator;
// here is what only copies can do wrong: their room, what comes beside their loading, what another
// process does, and what is found in a file that was broken behind the store.
#include "freshet/unmapped.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "disk/io.hpp"
#include "freshet/runs.hpp"
#include "tests/passing_disk.hpp"
#include "tests/store_fixture.hpp"
#include "tests/temporary.hpp"

namespace freshet::test {
namespace {

constexpr std::size_t page_size = UnmappedDisk::page_size;
constexpr std::size_t file_size_max = std::size_t{1} << 17;

std::uint32_t seed = 1;

std::size_t room_of(std::size_t size) {
    return page_size + (size + page_size - 1) / page_size * page_size;
}

// Says what it has read a little late, or that it cannot be read.
class LateDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override {
        if (is_broken) return Error{Code::io, 5};
        const Result<std::size_t> size = inner.read(file, offset, into);
        if (after_read) std::exchange(after_read, nullptr)();
        return size;
    }
    Result<const std::byte*> map(File, std::size_t) noexcept override {
        ADD_FAILURE() << "maps are what there are none of";
        return Code::io;
    }

    std::function<void()> after_read;  // Once.
    bool is_broken = false;
};

// `other` is another process at the same files: that one goes past the copies.
class UnmappedFiles : public testing::Test {
protected:
    void put(Disk& at, std::string_view name, std::uint64_t offset, std::string_view text) {
        Result<File> file = at.open(name, OpenMode::write);
        if (!file) file = at.open(name, OpenMode::create);
        ASSERT_TRUE(file);
        ASSERT_TRUE(write_all(at, *file, offset, as_bytes(text)));
        at.close(*file);
    }
    // As a scan does.
    void read(std::string_view name, std::uint64_t offset, std::size_t size) {
        const Result<File> file = disk.open(name, OpenMode::read);
        ASSERT_TRUE(file);
        std::string text(size, '?');
        ASSERT_TRUE(read_all(disk, *file, offset, std::as_writable_bytes(std::span{text})));
        disk.close(*file);
    }
    Result<const std::byte*> map(std::string_view name, std::size_t size) {
        const Result<File> file = disk.open(name, OpenMode::read);
        if (!file) return file.error();
        const Result<const std::byte*> mapped = disk.map(*file, size);
        disk.close(*file);
        return mapped;
    }
    static std::string text_at(const std::byte* address, std::size_t size) {
        return std::string{as_text({address, size})};
    }

    Machine machine{file_size_max};
    Disk& other = machine.disk;
    LateDisk below{machine.disk};
    Lent memory{std::size_t{17} * page_size};
    UnmappedDisk disk{below, memory};
    Holder holder;
};

TEST_F(UnmappedFiles, TakeARoomThatIsFreeAndSayWhenThereIsNone) {
    struct Mapped {
        std::string text;
        std::size_t size = 0;
    };
    std::mt19937 random{seed};
    std::vector<std::string> texts;
    for (int i = 0; i < 20; i++) {
        texts.emplace_back(1 + random() % 20'000, static_cast<char>('a' + i));
        put(disk, "f" + std::to_string(i), 0, texts.back());
    }
    std::map<const std::byte*, Mapped> mapped;
    std::size_t used = 0;
    int full_count = 0;
    for (int step = 0; step < 3000; step++) {
        if (random() % 2 == 0 && !mapped.empty()) {
            auto victim = mapped.begin();
            std::advance(victim, static_cast<std::ptrdiff_t>(random() % mapped.size()));
            disk.unmap(victim->first, victim->second.size);
            used -= room_of(victim->second.size);
            mapped.erase(victim);
        } else {
            const std::size_t file = random() % texts.size();
            const std::size_t size = texts[file].size() + random() % 5000;
            const Result<const std::byte*> address = map("f" + std::to_string(file), size);
            ASSERT_TRUE(address || address.error() == Code::full);
            if (!address) full_count++;
            if (address) mapped[*address] = {texts[file], size};
            if (address) used += room_of(size);
        }
        ASSERT_EQ(disk.used(), used);
        for (const auto& [address, what] : mapped)
            ASSERT_EQ(text_at(address, what.text.size()), what.text) << step;
    }
    EXPECT_GT(full_count, 100);
    EXPECT_GT(disk.used_max(), 12 * page_size);
    for (const auto& [address, what] : mapped) disk.unmap(address, what.size);
    EXPECT_EQ(disk.used(), 0U);
    EXPECT_TRUE(map("f1", 15 * page_size));
    EXPECT_EQ(map("f1", 1).error(), Code::full);
}

TEST_F(UnmappedFiles, OfWhichThereAreTooManyAreRefused) {
    std::vector<File> files;
    for (std::uint32_t i = 0; i < UnmappedDisk::file_count_max; i++) {
        const Result<File> file = disk.open("one", OpenMode::create);
        ASSERT_TRUE(file);
        files.push_back(*file);
    }
    EXPECT_EQ(disk.open("two", OpenMode::create).error(), Code::full);
    EXPECT_EQ(other.open("two", OpenMode::read).error(), Code::not_found);
    disk.close(files.back());
    EXPECT_TRUE(disk.open("two", OpenMode::create));
}

// It is read while a commit is written there: what was read is older.
TEST_F(UnmappedFiles, HaveWhatWasWrittenWhileTheyWereRead) {
    ASSERT_TRUE(disk.lock(holder));
    put(disk, "log", 0, std::string(3 * page_size, 'a'));
    below.after_read = [this] { put(disk, "log", 100, "new"); };
    const Result<const std::byte*> mapped = map("log", 4 * page_size);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(text_at(*mapped + 98, 7), "aanewaa");
    EXPECT_EQ(text_at(*mapped + 2 * page_size, page_size), std::string(page_size, 'a'));
    below.after_read = [this] {
        const Result<File> file = disk.open("log", OpenMode::write);
        ASSERT_TRUE(disk.truncate(*file, 50));
        disk.close(*file);
        put(disk, "log", 60, "z");
    };
    const Result<const std::byte*> second = map("log", 4 * page_size);
    ASSERT_TRUE(second);
    for (const std::byte* const address : {*mapped, *second})
        EXPECT_EQ(text_at(address, 61), std::string(50, 'a') + std::string(10, '\0') + "z");
}

// One thread comes to a log while another one takes a run that leads to what was written since.
TEST_F(UnmappedFiles, HaveWhatAnotherThreadFoundWhileTheyWereRead) {
    put(other, "1.log", 0, "one");
    put(other, "1.run", 0, "run");
    below.after_read = [this] {
        put(other, "1.log", 3, "two");
        EXPECT_TRUE(map("1.run", 3));
    };
    const Result<const std::byte*> mapped = map("1.log", page_size);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(text_at(*mapped, 6), "onetwo");
    put(other, "1.log", 0, std::string(2 * page_size, 'x'));
    below.after_read = [this] {
        put(other, "1.log", 0, "ONE");
        EXPECT_TRUE(map("1.run", 3));
    };
    const Result<const std::byte*> second = map("1.log", 2 * page_size);
    ASSERT_TRUE(second);
    EXPECT_EQ(text_at(*second, 4), "ONEx");
    below.after_read = [this] {
        put(other, "1.log", 0, "eins");
        EXPECT_TRUE(map("1.run", 3));
    };
    read("1.log", 0, 4);
    EXPECT_EQ(text_at(*second, 5), "einsx");
}

TEST_F(UnmappedFiles, AreThoseThatHaveTheName) {
    ASSERT_TRUE(disk.lock(holder));
    put(disk, "a", 0, "first");
    put(disk, "b", 0, "other");
    const Result<const std::byte*> a = map("a", 100);
    const Result<const std::byte*> b = map("b", 100);
    ASSERT_TRUE(a && b);
    const Result<File> open = disk.open("a", OpenMode::write);
    ASSERT_TRUE(disk.rename("a", "b"));
    ASSERT_TRUE(write_all(disk, *open, 0, as_bytes("FI"), as_bytes("R")));
    put(disk, "b", 3, "ST");
    EXPECT_EQ(text_at(*a, 5), "FIRST");
    EXPECT_EQ(text_at(*b, 5), "other");
    ASSERT_TRUE(disk.remove("b"));
    put(disk, "b", 0, "third");
    EXPECT_EQ(text_at(*a, 5), "FIRST");
    EXPECT_EQ(text_at(*b, 5), "other");
}

// A follower reads the log as far as it shows it; and what it does not read, since a run has it, it
// finds where the run leads.
TEST_F(UnmappedFiles, HaveWhatAnotherProcessWroteOnceItIsReadOrARunIsTaken) {
    put(other, "1.log", 0, "one");
    put(other, "2.log", 0, "uno");
    const Result<const std::byte*> first = map("1.log", 3 * page_size);
    const Result<const std::byte*> second = map("2.log", page_size);
    ASSERT_TRUE(first && second);
    put(other, "1.log", 3, std::string(2 * page_size, 'x') + "two");
    put(other, "2.log", 3, "dos");
    EXPECT_NE(text_at(*second + 3, 3), "dos");
    read("2.log", 0, 6);
    EXPECT_EQ(text_at(*second, 6), "unodos");
    put(other, "1.run", 0, "run");
    const Result<const std::byte*> run = map("1.run", 3);
    ASSERT_TRUE(run);
    EXPECT_EQ(text_at(*run, 3), "run");
    EXPECT_EQ(text_at(*first, 2 * page_size + 6), "one" + std::string(2 * page_size, 'x') + "two");
    disk.unmap(*first, 3 * page_size);
    put(other, "2.log", 6, "tres");
    ASSERT_TRUE(map("2.run", 3).error() == Code::not_found);
    put(other, "2.run", 0, "run");
    ASSERT_TRUE(map("2.run", 3));
    EXPECT_EQ(text_at(*second, 10), "unodostres");
}

TEST_F(UnmappedFiles, ThatCannotBeReadAreAnError) {
    put(other, "1.log", 0, "one");
    put(other, "1.run", 0, "run");
    below.is_broken = true;
    EXPECT_EQ(map("1.log", 10).error(), Code::io);
    EXPECT_EQ(disk.used(), 0U);
    below.is_broken = false;
    ASSERT_TRUE(map("1.log", 10));
    const std::size_t used = disk.used();
    below.after_read = [this] { below.is_broken = true; };
    EXPECT_EQ(map("1.run", 3).error(), Code::io);
    below.is_broken = false;
    ASSERT_TRUE(other.remove("1.log"));
    EXPECT_EQ(map("1.run", 3).error(), Code::not_found);
    EXPECT_EQ(disk.used(), used);
}

// ---- stores ----

struct UnmappedStore {
    UnmappedStore(const std::string& path, const Options& options, std::size_t size)
        : memory(size) {
        EXPECT_TRUE(door.open(path.c_str(), options.create));
        open.emplace(Door{&disk, &door.clock, &door.gate}, options);
    }
    PosixDoor door;
    Lent memory;
    UnmappedDisk disk{door.disk, memory};
    std::optional<OpenStore> open;
};

Options options_with_runs() {
    Options options = small_options();
    options.runs = &runs();
    options.replay_max = 1 << 12;
    return options;
}

// The end of a file that is mapped is gone: who reads there is killed by a signal. So would be who
// reads what the medium has lost.
TEST(Unmapped, StoresAnswerWithFilesBrokenBehindThem) {
    const TemporaryDirectory directory;
    UnmappedStore one{directory.path(), small_options(), std::size_t{1} << 20};
    OpenStore& open = *one.open;
    ASSERT_EQ(open.error, Code::none);
    const std::string large(3000, 'x');
    for (int i = 0; i < 5; i++) ASSERT_TRUE(open.append("s", {large}));
    EXPECT_EQ(open.read("s").size(), 5U);
    std::filesystem::resize_file(directory.path("00000001.log"), 600);
    EXPECT_EQ(open.read("s"), std::vector<std::string>(5, large));
    EXPECT_EQ(open.verify(), Code::corrupt);
}

TEST(Unmapped, StoresThatDoNotFitSayItAndAreWhole) {
    const TemporaryDirectory directory;
    const Options options = small_options();
    const std::string large(3000, 'x');
    {
        UnmappedStore one{directory.path(), options, options.segment_size + 3 * page_size};
        OpenStore& open = *one.open;
        ASSERT_EQ(open.error, Code::none);
        for (int i = 0; i < 40; i++) ASSERT_TRUE(open.append("s", {large}));
        Snapshot snapshot;
        StreamCursor cursor;
        Recorded event;
        ASSERT_TRUE(open.store.snapshot(snapshot));
        ASSERT_TRUE(cursor.open(snapshot, "s", Horizon::beginning()));
        int count = 0;
        Result<bool> there = cursor.next(event);
        for (; there && *there; there = cursor.next(event)) count++;
        EXPECT_EQ(there.error(), Code::full);
        EXPECT_GT(count, 15);
    }
    UnmappedStore again{directory.path(), options, 3 * (options.segment_size + 3 * page_size)};
    EXPECT_EQ(again.open->read("s"), std::vector<std::string>(40, large));
    EXPECT_EQ(again.open->verify(), Code::none);
}

// What they had stays in the pool and in the log, and what is asked is answered.
TEST(Unmapped, StoresWithoutRoomForRunsGoOn) {
    const TemporaryDirectory directory;
    const Options options = options_with_runs();
    UnmappedStore one{directory.path(), options, options.segment_size + 3 * page_size};
    OpenStore& open = *one.open;
    ASSERT_EQ(open.error, Code::none);
    ASSERT_TRUE(open.append("stream 7", {"zero"}));
    EXPECT_EQ(open.read("stream 7"), std::vector<std::string>{"zero"});
    for (int i = 0; i < 300; i++) ASSERT_TRUE(open.append("stream " + std::to_string(i), {"one"}));
    const Status made = open.store.maintain(open.diagnostic, {.now = true});
    EXPECT_EQ(made.error(), Code::full);
    EXPECT_EQ(open.store.statistics().run_count, 0U);
    EXPECT_TRUE(open.append("stream 7", {"two"}));
    EXPECT_EQ(open.read("stream 7"), (std::vector<std::string>{"zero", "one", "two"}));
    EXPECT_EQ(open.verify(), Code::none);
}

// Method: one process writes and makes runs, another follows, both without maps; after each step
// the reader shows all there is.
TEST(Unmapped, StoresFollowAnother) {
    const TemporaryDirectory directory;
    UnmappedStore writer{directory.path(), options_with_runs(), std::size_t{2} << 20};
    ASSERT_EQ(writer.open->error, Code::none);
    ASSERT_TRUE(writer.open->append("s", {"0"}));
    Options reading = options_with_runs();
    reading.create = false;
    reading.read_only = true;
    reading.pool_size = std::size_t{1} << 17;
    UnmappedStore reader{directory.path(), reading, std::size_t{2} << 20};
    ASSERT_EQ(reader.open->error, Code::none);
    std::vector<std::string> wanted = {"0"};
    std::mt19937 random{seed};
    for (int step = 0; step < 200; step++) {
        for (std::size_t i = random() % 40; i-- > 0;) {
            wanted.push_back(std::to_string(wanted.size()) + std::string(random() % 100, '.'));
            ASSERT_TRUE(writer.open->append("s", {wanted.back()}));
            ASSERT_TRUE(writer.open->append("t" + std::to_string(random() % 500), {"x"}));
        }
        if (random() % 3 == 0) {
            ASSERT_TRUE(writer.open->store.maintain(writer.open->diagnostic, {.now = true}));
        }
        if (random() % 3 != 0) continue;
        ASSERT_TRUE(reader.open->store.refresh(reader.open->diagnostic));
        ASSERT_EQ(reader.open->read("s"), wanted) << step;
    }
    EXPECT_GT(reader.open->store.statistics().run_count, 0U);
    EXPECT_EQ(reader.open->verify(), Code::none);
}

}  // namespace
}  // namespace freshet::test
