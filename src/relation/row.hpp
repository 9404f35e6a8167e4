// SPDX-License-Identifier: MIT
// A row as it stands in the payload of an event: all of its columns, and which of them changed; as
// a record, one field behind the other (base/field.hpp).
//
//      field     class
//      version   whole   of the table's schema, which says how many columns there are and of what
//                        types; the fields below do not
//      changed   whole   a bit for each column, from the lowest on; of more than 64 columns bytes,
//                        (c + 7) / 8 of c columns, and those left over are 0
//      columns           one behind the other; NULL is null
//
//      column                            class
//      BOOL, INT, DATE, TIMESTAMP        whole: 2v; of a negative v -2v - 1
//      FLOAT                             real
//      TEXT, BLOB, EMAIL                 bytes
//
// In a run the same fields stand in columns (tree/columns.hpp).
//
// Each row has one form and each form is one row: what is no record, a field of another class than
// its column's, and bytes behind the last one are `corrupt`. Whether a text is UTF-8 is not looked
// at.
#pragma once

#include <array>
#include <span>

#include "base/arena.hpp"
#include "base/field.hpp"
#include "freshet/value.hpp"
#include "relation/type.hpp"
#include "tree/columns.hpp"

namespace freshet::relation {

constexpr std::size_t mask_size(std::size_t column_count) noexcept {
    return (column_count + 7) / 8;
}

// Which columns are not as they were; without a row before, all. `into` has mask_size() bytes of as
// many columns as there are after.
void find_changes(std::span<const Value> before, std::span<const Value> after,
                  MutableBytes into) noexcept;

struct Row {
    std::uint32_t version = 0;  // Of the schema.
    Bytes changed;              // mask_size() bytes; bits that stand for no column are 0.
    std::span<const Value> values;
};

std::size_t row_size(const Row& row) noexcept;
// The image lies in the arena. out_of_memory.
Result<Bytes> encode_row(const Row& row, Arena& memory) noexcept;

// Where an image stands: in one piece, or in the columns of a run.
struct Image {
    Image() noexcept = default;
    Image(Bytes in_one_piece) noexcept : bytes{in_one_piece} {}
    Image(const tree::Record& in_columns) noexcept : record{in_columns} {}

    Bytes bytes{};
    tree::Record record{};

    [[nodiscard]] bool is_none() const noexcept {
        return bytes.data() == nullptr && !record.is_there();
    }
};

// Reads an image from its start. The first error sticks: after it every value is NULL and the mask
// empty. What it gives lies where the image does.
class RowReader {
public:
    explicit RowReader(const Image& image) noexcept : reader_{image.bytes}, record_{image.record} {}

    // These come first, in this order.
    std::uint32_t version() noexcept;
    Bytes changed(std::size_t column_count) noexcept;  // In the image, or in here.
    // Then the columns, each read or skipped.
    Value value(ColumnType type) noexcept;
    void values(std::span<const ColumnType> types, std::span<Value> into) noexcept;
    void skip() noexcept;
    // `corrupt` if anything was wrong so far.
    [[nodiscard]] Status status() const noexcept {
        return ok_ && reader_.ok() ? Status{Done{}} : Status{Code::corrupt};
    }
    // The same, or if there is more to read.
    [[nodiscard]] Status finish() const noexcept {
        return is_at_end() ? status() : Status{Code::corrupt};
    }

private:
    [[nodiscard]] bool is_at_end() const noexcept {
        return record_.is_there() ? column_ == tree::Columns{*record_.page}.count()
                                  : reader_.at_end();
    }
    Field next() noexcept;

    FieldReader reader_;
    tree::Record record_;
    std::uint32_t column_ = 0;  // Of the record, the next.
    bool ok_ = true;
    std::array<std::byte, 8> changed_;
};

// The first columns of an image, as many as `into` has room for, of all that the schema has; all of
// them only if there is nothing behind. corrupt.
Status decode_row(const Image& image, std::span<const ColumnType> types,
                  std::span<Value> into) noexcept;

// Images that are read together: one in one piece, or so many records of a page side by side.
struct ImageRun {
    Image image{};
    std::uint32_t count = 1;
};

// Of records of this version of a schema, which has so many columns, a column: of `count` of them
// from this one on. corrupt.
[[nodiscard]] bool is_of_version(const tree::Record& first, std::uint32_t count,
                                 std::uint32_t version, std::size_t column_count) noexcept;
Status decode_records(const tree::Record& first, std::uint32_t count, std::size_t column,
                      ColumnType type, Value* into) noexcept;

// Of one record of it, as many of the first columns as `into` has room for. corrupt.
Status decode_record(const tree::Record& record, std::span<const ColumnType> types,
                     std::span<Value> into) noexcept;

// A record that is read beside others, which lie anywhere.
struct RecordRest {
    tree::Record record{};
    std::size_t row = 0;  // The place of its values in their arrays.
};
// The same of each of them.
Status decode_records(std::span<const RecordRest> records, std::size_t column, ColumnType type,
                      Value* into) noexcept;

// A column of an image in one piece, in the order of the image's, and which of the wanted ones it
// is.
struct ColumnStep {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    ColumnType type{};
    std::uint32_t wanted = none;
};
inline constexpr std::size_t image_count_max = 64;  // That are read side by side.

// Where the columns of an image in one piece begin; 0: it is not of this version.
std::size_t begin_of_columns(Bytes image, std::uint32_t version) noexcept;

// An image that is read beside others, a column of all of them at a time.
struct ImageRest {
    Bytes image{};
    std::size_t at = 0;   // Where the next column begins; behind the image if that is damaged.
    std::size_t row = 0;  // The place of its values in their arrays.
};
// Those columns of the images that are wanted, each into its array. What stands behind the last
// step is not looked at. corrupt.
Status decode_columns(std::span<ImageRest> images, std::span<const ColumnStep> steps,
                      std::span<Value* const> into) noexcept;

// One column of an image. corrupt.
Result<Value> decode_column(const Image& image, std::span<const ColumnType> types,
                            std::size_t column) noexcept;

// The version of the schema of an image. corrupt.
Result<std::uint32_t> decode_version(const Image& image) noexcept;

}  // namespace freshet::relation
