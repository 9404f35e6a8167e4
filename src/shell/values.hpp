// SPDX-License-Identifier: MIT
// What the values of flags are: false, where they are not.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "freshet/store.hpp"

namespace freshet::shell {

bool parse_count(std::string_view text, std::uint64_t& count) noexcept;
// 65536, 64K, 64M, 2G; not 0.
bool parse_size(std::string_view text, std::uint64_t& size) noexcept;
bool parse_size(std::string_view text, std::uint32_t& size) noexcept;
// As parse_timestamp() has it: 2026-11-20T23:50:07.412Z or with +01:00; or a day, which begins in
// UTC. Gives microseconds since 1970, and takes none before.
bool parse_time(std::string_view text, std::uint64_t& time_us) noexcept;
// 0, or a number of us, ms, s, m (minutes), h or d, in microseconds: 90s, 30d.
bool parse_age(std::string_view text, std::uint64_t& age_us) noexcept;
// The same again, with the greatest unit that is exact.
std::string_view age_text(std::uint64_t age_us, std::span<char> into) noexcept;
// K/N, where K is below N.
bool parse_group(std::string_view text, std::uint32_t& member, std::uint32_t& count) noexcept;
// any, no-stream (or none), exists, or the index of the last event.
bool parse_expected(std::string_view text, Expected& expected) noexcept;
// 32 hexadecimal digits or a UUID, and not all zeros.
bool parse_event_id(std::string_view text, EventId& id) noexcept;

}  // namespace freshet::shell
