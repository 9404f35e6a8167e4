// SPDX-License-Identifier: MIT
// What one transaction checks and writes.
//
//      case (of one StreamAppend)                               answer
//      no events                                                nothing is written or checked
//      the stream is tombstoned                                 stream_tombstoned
//      every id is there, in a row, with the same content       duplicate: where they are, whatever
//                                                               was expected
//      some ids are there, or elsewhere, or with other content, idempotency_conflict, naming the
//      or twice in this transaction                             first event
//      the stream is closed                                     stream_closed
//      the expectation does not hold                            wrong_version, with the numbers
//      else                                                     appended
//
// Ids belong to a stream: the same id in two streams is two ids. Events without an id skip the
// check. All StreamAppends of a commit must be duplicates, or none.
#pragma once

#include "store/state.hpp"

namespace freshet::store {

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
    // False: nothing is to be written, or a check failed.
    Result<bool> settings(std::string_view name, const StreamSettings& change,
                          Expected expected) noexcept;
    Result<bool> track(const Tracking& tracking) noexcept;
    Status annotate(Bytes metadata) noexcept;
    void fail(const Failure& failure) noexcept;

private:
    Status check_name(std::string_view name, std::size_t size_max) noexcept;
    Status load(std::string_view name, Stream& stream, bool& exists) noexcept;
    Status write_own(std::string_view prefix, std::string_view name, std::string_view type,
                     Bytes payload) noexcept;
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
    Status write(const StreamAppend& append, const Stream& stream, bool exists,
                 Appended& result) noexcept;

    State& state_;
    Diagnostic& diagnostic_;
    std::uint32_t number_ = 0;
    bool of_check_ = false;
};

}  // namespace freshet::store
