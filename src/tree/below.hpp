// SPDX-License-Identifier: MIT
// What lies below a delta: entries that were written before it and stay as they are. An entry of
// the delta counts instead of the one below that has its key, also when it says that it is erased.
//
// A delta alone has nothing below. What has runs (layers.hpp) is linked into programs that name it.
//
// Threads: any number at once.
#pragma once

#include "tree/columns.hpp"
#include "tree/walk.hpp"

namespace freshet::tree {

// That are looked for together.
inline constexpr std::size_t find_count_max = 64;

// What one layer says of a key.
struct Found {
    Bytes value{};          // Null data: it is erased, if it is known.
    bool is_known = false;  // Else the layers below are to be asked.
    Record record{};        // If it has one, which only a run gives.
};

// Where a cursor stands that goes through the pages of a delta and what is below.
struct MergedPlace {
    bool valid = false;    // It stands at an entry, and that is:
    bool damaged = false;  // It came to a page that cannot be read.
    bool is_erased = false;
    Key key{};      // Its pieces lie in a page, ...
    Bytes value{};  // ... and so do these, for as long as the layers are kept.
    Record record{};
    alignas(8) std::array<std::byte, 1872> state;
};

class Below {
public:
    // Null data: the key is not there. A value of which nothing can be read, empty and with data:
    // it cannot be known, since a page is damaged. (Only families whose values say something are
    // looked up by find(); others are walked through.) `record`: null, or where its record is to
    // be told, if it has one.
    [[nodiscard]] virtual Bytes find(Bytes key, Record* record) const noexcept = 0;
    // Of keys that have no place yet, as Delta::find_all(). False: a page is damaged.
    [[nodiscard]] virtual bool find_all(std::span<const Bytes> keys,
                                        std::span<Stretch> places) const noexcept = 0;
    // About how many keys of one family lie between two.
    [[nodiscard]] virtual std::uint64_t estimate(Bytes from, Bytes end) const noexcept = 0;
    // To the first entry whose key is not less, or backwards to the last one whose key is less.
    // `own`: through the pages of the delta, or null; it goes along.
    virtual void seek(MergedPlace& place, OwnWalk* own, Bytes key,
                      Direction direction) const noexcept = 0;
    // Of a valid place.
    virtual void step(MergedPlace& place, OwnWalk* own, Direction direction) const noexcept = 0;
    // Of a valid place that was come to forwards: the entries from it on that follow each other
    // wherever they lie, up to where another layer has a word; some may be erased.
    virtual Stretch stretch(MergedPlace& place, OwnWalk* own) const noexcept = 0;
    // Goes on behind so many of them.
    virtual void skip(MergedPlace& place, OwnWalk* own, std::uint32_t count) const noexcept = 0;

protected:
    Below() = default;
    ~Below() = default;
};

}  // namespace freshet::tree
