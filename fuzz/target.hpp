// SPDX-License-Identifier: MIT
// What a fuzz target is: NAME_fuzz.cpp with LLVMFuzzerTestOneInput(), make_seeds(), and perhaps a
// mutator of its own. Each links with libFuzzer, or with replay.cpp and any compiler. A target
// stops the process at the first thing that is not as it should be.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "freshet/bytes.hpp"
#include "freshet/sim_choice.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of libFuzzer, or of replay.cpp: changes some bytes, and says how many there are now.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed);

namespace freshet::fuzz {

using Contents = std::vector<std::byte>;

// `replay --make FOLDER` writes these.
struct Seed {
    std::string name;
    Contents bytes;
};
std::vector<Seed> make_seeds();

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "violation: %s\n", what);
    std::abort();
}

class Random {
public:
    explicit Random(std::uint64_t seed) noexcept : state_{seed} {}
    std::uint64_t next() noexcept { return mix(state_++, 0); }
    std::size_t below(std::size_t n) noexcept { return n == 0 ? 0 : next() % n; }
    bool chance(unsigned percent) noexcept { return below(100) < percent; }

private:
    std::uint64_t state_;
};

inline Bytes input(const std::uint8_t* data, std::size_t size) noexcept {
    return {reinterpret_cast<const std::byte*>(data), size};
}

}  // namespace freshet::fuzz
