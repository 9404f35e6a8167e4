// SPDX-License-Identifier: MIT
#include "store/run_names.hpp"

namespace freshet::store {

namespace {

constexpr std::size_t runs_offset = 16;
constexpr std::size_t unused_offset = runs_offset + sizeof RunNames::runs;
static_assert(unused_offset + std::size_t{unused_run_count_max} * 4 == sizeof(log::HeadRoom));
// Of those in use all may be damaged, as all may have been at open; and there are a flush and
// merges.
static_assert(unused_run_kept_max + 2 * tree::run_count_max + 4 <= unused_run_count_max);
static_assert(tree::run_count_max <= unused_run_kept_max);

}  // namespace

log::HeadRoom encode(const RunNames& names) noexcept {
    log::HeadRoom room{};
    std::byte* const to = room.data();
    store_at(to, names.next);
    store_at(to + 4, names.count);
    store_at(to + 8, names.unused_count);
    for (std::size_t i = 0; i < names.count; i++) store_at(to + runs_offset + i * 8, names.runs[i]);
    for (std::size_t i = 0; i < names.unused_count; i++)
        store_at(to + unused_offset + i * 4, names.unused[i]);
    return room;
}

bool decode(const log::HeadRoom& room, RunNames& names) noexcept {
    const std::byte* const from = room.data();
    names = RunNames{};
    const auto next = load<std::uint32_t>(from);
    if (next == 0) return true;
    names.count = load<std::uint32_t>(from + 4);
    names.unused_count = load<std::uint32_t>(from + 8);
    const bool makes_sense =
        names.count <= names.runs.size() && names.unused_count <= names.unused.size();
    if (!makes_sense) names = RunNames{};
    names.next = next;
    for (std::size_t i = 0; i < names.count; i++)
        names.runs[i] = load<RunName>(from + runs_offset + i * 8);
    for (std::size_t i = 0; i < names.unused_count; i++)
        names.unused[i] = load<std::uint32_t>(from + unused_offset + i * 4);
    return makes_sense;
}

std::array<std::byte, tree::run_note_size> encode_note(const Published& at,
                                                       bool has_rows) noexcept {
    std::array<std::byte, tree::run_note_size> note{};
    std::byte* const to = note.data();
    store_at(to, at.position.address);
    store_at(to + 8, at.position.commit);
    store_at(to + 16, at.position.next_ordinal);
    store_at(to + 24, at.position.time_us);
    store_at(to + 32, at.position.chain.crc);
    store_at(to + 36, at.position.chain.sha);
    store_at(to + 68, at.position.epoch.count);
    store_at(to + 72, at.position.epoch.nonce);
    store_at(to + 76, at.stream_count);
    store_at(to + 84, at.mark_count);
    store_at(to + 92, at.mark_address);
    store_at(to + 100, at.catalog_address);
    store_at(to + 108, std::uint32_t{has_rows ? 1U : 0U});
    return note;
}

Published decode_note(tree::RunNote note) noexcept {
    const std::byte* const from = note.data();
    Published at;
    at.position = {
        .address = load<std::uint64_t>(from),
        .commit = load<std::uint64_t>(from + 8),
        .next_ordinal = load<std::uint64_t>(from + 16),
        .time_us = load<std::uint64_t>(from + 24),
        .chain = {load<std::uint32_t>(from + 32), load<std::array<std::byte, 32>>(from + 36)},
        .epoch = {load<std::uint32_t>(from + 68), load<std::uint32_t>(from + 72)}};
    at.stream_count = load<std::uint64_t>(from + 76);
    at.mark_count = load<std::uint64_t>(from + 84);
    at.mark_address = load<std::uint64_t>(from + 92);
    at.catalog_address = load<std::uint64_t>(from + 100);
    return at;
}

bool has_rows(tree::RunNote note) noexcept {
    return load<std::uint32_t>(note.data() + 108) != 0;
}

RunFileName run_file_name(std::uint32_t number) noexcept {
    RunFileName name{'0', '0', '0', '0', '0', '0', '0', '0', '.', 'r', 'u', 'n'};
    for (std::size_t i = 8; i-- > 0; number /= 10) name[i] = static_cast<char>('0' + number % 10);
    return name;
}

RunFileName private_run_file_name(std::uint32_t slot) noexcept {
    const auto letter = static_cast<char>('a' + slot);
    return {'p', 'r', 'i', 'v', 'a', 't', 'e', letter, '.', 'r', 'u', 'n'};
}

}  // namespace freshet::store
