// SPDX-License-Identifier: MIT
// Waiting goes by the monotonic clock, so that setting the time of day neither holds anybody up nor
// wakes them.
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <cerrno>
#include <new>

#include "base/check.hpp"
#include "freshet/posix.hpp"

namespace freshet {
namespace {

struct alignas(64) Waiting {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

constexpr std::size_t turn_count = 2;
constexpr std::uint64_t second_us = 1'000'000;
constexpr std::uint64_t timeout_us_max =
    1'000'000'000 * second_us;  // 31 years: the sum cannot overflow.

Waiting& waiting(std::array<std::byte, 256>& memory, Turn turn) noexcept {
    static_assert(sizeof(Waiting) * turn_count <= sizeof memory);
    static_assert(alignof(Waiting) <= 64);
    const auto number = static_cast<std::size_t>(turn);
    FRESHET_CHECK(number < turn_count);
    return *std::launder(reinterpret_cast<Waiting*>(memory.data() + number * sizeof(Waiting)));
}

timespec deadline(std::uint64_t timeout_us) noexcept {
    if (timeout_us > timeout_us_max) timeout_us = timeout_us_max;
    timespec time{};
    FRESHET_CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    time.tv_sec += static_cast<time_t>(timeout_us / second_us);
    time.tv_nsec += static_cast<long>(timeout_us % second_us) * 1'000;
    if (time.tv_nsec >= 1'000'000'000) {
        time.tv_sec++;
        time.tv_nsec -= 1'000'000'000;
    }
    return time;
}

}  // namespace

PosixGate::PosixGate() noexcept {
    pthread_condattr_t attributes;
    FRESHET_CHECK(pthread_condattr_init(&attributes) == 0);
    FRESHET_CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    for (std::size_t i = 0; i < turn_count; i++) {
        auto* const made = ::new (memory_.data() + i * sizeof(Waiting)) Waiting{};
        FRESHET_CHECK(pthread_mutex_init(&made->mutex, nullptr) == 0);
        FRESHET_CHECK(pthread_cond_init(&made->condition, &attributes) == 0);
    }
    FRESHET_CHECK(pthread_condattr_destroy(&attributes) == 0);
}

PosixGate::~PosixGate() {
    for (const Turn turn : {Turn::writer, Turn::commit}) {
        Waiting& used = waiting(memory_, turn);
        pthread_cond_destroy(&used.condition);
        pthread_mutex_destroy(&used.mutex);
    }
}

void PosixGate::lock(Turn turn) noexcept {
    FRESHET_CHECK(pthread_mutex_lock(&waiting(memory_, turn).mutex) == 0);
}

void PosixGate::unlock(Turn turn) noexcept {
    FRESHET_CHECK(pthread_mutex_unlock(&waiting(memory_, turn).mutex) == 0);
}

void PosixGate::wait(Turn turn, std::uint64_t timeout_us) noexcept {
    Waiting& used = waiting(memory_, turn);
    if (timeout_us == wait_for_ever) {
        FRESHET_CHECK(pthread_cond_wait(&used.condition, &used.mutex) == 0);
        return;
    }
    const timespec end = deadline(timeout_us);
    const int result = pthread_cond_timedwait(&used.condition, &used.mutex, &end);
    FRESHET_CHECK(result == 0 || result == ETIMEDOUT);
}

void PosixGate::wake(Turn turn) noexcept {
    FRESHET_CHECK(pthread_cond_broadcast(&waiting(memory_, turn).condition) == 0);
}

bool PosixGate::pause(Turn turn) noexcept {
    unlock(turn);
    sched_yield();
    lock(turn);
    return true;
}

}  // namespace freshet
