// SPDX-License-Identifier: MIT
// Makes the file of a run from sorted entries, from the leaves up: each page is written once, when
// it is full, and one is open for each level.
//
// Work may stop between any two calls and go on later; a call writes run_chunk_size bytes at most,
// but for finish().
//
// Threads: one at a time.
#pragma once

#include "base/arena.hpp"
#include "base/codec.hpp"
#include "disk/name.hpp"
#include "freshet/door.hpp"
#include "tree/column_builder.hpp"
#include "tree/leaf_builder.hpp"
#include "tree/run_format.hpp"
#include "tree/split.hpp"

namespace freshet::tree {

// What a run may grow to.
struct RunLimits {
    std::uint32_t height_max = run_height_max;
    std::uint32_t page_count_max = ~std::uint32_t{0};
};

enum class RunUse : std::uint8_t { kept, temporary };

class RunBuilder {
public:
    static constexpr std::size_t chunk_size = std::size_t{64} << 10;

    // What open() takes from the arena.
    static std::size_t required_memory(const RunLimits& limits = {}) noexcept;
    // Once; then any number of runs, one after another. out_of_memory.
    Status open(Arena& arena, const RunLimits& limits = {}) noexcept;

    // Creates the file; `disk` stays until finish() or abandon(). Leaves of these families have
    // filters. What open() of the disk says.
    Status begin(Disk& disk, std::string_view name, Families filtered = 0) noexcept;
    // Keys have 1 to key_size_max bytes and ascend; values have up to run_value_size_max. A record
    // that is_record() says yes to comes into the columns of the page; or there is none, and it is
    // empty. None of them is needed afterwards. corrupt: the key is not greater than the one
    // before, or the rest is too large, as it may be in a run that somebody made on purpose.
    // too_large: beyond the limits. io, full and what else a write may say. After an error only
    // abandon().
    Status add(const Entry& entry, Bytes record = {}) noexcept;
    // The same for all entries of a leaf of a run at once, whose page is taken as it is. Only where
    // can_add() says so, which it does where that leaves few pages half empty.
    Status add(const Page& leaf) noexcept;
    [[nodiscard]] bool can_add(const Page& leaf) const noexcept;
    // Writes the rest and the header, syncs the file if it is to be kept, and closes it. Its name
    // is not made durable. Errors as add(), and of the sync.
    Status finish(std::uint64_t store, std::uint64_t number, RunNote note,
                  RunUse use = RunUse::kept) noexcept;
    // Closes the file and removes it, if that can be done. Not between runs.
    void abandon() noexcept;

    [[nodiscard]] bool is_building() const noexcept { return file_.is_open(); }
    // So far.
    [[nodiscard]] std::uint64_t entry_count() const noexcept { return header_.entry_count; }
    // Of the file, when the pages that are open are written.
    [[nodiscard]] std::uint64_t file_size() const noexcept {
        return run_header_size + (std::uint64_t{header_.page_count} + height_) * page_size;
    }

private:
    // A page that is open (of the leaves, empty until it is whole), and what separates it from the
    // one before, if there is one.
    struct Level {
        Page page;
        Separator low;
    };
    // What the page above keeps of one that is written: its number, and its filter.
    struct Child {
        explicit Child(const Separator& before) noexcept : low{before} {}
        [[nodiscard]] std::uint32_t number() const noexcept {
            return load<std::uint32_t>(bytes.data());
        }
        [[nodiscard]] Bytes value() const noexcept {
            return Bytes{bytes}.first(sizeof(std::uint32_t) + filter_size);
        }

        Separator low;
        std::size_t filter_size = 0;
        std::array<std::byte, sizeof(std::uint32_t) + Page::count_max> bytes;
    };

    Status add_leaf_entry(const Entry& entry, std::size_t common, Bytes record) noexcept;
    bool append(const Entry& entry, std::size_t common, Bytes record) noexcept;
    Status close_page(std::uint32_t level) noexcept;
    Status put_above(std::uint32_t level, Child child) noexcept;
    static bool put_child(Level& level, const Child& child) noexcept;
    void put_filter(Child& leaf) noexcept;
    [[nodiscard]] bool has_filters() const noexcept {
        return (filtered_ >> family_of(last()) & 1) != 0;
    }
    Status finish_family() noexcept;
    Status write_page(Level& level, std::byte* said) noexcept;
    Result<std::byte*> begin_page() noexcept;
    void end_page(std::byte* page, std::byte* said) noexcept;
    Status flush() noexcept;
    [[nodiscard]] Bytes last() const noexcept { return {last_.data(), last_size_}; }

    RunLimits limits_;
    std::span<Level> levels_;
    LeafBuilder leaf_;                                   // The leaf that is open, ...
    ColumnBuilder columns_;                              // ... its columns, ...
    std::array<std::uint64_t, Page::count_max> hashes_;  // ... and the hashes of its keys.
    std::uint32_t hash_count_ = 0;
    Families filtered_ = 0;
    MutableBytes chunk_;
    Disk* disk_ = nullptr;
    File file_;
    std::array<char, disk::name_size_max> name_;
    std::size_t name_size_ = 0;
    RunHeader header_;
    std::uint32_t height_ = 0;  // Levels in use.
    std::uint32_t cut_at_ = 0;  // So many pages there were when a leaf was closed early.
    std::size_t chunk_used_ = 0;
    std::uint64_t written_ = 0;  // Where the chunk belongs in the file.
    std::array<std::byte, key_size_max> last_;
    std::size_t last_size_ = 0;  // 0: there is no key yet.
};

}  // namespace freshet::tree
