// SPDX-License-Identifier: MIT
// Several writers, readers, a follower, a sync and a maintainer at one store, as fibres of one
// deterministic scheduler. In which order commits come is the store's to say; what has to hold
// whatever the order is:
//  - each commit is one request, whole; what was acknowledged is where it was said to be;
//  - the requests, applied in the order of the commits, hold by the model's rules;
//  - what an answer rests on is durable: a version that a refusal named is there after any crash;
//  - a snapshot shows what was acknowledged before it, and never moves; a follower sees each event
//  once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace freshet::sim {

struct CrowdPlan {
    Setup setup;
    std::uint32_t writer_count = 2;
    std::uint32_t request_count = 2;  // Of each writer.
    bool has_reader = false;
    bool has_follower = false;
    bool has_beside = false;  // A follower in a process of its own.
    bool has_syncer = false;
    bool has_maintainer = false;     // Makes runs.
    std::uint32_t failing_sync = 0;  // The number of a sync that fails, from 1; 0: none.
    std::uint32_t crash_percent =
        0;  // Of the calls at which images are tried; 100: all-old and all-new at each.
    SimScheduler::Rules scheduling;
    std::uint64_t seed = 1;  // Of the requests.
};
CrowdPlan choose_plan(Choice& choice);

class Crowd final : public SimWatcher, public Life {
public:
    Crowd(Choice& choice, const Rules& rules, Tape tape = {});
    std::uint64_t live(const CrowdPlan& plan);  // Returns a hash of what happened.

    [[nodiscard]] std::string script_text() const override { return script_; }
    [[nodiscard]] Tape tape() const override { return tape_; }

    void before(const SimDisk& disk, SimCall call) override;
    void after(const SimDisk& disk, const SimRecord& record) override;

private:
    enum class State : std::uint8_t { waiting, issued, acknowledged, refused, unknown };
    struct Attempt {
        ModelRequest request;
        Durability durability = Durability::durable;
        State state = State::waiting;
        std::uint64_t commit = 0;
        bool durable = false;
    };
    struct Actor {
        Crowd* crowd = nullptr;
        std::uint32_t number = 0;
    };

    void note(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void prepare(const CrowdPlan& plan);
    void write(std::uint32_t writer);
    void send(Attempt& attempt);
    void read();
    void follow();
    void follow_beside();
    void follow(Store& store);
    void sync_some();
    void maintain_some();
    void settle_refusal(const Attempt& attempt, const Diagnostic& diagnostic, Error error);
    void image(const SimDisk& disk, Choice* choice, bool is_new);
    // The model that the log adds up to; a violation if it cannot be.
    void rebuild(const Snapshot& snapshot, Model& model);
    void check(const Snapshot& snapshot, bool after_crash);

    Choice& choice_;
    Tape tape_;
    CrowdPlan plan_;
    std::unique_ptr<SimScheduler> scheduler_;
    std::unique_ptr<Machine> machine_;
    std::unique_ptr<Machine> image_;
    std::vector<Actor> actors_;
    std::vector<Attempt> attempts_;
    std::vector<std::int64_t>
        floors_;               // Of each stream: a version that was told, and is durable therefore.
    std::uint64_t least_ = 0;  // Newest commit acknowledged as durable.
    std::uint32_t sync_count_ = 0;
    bool failed_ = false;
    bool changed_ = true;
    std::uint64_t hash_ = 1;
    std::string script_;
};

// All interleavings with at most two switches that are not needed, of small crowds.
struct SearchResult;
struct Share;
void search_schedules(Share share, SearchResult& result);

}  // namespace freshet::sim
