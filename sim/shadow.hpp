// SPDX-License-Identifier: MIT
// The formula for the number of states a power loss can leave, beside the simulated disk and
// sharing nothing with it: it looks only at what calls were made and at the files after each,
// counts for each sector, size and name how often it has changed since it was last synced, and
// multiplies.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "freshet/sim.hpp"

namespace freshet::sim {

class Shadow {
public:
    // Everything there is counts as durable.
    void start(const SimDisk& disk);
    void note(const SimDisk& disk, const SimRecord& record);
    [[nodiscard]] std::uint64_t key_count() const;
    [[nodiscard]] std::uint64_t state_count() const;  // Up to 2^40.

private:
    struct Changes {
        std::string newest;
        std::uint64_t count = 0;
    };
    struct File {
        std::map<std::uint64_t, Changes> sectors;
        Changes size;
    };
    void compare(const SimDisk& disk, const std::string& name);

    std::map<std::string, File> files_;
    std::map<std::string, std::uint64_t> names_;  // Changes since the directory was synced.
};

}  // namespace freshet::sim
