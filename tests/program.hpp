// SPDX-License-Identifier: MIT
// Runs the program `freshet`, the one that the environment's FRESHET names, as people and scripts
// do.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace freshet::test {

struct Ended {
    int code = -1;  // As a shell says it: 128 and the signal for a program that was killed.
    std::string out;
    std::string err;
};

inline int shell_code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A program at work, whose input is written bit by bit.
class Running {
public:
    // `prepare` runs in the child; what it does to descriptors 0 to 2 stays. Without it the child
    // needs no memory of its own: copying the tables of all that sanitizers map takes longer than
    // what most programs do.
    explicit Running(const std::vector<std::string>& words,
                     const std::function<void()>& prepare = {}) {
        for (auto* pipe : {in_, out_, err_}) {
            if (pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        }
        fcntl(in_[1], F_SETFL, O_NONBLOCK);
        std::vector<std::string> copies = words;
        const char* program = std::getenv("FRESHET");
        copies.insert(copies.begin(), program != nullptr ? program : "build/freshet");
        std::vector<char*> arguments;
        for (std::string& word : copies) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        process_ = prepare ? fork() : vfork();
        if (process_ < 0) throw std::runtime_error("fork");
        if (process_ == 0) execute(arguments.data(), prepare);
        close(in_[0]);
        close(out_[1]);
        close(err_[1]);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        if (!ended_) {
            kill(process_, SIGKILL);
            wait();
        }
    }

    [[nodiscard]] pid_t process() const { return process_; }
    void send(int number) const { kill(process_, number); }
    void write(const std::string& text) { input_ += text; }
    void end_input() { input_ends_ = true; }

    // Passes input and output on until the program ends, or until `until` says that it is enough.
    void pump(const std::function<bool()>& until = {}) {
        while (!(until && until())) {
            pollfd sources[3] = {{out_[0], POLLIN, 0}, {err_[0], POLLIN, 0}, {-1, POLLOUT, 0}};
            if (!input_.empty()) sources[2].fd = in_[1];
            if (input_.empty() && input_ends_ && in_[1] >= 0) close_input();
            if (out_[0] < 0 && err_[0] < 0) return;
            poll(sources, 3, 20);
            if (sources[0].revents != 0) take(out_[0], ended.out);
            if (sources[1].revents != 0) take(err_[0], ended.err);
            if (sources[2].revents != 0) give();
        }
    }

    Ended wait() {
        end_input();
        if (!ended_) {
            pump();
            int status = 0;
            waitpid(process_, &status, 0);
            ended.code = shell_code(status);
            ended_ = true;
            if (in_[1] >= 0) close_input();
        }
        return ended;
    }

    Ended ended;

private:
    [[noreturn]] void execute(char* const* arguments, const std::function<void()>& prepare) {
        dup2(in_[0], 0);
        dup2(out_[1], 1);
        dup2(err_[1], 2);
        std::signal(SIGINT, SIG_DFL);  // A shell has it ignored by what runs in the background.
        if (prepare) prepare();
        execv(arguments[0], arguments);
        _exit(127);
    }

    void close_input() {
        close(in_[1]);
        in_[1] = -1;
    }

    static void take(int& descriptor, std::string& into) {
        char buffer[65536];
        const ssize_t count = read(descriptor, buffer, sizeof buffer);
        if (count > 0) {
            into.append(buffer, static_cast<std::size_t>(count));
            return;
        }
        close(descriptor);
        descriptor = -1;
    }

    void give() {
        const auto handler = std::signal(SIGPIPE, SIG_IGN);
        const ssize_t count = ::write(in_[1], input_.data(), input_.size());
        std::signal(SIGPIPE, handler);
        if (count > 0) {
            input_.erase(0, static_cast<std::size_t>(count));
        } else if (count < 0 && errno != EAGAIN) {
            input_.clear();
        }
    }

    int in_[2] = {-1, -1};
    int out_[2] = {-1, -1};
    int err_[2] = {-1, -1};
    pid_t process_ = -1;
    std::string input_;
    bool input_ends_ = false;
    bool ended_ = false;
};

inline Ended run(const std::vector<std::string>& words, const std::string& input = "",
                 const std::function<void()>& prepare = {}) {
    Running running{words, prepare};
    running.write(input);
    return running.wait();
}

}  // namespace freshet::test
