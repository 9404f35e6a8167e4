// SPDX-License-Identifier: MIT
// Goal: the library never allocates, nor does what it calls in libc. Method: this program's malloc
// and its kin abort while a guard is set, and the whole public face is used under the guard, on a
// real directory and in lent memory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "freshet/follower.hpp"
#include "freshet/memory.hpp"
#include "freshet/posix.hpp"
#include "freshet/store.hpp"

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t align, std::size_t size);
void __libc_free(void* block);
}

namespace {

thread_local bool guarded = false;

void refuse(const char* what) {
    if (!guarded) return;
    guarded = false;
    static_cast<void>(!write(STDERR_FILENO, what, std::strlen(what)));
    std::abort();
}

struct Guard {
    Guard() { guarded = true; }
    ~Guard() { guarded = false; }
};

}  // namespace

extern "C" {
void* malloc(std::size_t size) {
    refuse("malloc under the guard\n");
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    refuse("calloc under the guard\n");
    return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
    refuse("realloc under the guard\n");
    return __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t align, std::size_t size) {
    refuse("aligned_alloc under the guard\n");
    return __libc_memalign(align, size);
}
void free(void* block) {
    if (block != nullptr) refuse("free under the guard\n");
    __libc_free(block);
}
}

namespace {

using namespace freshet;

Options small_options() {
    Options options;
    options.create = true;
    options.pool_size = std::size_t{1} << 20;
    options.segment_size = 1 << 18;
    options.frame_size_max = 1 << 14;
    options.growth_size = 1 << 16;
    options.segment_count_max = 32;
    return options;
}

// A directory of its own, gone afterwards.
struct Folder {
    Folder() {
        if (mkdtemp(path) == nullptr) std::abort();
    }
    ~Folder() { static_cast<void>(std::system(("rm -rf " + std::string{path}).c_str())); }
    char path[32] = "/tmp/freshet-malloc-XXXXXX";
};

// What a user does, from the first open to the last close. All of it under the guard, so nothing
// here allocates.
struct Life {
    Door door;
    MutableBytes memory;
    MutableBytes scratch;
    Diagnostic diagnostic;
    int step = 0;

    bool ok(bool done) {
        step++;
        return done;
    }

    bool write(Store& store) {
        const Event events[] = {
            {.type = "Opened", .payload = as_bytes("{}"), .metadata = {}, .id = {}},
            {.type = "PaidIn", .payload = as_bytes("995"), .metadata = as_bytes("m"), .id = {}}};
        EventId id;
        id.bytes[0] = std::byte{7};
        const Event named{.type = "PaidOut", .payload = as_bytes("5"), .metadata = {}, .id = id};
        const StreamAppend both[] = {
            {.stream = "a", .expected = Expected::any(), .events = events},
            {.stream = "b", .expected = Expected::any(), .events = {&named, 1}}};
        const Check check{.stream = "c", .expected = Expected::no_stream()};
        if (!ok(bool{store.create("empty", diagnostic)})) return false;
        if (!ok(bool{store.append(both, {&check, 1}, Durability::durable, diagnostic)}))
            return false;
        const StreamAppend wrong{
            .stream = "a", .expected = Expected::version(77), .events = events};
        if (!ok(store.append(wrong, diagnostic).error() == Code::wrong_version)) return false;
        for (int i = 0; i < 2000; i++) {
            if (!ok(bool{store.append(both[0], diagnostic, Durability::deferred)})) return false;
        }
        return ok(bool{store.sync(diagnostic)}) && ok(bool{store.maintain(diagnostic)});
    }

    bool transact(Store& store) {
        const Event event{.type = "Noted", .payload = as_bytes("n"), .metadata = {}, .id = {}};
        Transaction kept;
        if (!ok(bool{kept.begin(store, diagnostic)})) return false;
        if (!ok(bool{kept.append({.stream = "a", .events = {&event, 1}}, diagnostic)}))
            return false;
        if (!ok(bool{kept.commit(Durability::durable, diagnostic)})) return false;
        Transaction dropped;
        if (!ok(bool{dropped.begin(store, diagnostic)})) return false;
        if (!ok(bool{dropped.append({.stream = "z", .events = {&event, 1}}, diagnostic)}))
            return false;
        dropped.rollback();
        return true;
    }

    bool read(Store& store) {
        Snapshot snapshot;
        Recorded event;
        StreamCursor stream;
        LogCursor log;
        Follower follower;
        if (!ok(bool{store.snapshot(snapshot)})) return false;
        if (!ok(bool{stream.open(snapshot, "a", Horizon::newest(), Direction::backwards)}))
            return false;
        Result<bool> more = stream.next(event);
        while (more && *more) more = stream.next(event);
        if (!ok(bool{more}) || !ok(bool{log.open(snapshot, LogStart::commit(1))})) return false;
        more = log.next(event);
        while (more && *more) more = log.next(event);
        if (!ok(bool{more}) || !ok(bool{follower.open(store, 0)})) return false;
        Result<Follower::Step> step_of = follower.next(event, 0);
        while (step_of && *step_of == Follower::Step::event) step_of = follower.next(event, 0);
        follower.close();
        return ok(bool{step_of}) && ok(*step_of == Follower::Step::caught_up);
    }

    bool run(Options options) {
        char room[256];
        Store store;
        if (!ok(bool{store.open(options, door, memory, diagnostic)})) return false;
        if (!write(store) || !transact(store) || !read(store)) return false;
        if (!ok(store.statistics().commit > 2000)) return false;
        VerifyReport report;
        const Head head = store.head();
        if (!ok(bool{store.verify(scratch, &head, report, diagnostic)})) return false;
        if (!ok(bool{store.close()})) return false;
        options.create = false;
        if (!ok(bool{store.open(options, door, memory, diagnostic)}) || !ok(bool{store.close()}))
            return false;
        diagnostic.error = Error{Code::io, 5};
        return ok(!describe(diagnostic, room).empty()) && ok(!hint(diagnostic, room).empty());
    }
};

TEST(WithoutMalloc, AStoreOnADirectoryLives) {
    Folder folder;
    const Options options = small_options();
    const std::size_t size = required_memory(options);
    const auto memory = std::make_unique<std::byte[]>(size + 65536);
    Life life{.door = {},
              .memory = {memory.get(), size},
              .scratch = {memory.get() + size, 65536},
              .diagnostic = {}};
    PosixDoor door;
    bool lived = false;
    {
        const Guard guard;
        lived = bool{door.open(folder.path, true)};
        life.door = door.door();
        lived = lived && life.run(options);
    }
    EXPECT_TRUE(lived) << "step " << life.step << ": " << code_name(life.diagnostic.error.code);
}

TEST(WithoutMalloc, AStoreInLentMemoryLives) {
    const Options options = small_options();
    const std::size_t size = required_memory(options);
    const std::size_t files = std::size_t{options.segment_size} * 40;
    const auto memory = std::make_unique<std::byte[]>(size + 65536 + files);
    MemoryDisk disk{{memory.get() + size + 65536, files}, options.segment_size};
    PosixClock clock;
    PosixGate gate;
    Life life{.door = {&disk, &clock, &gate},
              .memory = {memory.get(), size},
              .scratch = {memory.get() + size, 65536},
              .diagnostic = {}};
    bool lived = false;
    {
        const Guard guard;
        lived = life.run(options);
    }
    EXPECT_TRUE(lived) << "step " << life.step << ": " << code_name(life.diagnostic.error.code);
}

// The guard itself must work, or the tests above say nothing.
TEST(WithoutMallocDeathTest, TheGuardAborts) {
    const auto allocate = [] {
        const Guard guard;
        void* volatile block = std::malloc(1);
        static_cast<void>(block);
    };
    EXPECT_DEATH(allocate(), "malloc under the guard");
    const auto make = [] {
        const Guard guard;
        int* volatile number = new int{1};
        static_cast<void>(number);
    };
    EXPECT_DEATH(make(), "malloc under the guard");
}

}  // namespace
