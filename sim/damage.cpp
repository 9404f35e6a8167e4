// SPDX-License-Identifier: MIT
// Damage to a disk at rest: flipped bits, zeroed sectors, sectors that hold what they held before,
// or what belongs elsewhere, files cut short. The store must name it or have all that was
// acknowledged; only the last group of commits before an unclean stop may be missing unnamed, as
// nothing on the disk attests it yet.
#include <algorithm>

#include "sim/run.hpp"

namespace freshet::sim {

namespace {

constexpr const char* flipped_bit = "a flipped bit";

bool is_run(std::string_view name) {
    return name.ends_with(".run");
}

// Every other time one of a run, if there is one.
std::string some_file(const SimDisk& disk, Choice& choice) {
    std::vector<std::string> names;
    for (std::size_t i = 0; !disk.file_name(i).empty(); i++) names.emplace_back(disk.file_name(i));
    const auto first = std::stable_partition(names.begin(), names.end(), is_run);
    const auto run_count = static_cast<std::size_t>(first - names.begin());
    const bool wants_run = run_count > 0 && choice.below(2, Domain::fault) == 1;
    const std::size_t count = wants_run ? run_count : names.size();
    return count == 0 ? std::string{} : names[choice.below(count, Domain::fault)];
}

}  // namespace

// What is there now may be put back later, as a disk that loses writes does.
void Run::remember_disk() {
    if (!older_) older_ = std::make_unique<Machine>(disk_size(setup_));
    machine_.disk.copy_to(older_->disk);
}

const char* Run::damage_image(SimDisk& disk, const std::string& name) {
    const Bytes bytes = disk.contents(name);
    if (bytes.empty()) return nullptr;
    const std::uint64_t kind = choice_.below(5, Domain::fault);
    const std::uint64_t sectors = (bytes.size() + 511) / 512;
    const std::uint64_t from = choice_.below(sectors, Domain::fault) * 512;
    const std::uint64_t wanted = 512 * (1 + choice_.below(4, Domain::fault));
    const std::size_t size = std::min<std::size_t>(wanted, bytes.size() - from);
    std::vector<std::byte> other(size);
    if (kind == 0) {
        const std::uint64_t bit = choice_.below(bytes.size() * 8, Domain::fault);
        return disk.flip_bit(name, bit) ? flipped_bit : nullptr;
    }
    if (kind == 1) {
        return disk.damage(name, from, other) ? "zeroed sectors" : nullptr;
    }
    const bool is_stale = kind == 2;
    const Bytes source = is_stale && older_ ? older_->disk.contents(name) : bytes;
    const std::uint64_t at = is_stale ? from : choice_.below(sectors, Domain::fault) * 512;
    if (kind == 4) {
        const std::vector<std::byte> rest{bytes.begin(),
                                          bytes.begin() + static_cast<std::ptrdiff_t>(from)};
        return disk.place(name, rest) ? "a file cut short" : nullptr;
    }
    for (std::size_t i = 0; i < size && at + i < source.size(); i++) other[i] = source[at + i];
    return disk.damage(name, from, other) ? (is_stale ? "stale sectors" : "misdirected sectors")
                                          : nullptr;
}

// On a copy: the life goes on with the pristine disk.
void Run::try_damage(bool was_closed) {
    Machine& image = *image_;
    machine_.disk.copy_to(image.disk);
    image.disk.restart();
    image.disk.write_back();
    const std::string name = some_file(image.disk, choice_);
    const char* const what = damage_image(image.disk, name);
    if (what == nullptr) return;
    add(report().images);
    report().hit(Trouble::damage, operation_, SimCall::read);
    report().add_image(image.disk.hash());
    damage_ = what;
    const Status opened = image.open(false);
    if (!opened) {
        const Code code = opened.error().code;
        const bool is_named =
            is_named_damage(code) || code == Code::newer_format || code == Code::not_found;
        if (!is_named || (is_run(name) && is_disk_honest()))
            violation("%s: open says %s", what, code_name(code));
        damage_ = nullptr;
        return;
    }
    Snapshot snapshot;
    if (!image.store.snapshot(snapshot)) violation("%s: no snapshot", what);
    const std::uint64_t found = snapshot.commit();
    const Code code = compare(snapshot, model_, image.clock);
    if (code != Code::none && code != Code::corrupt)
        violation("%s: reading says %s", what, code_name(code));
    // What wipes out several frames can wipe out all that attest them.
    const bool is_narrow = std::string_view{what} == flipped_bit;
    const std::uint64_t floor = was_closed ? least_ : is_narrow ? attested_ : 0;
    if (found < floor && is_disk_honest())
        violation("%s: commit %llu was attested, and %llu is the last one found, with nothing said",
                  what, static_cast<unsigned long long>(floor),
                  static_cast<unsigned long long>(found));
    snapshot.close();
    const bool closed = bool{image.store.close()};
    if (is_run(name) && is_disk_honest()) answer_again(what, closed, found);
    damage_ = nullptr;
}

// Runs are a cache. Whoever met the damage has told head, and the log has it all.
void Run::answer_again(const char* what, bool closed, std::uint64_t commit) {
    Machine& image = *image_;
    if (!closed) violation("%s in a run: close fails", what);
    if (const Status opened = image.open(false); !opened)
        violation("%s in a run: opening again says %s", what, code_name(opened.error().code));
    Snapshot snapshot;
    if (!image.store.snapshot(snapshot)) violation("%s: no snapshot", what);
    if (snapshot.commit() != commit) violation("%s in a run: another commit is the last", what);
    if (const Code code = compare(snapshot, model_, image.clock); code != Code::none)
        violation("%s in a run: reading again says %s", what, code_name(code));
    snapshot.close();
    static_cast<void>(image.store.close());
}

}  // namespace freshet::sim
