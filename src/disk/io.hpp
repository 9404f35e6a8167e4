// SPDX-License-Identifier: MIT
// Whole transfers over a Disk, whose calls may move less than was asked or be broken off by a
// signal.
#pragma once

#include "freshet/door.hpp"

namespace freshet {

// Reads until `into` is full or the file ends, and says how many bytes that were.
Result<std::size_t> read_all(Disk& disk, File file, std::uint64_t offset,
                             MutableBytes into) noexcept;

// Writes `first` and then `second`. After an error any part of them may have been written.
Status write_all(Disk& disk, File file, std::uint64_t offset, Bytes first,
                 Bytes second = {}) noexcept;

// Writes `size` zeros. Offset and size are multiples of 512.
Status zero_all(Disk& disk, File file, std::uint64_t offset, std::size_t size) noexcept;

}  // namespace freshet
