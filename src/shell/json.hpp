// SPDX-License-Identifier: MIT
// JSON (RFC 8259) as it stands: a reader that checks every byte and keeps none, so that a value can
// be stored and given back byte for byte. Bytes that are not UTF-8 are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace freshet::shell {

inline constexpr std::uint32_t json_depth_max = 64;

// The first error sticks: after it nothing is read, and all that is returned is empty or false.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) noexcept : text_{text} {}

    // All of these skip white space first.
    bool accept(char wanted) noexcept;
    void expect(char wanted, const char* message) noexcept;
    std::string_view value() noexcept;   // Any value, as it is written.
    std::string_view string() noexcept;  // What stands between the quotes, escapes and all.
    void expect_end() noexcept;

    void fail(const char* message, std::size_t offset) noexcept;
    [[nodiscard]] const char* error() const noexcept { return error_; }  // Null: none yet.
    // Where the error is, or else where the reader stands: bytes from the start.
    [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

private:
    [[nodiscard]] bool starts_with(char wanted) const noexcept;
    bool take(char wanted) noexcept;
    void skip_space() noexcept;
    void skip_value(std::uint32_t depth) noexcept;
    void skip_object(std::uint32_t depth) noexcept;
    void skip_array(std::uint32_t depth) noexcept;
    void skip_string() noexcept;
    void skip_escape() noexcept;
    void skip_sequence() noexcept;
    void skip_number() noexcept;
    void skip_digits() noexcept;
    void skip_word(std::string_view word) noexcept;

    std::string_view text_;
    std::size_t offset_ = 0;
    const char* error_ = nullptr;
};

// Exactly one value on one line with nothing around it: what can be put into a line of NDJSON and
// will come back as the same bytes.
bool is_json_line(std::string_view text) noexcept;

// The text that the inside of a JSON string stands for, made in its place. Nothing: half a
// surrogate pair, which stands for no text. `inside` comes from JsonReader::string().
struct Unescaped {
    std::string_view text;
    bool is_text = false;
};
Unescaped unescape(std::span<char> inside) noexcept;

}  // namespace freshet::shell
