// SPDX-License-Identifier: MIT
// A disk that passes every call on to another one; what stands before a disk changes some of them.
#pragma once

#include "freshet/door.hpp"

namespace freshet::test {

class PassingDisk : public Disk {
public:
    explicit PassingDisk(Disk& disk) : inner{disk} {}

    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        return inner.open(name, mode);
    }
    void close(File file) noexcept override { inner.close(file); }
    Result<std::uint64_t> size(File file) noexcept override { return inner.size(file); }
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override {
        return inner.read(file, offset, into);
    }
    Result<std::size_t> write(File file, std::uint64_t offset, Bytes first,
                              Bytes second) noexcept override {
        return inner.write(file, offset, first, second);
    }
    Result<std::size_t> write_zeros(File file, std::uint64_t offset,
                                    std::size_t size) noexcept override {
        return inner.write_zeros(file, offset, size);
    }
    Status truncate(File file, std::uint64_t size) noexcept override {
        return inner.truncate(file, size);
    }
    Status sync(File file) noexcept override { return inner.sync(file); }
    Status sync_directory() noexcept override { return inner.sync_directory(); }
    Status rename(std::string_view from, std::string_view to) noexcept override {
        return inner.rename(from, to);
    }
    Status remove(std::string_view name) noexcept override { return inner.remove(name); }
    Result<const std::byte*> map(File file, std::size_t size) noexcept override {
        return inner.map(file, size);
    }
    void unmap(const std::byte* address, std::size_t size) noexcept override {
        inner.unmap(address, size);
    }
    Status lock(Holder& holder) noexcept override { return inner.lock(holder); }
    void unlock() noexcept override { inner.unlock(); }
    Status note(const Note& note) noexcept override { return inner.note(note); }
    Result<bool> look(Note& note, Holder& holder) noexcept override {
        return inner.look(note, holder);
    }

protected:
    ~PassingDisk() = default;

    Disk& inner;
};

}  // namespace freshet::test
