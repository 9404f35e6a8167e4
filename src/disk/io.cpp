// SPDX-License-Identifier: MIT
// A disk that moves nothing, or says `interrupted` again and again, is reported as `io`: no loop
// here is endless, whatever the disk answers.
#include "disk/io.hpp"

#include "base/check.hpp"

namespace freshet {
namespace {

constexpr std::uint32_t interruption_count_max = 1000;  // In a row, without a byte moved.

// Calls step(done) until `size` bytes are moved or it moves none, and says how many were.
template <class Step>
Result<std::size_t> transfer(std::size_t size, Step step) noexcept {
    std::size_t done = 0;
    std::uint32_t interruption_count = 0;
    while (done < size) {
        const Result<std::size_t> moved = step(done);
        if (moved) {
            FRESHET_CHECK(*moved <= size - done);
            if (*moved == 0) break;
            done += *moved;
            interruption_count = 0;
            continue;
        }
        if (moved.error().code != Code::interrupted) return moved.error();
        interruption_count++;
        if (interruption_count == interruption_count_max) {
            return Error{Code::io, moved.error().system_error};
        }
    }
    return done;
}

Status all_of(Result<std::size_t> moved, std::size_t size) noexcept {
    if (!moved) return moved.error();
    if (*moved != size) return Code::io;
    return Done{};
}

Bytes after(Bytes bytes, std::size_t count) noexcept {
    if (count >= bytes.size()) return {};
    return {bytes.data() + count, bytes.size() - count};
}

}  // namespace

Result<std::size_t> read_all(Disk& disk, File file, std::uint64_t offset,
                             MutableBytes into) noexcept {
    return transfer(into.size(), [&](std::size_t done) noexcept {
        return disk.read(file, offset + done, {into.data() + done, into.size() - done});
    });
}

Status write_all(Disk& disk, File file, std::uint64_t offset, Bytes first, Bytes second) noexcept {
    const std::size_t size = first.size() + second.size();
    const auto step = [&](std::size_t done) noexcept {
        const std::size_t done_second = done > first.size() ? done - first.size() : 0;
        return disk.write(file, offset + done, after(first, done), after(second, done_second));
    };
    return all_of(transfer(size, step), size);
}

Status zero_all(Disk& disk, File file, std::uint64_t offset, std::size_t size) noexcept {
    const auto step = [&](std::size_t done) noexcept {
        return disk.write_zeros(file, offset + done, size - done);
    };
    return all_of(transfer(size, step), size);
}

}  // namespace freshet
