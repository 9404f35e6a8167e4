// SPDX-License-Identifier: MIT
// freshet as one of the peers of a benchmark that measures several databases by turns: it supplies
// bench.h, and registers whoever is linked in. `make bench PEERS=<its folder>` builds and runs it.
//
// The log is the stream "events"; the mixed log has one stream for each account. A read takes a
// snapshot of its own unless one is held.
#include <sys/mman.h>

#include <memory>
#include <string>
#include <vector>

#include "bench.h"
#include "freshet/database.hpp"
#include "freshet/posix.hpp"
#include "freshet/runs.hpp"

namespace {

using freshet::Diagnostic;

[[noreturn]] void fail(const char* what, const Diagnostic& diagnostic) {
    std::array<char, 256> text;
    bench::fail("freshet: " + std::string{what} + ": " +
                std::string{freshet::describe(diagnostic, text)});
}

// Lent to a store or a connection: pages that are touched when they are used.
class Memory {
public:
    explicit Memory(std::size_t size) : size_{size} {
        address_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (address_ == MAP_FAILED) bench::fail("freshet: mmap");
    }
    // From now on large ones, where the system has them: for what may come to use all of it.
    void use_large_pages() const { madvise(address_, size_, MADV_HUGEPAGE); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { munmap(address_, size_); }
    [[nodiscard]] freshet::MutableBytes bytes() const {
        return {static_cast<std::byte*>(address_), size_};
    }

private:
    std::size_t size_;
    void* address_;
};

// A statement that is prepared when it is first used.
class Statement {
public:
    explicit Statement(const char* sql) : sql_{sql} {}
    freshet::Statement& on(freshet::Connection& connection) {
        if (!statement_.is_open() && !statement_.prepare(connection, sql_, error_)) fail();
        return statement_;
    }
    freshet::Statement& operator()(freshet::Connection& connection,
                                   std::initializer_list<freshet::Value> values) {
        freshet::Statement& statement = on(connection);
        std::uint32_t number = 0;
        for (const freshet::Value& value : values)
            if (!statement.bind(++number, value)) fail();
        return statement;
    }
    bool step() {
        const freshet::Result<bool> there = statement_.step(error_);
        if (!there) fail();
        return *there;
    }
    void run() {
        while (step()) continue;
    }

private:
    [[noreturn]] void fail() {
        bench::fail("freshet: " + std::string{sql_} + ": " + std::string{error_.message()});
    }
    const char* sql_;
    freshet::Statement statement_;
    freshet::SqlError error_;
};

class Session final : public bench::Session {
public:
    Session(freshet::Database& database, bool durable, bool has_runs)
        : database_{database},
          store_{database.store()},
          has_runs_{has_runs},
          durability_{durable ? freshet::Durability::durable : freshet::Durability::deferred} {}

    void begin_read() override {
        is_held_ = renew();
        if (tables_.is_open()) execute("BEGIN READ ONLY");
    }
    void end_read() override {
        is_held_ = false;
        if (tables_.is_open()) execute("COMMIT");
    }

    void append(const std::string_view* data, std::size_t count) override {
        set_events(data, count);
        const freshet::StreamAppend append{.stream = "events",
                                           .events = {events_.data(), events_.size()}};
        Diagnostic diagnostic;
        if (!store_.append(append, diagnostic, durability_)) fail("append", diagnostic);
    }

    void append_to(const bench::Place* places, const std::string_view* data,
                   std::size_t count) override {
        set_events(data, count);
        names_.resize(count);
        appends_.clear();
        for (std::size_t i = 0; i < count; i++) {
            appends_.push_back({.stream = bench::stream_name(places[i].stream, names_[i].text),
                                .expected = places[i].index == 0
                                                ? freshet::Expected::no_stream()
                                                : freshet::Expected::version(places[i].index - 1),
                                .events = {&events_[i], 1}});
        }
        Diagnostic diagnostic;
        if (!store_.append({appends_.data(), appends_.size()}, {}, durability_, diagnostic))
            fail("append", diagnostic);
    }

    void stream(std::int64_t from, std::int64_t count, bench::Sum& sum) override {
        read("events", from, count, sum);
    }
    void stream_of(std::int64_t stream, std::int64_t from, std::int64_t count,
                   bench::Sum& sum) override {
        char name[15];
        read(bench::stream_name(stream, name), from, count, sum);
    }

    // ---- tables ----

    void load() override {
        execute(
            "CREATE TABLE account(id INT PRIMARY KEY, name TEXT NOT NULL, "
            "email TEXT NOT NULL UNIQUE, balance INT NOT NULL, created DATE NOT NULL)");
        bench::AccountMaker make;
        Statement insert{"INSERT INTO account VALUES(?,?,?,?,?)"};
        for (std::int64_t id = 1; id <= bench::scale.rows; id++) {
            if (id % 10'000 == 1) execute("BEGIN");
            const bench::Account account = make(id);
            insert(tables(), {integer(id), freshet::Value::text(account.name),
                              freshet::Value::text(account.email), integer(account.balance),
                              freshet::Value::date(account.created)});
            insert.run();
            if (id % 10'000 == 0 || id == bench::scale.rows) execute("COMMIT");
        }
    }
    void prepare() override {
        execute(
            "CREATE INDEX account_created ON account(created);"
            "CREATE TABLE orders(id INT PRIMARY KEY, customer INT NOT NULL, amount INT NOT NULL);"
            "CREATE TABLE customer(id INT PRIMARY KEY, credit INT NOT NULL)");
        Statement order{"INSERT INTO orders VALUES(?,?,?)"};
        Statement customer{"INSERT INTO customer VALUES(?,?)"};
        execute("BEGIN");
        for (std::int64_t id = 1; id <= bench::scale.rows; id++) {
            order(tables(), {integer(id), integer(bench::order_customer(id)),
                             integer(bench::order_amount(id))});
            order.run();
        }
        for (std::int64_t id = 1; id <= bench::scale.customers; id++) {
            customer(tables(), {integer(id), integer(bench::customer_credit(id))});
            customer.run();
        }
        execute("COMMIT");
        Diagnostic diagnostic;
        if (has_runs_ && !store_.maintain(diagnostic, {.now = true, .as_one = true}))
            fail("maintain", diagnostic);
    }
    void range(std::int64_t from, std::int64_t count, bench::Sum& sum) override {
        Statement statement{"SELECT id, balance FROM account WHERE id >= ? AND id < ? ORDER BY id"};
        statement(tables(), {integer(from), integer(from + count)});
        numbers(statement, sum);
    }
    void created(std::int32_t from, std::int32_t below, bench::Sum& sum) override {
        Statement statement{
            "SELECT id, balance FROM account WHERE created >= ? AND created < ? ORDER BY created, "
            "id"};
        statement(tables(), {freshet::Value::date(from), freshet::Value::date(below)});
        numbers(statement, sum);
    }
    void aggregate(std::int64_t above, bench::Sum& sum) override {
        Statement statement{
            "SELECT count(*), sum(balance), CAST(avg(balance) AS INT) FROM account "
            "WHERE balance > ?"};
        statement(tables(), {integer(above)});
        numbers(statement, sum);
    }
    void group(bench::Sum& sum) override {
        Statement statement{"SELECT name, count(*), sum(balance) FROM account GROUP BY name"};
        statement.on(tables());
        while (statement.step()) {
            const std::span<const freshet::Value> row = statement.on(tables()).row();
            bench::Sum one;
            one.add(row[0].as_text());
            one.add(row[1].as_integer());
            one.add(row[2].as_integer());
            sum.bag(one);
        }
    }
    void top(bench::Sum& sum) override {
        Statement statement{"SELECT id, balance FROM account ORDER BY balance DESC, id LIMIT 10"};
        statement.on(tables());
        numbers(statement, sum);
    }
    void join(bool left, bench::Sum& sum) override {
        Statement statement{left ? "SELECT count(*), count(c.id), sum(o.amount), sum(c.credit) "
                                   "FROM orders o LEFT JOIN customer c ON c.id = o.customer"
                                 : "SELECT count(*), count(c.id), sum(o.amount), sum(c.credit) "
                                   "FROM orders o JOIN customer c ON c.id = o.customer"};
        statement.on(tables());
        numbers(statement, sum);
    }
    void point(std::int64_t id, bench::Sum& sum) override {
        point_(tables(), {integer(id)});
        accounts(point_, sum);
    }
    void point_sql(std::int64_t id, bench::Sum& sum) override {
        char sql[128];
        snprintf(sql, sizeof sql,
                 "SELECT id, name, email, balance, created FROM account WHERE id = %lld",
                 static_cast<long long>(id));
        Statement statement{sql};
        statement.on(tables());
        accounts(statement, sum);
    }
    void email(std::string_view email, bench::Sum& sum) override {
        email_(tables(), {freshet::Value::text(email)});
        accounts(email_, sum);
    }
    void update(const std::int64_t* ids, std::size_t count, std::int64_t by) override {
        if (count > 1) execute("BEGIN");
        for (std::size_t i = 0; i < count; i++) {
            update_(tables(), {integer(by), integer(ids[i])});
            update_.run();
        }
        if (count > 1) execute("COMMIT");
    }
    // The past is there by itself; a row says which commit was version 0.
    void history() override {
        execute(
            "CREATE TABLE IF NOT EXISTS base(id INT PRIMARY KEY);"
            "INSERT INTO base VALUES(1) ON CONFLICT DO NOTHING");
    }
    void point_at(std::int64_t id, std::int64_t version, bench::Sum& sum) override {
        point_at_(tables(), {integer(base() + version), integer(id)});
        accounts(point_at_, sum);
    }
    void aggregate_at(std::int64_t version, bench::Sum& sum) override {
        aggregate_at_(tables(), {integer(base() + version)});
        numbers(aggregate_at_, sum);
    }

private:
    static freshet::Value integer(std::int64_t value) { return freshet::Value::integer(value); }

    freshet::Connection& tables() {
        if (tables_.is_open()) return tables_;
        const freshet::ConnectionOptions options{.durability = durability_};
        check(tables_.open(database_, memory_.bytes(), options));
        if (is_held_) execute("BEGIN READ ONLY");
        return tables_;
    }
    void execute(const char* sql) {
        freshet::SqlError error;
        if (!tables().execute(sql, error))
            bench::fail("freshet: " + std::string{sql} + ": " + std::string{error.message()});
    }
    std::int64_t base() {
        Statement statement{"SELECT commit_start FROM base"};
        if (base_ == 0 && (statement.on(tables()), statement.step()))
            base_ = statement.on(tables()).row()[0].as_integer();
        return base_;
    }
    void accounts(Statement& statement, bench::Sum& sum) {
        while (statement.step()) {
            const std::span<const freshet::Value> row = statement.on(tables()).row();
            sum.add(bench::Account{row[0].as_integer(), row[1].as_text(), row[2].as_text(),
                                   row[3].as_integer(),
                                   static_cast<std::int32_t>(row[4].as_date())});
        }
    }
    void numbers(Statement& statement, bench::Sum& sum) {
        while (statement.step())
            for (const freshet::Value& value : statement.on(tables()).row())
                sum.add(freshet::value_as<std::int64_t>(value));
    }

    struct Name {
        char text[15];
    };

    void set_events(const std::string_view* data, std::size_t count) {
        events_.resize(count);
        for (std::size_t i = 0; i < count; i++)
            events_[i] = {.type = "credited", .payload = freshet::as_bytes(data[i])};
    }

    void read(std::string_view name, std::int64_t from, std::int64_t count, bench::Sum& sum) {
        const auto horizon = freshet::Horizon::index(static_cast<std::uint64_t>(from));
        const auto limit = static_cast<std::uint64_t>(count);
        if (!is_held_) renew();
        if (name == name_) {
            cursor_.seek(horizon, freshet::Direction::forwards, limit);
        } else {
            name_ = name;
            check(cursor_.open(snapshot_, name_, horizon, freshet::Direction::forwards, limit));
        }
        freshet::Recorded event;
        for (;;) {
            const freshet::Result<bool> there = cursor_.next(event);
            if (!there) check(there.error());
            if (!*there) break;
            sum.add(freshet::as_text(event.payload));
        }
    }

    // Each read sees the newest; the cursor is opened again where there is something newer.
    bool renew() {
        const freshet::Result<bool> renewed = store_.renew(snapshot_);
        if (!renewed) check(renewed.error());
        if (*renewed) name_.clear();
        return true;
    }

    static void check(const freshet::Status& status) {
        if (!status) bench::fail(std::string{"freshet: "} + code_name(status.error().code));
    }

    freshet::Database& database_;
    freshet::Store& store_;
    bool has_runs_;
    freshet::Durability durability_;
    Memory memory_{std::size_t{16} << 20};
    freshet::Connection tables_;  // Opened when it is first used; its statements go before it.
    Statement point_{"SELECT id, name, email, balance, created FROM account WHERE id = ?"};
    Statement email_{"SELECT id, name, email, balance, created FROM account WHERE email = ?"};
    Statement update_{"UPDATE account SET balance = balance + ? WHERE id = ?"};
    Statement point_at_{
        "SELECT id, name, email, balance, created FROM account "
        "FOR SYSTEM_TIME AS OF COMMIT ? WHERE id = ?"};
    Statement aggregate_at_{
        "SELECT count(*), sum(balance) FROM account "
        "FOR SYSTEM_TIME AS OF COMMIT ?"};
    std::int64_t base_ = 0;
    bool is_held_ = false;
    freshet::Snapshot snapshot_;
    freshet::StreamCursor cursor_;
    std::string name_;
    std::vector<freshet::Event> events_;
    std::vector<freshet::StreamAppend> appends_;
    std::vector<Name> names_;
};

class Database final : public bench::Database {
public:
    Database(const std::string& directory, const char* name, bool durable, bool has_runs)
        : durable_{durable},
          has_runs_{has_runs},
          memory_{freshet::Database::required_memory(options(has_runs))} {
        const std::string path = directory + "/" + name;
        if (!door_.open(path.c_str(), true)) bench::fail("freshet: " + path);
        Diagnostic diagnostic;
        if (!has_runs) memory_.use_large_pages();  // Opening fills it.
        if (!database_.open(options(has_runs), door_.door(), memory_.bytes(), diagnostic))
            fail("open", diagnostic);
        memory_.use_large_pages();
    }
    std::unique_ptr<bench::Session> session() override {
        return std::make_unique<Session>(database_, durable_, has_runs_);
    }

private:
    static freshet::Options options(bool has_runs) {
        return {.create = true,
                .pool_size = std::size_t{768} << 20,
                .runs = has_runs ? &freshet::runs() : nullptr};
    }

    bool durable_;
    bool has_runs_;
    freshet::PosixDoor door_;
    Memory memory_;
    freshet::Database database_;  // Closes itself, before what it was lent goes.
};

const bench::Register without_runs{
    {.name = "freshet",
     .what = "freshet, 768 MiB lent for streams, rows and indexes",
     .open = [](const std::string& directory, bool durable) -> std::unique_ptr<bench::Database> {
         return std::make_unique<Database>(directory, "freshet", durable, false);
     }}};
const bench::Register with_runs{
    {.name = "freshet-runs",
     .what = "the same, with runs, that commits make in small steps; a snapshot of what is loaded",
     .open = [](const std::string& directory, bool durable) -> std::unique_ptr<bench::Database> {
         return std::make_unique<Database>(directory, "freshet-runs", durable, true);
     }}};

}  // namespace
