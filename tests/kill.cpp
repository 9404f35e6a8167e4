// SPDX-License-Identifier: MIT
// Real kills: a writing process is ended by SIGKILL at random moments, thousands of times, while a
// follower in another process lives on.
//
//     kills DIRECTORY COUNT [SEED]
//
// The writer tells through a pipe what it has acknowledged: the ordinal behind it. What an event
// holds follows from its ordinal, so that each process can check whatever it reads. After each kill
// the next writer opens the store and looks that all is there that was acknowledged and all that
// the follower has seen, each event with its content. The follower looks that each event comes
// once, in order. Every 200 kills a new store is begun, so that opening stays short.
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "freshet/follower.hpp"
#include "freshet/posix.hpp"
#include "freshet/runs.hpp"
#include "freshet/store.hpp"

namespace {

using namespace freshet;
using Time = std::chrono::steady_clock;

constexpr std::uint64_t kills_per_store = 200;
constexpr std::uint64_t payload_size_max = 20'000;

// What the processes share.
struct Shared {
    std::atomic<std::uint64_t> followed{0};  // Events that the follower has seen.
    std::atomic<std::uint64_t> opened{0};    // Stores opened by writers.
};
Shared* shared = nullptr;

std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

// Mostly small; some need several frames for a transaction.
std::string payload_of(std::uint64_t ordinal) {
    const std::uint64_t luck = mix(ordinal + 1);
    std::string text = std::to_string(ordinal) + ":";
    const std::uint64_t size = luck % 64 == 0 ? luck / 64 % payload_size_max : luck / 64 % 200;
    for (std::uint64_t i = 0; i < size; i++) text += static_cast<char>('a' + (luck + i * 7) % 26);
    return text;
}

std::string stream_of(std::uint64_t ordinal) {
    return "stream-" + std::to_string(mix(ordinal) % 5);
}

[[noreturn]] void fail(const char* who, const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", who, what.c_str());
    _exit(1);
}

[[noreturn]] void fail(const char* who, const char* what, const Diagnostic& diagnostic) {
    std::array<char, 400> room{};
    fail(who, std::string{what} + ": " + std::string{describe(diagnostic, room)});
}

void check(const char* who, const Recorded& event, std::uint64_t ordinal) {
    if (event.ordinal != ordinal)
        fail(who, "event " + std::to_string(event.ordinal) + " comes where " +
                      std::to_string(ordinal) + " should");
    if (as_text(event.payload) != payload_of(ordinal) || event.stream != stream_of(ordinal))
        fail(who, "event " + std::to_string(ordinal) + " holds something else");
}

Options options_of(bool read_only) {
    Options options;
    options.create = !read_only;
    options.read_only = read_only;
    options.pool_size = std::size_t{4} << 20;
    options.runs = &runs();
    options.replay_max = std::uint64_t{1} << 15;
    options.segment_size = std::uint32_t{1} << 20;
    options.frame_size_max = std::uint32_t{1} << 15;
    options.growth_size = std::uint32_t{1} << 16;
    options.segment_count_max = 1024;
    return options;
}

struct Opened {
    Opened(const char* who, const std::string& path, bool read_only)
        : memory(required_memory(options_of(read_only))) {
        if (!door.open(path.c_str(), !read_only)) fail(who, "cannot open " + path);
        if (!store.open(options_of(read_only), door.door(), memory, diagnostic))
            fail(who, "cannot open", diagnostic);
    }
    PosixDoor door;
    std::vector<std::byte> memory;
    Store store;
    Diagnostic diagnostic;
};

// Everything that is there is what it should be, and enough is there.
std::uint64_t check_all(Opened& opened, std::uint64_t least, bool verifies) {
    Snapshot snapshot;
    if (!opened.store.snapshot(snapshot)) fail("writer", "no snapshot");
    if (snapshot.next_ordinal() < least)
        fail("writer", "LOST: " + std::to_string(least) + " events were told of, " +
                           std::to_string(snapshot.next_ordinal()) + " are there");
    LogCursor cursor;
    if (!cursor.open(snapshot, LogStart::ordinal(0))) fail("writer", "cannot read");
    Recorded event;
    for (std::uint64_t ordinal = 0; ordinal < snapshot.next_ordinal(); ordinal++) {
        const Result<bool> there = cursor.next(event);
        if (!there || !*there) fail("writer", "event " + std::to_string(ordinal) + " is not there");
        check("writer", event, ordinal);
    }
    if (!verifies) return snapshot.next_ordinal();
    std::vector<std::byte> scratch(std::size_t{1} << 16);
    VerifyReport report;
    if (!opened.store.verify(scratch, nullptr, report, opened.diagnostic))
        fail("writer", "verify", opened.diagnostic);
    return snapshot.next_ordinal();
}

// One commit of a few events, now and then a large one, or several made durable by one sync.
void append(Opened& opened, std::uint64_t& ordinal, std::uint64_t luck) {
    const std::uint64_t count = luck % 50 == 0 ? 40 : 1 + luck / 50 % 4;
    const bool is_deferred = luck % 7 == 0;
    Transaction transaction;
    if (!transaction.begin(opened.store, opened.diagnostic))
        fail("writer", "begin", opened.diagnostic);
    for (std::uint64_t i = 0; i < count; i++) {
        const std::string payload = payload_of(ordinal + i);
        const std::string stream = stream_of(ordinal + i);
        Event event;
        event.type = "T";
        event.payload = as_bytes(payload);
        StreamAppend one;
        one.stream = stream;
        one.events = {&event, 1};
        if (!transaction.append(one, opened.diagnostic))
            fail("writer", "append", opened.diagnostic);
    }
    if (luck % 31 == 3) return;  // Rolled back.
    const Durability durability = is_deferred ? Durability::deferred : Durability::durable;
    if (!transaction.commit(durability, opened.diagnostic))
        fail("writer", "commit", opened.diagnostic);
    if (is_deferred && !opened.store.sync(opened.diagnostic))
        fail("writer", "sync", opened.diagnostic);
    ordinal += count;
}

// Until it is killed; or, with a limit, until it has closed.
[[noreturn]] void write_on(const std::string& path, int pipe, std::uint64_t least,
                           std::uint64_t seed, std::uint64_t limit) {
    Opened opened{"writer", path, false};
    shared->opened++;
    std::uint64_t ordinal = check_all(opened, least, seed % 20 == 0);
    for (std::uint64_t i = 0; i < limit; i++) {
        append(opened, ordinal, mix(seed * 1000 + i));
        if (write(pipe, &ordinal, sizeof ordinal) != sizeof ordinal) _exit(1);
        if (i % 100 == 99 && !opened.store.maintain(opened.diagnostic))
            fail("writer", "maintain", opened.diagnostic);
    }
    if (!opened.store.close()) fail("writer", "close");
    _exit(0);
}

[[noreturn]] void follow(const std::string& path) {
    Opened opened{"follower", path, true};
    Follower follower;
    if (const Status status = follower.open(opened.store, shared->followed); !status)
        fail("follower", std::string{"cannot follow: "} + code_name(status.error().code));
    Recorded event;
    for (;;) {
        const Result<Follower::Step> step = follower.next(event, wait_for_ever);
        if (!step) fail("follower", code_name(step.error().code));
        if (*step != Follower::Step::event) continue;
        check("follower", event, shared->followed);
        shared->followed++;
    }
}

pid_t start_follower(const std::string& path) {
    const pid_t child = fork();
    if (child == 0) follow(path);
    return child;
}

void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

struct Writer {
    Writer(const std::string& path, std::uint64_t least, std::uint64_t seed, std::uint64_t limit) {
        int ends[2];
        if (::pipe(ends) != 0) std::exit(1);
        child = fork();
        if (child == 0) write_on(path, ends[1], least, seed, limit);
        close(ends[1]);
        pipe = ends[0];
    }
    // What it says until a time, or until it is gone.
    void listen(std::uint64_t& acknowledged, Time::time_point until) {
        for (;;) {
            const auto left =
                std::chrono::duration_cast<std::chrono::microseconds>(until - Time::now()).count();
            pollfd waiting{pipe, POLLIN, 0};
            const timespec time{0, left > 0 ? left * 1000 : 0};
            if (ppoll(&waiting, 1, &time, nullptr) <= 0) return;
            if (!read_one(acknowledged)) return;
        }
    }
    bool read_one(std::uint64_t& acknowledged) {
        return read(pipe, &acknowledged, sizeof acknowledged) == sizeof acknowledged;
    }
    // True: it ended as it should.
    bool wait(std::uint64_t& acknowledged) {
        while (read_one(acknowledged)) {
        }
        close(pipe);
        int status = 0;
        waitpid(child, &status, 0);
        return WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    pid_t child = 0;
    int pipe = 0;
};

bool is_running(pid_t child) {
    return waitpid(child, nullptr, WNOHANG) == 0;
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) {
        std::fprintf(stderr, "usage: kills DIRECTORY COUNT [SEED]\n");
        return 2;
    }
    const std::string directory = words[1];
    const std::uint64_t kills = std::strtoull(words[2], nullptr, 10);
    const std::uint64_t seed = count > 3 ? std::strtoull(words[3], nullptr, 10) : 1;
    shared = ::new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared;
    const auto start = Time::now();
    std::uint64_t total_acknowledged = 0;
    std::uint64_t total_followed = 0;
    std::uint64_t early = 0;
    for (std::uint64_t done = 0; done < kills;) {
        const std::string path = directory + "/" + std::to_string(done) + ".fdb";
        std::uint64_t acknowledged = 0;
        shared->followed = 0;
        if (!Writer{path, 0, seed, 5}.wait(acknowledged)) return 1;
        pid_t follower = start_follower(path);
        for (std::uint64_t i = 0; i < kills_per_store && done < kills; i++, done++) {
            const std::uint64_t luck = mix(seed * 1'000'003 + done);
            const std::uint64_t opened = shared->opened;
            const std::uint64_t least = std::max<std::uint64_t>(acknowledged, shared->followed);
            Writer writer{path, least, luck, ~std::uint64_t{0}};
            // Most live on from the first acknowledgement, the others from the fork.
            if (luck % 4 != 0) writer.read_one(acknowledged);
            writer.listen(acknowledged, Time::now() + std::chrono::microseconds(luck / 4 % 8000));
            kill(writer.child, SIGKILL);
            if (!writer.wait(acknowledged)) return 1;
            if (shared->opened == opened) early++;
            if (!is_running(follower)) return 1;
            if (luck % 40 != 5) continue;
            end(follower);
            follower = start_follower(path);
        }
        // At last one that closes: the follower has to come to its end.
        const std::uint64_t least = std::max<std::uint64_t>(acknowledged, shared->followed);
        if (!Writer{path, least, seed * 20, 5}.wait(acknowledged)) return 1;
        for (int i = 0; i < 2000 && shared->followed < acknowledged && is_running(follower); i++)
            usleep(1000);
        usleep(3000);
        end(follower);
        if (shared->followed != acknowledged) {
            std::fprintf(stderr, "the follower saw %llu events of %llu\n",
                         static_cast<unsigned long long>(shared->followed),
                         static_cast<unsigned long long>(acknowledged));
            return 1;
        }
        total_acknowledged += acknowledged;
        total_followed += shared->followed;
        if (std::system(("rm -r '" + path + "'").c_str()) != 0) return 1;
    }
    const double seconds = std::chrono::duration<double>(Time::now() - start).count();
    std::printf(
        "%llu kills (%llu of them before the store was open) in %.0f s: %llu events "
        "acknowledged, none missing;\n%llu followed from another process, none missing, "
        "none twice\n",
        static_cast<unsigned long long>(kills), static_cast<unsigned long long>(early), seconds,
        static_cast<unsigned long long>(total_acknowledged),
        static_cast<unsigned long long>(total_followed));
    return 0;
}
