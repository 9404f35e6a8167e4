// SPDX-License-Identifier: MIT
// A machine with a store on a simulated disk, and the question whether what the store says is what
// the model says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "freshet/sim.hpp"
#include "freshet/store.hpp"
#include "freshet/unmapped.hpp"
#include "relation/row_stream.hpp"
#include "sim/model.hpp"
#include "sim/report.hpp"

namespace freshet::sim {

// How often a store said that runs are damaged, missing, or contradict the log. It never is so on a
// disk that keeps its word.
struct RefusedRuns {
    std::uint64_t count = 0;

    void listen(Options& options) noexcept;  // Instead of whoever listens. This stays where it is.
};

// The memory of a process that maps no files.
class Copies {
public:
    explicit Copies(const SimDiskSize& size)
        : size_{(size.file_count_max + 1) * (size.file_size_max + 2 * UnmappedDisk::page_size)} {}

    // For a process that starts: the disk itself, unless this is wanted.
    Disk& over(Disk& disk, bool is_wanted);

private:
    std::size_t size_;
    std::unique_ptr<std::byte[]> memory_;
    std::optional<UnmappedDisk> unmapped_;
};

struct Machine {
    explicit Machine(const SimDiskSize& size, SimScheduler* scheduler = nullptr)
        : disk{size}, copies{size}, gate{clock, scheduler} {}

    SimDisk disk;
    Copies copies;
    bool is_unmapped = false;
    SimClock clock;
    SimGate gate;
    Options options;
    Store store;
    Diagnostic diagnostic;
    std::vector<std::byte> memory;
    std::vector<std::byte> scratch;
    std::uint32_t open_count = 0;  // How often open() has come to its end.
    RefusedRuns refused_runs;

    // Lends what the options ask for.
    void lend();
    // For a store to be opened, while no other is.
    Door door() { return {&copies.over(disk, is_unmapped), &clock, &gate}; }
    Status open(bool create) noexcept;
    Status close() noexcept { return store.close(); }
};

// What a store may be found with: all commits up to `least`, perhaps more, never more than the
// model's.
struct Promise {
    const Model* model = nullptr;
    std::uint64_t least = 0;
    bool has_store = false;  // A call has said that there is one.
    bool disk_is_honest =
        true;                 // false: what was acknowledged may be lost, if nothing wrong is said.
    bool had_faults = false;  // A file may have stayed because it could not be removed.
};

// Keeps the rows of every store that is simulated.
store::RowKeeper& row_keeper() noexcept;

// "append small of 3 events: ..." and so on: stops the simulation (sim_violation).
[[gnu::format(printf, 1, 2)]] void violation(const char* format, ...) noexcept;

// Everything a snapshot shows, by the log and by each stream, is what the model has as of its
// commit, by this clock. Returns what the store says instead of an answer, if it does.
Code compare(const Snapshot& snapshot, const Model& model, const SimClock& clock);
// One event of one stream, sought by its index.
Code compare_seek(const Snapshot& snapshot, const Model& model, std::uint32_t stream,
                  std::uint64_t index);

enum class Depth : std::uint8_t { open_only, full };
// Opens the store of a disk that crashed and compares; with Depth::full it also appends, verifies,
// closes, and opens again. Returns the newest commit found (without the one it appended).
std::uint64_t examine(Machine& machine, const Promise& promise, Depth depth);

// What open() may say of a disk that broke its word.
bool is_named_damage(Code code) noexcept;

// The report that machines add to. Set once.
void set_report(Report* report) noexcept;
[[nodiscard]] Report& report() noexcept;

}  // namespace freshet::sim
