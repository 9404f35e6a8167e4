// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <array>
#include <cstring>

namespace freshet {
namespace {

constexpr std::size_t digit_count_max = 20;

// Filled from the right, so that digits can be added in front.
class Digits {
public:
    void add(char character) noexcept { text_[--first_] = character; }
    [[nodiscard]] std::size_t size() const noexcept { return text_.size() - first_; }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data() + first_, size()}; }

private:
    std::array<char, digit_count_max + 1> text_{};
    std::size_t first_ = digit_count_max + 1;
};

Digits digits_of(std::uint64_t value, std::uint64_t base) noexcept {
    constexpr std::string_view alphabet = "0123456789abcdef";
    Digits digits;
    do {
        digits.add(alphabet[value % base]);
        value /= base;
    } while (value > 0);
    return digits;
}

bool is_continuation(char character) noexcept {
    return (static_cast<std::uint8_t>(character) & 0xc0) == 0x80;
}

std::size_t missing(std::size_t size, std::size_t width) noexcept {
    return size < width ? width - size : 0;
}

}  // namespace

TextWriter& TextWriter::text(std::string_view value) noexcept {
    if (full_ || value.empty()) return *this;
    const std::size_t room = into_.size() - used_;
    std::size_t size = value.size();
    if (size > room) {
        full_ = true;
        size = room;
        while (size > 0 && is_continuation(value[size])) size--;
    }
    if (size > 0) std::memcpy(into_.data() + used_, value.data(), size);
    used_ += size;
    return *this;
}

TextWriter& TextWriter::repeat(char value, std::size_t count) noexcept {
    for (; count > 0 && !full_; count--) character(value);
    return *this;
}

TextWriter& TextWriter::decimal(std::uint64_t magnitude, bool negative,
                                std::size_t width) noexcept {
    Digits digits = digits_of(magnitude, 10);
    if (negative) digits.add('-');
    return repeat(' ', missing(digits.size(), width)).text(digits.view());
}

TextWriter& TextWriter::digits(std::uint64_t value, std::size_t width) noexcept {
    const Digits digits = digits_of(value, 10);
    return repeat('0', missing(digits.size(), width)).text(digits.view());
}

TextWriter& TextWriter::hex(std::uint64_t value, std::size_t width) noexcept {
    const Digits digits = digits_of(value, 16);
    return repeat('0', missing(digits.size(), width)).text(digits.view());
}

TextWriter& TextWriter::hex(Bytes bytes) noexcept {
    for (const std::byte byte : bytes) hex(static_cast<std::uint64_t>(byte), 2);
    return *this;
}

TextWriter& TextWriter::padded(std::string_view value, std::size_t width) noexcept {
    return text(value).repeat(' ', missing(value.size(), width));
}

Result<std::uint64_t> parse_number(std::string_view text) noexcept {
    constexpr std::uint64_t number_max = ~std::uint64_t{0};
    if (text.empty()) return Code::invalid_argument;
    std::uint64_t number = 0;
    bool overflown = false;
    for (const char character : text) {
        if (character < '0' || character > '9') return Code::invalid_argument;
        const auto digit = static_cast<std::uint64_t>(character - '0');
        if (number > (number_max - digit) / 10) overflown = true;
        number = number * 10 + digit;
    }
    if (overflown) return Code::too_large;
    return number;
}

}  // namespace freshet
