// SPDX-License-Identifier: MIT
// `freshet append`: each batch of lines is one commit, made durable before the next line is parsed.
// An event's text stays in the input's memory until then, so nothing is copied.
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/text.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/input.hpp"
#include "shell/ndjson.hpp"
#include "shell/report.hpp"
#include "shell/session.hpp"

namespace freshet::shell {
namespace {

// A fourth of the memory is the command's, and a fifth of that is for what is known of each event.
constexpr std::uint64_t own_share = 4;
constexpr std::uint64_t events_share = 5;

constexpr int pause_ms = 20;  // Of the input, after which what was committed is attested.

std::size_t event_count_max(MutableBytes own) noexcept {
    return own.size() / events_share / (sizeof(Event) + sizeof(StreamAppend));
}

std::span<Event> event_memory(MutableBytes own) noexcept {
    const std::size_t count = event_count_max(own);
    auto* const first = reinterpret_cast<Event*>(own.data());
    for (std::size_t i = 0; i < count; i++) ::new (first + i) Event{};
    return {first, count};
}

// Behind the events: at most one for each.
std::span<StreamAppend> append_memory(MutableBytes own) noexcept {
    const std::size_t count = event_count_max(own);
    auto* const first = reinterpret_cast<StreamAppend*>(own.data() + count * sizeof(Event));
    for (std::size_t i = 0; i < count; i++) ::new (first + i) StreamAppend{};
    return {first, count};
}

std::span<char> text_memory(MutableBytes own) noexcept {
    const std::size_t used = own.size() / events_share;
    return {reinterpret_cast<char*>(own.data() + used), own.size() - used};
}

bool is_blank(std::span<const char> line) noexcept {
    return std::all_of(line.begin(), line.end(), [](char letter) noexcept {
        return letter == ' ' || letter == '\t' || letter == '\r';
    });
}

class Appender {
public:
    Appender(const Request& request, Session& session) noexcept
        : request_{request},
          store_{session.store()},
          events_{event_memory(session.own())},
          appends_{append_memory(session.own())},
          input_{STDIN_FILENO, text_memory(session.own())} {}

    int run() noexcept {
        while (code_ == exit_done && !finished_) step();
        const int closed = close();
        return code_ == exit_done ? closed : code_;
    }

private:
    void step() noexcept {
        std::span<char> line;
        switch (input_.next(line)) {
            case LineInput::Step::line: return take(line);
            case LineInput::Step::end: finished_ = true; return commit();
            default: return fill();
        }
    }

    void fill() noexcept {
        const bool may_commit_early = count_ > 0 && !request_.fixed_batches;
        const int timeout_ms = may_commit_early ? 0 : has_unattested_ ? pause_ms : wait_for_input;
        switch (input_.fill(timeout_ms)) {
            case LineInput::Step::dry: return may_commit_early ? commit() : attest();
            case LineInput::Step::full: return may_commit_early ? commit() : report_full();
            case LineInput::Step::interrupted: return report_interrupted();
            case LineInput::Step::failed: return report_failed();
            default: return;
        }
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
        if (count_ == events_.size()) return report_full();
        LineError error;
        std::string_view stream = request_.stream;
        std::string_view* const named = request_.has_stream ? nullptr : &stream;
        if (!parse_event(line, events_[count_], error, named)) return report_line(line, error);
        assign(stream);
        count_++;
        const bool is_out_of_room = count_ == events_.size() && !request_.fixed_batches;
        if (count_ == request_.batch_count_max || is_out_of_room) commit();
    }

    // The event that was just parsed goes to a stream; neighbours of one stream go together.
    void assign(std::string_view stream) noexcept {
        if (append_count_ == 0 || appends_[append_count_ - 1].stream != stream) {
            appends_[append_count_++] = {
                .stream = stream, .expected = Expected::any(), .events = {&events_[count_], 0}};
        }
        std::span<const Event>& events = appends_[append_count_ - 1].events;
        events = {events.data(), events.size() + 1};
    }

    void commit() noexcept {
        if (count_ > 0 && !append_batch()) return;
        committed_lines_ = input_.line_number();
        count_ = 0;
        append_count_ = 0;
        input_.release();
    }

    bool append_batch() noexcept {
        const bool is_first = appended_count_ + duplicate_count_ == 0;
        if (is_first) appends_[0].expected = request_.expected;
        Diagnostic diagnostic;
        const Result<Appended> result =
            store_.append(appends_.first(append_count_), {}, Durability::durable, diagnostic);
        if (!result) {
            report_refused(diagnostic);
            return false;
        }
        if (result->outcome == Outcome::duplicate) {
            duplicate_count_ += count_;
            return true;
        }
        if (appended_count_ == 0) first_index_ = result->first_index;
        appended_count_ += count_;
        has_unattested_ = true;
        last_ = *result;
        return true;
    }

    // "12 events were committed, up to line 12"
    std::string_view committed(std::span<char> into) const noexcept {
        const std::uint64_t count = appended_count_ + duplicate_count_;
        TextWriter writer{into};
        if (count == 0) return writer.text("nothing was committed").written();
        writer.number(count).text(count == 1 ? " event was" : " events were");
        return writer.text(" committed, up to line ").number(committed_lines_).written();
    }

    void say_where_to_go_on(std::string_view advice) const noexcept {
        std::array<char, 96> memory;
        say({"hint: ", advice, committed(memory), ": go on from line ",
             piece(committed_lines_ + 1)});
    }

    void report_line(std::span<const char> line, const LineError& error) noexcept {
        const std::string_view text{line.data(), line.size()};
        const std::string_view before{text.data(), std::min(error.offset, text.size())};
        const auto column = std::count_if(before.begin(), before.end(), [](char letter) noexcept {
            return (static_cast<unsigned char>(letter) & 0xc0) != 0x80;
        });
        say({"error[bad-line]: stdin:", piece(input_.line_number()), ":",
             piece(static_cast<std::uint64_t>(column) + 1), ": ", error.message});
        show_place(text, before.size());
        std::array<char, 64> memory;
        TextWriter advice{memory};
        if (!error.meant.empty()) advice.text("did you mean \"").text(error.meant).text("\"? ");
        say_where_to_go_on(advice.written());
        code_ = exit_bad_input;
    }

    // Up to 60 bytes on each side of the place, and a mark under it.
    static void show_place(std::string_view text, std::size_t offset) noexcept {
        std::size_t start = offset > 60 ? offset - 60 : 0;
        while (start < offset && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) start++;
        const std::string_view before{text.data() + start, offset - start};
        const std::string_view after{text.data() + offset, text.size() - offset};
        Output output{STDERR_FILENO};
        output.text("  ");
        const std::size_t column_count = output.printable(before, before.size());
        output.printable(after, 60);
        output.text("\n  ").cell("", column_count).text("^\n").flush();
    }

    void report_full() noexcept {
        code_ = report(code_name(Code::out_of_memory), exit_out_of_memory,
                       count_ > 0 ? "this batch does not fit into the memory of this command"
                                  : "this line does not fit into the memory of this command",
                       "");
        say_where_to_go_on("give more with --memory; ");
    }

    void report_refused(const Diagnostic& diagnostic) noexcept {
        code_ = report(diagnostic, request_.database);
        say_earlier();
    }

    void report_failed() noexcept {
        Diagnostic diagnostic;
        diagnostic.error = Error{Code::io, input_.error()};
        code_ = report(diagnostic, "standard input");
        say_earlier();
    }

    void report_interrupted() noexcept {
        code_ = report("interrupted", exit_interrupted, "stopped by a signal", "");
        say_where_to_go_on("");
    }

    void say_earlier() const noexcept {
        if (appended_count_ + duplicate_count_ == 0) return;
        std::array<char, 96> memory;
        say({"note: ", committed(memory)});
    }

    int close() noexcept {
        const Status status = store_.close();
        if (!status) {
            Diagnostic diagnostic;
            diagnostic.error = status.error();
            if (code_ == exit_done) return report(diagnostic, request_.database);
        }
        if (code_ == exit_done && !request_.quiet) say_done();
        return exit_done;
    }

    void say_done() const noexcept {
        if (duplicate_count_ > 0) {
            say({piece(duplicate_count_), duplicate_count_ == 1 ? " event was" : " events were",
                 " there already"});
        }
        if (appended_count_ == 0) {
            if (duplicate_count_ == 0) say({"nothing to append"});
            return;
        }
        if (!request_.has_stream) {
            say({"appended ", piece(appended_count_), appended_count_ == 1 ? " event" : " events",
                 ", commit ", piece(last_.commit)});
            return;
        }
        say({"appended ", piece(appended_count_), appended_count_ == 1 ? " event" : " events",
             " to ", request_.stream, ": index ", piece(static_cast<std::uint64_t>(first_index_)),
             " to ", piece(static_cast<std::uint64_t>(last_.last_index)), ", commit ",
             piece(last_.commit)});
    }

    const Request& request_;
    Store& store_;
    std::span<Event> events_;
    std::span<StreamAppend> appends_;
    LineInput input_;
    std::size_t count_ = 0;         // Events of the batch so far, ...
    std::size_t append_count_ = 0;  // ... in so many runs of one stream each.
    std::uint64_t committed_lines_ = 0;
    std::uint64_t appended_count_ = 0;
    std::uint64_t duplicate_count_ = 0;
    std::int64_t first_index_ = 0;
    Appended last_;  // Commit.
    bool has_unattested_ = false;
    bool finished_ = false;
    int code_ = exit_done;
};

}  // namespace

int run_append(const Request& request) noexcept {
    Session session;
    if (const int code = session.open(request, Access::write, request.memory_size / own_share);
        code != exit_done) {
        return code;
    }
    return Appender{request, session}.run();
}

}  // namespace freshet::shell
