// SPDX-License-Identifier: MIT
// Errors in words. One sentence says what is the matter, with its numbers; one hint says what to
// do.
#include <array>

#include "base/text.hpp"
#include "freshet/store.hpp"
#include "freshet/version.hpp"
#include "log/format.hpp"

namespace freshet {

namespace {

// An expectation as its writer would say it.
void put_expected(TextWriter& text, std::int64_t expected) noexcept {
    if (expected == Expected::any().number()) {
        text.text("any");
    } else if (expected == Expected::no_stream().number()) {
        text.text("no events");
    } else if (expected == Expected::stream_exists().number()) {
        text.text("that it exists");
    } else {
        text.text("version ").number(expected);
    }
}

void put_last_writer(TextWriter& text, const Failure& failure) noexcept {
    if (failure.commit == 0) return;
    text.text("; commit ")
        .number(failure.commit)
        .text(" wrote it last, at ")
        .time_us(failure.time_us);
}

// Which of several it was; the caller knows the names.
void put_which(TextWriter& text, const Diagnostic& diagnostic, const Failure& failure) noexcept {
    if (failure.of_check) text.text("check ").number(failure.number + 1).text(": ");
    if (failure.of_check || (failure.number == 0 && diagnostic.failure_count == 1)) return;
    text.text("append ").number(failure.number + 1).text(": ");
}

struct Words {
    const char* sentence;
    const char* hint;
};
Words words_of(Code code) noexcept;

void put_failure(TextWriter& text, const Diagnostic& diagnostic) noexcept {
    const Failure& failure = diagnostic.failures[0];
    put_which(text, diagnostic, failure);
    switch (failure.code) {
        case Code::already_exists:
            text.text("there is a stream of this name already");
            put_last_writer(text, failure);
            break;
        case Code::idempotency_conflict:
            text.text("event ").number(failure.event + 1);
            text.text(failure.commit == 0
                          ? " is new, but the one before it is there already by its id"
                          : " is there already by its id, in another place or with other content");
            if (failure.commit != 0) text.text(" (commit ").number(failure.commit).text(")");
            break;
        case Code::condition_failed:
            text.text("event ").number(failure.actual).text(" of commit ").number(failure.commit);
            text.text(" is in the way of condition ").number(failure.number + 1);
            break;
        case Code::checkpoint_behind:
            text.text("the consumer has come to ").number(failure.actual);
            text.text(" already, and ").number(failure.expected).text(" was given");
            break;
        case Code::invalid_argument:
            text.text("cannot truncate before index ").number(failure.expected);
            text.text(failure.expected < failure.actual ? "; it is truncated before "
                                                        : "; the next index is ");
            text.number(failure.actual);
            break;
        case Code::stream_not_found:
        case Code::stream_deleted:
        case Code::stream_tombstoned:
        case Code::stream_closed:
            text.text(words_of(failure.code).sentence);
            put_last_writer(text, failure);
            break;
        default:
            text.text("expected ");
            put_expected(text, failure.expected);
            if (failure.actual < 0)
                text.text(", but the stream has no events");
            else
                text.text(", but the stream is at version ").number(failure.actual);
            put_last_writer(text, failure);
            break;
    }
    if (diagnostic.failure_count > 1) {
        text.text(" (and ").number(diagnostic.failure_count - 1).text(" more failed)");
    }
}

void put_place(TextWriter& text, const Diagnostic& diagnostic) noexcept {
    if (diagnostic.segment == 0) {
        text.text("head");
        return;
    }
    text.text(log::as_view(log::segment_name(diagnostic.segment)))
        .text(" at offset ")
        .number(diagnostic.offset);
}

void put_limits(TextWriter& text, const Diagnostic& diagnostic) noexcept {
    if (diagnostic.needed > 0) text.text(": ").number(diagnostic.needed).text(" bytes needed");
    if (diagnostic.limit > 0) {
        text.text(diagnostic.needed > 0 ? ", " : ": ").number(diagnostic.limit);
        text.text(diagnostic.needed > 0 ? " are there" : " bytes are used up");
    }
}

Words words_of_statement(Code code) noexcept {
    switch (code) {
        case Code::syntax: return {"this is not SQL", "look at the place that is named"};
        case Code::type_mismatch:
            return {"a value is of the wrong type", "give another, or CAST it"};
        case Code::unknown_name:
            return {"there is no table, column or index of that name", "look at how it is written"};
        case Code::in_use: return {"something else needs it", "drop that first"};
        case Code::constraint_failed:
            return {"a constraint refuses the row", "change the row, or the constraint"};
        default: return {"unknown error", ""};
    }
}

// For codes whose sentence has no numbers; the hint holds for all.
Words words_of(Code code) noexcept {
    switch (code) {
        case Code::none: return {"nothing is the matter", ""};
        case Code::invalid_argument:
            return {"this call makes no sense here", "see the comment at its declaration"};
        case Code::invalid_name:
            return {"a name is empty, not UTF-8, has control characters, or begins with $",
                    "use 1 to 255 bytes of plain text; streams whose names begin with $ are the "
                    "store's own, to be read only"};
        case Code::too_large:
            return {"too large", "make it smaller, or the store with larger frames"};
        case Code::stream_not_found:
            return {"there is no stream of this name", "check the spelling, or append to it"};
        case Code::already_exists: return {"it exists already", "append to it, or take another"};
        case Code::wrong_version:
            return {"an expectation does not hold", "read the stream, decide again, and retry"};
        case Code::idempotency_conflict:
            return {"an event id is there already",
                    "give a new event a new id; retry a batch only as it was"};
        case Code::ahead_of_log:
            return {"this position is beyond the newest commit",
                    "was the store restored from a copy? start again from it"};
        case Code::diverged:
            return {"this place is not in this log: one of the two went on from a copy",
                    "go back to the newest place that both have, or start again"};
        case Code::other_store:
            return {"this is the place of another store", "check which store it was kept for"};
        case Code::cancelled: return {"cancelled", "start again when it suits"};
        case Code::out_of_memory: return {"the lent memory is full", "lend more memory"};
        case Code::too_many_snapshots:
            return {"all snapshots are in use", "close some, or raise snapshot_count_max"};
        case Code::full:
            return {"the disk is full; nothing was changed", "free some space and try again"};
        case Code::io:
            return {"the system refused to read or write",
                    "look at the system's messages for the disk"};
        case Code::read_only:
            return {"this is read only", "open it for writing, on a file system that takes writes"};
        case Code::permission: return {"not allowed", "check owner and mode of the directory"};
        case Code::locked:
            return {"another process writes here", "open it read only, or wait for that process"};
        case Code::forked:
            return {"the store was opened before a fork", "open it again in this process"};
        case Code::interrupted: return {"interrupted", "try again"};
        case Code::not_found: return {"there is no store here", "check the path, or create one"};
        case Code::not_a_store: return {"this is not a freshet store", "check the path"};
        case Code::newer_format: return {"written by a newer freshet", "use that version"};
        case Code::corrupt:
            return {"stored data is damaged", "keep a copy as it is, and restore a backup"};
        case Code::durability_unknown:
            return {"the sync of this commit failed; it may or may not be durable",
                    "open the store again and look"};
        case Code::poisoned:
            return {"a sync or write failed before; no more is written", "open the store again"};
        case Code::stream_deleted: return {"the stream is deleted", "append to it: indexes go on"};
        case Code::stream_tombstoned: return {"the stream is deleted for ever", "use another name"};
        case Code::stream_closed:
            return {"the stream is closed: it takes no more events", "use another stream"};
        case Code::condition_failed:
            return {"there is an event that the append says there is not",
                    "read from there, decide again, and retry"};
        case Code::checkpoint_behind:
            return {"the consumer has come further", "read its checkpoint, and go on from there"};
        default: return words_of_statement(code);
    }
}

// For a log that has all the segments it may have, Diagnostic::limit says how many.
bool is_out_of_segments(const Diagnostic& diagnostic) noexcept {
    return diagnostic.error.code == Code::full && diagnostic.limit > 0;
}

}  // namespace

std::string_view describe(const Diagnostic& diagnostic, std::span<char> into) noexcept {
    TextWriter text{into};
    const Code code = diagnostic.error.code;
    if (diagnostic.failure_count > 0 && diagnostic.failures[0].code == code) {
        put_failure(text, diagnostic);
        return text.written();
    }
    if (is_out_of_segments(diagnostic)) {
        text.text("the log has used up all of its ").number(diagnostic.limit);
        text.text(" segments; nothing was changed");
        return text.written();
    }
    text.text(words_of(code).sentence);
    if (code == Code::corrupt) {
        text.text(": ");
        put_place(text, diagnostic);
        text.text("; the last good commit is ").number(diagnostic.commit);
    }
    if (code == Code::io && diagnostic.segment != 0) {
        text.text(": ");
        put_place(text, diagnostic);
    }
    if (code == Code::too_large || code == Code::out_of_memory) put_limits(text, diagnostic);
    if (code == Code::newer_format) {
        text.text(": format ")
            .number(diagnostic.format)
            .text(", this one reads ")
            .number(format_version);
    }
    if (code == Code::locked && diagnostic.holder.process != 0) {
        text.text(": process ").number(diagnostic.holder.process);
        if (diagnostic.holder.since_us != 0)
            text.text(", since ").time_us(diagnostic.holder.since_us);
    }
    if (code == Code::durability_unknown && diagnostic.commit != 0)
        text.text(" (commit ").number(diagnostic.commit).text(")");
    if (diagnostic.error.system_error != 0)
        text.text(" (system error ").number(diagnostic.error.system_error).text(")");
    return text.written();
}

std::string_view hint(const Diagnostic& diagnostic, std::span<char> into) noexcept {
    TextWriter text{into};
    text.text(is_out_of_segments(diagnostic) ? "open it with a larger segment_count_max"
                                             : words_of(diagnostic.error.code).hint);
    return text.written();
}

}  // namespace freshet
