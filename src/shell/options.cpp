// SPDX-License-Identifier: MIT
#include "shell/options.hpp"

#include <array>

#include "base/text.hpp"
#include "shell/nearest.hpp"

namespace freshet::shell {
namespace {

constexpr std::array<std::string_view, 7> command_names{"",       "append", "read",   "log",
                                                        "verify", "help",   "version"};

enum class Flag : std::uint8_t {
    help,
    version,
    quiet,
    memory,
    create,
    expect,
    batch,
    ndjson,
    from,
    backwards,
    limit,
    after,
    commit,
    type,
    prefix,
    head,
};

constexpr std::uint32_t bit(Command command) noexcept {
    return 1U << static_cast<unsigned>(command);
}
constexpr std::uint32_t writers = bit(Command::append);
constexpr std::uint32_t readers = bit(Command::read) | bit(Command::log);
constexpr std::uint32_t all = ~0U;

struct FlagInfo {
    std::string_view name;
    std::string_view value;      // How its value is called; empty: it takes none.
    std::uint32_t commands = 0;  // Which take it.
};

constexpr std::array<FlagInfo, 16> flags{{
    {"--help", "", all},
    {"--version", "", bit(Command::none)},
    {"--quiet", "", all},
    {"--memory", "SIZE", all},
    {"--create", "", writers},
    {"--expect", "any|no-stream|exists|N", writers},
    {"--batch", "N", writers},
    {"--ndjson", "", readers},
    {"--from", "N|newest", bit(Command::read)},
    {"--backwards", "", bit(Command::read)},
    {"--limit", "N", readers},
    {"--after", "ORDINAL", bit(Command::log)},
    {"--commit", "N", bit(Command::log)},
    {"--type", "TYPE", bit(Command::log)},
    {"--prefix", "TEXT", bit(Command::log)},
    {"--head", "HEAD", bit(Command::verify)},
}};

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

    bool parse_memory(std::string_view text) noexcept {
        const std::size_t digit_count =
            text.size() - (text.empty() || is_digit(text.back()) ? 0 : 1);
        const Result<std::uint64_t> count = parse_number({text.data(), digit_count});
        const unsigned shift = digit_count == text.size() ? 0 : shift_of(text.back());
        if (!count || shift > 30 || *count == 0 || *count > ~std::uint64_t{0} >> (shift + 8)) {
            return refuse_value("--memory", text, "a size like 64M or 2G");
        }
        request_.memory_size = *count << shift;
        return true;
    }

private:
    static bool is_digit(char letter) noexcept { return letter >= '0' && letter <= '9'; }

    static unsigned shift_of(char unit) noexcept {
        switch (unit) {
            case 'k':
            case 'K': return 10;
            case 'm':
            case 'M': return 20;
            case 'g':
            case 'G': return 30;
            default: return 99;
        }
    }

    TextWriter& message() noexcept { return message_ = TextWriter{message_memory}; }
    TextWriter& hint() noexcept { return hint_ = TextWriter{hint_memory}; }

    // What message() and hint() were given is what is wrong.
    bool refuse() noexcept {
        error_ = {message_.written(), hint_.written()};
        return false;
    }

    bool refuse_value(std::string_view flag, std::string_view text,
                      std::string_view wanted) noexcept {
        message().text(flag).text(" cannot be \"").text(text).text("\"");
        hint().text("give ").text(wanted);
        return refuse();
    }

    void hint_help() noexcept {
        hint().text("see: freshet help");
        if (request_.command != Command::none) hint_.text(" ").text(command_name(request_.command));
    }

    bool is_flag(std::string_view word) noexcept {
        if (only_words_ || word.size() < 2 || word[0] != '-') return false;
        if (word != "--") return true;
        only_words_ = true;
        return true;
    }

    bool parse_flag(std::string_view word) noexcept {
        if (word == "--") return true;
        if (word == "-h") word = "--help";
        if (word == "-q") word = "--quiet";
        const std::size_t equals = word.find('=');
        const bool has_value = equals != std::string_view::npos;
        const std::string_view name = has_value ? std::string_view{word.data(), equals} : word;
        std::size_t index = 0;
        while (index < flags.size() && flags[index].name != name) index++;
        if (index == flags.size()) return refuse_unknown(name);
        const FlagInfo& info = flags[index];
        if ((info.commands & bit(request_.command)) == 0) return refuse_misplaced(name);
        if (info.value.empty())
            return !has_value ? set(Flag{static_cast<std::uint8_t>(index)}) : refuse_given(name);
        std::string_view value;
        if (has_value) {
            value = {word.data() + equals + 1, word.size() - equals - 1};
        } else if (next_ < words_.size()) {
            value = words_[next_++];
        } else {
            message().text(name).text(" needs a value");
            hint().text("give ").text(name).text(" ").text(info.value);
            return refuse();
        }
        return set(Flag{static_cast<std::uint8_t>(index)}, value);
    }

    bool refuse_unknown(std::string_view name) noexcept {
        std::array<std::string_view, flags.size()> names{};
        for (std::size_t i = 0; i < flags.size(); i++) names[i] = flags[i].name;
        const std::string_view meant = nearest(name, names);
        message().text("there is no flag ").text(name);
        if (meant.empty())
            hint_help();
        else
            hint().text("did you mean ").text(meant).text("?");
        return refuse();
    }

    bool refuse_misplaced(std::string_view name) noexcept {
        if (request_.command == Command::none) {
            message().text(name).text(" stands before the command");
            hint().text("write freshet COMMAND ").text(name).text(" ...");
            return refuse();
        }
        message().text(command_name(request_.command)).text(" does not take ").text(name);
        hint_help();
        return refuse();
    }

    bool refuse_given(std::string_view name) noexcept {
        message().text(name).text(" takes no value");
        hint().text("write ").text(name).text(" alone");
        return refuse();
    }

    bool set(Flag flag) noexcept {
        switch (flag) {
            case Flag::help: return request_.wants_help = true;
            case Flag::version: request_.command = Command::version; return true;
            case Flag::quiet: return request_.quiet = true;
            case Flag::create: return request_.create = true;
            case Flag::ndjson: return request_.ndjson = true;
            default: backwards_ = true; return true;
        }
    }

    bool set(Flag flag, std::string_view value) noexcept {
        switch (flag) {
            case Flag::memory: return parse_memory(value);
            case Flag::expect: return set_expected(value);
            case Flag::batch: return set_batch(value);
            case Flag::from: return set_from(value);
            case Flag::limit: return set_number("--limit", value, request_.limit);
            case Flag::after: return set_start(value, false);
            case Flag::commit: return set_start(value, true);
            case Flag::type: request_.filter.type = value; return true;
            case Flag::prefix: request_.filter.stream_prefix = value; return true;
            default: request_.head = value; return true;
        }
    }

    bool set_number(std::string_view name, std::string_view text, std::uint64_t& number) noexcept {
        const Result<std::uint64_t> value = parse_number(text);
        if (!value) return refuse_value(name, text, "a number");
        number = *value;
        return true;
    }

    bool set_expected(std::string_view text) noexcept {
        const Result<std::uint64_t> version = parse_number(text);
        if (text == "any")
            request_.expected = Expected::any();
        else if (text == "no-stream")
            request_.expected = Expected::no_stream();
        else if (text == "exists")
            request_.expected = Expected::stream_exists();
        else if (version && *version <= ~std::uint64_t{0} >> 1) {
            request_.expected = Expected::version(static_cast<std::int64_t>(*version));
        } else {
            return refuse_value("--expect", text,
                                "any, no-stream, exists or the index of the last event");
        }
        return true;
    }

    bool set_batch(std::string_view text) noexcept {
        request_.fixed_batches = true;
        if (text == "all") {
            request_.batch_count_max = ~std::uint64_t{0};
            return true;
        }
        const Result<std::uint64_t> count = parse_number(text);
        if (!count || *count == 0)
            return refuse_value("--batch", text, "a number from 1 on, or all");
        request_.batch_count_max = *count;
        return true;
    }

    bool set_from(std::string_view text) noexcept {
        has_from_ = true;
        const Result<std::uint64_t> index = parse_number(text);
        if (text == "newest")
            request_.from = Horizon::newest();
        else if (index)
            request_.from = Horizon::index(*index);
        else
            return refuse_value("--from", text, "the index of an event, or newest");
        return true;
    }

    bool set_start(std::string_view text, bool is_commit) noexcept {
        std::uint64_t number = 0;
        if (!set_number(is_commit ? "--commit" : "--after", text, number)) return false;
        if (has_start_) {
            message().text("--after and --commit both say where to start");
            hint().text("leave one of them out");
            return refuse();
        }
        has_start_ = true;
        if (!is_commit && number == ~std::uint64_t{0}) number--;
        request_.start = is_commit ? LogStart::commit(number) : LogStart::ordinal(number + 1);
        return true;
    }

    bool parse_word(const char* word) noexcept {
        if (request_.command == Command::none) return parse_command(word);
        word_count_++;
        if (request_.command == Command::help) {
            if (word_count_ > 1) return refuse_word(word);
            request_.topic = word;
        } else if (word_count_ == 1 && request_.command != Command::version) {
            request_.database = word;
        } else if (word_count_ == 2 && takes_stream()) {
            request_.stream = word;
            request_.has_stream = true;
        } else {
            return refuse_word(word);
        }
        return true;
    }

    bool parse_command(std::string_view name) noexcept {
        request_.command = find_command(name);
        if (request_.command != Command::none) return true;
        const std::string_view meant = nearest(name, command_names);
        message().text("there is no command ").text(name);
        if (meant.empty())
            hint_help();
        else
            hint().text("did you mean ").text(meant).text("?");
        return refuse();
    }

    bool refuse_word(std::string_view word) noexcept {
        message().text("\"").text(word).text("\" is one word too many");
        hint_help();
        return refuse();
    }

    [[nodiscard]] bool takes_stream() const noexcept {
        return request_.command == Command::append || request_.command == Command::read;
    }

    bool check_complete() noexcept {
        if (backwards_) {
            request_.direction = Direction::backwards;
            if (!has_from_) request_.from = Horizon::newest();
        }
        const bool needs_database = takes_stream() || request_.command == Command::log ||
                                    request_.command == Command::verify;
        if (request_.command == Command::none)
            message().text("no command was given");
        else if (needs_database && word_count_ == 0)
            message().text("the store is missing: a directory");
        else if (request_.command == Command::read && word_count_ == 1)
            message().text("the name of the stream is missing");
        else if (request_.expected.number() != Expected::any().number() && word_count_ == 1)
            message().text("--expect needs the name of a stream");
        else
            return true;
        hint_help();
        return refuse();
    }

    Request& request_;
    UsageError& error_;
    TextWriter message_{message_memory};
    TextWriter hint_{hint_memory};
    std::span<const char* const> words_;
    std::size_t next_ = 0;
    std::uint32_t word_count_ = 0;
    bool only_words_ = false;
    bool backwards_ = false;
    bool has_from_ = false;
    bool has_start_ = false;
};

}  // namespace

bool parse_request(std::span<const char* const> words, const char* memory_text, Request& request,
                   UsageError& error) noexcept {
    RequestParser parser{request, error};
    if (memory_text != nullptr && !parser.parse_memory(memory_text)) return false;
    return parser.parse(words);
}

std::string_view command_name(Command command) noexcept {
    return command_names[static_cast<std::size_t>(command)];
}

Command find_command(std::string_view name) noexcept {
    for (std::size_t i = 1; i < command_names.size(); i++) {
        if (command_names[i] == name) return Command{static_cast<std::uint8_t>(i)};
    }
    return Command::none;
}

}  // namespace freshet::shell
