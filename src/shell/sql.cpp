// SPDX-License-Identifier: MIT
// `freshet DB [SQL...]`: statements from the arguments, from files, or from standard input; there a
// prompt, where it is a terminal.
//
// Memory: half of it is the store's. Of the other half a quarter is for text that is read, and the
// rest is the connection's.
#include "shell/sql.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/real.hpp"
#include "base/time_text.hpp"
#include "shell/commands.hpp"
#include "shell/exit.hpp"
#include "shell/progress.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

// Where a statement is to begin, and where one goes on.
constexpr std::string_view prompt_first = "freshet> ";
constexpr std::string_view prompt_more = "    ...> ";

std::string_view first_word(std::string_view text) noexcept {
    const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    const std::size_t end = text.find_first_of(" \t\r\n;(", begin);
    return {text.data() + begin, std::min(end, text.size()) - begin};
}

bool is_word(std::string_view word, std::string_view wanted) noexcept {
    return std::equal(word.begin(), word.end(), wanted.begin(), wanted.end(),
                      [](char a, char b) noexcept { return (a & ~0x20) == b; });
}

// What was done to rows, of those statements that do something to them.
std::string_view verb_of(std::string_view statement) noexcept {
    const std::string_view word = first_word(statement);
    if (is_word(word, "INSERT") || is_word(word, "REPLACE")) return "inserted";
    if (is_word(word, "UPDATE")) return "updated";
    return is_word(word, "DELETE") ? "deleted" : "";
}

}  // namespace

SqlRunner::SqlRunner(Connection& connection, const Request& request) noexcept
    : connection_{connection}, request_{request} {}

Cell SqlRunner::cell_of(const Value& value, TextWriter& text) noexcept {
    const std::size_t before = text.written().size();
    const auto since = [&]() noexcept {
        return std::string_view{text.written().data() + before, text.written().size() - before};
    };
    switch (value.type()) {
        case Type::null: return {Cell::Kind::null, {}, 0};
        case Type::boolean: return Cell::json(value.as_boolean() ? "true" : "false");
        case Type::integer: return Cell::of(value.as_integer());
        case Type::text: return Cell::of(value.as_text());
        case Type::blob: return Cell::bytes(as_text(value.as_blob()));
        default: break;
    }
    if (value.type() == Type::real) put_real(text, value.as_real());
    if (value.type() == Type::date) put_date(text, value.as_date());
    if (value.type() == Type::timestamp) put_timestamp(text, value.as_timestamp());
    // JSON has no infinity.
    const bool is_number =
        value.type() == Type::real && since().find("nf") == std::string_view::npos;
    return is_number ? Cell::json(since()) : Cell::of(since());
}

// The type of its first value says whether a column stands at the right.
void SqlRunner::begin_table(const Statement& statement, bool has_row) noexcept {
    for (std::uint32_t i = 0; i < statement.column_count(); i++) {
        const Type type = has_row ? statement.row()[i].type() : Type::null;
        columns_[i] = {statement.column_name(i), type == Type::integer || type == Type::real};
    }
}

void SqlRunner::put_row(Table& table, std::span<const Value> row) noexcept {
    TextWriter text{number_memory_};
    for (std::size_t i = 0; i < row.size(); i++) cells_[i] = cell_of(row[i], text);
    table.row({cells_.data(), row.size()});
}

int SqlRunner::print(Statement& statement, const Source& source) noexcept {
    Result<bool> there = statement.step(error_);
    if (!there) return refuse(source);
    if (statement.column_count() == 0) return say_done(source);
    if (statement.column_count() > column_count_max)
        return complain({.code = code_name(Code::too_large),
                         .exit_code = exit_too_large,
                         .message = "more than 200 columns cannot be printed",
                         .hint = "name those that you need"});
    begin_table(statement, *there);
    Table table{{columns_.data(), statement.column_count()}, "row"};
    while (there && *there && !table.has_failed()) {
        put_row(table, statement.row());
        there = statement.step(error_);
    }
    const int printed = table.finish();
    return there ? printed : refuse(source);
}

// On a terminal a person wants to see that something happened.
int SqlRunner::say_done(const Source& source) noexcept {
    if (style().format != Format::box || request_.quiet) return exit_done;
    const StatementReport& report = connection_.report();
    const std::string_view verb = verb_of(source.statement());
    Output output{STDOUT_FILENO};
    if (!verb.empty()) {
        output.number(report.change_count).text(report.change_count == 1 ? " row " : " rows ");
        output.text(verb);
    }
    if (report.commit > 0)
        output.text(verb.empty() ? "" : "   ").text("commit ").number(report.commit);
    if (!output.is_empty()) output.text("\n");
    output.flush();
    return report_output(output);
}

int SqlRunner::refuse(const Source& source) noexcept {
    const Code code = error_.error.code;
    const std::size_t offset = std::min<std::size_t>(error_.offset, source.text.size());
    const std::string_view before{source.text.data(), offset};
    const std::size_t line_begin =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const std::size_t line_end = std::min(source.text.find('\n', offset), source.text.size());
    const auto line = static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
    const bool is_copies = is_out_of_copies(error_.error);
    return complain({.code = code_name(code),
                     .exit_code = exit_code(code),
                     .message = is_copies ? message_of_copies : error_.message(),
                     .hint = is_copies ? hint_of_copies : error_.hint(),
                     .place = {.file = source.name,
                               .line = source.line + line,
                               .source = {source.text.data() + line_begin, line_end - line_begin},
                               .offset = offset - line_begin,
                               .size = error_.size}});
}

int SqlRunner::run(Source source) noexcept {
    int first = exit_done;
    for (;;) {
        Statement statement;
        if (!statement.prepare(connection_, source.text, error_, source.begin)) {
            const int code = refuse(source);
            if (first == exit_done) first = code;
            source.begin = Statement::find_end(source.text, source.begin);
            if (!request_.keep_going || source.begin == 0) return first;
            continue;
        }
        if (!statement.is_open()) return first;
        source.end = statement.end();
        const int code = print(statement, source);
        if (first == exit_done) first = code;
        if (code != exit_done && !request_.keep_going) return first;
        source.begin = source.end;
    }
}

namespace {

// Text of a descriptor, statement by statement, in lent memory.
class Script {
public:
    Script(int descriptor, std::string_view name, std::span<char> memory) noexcept
        : descriptor_{descriptor}, name_{name}, memory_{memory} {}

    int run(SqlRunner& runner, const Request& request, bool has_prompt) noexcept {
        int first = exit_done;
        for (;;) {
            const std::string_view text = rest();
            const std::size_t end = Statement::find_end(text);
            if (has_prompt && is_dot_command(text)) {
                const int code = run_dot_command(runner);
                if (code >= 0) return code;
                continue;
            }
            if (end == 0 && !ended_) {
                if (const int code = fill(has_prompt); code != exit_done) return code;
                continue;
            }
            if (text.empty()) break;
            const std::size_t size = end == 0 ? text.size() : end;
            const int code = runner.run({.name = has_prompt ? std::string_view{} : name_,
                                         .line = line_,
                                         .text = {text.data(), size}});
            take(size);
            if (first == exit_done) first = code;
            if (code != exit_done && !request.keep_going && !has_prompt) return first;
        }
        if (has_prompt) say({});
        return has_prompt ? exit_done : first;
    }

private:
    [[nodiscard]] std::string_view rest() const noexcept {
        return {memory_.data() + begin_, end_ - begin_};
    }
    void take(std::size_t size) noexcept {
        const std::string_view taken{memory_.data() + begin_, size};
        line_ += static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), '\n'));
        begin_ += size;
        // What is left of the line of a prompt is blank.
        while (begin_ < end_ && (memory_[begin_] == '\n' || memory_[begin_] == ' ' ||
                                 memory_[begin_] == '\r' || memory_[begin_] == '\t')) {
            line_ += memory_[begin_] == '\n' ? 1U : 0U;
            begin_++;
        }
    }

    int fill(bool has_prompt) noexcept {
        std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
        if (end_ == memory_.size())
            return complain({.code = code_name(Code::out_of_memory),
                             .exit_code = exit_out_of_memory,
                             .about = name_,
                             .message = "a statement is longer than the memory for it",
                             .hint = "give more with --memory"});
        if (has_prompt) prompt();
        for (;;) {
            const ssize_t size = read(descriptor_, memory_.data() + end_, memory_.size() - end_);
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) return report(Error{Code::io, errno}, name_);
            ended_ = size == 0;
            end_ += static_cast<std::size_t>(size);
            return exit_done;
        }
    }
    void prompt() noexcept {
        Output output{STDOUT_FILENO};
        output.text(first_word(rest()).empty() ? prompt_first : prompt_more).flush();
    }

    static bool is_dot_command(std::string_view text) noexcept {
        return first_word(text).starts_with('.') && text.find('\n') != std::string_view::npos;
    }
    // Below 0: there is more to come.
    int run_dot_command(SqlRunner& runner) noexcept {
        const std::string_view text = rest();
        const std::size_t size = text.find('\n') + 1;
        const bool goes_on = run_dot(runner, {text.data(), size});
        take(size);
        return goes_on ? -1 : exit_done;
    }

    int descriptor_;
    std::string_view name_;
    std::span<char> memory_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t line_ = 1;
    bool ended_ = false;
};

int run_file(SqlRunner& runner, const Request& request, std::string_view name,
             std::span<char> memory) noexcept {
    if (name == "-")
        return Script{STDIN_FILENO, "standard input", memory}.run(runner, request, false);
    // It came as an argument, and so ends with a zero byte.
    const int descriptor = open(name.data(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return complain({.code = "bad-input",
                         .exit_code = exit_bad_input,
                         .about = name,
                         .message = joined({"cannot be read", system_words(errno)}),
                         .hint = "check the path"});
    const int code = Script{descriptor, name, memory}.run(runner, request, false);
    ::close(descriptor);
    return code;
}

int run_all(SqlRunner& runner, const Request& request, std::span<char> memory) noexcept {
    int first = exit_done;
    const auto note = [&](int code) noexcept {
        if (first == exit_done) first = code;
        return code == exit_done || request.keep_going;
    };
    for (const std::string_view file : request.scripts.all())
        if (!note(run_file(runner, request, file, memory))) return first;
    for (const std::string_view text : request.statements())
        if (!note(runner.run({.text = text}))) return first;
    if (request.scripts.count > 0 || request.stream_count > 0) return first;
    const bool has_prompt = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
    return Script{STDIN_FILENO, "standard input", memory}.run(runner, request, has_prompt);
}

}  // namespace

int run_sql(const Request& request) noexcept {
    Session session;
    const std::size_t own_size = request.memory_size / 2;
    const Access access = request.read_only ? Access::read : Access::write;
    if (const int code = session.open(request, access, own_size); code != exit_done) return code;
    const std::size_t text_size = own_size / 4;
    const MutableBytes own = session.own();
    Connection connection;
    const Status opened = connection.open(session.database(), own.subspan(text_size),
                                          {.statement_count_max = 4, .at = request.until});
    if (!opened) return report(opened.error(), request.database);
    SqlRunner runner{connection, request};
    return run_all(runner, request, {reinterpret_cast<char*>(own.data()), text_size});
}

}  // namespace freshet::shell
