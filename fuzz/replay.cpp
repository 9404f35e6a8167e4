// SPDX-License-Identifier: MIT
// A driver for the targets that needs no libFuzzer: runs the files of folders; makes a target's
// seeds; and changes inputs at random, without a look at coverage, where there is no clang.
//
//     replay/TARGET [--seed N] [--mutate SECONDS] [--out FILE] FOLDER...
//     replay/TARGET --make FOLDER
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/target.hpp"

extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                             std::size_t size_max, unsigned seed);
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace freshet::fuzz {
namespace {

constexpr std::size_t input_size_max = 1 + 3 * 4096;
constexpr unsigned input_seconds_max = 20;

Random chance{0};
std::string finding_path;
std::string current_name;
Contents current;

void keep_finding() {
    if (!current_name.empty()) std::fprintf(stderr, "in %s\n", current_name.c_str());
    if (finding_path.empty()) return;
    std::ofstream{finding_path, std::ios::binary}.write(
        reinterpret_cast<const char*>(current.data()),
        static_cast<std::streamsize>(current.size()));
    std::fprintf(stderr, "the input is in %s\n", finding_path.c_str());
}

void on_signal(int signal) {
    if (signal == SIGALRM) std::fputs("violation: it does not come to an end\n", stderr);
    keep_finding();
    _exit(1);
}

void catch_findings() {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGALRM})
        std::signal(signal, on_signal);
    if (&__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_finding);
}

// In memory of its own and of just its size.
void run(const Contents& bytes) {
    current = bytes;
    alarm(input_seconds_max);
    const Contents exact = bytes;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(exact.data()), exact.size());
    alarm(0);
}

Contents read_file(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const Bytes bytes = as_bytes(text);
    return Contents(bytes.begin(), bytes.end());
}

std::vector<Contents> replay(const std::vector<std::string>& folders) {
    std::vector<std::filesystem::path> paths;
    for (const std::string& folder : folders) {
        if (!std::filesystem::is_directory(folder))
            paths.emplace_back(folder);
        else
            for (const auto& entry : std::filesystem::directory_iterator{folder})
                if (entry.is_regular_file()) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Contents> inputs;
    for (const std::filesystem::path& path : paths) {
        current_name = path.string();
        inputs.push_back(read_file(path));
        run(inputs.back());
    }
    current_name.clear();
    return inputs;
}

Contents changed(const std::vector<Contents>& inputs) {
    Contents bytes = inputs[chance.below(inputs.size())];
    const std::size_t size = bytes.size();
    bytes.resize(std::max(input_size_max, size));
    auto* const data = reinterpret_cast<std::uint8_t*>(bytes.data());
    if (&LLVMFuzzerCustomMutator != nullptr) {
        bytes.resize(LLVMFuzzerCustomMutator(data, size, bytes.size(),
                                             static_cast<unsigned>(chance.next())));
    } else {
        bytes.resize(LLVMFuzzerMutate(data, size, bytes.size()));
    }
    return bytes;
}

double since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void mutate(std::vector<Contents> inputs, double seconds) {
    constexpr std::size_t input_count_max = 1000;
    const std::size_t seed_count = inputs.size();
    const auto start = std::chrono::steady_clock::now();
    std::size_t count = 0;
    for (; since(start) < seconds; count++) {
        Contents bytes = changed(inputs);
        run(bytes);
        if (inputs.size() < input_count_max)
            inputs.push_back(std::move(bytes));
        else
            inputs[seed_count + chance.below(input_count_max - seed_count)] = std::move(bytes);
    }
    std::printf("%zu runs, %.0f runs/s\n", count, static_cast<double>(count) / since(start));
}

int make(const std::string& folder) {
    std::filesystem::create_directories(folder);
    for (const Seed& seed : make_seeds()) {
        std::ofstream{folder + "/" + seed.name, std::ios::binary}.write(
            reinterpret_cast<const char*>(seed.bytes.data()),
            static_cast<std::streamsize>(seed.bytes.size()));
    }
    return 0;
}

int main_of(int count, char** words) {
    std::vector<std::string> folders;
    double seconds = 0;
    for (int i = 1; i < count; i++) {
        const std::string_view word = words[i];
        const char* const value = i + 1 < count ? words[i + 1] : "";
        if (word == "--make")
            return make(value);
        else if (word == "--seed")
            chance = Random{std::strtoull(value, nullptr, 10)}, i++;
        else if (word == "--mutate")
            seconds = std::strtod(value, nullptr), i++;
        else if (word == "--out")
            finding_path = value, i++;
        else
            folders.emplace_back(word);
    }
    catch_findings();
    std::vector<Contents> inputs = replay(folders);
    std::printf("%zu inputs of %s\n", inputs.size(),
                std::filesystem::path{words[0]}.filename().c_str());
    std::fflush(stdout);
    if (inputs.empty()) inputs.emplace_back();
    if (seconds > 0) mutate(std::move(inputs), seconds);
    return 0;
}

}  // namespace
}  // namespace freshet::fuzz

// One to four small changes: bits, bytes, pieces taken out, put in, doubled or moved.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                        std::size_t size_max) {
    auto& random = freshet::fuzz::chance;
    for (std::size_t times = 1 + random.below(4); times > 0; times--) {
        const std::size_t at = random.below(size);
        const std::size_t piece =
            size == 0 ? 0 : 1 + random.below(std::min<std::size_t>(size - at, 32));
        switch (size == 0 ? 4 : random.below(6)) {
            case 0: data[at] ^= static_cast<std::uint8_t>(1U << random.below(8)); break;
            case 1: data[at] = static_cast<std::uint8_t>(random.next()); break;
            case 2: std::memmove(data + random.below(size - piece + 1), data + at, piece); break;
            case 3:
                std::memmove(data + at, data + at + piece, size - at - piece);
                size -= piece;
                break;
            case 4:
                if (size == size_max) break;
                std::memmove(data + at + 1, data + at, size - at);
                data[at] = static_cast<std::uint8_t>(random.next());
                size++;
                break;
            default:
                if (piece > size_max - size) break;
                std::memmove(data + at + piece, data + at, size - at);
                size += piece;
        }
    }
    return size;
}

int main(int count, char** words) {
    return freshet::fuzz::main_of(count, words);
}
