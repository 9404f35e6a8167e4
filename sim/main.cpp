// SPDX-License-Identifier: MIT
// The simulator as a program: lives by seed until the time is over, a live line, a summary, and for
// a violation the shortest script that shows it and the command that repeats it.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/crowd.hpp"
#include "sim/harness.hpp"
#include "sim/search.hpp"

namespace freshet::sim {
namespace {

struct Arguments {
    double seconds = 60;
    std::uint64_t seed = 0;
    bool has_seed = false;
    std::uint64_t seed_count = 0;  // 0: until the time is over.
    unsigned jobs = 2;
    std::uint32_t branches = 8;
    double shrink_seconds = 20;
    bool canary = false;
    bool all_cells = false;
    bool hashes = false;
    bool calls = false;
    bool tables = false;
    std::string search;  // crashes, faults, memory or flips.
    std::uint64_t search_number = 1;
    std::string tape;
    std::string regress = "sim/regress";
    std::string out = "build/failure.tape";
};

int usage() {
    std::puts(
        "usage: sim [options]\n"
        "  --time N       seconds (60)\n"
        "  --seed N       the first seed; by default one from the clock\n"
        "  --seeds N      so many seeds and no more\n"
        "  --jobs N       processes (2)\n"
        "  --branches N   crash images tried at each call (8)\n"
        "  --shrink N     seconds in which a failure is made small (20)\n"
        "  --tape FILE    live by a tape, e.g. one that a failure left, and show its script\n"
        "  --calls        with --tape: show each call of the disk too\n"
        "  --regress DIR  tapes to live by first (sim/regress)\n"
        "  --out FILE     where the tape of a failure goes (build/failure.tape)\n"
        "  --cells        the whole table of faults by operation and call\n"
        "  --hashes       one hash for each seed, and no crash images: equal for every compiler\n"
        "  --crashes N    every crash of every life of up to N operations, and nothing else\n"
        "  --faults       every fault at every call of one life, and nothing else\n"
        "  --schedules    every interleaving of small crowds with at most two switches too many, "
        "and nothing else\n"
        "  --memory       every memory that is too small, and nothing else\n"
        "  --flips N      every Nth bit of a log and its head flipped, and nothing else\n"
        "  --tables       only lives of databases with tables\n"
        "  --canary       plant a lie in the model: this must fail");
    return 2;
}

bool parse(int count, char** words, Arguments& arguments) {
    for (int i = 1; i < count; i++) {
        const std::string_view word = words[i];
        const auto value = [&] { return i + 1 < count ? words[++i] : ""; };
        const auto number = [&] { return std::strtoull(value(), nullptr, 10); };
        if (word == "--time")
            arguments.seconds = std::strtod(value(), nullptr);
        else if (word == "--seed")
            arguments.seed = number(), arguments.has_seed = true;
        else if (word == "--seeds")
            arguments.seed_count = number();
        else if (word == "--jobs")
            arguments.jobs = static_cast<unsigned>(number());
        else if (word == "--branches")
            arguments.branches = static_cast<std::uint32_t>(number());
        else if (word == "--shrink")
            arguments.shrink_seconds = std::strtod(value(), nullptr);
        else if (word == "--tape")
            arguments.tape = value();
        else if (word == "--regress")
            arguments.regress = value();
        else if (word == "--out")
            arguments.out = value();
        else if (word == "--cells")
            arguments.all_cells = true;
        else if (word == "--hashes")
            arguments.hashes = true;
        else if (word == "--crashes" || word == "--flips")
            arguments.search = word.substr(2), arguments.search_number = number();
        else if (word == "--faults" || word == "--memory" || word == "--schedules")
            arguments.search = word.substr(2);
        else if (word == "--calls")
            arguments.calls = true;
        else if (word == "--tables")
            arguments.tables = true;
        else if (word == "--canary")
            arguments.canary = true;
        else
            return false;
    }
    return arguments.jobs > 0 && arguments.jobs <= 64;
}

using Time = std::chrono::steady_clock::time_point;
double since(Time start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double processor_seconds() {
    rusage used{};
    getrusage(RUSAGE_CHILDREN, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return std::max(seconds(used.ru_utime) + seconds(used.ru_stime), 1e-3);
}

unsigned long long number(const Report::Count& count) {
    return count.load(std::memory_order_relaxed);
}

[[noreturn]] void work(const Arguments& arguments, unsigned job, Time start, Failure& failure) {
    catch_failures(failure);
    Rules rules;
    rules.branch_count = arguments.branches;
    rules.canary_bug = arguments.canary;
    rules.only_tables = arguments.tables;
    for (std::uint64_t i = job; arguments.seed_count == 0 || i < arguments.seed_count;
         i += arguments.jobs) {
        if (arguments.seed_count == 0 && since(start) >= arguments.seconds) break;
        static_cast<void>(live_by_seed(arguments.seed + i, rules));
    }
    _exit(0);
}

void show_line(const Report& all, double seconds) {
    std::fprintf(stderr,
                 "\r%5.1f s  %llu lives  %llu operations  %llu images (%.0f/s)  %llu distinct  ",
                 seconds, number(all.seeds), number(all.operations), number(all.images),
                 static_cast<double>(number(all.images)) / seconds, number(all.distinct));
}

void show_cells(const Report& all, bool whole) {
    std::printf("\n%-15s", whole ? "fault, operation" : "fault");
    for (std::size_t call = 0; call < sim_call_count; call++)
        std::printf(" %9.9s", sim_call_name(static_cast<SimCall>(call)));
    std::puts("");
    for (std::size_t trouble = 1; trouble < trouble_count; trouble++) {
        std::array<std::uint64_t, sim_call_count> sums{};
        std::uint64_t total = 0;
        for (std::size_t operation = 0; operation < operation_count; operation++) {
            std::uint64_t row = 0;
            for (std::size_t call = 0; call < sim_call_count; call++) {
                const std::uint64_t cell = all.cells[trouble][operation][call].load();
                sums[call] += cell;
                row += cell;
                total += cell;
            }
            if (!whole || row == 0) continue;
            std::printf("  %-13s", operation_name(static_cast<Operation>(operation)));
            for (std::size_t call = 0; call < sim_call_count; call++)
                std::printf(" %9llu", number(all.cells[trouble][operation][call]));
            std::puts("");
        }
        if (total == 0) continue;
        std::printf("%-15s", trouble_name(static_cast<Trouble>(trouble)));
        for (const std::uint64_t sum : sums)
            std::printf(" %9llu", static_cast<unsigned long long>(sum));
        std::puts("");
    }
}

void show_summary(const Report& all, double seconds, unsigned jobs, bool whole) {
    std::printf(
        "%llu lives, %llu operations, %llu crashes, %llu recoveries, %llu failing calls in %.1f "
        "s\n",
        number(all.seeds), number(all.operations), number(all.crashes), number(all.recoveries),
        number(all.faults), seconds);
    std::printf(
        "%llu crash images recovered and compared (%llu of them crashed in recovery), %llu "
        "distinct:\n%.0f images/s per core, %.0f for each second of a processor's time\n",
        number(all.images), number(all.nested_images), number(all.distinct),
        static_cast<double>(number(all.images)) / seconds / jobs,
        static_cast<double>(number(all.images)) / processor_seconds());
    if (number(all.weak_losses) > 0)
        std::printf(
            "beside the promise: %llu times a disk that broke its word cost acknowledged commits\n",
            number(all.weak_losses));
    for (const Report::Probe& probe : all.probes)
        if (probe.state.load() == 2)
            std::printf("%10llu  \"%s\"\n", number(probe.count), probe.text.data());
    show_cells(all, whole);
}

bool write_tape(const std::string& path, const Tape& tape, std::string_view script,
                std::string_view what) {
    std::ofstream file{path};
    file << "# " << what << "\n";
    std::istringstream lines{std::string{script}};
    for (std::string line; std::getline(lines, line);) file << "# " << line << "\n";
    file << tape.text();
    return static_cast<bool>(file);
}

int tell_failure(const Arguments& arguments, Failure& failure, const std::string& program) {
    std::printf("\nVIOLATION: %s\n",
                failure.found != 0 ? failure.what.data() : "the process was ended by a signal");
    const unsigned long long seed = failure.seed;
    Rules rules;
    rules.canary_bug = arguments.canary;
    Tape tape;
    const bool has_tape = failure.tape[0] != 0 && tape.parse(failure.tape.data());
    if (has_tape && fails(tape, rules, failure)) {
        tape = shrink(tape, rules, failure, arguments.shrink_seconds);
        std::printf("as short as it gets: %s\n%s", failure.what.data(), failure.script.data());
        if (write_tape(arguments.out, tape, failure.script.data(), failure.what.data()))
            std::printf("repeat: %s --tape %s%s\n", program.c_str(), arguments.out.c_str(),
                        arguments.canary ? " --canary" : "");
    } else {
        std::printf("%s", failure.script.data());
        if (has_tape) write_tape(arguments.out, tape, failure.script.data(), failure.what.data());
    }
    std::printf("repeat: %s --seed %llu --seeds 1 --branches %u%s%s\n", program.c_str(), seed,
                arguments.branches, arguments.canary ? " --canary" : "",
                arguments.tables ? " --tables" : "");
    return 1;
}

bool read_tape(const std::string& path, Tape& tape) {
    std::ifstream file{path};
    std::stringstream text;
    text << file.rdbuf();
    return file && tape.parse(text.str());
}

int replay_tape(const Arguments& arguments, const std::string& program) {
    Tape tape;
    if (!read_tape(arguments.tape, tape)) {
        std::fprintf(stderr, "%s: no tape\n", arguments.tape.c_str());
        return 2;
    }
    Failure& failure = *make_failure();
    Rules rules;
    rules.canary_bug = arguments.canary;
    rules.shows_calls = arguments.calls;
    if (fails(tape, rules, failure)) {
        std::printf("%sVIOLATION: %s\nrepeat: %s --tape %s\n", failure.script.data(),
                    failure.what.data(), program.c_str(), arguments.tape.c_str());
        return 1;
    }
    std::puts("the tape runs to its end without a violation");
    return 0;
}

int replay_regressions(const Arguments& arguments) {
    if (!std::filesystem::is_directory(arguments.regress)) return 0;
    Failure& failure = *make_failure();
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{arguments.regress}) {
        Tape tape;
        if (entry.path().extension() != ".tape") continue;
        count++;
        if (read_tape(entry.path(), tape) && !fails(tape, Rules{}, failure)) continue;
        std::printf("VIOLATION of %s: %s\n%s", entry.path().c_str(), failure.what.data(),
                    failure.script.data());
        return 1;
    }
    std::printf("%d regressions replayed\n", count);
    return 0;
}

int show_hashes(const Arguments& arguments) {
    Rules rules;
    rules.only_tables = arguments.tables;
    const std::uint64_t count = arguments.seed_count == 0 ? 100 : arguments.seed_count;
    std::uint64_t all = 0;
    catch_failures(*make_failure());
    for (std::uint64_t i = 0; i < count; i++) {
        all = mix(all, live_by_seed(arguments.seed + i, rules));
    }
    std::printf("%016llx of %llu seeds\n", static_cast<unsigned long long>(all),
                static_cast<unsigned long long>(count));
    return 0;
}

void show_search(const Arguments& arguments, const SearchResult& found, double seconds) {
    if (arguments.search == "crashes") {
        std::printf(
            "%llu lives, %llu calls, %llu crash points (%llu of them with more than 12 keys, "
            "sampled)\n",
            number(found.lives), number(found.calls), number(found.crash_points),
            number(found.sampled_points));
        std::printf("after one crash  %llu states visited, %llu predicted\n", number(found.visited),
                    number(found.predicted));
        std::printf("after two        %llu states visited, %llu predicted\n",
                    number(found.nested_visited), number(found.nested_predicted));
        std::printf("%llu of them were known from before; %llu recovered and compared in %.1f s\n",
                    number(found.skipped), number(report().images), seconds);
    } else if (arguments.search == "flips") {
        std::printf(
            "%llu bits flipped: %llu named, %llu harmless, %llu in the last commit before an "
            "unclean stop (not promised)\n",
            number(found.named) + number(found.harmless) + number(found.residual),
            number(found.named), number(found.harmless), number(found.residual));
    } else if (arguments.search == "schedules") {
        std::printf("%llu interleavings, %llu crash images\n", number(found.lives),
                    number(report().images));
    } else if (arguments.search == "faults") {
        std::printf(
            "%llu calls failed: %llu times the store went on, %llu times it had to be opened "
            "again\n",
            number(found.failed_calls), number(found.usable), number(found.poisoned));
    } else {
        std::printf(
            "%llu memories too small for open, %llu pools too small for what was appended\n",
            number(found.failed_calls), number(found.usable));
    }
}

[[noreturn]] void work_search(const Arguments& arguments, Share share, SearchResult& result,
                              Failure& failure) {
    catch_failures(failure);
    if (arguments.search == "crashes")
        search_crashes(static_cast<std::uint32_t>(arguments.search_number), share, result);
    if (arguments.search == "faults") search_faults(share, result);
    if (arguments.search == "schedules") search_schedules(share, result);
    if (arguments.search == "memory") search_memory(share, result);
    if (arguments.search == "flips")
        search_flips(std::max<std::uint64_t>(arguments.search_number, 1), share, result);
    _exit(0);
}

int search(const Arguments& arguments) {
    const Time start = std::chrono::steady_clock::now();
    void* const memory = mmap(nullptr, sizeof(SearchResult), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& result = *static_cast<SearchResult*>(memory);
    std::vector<Failure*> failures;
    for (unsigned job = 0; job < arguments.jobs; job++) {
        failures.push_back(make_failure());
        std::fflush(nullptr);
        if (fork() == 0) work_search(arguments, {job, arguments.jobs}, result, *failures.back());
    }
    bool failed = false;
    int status = 0;
    while (wait(&status) > 0) failed = failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    show_search(arguments, result, since(start));
    for (const Failure* const failure : failures)
        if (failure->found != 0)
            std::printf("VIOLATION: %s\n%s", failure->what.data(), failure->script.data());
    const bool counts = number(result.visited) == number(result.predicted) &&
                        number(result.nested_visited) == number(result.nested_predicted);
    if (!counts && !failed)
        std::puts("VIOLATION: the number of states visited is not the one predicted");
    if (!failed && counts) std::puts("0 violations");
    return failed || !counts ? 1 : 0;
}

int simulate(const Arguments& arguments, const std::string& program) {
    const Time start = std::chrono::steady_clock::now();
    Report& all = report();
    std::vector<Failure*> failures;
    std::vector<pid_t> children;
    std::printf("seed %llu\n", static_cast<unsigned long long>(arguments.seed));
    std::fflush(nullptr);
    for (unsigned job = 0; job < arguments.jobs; job++) {
        failures.push_back(make_failure());
        const pid_t child = fork();
        if (child == 0) work(arguments, job, start, *failures.back());
        children.push_back(child);
    }
    Failure* first = nullptr;
    for (unsigned running = arguments.jobs; running > 0;) {
        if (isatty(STDERR_FILENO) != 0) show_line(all, since(start));
        usleep(100'000);
        for (unsigned job = 0; job < arguments.jobs; job++) {
            int status = 0;
            if (children[job] <= 0 || waitpid(children[job], &status, WNOHANG) != children[job])
                continue;
            children[job] = 0;
            running--;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
            if (first == nullptr) first = failures[job];
            for (const pid_t child : children)
                if (child > 0) kill(child, SIGKILL);
        }
    }
    const double seconds = since(start);
    if (isatty(STDERR_FILENO) != 0) std::fputs("\r\x1b[K", stderr);
    show_summary(all, seconds, arguments.jobs, arguments.all_cells);
    if (first != nullptr) return tell_failure(arguments, *first, program);
    std::puts("0 violations");
    return 0;
}

}  // namespace
}  // namespace freshet::sim

int main(int count, char** words) {
    using namespace freshet::sim;
    Arguments arguments;
    if (!parse(count, words, arguments)) return usage();
    if (!arguments.has_seed)
        arguments.seed = static_cast<std::uint64_t>(
                             std::chrono::system_clock::now().time_since_epoch().count()) /
                         1000 % 1'000'000'000;
    set_report(make_report());
    if (!arguments.tape.empty()) return replay_tape(arguments, words[0]);
    if (!arguments.search.empty()) return search(arguments);
    if (arguments.hashes) return show_hashes(arguments);
    if (const int failed = replay_regressions(arguments); failed != 0) return failed;
    return simulate(arguments, words[0]);
}
