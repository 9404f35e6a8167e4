// SPDX-License-Identifier: MIT
// What a commit can do beside appending: settings, checkpoints, and conditions on what is not
// there. Apart from append.cpp, so that a program that only appends does not carry it.
#include <algorithm>

#include "store/match.hpp"
#include "store/work.hpp"

namespace freshet {

Status Transaction::settings(std::string_view stream, const StreamSettings& change,
                             Expected expected, Diagnostic& diagnostic) noexcept {
    const Status ready = prepare(diagnostic);
    if (!ready) return ready;
    store::Work work{*store_->state_, diagnostic};
    const Result<bool> written = work.settings(stream, change, expected);
    touched_ = touched_ || (written && *written);
    return settle(written ? Status{Done{}} : Status{written.error()}, diagnostic);
}

Status Transaction::track(const Tracking& tracking, Diagnostic& diagnostic) noexcept {
    const Status ready = prepare(diagnostic);
    if (!ready) return ready;
    return settle(track_all({&tracking, 1}, diagnostic), diagnostic);
}

Status Transaction::annotate(Bytes metadata, Diagnostic& diagnostic) noexcept {
    const Status ready = prepare(diagnostic);
    if (!ready) return ready;
    store::Work work{*store_->state_, diagnostic};
    const Status written = work.annotate(metadata);
    touched_ = touched_ || written;
    return settle(written, diagnostic);
}

Status Transaction::condition(const AppendCondition& condition, Diagnostic& diagnostic) noexcept {
    const Status ready = prepare(diagnostic);
    if (!ready) return ready;
    return settle(hold({&condition, 1}, diagnostic), diagnostic);
}

// Leaves nothing but rollback() where a call before failed.
Status Transaction::prepare(Diagnostic& diagnostic) const noexcept {
    diagnostic = Diagnostic{};
    if (store_ != nullptr && !failed_) return Done{};
    diagnostic.error = Code::invalid_argument;
    return Code::invalid_argument;
}

Status Transaction::track_all(std::span<const Tracking> tracking, Diagnostic& diagnostic) noexcept {
    store::Work work{*store_->state_, diagnostic};
    for (std::uint32_t i = 0; i < tracking.size(); i++) {
        work.number(i, false);
        const Result<bool> written = work.track(tracking[i]);
        if (!written) return written.error();
        touched_ = touched_ || *written;
    }
    return Done{};
}

// No other writer can come between: this one has the turn. Everything before it is made durable, so
// that a snapshot shows it.
Status Transaction::hold(std::span<const AppendCondition> conditions,
                         Diagnostic& diagnostic) noexcept {
    if (conditions.empty()) return Done{};
    log::Log& log = store_->state_->log;
    const Status durable = log.wait_durable(log.last().address);
    if (!durable) return Error{Code::poisoned, durable.error().system_error};
    Snapshot now;
    const Status held = store_->snapshot(now);
    if (!held) return held;
    store::Work work{*store_->state_, diagnostic};
    for (std::uint32_t i = 0; i < conditions.size(); i++) {
        Recorded event;
        const Result<bool> found = store::find_match(now, conditions[i], event);
        if (!found) return found.error();
        if (!*found) continue;
        work.number(i, false);
        work.fail(Failure{.code = Code::condition_failed,
                          .actual = static_cast<std::int64_t>(event.ordinal),
                          .commit = event.commit,
                          .time_us = event.time_us});
    }
    return Done{};
}

Status Store::settings(std::string_view stream, const StreamSettings& change, Expected expected,
                       Diagnostic& diagnostic) noexcept {
    Transaction transaction;
    Status status = transaction.begin(*this, diagnostic);
    if (status) status = transaction.settings(stream, change, expected, diagnostic);
    if (!status) return status;
    const Result<Appended> committed = transaction.commit(Durability::durable, diagnostic);
    if (!committed) return committed.error();
    return Done{};
}

// Checkpoints are written before the events: one that is there already fails, but where the events
// are all there too; then it is a retry, and that is told instead.
Result<Appended> Store::append(const Batch& batch, Durability durability,
                               Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    const auto is_empty = [](const StreamAppend& append) noexcept { return append.events.empty(); };
    if (state_ != nullptr && batch.tracking.empty() && std::ranges::all_of(batch.appends, is_empty))
        return append_nothing(batch.appends, diagnostic);
    Transaction transaction;
    const Status begun = transaction.begin(*this, diagnostic);
    if (!begun) return begun.error();
    Diagnostic others;
    Status status = transaction.hold(batch.conditions, others);
    if (status) status = transaction.track_all(batch.tracking, others);
    if (!status) {
        diagnostic = others;
        return transaction.settle(status, diagnostic).error();
    }
    const Result<Appended> all =
        transaction.append_all(batch.appends, batch.checks, others, diagnostic);
    if (!all || all->outcome == Outcome::duplicate) return all;
    return transaction.commit(durability, diagnostic);
}

}  // namespace freshet
