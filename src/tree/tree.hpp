// SPDX-License-Identifier: MIT
// The tree as its readers see it: one ordered key space at one version, whatever stands behind it.
#pragma once

#include "tree/delta.hpp"

namespace freshet::tree {

struct View {
    const Delta* delta = nullptr;
    const Root* root = nullptr;  // Where it stands stays while the view is in use.
};

// Whether there may be keys that begin with a byte.
inline bool has_family(const View& view, std::byte first) noexcept {
    return view.root->below != nullptr || view.root->branches[family_of({&first, 1})].page != 0;
}

// The value; null data if the key is not there. It stays while the view's version is live; so does
// its record, which is told if it has one.
inline Bytes find(const View& view, Bytes key, Record* record = nullptr) noexcept {
    return view.delta->find(*view.root, key, record);
}

// For those who ask for one key after another: see Delta.
inline Bytes find(const View& view, Bytes key, Beside& beside) noexcept {
    return view.delta->find(*view.root, key, beside);
}

// Where keys are: see Delta.
inline bool find_all(const View& view, std::span<const Bytes> keys,
                     std::span<Stretch> places) noexcept {
    return view.delta->find_all(*view.root, keys, places);
}

// About how many keys there are of one family from one up to another: what is erased, or stands in
// several layers, is counted too.
inline std::uint64_t estimate(const View& view, Bytes from, Bytes end) noexcept {
    const std::uint64_t own = OwnWalk{view.delta->pages(), view.root->branches}.estimate(from, end);
    return view.root->below == nullptr ? own : own + view.root->below->estimate(from, end);
}

}  // namespace freshet::tree
