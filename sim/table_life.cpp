// SPDX-License-Identifier: MIT
#include "sim/table_life.hpp"

#include <algorithm>
#include <cstdio>

namespace freshet::sim {

TableLife::TableLife(Choice& choice, const Rules& rules, Tape tape)
    : choice_{choice}, rules_{rules}, tape_{std::move(tape)} {
    choice_.record(&tape_);
}

// Rows and entries take more of the pool than streams do, and definitions more of a frame.
void TableLife::start(const Setup& setup) {
    setup_ = setup;
    Options& options = setup_.options;
    options.frame_size_max = std::max<std::uint32_t>(options.frame_size_max, 2048);
    options.segment_size = std::max<std::uint32_t>(options.segment_size, 8192);
    options.growth_size = std::min(options.growth_size, options.segment_size);
    options.segment_count_max = (std::uint32_t{24} << 12) / options.segment_size * 2;
    for (std::unique_ptr<TableMachine>* const one : {&machine_, &image_, &nested_}) {
        if (one != &machine_ && rules_.branch_count == 0) continue;
        *one = std::make_unique<TableMachine>(disk_size(setup_));
        (*one)->options = options;
        (*one)->disk.profile = setup_.profile;
        (*one)->is_unmapped = setup_.is_unmapped;
        (*one)->connection_size = connection_size_;
        (*one)->lend();
    }
    machine_->connection_options.durability = durability_;
    machine_->disk.watch(this);
    script_.assign(1, text_of(setup_));
}

void TableLife::live() {
    Setup setup = choose_setup(choice_);
    const bool is_small = setup.options.pool_size < (std::size_t{96} << 10);
    setup.options.pool_size =
        is_small ? setup.options.pool_size + (std::size_t{12} << 10) : std::size_t{512} << 10;
    branch_seed_ = choice_.below(std::uint64_t{1} << 40, Domain::schedule);
    durability_ = branch_seed_ % 4 == 0 ? Durability::deferred : Durability::durable;
    reference_ = {"people", 1, static_cast<ModelAction>(branch_seed_ / 4 % 4),
                  branch_seed_ / 16 % 2 == 0};
    start(setup);
    machine_->disk.seed(branch_seed_);
    const std::uint64_t steps = rules_.step_count == 0 ? setup.step_count : rules_.step_count;
    for (std::uint64_t i = 0; i < steps; i++) {
        choice_.next_chunk();
        step();
        if (!machine_->disk.file_name(setup_.options.segment_count_max - 2).empty()) break;
    }
    end();
}

void TableLife::end() {
    if (!up_) recover();
    if (up_ && !machine_->close() && !poisoned_ && !suspect_) violation("the last close fails");
    up_ = false;
    machine_->disk.restart();
    machine_->disk.watch(nullptr);
    machine_->connection_size = TableMachine::reader_size;
    machine_->lend();
    examine_tables(*machine_, promise(branch_seed_), Depth::full);
    static_cast<void>(machine_->close());
    add(report().seeds);
}

TablePromise TableLife::promise(std::uint64_t luck) const {
    return {.model = &model_,
            .least = least_,
            .has_store = has_store_,
            .disk_is_honest = is_disk_honest(),
            .luck = luck};
}

void TableLife::note(const std::string& line) {
    script_.push_back(line);
    if (rules_.shows_calls) std::fprintf(stderr, "%s\n", line.c_str());
}

std::string TableLife::script_text() const {
    std::string text;
    for (const std::string& line : script_) text += line + "\n";
    return text + branch_text_;
}

// ---- steps ----

void TableLife::step() {
    const Hit hit = choose_hit(choice_, setup_);
    static constexpr std::array<TableWork, 16> works = {
        TableWork::rows,        TableWork::rows,        TableWork::rows,
        TableWork::rows,        TableWork::definition,  TableWork::definition,
        TableWork::transaction, TableWork::transaction, TableWork::transaction,
        TableWork::read,        TableWork::verify,      TableWork::maintain,
        TableWork::reopen,      TableWork::clock_jump,  TableWork::rows,
        TableWork::definition,
    };
    execute(works[up_ ? of(works.size()) : 0], hit);
}

bool TableLife::execute(TableWork work, const Hit& hit) {
    step_call_ = machine_->disk.call_count();
    add(report().operations);
    hit_ = hit;
    faults_before_ = machine_->disk.fault_count();
    in_trouble_ = hit.kind != Hit::Kind::none;
    if (in_trouble_ && !hit.is_error()) machine_->disk.crash_at(step_call_ + hit.call, hit.number);
    if (up_)
        perform(work);
    else
        recover();
    const bool was_made = machine_->disk.call_count() > step_call_ + hit.call;
    finish_step();
    return was_made;
}

void TableLife::perform(TableWork work) {
    switch (work) {
        case TableWork::rows:
            operation_ = Operation::table_rows;
            return do_statement(choose_rows(model_.newest()));
        case TableWork::definition:
            operation_ = Operation::table_definition;
            return do_statement(choose_definition(model_.newest()));
        case TableWork::transaction:
            operation_ = Operation::table_transaction;
            return do_transaction();
        case TableWork::read: operation_ = Operation::table_read; return do_read();
        case TableWork::verify: operation_ = Operation::verify; return do_verify();
        case TableWork::maintain: operation_ = Operation::maintain; return do_maintain();
        case TableWork::reopen: operation_ = Operation::reopen; return do_reopen();
        case TableWork::clock_jump: operation_ = Operation::clock_jump; break;
    }
    machine_->clock.jump(of(2) == 0 ? 1'000'000 : -1'000'000);
}

// A crash takes effect, and a store that was poisoned is given up.
void TableLife::finish_step() {
    SimDisk& disk = machine_->disk;
    const bool crashed = disk.is_crashed();
    const bool was_hit = disk.fault_count() != faults_before_ || suspect_;
    if (crashed)
        note(hit_.kind == Hit::Kind::kill ? "  -> killed" : "  -> power loss");
    else if (disk.fault_count() != faults_before_)
        note("  -> call " + std::to_string(hit_.call) + " failed");
    const bool is_power = hit_.kind == Hit::Kind::power_loss;
    in_trouble_ = false;
    disk.fail(SimFault{});
    if (!crashed) disk.crash_at(~std::uint64_t{0});
    hit_ = Hit{};
    if (crashed) return go_down(is_power);
    if (!up_) return;
    if (was_hit && machine_->database.store().statistics().poisoned) poisoned_ = true;
    if (poisoned_) go_down(false);
}

void TableLife::go_down(bool power) {
    static_cast<void>(machine_->close());
    add(report().crashes);
    if (power)
        machine_->disk.power_loss(choice_);
    else
        machine_->disk.restart();
    if (!machine_->gate.is_free()) violation("a turn is left locked");
    up_ = false;
    poisoned_ = false;
    branching_.changed = true;
}

void TableLife::recover() {
    operation_ = Operation::recover;
    note("open");
    const Status opened = machine_->open(true);
    Code code = opened.error().code;
    std::uint64_t found = 0;
    if (opened) {
        Snapshot snapshot;
        if (!machine_->database.store().snapshot(snapshot)) violation("no snapshot after open");
        found = snapshot.commit();
        snapshot.close();
        if (found < least_ && is_disk_honest())
            violation("commit %llu was acknowledged, and %llu is the last one found",
                      static_cast<unsigned long long>(least_),
                      static_cast<unsigned long long>(found));
        if (found < least_) add(report().weak_losses);
        code = compare_tables(*machine_, model_, found, mix(branch_seed_, found));
    }
    if (code != Code::none && !excuse(code, false)) {
        if (is_disk_honest() || !is_named_damage(code)) violation("open says %s", code_name(code));
        note("  -> corrupt, as the disk broke its promise: a new disk");
        add(report().weak_losses);
        static_cast<void>(machine_->close());
        machine_->disk.clear();
        model_.reset();
        least_ = 0;
        has_store_ = false;
        suspect_ = false;
        return;
    }
    if (!opened || code != Code::none) {
        if (!machine_->disk.is_crashed()) go_down(false);
        return;
    }
    model_.cut(found);
    least_ = found;
    has_store_ = true;
    up_ = true;
    add(report().recoveries);
}

// As Run::excuse(): whatever the code says has to be true.
bool TableLife::excuse(Code code, bool is_tentative) {
    const bool is_unknown = code == Code::durability_unknown;
    if (is_unknown || code == Code::poisoned) {
        const bool troubled = poisoned_ || machine_->disk.is_crashed() || suspect_ || in_trouble_;
        poisoned_ = true;
        if (is_tentative && !is_unknown) model_.cut(model_.commit() - 1);
        return troubled;
    }
    if (is_tentative) model_.cut(model_.commit() - 1);
    if (code == Code::out_of_memory && (connection_size_ < (std::size_t{512} << 10) ||
                                        setup_.options.pool_size < (std::size_t{512} << 10))) {
        out_of_memory_ = true;
        return true;
    }
    if (machine_->disk.is_crashed()) return true;
    // A row that the statement needs was acknowledged, and the disk did not keep it.
    if (!is_disk_honest() && is_named_damage(code)) return true;
    const bool is_disk_error = code == Code::io || code == Code::full || code == Code::read_only ||
                               code == Code::permission || code == Code::forked ||
                               code == Code::locked;
    // Not asked of the store: a transaction may be open.
    if (code == Code::full &&
        !machine_->disk.file_name(setup_.options.segment_count_max - 1).empty())
        return true;
    return (machine_->disk.fault_count() != faults_before_ || suspect_) && is_disk_error;
}

// ---- crashes beside the life ----

void TableLife::before(const SimDisk& disk, SimCall call) {
    const std::uint64_t number = disk.call_count() - 1;
    if (number == step_call_ + hit_.call && hit_.kind != Hit::Kind::none &&
        strike(hit_, machine_->disk, call, number, operation_, setup_))
        suspect_ = true;
    const std::uint64_t promised = mix(least_, model_.commit() * 2 + (has_store_ ? 1 : 0));
    const std::uint32_t count = branching_.count_at(call, promised, rules_.branch_count);
    for (std::uint32_t i = 0; i < count; i++) branch(disk, mix(number, i));
}

void TableLife::after(const SimDisk&, const SimRecord& record) {
    if (rules_.shows_calls) std::fprintf(stderr, "        %s\n", sim_text(record).c_str());
    branching_.changed = branching_.changed || changes_disk(record);
}

void TableLife::branch(const SimDisk& disk, std::uint64_t number) {
    SeedChoice choice{mix(branch_seed_, number)};
    branch_text_ = "  in a branch: crashed at call " +
                   std::to_string(disk.call_count() - 1 - step_call_) + " of it\n";
    disk.copy_to(image_->disk);
    image_->open_count = 0;
    const bool is_power = crash_image(image_->disk, choice);
    report().hit(is_power ? Trouble::power_loss : Trouble::kill, operation_, SimCall::open);
    report().add_image(mix(image_->disk.hash(), model_.commit()));
    Nested nested;
    nested.life = this;
    nested.choice = &choice;
    const bool may_nest = choice.chance(rules_.nested_percent, 100, Domain::fault);
    image_->disk.watch(may_nest ? &nested : nullptr);
    const bool is_full = choice.chance(rules_.full_percent, 100, Domain::fault);
    examine_tables(*image_, promise(number), is_full ? Depth::full : Depth::open_only);
    static_cast<void>(image_->close());
    image_->disk.watch(nullptr);
    branch_text_.clear();
    add(report().images);
}

void TableLife::branch_nested(const SimDisk& disk, Choice& choice) {
    const std::string text = branch_text_;
    branch_text_ += "  and again in the recovery\n";
    disk.copy_to(nested_->disk);
    crash_image(nested_->disk, choice);
    report().add_image(mix(nested_->disk.hash(), model_.commit()));
    examine_tables(*nested_, promise(branch_seed_), Depth::open_only);
    static_cast<void>(nested_->close());
    branch_text_ = text;
    add(report().images);
    add(report().nested_images);
}

void TableLife::Nested::before(const SimDisk& disk, SimCall) {
    // Once recovery is over, what is done is no longer what the promise is about.
    if (!changed || life->image_->open_count > 0 || !choice->chance(1, 3, Domain::fault)) return;
    changed = false;
    life->branch_nested(disk, *choice);
}

void TableLife::Nested::after(const SimDisk&, const SimRecord& record) {
    changed = changed || changes_disk(record);
}

}  // namespace freshet::sim
