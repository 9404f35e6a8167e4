// SPDX-License-Identifier: MIT
// A place among the entries of a view, in the order of the keys.
//
// A cursor is for one thread; any number may stand in one view. One in the tree of an open
// transaction is good until the next change, and then must be placed anew.
#pragma once

#include <array>
#include <cstdint>

#include "tree/tree.hpp"
#include "tree/walk.hpp"

namespace freshet::tree {

class PoolPages {
public:
    PoolPages() noexcept = default;
    explicit PoolPages(const Delta& delta) noexcept : pool_{&delta.pool_} {}
    const Page* operator()(std::uint32_t number, bool /*is_interior*/) const noexcept {
        return &pool_->at(number);
    }

private:
    const Pool* pool_ = nullptr;
};

class Cursor {
public:
    // At no entry.
    explicit Cursor(const View& view) noexcept
        : below_{view.root->below}, own_{PoolPages{*view.delta}, view.root->branches} {
        lower_.valid = lower_.damaged = false;
    }
    Cursor(const Delta& delta, const Root& root) noexcept
        : Cursor{View{.delta = &delta, .root = &root}} {}
    Cursor(const Delta& delta, Root&& root) noexcept = delete;

    // Each stands at no entry afterwards if there is none such.
    void seek(Bytes key) noexcept;         // The first entry whose key is not less.
    void seek_before(Bytes key) noexcept;  // The last entry whose key is less.

    [[nodiscard]] bool valid() const noexcept { return valid_; }
    // What it came to cannot be read. It is not valid, and stays so.
    [[nodiscard]] bool damaged() const noexcept { return lower_.damaged; }
    // From here on: only when valid().
    void next() noexcept;
    void previous() noexcept;
    // In the cursor, until it moves.
    [[nodiscard]] Bytes key() const noexcept;
    // In the tree, as long as the view's version is live.
    [[nodiscard]] Bytes value() const noexcept;

private:
    void settle() noexcept;
    void step() noexcept;

    const Below* below_;
    bool valid_ = false;
    bool forwards_ = true;
    bool is_lower_ = false;  // Where it stands.
    Walk<PoolPages, height_max> own_;
    PlaceBelow lower_;
    mutable std::array<std::byte, key_size_max> key_;
};

}  // namespace freshet::tree
