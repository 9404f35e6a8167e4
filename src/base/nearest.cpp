// SPDX-License-Identifier: MIT
#include "base/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace freshet {
namespace {

constexpr std::size_t word_size_max = Nearest::word_size_max;

// Optimal string alignment: the last three rows of the table of prefixes are enough.
std::size_t slip_count(std::string_view typed, std::string_view word) noexcept {
    using Row = std::array<std::size_t, word_size_max + 1>;
    std::array<Row, 3> rows{};
    for (std::size_t k = 0; k <= word.size(); k++) rows[0][k] = k;
    for (std::size_t i = 1; i <= typed.size(); i++) {
        const Row& before_last = rows[(i + 1) % 3];
        const Row& last = rows[(i - 1) % 3];
        Row& row = rows[i % 3];
        row[0] = i;
        for (std::size_t k = 1; k <= word.size(); k++) {
            const std::size_t other = typed[i - 1] == word[k - 1] ? 0 : 1;
            row[k] = std::min({last[k] + 1, row[k - 1] + 1, last[k - 1] + other});
            if (i > 1 && k > 1 && typed[i - 1] == word[k - 2] && typed[i - 2] == word[k - 1]) {
                row[k] = std::min(row[k], before_last[k - 2] + 1);
            }
        }
    }
    return rows[typed.size() % 3][word.size()];
}

}  // namespace

Nearest::Nearest(std::string_view typed) noexcept : typed_{typed} {
    if (typed.empty() || typed.size() > word_size_max) return;
    slip_limit_ = std::max<std::size_t>(typed.size() / 3, 1) + 1;
}

void Nearest::consider(std::string_view word) noexcept {
    if (slip_limit_ == 0 || word.empty() || word.size() > word_size_max) return;
    const std::size_t count = slip_count(typed_, word);
    if (count >= slip_limit_) return;
    slip_limit_ = count;
    best_size_ = word.size();
    std::memcpy(best_.data(), word.data(), word.size());
}

std::string_view nearest(std::string_view typed, std::span<const std::string_view> words) noexcept {
    Nearest best{typed};
    for (const std::string_view word : words) best.consider(word);
    for (const std::string_view word : words) {
        if (!word.empty() && word == best.best()) return word;
    }
    return {};
}

}  // namespace freshet
