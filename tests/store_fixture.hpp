// SPDX-License-Identifier: MIT
// A store in memory with small segments, a clock that ticks by itself, and words of the domain.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "freshet/memory.hpp"
#include "freshet/posix.hpp"
#include "freshet/store.hpp"
#include "tests/lent.hpp"
#include "tests/run_copies.hpp"

namespace freshet::test {

class TickingClock final : public Clock {
public:
    std::uint64_t now_us() noexcept override { return now += 10; }
    void random(MutableBytes into) noexcept override {
        for (std::byte& byte : into) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            byte = static_cast<std::byte>(state >> 56);
        }
    }
    std::atomic<std::uint64_t> now = 1'000'000;  // Threads ask for it at once.
    std::uint64_t state = 1;
};

inline Options small_options() {
    Options options;
    options.create = true;
    options.pool_size = std::size_t{1} << 20;
    options.snapshot_count_max = 8;
    options.segment_count_max = 64;
    options.segment_size = 1 << 16;
    options.frame_size_max = 1 << 12;
    options.growth_size = 1 << 12;
    return options;
}

inline EventId id_of(std::uint64_t number) {
    EventId id;
    for (std::size_t i = 0; i < 8; i++) id.bytes[i] = static_cast<std::byte>(number >> (8 * i));
    id.bytes[15] = std::byte{1};
    return id;
}

// An event as tests write it; id 0: none.
inline Event event_of(std::string_view payload, std::uint64_t id = 0, std::string_view type = "T") {
    return Event{.type = type,
                 .payload = as_bytes(payload),
                 .metadata = {},
                 .id = id == 0 ? EventId{} : id_of(id)};
}

// Files that outlive the stores opened on them.
struct Machine {
    explicit Machine(std::size_t file_size = 1 << 16)
        : memory(file_size * MemoryDisk::file_count_max), disk{memory, file_size} {}
    Door door() { return Door{&copies, &clock, &gate}; }

    Lent memory;
    MemoryDisk disk;
    RunCopies copies{disk};
    TickingClock clock;
    PosixGate gate;
};

class OpenStore {
public:
    OpenStore(Door door, const Options& options) : memory(required_memory(options)) {
        const Status opened = store.open(options, door, memory, diagnostic);
        error = opened ? Code::none : opened.error().code;
    }
    Result<Appended> append(std::string_view stream,
                            std::initializer_list<std::string_view> payloads,
                            Expected expected = Expected::any(),
                            Durability durability = Durability::durable) {
        std::vector<Event> events;
        for (const std::string_view payload : payloads) {
            events.push_back({.type = "T", .payload = as_bytes(payload), .metadata = {}, .id = {}});
        }
        return store.append({.stream = stream, .expected = expected, .events = events}, diagnostic,
                            durability);
    }
    // The same with the code of the error; none: it was a success.
    Code append_events(std::string_view stream, const std::vector<Event>& events,
                       Expected expected = Expected::any(),
                       Durability durability = Durability::durable) {
        return append_all({{.stream = stream, .expected = expected, .events = events}}, {},
                          durability);
    }
    Code append_all(const std::vector<StreamAppend>& appends, const std::vector<Check>& checks = {},
                    Durability durability = Durability::durable) {
        const Result<Appended> result = store.append(appends, checks, durability, diagnostic);
        appended = result ? *result : Appended{};
        EXPECT_EQ(diagnostic.error.code, result.error().code);
        return result.error().code;
    }
    Code create(std::string_view stream) { return store.create(stream, diagnostic).error().code; }
    std::vector<std::string> read(std::string_view stream, Horizon horizon = Horizon::beginning(),
                                  Direction direction = Direction::forwards,
                                  std::uint64_t limit = no_limit) {
        std::vector<std::string> payloads;
        Snapshot snapshot;
        EXPECT_TRUE(store.snapshot(snapshot));
        StreamCursor cursor;
        const Status opened = cursor.open(snapshot, stream, horizon, direction, limit);
        if (!opened) return {std::string{"error "} + code_name(opened.error().code)};
        Recorded event;
        for (Result<bool> there = cursor.next(event);; there = cursor.next(event)) {
            EXPECT_TRUE(there) << code_name(there.error().code);
            if (!there || !*there) return payloads;
            payloads.emplace_back(as_text(event.payload));
        }
    }
    std::vector<std::string> read_log(LogStart start = LogStart::ordinal(0),
                                      LogFilter filter = {}) {
        std::vector<std::string> lines;
        Snapshot snapshot;
        EXPECT_TRUE(store.snapshot(snapshot));
        LogCursor cursor;
        const Status opened = cursor.open(snapshot, start, filter);
        if (!opened) return {std::string{"error "} + code_name(opened.error().code)};
        Recorded event;
        for (Result<bool> there = cursor.next(event);; there = cursor.next(event)) {
            EXPECT_TRUE(there) << code_name(there.error().code);
            if (!there || !*there) return lines;
            lines.push_back(std::to_string(event.commit) + " " + std::to_string(event.ordinal) +
                            " " + std::string{event.stream} + "@" + std::to_string(event.index) +
                            " " + std::string{as_text(event.payload)});
        }
    }
    Code verify(const Head* anchor = nullptr) {
        const Lent scratch{(std::size_t{1} << 20) + 8192};
        const Status verified = store.verify(scratch, anchor, report, diagnostic);
        return verified ? Code::none : verified.error().code;
    }

    Lent memory;
    Store store;
    Diagnostic diagnostic;
    VerifyReport report;
    Appended appended;  // What append_all() came to.
    Code error = Code::none;
};

// A process: a clock, a gate, and a store when it has one open.
struct Process {
    explicit Process(Disk& its_disk) : disk{&its_disk} {}
    Code open(const Options& options) {
        store = std::make_unique<OpenStore>(Door{disk, &clock, &gate}, options);
        return store->error;
    }
    OpenStore* operator->() { return store.get(); }

    Disk* disk;
    TickingClock clock;
    PosixGate gate;
    std::unique_ptr<OpenStore> store;
};

}  // namespace freshet::test
