// SPDX-License-Identifier: MIT
// The file of a run: sorted entries as trees of pages, one for each family, written once from the
// leaves up and never changed. The same entries make the same bytes.
//
//      offset  size  field
//           0     8  magic "FRESHRUN"
//           8     4  format version
//          12     4  CRC-32C of bytes 0..11 and 16..4095
//          16     8  store
//          24     8  number of the run
//          32     8  count of entries
//          40     8  how many of them say that they are erased
//          48     4  page size: 2048
//          52     4  page count
//          56   128  for each of 16 families: 4 bytes number of its topmost page, 4 bytes height;
//                    both are 0 when there is no key of the family
//         184   512  note: of whoever made the run
//         696  3400  zeros
//        4096  2048  page 1
//        6144  2048  page 2, and so on to the end of the file
//
//  A page is as in page.hpp, with this in its first 24 bytes:
//
//           0     4  CRC-32C of the page's number, as 8 bytes, and of bytes 8..2047
//           4    20  zeros
//
//  What is free in it is zeros, and so are the garbage and the history of insertions. The children
//  of a page have lower numbers than the page itself. Behind the number of a leaf its filter may
//  stand (leaf_filter.hpp); the first child of a page has none.
#pragma once

#include <cstdint>
#include <span>

#include "freshet/bytes.hpp"
#include "freshet/error.hpp"
#include "tree/branch.hpp"
#include "tree/page.hpp"

namespace freshet::tree {

inline constexpr std::size_t run_header_size = 4096;
inline constexpr std::size_t run_note_size = 512;
inline constexpr std::uint32_t run_height_max = 10;
inline constexpr std::size_t run_value_size_max = 1500;

static_assert(Page::header_size + Page::entry_overhead + key_size_max + run_value_size_max <=
              page_size);

using RunNote = std::span<const std::byte, run_note_size>;

// A bit for each family.
using Families = std::uint16_t;
static_assert(sizeof(Families) * 8 == family_count);

struct RunHeader {
    std::uint64_t store = 0;
    std::uint64_t number = 0;
    std::uint64_t entry_count = 0;
    std::uint64_t erased_count = 0;
    std::uint32_t page_count = 0;
    Branches branches{};
};

void encode(const RunHeader& header, RunNote note,
            std::span<std::byte, run_header_size> into) noexcept;
// Of a whole file. newer_format; corrupt: the header, or the size of the file.
Status decode(Bytes file, RunHeader& header) noexcept;

// Of a file that decode() took.
RunNote run_note(Bytes file) noexcept;

// Of a leaf below a sound page, as it stands there; empty: it has none.
inline Bytes filter_of(const Page& above, std::uint32_t index) noexcept {
    return index == 0 ? Bytes{} : above.value(index - 1).subspan(sizeof(std::uint32_t));
}

// What the first 8 bytes of a page hold, as a number.
std::uint64_t run_page_checksum(std::uint32_t number, const std::byte* page) noexcept;

}  // namespace freshet::tree
