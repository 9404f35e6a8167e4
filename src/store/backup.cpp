// SPDX-License-Identifier: MIT
// Copies a store in use, as of one commit.
//
//      step                                        killed behind it, the target
//   1  lock the target; it has no store            is as it was
//   2  `head.new` says what is being made          has no store, and can be taken again
//   3  runs, if they are wanted, and segments,     the same
//      each synced, and then its name
//   4  the copy is read whole and checked          the same
//   5  `head`, in one step                         is the store as of that commit
//
// What lies before a durable commit's end never changes, so it is copied beside the writer at work
// without holding anybody up. The files come without a gap, and go without one when they are taken
// again: what a longer copy left behind the end must never look like a part of the log.
#include <algorithm>

#include "base/codec.hpp"
#include "store/place.hpp"
#include "store/run_keeper.hpp"

namespace freshet {

namespace store {

namespace {

class Backup {
public:
    Backup(State& state, const BackupOptions& options, Disk& target, MutableBytes scratch,
           BackupReport& report, Diagnostic& diagnostic) noexcept
        : state_{state},
          options_{options},
          target_{target},
          scratch_{scratch},
          report_{report},
          diagnostic_{diagnostic},
          geometry_{state.log.geometry()} {}

    Status run(const Published& at) noexcept;

private:
    Status into_target(const Published& at) noexcept;
    Status copy_runs(const Published& at) noexcept;
    Status claim() noexcept;
    Result<bool> has(std::string_view name) noexcept;
    Status copy_segments() noexcept;
    Status copy(std::uint32_t segment) noexcept;
    Status copy_bytes(File from, File to, std::uint64_t size) noexcept;
    Status check() noexcept;
    Status attest() noexcept;
    [[nodiscard]] std::uint32_t segment_count() const noexcept {
        return geometry_.segment(end_.address);
    }
    Status at_fault(std::uint32_t segment, std::uint64_t offset, Error error) noexcept;

    State& state_;
    const BackupOptions& options_;
    Disk& target_;
    MutableBytes scratch_;
    BackupReport& report_;
    Diagnostic& diagnostic_;
    const log::Geometry& geometry_;
    log::Position end_;
    log::Epoch epoch_;      // Of the copy.
    log::HeadRoom runs_{};  // In it.
};

Status Backup::run(const Published& at) noexcept {
    const Result<log::Position> place = find_place(state_, at, options_.until);
    if (!place) return place.error();
    end_ = *place;
    if (at.position.epoch.count == ~std::uint32_t{0}) return Code::corrupt;
    std::array<std::byte, 4> nonce;
    state_.door.clock->random(nonce);
    epoch_ = {at.position.epoch.count + 1, load<std::uint32_t>(nonce.data())};
    report_.total_size = end_.address;
    const Status locked = target_.lock(diagnostic_.holder);
    if (!locked) return locked;
    const Status status = into_target(at);
    target_.unlock();
    return status;
}

Status Backup::into_target(const Published& at) noexcept {
    Status status = claim();
    if (status && options_.runs && state_.runs != nullptr) status = copy_runs(at);
    if (status) status = copy_segments();
    if (status) status = check();
    if (status) status = attest();
    return status;
}

Status Backup::copy_runs(const Published& at) noexcept {
    RunCopy copy{.target = target_,
                 .scratch = scratch_,
                 .end = end_,
                 .progress = options_.progress,
                 .report = report_};
    const Status copied = state_.options.runs->copy(state_, at, copy);
    runs_ = copy.names;
    return copied;
}

// A directory with a log and no head is a store that lost it, unless `head.new` says that nobody
// came to make one.
Status Backup::claim() noexcept {
    log::HeadFound found;
    const Status head = log::read_head(target_, scratch_.first(log::head_slot_size), found);
    if (head || head.error() != Code::not_found) return head ? Code::already_exists : head.error();
    const Result<bool> is_unfinished = has(log::head_new_name);
    if (!is_unfinished) return is_unfinished.error();
    const log::SegmentName first = log::segment_name(1);
    const Result<bool> is_log = has(log::as_view(first));
    if (!is_log) return is_log.error();
    if (*is_log && !*is_unfinished) return Code::already_exists;
    const Result<bool> dropped = log::drop_segments(target_, 0);
    if (!dropped) return dropped.error();
    const Result<File> made = target_.open(log::head_new_name, OpenMode::create);
    if (!made) return made.error();
    target_.close(*made);
    return target_.sync_directory();
}

Result<bool> Backup::has(std::string_view name) noexcept {
    const Result<File> file = target_.open(name, OpenMode::read);
    if (file) target_.close(*file);
    if (!file && file.error() != Code::not_found) return file.error();
    return static_cast<bool>(file);
}

Status Backup::copy_segments() noexcept {
    for (std::uint32_t segment = 1; segment <= segment_count(); segment++) {
        const Status copied = copy(segment);
        if (!copied) return copied;
        report_.segment_count++;
    }
    return Done{};
}

Status Backup::copy(std::uint32_t segment) noexcept {
    const log::SegmentName name = log::segment_name(segment);
    const Result<File> from = state_.door.disk->open(log::as_view(name), OpenMode::read);
    if (!from) return at_fault(segment, 0, from.error());
    const Result<std::uint64_t> there = state_.door.disk->size(*from);
    const bool is_last = segment == segment_count();
    const std::uint64_t size =
        is_last ? geometry_.offset(end_.address)
                : std::min<std::uint64_t>(there ? *there : 0, geometry_.segment_size);
    Status status = there ? Status{Done{}} : there.error();
    if (status && *there < size) status = at_fault(segment, *there, Code::corrupt);
    Result<File> to = status ? target_.open(log::as_view(name), OpenMode::create) : status.error();
    if (to) {
        status = copy_bytes(*from, *to, size);
        if (status) status = target_.sync(*to);
        target_.close(*to);
    } else {
        status = to.error();
    }
    state_.door.disk->close(*from);
    if (status) status = target_.sync_directory();
    return status;
}

Status Backup::copy_bytes(File from, File to, std::uint64_t size) noexcept {
    const std::uint32_t segment = report_.segment_count + 1;
    for (std::uint64_t offset = 0; offset < size;) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(size - offset, scratch_.size()));
        const MutableBytes part = scratch_.first(wanted);
        const Result<std::size_t> read = read_all(*state_.door.disk, from, offset, part);
        if (!read) return at_fault(segment, offset, read.error());
        if (*read < wanted) return at_fault(segment, offset + *read, Code::corrupt);
        const Status written = write_all(target_, to, offset, part);
        if (!written) return written;
        offset += wanted;
        report_.copied_size =
            report_.run_size + std::min(geometry_.address(segment) + offset, end_.address);
        if (options_.progress.cancels(report_.copied_size, report_.total_size))
            return Code::cancelled;
    }
    return Done{};
}

// Every checksum and the chain, read back from the copy.
Status Backup::check() noexcept {
    log::Scan scan{target_, geometry_, scratch_};
    const Result<bool> started = scan.start();
    if (!started) return started.error();
    if (!*started) return at_fault(1, 0, Code::corrupt);
    for (log::Frame frame;;) {
        const Result<bool> there = scan.next(frame);
        if (!there) return there.error();
        if (!*there) break;
        report_.event_count += frame.header.event_count;
    }
    const log::Position& found = scan.committed();
    const bool same =
        found.address == end_.address && found.chain == end_.chain && !scan.has_later_segment();
    if (same) return Done{};
    diagnostic_.commit = found.commit;
    return at_fault(geometry_.segment(scan.position().address),
                    geometry_.offset(scan.position().address), Code::corrupt);
}

Status Backup::attest() noexcept {
    log::HeadRecord head;
    head.sequence = 1;
    head.geometry = geometry_;
    head.attested = end_;
    head.attested.epoch = epoch_;
    head.runs = runs_;
    Published copied;
    copied.position = head.attested;
    report_.head = head_of(state_, copied);
    const Status made = log::create_head(target_, head, scratch_);
    if (!made) static_cast<void>(target_.rename(log::head_name, log::head_new_name));
    return made;
}

// Of the source, or of the copy of it.
Status Backup::at_fault(std::uint32_t segment, std::uint64_t offset, Error error) noexcept {
    diagnostic_.segment = segment;
    diagnostic_.offset = offset;
    if (error == Code::not_found) return Code::corrupt;
    return error;
}

}  // namespace

}  // namespace store

Status Store::backup(const BackupOptions& options, Disk& target, MutableBytes scratch,
                     BackupReport& report, Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    report = BackupReport{};
    Status status = Code::invalid_argument;
    if (state_ != nullptr) {
        diagnostic.needed = state_->log.geometry().frame_size_max + (std::uint64_t{8} << 10);
        diagnostic.limit = scratch.size();
        status = Code::out_of_memory;
        if (scratch.size() >= diagnostic.needed) {
            diagnostic.needed = diagnostic.limit = 0;
            Snapshot now;
            status = snapshot(now);
            if (status)
                status = store::Backup{*state_, options, target, scratch, report, diagnostic}.run(
                    *now.published_);
        }
    }
    diagnostic.error = status.error();
    return status;
}

}  // namespace freshet
