// SPDX-License-Identifier: MIT
#include "store/settings.hpp"

#include "base/codec.hpp"

namespace freshet::store {

namespace {

constexpr std::uint32_t flag_closed = 1;
constexpr std::uint32_t flag_deleted = 2;
constexpr std::uint32_t flag_tombstoned = 4;

}  // namespace

OwnName::OwnName(std::string_view prefix, std::string_view name) noexcept
    : size_{prefix.size() + name.size()} {
    FRESHET_CHECK(size_ <= bytes_.size());
    std::memcpy(bytes_.data(), prefix.data(), prefix.size());
    std::memcpy(bytes_.data() + prefix.size(), name.data(), name.size());
}

std::string_view behind(std::string_view prefix, std::string_view name) noexcept {
    const bool begins =
        name.size() >= prefix.size() && std::string_view{name.data(), prefix.size()} == prefix;
    name.remove_prefix(begins ? prefix.size() : 0);
    return begins ? name : std::string_view{};
}

void encode(const StreamSettings& settings, SettingsBytes& into) noexcept {
    into[0] = static_cast<std::byte>((settings.closed ? flag_closed : 0) |
                                     (settings.deleted ? flag_deleted : 0) |
                                     (settings.tombstoned ? flag_tombstoned : 0));
    store_at(into.data() + 1, settings.truncate_before);
    store_at(into.data() + 9, settings.max_count);
    store_at(into.data() + 17, settings.max_age_us);
}

bool is_settings(Bytes payload) noexcept {
    return payload.size() == settings_size &&
           std::to_integer<std::uint32_t>(payload[0]) < 2 * flag_tombstoned;
}

StreamSettings settings_of(Bytes payload, std::uint64_t count) noexcept {
    if (payload.empty()) return {.truncate_before = 0, .max_count = 0, .max_age_us = 0};
    const auto flags = std::to_integer<std::uint32_t>(payload[0]);
    const auto truncate_before = load<std::uint64_t>(payload.data() + 1);
    return {.truncate_before = truncate_before,
            .max_count = load<std::uint64_t>(payload.data() + 9),
            .max_age_us = load<std::uint64_t>(payload.data() + 17),
            .closed = (flags & flag_closed) != 0,
            .deleted = (flags & flag_deleted) != 0 && truncate_before == count,
            .tombstoned = (flags & flag_tombstoned) != 0};
}

}  // namespace freshet::store
