// SPDX-License-Identifier: MIT
// What the writer notes beside its lock after each sync, for followers in other processes: up to
// where the log is durable. It is advice: nothing makes it durable, and it is meaningful only while
// the lock is held. Torn, it fails its checksum, and is read again. Followers check what they read
// up to there like everything else.
//
//      offset  size  field
//           0     4  magic "FrN", version 0
//           4     4  CRC-32C of bytes 0..3 and 8..63
//           8     8  store
//          16     4  epoch
//          20     4  epoch nonce
//          24     8  durable end
//          32     8  its commit
//          40     8  its next ordinal
//          48     8  its time
//          56     4  chain at the durable end: CRC-32C
//          60     4  zeros
#pragma once

#include "freshet/door.hpp"
#include "log/format.hpp"

namespace freshet::log {

// A position without its SHA-256.
Note encode_note(std::uint64_t store, const Position& durable) noexcept;
// False: this is no note, or a torn one.
bool decode_note(const Note& note, std::uint64_t& store, Position& durable) noexcept;

// How many times a note that does not decode is read again.
inline constexpr int note_try_count = 8;

// What the live writer of the directory has noted. False: there is none, or it has noted nothing
// yet, or what it noted cannot be read.
bool look(Disk& disk, std::uint64_t& store, Position& durable, Holder& holder) noexcept;

}  // namespace freshet::log
