// SPDX-License-Identifier: MIT
// What a store of streams must do, said as simply as it can be said: a list of events and a map of
// streams. It shares no code with the engine, so that both would have to be wrong in the same way.
//
// It holds all commits that were issued. A crash may have taken those that nobody was told of:
// cut() makes the model what the store still has.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "freshet/store.hpp"

namespace freshet::sim {

using IdBytes = std::array<std::byte, 16>;

// What a stream shows and takes, from a commit on.
struct ModelSettings {
    std::uint64_t commit = 0;
    std::uint64_t truncate_before = 0;
    std::uint64_t max_count = 0;
    std::uint64_t max_age_us = 0;
    bool closed = false;
    bool deleted = false;
    bool tombstoned = false;
};

struct ModelEvent {
    std::string type;
    std::uint16_t schema_version = 1;
    std::string payload;
    std::string metadata;
    std::string tag;  // The one that its metadata has.
    IdBytes id{};
    // Where it came to stand.
    std::uint32_t stream = 0;
    std::uint64_t index = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t commit = 0;
};

struct ModelAppend {
    std::uint32_t stream = 0;
    std::int64_t expected = -2;  // As Expected::number().
    std::vector<ModelEvent> events;
};

struct ModelCheck {
    std::uint32_t stream = 0;
    std::int64_t expected = -2;
};

struct ModelTracking {
    std::uint32_t consumer = 0;
    std::uint64_t ordinal = 0;
};

// No event from `ordinal` on has this type and tag in such a stream; empty: any.
struct ModelCondition {
    std::uint64_t ordinal = 0;
    std::string prefix;
    std::string type;
    std::string tag;
};

struct ModelRequest {
    std::vector<ModelAppend> appends;
    std::vector<ModelCheck> checks;
    std::vector<ModelCondition> conditions;
    std::vector<ModelTracking> tracking;
};

struct ModelFailure {
    Code code = Code::none;
    bool of_check = false;
    std::uint32_t number = 0;
    std::int64_t expected = 0;
    std::int64_t actual = 0;
};

struct ModelVerdict {
    Code code = Code::none;  // Of the first failure.
    Outcome outcome = Outcome::nothing;
    std::vector<ModelFailure> failures;
    bool created = false;
    std::int64_t first_index = -1;  // Of the first append's stream.
    std::int64_t last_index = -1;
    std::uint64_t first_ordinal = 0;
    bool writes = false;  // There is a commit, if only of checkpoints.
};

struct ModelStream {
    std::string name;
    std::uint64_t created = 0;             // The commit that made it; 0: it is not there.
    std::vector<std::uint32_t> events;     // Their ordinals.
    std::map<IdBytes, std::uint64_t> ids;  // To the index.
    std::vector<ModelSettings> settings;   // By their commits.

    [[nodiscard]] std::int64_t version() const {
        return static_cast<std::int64_t>(events.size()) - 1;
    }
};

inline constexpr std::uint32_t row_count = 4;  // Rows of one table, as streams.
inline constexpr std::uint32_t consumer_count = 2;
std::string consumer_name(std::uint32_t consumer);

class Model {
public:
    // Streams are named by their number here, whether the store has them or not.
    explicit Model(std::vector<std::string> names);
    void reset();

    // What the store must answer now.
    [[nodiscard]] ModelVerdict judge(const ModelRequest& request) const;
    // Makes it the next commit.
    void append(const ModelRequest& request);
    void create(std::uint32_t stream);
    // What the store must answer to settings; `now` is what they are then. With none, they change
    // nothing, and are no commit.
    [[nodiscard]] Code judge_settings(std::uint32_t stream, const ModelSettings& now) const;
    [[nodiscard]] bool changes(std::uint32_t stream, const ModelSettings& now) const;
    // Makes it the next commit, or a part of the newest one.
    void set(std::uint32_t stream, const ModelSettings& now, bool is_commit);
    // Forgets all commits behind `commit`.
    void cut(std::uint64_t commit);
    void set_time(std::uint64_t commit, std::uint64_t time_us) { times_[commit - 1] = time_us; }

    [[nodiscard]] std::uint64_t commit() const { return times_.size(); }
    [[nodiscard]] std::uint64_t time_us(std::uint64_t commit) const {
        return times_[commit - 1];
    }  // 0: not told.
    [[nodiscard]] const std::vector<ModelEvent>& events() const { return events_; }
    [[nodiscard]] std::size_t event_count(std::uint64_t at_commit) const;
    [[nodiscard]] const std::vector<ModelStream>& streams() const { return streams_; }
    // Those that have names to append to; behind them come those of settings, of checkpoints, and
    // rows.
    [[nodiscard]] std::uint32_t plain_count() const { return plain_count_; }
    [[nodiscard]] std::uint32_t first_row() const {
        return static_cast<std::uint32_t>(streams_.size()) - row_count;
    }
    [[nodiscard]] bool is_row(std::uint32_t stream) const { return stream >= first_row(); }
    // The version that a row had as of a commit; null: it was not there.
    [[nodiscard]] const ModelEvent* row(std::uint32_t stream, std::uint64_t at_commit) const;
    // The first event from an ordinal on that is none of a row.
    [[nodiscard]] std::uint64_t next_shown(std::uint64_t ordinal) const;
    [[nodiscard]] std::uint64_t checkpoint(std::uint32_t consumer, std::uint64_t at_commit) const;
    [[nodiscard]] ModelSettings settings(std::uint32_t stream, std::uint64_t at_commit) const;
    // The first that is shown, but for its age.
    [[nodiscard]] std::uint64_t first_shown(std::uint32_t stream, std::uint64_t at_commit) const;
    // As of a commit.
    [[nodiscard]] std::size_t stream_event_count(std::uint32_t stream,
                                                 std::uint64_t at_commit) const;
    [[nodiscard]] bool stream_exists(std::uint32_t stream, std::uint64_t at_commit) const;
    // Who wrote it last, 0 for none.
    [[nodiscard]] std::uint64_t last_commit_of(std::uint32_t stream) const;
    // Of all that commits up to this one hold.
    [[nodiscard]] std::uint64_t hash(std::uint64_t at_commit) const;

private:
    [[nodiscard]] Code judge_expected(std::uint32_t stream, std::int64_t expected) const;
    // appended, duplicate (`first` is set), or idempotency_conflict as nothing.
    [[nodiscard]] Outcome judge_ids(const ModelAppend& append, std::uint64_t& first) const;
    [[nodiscard]] bool same_content(const ModelEvent& a, const ModelEvent& b) const;
    void judge_rest(const ModelRequest& request, ModelVerdict& verdict) const;
    void add(std::uint32_t stream, const ModelEvent& event, std::uint64_t commit,
             std::uint64_t& hash);

    std::uint32_t plain_count_ = 0;
    std::vector<ModelStream> streams_;
    std::vector<ModelEvent> events_;
    std::vector<std::uint64_t> times_;  // Of each commit.
    std::vector<std::uint64_t> ends_;   // Count of events behind each commit.
    std::vector<std::uint64_t> hashes_;
};

}  // namespace freshet::sim
