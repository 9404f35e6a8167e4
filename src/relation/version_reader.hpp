// SPDX-License-Identifier: MIT
// All versions that the rows of a table ever had, with the time for which each held: for FROM ..
// TO, BETWEEN and ALL of FOR SYSTEM_TIME, and for an index that is made of the whole past.
#pragma once

#include "relation/row_stream.hpp"

namespace freshet::relation {

struct RowVersion {
    Recorded row{};                // With the commit and the time from which on it held.
    std::uint64_t end_commit = 0;  // From which on it did not; 0: it still holds.
    std::uint64_t end_time_us = 0;
    std::uint64_t from = 0;   // Where in the log the event is that began it,
    std::uint64_t until = 0;  // and the one that ended it; 0: none.
};

class VersionReader {
public:
    // What there was as of the moment, of one table; the bytes of the range stay lent. In a
    // transaction no row of it is to be changed meanwhile.
    VersionReader(const RowsAsOf& rows, std::uint32_t table, KeyRange range = {}) noexcept;
    VersionReader(const VersionReader&) = delete;
    VersionReader& operator=(const VersionReader&) = delete;
    // In the order of keys, and of one key the oldest first. False: no more. The views are good
    // until the next call. corrupt, io.
    Result<bool> next(RowVersion& version) noexcept;

private:
    Result<bool> enter_row() noexcept;
    Status find_again() noexcept;
    Status read() noexcept;

    const RowsAsOf& rows_;
    RowMerge merge_;
    store::Stream stream_;
    std::uint64_t count_ = 0;  // Of the row's events as of the moment, ...
    std::uint64_t next_ = 0;   // ... and which of them is read next.
    std::uint64_t block_ = ~std::uint64_t{0};
    store::Addresses addresses_;
    bool has_event_ = false;  // What was read ahead:
    Recorded event_{};
    std::uint64_t address_ = 0;
};

}  // namespace freshet::relation
