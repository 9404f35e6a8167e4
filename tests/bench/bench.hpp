// SPDX-License-Identifier: MIT
// What measurements of stores have in common: time, what went wrong, and a store on a disk.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "freshet/posix.hpp"
#include "freshet/runs.hpp"

namespace freshet::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

inline void expect(const char* what, Error error) {
    if (error.code == Code::none) return;
    std::fprintf(stderr, "%s: %s\n", what, code_name(error.code));
    std::exit(1);
}

// In so much lent memory; appends have 100 bytes.
class OnDisk {
public:
    OnDisk(const std::string& path, std::size_t memory_size, std::size_t pool_size)
        : memory_{std::make_unique<std::byte[]>(memory_size)}, memory_size_{memory_size} {
        expect("open", door_.open(path.c_str(), true).error());
        options.create = true;
        options.pool_size = pool_size;
    }
    void open() {
        Diagnostic diagnostic;
        const MutableBytes lent{memory_.get(), memory_size_};
        expect("open", store.open(options, door_.door(), lent, diagnostic).error());
    }
    void close() { expect("close", store.close().error()); }
    // One commit of `count` events, each to the stream of a number.
    template <class Number>
    void append(std::size_t count, Durability durability, Number number_of) {
        const Event event{.type = "T", .payload = payload_};
        names_.resize(count);
        appends_.resize(count);
        for (std::size_t i = 0; i < count; i++) {
            names_[i] = "account-" + std::to_string(number_of(i));
            appends_[i] = {.stream = names_[i], .events = {&event, 1}};
        }
        Diagnostic diagnostic;
        expect("append", store.append(appends_, {}, durability, diagnostic).error());
    }

    Options options;
    Store store;

private:
    PosixDoor door_;
    std::unique_ptr<std::byte[]> memory_;
    std::size_t memory_size_;
    std::vector<std::byte> payload_ = std::vector<std::byte>(100, std::byte{'x'});
    std::vector<std::string> names_;
    std::vector<StreamAppend> appends_;
};

}  // namespace freshet::bench
