// SPDX-License-Identifier: MIT
// How long streams take: appending a thousand events a commit, reading forwards and at random, and
// opening what a writer left that did not close. One log is a single stream; in the other, events
// go to 1,000 streams by chance; a third has 50,000 streams. Nothing waits for the disk but the
// last two lines and the writer beside a reader, so the figures are of the processor and of memory.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.hpp"
#include "freshet/posix.hpp"
#include "freshet/store.hpp"

namespace freshet {
namespace {

constexpr std::uint64_t event_count = 1'000'000;
constexpr std::uint64_t batch_size = 1'000;
constexpr std::size_t payload_size = 120;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[noreturn]] void fail(const char* what, Error error) {
    std::fprintf(stderr, "%s: %s\n", what, code_name(error.code));
    std::exit(1);
}

template <class T>
T expect(const char* what, Result<T> result) {
    if (!result) fail(what, result.error());
    return *result;
}

class Database {
public:
    explicit Database(const std::string& path)
        : memory_{std::make_unique_for_overwrite<std::byte[]>(required_memory(options()))} {
        expect("open", door_.open(path.c_str(), true));
        Diagnostic diagnostic;
        const MutableBytes memory{memory_.get(), required_memory(options())};
        expect("open", store.open(options(), door_.door(), memory, diagnostic));
    }

private:
    static Options options() { return {.create = true, .pool_size = std::size_t{128} << 20}; }
    PosixDoor door_;
    std::unique_ptr<std::byte[]> memory_;  // Not touched before it is used.

public:
    Store store;
};

std::string name_of(std::uint64_t stream) {
    std::array<char, 16> text;
    std::snprintf(text.data(), text.size(), "account-%06u", static_cast<unsigned>(stream));
    return text.data();
}

// Which stream each event goes to; never two in succession to the same.
std::uint64_t stream_of(std::uint64_t event, std::uint64_t stream_count) {
    if (stream_count == 1) return 0;
    return mix(event * 2 + 9) % (stream_count / 2) * 2 + (event & 1);
}

void append_all(Store& store, std::uint64_t count, std::uint64_t stream_count) {
    const std::vector<std::byte> payload(payload_size, std::byte{'x'});
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < stream_count; i++) names.push_back(name_of(i));
    const std::vector<Event> events(batch_size, Event{.type = "credited", .payload = payload});
    std::vector<StreamAppend> appends;
    Diagnostic diagnostic;
    for (std::uint64_t i = 0; i < count; i += batch_size) {
        appends.clear();
        if (stream_count == 1) appends.push_back({.stream = names[0], .events = events});
        for (std::uint64_t k = 0; k < batch_size && stream_count > 1; k++) {
            const std::string& name = names[stream_of(i + k, stream_count)];
            appends.push_back({.stream = name, .events = {events.data(), 1}});
        }
        expect("append", store.append(appends, {}, Durability::deferred, diagnostic));
    }
}

std::uint64_t read(Store& store, const std::string& name, std::uint64_t from, std::uint64_t limit) {
    Snapshot snapshot;
    expect("snapshot", store.snapshot(snapshot));
    StreamCursor cursor;
    expect("read", cursor.open(snapshot, name, Horizon::index(from), Direction::forwards, limit));
    std::uint64_t count = 0;
    for (Recorded event; expect("read", cursor.next(event)); count++) {
        if (event.payload.size() != payload_size) fail("payload", Code::corrupt);
    }
    return count;
}

void print(const char* what, double seconds, std::uint64_t count) {
    std::printf("%-34s %8.1f ns each\n", what, seconds * 1e9 / static_cast<double>(count));
    std::fflush(stdout);
}

void measure_reads(Store& store, std::uint64_t stream_count) {
    const bool one = stream_count == 1;
    auto start = std::chrono::steady_clock::now();
    std::uint64_t count = 0;
    for (int round = 0; round < 3; round++) {
        for (std::uint64_t i = 0; i < stream_count; i++)
            count += read(store, name_of(mix(i) % stream_count), 0, no_limit);
    }
    print(one ? "scan, one stream" : "scan, 1,000 streams", seconds_since(start), count);

    constexpr std::uint64_t seek_count = 300'000;
    start = std::chrono::steady_clock::now();
    count = 0;
    for (std::uint64_t i = 0; i < seek_count; i++) {
        const std::uint64_t chance = mix(i);
        count += read(store, name_of(chance % stream_count),
                      (chance >> 32) % (event_count / stream_count * 9 / 10), 1);
    }
    print(one ? "seek, one stream" : "seek, 1,000 streams", seconds_since(start), count);
}

// Reads one event after another at random, each as of the newest commit, for a while.
double reads_a_second(Store& store, std::chrono::milliseconds time) {
    Snapshot snapshot;
    StreamCursor cursor;
    std::uint64_t count = 0;
    const auto start = std::chrono::steady_clock::now();
    for (; std::chrono::steady_clock::now() - start < time; count++) {
        expect("snapshot", store.renew(snapshot));
        expect("read",
               cursor.open(snapshot, "account-000000", Horizon::index(mix(count) % event_count),
                           Direction::forwards, 1));
        Recorded event;
        if (!expect("read", cursor.next(event))) fail("read", Code::corrupt);
    }
    return static_cast<double>(count) / seconds_since(start);
}

// A reader alone and beside a writer of small durable commits, by turns; the median of the ratios.
void measure_reader_beside_writer(Store& store) {
    constexpr std::chrono::milliseconds time{500};
    std::vector<double> ratios;
    std::vector<double> commits;
    for (int round = 0; round < 5; round++) {
        const double alone = reads_a_second(store, time);
        std::atomic<bool> stop{false};
        std::uint64_t count = 0;
        std::thread writer{[&] {
            const std::vector<std::byte> payload(payload_size, std::byte{'x'});
            const Event event{.type = "credited", .payload = payload};
            Diagnostic diagnostic;
            for (; !stop; count++)
                expect("append",
                       store.append({.stream = "beside", .events = {&event, 1}}, diagnostic));
        }};
        const double beside = reads_a_second(store, time);
        stop = true;
        writer.join();
        ratios.push_back(beside / alone);
        commits.push_back(static_cast<double>(count) * 2);
    }
    std::sort(ratios.begin(), ratios.end());
    std::sort(commits.begin(), commits.end());
    std::printf("reader beside a writer             %8.2f of alone (%.0f commits a second)\n",
                ratios[ratios.size() / 2], commits[commits.size() / 2]);
}

void measure(const std::string& directory, std::uint64_t stream_count) {
    const std::string path = directory + "/streams-" + std::to_string(stream_count);
    std::filesystem::remove_all(path);
    Database database{path};
    const auto start = std::chrono::steady_clock::now();
    append_all(database.store, event_count, stream_count);
    print(stream_count == 1 ? "append, one stream" : "append, 1,000 streams", seconds_since(start),
          event_count);
    Diagnostic diagnostic;
    expect("sync", database.store.sync(diagnostic));
    measure_reads(database.store, stream_count);
    if (stream_count == 1) measure_reader_beside_writer(database.store);
}

void measure_recovery(const std::string& directory, std::uint64_t stream_count) {
    const std::string path = directory + "/stopped";
    const std::string copy = directory + "/copy";
    std::filesystem::remove_all(path);
    {
        Database database{path};
        append_all(database.store, event_count / 10, stream_count);
        Diagnostic diagnostic;
        expect("sync", database.store.sync(diagnostic));
        std::filesystem::remove_all(copy);
        std::filesystem::copy(path, copy);
    }
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        const std::string again = copy + std::to_string(round);
        std::filesystem::remove_all(again);
        std::filesystem::copy(copy, again);
        const auto start = std::chrono::steady_clock::now();
        const Database database{again};
        best = std::min(best, seconds_since(start));
    }
    std::printf("recover 100,000 events, %6llu streams %6.1f ms\n",
                static_cast<unsigned long long>(stream_count), best * 1e3);
}

}  // namespace
}  // namespace freshet

int main(int count, char** words) {
    const std::string directory = count > 1 ? words[1] : "build/bench/stores";
    std::filesystem::create_directories(directory);
    freshet::measure(directory, 1);
    freshet::measure(directory, 1'000);
    freshet::measure_recovery(directory, 1);
    freshet::measure_recovery(directory, 50'000);
    std::filesystem::remove_all(directory);
}
