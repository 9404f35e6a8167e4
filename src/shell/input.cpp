// SPDX-License-Identifier: MIT
#include "shell/input.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace freshet::shell {
namespace {

constexpr std::size_t read_size_max = 256 << 10;

// A descriptor that can be read when one of the signals came. Those that whoever started us wants
// ignored, stay so.
int catch_signals() noexcept {
    sigset_t caught;
    sigemptyset(&caught);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action {};
        sigaction(number, nullptr, &action);
        if (action.sa_handler != SIG_IGN) sigaddset(&caught, number);
    }
    sigprocmask(SIG_BLOCK, &caught, nullptr);
    return signalfd(-1, &caught, SFD_CLOEXEC);
}

}  // namespace

LineInput::LineInput(int descriptor, std::span<char> memory) noexcept
    : descriptor_{descriptor}, signals_{catch_signals()}, memory_{memory} {}

LineInput::~LineInput() {
    if (signals_ >= 0) close(signals_);
}

LineInput::Step LineInput::next(std::span<char>& line) noexcept {
    const void* const found = std::memchr(memory_.data() + scanned_, '\n', end_ - scanned_);
    if (found == nullptr) {
        scanned_ = end_;
        if (!ended_) return Step::dry;
        if (begin_ == end_) return Step::end;
        line = memory_.subspan(begin_, end_ - begin_);
        begin_ = end_;
    } else {
        const auto position =
            static_cast<std::size_t>(static_cast<const char*>(found) - memory_.data());
        line = memory_.subspan(begin_, position - begin_);
        begin_ = position + 1;
        scanned_ = begin_;
    }
    line_number_++;
    return Step::line;
}

LineInput::Step LineInput::fill(int timeout_ms) noexcept {
    if (end_ == memory_.size()) return Step::full;
    if (const Step step = wait(timeout_ms); step != Step::line) return step;
    const std::size_t size = std::min(memory_.size() - end_, read_size_max);
    const ssize_t count = read(descriptor_, memory_.data() + end_, size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return Step::line;
    if (count < 0) {
        error_ = errno;
        return Step::failed;
    }
    if (count == 0) ended_ = true;
    end_ += static_cast<std::size_t>(count);
    size_read_ += static_cast<std::size_t>(count);
    return Step::line;
}

LineInput::Step LineInput::wait(int timeout_ms) noexcept {
    std::array<pollfd, 2> sources{{{signals_, POLLIN, 0}, {descriptor_, POLLIN, 0}}};
    for (;;) {
        const int count = poll(sources.data(), sources.size(), timeout_ms);
        if (count > 0) break;
        if (count == 0) return Step::dry;
        if (errno != EINTR) {
            error_ = errno;
            return Step::failed;
        }
    }
    return (sources[0].revents & POLLIN) != 0 ? Step::interrupted : Step::line;
}

void LineInput::release() noexcept {
    if (begin_ < end_ && begin_ < memory_.size() / 2) return;
    std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
}

}  // namespace freshet::shell
