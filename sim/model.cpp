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

}  // namespace

Model::Model(std::vector<std::string> names) {
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
    switch (expected) {
        case -2: return Code::none;
        case -1: return stream.version() == -1 ? Code::none : Code::wrong_version;
        case -3: return Code::invalid_argument;
        case -4: return stream.created != 0 ? Code::none : Code::wrong_version;
        default: return stream.version() == expected ? Code::none : Code::wrong_version;
    }
}

bool Model::same_content(const ModelEvent& a, const ModelEvent& b) const {
    return a.type == b.type && a.payload == b.payload;
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
    if (event_count == 0) {
        verdict.last_index = streams_[request.appends.front().stream].version();
        return verdict;
    }
    std::size_t duplicates = 0;
    std::uint64_t first_duplicate = 0;
    std::uint32_t first_duplicate_number = 0;
    for (std::size_t i = 0; i < request.appends.size(); i++) {
        const ModelAppend& append = request.appends[i];
        std::uint64_t first = 0;
        const Outcome outcome = judge_ids(append, first);
        Code code = Code::none;
        if (outcome == Outcome::duplicate) {
            if (duplicates++ == 0) first_duplicate_number = static_cast<std::uint32_t>(i);
            if (i == 0) first_duplicate = first;
        } else {
            code = outcome == Outcome::nothing ? Code::idempotency_conflict
                                               : judge_expected(append.stream, append.expected);
        }
        if (code != Code::none)
            verdict.failures.push_back({code, false, static_cast<std::uint32_t>(i), append.expected,
                                        streams_[append.stream].version()});
    }
    const bool all_duplicates = duplicates == request.appends.size();
    if (duplicates > 0 && !all_duplicates) {
        const ModelAppend& append = request.appends[first_duplicate_number];
        verdict.failures.push_back({Code::idempotency_conflict, false, first_duplicate_number,
                                    append.expected, streams_[append.stream].version()});
    }
    for (std::size_t i = 0; !all_duplicates && i < request.checks.size(); i++) {
        const ModelCheck& check = request.checks[i];
        const Code code = judge_expected(check.stream, check.expected);
        if (code != Code::none)
            verdict.failures.push_back({code, true, static_cast<std::uint32_t>(i), check.expected,
                                        streams_[check.stream].version()});
    }
    if (!verdict.failures.empty()) {
        verdict.code = verdict.failures.front().code;
        return verdict;
    }
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
        verdict.first_ordinal = events_.size();
    }
    verdict.last_index = verdict.first_index + count - 1;
    return verdict;
}

void Model::append(const ModelRequest& request) {
    const std::uint64_t commit = times_.size() + 1;
    std::uint64_t hash = hashes_.empty() ? 1 : hashes_.back();
    for (const ModelAppend& append : request.appends) {
        ModelStream& stream = streams_[append.stream];
        if (stream.created == 0) stream.created = commit;
        for (const ModelEvent& given : append.events) {
            ModelEvent event = given;
            event.stream = append.stream;
            event.index = stream.events.size();
            event.ordinal = events_.size();
            event.commit = commit;
            stream.events.push_back(static_cast<std::uint32_t>(event.ordinal));
            if (event.id != IdBytes{}) stream.ids[event.id] = event.index;
            hash =
                hash_text(hash_text(hash_text(mix(hash, event.stream), event.type), event.payload),
                          event.metadata);
            events_.push_back(std::move(event));
        }
    }
    times_.push_back(0);
    ends_.push_back(events_.size());
    hashes_.push_back(mix(hash, commit));
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
