// SPDX-License-Identifier: MIT
// Goal: records that stand in columns are what they were, and what a page says of its columns leads
// nowhere outside it. Method: golden bytes; pages of random records of all classes, with nulls and
// entries without a record; every bit of a page turned, and each byte being each other one, where
// what is taken for sound is read whole.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "tree/column_builder.hpp"
#include "tree/leaf_builder.hpp"

namespace freshet::tree {
namespace {

using Contents = std::vector<std::byte>;

Contents record_with(const std::vector<Field>& fields) {
    Contents record;
    for (const Field& field : fields) {
        const std::size_t at = record.size();
        record.resize(at + field_size(field));
        put_field(record.data() + at, record.data() + record.size(), field);
    }
    return record;
}

std::string hex(Bytes bytes) {
    std::string text(2 * bytes.size(), ' ');
    return std::string{TextWriter{text}.hex(bytes).written()};
}

class Builder {
public:
    Builder() {
        Arena arena{room_};
        EXPECT_TRUE(columns_.open(arena));
        clear();
    }
    void clear() {
        leaf_.clear();
        columns_.clear();
        records_.clear();
    }
    // False: it does not fit.
    bool add(const Contents& record) {
        const std::array<std::byte, 2> key{std::byte{5}, static_cast<std::byte>(records_.size())};
        const std::array<std::byte, 2> value{std::byte{2}, std::byte{9}};
        const Entry entry{{.front = {}, .back = key}, value};
        const std::size_t common = records_.empty() ? 0 : 1;
        if (!leaf_.add(entry, common, columns_.size_with(record))) return false;
        columns_.add(record);
        records_.push_back(record);
        return true;
    }
    // As it would stand in a run.
    std::unique_ptr<Page> finish() {
        auto page = std::make_unique<Page>();
        std::memset(static_cast<void*>(page.get()), 0, sizeof(Page));
        page->clear();
        leaf_.write(*page);
        columns_.write(*page);
        return page;
    }
    [[nodiscard]] const std::vector<Contents>& records() const { return records_; }

private:
    std::vector<std::byte> room_ = std::vector<std::byte>(ColumnBuilder::required_memory());
    ColumnBuilder columns_;
    LeafBuilder leaf_;
    std::vector<Contents> records_;
};

Contents record_at(const Page& page, std::uint32_t row) {
    const Record record = record_of(page, row);
    if (!record.is_there()) return {};
    Contents room(page_size);
    const Bytes bytes = copy_record(record, room);
    return {bytes.begin(), bytes.end()};
}

void expect_records(const Page& page, const std::vector<Contents>& records) {
    ASSERT_TRUE(page.is_sound(1));
    ASSERT_EQ(page.count(), records.size());
    for (std::uint32_t row = 0; row < page.count(); row++)
        ASSERT_EQ(hex(record_at(page, row)), hex(records[row])) << row;
}

Field text(std::string_view text) {
    return Field::of(as_bytes(text));
}

TEST(Columns, HaveTheBytesThatTheirHeadSays) {
    Builder builder;
    ASSERT_TRUE(builder.add(record_with({Field::whole(1), Field::whole(300), text("ab"), text("x"),
                                         Field::real(0x4000000000000000), Field::null()})));
    ASSERT_TRUE(builder.add(record_with(
        {Field::whole(1), Field::whole(5), text("cd"), text(""), Field::null(), Field::null()})));
    const std::unique_ptr<Page> page = builder.finish();
    expect_records(*page, builder.records());
    const std::size_t begin = page->columns();
    EXPECT_EQ(begin % 256, 0xc5u);  // The table below says where each column begins.
    EXPECT_EQ(hex({page->bytes() + begin, page->columns_end() - begin}),
              "06"
              "0901de07"    // Whole, all the same, of one byte.
              "0102df07"    // Whole, of two bytes.
              "0302e307"    // Bytes, of two bytes.
              "1300e707"    // Bytes, of many sizes.
              "0e01ec07"    // Real, some null, the others the same.
              "0000ee07"    // Null.
              "01"          //
              "2c010500"    // 300 and 5
              "61626364"    //
              "ec07ec0778"  // Up to there each, and "x".
              "0240"        // The second is null.
              "0000000000000000");
}

// In a run that somebody made a record may have more than there is room for.
TEST(Columns, GiveAsMuchOfARecordAsThereIsRoomFor) {
    Builder builder;
    const std::array fields = {Field::whole(1), text("four"), Field::whole(300), text("x")};
    ASSERT_TRUE(builder.add(record_with({fields[0], fields[1], fields[2], fields[3]})));
    const std::unique_ptr<Page> page = builder.finish();
    const Contents whole = record_at(*page, 0);
    for (std::size_t room_size = 0; room_size <= whole.size(); room_size++) {
        std::size_t wanted = 0;
        for (const Field& field : fields) {
            if (wanted + field_size(field) > room_size) break;
            wanted += field_size(field);
        }
        Contents room(room_size);
        const Bytes copied = copy_record(record_of(*page, 0), room);
        ASSERT_EQ(hex(copied), hex(Bytes{whole}.first(wanted))) << room_size;
    }
}

Field random_field(std::mt19937_64& random, int kind, const std::string& source) {
    if (kind > 5 && random() % 4 == 0) return Field::null();
    switch (kind % 6) {
        case 0: return Field::whole(7);
        case 1: return Field::whole(random() >> random() % 64);
        case 2: return Field::real(random() << random() % 64);
        case 3: return text(std::string_view{source}.substr(random() % 9, 4));
        case 4: return text(std::string_view{source}.substr(0, random() % 30));
        default: return text(source);
    }
}

// Of up to 40 columns, in as many pages as they take.
TEST(Columns, GiveRecordsBackAsTheyWere) {
    std::mt19937_64 random{7};
    std::size_t page_count = 0;
    std::size_t record_count = 0;
    for (int life = 0; life < 300; life++) {
        const std::string source(random() % 3 == 0 ? 300 : 40, static_cast<char>('a' + life % 26));
        std::vector<int> kinds(1 + random() % (life % 10 == 0 ? 40 : 6));
        for (int& kind : kinds) kind = static_cast<int>(random() % 12);
        const bool has_missing = random() % 3 == 0;
        Builder builder;
        for (int i = 0; i < 60; i++) {
            std::vector<Field> fields{Field::whole(3)};
            for (const int kind : kinds) fields.push_back(random_field(random, kind, source));
            Contents record = record_with(fields);
            ASSERT_TRUE(is_record(record));
            if (record.size() > 512 || (has_missing && random() % 3 == 0)) record.clear();
            record_count++;
            if (builder.add(record)) continue;
            page_count++;
            ASSERT_NO_FATAL_FAILURE(expect_records(*builder.finish(), builder.records()));
            builder.clear();
            ASSERT_TRUE(builder.add(record));
        }
        ASSERT_NO_FATAL_FAILURE(expect_records(*builder.finish(), builder.records()));
    }
    EXPECT_GT(page_count, 300u);
    EXPECT_GT(record_count, 10u * page_count);
}

TEST(Columns, AreThereOnlyWhereThereIsARecord) {
    Builder builder;
    for (int i = 0; i < 3; i++) ASSERT_TRUE(builder.add({}));
    EXPECT_EQ(builder.finish()->columns(), 0u);
    ASSERT_TRUE(builder.add(record_with({Field::whole(1), Field::null()})));
    const std::unique_ptr<Page> page = builder.finish();
    ASSERT_NO_FATAL_FAILURE(expect_records(*page, builder.records()));
    EXPECT_FALSE(Columns{*page}.has_all_records());
}

// Each begins a page of its own.
TEST(Columns, HoldRecordsThatAreAlikeAlone) {
    const std::vector<std::vector<Field>> all{
        {Field::whole(1)},
        {Field::whole(1), Field::whole(2)},
        {Field::whole(1), text("a")},
        {Field::whole(1), Field::real(1)},
        {Field::whole(1), text("a"), text("b")},
        {text("a"), text("a")},
    };
    for (const auto& first : all) {
        for (const auto& second : all) {
            Builder builder;
            ASSERT_TRUE(builder.add(record_with(first)));
            EXPECT_EQ(builder.add(record_with(second)),
                      hex(record_with(first)) == hex(record_with(second)));
            ASSERT_TRUE(builder.add(record_with(first)));
            ASSERT_NO_FATAL_FAILURE(expect_records(*builder.finish(), builder.records()));
        }
    }
}

// What is the same in all of them takes no room in the page, but is kept until it is written.
TEST(Columns, HoldAsManyRecordsAsAreKept) {
    const std::string same(250, 's');
    Builder builder;
    const Contents record = record_with({Field::whole(1), text(same)});
    std::size_t count = 0;
    while (builder.add(record)) count++;
    EXPECT_EQ(count, (std::size_t{8} << 10) / record.size());
    expect_records(*builder.finish(), builder.records());
}

TEST(Columns, AreOfRecordsAlone) {
    const auto bytes = [](std::vector<std::uint8_t> numbers) {
        const auto view = std::as_bytes(std::span{numbers});
        return Contents(view.begin(), view.end());
    };
    EXPECT_FALSE(is_record({}));
    EXPECT_FALSE(is_record(bytes({0})));         // Null first.
    EXPECT_FALSE(is_record(bytes({19, 83})));    // A byte too few.
    EXPECT_FALSE(is_record(bytes({19, 1, 5})));  // Not as few bytes as can be.
    EXPECT_TRUE(is_record(Contents(128, std::byte{19})));
    EXPECT_FALSE(is_record(Contents(129, std::byte{19})));  // Too many.
}

TEST(Columns, LeadNowhereOutsideTheirPage) {
    Builder builder;
    for (std::uint64_t i = 0; i < 9; i++) {
        const std::string some(i % 4, 'x');
        const Field real = i % 2 == 0 ? Field::null() : Field::real(i << 60);
        ASSERT_TRUE(builder.add(record_with({Field::whole(2), Field::whole(i * 1000), real,
                                             text("same"), text(some), Field::null()})));
    }
    ASSERT_TRUE(builder.add({}));
    const std::unique_ptr<Page> page = builder.finish();
    expect_records(*page, builder.records());
    const auto* const bytes = page->bytes();
    std::size_t sound_count = 0;
    const auto look = [&](std::size_t at, std::byte byte) {
        auto other = std::make_unique<Page>();  // In memory of just its size.
        std::memcpy(static_cast<void*>(other.get()), bytes, page_size);
        reinterpret_cast<std::byte*>(other.get())[at] = byte;
        if (!other->is_sound(1)) return;
        sound_count++;
        for (std::uint32_t row = 0; row < other->count(); row++)
            if (other->columns() != 0) record_at(*other, row);
    };
    for (std::size_t at = 24; at < page_size; at++)
        for (int bit = 0; bit < 8; bit++) look(at, bytes[at] ^ std::byte{1} << bit);
    for (std::size_t at = page->columns(); at < page->columns_end(); at++)
        for (unsigned byte = 0; byte < 256; byte++) look(at, static_cast<std::byte>(byte));
    EXPECT_GT(sound_count, 1000u);
}

}  // namespace
}  // namespace freshet::tree
