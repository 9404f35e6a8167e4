// SPDX-License-Identifier: MIT
// Fibres that take turns as a Choice says, and the gate they wait at.
//
// Fibre 0 is whoever calls run(); it only chooses who is first, and goes on when all have ended.
// Every switch goes straight from one fibre to the next.
#include "freshet/sim.hpp"

#include <ucontext.h>

#include <algorithm>

namespace freshet {

struct SimScheduler::Fibre {
    ucontext_t context{};
    std::unique_ptr<std::byte[]> stack;
    void (*body)(void*) = nullptr;
    void* argument = nullptr;
    Wait wait = Wait::nothing;
    Turn turn = Turn::writer;
    std::uint64_t until_us = wait_for_ever;
    const std::uint32_t* owner = nullptr;  // Wait::lock: who holds the turn.
    bool woken = false;
};

SimScheduler::SimScheduler(Choice& choice, SimClock& clock, const Rules& rules)
    : choice_{&choice}, clock_{&clock}, rules_{rules} {
    fibres_.push_back(std::make_unique<Fibre>());
}

SimScheduler::~SimScheduler() = default;

// makecontext() passes ints: the address of the scheduler comes in two.
void SimScheduler::start(unsigned int high, unsigned int low) noexcept {
    const auto address = static_cast<std::uintptr_t>(high) << 32 | low;
    auto& self = *reinterpret_cast<SimScheduler*>(address);
    Fibre& fibre = *self.fibres_[self.current_];
    fibre.body(fibre.argument);
    fibre.wait = Wait::ended;
    self.switch_to(self.next_ready(true));
}

void SimScheduler::spawn(void (*body)(void* context), void* context) {
    fibres_.push_back(std::make_unique<Fibre>());
    Fibre& fibre = *fibres_.back();
    fibre.stack.reset(new std::byte[rules_.stack_size]);
    fibre.body = body;
    fibre.argument = context;
    getcontext(&fibre.context);
    fibre.context.uc_stack.ss_sp = fibre.stack.get();
    fibre.context.uc_stack.ss_size = rules_.stack_size;
    fibre.context.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&fibre.context, reinterpret_cast<void (*)()>(&SimScheduler::start), 2,
                static_cast<unsigned int>(address >> 32),
                static_cast<unsigned int>(address & 0xffffffffU));
}

bool SimScheduler::run() {
    fibres_[0]->wait = Wait::ended;
    if (const std::uint32_t first = next_ready(true); first != 0) switch_to(first);
    for (std::size_t i = 1; i < fibres_.size(); i++)
        if (fibres_[i]->wait != Wait::ended) return false;
    return true;
}

void SimScheduler::yield() noexcept {
    if (current_ == 0 || switches_ >= rules_.switch_count_max) return;
    const std::uint32_t next = next_ready(false);
    if (next == current_) return;
    switches_++;
    switch_to(next);
}

void SimScheduler::switch_to(std::uint32_t number) noexcept {
    if (number == current_) return;
    Fibre& from = *fibres_[current_];
    Fibre& to = *fibres_[number];
    current_ = number;
    swapcontext(&from.context, &to.context);
}

// Who goes on: the current one too, unless it must move. 0: all have ended, or wait for ever.
std::uint32_t SimScheduler::next_ready(bool must_move) noexcept {
    std::array<std::uint32_t, 64> ready{};
    std::size_t count = 0;
    std::uint32_t sleeper = 0;
    bool somebody_waits = false;
    for (std::uint32_t step = 0; step < fibres_.size(); step++) {
        const auto i = static_cast<std::uint32_t>((current_ + step) % fibres_.size());
        if (i == 0 || count == ready.size()) continue;
        Fibre& fibre = *fibres_[i];
        const bool is_ready =
            fibre.wait == Wait::nothing || (fibre.wait == Wait::lock && *fibre.owner == 0) ||
            (fibre.wait == Wait::wake && (fibre.woken || clock_->peek_us() >= fibre.until_us));
        if (is_ready) ready[count++] = i;
        if (fibre.wait == Wait::ended || is_ready) continue;
        somebody_waits = true;
        const bool sleeps = fibre.wait == Wait::wake && fibre.until_us != wait_for_ever;
        if (sleeps && (sleeper == 0 || fibre.until_us < fibres_[sleeper]->until_us)) sleeper = i;
    }
    if (count == 0 && sleeper != 0) {
        clock_->jump(static_cast<std::int64_t>(fibres_[sleeper]->until_us - clock_->peek_us()));
        return sleeper;
    }
    if (count == 0) {
        if (somebody_waits) sim_violation("deadlock: every fibre waits for another");
        return 0;
    }
    if (must_move || rules_.switch_percent == 0)
        return ready[choice_->below(count, Domain::schedule)];
    if (count == 1 || !choice_->chance(rules_.switch_percent, 100, Domain::schedule))
        return ready[0];
    return ready[1 + choice_->below(count - 1, Domain::schedule)];
}

void SimScheduler::block(Wait wait, Turn turn, std::uint64_t until_us,
                         const std::uint32_t* owner) noexcept {
    Fibre& fibre = *fibres_[current_];
    fibre.wait = wait;
    fibre.turn = turn;
    fibre.until_us = until_us;
    fibre.owner = owner;
    fibre.woken = false;
    switch_to(next_ready(true));
    fibre.wait = Wait::nothing;
}

void SimScheduler::wake_all(Turn turn) noexcept {
    for (const std::unique_ptr<Fibre>& fibre : fibres_)
        if (fibre->wait == Wait::wake && fibre->turn == turn) fibre->woken = true;
}

void SimGate::lock(Turn turn) noexcept {
    std::uint32_t& owner = owners_[static_cast<std::size_t>(turn)];
    if (scheduler_ == nullptr || !scheduler_->in_fibre()) {
        if (owner != 0) sim_violation("deadlock: a turn is locked by the thread that has it");
        owner = 1;
        return;
    }
    scheduler_->yield();
    while (owner != 0) scheduler_->block(SimScheduler::Wait::lock, turn, wait_for_ever, &owner);
    owner = scheduler_->current_ + 1;
}

void SimGate::unlock(Turn turn) noexcept {
    std::uint32_t& owner = owners_[static_cast<std::size_t>(turn)];
    if (owner == 0) sim_violation("a turn is unlocked that nobody has");
    owner = 0;
}

void SimGate::wait(Turn turn, std::uint64_t timeout_us) noexcept {
    std::uint32_t& owner = owners_[static_cast<std::size_t>(turn)];
    if (owner == 0) sim_violation("waiting without the turn");
    if (scheduler_ == nullptr || !scheduler_->in_fibre()) {
        if (timeout_us == wait_for_ever)
            sim_violation("deadlock: waiting for ever, and nobody to wake");
        else
            clock_->jump(static_cast<std::int64_t>(timeout_us));
        return;
    }
    owner = 0;
    const std::uint64_t now = clock_->peek_us();
    const std::uint64_t until = timeout_us > wait_for_ever - now ? wait_for_ever : now + timeout_us;
    scheduler_->block(SimScheduler::Wait::wake, turn, until, nullptr);
    while (owner != 0) scheduler_->block(SimScheduler::Wait::lock, turn, wait_for_ever, &owner);
    owner = scheduler_->current_ + 1;
}

bool SimGate::pause(Turn turn) noexcept {
    if (scheduler_ == nullptr || !scheduler_->in_fibre()) return false;
    unlock(turn);
    lock(turn);
    return true;
}

void SimGate::wake(Turn turn) noexcept {
    if (owners_[static_cast<std::size_t>(turn)] == 0) sim_violation("waking without the turn");
    if (scheduler_ != nullptr && scheduler_->in_fibre()) scheduler_->wake_all(turn);
}

}  // namespace freshet
