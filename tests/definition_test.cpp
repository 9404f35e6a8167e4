// SPDX-License-Identifier: MIT
// Goal: a definition comes back as it was, from the bytes that the head of definition_codec.hpp
// says; what is no definition is refused, as bytes and as words. Method: golden bytes; random
// definitions; every cut, every turned bit (what is accepted must be the one form of another
// definition); every arena size; one table for each rule.
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "relation/definition_codec.hpp"
#include "tests/definition_fixture.hpp"

namespace freshet::relation {
namespace {

std::string hex(Bytes bytes) {
    std::string room(2 * bytes.size(), '?');
    return std::string{TextWriter{room}.hex(bytes).written()};
}

std::vector<std::byte> encoded(const TableDefinition& table) {
    std::vector<std::byte> room(definition_size_max);
    Arena memory{room};
    const Result<Bytes> bytes = encode_definition(table, memory);
    EXPECT_TRUE(bytes);
    return {bytes->begin(), bytes->end()};
}

std::string words_of(const TableDefinition& table) {
    SqlError error;
    const Status status = check_definition(table, error);
    EXPECT_EQ(status.error().code, error.error.code);
    if (status) return {};
    return std::string{code_name(error.error.code)} + ": " + std::string{error.message()};
}

TEST(Definition, HasTheBytesThatItsHeadSays) {
    Keeper keeper;
    EXPECT_EQ(hex(encoded(users(keeper))),
              "01"  // Format 1.
              "07"
              "03"
              "057573657273"  // 7, version 3, users
              "08"            // 8 columns.
              "03"
              "026964"
              "02"
              "03494e54"
              "01"
              "05"
              "046e616d65"
              "04"
              "0a56415243484152283929"
              "04"
              "1212533f"
              "01"
              "00"
              "05656d61696c"
              "08"
              "05454d41494c"
              "01"
              "00"
              "03616765"
              "02"
              "03494e54"
              "01"
              "08"
              "04626f726e"
              "06"
              "0444415445"
              "0c43555252454e545f44415445"
              "01"
              "00"
              "04626f7373"
              "02"
              "03494e54"
              "01"
              "20"
              "036f6c64"
              "03"
              "05464c4f4154"
              "01"
              "03"
              "14"
              "0573636f7265"
              "03"
              "05464c4f4154"
              "05"
              "12120bf83f"
              "05"
              "12120bf83f"
              "03"
              "01"
              "00"  // The primary key: column 0.
              "02"  // 2 indexes.
              "07"
              "08"
              "0b75736572735f656d61696c"
              "01"
              "04"
              "00"
              "ac02"
              "0762795f6e616d65"
              "02"
              "02"
              "07"
              "01"
              "0567726f776e"
              "08616765203e3d2030"
              "01"
              "03"
              "01"
              "00"
              "01"
              "05"
              "07"
              "01"
              "00"
              "0c"
              "00");  // No view.
}

TEST(Definition, ComesBackAsItWas) {
    std::mt19937_64 random{1};
    for (int i = 0; i < 2000; i++) {
        Keeper keeper;
        const TableDefinition table = RandomDefinition{random, keeper}.make();
        ASSERT_EQ(words_of(table), "");
        const std::vector<std::byte> bytes = encoded(table);
        std::vector<std::byte> room(1 << 16);
        Arena memory{room};
        const Result<TableDefinition> read = decode_definition(bytes, memory);
        ASSERT_TRUE(read) << hex(bytes);
        ASSERT_EQ(hex(encoded(*read)), hex(bytes));
        ASSERT_EQ(read->name, table.name);
        ASSERT_EQ(read->columns.size(), table.columns.size());
        for (std::size_t k = 0; k < table.columns.size(); k++) {
            const Column& a = table.columns[k];
            const Column& b = read->columns[k];
            ASSERT_EQ(a.name, b.name);
            ASSERT_EQ(a.type, b.type);
            ASSERT_EQ(a.not_null, b.not_null);
            ASSERT_EQ(a.default_value, b.default_value);
            ASSERT_EQ(a.default_text, b.default_text);
            ASSERT_EQ(a.missing, b.missing);
            ASSERT_EQ(a.added, b.added);
            ASSERT_EQ(a.dropped, b.dropped);
        }
    }
}

TEST(Definition, SurvivesEveryCutAndEveryTurnedBit) {
    Keeper keeper;
    const std::vector<std::byte> bytes = encoded(users(keeper));
    std::vector<std::byte> room(1 << 19);
    for (std::size_t size = 0; size < bytes.size(); size++) {
        const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
        Arena memory{room};
        const Result<TableDefinition> read = decode_definition(cut, memory);
        ASSERT_FALSE(read) << size;
        ASSERT_EQ(read.error().code, Code::corrupt) << size;
    }
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit++) {
        std::vector<std::byte> damaged = bytes;
        damaged[bit / 8] ^= std::byte{1} << (bit % 8);
        Arena memory{room};
        const Result<TableDefinition> read = decode_definition(damaged, memory);
        if (!read) {
            ASSERT_EQ(read.error().code, bit < 8 && bit > 0 ? Code::newer_format : Code::corrupt)
                << bit;
            continue;
        }
        accepted++;
        ASSERT_EQ(hex(encoded(*read)), hex(damaged)) << bit;
    }
    EXPECT_GT(accepted, 0u);
    std::vector<std::byte> longer = bytes;
    longer.push_back(std::byte{0});
    Arena memory{room};
    EXPECT_EQ(decode_definition(longer, memory).error().code, Code::corrupt);
}

TEST(Definition, SurvivesEveryArenaSize) {
    Keeper keeper;
    const TableDefinition table = users(keeper);
    const std::vector<std::byte> bytes = encoded(table);
    for (std::size_t size = 0; size <= bytes.size(); size++) {
        std::vector<std::byte> room(size);
        Arena memory{room};
        const Result<Bytes> found = encode_definition(table, memory);
        ASSERT_EQ(static_cast<bool>(found), size == bytes.size());
        ASSERT_TRUE(found || found.error() == Code::out_of_memory);
    }
    for (std::size_t size = 0; size < 4096; size++) {
        std::vector<std::byte> room(size);
        Arena memory{room};
        const Result<TableDefinition> read = decode_definition(bytes, memory);
        if (read) return;
        ASSERT_EQ(read.error().code, Code::out_of_memory) << size;
    }
    FAIL() << "4 KiB should have been enough";
}

TEST(Definition, FindsColumnsWhateverTheCaseOfTheirLetters) {
    Keeper keeper;
    const TableDefinition table = users(keeper);
    EXPECT_EQ(find_column(table, "EMail"), 2);
    EXPECT_EQ(find_column(table, "score"), 7);
    EXPECT_EQ(find_column(table, "old"), no_column);  // It was dropped.
    EXPECT_EQ(find_column(table, "emai"), no_column);
    EXPECT_TRUE(is_same_name("\xc3\xa4Z", "\xc3\xa4z"));
    EXPECT_FALSE(is_same_name("\xc3\xa4", "\xc3\x84"));
    EXPECT_FALSE(is_same_name("[", "{"));
}

// A table of columns a INT NOT NULL, b TEXT and c INT.
struct Small {
    Small() : columns(3) {
        columns[0].name = "a";
        columns[0].not_null = true;
        columns[1].name = "b";
        columns[1].type = ColumnType::text;
        columns[2].name = "c";
        table.id = 1;
        table.name = "t";
        key = {{0, Sort::ascending}};
        index.id = 2;
        index.name = "i";
        static constexpr KeyColumn by_a{0, Sort::ascending};
        index.columns = {&by_a, 1};
    }
    std::string words() {
        table.columns = columns;
        table.primary_key = key;
        table.indexes = {&index, 1};
        return words_of(table);
    }
    std::vector<Column> columns;
    std::vector<KeyColumn> key;
    Index index;
    TableDefinition table;
};

TEST(Definition, SaysWhatIsWrongWithColumns) {
    EXPECT_EQ(Small{}.words(), "");
    Small small;
    small.columns[2].name = "A";
    EXPECT_EQ(small.words(), "already-exists: t has two columns A");
    small.columns[0].dropped = 2;
    small.table.version = 2;
    small.key.clear();
    small.index.columns = {};
    EXPECT_EQ(small.words(), "invalid-argument: the index i has no columns");
    small = {};
    small.columns[1].name = "";
    EXPECT_EQ(small.words(), "invalid-name: a column cannot be called \"\"");
    small = {};
    small.columns[1].auto_increment = true;
    EXPECT_EQ(small.words(), "invalid-argument: t.b is TEXT and cannot be AUTO_INCREMENT");
    small = {};
    small.columns[0].auto_increment = true;
    small.columns[2].auto_increment = true;
    EXPECT_EQ(small.words(), "invalid-argument: t.c and a are both AUTO_INCREMENT");
    small = {};
    small.columns[2].default_value = Value::text("x");
    EXPECT_EQ(small.words(), "type-mismatch: the default of t.c: TEXT 'x' is no INT");
    small.columns[2].default_value = Value::integer(1);
    small.columns[2].default_text = "1 + 1";
    EXPECT_EQ(small.words(), "invalid-argument: t.c has two defaults");
    small = {};
    small.columns.resize(column_count_max + 1, small.columns[1]);
    EXPECT_EQ(small.words(), "too-large: t has too many columns");
    small.columns.clear();
    EXPECT_EQ(small.words(), "invalid-argument: t would have no column");
}

TEST(Definition, SaysWhatIsWrongWithKeys) {
    Small small;
    const std::string long_name(name_size_max + 1, 'x');
    small.table.name = long_name;
    EXPECT_EQ(small.words().substr(0, 40), "invalid-name: the table cannot be called");
    small = {};
    small.key.push_back({0, Sort::descending});
    EXPECT_EQ(small.words(), "already-exists: the primary key of t names a twice");
    small.key[1] = {3, Sort::ascending};
    EXPECT_EQ(small.words(), "invalid-argument: the primary key of t names no column");
    small.key[1] = {2, Sort::ascending};
    EXPECT_EQ(small.words(),
              "invalid-argument: the primary key of t has a column that may be NULL: c");
    small.key = std::vector<KeyColumn>(key_column_count_max + 1);
    EXPECT_EQ(small.words(), "too-large: t has too many columns in a key");
    small = {};
    const ColumnNumber two[] = {0, 1};
    const ForeignKey key{"", two, 1, {two, 1}, {}, {}};
    small.table.foreign_keys = {&key, 1};
    EXPECT_EQ(small.words(),
              "invalid-argument: a FOREIGN KEY of t has not as many columns as it refers to");
    small = {};
    const CheckConstraint check{"", "", {}};
    small.table.checks = {&check, 1};
    EXPECT_EQ(small.words(), "invalid-argument: a CHECK is empty");
}

TEST(Definition, HasALimitToItsSize) {
    Small small;
    const std::string large(definition_size_max, 'x');
    const CheckConstraint check{"", large, {}};
    small.table.columns = small.columns;
    small.table.checks = {&check, 1};
    std::vector<std::byte> room(definition_size_max * 2);
    Arena memory{room};
    EXPECT_EQ(encode_definition(small.table, memory).error().code, Code::too_large);
}

}  // namespace
}  // namespace freshet::relation
