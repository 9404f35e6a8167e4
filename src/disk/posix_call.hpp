// SPDX-License-Identifier: MIT
// What all calls to the operating system share: its error numbers as ours, and descriptors that can
// be trusted.
#pragma once

#include <cerrno>

#include "freshet/error.hpp"

namespace freshet::disk {

// The number of the call that failed last in this thread, as an Error.
Error last_error() noexcept;

// openat() with O_CLOEXEC, again after a signal, and never as descriptor 0, 1 or 2: a program that
// was started with those closed would otherwise print into the store.
int open_at(int directory, const char* name, int flags, unsigned mode = 0) noexcept;

// Calls `call` again for as long as a signal breaks it off.
template <class Call>
int again(Call call) noexcept {
    for (;;) {
        const int result = call();
        if (result >= 0 || errno != EINTR) return result;
    }
}

}  // namespace freshet::disk
