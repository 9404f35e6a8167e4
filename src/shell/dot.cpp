// SPDX-License-Identifier: MIT
// What a person can ask at the prompt beside SQL, in the words of sqlite3.
#include <unistd.h>

#include <array>

#include "base/nearest.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"
#include "shell/sql.hpp"

namespace freshet::shell {
namespace {

struct DotCommand {
    std::string_view name;
    std::string_view sql;  // Empty: it is done elsewhere.
    std::string_view about;
};

constexpr std::array<DotCommand, 5> dot_commands{{
    {".tables", "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
     "the tables that there are"},
    {".schema", "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL", "what made them"},
    {".commits", "SELECT * FROM commits ORDER BY \"commit\" DESC LIMIT 10", "the last ten commits"},
    {".help", {}, "this"},
    {".quit", {}, "ends; so does the end of the input"},
}};

void help() noexcept {
    Output output{STDOUT_FILENO};
    for (const DotCommand& command : dot_commands) {
        output.text("  ").text(command.name).repeat(" ", 10 - command.name.size());
        output.text(command.about).text("\n");
    }
    output.text("A statement of SQL ends with a semicolon.\n").flush();
}

}  // namespace

bool run_dot(SqlRunner& runner, std::string_view line) noexcept {
    const std::size_t begin = line.find('.');
    const std::size_t end = line.find_first_of(" \t\r\n", begin);
    const std::string_view name{line.data() + begin, end - begin};
    if (name == ".quit" || name == ".exit") return false;
    if (name == ".help") {
        help();
        return true;
    }
    Nearest nearest{name};
    for (const DotCommand& command : dot_commands) {
        nearest.consider(command.name);
        if (command.name != name) continue;
        runner.run({.text = command.sql});
        return true;
    }
    complain({.code = "usage",
              .exit_code = exit_usage,
              .message = joined({"there is no command ", name}),
              .hint = nearest.best().empty() ? ".help says what there is"
                                             : joined({"did you mean ", nearest.best(), "?"})});
    return true;
}

}  // namespace freshet::shell
