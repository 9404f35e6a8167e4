// SPDX-License-Identifier: MIT
// Images of rows, put side by side: what a page of the tree has of them, and what is read from the
// log for all of them together, since each alone would wait for memory.
#pragma once

#include "log/reader.hpp"
#include "relation/row.hpp"
#include "relation/row_stream.hpp"

namespace freshet::relation {

class ImageBatch {
public:
    explicit ImageBatch(const RowsAsOf& rows) noexcept;
    ImageBatch(const ImageBatch&) = delete;
    ImageBatch& operator=(const ImageBatch&) = delete;

    // out_of_memory.
    Status open(Arena& memory) noexcept;

    void clear() noexcept;
    void put(const ImageRun& run) noexcept {
        room_->images[count_++] = run;
        row_count_ += run.count;
    }
    // The first rows of those that lie side by side, so many: those that were there, unless they
    // are found to be deleted when they are read. With what is in the batch, image_count_max at
    // most. corrupt, io.
    Status add(const store::RowStretch& rows, std::uint32_t count) noexcept;
    // Those that are in the log; to be called before anybody looks at the images. corrupt, io.
    Status read() noexcept { return wanted_count_ == 0 ? Status{Done{}} : read_wanted(); }

    [[nodiscard]] std::size_t row_count() const noexcept { return row_count_; }
    [[nodiscard]] std::span<const ImageRun> images() const noexcept {
        return std::span{room_->images}.first(count_);
    }

private:
    // A row whose image is to be read from the log.
    struct Wanted {
        std::uint64_t index;
        store::RowStretch row;   // It alone.
        std::uint32_t position;  // Among the runs of images.
    };
    struct Room {
        std::array<ImageRun, image_count_max> images;
        std::array<Wanted, image_count_max> wanted;
        std::array<std::uint64_t, image_count_max> addresses;  // Of those that are wanted.
    };

    std::uint32_t take_records(const store::RowStretch& rows, std::uint32_t number,
                               std::uint32_t end) noexcept;
    Status add_one(const store::RowStretch& row) noexcept;
    Status read_wanted() noexcept;
    void leave_out_deleted() noexcept;

    const RowsAsOf& rows_;
    log::EventReader reader_;
    std::size_t count_ = 0;      // Of runs of images, ...
    std::size_t row_count_ = 0;  // ... and of rows in them.
    std::size_t wanted_count_ = 0;
    Room* room_ = nullptr;
};

}  // namespace freshet::relation
