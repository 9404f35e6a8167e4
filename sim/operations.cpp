// SPDX-License-Identifier: MIT
// The operations of a simulated life: each is done on the store and on the model, and the answers
// are compared.
#include <algorithm>

#include "sim/run.hpp"

namespace freshet::sim {

namespace {

// The same request in the words of the library. Views into the model's.
struct Call {
    explicit Call(const ModelRequest& request) {
        events.resize(request.appends.size());
        for (std::size_t i = 0; i < request.appends.size(); i++) {
            for (const ModelEvent& event : request.appends[i].events)
                events[i].push_back({.type = event.type,
                                     .payload = as_bytes(event.payload),
                                     .metadata = as_bytes(event.metadata),
                                     .id = EventId{event.id},
                                     .schema_version = event.schema_version});
        }
    }
    void fill(const ModelRequest& request, const Model& model) {
        for (std::size_t i = 0; i < request.appends.size(); i++)
            appends.push_back({.stream = model.streams()[request.appends[i].stream].name,
                               .expected = expected_of(request.appends[i].expected),
                               .events = events[i]});
        for (const ModelCheck& check : request.checks)
            checks.push_back({.stream = model.streams()[check.stream].name,
                              .expected = expected_of(check.expected)});
        for (const ModelTracking& one : request.tracking) {
            consumers.push_back(consumer_name(one.consumer));
            tracking.push_back({.consumer = {}, .ordinal = one.ordinal});
        }
        for (std::size_t i = 0; i < tracking.size(); i++) tracking[i].consumer = consumers[i];
        for (const ModelCondition& one : request.conditions)
            wanted.push_back({.item = {}, .type = one.type, .tag = one.tag});
        for (std::size_t i = 0; i < wanted.size(); i++) {
            Wanted& one = wanted[i];
            one.item.stream_prefix = request.conditions[i].prefix;
            if (!one.type.empty()) one.item.types = {&one.type, 1};
            if (!one.tag.empty()) one.item.tags = {&one.tag, 1};
            conditions.push_back(
                {.items = {&one.item, 1}, .ordinal = request.conditions[i].ordinal});
        }
    }
    static Expected expected_of(std::int64_t number) {
        if (number == -1) return Expected::no_stream();
        if (number == -2) return Expected::any();
        if (number == -4) return Expected::stream_exists();
        return Expected::version(number);
    }
    std::vector<std::vector<Event>> events;
    std::vector<StreamAppend> appends;
    std::vector<Check> checks;
    std::vector<std::string> consumers;
    std::vector<Tracking> tracking;
    struct Wanted {
        ConditionItem item;
        std::string_view type;
        std::string_view tag;
    };
    std::vector<Wanted> wanted;
    std::vector<AppendCondition> conditions;
};

bool is_append(Operation operation) {
    return operation == Operation::append_small || operation == Operation::append_wide ||
           operation == Operation::append_three || operation == Operation::deferred ||
           operation == Operation::refused || operation == Operation::track ||
           operation == Operation::condition;
}

}  // namespace

// An error is excused when the disk was told to make trouble. Whatever the code says has to be
// true: only after durability_unknown may the commit be there or not.
bool Run::excuse(Error error, bool is_tentative) {
    if (error.code == Code::poisoned || error.code == Code::durability_unknown) {
        const bool troubled = poisoned_ || machine_.disk.is_crashed() || suspect_ || in_trouble_;
        poisoned_ = true;
        if (is_tentative && error.code == Code::poisoned) model_.cut(model_.commit() - 1);
        return troubled;
    }
    if (is_tentative) model_.cut(model_.commit() - 1);
    if (error.code == Code::out_of_memory && setup_.options.pool_size < (std::size_t{96} << 10)) {
        out_of_memory_ = true;
        return true;
    }
    if (machine_.disk.is_crashed()) return true;
    const bool was_hit = machine_.disk.fault_count() != faults_before_ || suspect_;
    const bool is_disk_error = error.code == Code::io || error.code == Code::full ||
                               error.code == Code::read_only || error.code == Code::permission ||
                               error.code == Code::forked || error.code == Code::locked;
    if (error.code == Code::full &&
        machine_.store.statistics().segment_count + 1 >= setup_.options.segment_count_max)
        return true;
    return was_hit && is_disk_error;
}

void Run::settle_refusal(const ModelVerdict& verdict, Error error) const {
    if (error.code != verdict.code)
        violation("refused with %s, and it is %s", code_name(error.code), code_name(verdict.code));
    const Diagnostic& said = machine_.diagnostic;
    if (said.failure_count != verdict.failures.size())
        violation("%u failures are told, and there are %zu", said.failure_count,
                  verdict.failures.size());
    for (std::size_t i = 0; i < std::min(verdict.failures.size(), said.failures.size()); i++) {
        const ModelFailure& wanted = verdict.failures[i];
        const Failure& found = said.failures[i];
        if (found.code != wanted.code || found.of_check != wanted.of_check ||
            found.number != wanted.number)
            violation("failure %zu is told as %s of number %u", i, code_name(found.code),
                      found.number);
        const bool has_numbers = found.code == Code::wrong_version ||
                                 found.code == Code::condition_failed ||
                                 found.code == Code::checkpoint_behind;
        if (has_numbers && (found.actual != wanted.actual || found.expected != wanted.expected))
            violation("failure %zu has wrong numbers: %lld, %lld", i,
                      static_cast<long long>(found.expected), static_cast<long long>(found.actual));
    }
}

void Run::settle(const ModelRequest& request, const ModelVerdict& verdict, Durability durability,
                 const Result<Appended>& answer) {
    if (!answer) {
        const bool tentative = verdict.writes;
        if (verdict.code != Code::none && answer.error().code == verdict.code) {
            settle_refusal(verdict, answer.error());
            acknowledge(model_.commit());
            return;
        }
        if (!excuse(answer.error(), tentative))
            violation("an append fails with %s", code_name(answer.error().code));
        note("  -> %s", code_name(answer.error().code));
        return;
    }
    if (verdict.code != Code::none)
        violation("what should be refused with %s is done", code_name(verdict.code));
    if (answer->outcome != verdict.outcome)
        violation("the outcome is %d, not %d", static_cast<int>(answer->outcome),
                  static_cast<int>(verdict.outcome));
    if (verdict.outcome == Outcome::nothing && !verdict.writes) return;
    const bool has_events = verdict.outcome != Outcome::nothing;
    if (has_events &&
        (answer->first_index != verdict.first_index || answer->last_index != verdict.last_index))
        violation("appended at %lld..%lld, not at %lld..%lld",
                  static_cast<long long>(answer->first_index),
                  static_cast<long long>(answer->last_index),
                  static_cast<long long>(verdict.first_index),
                  static_cast<long long>(verdict.last_index));
    if (has_events && answer->first_ordinal != verdict.first_ordinal)
        violation("the first ordinal is wrong");
    if (verdict.outcome == Outcome::duplicate) {
        if (!answer->durable) violation("a duplicate is answered before it is durable");
        acknowledge(model_.commit());
        return;
    }
    if (answer->commit != model_.commit())
        violation("the commit is %llu", static_cast<unsigned long long>(answer->commit));
    if (has_events && answer->created != verdict.created) violation("created is wrong");
    if (durability == Durability::durable && !answer->durable)
        violation("a durable append is not durable");
    model_.set_time(answer->commit, answer->time_us);
    if (answer->durable) acknowledge(answer->commit);
    for (const ModelAppend& append : request.appends)
        if (append.events.front().id != IdBytes{})
            history_.push_back(ModelRequest{{append}, {}, {}, {}});
}

void Run::do_append(const ModelRequest& request, Durability durability) {
    const ModelVerdict verdict = model_.judge(request);
    Call call{request};
    call.fill(request, model_);
    if (verdict.writes) model_.append(request);
    if (rules_.canary_bug && durability == Durability::deferred) acknowledge(model_.commit());
    const bool is_plain = request.conditions.empty() && request.tracking.empty();
    const Batch batch{call.appends, call.checks, call.conditions, call.tracking};
    settle(request, verdict, durability,
           is_plain
               ? machine_.store.append(call.appends, call.checks, durability, machine_.diagnostic)
               : machine_.store.append(batch, durability, machine_.diagnostic));
}

void Run::note_and_append(const ModelRequest& request, Durability durability) {
    std::size_t count = 0;
    for (const ModelAppend& append : request.appends) count += append.events.size();
    note("%s: %zu events of %zu bytes to stream %u, expected %lld%s", operation_name(operation_),
         count, request.appends[0].events[0].payload.size(), request.appends[0].stream,
         static_cast<long long>(request.appends[0].expected),
         durability == Durability::deferred ? ", deferred" : "");
    do_append(request, durability);
}

void Run::perform(Operation operation) {
    operation_ = operation;
    const auto of = [&](std::uint64_t n) { return choice_.below(n, Domain::workload); };
    const auto small = [&] { return static_cast<std::size_t>(1 + of(60)); };
    ModelRequest request;
    Durability durability = Durability::durable;
    // One question after the other: compilers evaluate arguments in different orders.
    const std::uint32_t stream = is_append(operation) ? choose_stream() : 0;
    const auto append_to = [&](std::uint32_t to, std::uint64_t count_max) {
        const std::size_t count = 1 + of(count_max);
        const std::size_t size = small();
        request.appends.push_back(make_append(to, count, size));
    };
    switch (operation) {
        case Operation::append_small: append_to(stream, 3); break;
        case Operation::append_wide:
            request.appends.push_back(make_append(stream, 1, wide_size() - of(100)));
            break;
        case Operation::append_three:
            for (std::uint32_t i = 0; i < 3; i++) append_to((stream + i) % 6, 2);
            if (of(3) == 2)
                request.checks.push_back({(stream + 3) % 6, choose_expected((stream + 3) % 6)});
            break;
        case Operation::deferred:
            append_to(stream, 2);
            durability = Durability::deferred;
            break;
        case Operation::retry:
            if (!history_.empty()) request = history_[history_.size() - 1 - of(history_.size())];
            if (!history_.empty() && of(4) == 3) change(request.appends[0].events[0]);
            break;
        case Operation::refused: {
            request.appends.push_back(make_append(stream, 1, small()));
            request.appends[0].expected =
                model_.streams()[stream].version() + 1 + static_cast<std::int64_t>(of(3));
            request.checks.push_back({(stream + 1) % 6, choose_expected((stream + 1) % 6)});
            break;
        }
        case Operation::track:
            if (of(3) > 0) append_to(stream, 2);
            durability = add_tracking(request);
            break;
        case Operation::condition:
            append_to(stream, 2);
            add_condition(request);
            if (of(4) == 3) add_condition(request);
            break;
        default: break;
    }
    if (!request.appends.empty()) return note_and_append(request, durability);
    note("%s", operation_name(operation));
    if (!request.tracking.empty()) return do_append(request, durability);
    switch (operation) {
        case Operation::settings: do_settings(); break;
        case Operation::rollback: do_transaction(false, false); break;
        case Operation::rollback_large: do_transaction(false, true); break;
        case Operation::transaction: do_transaction(true, of(2) == 1); break;
        case Operation::roll: do_roll(); break;
        case Operation::reopen: do_reopen(); break;
        case Operation::create: do_create(); break;
        case Operation::sync: do_sync(); break;
        case Operation::read: do_read(); break;
        case Operation::follow: do_follow(); break;
        case Operation::verify: do_verify(); break;
        case Operation::maintain: do_maintain(); break;
        case Operation::clock_jump: do_clock_jump(); break;
        default: break;
    }
}

void Run::do_clock_jump() {
    static constexpr std::array<std::int64_t, 6> jumps = {1'000,         -1'000, -1'000'000'000,
                                                          3'600'000'000, 0,      -1};
    machine_.clock.jump(jumps[choice_.below(jumps.size(), Domain::clock)]);
}

void Run::do_create() {
    const std::uint32_t stream = choose_stream();
    const bool exists = model_.streams()[stream].created != 0;
    if (!exists) model_.create(stream);
    const Status status = machine_.store.create(model_.streams()[stream].name, machine_.diagnostic);
    if (status && exists) violation("a stream is created twice");
    if (status || (exists && status.error().code == Code::already_exists)) {
        acknowledge(model_.commit());
    } else if (!excuse(status.error(), !exists)) {
        violation("create says %s", code_name(status.error().code));
    }
}

void Run::do_settings() {
    const std::uint32_t stream = choose_stream();
    const ModelSettings old = model_.settings(stream, model_.commit());
    ModelSettings now = choose_settings(stream);
    now.closed = now.closed || old.closed;
    if (now.deleted) now.truncate_before = model_.streams()[stream].events.size();
    const Code wanted = model_.judge_settings(stream, now);
    const bool writes = wanted == Code::none && model_.changes(stream, now);
    if (writes) model_.set(stream, now, true);
    const bool says_all = mix(event_counter_, 7) % 2 == 0;
    const auto said = [&](std::uint64_t number, std::uint64_t before) {
        return says_all || number != before ? number : unchanged;
    };
    const StreamSettings change{.truncate_before = said(now.truncate_before, old.truncate_before),
                                .max_count = said(now.max_count, old.max_count),
                                .max_age_us = said(now.max_age_us, old.max_age_us),
                                .closed = now.closed && (says_all || !old.closed),
                                .deleted = now.deleted,
                                .tombstoned = now.tombstoned};
    note("  of stream %u: from %llu, at most %llu, %llu us%s%s%s", stream,
         static_cast<unsigned long long>(now.truncate_before),
         static_cast<unsigned long long>(now.max_count),
         static_cast<unsigned long long>(now.max_age_us), now.closed ? ", closed" : "",
         now.deleted ? ", deleted" : "", now.tombstoned ? ", tombstoned" : "");
    const Status status = machine_.store.settings(model_.streams()[stream].name, change,
                                                  Expected::any(), machine_.diagnostic);
    const Code code = status.error().code;
    if (code == wanted) {
        acknowledge(model_.commit());
    } else if (!excuse(status.error(), writes)) {
        violation("settings say %s, not %s", code_name(code), code_name(wanted));
    }
}

// Several calls, one commit or none. A large one is written in parts before its end.
void Run::do_transaction(bool commits, bool large) {
    const std::uint32_t first = choose_stream();
    ModelRequest request;
    const std::size_t count = large ? 2 + choice_.below(3, Domain::workload) : 1;
    for (std::uint32_t i = 0; i < 2; i++) {
        request.appends.push_back(make_append((first + i) % 6, count, large ? wide_size() : 20));
        request.appends.back().expected = -2;
    }
    if (model_.judge(request).code != Code::none) return;
    const std::size_t row_append = request.appends.size();
    const std::uint64_t luck = mix(event_counter_, 13);
    for (std::uint32_t i = 0; i < std::min<std::uint64_t>(luck % 4, 2); i++)
        request.appends.push_back(make_row_change(luck + i, large));
    ModelSettings now = model_.settings(first, model_.commit());
    const bool sets = choice_.chance(1, 3, Domain::workload);
    now.max_count = now.max_count == 0 ? 2 : now.max_count + 1;
    now.deleted = false;
    Within within;
    enter_rows(within);
    if (commits) model_.append(request);
    if (commits && sets) model_.set(first, now, false);
    Call call{request};
    call.fill(request, model_);
    Transaction& transaction = within.transaction;
    const Status begun = transaction.begin(machine_.store, machine_.diagnostic);
    Error error = begun.error();
    for (std::size_t i = 0; i < call.appends.size(); i++) {
        if (error.code == Code::none && choice_.chance(1, 3, Domain::workload))
            error = take_detour(within, large || choice_.chance(1, 4, Domain::workload));
        if (error.code != Code::none) break;
        error = i < row_append ? transaction.append(call.appends[i], machine_.diagnostic).error()
                               : change_row(within, request.appends[i]);
        if (error.code != Code::none) break;
        const std::uint64_t turn = mix(event_counter_, 19 + i);
        if (within.savepoint_count > 0 && turn % 3 == 0)
            error = release(within, static_cast<std::uint32_t>(turn / 3 % within.savepoint_count));
    }
    if (error.code == Code::none) error = compare_rows(within);
    const StreamSettings change{.max_count = now.max_count};
    if (error.code == Code::none && sets)
        error = transaction
                    .settings(model_.streams()[first].name, change, Expected::any(),
                              machine_.diagnostic)
                    .error();
    const bool can_commit = error.code == Code::none && commits;
    Result<Appended> answer = error;
    if (can_commit)
        answer = transaction.commit(Durability::durable, machine_.diagnostic);
    else
        transaction.rollback();
    if (error.code == Code::none && !commits) return;
    if (can_commit && answer) {
        if (answer->commit != model_.commit()) violation("a transaction has a wrong commit");
        model_.set_time(answer->commit, answer->time_us);
        acknowledge(answer->commit);
        return;
    }
    if (!excuse(answer.error(), commits))
        violation("a transaction says %s", code_name(answer.error().code));
}

void Run::do_roll() {
    const std::uint64_t size = setup_.options.segment_size;
    const std::uint64_t segment = machine_.store.head().address / size;
    for (int i = 0; i < 40 && machine_.store.head().address / size == segment; i++) {
        ModelRequest request;
        request.appends.push_back(make_append(0, 1, wide_size()));
        request.appends.back().expected = -2;
        const std::uint64_t before = model_.commit();
        do_append(request, Durability::durable);
        if (model_.commit() == before || poisoned_) return;
    }
}

void Run::do_reopen() {
    forget_readers();
    const Status closed = machine_.store.close();
    up_ = false;
    if (closed) {
        acknowledge(model_.commit());
    } else if (!excuse(closed.error(), false)) {
        violation("close says %s", code_name(closed.error().code));
    }
    poisoned_ = false;
    if (machine_.disk.is_crashed()) return;
    if (machine_.disk.open_count() != 0)
        violation("%u files are left open", machine_.disk.open_count());
    if (closed && choice_.chance(1, 2, Domain::fault)) try_damage(true);
    recover();
}

void Run::do_sync() {
    const Status status = machine_.store.sync(machine_.diagnostic);
    if (status)
        acknowledge(model_.commit());
    else if (!excuse(status.error(), false))
        violation("sync says %s", code_name(status.error().code));
}

void Run::do_maintain() {
    const Maintenance how = choose_maintenance(choice_, setup_);
    const Status status = machine_.store.maintain(machine_.diagnostic, how);
    if (status)
        acknowledge(model_.commit());
    else if (!excuse(status.error(), false))
        violation("maintain says %s", code_name(status.error().code));
}

void Run::do_verify() {
    VerifyReport verified;
    const Head head = machine_.store.head();
    const Status status =
        machine_.store.verify(machine_.scratch, &head, verified, machine_.diagnostic);
    if (!status) {
        const bool is_told = !is_disk_honest() && is_named_damage(status.error().code);
        if (!excuse(status.error(), false) && !is_told)
            violation("verify says %s", code_name(status.error().code));
        return;
    }
    if (!verified.anchor_found) violation("verify does not find the head");
    if (verified.commit_count < least_ || verified.commit_count > model_.commit())
        violation("verify counts wrong");
    if (verified.event_count != model_.event_count(verified.commit_count))
        violation("verify counts events wrong");
    // Chosen by a number of its own, so that tapes of old stay what they were.
    if (const std::uint64_t luck = mix(branch_seed_, ~machine_.disk.call_count()); luck % 2 == 0)
        do_backup(luck / 2);
}

// A new snapshot is compared, and one that was held: it must not have moved.
void Run::do_read() {
    const auto look = [&](const Snapshot& at) {
        if (const Code code = compare(at, model_, machine_.clock);
            code != Code::none && !excuse(code, false))
            violation("reading says %s", code_name(code));
    };
    if (held_) look(*held_);
    auto snapshot = std::make_unique<Snapshot>();
    if (!machine_.store.snapshot(*snapshot)) violation("no snapshot");
    if (snapshot->commit() < least_) violation("a snapshot does not show what was acknowledged");
    acknowledge(snapshot->commit());
    look(*snapshot);
    const std::uint32_t stream = choose_stream();
    if (const std::size_t count = model_.stream_event_count(stream, snapshot->commit()); count > 0)
        if (const Code code =
                compare_seek(*snapshot, model_, stream, choice_.below(count, Domain::workload));
            code != Code::none && !excuse(code, false))
            violation("a seek says %s", code_name(code));
    if (!held_ || choice_.chance(1, 3, Domain::workload)) held_ = std::move(snapshot);
}

void Run::do_follow() {
    if (!following_) {
        if (const Status opened = follower_.open(machine_.store, follow_ordinal_); !opened) {
            if (!excuse(opened.error(), false))
                violation("the follower does not open: %s", code_name(opened.error().code));
            return;
        }
        following_ = true;
    }
    Recorded event;
    for (;;) {
        const Result<Follower::Step> step = follower_.next(event, 10);
        if (!step) {
            if (!excuse(step.error(), false))
                violation("the follower says %s", code_name(step.error().code));
            follower_.close();
            following_ = false;
            return;
        }
        if (*step != Follower::Step::event) break;
        follow_ordinal_ = model_.next_shown(follow_ordinal_);
        if (event.ordinal != follow_ordinal_ || event.ordinal >= model_.events().size())
            violation("the follower skips or repeats");
        const ModelEvent& wanted = model_.events()[event.ordinal];
        if (as_text(event.payload) != wanted.payload || event.index != wanted.index)
            violation("the follower shows something else");
        acknowledge(event.commit);
        follow_ordinal_++;
    }
    if (model_.next_shown(follow_ordinal_) < model_.event_count(least_))
        violation("the follower stops before the end");
}

}  // namespace freshet::sim
