// SPDX-License-Identifier: MIT
// Verification: the log as it lies on the disk is whole, and the tree is what it adds up to. For
// each event the tree must lead to just its address; and since both have the same number of events
// and streams, there is nothing else of them in it. The marks are those that replay would set.
#include <algorithm>

#include "store/replay.hpp"
#include "store/row_keeper.hpp"
#include "store/run_keeper.hpp"

namespace freshet {

namespace store {

namespace {

constexpr std::uint64_t told_distance = std::uint64_t{64} << 10;

class Verification {
public:
    Verification(State& state, const Published& at, const Head* anchor, VerifyReport& report,
                 const ProgressCallback& progress) noexcept
        : state_{state}, at_{at}, anchor_{anchor}, report_{report}, progress_{progress} {}

    Status run(log::Scan& scan, MutableBytes scratch) noexcept;

private:
    Status tell(std::uint64_t address) noexcept;
    // Of frames that the scan has checked whole, and streams that check_created() has found.
    Status check_mark(const log::Frame& frame, const log::Position& before) noexcept;
    Status check_created(const log::Frame& frame) noexcept;
    Status check_frame(const log::Frame& frame) noexcept;
    Status check_event(const log::FrameEvents& events) noexcept;
    Status check_id(const log::FrameEvents& events) noexcept;
    Status check_anchor(const log::Position& position) noexcept;
    Status check_streams(MutableBytes scratch) noexcept;
    Status check_settings(const Stream& stream, std::string_view about,
                          const log::FrameEvents& events) noexcept;

    State& state_;
    const Published& at_;
    const Head* anchor_;
    VerifyReport& report_;
    const ProgressCallback& progress_;
    std::uint64_t next_told_ = 0;
    Published seen_;                    // Its marks are those that there should be.
    std::uint64_t settings_count_ = 0;  // Streams that have some.
    std::uint64_t row_event_count_ = 0;
};

Status Verification::run(log::Scan& scan, MutableBytes scratch) noexcept {
    const Result<bool> started = scan.start();
    if (!started) return started.error();
    if (!*started) return Code::corrupt;
    Status status = check_anchor(scan.committed());
    for (log::Frame frame; status;) {
        const log::Position before = scan.committed();
        const bool is_first = before.address == scan.position().address;
        const Result<bool> there = scan.next(frame, at_.position.address);
        if (!there) return there.error();
        if (!*there) break;
        report_.byte_count += frame.header.size;
        report_.event_count += frame.header.event_count;
        status = tell(frame.address);
        if (status && is_first) status = check_mark(frame, before);
        if (status) status = check_created(frame);
        if (status) status = check_frame(frame);
        if (status && frame.header.last) status = check_anchor(scan.committed());
    }
    if (!status) return status;
    const log::Position& end = scan.committed();
    report_.commit_count = end.commit;
    if (end.commit != at_.position.commit || !(end.chain == at_.position.chain))
        return Code::corrupt;
    if (seen_.mark_count != at_.mark_count) return Code::corrupt;
    return check_streams(scratch);
}

Status Verification::tell(std::uint64_t address) noexcept {
    if (address < next_told_) return Done{};
    next_told_ = address + told_distance;
    const bool ends = progress_.cancels(address, at_.position.address);
    return ends ? Status{Code::cancelled} : Status{Done{}};
}

// `frame` begins the transaction behind `before`.
Status Verification::check_mark(const log::Frame& frame, const log::Position& before) noexcept {
    if (!is_mark_due(seen_, frame.address, state_.log.geometry())) return Done{};
    seen_.mark_address = frame.address;
    Mark mark;
    const Result<bool> found = find_mark(state_.view(at_), seen_.mark_count++, mark);
    if (!found) return found.error();
    const Mark wanted = mark_of(before, frame.header.time_us, frame.address);
    return *found && mark == wanted ? Status{Done{}} : Code::corrupt;
}

// A stream without events is known by the one frame that names it.
Status Verification::check_created(const log::Frame& frame) noexcept {
    const Result<Bytes> table = log::stream_table(frame, state_.log.geometry());
    FRESHET_CHECK(table);
    log::StreamTable streams{*table, frame.header.stream_count};
    while (streams.next()) {
        if (is_row(streams.name())) continue;
        Stream stream;
        const Result<bool> known = find_stream(state_.view(at_), streams.name(), stream);
        if (!known) return known.error();
        if (!*known) return Code::corrupt;
        if (stream.count > 0) continue;
        const Result<std::uint64_t> created =
            newest_address(state_.view(at_), streams.name(), stream);
        if (!created) return created.error();
        if (*created != frame.address) return Code::corrupt;
    }
    return Done{};
}

Status Verification::check_frame(const log::Frame& frame) noexcept {
    log::FrameEvents events;
    Status status = events.open(frame, state_.log.geometry());
    while (status) {
        const Result<bool> there = events.next();
        FRESHET_CHECK(there);
        if (!*there) break;
        status = check_event(events);
    }
    return status;
}

Status Verification::check_event(const log::FrameEvents& events) noexcept {
    if (is_row(events.stream())) {
        row_event_count_++;
        if (state_.options.rows == nullptr) return Done{};
        return state_.options.rows->check(state_, at_, events);
    }
    Stream stream;
    const Result<bool> known = find_stream(state_.view(at_), events.stream(), stream);
    FRESHET_CHECK(known && *known);
    if (events.index() >= stream.count) return Code::corrupt;
    const Result<std::uint64_t> address =
        find_event(state_.view(at_), events.stream(), stream, events.index());
    if (!address) return address.error();
    if (*address != events.address()) return Code::corrupt;
    const std::string_view about = behind(settings_prefix, events.stream());
    if (about.data() != nullptr) {
        const Status same = check_settings(stream, about, events);
        if (!same) return same;
    }
    return events.event().id.is_set() ? check_id(events) : Status{Done{}};
}

Status Verification::check_id(const log::FrameEvents& events) noexcept {
    for (IdCandidates ids{state_.view(at_), events.stream(), events.event().id}; ids.valid();
         ids.next()) {
        if (ids.address() == events.address()) return Done{};
    }
    return Code::corrupt;
}

Status Verification::check_anchor(const log::Position& position) noexcept {
    if (anchor_ == nullptr || anchor_->commit != position.commit) return Done{};
    const bool same =
        anchor_->next_ordinal == position.next_ordinal && anchor_->time_us == position.time_us &&
        anchor_->chain == log::chain_bytes(position.chain, state_.log.geometry().digest);
    if (!same) return Code::corrupt;
    report_.anchor_found = true;
    return Done{};
}

Status Verification::check_streams(MutableBytes scratch) noexcept {
    std::uint64_t event_count = 0;
    std::uint64_t settings_count = 0;
    for (StreamWalk walk{state_.view(at_)}; walk.valid(); walk.next()) {
        Stream stream;
        const Status decoded = walk.stream(stream);
        if (!decoded) return decoded;
        settings_count += stream.settings_bytes.empty() ? 0U : 1U;
        event_count += stream.count;
        report_.stream_count++;
    }
    if (settings_count != settings_count_) return Code::corrupt;
    if (state_.options.rows != nullptr) {
        const Result<std::uint64_t> kept = state_.options.rows->count(state_, at_, scratch);
        if (!kept) return kept.error();
        if (*kept != row_event_count_) return Code::corrupt;
    }
    event_count += row_event_count_;
    if (event_count != report_.event_count || report_.stream_count != at_.stream_count)
        return Code::corrupt;
    return Done{};
}

// The newest settings are those that the stream's entry has.
Status Verification::check_settings(const Stream& stream, std::string_view about,
                                    const log::FrameEvents& events) noexcept {
    if (events.index() == 0) settings_count_++;
    if (events.index() + 1 < stream.count) return Done{};
    Stream other;
    const Result<bool> found = find_stream(state_.view(at_), about, other);
    FRESHET_CHECK(found);  // It is older than its settings.
    return std::ranges::equal(other.settings_bytes, events.event().payload) ? Status{Done{}}
                                                                            : Code::corrupt;
}

}  // namespace

}  // namespace store

Status Store::verify(MutableBytes scratch, const Head* anchor, VerifyReport& report,
                     Diagnostic& diagnostic, const ProgressCallback& progress) noexcept {
    diagnostic = Diagnostic{};
    report = VerifyReport{};
    const Status status = verify_into(scratch, anchor, report, diagnostic, progress);
    if (!status) diagnostic.error = status.error();
    return status;
}

Status Store::verify_into(MutableBytes scratch, const Head* anchor, VerifyReport& report,
                          Diagnostic& diagnostic, const ProgressCallback& progress) noexcept {
    if (state_ == nullptr) return Code::invalid_argument;
    const log::Geometry& geometry = state_->log.geometry();
    diagnostic.needed = geometry.frame_size_max + (std::uint64_t{8} << 10);
    diagnostic.limit = scratch.size();
    if (scratch.size() < diagnostic.needed) return Code::out_of_memory;
    diagnostic.needed = 0;
    diagnostic.limit = 0;

    Snapshot now;
    const Status held = snapshot(now);
    if (!held) return held;
    report.head = now.head();
    if (anchor != nullptr && anchor->store != geometry.store) return Code::invalid_argument;
    if (anchor != nullptr && anchor->commit > now.commit()) return Code::ahead_of_log;

    if (state_->runs != nullptr) {
        const Status sound = state_->options.runs->verify(*now.published_);
        if (!sound) return sound;
    }
    log::Scan scan{*state_->door.disk, geometry, scratch};
    const Status verified =
        store::Verification{*state_, *now.published_, anchor, report, progress}.run(scan, scratch);
    if (verified) return verified;
    diagnostic.segment = geometry.segment(scan.position().address);
    diagnostic.offset = geometry.offset(scan.position().address);
    diagnostic.commit = scan.committed().commit;
    return verified;
}

}  // namespace freshet
