// SPDX-License-Identifier: MIT
// What the store itself writes about streams and consumers: events like others, in streams whose
// names begin with `$`, to which nobody else may append. So they are durable, verified, replayed,
// rolled back and read as of a commit by what does that for all events.
//
//      stream                type          payload (little-endian); the newest event counts
//      $settings/NAME        $settings     flags (1): bit 0 closed, 1 deleted, 2 tombstoned, others
//                                          0; truncate_before (8); max_count (8); max_age_us (8)
//      $checkpoint/CONSUMER  $checkpoint   ordinal (8)
//      $commit               $commit       what is said of the commit that it is in: JSON, of which
//                                          the members $actor and $message are known (metadata.hpp)
//
// `deleted` holds as long as truncate_before is the number of events: what is appended ends it.
//
// The newest settings of a stream stand in its directory entry, too, of which every reader and the
// writer have one for each commit anyway. So a stream without settings pays a bit, one with them no
// second lookup, and the code that would read the newest event, once for readers and once for
// the writer, is not there: it took 1.5 KB of a small program.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "freshet/bytes.hpp"
#include "freshet/error.hpp"
#include "freshet/settings.hpp"

namespace freshet::store {

inline constexpr std::string_view settings_prefix = "$settings/";
inline constexpr std::string_view settings_type = "$settings";
inline constexpr std::string_view checkpoint_prefix = "$checkpoint/";
inline constexpr std::string_view checkpoint_type = "$checkpoint";
inline constexpr std::string_view commit_stream = "$commit";
inline constexpr std::string_view commit_type = "$commit";
inline constexpr std::string_view actor_member = "$actor";
inline constexpr std::string_view message_member = "$message";
inline constexpr std::size_t settings_size = 25;
inline constexpr std::size_t checkpoint_size = 8;
inline constexpr std::size_t own_name_size_max = 255;

inline bool is_reserved(std::string_view name) noexcept {
    return !name.empty() && name.front() == '$';
}

// `prefix` and `name`, which fit into a name.
class OwnName {
public:
    OwnName(std::string_view prefix, std::string_view name) noexcept;
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, own_name_size_max> bytes_;
    std::size_t size_;
};

// What follows `prefix`; null data: the name does not begin with it.
std::string_view behind(std::string_view prefix, std::string_view name) noexcept;

using SettingsBytes = std::array<std::byte, settings_size>;
void encode(const StreamSettings& settings, SettingsBytes& into) noexcept;
bool is_settings(Bytes payload) noexcept;
// What they say of a stream with so many events; all zeros where there are none.
StreamSettings settings_of(Bytes payload, std::uint64_t count) noexcept;

}  // namespace freshet::store
