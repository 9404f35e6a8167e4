// SPDX-License-Identifier: MIT
// Rows that come batch by batch: the one door of this floor. Operators give them, and so does
// whoever has a table.
//
// All memory of a running statement comes from one arena and lives until the statement ends: what
// operators keep (sorted rows, groups, the right side of a join) is copied there. What is computed
// for a batch alone goes to a block that its operator uses again for the next one.
#pragma once

#include <atomic>
#include <utility>

#include "base/arena.hpp"
#include "base/text.hpp"
#include "freshet/door.hpp"
#include "query/batch.hpp"

namespace freshet::query {

// Kept by the caller, who may raise it from any thread; looked at once a batch.
struct Interrupt {
    std::atomic<bool> is_raised{false};
    Clock* clock = nullptr;  // None: there is no deadline.
    std::uint64_t deadline_us = 0;

    // cancelled.
    [[nodiscard]] Status check() const noexcept {
        if (is_raised.load(std::memory_order_relaxed)) return Code::cancelled;
        if (clock != nullptr && clock->now_us() >= deadline_us) return Code::cancelled;
        return Done{};
    }
};

class Spill;  // spill.hpp

// What a running statement has. All of it outlives it.
struct Context {
    Arena& memory;
    const Interrupt* interrupt = nullptr;
    Spill* spill = nullptr;  // Null: all is kept in memory.

    [[nodiscard]] Status check() const noexcept {
        return interrupt == nullptr ? Status{Done{}} : interrupt->check();
    }
    // Rows at a time: few, where memory is scarce.
    [[nodiscard]] std::size_t batch_size() const noexcept {
        return spill == nullptr ? batch_row_count_max : 64;
    }
};

struct TableScan;

class Rows {
public:
    // True: the batch has one row at least, and lives until the next call. False: there are no
    // more. After a failure, and after false, it is not asked again.
    virtual Result<bool> next(Batch& batch) noexcept = 0;

protected:
    Rows() = default;
    ~Rows() = default;
};

// What a plan names where rows come from. May be opened several times at once.
class Source {
public:
    // Rows that live in the memory of the context.
    virtual Result<Rows*> open(Context& context) const noexcept = 0;
    // For EXPLAIN, in one line: "SCAN t", "SEARCH t USING INDEX i (a=? AND b>?)".
    virtual void describe(TextWriter& text) const noexcept = 0;
    // Of rows of a table; null: they are others.
    [[nodiscard]] virtual const TableScan* scan() const noexcept { return nullptr; }

protected:
    Source() = default;
    ~Source() = default;
};

template <class T, class... Arguments>
Result<T*> make(Arena& memory, Arguments&&... arguments) noexcept {
    static_assert(std::is_trivially_destructible_v<T>);
    const Result<MutableBytes> place = memory.bytes(sizeof(T), alignof(T));
    if (!place) return place.error();
    return ::new (static_cast<void*>(place->data())) T{std::forward<Arguments>(arguments)...};
}

// Memory for what is computed of one batch. Work that finds it too small is done again in twice as
// much (where it lies, if nothing was taken behind it), so that it must not have changed anything;
// all blocks together are at most twice the last.
class Scratch {
public:
    // `work` takes an Arena&, which starts empty, and returns a Status.
    template <class Work>
    Status run(Arena& memory, Work work) noexcept {
        for (;;) {
            Arena arena{block_};
            const Status done = work(arena);
            if (done || !(done.error() == Code::out_of_memory)) return done;
            const std::size_t size = block_.empty() ? first_size : block_.size() * 2;
            if (memory.widen(block_, size)) continue;
            const Result<MutableBytes> larger = memory.bytes(size, alignof(Value));
            if (!larger) return larger.error();
            block_ = *larger;
        }
    }

private:
    static constexpr std::size_t first_size = 1024;
    MutableBytes block_{};
};

}  // namespace freshet::query
