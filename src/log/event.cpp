// SPDX-License-Identifier: MIT
#include "log/event.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"

namespace freshet::log {

namespace {

constexpr std::uint32_t kind_mask = 3;
constexpr std::uint32_t bit_id = 4;
constexpr std::uint32_t bit_metadata = 8;
constexpr std::uint32_t bit_slot = 16;
constexpr std::uint32_t bit_type = 32;
constexpr std::uint32_t bit_within = 64;
constexpr std::uint32_t bit_digest = 128;

constexpr std::size_t crc_size = 4;

std::uint32_t control_of(const Event& event, const EventPlace& place, bool digest) noexcept {
    return (event.id.is_set() ? bit_id : 0) | (event.metadata.empty() ? 0 : bit_metadata) |
           (place.slot == 0 ? 0 : bit_slot) | (place.type == 0 ? 0 : bit_type) |
           (place.within == 0 ? 0 : bit_within) | (digest ? bit_digest : 0);
}

std::byte* put_bytes(std::byte* to, Bytes bytes) noexcept {
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

std::array<std::byte, 32> digest_of(Bytes salt, Bytes metadata, Bytes payload) noexcept {
    std::array<std::byte, 8> size;
    store_at(size.data(), std::uint64_t{metadata.size()});
    Sha256 sha;
    sha.update(salt);
    sha.update(size);
    sha.update(metadata);
    sha.update(payload);
    return sha.finish();
}

}  // namespace

std::uint32_t seed_of(std::string_view stream) noexcept {
    const auto size = static_cast<std::byte>(stream.size());
    return crc32c(crc32c(0, {&size, 1}), as_bytes(stream));
}

std::uint32_t seed_of(std::uint32_t stream_seed, const EventType& type) noexcept {
    std::array<std::byte, 3> front;
    store_at(front.data(), type.schema_version);
    front[2] = static_cast<std::byte>(type.name.size());
    return crc32c(crc32c(stream_seed, front), as_bytes(type.name));
}

std::size_t encoded_size_max(const Event& event, Digest digest) noexcept {
    constexpr std::size_t fixed = crc_size + 1 + std::size_t{5} * 5 + 16 + 2 * varint_size_max;
    const std::size_t proof = digest == Digest::sha256 ? 32 + salt_size : 0;
    return fixed + proof + event.metadata.size() + event.payload.size();
}

StoredEvent encode(const Event& event, std::uint32_t seed, const EventPlace& place,
                   const Salt* salt, std::byte* into) noexcept {
    StoredEvent stored;
    const std::uint32_t control = control_of(event, place, salt != nullptr);
    into[crc_size] = static_cast<std::byte>(control);
    std::byte* to = put_varint(into + crc_size + 1, place.offset);
    to = put_varint(to, place.number);
    if ((control & bit_slot) != 0) to = put_varint(to, place.slot);
    if ((control & bit_within) != 0) to = put_varint(to, place.within);
    if ((control & bit_type) != 0) to = put_varint(to, place.type);
    if ((control & bit_id) != 0) to = put_bytes(to, event.id.bytes);
    if ((control & bit_metadata) != 0) to = put_varint(to, event.metadata.size());
    to = put_varint(to, event.payload.size());
    if (salt != nullptr) {
        stored.digest = digest_of(*salt, event.metadata, event.payload);
        to = put_bytes(to, stored.digest);
    }
    stored.header = {into, static_cast<std::size_t>(to - into)};
    if (salt != nullptr) to = put_bytes(to, *salt);
    to = put_bytes(to, event.metadata);
    to = put_bytes(to, event.payload);
    stored.size = static_cast<std::size_t>(to - into);
    stored.crc =
        crc32c(seed, place.address, place.index, {into + crc_size, stored.size - crc_size});
    store_at(into, stored.crc);
    return stored;
}

Status decode(Bytes bytes, Digest digest, StoredEvent& event) noexcept {
    Reader reader{bytes};
    const auto crc = reader.integer<std::uint32_t>();
    const auto control = std::to_integer<std::uint32_t>(reader.integer<std::byte>());
    if (((control & bit_digest) != 0) != (digest == Digest::sha256)) return Code::corrupt;
    if ((control & kind_mask) != 0) return Code::corrupt;

    constexpr std::uint32_t any = ~std::uint32_t{0};
    event = StoredEvent{};
    event.crc = crc;
    event.offset = reader.number(any);
    event.number = reader.number(any);
    if ((control & bit_slot) != 0) event.slot = reader.number(frame_stream_count_max - 1);
    if ((control & bit_within) != 0) event.within = reader.number(any);
    if ((control & bit_type) != 0) event.type = reader.number(frame_type_count_max - 1);
    if ((control & bit_id) != 0) event.id.bytes = reader.integer<std::array<std::byte, 16>>();
    const std::size_t metadata_size =
        (control & bit_metadata) != 0 ? reader.number(std::size_t{any}) : 0;
    const std::size_t payload_size = reader.number(std::size_t{any});
    if (digest == Digest::sha256) event.digest = reader.integer<std::array<std::byte, 32>>();
    event.header = {bytes.data(), static_cast<std::size_t>(reader.position() - bytes.data())};
    if (digest == Digest::sha256) event.salt = reader.take(salt_size);
    event.metadata = reader.take(metadata_size);
    event.payload = reader.take(payload_size);
    event.size = static_cast<std::size_t>(reader.position() - bytes.data());
    if (!reader.ok()) return Code::corrupt;
    return Done{};
}

bool is_intact(const StoredEvent& event, std::uint32_t seed, std::uint64_t address,
               std::uint64_t index) noexcept {
    const Bytes covered{event.header.data() + crc_size, event.size - crc_size};
    return crc32c(seed, address, index, covered) == event.crc;
}

bool is_digest_intact(const StoredEvent& event) noexcept {
    return event.salt.empty() ||
           digest_of(event.salt, event.metadata, event.payload) == event.digest;
}

bool StreamTable::next() noexcept {
    if (!ok_ || at_end()) return false;
    const bool restart = next_slot_ % table_restart_interval == 0;
    if (restart)
        restarts_[next_slot_ / table_restart_interval] = static_cast<std::uint32_t>(offset_);
    Reader reader{table_.subspan(offset_)};
    const auto shared = std::to_integer<std::size_t>(reader.integer<std::byte>());
    const auto size = std::to_integer<std::size_t>(reader.integer<std::byte>());
    const Bytes rest = reader.take(size);
    first_index_ = reader.varint();
    ok_ = reader.ok() && shared <= (restart ? 0 : name_size_) && shared + size <= name_.size() &&
          shared + size > 0;
    if (!ok_) return false;
    if (size > 0) std::memcpy(name_.data() + shared, rest.data(), size);
    name_size_ = shared + size;
    offset_ = static_cast<std::size_t>(reader.position() - table_.data());
    next_slot_++;
    return true;
}

Status StreamTable::find(std::uint32_t slot) noexcept {
    if (slot >= count_) return Code::corrupt;
    if (next_slot_ > 0 && slot == next_slot_ - 1) return Done{};
    if (slot < next_slot_) {
        next_slot_ = slot / table_restart_interval * table_restart_interval;
        offset_ = restarts_[slot / table_restart_interval];
    }
    while (next_slot_ <= slot) {
        if (!next()) return Code::corrupt;
    }
    return Done{};
}

namespace {

EventType read_type(Reader& reader) noexcept {
    const auto version = reader.number(std::uint16_t{0xffff});
    const Bytes name = reader.take(std::to_integer<std::size_t>(reader.integer<std::byte>()));
    return {as_text(name), version};
}

}  // namespace

EventType find_type(Bytes table, std::uint32_t count, std::uint32_t type) noexcept {
    if (type >= count) return {};
    Reader reader{table};
    EventType found;
    for (std::uint32_t i = 0; i <= type; i++) found = read_type(reader);
    return reader.ok() ? found : EventType{};
}

Result<Bytes> stream_table(const Frame& frame, const Geometry& geometry) noexcept {
    const Bytes tables = frame.tables(geometry);
    Reader reader{tables};
    for (std::uint32_t i = 0; i < frame.header.type_count; i++) read_type(reader);
    if (!reader.ok()) return Code::corrupt;
    return tables.subspan(static_cast<std::size_t>(reader.position() - tables.data()));
}

Status FrameEvents::open(const Frame& frame, const Geometry& geometry) noexcept {
    const Result<Bytes> streams = stream_table(frame, geometry);
    if (!streams) return streams.error();
    rest_ = frame.events(geometry);
    types_ = frame.tables(geometry);
    streams_ = StreamTable{*streams, frame.header.stream_count};
    offset_ = static_cast<std::uint32_t>(geometry.frame_header_size());
    number_ = 0;
    count_ = frame.header.event_count;
    type_count_ = frame.header.type_count;
    frame_address_ = frame.address;
    digest_ = geometry.digest;
    return Done{};
}

Result<bool> FrameEvents::step() noexcept {
    address_ = frame_address_ + offset_;
    if (number_ == count_) {
        if (rest_.empty()) return false;
        return Code::corrupt;
    }
    const Status decoded = decode(rest_, digest_, event_);
    if (!decoded) return decoded.error();
    if (event_.offset != offset_ || event_.number != number_) return Code::corrupt;
    rest_ = rest_.subspan(event_.size);
    offset_ += static_cast<std::uint32_t>(event_.size);
    number_++;
    return true;
}

Result<bool> FrameEvents::skip() noexcept {
    return step();
}

Result<bool> FrameEvents::next() noexcept {
    const Result<bool> there = step();
    if (!there || !*there) return there;
    const Status found = streams_.find(event_.slot);
    if (!found) return found.error();
    type_ = find_type(types_, type_count_, event_.type);
    if (!type_.is_valid()) return Code::corrupt;
    const std::uint32_t seed = seed_of(seed_of(stream()), type_);
    if (!is_intact(event_, seed, address_, index())) return Code::corrupt;
    if (!is_digest_intact(event_)) return Code::corrupt;
    return true;
}

}  // namespace freshet::log
