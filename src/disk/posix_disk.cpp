// SPDX-License-Identifier: MIT
// A Disk whose directory is a directory, reached by its descriptor only: it may be renamed while it
// is open.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstring>

#include "base/check.hpp"
#include "disk/name.hpp"
#include "disk/posix_call.hpp"
#include "freshet/posix.hpp"

namespace freshet {
namespace {

using disk::again;
using disk::last_error;
using disk::NameText;
using disk::open_at;

constexpr std::size_t path_size_max = 4000;
constexpr std::size_t transfer_size_max = std::size_t{1}
                                          << 30;  // Linux moves 2 GiB - 4 KiB at most.
constexpr int reserved = -1;                      // A slot that is being filled.

// Direct writes go by whole pages. All zero, never written, and therefore no memory.
constexpr std::size_t page_size = 4096;
constexpr std::size_t zero_block_size = 64 << 10;
constexpr std::size_t zero_block_count_max = 64;
alignas(page_size) constinit std::array<std::byte, zero_block_size> zero_block{};

std::size_t at_most(std::size_t size, std::size_t limit) noexcept {
    return size < limit ? size : limit;
}

Result<std::size_t> moved(ssize_t count) noexcept {
    if (count < 0) return last_error();
    return static_cast<std::size_t>(count);
}

Status done(int result) noexcept {
    if (result < 0) return last_error();
    return Done{};
}

// A sync that a signal broke off has failed like any other: what it covered is in doubt.
Status synced(int result) noexcept {
    if (result < 0 && errno == EINTR) return Error{Code::io, EINTR};
    return done(result);
}

int flags_of(OpenMode mode) noexcept {
    const int common = O_NOFOLLOW | O_NONBLOCK;  // A pipe of that name must not hold us up.
    switch (mode) {
        case OpenMode::read: return common | O_RDONLY;
        case OpenMode::write: return common | O_RDWR;
        case OpenMode::create: return common | O_RDWR | O_CREAT | O_TRUNC;
    }
    return common;
}

Status check_is_file(int descriptor) noexcept {
    struct stat about {};
    if (fstat(descriptor, &about) < 0) return last_error();
    if (!S_ISREG(about.st_mode)) return Error{Code::io, S_ISDIR(about.st_mode) ? EISDIR : EINVAL};
    return Done{};
}

Result<int> open_file(int directory, const char* name, OpenMode mode) noexcept {
    const int descriptor = open_at(directory, name, flags_of(mode), 0600);
    if (descriptor < 0) return last_error();
    if (const Status status = check_is_file(descriptor); !status) {
        ::close(descriptor);
        return status.error();
    }
    return descriptor;
}

Status sync_parent(int directory) noexcept {
    const int parent = open_at(directory, "..", O_RDONLY | O_DIRECTORY);
    if (parent < 0) return last_error();
    const Status status = synced(fsync(parent));
    ::close(parent);
    return status;
}

// The same file, opened once more to write past the page cache; -1 where that is not possible.
int open_direct(int descriptor) noexcept {
    constexpr std::string_view folder = "/proc/self/fd/";
    std::array<char, 32> path{};
    std::memcpy(path.data(), folder.data(), folder.size());
    std::size_t digit_count = 1;
    for (int rest = descriptor; rest >= 10; rest /= 10) digit_count++;
    int rest = descriptor;
    for (std::size_t i = digit_count; i > 0; i--, rest /= 10) {
        path[folder.size() + i - 1] = static_cast<char>('0' + rest % 10);
    }
    return open_at(AT_FDCWD, path.data(), O_WRONLY | O_DIRECT);
}

ssize_t write_zero_blocks(int descriptor, std::uint64_t offset, std::size_t size) noexcept {
    std::array<iovec, zero_block_count_max> parts{};
    int count = 0;
    for (std::size_t rest = at_most(size, zero_block_size * zero_block_count_max); rest > 0;
         count++) {
        const std::size_t part = at_most(rest, zero_block_size);
        parts[static_cast<std::size_t>(count)] = {zero_block.data(), part};
        rest -= part;
    }
    return pwritev(descriptor, parts.data(), count, static_cast<off_t>(offset));
}

// How many of the zeros can go past the page cache: whole pages that begin here.
std::size_t direct_size(std::uint64_t offset, std::size_t size) noexcept {
    return offset % page_size == 0 ? size - size % page_size : 0;
}

// What the page cache must take: as far as the next page that can be written directly.
std::size_t buffered_size(std::uint64_t offset, std::size_t size) noexcept {
    return offset % page_size == 0 ? size : at_most(size, page_size - offset % page_size);
}

}  // namespace

Status PosixDisk::open_directory(const char* path, bool create) noexcept {
    close_directory();
    if (strnlen(path, path_size_max + 1) > path_size_max) return Code::too_large;
    int descriptor = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (create && descriptor < 0 && errno == ENOENT) {
        const auto make = [&]() noexcept { return mkdir(path, 0700); };
        if (again(make) < 0 && errno != EEXIST) return last_error();
        descriptor = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    }
    if (descriptor < 0 && errno == ENOTDIR) return Error{Code::not_a_store, ENOTDIR};
    if (descriptor < 0) return last_error();
    // Also where the directory was there: who made it may have been stopped before a sync.
    has_new_name_ = create;
    directory_ = descriptor;
    process_ = getpid();
    return Done{};
}

void PosixDisk::close_directory() noexcept {
    for (std::uint32_t i = 0; i < file_count_max; i++) close(File{i});
    unlock();
    if (directory_ >= 0) ::close(directory_);
    directory_ = -1;
}

Status PosixDisk::check_writable() const noexcept {
    FRESHET_CHECK(directory_ >= 0);
    if (process_ != getpid()) return Code::forked;
    return Done{};
}

int PosixDisk::descriptor(File file) const noexcept {
    FRESHET_CHECK(file.number < file_count_max);
    const int stored = files_[file.number].load(std::memory_order_acquire);
    FRESHET_CHECK(stored > 0);
    return stored - 1;
}

Result<File> PosixDisk::open(std::string_view name, OpenMode mode) noexcept {
    if (!disk::is_valid_name(name)) return Code::invalid_argument;
    if (const Status status = check_writable(); !status) return status.error();
    for (std::uint32_t i = 0; i < file_count_max; i++) {
        int expected = 0;
        if (!files_[i].compare_exchange_strong(expected, reserved)) continue;
        const Result<int> descriptor = open_file(directory_, NameText{name}.get(), mode);
        files_[i].store(descriptor ? *descriptor + 1 : 0, std::memory_order_release);
        if (!descriptor) return descriptor.error();
        return File{i};
    }
    return Error{Code::io, EMFILE};
}

void PosixDisk::close(File file) noexcept {
    FRESHET_CHECK(file.number < file_count_max);
    const int stored = files_[file.number].exchange(0, std::memory_order_acq_rel);
    if (stored > 0) ::close(stored - 1);  // Once: after EINTR the descriptor is gone all the same.
}

Result<std::uint64_t> PosixDisk::size(File file) noexcept {
    struct stat about {};
    if (fstat(descriptor(file), &about) < 0) return last_error();
    return static_cast<std::uint64_t>(about.st_size);
}

Result<std::size_t> PosixDisk::read(File file, std::uint64_t offset, MutableBytes into) noexcept {
    const std::size_t size = at_most(into.size(), transfer_size_max);
    return moved(pread(descriptor(file), into.data(), size, static_cast<off_t>(offset)));
}

Result<std::size_t> PosixDisk::write(File file, std::uint64_t offset, Bytes first,
                                     Bytes second) noexcept {
    if (const Status status = check_writable(); !status) return status.error();
    const std::size_t first_size = at_most(first.size(), transfer_size_max);
    const std::size_t second_size = at_most(second.size(), transfer_size_max - first_size);
    const auto position = static_cast<off_t>(offset);
    if (second_size == 0)
        return moved(pwrite(descriptor(file), first.data(), first_size, position));
    if (first_size == 0)
        return moved(pwrite(descriptor(file), second.data(), second_size, position));
    const std::array<iovec, 2> parts{{{const_cast<std::byte*>(first.data()), first_size},
                                      {const_cast<std::byte*>(second.data()), second_size}}};
    return moved(pwritev(descriptor(file), parts.data(), 2, position));
}

Result<std::size_t> PosixDisk::write_zeros(File file, std::uint64_t offset,
                                           std::size_t size) noexcept {
    if (const Status status = check_writable(); !status) return status.error();
    const std::size_t direct = direct_size(offset, size);
    if (const int second = direct > 0 ? open_direct(descriptor(file)) : -1; second >= 0) {
        const ssize_t count = write_zero_blocks(second, offset, direct);
        const Result<std::size_t> result = moved(count);
        ::close(second);
        if (result || result.error().system_error != EINVAL) return result;
    }
    return moved(write_zero_blocks(descriptor(file), offset, buffered_size(offset, size)));
}

Status PosixDisk::truncate(File file, std::uint64_t size) noexcept {
    if (const Status status = check_writable(); !status) return status;
    const int open_file = descriptor(file);
    return done(again([&]() noexcept { return ftruncate(open_file, static_cast<off_t>(size)); }));
}

Status PosixDisk::sync(File file) noexcept {
    if (const Status status = check_writable(); !status) return status;
    return synced(fdatasync(descriptor(file)));
}

Status PosixDisk::sync_directory() noexcept {
    if (const Status status = check_writable(); !status) return status;
    if (has_new_name_) {
        if (const Status status = sync_parent(directory_); !status) return status;
        has_new_name_ = false;
    }
    return synced(fsync(directory_));
}

Status PosixDisk::rename(std::string_view from, std::string_view to) noexcept {
    if (!disk::is_valid_name(from)) return Code::invalid_argument;
    if (!disk::is_valid_name(to)) return Code::invalid_argument;
    if (const Status status = check_writable(); !status) return status;
    const NameText old_name{from};
    const NameText new_name{to};
    return done(again([&]() noexcept {
        return renameat(directory_, old_name.get(), directory_, new_name.get());
    }));
}

Status PosixDisk::remove(std::string_view name) noexcept {
    if (!disk::is_valid_name(name)) return Code::invalid_argument;
    if (const Status status = check_writable(); !status) return status;
    const NameText text{name};
    return done(again([&]() noexcept { return unlinkat(directory_, text.get(), 0); }));
}

Result<const std::byte*> PosixDisk::map(File file, std::size_t size) noexcept {
    if (size == 0) return Code::invalid_argument;
    void* const address = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor(file), 0);
    if (address == MAP_FAILED) return last_error();
    static_cast<void>(madvise(address, size, MADV_RANDOM));
    return static_cast<const std::byte*>(address);
}

void PosixDisk::unmap(const std::byte* address, std::size_t size) noexcept {
    munmap(const_cast<std::byte*>(address), size);
}

}  // namespace freshet
