// SPDX-License-Identifier: MIT
// The file `head`: what a store is, and up to where its log is known to be durable. Two slots of 4
// KiB, written in turn, each synced before anything relies on it; the valid one with the greater
// sequence counts. So a torn write costs nothing, and damage to one slot only what the log's own
// frames attest as well.
//
//      offset  size  field
//           0     8  magic "FRESHEAD"
//           8     4  format version
//          12     4  CRC-32C of bytes 0..11 and 16..4095
//          16     8  sequence; slot number = sequence modulo 2
//          24     8  store
//          32     4  segment size
//          36     4  greatest frame size
//          40     4  digest: 0 none, 1 SHA-256
//          44     4  epoch
//          48     4  epoch nonce
//          52     4  chain at the attested end: CRC-32C
//          56     8  attested end
//          64     8  its commit
//          72     8  its next ordinal
//          80     8  its time
//          88    32  chain at the attested end: SHA-256, or zeros
//         120   256  which runs there are (store/run_names.hpp), or zeros
//         376        zeros: room for retention
#pragma once

#include "disk/io.hpp"
#include "log/format.hpp"

namespace freshet::log {

inline constexpr std::size_t head_slot_size = 4096;
inline constexpr std::string_view head_name = "head";
inline constexpr std::string_view head_new_name = "head.new";

// What the log keeps for others, who write it together with an attested end.
using HeadRoom = std::array<std::byte, 256>;

struct HeadRecord {
    std::uint64_t sequence = 0;
    Geometry geometry;
    Position attested;  // Its epoch is the store's.
    HeadRoom runs{};
    bool alone = false;  // As it was read: the other slot held no record.
};

// Nobody comes that far by counting, and whoever opens a store with it has room to count on.
inline constexpr std::uint64_t head_sequence_max = ~std::uint64_t{0} - 1'000'000'000;

struct HeadFound {
    HeadRecord record;
    bool slot_damaged = false;  // One slot holds something that is no head.
    std::uint32_t format = 0;   // For newer_format.
};

// Decodes one slot. not_a_store, newer_format (`format` is set), corrupt.
Status decode_head(Bytes slot, HeadRecord& record, std::uint32_t& format) noexcept;
void encode_head(const HeadRecord& record, std::span<std::byte, head_slot_size> into) noexcept;

// Reads the head; `buffer` holds at least one slot. not_found, not_a_store, newer_format, corrupt,
// io.
Status read_head(Disk& disk, MutableBytes buffer, HeadFound& found) noexcept;
// Writes a record into its slot and syncs it.
Status write_head(Disk& disk, File file, const HeadRecord& record, MutableBytes buffer) noexcept;
// Makes the file of a new store, in one step: it is there whole or not at all.
Status create_head(Disk& disk, const HeadRecord& record, MutableBytes buffer) noexcept;

}  // namespace freshet::log
