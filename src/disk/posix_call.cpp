// SPDX-License-Identifier: MIT
#include "disk/posix_call.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace freshet::disk {
namespace {

Code code_of(int number) noexcept {
    switch (number) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return Code::full;
        case EROFS: return Code::read_only;
        case EACCES:
        case EPERM: return Code::permission;
        case ENOENT: return Code::not_found;
        case EINTR: return Code::interrupted;
        default: return Code::io;
    }
}

int lifted(int descriptor) noexcept {
    if (descriptor < 0 || descriptor > 2) return descriptor;
    const int high = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    const int number = errno;
    close(descriptor);
    errno = number;
    return high;
}

}  // namespace

Error last_error() noexcept {
    return Error{code_of(errno), errno};
}

int open_at(int directory, const char* name, int flags, unsigned mode) noexcept {
    return lifted(again([&]() noexcept {
        return openat(directory, name, flags | O_CLOEXEC, static_cast<mode_t>(mode));
    }));
}

}  // namespace freshet::disk
