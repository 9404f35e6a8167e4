// SPDX-License-Identifier: MIT
#include "shell/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace freshet::shell {
namespace {

constexpr std::size_t word_size_max = 24;

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

std::string_view nearest(std::string_view typed, std::span<const std::string_view> words) noexcept {
    if (typed.empty() || typed.size() > word_size_max) return {};
    std::string_view best;
    std::size_t best_count = std::max<std::size_t>(typed.size() / 3, 1) + 1;
    for (const std::string_view word : words) {
        if (word.size() > word_size_max) continue;
        const std::size_t count = slip_count(typed, word);
        if (count >= best_count) continue;
        best = word;
        best_count = count;
    }
    return best;
}

}  // namespace freshet::shell
