// SPDX-License-Identifier: MIT
#include "shell/report.hpp"

#include <unistd.h>

#include <array>

#include "base/text.hpp"
#include "shell/exit.hpp"

namespace freshet::shell {
namespace {

constexpr std::size_t line_size_max = 2048;
constinit std::array<std::array<char, 24>, 8> piece_memory{};
constinit std::size_t piece_count = 0;

}  // namespace

void say(std::initializer_list<std::string_view> pieces) noexcept {
    std::array<char, line_size_max> line;
    TextWriter writer{std::span{line}.first(line_size_max - 1)};
    for (const std::string_view text : pieces) writer.text(text);
    const std::size_t size = writer.written().size();
    line[size] = '\n';
    const ssize_t written = write(STDERR_FILENO, line.data(), size + 1);
    static_cast<void>(written);  // Nobody is left to hear of it.
}

std::string_view piece(std::uint64_t number) noexcept {
    return TextWriter{piece_memory[piece_count++ % piece_memory.size()]}.number(number).written();
}

int report(std::string_view code, int exit_code, std::string_view message,
           std::string_view hint) noexcept {
    say({"error[", code, "]: ", message});
    if (!hint.empty()) say({"hint: ", hint});
    return exit_code;
}

int report(const Diagnostic& diagnostic, std::string_view database) noexcept {
    std::array<char, 1024> sentence;
    std::array<char, 512> action;
    say({"error[", code_name(diagnostic.error.code), "]: ", database, ": ",
         describe(diagnostic, sentence)});
    const bool is_memory = diagnostic.error.code == Code::out_of_memory;
    const std::string_view advice =
        is_memory ? "give more with --memory" : hint(diagnostic, action);
    if (!advice.empty()) say({"hint: ", advice});
    return exit_code(diagnostic.error.code);
}

}  // namespace freshet::shell
