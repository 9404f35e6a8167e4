// SPDX-License-Identifier: MIT
#include "log/head.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "freshet/version.hpp"

namespace freshet::log {

namespace {

constexpr std::uint64_t head_magic = 0x4441454853455246;  // "FRESHEAD"

std::uint32_t slot_crc(Bytes slot) noexcept {
    return crc32c(crc32c(0, slot.first(12)), slot.subspan(16, head_slot_size - 16));
}

bool is_plausible(const HeadRecord& record) noexcept {
    const Geometry& geometry = record.geometry;
    if (geometry.segment_size < 4096 || (geometry.segment_size & (geometry.segment_size - 1)) != 0)
        return false;
    if (geometry.frame_size_max < 1024 || geometry.frame_size_max > geometry.segment_size / 4)
        return false;
    return record.sequence > 0;
}

bool is_zero(Bytes bytes) noexcept {
    for (const std::byte byte : bytes) {
        if (byte != std::byte{0}) return false;
    }
    return true;
}

// What is worth telling when there is no valid slot: that it is newer, then that it is damaged.
Code worse(Code a, Code b) noexcept {
    if (a == Code::newer_format || b == Code::newer_format) return Code::newer_format;
    if (a == Code::corrupt || b == Code::corrupt) return Code::corrupt;
    return Code::not_a_store;
}

}  // namespace

void encode_head(const HeadRecord& record, std::span<std::byte, head_slot_size> into) noexcept {
    std::byte* const to = into.data();
    std::memset(to, 0, into.size());
    store_at(to, head_magic);
    store_at(to + 8, format_version);
    store_at(to + 16, record.sequence);
    store_at(to + 24, record.geometry.store);
    store_at(to + 32, record.geometry.segment_size);
    store_at(to + 36, record.geometry.frame_size_max);
    store_at(to + 40, static_cast<std::uint32_t>(record.geometry.digest));
    store_at(to + 44, record.attested.epoch.count);
    store_at(to + 48, record.attested.epoch.nonce);
    store_at(to + 52, record.attested.chain.crc);
    store_at(to + 56, record.attested.address);
    store_at(to + 64, record.attested.commit);
    store_at(to + 72, record.attested.next_ordinal);
    store_at(to + 80, record.attested.time_us);
    store_at(to + 88, record.attested.chain.sha);
    store_at(to + 120, record.runs);
    store_at(to + 12, slot_crc(into));
}

Status decode_head(Bytes slot, HeadRecord& record, std::uint32_t& format) noexcept {
    if (slot.size() < head_slot_size || load<std::uint64_t>(slot.data()) != head_magic)
        return Code::not_a_store;
    const std::byte* const from = slot.data();
    if (load<std::uint32_t>(from + 12) != slot_crc(slot)) return Code::corrupt;
    const auto found = load<std::uint32_t>(from + 8);
    if (found > format_version) {
        format = found;
        return Code::newer_format;
    }

    record.sequence = load<std::uint64_t>(from + 16);
    const auto digest = load<std::uint32_t>(from + 40);
    record.geometry = {load<std::uint64_t>(from + 24), load<std::uint32_t>(from + 32),
                       load<std::uint32_t>(from + 36), digest == 0 ? Digest::none : Digest::sha256};
    record.attested = {
        .address = load<std::uint64_t>(from + 56),
        .commit = load<std::uint64_t>(from + 64),
        .next_ordinal = load<std::uint64_t>(from + 72),
        .time_us = load<std::uint64_t>(from + 80),
        .chain = {load<std::uint32_t>(from + 52), load<std::array<std::byte, 32>>(from + 88)},
        .epoch = {load<std::uint32_t>(from + 44), load<std::uint32_t>(from + 48)}};
    record.runs = load<HeadRoom>(from + 120);
    if (digest > 1 || !is_plausible(record)) return Code::corrupt;
    return Done{};
}

Status read_head(Disk& disk, MutableBytes buffer, HeadFound& found) noexcept {
    const Result<File> file = disk.open(head_name, OpenMode::read);
    if (!file) return file.error();
    Code trouble = Code::not_a_store;
    Status status = Done{};
    for (std::uint64_t i = 0; i < 2; i++) {
        const MutableBytes slot = buffer.first(head_slot_size);
        const Result<std::size_t> size = read_all(disk, *file, i * head_slot_size, slot);
        if (!size) {
            status = size.error();
            break;
        }
        HeadRecord record;
        const Status decoded = decode_head(slot.first(*size), record, found.format);
        if (decoded) {
            record.alone = found.record.sequence == 0;
            found.record.alone = false;
            if (record.sequence > found.record.sequence) found.record = record;
            continue;
        }
        trouble = worse(trouble, decoded.error().code);
        if (!is_zero(slot.first(*size))) found.slot_damaged = true;
    }
    disk.close(*file);
    if (!status) return status;
    if (trouble == Code::newer_format) return trouble;
    if (found.record.sequence == 0) return trouble;
    return Done{};
}

Status write_head(Disk& disk, File file, const HeadRecord& record, MutableBytes buffer) noexcept {
    const auto slot = buffer.first<head_slot_size>();
    encode_head(record, slot);
    const Status written = write_all(disk, file, record.sequence % 2 * head_slot_size, slot, {});
    if (!written) return written;
    return disk.sync(file);
}

Status create_head(Disk& disk, const HeadRecord& record, MutableBytes buffer) noexcept {
    const Result<File> file = disk.open(head_new_name, OpenMode::create);
    if (!file) return file.error();
    Status status = zero_all(disk, *file, 0, 2 * head_slot_size);
    if (status) status = write_head(disk, *file, record, buffer);
    disk.close(*file);
    if (status) status = disk.rename(head_new_name, head_name);
    if (status) status = disk.sync_directory();
    return status;
}

}  // namespace freshet::log
