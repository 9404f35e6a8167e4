// SPDX-License-Identifier: MIT
// `make compare`: compares many lives, one after the other.
//
//     compare SEED COUNT    from this seed on, until so many queries were compared
#include <cstdlib>

#include "tests/sql_compare.hpp"

int main(int argc, char** argv) {
    const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 10'000;
    freshet::test::CompareReport report;
    std::uint64_t next = seed;
    while (report.query_count < count) {
        freshet::test::CompareLife life{next++, report};
        life.live(1000);
    }
    std::printf(
        "%llu queries, %llu differences (seeds %llu to %llu; %llu failed, %llu without memory)\n",
        static_cast<unsigned long long>(report.query_count),
        static_cast<unsigned long long>(report.difference_count),
        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(next - 1),
        static_cast<unsigned long long>(report.failed_count),
        static_cast<unsigned long long>(report.memory_count));
    return report.difference_count == 0 ? 0 : 1;
}
