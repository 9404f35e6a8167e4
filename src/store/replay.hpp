// SPDX-License-Identifier: MIT
// Rebuilds the tree from the log: what each frame of a committed transaction adds to the directory.
//
// Workload: every event of the log, once, at open. Many commits share one transaction of the tree;
// one of several parts gets its own, since it counts only when its last part has come. What frames
// add is gathered over many of them. Frames come here checked; what is looked at once more is that
// they do not contradict one another, whoever made them and their checksums.
#pragma once

#include "log/scan.hpp"
#include "store/gather.hpp"

namespace freshet::store {

class Replay {
public:
    explicit Replay(State& state) noexcept : state_{state}, gather_{state} {}

    // Reads the log from where the scan stands up to its end or to `limit`, and adds what it reads
    // to state.working. After an error that is as far as whole transactions of the tree came.
    // out_of_memory: the pool is full; corrupt: the log passes all checks and contradicts itself;
    // io.
    Status run(log::Scan& scan, std::uint64_t limit = ~std::uint64_t{0}) noexcept;

private:
    // A stream of the frame: its number in gather_, as of a generation.
    struct Slot {
        std::uint32_t generation;
        std::uint32_t number;
        std::uint32_t seen;  // Events.
        std::uint32_t hash;  // Of its name.
        bool is_own;         // The store's own.
        bool is_row;
        std::uint64_t first_index;
    };

    Status run_on(log::Scan& scan, std::uint64_t limit) noexcept;
    void begin() noexcept;
    Status finish(const log::Position& end) noexcept;
    void drop() noexcept;
    Status mark(const log::Frame& frame, const log::Position& before) noexcept;
    Status apply(const log::Frame& frame) noexcept;
    void begin_slot(std::uint32_t number) noexcept;
    Status apply_events(const log::Frame& frame, Bytes events) noexcept;
    Status check_types(const log::Frame& frame) const noexcept;
    Status add(const log::StoredEvent& event, std::uint64_t address) noexcept;
    Status resolve(std::uint32_t slot) noexcept;
    Status add_id(const log::StoredEvent& event, std::uint64_t address) noexcept;
    Status note_created() noexcept;
    Status note_own(const log::StoredEvent& event) noexcept;
    Status add_row(const log::StoredEvent& event, std::uint64_t address) noexcept;

    State& state_;
    Published before_;  // To go back to, where a transaction has no end.
    bool in_parts_ = false;
    Gather gather_;
    log::StreamTable streams_;  // Of the frame.
    log::TypeTable types_;
    std::uint64_t frame_address_ = 0;
    std::array<Slot, log::frame_stream_count_max> slots_;
};

}  // namespace freshet::store
