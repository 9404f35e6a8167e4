// SPDX-License-Identifier: MIT
// A page of the tree: sorted entries of one leaf (key -> value) or one interior page (separator ->
// child).
//
//       offset         size  field
//            0            8  birth        version of the transaction that made the page
//            8            8  death        version of the one that superseded it, or the next in a
//                                        list of a savepoint; for the pool alone
//           16            4  next         in the list the page stands in; for the pool alone
//           20            4  spare_next   in the transaction's own list, or what to fetch when one
//                                        is walked; for the pool alone
//           24            4  first_child  interior: child before the first separator; else 0
//           28            2  count        of entries
//           30            2  prefix_size
//           32            2  heap         where the lowest entry begins
//           34            2  garbage      bytes of removed entries among the others; in a run,
//                                        which has none: where the columns begin (columns.hpp),
//                                        up to the entries; 0: there are none
//           36            2  last_insert  position of the newest entry
//           38            2  run          how many before it were each put just after the last
//           40  prefix_size  prefix       what all keys of the page begin with
//            -    8 * count  heads        of each key the 8 bytes after the prefix, as a number
//            -    2 * count  slots        of each entry: where it begins, 11 bits from the lowest
//                                        on; whether it is erased, 1; the 3 highest bits of the
//                                        size of its value; the highest one of that of its suffix
//            -            -  free
//         heap            -  entries      in any order, up to the end of the page
//
//  An entry is: the lowest byte of the size of the suffix, the lowest byte of the size of the
//  value, value, suffix. The suffix is the key without the prefix. The value of an interior entry
//  is the number of the child, 4 bytes. Of an entry that is erased what older pages have of the key
//  counts no more (below.hpp).
//
// A lookup compares the prefix, searches the heads, and reads the one entry whose head is the key's
// own: 3 or 4 cache lines. Heads that are too short are padded with zeros; ties are decided by the
// suffixes.
//
// The prefix never makes a page larger: of n entries it saves n - 1 copies. So what fits in a page
// also fits when it is built anew from it, or from some of it, with a longer prefix.
#pragma once

#include <array>
#include <cstdint>

#include "base/check.hpp"
#include "base/codec.hpp"
#include "freshet/bytes.hpp"

namespace freshet::tree {

// Measured with tests/bench/tree_bench.cpp, a million keys of 24 bytes and values of 16, ns each,
// where one miss of all caches takes 200: 4096 is slower at all of it, and 1024 has no room for
// long names.
//
//      page size                          1024  2048  4096
//      put ascending, 1,000 a commit       195   190   204
//      put ascending, 1 a commit           307   314   342
//      replace at random, 1 a commit       700   750  1017
//      find at random                      479   447   538
inline constexpr std::size_t page_size = 2048;
inline constexpr std::size_t key_size_max = 272;
inline constexpr std::size_t value_size_max = 320;

// A key in two pieces: the prefix of a page and a suffix; or nothing and a whole key.
struct Key {
    Bytes front;
    Bytes back;

    [[nodiscard]] std::size_t size() const noexcept { return front.size() + back.size(); }
    // All bytes but the first `from`. `into` has room for them.
    void copy(std::size_t from, std::byte* into) const noexcept;
};

std::size_t common_size(Bytes a, Bytes b) noexcept;
std::size_t common_size(const Key& a, const Key& b) noexcept;
// Less than, equal to or greater than 0, as the first one is.
int compare(const Key& a, const Key& b) noexcept;

struct Entry {
    Key key;
    Bytes value;
    bool is_erased = false;

    // Of key and value.
    [[nodiscard]] std::size_t size() const noexcept { return key.size() + value.size(); }
};

// How an entry goes into a page.
enum class Fit : std::uint8_t {
    none,
    anew,    // The others are laid side by side, or have less in common with it.
    beside,  // They stay where they are.
};

// Where a key is or belongs.
struct Place {
    std::uint32_t position = 0;
    bool found = false;
};

class Page;
class Sequence;

// Entries of a page, side by side.
struct Piece {
    const Page* page = nullptr;
    std::uint32_t position = 0;
    std::uint32_t count = 0;
};

class Page {
public:
    static constexpr std::size_t header_size = 40;
    static constexpr std::size_t entry_overhead = 8 + 2 + 2;  // Head, slot, sizes.
    static constexpr std::size_t count_max = (page_size - header_size) / entry_overhead;

    // An empty page. What belongs to the pool stays.
    void clear() noexcept;
    // All that another page holds. What belongs to the pool stays.
    void copy_content(const Page& other) noexcept;

    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] bool is_empty() const noexcept { return count_ == 0 && first_child_ == 0; }
    // Bytes in use, without the garbage.
    [[nodiscard]] std::size_t used() const noexcept;
    // What the entries would take without a prefix.
    [[nodiscard]] std::size_t whole_size() const noexcept;
    // Of an entry that is new, and of another value for the one at a position.
    [[nodiscard]] Fit fit_of(const Entry& entry) const noexcept;
    [[nodiscard]] Fit fit_of(std::uint32_t position, const Entry& entry) const noexcept {
        const bool fits = used() - value(position).size() + entry.value.size() <= page_size;
        return fits ? Fit::beside : Fit::none;
    }

    // Begins to fetch the page, many lines at a time where search() alone would wait for one after
    // another. Inline always: what only fetches g++ 12 takes for nothing, and leaves out its call.
    [[gnu::always_inline]] void prefetch() const noexcept {
        const auto* const first = reinterpret_cast<const std::byte*>(this);
        for (std::size_t i = 0; i < page_size; i += 256) {
            __builtin_prefetch(first + i);
            __builtin_prefetch(first + i + 64);
            __builtin_prefetch(first + i + 128);
            __builtin_prefetch(first + i + 192);
        }
    }
    // The first entry that is not less than the key.
    [[nodiscard]] Place search(Bytes key) const noexcept;
    // search() in two steps, for those who look for other keys meanwhile: the first one reads what
    // lies at the front, the second one the entry where the first one came to, and may know columns
    // from there. Behind the key there are 8 bytes more, whatever they are. load_*() waits for
    // nothing, if what it gives is not looked at.
    struct Start {
        std::uint32_t position = 0;
        bool may_be_found = false;
    };
    [[nodiscard]] Start begin_search(Bytes key) const noexcept;
    [[nodiscard]] Place end_search(Bytes key, const Start& start) const noexcept;
    [[nodiscard]] std::byte load_front() const noexcept;
    [[nodiscard]] std::byte load_entry(std::uint32_t position) const noexcept {
        return (position < count_ ? *at(offset(position)) : std::byte{0}) ^ bytes()[garbage_];
    }
    // Whether a key is seen at once to belong behind all others.
    [[nodiscard]] bool is_behind(Bytes key) const noexcept;
    [[nodiscard]] Key key(std::uint32_t position) const noexcept;
    [[nodiscard]] bool has(std::uint32_t position, Bytes key) const noexcept;
    // Of a start that begins with what all keys of the page begin with, if it is so long.
    [[nodiscard]] bool begins_with(std::uint32_t position, Bytes start) const noexcept;
    [[nodiscard]] Bytes value(std::uint32_t position) const noexcept;
    [[nodiscard]] bool is_erased(std::uint32_t position) const noexcept;
    // The same at once, for those who come to each entry: null data if it is erased.
    [[nodiscard]] Bytes value_there(std::uint32_t position) const noexcept {
        const Slot slot = this->slot(position);
        return slot.is_erased ? Bytes{} : Bytes{slot.entry + sizes_size, slot.value_size};
    }
    // Of key and value.
    [[nodiscard]] std::size_t entry_size(std::uint32_t position) const noexcept {
        const Slot slot = this->slot(position);
        return prefix_size_ + slot.suffix_size + slot.value_size;
    }
    [[nodiscard]] Entry entry(std::uint32_t position) const noexcept {
        const Slot slot = this->slot(position);
        const Bytes value{slot.entry + sizes_size, slot.value_size};
        return {{prefix(), {value.data() + value.size(), slot.suffix_size}}, value, slot.is_erased};
    }

    // Children count from 0: child n + 1 belongs to entry n.
    [[nodiscard]] std::uint32_t child(std::uint32_t index) const noexcept;
    void set_child(std::uint32_t index, std::uint32_t number) noexcept;
    void remove_child(std::uint32_t index) noexcept;
    // Takes the child of an entry that goes up as the first.
    void adopt(Bytes child) noexcept;

    // The entry fits as fit_of() says, its key is not there, and it belongs at `position`.
    void insert(std::uint32_t position, const Entry& entry, Fit fit) noexcept;
    void remove(std::uint32_t position) noexcept;
    // Gives an entry another value, which fits.
    void replace(std::uint32_t position, Bytes value, bool is_erased = false) noexcept;
    // Holds the entries [from, to) of a sequence, of which this page is no part: one at least, and
    // they fit. The first child and the history of insertions stay.
    void build(const Sequence& sequence, std::uint32_t from, std::uint32_t to) noexcept;
    // Puts an entry behind all others, with whose last one its key has `common` bytes in common.
    // False: it does not fit, and the page is as it was. Keeps no history of insertions.
    bool append(const Entry& entry, std::size_t common) noexcept;
    // Makes room for so many entries, whose keys begin with that, in an empty page; and puts them
    // there, each once, in their order. They fit. `bytes`: its value, and what its key has behind
    // the prefix and `middle`.
    void begin(Bytes prefix, std::uint32_t count) noexcept;
    void lay(std::uint32_t position, Bytes bytes, std::size_t value_size, Bytes middle,
             bool is_erased) noexcept;
    // Of a page of a run: room for columns, which is there; nothing is put into it afterwards.
    std::byte* make_columns(std::size_t size) noexcept;
    [[nodiscard]] std::size_t columns() const noexcept { return garbage_; }
    [[nodiscard]] std::size_t columns_end() const noexcept { return heap_; }
    [[nodiscard]] const std::byte* bytes() const noexcept {
        return reinterpret_cast<const std::byte*>(this);
    }

    // Of a page of a run that is sound: bytes that nothing stands in.
    [[nodiscard]] std::size_t room() const noexcept {
        const std::size_t end = garbage_ != 0 ? garbage_ : heap_;
        return end - (heap_ - free_size());
    }
    // Of a page of a run: whether all that can be asked of it lies inside it, its entries are in
    // order, and its children have numbers from 1 to below `number`, its own. A leaf has an entry.
    [[nodiscard]] bool is_sound(std::uint32_t number) const noexcept;

    // Keeps the history of insertions; insert() does.
    void note_insert(std::uint32_t position) noexcept;
    // True if an entry put at `position` would be the next of several put in ascending order.
    [[nodiscard]] bool is_ascending(std::uint32_t position) const noexcept {
        return run_ >= 4 && position == last_insert_ + 1U && position * 2 >= count_;
    }

private:
    friend class Pool;

    [[nodiscard]] Bytes prefix() const noexcept { return {body_.data(), prefix_size_}; }
    [[nodiscard]] const std::byte* heads() const noexcept { return body_.data() + prefix_size_; }
    [[nodiscard]] std::byte* heads() noexcept { return body_.data() + prefix_size_; }
    [[nodiscard]] std::uint64_t head(std::uint32_t position) const noexcept;
    // What stands in a slot, and in the first two bytes of its entry.
    struct Slot {
        const std::byte* entry;
        std::size_t suffix_size;
        std::size_t value_size;
        bool is_erased;
    };
    static constexpr std::size_t sizes_size = 2;

    [[nodiscard]] const std::byte* slot_at(std::uint32_t position) const noexcept {
        const std::byte* const slots = heads() + count_ * std::size_t{8};
        return slots + position * std::size_t{2};
    }
    [[nodiscard]] std::size_t offset(std::uint32_t position) const noexcept {
        return load<std::uint16_t>(slot_at(position)) & 0x7ffU;
    }
    [[nodiscard]] Slot slot(std::uint32_t position) const noexcept {
        const std::size_t word = load<std::uint16_t>(slot_at(position));
        const std::byte* const entry = at(word & 0x7ff);
        const std::size_t low = load<std::uint16_t>(entry);
        return {entry, (word >> 7 & 0x100) | (low & 0xff), (word >> 4 & 0x700) | low >> 8,
                (word & 0x800) != 0};
    }
    void put_slot(std::byte* slot, std::size_t offset, std::size_t suffix_size,
                  std::size_t value_size, bool is_erased) noexcept;
    [[nodiscard]] Bytes suffix(std::uint32_t position) const noexcept;
    [[nodiscard]] const std::byte* at(std::size_t offset) const noexcept {
        return body_.data() + (offset - header_size);
    }
    [[nodiscard]] std::byte* at(std::size_t offset) noexcept {
        return body_.data() + (offset - header_size);
    }
    [[nodiscard]] std::size_t free_size() const noexcept;
    // Parts of is_sound(), of what was found to lie inside the page.
    [[nodiscard]] bool is_tie_in_order(std::uint32_t position) const noexcept;
    [[nodiscard]] bool is_child_sound(std::uint32_t position, const Slot& slot,
                                      std::uint32_t number) const noexcept;
    [[nodiscard]] bool has_prefix(Bytes key) const noexcept;
    [[nodiscard]] std::uint32_t lower_bound(std::uint64_t wanted) const noexcept;
    [[nodiscard]] Place search_ties(std::uint32_t first, std::uint64_t wanted,
                                    Bytes rest) const noexcept;
    void open_slot(std::uint32_t position) noexcept;
    void place(std::uint32_t position, const Entry& entry) noexcept;
    void take(std::uint32_t position, const Piece& piece) noexcept;
    void compact(std::uint32_t position, const Entry& entry) noexcept;

    std::uint64_t birth_;
    std::uint64_t death_;
    std::uint32_t next_;
    std::uint32_t spare_next_;
    std::uint32_t first_child_;
    std::uint16_t count_;
    std::uint16_t prefix_size_;
    std::uint16_t heap_;
    std::uint16_t garbage_;
    std::uint16_t last_insert_;
    std::uint16_t run_;
    std::array<std::byte, page_size - header_size> body_;
};

static_assert(sizeof(Page) == page_size);
static_assert(page_size <= 0x800, "offsets in a page are 11 bits, as sizes of values are");
static_assert(key_size_max < 0x200, "sizes of suffixes are 9 bits");
static_assert(Page::header_size + 3 * (key_size_max + value_size_max + Page::entry_overhead) <=
              page_size);

// What a page is built from: entries of one page, one entry of its own, and entries of another page
// (or of the same). The pages and the entry stay as they are while the sequence is in use.
class Sequence {
public:
    // The entries of a page with one more at `position`.
    Sequence(const Page& page, std::uint32_t position, const Entry& between) noexcept
        : left_{&page},
          right_{&page},
          left_count_{position},
          right_first_{position},
          between_{&between} {}
    // All entries of two pages, and one between them unless it is null.
    Sequence(const Page& left, const Page& right, const Entry* between) noexcept
        : left_{&left},
          right_{&right},
          left_count_{left.count()},
          right_first_{0},
          between_{between} {}

    [[nodiscard]] std::uint32_t count() const noexcept {
        return left_count_ + (between_ != nullptr ? 1 : 0) + right_->count() - right_first_;
    }
    // Where those from one on, but not more than up to another, stand side by side. Null: it is the
    // one between.
    [[nodiscard]] Piece piece(std::uint32_t index, std::uint32_t to) const noexcept;
    [[nodiscard]] Entry at(std::uint32_t index) const noexcept;
    // What that one has.
    [[nodiscard]] std::size_t size(std::uint32_t index) const noexcept {
        const Piece piece = this->piece(index, index + 1);
        return piece.page == nullptr ? between_->size() : piece.page->entry_size(piece.position);
    }
    // Of the keys [from, to), of which there is at least one.
    [[nodiscard]] std::size_t prefix_size(std::uint32_t from, std::uint32_t to) const noexcept;

private:
    const Page* left_;
    const Page* right_;
    std::uint32_t left_count_;
    std::uint32_t right_first_;
    const Entry* between_;
};

}  // namespace freshet::tree
