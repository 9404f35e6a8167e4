// SPDX-License-Identifier: MIT
// Bytes as everything that is chosen in one simulated life of a store: operations, crashes, faults.
// The simulator's own checks decide.
#include <string_view>

#include "fuzz/target.hpp"
#include "sim/run.hpp"

namespace freshet::fuzz {
namespace {

// The setup first: its last number says which operations come up.
Seed life(std::string name, std::uint64_t seed, std::size_t size) {
    Contents bytes(size);
    Random random{seed};
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
    return {std::move(name), std::move(bytes)};
}

}  // namespace

std::vector<Seed> make_seeds() {
    return {{"plainest", {}},         life("short-1", 1, 48),   life("short-2", 2, 48),
            life("middle-1", 3, 160), life("middle-2", 4, 160), life("middle-3", 5, 160),
            life("long-1", 6, 512),   life("long-2", 7, 512)};
}

}  // namespace freshet::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 2048) return 0;
    freshet::ByteChoice choice{freshet::fuzz::input(data, size)};
    freshet::sim::Rules rules;
    rules.branch_count = 0;
    freshet::sim::Run run{choice, rules};
    run.live();
    return 0;
}
