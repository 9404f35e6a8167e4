// SPDX-License-Identifier: MIT
// What a stream shows of its events, and whether it takes more: Store::settings(), by which streams
// are cut at their beginning, bounded, closed and deleted.
//
// Nothing leaves the log. Settings are events of the stream `$settings/NAME` in the commit that
// made them, so a snapshot shows a stream by the settings of its own commit. Only reads of one
// stream hide what is hidden; LogCursor and Follower show the whole log, and verify() counts it.
// The ids of hidden events count as before: their batch again is a duplicate.
#pragma once

#include <cstdint>

namespace freshet {

// In settings that are made: as it was.
inline constexpr std::uint64_t unchanged = ~std::uint64_t{0};

// What is left out stays as it was. What Snapshot::settings() gives has no number unchanged.
struct StreamSettings {
    // Events before this index are hidden. It only grows, up to the number of events.
    std::uint64_t truncate_before = unchanged;
    // Only the newest so many are shown; 0: all.
    std::uint64_t max_count = unchanged;
    // Only events at most so old are shown, by the door's clock when a cursor is opened; 0: all.
    std::uint64_t max_age_us = unchanged;
    // No more events, for ever: appends are `stream_closed`.
    bool closed = false;
    // All events there are now are hidden, and reads are `stream_deleted` until something is
    // appended again; its index goes on from theirs. Meanwhile Expected::stream_exists() fails; the
    // others hold as before.
    bool deleted = false;
    // The name is dead: reads, appends, checks and settings are `stream_tombstoned`, for ever.
    bool tombstoned = false;
};

}  // namespace freshet
