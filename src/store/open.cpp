// SPDX-License-Identifier: MIT
// Opening a store: find out what it is, read its log, decide how it ended, and repair that if need
// be. After a clean close nothing is written. See scan.hpp for the rule, and log.hpp for what
// recovery writes.
#include <algorithm>

#include "base/text.hpp"
#include "freshet/version.hpp"
#include "store/read_on.hpp"
#include "store/run_keeper.hpp"

namespace freshet {

namespace store {

namespace {

constexpr std::uint32_t frame_size_min = 1024;
constexpr std::uint32_t segment_size_min = 4096;
constexpr std::uint32_t segment_size_limit = std::uint32_t{1} << 30;
constexpr std::uint32_t record_spare_count = 4;  // Published, in flight, sealed, and one to write.

std::uint32_t record_count(const Options& options) noexcept {
    return options.snapshot_count_max + record_spare_count;
}

bool is_sensible(const Options& options) noexcept {
    const std::uint32_t segment = options.segment_size;
    if (options.snapshot_count_max < 1 || options.snapshot_count_max > 1024) return false;
    if (options.segment_count_max < 1 || options.segment_count_max > 99'999'999) return false;
    if (segment < segment_size_min || segment > segment_size_limit ||
        (segment & (segment - 1)) != 0)
        return false;
    if (options.frame_size_max < frame_size_min || options.frame_size_max > segment / 4)
        return false;
    if (options.frame_size_max % 8 != 0) return false;
    if (options.pool_size / tree::page_size < tree::Pool::page_count_min) return false;
    if (options.growth_size < 512 || options.growth_size % 512 != 0) return false;
    return !(options.create && options.read_only);
}

log::Geometry geometry_of(const Options& options) noexcept {
    return {0, options.segment_size, options.frame_size_max, options.digest};
}

std::size_t required_memory(const Options& options, const log::Geometry& geometry) noexcept {
    const std::size_t records = record_count(options);
    return Arena::room<State>(1) + log::Log::required_memory(options, geometry) +
           tree::Delta::required_memory(options.pool_size, record_count(options)) +
           Arena::room<Published>(records) + Arena::room<Slot>(options.snapshot_count_max) +
           Arena::room<std::uint64_t>(records) + Arena::room<std::uint8_t>(records) +
           Arena::room<Savepoint>(savepoint_count_max) +
           (options.runs == nullptr ? 0 : options.runs->required_memory(options, records));
}

// Opening, step by step; what it finds out on the way is kept for the error.
class Opening {
public:
    Opening(const Options& options, Door door, MutableBytes memory, Diagnostic& diagnostic) noexcept
        : options_{options},
          door_{door},
          memory_{memory},
          arena_{memory},
          diagnostic_{diagnostic} {}

    Result<State*> run() noexcept {
        Status status = find_head();
        if (status) status = set_up();
        if (status) status = options_.read_only ? read_durable() : read_and_recover();
        if (!status) give_up();
        if (!status) return status.error();
        arena_.seal();
        return state_;
    }

private:
    Status find_head() noexcept;
    Status too_little_memory() noexcept;
    Status lock() noexcept;
    Status create() noexcept;
    Status set_up() noexcept;
    Status replay(log::Scan& scan, std::uint64_t limit) noexcept;
    Status check_end(const log::Scan& scan, std::uint64_t attested) noexcept;
    Status read_and_recover() noexcept;
    Status read_durable() noexcept;
    Result<Refreshed> read_on() noexcept;
    Status publish(const log::Position& end) noexcept;
    void publish_last() noexcept;
    void warn_of_clock(const log::Position& end) noexcept;
    Status damaged(std::uint64_t address, const log::Position& good) noexcept;
    void say_dropped(const log::Scan& scan, const log::Position& end) noexcept;
    void give_up() noexcept;

    const Options& options_;
    Door door_;
    MutableBytes memory_;
    Arena arena_;
    Diagnostic& diagnostic_;
    State* state_ = nullptr;
    log::HeadFound found_;
    bool locked_ = false;
};

// Nothing is touched before it is known that there is a store, or that one is wanted.
Status Opening::find_head() noexcept {
    if (memory_.size() < log::head_slot_size) return too_little_memory();
    const MutableBytes buffer = memory_.first(log::head_slot_size);
    Status status = log::read_head(*door_.disk, buffer, found_);
    diagnostic_.format = found_.format;
    if (!status && status.error() == Code::not_a_store && log::has_log(*door_.disk, buffer))
        return Code::corrupt;
    const bool missing = !status && status.error() == Code::not_found;
    if (missing && !options_.create) return status;
    if (!status && !missing) return status;
    if (options_.read_only) return status;
    if (missing && memory_.size() < freshet::required_memory(options_)) return too_little_memory();
    status = lock();
    if (status && missing) status = create();
    if (!status) return status;
    found_ = log::HeadFound{};
    return log::read_head(*door_.disk, buffer, found_);
}

Status Opening::too_little_memory() noexcept {
    diagnostic_.needed = freshet::required_memory(options_);
    diagnostic_.limit = memory_.size();
    return Code::out_of_memory;
}

Status Opening::lock() noexcept {
    const Status status = door_.disk->lock(diagnostic_.holder);
    locked_ = bool{status};
    return status;
}

Status Opening::create() noexcept {
    log::Geometry geometry = geometry_of(options_);
    std::array<std::byte, 12> chance;
    door_.clock->random(chance);
    geometry.store = load<std::uint64_t>(chance.data());
    const log::Epoch epoch{1, load<std::uint32_t>(chance.data() + 8)};
    return log::Log::create(door_, geometry, epoch, memory_.first(log::head_slot_size));
}

Status Opening::set_up() noexcept {
    const log::Geometry& geometry = found_.record.geometry;
    diagnostic_.needed = required_memory(options_, geometry);
    diagnostic_.limit = memory_.size();
    const auto state = arena_.array<State>(1);
    const auto published = arena_.array<Published>(record_count(options_));
    const auto slots = arena_.array<Slot>(options_.snapshot_count_max);
    const auto live = arena_.array<std::uint64_t>(record_count(options_));
    const auto used = arena_.array<std::uint8_t>(record_count(options_));
    const auto savepoints = arena_.array<Savepoint>(savepoint_count_max);
    if (!published || !slots || !live || !used || !savepoints) return Code::out_of_memory;
    static_assert(Arena::room<State>(1) <= log::head_slot_size);  // find_head() saw as much.
    FRESHET_CHECK(state);
    state_ = state->data();
    state_->options = options_;
    state_->door = door_;
    state_->published = *published;
    state_->slots = *slots;
    state_->live = *live;
    state_->used = *used;
    state_->savepoints = *savepoints;
    Status status = state_->log.open(arena_, options_, door_, found_.record);
    if (status) status = state_->delta.open(arena_, options_.pool_size, record_count(options_));
    if (status && options_.runs != nullptr) status = options_.runs->set_up(*state_, arena_);
    if (!status) return status;
    diagnostic_.needed = 0;
    diagnostic_.limit = 0;
    if (state_->runs != nullptr) options_.runs->load(*state_, found_.record);
    if (found_.slot_damaged) {
        state_->say(Level::warning, Code::corrupt,
                    "one of the two slots of head is damaged; the other one is used");
    }
    return status;
}

Status Opening::damaged(std::uint64_t address, const log::Position& good) noexcept {
    const log::Geometry& geometry = found_.record.geometry;
    diagnostic_.segment = geometry.segment(address);
    diagnostic_.offset = geometry.offset(address);
    diagnostic_.commit = good.commit;
    return Code::corrupt;
}

Status Opening::replay(log::Scan& scan, std::uint64_t limit) noexcept {
    scan.expect(found_.record.attested);
    const log::Position& from = state_->working.position;
    const Result<bool> started = from.address == 0 ? scan.start() : scan.resume(from);
    if (!started) return started.error();
    if (!*started) return damaged(from.address, from);
    const Status replayed = Replay{*state_}.run(scan, limit);
    const Code code = replayed.error().code;
    if (code == Code::corrupt) return damaged(scan.position().address, scan.committed());
    if (code == Code::out_of_memory) diagnostic_.limit = options_.pool_size;
    return replayed;
}

// The log must reach what is attested.
Status Opening::check_end(const log::Scan& scan, std::uint64_t attested) noexcept {
    const log::Position& head = found_.record.attested;
    const log::Position& end = scan.committed();
    if (end.address < attested || end.commit < head.commit) {
        return damaged(scan.position().address, end);
    }
    if (found_.record.sequence > log::head_sequence_max) return Code::corrupt;
    const std::uint32_t segment_count = found_.record.geometry.segment(end.address);
    if (segment_count > options_.segment_count_max) return Code::invalid_argument;
    return Done{};
}

// The store as the log's last frame left it, in the epoch that head says.
Status Opening::publish(const log::Position& end) noexcept {
    warn_of_clock(end);
    const Status resumed = state_->log.resume(end, 0);
    publish_last();
    return resumed;
}

void Opening::publish_last() noexcept {
    state_->working.position = state_->log.last();
    state_->sealed = state_->working;
    state_->published[0] = state_->working;
}

// Commit times only grow: after a clock that was far ahead, they stay ahead until it is that late.
void Opening::warn_of_clock(const log::Position& end) noexcept {
    constexpr std::uint64_t minute_us = 60'000'000;
    const std::uint64_t now_us = door_.clock->now_us();
    if (end.time_us <= now_us || end.time_us - now_us < minute_us) return;
    std::array<char, 160> room;
    TextWriter text{room};
    text.text("the newest commit is of ")
        .time_us(end.time_us)
        .text(", ahead of the clock: ")
        .time_us(now_us);
    state_->say(Level::warning, Code::none, text.written());
}

void Opening::say_dropped(const log::Scan& scan, const log::Position& end) noexcept {
    std::array<char, 160> room;
    TextWriter text{room};
    text.text("recovered up to commit ")
        .number(end.commit)
        .text("; the writer before did not close");
    if (scan.position().address > end.address) text.text("; an unfinished transaction was dropped");
    state_->say(Level::info, Code::none, text.written());
}

Status Opening::read_and_recover() noexcept {
    FRESHET_CHECK(state_ != nullptr);
    log::Scan scan{*door_.disk, found_.record.geometry, state_->log.buffer()};
    Status status = replay(scan, ~std::uint64_t{0});
    if (!status && status.error() == Code::corrupt && state_->working.root.below != nullptr) {
        options_.runs->drop(*state_);
        status = replay(scan, ~std::uint64_t{0});
    }
    if (!status) return status;
    const log::Position end = scan.committed();
    const log::Position& head = found_.record.attested;
    const bool clean = end.address == head.address && scan.position().address == end.address &&
                       (end.epoch.count < head.epoch.count || end.epoch == head.epoch) &&
                       scan.file_size() == found_.record.geometry.offset(end.address) &&
                       !scan.has_later_segment();
    std::uint64_t attested = head.address;
    if (!clean) {
        const Result<std::uint64_t> claimed = scan.attested();
        if (!claimed) return claimed.error();
        attested = std::max(attested, *claimed);
    }
    status = check_end(scan, attested);
    if (!status) return status;
    scan.close();
    state_->was_closed = clean;
    status = publish(end);
    if (status && !clean) {
        say_dropped(scan, end);
        if (state_->runs != nullptr) options_.runs->clear(*state_);
        status = state_->log.recover(end, attested);
        publish_last();
    }
    if (status) state_->log.note_durable();
    return status;
}

// Shows what runs have, or nothing, and then what there is.
Status Opening::read_durable() noexcept {
    FRESHET_CHECK(state_ != nullptr);
    if (found_.record.sequence > log::head_sequence_max) return Code::corrupt;
    state_->epoch = found_.record.attested.epoch;
    Result<Refreshed> read = read_on();
    if (!read && read.error() == Code::corrupt && state_->working.root.below != nullptr) {
        options_.runs->drop(*state_);
        read = read_on();
    }
    if (!read) return read.error();
    warn_of_clock(state_->sealed.position);
    return Done{};
}

Result<Refreshed> Opening::read_on() noexcept {
    FRESHET_CHECK(state_->log.resume(state_->working.position, 0));
    state_->sealed = state_->working;
    state_->published[0] = state_->working;
    return ReadOn{*state_, found_.record, diagnostic_}.run();
}

void Opening::give_up() noexcept {
    if (state_ != nullptr && state_->runs != nullptr) options_.runs->close(*state_);
    if (state_ != nullptr) state_->log.abandon();
    if (locked_) door_.disk->unlock();
}

}  // namespace

}  // namespace store

std::size_t required_memory(const Options& options) noexcept {
    return store::required_memory(options, store::geometry_of(options));
}

Status Store::open(const Options& options, Door door, MutableBytes memory,
                   Diagnostic& diagnostic) noexcept {
    diagnostic = Diagnostic{};
    Status status = Code::invalid_argument;
    if (state_ == nullptr && store::is_sensible(options)) {
        const Result<store::State*> opened =
            store::Opening{options, door, memory, diagnostic}.run();
        if (opened) {
            state_ = *opened;
            return Done{};
        }
        status = opened.error();
    }
    diagnostic.error = status.error();
    return status;
}

bool Store::was_closed() const noexcept {
    FRESHET_CHECK(state_ != nullptr);
    return state_->was_closed;
}

Status Store::close() noexcept {
    if (state_ == nullptr) return Done{};
    store::State& state = *state_;
    state_ = nullptr;
    if (state.runs != nullptr && !state.options.read_only) state.options.runs->finish(state);
    state.log.lock_writer();
    const Status status = state.log.close();
    state.log.unlock_writer();
    if (state.runs != nullptr) state.options.runs->close(state);
    if (!state.options.read_only) state.door.disk->unlock();
    return status;
}

}  // namespace freshet
