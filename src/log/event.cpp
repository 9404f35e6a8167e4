// SPDX-License-Identifier: MIT
#include "log/event.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "log/event_head.hpp"

namespace freshet::log {

namespace {

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
    std::array<std::byte, 1 + stream_name_size_max> bytes;
    FRESHET_CHECK(stream.size() < bytes.size());
    bytes[0] = static_cast<std::byte>(stream.size());
    return crc32c(0, {bytes.data(), put_bytes(bytes.data() + 1, as_bytes(stream))});
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
    const std::byte* const proof = to;
    if (salt != nullptr) to = put_bytes(to, digest_of(*salt, event.metadata, event.payload));
    stored.header = {into, static_cast<std::size_t>(to - into)};
    if (salt != nullptr) to = put_bytes(to, *salt);
    stored.proof = {proof, static_cast<std::size_t>(to - proof)};
    to = put_bytes(to, event.metadata);
    to = put_bytes(to, event.payload);
    stored.size = static_cast<std::size_t>(to - into);
    stored.crc =
        crc32c(seed, place.address, place.index, {into + crc_size, stored.size - crc_size});
    store_at(into, stored.crc);
    return stored;
}

NumberReader::Long NumberReader::long_number(const std::byte* from) noexcept {
    std::uint32_t value = 0;
    for (std::uint16_t i = 0; i < 4; i++) {
        const auto byte = std::to_integer<std::uint32_t>(from[i]);
        value |= (byte & 0x7f) << (7 * i);
        if (byte < 0x80) return {value, static_cast<std::uint16_t>(i + 1), byte != 0};
    }
    const auto fifth = std::to_integer<std::uint32_t>(from[4]);
    return {value | fifth << 28, 5, fifth != 0 && fifth < 0x10};
}

bool decode_head(Bytes bytes, Digest digest, EventHead& head) noexcept {
    std::array<std::byte, event_head_size_max> padded;
    const std::byte* from = bytes.data();
    if (bytes.size() < event_head_size_max) {
        padded.fill(std::byte{0});
        if (!bytes.empty()) std::memcpy(padded.data(), from, bytes.size());
        from = padded.data();
    }
    return decode_head(from, digest, head) && head.is_shortest && head.size() <= bytes.size();
}

Status decode(Bytes bytes, Digest digest, StoredEvent& event) noexcept {
    EventHead head;
    if (!decode_head(bytes, digest, head)) return Code::corrupt;
    event.kind = Kind::event;
    event.crc = head.crc;
    event.offset = head.offset;
    event.number = head.number;
    event.slot = head.slot;
    event.within = head.within;
    event.type = head.type;
    event.id = EventId{};
    if (head.id_at != 0) std::memcpy(event.id.bytes.data(), bytes.data() + head.id_at, 16);
    event.proof = head.proof_at == 0 ? Bytes{} : bytes.subspan(head.proof_at, proof_size);
    event.header = bytes.first(head.metadata_at - (head.proof_at == 0 ? 0 : salt_size));
    event.metadata = bytes.subspan(head.metadata_at, head.metadata_size);
    event.payload = bytes.subspan(static_cast<std::size_t>(head.payload_at()), head.payload_size);
    event.size = static_cast<std::size_t>(head.size());
    return Done{};
}

bool is_intact(const StoredEvent& event, std::uint32_t seed, std::uint64_t address,
               std::uint64_t index) noexcept {
    const Bytes covered{event.header.data() + crc_size, event.size - crc_size};
    return crc32c(seed, address, index, covered) == event.crc;
}

bool is_digest_intact(const StoredEvent& event) noexcept {
    if (event.proof.empty()) return true;
    const auto digest = digest_of(event.proof.last(salt_size), event.metadata, event.payload);
    return std::memcmp(digest.data(), event.proof.data(), digest_size) == 0;
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

EventType TypeTable::find(std::uint32_t number) const noexcept {
    if (number >= count_) return {};
    Reader reader{number == 0 ? front_ : back_};
    EventType found = read_type(reader);
    for (std::uint32_t i = 1; i < number; i++) found = read_type(reader);
    return reader.ok() ? found : EventType{};
}

Result<std::size_t> TypeTable::front_size() const noexcept {
    Reader reader{front_};
    if (count_ > 0) read_type(reader);
    if (!reader.ok()) return Code::corrupt;
    return static_cast<std::size_t>(reader.position() - front_.data());
}

Result<std::size_t> TypeTable::back_size() const noexcept {
    Reader reader{back_};
    for (std::uint32_t i = 1; i < count_; i++) read_type(reader);
    if (!reader.ok()) return Code::corrupt;
    return static_cast<std::size_t>(reader.position() - back_.data());
}

Result<Bytes> stream_table(const Frame& frame, const Geometry& geometry) noexcept {
    const Result<std::size_t> types = frame.types(geometry).back_size();
    if (!types) return types.error();
    return frame.tables(geometry).subspan(*types);
}

[[gnu::cold]] Status FrameEvents::open(const Frame& frame, const Geometry& geometry) noexcept {
    const Result<Bytes> streams = stream_table(frame, geometry);
    if (!streams) return streams.error();
    types_ = frame.types(geometry);
    const Result<std::size_t> front = types_.front_size();
    if (!front) return front.error();
    rest_ = frame.events(geometry).subspan(*front);
    streams_ = StreamTable{*streams, frame.header.stream_count};
    offset_ = static_cast<std::uint32_t>(geometry.frame_header_size() + *front);
    number_ = 0;
    count_ = frame.header.event_count;
    frame_address_ = frame.address;
    digest_ = geometry.digest;
    header_ = frame.header;
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
    type_ = types_.find(event_.type);
    if (!type_.is_valid()) return Code::corrupt;
    const std::uint32_t seed = seed_of(seed_of(seed_of(stream()), type_), header_);
    if (!is_intact(event_, seed, address_, index())) return Code::corrupt;
    if (!is_digest_intact(event_)) return Code::corrupt;
    return true;
}

}  // namespace freshet::log
