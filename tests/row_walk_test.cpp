// SPDX-License-Identifier: MIT
// Walks over rows that are changed between two steps.
#include "relation/row_stream.hpp"
#include "store/directory.hpp"
#include "tests/files.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

using relation::RowChange;
using relation::RowName;
using store::RowWalk;

TEST(RowWalk, GoesOnBehindARowThatIsThereNoMore) {
    relation::RowKeeper keeper;
    Machine machine;
    Options options = small_options();
    options.rows = &keeper;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    relation::RowWriter writer{transaction};
    const auto change = [&](std::string_view key, RowChange what) {
        EXPECT_TRUE(writer.write(RowName{1, as_bytes(key)}, what, {})) << key;
    };
    const auto key_of = [](const RowWalk& walk) {
        return as_text(relation::key_of_row(walk.name()));
    };
    for (const char* const key : {"a", "b", "c", "d"}) change(key, RowChange::insert);
    change("d", RowChange::erase);

    const tree::View view = state_of(open.store).view();
    RowWalk present{view, RowWalk::Which::present, RowName{1, {}}.view()};
    EXPECT_EQ(key_of(present), "a");
    change("a", RowChange::erase);
    present.next_anew();
    EXPECT_EQ(key_of(present), "b");
    change("b", RowChange::update);
    present.next_anew();
    EXPECT_EQ(key_of(present), "c");
    present.next_anew();
    EXPECT_FALSE(present.valid());

    // Nothing at all is behind the last row that was deleted, once it is there again.
    RowWalk deleted{view, RowWalk::Which::deleted, RowName{1, {}}.view()};
    EXPECT_EQ(key_of(deleted), "a");
    deleted.next_anew();
    EXPECT_EQ(key_of(deleted), "d");
    change("d", RowChange::insert);
    deleted.next_anew();
    EXPECT_FALSE(deleted.valid());
}

}  // namespace
}  // namespace freshet::test
