// SPDX-License-Identifier: MIT
// Values of one row as a batch, for scalars.
#pragma once

#include "query/scalar.hpp"

namespace freshet::database {

class OneRow {
public:
    // Room for so many values. out_of_memory.
    Status open(std::size_t width, Arena& memory) noexcept {
        const Result<std::span<Value>> values = memory.array<Value>(width);
        if (!values) return values.error();
        const Result<std::span<query::Vector>> vectors = memory.array<query::Vector>(width);
        if (!vectors) return vectors.error();
        values_ = *values;
        vectors_ = *vectors;
        for (std::size_t i = 0; i < width; i++) vectors_[i] = query::Vector::of(&values_[i]);
        return Done{};
    }
    [[nodiscard]] std::span<Value> values() const noexcept { return values_; }
    // What the scalar fails with.
    [[nodiscard]] Result<Value> evaluate(const query::Scalar& scalar,
                                         Arena& scratch) const noexcept {
        const query::Batch batch{vectors_, query::first_rows(1)};
        const Result<query::Vector> value = query::evaluate(scalar, batch, scratch);
        if (!value) return value.error();
        return (*value)[0];
    }

private:
    std::span<Value> values_{};
    std::span<query::Vector> vectors_{};
};

}  // namespace freshet::database
