// SPDX-License-Identifier: MIT
#include "sim/harness.hpp"

#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sim/crowd.hpp"
#include "sim/table_life.hpp"

namespace freshet::sim {

namespace {

constexpr int run_seconds_max = 8;  // Of processor time.
constexpr int shrink_seconds_max = 2;
int alarm_seconds = run_seconds_max;
Failure* current_failure = nullptr;
const Life* current_life = nullptr;
volatile std::sig_atomic_t is_failing = 0;

template <std::size_t size>
void fill(std::array<char, size>& into, std::string_view text) {
    const std::size_t count = std::min(text.size(), size - 1);
    std::memcpy(into.data(), text.data(), count);
    into[count] = 0;
}

[[noreturn]] void fail_now(std::string_view what) {
    if (is_failing != 0 || current_failure == nullptr) _exit(failed_exit_code);
    is_failing = 1;
    Failure& failure = *current_failure;
    fill(failure.what, what);
    if (current_life != nullptr) {
        const std::string script = current_life->script_text();
        fill(failure.script, script.size() < failure.script.size()
                                 ? script
                                 : script.substr(script.size() - failure.script.size() + 1));
        const std::string tape = current_life->tape().text();
        if (tape.size() < failure.tape.size()) fill(failure.tape, tape);
    }
    failure.found = 1;
    _exit(failed_exit_code);
}

void on_violation(void*, std::string_view what) {
    fail_now(what);
}

void on_signal(int signal) {
    if (signal == SIGALRM || signal == SIGVTALRM) fail_now("the run does not come to an end");
    fail_now(signal == SIGILL || signal == SIGTRAP ? "a check of the engine failed (trap)"
             : signal == SIGSEGV                   ? "a segmentation fault"
                                                   : "a signal");
}

void set_alarm(int seconds) {
    itimerval timer{};
    timer.it_value.tv_sec = seconds;
    setitimer(ITIMER_VIRTUAL, &timer, nullptr);
}

}  // namespace

Failure* make_failure() noexcept {
    void* const memory =
        mmap(nullptr, sizeof(Failure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : ::new (memory) Failure{};
}

void catch_failures(Failure& failure) noexcept {
    current_failure = &failure;
    static std::array<char, 65536> stack;
    stack_t alternate{};
    alternate.ss_sp = stack.data();
    alternate.ss_size = stack.size();
    sigaltstack(&alternate, nullptr);
    struct sigaction action {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_ONSTACK;
    for (const int signal : {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGVTALRM})
        sigaction(signal, &action, nullptr);
    sim_on_violation(on_violation, nullptr);
}

void set_current_life(const Life* life, std::uint64_t seed) noexcept {
    current_life = life;
    if (current_failure != nullptr) current_failure->seed = seed;
    set_alarm(life == nullptr ? 0 : alarm_seconds);
}

namespace {

std::uint64_t live(Choice& choice, const Rules& rules, std::uint64_t seed) {
    Tape tape;
    choice.record(&tape);
    std::uint64_t hash = 0;
    std::uint64_t kind = table_life_number;
    if (rules.only_tables)
        tape.add(Domain::workload, kind);
    else
        kind = choice.below(8, Domain::workload);
    if (kind == table_life_number) {
        TableLife life{choice, rules, tape};
        set_current_life(&life, seed);
        life.live();
        hash = life.hash();
        set_current_life(nullptr, seed);
    } else if (kind == 7) {
        Crowd crowd{choice, rules, tape};
        set_current_life(&crowd, seed);
        hash = crowd.live(choose_plan(choice));
        set_current_life(nullptr, seed);
    } else {
        Run run{choice, rules, tape};
        set_current_life(&run, seed);
        run.live();
        hash = run.hash();
        set_current_life(nullptr, seed);
    }
    return hash;
}

}  // namespace

std::uint64_t live_by_seed(std::uint64_t seed, const Rules& rules) {
    SeedChoice choice{seed};
    Rules its_rules = rules;
    if (seed % 8 != 0) its_rules.branch_count = 0;
    return live(choice, its_rules, seed);
}

std::uint64_t live_by_tape(const Tape& tape, const Rules& rules) {
    TapeChoice choice{tape};
    Rules its_rules = rules;
    its_rules.branch_count = 0;
    its_rules.step_count =
        static_cast<std::uint32_t>(std::max<std::size_t>(tape.chunks.size(), 2) - 1);
    return live(choice, its_rules, 0);
}

bool fails(const Tape& tape, const Rules& rules, Failure& failure) {
    failure.found = 0;
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        catch_failures(failure);
        alarm_seconds = shrink_seconds_max;
        static_cast<void>(live_by_tape(tape, rules));
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) fill(failure.what, "the process was ended by a signal");
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

// Takes steps away, ever fewer at a time; then numbers from each step; then makes numbers smaller.
Tape shrink(Tape tape, const Rules& rules, Failure& failure, double seconds) {
    const auto start = std::chrono::steady_clock::now();
    const auto in_time = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
               seconds;
    };
    for (bool smaller = true; smaller && in_time();) {
        smaller = false;
        const auto try_out = [&](Tape candidate) {
            if (!in_time() || !fails(candidate, rules, failure)) return false;
            tape = std::move(candidate);
            smaller = true;
            return true;
        };
        for (std::size_t size = tape.chunks.size() / 2; size > 0; size /= 2) {
            for (std::size_t at = tape.chunks.size(); at > 1 && in_time();) {
                const std::size_t from = at > size ? std::max<std::size_t>(at - size, 1) : 1;
                Tape candidate = tape;
                candidate.chunks.erase(candidate.chunks.begin() + static_cast<std::ptrdiff_t>(from),
                                       candidate.chunks.begin() + static_cast<std::ptrdiff_t>(at));
                try_out(std::move(candidate));
                at = std::min(from, tape.chunks.size());
            }
        }
        for (std::size_t chunk = 0; chunk < tape.chunks.size(); chunk++) {
            for (std::size_t domain = 0; domain < domain_count; domain++) {
                if (tape.chunks[chunk][domain].empty()) continue;
                Tape candidate = tape;
                candidate.chunks[chunk][domain].clear();
                if (try_out(std::move(candidate))) continue;
                for (std::size_t i = 0; i < tape.chunks[chunk][domain].size() && in_time(); i++) {
                    for (const std::uint64_t value :
                         {std::uint64_t{0}, tape.chunks[chunk][domain][i] / 2}) {
                        if (value == tape.chunks[chunk][domain][i]) continue;
                        candidate = tape;
                        candidate.chunks[chunk][domain][i] = value;
                        if (try_out(std::move(candidate))) break;
                    }
                }
            }
        }
    }
    fails(tape, rules, failure);
    return tape;
}

}  // namespace freshet::sim
