// SPDX-License-Identifier: MIT
// The second half of `make demo`: follow a store while it is written, kill its writer with no
// warning, open it again, and see that all it had acknowledged is there.
//
//     demo DIRECTORY
//
// The writer is a process of its own. After each commit it tells its parent, through a pipe, how
// many events are acknowledged; the parent kills it in the middle of that. Whatever the pipe said
// must be in the store.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "freshet/follower.hpp"
#include "freshet/posix.hpp"
#include "freshet/store.hpp"

namespace {

using namespace freshet;

constexpr std::string_view stream = "demo-meter";
constexpr std::uint64_t acknowledged_before_kill = 2000;

[[noreturn]] void fail(const char* what, const Diagnostic& diagnostic) {
    std::array<char, 400> room;
    const std::string_view text = describe(diagnostic, room);
    std::fprintf(stderr, "demo: %s: %.*s\n", what, static_cast<int>(text.size()), text.data());
    std::exit(1);
}

// A store on a directory, with the memory it takes.
struct Opened {
    explicit Opened(const char* path) {
        if (!door.open(path, false)) fail("cannot open the directory", diagnostic);
        const Options options{};
        size = required_memory(options);
        memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) fail("no memory", diagnostic);
        const auto begin = std::chrono::steady_clock::now();
        if (!store.open(options, door.door(), {static_cast<std::byte*>(memory), size},
                        diagnostic)) {
            fail("cannot open the store", diagnostic);
        }
        milliseconds =
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
                .count();
    }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened() {
        static_cast<void>(store.close());
        munmap(memory, size);
    }

    PosixDoor door;
    Store store;
    Diagnostic diagnostic;
    void* memory = nullptr;
    std::size_t size = 0;
    double milliseconds = 0;
};

// Says what it sees of the meter: how far it had to catch up, and that events then come as they are
// written.
void follow(Store& store) {
    Follower follower;
    Recorded event;
    if (!follower.open(store, 0)) return;
    std::uint64_t caught_up_at = 0;
    std::uint64_t live = 0;
    for (;;) {
        const Result<Follower::Step> step = follower.next(event, 100'000);
        if (!step) return;
        if (*step == Follower::Step::caught_up && caught_up_at == 0) {
            caught_up_at = follower.next_ordinal();
            std::printf("  follower: caught up after %llu events, now live\n",
                        static_cast<unsigned long long>(caught_up_at));
            std::fflush(stdout);
        }
        const bool is_live = *step == Follower::Step::event && caught_up_at != 0;
        if (!is_live || ++live % 500 != 0) continue;
        std::printf("  follower: %.*s@%llu %.*s\n", static_cast<int>(event.stream.size()),
                    event.stream.data(), static_cast<unsigned long long>(event.index),
                    static_cast<int>(event.payload.size()),
                    reinterpret_cast<const char*>(event.payload.data()));
        std::fflush(stdout);
    }
}

[[noreturn]] void write_for_ever(const char* path, int pipe) {
    Opened opened{path};
    std::thread follower{[&] { follow(opened.store); }};
    for (std::uint64_t count = 1;; count++) {
        const std::string reading = "{\"kWh\":" + std::to_string(count) + "}";
        const Event event{
            .type = "MeterRead", .payload = as_bytes(reading), .metadata = {}, .id = {}};
        const StreamAppend append{.stream = stream, .events = {&event, 1}};
        if (!opened.store.append(append, opened.diagnostic)) fail("append", opened.diagnostic);
        if (write(pipe, &count, sizeof count) != sizeof count) _exit(1);
    }
}

// Returns how many events the writer had acknowledged when it was killed.
std::uint64_t kill_in_the_middle(pid_t writer, int pipe) {
    std::uint64_t acknowledged = 0;
    std::uint64_t count = 0;
    while (read(pipe, &count, sizeof count) == sizeof count) {
        acknowledged = count;
        if (count == acknowledged_before_kill) kill(writer, SIGKILL);
    }
    int status = 0;
    waitpid(writer, &status, 0);
    return WIFSIGNALED(status) ? acknowledged : 0;
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fprintf(stderr, "usage: demo DIRECTORY\n");
        return 2;
    }
    std::array<int, 2> pipe_ends{};
    if (pipe(pipe_ends.data()) != 0) return 1;
    std::fflush(stdout);
    const pid_t writer = fork();
    if (writer < 0) return 1;
    if (writer == 0) {
        close(pipe_ends[0]);
        write_for_ever(words[1], pipe_ends[1]);
    }
    close(pipe_ends[1]);
    const std::uint64_t acknowledged = kill_in_the_middle(writer, pipe_ends[0]);
    std::printf("  kill -9 %d: it had acknowledged %llu events\n", static_cast<int>(writer),
                static_cast<unsigned long long>(acknowledged));

    Opened opened{words[1]};
    Snapshot now;
    if (!opened.store.snapshot(now)) return 1;
    const Result<StreamInfo> info = now.stream(stream);
    const std::uint64_t found = info ? static_cast<std::uint64_t>(info->version + 1) : 0;
    std::printf("  opened again in %.1f ms, epoch %u: %llu events are there\n", opened.milliseconds,
                now.head().epoch, static_cast<unsigned long long>(found));
    if (acknowledged == 0 || found < acknowledged) {
        std::printf("  LOST %llu acknowledged events\n",
                    static_cast<unsigned long long>(acknowledged - found));
        return 1;
    }
    std::printf("  nothing that was acknowledged is missing\n");
    now.close();
    return 0;
}
