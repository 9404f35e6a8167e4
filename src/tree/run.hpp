// SPDX-License-Identifier: MIT
// A run: an immutable file of sorted entries, mapped and searched in place.
//
// Workload: looked up at random and walked through, for months; opened in no time however large.
//
// Files come from anyone, checksums and all. A page is looked through before its first use, and
// what was looked through leads nowhere outside the file; what it says of a key may still be wrong,
// as it may be in any file that somebody made on purpose.
//
// Threads: any number at once, but for open().
#pragma once

#include <atomic>

#include "tree/below.hpp"
#include "tree/checked_pages.hpp"
#include "tree/run_format.hpp"

namespace freshet::tree {

class Run {
public:
    Run() noexcept = default;
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    // `file`: all of it, where it is mapped; 8 divides the address. It and `checked` stay for as
    // long as the run is in use; `slot`: as CheckedPages::take(). Looks at the header alone.
    // newer_format; other_store; corrupt: that, or another number, or a wrong size of the file.
    Status open(Bytes file, std::uint64_t store, std::uint64_t number, CheckedPages& checked,
                std::uint32_t slot) noexcept;

    [[nodiscard]] const RunHeader& header() const noexcept { return header_; }
    [[nodiscard]] const Branches& branches() const noexcept { return header_.branches; }
    [[nodiscard]] RunNote note() const noexcept { return run_note(file_); }

    // Null: there is no such page, or it is damaged, which is_damaged() says from then on.
    [[nodiscard]] const Page* page(std::uint32_t number) const noexcept {
        if (number - 1 >= header_.page_count) return fail();
        if (checked_.has(number)) return at(number);
        return look_through(number);
    }
    // Begins to fetch a page, if there is such a one.
    [[gnu::always_inline]] void fetch(std::uint32_t number) const noexcept {
        if (number - 1 < header_.page_count) at(number)->prefetch();
    }
    // Null also if it is a leaf where none should be, or the other way round.
    [[nodiscard]] const Page* page(std::uint32_t number, bool is_interior) const noexcept {
        const Page* const page = this->page(number);
        if (page == nullptr || (page->child(0) != 0) != is_interior) return fail();
        return page;
    }
    // `key`: of 1 to key_size_max bytes. What it finds lies in the file. If that cannot be known,
    // since a page is damaged: a value of which nothing can be read, empty and with data.
    [[nodiscard]] Found find(Bytes key) const noexcept;
    // Of many keys, those that have no place yet, as Delta::find_all(). False: a page is damaged.
    [[nodiscard]] bool find_all(std::span<const Bytes> keys,
                                std::span<Stretch> places) const noexcept;

    // A page was asked for and could not be had.
    [[nodiscard]] bool is_damaged() const noexcept {
        return damaged_.load(std::memory_order_relaxed);
    }
    // Reads every page anew, in the order of the keys: checksums, places, keys, counts. False: not
    // all of them are as they were written.
    [[nodiscard]] bool check_all() const noexcept;

private:
    class Check;

    [[nodiscard]] const Page* at(std::uint32_t number) const noexcept {
        return reinterpret_cast<const Page*>(file_.data() + run_header_size) + (number - 1);
    }
    const Page* look_through(std::uint32_t number) const noexcept;
    [[nodiscard]] bool is_whole(std::uint32_t number) const noexcept;
    const Page* fail() const noexcept {
        damaged_.store(true, std::memory_order_relaxed);
        return nullptr;
    }

    Bytes file_;
    RunHeader header_;
    CheckedPages::Marks checked_;
    mutable std::atomic<bool> damaged_ = false;
};

}  // namespace freshet::tree
