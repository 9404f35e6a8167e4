// SPDX-License-Identifier: MIT
// The calls of the simulated disk, with crashes and faults injected into them.
//
// Workload: hundreds of thousands of disks a second are copied, crashed and looked at, each with a
// few files of a few sectors; so nothing allocates once the disk is warm, and only what was touched
// is copied. Invariants:
//  1. The cache and the durable image are zeros behind the end of each file's `extent`; the cache
//  is so
//     behind its size too.
//  2. A sector has a key exactly if a power loss may find it otherwise than `durable`.
//  3. The versions of a key are in the order of their calls.
#include "freshet/sim.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "sim/disk_entry.hpp"

namespace freshet {

const char* sim_call_name(SimCall call) noexcept {
    static constexpr std::array<const char*, sim_call_count> names = {
        "open",           "size",   "read",   "write", "write_zeros", "truncate", "sync",
        "sync_directory", "rename", "remove", "map",   "lock",        "note",     "look",
    };
    return names[static_cast<std::size_t>(call)];
}

Code sim_legal_error(SimCall call, std::size_t number) noexcept {
    static constexpr auto end = Code::code_count;
    using Row = std::array<Code, 6>;
    static constexpr std::array<Row, sim_call_count> rows = {{
        {Code::io, Code::full, Code::read_only, Code::permission, Code::forked, end},  // open
        {Code::io, Code::forked, end, end, end, end},                                  // size
        {Code::io, Code::forked, Code::interrupted, Code::none, end, end},             // read
        {Code::io, Code::full, Code::read_only, Code::interrupted, Code::none, end},   // write
        {Code::io, Code::full, Code::read_only, Code::interrupted, Code::none, end},  // write_zeros
        {Code::io, Code::full, Code::read_only, end, end, end},                       // truncate
        {Code::io, Code::full, end, end, end, end},                                   // sync
        {Code::io, Code::full, end, end, end, end},                           // sync_directory
        {Code::io, Code::full, Code::read_only, Code::permission, end, end},  // rename
        {Code::io, Code::full, Code::read_only, Code::permission, end, end},  // remove
        {Code::io, Code::full, end, end, end, end},                           // map
        {Code::io, Code::permission, Code::read_only, Code::locked, Code::forked, end},  // lock
        {Code::io, Code::full, Code::read_only, end, end, end},                          // note
        {Code::io, Code::permission, Code::forked, end, end, end},                       // look
    }};
    const Row& row = rows[static_cast<std::size_t>(call)];
    return number < row.size() ? row[number] : end;
}

SimDisk::Entry::Entry(SimDisk& of, SimCall call, std::string_view name, std::uint64_t offset,
                      std::uint64_t size) noexcept
    : disk{of} {
    if (disk.scheduler_ != nullptr) disk.scheduler_->yield();
    record.call = call;
    record.offset = offset;
    record.size = size;
    std::copy_n(name.data(), std::min(name.size(), record.name.size() - 1), record.name.data());
    const std::uint64_t number = disk.call_count_++;
    if (disk.watcher_ != nullptr && !disk.crashed_) disk.watcher_->before(disk, call);
    if (number >= disk.crash_call_ && !disk.crashed_) {
        disk.crashed_ = true;
        partial = disk.crash_partial_;
    }
    if (disk.crashed_) {
        failure = Error{Code::io, 5};
        return;
    }
    meet_fault(number);
}

// A call that was interrupted goes through when it is made again, however long the fault lasts.
void SimDisk::Entry::meet_fault(std::uint64_t number) noexcept {
    const SimFault& fault = disk.fault_;
    const auto kind = static_cast<std::size_t>(record.call);
    if (number < fault.call) return;
    if (number > fault.call && (!fault.for_ever || kind != disk.hit_kind_)) return;
    if (number == fault.call) disk.hit_kind_ = kind;
    if (fault.error == Code::interrupted && (number - fault.call) % 2 != 0) return;
    disk.fault_count_++;
    record.is_fault = true;
    partial = fault.partial;
    is_short = fault.error == Code::none;
    failure = Error{fault.error, fault.system_error};
}

SimDisk::Entry::~Entry() {
    if (failure.code != Code::none) record.result = failure.code;
    if (disk.trace_ != nullptr) disk.trace_->push_back(record);
    if (disk.watcher_ != nullptr && !disk.crashed_) disk.watcher_->after(disk, record);
}

SimDisk::SimDisk(const SimDiskSize& size) : limits_{size} {
    limits_.version_count_max =
        std::max(limits_.version_count_max, limits_.file_size_max / 512 + 8);
    const std::size_t images = std::size_t{2} * limits_.file_count_max * limits_.file_size_max;
    const std::size_t versions = std::size_t{limits_.version_count_max} * 4096;
    memory_.reset(static_cast<std::byte*>(std::calloc(images + versions + 4096, 1)));
    const auto start = reinterpret_cast<std::uintptr_t>(memory_.get());
    base_ = memory_.get() + ((0 - start) & 4095);
    inodes_.resize(limits_.file_count_max);
    zeros_.resize(limits_.file_size_max);
    names_.resize(std::size_t{2} * limits_.file_count_max);
    versions_.resize(limits_.version_count_max);
    sector_keys_.resize(std::size_t{limits_.file_count_max} * sector_count());
    dirty_.reserve(limits_.version_count_max);
    picks_.reserve(limits_.version_count_max);
}

Result<File> SimDisk::open(std::string_view name, OpenMode mode) noexcept {
    Entry entry{*this, SimCall::open, name, 0, static_cast<std::uint64_t>(mode)};
    if (entry.failed()) return entry.failure;
    std::uint32_t slot = find(name);
    const bool exists = slot != none && names_[slot].inode != none;
    if (!exists && mode != OpenMode::create) return entry.fail(Code::not_found);
    const auto free_handle =
        std::find_if(handles_.begin(), handles_.end(),
                     [](const Handle& handle) { return handle.inode == none; });
    if (free_handle == handles_.end()) return entry.fail(Code::io);
    if (mode == OpenMode::create) {
        order_++;
        if (exists) {
            set_size(names_[slot].inode, 0);
        } else {
            const std::uint32_t inode = make_inode();
            if (inode == none) return entry.fail(Code::full);
            slot = make_name(name);
            if (slot == none) return entry.fail(Code::full);
            set_name(slot, inode, none);
        }
    }
    free_handle->inode = names_[slot].inode;
    free_handle->writable = mode != OpenMode::read;
    return File{static_cast<std::uint32_t>(free_handle - handles_.begin())};
}

void SimDisk::close(File file) noexcept {
    if (Handle* const found = handle(file); found != nullptr) *found = Handle{};
}

Result<std::uint64_t> SimDisk::size(File file) noexcept {
    const Handle* const found = handle(file);
    Entry entry{*this, SimCall::size, found != nullptr ? name_of(found->inode) : "", 0, 0};
    if (entry.failed()) return entry.failure;
    if (found == nullptr) return entry.fail(Code::io);
    entry.record.moved = inodes_[found->inode].size;
    return inodes_[found->inode].size;
}

Result<std::size_t> SimDisk::read(File file, std::uint64_t offset, MutableBytes into) noexcept {
    const Handle* const found = handle(file);
    Entry entry{*this, SimCall::read, found != nullptr ? name_of(found->inode) : "", offset,
                into.size()};
    if (entry.failed()) return entry.failure;
    if (found == nullptr) return entry.fail(Code::io);
    const Inode& inode = inodes_[found->inode];
    if (offset >= inode.size) return std::size_t{0};
    std::size_t size = std::min<std::size_t>(into.size(), inode.size - offset);
    if (entry.is_short && size > 1) size = std::clamp<std::size_t>(entry.partial, 1, size - 1);
    std::memcpy(into.data(), cache(found->inode) + offset, size);
    entry.record.moved = size;
    return size;
}

// What gets through of a call that moves `wanted` bytes and is hit by a crash or a fault.
std::size_t SimDisk::Entry::allowed(std::size_t wanted) const noexcept {
    if (failure.code == Code::interrupted) return 0;
    if (failure.code != Code::none) return std::min<std::size_t>(partial, wanted);
    if (is_short && wanted > 1) return std::clamp<std::size_t>(partial, 1, wanted - 1);
    return wanted;
}

Result<std::size_t> SimDisk::write(File file, std::uint64_t offset, Bytes first,
                                   Bytes second) noexcept {
    const Handle* const found = handle(file);
    const std::size_t wanted = first.size() + second.size();
    Entry entry{*this, SimCall::write, found != nullptr ? name_of(found->inode) : "", offset,
                wanted};
    if (found == nullptr || !found->writable) return entry.fail(Code::io);
    const std::size_t size = entry.allowed(wanted);
    const std::size_t head = std::min(size, first.size());
    if (size > 0 && !put(found->inode, offset, first.first(head), second.first(size - head)))
        return entry.failed() ? entry.failure : entry.fail(Code::full);
    entry.record.moved = size;
    if (entry.failed()) return entry.failure;
    return size;
}

Result<std::size_t> SimDisk::write_zeros(File file, std::uint64_t offset,
                                         std::size_t size) noexcept {
    const Handle* const found = handle(file);
    Entry entry{*this, SimCall::write_zeros, found != nullptr ? name_of(found->inode) : "", offset,
                size};
    if (found == nullptr || !found->writable) return entry.fail(Code::io);
    const std::size_t allowed = entry.allowed(size);
    if (allowed > zeros_.size() ||
        (allowed > 0 && !put(found->inode, offset, Bytes{zeros_}.first(allowed), {})))
        return entry.failed() ? entry.failure : entry.fail(Code::full);
    entry.record.moved = allowed;
    if (entry.failed()) return entry.failure;
    return allowed;
}

Status SimDisk::truncate(File file, std::uint64_t size) noexcept {
    const Handle* const found = handle(file);
    Entry entry{*this, SimCall::truncate, found != nullptr ? name_of(found->inode) : "", size, 0};
    if (entry.failed()) return entry.failure;
    if (found == nullptr || !found->writable) return entry.fail(Code::io);
    if (size > limits_.file_size_max) return entry.fail(Code::full);
    order_++;
    set_size(found->inode, size);
    return Done{};
}

Status SimDisk::sync(File file) noexcept {
    const Handle* const found = handle(file);
    Entry entry{*this, SimCall::sync, found != nullptr ? name_of(found->inode) : "", 0, 0};
    if (found == nullptr) return entry.fail(Code::io);
    if (crashed_) return entry.failure;
    Inode& inode = inodes_[found->inode];
    const bool was_late = inode.late_error;
    inode.late_error = false;
    if (entry.failed()) {
        fail_sync(found->inode);
        if (profile.sync_failure != SyncFailure::late) return entry.failure;
        inode.late_error = true;
        entry.failure = Error{};
        return Done{};
    }
    settle_inode(found->inode);
    if (was_late) return entry.fail(Code::io);
    return Done{};
}

Status SimDisk::sync_directory() noexcept {
    Entry entry{*this, SimCall::sync_directory, "", 0, 0};
    if (crashed_) return entry.failure;
    if (entry.failed()) {
        fail_sync_directory();
        return entry.failure;
    }
    settle_names();
    return Done{};
}

Status SimDisk::rename(std::string_view from, std::string_view to) noexcept {
    Entry entry{*this, SimCall::rename, from, 0, 0};
    if (entry.failed()) return entry.failure;
    const std::uint32_t source = find(from);
    if (source == none || names_[source].inode == none) return entry.fail(Code::not_found);
    if (from == to) return Done{};
    const std::uint32_t target = make_name(to);
    if (target == none) return entry.fail(Code::full);
    order_++;
    reserve_versions(2);
    set_name(target, names_[source].inode, source);
    set_name(source, none, target);
    return Done{};
}

Status SimDisk::remove(std::string_view name) noexcept {
    Entry entry{*this, SimCall::remove, name, 0, 0};
    if (entry.failed()) return entry.failure;
    const std::uint32_t slot = find(name);
    if (slot == none || names_[slot].inode == none) return entry.fail(Code::not_found);
    order_++;
    set_name(slot, none, none);
    return Done{};
}

Result<const std::byte*> SimDisk::map(File file, std::size_t size) noexcept {
    const Handle* const found = handle(file);
    Entry entry{*this, SimCall::map, found != nullptr ? name_of(found->inode) : "", 0, size};
    if (entry.failed()) return entry.failure;
    if (found == nullptr || size > limits_.file_size_max) return entry.fail(Code::io);
    inodes_[found->inode].maps++;
    return static_cast<const std::byte*>(cache(found->inode));
}

void SimDisk::unmap(const std::byte* address, std::size_t) noexcept {
    const auto inode = static_cast<std::size_t>(address - base_) / limits_.file_size_max;
    if (inode < inodes_.size() && inodes_[inode].maps > 0) inodes_[inode].maps--;
}

Status SimDisk::lock(Holder& holder) noexcept {
    Entry entry{*this, SimCall::lock, "lock", 0, 0};
    if (entry.failed()) return entry.failure;
    holder = Holder{.process = 4711, .since_us = 1'700'000'000'000'000};
    if (locked_) return entry.fail(Code::locked);
    locked_ = true;
    noted_ = false;
    return Done{};
}

void SimDisk::unlock() noexcept {
    locked_ = false;
}

Status SimDisk::note(const Note& note) noexcept {
    Entry entry{*this, SimCall::note, "lock", 0, note.size()};
    if (entry.failed()) return entry.failure;
    note_ = note;
    noted_ = true;
    return Done{};
}

Result<bool> SimDisk::look(Note& note, Holder& holder) noexcept {
    Entry entry{*this, SimCall::look, "lock", 0, note.size()};
    if (entry.failed()) return entry.failure;
    const Result<bool> noted = peek(note);
    if (!noted) return entry.fail(noted.error().code);
    holder = Holder{.process = 4711, .since_us = 1'700'000'000'000'000};
    return noted;
}

void SimDisk::crash_at(std::uint64_t call, std::uint32_t partial) noexcept {
    crash_call_ = call;
    crash_partial_ = partial;
}

void SimDisk::restart() noexcept {
    handles_ = {};
    for (Inode& inode : inodes_) {
        inode.maps = 0;
        inode.late_error = false;
    }
    crash_call_ = ~std::uint64_t{0};
    crashed_ = false;
    locked_ = false;
    fault_ = SimFault{};
    hit_kind_ = sim_call_count;
}

}  // namespace freshet
