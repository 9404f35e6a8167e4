// SPDX-License-Identifier: MIT
// What a put, a find and a step of a cursor cost in a tree of a million keys.
//
// The keys are stream names, as the store keeps them: a kind byte, a word, a number. Each operation
// is timed in rounds of 1,000; printed are the fastest tenth's slowest round, which other programs
// on the machine disturb little, and the mean. One miss of all caches is measured beside them, for
// scale. To compare page sizes, change page_size in tree/page.hpp.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tree/cursor.hpp"
#include "tree/delta.hpp"

namespace freshet::tree {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t pool_size = std::size_t{200} << 20;
constexpr std::size_t value_size = 16;
constexpr std::size_t name_size = 24;
constexpr std::size_t round_size = 1000;

struct Name {
    char text[32];
};

template <class Operation>
void measure(const char* what, std::size_t count, Operation operation) {
    std::vector<double> rounds;
    for (std::size_t i = 0; i < count; i += round_size) {
        const Clock::time_point start = Clock::now();
        for (std::size_t j = i; j < i + round_size; j++) operation(j);
        const std::chrono::duration<double, std::nano> took = Clock::now() - start;
        rounds.push_back(took.count() / double{round_size});
    }
    std::sort(rounds.begin(), rounds.end());
    const double sum = std::accumulate(rounds.begin(), rounds.end(), 0.0);
    std::printf("  %-36s %8.1f %8.1f\n", what, rounds[rounds.size() / 10],
                sum / static_cast<double>(rounds.size()));
}

void check(bool is_right) {
    if (!is_right) std::abort();
}

class Bench {
public:
    explicit Bench(std::size_t count)
        : names_(count), memory_(Delta::required_memory(pool_size, 1)) {
        for (std::size_t i = 0; i < count; i++) {
            std::snprintf(names_[i].text, sizeof names_[i].text, "\1customer-%014u",
                          static_cast<unsigned>(i * 7));
        }
        shuffled_ = names_;
        std::shuffle(shuffled_.begin(), shuffled_.end(), std::mt19937_64{1});
    }

    void run() {
        std::printf("%zu keys of %zu bytes, values of %zu, pages of %zu; ns each: tenth, mean\n",
                    names_.size(), name_size, value_size, page_size);
        fill("put ascending, 1 a commit", names_, 1);
        fill("put ascending, 1,000 a commit", names_, 1000);
        fill("put in random order, 1 a commit", shuffled_, 1);
        fill("put in random order, 1,000 a commit", shuffled_, 1000);
        put("replace at random, 1 a commit", shuffled_, 1);
        put("replace at random, 1,000 a commit", shuffled_, 1000);
        measure("find at random", names_.size(), [this](std::size_t i) {
            check(delta_.find(delta_.root(), key(shuffled_[i])).data() != nullptr);
        });
        walk("next, with its key");
        std::printf("  %zu pages\n", delta_.page_used());
        erase("erase at random, 1,000 a commit", 1000);
        check(delta_.page_used() == 0);
        miss("one miss of all caches");
    }

private:
    static Bytes key(const Name& name) { return as_bytes({name.text, name_size}); }

    void fill(const char* what, const std::vector<Name>& names, std::size_t batch) {
        Arena arena{MutableBytes{memory_}};
        delta_ = Delta{};
        check(static_cast<bool>(delta_.open(arena, pool_size, 1)));
        put(what, names, batch);
    }
    void put(const char* what, const std::vector<Name>& names, std::size_t batch) {
        const std::string value(value_size, 'v');
        measure(what, names.size(), [&](std::size_t i) {
            if (i % batch == 0) delta_.begin();
            check(static_cast<bool>(delta_.put(key(names[i]), as_bytes(value))));
            if (i % batch == batch - 1) delta_.seal({});
        });
    }
    void walk(const char* what) {
        Cursor cursor{delta_, delta_.root()};
        std::size_t size = 0;
        cursor.seek(as_bytes(std::string(1, '\0')));
        measure(what, names_.size(), [&](std::size_t) {
            size += cursor.key().size();
            cursor.next();
        });
        check(!cursor.valid() && size == names_.size() * name_size);
    }
    void erase(const char* what, std::size_t batch) {
        measure(what, names_.size(), [&](std::size_t i) {
            if (i % batch == 0) delta_.begin();
            check(static_cast<bool>(delta_.erase(key(shuffled_[i]))));
            if (i % batch == batch - 1) delta_.seal({});
        });
    }
    void miss(const char* what) {
        struct alignas(64) Link {
            std::size_t next;
        };
        std::vector<std::size_t> order(names_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::shuffle(order.begin(), order.end(), std::mt19937_64{2});
        std::vector<Link> links(order.size());
        for (std::size_t i = 0; i < order.size(); i++) {
            links[order[i]].next = order[(i + 1) % order.size()];
        }
        std::size_t at = 0;
        measure(what, links.size(), [&](std::size_t) { at = links[at].next; });
        check(at == 0);
    }

    std::vector<Name> names_;
    std::vector<Name> shuffled_;
    std::vector<std::byte> memory_;
    Delta delta_;
};

}  // namespace
}  // namespace freshet::tree

int main(int argument_count, char** arguments) {
    const std::size_t count =
        argument_count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1'000'000;
    freshet::tree::Bench{std::max<std::size_t>(count / 1000 * 1000, 1000)}.run();
}
