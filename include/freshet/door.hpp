// SPDX-License-Identifier: MIT
// The door: everything the library knows of the outside world. It comes in three parts, lent by the
// caller and never destroyed through these types. freshet/posix.hpp is one implementation,
// freshet/memory.hpp keeps files in lent memory, and the simulator is a third. All functions are
// pure virtual, so that classes built with RTTI and exceptions can implement them and still link
// with a library built without.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "freshet/bytes.hpp"
#include "freshet/error.hpp"

namespace freshet {

// An open file of a Disk. Its number means something to that Disk alone.
struct File {
    std::uint32_t number = ~std::uint32_t{0};
    [[nodiscard]] constexpr bool is_open() const noexcept { return number != ~std::uint32_t{0}; }
};

enum class OpenMode : std::uint8_t {
    read,    // The file must exist.
    write,   // The file must exist; it can be read too.
    create,  // Made if it does not exist, emptied if it does; it can be read too.
};

// Who holds the lock of a store.
struct Holder {
    std::uint64_t process = 0;   // 0: not known.
    std::uint64_t since_us = 0;  // Microseconds since 1970; 0: not known.
};

// What the holder of the lock leaves beside it for others to see.
using Note = std::array<std::byte, 64>;

// One directory of files with short names; there are no folders in it. Calls come from several
// threads at once.
//
// What a crash may do: each sector of 512 bytes that was written, each size and each name that was
// changed since the last sync of that file or directory may be found old or new, in any
// combination; a sector being written may be found half old and half new. sync() makes the data and
// the size of one file durable, not its name; sync_directory() makes names durable.
//
// A failed sync leaves everything written since the one before in doubt, for ever: the library
// never tries it again, and poisons the store.
//
// Errors: io, full, read_only, permission, forked; what else a call may say stands beside it.
class Disk {
public:
    virtual Result<File> open(std::string_view name, OpenMode mode) noexcept = 0;  // not_found
    virtual void close(File file) noexcept = 0;
    virtual Result<std::uint64_t> size(File file) noexcept = 0;

    // These three move as many bytes as they can in one call and say how many; at least one, but
    // for a read at the end of the file, which says 0. interrupted: nothing was done, call again.
    virtual Result<std::size_t> read(File file, std::uint64_t offset,
                                     MutableBytes into) noexcept = 0;
    // Writes `first` and then `second` (either may be empty) as one request.
    virtual Result<std::size_t> write(File file, std::uint64_t offset, Bytes first,
                                      Bytes second) noexcept = 0;
    // Writes zeros, past the page cache where that is possible. Offset and size are multiples of
    // 512.
    virtual Result<std::size_t> write_zeros(File file, std::uint64_t offset,
                                            std::size_t size) noexcept = 0;

    virtual Status truncate(File file, std::uint64_t size) noexcept = 0;
    virtual Status sync(File file) noexcept = 0;
    virtual Status sync_directory() noexcept = 0;
    virtual Status rename(std::string_view from, std::string_view to) noexcept = 0;  // not_found
    virtual Status remove(std::string_view name) noexcept = 0;                       // not_found

    // The first `size` bytes of the file, in place and read only: what write() has written there
    // shows at once. The file may be shorter for now; the caller touches only what lies below its
    // end. Stays good after close(), until unmap().
    virtual Result<const std::byte*> map(File file, std::size_t size) noexcept = 0;
    virtual void unmap(const std::byte* address, std::size_t size) noexcept = 0;

    // Makes this the one writer among all processes. locked: `holder` says who is. A second Disk on
    // the same directory is refused within one process too.
    // What the holder before left by note() is gone when this returns.
    virtual Status lock(Holder& holder) noexcept = 0;
    virtual void unlock() noexcept = 0;
    // The holder of the lock leaves a note, in place of the one before. Nothing makes it durable,
    // and it costs no more than a copy.
    virtual Status note(const Note& note) noexcept = 0;
    // True: `note` is what the holder of the lock, in whatever process, noted last; beside its
    // note() it may be part old, part new. False: it has noted nothing yet. not_found: nobody holds
    // the lock.
    virtual Result<bool> look(Note& note, Holder& holder) noexcept = 0;

protected:
    Disk() = default;
    ~Disk() = default;  // Not virtual: a virtual one would drag operator delete into the vtable.
};

// Time and chance. Calls come from several threads at once.
class Clock {
public:
    // Microseconds since 1970 UTC; may jump either way.
    virtual std::uint64_t now_us() noexcept = 0;
    virtual void random(MutableBytes into) noexcept = 0;

protected:
    Clock() = default;
    ~Clock() = default;
};

// Locks and waiting, so that group commit runs under a simulator's scheduler as it does under
// threads. Each Turn is a mutex with one condition. A thread that holds `commit` never asks for
// `writer`.
enum class Turn : std::uint8_t { writer, commit };
inline constexpr std::uint64_t wait_for_ever = ~std::uint64_t{0};

class Gate {
public:
    virtual void lock(Turn turn) noexcept = 0;
    virtual void unlock(Turn turn) noexcept = 0;
    // Unlocks, sleeps until wake() or until the time is over (or for no reason), and locks again.
    virtual void wait(Turn turn, std::uint64_t timeout_us) noexcept = 0;
    virtual void wake(Turn turn) noexcept = 0;  // All who wait. The caller holds the lock.
    // Unlocks, lets whoever is ready go first, and locks again. False: nobody can be, so that there
    // is no point in asking again.
    virtual bool pause(Turn turn) noexcept = 0;

protected:
    Gate() = default;
    ~Gate() = default;
};

struct Door {
    Disk* disk = nullptr;
    Clock* clock = nullptr;
    Gate* gate = nullptr;
};

}  // namespace freshet
