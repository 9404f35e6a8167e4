// SPDX-License-Identifier: MIT
// Goal: a table changes as it is told to or says what is in the way, and every row that was ever
// written is read as of every version of the table. Method: one case for each change and refusal;
// what SQLite with triggers loses; random changes with rows of all versions, each held beside the
// values it was written with; every arena size.
#include <gtest/gtest.h>

#include <map>

#include "relation/alter.hpp"
#include "relation/definition_codec.hpp"
#include "relation/layout.hpp"
#include "relation/table_row.hpp"
#include "tests/definition_fixture.hpp"

namespace freshet::relation {
namespace {

std::string words_of(const SqlError& error) {
    return std::string{code_name(error.error.code)} + ": " + std::string{error.message()} + " (" +
           std::string{error.hint()} + ")";
}

Column column(std::string_view name, ColumnType type, Value default_value = {}) {
    Column result;
    result.name = name;
    result.type = type;
    result.declared_type = type_name(type);
    result.default_value = default_value;
    return result;
}

// A table that changes, and the memory of all it was.
struct Changing {
    Changing() : room(1 << 22), memory{room}, table{users(keeper)} {}

    std::string add(const Column& column) { return take(add_column(table, column, memory, error)); }
    std::string drop(std::string_view name) {
        return take(drop_column(table, name, memory, error));
    }
    std::string rename(std::string_view name, std::string_view new_name) {
        std::vector<std::string_view> checks;
        for (const CheckConstraint& check : table.checks) checks.push_back(check.text);
        return take(rename_column(table, name, new_name, checks, memory, error));
    }
    std::string take(const Result<TableDefinition>& changed) {
        EXPECT_EQ(changed.error().code, error.error.code);
        if (!changed) return words_of(error);
        before.push_back(table);
        table = *changed;
        return {};
    }
    Layout layout(std::uint32_t version) {
        const Result<Layout> made = make_layout(table, version, memory);
        EXPECT_TRUE(made);
        return *made;
    }
    Bytes write(const std::vector<Value>& row) {
        const Layout newest = layout(table.version);
        const RowMaker maker{table, newest};
        return maker.image({}, row, memory)->image;
    }
    // As of a version, by the definition of that time or a later one.
    std::vector<Value> read(const TableDefinition& by, Bytes image, std::uint32_t as_of) {
        const Result<Layout> from = make_layout(by, *decode_version(image), memory);
        const Result<Layout> to = make_layout(by, as_of, memory);
        std::vector<Value> row(to->size());
        EXPECT_TRUE(from && to && read_row(by, *from, image, *to, row));
        return row;
    }

    Keeper keeper;
    std::vector<std::byte> room;
    Arena memory;
    SqlError error;
    TableDefinition table;
    std::vector<TableDefinition> before;
};

const std::vector<Value> ann{
    Value::integer(1), Value::text("Ann"), Value{}, Value::integer(40), Value{},
    Value{},           Value::real(2.5)};

// ---- what SQLite with triggers loses ----

TEST(Alter, KeepsWhatIsWrittenToAColumnThatWasAdded) {
    Changing changing;
    const Bytes old = changing.write(ann);
    ASSERT_EQ(changing.add(column("city", ColumnType::text, Value::text("Bonn"))), "");
    EXPECT_EQ(changing.table.version, 4u);
    std::vector<Value> row = ann;
    row.push_back(Value::text("Rome"));
    const Bytes image = changing.write(row);
    EXPECT_EQ(changing.read(changing.table, image, 4), row);
    row.back() = Value::text("Bonn");
    EXPECT_EQ(changing.read(changing.table, old, 4), row);    // The default.
    EXPECT_EQ(changing.read(changing.table, old, 3), ann);    // As of before.
    EXPECT_EQ(changing.read(changing.table, image, 3), ann);  // No such column then.
}

TEST(Alter, KeepsValuesWhenTheirColumnIsRenamed) {
    Changing changing;
    const Bytes old = changing.write(ann);
    ASSERT_EQ(changing.rename("name", "full_name"), "");
    EXPECT_EQ(changing.table.version, 3u);
    EXPECT_EQ(find_column(changing.table, "full_name"), 1);
    EXPECT_EQ(find_column(changing.table, "name"), no_column);
    EXPECT_EQ(changing.read(changing.table, old, 3), ann);
    EXPECT_EQ(changing.read(changing.before[0], old, 3), ann);
    EXPECT_EQ(find_column(changing.before[0], "name"), 1);  // As of before.
}

TEST(Alter, KeepsTheValuesOfAColumnThatIsDropped) {
    Changing changing;
    const Bytes old = changing.write(ann);
    ASSERT_EQ(changing.drop("score"), "");
    const std::vector<Value> without(ann.begin(), ann.end() - 1);
    EXPECT_EQ(changing.read(changing.table, old, 4), without);
    EXPECT_EQ(changing.read(changing.table, old, 3), ann);
    EXPECT_EQ(changing.read(changing.before[0], old, 3), ann);
    ASSERT_EQ(changing.add(column("score", ColumnType::text)), "");  // Another of its name.
    std::vector<Value> anew = without;
    anew.emplace_back();
    EXPECT_EQ(changing.read(changing.table, old, 5), anew);
    EXPECT_EQ(changing.read(changing.table, old, 3), ann);
}

// ---- changes ----

TEST(Alter, AddsColumnsThatRowsWithoutThemCanHave) {
    Changing changing;
    Column needed = column("city", ColumnType::text);
    needed.not_null = true;
    EXPECT_EQ(changing.add(needed),
              "constraint-failed: users.city is NOT NULL, and rows that are there would have NULL "
              "in it (give it a DEFAULT)");
    needed.default_text = "'B' || 'onn'";
    needed.missing = Value::text("Bonn");
    EXPECT_EQ(changing.add(needed), "");
    EXPECT_EQ(changing.table.columns[8].missing, Value::text("Bonn"));
    EXPECT_EQ(changing.add(column("City", ColumnType::text)),
              "already-exists: users has two columns City (give one of them another name)");
    EXPECT_EQ(changing.add(column("x", ColumnType::integer, Value::text("y"))),
              "type-mismatch: the default of users.x: TEXT 'y' is no INT (give another default, or "
              "the column another type)");
    Column counting = column("n", ColumnType::integer);
    counting.auto_increment = true;
    EXPECT_EQ(changing.add(counting),
              "invalid-argument: users.n cannot be added as AUTO_INCREMENT (make a new table with "
              "it)");
}

TEST(Alter, DropsNoColumnThatSomethingNeeds) {
    Changing changing;
    EXPECT_EQ(changing.drop("scroe"),
              "unknown-name: users has no column scroe (did you mean score?)");
    EXPECT_EQ(changing.drop("ID"),
              "in-use: users.id cannot be dropped: the PRIMARY KEY needs it (make a new table "
              "without it)");
    EXPECT_EQ(changing.drop("name"),
              "in-use: users.name cannot be dropped: the index by_name needs it (drop the index "
              "first)");
    EXPECT_EQ(changing.drop("email"),
              "in-use: users.email cannot be dropped: the UNIQUE constraint users_email needs it "
              "(make a new table without it)");
    EXPECT_EQ(changing.drop("boss"),
              "in-use: users.boss cannot be dropped: a FOREIGN KEY needs it (make a new table "
              "without it)");
    ASSERT_EQ(changing.take(drop_index(changing.table, "by_name", changing.memory, changing.error)),
              "");
    EXPECT_EQ(changing.drop("age"),
              "in-use: users.age cannot be dropped: CHECK grown needs it (make a new table without "
              "it)");
    EXPECT_EQ(changing.drop("old"),
              "unknown-name: users has no column old (look at how it is "
              "written)");
}

TEST(Alter, DropsNoLastColumn) {
    Changing changing;
    const Column only = column("only", ColumnType::integer);
    changing.table = TableDefinition{};
    changing.table.id = 1;
    changing.table.name = "t";
    changing.table.columns = {&only, 1};
    EXPECT_EQ(changing.drop("only"), "invalid-argument: t would have no column (keep one)");
}

TEST(Alter, RenamesToNamesThatAreFree) {
    Changing changing;
    EXPECT_EQ(changing.rename("age", "name"),
              "already-exists: users has two columns name (give one of them another name)");
    EXPECT_EQ(changing.rename("age", ""),
              "invalid-name: a column cannot be called \"\" (a name is 1 to 64 bytes of UTF-8, "
              "without control characters)");
    EXPECT_EQ(changing.rename("age", "AGE"), "");
    const std::string_view check = "years >= 0";
    ASSERT_EQ(changing.take(rename_column(changing.table, "age", "years", {&check, 1},
                                          changing.memory, changing.error)),
              "");
    EXPECT_EQ(changing.table.checks[0].text, check);
    EXPECT_EQ(changing.rename("height", "size"),
              "unknown-name: users has no column height (look at how it is written)");
    ASSERT_EQ(changing.take(rename_table(changing.table, "people", changing.error)), "");
    EXPECT_EQ(changing.table.name, "people");
    EXPECT_EQ(changing.table.id, 7u);
}

TEST(Alter, AddsAndDropsIndexes) {
    Changing changing;
    Index index;
    index.id = 301;
    index.name = "By_Name";
    const KeyColumn key[] = {{7, Sort::ascending}, {7, Sort::ascending}};
    index.columns = std::span{key}.first(1);
    const auto add = [&] {
        return changing.take(add_index(changing.table, index, changing.memory, changing.error));
    };
    const auto drop = [&](std::string_view name) {
        return changing.take(drop_index(changing.table, name, changing.memory, changing.error));
    };
    EXPECT_EQ(add(),
              "already-exists: users has two indexes By_Name (give one of them another "
              "name)");
    index.name = "by_score";
    EXPECT_EQ(add(), "");
    EXPECT_EQ(changing.table.indexes.size(), 3u);
    EXPECT_EQ(changing.table.version, 3u);
    EXPECT_EQ(drop("by_nmae"), "unknown-name: users has no index by_nmae (did you mean by_name?)");
    EXPECT_EQ(drop("users_email"),
              "in-use: the index users_email cannot be dropped: a UNIQUE constraint of users needs "
              "it (make a new table without it)");
    EXPECT_EQ(drop("BY_NAME"), "");
    ASSERT_EQ(changing.table.indexes.size(), 2u);
    EXPECT_EQ(changing.table.indexes[1].name, "by_score");
    index.name = "twice";
    index.columns = key;
    EXPECT_EQ(add(), "already-exists: twice of users names score twice (take one away)");
}

// ---- random changes ----

struct Written {
    Bytes image;
    std::map<ColumnNumber, Value> values;
};

Written random_row(Changing& changing, std::mt19937_64& random) {
    const Layout layout = changing.layout(changing.table.version);
    Written written;
    std::vector<Value> row;
    for (std::size_t i = 0; i < layout.size(); i++) {
        row.push_back(random() % 5 == 0 ? Value{}
                                        : random_value(layout.types[i], random, changing.keeper));
        written.values[layout.columns[i]] = row.back();
    }
    written.image = changing.write(row);
    return written;
}

void change_at_random(Changing& changing, std::mt19937_64& random, int number) {
    const std::string_view name = changing.keeper.text("c" + std::to_string(number));
    const auto type = static_cast<ColumnType>(1 + random() % (column_type_count - 1));
    const Column& any = changing.table.columns[random() % changing.table.columns.size()];
    switch (random() % 4) {
        case 0: changing.drop(any.name); break;
        case 1: changing.rename(any.name, name); break;
        default:
            ASSERT_EQ(changing.add(column(name, type, random_value(type, random, changing.keeper))),
                      "");
    }
}

TEST(Alter, LetsEveryRowBeReadAsOfEveryVersion) {
    for (std::uint64_t seed = 1; seed <= 40; seed++) {
        std::mt19937_64 random{seed};
        Changing changing;
        std::vector<Written> rows;
        for (int i = 0; i < 25; i++) {
            change_at_random(changing, random, i);
            rows.push_back(random_row(changing, random));
        }
        const Result<Bytes> stored = encode_definition(changing.table, changing.memory);
        const Result<TableDefinition> table = decode_definition(*stored, changing.memory);
        ASSERT_TRUE(table);
        for (std::uint32_t version = 1; version <= table->version; version++) {
            const Layout to = changing.layout(version);
            for (const Written& row : rows) {
                const std::vector<Value> read = changing.read(*table, row.image, version);
                for (std::size_t i = 0; i < read.size(); i++) {
                    const auto found = row.values.find(to.columns[i]);
                    const Value wanted = found == row.values.end()
                                             ? table->columns[to.columns[i]].missing
                                             : found->second;
                    ASSERT_EQ(read[i], wanted) << "seed " << seed << " version " << version;
                }
            }
        }
    }
}

TEST(Alter, RefusesRowsOfNoVersionAndBrokenOnes) {
    Changing changing;
    const Bytes image = changing.write(ann);
    EXPECT_EQ(make_layout(changing.table, 0, changing.memory).error().code, Code::corrupt);
    EXPECT_EQ(make_layout(changing.table, 4, changing.memory).error().code, Code::corrupt);
    ASSERT_EQ(changing.drop("score"), "");
    const Layout old = changing.layout(3);
    const Layout newest = changing.layout(4);
    std::vector<Value> row(newest.size());
    const auto read = [&](const Layout& from, Bytes bytes) {
        return read_row(changing.table, from, bytes, newest, row).error().code;
    };
    EXPECT_EQ(read(old, image), Code::none);
    EXPECT_EQ(read(newest, image), Code::corrupt);
    for (std::size_t size = 0; size < image.size(); size++)
        ASSERT_EQ(read(old, image.first(size)), Code::corrupt);
}

TEST(Alter, SurvivesEveryArenaSize) {
    Changing changing;
    Index index;
    index.id = 9;
    index.name = "by_score";
    const KeyColumn key{7, Sort::ascending};
    index.columns = {&key, 1};
    const std::string_view check = "x";
    const auto change = [&](int which, Arena& memory) {
        const TableDefinition& table = changing.table;
        SqlError& error = changing.error;
        switch (which) {
            case 0: return add_column(table, column("x", ColumnType::text), memory, error);
            case 1: return drop_column(table, "score", memory, error);
            case 2: return rename_column(table, "age", "x", {&check, 1}, memory, error);
            case 3: return add_index(table, index, memory, error);
            default: return drop_index(table, "by_name", memory, error);
        }
    };
    for (int which = 0; which < 5; which++) {
        bool is_done = false;
        for (std::size_t size = 0; size < 4096 && !is_done; size++) {
            std::vector<std::byte> room(size);
            Arena memory{room};
            const Result<TableDefinition> changed = change(which, memory);
            is_done = static_cast<bool>(changed);
            ASSERT_TRUE(is_done || changed.error() == Code::out_of_memory);
            ASSERT_EQ(changing.error.error.code, changed.error().code);
        }
        ASSERT_TRUE(is_done) << which;
    }
}

}  // namespace
}  // namespace freshet::relation
