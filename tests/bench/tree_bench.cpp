// SPDX-License-Identifier: MIT
// What a put, a find and a step of a cursor cost in a tree of a million keys, and how full its
// pages are.
//
// The keys are stream names, as the store keeps them: a kind byte, a word, a number. To compare
// page sizes, change page_size in tree/page.hpp.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tree/cursor.hpp"
#include "tree/delta.hpp"

namespace freshet::tree {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t pool_size = std::size_t{400} << 20;
constexpr std::size_t value_size = 16;
constexpr std::size_t name_size = 24;

struct Name {
    char text[32];
};

class Bench {
public:
    explicit Bench(std::size_t count) : names_(count), memory_(room()) {
        for (std::size_t i = 0; i < count; i++) {
            std::snprintf(names_[i].text, sizeof names_[i].text, "\1customer-%014u",
                          static_cast<unsigned>(i * 7));
        }
        shuffled_ = names_;
        std::shuffle(shuffled_.begin(), shuffled_.end(), std::mt19937_64{1});
    }

    void run() {
        std::printf("%zu keys of %zu bytes, values of %zu, pages of %zu; ns each\n", names_.size(),
                    name_size, value_size, page_size);
        for (const std::size_t batch : {std::size_t{1}, std::size_t{1000}}) {
            fill("put ascending", batch, false);
            fill("put in random order", batch, true);
            change("replace at random", batch);
        }
        find("find at random");
        walk("next");
        erase("erase at random", 1000);
    }

private:
    static std::size_t room() { return Delta::required_memory(pool_size, 1); }

    void start() { start_ = Clock::now(); }
    void tell(const char* what, std::size_t batch) const {
        const std::chrono::duration<double, std::nano> took = Clock::now() - start_;
        std::printf("%-20s %5zu a commit %8.1f   %zu pages\n", what, batch,
                    took.count() / static_cast<double>(names_.size()), delta_.page_used());
    }
    [[nodiscard]] Bytes key(std::size_t number, bool is_shuffled) const {
        const Name& name = is_shuffled ? shuffled_[number] : names_[number];
        return as_bytes({name.text, name_size});
    }

    void put_all(std::size_t batch, bool is_shuffled) {
        const std::string value(value_size, 'v');
        const std::uint64_t live[] = {0};
        for (std::size_t i = 0; i < names_.size(); i++) {
            if (i % batch == 0) delta_.begin();
            if (!delta_.put(key(i, is_shuffled), as_bytes(value))) std::abort();
            if (i % batch == batch - 1) delta_.seal(live);
        }
    }
    void fill(const char* what, std::size_t batch, bool is_shuffled) {
        Arena arena{MutableBytes{memory_}};
        delta_ = Delta{};
        if (!delta_.open(arena, pool_size, 1)) std::abort();
        start();
        put_all(batch, is_shuffled);
        tell(what, batch);
    }
    void change(const char* what, std::size_t batch) {
        start();
        put_all(batch, true);
        tell(what, batch);
    }
    void find(const char* what) {
        start();
        for (std::size_t i = 0; i < names_.size(); i++) {
            if (delta_.find(delta_.root(), key(i, true)).data() == nullptr) std::abort();
        }
        tell(what, 0);
    }
    void walk(const char* what) {
        start();
        Cursor cursor{delta_, delta_.root()};
        std::size_t size = 0;
        for (cursor.first(); cursor.valid(); cursor.next()) size += cursor.key().size();
        if (size != names_.size() * name_size) std::abort();
        tell(what, 0);
    }
    void erase(const char* what, std::size_t batch) {
        start();
        for (std::size_t i = 0; i < names_.size(); i++) {
            if (i % batch == 0) delta_.begin();
            if (!delta_.erase(key(i, true))) std::abort();
            if (i % batch == batch - 1) delta_.seal({});
        }
        tell(what, batch);
    }

    std::vector<Name> names_;
    std::vector<Name> shuffled_;
    std::vector<std::byte> memory_;
    Delta delta_;
    Clock::time_point start_;
};

}  // namespace
}  // namespace freshet::tree

int main(int argument_count, char** arguments) {
    const std::size_t count =
        argument_count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1'000'000;
    freshet::tree::Bench{count / 1000 * 1000}.run();
}
