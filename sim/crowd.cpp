// SPDX-License-Identifier: MIT
#include "sim/crowd.hpp"
#include "freshet/follower.hpp"
#include "freshet/runs.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "sim/harness.hpp"
#include "sim/search.hpp"

namespace freshet::sim {

namespace {

// The first eight letters of each payload say which attempt it belongs to.
std::string payload_of(std::size_t attempt, std::size_t number, std::size_t size) {
    std::array<char, 32> tag{};
    static_cast<void>(std::snprintf(tag.data(), tag.size(), "%08zu", attempt));
    std::string text{tag.data()};
    while (text.size() < 8 + size)
        text += static_cast<char>('a' + (attempt * 7 + number * 3 + text.size()) % 26);
    return text;
}

}  // namespace

CrowdPlan choose_plan(Choice& choice) {
    const auto of = [&](std::uint64_t n) {
        return static_cast<std::uint32_t>(choice.below(n, Domain::workload));
    };
    CrowdPlan plan;
    plan.setup = choose_setup(choice);
    plan.setup.profile.overwrite_is_safe = true;
    plan.writer_count = 2 + of(4);
    plan.request_count = 1 + of(6);
    plan.has_reader = of(2) == 1;
    plan.has_follower = of(2) == 1;
    plan.has_syncer = of(2) == 1;
    plan.failing_sync = of(4) == 3 ? 1 + of(20) : 0;
    plan.crash_percent = 5;
    plan.scheduling.switch_percent = 5 + of(8) * 10;
    plan.seed = of(1 << 20);
    plan.has_beside = plan.seed % 2 == 0;
    plan.has_maintainer = plan.setup.options.runs != nullptr && plan.seed / 2 % 2 == 0;
    return plan;
}

Crowd::Crowd(Choice& choice, const Rules& rules, Tape tape)
    : choice_{choice}, tape_{std::move(tape)} {
    static_cast<void>(rules);
    choice_.record(&tape_);
}

void Crowd::note(const char* format, ...) {  // NOLINT(cert-dcl50-cpp): checked as printf is.
    std::array<char, 160> text{};
    va_list arguments;
    va_start(arguments, format);
    static_cast<void>(std::vsnprintf(text.data(), text.size(), format, arguments));
    va_end(arguments);
    script_ += text.data();
    script_ += '\n';
}

void Crowd::prepare(const CrowdPlan& plan) {
    plan_ = plan;
    script_ = text_of(plan.setup) + "\n";
    SeedChoice seeded{plan.seed};
    const auto of = [&](std::uint64_t n) { return seeded.below(n, Domain::workload); };
    for (std::size_t i = 0; i < std::size_t{plan.writer_count} * plan.request_count; i++) {
        Attempt attempt;
        const std::size_t append_count = of(4) == 3 ? 2 : 1;
        const auto stream = static_cast<std::uint32_t>(of(3));
        for (std::size_t a = 0; a < append_count; a++) {
            ModelAppend append;
            append.stream = static_cast<std::uint32_t>((stream + a) % 6);
            append.expected = of(3) == 2 ? static_cast<std::int64_t>(of(4)) - 1 : -2;
            const std::size_t size = of(4) == 3 ? plan.setup.options.frame_size_max - 500 : of(30);
            for (std::size_t e = 0; e <= of(2); e++) {
                ModelEvent event;
                event.type = "t";
                event.payload = payload_of(i, a * 10 + e, size);
                append.events.push_back(std::move(event));
            }
            attempt.request.appends.push_back(std::move(append));
        }
        if (of(3) == 2) attempt.durability = Durability::deferred;
        attempts_.push_back(std::move(attempt));
    }
}

std::uint64_t Crowd::live(const CrowdPlan& plan) {
    prepare(plan);
    const SimDiskSize size = disk_size(plan.setup);
    image_ = std::make_unique<Machine>(size);
    SimClock wall;
    scheduler_ = std::make_unique<SimScheduler>(choice_, wall, plan.scheduling);
    machine_ = std::make_unique<Machine>(size, scheduler_.get());
    scheduler_->use(machine_->clock);
    for (Machine* const machine : {machine_.get(), image_.get()}) {
        machine->options = plan.setup.options;
        machine->lend();
        machine->disk.profile = plan.setup.profile;
        machine->is_unmapped = plan.setup.is_unmapped;
    }
    floors_.assign(stream_names().size(), -1);
    if (!machine_->open(true)) violation("the store of a crowd does not open");
    machine_->disk.watch(this);
    machine_->disk.schedule(scheduler_.get());
    actors_.reserve(16);
    const auto spawn = [&](void (*body)(void*), std::uint32_t number) {
        actors_.push_back({this, number});
        scheduler_->spawn(body, &actors_.back());
    };
    for (std::uint32_t i = 0; i < plan.writer_count; i++)
        spawn(
            [](void* actor) {
                static_cast<Actor*>(actor)->crowd->write(static_cast<Actor*>(actor)->number);
            },
            i);
    if (plan.has_reader) spawn([](void* actor) { static_cast<Actor*>(actor)->crowd->read(); }, 0);
    if (plan.has_follower)
        spawn([](void* actor) { static_cast<Actor*>(actor)->crowd->follow(); }, 0);
    if (plan.has_beside)
        spawn([](void* actor) { static_cast<Actor*>(actor)->crowd->follow_beside(); }, 0);
    if (plan.has_syncer)
        spawn([](void* actor) { static_cast<Actor*>(actor)->crowd->sync_some(); }, 0);
    if (plan.has_maintainer)
        spawn([](void* actor) { static_cast<Actor*>(actor)->crowd->maintain_some(); }, 0);
    if (!scheduler_->run()) violation("a crowd does not come to its end");
    machine_->disk.schedule(nullptr);
    const Status closed = machine_->store.close();
    if (!closed && machine_->disk.fault_count() == 0)
        violation("a crowd's store does not close: %s", code_name(closed.error().code));
    machine_->disk.watch(nullptr);
    machine_->disk.fail(SimFault{});
    if (!machine_->gate.is_free()) violation("a turn is left locked");
    machine_->disk.copy_to(image_->disk);
    image_->disk.restart();
    if (!image_->open(false)) violation("a crowd's store does not open again");
    Snapshot snapshot;
    if (!image_->store.snapshot(snapshot)) violation("no snapshot");
    check(snapshot, true);
    hash_ = mix(hash_, image_->disk.hash());
    snapshot.close();
    static_cast<void>(image_->store.close());
    add(report().seeds);
    return hash_;
}

void Crowd::write(std::uint32_t writer) {
    for (std::uint32_t i = 0; i < plan_.request_count; i++) {
        add(report().operations);
        send(attempts_[writer * plan_.request_count + i]);
        if (failed_) return;
    }
}

void Crowd::send(Attempt& attempt) {
    std::vector<std::vector<Event>> events(attempt.request.appends.size());
    std::vector<StreamAppend> appends;
    const std::vector<std::string> names = stream_names();
    for (std::size_t i = 0; i < events.size(); i++) {
        const ModelAppend& append = attempt.request.appends[i];
        for (const ModelEvent& event : append.events)
            events[i].push_back(
                {.type = event.type, .payload = as_bytes(event.payload), .metadata = {}, .id = {}});
        const Expected expected = append.expected == -2   ? Expected::any()
                                  : append.expected == -1 ? Expected::no_stream()
                                                          : Expected::version(append.expected);
        appends.push_back(
            {.stream = names[append.stream], .expected = expected, .events = events[i]});
    }
    attempt.state = State::issued;
    const auto number = static_cast<std::size_t>(&attempt - attempts_.data());
    note("request %zu%s: %zu appends", number,
         attempt.durability == Durability::deferred ? ", deferred" : "", appends.size());
    Diagnostic diagnostic;
    const Result<Appended> answer =
        machine_->store.append(appends, {}, attempt.durability, diagnostic);
    if (!answer) {
        note("  request %zu -> %s", number, code_name(answer.error().code));
        attempt.state = State::refused;
        settle_refusal(attempt, diagnostic, answer.error());
        if (answer.error().code == Code::durability_unknown) attempt.state = State::unknown;
        return;
    }
    note("  request %zu -> commit %llu%s", number, static_cast<unsigned long long>(answer->commit),
         answer->durable ? ", durable" : "");
    attempt.commit = answer->commit;
    attempt.durable = answer->durable;
    attempt.state = State::acknowledged;
    hash_ = mix(hash_, answer->commit);
    if (answer->durable) least_ = std::max(least_, answer->commit);
    if (attempt.durability == Durability::durable && !answer->durable)
        violation("a durable append is not durable");
}

void Crowd::settle_refusal(const Attempt& attempt, const Diagnostic& diagnostic, Error error) {
    if (error.code == Code::wrong_version) {
        for (std::size_t i = 0;
             i < std::min<std::size_t>(diagnostic.failure_count, diagnostic.failures.size()); i++) {
            const freshet::Failure& failure = diagnostic.failures[i];
            std::int64_t& floor = floors_[attempt.request.appends[failure.number].stream];
            floor = std::max(floor, failure.actual);
        }
        return;
    }
    const bool is_poison = error.code == Code::durability_unknown || error.code == Code::poisoned;
    const bool is_full =
        error.code == Code::full &&
        machine_->store.statistics().segment_count + 1 >= plan_.setup.options.segment_count_max;
    if (is_poison && plan_.failing_sync != 0)
        failed_ = true;
    else if (!is_full)
        violation("a crowd's append says %s", code_name(error.code));
}

void Crowd::read() {
    Snapshot held;
    for (int i = 0; i < 4 && !failed_; i++) {
        const std::uint64_t floor = least_;
        Snapshot snapshot;
        if (!machine_->store.snapshot(snapshot)) violation("no snapshot");
        if (snapshot.commit() < floor)
            violation("a snapshot does not show what was acknowledged before it");
        least_ = std::max(least_, snapshot.commit());
        note("a snapshot of commit %llu", static_cast<unsigned long long>(snapshot.commit()));
        check(snapshot, false);
        if (held.is_open()) check(held, false);
        held = std::move(snapshot);
        scheduler_->yield();
    }
}

void Crowd::follow() {
    follow(machine_->store);
}

// Its calls come between those of the writers, and theirs between its own.
void Crowd::follow_beside() {
    Options options = machine_->options;
    options.create = false;
    options.read_only = true;
    std::vector<std::byte> memory(required_memory(options));
    SimGate gate{machine_->clock, scheduler_.get()};
    Store store;
    Diagnostic diagnostic;
    const Door door{&machine_->disk, &machine_->clock, &gate};
    if (const Status opened = store.open(options, door, memory, diagnostic); !opened)
        violation("a store does not open read only: %s", code_name(opened.error().code));
    follow(store);
    static_cast<void>(store.close());
}

void Crowd::follow(Store& store) {
    Follower follower;
    if (!follower.open(store, 0)) violation("a follower does not open");
    std::uint64_t next = 0;
    Recorded event;
    for (int i = 0; i < 40; i++) {
        const Result<Follower::Step> step = follower.next(event, 500);
        if (!step) violation("a follower says %s", code_name(step.error().code));
        if (*step == Follower::Step::timeout && failed_) break;
        if (*step != Follower::Step::event) continue;
        if (event.ordinal != next++) violation("a follower skips or repeats");
        least_ = std::max(least_, event.commit);
        note("followed to event %llu", static_cast<unsigned long long>(event.ordinal));
    }
    follower.close();
}

void Crowd::sync_some() {
    Diagnostic diagnostic;
    for (int i = 0; i < 3 && !failed_; i++) {
        const std::uint64_t sealed =
            std::max_element(attempts_.begin(), attempts_.end(),
                             [](const Attempt& a, const Attempt& b) { return a.commit < b.commit; })
                ->commit;
        const Status status =
            i == 1 ? machine_->store.maintain(diagnostic) : machine_->store.sync(diagnostic);
        if (!status && plan_.failing_sync == 0)
            violation("sync says %s", code_name(status.error().code));
        if (!status) return;
        least_ = std::max(least_, sealed);
        note("synced up to commit %llu", static_cast<unsigned long long>(sealed));
        scheduler_->yield();
    }
}

// All that there is gets into runs, while others write and read.
void Crowd::maintain_some() {
    for (std::uint32_t i = 0; i < plan_.request_count && !failed_; i++) {
        Diagnostic diagnostic;
        const Status status = machine_->store.maintain(diagnostic, {.now = true});
        note("maintain -> %s", code_name(status.error().code));
        const bool is_poison = !status && (status.error() == Code::poisoned ||
                                           status.error() == Code::durability_unknown);
        if (is_poison && plan_.failing_sync != 0) failed_ = true;
        if (!status && !is_poison && plan_.failing_sync == 0)
            violation("a maintainer says %s", code_name(status.error().code));
        scheduler_->yield();
    }
}

void Crowd::before(const SimDisk& disk, SimCall call) {
    if (call == SimCall::sync && plan_.failing_sync != 0 && ++sync_count_ == plan_.failing_sync &&
        plan_.setup.profile.sync_failure != SyncFailure::late) {
        machine_->disk.fail({.call = disk.call_count() - 1, .error = Code::io, .system_error = 5});
        note("a sync fails");
        add(report().faults);
        report().hit(Trouble::io, Operation::crowd, call);
    }
    if (!changed_) return;
    changed_ = false;
    if (plan_.crash_percent == 100) {
        image(disk, nullptr, false);
        image(disk, nullptr, true);
        return;
    }
    const std::uint64_t luck = mix(plan_.seed, disk.call_count());
    if (luck % 100 >= plan_.crash_percent) return;
    SeedChoice choice{luck};
    image(disk, &choice, false);
}

void Crowd::after(const SimDisk&, const SimRecord& record) {
    changed_ = changed_ || record.call == SimCall::write || record.call == SimCall::sync ||
               record.call == SimCall::rename || record.call == SimCall::write_zeros ||
               record.call == SimCall::truncate || record.call == SimCall::sync_directory;
}

void Crowd::image(const SimDisk& disk, Choice* choice, bool is_new) {
    disk.copy_to(image_->disk);
    if (choice != nullptr) {
        image_->disk.power_loss(*choice);
    } else {
        std::vector<SimPick> picks(disk.dirty_count());
        for (std::size_t key = 0; key < picks.size() && is_new; key++)
            picks[key].version = disk.version_count(key);
        image_->disk.power_loss(picks);
    }
    if (const Status opened = image_->open(false); !opened)
        violation("a crowd's image does not open: %s", code_name(opened.error().code));
    Snapshot snapshot;
    if (!image_->store.snapshot(snapshot)) violation("no snapshot");
    report().add_image(image_->disk.hash());
    check(snapshot, true);
    snapshot.close();
    static_cast<void>(image_->store.close());
    add(report().images);
    report().hit(Trouble::power_loss, Operation::crowd, SimCall::write);
}

void Crowd::rebuild(const Snapshot& snapshot, Model& model) {
    LogCursor cursor;
    if (!cursor.open(snapshot, LogStart::ordinal(0))) violation("the log cursor does not open");
    Recorded event;
    for (;;) {
        Result<bool> there = cursor.next(event);
        if (!there) violation("the log cursor says %s", code_name(there.error().code));
        if (!*there) return;
        if (event.payload.size() < 8) violation("an event that nobody wrote");
        const std::string tag{as_text(event.payload).substr(0, 8)};
        const auto number = static_cast<std::size_t>(std::strtoul(tag.c_str(), nullptr, 10));
        if (number >= attempts_.size()) violation("an event that nobody wrote");
        const Attempt& attempt = attempts_[number];
        if (attempt.state == State::waiting || attempt.state == State::refused)
            violation("request %zu was not made, or refused, and is there", number);
        if (attempt.state == State::acknowledged && attempt.commit != event.commit)
            violation("request %zu is not where it was said to be", number);
        if (event.commit != model.commit() + 1) violation("a commit without events");
        if (model.judge(attempt.request).outcome != Outcome::appended)
            violation("request %zu should have been refused", number);
        model.append(attempt.request);
        for (std::size_t passed = model.event_count(model.commit() - 1) + 1;
             passed < model.events().size(); passed++)
            if (const Result<bool> more = cursor.next(event); !more || !*more)
                violation("request %zu is there in part", number);
    }
}

void Crowd::check(const Snapshot& snapshot, bool after_crash) {
    if (snapshot.commit() < least_ && after_crash)
        violation("commit %llu was acknowledged, and %llu is the last one found",
                  static_cast<unsigned long long>(least_),
                  static_cast<unsigned long long>(snapshot.commit()));
    Model model{stream_names()};
    rebuild(snapshot, model);
    if (model.commit() != snapshot.commit()) violation("a snapshot's commit is not the log's");
    if (const Code code = compare(snapshot, model, machine_->clock); code != Code::none)
        violation("reading says %s", code_name(code));
    for (std::uint32_t stream = 0; stream < floors_.size() && after_crash; stream++)
        if (model.streams()[stream].version() < floors_[stream])
            violation("stream %u was said to have version %lld, and it is gone", stream,
                      static_cast<long long>(floors_[stream]));
}

void search_schedules(Share share, SearchResult& result) {
    std::array<CrowdPlan, 5> plans;
    plans[1].has_reader = true;
    plans[2].has_syncer = true;
    plans[3].writer_count = 3;
    plans[3].failing_sync = 2;
    plans[4].has_reader = true;
    plans[4].has_maintainer = true;
    for (std::size_t i = 0; i < plans.size(); i++) {
        if (!share.has(i)) continue;
        EveryChoice choice;
        do {
            CrowdPlan plan = plans[i];
            plan.request_count = 1;
            plan.seed = i + 1;
            plan.setup = small_setup();
            if (plan.has_maintainer) plan.setup.options.runs = &runs();
            plan.crash_percent = 100;
            // A maintainer makes so many calls that two would take hours.
            plan.scheduling = {.switch_percent = 0,
                               .switch_count_max = plan.has_maintainer ? 1U : 2U};
            Crowd crowd{choice, Rules{}};
            set_current_life(&crowd, 0);
            static_cast<void>(crowd.live(plan));
            set_current_life(nullptr, 0);
            add(result.lives);
        } while (choice.next());
    }
}

}  // namespace freshet::sim
