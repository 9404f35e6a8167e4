// SPDX-License-Identifier: MIT
// One simulated life of a store: a setup and then steps, each one operation, some of them hit by a
// crash or a fault, each answer held against the model. Whatever happens follows from what a Choice
// says.
//
// A step is one chunk of the tape. In its numbers: w the operation; f what hits it (0: nothing) and
// at which of its calls; d what a power loss leaves. A step of a store that is down is a recovery.
//
// Beside the life itself, *branches* are tried: at a call the disk is copied, crashed, recovered
// and compared, and at calls of that recovery again; then the life goes on as if nothing had been.
// What a branch chooses comes from a seed of its own and goes to a tape of its own, so that a
// branch that fails can be told as a life.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "freshet/follower.hpp"
#include "sim/beside.hpp"
#include "sim/examine.hpp"

namespace freshet::sim {

struct Rules {
    std::uint32_t step_count = 0;    // 0: as the setup chooses.
    std::uint32_t branch_count = 0;  // At each call that changes something.
    std::uint32_t nested_percent =
        25;                           // Of the branches that are crashed again while they recover.
    std::uint32_t full_percent = 30;  // Of the branches that are examined to the end.
    bool shows_calls = false;         // Each call goes to standard error.
    bool canary_bug = false;          // The model is told a lie: the run must fail.
    bool only_tables = false;         // All lives are of databases.
};

// What the first chunk chooses.
struct Setup {
    Options options;
    SimProfile profile;
    bool is_unmapped = false;  // Files are copied into memory (freshet/unmapped.hpp).
    std::uint32_t step_count = 0;
    std::uint64_t operations = 0;  // Bit for each Operation that comes up.
    std::uint32_t trouble_percent = 0;
    std::uint32_t troubles = 0;  // Bit for each kind below.
};
Setup choose_setup(Choice& choice);
std::string text_of(const Setup& setup);
SimDiskSize disk_size(const Setup& setup);
// What a call of maintain() is to do; where there are runs.
Maintenance choose_maintenance(Choice& choice, const Setup& setup);
std::vector<std::string> stream_names();

// In a life of thousands of calls the later ones are not branched from: it would take too long.
inline constexpr std::uint64_t branch_total_max = 4096;

// What hits a step.
struct Hit {
    enum class Kind : std::uint8_t { none, kill, power_loss, error_once, error_for_ever };
    Kind kind = Kind::none;
    std::uint32_t call = 0;    // Counted from the step's first.
    std::uint32_t number = 0;  // Which legal error; for kill, how much of a write gets through.
    [[nodiscard]] bool is_error() const {
        return kind == Kind::error_once || kind == Kind::error_for_ever;
    }
};
Hit choose_hit(Choice& choice, const Setup& setup);
// The error that a hit is, at call number `number`.
SimFault fault_of(const Hit& hit, SimCall call, std::uint64_t number);
// Whether a crash before such a call, and one behind it, can leave different disks.
bool is_worth_a_branch(SimCall call) noexcept;
bool changes_disk(const SimRecord& record) noexcept;
// Brings about the hit at this call, if it is of that: what the disk has to do is told to it, and
// how the process ends, or that it does not, to the report. True: the disk will lie about a sync.
bool strike(const Hit& hit, SimDisk& disk, SimCall call, std::uint64_t number, Operation operation,
            const Setup& setup);

// When crashes are tried beside a life: at calls worth it, if what is on the disk or what is
// promised of it has changed since.
struct Branching {
    bool changed = true;
    std::uint64_t promised = ~std::uint64_t{0};
    std::uint64_t total = 0;
    // How many to try before this call.
    std::uint32_t count_at(SimCall call, std::uint64_t now_promised, std::uint32_t wanted);
};
// One time in four the process is killed, with what it has written in the cache; else the power
// is lost, and true returned.
bool crash_image(SimDisk& disk, Choice& choice);

// What can tell what it has done, when it comes to a bad end.
class Life {
public:
    [[nodiscard]] virtual std::string script_text() const = 0;
    [[nodiscard]] virtual Tape tape() const = 0;

protected:
    Life() = default;
    ~Life() = default;
};

class Run final : public SimWatcher, public Life {
public:
    // What is chosen is recorded to `tape`, which may have a beginning already.
    Run(Choice& choice, const Rules& rules, Tape tape = {});
    // All of it. Violations stop the process, or go to the handler.
    void live();
    // In pieces, for exhaustive searches.
    void start(const Setup& setup);
    void open() { recover(); }
    void step();
    void perform(Operation operation);
    // One operation, hit at a call counted from its first. True: it made that call.
    bool execute(Operation operation, const Hit& hit);
    void end();
    void end_with_more_memory();
    [[nodiscard]] bool was_out_of_memory() const { return out_of_memory_; }
    // Is told of each call beside the run itself.
    void watch(SimWatcher* watcher) { watcher_ = watcher; }

    // What happened so far, one line for each step, and as a tape with the branch that is being
    // tried.
    [[nodiscard]] const std::vector<std::string>& script() const { return script_; }
    [[nodiscard]] std::string script_text() const override;
    [[nodiscard]] Tape tape() const override;
    [[nodiscard]] std::string branch_text() const;  // Of the branch being tried; empty if none is.
    [[nodiscard]] std::uint64_t hash() const {
        return mix(machine_.disk.hash(), model_.hash(model_.commit()));
    }

    [[nodiscard]] Machine& machine() { return machine_; }
    [[nodiscard]] const Model& model() const { return model_; }
    [[nodiscard]] Promise promise() const;
    [[nodiscard]] bool is_up() const { return up_; }
    void set_branches(std::uint32_t count) { rules_.branch_count = count; }

    void before(const SimDisk& disk, SimCall call) override;
    void after(const SimDisk& disk, const SimRecord& record) override;

private:
    // run.cpp
    void recover();
    void arm(const Hit& hit);
    void check_reserved(const SimDisk& disk, const SimRecord& record);
    void disarm();
    void go_down(bool power);
    void finish_step();
    void note(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void acknowledge(std::uint64_t commit);
    // False: what was acknowledged may be lost, if nothing wrong is said.
    [[nodiscard]] bool is_disk_honest() const {
        return setup_.profile.overwrite_is_safe && !suspect_;
    }
    void forget_readers();

    // detours.cpp
    // The transaction that is open, and what the model has of it: each row, if it is there by now.
    struct Within {
        Transaction transaction;
        std::array<std::optional<std::string>, row_count> rows;
        std::uint32_t savepoint_count = 0;
    };
    void enter_rows(Within& within) const;
    [[nodiscard]] ModelAppend make_row_change(std::uint64_t luck, bool large);
    Error change_row(Within& within, const ModelAppend& append) const;
    Error compare_rows(Within& within) const;
    Result<std::uint32_t> save(Within& within);
    Error release(Within& within, std::uint32_t number);
    Error wander(Within& within, bool large, std::uint64_t luck);
    Error take_detour(Within& within, bool large);

    // operations.cpp
    void do_append(const ModelRequest& request, Durability durability);
    void note_and_append(const ModelRequest& request, Durability durability);
    void settle(const ModelRequest& request, const ModelVerdict& verdict, Durability durability,
                const Result<Appended>& answer);
    void settle_refusal(const ModelVerdict& verdict, Error error) const;
    // True: the call may fail like this now, and the model is as it should be.
    bool excuse(Error error, bool is_tentative);
    void do_create();
    void do_transaction(bool commits, bool large);
    void do_roll();
    void do_reopen();
    void do_sync();
    void do_read();
    void do_follow();
    void do_verify();
    void do_maintain();
    void do_settings();
    void do_clock_jump();
    [[nodiscard]] ModelSettings choose_settings(std::uint32_t stream);
    void add_condition(ModelRequest& request);
    [[nodiscard]] Durability add_tracking(ModelRequest& request);

    [[nodiscard]] ModelEvent make_event(std::size_t payload_size);
    void change(ModelEvent& event) const;
    [[nodiscard]] ModelAppend make_append(std::uint32_t stream, std::size_t count,
                                          std::size_t payload_size);
    [[nodiscard]] std::int64_t choose_expected(std::uint32_t stream);
    [[nodiscard]] std::uint32_t choose_stream();
    [[nodiscard]] std::size_t wide_size() const;

    // beside.cpp
    void begin_beside();
    Code look_beside(std::uint64_t luck);
    void check_beside();
    void do_backup(std::uint64_t luck);
    bool is_no_store(const BackupReport& made);
    void check_copy(const BackupReport& made);

    // damage.cpp
    void remember_disk();
    const char* damage_image(SimDisk& disk, const std::string& name);
    void answer_again(const char* what, bool closed, std::uint64_t commit);
    void try_damage(bool was_closed);

    // branch.cpp
    void branch(const SimDisk& disk, std::uint64_t number);

    struct Branch final : public SimWatcher {
        Run* run = nullptr;
        SeedChoice* choice = nullptr;
        bool may_nest = false;
        bool changed = false;
        std::uint32_t call = 0;
        void before(const SimDisk& disk, SimCall call) override;
        void after(const SimDisk& disk, const SimRecord& record) override;
    };

    SimWatcher* watcher_ = nullptr;
    Choice& choice_;
    Rules rules_;
    Setup setup_;
    Model model_;
    Machine machine_;
    std::unique_ptr<Machine> image_;
    std::unique_ptr<Machine> nested_;
    std::unique_ptr<Machine> older_;  // The disk as it once was.
    std::unique_ptr<Machine> copy_;   // Where backups go.
    std::unique_ptr<Beside> beside_;  // Another process, if one lives.
    bool has_beside_ = false;
    const char* damage_ = nullptr;  // What is being tried.
    std::uint64_t attested_ = 0;    // Acknowledged before the newest acknowledgement.
    Tape tape_;
    Tape branch_tape_;  // Of the branch being tried: the crash of this step, then recoveries.
    Tape nested_tape_;
    std::uint32_t branch_depth_ = 0;
    std::vector<std::string> script_;

    Operation operation_ = Operation::append_small;
    bool up_ = false;
    bool has_store_ = false;
    std::uint64_t least_ = 0;  // Newest commit that was acknowledged.
    bool poisoned_ = false;
    bool out_of_memory_ = false;  // The pool was full, and a commit did not happen.
    bool suspect_ = false;        // A sync said that all was well, and it was not.
    bool in_trouble_ = false;     // Errors of the disk are to be expected in this step.
    std::uint64_t faults_before_ = 0;
    std::uint64_t step_call_ = 0;  // Number of the step's first call.
    Hit hit_;
    SimCall hit_call_ = SimCall::open;  // Of the call that was hit.
    SimCall current_call_ = SimCall::open;
    Branching branching_;
    std::uint64_t branch_seed_ = 1;
    std::uint64_t event_counter_ = 0;
    std::vector<ModelRequest> history_;  // Requests with ids, to try again.

    std::unique_ptr<Snapshot> held_;  // A reader that stays.
    Follower follower_;
    bool following_ = false;
    std::uint64_t follow_ordinal_ = 0;
};

}  // namespace freshet::sim
