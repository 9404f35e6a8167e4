// SPDX-License-Identifier: MIT
// Stores in memory for the targets, and what must hold for any files that a store may be opened on.
#pragma once

#include <map>
#include <optional>

#include "freshet/memory.hpp"
#include "freshet/store.hpp"
#include "fuzz/target.hpp"
#include "log/format.hpp"

namespace freshet::fuzz {

using Files = std::map<std::string, Contents>;
inline constexpr std::size_t segment_size = 4096;

// Equal in every run.
class TickingClock final : public Clock {
public:
    std::uint64_t now_us() noexcept override { return now_us_ += 10; }
    void random(MutableBytes into) noexcept override {
        for (std::byte& byte : into) byte = static_cast<std::byte>(random_.next());
    }

private:
    std::uint64_t now_us_ = 1'000'000;
    Random random_{1};
};

// For one thread: who waits would wait for ever.
class LoneGate final : public Gate {
public:
    void lock(Turn turn) noexcept override {
        require(!held(turn), "a turn is taken twice");
        held(turn) = true;
    }
    void unlock(Turn turn) noexcept override { held(turn) = false; }
    void wait(Turn, std::uint64_t timeout_us) noexcept override {
        require(timeout_us != wait_for_ever, "it waits for nobody");
    }
    void wake(Turn) noexcept override {}
    bool pause(Turn) noexcept override { return false; }
    [[nodiscard]] bool is_free() const noexcept { return !held_[0] && !held_[1]; }

private:
    bool& held(Turn turn) noexcept { return held_[static_cast<std::size_t>(turn)]; }
    std::array<bool, 2> held_{};
};

// An event that was read, and lasts.
struct Line {
    std::string stream;
    std::string type;
    std::string payload;
    std::string metadata;
    EventId id;
    std::uint64_t index = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
    friend bool operator==(const Line&, const Line&) = default;
};
using Lines = std::vector<Line>;

// The memory is the same for all machines, so that a new one costs nothing: one lives at a time.
class Machine {
public:
    Machine();
    explicit Machine(const Files& files);
    Door door() noexcept { return {&disk_, &clock_, &gate_}; }
    [[nodiscard]] Files files();
    [[nodiscard]] bool is_free() const noexcept { return gate_.is_free(); }

private:
    MemoryDisk disk_;
    TickingClock clock_;
    LoneGate gate_;
};

// One opening of the store on a machine.
class Session {
public:
    Session(Machine& machine, const Options& options);
    ~Session() { close(); }
    void close();
    [[nodiscard]] Code code() const noexcept { return code_; }
    Store& store() noexcept { return store_; }

    // Reads everything, by the log and by each stream, verifies, and compares.
    Lines read();
    Lines read_log(LogFilter filter = {});
    // The events of one stream, or why there are none.
    Code read_stream(std::string_view name, Direction direction, Lines& lines);
    void check_stream(std::string_view name, const Lines& all);
    Code append(std::string_view stream, const Event& event);

    Diagnostic diagnostic;

private:
    Machine& machine_;
    Store store_;
    Code code_ = Code::none;
};

Options small_options();
inline Options reading(Options options) {
    options.create = false;
    options.read_only = true;
    return options;
}

// Files of a store that a small workload of all there is has left: new, stopped without close, and
// closed.
struct Example {
    Files fresh;
    Files stopped;
    Files closed;
    log::Geometry geometry;
};
const Example& example(Digest digest);
// In the settings of a stream of it, by which they are found.
inline constexpr std::uint64_t marked_max_count = 0x1122334455667788;

// Opens a store on these files, to read and to write. Whatever they hold, nothing but a few codes
// is the answer, or a store that is whole, goes on, and is the same when it is opened again.
void check_files(const Files& files);

}  // namespace freshet::fuzz
