// SPDX-License-Identifier: MIT
#include "tree/delta.hpp"

namespace freshet::tree {
namespace {

Bytes bytes_of(const std::uint32_t& number) noexcept {
    return {reinterpret_cast<const std::byte*>(&number), sizeof number};
}

// Whether some separator might not fit.
bool is_tight(const Page& page) noexcept {
    const std::size_t size = Page::entry_overhead + key_size_max + sizeof(std::uint32_t);
    return Page::header_size + page.whole_size() + size > page_size;
}

}  // namespace

std::size_t Delta::required_memory(std::size_t pool_size, std::uint32_t live_count_max) noexcept {
    return Pool::required_memory(pool_size, live_count_max);
}

[[gnu::cold]] Status Delta::open(Arena& arena, std::size_t pool_size,
                                 std::uint32_t live_count_max) noexcept {
    const Status opened = pool_.open(arena, pool_size, live_count_max);
    if (!opened) return opened;
    root_ = Root{};
    sealed_ = Root{};
    in_transaction_ = false;
    return Done{};
}

void Delta::begin() noexcept {
    FRESHET_CHECK(!in_transaction_);
    in_transaction_ = true;
    forget_ways();
    root_.version = sealed_.version + 1;
    pool_.begin(root_.version);
}

void Delta::rollback() noexcept {
    FRESHET_CHECK(in_transaction_);
    in_transaction_ = false;
    root_ = sealed_;
    pool_.rollback();
}

[[gnu::cold]] Delta::Savepoint Delta::save() noexcept {
    forget_ways();
    if (4 * pool_.available() < page_count()) static_cast<void>(make_room(page_count() / 4));
    const Savepoint savepoint{.root = root_, .pool = pool_.save()};
    root_.version = pool_.version();
    return savepoint;
}

[[gnu::cold]] void Delta::rollback_to(const Savepoint& savepoint) noexcept {
    forget_ways();
    root_ = savepoint.root;
    root_.version = pool_.version();
    pool_.rollback_to(savepoint.pool);
}

[[gnu::cold]] void Delta::forget(const Savepoint& savepoint) noexcept {
    forget_ways();
    pool_.forget(savepoint.pool);
}

// Once a commit: small is what it has to be.
[[gnu::cold]] Root Delta::seal(std::span<const std::uint64_t> live) noexcept {
    FRESHET_CHECK(in_transaction_);
    in_transaction_ = false;
    sealed_ = root_;
    pool_.seal(live);
    return sealed_;
}

[[gnu::cold]] Root Delta::lay(const Branches& own, const Branches& gone, const Below* below,
                              std::span<const std::uint64_t> live) noexcept {
    begin();
    replace(own, gone, below);
    return seal(live);
}

[[gnu::cold]] void Delta::replace(const Branches& own, const Branches& gone,
                                  const Below* below) noexcept {
    forget_ways();
    for (const Branch& branch : gone)
        if (branch.page != 0) drop_all(branch.page, branch.height);
    root_.branches = own;
    root_.below = below;
}

[[gnu::cold]] Status Delta::make_room(std::size_t page_count) noexcept {
    return overflow_ == nullptr ? Code::out_of_memory : overflow_->make_room(page_count);
}

[[gnu::cold]] void Delta::drop_all(std::uint32_t page, std::uint32_t height) noexcept {
    const Page& top = pool_.at(page);
    for (std::uint32_t i = 0; height > 1 && i <= top.count(); i++)
        drop_all(top.child(i), height - 1);
    pool_.drop(page);
}

// Null: it is not there.
Beside Delta::place_of(const Branches& branches, Bytes key) const noexcept {
    const Branch branch = branches[family_of(key)];
    if (branch.page == 0) return {};
    const Page* page = &pool_.at(branch.page);
    for (std::uint32_t level = 1; level < branch.height; level++) {
        const Place place = page->search(key);
        page = &pool_.at(page->child(place.position + (place.found ? 1 : 0)));
        if (level + 1 == branch.height) page->prefetch();
    }
    const Place place = page->search(key);
    return {place.found ? page : nullptr, place.position};
}

Found Delta::find_own(const Branches& branches, Bytes key) const noexcept {
    const Beside place = place_of(branches, key);
    if (place.page == nullptr) return {};
    return {.value = place.page->value_there(place.position), .is_known = true};
}

void Delta::find_own(const Branches& branches, std::span<const Bytes> keys,
                     std::span<Stretch> places) const noexcept {
    if (branches[family_of(keys[0])].page == 0) return;
    for (std::size_t i = 0; i < keys.size(); i++) {
        if (places[i].page != nullptr) continue;
        const Beside place = place_of(branches, keys[i]);
        places[i] = {place.page, place.position, place.position + 1, false};
    }
}

bool Delta::find_all(const Root& root, std::span<const Bytes> keys,
                     std::span<Stretch> places) const noexcept {
    for (Stretch& place : places) place.page = nullptr;
    find_own(root.branches, keys, places);
    return root.below == nullptr || root.below->find_all(keys, places);
}

Bytes Delta::find(const Root& root, Bytes key, Record* record) const noexcept {
    const Beside place = place_of(root.branches, key);
    if (place.page != nullptr) return place.page->value_there(place.position);
    return root.below == nullptr ? Bytes{} : root.below->find(key, record);
}

Bytes Delta::find(const Root& root, Bytes key, Beside& beside) const noexcept {
    if (beside.page != nullptr && beside.page->has(beside.position + 1, key))
        beside.position++;
    else
        beside = place_of(root.branches, key);
    if (beside.page != nullptr) return beside.page->value_there(beside.position);
    return root.below == nullptr ? Bytes{} : root.below->find(key, nullptr);
}

// Its size is 0 if the branch is empty.
Delta::Known& Delta::find_way(Bytes key) noexcept {
    FRESHET_CHECK(in_transaction_);
    const std::size_t family = family_of(key);
    Known& known = known_[family % known_.size()];
    const bool is_begun =
        key.size() == known.size && std::memcmp(key.data(), known.key.data(), known.size) == 0;
    if (is_begun && known.is_whole) return known;
    if (!is_begun && !begin_way(known, key, family)) return known;
    if (!known.is_whole) search_leaf(key, known.path);
    known.is_whole = true;
    return known;
}

// False: the branch is empty.
bool Delta::begin_way(Known& known, Bytes key, std::size_t family) noexcept {
    known.size = 0;
    if (root_.branches[family].page == 0) return false;
    known.is_whole =
        known.path.is_last && known.path.family == family && leads_behind(known.path, key);
    if (!known.is_whole) descend(key, family, known.path);
    known.size = key.size();
    std::memcpy(known.key.data(), key.data(), key.size());
    return true;
}

void Delta::fetch(Bytes key) noexcept {
    const std::size_t family = family_of(key);
    static_cast<void>(begin_way(known_[family % known_.size()], key, family));
}

// Whether the key belongs behind all others, where the way leads to the last one; then it is that
// of the key.
bool Delta::leads_behind(Path& path, Bytes key) const noexcept {
    Step& leaf = path.steps[path.height - 1];
    const Page& page = pool_.at(leaf.page);
    leaf.position = page.is_behind(key) ? page.count() : page.search(key).position;
    path.found = false;
    return leaf.position == page.count();
}

Bytes Delta::find_to_put(Bytes key, Record* record) noexcept {
    const Known& known = find_way(key);
    if (known.size == 0 || !known.path.found) return find_below(key, record);
    const Step leaf = known.path.leaf();
    const Page& page = pool_.at(leaf.page);
    return page.is_erased(leaf.position) ? Bytes{} : page.value(leaf.position);
}

bool Delta::is_alone(Bytes key, std::size_t size) noexcept {
    if (root_.below != nullptr) return false;
    const Known& known = find_way(key);
    if (known.size == 0) return true;
    const Step leaf = known.path.leaf();
    const Page& page = pool_.at(leaf.page);
    if (known.path.found || leaf.position == 0 || leaf.position == page.count()) return false;
    return !page.begins_with(leaf.position - 1, key.first(size)) &&
           !page.begins_with(leaf.position, key.first(size));
}

// Down to the leaf, which is fetched, and not looked at.
void Delta::descend(Bytes key, std::size_t family, Path& path) const noexcept {
    path.family = family;
    path.height = root_.branches[family].height;
    path.is_last = true;
    std::uint32_t number = root_.branches[family].page;
    for (std::uint32_t level = 1; level < path.height; level++) {
        const Page& page = pool_.at(number);
        const Place place = page.search(key);
        const std::uint32_t index = place.position + (place.found ? 1 : 0);
        path.steps[level - 1] = {.page = number, .position = index};
        path.is_last = path.is_last && index == page.count();
        number = page.child(index);
        if (level + 1 == path.height) pool_.at(number).prefetch();
    }
    path.steps[path.height - 1].page = number;
}

void Delta::search_leaf(Bytes key, Path& path) const noexcept {
    Step& leaf = path.steps[path.height - 1];
    const Place place = pool_.at(leaf.page).search(key);
    leaf.position = place.position;
    path.found = place.found;
}

// A page that is the transaction's own has only such pages above it.
std::size_t Delta::copies_needed(const Path& path) const noexcept {
    std::size_t count = path.height;
    while (count > 0 && !pool_.is_own(path.steps[count - 1].page)) count--;
    return path.height - count;
}

// The pages that come new when the leaf of a path is split, at most.
std::size_t Delta::splits_needed(const Path& path) const noexcept {
    std::size_t count = 1;
    for (std::uint32_t level = path.height - 1; level > 0; level--) {
        if (!is_tight(pool_.at(path.steps[level - 1].page))) return count;
        count++;
    }
    return count + 1;
}

// Returns the leaf.
std::uint32_t Delta::own(Path& path, std::size_t copies) noexcept {
    for (std::size_t level = path.height - copies; level < path.height; level++) {
        Step& step = path.steps[level];
        const std::uint32_t copy = pool_.allocate();
        pool_.at(copy).copy_content(pool_.at(step.page));
        pool_.drop(step.page);
        step.page = copy;
        if (level == 0) root_.branches[path.family].page = copy;
        if (level > 0) {
            const Step above = path.steps[level - 1];
            pool_.at(above.page).set_child(above.position, copy);
        }
    }
    return path.leaf().page;
}

void Delta::plant(Branch& branch, const Entry& entry) noexcept {
    branch = {.page = pool_.allocate(), .height = 1};
    pool_.at(branch.page).insert(0, entry, Fit::anew);
}

Status Delta::put(Bytes key, Bytes value) noexcept {
    FRESHET_CHECK(value.size() <= value_size_max);
    return put_entry({.key = {.front = {}, .back = key}, .value = value});
}

Status Delta::put_entry(const Entry& entry) noexcept {
    const Bytes key = entry.key.back;
    FRESHET_CHECK(in_transaction_);
    FRESHET_CHECK(!key.empty());
    FRESHET_CHECK(key.size() <= key_size_max);
    Branch& branch = root_.branches[family_of(key)];
    if (branch.page == 0) {
        if (pool_.available() == 0) {
            const Status room = make_room(1);
            if (!room) return room;
        }
        plant(branch, entry);
        return Done{};
    }

    Known& known = find_way(key);
    Path& path = known.path;
    known.size = 0;
    Step leaf = path.leaf();
    const Fit fit = path.found ? pool_.at(leaf.page).fit_of(leaf.position, entry)
                               : pool_.at(leaf.page).fit_of(entry);
    const std::size_t copies = copies_needed(path);
    const std::size_t needed = copies + (fit == Fit::none ? splits_needed(path) : 0);
    if (needed > pool_.available()) {
        const Status room = make_room(needed);
        return room ? put_entry(entry) : room;
    }
    if (copies > 0) leaf.page = own(path, copies);
    Page& page = pool_.at(leaf.page);
    if (fit != Fit::none && path.found) {
        page.replace(leaf.position, entry.value, entry.is_erased);
    } else if (fit != Fit::none) {
        page.insert(leaf.position, entry, fit);
    } else {
        if (path.found) page.remove(leaf.position);
        path.is_last = false;
        insert_with_splits(path, entry);
    }
    return Done{};
}

// Splits the leaf of a path for an entry, and puts a separator for each page that was split into
// the one above.
void Delta::insert_with_splits(const Path& path, const Entry& entry) noexcept {
    Separator separator;
    std::uint32_t right = 0;
    Entry next = entry;
    for (std::uint32_t level = path.height; level-- > 0;) {
        const Step step = path.steps[level];
        Page& page = pool_.at(step.page);
        const Fit fit = page.fit_of(next);
        if (fit != Fit::none) return page.insert(step.position, next, fit);
        const std::uint32_t made = pool_.allocate();
        separator = split(path, level, next, made);
        right = made;
        next = {.key = {.front = {}, .back = separator.key()}, .value = bytes_of(right)};
    }
    grow(root_.branches[path.family], separator, right);
}

[[gnu::cold]] Separator Delta::split(const Path& path, std::uint32_t level, const Entry& entry,
                                     std::uint32_t right) noexcept {
    const Step step = path.steps[level];
    Page& page = pool_.at(step.page);
    bool is_edge = step.position == page.count();
    for (std::uint32_t above = 0; above < level && is_edge; above++) {
        is_edge = path.steps[above].position == pool_.at(path.steps[above].page).count();
    }
    const Cut cut = is_edge || page.is_ascending(step.position) ? Cut::after : Cut::even;
    if (level + 1 == path.height) {
        return split_leaf(page, pool_.at(right), step.position, entry, cut);
    }
    return split_interior(page, pool_.at(right), step.position, entry, cut);
}

[[gnu::cold]] void Delta::grow(Branch& branch, const Separator& separator,
                               std::uint32_t right) noexcept {
    FRESHET_CHECK(branch.height < height_max);
    const std::uint32_t top = pool_.allocate();
    Page& page = pool_.at(top);
    page.set_child(0, branch.page);
    page.insert(0, {.key = {.front = {}, .back = separator.key()}, .value = bytes_of(right)},
                Fit::anew);
    branch.page = top;
    branch.height++;
}

Result<bool> Delta::erase(Bytes key) noexcept {
    FRESHET_CHECK(in_transaction_);
    if (find_below(key).data() != nullptr) {
        const Known& known = find_way(key);
        if (known.size > 0 && known.path.found) {
            const Step leaf = known.path.leaf();
            if (pool_.at(leaf.page).is_erased(leaf.position)) return false;
        }
        const Status put =
            put_entry({.key = {.front = {}, .back = key}, .value = {}, .is_erased = true});
        return put ? Result<bool>{true} : put.error();
    }
    forget(known_for(key));
    if (root_.branches[family_of(key)].page == 0) return false;
    Path path;
    descend(key, family_of(key), path);
    search_leaf(key, path);
    if (!path.found) return false;
    const std::size_t copies = copies_needed(path);
    if (copies > pool_.available()) {
        const Status room = make_room(copies);
        return room ? erase(key) : room.error();
    }
    pool_.at(own(path, copies)).remove(path.leaf().position);
    shrink(path);
    return true;
}

// Takes away pages that are empty or fit into a neighbour, from the leaf of a path upwards.
void Delta::shrink(const Path& path) noexcept {
    for (std::uint32_t level = path.height - 1; level > 0; level--) {
        const std::uint32_t number = path.steps[level].page;
        const Step above = path.steps[level - 1];
        if (pool_.at(number).is_empty()) {
            pool_.at(above.page).remove_child(above.position);
            pool_.drop(number);
        } else if (pool_.at(number).used() >= page_size / 4 ||
                   !merge(above, level + 1 == path.height)) {
            break;
        }
    }
    lower(root_.branches[path.family]);
}

[[gnu::cold]] void Delta::lower(Branch& branch) noexcept {
    if (pool_.at(branch.page).is_empty()) {
        pool_.drop(branch.page);
        branch = Branch{};
    }
    while (branch.height > 1 && pool_.at(branch.page).count() == 0) {
        const std::uint32_t child = pool_.at(branch.page).child(0);
        pool_.drop(branch.page);
        branch.page = child;
        branch.height--;
    }
}

// Joins the child that a step takes with the one before it, or the one after it. False: neither
// fits.
[[gnu::cold]] bool Delta::merge(Step parent, bool is_leaf) noexcept {
    Page& page = pool_.at(parent.page);
    const std::uint32_t target = page.child(parent.position);
    if (parent.position > 0 && merge_at(page, parent.position - 1, target, is_leaf)) return true;
    return parent.position < page.count() && merge_at(page, parent.position, target, is_leaf);
}

// Joins children `index` and `index + 1` into `target`, which is one of them.
[[gnu::cold]] bool Delta::merge_at(Page& parent, std::uint32_t index, std::uint32_t target,
                                   bool is_leaf) noexcept {
    const std::uint32_t left = parent.child(index);
    const std::uint32_t right = parent.child(index + 1);
    const std::uint32_t first_child = pool_.at(right).child(0);
    const Entry separator{.key = parent.key(index), .value = bytes_of(first_child)};
    const Entry* const between = is_leaf ? nullptr : &separator;
    if (!fits_joined(pool_.at(left), pool_.at(right), between)) return false;

    join(pool_.at(left), pool_.at(right), between, pool_.at(target));
    parent.remove_child(index + 1);
    parent.set_child(index, target);
    pool_.drop(target == left ? right : left);
    return true;
}

}  // namespace freshet::tree
