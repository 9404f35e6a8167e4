// SPDX-License-Identifier: MIT
// The names of codes. A switch without a default, so that the compilers ask for a name for each new
// code.
#include "freshet/error.hpp"

namespace freshet {

const char* code_name(Code code) noexcept {
    switch (code) {
        case Code::none: return "none";
        case Code::invalid_argument: return "invalid-argument";
        case Code::invalid_name: return "invalid-name";
        case Code::too_large: return "too-large";
        case Code::stream_not_found: return "stream-not-found";
        case Code::already_exists: return "already-exists";
        case Code::wrong_version: return "wrong-version";
        case Code::idempotency_conflict: return "idempotency-conflict";
        case Code::ahead_of_log: return "ahead-of-log";
        case Code::diverged: return "diverged";
        case Code::other_store: return "other-store";
        case Code::cancelled: return "cancelled";
        case Code::out_of_memory: return "out-of-memory";
        case Code::too_many_snapshots: return "too-many-snapshots";
        case Code::full: return "full";
        case Code::io: return "io";
        case Code::read_only: return "read-only";
        case Code::permission: return "permission";
        case Code::locked: return "locked";
        case Code::forked: return "forked";
        case Code::interrupted: return "interrupted";
        case Code::not_found: return "not-found";
        case Code::not_a_store: return "not-a-store";
        case Code::newer_format: return "newer-format";
        case Code::corrupt: return "corrupt";
        case Code::durability_unknown: return "durability-unknown";
        case Code::poisoned: return "poisoned";
        case Code::stream_deleted: return "stream-deleted";
        case Code::stream_tombstoned: return "stream-tombstoned";
        case Code::stream_closed: return "stream-closed";
        case Code::condition_failed: return "condition-failed";
        case Code::checkpoint_behind: return "checkpoint-behind";
        case Code::syntax: return "syntax";
        case Code::type_mismatch: return "type-mismatch";
        case Code::unknown_name: return "unknown-name";
        case Code::in_use: return "in-use";
        case Code::constraint_failed: return "constraint-failed";
        case Code::code_count: break;
    }
    return "unknown";
}

}  // namespace freshet
