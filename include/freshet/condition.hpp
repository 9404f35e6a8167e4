// SPDX-License-Identifier: MIT
// What a commit can rest on, beside the versions of streams: that certain events are not there, and
// that a consumer has not come so far yet.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace freshet {

// Matches an event of any of these types (none given: of every type) that has all of these tags, in
// a stream whose name begins like this (one of the store's own only if this begins with `$`). The
// tags of an event are the strings of the array `$tags` in its metadata:
// {"$tags":["course:7","student:3"]}.
struct ConditionItem {
    std::string_view stream_prefix{};
    std::span<const std::string_view> types{};
    std::span<const std::string_view> tags{};
};

// No event of this ordinal or a later one matches any of the items; otherwise the commit is
// refused as condition_failed, and a Failure says which event is the first in the way. `ordinal` is
// what Snapshot::next_ordinal() was when the decision was made; beyond the log it is ahead_of_log.
// (An `after`, of an event that was seen, could not say that none was.)
//
// It is asked of every commit before this one, deferred ones too: they are made durable first. What
// the transaction itself has appended does not count. The cost is that of reading the log from
// `ordinal` on, for each condition, while no other writer goes on; a snapshot is used.
struct AppendCondition {
    std::span<const ConditionItem> items{};
    std::uint64_t ordinal = 0;
};

// How far a consumer has come: the ordinal from which it goes on (Follower::next_ordinal()),
// written in the same commit as what the consumer made of the events before it, so that each has
// its effect exactly once. It only grows: one that is not greater than what is stored is refused as
// checkpoint_behind. A consumer that has none is at 0. The consumer's name has 1 to 243 bytes, of
// which a stream's name may consist; the stream `$checkpoint/CONSUMER` has one event for each.
struct Tracking {
    std::string_view consumer;
    std::uint64_t ordinal = 0;
};

}  // namespace freshet
