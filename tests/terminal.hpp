// SPDX-License-Identifier: MIT
// A terminal that a test holds the other end of.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace freshet::test {

class Terminal {
public:
    explicit Terminal(unsigned short width = 80) {
        ours_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (ours_ < 0 || grantpt(ours_) != 0 || unlockpt(ours_) != 0) return;
        held_ = open(ptsname(ours_), O_RDWR | O_NOCTTY | O_CLOEXEC);
        termios settings{};
        tcgetattr(held_, &settings);
        settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
        settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(held_, TCSANOW, &settings);
        const winsize size{24, width, 0, 0};
        ioctl(held_, TIOCSWINSZ, &size);
        looker_ = std::thread{[this] { look(); }};
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        closed_ = true;
        if (looker_.joinable()) looker_.join();
        if (held_ >= 0) close(held_);
        if (ours_ >= 0) close(ours_);
    }

    [[nodiscard]] bool is_there() const { return held_ >= 0; }

    // In a child: from here on its descriptor is this terminal.
    void take(int descriptor) const { dup2(held_, descriptor); }
    // In a child: this terminal is the one whose keys it obeys.
    void control() const {
        setsid();
        ioctl(held_, TIOCSCTTY, 0);
    }
    void type(const std::string& keys) const {
        const ssize_t count = write(ours_, keys.data(), keys.size());
        static_cast<void>(count);
    }

    // All that was shown so far, once nothing more has come for a while.
    std::string shown() {
        std::string seen;
        for (int quiet = 0; quiet < 10; quiet++) {
            usleep(10'000);
            const std::lock_guard lock{mutex_};
            if (shown_.size() != seen.size()) quiet = 0;
            seen = shown_;
        }
        return seen;
    }

private:
    // Somebody has to look, or who writes much will wait for that.
    void look() {
        while (!closed_) {
            pollfd source{ours_, POLLIN, 0};
            if (poll(&source, 1, 5) <= 0) continue;
            char buffer[4096];
            const ssize_t count = read(ours_, buffer, sizeof buffer);
            if (count <= 0) continue;
            const std::lock_guard lock{mutex_};
            shown_.append(buffer, static_cast<std::size_t>(count));
        }
    }

    int ours_ = -1;
    int held_ = -1;
    std::atomic<bool> closed_ = false;
    std::mutex mutex_;
    std::string shown_;
    std::thread looker_;
};

}  // namespace freshet::test
