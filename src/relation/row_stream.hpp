// SPDX-License-Identifier: MIT
// Rows as streams: each row of a table is a stream of its versions, and what it was at any commit
// is the newest event that was there.
//
//      name of the stream    zero byte, number of the table (4, b.-e.), key of the row
//      type of the event     RowInserted, RowUpdated: the payload is the whole row as of then
//                            RowDeleted: the row is not there any more; it has no payload
//      in the tree           where store/directory.hpp says: rows that are there and rows that are
//                            deleted apart, so that a scan of the present never meets the past
//
// A row that is inserted again goes on with the versions it had. What is *as of* a commit is what
// lies before the end of that commit in the log: one comparison of addresses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.hpp"
#include "freshet/store.hpp"
#include "log/reader.hpp"
#include "relation/row.hpp"
#include "store/row_keeper.hpp"

namespace freshet::relation {

inline constexpr std::string_view row_inserted_type = "RowInserted";
inline constexpr std::string_view row_updated_type = "RowUpdated";
inline constexpr std::string_view row_deleted_type = "RowDeleted";

// What tables are, is rows too, of table 0: the payload of an event is the definition.
inline constexpr std::uint32_t catalog_table = 0;
inline constexpr std::string_view table_created_type = "TableCreated";
inline constexpr std::string_view table_altered_type = "TableAltered";
inline constexpr std::string_view index_created_type = "IndexCreated";
inline constexpr std::string_view index_dropped_type = "IndexDropped";
inline constexpr std::string_view table_dropped_type = "TableDropped";

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

// The table in a row's name, and its key.
inline std::uint32_t table_of_row(std::string_view name) noexcept {
    std::uint32_t table = 0;
    for (std::size_t i = 1; i <= 4; i++) table = table << 8 | static_cast<std::uint8_t>(name[i]);
    return table;
}
inline Bytes key_of_row(std::string_view name) noexcept {
    return as_bytes(std::string_view{name.data() + 5, name.size() - 5});
}

enum class RowChange : std::uint8_t { insert, update, erase };

// What is durable at a moment, for those who read the log and its streams: up to `end`.
struct LogMoment {
    store::State& state;
    const store::Published& published;
    std::uint64_t end = 0;
};

// Where a commit ends in the log, kept by who asks for the same ones again: that stays so.
struct KnownCommit {
    std::uint64_t commit = 0;  // 0: none.
    std::uint64_t end = 0;
};

// All rows as of a commit, or in an open transaction, with what it changed. The snapshot stays open
// while it is in use; or the transaction.
class RowsAsOf {
public:
    // As of the snapshot. invalid_argument: it is not open.
    Status open(const Snapshot& snapshot) noexcept;
    // As of a commit at or before it; 0: before the first. ahead_of_log; corrupt, io.
    Status open(const Snapshot& snapshot, std::uint64_t commit) noexcept {
        return open(snapshot, Until::commit(commit));
    }
    // The same, or as of the last commit at or before a time. `known`, of the same store, may have
    // an answer; it keeps the last one for each remainder of a commit's number.
    Status open(const Snapshot& snapshot, Until until, std::span<KnownCommit> known = {}) noexcept;
    // As the transaction has them. invalid_argument: it has not begun.
    Status open(const Transaction& transaction) noexcept;

    // The version that a row had; false: it was not there. The view of the stream is the name's;
    // the others lie in the log. In a transaction they are good until its next change, and a
    // version that is its own has no type, no ordinal and no metadata. corrupt, io.
    Result<bool> find(const RowName& name, Recorded& version) const noexcept;
    Result<bool> find(RowName&& name, Recorded& version) const noexcept = delete;
    // What the version has as its payload; in a run or in the log.
    Result<bool> find_image(const RowName& name, Image& image) const noexcept;

    // It is open.
    [[nodiscard]] LogMoment log() const noexcept { return {*state_, *published_, end_}; }
    // As a tree has them to which a log is just read. What of the log is read is there.
    void open(store::State& state) noexcept;
    // As a reader sees them who holds the record.
    void open(store::State& state, const store::Published& at) noexcept;
    // The newest commit that it sees; of a transaction, the newest one before it.
    [[nodiscard]] std::uint64_t commit() const noexcept { return commit_; }
    // How many versions all rows of a table have, whatever the commit; those of deleted rows too.
    // corrupt.
    Result<std::uint64_t> count_versions(std::uint32_t table) const noexcept;

    // About how many rows a table has, whatever the commit. 0: it is not open.
    [[nodiscard]] std::uint64_t estimate(std::uint32_t table) const noexcept;

    // As of the newest commit there is in the snapshot.
    [[nodiscard]] bool is_newest() const noexcept { return is_newest_; }
    // Rows may change from one call to the next.
    [[nodiscard]] bool is_in_transaction() const noexcept { return is_in_transaction_; }
    // Where the newest change of the catalog stands, in the snapshot (as of whatever commit) or in
    // the transaction; 0: there was none. While it is the same, so are all definitions; but a
    // transaction that was rolled back, and savepoints gone back to, leave theirs for others.
    [[nodiscard]] std::uint64_t catalog_address() const noexcept;

private:
    friend class RowScan;
    friend class RowMerge;
    friend class RowImages;
    friend class ImageBatch;
    friend class EntryImages;
    friend class VersionReader;
    friend class EntryScan;
    friend class ConflictFinder;
    friend class TableWriter;
    friend class CatalogWriter;
    friend class RowKeeper;
    Result<bool> read(std::string_view name, const store::Stream& stream,
                      Recorded& version) const noexcept;
    Result<bool> read_image(std::string_view name, const store::Stream& stream,
                            Image& image) const noexcept;
    // An event of a row, of whatever kind, whose place is known.
    Status read(std::string_view name, std::uint64_t index, std::uint64_t address,
                Recorded& version) const noexcept;
    Status read_own(std::uint64_t address, Recorded& version) const noexcept;
    [[nodiscard]] tree::View view() const noexcept {
        return is_in_transaction_ ? state_->view() : state_->view(*published_);
    }

    store::State* state_ = nullptr;
    const store::Published* published_ = nullptr;
    std::uint64_t commit_ = 0;
    std::uint64_t end_ = 0;  // Of the commit, in the log; of a transaction, of what is durable.
    bool is_newest_ = true;
    bool is_in_transaction_ = false;
};

struct Kept;  // relation/row_tree.hpp

// Changes rows in an open transaction, and sees what it changed. It is the transaction's, and goes
// with it.
class RowWriter {
public:
    explicit RowWriter(Transaction& transaction) noexcept;

    // What a row is now: as RowsAsOf::find().
    Result<bool> find(const RowName& name, Recorded& version) noexcept;
    Result<bool> find(RowName&& name, Recorded& version) noexcept = delete;
    // Returns the row's new version, from 0 on. already_exists: an insert of a row that is there;
    // not_found: another change of one that is not; too_large: the image does not fit into a frame;
    // out_of_memory, full, io, read_only, poisoned, corrupt: go back to a savepoint.
    Result<std::uint64_t> write(const RowName& name, RowChange change, Bytes image) noexcept;
    // The same of another type of event.
    Result<std::uint64_t> write(const RowName& name, RowChange change, std::string_view type,
                                Bytes image) noexcept;
    // The same of a row as the tree was found to have it, and of which nothing was changed since.
    Result<std::uint64_t> write(const RowName& name, const Kept& kept, RowChange change,
                                std::string_view type, Bytes image) noexcept;

    // Where the event is that was written last.
    [[nodiscard]] std::uint64_t address() const noexcept { return address_; }

private:
    Transaction& transaction_;
    store::State& state_;
    std::uint64_t address_ = 0;
};

// A savepoint for a change of one row, which leaves nothing where it fails: it costs less than one
// to which a transaction can go back from behind changes.
class RowSavepoint {
public:
    // As Transaction::save(). But to go back from behind a change that was done is `corrupt`, and
    // leaves nothing but rollback(), unless save_tree() was called before.
    static Result<std::uint32_t> save(Transaction& transaction, Diagnostic& diagnostic) noexcept {
        return transaction.save_log(diagnostic);
    }
    // Makes the newest savepoint one as all others are.
    static void save_tree(Transaction& transaction) noexcept { transaction.save_tree(); }
};

// Of keys; the end is exclusive, and empty bytes are no bound.
struct KeyRange {
    Bytes from{};
    Bytes end{};
};

// Rows in the order of their names, or backwards, those that are there and those that are deleted
// together.
class RowMerge {
public:
    RowMerge(const RowsAsOf& rows, std::uint32_t table, KeyRange range, bool has_deleted,
             Direction direction = Direction::forwards) noexcept;
    RowMerge(const RowMerge&) = delete;
    RowMerge& operator=(const RowMerge&) = delete;
    // False: no more. corrupt.
    Result<bool> next() noexcept;
    // In here until the next call.
    [[nodiscard]] std::string_view name() const noexcept { return last_->name(); }
    Status stream(store::Stream& into) const noexcept { return last_->stream(into); }

private:
    [[nodiscard]] bool is_in_range(const store::RowWalk& walk) const noexcept;
    void step() noexcept;

    RowName table_;
    Bytes border_;  // Where it ends; empty: with the table.
    bool is_forwards_;
    bool is_in_transaction_;
    store::RowWalk present_;
    std::optional<store::RowWalk> deleted_{};
    store::RowWalk* last_ = nullptr;  // Whose row is given; it moves on at the next call.
};

// The rows of a table that there were, in the order of their keys, or backwards. In a transaction
// rows may be changed between two calls: what is met is as it is then.
class RowScan {
public:
    // The bytes of the range stay lent.
    RowScan(const RowsAsOf& rows, std::uint32_t table, KeyRange range = {},
            Direction direction = Direction::forwards) noexcept;
    // False: no more. The version's views are good until the next call. corrupt, io.
    Result<bool> next(Recorded& version) noexcept;
    // The same where the version's payload is all that is needed.
    Result<bool> next_image(Image& image) noexcept;

private:
    template <class Read>
    Result<bool> next_with(Read read) noexcept;

    const RowsAsOf& rows_;
    RowMerge merge_;
};

// Keeps rows, and entries of indexes, in the tree of a store: for Options::rows, of one store at a
// time. To know the indexes it needs memory as soon as there are tables: as much as the definitions
// take, decoded, of those whose rows are replayed by turns, and no less than of the greatest one
// with all that is made of a row of it.
class RowKeeper final : public store::RowKeeper {
public:
    explicit RowKeeper(MutableBytes memory = {}) noexcept : memory_{memory} {}
    RowKeeper(const RowKeeper&) = delete;
    RowKeeper& operator=(const RowKeeper&) = delete;

    Status replay(store::State& state, store::Gather& gather,
                  const store::RowEvent& event) noexcept override;
    Status check(store::State& state, const store::Published& at,
                 const log::FrameEvents& event) noexcept override;
    Result<std::uint64_t> count(store::State& state, const store::Published& at,
                                MutableBytes scratch) noexcept override;

private:
    struct Table;
    void forget(const store::State* state, std::uint64_t catalog_address) noexcept;
    // Null: it has no definition.
    Result<Table*> table(const RowsAsOf& rows, std::uint32_t id) noexcept;
    Result<Table*> load(const RowsAsOf& rows, std::uint32_t id) noexcept;
    Status change_definition(const RowsAsOf& rows, store::Gather& gather, Bytes before,
                             Bytes after) noexcept;

    MutableBytes memory_;
    std::optional<Arena> arena_{};
    Table* tables_ = nullptr;  // Those that are known, as of one catalog of one store.
    const store::State* state_ = nullptr;
    std::uint64_t catalog_address_ = 0;
};

}  // namespace freshet::relation
