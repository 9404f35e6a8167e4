// SPDX-License-Identifier: MIT
// A program as small as one can be that appends and reads: the size gate links and runs it.
#include "freshet/posix.hpp"
#include "freshet/store.hpp"

namespace {

constexpr std::size_t pool_size = std::size_t{1} << 20;
std::byte memory[std::size_t{4} << 20];

bool append_and_read() noexcept {
    freshet::PosixDoor door;
    freshet::Store store;
    freshet::Diagnostic diagnostic;
    if (!door.open("small.fdb", true)) return false;
    if (!store.open({.create = true, .pool_size = pool_size}, door.door(), memory, diagnostic))
        return false;

    const freshet::Event event{
        .type = "Said", .payload = freshet::as_bytes("hello"), .metadata = {}, .id = {}};
    if (!store.append({.stream = "small", .events = {&event, 1}}, diagnostic)) return false;

    freshet::Snapshot snapshot;
    freshet::StreamCursor cursor;
    freshet::Recorded recorded;
    if (!store.snapshot(snapshot)) return false;
    if (!cursor.open(snapshot, "small", freshet::Horizon::newest())) return false;
    const freshet::Result<bool> found = cursor.next(recorded);
    return found && *found && freshet::as_text(recorded.payload) == "hello";
}

}  // namespace

int main() {
    return append_and_read() ? 0 : 1;
}
