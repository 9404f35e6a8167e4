// SPDX-License-Identifier: MIT
#include "tree/run_format.hpp"

#include "base/checksum.hpp"
#include "base/codec.hpp"
#include "freshet/version.hpp"

namespace freshet::tree {
namespace {

constexpr std::uint64_t magic = 0x4e55524853455246;  // "FRESHRUN"
constexpr std::size_t branches_offset = 56;
constexpr std::size_t note_offset = branches_offset + sizeof(Branches);

static_assert(note_offset == 184, "the table says so");

std::uint32_t header_crc(Bytes header) noexcept {
    return crc32c(crc32c(0, header.first(12)), header.subspan(16, run_header_size - 16));
}

bool is_plausible(const RunHeader& header) noexcept {
    for (const Branch branch : header.branches) {
        if (branch.page > header.page_count || branch.height > run_height_max) return false;
        if ((branch.page == 0) != (branch.height == 0)) return false;
    }
    return header.erased_count <= header.entry_count;
}

}  // namespace

void encode(const RunHeader& header, RunNote note,
            std::span<std::byte, run_header_size> into) noexcept {
    std::byte* const to = into.data();
    std::memset(to, 0, into.size());
    store_at(to, magic);
    store_at(to + 8, format_version);
    store_at(to + 16, header.store);
    store_at(to + 24, header.number);
    store_at(to + 32, header.entry_count);
    store_at(to + 40, header.erased_count);
    store_at(to + 48, static_cast<std::uint32_t>(page_size));
    store_at(to + 52, header.page_count);
    store_at(to + branches_offset, header.branches);
    std::memcpy(to + note_offset, note.data(), note.size());
    store_at(to + 12, header_crc(into));
}

Status decode(Bytes file, RunHeader& header) noexcept {
    const std::byte* const from = file.data();
    if (file.size() < run_header_size || load<std::uint64_t>(from) != magic) return Code::corrupt;
    if (load<std::uint32_t>(from + 12) != header_crc(file)) return Code::corrupt;
    if (load<std::uint32_t>(from + 8) > format_version) return Code::newer_format;
    header = {.store = load<std::uint64_t>(from + 16),
              .number = load<std::uint64_t>(from + 24),
              .entry_count = load<std::uint64_t>(from + 32),
              .erased_count = load<std::uint64_t>(from + 40),
              .page_count = load<std::uint32_t>(from + 52),
              .branches = load<Branches>(from + branches_offset)};
    if (load<std::uint32_t>(from + 48) != page_size) return Code::corrupt;
    if (file.size() - run_header_size != header.page_count * std::uint64_t{page_size})
        return Code::corrupt;
    if (!is_plausible(header)) return Code::corrupt;
    return Done{};
}

RunNote run_note(Bytes file) noexcept {
    return file.subspan<note_offset, run_note_size>();
}

std::uint64_t run_page_checksum(std::uint32_t number, const std::byte* page) noexcept {
    return crc32c(0, number, load<std::uint64_t>(page + 8), Bytes{page + 16, page_size - 16});
}

}  // namespace freshet::tree
