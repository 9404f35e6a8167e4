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
    explicit Cursor(const View& view) noexcept;
    Cursor(const Delta& delta, const Root& root) noexcept
        : Cursor{View{.delta = &delta, .root = &root}} {}
    Cursor(const Delta& delta, Root&& root) noexcept = delete;

    // Each stands at no entry afterwards if there is none such.
    void seek(Bytes key) noexcept { go(key, Direction::forwards); }          // The first not less.
    void seek_before(Bytes key) noexcept { go(key, Direction::backwards); }  // The last less.

    // As seek(); whether it stands at this key.
    bool seek_exactly(Bytes key) noexcept;

    [[nodiscard]] bool valid() const noexcept {
        return below_ == nullptr ? own_.valid() : merged_.valid;
    }
    // What it came to cannot be read; it is not valid.
    [[nodiscard]] bool damaged() const noexcept { return merged_.damaged; }
    // From here on: only when valid().
    void next() noexcept { step(Direction::forwards); }
    void previous() noexcept { step(Direction::backwards); }
    // Where it came to forwards: the entries from here on that lie side by side, some of which may
    // be erased; and it goes on behind so many of them, to where there is one that is not.
    [[nodiscard]] Stretch stretch() noexcept {
        return below_ == nullptr ? own_.stretch() : below_->stretch(merged_, &own_);
    }
    void skip(std::uint32_t count) noexcept {
        if (below_ == nullptr) return own_.next(count);
        below_->skip(merged_, &own_, count);
    }
    // In the cursor, until it moves.
    [[nodiscard]] Bytes key() const noexcept;
    // In the tree, as long as the view's version is live.
    [[nodiscard]] Bytes value() const noexcept;
    [[nodiscard]] Record record() const noexcept {
        return below_ == nullptr ? Record{} : merged_.record;
    }

private:
    void go(Bytes key, Direction direction) noexcept;
    void step(Direction direction) noexcept;

    const Root* root_;  // What is below it may become another with each change.
    const Below* below_;
    OwnWalk own_;
    MergedPlace merged_;  // Where something is below.
    mutable std::array<std::byte, key_size_max> key_;
};

}  // namespace freshet::tree
