// SPDX-License-Identifier: MIT
// Files in lent memory, behind the same door as files on a disk: for stores that need not outlive
// the program.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "freshet/door.hpp"

namespace freshet {

// Each file gets a room of `file_size_max` bytes of the lent memory, so memory / file_size_max
// files fit; use the segment size of the store. A file that outgrows its room, or one file too
// many, is `full`. Nothing is freed but a removed file's room; a file that is open when its name is
// removed or taken over is closed by that. Not for several threads unless each call is made under a
// lock, but read() and map() of bytes that were written before.
class MemoryDisk final : public Disk {
public:
    static constexpr std::uint32_t file_count_max = 64;

    MemoryDisk(MutableBytes memory, std::size_t file_size_max) noexcept;
    MemoryDisk(const MemoryDisk&) = delete;
    MemoryDisk& operator=(const MemoryDisk&) = delete;

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

private:
    struct Entry {
        std::array<char, 24> name{};
        std::uint32_t name_size = 0;  // 0: no such file.
        std::uint64_t size = 0;
    };
    [[nodiscard]] MutableBytes room(File file) const noexcept;
    [[nodiscard]] Entry* find(std::string_view name) noexcept;
    [[nodiscard]] Entry* find_free() noexcept;
    static void set_name(Entry& entry, std::string_view name) noexcept;
    void clear_gap(File file, std::uint64_t end) noexcept;
    void grow_to(File file, std::uint64_t end) noexcept;

    MutableBytes memory_;
    std::size_t file_size_max_;
    std::array<Entry, file_count_max> entries_{};
    bool locked_ = false;
    bool noted_ = false;
    Note note_{};
};

}  // namespace freshet
