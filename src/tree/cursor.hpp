// SPDX-License-Identifier: MIT
// A place among the entries of a view, in the order of the keys.
//
// A cursor is for one thread; any number may stand in one view. One in the tree of an open
// transaction is good until the next change, and then must be placed anew.
#pragma once

#include <array>
#include <cstdint>

#include "tree/tree.hpp"

namespace freshet::tree {

class Cursor {
public:
    // At no entry.
    explicit Cursor(const View& view) noexcept : view_{view} {}
    Cursor(const Delta& delta, const Root& root) noexcept : view_{.delta = &delta, .root = &root} {}
    Cursor(const Delta& delta, Root&& root) noexcept = delete;

    // Each stands at no entry afterwards if there is none such.
    void seek(Bytes key) noexcept;         // The first entry whose key is not less.
    void seek_before(Bytes key) noexcept;  // The last entry whose key is less.
    void first() noexcept;
    void last() noexcept;

    [[nodiscard]] bool valid() const noexcept { return valid_; }
    // From here on: only when valid().
    void next() noexcept;
    void previous() noexcept;
    // In the cursor, until it moves.
    [[nodiscard]] Bytes key() const noexcept;
    // In the tree, as long as the view's version is live.
    [[nodiscard]] Bytes value() const noexcept;

private:
    struct Step {
        const Page* page;
        std::uint32_t position;  // The child taken; in the leaf, the entry.
    };

    [[nodiscard]] Step& leaf() noexcept { return steps_[branch_.height - 1]; }
    [[nodiscard]] const Step& leaf() const noexcept { return steps_[branch_.height - 1]; }
    // Goes to a branch; false: it is empty.
    bool enter(std::size_t family) noexcept;
    void descend(Bytes key) noexcept;
    void descend_first(std::uint32_t level, const Page* page) noexcept;
    void descend_last(std::uint32_t level, const Page* page) noexcept;
    void to_next_leaf() noexcept;
    void to_previous_leaf() noexcept;
    void to_branch_from(std::size_t family) noexcept;
    void to_branch_before(std::size_t family) noexcept;
    [[nodiscard]] const Page* page(std::uint32_t number) const noexcept {
        return &view_.delta->pool_.at(number);
    }

    View view_;
    std::size_t family_ = 0;
    Branch branch_;
    bool valid_ = false;
    std::array<Step, height_max> steps_;
    mutable std::array<std::byte, key_size_max> key_;
};

}  // namespace freshet::tree
