// SPDX-License-Identifier: MIT
#include "shell/options.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "shell/nearest.hpp"
#include "shell/values.hpp"

namespace freshet::shell {
namespace {

constexpr std::uint32_t bit(Command command) noexcept {
    return 1U << static_cast<unsigned>(command);
}
constexpr std::uint32_t of_create = bit(Command::create);
constexpr std::uint32_t of_append = bit(Command::append);
constexpr std::uint32_t of_read = bit(Command::read);
constexpr std::uint32_t of_log = bit(Command::log);
constexpr std::uint32_t listers = of_read | of_log | bit(Command::streams);
constexpr std::uint32_t all = ~0U;

// Which words a command takes behind its name.
struct CommandInfo {
    std::string_view name;
    bool needs_database = false;
    std::size_t stream_count_min = 0;
    std::size_t stream_count_max = 0;
};

constexpr std::array<CommandInfo, 12> commands{{
    {""},
    {"create", true, 0, stream_count_max},
    {"append", true, 0, 1},
    {"read", true, 1, 1},
    {"log", true},
    {"streams", true, 0, 1},
    {"verify", true},
    {"stats", true},
    {"head", true},
    {"backup", true, 1, 1},
    {"help"},
    {"version"},
}};

using Text = std::string_view;

struct FlagInfo {
    Text name;
    Text value;                  // How its value is called; empty: it takes none.
    Text wanted;                 // What a good value is.
    std::uint32_t commands = 0;  // Which take it.
    bool (*set)(Request& request, Text value) noexcept = nullptr;
};

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

bool set_text(Text& text, Text value) noexcept {
    text = value;
    return true;
}

constexpr FlagInfo flags[] = {
    {"--help", "", "", all, [](Request& r, Text) noexcept { return r.wants_help = true; }},
    {"--version", "", "", bit(Command::none),
     [](Request& r, Text) noexcept {
         r.command = Command::version;
         return true;
     }},
    {"--quiet", "", "", all, [](Request& r, Text) noexcept { return r.quiet = true; }},
    {"--memory", "SIZE", "a size like 64M or 2G", all,
     [](Request& r, Text v) noexcept { return parse_size(v, r.memory_size); }},
    {"--wait", "MS", "a number of milliseconds", all,
     [](Request& r, Text v) noexcept { return parse_count(v, r.wait_ms); }},
    {"--color", "auto|always|never", "auto, always or never", all, set_color},
    {"--box", "", "", all, [](Request& r, Text) noexcept { return set_format(r, Format::box); }},
    {"--tsv", "", "", all, [](Request& r, Text) noexcept { return set_format(r, Format::tsv); }},
    {"--json", "", "", all, [](Request& r, Text) noexcept { return set_format(r, Format::json); }},
    {"--ndjson", "", "", all,
     [](Request& r, Text) noexcept { return set_format(r, Format::ndjson); }},
    {"--create", "", "", of_append, [](Request& r, Text) noexcept { return r.create = true; }},
    {"--expect", "any|none|exists|N", "any, none, exists or the index of the last event", of_append,
     [](Request& r, Text v) noexcept { return parse_expected(v, r.expected); }},
    {"--batch", "N|all", "a number from 1 on, or all", of_append, set_batch},
    {"--data", "TEXT|@FILE", "", of_append,
     [](Request& r, Text v) noexcept { return set_text(r.data, v); }},
    {"--meta", "TEXT|@FILE", "", of_append,
     [](Request& r, Text v) noexcept { return set_text(r.metadata, v); }},
    {"--id", "ID", "32 hexadecimal digits or a UUID, not all zeros", of_append,
     [](Request& r, Text v) noexcept { return parse_event_id(v, r.id); }},
    {"--from", "beginning|N|newest", "beginning, newest or the index of an event", of_read,
     set_from},
    {"--backwards", "", "", of_read,
     [](Request& r, Text) noexcept {
         r.direction = Direction::backwards;
         return true;
     }},
    {"--limit", "N", "a number", listers,
     [](Request& r, Text v) noexcept { return parse_count(v, r.limit); }},
    {"--after", "ORDINAL", "a number", of_log, set_after},
    {"--commit", "N", "a number", of_log, set_commit},
    {"--type", "TYPE", "", of_append | of_log,
     [](Request& r, Text v) noexcept { return set_text(r.type, v); }},
    {"--stream-prefix", "TEXT", "", of_log,
     [](Request& r, Text v) noexcept { return set_text(r.filter.stream_prefix, v); }},
    {"--follow", "", "", of_log, [](Request& r, Text) noexcept { return r.follow = true; }},
    {"--verbose", "", "", of_log, [](Request& r, Text) noexcept { return r.verbose = true; }},
    {"--to-commit", "N", "a number", bit(Command::backup), set_to_commit},
    {"--to-time", "TIME", "a time like 2026-11-20T23:50:07Z", bit(Command::backup), set_to_time},
    {"--head", "HEAD", "", bit(Command::verify),
     [](Request& r, Text v) noexcept { return set_text(r.head, v); }},
    {"--sha256", "", "", of_create, [](Request& r, Text) noexcept { return r.sha256 = true; }},
    {"--segment-size", "SIZE", "a size like 64M", of_create,
     [](Request& r, Text v) noexcept { return parse_size(v, r.segment_size); }},
    {"--frame-size", "SIZE", "a size like 1M", of_create,
     [](Request& r, Text v) noexcept { return parse_size(v, r.frame_size); }},
};

constinit std::array<char, 512> message_memory{};
constinit std::array<char, 512> hint_memory{};

class RequestParser {
public:
    RequestParser(Request& request, UsageError& error) noexcept
        : request_{request}, error_{error} {}

    bool parse(std::span<const char* const> words) noexcept {
        words_ = words;
        while (next_ < words_.size()) {
            const char* const word = words_[next_++];
            const bool good = is_flag(word) ? parse_flag(word) : parse_word(word);
            if (!good) return false;
        }
        return request_.wants_help || check_complete();
    }

    bool parse_memory(Text text) noexcept { return set(*find("--memory"), text); }

private:
    TextWriter& message() noexcept { return message_ = TextWriter{message_memory}; }
    TextWriter& hint() noexcept { return hint_ = TextWriter{hint_memory}; }

    // What message() and hint() were given is what is wrong.
    bool refuse() noexcept {
        error_ = {message_.written(), hint_.written()};
        return false;
    }

    void hint_help() noexcept {
        hint().text("see: freshet help");
        if (request_.command != Command::none) hint_.text(" ").text(command_name(request_.command));
    }

    bool refuse_with_help() noexcept {
        hint_help();
        return refuse();
    }

    bool refuse_unknown(Text meant) noexcept {
        if (meant.empty()) return refuse_with_help();
        hint().text("did you mean ").text(meant).text("?");
        return refuse();
    }

    // ---- flags ----

    bool is_flag(Text word) const noexcept {
        return !only_words_ && word.size() > 1 && word[0] == '-';
    }

    static const FlagInfo* find(Text name) noexcept {
        for (const FlagInfo& info : flags) {
            if (info.name == name) return &info;
        }
        return nullptr;
    }

    bool parse_flag(Text word) noexcept {
        if (word == "--") return only_words_ = true;
        if (word == "-h") word = "--help";
        if (word == "-q") word = "--quiet";
        if (word == "-v") word = "--verbose";
        const std::size_t equals = word.find('=');
        const bool has_value = equals != Text::npos;
        const Text name = has_value ? Text{word.data(), equals} : word;
        const FlagInfo* const info = find(name);
        if (info == nullptr) return refuse_flag(name);
        if ((info->commands & bit(request_.command)) == 0) return refuse_misplaced(name);
        seen_ |= std::uint64_t{1} << (info - flags);
        if (info->value.empty()) return has_value ? refuse_given(name) : set(*info, {});
        if (has_value) return set(*info, {word.data() + equals + 1, word.size() - equals - 1});
        if (next_ < words_.size()) return set(*info, words_[next_++]);
        message().text(name).text(" needs a value");
        hint().text("give ").text(name).text(" ").text(info->value);
        return refuse();
    }

    bool set(const FlagInfo& info, Text value) noexcept {
        if (info.set(request_, value)) return true;
        message().text(info.name).text(" cannot be \"").text(value).text("\"");
        hint().text("give ").text(info.wanted);
        return refuse();
    }

    [[nodiscard]] bool has(Text name) const noexcept {
        return (seen_ >> (find(name) - flags) & 1) != 0;
    }

    bool refuse_flag(Text name) noexcept {
        Nearest nearest{name};
        for (const FlagInfo& info : flags) {
            if ((info.commands & bit(request_.command)) != 0) nearest.consider(info.name);
        }
        message().text("there is no flag ").text(name);
        return refuse_unknown(nearest.best());
    }

    bool refuse_misplaced(Text name) noexcept {
        if (request_.command == Command::none) {
            message().text(name).text(" stands before the command");
            hint().text("write freshet COMMAND ").text(name).text(" ...");
            return refuse();
        }
        message().text(command_name(request_.command)).text(" does not take ").text(name);
        return refuse_with_help();
    }

    bool refuse_given(Text name) noexcept {
        message().text(name).text(" takes no value");
        hint().text("write ").text(name).text(" alone");
        return refuse();
    }

    // ---- words ----

    [[nodiscard]] const CommandInfo& command() const noexcept {
        return commands[static_cast<std::size_t>(request_.command)];
    }

    bool parse_word(const char* word) noexcept {
        if (request_.command == Command::none) return parse_command(word);
        if (request_.command == Command::help && request_.topic.empty()) {
            request_.topic = word;
        } else if (command().needs_database && request_.database == nullptr) {
            request_.database = word;
        } else if (request_.stream_count < command().stream_count_max) {
            request_.streams[request_.stream_count++] = word;
        } else {
            message().text("\"").text(word).text("\" is one word too many");
            return refuse_with_help();
        }
        return true;
    }

    bool parse_command(Text name) noexcept {
        request_.command = find_command(name);
        if (request_.command != Command::none) return true;
        Nearest nearest{name};
        for (const CommandInfo& info : commands) nearest.consider(info.name);
        message().text("there is no command ").text(name);
        return refuse_unknown(nearest.best());
    }

    // Of a store that is to be made: as Options has it.
    [[nodiscard]] bool has_good_sizes() const noexcept {
        const Options defaults;
        const std::uint32_t segment =
            request_.segment_size == 0 ? defaults.segment_size : request_.segment_size;
        const std::uint32_t frame =
            request_.frame_size == 0 ? defaults.frame_size_max : request_.frame_size;
        const bool is_power = (segment & (segment - 1)) == 0;
        return is_power && segment >= 4096 && segment <= std::uint32_t{1} << 30 && frame >= 1024 &&
               frame % 8 == 0 && frame <= segment / 4;
    }

    // What must stand together, or cannot.
    bool check_complete() noexcept {
        if (request_.direction == Direction::backwards && !has("--from"))
            request_.from = Horizon::newest();
        const bool has_stream = request_.stream_count > 0;
        if (request_.command == Command::log) request_.filter.type = request_.type;
        if (request_.segment_size != 0 && !has("--frame-size"))
            request_.frame_size = std::min(Options{}.frame_size_max, request_.segment_size / 4);
        request_.one_event = request_.command == Command::append && has("--type");
        if (request_.command == Command::none)
            message().text("no command was given");
        else if (command().needs_database && request_.database == nullptr)
            message().text("the store is missing: a directory");
        else if (request_.stream_count < command().stream_count_min)
            message().text(request_.command == Command::backup
                               ? "the directory for the copy is missing"
                               : "the name of the stream is missing");
        else if (has("--expect") && !has_stream)
            message().text("--expect needs the name of a stream");
        else if (has("--after") && has("--commit"))
            message().text("--after and --commit both say where to start");
        else if (has("--to-commit") && has("--to-time"))
            message().text("--to-commit and --to-time both say where to end");
        else if (!has_good_sizes())
            message().text("no store can be made of these sizes");
        else if (request_.one_event && !has_stream)
            message().text("--type makes one event, and needs the name of a stream");
        else if (!has("--type") && (has("--data") || has("--meta") || has("--id")))
            message().text("--data, --meta and --id belong to one event, which needs --type");
        else
            return true;
        return refuse_with_help();
    }

    Request& request_;
    UsageError& error_;
    TextWriter message_{message_memory};
    TextWriter hint_{hint_memory};
    std::span<const char* const> words_;
    std::size_t next_ = 0;
    std::uint64_t seen_ = 0;  // One bit for each of the flags.
    bool only_words_ = false;
};

}  // namespace

bool parse_request(std::span<const char* const> words, const char* memory_text, Request& request,
                   UsageError& error) noexcept {
    RequestParser parser{request, error};
    if (memory_text != nullptr && !parser.parse_memory(memory_text)) return false;
    return parser.parse(words);
}

std::string_view command_name(Command command) noexcept {
    return commands[static_cast<std::size_t>(command)].name;
}

Command find_command(std::string_view name) noexcept {
    for (std::size_t i = 1; i < commands.size(); i++) {
        if (commands[i].name == name) return Command{static_cast<std::uint8_t>(i)};
    }
    return Command::none;
}

}  // namespace freshet::shell
