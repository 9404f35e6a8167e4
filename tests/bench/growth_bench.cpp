// SPDX-License-Identifier: MIT
// How a store with runs grows in 16 MiB of lent memory: streams of one event each, ten times as
// many in each line up to GROWTH (1,000,000), and as many events in 1,000 streams; then 1,000,000
// appends to random ones of them. A commit has 1,000 events and is deferred, so that the figures
// are of the processor and of what is written, not of syncs. Nobody calls maintain(): commits make
// the runs.
#include <array>
#include <filesystem>

#include "tests/bench/bench.hpp"

namespace freshet::bench {
namespace {

constexpr std::uint64_t batch_size = 1'000;

// What the system counts of this process: the number behind a name.
std::uint64_t counted(const char* path, const char* format) {
    std::FILE* const file = std::fopen(path, "r");
    std::array<char, 128> line{};
    unsigned long long number = 0;
    while (file != nullptr && std::fgets(line.data(), line.size(), file) != nullptr)
        if (std::sscanf(line.data(), format, &number) == 1) break;
    if (file != nullptr) std::fclose(file);
    return number;
}
// To whatever file.
std::uint64_t bytes_written() {
    return counted("/proc/self/io", "wchar: %llu");
}
// What is not of files, with all that was lent and touched.
double resident_mib() {
    return static_cast<double>(counted("/proc/self/status", "RssAnon: %llu")) / 1024;
}

class Growth {
public:
    Growth(const std::string& path, std::uint64_t event_count, std::uint64_t stream_count)
        : on_{path, std::size_t{16} << 20, std::size_t{12} << 20},
          event_count_{event_count},
          stream_count_{stream_count} {
        on_.options.runs = &runs();
    }

    void run() {
        on_.open();
        const std::uint64_t written_before = bytes_written();
        Clock::time_point start = Clock::now();
        for (std::uint64_t i = 0; i < event_count_; i += batch_size)
            append([&](std::uint64_t k) { return mix((i + k) % stream_count_); });
        const double append_ns = seconds_since(start) * 1e9 / static_cast<double>(event_count_);
        const StoreStatistics grown = on_.store.statistics();
        on_.close();
        const auto written = static_cast<double>(bytes_written() - written_before);

        start = Clock::now();
        on_.open();
        const double open_ms = seconds_since(start) * 1e3;
        constexpr std::uint64_t random_count = 1'000'000;
        start = Clock::now();
        for (std::uint64_t i = 0; i < random_count; i += batch_size)
            append([&](std::uint64_t k) { return mix(mix(i + k + 1) % stream_count_); });
        const double random_ns = seconds_since(start) * 1e9 / static_cast<double>(random_count);
        const double resident = resident_mib();
        on_.close();
        std::printf("| %11llu | %10llu | %6.0f | %6.2f | %6.0f | %5.0f | %4.1f | %4.1f | %u |\n",
                    static_cast<unsigned long long>(event_count_),
                    static_cast<unsigned long long>(stream_count_), append_ns, open_ms, random_ns,
                    static_cast<double>(grown.log_size + grown.run_size) /
                        static_cast<double>(event_count_),
                    written / static_cast<double>(grown.log_size), resident, grown.run_count);
        std::fflush(stdout);
    }

private:
    template <class Number>
    void append(Number number_of) {
        on_.append(batch_size, Durability::deferred, number_of);
    }

    OnDisk on_;
    std::uint64_t event_count_;
    std::uint64_t stream_count_;
};

}  // namespace
}  // namespace freshet::bench

int main() {
    const char* const wanted = std::getenv("GROWTH");
    const std::uint64_t most = wanted == nullptr ? 1'000'000 : std::strtoull(wanted, nullptr, 10);
    const std::string path = std::filesystem::temp_directory_path() / "freshet-growth";
    std::puts(
        "|      events |    streams | append ns | open ms | random append ns | "
        "bytes an event | bytes written / log | MiB of memory | runs |");
    std::puts("|---|---|---|---|---|---|---|---|---|");
    for (const std::uint64_t divisor : {1U, 1000U}) {
        for (std::uint64_t count = 100'000; count <= most; count *= 10) {
            std::filesystem::remove_all(path);
            freshet::bench::Growth{path, count, divisor == 1 ? count : 1000}.run();
        }
    }
    std::filesystem::remove_all(path);
}
