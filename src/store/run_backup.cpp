// SPDX-License-Identifier: MIT
// Copies runs for a backup: those that go no farther than the copy's log, from the oldest on, up to
// one that is damaged. In the copy they are numbered from 1 on, and all else of them stays. Each
// page is checked before it is written, and all are read back.
#include <algorithm>

#include "disk/io.hpp"
#include "store/run_state.hpp"

namespace freshet::store {

namespace {

constexpr std::size_t part_page_count = 256;

class RunCopying {
public:
    RunCopying(const tree::Run& run, Bytes file, std::uint32_t number, RunCopy& copy) noexcept
        : run_{run}, pages_{file.subspan(tree::run_header_size)}, number_{number}, copy_{copy} {}

    // corrupt: it is damaged; diverged: what was written is not what is read.
    Status copy() noexcept;
    [[nodiscard]] RunName name() const noexcept {
        return {number_, load<std::uint32_t>(header_.data() + 12)};
    }

private:
    Status write(File file) noexcept;
    Status read_back(File file) noexcept;
    Status compare(File file, std::uint64_t offset, Bytes wanted) noexcept;
    [[nodiscard]] bool is_whole(std::size_t from, std::size_t to) const noexcept;

    const tree::Run& run_;
    Bytes pages_;
    std::uint32_t number_;
    RunCopy& copy_;
    std::array<std::byte, tree::run_header_size> header_;
};

Status RunCopying::copy() noexcept {
    tree::RunHeader header = run_.header();
    header.number = number_;
    encode(header, run_.note(), header_);
    const RunFileName name = run_file_name(number_);
    const Result<File> file = copy_.target.open({name.data(), name.size()}, OpenMode::create);
    if (!file) return file.error();
    Status status = write(*file);
    if (status) status = copy_.target.sync(*file);
    if (status) status = read_back(*file);
    copy_.target.close(*file);
    if (!status) static_cast<void>(copy_.target.remove({name.data(), name.size()}));
    return status ? copy_.target.sync_directory() : status;
}

Status RunCopying::write(File file) noexcept {
    const std::size_t part_size = part_page_count * tree::page_size;
    Status status = write_all(copy_.target, file, 0, header_);
    copy_.report.run_size += header_.size();
    for (std::size_t at = 0; status && at < pages_.size(); at += part_size) {
        const Bytes part = pages_.subspan(at, std::min(part_size, pages_.size() - at));
        if (!is_whole(at, at + part.size())) return Code::corrupt;
        status = write_all(copy_.target, file, header_.size() + at, part);
        copy_.report.run_size += part.size();
        copy_.report.copied_size = copy_.report.run_size;
        if (copy_.progress.cancels(copy_.report.copied_size, copy_.report.total_size))
            return Code::cancelled;
    }
    return status;
}

bool RunCopying::is_whole(std::size_t from, std::size_t to) const noexcept {
    for (std::size_t at = from; at < to; at += tree::page_size) {
        const auto number = static_cast<std::uint32_t>(at / tree::page_size + 1);
        const std::byte* const page = pages_.data() + at;
        if (load<std::uint64_t>(page) != tree::run_page_checksum(number, page)) return false;
    }
    return true;
}

Status RunCopying::read_back(File file) noexcept {
    Status status = compare(file, 0, header_);
    const std::size_t part_size = copy_.scratch.size();
    for (std::size_t at = 0; status && at < pages_.size(); at += part_size) {
        const Bytes part = pages_.subspan(at, std::min(part_size, pages_.size() - at));
        status = compare(file, header_.size() + at, part);
    }
    return status;
}

Status RunCopying::compare(File file, std::uint64_t offset, Bytes wanted) noexcept {
    const MutableBytes found = copy_.scratch.first(wanted.size());
    const Result<std::size_t> read = read_all(copy_.target, file, offset, found);
    if (!read) return read.error();
    const bool same =
        *read == wanted.size() && std::memcmp(found.data(), wanted.data(), wanted.size()) == 0;
    return same ? Status{Done{}} : Code::diverged;
}

// Null: it is private.
const RunSlot* slot_of(const RunState& runs, const tree::Run* run) noexcept {
    const auto slot = std::find_if(runs.slots.begin(), runs.slots.end(),
                                   [run](const RunSlot& one) noexcept { return &one.run == run; });
    return slot == runs.slots.end() ? nullptr : &*slot;
}

// What an attempt that was cut off left.
void remove_leftovers(Disk& target) noexcept {
    for (std::uint32_t number = 1; number <= tree::run_count_max; number++) {
        const RunFileName name = run_file_name(number);
        static_cast<void>(target.remove({name.data(), name.size()}));
    }
}

}  // namespace

Status copy_runs(State& state, const Published& at, RunCopy& copy) noexcept {
    remove_leftovers(copy.target);
    if (at.root.below == nullptr) return Done{};
    const auto runs = static_cast<const tree::Layers*>(at.root.below)->runs();
    RunNames names;
    const auto fits = [&](const tree::Run* run) noexcept {
        return slot_of(*state.runs, run) != nullptr &&
               decode_note(run->note()).position.commit <= copy.end.commit;
    };
    for (std::size_t i = runs.size(); i-- > 0 && fits(runs[i]);)
        copy.report.total_size += slot_of(*state.runs, runs[i])->size;
    for (std::size_t i = runs.size(); i-- > 0 && fits(runs[i]);) {
        const RunSlot& slot = *slot_of(*state.runs, runs[i]);
        const std::uint64_t before = copy.report.run_size;
        RunCopying one{*runs[i], {slot.map, slot.size}, names.next, copy};
        const Status copied = one.copy();
        if (!copied && copied.error() == Code::corrupt) {
            state.say(Level::warning, Code::corrupt,
                      "a run is damaged; the copy has only the runs below it");
            copy.report.run_size = before;
            break;
        }
        if (!copied) return copied.error() == Code::diverged ? Code::corrupt : copied;
        std::copy_backward(names.runs.begin(), names.runs.end() - 1, names.runs.end());
        names.runs[0] = one.name();
        names.count++;
        names.next++;
    }
    copy.report.total_size = copy.report.run_size + copy.end.address;
    copy.report.run_count = names.count;
    if (names.count > 0) copy.names = encode(names);
    return Done{};
}

}  // namespace freshet::store
