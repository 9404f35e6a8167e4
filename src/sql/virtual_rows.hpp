// SPDX-License-Identifier: MIT
// What virtual tables are made of: rows that come one by one, and what is to be used of bounds.
#pragma once

#include "query/log_walk.hpp"
#include "query/operators.hpp"
#include "relation/moment.hpp"
#include "sql/binder.hpp"

namespace freshet::sql {

// Rows that are made one at a time. Texts that are made for a batch lie in a block, which is used
// again for the next one and grows where one row alone needs more.
class VirtualRows : public query::Rows {
public:
    Result<bool> next(query::Batch& batch) noexcept final;

protected:
    VirtualRows(query::Context& context, std::size_t width) noexcept
        : context_{context}, width_{width} {}
    ~VirtualRows() = default;

    // Goes to the next row. False: no more. Whatever is wrong.
    virtual Result<bool> step() noexcept = 0;
    // Its values. What step() moves on does not stay goes to `texts`, and the rest of the batch
    // lies there too: out_of_memory ends the batch, and it is asked again with more.
    virtual Status fill(std::span<Value> row, Arena& texts) noexcept = 0;

    [[nodiscard]] query::Context& context() const noexcept { return context_; }

private:
    static constexpr std::size_t row_count_max = 64;
    static constexpr std::size_t first_size = 4096;

    Result<std::size_t> fill_batch(Arena& texts) noexcept;

    query::Context& context_;
    std::size_t width_;
    query::Output output_{};
    std::span<Value> row_{};
    MutableBytes block_{};
    bool is_waiting_ = false;  // A row was come to that is not in a batch yet.
};

// What a virtual table is asked, kept for as long as the plan.
struct VirtualQuestion {
    const relation::Moment* moment = nullptr;
    std::span<const query::Scalar* const> arguments{};
    std::span<const VirtualBound> bounds{};
    Store* store = nullptr;
    std::span<const Value> session{};
};

using OpenVirtual = Result<query::Rows*> (*)(const VirtualQuestion& question,
                                             query::Context& context) noexcept;

// A source that calls `open`. out_of_memory, with words.
Result<const query::Source*> make_virtual_source(const VirtualUse& use, OpenVirtual open) noexcept;

// What the bounds of a column of numbers, or of times, leave; from > to: nothing. A value of
// another type bounds nothing. What a scalar fails with.
Result<query::NumberRange> range_of(const VirtualQuestion& question, std::uint32_t column,
                                    Type type, Arena& memory) noexcept;
// The text that a column is to be equal to; NULL: none is known.
Result<Value> text_of(const VirtualQuestion& question, std::uint32_t column,
                      Arena& memory) noexcept;
// An argument; NULL where there is none.
Result<Value> argument_of(const VirtualQuestion& question, std::size_t number,
                          Arena& memory) noexcept;

// A TEXT if it is UTF-8, else a BLOB.
Value text_or_blob(Bytes bytes) noexcept;
// Commits have times up to 2^64; what no timestamp has is the last of them.
Value time_value(std::uint64_t time_us) noexcept;
inline Value number_value(std::uint64_t number) noexcept {
    return Value::integer(static_cast<std::int64_t>(number));
}
// A copy of a text, as the step that gave it will not keep it.
Result<Value> kept_text(std::string_view text, Arena& texts) noexcept;

}  // namespace freshet::sql
