// SPDX-License-Identifier: MIT
// Rows of a table as a scan reads them: their images, many at once, in the order of their keys.
//
// Workload: all rows, or a thousand of a range, of which a few columns are asked for.
//
// Rows that lie side by side in a page are looked at together, without a step of the walk for each;
// what is not in the page is fetched from the log for all of them side by side, since each alone
// would wait for memory.
#pragma once

#include "relation/image_batch.hpp"

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

    // out_of_memory.
    Status open(Arena& memory) noexcept { return batch_.open(memory); }
    // The images of up to `limit` rows, of one at least, in image_count_max runs at most; none:
    // there are no more. They lie in the log or in a run, as long as the snapshot is open. corrupt,
    // io.
    Result<std::span<const ImageRun>> next(std::size_t limit) noexcept;

private:
    const RowsAsOf& rows_;
    RowName end_;
    store::RowWalk walk_;
    store::RowStretch stretch_;
    ImageBatch batch_;
};

}  // namespace freshet::relation
