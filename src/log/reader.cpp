// SPDX-License-Identifier: MIT
#include "log/reader.hpp"

#include <algorithm>
#include <bit>

#include "base/checksum.hpp"
#include "log/event_head.hpp"

namespace freshet::log {

namespace {

// Of one byte or two, the lowest bits of a word.
constexpr std::uint32_t short_number(std::uint64_t word, std::uint32_t bits) noexcept {
    word &= (std::uint64_t{1} << bits) - 1;
    return static_cast<std::uint32_t>((word & 0x7f) | (word >> 1 & 0x3f80));
}

}  // namespace

void EventReader::open(Log& log, std::uint64_t end, std::string_view stream) noexcept {
    log_ = &log;
    end_ = end;
    stream_ = stream;
    stream_seed_ = seed_of(stream);
    digest_ = log.geometry().digest;
    segment_size_ = 0;
    frame_address_ = 0;
    frame_end_ = 0;
    shape_room_ = 0;
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
    shape_room_ = 0;
    return Done{};
}

// What an event's own checksum covers of the header is not checked here, and the rest, the place of
// the types, can only lead to another name, which does not pass either.
Status EventReader::enter_frame(std::uint64_t address) noexcept {
    const std::size_t begin = frame_header_size(digest_);
    const std::uint64_t room = segment_end() - address;
    frame_address_ = 0;
    shape_room_ = 0;
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

inline bool EventReader::has_shape(std::uint64_t address, EventHead& head) const noexcept {
    if (address - frame_address_ >= shape_room_) return false;
    const std::byte* const bytes = at(address);
    const auto word = load<std::uint64_t>(bytes + crc_size + 1);
    if (bytes[crc_size] != shape_.control || (~word & shape_.mask) != shape_.ends) return false;
    head.crc = load<std::uint32_t>(bytes);
    head.number = short_number(word >> shape_.number_at, shape_.number_bits);
    head.payload_size = short_number(word >> shape_.size_at, shape_.size_bits);
    head.metadata_at = shape_.header_size;
    return true;
}

// Of an event that is intact and not the first one read in its frame. Where the numbers of a header
// end is told by its bytes: the second one is the event's number, the last its payload's size.
void EventReader::note_shape(std::uint64_t address, std::uint32_t header_size) noexcept {
    constexpr std::uint32_t others = bit_id | bit_metadata | bit_type | bit_digest;
    const std::byte* const bytes = at(address);
    const std::size_t size = header_size - crc_size - 1;
    if (size > 8 || (std::to_integer<std::uint32_t>(bytes[crc_size]) & others) != 0) return;
    if (address + 2 * sizeof(std::uint64_t) > frame_end_) return;
    const std::uint64_t mask = 0x8080808080808080 >> (64 - 8 * size);
    const std::uint64_t ends = ~load<std::uint64_t>(bytes + crc_size + 1) & mask;
    const int number_at = std::countr_zero(ends) + 1;
    const int number_end = std::countr_zero(ends & (ends - 1)) + 1;
    const int size_at = 64 - std::countl_zero(ends ^ std::bit_floor(ends));
    const int size_end = 64 - std::countl_zero(ends);
    if (std::max(number_end - number_at, size_end - size_at) > 16) return;
    shape_ = Shape{.ends = ends,
                   .mask = mask,
                   .number_at = static_cast<std::uint8_t>(number_at),
                   .number_bits = static_cast<std::uint8_t>(number_end - number_at),
                   .size_at = static_cast<std::uint8_t>(size_at),
                   .size_bits = static_cast<std::uint8_t>(size_end - size_at),
                   .header_size = static_cast<std::uint8_t>(header_size),
                   .control = bytes[crc_size]};
    shape_room_ = frame_end_ - frame_address_ - 2 * sizeof(std::uint64_t) + 1;
}

Status EventReader::read(std::uint64_t address, std::uint64_t index, Recorded& event) noexcept {
    EventHead head;
    bool is_same_frame = false;
    if (!has_shape(address, head)) {
        if (const Status entered = enter(address); !entered) return entered;
        __builtin_prefetch(at(address) + 64);
        const bool is_last = segment_end() - address < event_head_size_max;
        if (!decode_head(is_last ? pad(address) : at(address), digest_, head)) return Code::corrupt;
        if (head.offset > address - segment_) return Code::corrupt;
        is_same_frame = address - head.offset == frame_address_;
        if (!is_same_frame) {
            const Status entered = enter_frame(address - head.offset);
            if (!entered) return entered;
        }
    }
    const std::byte* const bytes = at(address);
    if (address + head.size() > frame_end_) return Code::corrupt;
    if (head.type != type_number_) {
        const Status entered = enter_type(head.type);
        if (!entered) return entered;
    }
    const Bytes covered{bytes + crc_size, static_cast<std::size_t>(head.size()) - crc_size};
    if (crc32c(seed_, address, index, covered) != head.crc) return Code::corrupt;
    if (is_same_frame) note_shape(address, head.metadata_at);
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
