// SPDX-License-Identifier: MIT
#include "shell/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "shell/base64.hpp"
#include "shell/exit.hpp"

namespace freshet::shell {
namespace {

// Control characters of ASCII, and those of Unicode that terminals obey: U+0080 to U+009F.
bool is_control(std::string_view rest) noexcept {
    const auto first = static_cast<unsigned char>(rest[0]);
    if (first < 0x20 || first == 0x7f) return true;
    return first == 0xc2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xa0;
}

bool continues(char letter) noexcept {
    return (static_cast<unsigned char>(letter) & 0xc0) == 0x80;
}

std::size_t character_size(std::string_view rest) noexcept {
    std::size_t size = 1;
    while (size < rest.size() && continues(rest[size])) size++;
    return size;
}

}  // namespace

void Output::write(std::string_view text) noexcept {
    while (!text.empty() && error_ == 0) {
        const ssize_t count = ::write(descriptor_, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EPIPE) {
            _exit(exit_pipe_closed);
        } else if (errno != EINTR) {
            error_ = errno;
        }
    }
}

void Output::flush() noexcept {
    write({buffer_.data(), used_});
    used_ = 0;
}

void Output::put(char letter) noexcept {
    if (used_ == buffer_.size()) flush();
    buffer_[used_++] = letter;
}

Output& Output::text(std::string_view text) noexcept {
    if (text.size() > buffer_.size() - used_) flush();
    if (text.size() > buffer_.size()) {
        write(text);
    } else if (!text.empty()) {
        std::memcpy(buffer_.data() + used_, text.data(), text.size());
        used_ += text.size();
    }
    return *this;
}

Output& Output::number(std::uint64_t number, std::size_t width) noexcept {
    std::array<char, 64> memory{};
    return text(TextWriter{memory}.number(number, width).written());
}

Output& Output::time(std::uint64_t time_us) noexcept {
    std::array<char, 64> memory{};
    return text(TextWriter{memory}.time_us(time_us).written());
}

Output& Output::hex(Bytes bytes) noexcept {
    for (const std::byte& byte : bytes) {
        std::array<char, 2> memory;
        text(TextWriter{memory}.hex(Bytes{&byte, 1}).written());
    }
    return *this;
}

Output& Output::base64(Bytes bytes) noexcept {
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::array<char, 4> letters;
        const std::size_t rest = bytes.size() - i;
        encode_base64({bytes.data() + i, rest < 3 ? rest : 3}, letters.data());
        text({letters.data(), letters.size()});
    }
    return *this;
}

Output& Output::json_string(std::string_view content) noexcept {
    put('"');
    for (const char letter : content) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20) {
            std::array<char, 4> digits;
            text("\\u").text(TextWriter{digits}.hex(byte, 4).written());
            continue;
        }
        if (letter == '"' || letter == '\\') put('\\');
        put(letter);
    }
    put('"');
    return *this;
}

Output& Output::json_member(std::string_view name) noexcept {
    return text(",\"").text(name).text("\":");
}

std::size_t Output::printable(std::string_view content, std::size_t column_count) noexcept {
    std::size_t column = 0;
    while (!content.empty() && column < column_count) {
        const std::size_t size = character_size(content);
        const bool is_cut = column + 1 == column_count && content.size() > size;
        text(is_cut ? "~" : is_control(content) ? "?" : std::string_view{content.data(), size});
        content.remove_prefix(size);
        column++;
    }
    return column;
}

Output& Output::cell(std::string_view content, std::size_t column_count) noexcept {
    for (std::size_t i = printable(content, column_count); i < column_count; i++) put(' ');
    return *this;
}

std::size_t terminal_width(int descriptor) noexcept {
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

bool is_terminal(int descriptor) noexcept {
    return isatty(descriptor) == 1;
}

}  // namespace freshet::shell
