// SPDX-License-Identifier: MIT
#include "log/reader.hpp"

#include <algorithm>

#include "base/checksum.hpp"
#include "log/event_head.hpp"

namespace freshet::log {

void EventReader::open(Log& log, std::uint64_t end, std::string_view stream) noexcept {
    log_ = &log;
    end_ = end;
    stream_ = stream;
    stream_seed_ = seed_of(stream);
    digest_ = log.geometry().digest;
    segment_size_ = 0;
    frame_address_ = 0;
    frame_end_ = 0;
    known_type_ = EventType{};
}

Status EventReader::enter_segment(std::uint64_t address) noexcept {
    const Geometry& geometry = log_->geometry();
    const std::uint64_t begin = geometry.address(geometry.segment(address));
    const Result<Bytes> bytes = log_->read(begin, end_);
    if (!bytes) return bytes.error();
    bytes_ = bytes->data();
    segment_ = begin;
    segment_size_ = bytes->size();
    return Done{};
}

// What an event's own checksum covers of the header is not checked here, and the rest, the place of
// the types, can only lead to another name, which does not pass either.
Status EventReader::enter_frame(std::uint64_t address) noexcept {
    const Geometry& geometry = log_->geometry();
    const std::uint64_t room = segment_end() - address;
    frame_address_ = 0;
    type_.schema_version = 0;
    if (room < geometry.frame_header_size()) return Code::corrupt;
    decode_moment(at(address), frame_);
    const std::size_t begin = geometry.frame_header_size();
    if (frame_.events_size > room - begin) return Code::corrupt;
    const Bytes rest{at(address) + begin, static_cast<std::size_t>(room) - begin};
    types_ = {rest, rest.subspan(frame_.events_size), frame_.type_count};
    frame_address_ = address;
    frame_end_ = address + begin + frame_.events_size;
    return Done{};
}

Status EventReader::enter_type(std::uint32_t number) noexcept {
    type_ = types_.find(number);
    if (!type_.is_valid()) return Code::corrupt;
    type_number_ = number;
    if (!(type_ == known_type_)) type_seed_ = seed_of(stream_seed_, type_);
    known_type_ = type_;
    seed_ = seed_of(type_seed_, frame_);
    return Done{};
}

Status EventReader::read(std::uint64_t address, std::uint64_t index, Recorded& event) noexcept {
    if (!is_in_segment(address)) {
        const Status entered = address < end_ ? enter_segment(address) : Code::corrupt;
        if (!entered) return entered;
    }
    const std::byte* const bytes = at(address);
    EventHead head;
    const bool decoded =
        segment_end() - address >= event_head_size_max
            ? decode_head(bytes, digest_, head)
            : decode_head(Bytes{bytes, static_cast<std::size_t>(segment_end() - address)}, digest_,
                          head);
    if (!decoded || head.offset > address - segment_) return Code::corrupt;
    if (address - head.offset != frame_address_) {
        const Status entered = enter_frame(address - head.offset);
        if (!entered) return entered;
    }
    if (head.size() > frame_end_ - address) return Code::corrupt;
    if (head.type != type_number_ || !type_.is_valid()) {
        const Status entered = enter_type(head.type);
        if (!entered) return entered;
    }
    const Bytes covered{bytes + crc_size, static_cast<std::size_t>(head.size()) - crc_size};
    if (crc32c(seed_, address, index, covered) != head.crc) return Code::corrupt;
    event.stream = stream_;
    event.type = type_.name;
    event.payload = {bytes + head.payload_at(), head.payload_size};
    event.metadata = {bytes + head.metadata_at, head.metadata_size};
    event.id = EventId{};
    if (head.id_at != 0) std::memcpy(event.id.bytes.data(), bytes + head.id_at, 16);
    event.schema_version = type_.schema_version;
    event.index = index;
    event.ordinal = frame_.first_ordinal + head.number;
    event.commit = frame_.commit;
    event.time_us = frame_.time_us;
    return Done{};
}

void EventReader::prefetch(std::uint64_t address) const noexcept {
    if (!is_in_segment(address)) return;
    __builtin_prefetch(at(address));
    __builtin_prefetch(at(address) + 64);
    __builtin_prefetch(at(address) + 128);
}

void EventReader::prefetch_frame(std::uint64_t address) const noexcept {
    const bool is_here = address > frame_address_ && address < frame_end_;
    if (is_here || !is_in_segment(address) || segment_end() - address < event_head_size_max) return;
    const std::uint32_t offset = NumberReader{at(address) + crc_size + 1}.number();
    if (offset > address - segment_) return;
    __builtin_prefetch(at(address - offset));
    __builtin_prefetch(at(address - offset) + 64);
}

}  // namespace freshet::log
