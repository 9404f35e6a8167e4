// SPDX-License-Identifier: MIT
// How far long work has come: on standard error, where that is a terminal, after half a second and
// at most ten times a second; elsewhere nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "freshet/store.hpp"

namespace freshet::shell {

class Progress {
public:
    // `what` and `unit` stay lent. Quiet: nothing is ever shown.
    Progress(std::string_view what, std::string_view unit, bool quiet) noexcept;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { clear(); }

    // `count` units and `size` bytes are done, of `size_total`; 0: nobody knows of how many.
    void update(std::uint64_t count, std::uint64_t size, std::uint64_t size_total) noexcept;
    // Takes the line away, before something else is said.
    void clear() noexcept;

private:
    void draw(std::uint64_t now_us, std::uint64_t count, std::uint64_t size,
              std::uint64_t size_total) noexcept;

    std::string_view what_;
    std::string_view unit_;
    bool is_on_ = false;
    bool is_drawn_ = false;
    std::uint64_t start_us_ = 0;
    std::uint64_t next_us_ = 0;
};

// The progress of a call of the library, in MiB; ^C and polite requests to end cancel it from here
// on.
ProgressCallback watch(Progress& progress) noexcept;
// It was broken off by a signal: says so, with what it means, and returns the exit code.
int report_cancelled(std::string_view about, std::string_view message,
                     std::string_view hint) noexcept;

// Of a clock that is never set.
std::uint64_t steady_us() noexcept;

}  // namespace freshet::shell
