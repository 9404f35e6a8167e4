// SPDX-License-Identifier: MIT
// Branches: what would have happened had the machine crashed here, and crashed again while it
// recovered.
#include "sim/run.hpp"

namespace freshet::sim {

namespace {

void begin_tape(Tape& tape) {
    if (tape.chunks.empty()) tape.chunks.emplace_back();
    for (std::vector<std::uint64_t>& values : tape.chunks[0]) values.clear();
}

// As choose_hit() reads it.
void write_hit(Tape::Chunk& chunk, Hit::Kind kind, std::uint32_t call, std::uint32_t number) {
    chunk[static_cast<std::size_t>(Domain::fault)] = {99, 3 + static_cast<std::uint64_t>(kind),
                                                      call, number};
}

}  // namespace

bool crash_image(SimDisk& disk, Choice& choice) {
    const bool is_power = choice.below(4, Domain::fault) != 0;
    if (is_power)
        disk.power_loss(choice);
    else
        disk.restart();
    return is_power;
}

void Run::branch(const SimDisk& disk, std::uint64_t number) {
    SeedChoice choice{mix(branch_seed_, number)};
    begin_tape(branch_tape_);
    choice.record(&branch_tape_);
    branch_depth_ = 1;
    disk.copy_to(image_->disk);
    image_->open_count = 0;
    const bool is_power = crash_image(image_->disk, choice);
    report().hit(is_power ? Trouble::power_loss : Trouble::kill, operation_, current_call_);
    write_hit(branch_tape_.chunks[0], is_power ? Hit::Kind::power_loss : Hit::Kind::kill,
              static_cast<std::uint32_t>(disk.call_count() - 1 - step_call_), 0);
    choice.record(nullptr);
    report().add_image(mix(image_->disk.hash(), model_.hash(model_.commit())));
    Branch nested;
    nested.run = this;
    nested.choice = &choice;
    nested.may_nest = choice.chance(rules_.nested_percent, 100, Domain::fault);
    image_->disk.watch(nested.may_nest ? &nested : nullptr);
    const bool is_full = choice.chance(rules_.full_percent, 100, Domain::fault);
    static_cast<void>(examine(*image_, promise(), is_full ? Depth::full : Depth::open_only));
    if (!is_full) static_cast<void>(image_->store.close());
    image_->disk.watch(nullptr);
    branch_depth_ = 0;
    add(report().images);
}

void Run::Branch::before(const SimDisk& disk, SimCall) {
    const std::uint32_t at = call++;
    if (!changed || !choice->chance(1, 3, Domain::fault)) return;
    changed = false;
    Run& self = *run;
    // Once recovery is over, what examine() does is no longer what the promise is about.
    if (self.image_->open_count > 0) return;
    begin_tape(self.nested_tape_);
    choice->record(&self.nested_tape_);
    self.branch_depth_ = 2;
    disk.copy_to(self.nested_->disk);
    self.nested_->open_count = 0;
    const bool is_power = crash_image(self.nested_->disk, *choice);
    choice->record(nullptr);
    write_hit(self.nested_tape_.chunks[0], is_power ? Hit::Kind::power_loss : Hit::Kind::kill, at,
              0);
    report().add_image(mix(self.nested_->disk.hash(), self.model_.hash(self.model_.commit())));
    static_cast<void>(examine(*self.nested_, self.promise(), Depth::open_only));
    static_cast<void>(self.nested_->store.close());
    self.branch_depth_ = 1;
    add(report().images);
    add(report().nested_images);
}

void Run::Branch::after(const SimDisk&, const SimRecord& record) {
    changed = changed || record.call == SimCall::write || record.call == SimCall::truncate ||
              record.call == SimCall::sync || record.call == SimCall::write_zeros ||
              record.call == SimCall::rename || record.call == SimCall::remove ||
              record.call == SimCall::sync_directory ||
              (record.call == SimCall::open && record.size == 2);
}

std::string Run::branch_text() const {
    const auto text = [](const char* when, const Tape& tape) {
        const std::vector<std::uint64_t>& hit =
            tape.chunks[0][static_cast<std::size_t>(Domain::fault)];
        std::string out = hit[1] == 4 ? "  in a branch: killed" : "  in a branch: power loss";
        return out + " at call " + std::to_string(hit[2]) + when;
    };
    std::string out;
    if (branch_depth_ >= 1) out += text(" of it\n", branch_tape_);
    if (branch_depth_ >= 2) out += text(" of the recovery\n", nested_tape_);
    return out;
}

std::string Run::script_text() const {
    std::string text;
    for (const std::string& line : script_) text += line + "\n";
    return text + branch_text();
}

Tape Run::tape() const {
    Tape tape = tape_;
    if (branch_depth_ == 0 || tape.chunks.empty()) return tape;
    const auto join = [&](const Tape& from) {
        for (const Domain domain : {Domain::fault, Domain::disk})
            tape.chunks.back()[static_cast<std::size_t>(domain)] =
                from.chunks[0][static_cast<std::size_t>(domain)];
    };
    join(branch_tape_);
    tape.chunks.emplace_back();
    if (branch_depth_ < 2) return tape;
    join(nested_tape_);
    tape.chunks.emplace_back();
    return tape;
}

}  // namespace freshet::sim
