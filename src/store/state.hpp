// SPDX-License-Identifier: MIT
// What an open store is made of.
//
// A *published* record is the store at one commit: a root of the tree and the end of the log that
// go together. Records are numbered (*tokens*), and there are a few more of them than there can be
// snapshots. A reader takes the newest durable record by writing its token into a slot and looking
// whether it is still the newest; the writer, before it uses a record or a page again, looks
// through the slots. So readers take no lock.
#pragma once

#include <atomic>
#include <span>

#include "log/log.hpp"
#include "store/directory.hpp"

namespace freshet::store {

struct Published {
    tree::Root root;
    log::Position position;
    std::uint64_t stream_count = 0;
    std::uint64_t mark_count = 0;
    std::uint64_t mark_address = 0;     // Of the newest mark.
    std::uint64_t catalog_address = 0;  // Of the newest change of what tables are; 0: none.
};

// A reader's place, on a cache line of its own.
struct alignas(64) Slot {
    std::atomic<std::uint32_t> token{0};  // Token + 1; 0: free.
};

// Where the open transaction can go back to.
struct Savepoint {
    tree::Delta::Savepoint tree;
    log::Log::Savepoint log;
    std::uint64_t stream_count = 0;
    std::uint64_t row_change_count = 0;
    std::uint64_t catalog_address = 0;
    Appended summary;
    bool touched = false;
    bool has_tree = false;  // Else nothing has changed there.
};

struct RunState;  // run_state.hpp

struct State {
    Options options;
    Door door;
    log::Log log;
    tree::Delta delta;
    std::span<Published> published;
    std::span<Slot> slots;
    // Under the writer turn:
    std::span<std::uint64_t> live;      // Room for the live versions,
    std::span<std::uint8_t> used;       // and for the records in use.
    Published sealed;                   // The newest sealed commit's; durable or not.
    Published working;                  // The open transaction's; otherwise the same as `sealed`.
    std::span<Savepoint> savepoints;    // Of the open transaction, ...
    std::uint32_t savepoint_count = 0;  // ... so many of them.
    std::uint64_t row_change_count = 0;
    RunState* runs = nullptr;  // Null: there are none.
    bool was_closed = false;   // By the writer before, who left nothing to repair.
    // Of a store that is read only: the newest epoch known, and where the log ended, attested or
    // not, when it was last looked at without a writer.
    log::Epoch epoch;
    log::Position end;

    [[nodiscard]] tree::View view() const noexcept { return {&delta, &delta.root()}; }
    [[nodiscard]] tree::View view(const Published& at) const noexcept { return {&delta, &at.root}; }
    void say(Level level, Code code, std::string_view message) const noexcept {
        if (options.log != nullptr) options.log(options.log_context, level, code, message);
    }
};

// Whether the transaction that begins at an address gets a mark: the first one does, and then one
// for each 32 KiB of log, or each segment where those are smaller.
bool is_mark_due(const Published& at, std::uint64_t address,
                 const log::Geometry& geometry) noexcept;
// Of the transaction that begins at an address, behind the commit of a position.
inline Mark mark_of(const log::Position& before, std::uint64_t time_us,
                    std::uint64_t address) noexcept {
    return {.commit = before.commit + 1,
            .ordinal = before.next_ordinal,
            .time_us = time_us,
            .address = address};
}
// Adds the mark of a transaction that begins at an address, if one is due. out_of_memory.
Status mark_transaction(State& state, const log::Position& before, std::uint64_t time_us,
                        std::uint64_t address) noexcept;

// What readers can still see, and who may become one: marks the records in `state.used`, and says
// their versions of the tree. Under the writer turn; what it returns lies in `state.live`.
std::span<const std::uint64_t> live_versions(State& state) noexcept;

// The same with the commit turn, which it takes otherwise.
std::span<const std::uint64_t> use_records(State& state) noexcept;
// Gives a state of the tree that is sealed a record, whose token it returns: one that is unused as
// use_records() found.
std::uint32_t keep_record(State& state, const tree::Root& root) noexcept;

// Ends the tree's transaction and the log's: the store as it is now gets a record.
void seal(State& state, const log::Position& position) noexcept;

// In a store that is read only: what is being worked on is the store now, up to this end.
void show(State& state, const log::Position& end) noexcept;

// The newest durable record, held in a slot. `token` was the newest one before: what is published
// meanwhile is noticed once the slot is taken. too_many_snapshots.
struct Held {
    std::uint32_t token = 0;
    std::uint32_t slot = 0;
};
Result<Held> hold(State& state, std::size_t hint, std::uint32_t token) noexcept;
void let_go(State& state, std::uint32_t slot) noexcept;

// A stream by the name that a caller gives. invalid_name; stream_not_found; corrupt.
Status find_named(const State& state, const Published& at, std::string_view name,
                  Stream& stream) noexcept;

Head head_of(const State& state, const Published& at) noexcept;

}  // namespace freshet::store
