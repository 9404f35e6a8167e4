// SPDX-License-Identifier: MIT
// A program with all of SQL, and nothing else: the size gate links and runs it.
#include "freshet/database.hpp"
#include "freshet/posix.hpp"

namespace {

constexpr std::size_t pool_size = std::size_t{1} << 20;
std::byte memory[std::size_t{8} << 20], room[std::size_t{4} << 20];

bool make_and_ask() noexcept {
    freshet::PosixDoor door;
    freshet::Database database;
    freshet::Connection connection;
    freshet::Diagnostic diagnostic;
    freshet::SqlError error;
    if (!door.open("small_sql.fdb", true)) return false;
    if (!database.open({.create = true, .pool_size = pool_size}, door.door(), memory, diagnostic))
        return false;
    if (!connection.open(database, room)) return false;
    if (!connection.execute("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2)", error))
        return false;
    std::int64_t sum = 0;
    for (const auto [value] : connection.query<std::int64_t>("SELECT sum(a) FROM t")) sum += value;
    return sum == 3;
}

}  // namespace

int main() {
    return make_and_ask() ? 0 : 1;
}
