// SPDX-License-Identifier: MIT
// Goal: SQL gives what SQLite gives. Method: sql_compare.hpp; `make compare` does more of it.
#include "tests/sql_compare.hpp"

namespace freshet::test {
namespace {

TEST(SqlCompared, GivesWhatSqliteAndItsOwnRulesSay) {
    CompareReport report;
    for (std::uint64_t seed = 1; seed <= 8; seed++) {
        CompareLife life{seed, report};
        life.live(300);
    }
    EXPECT_GT(report.query_count, 2000U);
    EXPECT_LT(report.failed_count, report.query_count / 4);
    EXPECT_LT(report.memory_count, report.query_count / 100);
    EXPECT_EQ(report.difference_count, 0U);
}

}  // namespace
}  // namespace freshet::test
