// SPDX-License-Identifier: MIT
#include "store/read_on.hpp"

#include <algorithm>

#include "store/run_keeper.hpp"

namespace freshet {

namespace store {

Result<Refreshed> ReadOn::run() noexcept {
    Refreshed refreshed;
    std::uint64_t store = 0;
    log::Position noted;
    refreshed.has_writer = log::look(*state_.door.disk, store, noted, refreshed.writer);
    Status status = Done{};
    if (refreshed.has_writer && store != state_.log.geometry().store) status = Code::other_store;
    if (status) status = refreshed.has_writer ? read_noted(noted) : read_attested();
    if (!status) return status.error();
    return refreshed;
}

// A writer that begins a segment attests its start, and notes the end of the one before: the same
// commit. It attests some commits before it notes them, so that what showed of them may be ahead of
// the note; then head knows.
Status ReadOn::read_noted(const log::Position& noted) noexcept {
    const log::Position& shown = state_.sealed.position;
    if (noted.commit < shown.commit) {
        const Status read = read_head();
        if (read && head_.attested.commit < shown.commit) return Code::ahead_of_log;
        return read;
    }
    if (noted.commit == shown.commit && shown.address != 0 && noted.chain.crc != shown.chain.crc)
        return Code::diverged;
    if (is_elsewhere(noted)) return Code::diverged;
    state_.epoch = noted.epoch;
    const bool is_opening = shown.address == 0;
    if (noted.commit == shown.commit && !is_opening) return Done{};
    return read_up_to(is_opening ? std::max(noted.address, head_.attested.address) : noted.address);
}

// A writer may begin and go on while this reads: its newest frames can claim what the scan before
// did not see yet. So what looks like damage is looked at again, as long as the log is found to
// have grown; damage stays where it is.
Status ReadOn::read_attested() noexcept {
    const log::Position& shown = state_.sealed.position;
    const Status read = shown.address == 0 ? Status{Done{}} : read_head();
    if (!read) return read;
    if (!(head_.attested.epoch == state_.epoch) && head_.attested.commit < shown.commit)
        return Code::ahead_of_log;
    if (is_elsewhere(head_.attested)) return Code::diverged;
    state_.epoch = head_.attested.epoch;

    log::Position end;
    std::uint64_t attested = 0;
    Status status = find_end(end, attested);
    for (std::uint64_t before = 0;
         !status && status.error() == Code::corrupt && end.address > before;) {
        before = end.address;
        status = find_end(end, attested);
    }
    if (!status) return status;
    if (attested > shown.address || shown.address == 0) status = read_up_to(attested);
    if (!status || state_.end.address == end.address) return status;
    state_.end = end;
    if (shown.commit < end.commit) {
        state_.say(
            Level::warning, Code::none,
            "the newest commits are not attested yet and are not shown; a writer shows them");
    }
    return Done{};
}

Status ReadOn::read_head() noexcept {
    log::HeadFound found;
    const Status read = log::read_head(*state_.door.disk, state_.log.head_buffer(), found);
    diagnostic_.format = found.format;
    if (!read) return read;
    head_ = found.record;
    return head_.geometry.store == state_.log.geometry().store ? Status{Done{}} : Code::other_store;
}

// Where the log ends, and up to where it is attested. An end that was looked behind before has
// nothing new behind it.
Status ReadOn::find_end(log::Position& end, std::uint64_t& attested) noexcept {
    log::Scan scan{*state_.door.disk, state_.log.geometry(), state_.log.buffer()};
    const Status gone = go(scan);
    if (!gone) return gone;
    for (log::Frame frame;;) {
        const Result<bool> there = scan.next(frame);
        if (!there) return there.error();
        if (!*there) break;
    }
    end = scan.committed();
    attested = head_.attested.address;
    if (end.address != state_.end.address) {
        const Result<std::uint64_t> claimed = scan.attested();
        if (!claimed) return claimed.error();
        attested = std::max(attested, *claimed);
    }
    return check_end(scan, attested);
}

// More commits than were shown, and no more log: they are others.
bool ReadOn::is_elsewhere(const log::Position& there) const noexcept {
    const log::Position& shown = state_.sealed.position;
    return shown.address != 0 && there.commit > shown.commit && there.address <= shown.address;
}

// What came whole before an error shows: the tree has it already, where a transaction in parts came
// between, and the next time goes on behind it.
Status ReadOn::read_up_to(std::uint64_t end) noexcept {
    if (state_.log.geometry().segment(end) > state_.options.segment_count_max)
        return Code::invalid_argument;
    log::Scan scan{*state_.door.disk, state_.log.geometry(), state_.log.buffer()};
    Status status = go(scan);
    if (status) status = Replay{state_}.run(scan, end);
    if (!status) {
        show();
        if (status.error() == Code::corrupt)
            return damaged(scan.position().address, scan.committed());
        if (status.error() == Code::out_of_memory) diagnostic_.limit = state_.options.pool_size;
        return status;
    }
    // A claim in the middle of a transaction, which somebody made up, is met all the same.
    const log::Position& reached = scan.position();
    if (reached.address < end) status = damaged(reached.address, scan.committed());
    if (!status && has_parted()) status = Code::diverged;
    show();
    return status;
}

Status ReadOn::go(log::Scan& scan) noexcept {
    scan.expect(head_.attested);
    const log::Position& shown = state_.sealed.position;
    const Result<bool> gone = shown.address == 0 ? scan.start() : scan.resume(shown);
    if (!gone) return gone.error();
    return *gone ? Status{Done{}} : damaged(shown.address, shown);
}

// The log must reach what is attested.
Status ReadOn::check_end(const log::Scan& scan, std::uint64_t attested) noexcept {
    const log::Position& end = scan.committed();
    return end.address < attested ? damaged(scan.position().address, end) : Status{Done{}};
}

Status ReadOn::damaged(std::uint64_t address, const log::Position& good) noexcept {
    const log::Geometry& geometry = state_.log.geometry();
    diagnostic_.segment = geometry.segment(address);
    diagnostic_.offset = geometry.offset(address);
    diagnostic_.commit = good.commit;
    return Code::corrupt;
}

// Whether a whole frame of this store stands where the log should go on, and follows something
// else than what was shown.
bool ReadOn::has_parted() const noexcept {
    const log::Position& shown = state_.sealed.position;
    if (state_.working.position.address != shown.address) return false;
    const log::Geometry& geometry = state_.log.geometry();
    const log::SegmentName name = log::segment_name(geometry.segment(shown.address));
    const Result<File> file = state_.door.disk->open(log::as_view(name), OpenMode::read);
    if (!file) return false;
    const MutableBytes buffer = state_.log.head_buffer();
    const Result<std::size_t> size =
        read_all(*state_.door.disk, *file, geometry.offset(shown.address), buffer);
    state_.door.disk->close(*file);
    log::FrameHeader header;
    return size && log::decode(buffer.first(*size), shown.address, geometry, header) &&
           !(header.chain_before == shown.chain);
}

// Behind the place where an epoch began, the store is in that epoch, whoever wrote the last frame.
void ReadOn::show() noexcept {
    log::Position end = state_.working.position;
    if (end.address == state_.sealed.position.address) return;
    if (head_.attested.address <= end.address && head_.attested.epoch.count > end.epoch.count)
        end.epoch = head_.attested.epoch;
    store::show(state_, end);
}

namespace {

// A run that cannot be read may have been found out on the way.
Result<Refreshed> follow_and_read(State& state, Diagnostic& diagnostic) noexcept {
    const std::uint64_t before = state.sealed.position.address;
    const auto take_runs = [&state]() noexcept {
        return state.runs != nullptr && state.options.runs->follow(state);
    };
    const auto read = [&]() noexcept { return ReadOn{state, log::HeadRecord{}, diagnostic}.run(); };
    take_runs();
    Result<Refreshed> refreshed = read();
    if (!refreshed && refreshed.error() == Code::corrupt && take_runs()) refreshed = read();
    if (!refreshed) return refreshed;
    Refreshed told = *refreshed;
    told.news = state.sealed.position.address != before;
    return told;
}

}  // namespace

}  // namespace store

Result<Refreshed> Store::refresh(Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    Result<Refreshed> refreshed = Code::invalid_argument;
    if (state_ != nullptr && state_->options.read_only) {
        state_->log.lock_writer();
        refreshed = store::follow_and_read(*state_, diagnostic);
        state_->log.unlock_writer();
    } else if (state_ != nullptr) {
        Refreshed own;
        own.has_writer = true;
        refreshed = own;
    }
    diagnostic.error = refreshed.error();
    return refreshed;
}

}  // namespace freshet
