// SPDX-License-Identifier: MIT
// Entries that come in order and are to be the leaf of a run. They wait side by side until the leaf
// is full: only then is it known what all their keys begin with, which a page has once. To lay them
// into the page as they come would lay all of them anew whenever that becomes less.
//
// Of each key as much stands here as it does not have in common with the first one; since they
// ascend, that is never less than it has in the page, and all of it fits in a page's size.
#pragma once

#include "tree/page.hpp"

namespace freshet::tree {

class LeafBuilder {
public:
    void clear() noexcept {
        count_ = 0;
        used_ = 0;
        whole_size_ = 0;
    }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

    // Puts an entry behind the others, with whose last one its key, which is in one piece, has
    // `common` bytes in common, so that columns of this size have room beside them. False: it does
    // not fit, and nothing changed.
    bool add(const Entry& entry, std::size_t common, std::size_t columns_size) noexcept;
    // Into an empty page. There is an entry.
    void write(Page& page) const noexcept;

private:
    struct Staged {
        std::uint16_t at = 0;           // Of its value, and the rest of its key behind that.
        std::uint16_t common_size = 0;  // Of its key with the first one.
        std::uint16_t rest_size = 0;
        std::uint16_t value_size = 0;
        bool is_erased = false;
    };

    std::array<Staged, Page::count_max> staged_;
    std::array<std::byte, key_size_max> first_;  // The first key.
    std::array<std::byte, page_size> bytes_;
    std::uint32_t count_ = 0;
    std::size_t used_ = 0;
    std::size_t prefix_size_ = 0;
    std::size_t whole_size_ = 0;  // What they would take without a prefix.
};

}  // namespace freshet::tree
