// SPDX-License-Identifier: MIT
// What each call of the simulated disk begins and ends with: another fibre may go first, the
// watcher is told, and a crash or a fault may be met.
#pragma once

#include "freshet/sim.hpp"

namespace freshet {

struct SimDisk::Entry {
    Entry(SimDisk& of, SimCall call, std::string_view name, std::uint64_t offset,
          std::uint64_t size) noexcept;
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void meet_fault(std::uint64_t number) noexcept;
    [[nodiscard]] bool failed() const noexcept { return failure.code != Code::none; }
    [[nodiscard]] std::size_t allowed(std::size_t wanted) const noexcept;
    Error fail(Code code) noexcept {
        if (!failed()) record.result = code;
        return failed() ? failure : Error{code};
    }

    SimDisk& disk;
    SimRecord record;
    Error failure;
    std::uint32_t partial = 0;
    bool is_short = false;
};

}  // namespace freshet
