// SPDX-License-Identifier: MIT
// What lies below a delta, layer by layer: a tree of the same pool that is frozen, because a run is
// being made of it, and runs, the newest first. What a layer has of a key hides what those below it
// have. An entry that says it is erased hides, and is not there itself.
//
// Private runs have what a transaction had no room for in the pool: they belong to the tree that it
// left, so those of the delta lie above the frozen layer, and those of the frozen tree next below.
//
// A lookup asks one after another. A walk goes through all of them side by side, in few steps of a
// comparison each: there are one or two small layers and hardly more than a handful in all, since
// each run is several times as large as those above it together.
#pragma once

#include <span>

#include "tree/cursor.hpp"
#include "tree/run.hpp"

namespace freshet::tree {

inline constexpr std::uint32_t run_count_max = 10;
inline constexpr std::uint32_t private_run_count_max = 5;
inline constexpr std::uint32_t layer_run_count_max = run_count_max + private_run_count_max;

class RunPages {
public:
    static constexpr bool is_of_run = true;
    RunPages() noexcept = default;
    explicit RunPages(const Run& run) noexcept : run_{&run} {}
    const Page* operator()(std::uint32_t number, bool is_interior) const noexcept {
        return run_->page(number, is_interior);
    }
    [[gnu::always_inline]] void fetch(std::uint32_t number) const noexcept { run_->fetch(number); }

private:
    const Run* run_ = nullptr;
};

class Layers final : public Below {
public:
    // `frozen`: of the delta's pool, or null. All of it stays while this is in use. At most
    // layer_run_count_max runs, of which so many lie above what is frozen.
    void lay(const Delta& delta, const Branches* frozen, std::span<const Run* const> runs,
             std::uint32_t above_count = 0) noexcept;

    [[nodiscard]] Bytes find(Bytes key, Record* record) const noexcept override;
    [[nodiscard]] bool find_all(std::span<const Bytes> keys,
                                std::span<Stretch> places) const noexcept override;
    [[nodiscard]] std::uint64_t estimate(Bytes from, Bytes end) const noexcept override;
    void seek(MergedPlace& place, OwnWalk* own, Bytes key,
              Direction direction) const noexcept override;
    void step(MergedPlace& place, OwnWalk* own, Direction direction) const noexcept override;
    Stretch stretch(MergedPlace& place, OwnWalk* own) const noexcept override;
    void skip(MergedPlace& place, OwnWalk* own, std::uint32_t count) const noexcept override;

    [[nodiscard]] std::span<const Run* const> runs() const noexcept {
        return std::span{runs_}.first(run_count_);
    }
    [[nodiscard]] std::span<const Run* const> above() const noexcept {
        return std::span{runs_}.first(above_count_);
    }

private:
    struct Walks;

    void settle(MergedPlace& place, Walks& walks) const noexcept;

    const Delta* delta_ = nullptr;
    Branches frozen_{};
    std::array<const Run*, layer_run_count_max> runs_{};
    std::uint32_t run_count_ = 0;
    std::uint32_t above_count_ = 0;
};

}  // namespace freshet::tree
