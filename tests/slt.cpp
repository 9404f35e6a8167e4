// SPDX-License-Identifier: MIT
// Runs scripts of sqllogictest: slt [--engine freshet|sqlite3] [--jobs N] [--seconds N] PATH...
//
// Each script that is below a path is run in a process and a store of its own, in memory, as the
// engine named `sqlite`. Says what became of each, shows the first failures, and ends with the sum
// of all; the exit code is 1 if any record failed. A statement that takes longer than --seconds
// (10) fails. The other engine is there where SQLite is installed: to see what this runner makes of
// its answers.
#include "tests/slt.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "freshet/database.hpp"
#include "freshet/memory.hpp"
#include "freshet/posix.hpp"
#include "relation/convert.hpp"

#if __has_include(<sqlite3.h>)
#include <sqlite3.h>
#endif

namespace freshet::slt {
namespace {

// Pages that are not used cost nothing.
class Pages {
public:
    explicit Pages(std::size_t size) : size_{size} {
        constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        begin_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (begin_ == MAP_FAILED) std::abort();
    }
    ~Pages() { ::munmap(begin_, size_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    [[nodiscard]] MutableBytes bytes() const { return {static_cast<std::byte*>(begin_), size_}; }

private:
    void* begin_;
    std::size_t size_;
};

std::string words_of(const SqlError& error) {
    return std::string{code_name(error.error.code)} + ": " + std::string{error.message()};
}

std::string show(const Value& value, char type) {
    if (value.is_null()) return "NULL";
    if (type == 'I') return std::to_string(relation::to_integer(value));
    if (type == 'R') return show_real(relation::to_real(value));
    if (value.has_bytes()) return show_text(value.bytes());
    std::array<std::byte, 64> room;
    Arena memory{room};
    return show_text(relation::to_text(value, memory)->as_text());
}

class Freshet final : public Engine {
public:
    explicit Freshet(unsigned seconds) {
        options_.create = true;
        options_.pool_size = std::size_t{512} << 20;
        Diagnostic diagnostic;
        memory_ = std::make_unique<Pages>(Database::required_memory(options_));
        const Status opened =
            database_.open(options_, {&disk_, &clock_, &gate_}, memory_->bytes(), diagnostic);
        if (!opened || !connection_.open(database_, work_.bytes())) std::abort();
        connection_.set_time_limit_us(std::uint64_t{seconds} * 1'000'000);
    }
    ~Freshet() override { connection_.close(); }
    Freshet(const Freshet&) = delete;
    Freshet& operator=(const Freshet&) = delete;

    std::string execute(const std::string& sql) override {
        SqlError error;
        return connection_.execute(sql, error) ? "" : words_of(error);
    }
    std::string query(const std::string& sql, const std::string& types, Rows& rows) override {
        SqlError error;
        Statement statement;
        if (!statement.prepare(connection_, sql, error)) return words_of(error);
        rows.column_count = statement.column_count();
        for (;;) {
            const Result<bool> there = statement.step(error);
            if (!there) return words_of(error);
            if (!*there) return {};
            std::size_t column = 0;
            for (const Value& value : statement.row())
                rows.values.push_back(show(value, column < types.size() ? types[column++] : 'T'));
        }
    }

private:
    Options options_;
    Pages files_{MemoryDisk::file_count_max * (std::size_t{64} << 20)};
    MemoryDisk disk_{files_.bytes(), std::size_t{64} << 20};
    PosixClock clock_;
    PosixGate gate_;
    std::unique_ptr<Pages> memory_;
    Pages work_{std::size_t{1} << 30};
    Database database_;
    Connection connection_;
};

#if __has_include(<sqlite3.h>)
class Sqlite final : public Engine {
public:
    Sqlite() {
        if (sqlite3_open(":memory:", &database_) != SQLITE_OK) std::abort();
    }
    ~Sqlite() override { sqlite3_close(database_); }
    Sqlite(const Sqlite&) = delete;
    Sqlite& operator=(const Sqlite&) = delete;

    std::string execute(const std::string& sql) override {
        const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
        return code == SQLITE_OK ? "" : sqlite3_errmsg(database_);
    }
    std::string query(const std::string& sql, const std::string& types, Rows& rows) override {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
            return sqlite3_errmsg(database_);
        rows.column_count = static_cast<std::size_t>(sqlite3_column_count(statement));
        while (sqlite3_step(statement) == SQLITE_ROW)
            for (std::size_t i = 0; i < rows.column_count; i++)
                rows.values.push_back(
                    show(statement, static_cast<int>(i), i < types.size() ? types[i] : 'T'));
        const int code = sqlite3_finalize(statement);
        return code == SQLITE_OK ? "" : sqlite3_errmsg(database_);
    }

private:
    static std::string show(sqlite3_stmt* statement, int column, char type) {
        if (sqlite3_column_type(statement, column) == SQLITE_NULL) return "NULL";
        if (type == 'I') return std::to_string(sqlite3_column_int64(statement, column));
        if (type == 'R') return show_real(sqlite3_column_double(statement, column));
        const unsigned char* const text = sqlite3_column_text(statement, column);
        const int size = sqlite3_column_bytes(statement, column);
        return show_text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
    }

    sqlite3* database_ = nullptr;
};
#endif

struct Arguments {
    std::string engine = "freshet";
    unsigned job_count = 1;
    unsigned seconds = 10;
    std::vector<std::string> paths;
};

std::unique_ptr<Engine> make_engine(const Arguments& arguments) {
    if (arguments.engine == "freshet") return std::make_unique<Freshet>(arguments.seconds);
#if __has_include(<sqlite3.h>)
    if (arguments.engine == "sqlite3") return std::make_unique<Sqlite>();
#endif
    return nullptr;
}

// A script that is run by a child, which puts its report into a file.
struct Job {
    std::string path;
    pid_t child = 0;
    std::FILE* file = nullptr;
    Report report{};
};

constexpr char separator = '\x1e';

void write(const Report& report, std::FILE* file) {
    std::fprintf(file, "%zu %zu %zu %zu", report.record_count, report.passed_count,
                 report.failed_count, report.skipped_count);
    for (const std::string& failure : report.failures) {
        std::fputc(separator, file);
        std::fwrite(failure.data(), 1, failure.size(), file);
    }
    std::fflush(file);
}

Report read(std::FILE* file) {
    Report report;
    std::rewind(file);
    if (std::fscanf(file, "%zu %zu %zu %zu", &report.record_count, &report.passed_count,
                    &report.failed_count, &report.skipped_count) != 4)
        return report;
    for (int letter = std::fgetc(file); letter != EOF; letter = std::fgetc(file)) {
        if (letter == separator)
            report.failures.emplace_back();
        else if (!report.failures.empty())
            report.failures.back() += static_cast<char>(letter);
    }
    return report;
}

void start(Job& job, const Arguments& arguments) {
    job.file = std::tmpfile();
    if (job.file == nullptr) std::abort();
    std::cout.flush();
    job.child = ::fork();
    if (job.child != 0) return;
    std::ifstream file{job.path};
    std::stringstream script;
    script << file.rdbuf();
    const std::unique_ptr<Engine> engine = make_engine(arguments);
    write(Runner{*engine, job.path}.run(script.str(), "sqlite"), job.file);
    ::_exit(0);
}

void finish(Job& job, int status) {
    job.report = read(job.file);
    std::fclose(job.file);
    if (status != 0)
        job.report.fail(job.path + ": ended by signal " + std::to_string(WTERMSIG(status)));
    std::cout << job.path << ": " << job.report.line() << std::endl;
}

// As many at once as there may be.
void run(std::vector<Job>& jobs, const Arguments& arguments) {
    std::size_t next = 0;
    for (std::size_t running = 0; running > 0 || next < jobs.size();) {
        if (next < jobs.size() && running < arguments.job_count) {
            start(jobs[next++], arguments);
            running++;
            continue;
        }
        int status = 0;
        const pid_t child = ::wait(&status);
        for (Job& job : jobs)
            if (job.child == child) finish(job, status);
        running--;
    }
}

std::vector<Job> find_scripts(const std::vector<std::string>& paths) {
    std::vector<Job> jobs;
    for (const std::string& path : paths) {
        if (!std::filesystem::is_directory(path)) {
            jobs.push_back({.path = path});
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator{path})
            if (entry.path().extension() == ".test") jobs.push_back({.path = entry.path()});
    }
    std::ranges::sort(jobs, {}, &Job::path);
    return jobs;
}

bool parse(int count, char** words, Arguments& arguments) {
    for (int i = 1; i < count; i++) {
        const std::string_view word = words[i];
        const char* const value = i + 1 < count ? words[i + 1] : nullptr;
        if (word.starts_with("--") && value == nullptr) return false;
        if (word == "--engine")
            arguments.engine = words[++i];
        else if (word == "--jobs")
            arguments.job_count = static_cast<unsigned>(std::max(std::atoi(words[++i]), 1));
        else if (word == "--seconds")
            arguments.seconds = static_cast<unsigned>(std::max(std::atoi(words[++i]), 1));
        else
            arguments.paths.emplace_back(word);
    }
    return !arguments.paths.empty() && make_engine(arguments) != nullptr;
}

int main(int count, char** words) {
    Arguments arguments;
    if (!parse(count, words, arguments)) {
        std::cerr << "usage: slt [--engine freshet|sqlite3] [--jobs N] [--seconds N] PATH...\n";
        return 2;
    }
    std::vector<Job> jobs = find_scripts(arguments.paths);
    run(jobs, arguments);
    Report sum;
    for (const Job& job : jobs) sum.add(job.report);
    for (const std::string& failure : sum.failures) std::cout << '\n' << failure << '\n';
    std::cout << '\n' << sum.line() << std::endl;
    return sum.failed_count > 0 || sum.record_count == 0 ? 1 : 0;
}

}  // namespace
}  // namespace freshet::slt

int main(int count, char** words) {
    return freshet::slt::main(count, words);
}
