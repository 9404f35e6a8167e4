// SPDX-License-Identifier: MIT
// Rows of a table as an index leads to them: their images, many at once, in the order of the
// entries.
//
// Workload: from one row to a thousand that lie anywhere in the table, of which a few columns are
// asked for. Each row alone waits for memory at each level of the tree and in its page; so they are
// looked for together.
#pragma once

#include "relation/image_batch.hpp"
#include "relation/table_reader.hpp"
#include "store/row_search.hpp"

namespace freshet::relation {

class EntryImages {
public:
    // Not in a transaction, where rows may change.
    EntryImages(const RowsAsOf& rows, std::uint32_t table) noexcept
        : rows_{rows}, table_{table}, batch_{rows} {}

    // out_of_memory.
    Status open(Arena& memory) noexcept {
        const Status opened = search_.open(memory, RowName{table_, {}}.view());
        return opened ? batch_.open(memory) : opened;
    }
    // The images of up to `limit` of the rows that come next in the reader's scan by an index, as
    // RowImages::next(). corrupt, io.
    Result<std::span<const ImageRun>> next(TableReader& reader, std::size_t limit) noexcept;

private:
    Status add(TableReader& reader, std::size_t number) noexcept;

    const RowsAsOf& rows_;
    std::uint32_t table_;
    store::RowSearch search_;
    ImageBatch batch_;
};

}  // namespace freshet::relation
