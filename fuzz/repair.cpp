// SPDX-License-Identifier: MIT
// The checksum of an event and its digest are computed here anew from their description in
// log/event.hpp, those of a run from that in tree/run_format.hpp; headers of the log are written by
// the library.
#include "fuzz/repair.hpp"

#include <algorithm>
#include <cstring>

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "log/event.hpp"
#include "log/head.hpp"

namespace freshet::fuzz {

namespace {

constexpr std::uint32_t frame_magic = 0x467246;

class LogRepair {
public:
    LogRepair(const log::Geometry& geometry, Repair repair)
        : geometry_{geometry}, in_sequence_{repair == Repair::sequence} {}

    void segment(MutableBytes bytes, std::uint32_t number) {
        if (bytes.size() < log::segment_header_size) return;
        segment_header(bytes.first<log::segment_header_size>(), number);
        const std::uint64_t base = geometry_.address(number);
        at_.address = geometry_.first_frame(number);
        for (const FramePlace& place : find_frames(bytes, geometry_))
            frame(bytes.subspan(place.begin, place.size), base + place.begin);
    }

private:
    void segment_header(std::span<std::byte, log::segment_header_size> bytes,
                        std::uint32_t number) {
        log::SegmentHeader header{.store = load<std::uint64_t>(bytes.data() + 16),
                                  .number = load<std::uint32_t>(bytes.data() + 24),
                                  .segment_size = load<std::uint32_t>(bytes.data() + 28),
                                  .previous_end = load<std::uint64_t>(bytes.data() + 32),
                                  .epoch = {load<std::uint32_t>(bytes.data() + 40),
                                            load<std::uint32_t>(bytes.data() + 44)},
                                  .chain = {load<std::uint32_t>(bytes.data() + 48),
                                            load<std::array<std::byte, 32>>(bytes.data() + 52)}};
        if (in_sequence_) {
            header.store = geometry_.store;
            header.number = number;
            header.segment_size = geometry_.segment_size;
            header.previous_end = at_.address;
            header.chain = at_.chain;
            header.epoch.count = std::max(header.epoch.count, at_.epoch.count);
        }
        if (number == 1) at_.epoch = header.epoch;
        log::encode(header, bytes);
    }

    void frame(MutableBytes bytes, std::uint64_t address) {
        std::byte* const to = bytes.data();
        const std::uint32_t sha_flag = geometry_.digest == Digest::sha256 ? 2 : 0;
        const std::uint32_t last = std::to_integer<std::uint32_t>(to[3]) & 1;
        store_at(to, frame_magic | (sha_flag | last) << 24);
        log::FrameHeader header;
        // What is not plausible is said, but it is all there.
        static_cast<void>(log::decode(bytes, address, geometry_, header, false));
        auto synced_to = load<std::uint64_t>(to + 8);
        if (in_sequence_) {
            put_in_sequence(header);
            synced_to = std::min(synced_to, address);
        }
        body(bytes, address, header);
        log::encode(header, geometry_, to);
        log::stamp(to, address, synced_to, geometry_);
        at_ = {.address = address + bytes.size(),
               .commit = header.commit,
               .next_ordinal = header.first_ordinal + header.event_count,
               .time_us = header.time_us,
               .chain = log::chain_after(to, geometry_),
               .epoch = header.epoch};
        in_transaction_ = !header.last;
    }

    void put_in_sequence(log::FrameHeader& header) const {
        header.store = geometry_.store;
        if (header.epoch.count <= at_.epoch.count || in_transaction_) header.epoch = at_.epoch;
        header.commit = at_.commit + (in_transaction_ ? 0 : 1);
        if (in_transaction_) header.time_us = at_.time_us;
        if (!in_transaction_ && header.time_us <= at_.time_us) header.time_us = at_.time_us + 1;
        header.first_ordinal = at_.next_ordinal;
        header.chain_before = at_.chain;
    }

    void body(MutableBytes bytes, std::uint64_t address, log::FrameHeader& header) {
        const std::size_t begin = geometry_.frame_header_size();
        if (header.events_size > bytes.size() - begin) return;
        const log::Frame frame{.address = address, .header = header, .bytes = bytes.data()};
        const Result<Bytes> table = log::stream_table(frame, geometry_);
        log::StreamTable streams{table ? *table : Bytes{}, table ? header.stream_count : 0U};
        const log::TypeTable types = frame.types(geometry_);
        const Result<std::size_t> front = types.front_size();
        if (!front) return;
        std::uint32_t crc = crc32c(0, frame.events(geometry_).first(*front));
        std::uint32_t count = 0;
        Sha256 sha;
        sha.update(frame.events(geometry_).first(*front));
        for (std::size_t at = begin + *front; at < begin + header.events_size; count++) {
            const MutableBytes rest = bytes.subspan(at, begin + header.events_size - at);
            log::StoredEvent event;
            if (!log::decode(rest, geometry_.digest, event)) break;
            const bool named = bool{streams.find(event.slot)};
            repair_event(rest, event, address + at, named ? streams.name() : std::string_view{},
                         (named ? streams.first_index() : 0) + event.within, types.find(event.type),
                         header);
            crc = crc32c(crc, event.header);
            sha.update(event.header);
            at += event.size;
        }
        if (in_sequence_) header.event_count = count;
        header.body_crc = crc32c(crc, frame.tables(geometry_));
        sha.update(frame.tables(geometry_));
        if (geometry_.digest == Digest::sha256) header.body_sha = sha.finish();
    }

    void repair_event(MutableBytes bytes, const log::StoredEvent& event, std::uint64_t address,
                      std::string_view stream, std::uint64_t index, const log::EventType& type,
                      const log::FrameHeader& header) const {
        if (geometry_.digest == Digest::sha256) {
            Sha256 sha;
            std::array<std::byte, 8> size;
            store_at(size.data(), std::uint64_t{event.metadata.size()});
            sha.update(event.proof.last(log::salt_size));
            sha.update(size);
            sha.update(event.metadata);
            sha.update(event.payload);
            store_at(bytes.data() + event.header.size() - 32, sha.finish());
        }
        const std::uint32_t seed = log::seed_of(log::seed_of(log::seed_of(stream), type), header);
        store_at(bytes.data(), crc32c(seed, address, index, bytes.first(event.size).subspan(4)));
    }

    const log::Geometry& geometry_;
    bool in_sequence_;
    bool in_transaction_ = false;
    log::Position at_;
};

}  // namespace

std::vector<FramePlace> find_frames(Bytes segment, const log::Geometry& geometry) {
    std::vector<FramePlace> places;
    const std::size_t header_size = geometry.frame_header_size();
    for (std::size_t at = log::segment_header_size; at + header_size <= segment.size();) {
        const auto size = load<std::uint32_t>(segment.data() + at + 56);
        if (size < header_size || size % 8 != 0 || size > segment.size() - at) break;
        places.push_back({at, size});
        at += size;
    }
    return places;
}

void repair_log(MutableBytes image, const log::Geometry& geometry, Repair repair) {
    LogRepair log{geometry, repair};
    const std::size_t step = geometry.segment_size;
    for (std::uint32_t i = 0; i * step < image.size(); i++)
        log.segment(image.subspan(i * step, std::min(step, image.size() - i * step)), i + 1);
}

void repair_head(MutableBytes slot) {
    if (slot.size() < log::head_slot_size) return;
    const std::uint32_t before = crc32c(0, slot.first(12));
    store_at(slot.data() + 12, crc32c(before, slot.subspan(16, log::head_slot_size - 16)));
}

void repair_run(MutableBytes file) {
    constexpr std::size_t header_size = 4096;
    constexpr std::size_t page_size = 2048;
    if (file.size() < header_size) return;
    const Bytes header = file.first(header_size);
    store_at(file.data() + 12, crc32c(crc32c(0, header.first(12)), header.subspan(16)));
    for (std::uint64_t i = 1; header_size + i * page_size <= file.size(); i++) {
        const MutableBytes page = file.subspan(header_size + (i - 1) * page_size, page_size);
        const std::uint32_t crc = crc32c(0, std::as_bytes(std::span{&i, 1}));
        store_at(page.data(), std::uint64_t{crc32c(crc, page.subspan(8))});
    }
}

}  // namespace freshet::fuzz
