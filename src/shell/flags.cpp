// SPDX-License-Identifier: MIT
#include "shell/flags.hpp"

#include "base/utf8.hpp"
#include "shell/head_text.hpp"
#include "shell/values.hpp"

namespace freshet::shell {
namespace {

constexpr std::uint32_t of_create = bit(Command::create);
constexpr std::uint32_t of_append = bit(Command::append);
constexpr std::uint32_t of_read = bit(Command::read);
constexpr std::uint32_t of_log = bit(Command::log);
constexpr std::uint32_t of_streams = bit(Command::streams);
constexpr std::uint32_t of_sql = bit(Command::sql);
constexpr std::uint32_t of_settings = bit(Command::settings);
constexpr std::uint32_t listers = of_read | of_log | of_streams | bit(Command::checkpoints);
constexpr std::uint32_t all = ~0U;

constexpr CommandInfo all_commands[] = {
    {""},
    {"create", true, 0, stream_count_max},
    {"append", true, 0, 1},
    {"read", true, 1, 1},
    {"log", true},
    {"streams", true, 0, 1},
    {"settings", true, 1, 1},
    {"checkpoints", true, 0, 1},
    {"verify", true},
    {"stats", true},
    {"head", true},
    {"snapshot", true},
    {"backup", true, 1, 1},
    {"sql", true, 0, stream_count_max},
    {"help"},
    {"version"},
};

using Text = std::string_view;

bool set_batch(Request& request, Text text) noexcept {
    request.fixed_batches = true;
    request.batch_count_max = no_limit;
    return text == "all" ||
           (parse_count(text, request.batch_count_max) && request.batch_count_max > 0);
}

bool set_from(Request& request, Text text) noexcept {
    std::uint64_t index = 0;
    request.from = Horizon::newest();
    if (text == "newest") return true;
    const bool good = text == "beginning" || parse_count(text, index);
    request.from = Horizon::index(index);
    return good;
}

bool set_color(Request& request, Text text) noexcept {
    request.color = text == "always"  ? Color::always
                    : text == "never" ? Color::never
                                      : Color::automatic;
    return text == "always" || text == "never" || text == "auto";
}

bool set_format(Request& request, Format format) noexcept {
    request.format = format;
    return true;
}

bool set_after(Request& request, Text text) noexcept {
    std::uint64_t ordinal = 0;
    if (!parse_count(text, ordinal)) return false;
    request.start = LogStart::ordinal(ordinal == no_limit ? ordinal : ordinal + 1);
    return true;
}

bool set_commit(Request& request, Text text) noexcept {
    std::uint64_t commit = 0;
    if (!parse_count(text, commit)) return false;
    request.start = LogStart::commit(commit);
    return true;
}

bool set_to_commit(Request& request, Text text) noexcept {
    std::uint64_t commit = 0;
    const bool good = parse_count(text, commit);
    request.until = Until::commit(commit);
    return good;
}

bool set_to_time(Request& request, Text text) noexcept {
    std::uint64_t time_us = 0;
    const bool good = parse_time(text, time_us);
    request.until = Until::time(time_us);
    return good;
}

bool set_at(Request& request, Text text) noexcept {
    return set_to_commit(request, text) || set_to_time(request, text);
}

bool set_head(Request& request, Text text) noexcept {
    request.has_head = true;
    return parse_head(text, request.head);
}

bool set_schema_version(Request& request, Text text) noexcept {
    std::uint64_t version = 0;
    const bool good = parse_count(text, version) && version > 0 && version <= 65535;
    request.schema_version = static_cast<std::uint16_t>(version);
    return good;
}

bool set_correlation(Request& request, Text text) noexcept {
    request.filter.correlation = text;
    return is_name(text, event_type_size_max);
}

bool set_causation(Request& request, Text text) noexcept {
    request.causation = text;
    return is_name(text, event_type_size_max);
}

bool set_checkpoint(Request& request, Text text) noexcept {
    const std::size_t size = text.rfind('=');
    if (size == Text::npos) return false;
    request.tracking.consumer = {text.data(), size};
    text.remove_prefix(size + 1);
    return parse_count(text, request.tracking.ordinal);
}

bool add_text(TextList& list, Text text) noexcept {
    if (list.count == list.texts.size()) return false;
    list.texts[list.count++] = text;
    return true;
}

// What is not in the log any more cannot be shown again.
bool set_settings_number(std::uint64_t& number, Text text) noexcept {
    return parse_count(text, number) && number != unchanged;
}

bool set_text(Text& text, Text value) noexcept {
    text = value;
    return true;
}

constexpr std::uint64_t memory_size_max = std::uint64_t{1} << 40;

constexpr FlagInfo all_flags[] = {
    {"--help", "", "", all, [](Request& r, Text) noexcept { return r.wants_help = true; }},
    {"--version", "", "", bit(Command::none),
     [](Request& r, Text) noexcept {
         r.command = Command::version;
         return true;
     }},
    {"--quiet", "", "", all, [](Request& r, Text) noexcept { return r.quiet = true; }},
    {"--memory", "SIZE", "a size like 64M or 2G, up to 1024G", all,
     [](Request& r, Text v) noexcept {
         return parse_size(v, r.memory_size) && r.memory_size <= memory_size_max;
     }},
    {"--no-maps", "SIZE", "a size like 64M or 2G", all,
     [](Request& r, Text v) noexcept { return parse_size(v, r.copies_size); }},
    {"--wait", "MS", "a number of milliseconds", all,
     [](Request& r, Text v) noexcept { return parse_count(v, r.wait_ms); }},
    {"--color", "auto|always|never", "auto, always or never", all, set_color},
    {"--box", "", "", all, [](Request& r, Text) noexcept { return set_format(r, Format::box); }},
    {"--tsv", "", "", all, [](Request& r, Text) noexcept { return set_format(r, Format::tsv); }},
    {"--json", "", "", all, [](Request& r, Text) noexcept { return set_format(r, Format::json); }},
    {"--ndjson", "", "", all,
     [](Request& r, Text) noexcept { return set_format(r, Format::ndjson); }},
    {"--create", "", "", of_append | of_sql,
     [](Request& r, Text) noexcept { return r.create = true; }},
    {"--expect", "any|none|exists|N", "any, none, exists or the index of the last event",
     of_append | of_settings,
     [](Request& r, Text v) noexcept { return parse_expected(v, r.expected); }},
    {"--batch", "N|all", "a number from 1 on, or all", of_append, set_batch},
    {"--data", "TEXT|@FILE", "", of_append,
     [](Request& r, Text v) noexcept { return set_text(r.data, v); }},
    {"--meta", "TEXT|@FILE", "", of_append,
     [](Request& r, Text v) noexcept { return set_text(r.metadata, v); }},
    {"--id", "ID", "32 hexadecimal digits or a UUID, not all zeros", of_append,
     [](Request& r, Text v) noexcept { return parse_event_id(v, r.id); }},
    {"--schema-version", "N", "a number from 1 to 65535", of_append, set_schema_version},
    {"--correlation", "ID", "1 to 255 bytes of text", of_append | of_log, set_correlation},
    {"--causation", "ID", "1 to 255 bytes of text", of_append, set_causation},
    {"--fail-if-type", "TYPE", "at most 16 of them", of_append,
     [](Request& r, Text v) noexcept { return add_text(r.fail_if_types, v); }},
    {"--fail-if-tag", "TAG", "at most 16 of them", of_append,
     [](Request& r, Text v) noexcept { return add_text(r.fail_if_tags, v); }},
    {"--fail-if-stream", "PREFIX", "", of_append,
     [](Request& r, Text v) noexcept { return set_text(r.fail_if_stream, v); }},
    {"--checkpoint", "CONSUMER=ORDINAL", "a name, = and a number", of_append, set_checkpoint},
    {"--truncate-before", "N", "the index of an event", of_settings,
     [](Request& r, Text v) noexcept {
         return set_settings_number(r.settings.truncate_before, v);
     }},
    {"--max-count", "N", "a number; 0 for all", of_settings,
     [](Request& r, Text v) noexcept { return set_settings_number(r.settings.max_count, v); }},
    {"--max-age", "AGE", "an age like 90s, 12h or 30d; 0 for any", of_settings,
     [](Request& r, Text v) noexcept { return parse_age(v, r.settings.max_age_us); }},
    {"--delete", "", "", of_settings,
     [](Request& r, Text) noexcept { return r.settings.deleted = true; }},
    {"--close", "", "", of_settings,
     [](Request& r, Text) noexcept { return r.settings.closed = true; }},
    {"--tombstone", "", "", of_settings,
     [](Request& r, Text) noexcept { return r.settings.tombstoned = true; }},
    {"--from", "beginning|N|newest", "beginning, newest or the index of an event", of_read,
     set_from},
    {"--backwards", "", "", of_read,
     [](Request& r, Text) noexcept {
         r.direction = Direction::backwards;
         return true;
     }},
    {"--limit", "N", "a number", listers,
     [](Request& r, Text v) noexcept { return parse_count(v, r.limit); }},
    {"--after", "ORDINAL", "a number", of_log | of_append, set_after},
    {"--commit", "N", "a number", of_log, set_commit},
    {"--type", "TYPE", "", of_append | of_log,
     [](Request& r, Text v) noexcept { return set_text(r.type, v); }},
    {"--stream-prefix", "TEXT", "", of_log,
     [](Request& r, Text v) noexcept { return set_text(r.filter.stream_prefix, v); }},
    {"--category", "NAME", "", of_log,
     [](Request& r, Text v) noexcept { return set_text(r.filter.category, v); }},
    {"--group", "K/N", "K/N, where K is from 0 to N - 1", of_log,
     [](Request& r, Text v) noexcept {
         return parse_group(v, r.filter.group_member, r.filter.group_count);
     }},
    {"--consumer", "NAME", "", of_log,
     [](Request& r, Text v) noexcept { return set_text(r.consumer, v); }},
    {"--all", "", "", of_log | of_streams, [](Request& r, Text) noexcept { return r.all = true; }},
    {"--follow", "", "", of_log, [](Request& r, Text) noexcept { return r.follow = true; }},
    {"--verbose", "", "", of_log, [](Request& r, Text) noexcept { return r.verbose = true; }},
    {"--to-commit", "N", "a number", bit(Command::backup), set_to_commit},
    {"--to-time", "TIME", "a time like 2026-11-20T23:50:07Z", bit(Command::backup), set_to_time},
    {"--runs", "", "", bit(Command::backup),
     [](Request& r, Text) noexcept { return r.copies_runs = true; }},
    {"--head", "HEAD", "the word that `freshet head` or verify gave", bit(Command::verify) | of_log,
     set_head},
    {"--at", "COMMIT|TIME", "the number of a commit, or a time like 2026-11-20T23:50:07Z", of_sql,
     set_at},
    {"--file", "FILE", "at most 16 of them", of_sql,
     [](Request& r, Text v) noexcept { return add_text(r.scripts, v); }},
    {"--read-only", "", "", of_sql, [](Request& r, Text) noexcept { return r.read_only = true; }},
    {"--keep-going", "", "", of_sql, [](Request& r, Text) noexcept { return r.keep_going = true; }},
    {"--sha256", "", "", of_create, [](Request& r, Text) noexcept { return r.sha256 = true; }},
    {"--segment-size", "SIZE", "a size like 64M", of_create,
     [](Request& r, Text v) noexcept { return parse_size(v, r.segment_size); }},
    {"--frame-size", "SIZE", "a size like 1M", of_create,
     [](Request& r, Text v) noexcept { return parse_size(v, r.frame_size); }},
};
static_assert(std::size(all_flags) <= 64);

}  // namespace

std::span<const CommandInfo> commands() noexcept {
    return all_commands;
}

std::span<const FlagInfo> flags() noexcept {
    return all_flags;
}

}  // namespace freshet::shell
