// SPDX-License-Identifier: MIT
// Group commit: one write and one sync for all who wait, and what becomes of a failure.
#include <algorithm>

#include "base/codec.hpp"
#include "log/log.hpp"

namespace freshet::log {

namespace {

constexpr std::uint64_t block_size = 4096;  // Of the page cache.
constexpr std::size_t frame_size_offset = 56;

}  // namespace

void Log::take_io() noexcept {
    while (io_busy_) gate_->wait(Turn::commit, wait_for_ever);
    io_busy_ = true;
}

void Log::give_io() noexcept {
    io_busy_ = false;
    gate_->wake(Turn::commit);
}

Log::Work Log::take_work() noexcept {
    in_flight_ = sealed_.token;
    return {sealed_, durable_.position.address, reserved_end_};
}

Result<Log::Work> Log::begin_io() noexcept {
    lock_commit();
    take_io();
    const bool poisoned = poison_.code != Code::none;
    const Work work = take_work();
    if (poisoned) give_io();
    unlock_commit();
    if (poisoned) return Code::poisoned;
    return work;
}

void Log::give_io_back() noexcept {
    lock_commit();
    give_io();
    unlock_commit();
}

void Log::seal(const Position& position, std::uint32_t token) noexcept {
    sealed_ = {position, token};
    last_ = position;
    part_ = position;
    tail_ = position.address;
    next_frame_ = tail_;
    frame_open_ = false;
    has_parts_ = false;
}

void Log::rename_sealed(std::uint32_t token) noexcept {
    sealed_.token = token;
    if (durable_.position.address != sealed_.position.address) return;
    in_flight_ = durable_.token = token;
    published_.store(token, std::memory_order_seq_cst);
}

Status Log::wait_durable(std::uint64_t address) noexcept {
    lock_commit();
    while (durable_.position.address < address && poison_.code == Code::none) {
        if (io_busy_) {
            gate_->wait(Turn::commit, wait_for_ever);
        } else {
            lead();
        }
    }
    const bool durable = durable_.position.address >= address;
    const Error poison = poison_;
    unlock_commit();
    if (!durable) return Error{Code::durability_unknown, poison.system_error};
    return Done{};
}

// Those whom the last sync set free are about to commit again. To wait for them for less time than
// a sync takes makes fewer syncs of larger crowds: with 4 threads, batches of 4 and not of 1 and 3
// by turns. Who commits alone never waits.
void Log::await_crowd() noexcept {
    constexpr std::uint64_t patience_us = 25;
    constexpr int pause_count_max = 100;
    if (sealed_.position.commit - durable_.position.commit >= crowd_) return;
    const std::uint64_t begin_us = clock_->now_us();
    for (int i = 0; i < pause_count_max; i++) {
        if (!gate_->pause(Turn::commit)) return;
        if (sealed_.position.commit - durable_.position.commit >= crowd_) return;
        if (clock_->now_us() - begin_us >= patience_us) return;
    }
}

void Log::lead() noexcept {
    take_io();
    await_crowd();
    const std::uint64_t before = durable_.position.commit;
    const Work work = take_work();
    unlock_commit();
    Status status = write_out(work.target.position.address, work);
    if (status) status = disk_->sync(file_);
    if (status && head_owed_) {
        status = write_head_for(work.target.position);
        head_owed_ = false;
    }
    static_cast<void>(settle(status, work.target));
    lock_commit();
    const std::uint64_t joined = work.target.position.commit - before;
    crowd_ = std::max(joined, joined / 2 + (sealed_.position.commit - work.target.position.commit));
    give_io();
}

Status Log::settle(Status status, const Mark& target) noexcept {
    if (!status) return poison_with(status.error());
    lock_commit();
    written_ = std::max(written_, target.position.address);
    durable_ = target;
    published_.store(target.token, std::memory_order_seq_cst);
    gate_->wake(Turn::commit);
    unlock_commit();
    note_durable();
    return Done{};
}

// With the I/O turn, so that notes come in order; without the commit turn, so that nobody's answer
// waits for it.
void Log::note_durable() noexcept {
    static_cast<void>(disk_->note(encode_note(geometry_.store, durable_.position)));
}

void Log::show_sealed() noexcept {
    lock_commit();
    in_flight_ = sealed_.token;
    durable_ = sealed_;
    published_.store(sealed_.token, std::memory_order_seq_cst);
    gate_->wake(Turn::commit);
    unlock_commit();
}

Status Log::poison_with(Error error) noexcept {
    lock_commit();
    poison_ = error;
    in_flight_ = durable_.token;
    gate_->wake(Turn::commit);
    unlock_commit();
    return Error{Code::poisoned, error.system_error};
}

Error Log::poison() noexcept {
    lock_commit();
    const Error error = poison_;
    unlock_commit();
    return error;
}

// Writes the buffer from written_ to `end`. A block is written to its end when it is first touched,
// which saves reading it: the space behind is reserved and zero anyway.
Status Log::write_out(std::uint64_t end, const Work& work) noexcept {
    const std::uint64_t begin = written_;
    if (begin >= end) return Done{};
    for (std::uint64_t address = begin; address < end;) {
        stamp(at(address), address, work.synced_to, geometry_);
        address += load<std::uint32_t>(at(address) + frame_size_offset);
    }
    std::uint64_t padded_end = padded_end_;
    if (end > padded_end)
        padded_end = std::max(end, std::min(round_up(end, block_size), work.reserved_end));
    const std::size_t padding =
        padded_end > end && end > padded_end_ ? static_cast<std::size_t>(padded_end - end) : 0;
    const Status written =
        write_all(*disk_, file_, geometry_.offset(begin),
                  {at(begin), static_cast<std::size_t>(end - begin)}, zeros_.first(padding));
    padded_end_ = padded_end;
    return written;
}

// A slot that an earlier writer left may be in the page cache only. It is written once more before
// the other one is touched, so that no crash can tear both. But not when it is the only one: then
// it was durable before the other one was begun, and a disk without safe overwrites could lose
// both.
Status Log::write_head_for(const Position& attested, const HeadRoom* runs) noexcept {
    if (!head_is_durable_) {
        const Status rewritten = write_head(*disk_, head_file_, head_, head_buffer_);
        if (!rewritten) return rewritten;
        head_is_durable_ = true;
    }
    HeadRecord record = head_;
    record.sequence++;
    record.attested = attested;
    if (runs != nullptr) record.runs = *runs;
    const Status written = write_head(*disk_, head_file_, record, head_buffer_);
    if (written) head_ = record;
    return written;
}

Status Log::attest() noexcept {
    return attest_with(nullptr);
}

Status Log::attest(const HeadRoom& runs) noexcept {
    return attest_with(&runs);
}

Status Log::attest_with(const HeadRoom* runs) noexcept {
    const Status durable = wait_durable(last_.address);
    if (!durable) return durable;
    Position end = last_;
    end.address = tail_;
    const Result<Work> work = begin_io();
    if (!work) return work.error();
    Status status = Done{};
    if (runs != nullptr || head_.attested.address < end.address) status = write_head_for(end, runs);
    if (!status) status = poison_with(status.error());
    give_io_back();
    return status;
}

bool Log::wait_news(std::uint64_t address, std::uint64_t timeout_us) noexcept {
    lock_commit();
    const auto is_over = [&]() noexcept {
        return durable_.position.address > address || poison_.code != Code::none;
    };
    if (!is_over()) gate_->wait(Turn::commit, timeout_us);
    while (!is_over() && timeout_us == wait_for_ever) gate_->wait(Turn::commit, timeout_us);
    const bool news = durable_.position.address > address;
    unlock_commit();
    return news;
}

}  // namespace freshet::log
