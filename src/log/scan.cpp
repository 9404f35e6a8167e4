// SPDX-License-Identifier: MIT
#include "log/scan.hpp"

#include "base/codec.hpp"

namespace freshet::log {

namespace {

// Bytes in words of zeros, with which no header begins, and which are most of what lies behind an
// end.
std::size_t count_zeros(Bytes bytes) noexcept {
    std::size_t count = 0;
    while (bytes.size() - count >= 8 && load<std::uint64_t>(bytes.data() + count) == 0) count += 8;
    return count;
}

}  // namespace

bool has_log(Disk& disk, MutableBytes buffer) noexcept {
    const SegmentName name = segment_name(1);
    const Result<File> file = disk.open(as_view(name), OpenMode::read);
    if (!file) return false;
    const MutableBytes bytes = buffer.first(segment_header_size);
    const Result<std::size_t> size = read_all(disk, *file, 0, bytes);
    disk.close(*file);
    SegmentHeader header;
    std::uint32_t format = 0;
    return size && decode(bytes.first(*size), header, format);
}

void Scan::close() noexcept {
    if (file_.is_open()) disk_.close(file_);
    file_ = File{};
}

Result<bool> Scan::open_segment(std::uint32_t number) noexcept {
    const SegmentName name = segment_name(number);
    const Result<File> file = disk_.open(as_view(name), OpenMode::read);
    if (!file) {
        if (file.error() == Code::not_found) return false;
        return file.error();
    }
    close();
    file_ = *file;
    const Result<std::uint64_t> size = disk_.size(file_);
    if (!size) return size.error();
    file_size_ = *size < geometry_.segment_size ? *size : geometry_.segment_size;
    segment_ = number;
    window_size_ = 0;
    return true;
}

Result<Bytes> Scan::window(std::uint64_t offset, std::size_t size) noexcept {
    const bool inside = offset >= window_offset_ && offset - window_offset_ + size <= window_size_;
    if (!inside) {
        const std::uint64_t there = offset < file_size_ ? file_size_ - offset : 0;
        const std::size_t wanted =
            there < buffer_.size() ? static_cast<std::size_t>(there) : buffer_.size();
        const Result<std::size_t> read = read_all(disk_, file_, offset, buffer_.first(wanted));
        if (!read) return read.error();
        window_offset_ = offset;
        window_size_ = *read;
    }
    const auto at = static_cast<std::size_t>(offset - window_offset_);
    const std::size_t available = window_size_ - at;
    return Bytes{buffer_.data() + at, size < available ? size : available};
}

Result<bool> Scan::start() noexcept {
    position_ = Position{};
    in_transaction_ = false;
    const Result<bool> there = open_segment(1);
    if (!there || !*there) return there;
    return continue_in(1);
}

Result<bool> Scan::resume(const Position& position) noexcept {
    position_ = position;
    committed_ = position;
    return open_segment(geometry_.segment(position.address));
}

// Takes up the log in a segment that has just been opened, if it goes on there.
Result<bool> Scan::continue_in(std::uint32_t number) noexcept {
    const Result<Bytes> bytes = window(0, segment_header_size);
    if (!bytes) return bytes.error();
    SegmentHeader header;
    std::uint32_t format = 0;
    if (!decode(*bytes, header, format)) return false;
    if (header.store != geometry_.store || header.number != number) return false;
    if (header.segment_size != geometry_.segment_size) return false;
    if (header.previous_end != position_.address || !(header.chain == position_.chain))
        return false;
    if (header.epoch.count < position_.epoch.count) return false;
    position_.address = geometry_.first_frame(number);
    if (number == 1) position_.epoch = header.epoch;
    if (!in_transaction_) committed_ = position_;
    return true;
}

Result<bool> Scan::next(Frame& frame, std::uint64_t limit) noexcept {
    while (position_.address < limit) {
        const Result<bool> here = read_frame(frame);
        if (!here || *here) return here;
        const Result<bool> moved = enter_next_segment();
        if (!moved || !*moved) return moved;
    }
    return false;
}

// The log never leaves a segment without a frame in it: what follows one is not of this log.
Result<bool> Scan::enter_next_segment() noexcept {
    const bool is_empty = position_.address == geometry_.first_frame(segment_);
    const std::uint32_t before = segment_;
    const std::uint64_t size_before = file_size_;
    const Result<bool> there = open_segment(before + 1);
    if (!there || !*there) return there;
    const Result<bool> continued = is_empty ? Result<bool>{false} : continue_in(before + 1);
    if (!continued || *continued) return continued;
    later_segment_ = true;
    segment_ = before;
    file_size_ = size_before;
    return false;
}

Result<bool> Scan::read_frame(Frame& frame) noexcept {
    const std::uint64_t offset = geometry_.offset(position_.address);
    const Result<Bytes> head = window(offset, geometry_.frame_header_size());
    if (!head) return head.error();
    if (!decode(*head, position_.address, geometry_, frame.header)) return false;
    if (frame.header.synced_to > synced_to_) synced_to_ = frame.header.synced_to;
    if (!is_next(frame.header)) return false;

    const Result<Bytes> bytes = window(offset, frame.header.size);
    if (!bytes) return bytes.error();
    if (bytes->size() < frame.header.size) return false;
    frame.address = position_.address;
    frame.bytes = bytes->data();
    if (!check_.is_whole(frame, geometry_) || !is_expected(frame)) return false;
    advance(frame);
    return true;
}

// Behind what head attests there is only what was written in its epoch: a frame of an older one was
// given up, and a disk that loses writes may show it again.
bool Scan::is_next(const FrameHeader& header) const noexcept {
    if (!(header.chain_before == position_.chain)) return false;
    if (header.first_ordinal != position_.next_ordinal) return false;
    const bool is_newer =
        header.commit > expected_.commit && expected_.epoch.count > position_.epoch.count;
    const Epoch& least = is_newer ? expected_.epoch : position_.epoch;
    if (header.epoch.count < least.count) return false;
    if (header.epoch.count == least.count && !(header.epoch == least)) return false;
    if (in_transaction_) {
        return header.commit == position_.commit && header.time_us == position_.time_us &&
               header.epoch == position_.epoch;
    }
    return header.commit == position_.commit + 1 && header.time_us > position_.time_us;
}

bool Scan::is_expected(const Frame& frame) const noexcept {
    if (!frame.header.last || frame.header.commit != expected_.commit) return true;
    return chain_after(frame.bytes, geometry_) == expected_.chain;
}

void Scan::advance(const Frame& frame) noexcept {
    position_.address = frame.end();
    position_.commit = frame.header.commit;
    position_.next_ordinal = frame.header.first_ordinal + frame.header.event_count;
    position_.time_us = frame.header.time_us;
    position_.chain = chain_after(frame.bytes, geometry_);
    position_.epoch = frame.header.epoch;
    in_transaction_ = !frame.header.last;
    if (!in_transaction_) committed_ = position_;
}

Result<std::uint64_t> Scan::attested() noexcept {
    const std::uint32_t last = segment_;
    for (std::uint32_t number = last;; number++) {
        const Result<bool> there = open_segment(number);
        if (!there) return there.error();
        if (!*there) break;
        const bool first = number == last;
        const std::uint64_t from =
            first ? geometry_.offset(position_.address) + 8 : segment_header_size;
        const Status scanned = scan_claims(number, from);
        if (!scanned) return scanned.error();
    }
    return synced_to_;
}

Status Scan::scan_claims(std::uint32_t segment, std::uint64_t offset) noexcept {
    for (; offset < file_size_; offset += 8) {
        const Result<Bytes> bytes = window(offset, geometry_.frame_header_size());
        if (!bytes) return bytes.error();
        const std::size_t zeros = count_zeros({bytes->data(), buffer_.data() + window_size_});
        FrameHeader header;
        if (zeros > 0) {
            offset += zeros - 8;
        } else if (decode(*bytes, geometry_.address(segment) + offset, geometry_, header)) {
            if (header.synced_to > synced_to_) synced_to_ = header.synced_to;
        }
    }
    return Done{};
}

}  // namespace freshet::log
