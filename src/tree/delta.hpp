// SPDX-License-Identifier: MIT
// The delta: an ordered map from keys to values, as a copy-on-write B+tree of pages from one lent
// pool.
//
// Workload: looked up far more often than changed; changed in short transactions of 1 to some 1,000
// keys in one place or scattered; read by many threads without locks, each in the tree as it was at
// a commit.
//
// Invariants:
//  1. A page that a sealed root reaches is never changed; only pages born in the open transaction
//     are.
//  2. A page is given back when no live version lies in [birth, death), where death is the version
//     whose transaction superseded it. So one old reader holds what it sees, and not all that came
//     since.
//  3. A call that fails with out_of_memory leaves the tree as it was before the call.
//  4. rollback() leaves the pool as begin() found it.
//  5. An entry that says it is erased has one below that it hides, or had one when it was made.
//
// Threads: one writer at a time calls everything that is not const. find() and Cursor may run in
// any thread on a sealed root, as long as its version is among the live versions of each seal().
#pragma once

#include <cstdint>
#include <span>

#include "base/arena.hpp"
#include "freshet/bytes.hpp"
#include "freshet/error.hpp"
#include "tree/below.hpp"
#include "tree/branch.hpp"
#include "tree/page.hpp"
#include "tree/pool.hpp"
#include "tree/split.hpp"

namespace freshet::tree {

// A state of the tree.
struct Root {
    Branches branches;
    std::uint64_t version = 0;
    const Below* below = nullptr;  // Null: there is nothing.
};

// Where a key was found among the pages of a version; null: it was not there.
struct Beside {
    const Page* page = nullptr;
    std::uint32_t position = 0;
};

// Takes what an open transaction has no room for.
class Overflow {
public:
    // Sees to it that so many pages are free: puts what the tree has in its own somewhere else, and
    // calls Delta::leave(). out_of_memory: that does not help; what a disk says; corrupt.
    virtual Status make_room(std::size_t page_count) noexcept = 0;

protected:
    Overflow() = default;
    ~Overflow() = default;
};

class Delta {
public:
    static constexpr std::size_t page_size = tree::page_size;

    // What open() takes from the arena: the pool, and what is kept beside it.
    static std::size_t required_memory(std::size_t pool_size,
                                       std::uint32_t live_count_max) noexcept;
    // `live_count_max`: how many live versions seal() and release() are ever given. The pool is not
    // touched before its pages are used. invalid_argument if it holds fewer than 8 pages;
    // out_of_memory.
    Status open(Arena& arena, std::size_t pool_size, std::uint32_t live_count_max) noexcept;

    // The open transaction's tree, or the newest sealed one.
    [[nodiscard]] const Root& root() const noexcept { return root_; }

    // From now on transactions may outgrow the pool. `overflow` stays.
    void allow(Overflow& overflow) noexcept { overflow_ = &overflow; }

    void begin() noexcept;
    // Sets the value of a key, new or not. Neither may overlap the pool. Keys have 1 to
    // key_size_max bytes, values up to value_size_max. out_of_memory.
    Status put(Bytes key, Bytes value) noexcept;
    // False: it was not there. out_of_memory (copies need pages).
    Result<bool> erase(Bytes key) noexcept;
    void rollback() noexcept;
    // In a transaction that has fewer free pages: see Overflow. It is a change. out_of_memory, too,
    // where there is none.
    Status make_room(std::size_t page_count) noexcept;
    // In a transaction: all of its pages go back, and what they had is in `below` by now, with what
    // was below before.
    void leave(const Below* below) noexcept {
        leave_count_++;
        replace({}, Branches{root_.branches}, below);
    }
    // How often: what was found in the tree before is gone.
    [[nodiscard]] std::uint32_t leave_count() const noexcept { return leave_count_; }
    // A place in the open transaction to go back to, as often as wanted; forgotten by forget(), the
    // newest first, before the transaction is sealed. It costs no page; what was changed before is
    // copied when it is changed again, and keeps its pages, which are left to what is below before
    // if there are many.
    struct Savepoint {
        Root root;
        Pool::Savepoint pool;
    };
    Savepoint save() noexcept;
    void rollback_to(const Savepoint& savepoint) noexcept;  // Those since are forgotten.
    void forget(const Savepoint& savepoint) noexcept;       // The newest.
    // Ends the transaction; its root has a version greater than all before. `live`: the other
    // versions that are or can still be read, in any order, with repetitions allowed.
    Root seal(std::span<const std::uint64_t> live) noexcept;
    // A transaction of its own, between others, which lays the tree over something else: from then
    // on it has these pages of its own, and gives back the pages of `gone`, for which the others of
    // its own are left to `below` or nobody.
    Root lay(const Branches& own, const Branches& gone, const Below* below,
             std::span<const std::uint64_t> live) noexcept;
    // Gives back what only versions held that are no longer live. Called by seal() too. Not in a
    // transaction. The newest sealed version is kept, live or not.
    void release(std::span<const std::uint64_t> live) noexcept { pool_.release(live); }

    // The value, in the pool or below; null data if the key is not there. Of the open transaction's
    // tree, it is good until the next change. A damaged one, and `record`: see Below.
    [[nodiscard]] Bytes find(const Root& root, Bytes key, Record* record = nullptr) const noexcept;
    // The same for those who ask for one key after another of a version that is sealed: where the
    // key before was found, this one is looked for beside it first.
    [[nodiscard]] Bytes find(const Root& root, Bytes key, Beside& beside) const noexcept;
    // Many keys of one family, up to find_count_max, with 8 bytes more behind each. Each place is a
    // stretch of one entry, which may be erased, or of no page: the key is not there. False: a page
    // is damaged.
    [[nodiscard]] bool find_all(const Root& root, std::span<const Bytes> keys,
                                std::span<Stretch> places) const noexcept;
    // The same of these pages alone; of many keys, those that have no place yet.
    [[nodiscard]] Found find_own(const Branches& branches, Bytes key) const noexcept;
    void find_own(const Branches& branches, std::span<const Bytes> keys,
                  std::span<Stretch> places) const noexcept;

    // The same in the open transaction's tree, good until the next change. put() of this key knows
    // the way; so does the same question. Of two families whose numbers are both odd, or both even,
    // the way of one is known.
    [[nodiscard]] Bytes find_to_put(Bytes key, Record* record = nullptr) noexcept;
    // Begins on the way of a key, for those who have something else to do before they ask for it or
    // put it: its page is fetched meanwhile.
    void fetch(Bytes key) noexcept;
    // Whether no other key begins with the same `size` bytes, as far as the page tells where the
    // key belongs, if nothing is below; false: they are to be looked for. It knows the way as
    // find_to_put() does.
    [[nodiscard]] bool is_alone(Bytes key, std::size_t size) noexcept;

    // The end of the pool that was never used: free to work in until the tree needs it. A rollback
    // makes it greater again.
    [[nodiscard]] MutableBytes untouched() noexcept { return pool_.untouched(); }

    [[nodiscard]] PoolPages pages() const noexcept { return PoolPages{pool_}; }

    // For the writer, as all that is not find().
    [[nodiscard]] std::size_t page_count() const noexcept { return pool_.page_count(); }
    [[nodiscard]] std::size_t page_used() const noexcept {
        return pool_.page_count() - pool_.available();
    }
    // By the open transaction since its newest savepoint, or null: what leave() gives back.
    [[nodiscard]] std::size_t page_taken(const Savepoint* newest) const noexcept {
        return pool_.available_at(newest == nullptr ? nullptr : &newest->pool) - pool_.available();
    }

private:
    [[nodiscard]] Beside place_of(const Branches& branches, Bytes key) const noexcept;

    friend class Inspector;  // tests/tree_fixture.hpp

    // From the top to a leaf: the pages, and the child taken, or the entry's position in the leaf.
    struct Step {
        std::uint32_t page;
        std::uint32_t position;
    };
    struct Path {
        std::size_t family;
        std::uint32_t height;
        bool found;
        bool is_last = false;  // It leads to the last leaf, whose pages are still these.
        std::array<Step, height_max> steps;

        [[nodiscard]] Step leaf() const noexcept { return steps[height - 1]; }
    };

    // The key that find_to_put() came to last. A change in one family leaves those of others as
    // they are. Keys that ascend need no other way than the last one, until its leaf is split.
    struct Known {
        std::size_t size = 0;   // Of the key; 0: there is none, or it was changed since.
        bool is_whole = false;  // The leaf was searched.
        std::array<std::byte, key_size_max> key;
        Path path;
    };
    [[nodiscard]] Known& known_for(Bytes key) noexcept { return known_[family_of(key) % 2]; }
    Known& find_way(Bytes key) noexcept;
    bool begin_way(Known& known, Bytes key, std::size_t family) noexcept;
    static void forget(Known& known) noexcept {
        known.size = 0;
        known.path.is_last = false;
    }
    void forget_ways() noexcept {
        for (Known& known : known_) forget(known);
    }
    [[nodiscard]] bool leads_behind(Path& path, Bytes key) const noexcept;

    // Of a branch that is not empty.
    void descend(Bytes key, std::size_t family, Path& path) const noexcept;
    void search_leaf(Bytes key, Path& path) const noexcept;
    [[nodiscard]] std::size_t copies_needed(const Path& path) const noexcept;
    [[nodiscard]] std::size_t splits_needed(const Path& path) const noexcept;
    std::uint32_t own(Path& path, std::size_t copies) noexcept;
    void plant(Branch& branch, const Entry& entry) noexcept;
    Status put_entry(const Entry& entry) noexcept;
    void drop_all(std::uint32_t page, std::uint32_t height) noexcept;
    void replace(const Branches& own, const Branches& gone, const Below* below) noexcept;
    [[nodiscard]] Bytes find_below(Bytes key, Record* record = nullptr) const noexcept {
        return root_.below == nullptr ? Bytes{} : root_.below->find(key, record);
    }
    void insert_with_splits(const Path& path, const Entry& entry) noexcept;
    Separator split(const Path& path, std::uint32_t level, const Entry& entry,
                    std::uint32_t right) noexcept;
    void grow(Branch& branch, const Separator& separator, std::uint32_t right) noexcept;
    void shrink(const Path& path) noexcept;
    void lower(Branch& branch) noexcept;
    bool merge(Step parent, bool is_leaf) noexcept;
    bool merge_at(Page& parent, std::uint32_t index, std::uint32_t target, bool is_leaf) noexcept;

    Pool pool_;
    Root root_;
    Root sealed_;
    bool in_transaction_ = false;
    std::uint32_t leave_count_ = 0;
    Overflow* overflow_ = nullptr;  // Null: what has no room is out_of_memory.
    std::array<Known, 2> known_;
};

}  // namespace freshet::tree
