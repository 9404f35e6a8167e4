// SPDX-License-Identifier: MIT
// Runs of an open store: those in use, and those that are being made.
//
// Life of a run. The tree is *frozen*: between two transactions all its pages are left to a layer,
// and it goes on with none. A *flush* makes a run of that layer, entry by entry, while writing goes
// on. Its file is synced, so is its name, and head names it, together with an attested end of the
// log behind all that is in it: so no run is ever ahead of the log. Then the layer's pages go back
// to the pool. A *merge* does the same with the newest runs, as soon as one of them is less than
// four times as large as those above it together; so there are as many as the logarithm of the data
// to base four, and each entry is written as often again.
//
// A file is removed when no reader of this process has it any more and head has ceased to name it.
// Other processes have mapped what they read.
//
// A transaction that outgrows the pool has private runs (private_runs.cpp), which belong to the
// tree they came from: a frozen one has them beside its layer, and its flush takes them in.
//
// Who works on runs has `is_busy`; the jobs are his. What is in use (`stack` and what belongs to
// it) is changed with the writer turn as well, between two transactions: at the beginning of one,
// or by whoever calls maintain(). A commit only adds to the files, for a little while, when its
// transaction is over, and so waits for nobody.
#pragma once

#include "store/directory_key.hpp"
#include "store/run_keeper.hpp"
#include "store/run_names.hpp"
#include "tree/merge.hpp"
#include "tree/run_builder.hpp"

namespace freshet::store {

struct RunSlot {
    tree::Run run;
    const std::byte* map = nullptr;  // Null: the slot is free.
    std::size_t size = 0;
    RunName name;
};

struct RunJob {
    enum class Stage : std::uint8_t { idle, planned, building, built };
    Stage stage = Stage::idle;
    std::uint32_t number = 0;
    std::uint32_t input_count = 0;  // Of a merge: the newest runs when it was planned, ...
    std::uint32_t first_slot = 0;   // ... from this one ...
    std::uint32_t last_slot = 0;    // ... to this.
    Published at;
    tree::Merge source;
    tree::RunBuilder builder;
};

// A tree of the pool, and what of it had no room there, the newest first.
struct OwnTree {
    tree::Branches branches{};
    std::array<const tree::Run*, tree::private_run_count_max> runs{};
    std::uint32_t run_count = 0;

    [[nodiscard]] std::span<const tree::Run* const> private_runs() const noexcept {
        return std::span{runs}.first(run_count);
    }
};

// A stream that begins is looked for in all runs.
inline constexpr auto filtered_families =
    static_cast<tree::Families>(1U << static_cast<unsigned>(tag_stream));

// Makes private runs.
class Outgrown final : public tree::Overflow {
public:
    void belong_to(State& state) noexcept { state_ = &state; }
    Status make_room(std::size_t page_count) noexcept override;

private:
    State* state_ = nullptr;
};

struct RunState {
    // A merge of much goes on beside those of what comes meanwhile.
    static constexpr std::uint32_t merge_count_max = 3;
    // Those in use and those that wait for readers: install() keeps one free.
    static constexpr std::uint32_t slot_count = tree::run_count_max + unused_run_kept_max;
    // Those of the tree, of what is frozen, and of readers.
    static constexpr std::uint32_t private_slot_count = private_run_file_count;

    tree::CheckedPages checked;
    std::array<RunSlot, slot_count> slots;
    std::span<tree::Layers> layers;
    std::array<std::uint8_t, tree::run_count_max> stack{};  // Slots, the newest run's first.
    std::uint32_t stack_count = 0;
    bool is_named = true;             // Head knows what is in use, ...
    std::uint32_t unnamed_count = 0;  // ... but for so many of the newest, since one is damaged.
    std::uint32_t unnamed_from = 0;   // It names none with such a number or a greater one.
    bool has_frozen = false;          // There is a flush.
    // Private runs of another writer are looked for before the first flush, too: once their removal
    // had not become durable, no log says any more that there was a crash.
    bool has_cleared = false;
    bool wants_one = false;  // What is not frozen is to become one run.
    OwnTree frozen{};
    Published base;                  // What the layers below the tree have.
    std::uint64_t readable_end = 0;  // Of the log, to the flush; 0: it is to be synced first.
    RunNames names;                  // As of `next` and those no longer used.
    RunJob flush;
    std::array<RunJob, merge_count_max> merges;
    tree::CheckedPages private_checked;
    std::array<RunSlot, private_slot_count> private_slots;
    RunJob outgrown;  // To make private runs with.
    Outgrown overflow;
    RunJob* job = nullptr;                     // The one to go on with; it waits if it is built.
    Status advanced = Done{};                  // By commits, since the last turn.
    std::array<bool, slot_count> is_unused{};  // Slots that are to be closed.
    std::atomic<bool> is_busy = false;
    std::atomic<bool> is_owed = false;     // Commits have to go on with the job.
    std::atomic<bool> is_due = false;      // There is something to do with the writer turn.
    std::atomic<bool> is_urgent = false;   // The pool is nearly full.
    std::atomic<bool> is_in_wait = false;  // A flush waits for a merge.
    std::uint64_t retry_from = 0;          // After a failure it rests until the log is so long.
    // Of a store that is read only: what head named when it was last followed, and how many pages
    // the tree had when its last transaction ended.
    log::HeadRoom seen{};
    std::size_t page_used = 0;
};

// The runs that head names, from the oldest on, as far as they can be used.
struct UsableRuns {
    std::array<std::uint8_t, tree::run_count_max> stack{};  // Slots, the newest run's first.
    std::uint32_t count = 0;
    std::uint32_t named_count = 0;
    Published at;            // What the newest of them says of the store.
    Status status = Done{};  // Of the first that cannot be used.
};

// What all of runs*.cpp use. Serving, with the writer turn; or while the log is read at open.
enum class Phase : std::uint8_t { reading, serving };

// Maps a run, in a slot that is free. corrupt, not_found, io and so on: it cannot be used.
Result<std::uint32_t> open_run(State& state, RunName name, bool is_known) noexcept;
// The same in this slot, which has a number of its own among those of `checked`.
Status map_run(State& state, RunSlot& slot, const RunFileName& file_name, RunName name,
               tree::CheckedPages& checked, std::uint32_t slot_number) noexcept;
void unmap_run(State& state, RunSlot& slot, tree::CheckedPages& checked,
               std::uint32_t slot_number) noexcept;
void close_run(State& state, std::uint32_t slot) noexcept;
// A file that cannot be removed now is nobody's all the same.
void remove_run(State& state, std::uint32_t number) noexcept;
// What is in use now, below a tree with these private runs; null: nothing.
const tree::Below* below(State& state, std::span<const tree::Run* const> private_runs) noexcept;
// Gives the tree a root over what is in use now, with this of its own; the pages of `gone` go back.
void lay(State& state, const OwnTree& own, const tree::Branches& gone, Phase phase) noexcept;
// What the tree has of its own.
OwnTree own_tree(const State& state) noexcept;
// Closes and removes private runs that nobody has any more, where `state.used` is up to date; all;
// and those that a writer left that did not close. With the writer turn.
void close_private(State& state) noexcept;
void close_all_private(State& state) noexcept;
void clear_private(State& state) noexcept;
// For head: what is in use, from the oldest up to one that is found to be damaged. The others and
// those that are being made count as no longer used, so that whoever opens the store removes them.
RunNames names_of(const RunState& runs) noexcept;
// Opens those that a head names, but for those that are open. A reader takes head as it is now,
// where a file is gone since `head` was read.
UsableRuns find_usable(State& state, log::HeadRecord& head) noexcept;
void say_unusable(const State& state, const UsableRuns& usable) noexcept;
// Closes what is not in use and no snapshot has any more, and removes nothing.
void close_unread(State& state) noexcept;
// As RunKeeper::follow().
bool follow(State& state) noexcept;
// As RunKeeper::copy().
Status copy_runs(State& state, const Published& at, RunCopy& copy) noexcept;
// Tells head. With the writer turn.
Status name_runs(State& state) noexcept;
// Leaves the tree to a layer, and plans its flush.
void freeze(State& state, Phase phase) noexcept;
[[nodiscard]] bool is_freeze_due(const State& state) noexcept;
// Plans a merge if one is due, of runs that no other one has.
void plan_merge(State& state) noexcept;
// That of the newest runs; null: there is none.
RunJob* newest_merge(RunState& runs) noexcept;
// Goes on with a job; done with it at Stage::built. What the disk says; corrupt.
Status advance(State& state, RunJob& job, std::uint64_t& entry_count) noexcept;
// Puts what was built into use. Done, and the job still built: it has to wait for readers.
Status install(State& state, RunJob& job, Phase phase) noexcept;
// Finds out, with the writer turn, what no reader has any more. True: there is something.
bool mark_unused(State& state) noexcept;
// Closes that, and removes files that nobody needs. True: there are fewer of them.
bool close_unused(State& state) noexcept;

}  // namespace freshet::store
