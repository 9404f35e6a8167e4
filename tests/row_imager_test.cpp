// SPDX-License-Identifier: MIT
// What a run gets beside the entry of a row: nothing, where there is nothing to read it from. (The
// rows that scans read from runs are tested with them.)
#include "store/row_imager.hpp"

#include <gtest/gtest.h>

#include "store/directory_key.hpp"

namespace freshet::store {
namespace {

// Keys may be in one piece, as those of a page without a prefix.
TEST(RowImager, LeavesEntriesThatAreNoRowsAsTheyAre) {
    log::Log log;
    RowImager imager{log, 100};
    for (const std::byte tag : {tag_stream, tag_block, tag_deleted_row}) {
        const std::array<std::byte, 3> key{tag, std::byte{1}, std::byte{2}};
        const std::array<std::byte, 2> value{std::byte{7}, std::byte{8}};
        for (const std::size_t cut : {0U, 1U, 3U}) {
            const tree::Entry entry{{Bytes{key}.first(cut), Bytes{key}.subspan(cut)}, value};
            imager.fetch({&entry, 1});
            const RowImager::Imaged made = imager.add(entry, {});
            EXPECT_EQ(made.entry.value.data(), entry.value.data());
            EXPECT_EQ(made.entry.value.size(), entry.value.size());
            EXPECT_TRUE(made.record.empty());
        }
    }
}

}  // namespace
}  // namespace freshet::store
