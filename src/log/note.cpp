// SPDX-License-Identifier: MIT
#include "log/note.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"

namespace freshet::log {

namespace {

constexpr std::uint32_t note_magic = 0x004e7246;  // "FrN", and the version

std::uint32_t note_crc(const Note& note) noexcept {
    const Bytes bytes{note};
    return crc32c(crc32c(0, bytes.first(4)), bytes.subspan(8));
}

}  // namespace

Note encode_note(std::uint64_t store, const Position& durable) noexcept {
    Note note{};
    std::byte* const to = note.data();
    store_at(to, note_magic);
    store_at(to + 8, store);
    store_at(to + 16, durable.epoch.count);
    store_at(to + 20, durable.epoch.nonce);
    store_at(to + 24, durable.address);
    store_at(to + 32, durable.commit);
    store_at(to + 40, durable.next_ordinal);
    store_at(to + 48, durable.time_us);
    store_at(to + 56, durable.chain.crc);
    store_at(to + 4, note_crc(note));
    return note;
}

bool decode_note(const Note& note, std::uint64_t& store, Position& durable) noexcept {
    const std::byte* const from = note.data();
    if (load<std::uint32_t>(from) != note_magic) return false;
    if (load<std::uint32_t>(from + 4) != note_crc(note)) return false;
    store = load<std::uint64_t>(from + 8);
    durable = {.address = load<std::uint64_t>(from + 24),
               .commit = load<std::uint64_t>(from + 32),
               .next_ordinal = load<std::uint64_t>(from + 40),
               .time_us = load<std::uint64_t>(from + 48),
               .chain = {load<std::uint32_t>(from + 56), {}},
               .epoch = {load<std::uint32_t>(from + 16), load<std::uint32_t>(from + 20)}};
    return true;
}

bool look(Disk& disk, std::uint64_t& store, Position& durable, Holder& holder) noexcept {
    for (int i = 0; i < note_try_count; i++) {
        Note note{};
        const Result<bool> noted = disk.look(note, holder);
        if (!noted || !*noted) return false;
        if (decode_note(note, store, durable)) return true;
    }
    return false;
}

}  // namespace freshet::log
