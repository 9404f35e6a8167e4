// SPDX-License-Identifier: MIT
// Goal: a statement whose memory does not hold what it sorts, groups or joins gives the same rows,
// in the same order, with a temporary file; nothing of the file stays behind; and whatever happens
// to it is one error, never an answer.
#include "database_fixture.hpp"
#include "faulty_disk.hpp"

namespace freshet::test {
namespace {

Options spill_options() {
    Options options = database_options();
    options.segment_size = 1 << 22;
    options.pool_size = std::size_t{8} << 20;
    return options;
}

class Spills : public testing::Test {
protected:
    Spills() {
        run("CREATE TABLE t (id INT PRIMARY KEY, k INT, word TEXT, x FLOAT);"
            "CREATE TABLE n (d INT PRIMARY KEY);"
            "INSERT INTO n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);"
            "INSERT INTO t SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE i * 7919 % 503 END,"
            "  'word ' || (i * 31 % 1009), i * 37 % 211 / 4.0 FROM"
            "  (SELECT a.d * 1000 + b.d * 100 + c.d * 10 + e.d AS i FROM n a, n b, n c, n e)"
            "  WHERE i < 4000");
    }
    std::string run(std::string_view sql) { return db_.run(sql); }
    std::string run_poor(std::string_view sql, std::size_t size,
                         const ConnectionOptions& options = {.statement_count_max = 1,
                                                             .catalog_size = 32768}) {
        const Lent memory{size};
        Connection poor;
        EXPECT_TRUE(poor.open(*db_.database, memory, options));
        return db_.run(poor, sql);
    }

    OpenDatabase db_{spill_options(), std::size_t{16} << 20};
};

TEST_F(Spills, GiveTheSameRowsInTheSameOrder) {
    for (const std::string_view sql :
         {"SELECT id, word FROM t ORDER BY word, x DESC", "SELECT id FROM t ORDER BY k DESC",
          "SELECT id, k FROM t ORDER BY k NULLS LAST LIMIT 4000 OFFSET 17",
          "SELECT DISTINCT word FROM t", "SELECT DISTINCT k, x FROM t",
          "SELECT k, count(*), sum(x), max(word), avg(id) FROM t GROUP BY k",
          "SELECT word, group_concat(id), count(DISTINCT k) FROM t GROUP BY word",
          "SELECT count(DISTINCT word), sum(DISTINCT x), count(*) FROM t",
          "SELECT word FROM t WHERE id < 3000 UNION SELECT word || '!' FROM t",
          "SELECT word, k FROM t EXCEPT SELECT word, k FROM t WHERE id % 3 = 0",
          "SELECT word FROM t INTERSECT SELECT word FROM t WHERE id % 3 = 0"}) {
        const std::string whole = run(sql);
        ASSERT_GT(whole.size(), 10U) << sql;
        std::string off = run_poor(
            sql, 160 << 10, {.statement_count_max = 1, .catalog_size = 32768, .spill_size_max = 0});
        EXPECT_TRUE(off.ends_with("error out-of-memory")) << sql;
        const std::string said = run_poor(sql, 160 << 10);
        EXPECT_TRUE(said == whole)
            << sql << "\n"
            << said.substr(said.size() > 90 ? said.size() - 90 : 0) << db_.error.message();
    }
}

}  // namespace
}  // namespace freshet::test
