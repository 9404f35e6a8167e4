// SPDX-License-Identifier: MIT
// What a stream shows by its settings, and what there is to be said of it.
#include <algorithm>

#include "base/utf8.hpp"
#include "store/checkpoint.hpp"
#include "store/state.hpp"

namespace freshet {

namespace store {

Status find_named(const State& state, const Published& at, std::string_view name,
                  Stream& stream) noexcept {
    if (name.size() > stream_name_size_max) return Code::invalid_name;
    const Result<bool> found = find_stream(state.view(at), name, stream);
    if (!found) return found.error();
    if (*found) return Done{};
    return is_name(name, stream_name_size_max) ? Code::stream_not_found : Code::invalid_name;
}

}  // namespace store

namespace {

// The first event that the settings show whatever its time.
std::uint64_t first_in_count(const StreamSettings& settings, std::uint64_t count) noexcept {
    const std::uint64_t first = std::min(settings.truncate_before, count);
    const bool is_full = settings.max_count > 0 && settings.max_count < count - first;
    return is_full ? count - settings.max_count : first;
}

}  // namespace

Result<StreamInfo> Snapshot::stream(std::string_view name) const noexcept {
    if (state_ == nullptr) return Code::invalid_argument;
    store::Stream stream;
    const Status found = store::find_named(*state_, *published_, name, stream);
    if (!found) return found.error();
    const StreamSettings settings = stream.settings();
    if (settings.tombstoned) return Code::stream_tombstoned;
    StreamInfo info{.version = stream.version(),
                    .first_index = first_in_count(settings, stream.count),
                    .closed = settings.closed,
                    .deleted = settings.deleted};
    if (info.deleted || settings.max_age_us == 0) return info;
    StreamCursor cursor;
    const Status opened = cursor.open(*this, name, Horizon::newest());
    if (!opened) return opened.error();
    info.first_index = cursor.first_;
    return info;
}

Result<StreamSettings> Snapshot::settings(std::string_view name) const noexcept {
    if (state_ == nullptr) return Code::invalid_argument;
    store::Stream stream;
    const Status found = store::find_named(*state_, *published_, name, stream);
    if (!found) return found.error();
    return stream.settings();
}

Result<std::uint64_t> Snapshot::checkpoint(std::string_view consumer) const noexcept {
    if (state_ == nullptr) return Code::invalid_argument;
    constexpr std::size_t size_max = stream_name_size_max - store::checkpoint_prefix.size();
    if (!is_name(consumer, size_max)) return Code::invalid_name;
    return store::read_checkpoint(*state_, published_, consumer);
}

// Sets the first event to be shown. The times of a stream's events grow with their indexes.
Status StreamCursor::hide(const StreamSettings& settings) noexcept {
    if (settings.tombstoned) return Code::stream_tombstoned;
    if (settings.deleted) return Code::stream_deleted;
    std::uint64_t first = first_in_count(settings, count_);
    const std::uint64_t age_us = settings.max_age_us == 0 ? unchanged : settings.max_age_us;
    const std::uint64_t now_us = snapshot_->state_->door.clock->now_us();
    for (std::uint64_t end = count_; age_us < now_us && first < end;) {
        const std::uint64_t middle = first + (end - first) / 2;
        seek(Horizon::index(middle), Direction::forwards, 1);
        Recorded event;
        const Result<bool> there = next(event);
        if (!there) return there.error();
        if (event.time_us < now_us - age_us)
            first = middle + 1;
        else
            end = middle;
    }
    first_ = first;
    return Done{};
}

}  // namespace freshet
