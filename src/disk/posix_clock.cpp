// SPDX-License-Identifier: MIT
#include <sys/random.h>
#include <time.h>

#include "base/check.hpp"
#include "disk/posix_call.hpp"
#include "freshet/posix.hpp"

namespace freshet {

std::uint64_t PosixClock::now_us() noexcept {
    timespec now{};
    FRESHET_CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    if (now.tv_sec < 0) return 0;
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

// The kernel's generator cannot fail on Linux from 3.17 on, but a signal may break it off.
void PosixClock::random(MutableBytes into) noexcept {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = getrandom(into.data() + done, into.size() - done, 0);
        FRESHET_CHECK(count > 0 || (count < 0 && errno == EINTR));
        if (count > 0) done += static_cast<std::size_t>(count);
    }
}

}  // namespace freshet
