// SPDX-License-Identifier: MIT
// What a life asks the store for: streams, events, expectations, conditions, settings.
#include <algorithm>

#include "sim/run.hpp"

namespace freshet::sim {

namespace {

std::string filler(std::uint64_t seed, std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; i++) text[i] = static_cast<char>('a' + mix(seed, i) % 26);
    return text;
}

}  // namespace

std::uint32_t Run::choose_stream() {
    return static_cast<std::uint32_t>(choice_.below(model_.plain_count(), Domain::workload));
}

std::size_t Run::wide_size() const {
    return setup_.options.frame_size_max - 420;
}

std::int64_t Run::choose_expected(std::uint32_t stream) {
    switch (choice_.below(10, Domain::workload)) {
        case 9: return static_cast<std::int64_t>(choice_.below(5, Domain::workload));
        case 8: return -1;
        case 7: return -4;
        case 6:
        case 5:
        case 4:
            return model_.streams()[stream].version() >= 0 ? model_.streams()[stream].version()
                                                           : -1;
        default: return -2;
    }
}

ModelEvent Run::make_event(std::size_t payload_size) {
    ModelEvent event;
    event_counter_++;
    static constexpr std::array<const char*, 3> types = {"t", "order.placed", "order.paid-in-full"};
    event.type = types[choice_.below(types.size(), Domain::workload)];
    // Without a choice, so that tapes of old stay what they were; the same below.
    event.schema_version = static_cast<std::uint16_t>(1 + mix(event_counter_, 3) % 4 / 2 * 300);
    event.payload = filler(event_counter_, payload_size);
    if (choice_.chance(1, 4, Domain::workload))
        event.metadata = filler(~event_counter_, 1 + payload_size % 40);
    if (event.metadata.empty() && event_counter_ % 3 == 0) {
        event.tag = event_counter_ % 2 == 0 ? "even" : "odd";
        event.metadata = R"({"$tags":["all",")" + event.tag + R"("]})";
    }
    if (choice_.chance(1, 3, Domain::workload)) {
        const std::uint64_t id = mix(event_counter_, 77);
        for (std::size_t i = 0; i < 16; i++)
            event.id[i] = static_cast<std::byte>(id >> (i % 8 * 8));
    }
    return event;
}

ModelAppend Run::make_append(std::uint32_t stream, std::size_t count, std::size_t payload_size) {
    ModelAppend append;
    append.stream = stream;
    append.expected = choose_expected(stream);
    for (std::size_t i = 0; i < count; i++) append.events.push_back(make_event(payload_size));
    return append;
}

// As another event with the same id would be.
void Run::change(ModelEvent& event) const {
    if (mix(event_counter_, 5) % 2 == 0)
        event.payload += "changed";
    else
        event.schema_version++;
}

Durability Run::add_tracking(ModelRequest& request) {
    const auto of = [&](std::uint64_t n) { return choice_.below(n, Domain::workload); };
    const auto consumer = static_cast<std::uint32_t>(of(consumer_count));
    const std::uint64_t stored = model_.checkpoint(consumer, model_.commit());
    request.tracking.push_back({consumer, stored + of(4)});
    if (of(4) == 3) request.tracking.push_back({consumer, stored + of(6)});
    return of(3) == 2 ? Durability::deferred : Durability::durable;
}

void Run::add_condition(ModelRequest& request) {
    const auto of = [&](std::uint64_t n) { return choice_.below(n, Domain::workload); };
    static constexpr std::array<const char*, 4> prefixes = {"", "order-", "order-2", "z/"};
    static constexpr std::array<const char*, 4> types = {"", "t", "order.placed", "none"};
    static constexpr std::array<const char*, 3> tags = {"", "even", "odd"};
    ModelCondition condition;
    const std::size_t count = model_.events().size();
    condition.ordinal = count - std::min<std::uint64_t>(of(8), count);
    condition.prefix = prefixes[of(prefixes.size())];
    condition.type = types[of(types.size())];
    condition.tag = tags[of(tags.size())];
    request.conditions.push_back(std::move(condition));
}

ModelSettings Run::choose_settings(std::uint32_t stream) {
    const auto of = [&](std::uint64_t n) { return choice_.below(n, Domain::workload); };
    ModelSettings now = model_.settings(stream, model_.commit());
    const std::uint64_t count = model_.streams()[stream].events.size();
    switch (of(16)) {
        case 0:
        case 1:
        case 2: now.truncate_before = count - std::min<std::uint64_t>(of(5), count); break;
        case 3: now.truncate_before = of(count + 3); break;
        case 4:
        case 5:
        case 6: now.max_count = of(6); break;
        case 7: now.max_age_us = 1 + of(2000); break;
        case 8: now.max_age_us = of(2) * 3'000'000'000; break;
        case 9:
        case 10:
        case 11:
            now.deleted = true;
            now.truncate_before = count;
            break;
        case 12: now.closed = of(3) == 2; break;
        case 13: now.tombstoned = of(3) == 2; break;
        default: break;
    }
    return now;
}

}  // namespace freshet::sim
