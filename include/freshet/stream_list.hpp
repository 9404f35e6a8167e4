// SPDX-License-Identifier: MIT
// Which streams there are.
#pragma once

#include "freshet/store.hpp"

namespace freshet {

// Whether the store's own streams are in a list, too: those whose names begin with `$`.
enum class OwnStreams : std::uint8_t {
    hidden,  // Only where the prefix begins with `$`.
    shown,
};

// The names of streams in their order, byte by byte. The snapshot stays open while the list is in
// use.
class StreamList {
public:
    // Those that begin with `prefix`, which is looked at now only. invalid_argument: the snapshot
    // is not open; invalid_name: the prefix is longer than a name.
    Status open(const Snapshot& snapshot, std::string_view prefix = {},
                OwnStreams own = OwnStreams::hidden) noexcept;
    // True: `name` is one more, and holds until the next step. False: no more. corrupt.
    Result<bool> next(std::string_view& name) noexcept;

private:
    const Snapshot* snapshot_ = nullptr;
    bool hides_own_ = false;
    bool is_after_ = false;  // The name was given out: the next one is greater.
    std::size_t prefix_size_ = 0;
    std::size_t size_ = 0;
    std::array<char, stream_name_size_max> name_{};
};

}  // namespace freshet
