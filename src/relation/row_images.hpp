// SPDX-License-Identifier: MIT
// Rows of a table as a scan reads them: their images, many at once, in the order of their keys.
//
// Workload: all rows, or a thousand of a range, of which a few columns are asked for.
//
// Rows that lie side by side in a page are looked at together, without a step of the walk for each;
// what is not in the page is fetched from the log for all of them side by side, since each alone
// would wait for memory.
#pragma once

#include "relation/row.hpp"
#include "relation/row_stream.hpp"

namespace freshet::relation {

class RowImages {
public:
    // Whether what is asked for can be read so: the rows there are, or those that a snapshot of the
    // past has, if none is deleted of them; not in a transaction, where they may change.
    static bool can_read(const RowsAsOf& rows, std::uint32_t table, KeyRange range) noexcept;

    // The bytes of the range stay lent.
    RowImages(const RowsAsOf& rows, std::uint32_t table, KeyRange range) noexcept;
    RowImages(const RowImages&) = delete;
    RowImages& operator=(const RowImages&) = delete;

    // The images of up to `limit` rows, of one at least, in image_count_max runs at most; none:
    // there are no more. They lie in the log or in a run, as long as the snapshot is open. corrupt,
    // io.
    Result<std::span<const ImageRun>> next(std::size_t limit) noexcept;

private:
    // A row whose image is to be read from the log.
    struct Wanted {
        std::uint64_t index;
        std::uint32_t number;    // In the stretch.
        std::uint32_t position;  // Among the runs of images.
    };

    Status add_all(std::uint32_t count) noexcept;
    std::uint32_t take_records(std::uint32_t number, std::uint32_t end) noexcept;
    void put(const ImageRun& run) noexcept {
        images_[count_++] = run;
        row_count_ += run.count;
    }
    Status add(std::uint32_t number) noexcept;
    Status read_wanted() noexcept;
    void leave_out_deleted() noexcept;

    const RowsAsOf& rows_;
    RowName end_;
    store::RowWalk walk_;
    store::RowStretch stretch_;
    log::EventReader reader_;
    std::size_t count_ = 0;      // Of runs of images, ...
    std::size_t row_count_ = 0;  // ... and of rows in them.
    std::size_t wanted_count_ = 0;
    std::array<ImageRun, image_count_max> images_;
    std::array<Wanted, image_count_max> wanted_;
    std::array<std::uint64_t, image_count_max> addresses_;  // Of those that are wanted.
};

}  // namespace freshet::relation
