// SPDX-License-Identifier: MIT
#include "shell/session.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "freshet/runs.hpp"
#include "shell/exit.hpp"
#include "shell/report.hpp"

namespace freshet::shell {
namespace {

constexpr std::size_t page_size = 4096;
constexpr std::size_t pool_size_min = std::size_t{1} << 20;

MutableBytes map_memory(std::uint64_t size) noexcept {
    void* const address = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) return {};
    static_cast<void>(madvise(address, size, MADV_HUGEPAGE));
    return {static_cast<std::byte*>(address), size};
}

// In whole MiB: about a hundredth of the input, so that little of it is in vain.
std::uint32_t growth_for(std::uint64_t input_size) noexcept {
    constexpr std::uint64_t growth_size_max = 16;
    const std::uint64_t megabytes = std::min((input_size >> 20) / 100, growth_size_max - 1);
    return static_cast<std::uint32_t>(megabytes + 1) << 20;
}

int report_memory(std::uint64_t needed) noexcept {
    return complain({.code = code_name(Code::out_of_memory),
                     .exit_code = exit_out_of_memory,
                     .message = "--memory is too little for this command",
                     .hint = joined({"give --memory ", piece((needed >> 20) + 1), "M or more"})});
}

int report_no_memory(std::string_view flag) noexcept {
    return complain({.code = code_name(Code::out_of_memory),
                     .exit_code = exit_out_of_memory,
                     .message = joined({"the system does not give as much as ", flag, " says"}),
                     .hint = "give less"});
}

int report_open(const Diagnostic& diagnostic, const Request& request) noexcept {
    const Code code = diagnostic.error.code;
    if (code == Code::locked) {
        std::array<char, 256> sentence;
        return complain(
            {.code = code_name(code),
             .exit_code = exit_code(code),
             .about = request.database,
             .message = describe(diagnostic, sentence),
             .hint = "wait for it with --wait MS; read, log and others work beside it"});
    }
    if (code != Code::not_found) return report(diagnostic, request.database);
    const bool is_to_be_made = request.command == Command::create || request.create;
    const bool can_create =
        (request.command == Command::append || request.command == Command::sql) && !request.create;
    return complain({.code = code_name(code),
                     .exit_code = exit_code(code),
                     .about = request.database,
                     .message = is_to_be_made ? "the directory that it should be in is missing"
                                              : "there is no store here",
                     .hint = can_create ? "add --create to make a new one, or check the path"
                                        : "check the path"});
}

}  // namespace

// A follower reads on later: of that nothing is shown.
int Session::tell(void* session, std::uint64_t done, std::uint64_t total) noexcept {
    Session& self = *static_cast<Session*>(session);
    if (self.opening_ != nullptr) self.opening_->update(done >> 20, done, total);
    return 0;
}

// A read-only store has one thing to say that is no error: that it does not show its newest
// commits.
void Session::hear(void* session, Level level, Code code, std::string_view message) noexcept {
    Session& self = *static_cast<Session*>(session);
    if (level < Level::warning) return;
    if (code == Code::none) {
        self.is_hiding_ = true;
        return;
    }
    if (self.opening_ != nullptr) self.opening_->clear();
    say_warning(code_name(code), self.request_->database, message);
}

Door Session::door() noexcept {
    Door door = door_.door();
    if (unmapped_) door.disk = &*unmapped_;
    return door;
}

int Session::lend_copies(std::uint64_t size) noexcept {
    if (size == 0) return exit_done;
    const MutableBytes copies = map_memory(size);
    if (copies.empty()) return report_no_memory("--no-maps");
    unmapped_.emplace(door_.disk, copies);
    return exit_done;
}

// The store may have been made with larger frames than we reckoned with: then the pool gives way.
Status Session::open_once(Options options, Diagnostic& diagnostic) noexcept {
    is_hiding_ = false;
    const Status status = database_.open(options, door(), rest_, diagnostic);
    if (status || status.error().code != Code::out_of_memory) return status;
    if (diagnostic.needed <= diagnostic.limit) return status;
    const std::size_t missing =
        (diagnostic.needed - diagnostic.limit + page_size) / page_size * page_size;
    if (missing > options.pool_size - pool_size_min) return status;
    options.pool_size -= missing;
    return database_.open(options, door(), rest_, diagnostic);
}

// Opening for writing recovers, and closing makes all of it good to read. Where somebody writes, or
// nobody can, the store stays as it was opened.
Status Session::recover(Options options, Diagnostic& diagnostic) noexcept {
    Holder holder;
    if (!door_.disk.lock(holder)) return Done{};
    door_.disk.unlock();
    static_cast<void>(database_.close());
    options.read_only = false;
    if (open_once(options, diagnostic)) static_cast<void>(database_.close());
    options.read_only = true;
    return open_once(options, diagnostic);
}

// Until nobody else writes there, or the time is over that the request allows for that.
Status Session::open_in_time(const Options& options, Diagnostic& diagnostic) noexcept {
    const std::uint64_t start_us = steady_us();
    for (;;) {
        const Status status = open_once(options, diagnostic);
        if (status || status.error().code != Code::locked) return status;
        if ((steady_us() - start_us) / 1000 >= request_->wait_ms) return status;
        usleep(10'000);
    }
}

int Session::open(const Request& request, Access access, std::size_t own_size,
                  std::uint64_t input_size) noexcept {
    request_ = &request;
    Options options;
    options.create = access == Access::create || (access == Access::write && request.create);
    options.read_only = access == Access::inspect || access == Access::read;
    options.log = hear;
    options.log_context = this;
    options.progress = {tell, this};
    options.runs = &runs();
    options.pool_size = pool_size_min;
    options.growth_size = growth_for(input_size);
    if (request.segment_size != 0) options.segment_size = request.segment_size;
    if (request.frame_size != 0) options.frame_size_max = request.frame_size;
    if (request.sha256) options.digest = Digest::sha256;
    const std::uint64_t needed = Database::required_memory(options) + own_size;
    if (request.memory_size < needed) return report_memory(needed);
    const MutableBytes memory = map_memory(request.memory_size);
    if (memory.empty()) return report_no_memory("--memory");
    if (const int code = lend_copies(request.copies_size); code != exit_done) return code;
    options.pool_size += (request.memory_size - needed) / page_size * page_size;
    own_ = {memory.data(), own_size};
    rest_ = {memory.data() + own_size, memory.size() - own_size};

    Progress opening{"open", "MiB", request.quiet};
    opening_ = &opening;
    Diagnostic diagnostic;
    Status status = door_.open(request.database, options.create);
    if (!status) diagnostic.error = status.error();
    if (status) status = open_in_time(options, diagnostic);
    if (status && is_hiding_ && access == Access::read) status = recover(options, diagnostic);
    opening.clear();
    opening_ = nullptr;
    if (!status) return report_open(diagnostic, request);
    if (is_hiding_ && !request.quiet) {
        say_note(
            {request.database, ": the newest commits may not be durable yet and are left out"});
    }
    return exit_done;
}

int Session::open_snapshot(const Request& request, Snapshot& snapshot) noexcept {
    if (const int code = open(request, Access::read, 0); code != exit_done) return code;
    const Status taken = database_.store().snapshot(snapshot);
    return taken ? exit_done : report(taken.error(), request.database);
}

}  // namespace freshet::shell
