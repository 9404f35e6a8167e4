// SPDX-License-Identifier: MIT
// A disk before another one: its calls fail, or move little, or let something else happen first.
#pragma once

#include "tests/files.hpp"
#include "tests/passing_disk.hpp"

namespace freshet::test {

class FaultyDisk final : public PassingDisk {
public:
    using PassingDisk::PassingDisk;

    Result<File> open(std::string_view name, OpenMode mode) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.open(name, mode);
    }
    Result<std::uint64_t> size(File file) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.size(file);
    }
    Result<std::size_t> read(File file, std::uint64_t offset, MutableBytes into) noexcept override {
        if (before_read) before_read();
        const Error error = fault(into.size());
        if (error.code != Code::none) return error;
        return inner.read(file, offset, into.first(share(into.size())));
    }
    Result<std::size_t> write(File file, std::uint64_t offset, Bytes first,
                              Bytes second) noexcept override {
        const Error error = fault(first.size() + second.size());
        if (error.code != Code::none) return error;
        const std::size_t size = share(first.size() + second.size());
        const std::size_t of_first = std::min(size, first.size());
        return inner.write(file, offset, first.first(of_first), second.first(size - of_first));
    }
    Result<std::size_t> write_zeros(File file, std::uint64_t offset,
                                    std::size_t size) noexcept override {
        const Error error = fault(size);
        if (error.code != Code::none) return error;
        return inner.write_zeros(file, offset, share(size));
    }
    Status truncate(File file, std::uint64_t size) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.truncate(file, size);
    }
    Status sync(File file) noexcept override {
        if (before_sync) before_sync();
        const Error error = fault();
        if (syncs_fail) return Error{Code::io, 5};
        return error.code != Code::none ? error : inner.sync(file);
    }
    Status sync_directory() noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.sync_directory();
    }
    Status rename(std::string_view from, std::string_view to) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.rename(from, to);
    }
    Status remove(std::string_view name) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.remove(name);
    }
    Result<const std::byte*> map(File file, std::size_t size) noexcept override {
        const Error error = fault();
        if (maps_fail) return Error{Code::io, 5};
        return error.code != Code::none ? error : inner.map(file, size);
    }
    Status lock(Holder& holder) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.lock(holder);
    }
    Status note(const Note& note) noexcept override {
        const Error error = fault();
        return error.code != Code::none ? error : inner.note(note);
    }
    Result<bool> look(Note& note, Holder& holder) noexcept override {
        const Error error = fault();
        if (error.code != Code::none) return error;
        const Result<bool> looked = inner.look(note, holder);
        if (after_look) after_look(note);
        return looked;
    }

    std::uint64_t call_count = 0;
    std::uint64_t fail_at = ~std::uint64_t{0};
    bool for_ever = false;
    bool half_first = false;  // The call before the one that fails moves only half.
    bool always_short = false;
    Error wanted;
    std::function<void()> before_read;
    std::function<void()> before_sync;
    std::function<void(Note&)> after_look;
    bool syncs_fail = false;
    bool maps_fail = false;

private:
    Error fault(std::size_t size = 0) noexcept {
        call_count++;
        if (call_count < fail_at) return {};
        if (call_count > fail_at && !for_ever) return {};
        // Only transfers are interrupted.
        if (wanted == Code::interrupted && size == 0) return {};
        return wanted;
    }
    [[nodiscard]] std::size_t share(std::size_t size) const noexcept {
        if (always_short || (half_first && call_count + 1 == fail_at)) return (size + 1) / 2;
        return size;
    }
};

}  // namespace freshet::test
