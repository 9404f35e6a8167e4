// SPDX-License-Identifier: MIT
// Making runs: freezing, flushing, merging, and putting them into use.
#include <algorithm>
#include <utility>

#include "store/row_imager.hpp"
#include "store/run_state.hpp"

namespace freshet::store {

namespace {

std::uint64_t size_of(const RunState& runs, std::uint32_t position) noexcept {
    return runs.slots[runs.stack[position]].size;
}

// How many newer runs there are than those that a merge has.
std::uint32_t count_above(const RunState& runs, const RunJob& merge) noexcept {
    if (merge.stage == RunJob::Stage::idle) return runs.stack_count;
    std::uint32_t count = 0;
    while (runs.stack[count] != merge.first_slot) count++;
    return count;
}

// How many of the newest runs should be one; 0: none.
std::uint32_t merge_count(const RunState& runs) noexcept {
    constexpr std::uint64_t ratio = 4;
    std::uint32_t free_count = runs.stack_count;
    for (const RunJob& merge : runs.merges)
        free_count = std::min(free_count, count_above(runs, merge));
    if (runs.wants_one && !runs.has_frozen && free_count == runs.stack_count)
        return free_count > 1 ? free_count : 0;
    std::uint32_t count = 0;
    std::uint64_t above = 0;
    for (std::uint32_t i = 0; i < free_count; i++) {
        if (i > 0 && size_of(runs, i) < ratio * above) count = i + 1;
        above += size_of(runs, i);
    }
    const bool is_full = runs.stack_count == runs.stack.size();
    return count == 0 && is_full && free_count >= 2 ? 2 : count;
}

// One that no root is over. There are two more than roots that can be read, and one for each
// private run: savepoints between which none was made are over the same.
tree::Layers& unused_layers(State& state) noexcept {
    const auto is_unused = [&state](const tree::Layers& layers) noexcept {
        for (std::size_t i = 0; i < state.used.size(); i++)
            if (state.used[i] != 0 && state.published[i].root.below == &layers) return false;
        for (const Savepoint& saved : state.savepoints.first(state.savepoint_count))
            if (saved.has_tree && saved.tree.root.below == &layers) return false;
        return state.working.root.below != &layers && state.delta.root().below != &layers;
    };
    const auto found =
        std::find_if(state.runs->layers.begin(), state.runs->layers.end(), is_unused);
    FRESHET_CHECK(found != state.runs->layers.end());
    return *found;
}

void plan(State& state, RunJob& job, const Published& at) noexcept {
    job.stage = RunJob::Stage::planned;
    job.number = state.runs->names.next++;
    job.at = at;
}

// What was made of a run cannot be used. A flush begins anew, with what is frozen.
void abandon(State& state, RunJob& job) noexcept {
    if (job.builder.is_building()) job.builder.abandon();
    if (job.stage != RunJob::Stage::planned) remove_run(state, job.number);
    job.stage = RunJob::Stage::idle;
    if (&job == &state.runs->flush) plan(state, job, job.at);
}

std::span<const tree::Run* const> runs_in_use(
    const RunState& runs, std::uint32_t count,
    std::array<const tree::Run*, tree::run_count_max>& room) noexcept {
    for (std::uint32_t i = 0; i < count; i++) room[i] = &runs.slots[runs.stack[i]].run;
    return std::span{room}.first(count);
}

// Events of a transaction that nobody waited for may lie in no file yet.
Status make_readable(State& state) noexcept {
    RunState& runs = *state.runs;
    if (runs.readable_end != 0) return Done{};
    const std::uint64_t end = runs.flush.at.position.address;
    const Status durable = state.log.wait_durable(end);
    if (durable) runs.readable_end = end;
    return durable;
}

// What comes next into a run of older ones: a whole leaf of theirs, or an entry.
Status merge_next(RunJob& job, RowImager& imager, std::uint64_t& entry_count) noexcept {
    const tree::Page* const leaf = job.source.whole_leaf();
    if (leaf != nullptr && job.builder.can_add(*leaf)) {
        entry_count -= std::min<std::uint64_t>(entry_count, leaf->count());
        const Status added = job.builder.add(*leaf);
        job.source.skip_leaf();
        return added;
    }
    const tree::Record record = job.source.record();
    const Bytes image = record.is_there() ? imager.copy(record) : Bytes{};
    const Status added = job.builder.add(job.source.entry(), image);
    job.source.step();
    entry_count--;
    return added;
}

// Into a run of what is frozen: some entries, with rows from the log.
Status flush_next(RunJob& job, RowImager& imager, std::uint64_t& entry_count) noexcept {
    std::array<tree::Entry, RowImager::fetch_count_max> room;
    std::array<tree::Record, RowImager::fetch_count_max> records;
    std::size_t count = 0;
    do {
        records[count] = job.source.record();
        room[count++] = job.source.entry_in_page();
        job.source.step();
        entry_count--;
    } while (count < room.size() && entry_count > 0 && job.source.valid());
    const std::span<const tree::Entry> entries = std::span{room}.first(count);
    imager.fetch(entries);
    Status status = Done{};
    for (std::size_t i = 0; status && i < count; i++) {
        const RowImager::Imaged imaged = imager.add(entries[i], records[i]);
        status = job.builder.add(imaged.entry, imaged.record);
    }
    return status;
}

}  // namespace

Result<std::uint32_t> open_run(State& state, RunName name, bool is_known) noexcept {
    RunState& runs = *state.runs;
    const auto free =
        std::find_if(runs.slots.begin(), runs.slots.end(),
                     [](const RunSlot& slot) noexcept { return slot.map == nullptr; });
    FRESHET_CHECK(free != runs.slots.end());
    const auto number = static_cast<std::uint32_t>(free - runs.slots.begin());
    const Status mapped =
        map_run(state, *free, run_file_name(name.number), name, runs.checked, number);
    if (!mapped) return mapped.error();
    const bool is_it = !is_known || free->name.header_crc == name.header_crc;
    if (is_it) return number;
    close_run(state, number);
    return Code::corrupt;
}

Status map_run(State& state, RunSlot& slot, const RunFileName& file_name, RunName name,
               tree::CheckedPages& checked, std::uint32_t slot_number) noexcept {
    Disk& disk = *state.door.disk;
    const Result<File> file = disk.open({file_name.data(), file_name.size()}, OpenMode::read);
    if (!file) return file.error();
    const Result<std::uint64_t> size = disk.size(*file);
    Result<const std::byte*> map = Code::corrupt;
    if (!size) map = size.error();
    if (size && *size >= tree::run_header_size)
        map = disk.map(*file, static_cast<std::size_t>(*size));
    disk.close(*file);
    if (!map) return map.error();
    slot.map = *map;
    slot.size = static_cast<std::size_t>(*size);
    slot.name = {name.number, load<std::uint32_t>(slot.map + 12)};
    const Status opened = slot.run.open({slot.map, slot.size}, state.log.geometry().store,
                                        name.number, checked, slot_number);
    if (!opened) unmap_run(state, slot, checked, slot_number);
    return opened;
}

void unmap_run(State& state, RunSlot& slot, tree::CheckedPages& checked,
               std::uint32_t slot_number) noexcept {
    if (slot.map == nullptr) return;
    checked.give_back(slot_number);
    state.door.disk->unmap(slot.map, slot.size);
    slot.map = nullptr;
}

void remove_run(State& state, std::uint32_t number) noexcept {
    const RunFileName name = run_file_name(number);
    static_cast<void>(state.door.disk->remove({name.data(), name.size()}));
}

void close_run(State& state, std::uint32_t number) noexcept {
    unmap_run(state, state.runs->slots[number], state.runs->checked, number);
}

RunNames names_of(const RunState& runs) noexcept {
    RunNames names = runs.names;
    names.count = 0;
    const auto give_up = [&names](std::uint32_t number) noexcept {
        names.unused[names.unused_count++] = number;
    };
    std::uint32_t first = runs.stack_count;
    while (first > 0 && !runs.slots[runs.stack[first - 1]].run.is_damaged()) first--;
    for (std::uint32_t i = 0; i < first; i++) give_up(runs.slots[runs.stack[i]].name.number);
    if (runs.has_frozen) give_up(runs.flush.number);
    for (const RunJob& merge : runs.merges)
        if (merge.stage != RunJob::Stage::idle) give_up(merge.number);
    for (std::uint32_t i = first; i < runs.stack_count; i++)
        names.runs[names.count++] = runs.slots[runs.stack[i]].name;
    return names;
}

Status name_runs(State& state) noexcept {
    RunState& runs = *state.runs;
    const RunNames names = names_of(runs);
    runs.unnamed_from = names.next;
    const Status told = state.log.attest(encode(names));
    runs.is_named = bool{told};
    if (told) runs.unnamed_count = runs.stack_count - names.count;
    return told;
}

const tree::Below* below(State& state, std::span<const tree::Run* const> private_runs) noexcept {
    const RunState& runs = *state.runs;
    if (!runs.has_frozen && runs.stack_count == 0 && private_runs.empty()) return nullptr;
    std::array<const tree::Run*, tree::layer_run_count_max> room;
    std::array<const tree::Run*, tree::run_count_max> stack;
    const auto frozen = runs.frozen.private_runs();
    const auto in_use = runs_in_use(runs, runs.stack_count, stack);
    auto end = std::copy(private_runs.begin(), private_runs.end(), room.begin());
    end = std::copy(frozen.begin(), frozen.end(), end);
    end = std::copy(in_use.begin(), in_use.end(), end);
    tree::Layers& layers = unused_layers(state);
    layers.lay(state.delta, runs.has_frozen ? &runs.frozen.branches : nullptr,
               std::span<const tree::Run* const>{room.begin(), end},
               static_cast<std::uint32_t>(private_runs.size()));
    return &layers;
}

void lay(State& state, const OwnTree& own, const tree::Branches& gone, Phase phase) noexcept {
    if (phase == Phase::serving) state.log.lock_commit();
    const std::span<const std::uint64_t> live =
        phase == Phase::serving ? use_records(state) : live_versions(state);
    const tree::Root root =
        state.delta.lay(own.branches, gone, below(state, own.private_runs()), live);
    if (phase == Phase::serving) {
        state.log.rename_sealed(keep_record(state, root));
        state.log.unlock_commit();
    } else {
        state.working.root = root;
    }
}

bool is_freeze_due(const State& state) noexcept {
    const RunState& runs = *state.runs;
    const std::uint64_t behind = state.sealed.position.address - runs.base.position.address;
    return !runs.has_frozen && behind > 0 &&
           (behind >= state.options.replay_max ||
            2 * state.delta.page_used() > state.delta.page_count() ||
            own_tree(state).run_count > 0);
}

void freeze(State& state, Phase phase) noexcept {
    RunState& runs = *state.runs;
    if (!std::exchange(runs.has_cleared, true)) clear_private(state);
    runs.has_frozen = true;
    runs.frozen = own_tree(state);
    runs.base = state.working;
    runs.readable_end = phase == Phase::reading ? ~std::uint64_t{0} : 0;
    plan(state, runs.flush, runs.base);
    runs.flush.source.lay(
        state.delta, &runs.frozen.branches, runs.frozen.private_runs(),
        runs.stack_count == 0 ? tree::Merge::Erased::hidden : tree::Merge::Erased::shown);
    lay(state, {}, {}, phase);
}

RunJob* newest_merge(RunState& runs) noexcept {
    RunJob* newest = nullptr;
    std::uint32_t least = runs.stack_count;
    for (RunJob& merge : runs.merges) {
        const std::uint32_t above = count_above(runs, merge);
        if (above < least) newest = &merge;
        least = std::min(least, above);
    }
    return newest;
}

void plan_merge(State& state) noexcept {
    RunState& runs = *state.runs;
    const auto idle = std::find_if(
        runs.merges.begin(), runs.merges.end(),
        [](const RunJob& merge) noexcept { return merge.stage == RunJob::Stage::idle; });
    const std::uint32_t count = merge_count(runs);
    if (idle == runs.merges.end() || count == 0) return;
    std::array<const tree::Run*, tree::run_count_max> room;
    idle->input_count = count;
    idle->first_slot = runs.stack[0];
    idle->last_slot = runs.stack[count - 1];
    plan(state, *idle, decode_note(runs.slots[runs.stack[0]].run.note()));
    idle->source.lay(
        state.delta, nullptr, runs_in_use(runs, count, room),
        count == runs.stack_count ? tree::Merge::Erased::hidden : tree::Merge::Erased::shown);
}

Status advance(State& state, RunJob& job, std::uint64_t& entry_count) noexcept {
    Status status = Done{};
    if (job.stage == RunJob::Stage::built) return status;
    const bool is_flush = &job == &state.runs->flush;
    if (job.stage == RunJob::Stage::planned) {
        if (is_flush) status = make_readable(state);
        const RunFileName name = run_file_name(job.number);
        if (status)
            status =
                job.builder.begin(*state.door.disk, {name.data(), name.size()}, filtered_families);
        job.source.begin();
        if (status) job.stage = RunJob::Stage::building;
    }
    RowImager imager{state.log, is_flush ? state.runs->readable_end : 0};
    while (status && job.source.valid() && entry_count > 0)
        status =
            is_flush ? flush_next(job, imager, entry_count) : merge_next(job, imager, entry_count);
    if (status && job.source.damaged()) status = Code::corrupt;
    if (status && job.source.valid()) return status;
    if (status)
        status = job.builder.finish(state.log.geometry().store, job.number,
                                    encode_note(job.at, state.options.rows != nullptr));
    if (status) status = state.door.disk->sync_directory();
    if (status) job.stage = RunJob::Stage::built;
    if (status) return status;
    abandon(state, job);
    return status;
}

Status install(State& state, RunJob& job, Phase phase) noexcept {
    RunState& runs = *state.runs;
    const bool is_flush = &job == &runs.flush;
    const std::uint32_t gone_count = is_flush ? 0 : job.input_count;
    if (phase == Phase::serving && runs.names.unused_count + gone_count > unused_run_kept_max)
        return Done{};
    FRESHET_CHECK(!is_flush || runs.stack_count < runs.stack.size());
    const Result<std::uint32_t> slot = open_run(state, {job.number, 0}, false);
    if (!slot) {
        abandon(state, job);
        return slot.error();
    }
    const auto begin = runs.stack.begin();
    const auto end = begin + runs.stack_count;
    auto to = begin;
    if (is_flush) std::copy_backward(begin, end, end + 1);
    if (!is_flush) {
        const auto last = std::find(begin, end, static_cast<std::uint8_t>(job.last_slot));
        to = last - (gone_count - 1);
        for (auto i = to; i <= last; i++)
            runs.names.unused[runs.names.unused_count++] = runs.slots[*i].name.number;
        std::copy(last + 1, end, to + 1);
    }
    *to = static_cast<std::uint8_t>(*slot);
    runs.stack_count += 1 - gone_count;
    runs.is_named = false;
    const tree::Branches frozen = runs.frozen.branches;
    if (is_flush) runs.has_frozen = false;
    if (is_flush) runs.frozen = {};
    job.stage = RunJob::Stage::idle;
    if (phase == Phase::serving) {
        const Status named = name_runs(state);
        if (!named) return named;
    }
    lay(state, own_tree(state), is_flush ? frozen : tree::Branches{}, phase);
    return Done{};
}

}  // namespace freshet::store
