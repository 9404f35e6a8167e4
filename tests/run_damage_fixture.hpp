// SPDX-License-Identifier: MIT
// Runs whose bytes are changed at will.
#pragma once

#include "fuzz/repair.hpp"
#include "tests/run_fixture.hpp"
#include "tree/layers.hpp"

namespace freshet::tree {

using Contents = std::vector<std::byte>;

template <class T>
void put(Contents& bytes, std::size_t offset, T value) {
    store_at(bytes.data() + offset, value);
}

constexpr std::size_t page_at(std::uint32_t number) {
    return run_header_size + (number - 1) * page_size;
}

inline Code code_of(const Contents& bytes, std::uint64_t store = test_store,
                    std::uint64_t number = test_number) {
    return OpenRun{bytes, store, number}.error;
}

// Three levels of few entries, so that there are many pages of each kind.
inline Sorted large_entries(std::size_t count) {
    Sorted entries;
    for (std::uint64_t i = 0; i < count; i++)
        entries["\1" + number_text(i / 2, 4) + std::string(200, 'x') + number_text(i % 2, 1)] = {
            std::string(300, 'v'), i % 5 == 1};
    return entries;
}

}  // namespace freshet::tree
