// SPDX-License-Identifier: MIT
// Tables over the log, in SQL: every change is an event, and every table can be read as of any
// commit ever made.
//
//      freshet::Database database;          // the store, and what keeps its tables
//      freshet::Connection connection;      // a transaction at a time, and prepared statements
//      for (auto [id, name] : connection.query<std::int64_t, std::string_view>(
//               "SELECT id, name FROM users WHERE id > ?", 7)) ...
//
// Threads: a Database may be used by any number of threads at once; a Connection and its Statements
// belong to one at a time, but for interrupt(). One transaction writes at a time; readers block
// nobody and are blocked by nobody.
//
// Memory: all of it is lent by the caller and stays lent until close().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "freshet/sql_error.hpp"
#include "freshet/store.hpp"
#include "freshet/value.hpp"

namespace freshet {

namespace database {
struct Session;   // src/database/session.hpp
struct Prepared;  // src/database/prepared.hpp
}  // namespace database

// A store with tables. Streams are used through store(), at the same time.
class Database {
public:
    // For the definitions of all tables, as the log is read and written.
    static constexpr std::size_t catalog_size = std::size_t{1} << 20;

    Database() noexcept = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { static_cast<void>(close()); }

    // As Store::open(); `options.rows` is left empty.
    Status open(const Options& options, Door door, MutableBytes memory,
                Diagnostic& diagnostic) noexcept;
    // As Store::close(). Connections are closed before.
    Status close() noexcept;

    [[nodiscard]] Store& store() noexcept { return store_; }
    // What open() takes with these options.
    static std::size_t required_memory(const Options& options) noexcept;

private:
    friend class Connection;
    Store store_;
    Clock* clock_ = nullptr;
    Disk* spill_disk_ = nullptr;  // Null: nothing is written.
    std::atomic<std::uint32_t> spills_in_use_{0};
};

struct ConnectionOptions {
    // Open at once, 1 to 64, each with an equal part of the memory. Those that were closed keep
    // their plans: the same words are not planned again, nor those that differ only in integers and
    // texts that a WHERE compares something with, or that VALUES of an INSERT are.
    std::uint32_t statement_count_max = 8;
    // For the definitions of all tables.
    std::size_t catalog_size = std::size_t{256} << 10;
    // Of its commits. Deferred ones are made durable before the connection reads what it wrote.
    Durability durability = Durability::durable;
    // A statement that has not the memory for what it sorts, groups or joins is run again with a
    // temporary file beside the store (1.tmp to 4.tmp), of at most so many bytes; it gives the same
    // rows in the same order. 0: it is out_of_memory, as it is in a store that is read only, beside
    // four others that have a file, and in a transaction after its first row. It needs 64 KiB for
    // each table that it reads and each operator that keeps rows, and of the longest row and the
    // texts of one group some dozen times as much; subqueries that run anew for each row, the
    // values of IN and the rows that a statement changes stay in memory.
    std::uint64_t spill_size_max = std::uint64_t{1} << 40;
    // Everything is read as of then, and nothing written: SET SYSTEM_TIME of the whole connection.
    Until at = Until::newest();
};

// What became of a statement that was run.
struct StatementReport {
    std::uint64_t change_count = 0;   // Rows inserted, updated or deleted by it.
    std::uint64_t commit = 0;         // That it made; 0: none, or its transaction is still open.
    std::int64_t last_insert_id = 0;  // Of the last row that was given one.
};

class Statement;
template <class... Columns>
class Query;

// A step from one version of an application's tables to the next.
struct Migration {
    std::string_view name;  // Of its own.
    std::string_view sql;   // Statements, without BEGIN and COMMIT.
};

// A named value, for rows without SQL.
struct Cell {
    std::string_view column;
    Value value;
};

class Connection {
public:
    Connection() noexcept = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(); }

    // `memory`: 1 MiB does for small statements; one that sorts or joins keeps what it sorts or
    // joins in its part of it, or in a file (ConnectionOptions::spill_size_max). out_of_memory,
    // invalid_argument.
    Status open(Database& database, MutableBytes memory,
                const ConnectionOptions& options = {}) noexcept;
    // Rolls back what is open. Statements are closed before.
    void close() noexcept;
    [[nodiscard]] bool is_open() const noexcept { return session_ != nullptr; }

    // Runs all statements of a text up to the first that fails; rows that they give are passed
    // over. Each is a transaction of its own, unless the text, or who called before, says BEGIN.
    Status execute(std::string_view sql, SqlError& error) noexcept;

    // For the rows of one statement; parameters in the order of their numbers. What they view stays
    // lent until the end. A failure ends the rows, and Query::status() says so.
    template <class... Columns, class... Arguments>
    Query<Columns...> query(std::string_view sql, const Arguments&... arguments) noexcept;

    // Runs those of the steps that were not run yet, in their order: each in a transaction with its
    // record in the table `migrations` (name, sql), and so once, whatever happens. Returns how many
    // were run. invalid_argument: one that was run has other words now, or one that was not stands
    // before one that was; and what execute() says of its statements, with the place in them.
    Result<std::uint32_t> migrate(std::span<const Migration> steps, SqlError& error) noexcept;

    // ---- without SQL ----

    // Inserts one row, as INSERT does; the columns that are not named have their defaults.
    Status insert(std::string_view table, std::span<const Cell> row, SqlError& error) noexcept;
    // Opens the rows where all of these columns are equal to these values: through the primary key
    // or an index, where there is one. Without cells, all rows. Read them by Statement::step().
    Status find(std::string_view table, std::span<const Cell> key, Statement& rows,
                SqlError& error) noexcept;
    // Calls `use(row)` with the values of each row for which `wants(row)` is true.
    template <class Predicate, class Use>
    Status scan(std::string_view table, Predicate wants, Use use, SqlError& error) noexcept;

    // ---- transactions ----

    // Between BEGIN and COMMIT; to append events in the same transaction. Null: none is open. Its
    // savepoints, commit and rollback are the connection's: use SQL for those.
    [[nodiscard]] Transaction* transaction() noexcept;
    // What the last statement did.
    [[nodiscard]] const StatementReport& report() const noexcept;
    // The diagnostic behind an error that came from the store: failed expectations, where damage
    // is. Good until the next statement.
    [[nodiscard]] const Diagnostic& diagnostic() const noexcept;

    // Ends the statement that runs with `cancelled`, and the next one, if none does. From any
    // thread, or a signal handler.
    void interrupt() noexcept;
    // Statements that begin from now on end with `cancelled` so many microseconds after they began;
    // 0: there is no limit.
    void set_time_limit_us(std::uint64_t limit_us) noexcept;

private:
    friend class Statement;
    database::Session* session_ = nullptr;
};

// A statement that was parsed and planned, to be run as often as one likes.
class Statement {
public:
    Statement() noexcept = default;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() { close(); }

    // The first statement of the text at or behind `from`. A closed one is opened, an open one is
    // closed before. `error` says where in the text. syntax, unknown_name, too_large (a statement
    // too many), out_of_memory, ...
    Status prepare(Connection& connection, std::string_view sql, SqlError& error,
                   std::size_t from = 0) noexcept;
    void close() noexcept;
    // False also after prepare() of a text with nothing but blanks and comments.
    [[nodiscard]] bool is_open() const noexcept { return prepared_ != nullptr; }
    [[nodiscard]] std::size_t end() const noexcept { return end_; }  // Where the next one begins.
    // Of a text that is still read: where the statement that begins at `from` ends, behind its
    // semicolon; 0: it has none yet.
    static std::size_t find_end(std::string_view sql, std::size_t from = 0) noexcept;

    [[nodiscard]] std::uint32_t parameter_count() const noexcept;
    // With its ':', '@', '$' or '?'. 0: there is none of this name.
    [[nodiscard]] std::uint32_t parameter_number(std::string_view name) const noexcept;
    // From 1 on; NULL as long as nothing is bound. A text or blob stays lent until the statement is
    // bound anew or closed. Begins the statement anew. invalid_argument: there is no such
    // parameter.
    Status bind(std::uint32_t number, const Value& value) noexcept;

    // Of the rows; 0: it has none. Names live as long as the plan: until prepare() or close().
    [[nodiscard]] std::uint32_t column_count() const noexcept;
    [[nodiscard]] std::string_view column_name(std::uint32_t column) const noexcept;

    // True: row() is the next one. False: it is done. What changes data does so at the first step,
    // wholly or not at all; its commit is made before it gives a row. After false or a failure, the
    // next step begins anew.
    Result<bool> step(SqlError& error) noexcept;
    // Good until the next step.
    [[nodiscard]] std::span<const Value> row() const noexcept;
    // Steps until it is done.
    Status run(SqlError& error) noexcept;
    // Gives back what a run holds; what is bound stays.
    void reset() noexcept;

private:
    friend class Connection;
    Result<bool> step_on(SqlError& error) noexcept;

    database::Prepared* prepared_ = nullptr;
    database::Session* session_ = nullptr;
    std::size_t end_ = 0;
};

// ---- typed values ----

// std::int64_t, double, bool, std::string_view, Bytes; Value itself. A value of another type is a
// zero or empty, as NULL is; whoever must know asks for a Value.
template <class T>
T value_as(const Value& value) noexcept;
template <>
inline Value value_as<Value>(const Value& value) noexcept {
    return value;
}
template <>
inline std::int64_t value_as<std::int64_t>(const Value& value) noexcept {
    return value.is_whole() ? value.whole() : 0;
}
template <>
inline bool value_as<bool>(const Value& value) noexcept {
    return value.is_whole() && value.whole() != 0;
}
template <>
inline double value_as<double>(const Value& value) noexcept {
    if (value.type() == Type::real) return value.as_real();
    return value.is_whole() ? static_cast<double>(value.whole()) : 0.0;
}
template <>
inline std::string_view value_as<std::string_view>(const Value& value) noexcept {
    return value.has_bytes() ? value.bytes() : std::string_view{};
}
template <>
inline Bytes value_as<Bytes>(const Value& value) noexcept {
    return as_bytes(value_as<std::string_view>(value));
}

inline Value to_value(const Value& value) noexcept {
    return value;
}
inline Value to_value(bool value) noexcept {
    return Value::boolean(value);
}
inline Value to_value(int value) noexcept {
    return Value::integer(value);
}
inline Value to_value(std::int64_t value) noexcept {
    return Value::integer(value);
}
inline Value to_value(double value) noexcept {
    return Value::real(value);
}
inline Value to_value(std::string_view value) noexcept {
    return Value::text(value);
}
inline Value to_value(const char* value) noexcept {
    return Value::text(value);
}
inline Value to_value(Bytes value) noexcept {
    return Value::blob(value);
}

// The rows of Connection::query(), once through.
template <class... Columns>
class Query {
public:
    using Row = std::tuple<Columns...>;
    struct End {};
    class Iterator {
    public:
        explicit Iterator(Query& query) noexcept : query_{&query} { ++*this; }
        Row operator*() const noexcept { return query_->row(); }
        Iterator& operator++() noexcept {
            query_->advance();
            return *this;
        }
        friend bool operator==(const Iterator& iterator, End) noexcept {
            return iterator.is_at_end();
        }

    private:
        [[nodiscard]] bool is_at_end() const noexcept { return !query_->has_row_; }
        Query* query_;
    };

    Iterator begin() noexcept { return Iterator{*this}; }
    End end() noexcept { return {}; }
    // Of the rows so far.
    [[nodiscard]] Status status() const noexcept {
        return error_.error.code == Code::none ? Status{Done{}} : Status{error_.error};
    }
    [[nodiscard]] const SqlError& error() const noexcept { return error_; }

private:
    friend class Connection;
    template <class... Arguments>
    Query(Connection& connection, std::string_view sql, const Arguments&... arguments) noexcept {
        is_ready_ = static_cast<bool>(statement_.prepare(connection, sql, error_));
        [[maybe_unused]] std::uint32_t number = 0;
        ((is_ready_ = is_ready_ && bind(++number, to_value(arguments))), ...);
    }
    bool bind(std::uint32_t number, const Value& value) noexcept {
        const Status bound = statement_.bind(number, value);
        if (!bound) error_.error = bound.error();
        return static_cast<bool>(bound);
    }
    void advance() noexcept {
        has_row_ = false;
        if (!is_ready_ || !statement_.is_open()) return;
        const Result<bool> there = statement_.step(error_);
        has_row_ = there && *there;
        is_ready_ = has_row_;
    }
    template <std::size_t... Places>
    Row row_of(std::span<const Value> values, std::index_sequence<Places...>) const noexcept {
        return Row{value_as<Columns>(Places < values.size() ? values[Places] : Value{})...};
    }
    [[nodiscard]] Row row() const noexcept {
        return row_of(statement_.row(), std::index_sequence_for<Columns...>{});
    }

    Statement statement_;
    SqlError error_;
    bool is_ready_ = false;
    bool has_row_ = false;
};

template <class... Columns, class... Arguments>
Query<Columns...> Connection::query(std::string_view sql, const Arguments&... arguments) noexcept {
    return Query<Columns...>{*this, sql, arguments...};
}

template <class Predicate, class Use>
Status Connection::scan(std::string_view table, Predicate wants, Use use,
                        SqlError& error) noexcept {
    Statement rows;
    const Status found = find(table, {}, rows, error);
    if (!found) return found;
    for (;;) {
        const Result<bool> there = rows.step(error);
        if (!there) return there.error();
        if (!*there) return Done{};
        if (wants(rows.row())) use(rows.row());
    }
}

}  // namespace freshet
