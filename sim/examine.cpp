// SPDX-License-Identifier: MIT
#include "sim/examine.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace freshet::sim {

namespace {

Report* shared_report = nullptr;
constexpr std::uint64_t open_call_count_max =
    4000;  // open() ends: it does not make more calls than this.

void on_log(void* context, Level, Code code, std::string_view message) noexcept {
    if (shared_report != nullptr) shared_report->add_probe(message);
    const bool is_of_runs = message.find("runs cannot be used") != std::string_view::npos ||
                            message.starts_with("runs ") || message.ends_with("of runs");
    const bool is_trouble = code == Code::io || code == Code::full || code == Code::out_of_memory ||
                            code == Code::permission || code == Code::interrupted;
    if (is_of_runs && !is_trouble) static_cast<RefusedRuns*>(context)->count++;
}

std::string_view text_of(Bytes bytes) {
    return as_text(bytes);
}

void compare_event(const char* how, const Recorded& found, const ModelEvent& wanted,
                   const Model& model) {
    const ModelStream& stream = model.streams()[wanted.stream];
    const std::uint64_t time = model.time_us(wanted.commit);
    const char* what = nullptr;
    if (found.stream != stream.name)
        what = "its stream";
    else if (found.index != wanted.index)
        what = "its index";
    else if (found.ordinal != wanted.ordinal)
        what = "its ordinal";
    else if (found.commit != wanted.commit)
        what = "its commit";
    else if (time != 0 && found.time_us != time)
        what = "its time";
    else if (found.type != wanted.type)
        what = "its type";
    else if (found.schema_version != wanted.schema_version)
        what = "its schema version";
    else if (text_of(found.payload) != wanted.payload)
        what = "its payload";
    else if (text_of(found.metadata) != wanted.metadata)
        what = "its metadata";
    else if (found.id.bytes != wanted.id)
        what = "its id";
    if (what != nullptr)
        violation("event %llu, read by %s: %s is wrong",
                  static_cast<unsigned long long>(wanted.ordinal), how, what);
}

Code compare_log(const Snapshot& snapshot, const Model& model) {
    LogCursor cursor;
    if (const Status opened = cursor.open(snapshot, LogStart::ordinal(0)); !opened)
        return opened.error().code;
    const std::size_t count = model.event_count(snapshot.commit());
    std::uint64_t time = 0;
    Recorded event;
    for (std::size_t i = model.next_shown(0);; i = model.next_shown(i + 1)) {
        const Result<bool> there = cursor.next(event);
        if (!there) return there.error().code;
        if (*there != (i < count))
            violation("the log has %s than %zu events", *there ? "more" : "less", count);
        if (!*there) return Code::none;
        compare_event("log", event, model.events()[i], model);
        if (event.time_us < time) violation("time goes back at event %zu", i);
        time = event.time_us;
    }
}

// Who is too old is hidden: by a clock that was read between `before` and `after`.
void check_age(const Model& model, std::uint32_t number, std::uint64_t first, std::uint64_t base,
               std::uint64_t commit, std::uint64_t before_us, std::uint64_t after_us) {
    const ModelStream& stream = model.streams()[number];
    const std::uint64_t age = model.settings(number, commit).max_age_us;
    const auto time_of = [&](std::uint64_t index) {
        return model.time_us(model.events()[stream.events[index]].commit);
    };
    if (first < base) violation("stream %u shows what is truncated", number);
    if (first > base && (age == 0 || time_of(first - 1) + age >= after_us))
        violation("stream %u hides event %llu", number, static_cast<unsigned long long>(first - 1));
    if (age == 0 || first >= model.stream_event_count(number, commit)) return;
    if (time_of(first) != 0 && time_of(first) + age < before_us)
        violation("stream %u shows event %llu, which is too old", number,
                  static_cast<unsigned long long>(first));
}

// What a stream shows is what its settings as of the commit let through.
Code compare_shown(const Snapshot& snapshot, const Model& model, std::uint32_t number,
                   const SimClock& clock) {
    const ModelStream& stream = model.streams()[number];
    const std::uint64_t commit = snapshot.commit();
    const std::size_t count = model.stream_event_count(number, commit);
    const std::uint64_t before_us = clock.peek_us();
    StreamCursor cursor;
    if (const Status opened = cursor.open(snapshot, stream.name, Horizon::beginning()); !opened)
        return opened.error().code;
    const std::uint64_t after_us = clock.peek_us() + 1;
    Recorded event;
    std::uint64_t first = count;
    for (std::uint64_t next = count;; next++) {
        const Result<bool> there = cursor.next(event);
        if (!there) return there.error().code;
        if (!*there && next != count) violation("stream %u has not %zu events", number, count);
        if (!*there) break;
        if (first == count) first = next = event.index;
        if (next >= count) violation("stream %u has more than %zu events", number, count);
        compare_event("stream", event, model.events()[stream.events[next]], model);
    }
    check_age(model, number, first, model.first_shown(number, commit), commit, before_us, after_us);
    return Code::none;
}

Code compare_stream(const Snapshot& snapshot, const Model& model, std::uint32_t number,
                    const SimClock& clock) {
    const ModelStream& stream = model.streams()[number];
    const std::uint64_t commit = snapshot.commit();
    const std::size_t count = model.stream_event_count(number, commit);
    const ModelSettings settings = model.settings(number, commit);
    const Result<StreamInfo> info = snapshot.stream(stream.name);
    Code wanted = model.stream_exists(number, commit) ? Code::none : Code::stream_not_found;
    if (settings.tombstoned) wanted = Code::stream_tombstoned;
    const Code code = info.error().code;
    if (code != wanted &&
        (code == Code::none || code == Code::stream_not_found || code == Code::stream_tombstoned))
        violation("stream %u is %s, not %s", number, code_name(code), code_name(wanted));
    if (!info) return code == wanted ? Code::none : code;
    if (info->version != static_cast<std::int64_t>(count) - 1)
        violation("stream %u has a wrong version", number);
    if (info->closed != settings.closed || info->deleted != settings.deleted)
        violation("stream %u has other settings", number);
    if (settings.max_age_us == 0 && info->first_index != model.first_shown(number, commit))
        violation("stream %u begins at %llu", number,
                  static_cast<unsigned long long>(info->first_index));
    if (!settings.deleted) {
        const Code shown = compare_shown(snapshot, model, number, clock);
        if (shown != Code::none) return shown;
    }
    return count > 0 ? compare_seek(snapshot, model, number, count - 1) : Code::none;
}

Code compare_checkpoints(const Snapshot& snapshot, const Model& model) {
    for (std::uint32_t i = 0; i < consumer_count; i++) {
        const Result<std::uint64_t> found = snapshot.checkpoint(consumer_name(i));
        if (!found) return found.error().code;
        if (*found != model.checkpoint(i, snapshot.commit()))
            violation("consumer %u is at %llu", i, static_cast<unsigned long long>(*found));
    }
    return Code::none;
}

// The rows of the table as of a commit, by a scan and one by one.
Code compare_rows(const Snapshot& snapshot, const Model& model, std::uint64_t commit) {
    relation::RowsAsOf rows;
    if (const Status opened = rows.open(snapshot, commit); !opened) return opened.error().code;
    relation::RowScan scan{rows, 1};
    Recorded scanned;
    for (std::uint32_t i = model.first_row(); i < model.streams().size(); i++) {
        const std::string& name = model.streams()[i].name;
        const ModelEvent* const wanted = model.row(i, commit);
        Recorded found;
        const relation::RowName row{1, relation::key_of_row(name)};
        const Result<bool> is_there = rows.find(row, found);
        if (!is_there) return is_there.error().code;
        if (*is_there != (wanted != nullptr))
            violation("row %u is%s there as of %llu", i, *is_there ? "" : " not",
                      static_cast<unsigned long long>(commit));
        if (wanted == nullptr) continue;
        const Result<bool> next = scan.next(scanned);
        if (!next) return next.error().code;
        if (!*next || scanned.stream != name) violation("a scan passes over row %u", i);
        compare_event("row", found, *wanted, model);
        compare_event("scan", scanned, *wanted, model);
    }
    const Result<bool> more = scan.next(scanned);
    if (!more) return more.error().code;
    if (*more) violation("a scan finds more rows than there are");
    return Code::none;
}

// Recovery has told what it found, and more was added; from now on nothing else may be found.
void examine_again(Machine& machine, std::uint64_t commit, std::uint64_t ordinal) {
    if (const Status opened = machine.open(false); !opened)
        violation("opening again says %s", code_name(opened.error().code));
    Snapshot snapshot;
    if (!machine.store.snapshot(snapshot)) violation("no snapshot when opened again");
    if (snapshot.commit() != commit || snapshot.next_ordinal() != ordinal)
        violation("opened again, commit %llu became %llu", static_cast<unsigned long long>(commit),
                  static_cast<unsigned long long>(snapshot.commit()));
    snapshot.close();
}

// All that there is becomes one or more runs, and no file is left that is none of them.
void examine_runs(Machine& machine) {
    const Status made = machine.store.maintain(machine.diagnostic, {.now = true});
    if (!made) violation("the last maintain() says %s", code_name(made.error().code));
    std::size_t count = 0;
    for (std::size_t i = 0; !machine.disk.file_name(i).empty(); i++)
        if (machine.disk.file_name(i).ends_with(".run")) count++;
    const std::uint64_t wanted = machine.store.statistics().run_count;
    if (count != wanted)
        violation("there are files of %zu runs, and %llu are in use", count,
                  static_cast<unsigned long long>(wanted));
}

}  // namespace

bool is_named_damage(Code code) noexcept {
    return code == Code::corrupt || code == Code::not_a_store;
}

void set_report(Report* report) noexcept {
    shared_report = report;
}
Report& report() noexcept {
    if (shared_report == nullptr) shared_report = make_report();
    return *shared_report;
}

store::RowKeeper& row_keeper() noexcept {
    static relation::RowKeeper keeper;
    return keeper;
}

void violation(const char* format, ...) noexcept {
    std::array<char, 512> text{};
    va_list arguments;
    va_start(arguments, format);
    const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    sim_violation(
        {text.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), text.size() - 1)});
    std::abort();
}

Disk& Copies::over(Disk& disk, bool is_wanted) {
    unmapped_.reset();
    if (!is_wanted) return disk;
    if (memory_ == nullptr) memory_ = std::make_unique_for_overwrite<std::byte[]>(size_);
    return unmapped_.emplace(disk, MutableBytes{memory_.get(), size_});
}

void Machine::lend() {
    memory.resize(required_memory(options));
    scratch.resize(options.frame_size_max + 8192);
    refused_runs.listen(options);
    options.rows = &row_keeper();
}

void RefusedRuns::listen(Options& options) noexcept {
    options.log = on_log;
    options.log_context = this;
}

Status Machine::open(bool create) noexcept {
    options.create = create;
    const Status opened = store.open(options, door(), memory, diagnostic);
    open_count++;
    return opened;
}

Code compare_seek(const Snapshot& snapshot, const Model& model, std::uint32_t number,
                  std::uint64_t index) {
    const ModelStream& stream = model.streams()[number];
    const std::size_t count = model.stream_event_count(number, snapshot.commit());
    const ModelSettings settings = model.settings(number, snapshot.commit());
    if (settings.tombstoned || settings.deleted || settings.max_age_us > 0) return Code::none;
    const std::uint64_t first = model.first_shown(number, snapshot.commit());
    const std::uint64_t shown = index < first ? 0 : std::min<std::uint64_t>(index + 1 - first, 2);
    StreamCursor cursor;
    const bool newest = index + 1 == count;
    const Horizon horizon = newest ? Horizon::newest() : Horizon::index(index);
    if (const Status opened = cursor.open(snapshot, stream.name, horizon, Direction::backwards, 2);
        !opened)
        return opened.error().code;
    Recorded event;
    for (std::uint64_t i = 0; i < shown; i++) {
        const Result<bool> there = cursor.next(event);
        if (!there) return there.error().code;
        if (!*there)
            violation("seek %llu in stream %u finds nothing",
                      static_cast<unsigned long long>(index), number);
        compare_event("seek", event, model.events()[stream.events[index - i]], model);
    }
    const Result<bool> more = shown < 2 ? cursor.next(event) : false;
    if (!more) return more.error().code;
    if (*more)
        violation("seek %llu in stream %u finds what is hidden",
                  static_cast<unsigned long long>(index), number);
    return Code::none;
}

Code compare(const Snapshot& snapshot, const Model& model, const SimClock& clock) {
    const std::uint64_t commit = snapshot.commit();
    if (commit > model.commit())
        violation("commit %llu was never made", static_cast<unsigned long long>(commit));
    if (snapshot.next_ordinal() != model.event_count(commit))
        violation("the snapshot's next ordinal is wrong");
    Code code = compare_log(snapshot, model);
    for (std::uint32_t i = 0; i < model.first_row() && code == Code::none; i++)
        code = compare_stream(snapshot, model, i, clock);
    for (const std::uint64_t at : {commit, commit / 2, commit - commit / 4, std::uint64_t{0}})
        if (code == Code::none) code = compare_rows(snapshot, model, at);
    return code == Code::none ? compare_checkpoints(snapshot, model) : code;
}

std::uint64_t examine(Machine& machine, const Promise& promise, Depth depth) {
    const std::uint64_t calls_before = machine.disk.call_count();
    const std::uint64_t refused_before = machine.refused_runs.count;
    const Status opened = machine.open(!promise.has_store);
    if (promise.disk_is_honest && machine.refused_runs.count != refused_before)
        violation("runs that head names are refused");
    if (machine.disk.call_count() - calls_before > open_call_count_max)
        violation("open() does not come to an end");
    if (!opened && !promise.disk_is_honest && is_named_damage(opened.error().code))
        return ~std::uint64_t{0};
    if (!opened) violation("the store does not open: %s", code_name(opened.error().code));
    Snapshot snapshot;
    if (!machine.store.snapshot(snapshot)) violation("no snapshot after recovery");
    const std::uint64_t found = snapshot.commit();
    if (found < promise.least && promise.disk_is_honest)
        violation("commit %llu was acknowledged, and %llu is the last one found",
                  static_cast<unsigned long long>(promise.least),
                  static_cast<unsigned long long>(found));
    if (found < promise.least) add(report().weak_losses);
    const Code code = compare(snapshot, *promise.model, machine.clock);
    snapshot.close();
    // With runs, open() reads the log from the newest one on.
    if (!promise.disk_is_honest && is_named_damage(code)) {
        static_cast<void>(machine.store.close());
        return ~std::uint64_t{0};
    }
    if (code != Code::none) violation("reading says %s", code_name(code));
    if (depth == Depth::open_only) return found;

    const Event event{
        .type = "canary", .payload = as_bytes("is it alive?"), .metadata = {}, .id = {}};
    const StreamAppend append{
        .stream = "canary", .expected = Expected::no_stream(), .events = {&event, 1}};
    const Result<Appended> appended = machine.store.append(append, machine.diagnostic);
    if (!appended && !promise.disk_is_honest && is_named_damage(appended.error().code)) {
        static_cast<void>(machine.store.close());
        return found;
    }
    if (!appended) violation("the canary is refused: %s", code_name(appended.error().code));
    if (appended->commit != found + 1 || appended->first_index != 0)
        violation("the canary came to a wrong place");
    VerifyReport verified;
    const Status status =
        machine.store.verify(machine.scratch, nullptr, verified, machine.diagnostic);
    if (!promise.disk_is_honest && is_named_damage(status.error().code)) {
        static_cast<void>(machine.store.close());
        return found;
    }
    if (!status) violation("verify says %s", code_name(status.error().code));
    if (verified.commit_count != found + 1)
        violation("verify counts %llu commits",
                  static_cast<unsigned long long>(verified.commit_count));
    if (!machine.store.close()) violation("close fails");
    if (machine.disk.open_count() != 0)
        violation("%u files are left open", machine.disk.open_count());
    if (!machine.gate.is_free()) violation("a turn is left locked");
    examine_again(machine, found + 1, promise.model->event_count(found) + 1);
    if (machine.options.runs != nullptr && !promise.had_faults) examine_runs(machine);
    if (!machine.store.close()) violation("the second close fails");
    return found;
}

}  // namespace freshet::sim
