// SPDX-License-Identifier: MIT
// Commits, and says of each on standard output that it is done and where the log ends then: for
// tests/gates/durable.sh, which holds that against what the system was asked to do.
//
//     acknowledge DIRECTORY COUNT
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "freshet/posix.hpp"
#include "freshet/store.hpp"

int main(int count, char** words) {
    using namespace freshet;
    if (count != 3) return 2;
    Options options;
    options.create = true;
    options.pool_size = std::size_t{8} << 20;
    options.segment_size = std::uint32_t{1} << 20;
    options.frame_size_max = std::uint32_t{1} << 16;
    std::vector<std::byte> memory(required_memory(options));
    PosixDoor door;
    Store store;
    Diagnostic diagnostic;
    if (!door.open(words[1], true)) return 1;
    if (!store.open(options, door.door(), memory, diagnostic)) return 1;
    const std::uint64_t commits = std::strtoull(words[2], nullptr, 10);
    for (std::uint64_t i = 0; i < commits; i++) {
        const std::string payload(20 + i * 37 % 300, 'x');
        const std::string stream = "stream-" + std::to_string(i % 7);
        Event event;
        event.type = "T";
        event.payload = as_bytes(payload);
        const std::vector<Event> events(i % 100 == 99 ? 300 : 1, event);
        StreamAppend append;
        append.stream = stream;
        append.events = events;
        const bool is_deferred = i % 5 == 4;
        if (!store.append(append, diagnostic,
                          is_deferred ? Durability::deferred : Durability::durable))
            return 1;
        if (is_deferred && !store.sync(diagnostic)) return 1;
        const Head head = store.head();
        const std::string line = "done " + std::to_string(head.commit) + " " +
                                 std::to_string(head.address / options.segment_size + 1) + " " +
                                 std::to_string(head.address % options.segment_size) + "\n";
        if (write(1, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
    }
    return store.close() ? 0 : 1;
}
