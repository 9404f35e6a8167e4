// SPDX-License-Identifier: MIT
#include "shell/head_text.hpp"

#include "base/text.hpp"

namespace freshet::shell {
namespace {

std::uint64_t hex_value(char letter) noexcept {
    const std::size_t value = std::string_view{"0123456789abcdef"}.find(letter);
    return value == std::string_view::npos ? 16 : value;
}

class HeadParser {
public:
    explicit HeadParser(std::string_view text) noexcept : text_{text} {}

    template <class T>
    void number(T& into) noexcept {
        std::uint64_t value = 0;
        std::size_t count = 0;
        for (; hex_value(next()) < 16 && count < 2 * sizeof(T); count++, offset_++) {
            value = value << 4 | hex_value(next());
        }
        if (count == 0 || next() != '.') good_ = false;
        offset_++;
        into = static_cast<T>(value);
    }

    void byte(std::byte& into) noexcept {
        const std::uint64_t high = hex_value(next());
        offset_++;
        const std::uint64_t low = hex_value(next());
        offset_++;
        if (high == 16 || low == 16) good_ = false;
        into = static_cast<std::byte>((high << 4 | low) & 0xff);
    }

    [[nodiscard]] bool is_good() const noexcept { return good_ && offset_ == text_.size(); }

private:
    [[nodiscard]] char next() const noexcept {
        return offset_ < text_.size() ? text_[offset_] : '\0';
    }

    std::string_view text_;
    std::size_t offset_ = 0;
    bool good_ = true;
};

}  // namespace

std::string_view head_text(const Head& head, std::array<char, head_text_size_max>& into) noexcept {
    TextWriter writer{into};
    for (const std::uint64_t number :
         {head.store, head.commit, head.next_ordinal, head.time_us, head.address,
          std::uint64_t{head.epoch}, std::uint64_t{head.epoch_nonce}}) {
        writer.hex(number).text(".");
    }
    return writer.hex(Bytes{head.chain}).written();
}

bool parse_head(std::string_view text, Head& head) noexcept {
    HeadParser parser{text};
    parser.number(head.store);
    parser.number(head.commit);
    parser.number(head.next_ordinal);
    parser.number(head.time_us);
    parser.number(head.address);
    parser.number(head.epoch);
    parser.number(head.epoch_nonce);
    for (std::byte& byte : head.chain) parser.byte(byte);
    return parser.is_good();
}

}  // namespace freshet::shell
