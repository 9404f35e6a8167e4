// SPDX-License-Identifier: MIT
// Going back within a transaction: the tree, the log and what the commit will answer, together.
#include "store/state.hpp"

namespace freshet {

Result<std::uint32_t> Transaction::save(Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    Error error;
    if (store_ == nullptr || failed_) error = Code::invalid_argument;
    if (error.code == Code::none && store_->state_->savepoint_count == savepoint_count_max) {
        error = Code::too_large;
        diagnostic.needed = savepoint_count_max + 1;
        diagnostic.limit = savepoint_count_max;
    }
    diagnostic.error = error;
    if (error.code != Code::none) return error;
    store::State& state = *store_->state_;
    const std::uint32_t number = state.savepoint_count++;
    state.savepoints[number] = {.tree = state.delta.save(),
                                .log = state.log.save(),
                                .stream_count = state.working.stream_count,
                                .catalog_address = state.working.catalog_address,
                                .summary = summary_,
                                .touched = touched_};
    return number;
}

// The newest first: what one has kept aside belongs to the one before it.
void Transaction::forget_savepoints(std::uint32_t from) noexcept {
    store::State& state = *store_->state_;
    while (state.savepoint_count > from)
        state.delta.forget(state.savepoints[--state.savepoint_count].tree);
}

Status Transaction::rollback_to(std::uint32_t savepoint, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ == nullptr || savepoint >= store_->state_->savepoint_count) {
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    store::State& state = *store_->state_;
    const store::Savepoint& to = state.savepoints[savepoint];
    state.savepoint_count = savepoint + 1;
    state.delta.rollback_to(to.tree);
    state.working.stream_count = to.stream_count;
    state.working.catalog_address = to.catalog_address;
    summary_ = to.summary;
    touched_ = to.touched;
    const Status taken_back = state.log.rollback_to(to.log);
    failed_ = !taken_back;
    if (!taken_back) diagnostic.error = taken_back.error();
    return taken_back;
}

Status Transaction::release(std::uint32_t savepoint, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ == nullptr || failed_ || savepoint >= store_->state_->savepoint_count) {
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    forget_savepoints(savepoint);
    return Done{};
}

}  // namespace freshet
