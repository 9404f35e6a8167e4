// SPDX-License-Identifier: MIT
// What head and the runs themselves say of runs.
//
//  In head (log/head.hpp), which is what counts: a file that it does not name is nobody's, whatever
//  its name. So a run's file is made under its own name, and no rename says when it is whole.
//
//      offset  size  field
//           0     4  number of the next run: files from here on may be there, half made
//           4     4  count of runs, up to 10
//           8     4  count of runs that are no longer used, up to 40; their files may be there
//          12     4  zeros
//          16    80  for each run, the newest first: its number, and the CRC-32C of its header
//          96   160  numbers of those no longer used
//
//  In a run, as its note (tree/run_format.hpp): what the store was at the commit it goes up to,
//  together with the runs below it.
//
//           0     8  where the log ended
//           8     8  commit
//          16     8  next ordinal
//          24     8  time
//          32    36  chain: CRC-32C, and SHA-256 or zeros
//          68     8  epoch and nonce
//          76     8  count of streams
//          84     8  count of marks
//          92     8  address of the newest mark
//         100     8  address of the newest change of what tables are
//         108     4  1: whoever made it kept rows of tables, too; 0: there are none of them in it
//         112   400  zeros
#pragma once

#include "store/state.hpp"
#include "tree/layers.hpp"

namespace freshet::store {

// So many are kept for readers; there is room for those that are found useless at open, too.
inline constexpr std::uint32_t unused_run_kept_max = 16;
inline constexpr std::uint32_t unused_run_count_max = 40;

struct RunName {
    std::uint32_t number = 0;
    std::uint32_t header_crc = 0;
};

struct RunNames {
    std::uint32_t next = 1;
    std::uint32_t count = 0;
    std::uint32_t unused_count = 0;
    std::array<RunName, tree::run_count_max> runs{};
    std::array<std::uint32_t, unused_run_count_max> unused{};
};

log::HeadRoom encode(const RunNames& names) noexcept;
// Zeros are no runs. False: it says nothing that makes sense.
bool decode(const log::HeadRoom& room, RunNames& names) noexcept;

std::array<std::byte, tree::run_note_size> encode_note(const Published& at, bool has_rows) noexcept;
// All but the root.
Published decode_note(tree::RunNote note) noexcept;
bool has_rows(tree::RunNote note) noexcept;

// Eight digits and ".run".
using RunFileName = std::array<char, 12>;
RunFileName run_file_name(std::uint32_t number) noexcept;
// Of private runs, which head does not name: "privatea.run" to "privatex.run".
inline constexpr std::uint32_t private_run_file_count = 24;
RunFileName private_run_file_name(std::uint32_t slot) noexcept;

}  // namespace freshet::store
