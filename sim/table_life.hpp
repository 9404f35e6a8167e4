// SPDX-License-Identifier: MIT
// One simulated life of a database: tables of which one refers to another, one without a key, one
// with a UNIQUE column, indexes and definitions that come and go, transactions over tables and
// streams; crashed, failed and held against the model as the lives of sim/run.hpp are.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/run.hpp"
#include "sim/table_machine.hpp"

namespace freshet::sim {

// The first number of a tape that is the life of a database.
inline constexpr std::uint64_t table_life_number = 6;

// A statement, and what it does to the model.
struct TableStatement {
    std::string sql;
    std::function<Code(ModelChange&)> apply;
};

enum class TableWork : std::uint8_t {
    rows,
    definition,
    transaction,
    read,
    verify,
    maintain,
    reopen,
    clock_jump,
};
inline constexpr std::size_t table_work_count = 8;

class TableLife final : public SimWatcher, public Life {
public:
    TableLife(Choice& choice, const Rules& rules, Tape tape = {});
    void live();
    // In pieces, for exhaustive searches.
    void start(const Setup& setup);
    void set_connection_size(std::size_t size) { connection_size_ = size; }
    // One piece of work, hit at a call counted from its first; while the database is down, a
    // recovery. True: it made that call.
    bool execute(TableWork work, const Hit& hit);
    void end();

    [[nodiscard]] bool is_up() const { return up_; }
    [[nodiscard]] bool was_out_of_memory() const { return out_of_memory_; }
    [[nodiscard]] std::string script_text() const override;
    [[nodiscard]] Tape tape() const override { return tape_; }
    [[nodiscard]] std::uint64_t hash() const { return mix(machine_->disk.hash(), model_.hash()); }

    void before(const SimDisk& disk, SimCall call) override;
    void after(const SimDisk& disk, const SimRecord& record) override;

private:
    // table_life.cpp
    void step();
    void perform(TableWork work);
    void finish_step();
    void recover();
    void go_down(bool power);
    bool excuse(Code code, bool is_tentative);
    void acknowledge(std::uint64_t commit) { least_ = std::max(least_, commit); }
    void note(const std::string& line);
    [[nodiscard]] bool is_disk_honest() const {
        return setup_.profile.overwrite_is_safe && !suspect_;
    }
    [[nodiscard]] bool has_small_pool() const {
        return setup_.options.pool_size < (std::size_t{96} << 10);
    }
    [[nodiscard]] TablePromise promise(std::uint64_t luck) const;
    void branch(const SimDisk& disk, std::uint64_t number);
    void branch_nested(const SimDisk& disk, Choice& choice);

    // table_work.cpp
    [[nodiscard]] std::uint64_t of(std::uint64_t n) { return choice_.below(n, Domain::workload); }
    void do_statement(const TableStatement& statement);
    bool do_within(const TableStatement& statement, ModelState& now);
    void do_transaction();
    bool do_savepoint(ModelState& now);
    void do_read();
    void do_verify();
    void do_maintain();
    void do_reopen();
    bool tell(const std::string& sql);
    void check_reader();

    TableStatement choose_rows(const ModelState& state);
    TableStatement choose_insert(const std::string& name, const ModelTable& table);
    TableStatement choose_update(const std::string& name, const ModelTable& table);
    TableStatement choose_delete(const std::string& name, const ModelTable& table);
    TableStatement choose_definition(const ModelState& state);
    TableStatement choose_table_definition(const ModelState& state, const std::string& name);
    TableStatement choose_append();
    [[nodiscard]] TableStatement choose_save(std::uint64_t luck) const;
    std::string choose_value(const ModelColumn& column);
    static void add_long_rows(const ModelTable& table, std::vector<ModelRow>& rows);
    ModelWhere choose_where(const ModelTable& table, bool only_one);

    struct Nested final : public SimWatcher {
        TableLife* life = nullptr;
        Choice* choice = nullptr;
        bool changed = false;
        void before(const SimDisk& disk, SimCall call) override;
        void after(const SimDisk& disk, const SimRecord& record) override;
    };

    Choice& choice_;
    Rules rules_;
    Setup setup_;
    std::size_t connection_size_ = std::size_t{512} << 10;
    TableModel model_;
    std::unique_ptr<TableMachine> machine_;
    std::unique_ptr<TableMachine> image_;
    std::unique_ptr<TableMachine> nested_;
    Tape tape_;
    std::vector<std::string> script_;
    std::string branch_text_;

    Operation operation_ = Operation::table_rows;
    Durability durability_ = Durability::durable;
    ModelReference reference_{"people", 1, ModelAction::cascade, true};  // Of orders.
    std::vector<std::pair<std::string, ModelState>> savepoints_;
    bool up_ = false;
    bool has_store_ = false;
    bool poisoned_ = false;
    bool suspect_ = false;  // A sync said that all was well, and it was not.
    bool out_of_memory_ = false;
    std::uint64_t least_ = 0;  // Newest commit that was acknowledged.
    std::uint64_t faults_before_ = 0;
    std::uint64_t step_call_ = 0;
    Hit hit_;
    bool in_trouble_ = false;
    Branching branching_;
    std::uint64_t branch_seed_ = 1;
};

}  // namespace freshet::sim
