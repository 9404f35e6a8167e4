// SPDX-License-Identifier: MIT
#include <thread>

#include "base/checksum.hpp"
#include "base/hash.hpp"
#include "tests/passing_disk.hpp"
#include "tests/run_fixture.hpp"

namespace freshet::tree {
namespace {

void expect_found(const Run& run, const Sorted& entries) {
    std::string value;
    for (const auto& [key, kept] : entries) {
        const Answer answer = find(run, key, value);
        ASSERT_EQ(answer, kept.is_erased ? Answer::erased : Answer::present) << key;
        if (!kept.is_erased) {
            ASSERT_EQ(value, kept.value);
        }
        for (const std::string& other : {key + '\0', key.substr(0, key.size() - 1) + "~"}) {
            if (entries.count(other) == 0 && other.size() <= key_size_max) {
                ASSERT_EQ(find(run, other, value), Answer::absent);
            }
        }
    }
}

// What the number-th key of a kind of key is.
using KeyOf = std::string (*)(std::uint64_t number);

constexpr KeyOf key_kinds[] = {
    [](std::uint64_t i) { return "\1customer-" + number_text(i * 7, 14); },
    [](std::uint64_t i) { return std::string(264, 'x') + number_text(i, 8); },
    [](std::uint64_t i) { return number_text(i, 8) + std::string(264, 'x'); },
    [](std::uint64_t i) {
        return number_text(i / 2, 4) + std::string(267, 'x') + number_text(i % 2, 1);
    },
    [](std::uint64_t i) { return std::string(1 + i % 90, 'a') + number_text(i, 8); },
    [](std::uint64_t i) { return std::string(1, static_cast<char>(i % 20)) + number_text(i, 8); },
    [](std::uint64_t i) { return std::string(1 + i % 272, 'z'); },
};

// The same of many keys together: some that are there, and some that are not. All are of one
// family.
void expect_found_together(const tree::Run& run, const Sorted& entries) {
    std::vector<std::string> wanted;
    for (const auto& [key, kept] : entries) {
        if (family_of(as_bytes(key)) != family_of(as_bytes(entries.begin()->first))) break;
        for (const std::string& some : {key, key + "k", key.substr(0, key.size() - 1) + "!"})
            if (some.size() <= key_size_max) wanted.push_back(some);
        if (wanted.size() > find_count_max - 3) break;
    }
    Together together{wanted};
    ASSERT_TRUE(run.find_all(together.keys, together.places));
    for (std::size_t i = 0; i < wanted.size(); i++) {
        const auto expected = entries.find(wanted[i]);
        ASSERT_EQ(together.page(i) != nullptr, expected != entries.end());
        if (together.page(i) == nullptr) continue;
        const Bytes value = together.value(i);
        ASSERT_EQ(value.data() == nullptr, expected->second.is_erased);
        ASSERT_EQ(as_text(value), expected->second.is_erased ? "" : expected->second.value);
    }
}

// Goal: whatever was put in is found, and nothing else. Method: all counts of entries up to some
// hundred, for each kind of key, with values of many sizes and some of them erased, with filters
// and without.
TEST(Run, FindsWhatWasPutIn) {
    Building building;
    OneFile file;
    for (const KeyOf key_of : key_kinds) {
        Sorted entries;
        for (std::uint64_t count = 0; count < 300; count++) {
            const bool is_looked_at = count < 20 || count % 8 == 0;
            if (is_looked_at) {
                const Families filtered = count % 16 == 0 ? all_families : 0;
                ASSERT_EQ(building.build(file.disk, entries, test_number, filtered), Code::none);
                const std::vector<std::byte> bytes = file.bytes();
                ASSERT_EQ(building.builder.file_size(), bytes.size());
                OpenRun open{bytes};
                ASSERT_EQ(open.error, Code::none);
                expect_found(open.run, entries);
                ASSERT_TRUE(open.run.check_all()) << count;
                ASSERT_FALSE(open.run.is_damaged());
            }
            const std::size_t size = count % 50 == 7 ? run_value_size_max : 1 + count % 40;
            entries[key_of(count)] = {.value = std::string(size, 'v'), .is_erased = count % 9 == 4};
        }
    }
}

// Goal: the same at random. Method: keys of random bytes of few kinds, so that they share much.
TEST(Run, FindsWhatWasPutInAtRandom) {
    Building building;
    OneFile file;
    for (std::uint64_t seed = 1; seed <= 20; seed++) {
        std::mt19937_64 random{seed};
        Sorted entries;
        for (std::size_t i = 0; i < 500; i++) {
            std::string key(1 + random() % (seed % 2 == 0 ? 12 : key_size_max), 'k');
            for (char& letter : key)
                letter = static_cast<char>(random() % (seed % 3 == 0 ? 2 : 17));
            const std::size_t size = 1 + random() % (i % 20 == 0 ? run_value_size_max : 30);
            entries[key] = {.value = std::string(size, 'v'), .is_erased = random() % 5 == 0};
        }
        const Families filtered = seed % 4 < 2 ? all_families : 0;
        ASSERT_EQ(building.build(file.disk, entries, test_number, filtered), Code::none);
        const std::vector<std::byte> bytes = file.bytes();
        OpenRun open{bytes};
        expect_found(open.run, entries);
        ASSERT_NO_FATAL_FAILURE(expect_found_together(open.run, entries));
        ASSERT_TRUE(open.run.check_all()) << seed;
        ASSERT_EQ(open.run.header().entry_count, entries.size());
    }
}

// Goal: who looks for a key that is not there reads no leaf, but for few, and who looks for one
// that is there always does. Method: all leaves are damaged, so that it is told which are read.
TEST(Run, PassesOverLeavesWhoseFiltersDoNotHaveTheKey) {
    Sorted entries;
    for (std::uint64_t i = 0; i < 6000; i++)
        entries["\1" + number_text(mix(i) % 1'000'000'000, 9) + "-name"] = {"value"};
    const auto count_damaged = [&](Families filtered, bool of_those_there) {
        std::vector<std::byte> bytes = run_of(entries, filtered);
        for (std::size_t page = run_header_size; page < bytes.size(); page += page_size)
            if (load<std::uint32_t>(bytes.data() + page + 24) == 0)
                bytes[page + 1000] ^= std::byte{1};
        OpenRun open{bytes};
        std::string value;
        std::size_t count = 0;
        for (const auto& [key, kept] : entries)
            if (find(open.run, of_those_there ? key : key + "r", value) == Answer::damaged) count++;
        return count;
    };
    EXPECT_EQ(count_damaged(0, false), entries.size());
    EXPECT_EQ(count_damaged(1U << 2, false), entries.size());
    EXPECT_LT(count_damaged(1U << 1, false), entries.size() / 10);
    EXPECT_EQ(count_damaged(1U << 1, true), entries.size());
    EXPECT_LT(run_of(entries, 1U << 1).size(), run_of(entries).size() + 9000);
}

TEST(Run, KnowsWhatItIs) {
    const Sorted entries = {{"a", {"1"}}, {"b", {"2", true}}, {"\5", {"3"}}};
    const std::vector<std::byte> bytes = run_of(entries);
    OpenRun open{bytes};
    ASSERT_EQ(open.error, Code::none);
    EXPECT_EQ(open.run.header().store, test_store);
    EXPECT_EQ(open.run.header().number, test_number);
    EXPECT_EQ(open.run.header().entry_count, 3U);
    EXPECT_EQ(open.run.header().erased_count, 1U);
    EXPECT_EQ(open.run.header().page_count, 2U);
    EXPECT_EQ(open.run.branches()[5].page, 1U);
    EXPECT_EQ(open.run.branches()[15].page, 2U);
    EXPECT_NE(open.run.page(2), nullptr);
    EXPECT_FALSE(open.run.is_damaged());
    for (const std::uint32_t number : {0U, 3U, ~0U}) EXPECT_EQ(open.run.page(number), nullptr);
    EXPECT_TRUE(open.run.is_damaged());
    ASSERT_TRUE(open.run.open(bytes, test_store, test_number, open.checked, 3));
    EXPECT_FALSE(open.run.is_damaged());
    const auto note = note_of('n');
    EXPECT_TRUE(std::equal(note.begin(), note.end(), open.run.note().begin()));
}

std::string hex_of(Bytes bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        for (const int shift : {4, 0})
            text += "0123456789abcdef"[(std::to_integer<unsigned>(byte) >> shift) & 15];
    }
    return text;
}

// Golden bytes, as the table in run_format.hpp has them. When this fails, the format has changed:
// then change format_version, or this test while it is 0.
TEST(Run, HasTheseBytes) {
    const std::vector<std::byte> bytes =
        run_of({{"\1key-1", {"one"}}, {"\1key-22", {"gone", true}}, {"\2", {std::string(5, 'x')}}});
    const Bytes file{bytes};
    ASSERT_EQ(file.size(), 4096U + 2 * 2048);
    EXPECT_EQ(hex_of(file.first(184)),
              "465245534852554e000000000151bb96015700000000000007000000000000000300000000000000"
              "01000000000000000008000002000000000000000000000001000000010000000200000001000000"
              "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
              "000000000000000000000000000000000000000000000000");
    EXPECT_EQ(file[184], std::byte{'n'});
    EXPECT_EQ(file[695], std::byte{'n'});
    EXPECT_EQ(std::count(file.begin() + 696, file.begin() + 4096, std::byte{0}), 3400);
    const Bytes first = file.subspan(4096, 2048);
    EXPECT_EQ(hex_of(first.first(65)),
              "aa30aacd00000000000000000000000000000000000000000000000002000500f207000000000000"
              "016b65792d00000000000000310000000000003232fa07f20f");
    EXPECT_EQ(hex_of(first.last(14)), "0204676f6e65323201036f6e6531");
    EXPECT_EQ(std::count(first.begin() + 65, first.end() - 14, std::byte{0}), 2048 - 65 - 14);
    const Bytes second = file.subspan(6144, 2048);
    EXPECT_EQ(hex_of(second.first(51)),
              "df878d0100000000000000000000000000000000000000000000000001000100f907000000000000"
              "020000000000000000f907");
    EXPECT_EQ(hex_of(second.last(7)), "00057878787878");
    EXPECT_EQ(std::count(second.begin() + 51, second.end() - 7, std::byte{0}), 2048 - 51 - 7);
}

// Goal: the same entries make the same bytes, whatever the memory held and whatever was built in it
// before.
TEST(Run, HasTheSameBytesForTheSameEntries) {
    Sorted entries;
    Sorted others;
    for (std::uint64_t i = 0; i < 3000; i++) {
        entries["\1name-" + number_text(i * i, 9)] = {
            number_text(i, 1 + static_cast<int>(i % 40) / 10 * 9)};
        others[number_text(i, 20) + std::string(i % 200, 'x')] = {std::string(i % 150 + 1, 'y')};
    }
    const std::vector<std::byte> wanted = run_of(entries);
    std::vector<std::byte> memory(RunBuilder::required_memory(), std::byte{0xEE});
    Arena arena{MutableBytes{memory}};
    RunBuilder builder;
    ASSERT_TRUE(builder.open(arena));
    for (const bool is_finished : {true, false}) {
        OneFile file{std::size_t{4} << 20};
        ASSERT_TRUE(builder.begin(file.disk, test_name));
        for (const auto& [key, kept] : others) ASSERT_TRUE(builder.add(entry_of(key, kept)));
        if (is_finished) {
            ASSERT_TRUE(builder.finish(1, 2, note_of('o')));
        } else {
            builder.abandon();
        }
        ASSERT_TRUE(builder.begin(file.disk, test_name));
        for (const auto& [key, kept] : entries) {
            // In two pieces, as they come from a page.
            const Bytes whole = as_bytes(key);
            const Entry entry{.key = {.front = whole.first(3), .back = whole.subspan(3)},
                              .value = as_bytes(kept.value)};
            ASSERT_TRUE(builder.add(entry));
        }
        EXPECT_EQ(builder.entry_count(), entries.size());
        ASSERT_TRUE(builder.finish(test_store, test_number, note_of('n')));
        EXPECT_EQ(file.bytes(), wanted);
    }
}

TEST(Run, HasNoRoomLeftInItsLeaves) {
    Sorted entries;
    for (std::uint64_t i = 0; i < 2000; i++)
        entries["\1customer-" + number_text(i * 7, 14)] = {std::string(16, 'v')};
    const std::vector<std::byte> bytes = run_of(entries);
    OpenRun open{bytes};
    const std::uint32_t page_count = open.run.header().page_count;
    const std::uint32_t height = open.run.branches()[1].height;
    EXPECT_EQ(height, 2U);
    for (std::uint32_t i = 1; i + 2 < page_count; i++)
        EXPECT_GT(open.run.page(i)->used(), page_size - 60) << i;
    EXPECT_LT(page_count * page_size, entries.size() * 37);
}

// A record that has no room beside the largest key and value: alone, and behind another entry.
TEST(Run, RefusesARecordThatHasNoRoomInAPage) {
    const std::string key(key_size_max, 'k');
    const std::string value(run_value_size_max, 'v');
    const std::string text(400, 't');
    std::vector<std::byte> record(field_size(Field::of(as_bytes(text))));
    put_field(record.data(), record.data() + record.size(), Field::of(as_bytes(text)));
    for (const bool is_alone : {true, false}) {
        OneFile file{std::size_t{1} << 20};
        std::vector<std::byte> memory(RunBuilder::required_memory());
        Arena arena{MutableBytes{memory}};
        RunBuilder builder;
        ASSERT_TRUE(builder.open(arena) && builder.begin(file.disk, test_name));
        if (!is_alone) {
            ASSERT_TRUE(builder.add(entry_of("a", {"v"}), record));
        }
        EXPECT_EQ(builder.add(entry_of(key, {value}), record).error().code, Code::corrupt);
        builder.abandon();
    }
}

TEST(Run, FillsALeafToItsLastByte) {
    for (const std::size_t count : {2U, 3U}) {
        const std::size_t rest = page_size - Page::header_size - 1 - count * 13;
        for (const std::size_t size : {rest, rest + 1}) {
            Sorted entries;
            for (std::size_t i = 0; i + 1 < count; i++)
                entries["\1" + number_text(i, 1)] = {std::string(500, 'v')};
            entries["\1x"] = {std::string(size - 500 * (count - 1), 'v')};
            EXPECT_EQ(run_of(entries).size(), run_header_size + page_size * (size == rest ? 1 : 3));
        }
    }
}

TEST(RunBuilder, EndsAtItsLimits) {
    for (std::uint32_t height_max = 1; height_max <= 4; height_max++) {
        Building building{{.height_max = height_max}};
        OneFile file{std::size_t{8} << 20};
        ASSERT_TRUE(building.builder.begin(file.disk, test_name));
        Sorted entries;
        Code error = Code::none;
        for (std::uint64_t i = 0; error == Code::none; i++) {
            const std::string key = key_kinds[3](i);
            const Kept kept{std::string(1000, 'v')};
            error = building.builder.add(entry_of(key, kept)).error().code;
            if (error == Code::none) entries[key] = kept;
        }
        EXPECT_EQ(error, Code::too_large);
        building.builder.abandon();

        // With so many entries a page of each level may be one too many at the end.
        while (building.build(file.disk, entries) != Code::none) {
            building.builder.abandon();
            entries.erase(std::prev(entries.end()));
        }
        const std::vector<std::byte> bytes = file.bytes();
        OpenRun open{bytes};
        EXPECT_EQ(open.run.branches()[15].height, height_max);
        EXPECT_TRUE(open.run.check_all());
    }
}

// Goal: the last page that it may not write is noticed, whichever it is. Method: as many as are
// needed, less and less; a leaf, a page above, the topmost of a family.
TEST(RunBuilder, WritesNoMorePagesThanItMay) {
    Sorted entries;
    for (std::uint64_t i = 0; i < 120; i++) {
        entries[key_kinds[3](i)] = {std::string(900, 'v')};
        entries["\3" + number_text(i, 4)] = {std::string(900, 'v')};
    }
    OneFile file;
    for (std::uint32_t page_count_max = 0;; page_count_max++) {
        Building building{{.page_count_max = page_count_max}};
        const Code error = building.build(file.disk, entries);
        if (error == Code::none) {
            EXPECT_EQ(file.bytes().size(), run_header_size + page_count_max * page_size);
            return;
        }
        ASSERT_EQ(error, Code::too_large);
        building.builder.abandon();
        ASSERT_LT(page_count_max, 200U);
    }
}

TEST(RunBuilder, RefusesWhatNoRunCanHold) {
    const std::string before = "bb";
    for (const std::string key : {"bb", "b", "ba", "a", "bazzz"}) {
        Building building;
        OneFile file;
        ASSERT_TRUE(building.builder.begin(file.disk, test_name));
        ASSERT_TRUE(building.builder.add(entry_of(before, {"1"})));
        EXPECT_EQ(building.builder.add(entry_of(key, {"2"})).error(), Code::corrupt) << key;
        building.builder.abandon();
    }
    Building building;
    OneFile file;
    ASSERT_TRUE(building.builder.begin(file.disk, test_name));
    const Kept largest{std::string(run_value_size_max, 'v')};
    const Kept larger{std::string(run_value_size_max + 1, 'v')};
    ASSERT_TRUE(building.builder.add(entry_of(std::string(key_size_max, 'k'), largest)));
    EXPECT_EQ(building.builder.add(entry_of("l", larger)).error(), Code::corrupt);
}

// Fails one call; closing and removing do not count.
class FailingDisk final : public test::PassingDisk {
public:
    using PassingDisk::PassingDisk;

    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        if (is_failing()) return Code::permission;
        return inner.open(name, mode);
    }
    Result<std::size_t> write(File file, std::uint64_t offset, Bytes first,
                              Bytes second) noexcept override {
        if (is_failing()) return Error{Code::full, 28};
        return inner.write(file, offset, first, second);
    }
    Status sync(File file) noexcept override {
        is_synced = true;
        if (is_failing()) return Error{Code::io, 5};
        return inner.sync(file);
    }
    std::uint64_t calls_left = 0;
    bool is_synced = false;

private:
    bool is_failing() noexcept { return calls_left-- == 0; }
};

// Goal: whichever call of the disk fails, its error is told, and nothing is left. Method: the first
// one fails, then the second, and so on until all went well.
TEST(RunBuilder, LeavesNoFileWhenTheDiskFails) {
    Sorted entries;
    for (std::uint64_t i = 0; i < 400; i++) {
        entries["\1" + number_text(i, 4)] = {std::string(900, 'v')};
        entries["\2" + number_text(i, 4)] = {std::string(300, 'v')};
    }
    Building building;
    std::set<Code> errors;
    for (std::uint64_t call_count = 0;; call_count++) {
        OneFile file;
        FailingDisk disk{file.disk};
        disk.calls_left = call_count;
        const Code error = building.build(disk, entries);
        errors.insert(error);
        if (error == Code::none) {
            EXPECT_TRUE(disk.is_synced);
            EXPECT_FALSE(building.builder.is_building());
            EXPECT_GT(call_count, 8U);
            break;
        }
        EXPECT_EQ(building.builder.is_building(), call_count > 0);
        if (call_count > 0) building.builder.abandon();
        EXPECT_FALSE(file.is_there()) << call_count;
    }
    EXPECT_EQ(errors, (std::set<Code>{Code::none, Code::permission, Code::full, Code::io}));
}

// Goal: no failure of an allocation is left unhandled. Method: arenas of many sizes up to what is
// said to be required; each that fails does so with exactly out_of_memory.
TEST(RunBuilder, SurvivesArenasOfAllSizes) {
    const std::size_t required = RunBuilder::required_memory();
    std::vector<std::byte> memory(required + 64);
    bool has_failed = false;
    for (std::size_t size = 0; size < required; size += 509) {
        Arena arena{MutableBytes{memory}.first(size)};
        RunBuilder builder;
        const Status opened = builder.open(arena);
        has_failed = has_failed || !opened;
        ASSERT_EQ(opened.error().code, opened ? Code::none : Code::out_of_memory);
    }
    EXPECT_TRUE(has_failed);
    for (std::size_t shift = 0; shift < 64; shift++) {
        Arena arena{MutableBytes{memory}.subspan(shift, required)};
        RunBuilder builder;
        ASSERT_TRUE(builder.open(arena));
    }
}

class Checked {
public:
    // The memory that is lent may be what another store left, with the marks of its pages.
    explicit Checked(std::size_t word_count)
        : memory_(CheckedPages::required_memory(word_count), std::byte{0xFF}),
          arena_{MutableBytes{memory_}} {
        EXPECT_TRUE(pages.open(arena_, word_count));
    }
    // The size of the groups of a run of so many pages; 0: the last one is in none.
    std::uint32_t group_size(std::uint32_t slot, std::uint32_t page_count) {
        const CheckedPages::Marks marks = pages.take(slot, page_count);
        marks.add(page_count);
        const CheckedPages::Marks::Group group = marks.group_of(page_count);
        return marks.has(page_count) ? group.end - group.first : 0;
    }
    CheckedPages pages;

private:
    std::vector<std::byte> memory_;
    Arena arena_;
};

// Goal: no page is taken for another one, of its run or of another. Method: beside the set of those
// that were added, while runs come and go, in tables with room for all and for few.
TEST(CheckedPages, KnowsOnlyWhatWasAdded) {
    for (const std::size_t word_count : {std::size_t{1}, std::size_t{7}, std::size_t{128}}) {
        Checked checked{word_count};
        struct Known {
            CheckedPages::Marks marks;
            std::uint32_t page_count = 0;
            std::set<std::uint32_t> groups;
        };
        std::array<Known, CheckedPages::slot_count_max> runs;
        std::mt19937 random{1};
        std::size_t known = 0;
        for (std::size_t i = 0; i < 50'000; i++) {
            const auto slot = static_cast<std::uint32_t>(random() % runs.size());
            Known& run = runs[slot];
            if (run.page_count == 0 || random() % 64 == 0) {
                run.page_count = 1 + static_cast<std::uint32_t>(random() % (1U << random() % 14));
                run.marks = checked.pages.take(slot, run.page_count);
                run.groups.clear();
            }
            const auto page = 1 + static_cast<std::uint32_t>(random() % run.page_count);
            const CheckedPages::Marks::Group group = run.marks.group_of(page);
            ASSERT_TRUE(group.first <= page && page < group.end);
            ASSERT_EQ(run.marks.has(page), run.groups.count(group.first) == 1);
            run.marks.add(page);
            if (run.marks.has(page)) {
                run.groups.insert(group.first);
                known++;
            }
            if (random() % 128 != 0) continue;
            checked.pages.give_back(slot);
            run.page_count = 0;
        }
        EXPECT_GT(known, 0U);
    }
}

TEST(CheckedPages, ShareMarksWhereThereAreFew) {
    Checked checked{32};
    EXPECT_EQ(checked.group_size(0, 1000), 1U);
    EXPECT_EQ(checked.group_size(0, 1024), 2U);
    EXPECT_EQ(checked.group_size(0, 8191), 8U);
    EXPECT_EQ(checked.group_size(0, 8192), 0U);
    EXPECT_EQ(checked.group_size(1, 400), 1U) << "half is left for the others";
    EXPECT_EQ(checked.group_size(2, 400), 2U);
    checked.pages.give_back(0);
    EXPECT_EQ(checked.group_size(3, 400), 1U) << "what is given back is there for the next";
}

TEST(CheckedPages, SurvivesArenasOfAllSizes) {
    const std::size_t required = CheckedPages::required_memory(256);
    std::vector<std::byte> memory(required);
    for (std::size_t size = 0; size <= required; size++) {
        Arena arena{MutableBytes{memory}.first(size)};
        CheckedPages checked;
        const Status opened = checked.open(arena, 256);
        if (opened) return;
        ASSERT_EQ(opened.error(), Code::out_of_memory);
    }
    FAIL() << "it should have been enough";
}

// Goal: any number of threads read one run, and look through its pages at the same time.
TEST(Run, IsReadByThreads) {
    Sorted entries;
    for (std::uint64_t i = 0; i < 1000; i++) entries[key_kinds[0](i)] = {number_text(i, 30)};
    const std::vector<std::byte> bytes = run_of(entries);
    OpenRun open{bytes};
    std::vector<std::thread> threads;
    std::atomic<std::uint64_t> found = 0;
    for (int i = 0; i < 3; i++) {
        threads.emplace_back([&] {
            std::string value;
            for (const auto& [key, kept] : entries)
                if (find(open.run, key, value) == Answer::present && value == kept.value) found++;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(found, 3000U);
}

}  // namespace
}  // namespace freshet::tree
