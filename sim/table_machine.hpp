// SPDX-License-Identifier: MIT
// A machine with a database on a simulated disk, and the question whether what its tables say is
// what the model says: now, as of earlier commits, by an index and by a scan.
#pragma once

#include <string>
#include <vector>

#include "freshet/database.hpp"
#include "sim/examine.hpp"
#include "sim/table_model.hpp"

namespace freshet::sim {

struct TableMachine {
    explicit TableMachine(const SimDiskSize& size) : disk{size}, copies{size} {}

    SimDisk disk;
    Copies copies;
    bool is_unmapped = false;
    SimClock clock;
    SimGate gate{clock};
    Options options;
    ConnectionOptions connection_options;
    static constexpr std::size_t reader_size = std::size_t{512} << 10;
    std::size_t connection_size = reader_size;
    Database database;
    Connection connection;
    Connection reader;  // Another one, which only reads.
    Diagnostic diagnostic;
    std::vector<std::byte> memory;
    std::vector<std::byte> connection_memory;
    std::vector<std::byte> scratch;
    std::uint32_t open_count = 0;  // How often open() has come to its end.
    RefusedRuns refused_runs;

    // Lends what the options ask for.
    void lend();
    Status open(bool create) noexcept;
    Status close() noexcept;
};

// What a statement gave.
struct Answer {
    Code code = Code::none;
    std::vector<std::string> names;
    std::vector<ModelRow> rows;
    std::uint64_t commit = 0;
    std::string message;
};
Answer ask(Connection& connection, const std::string& sql);

// " FOR SYSTEM_TIME AS OF COMMIT n"; empty: now.
std::string as_of(std::uint64_t commit);

// The tables that there may be, and the names of commits.
const std::vector<std::string>& table_names();
const std::vector<std::string>& commit_names();

// Each table is the state's, with the names of its columns; where it has an index, so are the rows
// that this finds, and those that a scan finds by the same condition. What is looked for follows
// from `luck`. Returns what the database says instead of an answer, if it does.
Code compare_state(Connection& connection, const ModelState& state, const std::string& as_of,
                   std::uint64_t luck);
// The names that commits have as of one, and what one of them leads to, or that it is none.
Code compare_names(Connection& connection, const TableModel& model, std::uint64_t commit,
                   std::uint64_t luck);
// The newest commit, and a few earlier ones.
Code compare_tables(TableMachine& machine, const TableModel& model, std::uint64_t commit,
                    std::uint64_t luck);
// Rows that a condition lets through, by index and by scan.
Code compare_where(Connection& connection, const ModelTable& table, const std::string& name,
                   const std::string& as_of, const ModelWhere& where);
// verify() finds all well: frames, rows, and the entries of the indexes. Returns what it says.
Code verify_tables(TableMachine& machine, std::uint64_t commit);

struct TablePromise {
    const TableModel* model = nullptr;
    std::uint64_t least = 0;
    bool has_store = false;
    bool disk_is_honest = true;
    std::uint64_t luck = 0;
};
// Opens the database of a disk that crashed and compares; with Depth::full it also inserts,
// verifies, closes, and opens again.
void examine_tables(TableMachine& machine, const TablePromise& promise, Depth depth);

}  // namespace freshet::sim
