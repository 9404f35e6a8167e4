// SPDX-License-Identifier: MIT
// What operators hand to each other: up to 1,024 rows as columns of values.
//
// A row is a position in all columns. `selection` names the rows that are alive, in rising order,
// so that a filter moves no values. What stands at other positions is never read.
#pragma once

#include <array>
#include <span>

#include "freshet/value.hpp"

namespace freshet::query {

inline constexpr std::size_t batch_row_count_max = 1024;

using Position = std::uint16_t;
using Selection = std::span<const Position>;

consteval std::array<Position, batch_row_count_max> make_all_positions() {
    std::array<Position, batch_row_count_max> positions{};
    for (std::size_t i = 0; i < positions.size(); i++) positions[i] = static_cast<Position>(i);
    return positions;
}
inline constexpr std::array<Position, batch_row_count_max> all_positions = make_all_positions();
// Of `count` rows, all.
constexpr Selection first_rows(std::size_t count) noexcept {
    return Selection{all_positions}.first(count);
}

// A column of a batch; a constant one keeps its value once. Owns nothing.
class Vector {
public:
    constexpr Vector() noexcept = default;
    static constexpr Vector of(const Value* values) noexcept { return {values, 1}; }
    static constexpr Vector constant(const Value& value) noexcept { return {&value, 0}; }

    constexpr const Value& operator[](Position position) const noexcept {
        return values_[position * step_];
    }
    // Of positions that are the same one, all are the same.
    [[nodiscard]] constexpr bool is_constant() const noexcept { return step_ == 0; }

private:
    constexpr Vector(const Value* values, std::size_t step) noexcept
        : values_{values}, step_{step} {}

    const Value* values_ = nullptr;
    std::size_t step_ = 0;  // From one position to the next.
};

struct Batch {
    std::span<const Vector> columns{};
    Selection selection{};
};

}  // namespace freshet::query
