// SPDX-License-Identifier: MIT
// Going back within a transaction: the tree, the log and what the commit will answer, together.
#include "store/state.hpp"

namespace freshet {

Result<std::uint32_t> Transaction::save(Diagnostic& diagnostic) noexcept {
    const Result<std::uint32_t> saved = save_log(diagnostic);
    if (saved) save_tree();
    return saved;
}

Result<std::uint32_t> Transaction::save_log(Diagnostic& diagnostic) noexcept {
    diagnostic.error = Error{};
    if (store_ == nullptr || failed_) {
        diagnostic = Diagnostic{};
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    store::State& state = *store_->state_;
    if (state.savepoint_count == savepoint_count_max) {
        diagnostic = Diagnostic{};
        diagnostic.error = Code::too_large;
        diagnostic.needed = savepoint_count_max + 1;
        diagnostic.limit = savepoint_count_max;
        return Code::too_large;
    }
    const std::uint32_t number = state.savepoint_count++;
    store::Savepoint& saved = state.savepoints[number];
    saved.has_tree = false;
    state.log.save(saved.log);
    saved.stream_count = state.working.stream_count;
    saved.row_change_count = state.row_change_count;
    saved.catalog_address = state.working.catalog_address;
    saved.summary = summary_;
    saved.touched = touched_;
    return number;
}

void Transaction::save_tree() noexcept {
    store::State& state = *store_->state_;
    store::Savepoint& newest = state.savepoints[state.savepoint_count - 1];
    newest.tree = state.delta.save();
    newest.has_tree = true;
}

// The newest first: what one has kept aside belongs to the one before it.
void Transaction::forget_savepoints(std::uint32_t from) noexcept {
    store::State& state = *store_->state_;
    while (state.savepoint_count > from) {
        const store::Savepoint& newest = state.savepoints[--state.savepoint_count];
        if (newest.has_tree) state.delta.forget(newest.tree);
    }
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
    if (to.has_tree) state.delta.rollback_to(to.tree);
    const bool is_torn = !to.has_tree && state.row_change_count != to.row_change_count;
    state.working.stream_count = to.stream_count;
    state.working.catalog_address = to.catalog_address;
    summary_ = to.summary;
    touched_ = to.touched;
    Status taken_back = state.log.rollback_to(to.log);
    if (is_torn) taken_back = Code::corrupt;
    failed_ = !taken_back;
    if (!taken_back) diagnostic.error = taken_back.error();
    return taken_back;
}

Status Transaction::release(std::uint32_t savepoint, Diagnostic& diagnostic) noexcept {
    diagnostic.error = Error{};
    if (store_ == nullptr || failed_ || savepoint >= store_->state_->savepoint_count) {
        diagnostic = Diagnostic{};
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    forget_savepoints(savepoint);
    return Done{};
}

}  // namespace freshet
