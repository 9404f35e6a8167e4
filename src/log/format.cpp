// SPDX-License-Identifier: MIT
#include "log/format.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "base/sha256.hpp"
#include "freshet/version.hpp"

namespace freshet::log {

namespace {

constexpr std::uint64_t segment_magic = 0x474f4c4853455246;  // "FRESHLOG"
constexpr std::uint32_t frame_magic = 0x467246;              // "FrF"
// A writer takes no time from its clock that is above half of all; and each commit's is at least
// one more than the one before. So none comes to this end, and no sum runs over.
constexpr std::uint64_t time_us_end = std::uint64_t{3} << 62;
constexpr std::uint32_t flag_last = 1;
constexpr std::uint32_t flag_sha256 = 2;

// What the chain covers: the header without its CRC and synced_to.
constexpr std::size_t unchained_begin = 4;
constexpr std::size_t unchained_end = 16;

void put_bytes(std::byte* to, const std::array<std::byte, 32>& bytes) noexcept {
    std::memcpy(to, bytes.data(), bytes.size());
}

std::array<std::byte, 32> get_bytes(const std::byte* from) noexcept {
    std::array<std::byte, 32> bytes;
    std::memcpy(bytes.data(), from, bytes.size());
    return bytes;
}

std::uint32_t header_crc(const std::byte* header, std::uint64_t address,
                         std::size_t size) noexcept {
    std::array<std::byte, 8> seed;
    store_at(seed.data(), address);
    return crc32c(crc32c(crc32c(0, seed), Bytes{header, 4}), Bytes{header + 8, size - 8});
}

bool is_plausible(const FrameHeader& header, std::uint64_t address,
                  const Geometry& geometry) noexcept {
    const std::size_t header_size = geometry.frame_header_size();
    if (header.store != geometry.store) return false;
    if (header.size % 8 != 0 || header.size > geometry.frame_size_max) return false;
    if (header.size >= geometry.segment_size - geometry.offset(address)) return false;
    if (header.size < header_size || header.events_size > header.size - header_size) return false;
    if (header.stream_count == 0 || header.stream_count > frame_stream_count_max) return false;
    if (header.type_count > frame_type_count_max) return false;
    return header.commit > 0 && header.time_us < time_us_end && header.synced_to <= address;
}

}  // namespace

SegmentName segment_name(std::uint32_t number) noexcept {
    SegmentName name{'0', '0', '0', '0', '0', '0', '0', '0', '.', 'l', 'o', 'g'};
    for (std::size_t i = 8; i-- > 0; number /= 10) name[i] = static_cast<char>('0' + number % 10);
    return name;
}

void encode(const SegmentHeader& header, std::span<std::byte, segment_header_size> into) noexcept {
    std::memset(into.data(), 0, into.size());
    std::byte* const to = into.data();
    store_at(to, segment_magic);
    store_at(to + 8, format_version);
    store_at(to + 16, header.store);
    store_at(to + 24, header.number);
    store_at(to + 28, header.segment_size);
    store_at(to + 32, header.previous_end);
    store_at(to + 40, header.epoch.count);
    store_at(to + 44, header.epoch.nonce);
    store_at(to + 48, header.chain.crc);
    put_bytes(to + 52, header.chain.sha);
    store_at(to + 12, crc32c(0, Bytes{into}.subspan(16)));
}

Status decode(Bytes bytes, SegmentHeader& header, std::uint32_t& format) noexcept {
    if (bytes.size() < segment_header_size) return Code::not_a_store;
    const std::byte* const from = bytes.data();
    if (load<std::uint64_t>(from) != segment_magic) return Code::not_a_store;
    format = load<std::uint32_t>(from + 8);
    if (load<std::uint32_t>(from + 12) != crc32c(0, bytes.first(segment_header_size).subspan(16))) {
        return Code::corrupt;
    }
    if (format > format_version) return Code::newer_format;
    header.store = load<std::uint64_t>(from + 16);
    header.number = load<std::uint32_t>(from + 24);
    header.segment_size = load<std::uint32_t>(from + 28);
    header.previous_end = load<std::uint64_t>(from + 32);
    header.epoch = {load<std::uint32_t>(from + 40), load<std::uint32_t>(from + 44)};
    header.chain = {load<std::uint32_t>(from + 48), get_bytes(from + 52)};
    return Done{};
}

void encode(const FrameHeader& header, const Geometry& geometry, std::byte* into) noexcept {
    const bool sha = geometry.digest == Digest::sha256;
    const std::uint32_t flags = (header.last ? flag_last : 0) | (sha ? flag_sha256 : 0);
    store_at(into, frame_magic | flags << 24);
    store_at(into + 4, std::uint32_t{0});
    store_at(into + 8, std::uint64_t{0});
    store_at(into + 16, header.store);
    store_at(into + 24, header.epoch.count);
    store_at(into + 28, header.epoch.nonce);
    store_at(into + 32, header.commit);
    store_at(into + 40, header.time_us);
    store_at(into + 48, header.first_ordinal);
    store_at(into + 56, header.size);
    store_at(into + 60, header.events_size);
    store_at(into + 64, header.event_count);
    store_at(into + 68, header.stream_count);
    store_at(into + 70, header.type_count);
    store_at(into + 72, header.body_crc);
    store_at(into + 76, header.chain_before.crc);
    if (!sha) return;
    put_bytes(into + 80, header.chain_before.sha);
    put_bytes(into + 112, header.body_sha);
}

void stamp(std::byte* header, std::uint64_t address, std::uint64_t synced_to,
           const Geometry& geometry) noexcept {
    store_at(header + 8, synced_to);
    store_at(header + 4, header_crc(header, address, geometry.frame_header_size()));
}

Status decode(Bytes bytes, std::uint64_t address, const Geometry& geometry, FrameHeader& header,
              bool stamped) noexcept {
    const std::size_t size = geometry.frame_header_size();
    if (bytes.size() < size) return Code::corrupt;
    const std::byte* const from = bytes.data();
    const auto magic = load<std::uint32_t>(from);
    const std::uint32_t flags = magic >> 24;
    const bool sha = geometry.digest == Digest::sha256;
    if ((magic & 0xffffff) != frame_magic || (flags & ~flag_last) != (sha ? flag_sha256 : 0))
        return Code::corrupt;
    if (stamped && load<std::uint32_t>(from + 4) != header_crc(from, address, size))
        return Code::corrupt;

    header.last = (flags & flag_last) != 0;
    // Before that, a leader may be filling it in.
    header.synced_to = stamped ? load<std::uint64_t>(from + 8) : 0;
    header.store = load<std::uint64_t>(from + 16);
    header.epoch = {load<std::uint32_t>(from + 24), load<std::uint32_t>(from + 28)};
    header.commit = load<std::uint64_t>(from + 32);
    header.time_us = load<std::uint64_t>(from + 40);
    header.first_ordinal = load<std::uint64_t>(from + 48);
    header.size = load<std::uint32_t>(from + 56);
    header.events_size = load<std::uint32_t>(from + 60);
    header.event_count = load<std::uint32_t>(from + 64);
    header.stream_count = load<std::uint16_t>(from + 68);
    header.type_count = load<std::uint16_t>(from + 70);
    header.body_crc = load<std::uint32_t>(from + 72);
    header.chain_before.crc = load<std::uint32_t>(from + 76);
    header.chain_before.sha = sha ? get_bytes(from + 80) : std::array<std::byte, 32>{};
    header.body_sha = sha ? get_bytes(from + 112) : std::array<std::byte, 32>{};
    if (!is_plausible(header, address, geometry)) return Code::corrupt;
    return Done{};
}

Chain chain_after(const std::byte* header, const Geometry& geometry) noexcept {
    const Bytes head{header, unchained_begin};
    const Bytes rest{header + unchained_end, geometry.frame_header_size() - unchained_end};
    Chain chain;
    chain.crc = crc32c(crc32c(0, head), rest);
    if (geometry.digest == Digest::none) return chain;
    Sha256 sha;
    sha.update(head);
    sha.update(rest);
    chain.sha = sha.finish();
    return chain;
}

std::array<std::byte, 32> chain_bytes(const Chain& chain, Digest digest) noexcept {
    if (digest == Digest::sha256) return chain.sha;
    std::array<std::byte, 32> bytes{};
    store_at(bytes.data(), chain.crc);
    return bytes;
}

}  // namespace freshet::log
