// SPDX-License-Identifier: MIT
#include "tree/run_builder.hpp"

#include <algorithm>

#include "disk/io.hpp"
#include "tree/leaf_filter.hpp"

namespace freshet::tree {

namespace {

// Of a leaf that is closed before one that comes whole.
bool is_nearly_full(std::uint32_t count, const Page& next) noexcept {
    return 4 * count >= 3 * next.count();
}

}  // namespace

std::size_t RunBuilder::required_memory(const RunLimits& limits) noexcept {
    return Arena::room<Level>(limits.height_max) + ColumnBuilder::required_memory() + chunk_size +
           alignof(Page) - 1;
}

Status RunBuilder::open(Arena& arena, const RunLimits& limits) noexcept {
    FRESHET_CHECK(limits.height_max > 0);
    FRESHET_CHECK(limits.height_max <= run_height_max);
    const auto levels = arena.unfilled<Level>(limits.height_max);
    if (!levels) return levels.error();
    const Status columns = columns_.open(arena);
    if (!columns) return columns;
    const Result<MutableBytes> chunk = arena.bytes(chunk_size, alignof(Page));
    if (!chunk) return chunk.error();
    limits_ = limits;
    levels_ = *levels;
    chunk_ = *chunk;
    return Done{};
}

Status RunBuilder::begin(Disk& disk, std::string_view name, Families filtered) noexcept {
    FRESHET_CHECK(!is_building());
    FRESHET_CHECK(name.size() <= name_.size());
    const Result<File> file = disk.open(name, OpenMode::create);
    if (!file) return file.error();
    disk_ = &disk;
    file_ = *file;
    std::memcpy(name_.data(), name.data(), name.size());
    name_size_ = name.size();
    header_ = {};
    for (Level& level : levels_) level.page.clear();
    leaf_.clear();
    columns_.clear();
    hash_count_ = 0;
    filtered_ = filtered;
    height_ = 0;
    cut_at_ = 0;
    chunk_used_ = 0;
    written_ = run_header_size;
    last_size_ = 0;
    return Done{};
}

Status RunBuilder::add(const Entry& entry, Bytes record) noexcept {
    FRESHET_CHECK(is_building());
    FRESHET_CHECK(entry.key.size() > 0);
    FRESHET_CHECK(entry.key.size() <= key_size_max);
    std::array<std::byte, key_size_max> buffer;
    Bytes key = entry.key.back;
    if (!entry.key.front.empty()) {
        entry.key.copy(0, buffer.data());
        key = {buffer.data(), entry.key.size()};
    }
    const std::size_t common = common_size(last(), key);
    const bool ascends =
        common < key.size() && (common == last_size_ || key[common] > last_[common]);
    if (!ascends || entry.value.size() > run_value_size_max) return Code::corrupt;
    if (height_ > 0 && family_of(key) != family_of(last())) {
        const Status finished = finish_family();
        if (!finished) return finished;
    }
    const Entry in_one_piece{{.front = {}, .back = key}, entry.value, entry.is_erased};
    const Status added = add_leaf_entry(in_one_piece, common, record);
    std::memcpy(last_.data() + common, key.data() + common, key.size() - common);
    last_size_ = key.size();
    if (added && has_filters()) hashes_[hash_count_++] = LeafFilter::hash_of(key);
    header_.entry_count++;
    header_.erased_count += entry.is_erased ? 1 : 0;
    return added;
}

// The first leaf of a family is filled entry by entry: it may be the only one.
bool RunBuilder::can_add(const Page& leaf) const noexcept {
    constexpr std::size_t room_max = page_size / 8;
    constexpr std::uint32_t cut_distance_min = 8;
    if (height_ == 0 || leaf.room() > room_max) return false;
    const auto is_like_last = [this](const Key& key) noexcept {
        return (key.front.empty() ? key.back : key.front)[0] == last_[0];
    };
    if (!is_like_last(leaf.key(0)) || !is_like_last(leaf.key(leaf.count() - 1))) return false;
    const std::uint32_t open_count = leaf_.count();
    return open_count == 0 || is_nearly_full(open_count, leaf) ||
           header_.page_count - cut_at_ >= cut_distance_min;
}

Status RunBuilder::add(const Page& leaf) noexcept {
    FRESHET_CHECK(is_building());
    FRESHET_CHECK(height_ > 0);
    const Key first = leaf.key(0);
    if (compare({.front = {}, .back = last()}, first) >= 0) return Code::corrupt;
    const Separator low = shortest_between({.front = {}, .back = last()}, first);
    const std::uint32_t open_count = leaf_.count();
    if (open_count > 0) {
        if (!is_nearly_full(open_count, leaf)) cut_at_ = header_.page_count;
        const Status closed = close_page(0);
        if (!closed) return closed;
    }
    for (std::uint32_t i = has_filters() ? 0 : leaf.count() - 1; i < leaf.count(); i++) {
        const Key key = leaf.key(i);
        key.copy(0, last_.data());
        last_size_ = key.size();
        if (has_filters()) hashes_[hash_count_++] = LeafFilter::hash_of(last());
    }
    for (std::uint32_t i = 0; i < leaf.count(); i++)
        header_.erased_count += leaf.is_erased(i) ? 1U : 0U;
    header_.entry_count += leaf.count();
    Child child{low};
    put_filter(child);
    const Result<std::byte*> into = begin_page();
    if (!into) return into.error();
    std::memcpy(*into, leaf.bytes(), page_size);
    end_page(*into, child.bytes.data());
    return put_above(0, child);
}

Status RunBuilder::add_leaf_entry(const Entry& entry, std::size_t common, Bytes record) noexcept {
    const bool is_behind = height_ > 0;
    height_ = std::max(height_, 1U);
    if (is_behind && leaf_.count() == 0)
        levels_[0].low = shortest_between({.front = {}, .back = last()}, entry.key);
    if (append(entry, common, record)) return Done{};
    if (leaf_.count() == 0) return Code::corrupt;
    const Separator low = shortest_between({.front = {}, .back = last()}, entry.key);
    const Status closed = close_page(0);
    if (!closed) return closed;
    levels_[0].low = low;
    return append(entry, 0, record) ? Status{Done{}} : Code::corrupt;
}

// False: it does not fit into the leaf.
bool RunBuilder::append(const Entry& entry, std::size_t common, Bytes record) noexcept {
    const std::size_t columns_size = columns_.size_with(record);
    if (!leaf_.add(entry, common, columns_size)) return false;
    columns_.add(record);
    return true;
}

// Writes the page of a level and puts it into the one above.
Status RunBuilder::close_page(std::uint32_t level) noexcept {
    Child child{levels_[level].low};
    if (level == 0) put_filter(child);
    const Status written = write_page(levels_[level], child.bytes.data());
    return written ? put_above(level, child) : written;
}

// What is full by that is written too, and so on.
Status RunBuilder::put_above(std::uint32_t level, Child child) noexcept {
    for (level++; level < limits_.height_max; level++) {
        height_ = std::max(height_, level + 1);
        if (put_child(levels_[level], child)) return Done{};
        Child next{levels_[level].low};
        const Status full = write_page(levels_[level], next.bytes.data());
        if (!full) return full;
        put_child(levels_[level], child);
        child = next;
    }
    return Code::too_large;
}

void RunBuilder::put_filter(Child& leaf) noexcept {
    leaf.filter_size = hash_count_;
    const MutableBytes filter =
        MutableBytes{leaf.bytes}.subspan(sizeof(std::uint32_t), leaf.filter_size);
    std::fill(filter.begin(), filter.end(), std::byte{0});
    for (std::uint32_t i = 0; i < hash_count_; i++) LeafFilter::add(filter, hashes_[i]);
    hash_count_ = 0;
}

// False: it does not fit.
bool RunBuilder::put_child(Level& level, const Child& child) noexcept {
    Page& page = level.page;
    if (page.is_empty()) {
        page.set_child(0, child.number());
        level.low = child.low;
        return true;
    }
    const Key key{.front = {}, .back = child.low.key()};
    const std::size_t common = page.count() == 0 ? 0 : common_size(page.key(page.count() - 1), key);
    return page.append({.key = key, .value = child.value()}, common);
}

Status RunBuilder::finish_family() noexcept {
    const std::uint32_t first = leaf_.count() == 0 ? 1 : 0;
    for (std::uint32_t level = first; level + 1 < height_; level++) {
        const Status closed = close_page(level);
        if (!closed) return closed;
    }
    Branch& branch = header_.branches[family_of(last())];
    std::array<std::byte, sizeof branch.page> number;
    const Status written = write_page(levels_[height_ - 1], number.data());
    if (!written) return written;
    branch = {.page = load<std::uint32_t>(number.data()), .height = height_};
    height_ = 0;
    hash_count_ = 0;
    return Done{};
}

// Says its number, in 4 bytes. The page is empty then.
Status RunBuilder::write_page(Level& level, std::byte* said) noexcept {
    const Result<std::byte*> into = begin_page();
    if (!into) return into.error();
    std::memset(*into, 0, page_size);
    auto* const page = reinterpret_cast<Page*>(*into);
    page->copy_content(level.page);
    if (&level == levels_.data()) {
        leaf_.write(*page);
        leaf_.clear();
        columns_.write(*page);
        columns_.clear();
    }
    end_page(*into, said);
    level.page.clear();
    return Done{};
}

// Where the next page is made.
Result<std::byte*> RunBuilder::begin_page() noexcept {
    if (header_.page_count == limits_.page_count_max) return Code::too_large;
    if (chunk_used_ == chunk_.size()) {
        const Status flushed = flush();
        if (!flushed) return flushed.error();
    }
    return chunk_.data() + chunk_used_;
}

void RunBuilder::end_page(std::byte* page, std::byte* said) noexcept {
    const std::uint32_t number = ++header_.page_count;
    store_at(said, number);
    store_at(page, run_page_checksum(number, page));
    chunk_used_ += page_size;
}

Status RunBuilder::flush() noexcept {
    const Status written = write_all(*disk_, file_, written_, chunk_.first(chunk_used_));
    written_ += chunk_used_;
    chunk_used_ = 0;
    return written;
}

Status RunBuilder::finish(std::uint64_t store, std::uint64_t number, RunNote note,
                          RunUse use) noexcept {
    FRESHET_CHECK(is_building());
    Status status = height_ > 0 ? finish_family() : Done{};
    if (status) status = flush();
    if (!status) return status;
    header_.store = store;
    header_.number = number;
    const auto header = chunk_.first<run_header_size>();
    encode(header_, note, header);
    status = write_all(*disk_, file_, 0, header);
    if (status && use == RunUse::kept) status = disk_->sync(file_);
    if (!status) return status;
    disk_->close(file_);
    file_ = {};
    return Done{};
}

void RunBuilder::abandon() noexcept {
    FRESHET_CHECK(is_building());
    disk_->close(file_);
    file_ = {};
    static_cast<void>(disk_->remove({name_.data(), name_size_}));
}

}  // namespace freshet::tree
