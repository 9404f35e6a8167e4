// SPDX-License-Identifier: MIT
// A second process beside the one that writes. Both stand at one simulated disk, each with a clock
// and a gate of its own, so that the writer can be killed and the reader lives on.
#pragma once

#include "freshet/sim.hpp"
#include "tests/files.hpp"

namespace freshet::test {

inline Options reading(Options options) {
    options.create = false;
    options.read_only = true;
    return options;
}

class Beside : public ::testing::Test {
protected:
    // The writer is gone without a word; what it wrote is in the page cache.
    void kill() {
        disk.crash_at(disk.call_count());
        writer.store.reset();
        disk.restart();
    }
    Refreshed refresh() {
        const Result<Refreshed> refreshed = reader->store.refresh(reader->diagnostic);
        EXPECT_TRUE(refreshed) << code_name(refreshed.error().code);
        return refreshed ? *refreshed : Refreshed{};
    }
    Code refresh_error() {
        const Result<Refreshed> refreshed = reader->store.refresh(reader->diagnostic);
        EXPECT_EQ(reader->diagnostic.error.code, refreshed.error().code);
        return refreshed.error().code;
    }

    Options options = tiny_options();
    SimDisk disk{{.file_count_max = 44, .file_size_max = 8192, .version_count_max = 4096}};
    Process writer{disk};
    Process reader{disk};
};

}  // namespace freshet::test
