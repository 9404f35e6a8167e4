// SPDX-License-Identifier: MIT
#include "sim/model.hpp"

#include <algorithm>

#include "freshet/sim_choice.hpp"

namespace freshet::sim {

namespace {

std::uint64_t hash_text(std::uint64_t seed, const std::string& text) {
    for (const char letter : text)
        seed = (seed ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
    return mix(seed, text.size());
}

std::string little_endian(std::uint64_t number) {
    std::string bytes;
    for (int i = 0; i < 8; i++) bytes += static_cast<char>(number >> (8 * i));
    return bytes;
}

}  // namespace

std::string consumer_name(std::uint32_t consumer) {
    return "reader-" + std::to_string(consumer);
}

Model::Model(std::vector<std::string> names)
    : plain_count_(static_cast<std::uint32_t>(names.size())) {
    for (std::uint32_t i = 0; i < plain_count_; i++) names.push_back("$settings/" + names[i]);
    for (std::uint32_t i = 0; i < consumer_count; i++)
        names.push_back("$checkpoint/" + consumer_name(i));
    for (std::uint32_t i = 0; i < row_count; i++)
        names.push_back(std::string("\0\0\0\0\1", 5) + "row" + std::string(i, '\0'));
    for (std::string& name : names) {
        streams_.emplace_back();
        streams_.back().name = std::move(name);
    }
}

void Model::reset() {
    cut(0);
}

Code Model::judge_expected(std::uint32_t number, std::int64_t expected) const {
    const ModelStream& stream = streams_[number];
    const ModelSettings now = settings(number, commit());
    if (now.tombstoned) return Code::stream_tombstoned;
    switch (expected) {
        case -2: return Code::none;
        case -1: return stream.version() == -1 || now.deleted ? Code::none : Code::wrong_version;
        case -3: return Code::invalid_argument;
        case -4:
            if (now.deleted) return Code::stream_deleted;
            return stream.created != 0 ? Code::none : Code::wrong_version;
        default: return stream.version() == expected ? Code::none : Code::wrong_version;
    }
}

bool Model::same_content(const ModelEvent& a, const ModelEvent& b) const {
    return a.type == b.type && a.schema_version == b.schema_version && a.payload == b.payload;
}

// All ids there, side by side, in this order, with this content: a duplicate. None there: to be
// appended.
Outcome Model::judge_ids(const ModelAppend& append, std::uint64_t& first) const {
    const ModelStream& stream = streams_[append.stream];
    std::size_t found = 0;
    bool in_order = true;
    for (std::size_t i = 0; i < append.events.size(); i++) {
        const ModelEvent& event = append.events[i];
        const auto known = event.id == IdBytes{} ? stream.ids.end() : stream.ids.find(event.id);
        if (known == stream.ids.end()) continue;
        if (found == 0) first = known->second;
        in_order = in_order && known->second == first + i && found == i &&
                   same_content(event, events_[stream.events[known->second]]);
        found++;
    }
    if (found == 0) return Outcome::appended;
    if (found == append.events.size() && in_order) return Outcome::duplicate;
    return Outcome::nothing;
}

ModelVerdict Model::judge(const ModelRequest& request) const {
    ModelVerdict verdict;
    std::size_t event_count = 0;
    for (const ModelAppend& append : request.appends) event_count += append.events.size();
    if (event_count == 0 && request.tracking.empty()) {
        verdict.last_index = streams_[request.appends.front().stream].version();
        return verdict;
    }
    std::size_t duplicates = 0;
    std::uint64_t first_duplicate = 0;
    std::uint32_t first_duplicate_number = 0;
    for (std::size_t i = 0; i < request.appends.size(); i++) {
        const ModelAppend& append = request.appends[i];
        std::uint64_t first = 0;
        const ModelSettings now = settings(append.stream, commit());
        const Outcome outcome = now.tombstoned ? Outcome::appended : judge_ids(append, first);
        Code code = Code::none;
        if (outcome == Outcome::duplicate) {
            if (duplicates++ == 0) first_duplicate_number = static_cast<std::uint32_t>(i);
            if (i == 0) first_duplicate = first;
        } else if (outcome == Outcome::nothing) {
            code = Code::idempotency_conflict;
        } else {
            code = now.closed && !now.tombstoned ? Code::stream_closed
                                                 : judge_expected(append.stream, append.expected);
        }
        if (code != Code::none)
            verdict.failures.push_back({code, false, static_cast<std::uint32_t>(i), append.expected,
                                        streams_[append.stream].version()});
    }
    bool tracks = false;
    for (const ModelTracking& tracking : request.tracking)
        tracks = tracks || tracking.ordinal > checkpoint(tracking.consumer, commit());
    const bool all_duplicates = duplicates > 0 && duplicates == request.appends.size() && !tracks;
    if (duplicates > 0 && !all_duplicates) {
        const ModelAppend& append = request.appends[first_duplicate_number];
        verdict.failures.push_back({Code::idempotency_conflict, false, first_duplicate_number,
                                    append.expected, streams_[append.stream].version()});
    }
    if (!all_duplicates) judge_rest(request, verdict);
    if (!verdict.failures.empty()) {
        verdict.code = verdict.failures.front().code;
        return verdict;
    }
    verdict.writes = !all_duplicates;
    if (request.appends.empty()) return verdict;
    const ModelAppend& front = request.appends.front();
    const ModelStream& stream = streams_[front.stream];
    const auto count = static_cast<std::int64_t>(front.events.size());
    if (all_duplicates) {
        verdict.outcome = Outcome::duplicate;
        verdict.first_index = static_cast<std::int64_t>(first_duplicate);
        verdict.first_ordinal = stream.events[first_duplicate];
    } else {
        verdict.outcome = Outcome::appended;
        verdict.created = stream.created == 0;
        verdict.first_index = stream.version() + 1;
        verdict.first_ordinal = events_.size() + request.tracking.size();
    }
    verdict.last_index = verdict.first_index + count - 1;
    return verdict;
}

// What a request rests on beside the versions of the streams it appends to.
void Model::judge_rest(const ModelRequest& request, ModelVerdict& verdict) const {
    for (std::size_t i = 0; i < request.conditions.size(); i++) {
        const ModelCondition& condition = request.conditions[i];
        for (std::size_t k = condition.ordinal; k < events_.size(); k++) {
            const ModelEvent& event = events_[k];
            const bool is_match = event.stream < plain_count_ &&
                                  streams_[event.stream].name.rfind(condition.prefix, 0) == 0 &&
                                  (condition.type.empty() || condition.type == event.type) &&
                                  (condition.tag.empty() || condition.tag == event.tag);
            if (!is_match) continue;
            verdict.failures.push_back({Code::condition_failed, false,
                                        static_cast<std::uint32_t>(i), 0,
                                        static_cast<std::int64_t>(k)});
            break;
        }
    }
    for (std::size_t i = 0; i < request.tracking.size(); i++) {
        const ModelTracking& tracking = request.tracking[i];
        std::uint64_t stored = checkpoint(tracking.consumer, commit());
        for (std::size_t k = 0; k < i; k++)
            if (request.tracking[k].consumer == tracking.consumer)
                stored = std::max(stored, request.tracking[k].ordinal);
        if (tracking.ordinal <= stored)
            verdict.failures.push_back(
                {Code::checkpoint_behind, false, static_cast<std::uint32_t>(i),
                 static_cast<std::int64_t>(tracking.ordinal), static_cast<std::int64_t>(stored)});
    }
    for (std::size_t i = 0; i < request.checks.size(); i++) {
        const ModelCheck& check = request.checks[i];
        const Code code = judge_expected(check.stream, check.expected);
        if (code != Code::none)
            verdict.failures.push_back({code, true, static_cast<std::uint32_t>(i), check.expected,
                                        streams_[check.stream].version()});
    }
}

std::uint64_t Model::checkpoint(std::uint32_t consumer, std::uint64_t at_commit) const {
    const std::uint32_t number = 2 * plain_count_ + consumer;
    const std::size_t count = stream_event_count(number, at_commit);
    if (count == 0) return 0;
    const std::string& payload = events_[streams_[number].events[count - 1]].payload;
    std::uint64_t ordinal = 0;
    for (std::size_t i = 8; i-- > 0;)
        ordinal = ordinal << 8 | static_cast<unsigned char>(payload[i]);
    return ordinal;
}

ModelSettings Model::settings(std::uint32_t stream, std::uint64_t at_commit) const {
    ModelSettings now;
    for (const ModelSettings& settings : streams_[stream].settings)
        if (settings.commit <= at_commit) now = settings;
    now.deleted = now.deleted && now.truncate_before == stream_event_count(stream, at_commit);
    return now;
}

std::uint64_t Model::first_shown(std::uint32_t stream, std::uint64_t at_commit) const {
    const ModelSettings now = settings(stream, at_commit);
    const std::uint64_t count = stream_event_count(stream, at_commit);
    const std::uint64_t most = now.max_count == 0 ? count : std::min(now.max_count, count);
    return std::max(now.truncate_before, count - most);
}

Code Model::judge_settings(std::uint32_t stream, const ModelSettings& now) const {
    const ModelSettings old = settings(stream, commit());
    if (streams_[stream].created == 0) return Code::stream_not_found;
    if (old.tombstoned) return Code::stream_tombstoned;
    const bool is_sensible = now.truncate_before >= old.truncate_before &&
                             now.truncate_before <= streams_[stream].events.size();
    return is_sensible ? Code::none : Code::invalid_argument;
}

bool Model::changes(std::uint32_t stream, const ModelSettings& now) const {
    const ModelSettings old = settings(stream, commit());
    return now.truncate_before != old.truncate_before || now.max_count != old.max_count ||
           now.max_age_us != old.max_age_us || now.closed != old.closed ||
           now.deleted != old.deleted || now.tombstoned != old.tombstoned;
}

void Model::set(std::uint32_t stream, const ModelSettings& now, bool is_commit) {
    if (is_commit) {
        times_.push_back(0);
        ends_.push_back(0);
        hashes_.push_back(hashes_.empty() ? 1 : hashes_.back());
    }
    streams_[stream].settings.push_back(now);
    streams_[stream].settings.back().commit = commit();
    ModelEvent event;
    event.type = "$settings";
    event.payload =
        static_cast<char>((now.closed ? 1 : 0) + (now.deleted ? 2 : 0) + (now.tombstoned ? 4 : 0)) +
        little_endian(now.truncate_before) + little_endian(now.max_count) +
        little_endian(now.max_age_us);
    add(plain_count_ + stream, event, commit(), hashes_.back());
    ends_.back() = events_.size();
    hashes_.back() = mix(hashes_.back(), commit());
}

void Model::add(std::uint32_t number, const ModelEvent& given, std::uint64_t commit,
                std::uint64_t& hash) {
    ModelStream& stream = streams_[number];
    if (stream.created == 0) stream.created = commit;
    ModelEvent event = given;
    event.stream = number;
    event.index = stream.events.size();
    event.ordinal = events_.size();
    event.commit = commit;
    stream.events.push_back(static_cast<std::uint32_t>(event.ordinal));
    if (event.id != IdBytes{}) stream.ids[event.id] = event.index;
    hash = hash_text(hash_text(hash_text(mix(hash, event.stream), event.type), event.payload),
                     event.metadata);
    events_.push_back(std::move(event));
}

void Model::append(const ModelRequest& request) {
    const std::uint64_t commit = times_.size() + 1;
    std::uint64_t hash = hashes_.empty() ? 1 : hashes_.back();
    for (const ModelTracking& tracking : request.tracking) {
        ModelEvent event;
        event.type = "$checkpoint";
        event.payload = little_endian(tracking.ordinal);
        add(2 * plain_count_ + tracking.consumer, event, commit, hash);
    }
    for (const ModelAppend& append : request.appends)
        for (const ModelEvent& event : append.events) add(append.stream, event, commit, hash);
    times_.push_back(0);
    ends_.push_back(events_.size());
    hashes_.push_back(mix(hash, commit));
}

const ModelEvent* Model::row(std::uint32_t stream, std::uint64_t at_commit) const {
    const std::size_t count = stream_event_count(stream, at_commit);
    if (count == 0) return nullptr;
    const ModelEvent& newest = events_[streams_[stream].events[count - 1]];
    return newest.type == "RowDeleted" ? nullptr : &newest;
}

std::uint64_t Model::next_shown(std::uint64_t ordinal) const {
    while (ordinal < events_.size() && is_row(events_[ordinal].stream)) ordinal++;
    return ordinal;
}

void Model::create(std::uint32_t stream) {
    const std::uint64_t hash = hashes_.empty() ? 1 : hashes_.back();
    times_.push_back(0);
    streams_[stream].created = times_.size();
    ends_.push_back(events_.size());
    hashes_.push_back(mix(hash, ~std::uint64_t{stream}));
}

void Model::cut(std::uint64_t commit) {
    const std::size_t count = event_count(commit);
    for (ModelStream& stream : streams_) {
        while (!stream.events.empty() && stream.events.back() >= count) {
            stream.ids.erase(events_[stream.events.back()].id);
            stream.events.pop_back();
        }
        if (stream.created > commit) stream.created = 0;
        while (!stream.settings.empty() && stream.settings.back().commit > commit)
            stream.settings.pop_back();
    }
    events_.resize(count);
    times_.resize(commit);
    ends_.resize(commit);
    hashes_.resize(commit);
}

std::size_t Model::event_count(std::uint64_t at_commit) const {
    return at_commit == 0 ? 0 : ends_[at_commit - 1];
}

std::size_t Model::stream_event_count(std::uint32_t stream, std::uint64_t at_commit) const {
    const std::vector<std::uint32_t>& events = streams_[stream].events;
    const std::size_t count = event_count(at_commit);
    return static_cast<std::size_t>(std::lower_bound(events.begin(), events.end(), count) -
                                    events.begin());
}

bool Model::stream_exists(std::uint32_t stream, std::uint64_t at_commit) const {
    return streams_[stream].created != 0 && streams_[stream].created <= at_commit;
}

std::uint64_t Model::last_commit_of(std::uint32_t number) const {
    const ModelStream& stream = streams_[number];
    return stream.events.empty() ? stream.created : events_[stream.events.back()].commit;
}

std::uint64_t Model::hash(std::uint64_t at_commit) const {
    return at_commit == 0 ? 1 : hashes_[at_commit - 1];
}

}  // namespace freshet::sim
