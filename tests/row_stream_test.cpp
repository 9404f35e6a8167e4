// SPDX-License-Identifier: MIT
// Rows as streams, beside a model that keeps what each commit left: what is there, what was, and
// what comes back when the store is opened again.
#include <map>
#include <random>

#include "files.hpp"
#include "relation/row_stream.hpp"

namespace freshet::test {
namespace {

using relation::RowChange;
using relation::RowName;
using relation::RowsAsOf;
using relation::RowSavepoint;
using relation::RowScan;
using relation::RowWriter;

// Key and image of each row of the tables.
using Rows = std::map<std::pair<std::uint32_t, std::string>, std::string>;

class RowStreams : public ::testing::Test {
protected:
    RowStreams() { options.rows = &keeper; }

    static Rows read(const RowsAsOf& rows) {
        Rows found;
        for (std::uint32_t table = 0; table < 5; table++) {
            RowScan scan{rows, table};
            Recorded version;
            for (;;) {
                const Result<bool> there = scan.next(version);
                EXPECT_TRUE(there) << code_name(there.error().code);
                if (!there || !*there) break;
                const std::string key{as_text(relation::key_of_row(version.stream))};
                EXPECT_TRUE(found.emplace(std::pair{table, key}, as_text(version.payload)).second);
                Recorded again;
                const RowName name{table, as_bytes(key)};
                const Result<bool> same = rows.find(name, again);
                EXPECT_TRUE(same && *same);
                EXPECT_EQ(as_text(again.payload), as_text(version.payload));
            }
        }
        return found;
    }
    static Rows read(Store& store) {
        Snapshot snapshot;
        RowsAsOf rows;
        EXPECT_TRUE(store.snapshot(snapshot));
        EXPECT_TRUE(rows.open(snapshot));
        return read(rows);
    }
    // Every commit's rows, as they were.
    static void expect_past(Store& store, const std::vector<Rows>& past) {
        Snapshot snapshot;
        ASSERT_TRUE(store.snapshot(snapshot));
        ASSERT_EQ(snapshot.commit() + 1, past.size());
        for (std::uint64_t commit = 0; commit < past.size(); commit++) {
            RowsAsOf rows;
            ASSERT_TRUE(rows.open(snapshot, commit));
            ASSERT_EQ(read(rows), past[commit]) << "as of " << commit;
        }
        RowsAsOf rows;
        ASSERT_EQ(rows.open(snapshot, past.size()).error().code, Code::ahead_of_log);
    }

    relation::RowKeeper keeper;
    Options options = small_options();
};

// Changes a random row of the model and the store alike; what does not fit the row is refused.
void change(std::mt19937_64& random, RowWriter& writer, Rows& rows) {
    const auto table = static_cast<std::uint32_t>(1 + random() % 3);
    std::string key = std::to_string(random() % 12);
    if (random() % 3 == 0) key += std::string(random() % 3, '\0');
    const std::string image = std::to_string(random()) + std::string(random() % 60, 'i');
    const RowName name{table, as_bytes(key)};
    const auto there = rows.find({table, key});
    Recorded version;
    const Result<bool> found = writer.find(name, version);
    ASSERT_TRUE(found);
    ASSERT_EQ(*found, there != rows.end());
    if (*found) {
        ASSERT_EQ(as_text(version.payload), there->second);
    }
    const auto what = static_cast<RowChange>(random() % 3);
    const Result<std::uint64_t> written = writer.write(name, what, as_bytes(image));
    if (what == RowChange::insert) {
        ASSERT_EQ(written.error().code, there == rows.end() ? Code::none : Code::already_exists);
    } else {
        ASSERT_EQ(written.error().code, there == rows.end() ? Code::not_found : Code::none);
    }
    if (!written) return;
    if (what == RowChange::erase) rows.erase({table, key});
    if (what != RowChange::erase) rows[{table, key}] = image;
}

// Goal: rows are those of the model, now and as of every commit, and again after each life of the
// store. Method: transactions of random changes and events of streams, some with savepoints, some
// rolled back; the writer closes, or stops.
TEST_F(RowStreams, AreWhatTheyWereAsOfEveryCommit) {
    for (std::uint64_t seed = 1; seed <= 12; seed++) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        Machine machine;
        std::vector<Rows> past(1);
        for (int life = 0; life < 3; life++) {
            OpenStore open{machine.door(), options};
            for (int i = 0; i < 12; i++) {
                Transaction transaction;
                ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
                RowWriter writer{transaction};
                Rows rows = past.back();
                const std::size_t count = random() % 30;
                std::size_t step = 0;
                for (; step < count; step++) change(random, writer, rows);
                if (random() % 3 == 0) {
                    ASSERT_TRUE(transaction.save(open.diagnostic));
                    Rows lost = rows;
                    for (std::size_t k = random() % 60; k > 0; k--) change(random, writer, lost);
                    ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
                    for (std::size_t k = random() % 5; k > 0; k--) change(random, writer, rows);
                }
                const std::vector<Event> events = {event_of("beside")};
                ASSERT_TRUE(
                    transaction.append({"stream", Expected::any(), events}, open.diagnostic));
                if (HasFatalFailure()) return;
                if (random() % 5 == 0) continue;
                ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
                past.push_back(rows);
                ASSERT_EQ(read(open.store), rows);
            }
            expect_past(open.store, past);
            ASSERT_EQ(open.verify(), Code::none);
            const Files stopped = files_of(machine.disk);
            ASSERT_TRUE(open.store.close());
            if (random() % 2 == 0) put_files(machine.disk, stopped);
        }
        OpenStore again{machine.door(), options};
        expect_past(again.store, past);
        ASSERT_EQ(again.verify(), Code::none);
    }
}

// A row with more versions than a block of addresses holds, as of each of them.
TEST_F(RowStreams, KeepManyVersionsOfARow) {
    Machine machine;
    OpenStore open{machine.door(), options};
    const RowName name{1, as_bytes("key")};
    for (std::uint64_t i = 0; i < 100; i++) {
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        const RowChange what = i == 0 ? RowChange::insert : RowChange::update;
        const Result<std::uint64_t> version =
            RowWriter{transaction}.write(name, what, as_bytes(std::to_string(i)));
        ASSERT_TRUE(version);
        EXPECT_EQ(*version, i);
        ASSERT_TRUE(transaction.commit(Durability::deferred, open.diagnostic));
    }
    ASSERT_TRUE(open.store.sync(open.diagnostic));
    Snapshot snapshot;
    ASSERT_TRUE(open.store.snapshot(snapshot));
    for (std::uint64_t commit = 1; commit <= 100; commit++) {
        RowsAsOf rows;
        Recorded version;
        ASSERT_TRUE(rows.open(snapshot, commit));
        const Result<bool> found = rows.find(name, version);
        ASSERT_TRUE(found && *found);
        EXPECT_EQ(as_text(version.payload), std::to_string(commit - 1));
        EXPECT_EQ(version.commit, commit);
    }
}

// A program without tables opens the store, and goes on with its streams.
TEST_F(RowStreams, AreInNobodysWayWhoKnowsStreamsAlone) {
    Machine machine;
    {
        OpenStore open{machine.door(), options};
        Transaction transaction;
        ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
        ASSERT_TRUE(RowWriter{transaction}.write(RowName{1, as_bytes("a")}, RowChange::insert,
                                                 as_bytes("row")));
        const std::vector<Event> events = {event_of("0")};
        ASSERT_TRUE(transaction.append({"s", Expected::any(), events}, open.diagnostic));
        ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    }
    Options streams_alone = options;
    streams_alone.rows = nullptr;
    {
        OpenStore open{machine.door(), streams_alone};
        ASSERT_TRUE(open.append("s", {"1"}));
        EXPECT_EQ(open.read("s"), (std::vector<std::string>{"0", "1"}));
        EXPECT_EQ(open.read_log(), (std::vector<std::string>{"1 1 s@0 0", "2 2 s@1 1"}));
        EXPECT_EQ(open.store.statistics().stream_count, 1U);
        EXPECT_EQ(open.verify(), Code::none);
    }
    OpenStore open{machine.door(), options};
    EXPECT_EQ(read(open.store), (Rows{{{1, "a"}, "row"}}));
    EXPECT_EQ(open.verify(), Code::none);
}

// Ids of events are looked for where rows stand right behind them in the tree.
TEST_F(RowStreams, AreNotTakenForIdsOfEvents) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    ASSERT_TRUE(RowWriter{transaction}.write(RowName{1, as_bytes("a")}, RowChange::insert,
                                             as_bytes("row")));
    ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    for (std::uint64_t id = 1; id < 20; id++)
        ASSERT_EQ(open.append_events("s", {event_of("x", id)}), Code::none);
}

// Goal: rows that do not fit into the pool are refused, and nothing is half done. Method: pools of
// every size from the least on, until one holds all; what was committed before is there, and again
// when the store is opened with as little.
TEST_F(RowStreams, AreRefusedWholeWherePoolsAreSmall) {
    std::size_t refused = 0;
    for (std::size_t pages = 8; pages < 60; pages++) {
        Machine machine;
        options.pool_size = pages * 2048;
        std::vector<Rows> past(1);
        {
            OpenStore open{machine.door(), options};
            bool is_full = false;
            for (int i = 0; i < 60 && !is_full; i++) {
                Transaction transaction;
                ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
                RowWriter writer{transaction};
                Rows rows = past.back();
                for (int k = 0; k < 6 && !is_full; k++) {
                    const std::string key = std::to_string((i * 7 + k) % 40) + std::string(90, 'k');
                    const bool is_there = rows.count({1, key}) != 0;
                    const RowChange what = !is_there    ? RowChange::insert
                                           : i % 3 == 0 ? RowChange::erase
                                                        : RowChange::update;
                    const Result<std::uint64_t> written =
                        writer.write(RowName{1, as_bytes(key)}, what, as_bytes("image"));
                    is_full = written.error() == Code::out_of_memory;
                    ASSERT_TRUE(written || is_full) << code_name(written.error().code);
                    if (what == RowChange::erase) rows.erase({1, key});
                    if (what != RowChange::erase) rows[{1, key}] = "image";
                }
                if (is_full) break;
                const auto committed = transaction.commit(Durability::durable, open.diagnostic);
                is_full = committed.error() == Code::out_of_memory;
                ASSERT_TRUE(committed || is_full);
                if (committed) past.push_back(rows);
            }
            refused += is_full ? 1U : 0U;
            ASSERT_EQ(read(open.store), past.back()) << pages;
            ASSERT_EQ(open.verify(), Code::none);
        }
        OpenStore again{machine.door(), options};
        ASSERT_TRUE(again.error == Code::none || again.error == Code::out_of_memory);
        if (again.error == Code::none) {
            ASSERT_EQ(read(again.store), past.back());
        }
    }
    EXPECT_GT(refused, 4U);
    EXPECT_LT(refused, 52U);
}

// A savepoint without the tree: for one change, which leaves nothing where it fails. To go back
// from behind one that was done is refused, and so is all but rollback().
TEST_F(RowStreams, GoBackWithoutTheTreeIfNothingWasDone) {
    Machine machine;
    OpenStore open{machine.door(), options};
    const RowName one{1, as_bytes("one")};
    const RowName two{1, as_bytes("two")};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    RowWriter writer{transaction};
    ASSERT_TRUE(RowSavepoint::save(transaction, open.diagnostic));
    ASSERT_TRUE(writer.write(one, RowChange::insert, as_bytes("1")));
    ASSERT_TRUE(transaction.release(0, open.diagnostic));
    ASSERT_TRUE(RowSavepoint::save(transaction, open.diagnostic));
    ASSERT_EQ(writer.write(one, RowChange::insert, as_bytes("2")).error().code,
              Code::already_exists);
    ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
    RowSavepoint::save_tree(transaction);
    ASSERT_TRUE(writer.write(one, RowChange::update, as_bytes("3")));
    ASSERT_TRUE(writer.write(two, RowChange::insert, as_bytes("4")));
    ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
    ASSERT_TRUE(transaction.release(0, open.diagnostic));
    ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    const Rows left{{{1, "one"}, "1"}};
    EXPECT_EQ(read(open.store), left);

    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    ASSERT_TRUE(RowSavepoint::save(transaction, open.diagnostic));
    ASSERT_TRUE(RowWriter{transaction}.write(two, RowChange::insert, as_bytes("5")));
    EXPECT_EQ(transaction.rollback_to(0, open.diagnostic).error().code, Code::corrupt);
    EXPECT_EQ(transaction.commit(Durability::durable, open.diagnostic).error().code,
              Code::invalid_argument);
    EXPECT_EQ(read(open.store), left);
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(RowStreams, RefuseAnImageThatNoFrameHolds) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    const std::string large(options.frame_size_max, 'x');
    const Result<std::uint64_t> written =
        RowWriter{transaction}.write(RowName{1, as_bytes("a")}, RowChange::insert, as_bytes(large));
    EXPECT_EQ(written.error().code, Code::too_large);
    RowsAsOf rows;
    EXPECT_EQ(rows.open(Snapshot{}).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace freshet::test
