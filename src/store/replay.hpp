// SPDX-License-Identifier: MIT
// Rebuilds the tree from the log: what each frame of a committed transaction adds to the directory.
//
// Workload: every event of the log, once, at open. Many commits share one transaction of the tree;
// one of several parts gets its own, since it counts only when its last part has come.
#pragma once

#include "log/scan.hpp"
#include "store/state.hpp"

namespace freshet::store {

class Replay {
public:
    explicit Replay(State& state) noexcept : state_{state} {}

    // Reads the log from where the scan stands up to its end or to `limit`, and adds what it reads
    // to state.working. After an error that is as far as whole transactions of the tree came.
    // out_of_memory: the pool is full; corrupt: the log passes all checks and contradicts itself;
    // io.
    Status run(log::Scan& scan, std::uint64_t limit = ~std::uint64_t{0}) noexcept;

private:
    Status run_on(log::Scan& scan, std::uint64_t limit) noexcept;
    void begin() noexcept;
    Status finish(const log::Position& end) noexcept;
    void drop() noexcept;
    Status apply(const log::Frame& frame, const log::Position& before) noexcept;
    Status check_types(const log::Frame& frame) const noexcept;
    Status note_created(const log::Frame& frame) noexcept;
    Status add(const log::FrameEvents& events) noexcept;
    Status enter(std::string_view name) noexcept;
    Status leave() noexcept;

    State& state_;
    Published before_;  // To go back to, where a transaction has no end.
    bool in_parts_ = false;

    // The stream of the last event, not yet put back.
    StreamBuilder stream_;
    std::size_t name_size_ = 0;
    std::array<char, stream_name_size_max> name_{};
};

}  // namespace freshet::store
