// SPDX-License-Identifier: MIT
// What somebody may have meant who mistyped a word.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace freshet {

// Finds the most similar of many words; none, if none is similar: at most one slip for each three
// letters (but one at least), where a slip is a letter too many, too few, wrong, or two that
// changed places. Of equally similar ones, the first.
class Nearest {
public:
    static constexpr std::size_t word_size_max = 64;  // Longer words are similar to nothing.

    explicit Nearest(std::string_view typed) noexcept;
    void consider(std::string_view word) noexcept;
    [[nodiscard]] std::string_view best() const noexcept { return {best_.data(), best_size_}; }

private:
    std::string_view typed_;
    std::size_t slip_limit_ = 0;  // From so many slips on a word is too far away.
    std::size_t best_size_ = 0;
    std::array<char, word_size_max> best_{};
};

// The same of these words; the answer is one of them, or empty.
std::string_view nearest(std::string_view typed, std::span<const std::string_view> words) noexcept;

}  // namespace freshet
