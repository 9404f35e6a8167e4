// SPDX-License-Identifier: MIT
// A file's number is that of its entry, and the entry's room lies at number * file_size_max. Bytes
// behind the end of a file are whatever they were: growing a file zeroes what it gains.
#include "freshet/memory.hpp"

#include <atomic>
#include <cstring>

#include "base/check.hpp"
#include "disk/name.hpp"

namespace freshet {
namespace {

// read() and size() may run beside a write() that grows the file.
std::uint64_t load_size(std::uint64_t& size) noexcept {
    return std::atomic_ref<std::uint64_t>{size}.load(std::memory_order_acquire);
}

void store_size(std::uint64_t& size, std::uint64_t value) noexcept {
    std::atomic_ref<std::uint64_t>{size}.store(value, std::memory_order_release);
}

void copy(std::byte* to, Bytes from) noexcept {
    if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

bool fits(std::uint64_t offset, std::size_t size, std::size_t room_size) noexcept {
    return offset <= room_size && size <= room_size - offset;
}

}  // namespace

MemoryDisk::MemoryDisk(MutableBytes memory, std::size_t file_size_max) noexcept
    : memory_{memory}, file_size_max_{file_size_max} {
    FRESHET_CHECK(file_size_max > 0);
}

MutableBytes MemoryDisk::room(File file) const noexcept {
    FRESHET_CHECK(file.number < file_count_max);
    FRESHET_CHECK(entries_[file.number].name_size > 0);
    return {memory_.data() + file.number * file_size_max_, file_size_max_};
}

MemoryDisk::Entry* MemoryDisk::find(std::string_view name) noexcept {
    for (Entry& entry : entries_) {
        if (std::string_view{entry.name.data(), entry.name_size} == name) return &entry;
    }
    return nullptr;
}

void MemoryDisk::set_name(Entry& entry, std::string_view name) noexcept {
    std::memcpy(entry.name.data(), name.data(), name.size());
    entry.name_size = static_cast<std::uint32_t>(name.size());
}

MemoryDisk::Entry* MemoryDisk::find_free() noexcept {
    Entry* const free = find({});
    if (free == nullptr) return nullptr;
    const auto number = static_cast<std::size_t>(free - entries_.data());
    return number < memory_.size() / file_size_max_ ? free : nullptr;
}

Result<File> MemoryDisk::open(std::string_view name, OpenMode mode) noexcept {
    if (!disk::is_valid_name(name)) return Code::invalid_argument;
    Entry* entry = find(name);
    if (entry == nullptr) {
        if (mode != OpenMode::create) return Code::not_found;
        entry = find_free();
        if (entry == nullptr) return Code::full;
        set_name(*entry, name);
    }
    if (mode == OpenMode::create) store_size(entry->size, 0);
    return File{static_cast<std::uint32_t>(entry - entries_.data())};
}

void MemoryDisk::close(File) noexcept {}

Result<std::uint64_t> MemoryDisk::size(File file) noexcept {
    FRESHET_CHECK(file.number < file_count_max);
    return load_size(entries_[file.number].size);
}

Result<std::size_t> MemoryDisk::read(File file, std::uint64_t offset, MutableBytes into) noexcept {
    const MutableBytes bytes = room(file);
    const std::uint64_t size = load_size(entries_[file.number].size);
    if (offset >= size || into.empty()) return std::size_t{0};
    const std::size_t count = into.size() < size - offset ? into.size() : size - offset;
    std::memcpy(into.data(), bytes.data() + offset, count);
    return count;
}

Result<std::size_t> MemoryDisk::write(File file, std::uint64_t offset, Bytes first,
                                      Bytes second) noexcept {
    const MutableBytes bytes = room(file);
    if (second.size() > bytes.size() || !fits(offset, first.size(), bytes.size() - second.size())) {
        return Code::full;
    }
    const std::size_t size = first.size() + second.size();
    if (size == 0) return size;
    clear_gap(file, offset);
    copy(bytes.data() + offset, first);
    copy(bytes.data() + offset + first.size(), second);
    grow_to(file, offset + size);
    return size;
}

Result<std::size_t> MemoryDisk::write_zeros(File file, std::uint64_t offset,
                                            std::size_t size) noexcept {
    const MutableBytes bytes = room(file);
    if (!fits(offset, size, bytes.size())) return Code::full;
    if (size == 0) return size;
    clear_gap(file, offset);
    std::memset(bytes.data() + offset, 0, size);
    grow_to(file, offset + size);
    return size;
}

void MemoryDisk::clear_gap(File file, std::uint64_t end) noexcept {
    const std::uint64_t size = entries_[file.number].size;
    if (size < end) std::memset(room(file).data() + size, 0, end - size);
}

void MemoryDisk::grow_to(File file, std::uint64_t end) noexcept {
    Entry& entry = entries_[file.number];
    if (entry.size < end) store_size(entry.size, end);
}

Status MemoryDisk::truncate(File file, std::uint64_t size) noexcept {
    const MutableBytes bytes = room(file);
    if (size > bytes.size()) return Code::full;
    clear_gap(file, size);
    store_size(entries_[file.number].size, size);
    return Done{};
}

Status MemoryDisk::sync(File) noexcept {
    return Done{};
}

Status MemoryDisk::sync_directory() noexcept {
    return Done{};
}

Status MemoryDisk::rename(std::string_view from, std::string_view to) noexcept {
    if (!disk::is_valid_name(from)) return Code::invalid_argument;
    if (!disk::is_valid_name(to)) return Code::invalid_argument;
    Entry* const entry = find(from);
    if (entry == nullptr) return Code::not_found;
    if (Entry* const old = find(to); old != nullptr && old != entry) old->name_size = 0;
    set_name(*entry, to);
    return Done{};
}

Status MemoryDisk::remove(std::string_view name) noexcept {
    if (!disk::is_valid_name(name)) return Code::invalid_argument;
    Entry* const entry = find(name);
    if (entry == nullptr) return Code::not_found;
    entry->name_size = 0;
    return Done{};
}

Result<const std::byte*> MemoryDisk::map(File file, std::size_t size) noexcept {
    const MutableBytes bytes = room(file);
    if (size == 0) return Code::invalid_argument;
    if (size > bytes.size()) return Code::full;
    return static_cast<const std::byte*>(bytes.data());
}

void MemoryDisk::unmap(const std::byte*, std::size_t) noexcept {}

Status MemoryDisk::lock(Holder& holder) noexcept {
    holder = {};
    if (locked_) return Code::locked;
    locked_ = true;
    noted_ = false;
    return Done{};
}

void MemoryDisk::unlock() noexcept {
    locked_ = false;
}

Status MemoryDisk::note(const Note& note) noexcept {
    FRESHET_CHECK(locked_);
    note_ = note;
    noted_ = true;
    return Done{};
}

Result<bool> MemoryDisk::look(Note& note, Holder& holder) noexcept {
    holder = {};
    if (!locked_) return Code::not_found;
    if (noted_) note = note_;
    return noted_;
}

}  // namespace freshet
