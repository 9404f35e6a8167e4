// SPDX-License-Identifier: MIT
// Runs made of a map, in memory.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/codec.hpp"
#include "freshet/memory.hpp"
#include "tests/lent.hpp"
#include "tree/run.hpp"
#include "tree/run_builder.hpp"

namespace freshet::tree {

struct Kept {
    std::string value{};
    bool is_erased = false;
    bool operator==(const Kept&) const = default;
};
using Sorted = std::map<std::string, Kept>;

inline constexpr std::uint64_t test_store = 0x5701;
inline constexpr std::uint64_t test_number = 7;
inline constexpr std::string_view test_name = "run";
inline constexpr Families all_families = 0xffff;

inline std::array<std::byte, run_note_size> note_of(char letter) {
    std::array<std::byte, run_note_size> note;
    note.fill(static_cast<std::byte>(letter));
    return note;
}

// With zeros before it.
inline std::string number_text(std::uint64_t number, int width) {
    const std::string text = std::to_string(number);
    const auto wanted = static_cast<std::size_t>(width);
    return std::string(wanted > text.size() ? wanted - text.size() : 0, '0') + text;
}

inline Entry entry_of(const std::string& key, const Kept& kept) {
    return {.key = {.front = {}, .back = as_bytes(key)},
            .value = as_bytes(kept.value),
            .is_erased = kept.is_erased};
}

// A builder with its memory.
class Building {
public:
    explicit Building(const RunLimits& limits = {})
        : memory_(RunBuilder::required_memory(limits)), arena_{MutableBytes{memory_}} {
        EXPECT_TRUE(builder.open(arena_, limits));
    }
    // none, or what failed first.
    Code build(Disk& disk, const Sorted& entries, std::uint64_t number = test_number,
               Families filtered = 0) {
        Status status = builder.begin(disk, test_name, filtered);
        for (auto i = entries.begin(); status && i != entries.end(); ++i)
            status = builder.add(entry_of(i->first, i->second));
        if (status) status = builder.finish(test_store, number, note_of('n'));
        return status.error().code;
    }

    RunBuilder builder;

private:
    test::Lent memory_;
    Arena arena_;
};

// Room for one file, and its bytes.
class OneFile {
public:
    explicit OneFile(std::size_t size_max = std::size_t{1} << 20)
        : memory_(size_max), disk{memory_, size_max} {}
    [[nodiscard]] bool is_there() { return bool{disk.open(test_name, OpenMode::read)}; }
    std::vector<std::byte> bytes() {
        const Result<File> file = disk.open(test_name, OpenMode::read);
        EXPECT_TRUE(file);
        std::vector<std::byte> all(*disk.size(*file));
        EXPECT_TRUE(disk.read(*file, 0, all));
        disk.close(*file);
        return all;
    }

private:
    test::Lent memory_;

public:
    MemoryDisk disk;
};

inline std::vector<std::byte> run_of(const Sorted& entries, Families filtered = 0) {
    OneFile file;
    Building building;
    EXPECT_EQ(building.build(file.disk, entries, test_number, filtered), Code::none);
    return file.bytes();
}

// A run in memory of its own, and what was looked through of it.
class OpenRun {
public:
    explicit OpenRun(Bytes bytes, std::uint64_t store = test_store,
                     std::uint64_t number = test_number)
        : memory_(CheckedPages::required_memory(word_count)), arena_{MutableBytes{memory_}} {
        EXPECT_TRUE(checked.open(arena_, word_count));
        open(bytes, store, number);
    }
    // Nothing of it has been looked through.
    void open(Bytes bytes, std::uint64_t store = test_store, std::uint64_t number = test_number) {
        error = run.open(bytes, store, number, checked, 3).error().code;
    }

    CheckedPages checked;
    Run run;
    Code error = Code::none;

private:
    static constexpr std::size_t word_count = 128;
    test::Lent memory_;
    Arena arena_;
};

// Keys of one family that are looked for together, with 8 bytes more behind each.
struct Together {
    explicit Together(const std::vector<std::string>& wanted) : places(wanted.size()) {
        for (const std::string& key : wanted) rooms.push_back(key + std::string(8, '\1'));
        for (std::size_t i = 0; i < wanted.size(); i++)
            keys.push_back(as_bytes(std::string_view{rooms[i]}).first(wanted[i].size()));
    }
    // Null: it is not there.
    [[nodiscard]] const Page* page(std::size_t number) const { return places[number].page; }
    [[nodiscard]] Bytes value(std::size_t number) const {
        EXPECT_EQ(places[number].end, places[number].first + 1);
        EXPECT_TRUE(page(number)->has(places[number].first, keys[number]));
        return page(number)->value_there(places[number].first);
    }

    std::vector<std::string> rooms;
    std::vector<Bytes> keys;
    std::vector<Stretch> places;
};

enum class Answer : std::uint8_t { absent, present, erased, damaged };

// Values of tests are not empty, so that an empty one says that a page is damaged.
inline Answer find(const Run& run, const std::string& key, std::string& value) {
    const Found found = run.find(as_bytes(key));
    if (!found.is_known) return Answer::absent;
    if (found.value.data() == nullptr) return Answer::erased;
    value = as_text(found.value);
    return found.value.empty() ? Answer::damaged : Answer::present;
}

}  // namespace freshet::tree
