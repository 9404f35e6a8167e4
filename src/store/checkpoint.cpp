// SPDX-License-Identifier: MIT
#include "store/checkpoint.hpp"

#include "log/reader.hpp"

namespace freshet::store {

namespace {

Result<std::uint64_t> decode(Bytes payload) noexcept {
    if (payload.size() != checkpoint_size) return Code::corrupt;
    return load<std::uint64_t>(payload.data());
}

// The same of an event that may not be written yet.
Result<std::uint64_t> read_of_writer(State& state, std::uint64_t address, std::string_view name,
                                     std::uint64_t index) noexcept {
    log::StoredEvent event;
    log::Frame frame;
    bool is_open = false;
    const Status read = state.log.event_of_writer(address, event, frame, is_open);
    if (!read) return read.error();
    if (is_open) return decode(event.payload);
    const log::EventType type = frame.types(state.log.geometry()).find(event.type);
    const std::uint32_t seed = log::seed_of(log::seed_of(log::seed_of(name), type), frame.header);
    if (!type.is_valid() || !log::is_intact(event, seed, address, index)) return Code::corrupt;
    return decode(event.payload);
}

}  // namespace

Result<std::uint64_t> read_checkpoint(State& state, const Published* at,
                                      std::string_view consumer) noexcept {
    const OwnName own{checkpoint_prefix, consumer};
    const tree::View view = at != nullptr ? state.view(*at) : state.view();
    Stream stream;
    const Result<bool> found = find_stream(view, own.view(), stream);
    if (!found) return found.error();
    if (stream.count == 0) return std::uint64_t{0};
    const Result<std::uint64_t> address = newest_address(view, own.view(), stream);
    if (!address) return address.error();
    if (at == nullptr) return read_of_writer(state, *address, own.view(), stream.count - 1);
    log::EventReader reader;
    reader.open(state.log, at->position.address, own.view());
    Recorded event;
    const Status read = reader.read(*address, stream.count - 1, event);
    if (!read) return read.error();
    return decode(event.payload);
}

}  // namespace freshet::store
