// SPDX-License-Identifier: MIT
// A transaction in the write buffer: frames, parts, space ahead, and the step to the next segment.
#include <algorithm>

#include "base/codec.hpp"
#include "log/log.hpp"

namespace freshet::log {

namespace {

constexpr std::uint64_t sector_size = 512;
constexpr std::uint64_t time_us_max = ~std::uint64_t{0} >> 1;
// What stands behind the last frame of a segment, so that a reader of a damaged header does not
// touch a map behind the end of its file.
constexpr std::uint64_t segment_margin = 256;

}  // namespace

Status Log::begin() noexcept {
    lock_commit();
    const Error poison = poison_;
    const bool idle = !io_busy_ && written_ >= sealed_.position.address;
    if (idle) base_ = tail_;
    unlock_commit();
    if (poison.code != Code::none) return Error{Code::poisoned, poison.system_error};
    time_us_ = std::max(std::min(clock_->now_us(), time_us_max), last_.time_us + 1);
    return Done{};
}

bool Log::fits(std::string_view stream, const Event& event, Diagnostic& diagnostic) const noexcept {
    constexpr std::size_t tables = 2 + varint_size_max + 3 + 1 + 8;
    const std::uint64_t size = geometry_.frame_header_size() + tables + stream.size() +
                               event.type.size() + encoded_size_max(event, geometry_.digest);
    if (size <= geometry_.frame_size_max) return true;
    diagnostic.needed = event.payload.size() + event.metadata.size();
    const std::uint64_t overhead = size - diagnostic.needed;
    diagnostic.limit = geometry_.frame_size_max - overhead;
    return false;
}

Result<std::uint64_t> Log::add(std::string_view stream, std::uint64_t index,
                               const Event& event) noexcept {
    for (bool ready = false; !ready;) {
        open_frame();
        const Result<bool> prepared = prepare(builder_.size_with(stream, event));
        if (!prepared) return prepared.error();
        ready = *prepared;
    }
    if (geometry_.digest == Digest::none) return builder_.add(stream, index, event, nullptr);
    Salt salt;
    clock_->random(salt);
    return builder_.add(stream, index, event, &salt);
}

Result<std::uint64_t> Log::touch(std::string_view stream) noexcept {
    for (bool ready = false; !ready;) {
        open_frame();
        const Result<bool> prepared = prepare(builder_.size_with(stream));
        if (!prepared) return prepared.error();
        ready = *prepared;
    }
    builder_.touch(stream);
    return builder_.address();
}

void Log::open_frame() noexcept {
    if (frame_open_) return;
    builder_.begin(at(next_frame_), part_, next_frame_, commit(), time_us_);
    frame_open_ = true;
}

// True: the open frame can grow to `size`. False: it was closed, or a segment was; try again with
// the next.
Result<bool> Log::prepare(std::size_t size) noexcept {
    const bool fits_frame = size <= geometry_.frame_size_max && builder_.tables_have_room();
    const bool fits_segment = size < geometry_.segment_size - geometry_.offset(next_frame_);
    if (!fits_frame || !fits_segment) {
        Status status = Done{};
        if (builder_.is_empty()) {
            FRESHET_CHECK(fits_frame);
            status = roll();
        } else {
            seal_part();
        }
        if (!status) return status.error();
        return false;
    }
    if (next_frame_ - base_ + size > buffer_.size()) {
        const Status room = make_room();
        if (!room) return room.error();
    }
    const Status reserved = reserve(next_frame_ + size);
    if (!reserved) return reserved.error();
    return true;
}

void Log::seal_part() noexcept {
    part_ = builder_.seal(false);
    next_frame_ = part_.address;
    frame_open_ = false;
    has_parts_ = true;
}

Position Log::finish() noexcept {
    FRESHET_CHECK(frame_open_);
    return builder_.seal(true);
}

// Writes all that is finished and moves the open frame to the start of the buffer.
Status Log::make_room() noexcept {
    const Result<Work> work = begin_io();
    if (!work) return work.error();
    Status status = write_out(next_frame_, *work);
    if (!status) {
        status = poison_with(status.error());
    } else {
        if (!builder_.is_empty()) std::memmove(buffer_.data(), at(next_frame_), builder_.written());
        builder_.move_to(buffer_.data());
    }
    lock_commit();
    if (status) {
        written_ = next_frame_;
        base_ = next_frame_;
    }
    give_io();
    unlock_commit();
    return status;
}

// Grows the file so that it is zeroed, and durably so, up to `end`. With the I/O turn: of two syncs
// of a file at once only one is told of an error, and the other would answer for what was lost.
Status Log::reserve(std::uint64_t end) noexcept {
    if (end <= reserved_end_) return Done{};
    const Result<Work> work = begin_io();
    if (!work) return work.error();
    const Status grown = grow(end);
    give_io_back();
    return grown;
}

Status Log::grow(std::uint64_t end) noexcept {
    const std::uint64_t segment = geometry_.address(geometry_.segment(next_frame_));
    const std::uint64_t from = round_up(reserved_end_ - segment, sector_size);
    const std::uint64_t wanted = round_up(std::max(end - segment, from + 1), growth_size_);
    const std::uint64_t to = std::min(wanted, std::uint64_t{geometry_.segment_size});
    if (from < to) {
        const Status zeroed = zero_all(*disk_, file_, from, static_cast<std::size_t>(to - from));
        if (!zeroed) return zeroed;
        const Status synced = disk_->sync(file_);
        if (!synced) return poison_with(synced.error());
    }
    lock_commit();
    reserved_end_ = segment + to;
    unlock_commit();
    return Done{};
}

// Goes to the next segment. What was finished in this one becomes durable first.
Status Log::roll() noexcept {
    const std::uint32_t next = geometry_.segment(next_frame_) + 1;
    out_of_segments_ = next > maps_.size();
    if (out_of_segments_) return Code::full;
    know(next);
    Status status = reserve(std::min(next_frame_ + segment_margin, geometry_.address(next)));
    if (!status) return status;
    const Result<Work> work = begin_io();
    if (!work) return work.error();
    status = write_out(next_frame_, *work);
    if (status) status = disk_->sync(file_);
    status = settle(status, work->target);
    if (status) {
        written_ = next_frame_;
        status = create_next_segment(next);
    }
    if (status) {
        frame_open_ = false;
        next_frame_ = geometry_.first_frame(next);
        base_ = next_frame_;
        written_ = next_frame_;
        padded_end_ = 0;
        head_owed_ = has_parts_;
        if (!has_parts_) {
            tail_ = next_frame_;
            Position end = last_;
            end.address = tail_;
            status = write_head_for(end);
            if (!status) status = poison_with(status.error());
        }
    }
    give_io_back();
    return status;
}

Status Log::create_next_segment(std::uint32_t number) noexcept {
    const SegmentName name = segment_name(number);
    const Result<File> file = disk_->open(as_view(name), OpenMode::create);
    if (!file) return file.error();
    std::array<std::byte, segment_header_size> header;
    encode(SegmentHeader{.store = geometry_.store,
                         .number = number,
                         .segment_size = geometry_.segment_size,
                         .previous_end = next_frame_,
                         .epoch = last_.epoch,
                         .chain = part_.chain},
           header);
    Status status = zero_all(*disk_, *file, 0, growth_size_);
    if (status) status = write_all(*disk_, *file, 0, header);
    if (!status) {
        disk_->close(*file);
        static_cast<void>(disk_->remove(as_view(name)));
        return status;
    }
    status = disk_->sync(*file);
    if (status) status = disk_->sync_directory();
    disk_->close(file_);
    file_ = *file;
    if (!status) return poison_with(status.error());
    lock_commit();
    reserved_end_ = geometry_.address(number) + growth_size_;
    unlock_commit();
    return Done{};
}

void Log::rollback() noexcept {
    if (has_parts_) static_cast<void>(rewind(tail_, false));
    out_of_segments_ = false;
    part_ = last_;
    next_frame_ = tail_;
    frame_open_ = false;
    has_parts_ = false;
}

// A part that was taken back is still chained to the frame before it. Where it stood, there must be
// no frame if the next one goes to another segment, so its magic is wiped; the sync before that
// step makes it last.
Status Log::erase_frame(std::uint64_t address) noexcept {
    const Status erased = write_all(*disk_, file_, geometry_.offset(address), zeros_.first(8));
    if (!erased) return poison_with(erased.error());
    return Done{};
}

// Takes back parts from an address on that may have been written, and segments that were begun for
// them.
Status Log::rewind(std::uint64_t to, bool head_owed) noexcept {
    const Result<Work> work = begin_io();
    if (!work) return work.error();
    Status status = Done{};
    std::uint64_t reserved_end = reserved_end_;
    const std::uint32_t segment = geometry_.segment(to);
    const bool was_written = written_ > to;
    if (geometry_.segment(next_frame_) != segment) {
        disk_->close(file_);
        file_ = File{};
        const Result<bool> dropped = drop_later_segments(segment);
        const SegmentName name = segment_name(segment);
        const Result<File> file =
            dropped ? disk_->open(as_view(name), OpenMode::write) : dropped.error();
        const Result<std::uint64_t> size = file ? disk_->size(*file) : file.error();
        if (file) file_ = *file;
        if (!size) status = poison_with(size.error());
        if (size) reserved_end = geometry_.address(segment) + *size;
        padded_end_ = 0;
    }
    if (status && was_written) status = erase_frame(to);
    lock_commit();
    if (status) {
        if (written_ > to) written_ = to;
        if (base_ > to) base_ = to;
        reserved_end_ = reserved_end;
        head_owed_ = head_owed;
    }
    give_io();
    unlock_commit();
    return status;
}

}  // namespace freshet::log
