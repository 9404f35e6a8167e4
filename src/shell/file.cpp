// SPDX-License-Identifier: MIT
#include "shell/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "shell/exit.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

int report_unreadable(std::string_view name, int error) noexcept {
    return complain({.code = "bad-input",
                     .exit_code = exit_bad_input,
                     .about = name,
                     .message = joined({"cannot be read", system_words(error)}),
                     .hint = "check the path; text that begins with @ goes into a file first"});
}

int report_large(std::string_view name, std::size_t size_max) noexcept {
    return complain({.code = code_name(Code::too_large),
                     .exit_code = exit_too_large,
                     .about = name,
                     .message = joined({"is larger than the ", piece(size_max), " bytes for it"}),
                     .hint = "give more with --memory"});
}

int read_all(int descriptor, std::string_view name, std::span<char>& memory,
             Bytes& value) noexcept {
    std::size_t used = 0;
    while (used < memory.size()) {
        const ssize_t count = read(descriptor, memory.data() + used, memory.size() - used);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return report_unreadable(name, errno);
        if (count == 0) {
            value = as_bytes({memory.data(), used});
            memory = memory.subspan(used);
            return exit_done;
        }
        used += static_cast<std::size_t>(count);
    }
    return report_large(name, memory.size());
}

}  // namespace

int read_value(std::string_view text, std::span<char>& memory, Bytes& value) noexcept {
    value = as_bytes(text);
    if (text.empty() || text[0] != '@') return exit_done;
    const char* const name = text.data() + 1;  // An argument: it ends with a zero byte.
    if (text == "@-") return read_all(STDIN_FILENO, "standard input", memory, value);
    const int descriptor = open(name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return report_unreadable(name, errno);
    const int code = read_all(descriptor, name, memory, value);
    close(descriptor);
    return code;
}

}  // namespace freshet::shell
