// SPDX-License-Identifier: MIT
// A row as it stands in the payload of an event: all of its columns, and which of them changed.
//
//      field     bytes
//      version   varint   of the table's schema, which says how many columns there are and of what
//                         types; the fields below do not
//      changed   c + 7 / 8  of c columns: a bit for each, from the lowest on; those left over are 0
//      columns            one behind the other, each a code (varint), and then
//
//      column                 code
//      any                    0            NULL
//      BOOL, INT, DATE,       1 + n        n bytes (1 to 8, as few as hold it): z, little-endian
//      TIMESTAMP              10 + z       z below 118, and no bytes
//                                          (z: 2v, of a negative v -2v - 1)
//      FLOAT                  1 + n        the n highest bytes (0 to 8) of the number, the lowest
//                                          first; those left out are 0
//      TEXT, BLOB, EMAIL      1 + n        n bytes
//
// A column is found by the codes before it, without a look at their bytes. Each row has one form
// and each form is one row: what is longer than it need be is `corrupt`, and so are bytes behind
// the last column. Whether a text is UTF-8 is not looked at.
#pragma once

#include <span>

#include "base/arena.hpp"
#include "base/codec.hpp"
#include "freshet/value.hpp"
#include "relation/type.hpp"

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

// Reads an image from its start. The first error sticks: after it every value is NULL and the mask
// empty. What it gives lies in the image.
class RowReader {
public:
    explicit RowReader(Bytes image) noexcept : reader_{image}, image_{image} {}

    // These come first, in this order.
    std::uint32_t version() noexcept;
    Bytes changed(std::size_t column_count) noexcept;
    // Then the columns, each read or skipped.
    Value value(ColumnType type) noexcept;
    void skip(ColumnType type) noexcept;
    // `corrupt` if anything was wrong so far.
    [[nodiscard]] Status status() const noexcept {
        return ok_ && reader_.ok() ? Status{Done{}} : Status{Code::corrupt};
    }
    // The same, or if there is more to read.
    [[nodiscard]] Status finish() const noexcept {
        return reader_.at_end() ? status() : Status{Code::corrupt};
    }

private:
    // The bytes of a column of this code.
    Bytes body(Type type, std::uint64_t code) noexcept;
    Value whole(Type type, std::uint64_t code) noexcept;
    Value real(Bytes bytes) noexcept;
    Value fail() noexcept;

    Reader reader_;
    Bytes image_;
    bool ok_ = true;
};

// The first columns of an image, as many as `into` has room for, of all that the schema has; all of
// them only if there is nothing behind. corrupt.
Status decode_row(Bytes image, std::span<const ColumnType> types, std::span<Value> into) noexcept;

// A column of an image, in the order of the image's, and which of the wanted ones it is.
struct ColumnStep {
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    ColumnType type{};
    std::uint32_t wanted = none;
};
inline constexpr std::size_t image_count_max = 64;  // That are read side by side.

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
Result<Value> decode_column(Bytes image, std::span<const ColumnType> types,
                            std::size_t column) noexcept;

// The version of the schema of an image. corrupt.
Result<std::uint32_t> decode_version(Bytes image) noexcept;

}  // namespace freshet::relation
