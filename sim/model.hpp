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

struct ModelEvent {
    std::string type;
    std::string payload;
    std::string metadata;
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

struct ModelRequest {
    std::vector<ModelAppend> appends;
    std::vector<ModelCheck> checks;
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
};

struct ModelStream {
    std::string name;
    std::uint64_t created = 0;             // The commit that made it; 0: it is not there.
    std::vector<std::uint32_t> events;     // Their ordinals.
    std::map<IdBytes, std::uint64_t> ids;  // To the index.

    [[nodiscard]] std::int64_t version() const {
        return static_cast<std::int64_t>(events.size()) - 1;
    }
};

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

    std::vector<ModelStream> streams_;
    std::vector<ModelEvent> events_;
    std::vector<std::uint64_t> times_;  // Of each commit.
    std::vector<std::uint64_t> ends_;   // Count of events behind each commit.
    std::vector<std::uint64_t> hashes_;
};

}  // namespace freshet::sim
