// SPDX-License-Identifier: MIT
#include "shell/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "shell/exit.hpp"
#include "shell/style.hpp"
#include "shell/width.hpp"

namespace freshet::shell {
namespace {

constexpr std::size_t joined_size_max = 1000;
constexpr std::size_t context_width = 60;  // On each side of a place in a long line.
constinit std::array<std::array<char, 24>, 8> piece_memory{};
constinit std::size_t piece_count = 0;
constinit std::array<std::array<char, joined_size_max>, 3> joined_memory{};
constinit std::size_t joined_count = 0;

std::uint64_t column_of(const Place& place) noexcept {
    const std::string_view before{place.source.data(), std::min(place.offset, place.source.size())};
    return static_cast<std::uint64_t>(
               std::count_if(before.begin(), before.end(),
                             [](char letter) noexcept { return (letter & 0xc0) != 0x80; })) +
           1;
}

// The line around the place, and a mark under it.
void put_place(Output& output, const Place& place) noexcept {
    const std::size_t end = std::min(place.offset, place.source.size());
    std::size_t start = end > context_width ? end - context_width : 0;
    while (start < end && (place.source[start] & 0xc0) == 0x80) start++;
    output.text("  ");
    const std::size_t column =
        output.printable({place.source.data() + start, end - start}, 2 * context_width);
    const std::string_view rest{place.source.data() + end, place.source.size() - end};
    output.printable(rest, context_width);
    const std::size_t marked =
        text_width({rest.data(), std::min({place.size, rest.size(), context_width})});
    output.text("\n  ").repeat(" ", column).repeat("^", std::max<std::size_t>(marked, 1));
    output.text("\n");
}

void put_text(Output& output, const Complaint& complaint) noexcept {
    const bool has_color = style().color_err;
    output.text(has_color ? "\x1b[1;31merror[" : "error[").text(complaint.code).text("]:");
    output.text(has_color ? "\x1b[0m " : " ");
    if (!complaint.place.file.empty()) {
        output.text(complaint.place.file).text(":").number(complaint.place.line).text(":");
        output.number(column_of(complaint.place)).text(": ");
    }
    if (!complaint.about.empty()) output.text(complaint.about).text(": ");
    output.text(complaint.message).text("\n");
    if (!complaint.place.file.empty() || !complaint.place.source.empty())
        put_place(output, complaint.place);
    if (complaint.hint.empty()) return;
    output.text(has_color ? "\x1b[36mhint:\x1b[0m " : "hint: ").text(complaint.hint).text("\n");
}

void put_member(Output& output, std::string_view name, std::string_view text) noexcept {
    if (!text.empty()) output.json_member(name).json_string(text);
}

void put_json(Output& output, const Complaint& complaint) noexcept {
    output.text("{\"error\":").json_string(complaint.code);
    output.json_member("exit").number(static_cast<std::uint64_t>(complaint.exit_code));
    put_member(output, "about", complaint.about);
    if (!complaint.place.file.empty()) {
        put_member(output, "file", complaint.place.file);
    }
    if (!complaint.place.file.empty() || !complaint.place.source.empty()) {
        output.json_member("line").number(complaint.place.line);
        output.json_member("column").number(column_of(complaint.place));
    }
    put_member(output, "message", complaint.message);
    put_member(output, "hint", complaint.hint);
    output.text("}\n");
}

}  // namespace

int complain(const Complaint& complaint) noexcept {
    Output output{STDERR_FILENO};
    if (style().errors_are_json)
        put_json(output, complaint);
    else
        put_text(output, complaint);
    output.flush();
    return complaint.exit_code;
}

std::string_view system_words(int error) noexcept {
    return error == 0 ? std::string_view{} : joined({" (", std::strerror(error), ")"});
}

// UnmappedDisk says so.
bool is_out_of_copies(Error error) noexcept {
    return error.code == Code::full && error.system_error == ENOMEM;
}

int report(const Diagnostic& diagnostic, std::string_view about) noexcept {
    std::array<char, 1024> sentence;
    std::array<char, 512> action;
    Diagnostic named = diagnostic;
    named.error.system_error = 0;
    const bool is_memory = diagnostic.error.code == Code::out_of_memory;
    if (is_out_of_copies(diagnostic.error))
        return complain({.code = code_name(diagnostic.error.code),
                         .exit_code = exit_code(diagnostic.error.code),
                         .about = about,
                         .message = message_of_copies,
                         .hint = hint_of_copies});
    return complain({.code = code_name(diagnostic.error.code),
                     .exit_code = exit_code(diagnostic.error.code),
                     .about = about,
                     .message = joined(
                         {describe(named, sentence), system_words(diagnostic.error.system_error)}),
                     .hint = is_memory ? "give more with --memory" : hint(diagnostic, action)});
}

int report(Error error, std::string_view about) noexcept {
    Diagnostic diagnostic;
    diagnostic.error = error;
    return report(diagnostic, about);
}

int report_output(const Output& output) noexcept {
    if (output.error() == 0) return exit_done;
    return report(Error{Code::io, output.error()}, "standard output");
}

void say(std::initializer_list<std::string_view> pieces) noexcept {
    Output output{STDERR_FILENO};
    for (const std::string_view text : pieces) output.text(text);
    output.text("\n").flush();
}

void say_note(std::initializer_list<std::string_view> pieces) noexcept {
    if (!style().errors_are_json) return say({"note: ", joined(pieces)});
    Output output{STDERR_FILENO};
    output.text("{\"note\":").json_string(joined(pieces)).text("}\n").flush();
}

void say_warning(std::string_view code, std::string_view about, std::string_view message) noexcept {
    if (!style().errors_are_json) return say({"warning[", code, "]: ", about, ": ", message});
    Output output{STDERR_FILENO};
    output.text("{\"warning\":").json_string(code);
    put_member(output, "about", about);
    put_member(output, "message", message);
    output.text("}\n").flush();
}

std::string_view piece(std::uint64_t number) noexcept {
    return TextWriter{piece_memory[piece_count++ % piece_memory.size()]}.number(number).written();
}

std::string_view joined(std::initializer_list<std::string_view> pieces) noexcept {
    TextWriter writer{joined_memory[joined_count++ % joined_memory.size()]};
    for (const std::string_view text : pieces) writer.text(text);
    return writer.written();
}

}  // namespace freshet::shell
