// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "base/text.hpp"
#include "relation/convert.hpp"

namespace freshet::relation {

// A value in a message, as SQL would write it.
class ShownValue {
public:
    explicit ShownValue(const Value& value) noexcept {
        TextWriter text{std::span{letters_}.first(size_max)};
        put_literal(text, value);
        size_ = text.written().size();
        if (!text.is_full()) return;
        for (int i = 0; i < 3; i++) letters_[size_++] = '.';
    }
    [[nodiscard]] std::string_view text() const noexcept { return {letters_.data(), size_}; }

private:
    static constexpr std::size_t size_max = 48;
    std::array<char, size_max + 3> letters_{};
    std::size_t size_ = 0;
};

}  // namespace freshet::relation
