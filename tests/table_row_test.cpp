// SPDX-License-Identifier: MIT
// Goal: a row becomes the values, image, key and entries that the head of table_row.hpp says, and
// what no column takes is refused by name. Method: golden keys; one case for each refusal; random
// rows, whose entries are held beside an order and a comparison made by values; every arena size.
#include <gtest/gtest.h>

#include <array>

#include "base/text.hpp"
#include "relation/compare.hpp"
#include "relation/definition_codec.hpp"
#include "relation/table_row.hpp"
#include "tests/definition_fixture.hpp"

namespace freshet::relation {
namespace {

std::string hex(Bytes bytes) {
    std::string room(2 * bytes.size(), '?');
    return std::string{TextWriter{room}.hex(bytes).written()};
}

// A table with all that is made of it.
struct Made {
    explicit Made(const TableDefinition& definition)
        : table{definition}, room(1 << 20), memory{room} {
        const Result<Layout> made = make_layout(table, table.version, memory);
        EXPECT_TRUE(made);
        layout = *made;
    }
    [[nodiscard]] RowMaker maker() const { return {table, layout}; }
    std::string assign(std::vector<Value> row) {
        const Status status = maker().assign_all(row, memory, error);
        EXPECT_EQ(status.error().code, error.error.code);
        return said();
    }
    std::string said() const {
        if (error.error.code == Code::none) return {};
        EXPECT_FALSE(error.hint().empty());
        return std::string{code_name(error.error.code)} + ": " + std::string{error.message()};
    }
    Bytes key(const std::vector<Value>& row, std::int64_t id = 0) {
        const Result<Bytes> key = maker().key(row, id, memory, error);
        return key ? *key : Bytes{};
    }
    std::vector<IndexChange> changes(const KeyedRow& before, const KeyedRow& after) {
        const auto found = maker().index_changes(before, after, memory);
        EXPECT_TRUE(found);
        return {found->begin(), found->end()};
    }

    TableDefinition table;
    std::vector<std::byte> room;
    Arena memory;
    Layout layout;
    SqlError error;
};

// id, name, email, age, born, boss, score: the live columns of users().
std::vector<Value> ann() {
    return {Value::integer(1),
            Value::text("Ann"),
            Value::text("ann@x.org"),
            Value::integer(40),
            Value{},
            Value{},
            Value::real(2.5)};
}

TEST(TableRow, HasDefaultsThatAreConstant) {
    Keeper keeper;
    const Made made{users(keeper)};
    std::vector<Value> row(made.layout.size(), Value::integer(9));
    made.maker().put_defaults(row);
    EXPECT_EQ(row, (std::vector<Value>{Value{}, Value::text("?"), Value{}, Value{}, Value{},
                                       Value{}, Value::real(1.5)}));
}

TEST(TableRow, TakesTheTypesOfItsColumns) {
    Keeper keeper;
    Made made{users(keeper)};
    std::vector<Value> row{Value::text(" 7 "), Value::integer(5),         Value{},
                           Value::real(40.0),  Value::text("2026-02-28"), Value::boolean(true),
                           Value::integer(2)};
    ASSERT_TRUE(made.maker().assign_all(row, made.memory, made.error));
    EXPECT_EQ(row[0], Value::integer(7));
    EXPECT_EQ(row[1], Value::text("5"));
    EXPECT_EQ(row[3], Value::integer(40));
    EXPECT_EQ(row[4].type(), Type::date);
    EXPECT_EQ(row[5], Value::integer(1));
    EXPECT_EQ(row[6], Value::real(2.0));
}

TEST(TableRow, NamesTableColumnValueAndConstraintOfWhatItRefuses) {
    Keeper keeper;
    const auto refusal = [&](std::size_t column, Value value) {
        Made made{users(keeper)};
        std::vector<Value> row = ann();
        row[column] = value;
        return made.assign(row);
    };
    EXPECT_EQ(refusal(3, Value::text("abc")), "type-mismatch: users.age: TEXT 'abc' is no INT");
    EXPECT_EQ(refusal(2, Value::text("ann")), "type-mismatch: users.email: TEXT 'ann' is no EMAIL");
    EXPECT_EQ(refusal(4, Value::text("2026-02-30")),
              "type-mismatch: users.born: TEXT '2026-02-30' is no DATE");
    EXPECT_EQ(refusal(6, Value::text("")), "type-mismatch: users.score: TEXT '' is no FLOAT");
    EXPECT_EQ(refusal(1, Value{}), "constraint-failed: users.name: NULL, but it is NOT NULL");
    EXPECT_EQ(refusal(0, Value{}),
              "constraint-failed: users.id: NULL cannot be in the PRIMARY KEY");
    EXPECT_EQ(refusal(3, Value{}), "");
}

TEST(TableRow, HasTheKeysThatItsHeadSays) {
    Keeper keeper;
    Made made{users(keeper)};
    const std::vector<Value> values = ann();
    const KeyedRow row{values, made.key(values)};
    EXPECT_EQ(hex(row.key), "1a");
    const Index& by_name = made.table.indexes[1];
    const Result<IndexEntry> entry = made.maker().entry(by_name, row, made.memory);
    ASSERT_TRUE(entry);
    EXPECT_EQ(hex(entry->key),
              "0000012c"  // 300
              "416e6e01"  // Ann
              "be"        // 40, descending
              "1a"        // The key of the row,
              "01");      // of one byte.
    EXPECT_FALSE(entry->is_unique);
    EXPECT_FALSE(entry->is_cut);
    const std::array name{Value::text("Ann")};
    const IndexPrefix by_first{by_name, name};
    EXPECT_EQ(hex(by_first.bytes()), "0000012c416e6e01");
    EXPECT_EQ(hex(entry->prefix()), "0000012c416e6e01be");
    EXPECT_EQ(hex(*row_of_entry(entry->key)), "1a");

    made.table.primary_key = {};
    EXPECT_EQ(hex(made.key(ann(), 1)), "1a");
    EXPECT_EQ(hex(made.key(ann(), 223)), "f800");
    const Index& by_email = made.table.indexes[0];
    const std::array email{values[2]};
    const IndexPrefix hashed{by_email, email};
    EXPECT_EQ(hashed.bytes().size(), 4u + 8 + 10);
    EXPECT_EQ(hex(hashed.bytes().last(10)), hex(as_bytes(std::string_view{"ann@x.org\1"})));
}

TEST(TableRow, RefusesABrokenEntry) {
    EXPECT_EQ(row_of_entry({}).error().code, Code::corrupt);
    const std::array<std::byte, 6> bytes{{{}, {}, {}, {}, {}, std::byte{2}}};
    EXPECT_EQ(row_of_entry(bytes).error().code, Code::corrupt);
    EXPECT_EQ(row_of_entry(std::span{bytes}.first(5)).error().code, Code::corrupt);
}

TEST(TableRow, NamesTheColumnThatMakesItsKeyTooLong) {
    Keeper keeper;
    Made made{users(keeper)};
    const KeyColumn key[] = {{0, Sort::ascending}, {1, Sort::descending}};
    made.table.primary_key = key;
    std::vector<Value> row = ann();
    const std::string most(primary_key_size_max - 2, 'x');
    row[1] = Value::text(most);
    EXPECT_EQ(made.key(row).size(), primary_key_size_max);
    const std::string longer = most + "x";
    row[1] = Value::text(longer);
    EXPECT_TRUE(made.key(row).empty());
    EXPECT_EQ(made.said(), "too-large: users.name: '" + std::string(47, 'x') +
                               "... makes the PRIMARY KEY longer than 160 bytes");
}

TEST(TableRow, LetsAnUpdateTouchOnlyIndexesWhoseColumnsChanged) {
    Keeper keeper;
    Made made{users(keeper)};
    const std::vector<Value> before = ann();
    const KeyedRow old{before, made.key(before)};
    EXPECT_EQ(made.changes({}, old).size(), 2u);
    EXPECT_TRUE(made.changes({}, old)[0].closed.key.empty());
    EXPECT_EQ(made.changes(old, {}).size(), 2u);
    EXPECT_TRUE(made.changes(old, {})[0].opened.key.empty());
    EXPECT_TRUE(made.changes(old, old).empty());

    std::vector<Value> after = before;
    after[6] = Value::real(9);
    EXPECT_TRUE(made.changes(old, {after, old.key}).empty());
    after[3] = Value{};
    const auto changed = made.changes(old, {after, old.key});
    ASSERT_EQ(changed.size(), 1u);
    EXPECT_EQ(changed[0].index->name, "by_name");
    EXPECT_NE(hex(changed[0].closed.key), hex(changed[0].opened.key));
}

TEST(TableRow, HasNoTwoThatAreUniqueButForNulls) {
    Keeper keeper;
    Made made{users(keeper)};
    std::vector<Value> row = ann();
    EXPECT_TRUE(made.changes({}, {row, made.key(row)})[0].opened.is_unique);
    row[2] = Value{};
    EXPECT_FALSE(made.changes({}, {row, made.key(row)})[0].opened.is_unique);
}

TEST(TableRow, IsFoundByALongValueAmongThoseThatBeginAlike) {
    Keeper keeper;
    Made made{users(keeper)};
    std::vector<Value> before = ann();
    const std::string text(200, 'x');
    before[1] = Value::text(text);
    std::vector<Value> after = before;
    const std::string other = text + "y";
    after[1] = Value::text(other);
    const Bytes key = made.key(before);
    const auto changes = made.changes({before, key}, {after, key});
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_TRUE(changes[0].opened.is_cut);
    EXPECT_EQ(hex(changes[0].opened.key), hex(changes[0].closed.key));
    EXPECT_EQ(changes[0].opened.prefix_size, 4 + index_values_size_max);
    EXPECT_EQ(hex(*row_of_entry(changes[0].opened.key)), hex(key));

    std::vector<std::byte> longest(primary_key_size_max, std::byte{7});
    const auto whole = made.maker().entry(made.table.indexes[1], {after, longest}, made.memory);
    // The tree's own byte is in front, and an address behind it once it is closed.
    EXPECT_EQ(whole->key.size(), tree::key_size_max - 1 - 8);
}

// ---- what SQLite with triggers loses ----

TEST(TableRow, KeepsTheRowThatAnInsertOrReplaceDisplaces) {
    Keeper keeper;
    Made made{users(keeper)};
    const std::vector<Value> there = ann();
    std::vector<Value> inserted = ann();
    inserted[0] = Value::integer(2);  // Another key, the same email.
    const auto old = made.changes({}, {there, made.key(there)});
    const auto opened = made.changes({}, {inserted, made.key(inserted)});
    ASSERT_TRUE(opened[0].opened.is_unique);
    EXPECT_EQ(hex(opened[0].opened.prefix()), hex(old[0].opened.prefix()));
    EXPECT_NE(hex(opened[0].opened.key), hex(old[0].opened.key));
    EXPECT_EQ(hex(*row_of_entry(old[0].opened.key)), hex(made.key(there)));
}

TEST(TableRow, KeepsTheWholeRowWhenItsKeyChanges) {
    Keeper keeper;
    Made made{users(keeper)};
    const std::vector<Value> before = ann();
    std::vector<Value> after = ann();
    after[0] = Value::integer(5);
    EXPECT_NE(hex(made.key(before)), hex(made.key(after)));
    const Result<RowImage> image = made.maker().image(before, after, made.memory);
    ASSERT_TRUE(image && image->is_changed);
    std::vector<Value> read(after.size());
    ASSERT_TRUE(decode_row(image->image, made.layout.types, read));
    EXPECT_EQ(read, after);
    const auto changes = made.changes({before, made.key(before)}, {after, made.key(after)});
    EXPECT_EQ(changes.size(), 2u);  // Entries lead to the new key.
}

TEST(TableRow, KeepsAChangeFromNullAndToNull) {
    Keeper keeper;
    Made made{users(keeper)};
    std::vector<Value> before = ann();
    before[2] = Value{};
    std::vector<Value> after = ann();
    after[3] = Value{};
    const Result<RowImage> image = made.maker().image(before, after, made.memory);
    ASSERT_TRUE(image && image->is_changed);
    RowReader reader{image->image};
    EXPECT_EQ(reader.version(), 3u);
    EXPECT_EQ(hex(reader.changed(after.size())), "0c");
}

TEST(TableRow, IsNotWrittenWhenNothingChanged) {
    Keeper keeper;
    Made made{users(keeper)};
    EXPECT_FALSE(made.maker().image(ann(), ann(), made.memory)->is_changed);
    EXPECT_TRUE(made.maker().image({}, ann(), made.memory)->is_changed);
}

// ---- random rows ----

int order_by(const Index& index, const Layout& layout, const KeyedRow& a, const KeyedRow& b) {
    for (const KeyColumn& key : index.columns) {
        const std::uint16_t position = layout.positions[key.column];
        const int found = order(a.values[position], b.values[position]);
        if (found != 0) return key.sort == Sort::descending ? -found : found;
    }
    return as_text(a.key).compare(as_text(b.key));
}

TEST(TableRow, HasEntriesInTheOrderOfTheirValues) {
    std::mt19937_64 random{2};
    std::size_t ordered = 0;
    for (int i = 0; i < 400; i++) {
        Keeper keeper;
        Made made{RandomDefinition{random, keeper}.make()};
        std::vector<std::vector<Value>> rows(2);
        for (std::vector<Value>& row : rows) {
            for (const ColumnType type : made.layout.types)
                row.push_back(random() % 6 == 0 ? Value{} : random_value(type, random, keeper));
        }
        for (std::size_t k = 0; k < rows[0].size(); k++)
            if (random() % 2 == 0) rows[1][k] = rows[0][k];
        const KeyedRow a{rows[0], made.key(rows[0], 1)};
        const KeyedRow b{rows[1], made.key(rows[1], 2)};
        if (a.key.empty() || b.key.empty()) continue;
        for (const Index& index : made.table.indexes) {
            const auto first = made.maker().entry(index, a, made.memory);
            const auto second = made.maker().entry(index, b, made.memory);
            ASSERT_EQ(hex(*row_of_entry(first->key)), hex(a.key));
            if (index.hash || first->is_cut || second->is_cut) continue;
            const int wanted = order_by(index, made.layout, a, b);
            const int found = as_text(first->key).compare(as_text(second->key));
            ASSERT_EQ(wanted < 0, found < 0);
            ASSERT_EQ(wanted > 0, found > 0);
            ordered++;
        }
        std::size_t changed = 0;
        for (const Index& index : made.table.indexes) {
            const auto first = made.maker().entry(index, a, made.memory);
            const auto second = made.maker().entry(index, b, made.memory);
            if (hex(first->key) != hex(second->key)) changed++;
        }
        ASSERT_GE(made.changes(a, b).size(), changed);
    }
    EXPECT_GT(ordered, 200u);
}

TEST(TableRow, SurvivesEveryArenaSize) {
    Keeper keeper;
    Made made{users(keeper)};
    const std::vector<Value> row = ann();
    std::vector<Value> given = row;
    given[1] = Value::integer(123456789);  // Becomes a text.
    for (std::size_t size = 0; size < 2048; size++) {
        std::vector<std::byte> room(size);
        Arena memory{room};
        SqlError error;
        std::vector<Value> values = given;
        const Status assigned = made.maker().assign_all(values, memory, error);
        ASSERT_TRUE(assigned || assigned.error() == Code::out_of_memory);
        const Result<RowImage> image = made.maker().image({}, row, memory);
        ASSERT_TRUE(image || image.error() == Code::out_of_memory);
        const Result<Bytes> key = made.maker().key(row, 0, memory, error);
        ASSERT_TRUE(key || key.error() == Code::out_of_memory);
        const auto changes = made.maker().index_changes({}, {row, made.key(row)}, memory);
        ASSERT_TRUE(changes || changes.error() == Code::out_of_memory);
        const Result<Layout> layout = make_layout(made.table, 3, memory);
        ASSERT_TRUE(layout || layout.error() == Code::out_of_memory);
        if (assigned && image && key && changes && layout) return;
    }
    FAIL() << "2 KiB should have been enough";
}

}  // namespace
}  // namespace freshet::relation
