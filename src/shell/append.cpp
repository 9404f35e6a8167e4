// SPDX-License-Identifier: MIT
// `freshet append`: each batch of lines is one commit. An event's text stays in the input's memory
// until then, so nothing is copied. Commits are deferred, and made durable where the input pauses,
// every few MiB, and at the end; only what is durable is counted and said.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "shell/batch.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/file.hpp"
#include "shell/ids.hpp"
#include "shell/input.hpp"
#include "shell/ndjson.hpp"
#include "shell/progress.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"
#include "shell/table.hpp"

namespace freshet::shell {
namespace {

constexpr std::uint64_t own_share = 8;  // Of the memory, for the command.
constexpr std::uint64_t sync_size = std::uint64_t{16} << 20;
// What came is made durable once the input pauses for a moment, or does not for long; and attested
// once it pauses for longer.
constexpr int moment_ms = 5;
constexpr std::uint64_t delay_us_max = 200'000;
constexpr int pause_ms = 20;

bool is_blank(std::span<const char> line) noexcept {
    return std::all_of(line.begin(), line.end(), [](char letter) noexcept {
        return letter == ' ' || letter == '\t' || letter == '\r';
    });
}

std::string_view events_were(std::uint64_t count) noexcept {
    return count == 1 ? " event was" : " events were";
}

// Of a file that is read from its beginning to its end; else 0.
std::uint64_t size_of_input() noexcept {
    struct stat status {};
    if (fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
    return static_cast<std::uint64_t>(status.st_size);
}

// How far it has come.
struct Count {
    std::uint64_t appended = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t lines = 0;
    std::uint64_t commit = 0;
    std::int64_t last_index = 0;

    [[nodiscard]] std::uint64_t events() const noexcept { return appended + duplicate; }
};

class Appender {
public:
    Appender(const Request& request, Session& session) noexcept
        : request_{request},
          store_{session.store()},
          batch_{session.own()},
          input_{STDIN_FILENO, batch_.text()},
          progress_{"append", "events", request.quiet} {}

    int run() noexcept {
        if (request_.one_event) {
            take_one();
        } else {
            if (is_terminal(STDIN_FILENO) && !request_.quiet)
                say_note({"events come from the terminal, one JSON object a line; ^D ends"});
            while (code_ == exit_done && !finished_) step();
        }
        const int closed = close();
        return code_ == exit_done ? closed : code_;
    }

private:
    // ---- input ----

    void step() noexcept {
        std::span<char> line;
        switch (input_.next(line)) {
            case LineInput::Step::line: return take(line);
            case LineInput::Step::end:
                finished_ = true;
                commit();
                return sync();
            default: return fill();
        }
    }

    void fill() noexcept {
        const bool may_commit_early = batch_.count() > 0 && !request_.fixed_batches;
        const bool is_waiting = may_commit_early || is_unsynced();
        if (is_waiting && steady_us() >= due_us_) return pause(may_commit_early);
        const int timeout_ms = is_waiting ? moment_ms : has_unattested_ ? pause_ms : wait_for_input;
        switch (input_.fill(timeout_ms)) {
            case LineInput::Step::dry: return pause(may_commit_early);
            case LineInput::Step::full: return may_commit_early ? commit() : report_full();
            case LineInput::Step::interrupted: return report_interrupted();
            case LineInput::Step::failed: return report_failed();
            default: return;
        }
    }

    void pause(bool may_commit_early) noexcept {
        if (may_commit_early) commit();
        if (is_unsynced()) return sync();
        if (code_ == exit_done) attest();
    }

    // Readers in other processes are shown what is attested, and a later commit attests those
    // before it. When none comes, this does.
    void attest() noexcept {
        has_unattested_ = false;
        Diagnostic diagnostic;
        if (!store_.maintain(diagnostic)) report_refused(diagnostic);
    }

    void take(std::span<char> line) noexcept {
        if (is_blank(line)) return;
        if (batch_.is_full()) return report_full();
        if (batch_.count() == 0 && !is_unsynced()) due_us_ = steady_us() + delay_us_max;
        LineError error;
        std::string_view stream = request_.stream();
        std::string_view* const named = request_.stream_count > 0 ? nullptr : &stream;
        if (!parse_event(line, batch_.next(), error, named)) return report_line(line, error);
        batch_.add(stream);
        unsynced_size_ += line.size();
        const bool is_out_of_room = batch_.is_full() && !request_.fixed_batches;
        if (batch_.count() == request_.batch_count_max || is_out_of_room) commit();
    }

    void take_one() noexcept {
        std::span<char> memory = batch_.text();
        Event& event = batch_.next();
        event.type = request_.type;
        event.id = request_.id;
        event.schema_version = request_.schema_version;
        code_ = read_value(request_.data, memory, event.payload);
        if (code_ == exit_done) code_ = read_value(request_.metadata, memory, event.metadata);
        if (code_ == exit_done) code_ = add_ids(request_, memory, event.metadata);
        if (code_ != exit_done) return;
        batch_.add(request_.stream());
        commit();
        if (code_ == exit_done) sync();
    }

    // ---- commits ----

    void commit() noexcept {
        const bool is_needed = batch_.count() > 0 || request_.has_checkpoint;
        if (is_needed && !append_batch()) return;
        done_.lines = input_.line_number();
        batch_.clear();
        input_.release();
        progress_.update(done_.events(), input_.size_read(), input_size_);
        if (unsynced_size_ >= sync_size) sync();
    }

    bool append_batch() noexcept {
        if (done_.events() == 0) batch_.expect(request_.expected);
        const ConditionItem item{.stream_prefix = request_.fail_if_stream,
                                 .types = request_.fail_if_types.all(),
                                 .tags = request_.fail_if_tags.all()};
        const AppendCondition condition{.items = {&item, 1}, .ordinal = request_.start.number()};
        const Check check{.stream = request_.stream(), .expected = request_.expected};
        const bool is_alone = batch_.count() == 0 && request_.stream_count > 0;
        const freshet::Batch batch{
            .appends = batch_.appends(),
            .checks = {&check, is_alone ? 1U : 0U},
            .conditions = {&condition, request_.has_condition ? 1U : 0U},
            .tracking = {&request_.tracking, request_.has_checkpoint ? 1U : 0U}};
        Diagnostic diagnostic;
        const Result<Appended> result = store_.append(batch, Durability::deferred, diagnostic);
        if (!result) {
            report_refused(diagnostic);
            return false;
        }
        if (result->outcome == Outcome::duplicate) {
            done_.duplicate += batch_.count();
            return true;
        }
        if (done_.appended == 0) first_index_ = result->first_index;
        done_.appended += batch_.count();
        done_.commit = result->commit;
        done_.last_index = result->last_index;
        return true;
    }

    [[nodiscard]] bool is_unsynced() const noexcept {
        return done_.events() > durable_.events() || done_.commit > durable_.commit;
    }

    void sync() noexcept {
        unsynced_size_ = 0;
        if (code_ != exit_done || !is_unsynced()) return;
        Diagnostic diagnostic;
        if (!store_.sync(diagnostic)) return report_lost(diagnostic);
        has_unattested_ = has_unattested_ || done_.commit > durable_.commit;
        durable_ = done_;
    }

    // ---- what went wrong ----

    // What came before the error is made durable before anything is said of it.
    void settle() noexcept {
        progress_.clear();
        Diagnostic diagnostic;
        if (is_unsynced() && store_.sync(diagnostic)) durable_ = done_;
    }

    // "12 events were committed, up to line 12"
    [[nodiscard]] std::string_view committed() const noexcept {
        const std::uint64_t count = durable_.events();
        if (count == 0) return "nothing was committed";
        return joined(
            {piece(count), events_were(count), " committed, up to line ", piece(durable_.lines)});
    }

    [[nodiscard]] std::string_view where_to_go_on(std::string_view advice) const noexcept {
        return joined({advice, committed(), ": go on from line ", piece(durable_.lines + 1)});
    }

    void report_line(std::span<const char> line, const LineError& error) noexcept {
        settle();
        const std::string_view advice =
            error.meant.empty() ? "" : joined({"did you mean \"", error.meant, "\"? "});
        code_ = complain({.code = "bad-line",
                          .exit_code = exit_bad_input,
                          .message = error.message,
                          .hint = where_to_go_on(advice),
                          .place = {.file = "stdin",
                                    .line = input_.line_number(),
                                    .source = {line.data(), line.size()},
                                    .offset = error.offset}});
    }

    void report_full() noexcept {
        settle();
        code_ = complain({.code = code_name(Code::out_of_memory),
                          .exit_code = exit_out_of_memory,
                          .message = batch_.count() > 0
                                         ? "this batch does not fit into the memory of this command"
                                         : "this line does not fit into the memory of this command",
                          .hint = where_to_go_on("give more with --memory; ")});
    }

    // The directory of streams is what fills the memory of a store.
    void report_memory() noexcept {
        const StoreStatistics statistics = store_.statistics();
        const std::uint64_t size = statistics.pool_page_count * statistics.pool_page_size;
        code_ =
            complain({.code = code_name(Code::out_of_memory),
                      .exit_code = exit_out_of_memory,
                      .about = request_.database,
                      .message = joined(
                          {"the directory of ", piece(statistics.stream_count), " streams with ",
                           piece(statistics.next_ordinal), " events, all durable up to commit ",
                           piece(statistics.commit), ", fills its ", piece(size >> 20), "M of ",
                           piece(request_.memory_size >> 20), "M"}),
                      .hint = where_to_go_on("give more with --memory; ")});
    }

    // Of a refusal that is one stream's, that; else the store.
    [[nodiscard]] std::string_view about(const Diagnostic& diagnostic) const noexcept {
        const Failure& failure = diagnostic.failures[0];
        const bool is_of_all = diagnostic.failure_count == 0 ||
                               failure.code == Code::condition_failed ||
                               failure.code == Code::checkpoint_behind;
        if (is_of_all) return request_.database;
        const std::span<const StreamAppend> appends = batch_.appends();
        return failure.number < appends.size() ? appends[failure.number].stream : request_.stream();
    }

    void report_refused(const Diagnostic& diagnostic) noexcept {
        settle();
        if (diagnostic.error.code == Code::out_of_memory) return report_memory();
        code_ = report(diagnostic, about(diagnostic));
        say_earlier();
    }

    void report_lost(const Diagnostic& diagnostic) noexcept {
        progress_.clear();
        code_ = report(diagnostic, request_.database);
        say_earlier();
    }

    void report_failed() noexcept {
        settle();
        code_ = report(Error{Code::io, input_.error()}, "standard input");
        say_earlier();
    }

    void report_interrupted() noexcept {
        settle();
        code_ = complain({.code = code_name(Code::interrupted),
                          .exit_code = exit_interrupted,
                          .message = "stopped by a signal",
                          .hint = where_to_go_on("")});
    }

    void say_earlier() const noexcept {
        if (durable_.events() > 0) say_note({committed()});
    }

    // ---- the end ----

    int close() noexcept {
        progress_.clear();
        const Status status = store_.close();
        if (code_ != exit_done) return code_;
        if (!status) return report(status.error(), request_.database);
        if (style().errors_are_json) return print_done();
        if (!request_.quiet) say_done();
        return exit_done;
    }

    [[nodiscard]] int print_done() const noexcept {
        const bool has_index = request_.stream_count > 0 && durable_.appended > 0;
        const Fact facts[] = {
            {"events", Cell::of(durable_.appended)},
            {"duplicates", Cell::of(durable_.duplicate)},
            {"first_index", has_index ? Cell::of(first_index_) : Cell{}},
            {"last_index", has_index ? Cell::of(durable_.last_index) : Cell{}},
            {"commit", durable_.commit > 0 ? Cell::of(durable_.commit) : Cell{}},
        };
        return print_facts(facts);
    }

    void say_done() const noexcept {
        const std::uint64_t count = durable_.appended;
        const std::string_view commit = joined({", commit ", piece(durable_.commit)});
        if (durable_.duplicate > 0)
            say({piece(durable_.duplicate), events_were(durable_.duplicate), " there already"});
        else if (count == 0 && durable_.commit > 0)
            say({"checkpoint of ", request_.tracking.consumer, commit});
        else if (count == 0)
            say({"nothing to append"});
        if (count == 0) return;
        const std::string_view events = count == 1 ? " event" : " events";
        if (request_.stream_count == 0) return say({"appended ", piece(count), events, commit});
        say({"appended ", piece(count), events, " to ", request_.stream(), ": index ",
             piece(static_cast<std::uint64_t>(first_index_)), " to ",
             piece(static_cast<std::uint64_t>(durable_.last_index)), commit});
    }

    const Request& request_;
    Store& store_;
    Batch batch_;
    LineInput input_;
    Progress progress_;
    std::uint64_t input_size_ = size_of_input();
    std::uint64_t unsynced_size_ = 0;
    std::uint64_t due_us_ = 0;  // When what waits is made durable whatever comes.
    Count done_;
    Count durable_;
    std::int64_t first_index_ = 0;
    bool has_unattested_ = false;
    bool finished_ = false;
    int code_ = exit_done;
};

}  // namespace

int run_append(const Request& request) noexcept {
    Session session;
    const std::uint64_t own_size = request.memory_size / own_share;
    const std::uint64_t input_size = request.one_event ? 0 : size_of_input();
    if (const int code = session.open(request, Access::write, own_size, input_size);
        code != exit_done)
        return code;
    return Appender{request, session}.run();
}

}  // namespace freshet::shell
