// SPDX-License-Identifier: MIT
// Copies of files stand in for maps of them, one behind the other in the lent memory, and what goes
// through this disk goes into them. Under a map there would be nothing to do; here these hold:
//
//   who changes the file         what brings it into its copies
//   this process                 write(), write_zeros(), truncate(), behind the disk's own
//   another one, a log           read(): whatever a follower shows it has read from the log before;
//                                or from a run, which it maps: then the logs are read once more
//   another one, a run           nobody: it is whole before anybody looks for it
//
// Readers look at copies while this goes on. What they may look at (what the log has below the
// durable end) does not change any more, and of what is put into a copy that they know only what
// differs is written, so no byte that is read is written, not even as what it was.
//
// No call of the disk below is made under the lock, which is held for a copying at most. So what
// was read while something was put into a copy, by a write or by who read too, may be older than
// that, and is read again.
#include "freshet/unmapped.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include "base/check.hpp"
#include "disk/io.hpp"
#include "disk/name.hpp"

namespace freshet {
namespace {

constexpr std::string_view run_ending = ".run";
constexpr std::array<std::byte, UnmappedDisk::page_size> zeros{};

constexpr std::size_t whole_pages(std::size_t size) noexcept {
    return (size + UnmappedDisk::page_size - 1) / UnmappedDisk::page_size * UnmappedDisk::page_size;
}

MutableBytes whole_pages_of(MutableBytes memory) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    const std::size_t skipped = whole_pages(address) - address;
    if (skipped > memory.size()) return {};
    return memory.subspan(skipped).first((memory.size() - skipped) / UnmappedDisk::page_size *
                                         UnmappedDisk::page_size);
}

}  // namespace

class UnmappedDisk::Locked {
public:
    explicit Locked(UnmappedDisk& disk) noexcept : busy_{disk.busy_} {
        while (busy_.test_and_set(std::memory_order_acquire)) {
        }
    }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() { busy_.clear(std::memory_order_release); }

private:
    std::atomic_flag& busy_;
};

void UnmappedDisk::Name::set(std::string_view name) noexcept {
    FRESHET_CHECK(name.size() <= text_.size());
    std::copy(name.begin(), name.end(), text_.begin());
    size_ = name.size();
}

UnmappedDisk::UnmappedDisk(Disk& disk, MutableBytes memory) noexcept
    : disk_{disk}, memory_{whole_pages_of(memory)} {}

UnmappedDisk::OpenFile* UnmappedDisk::find(File file) noexcept {
    const auto found = std::find_if(files_.begin(), files_.end(), [file](const OpenFile& open) {
        return open.file.number == file.number;
    });
    FRESHET_CHECK(found != files_.end());
    return &*found;
}

UnmappedDisk::Copy* UnmappedDisk::find(std::uint64_t number) const noexcept {
    Copy* copy = first_;
    while (copy != nullptr && copy->number != number) copy = copy->next;
    return copy;
}

std::byte* UnmappedDisk::bytes_of(Copy& copy) noexcept {
    return reinterpret_cast<std::byte*>(&copy) + page_size;
}

std::size_t UnmappedDisk::room_of(std::size_t size) noexcept {
    return page_size + whole_pages(size);
}

Result<File> UnmappedDisk::open(std::string_view name, OpenMode mode) noexcept {
    if (!disk::is_valid_name(name)) return Code::invalid_argument;
    OpenFile* entry = nullptr;
    {
        const Locked locked{*this};
        entry = std::find_if(files_.begin(), files_.end(),
                             [](const OpenFile& open) { return !open.is_used; });
        if (entry == files_.end()) return Code::full;
        *entry = {.is_used = true, .file = {}, .name = {}};
        entry->name.set(name);
    }
    const Result<File> file = disk_.open(name, mode);
    const Locked locked{*this};
    if (file) entry->file = *file;
    if (!file) *entry = {};
    return file;
}

void UnmappedDisk::close(File file) noexcept {
    {
        const Locked locked{*this};
        *find(file) = {};
    }
    disk_.close(file);
}

Result<std::uint64_t> UnmappedDisk::size(File file) noexcept {
    return disk_.size(file);
}

// Calls change(copy) for each copy of the file.
template <class Change>
void UnmappedDisk::change(File file, Change change) noexcept {
    const std::string_view name = find(file)->name.get();
    for (Copy* copy = first_; copy != nullptr; copy = copy->next) {
        if (name.empty() || copy->name.get() != name) continue;
        change_count_++;
        change(*copy);
    }
}

std::uint64_t UnmappedDisk::change_count() noexcept {
    const Locked locked{*this};
    return change_count_;
}

// Bytes behind the end of the copy are left out.
void UnmappedDisk::put(Copy& copy, std::uint64_t offset, Bytes bytes) noexcept {
    if (offset >= copy.size) return;
    bytes = bytes.first(std::min<std::size_t>(bytes.size(), copy.size - offset));
    std::byte* const into = bytes_of(copy) + offset;
    std::size_t first = 0;
    std::size_t last = bytes.size();
    while (copy.is_loaded && first < last && bytes[first] == into[first]) first++;
    while (copy.is_loaded && first < last && bytes[last - 1] == into[last - 1]) last--;
    std::copy(bytes.data() + first, bytes.data() + last, into + first);
    copy.end = std::max(copy.end, offset + bytes.size());
}

void UnmappedDisk::put_zeros(Copy& copy, std::uint64_t offset, std::uint64_t end) noexcept {
    for (end = std::min<std::uint64_t>(end, copy.size); offset < end;) {
        const auto size = std::min<std::uint64_t>(zeros.size(), end - offset);
        put(copy, offset, Bytes{zeros}.first(static_cast<std::size_t>(size)));
        offset += size;
    }
}

Result<std::size_t> UnmappedDisk::read(File file, std::uint64_t offset,
                                       MutableBytes into) noexcept {
    if (is_writer_.load()) return disk_.read(file, offset, into);
    for (;;) {
        const std::uint64_t before = change_count();
        const Result<std::size_t> size = disk_.read(file, offset, into);
        if (!size) return size;
        const Locked locked{*this};
        if (change_count_ != before) continue;
        change(file, [&](Copy& copy) { put(copy, offset, into.first(*size)); });
        return size;
    }
}

Result<std::size_t> UnmappedDisk::write(File file, std::uint64_t offset, Bytes first,
                                        Bytes second) noexcept {
    const Result<std::size_t> size = disk_.write(file, offset, first, second);
    if (!size) return size;
    const std::size_t of_first = std::min(first.size(), *size);
    const Locked locked{*this};
    change(file, [&](Copy& copy) {
        put_zeros(copy, copy.end, offset);
        put(copy, offset, first.first(of_first));
        put(copy, offset + of_first, second.first(*size - of_first));
    });
    return size;
}

Result<std::size_t> UnmappedDisk::write_zeros(File file, std::uint64_t offset,
                                              std::size_t size) noexcept {
    const Result<std::size_t> done = disk_.write_zeros(file, offset, size);
    if (!done) return done;
    const Locked locked{*this};
    change(file, [&](Copy& copy) { put_zeros(copy, std::min(copy.end, offset), offset + *done); });
    return done;
}

Status UnmappedDisk::truncate(File file, std::uint64_t size) noexcept {
    const Status done = disk_.truncate(file, size);
    if (!done) return done;
    const Locked locked{*this};
    change(file, [size](Copy& copy) {
        put_zeros(copy, copy.end, size);
        copy.end = std::min(copy.end, size);
    });
    return done;
}

Status UnmappedDisk::sync(File file) noexcept {
    return disk_.sync(file);
}

Status UnmappedDisk::sync_directory() noexcept {
    return disk_.sync_directory();
}

// What was `from` is `to` now; empty: nothing.
void UnmappedDisk::rename_copies(std::string_view from, std::string_view to) noexcept {
    const Locked locked{*this};
    const auto rename = [from, to](Name& name) noexcept {
        if (name.get() == from)
            name.set(to);
        else if (name.get() == to)
            name.set({});
    };
    for (OpenFile& open : files_) rename(open.name);
    for (Copy* copy = first_; copy != nullptr; copy = copy->next) rename(copy->name);
}

Status UnmappedDisk::rename(std::string_view from, std::string_view to) noexcept {
    const Status done = disk_.rename(from, to);
    if (done) rename_copies(from, to);
    return done;
}

Status UnmappedDisk::remove(std::string_view name) noexcept {
    const Status done = disk_.remove(name);
    if (done) rename_copies(name, {});
    return done;
}

// The first room that is large enough. Null: there is none.
UnmappedDisk::Copy* UnmappedDisk::make_copy(std::size_t size) noexcept {
    if (size > memory_.size()) return nullptr;
    const std::size_t room = room_of(size);
    std::byte* at = memory_.data();
    Copy** link = &first_;
    while (*link != nullptr &&
           static_cast<std::size_t>(reinterpret_cast<std::byte*>(*link) - at) < room) {
        at = bytes_of(**link) + whole_pages((*link)->size);
        link = &(*link)->next;
    }
    if (static_cast<std::size_t>(memory_.data() + memory_.size() - at) < room) return nullptr;
    static_assert(sizeof(Copy) <= page_size);
    *link =
        ::new (static_cast<void*>(at)) Copy{.next = *link, .number = next_number_++, .size = size};
    used_ += room;
    used_max_ = std::max(used_max_.load(), used_.load());
    return *link;
}

// Puts what the file has into its copy, which may be gone meanwhile.
Status UnmappedDisk::load(File file, std::uint64_t number) noexcept {
    std::array<std::byte, page_size> room;
    for (std::uint64_t offset = 0;;) {
        std::uint64_t before = 0;
        MutableBytes piece = room;
        {
            const Locked locked{*this};
            const Copy* const copy = find(number);
            if (copy == nullptr) return Done{};
            before = change_count_;
            piece = piece.first(std::min<std::size_t>(piece.size(), copy->size - offset));
        }
        const Result<std::size_t> size = read_all(disk_, file, offset, piece);
        if (!size) return size.error();
        {
            const Locked locked{*this};
            Copy* const copy = find(number);
            if (copy == nullptr) return Done{};
            if (change_count_ != before) continue;
            change_count_++;
            put(*copy, offset, piece.first(*size));
            copy->is_loaded = copy->is_loaded || *size < room.size();
            if (*size < room.size()) return Done{};
        }
        offset += *size;
    }
}

// What may have grown: logs. A run that another process has made may lead to all they have.
Status UnmappedDisk::load_logs() noexcept {
    for (std::uint64_t number = 0;;) {
        Name name;
        {
            const Locked locked{*this};
            const Copy* found = nullptr;
            for (const Copy* copy = first_; copy != nullptr; copy = copy->next) {
                const bool is_log =
                    !copy->name.get().empty() && !copy->name.get().ends_with(run_ending);
                const bool is_next =
                    copy->number > number && (found == nullptr || copy->number < found->number);
                if (is_log && is_next) found = copy;
            }
            if (found == nullptr) return Done{};
            number = found->number;
            name = found->name;
        }
        const Result<File> file = disk_.open(name.get(), OpenMode::read);
        if (!file) return file.error();
        const Status loaded = load(*file, number);
        disk_.close(*file);
        if (!loaded) return loaded;
    }
}

Result<const std::byte*> UnmappedDisk::map(File file, std::size_t size) noexcept {
    if (size == 0) return Code::invalid_argument;
    std::uint64_t number = 0;
    const std::byte* bytes = nullptr;
    bool is_run = false;
    {
        const Locked locked{*this};
        Copy* const copy = make_copy(size);
        if (copy == nullptr) return Error{Code::full, ENOMEM};
        copy->name = find(file)->name;
        is_run = copy->name.get().ends_with(run_ending);
        number = copy->number;
        bytes = bytes_of(*copy);
    }
    Status loaded = load(file, number);
    if (loaded && is_run && !is_writer_.load()) loaded = load_logs();
    if (loaded) return bytes;
    unmap(bytes, size);
    return loaded.error();
}

void UnmappedDisk::unmap(const std::byte* address, std::size_t size) noexcept {
    const Locked locked{*this};
    Copy** link = &first_;
    while (*link != nullptr && bytes_of(**link) != address) link = &(*link)->next;
    FRESHET_CHECK(*link != nullptr && (*link)->size == size);
    *link = (*link)->next;
    used_ -= room_of(size);
}

Status UnmappedDisk::lock(Holder& holder) noexcept {
    const Status locked = disk_.lock(holder);
    if (locked) is_writer_ = true;
    return locked;
}

void UnmappedDisk::unlock() noexcept {
    is_writer_ = false;
    disk_.unlock();
}

Status UnmappedDisk::note(const Note& note) noexcept {
    return disk_.note(note);
}

Result<bool> UnmappedDisk::look(Note& note, Holder& holder) noexcept {
    return disk_.look(note, holder);
}

}  // namespace freshet
