// SPDX-License-Identifier: MIT
#include "shell/progress.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "shell/exit.hpp"
#include "shell/output.hpp"
#include "shell/report.hpp"
#include "shell/style.hpp"

namespace freshet::shell {
namespace {

constexpr std::uint64_t delay_us = 500'000;
constexpr std::uint64_t period_us = 100'000;
constexpr std::uint64_t bar_width = 20;
constexpr std::uint64_t mega = 1'000'000;

// 12345 as 12,345.
void put_grouped(TextWriter& text, std::uint64_t number) noexcept {
    if (number < 1000) {
        text.number(number);
        return;
    }
    std::uint64_t unit = 1;
    while (number / unit >= 1000) unit *= 1000;
    text.number(number / unit);
    for (unit /= 1000; unit > 0; unit /= 1000) text.text(",").digits(number / unit % 1000, 3);
}

void put_bar(TextWriter& text, std::uint64_t size, std::uint64_t total) noexcept {
    const std::uint64_t done = total == 0 ? 0 : std::min(bar_width, size * bar_width / total);
    text.text("  [").repeat('#', done).repeat('-', bar_width - done).text("]  ");
    text.number(total == 0 ? 0 : std::min<std::uint64_t>(100, size * 100 / total)).text(" %");
}

void put_time_left(TextWriter& text, std::uint64_t elapsed_us, std::uint64_t size,
                   std::uint64_t total) noexcept {
    if (size == 0 || size > total) return;
    const std::uint64_t size_mb = std::max<std::uint64_t>(1, size / mega);
    const std::uint64_t seconds = elapsed_us / size_mb * ((total - size) / mega) / mega;
    text.text("  ").number(seconds / 60).text(":").digits(seconds % 60, 2).text(" left");
}

volatile sig_atomic_t is_interrupted = 0;

void note_signal(int) noexcept {
    is_interrupted = 1;
}

void catch_signals() noexcept {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action {};
        sigaction(number, nullptr, &action);
        if (action.sa_handler == SIG_IGN) continue;
        action.sa_handler = note_signal;
        sigaction(number, &action, nullptr);
    }
}

int show(void* progress, std::uint64_t done, std::uint64_t total) noexcept {
    static_cast<Progress*>(progress)->update(done >> 20, done, total);
    return is_interrupted;
}

}  // namespace

ProgressCallback watch(Progress& progress) noexcept {
    catch_signals();
    return {show, &progress};
}

int report_cancelled(std::string_view about, std::string_view message,
                     std::string_view hint) noexcept {
    return complain({.code = code_name(Code::interrupted),
                     .exit_code = exit_interrupted,
                     .about = about,
                     .message = message,
                     .hint = hint});
}

std::uint64_t steady_us() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * mega +
           static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

Progress::Progress(std::string_view what, std::string_view unit, bool quiet) noexcept
    : what_{what},
      unit_{unit},
      is_on_{!quiet && !style().errors_are_json && is_terminal(STDERR_FILENO)},
      start_us_{steady_us()},
      next_us_{start_us_ + delay_us} {}

void Progress::update(std::uint64_t count, std::uint64_t size, std::uint64_t size_total) noexcept {
    if (!is_on_) return;
    const std::uint64_t now_us = steady_us();
    if (now_us < next_us_) return;
    next_us_ = now_us + period_us;
    draw(now_us, count, size, size_total);
}

void Progress::draw(std::uint64_t now_us, std::uint64_t count, std::uint64_t size,
                    std::uint64_t size_total) noexcept {
    is_drawn_ = true;
    std::array<char, 256> memory;
    TextWriter line{memory};
    const std::uint64_t elapsed_us = now_us - start_us_;
    line.text(what_);
    if (size_total > 0) put_bar(line, size, size_total);
    line.text("  ");
    put_grouped(line, count);
    line.text(" ").text(unit_).text("  ").number(size / elapsed_us).text(" MB/s");
    if (size_total > 0) put_time_left(line, elapsed_us, size, size_total);
    Output output{STDERR_FILENO};
    output.text("\r");
    output.printable(line.written(), terminal_width(STDERR_FILENO) - 1);
    output.text("\x1b[K").flush();
}

void Progress::clear() noexcept {
    if (!is_drawn_) return;
    is_drawn_ = false;
    Output output{STDERR_FILENO};
    output.text("\r\x1b[K").flush();
}

}  // namespace freshet::shell
