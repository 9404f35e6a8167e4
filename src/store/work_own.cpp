// SPDX-License-Identifier: MIT
// What a transaction reads and writes in the store's own streams.
#include "store/checkpoint.hpp"
#include "store/work.hpp"

namespace freshet::store {

Status Work::write_own(std::string_view prefix, std::string_view name, std::string_view type,
                       Bytes payload) noexcept {
    const OwnName own{prefix, name};
    Stream stream;
    bool exists = false;
    const Status loaded = load(own.view(), stream, exists);
    if (!loaded) return loaded;
    const Event event{.type = type, .payload = payload, .metadata = {}, .id = {}};
    Appended result;
    return write({.stream = own.view(), .events = {&event, 1}}, stream, exists, result);
}

Result<bool> Work::settings(std::string_view name, const StreamSettings& change,
                            Expected expected) noexcept {
    if (expected.number() == -3) return Code::invalid_argument;
    if (is_reserved(name)) return Code::invalid_name;
    Stream stream;
    bool exists = false;
    Status status = check_name(name, stream_name_size_max - settings_prefix.size());
    if (status) status = load(name, stream, exists);
    const std::uint32_t failures_before = diagnostic_.failure_count;
    if (status && !exists)
        status = fail_version(Code::stream_not_found, name, stream, exists, expected);
    if (status && exists) status = expect(name, stream, exists, expected);
    if (!status) return status.error();
    if (diagnostic_.failure_count > failures_before) return false;

    const StreamSettings old = stream.settings();
    StreamSettings now = old;
    if (change.truncate_before != unchanged) now.truncate_before = change.truncate_before;
    if (change.max_count != unchanged) now.max_count = change.max_count;
    if (change.max_age_us != unchanged) now.max_age_us = change.max_age_us;
    if (change.deleted) now.truncate_before = stream.count;
    now.closed = old.closed || change.closed;
    now.deleted = old.deleted || change.deleted;
    now.tombstoned = change.tombstoned;
    if (now.truncate_before < old.truncate_before || now.truncate_before > stream.count) {
        const bool is_back = now.truncate_before < old.truncate_before;
        fail(Failure{
            .code = Code::invalid_argument,
            .expected = static_cast<std::int64_t>(now.truncate_before),
            .actual = static_cast<std::int64_t>(is_back ? old.truncate_before : stream.count)});
        return false;
    }
    SettingsBytes before;
    SettingsBytes payload;
    encode(old, before);
    encode(now, payload);
    if (payload == before) return false;
    StreamBuilder builder;
    status = builder.open(stream);
    builder.set(payload);
    if (status) status = write_own(settings_prefix, name, settings_type, payload);
    if (status) status = builder.put(state_.delta, name);
    if (!status) return status.error();
    return true;
}

Result<bool> Work::track(const Tracking& tracking) noexcept {
    const std::size_t size_max = stream_name_size_max - checkpoint_prefix.size();
    const Status named = check_name(tracking.consumer, size_max);
    if (!named) return named.error();
    const Result<std::uint64_t> before = read_checkpoint(state_, nullptr, tracking.consumer);
    if (!before) return before.error();
    if (tracking.ordinal <= *before) {
        fail(Failure{.code = Code::checkpoint_behind,
                     .expected = static_cast<std::int64_t>(tracking.ordinal),
                     .actual = static_cast<std::int64_t>(*before)});
        return false;
    }
    std::array<std::byte, checkpoint_size> payload;
    store_at(payload.data(), tracking.ordinal);
    const Status written =
        write_own(checkpoint_prefix, tracking.consumer, checkpoint_type, payload);
    if (!written) return written.error();
    return true;
}

Status Work::annotate(Bytes metadata) noexcept {
    const Event event{.type = commit_type, .payload = metadata};
    if (!state_.log.fits(commit_stream, event, diagnostic_)) return Code::too_large;
    return write_own(commit_stream, "", commit_type, metadata);
}

}  // namespace freshet::store
