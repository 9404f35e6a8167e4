// SPDX-License-Identifier: MIT
// Transactions: what is checked, what is written, and what is answered when.
//
//      case (of one StreamAppend)                                   answer
//      no events                                                    nothing is written, nothing is
//      checked every event's id is there, in a row, with the same content   duplicate: where they
//      are; expectation ignored some ids are there, or elsewhere, or with other content,
//      idempotency_conflict, naming the first event or twice in this transaction the expectation
//      does not hold                                wrong_version, with the numbers else appended
//
// Ids belong to a stream: the same id in two streams is two ids. Events without an id skip the
// check. All StreamAppends of a commit must be duplicates, or none.
//
// An answer that rests on the writer's state, which may not be durable yet, waits until it is.
#include <algorithm>

#include "base/utf8.hpp"
#include "store/state.hpp"

namespace freshet {

namespace store {

namespace {

bool is_stream_name(std::string_view name) noexcept {
    return is_name(name, stream_name_size_max);
}

Code name_trouble(std::string_view name, std::size_t size_max) noexcept {
    return name.size() > size_max ? Code::too_large : Code::invalid_name;
}

// Who wrote at an address: the running transaction or an earlier commit.
struct Writer {
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
};

Result<Writer> writer_of(State& state, std::uint64_t address, bool is_frame) noexcept {
    log::Log& log = state.log;
    if (address >= log.first_frame()) return Writer{log.commit(), log.time_us()};
    log::Frame frame;
    if (is_frame) {
        const Result<log::Frame> found = log.frame_of_writer(address);
        if (!found) return found.error();
        frame = *found;
    } else {
        log::StoredEvent event;
        bool is_open = false;
        const Status read = log.event_of_writer(address, event, frame, is_open);
        if (!read) return read.error();
    }
    return Writer{frame.header.commit, frame.header.time_us};
}

// Where an event with an id is.
struct Place {
    bool found = false;
    bool same = false;  // Type and payload are the same, and it was committed before.
    std::uint64_t index = 0;
    std::uint64_t ordinal = 0;
    std::uint64_t commit = 0;
    std::uint64_t time_us = 0;
};

// One transaction's checks and writes.
class Work {
public:
    Work(State& state, Diagnostic& diagnostic) noexcept : state_{state}, diagnostic_{diagnostic} {}

    void number(std::uint32_t number, bool of_check) noexcept {
        number_ = number;
        of_check_ = of_check;
    }
    // Each returns an error if the transaction cannot go on; a check that fails goes to the
    // diagnostic.
    Status check(std::string_view stream, Expected expected) noexcept;
    Status create(std::string_view name) noexcept;
    Result<Appended> append(const StreamAppend& append) noexcept;
    void fail(const Failure& failure) noexcept;

private:
    Status load(std::string_view name, Stream& stream, bool& exists) noexcept;
    Status expect(std::string_view name, const Stream& stream, bool exists,
                  Expected expected) noexcept;
    Status fail_version(Code code, std::string_view name, const Stream& stream, bool exists,
                        Expected expected) noexcept;
    void fail_id(std::uint32_t event, const Place& place) noexcept;
    Result<bool> is_duplicate(const StreamAppend& append, Appended& original) noexcept;
    Result<Place> find_id(std::string_view stream, const Event& event) noexcept;
    Status compare(std::uint64_t address, std::string_view stream, const Event& event,
                   Place& place) noexcept;
    Status validate(const StreamAppend& append) noexcept;
    Status write(const StreamAppend& append, Stream& stream, bool exists,
                 Appended& result) noexcept;

    State& state_;
    Diagnostic& diagnostic_;
    std::uint32_t number_ = 0;
    bool of_check_ = false;
};

void Work::fail(const Failure& failure) noexcept {
    const std::uint32_t count = diagnostic_.failure_count++;
    if (count == 0) diagnostic_.error = failure.code;
    if (count >= diagnostic_.failures.size()) return;
    diagnostic_.failures[count] = failure;
    diagnostic_.failures[count].number = number_;
    diagnostic_.failures[count].of_check = of_check_;
}

void Work::fail_id(std::uint32_t event, const Place& place) noexcept {
    fail(Failure{.code = Code::idempotency_conflict,
                 .event = event,
                 .actual = place.found ? static_cast<std::int64_t>(place.index) : -1,
                 .commit = place.commit,
                 .time_us = place.time_us});
}

Status Work::load(std::string_view name, Stream& stream, bool& exists) noexcept {
    if (!is_stream_name(name)) {
        diagnostic_.needed = name.size();
        diagnostic_.limit = stream_name_size_max;
        return name_trouble(name, stream_name_size_max);
    }
    const Result<bool> found = find_stream(state_.view(), name, stream);
    if (!found) return found.error();
    exists = *found;
    return Done{};
}

Status Work::fail_version(Code code, std::string_view name, const Stream& stream, bool exists,
                          Expected expected) noexcept {
    Failure failure{.code = code, .expected = expected.number(), .actual = stream.version()};
    if (exists) {
        const Result<std::uint64_t> newest = newest_address(state_.view(), name, stream);
        if (!newest) return newest.error();
        const Result<Writer> writer = writer_of(state_, *newest, stream.count == 0);
        if (!writer) return writer.error();
        failure.commit = writer->commit;
        failure.time_us = writer->time_us;
    }
    fail(failure);
    return Done{};
}

Status Work::expect(std::string_view name, const Stream& stream, bool exists,
                    Expected expected) noexcept {
    const std::int64_t wanted = expected.number();
    bool holds = stream.version() == wanted;
    if (wanted == Expected::any().number()) holds = true;
    if (wanted == Expected::stream_exists().number()) holds = exists;
    return holds ? Status{Done{}}
                 : fail_version(Code::wrong_version, name, stream, exists, expected);
}

Status Work::check(std::string_view name, Expected expected) noexcept {
    if (expected.number() == -3) return Code::invalid_argument;
    Stream stream;
    bool exists = false;
    const Status loaded = load(name, stream, exists);
    if (!loaded) return loaded;
    return expect(name, stream, exists, expected);
}

Status Work::create(std::string_view name) noexcept {
    Stream stream;
    bool exists = false;
    const Status loaded = load(name, stream, exists);
    if (!loaded) return loaded;
    if (exists)
        return fail_version(Code::already_exists, name, stream, exists, Expected::no_stream());
    const Result<std::uint64_t> touched = state_.log.touch(name);
    if (!touched) return touched.error();
    stream.created = *touched;
    const Status put = put_stream(state_.delta, name, stream);
    if (put) state_.working.stream_count++;
    return put;
}

Status Work::validate(const StreamAppend& append) noexcept {
    if (append.expected.number() == -3) return Code::invalid_argument;
    for (const Event& event : append.events) {
        if (!is_name(event.type, event_type_size_max)) {
            diagnostic_.needed = event.type.size();
            diagnostic_.limit = event_type_size_max;
            return name_trouble(event.type, event_type_size_max);
        }
        if (!state_.log.fits(append.stream, event, diagnostic_)) return Code::too_large;
    }
    return Done{};
}

Status Work::compare(std::uint64_t address, std::string_view name, const Event& event,
                     Place& place) noexcept {
    log::StoredEvent stored;
    log::Frame frame;
    bool is_open = false;
    const Status read = state_.log.event_of_writer(address, stored, frame, is_open);
    if (!read) return read;
    if (!(stored.id == event.id)) return Done{};
    if (is_open) {
        if (state_.log.open_stream(stored.slot) != name) return Done{};
        place.found = true;
        place.index = state_.log.open_index(stored);
        place.commit = state_.log.commit();
        place.time_us = state_.log.time_us();
        return Done{};
    }
    const Result<Bytes> table = log::stream_table(frame, state_.log.geometry());
    if (!table) return table.error();
    log::StreamTable streams{*table, frame.header.stream_count};
    const Status found = streams.find(stored.slot);
    if (!found) return found;
    if (streams.name() != name) return Done{};
    const Bytes tables = frame.tables(state_.log.geometry());
    const std::string_view type = log::type_name(tables, frame.header.type_count, stored.type);
    place.index = streams.first_index() + stored.within;
    if (type.empty() || !log::is_intact(stored, address, name, place.index, type))
        return Code::corrupt;
    place.found = true;
    const bool is_own = address >= state_.log.first_frame();
    place.same = !is_own && type == event.type && std::ranges::equal(stored.payload, event.payload);
    place.ordinal = frame.header.first_ordinal + stored.number;
    place.commit = frame.header.commit;
    place.time_us = frame.header.time_us;
    return Done{};
}

Result<Place> Work::find_id(std::string_view stream, const Event& event) noexcept {
    Place place;
    if (!event.id.is_set()) return place;
    for (IdCandidates candidates{state_.view(), stream, event.id}; candidates.valid();
         candidates.next()) {
        const Status compared = compare(candidates.address(), stream, event, place);
        if (!compared) return compared.error();
        if (place.found) break;
    }
    return place;
}

// True: all are there. False: none is, or a failure was noted.
Result<bool> Work::is_duplicate(const StreamAppend& append, Appended& original) noexcept {
    Place first;
    for (std::uint32_t i = 0; i < append.events.size(); i++) {
        const Result<Place> place = find_id(append.stream, append.events[i]);
        if (!place) return place.error();
        if (i == 0) first = *place;
        const bool in_row = place->found && place->same && place->index == first.index + i;
        const bool fine = first.found ? in_row : !place->found;
        if (!fine) {
            fail_id(i, *place);
            return false;
        }
        original.last_ordinal = place->ordinal;
    }
    if (!first.found) return false;
    original.outcome = Outcome::duplicate;
    original.commit = first.commit;
    original.time_us = first.time_us;
    original.first_ordinal = first.ordinal;
    original.first_index = static_cast<std::int64_t>(first.index);
    original.last_index =
        original.first_index + static_cast<std::int64_t>(append.events.size()) - 1;
    return true;
}

Result<Appended> Work::append(const StreamAppend& append) noexcept {
    Appended result;
    Stream stream;
    bool exists = false;
    const Status loaded = load(append.stream, stream, exists);
    if (!loaded) return loaded.error();
    result.first_index = stream.version();
    result.last_index = stream.version();
    if (append.events.empty()) return result;
    const Status valid = validate(append);
    if (!valid) return valid.error();

    const std::uint32_t failures_before = diagnostic_.failure_count;
    const Result<bool> duplicate = is_duplicate(append, result);
    if (!duplicate) return duplicate.error();
    if (*duplicate || diagnostic_.failure_count > failures_before) return result;
    const Status expected = expect(append.stream, stream, exists, append.expected);
    if (!expected) return expected.error();
    if (diagnostic_.failure_count > failures_before) return result;
    const Status written = write(append, stream, exists, result);
    if (!written) return written.error();
    return result;
}

Status Work::write(const StreamAppend& append, Stream& stream, bool exists,
                   Appended& result) noexcept {
    log::Log& log = state_.log;
    result.outcome = Outcome::appended;
    result.created = !exists;
    result.first_index = static_cast<std::int64_t>(stream.count);
    result.commit = log.commit();
    result.time_us = log.time_us();
    if (!exists) state_.working.stream_count++;
    for (const Event& event : append.events) {
        const Result<std::uint64_t> address = log.add(append.stream, stream.count, event);
        if (!address) return address.error();
        if (&event == append.events.data()) result.first_ordinal = log.next_ordinal() - 1;
        const Status pushed = push_event(state_.delta, append.stream, stream, *address);
        if (!pushed) return pushed;
        if (!event.id.is_set()) continue;
        const Result<Place> place = find_id(append.stream, event);
        if (!place) return place.error();
        if (place->found) {
            fail_id(static_cast<std::uint32_t>(&event - append.events.data()), *place);
            break;
        }
        const Status put = put_id(state_.delta, append.stream, event.id, *address);
        if (!put) return put;
    }
    result.last_ordinal = log.next_ordinal() - 1;
    result.last_index = stream.version();
    return put_stream(state_.delta, append.stream, stream);
}

}  // namespace

}  // namespace store

bool EventId::is_set() const noexcept {
    return std::any_of(bytes.begin(), bytes.end(),
                       [](std::byte byte) noexcept { return byte != std::byte{0}; });
}

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
    const Status begun = state.log.begin();
    if (!begun) {
        state.log.unlock_writer();
        return begun;
    }
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
    store::seal(state, end);
    store_ = nullptr;
    log.unlock_writer();
    if (durability == Durability::deferred) return summary_;
    const Status durable = log.wait_durable(end.address);
    summary_.durable = bool{durable};
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
    const Result<StreamInfo> info = snapshot.stream(appends[0].stream);
    if (!info && !(info.error() == Code::stream_not_found)) {
        diagnostic.error = info.error();
        return info.error();
    }
    if (info) result.last_index = info->version;
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
    const Result<Appended> all = transaction.append_all(appends, checks, diagnostic);
    if (!all || all->outcome == Outcome::duplicate) return all;
    return transaction.commit(durability, diagnostic);
}

Result<Appended> Transaction::append_all(std::span<const StreamAppend> appends,
                                         std::span<const Check> checks,
                                         Diagnostic& diagnostic) noexcept {
    store::Work work{*store_->state_, diagnostic};
    Diagnostic of_checks;
    store::Work check_work{*store_->state_, of_checks};
    for (std::uint32_t i = 0; i < checks.size(); i++) {
        check_work.number(i, true);
        const Status checked = check_work.check(checks[i].stream, checks[i].expected);
        if (!checked) {
            diagnostic = of_checks;
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
    for (std::uint32_t i = 0; i < of_checks.failure_count; i++) {
        const Failure& failure =
            of_checks.failures[std::min<std::size_t>(i, of_checks.failures.size() - 1)];
        work.number(failure.number, true);
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

Status Store::maintain(Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    Status status = Code::invalid_argument;
    if (state_ != nullptr && state_->options.read_only) status = Code::read_only;
    if (state_ != nullptr && !state_->options.read_only) {
        state_->log.lock_writer();
        status = state_->log.attest();
        state_->log.unlock_writer();
    }
    if (!status) diagnostic.error = status.error();
    return status;
}

}  // namespace freshet
