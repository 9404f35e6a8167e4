// SPDX-License-Identifier: MIT
// Puts rows themselves into runs: what stands in the tree for a row is where its events lie, and a
// run has the payload of the newest one beside it, so that whoever scans rows does not go to the
// log for each. What is a record comes into the columns of its page; what is not, as definitions
// are not, stands in the value in one piece.
//
// A row that is large stays in the log, which is as near as a page of its own would be. So does
// what cannot be read: who asks for it is told why.
#pragma once

#include "log/reader.hpp"
#include "store/directory.hpp"
#include "tree/columns.hpp"
#include "tree/run_format.hpp"

namespace freshet::store {

inline constexpr std::size_t row_image_size_max = 512;

class RowImager {
public:
    // Of what lies before `end` in the log.
    RowImager(log::Log& log, std::uint64_t end) noexcept : log_{log}, end_{end} {}
    static constexpr std::size_t fetch_count_max = 16;

    // Fetches what add() reads of these entries, which come next: rows are neighbours by their
    // keys, and their events lie anywhere. At most fetch_count_max.
    void fetch(std::span<const tree::Entry> entries) noexcept;
    // The entry as a run is to have it, and its record if it has one; what is new of them lies in
    // the log, or in here until the next call. `had`: the record it has in an older run.
    struct Imaged {
        tree::Entry entry;
        Bytes record{};
    };
    Imaged add(const tree::Entry& entry, const tree::Record& had) noexcept;
    // The record of an older run in one piece, in here until the next call.
    Bytes copy(const tree::Record& had) noexcept { return copy_record(had, value_); }

private:
    static constexpr std::uint64_t none = ~std::uint64_t{0};

    std::uint64_t newest(const tree::Entry& entry, Stream& stream) const noexcept;

    log::Log& log_;
    std::uint64_t end_;
    log::EventReader reader_;
    bool is_open_ = false;
    std::array<std::byte, tree::run_value_size_max> value_;
};

}  // namespace freshet::store
