// SPDX-License-Identifier: MIT
// The door on a POSIX system: a directory of files, the system's clock, and POSIX threads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "freshet/door.hpp"

namespace freshet {

// One directory. Files are made with mode 0600, the directory with 0700. A file of the store that
// is a symbolic link is refused (the directory itself may be reached through one).
class PosixDisk final : public Disk {
public:
    static constexpr std::uint32_t file_count_max = 16;

    PosixDisk() noexcept = default;
    PosixDisk(const PosixDisk&) = delete;
    PosixDisk& operator=(const PosixDisk&) = delete;
    ~PosixDisk() { close_directory(); }

    // `path` ends with a zero byte and may be at most 4,000 bytes long. With `create` the directory
    // is made if it is missing (not its parents). not_found; not_a_store: it is a file;
    // permission; too_large; io.
    Status open_directory(const char* path, bool create) noexcept;
    void close_directory() noexcept;  // Closes its files and gives back the lock too.

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
    // After open_directory() with `create`, the first one makes the directory's own name durable.
    Status sync_directory() noexcept override;
    Status rename(std::string_view from, std::string_view to) noexcept override;
    Status remove(std::string_view name) noexcept override;
    Result<const std::byte*> map(File file, std::size_t size) noexcept override;
    void unmap(const std::byte* address, std::size_t size) noexcept override;
    Status lock(Holder& holder) noexcept override;
    void unlock() noexcept override;
    Status note(const Note& note) noexcept override;
    Result<bool> look(Note& note, Holder& holder) noexcept override;

private:
    [[nodiscard]] Status check_writable() const noexcept;
    [[nodiscard]] int descriptor(File file) const noexcept;

    int directory_ = -1;
    int lock_ = -1;
    std::atomic<bool> has_new_name_{false};
    std::int64_t process_ = 0;
    std::array<std::atomic<int>, file_count_max> files_{};  // Descriptor + 1; 0: free.
};

class PosixClock final : public Clock {
public:
    std::uint64_t now_us() noexcept override;
    void random(MutableBytes into) noexcept override;
};

// Each Turn is a POSIX mutex and condition, kept in `memory_` so that this header needs none of
// POSIX.
class PosixGate final : public Gate {
public:
    PosixGate() noexcept;
    PosixGate(const PosixGate&) = delete;
    PosixGate& operator=(const PosixGate&) = delete;
    ~PosixGate();

    void lock(Turn turn) noexcept override;
    void unlock(Turn turn) noexcept override;
    void wait(Turn turn, std::uint64_t timeout_us) noexcept override;
    void wake(Turn turn) noexcept override;
    bool pause(Turn turn) noexcept override;

private:
    alignas(64) std::array<std::byte, 256> memory_{};
};

// A door of the three above, for one store.
class PosixDoor {
public:
    Status open(const char* path, bool create) noexcept {
        return disk.open_directory(path, create);
    }
    Door door() noexcept { return Door{&disk, &clock, &gate}; }

    PosixDisk disk;
    PosixClock clock;
    PosixGate gate;
};

}  // namespace freshet
