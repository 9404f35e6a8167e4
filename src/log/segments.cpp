// SPDX-License-Identifier: MIT
// The files of the log: opening, recovery, maps, close.
#include <algorithm>

#include "base/codec.hpp"
#include "log/log.hpp"

namespace freshet::log {

namespace {

constexpr std::size_t block_size = 4096;

// Whether a file of this name holds more than a segment header.
Result<bool> has_frames(Disk& disk, std::string_view name, MutableBytes buffer) noexcept {
    const Result<File> file = disk.open(name, OpenMode::read);
    if (!file) {
        if (file.error() == Code::not_found) return false;
        return file.error();
    }
    const Result<std::size_t> size = read_all(disk, *file, segment_header_size, buffer);
    disk.close(*file);
    if (!size) return size.error();
    const auto is_set = [](std::byte byte) noexcept { return byte != std::byte{0}; };
    return std::any_of(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size), is_set);
}

}  // namespace

std::size_t Log::required_memory(const Options& options, const Geometry& geometry) noexcept {
    return FrameBuilder::required_memory() + buffer_size(geometry) + 2 * (head_slot_size + 63) +
           63 + Arena::room<const std::byte*>(options.segment_count_max);
}

Status Log::open(Arena& arena, const Options& options, Door door, const HeadRecord& head) noexcept {
    disk_ = door.disk;
    clock_ = door.clock;
    gate_ = door.gate;
    geometry_ = head.geometry;
    head_ = head;
    head_is_durable_ = head.alone;
    read_only_ = options.read_only;
    growth_size_ = std::min(options.growth_size, geometry_.segment_size);
    const auto maps = arena.unfilled<const std::byte*>(options.segment_count_max);
    const auto head_buffer = arena.bytes(head_slot_size, 64);
    const auto zeros = arena.bytes(block_size, 64);
    const auto buffer = arena.bytes(buffer_size(geometry_), 64);
    if (!maps || !head_buffer || !zeros || !buffer) return Code::out_of_memory;
    maps_ = *maps;
    known_count_ = 0;
    know(geometry_.segment(head.attested.address));
    head_buffer_ = *head_buffer;
    std::memset(zeros->data(), 0, zeros->size());
    zeros_ = *zeros;
    buffer_ = *buffer;
    return builder_.open(arena, geometry_);
}

Status Log::create(Door door, const Geometry& geometry, Epoch epoch, MutableBytes buffer) noexcept {
    Disk& disk = *door.disk;
    const SegmentName name = segment_name(1);
    const Result<bool> used = has_frames(disk, as_view(name), buffer.first(block_size));
    if (!used) return used.error();
    if (*used) return Code::corrupt;

    const Result<File> file = disk.open(as_view(name), OpenMode::create);
    if (!file) return file.error();
    const auto header = buffer.first<segment_header_size>();
    encode(SegmentHeader{.store = geometry.store,
                         .number = 1,
                         .segment_size = geometry.segment_size,
                         .previous_end = 0,
                         .epoch = epoch,
                         .chain = {}},
           header);
    Status status = write_all(disk, *file, 0, header);
    if (status) status = disk.sync(*file);
    disk.close(*file);
    if (status) status = disk.sync_directory();
    if (!status) return status;

    HeadRecord head;
    head.sequence = 1;
    head.geometry = geometry;
    head.attested.address = geometry.first_frame(1);
    head.attested.epoch = epoch;
    return create_head(disk, head, buffer);
}

Status Log::resume(const Position& end, std::uint32_t token) noexcept {
    know(geometry_.segment(end.address));
    last_ = end;
    last_.epoch = head_.attested.epoch;
    part_ = last_;
    tail_ = end.address;
    next_frame_ = tail_;
    reserved_end_ = tail_;
    base_ = tail_;
    written_ = tail_;
    sealed_ = {last_, token};
    durable_ = sealed_;
    in_flight_ = token;
    published_.store(token, std::memory_order_seq_cst);
    if (read_only_) return Done{};

    const SegmentName name = segment_name(geometry_.segment(tail_));
    const Result<File> file = disk_->open(as_view(name), OpenMode::write);
    if (!file) return file.error();
    file_ = *file;
    const Result<File> head_file = disk_->open(head_name, OpenMode::write);
    if (!head_file) return head_file.error();
    head_file_ = *head_file;
    // Whoever made the store may not have come to make the name of head durable.
    if (head_.sequence == 1) return disk_->sync_directory();
    return Done{};
}

Status Log::recover(const Position& end, std::uint64_t synced_to) noexcept {
    const std::uint32_t epoch = std::max(end.epoch.count, head_.attested.epoch.count);
    if (epoch == ~std::uint32_t{0}) return Code::corrupt;
    const std::uint32_t segment = geometry_.segment(end.address);
    const Result<bool> dropped = drop_later_segments(segment);
    if (!dropped) return dropped.error();
    const std::uint64_t begin = geometry_.address(segment);
    const std::uint64_t from = synced_to < geometry_.first_frame(segment) ? begin : synced_to;
    Status status = rewrite(file_, from, end.address);
    if (status) status = disk_->truncate(file_, geometry_.offset(end.address));
    if (status) status = disk_->sync(file_);
    if (status) status = disk_->sync_directory();
    if (!status) return status;

    Position attested = end;
    attested.epoch.count = epoch + 1;
    std::array<std::byte, 4> nonce;
    clock_->random(nonce);
    attested.epoch.nonce = load<std::uint32_t>(nonce.data());
    status = write_head_for(attested);
    last_.epoch = attested.epoch;
    part_.epoch = attested.epoch;
    sealed_.position.epoch = attested.epoch;
    durable_.position.epoch = attested.epoch;
    return status;
}

// Writes what is there once more: it may be in the page cache only, and clean, from a sync that
// failed.
Status Log::rewrite(File file, std::uint64_t from, std::uint64_t to) noexcept {
    while (from < to) {
        const std::size_t wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(to - from, buffer_.size()));
        const Result<std::size_t> read =
            read_all(*disk_, file, geometry_.offset(from), buffer_.first(wanted));
        if (!read) return read.error();
        if (*read < wanted) return Code::corrupt;
        const Status written =
            write_all(*disk_, file, geometry_.offset(from), buffer_.first(wanted));
        if (!written) return written;
        from += wanted;
    }
    return Done{};
}

Result<bool> Log::drop_later_segments(std::uint32_t keep) noexcept {
    unmap_from(keep);
    return drop_segments(*disk_, keep);
}

// The last goes first, so that no gap can remain.
Result<bool> drop_segments(Disk& disk, std::uint32_t keep) noexcept {
    std::uint32_t last = keep;
    for (;; last++) {
        const SegmentName name = segment_name(last + 1);
        const Result<File> file = disk.open(as_view(name), OpenMode::read);
        if (!file && file.error() == Code::not_found) break;
        if (!file) return file.error();
        disk.close(*file);
    }
    for (std::uint32_t number = last; number > keep; number--) {
        const SegmentName name = segment_name(number);
        const Status removed = disk.remove(as_view(name));
        if (!removed) return removed.error();
    }
    if (last == keep) return false;
    const Status synced = disk.sync_directory();
    if (!synced) return synced.error();
    return true;
}

Status Log::close() noexcept {
    const Error poisoned = poison();
    Status status =
        poisoned.code == Code::none ? Status{Done{}} : Error{Code::poisoned, poisoned.system_error};
    if (file_.is_open()) {
        status = attest();
        if (status && reserved_end_ > tail_) {
            status = disk_->truncate(file_, geometry_.offset(tail_));
            if (status) status = disk_->sync(file_);
        }
    }
    abandon();
    return status;
}

void Log::abandon() noexcept {
    if (file_.is_open()) disk_->close(file_);
    if (head_file_.is_open()) disk_->close(head_file_);
    file_ = File{};
    head_file_ = File{};
    unmap_from(0);
}

void Log::know(std::uint32_t segment) noexcept {
    const auto count = std::min(segment, static_cast<std::uint32_t>(maps_.size()));
    for (; known_count_ < count; known_count_++) maps_[known_count_] = nullptr;
}

void Log::unmap_from(std::uint32_t keep) noexcept {
    for (std::size_t i = keep; i < known_count_; i++) {
        const std::byte* const address = SharedMap{maps_[i]}.exchange(nullptr);
        if (address != nullptr) disk_->unmap(address, geometry_.segment_size);
    }
}

Result<const std::byte*> Log::map(std::uint32_t segment) noexcept {
    FRESHET_CHECK(segment <= maps_.size());
    const SharedMap mapped{maps_[segment - 1]};
    const std::byte* address = mapped.load(std::memory_order_acquire);
    if (address != nullptr) return address;

    const SegmentName name = segment_name(segment);
    const Result<File> file = disk_->open(as_view(name), OpenMode::read);
    if (!file) return file.error();
    const Result<const std::byte*> fresh = disk_->map(*file, geometry_.segment_size);
    disk_->close(*file);
    if (!fresh) return fresh.error();
    if (mapped.compare_exchange_strong(address, *fresh, std::memory_order_acq_rel)) return *fresh;
    disk_->unmap(*fresh, geometry_.segment_size);
    return address;
}

Result<Bytes> Log::read(std::uint64_t address, std::uint64_t end) noexcept {
    if (address >= end) return Code::corrupt;
    const std::uint32_t segment = geometry_.segment(address);
    const Result<const std::byte*> mapped = map(segment);
    if (!mapped) return mapped.error();
    const std::uint64_t limit =
        std::min(end - geometry_.address(segment), std::uint64_t{geometry_.segment_size});
    const std::uint32_t offset = geometry_.offset(address);
    return Bytes{*mapped + offset, static_cast<std::size_t>(limit - offset)};
}

namespace {

Result<Frame> frame_of(Bytes bytes, std::uint64_t address, const Geometry& geometry,
                       bool stamped) noexcept {
    Frame frame;
    frame.address = address;
    frame.bytes = bytes.data();
    const Status decoded = decode(bytes, address, geometry, frame.header, stamped);
    if (!decoded) return decoded.error();
    if (frame.header.size > bytes.size()) return Code::corrupt;
    return frame;
}

// Whether an event stands among the events of its frame.
bool is_inside(const StoredEvent& event, const Frame& frame, const Geometry& geometry) noexcept {
    if (event.number >= frame.header.event_count) return false;
    const std::size_t end = geometry.frame_header_size() + frame.header.events_size;
    return event.offset <= end && event.size <= end - event.offset;
}

}  // namespace

Result<Frame> Log::frame(std::uint64_t address, std::uint64_t end) noexcept {
    const Result<Bytes> bytes = read(address, end);
    if (!bytes) return bytes.error();
    return frame_of(*bytes, address, geometry_, true);
}

Result<std::uint64_t> Log::next_frame(std::uint64_t address, std::uint64_t end) noexcept {
    const std::uint32_t segment = geometry_.segment(address - 1);
    if (segment >= geometry_.segment(end)) return address;
    const Result<Bytes> bytes = read(geometry_.address(segment + 1), end);
    if (!bytes) return bytes.error();
    SegmentHeader header;
    std::uint32_t format = 0;
    const Status decoded = decode(*bytes, header, format);
    if (!decoded) return Code::corrupt;
    return header.previous_end == address ? geometry_.first_frame(segment + 1) : address;
}

bool Log::in_buffer(std::uint64_t address) const noexcept {
    const std::uint64_t end = next_frame_ + (frame_open_ ? builder_.written() : 0);
    return address >= base_ && address < end;
}

Result<Bytes> Log::read_of_writer(std::uint64_t address) noexcept {
    if (!in_buffer(address)) return read(address, base_);
    const std::uint64_t end = next_frame_ + (frame_open_ ? builder_.written() : 0);
    return Bytes{at(address), static_cast<std::size_t>(end - address)};
}

Result<Frame> Log::frame_of_writer(std::uint64_t address) noexcept {
    const Result<Bytes> bytes = read_of_writer(address);
    if (!bytes) return bytes.error();
    return frame_of(*bytes, address, geometry_, !in_buffer(address));
}

Status Log::event_of_writer(std::uint64_t address, StoredEvent& event, Frame& frame,
                            bool& is_open) noexcept {
    const Result<Bytes> bytes = read_of_writer(address);
    if (!bytes) return bytes.error();
    const Status decoded = decode(*bytes, geometry_.digest, event);
    if (!decoded) return decoded;
    is_open = frame_open_ && address >= next_frame_;
    if (is_open) return Done{};
    if (event.offset > geometry_.offset(address)) return Code::corrupt;
    const Result<Frame> found = frame_of_writer(address - event.offset);
    if (!found) return found.error();
    frame = *found;
    if (!is_inside(event, frame, geometry_)) return Code::corrupt;
    return Done{};
}

}  // namespace freshet::log
