// SPDX-License-Identifier: MIT
// What a connection is made of: the tables as it knows them, its transaction, and its statements.
//
// Definitions are decoded once and kept until the catalog is another one; `generation` counts how
// often. Plans say of which generation they are: one of an older is made anew before it runs, and a
// statement that is running then ends, since what it was made of is gone.
//
//      mode         BEGIN      reads                            writes
//      none         no         each statement a new snapshot    each statement a transaction
//      read_only    READ ONLY  all statements one snapshot      refused
//      write        yes        what the transaction sees        in the transaction
//
// A statement that fails within a transaction takes back what it did, by a savepoint, and leaves
// the rest as it was.
#pragma once

#include <array>

#include "freshet/database.hpp"
#include "query/rows.hpp"
#include "relation/moment.hpp"
#include "sql/binder.hpp"

namespace freshet::database {

inline constexpr std::uint32_t statement_count_max = 64;
// A statement needs one of its own.
inline constexpr std::uint32_t named_savepoint_count_max = savepoint_count_max - 1;

enum class Mode : std::uint8_t { none, read_only, write };

struct SavepointName {
    std::array<char, relation::name_size_max> bytes{};
    std::size_t size = 0;
    std::uint32_t number = 0;  // The transaction's.

    [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), size}; }
};

struct Session {
    Store* store = nullptr;
    Clock* clock = nullptr;
    Disk* spill_disk = nullptr;
    std::atomic<std::uint32_t>* spills_in_use = nullptr;
    ConnectionOptions options;

    std::array<Prepared*, statement_count_max> statements{};
    std::uint64_t use_count = 0;  // Tells which was used longest ago.

    MutableBytes catalog_memory;
    relation::Tables tables;
    bool is_catalog_known = false;
    std::uint64_t catalog_address = 0;
    std::uint64_t generation = 0;

    Mode mode = Mode::none;
    bool is_unsynced =
        false;  // What was committed is not durable, and snapshots do not show it yet.
    Transaction transaction;
    // Of a transaction that could not go back to a savepoint: nothing but ROLLBACK is left.
    Error lost;
    bool is_writing = false;                    // A statement has a transaction of its own.
    std::uint64_t read_at = ~std::uint64_t{0};  // Rows written later are not to be written.
    std::array<SavepointName, named_savepoint_count_max> savepoints{};
    std::uint32_t savepoint_count = 0;
    Snapshot snapshot;  // Of read_only.
    // Everything is as of this commit; no_commit: as of now.
    std::uint64_t as_of = no_commit;
    static constexpr std::uint64_t no_commit = ~std::uint64_t{0};
    bool is_query_only = false;
    std::array<Value, sql::session_value_count> values{};  // All that, for PRAGMA.

    std::span<char> words;  // For statements that are put together.
    StatementReport report;
    std::int64_t last_insert_id = 0;
    Diagnostic diagnostic;
    query::Interrupt interrupt;
    std::uint64_t time_limit_us = 0;
    std::array<relation::KnownCommit, 1024> commits{};  // That were read as of.
};

// Reads the tables of a moment, if they are not those that are known. out_of_memory, corrupt, io.
Status refresh_tables(Session& session, const relation::RowsAsOf& rows, SqlError& error) noexcept;

// Words for what has none yet: of the store, by the session's diagnostic. Returns the error.
Error explain(Session& session, Error code, SqlError& error) noexcept;

// Reads as of then from here on, and writes nothing. ahead_of_log, corrupt, io, too_many_snapshots.
Status go_to(Session& session, Until until) noexcept;

// Where anything was changed that PRAGMA tells of the session.
void note_values(Session& session) noexcept;

// What a commit says, for the report; and before a snapshot is taken, that it shows the session's
// own commits, which may have been deferred. What sync() says.
void note_commit(Session& session, const Appended& committed) noexcept;
Status make_visible(Session& session) noexcept;

// The transaction of one statement that writes: the open one, which goes back to where it was if
// the statement fails, or one of its own.
class WriteScope {
public:
    explicit WriteScope(Session& session) noexcept : session_{session} {}
    WriteScope(const WriteScope&) = delete;
    WriteScope& operator=(const WriteScope&) = delete;
    ~WriteScope() { give_up(); }

    // read_only: the session reads the past, or was begun READ ONLY, or is to write nothing; and
    // what begin() and save() say. One row: nothing is to be taken back from behind more than its
    // change, before save_tree() is called.
    enum class Undo : std::uint8_t { all, one_row };
    Status open(SqlError& error, Undo undo = Undo::all) noexcept;
    void save_tree() noexcept {
        if (!is_own_) relation::RowSavepoint::save_tree(session_.transaction);
    }
    // Keeps what was done; commits, if nobody said BEGIN.
    Status keep(SqlError& error) noexcept;

private:
    void give_up() noexcept;

    Session& session_;
    std::uint32_t savepoint_ = 0;
    bool is_open_ = false;
    bool is_own_ = false;
};

}  // namespace freshet::database
