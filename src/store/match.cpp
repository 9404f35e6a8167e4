// SPDX-License-Identifier: MIT
#include "store/match.hpp"

#include <algorithm>

#include "freshet/category.hpp"
#include "freshet/metadata.hpp"
#include "store/directory.hpp"

namespace freshet {

std::string_view category_of(std::string_view stream) noexcept {
    return {stream.data(), std::min(stream.find('-'), stream.size())};
}

std::string_view cardinal_id_of(std::string_view stream) noexcept {
    stream.remove_prefix(std::min(category_of(stream).size() + 1, stream.size()));
    return {stream.data(), std::min(stream.find('+'), stream.size())};
}

std::uint32_t group_member_of(std::string_view stream, std::uint32_t count) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char letter : cardinal_id_of(stream))
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
    return static_cast<std::uint32_t>(hash % count);
}

namespace store {

namespace {

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && std::string_view{text.data(), prefix.size()} == prefix;
}

// Of the store's own events, only those that are asked for: a checkpoint is in nobody's way.
bool matches(const ConditionItem& item, const Recorded& event) noexcept {
    if (is_reserved(event.stream) && !is_reserved(item.stream_prefix)) return false;
    const auto is_type = [&](std::string_view type) noexcept { return type == event.type; };
    const auto is_there = [&](std::string_view tag) noexcept {
        return has_tag(event.metadata, tag);
    };
    return begins_with(event.stream, item.stream_prefix) &&
           (item.types.empty() || std::ranges::any_of(item.types, is_type)) &&
           std::ranges::all_of(item.tags, is_there);
}

}  // namespace

bool passes(const LogFilter& filter, const log::FrameEvents& events) noexcept {
    const std::string_view stream = events.stream();
    if (is_row(stream)) return false;
    if (!filter.type.empty() && events.type().name != filter.type) return false;
    if (!begins_with(stream, filter.stream_prefix)) return false;
    if (!filter.category.empty() && category_of(stream) != filter.category) return false;
    if (filter.group_count > 0 &&
        group_member_of(stream, filter.group_count) != filter.group_member)
        return false;
    if (filter.correlation.empty()) return true;
    const std::string_view correlation = metadata_member(events.event().metadata, "$correlationId");
    return correlation.data() != nullptr && json_says(correlation, filter.correlation);
}

Result<bool> find_match(const Snapshot& snapshot, const AppendCondition& condition,
                        Recorded& event) noexcept {
    LogCursor cursor;
    const Status opened = cursor.open(snapshot, LogStart::ordinal(condition.ordinal));
    if (!opened) return opened.error();
    for (;;) {
        const Result<bool> there = cursor.next(event);
        if (!there || !*there) return there;
        const auto is_match = [&](const ConditionItem& item) noexcept {
            return matches(item, event);
        };
        if (std::ranges::any_of(condition.items, is_match)) return true;
    }
}

}  // namespace store

}  // namespace freshet
