// SPDX-License-Identifier: MIT
#include "sim/report.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace freshet::sim {

const char* operation_name(Operation operation) noexcept {
    static constexpr std::array<const char*, operation_count> names = {
        "append small",   "append wide",
        "append to 3",    "deferred",
        "rollback",       "next segment",
        "reopen",         "create",
        "retry",          "refused",
        "large rollback", "transaction",
        "sync",           "read",
        "follow",         "verify",
        "maintain",       "clock jump",
        "settings",       "track",
        "condition",      "recover",
        "crowd",          "table rows",
        "definition",     "table transaction",
        "table read",
    };
    return names[static_cast<std::size_t>(operation)];
}

const char* trouble_name(Trouble trouble) noexcept {
    static constexpr std::array<const char*, trouble_count> names = {
        "none",       "kill",        "power loss",     "io",     "full",   "read-only",
        "permission", "interrupted", "short transfer", "forked", "locked", "damage",
        "memory",
    };
    return names[static_cast<std::size_t>(trouble)];
}

Trouble trouble_of(Code code) noexcept {
    switch (code) {
        case Code::none: return Trouble::short_transfer;
        case Code::full: return Trouble::full;
        case Code::read_only: return Trouble::read_only;
        case Code::permission: return Trouble::permission;
        case Code::interrupted: return Trouble::interrupted;
        case Code::forked: return Trouble::forked;
        case Code::locked: return Trouble::locked;
        default: return Trouble::io;
    }
}

void Report::add_probe(std::string_view message) noexcept {
    std::array<char, probe_size> text{};
    std::size_t size = 0;
    for (const char letter : message) {
        const bool is_digit = letter >= '0' && letter <= '9';
        if (is_digit && size > 0 && text[size - 1] == '#') continue;
        if (size + 1 == text.size()) break;
        text[size++] = is_digit ? '#' : letter;
    }
    for (Probe& probe : probes) {
        std::uint32_t expected = 0;
        if (probe.state.compare_exchange_strong(expected, 1)) {
            probe.text = text;
            probe.state.store(2);
        }
        while (probe.state.load() == 1) {
        }
        if (probe.text != text) continue;
        add(probe.count);
        return;
    }
}

bool Report::add_image(std::uint64_t hash) noexcept {
    if (hash == 0) hash = 1;
    for (std::size_t at = hash % table_size, tries = 0; tries < 64;
         at = (at + 1) % table_size, tries++) {
        std::uint64_t found = 0;
        if (images_seen[at].compare_exchange_strong(found, hash, std::memory_order_relaxed)) {
            add(distinct);
            return true;
        }
        if (found == hash) return false;
    }
    return false;
}

Report* make_report() noexcept {
    void* const memory =
        mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<Report*>(memory);
}

}  // namespace freshet::sim
