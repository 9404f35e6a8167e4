// SPDX-License-Identifier: MIT
#include "sim/beside.hpp"

#include <algorithm>
#include <cstring>

#include "sim/run.hpp"

namespace freshet::sim {

namespace {

constexpr std::size_t small_pool_size = std::size_t{40} << 10;

}  // namespace

Result<File> SecondDisk::open(std::string_view name, OpenMode mode) noexcept {
    if (mode != OpenMode::read) violation("a reader opens a file for writing");
    if (!disk_.exists(name)) return Code::not_found;
    const auto free = std::find(names_.begin(), names_.end(), "");
    if (free == names_.end()) violation("a reader opens ever more files");
    *free = name;
    return File{static_cast<std::uint32_t>(free - names_.begin())};
}

Result<std::uint64_t> SecondDisk::size(File file) noexcept {
    return disk_.contents(names_[file.number]).size();
}

Result<std::size_t> SecondDisk::read(File file, std::uint64_t offset, MutableBytes into) noexcept {
    const Bytes bytes = disk_.contents(names_[file.number]);
    if (offset >= bytes.size() || into.empty()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(into.size(), bytes.size() - offset);
    std::memcpy(into.data(), bytes.data() + offset, size);
    return size;
}

Result<const std::byte*> SecondDisk::map(File file, std::size_t) noexcept {
    const Bytes bytes = disk_.contents(names_[file.number]);
    if (!std::string_view{names_[file.number]}.ends_with(".run")) return bytes.data();
    return runs_.emplace_back(bytes.begin(), bytes.end()).data();
}

// Whoever still reads it is to see that.
void SecondDisk::unmap(const std::byte* address, std::size_t) noexcept {
    runs_.remove_if([address](auto& run) {
        const bool is_it = run.data() == address;
        if (is_it) std::fill(run.begin(), run.end(), std::byte{0xDD});
        return is_it;
    });
}

Result<bool> SecondDisk::look(Note& note, Holder& holder) noexcept {
    holder = {};
    return disk_.peek(note);
}

Result<std::size_t> SecondDisk::write(File, std::uint64_t, Bytes, Bytes) noexcept {
    violation("a reader writes");
    return Code::read_only;
}
Result<std::size_t> SecondDisk::write_zeros(File, std::uint64_t, std::size_t) noexcept {
    violation("a reader writes zeros");
    return Code::read_only;
}
Status SecondDisk::truncate(File, std::uint64_t) noexcept {
    violation("a reader cuts a file");
    return Code::read_only;
}
Status SecondDisk::sync(File) noexcept {
    violation("a reader syncs");
    return Code::read_only;
}
Status SecondDisk::sync_directory() noexcept {
    violation("a reader syncs names");
    return Code::read_only;
}
Status SecondDisk::rename(std::string_view, std::string_view) noexcept {
    violation("a reader renames");
    return Code::read_only;
}
Status SecondDisk::remove(std::string_view) noexcept {
    violation("a reader removes a file");
    return Code::read_only;
}
Status SecondDisk::lock(Holder&) noexcept {
    violation("a reader takes the lock");
    return Code::read_only;
}
Status SecondDisk::note(const Note&) noexcept {
    violation("a reader leaves a note");
    return Code::read_only;
}

Beside::Beside(const SimDisk& disk, const SimDiskSize& size, const Options& options,
               bool is_unmapped)
    : disk_{disk}, copies_{size}, is_unmapped_{is_unmapped}, options_{options} {
    options_.create = false;
    options_.read_only = true;
    refused_runs_.listen(options_);
    options_.rows = &row_keeper();
    memory_.resize(required_memory(options_));
}

void Beside::close() {
    held_.close();
    follower_.close();
    static_cast<void>(store_.close());
    open_ = false;
}

Code Beside::compare(const Model& model, bool holds_on) {
    Code code = Code::none;
    if (held_.is_open()) code = sim::compare(held_, model, clock_);
    if (!holds_on) held_.close();
    Snapshot now;
    if (!store_.snapshot(now)) violation("no snapshot in another process");
    if (code == Code::none) code = sim::compare(now, model, clock_);
    if (holds_on && !held_.is_open()) held_ = std::move(now);
    return code;
}

Code Beside::look(const Model& model, std::uint64_t& seen) {
    if (!open_) {
        const Status opened = store_.open(
            options_, {&copies_.over(disk_, is_unmapped_), &clock_, &gate_}, memory_, diagnostic_);
        if (!opened) return opened.error().code;
        const Status following = follower_.open(store_, next_);
        if (!following) {
            static_cast<void>(store_.close());
            return following.error().code;
        }
        open_ = true;
    }
    Recorded event;
    for (;;) {
        const Result<Follower::Step> step = follower_.next(event, 0);
        if (!step) return step.error().code;
        if (*step != Follower::Step::event) return Code::none;
        next_ = model.next_shown(next_);
        if (event.ordinal != next_) violation("a follower in another process skips or repeats");
        if (next_ >= model.events().size())
            violation("a follower in another process sees event %llu, which is not there",
                      static_cast<unsigned long long>(next_));
        const ModelEvent& wanted = model.events()[next_];
        if (as_text(event.payload) != wanted.payload || event.index != wanted.index ||
            event.commit != wanted.commit)
            violation("a follower in another process sees event %llu as something else",
                      static_cast<unsigned long long>(next_));
        seen = event.commit;
        next_++;
    }
}

// It has a smaller pool than the writer, where that makes runs.
void Run::begin_beside() {
    Options options = setup_.options;
    if (options.runs != nullptr && branch_seed_ / 2 % 2 == 0) options.pool_size = small_pool_size;
    beside_ = std::make_unique<Beside>(machine_.disk, disk_size(setup_), options,
                                       branch_seed_ / 4 % 4 == 0);
}

// What it sees is durable: from then on no crash may take it away.
Code Run::look_beside(std::uint64_t luck) {
    if (beside_ == nullptr) begin_beside();
    std::uint64_t seen = 0;
    Code code = beside_->look(model_, seen);
    if (is_disk_honest()) acknowledge(seen);
    if (code == Code::none && luck % 4 == 0) code = beside_->compare(model_, luck % 3 != 0);
    if (is_disk_honest() && beside_->was_refused_runs())
        violation("runs that head names are refused by another process");
    if (code == Code::none) {
        if (luck % 16 == 0) beside_->close();
        return code;
    }
    // Nobody was told that there is a store; the next try makes another one.
    if (!has_store_ && (code == Code::not_found || code == Code::other_store)) {
        beside_.reset();
        return code;
    }
    const bool may_run_out =
        setup_.options.runs != nullptr || setup_.options.pool_size < (std::size_t{96} << 10);
    if (may_run_out && code == Code::out_of_memory) return code;
    if (is_disk_honest()) violation("a follower in another process says %s", code_name(code));
    beside_.reset();
    return code;
}

// All that was acknowledged has been noted, and shows, unless the note was told to fail.
void Run::check_beside() {
    if (beside_ == nullptr || machine_.disk.fault_count() != 0 || !is_disk_honest()) return;
    const bool has_all = up_ && machine_.store.statistics().run_commit == model_.commit();
    const Code code = look_beside(1);
    if (code == Code::out_of_memory && has_all && look_beside(1) != Code::none)
        violation("a follower in another process has no room for what runs have");
    if (code == Code::none && beside_ != nullptr && beside_->has_writer() &&
        model_.next_shown(beside_->next_ordinal()) < model_.event_count(least_))
        violation("a follower in another process stops before the end");
}

// A backup of the newest commit or an older one; of each second one the disk crashes, and it is
// made again in the same place. The copy has just that commit, for good, and goes on.
void Run::do_backup(std::uint64_t luck) {
    if (setup_.options.pool_size < (std::size_t{96} << 10)) return;
    if (copy_ == nullptr) {
        copy_ = std::make_unique<Machine>(disk_size(setup_));
        copy_->options = setup_.options;
        copy_->lend();
        copy_->disk.profile = setup_.profile;
        copy_->disk.profile.overwrite_is_safe = true;
        copy_->disk.profile.rename_splits = false;
        copy_->is_unmapped = setup_.is_unmapped;
    }
    copy_->disk.restart();
    copy_->disk.clear();
    copy_->clock.reseed(luck);
    BackupOptions with;
    if (luck % 3 == 0) with.until = Until::commit(luck / 3 % (least_ + 1));
    with.runs = luck / 5 % 4 != 0;
    BackupReport made;
    SeedChoice chance{luck};
    for (bool crashes = luck % 2 == 0;; crashes = false) {
        if (crashes)
            copy_->disk.crash_at(copy_->disk.call_count() + luck / 6 % 64,
                                 static_cast<std::uint32_t>(luck / 400 % 2000));
        const Status status =
            machine_.store.backup(with, copy_->disk, machine_.scratch, made, machine_.diagnostic);
        const bool crashed = copy_->disk.is_crashed();
        if (crashed && status) violation("a backup to a disk that crashed is done");
        if (!status && !crashed && !excuse(status.error(), false))
            violation("a backup says %s", code_name(status.error().code));
        if (!crashed && luck / 2 % 2 == 0)
            copy_->disk.restart();
        else
            copy_->disk.power_loss(chance);
        if (!status && !is_no_store(made)) return;
        if (!status && crashed) continue;
        if (!status) return;
        break;
    }
    if (with.until.is_newest()) acknowledge(made.head.commit);
    check_copy(made);
}

// False: the store was whole all the same, and was examined. True: there is none.
bool Run::is_no_store(const BackupReport& made) {
    const Status opened = copy_->open(false);
    if (!opened && opened.error() != Code::not_found)
        violation("a backup that was cut off opens with %s", code_name(opened.error().code));
    if (!opened) return true;
    static_cast<void>(copy_->store.close());
    check_copy(made);
    return false;
}

void Run::check_copy(const BackupReport& made) {
    const Promise all{.model = &model_, .least = made.head.commit, .has_store = true};
    Snapshot snapshot;
    const std::uint64_t refused_before = copy_->refused_runs.count;
    if (!copy_->open(false)) violation("a backup does not open");
    if (copy_->refused_runs.count != refused_before) violation("runs of a backup cannot be used");
    if (made.run_count > 0 && copy_->store.statistics().run_count == 0)
        violation("a backup has not the runs that it was said to have");
    if (!copy_->store.snapshot(snapshot)) violation("no snapshot of a backup");
    const Head head = snapshot.head();
    snapshot.close();
    if (head.commit != made.head.commit || head.epoch_nonce != made.head.epoch_nonce ||
        head.epoch_nonce == machine_.store.head().epoch_nonce)
        violation("a backup is not what it was said to be");
    if (!copy_->store.close()) violation("a backup does not close");
    if (examine(*copy_, all, Depth::full) != made.head.commit)
        violation("a backup has more than its commit");
}

}  // namespace freshet::sim
