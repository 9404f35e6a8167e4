// SPDX-License-Identifier: MIT
// A disk on which what is mapped of a private run lies by itself, and is gone once it is given
// back: whoever looks at it later finds nothing of use, or is seen by a sanitizer. On the disk
// below the bytes would still be there.
#pragma once

#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <set>

#include "tests/passing_disk.hpp"

namespace freshet::test {

class RunCopies final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;

    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        const Result<File> file = inner.open(name, mode);
        const std::lock_guard lock{mutex_};
        if (file) runs_.erase(file->number);
        if (file && name.starts_with("private")) runs_.insert(file->number);
        return file;
    }
    Result<const std::byte*> map(File file, std::size_t size) noexcept override {
        const Result<const std::byte*> mapped = inner.map(file, size);
        const std::lock_guard lock{mutex_};
        if (!mapped || !runs_.contains(file.number)) return mapped;
        auto* const copy = static_cast<std::byte*>(::operator new(size, page));
        std::memcpy(copy, *mapped, size);
        copies_[copy] = *mapped;
        return static_cast<const std::byte*>(copy);
    }
    void unmap(const std::byte* address, std::size_t size) noexcept override {
        const std::lock_guard lock{mutex_};
        const auto copy = copies_.find(address);
        if (copy == copies_.end()) return inner.unmap(address, size);
        inner.unmap(copy->second, size);
        auto* const bytes = const_cast<std::byte*>(address);
        std::memset(bytes, 0xff, size);
        ::operator delete(bytes, page);
        copies_.erase(copy);
    }

private:
    static constexpr std::align_val_t page{4096};

    std::mutex mutex_;
    std::set<std::uint32_t> runs_;                         // Files.
    std::map<const std::byte*, const std::byte*> copies_;  // And what each is of.
};

}  // namespace freshet::test
