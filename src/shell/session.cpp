// SPDX-License-Identifier: MIT
#include "shell/session.hpp"

#include <sys/mman.h>

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

int report_memory(std::uint64_t needed) noexcept {
    const std::uint64_t megabytes = (needed >> 20) + 1;
    say({"error[", code_name(Code::out_of_memory), "]: --memory is too little for this command"});
    say({"hint: give --memory ", piece(megabytes), "M or more"});
    return exit_out_of_memory;
}

int report_open(const Diagnostic& diagnostic, const Request& request) noexcept {
    if (diagnostic.error.code != Code::not_found) return report(diagnostic, request.database);
    say({"error[", code_name(Code::not_found), "]: ", request.database,
         ": there is no store here"});
    const bool can_create = request.command == Command::append && !request.create;
    say({"hint: ", can_create ? "add --create to make a new one" : "check the path"});
    return exit_cannot_open;
}

}  // namespace

// A read-only store has one thing to say that is no error: that it does not show its newest
// commits.
void Session::hear(void* session, Level level, Code code, std::string_view message) noexcept {
    Session& self = *static_cast<Session*>(session);
    if (level < Level::warning) return;
    if (code == Code::none) {
        self.is_hiding_ = true;
        return;
    }
    say({level == Level::warning ? "warning[" : "error[", code_name(code),
         "]: ", self.request_->database, ": ", message});
}

// The store may have been made with larger frames than we reckoned with: then the pool gives way.
Status Session::open_once(Options options, Diagnostic& diagnostic) noexcept {
    is_hiding_ = false;
    const Status status = store_.open(options, door_.door(), rest_, diagnostic);
    if (status || status.error().code != Code::out_of_memory) return status;
    if (diagnostic.needed <= diagnostic.limit) return status;
    const std::size_t missing =
        (diagnostic.needed - diagnostic.limit + page_size) / page_size * page_size;
    if (missing > options.pool_size - pool_size_min) return status;
    options.pool_size -= missing;
    return store_.open(options, door_.door(), rest_, diagnostic);
}

// Opening for writing recovers, and closing makes all of it good to read. Where somebody writes, or
// nobody can, the store stays as it was opened.
Status Session::recover(Options options, Diagnostic& diagnostic) noexcept {
    Holder holder;
    if (!door_.disk.lock(holder)) return Done{};
    door_.disk.unlock();
    static_cast<void>(store_.close());
    options.read_only = false;
    if (open_once(options, diagnostic)) static_cast<void>(store_.close());
    options.read_only = true;
    return open_once(options, diagnostic);
}

int Session::open(const Request& request, Access access, std::size_t own_size) noexcept {
    request_ = &request;
    Options options;
    options.create = access == Access::write && request.create;
    options.read_only = access != Access::write;
    options.log = hear;
    options.log_context = this;
    options.pool_size = pool_size_min;
    const std::uint64_t needed = required_memory(options) + own_size;
    if (request.memory_size < needed) return report_memory(needed);
    const MutableBytes memory = map_memory(request.memory_size);
    if (memory.empty()) return report_memory(request.memory_size);
    options.pool_size += (request.memory_size - needed) / page_size * page_size;
    own_ = {memory.data(), own_size};
    rest_ = {memory.data() + own_size, memory.size() - own_size};

    Diagnostic diagnostic;
    Status status = door_.open(request.database, options.create);
    if (!status) diagnostic.error = status.error();
    if (status) status = open_once(options, diagnostic);
    if (status && is_hiding_ && access == Access::read) status = recover(options, diagnostic);
    if (!status) return report_open(diagnostic, request);
    if (is_hiding_) {
        say({"note: ", request.database,
             ": the newest commits may not be durable yet and are left out"});
    }
    return exit_done;
}

}  // namespace freshet::shell
