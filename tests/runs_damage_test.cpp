// SPDX-License-Identifier: MIT
// Runs are a cache: whatever becomes of their files, of what head says of them, and of the calls
// that make them, the store answers what its log adds up to, or says that it cannot; and when it is
// opened again it can. Method: a store with three runs and some log behind them; each thing that
// can be wrong is wrong once.
#include "freshet/stream_list.hpp"
#include "tests/runs_fixture.hpp"

namespace freshet::test {
namespace {

class DamagedRuns : public RunFiles {};

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

// Each page in turn, while names are listed and ids are looked for.
TEST_F(DamagedRuns, AreNamedWhereNamesAndIdsAreLookedFor) {
    open();
    for (total = 0; total < 120; total++)
        ASSERT_EQ(opened->append_events(name_of(total),
                                        {event_of("x", static_cast<std::uint64_t>(total) + 1)}),
                  Code::none);
    ASSERT_EQ(maintain(), Code::none);
    keep();
    opened.reset();
    ASSERT_EQ(run_files.size(), 1U);
    const auto all = run_files;
    int list_count = 0;
    int id_count = 0;
    for (std::size_t at = tree::run_header_size; at < all.begin()->second.size(); at += 2048) {
        auto changed = all;
        changed.begin()->second[at + 1000] ^= std::byte{4};
        put(files, changed);
        open();
        Snapshot snapshot;
        ASSERT_TRUE(opened->store.snapshot(snapshot));
        StreamList list;
        ASSERT_TRUE(list.open(snapshot));
        std::string_view name;
        int count = 0;
        Result<bool> there = list.next(name);
        for (; there && *there; there = list.next(name)) count++;
        if (there) {
            ASSERT_EQ(count, total);
        } else {
            ASSERT_EQ(there.error(), Code::corrupt);
            list_count++;
        }
        for (int i = 0; i < total; i += 5) {
            const Code code = opened->append_events(
                name_of(i), {event_of("x", static_cast<std::uint64_t>(i) + 1)});
            ASSERT_TRUE(code == Code::none || code == Code::corrupt) << code_name(code);
            if (code == Code::corrupt) id_count++;
        }
        snapshot.close();
        opened.reset();
    }
    EXPECT_GT(list_count, 0);
    EXPECT_GT(id_count, 0);
}

}  // namespace
}  // namespace freshet::test
