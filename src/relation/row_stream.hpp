// SPDX-License-Identifier: MIT
// Rows as streams: each row of a table is a stream of its versions, and what it was at any commit
// is the newest event that was there.
//
//      name of the stream    zero byte, number of the table (4, b.-e.), key of the row
//      type of the event     RowInserted, RowUpdated: the payload is the whole row as of then
//                            RowDeleted: the row is not there any more; a payload says what it was
//      in the tree           where store/directory.hpp says: rows that are there and rows that are
//                            deleted apart, so that a scan of the present never meets the past
//
// A row that is inserted again goes on with the versions it had. What is *as of* a commit is what
// lies before the end of that commit in the log: one comparison of addresses.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "freshet/store.hpp"
#include "log/reader.hpp"
#include "store/row_keeper.hpp"

namespace freshet::relation {

inline constexpr std::string_view row_inserted_type = "RowInserted";
inline constexpr std::string_view row_updated_type = "RowUpdated";
inline constexpr std::string_view row_deleted_type = "RowDeleted";

inline constexpr std::size_t row_key_size_max = stream_name_size_max - 5;

// The name of a row's stream; with an empty key, what all names of the table begin with.
class RowName {
public:
    // The key has row_key_size_max bytes at most.
    RowName(std::uint32_t table, Bytes key) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, stream_name_size_max> bytes_;
    std::size_t size_;
};

// The key in a row's name.
inline Bytes key_of_row(std::string_view name) noexcept {
    return as_bytes(std::string_view{name.data() + 5, name.size() - 5});
}

enum class RowChange : std::uint8_t { insert, update, erase };

// Changes rows in an open transaction, and sees what it changed. It is the transaction's, and goes
// with it.
class RowWriter {
public:
    explicit RowWriter(Transaction& transaction) noexcept;

    // What a row is now: false: it is not there. The version's views are good until the next
    // change. corrupt, io.
    Result<bool> find(const RowName& name, Recorded& version) noexcept;
    Result<bool> find(RowName&& name, Recorded& version) noexcept = delete;
    // Returns the row's new version, from 0 on. already_exists: an insert of a row that is there;
    // not_found: another change of one that is not; too_large: the image does not fit into a frame;
    // out_of_memory, full, io, read_only, poisoned, corrupt: go back to a savepoint.
    Result<std::uint64_t> write(const RowName& name, RowChange change, Bytes image) noexcept;

private:
    Transaction& transaction_;
    store::State& state_;
};

// What is durable at a moment, for those who read the log and its streams: up to `end`.
struct LogMoment {
    store::State& state;
    const store::Published& published;
    std::uint64_t end = 0;
};

// All rows as of a commit. The snapshot stays open while it is in use.
class RowsAsOf {
public:
    // As of the snapshot. invalid_argument: it is not open.
    Status open(const Snapshot& snapshot) noexcept;
    // As of a commit at or before it; 0: before the first. ahead_of_log; corrupt, io.
    Status open(const Snapshot& snapshot, std::uint64_t commit) noexcept;

    // The version that a row had; false: it was not there. Its views lie in the log, but for that
    // of the stream, which is the name's. corrupt, io.
    Result<bool> find(const RowName& name, Recorded& version) const noexcept;
    Result<bool> find(RowName&& name, Recorded& version) const noexcept = delete;

    // It is open.
    [[nodiscard]] LogMoment log() const noexcept { return {*state_, *published_, end_}; }

private:
    friend class RowScan;
    Result<bool> read(std::string_view name, const store::Stream& stream,
                      Recorded& version) const noexcept;
    [[nodiscard]] tree::View view() const noexcept { return state_->view(*published_); }

    store::State* state_ = nullptr;
    const store::Published* published_ = nullptr;
    std::uint64_t end_ = 0;  // Of the commit, in the log.
    bool is_newest_ = true;
};

// The rows of a table that there were, in the order of their keys.
class RowScan {
public:
    RowScan(const RowsAsOf& rows, std::uint32_t table, Bytes from = {}) noexcept;
    // False: no more. The version's views are good until the next call. corrupt, io.
    Result<bool> next(Recorded& version) noexcept;

private:
    [[nodiscard]] bool is_in_table(const store::RowWalk& walk) const noexcept;

    const RowsAsOf& rows_;
    RowName table_;
    store::RowWalk present_;
    store::RowWalk deleted_;
    store::RowWalk* last_ = nullptr;  // Whose row was given; it moves on at the next call.
};

// Keeps rows in the tree of a store: for Options::rows.
class RowKeeper final : public store::RowKeeper {
public:
    Status replay(store::State& state, std::string_view name, std::uint64_t index,
                  std::string_view type, std::uint64_t address) noexcept override;
    Status check(store::State& state, const store::Published& at,
                 const log::FrameEvents& event) noexcept override;
    Result<std::uint64_t> count(store::State& state, const store::Published& at) noexcept override;
};

}  // namespace freshet::relation
