// SPDX-License-Identifier: MIT
// Standard output, in large pieces. When the reader of a pipe is gone the program ends there and
// then, quietly and with exit code 141; only programs that have nothing open for writing use it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "freshet/bytes.hpp"

namespace freshet::shell {

class Output {
public:
    explicit Output(int descriptor) noexcept : descriptor_{descriptor} {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    Output& text(std::string_view text) noexcept;
    Output& number(std::uint64_t number, std::size_t width = 0) noexcept;
    Output& time(std::uint64_t time_us) noexcept;
    Output& hex(Bytes bytes) noexcept;
    Output& base64(Bytes bytes) noexcept;
    Output& json_string(std::string_view text) noexcept;  // With its quotes; `text` is UTF-8.
    Output& json_member(std::string_view name) noexcept;  // ,"name":
    Output& tsv(std::string_view text) noexcept;          // As COPY of PostgreSQL escapes it.
    Output& repeat(std::string_view text, std::size_t count) noexcept;
    // At most `column_count` columns of one line, for a terminal: nothing in it can control one.
    // Says how many there were. What was cut ends in '~'.
    std::size_t printable(std::string_view text, std::size_t column_count) noexcept;

    void flush() noexcept;
    [[nodiscard]] bool is_empty() const noexcept { return used_ == 0; }
    // Errno of the first write that failed, 0 if none did. What came after it was dropped.
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    void put(char letter) noexcept;
    void write(std::string_view text) noexcept;

    int descriptor_;
    int error_ = 0;
    std::size_t used_ = 0;
    std::array<char, 65536> buffer_;
};

}  // namespace freshet::shell
