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
#include "freshet/posix.hpp"
#include "freshet/store.hpp"

namespace {

using freshet::Diagnostic;

[[noreturn]] void fail(const char* what, const Diagnostic& diagnostic) {
    std::array<char, 256> text;
    bench::fail("freshet: " + std::string{what} + ": " +
                std::string{freshet::describe(diagnostic, text)});
}

// Lent to a store: pages that are touched when they are used, large ones where the system has them.
class Memory {
public:
    explicit Memory(std::size_t size) : size_{size} {
        address_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (address_ == MAP_FAILED) bench::fail("freshet: mmap");
        madvise(address_, size, MADV_HUGEPAGE);
    }
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

class Session final : public bench::Session {
public:
    Session(freshet::Store& store, bool durable)
        : store_{store},
          durability_{durable ? freshet::Durability::durable : freshet::Durability::deferred} {}

    void begin_read() override { is_held_ = renew(); }
    void end_read() override { is_held_ = false; }

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

private:
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

    freshet::Store& store_;
    freshet::Durability durability_;
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
    Database(const std::string& directory, bool durable)
        : durable_{durable}, memory_{freshet::required_memory(options())} {
        const std::string path = directory + "/freshet";
        if (!door_.open(path.c_str(), true)) bench::fail("freshet: " + path);
        Diagnostic diagnostic;
        if (!store_.open(options(), door_.door(), memory_.bytes(), diagnostic))
            fail("open", diagnostic);
    }
    std::unique_ptr<bench::Session> session() override {
        return std::make_unique<Session>(store_, durable_);
    }

private:
    static freshet::Options options() {
        return {.create = true, .pool_size = std::size_t{256} << 20};
    }

    bool durable_;
    freshet::PosixDoor door_;
    Memory memory_;
    freshet::Store store_;  // Closes itself, before what it was lent goes.
};

const bench::Register registered{
    {.name = "freshet",
     .what = "freshet, 256 MiB lent for the directory of streams",
     .open = [](const std::string& directory, bool durable) -> std::unique_ptr<bench::Database> {
         return std::make_unique<Database>(directory, durable);
     },
     .only = {"append", "open-events", "open-10x", "recover", "stream", "mixed"}}};

}  // namespace
