// SPDX-License-Identifier: MIT
// A disk without maps over another one: what is to be mapped is read into lent memory instead. So
// an error of the medium is an error of the store, where under a map it would end the process; and
// a disk that cannot map serves. It is for stores that fit in memory, logs and runs together.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "freshet/door.hpp"

namespace freshet {

// It serves one store at a time, whose calls come from several threads at once. The disk below is
// called for everything but map() and unmap(), and has to outlive this one, as has the memory.
//
// A copy takes as much as is to be mapped, and a page of 4 KiB: Options::segment_size for each
// segment that is read, whatever is in it, and a run its size. While runs merge there are the old
// ones and the new one. One segment more makes up for two threads that come to one at once. Memory
// that is lent and never touched costs nothing where the system gives pages as they are touched.
//
// The first reading of a segment costs reading all of it. Where another process writes, each run of
// it that is taken costs reading all segments that are there once more.
//
// Errors: those of the disk below; of map(), `full` with ENOMEM as the system's error: the memory
// is too little.
class UnmappedDisk final : public Disk {
public:
    static constexpr std::uint32_t file_count_max = 64;  // Open at once; one more is `full`.
    static constexpr std::size_t page_size = 4096;

    UnmappedDisk(Disk& disk, MutableBytes memory) noexcept;
    UnmappedDisk(const UnmappedDisk&) = delete;
    UnmappedDisk& operator=(const UnmappedDisk&) = delete;

    // Bytes of the memory that copies have now; and the most they have had at once.
    [[nodiscard]] std::size_t used() const noexcept { return used_.load(); }
    [[nodiscard]] std::size_t used_max() const noexcept { return used_max_.load(); }

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
    class Name {
    public:
        void set(std::string_view name) noexcept;
        [[nodiscard]] std::string_view get() const noexcept { return {text_.data(), size_}; }

    private:
        std::array<char, 24> text_{};
        std::size_t size_ = 0;  // 0: of nothing.
    };
    struct OpenFile {
        bool is_used = false;
        File file;
        Name name;
    };
    // At the start of its room; the bytes of the file follow a page behind.
    struct Copy {
        Copy* next = nullptr;  // At a higher address.
        std::uint64_t number = 0;
        std::uint64_t end = 0;  // What lies behind is not what the file has.
        std::size_t size = 0;
        bool is_loaded = false;  // Somebody may read it.
        Name name{};
    };
    class Locked;  // Holds busy_ while it lives.

    // For who holds it.
    [[nodiscard]] OpenFile* find(File file) noexcept;
    [[nodiscard]] Copy* find(std::uint64_t number) const noexcept;
    [[nodiscard]] static std::byte* bytes_of(Copy& copy) noexcept;
    [[nodiscard]] static std::size_t room_of(std::size_t size) noexcept;
    [[nodiscard]] Copy* make_copy(std::size_t size) noexcept;
    static void put(Copy& copy, std::uint64_t offset, Bytes bytes) noexcept;
    static void put_zeros(Copy& copy, std::uint64_t offset, std::uint64_t end) noexcept;
    template <class Change>
    void change(File file, Change change) noexcept;
    // These take it themselves.
    [[nodiscard]] std::uint64_t change_count() noexcept;
    void rename_copies(std::string_view from, std::string_view to) noexcept;
    Status load(File file, std::uint64_t number) noexcept;
    Status load_logs() noexcept;

    Disk& disk_;
    MutableBytes memory_;
    std::atomic_flag busy_;  // What follows is read and changed by its holder.
    Copy* first_ = nullptr;
    std::uint64_t next_number_ = 1;
    std::uint64_t change_count_ = 0;  // How often something was put into a copy.
    std::array<OpenFile, file_count_max> files_{};
    std::atomic<bool> is_writer_{false};
    std::atomic<std::size_t> used_{0};
    std::atomic<std::size_t> used_max_{0};
};

}  // namespace freshet
