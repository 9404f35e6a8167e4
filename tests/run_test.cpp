// SPDX-License-Identifier: MIT
#include "tests/run_fixture.hpp"

namespace freshet::tree {
namespace {

std::string number_text(std::uint64_t number, int width = 8) {
    std::string text = std::to_string(number);
    return std::string(static_cast<std::size_t>(width) - text.size(), '0') + text;
}

void expect_found(const Run& run, const Sorted& entries) {
    std::string value;
    for (const auto& [key, kept] : entries) {
        const Answer answer = find(run, key, value);
        ASSERT_EQ(answer, kept.is_erased ? Answer::erased : Answer::present) << key;
        if (!kept.is_erased) {
            ASSERT_EQ(value, kept.value);
        }
        for (const std::string& other : {key + '\0', key.substr(0, key.size() - 1) + "~"}) {
            if (entries.count(other) == 0) {
                ASSERT_EQ(find(run, other, value), Answer::absent);
            }
        }
    }
}

// What the number-th key of a kind of key is.
using KeyOf = std::string (*)(std::uint64_t number);

constexpr KeyOf key_kinds[] = {
    [](std::uint64_t i) { return "\1customer-" + number_text(i * 7, 14); },
    [](std::uint64_t i) { return std::string(264, 'x') + number_text(i); },
    [](std::uint64_t i) { return number_text(i) + std::string(264, 'x'); },
    [](std::uint64_t i) { return std::string(1 + i % 90, 'a') + number_text(i); },
    [](std::uint64_t i) { return std::string(1, static_cast<char>(i % 20)) + number_text(i); },
    [](std::uint64_t i) {
        return number_text(i * i, 1 + static_cast<int>(number_text(i * i, 8).size()));
    },
};

// Goal: whatever was put in is found, and nothing else. Method: all counts of entries up to some
// hundred, for each kind of key, with values of all sizes and some erased.
TEST(Run, FindsWhatWasPutIn) {
    Building building;
    OneFile file;
    for (const KeyOf key_of : key_kinds) {
        Sorted entries;
        for (std::uint64_t count = 0; count < 300; count++) {
            ASSERT_EQ(building.build(file.disk, entries), Code::none);
            const std::vector<std::byte> bytes = file.bytes();
            OpenRun open{bytes};
            ASSERT_EQ(open.error, Code::none);
            if (count < 8 || count % 16 == 0) expect_found(open.run, entries);
            ASSERT_TRUE(open.run.check_all()) << count;
            const std::size_t size = count % 50 == 0 ? run_value_size_max : 1 + count % 40;
            entries[key_of(count)] = {.value = std::string(size, 'v'), .is_erased = count % 9 == 4};
        }
    }
}

}  // namespace
}  // namespace freshet::tree
