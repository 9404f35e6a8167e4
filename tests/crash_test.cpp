// SPDX-License-Identifier: MIT
// Crashes that the simulator found the store not to survive, each told once more.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "freshet/sim.hpp"
#include "freshet/store.hpp"
#include "tests/lent.hpp"

namespace freshet {
namespace {

struct Life {
    explicit Life(SimDisk& disk) : door{&disk, &clock, &gate} {}
    Status open() { return store.open(options, door, memory, diagnostic); }
    bool append() {
        const Event event{.type = "t", .payload = as_bytes("payload"), .metadata = {}, .id = {}};
        const StreamAppend append{
            .stream = "s", .expected = Expected::any(), .events = {&event, 1}};
        return static_cast<bool>(store.append(append, diagnostic));
    }
    SimClock clock;
    SimGate gate{clock};
    Door door;
    Options options{.create = true,
                    .pool_size = 64 << 10,
                    .snapshot_count_max = 2,
                    .segment_count_max = 8,
                    .segment_size = 4096,
                    .frame_size_max = 1024,
                    .growth_size = 512};
    test::Lent memory{required_memory(options)};
    Diagnostic diagnostic;
    Store store;
};

// What was not durable is found torn: the first 20 bytes of each sector are new.
void tear_everything(SimDisk& disk) {
    std::vector<SimPick> picks;
    for (std::size_t key = 0; key < disk.dirty_count(); key++) {
        const bool is_sector = disk.is_sector(key);
        picks.push_back({.version = disk.version_count(key),
                         .tear = is_sector ? SimPick::Tear::starts_new : SimPick::Tear::none,
                         .at = 20});
    }
    disk.power_loss(picks);
}

// A writer is killed when it has written a slot of `head` and not synced it. Whoever opens next
// sees that slot in the page cache. If it writes the other slot first, a power loss tears both, and
// the store is gone.
TEST(Crash, AKillAndThenAPowerLossLeaveOneSlotOfTheHead) {
    SimDisk start;
    {
        Life life{start};
        ASSERT_TRUE(life.open());
        ASSERT_TRUE(life.append());
        ASSERT_TRUE(life.store.close());
    }
    start.restart();
    SimDisk first;
    SimDisk second;
    for (std::uint64_t kill = 0; kill < 60; kill++) {
        start.copy_to(first);
        first.crash_at(first.call_count() + kill);
        {
            Life life{first};
            if (life.open() && life.append()) static_cast<void>(life.store.close());
        }
        first.restart();
        for (std::uint64_t loss = 0; loss < 60; loss++) {
            first.copy_to(second);
            second.crash_at(second.call_count() + loss);
            {
                Life life{second};
                if (life.open() && life.append()) static_cast<void>(life.store.close());
            }
            tear_everything(second);
            Life life{second};
            const Status opened = life.open();
            ASSERT_TRUE(opened) << code_name(opened.error().code) << ": killed at " << kill
                                << ", power loss at " << loss;
            ASSERT_GE(life.store.statistics().commit, 1U);
        }
    }
}

// The maker of a store is killed when `head` has its name, and the directory is not synced. The
// next one finds a store that looks closed; if it just goes on, a power loss takes the name away,
// and all that was acknowledged since.
TEST(Crash, AStoreWhoseNameIsNotDurableIsNotServed) {
    for (std::uint64_t kill = 0; kill < 20; kill++) {
        SimDisk disk;
        disk.crash_at(kill);
        {
            Life life{disk};
            static_cast<void>(life.open());
        }
        disk.restart();
        {
            Life life{disk};
            ASSERT_TRUE(life.open());
            ASSERT_TRUE(life.append());
            disk.crash_at(disk.call_count());
        }
        disk.power_loss(std::vector<SimPick>(disk.dirty_count()));
        Life life{disk};
        life.options.create = false;
        ASSERT_TRUE(life.open()) << "killed at call " << kill;
        ASSERT_EQ(life.store.statistics().commit, 1U);
    }
}

// Two writers: one grows the log and syncs it, the other leads a sync for its commit. The first of
// these syncs fails and loses what was written; the second is told that all is well, as systems
// tell of an error but once. The commit must not be acknowledged. All interleavings with at most
// two switches too many, each sync failing in turn.
struct Pair {
    Life& life;
    std::uint64_t acknowledged = 0;

    static void write(void* context) {
        auto& self = *static_cast<Pair*>(context);
        const std::string payload(600, 'x');
        const Event event{.type = "t", .payload = as_bytes(payload), .metadata = {}, .id = {}};
        const StreamAppend append{
            .stream = "s", .expected = Expected::any(), .events = {&event, 1}};
        Diagnostic diagnostic;
        const Result<Appended> appended = self.life.store.append(append, diagnostic);
        if (appended) self.acknowledged = std::max(self.acknowledged, appended->commit);
    }
};

struct FailingSync final : SimWatcher {
    void before(const SimDisk&, SimCall call) override {
        if (call == SimCall::sync && count++ == number)
            disk->fail({.call = disk->call_count() - 1, .error = Code::io});
    }
    void after(const SimDisk&, const SimRecord&) override {}
    SimDisk* disk = nullptr;
    std::uint64_t number = 0;
    std::uint64_t count = 0;
};

TEST(Crash, OfTwoSyncsAtOnceTheOneThatIsToldOfNoErrorAnswersForNothing) {
    SimDisk start;
    {
        Life life{start};
        ASSERT_TRUE(life.open());
        ASSERT_TRUE(life.store.close());
    }
    start.restart();
    SimDisk disk;
    for (std::uint64_t number = 0; number < 4; number++) {
        EveryChoice choice;
        do {
            start.copy_to(disk);
            const auto life = std::make_unique<Life>(disk);
            Pair pair{*life};
            SimScheduler scheduler{
                choice, life->clock, {.switch_percent = 0, .switch_count_max = 2}};
            SimGate gate{life->clock, &scheduler};
            life->door.gate = &gate;
            ASSERT_TRUE(life->open());
            FailingSync failing;
            failing.disk = &disk;
            failing.number = number;
            disk.watch(&failing);
            disk.schedule(&scheduler);
            scheduler.spawn(&Pair::write, &pair);
            scheduler.spawn(&Pair::write, &pair);
            ASSERT_TRUE(scheduler.run());
            disk.schedule(nullptr);
            disk.watch(nullptr);
            static_cast<void>(life->store.close());
            disk.power_loss(std::vector<SimPick>(disk.dirty_count()));
            Life after{disk};
            ASSERT_TRUE(after.open());
            ASSERT_GE(after.store.statistics().commit, pair.acknowledged)
                << "sync " << number << " failed";
        } while (choice.next());
    }
}

}  // namespace
}  // namespace freshet
