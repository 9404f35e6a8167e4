// SPDX-License-Identifier: MIT
// `freshet help` and `freshet version`.
#include <unistd.h>

#include "freshet/version.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/nearest.hpp"
#include "shell/output.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

constexpr std::string_view overview =
    R"(freshet: event streams on one crash-safe log

  freshet append DB [STREAM] append events from standard input, one JSON object a line
  freshet read DB STREAM     print the events of one stream
  freshet log DB             print the events of all streams in commit order
  freshet verify DB          check every byte of the store
  freshet help TOPIC         append, read, log, verify, events, errors
  freshet version

DB is the directory of the store. For all of them:
  --memory SIZE              to work with, 64M if neither this nor FRESHET_MEMORY says else
  -q, --quiet                say nothing where all is well
  -h, --help                 what the command takes
)";

constexpr std::string_view about_append =
    R"(freshet append DB [STREAM] [FLAGS] < EVENTS

Appends events from standard input, one JSON object a line (see: freshet help events).
Without STREAM each line names its own: {"stream":"account-1","type":"Paid",...}
Each batch is one commit: all of it happens, or nothing. It is on the disk when it is counted.

  --create       make the store if there is none
  --expect E     any         the default
                 no-stream   the stream has no events yet
                 exists      the stream exists
                 N           N is the index of its last event
                 For the first batch; if it does not hold, nothing is appended (exit code 4).
                 Needs STREAM.
  --batch N      N events a commit, or `all` of the input in one. Without it up to 1000, and
                 fewer where the input pauses or the memory is full.
)";

constexpr std::string_view about_read =
    R"(freshet read DB STREAM [FLAGS]

Prints the events of one stream: as lines of JSON, or on a terminal as a table.
Works beside a program that appends.

  --from N       start at the event with this index, or at the `newest`
  --backwards    from there to the beginning; from the newest if nothing is said
  --limit N      at most N events
  --ndjson       lines of JSON on a terminal too
)";

constexpr std::string_view about_log =
    R"(freshet log DB [FLAGS]

Prints the events of all streams in commit order, as `read` does.

  --after N      only events after the one with this ordinal
  --commit N     start at this commit
  --prefix TEXT  only streams whose names begin so
  --type TYPE    only events of this type
  --limit N      at most N events
  --ndjson       lines of JSON on a terminal too
)";

constexpr std::string_view about_verify =
    R"(freshet verify DB [FLAGS]

Reads the whole log: every checksum, the chain, and that what is found by key is what the log
adds up to. Prints the head: keep it elsewhere, and hold the store against it later.

  --head HEAD    also check that the log contains this head of an earlier verify
)";

constexpr std::string_view about_events =
    R"(An event is one JSON object on one line:

  {"type":"Paid","data":{"cents":995},"metadata":{"by":"ada"},"id":"5f0c...32 hex digits"}

  type             1 to 255 bytes of UTF-8 without control characters
  data             any JSON value, kept byte for byte; may be missing
  data_base64      instead of data: any bytes
  metadata, metadata_base64   as data
  id               makes it safe to append twice: 32 hexadecimal digits or a UUID

What read and log print has also stream, index, ordinal, commit and time. Append takes the stream
from there if it was given none, and passes over the rest: the output of one store can be the
input of another.
)";

struct Topic {
    std::string_view name;
    std::string_view text;
};

constexpr std::array<Topic, 7> topics{{
    {"append", about_append},
    {"read", about_read},
    {"log", about_log},
    {"verify", about_verify},
    {"events", about_events},
    {"errors", {}},
    {"help", overview},
}};

constexpr std::string_view exit_codes =
    R"(Errors are printed as error[CODE]: with a hint. The exit code of each:

    0  done
    2  usage
    9  bad-line
  130  interrupted
  141  (silent) the reader of the pipe is gone
)";

void print_errors(Output& output) noexcept {
    output.text(exit_codes);
    for (std::uint16_t i = 1; i < static_cast<std::uint16_t>(Code::code_count); i++) {
        output.number(static_cast<std::uint64_t>(exit_code(Code{i})), 5);
        output.text("  ").text(code_name(Code{i})).text("\n");
    }
    output.text("\n 5: cannot open   7: try again may help   8: give more with --memory\n");
}

int report_unknown(std::string_view name) noexcept {
    std::array<std::string_view, topics.size()> names{};
    for (std::size_t i = 0; i < topics.size(); i++) names[i] = topics[i].name;
    const std::string_view meant = nearest(name, names);
    say({"error[usage]: there is no help on ", name});
    if (meant.empty())
        say({"hint: see: freshet help"});
    else
        say({"hint: did you mean ", meant, "?"});
    return exit_usage;
}

}  // namespace

int run_help(std::string_view topic) noexcept {
    Output output{STDOUT_FILENO};
    if (topic == "errors") {
        print_errors(output);
        output.flush();
        return exit_done;
    }
    if (topic.empty() || topic == "version") topic = "help";
    for (const Topic& known : topics) {
        if (known.name != topic) continue;
        output.text(known.text).flush();
        return exit_done;
    }
    return report_unknown(topic);
}

int run_version() noexcept {
    Output output{STDOUT_FILENO};
    output.text("freshet ").text(version_text).text(", format ").number(format_version);
    output.text("\n").flush();
    return exit_done;
}

}  // namespace freshet::shell
