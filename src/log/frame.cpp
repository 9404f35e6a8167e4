// SPDX-License-Identifier: MIT
#include "log/frame.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"

namespace freshet::log {

namespace {

constexpr std::size_t stream_entry_size_max(std::size_t name_size) noexcept {
    return 2 + name_size + varint_size_max;
}

constexpr std::size_t type_entry_size_max(std::size_t name_size) noexcept {
    return 3 + 1 + name_size;
}

std::size_t shared_prefix(std::string_view a, std::string_view b) noexcept {
    const std::size_t size = a.size() < b.size() ? a.size() : b.size();
    std::size_t shared = 0;
    while (shared < size && a[shared] == b[shared]) shared++;
    return shared;
}

}  // namespace

[[gnu::cold]] Status FrameBuilder::open(Arena& arena, const Geometry& geometry) noexcept {
    const auto names = arena.bytes(name_memory_size, 1);
    const auto slots = arena.unfilled<Slot>(frame_stream_count_max);
    const auto buckets = arena.array<std::uint16_t>(bucket_count);
    const auto types = arena.unfilled<Type>(frame_type_count_max);
    if (!names || !slots || !buckets || !types) return Code::out_of_memory;
    geometry_ = geometry;
    names_ = {reinterpret_cast<char*>(names->data()), names->size()};
    slots_ = *slots;
    buckets_ = *buckets;
    types_ = *types;
    return Done{};
}

void FrameBuilder::begin(std::byte* room, const Position& after, std::uint64_t address,
                         std::uint64_t commit, std::uint64_t time_us) noexcept {
    room_ = room;
    header_address_ = address;
    header_ = FrameHeader{};
    header_.store = geometry_.store;
    header_.epoch = after.epoch;
    header_.commit = commit;
    header_.time_us = time_us;
    header_.first_ordinal = after.next_ordinal;
    header_.chain_before = after.chain;
    body_sha_ = Sha256{};
    if (slot_count_ > 0) std::memset(buckets_.data(), 0, buckets_.size_bytes());
    names_size_ = 0;
    tables_size_max_ = 0;
    slot_count_ = 0;
    type_count_ = 0;
    last_type_ = 0;
    last_slot_ = 0;
}

std::size_t FrameBuilder::size_with(std::string_view stream) const noexcept {
    return round_up(written() + tables_size_max_ + stream_entry_size_max(stream.size()), 8);
}

std::size_t FrameBuilder::size_with(std::string_view stream, const Event& event) const noexcept {
    return round_up(written() + tables_size_max_ + stream_entry_size_max(stream.size()) +
                        type_entry_size_max(event.type.size()) +
                        encoded_size_max(event, geometry_.digest),
                    8);
}

bool FrameBuilder::tables_have_room() const noexcept {
    return slot_count_ < frame_stream_count_max && type_count_ < frame_type_count_max &&
           names_.size() - names_size_ >= stream_name_size_max + event_type_size_max;
}

FrameBuilder::Name FrameBuilder::keep(std::string_view name) noexcept {
    FRESHET_CHECK(name.size() <= names_.size() - names_size_);
    const Name kept{static_cast<std::uint32_t>(names_size_),
                    static_cast<std::uint32_t>(name.size())};
    std::memcpy(names_.data() + names_size_, name.data(), name.size());
    names_size_ += name.size();
    return kept;
}

std::uint32_t FrameBuilder::slot_of(std::string_view stream, std::uint64_t index) noexcept {
    if (last_slot_ < slot_count_ && view(slots_[last_slot_].name) == stream) return last_slot_;
    const auto wanted = static_cast<std::uint32_t>(hash(0, as_bytes(stream)));
    std::size_t bucket = wanted % bucket_count;
    for (; buckets_[bucket] != 0; bucket = (bucket + 1) % bucket_count) {
        const std::uint32_t slot = buckets_[bucket] - 1U;
        if (slots_[slot].hash != wanted || view(slots_[slot].name) != stream) continue;
        last_slot_ = slot;
        return slot;
    }
    FRESHET_CHECK(slot_count_ < frame_stream_count_max);
    slots_[slot_count_] = Slot{.name = keep(stream),
                               .hash = wanted,
                               .seed = seed_of(stream),
                               .first_seed = 0,
                               .has_first_seed = false,
                               .event_count = 0,
                               .first_index = index};
    tables_size_max_ += stream_entry_size_max(stream.size());
    buckets_[bucket] = static_cast<std::uint16_t>(++slot_count_);
    last_slot_ = slot_count_ - 1;
    return last_slot_;
}

std::uint32_t FrameBuilder::type_of(const Event& event) noexcept {
    if (last_type_ < type_count_ && is_type(last_type_, event)) return last_type_;
    for (last_type_ = 0; last_type_ < type_count_; last_type_++) {
        if (is_type(last_type_, event)) return last_type_;
    }
    FRESHET_CHECK(type_count_ < frame_type_count_max);
    types_[type_count_++] = Type{keep(event.type), event.schema_version};
    tables_size_max_ += type_entry_size_max(event.type.size());
    return last_type_;
}

// That of the first type, which most events have, is kept. In one piece as seed_of() takes it in by
// its parts.
std::uint32_t FrameBuilder::seed_for(Slot& slot, std::uint32_t type_number) noexcept {
    if (type_number == 0 && slot.has_first_seed) return slot.first_seed;
    const EventType type = this->type(types_[type_number]);
    std::array<std::byte, 3 + event_type_size_max + 3 * sizeof header_.commit> bytes;
    store_at(bytes.data(), type.schema_version);
    bytes[2] = static_cast<std::byte>(type.name.size());
    std::memcpy(bytes.data() + 3, type.name.data(), type.name.size());
    std::byte* const behind = bytes.data() + 3 + type.name.size();
    store_at(behind, header_.commit);
    store_at(behind + 8, header_.time_us);
    store_at(behind + 16, header_.first_ordinal);
    const std::uint32_t seed = crc32c(slot.seed, {bytes.data(), behind + 24});
    if (type_number == 0) {
        slot.first_seed = seed;
        slot.has_first_seed = true;
    }
    return seed;
}

std::uint64_t FrameBuilder::add(std::string_view stream, std::uint64_t index, const Event& event,
                                const Salt* salt) noexcept {
    const std::uint32_t slot = slot_of(stream, index);
    const std::uint32_t type_number = type_of(event);
    if (header_.events_size == 0) put_first_type();
    const std::size_t offset = written();
    const EventPlace place{.address = header_address_ + offset,
                           .index = index,
                           .offset = static_cast<std::uint32_t>(offset),
                           .number = header_.event_count,
                           .slot = slot,
                           .within = slots_[slot].event_count,
                           .type = type_number};
    FRESHET_CHECK(slots_[slot].first_index + place.within == index);
    const std::uint32_t seed = seed_for(slots_[slot], type_number);
    const StoredEvent stored = encode(event, seed, place, salt, room_ + offset);
    header_.body_crc = crc32c(header_.body_crc, stored.header);
    if (salt != nullptr) body_sha_.update(stored.header);
    header_.events_size += static_cast<std::uint32_t>(stored.size);
    header_.event_count++;
    slots_[slot].event_count++;
    return place.address;
}

std::byte* FrameBuilder::put_type(std::byte* to, const Type& type) const noexcept {
    const std::string_view name = view(type.name);
    to = put_varint(to, type.schema_version);
    *to++ = static_cast<std::byte>(name.size());
    std::memcpy(to, name.data(), name.size());
    return to + name.size();
}

[[gnu::cold]] void FrameBuilder::put_first_type() noexcept {
    std::byte* const begin = room_ + written();
    const Bytes type{begin, static_cast<std::size_t>(put_type(begin, types_[0]) - begin)};
    header_.body_crc = crc32c(0, type);
    if (geometry_.digest == Digest::sha256) body_sha_.update(type);
    header_.events_size = static_cast<std::uint32_t>(type.size());
}

[[gnu::cold]] std::byte* FrameBuilder::put_streams(std::byte* to) const noexcept {
    std::string_view before;
    for (std::uint32_t i = 0; i < slot_count_; i++) {
        const std::string_view name = view(slots_[i].name);
        const std::size_t shared =
            i % table_restart_interval == 0 ? 0 : shared_prefix(before, name);
        const std::size_t rest = name.size() - shared;
        *to++ = static_cast<std::byte>(shared);
        *to++ = static_cast<std::byte>(rest);
        if (rest > 0) std::memcpy(to, name.data() + shared, rest);
        to = put_varint(to + rest, slots_[i].first_index);
        before = name;
    }
    return to;
}

[[gnu::cold]] Position FrameBuilder::seal(bool last) noexcept {
    FRESHET_CHECK(slot_count_ > 0);
    std::byte* const tables = room_ + written();
    std::byte* end = tables;
    for (std::uint32_t i = 1; i < type_count_; i++) end = put_type(end, types_[i]);
    end = put_streams(end);
    const auto used = static_cast<std::size_t>(end - room_);
    header_.size = static_cast<std::uint32_t>(round_up(used, 8));
    std::memset(end, 0, header_.size - used);
    finish_body({tables, static_cast<std::size_t>(room_ + header_.size - tables)});
    header_.last = last;
    header_.stream_count = static_cast<std::uint16_t>(slot_count_);
    header_.type_count = static_cast<std::uint16_t>(type_count_);
    encode(header_, geometry_, room_);
    return Position{.address = header_address_ + header_.size,
                    .commit = header_.commit,
                    .next_ordinal = next_ordinal(),
                    .time_us = header_.time_us,
                    .chain = chain_after(room_, geometry_),
                    .epoch = header_.epoch};
}

void FrameBuilder::finish_body(Bytes tables) noexcept {
    header_.body_crc = crc32c(header_.body_crc, tables);
    if (geometry_.digest == Digest::none) return;
    body_sha_.update(tables);
    header_.body_sha = body_sha_.finish();
}

}  // namespace freshet::log
