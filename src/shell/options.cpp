// SPDX-License-Identifier: MIT
#include "shell/options.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/nearest.hpp"
#include "base/text.hpp"
#include "shell/flags.hpp"

namespace freshet::shell {
namespace {

using Text = std::string_view;

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
        for (const FlagInfo& info : flags()) {
            if (info.name == name) return &info;
        }
        return nullptr;
    }

    bool parse_flag(Text word) noexcept {
        if (word == "--") return only_words_ = true;
        if (word == "-h") word = "--help";
        if (word == "-q") word = "--quiet";
        if (word == "-v") word = "--verbose";
        if (word == "-f") word = "--file";
        const std::size_t equals = word.find('=');
        const bool has_value = equals != Text::npos;
        const Text name = has_value ? Text{word.data(), equals} : word;
        const FlagInfo* const info = find(name);
        if (info == nullptr) return refuse_flag(name);
        begin_sql(*info);
        if ((info->commands & bit(request_.command)) == 0) return refuse_misplaced(name);
        seen_ |= std::uint64_t{1} << (info - flags().data());
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
        return (seen_ >> (find(name) - flags().data()) & 1) != 0;
    }

    bool refuse_flag(Text name) noexcept {
        Nearest nearest{name};
        for (const FlagInfo& info : flags()) {
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
        return commands()[static_cast<std::size_t>(request_.command)];
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

    // A flag in front says that there is no command: what follows is a store, to be asked in SQL.
    void begin_sql(const FlagInfo& info) noexcept {
        const bool is_of_none = (info.commands & bit(Command::none)) != 0;
        if (request_.command != Command::none || is_of_none) return;
        if ((info.commands & bit(Command::sql)) != 0) request_.command = Command::sql;
    }

    // A store and no command: it is a path, or stands beside words that no command has.
    static bool is_path(Text word) noexcept { return word.find_first_of("./ ") != Text::npos; }

    bool parse_command(const char* word) noexcept {
        const Text name = word;
        request_.command = find_command(name);
        if (request_.command != Command::none) return true;
        if (is_path(name)) {
            request_.command = Command::sql;
            request_.database = word;
            return true;
        }
        Nearest nearest{name};
        for (const CommandInfo& info : commands()) nearest.consider(info.name);
        message().text("there is no command ").text(name);
        if (nearest.best().empty() && next_ < words_.size()) {
            hint().text("see: freshet help; a store to be asked in SQL is written ./").text(name);
            return refuse();
        }
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

    [[nodiscard]] std::ptrdiff_t count_of(std::initializer_list<Text> names) const noexcept {
        return std::count_if(names.begin(), names.end(),
                             [this](Text name) noexcept { return has(name); });
    }

    // What follows from which flags are there.
    void complete() noexcept {
        const Command command = request_.command;
        if (request_.direction == Direction::backwards && !has("--from"))
            request_.from = Horizon::newest();
        if (command == Command::log) request_.filter.type = request_.type;
        if (request_.segment_size != 0 && !has("--frame-size"))
            request_.frame_size = std::min(Options{}.frame_size_max, request_.segment_size / 4);
        request_.one_event = command == Command::append && has("--type");
        request_.has_condition =
            count_of({"--fail-if-type", "--fail-if-tag", "--fail-if-stream"}) > 0;
        request_.has_checkpoint = has("--checkpoint");
        request_.has_settings = count_of({"--truncate-before", "--max-count", "--max-age",
                                          "--delete", "--close", "--tombstone"}) > 0;
        if (!has("--batch") && (request_.has_condition || request_.has_checkpoint)) {
            request_.fixed_batches = true;
            request_.batch_count_max = no_limit;
        }
    }

    // What must stand together, or cannot; null: all is well.
    [[nodiscard]] const char* mistake() const noexcept {
        const Command command = request_.command;
        if (command == Command::none) return "no command was given";
        const bool has_database = request_.database != nullptr && *request_.database != '\0';
        if (this->command().needs_database && !has_database)
            return "the store is missing: a directory";
        if (request_.stream_count < this->command().stream_count_min) {
            return command == Command::backup ? "the directory for the copy is missing"
                                              : "the name of the stream is missing";
        }
        if (command == Command::append) return mistake_of_append();
        if (has("--expect") && !request_.has_settings) return "--expect goes with a change";
        if (count_of({"--after", "--commit", "--consumer", "--head"}) > 1)
            return "--after, --commit, --consumer and --head all say where to start";
        if (has("--to-commit") && has("--to-time"))
            return "--to-commit and --to-time both say where to end";
        return has_good_sizes() ? nullptr : "no store can be made of these sizes";
    }

    [[nodiscard]] const char* mistake_of_append() const noexcept {
        const bool has_stream = request_.stream_count > 0;
        if (has("--expect") && !has_stream) return "--expect needs the name of a stream";
        if (request_.one_event && !has_stream)
            return "--type makes one event, and needs the name of a stream";
        if (!has("--type") && count_of({"--data", "--meta", "--id", "--schema-version",
                                        "--correlation", "--causation"}) > 0)
            return "--data, --meta, --id, --schema-version, --correlation and --causation belong "
                   "to one event, which needs --type";
        if (has("--after") && !request_.has_condition)
            return "--after says from where on --fail-if-type and its like look";
        if ((request_.has_condition || request_.has_checkpoint) &&
            request_.batch_count_max != no_limit)
            return "conditions and checkpoints are of one commit: leave out --batch";
        return nullptr;
    }

    bool check_complete() noexcept {
        complete();
        const char* const wrong = mistake();
        if (wrong == nullptr) return true;
        message().text(wrong);
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
    return commands()[static_cast<std::size_t>(command)].name;
}

Command find_command(std::string_view name) noexcept {
    for (std::size_t i = 1; i < commands().size(); i++) {
        if (commands()[i].name == name) return Command{static_cast<std::uint8_t>(i)};
    }
    return Command::none;
}

}  // namespace freshet::shell
