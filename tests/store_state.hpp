// SPDX-License-Identifier: MIT
// What stands behind a store that is open, for tests that change it there.
#pragma once

#include <cstring>

#include "store/state.hpp"

namespace freshet::test {

inline store::State& state_of(const Store& store) {
    static_assert(sizeof(Store) == sizeof(void*));
    store::State* state = nullptr;
    std::memcpy(static_cast<void*>(&state), &store, sizeof state);
    return *state;
}

}  // namespace freshet::test
