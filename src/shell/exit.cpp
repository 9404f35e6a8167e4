// SPDX-License-Identifier: MIT
#include "shell/exit.hpp"

namespace freshet::shell {

int exit_code(Code code) noexcept {
    switch (code) {
        case Code::none: return exit_done;
        case Code::syntax:
        case Code::type_mismatch:
        case Code::unknown_name:
        case Code::in_use: return exit_statement;
        case Code::constraint_failed: return exit_constraint;
        case Code::invalid_argument:
        case Code::invalid_name: return exit_usage;
        case Code::too_large: return exit_too_large;
        case Code::stream_not_found:
        case Code::stream_deleted:
        case Code::stream_tombstoned: return exit_not_found;
        case Code::already_exists:
        case Code::wrong_version:
        case Code::idempotency_conflict:
        case Code::ahead_of_log:
        case Code::diverged:
        case Code::other_store:
        case Code::stream_closed:
        case Code::condition_failed:
        case Code::checkpoint_behind: return exit_conflict;
        case Code::out_of_memory:
        case Code::too_many_snapshots: return exit_out_of_memory;
        case Code::read_only:
        case Code::permission:
        case Code::locked:
        case Code::forked:
        case Code::not_found:
        case Code::not_a_store:
        case Code::newer_format: return exit_cannot_open;
        case Code::corrupt: return exit_damaged;
        case Code::full:
        case Code::io:
        case Code::interrupted:
        case Code::cancelled:
        case Code::durability_unknown:
        case Code::poisoned:
        case Code::code_count: return exit_io;
    }
    return exit_io;
}

}  // namespace freshet::shell
