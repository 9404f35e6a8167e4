// SPDX-License-Identifier: MIT
// Reads a table: its rows in the order of their keys, or of an index, or backwards, or one by its
// key; now, as of a commit, or in an open transaction, as RowsAsOf says.
//
// Rows of all versions of the table are read as rows of one: that of the definition.
#pragma once

#include <optional>

#include "relation/entry.hpp"
#include "relation/layout.hpp"
#include "relation/row_stream.hpp"
#include "relation/table_row.hpp"

namespace freshet::relation {

// Reads images of whatever version as rows of the definition's. Layouts are made when rows of their
// version are met, in the arena.
class ImageReader {
public:
    // All stays lent. corrupt, out_of_memory.
    Status open(const TableDefinition& table, Arena& memory) noexcept;
    [[nodiscard]] const Layout& layout() const noexcept { return first_.layout; }
    // The live columns of the definition, in the order of the layout. What has bytes lies in the
    // image, or where the definition has them. corrupt, out_of_memory.
    Status read(const Image& image, std::span<Value> into) noexcept;

    // Those columns alone of images that are read from here on, by their places in the layout; each
    // is wanted once. out_of_memory.
    Status want(std::span<const std::uint32_t> columns) noexcept;
    // Into the places from `row` on of the array of each column that is wanted: of image_count_max
    // runs at most. As read().
    Status read(std::span<const ImageRun> images, std::span<Value* const> into,
                std::size_t row) noexcept;

private:
    struct Known {
        Layout layout;
        Known* next = nullptr;
    };
    struct Rests {
        std::array<ImageRest, image_count_max> images;
        std::array<RecordRest, image_count_max> records;
    };
    Result<const Layout*> layout_of(std::uint32_t version) noexcept;
    Status read_alone(const Image& image, std::span<Value* const> into, std::size_t row) noexcept;
    Status read_records(const ImageRun& run, std::span<Value* const> into, std::size_t row,
                        std::size_t& alone_count) noexcept;

    const TableDefinition* table_ = nullptr;
    Arena* memory_ = nullptr;
    Known first_;
    std::span<const std::uint32_t> wanted_{};
    std::span<const ColumnStep> steps_{};  // To the last one that is wanted.
    std::span<Value> row_{};               // Of another version.
    Rests* rests_ = nullptr;
};

class TableReader {
public:
    TableReader() noexcept = default;
    TableReader(const TableReader&) = delete;
    TableReader& operator=(const TableReader&) = delete;

    // The definition is that of the same moment; all stays lent. corrupt, out_of_memory.
    Status open(const RowsAsOf& rows, const TableDefinition& table, Arena& memory) noexcept;
    [[nodiscard]] const Layout& layout() const noexcept { return images_.layout(); }

    // Begins to read rows, in the order of their keys: those of a range, whose bytes stay lent.
    void scan(KeyRange range = {}, Direction direction = Direction::forwards) noexcept;
    // The same by an index that there is now, in the order of its entries: a range of what stands
    // behind the id of the index; of a hash index that begins with the hash.
    void scan(const Index& index, KeyRange range = {},
              Direction direction = Direction::forwards) noexcept;
    // False: no more; in a transaction rows may be changed between two calls. The version's views
    // are good until the next call of anything, or change. corrupt, io.
    Result<bool> next(Recorded& version) noexcept;
    // The row of a key; false: there is none. The view of the version's stream is good until the
    // next call. corrupt, io.
    Result<bool> find(Bytes key, Recorded& version) noexcept;
    // The same where the image is all that is needed: it may be in a run; not by an index.
    Result<bool> next(Image& image) noexcept;
    Result<bool> find(Bytes key, Image& image) noexcept;

    // The live columns of a version, in the order of the layout: values view the version's bytes or
    // the definition's. corrupt, out_of_memory.
    Status read(const Recorded& version, std::span<Value> into) noexcept {
        return images_.read(version.payload, into);
    }
    Status read(const Image& image, std::span<Value> into) noexcept {
        return images_.read(image, into);
    }
    [[nodiscard]] ImageReader& images() noexcept { return images_; }
    // For EntryImages.
    [[nodiscard]] EntryScan& entries() noexcept { return *entry_scan_; }

private:
    Result<bool> next_by_index(Recorded& version) noexcept;

    const RowsAsOf* rows_ = nullptr;
    const TableDefinition* table_ = nullptr;
    ImageReader images_;
    std::optional<RowScan> row_scan_;
    std::optional<EntryScan> entry_scan_;
    RowName name_{0, {}};  // Of the row that was looked for.
};

}  // namespace freshet::relation
