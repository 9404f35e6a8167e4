// SPDX-License-Identifier: MIT
#include "shell/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "shell/base64.hpp"
#include "shell/exit.hpp"
#include "shell/width.hpp"

namespace freshet::shell {
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

Output& Output::tsv(std::string_view content) noexcept {
    for (const char letter : content) {
        switch (letter) {
            case '\t': text("\\t"); break;
            case '\n': text("\\n"); break;
            case '\r': text("\\r"); break;
            case '\\': text("\\\\"); break;
            default: put(letter);
        }
    }
    return *this;
}

Output& Output::repeat(std::string_view content, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; i++) text(content);
    return *this;
}

std::size_t Output::printable(std::string_view content, std::size_t column_count) noexcept {
    const bool is_cut = text_width(content) > column_count;
    const std::size_t end = column_count - (is_cut && column_count > 0 ? 1 : 0);
    std::size_t column = 0;
    while (!content.empty()) {
        const Character character = first_character(content);
        if (column + character.width > end) break;
        text(character.is_printable ? std::string_view{content.data(), character.size} : "?");
        content.remove_prefix(character.size);
        column += character.width;
    }
    if (!is_cut || column_count == 0) return column;
    text("~");
    return column + 1;
}

}  // namespace freshet::shell
