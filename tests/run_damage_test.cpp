// SPDX-License-Identifier: MIT
// Runs that are damaged, and runs that somebody made on purpose, with the right checksums.
#include <algorithm>
#include <functional>

#include "tests/run_damage_fixture.hpp"
#include "tests/tree_fixture.hpp"

namespace freshet::tree {
namespace {

// The answer is the right one, or that the run is damaged.
void expect_no_other_answer(const Run& run, const std::string& key, const Kept& kept) {
    std::string value;
    const Answer answer = find(run, key, value);
    if (answer == Answer::damaged) {
        ASSERT_TRUE(run.is_damaged());
        return;
    }
    ASSERT_EQ(answer, kept.is_erased ? Answer::erased : Answer::present);
    if (!kept.is_erased) {
        ASSERT_EQ(value, kept.value);
    }
}

// Goal: no damaged bit becomes part of an answer. Method: each bit of a run of 64 KiB is turned in
// turn; then its page cannot be had, and keys are asked for; and all of it is read for one bit of
// each few bytes.
TEST(RunDamage, IsNoticedOfEveryBit) {
    const Sorted entries = large_entries(79);
    Contents bytes = run_of(entries);
    ASSERT_EQ(bytes.size(), std::size_t{64} << 10);
    OpenRun open{bytes};
    ASSERT_TRUE(open.run.check_all());
    open.open(bytes);
    auto key = entries.begin();
    for (std::size_t i = 0; i < bytes.size(); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= static_cast<std::byte>(1U << bit);
            if (i < run_header_size) {
                ASSERT_EQ(code_of(bytes), Code::corrupt);
            } else {
                const auto page = static_cast<std::uint32_t>((i - run_header_size) / page_size + 1);
                ASSERT_EQ(open.run.page(page), nullptr);
            }
            if (i >= run_header_size && i % 128 == bit) {
                ASSERT_FALSE(open.run.check_all()) << i;
            }
            if (i >= run_header_size && i % 8 == bit) {
                expect_no_other_answer(open.run, key->first, key->second);
                open.open(bytes);
                if (++key == entries.end()) key = entries.begin();
            }
            bytes[i] ^= static_cast<std::byte>(1U << bit);
        }
    }
}

// Goal: the same of all keys at once. Method: some thousand bits at random.
TEST(RunDamage, BecomesNoAnswer) {
    const Sorted entries = large_entries(79);
    const Contents bytes = run_of(entries);
    std::mt19937_64 random{1};
    std::size_t found_count = 0;
    for (int times = 0; times < 300; times++) {
        Contents changed = bytes;
        const std::size_t bit =
            run_header_size * 8 + random() % (bytes.size() * 8 - run_header_size * 8);
        changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        OpenRun open{changed};
        for (const auto& [key, kept] : entries) expect_no_other_answer(open.run, key, kept);
        ASSERT_TRUE(open.run.is_damaged());
        for (const auto& [key, kept] : entries) {
            Together together{{entries.begin()->first, key}};
            if (!open.run.find_all(together.keys, together.places)) continue;
            ASSERT_EQ(together.value(1).data() == nullptr, kept.is_erased);
            found_count++;
        }
    }
    EXPECT_GT(found_count, 0U);
    EXPECT_LT(found_count, 300 * entries.size());
}

TEST(RunDamage, IsNoticedOfAnotherSize) {
    const Contents bytes = run_of(large_entries(20));
    for (std::size_t size = 0; size < bytes.size() + 3 * page_size; size++) {
        const bool is_near = size % page_size < 2 || size % page_size == page_size - 1;
        if (!is_near && size % 61 != 0) continue;
        Contents changed = bytes;
        changed.resize(size);
        changed.shrink_to_fit();
        ASSERT_EQ(code_of(changed), size == bytes.size() ? Code::none : Code::corrupt) << size;
    }
}

// Goal: a run that is not what was asked for is not opened, and each reason has its code. Method:
// one field after another of the header is another one, and the checksum is right.
TEST(RunDamage, IsSaidOfItsHeader) {
    const Contents bytes = run_of(large_entries(20));
    EXPECT_EQ(code_of(bytes, test_store + 1), Code::other_store);
    EXPECT_EQ(code_of(bytes, test_store, test_number + 1), Code::corrupt);
    const auto with = [&bytes](std::size_t offset, auto value) {
        Contents changed = bytes;
        put(changed, offset, value);
        fuzz::repair_run(changed);
        return code_of(changed);
    };
    const auto page_count = load<std::uint32_t>(bytes.data() + 52);
    const auto entry_count = load<std::uint64_t>(bytes.data() + 32);
    EXPECT_EQ(with(0, 'f'), Code::corrupt);
    EXPECT_EQ(with(8, std::uint32_t{1}), Code::newer_format);
    EXPECT_EQ(with(40, entry_count), Code::none);
    EXPECT_EQ(with(40, entry_count + 1), Code::corrupt);
    EXPECT_EQ(with(48, std::uint32_t{4096}), Code::corrupt);
    EXPECT_EQ(with(52, page_count + 1), Code::corrupt);
    EXPECT_EQ(with(52, ~std::uint32_t{0}), Code::corrupt);
    constexpr std::uint32_t none = 0;
    for (std::size_t family = 0; family < family_count; family++) {
        const std::size_t page = 56 + 8 * family;
        const std::size_t height = page + 4;
        EXPECT_EQ(with(page, page_count | std::uint64_t{10} << 32), Code::none);
        EXPECT_EQ(with(page, page_count | std::uint64_t{11} << 32), Code::corrupt);
        EXPECT_EQ(with(page, page_count + 1), Code::corrupt);
        EXPECT_EQ(with(page, std::uint64_t{page_count}), Code::corrupt);
        EXPECT_EQ(with(page, none), family == 1 ? Code::corrupt : Code::none);
        EXPECT_EQ(with(height, none), family == 1 ? Code::corrupt : Code::none);
        EXPECT_EQ(with(height, std::uint32_t{1}), family == 1 ? Code::none : Code::corrupt);
    }
}

// A run of one leaf and one interior page above two of them, to be changed.
class Forged {
public:
    Forged() : bytes_{run_of(entries())} {}

    static Sorted entries() {
        return {{"\1abcd-1", {std::string(900, 'v')}},
                {"\1abcd-2", {std::string(900, 'v')}},
                {"\1abce-345678901", {std::string(900, 'v')}},
                {"\1abce-345678902", {std::string(900, 'v')}},
                {"\2a", {"v"}}};
    }
    // A page is had after a number was put somewhere into it.
    template <class T>
    [[nodiscard]] bool takes(std::uint32_t number, std::size_t offset, T value) const {
        Contents changed = bytes_;
        put(changed, page_at(number) + offset, value);
        fuzz::repair_run(changed);
        OpenRun open{changed};
        EXPECT_EQ(open.error, Code::none);
        const bool is_there = open.run.page(number) != nullptr;
        EXPECT_NE(is_there, open.run.is_damaged());
        if (!is_there) {
            EXPECT_FALSE(open.run.check_all());
        }
        std::string found;
        for (const auto& [key, kept] : entries()) static_cast<void>(find(open.run, key, found));
        return is_there;
    }
    template <class T>
    [[nodiscard]] T field(std::uint32_t number, std::size_t offset) const {
        return load<T>(bytes_.data() + page_at(number) + offset);
    }
    [[nodiscard]] const Contents& bytes() const { return bytes_; }

private:
    Contents bytes_;
};

using Half = std::uint16_t;

// Goal: a page leads nowhere outside itself, whatever it says. Method: each number in it is made
// the last that may be and the first that may not.
TEST(RunDamage, IsNoticedInThePlacesOfAPage) {
    const Forged forged;
    constexpr std::uint32_t leaf = 1;
    const Half heap = forged.field<Half>(leaf, 32);
    ASSERT_EQ(forged.field<Half>(leaf, 28), 2);
    ASSERT_EQ(forged.field<Half>(leaf, 30), 6);
    EXPECT_TRUE(forged.takes(leaf, 8, std::uint64_t{7}));  // Nobody looks there.
    EXPECT_FALSE(forged.takes(leaf, 28, Half{0}));
    EXPECT_FALSE(forged.takes(leaf, 28, Half{3}));
    EXPECT_FALSE(forged.takes(leaf, 28, Half{0xFFFF}));
    EXPECT_FALSE(forged.takes(4, 28, Half{Page::count_max + 1}));
    EXPECT_FALSE(forged.takes(leaf, 30, Half{7}));
    EXPECT_FALSE(forged.takes(leaf, 30, Half{0xFFFF}));
    EXPECT_FALSE(forged.takes(leaf, 32, Half{0}));
    EXPECT_TRUE(forged.takes(leaf, 32, static_cast<Half>(heap - 1)));
    EXPECT_FALSE(forged.takes(leaf, 32, static_cast<Half>(heap + 1)));
    EXPECT_FALSE(forged.takes(leaf, 32, Half{page_size + 1}));
    EXPECT_FALSE(forged.takes(leaf, 34, Half{1}));
    const std::size_t heads = 40 + 6;
    const std::size_t slots = heads + 2 * 8;
    const auto head = forged.field<std::uint64_t>(leaf, heads);
    EXPECT_FALSE(forged.takes(leaf, heads, head - 1));
    EXPECT_FALSE(forged.takes(leaf, heads, head + 1));
    const Half slot = forged.field<Half>(leaf, slots);
    const Half high = slot & 0xf800;  // Of the sizes: 900 is 0x384.
    ASSERT_EQ(high, 0x3000);
    for (const std::size_t offset : {std::size_t{0}, std::size_t{2047}, std::size_t{2046},
                                     std::size_t{heap} - 1, std::size_t{heap}})
        EXPECT_FALSE(forged.takes(leaf, slots, static_cast<Half>(high | offset))) << offset;
    for (const unsigned other : {0x1000U, 0x2000U, 0x4000U, 0x8000U})
        EXPECT_FALSE(forged.takes(leaf, slots, static_cast<Half>(slot ^ other))) << other;
    EXPECT_TRUE(forged.takes(leaf, slots, static_cast<Half>(slot ^ 0x800)));  // Erased.
    // In the last page, so that nothing is behind it.
    ASSERT_EQ(forged.field<Half>(4, 50), 2048 - 3);
    for (const Half end : {Half{2046}, Half{2047}}) EXPECT_FALSE(forged.takes(4, 50, end)) << end;
    const std::size_t entry = slot & 0x7ffU;
    EXPECT_EQ(forged.field<Half>(leaf, entry), 0x8401);
    for (const unsigned sizes : {0x8400U, 0x8402U, 0x84ffU, 0x8501U, 0xff01U})
        EXPECT_FALSE(forged.takes(leaf, entry, static_cast<Half>(sizes))) << sizes;
}

TEST(RunDamage, IsNoticedInTheChildrenOfAPage) {
    const Forged forged;
    constexpr std::uint32_t top = 3;
    ASSERT_EQ(forged.field<std::uint32_t>(top, 24), 1U);
    ASSERT_EQ(forged.field<Half>(top, 28), 1);
    for (const std::uint32_t child : {3U, 4U, ~0U}) EXPECT_FALSE(forged.takes(top, 24, child));
    EXPECT_TRUE(forged.takes(top, 24, std::uint32_t{2}));
    EXPECT_TRUE(forged.takes(top, 24, std::uint32_t{0}));  // A leaf, and sound as such.
    const std::size_t slot_at = 40 + forged.field<Half>(top, 30) + 8U;
    const Half slot = forged.field<Half>(top, slot_at);
    const std::size_t entry = slot & 0x7ffU;
    for (const std::uint32_t child : {0U, 3U, 4U, ~0U})
        EXPECT_FALSE(forged.takes(top, entry + 2, child));
    EXPECT_TRUE(forged.takes(top, entry + 2, std::uint32_t{1}));
    EXPECT_FALSE(forged.takes(top, entry + 1, std::uint8_t{3}));
    EXPECT_FALSE(forged.takes(top, slot_at, static_cast<Half>(slot | 0x800)));
    // A leaf with a child has values that are no children.
    EXPECT_FALSE(forged.takes(2, 24, std::uint32_t{1}));
}

// Goal: a filter that lacks a key of its leaf would hide it, and verify says so; one that has more
// bits than it needs does no harm. Method: each bit of one is flipped.
TEST(RunDamage, IsNoticedInAFilterThatLacksAKey) {
    Sorted entries;
    for (int i = 0; i < 6; i++) entries["\1" + std::to_string(i)] = {std::string(900, 'v')};
    const Contents bytes = run_of(entries, all_families);
    constexpr std::uint32_t top = 4;
    const std::size_t page = page_at(top);
    ASSERT_EQ(load<Half>(bytes.data() + page + 28), 2);
    const std::size_t slot_at = page + 40 + load<Half>(bytes.data() + page + 30) + 2 * 8U;
    const std::size_t entry = page + (load<Half>(bytes.data() + slot_at) & 0x7ffU);
    ASSERT_EQ(bytes[entry + 1], std::byte{4 + 2});
    std::size_t count = 0;
    for (std::size_t bit = 0; bit < 16; bit++) {
        Contents changed = bytes;
        std::byte& byte = changed[entry + 6 + bit / 8];
        const auto mask = static_cast<std::byte>(1U << bit % 8);
        const bool was_set = (byte & mask) != std::byte{0};
        byte ^= mask;
        fuzz::repair_run(changed);
        OpenRun open{changed};
        EXPECT_EQ(open.run.check_all(), !was_set) << bit;
        count += was_set ? 1U : 0U;
    }
    EXPECT_GT(count, 4U);
}

// Goal: keys are neither empty nor too long, whatever prefix and suffix say. Method: a page with
// one entry, whose prefix is the whole key.
TEST(RunDamage, IsNoticedInTheSizesOfKeys) {
    Contents bytes = run_of({{std::string(key_size_max, 'k'), {std::string(100, 'v')}}});
    const std::size_t page = page_at(1);
    const auto is_taken = [&](Half prefix_size, Half value_size, Half suffix_size) {
        Contents changed = bytes;
        put(changed, page + 30, prefix_size);
        put(changed, page + 40 + prefix_size, std::uint64_t{0});
        put(changed, page + 40 + prefix_size + 8, Half{page_size - 198});
        put(changed, page + 32, Half{page_size - 198});
        put(changed, page + page_size - 198, static_cast<Half>(suffix_size | value_size << 8));
        std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(page + page_size - 196), 196,
                    std::byte{0});
        fuzz::repair_run(changed);
        return OpenRun{changed}.run.page(1) != nullptr;
    };
    EXPECT_TRUE(is_taken(272, 10, 0));
    EXPECT_FALSE(is_taken(272, 10, 1));
    EXPECT_FALSE(is_taken(273, 10, 0));
    EXPECT_TRUE(is_taken(271, 10, 1));
    EXPECT_TRUE(is_taken(1, 10, 0));
    EXPECT_FALSE(is_taken(0, 10, 0));
    EXPECT_TRUE(is_taken(0, 10, 1));
    EXPECT_TRUE(is_taken(100, 96, 100));
    EXPECT_FALSE(is_taken(100, 97, 100));
}

// A page with a child and nothing else is sound, but not with entries that begin behind its end.
TEST(RunDamage, IsNoticedInAPageWithoutEntries) {
    const Forged forged;
    for (const std::size_t heap : {page_size, page_size + 1}) {
        Contents bytes = forged.bytes();
        put(bytes, page_at(3) + 28, Half{0});
        put(bytes, page_at(3) + 32, static_cast<Half>(heap));
        fuzz::repair_run(bytes);
        EXPECT_EQ(OpenRun{bytes}.run.page(3) != nullptr, heap == page_size);
    }
}

// Goal: keys that do not ascend within a page are noticed. Method: two neighbours change places, or
// one stands in both; with heads that differ, and with heads that do not.
TEST(RunDamage, IsNoticedInTheOrderOfKeys) {
    const Contents bytes =
        run_of({{"\1aa", {"v"}}, {"\1b", {"v"}}, {"\1b2345678a", {"v"}}, {"\1b2345678b", {"v"}}});
    const auto is_taken = [&bytes](std::array<std::size_t, 4> order) {
        const std::size_t heads = page_at(1) + 40 + 1;
        const std::size_t slots = heads + 4 * 8;
        Contents changed = bytes;
        for (std::size_t i = 0; i < 4; i++) {
            put(changed, heads + 8 * i, load<std::uint64_t>(bytes.data() + heads + 8 * order[i]));
            put(changed, slots + 2 * i, load<Half>(bytes.data() + slots + 2 * order[i]));
        }
        fuzz::repair_run(changed);
        return OpenRun{changed}.run.page(1) != nullptr;
    };
    EXPECT_TRUE(is_taken({0, 1, 2, 3}));
    EXPECT_FALSE(is_taken({1, 0, 2, 3}));
    EXPECT_FALSE(is_taken({0, 2, 1, 3}));
    EXPECT_FALSE(is_taken({0, 1, 3, 2}));
    EXPECT_FALSE(is_taken({0, 0, 2, 3}));
    EXPECT_FALSE(is_taken({0, 1, 3, 3}));
}

// Goal: more entries than a page has room for are noticed, even if they share their room. Method:
// any byte of some is a size of an entry; those with different keys, sorted.
TEST(RunDamage, IsNoticedInTheCountOfEntries) {
    constexpr std::size_t heap = Page::header_size + (Page::count_max + 1) * 10;
    Contents bytes = run_of({{"k", {"v"}}});
    const auto page = MutableBytes{bytes}.subspan(page_at(1));
    std::mt19937_64 random{1};
    for (std::size_t i = heap; i < page_size; i++)
        page[i] = static_cast<std::byte>(1 + random() % 9);
    std::map<std::string, std::size_t> offsets;
    for (std::size_t i = heap; i + 2 < page_size; i++) {
        const std::size_t key = i + 2 + std::to_integer<std::size_t>(page[i + 1]);
        const auto size = std::to_integer<std::size_t>(page[i]);
        if (key + size <= page_size) offsets[std::string{as_text(page.subspan(key, size))}] = i;
    }
    ASSERT_GT(offsets.size(), Page::count_max);
    for (const std::size_t count : {Page::count_max, Page::count_max + 1}) {
        store_at(page.data() + 28, static_cast<Half>(count));
        store_at(page.data() + 30, Half{0});
        store_at(page.data() + 32, static_cast<Half>(heap));
        auto next = offsets.begin();
        for (std::size_t i = 0; i < count; i++, ++next) {
            std::uint64_t head = 0;
            for (std::size_t j = 0; j < std::min<std::size_t>(next->first.size(), 8); j++)
                head |= std::uint64_t{static_cast<unsigned char>(next->first[j])} << (56 - 8 * j);
            store_at(page.data() + 40 + 8 * i, head);
            store_at(page.data() + 40 + 8 * count + 2 * i, static_cast<Half>(next->second));
        }
        fuzz::repair_run(bytes);
        EXPECT_EQ(OpenRun{bytes}.run.page(1) != nullptr, count == Page::count_max) << count;
    }
}

// Goal: what no page can show alone is noticed when all are read. Method: sound pages in a tree
// that is none.
TEST(RunDamage, IsNoticedInTheWhole) {
    const Forged forged;
    const auto holds = [&forged](const std::function<void(Contents&)>& change) {
        Contents changed = forged.bytes();
        change(changed);
        fuzz::repair_run(changed);
        OpenRun open{changed};
        EXPECT_EQ(open.error, Code::none);
        std::string found;
        for (const auto& [key, kept] : Forged::entries())
            static_cast<void>(find(open.run, key, found));
        return open.run.check_all();
    };
    const auto branch = [](std::uint32_t page, std::uint32_t height) {
        return Branch{.page = page, .height = height};
    };
    EXPECT_TRUE(holds([](Contents&) {}));
    // Counts.
    EXPECT_FALSE(holds([](Contents& bytes) { put(bytes, 32, std::uint64_t{6}); }));
    EXPECT_FALSE(holds([](Contents& bytes) { put(bytes, 40, std::uint64_t{1}); }));
    // A page that nothing leads to.
    EXPECT_FALSE(holds([](Contents& bytes) {
        bytes.insert(bytes.end(), bytes.end() - page_size, bytes.end());
        put(bytes, 52, std::uint32_t{5});
    }));
    // Heights.
    EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, 56 + 8, branch(3, 1)); }));
    EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, 56 + 8, branch(3, 3)); }));
    EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, 56 + 8, branch(1, 2)); }));
    // A tree of another family, alone and behind what is less.
    EXPECT_FALSE(holds([&](Contents& bytes) {
        put(bytes, 56 + 16, branch(0, 0));
        put(bytes, 56 + 24, branch(4, 1));
    }));
    EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, 56 + 24, branch(4, 1)); }));
    // A separator that is not between its children: "abce" lies between "abcd-2" and "abce-3...".
    const std::size_t letter = page_at(3) + 40 + 4;
    EXPECT_EQ(forged.bytes()[letter], std::byte{'e'});
    for (const char wrong : {'d', 'f'})
        EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, letter, wrong); })) << wrong;
    EXPECT_FALSE(holds([&](Contents& bytes) {
        const std::size_t page = page_at(3);
        const auto slot = load<Half>(bytes.data() + page + 40 + 5 + 8);
        const std::string last = "\1abcd-2";
        put(bytes, page + 30, Half{7});
        std::memcpy(bytes.data() + page + 40, last.data(), last.size());
        put(bytes, page + 40 + 7, std::uint64_t{0});
        put(bytes, page + 40 + 7 + 8, slot);
    }));
    // The same child twice, or the two of them in the wrong order.
    const std::uint32_t top = static_cast<std::uint32_t>(page_at(3));
    const Half slot = forged.field<Half>(3, 40 + forged.field<Half>(3, 30) + 8U);
    const std::size_t entry = top + (slot & 0x7ffU) + 2;
    EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, top + 24, std::uint32_t{2}); }));
    EXPECT_FALSE(holds([&](Contents& bytes) { put(bytes, entry, std::uint32_t{1}); }));
    EXPECT_FALSE(holds([&](Contents& bytes) {
        put(bytes, top + 24, std::uint32_t{2});
        put(bytes, entry, std::uint32_t{1});
    }));
}

// Goal: a walk comes to an end in any file, and so does a call that passes over what is erased.
// Method: both children of a page are the same leaf.
TEST(RunDamage, LeadsToNoLeafTwice) {
    const Forged forged;
    const std::size_t top = page_at(3);
    const std::size_t second = top + (forged.field<Half>(3, 40 + 5 + 8U) & 0x7ffU) + 2;
    for (const std::uint32_t leaf : {1U, 2U}) {
        Contents bytes = forged.bytes();
        put(bytes, top + 24, leaf);
        put(bytes, second, leaf);
        fuzz::repair_run(bytes);
        const OpenRun open{bytes};
        for (const bool forwards : {true, false}) {
            Walk<RunPages, run_height_max> walk{RunPages{open.run}, open.run.branches()};
            forwards ? walk.seek(as_bytes("\1")) : walk.seek_before(as_bytes("\2"));
            for (std::size_t i = 0; i < 2; i++) {
                ASSERT_TRUE(walk.valid());
                forwards ? walk.next() : walk.previous();
            }
            EXPECT_FALSE(walk.valid());
            EXPECT_TRUE(walk.damaged());
        }
    }
}

// Goal: a leaf is noticed that begins in one family and ends in another. Method: of two keys of the
// last family the first one is made one of the family before; the tree is said to be of either.
TEST(RunDamage, IsNoticedInALeafOfTwoFamilies) {
    for (const std::size_t family : {14U, 15U}) {
        Contents bytes = run_of({{"\x0f", {"1"}}, {"\x10", {"2"}}});
        const std::size_t page = page_at(1);
        const std::size_t entry = page + (load<Half>(bytes.data() + page + 40 + 16) & 0x7ffU);
        ASSERT_EQ(bytes[entry + 3], std::byte{0x0f});
        ASSERT_EQ(bytes[page + 47], std::byte{0x0f});
        bytes[entry + 3] = bytes[page + 47] = std::byte{0x0e};
        put(bytes, 56 + 8 * 15, Branch{});
        put(bytes, 56 + 8 * family, Branch{.page = 1, .height = 1});
        fuzz::repair_run(bytes);
        const OpenRun open{bytes};
        EXPECT_NE(open.run.page(1), nullptr);
        EXPECT_FALSE(open.run.check_all());
    }
}

// Goal: no file fails a check or leads outside itself. Method: a few bytes of a run are changed at
// random, most of them among the numbers of its pages, and its checksums made right.
TEST(RunDamage, IsNoHarm) {
    const Sorted entries = large_entries(60);
    const Contents bytes = run_of(entries);
    const Subject nothing{16};
    std::size_t opened = 0;
    for (std::uint64_t seed = 0; seed < 1000; seed++) {
        std::mt19937_64 random{seed};
        Contents changed = bytes;
        for (std::uint64_t i = random() % 4 + 1; i > 0; i--) {
            const std::size_t pages = (bytes.size() - run_header_size) / page_size;
            const std::size_t page = run_header_size + random() % pages * page_size;
            const std::size_t at = random() % 3 == 0 ? random() % 2048 : 24 + random() % 300;
            changed[page + at] = static_cast<std::byte>(random());
        }
        fuzz::repair_run(changed);
        OpenRun open{changed};
        if (open.error != Code::none) continue;
        opened++;
        std::string found;
        for (const auto& [key, kept] : entries) static_cast<void>(find(open.run, key, found));
        const tree::Run* const runs[] = {&open.run};
        Layers layers;
        layers.lay(nothing.delta, nullptr, runs);
        static_cast<void>(layers.estimate(as_bytes(entries.begin()->first), as_bytes("\xff")));
        if (!open.run.check_all()) continue;
        ASSERT_FALSE(open.run.is_damaged());
    }
    EXPECT_EQ(opened, 1000U);
}

}  // namespace
}  // namespace freshet::tree
