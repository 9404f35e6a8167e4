// SPDX-License-Identifier: MIT
// A world that fails on demand: a disk that loses power, a clock that jumps, threads that are
// switched where it hurts. It stands behind the same door as the real one (freshet/door.hpp), so a
// program that takes a Door can be crashed at each of its calls, opened again, and asked what it
// still knows. Link libfreshet_sim.a; freshet's own tests in sim/ use nothing else.
// tests/sim_user_test.cpp is an example.
//
//     for (std::uint64_t call = 0;; call++) {
//         SimDisk fresh;
//         fresh.profile.tears = false;      // They would make the states too many for EveryChoice.
//         fresh.crash_at(call);             // From this call on, nothing goes through.
//         my_program_writes(fresh);
//         if (!fresh.is_crashed()) break;   // It got to its end without making that call.
//         SimDisk found;
//         EveryChoice choice;
//         do {
//             fresh.copy_to(found);
//             found.power_loss(choice);     // One of the states the disk can be found in.
//             my_program_recovers(found);
//         } while (choice.next());
//     }
//
// What a power loss may do. The disk has two images: the cache, which the calls see, and what is
// durable. Each of these is a *key*, with a version for each change since it was last made durable:
//     (file, sector)   the bytes of a sector            made durable by sync()
//     (file, size)     the size of the file             made durable by sync()
//     (name)           which file it is, or none        made durable by sync_directory()
// A power loss takes for each key, independently, the durable version or any later one. A sector
// may besides be torn: bytes up to one place from one version and the rest from another. A size
// that is found cut has no old bytes behind it. A rename happens as a whole. What SimProfile says
// can make it worse.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/door.hpp"
#include "freshet/sim_choice.hpp"

namespace freshet {

class SimScheduler;
class SimDisk;

// What a failing sync leaves behind. Each write since the last good sync is then durable or not, as
// chosen.
enum class SyncFailure : std::uint8_t {
    clean,  // An error now; what was not written counts as clean, the cache keeps it (ext4 ordered,
            // XFS).
    late,   // No error now, but at the next sync of the file (ext4 data=journal).
    reverts,  // An error now, and the cache goes back to the old bytes and size (btrfs).
};

struct SimProfile {
    std::uint32_t sector_size = 512;  // Or 4096. What reaches the disk as a whole, but for tears.
    bool ordered =
        false;  // Names and sizes in the order of their calls; data before its file's size.
    bool rename_splits = false;  // The two names of a rename are two keys.
    bool growth_is_garbage =
        false;          // A sector behind the old end that did not reach the disk has any bytes.
    bool tears = true;  // Sectors can be torn. false: fewer states, for going through all of them.
    bool overwrite_is_safe =
        true;  // false: each sector with unsynced writes may have any bytes (psow=0).
    SyncFailure sync_failure = SyncFailure::clean;
};

struct SimDiskSize {
    std::uint32_t file_count_max = 16;
    std::uint32_t file_size_max = 64 << 10;  // A multiple of 4096. Beyond it the disk is `full`.
    std::uint32_t version_count_max =
        1024;  // Beyond it the disk writes back what waits, as real ones do.
};

enum class SimCall : std::uint8_t {
    open,
    size,
    read,
    write,
    write_zeros,
    truncate,
    sync,
    sync_directory,
    rename,
    remove,
    map,
    lock,
    note,
    look,
};
inline constexpr std::size_t sim_call_count = 14;
const char* sim_call_name(SimCall call) noexcept;

// Which calls fail, and how. What does not go through for an injected `error` is not done, but for
// a sync, which fails as SimProfile::sync_failure says.
struct SimFault {
    std::uint64_t call =
        ~std::uint64_t{0};    // Number of the first call that fails, counted from 0 (call_count()).
    bool for_ever = false;    // All calls from there on of the kind it hits; otherwise one.
    Code error = Code::none;  // none: a short transfer of `partial` bytes, and no error.
    std::uint16_t system_error = 0;
    std::uint32_t partial = 0;  // Writes: how many bytes get through before the error.
};
// The errors that freshet/door.hpp allows for a call and that a fault can inject, one by one; none
// means a short transfer. Returns Code::code_count past the last.
Code sim_legal_error(SimCall call, std::size_t number) noexcept;

// A call as it was made, for a trace.
struct SimRecord {
    SimCall call = SimCall::open;
    Code result = Code::none;
    bool is_fault = false;        // It failed because it was told to.
    std::array<char, 24> name{};  // Of the file, and where two are named, of the first.
    std::uint64_t offset = 0;     // Of a truncate, the new size.
    std::uint64_t size = 0;       // Asked for.
    std::uint64_t moved = 0;      // Done.
};

// Is told of each call. Both are called inside the call: they may copy the disk, but not use it.
class SimWatcher {
public:
    // Before anything is done. The disk is as a crash at this call would find it.
    virtual void before(const SimDisk& disk, SimCall call) = 0;
    virtual void after(const SimDisk& disk, const SimRecord& record) = 0;

protected:
    SimWatcher() = default;
    ~SimWatcher() = default;
};

// What is taken for a key at a power loss.
struct SimPick {
    enum class Tear : std::uint8_t { none, starts_new, ends_new, garbage };
    std::uint32_t version = 0;  // 0: what was durable.
    Tear tear = Tear::none;     // Of `version` and the one before it, ...
    std::uint16_t at = 0;       // ... at this byte of the sector.
};

class SimDisk final : public Disk {
public:
    explicit SimDisk(const SimDiskSize& size = {});
    SimDisk(const SimDisk&) = delete;
    SimDisk& operator=(const SimDisk&) = delete;

    SimProfile profile;

    // ---- the door ----
    Result<File> open(std::string_view name, OpenMode mode) noexcept override;
    void close(File file) noexcept override;
    Result<std::uint64_t> size(File file) noexcept override;
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override;
    Result<std::size_t> write(File file, std::uint64_t offset, Bytes first,
                              Bytes second) noexcept override;
    Result<std::size_t> write_zeros(File file, std::uint64_t offset,
                                    std::size_t size) noexcept override;
    Status truncate(File file, std::uint64_t size) noexcept override;
    Status sync(File file) noexcept override;
    Status sync_directory() noexcept override;
    Status rename(std::string_view from, std::string_view to) noexcept override;
    Status remove(std::string_view name) noexcept override;
    Result<const std::byte*> map(File file, std::size_t size) noexcept override;
    void unmap(const std::byte* address, std::size_t size) noexcept override;
    Status lock(Holder& holder) noexcept override;
    void unlock() noexcept override;
    Status note(const Note& note) noexcept override;
    Result<bool> look(Note& note, Holder& holder) noexcept override;

    // ---- crashes ----
    // From call number `call` on (counted from 0, call_count() is the next) every call fails with
    // io. If that call is a write, its first `partial` bytes get through.
    void crash_at(std::uint64_t call, std::uint32_t partial = 0) noexcept;
    [[nodiscard]] bool is_crashed() const noexcept { return crashed_; }
    // The process is gone and starts again: files are closed, the lock is free, crash_at() and
    // faults are forgotten; the cache is as it was, and what was not durable still is not.
    void restart() noexcept;
    // The power is gone and comes again, and a restart. `choice` is asked, for each key, for the
    // version found.
    void power_loss(Choice& choice);
    // The same, spelled out: one pick for each key of dirty_count(). `seed`: for garbage.
    void power_loss(std::span<const SimPick> picks, std::uint64_t seed = 0) noexcept;
    [[nodiscard]] std::size_t dirty_count() const noexcept { return dirty_.size(); }
    // How many versions a key has besides the durable one: 1 or more.
    [[nodiscard]] std::uint32_t version_count(std::size_t key) const noexcept {
        return dirty_[key].count;
    }
    [[nodiscard]] bool is_sector(std::size_t key) const noexcept {
        return dirty_[key].kind == Kind::sector;
    }
    // Makes everything durable, as a disk left in peace does.
    void write_back() noexcept;

    // ---- faults ----
    void fail(const SimFault& fault) noexcept {
        fault_ = fault;
        hit_kind_ = sim_call_count;
    }
    [[nodiscard]] std::uint64_t call_count() const noexcept { return call_count_; }
    [[nodiscard]] std::uint64_t fault_count() const noexcept {
        return fault_count_;
    }  // Calls made to fail.
    // What a failing sync leaves, and what else has no Choice to ask, follows from this number.
    void seed(std::uint64_t number) noexcept { chance_ = number; }
    // Another process has the lock.
    void set_locked(bool locked) noexcept { locked_ = locked; }

    // ---- damage, kept beside the pristine bytes ----
    // Changes stored bytes behind everybody's back, in the cache and on the disk. not_found;
    // invalid_argument.
    Status damage(std::string_view name, std::uint64_t offset, Bytes bytes) noexcept;
    Status flip_bit(std::string_view name, std::uint64_t bit) noexcept;
    // Puts back what damage() changed and nobody has written since.
    void heal() noexcept;

    // ---- looking, and placing ----
    // What the calls see, and what is durable, of a file; empty if there is none. Good until the
    // disk changes.
    [[nodiscard]] Bytes contents(std::string_view name) const noexcept;
    // As look(), and no call.
    Result<bool> peek(Note& note) const noexcept;
    [[nodiscard]] Bytes durable_contents(std::string_view name) const noexcept;
    [[nodiscard]] bool exists(std::string_view name) const noexcept;
    [[nodiscard]] std::string_view file_name(std::size_t n) const noexcept;  // Empty past the last.
    // A durable file of these bytes. full.
    Status place(std::string_view name, Bytes bytes) noexcept;
    // An empty disk, as a new one.
    void clear() noexcept;
    // Of all names and what stands in their files, as the calls see them.
    [[nodiscard]] std::uint64_t hash() const noexcept;
    [[nodiscard]] std::uint32_t open_count() const noexcept;  // Files and maps not given back.
    // Makes `other`, of the same SimDiskSize, the same disk in the same state, with no watcher and
    // no scheduler.
    void copy_to(SimDisk& other) const noexcept;

    void watch(SimWatcher* watcher) noexcept { watcher_ = watcher; }
    void schedule(SimScheduler* scheduler) noexcept { scheduler_ = scheduler; }
    // From now on calls are added to `trace`; null: no longer.
    void trace(std::vector<SimRecord>* trace) noexcept { trace_ = trace; }

private:
    enum class Kind : std::uint8_t { sector, size, name };
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    static constexpr std::uint32_t handle_count = 32;

    // A change that is not durable. Versions of one key form a list, oldest first.
    struct Version {
        std::uint64_t value =
            0;  // size: the size. name: the inode. sector: nothing; its bytes stand beside it.
        std::uint32_t order = 0;  // Of its call, among all changes.
        std::uint32_t next = none;
        std::uint32_t pair = none;  // rename: the name slot on the other side.
    };
    struct Key {
        Kind kind = Kind::sector;
        std::uint32_t owner = 0;  // Inode, or name slot.
        std::uint32_t sector = 0;
        std::uint32_t first = none;
        std::uint32_t last = none;
        std::uint32_t count = 0;
    };
    struct Inode {
        std::uint64_t size = 0;
        std::uint64_t durable_size = 0;
        std::uint64_t extent = 0;  // Behind it both images are zeros.
        std::uint32_t maps = 0;
        bool used = false;
        bool late_error = false;
        bool cut = false;  // A size was made smaller since the last sync.
    };
    struct Name {
        std::array<char, 24> text{};
        std::uint32_t inode = none;
        std::uint32_t durable = none;
    };
    struct Handle {
        std::uint32_t inode = none;
        bool writable = false;
    };
    struct Damage {
        std::uint32_t inode = 0;
        std::uint64_t offset = 0;
        std::byte before{};
        std::byte after{};
    };
    struct Entry;  // What a call begins with, and ends with.

    [[nodiscard]] std::byte* cache(std::uint32_t inode) const noexcept;
    [[nodiscard]] std::byte* durable(std::uint32_t inode) const noexcept;
    [[nodiscard]] std::byte* version_bytes(std::uint32_t version) const noexcept;
    [[nodiscard]] std::uint32_t find(std::string_view name) const noexcept;
    [[nodiscard]] std::string_view name_of(std::uint32_t inode) const noexcept;
    [[nodiscard]] std::uint32_t key_of(Kind kind, std::uint32_t owner,
                                       std::uint32_t sector) const noexcept;
    [[nodiscard]] std::uint32_t sector_count() const noexcept;
    [[nodiscard]] Handle* handle(File file) noexcept;
    std::uint32_t make_inode() noexcept;
    std::uint32_t make_name(std::string_view name) noexcept;
    void collect_inodes() noexcept;

    std::uint32_t add_version(Kind kind, std::uint32_t owner, std::uint32_t sector) noexcept;
    void reserve_versions(std::size_t count) noexcept;
    void set_size(std::uint32_t inode, std::uint64_t size) noexcept;
    void set_name(std::uint32_t slot, std::uint32_t inode, std::uint32_t pair) noexcept;
    bool put(std::uint32_t inode, std::uint64_t offset, Bytes first, Bytes second) noexcept;
    void drop_keys(Kind kind, std::uint32_t owner, bool all_owners) noexcept;
    void settle_inode(std::uint32_t inode) noexcept;
    void settle_names() noexcept;
    void fail_sync(std::uint32_t inode) noexcept;
    void fail_sync_directory() noexcept;
    void rebuild_index() noexcept;

    [[nodiscard]] const Version* version_at(const Key& key, std::uint32_t number) const noexcept;
    void close_picks(std::span<SimPick> picks) const noexcept;
    void order_picks(std::span<SimPick> picks) const noexcept;
    void pair_picks(std::span<SimPick> picks) const noexcept;
    void take_sizes(std::span<const SimPick> picks) noexcept;
    void take_sectors(std::span<const SimPick> picks, std::uint64_t seed) noexcept;
    void cut_sectors(std::uint32_t inode, std::uint64_t size, std::uint32_t order,
                     std::span<const SimPick> picks) noexcept;
    void take_names(std::span<const SimPick> picks) noexcept;
    void take_sector(const Key& key, const SimPick& pick, std::uint64_t seed) noexcept;

    SimDiskSize limits_;
    struct Free {
        void operator()(std::byte* memory) const noexcept { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free>
        memory_;                 // Cache, durable image and versions, one after the other.
    std::byte* base_ = nullptr;  // memory_, aligned for maps.
    std::vector<Inode> inodes_;
    std::vector<Name> names_;
    std::vector<Version> versions_;
    std::uint32_t version_used_ = 0;
    std::vector<Key> dirty_;
    std::vector<std::uint32_t> sector_keys_;  // For each sector of each inode: its key + 1, or 0.
    std::array<Handle, handle_count> handles_{};
    std::vector<Damage> damage_;
    std::vector<std::byte> zeros_;
    std::vector<SimPick> picks_;
    std::uint32_t order_ = 0;
    std::uint64_t chance_ = 1;  // For what a failing sync leaves.

    std::uint64_t call_count_ = 0;
    std::uint64_t crash_call_ = ~std::uint64_t{0};
    std::uint32_t crash_partial_ = 0;
    bool crashed_ = false;
    bool locked_ = false;
    bool noted_ = false;
    Note note_{};
    SimFault fault_;
    std::size_t hit_kind_ = sim_call_count;  // The kind of call that a fault for ever has hit.
    std::uint64_t fault_count_ = 0;
    SimWatcher* watcher_ = nullptr;
    SimScheduler* scheduler_ = nullptr;
    std::vector<SimRecord>* trace_ = nullptr;
};

// "write 00000001.log 4096+80 -> 80" and so on.
std::string sim_text(const SimRecord& record);

// Time that passes by `step_us` with each question, and by what sleepers wait.
class SimClock final : public Clock {
public:
    explicit SimClock(std::uint64_t seed = 1) noexcept : random_{seed} {}
    std::uint64_t now_us() noexcept override;
    void random(MutableBytes into) noexcept override;

    void jump(std::int64_t by_us) noexcept { now_us_ += static_cast<std::uint64_t>(by_us); }
    [[nodiscard]] std::uint64_t peek_us() const noexcept { return now_us_; }
    void reseed(std::uint64_t seed) noexcept { random_ = seed; }

    std::uint64_t step_us = 7;

private:
    std::uint64_t now_us_ = 1'700'000'000'000'000;
    std::uint64_t random_;
};

// The two turns. Without a scheduler there is one thread: a turn that is free is taken at once, a
// wait ends with its time, and what could never end (locking what is held, waiting for ever) is a
// violation.
class SimGate final : public Gate {
public:
    explicit SimGate(SimClock& clock, SimScheduler* scheduler = nullptr) noexcept
        : clock_{&clock}, scheduler_{scheduler} {}

    void lock(Turn turn) noexcept override;
    void unlock(Turn turn) noexcept override;
    void wait(Turn turn, std::uint64_t timeout_us) noexcept override;
    void wake(Turn turn) noexcept override;
    bool pause(Turn turn) noexcept override;
    [[nodiscard]] bool is_free() const noexcept { return owners_[0] == 0 && owners_[1] == 0; }

private:
    std::array<std::uint32_t, 2> owners_{};  // Number of the fibre + 1; 0: free.
    SimClock* clock_;
    SimScheduler* scheduler_;
};

// What became of a simulation that cannot go on: says why on standard error and stops the process,
// unless there is a handler.
using SimViolation = void (*)(void* context, std::string_view what);
void sim_on_violation(SimViolation handler, void* context) noexcept;
void sim_violation(std::string_view what) noexcept;

// Threads that are not: fibres, of which one runs until it makes a call through the door or must
// wait. Then `choice` says who goes on (Domain::schedule). All interleavings of those places can
// come up.
class SimScheduler {
public:
    struct Rules {
        std::uint32_t switch_percent = 25;  // How often another one goes on where it need not.
        std::uint32_t switch_count_max =
            ~0U;  // At most so many of these; 2 with EveryChoice is a good search.
        std::size_t stack_size = std::size_t{256} << 10;
    };
    SimScheduler(Choice& choice, SimClock& clock, const Rules& rules);
    ~SimScheduler();
    SimScheduler(const SimScheduler&) = delete;
    SimScheduler& operator=(const SimScheduler&) = delete;

    // The clock by which sleepers wake, instead of the one it was made with.
    void use(SimClock& clock) noexcept { clock_ = &clock; }
    void spawn(void (*body)(void* context), void* context);
    // Until all have come to their end. False: those left wait for each other for ever; a violation
    // too.
    bool run();
    // Somebody else may go on here. Does nothing outside a fibre.
    void yield() noexcept;
    [[nodiscard]] bool in_fibre() const noexcept { return current_ != 0; }

private:
    friend class SimGate;
    struct Fibre;
    enum class Wait : std::uint8_t { nothing, lock, wake, ended };

    void block(Wait wait, Turn turn, std::uint64_t until_us, const std::uint32_t* owner) noexcept;
    void wake_all(Turn turn) noexcept;
    [[nodiscard]] std::uint32_t next_ready(bool must_move) noexcept;
    void switch_to(std::uint32_t fibre) noexcept;
    static void start(unsigned int high, unsigned int low) noexcept;

    Choice* choice_;
    SimClock* clock_;
    Rules rules_;
    std::vector<std::unique_ptr<Fibre>> fibres_;  // The first is the caller of run().
    std::uint32_t current_ = 0;
    std::uint32_t switches_ = 0;
};

}  // namespace freshet
