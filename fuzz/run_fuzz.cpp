// SPDX-License-Identifier: MIT
// Any bytes as the file of a run.
//
// Input: a byte (bit 0 the checksums are made right; bit 1 the page count is made that of the
// pages), the first bytes of the header, whose rest is zeros, and the pages.
//
// Nothing may lead outside the file or fail a check. Of a file whose pages are as check_all() wants
// them, the walk, the look-ups and the counts agree, and a run that is made of it has the same
// entries and records.
#include <algorithm>

#include "freshet/memory.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/repair.hpp"
#include "tree/layers.hpp"
#include "tree/run_builder.hpp"

namespace freshet::fuzz {
namespace {

using namespace freshet::tree;

constexpr std::size_t header_input = 192;
constexpr std::size_t pages_at = 1 + header_input;
constexpr std::size_t input_size_max = 1 + 3 * 4096;
constexpr std::uint64_t store = 0x5701;
constexpr std::uint64_t number = 1;
constexpr std::size_t file_size_max = std::size_t{1} << 20;
// A forged file may lead to one leaf again and again.
constexpr std::size_t step_count_max = 10'000;

constexpr Field header_fields[] = {{8, 4},  {16, 8}, {24, 8}, {32, 8}, {40, 8},  {48, 4},
                                   {52, 4}, {64, 4}, {68, 4}, {72, 8}, {176, 8}, {184, 8}};
constexpr Field page_fields[] = {{0, 8},  {8, 8},  {24, 4}, {28, 2}, {30, 2}, {32, 2},
                                 {34, 2}, {40, 8}, {48, 8}, {48, 2}, {50, 2}, {56, 2}};

bool has(std::byte flags, std::uint8_t bit) {
    return (flags & std::byte{bit}) != std::byte{0};
}

// Of just its size.
Contents file_of(Bytes input) {
    const Bytes header = input.subspan(1, std::min(header_input, input.size() - 1));
    const Bytes pages = input.subspan(1 + header.size());
    Contents file(run_header_size + pages.size());
    std::copy(header.begin(), header.end(), file.begin());
    std::copy(pages.begin(), pages.end(), file.begin() + std::ptrdiff_t{run_header_size});
    if (has(input[0], 2))
        store_at(file.data() + 52, static_cast<std::uint32_t>(pages.size() / page_size));
    if (has(input[0], 1)) repair_run(file);
    return file;
}

// A run and the memory it needs beside the file.
class OpenRun {
public:
    explicit OpenRun(Bytes file) : memory_(CheckedPages::required_memory(word_count)) {
        Arena arena{memory_};
        require(bool{checked_.open(arena, word_count)}, "the table has room");
        is_open = bool{run.open(file, store, number, checked_, 9)};
    }
    Run run;
    bool is_open = false;

private:
    static constexpr std::size_t word_count = 2;  // Fewer than pages have: they share them.
    Contents memory_;
    CheckedPages checked_;
};

class Builder {
public:
    Builder()
        : memory_(RunBuilder::required_memory()),
          files_(file_size_max),
          arena_{memory_},
          disk_{files_, file_size_max} {
        require(bool{builder_.open(arena_)}, "the builder has room");
    }
    void begin() {
        constexpr Families all = 0xffff;
        require(bool{builder_.begin(disk_, "run", all)}, "a file is created");
    }
    bool add(const Entry& entry, Bytes record = {}) { return bool{builder_.add(entry, record)}; }
    bool can_add(const Page& leaf) const { return builder_.can_add(leaf); }
    bool add(const Page& leaf) { return bool{builder_.add(leaf)}; }
    void abandon() { builder_.abandon(); }
    Contents finish() {
        constexpr std::array<std::byte, run_note_size> note{};
        require(bool{builder_.finish(store, number, note)}, "a run is finished");
        const Result<File> file = disk_.open("run", OpenMode::read);
        require(bool{file}, "it is there");
        Contents bytes(*disk_.size(*file));
        require(bool{disk_.read(*file, 0, bytes)}, "it is read");
        disk_.close(*file);
        return bytes;
    }

private:
    Contents memory_;
    Contents files_;
    Arena arena_;
    MemoryDisk disk_;
    RunBuilder builder_;
};

Builder& builder() {
    static Builder one;
    return one;
}

Contents whole(const Key& key) {
    Contents bytes(key.size());
    key.copy(0, bytes.data());
    return bytes;
}

bool is_same(Bytes a, Bytes b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

using RunWalk = Walk<RunPages, run_height_max>;

// Empty: there is none, or it is none that a builder takes.
Contents record_in(const Record& record) {
    Contents room(page_size);
    const Bytes bytes = record.is_there() ? copy_record(record, room) : Bytes{};
    return is_record(bytes) ? Contents(bytes.begin(), bytes.end()) : Contents{};
}

// Every page, and every key that stands in one.
void look_everywhere(const Run& run) {
    for (std::uint32_t i = 1; i <= run.header().page_count; i++) {
        const Page* const page = run.page(i);
        if (page == nullptr) continue;
        for (std::uint32_t at = 0; at < page->count(); at++)
            record_in(run.find(whole(page->key(at))).record);
    }
    RunWalk walk{RunPages{run}, run.branches()};
    walk.seek_before(as_bytes("\xff"));
    for (std::size_t i = 0; walk.valid() && i < step_count_max; i++) walk.previous();
}

// Puts what a walk comes to into the builder, and leaves as a whole where it takes them; false: it
// takes something not.
bool copy_all(const Run& run, std::uint64_t& count, bool with_leaves) {
    RunWalk walk{RunPages{run}, run.branches()};
    walk.seek(as_bytes(std::string_view{"\0", 1}));
    while (walk.valid()) {
        const Stretch leaf = walk.stretch();
        if (with_leaves && leaf.first == 0 && builder().can_add(*leaf.page)) {
            if (!builder().add(*leaf.page)) return false;
            count += leaf.end;
            walk.next(leaf.end);
            continue;
        }
        const Entry entry{.key = walk.key(), .value = walk.value(), .is_erased = walk.is_erased()};
        if (!builder().add(entry, record_in(walk.record()))) return false;
        count++;
        walk.next();
    }
    return !walk.damaged();
}

// Both have the same entries, and find them.
void check_same(const Run& a, const Run& b) {
    RunWalk walk_a{RunPages{a}, a.branches()};
    RunWalk walk_b{RunPages{b}, b.branches()};
    walk_a.seek(as_bytes(std::string_view{"\0", 1}));
    walk_b.seek(as_bytes(std::string_view{"\0", 1}));
    for (; walk_a.valid(); walk_a.next(), walk_b.next()) {
        require(walk_b.valid(), "no entry is lost");
        const Contents key = whole(walk_a.key());
        require(is_same(key, whole(walk_b.key())), "keys stay");
        require(is_same(walk_a.value(), walk_b.value()), "values stay");
        require(walk_a.is_erased() == walk_b.is_erased(), "erased stays erased");
        require(record_in(walk_a.record()) == record_in(walk_b.record()), "records stay");
        for (const Run* const run : {&a, &b}) {
            const Found found = run->find(key);
            require(found.is_known, "what is there is found");
            require((found.value.data() == nullptr) == walk_a.is_erased(), "erased or not");
            require(walk_a.is_erased() || is_same(found.value, walk_a.value()), "with its value");
        }
    }
    require(!walk_b.valid(), "no entry is made");
}

void check_copy(const Run& run, bool is_whole, bool with_leaves) {
    builder().begin();
    std::uint64_t count = 0;
    if (!copy_all(run, count, with_leaves)) {
        require(!is_whole || count < run.header().entry_count, "all of it was taken");
        return builder().abandon();
    }
    const Contents copy = builder().finish();
    const OpenRun other{copy};
    require(other.is_open && other.run.check_all(), "what was written is whole");
    if (!is_whole) return;
    require(!run.is_damaged(), "a whole run is not damaged");
    require(count == run.header().entry_count, "counts agree");
    require(other.run.header().erased_count == run.header().erased_count, "and of what is erased");
    check_same(run, other.run);
}

void check_run(const Run& run) {
    const bool is_whole = run.check_all();
    look_everywhere(run);
    check_copy(run, is_whole, false);
    check_copy(run, is_whole, true);
}

struct Made {
    std::string key;
    std::size_t value_size;
    bool is_erased = false;
    Contents record{};
};

// Of one column of each form, as the number says.
Contents record_of_form(std::uint64_t form) {
    const std::string some(form % 5, 'x');
    const std::array<freshet::Field, 6> fields{
        freshet::Field::whole(2),
        freshet::Field::whole(form * 77),
        form % 3 == 0 ? freshet::Field::null() : freshet::Field::real(form << 60),
        freshet::Field::of(as_bytes("the same")),
        freshet::Field::of(as_bytes(some)),
        freshet::Field::null()};
    Contents record(100);
    std::byte* to = record.data();
    for (const freshet::Field& field : fields) to = put_field(to, to, field);
    record.resize(static_cast<std::size_t>(to - record.data()));
    return record;
}

Seed seed_of(std::string name, std::uint8_t flags, std::vector<Made> entries) {
    std::sort(entries.begin(), entries.end(),
              [](const Made& a, const Made& b) { return as_text(as_bytes(a.key)) < b.key; });
    builder().begin();
    for (const Made& made : entries) {
        const Contents value(made.value_size, std::byte{'v'});
        require(builder().add({.key = {.front = {}, .back = as_bytes(made.key)},
                               .value = value,
                               .is_erased = made.is_erased},
                              made.record),
                "a seed is sorted");
    }
    const Contents file = builder().finish();
    Contents bytes = {std::byte{flags}};
    bytes.insert(bytes.end(), file.begin(), file.begin() + std::ptrdiff_t{header_input});
    bytes.insert(bytes.end(), file.begin() + std::ptrdiff_t{run_header_size}, file.end());
    require(bytes.size() <= input_size_max, "a seed is small");
    return {std::move(name), std::move(bytes)};
}

MutableBytes page_of(Contents& bytes, Random& random) {
    if (bytes.size() < pages_at + page_size) return {};
    const std::size_t count = (bytes.size() - pages_at) / page_size;
    return MutableBytes{bytes}.subspan(pages_at + random.below(count) * page_size, page_size);
}

// A number of one entry, as far as there is one: its head, its place, its two sizes.
void mutate_entry(MutableBytes page, Random& random) {
    const std::size_t count = load<std::uint16_t>(page.data() + 28);
    const std::size_t heads = 40 + std::size_t{load<std::uint16_t>(page.data() + 30)};
    const std::size_t i = random.below(count);
    const std::size_t slot = heads + 8 * count + 2 * i;
    if (count == 0 || slot + 2 > page.size()) return;
    const std::size_t entry = load<std::uint16_t>(page.data() + slot) & 0x7ffU;
    const bool is_entry_there = entry + 8 <= page.size();
    switch (is_entry_there ? random.below(4) : random.below(2)) {
        case 0: return mutate_number(page.data() + slot, 2, random);
        case 1: return mutate_number(page.data() + heads + 8 * i, 8, random);
        case 2: return mutate_number(page.data() + entry, 2, random);
        default: return mutate_number(page.data() + entry + 2, 4, random);
    }
}

// A byte of what the page says of its columns, or of what is in them.
void mutate_columns(MutableBytes page, Random& random) {
    const std::size_t begin = load<std::uint16_t>(page.data() + 34);
    if (begin == 0 || begin + 32 > page.size()) return;
    const std::size_t near = random.below(random.chance(50) ? 32 : page.size() - begin);
    mutate_number(page.data() + std::min(begin + near, page.size() - 2), 1 + random.below(2),
                  random);
}

}  // namespace

std::vector<Seed> make_seeds() {
    std::vector<Made> levels;
    std::vector<Made> families;
    std::vector<Made> tied;
    for (std::size_t i = 0; i < 7; i++)
        levels.push_back({"\1" + std::to_string(i) + std::string(250, 'k'), 600, i == 3});
    for (std::size_t i = 0; i < 5; i++)
        families.push_back({std::string(1 + i % 2, static_cast<char>(i * 4)), 3});
    for (std::size_t i = 1; i < 30; i++)
        tied.push_back({"\2prefix" + std::string(i, '\0'), 9, i % 3 == 0});
    std::vector<Made> leaves;
    for (std::size_t i = 0; i < 180; i++)
        leaves.push_back({"\1" + std::to_string(1000 + i), 8, i % 40 == 5});
    std::vector<Made> records;
    for (std::size_t i = 0; i < 40; i++)
        records.push_back({"\5" + std::to_string(100 + i), 4, false,
                           i % 7 == 3 ? Contents{} : record_of_form(i)});
    return {seed_of("empty", 0, {}),
            seed_of("one", 1, {{"\1key", 5}}),
            seed_of("levels", 1, levels),
            seed_of("families", 3, families),
            seed_of("tied", 1, tied),
            seed_of("leaves", 1, leaves),
            seed_of("records", 1, records),
            seed_of("long", 3, {{std::string(key_size_max, 'k'), run_value_size_max}})};
}

}  // namespace freshet::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
    using namespace freshet::fuzz;
    Random random{seed};
    Contents changed = to_change(data, size, random, 5, 4);
    if (random.chance(30)) mutate_bytes(changed, size_max);
    if (changed.empty()) changed.resize(1);
    for (std::size_t i = random.below(4); i > 0; i--) {
        const freshet::MutableBytes page = page_of(changed, random);
        if (random.chance(20)) {
            mutate_field(freshet::MutableBytes{changed}.subspan(1), header_fields, random);
        } else if (random.chance(30) && !page.empty()) {
            mutate_columns(page, random);
        } else if (random.chance(30) || page.empty()) {
            mutate_field(page, page_fields, random);
        } else {
            mutate_entry(page, random);
        }
    }
    return give_back(changed, data, size_max);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace freshet::fuzz;
    if (size == 0 || size > input_size_max) return 0;
    const Contents file = file_of(input(data, size));
    const OpenRun open{file};
    if (open.is_open) check_run(open.run);
    return 0;
}
