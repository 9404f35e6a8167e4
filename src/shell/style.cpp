// SPDX-License-Identifier: MIT
#include "shell/style.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace freshet::shell {
namespace {

constinit Style chosen{};

bool is_dumb() noexcept {
    const char* const name = std::getenv("TERM");
    return name != nullptr && std::string_view{name} == "dumb";
}

// https://no-color.org: any value but the empty one.
bool wants_no_color() noexcept {
    const char* const value = std::getenv("NO_COLOR");
    return value != nullptr && value[0] != '\0';
}

bool has_color(Color color, int descriptor) noexcept {
    if (color != Color::automatic) return color == Color::always;
    return is_terminal(descriptor) && !is_dumb() && !wants_no_color();
}

}  // namespace

void set_style(Format format, Color color) noexcept {
    chosen.errors_are_json = format == Format::json || format == Format::ndjson;
    if (format == Format::automatic)
        format = is_terminal(STDOUT_FILENO) ? Format::box : Format::tsv;
    chosen.format = format;
    chosen.color_out = format == Format::box && has_color(color, STDOUT_FILENO);
    chosen.color_err = !chosen.errors_are_json && has_color(color, STDERR_FILENO);
    chosen.plain_lines = is_dumb();
}

const Style& style() noexcept {
    return chosen;
}

bool is_terminal(int descriptor) noexcept {
    return isatty(descriptor) == 1;
}

std::size_t terminal_width(int descriptor) noexcept {
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace freshet::shell
