// SPDX-License-Identifier: MIT
// Who keeps the rows of tables: what the store does with events whose streams are rows. A store
// without one leaves them as they are in the log, and has nothing of them in its tree; so a program
// that uses streams alone carries no tables.
#pragma once

#include "store/state.hpp"

namespace freshet::store {

class RowKeeper {
public:
    // What the tree may take for one event of a row, in pages: three changes, each of a way of
    // up to ten pages that are copied and divided.
    static constexpr std::size_t page_count_max = 64;

    // An event of a row, with its number in it, in the order of the log, in a transaction of the
    // tree. corrupt: it contradicts those before it; out_of_memory; io.
    virtual Status replay(State& state, std::string_view name, std::uint64_t index,
                          std::string_view type, std::uint64_t address) noexcept = 0;
    // Whether the tree leads to the event of a row that was come to, and says what it does to the
    // row. corrupt; io.
    virtual Status check(State& state, const Published& at,
                         const log::FrameEvents& event) noexcept = 0;
    // How many events the rows in the tree have. corrupt.
    virtual Result<std::uint64_t> count(State& state, const Published& at) noexcept = 0;

protected:
    RowKeeper() = default;
    ~RowKeeper() = default;
};

}  // namespace freshet::store
