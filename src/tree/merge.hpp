// SPDX-License-Identifier: MIT
// All entries of a frozen tree and of runs, each key once, in their order: what a run is made of.
// What a layer has of a key hides what those below it have. What is erased is among them where
// something may lie below, which it hides.
//
// Each entry of each run is written about as often again as there are tiers of runs, so this loop
// and the builder's are most of what a store does that writes for long. So each layer's key stands
// in one piece, into which the next key of a leaf is put behind what all of its keys begin with;
// keys are compared as bytes, and a layer is left alone until its entry has been taken.
//
// Threads: one at a time. A walk that comes to a page that is damaged ends all.
#pragma once

#include "tree/layers.hpp"

namespace freshet::tree {

class Merge {
public:
    enum class Erased : std::uint8_t { hidden, shown };

    // The frozen tree, of the delta's pool, or none, and runs, the newest first, at most
    // layer_run_count_max. All of it stays while this is in use.
    void lay(const Delta& delta, const Branches* frozen, std::span<const Run* const> runs,
             Erased erased) noexcept;
    // To the first entry.
    void begin() noexcept;

    [[nodiscard]] bool valid() const noexcept { return at_ != none && !is_damaged_; }
    [[nodiscard]] bool damaged() const noexcept { return is_damaged_; }
    // Its key in one piece, until the next step.
    [[nodiscard]] Entry entry() const noexcept;
    // Its pieces in the page, for as long as the layers stay.
    [[nodiscard]] Entry entry_in_page() const noexcept;
    [[nodiscard]] Record record() const noexcept;
    void step() noexcept;

    // The leaf of a run at whose first entry it stands, if all of its entries come next, whatever
    // other layers have. Null: there is none.
    [[nodiscard]] const Page* whole_leaf() const noexcept;
    void skip_leaf() noexcept;

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    // Number 0 is the frozen tree.
    static constexpr std::uint32_t source_count_max = layer_run_count_max + 1;

    struct Source {
        const Page* page = nullptr;  // The leaf; null: there are no more entries.
        std::uint32_t first = 0;     // Where the walk stands, ...
        std::uint32_t position = 0;  // ... where this one does, ...
        std::uint32_t end = 0;       // ... and how many there are.
        bool is_erased = false;
        std::size_t key_size = 0;
        Bytes value{};
        std::array<std::byte, key_size_max> key;

        [[nodiscard]] Bytes whole_key() const noexcept { return Bytes{key}.first(key_size); }
        void load() noexcept;
    };
    template <class Walk>
    void enter(Source& source, const Walk& walk) noexcept;
    template <class Walk>
    void to_next_leaf(Source& source, Walk& walk) noexcept;
    void step(std::uint32_t number) noexcept;
    void settle() noexcept;

    OwnWalk frozen_walk_;
    std::array<Walk<RunPages, run_height_max>, layer_run_count_max> walks_;
    std::array<Source, source_count_max> sources_;
    const Delta* delta_ = nullptr;
    Branches frozen_{};
    std::array<const Run*, layer_run_count_max> runs_{};
    std::uint32_t run_count_ = 0;
    Erased erased_ = Erased::hidden;
    std::uint32_t at_ = none;  // Whose entry it is.
    bool is_damaged_ = false;
};

}  // namespace freshet::tree
