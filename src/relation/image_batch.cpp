// SPDX-License-Identifier: MIT
#include "relation/image_batch.hpp"

#include "relation/row_tree.hpp"

namespace freshet::relation {

ImageBatch::ImageBatch(const RowsAsOf& rows) noexcept : rows_{rows} {
    reader_.open(rows.state_->log, rows.log().end, {});
}

Status ImageBatch::open(Arena& memory) noexcept {
    const Result<std::span<Room>> room = memory.unfilled<Room>(1);
    if (!room) return room.error();
    room_ = room->data();
    return Done{};
}

void ImageBatch::clear() noexcept {
    count_ = 0;
    row_count_ = 0;
    wanted_count_ = 0;
}

Status ImageBatch::add(const store::RowStretch& rows, std::uint32_t count) noexcept {
    for (std::uint32_t number = 0; number < count; number++) {
        number = take_records(rows, number, count);
        if (number == count) break;
        if (rows.value(number).data() == nullptr) continue;
        const Status added = add_one(rows.alone(number));
        if (!added) return added;
    }
    return Done{};
}

// Up to the first row that has none, or is newer, or to the end.
std::uint32_t ImageBatch::take_records(const store::RowStretch& rows, std::uint32_t number,
                                       std::uint32_t end) noexcept {
    const std::uint32_t begin = number;
    for (; number < end; number++) {
        if (!rows.record(number).is_there()) break;
        if (!rows_.is_newest() && !store::is_before(rows.value(number), rows_.log().end)) break;
    }
    if (number > begin) put({rows.record(begin), number - begin});
    return number;
}

// A row that was not there yet is left out.
Status ImageBatch::add_one(const store::RowStretch& row) noexcept {
    store::Stream stream;
    const Status decoded = row.stream(0, stream);
    if (!decoded) return decoded;
    const std::uint64_t end = rows_.is_newest() ? ~std::uint64_t{0} : rows_.log().end;
    auto before = store::find_in_tail(stream, end);
    if (before && before->last == 0) {
        store::RowStretch::NameRoom room;
        before = store::find_before(rows_.view(), row.name(0, room), stream, end);
    }
    if (!before) return before.error();
    if (before->count == 0) return Done{};
    if (const Image image = image_of(stream); before->count == stream.count && !image.is_none()) {
        put({image, 1});
        return Done{};
    }
    room_->addresses[wanted_count_] = before->last;
    room_->wanted[wanted_count_++] = {before->count - 1, row, static_cast<std::uint32_t>(count_)};
    put({{}, 1});
    return Done{};
}

Status ImageBatch::read_wanted() noexcept {
    const Status entered = reader_.enter(room_->addresses[0]);
    if (!entered) return entered;
    reader_.fetch(std::span<const std::uint64_t>{room_->addresses}.first(wanted_count_));
    for (std::size_t i = 0; i < wanted_count_; i++) {
        const Wanted& wanted = room_->wanted[i];
        store::RowStretch::NameRoom room;
        reader_.turn_to(wanted.row.name(0, room));
        Recorded version;
        const Status read = reader_.read(room_->addresses[i], wanted.index, version);
        if (!read) return read;
        const bool was_deleted = !rows_.is_newest() && is_end(version.type);
        room_->images[wanted.position].image = was_deleted ? Bytes{} : version.payload;
    }
    wanted_count_ = 0;
    leave_out_deleted();
    return Done{};
}

// Rows that are there again, and were not as of then.
void ImageBatch::leave_out_deleted() noexcept {
    if (rows_.is_newest()) return;
    std::size_t left = 0;
    for (const ImageRun& run : images())
        if (!run.image.is_none()) room_->images[left++] = run;
    row_count_ -= count_ - left;
    count_ = left;
}

}  // namespace freshet::relation
