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
    first_ = {};
}

// The type that was come to is another stream's in the same way.
void EventReader::turn_to(std::string_view stream) noexcept {
    stream_ = stream;
    stream_seed_ = seed_of(stream);
    first_ = {};
    if (type_number_ != none) seed_ = seed_of(seed_of(stream_seed_, type_), frame_);
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
    const std::size_t begin = frame_header_size(digest_);
    const std::uint64_t room = segment_end() - address;
    frame_address_ = 0;
    if (room < begin) return Code::corrupt;
    __builtin_prefetch(at(address) + begin);  // The first type.
    decode_moment(at(address), frame_);
    if (frame_.events_size > room - begin) return Code::corrupt;
    frame_address_ = address;
    frame_end_ = address + begin + frame_.events_size;
    type_number_ = none;
    return Done{};
}

Status EventReader::enter_type(std::uint32_t number) noexcept {
    const std::byte* const events = at(frame_end_) - frame_.events_size;
    const bool is_first = number == 0 && !first_.empty() && first_.size() <= frame_.events_size &&
                          std::memcmp(events, first_.data(), first_.size()) == 0;
    if (!is_first) return look_up_type(number);
    type_ = first_type_;
    type_number_ = 0;
    seed_ = seed_of(first_seed_, frame_);
    return Done{};
}

Status EventReader::look_up_type(std::uint32_t number) noexcept {
    const std::byte* const tables = at(frame_end_);
    const Bytes events{tables - frame_.events_size, frame_.events_size};
    const Bytes rest{tables, static_cast<std::size_t>(segment_end() - frame_end_)};
    const TypeTable types{events, rest, frame_.type_count};
    type_ = types.find(number);
    if (!type_.is_valid()) return Code::corrupt;
    type_number_ = number;
    const std::uint32_t type_seed = seed_of(stream_seed_, type_);
    seed_ = seed_of(type_seed, frame_);
    if (number != 0) return Done{};
    const char* const name_end = type_.name.data() + type_.name.size();
    first_ = {events.data(), reinterpret_cast<const std::byte*>(name_end)};
    first_type_ = type_;
    first_seed_ = type_seed;
    return Done{};
}

// What stands near the end of a segment, with zeros behind it.
[[gnu::cold, gnu::noinline]] const std::byte* EventReader::pad(std::uint64_t address) noexcept {
    padded_.fill(std::byte{0});
    std::memcpy(padded_.data(), at(address), static_cast<std::size_t>(segment_end() - address));
    return padded_.data();
}

Status EventReader::read(std::uint64_t address, std::uint64_t index, Recorded& event) noexcept {
    if (const Status entered = enter(address); !entered) return entered;
    const std::byte* const bytes = at(address);
    __builtin_prefetch(bytes + 64);
    const bool is_last = segment_end() - address < event_head_size_max;
    EventHead head;
    if (!decode_head(is_last ? pad(address) : bytes, digest_, head)) return Code::corrupt;
    if (head.offset > address - segment_) return Code::corrupt;
    if (address - head.offset != frame_address_) {
        const Status entered = enter_frame(address - head.offset);
        if (!entered) return entered;
    }
    if (head.size() > frame_end_ - address) return Code::corrupt;
    if (head.type != type_number_) {
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

// By loads that nobody waits for until the last one: a prefetch is dropped where many are on their
// way. A sum keeps them from being left out. Nothing is loaded from behind the end, where a file
// may have no page, whatever the addresses are.
void EventReader::fetch(std::span<const std::uint64_t> addresses) const noexcept {
    constexpr std::size_t line_size = 64;
    constexpr std::size_t size = 2 * line_size + 1;
    const std::uint64_t room = segment_size_ - std::min<std::uint64_t>(segment_size_, size);
    auto sum = std::byte{0};
    for (const std::uint64_t address : addresses) {
        if (address - segment_ >= room) continue;
        const std::byte* const event = at(address);
        sum ^= event[0] ^ event[line_size] ^ event[2 * line_size];
    }
    asm volatile("" : : "r"(sum));
    for (const std::uint64_t address : addresses) {
        if (address - segment_ >= room) continue;
        const std::uint32_t offset = NumberReader{at(address) + crc_size + 1}.number();
        if (offset > address - segment_) continue;
        __builtin_prefetch(at(address - offset));
        __builtin_prefetch(at(address - offset) + line_size);
    }
}

}  // namespace freshet::log
