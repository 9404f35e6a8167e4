// SPDX-License-Identifier: MIT
// Event streams on one crash-safe log: create, append, seek.
//
// A *stream* has a name and holds events, numbered from 0 without gaps (their *index*). All events
// of all streams also have one gapless number, the *ordinal*. A *commit* is a transaction; commits
// are numbered 1, 2, 3, ... and their times strictly increase. The *version* of a stream is the
// index of its last event, -1 when it is empty.
//
// Threads: a Store may be used by any number of threads at once. A Transaction, Snapshot, cursor or
// Follower belongs to one thread at a time. Nothing may be used in a process forked from the one
// that opened it.
//
// Memory: all of it is lent by the caller and stays lent until close(). The library never calls
// malloc.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "freshet/bytes.hpp"
#include "freshet/door.hpp"
#include "freshet/error.hpp"
#include "freshet/event.hpp"
#include "freshet/settings.hpp"

namespace freshet {

// ---- opening ----

enum class Level : std::uint8_t { debug, info, warning, error };

// What the store has to say beside its answers. May be called from any thread that calls the store.
using LogCallback = void (*)(void* context, Level level, Code code,
                             std::string_view message) noexcept;

// Is told now and then how many bytes of how many are done (0: nobody knows); anything but 0
// cancels.
struct ProgressCallback {
    int (*tell)(void* context, std::uint64_t done, std::uint64_t total) noexcept = nullptr;
    void* context = nullptr;
    [[nodiscard]] bool cancels(std::uint64_t done, std::uint64_t total) const noexcept {
        return tell != nullptr && tell(context, done, total) != 0;
    }
};

enum class Digest : std::uint8_t {
    // CRC-32C alone: finds accidents.
    none,
    // A SHA-256 chain over salted payload digests too: tamper-evident against a head kept
    // elsewhere.
    sha256,
};

namespace store {
class RowKeeper;  // src/store/row_keeper.hpp
class RunKeeper;  // src/store/run_keeper.hpp
}  // namespace store
namespace relation {
class RowWriter;  // src/relation/row_stream.hpp
class RowsAsOf;
class RowSavepoint;
class EntryWriter;  // src/relation/entry.hpp
}  // namespace relation

struct Options {
    // Make the store if there is none. Never empties one.
    bool create = false;
    // Writes nothing and takes no lock. Shows what is known to be durable: beside a writer at work
    // everything that it has made durable, otherwise what is attested. refresh() goes on from
    // there.
    bool read_only = false;

    // How much is lent, and for what. required_memory() adds it up.
    // Pages of the tree: the directory of streams lives here.
    std::size_t pool_size = std::size_t{16} << 20;
    // Open at once; 1 to 1,024.
    std::uint32_t snapshot_count_max = 64;
    // Of the log; 16,384 of 64 MiB are 1 TiB. Beyond that appends are `full`, and a store that has
    // more is not opened: invalid_argument.
    std::uint32_t segment_count_max = 16384;

    // Properties of a new store, fixed at creation; an existing one keeps its own.
    // A power of two, 4 KiB to 1 GiB.
    std::uint32_t segment_size = std::uint32_t{64} << 20;
    // 1 KiB to a quarter of segment_size, a multiple of 8. An event must fit into one.
    std::uint32_t frame_size_max = std::uint32_t{1} << 20;
    Digest digest = Digest::none;

    // How the log grows ahead of its end; a multiple of 512. Small in simulation.
    std::uint32_t growth_size = std::uint32_t{1} << 20;

    LogCallback log = nullptr;
    void* log_context = nullptr;
    ProgressCallback progress{};       // Of reading the log, by open() and refresh().
    store::RowKeeper* rows = nullptr;  // For what has tables on the store; it stays lent.
    // Runs (freshet/runs.hpp), or null: without them all that is found by key has to fit into the
    // pool, and open() reads the whole log.
    const store::RunKeeper* runs = nullptr;
    // With runs: how much log there may be behind the newest one before another one is due, which
    // is about as much as open() reads. Small in simulation.
    std::uint64_t replay_max = std::uint64_t{2} << 20;
};

// How many bytes open() takes with these options, however much is in the store. One that was made
// with greater frames takes more: open() says out_of_memory then, and Diagnostic::needed how many.
std::size_t required_memory(const Options& options) noexcept;

// A place in the history of one store, small enough to keep elsewhere: verify() tells later whether
// the log still contains it.
struct Head {
    std::uint64_t store = 0;
    std::uint64_t commit = 0;
    std::uint64_t next_ordinal = 0;
    std::uint64_t time_us = 0;
    std::uint64_t address = 0;  // Where the log ended.
    std::uint32_t epoch = 0;    // Counts recoveries.
    std::uint32_t epoch_nonce = 0;
    std::array<std::byte, 32> chain{};  // CRC-32C in the first four bytes, or SHA-256.
};

// What a call that failed can say beyond its code. Owned by the caller; every failing call fills it
// anew.
struct Diagnostic {
    Error error;
    std::uint32_t segment = 0;  // corrupt, io: which file (0: `head`), ...
    std::uint64_t offset = 0;   // ... and where in it.
    std::uint64_t commit = 0;   // corrupt: the last good commit.
    std::uint64_t needed = 0;   // out_of_memory, too_large: the bytes it would take, ...
    std::uint64_t limit = 0;    // ... and how many there are. full: of segments, if it is those.
    std::uint32_t format = 0;   // newer_format: the version found.
    Holder holder;              // locked: by whom.
    // How many checks failed; `failures` says of the first of them.
    std::uint32_t failure_count = 0;
    std::array<Failure, 8> failures{};
};

struct StoreStatistics {
    std::uint64_t commit = 0;  // Newest durable commit.
    std::uint64_t next_ordinal = 0;
    std::uint64_t time_us = 0;
    std::uint64_t stream_count = 0;
    std::uint64_t log_size = 0;  // Bytes of log in use, segment by segment.
    std::uint32_t segment_count = 0;
    std::size_t pool_page_size = 0;
    std::size_t pool_page_count = 0;
    std::size_t pool_page_used = 0;
    std::uint32_t run_count = 0;
    std::uint64_t run_size = 0;     // Bytes of all runs.
    std::uint64_t run_commit = 0;   // The newest commit that they have.
    bool maintenance_owed = false;  // A run is due, or being made.
    bool poisoned = false;
};

// What refresh() found.
struct Refreshed {
    bool news = false;  // There is more than before.
    bool has_writer =
        false;  // A writer is at work, and what it has made durable shows. false: only
                // what is attested does; a killed writer's last commits may not be.
    Holder writer;
};

struct VerifyReport {
    std::uint64_t commit_count = 0;
    std::uint64_t event_count = 0;
    std::uint64_t stream_count = 0;
    std::uint64_t byte_count = 0;
    Head head;  // Of what was verified.
    bool anchor_found = false;
};

// How much of the past a backup takes. A store of an earlier day is a backup of it, opened.
class Until {
public:
    static constexpr Until newest() noexcept { return Until{~std::uint64_t{0}, true}; }
    // Up to and including this commit; 0: the store before its first one.
    static constexpr Until commit(std::uint64_t n) noexcept { return Until{n, true}; }
    // The last commit at or before this time.
    static constexpr Until time(std::uint64_t us) noexcept { return Until{us, false}; }
    [[nodiscard]] constexpr bool is_commit() const noexcept { return is_commit_; }
    [[nodiscard]] constexpr bool is_newest() const noexcept { return *this == newest(); }
    [[nodiscard]] constexpr std::uint64_t number() const noexcept { return number_; }
    friend constexpr bool operator==(const Until&, const Until&) noexcept = default;

private:
    constexpr Until(std::uint64_t number, bool is_commit) noexcept
        : number_{number}, is_commit_{is_commit} {}
    std::uint64_t number_;
    bool is_commit_;
};

struct BackupOptions {
    Until until = Until::newest();
    ProgressCallback progress{};
    // The runs that this store has, too, as far as they do not go beyond the copy, so that it opens
    // without reading all of its log. One that is damaged is left out, with those that stand on it.
    bool runs = false;
};

struct BackupReport {
    Head head;  // Of the copy.
    std::uint64_t event_count = 0;
    std::uint64_t copied_size = 0;
    std::uint64_t total_size = 0;
    std::uint64_t run_size = 0;  // Bytes of runs, of those that were copied.
    std::uint32_t segment_count = 0;
    std::uint32_t run_count = 0;
};

// How much a call of Store::maintain() does about runs.
struct Maintenance {
    std::uint64_t entry_count_max = ~std::uint64_t{0};  // Entries that it writes into them at most.
    bool now = false;  // All commits so far get into runs, though no run were due.
    // And all runs become one, which is smaller than they are together, and read faster; it takes
    // as long as writing all of them.
    bool as_one = false;
};

struct StreamInfo {
    std::int64_t version = -1;      // -1: created, and empty.
    std::uint64_t first_index = 0;  // The first that is not hidden; behind the last: all are.
    bool closed = false;
    bool deleted = false;
};

namespace store {
struct State;  // src/store/state.hpp
struct Published;
}  // namespace store

class Store;

// The store at one commit, for as long as it is held. Taking one costs a store and a load and
// blocks nobody. Close it before the store.
class Snapshot {
public:
    Snapshot() noexcept = default;
    Snapshot(Snapshot&& other) noexcept;
    Snapshot& operator=(Snapshot&& other) noexcept;
    ~Snapshot() { close(); }
    void close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return state_ != nullptr; }
    [[nodiscard]] std::uint64_t commit() const noexcept;
    [[nodiscard]] std::uint64_t next_ordinal() const noexcept;
    [[nodiscard]] std::uint64_t time_us() const noexcept;
    [[nodiscard]] Head head() const noexcept;
    // stream_not_found; stream_tombstoned; invalid_name; corrupt, io.
    [[nodiscard]] Result<StreamInfo> stream(std::string_view name) const noexcept;
    // The same errors, but that a tombstoned stream has settings, too.
    [[nodiscard]] Result<StreamSettings> settings(std::string_view name) const noexcept;
    // How far a consumer has come by its Tracking; 0: it has none. invalid_name; corrupt, io.
    [[nodiscard]] Result<std::uint64_t> checkpoint(std::string_view consumer) const noexcept;

private:
    friend class Store;
    friend class StreamCursor;
    friend class LogCursor;
    friend class StreamList;
    friend class Follower;
    friend class relation::RowsAsOf;
    store::State* state_ = nullptr;
    const store::Published* published_ = nullptr;
    std::uint32_t slot_ = 0;
};

// The events of one stream. The snapshot stays open, and `name` lent, while the cursor is in use.
class StreamCursor {
public:
    // beginning / index n / newest, forwards or backwards, both including the event they name
    // (backwards from the beginning is event 0 alone). An index behind the newest event gives no
    // events, and no error. Before the first event that is not hidden, it gives none backwards, and
    // forwards it begins there. stream_not_found, stream_deleted, stream_tombstoned; invalid_name;
    // corrupt, io.
    Status open(const Snapshot& snapshot, std::string_view name, Horizon horizon,
                Direction direction = Direction::forwards, std::uint64_t limit = no_limit) noexcept;
    // Goes elsewhere in the stream, without looking it up again. The cursor is open.
    void seek(Horizon horizon, Direction direction = Direction::forwards,
              std::uint64_t limit = no_limit) noexcept;
    // True: `event` is filled. False: no more. corrupt, io.
    Result<bool> next(Recorded& event) noexcept;

private:
    friend class Snapshot;
    Result<std::uint64_t> next_address() noexcept;
    Status enter_block(std::uint64_t number) noexcept;
    Status hide(const StreamSettings& settings) noexcept;

    const Snapshot* snapshot_ = nullptr;
    std::string_view name_;
    std::uint64_t first_ = 0;  // That is not hidden.
    std::uint64_t next_ = 0;
    std::uint64_t remaining_ = 0;
    std::uint64_t step_ = 1;   // To the next one: 1, or -1.
    std::uint64_t count_ = 0;  // Events in the stream, ...
    Bytes tail_;               // ... and the last of their addresses, as the tree has them.
    std::uint64_t block_ = ~std::uint64_t{0};
    std::array<std::uint64_t, 32> addresses_;  // Of its events.
    alignas(8) std::array<std::byte, 464> reading_;
};

// All events in commit order, filtered: the log as it is, with what streams hide and with the
// store's own. The snapshot stays open while the cursor is in use.
class LogCursor {
public:
    // A start behind the newest commit gives no events; more than one behind it is ahead_of_log.
    // invalid_argument; corrupt, io.
    Status open(const Snapshot& snapshot, LogStart start, LogFilter filter = {}) noexcept;
    // As StreamCursor::next(). After an error nothing but the same error follows.
    Result<bool> next(Recorded& event) noexcept;
    // The ordinal from which to go on later: past what was returned or passed over.
    [[nodiscard]] std::uint64_t next_ordinal() const noexcept { return next_ordinal_; }

private:
    Status go_to(LogStart start) noexcept;
    Result<bool> find_next(Recorded& event) noexcept;
    Result<bool> enter_frame() noexcept;

    const Snapshot* snapshot_ = nullptr;
    LogFilter filter_;
    std::uint64_t address_ = 0;  // Of the next frame, ...
    std::uint64_t next_ordinal_ = 0;
    std::uint64_t commit_ = 0;  // ... and what the frame being read says of its events.
    std::uint64_t time_us_ = 0;
    std::uint64_t frame_end_ordinal_ = 0;
    bool in_frame_ = false;
    Error error_;
    alignas(8) std::array<std::byte, 1024> events_{};  // A log::FrameEvents.
};

// Open at once in a transaction.
inline constexpr std::uint32_t savepoint_count_max = 16;

// One atomic commit made of several calls. begin() makes the caller the writer: other writers wait
// until commit() or rollback(). After a call that failed nothing but rollback() is left, or to go
// back to a savepoint.
class Transaction {
public:
    Transaction() noexcept = default;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() { rollback(); }

    Status begin(Store& store, Diagnostic& diagnostic) noexcept;
    Status create(std::string_view stream, Diagnostic& diagnostic) noexcept;
    Result<Appended> append(const StreamAppend& append, Diagnostic& diagnostic) noexcept;
    Status check(const Check& check, Diagnostic& diagnostic) noexcept;
    // As Store::settings().
    Status settings(std::string_view stream, const StreamSettings& change, Expected expected,
                    Diagnostic& diagnostic) noexcept;
    // Written with the commit. checkpoint_behind; invalid_name, too_large.
    Status track(const Tracking& tracking, Diagnostic& diagnostic) noexcept;
    // Says of the commit who made it and why: a JSON object, of which the members `$actor` and
    // `$message` are strings that are known. An event of the store's own stream `$commit`, so that
    // there is a commit even if nothing else is in it; of several, the last one counts. too_large.
    Status annotate(Bytes metadata, Diagnostic& diagnostic) noexcept;
    // condition_failed; ahead_of_log; too_many_snapshots; corrupt, io.
    Status condition(const AppendCondition& condition, Diagnostic& diagnostic) noexcept;
    // A place to go back to; returns how many savepoints there were before it, which is its number.
    // too_large: there are savepoint_count_max.
    Result<std::uint32_t> save(Diagnostic& diagnostic) noexcept;
    // Takes back all that was done since, and forgets the savepoints since; this one stays, to go
    // back to again. A failure since is forgotten too. invalid_argument: there is none such.
    // poisoned, io, full, read_only, corrupt: nothing but rollback() is left.
    Status rollback_to(std::uint32_t savepoint, Diagnostic& diagnostic) noexcept;
    // Forgets a savepoint and those since; what was done stays. invalid_argument.
    Status release(std::uint32_t savepoint, Diagnostic& diagnostic) noexcept;
    // Waits until every commit before this one is durable, as Store::sync() does of those who have
    // no transaction open. poisoned; invalid_argument: it has not begun.
    Status sync(Diagnostic& diagnostic) noexcept;
    Result<Appended> commit(Durability durability, Diagnostic& diagnostic) noexcept;
    void rollback() noexcept;  // Leaves no trace. Does nothing when there is no transaction.

private:
    friend class Store;
    friend class relation::RowWriter;
    friend class relation::RowsAsOf;
    friend class relation::EntryWriter;
    friend class relation::RowSavepoint;
    // Without the tree, which costs less: before save_tree() is called, which goes for the newest,
    // there may be one change of one row. To go back from behind that is `corrupt`, and leaves
    // nothing but rollback().
    Result<std::uint32_t> save_log(Diagnostic& diagnostic) noexcept;
    void save_tree() noexcept;
    Status start(Store& store) noexcept;
    Status settle(Status status, Diagnostic& diagnostic) noexcept;
    Status answer(Error error, Diagnostic& diagnostic) noexcept;
    Result<Appended> answer_duplicate(Appended duplicate, Diagnostic& diagnostic) noexcept;
    Result<Appended> commit_nothing(Durability durability, Diagnostic& diagnostic) noexcept;
    void note(const Appended& appended) noexcept;
    Result<Appended> append_all(std::span<const StreamAppend> appends,
                                std::span<const Check> checks, Diagnostic& others,
                                Diagnostic& diagnostic) noexcept;
    Status prepare(Diagnostic& diagnostic) const noexcept;
    Status hold(std::span<const AppendCondition> conditions, Diagnostic& diagnostic) noexcept;
    Status track_all(std::span<const Tracking> tracking, Diagnostic& diagnostic) noexcept;

    void forget_savepoints(std::uint32_t from) noexcept;

    Store* store_ = nullptr;
    Appended summary_{};
    bool touched_ = false;
    bool failed_ = false;
};

class Store {
public:
    Store() noexcept = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store() { static_cast<void>(close()); }

    // Opens, and recovers if the last writer did not close. The door and the memory stay lent until
    // close(). not_found (and no Options::create), not_a_store, newer_format, corrupt, locked,
    // out_of_memory, permission, read_only, full, io, invalid_argument, cancelled.
    Status open(const Options& options, Door door, MutableBytes memory,
                Diagnostic& diagnostic) noexcept;
    // Whether the writer before closed it, so that open() had nothing to repair. Of an open store.
    [[nodiscard]] bool was_closed() const noexcept;
    // Makes everything durable, attests the end and cuts the log to it. The store is closed
    // whatever this returns.
    Status close() noexcept;

    // stream_not_found and so on are the Codes a Failure carries.
    Status create(std::string_view stream, Diagnostic& diagnostic) noexcept;
    // All or nothing. Every failing expectation and check is reported in `diagnostic`; the error is
    // the first's. `events` of all appends empty: nothing is checked or written, and that is a
    // success.
    Result<Appended> append(std::span<const StreamAppend> appends, std::span<const Check> checks,
                            Durability durability, Diagnostic& diagnostic) noexcept;
    Result<Appended> append(const StreamAppend& append, Diagnostic& diagnostic,
                            Durability durability = Durability::durable) noexcept;
    // The same with conditions and checkpoints, and all failures of them. A batch with tracking is
    // never empty. Checkpoints belong to a retry as appends do: where all events and checkpoints
    // are there, it is a duplicate.
    Result<Appended> append(const Batch& batch, Durability durability,
                            Diagnostic& diagnostic) noexcept;
    // Changes what a stream shows and takes, durably, in a commit of its own; none if it changes
    // nothing. `expected` is of the stream. stream_not_found; stream_tombstoned; wrong_version;
    // invalid_argument: truncate_before would go back, or beyond the end; too_large: a name of more
    // than 245 bytes has no settings; invalid_name.
    Status settings(std::string_view stream, const StreamSettings& change, Expected expected,
                    Diagnostic& diagnostic) noexcept;
    // Makes every commit made so far durable, the deferred ones too.
    Status sync(Diagnostic& diagnostic) noexcept;
    // Writes down that everything durable is durable, so that damage to it will always be named.
    // With runs, it also makes and merges those that are due, at most so many entries of them in
    // this call; writers and readers go on meanwhile. Commits do it in small steps where nobody
    // calls this. `full`, `io` and so on may be of a run's file: nothing is lost then, and the next
    // call tries again. Done at once, where another thread or a commit is just at work on them.
    Status maintain(Diagnostic& diagnostic, const Maintenance& how = {}) noexcept;

    // Of a store opened read only: what another process has made durable since shows too, and
    // snapshots held stay as they are. Takes some microseconds when there is no news. In a writing
    // store there never is any. With runs it takes those that the writer has made since, so that
    // the pool holds what came after them. Errors take nothing away that shows, and may go away:
    // out_of_memory (what came since the newest run is more than the pool holds beside what
    // snapshots hold: as much as fits shows, and there is room when they are closed or the writer
    // has made a run), io, cancelled, corrupt (diagnostic says where); not_found, other_store,
    // ahead_of_log, diverged (the store was taken away, or another one or an older copy put in its
    // place).
    Result<Refreshed> refresh(Diagnostic& diagnostic) noexcept;

    // too_many_snapshots.
    Status snapshot(Snapshot& snapshot) noexcept;
    // Exchanges a snapshot for the newest; false: it is that already, and whatever is open on it
    // stays so. too_many_snapshots.
    Result<bool> renew(Snapshot& snapshot) noexcept;
    // All zeros when all snapshots are in use, or the store is closed.
    [[nodiscard]] Head head() noexcept;
    // Waits for a running transaction: not from within one.
    [[nodiscard]] StoreStatistics statistics() noexcept;

    // Reads the whole log from the disk up to the newest durable commit: every checksum, the chain,
    // and that the tree is what the log adds up to. With `anchor`, also that the log contains that
    // place. `scratch`: at least frame_size_max + 8 KiB. corrupt (diagnostic says where), io,
    // out_of_memory, cancelled; of the anchor: ahead_of_log (this log has not come that far),
    // invalid_argument (it is another store's).
    Status verify(MutableBytes scratch, const Head* anchor, VerifyReport& report,
                  Diagnostic& diagnostic, const ProgressCallback& progress = {}) noexcept;

    // Makes a copy of the store as of one commit in the directory of `target`, which has no store
    // in it, while this one is read and written, or is open read only. The copy is read back and
    // checked, whole, before it counts as a store; it begins an epoch of its own, which tells it
    // from its original. A backup that failed, or was killed, leaves nothing that opens as a store,
    // and can be made again in the same place. This store is not touched. `scratch`: at least
    // frame_size_max + 8 KiB; some MiB are faster. already_exists (the target has a store), locked
    // (somebody writes there), ahead_of_log (a commit that is not there), cancelled, full, corrupt
    // and io (diagnostic says where, as far as it was this store), permission, read_only,
    // out_of_memory, too_many_snapshots.
    Status backup(const BackupOptions& options, Disk& target, MutableBytes scratch,
                  BackupReport& report, Diagnostic& diagnostic) noexcept;
    // Whether a place that somebody kept lies in the history of this store. other_store;
    // ahead_of_log: it has not come that far, as when it was restored from an older copy; diverged:
    // it went on from a copy in another way. corrupt, io, too_many_snapshots.
    Status contains(const Head& head) noexcept;

private:
    friend class Transaction;
    friend class relation::RowWriter;
    friend class relation::RowsAsOf;
    friend class relation::EntryWriter;
    friend class Follower;
    Status verify_into(MutableBytes scratch, const Head* anchor, VerifyReport& report,
                       Diagnostic& diagnostic, const ProgressCallback& progress) noexcept;
    Result<Appended> append_nothing(std::span<const StreamAppend> appends,
                                    Diagnostic& diagnostic) noexcept;

    store::State* state_ = nullptr;
};

// One clear English sentence for a diagnostic, and one hint of what to do, into `into`; cut to fit.
std::string_view describe(const Diagnostic& diagnostic, std::span<char> into) noexcept;
std::string_view hint(const Diagnostic& diagnostic, std::span<char> into) noexcept;

}  // namespace freshet
