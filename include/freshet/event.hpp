// SPDX-License-Identifier: MIT
// Events as they are appended and as they are read, and what is said of both: expectations,
// outcomes, horizons, filters.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "freshet/bytes.hpp"
#include "freshet/condition.hpp"
#include "freshet/error.hpp"

namespace freshet {

inline constexpr std::size_t stream_name_size_max = 255;
inline constexpr std::size_t event_type_size_max = 255;

// ---- what is appended ----

// Names that begin with `$` are the store's own: their streams can be read, not written.

// A name for an event that its writer makes up, so that it can safely try again. All zeros: no id.
struct EventId {
    std::array<std::byte, 16> bytes{};
    [[nodiscard]] bool is_set() const noexcept {
        const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(bytes);
        return (halves[0] | halves[1]) != 0;
    }
    friend bool operator==(const EventId&, const EventId&) noexcept = default;
};

struct Event {
    std::string_view type;  // 1 to 255 bytes of UTF-8 without control characters.
    Bytes payload{};
    Bytes metadata{};
    EventId id{};
    // Of the type's schema, from 1. Types of the same name and other versions are other types.
    std::uint16_t schema_version = 1;
};

// What the writer believes about a stream. A commit whose beliefs do not hold does not happen.
class Expected {
public:
    static constexpr Expected any() noexcept { return Expected{-2}; }
    // It has no events.
    static constexpr Expected no_stream() noexcept { return Expected{-1}; }
    // It has events, or was created.
    static constexpr Expected stream_exists() noexcept { return Expected{-4}; }
    // The index of its last event. A number below 0 is refused as invalid_argument.
    static constexpr Expected version(std::int64_t n) noexcept { return Expected{n < 0 ? -3 : n}; }
    [[nodiscard]] constexpr std::int64_t number() const noexcept { return number_; }

private:
    constexpr explicit Expected(std::int64_t number) noexcept : number_{number} {}
    std::int64_t number_;
};

struct StreamAppend {
    std::string_view stream;
    Expected expected = Expected::any();
    std::span<const Event> events{};
};

// An expectation on a stream that the commit does not write.
struct Check {
    std::string_view stream;
    Expected expected = Expected::any();
};

// What one commit is made of, and what it rests on.
struct Batch {
    std::span<const StreamAppend> appends{};
    std::span<const Check> checks{};
    std::span<const AppendCondition> conditions{};
    std::span<const Tracking> tracking{};
};

// One check that did not hold.
struct Failure {
    Code code = Code::none;     // wrong_version, idempotency_conflict, stream_not_found, ...
    bool of_check = false;      // In the list of Checks; otherwise in the list of StreamAppends, or
                                // in the list that the code is of.
    std::uint32_t number = 0;   // Which one in its list.
    std::uint32_t event = 0;    // idempotency_conflict: the first event in the way.
    std::int64_t expected = 0;  // As Expected::number(); checkpoint_behind: the ordinal given.
    std::int64_t actual = 0;    // The version of the stream; checkpoint_behind: what is stored;
                                // condition_failed: the ordinal of the first event in the way.
    std::uint64_t commit = 0;   // Which commit wrote the stream, or that event, last (0: none), ...
    std::uint64_t time_us = 0;  // ... and when.
};

enum class Durability : std::uint8_t {
    // The call returns when the commit is on stable storage.
    durable,
    // The call returns at once: sync() makes it durable, and snapshots show it only then.
    deferred,
};

enum class Outcome : std::uint8_t {
    nothing,    // An empty batch: nothing was written, nothing was checked.
    appended,   //
    duplicate,  // All events were there already by their ids: this is where.
};

struct Appended {
    Outcome outcome = Outcome::nothing;
    bool durable = false;
    bool created = false;  // The (first) stream began with this commit.
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
    // The ordinals of the batch; of the first stream, where duplicate.
    std::uint64_t first_ordinal = 0;
    std::uint64_t last_ordinal = 0;
    std::int64_t first_index = -1;  // The indexes in the (first) stream.
    std::int64_t last_index = -1;   // Its new version (of its first append, for a Transaction); for
                                    // `nothing`, its version.
};

// ---- what is read ----

// An event as it was recorded. The views lie in the store or in the cursor and hold until the
// cursor's next step.
struct Recorded {
    std::string_view stream;
    std::string_view type;
    Bytes payload;
    Bytes metadata;
    EventId id;
    std::uint16_t schema_version = 1;
    std::uint64_t index = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
};

// From where a stream is read.
class Horizon {
public:
    static constexpr Horizon beginning() noexcept { return Horizon{0, false}; }
    static constexpr Horizon index(std::uint64_t n) noexcept { return Horizon{n, false}; }
    static constexpr Horizon newest() noexcept { return Horizon{0, true}; }
    [[nodiscard]] constexpr bool is_newest() const noexcept { return newest_; }
    [[nodiscard]] constexpr std::uint64_t number() const noexcept { return number_; }

private:
    constexpr Horizon(std::uint64_t number, bool newest) noexcept
        : number_{number}, newest_{newest} {}
    std::uint64_t number_;
    bool newest_;
};

enum class Direction : std::uint8_t { forwards, backwards };
inline constexpr std::uint64_t no_limit = ~std::uint64_t{0};

// From where all streams are read, in commit order. Both are inclusive.
class LogStart {
public:
    static constexpr LogStart commit(std::uint64_t n) noexcept { return LogStart{n, true}; }
    static constexpr LogStart ordinal(std::uint64_t n) noexcept { return LogStart{n, false}; }
    [[nodiscard]] constexpr bool is_commit() const noexcept { return is_commit_; }
    [[nodiscard]] constexpr std::uint64_t number() const noexcept { return number_; }

private:
    constexpr LogStart(std::uint64_t number, bool is_commit) noexcept
        : number_{number}, is_commit_{is_commit} {}
    std::uint64_t number_;
    bool is_commit_;
};

// Empty fields let everything through. The views stay lent for the life of the cursor.
struct LogFilter {
    std::string_view stream_prefix{};
    std::string_view type{};
    // Only streams of this category (category.hpp), ...
    std::string_view category{};
    // ... of which this is the consumer `group_member`, from 0, of `group_count`; 0: there is but
    // one. A member that is not below the count is invalid_argument.
    std::uint32_t group_count = 0;
    std::uint32_t group_member = 0;
    // Only events whose metadata has this `$correlationId` (metadata.hpp).
    std::string_view correlation{};
};

}  // namespace freshet
