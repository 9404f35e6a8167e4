// SPDX-License-Identifier: MIT
// Goal: definitions are those of the moment that is asked for, and ids are never used twice.
// Method: random changes of the catalog in transactions, some rolled back, some in part, beside a
// model; as of every commit, and again after each life of the store.
#include <map>

#include "relation/definition_codec.hpp"
#include "tests/table_fixture.hpp"

namespace freshet::relation {
namespace {

using test::Machine;
using test::OpenStore;
using Definitions = std::map<std::uint32_t, std::string>;

std::string stored(const TableDefinition& table) {
    Room room;
    return std::string{as_text(*encode_definition(table, room.memory))};
}

Definitions load(const RowsAsOf& rows) {
    Room room;
    const Result<Tables> tables = load_tables(rows, room.memory);
    EXPECT_TRUE(tables) << code_name(tables.error().code);
    Definitions found;
    for (const TableDefinition& table : *tables) found[table.id] = stored(table);
    return found;
}

class Catalog : public ::testing::Test {
protected:
    Catalog() {
        options.rows = &keeper;
        options.frame_size_max = 1 << 14;
        options.growth_size = 1 << 14;
    }

    void change(Transaction& transaction, Definitions& now) {
        Keeper texts;
        Room room;
        RowsAsOf rows;
        ASSERT_TRUE(rows.open(transaction));
        const std::uint64_t before = rows.catalog_address();
        TableDefinition table = RandomDefinition{random, texts}.make();
        table.foreign_keys = {};
        std::uint32_t id_of_index = 1;
        std::vector<Index> indexes{table.indexes.begin(), table.indexes.end()};
        for (Index& index : indexes) index.id = *next_ids(rows) + id_of_index++;
        table.indexes = texts.list(indexes);
        const bool makes = now.empty() || random() % 3 == 0;
        if (makes) {
            const Result<std::uint32_t> id = next_ids(rows);
            ASSERT_TRUE(id);
            ASSERT_TRUE(used.insert(*id).second);
            table.id = *id;
        } else {
            auto some = now.begin();
            std::advance(some, random() % now.size());
            table.id = some->first;
        }
        const bool drops = !makes && random() % 2 == 0;
        const CatalogChange what = makes   ? CatalogChange::create
                                   : drops ? CatalogChange::drop
                                           : CatalogChange::alter;
        const Status written = write_definition(transaction, what, table, room.memory, error);
        ASSERT_TRUE(written) << code_name(written.error().code);
        if (drops) now.erase(table.id);
        if (!drops) now[table.id] = stored(table);
        EXPECT_NE(rows.catalog_address(), before);
        EXPECT_EQ(load(rows), now);
    }

    std::mt19937_64 random{1};
    std::set<std::uint32_t> used;
    std::vector<std::byte> lent = std::vector<std::byte>(1 << 18);
    relation::RowKeeper keeper{lent};
    SqlError error;
    Options options = test::small_options();
};

TEST_F(Catalog, IsWhatItWasAsOfEveryCommit) {
    Machine machine;
    std::vector<Definitions> past(1);
    std::uint64_t address = 0;
    for (int life = 0; life < 3; life++) {
        OpenStore open{machine.door(), options};
        for (int i = 0; i < 20; i++) {
            Transaction transaction;
            ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
            Definitions now = past.back();
            RowsAsOf rows;
            ASSERT_TRUE(rows.open(transaction));
            ASSERT_EQ(rows.catalog_address(), address);
            for (std::size_t k = random() % 3; k > 0; k--) change(transaction, now);
            if (random() % 2 == 0) {
                const std::uint64_t kept = rows.catalog_address();
                const auto used_before = used;
                ASSERT_TRUE(transaction.save(open.diagnostic));
                Definitions lost = now;
                change(transaction, lost);
                ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
                ASSERT_EQ(rows.catalog_address(), kept);
                used = used_before;
            }
            if (HasFatalFailure()) return;
            const std::vector<Event> events = {test::event_of("beside")};
            ASSERT_TRUE(transaction.append({"stream", Expected::any(), events}, open.diagnostic));
            if (random() % 4 == 0) {
                used.clear();
                for (const Definitions& then : past)
                    for (const auto& [id, text] : then) used.insert(id);
                continue;
            }
            address = rows.catalog_address();
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
            past.push_back(now);
        }
        Snapshot snapshot;
        ASSERT_TRUE(open.store.snapshot(snapshot));
        for (std::uint64_t commit = 0; commit < past.size(); commit++) {
            RowsAsOf rows;
            ASSERT_TRUE(rows.open(snapshot, commit));
            ASSERT_EQ(load(rows), past[commit]) << "as of " << commit;
            ASSERT_EQ(rows.catalog_address(), address);
        }
        snapshot.close();
        ASSERT_EQ(open.verify(), Code::none);
    }
    OpenStore again{machine.door(), options};
    Snapshot snapshot;
    RowsAsOf rows;
    ASSERT_TRUE(again.store.snapshot(snapshot) && rows.open(snapshot));
    EXPECT_EQ(load(rows), past.back());
    EXPECT_EQ(rows.catalog_address(), address);
}

TEST_F(Catalog, SurvivesEveryArenaSize) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    Keeper texts;
    TableDefinition table = users(texts);
    table.indexes = {};
    Room room;
    ASSERT_TRUE(write_definition(transaction, CatalogChange::create, table, room.memory, error));
    EXPECT_EQ(write_definition(transaction, CatalogChange::create, table, room.memory, error)
                  .error()
                  .code,
              Code::already_exists);
    table.id++;
    EXPECT_EQ(
        write_definition(transaction, CatalogChange::alter, table, room.memory, error).error().code,
        Code::not_found);
    RowsAsOf rows;
    ASSERT_TRUE(rows.open(transaction));
    for (std::size_t size = 0; size < 8192; size++) {
        Room small{size};
        const Result<Tables> tables = load_tables(rows, small.memory);
        if (tables) {
            EXPECT_GT(size, 500U);
            return;
        }
        ASSERT_EQ(tables.error().code, Code::out_of_memory);
    }
    FAIL() << "8 KiB should have been enough";
}

}  // namespace
}  // namespace freshet::relation
