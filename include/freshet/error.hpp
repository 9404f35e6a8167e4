// SPDX-License-Identifier: MIT
// Why an operation did not happen. Operating errors are values; a broken invariant stops the
// program.
#pragma once

#include <cstdint>
#include <type_traits>

namespace freshet {

// Numbers and names are stable: they are never reused. code_name() gives the name users see.
enum class Code : std::uint16_t {
    none = 0,
    // What the caller asked cannot be done.
    invalid_argument = 1,      // A call that makes no sense, e.g. after close, or a bad option.
    invalid_name = 2,          // A stream name or event type: empty, not UTF-8, or with controls.
    too_large = 3,             // A name, an event or a transaction beyond its limit.
    stream_not_found = 4,      //
    already_exists = 5,        // create() of a stream that is there.
    wrong_version = 6,         // An expectation does not hold; a Failure has the numbers.
    idempotency_conflict = 7,  // An event id is there already, elsewhere or with other content.
    ahead_of_log = 8,          // A position beyond the newest commit.
    diverged = 24,             // A place in a history that parted from this one.
    other_store = 25,          // A place in another store.
    cancelled = 26,            // The caller's own callback said so.
    // What the memory or the machine does not allow.
    out_of_memory = 9,        // The lent memory is full.
    too_many_snapshots = 10,  // Options::snapshot_count_max are open.
    full = 11,                // The disk is full, or all segments are used. Nothing was changed.
    io = 12,                  // The operating system refused; system_error says why.
    read_only = 13,           // The store, or the file system below it, does not take writes.
    permission = 14,          // Not allowed to open.
    locked = 15,              // Another process writes here.
    forked = 16,              // The store was opened by the parent of this process.
    interrupted = 17,         // A door call was broken off by a signal; the library tries again.
    // What is on the disk.
    not_found = 18,     // No store, or no file, of that name.
    not_a_store = 19,   // A folder or file that is something else.
    newer_format = 20,  // Written by a newer freshet.
    corrupt = 21,       // Stored bytes failed a check. Never an answer, never skipped.
    // What became of a commit.
    durability_unknown = 22,  // The sync that should have covered this commit failed.
    poisoned = 23,            // An earlier sync failed: no more commits until it is opened again.
    // What became of a stream, and of what else a commit rests on.
    stream_deleted = 27,     // Until something is appended to it.
    stream_tombstoned = 28,  // For ever.
    stream_closed = 29,      // It takes no more events.
    condition_failed = 30,   // There is an event that an AppendCondition says there is not.
    checkpoint_behind = 31,  // A consumer's checkpoint is at or past this one already.
    // What became of a statement.
    syntax = 32,             // It is not SQL; an SqlError says where and why.
    type_mismatch = 33,      // A value that its column, or the type it is cast to, does not take.
    unknown_name = 34,       // A table, column or index that is not there.
    in_use = 35,             // A table, column or index that something else needs.
    constraint_failed = 36,  // A row that a constraint of its table refuses.
    code_count = 37,
};

// "wrong-version": lower case, words joined by '-'. Lives for ever.
const char* code_name(Code code) noexcept;

// A code, and the number the operating system gave for it (errno; 0 if it was not asked).
struct alignas(4) Error {
    Code code = Code::none;
    std::uint16_t system_error = 0;

    constexpr Error() noexcept = default;
    constexpr Error(Code error_code, int system = 0) noexcept
        : code{error_code}, system_error{static_cast<std::uint16_t>(system)} {}

    friend constexpr bool operator==(Error error, Code wanted) noexcept {
        return error.code == wanted;
    }
};

// A value, or the reason there is none. Trivially copyable on purpose: it travels in registers and
// needs no destructor.
template <class T>
class [[nodiscard]] Result {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    constexpr Result(T value) noexcept : value_{value} {}
    constexpr Result(Error error) noexcept : error_{error} {}
    constexpr Result(Code code) noexcept : error_{code} {}

    constexpr explicit operator bool() const noexcept { return error_.code == Code::none; }
    [[nodiscard]] constexpr Error error() const noexcept { return error_; }
    constexpr const T& operator*() const noexcept { return value_; }
    constexpr const T* operator->() const noexcept { return &value_; }

private:
    // In this order a Status is one word, and a small value makes it two.
    Error error_{};
    [[no_unique_address]] T value_{};
};

struct Done {};
using Status = Result<Done>;

}  // namespace freshet
