// SPDX-License-Identifier: MIT
// Every call failed, every memory too small, every bit flipped.
#include <algorithm>

#include "freshet/runs.hpp"
#include "sim/harness.hpp"
#include "sim/search.hpp"
#include "sim/table_life.hpp"

namespace freshet::sim {

namespace {

constexpr std::array<Operation, 26> long_life = {
    Operation::append_small,   Operation::append_wide,  Operation::append_three,
    Operation::deferred,       Operation::sync,         Operation::rollback,
    Operation::rollback_large, Operation::roll,         Operation::transaction,
    Operation::create,         Operation::retry,        Operation::refused,
    Operation::read,           Operation::follow,       Operation::verify,
    Operation::clock_jump,     Operation::settings,     Operation::track,
    Operation::settings,       Operation::condition,    Operation::track,
    Operation::settings,       Operation::condition,    Operation::maintain,
    Operation::reopen,         Operation::append_small,
};

void give_runs(Setup& setup) {
    setup.options.runs = &runs();
    setup.options.replay_max = 1 << 10;
}

// The life up to `at / 2` without trouble, the operation there with it, and the rest without; with
// runs, if `at` is odd. False: no such call.
bool live_with(std::size_t at, const Hit& hit, SyncFailure failure, SearchResult& result) {
    SeedChoice choice{5};
    Run run{choice, Rules{}};
    Setup setup = small_setup();
    setup.profile.sync_failure = failure;
    if (at % 2 == 1) give_runs(setup);
    run.start(setup);
    set_current_life(&run, 0);
    bool was_made = false;
    for (std::size_t i = 0; i <= long_life.size(); i++) {
        const bool is_hit = i == at / 2;
        // Number 0 is the open that makes the store.
        const Operation operation = i == 0 ? Operation::recover : long_life[i - 1];
        const bool made = run.execute(operation, is_hit ? hit : Hit{});
        was_made = was_made || (is_hit && made);
        if (is_hit && !made) break;
        if (is_hit) add(run.is_up() ? result.usable : result.poisoned);
        if (!run.is_up()) run.execute(operation, Hit{});
    }
    run.end();
    set_current_life(nullptr, 0);
    if (was_made) add(result.failed_calls);
    return was_made;
}

constexpr std::array<TableWork, 19> long_table_life = {
    TableWork::rows,        TableWork::rows,        TableWork::rows,        TableWork::definition,
    TableWork::transaction, TableWork::definition,  TableWork::rows,        TableWork::read,
    TableWork::maintain,    TableWork::transaction, TableWork::transaction, TableWork::rows,
    TableWork::verify,      TableWork::reopen,      TableWork::definition,  TableWork::transaction,
    TableWork::rows,        TableWork::read,        TableWork::rows,
};

// The same of a database: two lives of it, by the seeds 5 and 6.
bool live_with_tables(std::size_t at, const Hit& hit, SyncFailure failure, SearchResult& result) {
    SeedChoice choice{5 + at % 2};
    TableLife life{choice, Rules{}};
    Setup setup = small_setup();
    setup.profile.sync_failure = failure;
    setup.options.pool_size = std::size_t{512} << 10;
    life.start(setup);
    set_current_life(&life, 0);
    bool was_made = false;
    for (std::size_t i = 0; i <= long_table_life.size(); i++) {
        // Number 0 is the open that makes the store.
        const TableWork work = i == 0 ? TableWork::reopen : long_table_life[i - 1];
        const bool is_hit = i == at / 2;
        const bool made = life.execute(work, is_hit ? hit : Hit{});
        was_made = was_made || (is_hit && made);
        if (is_hit && !made) break;
        if (is_hit) add(life.is_up() ? result.usable : result.poisoned);
        if (!life.is_up()) life.execute(work, Hit{});
    }
    life.end();
    set_current_life(nullptr, 0);
    if (was_made) add(result.failed_calls);
    return was_made;
}

// Connections of every memory, in steps, up to what is enough: what fails for it leaves nothing.
void search_table_memory(Share share, SearchResult& result) {
    std::uint64_t number = 0;
    for (std::size_t size = std::size_t{96} << 10; size < std::size_t{216} << 10; size += 512) {
        if (!share.has(number++)) continue;
        SeedChoice choice{size};
        TableLife life{choice, Rules{}};
        Setup setup = small_setup();
        setup.options.pool_size = std::size_t{512} << 10;
        setup.options.segment_size = 64 << 10;
        life.set_connection_size(size);
        life.start(setup);
        set_current_life(&life, 0);
        for (std::size_t i = 0; i < 60; i++)
            life.execute(long_table_life[i % long_table_life.size()], Hit{});
        if (life.was_out_of_memory()) add(result.usable);
        life.end();
        set_current_life(nullptr, 0);
    }
}

// One machine with a store that was closed well, and its model.
void make_store(Run& run, std::uint64_t size) {
    run.open();
    for (std::uint64_t i = 0; run.machine().store.statistics().log_size < size; i++) {
        static constexpr std::array<Operation, 5> few = {
            Operation::append_small, Operation::append_three, Operation::append_wide,
            Operation::create, Operation::append_small};
        run.perform(few[i % few.size()]);
    }
}

enum class Verdict : std::uint8_t { named, harmless, missing };

Verdict judge(Machine& machine, const Model& model) {
    const Status opened = machine.open(false);
    if (!opened) {
        const Code code = opened.error().code;
        const bool is_named =
            code == Code::corrupt || code == Code::not_a_store || code == Code::newer_format;
        if (!is_named) violation("a flipped bit makes open say %s", code_name(code));
        return Verdict::named;
    }
    Snapshot snapshot;
    if (!machine.store.snapshot(snapshot)) violation("no snapshot");
    const bool is_whole = snapshot.commit() == model.commit();
    const Code code = compare(snapshot, model, machine.clock);
    snapshot.close();
    static_cast<void>(machine.store.close());
    if (code == Code::corrupt) return Verdict::named;
    if (code != Code::none) violation("reading a flipped bit says %s", code_name(code));
    return is_whole ? Verdict::harmless : Verdict::missing;
}

void flip_all(Run& run, bool was_closed, std::uint64_t step, Share share, SearchResult& result) {
    const SimDiskSize size{.file_count_max = run.machine().options.segment_count_max + 4,
                           .file_size_max = run.machine().options.segment_size,
                           .version_count_max = 512};
    Machine pristine{size};
    Machine image{size};
    image.options = run.machine().options;
    image.lend();
    run.machine().disk.copy_to(pristine.disk);
    pristine.disk.restart();
    pristine.disk.write_back();
    const std::uint64_t attested = run.promise().least;
    for (const std::string_view name :
         {std::string_view{"00000001.log"}, std::string_view{"head"}}) {
        const std::uint64_t bits = pristine.disk.contents(name).size() * 8;
        for (std::uint64_t bit = 0; bit < bits; bit += step) {
            if (!share.has(bit / step)) continue;
            pristine.disk.copy_to(image.disk);
            if (!image.disk.flip_bit(name, bit)) violation("no bit to flip");
            const Verdict verdict = judge(image, run.model());
            if (verdict == Verdict::named) add(result.named);
            if (verdict == Verdict::harmless) add(result.harmless);
            if (verdict != Verdict::missing) continue;
            if (was_closed)
                violation("bit %llu of %.*s: commit %llu is silently missing",
                          static_cast<unsigned long long>(bit), static_cast<int>(name.size()),
                          name.data(), static_cast<unsigned long long>(attested));
            add(result.residual);
        }
    }
}

}  // namespace

namespace {

// Where a life is hit: at each step, whatever is done there.
using LiveWith = bool (*)(std::size_t at, const Hit& hit, SyncFailure failure, SearchResult&);

void search_faults_of(LiveWith live, std::size_t first, std::size_t end, Share share,
                      SearchResult& result) {
    std::uint64_t number = 0;
    for (const SyncFailure failure :
         {SyncFailure::clean, SyncFailure::late, SyncFailure::reverts}) {
        for (std::size_t at = first; at < end; at++) {
            for (std::uint32_t call = 0; call < 400; call++) {
                bool was_made = true;
                for (std::uint32_t error = 0; error < 10 && was_made; error++) {
                    for (const Hit::Kind kind :
                         {Hit::Kind::error_once, Hit::Kind::error_for_ever}) {
                        if (!share.has(number++) && error > 0) continue;
                        // The number says which error, and how much of a write gets through: see
                        // Run::before().
                        was_made = live(
                            at, {.kind = kind, .call = call, .number = error + (error % 2) * 1000},
                            failure, result);
                    }
                }
                if (!was_made) break;
            }
        }
    }
}

}  // namespace

void search_faults(Share share, SearchResult& result) {
    for (std::size_t at = 0; at < 2 * (long_life.size() + 1); at += 2)
        search_faults_of(live_with, at, at + 1, share, result);
    // Who shares takes whole steps of these: each call of one costs a life.
    for (std::size_t at = 1; at < 2 * (long_life.size() + 1); at += 2)
        if (share.has(at / 2)) search_faults_of(live_with, at, at + 1, Share{}, result);
    for (std::size_t at = 0; at < 2 * (long_table_life.size() + 1); at++)
        if (share.has(at)) search_faults_of(live_with_tables, at, at + 1, Share{}, result);
}

void search_memory(Share share, SearchResult& result) {
    const Tape zeros;
    TapeChoice choice{zeros};
    Run run{choice, Rules{}};
    search_table_memory(share, result);
    Setup with_runs = small_setup();
    give_runs(with_runs);
    run.start(with_runs);
    set_current_life(&run, 0);
    run.open();
    for (const Operation operation :
         {Operation::append_small, Operation::append_wide, Operation::roll})
        run.perform(operation);
    run.end();
    Machine& machine = run.machine();
    const std::size_t needed = required_memory(machine.options);
    for (std::size_t size = 0; size < needed; size++) {
        if (!share.has(size)) continue;
        const MutableBytes memory{machine.memory.data(), size};
        const Status opened =
            machine.store.open(machine.options, machine.door(), memory, machine.diagnostic);
        // What is required covers the worst alignment: a little less can be enough.
        if (opened && needed - size > 1024)
            violation("open needs only %zu of %zu bytes", size, needed);
        if (opened)
            static_cast<void>(machine.store.close());
        else if (opened.error().code != Code::out_of_memory)
            violation("too little memory is %s", code_name(opened.error().code));
        else if (machine.diagnostic.needed == 0)
            violation("it is not said how much memory is needed");
        if (machine.disk.open_count() != 0) violation("files are left open");
        add(result.failed_calls);
    }
    if (!machine.open(false)) violation("with enough memory it does not open");
    static_cast<void>(machine.store.close());
    set_current_life(nullptr, 0);
    for (std::size_t pages = 8; pages < 32; pages++) {
        if (!share.has(pages)) continue;
        SeedChoice plain{pages};
        Run poor{plain, Rules{}};
        Setup setup = small_setup();
        setup.options.pool_size = pages * 2048;
        setup.options.segment_size = 64 << 10;
        setup.options.segment_count_max = 16;
        poor.start(setup);
        set_current_life(&poor, 0);
        poor.open();
        for (int i = 0; i < 3000 && poor.is_up() && !poor.was_out_of_memory(); i++) {
            static constexpr std::array<Operation, 4> few = {
                Operation::append_small, Operation::append_three, Operation::create,
                Operation::transaction};
            poor.perform(few[static_cast<std::size_t>(i) % few.size()]);
        }
        if (poor.was_out_of_memory()) add(result.usable);
        poor.perform(Operation::read);
        poor.perform(Operation::verify);
        poor.machine().options.pool_size = std::size_t{1} << 20;
        poor.perform(Operation::maintain);
        poor.end_with_more_memory();
        set_current_life(nullptr, 0);
    }
}

void search_flips(std::uint64_t step, Share share, SearchResult& result) {
    for (const bool closes : {true, false}) {
        SeedChoice choice{3};
        Run run{choice, Rules{}};
        Setup setup = small_setup();
        setup.options.segment_size = 64 << 10;
        setup.options.frame_size_max = 4096;
        setup.options.growth_size = 4096;
        setup.options.segment_count_max = 4;
        setup.options.pool_size = std::size_t{512} << 10;
        run.start(setup);
        set_current_life(&run, 0);
        make_store(run, 58 << 10);
        if (closes) static_cast<void>(run.machine().store.close());
        set_current_life(nullptr, 0);
        flip_all(run, closes, closes ? step : step * 16, share, result);
        if (!closes) run.end();
    }
}

}  // namespace freshet::sim
