// SPDX-License-Identifier: MIT
// freshet beside SQLite, where its headers are installed: the same events into one stream and into
// one table by number, each commit durable (WAL, synchronous=FULL), and read again. By turns, so
// that what the machine does meanwhile hits both; told are medians, and the median of the ratios.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "freshet/posix.hpp"
#include "freshet/store.hpp"

namespace freshet {
namespace {

constexpr std::uint64_t batch_size = 1'000;
constexpr std::uint64_t single_count = 1'000;
constexpr std::uint64_t event_count = 200'000;
constexpr std::uint64_t seek_count = 50'000;
constexpr std::size_t payload_size = 120;
constexpr std::size_t round_count = 5;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "sqlite_bench: %s failed\n", what);
    std::exit(1);
}

void expect(bool is_done, const char* what) {
    if (!is_done) fail(what);
}

// What both can do; each read returns the sum of the sizes of what it read.
class Peer {
public:
    Peer() = default;
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    virtual ~Peer() = default;
    virtual void append(std::uint64_t count) = 0;
    virtual std::uint64_t read(std::uint64_t from, std::uint64_t count) = 0;
};

class Freshet final : public Peer {
public:
    explicit Freshet(const std::string& path)
        : memory_{std::make_unique_for_overwrite<std::byte[]>(required_memory(options()))} {
        Diagnostic diagnostic;
        expect(bool{door_.open(path.c_str(), true)}, "opening the folder");
        const MutableBytes memory{memory_.get(), required_memory(options())};
        expect(bool{store_.open(options(), door_.door(), memory, diagnostic)}, "opening the store");
    }
    void append(std::uint64_t count) override {
        const std::vector<Event> events(count, Event{.type = "credited", .payload = payload_});
        Diagnostic diagnostic;
        const StreamAppend append{.stream = "events", .events = events};
        expect(bool{store_.append(append, diagnostic)}, "append");
    }
    std::uint64_t read(std::uint64_t from, std::uint64_t count) override {
        expect(bool{store_.snapshot(snapshot_)}, "snapshot");
        StreamCursor cursor;
        const Status opened =
            cursor.open(snapshot_, "events", Horizon::index(from), Direction::forwards, count);
        expect(bool{opened}, "read");
        std::uint64_t sum = 0;
        for (Recorded event;;) {
            const Result<bool> there = cursor.next(event);
            expect(bool{there}, "read");
            if (!*there) return sum;
            sum += event.payload.size();
        }
    }

private:
    static Options options() { return {.create = true, .pool_size = std::size_t{64} << 20}; }

    const std::vector<std::byte> payload_ = std::vector<std::byte>(payload_size, std::byte{'x'});
    PosixDoor door_;
    std::unique_ptr<std::byte[]> memory_;  // Not touched before it is used.
    Store store_;
    Snapshot snapshot_;
};

class Sqlite final : public Peer {
public:
    explicit Sqlite(const std::string& path) {
        std::filesystem::create_directories(path);
        expect(sqlite3_open((path + "/events.db").c_str(), &database_) == SQLITE_OK, "sqlite open");
        run("PRAGMA journal_mode=WAL");
        run("PRAGMA synchronous=FULL");
        run("CREATE TABLE events(number INTEGER PRIMARY KEY, type TEXT, payload BLOB)");
        insert_ = prepare("INSERT INTO events(type, payload) VALUES('credited', ?)");
        select_ = prepare("SELECT payload FROM events WHERE number > ? ORDER BY number LIMIT ?");
    }
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;
    ~Sqlite() override {
        sqlite3_finalize(insert_);
        sqlite3_finalize(select_);
        sqlite3_close(database_);
    }
    void append(std::uint64_t count) override {
        run("BEGIN");
        for (std::uint64_t i = 0; i < count; i++) {
            sqlite3_bind_blob(insert_, 1, payload_.data(), static_cast<int>(payload_.size()),
                              SQLITE_STATIC);
            expect(sqlite3_step(insert_) == SQLITE_DONE, "sqlite insert");
            sqlite3_reset(insert_);
        }
        run("COMMIT");
    }
    std::uint64_t read(std::uint64_t from, std::uint64_t count) override {
        sqlite3_bind_int64(select_, 1, static_cast<sqlite3_int64>(from));
        sqlite3_bind_int64(select_, 2, static_cast<sqlite3_int64>(count));
        std::uint64_t sum = 0;
        while (sqlite3_step(select_) == SQLITE_ROW)
            sum += static_cast<std::uint64_t>(sqlite3_column_bytes(select_, 0));
        sqlite3_reset(select_);
        return sum;
    }

private:
    void run(const char* statement) {
        expect(sqlite3_exec(database_, statement, nullptr, nullptr, nullptr) == SQLITE_OK,
               statement);
    }
    sqlite3_stmt* prepare(const char* text) {
        sqlite3_stmt* statement = nullptr;
        expect(sqlite3_prepare_v2(database_, text, -1, &statement, nullptr) == SQLITE_OK, text);
        return statement;
    }

    const std::string payload_ = std::string(payload_size, 'x');
    sqlite3* database_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    sqlite3_stmt* select_ = nullptr;
};

// In the order in which they run: what is read was appended before.
struct Workload {
    const char* name;
    std::uint64_t count;
    std::function<std::uint64_t(Peer&)> run;
};

std::vector<Workload> workloads() {
    return {
        {"append, 1 a commit", single_count,
         [](Peer& peer) {
             for (std::uint64_t i = 0; i < single_count; i++) peer.append(1);
             return single_count;
         }},
        {"append, 1,000 a commit", event_count,
         [](Peer& peer) {
             for (std::uint64_t i = 0; i < event_count; i += batch_size) peer.append(batch_size);
             return event_count;
         }},
        {"read forwards", event_count, [](Peer& peer) { return peer.read(0, event_count); }},
        {"read one at random", seek_count,
         [](Peer& peer) {
             std::uint64_t sum = 0;
             for (std::uint64_t i = 0; i < seek_count; i++)
                 sum += peer.read(mix(i) % event_count, 1);
             return sum;
         }},
    };
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct Timed {
    double ns = 0;  // Each.
    std::uint64_t answer = 0;
};

Timed time(const Workload& workload, Peer& peer) {
    const auto start = std::chrono::steady_clock::now();
    const std::uint64_t answer = workload.run(peer);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    return {took.count() / static_cast<double>(workload.count), answer};
}

void measure(const std::string& directory) {
    const std::vector<Workload> all = workloads();
    std::vector<std::vector<double>> ours(all.size());
    std::vector<std::vector<double>> theirs(all.size());
    std::vector<std::vector<double>> ratios(all.size());
    for (std::size_t round = 0; round < round_count; round++) {
        std::filesystem::remove_all(directory);
        std::filesystem::create_directories(directory);
        Freshet freshet{directory + "/freshet"};
        Sqlite sqlite{directory + "/sqlite"};
        for (std::size_t i = 0; i < all.size(); i++) {
            const Timed one = time(all[i], freshet);
            const Timed other = time(all[i], sqlite);
            expect(one.answer == other.answer, "comparing the answers");
            ours[i].push_back(one.ns);
            theirs[i].push_back(other.ns);
            ratios[i].push_back(other.ns / one.ns);
        }
    }
    std::printf("%-26s %12s %12s %8s\n", "", "freshet, ns", "sqlite, ns", "ratio");
    for (std::size_t i = 0; i < all.size(); i++)
        std::printf("%-26s %12.1f %12.1f %8.2f\n", all[i].name, median(ours[i]), median(theirs[i]),
                    median(ratios[i]));
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace freshet

int main(int count, char** words) {
    freshet::measure(count > 1 ? words[1] : "build/bench/beside");
}
