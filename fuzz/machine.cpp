// SPDX-License-Identifier: MIT
#include "fuzz/machine.hpp"

#include <algorithm>

#include "log/head.hpp"

namespace freshet::fuzz {

namespace {

constexpr std::size_t file_size_max = 2 * segment_size;
constexpr std::size_t store_memory_size = std::size_t{1} << 20;

MutableBytes disk_memory() {
    static Contents memory(file_size_max * MemoryDisk::file_count_max);
    return memory;
}

MutableBytes store_memory() {
    static Contents memory(store_memory_size);
    return memory;
}

std::vector<std::string> file_names() {
    std::vector<std::string> names = {"head", "head.new"};
    for (std::uint32_t i = 1; i <= small_options().segment_count_max + 1; i++)
        names.emplace_back(log::as_view(log::segment_name(i)));
    return names;
}

Line line_of(const Recorded& event) {
    return {.stream = std::string{event.stream},
            .type = std::string{event.type},
            .payload = std::string{as_text(event.payload)},
            .metadata = std::string{as_text(event.metadata)},
            .id = event.id,
            .index = event.index,
            .ordinal = event.ordinal,
            .commit = event.commit,
            .time_us = event.time_us};
}

template <class Cursor>
Lines read_all(Cursor& cursor) {
    Lines lines;
    Recorded event;
    for (Result<bool> there = cursor.next(event);; there = cursor.next(event)) {
        require(bool{there}, "what was opened cannot be read");
        if (!*there) return lines;
        lines.push_back(line_of(event));
    }
}

// Of a log with so many events. Those of rows are not shown; that nothing else of a stream is
// missing is what its own reading is for.
void check_order(const Lines& lines, std::uint64_t event_count) {
    require(lines.empty() || lines.back().ordinal < event_count, "an event behind the last one");
    for (std::size_t i = 1; i < lines.size(); i++) {
        const Line& before = lines[i - 1];
        require(lines[i].ordinal > before.ordinal, "an event twice");
        require(lines[i].commit >= before.commit, "commits out of order");
        require((lines[i].commit == before.commit) == (lines[i].time_us == before.time_us) &&
                    lines[i].time_us >= before.time_us,
                "times out of order");
    }
}

bool is_prefix(const Lines& part, const Lines& all) {
    return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

}  // namespace

Options small_options() {
    Options options;
    options.create = true;
    options.pool_size = std::size_t{96} << 10;
    options.snapshot_count_max = 2;
    options.segment_count_max = 40;
    options.segment_size = segment_size;
    options.frame_size_max = 1024;
    options.growth_size = 512;
    return options;
}

Machine::Machine() : disk_{disk_memory(), file_size_max} {}

Machine::Machine(const Files& files) : Machine{} {
    for (const auto& [name, contents] : files) {
        const Result<File> file = disk_.open(name, OpenMode::create);
        require(bool{file}, "a file cannot be made");
        if (!contents.empty())
            require(bool{disk_.write(*file, 0, contents, {})}, "a file is too large");
        disk_.close(*file);
    }
}

Files Machine::files() {
    static const std::vector<std::string> names = file_names();
    Files files;
    for (const std::string& name : names) {
        const Result<File> file = disk_.open(name, OpenMode::read);
        if (!file && name.back() == 'g') break;  // Segments have no gaps.
        if (!file) continue;
        Contents contents(*disk_.size(*file));
        if (!contents.empty()) static_cast<void>(disk_.read(*file, 0, contents));
        files[name] = std::move(contents);
        disk_.close(*file);
    }
    return files;
}

Session::Session(Machine& machine, const Options& options) : machine_{machine} {
    const Status opened = store_.open(options, machine.door(), store_memory(), diagnostic);
    code_ = opened.error().code;
    require(diagnostic.error.code == code_, "the diagnostic is of something else");
    if (opened) return;
    std::array<char, 512> text{};
    require(!describe(diagnostic, text).empty(), "an error without a sentence");
    static_cast<void>(hint(diagnostic, text));
}

void Session::close() {
    require(bool{store_.close()}, "close fails");
    require(machine_.is_free(), "a turn is left locked");
}

Lines Session::read() {
    static Contents scratch(store_memory_size);
    VerifyReport report;
    if (!store_.verify(scratch, nullptr, report, diagnostic)) {
        std::array<char, 512> text{};
        const std::string_view said = describe(diagnostic, text);
        std::fprintf(stderr, "%.*s\n", static_cast<int>(said.size()), said.data());
        require(false, "what was opened is corrupt");
    }
    const Lines lines = read_log();
    check_order(lines, report.event_count);
    Snapshot now;
    require(bool{store_.snapshot(now)}, "no snapshot");
    require(report.event_count == now.next_ordinal(), "verify counts other events");
    now.close();

    std::map<std::string, Lines> streams;
    for (const Line& line : lines) streams[line.stream].push_back(line);
    require(report.stream_count >= streams.size(), "verify counts fewer streams");
    for (const auto& [name, expected] : streams) {
        for (std::size_t i = 0; i < expected.size(); i++)
            require(expected[i].index == i, "the indexes of a stream have gaps");
        check_stream(name, expected);
    }
    return lines;
}

// What a stream shows is the end of what the log has of it: all, where it has no settings. By their
// age events may vanish between two readings.
void Session::check_stream(std::string_view name, const Lines& all) {
    Snapshot snapshot;
    require(bool{store_.snapshot(snapshot)}, "no snapshot");
    const Result<StreamSettings> settings = snapshot.settings(name);
    require(bool{settings}, "a stream is missing");
    snapshot.close();
    Code wanted = settings->deleted ? Code::stream_deleted : Code::none;
    if (settings->tombstoned) wanted = Code::stream_tombstoned;
    const bool hides =
        settings->truncate_before > 0 || settings->max_count > 0 || settings->max_age_us > 0;
    for (const Direction direction : {Direction::forwards, Direction::backwards}) {
        Lines found;
        require(read_stream(name, direction, found) == wanted, "what a stream says of itself");
        if (wanted != Code::none) continue;
        if (direction == Direction::backwards) std::reverse(found.begin(), found.end());
        require(found.size() <= all.size() && (hides || found.size() == all.size()) &&
                    std::equal(found.rbegin(), found.rend(), all.rbegin()),
                "a stream is not what the log says");
    }
}

Lines Session::read_log(LogFilter filter) {
    Snapshot snapshot;
    require(bool{store_.snapshot(snapshot)}, "no snapshot");
    LogCursor cursor;
    require(bool{cursor.open(snapshot, LogStart::ordinal(0), filter)}, "the log does not open");
    return read_all(cursor);
}

Code Session::read_stream(std::string_view name, Direction direction, Lines& lines) {
    Snapshot snapshot;
    require(bool{store_.snapshot(snapshot)}, "no snapshot");
    StreamCursor cursor;
    const Horizon horizon =
        direction == Direction::forwards ? Horizon::beginning() : Horizon::newest();
    const Status opened = cursor.open(snapshot, name, horizon, direction);
    if (!opened) return opened.error().code;
    lines = read_all(cursor);
    return Code::none;
}

Code Session::append(std::string_view stream, const Event& event) {
    const StreamAppend append{.stream = stream, .expected = Expected::any(), .events = {&event, 1}};
    return store_.append(append, diagnostic).error().code;
}

namespace {

// Several streams, types, ids and metadata, an empty stream, a transaction in parts, settings, a
// checkpoint.
void do_everything(Store& store) {
    Diagnostic diagnostic;
    const auto append = [&](std::string_view stream, std::string_view type, std::string_view data,
                            std::string_view metadata, std::uint8_t id) {
        Event event{
            .type = type, .payload = as_bytes(data), .metadata = as_bytes(metadata), .id = {}};
        event.id.bytes[0] = std::byte{id};
        require(bool{store.append({.stream = stream, .events = {&event, 1}}, diagnostic)},
                "append");
    };
    append("order-1", "placed", "{\"n\":1}", "", 1);
    append("order-2", "placed", "", "{\"by\":\"me\"}", 0);
    require(bool{store.create("order-2-empty", diagnostic)}, "create");
    append("order-1", "paid", "{}", "m", 2);
    const std::string large(300, 'x');
    std::vector<Event> events(5, Event{.type = "large", .payload = as_bytes(large)});
    Transaction transaction;
    require(bool{transaction.begin(store, diagnostic)}, "begin");
    require(bool{transaction.append({.stream = "z", .events = events}, diagnostic)}, "parts");
    require(bool{transaction.commit(Durability::durable, diagnostic)}, "commit");
    append("order-1", "shipped", "[]", "", 3);
    const StreamSettings change{.truncate_before = 1, .max_count = marked_max_count};
    require(bool{store.settings("order-1", change, Expected::version(2), diagnostic)}, "settings");
    const Tracking tracking{.consumer = "c", .ordinal = 8};
    const Batch batch{.appends = {}, .checks = {}, .conditions = {}, .tracking = {&tracking, 1}};
    require(bool{store.append(batch, Durability::durable, diagnostic)}, "a checkpoint");
}

}  // namespace

const Example& example(Digest digest) {
    static std::array<std::optional<Example>, 2> examples;
    std::optional<Example>& made = examples[digest == Digest::none ? 0 : 1];
    if (made) return *made;
    made.emplace();
    Options options = small_options();
    options.digest = digest;
    Machine machine;
    {
        Session session{machine, options};
        require(session.code() == Code::none, "a new store");
        made->fresh = machine.files();
        do_everything(session.store());
        made->stopped = machine.files();
    }
    made->closed = machine.files();
    log::HeadRecord record;
    std::uint32_t format = 0;
    const Bytes slot = Bytes{made->fresh.at("head")}.subspan(log::head_slot_size);
    require(bool{log::decode_head(slot, record, format)}, "the head of a new store");
    made->geometry = record.geometry;
    return *made;
}

namespace {

bool is_answer(Code code) {
    return code == Code::none || code == Code::corrupt || code == Code::not_a_store ||
           code == Code::newer_format || code == Code::out_of_memory ||
           code == Code::invalid_argument;
}

// The same files opened again: nothing is written, and the same is read.
void check_again(const Files& files, const Lines& lines, bool was_closed) {
    Machine machine{files};
    {
        Session session{machine, small_options()};
        require(session.code() == Code::none, "it opens once and not again");
        require(session.read() == lines, "opened again it is another one");
        if (was_closed) require(machine.files() == files, "opening changed what was closed");
    }
}

}  // namespace

void check_files(const Files& files) {
    Lines shown;
    Code shown_code;
    Machine machine{files};
    {
        Session session{machine, reading(small_options())};
        shown_code = session.code();
        require(is_answer(shown_code), "an answer that open() does not give");
        if (shown_code == Code::none) shown = session.read();
    }
    require(machine.files() == files, "reading changed the files");

    Options options = small_options();
    options.create = false;
    Lines lines;
    Files recovered;
    {
        Session session{machine, options};
        // Behind what is attested there may be what no crash leaves; a reader does not look.
        const bool may_differ = session.code() == Code::out_of_memory ||
                                (shown_code == Code::none && session.code() == Code::corrupt);
        if (session.code() != shown_code && !may_differ) {
            std::fprintf(stderr, "to read: %s, to write: %s\n", code_name(shown_code),
                         code_name(session.code()));
            require(false, "to read and to write it opens differently");
        }
        if (session.code() != Code::none) {
            session.close();
            require(machine.files() == files, "a store that was refused was changed");
            return;
        }
        recovered = machine.files();
        lines = session.read();
        require(is_prefix(shown, lines), "a reader was shown what is not there");
        const Code appended = session.append("after", {.type = "T", .payload = as_bytes("data")});
        require(appended == Code::none || appended == Code::full || appended == Code::out_of_memory,
                "an append fails");
        Lines more = session.read();
        require(is_prefix(lines, more) &&
                    more.size() == lines.size() + (appended == Code::none ? 1 : 0),
                "an append did something else");
        std::swap(lines, more);
        session.close();
        const Files closed = machine.files();
        check_again(recovered, more, false);
        check_again(closed, lines, true);
    }
}

}  // namespace freshet::fuzz
