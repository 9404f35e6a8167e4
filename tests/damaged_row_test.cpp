// SPDX-License-Identifier: MIT
// Goal: what the tree says of rows is not believed where the log says something else. Method:
// entries of the tree of an open store are changed behind its back.
#include "relation/row_stream.hpp"
#include "store/directory.hpp"
#include "tests/files.hpp"
#include "tests/store_state.hpp"

namespace freshet::test {
namespace {

using relation::RowChange;
using relation::RowName;
using relation::RowWriter;

class DamagedRows : public ::testing::Test {
protected:
    DamagedRows() {
        options.pool_size = std::size_t{1} << 20;
        options.rows = &keeper;
    }

    // One commit: an event beside it, too, if there is to be one.
    static void write(OpenStore& open, std::string_view key, RowChange change,
                      const char* event = nullptr) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        const std::vector<Event> events = {event_of(event == nullptr ? "" : event)};
        if (event != nullptr) {
            ASSERT_TRUE(transaction.append({"a", Expected::any(), events}, open.diagnostic));
        }
        ASSERT_TRUE(RowWriter{transaction}.write(RowName{1, as_bytes(key)}, change, {}));
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    }

    // Commits a change of the tree with an event.
    template <class Change>
    static void put_with(OpenStore& open, Change change) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        const std::vector<Event> events = {event_of("more")};
        ASSERT_TRUE(transaction.append({"zz", Expected::any(), events}, open.diagnostic));
        ASSERT_TRUE(change(state_of(open.store).delta));
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    }

    struct Entry {
        Contents key;
        Contents value;
    };
    // The first of a kind.
    static Entry first_of(const OpenStore& open, unsigned char kind) {
        tree::Cursor cursor{state_of(open.store).view()};
        const std::byte tag{kind};
        cursor.seek({&tag, 1});
        EXPECT_TRUE(cursor.valid() && cursor.key()[0] == tag);
        return {{cursor.key().begin(), cursor.key().end()},
                {cursor.value().begin(), cursor.value().end()}};
    }

    relation::RowKeeper keeper;
    Machine machine{8192};
    Options options = tiny_options();
};

constexpr unsigned char tag_row = 5;
constexpr unsigned char tag_row_block = 7;

TEST_F(DamagedRows, AreNotSearchedForWhatTheyWereInABlockThatIsNone) {
    OpenStore open{machine.door(), options};
    for (int i = 0; i < 70; i++) write(open, "k", i == 0 ? RowChange::insert : RowChange::update);
    Entry block = first_of(open, tag_row_block);
    block.value.resize(block.value.size() / 2);
    put_with(open, [&](tree::Delta& delta) { return delta.put(block.key, block.value); });
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    relation::RowsAsOf rows;
    Recorded version;
    ASSERT_TRUE(rows.open(snapshot, 3));
    const RowName name{1, as_bytes("k")};
    const Result<bool> found = rows.find(name, version);
    EXPECT_EQ(found.error().code, Code::corrupt);
    EXPECT_EQ(open.verify(), Code::corrupt);
}

// A row too much is none that the log leads to, so that it has to be counted.
TEST_F(DamagedRows, AreCountedByVerify) {
    for (const bool is_whole : {true, false}) {
        Machine fresh{8192};
        OpenStore open{fresh.door(), options};
        write(open, "k", RowChange::insert);
        EXPECT_EQ(open.verify(), Code::none);
        Entry row = first_of(open, tag_row);
        row.key.push_back(std::byte{'x'});
        if (!is_whole) row.value.clear();
        put_with(open, [&](tree::Delta& delta) { return delta.put(row.key, row.value); });
        EXPECT_EQ(open.verify(), Code::corrupt);
    }
}

// Goal: what is gathered when a row comes is put into the tree first, and what that finds is said.
// Method: a reader of each size goes on where an event of a stream that is damaged in its tree
// stands before a row.
TEST_F(DamagedRows, DoNotHideWhatIsFoundBeforeThem) {
    Files early;
    {
        OpenStore open{machine.door(), options};
        write(open, "k", RowChange::insert, "0");
        ASSERT_TRUE(open.append("b", {"what attests the commit before it"}));
        early = files_of(machine.disk);
        write(open, "k", RowChange::update, "1");
        ASSERT_TRUE(open.store.close());
    }
    const Files files = files_of(machine.disk);
    options.create = false;
    options.read_only = true;
    for (options.pool_size = std::size_t{64} << 10; options.pool_size < std::size_t{400} << 10;
         options.pool_size += 8192) {
        put_files(machine.disk, early);
        OpenStore open{machine.door(), options};
        ASSERT_EQ(open.error, Code::none);
        store::State& state = state_of(open.store);
        Contents large(300, std::byte{0});
        large[0] = tree::find(state.view(), as_bytes("\1a"))[0];
        state.delta.begin();
        ASSERT_TRUE(state.delta.put(as_bytes("\1a"), large));
        state.sealed.root = state.delta.seal(store::live_versions(state));
        state.working = state.sealed;
        put_files(machine.disk, files);
        EXPECT_EQ(open.store.refresh(open.diagnostic).error().code, Code::corrupt);
    }
}

}  // namespace
}  // namespace freshet::test
