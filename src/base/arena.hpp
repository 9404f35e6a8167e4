// SPDX-License-Identifier: MIT
// Memory lent by the caller. Allocating moves a cursor and nothing is freed one by one: the
// permanent arena of a store is filled by open() and then sealed, and a scratch arena is rewound as
// a whole.
#pragma once

#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include "base/check.hpp"
#include "freshet/bytes.hpp"
#include "freshet/error.hpp"

namespace freshet {

class Arena {
public:
    explicit Arena(MutableBytes memory) noexcept : memory_{memory} {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Elements as `T{}` makes them. out_of_memory.
    template <class T>
    Result<std::span<T>> array(std::size_t count) noexcept {
        static_assert(std::is_trivially_destructible_v<T>);
        const Result<std::byte*> block = allocate(count, sizeof(T), alignof(T));
        if (!block) return block.error();
        T* const first = reinterpret_cast<T*>(*block);
        for (std::size_t i = 0; i < count; i++) ::new (static_cast<void*>(first + i)) T{};
        return std::span<T>{first, count};
    }

    // Elements that hold anything, until they are written: memory is not touched before it is used.
    template <class T>
    Result<std::span<T>> unfilled(std::size_t count) noexcept {
        static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
        const Result<std::byte*> block = allocate(count, sizeof(T), alignof(T));
        if (!block) return block.error();
        return std::span<T>{reinterpret_cast<T*>(*block), count};
    }

    // Bytes as they are.
    Result<MutableBytes> bytes(std::size_t size, std::size_t align) noexcept {
        const Result<std::byte*> block = allocate(size, 1, align);
        if (!block) return block.error();
        return MutableBytes{*block, size};
    }

    // Makes a block larger where it lies. False: it was not taken last, or there is no room.
    bool widen(MutableBytes& block, std::size_t size) noexcept {
        FRESHET_CHECK(!sealed_);
        FRESHET_CHECK(size >= block.size());
        const bool is_last = block.data() + block.size() == memory_.data() + used_;
        if (block.empty() || !is_last || size - block.size() > memory_.size() - used_) return false;
        used_ += size - block.size();
        block = {block.data(), size};
        return true;
    }

    void seal() noexcept { sealed_ = true; }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

    // The most that array<T>(count) or unfilled<T>(count) can take, whatever the alignment of the
    // memory.
    template <class T>
    static constexpr std::size_t room(std::size_t count) noexcept {
        return count * sizeof(T) + alignof(T) - 1;
    }

private:
    Result<std::byte*> allocate(std::size_t count, std::size_t size, std::size_t align) noexcept {
        FRESHET_CHECK(!sealed_);
        FRESHET_CHECK(size > 0);
        FRESHET_CHECK(align > 0 && (align & (align - 1)) == 0);

        const auto cursor = reinterpret_cast<std::uintptr_t>(memory_.data()) + used_;
        const std::size_t padding = (0 - cursor) & (align - 1);
        const std::size_t available = memory_.size() - used_;
        if (padding > available) return Code::out_of_memory;
        if (count > (available - padding) / size) return Code::out_of_memory;

        std::byte* const block = memory_.data() + used_ + padding;
        used_ += padding + count * size;
        return block;
    }

    MutableBytes memory_;
    std::size_t used_{0};
    bool sealed_{false};
};

}  // namespace freshet
