// SPDX-License-Identifier: MIT
#include "store/work.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace freshet::store {

namespace {

Code name_trouble(std::string_view name, std::size_t size_max) noexcept {
    return name.size() > size_max ? Code::too_large : Code::invalid_name;
}

// Who wrote at an address: the running transaction or an earlier commit.
struct Writer {
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
};

Result<Writer> writer_of(State& state, std::uint64_t address, bool is_frame) noexcept {
    log::Log& log = state.log;
    if (address >= log.first_frame()) return Writer{log.commit(), log.time_us()};
    log::Frame frame;
    if (is_frame) {
        const Result<log::Frame> found = log.frame_of_writer(address);
        if (!found) return found.error();
        frame = *found;
    } else {
        log::StoredEvent event;
        bool is_open = false;
        const Status read = log.event_of_writer(address, event, frame, is_open);
        if (!read) return read.error();
    }
    return Writer{frame.header.commit, frame.header.time_us};
}

}  // namespace

void Work::fail(const Failure& failure) noexcept {
    const std::uint32_t count = diagnostic_.failure_count++;
    if (count == 0) diagnostic_.error = failure.code;
    if (count >= diagnostic_.failures.size()) return;
    diagnostic_.failures[count] = failure;
    diagnostic_.failures[count].number = number_;
    diagnostic_.failures[count].of_check = of_check_;
}

void Work::fail_id(std::uint32_t event, const Place& place) noexcept {
    fail(Failure{.code = Code::idempotency_conflict,
                 .event = event,
                 .actual = place.found ? static_cast<std::int64_t>(place.index) : -1,
                 .commit = place.commit,
                 .time_us = place.time_us});
}

Status Work::check_name(std::string_view name, std::size_t size_max) noexcept {
    if (is_name(name, size_max)) return Done{};
    diagnostic_.needed = name.size();
    diagnostic_.limit = size_max;
    return name_trouble(name, size_max);
}

Status Work::load(std::string_view name, Stream& stream, bool& exists) noexcept {
    const Status named = check_name(name, stream_name_size_max);
    if (!named) return named;
    const Result<bool> found = find_stream(state_.delta, name, stream);
    if (!found) return found.error();
    exists = *found;
    return Done{};
}

Status Work::fail_version(Code code, std::string_view name, const Stream& stream, bool exists,
                          Expected expected) noexcept {
    Failure failure{.code = code, .expected = expected.number(), .actual = stream.version()};
    if (exists) {
        const Result<std::uint64_t> newest = newest_address(state_.view(), name, stream);
        if (!newest) return newest.error();
        const Result<Writer> writer = writer_of(state_, *newest, stream.count == 0);
        if (!writer) return writer.error();
        failure.commit = writer->commit;
        failure.time_us = writer->time_us;
    }
    fail(failure);
    return Done{};
}

Status Work::expect(std::string_view name, const Stream& stream, bool exists,
                    Expected expected) noexcept {
    const std::int64_t wanted = expected.number();
    const bool must_exist = wanted == Expected::stream_exists().number();
    bool holds = stream.version() == wanted;
    if (wanted == Expected::any().number()) holds = true;
    if (must_exist) holds = exists;
    const StreamSettings settings = stream.settings();
    if (settings.deleted && wanted == Expected::no_stream().number()) holds = true;
    Code code = Code::wrong_version;
    if (settings.deleted && must_exist) code = Code::stream_deleted;
    if (settings.tombstoned) code = Code::stream_tombstoned;
    if (holds && code == Code::wrong_version) return Done{};
    return fail_version(code, name, stream, exists, expected);
}

Status Work::check(std::string_view name, Expected expected) noexcept {
    if (expected.number() == -3) return Code::invalid_argument;
    Stream stream;
    bool exists = false;
    const Status loaded = load(name, stream, exists);
    if (!loaded) return loaded;
    return expect(name, stream, exists, expected);
}

Status Work::create(std::string_view name) noexcept {
    Stream stream;
    bool exists = false;
    if (is_reserved(name)) return Code::invalid_name;
    const Status loaded = load(name, stream, exists);
    if (!loaded) return loaded;
    if (exists)
        return fail_version(Code::already_exists, name, stream, exists, Expected::no_stream());
    const Result<std::uint64_t> touched = state_.log.touch(name);
    if (!touched) return touched.error();
    StreamBuilder builder;
    builder.create(*touched);
    const Status put = builder.put(state_.delta, name);
    if (put) state_.working.stream_count++;
    return put;
}

Status Work::validate(const StreamAppend& append) noexcept {
    if (append.expected.number() == -3) return Code::invalid_argument;
    for (const Event& event : append.events) {
        if (event.schema_version == 0) return Code::invalid_argument;
        if (!is_name(event.type, event_type_size_max)) {
            diagnostic_.needed = event.type.size();
            diagnostic_.limit = event_type_size_max;
            return name_trouble(event.type, event_type_size_max);
        }
        if (!state_.log.fits(append.stream, event, diagnostic_)) return Code::too_large;
    }
    return Done{};
}

Status Work::compare(std::uint64_t address, std::string_view name, const Event& event,
                     Place& place) noexcept {
    log::StoredEvent stored;
    log::Frame frame;
    bool is_open = false;
    const Status read = state_.log.event_of_writer(address, stored, frame, is_open);
    if (!read) return read;
    if (!(stored.id == event.id)) return Done{};
    if (is_open) {
        if (state_.log.open_stream(stored.slot) != name) return Done{};
        place.found = true;
        place.index = state_.log.open_index(stored);
        place.commit = state_.log.commit();
        place.time_us = state_.log.time_us();
        return Done{};
    }
    const Result<Bytes> table = log::stream_table(frame, state_.log.geometry());
    if (!table) return table.error();
    log::StreamTable streams{*table, frame.header.stream_count};
    const Status found = streams.find(stored.slot);
    if (!found) return found;
    if (streams.name() != name) return Done{};
    const log::EventType type = frame.types(state_.log.geometry()).find(stored.type);
    const std::uint32_t seed = log::seed_of(log::seed_of(log::seed_of(name), type), frame.header);
    place.index = streams.first_index() + stored.within;
    if (!type.is_valid() || !log::is_intact(stored, seed, address, place.index))
        return Code::corrupt;
    place.found = true;
    const bool is_own = address >= state_.log.first_frame();
    place.same = !is_own && type.name == event.type &&
                 type.schema_version == event.schema_version &&
                 std::ranges::equal(stored.payload, event.payload);
    place.ordinal = frame.header.first_ordinal + stored.number;
    place.commit = frame.header.commit;
    place.time_us = frame.header.time_us;
    return Done{};
}

Result<Place> Work::find_id(std::string_view stream, const Event& event) noexcept {
    Place place;
    if (!event.id.is_set()) return place;
    IdCandidates candidates{state_.view(), stream, event.id};
    for (; candidates.valid() && !place.found; candidates.next()) {
        const Status compared = compare(candidates.address(), stream, event, place);
        if (!compared) return compared.error();
    }
    if (!place.found && candidates.damaged()) return Code::corrupt;
    return place;
}

// True: all are there. False: none is, or a failure was noted.
Result<bool> Work::is_duplicate(const StreamAppend& append, Appended& original) noexcept {
    const auto has_id = [](const Event& event) noexcept { return event.id.is_set(); };
    if (std::ranges::none_of(append.events, has_id)) return false;
    Place first;
    for (std::uint32_t i = 0; i < append.events.size(); i++) {
        const Result<Place> place = find_id(append.stream, append.events[i]);
        if (!place) return place.error();
        if (i == 0) first = *place;
        const bool in_row = place->found && place->same && place->index == first.index + i;
        const bool fine = first.found ? in_row : !place->found;
        if (!fine) {
            fail_id(i, *place);
            return false;
        }
        original.last_ordinal = place->ordinal;
    }
    if (!first.found) return false;
    original.outcome = Outcome::duplicate;
    original.commit = first.commit;
    original.time_us = first.time_us;
    original.first_ordinal = first.ordinal;
    original.first_index = static_cast<std::int64_t>(first.index);
    original.last_index =
        original.first_index + static_cast<std::int64_t>(append.events.size()) - 1;
    return true;
}

Result<Appended> Work::append(const StreamAppend& append) noexcept {
    Appended result;
    Stream stream;
    bool exists = false;
    if (is_reserved(append.stream)) return Code::invalid_name;
    Status status = load(append.stream, stream, exists);
    if (!status) return status.error();
    result.first_index = stream.version();
    result.last_index = stream.version();
    if (append.events.empty()) return result;
    status = validate(append);
    if (!status) return status.error();

    const std::uint32_t failures_before = diagnostic_.failure_count;
    const StreamSettings settings = stream.settings();
    const Result<bool> duplicate = settings.tombstoned ? false : is_duplicate(append, result);
    if (!duplicate) return duplicate.error();
    if (*duplicate || diagnostic_.failure_count > failures_before) return result;
    status = settings.closed && !settings.tombstoned
                 ? fail_version(Code::stream_closed, append.stream, stream, exists, append.expected)
                 : expect(append.stream, stream, exists, append.expected);
    if (!status) return status.error();
    if (diagnostic_.failure_count > failures_before) return result;
    const Status written = write(append, stream, exists, result);
    if (!written) return written.error();
    return result;
}

Status Work::write(const StreamAppend& append, const Stream& stream, bool exists,
                   Appended& result) noexcept {
    log::Log& log = state_.log;
    StreamBuilder builder;
    const Status opened = builder.open(stream);
    if (!opened) return opened;
    result.outcome = Outcome::appended;
    result.created = !exists;
    result.first_index = static_cast<std::int64_t>(stream.count);
    result.commit = log.commit();
    result.time_us = log.time_us();
    if (!exists) state_.working.stream_count++;
    for (const Event& event : append.events) {
        const Result<std::uint64_t> address = log.add(append.stream, builder.count(), event);
        if (!address) return address.error();
        if (&event == append.events.data()) result.first_ordinal = log.next_ordinal() - 1;
        const Status pushed = builder.push(state_.delta, append.stream, *address);
        if (!pushed) return pushed;
        if (!event.id.is_set()) continue;
        const Result<Place> place = find_id(append.stream, event);
        if (!place) return place.error();
        if (place->found) {
            fail_id(static_cast<std::uint32_t>(&event - append.events.data()), *place);
            break;
        }
        const Status put = put_id(state_.delta, append.stream, event.id, *address);
        if (!put) return put;
    }
    result.last_ordinal = log.next_ordinal() - 1;
    result.last_index = static_cast<std::int64_t>(builder.count()) - 1;
    return builder.put(state_.delta, append.stream);
}

}  // namespace freshet::store
