// SPDX-License-Identifier: MIT
// The lock of a directory: a lock of the open file description of its file `lock`, which the kernel
// drops with the process, however that ends. Unlike the older locks it also keeps out a second
// opener in the same process. The file says who holds it; that is news, not truth:
//
//      offset  size  field
//           0        "PROCESS SINCE_US\n"
//          64    64  the note
//
// Who holds the lock without having come to say so yet is asked again for a moment, and then not
// named. So is one whose process is not there: a killed one's text stands until the next holder has
// cut the file.
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <array>

#include "base/check.hpp"
#include "disk/posix_call.hpp"
#include "freshet/posix.hpp"

namespace freshet {
namespace {

constexpr const char* lock_name = "lock";
constexpr off_t note_offset = 64;
constexpr int holder_try_count = 20;  // A millisecond each.

// Two numbers of at most 20 digits, a space and a line end.
class HolderText {
public:
    explicit HolderText(int descriptor) noexcept {
        const ssize_t count = pread(descriptor, text_.data(), text_.size(), 0);
        size_ = count > 0 ? static_cast<std::size_t>(count) : 0;
    }

    explicit HolderText(const Holder& holder) noexcept {
        put(holder.process, ' ');
        put(holder.since_us, '\n');
    }

    Status write(int descriptor) const noexcept {
        if (ftruncate(descriptor, 0) < 0) return disk::last_error();
        if (pwrite(descriptor, text_.data(), size_, 0) < 0) return disk::last_error();
        return Done{};
    }

    // All zero where the text is not what we write.
    [[nodiscard]] Holder holder() const noexcept {
        std::size_t position = 0;
        const std::uint64_t process = number(position, ' ');
        const std::uint64_t since_us = number(position, '\n');
        if (process == 0 || since_us == 0) return {};
        return {process, since_us};
    }

private:
    void put(std::uint64_t number, char end) noexcept {
        std::array<char, 20> digits{};
        std::size_t count = 0;
        do {
            digits[count++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number > 0);
        while (count > 0) text_[size_++] = digits[--count];
        text_[size_++] = end;
    }

    std::uint64_t number(std::size_t& position, char end) const noexcept {
        std::uint64_t value = 0;
        for (; position < size_ && text_[position] != end; position++) {
            const char digit = text_[position];
            if (digit < '0' || digit > '9' || value > (~std::uint64_t{0} - 9) / 10) return 0;
            value = value * 10 + static_cast<std::uint64_t>(digit - '0');
        }
        if (position == size_) return 0;
        position++;
        return value;
    }

    std::array<char, 42> text_{};
    std::size_t size_ = 0;
};

int set_lock(int descriptor, short type) noexcept {
    struct flock request {};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    return disk::again([&]() noexcept { return fcntl(descriptor, F_OFD_SETLK, &request); });
}

// False: nobody else holds the lock.
Result<bool> is_held(int descriptor) noexcept {
    struct flock request {};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    if (disk::again([&]() noexcept { return fcntl(descriptor, F_OFD_GETLK, &request); }) < 0)
        return disk::last_error();
    return request.l_type != F_UNLCK;
}

bool is_there(std::uint64_t process) noexcept {
    return process != 0 && (kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH);
}

Holder find_holder(int descriptor) noexcept {
    Holder holder = HolderText{descriptor}.holder();
    for (int i = 0; i < holder_try_count && !is_there(holder.process); i++) {
        const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
        nanosleep(&pause, nullptr);
        holder = HolderText{descriptor}.holder();
    }
    return is_there(holder.process) ? holder : Holder{};
}

}  // namespace

Status PosixDisk::lock(Holder& holder) noexcept {
    holder = {};
    if (const Status status = check_writable(); !status) return status;
    const int descriptor =
        disk::open_at(directory_, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (descriptor < 0) return disk::last_error();
    if (set_lock(descriptor, F_WRLCK) < 0) {
        const bool is_refused = errno == EAGAIN || errno == EACCES;
        const Error error = is_refused ? Error{Code::locked, errno} : disk::last_error();
        if (is_refused) holder = find_holder(descriptor);
        ::close(descriptor);
        return error;
    }
    const Holder self{static_cast<std::uint64_t>(process_), PosixClock{}.now_us()};
    // A full disk has no room for the text: the lock holds without it.
    static_cast<void>(HolderText{self}.write(descriptor));
    FRESHET_CHECK(lock_ < 0);
    lock_ = descriptor;
    return Done{};
}

void PosixDisk::unlock() noexcept {
    if (lock_ < 0) return;
    // A child has the same open file description: unlocking there would unlock the parent.
    if (process_ == getpid()) {
        static_cast<void>(ftruncate(lock_, 0));
        static_cast<void>(set_lock(lock_, F_UNLCK));
    }
    ::close(lock_);
    lock_ = -1;
}

Status PosixDisk::note(const Note& note) noexcept {
    if (const Status status = check_writable(); !status) return status;
    FRESHET_CHECK(lock_ >= 0);
    const ssize_t count = pwrite(lock_, note.data(), note.size(), note_offset);
    if (count < 0) return disk::last_error();
    if (static_cast<std::size_t>(count) < note.size()) return Code::full;
    return Done{};
}

// The lock is asked for before the note is read: whoever held it then, or took it since, wrote it.
Result<bool> PosixDisk::look(Note& note, Holder& holder) noexcept {
    holder = {};
    if (const Status status = check_writable(); !status) return status.error();
    const int descriptor = disk::open_at(directory_, lock_name, O_RDONLY | O_NOFOLLOW);
    if (descriptor < 0) return disk::last_error();
    Result<bool> found = is_held(descriptor);
    if (found && !*found) found = Code::not_found;
    if (found) {
        holder = HolderText{descriptor}.holder();
        const ssize_t count = pread(descriptor, note.data(), note.size(), note_offset);
        if (count < 0) found = disk::last_error();
        if (count >= 0) found = static_cast<std::size_t>(count) == note.size();
    }
    ::close(descriptor);
    return found;
}

}  // namespace freshet
