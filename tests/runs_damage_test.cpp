// SPDX-License-Identifier: MIT
// Runs are a cache: whatever becomes of their files, of what head says of them, and of the calls
// that make them, the store answers what its log adds up to, or says that it cannot; and when it is
// opened again it can. Method: a store with three runs and some log behind them; each thing that
// can be wrong is wrong once.
#include <list>
#include <map>

#include "base/checksum.hpp"
#include "freshet/runs.hpp"
#include "log/head.hpp"
#include "store/run_names.hpp"
#include "tests/faulty_disk.hpp"

namespace freshet::test {
namespace {

constexpr std::uint32_t run_number_max = 300;

std::string run_file(std::uint32_t number) {
    const store::RunFileName name = store::run_file_name(number);
    return {name.data(), name.size()};
}

// Long, and hardly shortened by those beside it.
std::string name_of(int number) {
    return std::to_string(number) + std::string(200, 's');
}

// With a new CRC of the header.
void seal_header(Contents& run) {
    const Bytes header = Bytes{run}.first(tree::run_header_size);
    store_at(run.data() + 12, crc32c(crc32c(0, header.first(12)), header.subspan(16)));
}

class DamagedRuns : public ::testing::Test {
protected:
    void SetUp() override {
        options = small_options();
        options.runs = &runs();
        options.pool_size = std::size_t{512} << 11;
        options.replay_max = std::uint64_t{1} << 30;
        options.log_context = this;
        options.log = [](void* self, Level, Code, std::string_view message) noexcept {
            static_cast<DamagedRuns*>(self)->said.emplace_back(message);
        };
    }
    // Three runs, each many times as large as the next one; and `tail` streams behind them.
    void make(int tail) {
        open();
        for (const int count : {560, 80, 5}) {
            append(count);
            maintain();
        }
        ASSERT_EQ(opened->store.statistics().run_count, 3U);
        append(tail);
        if (tail == 0) {
            ASSERT_TRUE(opened->store.close());
        }
        keep();
        opened.reset();
        put();
    }
    void open(bool read_only = false) {
        said.clear();
        Options how = options;
        how.read_only = read_only;
        how.create = !read_only;
        opened.emplace(Door{disk, &machine.clock, &machine.gate}, how);
    }
    void append(int count) {
        std::vector<Event> events(1, event_of("x"));
        while (count > 0) {
            std::vector<std::string> names;
            for (; count > 0 && names.size() < 10; count--) names.push_back(name_of(total++));
            std::vector<StreamAppend> appends;
            for (const std::string& name : names)
                appends.push_back({.stream = name, .expected = Expected::any(), .events = events});
            ASSERT_EQ(opened->append_all(appends), Code::none);
        }
    }
    Code maintain(const Maintenance& how = {.now = true}) {
        return opened->store.maintain(opened->diagnostic, how).error().code;
    }
    // none; corrupt, if it is said instead of some answer.
    Code look() {
        Code code = Code::none;
        for (int i = 0; i < total; i += 7) {
            const std::vector<std::string> found = opened->read(name_of(i));
            if (found == std::vector<std::string>{"error corrupt"})
                code = Code::corrupt;
            else if (found != std::vector<std::string>{"x"})
                return Code::stream_not_found;
        }
        Snapshot snapshot;
        EXPECT_TRUE(opened->store.snapshot(snapshot));
        return code;
    }
    void expect_all() {
        ASSERT_EQ(opened->error, Code::none);
        ASSERT_EQ(look(), Code::none);
        ASSERT_EQ(opened->store.statistics().stream_count, static_cast<std::uint64_t>(total));
        ASSERT_EQ(opened->verify(), Code::none);
    }
    [[nodiscard]] bool was_said(std::string_view text) const {
        for (const std::string& message : said)
            if (message.find(text) != std::string::npos) return true;
        return false;
    }
    // All files as they are.
    void keep() {
        files = files_of(machine.disk);
        run_files.clear();
        for (std::uint32_t i = 1; i <= run_number_max; i++) {
            const Result<File> file = machine.disk.open(run_file(i), OpenMode::read);
            if (!file) continue;
            Contents contents(*machine.disk.size(*file));
            EXPECT_TRUE(machine.disk.read(*file, 0, contents));
            machine.disk.close(*file);
            run_files[i] = contents;
        }
    }
    void put() { put(files, run_files); }
    void put(const Files& all, const std::map<std::uint32_t, Contents>& run_contents) {
        for (std::uint32_t i = 1; i <= run_number_max; i++)
            static_cast<void>(machine.disk.remove(run_file(i)));
        put_files(machine.disk, all);
        for (const auto& [number, contents] : run_contents) {
            const Result<File> file = machine.disk.open(run_file(number), OpenMode::create);
            ASSERT_TRUE(file);
            if (!contents.empty()) {
                EXPECT_TRUE(machine.disk.write(*file, 0, contents, {}));
            }
            machine.disk.close(*file);
        }
    }
    [[nodiscard]] std::size_t run_file_count() {
        std::size_t count = 0;
        for (std::uint32_t i = 1; i <= run_number_max; i++) {
            const Result<File> file = machine.disk.open(run_file(i), OpenMode::read);
            if (file) machine.disk.close(*file);
            count += file ? 1U : 0U;
        }
        return count;
    }
    // What head says of runs, changed in both slots; `names` as they were.
    static Files with_names(Files all, const std::function<void(store::RunNames&)>& change) {
        Contents& head = all["head"];
        for (const std::size_t at : {std::size_t{0}, log::head_slot_size}) {
            const auto slot = std::span{head}.subspan(at).first<log::head_slot_size>();
            log::HeadRecord record;
            std::uint32_t format = 0;
            if (!log::decode_head(slot, record, format)) continue;
            store::RunNames names;
            EXPECT_TRUE(store::decode(record.runs, names));
            change(names);
            record.runs = store::encode(names);
            log::encode_head(record, slot);
        }
        return all;
    }
    // A run whose note was changed, and a head that names it as it is now.
    void put_changed(std::uint32_t number, const std::function<void(std::byte*)>& change) {
        auto changed = run_files;
        change(changed[number].data() + 184);
        seal_header(changed[number]);
        const auto crc = load<std::uint32_t>(changed[number].data() + 12);
        put(with_names(files,
                       [&](store::RunNames& names) {
                           for (store::RunName& name : names.runs)
                               if (name.number == number) name.header_crc = crc;
                       }),
            changed);
    }
    // Once with what is there, and once more.
    void expect_refused(std::string_view message) {
        open();
        EXPECT_TRUE(was_said(message));
        ASSERT_NO_FATAL_FAILURE(expect_all());
        ASSERT_EQ(maintain(), Code::none);
        ASSERT_NO_FATAL_FAILURE(expect_all());
        opened.reset();
        open();
        EXPECT_FALSE(was_said("runs"));
        ASSERT_NO_FATAL_FAILURE(expect_all());
        opened.reset();
        EXPECT_LE(run_file_count(), 4U);
    }

    Machine machine{1 << 20};
    Disk* disk = &machine.disk;
    Options options;
    std::vector<std::string> said;
    std::optional<OpenStore> opened;
    Files files;
    std::map<std::uint32_t, Contents> run_files;
    int total = 0;
};

TEST_F(DamagedRuns, AreMissedWhereverTheyStand) {
    for (const int tail : {0, 20}) {
        machine.disk.~MemoryDisk();
        new (&machine.disk) MemoryDisk{machine.memory, 1 << 20};
        total = 0;
        make(tail);
        const auto all = run_files;
        const Files log = files;
        ASSERT_EQ(all.size(), 3U);
        const std::map<std::string, std::function<void(Contents&)>> kinds = {
            {"empty", [](Contents& run) { run.clear(); }},
            {"cut in the header", [](Contents& run) { run.resize(100); }},
            {"cut by a page", [](Contents& run) { run.resize(run.size() - 2048); }},
            {"header changed", [](Contents& run) { run[60] ^= std::byte{1}; }},
            {"of another store",
             [](Contents& run) {
                 run[16] ^= std::byte{1};
                 seal_header(run);
             }},
            {"of another number",
             [](Contents& run) {
                 run[24] ^= std::byte{1};
                 seal_header(run);
             }},
            {"of a newer format",
             [](Contents& run) {
                 run[8] = std::byte{99};
                 seal_header(run);
             }},
            {"another one, and whole",
             [](Contents& run) {
                 run[400] ^= std::byte{1};
                 seal_header(run);
             }},
        };
        for (const auto& [number, contents] : all) {
            for (const auto& [what, damage] : kinds) {
                if (tail > 0 && what != "empty") continue;
                SCOPED_TRACE(what + " " + std::to_string(number));
                auto changed = all;
                damage(changed[number]);
                put(log, changed);
                ASSERT_NO_FATAL_FAILURE(expect_refused("runs cannot be used"));
            }
            auto changed = all;
            changed.erase(number);
            put(log, changed);
            ASSERT_NO_FATAL_FAILURE(expect_refused("runs cannot be used"));
            // Who only reads makes nothing, and has all that is attested.
            if (tail > 0) continue;
            put(log, changed);
            options.pool_size = std::size_t{1} << 20;
            open(true);
            EXPECT_TRUE(was_said("runs cannot be used"));
            ASSERT_NO_FATAL_FAILURE(expect_all());
            opened.reset();
            options.pool_size = std::size_t{512} << 11;
        }
    }
}

TEST_F(DamagedRuns, SayNothingThatCannotBe) {
    make(20);
    const auto newest = run_files.rbegin()->first;
    const auto below = std::next(run_files.rbegin())->first;
    const Contents lower = run_files[below];
    const std::byte* const of_below = lower.data() + 184;
    const std::map<std::string, std::function<void(std::byte*)>> kinds = {
        {"no further than the one below",
         [&](std::byte* note) { store_at(note, load<std::uint64_t>(of_below)); }},
        {"of a commit before the one below",
         [&](std::byte* note) { store_at(note + 8, load<std::uint64_t>(of_below + 8) - 1); }},
        {"behind the end", [](std::byte* note) { store_at(note, std::uint64_t{1} << 40); }},
        {"of a later commit", [](std::byte* note) { store_at(note + 8, std::uint64_t{1} << 40); }},
        {"with rows", [](std::byte* note) { store_at(note + 108, std::uint32_t{1}); }},
    };
    for (const auto& [what, change] : kinds) {
        SCOPED_TRACE(what);
        put_changed(newest, change);
        ASSERT_NO_FATAL_FAILURE(expect_refused("runs cannot be used"));
    }
}

TEST_F(DamagedRuns, FollowTheChainOfTheLog) {
    make(0);
    put_changed(run_files.rbegin()->first, [](std::byte* note) { note[32] ^= std::byte{1}; });
    expect_refused("runs cannot be used");
}

TEST_F(DamagedRuns, AreNotReadFromAHeadThatMakesNoSense) {
    make(20);
    for (const std::size_t at : {std::size_t{4}, std::size_t{8}}) {
        Files changed = files;
        for (const std::size_t from : {std::size_t{0}, log::head_slot_size}) {
            const auto slot = std::span{changed["head"]}.subspan(from).first<log::head_slot_size>();
            log::HeadRecord record;
            std::uint32_t format = 0;
            if (!log::decode_head(slot, record, format)) continue;
            store_at(record.runs.data() + at, std::uint32_t{77});
            log::encode_head(record, slot);
        }
        put(changed, run_files);
        open();
        EXPECT_TRUE(was_said("nothing sensible of runs"));
        expect_all();
        ASSERT_EQ(maintain(), Code::none);
        opened.reset();
        open();
        EXPECT_TRUE(said.empty());
        expect_all();
        opened.reset();
    }
}

// Each page of each run is damaged in turn, and found by whoever comes to it.
TEST_F(DamagedRuns, AreNamedAndMadeAnew) {
    make(20);
    for (const auto& [number, contents] : run_files) {
        const std::size_t count = (contents.size() - tree::run_header_size) / 2048;
        for (std::size_t page = 0; page < count; page += count < 4 ? 1 : count / 4) {
            SCOPED_TRACE(std::to_string(number) + " page " + std::to_string(page));
            auto changed = run_files;
            changed[number][tree::run_header_size + page * 2048 + 1000] ^= std::byte{4};
            put(files, changed);
            open();
            ASSERT_EQ(opened->error, Code::none);
            const Code first = look();
            ASSERT_TRUE(first == Code::none || first == Code::corrupt) << code_name(first);
            const Code verified = opened->verify();
            if (first == Code::corrupt) {
                ASSERT_EQ(verified, Code::corrupt);
            }
            ASSERT_TRUE(opened->store.close());
            open();
            ASSERT_NO_FATAL_FAILURE(expect_all());
            opened.reset();
        }
    }
}

// A merge that came to a damaged page said so for ever, and so did each store opened after it:
// head was told nothing, since the call had failed.
TEST_F(DamagedRuns, AreGivenUpByAMerge) {
    make(0);
    auto changed = run_files;
    changed.begin()->second[tree::run_header_size + 1000] ^= std::byte{4};
    put(files, changed);
    open();
    ASSERT_EQ(opened->error, Code::none);
    for (int i = 0; i < 120; i++)
        ASSERT_EQ(opened->append_events("z" + name_of(i), {event_of("x")}), Code::none);
    ASSERT_EQ(maintain(), Code::corrupt);
    opened.reset();
    open();
    ASSERT_EQ(look(), Code::none);
    ASSERT_EQ(opened->verify(), Code::none);
    ASSERT_EQ(maintain(), Code::none);
    opened.reset();
    EXPECT_LE(run_file_count(), 4U);
}

// The same while the log is read: by then there are runs that head never named.
TEST_F(DamagedRuns, AreGivenUpByAMergeAtOpen) {
    make(0);
    options.runs = nullptr;
    options.pool_size = std::size_t{8} << 20;
    put(files, {});
    open();
    for (int i = 0; i < 400; i++)
        ASSERT_EQ(opened->append_events("z" + name_of(i), {event_of("x")}), Code::none);
    ASSERT_TRUE(opened->store.close());
    files = files_of(machine.disk);
    run_files.begin()->second[tree::run_header_size + 1000] ^= std::byte{4};
    options.runs = &runs();
    options.pool_size = std::size_t{24} << 11;
    put();
    open();
    ASSERT_EQ(opened->error, Code::none);
    EXPECT_TRUE(was_said("contradict"));
    ASSERT_EQ(look(), Code::none);
    ASSERT_EQ(opened->verify(), Code::none);
    ASSERT_EQ(maintain(), Code::none);
    EXPECT_EQ(run_file_count(), opened->store.statistics().run_count);
}

// A log that is longer than the pool is wide: dozens of runs are made while it is read, and as many
// merged. Once, files that were waiting to be removed left no room for more, a run was not taken,
// and what had been frozen for it was lost with the next one.
TEST_F(DamagedRuns, AreMadeAnewOfAnyLog) {
    options.runs = nullptr;
    options.pool_size = std::size_t{8} << 20;
    open();
    append(4000);
    opened.reset();
    options.runs = &runs();
    options.pool_size = std::size_t{24} << 11;
    open();
    expect_all();
    ASSERT_EQ(maintain(), Code::none);
    expect_all();
    ASSERT_EQ(run_file_count(), opened->store.statistics().run_count);
    opened.reset();
    open();
    EXPECT_TRUE(said.empty());
    expect_all();
}

// A damaged page is met in the middle of a transaction in parts. Once, the log was then read from
// its start as if it went on in there, and the store did not open.
TEST_F(DamagedRuns, AreGivenUpWithinATransaction) {
    make(0);
    open();
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(opened->store, opened->diagnostic));
    const std::string large(3000, 'y');
    const std::vector<Event> events(1, event_of(large));
    for (int i = 0; i < 60; i++) {
        const std::string name = i < 30 ? "large" : name_of(i * 7);
        ASSERT_TRUE(transaction.append({name, Expected::any(), events}, opened->diagnostic));
    }
    ASSERT_TRUE(transaction.commit(Durability::durable, opened->diagnostic));
    keep();
    opened.reset();
    for (auto& [number, contents] : run_files)
        for (std::size_t at = tree::run_header_size; at < contents.size(); at += 2048)
            contents[at + 1000] ^= std::byte{4};
    for (const bool read_only : {true, false}) {
        put();
        open(read_only);
        ASSERT_EQ(opened->error, Code::none);
        EXPECT_TRUE(was_said("contradict"));
        EXPECT_EQ(opened->read("large").size(), 30U);
        EXPECT_EQ(opened->read(name_of(3)).size(), 1U);
        EXPECT_EQ(opened->verify(), Code::none);
        opened.reset();
    }
}

// Each call of the disk fails in turn, while runs are made and merged and while a log is read that
// needs them; the store answers all, and so does the next one.
TEST_F(DamagedRuns, AreMadeOnDisksThatFail) {
    make(20);
    for (const bool for_ever : {false, true}) {
        for (const Code code : {Code::io, Code::full}) {
            for (std::uint64_t call = 0;; call++) {
                SCOPED_TRACE(call);
                total = 665;
                put();
                FaultyDisk faulty{machine.disk};
                disk = &faulty;
                open();
                ASSERT_EQ(opened->error, Code::none);
                append(300);
                faulty.for_ever = for_ever;
                faulty.wanted = Error{code, 5};
                faulty.fail_at = faulty.call_count + call + 1;
                const Code made = maintain();
                const bool was_last = faulty.call_count < faulty.fail_at;
                faulty.fail_at = ~std::uint64_t{0};
                if (was_last) {
                    ASSERT_EQ(made, Code::none);
                }
                ASSERT_EQ(look(), Code::none);
                opened.reset();
                disk = &machine.disk;
                open();
                EXPECT_FALSE(was_said("runs"));
                ASSERT_EQ(opened->error, Code::none);
                ASSERT_EQ(look(), Code::none);
                opened.reset();
                if (was_last) break;
            }
        }
    }
}

TEST_F(DamagedRuns, AreMadeAtOpenOnDisksThatFail) {
    options.runs = nullptr;
    options.pool_size = std::size_t{1} << 20;
    open();
    append(200);
    opened.reset();
    keep();
    options.runs = &runs();
    options.pool_size = std::size_t{24} << 11;
    for (const Code code : {Code::io, Code::full}) {
        for (std::uint64_t call = 1;; call++) {
            SCOPED_TRACE(call);
            put();
            FaultyDisk faulty{machine.disk};
            faulty.wanted = Error{code, 5};
            faulty.fail_at = call;
            disk = &faulty;
            open();
            const bool was_last = faulty.call_count < call;
            faulty.fail_at = ~std::uint64_t{0};
            if (opened->error == Code::none) {
                ASSERT_EQ(look(), Code::none);
            }
            if (was_last) {
                ASSERT_EQ(opened->error, Code::none);
            }
            opened.reset();
            disk = &machine.disk;
            open();
            ASSERT_EQ(opened->error, Code::none);
            ASSERT_EQ(look(), Code::none);
            opened.reset();
            if (was_last) break;
        }
    }
}

// Readers hold all that was ever in use, until nothing can be replaced any more; when they let go,
// everything goes on, and the files go.
TEST_F(DamagedRuns, StayAsLongAsReadersHaveThem) {
    options.snapshot_count_max = 60;
    open();
    std::list<Snapshot> readers;
    std::size_t most = 0;
    for (int i = 0; i < 50; i++) {
        append(10);
        ASSERT_TRUE(opened->store.snapshot(readers.emplace_back()));
        ASSERT_EQ(maintain(), Code::none);
        most = std::max(most, run_file_count());
    }
    EXPECT_GT(most, 20U);
    EXPECT_LE(most, 40U);
    for (const Snapshot& reader : readers) {
        StreamCursor cursor;
        const Status there = cursor.open(reader, name_of(5), Horizon::beginning());
        ASSERT_TRUE(there);
    }
    expect_all();
    readers.clear();
    append(10);
    for (int i = 0; i < 4; i++) {
        append(1);
        ASSERT_EQ(maintain(), Code::none);
    }
    EXPECT_EQ(run_file_count(), opened->store.statistics().run_count);
    expect_all();
    opened.reset();
    open();
    EXPECT_TRUE(said.empty());
    expect_all();
}

// Head names runs that cannot be used any more, since the lowest one is lost, while new ones are
// made of the log. Until head is told of these, the files that it names stay.
TEST_F(DamagedRuns, StayUntilHeadIsTold) {
    make(20);
    auto changed = run_files;
    changed.erase(changed.begin());
    options.pool_size = std::size_t{24} << 11;
    put(files, changed);
    open();
    expect_all();
    for (const auto& [number, contents] : changed)
        EXPECT_TRUE(machine.disk.open(run_file(number), OpenMode::read)) << number;
    ASSERT_EQ(maintain(), Code::none);
    for (const auto& [number, contents] : changed)
        EXPECT_FALSE(machine.disk.open(run_file(number), OpenMode::read)) << number;
}

// What a writer began and head never named is nobody's.
TEST_F(DamagedRuns, GoIfHeadNeverNamedThem) {
    make(0);
    auto more = run_files;
    const std::uint32_t next = run_files.rbegin()->first + 1;
    for (std::uint32_t i = 0; i < 3; i++) more[next + i] = run_files.begin()->second;
    put(files, more);
    open();
    EXPECT_EQ(run_file_count(), run_files.size());
    expect_all();
}

// A page that was looked through is known by the run's place, and places are used again.
TEST_F(DamagedRuns, AreLookedThroughEachForItself) {
    options.pool_size = std::size_t{1} << 20;
    open();
    for (int i = 0; i < 6; i++) {
        append(30);
        ASSERT_EQ(maintain(), Code::none);
        expect_all();
    }
    append(5);
    ASSERT_EQ(maintain(), Code::none);
    for (std::uint32_t number = 1; number < 30; number++) {
        const Result<File> file = machine.disk.open(run_file(number), OpenMode::read);
        if (!file) continue;
        const std::uint64_t size = *machine.disk.size(*file);
        const Contents zeros(1000);
        for (std::uint64_t at = tree::run_header_size; at < size; at += 2048)
            ASSERT_TRUE(machine.disk.write(*file, at + 1000, zeros, {}));
        machine.disk.close(*file);
    }
    EXPECT_EQ(look(), Code::corrupt);
    opened.reset();
    open();
    expect_all();
}

TEST_F(DamagedRuns, AreMadeByCloseIfThereIsMuchBehindThem) {
    options.replay_max = 16 << 10;
    open();
    append(3);
    opened.reset();
    EXPECT_EQ(run_file_count(), 0U);
    open();
    append(40);
    opened.reset();
    EXPECT_EQ(run_file_count(), 1U);
    open(true);
    expect_all();
    EXPECT_EQ(opened->store.statistics().run_commit, opened->store.statistics().commit);
}

TEST_F(DamagedRuns, NeedTheMemoryThatIsAskedFor) {
    options.pool_size = std::size_t{8} << 11;
    open();
    opened.reset();
    const std::size_t needed = required_memory(options);
    std::vector<std::byte> memory(needed);
    for (std::size_t size = 0; size < needed; size += 1024) {
        Store store;
        Diagnostic diagnostic;
        const Status status =
            store.open(options, machine.door(), MutableBytes{memory}.first(size), diagnostic);
        if (status) {
            ASSERT_LT(needed - size, 8192U);
            break;
        }
        ASSERT_EQ(status.error().code, Code::out_of_memory);
    }
}

}  // namespace
}  // namespace freshet::test
