// SPDX-License-Identifier: MIT
// Every crash of every short life. A crash point is a call that finds the disk, or what was
// promised, other than the call before it did; lives with a common start share its crash points,
// which are visited once. At each the process is killed, and the power is lost in every way if at
// most 12 keys are not durable, and otherwise all old, all new, each key alone, each key missing,
// and 200 at random. Each state found is recovered, and at each crash point of that recovery the
// process is killed again, or the power lost: all old, all new, each key alone.
#include <algorithm>
#include <unordered_set>

#include "sim/harness.hpp"
#include "sim/search.hpp"
#include "sim/shadow.hpp"

namespace freshet::sim {

namespace {

constexpr std::size_t full_key_count_max = 12;
constexpr std::uint64_t full_state_count_max = 1 << 14;
constexpr std::uint64_t random_count = 200;

constexpr std::array<Operation, 7> kinds = {
    Operation::append_small,   Operation::append_wide, Operation::append_three, Operation::deferred,
    Operation::rollback_large, Operation::roll,        Operation::reopen,
};

bool changes_disk(const SimRecord& record) {
    switch (record.call) {
        case SimCall::open: return record.size == 2;
        case SimCall::size:
        case SimCall::read:
        case SimCall::map:
        case SimCall::lock: return false;
        default: return true;
    }
}

// Goes through the picks for a disk, one by one.
class Picks {
public:
    explicit Picks(const SimDisk& disk) : disk_{disk}, picks_(disk.dirty_count()) {}
    [[nodiscard]] const std::vector<SimPick>& picks() const { return picks_; }

    // The next of all; false: that was the last.
    bool next_of_all() {
        for (std::size_t key = 0; key < picks_.size(); key++) {
            if (picks_[key].version < disk_.version_count(key)) {
                picks_[key].version++;
                return true;
            }
            picks_[key].version = 0;
        }
        return false;
    }
    void all(bool is_new) {
        for (std::size_t key = 0; key < picks_.size(); key++)
            picks_[key].version = is_new ? disk_.version_count(key) : 0;
    }
    void flip(std::size_t key) {
        picks_[key].version = picks_[key].version == 0 ? disk_.version_count(key) : 0;
    }
    void random(std::uint64_t seed) {
        for (std::size_t key = 0; key < picks_.size(); key++)
            picks_[key].version =
                static_cast<std::uint32_t>(mix(seed, key) % (disk_.version_count(key) + 1));
    }

private:
    const SimDisk& disk_;
    std::vector<SimPick> picks_;
};

class Search final : public SimWatcher {
public:
    Search(Run& run, SearchResult& result, std::unordered_set<std::uint64_t>& known, Machine& image,
           Machine& nested)
        : run_{run}, result_{result}, known_{known}, image_{image}, nested_{nested} {}

    bool is_armed = false;  // The operations before the last belong to shorter lives.

    void before(const SimDisk& disk, SimCall) override {
        if (is_armed) add(result_.calls);
        visit(disk);
    }
    void after(const SimDisk& disk, const SimRecord& record) override {
        shadow_.note(disk, record);
        changed_ = changed_ || changes_disk(record);
    }
    void visit(const SimDisk& disk) {
        const Promise promise = run_.promise();
        const std::uint64_t promised =
            mix(promise.least, promise.model->commit() * 2 + (promise.has_store ? 1 : 0));
        if (!is_armed || (!changed_ && promised == promised_)) return;
        changed_ = false;
        promised_ = promised;
        add(result_.crash_points);
        const std::uint64_t keys = shadow_.key_count();
        const std::uint64_t states = shadow_.state_count();
        const bool is_full = keys <= full_key_count_max && states <= full_state_count_max;
        if (!is_full) add(result_.sampled_points);
        add(result_.predicted, 1 + (is_full ? states : 2 + 2 * keys + random_count));
        crash(disk);
    }

private:
    void crash(const SimDisk& disk) {
        disk.copy_to(image_.disk);
        image_.disk.restart();
        examine_image();
        Picks picks{disk};
        std::uint64_t states = 1;
        for (std::size_t key = 0; key < disk.dirty_count(); key++)
            states = std::min(states * (disk.version_count(key) + 1), full_state_count_max + 1);
        const auto lose = [&] {
            disk.copy_to(image_.disk);
            image_.disk.power_loss(picks.picks());
            examine_image();
        };
        if (disk.dirty_count() <= full_key_count_max && states <= full_state_count_max) {
            do lose();
            while (picks.next_of_all());
            return;
        }
        for (const bool is_new : {false, true}) {
            picks.all(is_new);
            lose();
            for (std::size_t key = 0; key < disk.dirty_count(); key++) {
                picks.flip(key);
                lose();
                picks.flip(key);
            }
        }
        for (std::uint64_t i = 0; i < random_count; i++) {
            picks.random(i);
            lose();
        }
    }

    // The same disk under the same promise comes to the same end: it is recovered once.
    [[nodiscard]] bool is_known(const Machine& machine, std::uint64_t salt) {
        const Promise promise = run_.promise();
        const std::uint64_t model =
            mix(promise.model->hash(promise.model->commit()), promise.model->commit());
        const std::uint64_t hash = mix(mix(machine.disk.hash(), model),
                                       mix(promise.least * 2 + (promise.has_store ? 1 : 0), salt));
        report().add_image(hash);
        return !known_.insert(hash).second;
    }

    void examine_image() {
        add(result_.visited);
        if (is_known(image_, 1)) {
            add(result_.skipped);
            return;
        }
        Nested nested{*this};
        image_.open_count = 0;
        image_.disk.watch(&nested);
        static_cast<void>(examine(image_, run_.promise(), Depth::full));
        image_.disk.watch(nullptr);
        add(report().images);
    }

    struct Nested final : public SimWatcher {
        explicit Nested(Search& of) : search{of} {}
        void before(const SimDisk& disk, SimCall) override {
            if (!changed || search.image_.open_count > 0) return;
            changed = false;
            search.crash_again(disk);
        }
        void after(const SimDisk&, const SimRecord& record) override {
            changed = changed || changes_disk(record);
        }
        Search& search;
        bool changed = false;
    };

    void crash_again(const SimDisk& disk) {
        const std::uint64_t keys = disk.dirty_count();
        add(result_.nested_predicted, 1 + (keys == 0 ? 1 : keys == 1 ? 2 : 2 + keys));
        disk.copy_to(nested_.disk);
        nested_.disk.restart();
        examine_nested();
        Picks picks{disk};
        const auto lose = [&] {
            disk.copy_to(nested_.disk);
            nested_.disk.power_loss(picks.picks());
            examine_nested();
        };
        lose();
        if (keys == 0) return;
        picks.all(true);
        lose();
        picks.all(false);
        for (std::size_t key = 0; key < keys && keys > 1; key++) {
            picks.flip(key);
            lose();
            picks.flip(key);
        }
    }

    void examine_nested() {
        add(result_.nested_visited);
        if (is_known(nested_, 2)) {
            add(result_.skipped);
            return;
        }
        static_cast<void>(examine(nested_, run_.promise(), Depth::open_only));
        static_cast<void>(nested_.store.close());
        add(report().images);
        add(report().nested_images);
    }

    Run& run_;
    SearchResult& result_;
    std::unordered_set<std::uint64_t>& known_;
    Machine& image_;
    Machine& nested_;
    Shadow shadow_;
    bool changed_ = true;
    std::uint64_t promised_ = ~std::uint64_t{0};
};

void perform(Run& run, Operation kind) {
    run.perform(kind);
    if (kind == Operation::deferred) run.perform(Operation::sync);
}

void search_life(const std::vector<Operation>& life, SearchResult& result,
                 std::unordered_set<std::uint64_t>& known, Machine& image, Machine& nested) {
    const Tape zeros;
    TapeChoice choice{zeros};
    Run run{choice, Rules{}};
    run.start(small_setup());
    set_current_life(&run, 0);
    Search search{run, result, known, image, nested};
    run.watch(&search);
    search.is_armed = life.empty();
    run.open();
    for (std::size_t i = 0; i < life.size(); i++) {
        search.is_armed = i + 1 == life.size();
        perform(run, life[i]);
    }
    search.visit(run.machine().disk);
    search.is_armed = false;
    run.watch(nullptr);
    run.end();
    add(result.lives);
    set_current_life(nullptr, 0);
}

}  // namespace

Setup small_setup() {
    Setup setup;
    setup.options.pool_size = std::size_t{96} << 10;
    setup.options.snapshot_count_max = 4;
    setup.options.segment_size = 4096;
    setup.options.frame_size_max = 1024;
    setup.options.growth_size = 512;
    setup.options.segment_count_max = 8;
    setup.profile.tears = false;
    return setup;
}

void search_crashes(std::uint32_t length, Share share, SearchResult& result) {
    std::unordered_set<std::uint64_t> known;
    const Setup setup = small_setup();
    const SimDiskSize size{.file_count_max = 12, .file_size_max = 8192, .version_count_max = 512};
    Machine image{size};
    Machine nested{size};
    for (Machine* const machine : {&image, &nested}) {
        machine->options = setup.options;
        machine->lend();
        machine->disk.profile = setup.profile;
    }
    std::uint64_t number = 0;
    for (std::uint32_t count = 0; count <= length; count++) {
        std::vector<std::size_t> digits(count);
        for (;;) {
            std::vector<Operation> life;
            life.reserve(digits.size());
            for (const std::size_t digit : digits) life.push_back(kinds[digit]);
            if (share.has(number++)) search_life(life, result, known, image, nested);
            std::size_t at = 0;
            while (at < count && ++digits[at] == kinds.size()) digits[at++] = 0;
            if (at == count) break;
        }
    }
}

}  // namespace freshet::sim
