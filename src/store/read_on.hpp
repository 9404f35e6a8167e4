// SPDX-License-Identifier: MIT
// How a store that was opened read only comes to what another process has written: at open, and
// whenever it is asked for news. It shows what is known to be durable and nothing else:
//
//      the writer is at work and has noted its durable end    up to there
//      otherwise                                              what head and the frames attest
//
// What lies behind may be in the page cache of a writer only. What was shown stays: nothing durable
// is ever cut, so it goes on from there over changes of segments and of writers. Should the store
// at this place turn out to be another one, or an older copy, that is an error and never a jump.
#pragma once

#include "store/replay.hpp"

namespace freshet::store {

class ReadOn {
public:
    // `head` as it was just read.
    ReadOn(State& state, const log::HeadRecord& head, Diagnostic& diagnostic) noexcept
        : state_{state}, head_{head}, diagnostic_{diagnostic} {}

    // Under the writer turn. Errors are those of Store::refresh().
    Result<Refreshed> run() noexcept;

private:
    Status read_noted(const log::Position& noted) noexcept;
    Status read_attested() noexcept;
    Status read_head() noexcept;
    Status find_end(log::Position& end, std::uint64_t& attested) noexcept;
    Status read_up_to(std::uint64_t end) noexcept;
    Status go(log::Scan& scan) noexcept;
    Status check_end(const log::Scan& scan, std::uint64_t attested) noexcept;
    Status damaged(std::uint64_t address, const log::Position& good) noexcept;
    [[nodiscard]] bool is_elsewhere(const log::Position& there) const noexcept;
    [[nodiscard]] bool has_parted() const noexcept;
    void show() noexcept;

    State& state_;
    log::HeadRecord head_;
    Diagnostic& diagnostic_;
};

}  // namespace freshet::store
