// SPDX-License-Identifier: MIT
// Who keeps the rows of tables: what the store does with events whose streams are rows. A store
// without one leaves them as they are in the log, and has nothing of them in its tree; so a program
// that uses streams alone carries no tables.
#pragma once

#include "store/gather.hpp"

namespace freshet::store {

// An event of a row, with its number in it.
struct RowEvent {
    std::string_view name;
    std::string_view type;
    Bytes payload;
    std::uint64_t index = 0;
    std::uint64_t address = 0;
};

class RowKeeper {
public:
    // An event, in the order of the log, in a transaction of the tree. It makes room in `gather`
    // for each change of the tree. corrupt: it contradicts those before it; out_of_memory; io.
    virtual Status replay(State& state, Gather& gather, const RowEvent& event) noexcept = 0;
    // Whether the tree leads to the event of a row that was come to, and says what it does to the
    // row. corrupt; io.
    virtual Status check(State& state, const Published& at,
                         const log::FrameEvents& event) noexcept = 0;
    // How many events the rows in the tree have; all else that is kept of them is looked through.
    // `scratch` is free to use. corrupt; io; out_of_memory.
    virtual Result<std::uint64_t> count(State& state, const Published& at,
                                        MutableBytes scratch) noexcept = 0;

protected:
    RowKeeper() = default;
    ~RowKeeper() = default;
};

}  // namespace freshet::store
