// SPDX-License-Identifier: MIT
// The life of a store: setup, steps, crashes and recoveries.
#include "sim/run.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "freshet/runs.hpp"

namespace freshet::sim {

Maintenance choose_maintenance(Choice& choice, const Setup& setup) {
    Maintenance how;
    if (setup.options.runs == nullptr) return how;
    how.now = choice.below(2, Domain::workload) == 0;
    if (choice.below(2, Domain::workload) == 0)
        how.entry_count_max = choice.below(64, Domain::workload);
    how.as_one = how.entry_count_max % 4 == 1;
    return how;
}

SimDiskSize disk_size(const Setup& setup) {
    const bool has_runs = setup.options.runs != nullptr;
    const std::uint32_t room = std::max<std::uint32_t>(setup.options.segment_size,
                                                       has_runs ? std::uint32_t{256} << 10 : 8192);
    return {.file_count_max = setup.options.segment_count_max + (has_runs ? 20U : 4U),
            .file_size_max = room,
            .version_count_max = 512};
}

std::vector<std::string> stream_names() {
    return {"a",  "order-1", "order-2", "order-2-of-the-same-name-but-longer", "\xc3\xa9t\xc3\xa9",
            "z/1"};
}

Setup choose_setup(Choice& choice) {
    Setup setup;
    const auto of = [&](std::uint64_t n) { return choice.below(n, Domain::workload); };
    Options& options = setup.options;
    options.pool_size = std::size_t{96} << 10;
    options.snapshot_count_max = 4;
    options.segment_size = 4096U << of(3);
    options.frame_size_max = std::min<std::uint32_t>(1024U << of(3), options.segment_size / 4);
    options.growth_size = std::min<std::uint32_t>(512U << of(4), options.segment_size);
    options.segment_count_max = (std::uint32_t{20} << 12) / options.segment_size * 2;
    options.digest = of(4) == 3 ? Digest::sha256 : Digest::none;
    SimProfile& profile = setup.profile;
    profile.sector_size = of(4) == 3 ? 4096 : 512;
    profile.ordered = of(4) == 3;
    profile.rename_splits = of(8) == 7;
    profile.growth_is_garbage = of(4) == 3;
    profile.overwrite_is_safe = of(16) != 15;
    profile.sync_failure = static_cast<SyncFailure>(of(3));
    setup.step_count = 4U << of(4);
    setup.operations = of(1U << choosable_count);
    setup.trouble_percent = static_cast<std::uint32_t>(of(4) * 10);
    setup.troubles = static_cast<std::uint32_t>(of(16));
    if (of(3) == 1) {
        options.runs = &runs();
        options.replay_max = std::uint64_t{512} << of(6);
    }
    // Without a choice, as make_event().
    const std::uint64_t luck = mix(setup.operations, options.replay_max);
    setup.is_unmapped = luck / 64 % 4 == 0;
    // Transactions outgrow such a pool.
    if (options.runs != nullptr && luck % 2 == 0) options.pool_size = (9 + luck / 2 % 12) << 11;
    return setup;
}

std::string text_of(const Setup& setup) {
    static constexpr std::array<const char*, 3> failures = {"clean", "late", "reverts"};
    std::array<char, 320> text{};
    std::snprintf(
        text.data(), text.size(),
        "store: segment_size %u, frame_size_max %u, growth_size %u, pool_size %zu%s%s; disk: "
        "sectors of %u%s%s%s%s, a failed sync %s; runs: %s",
        setup.options.segment_size, setup.options.frame_size_max, setup.options.growth_size,
        setup.options.pool_size, setup.options.digest == Digest::sha256 ? ", SHA-256" : "",
        setup.is_unmapped ? ", without maps" : "", setup.profile.sector_size,
        setup.profile.ordered ? ", ordered" : "",
        setup.profile.rename_splits ? ", renames split" : "",
        setup.profile.growth_is_garbage ? ", growth is garbage" : "",
        setup.profile.overwrite_is_safe ? "" : ", overwrites unsafe",
        failures[static_cast<std::size_t>(setup.profile.sync_failure)],
        setup.options.runs == nullptr ? "none" : std::to_string(setup.options.replay_max).c_str());
    return text.data();
}

Run::Run(Choice& choice, const Rules& rules, Tape tape)
    : choice_{choice},
      rules_{rules},
      model_{stream_names()},
      machine_{SimDiskSize{1, 4096, 8}},
      tape_{std::move(tape)} {
    choice_.record(&tape_);
}

void Run::start(const Setup& setup) {
    setup_ = setup;
    machine_.~Machine();
    ::new (&machine_) Machine{disk_size(setup)};
    image_ = std::make_unique<Machine>(disk_size(setup));
    nested_ = std::make_unique<Machine>(disk_size(setup));
    for (Machine* const machine : {&machine_, image_.get(), nested_.get()}) {
        machine->options = setup.options;
        machine->lend();
        machine->disk.profile = setup.profile;
        machine->is_unmapped = setup.is_unmapped;
    }
    machine_.disk.watch(this);
    script_.assign(1, text_of(setup));
}

void Run::live() {
    start(choose_setup(choice_));
    branch_seed_ = choice_.below(std::uint64_t{1} << 40, Domain::schedule);
    machine_.disk.seed(branch_seed_);
    has_beside_ = branch_seed_ % 2 == 0;
    const std::uint64_t steps = rules_.step_count == 0 ? setup_.step_count : rules_.step_count;
    for (std::uint64_t i = 0; i < steps; i++) {
        choice_.next_chunk();
        step();
        if (!machine_.disk.file_name(setup_.options.segment_count_max - 2).empty()) break;
    }
    end();
}

void Run::end() {
    disarm();
    if (!up_) recover();
    forget_readers();
    if (up_ && !machine_.store.close() && !poisoned_ && !suspect_)
        violation("the last close fails");
    beside_.reset();
    machine_.disk.restart();
    machine_.disk.watch(nullptr);
    static_cast<void>(examine(machine_, promise(), Depth::full));
    add(report().seeds);
}

// A store that ran out of its pool is whole, and opens with a larger one.
void Run::end_with_more_memory() {
    forget_readers();
    if (!machine_.store.close()) violation("a store without memory does not close");
    machine_.lend();
    up_ = false;
    recover();
    if (least_ != model_.commit()) violation("what was acknowledged is gone");
    end();
}

Promise Run::promise() const {
    return {.model = &model_,
            .least = least_,
            .has_store = has_store_,
            .disk_is_honest = is_disk_honest(),
            .had_faults = machine_.disk.fault_count() != 0};
}

// The numbers 99, 4 + a kind, and a call below 512 mean just that, so that any hit can be written
// to a tape.
Hit choose_hit(Choice& choice, const Setup& setup) {
    Hit hit;
    const std::uint64_t luck = choice.below(100, Domain::fault);
    if (luck < std::min<std::uint64_t>(100 - setup.trouble_percent, 99)) return hit;
    std::uint64_t kind = choice.below(8, Domain::fault);
    for (int i = 0; i < 4 && kind < 4 && (setup.troubles >> kind & 1) == 0; i++)
        kind = (kind + 1) % 4;
    hit.kind = static_cast<Hit::Kind>(kind % 4 + 1);
    const std::uint64_t call = choice.below(4096, Domain::fault);
    hit.call = static_cast<std::uint32_t>(call < 512 ? call : call % 16);
    hit.number = static_cast<std::uint32_t>(choice.below(2048, Domain::fault));
    return hit;
}

SimFault fault_of(const Hit& hit, SimCall call, std::uint64_t number) {
    std::uint32_t count = 0;
    while (sim_legal_error(call, count) != Code::code_count) count++;
    if (count == 0) count = 1;
    return {.call = number,
            .for_ever = hit.kind == Hit::Kind::error_for_ever,
            .error = sim_legal_error(call, hit.number % count),
            .system_error = 5,
            .partial = hit.number / count};
}

bool is_worth_a_branch(SimCall call) noexcept {
    return call == SimCall::write || call == SimCall::write_zeros || call == SimCall::truncate ||
           call == SimCall::sync || call == SimCall::sync_directory || call == SimCall::rename ||
           call == SimCall::remove || call == SimCall::open;
}

bool strike(const Hit& hit, SimDisk& disk, SimCall call, std::uint64_t number, Operation operation,
            const Setup& setup) {
    Trouble trouble = hit.kind == Hit::Kind::kill ? Trouble::kill : Trouble::power_loss;
    if (hit.is_error()) {
        const SimFault fault = fault_of(hit, call, number);
        disk.fail(fault);
        trouble = trouble_of(fault.error);
        add(report().faults);
    }
    report().hit(trouble, operation, call);
    return hit.is_error() && call == SimCall::sync &&
           setup.profile.sync_failure == SyncFailure::late;
}

std::uint32_t Branching::count_at(SimCall call, std::uint64_t now_promised, std::uint32_t wanted) {
    if (wanted == 0 || !is_worth_a_branch(call) || total >= branch_total_max) return 0;
    if (!changed && now_promised == promised) return 0;
    changed = false;
    promised = now_promised;
    total += wanted;
    return wanted;
}

bool changes_disk(const SimRecord& record) noexcept {
    return record.call != SimCall::read && record.call != SimCall::size &&
           record.call != SimCall::map && record.call != SimCall::lock &&
           (record.call != SimCall::open || record.size == 2);
}

void Run::step() {
    step_call_ = machine_.disk.call_count();
    add(report().operations);
    hit_ = choose_hit(choice_, setup_);
    arm(hit_);
    if (!up_) {
        operation_ = Operation::recover;
        recover();
    } else {
        auto kind = static_cast<std::size_t>(choice_.below(choosable_count, Domain::workload));
        for (std::size_t i = 0; i < choosable_count && setup_.operations != 0; i++) {
            if ((setup_.operations >> kind & 1) != 0) break;
            kind = (kind + 1) % choosable_count;
        }
        perform(static_cast<Operation>(kind));
    }
    finish_step();
}

bool Run::execute(Operation operation, const Hit& hit) {
    step_call_ = machine_.disk.call_count();
    hit_ = hit;
    arm(hit);
    if (up_)
        perform(operation);
    else
        recover();
    const bool was_made = machine_.disk.call_count() > step_call_ + hit.call;
    finish_step();
    return was_made;
}

// A crash takes effect, and a store that was poisoned is given up.
void Run::finish_step() {
    const bool crashed = machine_.disk.is_crashed();
    if (crashed) {
        note("  -> %s at its call %u (%s)", hit_.kind == Hit::Kind::kill ? "killed" : "power loss",
             hit_.call, sim_call_name(hit_call_));
        go_down(hit_.kind == Hit::Kind::power_loss);
    } else if (machine_.disk.fault_count() != faults_before_) {
        note("  -> its call %u (%s) failed %s", hit_.call, sim_call_name(hit_call_),
             hit_.kind == Hit::Kind::error_once ? "once" : "for good");
    }
    const bool was_hit = machine_.disk.fault_count() != faults_before_ || suspect_;
    disarm();
    if (!crashed && up_ && has_beside_) check_beside();
    if (choice_.chance(1, 8, Domain::fault)) remember_disk();
    if (!crashed && up_ && !poisoned_ && choice_.chance(1, 4, Domain::fault)) try_damage(false);
    if (!crashed && up_ && was_hit && machine_.store.statistics().poisoned) poisoned_ = true;
    if (!crashed && up_ && poisoned_) go_down(false);
}

void Run::arm(const Hit& hit) {
    faults_before_ = machine_.disk.fault_count();
    in_trouble_ = hit.kind != Hit::Kind::none;
    const std::uint64_t call = step_call_ + hit.call;
    if (hit.kind == Hit::Kind::kill) machine_.disk.crash_at(call, hit.number);
    if (hit.kind == Hit::Kind::power_loss) machine_.disk.crash_at(call, hit.number);
}

void Run::disarm() {
    in_trouble_ = false;
    machine_.disk.fail(SimFault{});
    if (!machine_.disk.is_crashed()) machine_.disk.crash_at(~std::uint64_t{0});
    hit_ = Hit{};
}

// The process ends; with `power` the disk loses what it may lose.
void Run::go_down(bool power) {
    forget_readers();
    static_cast<void>(machine_.store.close());
    add(report().crashes);
    if (power) beside_.reset();
    if (power)
        machine_.disk.power_loss(choice_);
    else
        machine_.disk.restart();
    if (!machine_.gate.is_free()) violation("a turn is left locked");
    up_ = false;
    poisoned_ = false;
    branching_.changed = true;
}

void Run::forget_readers() {
    if (held_) held_->close();
    held_.reset();
    if (following_) follower_.close();
    following_ = false;
}

void Run::recover() {
    note("open");
    const std::uint64_t refused_before = machine_.refused_runs.count;
    const Status opened = machine_.open(true);
    const bool is_disturbed =
        machine_.disk.is_crashed() || machine_.disk.fault_count() != faults_before_;
    if (is_disk_honest() && !is_disturbed && machine_.refused_runs.count != refused_before)
        violation("runs that head names are refused");
    Error error = opened.error();
    std::uint64_t found = 0;
    if (opened) {
        Snapshot snapshot;
        if (!machine_.store.snapshot(snapshot)) violation("no snapshot after open");
        found = snapshot.commit();
        if (found < least_ && is_disk_honest())
            violation("commit %llu was acknowledged, and %llu is the last one found",
                      static_cast<unsigned long long>(least_),
                      static_cast<unsigned long long>(found));
        if (found < least_) add(report().weak_losses);
        error = compare(snapshot, model_, machine_.clock);
    }
    if (error.code != Code::none && !excuse(error, false)) {
        if (is_disk_honest() || !is_named_damage(error.code))
            violation("%s says %s", opened ? "reading" : "open", code_name(error.code));
        note("  -> corrupt, as the disk broke its promise: a new disk");
        add(report().weak_losses);
        static_cast<void>(machine_.store.close());
        beside_.reset();
        machine_.disk.clear();
        model_.reset();
        history_.clear();
        least_ = 0;
        has_store_ = false;
        suspect_ = false;
        return;
    }
    if (!opened) {
        if (!machine_.disk.is_crashed()) go_down(false);
        return;
    }
    model_.cut(found);
    least_ = found;
    attested_ = found;
    if (!has_store_) beside_.reset();  // What it saw may be a store that was given up unmade.
    has_store_ = true;
    up_ = true;
    follow_ordinal_ = std::min<std::uint64_t>(follow_ordinal_, model_.events().size());
    add(report().recoveries);
}

void Run::acknowledge(std::uint64_t commit) {
    if (commit <= least_) return;
    attested_ = least_;
    least_ = commit;
}

void Run::note(const char* format, ...) {
    std::array<char, 240> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    script_.emplace_back(text.data());
    if (rules_.shows_calls) std::fprintf(stderr, "%s\n", text.data());
}

void Run::before(const SimDisk& disk, SimCall call) {
    const std::uint64_t number = disk.call_count() - 1;
    current_call_ = call;
    if (watcher_ != nullptr) watcher_->before(disk, call);
    if (const std::uint64_t luck = mix(branch_seed_, number); has_beside_ && luck % 8 == 0)
        static_cast<void>(look_beside(luck / 8));
    if (number == step_call_ + hit_.call && hit_.kind != Hit::Kind::none) {
        hit_call_ = call;
        if (strike(hit_, machine_.disk, call, number, operation_, setup_)) suspect_ = true;
    }
    const std::uint64_t promised = mix(least_, model_.commit() * 2 + (has_store_ ? 1 : 0));
    const std::uint32_t count = branching_.count_at(call, promised, rules_.branch_count);
    for (std::uint32_t i = 0; i < count; i++) branch(disk, mix(number, i));
}

// What is sealed is written only where the file was grown before, and durably so, or into the rest
// of its last sector: there a disk is never full.
void Run::check_reserved(const SimDisk& disk, const SimRecord& record) {
    const std::string_view name{record.name.data()};
    if (!up_ || suspect_ || operation_ == Operation::reopen) return;
    if (record.call != SimCall::write || record.offset == 0 || !name.ends_with(".log")) return;
    const std::size_t reserved = (disk.durable_contents(name).size() + 511) / 512 * 512;
    if (reserved > 0 && record.offset + record.size > reserved)
        violation("%s is written behind what was reserved of it", record.name.data());
}

void Run::after(const SimDisk& disk, const SimRecord& record) {
    check_reserved(disk, record);
    if (watcher_ != nullptr) watcher_->after(disk, record);
    if (rules_.shows_calls) std::fprintf(stderr, "        %s\n", sim_text(record).c_str());
    branching_.changed = branching_.changed || changes_disk(record);
}

}  // namespace freshet::sim
