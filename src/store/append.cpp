// SPDX-License-Identifier: MIT
// Transactions: who may write when, and what is answered when. An answer that rests on the writer's
// state, which may not be durable yet, waits until it is.
#include <algorithm>

#include "store/run_keeper.hpp"
#include "store/work.hpp"

namespace freshet {

Status Transaction::begin(Store& store, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    Status status = Code::invalid_argument;
    if (store.state_ != nullptr && store_ == nullptr) {
        status = Code::read_only;
        if (!store.state_->options.read_only) status = start(store);
    }
    if (!status) diagnostic.error = status.error();
    return status;
}

Status Transaction::start(Store& store) noexcept {
    store::State& state = *store.state_;
    state.log.lock_writer();
    if (state.runs != nullptr) state.options.runs->begin(state);
    const Status begun = state.log.begin();
    if (!begun) {
        state.log.unlock_writer();
        return begun;
    }
    state.delta.release(store::live_versions(state));
    state.delta.begin();
    store_ = &store;
    summary_ = Appended{};
    touched_ = false;
    failed_ = false;
    return Done{};
}

// What a call came to. A failure rests on everything sealed so far, so it is told when that is
// durable.
Status Transaction::settle(Status status, Diagnostic& diagnostic) noexcept {
    if (status && diagnostic.failure_count == 0) return status;
    failed_ = true;
    if (!status) {
        diagnostic.error = status.error();
        store::State& state = *store_->state_;
        if (status.error() == Code::out_of_memory) diagnostic.limit = state.options.pool_size;
        if (state.log.is_out_of_segments()) diagnostic.limit = state.options.segment_count_max;
        return status;
    }
    return answer(diagnostic.error, diagnostic);
}

Status Transaction::answer(Error error, Diagnostic& diagnostic) noexcept {
    log::Log& log = store_->state_->log;
    const Status durable = log.wait_durable(log.last().address);
    diagnostic.error = durable ? error : Error{Code::poisoned, durable.error().system_error};
    if (!durable) failed_ = true;
    return diagnostic.error;
}

Status Transaction::sync(Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ != nullptr) return answer(Code::none, diagnostic);
    diagnostic.error = Code::invalid_argument;
    return Code::invalid_argument;
}

Status Transaction::create(std::string_view stream, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ == nullptr || failed_) {
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    const Status created =
        settle(store::Work{*store_->state_, diagnostic}.create(stream), diagnostic);
    if (!created) return created;
    touched_ = true;
    return Done{};
}

Status Transaction::check(const Check& check, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ == nullptr || failed_) {
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    store::Work work{*store_->state_, diagnostic};
    work.number(0, true);
    return settle(work.check(check.stream, check.expected), diagnostic);
}

Result<Appended> Transaction::append(const StreamAppend& append, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ == nullptr || failed_) {
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    const Result<Appended> appended = store::Work{*store_->state_, diagnostic}.append(append);
    const Status settled = settle(appended ? Status{Done{}} : Status{appended.error()}, diagnostic);
    if (!settled) return settled.error();
    if (appended->outcome == Outcome::duplicate) return answer_duplicate(*appended, diagnostic);
    note(*appended);
    return appended;
}

Result<Appended> Transaction::answer_duplicate(Appended duplicate,
                                               Diagnostic& diagnostic) noexcept {
    const Status durable = answer(Code::none, diagnostic);
    if (!durable) return durable.error();
    duplicate.durable = true;
    return duplicate;
}

void Transaction::note(const Appended& appended) noexcept {
    if (appended.outcome != Outcome::appended) return;
    if (summary_.outcome == Outcome::nothing) summary_ = appended;
    summary_.last_ordinal = appended.last_ordinal;
    touched_ = true;
}

Result<Appended> Transaction::commit(Durability durability, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    if (store_ == nullptr || failed_) {
        rollback();
        diagnostic.error = Code::invalid_argument;
        return Code::invalid_argument;
    }
    if (!touched_) return commit_nothing(durability, diagnostic);
    store::State& state = *store_->state_;
    log::Log& log = state.log;
    forget_savepoints(0);
    const Status marked =
        store::mark_transaction(state, log.last(), log.time_us(), log.first_frame());
    if (!marked) {
        diagnostic.error = marked.error();
        diagnostic.limit = state.options.pool_size;
        rollback();
        return marked.error();
    }
    const log::Position end = log.finish();
    summary_.commit = end.commit;
    summary_.time_us = end.time_us;
    const std::uint64_t size = end.address - log.first_frame();
    store::seal(state, end);
    store_ = nullptr;
    log.unlock_writer();
    Status durable = Done{};
    if (durability == Durability::durable) durable = log.wait_durable(end.address);
    summary_.durable = durability == Durability::durable && durable;
    if (durable && state.runs != nullptr) state.options.runs->work_a_little(state, size);
    if (durable) return summary_;
    state.say(Level::error, Code::durability_unknown,
              "a sync failed; nothing more is written until the next open");
    diagnostic.error = durable.error();
    diagnostic.commit = end.commit;
    return durable.error();
}

// Checks may have passed: that is an answer, too.
Result<Appended> Transaction::commit_nothing(Durability durability,
                                             Diagnostic& diagnostic) noexcept {
    const Status durable =
        durability == Durability::durable ? answer(Code::none, diagnostic) : Done{};
    rollback();
    if (!durable) return durable.error();
    return Appended{.durable = durability == Durability::durable};
}

void Transaction::rollback() noexcept {
    if (store_ == nullptr) return;
    store::State& state = *store_->state_;
    state.log.rollback();
    state.delta.rollback();
    state.savepoint_count = 0;
    state.working = state.sealed;
    store_ = nullptr;
    state.log.unlock_writer();
}

Status Store::create(std::string_view stream, Diagnostic& diagnostic) noexcept {
    Transaction transaction;
    const Status begun = transaction.begin(*this, diagnostic);
    if (!begun) return begun;
    const Status created = transaction.create(stream, diagnostic);
    if (!created) return created;
    const Result<Appended> committed = transaction.commit(Durability::durable, diagnostic);
    if (!committed) return committed.error();
    return Done{};
}

Result<Appended> Store::append(const StreamAppend& append, Diagnostic& diagnostic,
                               Durability durability) noexcept {
    return this->append(std::span{&append, 1}, {}, durability, diagnostic);
}

// An empty batch asks nothing of the log: it is answered from what is durable.
Result<Appended> Store::append_nothing(std::span<const StreamAppend> appends,
                                       Diagnostic& diagnostic) noexcept {
    Appended result;
    if (appends.empty()) return result;
    Snapshot snapshot;
    const Status held = this->snapshot(snapshot);
    if (!held) {
        diagnostic.error = held.error();
        return held.error();
    }
    result.durable = true;
    store::Stream stream;
    const Status found =
        store::find_named(*state_, *snapshot.published_, appends[0].stream, stream);
    if (!found && !(found.error() == Code::stream_not_found)) {
        diagnostic.error = found.error();
        return found.error();
    }
    result.last_index = stream.version();
    result.first_index = result.last_index;
    return result;
}

Result<Appended> Store::append(std::span<const StreamAppend> appends, std::span<const Check> checks,
                               Durability durability, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    const auto is_empty = [](const StreamAppend& append) noexcept { return append.events.empty(); };
    if (state_ != nullptr && std::ranges::all_of(appends, is_empty))
        return append_nothing(appends, diagnostic);
    Transaction transaction;
    const Status begun = transaction.begin(*this, diagnostic);
    if (!begun) return begun.error();
    Diagnostic others;
    const Result<Appended> all = transaction.append_all(appends, checks, others, diagnostic);
    if (!all || all->outcome == Outcome::duplicate) return all;
    return transaction.commit(durability, diagnostic);
}

// `others` has the failures of what else the commit rests on.
Result<Appended> Transaction::append_all(std::span<const StreamAppend> appends,
                                         std::span<const Check> checks, Diagnostic& others,
                                         Diagnostic& diagnostic) noexcept {
    store::Work work{*store_->state_, diagnostic};
    store::Work check_work{*store_->state_, others};
    for (std::uint32_t i = 0; i < checks.size(); i++) {
        check_work.number(i, true);
        const Status checked = check_work.check(checks[i].stream, checks[i].expected);
        if (!checked) {
            diagnostic = others;
            return settle(checked, diagnostic).error();
        }
    }
    Appended duplicate;
    std::uint32_t duplicate_number = 0;
    const StreamAppend* first = nullptr;
    for (std::uint32_t i = 0; i < appends.size(); i++) {
        work.number(i, false);
        const Result<Appended> appended = work.append(appends[i]);
        if (!appended) return settle(appended.error(), diagnostic).error();
        note(*appended);
        if (appended->outcome == Outcome::appended) {
            if (first == nullptr) first = &appends[i];
            if (first->stream == appends[i].stream) summary_.last_index = appended->last_index;
        }
        if (appended->outcome != Outcome::duplicate || duplicate.outcome == Outcome::duplicate)
            continue;
        duplicate = *appended;
        duplicate_number = i;
    }
    const bool some_new = touched_ || diagnostic.failure_count > 0;
    if (duplicate.outcome == Outcome::duplicate && some_new) {
        work.number(duplicate_number, false);
        work.fail(Failure{.code = Code::idempotency_conflict,
                          .actual = duplicate.first_index,
                          .commit = duplicate.commit,
                          .time_us = duplicate.time_us});
    }
    if (duplicate.outcome == Outcome::duplicate && !some_new) {
        return answer_duplicate(duplicate, diagnostic);
    }
    for (std::uint32_t i = 0; i < others.failure_count; i++) {
        const Failure& failure =
            others.failures[std::min<std::size_t>(i, others.failures.size() - 1)];
        work.number(failure.number, failure.of_check);
        work.fail(failure);
    }
    const Status settled = settle(Done{}, diagnostic);
    if (!settled) return settled.error();
    return summary_;
}

Status Store::sync(Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    Status status = Code::invalid_argument;
    if (state_ != nullptr) {
        log::Log& log = state_->log;
        log.lock_writer();
        const std::uint64_t end = log.last().address;
        log.unlock_writer();
        status = log.wait_durable(end);
    }
    if (!status) diagnostic.error = status.error();
    return status;
}

Status Store::maintain(Diagnostic& diagnostic, const Maintenance& how) noexcept {
    diagnostic = Diagnostic{};
    Status status = Code::invalid_argument;
    if (state_ != nullptr && state_->options.read_only) status = Code::read_only;
    if (state_ != nullptr && !state_->options.read_only) {
        state_->log.lock_writer();
        status = state_->log.attest();
        state_->log.unlock_writer();
        if (status && state_->runs != nullptr) status = state_->options.runs->work(*state_, how);
    }
    if (!status) diagnostic.error = status.error();
    return status;
}

}  // namespace freshet
