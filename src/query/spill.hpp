// SPDX-License-Identifier: MIT
// The temporary file of a statement whose memory does not hold what it keeps.
//
// A statement first runs in memory alone. If that is not enough it is run again, and what would
// keep rows (sort, distinct, aggregate, except, intersect, and the right side of a join) sorts them
// in an equal share of the memory and in this file. So nothing is slower for those that fit.
//
// The file lies beside the store's, is never synced, and is removed when the run ends. What a crash
// leaves is removed by the next Database::open(): there are only so many names. It is written from
// its beginning to its end, block by block; none is written twice.
//
//      offset  size  field of a block
//           0     4  size of the rows
//           4     4  CRC-32C of all other bytes of the block
//           8     8  where in the file it begins
//          16     n  rows (sorter.cpp)
#pragma once

#include <array>
#include <atomic>

#include "freshet/door.hpp"

namespace freshet::query {

// Statements of one database that have a file at a time.
inline constexpr std::uint32_t spill_count_max = 4;
// "1.tmp" and so on.
using SpillName = std::array<char, 5>;
SpillName spill_name(std::uint32_t number) noexcept;
// Of a writer that did not end.
void remove_spills(Disk& disk) noexcept;

class Spill {
public:
    static constexpr std::size_t header_size = 16;

    // `in_use` has a bit for each file, and is shared by all statements of a database. At most
    // `size_max` bytes are written.
    Spill(Disk* disk, std::atomic<std::uint32_t>* in_use, std::uint64_t size_max) noexcept
        : disk_{disk}, in_use_{in_use}, size_max_{size_max} {}
    Spill(const Spill&) = delete;
    Spill& operator=(const Spill&) = delete;
    ~Spill() { close(); }

    // Whether there can be a file.
    [[nodiscard]] bool is_allowed() const noexcept { return disk_ != nullptr && size_max_ > 0; }
    void close() noexcept;

    // Rows behind those that were written last. out_of_memory: more than there may be, or all files
    // are in use; and what the disk says.
    Status write(Bytes rows) noexcept;
    // Where the next ones go.
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    // The rows of the block there; they lie in `into`, which has room for all of it. io: it is not
    // what was written.
    Result<Bytes> read(std::uint64_t offset, MutableBytes into) noexcept;
    // Whether something of that went wrong.
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }

    std::size_t share = 0;  // Of the memory, for each operator.

private:
    Status open() noexcept;
    void let_go() noexcept;
    Error failed(Error error) noexcept;

    Disk* disk_;
    std::atomic<std::uint32_t>* in_use_;
    std::uint64_t size_max_;
    File file_;
    std::uint32_t number_ = 0;
    std::uint64_t end_ = 0;
    bool has_failed_ = false;
};

}  // namespace freshet::query
