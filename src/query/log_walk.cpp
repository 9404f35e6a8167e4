// SPDX-License-Identifier: MIT
#include "query/log_walk.hpp"

#include <algorithm>
#include <array>

namespace freshet::query {
namespace {

struct Bound {
    std::uint64_t store::Mark::*key;
    std::uint64_t from;
    std::uint64_t newest;
};

}  // namespace

// Before a mark is nothing that is wanted, if the transaction that it is of is at or before the
// first one wanted by any of the three.
Status LogWalk::open(const relation::LogMoment& moment, const LogRange& range) noexcept {
    state_ = &moment.state;
    range_ = range;
    end_ = moment.end;
    in_frame_ = false;
    address_ = end_;
    const store::Published& at = moment.published;
    if (at.mark_count == 0) return Done{};
    const tree::View view = state_->view(at);
    store::Mark mark;
    const Result<bool> first = store::find_mark(view, 0, mark);
    if (!first) return first.error();
    if (!*first) return Code::corrupt;
    const log::Position& newest = at.position;
    const std::array bounds{
        Bound{&store::Mark::ordinal, range.ordinal.from, newest.next_ordinal},
        Bound{&store::Mark::commit, range.commit.from, newest.commit},
        Bound{&store::Mark::time_us, range.time_us.from, newest.time_us},
    };
    for (const Bound& bound : bounds) {
        store::Mark last;
        const Result<bool> found = store::last_mark(
            view, at.mark_count, bound.key, std::min(bound.from, bound.newest), bound.newest, last);
        if (!found) return found.error();
        if (*found && last.address > mark.address) mark = last;
    }
    address_ = mark.address;
    return Done{};
}

bool LogWalk::is_behind(const log::FrameHeader& header) const noexcept {
    return header.first_ordinal > range_.ordinal.to || header.commit > range_.commit.to ||
           header.time_us > range_.time_us.to;
}

bool LogWalk::is_wanted(const log::FrameHeader& header) const noexcept {
    const std::uint64_t end_ordinal = header.first_ordinal + header.event_count;
    return header.commit >= range_.commit.from && header.time_us >= range_.time_us.from &&
           (range_.ordinal.from == 0 || end_ordinal > range_.ordinal.from);
}

Result<bool> LogWalk::next_frame() noexcept {
    in_frame_ = false;
    while (address_ < end_) {
        const Result<std::uint64_t> address = state_->log.next_frame(address_, end_);
        if (!address) return address.error();
        if (*address >= end_) break;
        const Result<log::Frame> frame = state_->log.frame(*address, end_);
        if (!frame) return frame.error();
        if (is_behind(frame->header)) break;
        address_ = frame->end();
        if (!is_wanted(frame->header)) continue;
        frame_ = *frame;
        next_ordinal_ = frame_.header.first_ordinal;
        const Status opened = events_.open(frame_, state_->log.geometry());
        if (!opened) return opened.error();
        in_frame_ = true;
        return true;
    }
    address_ = end_;
    return false;
}

Result<bool> LogWalk::next(Recorded& event) noexcept {
    for (;;) {
        if (!in_frame_) {
            const Result<bool> entered = next_frame();
            if (!entered || !*entered) return entered;
        }
        const bool is_skipped = !range_.ordinal.has(next_ordinal_);
        const Result<bool> there = is_skipped ? events_.skip() : events_.next();
        if (!there) return there;
        in_frame_ = *there;
        if (!*there) continue;
        const std::uint64_t ordinal = next_ordinal_++;
        if (is_skipped) continue;
        event = {.stream = events_.stream(),
                 .type = events_.type().name,
                 .payload = events_.event().payload,
                 .metadata = events_.event().metadata,
                 .id = events_.event().id,
                 .schema_version = events_.type().schema_version,
                 .index = events_.index(),
                 .ordinal = ordinal,
                 .commit = frame_.header.commit,
                 .time_us = frame_.header.time_us};
        return true;
    }
}

Result<bool> StreamEvents::open(const relation::LogMoment& moment, std::string_view name) noexcept {
    view_ = moment.state.view(moment.published);
    name_ = name;
    block_ = ~std::uint64_t{0};
    if (name.empty() || name.size() > stream_name_size_max) return false;
    Result<bool> found = store::find_stream(view_, name, stream_);
    if (found && !*found && store::is_row(name))
        found = store::find_deleted_row(view_, name, stream_);
    if (!found || !*found) return found;
    const Result<std::uint64_t> count = count_before(moment.end);
    if (!count) return count.error();
    count_ = *count;
    reader_.open(moment.state.log, moment.end, name);
    return true;
}

Result<std::uint64_t> StreamEvents::count_before(std::uint64_t address) const noexcept {
    const auto before = store::find_before(view_, name_, stream_, address);
    if (!before) return before.error();
    return before->count;
}

Status StreamEvents::read(std::uint64_t index, Recorded& event) noexcept {
    FRESHET_CHECK(index < count_);
    const std::uint64_t block = index / store::block_event_count;
    if (block != block_) {
        const Status found = store::find_block(view_, name_, stream_, block, addresses_);
        if (!found) return found;
        block_ = block;
    }
    return reader_.read(addresses_[index % store::block_event_count], index, event);
}

}  // namespace freshet::query
