// SPDX-License-Identifier: MIT
// What making runs costs those who write: durable commits of 100 events to random ones of 100,000
// streams by one thread, in a store without runs, in one whose commits make them, and in one where
// another thread calls maintain(). By turns, REPEAT (7) times, each for SECONDS_EACH (2).
#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <thread>

#include "tests/bench/bench.hpp"

namespace freshet::bench {
namespace {

constexpr std::uint64_t stream_count = 100'000;
constexpr std::size_t commit_event_count = 100;

double setting(const char* name, double otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtod(text, nullptr);
}

enum class Who : std::uint8_t { nobody, commits, a_thread };
constexpr std::array names = {"no runs", "runs by commits", "runs by a thread"};

struct Figures {
    std::vector<double> rates, medians, worst;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class Life {
public:
    Life(const std::string& path, Who who)
        : who_{who}, on_{path, std::size_t{64} << 20, std::size_t{48} << 20} {
        if (who != Who::nobody) on_.options.runs = &runs();
        on_.open();
    }
    void run(double seconds, Figures& figures) {
        std::atomic<bool> done = false;
        std::thread maintainer{[&] {
            while (who_ == Who::a_thread && !done) {
                Diagnostic diagnostic;
                if (on_.store.statistics().maintenance_owed)
                    expect("maintain", on_.store.maintain(diagnostic).error());
                else
                    std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
        }};
        std::vector<double> latencies;
        const Clock::time_point start = Clock::now();
        while (seconds_since(start) < seconds) {
            const Clock::time_point before = Clock::now();
            append();
            latencies.push_back(seconds_since(before) * 1e6);
        }
        const double elapsed = seconds_since(start);
        done = true;
        maintainer.join();
        on_.close();
        std::sort(latencies.begin(), latencies.end());
        figures.rates.push_back(static_cast<double>(latencies.size()) / elapsed);
        figures.medians.push_back(latencies[latencies.size() / 2]);
        figures.worst.push_back(latencies[latencies.size() * 99 / 100]);
    }

private:
    void append() {
        on_.append(commit_event_count, Durability::durable,
                   [&](std::size_t) { return mix(number_++) % stream_count; });
    }

    Who who_;
    OnDisk on_;
    std::uint64_t number_ = 1;
};

}  // namespace
}  // namespace freshet::bench

int main() {
    using namespace freshet::bench;
    const std::string path = std::filesystem::temp_directory_path() / "freshet-maintain";
    std::array<Figures, names.size()> figures;
    const double seconds = setting("SECONDS_EACH", 2);
    for (int repeat = 0; repeat < static_cast<int>(setting("REPEAT", 7)); repeat++)
        for (std::size_t i = 0; i < names.size(); i++) {
            std::filesystem::remove_all(path);
            Life{path, static_cast<Who>(i)}.run(seconds, figures[i]);
        }
    std::filesystem::remove_all(path);
    std::puts("|  | commits/s | p50, us | p99, us | x | x | x |");
    std::puts("|---|---|---|---|---|---|---|");
    const Figures& plain = figures[0];
    for (std::size_t i = 0; i < names.size(); i++) {
        const Figures& own = figures[i];
        std::printf(
            "| %s | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f |\n", names[i], median(own.rates),
            median(own.medians), median(own.worst), median(own.rates) / median(plain.rates),
            median(own.medians) / median(plain.medians), median(own.worst) / median(plain.worst));
    }
}
