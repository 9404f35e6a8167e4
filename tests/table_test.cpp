// SPDX-License-Identifier: MIT
// Goal: a table is what a model of it is, now and as of every commit, by its key and by each index,
// those made later too; and again when the store is opened anew. Method: transactions of random
// changes of rows and of the table, with savepoints and rollbacks; pools of every size.
#include "tests/table_fixture.hpp"

#include "relation/alter.hpp"
#include "relation/table_writer.hpp"
#include "relation/version_reader.hpp"

namespace freshet::relation {
namespace {

using test::Machine;
using test::OpenStore;

// id, name, number, and what was added later.
using Row = std::vector<std::string>;

struct Held {
    std::map<std::int64_t, std::vector<Value>> rows;
    TableDefinition table;
};

class TableTest : public ::testing::Test {
protected:
    TableTest() {
        options.rows = &keeper;
        options.segment_count_max = 400;
        options.pool_size = std::size_t{4} << 20;
    }

    TableDefinition things() {
        TableDefinition table;
        table.id = 128;
        table.name = "things";
        std::vector<Column> columns{column("id", ColumnType::integer),
                                    column("name", ColumnType::text),
                                    column("number", ColumnType::integer)};
        columns[0].not_null = true;
        columns[0].auto_increment = true;
        table.columns = texts.list(columns);
        table.primary_key = texts.list<KeyColumn>({{0, Sort::ascending}});
        Index by_number{129, "by_number", texts.list<KeyColumn>({{2, Sort::ascending}})};
        by_number.unique = true;
        const Index by_name{130, "by_name",
                            texts.list<KeyColumn>({{1, Sort::descending}, {2, Sort::ascending}})};
        table.indexes = texts.list<Index>({by_number, by_name});
        return table;
    }

    Value random_name() {
        if (random() % 5 == 0) return Value{};
        const std::size_t size = random() % 7 == 0 ? 110 + random() % 3 : random() % 3;
        return Value::text(texts.text(std::string(size, static_cast<char>('a' + random() % 2))));
    }
    std::vector<Value> random_row(std::int64_t id, const TableDefinition& table) {
        std::vector<Value> row;
        for (const Column& column : table.columns) {
            if (!is_live(column)) continue;
            if (column.name == "id")
                row.push_back(Value::integer(id));
            else if (column.type == ColumnType::text)
                row.push_back(random_name());
            else
                row.push_back(random() % 3 == 0
                                  ? Value{}
                                  : Value::integer(static_cast<std::int64_t>(random() % 40)));
        }
        return row;
    }

    static bool is_free(const Held& held, const std::vector<Value>& row, std::int64_t own) {
        for (const auto& [id, other] : held.rows) {
            if (id == own) continue;
            if (id == row[0].as_integer()) return false;
            if (!row[2].is_null() && other[2] == row[2]) return false;
        }
        return true;
    }

    // One random change of the rows, of the model and the table alike.
    void change(TableWriter& writer, TableReader& reader, Held& held) {
        SqlError error;
        const auto id = static_cast<std::int64_t>(random() % 30 + 1);
        const auto there = held.rows.find(id);
        const auto key_of = [&](std::int64_t number) {
            std::array<std::byte, 9> room{};
            return std::string{as_text(KeyWriter{room}.value(Value::integer(number)).written())};
        };
        const std::string key = key_of(id);
        Recorded version;
        const Result<bool> found = reader.find(as_bytes(key), version);
        ASSERT_TRUE(found);
        ASSERT_EQ(*found, there != held.rows.end());
        std::vector<Value> before(reader.layout().size());
        if (*found) {
            ASSERT_TRUE(reader.read(version, before));
            ASSERT_EQ(show(before), show(there->second));
        }
        if (!*found) {
            const std::vector<Value> row = random_row(id, held.table);
            const Status inserted = writer.insert(row, error);
            const bool may = is_free(held, row, 0);
            ASSERT_EQ(inserted.error().code, may ? Code::none : Code::constraint_failed);
            if (may) held.rows[id] = row;
        } else if (random() % 3 == 0) {
            ASSERT_TRUE(writer.erase(as_bytes(key), before, error));
            held.rows.erase(id);
        } else {
            std::vector<Value> row = random_row(id, held.table);
            if (random() % 4 == 0)
                row[0] = Value::integer(static_cast<std::int64_t>(random() % 30 + 1));
            for (std::size_t i = 1; i < row.size(); i++)
                if (random() % 2 == 0) row[i] = there->second[i];
            Conflict conflict;
            const Result<bool> stands = writer.find_conflict(row, as_bytes(key), conflict, error);
            ASSERT_TRUE(stands);
            const Status updated = writer.update(as_bytes(key), before, row, error);
            const bool may = is_free(held, row, id);
            ASSERT_EQ(*stands, !may);
            ASSERT_EQ(updated.error().code, may ? Code::none : Code::constraint_failed)
                << code_name(updated.error().code);
            if (may) {
                held.rows.erase(id);
                held.rows[row[0].as_integer()] = row;
            }
        }
    }

    // One random change of what the table is.
    void change_table(Transaction& transaction, Held& held) {
        SqlError error;
        Room& room = *rooms.emplace_back(std::make_unique<Room>(std::size_t{1} << 16));
        RowsAsOf rows;
        ASSERT_TRUE(rows.open(transaction));
        const std::uint64_t what = random() % 3;
        Result<TableDefinition> made = held.table;
        CatalogChange change = CatalogChange::alter;
        if (what == 0 && held.table.columns.size() < 6) {
            const auto type = random() % 2 == 0 ? ColumnType::text : ColumnType::integer;
            Column added =
                column(texts.text("c" + std::to_string(held.table.columns.size())), type);
            if (random() % 2 == 0)
                added.default_value =
                    type == ColumnType::text ? Value::text("new") : Value::integer(5);
            made = add_column(held.table, added, room.memory, error);
            ASSERT_TRUE(made);
            for (auto& [id, row] : held.rows) row.push_back(added.default_value);
        } else if (what == 1) {
            std::vector<KeyColumn> key;
            key.push_back({static_cast<ColumnNumber>(random() % held.table.columns.size()),
                           random() % 2 == 0 ? Sort::ascending : Sort::descending});
            Index index{*next_ids(rows), texts.text("i" + std::to_string(*next_ids(rows))),
                        texts.list(key)};
            index.hash = random() % 2 == 0;
            made = add_index(held.table, index, room.memory, error);
            ASSERT_TRUE(made);
            change = CatalogChange::create_index;
        } else if (held.table.indexes.size() > 1) {
            const Index& index = held.table.indexes[1 + random() % (held.table.indexes.size() - 1)];
            made = drop_index(held.table, index.name, room.memory, error);
            ASSERT_TRUE(made);
            change = CatalogChange::drop_index;
        }
        const Status written = write_definition(transaction, change, *made, room.memory, error);
        ASSERT_TRUE(written) << code_name(written.error().code);
        held.table = *made;
    }

    // One statement or some, in one writer.
    void change_some(Transaction& transaction, Held& held) {
        if (random() % 8 == 0) change_table(transaction, held);
        if (HasFatalFailure()) return;
        Room room;
        RowsAsOf rows;
        TableReader reader;
        TableWriter writer;
        SqlError error;
        ASSERT_TRUE(rows.open(transaction));
        const Tables tables{&held.table, 1};
        ASSERT_TRUE(reader.open(rows, held.table, room.memory));
        ASSERT_TRUE(writer.open(transaction, tables, held.table, room.memory));
        for (std::size_t i = random() % 12; i > 0 && !HasFatalFailure(); i--)
            change(writer, reader, held);
        ASSERT_TRUE(writer.finish(error));
        expect_same(rows, held, held.table);
    }

    static std::vector<std::string> sorted(std::vector<std::string> rows) {
        std::sort(rows.begin(), rows.end());
        return rows;
    }

    // By key, and by each index of the newest definition.
    static void expect_same(const RowsAsOf& rows, const Held& held, const TableDefinition& newest) {
        Room room;
        TableReader reader;
        ASSERT_TRUE(reader.open(rows, held.table, room.memory));
        std::vector<std::string> wanted;
        for (const auto& [id, row] : held.rows) wanted.push_back(show(row));
        reader.scan();
        ASSERT_EQ(rest_of(reader), wanted);
        for (const Index& index : newest.indexes) {
            SCOPED_TRACE(index.name);
            reader.scan(index);
            const std::vector<std::string> found = rest_of(reader);
            ASSERT_EQ(sorted(found), sorted(wanted));
            expect_values(reader, held, index);
        }
    }

    // Rows of one value alone, by a range.
    static void expect_values(TableReader& reader, const Held& held, const Index& index) {
        const ColumnNumber number = index.columns[0].column;
        if (number >= held.table.columns.size() || index.columns.size() > 1) return;
        for (const Value& value : {Value{}, Value::integer(7), Value::text("a")}) {
            std::vector<std::string> wanted;
            for (const auto& [id, row] : held.rows)
                if (row[number] == value) wanted.push_back(show(row));
            const IndexPrefix prefix{index, {&value, 1}};
            std::vector<std::byte> from{prefix.bytes().begin() + index_id_size,
                                        prefix.bytes().end()};
            std::vector<std::byte> end = from;
            end.resize(end_of_prefix(end));
            reader.scan(index, {from, end});
            ASSERT_EQ(sorted(rest_of(reader)), sorted(wanted)) << show(value);
        }
    }

    void expect_past(Store& store, const std::vector<Held>& past) {
        Snapshot snapshot;
        ASSERT_TRUE(store.snapshot(snapshot));
        ASSERT_EQ(snapshot.commit() + 1, past.size());
        for (std::uint64_t commit = 1; commit < past.size(); commit++) {
            SCOPED_TRACE("as of " + std::to_string(commit));
            RowsAsOf rows;
            ASSERT_TRUE(rows.open(snapshot, commit));
            expect_same(rows, past[commit], past.back().table);
            if (HasFatalFailure()) return;
        }
    }

    std::mt19937_64 random{1};
    Keeper texts;
    std::vector<std::unique_ptr<Room>> rooms;
    std::vector<std::byte> kept = std::vector<std::byte>(1 << 16);
    RowKeeper keeper{kept};
    Options options = test::small_options();
};

TEST_F(TableTest, IsWhatItWasAsOfEveryCommitByEachIndex) {
    for (std::uint64_t seed = 1; seed <= 6; seed++) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random.seed(seed);
        Machine machine{1 << 18};
        std::vector<Held> past(1);
        past[0].table = things();
        for (int life = 0; life < 3; life++) {
            OpenStore open{machine.door(), options};
            ASSERT_EQ(open.error, Code::none);
            for (int i = 0; i < 12; i++) {
                Transaction transaction;
                ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
                Held held = past.back();
                if (past.size() == 1) {
                    Room room;
                    SqlError error;
                    ASSERT_TRUE(write_definition(transaction, CatalogChange::create, held.table,
                                                 room.memory, error));
                }
                change_some(transaction, held);
                if (random() % 3 == 0) {
                    ASSERT_TRUE(transaction.save(open.diagnostic));
                    Held lost = held;
                    change_some(transaction, lost);
                    ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
                    change_some(transaction, held);
                }
                if (HasFatalFailure()) return;
                const std::vector<Event> events = {test::event_of("beside")};
                ASSERT_TRUE(
                    transaction.append({"stream", Expected::any(), events}, open.diagnostic));
                if (random() % 5 == 0) continue;
                ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
                past.push_back(held);
            }
            expect_past(open.store, past);
            if (HasFatalFailure()) return;
            ASSERT_EQ(open.verify(), Code::none);
            const test::Files stopped = test::files_of(machine.disk);
            ASSERT_TRUE(open.store.close());
            if (random() % 2 == 0) test::put_files(machine.disk, stopped);
        }
        OpenStore again{machine.door(), options};
        expect_past(again.store, past);
        ASSERT_EQ(again.verify(), Code::none);
    }
}

TEST_F(TableTest, NeverUsesAnIdTwice) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    for (const bool has_key : {true, false}) {
        TableDefinition table = things();
        if (!has_key) {
            table.id = 1000;
            table.primary_key = {};
            std::vector<Column> columns{table.columns.begin(), table.columns.end()};
            columns[0].auto_increment = false;
            table.columns = texts.list(columns);
            table.indexes = {};
        }
        SqlError error;
        Room room;
        ASSERT_TRUE(
            write_definition(transaction, CatalogChange::create, table, room.memory, error));
        TableWriter writer;
        ASSERT_TRUE(writer.open(transaction, {&table, 1}, table, room.memory));
        EXPECT_EQ(*writer.next_id(), 1);
        const std::vector<Value> row{Value::integer(has_key ? 41 : 1), Value{}, Value{}};
        ASSERT_TRUE(writer.insert(row, error));
        const std::int64_t next = has_key ? 42 : 2;
        EXPECT_EQ(*writer.next_id(), next);
        std::array<std::byte, 9> bytes{};
        const Bytes key = KeyWriter{bytes}.value(Value::integer(next - 1)).written();
        ASSERT_TRUE(writer.erase(key, row, error));
        TableWriter another;
        ASSERT_TRUE(another.open(transaction, {&table, 1}, table, room.memory));
        EXPECT_EQ(*another.next_id(), next);
        if (!has_key) continue;
        constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
        ASSERT_TRUE(
            another.insert(std::vector<Value>{Value::integer(last), Value{}, Value{}}, error));
        EXPECT_EQ(another.next_id().error().code, Code::too_large);
    }
}

TEST_F(TableTest, RefusesAUniqueIndexOfRowsThatAreNot) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    SqlError error;
    Room room;
    TableDefinition table = things();
    table.indexes = {};
    ASSERT_TRUE(write_definition(transaction, CatalogChange::create, table, room.memory, error));
    TableWriter writer;
    ASSERT_TRUE(writer.open(transaction, {&table, 1}, table, room.memory));
    const std::string name(120, 'n');
    for (std::int64_t id = 1; id <= 3; id++) {
        const std::string own = name + std::to_string(id);
        ASSERT_TRUE(writer.insert(std::vector<Value>{Value::integer(id), Value::text(own),
                                                     id == 1 ? Value{} : Value::integer(5)},
                                  error));
    }
    Index unique{500, "names", texts.list<KeyColumn>({{1, Sort::ascending}})};
    unique.unique = true;
    table.indexes = {&unique, 1};
    EXPECT_TRUE(
        write_definition(transaction, CatalogChange::create_index, table, room.memory, error));
    ASSERT_TRUE(transaction.save(open.diagnostic));
    std::array<Index, 2> both{unique, unique};
    both[1].id = 501;
    both[1].name = "numbers";
    both[1].columns = texts.list<KeyColumn>({{2, Sort::ascending}});
    table.indexes = both;
    const Status refused =
        write_definition(transaction, CatalogChange::create_index, table, room.memory, error);
    EXPECT_EQ(refused.error().code, Code::constraint_failed);
    EXPECT_EQ(error.message(),
              "things.number: 5 is there already, written by commit 1: UNIQUE numbers");
    ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
    ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
    EXPECT_EQ(open.verify(), Code::none);
}

TEST_F(TableTest, EndsWithItsRowsAndIsStillThereInThePast) {
    Machine machine;
    Held held;
    held.table = things();
    for (int life = 0; life < 2; life++) {
        OpenStore open{machine.door(), options};
        ASSERT_EQ(open.error, Code::none);
        Snapshot snapshot;
        for (int step = 0; life == 0 && step < 2; step++) {
            Transaction transaction;
            SqlError error;
            Room room;
            ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
            const auto what = step == 0 ? CatalogChange::create : CatalogChange::drop;
            ASSERT_TRUE(write_definition(transaction, what, held.table, room.memory, error));
            TableWriter writer;
            ASSERT_TRUE(writer.open(transaction, {&held.table, 1}, held.table, room.memory));
            for (std::int64_t id = 1; step == 0 && id < 20; id++) {
                held.rows[id] = {Value::integer(id), Value::text("row"), Value::integer(-id)};
                ASSERT_TRUE(writer.insert(held.rows[id], error));
            }
            ASSERT_TRUE(transaction.commit(Durability::durable, open.diagnostic));
        }
        ASSERT_TRUE(open.store.snapshot(snapshot));
        RowsAsOf rows;
        ASSERT_TRUE(rows.open(snapshot, 1));
        TableDefinition without = held.table;
        without.indexes = {};
        expect_same(rows, held, without);
        ASSERT_TRUE(rows.open(snapshot));
        expect_same(rows, Held{{}, held.table}, without);
        VersionReader versions{rows, held.table.id};
        RowVersion version;
        for (std::size_t i = 1; i < 20; i++) {
            ASSERT_TRUE(*versions.next(version));
            EXPECT_EQ(version.row.commit, 1U);
            EXPECT_EQ(version.end_commit, 2U);
        }
        EXPECT_FALSE(*versions.next(version));
        EXPECT_EQ(open.verify(), Code::none);
    }
}

// Goal: what does not fit is refused, and nothing is half done. Method: pools of every size from
// the least on, until one holds all; what was committed is there, and its entries are those of its
// rows; again when the store is opened with as little. The same of the memory of a statement.
TEST_F(TableTest, IsRefusedWholeWherePoolsAreSmall) {
    std::size_t refused = 0;
    for (std::size_t pages = 8; pages < 82; pages += 2) {
        SCOPED_TRACE(std::to_string(pages) + " pages");
        Machine machine{1 << 16};
        options.pool_size = pages * 2048;
        Held held;
        held.table = things();
        bool is_full = false;
        {
            OpenStore open{machine.door(), options};
            for (int i = 0; i < 36 && !is_full; i++) {
                Transaction transaction;
                ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
                SqlError error;
                Room room;
                Held next = held;
                Status done{Done{}};
                if (i == 0)
                    done = write_definition(transaction, CatalogChange::create, held.table,
                                            room.memory, error);
                TableWriter writer;
                ASSERT_TRUE(writer.open(transaction, {&held.table, 1}, held.table, room.memory));
                for (std::int64_t id = i * 5 + 1; done && id <= i * 5 + 5; id++) {
                    next.rows[id] = {Value::integer(id), Value::text("a name of some length"),
                                     Value::integer(-id)};
                    done = writer.insert(next.rows[id], error);
                }
                Code code = done.error().code;
                if (done)
                    code = transaction.commit(Durability::durable, open.diagnostic).error().code;
                ASSERT_TRUE(code == Code::none || code == Code::out_of_memory) << code_name(code);
                is_full = code == Code::out_of_memory;
                if (!is_full) held = next;
            }
            refused += is_full ? 1U : 0U;
            Snapshot snapshot;
            RowsAsOf rows;
            ASSERT_TRUE(open.store.snapshot(snapshot));
            ASSERT_TRUE(rows.open(snapshot));
            expect_same(rows, held, held.table);
            ASSERT_EQ(open.verify(), Code::none);
        }
        OpenStore again{machine.door(), options};
        ASSERT_TRUE(again.error == Code::none || again.error == Code::out_of_memory);
        if (again.error == Code::out_of_memory) continue;
        Snapshot snapshot;
        RowsAsOf rows;
        ASSERT_TRUE(again.store.snapshot(snapshot));
        ASSERT_TRUE(rows.open(snapshot));
        expect_same(rows, held, held.table);
        ASSERT_EQ(again.verify(), Code::none);
    }
    EXPECT_GT(refused, 3U);
    EXPECT_LT(refused, 37U);
}

TEST_F(TableTest, SurvivesEveryArenaSize) {
    Machine machine;
    OpenStore open{machine.door(), options};
    Transaction transaction;
    ASSERT_TRUE(transaction.begin(open.store, open.diagnostic));
    SqlError error;
    Room room;
    const TableDefinition table = things();
    ASSERT_TRUE(write_definition(transaction, CatalogChange::create, table, room.memory, error));
    RowsAsOf rows;
    ASSERT_TRUE(rows.open(transaction));
    const std::vector<Value> row{Value::integer(1), Value::text("a"), Value::integer(2)};
    for (std::size_t size = 0; size < 16384; size += 8) {
        Room small{size};
        ASSERT_TRUE(transaction.save(open.diagnostic));
        TableWriter writer;
        Status done = writer.open(transaction, {&table, 1}, table, small.memory);
        if (done) done = writer.insert(row, error);
        if (done) {
            EXPECT_GT(size, 500U);
            expect_same(rows, Held{{{1, row}}, table}, table);
            return;
        }
        ASSERT_EQ(done.error().code, Code::out_of_memory);
        ASSERT_TRUE(transaction.rollback_to(0, open.diagnostic));
        ASSERT_TRUE(transaction.release(0, open.diagnostic));
        expect_same(rows, Held{{}, table}, table);
    }
    FAIL() << "16 KiB should have been enough";
}

}  // namespace
}  // namespace freshet::relation
