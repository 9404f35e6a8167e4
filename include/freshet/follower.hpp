// SPDX-License-Identifier: MIT
// Reading everything, and then what comes.
#pragma once

#include "freshet/store.hpp"

namespace freshet {

// Reads all streams from an ordinal on, and goes on as new commits become durable: in the process
// that writes, or, with a store opened read only, in any other. It loses nothing and repeats
// nothing, while segments and writers change.
class Follower {
public:
    enum class Step : std::uint8_t {
        event,      // The Recorded is filled.
        caught_up,  // All that is durable has been read: said once each time it becomes true.
        timeout,    // Nothing new came; said early where a Gate wakes early, and of a wait for ever
                    // only when nothing will come any more, because the store is poisoned.
    };
    // ahead_of_log: this store has not come that far; was it restored? too_many_snapshots: it holds
    // one. invalid_argument; corrupt, io. Of a store opened read only, what refresh() says.
    Status open(Store& store, std::uint64_t ordinal, LogFilter filter = {}) noexcept;
    // From a place that was kept, e.g. of Snapshot::head(). What Store::contains() says, too.
    Status open(Store& store, const Head& head, LogFilter filter = {}) noexcept;
    // corrupt, io, too_many_snapshots (in passing: another call goes on); invalid_argument. Of a
    // store opened read only, what refresh() says, which it calls.
    Result<Step> next(Recorded& event, std::uint64_t timeout_us) noexcept;
    // Of a store opened read only: whether a writer was at work when it last looked. Without one
    // "caught up" means with what is attested.
    [[nodiscard]] bool has_writer() const noexcept { return has_writer_; }
    // What to keep to go on later: the ordinal of the next event.
    [[nodiscard]] std::uint64_t next_ordinal() const noexcept { return next_ordinal_; }
    void close() noexcept;  // Before the store.

private:
    Status start() noexcept;
    [[nodiscard]] bool is_expected() const noexcept;
    Result<bool> renew() noexcept;
    bool wait(std::uint64_t& timeout_us) noexcept;

    Store* store_ = nullptr;
    Snapshot snapshot_;
    LogCursor cursor_;
    LogFilter filter_;
    std::uint64_t next_ordinal_ = 0;
    std::uint64_t pause_us_ = 0;
    bool started_ = false;
    bool has_writer_ = true;
    bool told_caught_up_ = false;
};

}  // namespace freshet
