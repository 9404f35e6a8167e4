// SPDX-License-Identifier: MIT
// `freshet help` and `freshet version`. The words stand in help_text.cpp.
#include <unistd.h>

#include <algorithm>

#include "base/nearest.hpp"
#include "freshet/version.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/help_text.hpp"
#include "shell/output.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

constexpr std::size_t code_width = 24;

void put_error(Output& output, int exit, std::string_view code, std::string_view words) noexcept {
    output.number(static_cast<std::uint64_t>(exit), 5).text("  ").text(code);
    output.repeat(" ", code_width - code.size()).text(words).text("\n");
}

// What the library can say and the program cannot: it takes one snapshot, does not fork, and
// cancels nothing but at a signal.
bool is_never_said(Code code) noexcept {
    return code == Code::interrupted || code == Code::cancelled || code == Code::forked ||
           code == Code::too_many_snapshots;
}

// A table of all others there can be, so that none is forgotten.
void print_errors(Output& output) noexcept {
    output.text(about_errors);
    put_error(output, exit_done, "", "done");
    put_error(output, exit_usage, "usage", "the arguments make no sense");
    put_error(output, exit_bad_input, "bad-line", "a line of the input is no event");
    put_error(output, exit_bad_input, "bad-input", "a file that was named cannot be read");
    for (std::uint16_t i = 1; i < static_cast<std::uint16_t>(Code::code_count); i++) {
        if (is_never_said(Code{i})) continue;
        Diagnostic diagnostic;
        diagnostic.error = Error{Code{i}};
        std::array<char, 256> sentence;
        const std::string_view words = describe(diagnostic, sentence);
        put_error(output, exit_code(Code{i}), code_name(Code{i}),
                  {words.data(), std::min(words.find(':'), words.size())});
    }
    put_error(output, exit_interrupted, "interrupted", "stopped by ^C or another signal");
    put_error(output, exit_pipe_closed, "", "the reader of the pipe is gone; nothing is said");
}

int report_unknown(std::string_view name) noexcept {
    Nearest nearest{name};
    for (const Topic& topic : topics()) nearest.consider(topic.name);
    const std::string_view meant = nearest.best();
    return complain(
        {.code = "usage",
         .exit_code = exit_usage,
         .message = joined({"there is no help on ", name}),
         .hint = meant.empty() ? "see: freshet help" : joined({"did you mean ", meant, "?"})});
}

}  // namespace

int run_help(std::string_view topic) noexcept {
    if (topic.empty()) topic = "help";
    for (const Topic& known : topics()) {
        if (known.name != topic) continue;
        Output output{STDOUT_FILENO};
        if (topic == "errors")
            print_errors(output);
        else
            output.text(known.text);
        if (known.is_command) output.text(about_all);
        output.flush();
        return report_output(output);
    }
    return report_unknown(topic);
}

int run_version() noexcept {
    Output output{STDOUT_FILENO};
    output.text("freshet ").text(version_text).text(", format ").number(format_version);
    output.text("\n").flush();
    return report_output(output);
}

}  // namespace freshet::shell
