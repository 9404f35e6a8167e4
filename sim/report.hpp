// SPDX-License-Identifier: MIT
// What a simulation counts: images, faults by operation and by the call they hit, decisions of
// recovery. It lies in memory that the processes of a simulation share; each number is only ever
// added to.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "freshet/sim.hpp"

namespace freshet::sim {

enum class Operation : std::uint8_t {
    append_small,
    append_wide,
    append_three,
    deferred,
    rollback,
    roll,
    reopen,  // The seven of the exhaustive search.
    create,
    retry,
    refused,
    rollback_large,
    transaction,
    sync,
    read,
    follow,
    verify,
    maintain,
    clock_jump,
    settings,
    track,
    condition,
    recover,
    crowd,
    table_rows,
    table_definition,
    table_transaction,
    table_read,
};
inline constexpr std::size_t operation_count = 27;
inline constexpr std::size_t choosable_count = 21;  // All before recover.
const char* operation_name(Operation operation) noexcept;

enum class Trouble : std::uint8_t {
    none,
    kill,
    power_loss,
    io,
    full,
    read_only,
    permission,
    interrupted,
    short_transfer,
    forked,
    locked,
    damage,
    memory,
};
inline constexpr std::size_t trouble_count = 13;
const char* trouble_name(Trouble trouble) noexcept;
Trouble trouble_of(Code code) noexcept;

struct Report {
    using Count = std::atomic<std::uint64_t>;
    static constexpr std::size_t probe_count_max = 48;
    static constexpr std::size_t probe_size = 56;
    static constexpr std::size_t table_size = std::size_t{1} << 22;

    Count seeds, operations, images, nested_images, skipped_images, crashes, recoveries, faults,
        switches;
    Count weak_losses;  // Images of disks without safe overwrites that lost what was not attested:
                        // named, not promised.
    std::array<std::array<std::array<Count, sim_call_count>, operation_count>, trouble_count> cells;

    // Messages of the engine, by their text without its numbers.
    struct Probe {
        std::atomic<std::uint32_t> state;  // 0: free, 1: being filled, 2: filled.
        std::array<char, probe_size> text;
        Count count;
    };
    std::array<Probe, probe_count_max> probes;

    Count distinct;
    std::array<Count, table_size> images_seen;

    void hit(Trouble trouble, Operation operation, SimCall call) noexcept {
        cells[static_cast<std::size_t>(trouble)][static_cast<std::size_t>(operation)]
             [static_cast<std::size_t>(call)]
                 .fetch_add(1, std::memory_order_relaxed);
    }
    void add_probe(std::string_view message) noexcept;
    // True: this image was not seen before.
    bool add_image(std::uint64_t hash) noexcept;
};

inline void add(Report::Count& count, std::uint64_t n = 1) noexcept {
    count.fetch_add(n, std::memory_order_relaxed);
}

// In shared memory, zeroed.
Report* make_report() noexcept;

}  // namespace freshet::sim
