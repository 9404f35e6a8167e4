// SPDX-License-Identifier: MIT
// Why a statement was not understood or not done, for people: where in its text, one sentence, one
// hint. Owns its words, so that it may be kept longer than the statement and its memory.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "freshet/error.hpp"

namespace freshet {

struct SqlError {
    static constexpr std::size_t text_size_max = 240;  // Longer texts are cut, never in a letter.

    Error error{};  // Code::none: there is none, and all below is empty.
    // What is at fault: bytes of the text that was given. Size 0: something is missing here.
    std::uint32_t offset = 0;
    std::uint32_t size = 0;

    // "expected a statement, found SELEC": one sentence, not empty where there is an error.
    [[nodiscard]] std::string_view message() const noexcept {
        return {message_text.data(), message_size};
    }
    // "did you mean SELECT?": one thing to do; empty where none is known.
    [[nodiscard]] std::string_view hint() const noexcept { return {hint_text.data(), hint_size}; }

    std::uint16_t message_size = 0;
    std::uint16_t hint_size = 0;
    std::array<char, text_size_max> message_text{};
    std::array<char, text_size_max> hint_text{};
};

}  // namespace freshet
