// SPDX-License-Identifier: MIT
#include "shell/help_text.hpp"

#include <array>

namespace freshet::shell {
namespace {

constexpr std::string_view overview =
    R"(freshet: event streams, and tables in SQL, on one crash-safe log

  freshet DB [SQL...]            run SQL; without it, from standard input or a prompt
  freshet create DB [STREAM...]  make a store, or streams in it
  freshet append DB [STREAM]     append events: from standard input, or one from arguments
  freshet read DB STREAM         print the events of one stream
  freshet log DB                 print the events of all streams in commit order
  freshet streams DB [PREFIX]    list the streams
  freshet settings DB STREAM     what a stream shows and takes: cut, bound, close or delete it
  freshet checkpoints DB [NAME]  list how far consumers have come
  freshet verify DB              check every byte of the store
  freshet stats DB               sizes and counts
  freshet head DB                where the log ends: keep it elsewhere for verify
  freshet snapshot DB            make a sorted file of what the log adds up to: opening is quick
  freshet backup DB DEST         copy the store, in use or not, as of any commit
  freshet help [TOPIC]           a command, sql, events, output or errors
  freshet version                this program and the format it writes

DB is the directory of the store. `freshet COMMAND --help` says what a command takes.
)";

constexpr std::string_view about_create =
    R"(freshet create DB [STREAM...] [FLAGS]

Makes a store where there is none, and the streams that are named, all of them or none. A stream
need not be made before something is appended to it.

  --sha256               a SHA-256 chain over salted digests beside the CRC-32C: tamper-evident
                         against a head that was kept elsewhere
  --segment-size SIZE    of the files of the log, a power of two from 4K to 1G; 64M
  --frame-size SIZE      what an event must fit into, from 1K to a quarter of a segment; 1M
)";

constexpr std::string_view about_append =
    R"(freshet append DB [STREAM] [FLAGS] < EVENTS
freshet append DB STREAM --type TYPE [--data TEXT] [--meta TEXT] [FLAGS]

Appends events from standard input, one JSON object a line (see: freshet help events), or one
event from the arguments. Without STREAM each line names its own:
{"stream":"account-1","type":"Paid",...}
Each batch is one commit: all of it happens, or nothing. What is counted at the end, or in an
error, is on the disk.

  --create               make the store if there is none
  --expect E             any         the default
                         none        the stream has no events yet
                         exists      the stream exists
                         N           N is the index of its last event
                         For the first batch; if it does not hold, nothing is appended.
  --batch N|all          N events a commit, or all of the input in one. Without it up to 1000,
                         and fewer where the input pauses or the memory is full.

One event from the arguments:
  --type TYPE            one event of this type, and nothing from standard input
  --data TEXT|@FILE      its payload; @- is standard input
  --meta TEXT|@FILE      its metadata
  --id ID                makes it safe to try again: 32 hexadecimal digits or a UUID
  --schema-version N     of the type, 1 to 65535; 1
  --correlation ID       to which conversation it belongs: $correlationId in its metadata
  --causation ID         from which event or command it followed: $causationId

What the commit rests on, and what comes with it; all of the input is then one commit:
  --fail-if-type TYPE    refuse it if there is an event of this type, or of any of several ...
  --fail-if-tag TAG      ... with this tag, or with all of several, ...
  --fail-if-stream PREFIX  ... in a stream whose name begins so, ...
  --after ORDINAL        ... behind the one with this ordinal, which was seen; else anywhere
  --checkpoint CONSUMER=ORDINAL   this consumer goes on from there; it never goes back
)";

constexpr std::string_view about_read =
    R"(freshet read DB STREAM [FLAGS]

Prints the events of one stream. Works beside a program that appends.

  --from H               beginning, newest, or the index of the event to start at
  --backwards            from there to the beginning; from the newest if nothing is said
  --limit N              at most N events
)";

constexpr std::string_view about_log =
    R"(freshet log DB [FLAGS]

Prints the events of all streams in commit order, those too that their streams hide. Works
beside a program that appends.

  --after ORDINAL        only events after the one with this ordinal
  --commit N             start at this commit
  --consumer NAME        start where this consumer's checkpoint says
  --head HEAD            start at this head of earlier, if this store has it in its history
  --stream-prefix TEXT   only streams whose names begin so
  --category NAME        only streams of this category: account of account-17
  --group K/N            only the share of consumer K of N, from 0: by the hash of what follows -
  --type TYPE            only events of this type
  --correlation ID       only events with this $correlationId in their metadata
  --all                  the store's own events, too: settings and checkpoints
  --limit N              at most N events
  --follow               go on as more becomes durable, through writers that come and go
  -v, --verbose          with --follow, say on standard error each time all has been printed
)";

constexpr std::string_view about_streams =
    R"(freshet streams DB [PREFIX] [FLAGS]

Lists the streams whose names begin with PREFIX, or all, in the order of their names: how many
events each shows, its version, which is the index of the last one (-1 if it is empty), and its
state: open, closed, deleted or tombstoned.

  --limit N              at most N streams
  --all                  the store's own streams, too; their names begin with $
)";

constexpr std::string_view about_settings =
    R"(freshet settings DB STREAM [FLAGS]

Prints what a stream shows and takes; with a flag of these, changes it first. Nothing leaves the
log, and indexes go on as they were.

  --truncate-before N    hide the events before index N, for ever
  --max-count N          show only the newest N; 0 for all
  --max-age AGE          show only what is at most so old: 90s, 12h, 30d; 0 for any
  --delete               hide all there is, until something is appended again
  --close                take no more events, for ever
  --tombstone            the name is dead: no reads, no appends, for ever
  --expect E             any, none, exists or N: what the stream must be, as of append
)";

constexpr std::string_view about_checkpoints =
    R"(freshet checkpoints DB [NAME] [FLAGS]

Lists the consumers whose names begin with NAME, or all: the ordinal from which each goes on, and
which commit said so, and when. `freshet append --checkpoint` writes them.

  --limit N              at most N consumers
)";

constexpr std::string_view about_verify =
    R"(freshet verify DB [FLAGS]

Reads the whole log: every checksum, the chain, and that what is found by key is what the log
adds up to. Prints the head: keep it elsewhere, and hold the store against it later.

  --head HEAD            also check that the log contains this head of earlier
)";

constexpr std::string_view about_stats =
    R"(freshet stats DB [FLAGS]

Says what the store holds, how much of the memory its directory takes, and what lies in runs:
how many, their bytes, up to which commit they go, and whether one is due.
)";

constexpr std::string_view about_head =
    R"(freshet head DB [FLAGS]

Prints where the log ends, as one word that stands for all that is before it: keep it elsewhere,
and `freshet verify DB --head HEAD` tells later whether the log still contains it.
)";

constexpr std::string_view about_snapshot =
    R"(freshet snapshot DB [FLAGS]

Makes a run now: a sorted file of what the log adds up to, so that whoever opens the store reads no
more log than came since. Several of them, which come by themselves otherwise, become one. Nothing
is lost with it: files named *.run can be deleted while nobody has the store open, and are made
anew from the log.
)";

constexpr std::string_view about_backup =
    R"(freshet backup DB DEST [FLAGS]

Copies the store into the directory DEST, which is made if it is missing, while others read and
write. The copy is read back and checked before it counts as a store; it begins an epoch of its
own, which tells it from the original. To restore is to use the copy.

  --to-commit N          as it was after this commit
  --to-time TIME         as it was at this time: 2026-11-20T23:50:07Z, or a day
  --runs                 copy the runs up to then, too, so that the copy opens without reading all
                         of its log; one that is damaged is left out with a warning
)";

constexpr std::string_view about_sql =
    R"(freshet [FLAGS] DB [SQL...]
freshet sql DB [SQL...] [FLAGS]

Runs statements of SQL: those in the arguments, those of files, or else those of standard input; at
a terminal, as they are typed. Each is a commit of its own, unless BEGIN and COMMIT say otherwise.
The first that fails ends it, and its exit code is the program's. Without the word sql, DB is
written with a point or a slash in it, or behind a flag.

  --create               make the store if there is none
  -f, --file FILE        run what is in it; - is standard input
  --at COMMIT|TIME       read everything as of then, and write nothing
  --read-only            write nothing; works beside a program that writes
  --keep-going           go on behind a statement that failed

At the prompt: .help says what there is beside SQL.
)";

constexpr std::string_view about_events =
    R"(An event is one JSON object on one line:

  {"type":"Paid","data":{"cents":995},"metadata":{"by":"ada"},"id":"5f0c...32 hex digits"}

  type             1 to 255 bytes of UTF-8 without control characters
  data             any JSON value, kept byte for byte; may be missing
  data_base64      instead of data: any bytes
  metadata, metadata_base64   as data
  id               makes it safe to append twice: 32 hexadecimal digits or a UUID
  schema_version   of the type, 1 to 65535; 1 if it is missing

Metadata that is an object can have the members "$correlationId", "$causationId" and "$tags", an
array of text: log finds events by the first, --fail-if-tag by the last.

What read and log print with --ndjson has also stream, index, ordinal, commit and time. Append
takes the stream from there if it was given none, and passes over the rest: the output of one
store can be the input of another.
)";

constexpr std::string_view about_output =
    R"(Data goes to standard output, everything else to standard error. Without a flag, it is a box
on a terminal, and lines with tabs elsewhere:

  --box            columns; what does not fit is cut and ends in ~
  --tsv            a header, then a line a row, escaped as COPY of PostgreSQL does it: \t \n \r
                   \\, \N where there is nothing; bytes that are no text as \\x and hexadecimal
  --json           one array or object
  --ndjson         an object a line; events as `append` takes them

With --json and --ndjson an error is one line of JSON on standard error.
Environment: NO_COLOR (no colours), TERM=dumb (nor lines), FRESHET_MEMORY (as --memory).
)";

constexpr std::array<Topic, 18> all_topics{{
    {"help", overview},
    {"version", overview},
    {"create", about_create, true},
    {"append", about_append, true},
    {"read", about_read, true},
    {"log", about_log, true},
    {"streams", about_streams, true},
    {"settings", about_settings, true},
    {"checkpoints", about_checkpoints, true},
    {"verify", about_verify, true},
    {"stats", about_stats, true},
    {"head", about_head, true},
    {"snapshot", about_snapshot, true},
    {"backup", about_backup, true},
    {"sql", about_sql, true},
    {"events", about_events},
    {"output", about_output},
    {"errors", {}},
}};

}  // namespace

const std::string_view about_all =
    R"(
For all commands:
  --memory SIZE          to work with: 64M, if neither this nor FRESHET_MEMORY says else
  --no-maps SIZE         read files into this much more memory instead of mapping them
  --wait MS              how long to wait for another program that writes there
  --box, --tsv, --json, --ndjson   how to print (see: freshet help output)
  --color auto|always|never
  -q, --quiet            say nothing where all is well
  -h, --help             this
)";

const std::string_view about_errors =
    R"(An error is printed as `error[CODE]: sentence`, with a hint what to do. The exit code of each
CODE never changes:

)";

std::span<const Topic> topics() noexcept {
    return all_topics;
}

}  // namespace freshet::shell
